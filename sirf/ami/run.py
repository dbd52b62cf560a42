"""The time-domain flow: symbols through AMI_GetWave of the transmitter, the channel, and AMI_GetWave of the receiver.

Without AMI_GetWave of the receiver the link's own receiver (or the instant that Init's response gives) decides; without any,
the link with Init's filters runs in the waveform engine as any other.
"""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from scipy import fft

from sirf._arrays import Float, Single, Symbols
from sirf.ami.flow import Initialised, Modelled, modelled, resolve
from sirf.ami.host import Instance
from sirf.ami.model_reception import ModelReception
from sirf.ami.stimulus import RESPONSE, SentWaveform, sent_filter
from sirf.engine.baseline_wander import WanderStream
from sirf.engine.front_end import analog_channel
from sirf.engine.waveform.block_stream import Stream
from sirf.engine.waveform.capture import histogram_eye
from sirf.engine.waveform.plan import Plan, event_errors, kept_draw, plan
from sirf.engine.waveform.polyphase import FILTER_MARGIN, Filterbank, FilterTable, Response
from sirf.engine.waveform.run_stream import RunInterrupted, run_stream
from sirf.engine.waveform.symbol_source import Blocks, Source
from sirf.errors import AmiError, SirfError
from sirf.results.waveform_run import WaveformRun
from sirf.signal.sampled_filter import SampledFilter
from sirf.transmitter.jitter import Jitter

if TYPE_CHECKING:
    from sirf.link import Link


TAIL = 1e-6
"""Largest cursor left out over the main one: a model may lift what is small."""
MAX_ERROR = 3e-5
"""Largest rms of the interpolation error of what a model receives, over the rms: a model may lift that too."""


class Upstream(Protocol):
    """What comes before a repeater's transmitting half: `waves` of a redriver, or `symbols` that a retimer decided."""

    waves: bool
    original: Symbols

    def symbols(self, count: int) -> Symbols:
        """The next symbols to send; `original` then holds what the first transmitter sent for them."""

    def wave(self) -> Float:
        """The redriver's waveform for the symbols that were asked for last, M samples each."""

    def __enter__(self) -> Upstream:
        """Itself."""

    def __exit__(self, *error: object) -> None:
        """End its models."""


class ModelStream:
    """One run of a link through the receiver's AMI_GetWave; a context manager that ends the models' processes.

    The models are opened and initialised as in the statistical flow, with the parameters that hold there.
    """

    def __init__(
        self,
        found: Modelled,
        *,
        seed: int,
        eye: bool = True,
        keeps: bool = False,
        upstream: Upstream | None = None,
    ) -> None:
        assert found.receiver is not None
        self.found, self.seed, self.upstream = found, seed, upstream
        # a redriver sends on what it receives: no symbols of its own
        driven = upstream is not None and upstream.waves
        waves = found.transmitter_waves
        # aggressors have a transmitter like the victim's; with the model's own GetWave the jitter is in its stimulus
        link = _quiet_edges(found, sent_response(found) if found.transmitter_waves else None)
        self.plan = plan(link, MAX_ERROR, TAIL)
        self.source = Source(link, self.plan, seed=seed, given=None if upstream is None else upstream.symbols)
        self.bank = Filterbank(self.plan.table, self.plan.rows)
        self.m = found.link.samples_per_ui
        self.arrived = np.empty((self.plan.table.block, self.m), dtype=np.float32)
        self._stack = contextlib.ExitStack()
        self.sent: SentWaveform | None = None
        try:
            if upstream is not None:
                self._stack.enter_context(upstream)
            shared = self._shared_folder()
            if waves or driven:
                sending = self._open(found.transmitter, shared) if waves else None
                self.sent = SentWaveform(found, self.plan, sending, seed=seed)
                self.others = OtherDrives(self.plan, late=self.sent.late)
            # what a redriver sends on has the levels of its own output, which no symbol tells
            self.wander = (
                None if driven else _wander(self.source, self.plan, 0 if self.sent is None else self.sent.late)
            )
            receiving = self._open(found.receiver, shared) if found.receiver_waves else None
            self.receiver = ModelReception(
                found,
                found.receiver,
                receiving,
                # from the transmitter's first symbol on
                lead=self.plan.table.lead,
                instant=_instant(link, self.plan),
                seed=seed,
                ignore=ignored_symbols(found) + self.plan.memory,
                eye=eye,
                keeps=keeps,
            )
        # no process stays behind where the second model fails
        except BaseException:
            self._stack.close()
            raise

    def _open(self, side: Initialised | None, folder: Path | None) -> Instance:
        assert side is not None
        return self._stack.enter_context(opened(self.found, side, self.plan.table.block, folder=folder))

    def _shared_folder(self) -> Path | None:
        """Where both models exchange messages if they train each other, else None."""
        self.training = training_symbols(self.found)
        if not self.training:
            return None
        return Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="sirf-bci-")))

    def _train(self) -> None:
        """Run until both models say that their back channel has converged; what is received meanwhile does not count."""
        sides = ("transmitter", "receiver")
        passed = 0
        # block by block: both models write their state with each
        while True:
            self.produce()
            passed += self.plan.table.block
            assert self.sent is not None
            states = [str(values.get("bci_state")) for values in (self.sent.values, self.receiver.values)]
            if states == ["Converged"] * 2:
                break
            for side, state in zip(sides, states, strict=True):
                if state in ("Failed", "Error"):
                    raise AmiError(f"{side}_model must train its back channel, got BCI_State {state}. Ask the vendor.")
            if passed >= self.training:
                raise AmiError(
                    f"models must train their back channel within {self.training} UI, got BCI_State {states[0]} and {states[1]}. "
                    "Set BCI_State to Off, or ask the vendor."
                )
        # what was sent in training does not count
        self.receiver.begin_again()
        self.training = 0

    def __enter__(self) -> ModelStream:
        """The stream itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """End the models."""
        self._stack.close()

    def advance(self, symbols: int) -> None:
        """Count `symbols` more decisions."""
        if self.training:
            self._train()
        # until so many have been decided: the first blocks are learned from
        left = symbols
        while left:
            done = self.receiver.decide(left) if self.receiver.learn() else 0
            left -= done
            if left:
                self.produce()

    def produce(self) -> None:
        """One block more of the waveform."""
        drawn, rows = self.source.blocks(1), self.arrived
        symbols = drawn.symbols
        if self.sent is None:
            self.bank.push(np.asarray(fft.rfft(drawn.drives)), drawn.shifts, rows)
        else:
            driven = self.upstream is not None and self.upstream.waves
            sent = self.sent.push_wave(self.upstream.wave()) if self.upstream and driven else self.sent.push(symbols)
            self.others.push(drawn, sent, rows)
        if self.wander is not None:
            self.wander.add(symbols, rows, block=len(rows))
        # errors are counted from the first transmitter on
        self.receiver.push(rows, symbols if self.upstream is None else self.upstream.original)


class OtherDrives:
    """Noise and crosstalk of a plan, and in the signal's place what a transmitter's model sends itself.

    The feedback that a receiver's AMI_Init takes off answers symbols, not the waveform: it is one more drive, `late` symbols
    later as the waveform is.
    """

    def __init__(self, shared: Plan, *, late: int) -> None:
        table, end = shared.table, shared.raw
        # all drives but those of the signal, which come from the model
        self.rows = np.arange(shared.fixed, len(table.first))
        table = table.of_drives(self.rows)
        if end.feedback is not None:
            # as late as the model's waveform is
            answer = Response(end.feedback, end.sampling, late * end.samples_per_ui)
            own = FilterTable.of([answer], table.grid, lead=table.lead, transform=table.transform, block=table.block)
            # the signal's first drive is that of the symbols
            self.rows = np.append(0, self.rows)
            table = table.behind(own)
        self.bank = Filterbank(table)

    def push(self, drawn: Blocks, sent: Single, out: Single) -> None:
        """Rows `out` (b, M) in V of a block's drives and of `sent` (b, c) V."""
        self.bank.push(np.asarray(fft.rfft(drawn.drives[:, self.rows])), drawn.shifts[:, self.rows], out, added=sent)


class SentStream(Stream):
    """A run whose signal comes from the transmitter's AMI_GetWave; the link's own receiver decides.

    Its instant, levels and feedback are those of the pulse that the model makes of a small impulse.
    """

    # a model's window is one block
    max_blocks = 1

    def __init__(self, found: Modelled, instance: Instance, *, seed: int, **options: Any) -> None:
        super().__init__(_quiet_edges(found, sent_response(found)), seed=seed, **options)
        self.sent_waveform = SentWaveform(found, self.plan, instance, seed=seed)
        self.sent = np.zeros(self.sent_waveform.late, dtype=np.uint8)
        self.others = OtherDrives(self.plan, late=self.sent_waveform.late)
        self.wander = _wander(self.source, self.plan, self.sent_waveform.late)

    def _waveform(self, drawn: Blocks, out: Single) -> None:
        self.others.push(drawn, self.sent_waveform.push(drawn.symbols), out)
        if self.wander is not None:
            self.wander.add(drawn.symbols, out, block=len(out))
        # captures must not see a signal that no transmitter sends
        drawn.drives[:, : self.plan.fixed] = 0.0


def _wander(source: Source, shared: Plan, late: int) -> WanderStream | None:
    """Baseline wander of the plan's rows, which come `late` symbols later than without a transmitter's model; None without."""
    found = shared.raw.wander
    return None if found is None else source.wander(found, late=shared.table.lead + FILTER_MARGIN + late)


@lru_cache(maxsize=8)
def sent_response(found: Modelled) -> SampledFilter:
    """What the transmitter's AMI_GetWave does to a small impulse, kept for the last few links."""
    assert found.transmitter is not None
    with opened(found, found.transmitter, RESPONSE) as instance:
        return sent_filter(found, instance)


def training_symbols(found: Modelled) -> int:
    """Most symbols of back-channel training; 0 where it is off. Both models must have it on, with one protocol."""
    sides = [found.transmitter, found.receiver]
    wanted = [side is not None and side.model.info("BCI_State") == "Training" for side in sides]
    # off in both: nothing to train
    if not any(wanted):
        return 0
    for side in sides:
        mode = None if side is None else side.model.info("BCI_Training_Mode")
        if side is not None and mode is not None and str(mode).lower() == "statistical":
            raise AmiError(
                f"{side.model.ami.source}: BCI_Training_Mode must be of the time domain, got {mode}. Training inside AMI_Init "
                "(statistical back channel, IBIS 7.1) is not built; choose another mode."
            )
    protocols = [None if side is None else side.model.info("BCI_Protocol") for side in sides]
    if not all(wanted) or protocols[0] != protocols[1] or not (found.transmitter_waves and found.receiver_waves):
        raise AmiError(
            f"BCI_State must be Training in both models, with AMI_GetWave and one BCI_Protocol, got protocols {protocols[0]} and "
            f"{protocols[1]}. Set it to Off."
        )
    # the longer of both; a million where neither says
    return max(int(side.value("BCI_Training_UI") or 1 << 20) for side in sides if side is not None)


def opened(found: Modelled, side: Initialised, block: int, *, folder: Path | None = None) -> Instance:
    """A new instance of a model for waveforms of `block` symbols, initialised as the flow did it; it works in `folder`."""
    link, model = found.link, side.model
    interval = 1.0 / (link.samples_per_ui * link.symbol_rate)
    matrix = side.matrix
    # the matrix of Init or a block of waveform, whichever is larger
    size = max(block * link.samples_per_ui, matrix.size)
    instance = model.open(samples=size, clocks=block, folder=folder)
    try:
        resolved = resolve(model, instance, link, interval)
        if folder is not None:
            # a file name that both models find
            resolved |= {"bci_id": f"{folder}/link"}
        values = model.input_values(modulation=link.modulation, order=link.order, sent=resolved)
        instance.init(
            matrix,
            sample_interval=interval,
            bit_time=1.0 / link.symbol_rate,
            parameters=model.ami.input_string(values),
        )
    except BaseException:
        # no process without an owner
        instance.kill()
        raise
    return instance


def _instant(link: Link, shared: Plan) -> int:
    """Row of the impulse response at which the plan's waveform has its sampling instant."""
    channel = analog_channel(link)
    start = channel.prepared[channel.index[0]].start_time
    # in samples: the two first rows may lie apart by a fraction
    late = (shared.raw.start_time - start) * link.symbol_rate * link.samples_per_ui
    return round(late) + shared.raw.sampling


def sent_block(found: Modelled) -> int:
    """Symbols of a block of a run."""
    return plan(_quiet_edges(found, sent_response(found))).table.block


def ignored_symbols(found: Modelled) -> int:
    """The larger Ignore_Bits of both models, as they returned it or their files have it."""
    sides = (side for side in (found.transmitter, found.receiver) if side is not None)
    # a model that says nothing has no bits to ignore
    return max((int(side.value("Ignore_Bits") or 0) for side in sides), default=0)


def run_models(
    link: Link,
    *,
    symbols: int,
    seed: int,
    ideal_feedback: bool,
    capture: Sequence[str],
    record: int,
    block: int,
    progress: Callable[[int, int, int], None] | None,
) -> WaveformRun:
    """What `sirf.simulate` does with a link that has vendor models: the same arguments, the same result."""
    found = modelled(link)
    if not found.receiver_decides:
        return _run_own_receiver(
            found,
            symbols,
            seed,
            progress=progress,
            block=block,
            ideal_feedback=ideal_feedback,
            capture=tuple(capture),
            record=record,
        )
    for name, given in (("ideal_feedback", ideal_feedback), ("capture", bool(capture)), ("record", record > 0)):
        if given:
            raise SirfError(
                f"{name} must be left out where the receiver's model decides, got it. Its waveform is in the eye."
            )
    stream = ModelStream(found, seed=seed)
    with stream:
        left, interrupted = symbols, False
        try:
            while left:
                stream.advance(min(block, left))
                left -= min(block, left)
                if progress is not None:
                    progress(stream.receiver.count.symbols, symbols, stream.receiver.count.errors)
        # what has been counted until then is a result
        except KeyboardInterrupt:
            interrupted = True
    receiver = stream.receiver
    run = WaveformRun(
        link=link,
        eye=histogram_eye(receiver.histogram, receiver.top, receiver.decision_levels()),
        errors=dataclasses.replace(
            receiver.count,
            stretch=kept_draw(found.waveform, stream.plan),
            event_errors=event_errors(found.waveform, stream.plan),
        ),
        ideal_feedback=False,
        models=_report(found, receiver.values),
    )
    if interrupted:
        raise RunInterrupted(run)
    return run


def _run_own_receiver(
    found: Modelled,
    symbols: int,
    seed: int,
    *,
    progress: Callable[[int, int, int], None] | None,
    block: int,
    ideal_feedback: bool,
    **options: Any,
) -> WaveformRun:
    """A run in which the receiver's AMI_GetWave has no part."""
    with contextlib.ExitStack() as stack:
        stream: Stream
        if found.transmitter_waves:
            assert found.transmitter is not None
            instance = stack.enter_context(opened(found, found.transmitter, sent_block(found)))
            stream = SentStream(found, instance, seed=seed, ideal_feedback=ideal_feedback, **options)
        else:
            stream = Stream(found.waveform, seed=seed, ideal_feedback=ideal_feedback, **options)
        run = run_stream(found.waveform, stream, symbols, block=block, ideal_feedback=ideal_feedback, progress=progress)
    errors = dataclasses.replace(run.errors, sampling=found.link.chosen_instant())
    return dataclasses.replace(run, link=found.link, errors=errors, models=_report(found, {}))


def _report(found: Modelled, values: dict[str, Any]) -> dict[str, Any]:
    sides = {"transmitter": found.transmitter, "receiver": found.receiver}
    report: dict[str, Any] = {
        name: {"model": side.model.name, "values": side.values | (values if name == "receiver" else {})}
        for name, side in sides.items()
        if side is not None
    }
    return {**report, "notes": list(found.notes)}


@lru_cache(maxsize=8)
def _quiet_edges(found: Modelled, sent: SampledFilter | None = None) -> Link:
    """The waveform's link; without jitter where the transmitter's stimulus has it, with the filter `sent` of its model."""
    link = found.waveform
    if not found.transmitter_waves:
        return link
    # the stimulus is displaced ahead of the model: not once more behind it
    tx = dataclasses.replace(link.transmitter, jitter=Jitter())
    return link.replace(transmitter=tx if sent is None else dataclasses.replace(tx, filter=sent))

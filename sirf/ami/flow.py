"""The reference flows of IBIS-AMI (section 10): what AMI_Init makes of the channel, and what of it each simulation uses.

The channel's impulse response goes through AMI_Init of the transmitter, then of the receiver. A column with a unit impulse goes
along where a model takes aggressors: what comes back in it is the model's own filter, so that nothing has to be deconvolved.
Both flows then end in an ordinary link whose transmitter and receiver hold these filters.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft

from sirf._arrays import Float
from sirf.ami.analog_buffer import NAMES, buffer_of, with_buffers
from sirf.ami.model import AmiModel
from sirf.ami.model_impairments import ClockJitter, ModelNoise, clock_jitter, model_noise, transmitter_jitter
from sirf.engine.front_end import AnalogChannel, analog_channel, with_ffe
from sirf.errors import AmiError
from sirf.receiver.receiver import MUELLER_MULLER
from sirf.signal.sampled_filter import SampledFilter

if TYPE_CHECKING:
    from sirf.link import Link
    from sirf.results.statistical_eye import StatisticalEye


LINEAR = 1e-9
"""A column that differs from what the model's own filter makes by less than this part of its peak has nothing cancelled."""
FLOOR = 1e-9
"""Where the given response is below this part of its largest, a deconvolved filter is taken from the frequencies beside."""


@dataclass(frozen=True, slots=True, eq=False)
class Initialised:
    """What AMI_Init of a model gave: `filter` its own (None: nothing changed), `cancellation` what it does to the through
    column alone, `values` what it returned by path, `notes` what to tell the user.
    """

    model: AmiModel
    filter: SampledFilter | None
    cancellation: SampledFilter | None
    values: dict[str, Any]
    matrix: Float
    notes: tuple[str, ...] = ()

    def value(self, name: str) -> Any:
        """A reserved parameter: as the model returned it, else as its file or the user has it."""
        return self.values.get(name.lower(), self.model.info(name))


@dataclass(frozen=True, slots=True, eq=False)
class Modelled:
    """A link with its models' filters found.

    `linear` is the link of the statistical flow, `waveform` that of the time-domain flow ahead of AMI_GetWave of the receiver
    and behind that of the transmitter; neither has models. `clock` is the jitter of the receiver's clock, `noise` what is added
    at its slicer.
    """

    link: Link
    linear: Link
    waveform: Link
    transmitter: Initialised | None
    receiver: Initialised | None
    clock: ClockJitter
    noise: ModelNoise

    @property
    def notes(self) -> tuple[str, ...]:
        """What to tell the user of both models."""
        return tuple(note for side in (self.transmitter, self.receiver) if side is not None for note in side.notes)

    @property
    def transmitter_waves(self) -> bool:
        """Whether the transmitter's AMI_GetWave takes part in the time domain."""
        return self.transmitter is not None and self.transmitter.model.ami.getwave_exists

    @property
    def receiver_waves(self) -> bool:
        """Whether the receiver's AMI_GetWave takes part in the time domain."""
        return self.receiver is not None and self.receiver.model.ami.getwave_exists

    @property
    def receiver_decides(self) -> bool:
        """Whether decisions are those of the receiver's model: by its AMI_GetWave, or with its clock's jitter and noise."""
        # a model without GetWave, jitter and noise is a filter like any other: the link's own receiver decides behind it
        quiet = (self.clock, self.noise) == (ClockJitter(), ModelNoise())
        return self.receiver is not None and (self.receiver_waves or not quiet)

    def finish_eye(self, eye: StatisticalEye) -> StatisticalEye:
        """The statistical eye of `linear` as that of the link, jitter of the receiver's clock in its error ratios.

        Raises `AmiError` where a model is set to train: AMI_Init alone has not done it.
        """
        for side in (self.transmitter, self.receiver):
            # training happens in GetWave: what Init alone gives is not what the models would do
            if side is not None and side.model.info("BCI_State") == "Training":
                raise AmiError(
                    f"{side.model.ami.source}: BCI_State must be Off in the statistical flow, got Training. Models train through "
                    "AMI_GetWave: use simulate or count_errors (--engine waveform), then give the taps that they found; "
                    "training inside AMI_Init (statistical back channel, IBIS 7.1) is not built."
                )
        # Gaussian parts are in the eye already; only what is not Gaussian has to be averaged over afterwards
        mixes = self.clock.bounded or self.noise.uniform or self.noise.sensitivity
        rates = self.clock.mixed(eye, self.noise) if mixes else eye.rates
        return dataclasses.replace(eye, link=self.link, rates=rates, sampling=self.link.chosen_instant())


@lru_cache(maxsize=8)
def modelled(link: Link) -> Modelled:
    """Run AMI_Init of the models of a link; kept for the last few links, which never change.

    Raises `AmiError` where a model fails, and for a link whose own equalisers stand beside those of a model.
    """
    _check_parts(link)
    # samples of the link: models work at its rate
    interval = 1.0 / (link.samples_per_ui * link.symbol_rate)
    models = (link.transmitter_model, link.receiver_model)
    # some analog parts depend on parameters: resolved first
    resolved = [{} if model is None else _resolved_analog(model, link, interval) for model in models]
    buffers = [
        buffer_of(model, found, transmits=side == 0)
        for side, (model, found) in enumerate(zip(models, resolved, strict=True))
    ]
    # analog parts replace die and edge; the rest of the link stays
    base = with_buffers(link.replace(transmitter_model=None, receiver_model=None), buffers[0], buffers[1])
    channel = analog_channel(base)
    columns = impulse_columns(channel, base)
    # FEXT aggressors are lanes of the same sender, so they go through its model as well; NEXT ones sit at the receiver
    ones = [True] * (1 + len(link.channel.fext)) + [False] * len(link.channel.next)
    sent = None
    if link.transmitter_model is not None:
        passing = np.flatnonzero(ones)
        # through and FEXT columns pass the transmitter's model
        sent, changed = _initialise(link.transmitter_model, columns[passing], link, interval)
        columns[passing] = changed
    received = None
    if link.receiver_model is not None:
        # the receiver sees columns with the transmitter's filter in them, as section 10 has it: its Init adapts to what
        # arrives
        received, _ = _initialise(link.receiver_model, columns, link, interval)
    jitter = transmitter_jitter(sent, link) if sent is not None else link.transmitter.jitter
    tx = dataclasses.replace(base.transmitter, jitter=jitter)
    base = base.replace(transmitter=tx)
    clock = clock_jitter(received, link) if received is not None else ClockJitter()
    noise = model_noise(received) if received is not None else ModelNoise()
    linear = _at_decision_time(_lowered(base, sent, received, init=(True, True)), received)
    linear = _with_noise(linear, noise)
    # the statistical flow has nothing but Init; in the waveform Init and GetWave together would filter twice
    use = tuple(side is not None and _init_in_waveform(side.model) for side in (sent, received))
    waveform = _lowered(base, sent, received, init=(use[0], use[1]))
    if use[1] and received is not None and not received.model.ami.getwave_exists:
        waveform = _at_decision_time(waveform, received)
    if base.receiver.sampling != MUELLER_MULLER:
        linear = linear.placed()
        # one instant for both flows, though AMI_GetWave of the transmitter may shape the waveform otherwise
        instant = dataclasses.replace(
            waveform.receiver, sampling=MUELLER_MULLER, sampling_offset_ui=linear.receiver.sampling_offset_ui
        )
        waveform = waveform.replace(receiver=instant)
    return Modelled(link, linear, waveform, sent, received, clock, noise)


def impulse_columns(channel: AnalogChannel, link: Link) -> Float:
    """Impulse responses (1 + aggressors, N) in V/s of the paths from a swing of -0.5 to 0.5 (IBIS section 10), M samples a UI.

    A sample is the mean over a sample interval, the response to a rectangle of one sample: so a sum over M samples is exactly
    the pulse response that the engines use.
    """
    paths, m = len(channel.index), link.samples_per_ui
    rows = []
    for path in range(paths):
        number = channel.index[path]
        transfer, shape = channel.prepared[number], channel.shapes[number]
        turns = transfer.frequency[: len(shape)] / (transfer.symbol_rate * m)
        # the shape is per UI and for levels of ±1: two of them are one swing
        spectrum = 2.0 * link.symbol_rate * shape * np.sinc(turns) * np.exp(-1j * np.pi * turns)
        wave = fft.irfft(spectrum, n=transfer.n_samples)
        if path <= len(link.channel.fext):
            wave = with_ffe(wave, link.transmitter.ffe, link.transmitter.ffe_main, m)
        # NEXT comes from the far device's transmitter, which has no FFE of this side
        rows.append(wave)
    # a model takes one rectangle of numbers: shorter responses end in zeros
    longest = max(len(row) for row in rows)
    columns = np.zeros((paths, longest))
    for row, values in zip(columns, rows, strict=True):
        row[: len(values)] = values
    return columns


def _check_parts(link: Link) -> None:
    """A model stands in place of the link's own parts, not beside them."""
    if link.optics is not None:
        raise AmiError("optics must be None for a link with vendor models, got a Span. Run its copper sections.")
    tx, rx = link.transmitter, link.receiver
    if link.transmitter_model is not None and (tx.ffe != (1.0,) or tx.filter is not None or tx.compression):
        raise AmiError(
            "transmitter must leave equalisation to its transmitter_model, got an FFE, a filter or compression of its own. "
            "Use Transmitter(ffe=(1.0,), filter=None, compression=0)."
        )
    if link.receiver_model is None:
        return
    own = {
        "ctle": rx.ctle is not None,
        "ffe": rx.ffe != (1.0,),
        "dfe": any(rx.dfe),
        "mlse": rx.mlse is not None,
        "vga": rx.vga is not None,
        "converter": rx.converter is not None,
        "clock": rx.clock is not None,
        "wander": bool(rx.wander),
        "adaptation": rx.adaptation is not None,
        "cancellation": rx.cancellation is not None,
        "sampling": rx.sampling != MUELLER_MULLER,
        "sampling_offset_ui": rx.sampling_offset_ui != 0.0,
    }
    for name, used in own.items():
        if used:
            raise AmiError(
                f"receiver.{name} must be off beside a receiver_model, which does this itself, got one. "
                "Use Receiver(noise_corner=…, noise_density=…)."
            )


def _init_in_waveform(model: AmiModel) -> bool:
    """Whether Init's filter is part of the waveform: without GetWave always, beside it where Use_Init_Output says so (5.0)."""
    return model.ami.init_returns_impulse and (not model.ami.getwave_exists or model.ami.use_init_output)


def _lowered(base: Link, sent: Initialised | None, received: Initialised | None, *, init: tuple[bool, bool]) -> Link:
    """`base` with the filters of the models whose Init is used."""
    tx, rx = base.transmitter, base.receiver
    if sent is not None and init[0]:
        tx = dataclasses.replace(tx, filter=sent.filter)
    if received is not None and init[1]:
        rx = dataclasses.replace(rx, ctle=received.filter, cancellation=received.cancellation)
    return base.replace(transmitter=tx, receiver=rx)


def _with_noise(link: Link, noise: ModelNoise) -> Link:
    """Gaussian noise of the reserved parameters at the slicer, as a density at its input.

    White noise behind the filters has no density there, so the SNR of the transmitter's noise term, which is white from symbol to
    symbol, takes it up.
    """
    if not noise.gaussian:
        return link
    from sirf.engine.front_end import front_end

    main = front_end(link).main_cursor
    # independent noises add as powers: the transmitter's own stays
    own = 0.0 if link.transmitter.snr_db is None else main * 10 ** (-link.transmitter.snr_db / 20)
    ratio = float(-20.0 * np.log10(np.hypot(own, noise.gaussian) / main))
    return link.replace(transmitter=dataclasses.replace(link.transmitter, snr_db=ratio))


def _initialise(model: AmiModel, columns: Float, link: Link, interval: float) -> tuple[Initialised, Float]:
    """AMI_Resolve and AMI_Init of a model on `columns` (C, N); what it is, and the columns with its filter in them."""
    notes = list(model.check_modulation(link.modulation))
    _check_clock_input(model)
    # through column, then aggressors, as far as the model takes any
    room = int(model.info("Max_Init_Aggressors", 0) or 0)
    # a place among the aggressors is kept for the probe where the model leaves any
    given = columns[: 1 + max(min(len(columns) - 1, room - 1), 0)]
    probed = room > 0
    if probed:
        probe = np.zeros((1, columns.shape[1]))
        # a unit impulse as one more aggressor: what comes out is the model's filter, apart from what it does to the through
        # column alone
        probe[0, 0] = 1.0 / interval
        given = np.concatenate([given, probe])
    period = 1.0 / link.symbol_rate
    # a process of its own for each Init: a model that crashes takes no other one with it
    with model.open(samples=given.size) as instance:
        resolved = resolve(model, instance, link, interval)
        parameters = model.ami.input_string(
            model.input_values(modulation=link.modulation, order=link.order, sent=resolved)
        )
        out, answer = instance.init(given, sample_interval=interval, bit_time=period, parameters=parameters)
        if instance.printed:
            notes.append(f"{model.name} printed {instance.printed_bytes} bytes: {instance.printed[:80]!r}")
    # what a model says is worth telling
    if answer.message:
        notes.append(f"{model.name} says: {answer.message.strip()}")
    # what Init returns stands above what Resolve said of the same parameter
    values = {**resolved, **model.ami.outputs(answer.out, f"AMI_parameters_out of {model.name}")}
    # an offset in volts moves waveform and thresholds alike
    offset = float(values.get("dc_offset") or 0.0)
    if offset:
        notes.append(
            f"{model.name} returns DC_Offset {offset:g} V: it lies in the waveform and in its thresholds alike, so eyes are "
            "drawn about the middle and decisions are the same"
        )
    # Init is asked for its values; its columns are not its answer
    if not model.ami.init_returns_impulse:
        return Initialised(model, None, None, values, given, tuple(notes)), columns
    if not np.all(np.isfinite(out)):
        raise AmiError(f"{model.name} must return numbers from AMI_Init, got NaN or infinity. Change its parameters.")
    # nothing changed: a filter of one tap would only cost a transform
    if np.array_equal(out, given):
        return Initialised(model, None, None, values, given, tuple(notes)), columns
    own, cancelled = _filters(given[0], out[0], out[-1] * interval if probed else None, interval)
    changed = _filtered(columns, own)
    # columns that the model has seen are its own answer; those beyond its limit get its filter
    changed[: len(out) - probed] = out[: len(out) - probed]
    return Initialised(model, own, cancelled, values, given, tuple(notes)), changed


def _check_clock_input(model: AmiModel) -> None:
    """`AmiError` for a receiver that takes its clock from another one."""
    wanted = model.info("Rx_Use_Clock_Input")
    if wanted is not None and str(wanted).lower() != "none":
        raise AmiError(
            f"{model.ami.source}: Rx_Use_Clock_Input must be None, got {wanted}. A link here has no clock receiver beside it "
            "whose times or waveform could be handed on (IBIS 7.1, clock forwarding); set it to None."
        )


def _resolved_analog(model: AmiModel, link: Link, interval: float) -> dict[str, Any]:
    """What AMI_Resolve says of a model whose analog part depends on other parameters; nothing for the others."""
    reserved = model.ami.reserved
    if not any(name.lower() in reserved and reserved[name.lower()].usage == "dep" for name in NAMES):
        return {}
    with model.open(samples=1) as instance:
        return resolve(model, instance, link, interval)


def _at_decision_time(link: Link, received: Initialised | None) -> Link:
    """`link` sampled where the model's `Rx_Decision_Time` says (7.1): a delay from the start of a pulse to its decision."""
    wanted = None if received is None else received.value("Rx_Decision_Time")
    if received is None or not wanted:
        return link
    from sirf.engine.front_end import front_end

    kind = received.model.ami.reserved["rx_decision_time"].type
    # in UI or in seconds, by the parameter's own type
    delay = float(wanted) if kind == "ui" else float(wanted) * link.symbol_rate
    channel, end = analog_channel(link), front_end(link)
    start = channel.prepared[channel.index[0]].start_time
    # where the link itself would sample, from the same first row
    usual = (end.start_time - start) * link.symbol_rate + end.sampling / end.samples_per_ui
    # beyond a UI it would be another symbol: then the file counts from another row than sirf
    offset = delay - usual
    if abs(offset) > 1.0:
        raise AmiError(
            f"{received.model.name} must give an Rx_Decision_Time within a UI of the pulse's middle at {usual:.2f} UI, got "
            f"{delay:.2f} UI. It counts from the first row of the impulse response."
        )
    return link.replace(receiver=dataclasses.replace(link.receiver, sampling_offset_ui=offset))


def resolve(model: AmiModel, instance: Any, link: Link, interval: float) -> dict[str, Any]:
    """What AMI_Resolve gives for parameters of usage Dep; nothing where the model has none."""
    if not model.info("Resolve_Exists", False):
        return {}
    parameters = model.ami.input_string(model.input_values(modulation=link.modulation, order=link.order))
    answer = instance.resolve(sample_interval=interval, bit_time=1.0 / link.symbol_rate, parameters=parameters)
    return model.ami.outputs(answer.out, f"AMI_parameters_out of AMI_Resolve of {model.name}")


def _filters(
    before: Float, after: Float, probe: Float | None, interval: float
) -> tuple[SampledFilter | None, SampledFilter | None]:
    """A model's filter, and what it does to the through column on top of it, from one column `before` and `after` (N,)."""
    # without a probe the filter is the quotient of both columns
    ratio = _divided(before, after)
    if probe is None:
        return SampledFilter(ratio, interval), None
    own = SampledFilter(_trimmed(probe), interval)
    # differences are judged by the peak of the answer
    peak = float(np.abs(after).max())
    # a model may filter as the circle that a transform makes of the column, or as a filter from rest
    circular = np.asarray(fft.irfft(fft.rfft(before) * fft.rfft(probe), len(before)))
    # equal to what the filter alone makes: the model has no feedback of its own
    for expected in (circular, _convolved(before, own.taps)):
        if float(np.abs(after - expected).max()) <= LINEAR * peak:
            return own, None
    # two levels of the link's own are one swing
    return own, SampledFilter(0.5 * interval * (after - circular), interval)


def _divided(before: Float, after: Float) -> Float:
    """Taps (N,) whose circular convolution with `before` gives `after`."""
    source = fft.rfft(before)
    # where the channel passes nothing the quotient is noise over noise: it is bridged from both sides
    large = np.abs(source) > FLOOR * float(np.abs(source).max())
    known, index = np.flatnonzero(large), np.arange(len(source))
    # complex values, not magnitude and phase: the bridge must not turn
    found = fft.rfft(after)[large] / source[large]
    ratio = np.interp(index, known, found.real) + 1j * np.interp(index, known, found.imag)
    return np.asarray(fft.irfft(ratio, n=len(before)))


def _convolved(column: Float, taps: Float) -> Float:
    """The first N samples of the linear convolution of a column (N,) with `taps`, as a causal filter gives them."""
    n = len(column)
    # long enough that nothing comes round
    size = fft.next_fast_len(n + len(taps), real=True)
    return np.asarray(fft.irfft(fft.rfft(column, size) * fft.rfft(taps, size), size)[:n])


def _filtered(columns: Float, own: SampledFilter | None) -> Float:
    if own is None:
        return columns.copy()
    return np.array([_convolved(column, own.taps) for column in columns])


def _trimmed(taps: Float) -> Float:
    """Taps without the zeros at their end; one at least."""
    last = np.flatnonzero(taps)
    # one tap at least: a filter without any has no length
    return taps[: int(last[-1]) + 1] if len(last) else taps[:1]

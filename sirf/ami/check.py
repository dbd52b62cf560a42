"""What a checker of models finds: in the parameter file, in the shared object, in how its functions answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sirf._arrays import Float
from sirf._display import html_table, table
from sirf.ami.file import AmiFile
from sirf.ami.host import Instance, ModelReply
from sirf.ami.model import AmiModel
from sirf.ami.parameter import Parameter, Value
from sirf.ami.reserved import RESERVED
from sirf.errors import AmiError, SirfError
from sirf.signal.pam import order_of
from sirf.units import Given, parse_symbol_rate

OK, NOTE, PROBLEM = "ok", "note", "problem"
SYMBOLS = 2048
"""Symbols of the waveforms that AMI_GetWave is tried with."""
TRIES = 12
"""Values of one parameter that are tried at most."""
CYCLES, SETTLED = 100, 20
"""Times that the model is opened and closed, and those that come before memory is compared."""
# one page at every turn: allocators hand memory out by pages, and a few of them in all are no leak
LEAK = 4096
"""Bytes of growth an open and close that count as a leak."""
CLOSE = 1e-9
"""Relative difference below which two answers are equal but for rounding."""


TOPICS = {
    "load": "functions",
    "initialise": "AMI_Init",
    "scale": "linearity",
    "repeat": "repetition",
    "wave": "AMI_GetWave",
    "values": "values",
    "memory": "memory",
}
"""What the table calls each step."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table: what was looked at, how it is ("ok", "note", "problem"), and what was seen."""

    topic: str
    status: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AmiCheck:
    """All findings of a model; `impulse_response` (N,) is what AMI_Init makes of the test channel, V/s at `interval` s."""

    model: str
    findings: tuple[Finding, ...]
    init: dict[str, Any] = field(default_factory=dict)
    getwave: dict[str, Any] = field(default_factory=dict)
    impulse_response: Float | None = None
    interval: float = 0.0

    @property
    def problems(self) -> tuple[Finding, ...]:
        """Those that should be mended."""
        return tuple(one for one in self.findings if one.status == PROBLEM)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        response = self.impulse_response
        return {
            "model": self.model,
            "problems": [{"topic": one.topic, "detail": one.detail} for one in self.problems],
            "findings": [{"topic": one.topic, "status": one.status, "detail": one.detail} for one in self.findings],
            "init": self.init or None,
            "getwave": self.getwave or None,
            "impulse_response": None if response is None else response.tolist(),
            "sample_interval": self.interval or None,
        }

    def __str__(self) -> str:
        """A table."""
        return table(f"{self.model}: {len(self.problems)} problems", self._rows())

    def _repr_html_(self) -> str:
        return html_table(f"{self.model}: {len(self.problems)} problems", self._rows())

    def _rows(self) -> tuple[tuple[str, str], ...]:
        return tuple((one.topic, f"{one.status:8}{one.detail}") for one in self.findings)


def check_file(ami: AmiFile) -> tuple[Finding, ...]:
    """Findings of a parameter file alone."""
    found = [Finding("file", NOTE, note) for note in ami.notes]
    if "ami_version" not in ami.reserved:
        found.append(Finding("AMI_Version", NOTE, "missing: the file is read as IBIS 5.0"))
    if not ami.init_returns_impulse and not ami.getwave_exists:
        found.append(
            Finding("flow", PROBLEM, "Init_Returns_Impulse and GetWave_Exists are both False: the model does nothing")
        )
    for parameter in ami.reserved.values():
        known = RESERVED.get(parameter.name.lower())
        if known is None:
            continue
        where = f"line {parameter.line}: {parameter.name}"
        if parameter.type not in known.types:
            allowed = " or ".join(sorted(known.types))
            found.append(Finding("type", PROBLEM, f"{where} must be {allowed}, is {parameter.type}"))
        if parameter.usage not in known.usages:
            allowed = " or ".join(sorted(known.usages))
            found.append(Finding("usage", PROBLEM, f"{where} must be {allowed}, is {parameter.usage}"))
        if not known.since <= ami.version <= known.until:
            until = f" to {known.until:g}" if known.until < 99 else " on"
            found.append(
                Finding(
                    "version", PROBLEM, f"{where} belongs to IBIS {known.since:g}{until}, the file is {ami.version:g}"
                )
            )
    for parameter in ami.specific.values():
        if parameter.is_input and parameter.standard_value() is None and parameter.format != "table":
            found.append(Finding("default", PROBLEM, f"line {parameter.line}: {parameter.path} has no value"))
        if parameter.default is not None and parameter.is_input:
            # a default out of the file's own range is the file's fault, not the user's
            try:
                parameter.convert(parameter.default, ami.source)
            except SirfError as error:
                found.append(Finding("default", PROBLEM, str(error)))
    if not found:
        found.append(Finding("file", OK, f"{len(ami.reserved)} reserved and {len(ami.specific)} own parameters"))
    return tuple(found)


def check_model(
    model: AmiModel,
    *,
    symbol_rate: Given = 26.5625e9,
    samples_per_ui: int = 32,
    modulation: str | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> AmiCheck:
    """Read, load and try a model; faults become findings, none is raised.

    `modulation` is by default the first that the file allows. The test channel is one pole at a quarter of `symbol_rate` in
    baud behind 2 UI of delay. `progress` is called with (what, steps done, steps).
    """
    trial = _Trial(model, parse_symbol_rate(symbol_rate), samples_per_ui, modulation)
    steps = (trial.load, trial.initialise, trial.scale, trial.repeat, trial.wave, trial.values, trial.memory)
    findings = list(check_file(model.ami))
    for number, step in enumerate(steps):
        if progress is not None:
            progress(TOPICS[step.__name__], number, len(steps))
        try:
            step()
        except AmiError as error:
            trial.add(TOPICS[step.__name__], PROBLEM, str(error))
            # without a loaded and initialised model nothing else can be tried
            if step in (trial.load, trial.initialise):
                break
    return AmiCheck(
        model=model.name,
        findings=(*findings, *trial.findings),
        init=trial.init,
        getwave=trial.getwave,
        impulse_response=trial.response,
        interval=trial.interval,
    )


class _Trial:
    """The steps of a check, and what they have found."""

    def __init__(self, model: AmiModel, rate: float, samples_per_ui: int, modulation: str | None) -> None:
        declared = model.ami.reserved.get("modulation")
        # NRZ where the file says nothing: models before 6.1 know no other
        allowed = [str(one) for one in declared.choices()] if declared is not None else ["NRZ"]
        self.model, self.m = model, samples_per_ui
        self.modulation = modulation or (allowed or ["NRZ"])[0]
        self.order = order_of(self.modulation)
        self.period, self.interval = 1.0 / rate, 1.0 / (rate * samples_per_ui)
        # two UI of delay: a model that looks for the main cursor finds something ahead of it
        time = np.arange(64 * samples_per_ui) * self.interval - 2.0 * self.period
        # a pole at a quarter of the symbol rate
        pole = 0.5 * np.pi * rate
        self.channel = np.where(time >= 0, pole * np.exp(-pole * np.maximum(time, 0.0)), 0.0)
        self.findings: list[Finding] = []
        self.init: dict[str, Any] = {}
        self.getwave: dict[str, Any] = {}
        self.response: Float | None = None

    def add(self, topic: str, status: str, detail: str) -> None:
        """One more line."""
        self.findings.append(Finding(topic, status, detail))

    def load(self) -> None:
        """The shared object and its functions."""
        with self._open() as instance:
            symbols = instance.symbols
        if "AMI_Close" not in symbols:
            self.add("functions", PROBLEM, "AMI_Close is missing; it is required from IBIS 5.1 on")
        if "AMI_GetWave" in symbols and not self.model.ami.getwave_exists:
            self.add("functions", NOTE, "AMI_GetWave is there, but GetWave_Exists is False")
        self.add("functions", OK, ", ".join(symbols))

    def initialise(self) -> None:
        """AMI_Init on the test channel."""
        with self._open() as instance:
            out, answer = self._init(instance, self.channel)
            printed = instance.printed
            close = instance.close_model()
        returned = self.model.ami.outputs(answer.out, "AMI_parameters_out of AMI_Init")
        self.response = out[0]
        self.init = {"message": answer.message, "out": returned, "printed": printed or None}
        if close == 0:
            self.add("AMI_Close", PROBLEM, "returns 0: failure")
        if printed:
            self.add("printing", NOTE, f"writes to standard output: {printed[:60]!r}")
        if not np.all(np.isfinite(out)):
            self.add("AMI_Init", PROBLEM, "returns NaN or infinity")
        # bit by bit: a model that changes nothing hands the same numbers back
        changed = not np.array_equal(out[0], self.channel)
        if changed and not self.model.ami.init_returns_impulse:
            self.add("AMI_Init", NOTE, "changes the impulse response, though Init_Returns_Impulse is False")
        self.add("AMI_Init", OK, f"{'changes' if changed else 'keeps'} the impulse response; says {answer.message!r}")
        self._outputs(returned)

    def scale(self) -> None:
        """Whether Init is linear: twice the channel, twice the answer."""
        if not self.model.ami.init_returns_impulse or self.response is None:
            return
        # adaptive models are not linear, and may be so: a note and no problem
        with self._open() as instance:
            twice = self._init(instance, 2.0 * self.channel)[0][0]
        difference = _relative(twice, 2.0 * self.response)
        if difference > CLOSE:
            self.add(
                "linearity", NOTE, f"AMI_Init of twice the channel is off by {difference:.2g}: it adapts to its input"
            )
        else:
            self.add("linearity", OK, "AMI_Init of twice the channel is twice its answer")

    def repeat(self) -> None:
        """Whether a new process gives the same answer."""
        if self.response is None:
            return
        # in a new process: state of the first one is gone
        with self._open() as instance:
            again = self._init(instance, self.channel)[0][0]
        same = np.array_equal(again, self.response, equal_nan=True)
        self.add(
            "repetition",
            OK if same else PROBLEM,
            "AMI_Init gives the same again"
            if same
            else f"AMI_Init differs from run to run by {_relative(again, self.response):.2g}",
        )

    def wave(self) -> None:
        """AMI_GetWave: size of blocks, repetition, clock times."""
        if not self.model.ami.getwave_exists:
            return
        whole, clocks, out = self._through([SYMBOLS * self.m])
        # in eighths: blocks as hosts send them
        sizes = [SYMBOLS * self.m // 8] * 8
        parts, split_clocks, _ = self._through(sizes)
        # pieces of odd lengths: no multiple of a UI, one very short
        odd, _, _ = self._through(
            [7 * self.m, *([SYMBOLS * self.m // 4 - 1] * 3), SYMBOLS * self.m // 4 + 3 - 7 * self.m]
        )
        returned = self.model.ami.outputs(out.out, "AMI_parameters_out of AMI_GetWave")
        self.getwave = {"clock_times": len(clocks), "out": returned}
        if not np.all(np.isfinite(whole)):
            self.add("AMI_GetWave", PROBLEM, "returns NaN or infinity")
        for name, other in (("eighths", parts), ("odd pieces", odd)):
            difference = _relative(other, whole)
            # but for rounding: sums in another order
            if difference > CLOSE:
                self.add("block size", PROBLEM, f"a waveform in {name} gives another output, off by {difference:.2g}")
                break
        else:
            self.add("block size", OK, "changes nothing")
        again = self._through([SYMBOLS * self.m])[0]
        if not np.array_equal(again, whole, equal_nan=True):
            self.add("repetition", PROBLEM, f"AMI_GetWave differs from run to run by {_relative(again, whole):.2g}")
        self._clocks(clocks, split_clocks)

    def values(self) -> None:
        """Every value that the file allows must be taken by AMI_Init."""
        tried = 0
        for parameter in self.model.ami.parameters.values():
            # places that the host fills in
            if not parameter.is_input or parameter.name.lower() in ("dll_path", "dll_id", "bci_id"):
                continue
            for value in _trials(parameter):
                # another modulation needs other symbols than this trial sends
                if parameter.name.lower() in ("modulation", "modulation_levels"):
                    continue
                tried += 1
                try:
                    chosen = self.model.replace(parameters={parameter.path: value})
                    with self._open(chosen) as instance:
                        out = self._init(instance, self.channel, chosen)[0]
                except AmiError as error:
                    self.add("values", PROBLEM, f"{parameter.path} = {value}: {error}")
                    continue
                if not np.all(np.isfinite(out)):
                    self.add("values", PROBLEM, f"{parameter.path} = {value}: AMI_Init returns NaN or infinity")
        self.add("values", OK, f"{tried} settings tried, one parameter at a time")

    def memory(self) -> None:
        """Memory after many AMI_Init and AMI_Close in one process."""
        with self._open() as instance:
            before = 0
            # memory of the process, after the allocator has settled
            for cycle in range(CYCLES):
                self._init(instance, self.channel)
                if self.model.ami.getwave_exists:
                    instance.getwave(np.zeros(4 * self.m))
                instance.close_model()
                # what the first calls take is not lost, but kept for later ones
                if cycle == SETTLED:
                    before = instance.memory()
            growth = (instance.memory() - before) / (CYCLES - 1 - SETTLED)
        if growth > LEAK:
            self.add("memory", PROBLEM, f"grows by {growth / 1024:.0f} KiB with every AMI_Init and AMI_Close")
        else:
            self.add("memory", OK, f"does not grow over {CYCLES} AMI_Init and AMI_Close")

    def _open(self, model: AmiModel | None = None) -> Instance:
        return (model or self.model).open(samples=max(SYMBOLS * self.m, self.channel.size), clocks=SYMBOLS)

    def _init(self, instance: Instance, channel: Float, model: AmiModel | None = None) -> tuple[Float, ModelReply]:
        chosen = model or self.model
        resolved: dict[str, Value] = {}
        if chosen.info("Resolve_Exists", False):
            text = chosen.ami.input_string(chosen.input_values(modulation=self.modulation, order=self.order))
            answer = instance.resolve(sample_interval=self.interval, bit_time=self.period, parameters=text)
            resolved = chosen.ami.outputs(answer.out, "AMI_parameters_out of AMI_Resolve")
        text = chosen.ami.input_string(chosen.input_values(modulation=self.modulation, order=self.order, sent=resolved))
        return instance.init(channel, sample_interval=self.interval, bit_time=self.period, parameters=text)

    def _through(self, sizes: list[int]) -> tuple[Float, Float, ModelReply]:
        """A random waveform through AMI_GetWave in blocks of `sizes` samples: output, clock times, last answer."""
        symbols = np.random.default_rng(1).integers(0, self.order, SYMBOLS)
        levels = np.linspace(-0.5, 0.5, self.order)
        wave = np.repeat(levels[symbols], self.m)
        pulse = self.channel[: 16 * self.m] * self.interval
        wave = np.convolve(wave, pulse)[: len(wave)]
        pieces, ticks, answer = [], [], ModelReply(1)
        with self._open() as instance:
            self._init(instance, self.channel)
            start = 0
            for size in sizes:
                out, clocks, answer = instance.getwave(wave[start : start + size])
                pieces.append(out)
                ticks.append(clocks)
                start += size
        return np.concatenate(pieces), np.concatenate(ticks), answer

    def _clocks(self, clocks: Float, split: Float) -> None:
        if not len(clocks):
            self.add("clock times", NOTE, "none: the host finds the sampling phase")
            return
        steps = np.diff(clocks) / self.period
        if np.any(steps <= 0):
            self.add("clock times", PROBLEM, "do not ascend")
        elif abs(len(clocks) - SYMBOLS) > 0.02 * SYMBOLS:
            self.add("clock times", PROBLEM, f"{len(clocks)} for {SYMBOLS} symbols: the clock does not lock")
        elif len(split) != len(clocks) or _relative(split, clocks) > CLOSE:
            self.add("clock times", PROBLEM, "depend on the size of blocks; they must be from the start of the run")
        else:
            self.add("clock times", OK, f"{len(clocks)} for {SYMBOLS} symbols")

    def _outputs(self, returned: dict[str, Any]) -> None:
        # what is declared 'out' must come back, and what comes back should be declared
        declared = self.model.ami.parameters
        for path in returned:
            if path not in declared:
                self.add("outputs", NOTE, f"{path} is returned, but not in the file")
            elif declared[path].usage not in ("out", "inout", "dep"):
                self.add("outputs", NOTE, f"{declared[path].path} is returned, but is of usage {declared[path].usage}")
        if not self.model.ami.getwave_exists:
            for path, parameter in declared.items():
                if parameter.usage == "out" and path not in returned:
                    self.add("outputs", PROBLEM, f"{parameter.path} is of usage out, but is not returned")


def _trials(parameter: Parameter) -> list[Value]:
    """Values to try: all that are listed, or the ends of a range."""
    bounds = parameter.bounds()
    if bounds is not None:
        return [int(bound) if parameter.type == "integer" else bound for bound in bounds]
    choices = list(parameter.choices())
    if len(choices) > TRIES:
        # evenly through a long list, ends included
        choices = [choices[index] for index in np.linspace(0, len(choices) - 1, TRIES).astype(int)]
    return choices


def _relative(one: Float, two: Float) -> float:
    """Largest difference over the largest value."""
    # another length is another answer altogether
    if one.shape != two.shape:
        return float("inf")
    size = float(np.abs(two).max())
    return float(np.abs(one - two).max()) / size if size > 0 else float(np.abs(one).max())

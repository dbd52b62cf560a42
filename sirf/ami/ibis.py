"""The sections of a `.ibs` file that a link needs: components, pins, models, their algorithmic models, a linear driver.

Own reader of IBIS 5.0 to 7.2 text; sections that say nothing about a SerDes buffer are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from sirf._arrays import Float
from sirf.ami.parameter import CORNERS, SCALES
from sirf.ami.shared_object import Binary, this_machine
from sirf.channel.package import Package
from sirf.errors import AmiError
from sirf.transmitter.transmitter import Transmitter

Triple = tuple[float, float, float]

KEYWORD = re.compile(r"\[\s*([^\]]+?)\s*\]\s*(.*)")
# a scale letter may follow a number at once, and a unit that means nothing behind it: 50mV, 1.2pF
NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([TGMkmunpf]?)[A-Za-z]*$")
SYSTEMS = {"linux": "Linux", "windows": "Windows", "macos": "macOS", "darwin": "macOS"}
TABLES = ("pulldown", "pullup", "gnd clamp", "power clamp")


@dataclass(frozen=True, slots=True)
class Executable:
    """A line of [Algorithmic Model]: for which machine, shared object and parameter file; `side` "tx", "rx" or ""."""

    platform: str
    so: str
    ami: str
    line: int
    side: str = ""

    @property
    def binary(self) -> Binary:
        """System, processor and word length that the platform's name says, as Linux_gcc_64 does."""
        # Linux_gcc_64 and the like
        words = self.platform.lower().split("_")
        arm = any(word in ("arm", "arm64", "aarch64") for word in words)
        # 64 where the name says nothing
        bits = 32 if words[-1] == "32" else 64
        # a version may follow the name at once, as in Linux2.6
        system = next((known for word, known in SYSTEMS.items() if words[0].startswith(word)), words[0])
        return Binary(system, "aarch64" if arm else "x86_64" if bits == 64 else "x86", bits)


@dataclass(frozen=True, slots=True)
class Pin:
    """A pin of a component: its name, signal, and [Model] (or model selector)."""

    name: str
    signal: str
    model: str


@dataclass(frozen=True, slots=True)
class Component:
    """A [Component]: pins, pairs of [Diff Pin] (P to N) and pairs of [Repeater Pin] (receiving to transmitting)."""

    name: str
    pins: tuple[Pin, ...]
    differential: Mapping[str, str]
    repeaters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LinearDriver:
    """A differential driver as a linear source: what sirf's own transmitter takes.

    `amplitude` in V is the differential peak into a matched load of `resistance` ohm a line, `capacitance` in F that of the pad
    a line, `rise_time` in s from 20 % to 80 %.
    """

    amplitude: float
    resistance: float
    capacitance: float
    rise_time: float

    def transmitter(self) -> Transmitter:
        """A transmitter with this amplitude and edge, without equaliser and jitter."""
        return Transmitter(
            amplitude=self.amplitude,
            amplitude_fext=self.amplitude,
            amplitude_next=self.amplitude,
            rise_time=self.rise_time,
        )

    def package(self, r_0: float = 50.0) -> Package:
        """The die: its capacitance and its termination, no lines; reference `r_0` ohm a line."""
        return Package(die=(), c_b=self.capacitance, r_0=r_0, r_d=self.resistance)


@dataclass(frozen=True, slots=True, eq=False)
class IbisModel:
    """A [Model]: values for typical, slow (minimum) and fast (maximum) corner; missing ones are the typical.

    `tables` hold the I-V curves as (voltage (N,), current (3, N)) by section name, V relative to the section's own reference;
    `ramp` the rising and falling (dV in V, dt in s).
    """

    name: str
    type: str
    line: int
    c_comp: Triple | None = None
    voltage_range: Triple | None = None
    ramp: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    tables: Mapping[str, tuple[Float, Float]] = field(default_factory=dict)
    executables: tuple[Executable, ...] = ()

    @property
    def side(self) -> str:
        """ "tx" for outputs, "rx" for inputs, "both" for I/O."""
        kind = self.type.lower()
        # I/O buffers may stand at either side
        if kind.startswith("i/o"):
            return "both"
        return "rx" if kind.startswith(("input", "terminator")) else "tx"

    def linear_driver(self, corner: str = "typ") -> LinearDriver:
        """The driver of a pair of such buffers, linearised: slope of the I-V curves over half the supply, ramp, C_comp.

        Raises `AmiError` where the model lacks supply, I-V curves, ramp or C_comp.
        """
        index = CORNERS.index(corner)
        missing = [
            name
            for name, value in (("[Voltage Range]", self.voltage_range), ("C_comp", self.c_comp), ("[Ramp]", self.ramp))
            if not value
        ]
        missing += [f"[{name.title()}]" for name in ("pulldown", "pullup") if name not in self.tables]
        if missing or self.voltage_range is None or self.c_comp is None:
            raise AmiError(
                f"[Model] {self.name} must have {missing[0]} for a linear driver, got none. Give a Transmitter."
            )
        supply = self.voltage_range[index]
        slopes = [_resistance(*self.tables[name], index, supply) for name in ("pulldown", "pullup")]
        rise = [edges[index] for edges in self.ramp.values()]
        # [Ramp] is from 20 % to 80 % of the swing into its own load
        seconds = float(np.mean([time for _, time in rise]))
        # P and N swing against each other by the supply: half of it into a matched load
        return LinearDriver(0.5 * supply, float(np.mean(slopes)), self.c_comp[index], seconds)


@dataclass(frozen=True, slots=True, eq=False)
class IbisFile:
    """Components and models of a `.ibs` file by name."""

    path: Path
    version: str
    components: Mapping[str, Component]
    models: Mapping[str, IbisModel]
    selectors: Mapping[str, tuple[str, ...]]

    def model(self, name: str | None = None) -> IbisModel:
        """The [Model] `name`, or the only one that has an algorithmic model; `AmiError` names the others."""
        algorithmic = [one for one in self.models.values() if one.executables]
        # without a name only one model can be meant
        if name is None:
            if len(algorithmic) == 1:
                return algorithmic[0]
            names = ", ".join(one.name for one in algorithmic) or "no [Algorithmic Model]"
            raise AmiError(f"model must be given for {self.path.name}, got none of its {names}. Give model=.")
        for known, one in self.models.items():
            if known.lower() == name.lower():
                return one
        raise AmiError(f"model must be one of {', '.join(self.models)} in {self.path.name}, got {name!r}. Choose one.")

    def algorithmic_model(self, name: str | None = None, *, machine: Binary | None = None) -> tuple[Path, Path]:
        """Parameter file and shared object of a [Model] for `machine` (this one by default), beside the `.ibs` file.

        Raises `AmiError` for a model without such a line and for files that do not exist.
        """
        chosen, here = self.model(name), machine or this_machine()
        where = f"{self.path.name} line {chosen.line}: [Model] {chosen.name}"
        if not chosen.executables:
            raise AmiError(f"{where} must have an [Algorithmic Model], got none. Choose another model.")
        # by machine, not by the compiler that the name ends in
        fitting = [one for one in chosen.executables if one.binary == here]
        if not fitting:
            known = ", ".join(one.platform for one in chosen.executables)
            raise AmiError(
                f"{where} must have an Executable for {here}, got {known}. Ask the vendor for this platform."
            )
        found = [self.path.parent / name.replace("\\", "/") for name in (fitting[0].ami, fitting[0].so)]
        for file in found:
            if not file.is_file():
                raise AmiError(
                    f"{self.path.name} line {fitting[0].line}: Executable must name files that exist, got {file.name}. "
                    "Put it beside the .ibs file."
                )
        return found[0], found[1]


def read_ibis(file: str | Path) -> IbisFile:
    """Read a `.ibs` file; `AmiError` names file and line."""
    path = Path(file)
    try:
        # any byte is a letter: comments come in all encodings
        text = path.read_text(encoding="latin-1")
    except OSError as error:
        raise AmiError(f"{path} must be a .ibs file, got {error.strerror}. Check the name.") from None
    return _Reader(path, text).result()


class _Reader:
    """Goes through the lines once; each keyword says what to do with the lines behind it."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.version = ""
        self.components: dict[str, dict[str, object]] = {}
        self.models: dict[str, dict[str, object]] = {}
        self.selectors: dict[str, list[str]] = {}
        self.component: dict[str, object] | None = None
        self.model: dict[str, object] | None = None
        self.section, self.number, self.selector = "", 0, ""
        mark = "|"
        for self.number, raw in enumerate(text.splitlines(), start=1):
            line = raw.split(mark)[0].rstrip()
            if not line.strip():
                continue
            # keywords stand in brackets at the start of a line
            match = KEYWORD.match(line.lstrip())
            if match is None:
                self._content(line.split())
                continue
            # blanks and underlines are one, and capitals do not count
            name = re.sub(r"[_\s]+", " ", match[1]).lower()
            if name == "comment char" and match[2]:
                mark = match[2][0]
            if name == "end":
                break
            self._keyword(name, match[2].split())
        if not self.version:
            raise self._error("must begin with [IBIS Ver]", "none", "Is it a .ibs file?")

    def _error(self, condition: str, got: str, fix: str) -> AmiError:
        return AmiError(f"{self.path.name} line {self.number}: {condition}, got {got}. {fix}")

    def _keyword(self, name: str, words: list[str]) -> None:
        self.section = name
        if name == "ibis ver":
            self.version = words[0] if words else ""
        elif name == "component":
            self.component = self.components.setdefault(" ".join(words), {"pins": [], "diff": {}, "repeat": {}})
        elif name == "model":
            if not words:
                raise self._error("[Model] must have a name", "none", "Correct the file.")
            self.model = {"line": self.number, "type": "", "tables": {}, "ramp": {}, "executables": []}
            self.models[words[0]] = self.model
        elif name == "model selector":
            self.selector = words[0] if words else ""
            self.selectors[self.selector] = []
        elif name == "end algorithmic model":
            self.section = ""
        elif name == "voltage range" and self.model is not None:
            self.model["voltage_range"] = self._triple(words)

    def _content(self, words: list[str]) -> None:
        section = self.section
        if section in ("pin", "diff pin", "repeater pin") and self.component is not None:
            self._pin(section, words)
        elif section == "model selector":
            self.selectors[self.selector].append(words[0])
        elif self.model is None:
            return
        elif section == "model":
            self._sub_parameter(words)
        elif section in TABLES:
            self._table_row(section, words)
        elif section == "ramp" and words[0].lower().startswith("dv/dt"):
            self.model["ramp"][words[0].lower()[-1]] = tuple(self._slope(word) for word in self._three(words[1:]))  # type: ignore[index]
        elif section == "algorithmic model":
            self._executable(words)

    def _pin(self, section: str, words: list[str]) -> None:
        assert self.component is not None
        if section == "pin" and len(words) >= 3:
            self.component["pins"].append(Pin(*words[:3]))  # type: ignore[attr-defined]
        elif section == "diff pin" and len(words) >= 2:
            self.component["diff"][words[0]] = words[1]  # type: ignore[index]
        elif section == "repeater pin" and len(words) >= 2:
            self.component["repeat"][words[0]] = words[1]  # type: ignore[index]

    def _sub_parameter(self, words: list[str]) -> None:
        assert self.model is not None
        # 'name = value' and 'name value' are both in use
        name, _, rest = " ".join(words).partition("=")
        parts = rest.split() if rest else words[1:]
        key = name.split()[0].lower()
        if key == "model_type" and parts:
            self.model["type"] = parts[0]
        elif key == "c_comp":
            self.model["c_comp"] = self._triple(parts)

    def _table_row(self, section: str, words: list[str]) -> None:
        assert self.model is not None
        # heads of columns are no rows
        if len(words) < 2 or not NUMBER.match(words[0]):
            return
        tables: dict[str, list[tuple[float, Triple]]] = self.model["tables"]  # type: ignore[assignment]
        tables.setdefault(section, []).append((self._number(words[0]), self._triple(words[1:])))

    def _executable(self, words: list[str]) -> None:
        assert self.model is not None
        head = words[0].lower()
        if not head.startswith("executable"):
            raise self._error("[Algorithmic Model] must have Executable lines", repr(words[0]), "Correct the file.")
        if len(words) < 4:
            raise self._error(
                "Executable must name platform, shared object and parameter file", " ".join(words), "Add them."
            )
        # Executable_Tx and Executable_Rx of buffers that are both
        side = head.rpartition("_")[2] if "_" in head else ""
        self.model["executables"].append(Executable(words[1], words[2], words[3], self.number, side))  # type: ignore[attr-defined]

    def _number(self, word: str) -> float:
        match = NUMBER.match(word)
        if match is None:
            raise self._error("a number must stand here", repr(word), "Correct the file.")
        # 10p and 10pF are 10e-12
        return float(match[1]) * (SCALES[match[2]] if match[2] else 1.0)

    def _three(self, words: list[str]) -> list[str]:
        """Three words, the first in place of NA or missing ones."""
        if not words or words[0].upper() == "NA":
            raise self._error("a typical value must stand here", " ".join(words) or "none", "Correct the file.")
        return [word if word.upper() != "NA" else words[0] for word in (words + [words[0]] * 3)[:3]]

    def _triple(self, words: list[str]) -> Triple:
        typical, slow, fast = (self._number(word) for word in self._three(words))
        return typical, slow, fast

    def _slope(self, word: str) -> tuple[float, float]:
        volts, _, seconds = word.partition("/")
        return self._number(volts), self._number(seconds or "nothing")

    def result(self) -> IbisFile:
        """What was read."""
        components = {
            name: Component(
                name,
                tuple(one["pins"]),  # type: ignore[arg-type]
                MappingProxyType(one["diff"]),  # type: ignore[arg-type]
                MappingProxyType(one["repeat"]),  # type: ignore[arg-type]
            )
            for name, one in self.components.items()
        }
        models = {name: _model(name, one) for name, one in self.models.items()}
        selectors = {name: tuple(names) for name, names in self.selectors.items()}
        return IbisFile(self.path, self.version, components, models, selectors)


def _model(name: str, found: dict[str, object]) -> IbisModel:
    tables = {
        section: (np.array([row[0] for row in rows]), np.array([row[1] for row in rows]).T)
        for section, rows in found["tables"].items()  # type: ignore[attr-defined]
    }
    return IbisModel(
        name,
        str(found["type"]),
        int(found["line"]),  # type: ignore[call-overload]
        c_comp=found.get("c_comp"),  # type: ignore[arg-type]
        voltage_range=found.get("voltage_range"),  # type: ignore[arg-type]
        ramp=MappingProxyType(found["ramp"]),  # type: ignore[arg-type]
        tables=MappingProxyType(tables),
        executables=tuple(found["executables"]),  # type: ignore[arg-type]
    )


def _resistance(volts: Float, current: Float, index: int, supply: float) -> float:
    """Slope in ohm of an I-V curve from 0 to half the supply, both relative to its reference."""
    # tables may fall
    order = np.argsort(volts)
    low, high = np.interp([0.0, 0.5 * supply], volts[order], current[index][order])
    # a flat curve is a resistance beyond any other, not a division by zero
    return float(0.5 * supply / max(abs(high - low), 1e-12))

"""What a study asks its question of, at any length: a path under a standard, or an architecture at a data rate."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from sirf._data import list_data, near_ids, without_case
from sirf.channel.linear_repeater import linear_chain
from sirf.channel.path import Path, RateClass, load_path
from sirf.errors import ConfigError, SirfError, shown
from sirf.link import Link
from sirf.optics.library import OpticsPreset, list_optics, load_optics
from sirf.presets import load
from sirf.receiver.receiver import Thresholds
from sirf.study.host_models import HostModels
from sirf.study.measurement import CODE, Measurement
from sirf.study.sections import Section, path_of, sections
from sirf.system.architecture import FAMILIES, Architecture, load_architecture
from sirf.system.corners import Corner
from sirf.units import Given, parse_data_rate

STEP, STEP_LENGTH = 40e6, 2.0
"""Frequency step in Hz of the paths tried, 25 ns of response about the delay, and the length in m up to which phase can be
followed at it: 12 ns of cable."""
SAMPLES_PER_UI = 16
# a 100 Gb/s lane with RS(544,514) and 256B/257B
DATA_RATE = 106.25e9
"""Bits per second on the line where nothing else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathSubject:
    """A path under a standard; `linear` is the path, a linear repeater and the path again, both of one length.

    `symbol_rate` in baud in place of the standard's; all else of the preset stays as it is in Hz and s.
    """

    path: Path
    standard: str
    linear: bool = False
    symbol_rate: float | None = None

    @property
    def name(self) -> str:
        """Name of the path."""
        return self.path.name

    @property
    def data_rate(self) -> float | None:
        """None: the standard has one."""
        return None

    @property
    def length_m(self) -> float:
        """The path's own length."""
        return self.path.trace_length_m

    @property
    def ber(self) -> float:
        """Bit error ratio that it is to meet where nothing else is said: the preset's DER0."""
        return load(self.standard).der0

    def sections(self, length: float) -> tuple[Section, ...]:
        """The one link that decides, at `length` in m, with what couples into it."""
        rate = self.symbol_rate or load(self.standard).symbol_rate
        # a little beyond the symbol rate, from which on a channel counts as wide enough
        frequency = np.arange(0.0, max(110e9, 1.05 * rate), step_at(length))
        # where a line's model ends, so does the band
        path = self.path.with_length(length)
        channel = path.to_channel(frequency[frequency <= path.grid[-1]], crosstalk=True)
        if self.linear:
            # the same path twice, each with a length that varies
            channel = linear_chain(channel, channel)
        link = Link(channel, standard=self.standard, symbol_rate=self.symbol_rate, samples_per_ui=SAMPLES_PER_UI)
        return (Section(self.name, link),)

    def measurement(self, length: float, *, code: str = CODE, mask: tuple[float, float] | None = None) -> Measurement:
        """The figures at `length` in m; a path has none of cost."""
        return Measurement(self.sections(length), code=code, mask=mask)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchitectureSubject:
    """An architecture at a data rate in bit/s: all that decides from host to host counts.

    `inputs` stand in place of nominal ones, vendor `models` in that of the hosts' equalisers; `thresholds` are those of
    every receiver's slicers.
    """

    architecture: Architecture
    data_rate: float
    inputs: Corner | None = None
    models: HostModels = field(default_factory=HostModels)
    thresholds: Thresholds = "adapted"

    @property
    def name(self) -> str:
        """Id of the architecture."""
        return self.architecture.id

    @property
    def standard(self) -> str:
        """Presets of the two hosts, the near one first."""
        interface = self.architecture.at(self.data_rate)
        return " + ".join(dict.fromkeys((interface.standard, interface.far_standard)))

    @property
    def length_m(self) -> float:
        """The path's own length."""
        return path_of(self.architecture, self.data_rate).trace_length_m

    @property
    def ber(self) -> float:
        """Bit error ratio that it is to meet where nothing else is said: the greater DER0 of its hosts' presets."""
        interface = self.architecture.at(self.data_rate)
        return max(load(interface.standard).der0, load(interface.far_standard).der0)

    def sections(self, length: float) -> tuple[Section, ...]:
        """The links that decide in order, at `length` in m of the variable segment."""
        return sections(
            self.architecture,
            self.data_rate,
            length=length,
            step=step_at(length),
            samples_per_ui=SAMPLES_PER_UI,
            inputs=self.inputs,
            models=self.models,
            thresholds=self.thresholds,
        )

    def measurement(self, length: float, *, code: str = CODE, mask: tuple[float, float] | None = None) -> Measurement:
        """The figures at `length` in m of the variable segment, cost included."""
        return Measurement(
            self.sections(length), architecture=self.architecture, data_rate=self.data_rate, code=code, mask=mask
        )


def step_at(length: float) -> float:
    """Frequency step in Hz at a length in m: `STEP`, or a whole part of it that follows the phase of a longer cable."""
    # a whole part: grids of all lengths share their points
    return STEP / max(math.ceil(length / STEP_LENGTH), 1)


Subject: TypeAlias = PathSubject | ArchitectureSubject


def subject_of(
    path: str | Path | Architecture,
    *,
    standard: str | None = None,
    data_rate: Given | None = None,
    rate_class: RateClass | None = None,
    linear: bool = False,
) -> Subject:
    """The subject that a user names: with a `standard` a path (name, file or `Path`), else an architecture.

    `rate_class` and `linear` belong to paths; `data_rate` in bit/s (106.25e9 by default) belongs to architectures.
    Raises `SirfError` for what does not belong together, `ConfigError` for an unknown name.
    """
    # names are found whatever their case
    path = _without_case(path)
    rate = None if data_rate is None else parse_data_rate(data_rate)
    if standard is not None:
        return _path_subject(path, standard, rate, rate_class, linear)
    if isinstance(path, Path) or (path in list_data("paths") and not _is_architecture(path)):
        name = path.name if isinstance(path, Path) else path
        raise SirfError(f"standard must be given for the path {name}, got none. Add for example '802.3ck-c2m'.")
    if rate_class is not None or linear:
        raise SirfError(
            "rate_class and linear must be left out for an architecture, got one. Give a standard, or no such option."
        )
    found = path if isinstance(path, Architecture) else load_architecture(_known(path))
    rate = DATA_RATE if rate is None else rate
    # refuses a rate that the architecture has not, before anything is built
    found.at(rate)
    return ArchitectureSubject(architecture=found, data_rate=rate)


def optics_of(
    path: str | Path | Architecture | OpticsPreset, *, standard: str | None, data_rate: Given | None = None
) -> OpticsPreset | None:
    """The optical path that a user names, None where the name is of something else.

    With a `data_rate` a name that an architecture has too, such as "oci-gen1", is the architecture.
    """
    if isinstance(path, OpticsPreset):
        return path
    path = _without_case(path)
    # with a rate the architecture is meant, without one the optics
    if data_rate is not None and _is_architecture(path):
        return None
    return load_optics(path) if standard is None and isinstance(path, str) and path in list_optics() else None


def _path_subject(
    path: str | Path | Architecture, standard: str, data_rate: float | None, rate_class: RateClass | None, linear: bool
) -> PathSubject:
    preset = load(standard)
    if isinstance(path, Architecture) or (path not in list_data("paths") and _is_architecture(path)):
        name = path.id if isinstance(path, Architecture) else path
        raise SirfError(f"standard must be left out for the architecture {name}, got {standard!r}. Give its data_rate.")
    if path in list_optics():
        raise SirfError(
            f"standard must be left out for the optics {path}, got {standard!r}. Optics have a rate of their own."
        )
    if data_rate is not None:
        raise SirfError(
            f"data_rate must be left out with a standard, got {data_rate / 1e9:g} Gb/s. Give one of the two."
        )
    if isinstance(path, str):
        # dies of the standard's own generation
        path = load_path(path, rate_class=rate_class or ("200g" if preset.symbol_rate > 80e9 else "100g"))
    return PathSubject(path=path, standard=standard, linear=linear)


def _without_case(path: Any) -> Any:
    """The shipped id that a text is whatever its case; anything else as it is."""
    return without_case(path, (*list_data("architectures"), *FAMILIES, *list_data("paths"), *list_optics()))


def _is_architecture(path: object) -> bool:
    return isinstance(path, str) and (path in FAMILIES or path in list_data("architectures"))


def _known(name: str) -> str:
    """The name, if it is one of an architecture or a file."""
    if _is_architecture(name) or name.endswith(".toml"):
        return name
    names = (*list_data("architectures"), *FAMILIES, *list_data("paths"), *list_optics())
    near = near_ids(name, names)
    hint = f" Did you mean {' or '.join(repr(one) for one in near)}?" if near else ""
    raise ConfigError(
        f"path must be an architecture ({', '.join(list_data('architectures'))}), a path with its standard "
        f"({', '.join(list_data('paths'))}), optics ({', '.join(list_optics())}) or a .toml file, got {shown(name)}.{hint}"
    )


def at_rate(subject: Subject, data_rate: float) -> Subject:
    """The subject at another data rate in bit/s: an architecture's own interface there, a path's preset at that symbol rate.

    Raises `SirfError` for a rate that the architecture does not have, or that no symbol rate stands for.
    """
    if isinstance(subject, ArchitectureSubject):
        subject.architecture.at(data_rate)
        return dataclasses.replace(subject, data_rate=data_rate)
    preset = load(subject.standard)
    # filters and times stay in Hz and s: far from its own rate a preset means nothing
    if not 0.2 <= data_rate / preset.data_rate <= 2.0:
        raise SirfError(
            f"rates must be within a fifth and twice that of {preset.id}, {preset.data_rate / 1e9:g} Gb/s, got "
            f"{data_rate / 1e9:g}. Take another standard."
        )
    return dataclasses.replace(subject, symbol_rate=preset.symbol_rate * data_rate / preset.data_rate)

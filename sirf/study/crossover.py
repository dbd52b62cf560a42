"""Crossover: how long a rival's electrical path may be before a challenger takes less energy at the same error ratio."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from sirf._arrays import Float
from sirf._display import html_table, table
from sirf.channel.path import Path
from sirf.errors import SirfError
from sirf.presets import load
from sirf.study.length_search import MAX_LENGTH, MIN_LENGTH, longest_length
from sirf.study.limits import Limit, limit_of
from sirf.study.measurement import CODE
from sirf.study.parallel import Progress, each
from sirf.study.sections import path_of
from sirf.study.subject import ArchitectureSubject, subject_of
from sirf.system.architecture import ORDER, Architecture, load_architecture
from sirf.system.energy import LOSS_LIMIT_DB, Energy, energy_pj_per_bit
from sirf.units import Given, parse_data_rate

Cause = Literal["energy", "reach", "never"]

CHALLENGER = "cpo-retimed"
# figures of the whole way, which rivals of any kind have: COM or an eye belongs to one section
RATIOS = ("ber", "ber_post_fec")
LENGTH_RATIO = 1.02
"""Ratio of neighbouring lengths at which energies are compared."""
REFINED_STEPS, REFINED_POINTS = 3, 256
"""Steps of that grid behind a crossing that are compared once more, and at how many lengths: loss ripples within a step."""
REACH_STRIDE, REACH_TOLERANCE = 2.0**0.5, 0.05
"""Steps in which reaches are walked, and the relative length to which they are found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """One rival against the challenger.

    Beyond `crossover_mm` of its variable segment the rival takes more energy than the challenger ("energy") or misses the error
    ratio ("reach"): `cause` says which; 0 where that is so at any length, None ("never") where the rival takes less up to the
    longest tried. `low_mm` holds for a cheap challenger and a dear rival, `high_mm` for the reverse: both ends of the energies'
    envelopes. `curve` lists (length_mm, loss in dB, energy low, value and high in pJ/bit) as far as the rival works.
    """

    rival: str
    standard: str
    crossover_mm: float | None
    low_mm: float | None
    high_mm: float | None
    cause: Cause
    reach_mm: float | None
    curve: tuple[tuple[float, float, float, float, float], ...]

    @property
    def ends(self) -> bool:
        """Whether the rival's reach is below the longest length tried."""
        return self.reach_mm is None or self.reach_mm < 1e3 * MAX_LENGTH

    @property
    def reason(self) -> str:
        """The cause in words."""
        if self.cause == "never":
            return f"takes less energy up to {1e3 * MAX_LENGTH:.0f} mm, the longest tried"
        return f"{self._end} {'at any length' if self.crossover_mm == 0.0 else 'beyond'}"

    @property
    def _end(self) -> str:
        """What happens at the crossover."""
        return "takes more energy" if self.cause == "energy" else "misses the error ratio"

    @property
    def verdict(self) -> str:
        """Where the challenger wins, over which lengths within the ranges of energy, and why, in words."""
        # nominal, then both ends of the ranges
        places = [_beyond(length) for length in (self.crossover_mm, self.low_mm, self.high_mm)]
        band = "" if len(set(places)) == 1 else f" ({places[1]} or {places[2]} at the ends of the ranges of energy)"
        return f"{places[0]}{band}: the rival {self.reason if self.cause == 'never' else self._end}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        names = (
            "length_mm",
            "insertion_loss_db",
            "energy_pj_per_bit_low",
            "energy_pj_per_bit",
            "energy_pj_per_bit_high",
        )
        return {
            "rival": self.rival,
            "standard": self.standard,
            "crossover_mm": self.crossover_mm,
            "crossover_mm_low": self.low_mm,
            "crossover_mm_high": self.high_mm,
            "cause": self.cause,
            "reason": self.reason,
            "reach_mm": self.reach_mm,
            "curve": [dict(zip(names, row, strict=True)) for row in self.curve],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossover:
    """A challenger at its own length against rivals at every length; `limit` is the error ratio that all must meet."""

    challenger: str
    data_rate: float
    limit: tuple[str, float]
    length_mm: float
    energy: Energy
    rows: tuple[Crossing, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "challenger": self.challenger,
            "data_rate": self.data_rate,
            "limit": {self.limit[0]: self.limit[1]},
            "length_mm": self.length_mm,
            "energy_pj_per_bit": self.energy.value,
            "energy_pj_per_bit_low": self.energy.low,
            "energy_pj_per_bit_high": self.energy.high,
            "rivals": [row.to_dict() for row in self.rows],
        }

    def __repr__(self) -> str:
        """One line."""
        found = ", ".join(f"{row.rival} {_millimetres(row.crossover_mm)}" for row in self.rows)
        return f"Crossover({self.challenger} at {self.data_rate / 1e9:g} Gb/s beats {found})"

    def __str__(self) -> str:
        """A small table."""
        return table(self._title(), self._rows())

    def _repr_html_(self) -> str:
        return html_table(self._title(), self._rows())

    def _title(self) -> str:
        name, bound = self.limit
        spent = f"{self.energy.value:.1f} ({self.energy.low:.1f}-{self.energy.high:.1f}) pJ/bit"
        rate = f"{self.data_rate / 1e9:g} Gb/s"
        return f"{self.challenger} of {self.length_mm:.0f} mm takes {spent} at {rate} and {name} {bound:g}; it wins"

    def _rows(self) -> Sequence[tuple[str, str]]:
        return [(row.rival, row.verdict) for row in self.rows]


def crossover(
    challenger: str = CHALLENGER,
    rivals: Sequence[str] | None = None,
    *,
    data_rate: Given = 106.25e9,
    limit: Mapping[str, float] | None = None,
    fec: str = CODE,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Crossover:
    """Length of each rival's electrical path beyond which the challenger takes less energy per bit at equal error ratio.

    Parameters
    ----------
    challenger, rivals
        Architectures by id; all others that have the rate by default.
    data_rate
        On the line of each lane: "212.5Gb/s", or a number of bit/s.
    limit
        {"ber": most} from host to host before FEC or {"ber_post_fec": most} behind the code `fec`, the same for all; by default
        the greatest DER0 among the presets of all hosts concerned.
    executor, progress
        Where the rivals are looked at, and a call after each.

    The challenger stays at its own length. A rival works up to its reach (found as `sirf.reach` does, in strides of 41 % and
    within 5 %); its energy follows from the loss at each length from 2 mm up, whether or not it meets the ratio that far down.
    Raises `SirfError` where the challenger itself misses the ratio, or for an unknown architecture or rate.

    >>> sirf.crossover("cpo-retimed", ["pluggable-retimed"], data_rate="212.5Gb/s")  # doctest: +SKIP
    """
    data_rate = parse_data_rate(data_rate)
    subject = _subject(challenger, data_rate)
    # at rates of its own a row may be missing
    names = [name for name in ORDER if load_architecture(name).has(data_rate)] if rivals is None else rivals
    others = [_subject(name, data_rate) for name in names]
    # against itself the challenger would tie at every length
    others = [other for other in others if other.name != subject.name]
    if not others:
        raise SirfError(f"rivals must hold another architecture than {subject.name}, got none. Leave them out for all.")
    # one ratio for all: the greatest among their presets
    wanted = limit_of(limit, ber=max(one.ber for one in (subject, *others)), code=fec)
    if wanted.name not in RATIOS or isinstance(wanted.bound, tuple):
        raise SirfError(f"limit of a crossover must be one of {', '.join(RATIOS)}, got {wanted.name}. Use ber.")
    # the challenger itself has to work, or every rival would win
    value = wanted.value(wanted.measurement(subject, subject.length_m))
    if not wanted.meets(value):
        raise SirfError(
            f"{wanted.name} of {subject.name} must be at most {wanted.bound:g} at its own {1e3 * subject.length_m:.0f} mm, got "
            f"{value:.2g}. Allow more errors, or take another challenger."
        )
    energy = Spender.of(subject).energy(subject.length_m)
    ask = partial(_crossing, energy=energy, limit=wanted)
    rows = each(ask, others, executor=executor, progress=progress, name=lambda one: one.name)
    return Crossover(
        challenger=subject.name,
        data_rate=data_rate,
        limit=(wanted.name, wanted.bound),
        energy=energy,
        length_mm=1e3 * subject.length_m,
        rows=tuple(rows),
    )


@dataclass(frozen=True, slots=True)
class Spender:
    """Energy per bit of an architecture over the length of its variable segment: `path` with the dies of its data rate."""

    subject: ArchitectureSubject
    path: Path

    @classmethod
    def of(cls, subject: ArchitectureSubject) -> Spender:
        """The spender of an architecture's subject."""
        return cls(subject, path_of(subject.architecture, subject.data_rate))

    def loss_db(self, length: float) -> float:
        """What its host equalises at `length` in m: the path's loss at half the symbol rate, for each copper of a section."""
        architecture = self.subject.architecture
        nyquist = 0.5 * load(architecture.at(self.subject.data_rate).standard).symbol_rate
        # at half the symbol rate, where energy tables are given
        once = float(self.path.with_length(length).insertion_loss_db(np.array([nyquist]))[0])
        # a linear link has copper at both ends of its light, which one receiver equalises; retimed copper stands alone
        times = max(section.count("copper") for section in architecture.sections)
        # tables of energy end there
        return min(max(times * once, 0.0), LOSS_LIMIT_DB)

    def energy(self, length: float) -> Energy:
        """Energy per bit at `length` in m."""
        return energy_pj_per_bit(self.subject.architecture, self.loss_db(length), data_rate=self.subject.data_rate)


def _subject(name: str | Architecture, data_rate: float) -> ArchitectureSubject:
    found = subject_of(name, data_rate=data_rate)
    assert isinstance(found, ArchitectureSubject)
    return found


def _crossing(subject: ArchitectureSubject, *, energy: Energy, limit: Limit) -> Crossing:
    def meets(length: float) -> bool:
        return limit.meets(limit.value(limit.measurement(subject, length)))

    reach, beyond = longest_length(meets, subject.length_m, stride=REACH_STRIDE, tolerance=REACH_TOLERANCE)
    if reach is None:
        # no length works: the challenger wins at any
        return Crossing(
            rival=subject.name,
            standard=subject.standard,
            crossover_mm=0.0,
            cause="reach",
            low_mm=0.0,
            high_mm=0.0,
            reach_mm=None,
            curve=(),
        )
    rival = Spender.of(subject)
    # by ratio, since energy goes with loss, and loss with length, over two decades: steps of two percent, both ends
    # with them
    lengths = np.geomspace(MIN_LENGTH, reach, int(np.log(reach / MIN_LENGTH) / np.log(LENGTH_RATIO)) + 2)
    end = partial(_end, rival, lengths, endless=beyond is None)
    crossing, cause = end(lambda one: one.value, energy.value)
    return Crossing(
        rival=subject.name,
        standard=subject.standard,
        crossover_mm=crossing,
        cause=cause,
        reach_mm=1e3 * reach,
        # the dear rival against the thrifty challenger gives the shortest crossover
        low_mm=end(lambda one: one.high, energy.low)[0],
        high_mm=end(lambda one: one.low, energy.high)[0],
        curve=tuple(_row(rival, float(length)) for length in lengths),
    )


def _row(rival: Spender, length: float) -> tuple[float, float, float, float, float]:
    energy = rival.energy(length)
    return 1e3 * length, rival.loss_db(length), energy.low, energy.value, energy.high


def _end(
    rival: Spender, lengths: Float, figure: Callable[[Energy], float], bound: float, *, endless: bool
) -> tuple[float | None, Cause]:
    """(length in mm beyond which the rival's energy stays above `bound`, or the rival works no more; which of the two)."""

    def last_within(tried: Float) -> int:
        # the last length that is within, not the first that is beyond: a ripple of the loss may cross the bound more than
        # once
        within = np.flatnonzero([figure(rival.energy(float(length))) <= bound for length in tried])
        return int(within[-1]) if within.size else -1

    last = last_within(lengths)
    if last < 0:
        return 0.0, "energy"
    # within its reach the rival never takes more
    if last == len(lengths) - 1:
        return (None, "never") if endless else (1e3 * float(lengths[-1]), "reach")
    # the loss ripples within a step of the grid: once more, closely, over the steps in which it may fall back
    fine = np.linspace(lengths[last], lengths[min(last + REFINED_STEPS, len(lengths) - 1)], REFINED_POINTS)
    return 1e3 * float(fine[last_within(fine)]), "energy"


def _beyond(length: float | None) -> str:
    return "never" if length is None else "at any length" if length == 0.0 else f"beyond {length:.0f} mm"


def _millimetres(length: float | None) -> str:
    return "never" if length is None else "always" if length == 0.0 else f"{length:.0f} mm"

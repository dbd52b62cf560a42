"""Reach: the longest trace of a path that still meets a limit, by bisection with packages and connectors kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sirf.channel.chain import linear_chain
from sirf.channel.path import Path, RateClass, load_path
from sirf.com.annex_93a import margin_of_case
from sirf.com.standard import from_standard
from sirf.engine.optimize import optimize
from sirf.engine.statistical import statistical_eye
from sirf.errors import NoSettingError, SirfError
from sirf.link import Link
from sirf.presets import load

SHORTEST, LONGEST = 0.002, 2.0
"""Lengths in m between which reach is sought: at the step below, phase can be followed over 12 ns, 2 m of cable."""
STEP = 40e6
"""Frequency step in Hz of the paths tried: 25 ns of response about the delay."""
SAMPLES_PER_UI = 16
CLOSED_DB = -100.0
"""COM that stands for a channel that no setting equalises."""

LIMITS: dict[str, tuple[str, int]] = {
    "ber": ("bit error ratio", -1),
    "com_db": ("COM", 1),
    "eye_height_mv": ("eye height", 1),
}
"""Limits that can be asked for: what they are called, and +1 where more is better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Longest length in mm that meets the limit.

    None where even the shortest trace misses it; `limited_by` says what ends the reach. `curve` lists (length_mm, value of the
    limited figure, die-to-die loss in dB) of every length tried, ascending.
    """

    path: str
    standard: str
    limit: tuple[str, float]
    reach_mm: float | None
    limited_by: str
    curve: tuple[tuple[float, float, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "path": self.path, "standard": self.standard, "limit": {self.limit[0]: self.limit[1]}, "reach_mm": self.reach_mm,
            "limited_by": self.limited_by,
            "curve": [{"length_mm": n, self.limit[0]: value, "insertion_loss_db": loss} for n, value, loss in self.curve],
        }  # fmt: skip

    def __str__(self) -> str:
        """One line."""
        name, value = self.limit
        longest = "none" if self.reach_mm is None else f"{self.reach_mm:.0f} mm"
        return f"reach of {self.path} under {self.standard} with {name} {value:g}: {longest} (limited by {self.limited_by})"


def reach(
    path: str | Path,
    *,
    standard: str,
    limit: Mapping[str, float] | None = None,
    rate_class: RateClass | None = None,
    linear: bool = False,
    tolerance: float = 0.02,
    progress: Callable[[float, float], None] | None = None,
) -> Reach:
    """Longest trace of `path` whose optimised link meets a limit.

    Parameters
    ----------
    path
        A path, or the name of one ("pluggable", "npo", "cpo").
    limit
        One of {"ber": most}, {"com_db": least}, {"eye_height_mv": least}; the preset's DER0 as bit error ratio by default.
        COM is that of `sirf.com` (for chip to module of the eye within the window).
    rate_class
        Dies of a path given by name; "200g" for presets above 80 GBd, else "100g".
    linear
        The path, a linear repeater and the path again, both of one length, equalised at the far end alone.
    tolerance
        Relative length at which the bisection stops.
    progress
        Called with each length tried in m and its figure.

    Error ratio and eye height are taken from the statistical engine at the sampling instant, with the equaliser set anew at
    every length; COM searches the standard's reference equaliser at every length.
    Raises `SirfError` for an unknown limit or path.
    """
    preset = load(standard)
    name, bound = _limit(limit, preset.der0)
    if isinstance(path, str):
        path = load_path(path, rate_class=rate_class or ("200g" if preset.symbol_rate > 80e9 else "100g"))
    frequency = np.arange(0.0, max(110e9, 1.05 * preset.symbol_rate), STEP)
    # where a line's model ends, so does the band
    frequency = frequency[frequency <= path.grid[-1]]
    tried: dict[float, tuple[float, float]] = {}
    whole = path

    def meets(length: float) -> bool:
        channel = whole.with_length(length).to_channel(frequency, crosstalk=True)
        if linear:
            channel = linear_chain(channel, channel)
        link = Link(channel, standard=standard, samples_per_ui=SAMPLES_PER_UI)
        value = _margin(link, standard) if name == "com_db" else _figure(link, name)
        tried[length] = (value, link.insertion_loss_db)
        if progress is not None:
            progress(length, value)
        return value <= bound if LIMITS[name][1] < 0 else value >= bound

    low, high = _bracket(meets, path.trace_length_m)
    while low is not None and high is not None and high / low - 1 > tolerance:
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if meets(middle) else (low, middle)
    curve = tuple((1e3 * length, *tried[length]) for length in sorted(tried))
    if low is None:
        return Reach(path=path.name, standard=standard, limit=(name, bound), reach_mm=None, curve=curve,
                     limited_by=f"{LIMITS[name][0]} already at {1e3 * SHORTEST:g} mm")  # fmt: skip
    limited = f"range of the search, {LONGEST:g} m" if high is None else LIMITS[name][0]
    return Reach(
        path=path.name, standard=standard, limit=(name, bound), reach_mm=1e3 * low, limited_by=limited, curve=curve
    )


def _bracket(meets: Callable[[float], bool], start: float) -> tuple[float | None, float | None]:
    """(a length that meets the limit, a longer one that misses it), None where there is none."""
    low, high = None, None
    length = min(max(start, SHORTEST), LONGEST)
    while low is None or high is None:
        if meets(length):
            low = length
            if length >= LONGEST:
                break
            length = min(2.0 * length, LONGEST)
        else:
            high = length
            if length <= SHORTEST:
                break
            length = max(0.5 * length, SHORTEST)
    return low, high


def _figure(link: Link, name: str) -> float:
    try:
        eye = statistical_eye(optimize(link), phases=1)
    except SirfError:
        # no positive main cursor: nothing arrives that could be decided
        return 0.5 if name == "ber" else 0.0
    return {"ber": eye.ber, "eye_height_mv": 1e3 * eye.eye_height()}[name]


def _margin(link: Link, standard: str) -> float:
    """COM in dB with the standard's first package case; -100 where no setting of the equaliser passes."""
    settings = from_standard(standard)
    try:
        return max(margin_of_case(link.channel, settings, 1).com_db, CLOSED_DB)
    except NoSettingError:
        return CLOSED_DB


def _limit(limit: Mapping[str, float] | None, der0: float) -> tuple[str, float]:
    given = {"ber": der0} if limit is None else dict(limit)
    if len(given) != 1 or next(iter(given)) not in LIMITS:
        raise SirfError(f"limit must hold one of {', '.join(LIMITS)}, got {given}. Use for example {{'ber': 1e-6}}.")
    name, value = next(iter(given.items()))
    if name == "ber" and not 0 < value < 0.5:
        raise SirfError(f"limit of ber must be between 0 and 0.5, got {value}. Use for example 1e-6.")
    return name, float(value)

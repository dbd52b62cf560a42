"""Reach: the longest path that still meets a limit, and what ends it; packages, connectors and optics keep their size."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sirf.channel.path import Path, RateClass
from sirf.engine.statistical.analysis import statistical_eye
from sirf.errors import SirfError
from sirf.execution import one_algebra_thread
from sirf.link import Link
from sirf.optics.library import OpticsPreset
from sirf.results.display import html_table, table
from sirf.study.limiter import IMPAIRMENTS, limited_by
from sirf.study.limits import CODE, FIGURES, Limit, limit_of
from sirf.study.segments import Segment, equalised
from sirf.study.subject import STEP, Subject, optics_of, subject_of
from sirf.system.architecture import Architecture

__all__ = ["LONGEST", "SHORTEST", "STEP", "Reach", "longest", "reach"]

SHORTEST, LONGEST = 0.002, 5.0
"""Lengths in m between which reach is sought."""
STRIDE = 2.0**0.25
"""Ratio of neighbouring lengths while the search walks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Longest length in mm that meets the limit.

    None where even the shortest length misses it. `limited_by` is the impairment that costs most at that length: loss,
    reflection, crosstalk, noise or jitter (of a fibre: loss or dispersion), or a sentence where no limit was met with;
    `gained_db` the dB of margin that come back without each. `curve` lists (length_mm, value of the limited figure, loss in dB)
    of every length tried, ascending; the figure of a mask is the eye over it, which must be 1. `medium` is what has the length.
    """

    path: str
    standard: str | None
    limit: tuple[str, float | tuple[float, float]]
    reach_mm: float | None
    limited_by: str
    curve: tuple[tuple[float, float, float], ...]
    data_rate: float | None = None
    gained_db: dict[str, float] = field(default_factory=dict)
    medium: Literal["copper", "fibre"] = "copper"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        name, bound = self.limit
        return {
            "path": self.path, "standard": self.standard, "data_rate": self.data_rate, "medium": self.medium,
            "limit": {name: list(bound) if isinstance(bound, tuple) else bound}, "reach_mm": self.reach_mm,
            "limited_by": self.limited_by, "gained_db": dict(self.gained_db),
            "curve": [{"length_mm": n, name: value, "insertion_loss_db": loss} for n, value, loss in self.curve],
        }  # fmt: skip

    def __repr__(self) -> str:
        """One line."""
        return f"Reach({self._title()}: {self._length()}, limited by {self.limited_by})"

    def __str__(self) -> str:
        """A small table."""
        return table(f"reach of {self._title()}: {self._length()}", self._rows())

    def _repr_html_(self) -> str:
        return html_table(f"reach of {self._title()}: {self._length()}", self._rows())

    def _title(self) -> str:
        name, bound = self.limit
        wanted = " x ".join(f"{part:g}" for part in bound) if isinstance(bound, tuple) else f"{bound:g}"
        rate = "" if self.data_rate is None else f" at {self.data_rate / 1e9:g} Gb/s"
        under = "" if self.standard is None else f" under {self.standard}"
        return f"{self.path}{rate}{under} with {name} {wanted}"

    def _length(self) -> str:
        if self.reach_mm is None:
            return "none"
        return f"{1e-3 * self.reach_mm:.0f} m" if self.medium == "fibre" else f"{self.reach_mm:.0f} mm"

    def _rows(self) -> Sequence[tuple[str, str]]:
        gains = ((f"margin without {name}", f"{gain:+.1f} dB") for name, gain in self.gained_db.items())
        return [("limited by", self.limited_by), *gains]


def reach(
    path: str | Path | Architecture | OpticsPreset,
    *,
    standard: str | None = None,
    data_rate: float | None = None,
    limit: Mapping[str, Any] | None = None,
    fec: str = CODE,
    rate_class: RateClass | None = None,
    linear: bool = False,
    tolerance: float = 0.02,
    stride: float = STRIDE,
    explain: bool = True,
    progress: Callable[[float, float], None] | None = None,
) -> Reach:
    """Longest variable segment of `path` that meets a limit, and what limits it.

    Parameters
    ----------
    path
        With a `standard`: a path ("pluggable", "npo", "cpo", "cable", a TOML file, a `Path`), that is one link.
        Without: an architecture ("pluggable-linear", "cpo-retimed" …), all of whose decisions from host to host count; or the
        name of optics (`sirf.optics.list_optics()`), whose fibre has the length.
    standard
        Preset of a path.
    data_rate
        Of an architecture in bit/s on the line, 106.25e9 by default; it chooses the presets.
    limit
        One of {"ber": most}, {"ber_post_fec": most}, {"com_db": least}, {"eye_height_mv": least}, {"eye_width_ui": least},
        {"eye_mask": (height in mV, width in UI)}, {"tdecq_db": most}; by default the preset's DER0 as bit error ratio (an
        architecture's: the greater one of its hosts). Eyes hold at DER0; TDECQ is of the light that leaves the copper.
    fec
        Code behind "ber_post_fec": "kp4", "kr4" or a TOML file; it spans the way from host to host.
    rate_class
        Dies of a path given by name; "200g" for presets above 80 GBd, else "100g".
    linear
        The path, a linear repeater and the path again, both of one length, equalised at the far end alone.
    tolerance
        Relative length at which the search stops.
    stride
        Ratio of neighbouring lengths, above 1, while copper is walked: the smaller, the narrower the bumps that are seen.
    explain
        Say in `limited_by` which impairment costs most at the length found; otherwise it is the limit's name, and found sooner.
    progress
        Called with each length tried in m and its figure.

    The search walks from the path's own length, up in strides to the first length that misses, or down in halvings to the
    first that meets; it then halves the last stride. So no length tried between the path's own and its reach misses; a bump of
    the curve narrower than a stride may go unseen. The equaliser is set anew at every length. Fibre is walked in doublings, and
    must leave a margin in the power budget too.
    Raises `SirfError` for an unknown limit, `ConfigError` for an unknown path.
    """
    if not 1e-4 <= tolerance <= 1.0:
        raise SirfError(f"tolerance must be between 1e-4 and 1, got {tolerance}. Use 0.02.")
    if not 1.01 <= stride <= 10.0:
        raise SirfError(f"stride must be between 1.01 and 10, got {stride}. Use 1.19.")
    optics = optics_of(path, standard=standard)
    if optics is not None:
        from sirf.study.fibre_reach import fibre_reach

        _refuse_electrical(data_rate=data_rate, rate_class=rate_class, linear=linear or None)
        return fibre_reach(optics, limit=limit, code=fec, tolerance=tolerance, progress=progress)
    assert not isinstance(path, OpticsPreset)
    subject = subject_of(path, standard=standard, data_rate=data_rate, rate_class=rate_class, linear=linear)
    with one_algebra_thread():
        return _copper(subject, limit_of(limit, ber=subject.ber, code=fec), tolerance, stride, explain, progress)


def longest(
    meets: Callable[[float], bool],
    start: float,
    *,
    between: tuple[float, float] = (SHORTEST, LONGEST),
    stride: float = STRIDE,
    tolerance: float = 0.02,
) -> tuple[float | None, float | None]:
    """(longest length that meets, the next one tried, which misses); None where there is none `between`.

    Walks from `start`, up by `stride` while lengths meet or down by 2 until one meets, and halves the last step in ratio.

    >>> low, high = longest(lambda length: length < 0.3, 0.1)
    >>> 0.294 < low < 0.3 <= high
    True
    """
    first = min(max(start, between[0]), between[1])
    rising = meets(first)
    low, high = (first, None) if rising else (None, first)
    for length in _steps(first, between[1], stride) if rising else _steps(first, between[0], 2.0):
        low, high = (length, high) if meets(length) else (low, length)
        if low is not None and high is not None:
            break
    while low is not None and high is not None and high / low - 1.0 > tolerance:
        middle = math.sqrt(low * high)
        low, high = (middle, high) if meets(middle) else (low, middle)
    return low, high


def _steps(start: float, end: float, stride: float) -> list[float]:
    """Lengths from `start` (left out) to `end` by `stride`, up or down; a last step below 1 % of one is not taken."""
    count = max(math.ceil(abs(math.log(end / start)) / math.log(stride) - 0.01), 0)
    ratio = stride if end > start else 1.0 / stride
    return [*(start * ratio**k for k in range(1, count)), end] if count else []


def _copper(
    subject: Subject, limit: Limit, tolerance: float, stride: float, explain: bool,
    progress: Callable[[float, float], None] | None,
) -> Reach:  # fmt: skip
    tried: dict[float, tuple[float, float]] = {}
    passed: dict[float, tuple[Segment, ...]] = {}

    def meets(length: float) -> bool:
        segments = subject.segments(length)
        value = limit.value(segments)
        tried[length] = value, max(segment.link.insertion_loss_db for segment in segments)
        if progress is not None:
            progress(length, value)
        if met := limit.meets(value):
            passed.clear()
            passed[length] = segments
        return met

    low, high = longest(meets, subject.length_m, stride=stride, tolerance=tolerance)
    gained: dict[str, float] = {}
    if low is None:
        cause = f"{limit.figure.title} already at {1e3 * SHORTEST:g} mm"
    elif high is None:
        cause = f"range of the search, {LONGEST:g} m"
    elif not explain:
        cause = limit.figure.title
    else:
        # the longest that meets is the last that did, and its links are equalised
        cause, gained = _cause(passed[low], limit)
    return Reach(
        path=subject.name, standard=subject.standard, data_rate=subject.data_rate, limit=(limit.name, limit.bound),
        reach_mm=None if low is None else 1e3 * low, limited_by=cause, gained_db=gained,
        curve=tuple((1e3 * length, *tried[length]) for length in sorted(tried)),
    )  # fmt: skip


def _cause(segments: Sequence[Segment], limit: Limit) -> tuple[str, dict[str, float]]:
    """What limits the worst link; TDECQ, which is without noise, crosstalk and jitter, by loss or reflection."""
    links = [segment.link for segment in segments]
    if limit.name == "tdecq_db":
        links = [link for link in links if link.optics is not None]
    name, gained = limited_by(_worst(links))
    if limit.name == "tdecq_db":
        name = max(IMPAIRMENTS[:2], key=lambda one: gained[one])
    return name, gained


def _worst(links: Sequence[Link]) -> Link:
    """The link with the most errors, equalised; a link that no setting opens is worst of all."""
    found: list[tuple[float, Link]] = []
    for link in links:
        try:
            found.append((statistical_eye(equalised(link), phases=1).ber, equalised(link)))
        except SirfError:
            found.append((FIGURES["ber"].dead, link))
    return max(found, key=lambda pair: pair[0])[1]


def _refuse_electrical(**options: object) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise SirfError(f"{given[0]} must be left out for optics, got one. Optics have a rate of their own.")

"""Figures of what is decided from host to host, and the limits that they are held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sirf import fec
from sirf.com.annex_93a import margin_of_case
from sirf.com.config.preset import from_standard
from sirf.engine.light.light_chain import transmitter_tdecq
from sirf.engine.statistical.analysis import statistical_eye
from sirf.errors import NoSettingError, SirfError
from sirf.link import Link
from sirf.results.statistical_eye import StatisticalEye
from sirf.study.segments import Segment, composed, equalised

CODE = "kp4"
"""The code between the hosts, end to end: retimers send decisions again and do not decode."""
CLOSED_DB = -100.0
"""COM that stands for a link that no setting equalises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure: its title and unit, whether more of it is better, what a dead link has, whether it is an error ratio."""

    title: str
    unit: str
    more: bool
    dead: float
    ratio: bool = False

    @property
    def label(self) -> str:
        """Title with unit, for axes."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


FIGURES: dict[str, Figure] = {
    "ber": Figure(title="bit error ratio", unit="", more=False, dead=0.5, ratio=True),
    "ber_post_fec": Figure(title="bit error ratio after FEC", unit="", more=False, dead=0.5, ratio=True),
    "com_db": Figure(title="COM", unit="dB", more=True, dead=CLOSED_DB),
    "eye_height_mv": Figure(title="eye height", unit="mV", more=True, dead=0.0),
    "eye_width_ui": Figure(title="eye width", unit="UI", more=True, dead=0.0),
    "eye_mask": Figure(title="eye over its mask", unit="", more=True, dead=0.0),
    "tdecq_db": Figure(title="TDECQ", unit="dB", more=False, dead=float("inf")),
}
"""What can be limited. The eye over its mask is the lesser of height and width, each over what the mask asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A figure of `FIGURES` by name and what it is held to; for a mask `bound` is (height in mV, width in UI). `code` decodes."""

    name: str
    bound: float | tuple[float, float]
    code: str = CODE

    @property
    def figure(self) -> Figure:
        """What the limit is about."""
        return FIGURES[self.name]

    @property
    def level(self) -> float:
        """The number that values are held against: 1 for a mask."""
        return 1.0 if isinstance(self.bound, tuple) else self.bound

    @property
    def mask(self) -> tuple[float, float] | None:
        """(height in mV, width in UI) of a mask."""
        return self.bound if isinstance(self.bound, tuple) else None

    def meets(self, value: float) -> bool:
        """Whether a value of the figure meets the limit."""
        return value >= self.level if self.figure.more else value <= self.level

    def value(self, segments: Sequence[Segment]) -> float:
        """The limited figure of segments from host to host."""
        return figure_value(segments, self.name, code=self.code, mask=self.mask)


def limit_of(given: Mapping[str, Any] | None, *, ber: float, code: str = CODE) -> Limit:
    """The one limit of a mapping from a name of `FIGURES` to its bound; None stands for at most `ber`.

    Raises `SirfError` for another name, more than one, or a bound out of range, `ConfigError` for an unknown `code`.
    """
    chosen = {"ber": ber} if given is None else dict(given)
    if len(chosen) != 1 or next(iter(chosen)) not in FIGURES:
        raise SirfError(f"limit must hold one of {', '.join(FIGURES)}, got {chosen}. Use for example {{'ber': 1e-6}}.")
    name, bound = next(iter(chosen.items()))
    if name == "ber_post_fec":
        fec.load(code)
    return Limit(name=name, bound=_mask(bound) if name == "eye_mask" else _number(name, bound), code=code)


def _number(name: str, bound: Any) -> float:
    value = float(bound) if isinstance(bound, (int, float)) else float("nan")
    if FIGURES[name].ratio and not 0.0 < value < 0.5:
        raise SirfError(f"limit of {name} must be between 0 and 0.5, got {bound!r}. Use for example 1e-6.")
    if not abs(value) < float("inf"):
        raise SirfError(f"limit of {name} must be a finite number, got {bound!r}. Give one in its unit.")
    return value


def _mask(bound: Any) -> tuple[float, float]:
    try:
        height, width = (float(part) for part in bound)
    except (TypeError, ValueError):
        height = width = 0.0
    if not (0.0 < height < float("inf") and 0.0 < width < 1.0):
        raise SirfError(
            f"limit of eye_mask must be a positive height in mV and a width between 0 and 1 UI, got {bound!r}. "
            "Give a pair such as (10, 0.1)."
        )
    return height, width


def figure_value(
    segments: Sequence[Segment], name: str, *, code: str = CODE, mask: tuple[float, float] | None = None
) -> float:
    """One figure of segments from host to host, each equalised anew.

    Error ratios compose over all segments; the others are those of the worst one with copper in it: eyes by the statistical
    engine at the link's DER0, COM as `com_db` says, TDECQ of the light that the copper drives. `mask` belongs to "eye_mask".
    Raises `SirfError` for TDECQ where there is no light.
    """
    if name in ("ber", "ber_post_fec"):
        ber = composed([ratio for part in segments for ratio in [_ber(part.link)] * part.count])
        return ber if name == "ber" else post_fec_ber(ber, code)
    links = [segment.link for segment in segments if segment.electrical]
    if name == "com_db":
        return min(com_db(link) for link in links)
    if name == "tdecq_db":
        return _worst_tdecq_db([segment.link for segment in segments])
    eyes = [_eye(link, wide=name in ("eye_width_ui", "eye_mask")) for link in links]
    return min(FIGURES[name].dead if eye is None else _eye_value(eye, name, mask) for eye in eyes)


def post_fec_ber(ber: float, code: str = CODE) -> float:
    """Bit error ratio after decoding of independent bit errors; 0 and 0.5 stay as they are."""
    return float(fec.load(code).post_fec(ber).ber) if 0.0 < ber < 0.5 else ber


def com_db(link: Link) -> float:
    """COM in dB with the first package case of the link's standard, -100 where no setting passes.

    The standard's method knows no light: a link that light carries part of the way has the figure of its statistical eye.
    """
    if link.optics is not None:
        eye = _eye(link, wide=False)
        return CLOSED_DB if eye is None else max(eye.com_db, CLOSED_DB)
    assert link.standard is not None
    try:
        return max(margin_of_case(link.channel, from_standard(link.standard), 1).com_db, CLOSED_DB)
    except NoSettingError:
        return CLOSED_DB


def _ber(link: Link) -> float:
    eye = _eye(link, wide=False)
    return FIGURES["ber"].dead if eye is None else eye.ber


def _eye(link: Link, *, wide: bool) -> StatisticalEye | None:
    """The eye of the link equalised anew, at the sampling instant alone unless `wide`; None where nothing arrives."""
    try:
        return statistical_eye(equalised(link), phases=None if wide else 1)
    except SirfError:
        # no positive main cursor: nothing arrives that could be decided
        return None


def _eye_value(eye: StatisticalEye, name: str, mask: tuple[float, float] | None) -> float:
    if name == "eye_height_mv":
        return 1e3 * eye.eye_height()
    if name == "eye_width_ui":
        return eye.eye_width()
    assert mask is not None
    return min(1e3 * eye.eye_height() / mask[0], eye.eye_width() / mask[1])


def _worst_tdecq_db(links: Sequence[Link]) -> float:
    lit = [link for link in links if link.optics is not None]
    if not lit:
        raise SirfError(
            "limit of tdecq_db must be given for a way with light in it, got copper only. Take an optical architecture, or "
            "optics such as 'dr-silicon-mzm'."
        )
    return max(_transmitter_tdecq(link) for link in lit)


def _transmitter_tdecq(link: Link) -> float:
    """TDECQ in dB of the light that leaves the link's transmitter."""
    try:
        return transmitter_tdecq(equalised(link)).db
    except SirfError:
        return FIGURES["tdecq_db"].dead

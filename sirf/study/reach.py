"""Reach: the longest path that still meets a limit, and what ends it; packages, connectors and optics keep their size."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sirf.channel.path import Path, RateClass
from sirf.engine.statistical.analysis import statistical_eye
from sirf.errors import SirfError
from sirf.execution import one_algebra_thread
from sirf.link import Link
from sirf.optics.library import OpticsPreset
from sirf.study.com_length import ComLength
from sirf.study.fibre_reach import fibre_reach
from sirf.study.figure_length import FigureLength
from sirf.study.impairments import Limitation, limited_by
from sirf.study.length_search import MAX_LENGTH, MIN_LENGTH, STRIDE, TOLERANCE
from sirf.study.limits import Limit, limit_of
from sirf.study.measurement import CODE, DEAD_ERROR_RATIO, Measurement
from sirf.study.ratio_length import RatioLength
from sirf.study.reach_result import Reach
from sirf.study.sections import optimized
from sirf.study.subject import Subject, optics_of, subject_of
from sirf.system.architecture import Architecture
from sirf.units import Given

TDECQ_CAUSES = ("loss", "reflection", "dispersion", "curvature")
"""What TDECQ sees: it is measured without noise, crosstalk and jitter."""


def reach(
    path: str | Path | Architecture | OpticsPreset,
    *,
    standard: str | None = None,
    data_rate: Given | None = None,
    limit: Mapping[str, Any] | None = None,
    fec: str = CODE,
    rate_class: RateClass | None = None,
    linear: bool = False,
    tolerance: float = TOLERANCE,
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
        Of an architecture, on the line: "106.25Gb/s" (the default) or a number of bit/s; it chooses the presets.
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
        Relative length at which the search stops; ripple of the figure may leave more, which the result states.
    stride
        Ratio of neighbouring lengths, above 1, while copper is walked: the smaller, the narrower the bumps that are seen.
    explain
        Say in `limited_by` which impairment costs most at the length found; otherwise it is the limit's name, and found sooner.
    progress
        Called with each length tried in m and its figure.

    The search walks from the path's own length, up in strides to the first length that misses, or down in halvings to the first
    that meets; a bump of the curve narrower than a stride may go unseen. About the crossing a curve is fitted to the figure of
    several lengths: the reach is where it less its ripple from length to length meets, and the result's `tolerance` says how far
    above it lengths still meet by chance. A tolerance asked for above 6 % stops at a bracket so wide. The equaliser is set anew
    at every length, transmitters that drive curves of light keep what is best at lengths nearby. Fibre is walked in doublings,
    and must leave a margin in the power budget too.
    Raises `SirfError` for an unknown limit, `ConfigError` for an unknown path.

    >>> bool(sirf.reach("cpo", standard="cei-112g-xsr", limit={"ber": 1e-6}, explain=False).reach_mm > 100.0)
    True
    """
    if not 1e-4 <= tolerance <= 1.0:
        raise SirfError(f"tolerance must be between 1e-4 and 1, got {tolerance}. Use 0.02.")
    if not 1.01 <= stride <= 10.0:
        raise SirfError(f"stride must be between 1.01 and 10, got {stride}. Use 1.19.")
    optics = optics_of(path, standard=standard, data_rate=data_rate)
    if optics is not None:
        _refuse_electrical(data_rate=data_rate, rate_class=rate_class, linear=linear or None)
        return fibre_reach(optics, limit=limit, code=fec, tolerance=tolerance, progress=progress)
    # fibre of optics is no path of copper
    assert not isinstance(path, OpticsPreset)
    subject = subject_of(path, standard=standard, data_rate=data_rate, rate_class=rate_class, linear=linear)
    # one thread of algebra: small matrices are slower on several
    with one_algebra_thread():
        return _copper(subject, limit_of(limit, ber=subject.ber, code=fec), tolerance, stride, explain, progress)


def _copper(
    subject: Subject,
    limit: Limit,
    tolerance: float,
    stride: float,
    explain: bool,
    progress: Callable[[float, float], None] | None,
) -> Reach:
    # three ways, for three kinds of figures
    search: ComLength | RatioLength | FigureLength
    if limit.name == "com_db":
        search = ComLength(subject, limit, progress=progress)
    elif limit.figure.ratio:
        search = RatioLength(subject, limit, progress=progress)
    else:
        search = FigureLength(subject, limit, progress=progress)
    low, high = search.longest(subject.length_m, stride=stride, tolerance=tolerance)
    gained: dict[str, float] = {}
    runner_up: str | None = None
    if low is None:
        cause = f"{limit.figure.title} already at {1e3 * MIN_LENGTH:g} mm"
    elif high is None:
        cause = f"range of the search, {MAX_LENGTH:g} m"
    elif not explain:
        cause = limit.figure.title
    # the impairment costs a handful of eyes more, which not everybody wants
    else:
        # at the longest length that meets, with the settings found there
        found = _cause(search.measurement(low), limit)
        cause, runner_up, gained = found.cause, found.runner_up, found.gained
    return Reach(
        path=subject.name,
        standard=subject.standard,
        data_rate=subject.data_rate,
        limit=(limit.name, limit.bound),
        reach_mm=None if low is None else 1e3 * low,
        limited_by=cause,
        limited_next=runner_up,
        gained_decades=gained,
        # how far above it the first length is that always misses
        tolerance=tolerance if low is None or high is None else high / low - 1.0,
        curve=tuple((1e3 * length, *search.curve[length]) for length in sorted(search.curve)),
    )


def _cause(measurement: Measurement, limit: Limit) -> Limitation:
    """What limits the worst link; TDECQ, which is without noise, crosstalk and jitter, by what bends or smears its light."""
    links = [section.link for section in measurement.sections]
    if limit.name == "tdecq_db":
        # TDECQ is of light alone
        links = [link for link in links if link.optics is not None]
    found = limited_by(_worst(links))
    if limit.name != "tdecq_db":
        return found
    # what TDECQ cannot see is not to blame for it
    seen = {cause: gain for cause, gain in found.gained.items() if cause in TDECQ_CAUSES}
    return Limitation.of(seen)


def _worst(links: Sequence[Link]) -> Link:
    """The link with the most errors, equalised; a link that no setting opens is worst of all."""
    found: list[tuple[float, Link]] = []
    for link in links:
        try:
            found.append((statistical_eye(optimized(link), phases=1).ber, optimized(link)))
        except SirfError:
            # an eye that no setting opens has no error ratio, and is the worst all the same
            found.append((DEAD_ERROR_RATIO, link))
    return max(found, key=lambda pair: pair[0])[1]


def _refuse_electrical(**options: object) -> None:
    # options that make no sense beside an optical path
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise SirfError(f"{given[0]} must be left out for optics, got one. Optics have a rate of their own.")

"""The main job: every way from a switch die to the far switch die side by side at one data rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed

from sirf.errors import SirfError
from sirf.execution import all_cores
from sirf.link import Link
from sirf.study.comparison import Comparison, Row
from sirf.study.figures import BANDED, FIGURES
from sirf.study.impairments import limited_by
from sirf.study.measurement import Measurement
from sirf.study.reach import reach
from sirf.study.sections import optimized, path_of, sections
from sirf.system.architecture import ORDER, Architecture, load_architecture
from sirf.system.corners import Corner, corner

FINE_STEP, COARSE_STEP = 20e6, 40e6
"""Frequency steps in Hz at the own length and at the ends of the range of lengths: 50 and 25 ns about the delay."""
REACH_TOLERANCE = 0.11
"""Relative length to which reach is found; `sirf.reach` finds it more closely."""
REACH_STRIDE = 1.5
"""Ratio of neighbouring lengths while reach is sought."""
PHASES = 32
"""Sampling phases of the eyes, and samples per UI; widths are interpolated between them."""
RATES = (53.125e9, 106.25e9, 212.5e9, 425e9)
"""Data rates in bit/s on the line; the last is a projection."""
CORNER_PHASES = 16
"""Sampling phases and samples per UI at the ends of the inputs' ranges."""
TDECQ_PATTERN = "prbs11"
"""Sent for TDECQ: within some hundredths of a dB of PRBS13Q in an eighth of its time."""
FIBRE_INDEX = 1.468
_C0 = 299_792_458.0


def compare(
    paths: Sequence[str] = ORDER,
    *,
    data_rate: float = 106.25e9,
    limit: Mapping[str, float] | None = None,
    bounds: bool = True,
    progress: Callable[[str, int, int], None] | None = None,
) -> Comparison:
    """Eye, margin, error ratio, reach, energy, latency and density of each architecture at its default length.

    Parameters
    ----------
    paths
        Architecture ids (see `sirf.system.architecture.ORDER`), the family names "pluggable" and "cpo", or TOML files.
    data_rate
        53.125e9, 106.25e9, 212.5e9 or (a projection) 425e9 bit/s on the line of each lane. At 106.25 every path has the
        interface it is built for; at the others all share a yardstick.
    limit
        What reach is held against, as in `sirf.reach`: {"eye_com_db": 3.0} for the margin of the statistical eye. By default the
        bit error ratio from host to host before FEC, which must stay at or below the host preset's DER0.
    bounds
        Also the shortest path with all inputs at the best end of their ranges, and the longest with all at the worst: low and
        high of loss, margin, eye, error ratios and TDECQ.
    progress
        Called with (what is done now, steps done, steps in all).

    Reach is the longest variable segment that meets the limit. Raises `SirfError` for an unknown architecture or rate.
    """
    if not any(abs(rate - data_rate) < 1e-6 * rate for rate in RATES):
        known = ", ".join(f"{rate / 1e9:g}" for rate in RATES)
        raise SirfError(f"data_rate must be one of {known} Gb/s, got {data_rate / 1e9:g}. Use 106.25.")
    wanted = [load_architecture(name) for name in paths]
    if paths is ORDER:
        wanted = [item for item in wanted if item.has(data_rate)]
    rows: dict[str, Row] = {}
    with all_cores(len(wanted)) as pool:
        # the longest work first, so that no core waits for it at the end
        asked = sorted({item.id: item for item in wanted}.values(), key=_blocks_in_longest_section, reverse=True)
        pending = {pool.submit(_row, item, data_rate, limit, bounds): item.id for item in asked}
        for done in as_completed(pending):
            rows[pending[done]] = done.result()
            if progress is not None:
                progress(f"{pending[done]} done", len(rows), len(pending))
    return Comparison(data_rate=data_rate, rows=tuple(rows[item.id] for item in wanted))


def _blocks_in_longest_section(architecture: Architecture) -> int:
    """Sort key: a section of copper, light and copper takes longest, for every equaliser search sees large signals."""
    return max(len(section) for section in architecture.sections)


def _measurement(
    architecture: Architecture,
    data_rate: float,
    *,
    length: float | None = None,
    step: float = FINE_STEP,
    inputs: Corner | None = None,
) -> Measurement:
    phases = PHASES if inputs is None else CORNER_PHASES
    parts = sections(architecture, data_rate, length=length, step=step, samples_per_ui=phases, inputs=inputs)
    return Measurement(
        parts, architecture=architecture, data_rate=data_rate, phases=phases, tdecq_pattern=TDECQ_PATTERN
    )


def _row(architecture: Architecture, data_rate: float, limit: Mapping[str, float] | None, bounds: bool) -> Row:
    here = _measurement(architecture, data_rate)
    eye = here.eye(here.worst, wide=True)
    if eye is None:
        raise SirfError(
            f"{architecture.id}: signal must arrive at the receiver at its own length, got none. Shorten its path."
        )
    link = eye.link
    found = reach(
        architecture, data_rate=data_rate, limit=limit, tolerance=REACH_TOLERANCE, stride=REACH_STRIDE, explain=False
    )
    ratios = here.section_ber
    culprit = here.sections[ratios.index(max(ratios))]
    return Row(
        path=architecture.id,
        title=architecture.title,
        standard=link.standard or architecture.at(data_rate).standard,
        length_mm=1e3 * path_of(architecture, data_rate).trace_length_m,
        figures={name: figure.compute(here) for name, figure in FIGURES.items() if figure.table != "none"},
        bounds=_bounds(architecture, data_rate, here) if bounds else {},
        eye=eye,
        section_ber=tuple((part.name, ratio) for part, ratio in zip(here.sections, ratios, strict=True)),
        reach_mm=found.reach_mm,
        limited_by=limited_by(optimized(culprit.link))[0],
        limited_in=culprit.name,
        energy=here.energy,
        port=here.port,
        equalizer=str(link.equalizer_report),
        notes=tuple(_notes(architecture, data_rate, link)),
    )


def _bounds(
    architecture: Architecture, data_rate: float, here: Measurement
) -> dict[str, tuple[float | None, float | None]]:
    """Least and greatest of each figure at the row's own length and at both corners."""
    shortest, longest = architecture.length_range_m
    corners = ((shortest, corner("best")), (longest, corner("worst")))
    tried = [
        here,
        *(
            _measurement(architecture, data_rate, length=length, step=COARSE_STEP, inputs=inputs)
            for length, inputs in corners
        ),
    ]
    found: dict[str, tuple[float | None, float | None]] = {}
    for name in BANDED:
        known = [value for one in tried if (value := FIGURES[name].value(one)) is not None]
        found[name] = (min(known), max(known)) if known else (None, None)
    return found


def _notes(architecture: Architecture, data_rate: float, link: Link) -> list[str]:
    notes = list(link.warnings)
    if link.equalizer_report is not None and not link.equalizer_report.opened:
        notes.append("no equaliser setting has the figure of merit that DER0 asks for")
    if architecture.at(data_rate).projection:
        notes.append(f"{data_rate / 1e9:g} Gb/s is a projection: no standard, no published package or device")
    if architecture.fibre_m:
        fibre = 1e9 * architecture.fibre_m * FIBRE_INDEX / _C0
        notes.append(f"{architecture.fibre_m:g} m of fibre take {fibre:.0f} ns more than the latency given")
    return notes

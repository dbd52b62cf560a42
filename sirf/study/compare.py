"""The main job: every way from a switch die to the far switch die side by side at one data rate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from sirf import fec
from sirf.channel.network import bulk_delay
from sirf.engine.light.light_chain import transmitter_tdecq
from sirf.engine.statistical.analysis import statistical_eye
from sirf.errors import SirfError
from sirf.execution import all_cores
from sirf.link import Link
from sirf.results.statistical_eye import StatisticalEye
from sirf.study.limiter import limited_by
from sirf.study.reach import reach
from sirf.study.segments import composed, equalised, path_of, segments
from sirf.system.architecture import ORDER, Architecture, load_architecture
from sirf.system.corners import Corner, corner
from sirf.system.energy import LOSS_LIMIT_DB, Energy, energy_pj_per_bit
from sirf.system.port import PortFigures, Range, port_figures

HEAD = (
    "path",
    "standard",
    "mm",
    "loss dB",
    "COM dB",
    "eye mV",
    "eye UI",
    "BER",
    "after FEC",
    "TDECQ dB",
    "reach mm",
    "limited by",
)
"""Names of the figures that `cells` gives."""

COST_HEAD = (
    "path", "pJ/bit", "W per 800G", "W per 1.6T", "kW per 51.2T", "kW per 102.4T", "latency ns", "Tb/s per mm", "lanes per mm2",
)  # fmt: skip
"""Names of the figures that `costs` gives, each with its range."""

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
"""The same at the ends of the inputs' ranges, and samples per UI there."""
PATTERN = "prbs11"
"""Sent for TDECQ: within some hundredths of a dB of PRBS13Q in an eighth of its time."""
FIBRE_INDEX = 1.468
FEC = "kp4"
"""The code between the hosts, end to end: retimers send decisions again and do not decode."""
_C0 = 299_792_458.0
_BOUNDED = ("insertion_loss_db", "com_db", "eye_height_mv", "eye_width_ui", "ber", "ber_post_fec", "tdecq_db")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Least and greatest of each figure, by name; None where one end has none.

    Over the architecture's own length, the shortest in use with all inputs at the best end of their ranges, and the longest with
    all at the worst (`sirf.system.corners`).
    """

    figures: dict[str, tuple[float | None, float | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One architecture at its own length.

    `eye` is the statistical eye of its worst section with copper in it, light and all, which the figures of the eye are of;
    `ber` that from host to host before FEC, `ber_post_fec` after it; `section_ber` (name, ratio) of every section.
    `limited_by` names the impairment, `limited_in` the section in which it acts. `tdecq_db` is of the light that leaves the
    transmitter, copper before it and fibre behind; None without light.
    """

    path: str
    title: str
    standard: str
    length_mm: float
    insertion_loss_db: float
    eye: StatisticalEye
    ber: float
    ber_post_fec: float | None
    section_ber: tuple[tuple[str, float], ...]
    tdecq_db: float | None
    reach_mm: float | None
    limited_by: str
    limited_in: str
    energy: Energy
    port: PortFigures
    bounds: Bounds
    equalizer: str
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        eye, port = self.eye, self.port
        plain: dict[str, Any] = {
            "path": self.path, "title": self.title, "standard": self.standard, "length_mm": self.length_mm,
            "insertion_loss_db": self.insertion_loss_db, "com_db": eye.com_db, "eye_ber": eye.der0,
            "eye_height_mv": 1e3 * eye.eye_height(), "eye_width_ui": eye.eye_width(), "vec_db": eye.vec_db, "ber": self.ber,
            "ber_post_fec": self.ber_post_fec, "section_ber": dict(self.section_ber), "tdecq_db": self.tdecq_db,
            "reach_mm": self.reach_mm, "limited_by": self.limited_by, "limited_in": self.limited_in,
            "energy_pj_per_bit": self.energy.value, "energy_pj_per_bit_low": self.energy.low,
            "energy_pj_per_bit_high": self.energy.high, "energy_provenance": self.energy.provenance,
            "energy_parts": [{"name": part.name, "block": part.block, "value": part.value, "low": part.low, "high": part.high,
                              "provenance": part.provenance} for part in self.energy.parts],
            "latency_parts": [{"name": name, "ns": one.value} for name, one in port.latency_parts],
            "equalizer": self.equalizer, "notes": list(self.notes),
        }  # fmt: skip
        ranges = {
            "port_power_w": port.port_power_w, "port_power_1t6_w": port.port_power_1t6_w,
            "switch_power_w": port.switch_power_w, "switch_power_102t4_w": port.switch_power_102t4_w,
            "latency_ns": port.latency_ns, "density_tbps_per_mm": port.density_tbps_per_mm,
            "lanes_per_mm2": port.lanes_per_mm2,
        }  # fmt: skip
        for name, figure in ranges.items():
            plain |= {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
        for name, (low, high) in self.bounds.figures.items():
            plain |= {f"{name}_low": low, f"{name}_high": high}
        return plain


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Comparison:
    """Rows of `sirf.compare`, at one data rate in bit/s."""

    data_rate: float
    rows: tuple[Row, ...]

    def to_dict(self) -> list[dict[str, Any]]:
        """Plain values for JSON: one object per row."""
        return [{"data_rate": self.data_rate, **row.to_dict()} for row in self.rows]

    def __repr__(self) -> str:
        """One line."""
        return f"Comparison({len(self.rows)} paths at {self.data_rate / 1e9:g} Gb/s per lane)"

    def __str__(self) -> str:
        """Two tables in plain text: margins, then costs."""
        return "\n\n".join(_aligned(head, lines) for head, lines in self._tables())

    def _repr_html_(self) -> str:
        return "".join(
            "<table><tr>" + "".join(f"<th>{name}</th>" for name in head) + "</tr>"
            + "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in lines) + "</table>"
            for head, lines in self._tables()
        )  # fmt: skip

    def _tables(self) -> tuple[tuple[tuple[str, ...], list[tuple[str, ...]]], ...]:
        return (HEAD, [cells(row) for row in self.rows]), (COST_HEAD, [costs(row) for row in self.rows])


def _aligned(head: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    widths = [max(len(line[k]) for line in (head, *lines)) for k in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (head, *lines)
    )


def cells(row: Row) -> tuple[str, ...]:
    """The figures of a row as text, in the order of the table."""
    eye = row.eye
    return (
        row.path, row.standard, f"{row.length_mm:.0f}", f"{row.insertion_loss_db:.1f}", f"{eye.com_db:.2f}",
        f"{1e3 * eye.eye_height():.2f}", f"{eye.eye_width():.3f}", f"{row.ber:.1e}", _after(row.ber_post_fec),
        "-" if row.tdecq_db is None else f"{row.tdecq_db:.1f}",
        "none" if row.reach_mm is None else f"{row.reach_mm:.0f}",
        row.limited_by if len(row.section_ber) == 1 else f"{row.limited_by} in {row.limited_in}",
    )  # fmt: skip


def costs(row: Row) -> tuple[str, ...]:
    """Energy, power, latency and density of a row as text, with their ranges; twice the port takes twice the power."""
    port, energy = row.port, row.energy
    return (
        row.path, f"{energy.value:.1f} ({energy.low:.1f}-{energy.high:.1f})", _ranged(port.port_power_w),
        _short(port.port_power_1t6_w.value), _ranged(port.switch_power_w, 1e-3), _short(1e-3 * port.switch_power_102t4_w.value),
        _ranged(port.latency_ns), _ranged(port.density_tbps_per_mm), _ranged(port.lanes_per_mm2),
    )  # fmt: skip


def _ranged(figure: Range, scale: float = 1.0) -> str:
    return f"{_short(scale * figure.value)} ({_short(scale * figure.low)}-{_short(scale * figure.high)})"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 99.5 else f"{value:.2g}"


def _after(ber: float | None) -> str:
    return "-" if ber is None else "<1e-30" if ber < 1e-30 else f"{ber:.0e}"


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
        What reach is held against, as in `sirf.reach`: {"com_db": 3.0} for Channel Operating Margin. By default the bit error
        ratio from host to host before FEC, which must stay at or below the host preset's DER0.
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
        asked = sorted({item.id: item for item in wanted}.values(), key=_lightness)
        pending = {pool.submit(_row, item, data_rate, limit, bounds): item.id for item in asked}
        for done in as_completed(pending):
            rows[pending[done]] = done.result()
            if progress is not None:
                progress(f"{pending[done]} done", len(rows), len(pending))
    return Comparison(data_rate=data_rate, rows=tuple(rows[item.id] for item in wanted))


def _lightness(architecture: Architecture) -> int:
    """Less for more copper about the light, which takes longest."""
    return -max(len(section) for section in architecture.sections)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figures:
    """What one length gives: sections (name, link, error ratio), the worst with copper and its eye, the ratio of all."""

    sections: tuple[tuple[str, Link, float], ...]
    link: Link
    eye: StatisticalEye
    ber: float
    tdecq_db: float | None

    def to_dict(self) -> dict[str, float | None]:
        eye = self.eye
        values = (self.link.insertion_loss_db, eye.com_db, 1e3 * eye.eye_height(), eye.eye_width(), self.ber,
                  _after_fec(self.ber), self.tdecq_db)  # fmt: skip
        return dict(zip(_BOUNDED, values, strict=True))


def _figures(
    architecture: Architecture, data_rate: float, length: float | None = None, step: float = FINE_STEP,
    inputs: Corner | None = None,
) -> _Figures:  # fmt: skip
    found, eyes, ratios, closures = [], [], [], []
    phases = PHASES if inputs is None else CORNER_PHASES
    for segment in segments(architecture, data_rate, length=length, step=step, samples_per_ui=phases, inputs=inputs):
        link = equalised(segment.link)
        eye = statistical_eye(link, phases=phases) if segment.electrical else _at_instant(link)
        found.append((segment.name, link, eye.ber))
        ratios += [eye.ber] * segment.count
        if segment.electrical:
            eyes.append((link, eye))
        # without copper before it the light's closure does not depend on the inputs that have ranges
        if link.optics is not None and (inputs is None or segment.name.startswith("copper")):
            closures.append(_closure(link))
    link, eye = max(eyes, key=lambda pair: pair[1].ber)
    return _Figures(
        sections=tuple(found), link=link, eye=eye, ber=composed(ratios), tdecq_db=max(closures, default=None)
    )


@lru_cache(maxsize=32)
def _at_instant(link: Link) -> StatisticalEye:
    """Kept, because light from retimer to retimer is the same link in several rows."""
    return statistical_eye(link, phases=1)


@lru_cache(maxsize=32)
def _closure(link: Link) -> float:
    return transmitter_tdecq(link, pattern=PATTERN).db


def _row(architecture: Architecture, data_rate: float, limit: Mapping[str, float] | None, bounds: bool) -> Row:
    interface = architecture.at(data_rate)
    path = path_of(architecture, data_rate)
    here = _figures(architecture, data_rate)
    link, eye = here.link, here.eye
    report = link.equalizer_report
    assert report is not None
    found = reach(
        architecture, data_rate=data_rate, limit=limit, tolerance=REACH_TOLERANCE, stride=REACH_STRIDE, explain=False
    )
    energy = energy_pj_per_bit(architecture, min(link.insertion_loss_db, LOSS_LIMIT_DB), data_rate=data_rate)
    worst, culprit, _ = max(here.sections, key=lambda section: section[2])
    return Row(
        path=architecture.id, title=architecture.title, standard=link.standard or interface.standard,
        length_mm=1e3 * path.trace_length_m, insertion_loss_db=link.insertion_loss_db, eye=eye, ber=here.ber,
        ber_post_fec=_after_fec(here.ber), section_ber=tuple((name, ratio) for name, _, ratio in here.sections),
        tdecq_db=here.tdecq_db, reach_mm=found.reach_mm, limited_by=limited_by(culprit)[0], limited_in=worst, energy=energy,
        port=port_figures(architecture, energy, data_rate=data_rate, flight_s=_flight(architecture, here)),
        bounds=Bounds(figures=_bounds(architecture, data_rate, here) if bounds else {}),
        equalizer=str(report), notes=tuple(_notes(architecture, data_rate, link)),
    )  # fmt: skip


def _bounds(
    architecture: Architecture, data_rate: float, here: _Figures
) -> dict[str, tuple[float | None, float | None]]:
    """Low and high of each figure at the row's own length and at both corners."""
    shortest, longest = architecture.length_range_m
    corners = ((shortest, corner("best")), (longest, corner("worst")))
    tried = [here, *(_figures(architecture, data_rate, n, COARSE_STEP, inputs) for n, inputs in corners)]
    columns = {name: [one.to_dict()[name] for one in tried] for name in _BOUNDED}
    return {
        name: (None, None) if (known := [x for x in values if x is not None]) == [] else (min(known), max(known))
        for name, values in columns.items()
    }


def _flight(architecture: Architecture, here: _Figures) -> float:
    """Delay in s of all copper on the way; fibre is left out."""
    channels = [half for _, link, _ in here.sections for half in (
        (link.channel,) if link.optics is None else (link.optics.before, link.optics.after)
    )]  # fmt: skip
    copper = max(bulk_delay(one.frequency, one.through.s[:, 1, 0]) for one in channels)
    return copper * architecture.blocks.count("copper")


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


def _after_fec(ber: float) -> float | None:
    """After KP4 with independent bit errors; None where there is no finite ratio to decode."""
    if not np.isfinite(ber) or not 0.0 < ber < 0.5:
        return None
    return float(fec.load(FEC).post_fec(ber).ber)

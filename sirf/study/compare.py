"""The main job: faceplate pluggable, near-packaged and co-packaged optics side by side at one data rate."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from sirf.channel.path import RateClass, load_path
from sirf.engine.statistical import statistical_eye
from sirf.errors import SirfError
from sirf.link import Link
from sirf.results.statistical_eye import StatisticalEye
from sirf.study.reach import reach
from sirf.system.energy import Energy, energy_pj_per_bit

ROWS = {"pluggable": "pluggable-retimed", "npo": "npo", "cpo": "cpo-retimed"}
"""Row id of each path family."""

HEAD = (
    "path",
    "standard",
    "mm",
    "loss dB",
    "COM dB",
    "eye mV",
    "eye UI",
    "at BER",
    "BER",
    "reach mm",
    "pJ/bit (range)",
)
"""Names of the figures that `cells` gives."""

PHASES = 16
"""Sampling phases of the eyes; widths are interpolated between them."""

STANDARDS: dict[float, tuple[RateClass, dict[str, str]]] = {
    106.25e9: ("100g", {"pluggable": "802.3ck-c2m", "npo": "cei-112g-vsr", "cpo": "cei-112g-xsr"}),
    212.5e9: ("200g", {"pluggable": "802.3dj-kr1", "npo": "802.3dj-kr1", "cpo": "802.3dj-kr1"}),
}
"""Dies and presets by data rate in bit/s: the interface that each path is built for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One architecture at its default length; `eye` holds the whole statistical eye behind the figures."""

    path: str
    standard: str
    length_mm: float
    insertion_loss_db: float
    eye: StatisticalEye
    reach_mm: float | None
    limited_by: str
    energy: Energy
    equalizer: str
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        eye = self.eye
        return {
            "path": self.path, "standard": self.standard, "length_mm": self.length_mm,
            "insertion_loss_db": self.insertion_loss_db, "com_db": eye.com_db, "eye_ber": eye.der0,
            "eye_height_mv": 1e3 * eye.eye_height(), "eye_width_ui": eye.eye_width(), "vec_db": eye.vec_db, "ber": eye.ber,
            "reach_mm": self.reach_mm, "limited_by": self.limited_by, "energy_pj_per_bit": self.energy.value,
            "energy_pj_per_bit_low": self.energy.low, "energy_pj_per_bit_high": self.energy.high,
            "energy_provenance": self.energy.provenance, "equalizer": self.equalizer, "notes": list(self.notes),
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Rows of `sirf.compare`, at one data rate in bit/s."""

    data_rate: float
    rows: tuple[Row, ...]

    def to_dict(self) -> list[dict[str, Any]]:
        """Plain values for JSON: one object per row."""
        return [{"data_rate": self.data_rate, **row.to_dict()} for row in self.rows]

    def __str__(self) -> str:
        """A table in plain text."""
        lines = [HEAD, *(cells(row) for row in self.rows)]
        widths = [max(len(line[k]) for line in lines) for k in range(len(HEAD))]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
        )

    def _repr_html_(self) -> str:
        body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells(row)) + "</tr>" for row in self.rows)
        return "<table><tr>" + "".join(f"<th>{name}</th>" for name in HEAD) + f"</tr>{body}</table>"


def cells(row: Row) -> tuple[str, ...]:
    """The figures of a row as text, in the order of the table."""
    eye = row.eye
    return (
        row.path, row.standard, f"{row.length_mm:.0f}", f"{row.insertion_loss_db:.1f}", f"{eye.com_db:.2f}",
        f"{1e3 * eye.eye_height():.2f}", f"{eye.eye_width():.3f}", f"{eye.der0:g}", f"{eye.ber:.1e}",
        "none" if row.reach_mm is None else f"{row.reach_mm:.0f}",
        f"{row.energy.value:.1f} ({row.energy.low:.1f}-{row.energy.high:.1f})",
    )  # fmt: skip


def compare(
    paths: Sequence[str] = ("pluggable", "npo", "cpo"),
    *,
    data_rate: float = 106.25e9,
    limit: Mapping[str, float] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Comparison:
    """Eye, margin, error ratio, reach and energy of each path at its default length.

    Parameters
    ----------
    paths
        Path families ("pluggable", "npo", "cpo") or row ids ("pluggable-retimed", "cpo-retimed").
    data_rate
        106.25e9 or 212.5e9 bit/s. At 106.25 every path has the interface it is built for (C2M, VSR, XSR); at 212.5 all have
        the same yardstick (802.3dj-kr1).
    limit
        What reach is held against, as in `sirf.reach`: {"com_db": 3.0} for Channel Operating Margin. By default the bit error
        ratio before FEC, which must stay at or below the preset's DER0.
    progress
        Called with (what is done now, steps done, steps in all).

    Reach is the longest trace that meets the limit. Raises `SirfError` for an
    unknown path or rate.
    """
    if data_rate not in STANDARDS:
        raise SirfError(f"data_rate must be one of {', '.join(f'{rate / 1e9:g}' for rate in STANDARDS)} Gb/s, got "
                        f"{data_rate / 1e9:g}. Use 106.25.")  # fmt: skip
    families = [_family(name) for name in paths]
    rows: dict[str, Row] = {}
    with ThreadPoolExecutor(max(min(len(families), os.cpu_count() or 1), 1)) as pool:
        pending = {pool.submit(_row, family, data_rate, limit): family for family in dict.fromkeys(families)}
        for done in as_completed(pending):
            rows[pending[done]] = done.result()
            if progress is not None:
                progress(f"{ROWS[pending[done]]} done", len(rows), len(pending))
    return Comparison(data_rate=data_rate, rows=tuple(rows[family] for family in families))


def _family(name: str) -> str:
    known = {**{row: family for family, row in ROWS.items()}, **{family: family for family in ROWS}}
    if name not in known:
        raise SirfError(f"paths must be of {', '.join(known)}, got {name!r}. Check the name.")
    return known[name]


def _row(family: str, data_rate: float, limit: Mapping[str, float] | None) -> Row:
    rate_class, standards = STANDARDS[data_rate]
    standard = standards[family]
    path = load_path(family, rate_class=rate_class)
    link = Link(path.to_channel(crosstalk=True), standard=standard).optimized()
    report = link.equalizer_report
    assert report is not None
    found = reach(path, standard=standard, limit=limit)
    loss = link.insertion_loss_db
    notes = list(link.warnings)
    if not report.opened:
        notes.append("no equaliser setting opens this link")
    return Row(
        path=ROWS[family], standard=standard, length_mm=1e3 * path.trace_length_m, insertion_loss_db=loss,
        eye=statistical_eye(link, phases=PHASES), reach_mm=found.reach_mm, limited_by=found.limited_by,
        energy=energy_pj_per_bit(ROWS[family], loss), equalizer=str(report), notes=tuple(notes),
    )  # fmt: skip

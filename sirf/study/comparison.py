"""What `sirf.compare` returns: rows of figures, and their tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from sirf._display import frame, strict
from sirf.channel.figures.voltage_transfer import VtfVerdict
from sirf.errors import SirfError
from sirf.results.statistical_eye import StatisticalEye
from sirf.study.figure import Table
from sirf.study.figures import FIGURES, of_table
from sirf.study.impairments import LESS_DB, Limitation
from sirf.study.rule import Rule
from sirf.study.ruled_reach import RuledReach
from sirf.study.uncertainty import ReachUncertainty
from sirf.system.architecture import FAMILIES
from sirf.system.energy import Energy
from sirf.system.port import PortFigures, Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One architecture at its own length.

    `data_rate` in bit/s on the line of a lane. `figures` by the names of `sirf.study.figures.FIGURES`;
    `bounds` (least, greatest) of those that depend on uncertain inputs,
    over the architecture's own length, the shortest in use with all inputs at the best end of their ranges, and the longest with
    all at the worst (`sirf.system.corners`). `eye` is the statistical eye of its worst section with copper in it, light and all,
    which the figures of the eye are of; `section_ber` (name, ratio) of every section. `reach` is found under the comparison's
    rule, `reach_low_mm` and `reach_high_mm` with all inputs at the worst and at the best end of their ranges,
    `reach_uncertainty` with random inputs (None unless asked for). `limitation` says what limits the section with the most
    errors, `limited_in` which one that is. `mask` says how the copper at that length meets the mask of its voltage transfer
    function (None where its interface has none). `fibre_m` of fibre lie between the copper at both ends (0 without light).
    """

    path: str
    data_rate: float
    title: str
    standard: str
    length_mm: float
    figures: dict[str, float | Range | None]
    bounds: dict[str, tuple[float | None, float | None]]
    eye: StatisticalEye
    section_ber: tuple[tuple[str, float], ...]
    reach: RuledReach
    reach_low_mm: float | None
    reach_high_mm: float | None
    reach_uncertainty: ReachUncertainty | None
    limitation: Limitation
    limited_in: str
    energy: Energy
    port: PortFigures
    equalizer: str
    notes: tuple[str, ...]
    mask: VtfVerdict | None = None
    fibre_m: float = 0.0

    def value(self, name: str) -> float | None:
        """A figure, the typical value of one with a range; None where it has no meaning."""
        found = self.figures[name]
        return found.value if isinstance(found, Range) else found

    @property
    def reach_mm(self) -> float | None:
        """Longest variable segment in mm that meets the rule."""
        return None if self.reach.length_m is None else 1e3 * self.reach.length_m

    @property
    def reach_budget_mm(self) -> float | None:
        """The same inside the loss and length budget of the interface."""
        return None if self.reach.budget_m is None else 1e3 * self.reach.budget_m

    @property
    def reach_bound_by(self) -> str:
        """What ends that: a figure's title, "loss budget", "length budget" or "range of the search"."""
        name = self.reach.bound_by
        return FIGURES[name].title if name in FIGURES else name

    @property
    def limited_by(self) -> str:
        """The impairment of which 3 dB less regains most."""
        return self.limitation.cause

    @property
    def ber(self) -> float:
        """Bit error ratio from host to host before FEC."""
        found = self.value("ber")
        # every way from host to host has an error ratio; other figures may have no meaning in a row
        assert found is not None
        return found

    @property
    def insertion_loss_db(self) -> float:
        """Loss in dB, die to die at half the symbol rate, of the copper whose eye is shown."""
        found = self.value("insertion_loss_db")
        assert found is not None
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        plain: dict[str, Any] = {
            "path": self.path,
            "data_rate": self.data_rate,
            "title": self.title,
            "standard": self.standard,
            "length_mm": self.length_mm,
            "fibre_m": self.fibre_m,
            "eye_ber": self.eye.der0,
            "section_ber": dict(self.section_ber),
            "reach_mm": self.reach_mm,
            "reach_mm_low": self.reach_low_mm,
            "reach_mm_high": self.reach_high_mm,
            "reach_sampled": None if self.reach_uncertainty is None else self.reach_uncertainty.to_dict(),
            "reach_limit": self.reach.limit,
            "reach_tolerance": self.reach.tolerance,
            "reach_budget_mm": self.reach_budget_mm,
            "reach_bound_by": self.reach_bound_by,
            "limited_by": self.limited_by,
            "limited_gain": self.limitation.gain,
            "limited_next": self.limitation.runner_up,
            "limited_next_gain": self.limitation.runner_up_gain,
            "gained_decades": dict(self.limitation.gained),
            "limited_in": self.limited_in,
            "energy_provenance": self.energy.provenance,
            "energy_parts": [
                {
                    "name": part.name,
                    "block": part.block,
                    "value": part.value,
                    "low": part.low,
                    "high": part.high,
                    "provenance": part.provenance,
                }
                for part in self.energy.parts
            ],
            "latency_parts": [{"name": name, "ns": one.value} for name, one in self.port.latency_parts],
            "equalizer": self.equalizer,
            "vtf_mask": None if self.mask is None else self.mask.to_dict(),
            "notes": list(self.notes),
        }
        for name, figure in self.figures.items():
            # a figure's own value, and its range beside it
            plain[name] = self.value(name)
            if isinstance(figure, Range):
                plain |= {f"{name}_low": figure.low, f"{name}_high": figure.high}
        for name, (low, high) in self.bounds.items():
            plain |= {f"{name}_low": low, f"{name}_high": high}
        # a link that never flaps has an infinite time between flaps, for which JSON has no number
        return {name: strict(value) for name, value in plain.items()}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table of rows: its heading, and the text of a row in it."""

    heading: str
    text: Callable[[Row], str]


def columns(table: Table) -> tuple[Column, ...]:
    """Columns of the table of margins or of costs, in order: the words of a row about the figures of the register."""
    figures = tuple(_figure_column(figure.name) for figure in of_table(table))
    path = Column("path", lambda row: row.path)
    if table == "cost":
        return (path, *figures)
    return (
        path,
        Column("standard", lambda row: row.standard),
        Column("mm", lambda row: f"{row.length_mm:.0f}"),
        *figures,
        Column("reach mm", _reach),
        Column("in budget mm", _budget_reach),
    )


RATE_COLUMN = Column("Gb/s", lambda row: f"{row.data_rate / 1e9:g}")
"""Rate of a lane, where rows differ in it."""


def _figure_column(name: str) -> Column:
    figure = FIGURES[name]
    return Column(figure.heading, lambda row: figure.text(row.figures[name]))


def _reach(row: Row) -> str:
    if row.reach_mm is None:
        return "none"
    # from so much above it lengths miss; between they meet or miss by chance
    found = f"{row.reach_mm:.0f} +{100.0 * row.reach.tolerance:.2g} %"
    if not row.bounds:
        return found
    low, high = (f"{end:.0f}" if end is not None else "none" for end in (row.reach_low_mm, row.reach_high_mm))
    # a range without a width would read like certainty
    return found if low == high else f"{found} ({low}-{high})"


def _budget_reach(row: Row) -> str:
    return "none" if row.reach_budget_mm is None else f"{row.reach_budget_mm:.0f} ({row.reach_bound_by})"


def _limit(row: Row) -> str:
    found = row.limitation
    text = f"{row.path}: limited by {found.cause} ({found.gain:.1f} decades for {LESS_DB:g} dB less)"
    if found.runner_up is not None:
        text += f", then {found.runner_up} ({found.runner_up_gain:.1f})"
    # a row of one section needs no word on where
    return text if len(row.section_ber) == 1 else f"{text}, in {row.limited_in}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Comparison:
    """Rows of `sirf.compare` at one data rate in bit/s, the rule that they are judged by, and the `verdict` in sentences.

    Rows of a set have data rates of their own and `data_rate` is the greatest; `job` is what they compete for ("" without one),
    `carriers` the ids of the rows that carry it.
    """

    data_rate: float
    rows: tuple[Row, ...]
    rule: Rule
    verdict: tuple[str, ...]
    job: str = ""
    carriers: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """What is compared: the job of the set, or the rate of all lanes."""
        return self.job or f"{self.data_rate / 1e9:g} Gb/s per lane"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: sentences of the verdict, the rule, one object per row."""
        return {
            "data_rate": self.data_rate,
            "job": self.job,
            "carriers": list(self.carriers),
            "verdict": list(self.verdict),
            "rule": self.rule.to_dict(),
            "rows": [row.to_dict() for row in self.rows],
        }

    def to_pandas(self) -> Any:
        """One row for each architecture, with the keys of the JSON as columns."""
        return frame(self.to_dict()["rows"])

    def row(self, name: str) -> Row:
        """The row of an architecture by id or family name; `SirfError` where there is none."""
        wanted = FAMILIES.get(name, name)
        for row in self.rows:
            # families of names lead to their usual member
            if row.path == wanted:
                return row
        known = ", ".join(row.path for row in self.rows)
        raise SirfError(f"row must be one of {known}, got {name!r}. Name one of them.")

    def table(self, table: Table) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """(headings, text of each row) of the table of margins or of costs."""
        # lanes of a set run at rates of their own, which no heading could name
        shown = columns(table)
        if self.job:
            shown = (shown[0], RATE_COLUMN, *shown[1:])
        lines = [tuple(column.text(row) for column in shown) for row in self.rows]
        return tuple(column.heading for column in shown), lines

    def tables(self) -> tuple[tuple[tuple[str, ...], list[tuple[str, ...]]], ...]:
        """Both tables."""
        return self.table("margin"), self.table("cost")

    def legend(self) -> tuple[str, ...]:
        """What the columns of the tables hold, in sentences."""
        ratio = self.rule.eye_ber
        shown = "DER_0 of each preset" if ratio is None else f"{ratio:.0e} in every row".replace("e-0", "e-")
        bands = any(row.bounds for row in self.rows)
        ends = (
            "; (a-b): with all inputs at the worst and at the best end of their ranges, where COM ends the row by copper's "
            "temperature alone, and none where nothing moves it"
        )
        return (
            "Loss, eye and S/I: of the section with copper that errs most, in linear rows light and far copper included. Loss: "
            f"die to die at half the symbol rate. Eye: the worst one, at an error ratio of {shown}. COM: of the worst section of "
            "copper alone, by the Annex of its standard at its DER_0. BER: before FEC, all sections from host to host.",
            "mm: length of the copper that varies. Reach: up to where that meets the rule; +x %: how much longer it may meet or "
            f"miss by chance{ends if bands else ''}. In budget: inside loss and length of the interface's class, and what ends "
            "it.",
            "Energy, W and kW: host SerDes and all behind it, typical (low-high); a switch's core and fans are left out. "
            "Latency: one way, without FEC and fibre.",
        )

    def limitations(self) -> tuple[str, ...]:
        """What limits each row, in a sentence."""
        return tuple(_limit(row) for row in self.rows)

    def __repr__(self) -> str:
        """One line."""
        return f"Comparison({len(self.rows)} paths, {self.heading})"

    def __str__(self) -> str:
        """Two tables in plain text, margins and costs, what limits each row, then the rule and the verdict."""
        tables = [_aligned(head, lines) for head, lines in self.tables()]
        return "\n\n".join(
            [
                *tables,
                "\n".join(self.legend()),
                "\n".join(self.limitations()),
                f"Rule: {self.rule.text}.",
                *self.verdict,
            ]
        )

    def _repr_html_(self) -> str:
        tables = "".join(_html(head, lines) for head, lines in self.tables())
        return tables + "".join(
            f"<p>{escape(sentence)}</p>"
            for sentence in (*self.legend(), *self.limitations(), f"Rule: {self.rule.text}.", *self.verdict)
        )


def _aligned(head: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    # each column as wide as its widest cell
    widths = [max(len(line[k]) for line in (head, *lines)) for k in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (head, *lines)
    )


def _html(head: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    names = "".join(f"<th>{name}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in lines)
    return f"<table><tr>{names}</tr>{body}</table>"

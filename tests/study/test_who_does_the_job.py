"""Which rows of a set carry its job, by lengths written here, and the sentences that name winner, rivals and what falls short."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

import pytest

from sirf.study.comparison import Row
from sirf.study.ruled_reach import RuledReach
from sirf.study.set_comparison import distance_text, set_verdict, spans
from sirf.system.architecture import load_architecture
from sirf.system.competition import Competition
from sirf.system.energy import Energy


def job(distance: float, **fibre_m: float) -> Competition:
    """A set over so many metres, of members by id with so much fibre each."""
    cable = load_architecture("copper-cable")
    members = tuple((dataclasses.replace(cable, id=name, fibre_m=fibre), 106.25e9) for name, fibre in fibre_m.items())
    return Competition(id="job", title="A job", distance=distance, members=members, provenance="E", source="by hand")


def row(
    path: str,
    reach_m: float | None,
    *,
    budget_m: float | None = None,
    length_mm: float = 100.0,
    pj: tuple[float, float, float] = (4.0, 5.0, 6.0),
) -> Row:
    """A row of known reach and energy (low, value, high); no link stands behind it, and what tells of one is left empty."""
    low, value, high = pj
    empty = cast("Any", None)
    return Row(
        path=path,
        data_rate=106.25e9,
        title=path,
        standard="",
        length_mm=length_mm,
        figures={},
        bounds={},
        eye=empty,
        section_ber=(),
        reach=RuledReach(length_m=reach_m, limit="ber", budget_m=budget_m, bound_by="loss budget", tolerance=0.02),
        reach_low_mm=None,
        reach_high_mm=None,
        reach_uncertainty=None,
        limitation=empty,
        limited_in="",
        energy=Energy(value=value, low=low, high=high, parts=()),
        port=empty,
        equalizer="",
        notes=(),
    )


@pytest.mark.parametrize(("metres", "text"), [(0.999, "999 mm"), (1.0, "1 m"), (0.0005, "0.5 mm"), (30.0, "30 m")])
def test_a_distance_has_the_unit_that_suits_it(metres: float, text: str) -> None:
    assert distance_text(metres) == text


@pytest.mark.parametrize(
    ("reach", "carries"), [(2.0, True), (1.961, True), (1.960, False), (1.0, False), (None, False)]
)
def test_copper_must_reach_over_the_whole_distance(reach: float | None, carries: bool) -> None:
    """To the tolerance of the reach, two in a hundred here: 2 m / 1.02 is 1.9608 m."""
    assert spans(job(2.0, cable=0.0), row("cable", reach)) is carries


def test_the_lesser_of_physics_and_budget_counts() -> None:
    chosen = job(2.0, cable=0.0)
    assert not spans(chosen, row("cable", 3.0, budget_m=1.5))
    assert not spans(chosen, row("cable", 1.5, budget_m=3.0))
    assert spans(chosen, row("cable", 3.0, budget_m=2.5))


def test_light_spans_the_job_and_its_copper_its_own_length() -> None:
    """Thirty metres of fibre, with a tenth of a metre of copper ahead of it that must work."""
    chosen = job(30.0, optics=30.0, cable=0.0)
    assert spans(chosen, row("optics", 0.12, length_mm=100.0))
    assert not spans(chosen, row("optics", 0.08, length_mm=100.0))
    assert not spans(chosen, row("cable", 0.12, length_mm=100.0))


def test_the_verdict_orders_by_energy_and_names_what_falls_short() -> None:
    chosen = job(2.0, dear=0.0, cheap=0.0, short=0.0, dead=0.0)
    rows = (
        row("dear", 3.0, pj=(8.0, 9.0, 10.0)),
        row("cheap", 2.5, pj=(4.0, 5.0, 6.0)),
        row("short", 1.8, budget_m=1.2, pj=(1.0, 2.0, 3.0)),
        row("dead", None, pj=(0.5, 0.6, 0.7)),
    )
    assert set_verdict(chosen, rows) == (
        "Over 2 m least energy is cheap's, 5.0 (4.0-6.0) pJ/bit; then dear 9.0 (8.0-10.0) pJ/bit.",
        "Not over 2 m by this rule and its classes: short (ends at 1200 mm, loss budget), dead (at no length).",
    )


def test_ranges_that_overlap_leave_the_order_open() -> None:
    """A rival whose least is below the winner's most; one whose least is just that is none."""
    chosen = job(1.0, first=0.0, rival=0.0, apart=0.0)
    rows = (
        row("apart", 3.0, pj=(6.0, 9.0, 10.0)),
        row("rival", 3.0, pj=(5.9, 7.0, 8.0)),
        row("first", 3.0, pj=(4.0, 5.0, 6.0)),
    )
    said = set_verdict(chosen, rows)
    assert said[1:] == ("The ranges of the energies leave first and rival in one order or another.",)


def test_one_alone_and_none_at_all_are_said() -> None:
    chosen = job(0.05, lone=0.0)
    assert set_verdict(chosen, (row("lone", 0.06),)) == (
        "Over 50 mm least energy is lone's, 5.0 (4.0-6.0) pJ/bit; then nobody.",
    )
    assert set_verdict(chosen, (row("lone", 0.04),)) == ("None of these carries 50 mm by this rule.",)

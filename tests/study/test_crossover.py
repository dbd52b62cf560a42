"""Crossover: both sides of what it finds, its three causes, its ends, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.errors import SirfError
from sirf.presets import load
from sirf.study.crossover import Crossing, Crossover, Spender, crossover
from sirf.study.figures import figure_value
from sirf.study.length_search import MAX_LENGTH
from sirf.study.subject import ArchitectureSubject, subject_of
from sirf.system.energy import energy_pj_per_bit

RATE = 106.25e9


@pytest.fixture(scope="module")
def found() -> Crossover:
    """Rivals without light in the links of their reach, so that they are quick."""
    return crossover(rivals=["npo", "die-to-die", "copper-cable"])


@pytest.fixture(scope="module")
def cables() -> Crossover:
    """A flyover cable of 1 m against a cable from the faceplate: the same SerDes and no module, so the one with less loss."""
    return crossover("copper-copackaged", ["copper-cable"])


def row_of(result: Crossover, rival: str) -> Crossing:
    return next(row for row in result.rows if row.rival == rival)


def loss_db(rival: str, millimetres: float) -> float:
    """As the links have it, rather than as the energy has it."""
    subject = subject_of(rival, data_rate=RATE)
    return subject.sections(1e-3 * millimetres)[0].link.insertion_loss_db


def test_energies_cross_where_direct_evaluation_says(cables: Crossover) -> None:
    row = row_of(cables, "copper-cable")
    assert row.cause == "energy"
    assert row.crossover_mm is not None

    def energy(length: float) -> float:
        return energy_pj_per_bit("copper-cable", loss_db("copper-cable", length), data_rate=RATE).value

    # links read their loss between two points of a grid, 0.02 dB or 1 fJ/bit off where it ripples
    assert energy(row.crossover_mm) == pytest.approx(cables.energy.value, abs=2e-3)
    assert all(energy(row.crossover_mm * part) > cables.energy.value - 2e-3 for part in np.linspace(1.0, 1.1, 40))
    assert energy(0.9 * row.crossover_mm) < cables.energy.value < energy(1.1 * row.crossover_mm)
    # two cables with one SerDes: the crossing is where the losses are the same
    assert loss_db("copper-cable", row.crossover_mm) == pytest.approx(loss_db("copper-copackaged", 1000.0), abs=0.02)


def test_a_rival_that_stays_cheaper_is_overtaken_at_its_reach(found: Crossover) -> None:
    row = row_of(found, "die-to-die")
    assert row.cause == "reach"
    assert row.crossover_mm == row.reach_mm
    assert row.crossover_mm is not None
    subject = subject_of("die-to-die", data_rate=RATE)
    inside, outside = (
        figure_value(subject.sections(1e-3 * length), "ber") for length in (row.crossover_mm, 1.06 * row.crossover_mm)
    )
    assert inside <= found.limit[1] < outside
    assert row.curve[-1][3] < found.energy.value


def test_always_and_never_are_told(found: Crossover) -> None:
    dear = row_of(found, "npo")
    assert dear.crossover_mm == 0.0
    assert all(value > found.energy.value for _, _, _, value, _ in dear.curve)
    assert "at any length" in dear.reason
    # dear at its least beside a challenger at its most: it wins at some lengths
    assert dear.verdict.startswith("at any length")
    assert dear.verdict.endswith("the rival takes more energy")
    assert "wins" in str(found).splitlines()[0]
    # a ratio that is met at any length: a cable has no module to pay for
    cheap = row_of(crossover(rivals=["copper-cable"], limit={"ber": 0.45}), "copper-cable")
    assert cheap.crossover_mm is None
    assert cheap.cause == "never"
    assert cheap.verdict.startswith("never (")
    assert cheap.verdict.endswith(": the rival takes less energy up to 5000 mm, the longest tried")
    assert cheap.reach_mm == 1e3 * MAX_LENGTH
    assert cheap.to_dict()["crossover_mm"] is None
    assert "up to 5000 mm, the longest tried" in cheap.reason


def test_ends_of_the_envelopes_enclose_the_crossing(found: Crossover, cables: Crossover) -> None:
    for result in (found, cables):
        for row in result.rows:
            low, middle, high = (
                float("inf") if value is None else value for value in (row.low_mm, row.crossover_mm, row.high_mm)
            )
            assert low <= middle <= high


def test_energy_is_that_of_the_table_at_the_loss_of_the_links(found: Crossover) -> None:
    assert found.length_mm == 30.0
    assert found.energy.value == pytest.approx(
        energy_pj_per_bit("cpo-retimed", loss_db("cpo-retimed", 30.0), data_rate=RATE).value, rel=1e-6
    )
    linear = subject_of("cpo-linear", data_rate=RATE)
    assert isinstance(linear, ArchitectureSubject)
    assert Spender.of(linear).energy(0.03).value == pytest.approx(
        energy_pj_per_bit("cpo-linear", loss_db("cpo-linear", 30.0), data_rate=RATE).value, rel=1e-5
    )


def test_the_error_ratio_is_the_same_for_all(found: Crossover) -> None:
    assert found.limit == ("ber", load("802.3ck-cr1").der0)
    strict = crossover(rivals=["die-to-die"], limit={"ber": 1e-8})
    loose, tight = row_of(found, "die-to-die").reach_mm, row_of(strict, "die-to-die").reach_mm
    assert loose is not None
    assert tight is not None
    assert tight < loose


def test_results_show_themselves(found: Crossover) -> None:
    assert "\n" not in repr(found)
    assert "npo           at any length" in str(found)
    assert found._repr_html_().startswith("<table>")
    plain = found.to_dict()
    assert [rival["rival"] for rival in plain["rivals"]] == ["npo", "die-to-die", "copper-cable"]
    assert plain["rivals"][1]["cause"] == "reach"


def test_bad_input_is_refused() -> None:
    for message, options in {
        "rivals must hold another architecture": {"rivals": ["cpo-retimed"]},
        "path must be an architecture": {"rivals": ["pigeon"]},
        "data_rate must be one of": {"rivals": ["npo"], "data_rate": 1e9},
        "limit of a crossover must be one of": {"rivals": ["npo"], "limit": {"com_db": 3.0}},
        "limit of ber must be between": {"rivals": ["npo"], "limit": {"ber": 1.0}},
        "ber of cpo-retimed must be at most 1e-30": {"rivals": ["npo"], "limit": {"ber": 1e-30}},
    }.items():
        with pytest.raises(SirfError, match=message):
            crossover(**options)  # type: ignore[arg-type]

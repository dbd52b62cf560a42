"""Failures of ports, switches and clusters: closed forms, brute force over all states, published port-hours, bad input."""

from __future__ import annotations

import itertools
import math
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
from scipy.stats import binom

from sirf._data import data_path
from sirf.errors import ConfigError, SirfError
from sirf.system import failures
from sirf.system.architecture import load_architecture
from sirf.system.failure_tables import failure_table, read_failures
from sirf.system.failures import (
    HOURS_A_YEAR,
    cluster_availability,
    cluster_mtbf_hours,
    flap_hours,
    list_failures,
    port_failures,
    switch_failures,
)
from sirf.system.tables import energy_table
from tests.edited import edited
from tests.system.test_every_key import changed, leaves

RATE = 106.25e9


def test_a_port_fails_as_its_parts_do() -> None:
    """By hand: 8 lanes x (2 + 0.5 x 100 + 50 + 0.25 x 100 + 0.25 x 80) + 300 + 100 + 5 + 20 + 5 FIT."""
    found = port_failures("pluggable-retimed", data_rate=RATE)
    assert found.lanes == 8
    assert found.fit.value == pytest.approx(8 * (2.0 + 50.0 + 50.0 + 25.0 + 20.0) + 430.0)
    assert found.mtbf_hours.value == pytest.approx(1e9 / found.fit.value)
    assert found.mtbf_hours.low == pytest.approx(1e9 / found.fit.high)
    down = (found.package_fit.value * 24.0 + (found.fit.value - found.package_fit.value) * 2.0) / 1e9
    assert found.availability.value == pytest.approx(1.0 / (1.0 + down), rel=1e-12)


def test_every_architecture_of_the_energies_has_parts() -> None:
    assert set(list_failures()) == set(energy_table().architecture)


@pytest.mark.parametrize("anchor", failure_table().anchor, ids=lambda anchor: anchor.name)
def test_published_port_hours_lie_in_the_range_of_the_parts(anchor: object) -> None:
    """The rates of the blocks are from elsewhere, or estimates: none is fitted to these."""
    one = anchor
    found = port_failures(one.architecture, data_rate=1e9 * one.data_rate_gbps, rate=1e9 * one.port_gbps)  # type: ignore[attr-defined]
    low, high = one.mtbf_hours  # type: ignore[attr-defined]
    assert found.mtbf_hours.low <= high
    assert low <= found.mtbf_hours.high


def test_a_switch_is_up_with_any_states_of_its_ports_that_leave_enough() -> None:
    port = port_failures("cpo-linear", data_rate=RATE)
    switch = switch_failures(port, capacity=4 * 800e9, spare_ports=1)
    up = port.availability.value
    enough = sum(
        math.prod(up if works else 1.0 - up for works in state)
        for state in itertools.product((True, False), repeat=4)
        if sum(state) >= 3
    )
    exchanged = 1.0 / (1.0 + 4 * port.package_fit.value * 4.0 / 1e9)
    assert switch.enough_work.value == pytest.approx(exchanged * enough, rel=1e-13)
    assert switch.all_work.value == pytest.approx(exchanged * up**4, rel=1e-13)
    assert switch.minutes_a_year.value == pytest.approx(60.0 * HOURS_A_YEAR * (1.0 - exchanged * enough), rel=1e-6)
    assert switch.enough_work.low < switch.enough_work.value < switch.enough_work.high


def test_times_drawn_at_random_agree_with_the_availability_of_a_port() -> None:
    """Up and down times of a port drawn part by part, the typical rates a thousand times as high."""
    rng = np.random.default_rng(7)
    found = port_failures("pluggable-retimed", data_rate=RATE)
    hours = {"module": 2.0, "package": 24.0}
    rates = np.array([1e3 * part.fit.value / 1e9 for part in found.parts])
    repair = np.array([hours[part.service] for part in found.parts])
    which = rng.choice(len(rates), size=400_000, p=rates / rates.sum())
    up = rng.exponential(1.0 / rates.sum(), size=which.size).sum()
    drawn = up / (up + rng.exponential(repair[which]).sum())
    assert drawn == pytest.approx(1.0 / (1.0 + float(rates @ repair)), abs=3e-5)
    assert (1.0 / found.availability.value - 1.0) * 1e3 == pytest.approx(float(rates @ repair), rel=1e-9)


def test_spare_lanes_count_as_what_is_left_after_the_mission() -> None:
    found = port_failures("microled", data_rate=2e9)
    array = next(part for part in found.parts if part.block == "microled")
    mission = failure_table().mission_hours
    for fit, equivalent in zip((0.1, 1.0, 10.0), (array.fit.low, array.fit.value, array.fit.high), strict=True):
        survival = binom.sf(255, 320, math.exp(-fit * mission / 1e9))
        assert math.exp(-equivalent * mission / 1e9) == pytest.approx(survival ** (found.lanes / 256), abs=1e-12)
    # without its spares an array of 400 lamps of 1 FIT would have 400 FIT
    assert array.fit.value < 1.0


def test_clusters_fail_as_often_as_all_their_ports() -> None:
    port = port_failures("pluggable-retimed", data_rate=RATE)
    assert cluster_mtbf_hours(port, 1000).value == pytest.approx(port.mtbf_hours.value / 1000)
    assert cluster_availability(port, 1000).value == pytest.approx(port.availability.value**1000)
    up = cluster_availability(port, 1000, spare_ports=2).value
    assert up == pytest.approx(binom.cdf(2, 1000, 1.0 - port.availability.value), abs=1e-12)


def test_engines_fail_less_often_and_cost_more_time() -> None:
    module, engine = (port_failures(name, data_rate=RATE) for name in ("pluggable-retimed", "cpo-linear"))
    assert module.replaceable
    assert not engine.replaceable
    assert engine.mtbf_hours.value > 2.0 * module.mtbf_hours.value
    assert switch_failures(engine).minutes_a_year.value > switch_failures(module).minutes_a_year.value


def test_flaps_are_runs_of_three_lost_words() -> None:
    rng, ratio = np.random.default_rng(2), 0.1
    lost = rng.random(3_000_000) < ratio
    waits, last, run = [], 0, 0
    for place, bad in enumerate(lost):
        run = run + 1 if bad else 0
        if run == 3:
            waits.append(place + 1 - last)
            last, run = place + 1, 0
    words_an_hour = 3600.0 * 800e9 / 5440
    assert flap_hours(ratio) * words_an_hour == pytest.approx(np.mean(waits), rel=4.0 / np.sqrt(len(waits)))
    assert flap_hours(0.0) == math.inf
    assert flap_hours(1.0) * words_an_hour == pytest.approx(3.0)


def test_words_that_are_lost_together_make_flaps_likelier() -> None:
    """Mean hitting time of the states 'so many lost in a row', solved as linear equations."""
    ratio, again = 0.01, 0.3
    first = ratio * (1.0 - again) / (1.0 - ratio)
    stay = np.array([[1.0 - first, first, 0.0], [1.0 - again, 0.0, again], [1.0 - again, 0.0, 0.0]])
    words = float(np.linalg.solve(np.eye(3) - stay, np.ones(3))[0])
    words_an_hour = 3600.0 * 800e9 / 5440
    assert flap_hours(ratio, after_loss=again) * words_an_hour == pytest.approx(words, rel=1e-12)
    assert flap_hours(ratio, after_loss=ratio) == pytest.approx(flap_hours(ratio), rel=1e-12)
    assert flap_hours(0.5, after_loss=1.0) * words_an_hour == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: port_failures("nonsense", data_rate=RATE), "architecture must be"),
        (lambda: port_failures("cpo-linear", data_rate=-1.0), "data_rate"),
        (lambda: switch_failures(port_failures("cpo-linear", data_rate=RATE), capacity=100e9), "must hold a port"),
        (lambda: switch_failures(port_failures("cpo-linear", data_rate=RATE), spare_ports=64), "spare_ports must be"),
        (lambda: cluster_mtbf_hours(port_failures("cpo-linear", data_rate=RATE), 0), "at least 1"),
        (lambda: flap_hours(1.5), "between 0 and 1"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(SirfError, match=message):
        call()


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("mission_hours = 43800.0", "mission_hours = 0.0", "mission_hours"),
        ("fit = [100.0, 300.0, 500.0]", "fit = [300.0, 100.0, 500.0]", "block.dsp.fit"),
        ("needed = 256, installed = 320", "needed = 256, installed = 200", "installed must be"),
        ('service = "module"', 'service = "magic"', "service magic not in the file"),
        ("dsp = 1.0, control", "dps = 1.0, control", "block dps not in the file"),
    ],
)
def test_a_bad_file_is_named_with_its_key(old: str, new: str, key: str, tmp_path: Path) -> None:
    file = edited(tmp_path, "system", "failures.toml", old, new)
    with pytest.raises(ConfigError, match=key) as refused:
        read_failures(file)
    assert "mine.toml" in str(refused.value)


def test_every_number_of_the_file_changes_an_answer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each one a tenth larger (counts by one): some port, switch or anchor comes out otherwise."""
    table = tomllib.loads(data_path("system", "failures.toml").read_text(encoding="utf-8"))
    file = tmp_path / "failures.toml"

    def answers(given: dict[str, Any]) -> list[object]:
        file.write_text(tomli_w.dumps(given), encoding="utf-8")
        found = read_failures(file)
        monkeypatch.setattr(failures, "failure_table", lambda: found)
        ports = [
            port_failures(name, data_rate=next(iter(load_architecture(name).interfaces))) for name in list_failures()
        ]
        return [*ports, *(switch_failures(port) for port in ports), *found.anchor]

    usual = answers(table)
    for keys, value in list(leaves(table)):
        if isinstance(value, (int, float)) and keys[0] != "service" and value != 0:
            assert answers(changed(table, keys, value)) != usual, keys
    for name in ("hours", "switch_hours"):
        for place in range(3):
            other = changed(table, ("service", "package", name, place), table["service"]["package"][name][place])
            assert answers(other) != usual

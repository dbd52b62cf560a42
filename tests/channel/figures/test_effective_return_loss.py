"""ERL against the COM reference code, and against closed forms."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

from sirf.channel.figures import ErlSettings, effective_reflection, effective_return_loss
from sirf.channel.network import Network
from sirf.errors import SirfError
from sirf.presets import load
from sirf.signal.filters import raised_cosine
from tests.channel.figures.reference import CASES, channel, golden, keywords

WITH_ERL = tuple(case for case in CASES if not case.startswith("kr4"))


def settings_of(book: dict[str, list[float]], der0: float) -> ErlSettings:
    delay = book["fixture delay time"]
    return ErlSettings(
        symbol_rate=book["f_b"][0] * 1e9,
        der0=der0,
        length_ui=book["N"][0],
        levels=int(book["L"][0]),
        samples_per_ui=int(book["M"][0]),
        rise_time=book["TR_TDR"][0] * 1e-9,
        corner_per_symbol_rate=book["f_r"][0],
        equalized_ui=book["N_bx"][0],
        rho_x=book["rho_x"][0],
        beta_x=book["beta_x"][0],
        fixture_delay=(delay[0], delay[1]),
        tukey_window=bool(book["Tukey_Window"][0]),
    )


@pytest.mark.parametrize("case", WITH_ERL)
def test_erl_is_that_of_the_reference_code(case: str, reference_dir: Path) -> None:
    entry = golden(reference_dir)[case]
    book = keywords(reference_dir, entry["workbook"])
    settings = settings_of(book, entry["result"]["der0"])
    through = channel(reference_dir, case).through
    second = through
    if book["TDR_W_TXPKG"][0]:
        package = load("802.3ck-c2m").packages[0].transmitter.network(through.frequency)
        second = package @ through
    assert effective_return_loss(through, settings, port=1) == pytest.approx(entry["result"]["erl11_db"], abs=1e-6)
    assert effective_return_loss(second, settings, port=2) == pytest.approx(entry["result"]["erl22_db"], abs=1e-6)


def resistor(reflection: float, delay: float = 0.0) -> Network:
    """A reflection of any size `delay` s away, the same at every frequency."""
    frequency = np.linspace(0.0, 60e9, 6001)
    s = np.zeros((frequency.size, 2, 2), dtype=complex)
    s[:, 0, 0] = reflection * np.exp(-2j * np.pi * frequency * 2 * delay)
    s[:, 1, 0] = s[:, 0, 1] = math.sqrt(1 - reflection**2)
    return Network(frequency, s, z0=100.0)


PLAIN = ErlSettings(symbol_rate=53.125e9, der0=1e-4, length_ui=200.0)


def test_a_resistor_far_off_returns_its_reflection() -> None:
    slow = ErlSettings(symbol_rate=10e9, der0=1e-4, length_ui=60.0, levels=2, samples_per_ui=64, bin_size=1e-3,
                       tukey_window=False, corner_per_symbol_rate=4.0)  # fmt: skip
    found = effective_reflection(resistor(0.1, delay=1e-9), slow, port=1)
    assert np.sum(found.ptdr) / found.samples_per_ui == pytest.approx(0.1, rel=1e-3)  # area: one UI of the reflection
    filter_delay = 2.613126 / (2 * np.pi * 40e9)
    assert found.time[int(np.argmax(found.ptdr > 0.05))] == pytest.approx(2e-9 + filter_delay, abs=1.6e-12)


def test_twice_the_reflection_is_six_decibels_less() -> None:
    small, large = (effective_return_loss(resistor(value, 1e-9), PLAIN, port=1) for value in (0.05, 0.1))
    assert small - large == pytest.approx(20 * math.log10(2), abs=0.03)


def test_nothing_comes_back_from_a_match() -> None:
    assert effective_return_loss(resistor(0.0), PLAIN, port=1) == math.inf
    assert effective_return_loss(resistor(0.1), PLAIN, port=2) == math.inf


def test_the_fixture_is_cut_away_and_the_equaliser_excuses_what_it_reaches() -> None:
    near = resistor(0.1, delay=0.1e-9)
    cut = ErlSettings(symbol_rate=53.125e9, der0=1e-4, length_ui=200.0, fixture_delay=(0.5e-9, 0.0))
    excused = ErlSettings(symbol_rate=53.125e9, der0=1e-4, length_ui=200.0, equalized_ui=30.0)
    plain = effective_return_loss(near, PLAIN, port=1)
    assert effective_return_loss(near, cut, port=1) > plain + 20
    # at x of 31 reach the gate is rho (1 + rho) exp(-((x - 31) / 31)²), here x is about 0.2 ns x 53.125 GBd
    x = 0.2e-9 * 53.125e9 + 0.5
    gate = 0.618 * 1.618 * math.exp(-(((x - 31) / 31) ** 2))
    assert effective_return_loss(near, excused, port=1) - plain == pytest.approx(-20 * math.log10(gate), abs=0.3)


def test_a_loss_within_the_equaliser_s_reach_excuses_more_the_nearer_the_reflection() -> None:
    """G_loss is 10^(beta_x (x - N_bx - 1) / f_b / 20) within the reach: one at its end, less before it."""
    near = resistor(0.1, delay=0.1e-9)
    excused = ErlSettings(symbol_rate=53.125e9, der0=1e-4, length_ui=200.0, equalized_ui=30.0)
    lossy = dataclasses.replace(excused, beta_x=2.4e10)
    x = 0.2e-9 * 53.125e9 + 0.5
    loss_db = 2.4e10 * (31 - x) / 53.125e9
    found = effective_return_loss(near, lossy, port=1) - effective_return_loss(near, excused, port=1)
    assert found == pytest.approx(loss_db, abs=0.3)


def test_older_gates_excuse_as_they_did() -> None:
    far = resistor(0.1, delay=1e-9)
    before = ErlSettings(symbol_rate=53.125e9, der0=1e-4, length_ui=200.0, gate="before")
    plain = effective_return_loss(far, PLAIN, port=1)
    assert effective_return_loss(far, before, port=1) - plain == pytest.approx(
        -20 * math.log10(0.618 * 1.618), abs=0.03
    )
    near = resistor(0.1, delay=0.1e-9)
    constant = ErlSettings(symbol_rate=53.125e9, der0=1e-4, length_ui=200.0, gate="constant", equalized_ui=30.0)
    found = effective_return_loss(near, constant, port=1) - effective_return_loss(near, PLAIN, port=1)
    assert found == pytest.approx(-20 * math.log10(0.618), abs=0.03)


def test_without_a_length_five_transits_count() -> None:
    # the through path is 2 ns long: an echo at 8 ns counts, one at 14 ns does not
    frequency = np.linspace(0.0, 60e9, 6001)

    def echo(at: float) -> Network:
        s = np.zeros((frequency.size, 2, 2), dtype=complex)
        s[:, 0, 0] = 0.1 * np.exp(-2j * np.pi * frequency * at)
        s[:, 1, 0] = s[:, 0, 1] = 0.9 * np.exp(-2j * np.pi * frequency * 2e-9)
        return Network(frequency, s, z0=100.0)

    settings = ErlSettings(symbol_rate=53.125e9, der0=1e-4, length_ui=None)
    assert effective_return_loss(echo(8e-9), settings, port=1) == pytest.approx(
        effective_return_loss(echo(1e-9), settings, port=1), abs=0.03
    )
    assert effective_return_loss(echo(14e-9), settings, port=1) > 60.0


def test_impedance_of_the_step_counts() -> None:
    # 100 ohm ports look into 90 ohm: the reflection is -10/190
    step = ErlSettings(symbol_rate=53.125e9, der0=1e-4, length_ui=200.0, impedance=45.0)
    found = effective_reflection(resistor(0.0), step, port=1)
    assert np.max(np.abs(found.ptdr)) == pytest.approx(0.0, abs=1e-12)  # a matched two-port ends in the same 90 ohm


def test_the_tukey_window_is_one_then_half_then_zero() -> None:
    assert raised_cosine(np.array([0.0, 1.0, 1.5, 2.0, 3.0]), 1.0, 2.0) == pytest.approx([1.0, 1.0, 0.5, 0.0, 0.0])


@pytest.mark.parametrize(
    "change",
    [{"der0": 0.0}, {"length_ui": -1.0}, {"levels": 1}, {"corner_per_symbol_rate": 1.2}, {"equalized_ui": -1.0}],
)
def test_settings_out_of_range_are_refused(change: dict[str, float]) -> None:
    given: dict[str, float] = {"symbol_rate": 53.125e9, "der0": 1e-4, "length_ui": 200.0} | change
    with pytest.raises(SirfError, match=next(iter(change))):
        ErlSettings(**given)  # type: ignore[arg-type]


def test_a_port_that_is_not_there_is_refused() -> None:
    with pytest.raises(SirfError, match="port must be 1 or 2"):
        effective_return_loss(resistor(0.1), PLAIN, port=3)

"""What must hold for any channel: scaling, symmetry, and invariance to how the same data are written down."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirf.channel.figures import (
    ErlSettings,
    effective_return_loss,
    fitted_insertion_loss,
    impedance_profile,
    integrated_crosstalk_noise,
    mode_conversion,
    pn_skew,
    return_loss_db,
)
from sirf.channel.network import Network
from tests.channel.figures.test_tdr import line

GRID = np.linspace(0.0, 40e9, 2001)
ERL = ErlSettings(symbol_rate=53.125e9, der0=1e-4, length_ui=200.0)
quick = settings(max_examples=15, deadline=None, derandomize=True)
impedances = st.floats(60.0, 160.0)
delays = st.floats(0.1e-9, 0.6e-9)


@quick
@given(first=impedances, second=impedances, delay=delays)
def test_turning_the_channel_round_turns_its_figures_round(first: float, second: float, delay: float) -> None:
    made = line(GRID, first, delay) @ line(GRID, second, 0.3e-9, loss=1e-8)
    turned = made.flipped()
    assert effective_return_loss(made, ERL, port=2) == pytest.approx(
        effective_return_loss(turned, ERL, port=1), abs=1e-9
    )
    assert impedance_profile(made, port=2).impedance_ohm == pytest.approx(impedance_profile(turned).impedance_ohm)
    assert return_loss_db(made, 9e9, port=2) == pytest.approx(return_loss_db(turned, 9e9))


@quick
@given(impedance=impedances, reference=st.floats(80.0, 120.0))
def test_erl_does_not_depend_on_the_reference_of_the_file(impedance: float, reference: float) -> None:
    made = line(GRID, impedance, 0.4e-9, loss=1e-8)
    assert effective_return_loss(made.renormalized(reference), ERL, port=1) == pytest.approx(
        effective_return_loss(made, ERL, port=1), abs=1e-6
    )


@quick
@given(impedance=st.floats(101.0, 140.0))
def test_a_worse_line_has_a_worse_erl(impedance: float) -> None:
    better, worse = (line(GRID, value, 0.4e-9) for value in (impedance, impedance + 5.0))
    assert effective_return_loss(worse, ERL, port=1) < effective_return_loss(better, ERL, port=1)


@quick
@given(gain=st.floats(0.01, 1.0), amplitude=st.floats(0.1, 2.0), count=st.integers(1, 6))
def test_noise_is_linear_in_voltage_and_adds_in_power(gain: float, amplitude: float, count: int) -> None:
    def noise(level: float, volts: float, aggressors: int) -> float:
        s = np.zeros((GRID.size, 2, 2), dtype=complex)
        s[:, 1, 0] = level * 1e-2 * np.sqrt(GRID / 40e9)
        networks = [Network(GRID, s, z0=100.0)] * aggressors
        return integrated_crosstalk_noise(
            networks, amplitude=volts, symbol_rate=53e9, transmitter_corner=30e9, receiver_corner=40e9, f_max=40e9
        )

    assert noise(gain, amplitude, count) == pytest.approx(gain * amplitude * math.sqrt(count) * noise(1.0, 1.0, 1))


@quick
@given(
    a0=st.floats(0.0, 2.0), a1=st.floats(0.0, 3.0), a2=st.floats(0.0, 1.0), a4=st.floats(-0.002, 0.01),
    delay=st.floats(0.0, 5e-9),
)  # fmt: skip
def test_the_fit_is_exact_where_the_loss_has_its_form(a0: float, a1: float, a2: float, a4: float, delay: float) -> None:
    f = GRID / 1e9
    loss_db = a0 + a1 * np.sqrt(f) + a2 * f + a4 * f**2
    transfer = np.asarray(10 ** (-loss_db / 20) * np.exp(-2j * np.pi * GRID * delay), dtype=np.complex128)
    fit = fitted_insertion_loss(GRID, transfer, f_max=40e9)
    assert np.max(np.abs(fit.deviation_db)) < 1e-6


@quick
@given(seed=st.integers(0, 10**6))
def test_swapping_the_lines_turns_the_sign_of_skew_and_keeps_conversion(seed: int) -> None:
    draw = np.random.default_rng(seed).normal(size=(2, 4, 4)) * 0.1
    slow = np.exp(-2j * np.pi * GRID * 1e-9)[:, None, None] * (draw[0] + 1j * draw[1] + 0.7 * np.eye(4)[[1, 0, 3, 2]])
    network = Network(GRID, slow)
    assert pn_skew(network, (3, 4, 1, 2)) == pytest.approx(-pn_skew(network, (1, 2, 3, 4)), abs=1e-18)
    swapped, straight = mode_conversion(network, (3, 4, 1, 2)), mode_conversion(network, (1, 2, 3, 4))
    assert np.abs(swapped.cd) == pytest.approx(np.abs(straight.cd))
    assert swapped.dd == pytest.approx(straight.dd)

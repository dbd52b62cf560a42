"""Filters of COM's reference receiver against their formulas on the frequency axis and under the bilinear transform."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.com.config.settings import CtleSettings
from sirf.com.filters import (
    ctle_power_terms,
    ctle_transfer,
    equalized_impulse,
    equalized_parts,
    first_stage,
    gain_weights,
    second_stage,
)
from sirf.signal.filters import raised_cosine

RATE = 32 * 53.125e9
FREQUENCY = np.linspace(0.0, 53.125e9, 201)


def settings(f_lf: float | None = 0.6e9) -> CtleSettings:
    return CtleSettings(
        f_z=12.6e9, f_p1=20e9, f_p2=28e9, f_lf=f_lf, g_dc_db=tuple(np.arange(-8.0, 1.0)), g_dc2_db=(-4.0, 0.0)
    )


def bilinear(frequency: float) -> complex:
    """What stands for j f: 2 f_s (1 - 1/z) / (1 + 1/z) over 2 pi, which bends the axis by a tangent."""
    return complex(1j * RATE / np.pi * np.tan(np.pi * frequency / RATE))


def stage(at: complex, gain_db: float, zero: float, *poles: float) -> complex:
    value: complex = 10.0 ** (gain_db / 20.0) + at / zero
    for pole in poles:
        value /= 1.0 + at / pole
    return value


def test_the_raised_cosine_falls_by_half_a_period() -> None:
    shape = raised_cosine(np.array([0.0, 10.0, 12.5, 15.0, 17.5, 20.0, 30.0]), 10.0, 20.0)
    root = np.sqrt(0.5)
    np.testing.assert_allclose(shape, [1.0, 1.0, 0.5 + 0.5 * root, 0.5, 0.5 - 0.5 * root, 0.0, 0.0], atol=1e-15)


@pytest.mark.parametrize("f_lf", [None, 0.6e9])
@pytest.mark.parametrize(("g_dc", "g_dc2"), [(0.0, 0.0), (-6.0, -3.0)])
def test_power_terms_add_up_to_the_squared_transfer(f_lf: float | None, g_dc: float, g_dc2: float) -> None:
    own = settings(f_lf)
    wanted = np.abs(ctle_transfer(FREQUENCY, own, g_dc, g_dc2)) ** 2
    found = gain_weights(own, g_dc, g_dc2) ** 2 @ ctle_power_terms(FREQUENCY, own)
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


@pytest.mark.parametrize("frequency", [1e9, 13e9, 26.5625e9])
def test_stages_are_the_bilinear_transform_of_their_formula(frequency: float) -> None:
    own, impulse = settings(), np.zeros(1 << 15)
    impulse[0] = 1.0
    turns = np.exp(-2j * np.pi * frequency / RATE * np.arange(impulse.size))
    at = bilinear(frequency)
    first = first_stage(impulse, own, -6.0, RATE)
    assert complex(first @ turns) == pytest.approx(stage(at, -6.0, 12.6e9, 20e9, 28e9), rel=1e-6)
    second = second_stage(impulse, own, -3.0, RATE)
    assert complex(second @ turns) == pytest.approx(stage(at, -3.0, 0.6e9, 0.6e9), rel=1e-6)


def test_a_receiver_without_a_second_stage_passes_what_it_gets() -> None:
    impulse = np.arange(5.0)
    assert second_stage(impulse, settings(None), -3.0, RATE) is impulse


@pytest.mark.parametrize("f_lf", [None, 0.6e9])
def test_parts_weighted_by_the_gains_are_both_stages_in_turn(f_lf: float | None) -> None:
    own, impulse = settings(f_lf), np.random.default_rng(1).standard_normal(400)
    whole = equalized_impulse(impulse, own, -5.0, -2.0, RATE)
    np.testing.assert_allclose(gain_weights(own, -5.0, -2.0) @ equalized_parts(impulse, own, RATE), whole, atol=1e-12)

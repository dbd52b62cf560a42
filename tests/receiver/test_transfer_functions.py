"""The CTLE's formula at the frequencies where its value can be said by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.receiver.transfer_functions import ctle

SHAPE = {"f_z": 12.6e9, "f_p1": 20e9, "f_p2": 28e9}


def value(frequency: float, **options: float) -> complex:
    return complex(ctle(np.array([frequency]), **(SHAPE | options))[0])


def test_at_dc_both_gains_add_in_decibels() -> None:
    assert 20.0 * np.log10(value(0.0, g_dc_db=-6.0, g_dc2_db=-3.0, f_lf=0.6e9).real) == pytest.approx(-9.0)
    # without its stage the second gain is none
    assert 20.0 * np.log10(value(0.0, g_dc_db=-6.0, g_dc2_db=-3.0).real) == pytest.approx(-6.0)


def test_far_above_its_corner_the_second_stage_is_gone() -> None:
    with_stage = value(20e9, g_dc_db=-6.0, g_dc2_db=-3.0, f_lf=1e6)
    assert with_stage == pytest.approx(value(20e9, g_dc_db=-6.0), rel=1e-4)


def test_at_its_corner_the_second_stage_has_the_mean_of_two_powers() -> None:
    """(g + j) / (1 + j): half of g² + 1."""
    gain = 10.0 ** (-3.0 / 20.0)
    ratio = value(0.6e9, g_dc_db=-6.0, g_dc2_db=-3.0, f_lf=0.6e9) / value(0.6e9, g_dc_db=-6.0)
    assert abs(ratio) ** 2 == pytest.approx(0.5 * (gain**2 + 1.0), rel=1e-12)
    assert ratio == pytest.approx((gain + 1j) / (1.0 + 1j), rel=1e-12)


def test_it_lifts_the_zeros_frequency_against_dc() -> None:
    gain = 10.0 ** (-6.0 / 20.0)
    found = abs(value(12.6e9, g_dc_db=-6.0)) ** 2
    assert found == pytest.approx((gain**2 + 1.0) / ((1.0 + 0.63**2) * (1.0 + 0.45**2)), rel=1e-12)


def test_it_ends_as_one_pole() -> None:
    far = 1e15
    assert value(far, g_dc_db=-6.0) == pytest.approx(20e9 / 12.6e9 * 28e9 / (1j * far), rel=1e-3)

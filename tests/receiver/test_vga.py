"""The amplifier's curve against its closed form."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.errors import SirfError
from sirf.receiver.vga import Vga


def test_the_slope_at_zero_is_the_gain() -> None:
    small = 1e-6
    assert Vga(gain=3.0, saturation=0.4).output(np.array([small]))[0] == pytest.approx(3.0 * small, rel=1e-9)


def test_it_ends_at_its_saturation() -> None:
    out = Vga(gain=3.0, saturation=0.4).output(np.array([-10.0, 0.4 / 3.0, 10.0]))
    np.testing.assert_allclose(out, [-0.4, 0.4 * np.tanh(1.0), 0.4], rtol=1e-12)


def test_third_order_distortion_is_a_third_of_the_squared_drive() -> None:
    drive = 0.05
    out = Vga(gain=2.0, saturation=0.4).output(np.array([drive * 0.4 / 2.0]))[0]
    assert 1.0 - out / (drive * 0.4) == pytest.approx(drive**2 / 3.0, rel=2e-3)


def test_without_saturation_it_is_a_factor() -> None:
    np.testing.assert_array_equal(Vga(gain=2.5).output(np.array([-1.0, 2.0])), [-2.5, 5.0])


@pytest.mark.parametrize("bad", [{"gain": 0.0}, {"gain": float("nan")}, {"saturation": -0.1}])
def test_amplifiers_that_are_none_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(SirfError, match="must be positive"):
        Vga(**bad)

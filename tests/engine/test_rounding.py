"""A converter's errors at the slicer, against noise that is drawn and filtered."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.engine.rounding import Rounding

TAPS = np.array([-0.2, 1.0, 0.3, -0.05])


def test_rounding_and_own_noise_pass_the_equaliser() -> None:
    made = Rounding(step=0.02, noise=0.004, taps=TAPS, main=1)
    rng = np.random.default_rng(1)
    errors = 0.02 * (rng.random(400_000) - 0.5) + 0.004 * rng.standard_normal(400_000)
    slicer = np.convolve(errors, TAPS, mode="valid")
    found = made.correlation(6)
    for lag in range(6):
        drawn = float(np.mean(slicer[: len(slicer) - lag] * slicer[lag:]))
        assert found[lag] == pytest.approx(drawn, abs=0.01 * found[0])
    assert found[4] == found[5] == 0.0
    assert made.own_noise == pytest.approx(0.004**2 * np.sum(TAPS**2))
    assert found[0] == pytest.approx((0.02**2 / 12.0 + 0.004**2) * np.sum(TAPS**2))
    # fewer lags than taps are cut, not folded
    np.testing.assert_allclose(made.correlation(2), found[:2])

"""The quick figure of merit of a receiver's taps against the full least squares."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.equalizer.constrained_taps import merits_of_taps, solve_taps
from sirf.equalizer.search_waves import circular_lags, pulse_columns
from sirf.presets import EqualizerLimits
from sirf.signal.toeplitz import symmetric_toeplitz


@pytest.mark.parametrize("dfe_max", [(), (0.85,), (0.02,), (0.02, 0.01)])
def test_merit_is_that_of_the_least_squares(dfe_max: tuple[float, ...]) -> None:
    """Free feedback, one tap and two at their limits, and none, at two phases."""
    rng, m = np.random.default_rng(8), 8
    wave = rng.normal(0.0, 0.1, 50 * m) * np.exp(-np.abs(np.arange(50 * m) - 165) / 40.0)
    wave[160:172] += 1.0
    limits = EqualizerLimits(rx_ffe_pre=3, rx_ffe_post=5, dfe_max=dfe_max, dfe_min=tuple(-tap for tap in dfe_max))
    extra = symmetric_toeplitz(np.array([1e-4 * 0.5**lag for lag in range(9)]))
    rest = (extra, 5 / 9, limits, 0.02, 1.0 / 3.0)
    instants = np.array([165, 170])
    exact = [solve_taps(pulse_columns(wave, k, m, limits), k // m, *rest) for k in instants.tolist()]
    if dfe_max[:1] == (0.02,):
        assert max(abs(np.array(exact[0][1])) / dfe_max) == pytest.approx(1.0)
    samples = np.stack([wave[k % m :: m] for k in instants])
    lags = np.stack([circular_lags(one, 9) for one in samples])
    quick = merits_of_taps(samples, lags, instants // m, np.tile(extra[0], (2, 1)), *rest[1:])
    assert quick == pytest.approx(np.array([one[2] for one in exact]), rel=1e-11)

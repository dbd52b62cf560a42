"""Bounded jitter of few data edges, and what a displacement hardly ever exceeds, in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.transmitter.jitter import BoundedJitter, Jitter, SinusoidalJitter

SYMBOL_RATE = 50e9


@pytest.mark.parametrize("fast", [0.3, 2.0])
def test_the_first_edge_is_like_any_other_where_few_bits_shape_it(fast: float) -> None:
    """A pole that hardly smooths the data leaves two values, far from the Gaussian from which the filter starts."""
    rate = 0.02 * SYMBOL_RATE
    jitter = BoundedJitter(amplitude_ui=0.1, rate=rate, corner=fast * rate)
    drawn = jitter.draw(np.random.default_rng(5), 600, symbol_rate=SYMBOL_RATE, rows=20_000)
    moments = [np.mean((drawn[:, at] / 0.1) ** power) for at in (0, -1) for power in (2, 4)]
    assert moments[0] == pytest.approx(moments[2], abs=0.012)
    assert moments[1] == pytest.approx(moments[3], abs=0.012)
    assert moments[0] == pytest.approx(jitter.variance / 0.01, abs=0.012)


def test_the_largest_displacement_adds_all_peaks_and_six_rms() -> None:
    jitter = Jitter(
        random_ui=0.01,
        dual_dirac_ui=0.02,
        duty_cycle_ui=0.03,
        even_odd_ui=0.05,
        sinusoidal=(
            SinusoidalJitter(amplitude_ui=0.04, frequency=1e6),
            SinusoidalJitter(amplitude_ui=0.01, frequency=9e6),
        ),
        bounded=(
            BoundedJitter(amplitude_ui=0.06, rate=1e9, corner=1e8),
            BoundedJitter(amplitude_ui=0.02, rate=2e9, corner=1e8),
        ),
    )
    peaks = 0.02 + 0.015 + 0.025 + 0.04 + 0.01 + 0.06 + 0.02
    assert jitter.largest(symbol_rate=SYMBOL_RATE) == pytest.approx(peaks + 6.0 * 0.01)

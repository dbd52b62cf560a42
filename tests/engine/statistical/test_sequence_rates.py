"""Error ratios of a sequence detector against the sum over events written out, in Gaussian interference."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from sirf.engine.statistical.sequence_rates import MAX_EVENT_SYMBOLS, check_memory, sequence_rates
from sirf.errors import SirfError
from sirf.receiver.mlse import Mlse
from sirf.results.interference_distribution import Interference

Float = NDArray[np.float64]
SIGMA, MAIN = 0.02, 0.3


def gaussian(levels: int) -> Interference:
    volts = np.linspace(0.0, 0.6, 6001)
    log_tail = np.tile(norm.logsf(volts / SIGMA), (levels, 1))
    return Interference(volts, np.maximum(log_tail, -92.0), np.tile(norm.pdf(volts / SIGMA) / SIGMA, (levels, 1)))


def by_hand(levels: int, alpha: float, correlation: Float, size: float) -> tuple[float, float]:
    """(error ratio, mean burst): events of j alternating errors, the signal of each and the power of the noise along it."""
    half = size * MAIN / (levels - 1)
    inner, total, symbols = (levels - 1) / levels, 0.0, 0.0
    for j in range(1, MAX_EVENT_SYMBOLS + 1):
        event = np.zeros(j + 1)
        for k in range(j):
            event[k] += (-1.0) ** k
            event[k + 1] += alpha * (-1.0) ** k
        noise = sum(
            event[a] * event[b] * (correlation[abs(a - b)] if abs(a - b) < correlation.size else 0.0)
            for a in range(j + 1)
            for b in range(max(a - correlation.size + 1, 0), min(a + correlation.size, j + 1))
        )
        share = inner ** (j - 1) * norm.sf(half * float(event @ event) / np.sqrt(noise) / SIGMA)
        total += share
        symbols += j * share
    return total, symbols / total


@pytest.mark.parametrize("levels", [2, 4])
@pytest.mark.parametrize(("alpha", "second"), [(0.0, 0.0), (0.4, 0.0), (0.8, 0.3), (0.7, -0.2)])
def test_the_ratio_is_the_sum_over_error_events(levels: int, alpha: float, second: float) -> None:
    """With coloured noise too; the size keeps the ratio where no sum passes one."""
    values = np.linspace(-1.0, 1.0, levels)
    size = {2: 0.2, 4: 0.6}[levels]
    covariance = SIGMA**2 * np.array([1.0, second])
    found = sequence_rates(gaussian(levels), size * values, MAIN, alpha, covariance)
    ser, burst = by_hand(levels, alpha, covariance / SIGMA**2, size)
    assert found.ser == pytest.approx(ser, rel=1e-3)
    assert found.mean_burst == pytest.approx(burst, rel=1e-3)
    # a symbol off by one level costs one Gray bit
    assert found.ber == pytest.approx(found.ser / np.log2(levels), rel=1e-12)
    assert found.detector_error_ratio == found.ser


def test_a_long_event_gains_the_second_tap() -> None:
    """Of alternating errors through 1 + D only both ends are left: the target of one tap has no such distance."""
    values = 0.6 * np.linspace(-1.0, 1.0, 4)
    covariance = SIGMA**2 * np.array([1.0])
    alone = sequence_rates(gaussian(4), values, MAIN, 0.0, covariance)
    both = sequence_rates(gaussian(4), values, MAIN, 0.9, covariance)
    assert both.mean_burst > alone.mean_burst
    assert both.ser < alone.ser


def test_what_never_errs_has_a_ratio_of_zero_and_bursts_of_one() -> None:
    volts = np.linspace(0.0, 0.1, 11)
    nothing = Interference(volts, np.full((4, 11), -np.inf), np.zeros((4, 11)))
    found = sequence_rates(nothing, np.linspace(-1.0, 1.0, 4), 1.0, 0.5, np.array([1e-4]))
    assert (found.ser, found.ber, found.mean_burst) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize("detector", [Mlse(memory=2), Mlse(memory=1, subsets=(2,))])
def test_other_detectors_are_refused(detector: Mlse) -> None:
    with pytest.raises(SirfError, match="must have a memory of 1 and all 4 states"):
        check_memory(detector, 4)


def test_a_detector_with_all_states_by_name_is_the_usual_one() -> None:
    check_memory(Mlse(memory=1, subsets=(4,)), 4)

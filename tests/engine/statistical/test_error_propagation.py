"""Decision feedback with real errors against the Markov-chain closed forms of one-tap channels."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numba import njit
from scipy.special import erfc

import sirf
from sirf.engine.edge_response import EdgeResponse
from sirf.engine.statistical.conditional_interference import AfterError, mean_beyond
from sirf.engine.statistical.edge_jitter import Displacement
from sirf.engine.statistical.error_propagation import MEMORY, with_feedback, without_feedback
from sirf.engine.statistical.tilted_contour import TiltedContour
from sirf.engine.statistical.tilted_inversion import interference
from sirf.results.interference_distribution import Interference
from sirf.results.statistical_eye import ErrorRates
from sirf.signal.pam import levels
from sirf.transmitter.jitter import Jitter
from sirf.transmitter.transmitter import NO_JITTER


def gaussian_only(order: int, sigma: float) -> Interference:
    line = TiltedContour.of(np.zeros(1), sigma**2, levels(order))
    still = Displacement.of(Jitter(), ffe=(1.0,), ffe_main=0, levels=levels(order), symbol_rate=1e10, edges=np.zeros(3))
    return interference(np.array([0.0, 1.0, 0.0]), 1, EdgeResponse.expansion(np.zeros(3), np.zeros(3)), still,
                        levels(order), np.ones(line.size, dtype=complex), line)  # fmt: skip


def q(x: float) -> float:
    return float(0.5 * erfc(x / np.sqrt(2.0)))


def runs_of_errors(rates: ErrorRates, longest: int) -> np.ndarray:
    """Share of runs of 1, 2 … `longest` wrong symbols, by steps of the chain that `error_probabilities` describe."""
    down, up = rates.error_probabilities or (np.zeros(1), np.zeros(1))
    size = len(down)
    # a state is its last errors + 1 as digits, the newest first
    after = [error * (size // 3) + np.arange(size) // 3 for error in range(3)]

    def stepped(weight: np.ndarray, errors: tuple[int, ...]) -> np.ndarray:
        chance = (down, 1.0 - up - down, up)
        return sum((np.bincount(after[e], weight * chance[e], size) for e in errors), np.zeros(size))

    usual = np.full(size, 1.0 / size)
    for _ in range(400):
        usual = stepped(usual, (0, 1, 2))
    now = stepped(np.where(np.arange(size) // (size // 3) == 1, usual, 0.0), (0, 2))
    at_least = []
    for _ in range(longest + 1):
        at_least.append(now.sum())
        now = stepped(now, (0, 2))
    return np.asarray(-np.diff(at_least) / at_least[0])


def test_a_closed_eye_has_an_error_ratio() -> None:
    """Sampled half a UI early with feedback for another instant, most symbols are wrong: no less than none, no more than all."""
    link = sirf.Link(sirf.paths.pluggable(length="200 mm").to_channel(), standard="802.3ck-c2m", samples_per_ui=16)
    receiver = link.receiver.replace(dfe=(0.102, -0.051, -0.032, 0.005), sampling_offset_ui=-0.5)
    eye = sirf.statistical_eye(link.replace(receiver=receiver), phases=1)
    assert 0.3 < eye.ser < 0.9
    assert 0.2 < eye.ber < eye.ser


def test_nrz_one_tap_dfe_has_the_closed_form_error_ratio_and_burst() -> None:
    b, sigma = 0.6, 0.5
    p, stay = q(1 / sigma), 0.5 * (q((1 - 2 * b) / sigma) + q((1 + 2 * b) / sigma))
    rates = with_feedback(gaussian_only(2, sigma), levels(2), 1.0, (b,))
    assert rates.ber == pytest.approx(p / (1 + p - stay), rel=1e-3)
    assert rates.ber == pytest.approx(3.273e-2, rel=1e-3)
    assert rates.mean_burst == pytest.approx(1.4875, rel=1e-3)


def test_nrz_runs_of_wrong_symbols_are_geometric() -> None:
    b, sigma = 0.6, 0.5
    stay = 0.5 * (q((1 - 2 * b) / sigma) + q((1 + 2 * b) / sigma))
    found = runs_of_errors(with_feedback(gaussian_only(2, sigma), levels(2), 1.0, (b,)), 64)
    assert found.sum() == pytest.approx(1.0)
    assert found[:8] == pytest.approx((1 - stay) * stay ** np.arange(8), rel=5e-3)


def test_pam4_one_tap_dfe_has_the_published_symbol_error_ratio() -> None:
    rates = with_feedback(gaussian_only(4, 0.12), levels(4), 1.0, (0.6,))
    assert rates.ser == pytest.approx(8.714e-3, rel=5e-3)


@pytest.mark.parametrize("x", [2.5, 4.0, 6.0, 7.5])
def test_gray_pam4_error_ratios_without_feedback_are_the_closed_forms(x: float) -> None:
    rates = without_feedback(gaussian_only(4, 1 / (3 * x)), levels(4), 1.0)
    assert rates.ser == pytest.approx(1.5 * q(x), rel=1e-3)
    assert rates.ber == pytest.approx(0.75 * q(x) + 0.5 * q(3 * x) - 0.25 * q(5 * x), rel=1e-3)


@pytest.mark.parametrize(
    ("order", "sigma", "rho", "dfe"),
    [(2, 0.4, -0.3, (0.5,)), (4, 0.12, -0.45, (0.2,)), (4, 0.12, 0.4, (0.45, -0.1)), (4, 0.11, -0.35, (0.4, 0.15))],
)
def test_coloured_noise_groups_errors_as_counted(order: int, sigma: float, rho: float, dfe: tuple[float, ...]) -> None:
    """Noise with the correlation rho one symbol later, against a loop over symbols: errors, and how many stand alone."""
    told = sigma * float(mean_beyond(np.asarray(1.0 / (order - 1) / sigma))) * rho
    nothing = np.zeros((MEMORY, order))
    after = AfterError(sigma**2, np.array([told, *[0.0] * (MEMORY - 1)]), nothing, nothing, nothing)
    found = with_feedback(gaussian_only(order, sigma), levels(order), 1.0, dfe, after=after)
    rng = np.random.default_rng(5)
    white = rng.standard_normal(6_000_001)
    # a moving average of two has the correlation rho at lag 1 and none beyond
    ratio = (1.0 - np.sqrt(1.0 - 4.0 * rho**2)) / (2.0 * rho)
    noise = sigma * (white[1:] + ratio * white[:-1]) / np.sqrt(1.0 + ratio**2)
    wrong = _decide(levels(order)[rng.integers(order, size=len(noise))], noise, np.array(dfe), levels(order))
    ser = np.count_nonzero(wrong) / len(wrong)
    alone = np.count_nonzero(wrong[1:-1] & ~wrong[:-2] & ~wrong[2:]) / np.count_nonzero(wrong[1:] & ~wrong[:-1])
    # 24,000 errors and more, in bursts; with eight times as many the largest difference is 0.3 %
    assert found.ser == pytest.approx(ser, rel=0.02)
    assert runs_of_errors(found, 1)[0] == pytest.approx(alone, abs=0.01)


@njit
def _decide(sent: np.ndarray, noise: np.ndarray, dfe: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Which decisions of a slicer with feedback are wrong."""
    error = np.zeros(len(sent))
    for k in range(len(dfe), len(sent)):
        value = sent[k] + noise[k]
        for j in range(len(dfe)):
            value -= dfe[j] * error[k - 1 - j]
        error[k] = level[np.argmin(np.abs(level - value))] - sent[k]
    return np.abs(error) > 1e-9


@pytest.mark.parametrize(("sigma", "b"), [(0.3, 0.6), (0.9, 0.9), (20.0, 1.0)])
def test_errors_fed_back_by_one_tap_settle_at_the_closed_form_however_often_they_follow(sigma: float, b: float) -> None:
    """From rare errors to those that hardly end."""
    p, stay = q(1 / sigma), 0.5 * (q((1 - 2 * b) / sigma) + q((1 + 2 * b) / sigma))
    rates = with_feedback(gaussian_only(2, sigma), levels(2), 1.0, (b,))
    assert rates.ser == pytest.approx(p / (1 + p - stay), rel=2e-3)


def test_a_link_without_errors_to_speak_of_has_none_to_propagate() -> None:
    """Below what rounding leaves of a tail nothing says what an error would lead to."""
    link = sirf.Link(
        sirf.paths.cpo(length="5 mm", rate_class="100g").to_channel(), standard="802.3ck-c2m", samples_per_ui=16
    ).optimized()
    still = dataclasses.replace(link.transmitter, snr_db=60.0, jitter=NO_JITTER)
    quiet = dataclasses.replace(link.receiver, noise_density=1e-3 * link.receiver.noise_density)
    found = sirf.statistical_eye(link.replace(transmitter=still, receiver=quiet), phases=1)
    assert found.ber < 1e-15
    assert found.rates.mean_burst == 1.0

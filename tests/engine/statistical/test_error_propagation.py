"""Decision feedback with real errors against the Markov-chain closed forms of one-tap channels."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.special import erfc

import sirf
from sirf.engine.edge_response import EdgeResponse
from sirf.engine.statistical.edge_jitter import Displacement
from sirf.engine.statistical.error_propagation import MEMORY, AfterError, with_feedback, without_feedback
from sirf.engine.statistical.tilted_inversion import TiltedContour, interference
from sirf.results.interference_distribution import Interference
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
    found = np.array(with_feedback(gaussian_only(2, sigma), levels(2), 1.0, (b,)).run_lengths)
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


def test_an_error_that_tells_of_the_next_level_and_noise_changes_the_burst() -> None:
    """Two levels, one tap: after an error up, the next interference is Gaussian about -rho x its mean, and no level leans."""
    b, sigma, rho = 0.5, 0.4, -0.3
    covariance = sigma**2 * np.array([1.0, rho, 0.0, 0.0, 0.0, 0.0])
    plain = with_feedback(gaussian_only(2, sigma), levels(2), 1.0, (b,))
    tied = with_feedback(gaussian_only(2, sigma), levels(2), 1.0, (b,), after=AfterError(covariance, np.zeros(MEMORY)))
    rng = np.random.default_rng(4)
    white = rng.standard_normal(4_000_000)
    # a moving average of two has the correlation rho at lag 1 and none beyond
    ratio = (1.0 - np.sqrt(1.0 - 4.0 * rho**2)) / (2.0 * rho)
    noise = sigma * (white[1:] + ratio * white[:-1]) / np.sqrt(1.0 + ratio**2)
    sent = rng.choice([-1.0, 1.0], len(noise))
    wrong = _count_one_tap(sent, noise, b)
    assert tied.ber > 1.1 * plain.ber
    assert tied.ber == pytest.approx(wrong / len(sent), rel=0.05)


def _count_one_tap(sent: np.ndarray, noise: np.ndarray, b: float) -> int:
    """Errors of a one-tap feedback detector, run by run: without a past error the decision needs the noise alone."""
    alone = np.flatnonzero(sent * (sent + noise) < 0)
    errors, last = 0, -1
    for start in alone.tolist():
        if start <= last:
            continue
        k, decided = start, -sent[start]
        errors += 1
        while k + 1 < len(sent):
            value = sent[k + 1] + noise[k + 1] + b * (sent[k] - decided)
            k, decided = k + 1, 1.0 if value > 0 else -1.0
            if decided == sent[k]:
                break
            errors += 1
        last = k
    return errors


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

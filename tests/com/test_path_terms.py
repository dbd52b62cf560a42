"""Terms of paths that the search of Annex 178A weighs: each against the pulse itself, weighted first and then taken apart."""

from __future__ import annotations

import numpy as np
import pytest

from sirf._arrays import Float
from sirf.com.path_terms import PathTerms, path_terms, phase_rows, term_weights

M, LAGS = 4, 6


@pytest.fixture(scope="module")
def parts() -> Float:
    """Four pulses of 10 UI and a sample, so that phases differ in length."""
    return np.random.default_rng(5).standard_normal((4, 10 * M + 1))


@pytest.fixture(scope="module")
def terms(parts: Float) -> PathTerms:
    return path_terms(parts, M, LAGS)


@pytest.fixture(scope="module")
def weights() -> Float:
    return np.array([0.7, -1.3, 0.4, 2.1])


def correlation(row: Float, lag: int) -> float:
    return float(sum(row[k] * row[k + lag] for k in range(len(row) - lag)))


def test_products_of_two_weights_count_for_both_orders(weights: Float) -> None:
    """The sum of all ten is the square of the sum of four."""
    assert term_weights(weights).sum() == pytest.approx(weights.sum() ** 2)
    assert len(term_weights(weights)) == 10


def test_autocorrelations_are_those_of_the_weighted_pulse(parts: Float, terms: PathTerms, weights: Float) -> None:
    found = terms.correlation(term_weights(weights))
    pulse = weights @ parts
    assert found.shape == (M, LAGS)
    for phase in range(M):
        expected = [correlation(pulse[phase::M], lag) for lag in range(LAGS)]
        assert found[phase] == pytest.approx(expected, abs=1e-9)


def test_power_spectra_are_those_of_the_weighted_pulse(parts: Float, terms: PathTerms, weights: Float) -> None:
    """At bin n of 512 the sum of samples turned by exp(-2 pi j n k / 512), squared."""
    found = terms.spectrum(term_weights(weights))
    row = (weights @ parts)[1::M]
    for index in (0, 1, 100, 256):
        turned = np.sum(row * np.exp(-2j * np.pi * index * np.arange(len(row)) / 512))
        assert found[1, index] == pytest.approx(abs(turned) ** 2, rel=1e-4, abs=1e-3)


def test_the_strongest_phase_has_the_most_power(parts: Float, terms: PathTerms, weights: Float) -> None:
    pulse = weights @ parts
    powers = [float(np.sum(pulse[phase::M] ** 2)) for phase in range(M)]
    best = int(np.argmax(powers))
    autocorrelation, spectrum = terms.strongest(term_weights(weights))
    assert autocorrelation[0] == pytest.approx(max(powers))
    assert autocorrelation[2] == pytest.approx(correlation(pulse[best::M], 2), abs=1e-9)
    assert spectrum[0] == pytest.approx(float(pulse[best::M].sum()) ** 2, rel=1e-4, abs=1e-3)


def test_rows_by_phase_lose_their_own_last_samples() -> None:
    """Nine samples at four a UI: the first phase has three, the others two; `drop` takes the last of each."""
    pulse = np.arange(1.0, 10.0)
    assert phase_rows(pulse, 4).tolist() == [[1, 5, 9], [2, 6, 0], [3, 7, 0], [4, 8, 0]]
    assert phase_rows(pulse, 4, drop=1).tolist() == [[1, 5, 0], [2, 0, 0], [3, 0, 0], [4, 0, 0]]
    assert not phase_rows(pulse, 4, drop=5).any()


def test_a_long_pulse_does_not_fold_onto_itself() -> None:
    """600 UI on a circle of 512: autocorrelations are still those of the line, spectra still on 512 points."""
    parts = np.random.default_rng(6).standard_normal((4, 600))
    found = path_terms(parts, 1, LAGS)
    first = found.correlation(term_weights(np.array([1.0, 0.0, 0.0, 0.0])))
    assert first[0] == pytest.approx([correlation(parts[0], lag) for lag in range(LAGS)], abs=1e-8)
    assert found.spectra.shape[2] == 257
    turned = np.sum(parts[0] * np.exp(-2j * np.pi * 100 * np.arange(600) / 512))
    assert found.spectra[0, 0, 100] == pytest.approx(abs(turned) ** 2, rel=1e-4)

"""The distribution of a sampled signal against enumeration of all symbol sequences."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sirf.channel.figures.quantized import sampled_signal_pdf


@pytest.mark.parametrize("levels", [2, 4])
def test_probabilities_are_those_of_all_sequences(levels: int) -> None:
    samples = np.array([0.6, -0.3, 0.12, 0.001])
    value, probability = sampled_signal_pdf(samples, levels=levels, bin_size=0.005)
    expected: dict[int, float] = {}
    for symbols in itertools.product(np.linspace(-1, 1, levels), repeat=3):
        total = sum(
            int(np.sign(a) * np.floor(abs(a * x) / 0.005 + 0.5)) for a, x in zip(symbols, samples, strict=False)
        )
        expected[total] = expected.get(total, 0.0) + levels**-3
    found = {round(v / 0.005): p for v, p in zip(value, probability, strict=True) if p > 0}
    assert found == pytest.approx(expected)


def test_variance_is_that_of_the_symbols() -> None:
    samples = np.random.default_rng(1).normal(size=60) * 0.01
    value, probability = sampled_signal_pdf(samples, levels=4, bin_size=1e-6)
    assert np.sum(probability) == pytest.approx(1.0)
    assert np.sum(probability * value**2) == pytest.approx(np.sum(samples**2) * 5 / 9, rel=1e-3)


def test_nothing_is_a_single_bin_at_zero() -> None:
    value, probability = sampled_signal_pdf(np.zeros(5), levels=4, bin_size=1e-4)
    assert value.tolist() == [0.0]
    assert probability.tolist() == [1.0]

"""Converter noise: a real converter on random symbols, and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from sirf.com.quantization import quantization_noise
from sirf.errors import SirfError


def test_gaussian_input_clips_where_the_normal_law_says() -> None:
    sigma, clip, bits = 0.05, 1e-4, 6
    full_scale = -sigma * ndtri(clip / 2)
    expected = (2 * full_scale / 2**bits) ** 2 / 12
    assert quantization_noise(np.zeros(3), sigma, levels=4, bits=bits, clip_probability=clip) == pytest.approx(expected)


def test_a_converter_on_random_symbols_makes_this_noise() -> None:
    rng = np.random.default_rng(3)
    response = np.array([0.01, -0.03, 0.1, 0.05, 0.02, 0.008, -0.004, 0.003])
    sigma, bits, clip = 0.004, 6, 1e-3
    variance = quantization_noise(response, sigma, levels=4, bits=bits, clip_probability=clip)
    symbols = rng.choice(np.linspace(-1, 1, 4), size=1_000_000)
    received = np.convolve(symbols, response)[8:-8] + sigma * rng.standard_normal(symbols.size - 9)
    step = np.sqrt(12 * variance)
    full_scale = step * 2**bits / 2
    assert np.mean(np.abs(received) > full_scale) == pytest.approx(
        clip, rel=0.15
    )  # five cursors exact, the rest Gaussian
    kept = received[np.abs(received) < full_scale]
    rounded = (np.floor(kept / step) + 0.5) * step
    assert np.var(rounded - kept) == pytest.approx(variance, rel=0.01)


@pytest.mark.parametrize(("bits", "clip"), [(0.5, 1e-3), (6, 0.0), (6, 0.7)])
def test_bad_converters_are_refused(bits: float, clip: float) -> None:
    with pytest.raises(SirfError, match="N_qb and P_qc"):
        quantization_noise(np.ones(3), 0.1, levels=4, bits=bits, clip_probability=clip)

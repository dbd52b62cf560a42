"""Products of spectra folded to one sample a symbol, against whole transforms of NumPy and every symbol's sample of them."""

from __future__ import annotations

import numpy as np
import pytest

from sirf._kernels.folded_products import fold_products


@pytest.mark.parametrize(("symbols", "per_ui"), [(8, 2), (12, 4), (64, 8)])
@pytest.mark.parametrize(("kind", "bound"), [("float64", 1e-14), ("float32", 1e-6)])
def test_one_phase_is_that_of_the_whole_product(symbols: int, per_ui: int, kind: str, bound: float) -> None:
    rng, size = np.random.default_rng(4), symbols * per_ui
    waves, responses = rng.standard_normal((3, size)), rng.standard_normal((2, size))
    # the last row of the spectra is not asked for, one shape twice
    places = np.array([[1, 0, 1], [0, 1, 1]])
    whole = np.fft.irfft(np.fft.rfft(waves[places[0]]) * np.fft.rfft(responses[places[1]]), size)
    spectra, shapes = (
        np.ascontiguousarray(np.fft.rfft(each), dtype=np.result_type(kind, np.complex64)).view(kind)
        for each in (waves, responses)
    )
    for sample in range(per_ui):
        angles = 2.0 * np.pi * sample / per_ui * np.arange(per_ui // 2 + 1)
        turns = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(kind) / per_ui
        out = np.full((3, symbols + 2), np.nan, dtype=kind)
        fold_products(spectra, shapes, places, turns, out)
        lines = out.view(np.result_type(kind, np.complex64))
        turned = lines * np.exp(2j * np.pi * sample / size * np.arange(symbols // 2 + 1))
        expected = whole[:, sample::per_ui]
        assert np.fft.irfft(turned, symbols) == pytest.approx(expected, abs=bound * np.abs(expected).max())

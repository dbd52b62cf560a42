"""The page of independent checks: each figure on it is computed again and held to what the page prints."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import erfc

from sirf import optics
from sirf._data import data_root
from sirf.optics.eye_closure import IDEAL, tdecq
from sirf.units import C0

RATE, SAMPLES_PER_UI = 106.25e9, 16


def page() -> str:
    file = data_root().parent / "docs" / "theory" / "checks.md"
    if not file.is_file():
        pytest.skip("the documentation is in a checkout only")
    return file.read_text(encoding="utf-8")


def test_tdecq_of_uneven_levels_at_106_gbd() -> None:
    sent = np.random.default_rng(1).permutation(np.repeat(np.arange(4), 512))
    levels = np.array([0.0, 0.36e-3, 0.84e-3, 1.2e-3])
    wave = np.repeat(levels[sent], SAMPLES_PER_UI)
    found = tdecq(wave, sent, symbol_rate=RATE, samples_per_ui=SAMPLES_PER_UI, receiver=IDEAL)

    def excess(sigma: float) -> float:
        # levels and thresholds at a third of the OMA about the mean: distances 0.2, 0.16 and 0.24 mW, two levels each
        tails = (0.5 * erfc(distance / (np.sqrt(2.0) * sigma)) for distance in (0.2e-3, 0.16e-3, 0.24e-3))
        return float(0.5 * sum(tails)) - IDEAL.target_ser

    reference = 10.0 * np.log10(1.2e-3 / (6.0 * IDEAL.q_t * brentq(excess, 1e-6, 1e-3)))
    assert found.db == pytest.approx(reference, abs=5e-5)
    assert f"{found.db:.5f} dB | {reference:.5f} dB" in page()


@pytest.mark.parametrize(
    ("length", "dispersion", "wavelength"), [(10e3, -1.9, 1310e-9), (2e3, 17.0, 1550e-9), (2e3, 1.6, 1310e-9)]
)
def test_dispersion_at_half_of_106_gbd(length: float, dispersion: float, wavelength: float) -> None:
    """Intensity of a small tone at 53.125 GHz: abs(cos(pi lambda² D L f² / c))."""
    count, rate = 1 << 14, SAMPLES_PER_UI * RATE
    cycles = round(0.5 * RATE * count / rate)
    tone = cycles * rate / count
    light = 1e-3 * (1.0 + 0.01 * np.cos(2.0 * np.pi * cycles * np.arange(count) / count))
    fibre = optics.Fibre(length, dispersion=dispersion, wavelength=wavelength)
    behind = fibre.propagate(light, rate)
    seen = 2.0 * abs(np.fft.rfft(behind / behind.mean())[cycles]) / count / 0.01
    reference = abs(np.cos(np.pi * wavelength**2 * dispersion * 1e-6 * length * tone**2 / C0))
    assert 20.0 * np.log10(seen / reference) == pytest.approx(0.0, abs=1e-4)
    assert f"{seen:.5f} | {reference:.5f}" in page()


def test_multipath_counts_both_ends_of_the_fibre() -> None:
    preset = optics.load_optics("cpo-silicon-ring")
    static = preset.path.transmitted(preset.swing * np.linspace(-1.0, 1.0, 4))
    extinction = optics.extinction_ratio_db(float(static.max()), float(static.min()))
    without = dataclasses.replace(preset.path, end_reflectance_db=(-np.inf, -np.inf))
    penalties = [one.interference.penalty_db(extinction_db=extinction) for one in (preset.path, without)]
    assert penalties[0] == pytest.approx(0.316, abs=1e-3)
    assert penalties[1] == pytest.approx(0.0143, abs=2e-4)
    # at the least extinction ratio of 802.3's DR classes
    assert preset.path.interference.penalty_db(extinction_db=3.5) == pytest.approx(0.37, abs=0.01)
    assert f"{penalties[0]:.3f} dB | 0.32 dB" in page()
    assert f"{penalties[1]:.4f} dB | 0.014 dB" in page()

"""Pulses, sigmas and distributions against the reference code's intermediates; distributions against closed forms."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm

from sirf._kernels.com_distribution import delta_variance
from sirf.com.chip_to_module import EyeSearch, eye_of, window_weights
from sirf.com.config.settings import ChipToModuleSettings
from sirf.com.distribution import crest_factor, gaussian, symbols
from sirf.com.filters import ctle_transfer, equalized_impulse
from sirf.com.interference import (
    Equalized,
    InterferenceAndNoise,
    equalize,
    interference_and_noise,
    strongest_phase,
    whole_ui,
)
from sirf.com.search import CaseSearch
from sirf.signal.filters import raised_cosine
from tests.com.golden import SAMPLED, Case, case_of, searched, waveforms
from tests.com.small import small_settings

CHIP_TO_MODULE = ("c2m/c2m_16db/through/case1", "c2m/c2m_16db/through/case2")


@cache
def at_the_best(reference: Path, key: str) -> tuple[Case, Equalized, InterferenceAndNoise, float]:
    """Pulses and noise where the reference's search ends, and the figure of merit there."""
    case = case_of(reference, key)
    search, choice = searched(reference, key)
    ctle, taps = case.settings.receiver.ctle, search.grid.taps[choice.row]
    gains = (ctle.g_dc_db[choice.g_dc], ctle.g_dc2_db[choice.g_dc2])
    equalized = equalize(
        case.paths, case.settings, gains=gains, taps=taps, offsets=search.grid.offsets, cursor=choice.cursor
    )
    sigma_n = float(np.sqrt(search.noise[search.gains.index((choice.g_dc, choice.g_dc2))]))
    noise = interference_and_noise(equalized, case.settings, sigma_n=sigma_n, main_tap=float(taps[search.grid.main]))
    return case, equalized, noise, choice.fom_db


@pytest.mark.parametrize("key", [SAMPLED[0], CHIP_TO_MODULE[0]])
def test_the_pulse_of_the_search_is_that_of_the_filters(reference_dir: Path, key: str) -> None:
    """A weighted sum of four pulses through parts of the CTLE, instead of the impulse response through its two stages."""
    case, equalized, _, _ = at_the_best(reference_dir, key)
    search, choice = searched(reference_dir, key)
    ctle, gains = case.settings.receiver.ctle, (choice.g_dc, choice.g_dc2)
    again = equalize(
        case.paths, case.settings, gains=(ctle.g_dc_db[gains[0]], ctle.g_dc2_db[gains[1]]),
        taps=search.grid.taps[choice.row], offsets=search.grid.offsets, cursor=choice.cursor,
        through=search.pulse(search.gains.index(gains)),
    )  # fmt: skip
    peak = float(np.max(equalized.through))
    np.testing.assert_allclose(again.through, equalized.through, rtol=0.0, atol=1e-13 * peak)
    assert all(np.array_equal(one, other) for one, other in zip(again.aggressors, equalized.aggressors, strict=True))


@pytest.mark.parametrize("key", SAMPLED)
def test_every_intermediate_of_the_reference_code(reference_dir: Path, key: str) -> None:
    """Golden: COM to 1e-9 dB, pulses and distribution to 1e-12 of their peaks, every sigma to 1e-9, DFE taps to 1e-10."""
    case, equalized, noise, _ = at_the_best(reference_dir, key)
    result, der0 = case.result, case.settings.der0
    com = 20 * np.log10(noise.signal / noise.total.magnitude_at(der0))
    assert com == pytest.approx(result["com_db"], abs=1e-9)
    assert equalized.feedback.taps == pytest.approx(result["dfe_taps"], abs=1e-10)
    assert noise.isi.magnitude_at(der0) == pytest.approx(result["isi_at_der0_mv"] / 1e3, abs=1e-9)
    assert noise.interference.magnitude_at(der0) == pytest.approx(result["isi_xtalk_at_der0_mv"] / 1e3, abs=1e-9)
    ours = {
        "sigma_dd_v": noise.dual_dirac.sigma,
        "sigma_gaussian_v": noise.sigma_g,
        "sigma_rj_v": noise.sigma_rj,
        "sigma_n_v": noise.sigma_n,
        "sigma_tx_v": noise.sigma_tx,
        "sigma_isi_v": noise.isi.sigma,
        "sigma_xt_v": noise.crosstalk.sigma,
    }
    for name, value in ours.items():
        assert value == pytest.approx(result[name], rel=1e-9, abs=1e-15), name
    golden = waveforms(reference_dir, key)
    assert equalized.through.shape == golden["sbr"].shape
    assert np.max(np.abs(equalized.through - golden["sbr"])) < 1e-12 * golden["sbr"].max()
    if "pdf_y" in golden:
        assert noise.total.x == pytest.approx(golden["pdf_x"], abs=1e-9)
        assert np.max(np.abs(noise.total.y - golden["pdf_y"])) < 1e-12 * golden["pdf_y"].max()


@pytest.mark.parametrize("key", CHIP_TO_MODULE)
def test_chip_to_module_eye_of_the_reference_code(reference_dir: Path, key: str) -> None:
    case, equalized, noise, fom = at_the_best(reference_dir, key)
    assert case.settings.c2m is not None
    eye = eye_of(
        equalized.through,
        equalized.cursor,
        case.settings,
        case.settings.c2m,
        sigma_n=noise.sigma_n,
        sigma_tx=noise.sigma_tx,
        crosstalk=noise.crosstalk,
    )
    assert fom == pytest.approx(case.result["fom_db"], abs=1e-9)
    assert eye.closure_db == pytest.approx(case.result["vec_db"], abs=1e-9)
    assert eye.height * 1e3 == pytest.approx(case.result["veo_mv"], abs=1e-9)
    assert equalized.feedback.taps == pytest.approx(case.result["dfe_taps"], abs=1e-10)


def test_pruning_never_changes_the_chip_to_module_answer(reference_dir: Path) -> None:
    case = case_of(reference_dir, CHIP_TO_MODULE[0])
    assert case.settings.c2m is not None
    search = EyeSearch(CaseSearch(case.paths, case.settings), case.settings.c2m)
    exhaustive, pruned = search.full(prune=False), search.full()
    assert exhaustive is not None
    assert pruned is not None
    assert pruned.evaluated < exhaustive.evaluated
    assert (pruned.fom_db, pruned.row, pruned.g_dc, pruned.g_dc2) == (
        exhaustive.fom_db, exhaustive.row, exhaustive.g_dc, exhaustive.g_dc2,
    )  # fmt: skip


def test_the_whole_window_is_no_more_open_than_its_parts(reference_dir: Path) -> None:
    """Without edges in the window's weights the eye of one instant, by a convolution of its own, is what is left."""
    case, equalized, noise, _ = at_the_best(reference_dir, CHIP_TO_MODULE[0])
    assert case.settings.c2m is not None
    alone = eye_of(
        equalized.through, equalized.cursor, case.settings, case.settings.c2m,
        sigma_n=noise.sigma_n, sigma_tx=noise.sigma_tx, weights=np.ones(1),
    )  # fmt: skip
    by_com = noise.signal - noise.total.magnitude_at(case.settings.der0)
    # h_J is taken over 1/100 UI here and over 1/32 UI there, and both edges fall on bins
    assert alone.height / 2 == pytest.approx(by_com, abs=0.02 * noise.signal)
    assert alone.signal == pytest.approx(noise.signal)


def test_ctle_in_time_is_the_ctle_in_frequency_below_the_sample_rate() -> None:
    ctle = small_settings().receiver.ctle
    rate = 53.125e9 * 32
    impulse = np.zeros(2**17)
    impulse[0] = 1.0
    spectrum = np.fft.rfft(equalized_impulse(impulse, ctle, -6.0, -2.0, rate))
    f = np.fft.rfftfreq(impulse.size, 1 / rate)
    low = f < 40e9
    warped = rate / np.pi * np.tan(np.pi * f[low] / rate)  # the bilinear transform's frequency axis
    assert np.max(np.abs(spectrum[low] - ctle_transfer(warped, ctle, -6.0, -2.0))) < 1e-6


def test_raised_cosine_is_one_half_midway() -> None:
    f = np.array([0.0, 10e9, 15e9, 20e9, 30e9])
    assert raised_cosine(f, 10e9, 20e9) == pytest.approx([1, 1, 0.5, 0, 0], abs=1e-15)


@given(st.lists(st.floats(0.002, 0.1), min_size=1, max_size=5), st.sampled_from([2, 4]))
@rules(max_examples=40, deadline=None)
def test_symbols_enumerate_all_combinations(values: list[float], levels: int) -> None:
    """Against the sum of every combination of symbols, each on its bin."""
    bin_size = 1e-3
    density = symbols(np.array(values), levels, bin_size)
    steps = np.linspace(-1, 1, levels)
    bins = [np.sign(v * steps) * np.floor(np.abs(v * steps) / bin_size + 0.5) for v in values]
    sums: NDArray[np.float64] = np.zeros(1)
    for choice in bins:
        sums = np.add.outer(sums, choice).ravel()
    expected = np.zeros(density.y.size)
    np.add.at(expected, sums.astype(int) - density.first, 1 / sums.size)
    np.testing.assert_allclose(density.y, expected, atol=1e-14)
    assert density.sigma**2 == pytest.approx(delta_variance(np.array(values), levels, bin_size) * bin_size**2)
    assert np.sum(density.y) == pytest.approx(1.0)


@pytest.mark.parametrize("bin_size", [1e-5, 2e-2])
def test_the_strongest_phase_has_the_largest_variance_of_all(bin_size: float) -> None:
    """Phase by phase from the second UI to the last but one, also with bins so coarse that most samples are left out."""
    settings = small_settings()
    m = settings.samples_per_ui
    pulse = np.random.default_rng(3).normal(0.0, 0.01, 30 * m + 5)
    variances = [delta_variance(whole_ui(pulse, phase, m), settings.levels, bin_size) for phase in range(m)]
    assert strongest_phase(pulse, settings, bin_size) == int(np.argmax(variances))
    assert max(variances) > 0.0


def test_normal_noise_has_its_quantile() -> None:
    noise = gaussian(2e-3, crest_factor(1e-7), 1e-5)
    assert noise.magnitude_at(1e-4) == pytest.approx(2e-3 * norm.isf(1e-4), abs=1.5e-5)
    assert noise.sigma == pytest.approx(2e-3, rel=1e-4)
    assert crest_factor(1e-5) == pytest.approx(norm.isf(1e-5), rel=1e-12)
    assert (noise + noise).sigma == pytest.approx(2e-3 * np.sqrt(2), rel=1e-4)


@pytest.mark.parametrize("window", ["gaussian", "triangle", "rectangle", "dual rayleigh"])
def test_windows_are_symmetric(window: str) -> None:
    weights = window_weights(ChipToModuleSettings(half_width_ui=0.05, window=window))
    assert weights.size == 11
    np.testing.assert_allclose(weights, weights[::-1], atol=1e-12)
    if window == "gaussian":
        assert weights[7] == pytest.approx(np.exp(-0.5))


def test_the_dual_rayleigh_window_peaks_a_sigma_inside_its_edges() -> None:
    """Far apart the two densities do not meet: x exp(-x² / 2) from either edge, one at its own sigma."""
    weights = window_weights(
        ChipToModuleSettings(half_width_ui=0.2, samples_per_ui=100, window="dual rayleigh", sigma_r=0.02)
    )
    x = np.arange(9) / 2.0
    np.testing.assert_allclose(weights[:9], x * np.exp(0.5 - 0.5 * x**2), atol=1e-12)

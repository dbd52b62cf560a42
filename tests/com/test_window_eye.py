"""The chip-to-module eye by whole convolutions in NumPy, beside the kernel that only evaluates tails."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sirf._kernels.com_screen import EYE_SLACK
from sirf._kernels.com_window import SLACK_BINS
from sirf.com.chip_to_module import EyeSearch, eye_of, truncation, window_weights
from sirf.com.config.settings import ChipToModuleSettings, ComSettings, DfeSettings
from sirf.com.distribution import VoltageDistribution, crest_factor, gaussian, symbols
from sirf.com.search import CaseSearch, feedback_of
from tests.com.golden import case_of
from tests.com.small import small_settings

Real = NDArray[np.float64]
C2M = ChipToModuleSettings(half_width_ui=0.05, window="gaussian")


def smooth_pulse(seed: int) -> Real:
    """A pulse with ISI on both sides, 32 samples a UI, its cursor about sample 320."""
    rng = np.random.default_rng(seed)
    knots = np.zeros(60)
    knots[10] = 0.12
    knots[8:10], knots[11:16] = rng.normal(0, 0.001, 2), rng.normal(0, 0.003, 5)
    time = np.arange(60 * 32) / 32
    shape = np.exp(-0.5 * ((time[:, None] - np.arange(60)) / 0.34) ** 2)
    return np.asarray(shape @ knots)


def slow_eye(pulse: Real, cursor: int, settings: ComSettings, sigma: float, extra: VoltageDistribution | None) -> float:
    """Height in V of the worst eye by the same definitions, every distribution in full."""
    tx, levels, fine, m = settings.transmitter, settings.levels, C2M.samples_per_ui, settings.samples_per_ui
    scale = tx.level_mismatch / (levels - 1)
    bin_size = min(scale * pulse[cursor] / 1000, settings.pdf_bin)
    feedback = feedback_of(pulse, cursor, settings)
    before, after = int(cursor * fine / m), int((pulse.size - 1 - cursor) * fine / m)
    units = round((before + after + 1) / fine)
    inside = np.arange(fine - before, fine * (units - 1) - before)
    weights = window_weights(C2M)
    total = [dict[int, float]() for _ in range(levels)]
    for place, weight in zip(range(-5, 6), weights, strict=True):
        at = inside[(inside - place) % fine == 0]

        def value(index: Real) -> Real:
            return np.interp(cursor + index * m / fine, np.arange(pulse.size), pulse)

        late, early = at + 1, at - 1
        both = (late <= inside[-1]) & (early >= inside[0])
        slopes = (value(late[both]) - value(early[both])) / 2 * fine
        residual = value(at)
        unit = (at - place) // fine
        residual[unit == 0] = 0.0
        for n, tap in enumerate(feedback.taps, start=1):
            residual[unit == n] -= tap * pulse[cursor]
        normal = np.hypot(sigma, tx.sigma_rj * settings.sigma_x * np.linalg.norm(slopes))
        noise = symbols(residual, levels, bin_size) + symbols(tx.a_dd * slopes, levels, bin_size)
        noise = noise + gaussian(float(normal), crest_factor(settings.der0), bin_size)
        if extra is not None:
            noise = noise + extra
        for level in range(levels):
            x = scale * (levels - 1) * float(value(np.array([place]))[0]) * (2 * level / (levels - 1) - 1) / bin_size
            shift = int(np.sign(x) * np.floor(abs(x) + 0.5))
            for index, y in enumerate(noise.y):
                bins = noise.first + shift + index
                total[level][bins] = total[level].get(bins, 0.0) + weight * y
    heights = []
    for level in range(levels - 1):
        upper, lower = total[level + 1], total[level]
        places, masses = np.array(sorted(upper)), np.array([upper[k] for k in sorted(upper)])
        top = places[np.searchsorted(np.cumsum(masses) / masses.sum(), settings.der0, side="right")]
        places, masses = np.array(sorted(lower)), np.array([lower[k] for k in sorted(lower)])
        tail = np.cumsum(masses[::-1])[::-1] / masses.sum()
        bottom = places[np.flatnonzero(tail > settings.der0)[-1]]
        heights.append((top - bottom) * bin_size)
    return float(min(heights))


@pytest.mark.parametrize("crosstalk", [False, True])
def test_the_eye_of_the_window_by_whole_convolutions(crosstalk: bool) -> None:
    settings = replace(small_settings(dfe=DfeSettings(b_max=(0.1, 0.05), b_min=(-0.1, -0.05))), pdf_bin=2e-5)
    pulse = smooth_pulse(3)
    cursor = int(np.argmax(pulse))
    bin_size = min(0.95 / 3 * pulse[cursor] / 1000, settings.pdf_bin)
    extra = symbols(np.array([2e-3, 1e-3]), 4, bin_size) if crosstalk else None
    sigma = 8e-4
    eye = eye_of(pulse, cursor, settings, C2M, sigma_n=sigma, sigma_tx=0.0, crosstalk=extra)
    assert eye.height == pytest.approx(slow_eye(pulse, cursor, settings, sigma, extra), abs=1e-9)
    assert 0 < eye.height < 2 * eye.signal
    assert eye.closure_db == pytest.approx(20 * np.log10(2 * eye.signal / eye.height))
    assert eye.interference == pytest.approx(eye.signal - eye.height / 2)


def test_what_truncation_takes_off_a_transform() -> None:
    """Against the transform of the bins of a truncated distribution, at frequencies from zero on."""
    crest, sigma = 3.0, 200.0
    x = np.arange(-600, 601)
    y = np.exp(-0.5 * (x / sigma) ** 2)
    y[[0, -1]] /= 2.0  # the integral ends in the middle of the last bins
    u = np.array([0, 128, 256, 512, 1024])
    ours = (np.exp(-0.5 * (u / 256) ** 2) - truncation(crest)[u]) / (1.0 - truncation(crest)[0])
    assert ours == pytest.approx(np.cos(np.outer(u / 256 / sigma, x)) @ y / y.sum(), abs=1e-6)


@pytest.mark.parametrize("cut_ui", [None, 12.3])
def test_estimates_of_the_search_are_the_eyes_within_their_slack(reference_dir: Path, cut_ui: float | None) -> None:
    """Every so manyth setting of a grid, without a bound to leave any out: the eye itself by convolutions.

    Also of pulses that end so many UI behind their peak, in the middle of their tail: eyes leave out the UI that is not whole.
    """
    case = case_of(reference_dir, "c2m/c2m_16db/through/case1")
    assert case.settings.c2m is not None
    search = CaseSearch(case.paths, case.settings)
    eyes = EyeSearch(search, case.settings.c2m)
    for number, whole in list(search.pulses())[:: 4 if cut_ui is None else 12]:
        end = None if cut_ui is None else int(np.argmax(whole)) + round(cut_ui * case.settings.samples_per_ui)
        pulse = whole[:end]
        table = eyes._screen(number, pulse)
        for row in np.flatnonzero(table.hopeful(-np.inf, 0.0))[::7]:
            (estimate,), known = eyes._estimate(table, np.array([row]), 0.0, 0.0)
            signal = float(table.signal[row])
            exact = signal / 10 ** (eyes._figure(number, pulse, table, int(row), -np.inf) / 20)
            slack = SLACK_BINS * min(signal / 1000, case.settings.pdf_bin)
            assert abs(estimate - exact) < slack
            assert known <= signal / exact
            if exact < 0.9 * signal:
                assert np.isposinf(eyes._estimate(table, np.array([row]), 0.0, 1.05 * signal / exact)[0][0])


def test_a_first_look_leaves_out_what_has_no_eye_alone(reference_dir: Path) -> None:
    """Against a look at every setting in full, as noise of zero sigma asks for."""
    case = case_of(reference_dir, "c2m/c2m_16db/through/case1")
    assert case.settings.c2m is not None
    search = CaseSearch(case.paths, case.settings)
    quick, whole = (EyeSearch(search, case.settings.c2m) for _ in range(2))
    # nothing is left out without noise; so many sigma that some of the channel's settings have no eye, and some have
    whole.crest = 0.0
    pulses = list(search.pulses())
    ratios = np.concatenate([whole._screen(number, pulse).ratio for number, pulse in pulses])
    quick.crest = float(np.median(ratios))
    left_out, kept = 0, 0
    for number, pulse in pulses:
        table, every = quick._screen(number, pulse), whole._screen(number, pulse)
        sampled = every.cursor >= 0
        assert np.array_equal(table.cursor >= 0, sampled)
        spared = sampled & np.isposinf(table.columns[:, 4])
        left_out += int(np.sum(spared))
        kept += int(np.sum(sampled & ~spared))
        assert np.array_equal(table.columns[~spared], every.columns[~spared])
        assert not np.any(spared & (2 * (every.signal - quick.crest * every.columns[:, 3]) > -EYE_SLACK))
        assert not np.any(spared & table.hopeful(-np.inf, 0.0))
    assert min(left_out, kept) > ratios.size // 10

"""Figure of merit of one Tx FFE setting against whole-array NumPy, and the descent against every setting."""

from __future__ import annotations

import itertools
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import sirf.equalizer.transmitter_search as module
from sirf._kernels.transmitter_merits import CUBIC
from tests._kernels.plain import plain_module

Float = NDArray[np.float64]
M, MAIN = 8, 1
PEAK = 13 * M + 2
VARIANCES = {"fixed": 2e-4, "symbol": 5.0 / 9.0, "jitter": 1e-4, "tx": 0.01, "eye": 0.95 / 3.0}


def pulse() -> Float:
    """A lossy pulse: rises within a UI and falls with a long tail; `PEAK` is the index of its largest sample."""
    t = (np.arange(40 * M) - 12 * M) / M
    wave = np.where(t > 0.0, t**2 * np.exp(-2.0 * t) * 3.0 + 0.05 * t * np.exp(-0.4 * t), 0.0)
    return np.roll(wave, PEAK - int(np.argmax(wave)))


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return plain_module(monkeypatch, module)


def problem(
    kernels: ModuleType, taps: int, dfe: Float, wave: Float | None = None, m: int = M, *, between: bool = False
) -> Any:
    wave = pulse() if wave is None else wave
    edge = np.linspace(0.5, 1.5, m) if m == M else np.ones(m)
    variances = {f"{name}_variance": VARIANCES[name] for name in ("fixed", "symbol", "jitter")}
    return kernels.TransmitterProblem(
        wave=wave, tap_main=MAIN, m=m, peak=int(np.argmax(wave)), dfe_min=-dfe, dfe_max=dfe, edge_power=edge,
        fext_power=np.linspace(0.02, 0.001, taps), **variances, tx_noise=VARIANCES["tx"], eye_factor=VARIANCES["eye"],
        between=between,
    )  # fmt: skip


def figure_of_merit(kernels: ModuleType, taps: Float, dfe: Float, **other: Any) -> tuple[float, int]:
    merits = kernels.TransmitterMerits(problem(kernels, len(taps), dfe, **other), len(taps))
    found, places = merits(taps[None])
    return float(found[0]), merits.instant(int(places[0]))


def descent(
    kernels: ModuleType, start: Any, grid: Float, sizes: Any, least: float, rounds: int, dfe: Float, **other: Any
) -> Any:
    merits = kernels.TransmitterMerits(problem(kernels, len(grid), dfe, **other), len(grid))
    return kernels.coordinate_descent(merits, start, grid, sizes, least, rounds)


def test_settings_below_the_least_stay_below_it(kernels: ModuleType) -> None:
    """All that reach it have their merit to the last digit; the others have one that is too great, and still below the least."""
    grid, dfe = np.linspace(-0.2, 0.2, 41), np.array([0.3])
    settings = np.zeros((41, 3))
    settings[:, 0], settings[:, 1] = grid, 1.0 - np.abs(grid)
    merits = kernels.TransmitterMerits(problem(kernels, 3, dfe), 3)
    exact = np.array([merits(one[None])[0][0] for one in settings])
    least = float(np.sort(exact)[20])
    found, _ = merits(settings, least)
    # the best before it counts as the least too
    reached = exact >= np.maximum(least, np.maximum.accumulate(exact))
    assert np.array_equal(found[reached], exact[reached])
    assert np.all(found >= exact)
    assert np.all(found[exact < least] < least)
    assert np.argmax(found) == np.argmax(exact)


def by_arrays(taps: Float, dfe: Float, instant: int) -> float:
    """The same with the shaped pulse as one array, sampled a UI apart."""
    wave = pulse()
    shaped = sum(tap * np.roll(wave, (i - MAIN) * M) for i, tap in enumerate(taps))
    count = len(taps)
    main = shaped[instant]
    cursors = {
        k: shaped[instant + k * M]
        for k in range(-instant // M, 40)
        if (count + 1) * M <= instant + k * M < len(wave) - (count + 1) * M
    }
    isi = 0.0
    for k, value in cursors.items():
        if k == 0:
            continue
        left = value - main * np.clip(value / main, -dfe[k - 1], dfe[k - 1]) if 0 < k <= len(dfe) else value
        isi += left**2
    steps = np.diff(np.concatenate([[0.0], taps, [0.0]]))
    edge, fext = np.linspace(0.5, 1.5, M), np.linspace(0.02, 0.001, count)
    lags = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    variance = VARIANCES["symbol"] * (
        isi + taps @ fext[lags] @ taps + VARIANCES["jitter"] * np.sum(steps**2) * edge[instant % M]
    )
    variance += (VARIANCES["tx"] * main) ** 2 + VARIANCES["fixed"]
    return float((VARIANCES["eye"] * main) ** 2 / variance)


@pytest.mark.parametrize("taps", [[0.0, 1.0, 0.0], [-0.1, 0.8, -0.1], [-0.15, 0.7, 0.0], [0.05, 0.85, -0.1]])
@pytest.mark.parametrize("dfe", [[], [0.5], [0.1, 0.05, 0.02]])
def test_the_merit_is_that_of_whole_arrays(kernels: ModuleType, taps: list[float], dfe: list[float]) -> None:
    given, limits = np.array(taps), np.array(dfe)
    fom, instant = figure_of_merit(kernels, given, limits)
    assert fom == pytest.approx(by_arrays(given, limits, instant), rel=1e-12)


@pytest.mark.parametrize("dfe", [[], [0.5], [0.05]])
def test_the_instant_is_nearest_to_the_root_of_mueller_and_muller(kernels: ModuleType, dfe: list[float]) -> None:
    taps, limits, wave = np.array([-0.1, 0.8, -0.1]), np.array(dfe), pulse()
    shaped = sum(tap * np.roll(wave, (i - MAIN) * M) for i, tap in enumerate(taps))
    _, instant = figure_of_merit(kernels, taps, limits)
    places = np.arange(PEAK - M, PEAK + M // 2 + 1)
    here, before, after = shaped[places], shaped[places - M], shaped[places + M]
    tap = np.clip(after / here, -limits[0], limits[0]) if dfe else 0.0
    error = np.where(here > 0.3 * wave[PEAK] * taps[MAIN], np.abs(before - (after - tap * here)), np.inf)
    assert instant == places[error.argmin()]


def test_a_setting_that_leaves_no_signal_has_no_merit(kernels: ModuleType) -> None:
    assert figure_of_merit(kernels, np.array([-2.0, 1.0, -2.0]), np.zeros(0)) == (
        0.0,
        PEAK,
    )


GRID = np.array([[-0.2, -0.1, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0], [-0.15, -0.1, -0.05, 0.0]])
SIZES = np.array([3, 1, 4])


def every_setting(kernels: ModuleType, least: float, limits: Float) -> dict[tuple[int, int], float]:
    found = {}
    for i, j in itertools.product(range(3), range(4)):
        taps = np.array([GRID[0, i], 1.0 - abs(GRID[0, i]) - abs(GRID[2, j]), GRID[2, j]])
        if taps[MAIN] >= least:
            found[i, j] = figure_of_merit(kernels, taps, limits)[0]
    return found


@pytest.mark.parametrize("least", [0.5, 0.72, 0.85])
def test_the_descent_ends_where_no_single_tap_helps(kernels: ModuleType, least: float) -> None:
    """The end is better than all allowed settings that differ in one tap; with room for the main tap it is the best of all."""
    limits = np.array([0.2])
    all_of_them = every_setting(kernels, least, limits)
    start = np.array([2, 0, 3])
    fom, chosen, instant, tried = descent(kernels, start, GRID, SIZES, least, 10, limits)
    assert start.tolist() == [2, 0, 3]
    for (i, j), other in all_of_them.items():
        if i == chosen[0] or j == chosen[2]:
            assert fom >= other
    if least == 0.5:
        assert fom == pytest.approx(max(all_of_them.values()), rel=1e-12)
    assert all_of_them[chosen[0], chosen[2]] == fom
    taps = np.array([GRID[0, chosen[0]], 1.0 - abs(GRID[0, chosen[0]]) - abs(GRID[2, chosen[2]]), GRID[2, chosen[2]]])
    assert instant == figure_of_merit(kernels, taps, limits)[1]
    # each round tries at most all values of all taps and the main tap once
    assert 8 <= tried <= 10 * 8 or least > 0.5


def test_one_round_turns_each_tap_once(kernels: ModuleType) -> None:
    limits = np.zeros(0)
    _, _, _, tried = descent(kernels, np.array([2, 0, 3]), GRID, SIZES, 0.0, 1, limits)
    assert tried == 3 + 1 + 4


@pytest.mark.parametrize("between", [False, True])
def test_a_main_tap_of_the_grid_stays(kernels: ModuleType, between: bool) -> None:
    """A stated main tap is not what the others leave of one: doubling all scales the signal, not what is fixed.

    Of single values no two taps can be moved together, between samples either.
    """
    grid = np.array([[0.0], [0.5], [0.0]])
    start, sizes = np.zeros(3, dtype=np.int64), np.ones(3, dtype=np.int64)
    fom, *_ = descent(kernels, start, grid, sizes, 0.0, 3, np.zeros(0), between=between)
    meant = figure_of_merit(kernels, np.array([0.0, 0.5, 0.0]), np.zeros(0), between=between)[0]
    assert fom == meant


def smooth_merits(kernels: ModuleType, taps: Float, dfe: Float, m: int, late: float, *, between: bool) -> float:
    """Merit of a pulse of three Gaussians, which ends in frequency, with `m` samples a UI that lie `late` UI after its peak."""
    t = (np.arange(40 * m) - 13 * m) / m + late
    wave = sum(
        high * np.exp(-(((t - at) / wide) ** 2)) for high, at, wide in ((1, 0, 0.6), (0.2, 1.3, 0.9), (0.05, 4, 2))
    )
    return figure_of_merit(kernels, taps, dfe, wave=wave, m=m, between=between)[0]


@pytest.mark.parametrize("dfe", [[], [0.05], [0.4, 0.1]])
@pytest.mark.parametrize("taps", [[0.0, 1.0, 0.0], [-0.08, 0.82, -0.1]])
def test_the_merit_between_samples_is_that_of_a_fine_grid(
    kernels: ModuleType, taps: list[float], dfe: list[float]
) -> None:
    """Wherever samples lie about the pulse the merit is the same, and that of 8192 samples a UI; on samples it runs over 1 %."""
    given, limits = np.array(taps), np.array(dfe)
    fine = smooth_merits(kernels, given, limits, 8192, 0.0, between=False)
    places = np.linspace(0.0, 1.0, 7) / 16
    found = [smooth_merits(kernels, given, limits, 16, late, between=True) for late in places]
    on_samples = [smooth_merits(kernels, given, limits, 16, late, between=False) for late in places]
    assert found == pytest.approx([fine] * 7, rel=1e-3)
    assert np.ptp(on_samples) > 0.01 * fine


def test_between_samples_neither_a_tap_nor_two_together_help(kernels: ModuleType) -> None:
    limits = np.array([0.2])
    for start in itertools.product(range(3), [0], range(4)):
        fom, chosen, _, _ = descent(kernels, np.array(start), GRID, SIZES, 0.72, 10, limits, between=True)
        for i, j in itertools.product(range(3), range(4)):
            taps = np.array([GRID[0, i], 1.0 - abs(GRID[0, i]) - abs(GRID[2, j]), GRID[2, j]])
            beside = abs(i - chosen[0]) <= 1 and abs(j - chosen[2]) <= 1
            if taps[MAIN] >= 0.72 and (i == chosen[0] or j == chosen[2] or beside):
                assert fom >= figure_of_merit(kernels, taps, limits, between=True)[0]


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_weights_of_four_samples_are_those_of_a_cubic(kernels: ModuleType, part: float) -> None:
    weights = part ** np.arange(4) @ CUBIC
    for power in range(4):
        assert np.dot(weights, np.array([-1.0, 0.0, 1.0, 2.0]) ** power) == pytest.approx(part**power, abs=1e-15)


@pytest.mark.parametrize("between", [False, True])
def test_a_least_main_tap_that_no_setting_has_leaves_the_start(kernels: ModuleType, between: bool) -> None:
    start = np.array([2, 0, 3])
    fom, chosen, instant, tried = descent(kernels, start, GRID, SIZES, 1.5, 3, np.zeros(0), between=between)
    assert (fom, instant, tried) == (-1.0, PEAK, 0)
    assert chosen.tolist() == start.tolist()

"""Loops of COM against sums over all symbols, direct formulas and the definition of the reference code's search."""

from __future__ import annotations

import itertools
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

import sirf._kernels.com_adaptive as com_adaptive
import sirf._kernels.com_distribution as com_distribution
import sirf._kernels.com_screen as com_screen
import sirf._kernels.com_search as com_search
from tests._kernels.plain import plain_module

Float = NDArray[np.float64]
BIN = 0.01


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return plain_module(monkeypatch, com_distribution)


def rounded(value: float) -> int:
    return int(np.floor(abs(value) + 0.5) * np.sign(value))


def enumerated(values: Float, levels: int) -> dict[int, float]:
    """Probabilities by bin of the sum of rounded contributions, over all symbols."""
    symbols = np.linspace(-1.0, 1.0, levels)
    found: dict[int, float] = {}
    for row in itertools.product(symbols, repeat=len(values)):
        place = sum(rounded(abs(value) * symbol / BIN) for value, symbol in zip(values, row, strict=True))
        found[place] = found.get(place, 0.0) + levels ** -float(len(values))
    return found


@pytest.mark.parametrize("levels", [2, 4])
def test_a_distribution_of_deltas_is_that_of_all_symbols(kernels: ModuleType, levels: int) -> None:
    values = np.array([0.012, -0.034, 0.05, 0.0099, -0.083])
    density = kernels.convolve_deltas(values, levels, BIN)
    half = density.size // 2
    expected = enumerated(values[np.abs(values) > BIN], levels)
    assert density.size == 2 * half + 1
    assert half == max(expected)
    for place in range(-half, half + 1):
        assert density[half + place] == pytest.approx(expected.get(place, 0.0), abs=1e-15)
    places = np.arange(-half, half + 1)
    assert kernels.delta_variance(values, levels, BIN) == pytest.approx(np.sum(density * places**2), rel=1e-12)


def test_halves_are_rounded_away_from_zero(kernels: ModuleType) -> None:
    bins = np.empty(4, dtype=np.int64)
    kernels.delta_bins(0.25, 4, 0.5, bins)
    assert bins.tolist() == [-1, 0, 0, 1]
    kernels.delta_bins(0.75, 4, 0.25, bins)
    assert bins.tolist() == [-3, -1, 1, 3]
    kernels.delta_bins(0.0625, 2, 0.125, bins[:2])
    assert bins[:2].tolist() == [-1, 1]


def test_magnitudes_ascend_by_bin_and_those_below_one_are_left_out(kernels: ModuleType) -> None:
    values = np.array([0.031, -0.012, 0.009, -0.0399, 0.0101, 0.2])
    found = kernels._ascending(values, BIN)
    kept = sorted(abs(value) for value in values if abs(value) >= BIN)
    assert sorted(found.tolist()) == kept
    assert (np.diff((found / BIN).astype(int)) >= 0).all()


def test_a_convolution_is_numpys(kernels: ModuleType) -> None:
    rng = np.random.default_rng(1)
    first, second = rng.random(9), rng.random(4)
    np.testing.assert_allclose(kernels._convolved(first, second), np.convolve(first, second), rtol=1e-13)


@pytest.mark.parametrize("place", [-0.5, 0.0, 1.25, 3.0, 3.99, 4.0, 5.0])
def test_a_pulse_is_read_between_its_samples_and_zero_outside(kernels: ModuleType, place: float) -> None:
    pulse = np.array([1.0, -2.0, 0.5, 4.0, 3.0])
    assert kernels._interpolated(pulse, place) == pytest.approx(
        np.interp(place, np.arange(5), pulse, left=0.0, right=0.0)
    )


@pytest.mark.parametrize("bins", [-9, -3, 0, 2, 5, 7, 9, 12])
def test_a_tail_is_the_sum_of_both_variables_at_or_beyond_a_bin(kernels: ModuleType, bins: int) -> None:
    rng = np.random.default_rng(3)
    density, mass = rng.dirichlet(np.ones(7)), rng.dirichlet(np.ones(9))
    # probability of at least -4, -3 … 5 bins
    at_least = np.append(np.cumsum(mass[::-1])[::-1], 0.0)
    meant = sum(density[3 + i] * mass[4 + j] for i in range(-3, 4) for j in range(-4, 5) if i + j >= bins)
    assert kernels._tail(density, at_least, bins) == pytest.approx(meant, abs=1e-14)


def test_the_edge_of_a_gaussian_eye_is_its_quantile(kernels: ModuleType) -> None:
    """A pulse of one cursor in noise: both inner edges of NRZ lie the quantile of DER0 inside the levels, to a bin or two."""
    pulse = np.zeros(12 * 8)
    pulse[5 * 8 - 4 : 5 * 8 + 5] = 1.0
    sigma, der0, size = 0.05, 1e-4, 1e-3
    none = np.zeros(0)
    edges = kernels.window_eye(
        pulse,
        5 * 8,
        8,
        8,
        np.array([1.0]),
        none,
        none,
        2,
        1.0,
        np.array([sigma**2, 0.0, 0.0]),
        8.0,
        der0,
        size,
        np.ones(1),
        1.0,
    )
    quantile = norm.isf(der0) * sigma
    assert edges[0, 0] == pytest.approx(1.0 - quantile, abs=2.5 * size)
    assert edges[0, 1] == pytest.approx(-edges[0, 0], abs=1e-12)


def test_interference_closes_the_window_by_its_peak(kernels: ModuleType) -> None:
    """Two cursors beside the main one, hardly any noise: edges stand at the level less both; the DFE takes off what it may."""
    per_ui, size = 8, 1e-3
    pulse = np.zeros(12 * per_ui)
    for unit, value in ((4, 0.1), (5, 1.0), (6, 0.3)):
        pulse[unit * per_ui - 4 : unit * per_ui + 4] = value
    noise = np.array([(0.3 * size) ** 2, 0.0, 0.0])

    def edge(upper: Float, lower: Float, isi: float) -> float:
        found = kernels.window_eye(
            pulse,
            5 * per_ui,
            per_ui,
            per_ui,
            np.array([1.0]),
            upper,
            lower,
            4,
            1.0 / 3.0,
            noise,
            5.0,
            1e-9,
            size,
            np.ones(1),
            isi,
        )
        assert found.shape == (3, 2)
        # outer eyes mirror each other, and the inner one itself
        np.testing.assert_allclose(found[::-1, ::-1], -found, atol=1e-12)
        return float(found[2, 0])

    none = np.zeros(0)
    assert edge(none, none, 1.0) == pytest.approx(1.0 - 0.4, abs=6 * size)
    assert edge(np.array([0.25]), np.array([-0.25]), 1.0) == pytest.approx(1.0 - 0.15, abs=6 * size)
    assert edge(np.array([0.5]), np.array([-0.5]), 1.0) == pytest.approx(1.0 - 0.1, abs=6 * size)
    assert edge(none, none, 0.0) == pytest.approx(1.0, abs=6 * size)


def test_largest_values_are_kept_in_descending_order(monkeypatch: pytest.MonkeyPatch) -> None:
    module = plain_module(monkeypatch, com_screen)
    values, top = np.random.default_rng(5).random(30), np.zeros(4)
    for value in values:
        module._keep(top, value)
    np.testing.assert_array_equal(top, np.sort(values)[::-1][:4])


@pytest.mark.parametrize(("at", "later"), [(21, 37), (8, 40), (7, 99)])
def test_products_far_from_the_cursor_are_sums_over_ui(monkeypatch: pytest.MonkeyPatch, at: int, later: int) -> None:
    module = plain_module(monkeypatch, com_screen)
    rows, per_ui = np.random.default_rng(6).normal(size=(3, 60)), 8
    gram = np.empty((3, 3))
    module._far_products(rows, at, per_ui, later, gram)
    places = [k for k in range(60) if (k < at and (at - k) % per_ui == 0) or (k >= later and (k - later) % per_ui == 0)]
    np.testing.assert_allclose(gram, rows[:, places] @ rows[:, places].T, rtol=1e-12)


PLACES = np.array(list(itertools.product(range(4), range(5))))


def looked_at(
    module: ModuleType, best: tuple[int, int], gains: tuple[int, int], at: tuple[int, int], radius: float
) -> set[int]:
    """Rows that one pass of the search names about the best, with a radius that does not change."""
    found, row = set(), 0
    while row < len(PLACES):
        state = np.array([radius, 0.0, 1.0, -1.0, 0.0])
        row = module.next_candidate(PLACES, row, np.array(best), np.array(gains), np.array(at), 40.0, 1.0, state)
        if row < len(PLACES):
            found.add(row)
            row += 1
    return found


@pytest.mark.parametrize("radius", [1.0, 2.0, 4.0])
@pytest.mark.parametrize(
    ("gains", "at"), [((0, 0), (0, 0)), ((2, 3), (1, 1)), ((2, 0), (4, 0)), ((3, 0), (0, 3)), ((0, 3), (3, 0))]
)
def test_rows_within_the_radius_of_the_best_are_looked_at(
    monkeypatch: pytest.MonkeyPatch, gains: tuple[int, int], at: tuple[int, int], radius: float
) -> None:
    """City-block distance within the radius, or the straight one within 0.55 of it; g_DC2 weighs by g_DC."""
    module, best = plain_module(monkeypatch, com_adaptive), (1, 2)
    weighted = 0.25 * (1.0 + 0.5 * gains[0]) * abs(gains[1] - at[1])
    meant = set()
    for row, place in enumerate(PLACES):
        steps = np.abs(place - best)
        far = np.hypot(np.linalg.norm(steps), weighted)
        if steps.sum() + weighted <= radius or far <= max(1.0, np.ceil(0.55 * radius)):
            meant.add(row)
    if abs(gains[0] - at[0]) > 2:
        meant = set()
    assert looked_at(module, best, gains, at, radius) == meant


def test_no_row_is_farther_than_1_2_times_the_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine taps one step off lie three away in a straight line, which the radius of 5 lets pass; 1.2 x 6 steps in all are 7."""
    module, taps = plain_module(monkeypatch, com_adaptive), 9
    zero = np.zeros(taps, dtype=np.int64)
    allowed = []
    for moved in range(taps + 1):
        place = (np.arange(taps) < moved).astype(np.int64)[None, :]
        state = np.array([0.0, 0.0, 0.0, -1.0, 0.0])
        if module.next_candidate(place, 0, zero, zero[:2], zero[:2], 6.0, 1.0, state) == 0:
            allowed.append(moved)
    assert allowed == list(range(8))


def test_two_figures_alike_shrink_the_radius_and_others_widen_it(monkeypatch: pytest.MonkeyPatch) -> None:
    module = plain_module(monkeypatch, com_adaptive)
    best, same = np.array([1, 2]), np.array([0, 0])

    def radius(difference: float, seen: float = 3.0, start: float = 10.0) -> float:
        state = np.array([start, 0.0, seen - 1.0, difference, 0.0])
        module.next_candidate(PLACES[7:8], 0, best, same, same, 20.0, 1.0, state)
        return float(state[0])

    # PLACES[7] is (1, 2), the best: looked at at once, after one change of the radius
    assert radius(-1.0) == 10.0
    assert radius(0.001) == 6.0
    assert radius(0.002) == 11.0
    assert radius(0.5) == 11.0
    # never above what the number of rows seen leaves of the reach: round(20 / (1 + 0.15 x 20)) = 5
    assert radius(0.5, seen=20.0) == 5.0
    # the first row after a new best begins with the whole reach, which the first shrinks to round(20 / 1.15) = 17
    assert radius(-1.0, seen=1.0, start=3.0) == 17.0


@pytest.mark.parametrize("at", [130, 700, 1190])
def test_what_is_left_beside_the_cursor_is_part_of_what_is_left_in_all(
    monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Sums over slices of the equalised pulse, near both ends too, and never more than over all of its UI."""
    kernels = plain_module(monkeypatch, com_search)
    rng = np.random.default_rng(at)
    per_ui, reach, fixed = 8, 6, 4
    rows, tap = rng.standard_normal((3, 1200)), np.array([-0.1, 0.8, -0.1])
    pulse = tap @ rows
    cursor, before, behind = abs(pulse[at]), kernels.BEFORE_UI, kernels.BEHIND_UI
    earlier, later = pulse[at:0:-per_ui][1 : before + 1], pulse[at:-1:per_ui][reach + 1 : reach + 1 + behind]
    slopes = np.zeros(1200)
    slopes[1:-1] = pulse[2:] - pulse[:-2]
    near = np.concatenate((slopes[at::-per_ui][: before + 1], slopes[at::per_ui][1 : before + 1]))
    expected = 3.0 * (np.sum(earlier**2) + np.sum(later**2)) + 5.0 * np.sum(near**2)
    noise = np.array([0.0, 3.0, 5.0])
    assert kernels._noise_beside(rows, tap, at, per_ui, reach, noise) == pytest.approx(expected, rel=1e-12)
    post = np.zeros(reach)
    found = pulse[at::per_ui][1 : reach + 1]
    post[: found.size] = found
    b_max, limits = rng.random(fixed), np.array([0.2, 0.0, 0.0])
    left = kernels._least_left(post, cursor, b_max, -b_max, limits[0])
    bound = np.concatenate((b_max, np.full(reach - fixed, limits[0]))) * cursor
    assert left == pytest.approx(np.sum(np.maximum(np.abs(post) - bound, 0.0) ** 2), rel=1e-12)
    # one group of one floating tap leaves no less than a tap everywhere
    scratch = np.zeros(reach, dtype=np.bool_), np.empty(reach), np.empty(reach)
    floating = np.array([1, 1, 0])
    assert kernels.feedback_taps(post, cursor, b_max, -b_max, floating, limits, *scratch) >= left * (1.0 - 1e-12)

"""Moment-generating functions against their definition: the mean of exp(s x) over all combinations of symbols."""

from __future__ import annotations

import itertools
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

import sirf._kernels.characteristic as module
from tests._kernels.plain import plain_module

THETA, STEP, SIZE = 3.0, 1.7, 9
LINE = THETA + 1j * STEP * np.arange(SIZE)
PAM4 = np.array([-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0])
NONE = np.zeros(3)


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return plain_module(monkeypatch, module)


def moments(levels: NDArray[np.float64]) -> tuple[float, float, float]:
    return tuple(float(np.mean(levels**power)) for power in (2, 4, 6))  # type: ignore[return-value]


def cumulants(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Second, fourth and sixth of a symmetric symbol, from its moments."""
    m2, m4, m6 = moments(levels)
    return np.array([m2, m4 - 3.0 * m2**2, m6 - 15.0 * m4 * m2 + 30.0 * m2**3])


def enumerated(levels: NDArray[np.float64], cursors: NDArray[np.float64]) -> NDArray[np.complex128]:
    sums = np.array([np.dot(symbols, cursors) for symbols in itertools.product(levels, repeat=len(cursors))])
    return np.asarray(np.exp(np.multiply.outer(LINE, sums)).mean(axis=1))


@pytest.mark.parametrize("swing", [0.2, -0.35])
def test_a_voltage_and_its_opposite_make_a_cosh(kernels: ModuleType, swing: float) -> None:
    factor = np.full(SIZE, 0.25 + 0j)
    kernels.add_opposites(factor, THETA, STEP, swing, 0.5)
    np.testing.assert_allclose(factor, 0.25 + 0.5 * np.cosh(LINE * swing), rtol=1e-13)


@pytest.mark.parametrize("levels", [np.array([-1.0, 1.0]), PAM4, np.linspace(-1.0, 1.0, 3), np.linspace(-1.0, 1.0, 6)])
def test_symbols_multiply_to_the_mean_over_all_of_them(kernels: ModuleType, levels: NDArray[np.float64]) -> None:
    cursors = np.array([0.11, -0.07, 0.23])
    out = np.full(SIZE, 2.0 + 0j)
    kernels.multiply_symbols(out, THETA, STEP, cursors, levels, 0.0, NONE, np.empty_like(out))
    np.testing.assert_allclose(out, 2.0 * enumerated(levels, cursors), rtol=1e-12)


def test_rows_are_multiplied_each_by_its_own_symbols(kernels: ModuleType) -> None:
    cursors, known = np.array([[0.11, -0.07, 0.23], [0.02, 0.3, -0.03]]), cumulants(PAM4)
    rows, alone = np.ones((2, SIZE), dtype=complex), np.ones((2, SIZE), dtype=complex)
    kernels.multiply_rows(rows, THETA, STEP, cursors, PAM4, 0.05, known, np.empty(SIZE, dtype=complex))
    for row, own in zip(alone, cursors, strict=True):
        kernels.multiply_symbols(row, THETA, STEP, own, PAM4, 0.05, known, np.empty(SIZE, dtype=complex))
    np.testing.assert_allclose(rows, alone, rtol=1e-14)


@pytest.mark.parametrize("levels", [np.array([-1.0, 1.0]), PAM4])
def test_small_cursors_enter_by_their_cumulants_to_the_eighth_order(
    kernels: ModuleType, levels: NDArray[np.float64]
) -> None:
    cursors = np.array([0.02, 0.3, -0.03, 0.025])
    out = np.ones(SIZE, dtype=complex)
    kernels.multiply_symbols(out, THETA, STEP, cursors, levels, 0.05, cumulants(levels), np.empty_like(out))
    exact = enumerated(levels, cursors)
    # what is left out begins with the eighth cumulant, -272 / 8! of two levels; the next order is a tenth of it here
    bound = sum((np.abs(LINE) * abs(c)) ** 8 / 148.0 for c in cursors if abs(c) < 0.05)
    found = np.abs(np.log(out / exact))
    assert (found <= 1.1 * bound + 1e-13).all()
    # the sixth order counts here: without it the error would be larger than the bound
    assert (np.abs(LINE[-1]) * 0.03) ** 6 * 16.0 / 720.0 > 2.0 * bound[-1]


def test_phases_of_an_aggressor_are_averaged(kernels: ModuleType) -> None:
    wave = np.random.default_rng(1).normal(0.0, 0.1, (3, 8))
    found = kernels.average_symbols(wave, 1, 3, THETA, STEP, SIZE, PAM4, 0.0, NONE)
    expected = np.mean([enumerated(PAM4, wave[:, phase]) for phase in (1, 4, 7)], axis=0)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


PAIRS = np.array([[1.0, 0.5], [1.0, -0.5], [0.25, 1.0], [0.25, -1.0]])
SHARES = np.array([0.2, 0.2, 0.3, 0.3])


def pairs_enumerated(cursors: NDArray[np.float64]) -> NDArray[np.complex128]:
    found = np.ones(SIZE, dtype=complex)
    for c, d in cursors.reshape(-1, 2):
        found *= sum(
            share * 0.5 * (np.exp(LINE * (a * c + b * d)) + np.exp(-LINE * (a * c + b * d)))
            for (a, b), share in zip(PAIRS, SHARES, strict=True)
        )
    return found


def test_pairs_of_symbols_are_taken_together(kernels: ModuleType) -> None:
    cursors = np.array([0.11, -0.07, 0.2, 0.31])
    out = np.ones(SIZE, dtype=complex)
    kernels.multiply_pairs(out, THETA, STEP, cursors, PAIRS, SHARES, 0.0, np.zeros(5))
    np.testing.assert_allclose(out, pairs_enumerated(cursors), rtol=1e-12)


def test_small_pairs_enter_by_joint_cumulants(kernels: ModuleType) -> None:
    """A pair of independent symbols has the cumulants of one for either and none joint; dependent ones have (2, 2) and (4, 2)."""
    a, b = PAIRS[:, 0], PAIRS[:, 1]
    mean = {(i, j): float(SHARES @ (a**i * b**j)) for i in (0, 2, 4, 6) for j in (0, 2, 4, 6) if i + j <= 6}
    # both symbols of a pair alike: averaged over the order, as the kernel takes one set for either
    both = {key: 0.5 * (mean[key] + mean[key[1], key[0]]) for key in mean}
    m2, m4, m6 = both[2, 0], both[4, 0], both[6, 0]
    k22 = both[2, 2] - m2**2
    k42 = both[4, 2] - m4 * m2 - 6.0 * both[2, 2] * m2 + 6.0 * m2**3
    given = np.array([m2, m4 - 3.0 * m2**2, m6 - 15.0 * m4 * m2 + 30.0 * m2**3, k22, k42])
    symmetric = np.concatenate([PAIRS, PAIRS[:, ::-1]])
    shares = np.concatenate([SHARES, SHARES]) / 2.0
    cursors = np.array([0.03, -0.025])
    exact, found = np.ones(SIZE, dtype=complex), np.ones(SIZE, dtype=complex)
    kernels.multiply_pairs(exact, THETA, STEP, cursors, symmetric, shares, 0.0, given)
    kernels.multiply_pairs(found, THETA, STEP, cursors, symmetric, shares, 0.05, given)
    np.testing.assert_allclose(found, exact, rtol=2e-5)
    for place in (3, 4):
        changed = given.copy()
        changed[place] = 0.0
        other = np.ones(SIZE, dtype=complex)
        kernels.multiply_pairs(other, THETA, STEP, cursors, symmetric, shares, 0.05, changed)
        assert np.abs(np.log(other / exact)).max() > 3.0 * np.abs(np.log(found / exact)).max()


def test_a_gaussian_and_its_fourth_cumulant_are_an_exponential(kernels: ModuleType) -> None:
    out = np.full(SIZE, 3.0 + 0j)
    kernels.multiply_cumulants(out, THETA, STEP, 0.02, 0.003)
    np.testing.assert_allclose(out, 3.0 * np.exp(0.02 * LINE**2 / 2 + 0.003 * LINE**4 / 24), rtol=1e-13)


def test_a_gaussian_alone_is_tilted_to_the_depth_asked_for(kernels: ModuleType) -> None:
    """Of a normal variable theta K' - K = theta² variance / 2: the tilt is sqrt(2 depth / variance)."""
    theta, period = kernels.fit_line(np.zeros(0), 0.0, 0.04, PAM4, 30.0, np.inf)
    assert theta == pytest.approx(np.sqrt(2.0 * 30.0 / 0.04))
    rest = 0.04
    assert period == pytest.approx(theta * rest + np.sqrt(46.0 + theta**2 * rest) * np.sqrt(rest))


@pytest.mark.parametrize("height", [np.inf, 9.0])
def test_the_tilt_solves_its_equation_within_a_percent_or_two(kernels: ModuleType, height: float) -> None:
    bounded, proxy, gaussian = np.array([0.3, 0.2, 0.05]), 0.003, 0.002
    theta, period = kernels.fit_line(bounded, proxy, gaussian, PAM4, 25.0, height)

    def logarithm(at: float) -> float:
        return float(
            0.5 * at**2 * (gaussian + 0.5 * proxy)
            + np.sum(np.log(np.mean(np.exp(at * np.outer(bounded, PAM4)), axis=1)))
        )

    def depth(at: float) -> float:
        step = 1e-5 * at
        return at * (logarithm(at + step) - logarithm(at - step)) / (2 * step) - logarithm(at)

    assert depth(0.98 * theta) < 25.0
    assert logarithm(0.98 * theta) < height
    assert depth(1.02 * theta) > 25.0 or logarithm(1.02 * theta) > height
    # the best of all splits into the largest parts and the rest
    splits = []
    for k in range(4):
        largest, rest = bounded[:k].sum(), proxy + gaussian + np.sum(bounded[k:] ** 2)
        splits.append(largest + theta * rest + np.sqrt(46.0 + 2.0 * theta * largest + theta**2 * rest) * np.sqrt(rest))
    assert period == pytest.approx(min(splits), rel=1e-12)


def test_exponentials_add_up(kernels: ModuleType) -> None:
    volts, shares = np.array([[-0.3, 0.0, 0.2], [0.1, -0.1, 0.25]]), np.array([[0.2, 0.5, 0.3], [0.6, 0.4, 0.0]])
    s = 40.0 + 1j * 2.0 * np.arange(50)
    total = np.ones((2, 50), dtype=complex)
    kernels.add_exponentials(total, 40.0, 2.0, volts, shares, np.empty((4, 3)))
    expected = 1.0 + np.sum(shares[:, None] * np.exp(volts[:, None] * s[:, None]), axis=2)
    assert total == pytest.approx(expected, rel=1e-11)

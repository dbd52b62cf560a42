"""Expectations over displaced edges and the chain of symbols that joins them, against sums over all symbols."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from sirf.engine.statistical.tilted_chain import chain_moments, edge_factors

Float = NDArray[np.float64]
LEVELS = np.array([-1.0, 0.5, 1.0])
THETA = 0.8
RNG = np.random.default_rng(11)


@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("apart", [0.0, 0.6])
def test_factors_are_means_over_the_displacement_of_an_edge(sides: int, apart: float) -> None:
    """The transition x = w . a ± apart meets a displaced edge v, of the first side where x >= 0 and of the last where x < 0."""
    volts = RNG.normal(0.0, 0.3, (2, sides, 3))
    shares = RNG.dirichlet(np.ones(3), 2)
    weights = RNG.normal(size=(2, 4))
    counts, aparts, ties = np.array([3, 0]), np.array([apart, 0.0]), np.array([0.7, 0.0])
    found = edge_factors(THETA, volts, shares, counts, weights, aparts, ties, LEVELS)
    signs = (-1.0, 1.0) if apart else (1.0,)
    for place, four in enumerate(itertools.product(LEVELS, repeat=4)):
        even = odd = 0.0
        for sign in signs:
            x = weights[0] @ np.array(four) + sign * apart
            edge = volts[0, -1 if x < 0.0 else 0]
            mean = shares[0] @ np.exp(THETA * x * edge)
            even += mean / len(signs)
            # what moves all transitions ties edges together; without it there is nothing odd
            odd += 0.5 * sign * 0.7 * mean if apart else 0.0
        assert found[0, 0, place] == pytest.approx(even, rel=1e-12)
        assert found[1, 0, place] == pytest.approx(odd, rel=1e-12)
    # an edge that is not displaced changes nothing
    assert (found[0, 1] == 1.0).all()
    assert (found[1, 1] == 0.0).all()


@pytest.mark.parametrize("edges", [0, 2])
def test_a_link_without_displaced_edges_has_factors_of_one(edges: int) -> None:
    """Jitter without any edge in reach of the decision leaves no node of displacement at all."""
    nothing, none = np.zeros((edges, 2, 0)), np.zeros(edges)
    counts = np.zeros(edges, dtype=np.int64)
    found = edge_factors(THETA, nothing, nothing[:, 0], counts, np.ones((edges, 4)), none, none, LEVELS)
    assert found.shape == (2, edges, len(LEVELS) ** 4)
    assert (found[0] == 1.0).all()
    assert (found[1] == 0.0).all()


def enumerated(factors: Float, cursors: Float, main: int, likely: Float, pinned: int) -> Float:
    """Sum over the levels of all symbols; `tied` by an odd factor to the symbol before the window."""
    count, edges = len(LEVELS), factors.shape[1]
    out = np.zeros((count, 1 if pinned < 0 else count))
    for index in itertools.product(range(count), repeat=edges + 3):
        value = 1.0
        for k, i in enumerate(index):
            if k != main:
                value *= likely[i] * np.exp(THETA * cursors[k] * LEVELS[i])
        joined = np.array([1.0])
        # the odd part of each edge is weighed by the level of the symbol before its four, of the first edge there is none
        for q in range(edges):
            window = ((index[q] * count + index[q + 1]) * count + index[q + 2]) * count + index[q + 3]
            before = LEVELS[index[q - 1]] if q else 0.0
            joined = joined * (factors[0, q, window] + before * factors[1, q, window])
        column = 0 if pinned < 0 else index[main - 2 + pinned]
        out[index[main], column] += value * joined[0]
    return out


@pytest.mark.parametrize("pinned", [-1, 0, 1, 3])
@pytest.mark.parametrize(("edges", "main"), [(1, 2), (2, 2), (3, 3), (4, 3), (4, 5)])
def test_messages_join_to_the_sum_over_all_symbols(edges: int, main: int, pinned: int) -> None:
    factors = 1.0 + 0.3 * RNG.normal(size=(2, edges, len(LEVELS) ** 4))
    factors[1] -= 1.0
    cursors = RNG.normal(0.0, 0.4, edges + 3)
    likely = np.array([0.3, 0.2, 0.5])
    found = chain_moments(THETA, factors, cursors, main, LEVELS, likely, pinned)
    np.testing.assert_allclose(found, enumerated(factors, cursors, main, likely, pinned), rtol=1e-10)

"""A chain of symbols and its edges against the sum over all sequences of symbols and signs."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from sirf._kernels.edge_tables import LANES, POINTS, EdgeTables
from sirf._kernels.symbol_chain import SymbolChain

EDGES = 5
THETA = 2.0


def parts(count: int, rest: float, tie: float, sides: int) -> dict[str, Any]:
    """Five edges: one of four symbols, a quiet one, one of three, a negligible one and one of four, with any rest."""
    generator = np.random.default_rng(7)
    moves = np.array([1.0, 0.0, 1.0, 1.0, 1.0])
    weights = generator.uniform(-0.5, 0.5, (EDGES, 4)) * moves[:, None]
    weights[2, 0] = 0.0
    large = np.array([1.0, 0.0, 0.0, 0.0, 1.0])
    return {
        "volts": generator.uniform(-0.05, 0.05, (EDGES, sides, 3)),
        "shares": np.tile([0.2, 0.5, 0.3], (EDGES, 1)),
        "counts": np.array([3, 0, 3, 3, 3]),
        "weights": weights,
        "rests": rest * large,
        "ties": tie * large,
        "levels": np.linspace(-1.0, 1.0, count),
        "likely": generator.dirichlet(np.full(count, 9.0)),
    }


def summed(made: dict[str, Any], cursors: Any, main: int, s: Any, coupling: Any, scale: float) -> Any:
    """(L, L, S) by all sequences of levels; the main symbol's level has neither weight nor voltage."""
    levels, count = made["levels"], len(made["levels"])
    total = np.zeros((count, count, len(s)), dtype=complex)
    for symbols in itertools.product(range(count), repeat=len(cursors)):
        a = levels[list(symbols)]
        others = np.arange(len(cursors)) != main
        term = np.exp(s * (a @ (cursors * others))) * np.prod(made["likely"][list(symbols)][others])
        for p, pair in enumerate(coupling):
            term *= pair[symbols[p], symbols[p + 1]]
        for q in np.flatnonzero(made["counts"]):
            lean, apart = made["ties"][q] * (a[q - 1] if q else 0.0), np.sqrt(made["rests"][q])
            edge = np.zeros(len(s), dtype=complex)
            for sign in (-1.0, 1.0):
                x = scale * (made["weights"][q] @ a[q : q + 4] + sign * apart)
                volts = made["volts"][q, -1 if x < 0.0 else 0]
                edge += 0.5 * (1.0 + sign * lean) * (made["shares"][q] @ np.exp(np.outer(x * volts, s)))
            term *= edge
        total[symbols[main + 1], symbols[main]] += term
    return total


@pytest.mark.parametrize(
    ("count", "rest", "tie", "sides", "main", "scale"),
    [
        (2, 0.0, 0.0, 1, 4, 1.0),
        (2, 0.04, 0.0, 2, 2, 0.6),
        (2, 0.04, 0.3, 1, 4, 0.6),
        (2, 0.04, -0.5, 2, 6, 1.0),
        (2, 0.04, 0.3, 1, 3, 1.0),
        (3, 0.04, 0.3, 1, 5, 0.6),
    ],
)
@pytest.mark.parametrize(("step", "exact"), [(3000.0, 1e-10), (2.0, 1e-7)], ids=["each by itself", "interpolated"])
def test_a_chain_is_the_sum_over_all_sequences(
    count: int, rest: float, tie: float, sides: int, main: int, scale: float, step: float, exact: float
) -> None:
    """Wherever the main symbol stands; transitions on a long line are taken one by one, those on a short one interpolated.

    Of each of four moving edges interpolation takes 1e-8.
    """
    made = parts(count, rest, tie, sides)
    generator = np.random.default_rng(8)
    cursors = generator.uniform(-0.1, 0.1, EDGES + 3)
    for coupling in (np.zeros((0, count, count)), generator.uniform(0.7, 1.3, (EDGES + 2, count, count))):
        chain = SymbolChain(THETA, step, LANES, **made, coupling=coupling)
        found = chain.expectation(cursors, main, np.zeros((0, count, LANES), dtype=complex), scale=scale)
        expected = summed(made, cursors, main, THETA + 1j * step * np.arange(LANES), coupling, scale)
        assert found == pytest.approx(expected, rel=exact)


def test_the_beginning_of_a_line_is_that_of_a_longer_one() -> None:
    """Tables of a long line serve a chain on its first points."""
    made, sizes = parts(2, 0.04, 0.3, 1), (LANES, 3 * LANES)
    tables = EdgeTables.of(
        THETA,
        2.0,
        sizes[1],
        made["volts"],
        made["shares"],
        made["counts"],
        made["weights"],
        made["rests"],
        made["levels"],
    )
    assert tables.points.max() > POINTS
    found = []
    for size in sizes:
        chain = SymbolChain(THETA, 2.0, size, **made, coupling=np.zeros((0, 2, 2)), tables=tables)
        found.append(chain.expectation(np.linspace(-0.1, 0.1, EDGES + 3), 4, np.zeros((0, 2, size), dtype=complex)))
    assert found[0] == pytest.approx(found[1][:, :, :LANES], rel=1e-14)


def test_only_the_points_that_are_needed_are_computed() -> None:
    """Of three chains side by side, whichever needed more before it; a single point is the least."""
    made, size = parts(2, 0.04, 0.3, 2), 3 * LANES
    chain = SymbolChain(THETA, 2.0, size, **made, coupling=np.zeros((0, 2, 2)))
    cursors = np.random.default_rng(9).uniform(-0.1, 0.1, (3, EDGES + 3))
    outside, wanted = np.zeros((3, 0, 2, size), dtype=complex), np.ones((3, 3, 3), dtype=bool)
    scales, needed = np.array([1.0, 0.6, 0.8]), np.array([size, 1, LANES + 3])
    places = np.tile(np.arange(4), (3, 1))
    every = chain.totals(cursors, 4, outside, wanted, scales, places)
    some = chain.totals(cursors, 4, outside, wanted, scales, places, needed)
    for found, expected, points in zip(some, every, needed.tolist(), strict=True):
        assert found[:, :, :points] == pytest.approx(expected[:, :, :points], rel=1e-13)
        assert not found[:, :, points:].any()
    # two of the results, in another order
    places = np.array([[3, 0], [1, 2], [2, 0]])
    few = chain.totals(cursors, 4, outside, wanted, scales, places)
    assert np.array_equal(few, np.take_along_axis(every, places[:, :, None, None], axis=1))

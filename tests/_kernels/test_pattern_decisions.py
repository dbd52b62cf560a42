"""Decisions followed over known patterns against a plain recursion over all sequences of errors, in white noise."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from sirf._arrays import Float, Integer
from sirf._kernels.pattern_decisions import CELLS, TABULATED, follow_decisions, gaussian_tail, tail_table

BOUNDS = np.array([-0.6, 0.05, 0.7])
BITS = np.array([[0.0, 0.5, 1.0, 0.5], [0.5, 0.0, 0.5, 1.0], [1.0, 0.5, 0.0, 0.5], [0.5, 1.0, 0.5, 0.0]])
LEVELS = np.array([-1.0, -0.3, 0.4, 1.0])
STATES = np.array(list(itertools.product((-1, 0, 1), repeat=2)))


def above(threshold: float) -> float:
    """Part of a standard normal variable above a threshold."""
    return 0.5 * math.erfc(threshold / math.sqrt(2.0))


def by_recursion(seen: Float, deviation: Float, sent: Integer, moved: Float) -> Float:
    """(9, 4) as the kernel's, of independent noise."""
    now, out = np.zeros(9), np.zeros((9, 4))
    now[4] = 1.0
    for n, level in enumerate(sent):
        following = np.zeros(9)
        for s, weight in enumerate(now):
            edges = [-np.inf, *((BOUNDS - seen[n] - moved[s]) / deviation[n]), np.inf]
            parts = np.array([above(low) - above(high) for low, high in itertools.pairwise(edges)])
            up, down = above(edges[level + 1]), 1.0 - above(edges[level])
            for error, part in ((-1, down), (0, parts[level]), (1, up)):
                following[(error + 1) * 3 + s // 3] += weight * part
            if s != 4:
                out[s] += weight * np.array([1.0, up, down, parts @ BITS[level]])
        now = following
    return out


def rooms(states: int = 9, memory: int = 3) -> tuple[Float, Integer]:
    """The work arrays of a course."""
    return np.zeros((2, states, memory + 2)), np.empty((2, states), np.int64)


# little noise puts the farther thresholds beyond what double precision adds to the nearer ones
@pytest.mark.parametrize("noise", [1.0, 0.3])
@pytest.mark.parametrize("function", [follow_decisions, follow_decisions.py_func])  # type: ignore[attr-defined]
def test_shares_and_rates_are_those_of_all_sequences(function: object, noise: float) -> None:
    assert callable(function)
    generator = np.random.default_rng(5)
    sent = generator.integers(0, 4, 400)
    seen = LEVELS[sent] + 0.1 * generator.standard_normal(400)
    deviation = noise * generator.uniform(0.1, 0.2, 400)
    moved = -(STATES @ np.array([0.3, -0.1]))
    edges = np.concatenate([[-np.inf], BOUNDS, [np.inf]])
    wrong = np.array(
        [
            (above((edges[k + 1] - x) / sigma), above((x - edges[k]) / sigma))
            for k, x, sigma in zip(sent, seen, deviation, strict=True)
        ]
    ).T
    # bad patterns among them: errors upwards and downwards are as likely as none
    assert wrong.sum(axis=0).max() > 0.5
    out, table = np.zeros((9, 4)), tail_table()
    function(seen, deviation, sent, BOUNDS, moved, np.zeros(3), BITS, wrong, 0.0, table, *rooms(), out)
    assert out == pytest.approx(by_recursion(seen, deviation, sent, moved), rel=1e-9)
    # unlikely sequences left out take as much as they are worth at most
    fewer = np.zeros((9, 4))
    function(seen, deviation, sent, BOUNDS, moved, np.zeros(3), BITS, wrong, 1e-4, table, *rooms(), fewer)
    assert np.all(fewer <= out * (1.0 + 1e-12))
    assert fewer[:, 0].sum() == pytest.approx(out[:, 0].sum(), rel=1e-2)


def test_the_last_noise_moves_what_follows_an_error() -> None:
    """After an error upwards noise that is tied to the last symbol's keeps the next input high: fewer errors downwards."""
    sent = np.full(1000, 1)
    seen, deviation = np.full(1000, LEVELS[1]), np.full(1000, 0.2)
    wrong, moved = np.full((2, 1000), 0.1), np.zeros(9)
    tied, free = (np.zeros((9, 4)) for _ in range(2))
    for prediction, out in ((0.5, tied), (0.0, free)):
        course = seen, deviation, sent, BOUNDS, moved, np.array([prediction, 0.0, 0.0]), BITS, wrong
        follow_decisions(*course, 0.0, tail_table(), *rooms(), out)
    # states 6 to 8 follow an error upwards
    up, down = (out[6:, 1:3].sum(axis=0) / out[6:, 0].sum() for out in (tied, free))
    assert up[0] > 1.5 * down[0]
    assert up[1] < 0.7 * down[1]


def test_tails_are_those_of_a_normal_variable() -> None:
    """At the middles and the ends of cells, where the series errs most, and behind the table."""
    ends = (np.arange(-TABULATED * CELLS, TABULATED * CELLS) + 0.5) / CELLS
    for place in [*ends, *(ends + 0.25 / CELLS), 0.0, -0.0, -12.3, -30.0]:
        assert gaussian_tail(place, tail_table()) == pytest.approx(above(place), rel=3e-14, abs=0.0)
    # the square of a large place takes the rounding of the place to the exponent
    for place in (9.5, 12.3, 30.0):
        assert gaussian_tail(place, tail_table()) == pytest.approx(above(place), rel=1e-12, abs=0.0)

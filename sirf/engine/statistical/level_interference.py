"""The distribution of interference where all depends on the level of the symbol and on that of the one before it.

All pairs of levels go side by side: they share the line, the aggressors and, but for their size, the displaced edges.

Symbols: L levels, C = L² pairs of them, the level of the symbol times L plus that of the one before, S points of the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sirf._arrays import Complex, Float, Integer
from sirf._kernels.characteristic import add_exponentials
from sirf.engine.edge_response import EdgeResponse
from sirf.engine.statistical.edge_jitter import Displacement
from sirf.engine.statistical.symbol_pairing import Neighbours, multiply_others, pairings
from sirf.engine.statistical.tilted_contour import TiltedContour
from sirf.engine.statistical.tilted_edges import EdgeChain, loose_edges, moved_cursors, tied_by_level
from sirf.engine.statistical.tilted_inversion import check_sums, inverted, largest_small_cursor, two_symbols
from sirf.results.interference_distribution import Interference

MAX_SKEWNESS = 0.2
"""Largest skewness of noise: beyond it a curve is no longer one of second order over the width of the noise."""
FARTHEST = 13.0
"""Deviations at which a Gaussian tail is lost in rounding once the line has tilted it."""
LARGEST_LOGARITHM = 300.0
"""Of the part by which a third cumulant changes the function of noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Conditionals:
    """What the slicer sees beside a symbol, by its level and that of the symbol before it.

    `cursors` (C, K), the response of displaced `edges` there, of which each pair has its `scales` (C,), the noise's `variance`
    (C,) in V² and its `third` cumulant (C,) in V³, and `offsets` (C, B) in V beyond what the cursors say, with their
    probabilities `shares` (C, B).
    """

    cursors: Float
    edges: EdgeResponse
    scales: Float
    variance: Float
    third: Float
    offsets: Float
    shares: Float

    @property
    def spread(self) -> Float:
        """Variances (C,) in V² of Gaussian noise that reaches as far as each noise does, at `FARTHEST` deviations of it."""
        return np.asarray(self.variance * (1.0 + FARTHEST * np.abs(_bend(self.variance, self.third))) ** 2)


def interference_by_level(
    given: Conditionals,
    main: int,
    displacement: Displacement,
    levels: Float,
    crosstalk: Complex,
    line: TiltedContour,
    *,
    deep: bool = False,
) -> Interference:
    """The distribution at one phase, of whose cursors the main one has the index `main`; its value is not used.

    On a `deep` line its middle means nothing.

    The symbols beside the given two are as likely up as down, so that what level j falls short of is what the mirror level
    exceeds under the same cursors. `crosstalk` (S,) is the aggressors' function on `line`, which is made for the widest of all.
    """
    count = len(levels)
    gaussian = np.maximum(given.variance, line.gaussian)
    quiet = crosstalk * np.exp(line.points**2 * (0.5 * gaussian[:, None]))
    found = []
    both = _functions(given, main, displacement, levels, quiet, line, deep=deep)
    for sign, functions, skewed in zip((1.0, -1.0), both, _skewed(line, gaussian, given.third), strict=True):
        rest, room = np.zeros_like(functions), np.empty((4, given.offsets.shape[1]))
        add_exponentials(rest, line.tilt, line.step, sign * given.offsets, given.shares, room)
        rest *= functions
        rest *= skewed
        found.append(rest.reshape(count, count, -1).sum(axis=1))
    above, below = found
    if not deep:
        check_sums(above, below[::-1], line, "level-dependent interference")
    return inverted(above, below, line, deep=deep)


def _functions(
    given: Conditionals,
    main: int,
    displacement: Displacement,
    levels: Float,
    quiet: Complex,
    line: TiltedContour,
    *,
    deep: bool,
) -> tuple[Complex, Complex]:
    """Functions (C, S) of the interference of each pair of levels, and those of its mirror image; `quiet` (C, S) is a factor."""
    # edges differ in size alone: those of the largest, in the least noise, do for all
    largest, scales = given.edges.scaled(float(given.scales.max())), given.scales / given.scales.max()
    tied = EdgeChain.of(largest, displacement, line, main)
    chain, strong = tied.chain, tied.strong
    # without a chain the main symbol and the one before it
    ends = (chain.start + displacement.lead, chain.stop + displacement.lead + 3) if len(chain) else (main, main + 2)
    rows = [Neighbours(*ends, first, levels) for first in pairings(len(levels))]
    even, odd = loose_edges(largest.edges[~strong], displacement, strong, line, scales)
    level, before = np.divmod(np.arange(len(scales)), len(levels))
    upwards = before, level
    downwards = tuple(len(levels) - 1 - each for each in upwards)
    small = largest_small_cursor(line, levels)
    # what turns the edges round is told apart by it alone; else one chain serves both directions
    courses: list[tuple[float, list[tuple[Integer, ...]]]] = [(1.0, [upwards, downwards])]
    if displacement.polarity:
        courses = [(1.0, [upwards]), (-1.0, [downwards])]
    found = np.zeros((2, *quiet.shape), dtype=complex)
    states = moved_cursors(largest, displacement, strong)
    for state, (added, share) in enumerate(zip(states, displacement.state_shares.tolist(), strict=True)):
        moved = given.cursors + scales[:, None] * added
        # the level is that of the mean pulse: a state that changes the main cursor moves it
        shift = (levels[level] * (moved[:, main] - given.cursors[:, main]))[:, None] * line.points
        for row in rows:
            common = quiet.copy()
            multiply_others(common, line.tilt, line.step, row.others(moved), levels, small)
            if not deep:
                check_sums(common, common[::-1], line, "intersymbol interference")
            shapes: list[Complex] = []
            for sign, wanted in courses:
                functions = common * np.exp(even + sign * odd)
                if len(chain):
                    shapes += tied_by_level(functions, line, moved, main, tied, state, sign, row, scales, wanted)
                else:
                    shapes += _untied(functions, line, moved, row, wanted)
            for target, shape, sign in zip(found, shapes, (1.0, -1.0), strict=True):
                target += (share / len(rows)) * (shape * np.exp(sign * shift) if shift.any() else shape)
    return found[0], found[1]


def _untied(
    functions: Complex, line: TiltedContour, cursors: Float, row: Neighbours, wanted: Sequence[tuple[Integer, ...]]
) -> list[Complex]:
    """`functions` (C, S) times those of both given symbols and of what is paired with them; arguments as in `tied_by_level`."""
    pairs = np.array([two_symbols(row, one, line) for one in cursors])
    each, of_both = np.arange(len(cursors)), pairs.shape[2] > 1
    return [functions * pairs[each, before, level if of_both else 0] for before, level in wanted]


def _bend(variance: Float, third: Float) -> Float:
    """b of noise z + b (z² - 1), z standard normal, that has such a `third` cumulant once it is scaled to its `variance`."""
    # the third cumulant over the cube of the deviation is 6 b + O(b³)
    return np.asarray(np.clip(third / variance**1.5, -MAX_SKEWNESS, MAX_SKEWNESS)) / 6.0


def _skewed(line: TiltedContour, variance: Float, third: Float) -> Complex:
    """(2, C, S): what functions of Gaussian noise of `variance` (C,) are multiplied by where it has a `third` cumulant (C,) in
    V³, and where it has the opposite one.

    The noise is then that of a curve to second order, n + a (n² - E n²) with n Gaussian, whose function is a closed form.
    """
    b, deviation = _bend(variance, third)[:, None], np.sqrt(variance)[:, None]
    # the square adds to the variance, which stays
    x = line.points * (deviation / np.sqrt(1.0 + 2.0 * b**2))
    moved = np.array([[[1.0]], [[-1.0]]]) * b * x
    rest = 1.0 - 2.0 * moved
    exponent = 0.5 * x**2 / rest - moved - 0.5 * (line.points * deviation) ** 2
    # where this is large the function of the noise itself is nothing, and so is their product
    np.minimum(exponent.real, LARGEST_LOGARITHM, out=exponent.real)
    return np.asarray(np.exp(exponent) / np.sqrt(rest))

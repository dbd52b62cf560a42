"""Quantiles of many tails at many probabilities at once: what an eye's edges at all phases are made of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sirf._arrays import Float, Integer
from sirf.results.interference_distribution import BISECTIONS, LOG_FLOOR, SHORTEST_STEP, Interference


def edge_quantiles(slices: Sequence[Interference], ratios: Sequence[float]) -> Float:
    """(P, E, 2, R): what closes eye e at each phase, from below and from above, exceeded with each probability (below 0.5), V.

    The values of `Interference.quantile` of level e and of `Interference.lower_quantile` of level e + 1, but for the last digit.
    """
    wanted = np.array([float(np.log(ratio)) for ratio in ratios])
    counts = np.array([len(piece.volts) for piece in slices])
    eyes = len(slices[0].log_tail) - 1
    # grids may differ from phase to phase: what a shorter one lacks is never asked for
    tails = np.zeros((len(slices), eyes, 2, counts.max()))
    for each, piece, count in zip(tails, slices, counts, strict=True):
        each[:, 0, :count], each[:, 1, :count] = piece.log_tail[:-1], piece.lower_log_tail[1:]
    counts = np.repeat(counts, 2 * eyes)
    tails = tails.reshape(len(counts), -1)
    # a tail falls: counted from its end, the first sample at or below the wanted logarithm
    last: Integer = np.array(
        [count - tail[count - 1 :: -1].searchsorted(wanted, "right") for tail, count in zip(tails, counts, strict=True)]
    )
    counts = counts[:, np.newaxis]
    # four nodes about the step that ends there, moved inwards at the ends
    first: Integer = np.clip(last - 2, 0, counts - 4)
    nodes = np.take_along_axis(tails, (first[..., np.newaxis] + np.arange(4)).reshape(len(tails), -1), axis=1)
    places = _places(nodes.reshape(-1, 4), np.tile(wanted, len(tails)), (last - first).ravel())
    steps, ends = (np.repeat([piece.volts[k] for piece in slices], 2 * eyes)[:, np.newaxis] for k in (1, -1))
    volts = (first + places.reshape(first.shape)) * steps
    # no sample of the tail lies above: even P(x > 0) is smaller; none below: the grid's end is a lower bound
    volts = np.where(last == 0, 0.0, np.where(last >= counts, ends, volts))
    return volts.reshape(len(slices), eyes, 2, len(wanted))


def _places(nodes: Float, wanted: Float, high: Integer) -> Float:
    """Where the cubics through `nodes` (N, 4) at 0, 1, 2 and 3 fall through `wanted` (N,) between `high` - 1 and `high`.

    By Newton's rule, halving where a step leaves the bracket; straight where the logarithm is cut off, for a cubic through the
    cut would swing.
    """
    a, b, c, d = nodes.T
    bend, third = c - 2.0 * b + a, d - 3.0 * (c - b) - a
    first, second, last = b - a - 0.5 * bend + third / 3.0, 0.5 * (bend - third), third / 6.0
    # between the two nodes of the step; those outside the grid are replaced by whoever asked
    before: Integer = np.clip(high - 1, 0, 2)
    upper, lower = (np.take_along_axis(nodes, (before + k)[:, np.newaxis], axis=1)[:, 0] for k in (0, 1))
    found = np.where(upper > lower, before + (upper - wanted) / np.where(upper > lower, upper - lower, 1.0), before)
    left = np.flatnonzero((d > LOG_FLOOR) & (high > 0) & (high < 4))
    bottom, top = before[left].astype(float), before[left] + 1.0
    x = 0.5 * (bottom + top)
    for _ in range(BISECTIONS):
        c0, c1, c2, c3 = a[left], first[left], second[left], last[left]
        above = c0 + x * (c1 + x * (c2 + x * c3)) - wanted[left]
        bottom, top = np.where(above > 0.0, x, bottom), np.where(above > 0.0, top, x)
        # a tail that does not fall here has no root by Newton: the interval is halved
        slope = c1 + x * (2.0 * c2 + 3.0 * c3 * x)
        step = np.where(slope < 0.0, x - above / np.where(slope < 0.0, slope, -1.0), bottom)
        step = np.where((bottom < step) & (step < top), step, 0.5 * (bottom + top))
        found[left] = step
        open_ = np.abs(step - x) >= SHORTEST_STEP
        if not open_.any():
            break
        left, bottom, top, x = left[open_], bottom[open_], top[open_], step[open_]
    return found

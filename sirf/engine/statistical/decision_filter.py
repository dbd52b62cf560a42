"""The interference and the level of the next symbol after each sequence of decisions: assumed-density filtering, step by step."""

from __future__ import annotations

import numpy as np

from sirf._arrays import Float
from sirf.engine.statistical.truncated_normal import decided, ways

LEAST_VARIANCE = 1e-3
"""Least part of the variance of the interference that knowing earlier decisions leaves."""


def told(surprise: Float, leaning: Float, offset: Float, spread: Float) -> tuple[Float, Float, Float]:
    """Share, offset in V and relative variance of each level, each (S, L), after S sequences of `surprise` (S, N), newest first.

    `leaning`, `offset`, `spread` (K, L), K >= N, are what an error upwards tells 1, 2 … symbols later; a downward one tells of
    the mirrored levels.
    """
    known = surprise.shape[1]
    up, down = np.maximum(surprise, 0.0), np.maximum(-surprise, 0.0)
    lean = up @ leaning[:known] + down @ leaning[:known, ::-1]
    # relative to the largest, because an exponential of what surprises tell could overflow
    share = np.exp(lean - lean.max(axis=1, keepdims=True))
    width = 1.0 + up @ spread[:known] + down @ spread[:known, ::-1]
    moved = up @ offset[:known] - down @ offset[:known, ::-1]
    return share / share.sum(axis=1, keepdims=True), moved, np.maximum(width, LEAST_VARIANCE)


def filter_decisions(
    variance: float,
    ahead: Float,
    leaning: Float,
    offset: Float,
    spread: Float,
    taps: Float,
    low: Float,
    high: Float,
) -> tuple[Float, Float, Float]:
    """Mean in V, scale and share of each level, each (S, L), after each of S = 3^M sequences of errors, newest first.

    `variance` in V² is that of the interference, `ahead` (M,) in V its mean 1, 2 … symbols after an error upwards; `taps` (M,) in
    V what such an error takes off; the other arguments as in `told` and `decided`.
    """
    memory, ranges = len(taps), ways(low, high)
    surprise = errors = np.zeros((1, 0))
    here, var, right = np.zeros(1), np.array([variance]), 0
    share, moved, width = told(surprise, leaning, offset, spread)
    found, left = decided(here, moved, np.sqrt(variance * width), share, ranges)
    usual = found[2, 0]
    # so scaled, the regression on the mean of a normal variable beyond the threshold gives what an error tells
    apart = np.abs(np.subtract.outer(np.arange(memory + 1), np.arange(memory + 1)))
    # mean (S, N) and covariance (S, N, N) of the interferences not yet decided after each sequence, the next one first
    centre = np.zeros((1, memory + 1))
    covariance = (variance * np.concatenate([[1.0], ahead[:memory] / usual])[apart])[None]
    for later in range(memory, 0, -1):
        # right decisions before the first error are as usual
        found[1, right], left[1, right] = here[right], var[right]
        new, tied = found - here, covariance[:, 1:, 0]
        centre = (centre[:, 1:] + tied / var[:, None] * new[..., None]).reshape(-1, later)
        # a decision does not tell the interference itself but leaves `left` of its variance: the others shrink by the
        # part that is gone
        shrink = (1.0 - left / var) / var
        gone = tied[:, :, None] * tied[:, None, :] * shrink[..., None, None]
        covariance = (covariance[:, 1:, 1:] - gone).reshape(-1, later, later)
        # the number of a sequence in base three has a digit for each decision, the newest the highest: 0 too low,
        # 1 right, 2 too high
        newest = np.repeat(np.array([[-1.0], [0.0], [1.0]]), len(here), axis=1)
        errors, surprise = _followed(newest, errors), _followed(new / usual, surprise)
        share, moved, width = told(surprise, leaning, offset, spread)
        # what errors of a closed eye tell need not be a correlation, which leaves no variance below zero
        here, var, right = centre[:, 0], np.maximum(covariance[:, 0, 0], LEAST_VARIANCE * variance), len(centre) // 2
        if later > 1:
            fed = -(errors @ taps[: errors.shape[1]])
            found, left = decided(here + fed, moved, np.sqrt(var[:, None] * width), share, ranges)
            found -= fed
    scale = np.sqrt(np.maximum(covariance[:, 0] / variance * width, LEAST_VARIANCE))
    return centre + moved, scale, share


def _followed(newest: Float, before: Float) -> Float:
    """(3 S, N + 1): what stands for the `newest` decision (3, S) in front of that for those `before` it (S, N)."""
    known = before.shape[1]
    found = np.empty((*newest.shape, known + 1))
    found[..., 0], found[..., 1:] = newest, before
    return found.reshape(-1, known + 1)

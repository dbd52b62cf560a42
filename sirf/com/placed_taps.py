"""Taps of least mean-squared error at given places: `sirf._kernels.mmse.equalizer`, for one receiver at a time.

A search tries places by the thousand and has a kernel for it. The receiver that it finds is made a few times a command, sooner
than that kernel is compiled. All sums are in the kernel's order, so that both give the same numbers to the last bit.
"""

from __future__ import annotations

import numpy as np

from sirf._arrays import Float, Integer


def placed_taps(
    correlation: Float,
    main: Float,
    feedback: Float,
    b_min: Float,
    b_max: Float,
    w_min: Float,
    w_max: Float,
    cursor: int,
    step: float,
    places: Integer,
) -> tuple[float, Float, Float]:
    """Error over the symbols' variance, FFE taps (T,) at `places` and DFE taps (B,); the arguments are those of the kernel.

    An infinite error where the covariance is not definite or no gain is left.
    """
    full, at_main, later = correlation[np.abs(places[:, None] - places)], main[places], feedback[:, places]
    nothing = np.inf, np.zeros(places.size), np.zeros(len(later))
    # the DFE removes its cursors whatever they are, so they do not count as errors
    factor = _factor(full, later)
    if factor is None:
        return nothing
    w = _solved(factor, at_main)
    gain = _sum(at_main * w)
    w = w / gain
    free = _sums(later * w)
    b = np.minimum(np.maximum(free, b_min), b_max)
    limited = bool(np.any(b != free))
    if limited:
        factor = _factor(full, later[:0])
        if factor is None:
            return nothing
        w, solved = _solved(factor, at_main), _solved(factor, _sums((later * b[:, None]).T))
        gain, present = _sum(at_main * w), _sum(at_main * solved)
        # w = R^-1 (b h_1 + l h_0), with l such that w'h_0 = 1
        w = solved + (1.0 - present) / gain * w
    clipped = _clipped(w, w_min[places], w_max[places], cursor, step)
    changed = bool(np.any(clipped != w))
    if not (limited or changed):
        # at the optimum w'R w = 1 / (h_0'R^-1 h_0); one of it is the wanted symbol
        return max(1.0 / gain - 1.0, 0.0), w, b
    w = clipped
    if changed:
        gain = _sum(at_main * w)
        if not gain > 0.0:
            return nothing
        w = w / gain
        b = np.minimum(np.maximum(_sums(later * w), b_min), b_max)
    # w'R w - 1 + b'b - 2 b'(w'h): R holds the post-cursors in full, the DFE leaves their difference from b
    rows = _sums(np.hstack((full * w, -((2.0 * later) * b[:, None]).T)))
    return max(_sum(np.concatenate(([-1.0], b * b, w * rows))), 0.0), w, b


def _sum(values: Float) -> float:
    """Sum in the order of the values: NumPy's own adds in pairs, whose last bits differ from a loop's."""
    return float(np.add.accumulate(values)[-1]) if values.size else 0.0


def _sums(rows: Float) -> Float:
    """The same of each row."""
    return np.add.accumulate(rows, axis=1)[:, -1] if rows.shape[1] else np.zeros(len(rows))


def _factor(covariance: Float, removed: Float) -> Float | None:
    """Lower Cholesky factor of a covariance (T, T) less the products of the rows `removed`; None where it is not definite."""
    factor = covariance.copy()
    for row in removed:
        factor -= np.outer(row, row)
    for column in range(len(factor)):
        pivot = factor[column, column]
        # written so that NaN fails too
        if not pivot > 0.0:
            return None
        factor[column, column] = np.sqrt(pivot)
        below = factor[column + 1 :, column]
        below /= factor[column, column]
        # every later entry loses its products in the order of the columns, as in a loop over it alone
        factor[column + 1 :, column + 1 :] -= np.outer(below, below)
    return factor


def _solved(factor: Float, right: Float) -> Float:
    """Solution x (T,) of L L' x = right."""
    x = right.copy()
    for row in range(x.size):
        x[row] /= factor[row, row]
        x[row + 1 :] -= factor[row + 1 :, row] * x[row]
    for row in range(x.size - 1, -1, -1):
        # rows above the diagonal of the factor hold what is left of the covariance: they are not read
        terms = np.concatenate((x[row : row + 1], factor[row + 1 :, row] * x[row + 1 :]))
        x[row] = np.subtract.accumulate(terms)[-1] / factor[row, row]
    return x


def _clipped(w: Float, least: Float, most: Float, cursor: int, step: float) -> Float:
    """Taps within their limits relative to the main one and, for a `step` above 0, on whole steps towards zero."""
    reference = w[cursor]
    others = np.arange(w.size) != cursor
    result = w.copy()
    taps = np.minimum(np.maximum(w[others], least[others] * reference), most[others] * reference)
    if step > 0.0:
        ratio = taps / reference
        # towards zero, as the reference does: rounding to nearest could leave the limits again
        taps = np.floor(np.abs(ratio) / step) * step * np.sign(ratio) * reference
    result[others] = taps
    return result

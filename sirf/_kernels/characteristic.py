"""Moment-generating functions of interference on a uniform line s = theta + j n step in the complex plane.

Symbols: L levels a_j, K cursors c_k, S points of the line. Every distribution of symbols is symmetric: levels come in ± pairs.
Real and imaginary parts are kept apart so that the loops over the line become vector instructions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import inlined, kernel

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]


@inlined
def add_opposites(factor: Complex, theta: float, step: float, swing: float, share: float) -> None:
    """Add `share` cosh(s `swing`) to `factor` (S,): what a voltage and its opposite, equally likely, make together.

    cosh(x + j y) = cosh x cos y + j sinh x sin y, its angle advanced by rotation.
    """
    real = np.cosh(theta * swing) * share
    imag = np.sinh(theta * swing) * share
    turn_re = np.cos(step * swing)
    turn_im = np.sin(step * swing)
    x = 1.0
    y = 0.0
    # a rotation costs four products a point where a cosine and a sine would cost dozens; its rounding grows by about
    # one unit in the last place a point
    for n in range(len(factor)):
        factor[n] += complex(real * x, imag * y)
        x, y = x * turn_re - y * turn_im, x * turn_im + y * turn_re


@kernel(fastmath=True)  # sums of positive multiples of bounded factors; reordering moves the last digits only
def add_exponentials(total: Complex, theta: float, step: float, volts: Float, shares: Float, room: Float) -> None:
    """Add the sum over k of `shares`[r, k] exp(s `volts`[r, k]) to row r of `total` (R, S), each angle advanced by rotation.

    `volts` and `shares` (R, K); `room` (4, K) is overwritten.
    """
    re, im, turn_re, turn_im = room[0], room[1], room[2], room[3]
    for r in range(len(total)):
        for k in range(volts.shape[1]):
            re[k], im[k] = shares[r, k] * np.exp(theta * volts[r, k]), 0.0
            turn_re[k], turn_im[k] = np.cos(step * volts[r, k]), np.sin(step * volts[r, k])
        # voltages side by side: each waits for its own last rotation alone, and the loop over them is one of vectors
        for n in range(total.shape[1]):
            real = imag = 0.0
            for k in range(len(re)):
                x, y = re[k], im[k]
                real += x
                imag += y
                re[k], im[k] = x * turn_re[k] - y * turn_im[k], x * turn_im[k] + y * turn_re[k]
            total[r, n] += complex(real, imag)


@kernel(fastmath=True)  # products of bounded factors: their order moves the last digits only
def multiply_symbols(
    out: Complex,
    theta: float,
    step: float,
    cursors: Float,
    levels: Float,
    small: float,
    cumulants: Float,
    factor: Complex,
) -> None:
    """Multiply `out` (S,) in place by the product over k of mean_j exp(s a_j c_k).

    Cursors with |c| < `small` enter by their `cumulants` (3,): second, fourth and sixth of one symbol. Left out is the eighth:
    |s c|^8 / 148 at most, for two levels. `factor` (S,) is overwritten.
    """
    size = len(out)
    half = len(levels) // 2
    power2 = 0.0
    power4 = 0.0
    power6 = 0.0
    for k in range(len(cursors)):
        cursor = cursors[k]
        if abs(cursor) < small:
            # a small cursor only enters by its powers, so any number of them costs one exponential a point at the end
            square = cursor * cursor
            power2 += square
            power4 += square * square
            power6 += square * square * square
            continue
        if len(levels) % 2:
            # an odd number of levels has one at zero, which contributes exp(0)
            factor[:] = 1.0 / len(levels)
        else:
            factor[:] = 0.0
        for j in range(half):
            # levels at ±a together: (exp(s a c) + exp(-s a c)) / L = 2 cosh(s a c) / L
            swing = levels[len(levels) - 1 - j] * cursor
            add_opposites(factor, theta, step, swing, 2.0 / len(levels))
        # by parts, here and below: numba's products and exponentials of complex numbers take longer to compile than this kernel
        for n in range(size):
            x, y = out[n].real, out[n].imag
            p, q = factor[n].real, factor[n].imag
            out[n] = complex(x * p - y * q, x * q + y * p)
    # logarithm of a moment-generating function: sum over n of (n-th cumulant) s^n / n!, odd ones vanish by symmetry
    c2 = cumulants[0] * power2 / 2.0
    c4 = cumulants[1] * power4 / 24.0
    c6 = cumulants[2] * power6 / 720.0
    if power2 > 0.0:
        for n in range(size):
            # s² = p + j q, and the logarithm s² (c2 + s² (c4 + s² c6)) from within
            p, q = theta * theta - (n * step) * (n * step), 2.0 * theta * (n * step)
            x, y = c4 + c6 * p, c6 * q
            x, y = c2 + x * p - y * q, x * q + y * p
            x, y = x * p - y * q, x * q + y * p
            growth = np.exp(x)
            p, q = growth * np.cos(y), growth * np.sin(y)
            x, y = out[n].real, out[n].imag
            out[n] = complex(x * p - y * q, x * q + y * p)


@kernel(fastmath=True)  # as above
def multiply_rows(
    out: Complex,
    theta: float,
    step: float,
    cursors: Float,
    levels: Float,
    small: float,
    cumulants: Float,
    factor: Complex,
) -> None:
    """`multiply_symbols` of each row of `out` (C, S) with its own of `cursors` (C, K)."""
    for row in range(len(out)):
        multiply_symbols(out[row], theta, step, cursors[row], levels, small, cumulants, factor)


@kernel(fastmath=True)  # products of bounded factors: their order moves the last digits only
def average_symbols(
    wave: Float,
    first: int,
    stride: int,
    theta: float,
    step: float,
    size: int,
    levels: Float,
    small: float,
    cumulants: Float,
) -> Complex:
    """(S,): function of one aggressor averaged over the phases `first`, `first` + `stride` … of `wave` (rows, M)."""
    total = np.zeros(size, dtype=np.complex128)
    factor = np.empty(size, dtype=np.complex128)
    count = 0
    for phase in range(first, wave.shape[1], stride):
        part = np.ones(size, dtype=np.complex128)
        multiply_symbols(part, theta, step, wave[:, phase].copy(), levels, small, cumulants, factor)
        total += part
        count += 1
    return total / count


@kernel(fastmath=True)  # products of bounded factors: their order moves the last digits only
def multiply_pairs(
    out: Complex,
    theta: float,
    step: float,
    cursors: Float,
    points: Float,
    shares: Float,
    small: float,
    cumulants: Float,
) -> None:
    """Multiply `out` (S,) in place by the product over pairs of neighbouring `cursors` (K,), K even, of E exp(s (a c + b d)).

    A pair (a, b) is one of `points` (N, 2) or its opposite, with `shares` (N,) of both together. Pairs with |c| and |d| below
    `small` enter by `cumulants` (5,): second, fourth, sixth, and of both symbols together (2, 2) and (4, 2).
    """
    size = len(out)
    factor = np.empty(size, dtype=np.complex128)
    power2 = 0.0
    power4 = 0.0
    power6 = 0.0
    for k in range(0, len(cursors), 2):
        c, d = cursors[k], cursors[k + 1]
        if max(abs(c), abs(d)) < small:
            p, q = c * c, d * d
            # cumulants of c a + d b with their binomial weights, 6 and 15; terms of odd order in one symbol vanish,
            # because a point is as likely as its mirror image in either symbol
            power2 += cumulants[0] * (p + q)
            power4 += cumulants[1] * (p * p + q * q) + 6.0 * cumulants[3] * p * q
            power6 += cumulants[2] * (p * p * p + q * q * q) + 15.0 * cumulants[4] * p * q * (p + q)
            continue
        factor[:] = 0.0
        for j in range(len(points)):
            swing = points[j, 0] * c + points[j, 1] * d
            add_opposites(factor, theta, step, swing, shares[j])
        for n in range(size):
            out[n] *= factor[n]
    if power2 > 0.0:
        for n in range(size):
            s = complex(theta, n * step)
            square = s * s
            out[n] *= np.exp(square * (power2 / 2.0 + square * (power4 / 24.0 + square * power6 / 720.0)))


def multiply_cumulants(out: Complex, theta: float, step: float, second: float, fourth: float) -> None:
    """Multiply `out` (S,) in place by exp(second s²/2 + fourth s⁴/24): Gaussian parts and many small symmetric ones."""
    square = (theta + 1j * step * np.arange(len(out))) ** 2
    out *= np.exp(square * (0.5 * second + square * (fourth / 24.0)))


@kernel(fastmath=True)  # products of bounded factors: their order moves the last digits only
def fit_line(
    bounded: Float, proxy: float, gaussian: float, levels: Float, depth: float, height: float
) -> tuple[float, float]:
    """(tilt, period): where the tail has fallen to about exp(-`depth`), and a window that holds the tilted distribution.

    With K the logarithm of the moment-generating function, the tilt solves K(theta) - theta K'(theta) = -depth, but stops where
    K(theta) = `height`: of a wide bounded distribution the middle keeps its digits up to there.

    `bounded` descending: |c| of parts within ±c; `proxy` variance of what is only known to be sub-Gaussian; `gaussian` variance.

    The period P comes from splitting the bounded parts into the largest, whose sum is D, and the rest, which with
    Gaussian parts has a variance proxy q² (Hoeffding): beyond P = D + theta q² + z q, z² = 46 + 2 theta D + theta² q², the
    tilted tail has less than exp(-23) of the mean; the best split is taken.
    """
    count = len(levels)
    low = 0.0
    # of the Gaussian alone theta K' - K = theta² variance / 2; every further part raises it, so the root lies below
    # this
    high = np.sqrt(2.0 * depth / gaussian)
    theta = high
    total = 0.0
    for turn in range(30):
        # the proxy counts half: a sub-Gaussian part is no wider than its proxy, and usually narrower; the period below
        # takes all of it
        value = 0.5 * theta * theta * (gaussian + proxy * 0.5)
        total = value
        for k in range(len(bounded)):
            c = bounded[k]
            mean = 0.0
            slope = 0.0
            for j in range(count):
                # relative to the largest level: exp(theta c) alone could overflow
                part = np.exp(theta * c * (levels[j] - 1.0))
                mean += part
                slope += part * (levels[j] - 1.0)
            value += theta * c * slope / mean - np.log(mean / count)
            total += theta * c + np.log(mean / count)
        # value is theta K' - K, total is K; both grow with theta
        if value > depth or total > height:
            high = theta
        # even the upper end of the bracket is not deep enough: it is the answer
        elif turn == 0:
            break
        else:
            low = theta
        theta = 0.5 * (low + high)
        # the tilt need not be exact: the tail follows from any tilt, only with fewer digits the further it is from its
        # own depth
        if high - low < 0.02 * high:
            break
    rest = proxy + gaussian
    for k in range(len(bounded)):
        rest += bounded[k] * bounded[k]
    largest = 0.0
    period = np.inf
    for k in range(len(bounded) + 1):
        deviation = np.sqrt(rest)
        # 46 = 2 x 23, the exponent of the promised tail
        z = np.sqrt(46.0 + 2.0 * theta * largest + theta * theta * rest)
        period = min(period, largest + theta * rest + z * deviation)
        if k < len(bounded):
            largest += bounded[k]
            # repeated subtraction may round below what can never be split off
            rest = max(rest - bounded[k] * bounded[k], proxy + gaussian)
    return theta, period

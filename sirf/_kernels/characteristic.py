"""Moment-generating functions of interference on a uniform line s = theta + j n step in the complex plane.

Symbols: L levels a_j, K cursors c_k, S points of the line. Every distribution of symbols is symmetric: levels come in ± pairs.
Real and imaginary parts are kept apart so that the loops over the line become vector instructions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]

LANES = 4
"""Points of the line that turn together."""


@kernel(fastmath=True)  # products of bounded factors; reordering moves the last digits only
def multiply_symbols(
    out: Complex, theta: float, step: float, cursors: Float, levels: Float, small: float, cumulants: Float
) -> None:
    """Multiply `out` (S,) in place by the product over k of mean_j exp(s a_j c_k).

    Cursors with |c| < `small` enter by their `cumulants` (3,): second, fourth and sixth of one symbol. Left out is the eighth:
    |s c|^8 / 148 at most, for two levels. cosh(x + j y) = cosh x cos y + j sinh x sin y, its angle advanced by rotation.
    """
    size = len(out)
    half = len(levels) // 2
    factor = np.empty(size, dtype=np.complex128)
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
            real = np.cosh(theta * swing) * 2.0 / len(levels)
            imag = np.sinh(theta * swing) * 2.0 / len(levels)
            turn_re = np.cos(step * swing)
            turn_im = np.sin(step * swing)
            x = 1.0
            y = 0.0
            for n in range(size):
                factor[n] += complex(real * x, imag * y)
                x, y = x * turn_re - y * turn_im, x * turn_im + y * turn_re
        for n in range(size):
            out[n] *= factor[n]
    # logarithm of a moment-generating function: sum over n of (n-th cumulant) s^n / n!, odd ones vanish by symmetry
    c2 = cumulants[0] * power2 / 2.0
    c4 = cumulants[1] * power4 / 24.0
    c6 = cumulants[2] * power6 / 720.0
    if power2 > 0.0:
        for n in range(size):
            s = complex(theta, n * step)
            square = s * s
            out[n] *= np.exp(square * (c2 + square * (c4 + square * c6)))


@kernel(fastmath=True)  # the same
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
    count = 0
    for phase in range(first, wave.shape[1], stride):
        part = np.ones(size, dtype=np.complex128)
        multiply_symbols(part, theta, step, wave[:, phase].copy(), levels, small, cumulants)
        total += part
        count += 1
    return total / count


@kernel(fastmath=True)  # the same
def multiply_cumulants(out: Complex, theta: float, step: float, second: float, fourth: float) -> None:
    """Multiply `out` (S,) in place by exp(second s²/2 + fourth s⁴/24): Gaussian parts and many small symmetric ones."""
    for n in range(len(out)):
        s = complex(theta, n * step)
        square = s * s
        out[n] *= np.exp(square * (0.5 * second + square * (fourth / 24.0)))


@kernel(fastmath=True)  # the same
def fit_line(
    bounded: Float, proxy: float, gaussian: float, levels: Float, depth: float, height: float
) -> tuple[float, float, float]:
    """(tilt, period, K): where the tail has fallen to about exp(-`depth`), and a window that holds the tilted distribution.

    K is the logarithm of the moment-generating function. The tilt solves K(theta) - theta K'(theta) = -depth, but stops where
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
    return theta, period, total


@kernel(fastmath=True)  # the same
def superpose(size: Float, turn: Float, re: Float, im: Float) -> None:
    """(re, im) (S,): sums over N nodes of size exp(j n angle); `size` (N,), `turn` (8, N) = cos and sin of 1, 2, 3, 4 angles.

    S is a multiple of `LANES`, so that nodes are loaded once for so many points; they fill vectors.
    """
    real = size.copy()
    imag = np.zeros(len(size))
    c1, s1, c2, s2, c3, s3, c4, s4 = turn[0], turn[1], turn[2], turn[3], turn[4], turn[5], turn[6], turn[7]
    for start in range(0, len(re), LANES):
        r0 = i0 = r1 = i1 = r2 = i2 = r3 = i3 = 0.0
        for k in range(len(real)):
            p = real[k]
            q = imag[k]
            r0 += p
            i0 += q
            r1 += p * c1[k] - q * s1[k]
            i1 += p * s1[k] + q * c1[k]
            r2 += p * c2[k] - q * s2[k]
            i2 += p * s2[k] + q * c2[k]
            r3 += p * c3[k] - q * s3[k]
            i3 += p * s3[k] + q * c3[k]
            # the next LANES points start from four angles on; rotating the stored phasor costs no further cosine
            real[k] = p * c4[k] - q * s4[k]
            imag[k] = p * s4[k] + q * c4[k]
        re[start], re[start + 1], re[start + 2], re[start + 3] = r0, r1, r2, r3
        im[start], im[start + 1], im[start + 2], im[start + 3] = i0, i1, i2, i3


@kernel(fastmath=True)  # the same
def node_factors(theta: float, step: float, share: float, volts: Float, out: Float) -> None:
    """exp(`theta` v) and cosine and sine of `step` v, in the rows of `out` (3, N), for `share` times each of `volts` (N,)."""
    for k in range(len(volts)):
        swing = share * volts[k]
        out[0, k] = np.exp(theta * swing)
        out[1, k] = np.cos(step * swing)
        out[2, k] = np.sin(step * swing)


@kernel(fastmath=True)  # the same
def transition(
    shares: Float, one: Float, two: Float, three: Float, four: Float, size: Float, turn: Float, re: Float, im: Float
) -> None:
    """(re, im) (S,): expectation over the nodes of a displaced edge, whose factors are the products of four: each (3, N).

    `shares` (N,) are the probabilities of the nodes; `size` and `turn` (8, ...) are room for so many and more.
    """
    for k in range(len(shares)):
        size[k] = shares[k] * one[0, k] * two[0, k] * three[0, k] * four[0, k]
        # exponents add, so phasors multiply: first pairs, then the pairs' product, then its 2nd, 3rd and 4th power by
        # angle addition
        p = one[1, k] * two[1, k] - one[2, k] * two[2, k]
        q = one[1, k] * two[2, k] + one[2, k] * two[1, k]
        x = three[1, k] * four[1, k] - three[2, k] * four[2, k]
        y = three[1, k] * four[2, k] + three[2, k] * four[1, k]
        c = p * x - q * y
        s = p * y + q * x
        turn[0, k] = c
        turn[1, k] = s
        turn[2, k] = c * c - s * s
        turn[3, k] = 2.0 * c * s
        turn[4, k] = c * turn[2, k] - s * turn[3, k]
        turn[5, k] = c * turn[3, k] + s * turn[2, k]
        turn[6, k] = turn[2, k] * turn[2, k] - turn[3, k] * turn[3, k]
        turn[7, k] = 2.0 * turn[2, k] * turn[3, k]
    superpose(size[: len(shares)], turn, re, im)


@kernel(fastmath=True)  # the same
def symbol_chain(
    theta: float,
    step: float,
    size: int,
    cursors: Float,
    main: int,
    volts: Float,
    shares: Float,
    counts: NDArray[np.int64],
    weights: Float,
    rests: Float,
    levels: Float,
) -> Complex:
    """(L, L, S): E exp(s x) over the symbols whose jittered edges tie them, given the main one (second axis).

    Split by the symbol sent before it, that of the next cursor: sum over the first axis for all.

    Symbols h … h + 3 with `cursors` (Q,) share the transition x = weights[h] . (a_h, …, a_(h+3)) + r, whose displaced edge
    adds x times one of `volts[h, 0]` (N,), or of the last of `volts[h]` where x < 0, with probabilities `shares[h]` (N,). The
    first `counts[h]` of them count; no edge of which none does moves. r is ± the root of its variance `rests[h]`. The symbols
    form a third-order Markov chain: messages run from both ends to the main symbol at index `main` (2 … Q - 2). `size` is a
    multiple of `LANES`.
    """
    count = len(levels)
    length = len(cursors)
    # messages hold a function of three neighbouring symbols; first axis: real and imaginary part
    left = np.empty((2, count, count, count, size))
    right = np.empty((2, count, count, count, size))
    moved = np.empty((2, count, count, count, size))
    weight = np.empty((length, count, 2, size))
    factor = np.empty((4, size))
    # factors of every node for each direction, level and place in the transition; the last two hold the rest, off and on
    sides, most = volts.shape[1], volts.shape[2]
    parts = np.empty((sides, 5, count, 3, most))
    room = np.empty(most)
    powers = np.empty((8, most))
    total = np.zeros((2, count, count, size))
    for q in range(length):
        for i in range(count):
            # the main symbol is given, not averaged: its weight is one
            swing = levels[i] * cursors[q] if q != main else 0.0
            x = np.exp(theta * swing) / count if q != main else 1.0
            y = 0.0
            turn_re = np.cos(step * swing)
            turn_im = np.sin(step * swing)
            for n in range(size):
                weight[q, i, 0, n] = x
                weight[q, i, 1, n] = y
                x, y = x * turn_re - y * turn_im, x * turn_im + y * turn_re
    # the messages overlap in the main symbol, of weight one, and the one before it, which the left message counts
    for side in range(2):
        start = 0 if side == 0 else length - 3
        target = left if side == 0 else right
        for g in range(count):
            for h in range(count):
                for i in range(count):
                    one = weight[start, g]
                    two = weight[start + 1, h]
                    three = weight[start + 2, i]
                    skip = side == 1 and start == main - 1
                    for n in range(size):
                        p = two[0, n] * three[0, n] - two[1, n] * three[1, n]
                        r = two[0, n] * three[1, n] + two[1, n] * three[0, n]
                        target[0, g, h, i, n] = p if skip else p * one[0, n] - r * one[1, n]
                        target[1, g, h, i, n] = r if skip else p * one[1, n] + r * one[0, n]
    # edges before the joint in the chain, then those behind it from the far end, then the one that joins both
    joint = main - 2
    for turn in range(length - 3):
        if turn < joint:
            q = turn
        elif turn < length - 4:
            q = length - 4 - (turn - joint)
        else:
            q = joint
        moved[:] = 0.0
        quiet = counts[q] == 0
        apart = np.sqrt(rests[q])
        signs = 2 if apart > 0.0 else 1
        f_re = factor[0]
        f_im = factor[1]
        f_re[:] = 1.0
        f_im[:] = 0.0
        known = 0.0
        used = counts[q]
        # a view of what counts, so that the inner loops have the exact length
        share = shares[q, :used]
        for side in range(sides if used else 0):
            seen = volts[q, side, :used]
            for i in range(count):
                for place in range(3):
                    node_factors(theta, step, weights[q, place] * levels[i], seen, parts[side, place, i])
                for sign in range(signs):
                    fourth = weights[q, 3] * levels[i] + (2.0 * sign - 1.0) * apart
                    node_factors(theta, step, fourth, seen, parts[side, 3 + sign, i])
        # without a first weight the factor does not depend on symbol g: the left message is summed over it beforehand
        span = count if weights[q, 0] != 0.0 and not quiet else 1
        if span == 1 and q <= joint:
            for g in range(1, count):
                for h in range(count):
                    for i in range(count):
                        for n in range(size):
                            left[0, 0, h, i, n] += left[0, g, h, i, n]
                            left[1, 0, h, i, n] += left[1, g, h, i, n]
        for h in range(count):
            for i in range(count):
                for j in range(count):
                    for g in range(span):
                        if not quiet:
                            x = weights[q, 0] * levels[g] + weights[q, 1] * levels[h]
                            x += weights[q, 2] * levels[i] + weights[q, 3] * levels[j]
                            # the factor of the transition before often does for this one; that of no transition is one
                            if x != known or apart > 0.0:
                                known = x
                                for sign in range(signs):
                                    # duty-cycle distortion shifts falling edges the other way: they have displaced
                                    # voltages of their own
                                    side = sides - 1 if x + (2.0 * sign - 1.0) * apart < 0.0 else 0
                                    one, two, three = parts[side, 0, g], parts[side, 1, h], parts[side, 2, i]
                                    four = parts[side, 3 + sign, j]
                                    transition(
                                        share,
                                        one,
                                        two,
                                        three,
                                        four,
                                        room,
                                        powers,
                                        factor[2 * sign],
                                        factor[2 * sign + 1],
                                    )
                                if signs == 2:
                                    for n in range(size):
                                        f_re[n] = 0.5 * (f_re[n] + factor[2, n])
                                        f_im[n] = 0.5 * (f_im[n] + factor[3, n])
                        # the joining edge is last: left and right messages meet, and what remains depends on the main
                        # symbol and the one before
                        if turn == length - 4:
                            for n in range(size):
                                p = (
                                    left[0, g, h, i, n] * right[0, h, i, j, n]
                                    - left[1, g, h, i, n] * right[1, h, i, j, n]
                                )
                                r = (
                                    left[0, g, h, i, n] * right[1, h, i, j, n]
                                    + left[1, g, h, i, n] * right[0, h, i, j, n]
                                )
                                total[0, j, i, n] += p * f_re[n] - r * f_im[n]
                                total[1, j, i, n] += p * f_im[n] + r * f_re[n]
                        elif q < joint:
                            for n in range(size):
                                moved[0, h, i, j, n] += left[0, g, h, i, n] * f_re[n] - left[1, g, h, i, n] * f_im[n]
                                moved[1, h, i, j, n] += left[0, g, h, i, n] * f_im[n] + left[1, g, h, i, n] * f_re[n]
                        else:
                            for n in range(size):
                                moved[0, g, h, i, n] += right[0, h, i, j, n] * f_re[n] - right[1, h, i, j, n] * f_im[n]
                                moved[1, g, h, i, n] += right[0, h, i, j, n] * f_im[n] + right[1, h, i, j, n] * f_re[n]
        if turn == length - 4:
            break
        forward = q < joint
        # the edge's factor was the same for every g, so only g = 0 was computed: copy it to the others
        if span == 1 and not forward:
            for g in range(1, count):
                for h in range(count):
                    for i in range(count):
                        for n in range(size):
                            moved[0, g, h, i, n] = moved[0, 0, h, i, n]
                            moved[1, g, h, i, n] = moved[1, 0, h, i, n]
        target = left if forward else right
        for g in range(count):
            for h in range(count):
                for i in range(count):
                    # going forward symbol q + 3 enters the window, going backward symbol q; each symbol is weighed
                    # once
                    one = weight[q + 3, i] if forward else weight[q, g]
                    skip = not forward and q == main - 1
                    for n in range(size):
                        p = moved[0, g, h, i, n]
                        r = moved[1, g, h, i, n]
                        target[0, g, h, i, n] = p if skip else p * one[0, n] - r * one[1, n]
                        target[1, g, h, i, n] = r if skip else p * one[1, n] + r * one[0, n]
    result: Complex = total[0] + 1j * total[1]
    return result

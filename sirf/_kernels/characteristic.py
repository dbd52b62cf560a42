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
            square = cursor * cursor
            power2 += square
            power4 += square * square
            power6 += square * square * square
            continue
        if len(levels) % 2:
            factor[:] = 1.0 / len(levels)
        else:
            factor[:] = 0.0
        for j in range(half):
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
    wave: Float, first: int, stride: int, theta: float, step: float, size: int, levels: Float, small: float,
    cumulants: Float,
) -> Complex:  # fmt: skip
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
    bounded: Float, proxy: float, gaussian: float, levels: Float, depth: float, limit: float
) -> tuple[float, float]:
    """(tilt, period): where the tail has fallen to about exp(-`depth`), and a window that holds the tilted distribution.

    Of wide bounded distributions the tilt stops earlier, so that the middle keeps its digits: K(theta) <= `depth`.

    `bounded` descending: |c| of parts within ±c; `proxy` variance of what is only known to be sub-Gaussian; `gaussian` variance.
    The tilt solves K(theta) - theta K'(theta) = -depth, K the logarithm of the moment-generating function, and stays below
    `limit`.

    The period P comes from splitting the bounded parts into the largest, whose sum is D, and the rest, which with
    Gaussian parts has a variance proxy q² (Hoeffding): beyond P = D + theta q² + z q, z² = 46 + 2 theta D + theta² q², the
    tilted tail has less than exp(-23) of the mean; the best split is taken.
    """
    count = len(levels)
    low = 0.0
    high = min(np.sqrt(2.0 * depth / gaussian), limit)
    theta = high
    for turn in range(30):
        value = 0.5 * theta * theta * (gaussian + proxy * 0.5)
        height = value
        for k in range(len(bounded)):
            c = bounded[k]
            mean = 0.0
            slope = 0.0
            for j in range(count):
                part = np.exp(theta * c * (levels[j] - 1.0))
                mean += part
                slope += part * (levels[j] - 1.0)
            value += theta * c * slope / mean - np.log(mean / count)
            height += theta * c + np.log(mean / count)
        # value is theta K' - K, height is K; both grow with theta
        if max(value, height) > depth:
            high = theta
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
        z = np.sqrt(46.0 + 2.0 * theta * largest + theta * theta * rest)
        period = min(period, largest + theta * rest + z * deviation)
        if k < len(bounded):
            largest += bounded[k]
            rest = max(rest - bounded[k] * bounded[k], proxy + gaussian)
    return theta, period


@kernel(fastmath=True)  # the same
def exponential(re: Float, im: Float, squarings: int) -> None:
    """exp(re + j im) in place: Taylor series of the argument over 2^squarings (to stay below 0.25), then squared back."""
    scale = 0.5**squarings
    for n in range(len(re)):
        x = re[n] * scale
        y = im[n] * scale
        p = 1.0
        q = 0.0
        for d in range(9, 0, -1):
            p, q = 1.0 + (x * p - y * q) / d, (x * q + y * p) / d
        re[n] = p
        im[n] = q
    for _ in range(squarings):
        for n in range(len(re)):
            p = re[n]
            q = im[n]
            re[n] = p * p - q * q
            im[n] = 2.0 * p * q


@kernel(fastmath=True)  # the same
def transition(
    x: float, theta: float, step: float, edge: float, slope: float, random: float, mean_square: float, atoms: Float,
    shares: Float, squarings: int, re: Float, im: Float, work: Float,
) -> None:  # fmt: skip
    """(re, im) (S,): expectation of exp(s x (slope (tau² - mean_square) / 2 - edge tau)) over the displacement tau.

    tau takes the values `atoms` with probabilities `shares` plus a Gaussian of variance `random`. Closed form:
    E exp(alpha X + beta X²) over X ~ N(t, v) is exp((beta t² + alpha t + alpha² v / 2) / (1 - 2 beta v)) / sqrt(1 - 2 beta v).
    """
    size = len(re)
    re[:] = 0.0
    im[:] = 0.0
    part_re = work[0]
    part_im = work[1]
    for d in range(len(atoms)):
        t = atoms[d]
        for n in range(size):
            omega = n * step
            alpha_re = -theta * x * edge
            alpha_im = -omega * x * edge
            beta_re = 0.5 * theta * x * slope
            beta_im = 0.5 * omega * x * slope
            a = 1.0 - 2.0 * beta_re * random
            b = -2.0 * beta_im * random
            norm = 1.0 / (a * a + b * b)
            top_re = beta_re * t * t + alpha_re * t + 0.5 * random * (alpha_re * alpha_re - alpha_im * alpha_im)
            top_im = beta_im * t * t + alpha_im * t + random * alpha_re * alpha_im
            part_re[n] = (top_re * a + top_im * b) * norm - beta_re * mean_square
            part_im[n] = (top_im * a - top_re * b) * norm - beta_im * mean_square
        exponential(part_re, part_im, squarings)
        share = shares[d]
        for n in range(size):
            re[n] += share * part_re[n]
            im[n] += share * part_im[n]
    if slope * random != 0.0:
        for n in range(size):
            a = 1.0 - theta * x * slope * random
            b = -n * step * x * slope * random
            norm = np.sqrt(a * a + b * b)
            root_re = np.sqrt(0.5 * (norm + a))
            root_im = 0.5 * b / root_re
            p = (re[n] * root_re + im[n] * root_im) / norm
            q = (im[n] * root_re - re[n] * root_im) / norm
            re[n] = p
            im[n] = q


@kernel(fastmath=True)  # the same
def symbol_chain(
    theta: float,
    step: float,
    size: int,
    cursors: Float,
    main: int,
    edges: Float,
    slopes: Float,
    random: Float,
    mean_square: float,
    atoms: Float,
    shares: Float,
    polarity: float,
    weights: Float,
    rests: Float,
    levels: Float,
) -> Complex:
    """(L, L, S): E exp(s x) over the symbols whose jittered edges tie them, given the main one (second axis).

    Split by the symbol sent before it, that of the next cursor: sum over the first axis for all.

    Symbols h … h + 3 with `cursors` (Q,) share the transition x = weights[h] . (a_h, …, a_(h+3)) + r whose responses are
    `edges[h]`, `slopes[h]` (Q - 3,); r is ± the root of its variance `rests[h]`. They form a third-order Markov chain: messages
    run from both ends to the main symbol at index `main` (2 … Q - 2). The displacement of edge h takes the values `atoms[h]`
    (D,) with probabilities `shares` (D,), plus `polarity` in the direction of the transition, plus a Gaussian of variance
    `random[h]`.
    """
    count = len(levels)
    length = len(cursors)
    left = np.empty((2, count, count, count, size))
    right = np.empty((2, count, count, count, size))
    moved = np.empty((2, count, count, count, size))
    weight = np.empty((length, count, 2, size))
    factor = np.empty((2, size))
    extra = np.empty((2, size))
    work = np.empty((2, size))
    total = np.zeros((2, count, count, size))
    end = np.hypot(theta, step * size)
    for q in range(length):
        for i in range(count):
            volts = levels[i] * cursors[q] if q != main else 0.0
            x = np.exp(theta * volts) / count if q != main else 1.0
            y = 0.0
            turn_re = np.cos(step * volts)
            turn_im = np.sin(step * volts)
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
        quiet = edges[q] == 0.0 and slopes[q] == 0.0
        apart = np.sqrt(rests[q])
        reach = np.max(np.abs(atoms[q])) + abs(polarity)
        spread = end * (np.sum(np.abs(weights[q])) + apart)
        exponent = spread * (abs(edges[q]) * reach + 0.5 * abs(slopes[q]) * (reach * reach + mean_square))
        exponent += 0.5 * random[q] * (spread * edges[q]) ** 2
        squarings = max(int(np.ceil(np.log2(4.0 * exponent + 1e-30))), 0)
        f_re = factor[0]
        f_im = factor[1]
        f_re[:] = 1.0
        f_im[:] = 0.0
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
                            sign = polarity if x > apart else -polarity
                            transition(
                                x - apart, theta, step, edges[q], slopes[q], random[q], mean_square, atoms[q] + sign,
                                shares, squarings, f_re, f_im, work,
                            )  # fmt: skip
                            if apart > 0.0:
                                sign = polarity if x > -apart else -polarity
                                transition(
                                    x + apart, theta, step, edges[q], slopes[q], random[q], mean_square,
                                    atoms[q] + sign, shares, squarings, extra[0], extra[1], work,
                                )  # fmt: skip
                                for n in range(size):
                                    f_re[n] = 0.5 * (f_re[n] + extra[0, n])
                                    f_im[n] = 0.5 * (f_im[n] + extra[1, n])
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
        if span == 1 and not forward:
            for g in range(1, count):
                moved[:, g] = moved[:, 0]
        target = left if forward else right
        for g in range(count):
            for h in range(count):
                for i in range(count):
                    one = weight[q + 3, i] if forward else weight[q, g]
                    skip = not forward and q == main - 1
                    for n in range(size):
                        p = moved[0, g, h, i, n]
                        r = moved[1, g, h, i, n]
                        target[0, g, h, i, n] = p if skip else p * one[0, n] - r * one[1, n]
                        target[1, g, h, i, n] = r if skip else p * one[1, n] + r * one[0, n]
    result: Complex = total[0] + 1j * total[1]
    return result

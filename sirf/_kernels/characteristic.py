"""Moment-generating functions of interference on a uniform line s = theta + j n d_omega in the complex plane.

Symbols: L levels a_j, K cursors c_k, s (S,) the line. Every distribution is symmetric: levels come in ± pairs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]


@kernel(fastmath=True)  # products of bounded factors; reordering moves the last digits only
def multiply_symbols(out: Complex, theta: float, step: float, cursors: Float, levels: Float) -> None:
    """Multiply `out` (S,) in place by the product over k of mean_j exp(s a_j c_k), `step` being d_omega.

    cosh(x + i y) = cosh x cos y + i sinh x sin y, its angle advanced by rotation along the line.
    """
    size = len(out)
    half = len(levels) // 2
    factor = np.empty(size, dtype=np.complex128)
    for k in range(len(cursors)):
        if len(levels) % 2:
            factor[:] = 1.0 / len(levels)
        else:
            factor[:] = 0.0
        for j in range(half):
            swing = levels[len(levels) - 1 - j] * cursors[k]
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


@kernel(fastmath=True)  # the same
def multiply_cumulants(out: Complex, theta: float, step: float, second: float, fourth: float) -> None:
    """Multiply `out` (S,) in place by exp(second s²/2 + fourth s⁴/24): Gaussian parts and many small symmetric ones."""
    for n in range(len(out)):
        s = complex(theta, n * step)
        square = s * s
        out[n] *= np.exp(square * (0.5 * second + square * (fourth / 24.0)))


@kernel(fastmath=True)  # the same
def transition_factor(s: complex, x: float, edge: float, slope: float, random: float, dirac: float) -> complex:
    """Expectation of exp(s x (slope (tau² - E tau²) / 2 - edge tau)) over the displacement tau of a transition x.

    tau is ±`dirac` plus a Gaussian of variance `random`. Closed form: E exp(alpha X + beta X²) over X ~ N(mu, v) is
    exp((beta mu² + alpha mu + alpha² v / 2) / (1 - 2 beta v)) / sqrt(1 - 2 beta v).
    """
    alpha = -s * x * edge
    beta = 0.5 * s * x * slope
    inverse = 1.0 / (1.0 - 2.0 * beta * random)
    square = dirac * dirac
    common = np.exp((beta * square + 0.5 * alpha * alpha * random) * inverse - beta * (random + square))
    swing = np.exp(alpha * dirac * inverse)
    factor: complex = common * np.sqrt(inverse) * 0.5 * (swing + 1.0 / swing)
    return factor


@kernel(fastmath=True)  # the same
def transition_factors(
    s: complex,
    edge: float,
    slope: float,
    random: float,
    dirac: float,
    weights: Float,
    rest: float,
    levels: Float,
    out: Complex,
) -> None:
    """out (L, L, L): the factor of the transition x = weights . (a_h, a_i, a_j) + r; r of variance `rest` by a 3-point rule."""
    count = len(levels)
    spread = np.sqrt(3.0 * rest)
    for h in range(count):
        for i in range(count):
            for j in range(count):
                x = weights[0] * levels[h] + weights[1] * levels[i] + weights[2] * levels[j]
                if rest < 1e-4:
                    out[h, i, j] = transition_factor(s, x, edge, slope, random, dirac)
                else:
                    out[h, i, j] = (
                        2.0 / 3.0 * transition_factor(s, x, edge, slope, random, dirac)
                        + 1.0 / 6.0 * transition_factor(s, x - spread, edge, slope, random, dirac)
                        + 1.0 / 6.0 * transition_factor(s, x + spread, edge, slope, random, dirac)
                    )


@kernel(fastmath=True)  # the same
def symbol_chain(
    theta: float,
    step: float,
    size: int,
    cursors: Float,
    main: int,
    edges: Float,
    slopes: Float,
    random: float,
    dirac: float,
    weights: Float,
    rest: float,
    levels: Float,
) -> Complex:
    """(L, S): E exp(s x) given the main symbol, over the symbols whose jittered edges tie them to each other.

    Symbols h, h + 1, h + 2 with `cursors` (Q,) share the transition whose responses are `edges[h]`, `slopes[h]` (Q - 2,). They
    form a second-order Markov chain: messages run from both ends to the main symbol at index `main` (1 … Q - 2).
    """
    count = len(levels)
    length = len(cursors)
    out = np.empty((count, size), dtype=np.complex128)
    factors = np.empty((count, count, count), dtype=np.complex128)
    left = np.empty((count, count), dtype=np.complex128)
    right = np.empty((count, count), dtype=np.complex128)
    moved = np.empty((count, count), dtype=np.complex128)
    weight = np.empty((length, count), dtype=np.complex128)
    for n in range(size):
        s = complex(theta, n * step)
        for q in range(length):
            for i in range(count):
                weight[q, i] = np.exp(s * levels[i] * cursors[q]) / count if q != main else 1.0
        for i in range(count):
            for j in range(count):
                left[i, j] = weight[0, i] * weight[1, j]
                right[i, j] = weight[length - 2, i] * weight[length - 1, j]
        for q in range(main - 1):
            transition_factors(s, edges[q], slopes[q], random, dirac, weights, rest, levels, factors)
            for j in range(count):
                for k in range(count):
                    total = 0.0j
                    for i in range(count):
                        total += left[i, j] * factors[i, j, k]
                    moved[j, k] = total * weight[q + 2, k]
            left[:, :] = moved
        for back in range(length - 2 - main):
            q = length - 3 - back
            transition_factors(s, edges[q], slopes[q], random, dirac, weights, rest, levels, factors)
            for i in range(count):
                for j in range(count):
                    total = 0.0j
                    for k in range(count):
                        total += factors[i, j, k] * right[j, k]
                    moved[i, j] = total * weight[q, i]
            right[:, :] = moved
        transition_factors(s, edges[main - 1], slopes[main - 1], random, dirac, weights, rest, levels, factors)
        for j in range(count):
            total = 0.0j
            for i in range(count):
                for k in range(count):
                    total += left[i, j] * factors[i, j, k] * right[j, k]
            out[j, n] = total
    return out

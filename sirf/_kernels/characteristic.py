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
def edge_factors(
    s: complex, edge: float, random: float, dirac: float, new: float, old: float, rest: float, levels: Float, out: Complex,
) -> None:
    """out (L, L): expectation of exp(s tau edge (new a_i + old a_j + r)) over the displacement tau and the other symbols.

    tau is ±`dirac` plus a Gaussian of variance `random`; r is Gaussian with variance `rest`. Closed form:
    E exp(alpha X + u X²) over X ~ N(g, rest) is exp((u g² + alpha g + alpha² rest / 2) / (1 - 2 u rest)) / sqrt(1 - 2 u rest).
    """
    u = 0.5 * random * s * s * edge * edge
    alpha = s * edge * dirac
    inverse = 1.0 / (1.0 - 2.0 * u * rest)
    scale = np.sqrt(inverse) * np.exp(0.5 * alpha * alpha * rest * inverse)
    count = len(levels)
    for i in range(count):
        for j in range(count):
            g = new * levels[i] + old * levels[j]
            swing = np.exp(alpha * g * inverse)
            out[i, j] = scale * np.exp(u * g * g * inverse) * 0.5 * (swing + 1.0 / swing)


@kernel(fastmath=True)  # the same
def symbol_chain(
    theta: float, step: float, size: int, before: Float, after: Float, edges: Float, random: float, dirac: float,
    new: float, old: float, rest: float, levels: Float,
) -> Complex:
    """(L, S): E exp(s x) given the main symbol, over the symbols whose jittered edges tie them to each other.

    `before` (B,) are the cursors of the chain ahead of the main one, `after` (A,) those behind it, `edges` (B + A,) the edge
    responses between neighbours. Symbols form a Markov chain in the order of the cursors: message passing from both ends.
    """
    count = len(levels)
    out = np.empty((count, size), dtype=np.complex128)
    factors = np.empty((count, count), dtype=np.complex128)
    message = np.empty(count, dtype=np.complex128)
    following = np.empty(count, dtype=np.complex128)
    lead = np.empty(count, dtype=np.complex128)
    for n in range(size):
        s = complex(theta, n * step)
        lead[:] = 1.0
        for k in range(len(before)):
            for i in range(count):
                message[i] = lead[i] * np.exp(s * levels[i] * before[k]) / count
            edge_factors(s, edges[k], random, dirac, new, old, rest, levels, factors)
            for j in range(count):
                total = 0.0j
                for i in range(count):
                    total += message[i] * factors[i, j]
                lead[j] = total
        following[:] = 1.0
        for back in range(len(after)):
            k = len(after) - 1 - back
            for i in range(count):
                message[i] = following[i] * np.exp(s * levels[i] * after[k]) / count
            edge_factors(s, edges[len(before) + k], random, dirac, new, old, rest, levels, factors)
            for i in range(count):
                total = 0.0j
                for j in range(count):
                    total += factors[i, j] * message[j]
                following[i] = total
        for j in range(count):
            out[j, n] = lead[j] * following[j]
    return out

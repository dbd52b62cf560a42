"""Uniform lines as two-ports, frequency by frequency: one loop where whole arrays would take a dozen passes."""

from __future__ import annotations

import math

from sirf._arrays import Complex
from sirf._kernels.jit import kernel

MAX_ATTENUATION_NEPER = 300.0
"""Attenuation in neper up to which a chain matrix grows: beyond 2,600 dB nothing passes, and exp would overflow at 6,100."""


@kernel
def hyperbolic(series: complex, shunt: complex, length: float) -> tuple[complex, complex]:
    """(cosh x, sinh x / gamma in m) of a line of `length` in m, x = gamma length, with `series` ohm/m and `shunt` S/m."""
    square = series * shunt
    size = math.sqrt(square.real * square.real + square.imag * square.imag)
    # at zero frequency without loss: the limits of both functions
    if size == 0.0:
        return complex(1.0, 0.0), complex(length, 0.0)
    # of both parts of the root the greater one comes first: the other one would lose its digits to cancellation
    if square.real < 0.0:
        turning = math.sqrt(0.5 * (size - square.real))
        losing = 0.5 * square.imag / turning
    else:
        losing = math.sqrt(0.5 * (size + square.real))
        turning = 0.5 * square.imag / losing
    # both functions are even: of the two roots the one that loses is as good as the other
    if losing < 0.0:
        losing, turning = -losing, -turning
    loss, phase = min(losing * length, MAX_ATTENUATION_NEPER), turning * length
    # expm1 keeps the digits of a small loss; 1 - exp(-x) follows from exp(x) - 1 without another exponential
    grown = math.expm1(loss)
    shrunk = grown / (grown + 1.0)
    real_sine, real_cosine = 0.5 * (grown + shrunk), 1.0 + 0.5 * (grown - shrunk)
    sine, cosine = math.sin(phase), math.cos(phase)
    # sinh(a + jb) = sinh a cos b + j cosh a sin b; cosh(a + jb) = cosh a cos b + j sinh a sin b
    odd = complex(real_sine * cosine, real_cosine * sine)
    # 1 / gamma is its conjugate over |gamma|², which is |gamma²|
    return complex(real_cosine * cosine, real_sine * sine), odd * complex(losing / size, -turning / size)


@kernel
def line_two_port(
    series: Complex, shunt: Complex, length: float, before: Complex, after: Complex, reference: float, out: Complex
) -> None:
    """S (F, 2, 2), `out`, of `length` in m of a line between admittances to ground `before` and `after`, each (F,) in S.

    `series` (F,) in ohm/m, `shunt` (F,) in S/m, exact where either vanishes; `reference` in ohm.
    """
    for k in range(len(series)):
        even, ratio = hyperbolic(series[k], shunt[k], length)
        # chain matrix: V1 = a V2 + b I2, I1 = c V2 + d I2; first what stands before the line, then what stands behind it
        b, c = series[k] * ratio, shunt[k] * ratio
        c, d = c + before[k] * even, even + before[k] * b
        a, c = even + b * after[k], c + d * after[k]
        b, c = b / reference, c * reference
        total = a + b + c + d
        inverse = total.conjugate() / (total.real * total.real + total.imag * total.imag)
        out[k, 0, 0] = (a + b - c - d) * inverse
        # reciprocal: the chain matrix has determinant one
        out[k, 0, 1] = out[k, 1, 0] = 2.0 * inverse
        out[k, 1, 1] = (d + b - c - a) * inverse


@kernel
def open_line(series: Complex, shunt: Complex, length: float, out: Complex) -> None:
    """Admittance (F,) in S, `out`, at one end of a line that is open at the other; arguments as in `line_two_port`."""
    for k in range(len(series)):
        even, ratio = hyperbolic(series[k], shunt[k], length)
        # no current at the far end: I1 / V1 = c / a
        out[k] = shunt[k] * ratio / even

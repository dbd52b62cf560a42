"""Two-ports of lines: chain (ABCD) matrices, their cascade and the S-parameters of a differential pair.

A differential pair without coupling, or the odd mode of one with it, has the S-parameters at 100 ohm of one line at 50 ohm.
Chain matrices here are those of one line.
"""

from __future__ import annotations

from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Complex, Float, read_only_view
from sirf._kernels.uniform_line import MAX_ATTENUATION_NEPER, line_two_port
from sirf.channel.network import LINE_OHM, PAIR_OHM, Network


class Chain(NamedTuple):
    """Chain (ABCD) matrix of a reciprocal two-port over frequency, each entry (F,) or a number; b in ohm, c in siemens."""

    a: Complex
    b: Complex
    c: Complex
    d: Complex


def line_chain(series: Complex, shunt: Complex, length: float) -> Chain:
    """Chain matrix of `length` in m of a uniform line: `series` (F,) in ohm/m, `shunt` (F,) in S/m; exact at DC."""
    turn = np.sqrt(series * shunt) * length
    # beyond 2,600 dB nothing passes; exp would overflow at 6,100
    loss, phase = np.minimum(turn.real, MAX_ATTENUATION_NEPER), turn.imag
    # real functions are several times faster than the complex ones, and expm1 keeps the digits of a small loss
    grown = np.expm1(loss)
    # 1 - exp(-x) from exp(x) - 1 without another exponential: sinh = (grown + shrunk) / 2, cosh - 1 = (grown - shrunk)
    # / 2
    shrunk = grown / (grown + 1.0)
    real_sine, real_cosine = 0.5 * (grown + shrunk), 1.0 + 0.5 * (grown - shrunk)
    sine, cosine = np.sin(phase), np.cos(phase)
    odd, even = (np.empty(turn.shape, dtype=np.complex128) for _ in range(2))
    # sinh(a + jb) = sinh a cos b + j cosh a sin b; cosh(a + jb) = cosh a cos b + j sinh a sin b
    odd.real, odd.imag = real_sine * cosine, real_cosine * sine
    even.real, even.imag = real_cosine * cosine, real_sine * sine
    # sinh(x) / x keeps b and c finite where gamma vanishes
    still = turn == 0.0
    turn[still], odd[still] = 1.0, 1.0
    ratio = (odd / turn) * length
    return Chain(even, series * ratio, shunt * ratio, even)


def series_chain(impedance: NDArray[Any]) -> Chain:
    """Chain matrix of an impedance (F,) in ohm in series."""
    value = np.asarray(impedance, dtype=np.complex128)
    one, zero = np.ones_like(value), np.zeros_like(value)
    return Chain(one, value, zero, one)


def shunt_chain(admittance: NDArray[Any]) -> Chain:
    """Chain matrix of an admittance (F,) in S to ground."""
    value = np.asarray(admittance, dtype=np.complex128)
    one, zero = np.ones_like(value), np.zeros_like(value)
    return Chain(one, zero, value, one)


def join(*chains: Chain) -> Chain:
    """Chain matrix of two-ports in series."""
    return reduce(_product, chains)


def uniform_scattering(
    series: Complex, shunt: Complex, length: float, *, before: Complex | None = None, after: Complex | None = None
) -> Complex:
    """S (F, 2, 2) at 50 ohm of one line of `length` in m: `chain_scattering` of a `line_chain`, in one pass.

    `series` (F,) in ohm/m, `shunt` (F,) in S/m; `before` and `after` (F,) in S are admittances to ground at its ends.
    """
    s = np.empty((len(series), 2, 2), dtype=np.complex128)
    nothing = np.zeros(len(series), dtype=np.complex128)
    near, far = (read_only_view(nothing if end is None else end) for end in (before, after))
    line_two_port(read_only_view(series), read_only_view(shunt), length, near, far, LINE_OHM, s)
    return s


def pair_two_port(frequency: Float, chain: Chain, *, name: str = "") -> Network:
    """Two-port at 100 ohm of a pair of uncoupled equal lines with this chain matrix each."""
    return two_port_of_pair(frequency, chain_scattering(chain), name=name)


def two_port_of_pair(frequency: Float, s: Complex, *, name: str = "") -> Network:
    """Two-port at 100 ohm of a pair of uncoupled equal lines with `s` (F, 2, 2) at 50 ohm each, fixed from now on."""
    s.flags.writeable = False  # so that the network keeps this array, not a copy
    return Network(frequency, s, z0=PAIR_OHM, name=name)


def chain_scattering(chain: Chain) -> Complex:
    """S (F, 2, 2) at 50 ohm of one line with this chain matrix."""
    b, c = chain.b / LINE_OHM, chain.c * LINE_OHM
    inverse = 1.0 / (chain.a + b + c + chain.d)
    s = np.empty((*np.shape(inverse), 2, 2), dtype=np.complex128)
    s[:, 0, 0] = (chain.a + b - c - chain.d) * inverse
    # reciprocal: the chain matrix has determinant one
    s[:, 0, 1] = s[:, 1, 0] = 2.0 * inverse
    s[:, 1, 1] = (chain.d + b - c - chain.a) * inverse
    return s


def _product(first: Chain, second: Chain) -> Chain:
    return Chain(
        first.a * second.a + first.b * second.c,
        first.a * second.b + first.b * second.d,
        first.c * second.a + first.d * second.c,
        first.c * second.b + first.d * second.d,
    )

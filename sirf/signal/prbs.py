"""Pseudo-random binary sequences of ITU-T O.150 and IEEE 802.3, from any bit on, without storing the sequence."""

from __future__ import annotations

import numpy as np

from sirf._arrays import Bits
from sirf.errors import SirfError

# 13 has four taps: 1 + x + x² + x^12 + x^13, from which 802.3 makes PRBS13Q
DELAYS = {7: (6, 7), 9: (5, 9), 11: (9, 11), 13: (1, 2, 12, 13), 15: (14, 15), 23: (18, 23), 31: (28, 31)}
"""Delays whose bits add modulo two to the next bit, by order: PRBS31 is 1 + x^28 + x^31."""
INVERTED = (15, 23, 31)
"""Orders that go out inverted (ITU-T O.150 clauses 5.3, 5.6, 5.8; IEEE 802.3 clause 49.2.8)."""


def prbs(order: int, count: int, *, start: int = 0) -> Bits:
    """Bits (count,) of the PRBS of `order` from bit `start` on; bit 0 is the first of the all-ones register.

    Period 2^order - 1. Orders 15, 23 and 31 are inverted, as their standards have them.

    >>> prbs(7, 10).tolist()
    [1, 1, 1, 1, 1, 1, 1, 0, 0, 0]
    """
    if order not in DELAYS:
        raise SirfError(f"order must be one of {', '.join(map(str, DELAYS))}, got {order}. Use 13 or 31.")
    if count < 0 or start < 0:
        raise SirfError(f"count and start must not be negative, got {count} and {start}. Count bits from 0.")
    # any start is within one period of the first bit
    register = _jump(order, start % (2**order - 1))
    return np.asarray(recurrence(register, DELAYS[order], count) ^ (order in INVERTED))


def recurrence(register: Bits, delays: tuple[int, ...], count: int) -> Bits:
    """Bits (count,) that begin with `register` (N,) and go on as the sum modulo two of the bits `delays` (the last is N) before.

    The sum also holds for delays times any power of two, since squaring a polynomial modulo two squares its terms: so whole
    stretches follow at once.
    """
    order = len(register)
    # the whole register is written even where fewer bits are asked for
    bits = np.zeros(max(count, 2 * order), dtype=np.uint8)
    bits[:order] = register
    known, scale = order, 1
    while known < count:
        # the largest power of two for which all delays lie in what is known
        while 2 * scale * order <= known:
            scale *= 2
        step = min(min(delays) * scale, count - known)
        bits[known : known + step] = np.bitwise_xor.reduce(
            [bits[known - delay * scale : known - delay * scale + step] for delay in delays], axis=0
        )
        known += step
    return bits[:count]


def _jump(order: int, start: int) -> Bits:
    """The register (order,) whose first bit is bit `start`: x^start modulo the characteristic polynomial picks from the first."""
    delays = DELAYS[order]
    polynomial = 1 << order | sum(1 << (order - delay) for delay in delays)
    # square and multiply: x^start in as many steps as the number has bits
    power, square, exponent = 1, 2, start
    while exponent:
        if exponent & 1:
            power = _multiply(power, square, polynomial, order)
        square = _multiply(square, square, polynomial, order)
        exponent >>= 1
    # bit j of x^start modulo the polynomial says whether the register j bits on is part of the sum
    first = recurrence(np.ones(order, dtype=np.uint8), delays, 2 * order)
    picked = [j for j in range(order) if power >> j & 1]
    return np.asarray(np.bitwise_xor.reduce([first[j : j + order] for j in picked], axis=0), dtype=np.uint8)


def _multiply(one: int, two: int, polynomial: int, order: int) -> int:
    """Product of two polynomials over the integers modulo two, modulo `polynomial` of degree `order`."""
    product = 0
    while two:
        if two & 1:
            product ^= one
        one <<= 1
        # reduced as soon as the degree reaches that of the polynomial
        if one >> order:
            one ^= polynomial
        two >>= 1
    return product

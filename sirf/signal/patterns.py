"""Test patterns as values: what a transmitter sends instead of random symbols."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sirf._arrays import Symbols
from sirf.errors import SirfError
from sirf.signal.pam import gray_code
from sirf.signal.prbs import DELAYS, prbs, recurrence

SSPRQ_SEGMENTS = ((0x00000009, 10925), (0x1408C04E, 10922), (0x6AAAAAAA, 10921))
"""Register (31 bits, first bit first) and length of the three stretches of PRBS31 that SSPRQ repeats."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A periodic pattern: by `name`, or the user's own `symbols` (level indices from 0 for the lowest).

    Names: prbs7, prbs9, prbs11, prbs13, prbs15, prbs23, prbs31 (bits, Gray-mapped with the first bit as the most significant
    for PAM4 and PAM8); prbs13q, prbs31q (the same for PAM4, IEEE 802.3 clause 120.5.11.2) and ssprq (clause 120.5.11.2.5).

    >>> Pattern("prbs13q").period(4), Pattern("ssprq").period(4)
    (8191, 65535)
    """

    name: str = "user"
    symbols: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Validate the fields."""
        if self.name == "user":
            if not self.symbols or min(self.symbols) < 0:
                raise SirfError(
                    f"symbols must hold level indices from 0, got {self.symbols[:4]}. Name a pattern or list its symbols."
                )
        elif self.symbols or self.name not in names():
            raise SirfError(f"pattern must be one of {', '.join(names())}, got {self.name!r}. Use prbs13q.")

    def period(self, order: int) -> int:
        """Symbols after which the pattern repeats at `order` levels; `SirfError` where it cannot be sent so."""
        self._check(order)
        if self.name == "user":
            return len(self.symbols)
        if self.name == "ssprq":
            return len(ssprq())
        # an odd number of bits: as many repetitions as a symbol has bits, since none of the orders is a multiple of two
        return int(2 ** self._register() - 1)

    def take(self, start: int, count: int, *, order: int) -> Symbols:
        """Level indices (count,) from symbol `start` on, which may be negative."""
        period = self.period(order)
        # Python's remainder is never negative, as a start may be
        start %= period
        if self.name in ("user", "ssprq"):
            whole = ssprq() if self.name == "ssprq" else np.array(self.symbols, dtype=np.uint8)
            # `resize` goes round the period as often as it takes
            return np.asarray(np.resize(np.roll(whole, -start), count))
        width = _width(order)
        bits = prbs(self._register(), count * width, start=start * width)
        return gray_symbols(bits, order)

    def _register(self) -> int:
        return int(self.name.removeprefix("prbs").removesuffix("q"))

    def _check(self, order: int) -> None:
        if self.name == "user":
            if max(self.symbols) >= order:
                raise SirfError(
                    f"symbols must be below {order} for {order} levels, got {max(self.symbols)}. Count from 0."
                )
        elif (self.name.endswith("q") and order != 4) or order not in (2, 4, 8):
            raise SirfError(
                f"pattern {self.name} must go out at {'4' if self.name.endswith('q') else '2, 4 or 8'} levels, got {order}. "
                "Give Pattern(symbols=...)."
            )


def names() -> tuple[str, ...]:
    """Names of the standard patterns."""
    return (*(f"prbs{order}" for order in DELAYS), "prbs13q", "prbs31q", "ssprq")


def gray_symbols(bits: Symbols, order: int) -> Symbols:
    """Level indices (n / width,) of `bits` (n,), the first of each group the most significant, Gray-mapped (order 2, 4 or 8)."""
    width = _width(order)
    groups = np.asarray(bits[: len(bits) // width * width]).reshape(-1, width)
    label = groups @ (1 << np.arange(width)[::-1])
    # argsort of a permutation is its inverse: from label to level
    return np.asarray(np.argsort(gray_code(order))[label], dtype=np.uint8)


def gray_bits(symbols: Symbols, order: int) -> Symbols:
    """Bits (n x width,) of level indices (n,), the inverse of `gray_symbols`."""
    label = gray_code(order)[symbols]
    return np.asarray((label[:, None] >> np.arange(_width(order))[::-1] & 1).ravel(), dtype=np.uint8)


def precode(symbols: Symbols, order: int) -> Symbols:
    """1/(1+D) precoding modulo `order`: p(n) = d(n) - p(n-1), from p(-1) = 0 (IEEE 802.3 clause 135.5.7.2)."""
    # p(n) = d(n) - d(n-1) + d(n-2) - …: an alternating sum, so that no loop is needed
    signs = 1 - 2 * (np.arange(len(symbols)) % 2)
    return np.asarray(signs * np.cumsum(signs * symbols.astype(np.int64)) % order, dtype=np.uint8)


def remove_precoding(symbols: Symbols, order: int) -> Symbols:
    """The (1+D) decoder: d(n) = p(n) + p(n-1) modulo `order`, p(-1) = 0."""
    total = symbols.astype(np.uint8)
    total[1:] += symbols.astype(np.uint8)[:-1]
    # a sum of two is below twice the order: one subtraction does for the modulo, and stays in bytes
    total -= np.uint8(order) * (total >= order)
    return np.asarray(total)


@lru_cache(maxsize=1)
def ssprq() -> Symbols:
    """The 65,535 symbols of the short stress pattern random quaternary, IEEE 802.3 clause 120.5.11.2.5.

    Three stretches of PRBS31 make 32,768 bits; they are sent four times, the second and fourth time without their first bit, so
    that bits change places in their symbols, and the first and third time with all levels mirrored.
    """
    once = np.concatenate([_stretch(register, length) for register, length in SSPRQ_SEGMENTS])
    repeats = (once, once[1:], once, once[1:])
    # 4 x 32,768 less the 2 that are left out are 131,070 bits, the 65,535 symbols of two bits
    bits = np.concatenate(repeats)
    mirrored = np.concatenate([np.full(len(part), 1 - k % 2, dtype=np.uint8) for k, part in enumerate(repeats)])
    # mirroring a Gray-mapped level turns its first bit over
    result = gray_symbols(bits ^ (mirrored * (np.arange(len(bits)) % 2 == 0)).astype(np.uint8), 4)
    # one cached array serves all callers: none of them may change it for the others
    result.setflags(write=False)
    return result


def _stretch(register: int, length: int) -> Symbols:
    first = np.array([register >> (30 - k) & 1 for k in range(31)], dtype=np.uint8)
    # inverted, as PRBS31 goes out (`sirf.signal.prbs.INVERTED`)
    return np.asarray(recurrence(first, DELAYS[31], length) ^ 1)


def _width(order: int) -> int:
    if order not in (2, 4, 8):
        raise SirfError(f"order must be 2, 4 or 8 for a whole number of bits per symbol, got {order}. Use 4.")
    return order.bit_length() - 1

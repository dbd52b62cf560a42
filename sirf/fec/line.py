"""Between code words and the line: interleaving, bits to PAM levels, 1/(1+D) precoding.

Source: IEEE 802.3 clauses 119.2.4.6 (symbol interleaving), 120.5.7.1 (Gray mapping), 120.5.7.2 (precoding).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sirf._arrays import FecSymbols, Symbols
from sirf.errors import SirfError
from sirf.signal import cross32, patterns
from sirf.signal.pam import gray_code


def bits_per_level(order: int) -> int:
    """Bits of a PAM symbol; `SirfError` unless `order` is 2 or 4 (a FEC symbol must be a whole number of PAM symbols)."""
    if order not in (2, 4):
        # 1 for two levels, 2 for four
        raise SirfError(f"order must be 2 or 4, got {order}. FEC symbols are mapped to NRZ or PAM4 only.")
    return order.bit_length() - 1


def levels_per_symbol(order: int, bits: int) -> int:
    """PAM symbols of a FEC symbol of `bits` bits; of PAM6 whole pairs, which carry five bits each.

    Raises `SirfError` unless `order` is 2, 4 or 6 and the FEC symbol is a whole number of symbols or pairs.
    """
    if order not in (2, 4, 6):
        raise SirfError(f"order must be 2, 4 or 6, got {order}. FEC symbols are mapped to NRZ, PAM4 or pairs of PAM6.")
    unit, size = (cross32.BITS_PER_PAIR, 2) if order == cross32.ORDER else (bits_per_level(order), 1)
    if bits % unit:
        raise SirfError(
            f"order must divide FEC symbols of {bits} bits into whole {'pairs of ' if size == 2 else ''}PAM symbols, "
            f"got {order}. Use 2."
        )
    return bits // unit * size


def check_interleave(interleave: int) -> None:
    """`SirfError` unless a whole number from 1 to 16."""
    # True is an int for Python, and would pass as one word
    if isinstance(interleave, bool) or not isinstance(interleave, (int, np.integer)) or not 1 <= interleave <= 16:
        raise SirfError(f"interleave must be a whole number from 1 to 16, got {interleave}. Use 1, 2 or 4.")


def interleave(words: ArrayLike, depth: int) -> FecSymbols:
    """Stream (C n,) of code words (C, n), C a multiple of `depth`: the first symbols of `depth` words, then their second ones.

    >>> interleave([[1, 2], [3, 4]], 2)
    array([1, 3, 2, 4], dtype=uint16)
    """
    check_interleave(depth)
    # FEC symbols have ten bits at most (`ReedSolomon`): two bytes each
    array = np.asarray(words, dtype=np.uint16)
    if array.ndim != 2 or len(array) % depth:
        raise SirfError(
            f"words must have shape (multiple of {depth}, n), got {array.shape}. Add a word or lower depth."
        )
    # (group, word, place) to (group, place, word)
    return array.reshape(-1, depth, array.shape[1]).transpose(0, 2, 1).reshape(-1)


def deinterleave(stream: ArrayLike, depth: int, length: int) -> FecSymbols:
    """Code words (C, `length`) of a stream: the inverse of `interleave`."""
    check_interleave(depth)
    array = np.asarray(stream, dtype=np.uint16)
    if array.ndim != 1 or array.size % (depth * length):
        raise SirfError(
            f"stream must be a multiple of {depth * length} symbols, got shape {array.shape}. Cut it there."
        )
    return array.reshape(-1, length, depth).transpose(0, 2, 1).reshape(-1, length)


def to_levels(symbols: ArrayLike, *, order: int = 4, bits_per_symbol: int = 10) -> Symbols:
    """Gray-mapped level indices (N bits_per_symbol / log2 order,), 0 the lowest, of FEC symbols (N,); lowest bit first."""
    bits_per_level(order)
    # lowest bit first, as the standard sends them
    bits = (np.asarray(symbols).reshape(-1, 1) >> np.arange(bits_per_symbol)) & 1
    return patterns.gray_symbols(bits.ravel().astype(np.uint8), order)


def from_levels(levels: ArrayLike, *, order: int = 4, bits_per_symbol: int = 10) -> FecSymbols:
    """FEC symbols of level indices: the inverse of `to_levels`."""
    bits_per_level(order)
    bits = patterns.gray_bits(np.asarray(levels), order).astype(np.int64)
    return np.asarray(bits.reshape(-1, bits_per_symbol) @ (1 << np.arange(bits_per_symbol)), dtype=np.uint16)


def precode(levels: ArrayLike, *, order: int = 4) -> Symbols:
    """Levels b_k = (a_k - b_(k-1)) mod order of levels a_k (N,), b_(-1) = 0.

    >>> precode([1, 1, 1, 0])
    array([1, 0, 1, 3], dtype=uint8)
    """
    return patterns.precode(np.asarray(levels, dtype=np.uint8), order)


def remove_precoding(levels: ArrayLike, *, order: int = 4) -> Symbols:
    """Levels a_k = (b_k + b_(k-1)) mod order of decided levels b_k (N,), b_(-1) = 0: the inverse of `precode`."""
    return patterns.remove_precoding(np.asarray(levels, dtype=np.uint8), order)


def bits_of_level_error(order: int) -> NDArray[np.float64]:
    """Mean bit errors (order,) of an error of e levels modulo the order, over uniform levels, under Gray mapping."""
    code = gray_code(order)
    index = np.arange(order)
    # over all levels alike: an error of e levels from each
    return np.array([np.bitwise_count(code ^ code[(index + e) % order]).mean() for e in range(order)])

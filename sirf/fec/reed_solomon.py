"""Reed-Solomon codes: real encoder and decoder, and the way into the analytic error ratios."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sirf._arrays import FecSymbols, Integer
from sirf._kernels import reed_solomon as kernels
from sirf.errors import SirfError

if TYPE_CHECKING:
    from sirf.fec.error_chain import ErrorChain
    from sirf.fec.post_fec import PostFec


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """What a decoder returns: message `symbols` (..., k), and per word how many symbols it `corrected`, -1 where it failed."""

    symbols: FecSymbols
    corrected: NDArray[np.int64]

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Words (...) that hold more errors than the code corrects; their symbols are as received."""
        return np.asarray(self.corrected < 0)


@dataclass(frozen=True, slots=True)
class ReedSolomon:
    """A systematic Reed-Solomon code, shortened to `symbols` (n) with `message_symbols` (k) over GF(2^bits_per_symbol).

    The generator polynomial has the roots alpha^first_root ... alpha^(first_root + n - k - 1), alpha a root of
    `field_polynomial` (a primitive polynomial as an integer, bit i the coefficient of x^i). The symbol of the highest degree is
    sent first. Source: IEEE 802.3 clause 91.5.2.7.

    >>> from sirf import fec
    >>> code = fec.load("kp4")
    >>> word = code.encode(range(514))
    >>> word[[3, 99]] ^= 1
    >>> int(code.decode(word).corrected)
    2
    """

    name: str
    symbols: int = field(kw_only=True)
    message_symbols: int = field(kw_only=True)
    bits_per_symbol: int = field(default=10, kw_only=True)
    # x^10 + x^3 + 1, the field of both codes of clause 91
    field_polynomial: int = field(default=0x409, kw_only=True)
    first_root: int = field(default=0, kw_only=True)

    def __post_init__(self) -> None:
        """Validate the fields."""
        m = self.bits_per_symbol
        # ten, because the kernel packs the generator's coefficients into slots of ten bits (`_tables`)
        if not 2 <= m <= 10:
            raise SirfError(f"bits_per_symbol must be from 2 to 10, got {m}. Use 10 for the codes of 802.3.")
        if not 0 < self.message_symbols < self.symbols < 1 << m:
            raise SirfError(
                f"symbols must be above message_symbols and below 2^{m}, got {self.symbols} and {self.message_symbols}. "
                "Use 544 and 514."
            )
        # primitive: the powers of alpha must pass every element but zero, or the logarithms of the kernel have gaps
        if self.field_polynomial >> m != 1 or len(set(_powers(m, self.field_polynomial))) != (1 << m) - 1:
            raise SirfError(
                f"field_polynomial must be primitive of degree {m}, got {self.field_polynomial:#x}. Use 0x409 for degree 10."
            )

    @property
    def correctable(self) -> int:
        """Symbol errors t that every word may hold: half the parity symbols."""
        return (self.symbols - self.message_symbols) // 2

    @property
    def rate(self) -> float:
        """Message bits per sent bit."""
        return self.message_symbols / self.symbols

    def encode(self, symbols: ArrayLike) -> FecSymbols:
        """Code words (..., n) of messages (..., k), whole numbers below 2^bits_per_symbol; the message comes first."""
        messages, shape = self._words(symbols, self.message_symbols)
        words = np.empty((len(messages), self.symbols), dtype=np.uint16)
        kernels.encode_words(messages, _tables(self).rows, words)
        return words.reshape(*shape, self.symbols)

    def decode(self, symbols: ArrayLike) -> Decoded:
        """Messages of received words (..., n), bounded-distance decoding up to `correctable` symbol errors."""
        received, shape = self._words(symbols, self.symbols)
        # corrected in place: what was received stays the caller's
        words = received.copy()
        corrected = np.empty(len(words), dtype=np.int64)
        tables = _tables(self)
        kernels.decode_words(
            words, self.message_symbols, self.first_root, tables.rows, tables.exp, tables.log, corrected
        )
        return Decoded(words[:, : self.message_symbols].reshape(*shape, -1), corrected.reshape(shape))

    def post_fec(self, errors: float | ErrorChain, *, interleave: int = 1, precoding: bool = False) -> PostFec:
        """Error ratios after decoding, analytically: see `sirf.fec.post_fec`.

        `errors` is the bit error ratio in (0, 0.5) of independent bit errors, or an `ErrorChain` of dependent symbol errors.
        """
        from sirf.fec.post_fec import post_fec

        return post_fec(self, errors, interleave=interleave, precoding=precoding)

    def pre_fec_ber(
        self,
        codeword_error_ratio: float,
        *,
        continuation: float | None = None,
        interleave: int = 1,
        precoding: bool = False,
    ) -> float:
        """Bit error ratio before the decoder at which words are lost with `codeword_error_ratio`, in (0, 0.5).

        Independent bit errors, or with `continuation` bursts as of `ErrorChain.bursts`: the threshold to hold a link to.

        >>> from sirf import fec
        >>> round(fec.load("kp4").pre_fec_ber(8.152e-13), 7)
        0.00024
        """
        from sirf.fec.post_fec import pre_fec_ber

        return pre_fec_ber(
            self, codeword_error_ratio, continuation=continuation, interleave=interleave, precoding=precoding
        )

    def _words(self, symbols: ArrayLike, length: int) -> tuple[FecSymbols, tuple[int, ...]]:
        array = np.asarray(symbols)
        if array.ndim == 0 or array.shape[-1] != length:
            raise SirfError(
                f"symbols must have {length} in the last axis, got shape {array.shape}. Group them in words."
            )
        if array.dtype.kind not in "iu":
            raise SirfError(f"symbols must be whole numbers, got {array.dtype}. Pack the bits into symbols first.")
        if array.size and (array.min() < 0 or array.max() >> self.bits_per_symbol):
            raise SirfError(
                f"symbols must be from 0 to {(1 << self.bits_per_symbol) - 1}, got {array.min()} to {array.max()}. "
                "Pack the bits into symbols first."
            )
        # bits are checked: more than m of them would address beyond the tables
        return np.ascontiguousarray(array, dtype=np.uint16).reshape(-1, length), array.shape[:-1]


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """Field tables and multiples of the generator, as `sirf._kernels.reed_solomon` wants them."""

    exp: Integer
    log: Integer
    rows: Integer


def _powers(m: int, polynomial: int) -> list[int]:
    """alpha^0 ... alpha^(2^m - 2)."""
    powers, value = [], 1
    for _ in range((1 << m) - 1):
        powers.append(value)
        value <<= 1
        # reduced by the polynomial where the degree has reached m
        value ^= polynomial if value >> m else 0
    return powers


@cache
def _tables(code: ReedSolomon) -> _Tables:
    m = code.bits_per_symbol
    q = (1 << m) - 1
    powers = np.array(_powers(m, code.field_polynomial))
    exp = np.zeros(4 * q + 1, dtype=np.int64)
    # two rounds, so that sums of logarithms need no modulo
    exp[:q] = exp[q : 2 * q] = powers
    # log 0 points into the zeros behind two rounds of powers: products with zero need no branch
    log = np.full(q + 1, 2 * q)
    log[powers] = np.arange(q)
    parity = code.symbols - code.message_symbols
    generator = np.array([1])
    for j in range(parity):
        # highest degree first: x g(x) + alpha^j g(x)
        scaled = exp[log[generator] + (code.first_root + j) % q]
        generator = np.append(generator, 0) ^ np.append(0, scaled)
    # SLOTS coefficients of ten bits in one word: one exclusive or adds all of them
    words = -(-parity // kernels.SLOTS)
    rows = np.zeros((q + 1, words), dtype=np.int64)
    for i, coefficient in enumerate(generator[1:]):
        slot = kernels.SLOTS * words - 1 - i
        rows[:, slot // kernels.SLOTS] |= exp[log + log[coefficient]] << (10 * (slot % kernels.SLOTS))
    return _Tables(exp, log, rows)

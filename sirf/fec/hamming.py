"""The inner code of the 200 Gb/s per lane optical PMDs: Hamming(128,120), decoded with soft decisions."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import comb, erfc

from sirf._arrays import Bits
from sirf._kernels.hamming import chase_decode
from sirf.errors import SirfError


@dataclass(frozen=True, slots=True)
class Hamming128:
    """Extended Hamming code of 120 message and 8 parity bits, minimum distance 4.

    All binary (128,120) codes of distance 4 are the same code up to the order of bits, so error ratios over independent
    errors are those of IEEE 802.3dj's inner code; the order of bits on the line is our own (message, then parity).

    Parameters
    ----------
    weak
        How many of the least reliable bits the soft decoder tries to flip, 0 to 8 (2^weak patterns).
    """

    weak: int = field(default=5, kw_only=True)

    symbols = 128
    message_symbols = 120

    def __post_init__(self) -> None:
        """Validate the fields."""
        if not 0 <= self.weak <= 8:
            raise SirfError(f"weak must be from 0 to 8, got {self.weak}. Use 5.")

    @property
    def rate(self) -> float:
        """Message bits per sent bit: 15/16."""
        return 120.0 / 128.0

    def encode(self, bits: ArrayLike) -> Bits:
        """Words (..., 128) of message bits (..., 120), zeros and ones; the message comes first."""
        message = np.asarray(bits)
        if message.ndim == 0 or message.shape[-1] != 120:
            raise SirfError(f"bits must have 120 in the last axis, got shape {message.shape}. Group them in words.")
        if message.dtype.kind not in "iub" or (message.size and (message.min() < 0 or message.max() > 1)):
            raise SirfError("bits must be zeros and ones, got other values. Give whole numbers 0 and 1.")
        message = message.astype(np.uint8)
        parity = (message.astype(np.int64) @ _parity_matrix()) & 1
        return np.concatenate([message, parity.astype(np.uint8)], axis=-1)

    def decode(self, likelihood: ArrayLike) -> Bits:
        """Message bits (..., 120) of log-likelihood ratios (..., 128), positive where a zero is likelier; any scale."""
        return self.decode_words(likelihood)[..., :120]

    def decode_words(self, likelihood: ArrayLike) -> Bits:
        """The same with the parity bits: words (..., 128)."""
        soft = np.asarray(likelihood, dtype=np.float64)
        if soft.ndim == 0 or soft.shape[-1] != 128:
            raise SirfError(f"likelihood must have 128 in the last axis, got shape {soft.shape}. Group it in words.")
        if not np.isfinite(soft).all():
            raise SirfError("likelihood must be finite, got NaN or infinity. Clip it first.")
        flat = np.ascontiguousarray(soft.reshape(-1, 128))
        words = np.empty(flat.shape, dtype=np.uint8)
        chase_decode(flat, _columns(), self.weak, words)
        return words.reshape(soft.shape)

    def hard_ber(self, ber: float) -> float:
        """Bit error ratio after hard decisions of independent errors at `ber` in (0, 0.5): exact, from the weights of the code.

        One error is corrected, an even number detected and left, a larger odd number moved to the nearest code word.
        """
        if not 0.0 < ber < 0.5:
            raise SirfError(f"ber must be in (0, 0.5), got {ber}. Give a bit error ratio.")
        n, weights = 128, _weights()
        i = np.arange(n + 1)
        chance = np.exp(i * np.log(ber) + (n - i) * np.log1p(-ber))
        wrong = np.where(i % 2 == 0, i * comb(n, i), 0.0)
        above, below = np.append(weights[1:], 0.0), np.insert(weights[:-1], 0, 0.0)
        # patterns of odd weight i one bit from a word of weight i ± 1, times the wrong bits (i ± 1) that this word
        # brings
        moved = above * (i + 1) * (i + 1) + below * (n - i + 1) * (i - 1)
        return float(np.sum(chance * np.where(i % 2 == 1, moved, wrong)) / n)

    def soft_word_error_bound(self, energy_ratio_db: float, *, terms: int = 4) -> float:
        """Union bound of the word error ratio of antipodal bits in white noise, maximum likelihood.

        `energy_ratio_db` is E_s/N_0 of the sent bits in dB (amplitude^2 / (2 sigma^2)); `terms` weights from 4 up are summed.
        """
        # an extended code has even weights only
        weight = np.arange(4, 4 + 2 * terms, 2)
        # Q(sqrt(2 w E_s / N_0)) = erfc(sqrt(w E_s / N_0)) / 2
        argument = np.sqrt(weight * 10.0 ** (energy_ratio_db / 10.0))
        return float(np.sum(_weights()[weight] * 0.5 * erfc(argument)))


@cache
def _layout() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Columns of the message bits (120,) and of the parity bits (8,): number from 1 to 127, times two, plus one for parity."""
    numbers = np.arange(1, 128)
    # numbers with one bit stand for parity bits: each is alone in its row, so encoding needs no solving
    single = np.bitwise_count(numbers) == 1
    message = 2 * numbers[~single] + 1
    parity = np.append(2 * numbers[single] + 1, 1)
    return message, parity


@cache
def _columns() -> NDArray[np.int64]:
    return np.concatenate(_layout())


@cache
def _parity_matrix() -> NDArray[np.int64]:
    """(120, 8): which parity bits a message bit turns."""
    message, _ = _layout()
    numbers = message >> 1
    turned = (numbers[:, None] >> np.arange(7)) & 1
    # the last parity bit completes the overall parity of message bit and the parity bits it turns
    return np.column_stack([turned, (1 + turned.sum(axis=1)) & 1])


@cache
def _weights() -> NDArray[np.float64]:
    """Number of code words of each weight (129,): MacWilliams identity on the dual, whose weights are 0, 64 (254 times), 128."""
    counts = np.zeros(129)
    for j in range(0, 129, 2):
        # coefficient of x^j in (1+x)^128 + 254 (1-x^2)^64 + (1-x)^128, over 2^8; in whole numbers, since the terms are
        # far above what a float holds exactly
        counts[j] = (2 * math.comb(128, j) + 254 * (-1) ** (j // 2) * math.comb(64, j // 2)) // 256
    return counts

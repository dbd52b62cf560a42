"""PAM6 as it carries bits: two symbols hold five of them, one of the 32 points of a 6 x 6 square without its corners.

The labels are those of an 8 x 4 rectangle with Gray labels on both axes whose outer columns are folded to the top and the bottom:
J. G. Smith, "Odd-bit quadrature amplitude-shift keying", IEEE Trans. Commun. 23 (1975), pp. 385-389. No labelling of a cross lets
all neighbours differ in one bit: the 52 edges between them differ in 60 here, and in 56 in the best that a search found, which
is 0.03 dB.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sirf._arrays import Float
from sirf.errors import SirfError

ORDER = 6
BITS_PER_PAIR = 5
POINTS = 32
_OUTER = 5
"""Index of the uppermost level."""


def _points() -> NDArray[np.uint8]:
    """Level indices (32, 2) of both symbols by the five-bit word."""
    table = np.zeros((POINTS, 2), dtype=np.uint8)
    for column in range(8):
        for row in range(4):
            x, y = 2 * column - 7, 2 * row - 3
            if abs(x) == 7:
                # the rectangle's outer columns become the cross's top and bottom rows
                x, y = int(np.sign(x)) * (4 - abs(y)), int(np.sign(y)) * _OUTER
            # three bits across and two up, both Gray
            word = (column ^ column >> 1) << 2 | (row ^ row >> 1)
            table[word] = (x + _OUTER) // 2, (y + _OUTER) // 2
    return table


def _words(points: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Words (6, 6) by the decided levels of both symbols; a corner counts as the point beside it in the first symbol."""
    # POINTS is no word: a corner that was left unfilled would be out of range in every table that is indexed by it
    table = np.full((ORDER, ORDER), POINTS, dtype=np.uint8)
    table[points[:, 0], points[:, 1]] = np.arange(POINTS)
    for first, inner in ((0, 1), (_OUTER, _OUTER - 1)):
        for second in (0, _OUTER):
            table[first, second] = table[inner, second]
    return table


PAIR_LEVELS = _points()
"""Level indices (32, 2) of the two symbols that carry each five-bit word."""
PAIR_WORDS = _words(PAIR_LEVELS)
"""Word (6, 6) of each pair of decided level indices, corners included."""
PAIR_BIT_ERRORS = np.bitwise_count(np.arange(POINTS)[:, None] ^ np.arange(POINTS)[None, :]).astype(np.int64)
"""Bit errors (32, 32) when word row is decided as word column."""


def map_words(words: ArrayLike) -> NDArray[np.uint8]:
    """Level indices (2 N,), first symbol first, of five-bit words (N,); `SirfError` for a word outside 0 to 31.

    >>> map_words([0, 31])
    array([2, 0, 4, 3], dtype=uint8)
    """
    array = np.asarray(words)
    if array.ndim != 1 or (array.size and not 0 <= array.min() <= array.max() < POINTS):
        raise SirfError(f"words must be (N,) of 0 to {POINTS - 1}, got shape {array.shape}. Take five bits a word.")
    return PAIR_LEVELS[array.astype(np.int64)].reshape(-1)


def unmap_levels(levels: ArrayLike) -> NDArray[np.uint8]:
    """Five-bit words (N,) of decided level indices (2 N,): the inverse of `map_words`, corners taken as the point beside them."""
    array = np.asarray(levels)
    if array.ndim != 1 or array.size % 2 or (array.size and not 0 <= array.min() <= array.max() < ORDER):
        raise SirfError(f"levels must be (2 N,) of 0 to {ORDER - 1}, got shape {array.shape}. Decide whole pairs.")
    pairs = array.astype(np.int64).reshape(-1, 2)
    return PAIR_WORDS[pairs[:, 0], pairs[:, 1]]


def mean_bit_errors() -> Float:
    """Bit errors (6, 6) of level row decided as level column in one symbol of a pair whose other symbol is right.

    The mean over both places in the pair and over the points that have the level there. A decision on a corner counts as on the
    point that was sent: the corner lies no nearer to any other one of its row.
    """
    total, count = np.zeros((ORDER, ORDER)), np.zeros(ORDER)
    for word, (first, second) in enumerate(PAIR_LEVELS):
        for sent, other, place in ((first, second, 0), (second, first, 1)):
            count[sent] += 1
            for decided in range(ORDER):
                pair = (decided, other) if place == 0 else (other, decided)
                seen = legal_word(*pair, sent=word)
                total[sent, decided] += PAIR_BIT_ERRORS[word, seen]
    # an outer level stands in fewer points than an inner one (a cross has no corners): each mean has its own count
    return total / count[:, None]


def legal_word(first: int, second: int, *, sent: int) -> int:
    """Word of a pair of decided levels; of a corner the sent word where it lies beside that, else as `PAIR_WORDS` says."""
    corner = first in (0, _OUTER) and second in (0, _OUTER)
    if corner:
        here = PAIR_LEVELS[sent].astype(int)
        # beside it in one step: the sent point is as near as any other
        if abs(int(here[0]) - first) + abs(int(here[1]) - second) == 1:
            return sent
    return int(PAIR_WORDS[first, second])

"""Reed-Solomon codes over GF(2^m), m at most 10: systematic encoding, Berlekamp-Massey, Chien search, Forney.

Field tables: `exp` (4 q + 1,) with q = 2^m - 1 holds alpha^i twice and then zeros; `log` has log[0] = 2 q, so that
exp[log[a] + log[b]] is a product without a branch. The division by the generator polynomial keeps its remainder packed, six
10-bit slots a word, the highest coefficient in the top slot of the last word: `rows` (2^m, words) are the multiples of the
generator, so that one symbol costs one row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.copying import copy_row
from sirf._kernels.jit import kernel

Symbols = NDArray[np.uint16]
Table = NDArray[np.int64]

SLOTS = 6
"""Symbols of a packed word."""


@kernel
def _divide(word: Symbols, count: int, rows: Table, register: Table) -> None:
    """Shift the first `count` symbols of `word` through the division register."""
    last = len(register) - 1
    register[:] = 0
    for i in range(count):
        # 50 = 5 x 10 bits: the top slot, whose coefficient is cancelled by a multiple of the generator
        row = rows[(register[last] >> 50) ^ np.int64(word[i])]
        for w in range(last, 0, -1):
            # the mask of 50 bits drops the top slot before the shift; it moves into the word above, which is done
            # first
            register[w] = (((register[w] & 0x3FFFFFFFFFFFF) << 10) | (register[w - 1] >> 50)) ^ row[w]
        register[0] = ((register[0] & 0x3FFFFFFFFFFFF) << 10) ^ row[0]


@kernel
def encode_words(messages: Symbols, rows: Table, words: Symbols) -> None:
    """Systematic code `words` (C, n) of `messages` (C, k): message first, then the parity symbols, highest degree first."""
    k, n = messages.shape[1], words.shape[1]
    register = np.zeros(rows.shape[1], dtype=np.int64)
    for c in range(len(messages)):
        _divide(messages[c], k, rows, register)
        copy_row(messages[c], words[c])
        for i in range(n - k):
            slot = SLOTS * len(register) - 1 - i
            words[c, k + i] = (register[slot // SLOTS] >> (10 * (slot % SLOTS))) & 1023


@kernel
def decode_words(
    words: Symbols, k: int, first_root: int, rows: Table, exp: Table, log: Table, corrected: NDArray[np.int64]
) -> None:
    """Correct `words` (C, n) in place; `corrected` (C,) becomes the number of symbols mended, -1 where decoding fails.

    Blahut, Algebraic Codes for Data Transmission, section 7.2 to 7.5. A word that fails stays as received.
    """
    n = words.shape[1]
    parity = n - k
    q = len(exp) // 4
    register = np.zeros(rows.shape[1], dtype=np.int64)
    work = np.zeros((8, parity + 1), dtype=np.int64)
    syndrome, locator, previous, saved = work[0], work[1], work[2], work[3]
    evaluator, terms, place, value = work[4], work[5], work[6], work[7]
    roots = (first_root + np.arange(parity)) % q
    for c in range(len(words)):
        word = words[c]
        _divide(word, k, rows, register)
        syndrome[:] = 0
        dirty = 0
        for i in range(parity):
            slot = SLOTS * len(register) - 1 - i
            symbol = ((register[slot // SLOTS] >> (10 * (slot % SLOTS))) & 1023) ^ np.int64(word[k + i])
            # remainder of the received parity against the computed one: all zero means a code word, the usual case,
            # and no more to do
            dirty |= symbol
            for j in range(parity):
                # Horner: the remainder takes the same values at the generator's roots as the whole word, with far
                # fewer terms
                syndrome[j] = exp[log[syndrome[j]] + roots[j]] ^ symbol
        corrected[c] = 0
        if dirty == 0:
            continue
        corrected[c] = -1
        length = _berlekamp_massey(syndrome, parity, exp, log, q, locator, previous, saved)
        # more errors than the code corrects, or a locator of too low a degree
        if 2 * length > parity or locator[length] == 0:
            continue
        # roots outside the shortened word, or too few: the locator is not that of correctable errors
        if _chien(locator, length, n, exp, log, q, terms, place) != length:
            continue
        for i in range(length):
            total = 0
            for j in range(i + 1):
                total ^= exp[log[syndrome[j]] + log[locator[i - j]]]
            evaluator[i] = total
        good = True
        for e in range(length):
            inverse = (q - place[e] % q) % q
            numerator, slope = 0, 0
            for i in range(length):
                numerator ^= exp[log[evaluator[i]] + (inverse * i) % q]
            # formal derivative in characteristic two: even terms vanish
            for i in range(1, length + 1, 2):
                slope ^= exp[log[locator[i]] + (inverse * (i - 1)) % q]
            if slope == 0 or numerator == 0:
                good = False
                break
            # error value X^(1 - b) Omega(1/X) / Lambda'(1/X), with b the first root
            value[e] = exp[(log[numerator] + q - log[slope] + (q + 1 - first_root) * (place[e] % q)) % q]
        if good:
            corrected[c] = length
            for e in range(length):
                word[n - 1 - place[e]] ^= np.uint16(value[e])


@kernel
def _berlekamp_massey(
    syndrome: Table, parity: int, exp: Table, log: Table, q: int, locator: Table, previous: Table, saved: Table
) -> int:
    """Shortest register (its length is returned, its taps in `locator`) that generates the syndromes."""
    locator[:] = 0
    previous[:] = 0
    locator[0] = previous[0] = 1
    length, gap, scale = 0, 1, 0
    for r in range(parity):
        discrepancy = syndrome[r]
        for i in range(1, length + 1):
            discrepancy ^= exp[log[locator[i]] + log[syndrome[r - i]]]
        if discrepancy == 0:
            gap += 1
            continue
        factor = (log[discrepancy] + q - scale) % q
        longer = 2 * length <= r
        if longer:
            copy_row(locator, saved)
        for i in range(gap, parity + 1):
            locator[i] ^= exp[log[previous[i - gap]] + factor]
        if longer:
            copy_row(saved, previous)
            length, scale, gap = r + 1 - length, log[discrepancy], 1
        else:
            gap += 1
    return length


@kernel
def _chien(locator: Table, length: int, n: int, exp: Table, log: Table, q: int, terms: Table, place: Table) -> int:
    """Degrees d < n with locator(alpha^-d) = 0 into `place`; how many there are."""
    found = 0
    if length == 1:
        # 1 + lambda x vanishes at alpha^-d where lambda = alpha^d
        place[0] = log[locator[1]]
        return 1 if place[0] < n else 0
    for i in range(length + 1):
        terms[i] = log[locator[i]]
    for d in range(n):
        total = 1
        for i in range(1, length + 1):
            total ^= exp[terms[i]]
            # a zero coefficient stays at 2 q, where exp is zero
            # from alpha^-d to alpha^-(d + 1) term i loses i in its logarithm
            step = terms[i] - i
            terms[i] = terms[i] if terms[i] >= 2 * q else (step if step >= 0 else step + q)
        if total == 0:
            place[found] = d
            found += 1
            if found == length:
                break
    return found

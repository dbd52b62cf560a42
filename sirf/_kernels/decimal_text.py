"""Decimal numbers from text, each rounded to the nearest double as Python's `float` rounds it, about ten times as fast.

Up to 18 digits the number is a whole number times a power of ten. Where both are exact doubles, so is the rounding of their
product (Clinger, PLDI 1990). Else the product is taken in pairs of doubles, whose error is known: only where that error could
change the rounding is the word left to the caller.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

LARGEST_POWER = 250
"""Powers of ten beyond are left to the caller: the splitting of doubles below would overflow."""
_EXACT_POWER = 22  # 10^22 is the largest power of ten that is a double: 5^22 < 2^53
_EXACT_WHOLE = 1 << 53  # whole numbers up to here are doubles
_MOST_DIGITS = 18  # as many digits fit into 63 bits
_SPLITTER = 134217729.0  # 2^27 + 1: splits a double into halves whose products are exact (Dekker 1971)
_DOUBT = 2.0**-99  # relative error of a product of pairs, 2^-103, with room


def powers_of_ten() -> NDArray[np.float64]:
    """10^n for n from -250 to 250 as pairs of doubles (501, 2) whose sum is good to 106 bits."""
    pairs = np.empty((2 * LARGEST_POWER + 1, 2))
    for row, power in enumerate(range(-LARGEST_POWER, LARGEST_POWER + 1)):
        exact = Fraction(10) ** power
        high = float(exact)
        pairs[row] = high, float(exact - Fraction(high))
    return pairs


@kernel()
def parse_decimals(
    data: NDArray[np.uint8],
    powers: NDArray[np.float64],
    numbers: NDArray[np.float64],
    counts: NDArray[np.int32],
    left_over: NDArray[np.int64],
) -> tuple[int, int]:
    """Read the words of `data` (ASCII): values into `numbers`, words a line into `counts`.

    Words that are no plain decimal number, or in doubt, go as (index, start, stop) into the rows of `left_over`. Gives how many
    words there are and how many were left over. `numbers` must hold every word, `counts` every line.
    """
    size = data.size
    place, line, found, doubtful = 0, 0, 0, 0
    while place < size:
        letter = data[place]
        # ASCII: 32 and below is blank space, 10 line feed, 45 and 43 the signs, 46 the point, 48 to 57 digits, 69 and
        # 101 E and e
        if letter <= 32:
            if letter == 10:
                line += 1
            place += 1
            continue
        start = place
        negative = letter == 45
        if negative or letter == 43:
            place += 1
        whole, power, digits, seen, plain, after_point = np.int64(0), np.int64(0), 0, False, True, False
        while place < size and data[place] > 32:
            letter = data[place]
            if 48 <= letter <= 57:
                seen = True
                # leading zeros are no digits of the number
                if digits > 0 or letter != 48:
                    digits += 1
                if digits <= _MOST_DIGITS:
                    whole = whole * 10 + (np.int64(letter) - 48)
                else:
                    plain = False
                if after_point:
                    power -= 1
            elif letter == 46 and not after_point:
                after_point = True
            else:
                break
            place += 1
        if place < size and seen and (data[place] == 101 or data[place] == 69):
            place += 1
            minus = place < size and data[place] == 45
            if minus or (place < size and data[place] == 43):
                place += 1
            exponent, any_digit = np.int64(0), False
            while place < size and 48 <= data[place] <= 57:
                any_digit = True
                # beyond that the number is zero or infinite anyway, and must not overflow while it is read
                if exponent < 10000:
                    exponent = exponent * 10 + (np.int64(data[place]) - 48)
                place += 1
            plain = plain and any_digit
            power += -exponent if minus else exponent
        if place < size and data[place] > 32:
            plain = False
            while place < size and data[place] > 32:
                place += 1
        value, sure = 0.0, plain and seen
        if sure and whole > 0:
            if whole < _EXACT_WHOLE and -_EXACT_POWER <= power <= _EXACT_POWER:
                ten = powers[LARGEST_POWER + abs(power), 0]
                value = whole * ten if power >= 0 else whole / ten
            elif -LARGEST_POWER <= power <= LARGEST_POWER:
                row = LARGEST_POWER + power
                value, sure = _product_of_pairs(whole, powers[row, 0], powers[row, 1])
            else:
                sure = False
        numbers[found] = -value if negative else value
        if not sure:
            left_over[doubtful, 0], left_over[doubtful, 1], left_over[doubtful, 2] = found, start, place
            doubtful += 1
        counts[line] += 1
        found += 1
    return found, doubtful


@kernel()
def _product_of_pairs(whole: np.int64, high: float, low: float) -> tuple[float, bool]:
    """`whole` times (high + low), rounded once, and whether the rounding is beyond doubt."""
    first = float(whole)
    rest = float(whole - np.int64(first))
    product = first * high
    # Dekker's product: halves of 26 bits multiply exactly, so `error` is what rounding took off `product`
    a = _SPLITTER * first
    a_high = a - (a - first)
    a_low = first - a_high
    b = _SPLITTER * high
    b_high = b - (b - high)
    b_low = high - b_high
    error = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low
    error += first * low + rest * high
    value = product + error
    # two-sum: what the last addition rounded away
    left = error - (value - product)
    doubt = _DOUBT * value
    # in doubt is a value so close to half way between two doubles that the bound of the error spans the half
    return value, value + (left + doubt) == value + (left - doubt)

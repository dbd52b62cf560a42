"""Errors of PAM decisions in noise: transition tables, symbol and bit error ratios, what a FEC symbol sees of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sirf._arrays import Float
from sirf.errors import SirfError
from sirf.signal import cross32
from sirf.signal.pam import bit_error_table, bits_per_symbol, level_shares


def transitions(order: int, half_spacing: float, tail: Callable[[float], float]) -> Float:
    """Probabilities (order, order) that level row is decided as level column, thresholds half way.

    `tail` gives the probability that noise, symmetric about zero, exceeds a voltage; `half_spacing` is half the distance of two
    levels in the same unit.

    >>> transitions(2, 1.0, lambda volts: 0.1)
    array([[0.9, 0.1],
           [0.1, 0.9]])
    """
    # thresholds lie at odd multiples of half the spacing from a level
    beyond = [float(tail((2 * steps - 1) * half_spacing)) for steps in range(1, order)] + [0.0]
    table = np.zeros((order, order))
    for sent in range(order):
        for decided in range(order):
            steps = abs(decided - sent)
            if steps:
                # the outermost level takes all that lies beyond it
                table[sent, decided] = beyond[steps - 1] - (0.0 if decided in (0, order - 1) else beyond[steps])
        # a right decision is what is left: every row sums to one, however the tails were rounded
        table[sent, sent] = 1.0 - table[sent].sum()
    return table


def symbol_error_ratio(table: Float) -> float:
    """Wrong decisions over decisions of a transition table (order, order): of PAM6 pairs wrong over pairs, per symbol.

    A pair of PAM6 decided as a corner next to the point that was sent is right: no other point of its row or column is nearer.
    """
    order = len(table)
    if order == cross32.ORDER:
        # per symbol of a pair that is right with (1 - p)²: small ratios keep their digits
        return float(-np.expm1(0.5 * np.log1p(-pair_error_ratios(table)[0])))
    return float(level_shares(order) @ (table * (1.0 - np.eye(order))).sum(axis=1))


def bit_error_ratio(table: Float) -> float:
    """Bit errors over bits of a transition table (order, order), Gray mapping; PAM6 by all points and decisions of a pair."""
    order = len(table)
    if order == cross32.ORDER:
        return pair_error_ratios(table)[1]
    return float(level_shares(order) @ np.sum(table * bit_error_table(order), axis=1)) / bits_per_symbol(order)


def pair_error_ratios(table: Float) -> tuple[float, float]:
    """(pairs wrong over pairs, bits wrong over bits) of PAM6, noise of both symbols independent, over all 32 x 36 decisions."""
    if table.shape != (cross32.ORDER, cross32.ORDER):
        raise SirfError(f"table must be (6, 6), got {table.shape}. Give transitions of PAM6.")
    wrong = bits = 0.0
    for word, (first, second) in enumerate(cross32.PAIR_LEVELS):
        chances = np.outer(table[first], table[second])
        for one in range(cross32.ORDER):
            for other in range(cross32.ORDER):
                seen = cross32.legal_word(one, other, sent=word)
                if seen != word:
                    wrong += chances[one, other]
                    bits += chances[one, other] * cross32.PAIR_BIT_ERRORS[word, seen]
    return wrong / cross32.POINTS, bits / (cross32.POINTS * cross32.BITS_PER_PAIR)


def fec_symbol_error_ratio(order: int, error_ratio: float, bits: int = 10) -> float:
    """Wrong FEC symbols of `bits` bits over FEC symbols, PAM symbols wrong with `error_ratio` and independently.

    A PAM symbol that straddles two FEC symbols spoils either in proportion to its bits there, as one wrong bit does.

    >>> round(fec_symbol_error_ratio(4, 1e-4), 7), round(fec_symbol_error_ratio(6, 1e-4), 7)
    (0.0004999, 0.0003999)
    """
    carried = bits_per_symbol(order)
    if carried != int(carried):
        # PAM6: whole words of five bits, two symbols each, straddle where five does not divide the FEC symbol
        return fec_symbol_error_ratio_of(cross32.BITS_PER_PAIR, 1.0 - (1.0 - error_ratio) ** 2, bits)
    return fec_symbol_error_ratio_of(int(carried), error_ratio, bits)


def fec_symbol_error_ratio_of(unit: int, error_ratio: float, bits: int) -> float:
    """As `fec_symbol_error_ratio`, of units of so many bits that are wrong with `error_ratio`; the mean over all alignments."""
    right = []
    for offset in range(unit):
        left, place, chance = bits, offset, 1.0
        while left:
            inside = min(unit - place, left)
            chance *= 1.0 - error_ratio * inside / unit
            # a unit that straddles counts by its bits inside
            left, place = left - inside, 0
        right.append(chance)
    # where units divide the FEC symbol evenly there is one alignment, else all come in turn
    aligned = right[:1] if bits % unit == 0 else right
    return float(1.0 - np.mean(aligned))

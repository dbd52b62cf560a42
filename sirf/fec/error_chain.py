"""Dependent symbol errors as a Markov chain: what decision feedback does to the errors that a decoder meets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sirf._arrays import Float
from sirf._kernels.codewords import walk_chain
from sirf.errors import SirfError
from sirf.fec.line import bits_of_level_error, bits_per_level

LONGEST_EXCURSION = 200
"""Symbols up to which the states between two visits to the quiet one are followed; beyond it elimination takes less time."""
LEAST_VISITS = 1e-18
"""Part of the visits to a state below which those of one symbol end the sum. What follows falls from symbol to symbol: it is a
hundred times as much where 99 of 100 errors are followed by another."""


@dataclass(frozen=True, slots=True, eq=False)
class ErrorChain:
    """A chain on S states that emits one level error per PAM symbol.

    Parameters
    ----------
    transitions
        (E, S, S): probability to emit `values[e]` in state s and go on to state s'. Sums to one over e and s'. State 0 must be
        reachable from every state (the state without recent errors).
    values
        (E,) errors in levels, for example (-1, 0, 1).
    order
        Number of PAM levels, 2 or 4.
    """

    transitions: Float
    values: tuple[int, ...] = field(kw_only=True)
    order: int = field(default=4, kw_only=True)

    def __post_init__(self) -> None:
        """Validate the fields."""
        bits_per_level(self.order)
        array = np.array(self.transitions, dtype=np.float64)
        if array.ndim != 3 or array.shape[1] != array.shape[2] or len(array) != len(self.values):
            raise SirfError(
                f"transitions must have shape ({len(self.values)}, S, S), got {array.shape}. Give one matrix for each value."
            )
        totals = array.sum(axis=(0, 2))
        if not (array >= 0).all() or not np.allclose(totals, 1.0, rtol=0, atol=1e-9):
            raise SirfError(
                f"transitions must be probabilities that sum to 1 from every state, got sums {totals.min():.6g} to "
                f"{totals.max():.6g}. Divide every state's row by its sum."
            )
        array.setflags(write=False)
        object.__setattr__(self, "transitions", array)

    @classmethod
    def independent(cls, ber: float, *, order: int = 4) -> ErrorChain:
        """Independent errors of one level, up and down alike, at bit error ratio `ber` in (0, 0.25) per Gray-mapped bit."""
        half = 0.5 * _symbol_error_ratio(ber, order)
        return cls(np.array([[[half]], [[1.0 - 2.0 * half]], [[half]]]), values=(-1, 0, 1), order=order)

    @classmethod
    def bursts(cls, ber: float, continuation: float, *, order: int = 4) -> ErrorChain:
        """Bursts of alternating one-level errors: after an error the next symbol is wrong with probability `continuation`.

        The usual model of a one-tap DFE (mean burst 1 / (1 - continuation), in [0, 1)); the start of bursts is set so that the
        bit error ratio before decoding is `ber`, in (0, 0.25).
        """
        # at one a burst would never end
        if not 0.0 <= continuation < 1.0:
            raise SirfError(
                f"continuation must be in [0, 1), got {continuation}. Use 0.5 for half the errors to go on."
            )
        ser = _symbol_error_ratio(ber, order)
        # balance of the two-state chain: right symbols x start = wrong symbols x (1 - continuation); below one, as fewer than
        # half of the symbols are wrong
        start = ser * (1.0 - continuation) / (1.0 - ser)
        # after an error upwards the fed-back level is too high and pushes the next decision down
        down, up = np.array([start / 2, continuation, 0.0]), np.array([start / 2, 0.0, continuation])
        # states 0, +1, -1: the last error
        moves = np.zeros((3, 3, 3))
        moves[0, :, 2], moves[1, :, 0], moves[2, :, 1] = down, 1.0 - down - up, up
        return cls(moves, values=(-1, 0, 1), order=order)

    @classmethod
    def from_burst_lengths(cls, ber: float, lengths: Sequence[float] | Float, *, order: int = 4) -> ErrorChain:
        """Bursts of alternating one-level errors of 1, 2, ... symbols with probabilities `lengths` (L,) that sum to 1.

        A burst ends with at least one right symbol; the start of bursts is set by `ber`, in (0, 0.25).
        """
        share = np.asarray(lengths, dtype=np.float64)
        if share.ndim != 1 or not share.size or (share < 0).any() or abs(share.sum() - 1.0) > 1e-9:
            raise SirfError(
                f"lengths must be probabilities that sum to 1, got {share.shape} summing to {share.sum():.6g}."
            )
        longest = len(share)
        mean = float(share @ np.arange(1, longest + 1))
        ser = _symbol_error_ratio(ber, order)
        # a cycle is 1 / start symbols of waiting (the one that starts the burst among them) and the rest of the burst
        # fewer than half of the symbols are wrong, so a cycle is more than twice a burst and the wait more than a symbol
        start = 1.0 / (mean / ser - mean)
        # state 0 is quiet, 1 + 2 r + s has r symbols of the burst left after this one, s the sign of the last error
        size = 1 + 2 * longest
        moves = np.zeros((3, size, size))
        # symbols of a burst that are still to come
        left = np.arange(longest)
        # a burst of length r + 1 begins with r symbols left
        moves[0, 0, 1 + 2 * left] = moves[2, 0, 2 + 2 * left] = start * share / 2
        moves[1, 0, 0] = 1.0 - start
        # a burst's last symbol leads back to the quiet state without an error
        moves[1, 1, 0] = moves[1, 2, 0] = 1.0
        moves[2, 1 + 2 * left[1:], 2 * left[1:]] = 1.0
        moves[0, 2 + 2 * left[1:], 2 * left[1:] - 1] = 1.0
        return cls(moves, values=(-1, 0, 1), order=order)

    @classmethod
    def from_feedback(cls, down: ArrayLike, up: ArrayLike, *, order: int = 4, memory: int | None = None) -> ErrorChain:
        """The chain of a DFE: `down` and `up` (3^memory,) are the probabilities of an error by one level, given the last errors.

        States run over the last errors, latest first, each -1, 0, +1, the latest slowest (`itertools.product` order), as
        `sirf.engine.statistical.error_propagation` has them. A shorter `memory` gives a chain on fewer states with the same
        probabilities of all rows of so many errors: older ones count with the shares that they have in time.
        """
        # first the whole chain, for the shares in time of the rows that are merged
        if memory is not None and 3**memory < np.asarray(down).size:
            down, up = _shortened(cls.from_feedback(down, up, order=order), down, up, memory)
        below, above = np.asarray(down, dtype=np.float64), np.asarray(up, dtype=np.float64)
        # 3^length rows: their number tells the memory
        length = round(np.log(below.size) / np.log(3.0)) if below.size else 0
        if below.shape != above.shape or below.ndim != 1 or 3**length != below.size:
            raise SirfError(f"down and up must have shape (3^memory,), got {below.shape} and {above.shape}.")
        rows = 3**length
        place = np.empty(rows, dtype=np.int64)
        place[_quiet_first(length)] = np.arange(rows)
        moves = np.zeros((3, rows, rows))
        for e, chance in enumerate((below, 1.0 - below - above, above)):
            # the newest error in front, the oldest drops out
            following = (e * rows + np.arange(rows)) // 3
            moves[e, place, place[following]] = chance
        return cls(moves, values=(-1, 0, 1), order=order)

    def stationary(self) -> Float:
        """Share of time (S,) in each state, to its last digits however small: nothing is ever subtracted."""
        matrix = self.transitions.sum(axis=0)
        visits = _visits(matrix)
        return _eliminated(matrix) if visits is None else np.asarray(visits / visits.sum())

    @property
    def ser(self) -> float:
        """PAM symbol error ratio before decoding, without precoding."""
        wrong = np.array([value % self.order != 0 for value in self.values])
        return float(self.stationary() @ self.transitions[wrong].sum(axis=(0, 2)))

    @property
    def ber(self) -> float:
        """Bit error ratio before decoding, without precoding."""
        bits = bits_of_level_error(self.order)[np.array(self.values) % self.order]
        per_state = np.tensordot(bits, self.transitions.sum(axis=2), axes=1)
        return float(self.stationary() @ per_state) / bits_per_level(self.order)

    def draw(self, symbols: int, *, rng: int | np.random.Generator | None = None) -> NDArray[np.int8]:
        """`symbols` level errors (N,) drawn from the chain, started from its stationary distribution."""
        generator = np.random.default_rng(rng)
        # value and next state in one row: one random number draws both
        flat = self.transitions.transpose(1, 0, 2).reshape(len(self.transitions[0]), -1)
        limits = np.cumsum(flat, axis=1)
        size = limits.shape[0]
        # rounding of the sum may leave the last state out
        state = int(np.searchsorted(np.cumsum(self.stationary()), generator.random(), side="right").clip(0, size - 1))
        errors = np.empty(symbols, dtype=np.int8)
        walk_chain(generator.random(symbols), limits, np.array(self.values), state, errors)
        return errors


def _visits(matrix: Float) -> Float | None:
    """Mean visits (S,) to each state from one to state 0 up to the next; None where they do not end within `LONGEST_EXCURSION`,
    or a state that is never visited does not lead back."""
    visits = now = np.eye(1, len(matrix))[0]
    for _ in range(LONGEST_EXCURSION):
        now = now @ matrix
        now[0] = 0.0
        visits = visits + now
        # of every state, so that the rarest keeps its digits
        if (now <= LEAST_VISITS * visits).all():
            return visits if visits.all() or _all_lead_back(matrix) else None
    return None


def _all_lead_back(matrix: Float) -> bool:
    """Whether state 0 can be reached from every state."""
    moves = matrix > 0.0
    leading, before = moves[:, 0], 0
    while leading.sum() > before:
        before = leading.sum()
        leading = leading | moves[:, leading].any(axis=1)
    return bool(leading.all())


def _eliminated(matrix: Float) -> Float:
    """Share of time (S,) in each state, by the elimination of Grassmann, Taksar and Heyman; `matrix` (S, S) is overwritten."""
    size = len(matrix)
    for n in range(size - 1, 0, -1):
        leaving = matrix[n, :n].sum()
        if leaving <= 0.0:
            raise SirfError(f"transitions must lead back to state 0, got none from state {n}. Order the states so.")
        matrix[:n, n] /= leaving
        # state n is cut out: what passed through it goes straight on. Subtraction would lose the digits of rare
        # states
        matrix[:n, :n] += np.outer(matrix[:n, n], matrix[n, :n])
    share = np.zeros(size)
    share[0] = 1.0
    for n in range(1, size):
        share[n] = share[:n] @ matrix[:n, n]
    return np.asarray(share / share.sum())


@cache
def _quiet_first(length: int) -> list[int]:
    """Places of the rows of `length` errors in the order of a chain: the one without errors, in the middle, first."""
    quiet = 3**length // 2
    return [quiet, *(place for place in range(3**length) if place != quiet)]


def _shortened(chain: ErrorChain, down: ArrayLike, up: ArrayLike, memory: int) -> tuple[Float, Float]:
    """Probabilities (3^memory,) of errors given the latest `memory` errors, older ones averaged over the chain's time."""
    size = np.asarray(down).size
    occupancy = np.zeros(size)
    length = round(np.log(size) / np.log(3.0))
    occupancy[_quiet_first(length)] = chain.stationary()
    together = occupancy.reshape(3**memory, -1)
    total = together.sum(axis=1)
    # a row of errors that takes no time at all has none to average over
    share = np.where(
        total[:, None] > 0.0, together / np.maximum(total, np.finfo(float).tiny)[:, None], 1.0 / together.shape[1]
    )
    below, above = (
        np.sum(share * np.asarray(one, dtype=np.float64).reshape(3**memory, -1), axis=1) for one in (down, up)
    )
    return below, above


def _symbol_error_ratio(ber: float, order: int) -> float:
    """Of one-level errors, one bit each."""
    bits = bits_per_level(order)
    if not 0.0 < ber < 0.5 / bits:
        raise SirfError(f"ber must be in (0, {0.5 / bits:g}), got {ber}. Give a bit error ratio before decoding.")
    return ber * bits

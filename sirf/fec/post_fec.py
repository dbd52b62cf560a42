"""Error ratios after decoding, computed: exact tails for independent errors, a Markov chain for bursts.

All sums are of positive terms and small ratios are never formed as one minus a large one, so that results keep their digits down
to the smallest numbers a float can hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, logsumexp

from sirf.errors import SirfError
from sirf.fec.error_chain import ErrorChain
from sirf.fec.line import bits_of_level_error, bits_per_level, check_interleave

if TYPE_CHECKING:
    from sirf.fec.reed_solomon import ReedSolomon

Float = NDArray[np.float64]

FRAME_BITS = (64 + 20) * 8 * 257 / 256
"""A shortest Ethernet frame with preamble and gap, transcoded from 64B/66B to 256B/257B: what a lost code word takes along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFec:
    """Error ratios before and after a decoder.

    `pre_fec_ber` bits wrong at the decoder's input (precoding undone); `symbol_error_ratio` FEC symbols wrong there;
    `codeword_error_ratio` words with more than t wrong symbols; `ber` bits wrong in what is handed on, failed words left as
    received; `frame_loss_ratio` shortest Ethernet frames that meet a failed word.
    """

    code: str
    pre_fec_ber: float
    symbol_error_ratio: float
    codeword_error_ratio: float
    ber: float
    frame_loss_ratio: float
    interleave: int = 1
    precoding: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __repr__(self) -> str:
        """One line."""
        return (
            f"PostFec({self.code}, BER {self.pre_fec_ber:.3e} -> {self.ber:.3e}, code words lost "
            f"{self.codeword_error_ratio:.3e}, frames lost {self.frame_loss_ratio:.3e})"
        )

    def __str__(self) -> str:
        """A small table."""
        from sirf._display import table

        return table("After forward error correction", self._rows())

    def _repr_html_(self) -> str:
        from sirf._display import html_table

        return html_table("After forward error correction", self._rows())

    def _rows(self) -> tuple[tuple[str, str], ...]:
        return (
            ("code", self.code),
            ("interleaved words", str(self.interleave)),
            ("precoding", "1/(1+D)" if self.precoding else "none"),
            ("bit error ratio before", f"{self.pre_fec_ber:.3e}"),
            ("symbol error ratio before", f"{self.symbol_error_ratio:.3e}"),
            ("code word error ratio", f"{self.codeword_error_ratio:.3e}"),
            ("frame loss ratio", f"{self.frame_loss_ratio:.3e}"),
            ("bit error ratio after", f"{self.ber:.3e}"),
        )


def post_fec(code: ReedSolomon, errors: float | ErrorChain, *, interleave: int = 1, precoding: bool = False) -> PostFec:
    """Error ratios after bounded-distance decoding of `code`.

    Parameters
    ----------
    errors
        Bit error ratio in (0, 0.5) of independent bit errors, or a chain of PAM symbol errors.
    interleave
        Code words that take turns symbol by symbol on the line (1, 2 or 4).
    precoding
        1/(1+D) precoding modulo the number of levels: a single error becomes two, a burst of alternating errors its two ends.

    Independent errors: binomial tail over FEC symbols that are wrong with 1 - (1 - ber)^m (IEEE 802.3 clause 91 budget); with
    `precoding` they go through `ErrorChain.independent` of PAM4. Chains: the distribution of wrong symbols of a word by
    recursion over its n symbols, exact for the chain. A failed word keeps its errors (miscorrection, below 1/t!, is not
    counted). Frames lost: every code word that a frame has symbols in must be good, words of one frame taken as independent.
    """
    check_interleave(interleave)
    if not isinstance(errors, ErrorChain):
        if not 0.0 < errors < 0.5:
            raise SirfError(f"ber must be in (0, 0.5), got {errors}. Give the bit error ratio before decoding.")
        if precoding:
            errors = ErrorChain.independent(errors)
    if isinstance(errors, ErrorChain):
        pre, symbol, lost, ber = _chain_ratios(code, errors, interleave, precoding)
    else:
        pre, (symbol, lost, ber) = float(errors), _independent_ratios(code, float(errors))
    return PostFec(
        code=code.name, pre_fec_ber=pre, symbol_error_ratio=symbol, codeword_error_ratio=lost, ber=ber,
        frame_loss_ratio=frame_loss_ratio(code, lost, interleave=interleave), interleave=interleave, precoding=precoding,
    )  # fmt: skip


def pre_fec_ber(
    code: ReedSolomon,
    codeword_error_ratio: float,
    *,
    continuation: float | None = None,
    interleave: int = 1,
    precoding: bool = False,
) -> float:
    """The inverse of `post_fec` in the bit error ratio on the line; see `ReedSolomon.pre_fec_ber`."""
    from scipy.optimize import brentq

    if not 0.0 < codeword_error_ratio < 0.5:
        raise SirfError(
            f"codeword_error_ratio must be in (0, 0.5), got {codeword_error_ratio}. Give for example 1e-12."
        )

    def excess(log_ber: float) -> float:
        ber = float(np.exp(log_ber))
        errors = ber if continuation is None else ErrorChain.bursts(ber, continuation)
        found = post_fec(code, errors, interleave=interleave, precoding=precoding).codeword_error_ratio
        return float(np.log(found + 1e-300) - np.log(codeword_error_ratio))

    return float(np.exp(brentq(excess, np.log(1e-15), np.log(0.1), xtol=1e-10)))


def log_binomial_tail(n: int, p: float, above: int) -> Float:
    """Natural logarithms (n - above,) of P(X = i), i = above + 1 ... n, of X binomial with n trials of probability p."""
    i = np.arange(above + 1, n + 1)
    return np.asarray(
        gammaln(n + 1.0) - gammaln(i + 1.0) - gammaln(n - i + 1.0) + i * np.log(p) + (n - i) * np.log1p(-p)
    )


def frame_loss_ratio(code: ReedSolomon, codeword_error_ratio: float, *, interleave: int = 1) -> float:
    """Share of shortest Ethernet frames with a symbol in a failed word, from the ratio of failed words in [0, 1].

    A frame of F symbols within groups of `interleave` words meets interleave (1 + (F - 1) / (interleave k)) words on average.
    """
    symbols = FRAME_BITS / code.bits_per_symbol
    met = min(interleave, symbols) + (symbols - 1.0) / code.message_symbols
    return float(-np.expm1(met * np.log1p(-min(codeword_error_ratio, 1.0 - 1e-16))))


def _independent_ratios(code: ReedSolomon, ber: float) -> tuple[float, float, float]:
    n, m = code.symbols, code.bits_per_symbol
    symbol = float(-np.expm1(m * np.log1p(-ber)))
    tail = log_binomial_tail(n, symbol, code.correctable)
    weights = np.log(np.arange(code.correctable + 1, n + 1) / n)
    return symbol, float(np.exp(logsumexp(tail))), float(np.exp(logsumexp(tail + weights)) * ber / symbol)


def _chain_ratios(
    code: ReedSolomon, chain: ErrorChain, interleave: int, precoding: bool
) -> tuple[float, float, float, float]:
    """(bit error ratio, symbol error ratio, code word error ratio, bit error ratio after) of a chain."""
    clean, dirty, bits, start, every = _symbol_matrices(code, chain, precoding)
    pre = float((start @ bits).sum()) / code.bits_per_symbol
    symbol = float((start @ dirty).sum())
    pause = np.linalg.matrix_power(every, interleave - 1)
    clean, dirty, bits = clean @ pause, dirty @ pause, bits @ pause
    t = code.correctable
    # rows: wrong symbols so far, the last one "more than t"; `share` is probability, `load` probability times wrong bits
    share = np.zeros((t + 2, len(start)))
    load = np.zeros_like(share)
    share[0] = start
    for _ in range(code.symbols):
        grown, heavier = share @ dirty, load @ dirty + share @ bits
        next_load, next_share = load @ clean, share @ clean
        next_load[1:] += heavier[:-1]
        next_load[-1] += heavier[-1]
        next_share[1:] += grown[:-1]
        next_share[-1] += grown[-1]
        share, load = next_share, next_load
    return pre, symbol, float(share[-1].sum()), float(load[-1].sum()) / (code.symbols * code.bits_per_symbol)


def _symbol_matrices(code: ReedSolomon, chain: ErrorChain, precoding: bool) -> tuple[Float, Float, Float, Float, Float]:
    """Over one FEC symbol (S, S): no wrong bit, some, expected wrong bits; stationary start (S,); all PAM steps together."""
    chain, last = _with_last_error(chain) if precoding else (chain, None)
    order = chain.order
    table = bits_of_level_error(order)
    size = len(chain.transitions[0])
    right, wrong, weighted = (np.zeros((size, size)) for _ in range(3))
    for value, moves in zip(chain.values, chain.transitions, strict=True):
        seen = (np.full(size, value) if last is None else value + last) % order
        right += np.where((seen == 0)[:, None], moves, 0.0)
        wrong += np.where((seen == 0)[:, None], 0.0, moves)
        weighted += table[seen][:, None] * moves
    step = right + wrong
    clean, dirty, bits = np.eye(size), np.zeros((size, size)), np.zeros((size, size))
    for _ in range(code.bits_per_symbol // bits_per_level(order)):
        bits = bits @ step + (clean + dirty) @ weighted
        dirty = dirty @ step + clean @ wrong
        clean = clean @ right
    return clean, dirty, bits, chain.stationary(), clean + dirty


def _with_last_error(chain: ErrorChain) -> tuple[ErrorChain, NDArray[np.int64]]:
    """A chain whose state tells the last error, and that error (S,) modulo the order."""
    entered = chain.transitions.sum(axis=1) > 0
    values = np.array(chain.values) % chain.order
    if (entered.sum(axis=0) <= 1).all():
        return chain, np.asarray(np.where(entered.any(axis=0), values[entered.argmax(axis=0)], 0))
    count, size = len(values), len(chain.transitions[0])
    # state (last error, old state); the error-free one first, so that state 0 stays the quiet one
    ranked = sorted(range(count), key=lambda e: (values[e] != 0, e))
    moves = np.zeros((count, count, size, count, size))
    for place, e in enumerate(ranked):
        moves[e, :, :, place, :] = chain.transitions[e]
    wide = ErrorChain(moves.reshape(count, count * size, count * size), values=chain.values, order=chain.order)
    return wide, np.repeat(values[ranked], size)

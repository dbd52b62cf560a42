"""How many symbols of a code word are wrong, and with how many bits: of one line, and of several in series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, logsumexp

from sirf._arrays import Float
from sirf.errors import SirfError
from sirf.fec.error_chain import ErrorChain
from sirf.fec.line import bits_of_level_error, bits_per_level

if TYPE_CHECKING:
    from sirf.fec.reed_solomon import ReedSolomon


@dataclass(frozen=True, slots=True, eq=False)
class WordErrors:
    """Wrong symbols of a code word: classes of 0, 1 … t of them, and of more than the decoder corrects.

    `share` (t + 2,) are the probabilities of the classes; `load` (t + 2,) the expected number of wrong bits of a word, each class
    with its share in it. `symbol_error_ratio` is that of FEC symbols before decoding; `symbols` and `bits` count those of a word.
    `loss_after_loss` is the probability that a word is lost where the one before it was: a burst goes on from word to word. None
    where words are independent.
    """

    share: Float
    load: Float
    symbol_error_ratio: float
    symbols: int
    bits: int
    loss_after_loss: float | None = None

    @property
    def repeated_loss(self) -> float:
        """Probability that a word is lost where the one before it on the line was."""
        return self.codeword_error_ratio if self.loss_after_loss is None else self.loss_after_loss

    @property
    def bit_error_ratio(self) -> float:
        """Bits wrong before decoding."""
        return float(self.load.sum()) / self.bits

    @property
    def codeword_error_ratio(self) -> float:
        """Words with more wrong symbols than the decoder corrects."""
        return float(self.share[-1])

    @property
    def bit_error_ratio_after(self) -> float:
        """Bits wrong after decoding, failed words left as received."""
        return float(self.load[-1]) / self.bits

    def then(self, other: WordErrors) -> WordErrors:
        """The errors of this line and of another one behind it, which are independent.

        Places of wrong symbols in the word are independent, and a symbol that both get wrong counts once. A bit that both get
        wrong is right again; such bits are spread evenly over the word, as those of independent errors are.
        """
        if (self.symbols, self.bits, len(self.share)) != (other.symbols, other.bits, len(other.share)):
            raise SirfError("word errors must be of the same code, got two codes. Compute both with one.")
        # wrong bits of each line, by the class of symbols that either spoils
        either = _united(self.load, other.share, self.symbols) + _united(self.share, other.load, self.symbols)
        both = _coinciding(self.load, other.load, self.symbols) / self.bits
        return WordErrors(
            share=_united(self.share, other.share, self.symbols),
            # never below zero by rounding of two nearly equal numbers
            load=np.maximum(either - 2.0 * both, 0.0),
            symbol_error_ratio=self.symbol_error_ratio + other.symbol_error_ratio * (1.0 - self.symbol_error_ratio),
            symbols=self.symbols,
            bits=self.bits,
            loss_after_loss=_repeated_in_series(self, other),
        )


def _repeated_in_series(one: WordErrors, other: WordErrors) -> float | None:
    """Loss after a loss on either of two lines: it repeats on the line that had it, or comes on the other one by chance."""
    if one.loss_after_loss is None and other.loss_after_loss is None:
        return None
    p, q = one.codeword_error_ratio, other.codeword_error_ratio
    # no word is lost on either line: there is no loss for another one to follow
    if p + q == 0.0:
        return None
    again, other_again = one.repeated_loss, other.repeated_loss
    return (p * (again + (1.0 - again) * q) + q * (other_again + (1.0 - other_again) * p)) / (p + q)


def _united(one: Float, other: Float, symbols: int) -> Float:
    """Distribution (t + 2,) of the number of symbols in either of two independent sets of 0 … t and more, weights of any kind."""
    t = len(one) - 2
    united = np.zeros(t + 2)
    # a word that either line spoils is spoilt, whatever the other does
    united[-1] = one[-1] * other.sum() + one[:-1].sum() * other[-1]
    # all pairs of counts at once, and how many symbols of the second are new
    parts = np.outer(one[:-1], other[:-1])[:, :, None] * _added_symbols(t, symbols)
    return np.asarray(united + np.bincount(_united_class(t), parts.ravel(), t + 2))


@lru_cache(maxsize=8)
def _united_class(t: int) -> NDArray[np.int64]:
    """Class ((t + 1)^3,) of a wrong symbols and c more that are not among them, by (a, b, c) as in `_added_symbols`."""
    a, _, c = np.indices((t + 1, t + 1, t + 1))
    return np.asarray(np.minimum(a + c, t + 1).ravel())


def _coinciding(one: Float, other: Float, symbols: int) -> Float:
    """As `_united` of the weights of words in which a certain symbol is wrong on both lines, and with that a bit of it."""
    t = len(one) - 2
    united = np.zeros(t + 2)
    # lost on either line, as in '_united'
    united[-1] = one[-1] * other.sum() + one[:-1].sum() * other[-1]
    # the symbol that they share, and the union of the others
    united[1:] += _united(np.append(one[1:-1], 0.0), np.append(other[1:-1], 0.0), symbols - 1)
    return united


@lru_cache(maxsize=8)
def _added_symbols(t: int, symbols: int) -> Float:
    """P (t + 1, t + 1, t + 1) that `c` of `b` wrong symbols at chance places are none of `a` wrong ones: hypergeometric."""
    a, b, c = np.ogrid[: t + 1, : t + 1, : t + 1]

    def log_choices(n: ArrayLike, k: ArrayLike) -> Float:
        n, k = np.asarray(n), np.asarray(k)
        return np.asarray(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0))

    inside = (c <= b) & (b - c <= a)
    # what does not exist has no logarithm: its place is filled with zero, and left out below
    shared = np.where(inside, b - c, 0)
    logarithm = log_choices(symbols - a, np.where(inside, c, 0)) + log_choices(a, shared) - log_choices(symbols, b)
    return np.where(inside, np.exp(logarithm), 0.0)


def word_errors(
    code: ReedSolomon,
    errors: float | ErrorChain,
    *,
    interleave: int = 1,
    precoding: bool = False,
    successive: bool = False,
) -> WordErrors:
    """Wrong symbols of a word of `code`; arguments as in `sirf.fec.post_fec.post_fec`.

    `successive` also finds `loss_after_loss` of errors in a chain, in twice the time.
    """
    if not isinstance(errors, ErrorChain):
        # the logarithms below take no zero
        if errors == 0.0:
            return _of_no_errors(code)
        if not 0.0 < errors < 0.5:
            raise SirfError(f"ber must be in [0, 0.5), got {errors}. Give the bit error ratio before decoding.")
        if not precoding:
            return _of_independent_bits(code, float(errors))
        # behind precoding independent errors come in pairs: no longer independent
        errors = ErrorChain.independent(errors)
    return _of_chain(code, errors, interleave, precoding, successive)


def word_errors_in_series(found: Sequence[WordErrors]) -> WordErrors:
    """The errors of independent lines in series."""
    if not found:
        raise SirfError("lines must be one at least, got none. Give the errors of each section.")
    whole = found[0]
    for one in found[1:]:
        whole = whole.then(one)
    return whole


def _of_no_errors(code: ReedSolomon) -> WordErrors:
    share = np.zeros(code.correctable + 2)
    share[0] = 1.0
    return WordErrors(share, np.zeros_like(share), 0.0, code.symbols, code.symbols * code.bits_per_symbol)


def _of_independent_bits(code: ReedSolomon, ber: float) -> WordErrors:
    """Binomial number of wrong symbols; a wrong symbol has m ber / (its probability) wrong bits on average."""
    n, m, t = code.symbols, code.bits_per_symbol, code.correctable
    # 1 - (1 - ber)^m, digits kept for a small ber
    symbol = float(-np.expm1(m * np.log1p(-ber)))
    logarithm = log_binomial(n, symbol)
    counts = np.arange(n + 1)
    # expected wrong bits: the number of wrong symbols times the bits of each
    weighted = logarithm[1:] + np.log(counts[1:] * (m * ber / symbol))
    # the tail by its logarithm: it may be 1e-300
    share = np.append(np.exp(logarithm[: t + 1]), np.exp(logsumexp(logarithm[t + 1 :])))
    load = np.concatenate([[0.0], np.exp(weighted[:t]), [np.exp(logsumexp(weighted[t:]))]])
    return WordErrors(share, load, symbol, n, n * m)


def log_binomial(n: int, p: float) -> Float:
    """Natural logarithms (n + 1,) of P(X = i) of X binomial with n trials of probability p."""
    i = np.arange(n + 1)
    return np.asarray(
        gammaln(n + 1.0) - gammaln(i + 1.0) - gammaln(n - i + 1.0) + i * np.log(p) + (n - i) * np.log1p(-p)
    )


def _of_chain(code: ReedSolomon, chain: ErrorChain, interleave: int, precoding: bool, successive: bool) -> WordErrors:
    """By recursion over the symbols of a word, exact for the chain."""
    clean, dirty, bits, start, every = _symbol_matrices(code, chain, precoding)
    symbol = float((start @ dirty).sum())
    # between two symbols of one word the line carries those of the other words, during which bursts go on unseen
    pause = np.linalg.matrix_power(every, interleave - 1)
    steps = _SymbolSteps.of(clean, pause, dirty @ pause, bits @ pause)
    n, classes = code.symbols, code.correctable + 2
    share, load, lost = steps.over_a_word(n, classes, start)
    after = None
    if successive and share[-1] > 0.0:
        # the next word of this turn begins in the states in which lost words end
        after = float(steps.over_a_word(n, classes, lost / share[-1])[0][-1])
    return WordErrors(share, load, symbol, n, n * code.bits_per_symbol, after)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _SymbolSteps:
    """What one FEC symbol does to a chain of S states: no wrong bit, some, and wrong bits.

    A right symbol is the product of `clean` (S, E) and `onward` (E, S): it leaves one of E states, which is few where the chain
    remembers no more than a symbol's steps.
    """

    clean: Float
    onward: Float
    dirty: Float
    bits: Float

    @classmethod
    def of(cls, clean: Float, pause: Float, dirty: Float, bits: Float) -> _SymbolSteps:
        """From `clean` (S, S) up to the `pause` (S, S) that follows, and the others with it."""
        entered = np.flatnonzero(clean.any(axis=0))
        return cls(clean=np.ascontiguousarray(clean[:, entered]), onward=pause[entered], dirty=dirty, bits=bits)

    def over_a_word(self, symbols: int, classes: int, start: Float) -> tuple[Float, Float, Float]:
        """Probability and probability times wrong bits (classes,) behind so many FEC symbols, from states `start` (S,), and the
        states (S,) of the last class.

        Classes are wrong symbols, the last one "more than the decoder corrects". Words are followed from right symbol to right
        symbol: what lies between two depends on the E states alone. All sums are of positive terms, so that the smallest
        probability keeps its digits.
        """
        first, later = (_Runs.of(self, states, classes) for states in (start[None], self.onward))
        # behind 1, 2 … right symbols, the last one just now: without and with wrong bits, by wrong symbols and state
        reached = np.empty((symbols, 2, *later.ended.shape[1:3]))
        flat = reached.reshape(symbols, -1)
        reached[0], step = first.ended[:, :, 0], later.step()
        known = 1
        while known < symbols:
            # as many symbols again as are known, behind all of these at once
            more = min(known, symbols - known)
            np.matmul(flat[:more], step, out=flat[known : known + more])
            known, step = known + more, step @ step
        share, load = np.zeros(classes), np.zeros(classes)
        once, weighted = later.going.sum(axis=3)
        for wrong in range(classes - 1):
            # the last run goes on at the end of the word
            plain, with_bits = reached[symbols - wrong - 1, :, wrong::-1]
            share[wrong] = np.vdot(plain, once[: wrong + 1])
            load[wrong] = np.vdot(with_bits, once[: wrong + 1]) + np.vdot(plain, weighted[: wrong + 1])
        # words spoilt by one symbol after the other: those that are wrong from the first symbol on come first
        plain, with_bits = reached[: symbols - classes + 1].swapaxes(0, 1).reshape(2, symbols - classes + 1, -1)
        spoilt = plain @ later.going[0, :0:-1].reshape(plain.shape[1], -1)
        load[-1] = first.going[1, -1].sum()
        load[-1] += with_bits.sum(axis=0) @ once[:0:-1].ravel() + plain.sum(axis=0) @ weighted[:0:-1].ravel()
        lost, more_bits = self._to_the_end(np.concatenate([first.going[0, -1], spoilt]))
        load[-1] += more_bits
        share[-1] = lost.sum()
        return share, load, lost

    def _to_the_end(self, spoilt: Float) -> tuple[Float, float]:
        """States (S,) at the end of a word of what was `spoilt` (N, S) by one FEC symbol after the other, the last one just now,
        and the wrong bits that its symbols went on to have: a spoilt word stays spoilt."""
        every, bits, total = self.clean @ self.onward + self.dirty, self.bits.sum(axis=1), 0.0
        # neighbours are put together, then neighbouring pairs: as many steps as the number of symbols has binary digits
        while len(spoilt) > 1:
            if len(spoilt) % 2:
                spoilt = np.concatenate([np.zeros((1, spoilt.shape[1])), spoilt])
            sooner = spoilt[::2]
            total += float((sooner @ bits).sum())
            spoilt = sooner @ every + spoilt[1::2]
            every, bits = every @ every, bits + every @ bits
        return spoilt[0], total


@dataclass(frozen=True, slots=True, eq=False)
class _Runs:
    """Runs of 0, 1 … t + 1 wrong symbols from each of O states or mixtures of them: probability, and that times wrong bits.

    `going` (2, t + 2, O, S) by the state behind the last wrong symbol; `ended` (2, t + 1, O, E) by that of the right symbol
    behind it.
    """

    going: Float
    ended: Float

    @classmethod
    def of(cls, steps: _SymbolSteps, states: Float, length: int) -> _Runs:
        """From `states` (O, S), of less than `length` wrong symbols."""
        going = np.zeros((2, length, *states.shape))
        going[0, 0] = states
        for k in range(1, length):
            before = going[:, k - 1]
            going[:, k] = (before.reshape(-1, states.shape[1]) @ steps.dirty).reshape(before.shape)
            going[1, k] += before[0] @ steps.bits
        return cls(going, going[:, :-1] @ steps.clean)

    def step(self) -> Float:
        """Matrix that takes what is known behind one right symbol (2 (t + 1) E,) to the next one: wrong symbols add."""
        _, most, states, _ = self.ended.shape
        step = np.zeros((2, most, states, 2, most, states))
        plain, weighted = self.ended.swapaxes(1, 2)
        for wrong in range(most):
            step[0, wrong, :, 0, wrong:] = step[1, wrong, :, 1, wrong:] = plain[:, : most - wrong]
            step[0, wrong, :, 1, wrong:] = weighted[:, : most - wrong]
        return step.reshape(2 * most * states, -1)


def _symbol_matrices(code: ReedSolomon, chain: ErrorChain, precoding: bool) -> tuple[Float, Float, Float, Float, Float]:
    """Over one FEC symbol (S, S): no wrong bit, some, expected wrong bits; stationary start (S,); all PAM steps together."""
    chain, last = _with_last_error(chain) if precoding else (chain, None)
    order = chain.order
    table = bits_of_level_error(order)
    size = len(chain.transitions[0])
    right, wrong, weighted = (np.zeros((size, size)) for _ in range(3))
    for value, moves in zip(chain.values, chain.transitions, strict=True):
        # behind the decoder of precoding an error is that of this symbol plus that of the one before
        seen = (np.full(size, value) if last is None else value + last) % order
        right += np.where((seen == 0)[:, None], moves, 0.0)
        wrong += np.where((seen == 0)[:, None], 0.0, moves)
        weighted += table[seen][:, None] * moves
    step = right + wrong
    clean, dirty, bits = right, wrong, weighted
    # symbol by symbol of PAM, behind the first
    for _ in range(1, code.bits_per_symbol // bits_per_level(order)):
        # expected wrong bits so far go on as they are; this PAM symbol adds its own
        bits = bits @ step + (clean + dirty) @ weighted
        dirty = dirty @ step + clean @ wrong
        clean = clean @ right
    return clean, dirty, bits, chain.stationary(), clean + dirty


def _with_last_error(chain: ErrorChain) -> tuple[ErrorChain, NDArray[np.int64]]:
    """A chain whose state tells the last error, and that error (S,) modulo the order."""
    entered = chain.transitions.sum(axis=1) > 0
    values = np.array(chain.values) % chain.order
    # each state is entered by one error only: it tells the last one already
    if (entered.sum(axis=0) <= 1).all():
        return chain, np.asarray(np.where(entered.any(axis=0), values[entered.argmax(axis=0)], 0))
    count, size = len(values), len(chain.transitions[0])
    # state (last error, old state); the error-free one first, so that state 0 stays the quiet one
    ranked = sorted(range(count), key=lambda e: (values[e] != 0, e))
    moves = np.zeros((count, count, size, count, size))
    # old states again for each last error
    for place, e in enumerate(ranked):
        moves[e, :, :, place, :] = chain.transitions[e]
    wide = ErrorChain(moves.reshape(count, count * size, count * size), values=chain.values, order=chain.order)
    return wide, np.repeat(values[ranked], size)

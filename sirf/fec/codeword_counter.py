"""Code words of a run: errors of the line sorted into words as they come, at the speed of the engine that finds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sirf._kernels.codewords import count_codewords
from sirf.errors import SirfError
from sirf.fec.line import check_interleave, levels_per_symbol
from sirf.fec.reed_solomon import ReedSolomon


@dataclass(frozen=True, slots=True, kw_only=True)
class CodewordCount:
    """Ended code words by their wrong FEC symbols: `words[i]` hold i, the last entry more. Values of one `setting` add."""

    words: tuple[int, ...]
    correctable: int
    setting: str = ""

    def __add__(self, other: CodewordCount) -> CodewordCount:
        """Counts of both, as if counted in one run."""
        if (self.setting, self.correctable) != (other.setting, other.correctable):
            raise SirfError(
                f"counts must come from one code and line to add, got {self.setting!r} and {other.setting!r}. "
                "Count both alike."
            )
        total = tuple(a + b for a, b in zip(self.words, other.words, strict=True))
        return CodewordCount(words=total, correctable=self.correctable, setting=self.setting)

    @property
    def codewords(self) -> int:
        """Words that ended."""
        return sum(self.words)

    @property
    def codeword_errors(self) -> int:
        """Words with more wrong symbols than the code corrects."""
        return sum(self.words[self.correctable + 1 :])

    @property
    def codeword_error_ratio(self) -> float:
        """Lost words / words."""
        return self.codeword_errors / self.codewords if self.codewords else 0.0

    def interval(self, confidence: float = 0.99) -> tuple[float, float]:
        """Clopper-Pearson interval of the code word error ratio, words taken as independent; without a loss an upper bound."""
        from scipy.stats import beta

        lost, words = self.codeword_errors, self.codewords
        if words == 0:
            return 0.0, 1.0
        if lost == 0:
            # no loss in n words: p with (1 - p)^n = 1 - confidence, all of it on one side
            return 0.0, float(1.0 - (1.0 - confidence) ** (1.0 / words))
        tail = 0.5 * (1.0 - confidence)
        # where all words are lost the beta distribution of the upper end would have a parameter of zero
        high = 1.0 if lost == words else float(beta.ppf(1.0 - tail, lost + 1, words - lost))
        return float(beta.ppf(tail, lost, words - lost + 1)), high

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        low, high = self.interval()
        return {
            "codewords": self.codewords,
            "codeword_errors": self.codeword_errors,
            "codeword_error_ratio": self.codeword_error_ratio,
            "codeword_low": low,
            "codeword_high": high,
            "words_by_symbol_errors": list(self.words),
            "correctable": self.correctable,
            "setting": self.setting,
        }

    def __repr__(self) -> str:
        """One line."""
        low, high = self.interval()
        return f"CodewordCount({self.codeword_errors} of {self.codewords:,} code words lost [{low:.3e}, {high:.3e}])"


@dataclass(slots=True)
class CodewordCounter:
    """Counts code words over a stream of PAM symbols given block by block, in order; blocks may have any length.

    The sent symbols are taken as the line's (with `precoding` as already precoded), so any random pattern will do: which FEC
    symbols are wrong depends on the errors alone. Work is proportional to the number of errors.

    Parameters
    ----------
    code
        Only its sizes are used.
    order
        PAM levels: 2, 4, or 6, of which two symbols carry five bits; the stream begins with a whole pair.
    interleave
        Code words that take turns symbol by symbol.
    precoding
        1/(1+D) precoding on the line.
    """

    code: ReedSolomon
    order: int = field(default=4, kw_only=True)
    interleave: int = field(default=1, kw_only=True)
    precoding: bool = field(default=False, kw_only=True)
    _state: NDArray[np.int64] = field(init=False, repr=False)
    _open: NDArray[np.int64] = field(init=False, repr=False)
    _words: NDArray[np.int64] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Validate the fields."""
        levels_per_symbol(self.order, self.code.bits_per_symbol)
        check_interleave(self.interleave)
        # places as in `count_codewords`: PAM symbols into the frame, error of the last one, FEC symbol last found
        # wrong
        self._state = np.array([0, 0, -1])
        self._open = np.zeros(self.interleave, dtype=np.int64)
        # up to twice what the code corrects is told apart: enough to see how fast the histogram falls
        self._words = np.zeros(2 * self.code.correctable + 2, dtype=np.int64)

    def add(self, sent: ArrayLike, decided: ArrayLike) -> None:
        """The next block: level indices (N,) sent and decided."""
        one, two = np.asarray(sent), np.asarray(decided)
        if one.shape != two.shape or one.ndim != 1:
            raise SirfError(f"sent and decided must be (N,) alike, got {one.shape} and {two.shape}. Align them.")
        positions = np.flatnonzero(one != two)
        self.add_errors(positions, two[positions].astype(np.int64) - one[positions], one.size)

    def add_errors(self, positions: ArrayLike, values: ArrayLike, length: int) -> None:
        """The next block by its errors: ascending `positions` (K,) within `length` PAM symbols, `values` (K,) in levels."""
        where, what = np.asarray(positions, dtype=np.int64), np.asarray(values, dtype=np.int64)
        if where.shape != what.shape or where.ndim != 1:
            raise SirfError(f"positions and values must be (K,) alike, got {where.shape} and {what.shape}.")
        if where.size and (where[0] < 0 or where[-1] >= length or (np.diff(where) <= 0).any()):
            raise SirfError(f"positions must ascend within 0 and {length - 1}, got others. Sort them.")
        count_codewords(
            where,
            # modulo the levels: behind precoding errors add up round the circle
            what % self.order,
            length,
            self.order,
            self.precoding,
            levels_per_symbol(self.order, self.code.bits_per_symbol),
            self.code.symbols,
            self._state,
            self._open,
            self._words,
        )

    @property
    def count(self) -> CodewordCount:
        """The words that have ended so far."""
        return CodewordCount(
            words=tuple(self._words.tolist()), correctable=self.code.correctable, setting=self._setting()
        )

    def to_dict(self) -> dict[str, Any]:
        """All of the counter, for a file from which a run goes on; see `restore`."""
        return {
            "setting": self._setting(),
            "state": self._state.tolist(),
            "open": self._open.tolist(),
            "words": self._words.tolist(),
        }

    def restore(self, record: dict[str, Any]) -> None:
        """Go on from `to_dict` of a counter of the same setting."""
        # the state of another line may have arrays of the same shape, and would be taken over without an error
        if record.get("setting") != self._setting():
            raise SirfError(
                f"record must be of {self._setting()!r}, got {record.get('setting')!r}. Count with the same code and line."
            )
        for name in ("state", "open", "words"):
            target = getattr(self, f"_{name}")
            # in place: the arrays are the kernel's own
            target[:] = record[name]

    def _setting(self) -> str:
        code = self.code
        return (
            f"RS({code.symbols},{code.message_symbols}) m{code.bits_per_symbol} PAM{self.order} "
            f"1:{self.interleave}{' precoded' if self.precoding else ''}"
        )

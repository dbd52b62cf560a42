"""Error ratios after decoding, computed: exact tails for independent errors, a Markov chain for bursts.

All sums are of positive terms and small ratios are never formed as one minus a large one, so that results keep their digits down
to the smallest numbers a float can hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sirf.errors import SirfError
from sirf.fec.error_chain import ErrorChain
from sirf.fec.line import check_interleave
from sirf.fec.word_errors import word_errors

if TYPE_CHECKING:
    from sirf.fec.reed_solomon import ReedSolomon

# 64 bytes are the shortest frame; 20 more are its preamble with the delimiter (8) and the least gap behind it (12)
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
    if not isinstance(errors, ErrorChain) and not 0.0 < errors < 0.5:
        raise SirfError(f"ber must be in (0, 0.5), got {errors}. Give the bit error ratio before decoding.")
    found = word_errors(code, errors, interleave=interleave, precoding=precoding)
    return PostFec(
        code=code.name,
        pre_fec_ber=found.bit_error_ratio,
        symbol_error_ratio=found.symbol_error_ratio,
        codeword_error_ratio=found.codeword_error_ratio,
        ber=found.bit_error_ratio_after,
        frame_loss_ratio=frame_loss_ratio(code, found.codeword_error_ratio, interleave=interleave),
        interleave=interleave,
        precoding=precoding,
    )


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
        # the length of bursts stays as it is: only how often they start moves with the error ratio
        errors = ber if continuation is None else ErrorChain.bursts(ber, continuation)
        found = post_fec(code, errors, interleave=interleave, precoding=precoding).codeword_error_ratio
        # the root is sought between logarithms: ratios span hundreds of decades
        return float(np.log(found + 1e-300) - np.log(codeword_error_ratio))

    # in logarithms, from 1e-15 to a tenth
    return float(np.exp(brentq(excess, np.log(1e-15), np.log(0.1), xtol=1e-10)))


def frame_loss_ratio(code: ReedSolomon, codeword_error_ratio: float, *, interleave: int = 1) -> float:
    """Share of shortest Ethernet frames with a symbol in a failed word, from the ratio of failed words in [0, 1].

    A frame of F symbols in groups of I = `interleave` words of k message symbols, taken in turn, meets I + (F - I) / k words on
    average: all I of its group, and those of the next group where it reaches over the end.
    """
    symbols = FRAME_BITS / code.bits_per_symbol
    met = interleave + (symbols - interleave) / code.message_symbols
    # 1 - (1 - r)^met without losing a small r; the bound keeps the logarithm finite where every word fails
    return float(-np.expm1(met * np.log1p(-min(codeword_error_ratio, 1.0 - 1e-16))))

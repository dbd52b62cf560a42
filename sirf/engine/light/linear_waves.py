"""A period of values through linear responses of one sample a symbol, at whichever phase the response is taken.

The spectra of the period are made once. What comes in single precision stays so: rounding lies 120 dB below the signal, as it
does in the waves that these are compared with.
"""

from __future__ import annotations

import numpy as np

from sirf._arrays import Complex, Float, Integer
from sirf.signal.single_transform import irfft, rfft


class LinearWaves:
    """Rows of a period of N values each."""

    def __init__(self, rows: Float) -> None:
        """`rows` (K, N) are taken as periodic."""
        self.count, self.symbols, self.kind = *rows.shape, rows.dtype
        self.spectra: Complex = rfft(rows)

    def through(self, responses: Float, which: Integer, *, early: int = 0) -> Float:
        """(K, N): each row through that of `responses` (P, taps) whose number is in `which` (K,), `early` by so many symbols.

        Responses are shorter than the period.
        """
        shapes = np.zeros((len(responses), self.symbols), dtype=self.kind)
        shapes[:, : responses.shape[1]] = responses
        spectra = rfft(np.roll(shapes, -early, axis=1) if early else shapes)
        return irfft(self.spectra * spectra[which], self.symbols)

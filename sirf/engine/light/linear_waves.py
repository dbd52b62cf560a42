"""A period of values through linear responses of one sample a symbol, at whichever phase the response is taken.

By overlap-save: the spectra of the period's blocks are made once, those of a response are as short as a block.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

from sirf._arrays import Complex, Float

MIN_BLOCK = 1024
"""Least length of a block in symbols; a power of two at least four times as long as a response otherwise."""


class LinearWaves:
    """Rows of a period of N values each, for responses of up to `taps` symbols."""

    def __init__(self, rows: Float, taps: int) -> None:
        """`rows` (K, N) are taken as periodic."""
        self.count, self.symbols = rows.shape
        self.taps = taps
        size = max(MIN_BLOCK, 4 << int(np.ceil(np.log2(taps))))
        self.advance = size - taps + 1
        blocks = -(-self.symbols // self.advance)
        # a block begins with what the response remembers of the symbols before
        places = np.arange(blocks)[:, None] * self.advance + np.arange(size) - (taps - 1)
        self.spectra: Complex = fft.rfft(rows[:, places % self.symbols])
        self.size = size

    def through(self, responses: Float) -> Float:
        """(K, N): each row through its own one of `responses` (K, taps)."""
        spectra = fft.rfft(responses, self.size)
        blocks = fft.irfft(self.spectra * spectra[:, None], self.size, overwrite_x=True)[:, :, self.taps - 1 :]
        return np.asarray(blocks.reshape(self.count, -1)[:, : self.symbols])

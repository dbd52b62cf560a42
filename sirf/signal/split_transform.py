"""Fourier transforms of rows of real numbers whose length holds a large prime, such as a period of PRBS13Q: 16 x 8191.

`scipy.fft` gives the same values within rounding, and takes every other length. For a large prime it goes over a convolution that
is four times as long, of the whole row at once. Here a row is split into short ones of the odd part of its length, which stay in
the caches and are transformed side by side: a quarter of the time.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import fft

from sirf._arrays import Complex, Float

LARGE_PRIME = 1000
"""Prime factor of a length from which splitting pays: below it scipy.fft is as fast."""
LEAST_ROWS = 4
"""Fewest rows of complex numbers into which a length is split."""


def rfft(values: Float) -> Complex:
    """Transforms (..., n // 2 + 1) of real rows (..., n) in double precision, as `scipy.fft.rfft`."""
    size = values.shape[-1]
    odd = _odd_part(size)
    if not odd:
        return np.asarray(fft.rfft(values))
    found = np.empty((*values.shape[:-1], size // 2 + 1), dtype=np.complex128)
    for place in np.ndindex(values.shape[:-1]):
        found[place] = _transformed(values[place], odd)
    return found


def irfft(spectra: Complex, size: int) -> Float:
    """Real rows (..., `size`) of their transforms (..., `size` // 2 + 1) in double precision, as `scipy.fft.irfft`."""
    # lines of another length are cut or filled up by SciPy
    odd = _odd_part(size) if spectra.shape[-1] == size // 2 + 1 else 0
    if not odd:
        return np.asarray(fft.irfft(spectra, size))
    found = np.empty((*spectra.shape[:-1], size))
    for place in np.ndindex(spectra.shape[:-1]):
        found[place] = _restored(spectra[place], size, odd)
    return found


def _transformed(row: Float, odd: int) -> Complex:
    turns, halves = _turns(row.size, odd)
    # two neighbouring samples make one complex number: half the length
    pairs = np.ascontiguousarray(row, dtype=np.float64).view(np.complex128).reshape(odd, -1)
    # decimated in time: bin q + odd r takes bin q of every short row
    short = np.asarray(fft.fft(pairs, axis=0))
    short *= turns.T
    whole = np.asarray(fft.fft(short, axis=1, overwrite_x=True)).T.ravel()
    # even samples make the part that mirrors, odd ones the rest
    mirrored = np.conj(np.roll(whole[::-1], 1))
    spectrum = np.empty(row.size // 2 + 1, dtype=np.complex128)
    spectrum[:-1] = 0.5 * (whole + mirrored) - 0.5j * halves * (whole - mirrored)
    # the middle is the difference of even and odd samples
    spectrum[-1] = whole[0].real - whole[0].imag
    return spectrum


def _restored(spectrum: Complex, size: int, odd: int) -> Float:
    turns, halves = _turns(size, odd)
    given, mirrored = spectrum[:-1].copy(), np.conj(spectrum[:0:-1])
    # a real row has no imaginary part at 0 Hz and in the middle, whatever was given
    given[0], mirrored[0] = spectrum[0].real, spectrum[-1].real
    whole = 0.5 * (given + mirrored) + 0.5j * np.conj(halves) * (given - mirrored)
    short = np.asarray(fft.ifft(whole.reshape(-1, odd), axis=0, overwrite_x=True))
    short *= np.conj(turns)
    pairs = np.asarray(fft.ifft(short, axis=1, overwrite_x=True))
    return np.ascontiguousarray(pairs.T).view(np.float64).ravel()


@lru_cache(maxsize=64)
def _odd_part(size: int) -> int:
    """Odd part of an even length where it holds a large prime and the rest makes enough rows; else 0."""
    odd = size
    while odd and odd % 2 == 0:
        odd //= 2
    left, prime = odd, 3
    while prime * prime <= left:
        left, prime = (left // prime, prime) if left % prime == 0 else (left, prime + 2)
    return odd if left >= LARGE_PRIME and size // (2 * odd) >= LEAST_ROWS else 0


@lru_cache(maxsize=2)
def _turns(size: int, odd: int) -> tuple[Complex, Complex]:
    """Phases of the short rows (size / (2 odd), odd), and of the odd samples (size / 2,).

    Kept, for all waves of a measurement are of one length; few, for those of 16 x 8191 samples take 2 MB.
    """
    rows = size // (2 * odd)
    turns = np.exp(-4j * np.pi / size * np.multiply.outer(np.arange(rows), np.arange(odd)))
    halves = np.exp(-2j * np.pi / size * np.arange(size // 2))
    for kept in (turns, halves):
        kept.flags.writeable = False
    return turns, halves

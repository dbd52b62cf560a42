"""Fourier transforms of rows of real numbers: the stretches of waveform engines side by side in single precision.

`scipy.fft` gives the same values within rounding, 1e-7 of the largest, and is what takes all other rows: in double precision
(`split_transform` where the length holds a large prime), too long for the caches, or of a length with large factors. The kernels
for single precision use the whole width of a machine's vectors: rows side by side in a half of the time, powers of two, which are
split over the lanes, in a third. Which of them takes a row, and its result, does not depend on the rows beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, overload

import numpy as np
from scipy import fft

from sirf._arrays import Complex, Float, Integer, Single, SingleComplex
from sirf._kernels.real_transform import PAIR, restore_long, restore_rows, transform_long, transform_rows
from sirf._kernels.vectors import LANES
from sirf.signal import split_transform

RADICES = (4, 5, 3, 2)
"""Factors of half a length, in the order of their stages."""
LEAST, LONGEST_BESIDE = 16, 1 << 15
"""Shortest and longest row of which eight stand side by side in a kernel."""
LEAST_SPLIT, LONGEST = 1 << 12, 1 << 17
"""Shortest and longest power of two that is split; shorter ones fill the lanes as well side by side."""
LINE = 16
"""Numbers of a line of the cache, at which the work begins."""
KEPT_LENGTHS = 16
"""Lengths whose tables are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """What all rows of one length share: arguments of `transform_rows`, or of `transform_long` where there are `joints`."""

    stages: Integer
    turns: Single
    places: Integer
    halves: Single
    joints: Single | None = None


@lru_cache(maxsize=KEPT_LENGTHS)
def _tables(size: int) -> _Tables | None:
    """None for a length that no kernel takes."""
    # other factors would have to be compiled for long rows
    if LEAST_SPLIT <= size <= LONGEST and size & (size - 1) == 0:
        return _split(size)
    return _side_by_side(size) if LEAST <= size <= LONGEST_BESIDE and size % 2 == 0 else None


def _side_by_side(size: int) -> _Tables | None:
    half, left = size // 2, size // 2
    radices = []
    for radix in RADICES:
        while left % radix == 0:
            left //= radix
            radices.append(radix)
    if left > 1:
        return None
    turns: list[Float] = []
    stages, length, times = [], half, 1
    bins, at = np.zeros(half, dtype=np.int64), np.arange(half)
    for radix in radices:
        step = length // radix
        stages.append((radix, PAIR * step, sum(each.size for each in turns)))
        turns.append(np.outer(np.arange(step), np.arange(1, radix)).ravel() / length)
        # decimated in frequency: the first stage's output numbers are the last digits of the bins
        bins += times * (at // step % radix)
        length, times = step, times * radix
    return _Tables(
        np.array(stages, dtype=np.int64),
        _parts(np.exp(-2j * np.pi * np.concatenate(turns))),
        np.argsort(bins),
        _parts(0.5 * np.exp(-2j * np.pi * np.arange(half) / size)),
    )


def _split(size: int) -> _Tables:
    part = _side_by_side(size // LANES)
    assert part is not None
    turns = np.exp(-2j * np.pi * np.outer(np.arange(1, LANES), np.arange(size // PAIR + 1)) / size)
    joints = np.stack([turns.real, turns.imag], axis=1).astype(np.float32)
    return replace(part, places=np.append(part.places, part.places[:1]), joints=joints.ravel())


def _parts(values: Complex) -> Single:
    """Real and imaginary parts in turn."""
    return np.ascontiguousarray(values, dtype=np.complex64).view(np.float32)


def _work(half: int) -> Single:
    room = np.empty(2 * LANES * half + LINE, dtype=np.float32)
    # a vector that lies across two lines of the cache takes two loads
    first = -room.__array_interface__["data"][0] // room.itemsize % LINE
    return room[first : first + 2 * LANES * half]


def _starts(rows: int, length: int) -> Integer:
    # lanes without a row do the last one again
    return np.minimum(np.arange(-(-rows // LANES) * LANES), rows - 1) * length


@overload
def rfft(values: Float) -> Complex: ...  # type: ignore[overload-overlap]  # NumPy's kinds overlap for a checker
@overload
def rfft(values: Single) -> SingleComplex: ...
def rfft(values: Any) -> Any:
    """Transforms (..., n // 2 + 1) of real rows (..., n), of their precision, as `scipy.fft.rfft`."""
    size = values.shape[-1]
    shared = _tables(size) if values.dtype == np.float32 else None
    if shared is None:
        return split_transform.rfft(values) if values.dtype == np.float64 else np.asarray(fft.rfft(values))
    rows = np.ascontiguousarray(values).reshape(-1)
    count = rows.size // size
    if shared.joints is not None:
        spectra = np.empty((*values.shape[:-1], size // 2 + 1), dtype=np.complex64)
        _transform_long(transform_long, shared, rows, spectra.view(np.float32))
        return spectra
    starts = _starts(count, size)
    spectra = np.empty((starts.size, size // 2 + 1), dtype=np.complex64)
    _transform(transform_rows, shared, rows, starts, spectra.view(np.float32))
    return spectra[:count].reshape(*values.shape[:-1], -1)


@overload
def irfft(spectra: Complex, size: int) -> Float: ...  # type: ignore[overload-overlap]  # as above
@overload
def irfft(spectra: SingleComplex, size: int) -> Single: ...
def irfft(spectra: Any, size: int) -> Any:
    """Real rows (..., `size`) of their transforms (..., `size` // 2 + 1), of their precision, as `scipy.fft.irfft`.

    What is given may be overwritten.
    """
    shared = _tables(size) if spectra.dtype == np.complex64 and spectra.shape[-1] == size // 2 + 1 else None
    if shared is None and spectra.dtype == np.complex128:
        return split_transform.irfft(spectra, size)
    if shared is None:
        return np.asarray(fft.irfft(spectra, size, overwrite_x=True))
    bins = np.ascontiguousarray(spectra).view(np.float32).reshape(-1)
    if shared.joints is not None:
        rows = np.empty((*spectra.shape[:-1], size), dtype=np.float32)
        _transform_long(restore_long, shared, bins, rows)
        return rows
    count = bins.size // (size + 2)
    starts = _starts(count, size + 2)
    rows = np.empty((starts.size, size), dtype=np.float32)
    _transform(restore_rows, shared, bins, starts, rows)
    return rows[:count].reshape(*spectra.shape[:-1], size)


def _transform(kernel: Callable[..., None], shared: _Tables, given: Single, starts: Integer, out: Single) -> None:
    tables = shared.stages, shared.turns, shared.places, shared.halves
    kernel(given, starts, *tables, _work(shared.places.size), out.reshape(-1))


def _transform_long(kernel: Callable[..., None], shared: _Tables, given: Single, out: Single) -> None:
    tables = shared.stages, shared.turns, shared.places, shared.halves, shared.joints
    # one place for every lane's number of the lowest bin comes twice
    kernel(given, *tables, _work(shared.places.size), out.reshape(-1))

"""What many responses share because it depends on their grid alone: grids of frequency, low-passes, shapes of a folded tail.

Kept by value for the last few grids; all arrays are read-only.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeVar

import numpy as np

from sirf._arrays import Complex, Float

Array = TypeVar("Array", Float, Complex)

KEPT_GRIDS = 8
"""Grids of which each function keeps its result."""
_FINE = 128
"""Steps that one exponential stands for."""


@lru_cache(maxsize=KEPT_GRIDS)
def transform_grid(n_samples: int, sample_rate: float) -> Float:
    """Frequencies in Hz of a real transform (n_samples // 2 + 1,)."""
    return _read_only(np.arange(n_samples // 2 + 1, dtype=np.float64) * np.float64(sample_rate / n_samples))


@lru_cache(maxsize=KEPT_GRIDS)
def root_grid(n_samples: int, sample_rate: float) -> Float:
    """Square roots of `transform_grid`."""
    return _read_only(np.sqrt(transform_grid(n_samples, sample_rate)))


@lru_cache(maxsize=KEPT_GRIDS)
def symbol_low_pass(n_samples: int, samples_per_ui: int, symbol_rate: float) -> Float:
    """What the filters of any link pass, on `transform_grid`: a symbol through a Gaussian low-pass, 3 dB at 0.6 of the rate."""
    frequency = transform_grid(n_samples, symbol_rate * samples_per_ui)
    return _read_only(
        np.sinc(frequency / symbol_rate) * np.exp(-np.log(2.0) / 2 * (frequency / (0.6 * symbol_rate)) ** 2)
    )


@lru_cache(maxsize=KEPT_GRIDS)
def symbol_shape(n_samples: int, samples_per_ui: int, symbol_rate: float, points: int) -> Complex:
    """Spectrum of a rectangle from 0 to one UI, relative to that at 0 Hz, at the first `points` of `transform_grid`."""
    turns = transform_grid(n_samples, samples_per_ui * symbol_rate)[:points] / symbol_rate
    return _read_only(np.sinc(turns) * np.exp(-1j * np.pi * turns))


@lru_cache(maxsize=KEPT_GRIDS)
def folded_shape(n_samples: int, origin: int, first: int = 0, size: int | None = None) -> Float:
    """Sum of (t + k)^-1.5 over k = 1, 2, …, t in windows of `n_samples` from sample `origin`: a Hurwitz zeta function.

    At all samples, or at `size` of them from the `first` on: most of a long window is asked for by nobody.
    """
    wanted = np.arange(first, n_samples if size is None else first + size)
    return _read_only(np.interp(1.0 + (wanted - origin) / n_samples, *_zeta_of_ages(n_samples, origin)))


# kept: windows of many places and sizes are cut out of few grids
@lru_cache(maxsize=2 * KEPT_GRIDS)
def _zeta_of_ages(n_samples: int, origin: int) -> tuple[Float, Float]:
    """Ages from the youngest to the oldest sample of a grid, and their `_zeta`: smooth enough for straight lines between."""
    # from one window to the next the age grows by a sample in `n_samples`
    youngest, oldest = 1.0 - origin / n_samples, 1.0 + (n_samples - 1 - origin) / n_samples
    ages = np.linspace(youngest, oldest, 1025)
    return _read_only(ages), _read_only(_zeta(ages))


def _zeta(first: Float) -> Float:
    """Sum of (`first` + k)^-1.5 over k = 0, 1, …: twenty terms, and the rest by the Euler-Maclaurin formula to 1e-15."""
    total = np.sum((first + np.arange(20.0)[:, None]) ** -1.5, axis=0)
    x = first + 20.0
    inverse = 1.0 / (x * x)
    # the Bernoulli numbers over the factorials, times the derivatives' factors
    series = 0.125 + inverse * (-7.0 / 384.0 + inverse * (11.0 / 1024.0 - inverse * (429.0 / 32768.0)))
    return np.asarray(total + (2.0 * x + 0.5 + series / x) * x**-1.5)


def turned(count: int, turns: float) -> Complex:
    """exp(-2 pi j k turns) for k = 0 … `count` - 1: products of a coarse and a fine row, for exponentials are slow."""
    rows = -(-count // _FINE)
    # the exponential of a sum is a product: n values from sqrt(n) exponentials, each rounded once
    fine = np.exp(-2j * np.pi * turns * np.arange(_FINE))
    coarse = np.exp(-2j * np.pi * (turns * _FINE) * np.arange(rows))
    return np.asarray(np.multiply.outer(coarse, fine).ravel()[:count])


def _read_only(values: Array) -> Array:
    values.flags.writeable = False
    return values

"""Figures of merit between sampling instants, by the polynomial through those of seven samples: merits are smooth in time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sirf._arrays import Float

SAMPLES_BESIDE = 3
"""Samples on either side of the best one that the polynomial takes."""
_BESIDE = np.arange(-SAMPLES_BESIDE, SAMPLES_BESIDE + 1)
_COEFFICIENTS = np.linalg.inv(np.vander(_BESIDE.astype(float), increasing=True))
"""(7, 7) from values at the seven samples to coefficients, constant first."""
_GRID = np.linspace(-1.0, 1.0, 65)
_STEPS = 8
"""Newton's steps from the best of the grid, which double the digits each."""


def _weights(beside: int) -> Float:
    """(65, 7) from values at seven samples to those at the grid, by the polynomial through the middle ones, `beside` a side."""
    inside = np.abs(_BESIDE) <= beside
    weights = np.zeros((len(_GRID), len(_BESIDE)))
    powers = np.vander(_GRID, 2 * beside + 1, increasing=True)
    weights[:, inside] = powers @ np.linalg.inv(np.vander(_BESIDE[inside].astype(float), increasing=True))
    return weights


_BY_SEVEN, _BY_FIVE = _weights(SAMPLES_BESIDE), _weights(SAMPLES_BESIDE - 1)


def most_between(merits: Mapping[int, float], best: int) -> tuple[float, float]:
    """(merit, error) of the greatest merit within one sample of the `best`: the error is the change by the outer two samples.

    Infinite where merits of samples beside it lack.
    """
    values = _values(merits, best)
    if values is None:
        return np.inf, np.inf
    most = float((_BY_SEVEN @ values).max())
    return most, abs(most - float((_BY_FIVE @ values).max()))


def best_between(merits: Mapping[int, float], best: int) -> float:
    """The offset in samples of the greatest merit between samples, within one of the `best`; that where merits beside it lack."""
    values = _values(merits, best)
    if values is None:
        return best
    slope = _derivative(_COEFFICIENTS @ values)
    first, second = slope[::-1].tolist(), _derivative(slope)[::-1].tolist()
    place = float(_GRID[(_BY_SEVEN @ values).argmax()])
    for _ in range(_STEPS):
        bend = _polynomial(second, place)
        # without a bend there is no summit to walk to
        if not bend < 0.0:
            return best
        place -= _polynomial(first, place) / bend
    return best + place if abs(place) <= 1.0 else best


def _derivative(coefficients: Float) -> Float:
    """That of a polynomial, constant first."""
    return coefficients[1:] * np.arange(1.0, len(coefficients))


def _values(merits: Mapping[int, float], best: int) -> Float | None:
    """Merits (7,) at the samples about the best; None where one of them is missing."""
    values = np.array([merits.get(best + step, -np.inf) for step in _BESIDE.tolist()])
    return values if np.all(np.isfinite(values)) else None


def _polynomial(coefficients: list[float], x: float) -> float:
    """Horner's scheme, the highest power first."""
    total = 0.0
    for coefficient in coefficients:
        total = total * x + coefficient
    return total

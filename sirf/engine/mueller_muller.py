"""The Mueller-Müller instant of a pulse, equation (93A-25): the sample closest to it, and itself between two samples."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from sirf._arrays import Float

_NODES = np.arange(-3, 4)
"""Samples about an instant through which a polynomial stands for the pulse between them."""
_PARTS = 32
"""Parts of a sample between which the balance is taken for a straight line."""


def sampling_instant(pulse: Float, samples_per_ui: int, *, dfe_limits: tuple[float, float] = (0.0, 0.0)) -> int:
    """Mueller-Müller sampling index: p(t_s - T) = p(t_s + T) - b(1) p(t_s), equation (93A-25), nearest sample.

    b(1) is the first DFE tap, limited to `dfe_limits`. Searched from one UI before the peak to half a UI after it.
    """
    m = samples_per_ui
    # of the signal with its sign: a swapped pair has no positive main cursor, and is refused for that
    peak = int(np.argmax(pulse))
    candidates = np.arange(peak - m, peak + m // 2 + 1)
    here, before, after = (pulse.take(candidates + shift, mode="wrap") for shift in (0, -m, m))
    # low on the flanks the condition has roots of its own, where hardly any signal is
    error = np.where(here > 0.3 * pulse[peak], np.abs(_balance(here, before, after, dfe_limits)), np.inf)
    return int(candidates[np.argmin(error)])


def root_beside(
    pulse: Float, instant: int, samples_per_ui: int, *, dfe_limits: tuple[float, float] = (0.0, 0.0)
) -> float:
    """Samples from an `instant` to the root of equation (93A-25) nearest to it, between -1 and 1; 0 where there is none.

    Read off the polynomials through seven samples: within 1e-4 of a sample where a pulse has 16 of them in a UI.
    """
    shifts = (0, -samples_per_ui, samples_per_ui)
    here, before, after = (_weights() @ pulse.take(instant + _NODES + shift, mode="wrap") for shift in shifts)
    balance, places = _balance(here, before, after, dfe_limits), _places()
    changes = np.flatnonzero(np.signbit(balance[1:]) != np.signbit(balance[:-1]))
    if not changes.size:
        return 0.0
    left = changes[np.argmin(np.abs(places[changes]))]
    share = balance[left] / (balance[left] - balance[left + 1])
    return float(places[left] + share / _PARTS)


def _balance(here: Float, before: Float, after: Float, dfe_limits: tuple[float, float]) -> Float:
    """What is zero where equation (93A-25) holds, of the pulse at some instants, a UI before and a UI after them."""
    with np.errstate(divide="ignore", invalid="ignore"):
        tap = np.clip(after / here, *dfe_limits)
    return np.asarray(before - (after - tap * here))


def _places() -> Float:
    return np.arange(-_PARTS, _PARTS + 1) / _PARTS


@lru_cache(maxsize=1)
def _weights() -> Float:
    """Weights (places, nodes) of the samples in the polynomial through all of them: Lagrange's."""
    places = _places()[:, None]
    factors = [
        np.prod([(places - other) / (node - other) for other in _NODES if other != node], axis=0) for node in _NODES
    ]
    return np.hstack(factors)

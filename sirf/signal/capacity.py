"""Shannon capacity of a Gaussian channel whose gain and noise depend on frequency: water-filling, any modulation's ceiling.

Source: R. G. Gallager, Information Theory and Reliable Communication, Wiley 1968, section 8.5. Noise that grows with the
signal, as a transmitter's finite ratio of signal to noise makes it, keeps the problem convex; each frequency then has a
quadratic equation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sirf._arrays import Float
from sirf.errors import SirfError


def capacity(
    frequency: ArrayLike,
    gain: ArrayLike,
    noise_density: ArrayLike,
    *,
    power: float,
    transmitter_snr_db: float = float("inf"),
) -> float:
    """Capacity in bit/s over the band of `frequency` (F,) in Hz, the signal's power spread over it as well as can be.

    Parameters
    ----------
    gain
        Power gain |H|^2 (F,) from the transmitter to where the noise is added.
    noise_density
        One-sided density (F,) of the noise there, in V²/Hz.
    power
        Mean square in V² of what is sent.
    transmitter_snr_db
        Ratio of the sent signal to noise that is sent with it, at each frequency; infinite by default.

    Raises `SirfError` for arrays that do not fit or values that no channel has.

    >>> round(capacity([0.0, 1e9], [1.0, 1.0], [1e-9, 1e-9], power=3.0) / 1e9, 3)
    2.0
    """
    f, g, noise = (np.asarray(one, dtype=np.float64) for one in (frequency, gain, noise_density))
    if not (f.ndim == 1 and f.size > 1 and f.shape == g.shape == noise.shape and np.all(np.diff(f) > 0)):
        raise SirfError(
            "frequency, gain and noise_density must be (F,) alike, F above 1, frequency ascending. Align them."
        )
    if not (power > 0 and np.all(noise > 0) and np.all(g >= 0) and np.all(np.isfinite(g))):
        raise SirfError(
            f"power and noise_density must be above 0 and gain not below, got power {power:g}. Check the units."
        )
    # an infinite `transmitter_snr_db` returns exactly no noise: ordinary water-filling needs no branch of its own
    weights = _trapezoid(f)
    ratio, returned = g / noise, 10.0 ** (-transmitter_snr_db / 10.0)
    # a channel that passes nothing has no best frequency from which the search for the price could start
    if not np.any(ratio > 0):
        return 0.0
    # the first V² at the best frequency is worth this many nats: at no higher price is anything sent
    best = float(np.max(ratio))

    def excess(level: float) -> float:
        return float(np.sum(weights * _density(ratio, returned, np.exp(level)))) - power

    # at the price of the best frequency nothing is sent; the least is bounded by what all power on all of the band is worth
    high = np.log(best)
    low = high - 1.0
    while excess(low) < 0.0:
        # a factor of e^5 in price a step brackets any power soon, and the root search does the rest
        low -= 5.0
    from scipy.optimize import brentq

    density = _density(ratio, returned, float(np.exp(brentq(excess, low, high, xtol=1e-12))))
    signal = density * ratio
    # log2(1 + SNR) with noise that grows with the signal by `returned`
    return float(np.sum(weights * np.log2(1.0 + signal / (1.0 + returned * signal))))


def _trapezoid(f: Float) -> Float:
    """Weights (F,) of the trapezoidal rule."""
    steps = np.diff(f)
    return np.asarray(0.5 * (np.append(steps, 0.0) + np.append(0.0, steps)))


def _density(ratio: Float, returned: float, price: float) -> Float:
    """Density (F,) in V²/Hz at which one more V² is worth `price` nats: ratio / ((1 + e x)(1 + (1 + e) x)) = price, x = S ratio.

    Without returned noise e this is 1/price - 1/ratio, water over the noise.
    """
    positive = ratio > 0
    safe = np.where(positive, ratio, 1.0)
    a, b, c = returned * (1.0 + returned), 1.0 + 2.0 * returned, 1.0 - safe / price
    # the root that stays finite where `returned` vanishes
    root = -2.0 * c / (b + np.sqrt(np.maximum(b * b - 4.0 * a * c, 0.0)))
    return np.where(positive & (c < 0.0), root / safe, 0.0)

"""Insertion and return loss of a differential two-port at any frequency, and the bandwidths that follow from them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from sirf._arrays import Float
from sirf.channel.network import Network
from sirf.errors import SirfError
from sirf.units import db20


def insertion_loss_db(network: Network, frequency: ArrayLike) -> Float:
    """-20 log10 |S21| in dB, positive, at `frequency` in Hz, the shape of `frequency`; see `return_loss_db`."""
    return _loss(network, 1, 0, frequency)


def return_loss_db(network: Network, frequency: ArrayLike, *, port: int = 1) -> Float:
    """-20 log10 |S11| (or |S22| for `port` 2) in dB, positive, at `frequency` in Hz, the shape of `frequency`.

    Decibels are interpolated between points; below the first point its value holds. A perfect match is infinite.
    Raises `SirfError` beyond the last point, or for a port that is not there.
    """
    if not 1 <= port <= network.ports:
        raise SirfError(f"port must be between 1 and {network.ports}, got {port}. Count from 1.")
    # ports are counted from 1 outside, from 0 in the array
    return _loss(network, port - 1, port - 1, frequency)


def bandwidth(network: Network, *, level_db: float = 3.0) -> float | None:
    """Lowest frequency in Hz at which the loss exceeds that at low frequencies by `level_db`; None where it never does.

    The 3 dB (or any) bandwidth of S21, by interpolation in dB. Raises `SirfError` unless `level_db` is positive.
    """
    if not (math.isfinite(level_db) and level_db > 0):
        raise SirfError(f"level_db must be positive and finite, got {level_db!r}. Give for example 3.0.")
    loss = -db20(network.s[:, 1, 0])
    # relative to low frequencies: a constant loss (a probe, a pad) narrows no band
    excess = loss + db20(_low_frequency_gain(network)) - level_db
    excess[: int(np.argmax(excess <= 0))] = -np.inf  # below the pass band of a DC block
    above = np.flatnonzero(excess > 0)
    if above.size == 0:
        return None
    last = int(above[0])
    # straight line in dB between the last point inside and the first beyond
    part = -excess[last - 1] / (excess[last] - excess[last - 1])
    f = network.frequency
    return float(f[last - 1] + part * (f[last] - f[last - 1]))


def effective_bandwidth(network: Network) -> float:
    """Width in Hz of the brick wall that passes as much white noise as |S21|² does.

    B = integral of |S21(f)|² df / |S21(0)|², trapezoids, the first value held down to DC. Behind a DC block |S21| where it passes
    takes the place of that at DC. For the 4th-order Butterworth it is
    1.026 times the corner. Only what the data cover counts. Raises `SirfError` where nothing passes at low frequencies.
    """
    # power, not amplitude: noise adds in power
    power = np.abs(network.s[:, 1, 0]) ** 2
    reference = _low_frequency_gain(network) ** 2
    if not reference > 0:
        raise SirfError("S21 must pass a signal at low frequencies, got zero. Check the port order.")
    f = network.frequency
    # down to DC the first value holds: a rectangle of its height
    return float((np.trapezoid(power, f) + power[0] * f[0]) / reference)


def _low_frequency_gain(network: Network) -> float:
    """|S21| at the lowest point; the largest of the lowest tenth of the band where that point is blocked."""
    size = np.abs(network.s[:, 1, 0])
    low = float(
        size[network.frequency <= max(0.1 * network.frequency[-1], network.frequency[min(1, size.size - 1)])].max()
    )
    # a low point far below the others is a DC block
    return float(size[0]) if size[0] >= 0.5 * low else low


def _loss(network: Network, out: int, into: int, frequency: ArrayLike) -> Float:
    points = np.asarray(frequency, dtype=np.float64)
    last = float(network.frequency[-1])
    # beyond the last point there is nothing to interpolate, and a loss made up would look measured
    if not np.all((points >= 0) & (points <= last * (1 + 1e-9))):
        raise SirfError(f"frequency must lie in 0 to {last:g} Hz, got {frequency!r}. Stay inside the file's band.")
    return np.asarray(np.interp(points, network.frequency, -db20(network.s[:, out, into])))

"""Time-domain reflectometry: the impedance that a step sees on its way."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.fft import irfft
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf.channel.network import Network, bulk_delay
from sirf.channel.resample import flatten, usual_step
from sirf.errors import SirfError
from sirf.signal.fast_length import next_fast_length
from sirf.signal.filters import gaussian_edge

DEFAULT_RISE_BANDWIDTH = 0.8
"""Default rise time times the band edge: there the edge's spectrum has fallen to 1.2 %, so that nothing rings."""
MIN_RISE_BANDWIDTH = 0.4
"""Least rise time times the band edge: below it the band, not the edge, sets the resolution."""
_SAMPLES = 16
"""Samples in one rise time."""
_COARSE, _LONG = 4, 4000
_WALL = 0.999
"""Greatest reflection of one layer: an open or a short ends the line."""
_LEAD = 4.0
"""Rise times kept before the step arrives: the Gaussian's foot."""


TURNS_NOTED, TURNS_REFUSED = 0.1, 0.5
"""Turns of the phase below the first frequency, there and back, beyond which an impedance is uncertain, or means nothing."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ImpedanceProfile:
    """What a TDR shows: `impedance_ohm` (T,), differential, over `time` (T,) in s, there and back, from the arrival of the step.

    `reflection` (T,) is the step response of the reflection, `rise_time` in s from 20 to 80 %, `port` 1 or 2.
    """

    time: Float
    reflection: Float
    impedance_ohm: Float
    rise_time: float
    port: int

    def __repr__(self) -> str:
        """One line: port, span and range."""
        return (
            f"ImpedanceProfile(port {self.port}, {self.time[-1] * 1e9:.3g} ns, "
            f"{np.min(self.impedance_ohm):.4g} to {np.max(self.impedance_ohm):.4g} ohm)"
        )

    def between(self, start: float, stop: float) -> float:
        """Mean impedance in ohm from `start` to `stop` s; raises `SirfError` where no sample lies between."""
        inside = (self.time >= start) & (self.time <= stop)
        if not np.any(inside):
            raise SirfError(
                f"start and stop must enclose samples between {self.time[0]:g} and {self.time[-1]:g} s, got {start:g} and "
                f"{stop:g}. Widen the window."
            )
        return float(np.mean(self.impedance_ohm[inside]))


def late_start(network: Network) -> tuple[str, bool] | None:
    """Why an impedance profile of a two-port is uncertain, and whether it means nothing, for data that begin far above DC.

    None where they reach down far enough. An impedance is a sum over time, so it lives from the lowest frequencies.
    """
    above = network.frequency[network.frequency > 0]
    # the median, since one missing point should not look like a coarse grid
    first, usual = float(above[0]), usual_step(network.frequency)
    # a reflection from the far end travels there and back
    turns = first * 2.0 * max(bulk_delay(network.frequency, network.s[:, 1, 0]), 0.0)
    if first <= 1.5 * usual or turns <= TURNS_NOTED:
        return None
    return f"data begin at {first / 1e6:g} MHz, {turns:.2g} turns of the phase there and back", turns > TURNS_REFUSED


def impedance_profile(
    network: Network,
    *,
    port: int = 1,
    rise_time: float | None = None,
    duration: float | None = None,
    peeled: bool = False,
) -> ImpedanceProfile:
    """Impedance in ohm over time at `port` (1 or 2) of a two-port, the other ends matched to the reference impedance.

    The reflection's step response rho(t) to a Gaussian edge of `rise_time` s (20 to 80 %; by default 0.8 over the band edge),
    then Z = z0 (1 + rho) / (1 - rho). As with any TDR, what lies behind a large mismatch is seen through it: the first mismatch
    is exact, a second one is off by the first one's reflection squared. `duration` in s, there and back; by default
    up to one quarter of the span that the frequency step can tell apart, which keeps late echoes from folding in.

    `peeled` takes the echoes between mismatches out: the impedances of the lossless line that reflects exactly this, found layer
    by layer (dynamic deconvolution: Bruckstein and Kailath, SIAM Review 29, 1987). Loss still fades what lies far in.

    Raises `SirfError` for a port that is not there, a rise time below 0.4 over the band edge, or a duration beyond the data.

    >>> f = np.linspace(0.0, 40e9, 4001)
    >>> load = Network(f, np.full((f.size, 1, 1), 1 / 3), z0=100.0)  # 200 ohm
    >>> round(impedance_profile(load).between(0.2e-9, 1e-9))
    200
    """
    if not 1 <= port <= network.ports:
        raise SirfError(f"port must be between 1 and {network.ports}, got {port}. Count from 1.")
    edge = float(network.frequency[-1])
    rise = DEFAULT_RISE_BANDWIDTH / edge if rise_time is None else rise_time
    # a hair of slack, for the default itself passes through the same check
    if not (math.isfinite(rise) and rise >= MIN_RISE_BANDWIDTH / edge * (1 - 1e-9)):
        raise SirfError(
            f"rise_time must be {MIN_RISE_BANDWIDTH / edge * 1e12:.3g} ps at least for a band to {edge / 1e9:g} GHz, got "
            f"{rise * 1e12:g} ps. Use a slower edge or a wider file."
        )
    # what an inverse transform of this step can tell apart before it repeats
    period = 1.0 / usual_step(network.frequency)
    span = 0.25 * period if duration is None else duration
    if not 0 < span <= 0.5 * period:
        raise SirfError(
            f"duration must be positive and at most {0.5 * period * 1e9:.3g} ns for this frequency step, got {span:g} s. "
            "Use a finer frequency step."
        )
    time, reflection = _step_reflection(network, port, rise, period)
    shown = (time >= -_LEAD * rise) & (time <= span)
    rho = reflection[shown]
    if peeled:
        impedance = network.z0 * _layers(rho)
    else:
        with np.errstate(divide="ignore"):
            # an open end is infinite, and rounding above one must not make it negative
            impedance = network.z0 * (1.0 + rho) / np.maximum(1.0 - rho, 0.0)
    return ImpedanceProfile(time=time[shown], reflection=rho, impedance_ohm=impedance, rise_time=rise, port=port)


def _layers(rho: Float) -> Float:
    """Impedance (T,) over that of the port of layers half a sample long whose step response is `rho` (T,).

    At each interface the reflected wave over the incident one, both at their fronts, is its coefficient; behind it both waves
    follow, and the reflected one is a round trip nearer. Every `_COARSE`th sample of a long profile is enough for its edge.
    """
    # a coarser profile keeps the layers few: each costs a pass over the waves
    every = _COARSE if rho.size > _LONG else 1
    down = np.zeros(-(-rho.size // every))
    up = np.diff(rho[::every], prepend=0.0)
    down[0] = 1.0
    impedance = np.empty(up.size)
    level = 1.0
    for index in range(up.size):
        # rounding of a total reflection must not pass one
        gamma = float(np.clip(up[0] / down[0], -_WALL, _WALL))
        level *= (1.0 + gamma) / (1.0 - gamma)
        impedance[index] = level
        # the incident wave moves one layer in, the reflected one comes a layer nearer; the factor 1 / sqrt(1 - gamma²)
        # of both is left out, since only their ratio counts
        down, up = (down - gamma * up)[:-1], (up - gamma * down)[1:]
    return np.asarray(np.interp(np.arange(rho.size), np.arange(impedance.size) * every, impedance))


def _step_reflection(network: Network, port: int, rise: float, period: float) -> tuple[Float, Float]:
    """Time in s and step response of the reflection, over one period of the frequency step."""
    edge = float(network.frequency[-1])
    # fine enough for the edge, and for all of the file's band; a length without large prime factors is transformed fast
    samples = next_fast_length(math.ceil(period * max(_SAMPLES / rise, 2.0 * edge)))
    # the file's own band: the transform takes zeros beyond it
    frequency = np.arange(min(samples // 2, math.ceil(edge * period)) + 1) / period
    frequency = frequency[frequency <= edge]
    response = _reflection(network, port, frequency) * gaussian_edge(frequency, rise)
    # room in front for the foot of the edge, which begins before time zero
    lead = math.ceil(2.0 * _LEAD * rise * samples / period)
    impulse = irfft(response, n=samples)
    if network.frequency[0] > 0:
        # a wrong guess at DC is one constant over all time, which the sum makes a slope: what arrives last is to be silence
        impulse = impulse - np.mean(impulse[(3 * samples) // 4 : samples - lead])
    impulse = np.roll(impulse, lead)
    step = np.cumsum(impulse) - 0.5 * impulse  # up to the middle of each sample, not to its end
    # the period begins in silence: what stands there before the step is the tail of the period before it
    return np.asarray((np.arange(samples) - lead) * (period / samples), dtype=np.float64), step


def _reflection(network: Network, port: int, frequency: Float) -> NDArray[np.complex128]:
    own, value = network.frequency, network.s[:, port - 1, port - 1]
    if own.size == frequency.size and np.allclose(own, frequency, rtol=1e-9, atol=1.0):
        # a DC value is made up by the flattened data, once its delay is off, since a phase through DC is a straight
        # line
        return value
    flat = flatten(own, value)
    return np.asarray(flat.at(frequency) * np.exp(-2j * np.pi * frequency * flat.delay_s))

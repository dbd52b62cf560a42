"""What every stage of an optical chain offers: a linear response, a memoryless curve, a noise density."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import inf, isfinite
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from sirf._arrays import Complex, Float
from sirf.errors import PhysicsError
from sirf.signal.filters import butterworth4


class Stage(Protocol):
    """One stage: x goes through `response` (one at DC) and then through `curve`; `noise_density` is added to its output."""

    def response(self, frequency: Float) -> Complex:
        """Linear response (F,) at `frequency` in Hz, 1 at DC."""
        ...

    def curve(self, x: Float) -> Float:
        """Output for slow input: V, W or A."""
        ...

    def noise_density(self, frequency: Float, level: float) -> Float:
        """One-sided noise density (F,) of the output, unit² / Hz, while the output is at `level`."""
        ...


def low_pass(kind: str, frequency: ArrayLike, bandwidth: float) -> Complex:
    """Low-pass (F,) with `bandwidth` Hz at -3.01 dB: "pole", "bessel4", "butterworth4" or "skin"; infinite bandwidth is 1.

    "skin" is a velocity-matched travelling-wave electrode whose loss grows with the root of frequency: (1 - exp(-g)) / g with
    g proportional to (1 + j) sqrt(f). Noise bandwidths: pole pi/2, Butterworth 1.02617 of `bandwidth`.
    """
    f = np.asarray(frequency, dtype=float)
    if bandwidth == inf:
        return np.ones(f.shape, dtype=complex)
    x = f / bandwidth
    if kind == "pole":
        return np.asarray(1.0 / (1.0 + 1j * x))
    if kind == "bessel4":
        # the delay-normalised Bessel polynomial s^4 + 10 s^3 + 45 s^2 + 105 s + 105 falls to -3.01 dB at s = 2.1139 j; even
        # powers are its real part, odd ones its imaginary part
        turns = 2.113917675 * x
        square = turns * turns
        below = np.empty(f.shape, dtype=complex)
        below.real, below.imag = 105.0 - square * (45.0 - square), turns * (105.0 - 10.0 * square)
        return np.asarray(105.0 / below)
    if kind == "butterworth4":
        return butterworth4(f, bandwidth)
    if kind == "skin":
        # conjugate for negative frequencies, so that the response in time is real
        return _electrode(_electrode_corner() * np.sqrt(np.abs(x)) * (1.0 + 1j * np.sign(x)))
    raise PhysicsError(f"kind must be pole, bessel4, butterworth4 or skin, got {kind!r}. Use 'pole'.")


def noiseless(frequency: Float) -> Float:
    """The density of a stage that adds none."""
    return np.zeros(np.shape(frequency))


def check(name: str, value: float, low: float, high: float, hint: str, *, unbounded: bool = False) -> None:
    """`PhysicsError` unless `value` is finite (or infinite where `unbounded`) and from `low` to `high`."""
    if not (low <= value <= high) or not (isfinite(value) or (unbounded and value == inf)):
        raise PhysicsError(f"{name} must be from {low:g} to {high:g}, got {value}. {hint}")


def check_intensity_noise(rin_db_per_hz: float) -> None:
    """`PhysicsError` unless the relative intensity noise of a source is -inf (none) or from -200 to -80 dB/Hz."""
    # minus infinity switches the noise off, and no finite bound would let it through
    if rin_db_per_hz != -inf:
        check("rin_db_per_hz", rin_db_per_hz, -200.0, -80.0, "Give dB/Hz, for example -145.")


def filtered(wave: Float, sample_rate: float, response: Any) -> Float:
    """A periodic wave (N,) through `response(frequency)`."""
    from sirf.signal.split_transform import irfft, rfft

    frequency = np.fft.rfftfreq(len(wave), 1.0 / sample_rate)
    # periodic: what leaves at the end enters at the beginning
    return irfft(rfft(wave) * response(frequency), len(wave))


def noise_bandwidth(density: Callable[[Float], Any], scale: float) -> float:
    """Integral over f from 0 to infinity of |density|² Hz, by f = `scale` tan(x): exact enough for anything that falls as 1/f."""
    points = 4000
    # middles of the intervals: the ends of the tangent are zero and infinity
    angle = (np.arange(points) + 0.5) * (0.5 * np.pi / points)
    # df = scale / cos² dx: the midpoint rule then reaches to infinity with finitely many points
    weight = scale / np.cos(angle) ** 2 * (0.5 * np.pi / points)
    return float(np.sum(np.abs(density(scale * np.tan(angle))) ** 2 * weight))


def _electrode(g: Complex) -> Complex:
    small = np.abs(g) < 1e-6
    safe = np.where(small, 1.0, g)
    # the series where the quotient would be 0 / 0
    return np.asarray(np.where(small, 1.0 - g / 2.0, -np.expm1(-safe) / safe))


@cache
def _electrode_corner() -> float:
    """The loss at which the electrode's response has fallen by 3.01 dB."""
    low, high = 0.1, 3.0
    # halved down to the last bit: to load SciPy's search for a root takes a tenth of a second in every process
    while low < (middle := 0.5 * (low + high)) < high:
        falls_short = abs(_electrode(np.array([middle * (1 + 1j)])))[0] ** 2 > 0.5
        low, high = (middle, high) if falls_short else (low, middle)
    return high

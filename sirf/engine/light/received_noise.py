"""Noise of light and amplifier at the slicer, symbol by symbol: it goes with the light and meets the curve of the amplifier.

Noise n of a variance V(s) at the curve f makes f(i) + f'(i) n + f''(i) n² / 2. Behind the filter b, of noise with the
correlation r at the curve, c = b * r:

    mean       integral of b(t - s) f'' V / 2
    variance   that of a straight amplifier of the mean gain g, plus the integral of b(t - s) c(t - s) (h - g²) sqrt(V W(t))
    third      3 W(t)² times the integral of b(t - s) c(t - s)² f'' f'²

W is the variance at the curve of steady light whose noise is at the slicer as large as what is there at t; h is the curve's gain
for the noise's power, f'² where that is small. Mean and straight amplifier are exact however fast the light changes; the others
take the noise as steady over the width of r.

Symbols: N samples of the period, R courses of it, which pass every transform side by side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from sirf._arrays import Float
from sirf.engine.light.light_chain import LightChain
from sirf.optics.span import BEAT_BAND
from sirf.units import ELECTRON


@dataclass(frozen=True, slots=True, eq=False)
class ReceivedNoise:
    """At the slicer, symbols by samples per UI of the light's waves: `mean` in V and `third` cumulant in V³ of the first course.

    `variance` in V², beyond the linear front end's: (R - 1, …) of every course with displaced edges, (1, …) where there is none.
    """

    mean: Float
    variance: Float
    third: Float


def received_noise(chain: LightChain, power: Float, current: Float, *, symbol_rate: float, order: int) -> ReceivedNoise:
    """Shot and amplifier noise, intensity noise and beats of light `power` (R, N) in W and `current` (R, N) in A at the curve.

    Numbers stay of the kind that they come in.
    """
    tia, (rows, n) = chain.span.path.receiver.tia, power.shape
    # displaced edges bring light of the neighbours, and its noise with it: the first course, without them, has no say
    varied = max(rows - 1, 1)
    if not chain.span.noisy:
        return _by_symbol(np.zeros(n), np.zeros((varied, n)), np.zeros(n), chain.per_ui)
    average = chain.span.gains(order)[1]
    shapes = chain.noise_shapes(n, power.dtype.name)
    # one transform of all that goes forth and one of all that comes back: what stands side by side fills the vectors
    white = fft.rfft(_white(chain, power).reshape(2 * rows, n)).reshape(2, rows, -1)
    seen = white * shapes.seen[:, None]
    straight = tia.saturation == np.inf
    back = np.empty((varied if straight else varied + 2 * rows, seen.shape[2]), seen.dtype)
    np.sum(seen[:, -varied:], axis=0, out=back[:varied])
    # the linear front end already counts the noise of mean light at the mean gain: only the difference is added here
    usual = _white(chain, chain.span.powers(order)).mean(axis=1)
    back[:varied, 0] -= n * float(usual @ shapes.seen[:, 0].real)
    if not straight:
        met = white * shapes.met[:, None]
        # both kinds of noise have nearly the same correlation: one, weighted by their sizes
        weights = met[:, :, 0].real / met[:, :, 0].real.sum(axis=0)
        np.sum(met, axis=0, out=back[varied : varied + rows])
        seen *= (shapes.met[:, 0].real / shapes.seen[:, 0].real)[:, None, None]
        np.sum(seen, axis=0, out=back[varied + rows :])
    arrived = fft.irfft(back, n, overwrite_x=True)
    variance = average**2 * arrived[:varied]
    beats = _beats(chain, n, symbol_rate=symbol_rate, order=order)
    # the linear front end counts the beats of mean light: only what the present light has beyond it is added
    variance += beats * (power[-varied:] / float(chain.span.powers(order).mean()) - 1.0)
    # a straight amplifier has no second derivative: neither a mean nor a third cumulant comes of the noise
    if straight:
        return _by_symbol(np.zeros(n), variance, np.zeros(n), chain.per_ui)
    # rounding in the transform may leave a variance below zero, of which the root is taken further down
    size, later = np.maximum(arrived[varied:], 0.0).reshape(2, rows, n)
    # large noise meets the curve's flatter ends and its bend
    through = tia.noise_power_gain(current, size, float(weights[:, 0] @ shapes.squared))
    bend = tia.curvature(current[0])
    moved = (through[-varied:] - average**2) * np.sqrt(size[-varied:])
    forth = fft.rfft(np.concatenate([moved, [0.5 * bend * size[0], bend * through[0]]]))
    forth[:varied] *= np.einsum("kr,kf->rf", weights[:, -varied:], shapes.behind_shared)
    shared = weights[:, 0] @ shapes.shared
    forth[varied] *= chain.spectra(n, power.dtype.name).behind
    forth[varied + 1] *= fft.rfft(shapes.behind * shared**2)
    *bent, mean, third = fft.irfft(forth, n, overwrite_x=True)
    variance += np.sqrt(later[-varied:]) * bent
    return _by_symbol(mean, variance, 3.0 * later[0] ** 2 * third, chain.per_ui)


def _by_symbol(mean: Float, variance: Float, third: Float, per_ui: int) -> ReceivedNoise:
    """Of values (N,), (R, N) and (N,), `per_ui` of them a symbol."""
    return ReceivedNoise(*(each.reshape(*each.shape[:-1], -1, per_ui) for each in (mean, variance, third)))


def _white(chain: LightChain, power: Float) -> Float:
    """Variances (2, ...) in A² of samples of white noise at light of `power` (...) W: of shot and amplifier, and of intensity."""
    path, receiver = chain.span.path, chain.span.path.receiver
    current = receiver.photodiode.curve(power)
    # a one-sided density S sampled at a rate R has the variance S R / 2
    rate = 0.5 * chain.rate
    still = rate * float(receiver.tia.input_density(np.zeros(1))[0])
    # one-sided densities: 2 q I of shot noise, RIN I² of intensity noise, each in A²/Hz
    return np.stack([still + (2.0 * rate * ELECTRON) * current, (rate * path.source.rin) * current**2])


def _beats(chain: LightChain, samples: int, *, symbol_rate: float, order: int) -> float:
    """Variance in V² of double reflections in the linear front end."""
    step = chain.rate / samples
    # they change slowly: of a Gaussian density 1e-31 lies beyond twelve of its widths
    frequency = np.arange(int(12.0 * BEAT_BAND * symbol_rate / step)) * np.float64(step)
    behind = chain.spectra(samples, "float32").behind[: len(frequency)]
    density = chain.span.beat_density(frequency, symbol_rate=symbol_rate, order=order)
    return float(np.trapezoid(density * np.abs(behind.astype(complex)) ** 2, frequency))

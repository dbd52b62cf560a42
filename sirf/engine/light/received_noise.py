"""Noise of light and amplifier at the slicer, symbol by symbol: it goes with the light and meets the curve of the amplifier.

Noise n of a variance V(s) at the curve f makes f(i) + f'(i) n + f''(i) n² / 2. Behind the filter b, of noise with the
correlation r at the curve, c = b * r:

    mean       integral of b(t - s) f'' V / 2
    variance   that of a straight amplifier of the mean gain g, plus the integral of b(t - s) c(t - s) (f'² - g²) sqrt(V W(t))
    third      3 W(t)² times the integral of b(t - s) c(t - s)² f'' f'²

W is the variance at the curve of steady light whose noise is at the slicer as large as what is there at t. Mean and straight
amplifier are exact however fast the light changes; the others take the noise as steady over the width of r.
Symbols: N samples of the period at SAMPLES_PER_UI.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from sirf._arrays import Complex, Float
from sirf.engine.light.light_chain import SAMPLES_PER_UI, LightChain
from sirf.units import ELECTRON


@dataclass(frozen=True, slots=True, eq=False)
class ReceivedNoise:
    """(N // SAMPLES_PER_UI, SAMPLES_PER_UI) at the slicer: `mean` in V, `variance` in V² beyond the linear front end's, `third`.

    `third` is the third cumulant in V³.
    """

    mean: Float
    variance: Float
    third: Float


def received_noise(
    chain: LightChain, power: Float, current: Float, *, symbol_rate: float, order: int, gaussian: bool = False
) -> ReceivedNoise:
    """Shot and amplifier noise, intensity noise and beats of light `power` (N,) in W and `current` (N,) in A at the curve.

    Mean and third cumulant are zero where it is taken as `gaussian`.
    """
    tia, n = chain.span.path.receiver.tia, len(power)
    nothing = np.zeros((n // SAMPLES_PER_UI, SAMPLES_PER_UI))
    if not chain.span.noisy:
        return ReceivedNoise(nothing, nothing, nothing)
    average = chain.span.gains(order)[1]
    shapes, white = chain.noise_shapes(n), fft.rfft(_white(chain, power))
    beyond = white * shapes.seen
    # the linear front end already counts the noise of mean light at the mean gain: only the difference is added here
    usual = _white(chain, chain.span.powers(order)).mean(axis=1)
    beyond[:, 0] -= n * usual * shapes.seen[:, 0].real
    variance = average**2 * fft.irfft(beyond.sum(axis=0), n)
    variance += _beats(chain, n, symbol_rate=symbol_rate, order=order) * (power / chain.span.powers(order).mean() - 1.0)
    if tia.saturation == np.inf:
        return ReceivedNoise(nothing, variance.reshape(nothing.shape), nothing)
    slope, met = tia.slope(current), white * shapes.met
    size = np.maximum(fft.irfft(met.sum(axis=0), n), 0.0)
    steady = (shapes.met[:, 0].real / shapes.seen[:, 0].real)[:, None]
    later = np.maximum(fft.irfft((white * shapes.seen * steady).sum(axis=0), n), 0.0)
    # both kinds of noise have nearly the same correlation: one, weighted by their sizes
    shared = np.average(shapes.shared, axis=0, weights=met[:, 0].real)
    behind = fft.irfft(chain.spectra(n).behind, n)

    def seen(response: Complex, wave: Float) -> Float:
        return np.asarray(fft.irfft(response * fft.rfft(wave), n, overwrite_x=True))

    variance += np.sqrt(later) * seen(fft.rfft(behind * shared), (slope**2 - average**2) * np.sqrt(size))
    if gaussian:
        return ReceivedNoise(nothing, variance.reshape(nothing.shape), nothing)
    bend = tia.curvature(current)
    mean = seen(chain.spectra(n).behind, 0.5 * bend * size)
    third = 3.0 * later**2 * seen(fft.rfft(behind * shared**2), bend * slope**2)
    return ReceivedNoise(*(each.reshape(nothing.shape) for each in (mean, variance, third)))


def _white(chain: LightChain, power: Float) -> Float:
    """Variances (2, N) in A² of samples of white noise at light of `power` (N,) W: shot and amplifier noise, intensity noise."""
    path, receiver = chain.span.path, chain.span.path.receiver
    current = receiver.photodiode.curve(power)
    behind = float(receiver.tia.input_density(np.zeros(1))[0]) + 2.0 * ELECTRON * current
    # a one-sided density S sampled at a rate R has the variance S R / 2
    return np.asarray(0.5 * chain.rate * np.stack([behind, path.source.rin * current**2]))


def _beats(chain: LightChain, samples: int, *, symbol_rate: float, order: int) -> float:
    """Variance in V² of double reflections in the linear front end."""
    frequency = fft.rfftfreq(samples, 1.0 / chain.rate)
    density = chain.span.beat_density(frequency, symbol_rate=symbol_rate, order=order)
    return float(np.trapezoid(density * np.abs(chain.spectra(samples).behind) ** 2, frequency))

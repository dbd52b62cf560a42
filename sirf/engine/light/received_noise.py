"""Noise of light and amplifier at the slicer, symbol by symbol: it goes with the light and meets the curve of the amplifier.

Noise n of a variance V(s) at the curve f makes f(i) + f'(i) n + f''(i) n² / 2. Behind the filter b, of noise with the
correlation r at the curve, c = b * r:

    mean       integral of b(t - s) f'' V / 2
    variance   that of a straight amplifier of the mean gain g, plus the integral of b(t - s) c(t - s) (h - g²) sqrt(V W(t))
    third      3 W(t)² times the integral of b(t - s) c(t - s)² f'' f'²

W is the variance at the curve of steady light whose noise is at the slicer as large as what is there at t; h is the curve's gain
for the noise's power, f'² where that is small. Mean and straight amplifier are exact however fast the light changes; the others
take the noise as steady over the width of r.

What arrives is kept as spectra: only the phases that are asked for are transformed back.

Symbols: N samples of the period, P a symbol, R courses of it, which pass every transform side by side, F = N / 2 + 1 lines. The
variance is that of the V = R - 1 courses with displaced edges, or of the only course.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Complex, Float
from sirf._kernels.folded_products import fold_products
from sirf.engine.light.light_chain import LightChain, NoiseShapes, turning
from sirf.optics.span import BEAT_BAND, Span
from sirf.signal.single_transform import irfft, rfft
from sirf.units import ELECTRON


@dataclass(frozen=True, slots=True, eq=False)
class _Products:
    """T products of a row of `spectra` (A, F) and a row of `shapes` (B, F): those at `places` (2, T)."""

    spectra: Complex
    shapes: Complex
    places: NDArray[np.int64]

    def fold(self, turns: Float, out: Complex) -> None:
        """Into `out` (T, N / 2 P + 1): one sample a symbol of their transforms, where aliases have `turns` (P / 2 + 1, 2)."""
        kind = turns.dtype
        fold_products(self.spectra.view(kind), self.shapes.view(kind), self.places, turns, out.view(kind))


@dataclass(frozen=True, slots=True, eq=False)
class _Beside:
    """What the linear front end counts at mean light: noise `usual` in A² at the slicer with a `gain` in V/A, and `beats` in V²
    of double reflections at the light `middle` in W."""

    usual: float
    gain: float
    beats: float
    middle: float


class ReceivedNoise:
    """At the slicer: `mean` in V and `third` cumulant in V³ of the first course, `variance` in V² beyond that of mean light."""

    def __init__(
        self, power: Float, per_ui: int, products: Sequence[_Products], mix: Float, beside: _Beside | None = None
    ) -> None:
        """Of light `power` (V, N) in W.

        `mix` (K, T) makes what arrives of all products: (V, ...) behind a straight amplifier of gain one, and behind a curve
        (R, ...) the variance at it of steady light, (V, ...) the excess of the gain for noise over the mean one, the mean and a
        third of the third cumulant. Without noise there are no products.
        """
        self._power, self._per_ui, self._products, self._mix, self._beside = power, per_ui, products, mix, beside
        self._kept: dict[int, Float] = {}

    @property
    def mean(self) -> Float:
        """(N / P, P), symbols by samples of the light's waves."""
        return np.asarray(self._whole[0])

    @property
    def third(self) -> Float:
        """(N / P, P)."""
        return np.asarray(self._whole[1])

    @property
    def variance(self) -> Float:
        """(V, N / P, P)."""
        return np.asarray(self._whole[2:])

    @cached_property
    def _whole(self) -> Float:
        return np.stack([self.at(sample) for sample in range(self._per_ui)], axis=-1)

    def at(self, sample: int) -> Float:
        """(2 + V, N / P): mean, third cumulant and variances `sample` samples of the light after every symbol's instant."""
        if sample not in self._kept:
            self._kept[sample] = self._moments(sample)
        return self._kept[sample]

    def _moments(self, sample: int) -> Float:
        varied, symbols = len(self._power), self._power.shape[1] // self._per_ui
        found = np.zeros((2 + varied, symbols), dtype=self._power.dtype)
        if self._beside is None:
            return found
        mean, third, variance, beside = found[0], found[1], found[2:], self._beside
        values = self._arriving(sample, symbols)
        variance += beside.gain**2 * values[:varied]
        # the linear front end counts the beats of mean light: only what the present light has beyond it is added
        variance += beside.beats * (self._power[:, sample :: self._per_ui] / beside.middle - 1.0)
        # a straight amplifier has no second derivative: neither a mean nor a third cumulant comes of the noise
        if len(values) > varied:
            # rounding in the transform may leave a variance below zero, of which the root is taken
            later = np.maximum(values[varied : -2 - varied], 0.0)
            variance += np.sqrt(later[-varied:]) * values[-2 - varied : -2]
            mean += values[-2]
            third += 3.0 * later[0] ** 2 * values[-1]
        return found

    def _arriving(self, sample: int, symbols: int) -> Float:
        """(K, N / P): what `mix` makes of the products, at one sample of every symbol."""
        assert self._beside is not None
        angle, lines = 2.0 * np.pi * sample / self._per_ui, symbols // 2 + 1
        kind = self._products[0].spectra.dtype
        turns = np.exp(1j * angle * np.arange(self._per_ui // 2 + 1)) / self._per_ui
        parts = np.stack([turns.real, turns.imag], axis=1).astype(self._power.dtype)
        folded, first = np.empty((self._mix.shape[1], lines), dtype=kind), 0
        for each in self._products:
            count = each.places.shape[1]
            each.fold(parts, folded[first : first + count])
            first += count
        rows = self._mix @ folded
        # the linear front end already counts the noise of mean light at the mean gain: only the difference is added here
        rows[: len(self._power), 0] -= symbols * self._beside.usual
        if sample:
            rows *= turning(angle / symbols, lines).astype(kind)
        return np.asarray(irfft(rows, symbols))


def received_noise(chain: LightChain, power: Float, current: Float, *, symbol_rate: float, order: int) -> ReceivedNoise:
    """Shot and amplifier noise, intensity noise and beats of light `power` (R, N) in W and `current` (R, N) in A at the curve.

    Numbers stay of the kind that they come in.
    """
    span, (rows, n) = chain.span, power.shape
    # displaced edges bring light of the neighbours, and its noise with it: the first course, without them, has no say
    varied = max(rows - 1, 1)
    if not span.noisy:
        return ReceivedNoise(power[-varied:], chain.per_ui, (), np.zeros((0, 0)))
    shapes, levels = chain.noise_shapes(n, power.dtype.name), span.powers(order)
    white = rfft(_white(chain, power).reshape(2 * rows, n))
    seen = _Products(white, shapes.seen, np.stack([np.arange(2 * rows), np.arange(2).repeat(rows)]))
    beside = _Beside(
        float(_white(chain, levels).mean(axis=1) @ shapes.seen[:, 0].real),
        span.gains(order)[1],
        _beats(chain, n, symbol_rate=symbol_rate, order=order),
        float(levels.mean()),
    )
    # both kinds of noise arrive together
    arrived = np.tile(np.eye(rows)[-varied:], 2)
    if span.path.receiver.tia.saturation == np.inf:
        return ReceivedNoise(power[-varied:], chain.per_ui, [seen], arrived.astype(power.dtype), beside)
    bent, weights = _bent(chain, shapes, white.reshape(2, rows, -1), current, beside.gain)
    ratio = shapes.met[:, 0].real / shapes.seen[:, 0].real
    mix = np.zeros((2 * varied + rows + 2, 2 * rows + 2 * varied + 2), dtype=power.dtype)
    mix[:varied, : 2 * rows] = arrived
    mix[varied : varied + rows, : 2 * rows] = np.kron(ratio, np.eye(rows))
    mix[varied + rows : -2, 2 * rows : -2] = np.concatenate([np.diag(kind) for kind in weights[:, -varied:]], axis=1)
    mix[-2:, -2:] = np.eye(2)
    return ReceivedNoise(power[-varied:], chain.per_ui, [seen, *bent], mix, beside)


def _bent(
    chain: LightChain, shapes: NoiseShapes, white: Complex, current: Float, gain: float
) -> tuple[list[_Products], Float]:
    """What the amplifier's curve makes of noise `white` (2, R, F) beside a `current` (R, N) in A, beyond its mean `gain` in V/A:
    the excess of power (V) of both kinds of noise, the mean and a third of the third cumulant; weights (2, R) of the kinds."""
    tia, (rows, n) = chain.span.path.receiver.tia, current.shape
    varied = max(rows - 1, 1)
    met = white[0] * shapes.met[0]
    rest = white[1] * shapes.met[1]
    # both kinds of noise have nearly the same correlation: one, weighted by their sizes
    weights = np.stack([met[:, 0].real, rest[:, 0].real])
    weights /= weights.sum(axis=0)
    met += rest
    # rounding in the transform may leave a variance below zero, of which the root is taken further down
    size = irfft(met, n)
    np.maximum(size, 0.0, out=size)
    # large noise meets the curve's flatter ends and its bend
    through = tia.noise_power_gain(current, size, float(weights[:, 0] @ shapes.squared))
    bend = tia.curvature(current[0])
    forth = np.empty((varied + 2, n), dtype=current.dtype)
    np.multiply(through[-varied:] - gain**2, np.sqrt(size[-varied:]), out=forth[:varied])
    np.multiply(0.5 * bend, size[0], out=forth[varied])
    np.multiply(bend, through[0], out=forth[varied + 1])
    spectra = rfft(forth)
    shared = weights[:, 0] @ shapes.shared
    alone = np.zeros((2, 1), dtype=np.int64)
    behind = chain.spectra(n, current.dtype.name).behind
    return [
        _Products(
            spectra, shapes.behind_shared, np.stack([np.tile(np.arange(varied), 2), np.arange(2).repeat(varied)])
        ),
        _Products(spectra[-2:-1], behind[None], alone),
        _Products(spectra[-1:], rfft(shapes.behind * shared**2)[None], alone),
    ], weights


def _white(chain: LightChain, power: Float) -> Float:
    """Variances (2, ...) in A² of samples of white noise at light of `power` (...) W: of shot and amplifier, and of intensity."""
    path, receiver = chain.span.path, chain.span.path.receiver
    current = receiver.photodiode.curve(power)
    # a one-sided density S sampled at a rate R has the variance S R / 2
    rate = 0.5 * chain.rate
    found = np.empty((2, *power.shape), dtype=current.dtype)
    # one-sided densities: 2 q I of shot noise, RIN I² of intensity noise, each in A²/Hz
    np.multiply(current, 2.0 * rate * ELECTRON, out=found[0])
    found[0] += rate * float(receiver.tia.input_density(np.zeros(1))[0])
    np.multiply(current, current, out=found[1])
    found[1] *= rate * path.source.rin
    return found


def _beats(chain: LightChain, samples: int, *, symbol_rate: float, order: int) -> float:
    """Variance in V² of double reflections in the linear front end."""
    frequency, density = _beat_density(chain.span, chain.rate / samples, symbol_rate, order)
    behind = chain.spectra(samples, "float32").behind[: len(frequency)]
    return float(np.trapezoid(density * np.abs(behind.astype(complex)) ** 2, frequency))


# kept: the links of a search share their light
@lru_cache(maxsize=2)
def _beat_density(span: Span, step: float, symbol_rate: float, order: int) -> tuple[Float, Float]:
    """Frequencies in Hz, a `step` apart, and the density in V²/Hz behind the amplifier at each."""
    # they change slowly: of a Gaussian density 1e-31 lies beyond twelve of its widths
    frequency = np.arange(int(12.0 * BEAT_BAND * symbol_rate / step)) * np.float64(step)
    return frequency, span.beat_density(frequency, symbol_rate=symbol_rate, order=order)

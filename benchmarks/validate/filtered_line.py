"""Brute force behind a filter in closed form: Tx and Rx FFE, white and coloured noise, baseline wander, a converter."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.engine.front_end import front_end
from sirf.link import Link
from sirf.receiver.converter import Converter
from sirf.receiver.receiver import Receiver
from tests.engine.links import flat_link

Float = NDArray[np.float64]
RATE, DELAY = 10e9, 0.2e-9
BUTTERWORTH = (1.0, 2.613126, 3.414214, 2.613126, 1.0)
"""Coefficients of the fourth order, of s over the corner."""
STEP = 12.5e6
"""Frequency step in Hz of a line with a series capacitor whose corner the data resolve."""
SMALLEST_CURSOR = 1e-6
"""Cursors below this part of the main one are left out."""


@dataclass(frozen=True, kw_only=True)
class FilteredLine:
    """A line of `order` levels within ±1 V, a Butterworth filter at `corner` symbol rates, both FFEs, a series capacitor.

    `high_pass` in Hz is the corner of the capacitor, 0 for none; `step` that of the data. A corner that is `known` to the channel
    is not to be seen in its data, which begin a step above DC.
    """

    order: int
    corner: float
    tx: tuple[float, ...] = (1.0,)
    rx: tuple[float, ...] = (1.0,)
    rx_main: int = 0
    high_pass: float = 0.0
    step: float = STEP
    known: bool = False

    def link(self, sigma: float) -> Link:
        """With `sigma` V rms behind the filter, before the Rx FFE."""
        plain = flat_link(f"PAM{self.order}", sigma=sigma, ffe=self.tx)
        corner = self.corner * RATE
        receiver = Receiver(
            noise_corner=corner, noise_density=sigma**2 / (1.02617 * corner), ffe=self.rx, ffe_main=self.rx_main
        )
        channel = self._coupled() if self.high_pass else plain.channel
        return plain.replace(receiver=receiver, channel=channel)

    def _coupled(self) -> Channel:
        f = np.arange(self.step if self.known else 0.0, 20.0 * RATE, self.step)
        s = np.zeros((len(f), 2, 2), dtype=complex)
        s[:, 1, 0] = s[:, 0, 1] = np.exp(-2j * np.pi * f * DELAY) * 1j * f / (1j * f + self.high_pass)
        return Channel(
            through=Network(f, s, z0=100.0, name="coupled"),
            plane="die",
            name="coupled",
            coupling_corner=self.high_pass if self.known else None,
        )

    @cached_property
    def cursors(self) -> tuple[Float, int]:
        """(cursors in V a symbol apart, index of the main one), at the engine's instant; all else is the closed form."""
        end = front_end(self.link(0.1))
        instant = end.start_time + end.sampling / (end.samples_per_ui * RATE) - DELAY
        # twelve time constants of the capacitor
        count = 60 + int(12.0 * RATE / (2.0 * np.pi * self.high_pass)) if self.high_pass else 60
        early = self.rx_main + 3
        time = instant + (np.arange(count) - early) / RATE
        single = self._step(time) - self._step(time - 1.0 / RATE)
        shaped = np.convolve(np.convolve(single, self.tx)[:count], self.rx)[self.rx_main :][:count]
        main = early
        kept = np.flatnonzero(np.abs(shaped) > SMALLEST_CURSOR * shaped[main])
        return shaped[kept[0] : kept[-1] + 1], main - int(kept[0])

    def _step(self, time: Float) -> Float:
        """Step response by the residues of H(s) / s."""
        corner = 2.0 * np.pi * self.corner * RATE
        poles = np.roots(BUTTERWORTH) * corner
        found = np.zeros(len(time), dtype=complex)
        high = 2.0 * np.pi * self.high_pass
        every = [*poles, -high] if high else [*poles, 0.0]
        for k, pole in enumerate(every):
            others = np.delete(np.array(every), k)
            # H(s) / s is corner⁴ / product over all poles; the capacitor turns the pole at zero into one at its corner
            found += corner**4 / np.prod(pole - others) * np.exp(pole * np.maximum(time, 0.0))
        return np.where(time > 0.0, found.real, 0.0)

    @cached_property
    def gain_of_noise(self) -> float:
        """Rms behind the Rx FFE over that before it: autocorrelation of white noise behind the filter, integrated."""
        f = np.linspace(0.0, 20.0, 200_001)
        shape = 1.0 / (1.0 + f**8)
        lags = np.arange(len(self.rx))
        turned = np.cos(2.0 * np.pi * self.corner * np.outer(lags, f))
        correlation = turned @ shape / shape.sum()
        matrix = correlation[np.abs(lags[:, None] - lags)]
        taps = np.array(self.rx)
        return float(np.sqrt(taps @ matrix @ taps))

    def error_ratio(self, sigma: float) -> float:
        """Symbol error ratio with `sigma` V before the Rx FFE, by the characteristic function of interference and noise.

        P(x < -h) = 1/2 - 1/pi times the integral of sin(w h) / w prod E[cos(w c symbol)] exp(-w² sigma² / 2) over w > 0
        (Gil-Pelaez, Biometrika 38, 1951); the trapezoidal rule converges faster than any power of its step.
        """
        cursors, main = self.cursors
        half = cursors[main] / (self.order - 1)
        deviation = sigma * self.gain_of_noise
        reach = np.abs(cursors).sum() + 10.0 * deviation
        w = (np.arange(int(9.0 / deviation * 2.0 * reach)) + 0.5) * (1.0 / (2.0 * reach))
        levels = np.linspace(-1.0, 1.0, self.order)[self.order // 2 :]
        shape = np.exp(-0.5 * (w * deviation) ** 2)
        others = np.delete(cursors, main)
        # what a capacitor leaves are thousands of cursors: some at a time
        for part in np.array_split(others, len(others) // 64 + 1):
            angle = np.outer(w, part)
            shape *= (sum(np.cos(angle * level) for level in levels) / len(levels)).prod(axis=1)
        below = 0.5 - float(np.sum(np.sin(w * half) / w * shape)) * (w[1] - w[0]) / np.pi
        # inner levels err on both sides
        return float(2.0 * (1.0 - 1.0 / self.order) * below)

    def at(self, ratio: float) -> float:
        """Sigma in V at which the brute force has a `ratio` of at least 1e-9."""

        def excess(log_sigma: float) -> float:
            # no error ratio below its rounding has a logarithm
            return float(np.log(max(self.error_ratio(float(np.exp(log_sigma))), 1e-14) / ratio))

        # from above, for the integral takes the longer the less noise there is
        low = high = np.log(0.8)
        while excess(low) > 0.0:
            low, high = low - np.log(2.0), low
        return float(np.exp(brentq(excess, low, high, xtol=1e-9)))


LINES = {
    "PAM4, five-tap FFE": FilteredLine(
        order=4, corner=4.0, tx=(1.0, 0.3, -0.1), rx=(-0.05, 1.0, -0.3, 0.19, -0.05), rx_main=1
    ),
    "PAM4, coloured noise, five-tap FFE": FilteredLine(
        order=4, corner=0.55, tx=(1.0, 0.1), rx=(-0.1, 1.1, -0.25, 0.05, -0.02), rx_main=1
    ),
    "NRZ, coloured noise, five-tap FFE": FilteredLine(
        order=2, corner=0.45, tx=(1.0, 0.2), rx=(-0.1, 1.2, -0.4, 0.1, -0.02), rx_main=1
    ),
    "NRZ, baseline wander": FilteredLine(order=2, corner=2.0, high_pass=200e6),
    "PAM4, AC coupling of 4 MHz on a grid of 10 MHz": FilteredLine(order=4, corner=2.0, high_pass=4e6, step=10e6),
}


@dataclass(frozen=True, kw_only=True)
class ConvertedLine:
    """A line whose samples a converter of `bits` over ±`full_scale` V rounds before a five-tap FFE."""

    line: FilteredLine
    bits: int
    full_scale: float

    def link(self, sigma: float) -> Link:
        """With `sigma` V before the converter."""
        plain = self.line.link(sigma)
        converter = Converter(bits=self.bits, full_scale=self.full_scale)
        return plain.replace(receiver=dataclasses.replace(plain.receiver, converter=converter))

    def error_ratio(self, sigma: float, symbols: int) -> tuple[float, float]:
        """(ratio, deviation over the ratio): symbols and noise drawn, rounded, filtered and decided one by one."""
        bare = dataclasses.replace(self.line, rx=(1.0,), rx_main=0)
        channel, main = bare.cursors
        whole, _ = self.line.cursors
        rng, batches = np.random.default_rng(77), []
        step = 2.0 * self.full_scale / 2**self.bits
        for _ in range(50):
            sent = rng.integers(0, self.line.order, symbols // 50)
            # the filter at eight symbol rates forgets within a symbol: samples of the noise are independent
            noise = sigma * rng.standard_normal(len(sent))
            wrong = converted_wrongly(
                sent, np.linspace(-1.0, 1.0, self.line.order), channel, main, noise, step, 2**self.bits,
                np.array(self.line.rx), self.line.rx_main, float(whole[self.line.cursors[1]]),
            )  # fmt: skip
            batches.append(wrong / (len(sent) - len(channel) - len(self.line.rx)))
        mean = float(np.mean(batches))
        return mean, float(np.std(batches, ddof=1) / np.sqrt(50) / mean)


CONVERTED = ConvertedLine(line=LINES["PAM4, five-tap FFE"], bits=5, full_scale=1.6)


@numba.njit(cache=False)
def converted_wrongly(
    sent: NDArray[np.int64], levels: Float, channel: Float, main: int, noise: Float, step: float, codes: int,
    taps: Float, taps_main: int, gain: float,
) -> int:  # fmt: skip
    """Errors of a slicer behind a converter and an FFE."""
    n = len(sent)
    rounded = np.zeros(n)
    for k in range(len(channel), n - main):
        value = noise[k]
        for j in range(len(channel)):
            value += channel[j] * levels[sent[k + main - j]]
        code = min(max(np.floor(value / step), -codes // 2), codes // 2 - 1)
        rounded[k] = (code + 0.5) * step
    count = 0
    for k in range(len(channel) + len(taps), n - main - taps_main):
        value = 0.0
        for j in range(len(taps)):
            value += taps[j] * rounded[k + taps_main - j]
        choice = 0
        for e in range(len(levels) - 1):
            if value > 0.5 * gain * (levels[e] + levels[e + 1]):
                choice = e + 1
        count += choice != sent[k]
    return count

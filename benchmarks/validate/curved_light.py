"""Brute force of light whose curve bends the levels: random symbols through shape, pole and curve as written here, noise by Q."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.optimize import brentq
from scipy.special import ndtr

from sirf import optics
from sirf.engine.front_end import front_end
from sirf.link import Link
from sirf.optics.modulator import Modulator
from sirf.optics.optical_path import Source
from tests.optics.links import CORNER, SYMBOL_RATE, back_to_back, unit_path

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]
SAMPLES = 16
"""Samples a UI."""
RISE = 14e-12


@dataclass(frozen=True, kw_only=True)
class CurvedLight:
    """A device: what the engines are given, and its `response` and `curve` in this file's own words. Drive is ± `swing` V."""

    source: Source
    modulator: Modulator | None
    swing: float
    response: Callable[[Float], Complex]
    curve: Callable[[Float], Float]
    symbols: int = 1 << 17
    """Of a period."""
    periods: int = 8

    def link(self, sigma: float) -> Link:
        """With `sigma` V rms of noise at the slicer, none of the optics."""
        path = unit_path(source=self.source, modulator=self.modulator)
        link = back_to_back(path, swing=self.swing, noisy=False)
        receiver = dataclasses.replace(link.receiver, noise_density=sigma**2 / (1.02617 * CORNER), thresholds="midway")
        return link.replace(receiver=receiver)

    @cached_property
    def seen(self) -> list[tuple[Float, NDArray[np.int64]]]:
        """(V at the slicer, level indices) of every period, at the engine's instant."""
        end = front_end(self.link(1e-3))
        instant = (end.start_time + end.sampling / (end.samples_per_ui * SYMBOL_RATE)) * SYMBOL_RATE
        f = fft.rfftfreq(SAMPLES * self.symbols, 1.0 / (SAMPLES * SYMBOL_RATE))
        # a symbol's rectangle, shaped by a Gaussian edge
        shape = np.exp(-2.0 * (np.pi * f * RISE / 1.6832) ** 2) * np.exp(-1j * np.pi * f / SYMBOL_RATE)
        shape *= np.sinc(f / SYMBOL_RATE) * SAMPLES * self.response(f)
        x = 1j * f / CORNER
        behind = np.exp(2j * np.pi * f * instant / SYMBOL_RATE)
        behind /= 1.0 + 2.613126 * x + 3.414214 * x**2 + 2.613126 * x**3 + x**4
        levels = self.swing * np.linspace(-1.0, 1.0, 4)
        outer = self.curve(levels[[0, -1]])
        sign = 1.0 if outer[1] > outer[0] else -1.0
        found = []
        for seed in range(self.periods):
            sent = np.random.default_rng(seed).integers(0, 4, self.symbols)
            impulses = np.zeros(SAMPLES * self.symbols)
            impulses[::SAMPLES] = sign * levels[sent]
            light = self.curve(fft.irfft(fft.rfft(impulses) * shape))
            found.append((fft.irfft(fft.rfft(light) * behind)[::SAMPLES], sent))
        return found

    def error_ratio(self, sigma: float) -> tuple[float, float]:
        """(symbol error ratio, its deviation over the ratio) with thresholds half way between the levels' means."""
        ratios = []
        means = np.mean([[seen[sent == k].mean() for k in range(4)] for seen, sent in self.seen], axis=0)
        bounds = np.concatenate([[-np.inf], 0.5 * (means[1:] + means[:-1]), [np.inf]])
        for seen, sent in self.seen:
            wrong = ndtr((seen - bounds[sent + 1]) / sigma) + ndtr((bounds[sent] - seen) / sigma)
            ratios.append(float(wrong.mean()))
        return float(np.mean(ratios)), float(np.std(ratios, ddof=1) / np.sqrt(self.periods) / np.mean(ratios))

    def at(self, ratio: float) -> float:
        """Sigma in V at which the brute force has a `ratio`."""
        size = float(np.std(self.seen[0][0]))
        low, high = np.log(0.02 * size), np.log(size)
        # no noise at all has no logarithm
        return float(
            np.exp(brentq(lambda x: np.log(max(self.error_ratio(float(np.exp(x)))[0], 1e-300) / ratio), low, high))
        )


def _pole(bandwidth: float) -> Callable[[Float], Complex]:
    return lambda f: np.asarray(1.0 / (1.0 + 1j * f / bandwidth))


def _relaxation(f: Float) -> Complex:
    return np.asarray(1.0 / (1.0 - (f / 9e9) ** 2 + 0.5j * f * 60e9 / np.pi / 9e9**2) / (1.0 + 1j * f / 12e9))


def _ring_response(f: Float) -> Complex:
    """Sidebands of the coupled-mode equation, critical coupling but for the floor, and the junction's pole."""
    half, coupling = 10e9, 0.9
    delta = 1.2

    def field(offset: Float) -> Complex:
        return np.asarray(-1j * coupling / ((1.0 - 1j * delta) * (1.0 + 1j * offset - 1j * delta)))

    still = 1.0 - coupling / (1.0 - 1j * delta)
    y = f / half
    power = np.conj(still) * field(y) + still * np.conj(field(-y))
    rest = 2.0 * (np.conj(still) * field(np.zeros(1))).real
    return np.asarray(power / rest / (1.0 + 1j * f / 11e9))


DEVICES = {
    "VCSEL": CurvedLight(
        source=optics.Vcsel(
            bias=6e-3, threshold=1e-3, slope=0.4, resistance=100.0, resonance=9e9, damping=60e9, parasitic=12e9,
            saturation=5e-3,
        ),
        modulator=None,
        swing=0.35,
        response=_relaxation,
        curve=lambda v: np.asarray(5e-3 * np.tanh(0.4 * np.maximum(5e-3 + v / 100.0, 0.0) / 5e-3)),
    ),
    "EML": CurvedLight(
        source=optics.Laser(1e-3),
        modulator=optics.ElectroAbsorption(bias=1.2, scale=1.5, exponent=2.0, bandwidth=7e9),
        swing=0.6,
        response=_pole(7e9),
        curve=lambda v: np.asarray(1e-3 * np.exp(-((np.maximum(1.2 - v, 0.0) / 1.5) ** 2))),
    ),
    "Mach-Zehnder": CurvedLight(
        source=optics.Laser(1e-3),
        modulator=optics.MachZehnder(3.0, bandwidth=6e9, kind="pole", bias_phase=0.2),
        swing=1.0,
        response=_pole(6e9),
        curve=lambda v: np.asarray(0.5e-3 * (1.0 + np.sin(np.pi * v / 3.0 + 0.2))),
    ),
    "ring": CurvedLight(
        source=optics.Laser(1e-3),
        modulator=optics.Ring(detuning=12e9, shift=4e9, linewidth=20e9, floor_db=20.0, electrical=11e9),
        swing=1.0,
        response=_ring_response,
        curve=lambda v: np.asarray(1e-3 * (1.0 - 0.99 / (1.0 + ((12e9 - 4e9 * v) / 10e9) ** 2))),
    ),
}  # fmt: skip

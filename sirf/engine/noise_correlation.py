"""Autocorrelation of the receiver's and the light's noise at the slicer: densities through the receiver's filters, integrated."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sirf._arrays import Float
from sirf.channel.cached_spectra import KEPT_GRIDS
from sirf.engine.link_key import LinkKey
from sirf.receiver.receiver import AnyCtle, Receiver

if TYPE_CHECKING:
    from sirf.link import Link


NOISE_CORNERS = 4.0
"""Corners of the receiver's filter up to which its noise is integrated: a fourth-order filter has 1e-5 of its power beyond."""


class _SampledFilters(NamedTuple):
    """What noise meets up to the slicer, and the samples at which it is looked at; kept results are found by it."""

    noise_corner: float | None
    ctle: AnyCtle | None
    ffe: tuple[float, ...]
    symbol_rate: float
    n_samples: int
    samples_per_ui: int


def noise_correlation(
    link: Link, receiver: Receiver | None = None, *, lags_ui: int = 64, samples_per_ui: int | None = None
) -> Float:
    """Autocorrelation in V² of receiver and optical noise after CTLE and Rx FFE at lags of 0, 1, 2 … samples (N_lag,).

    One-sided density times |H_r H_ctf W|^2, integrated over frequency; `receiver` takes the place of the link's, and
    `samples_per_ui` that of its samples.
    """
    receiver = link.receiver if receiver is None else receiver
    m = link.samples_per_ui if samples_per_ui is None else samples_per_ui
    # a circle sixteen times as long as the kept lags keeps its wrap-round out of them
    n = 2 * lags_ui * m
    # a filter wider than the samples' own band is integrated up to `NOISE_CORNERS`, whatever the samples are
    finer = int(np.ceil(NOISE_CORNERS * (receiver.noise_corner or 0.0) / (0.5 * link.symbol_rate * m))) or 1
    seen = _SampledFilters(
        receiver.noise_corner, receiver.ctle, receiver.ffe, link.symbol_rate, 8 * n * finer, m * finer
    )
    if link.optics is None:
        # one transform for all densities: white noise is a factor
        return np.asarray(receiver.noise_density * _white_correlation(seen)[: n // 2 * finer : finer])
    spacing = link.symbol_rate * m / (8 * n)
    added = _optical_density(_LightKey(link), 4 * n * finer + 1, spacing)
    return _correlation((receiver.noise_density + added) * _sampler_power(seen), spacing)[: n // 2 * finer : finer]


def _correlation(density: Float, spacing: float) -> Float:
    """Autocorrelation at lags of one sample of a one-sided density at frequencies `spacing` Hz apart."""
    # irfft divides by N and mirrors what it is given: times N df it is the integral, and half of a one-sided density
    return np.asarray(np.fft.irfft(density) * (2 * (density.size - 1)) * spacing / 2)


@lru_cache(maxsize=KEPT_GRIDS)
def _white_correlation(seen: _SampledFilters) -> Float:
    """Autocorrelation of white noise of density one behind the receiver's filters, which a study holds."""
    return _correlation(_sampler_power(seen), seen.symbol_rate * seen.samples_per_ui / seen.n_samples)


@lru_cache(maxsize=KEPT_GRIDS)
def _analog_power(
    noise_corner: float | None, ctle: AnyCtle | None, symbol_rate: float, n_samples: int, samples_per_ui: int
) -> Float:
    """|H_r H_ctf|² (n_samples // 2 + 1,): what does not change with the taps of the FFE."""
    frequency = np.asarray(np.fft.rfftfreq(n_samples, 1.0 / (symbol_rate * samples_per_ui)), dtype=np.float64)
    power = np.abs(Receiver(noise_corner=noise_corner, ctle=ctle).analog_transfer(frequency)) ** 2
    power.flags.writeable = False
    return np.asarray(power)


@lru_cache(maxsize=KEPT_GRIDS)
def _sampler_power(seen: _SampledFilters) -> Float:
    """|H_r H_ctf W|² (n_samples // 2 + 1,) from the receiver's input to the slicer: all that noise meets."""
    ffe = seen.ffe
    power = _analog_power(seen.noise_corner, seen.ctle, seen.symbol_rate, seen.n_samples, seen.samples_per_ui)
    if len(ffe) > 1 or ffe[0] != 1.0:
        # taps a UI apart: their response repeats at the symbol rate, and which of them is the main one turns phases alone
        period = seen.n_samples // seen.samples_per_ui
        taps = np.zeros(period)
        # taps beyond one period fold onto earlier ones, whose response is the same at these frequencies
        np.add.at(taps, np.arange(len(ffe)) % period, ffe)
        power = power * np.resize(np.abs(np.fft.fft(taps)) ** 2, power.size)
    power.flags.writeable = False
    return power


class _LightKey(LinkKey):
    """Hashes a link by what the noise of its light depends on."""

    __slots__ = ()

    # equalisers behind the light change nothing of what it adds
    def __init__(self, link: Link) -> None:
        self.link = link
        self.parts = (link.optics, link.drive_gain, link.symbol_rate, link.modulation)


@lru_cache(maxsize=8)
def _optical_density(key: _LightKey, count: int, spacing: float) -> Float:
    """What optics add at the receiver's input (count,), kept while a search tries equalisers behind it."""
    return key.link.optical_noise(np.arange(count) * np.float64(spacing))

"""What an equaliser search sees of a link behind one CTLE setting: pulse, edges, noise and crosstalk at one sample a symbol."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from sirf._arrays import Float
from sirf.channel.cached_spectra import transform_grid
from sirf.engine.front_end import AnalogChannel, earlier, whole_samples
from sirf.presets import EqualizerLimits
from sirf.receiver.receiver import Ctle, Receiver

if TYPE_CHECKING:
    from sirf.link import Link


def through_ffe(lags: Float, taps: tuple[float, ...], count: int) -> Float:
    """Autocorrelation (count,) behind a T-spaced filter of `taps`, from that before it, `lags` (count + taps - 1 at least,)."""
    # a filter convolves the autocorrelation of what passes it with its own
    own = np.correlate(taps, taps, mode="full")
    reach = len(taps) - 1
    # an autocorrelation is even: lag -k stands as lag k
    both = np.concatenate([lags[reach:0:-1], lags[: count + reach]])
    return np.convolve(both, own, mode="valid")


@dataclass(frozen=True, slots=True, eq=False)
class UnequalizedWaves:
    """Unequalised pulse and edge response behind one CTLE setting, the peak of the pulse a quarter into the record.

    Autocorrelations in V² at lags of one UI: `noise_lags` of the receiver noise, `fext_lags` (before the Tx FFE) and
    `near_lags` of the crosstalk for unit symbol variance.
    """

    pulse: Float
    edge: Float
    edge_power: Float
    noise_lags: Float
    fext_lags: Float
    near_lags: Float
    peak: int
    m: int

    @classmethod
    def of(
        cls, pulse: Float, edge: Float, noise_lags: Float, fext_lags: Float, near_lags: Float, m: int
    ) -> UnequalizedWaves:
        """From circular waves (N,) of `m` samples a UI as they come, and their lags."""
        usable = len(pulse) // m * m
        # on a whole UI, so that phases of the pulse are columns of its rows
        peak = usable // m // 4 * m
        shift = peak - int(np.argmax(pulse))
        pulse, edge = (_turned(wave, -shift % len(wave), usable) for wave in (pulse, edge))
        return cls(pulse, edge, np.sum(edge.reshape(-1, m) ** 2, axis=0), noise_lags, fext_lags, near_lags, peak, m)


def _turned(wave: Float, start: int, count: int) -> Float:
    """`count` samples of a circular wave (N,) from `start` on."""
    ahead = wave[start : start + count]
    return np.concatenate([ahead, wave[: count - len(ahead)]])


def pulse_columns(wave: Float, instant: int, m: int, limits: EqualizerLimits) -> Float:
    """Convolution matrix (cursors, taps): column j is the pulse delayed by j - pre UI, main cursor in row `instant // m`."""
    baud = wave[instant % m :: m]
    pre, post = limits.rx_ffe_pre, limits.rx_ffe_post
    # both ends wrap round as the transform's circle does; windows reversed make tap j look j - pre symbols back
    circular = np.concatenate([baud[len(baud) - post :], baud, baud[:pre]])
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(circular, pre + post + 1)[:, ::-1])


def sampled_at(
    instant: int, pulse: Float, waves: UnequalizedWaves, offset: float
) -> tuple[int, Float, UnequalizedWaves]:
    """(sample, pulse, waves) by which a link is sampled `offset` samples from an instant."""
    samples, between = whole_samples(offset)
    # between two samples the waves come earlier, as in the front end
    if between:
        pulse, edge = earlier(np.stack((pulse, waves.edge)), between)
        waves = dataclasses.replace(waves, edge=edge)
    return instant + samples, pulse, waves


def circular_lags(samples: Float, count: int) -> Float:
    """Autocorrelation (count,) at 0, 1, 2 … samples of one period (N,) of a circular wave."""
    # read on into the next period, which makes the correlation circular
    around = np.concatenate([samples, samples[: count - 1]])
    return np.correlate(around, samples, mode="valid")


def ctle_power(receiver: Receiver, frequency: Float) -> Float | float:
    """|H_ctf|² (F,) of a receiver, 1 without a CTLE."""
    return 1.0 if receiver.ctle is None else np.abs(receiver.ctle.transfer(frequency)) ** 2


def with_gains(receiver: Receiver, gains_db: Sequence[float]) -> Receiver:
    """The receiver with other CTLE gains in dB; one whose CTLE is a table, or that has none, as it is."""
    if not isinstance(receiver.ctle, Ctle):
        return receiver
    return dataclasses.replace(receiver, ctle=receiver.ctle.with_gains(gains_db))


def aggressor_power(link: Link, channel: AnalogChannel, lags: int) -> tuple[tuple[bool, Float, Float, Float], ...]:
    """Of each kind of aggressor, equal ones together: whether it is FEXT, and where and how strong it is.

    Frequencies (F,), |pulse spectrum|² in (V s)² before the CTLE and cosines (lags, F), to 2.5 x the symbol rate.
    """
    result = []
    fext = len(link.channel.fext)
    alike = [(number, path <= fext) for path, number in enumerate(channel.index) if path > 0]
    for kind in dict.fromkeys(alike):
        prepared, shape = channel.prepared[kind[0]], channel.shapes[kind[0]]
        frequency = prepared.frequency[: len(shape)]
        frequency = frequency[frequency <= 2.5 * link.symbol_rate]
        turns = frequency / link.symbol_rate
        # a symbol is a rectangle one UI long: its spectrum is a sinc; the shape is an edge's, per UI
        spectrum = np.abs(shape[: len(frequency)]) * np.sinc(turns) / prepared.sample_rate
        # aggressors of one kind are independent: powers add
        power = alike.count(kind) * spectrum**2
        cosines = _cosines(lags, len(turns), prepared.n_samples, prepared.sample_rate, link.symbol_rate)
        result.append((kind[1], frequency, power, cosines))
    return tuple(result)


# kept: the trials of one search, and links that differ in copper alone, share a grid
@lru_cache(maxsize=4)
def _cosines(lags: int, count: int, n_samples: int, sample_rate: float, symbol_rate: float) -> Float:
    """cos(2 pi k f / symbol_rate) (lags, count) for lags k and the first frequencies f of a transform's grid."""
    turns = transform_grid(n_samples, sample_rate)[:count] / symbol_rate
    table = np.asarray(np.cos(2 * np.pi * np.outer(np.arange(lags), turns)))
    table.flags.writeable = False
    return table

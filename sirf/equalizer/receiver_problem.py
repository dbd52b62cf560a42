"""What an equaliser search asks of a receiver behind one CTLE setting: instant, noise and jitter at the taps, the converter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sirf._arrays import Float
from sirf.engine.mueller_muller import sampling_instant
from sirf.equalizer.converter_range import converter_range
from sirf.equalizer.search_waves import UnequalizedWaves, circular_lags, through_ffe
from sirf.presets import EqualizerLimits
from sirf.signal.pam import mean_square

if TYPE_CHECKING:
    from sirf.link import Link


class ReceiverProblem:
    """A link within its limits, and the quantities that every setting of its equaliser is judged by."""

    def __init__(self, link: Link, limits: EqualizerLimits, freeze: Sequence[str]) -> None:
        self.link, self.limits, self.freeze = link, limits, freeze
        self.order = link.order
        self.symbol_variance = mean_square(link.levels)
        self.jitter_variance = link.transmitter.jitter.variance(symbol_rate=link.symbol_rate)
        self.snr = link.transmitter.snr_db

    def _converter_range(self, samples: Float, variance: float) -> float | None:
        """Range in V of the receiver's converter for a pulse (N,) ahead of the FFE; None without a converter or rule for it."""
        converter, probability = self.link.receiver.converter, self.limits.clip_probability
        if converter is None:
            return None
        if converter.full_scale is not None or probability is None:
            return converter.full_scale
        return converter_range(
            samples, float(np.sqrt(variance)), order=self.order, bits=converter.bits, probability=probability
        )

    def _rounding(self, full_scale: float | None) -> float:
        """Variance in V² of the converter's rounding error and own noise."""
        converter = self.link.receiver.converter
        if converter is None or full_scale is None:
            return 0.0
        # an error that is uniform over one step has the variance step² / 12; the converter's own noise is independent
        # of it
        return converter.step(full_scale) ** 2 / 12.0 + converter.extra_noise(full_scale) ** 2

    def _disturbance(self, waves: UnequalizedWaves, tx: tuple[float, ...], taps: int) -> Float:
        """Covariance (taps,) in V² of noise and crosstalk at two taps of the Rx FFE, by their distance."""
        aggressors = through_ffe(waves.fext_lags, tx, taps) + waves.near_lags[:taps]
        return np.asarray(waves.noise_lags[:taps] + self.symbol_variance * aggressors)

    def _disturbed(self, waves: UnequalizedWaves, instant: int, tx: tuple[float, ...], noise: Float) -> Float:
        """`noise` (taps,), a covariance in V² by the distance of two taps, with what jitter adds at an instant."""
        edges = circular_lags(waves.edge[instant % waves.m :: waves.m], len(noise))
        return np.asarray(noise + self._jitter_power(tx) * edges)

    def _jitter_power(self, tx: tuple[float, ...]) -> float:
        """What multiplies products of the edge response to give the power of displaced edges, in UI²."""
        # mean square of the FFE's output steps: its differences, zero before and behind
        transitions = float(np.sum(np.diff([0.0, *tx, 0.0]) ** 2))
        return self.symbol_variance * self.jitter_variance * transitions

    @property
    def _eye_factor(self) -> float:
        """Half the distance of two levels, over the outer level."""
        return self.link.transmitter.level_mismatch / (self.order - 1)

    def _instant(self, pulse: Float, m: int) -> int:
        """Mueller-Müller instant of the pulse before the Rx FFE, as the front end takes it."""
        limits = self.limits
        # what the first DFE tap takes off the first post-cursor no longer counts in the Mueller-Müller balance
        low, high = (limits.dfe_min[0], limits.dfe_max[0]) if limits.dfe_max else (0.0, 0.0)
        return sampling_instant(pulse, m, dfe_limits=(low, high))

    def _tx_noise(self) -> float:
        # relative to the main cursor, to which SNR_TX refers as a ratio of voltages in dB
        return 0.0 if self.snr is None else float(10 ** (-self.snr / 20))

"""From a chosen equaliser setting to the distribution of interference and noise at the sampling instant (Annex 93A.1.7)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sirf._arrays import Float
from sirf._kernels.com_distribution import phase_of_largest_variance
from sirf.com.config.settings import ComSettings
from sirf.com.distribution import VoltageDistribution, crest_factor, gaussian, symbols
from sirf.com.filters import equalized_impulse
from sirf.com.responses import PathResponse, running_sum
from sirf.com.search import Feedback, feedback_of, quantized


@dataclass(frozen=True, slots=True, eq=False)
class Equalized:
    """Pulses behind the linear equaliser: through (N,), each aggressor's, with the sampling index and the DFE."""

    through: Float
    aggressors: tuple[Float, ...]
    cursor: int
    feedback: Feedback


@dataclass(frozen=True, eq=False)
class InterferenceAndNoise:
    """Everything that adds to the signal at the sampling instant, voltages in V.

    `sigma_n`, `sigma_tx`, `sigma_rj`, `sigma_g` are the terms of equation (93A-41); the distributions are of residual ISI,
    each aggressor, dual-Dirac jitter, Gaussian noise and all crosstalk, and where they are asked for of all interference and the
    whole.
    """

    signal: float
    sigma_n: float
    sigma_tx: float
    sigma_rj: float
    sigma_g: float
    isi: VoltageDistribution
    aggressors: tuple[VoltageDistribution, ...]
    crosstalk: VoltageDistribution
    dual_dirac: VoltageDistribution
    gaussian: VoltageDistribution

    @cached_property
    def interference(self) -> VoltageDistribution:
        """Distribution of ISI and crosstalk."""
        return self.isi + self.crosstalk

    @cached_property
    def noise_and_jitter(self) -> VoltageDistribution:
        """Distribution of Gaussian noise and dual-Dirac jitter."""
        return self.gaussian + self.dual_dirac

    @cached_property
    def total(self) -> VoltageDistribution:
        """Distribution of all, in the reference code's order: sums of floating point depend on it in their last digits."""
        return self.interference + self.noise_and_jitter

    def magnitude_at(self, probability: float, *, crosstalk: bool = True) -> float:
        """That of `total` in V, or of all but the crosstalk, by one quantile alone."""
        return self.noise_and_jitter.magnitude_of_sum(self.interference if crosstalk else self.isi, probability)


def equalize(
    paths: tuple[PathResponse, ...],
    settings: ComSettings,
    *,
    gains: tuple[float, float],
    taps: Float,
    offsets: tuple[int, ...],
    cursor: int,
    through: Float | None = None,
) -> Equalized:
    """All pulses behind CTLE (and transmitter FFE, which NEXT aggressors do not have), equation (93A-23).

    `through` (N,) is the through path's behind the CTLE alone, where a search has it already.
    """
    rate = settings.symbol_rate * settings.samples_per_ui
    pulses = []
    for path in paths:
        if path is paths[0] and through is not None:
            pulse = through
        else:
            impulse = equalized_impulse(path.impulse, settings.receiver.ctle, gains[0], gains[1], rate)
            # the same bilinear filters as in the search, so that its cursor stands
            pulse = running_sum(impulse, settings.samples_per_ui)
        # NEXT aggressors sit in the receiver's own device: the transmitter's setting is of the far one
        if path.kind != "next":
            pulse = transmitter_equalized(pulse, taps, offsets, settings.samples_per_ui)
        pulses.append(pulse)
    return Equalized(pulses[0], tuple(pulses[1:]), cursor, feedback_of(pulses[0], cursor, settings))


def transmitter_equalized(pulse: Float, taps: Float, offsets: tuple[int, ...], per_ui: int) -> Float:
    """`pulse` (N,) through T-spaced `taps` at cursors `offsets`; what leaves at one end enters at the other."""
    total = np.zeros(pulse.size)
    for tap, offset in zip(taps.tolist(), offsets, strict=True):
        # rolled, as the reference code does it: pulses end in silence, so what enters at the other end is next to nothing
        start = offset * per_ui % pulse.size
        moved = tap * pulse
        total[start:] += moved[: pulse.size - start]
        total[:start] += moved[pulse.size - start :]
    return total


def available_signal(cursor_voltage: float, settings: ComSettings) -> float:
    """A_s in V: half the distance of two levels, step c of clause 93A.1.6."""
    return settings.transmitter.level_mismatch * cursor_voltage / (settings.levels - 1)


def edge_slopes(pulse: Float, cursor: int, per_ui: int) -> Float:
    """h_J (n,) in V/UI at every UI, equation (93A-28): half the difference of the samples after and before, per sample."""
    # 0 would look before the first sample
    first = cursor % per_ui
    if first == 0:
        first = per_ui
    late = pulse[first + 1 :: per_ui]
    early = pulse[first - 1 :: per_ui][: late.size]
    return np.asarray((late - early) / 2 * per_ui)


def whole_ui(values: Float, phase: int, per_ui: int) -> Float:
    """Samples of `values` (N,) at `phase`, one a UI, without the first and last UI, as the reference code takes them."""
    return values[per_ui + phase :: per_ui][: _whole_count(values, per_ui)]


def _whole_count(values: Float, per_ui: int) -> int:
    return max(int(np.floor(values.size / per_ui + 0.5)) - 2, 0)


def residual_isi(equalized: Equalized, settings: ComSettings) -> Float:
    """Interference of the through path at the sampling instant with cursor and DFE taken off, in V."""
    per_ui, cursor, feedback = settings.samples_per_ui, equalized.cursor, equalized.feedback
    pulse = equalized.through.copy()
    main = float(pulse[cursor])
    pulse[cursor] = 0.0
    places = cursor + per_ui * np.arange(1, feedback.taps.size + 1)
    inside = places < pulse.size
    # a feedback tap is a whole number of steps, rounded towards zero
    post = quantized(pulse[places[inside]], main, settings.receiver.dfe.step)
    # only what the DFE can take off: beyond its limits the rest stays as interference
    pulse[places[inside]] -= post.clip(feedback.lower[inside], feedback.upper[inside])
    return whole_ui(pulse, cursor % per_ui, per_ui)


def strongest_phase(pulse: Float, settings: ComSettings, bin_size: float) -> int:
    """Phase at which an aggressor's binned distribution has the largest variance, the first of equals."""
    per_ui = settings.samples_per_ui
    # of the binned distribution, not of the samples: with coarse bins another phase may win, and the reference takes that one
    return int(phase_of_largest_variance(pulse, per_ui, _whole_count(pulse, per_ui), settings.levels, bin_size))


def interference_and_noise(
    equalized: Equalized, settings: ComSettings, *, sigma_n: float, main_tap: float
) -> InterferenceAndNoise:
    """Distribution of interference and noise at the sampling instant, equations (93A-39) to (93A-45)."""
    tx, levels = settings.transmitter, settings.levels
    main = float(equalized.through[equalized.cursor])
    signal = available_signal(main, settings)
    # a thousandth of the signal at most, so that COM is not rounded to bins
    bin_size = min(signal / 1000, settings.pdf_bin)
    slopes = edge_slopes(equalized.through, equalized.cursor, settings.samples_per_ui)
    # edges of all symbols add as powers, since each moves by itself: |h_J|² summed, times the symbols' mean square
    # (93A-32)
    sigma_rj = tx.sigma_rj * settings.sigma_x * float(np.linalg.norm(slopes))
    # SNR_TX is of the cursor; with SNR_TXwC0 of what the cursor would be without the loss of c(0)
    reference = main / main_tap if settings.snr_tx_with_c0 else main
    sigma_tx = reference * 10 ** (-tx.snr_db / 20)
    sigma_g = float(np.sqrt(sigma_rj**2 + sigma_n**2 + sigma_tx**2))
    # noise is cut where its tail no longer matters at DER_0: a distribution has to end somewhere
    crest = settings.noise_crest_factor or crest_factor(settings.der0)
    isi = symbols(residual_isi(equalized, settings), levels, bin_size)
    aggressors = tuple(
        symbols(
            whole_ui(pulse, strongest_phase(pulse, settings, bin_size), settings.samples_per_ui),
            levels,
            bin_size,
        )
        for pulse in equalized.aggressors
    )
    # zero with certainty: what a convolution leaves unchanged, and all there is without aggressors
    crosstalk = VoltageDistribution(np.ones(1), 0, bin_size)
    for aggressor in aggressors:
        crosstalk = crosstalk + aggressor
    # A_DD of every edge by its slope, with the symbols' amplitudes: equation (93A-43)
    dual_dirac = symbols(tx.a_dd * slopes, levels, bin_size)
    normal = gaussian(sigma_g, crest, bin_size)
    return InterferenceAndNoise(
        signal=signal,
        sigma_n=sigma_n,
        sigma_tx=sigma_tx,
        sigma_rj=sigma_rj,
        sigma_g=sigma_g,
        isi=isi,
        aggressors=aggressors,
        crosstalk=crosstalk,
        dual_dirac=dual_dirac,
        gaussian=normal,
    )

"""Interference and noise at the slicer of Annex 178A: what each source leaves behind FFE and DFE, and their distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sirf._arrays import Float
from sirf.com.arriving_noise import RECEIVER, noise_sources
from sirf.com.config.settings import ComSettings
from sirf.com.distribution import NOISE_CREST, VoltageDistribution, gaussian, symbols
from sirf.com.interference import transmitter_equalized, whole_ui
from sirf.com.mmse import (
    MmseReceiver,
    NoiseRows,
    autocorrelation,
    behind_taps,
    pulse_slopes,
    receiver_noise_covariance,
    through_taps,
    with_taps,
)
from sirf.com.quantization import clip_probability, clipping_level, converter_step, with_rounding_error
from sirf.com.reference_receiver import CaseReceiver

SLICER_CREST = 8.0
"""Noise is cut at so many sigma, unless the settings say otherwise: far outside every DER_0."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SlicerNoise:
    """Interference and noise behind the receiver, voltages in V at the slicer with the FFE's main tap one.

    `signal` is A_s. `sigma_n`, `sigma_tx`, `sigma_rj`, `sigma_g` are Gaussian, `noise_sources` the parts of the first by name;
    `sigma_q` is the converter's rounding error through the taps that count, `step` its step, `clipping` its clipping level.
    The distributions are of residual ISI, each aggressor, all crosstalk, dual-Dirac jitter, all Gaussian noise, the rounding
    error, all but the Gaussian noise, and the whole. `pulse` (N,) is the equalised through pulse before the DFE; `colour` (K,)
    the covariance in V^2 at the slicer of noise and residual interference, `receiver_colour` (K,) that of the receiver's own
    noise alone.
    """

    signal: float
    sigma_n: float
    noise_sources: dict[str, float]
    sigma_tx: float
    sigma_rj: float
    sigma_g: float
    sigma_q: float
    step: float
    clipping: float
    isi: VoltageDistribution
    aggressors: tuple[VoltageDistribution, ...]
    crosstalk: VoltageDistribution
    dual_dirac: VoltageDistribution
    gaussian: VoltageDistribution
    rounding: VoltageDistribution
    rest: VoltageDistribution
    total: VoltageDistribution
    pulse: Float
    colour: Float
    receiver_colour: Float


def slicer_noise(receiver: CaseReceiver, gains: tuple[float, float], taps: Float, found: MmseReceiver) -> SlicerNoise:
    """Distribution of interference and noise at the sampling instant behind FFE and DFE, with the transmitter's taps (K,)."""
    settings, rules = receiver.settings, receiver.rules
    tx, levels, m, shares = settings.transmitter, settings.levels, settings.samples_per_ui, settings.level_shares
    sample, weights = found.sample, found.taps
    behind = receiver.responses(gains)
    # both FFEs have one tap a UI, so that the routine of the transmitter's serves for the receiver's
    offsets = tuple(k - found.cursor for k in range(weights.size))
    through = transmitter_equalized(behind.through, taps, receiver.grid.offsets, m)
    pulse = transmitter_equalized(through, weights, offsets, m)
    main = float(pulse[sample])
    # half the distance of two levels, with the mismatch R_LM
    signal = tx.level_mismatch * main / (levels - 1)
    # a thousandth of the signal at most, so that COM is not rounded to bins
    bin_size = min(signal / 1000, settings.pdf_bin)

    residual = pulse.copy()
    residual[sample] = 0.0
    for k, b in enumerate(found.b, start=1):
        # the DFE takes off its taps at their own samples alone
        residual[sample + k * m] -= b * main
    isi = symbols(whole_ui(residual, sample % m, m), levels, bin_size, shares)
    edges = pulse_slopes(through, sample % m, m)
    # the FFE convolves the slopes of neighbouring edges
    dual_dirac = symbols(tx.a_dd * np.convolve(edges, weights), levels, bin_size, shares)
    # FEXT senders are set like the victim's; NEXT ones are not
    victims = [with_taps(x, taps, receiver.grid.main, m) for x in behind.fext] + list(behind.next)
    # the phase of most power was found for the noise already
    arriving = [x[phase::m] for x, phase in zip(victims, found.noise.worst_phases, strict=True)]
    aggressors = tuple(symbols(np.convolve(x, weights), levels, bin_size, shares) for x in arriving)
    nothing = VoltageDistribution(np.ones(1), 0, bin_size)
    crosstalk = sum(aggressors, nothing)

    rows = found.noise
    sigma_n, sigma_tx = through_taps(rows.receiver, weights), through_taps(rows.transmitter, weights)
    # the FFE adds neighbouring edges up, so slopes are convolved before their powers are taken
    sigma_rj = tx.sigma_rj * settings.sigma_x * float(np.linalg.norm(np.convolve(edges, weights)))
    sigma_g = float(np.sqrt(sigma_n**2 + sigma_tx**2 + sigma_rj**2))
    normal = gaussian(sigma_g, settings.noise_crest_factor or SLICER_CREST, bin_size)
    rest = isi + crosstalk + dual_dirac
    # in the order of the reference code: sums of floating point depend on it in their last digits
    total = isi + crosstalk + (normal + dual_dirac)

    step, clipping, rounding = 0.0, 0.0, nothing
    detector = settings.receiver.detector
    if detector.adc_bits:
        clipping = _clipping_level(
            receiver, rows, samples=through[sample % m :: m], edges=edges, arriving=arriving, total=total
        )
        step = converter_step(clipping, detector.adc_bits)
        # revisions differ: with the main tap left out its rounding error does not reach the slicer
        counted = weights if rules.rounding_of_main_tap else np.delete(weights, found.cursor)
        rounding = with_rounding_error(nothing, step, counted)
        rest, total = rest + rounding, total + rounding

    colour, receiver_colour = _colours(receiver, gains, taps, found, residual[sample % m :: m])
    return SlicerNoise(
        signal=signal,
        sigma_n=sigma_n,
        noise_sources=_noise_sources(settings, gains, weights, sigma_n),
        sigma_tx=sigma_tx,
        sigma_rj=sigma_rj,
        sigma_g=sigma_g,
        sigma_q=rounding.sigma,
        step=step,
        clipping=clipping,
        isi=isi,
        aggressors=aggressors,
        crosstalk=crosstalk,
        dual_dirac=dual_dirac,
        gaussian=normal,
        rounding=rounding,
        rest=rest,
        total=total,
        pulse=pulse,
        colour=colour,
        receiver_colour=receiver_colour,
    )


def _noise_sources(
    settings: ComSettings, gains: tuple[float, float], weights: Float, sigma_n: float
) -> dict[str, float]:
    """Parts in V rms of the receiver's noise `sigma_n` behind the FFE's `weights` (N,): its own, and what arrives."""
    if not settings.receiver.arriving:
        # with a single source there is nothing to take apart: its covariance need not be computed again
        return {RECEIVER: sigma_n}
    alone = noise_sources(settings.receiver)
    return {
        name: through_taps(receiver_noise_covariance(replace(settings, receiver=one), gains, weights.size), weights)
        for name, one in alone.items()
    }


def _clipping_level(
    receiver: CaseReceiver,
    rows: NoiseRows,
    *,
    samples: Float,
    edges: Float,
    arriving: Sequence[Float],
    total: VoltageDistribution,
) -> float:
    """Level in V at which the converter clips: as settings or revision say, of the signal alone or with noise.

    `samples` (U,) of the pulse and `arriving` ones (U,) of each aggressor stand ahead of the FFE, `edges` (U,) slopes in V/UI;
    `total` is the distribution of all interference and noise behind it.
    """
    settings, rules = receiver.settings, receiver.rules
    tx, levels, shares, bin_size = settings.transmitter, settings.levels, settings.level_shares, total.bin_size
    if (settings.receiver.detector.clip_method or rules.clip_method) == "fast":
        # every symbol at its worst: never passed, and far too wide for a long pulse
        return float(np.sum(np.abs(samples)))
    signals = [symbols(samples, levels, bin_size, shares)]
    if rules.clip_noise == "output":
        signals.append(total)
    else:
        # crosstalk and dual-Dirac jitter keep their own distributions: taken as Gaussian they would have tails that
        # they have not,
        # and tails decide where the converter clips
        noise = float(np.sqrt(rows.receiver[0] + rows.transmitter[0] + rows.random_jitter[0]))
        signals += [gaussian(noise, NOISE_CREST, bin_size), symbols(tx.a_dd * edges, levels, bin_size, shares)]
        signals += [symbols(x, levels, bin_size, shares) for x in arriving]
    return clipping_level(tuple(signals), clip_probability(settings, rules))


def _colours(
    receiver: CaseReceiver, gains: tuple[float, float], taps: Float, found: MmseReceiver, residual: Float
) -> tuple[Float, Float]:
    """Covariances (K,) at the slicer of all noise with residual interference (U,), and of receiver noise, equation (178A-56)."""
    settings, weights = receiver.settings, found.taps
    # events of the longest length span two more samples
    longest = min(settings.receiver.detector.truncation_length, receiver.ffe.noise_length // 2) + 2
    rows = receiver.noise(gains, taps, found.sample, longest + weights.size - 1)
    colour = behind_taps(rows.receiver + rows.transmitter + rows.crosstalk + rows.jitter, weights)
    error = np.zeros(colour.size)
    # errors of the converter are white ahead of the FFE: behind it they have the correlation of its taps
    if receiver.rules.rounding_colour:
        own = np.correlate(weights, weights, "full")[weights.size - 1 :]
        error[: min(own.size, error.size)] = own[: error.size]
    else:
        error[0] = 1.0
    # symbols are independent: the covariance of residual interference is the autocorrelation of what is left of the
    # pulse
    colour = colour + rows.converter * error + settings.sigma_x**2 * autocorrelation(residual, colour.size)
    if not settings.receiver.arriving:
        return colour, behind_taps(rows.receiver, weights)
    alone = replace(settings, receiver=noise_sources(settings.receiver)[RECEIVER])
    return colour, behind_taps(receiver_noise_covariance(alone, gains, rows.receiver.size), weights)

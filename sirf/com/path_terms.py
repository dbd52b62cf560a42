"""What the search of Annex 178A needs of each path, as terms that the CTLE's gains only weigh.

A pulse behind the CTLE is a weighted sum of four (`sirf.com.filters.gain_weights`), so its power spectrum and its autocorrelation
at every sampling phase are weighted sums of ten, made once for each path.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.fft import irfft, rfft

from sirf._arrays import Float, Single
from sirf._kernels.com_receiver import weighted_sum
from sirf.com.config.settings import ComSettings
from sirf.com.filters import equalized_parts, gain_weights
from sirf.com.mmse import Responses
from sirf.com.responses import PathResponse, running_sum

POINTS = 512
"""Points of the circle on which power spectra are kept, 0 to f_b."""
PAIRS = [(i, j) for i in range(4) for j in range(i, 4)]
"""Unordered pairs of the four parts."""


def term_weights(weights: Float) -> Float:
    """Weights (10,) of products of two parts for weights (4,) of the parts."""
    # each unordered pair stands once, and counts for both orders
    return np.array([weights[i] * weights[j] * (1.0 if i == j else 2.0) for i, j in PAIRS])


@dataclass(frozen=True, slots=True, eq=False)
class PathTerms:
    """Autocorrelations (10, M, lags) and power spectra (10, M, POINTS / 2 + 1) of a response's parts by sampling phase."""

    correlations: Float
    spectra: Single

    def correlation(self, weights: Float) -> Float:
        """Autocorrelations (M, lags) at the weights (10,) of `term_weights`."""
        result = np.empty(self.correlations.shape[1:])
        weighted_sum(self.correlations, weights, result)
        return result

    def spectrum(self, weights: Float) -> Single:
        """Power spectra (M, F) in single precision."""
        result = np.empty(self.spectra.shape[1:], dtype=np.float32)
        weighted_sum(self.spectra, weights.astype(np.float32), result)
        return result

    def strongest(self, weights: Float) -> tuple[Float, Single]:
        """Autocorrelation (lags,) and power spectrum (F,) of the phase with most power, the first of equals."""
        phase = int(np.argmax(weights @ self.correlations[:, :, 0]))
        # NEXT does not pass the transmitter's taps: its phase can be chosen once
        return weights @ self.correlations[:, phase], weights.astype(np.float32) @ self.spectra[:, phase]


def path_terms(parts: Float, samples_per_ui: int, lags: int, *, drop: int = 0) -> PathTerms:
    """Terms of a response's parts (4, T), each phase without its last `drop` samples."""
    rows = np.array([phase_rows(part, samples_per_ui, drop=drop) for part in parts])
    points = POINTS
    # room for all lags, or the circle would fold the ends of the autocorrelation; a power of two transforms fast
    while points < rows.shape[2] + lags:
        points *= 2
    spectra = rfft(rows, n=points, axis=2)
    products = np.array([(spectra[i] * spectra[j].conj()).real for i, j in PAIRS])
    correlations = irfft(products, n=points, axis=2)[:, :, :lags]
    # every so manyth point of a longer circle is the spectrum on the shorter one, unfolded
    kept = products[:, :, :: points // POINTS].astype(np.float32)
    return PathTerms(np.ascontiguousarray(correlations), np.ascontiguousarray(kept))


def phase_rows(pulse: Float, samples_per_ui: int, *, drop: int = 0) -> Float:
    """A pulse (T,) by sampling phase (M, U), each phase without its last `drop` samples, zeros at the end."""
    count = -(-pulse.size // samples_per_ui)
    padded = np.zeros(count * samples_per_ui)
    padded[: pulse.size] = pulse
    # copied, because a transposed view would leave the samples of a phase far apart in memory
    rows = padded.reshape(count, samples_per_ui).T.copy()
    if drop:
        for phase in range(samples_per_ui):
            rows[phase, max(len(range(phase, pulse.size, samples_per_ui)) - drop, 0) :] = 0.0
    return rows


@dataclass(frozen=True, slots=True, eq=False)
class PathParts:
    """The pulses of all paths behind the four parts of the CTLE: `through` (4, T), and (4, T) of each aggressor."""

    through: Float
    fext: tuple[Float, ...]
    next: tuple[Float, ...]

    def responses(self, settings: ComSettings, gains: tuple[float, float]) -> Responses:
        """All pulses behind the CTLE at `gains` in dB."""
        weights = gain_weights(settings.receiver.ctle, *gains)
        return Responses(
            through=weights @ self.through,
            fext=tuple(weights @ parts for parts in self.fext),
            next=tuple(weights @ parts for parts in self.next),
        )


def path_parts(paths: tuple[PathResponse, ...], settings: ComSettings) -> PathParts:
    """Pulses behind the parts of the CTLE, of which every setting is a sum."""
    rate = settings.symbol_rate * settings.samples_per_ui
    found: dict[str, list[Float]] = {"through": [], "fext": [], "next": []}
    for path in paths:
        parts = equalized_parts(path.impulse, settings.receiver.ctle, rate)
        found[path.kind].append(np.array([running_sum(part, settings.samples_per_ui) for part in parts]))
    return PathParts(found["through"][0], tuple(found["fext"]), tuple(found["next"]))


@dataclass(frozen=True, slots=True, eq=False)
class SearchTerms:
    """Terms of everything that has a sampling phase: the through pulse as the FFE's matrix has it (`signal`), as it shapes the
    transmitter's noise (`transmitter`), its slope in V per UI, and the aggressors.
    """

    signal: PathTerms
    transmitter: PathTerms
    slope: PathTerms
    fext: tuple[PathTerms, ...]
    next: tuple[PathTerms, ...]


def search_terms(parts: PathParts, samples_per_ui: int, lags: int, *, drops: tuple[int, int]) -> SearchTerms:
    """Terms for autocorrelations of `lags` lags; `drops` samples end the signal's and the transmitter noise's phases."""
    m = samples_per_ui
    slopes = np.zeros_like(parts.through)
    # zero at both ends, where one neighbour is missing
    slopes[:, 1:-1] = (parts.through[:, 2:] - parts.through[:, :-2]) * (m / 2.0)
    signal = path_terms(parts.through, m, lags, drop=drops[0])
    same = drops[0] == drops[1]
    return SearchTerms(
        signal=signal,
        transmitter=signal if same else path_terms(parts.through, m, lags, drop=drops[1]),
        slope=path_terms(slopes, m, lags),
        fext=tuple(path_terms(x, m, lags) for x in parts.fext),
        next=tuple(path_terms(x, m, lags) for x in parts.next),
    )

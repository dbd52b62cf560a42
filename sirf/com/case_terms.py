"""What the search of Annex 93A needs of a case whatever its grids: pulses and noise in parts that the CTLE's gains only weigh."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sirf._arrays import Float
from sirf._kernels.com_search import BEFORE_UI, BEHIND_UI
from sirf.com.arriving_noise import density_of
from sirf.com.config.settings import ComSettings, CtleSettings
from sirf.com.crosstalk_noise import crosstalk_density, receiver_noise_terms
from sirf.com.filters import NoiseFilter, ctle_power_terms, equalized_parts, noise_filter_of, receiver_filter
from sirf.com.responses import PathResponse
from sirf.com.shifted_pulses import ShiftedPulses

PEAK_WINDOW_UI = 20
"""The equalised pulse's peak is looked for within so many UI of the unequalised one's."""
_EDGE_UI, _CURSOR_UI = 5, 3
"""The sampling instant lies at most so many UI before and behind the peak."""


@dataclass(frozen=True, slots=True, eq=False)
class CaseTerms:
    """One package case: `paths`, and in parts the through path's pulse, variances in V², and the density of FEXT.

    `window` bounds the samples between which the equalised pulse's peak is looked for. `pulses` are the pulse through parts of
    the CTLE, `noise` (4,) and `next` (4,) variances of the receiver's noise and of NEXT through each, `fext` (P, 4) the variances
    per point ahead of the transmitter's taps, or None without FEXT.
    """

    paths: tuple[PathResponse, ...]
    window: tuple[int, int]
    pulses: ShiftedPulses
    noise: Float
    next: Float
    fext: Float | None


def case_terms(paths: tuple[PathResponse, ...], settings: ComSettings) -> CaseTerms:
    """Terms of `paths` under settings whose grids have no say."""
    f, receiver = paths[0].frequency, settings.receiver
    # |H_ctf|² is a sum of four spectra that the gains only weigh, so four variances are found for each setting
    spectra, noise = _spectra(f.tobytes(), receiver.ctle, noise_filter_of(receiver))
    if receiver.arriving:
        density = receiver.noise_density + density_of(receiver.arriving, f)
        noise = receiver_noise_terms(f, receiver_filter(f, receiver), spectra, density)
    else:
        noise = receiver.noise_density * noise
    crosstalk = {kind: _crosstalk(paths, settings, kind, spectra) for kind in ("next", "fext")}
    near = crosstalk["next"]
    pulse = paths[0].pulse
    window = peak_window(pulse, settings)
    return CaseTerms(
        paths=paths,
        window=window,
        pulses=_shifted_pulses(pulse, window, settings),
        noise=noise,
        # NEXT does not go through the transmitter's taps: one number a CTLE setting, whatever the row
        next=np.zeros(len(spectra)) if near is None else np.sum(near, axis=0),
        fext=crosstalk["fext"],
    )


# by value: the same grid comes with every length of a study
@lru_cache(maxsize=8)
def _spectra(grid: bytes, ctle: CtleSettings, noise_filter: NoiseFilter) -> tuple[Float, Float]:
    """Parts (4, F) of |H_ctf|² on a grid in Hz, and variances (4,) of noise of 1 V²/Hz behind H_r and each."""
    f = np.frombuffer(grid)
    spectra = ctle_power_terms(f, ctle)
    # H_r and H_ctf shape all noise that enters ahead of them
    spectra.flags.writeable = False
    return spectra, receiver_noise_terms(f, noise_filter.response(f), spectra, 1.0)


def peak_window(pulse: Float, settings: ComSettings) -> tuple[int, int]:
    """Samples (first, last + 1) between which the equalised pulse's peak is looked for, about that of the `pulse` (N,) itself."""
    peak, around = int(np.argmax(pulse)), PEAK_WINDOW_UI * settings.samples_per_ui
    # an equaliser moves the peak by a few UI; a later echo that grows beyond it is not the cursor
    return max(peak - around, 0), min(peak + around + 1, pulse.size)


def tap_cursors(settings: ComSettings) -> tuple[int, ...]:
    """Cursors in UI of all transmitter taps, that of c(0) among them."""
    cursors = [cursor for cursor, _ in settings.transmitter.ffe]
    main = sum(1 for cursor in cursors if cursor < 0)
    return (*cursors[:main], 0, *cursors[main:])


def _shifted_pulses(pulse: Float, window: tuple[int, int], settings: ComSettings) -> ShiftedPulses:
    per_ui = settings.samples_per_ui
    # the running sum of the impulse response came first: filters change places, and one sum serves for all parts
    parts = equalized_parts(pulse, settings.receiver.ctle, settings.symbol_rate * per_ui)
    low, high = window
    # from the peak back to the rising edge, from there to the sampling instant, and what the search looks at around it
    begin = max(low // per_ui - _EDGE_UI - BEFORE_UI - 1, 0) * per_ui
    end = min(high + (_CURSOR_UI + settings.receiver.dfe.reach + BEHIND_UI + 1) * per_ui, pulse.size)
    return ShiftedPulses(parts, tap_cursors(settings), per_ui, begin, end)


def _crosstalk(paths: tuple[PathResponse, ...], settings: ComSettings, kind: str, spectra: Float) -> Float | None:
    """Variances per point (P, 4) of aggressors of a kind through each part of the CTLE; None without such."""
    aggressors = [path for path in paths if path.kind == kind]
    if not aggressors:
        return None
    # crosstalk power is summed up to f_2, as ICN is
    f_2 = settings.figures.f_2 if settings.figures is not None else settings.symbol_rate
    base = crosstalk_density(aggressors, settings.symbol_rate, f_2)
    return np.asarray(base[:, None] * spectra[:, : base.size].T)

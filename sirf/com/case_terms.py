"""What the search of Annex 93A needs of a case whatever its grids: pulses and noise in parts that the CTLE's gains only weigh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirf._arrays import Float
from sirf.com.arriving_noise import density_of
from sirf.com.config.settings import ComSettings
from sirf.com.crosstalk_noise import crosstalk_density, receiver_noise_terms
from sirf.com.filters import ctle_power_terms, equalized_parts, gain_weights, receiver_filter
from sirf.com.responses import PathResponse


@dataclass(frozen=True, slots=True, eq=False)
class CaseTerms:
    """One package case: `paths`, and in parts the through path's pulse, variances in V², and the density of FEXT.

    `pulses` (4, N) are the pulse through the parts of the CTLE, `noise` (4,) and `next` (4,) variances of the receiver's noise
    and of NEXT through each, `fext` (P, 4) the variances per point ahead of the transmitter's taps, or None without FEXT.
    """

    paths: tuple[PathResponse, ...]
    pulses: Float
    noise: Float
    next: Float
    fext: Float | None

    def pulse(self, settings: ComSettings, gains_db: tuple[float, float]) -> Float:
        """The through path's pulse (N,) behind the CTLE at both gains in dB."""
        return np.asarray(gain_weights(settings.receiver.ctle, *gains_db) @ self.pulses)


def case_terms(paths: tuple[PathResponse, ...], settings: ComSettings) -> CaseTerms:
    """Terms of `paths` under settings whose grids have no say."""
    f, receiver = paths[0].frequency, settings.receiver
    # |H_ctf|² is a sum of four spectra that the gains only weigh, so four variances are found for each setting
    spectra = ctle_power_terms(f, receiver.ctle)
    # H_r and H_ctf shape all noise that enters ahead of them
    density: float | Float = receiver.noise_density
    if receiver.arriving:
        density = density + density_of(receiver.arriving, f)
    crosstalk = {kind: _crosstalk(paths, settings, kind, spectra) for kind in ("next", "fext")}
    near = crosstalk["next"]
    return CaseTerms(
        paths=paths,
        # the running sum first: filters change places, and one sum serves for all parts
        pulses=equalized_parts(paths[0].pulse, receiver.ctle, settings.symbol_rate * settings.samples_per_ui),
        noise=receiver_noise_terms(f, receiver_filter(f, receiver), spectra, density),
        # NEXT does not go through the transmitter's taps: one number a CTLE setting, whatever the row
        next=np.zeros(len(spectra)) if near is None else np.sum(near, axis=0),
        fext=crosstalk["fext"],
    )


def _crosstalk(paths: tuple[PathResponse, ...], settings: ComSettings, kind: str, spectra: Float) -> Float | None:
    """Variances per point (P, 4) of aggressors of a kind through each part of the CTLE; None without such."""
    aggressors = [path for path in paths if path.kind == kind]
    if not aggressors:
        return None
    # crosstalk power is summed up to f_2, as ICN is
    f_2 = settings.figures.f_2 if settings.figures is not None else settings.symbol_rate
    base = crosstalk_density(aggressors, settings.symbol_rate, f_2)
    return np.asarray(base[:, None] * spectra[:, : base.size].T)

"""Several wavelengths on one fibre: ring filters, what they lose and let pass of their neighbours, and what tuning them takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from numpy.typing import ArrayLike

from sirf._arrays import Float
from sirf.errors import PhysicsError
from sirf.optics.stage import check
from sirf.signal.gaussian import gaussian_below
from sirf.units import FREQUENCY, read_text_fields

MAX_WAVELENGTHS = 64
# 2^15 are 32,768 sums of light for each level and phase
MAX_NEIGHBOURS = 15
"""Neighbours whose bits `nrz_error_ratio` takes in every combination."""
BEAT_PHASES = 64
"""Points of the average over the phase of a beat: exact to rounding for a band-limited function of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingFilter:
    """An add-drop ring: a resonance of full width `linewidth` Hz at half power, repeated every `fsr` Hz.

    `drop_loss_db` at the resonance, `through_loss_db` for light that passes on the bus. The drop port follows the Airy function;
    near a resonance that is the Lorentzian 1 / (1 + (2 f / linewidth)²).
    """

    linewidth: float
    fsr: float
    drop_loss_db: float = 0.0
    through_loss_db: float = 0.0

    def __post_init__(self) -> None:
        """Validate the fields."""
        check("linewidth", self.linewidth, 1e8, 1e13, "Give Hz, for example 60e9.")
        check("fsr", self.fsr, 2.0 * self.linewidth, 1e14, "Give Hz, more than twice the linewidth.")
        check("drop_loss_db", self.drop_loss_db, 0.0, 40.0, "Give a loss in dB as a positive number.")
        check("through_loss_db", self.through_loss_db, 0.0, 10.0, "Give a loss in dB as a positive number.")

    @property
    def finesse(self) -> float:
        """Free spectral range over linewidth."""
        return self.fsr / self.linewidth

    def drop(self, offset: ArrayLike) -> Float:
        """Power at the drop port over that on the bus for light `offset` Hz from the resonance, the shape of `offset`."""
        # half of the power at half a linewidth, exactly: the Airy function's 1 + sharpness sin²(pi linewidth / (2 fsr))
        # = 2
        sharpness = 1.0 / np.sin(0.5 * np.pi * self.linewidth / self.fsr) ** 2
        turned = np.sin(np.pi * np.asarray(offset, dtype=float) / self.fsr) ** 2
        return np.asarray(10.0 ** (-self.drop_loss_db / 10.0) / (1.0 + sharpness * turned))


@dataclass(frozen=True, slots=True, kw_only=True)
class WavelengthGrid:
    """`count` wavelengths, `spacing` Hz apart, on one fibre, each taken off by a `ring` of the receiver's bank.

    `control_error` Hz is what the heater's loop leaves between ring and laser; `drift` Hz/K moves a ring with temperature over
    `temperature_span` K, `heater_power` W/Hz moves it back. `coherent_db` is the light of the same wavelength that leaks through
    the banks (below zero, -inf for none) and beats with the signal. `splitter_ways` modulators share one line of the laser
    through `supply_loss_db` of splitter excess, couplers and fibre. Neighbours that are not `lit` leave one wavelength alone
    with the losses of its bank.
    """

    count: int
    spacing: float
    ring: RingFilter
    control_error: float = 0.0
    drift: float = 0.0
    temperature_span: float = 0.0
    heater_power: float = 0.0
    coherent_db: float = -inf
    splitter_ways: int = 1
    supply_loss_db: float = 0.0
    lit: bool = True

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, spacing=FREQUENCY, control_error=FREQUENCY)
        for name, most in (("count", MAX_WAVELENGTHS), ("splitter_ways", 1024)):
            check(name, getattr(self, name), 1, most, "Give a whole number, for example 4.")
        check("spacing", self.spacing, 1e9, 1e13, "Give Hz, for example 200e9.")
        check("control_error", self.control_error, 0.0, self.spacing, "Give Hz, below the spacing.")
        check("drift", self.drift, 0.0, 1e12, "Give Hz/K, for example 12e9.")
        check("temperature_span", self.temperature_span, 0.0, 300.0, "Give K.")
        check("heater_power", self.heater_power, 0.0, 1e-6, "Give W/Hz, for example 4e-14.")
        check("-coherent_db", -self.coherent_db, 1.0, inf, "Give dB below zero, for example -40.", unbounded=True)
        check("supply_loss_db", self.supply_loss_db, 0.0, 40.0, "Give a loss in dB as a positive number.")
        # one wavelength more than fits would be dropped by a neighbour's ring, one free spectral range away
        if self.count * self.spacing > self.ring.fsr * (1.0 + 1e-9):
            raise PhysicsError(
                f"spacing must let {self.count} wavelengths into one free spectral range of {self.ring.fsr / 1e9:g} GHz, got "
                f"{self.spacing / 1e9:g} GHz. Take smaller rings or fewer wavelengths."
            )

    @property
    def loss_db(self) -> float:
        """Loss in dB of the bank in front of a photodiode: passing the other rings, the drop, and the control error's share."""
        return (
            # the own ring's drop off its resonance by the control error; the others' through loss
            -10.0 * float(np.log10(self.ring.drop(self.control_error))) + (self.count - 1) * self.ring.through_loss_db
        )

    @property
    def leaks(self) -> tuple[float, ...]:
        """Power of each other wavelength over that of the own one at the photodiode of the middle channel; () for dark ones.

        All wavelengths arrive with equal power; the control error moves the ring towards the side with more of them.
        """
        middle = self.count // 2
        # offsets of the others from the middle one, which has most neighbours
        others = self.spacing * (np.delete(np.arange(self.count), middle) - middle)
        own = float(self.ring.drop(self.control_error))
        return tuple(float(x) for x in self.ring.drop(others + self.control_error) / own) if self.lit else ()

    @property
    def beats(self) -> tuple[float, ...]:
        """Field of the coherent leak over that of the signal; () where there is none."""
        return (10.0 ** (self.coherent_db / 20.0),) if self.lit and self.coherent_db > -inf else ()

    @property
    def split_db(self) -> float:
        """Loss in dB from the laser's line to one modulator."""
        return 10.0 * float(np.log10(self.splitter_ways)) + self.supply_loss_db

    @property
    def tuning_power(self) -> float:
        """Mean W that heat the two rings of a wavelength, modulator and filter.

        A ring made anywhere takes the next wavelength of the grid, half a spacing away on average; the heater also keeps half of
        the drift over the temperature span in reserve.
        """
        # both rings, half of the range on average
        return 2.0 * self.heater_power * 0.5 * (self.spacing + self.drift * self.temperature_span)


def incoherent_penalty_db(leaks: ArrayLike) -> float:
    """Loss of NRZ eye in dB of OMA where the bits of all neighbours of the same OMA stand against it: -10 log10(1 - sum).

    inf where they close the eye.
    """
    left = 1.0 - float(np.sum(np.asarray(leaks, dtype=float)))
    return -10.0 * float(np.log10(left)) if left > 0.0 else inf


def nrz_error_ratio(
    quality: float, *, leaks: tuple[float, ...] = (), beats: tuple[float, ...] = (), extinction_db: float = inf
) -> float:
    """Bit error ratio of NRZ over Gaussian noise beside other wavelengths: the mean over their bits and phases, in closed form.

    `quality` is half the OMA over the noise's rms (Q = 6 gives 1e-9); `leaks` (N,) are powers of neighbours over the signal's
    (incoherent: their bits add light), `beats` (K,) fields of the same wavelength over the signal's (coherent: 2 b sqrt(P P')
    cos(phase), its bits and phase random); `extinction_db` of all. The threshold stands half way between the mean levels. The 15
    strongest neighbours are taken in all combinations of their bits; more raise `PhysicsError`.
    """
    check("quality", quality, 0.0, 40.0, "Give half the OMA over the rms noise, for example 7.")
    if len(leaks) > MAX_NEIGHBOURS or len(beats) > 1:
        raise PhysicsError(
            f"leaks must be at most {MAX_NEIGHBOURS} and beats one, got {len(leaks)} and {len(beats)}. Leave out the weakest."
        )
    # in units of half the OMA: the levels are -1 and +1, light is counted from dark
    ratio = 0.0 if extinction_db == inf else 10.0 ** (-extinction_db / 10.0)
    # OMA = bright - dark = 2 in these units, and dark = ratio x bright
    dark, bright = 2.0 * ratio / (1.0 - ratio), 2.0 / (1.0 - ratio)
    moved = np.zeros(1)
    for leak in leaks:
        # a neighbour's two levels move the sum by ± its ratio about the mean, which the threshold follows
        moved = np.concatenate([moved - leak, moved + leak])
    # midpoints of the phase: a mean over a periodic function converges at once
    cosine = np.cos(2.0 * np.pi * (np.arange(BEAT_PHASES) + 0.5) / BEAT_PHASES)
    total = 0.0
    for level, side in ((dark, -1.0), (bright, 1.0)):
        place = moved
        for beat in beats:
            # beat of both fields, for each bit of the echo
            swings = [2.0 * beat * sqrt(level * other) * cosine for other in (dark, bright)]
            place = np.add.outer(place, np.concatenate(swings)).ravel()
        # distance to the threshold at zero, in deviations of the noise
        total += 0.5 * float(np.mean(gaussian_below(-quality * (1.0 + side * place))))
    return total

"""The receiver as a value: noise filter, equalisers, sampling point."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sirf._digest import OF_UNIT_SCALE, OMITTED_AT_DEFAULT
from sirf.clock.recovery import ClockRecovery
from sirf.clock.wander import Wander
from sirf.errors import SirfError
from sirf.receiver.adaptation import Adaptation
from sirf.receiver.converter import Converter
from sirf.receiver.mlse import Mlse
from sirf.receiver.tabled import TabledCtle
from sirf.receiver.transfer_functions import ctle
from sirf.receiver.vga import Vga
from sirf.signal.filters import butterworth4
from sirf.signal.sampled_filter import SampledFilter
from sirf.units import FREQUENCY, read_text_fields

SMALLEST_TAP = 1e-12
"""Feedback taps below this part of the main cursor are zero."""
SamplingCriterion: TypeAlias = Literal["mueller-muller", "maximum-eye", "minimum-error-ratio", "eye-centre"]
MUELLER_MULLER: SamplingCriterion = "mueller-muller"
EYE_CENTRE: SamplingCriterion = "eye-centre"
SAMPLING_CRITERIA: tuple[SamplingCriterion, ...] = (MUELLER_MULLER, "maximum-eye", "minimum-error-ratio", EYE_CENTRE)
"""What a receiver may sample by."""
Thresholds: TypeAlias = Literal["adapted", "midway"]
"""Where slicers behind light stand."""
CTLE_GAINS = ("g_dc_db", "g_dc2_db")
"""Gains in dB of a `Ctle` that an equaliser search chooses, each from the values of this name in `EqualizerLimits`."""
EQUATION_93A_22 = ("g_dc_db", "g_dc2_db", "f_z", "f_p1", "f_p2", "f_lf")
"""Fields of a `Ctle` that stand in equation (93A-22)."""


def check_thresholds(value: str) -> None:
    """Raise `SirfError` for what says nothing of slicers."""
    if value not in ("adapted", "midway"):
        raise SirfError(f"thresholds must be 'adapted' or 'midway', got {value!r}. Use 'adapted'.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ctle:
    """Two-stage CTLE of equation (93A-22): gains in dB (not above 0), poles and zero in Hz; `f_lf` None leaves stage two out.

    >>> ctle = sirf.Ctle(g_dc_db=-6.0, f_z="12.58G", f_p1="20G", f_p2="28G")
    >>> round(20 * float(np.log10(abs(ctle.transfer(np.array([0.0]))[0]))), 6)
    -6.0
    """

    g_dc_db: float
    g_dc2_db: float = 0.0
    f_z: float
    f_p1: float
    f_p2: float
    f_lf: float | None = None

    def __post_init__(self) -> None:
        """Read frequencies that are given as text."""
        read_text_fields(self, f_z=FREQUENCY, f_p1=FREQUENCY, f_p2=FREQUENCY, f_lf=FREQUENCY)

    def transfer(self, frequency: NDArray[Any]) -> NDArray[np.complex128]:
        """H_ctf (F,) at `frequency` (F,) in Hz."""
        return ctle(
            frequency,
            g_dc_db=self.g_dc_db,
            g_dc2_db=self.g_dc2_db,
            f_z=self.f_z,
            f_p1=self.f_p1,
            f_p2=self.f_p2,
            f_lf=self.f_lf,
        )

    @property
    def gains_db(self) -> tuple[float, ...]:
        """The gains in dB, in the order of `CTLE_GAINS`."""
        return tuple(getattr(self, name) for name in CTLE_GAINS)

    def with_gains(self, gains_db: Sequence[float]) -> Ctle:
        """This CTLE with other gains in dB, in the order of `CTLE_GAINS`."""
        return dataclasses.replace(self, **dict(zip(CTLE_GAINS, gains_db, strict=True)))

    @property
    def two_stage(self) -> bool:
        """Whether equation (93A-22) is all of it; COM and exported models, which know no other stage, refuse the rest."""
        # a field beyond the equation's that is not at its default makes it another CTLE
        return self == Ctle(**{name: getattr(self, name) for name in EQUATION_93A_22})


AnyCtle: TypeAlias = Ctle | TabledCtle | SampledFilter
"""A CTLE by equation, by table or as sampled: all have `transfer(frequency)`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A receiver: Butterworth noise filter, CTLE, feed-forward and decision-feedback equaliser.

    `noise_corner` in Hz (None: no filter, of a receiver without noise); `noise_density` one-sided at the input in V²/Hz;
    `ffe` T-spaced taps with index
    `ffe_main` of the main one; `dfe` taps relative to the main cursor, first post-cursor first; `mlse` decides sequences, the
    first DFE taps its target.
    `sampling` is the criterion of the sampling instant: "mueller-muller", where the pulse is as large a UI before as a UI after
    (less the first DFE tap); "maximum-eye", where the lowest eye at the link's DER0 is highest; "minimum-error-ratio", where the
    statistics find the fewest symbol errors; "eye-centre", the middle of all instants at which the lowest eye is open, where the
    training of a forwarded clock puts it. `sampling_offset_ui` moves the instant later than that. A clock loop is held there.
    `thresholds` are "adapted" where optics bend the levels and add noise that grows with the light (each neighbour is mistaken
    for the other as often), or "midway" between the levels there too; over copper both are half way, as in reference receivers.

    The bit-by-bit waveform engine alone models what follows, each None when switched off: `vga` behind the CTLE; `converter`
    (time-interleaved, before the FFE); `clock` recovery against `wander`, by which the transmitter's clock runs ahead of the
    receiver's reference; `adaptation` of the taps given here as a start. `dfe_unrolled` takes the first DFE tap by as many slicer
    sets as there are levels and a choice, instead of feedback: the same decisions without its delay.

    `cancellation` holds samples in V that come on top of the through path's response to a symbol one sample long, from the first
    sample of its record on; noise and crosstalk are spared. A vendor's model says by it what its decision feedback takes off.

    >>> sirf.Receiver(noise_corner="40 GHz", dfe=(0.1, 0.02)).noise_corner
    40000000000.0
    """

    noise_corner: float | None
    noise_density: float = 0.0
    ctle: AnyCtle | None = None
    ffe: tuple[float, ...] = field(default=(1.0,), metadata={OF_UNIT_SCALE: True})
    ffe_main: int = 0
    dfe: tuple[float, ...] = field(default=(), metadata={OF_UNIT_SCALE: True})
    sampling_offset_ui: float = field(default=0.0, metadata={OF_UNIT_SCALE: True})
    mlse: Mlse | None = None
    thresholds: Thresholds = "adapted"
    vga: Vga | None = None
    converter: Converter | None = None
    clock: ClockRecovery | None = None
    wander: Wander | None = None
    adaptation: Adaptation | None = None
    dfe_unrolled: bool = False
    cancellation: SampledFilter | None = None
    # left out of digests at its default, so that counts of links without it stay those of earlier versions
    sampling: SamplingCriterion = field(default=MUELLER_MULLER, metadata={OMITTED_AT_DEFAULT: True})

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, noise_corner=FREQUENCY)
        if self.noise_corner is not None and not self.noise_corner > 0:
            raise SirfError(f"noise_corner must be positive Hz, got {self.noise_corner}. Try 0.75 of the symbol rate.")
        if not 0 <= self.noise_density < float("inf"):
            raise SirfError(f"noise_density must be zero or positive V²/Hz, got {self.noise_density}. Use 0 for none.")
        if self.noise_density and self.noise_corner is None:
            raise SirfError(
                f"noise_corner must be given with a noise_density, got None and {self.noise_density:g} V²/Hz: white "
                "noise without a filter has no power of its own. Give the corner in Hz, for example 0.75 of the symbol rate."
            )
        if not 0 <= self.ffe_main < len(self.ffe):
            raise SirfError(
                f"ffe_main must be an index into the {len(self.ffe)} taps of ffe, got {self.ffe_main}. "
                "Point it at the main tap."
            )
        check_thresholds(self.thresholds)
        if self.sampling not in SAMPLING_CRITERIA:
            raise SirfError(
                # named here, since a wrong word would pass as text until an engine reads it
                f"sampling must be one of {', '.join(SAMPLING_CRITERIA)}, got {self.sampling!r}. Use 'mueller-muller'."
            )
        # what a search leaves of a tap that it does not need is no feedback: errors do not propagate through it
        taps = tuple(0.0 if abs(tap) < SMALLEST_TAP else tap for tap in self.dfe)
        object.__setattr__(self, "dfe", taps)
        if self.mlse is not None and len(self.dfe) < self.mlse.memory:
            raise SirfError(
                f"dfe must hold the {self.mlse.memory} taps of the sequence detector's target, got {len(self.dfe)}. "
                "Give them, or search with an equaliser that has them."
            )
        if self.adaptation is not None:
            self.adaptation.table(self.adaptation.ffe_limits, len(self.ffe), "ffe_limits")
            self.adaptation.table(self.adaptation.dfe_limits, len(self.dfe), "dfe_limits")
        if self.dfe_unrolled and not self.dfe:
            raise SirfError("dfe_unrolled must come with a first DFE tap, got no taps. Give dfe=(0.0,) at least.")

    @property
    def digital(self) -> bool:
        """Whether the FFE works on samples, one by one, because what comes before it is not linear or it adapts."""
        # steps of zero adapt nothing
        adapts = self.adaptation is not None and (self.adaptation.ffe_step > 0 or self.adaptation.gain_step > 0)
        return self.vga is not None or self.converter is not None or adapts

    def replace(self, **changes: Any) -> Receiver:
        """The same with some fields changed.

        >>> sirf.Receiver(noise_corner="40 GHz").replace(dfe=(0.1,)).dfe
        (0.1,)
        """
        return replace(self, **changes)

    def without_equalizers(self) -> Receiver:
        """Noise filter and noise alone: what is left where a vendor's model does the rest."""
        # what the bench and the package put there, whoever's equaliser follows
        return Receiver(noise_corner=self.noise_corner, noise_density=self.noise_density)

    def analog_transfer(self, frequency: NDArray[Any]) -> NDArray[np.complex128]:
        """Noise filter times CTLE (F,): all that comes before the sampler."""
        response = np.ones(np.shape(frequency), dtype=complex)
        # without a filter noise has none: a receiver of ideal decisions
        if self.noise_corner is not None:
            response = response * butterworth4(frequency, self.noise_corner)
        if self.ctle is not None:
            response = response * self.ctle.transfer(frequency)
        return response

"""A ring modulator's heater: drift with the ambient, heat of its own light, and what the control loop leaves of both."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from math import pi, sqrt

import numpy as np

from sirf.errors import PhysicsError
from sirf.optics.modulator import Ring
from sirf.optics.stage import check
from sirf.units import FREQUENCY, parse_symbol_rate, read_text_fields

SURE_DEVIATIONS = 3.0
"""Deviations of the slow wander by patterns that count as detuning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingHeater:
    """A heater that holds a ring's resonance below its laser, in a loop that integrates the error of the detuning.

    The resonance falls by `drift` Hz/K; the ambient spans `temperature_span` K and changes by at most `ambient_rate` K/s.
    `heater_power` W/Hz moves the ring, and so does the share `absorbed` of the light that is lost in it: a watt of heat is a
    watt of heat. Heat comes and goes with a pole at `thermal_bandwidth` Hz. The loop settles with a pole at `loop_bandwidth` Hz,
    slow beside the former; sensor and steps of the heater leave `lock_error` Hz. Rings are made within `spread` Hz, and heated
    to the far end. `symbol_rate` baud is that of the symbols whose light heats the ring.
    """

    drift: float
    temperature_span: float
    ambient_rate: float
    heater_power: float
    spread: float
    absorbed: float
    thermal_bandwidth: float
    loop_bandwidth: float
    lock_error: float
    symbol_rate: float

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(
            self, thermal_bandwidth=FREQUENCY, loop_bandwidth=FREQUENCY, lock_error=FREQUENCY, spread=FREQUENCY
        )
        object.__setattr__(self, "symbol_rate", parse_symbol_rate(self.symbol_rate))
        check("drift", self.drift, 0.0, 1e12, "Give Hz/K, for example 12e9.")
        check("temperature_span", self.temperature_span, 0.0, 300.0, "Give K.")
        check("ambient_rate", self.ambient_rate, 0.0, 1e6, "Give K/s, for example 1.")
        check("heater_power", self.heater_power, 1e-17, 1e-6, "Give W/Hz, for example 2.3e-14.")
        check("spread", self.spread, 0.0, 1e14, "Give Hz, for example 400e9.")
        check("absorbed", self.absorbed, 0.0, 1.0, "Give a share of the light that is lost in the ring.")
        check("thermal_bandwidth", self.thermal_bandwidth, 1.0, 1e9, "Give Hz, for example 40e3.")
        # the loop's poles are those of its formulas only while heat is the faster one
        check(
            "loop_bandwidth", self.loop_bandwidth, 1e-3, 0.25 * self.thermal_bandwidth, "Keep it below the heat's pole."
        )
        check("lock_error", self.lock_error, 0.0, 1e12, "Give Hz, for example 3e9.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RingControl:
    """What a `RingHeater` makes of a ring in its light.

    In Hz: `drift` over the whole span of temperature without a loop, `self_heating` at the bias, `feedback` the factor by which
    self-heating holds against a detuning (one without light), `tracking` the loop's error behind the ambient, `wander` rms by
    the patterns of random symbols, `error` of the detuning, with the sign that costs more light. `power` W heats on average.
    """

    drift: float
    self_heating: float
    feedback: float
    tracking: float
    wander: float
    error: float
    power: float


@lru_cache(maxsize=256)
def controlled(heater: RingHeater, ring: Ring, power: float) -> tuple[Ring, RingControl]:
    """`ring` as its `heater` holds it, with `power` W of light before it, and what the loop leaves.

    Heat lowers the resonance, so light that is lost beyond the resonance's flank drives a laser above it farther away, where less
    is lost: stable. A laser below is drawn in, and needs less light. Raises `PhysicsError` where heat runs away faster than a
    loop can follow.
    """
    # how far a watt of light moves the resonance, Hz/W
    by_light = heater.absorbed / heater.heater_power
    lost, flank = _lost(ring, power)
    # a shift d of the resonance by anything else is one of d / feedback after self-heating has answered
    feedback = 1.0 - by_light * flank
    if feedback <= 0.0:
        raise PhysicsError(
            f"detuning must keep the ring from running away with its heat, got {ring.detuning / 1e9:g} GHz for "
            f"{1e3 * power:.3g} mW of light. Put the laser above the resonance or lower its power."
        )
    # an integrator follows a ramp with a lag of rate over bandwidth
    tracking = heater.drift * heater.ambient_rate / (2.0 * pi * heater.loop_bandwidth * feedback)
    # random symbols heat like white noise of density 2 T variance; no modulation varies more than all light or none
    full = 0.5 * power * 10.0 ** (-ring.insertion_loss_db / 10.0)
    wander = by_light * full * sqrt(pi * heater.thermal_bandwidth / (heater.symbol_rate * feedback))
    size = heater.lock_error + tracking + SURE_DEVIATIONS * wander
    # of both signs of the error the one on the flatter flank: less slope of light for each volt
    error = min((size, -size), key=lambda moved: abs(_lost(_detuned(ring, moved), power)[1]))
    # to the far end of what was made and of the temperatures, half of it on average, less what light does of it
    heated = max(0.5 * (heater.spread + heater.drift * heater.temperature_span) - by_light * lost, 0.0)
    return _detuned(ring, error), RingControl(
        drift=heater.drift * heater.temperature_span,
        self_heating=by_light * lost,
        feedback=feedback,
        tracking=tracking,
        wander=wander,
        error=error,
        power=heater.heater_power * heated,
    )


def _detuned(ring: Ring, error: float) -> Ring:
    return dataclasses.replace(ring, detuning=ring.detuning + error)


def _lost(ring: Ring, power: float) -> tuple[float, float]:
    """Light in W that is lost in the ring at its bias, and its derivative by the detuning in W/Hz."""
    passing = float(10.0 ** (-ring.insertion_loss_db / 10.0))
    # what would pass without the resonance less what passes: absorbed and scattered
    light = power * (passing - float(ring.curve(np.zeros(1))[0]))
    # of a Lorentzian: -2 x / (1 + x²) a half width
    half = 0.5 * ring.linewidth
    x = ring.detuning / half
    return light, -2.0 * x / (1.0 + x * x) * light / half

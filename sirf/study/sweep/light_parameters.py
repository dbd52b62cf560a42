"""Parameters of light: sources, rings, the receiver's amplifier, glass."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

from sirf.errors import ConfigError
from sirf.optics.library import OpticsPreset
from sirf.optics.modulator import Ring
from sirf.optics.rate_equations import RateEquationVcsel
from sirf.optics.source import Laser, Vcsel
from sirf.study.sweep.frozen import found, get, mapped, replaced
from sirf.study.sweep.inputs import Inputs, SweepParameter


def optics_parameter(name: str, title: str, unit: str, place: str, scale: float = 1.0) -> SweepParameter:
    """A number of the optical path at a dotted place, `scale` SI units each."""

    def apply(inputs: Inputs, value: float) -> Inputs:
        optics = _need_optics(inputs, name)
        return dataclasses.replace(inputs, optics=replaced(optics, f"path.{place}", scale * value))

    def nominal(inputs: Inputs) -> float | None:
        return None if inputs.optics is None else get(inputs.optics, f"path.{place}") / scale

    return SweepParameter(name=name, title=title, unit=unit, root="optics", nominal=nominal, apply=apply)


def _of_source(
    name: str, title: str, unit: str, read: Callable[[Any], float], write: Callable[[Any, float], Any], kinds: Any
) -> SweepParameter:
    def apply(inputs: Inputs, value: float) -> Inputs:
        optics = _need_optics(inputs, name)
        if not isinstance(optics.path.source, kinds):
            raise ConfigError(f"{name} must belong to a source that has it, got {type(optics.path.source).__name__}.")
        return dataclasses.replace(inputs, optics=replaced(optics, "path.source", write(optics.path.source, value)))

    def nominal(inputs: Inputs) -> float | None:
        if inputs.optics is None or not isinstance(inputs.optics.path.source, kinds):
            return None
        return read(inputs.optics.path.source)

    return SweepParameter(name=name, title=title, unit=unit, root="optics", nominal=nominal, apply=apply)


def _ring_detuning() -> SweepParameter:
    """Detuning of a ring modulator from its bias point, in line widths of its own: what a heater's control leaves."""

    def apply(inputs: Inputs, value: float) -> Inputs:
        optics = _need_optics(inputs, "ring_detuning_error")
        if not found(optics, Ring):
            raise ConfigError("ring_detuning_error must belong to optics with a ring, got none. Leave it out.")

        def change(ring: Ring) -> Ring:
            return dataclasses.replace(ring, detuning=ring.detuning + value * ring.linewidth)

        return dataclasses.replace(inputs, optics=mapped(optics, Ring, change))

    return SweepParameter(
        name="ring_detuning_error",
        title="error of the ring's detuning",
        unit="line widths",
        root="optics",
        # an error about the bias point, which is none where nothing is varied
        nominal=lambda inputs: 0.0 if inputs.optics is not None and found(inputs.optics, Ring) else None,
        apply=apply,
    )


def _need_optics(inputs: Inputs, name: str) -> OpticsPreset:
    if inputs.optics is None:
        raise ConfigError(f"{name} must belong to a base with optics, got copper only. Leave it out.")
    return inputs.optics


LIGHT_PARAMETERS = (
    _of_source(
        "laser_power_dbm",
        "power of the laser",
        "dBm",
        lambda source: 10.0 * math.log10(source.power / 1e-3),
        lambda source, value: dataclasses.replace(source, power=1e-3 * 10.0 ** (value / 10.0)),
        Laser,
    ),
    _of_source(
        "rin_db_per_hz",
        "relative intensity noise",
        "dB/Hz",
        lambda source: source.rin_db_per_hz,
        lambda source, value: dataclasses.replace(source, rin_db_per_hz=value),
        (Laser, Vcsel, RateEquationVcsel),
    ),
    _ring_detuning(),
    optics_parameter("responsivity", "responsivity of the photodiode", "A/W", "receiver.photodiode.responsivity"),
    optics_parameter("amplifier_noise_pa", "noise of the amplifier", "pA/sqrt(Hz)", "receiver.tia.noise", 1e-12),
    optics_parameter("coupling_loss_db", "coupling loss", "dB", "coupling_loss_db"),
    optics_parameter("fibre_length_m", "length of fibre", "m", "fibre.length"),
)
"""In the order in which a study lists them."""

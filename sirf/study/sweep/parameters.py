"""What a study can vary: a register of named parameters with unit and place, and every other number by its dotted place.

A parameter changes a copy of the frozen `Inputs`: path, optics, link and equaliser limits. The values themselves refuse what
their models do not cover, so a tolerance that leaves the physical range ends the case with that sentence.
"""

from __future__ import annotations

import dataclasses
import difflib
from typing import Any

from sirf.errors import ConfigError
from sirf.link import Link
from sirf.presets import EqualizerLimits
from sirf.study.host_models import SIDES
from sirf.study.sweep.copper_parameters import COPPER_PARAMETERS, segment_parameter
from sirf.study.sweep.frozen import replaced
from sirf.study.sweep.inputs import Inputs, Kind, SweepParameter
from sirf.study.sweep.light_parameters import LIGHT_PARAMETERS, optics_parameter
from sirf.study.sweep.parts import Value


def _link(name: str, title: str, unit: str, place: str, scale: float = 1.0) -> SweepParameter:
    """A number of every link, set once the link is built."""

    def apply(inputs: Inputs, value: float) -> Inputs:
        # kept until the link is built: places refer to it
        return dataclasses.replace(inputs, link_changes=(*inputs.link_changes, (place, scale * value)))

    # without a nominal value: that is the preset's, and known only once the link is built
    return SweepParameter(name=name, title=title, unit=unit, root="link", apply=apply)


def _limit(name: str, title: str, unit: str) -> SweepParameter:
    """A setting of the equaliser that is held while the search chooses the others."""

    def apply(inputs: Inputs, value: float) -> Inputs:
        # settings that are held: the search has one value for each of them
        return dataclasses.replace(inputs, limits=(*inputs.limits, (name, value)))

    return SweepParameter(name=name, title=title, unit=unit, root="limits", apply=apply)


def _subject(name: str, title: str, unit: str = "", kind: Kind = "name") -> SweepParameter:
    return SweepParameter(name=name, title=title, unit=unit, root="subject", kind=kind)


PARAMETERS: dict[str, SweepParameter] = {
    parameter.name: parameter
    for parameter in (
        _subject("architecture", "architecture"),
        _subject("path", "path"),
        _subject("standard", "standard"),
        _subject("material", "laminate"),
        _subject("file", "Touchstone file"),
        _subject("package_case", "package test case", kind="number"),
        _subject("modulation", "modulation at one net rate"),
        _subject("data_rate_gbps", "data rate of a lane", "Gb/s", "number"),
        *COPPER_PARAMETERS,
        *LIGHT_PARAMETERS,
        _link("transmitter_snr_db", "signal over noise of the transmitter", "dB", "transmitter.snr_db"),
        _link("level_mismatch", "level mismatch R_LM", "", "transmitter.level_mismatch"),
        _link("jitter_random_ui", "random jitter", "UI", "transmitter.jitter.random_ui"),
        _link("jitter_dual_dirac_ui", "dual-Dirac jitter", "UI", "transmitter.jitter.dual_dirac_ui"),
        _link("noise_density_v2_per_ghz", "noise at the receiver", "V2/GHz", "receiver.noise_density", 1e-9),
        _link("rise_time_ps", "rise time of the transmitter", "ps", "transmitter.rise_time", 1e-12),
        _limit("tx_ffe_-1", "transmitter tap c(-1)", ""),
        _limit("tx_ffe_-2", "transmitter tap c(-2)", ""),
        _limit("tx_ffe_1", "transmitter tap c(1)", ""),
        _limit("ctle_g_dc_db", "CTLE gain", "dB"),
        _limit("ctle_g_dc2_db", "second CTLE gain", "dB"),
    )
}
"""Every parameter by name."""
PLACES = {
    "path": "path.SEGMENT.FIELD",
    "optics": "optics.FIELD",
    "link": "link.FIELD",
    "tx": "tx.NAME",
    "rx": "rx.NAME",
}
"""Roots of dotted places, for values that have no entry in the register; in SI units, of a vendor's model in the model's own."""


def parameter_of(name: str) -> SweepParameter:
    """The parameter of a name, or of a dotted place such as "path.board.line.gap", "link.receiver.noise_corner", "tx.post1".

    Raises `ConfigError` naming the nearest.
    """
    if name in PARAMETERS:
        return PARAMETERS[name]
    root, _, place = name.partition(".")
    if place and root == "link":
        # under the name that the study uses
        return dataclasses.replace(_link(name, place, "SI", place), name=name)
    if place and root == "optics":
        return optics_parameter(name, place, "SI", place)
    if place and root == "path":
        return segment_parameter(name, place)
    if place and root in SIDES:
        return _of_model(name)
    # cutoff 0: there is always a nearest
    near = difflib.get_close_matches(name, PARAMETERS, n=1, cutoff=0.0)[0]
    raise ConfigError(
        f"parameter must be one of {', '.join(PARAMETERS)}, or a place such as {', '.join(PLACES.values())}, got {name!r}. "
        f"Did you mean '{near}'?"
    )


def _of_model(name: str) -> SweepParameter:
    """An In parameter of the vendor's model of one side."""

    def apply(inputs: Inputs, value: Value) -> Inputs:
        return dataclasses.replace(inputs, models=inputs.models.with_value(name, value))

    return SweepParameter(
        name=name,
        title=name,
        unit="",
        root="model",
        kind="value",
        nominal=lambda inputs: inputs.models.number(name),
        apply=apply,
    )


def changed_link(link: Link, inputs: Inputs) -> Link:
    """The link with the case's link changes and equaliser limits."""
    changes: dict[str, Any] = {}
    for place, value in inputs.link_changes:
        first, _, rest = place.partition(".")
        # a change on top of earlier ones to the same part
        part = changes.get(first, getattr(link, first, None))
        if part is None:
            raise ConfigError(f"link.{place} must exist, got no {first} in a link. Name transmitter or receiver.")
        changes[first] = replaced(part, rest, value) if rest else value
    if inputs.limits:
        changes["limits"] = _held(link.limits, inputs.limits)
    return link.replace(**changes) if changes else link


def _held(limits: EqualizerLimits, held: tuple[tuple[str, float], ...]) -> EqualizerLimits:
    """Limits in which the named settings have one value each."""
    for name, value in held:
        if name.startswith("tx_ffe_"):
            cursor = int(name.removeprefix("tx_ffe_"))
            # a tap that the standard has not would never be searched
            if cursor not in dict(limits.tx_ffe):
                raise ConfigError(f"{name} must be a tap of the standard, got taps {[c for c, _ in limits.tx_ffe]}.")
            taps = tuple((c, (value,) if c == cursor else values) for c, values in limits.tx_ffe)
            limits = dataclasses.replace(limits, tx_ffe=taps)
        else:
            changes: dict[str, Any] = {name.removeprefix("ctle_"): (value,)}
            limits = dataclasses.replace(limits, **changes)
    return limits

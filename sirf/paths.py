"""The three ways from a switch die to the optics, `pluggable`, `npo`, `cpo`, and passive copper, `cable` (see `data/paths`)."""

from __future__ import annotations

from sirf.channel.path import Path, RateClass, Segment, load_path

__all__ = ["Path", "RateClass", "Segment", "cable", "cpo", "load_path", "npo", "pluggable"]


def pluggable(
    length: str | float | None = None, *, material: str | None = None, rate_class: RateClass = "200g"
) -> Path:
    """Faceplate module: host die and package, host board of `length`, connector, module board, module package and die.

    `length` as text with a unit or in m; `material` of the host board and its vias; `rate_class` of the dies and packages.

    >>> pluggable("10 in", material="megtron6").trace_length_m
    0.254
    """
    return load_path("pluggable", length=length, material=material, rate_class=rate_class)


def npo(length: str | float | None = None, *, material: str | None = None, rate_class: RateClass = "200g") -> Path:
    """Near-packaged optics: host die and package, a short board of `length`, socket, optical engine."""
    return load_path("npo", length=length, material=material, rate_class=rate_class)


def cpo(length: str | float | None = None, *, material: str | None = None, rate_class: RateClass = "200g") -> Path:
    """Co-packaged optics: `length` of package substrate from the host die to the optical engine.

    The substrate is a COM package line; `material` has no board to apply to.
    """
    return load_path("cpo", length=length, material=material, rate_class=rate_class)


def cable(length: str | float | None = None, *, material: str | None = None, rate_class: RateClass = "200g") -> Path:
    """Passive copper cable: `length` of twin cable between two connectors, a host board and a package at each end.

    Its coupling capacitor blocks DC, so channels made of it start above DC.

    >>> cable("2 m").trace_length_m
    2.0
    """
    return load_path("cable", length=length, material=material, rate_class=rate_class)

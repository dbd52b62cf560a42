"""The three ways from a switch die to the optics: `pluggable`, `npo`, `cpo` (see `data/paths`)."""

from __future__ import annotations

from sirf.channel.path import Path, RateClass, Segment, load_path

__all__ = ["Path", "RateClass", "Segment", "cpo", "load_path", "npo", "pluggable"]


def pluggable(
    *, length: str | float | None = None, material: str | None = None, rate_class: RateClass = "100g"
) -> Path:
    """Faceplate module: host package, host board of `length`, connector, module board, module die."""
    return load_path("pluggable", length=length, material=material, rate_class=rate_class)


def npo(*, length: str | float | None = None, material: str | None = None, rate_class: RateClass = "100g") -> Path:
    """Near-packaged optics: host package, a short board of `length`, socket, optical engine."""
    return load_path("npo", length=length, material=material, rate_class=rate_class)


def cpo(*, length: str | float | None = None, material: str | None = None, rate_class: RateClass = "100g") -> Path:
    """Co-packaged optics: `length` of package substrate from die to optical engine.

    The substrate follows the COM package line of the rate class; `material` has no board to apply to.
    """
    return load_path("cpo", length=length, material=material, rate_class=rate_class)

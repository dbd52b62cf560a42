"""`sirf reach`, `sirf map`, `sirf crossover`: studies of length on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sirf.errors import SirfError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sirf.study.reach import Reach

Update = Callable[[str, int, int], None]
"""Shows progress: what was done, steps done, steps in all."""
USUAL = "802.3ck-c2m"
"""The standard of a path that is given without one."""
STEPS = 14
"""Lengths that a search tries, about."""


def reach(
    path: str,
    *,
    standard: str | None,
    data_rate: float | None,
    limits: Mapping[str, Any],
    fec: str,
    out: Path | None,
    update: Update,
) -> Reach:
    """Reach of a path, an architecture (`data_rate` in Gb/s) or optics; writes its curve where `out` is given."""
    from sirf.study.reach import reach as find

    given = {name: value for name, value in limits.items() if value is not None}
    if len(given) > 1:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in limits)
        raise SirfError(f"limit must be one of {options}, got {len(given)}. Give one.")
    tried: list[float] = []

    def step(length: float, value: float) -> None:
        tried.append(length)
        update(f"{1e3 * length:.0f} mm: {value:.3g}", len(tried), max(STEPS, len(tried)))

    result = find(
        path, standard=standard_of(path, standard, data_rate), limit=given or None, fec=fec, progress=step,
        data_rate=None if data_rate is None else 1e9 * data_rate,
    )  # fmt: skip
    if out is not None:
        from sirf import plot

        picture(out, lambda axes: plot.reach(result, axes))
    return result


def standard_of(path: str, standard: str | None, data_rate: float | None) -> str | None:
    """The standard given, or the usual one for what can only be a path."""
    from sirf._data import list_data, load_toml
    from sirf.system.architecture import FAMILIES

    if standard is not None or data_rate is not None:
        return standard
    if path.endswith(".toml"):
        return USUAL if "segment" in load_toml(path) else None
    only_a_path = path in list_data("paths") and path not in (*list_data("architectures"), *FAMILIES)
    return USUAL if only_a_path else None


def pair_of(text: str | None) -> tuple[float, float] | None:
    """(height in mV, width in UI) of a mask written as 10,0.1."""
    if text is None:
        return None
    try:
        height, width = (float(part) for part in text.split(","))
    except ValueError:
        raise SirfError(f"eye mask must be a height in mV and a width in UI, got {text!r}. Write 10,0.1.") from None
    return height, width


def picture(out: Path, draw: Callable[[Axes], object], size: tuple[float, float] = (7.0, 4.2)) -> None:
    """Draw on new axes and write the picture."""
    from sirf.plot._axes import new_figure

    figure, axes = new_figure(size)
    draw(axes[0])
    try:
        figure.savefig(out, dpi=150)
    except (OSError, ValueError) as error:
        raise SirfError(
            f"out must be a picture file that can be written, got {out} ({error}). Name a .png file."
        ) from error

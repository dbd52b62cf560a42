"""`sirf reach`, `sirf map`, `sirf crossover`: studies of length on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sirf.errors import SirfError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sirf.study.crossover import Crossover
    from sirf.study.maps import Map
    from sirf.study.reach import Reach
    from sirf.study.subject import Subject

Update = Callable[[str, int, int], None]
"""Shows progress: what was done, steps done, steps in all."""
USUAL = "802.3ck-c2m"
"""The standard of a path that is given without one."""
STEPS = 14
"""Lengths that a search tries, about."""
KINDS = ("length-loss", "length-rate", "material-roughness")
LAMINATES, ROUGHNESS_UM = (
    "fr4,megtron4,megtron6,megtron7,megtron8n,megtron8u,tachyon100g",
    "0,0.15,0.3,0.45,0.6,0.8,1,1.5",
)
"""Axes of a map of materials by default."""


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
        place = f"{1e3 * length:.0f} mm" if length < 10.0 else f"{length:.0f} m"
        update(f"{place}: {value:.3g}", len(tried), max(STEPS, len(tried)))

    result = find(
        path, standard=standard_of(path, standard, data_rate), limit=given or None, fec=fec, progress=step,
        data_rate=None if data_rate is None else 1e9 * data_rate,
    )  # fmt: skip
    if out is not None:
        from sirf import plot

        picture(out, lambda axes: plot.reach(result, axes))
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Grids:
    """Axes of maps as comma lists; what is not given follows from the path, its standard or its architecture."""

    lengths: str | None = None
    losses: str | None = None
    rates: str | None = None
    materials: str | None = None
    roughness: str | None = None

    def lengths_m(self, subject: Subject) -> list[float]:
        """From half to four times the path's own, evenly in ratio; given in mm."""
        own = subject.length_m
        return [1e-3 * length for length in _numbers("lengths", self.lengths)] or _even(
            0.5 * own, min(4.0 * own, 5.0), 10
        )

    def losses_db_per_inch(self, subject: Subject) -> list[float]:
        """From half of the line's own, or the least that it can have, to two and a half times."""
        from sirf.presets import load
        from sirf.study.scaled import least_loss_db_per_inch, loss_db_per_inch
        from sirf.study.subject import PathSubject

        assert isinstance(subject, PathSubject)
        nyquist = 0.5 * load(subject.standard).symbol_rate
        own, least = (ask(subject.path, nyquist) for ask in (loss_db_per_inch, least_loss_db_per_inch))
        return _numbers("losses", self.losses) or _even(max(1.02 * least, 0.5 * own), 2.5 * own, 7)

    def rates_bps(self, standard: str | None) -> list[float] | None:
        """Of a standard from half to five quarters of its own; an architecture has its own (None). Given in Gb/s."""
        from sirf.presets import load

        given = [1e9 * rate for rate in _numbers("rates", self.rates)]
        return given or (
            None if standard is None else _even(0.5 * load(standard).data_rate, 1.25 * load(standard).data_rate, 7)
        )


def map_of(
    kind: str,
    path: str,
    *,
    standard: str | None,
    figure: str,
    grids: Grids,
    limit: float | None,
    out: Path | None,
    update: Update,
) -> Map:
    """One of the three maps; writes it as a picture where `out` is given."""
    from sirf.study import maps
    from sirf.study.subject import subject_of

    if kind not in KINDS:
        raise SirfError(f"kind of map must be one of {', '.join(KINDS)}, got {kind!r}. Use length-loss.")
    if standard is None:
        standard = standard_of(path, None, None) if kind == "length-rate" else _usual(path, kind)
    subject = subject_of(path, standard=standard)
    if kind == "length-rate":
        result = maps.length_rate_map(path, standard=standard, lengths=grids.lengths_m(subject), figure=figure,
                                      rates=grids.rates_bps(standard), progress=update)  # fmt: skip
    elif kind == "length-loss":
        result = maps.length_loss_map(path, standard=str(standard), lengths=grids.lengths_m(subject), figure=figure,
                                      losses_db_per_inch=grids.losses_db_per_inch(subject), progress=update)  # fmt: skip
    else:
        length = [1e-3 * n for n in _numbers("lengths", grids.lengths)] or [subject.length_m]
        result = maps.material_roughness_map(path, standard=str(standard), length=length[0], figure=figure, progress=update,
                                             materials=(grids.materials or LAMINATES).split(","),
                                             roughness_um=_numbers("roughness", grids.roughness or ROUGHNESS_UM))  # fmt: skip
    if out is not None:
        from sirf import plot

        picture(out, lambda axes: plot.map(result, axes, limit=limit))
    return result


def crossover(
    challenger: str,
    rivals: list[str] | None,
    *,
    data_rate: float,
    limit: Mapping[str, float | None],
    out: Path | None,
    update: Update,
) -> Crossover:
    """Crossover of a challenger against rivals, all others by default; `data_rate` in Gb/s."""
    from sirf.study.crossover import crossover as find

    given = {name: value for name, value in limit.items() if value is not None}
    result = find(challenger, rivals or None, data_rate=1e9 * data_rate, limit=given or None, progress=update)
    if out is not None:
        from sirf import plot

        picture(out, lambda axes: plot.crossover(result, axes), (9.0, 4.8))
    return result


def _usual(path: str, kind: str) -> str:
    """The usual standard, for a path; an architecture has no line of its own to change."""
    from sirf._data import list_data

    paths = list_data("paths")
    if path not in paths and not path.endswith(".toml"):
        raise SirfError(f"path must be one of {', '.join(paths)} or a .toml file for {kind}, got {path!r}. Name one.")
    return USUAL


def _even(first: float, last: float, count: int) -> list[float]:
    """`count` values evenly in ratio, to three digits."""
    return [float(f"{first * (last / first) ** (index / (count - 1)):.3g}") for index in range(count)]


def _numbers(name: str, text: str | None) -> list[float]:
    if text is None:
        return []
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise SirfError(f"{name} must be numbers with commas, got {text!r}. Write for example 50,100,200.") from None


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
    from sirf.plot._axes import new_figure, save_figure

    figure, axes = new_figure(size)
    draw(axes[0])
    save_figure(figure, out)

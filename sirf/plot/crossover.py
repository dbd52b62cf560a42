"""Energy per bit of rivals over the length of their electrical paths, against a challenger of fixed length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sirf.plot._axes import axes_or_new, plain
from sirf.plot._palette import AMBER, BLUE, DARK, GREEN, ORANGE, PINK, SKY
from sirf.plot._titles import set_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sirf.study.crossover import Crossing, Crossover

Dash = str | tuple[int, tuple[int, ...]]
_STYLES: tuple[tuple[str, Dash], ...] = (
    (BLUE, "-"),
    (SKY, "--"),
    (GREEN, "-."),
    (AMBER, (0, (5, 1))),
    (PINK, (0, (3, 1, 1, 1))),
    ("#882255", (0, (1, 1))),
    ("#6f4e37", (0, (7, 2))),
    ("#555555", (0, (3, 1, 1, 1, 1, 1))),
)
"""Colour and dash of each rival: told apart in grey too."""
APART = 0.06
"""Least distance of two names at the right edge, in heights of the picture."""


def crossover(result: Crossover, ax: Axes | None = None) -> Axes:
    """Energy in pJ/bit over length in mm, one line for each rival as far as it works, its name and verdict at the right edge.

    The challenger is the level line with its band; a ringed dot marks where it takes over, a cross where a rival's reach ends
    before the longest length tried. A rival's own band is the bar at the end of its line.
    """
    from sirf.study.figures import FIGURES

    axes = axes_or_new(ax, (9.0, 4.8))
    energy = result.energy
    axes.axhspan(energy.low, energy.high, color=ORANGE, alpha=0.12, linewidth=0)
    axes.axhline(energy.value, color=ORANGE, linewidth=2.2)
    own = f"{result.challenger}, {result.length_mm:.0f} mm"
    names: list[tuple[float, str, str, Dash]] = [(energy.value, own, ORANGE, "-")]
    for index, row in enumerate(result.rows):
        colour, dash = _STYLES[index % len(_STYLES)]
        names.append((_rival(axes, row, colour, dash), f"{row.rival}: {_words(row)}", colour, dash))
    name, bound = result.limit
    # logarithmic, for reaches lie between millimetres of a package and metres of cable
    axes.set(xscale="log", xlabel="length of the rival's line or cable (mm)", ylabel="energy (pJ/bit)")
    # from zero, so that heights are in the ratio of the energies
    axes.set_ylim(bottom=0.0)
    set_title(
        axes,
        f"From which length on {result.challenger} takes less energy",
        f"{result.data_rate / 1e9:g} Gb/s a lane",
        f"{FIGURES[name].title} {bound:g} from host to host",
        "bars and band: uncertainty of the energy",
    )
    axes.grid(visible=True, which="major", linewidth=0.4, color="0.9")
    axes.set_axisbelow(True)
    _write_names(axes, names)
    return axes


def _rival(axes: Axes, row: Crossing, color: str, dash: Dash) -> float:
    """Draw a rival; the energy at the end of its line, 0 where it works at no length."""
    if not row.curve:
        return 0.0
    length, _, low, value, high = np.array(row.curve).T
    axes.plot(length, value, color=color, linestyle=dash, linewidth=1.6)
    axes.errorbar(
        length[-1], value[-1], [[value[-1] - low[-1]], [high[-1] - value[-1]]], color=color, linewidth=1.0, capsize=3
    )
    if row.crossover_mm and row.cause == "energy":
        place = (row.crossover_mm, float(np.interp(row.crossover_mm, length, value)))
        axes.plot(*place, "o", color=color, markersize=9, markeredgecolor=DARK, markeredgewidth=1.2, zorder=4)
        axes.annotate(
            f"{row.crossover_mm:.0f} mm", place, (0, 9), textcoords="offset points", fontsize="small", ha="center"
        )
    if row.ends:
        axes.plot(length[-1], value[-1], "x", color=color, markersize=8, markeredgewidth=2.0)
    return float(value[-1])


def _write_names(axes: Axes, names: list[tuple[float, str, str, Dash]]) -> None:
    """Names at the right edge beside the ends of their lines, moved apart where they would lie over each other."""
    top = axes.get_ylim()[1]
    ordered = sorted(names, key=lambda name: name[0])
    # in heights of the axes
    places = [energy / top for energy, *_ in ordered]
    # from below upwards: each name as near to its line as the one below allows
    for k in range(1, len(places)):
        places[k] = max(places[k], places[k - 1] + APART)
    # the topmost name may not leave the picture: all move down together
    over = max(places[-1] - 1.0, 0.0)
    for place, (_, text, color, dash) in zip(places, ordered, strict=True):
        (sample,) = axes.plot([1.012, 1.055], [place - over] * 2, color=color, linestyle=dash, linewidth=1.8)
        sample.set(transform=axes.transAxes, clip_on=False)
        axes.text(1.065, place - over, plain(text), fontsize="small", va="center", transform=axes.transAxes)


def _words(row: Crossing) -> str:
    if row.crossover_mm is None:
        return "never"
    if row.crossover_mm == 0.0:
        return "always" if row.curve else "always, no length works"
    return f"from {row.crossover_mm:.0f} mm"

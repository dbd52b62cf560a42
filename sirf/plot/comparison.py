"""Architectures against each other: eyes on one scale, reach against energy per bit, error ratios with their band."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from sirf.errors import SirfError
from sirf.fec.library import KP4_BIT_ERROR_RATIO
from sirf.plot._axes import axes_or_new, empty_figure, plain
from sirf.plot._palette import AMBER, BLUE, GREEN, ORANGE, PINK, SKY
from sirf.plot.eye import eye as draw_eye
from sirf.system.architecture import ORDER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sirf.study.comparison import Comparison, Row

_MARKS = ("o", "s", "D", "^", "v", "<", ">", "P", "X")
_COLOURS = (BLUE, SKY, GREEN, AMBER, ORANGE, PINK, "#882255", "#6f4e37", "#222222")


def _styles(result: Comparison) -> list[tuple[str, str]]:
    """Mark and colour of each row: always the same for those of the default comparison, what these leave free for others."""
    paths = [row.path for row in result.rows]
    taken = {ORDER.index(path) for path in paths if path in ORDER}
    free = (place for place in count() if place not in taken)
    return [_mark_and_colour(ORDER.index(path) if path in ORDER else next(free)) for path in paths]


def _mark_and_colour(place: int) -> tuple[str, str]:
    """Of a place in the list; a colour that comes again has another mark."""
    # a colour that is used up comes again with the next mark
    again, place = divmod(place, len(_COLOURS))
    return _MARKS[(place + again) % len(_MARKS)], _COLOURS[place]


def row_label(result: Comparison, row: Row) -> str:
    """A row's name; in a set, whose rows are to go one distance, with the fibre that is most of it where there is light."""
    return f"{row.path} + {row.fibre_m:g} m fibre" if result.job and row.fibre_m else row.path


def energy_reach(result: Comparison, ax: Axes | None = None) -> Axes:
    """Energy per bit (bars: its range) against reach in mm, one mark for each row; rows without reach are left out.

    The reach is that of the copper: rows of a set say what fibre lies beside it. Hollow marks do not carry the job.
    """
    from matplotlib.ticker import LogLocator

    axes = axes_or_new(ax, (7.2, 4.6))
    for row, (mark, colour) in zip(result.rows, _styles(result), strict=True):
        if row.reach_mm is None:
            continue
        energy = row.energy
        # a comparison without a job has nothing to carry
        carried = not result.job or row.path in result.carriers
        axes.errorbar(
            row.reach_mm,
            energy.value,
            yerr=[[energy.value - energy.low], [energy.high - energy.value]],
            fmt=mark,
            color=colour,
            markerfacecolor=colour if carried else "none",
            capsize=3,
            markersize=7,
            label=row_label(result, row),
        )
    axes.set(
        xscale="log",
        xlabel="reach of the copper alone (mm); hollow: does not carry the job"
        if result.job
        else "reach of the electrical path (mm)",
        ylabel="energy (pJ/bit)",
        title=result.heading,
    )
    # lengths as they are read: less than a decade shows no power of ten
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(LogLocator(subs=(2.0, 3.0, 5.0)))
    axes.xaxis.set_minor_formatter("{x:g}")
    # numbers of both stand on one line
    axes.tick_params(axis="x", which="both", length=3.5, pad=3.5)
    # energies are compared by their lengths as well: an axis that begins elsewhere would exaggerate
    axes.set_ylim(bottom=0.0)
    axes.grid(visible=True, which="both", linewidth=0.4, color="0.9")
    axes.set_axisbelow(True)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    return axes


COLUMNS = 3
"""Eyes in a row of the picture of all."""


def eye_scale_mv(result: Comparison) -> float:
    """Half height in mV of a voltage axis on which every row's eye fits."""
    return max(map(row_scale_mv, result.rows))


def row_scale_mv(row: Row) -> float:
    """Half height in mV of a voltage axis on which a row's eye fits."""
    # levels, not the noise about them: a closed eye would otherwise shrink all others
    return 1.15e3 * float(row.eye.level_volts.max())


def eyes(result: Comparison, figure: Figure | None = None, *, own_scale: bool = False) -> Figure:
    """The eyes of all rows side by side, openings outlined at the one error ratio by which all are judged; returns the figure.

    All share one scale in mV, so that heights compare; with `own_scale` each fills its own.
    """
    total = len(result.rows)
    # rounded up
    lines = -(-total // COLUMNS)
    figure = empty_figure((4.2 * min(total, COLUMNS), 3.1 * lines)) if figure is None else figure
    # margins known beforehand take half the time of margins found
    figure.set_layout_engine(None)
    figure.subplots_adjust(
        left=0.06, right=0.99, bottom=0.5 / (3.1 * lines), top=1.0 - 0.3 / (3.1 * lines), wspace=0.06, hspace=0.16
    )
    grid = figure.subplots(lines, min(total, COLUMNS), squeeze=False, sharex=True, sharey=not own_scale)
    limit = eye_scale_mv(result)
    for place, (axes, row) in enumerate(zip(grid.flat, result.rows, strict=False)):
        draw_eye(row.eye, axes, limit_mv=None if own_scale else limit, contours=(row.eye.der0,))
        axes.set_title(plain(f"{row.path}, {row.length_mm:.0f} mm, {row.standard}"), fontsize="small")
        if own_scale:
            # every axis has numbers of its own, names stand at the edge
            axes.tick_params(axis="y", labelsize="x-small", direction="in", pad=-22)
            axes.set_ylabel("")
            # the time axis is one; its name above another row's title would run into it
            axes.set_xlabel(axes.get_xlabel() if place >= total - COLUMNS else "")
        else:
            axes.label_outer()
    for axes in grid.flat[total:]:
        axes.set_visible(False)
    return figure


def error_band(result: Comparison, ax: Axes | None = None) -> Axes:
    """Bit error ratio before FEC of each row with its uncertainty band, beside the threshold of KP4."""
    from matplotlib.ticker import NullLocator

    axes = axes_or_new(ax, (7.2, 4.0))
    for index, (row, (mark, colour)) in enumerate(zip(result.rows, _styles(result), strict=True)):
        # rows without a band have a mark alone
        low, high = row.bounds.get("ber", (None, None))
        # matplotlib counts upwards, a table downwards
        place = len(result.rows) - 1 - index
        if low is not None and high is not None:
            axes.plot(
                [max(low, LEAST), max(high, LEAST)],
                [place] * 2,
                color=colour,
                linewidth=7,
                alpha=0.35,
                solid_capstyle="butt",
            )
        axes.plot(max(row.ber, LEAST), place, mark, color=colour, markersize=7)
    axes.axvline(KP4_BIT_ERROR_RATIO, color="0.3", linestyle="--", linewidth=0.9)
    axes.text(KP4_BIT_ERROR_RATIO, -0.5, "KP4 ", fontsize="small", color="0.3", va="bottom", ha="right")
    axes.set(
        xscale="log",
        xlabel="bit error ratio from host to host, before FEC"
        + (f" (less than {LEAST:g} at {LEAST:g})" if any(row.ber < LEAST for row in result.rows) else ""),
        ylim=(-0.6, len(result.rows) - 0.4),
        yticks=range(len(result.rows)),
        yticklabels=[row.path for row in reversed(result.rows)],
        title=f"{result.heading}: nominal and band",
    )
    # as the tables write them
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(visible=True, axis="x", linewidth=0.4, color="0.9")
    axes.set_axisbelow(True)
    return axes


def reach_tornado(row: Row, ax: Axes | None = None) -> Axes:
    """What each input alone does to a row's reach in mm, the widest at the top, beside the band of all at random.

    Raises `SirfError` for a row whose band was not sampled (`sirf.compare(..., sampled=True)`).
    """
    found = row.reach_uncertainty
    if found is None or row.reach_mm is None:
        raise SirfError(f"row must have a sampled band of reach, got {row.path} without. Compare with sampled=True.")
    axes = axes_or_new(ax, (7.2, 3.2))
    places = range(len(found.inputs))[::-1]
    for place, one in zip(places, found.inputs, strict=True):
        for end, colour in ((one.worst_mm, ORANGE), (one.best_mm, BLUE)):
            axes.barh(place, end - row.reach_mm, left=row.reach_mm, color=colour, height=0.6)
    # behind the bars: single inputs may reach farther than nine of ten random ones
    axes.axvspan(found.low_mm, found.high_mm, color="0.85", zorder=0, label="all at random, 5 to 95 %")
    axes.axvline(row.reach_mm, color="0.2", linewidth=1.0)
    axes.set_yticks(list(places), [one.name.replace("_", " ") for one in found.inputs])
    axes.set(xlabel="reach (mm), orange: input at its worst, blue: at its best", title=row.path)
    axes.legend(fontsize="small", loc="lower right")
    return axes


# far below what any test could count: an axis down to what the engines resolve would press the other rows together
LEAST = 1e-24
"""Error ratios below are drawn here."""

"""Loss and reflection of the copper of every row of a comparison, between the planes of its class's budget, with masks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from sirf._arrays import Pixels
from sirf.channel.figures.loss import insertion_loss_db
from sirf.channel.figures.standard_limits import list_limits, load_limits
from sirf.plot._axes import empty_figure
from sirf.plot._palette import ORANGE
from sirf.plot._titles import set_title
from sirf.plot.channel import loss_lines
from sirf.presets import load
from sirf.report.frame import Frame, pixels_of, tiled
from sirf.study.comparison import Comparison, Row
from sirf.study.ruled_reach import between_planes
from sirf.study.sections import path_of
from sirf.system.architecture import Architecture, load_architecture

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

COLUMNS, STEP = 3, 20e6
"""Pictures in a line, and their frequency step in Hz."""
SIZE = 4.4, 3.3
"""Width and height of one picture in inches."""
MARGINS = 0.14, 0.98, 0.14, 0.87
"""Left, right, lower and upper edge of the axes as fractions of a picture."""
FLOOR_DB = -50.0
"""Least level shown: below is noise, and notches may leave the picture."""
LEGEND, ENTRIES = 0.3, (3, 5, 8)
"""Height in inches of a line of the legend, and its entries where one, two or three pictures stand side by side."""


def losses(result: Comparison, architectures: Mapping[str, Architecture]) -> Pixels:
    """Insertion and return loss of each row's copper at the length that the row has, one small picture a row (H, W, 3).

    Between the planes of the interface's budget (ball to ball where it states none), where the masks of its standard hold; a
    diamond marks the budget's loss at Nyquist. `architectures` holds by id those of the user's own files.
    """
    named: dict[str, Artist] = {}
    frame = Frame(SIZE, MARGINS)
    frame.axes.grid(color="0.92", linewidth=0.5)
    pictures = []
    for row in result.rows:
        frame.clear()
        _loss(frame.axes, row, architectures.get(row.path) or load_architecture(row.path))
        pictures.append(frame.picture())
        handles, labels = frame.axes.get_legend_handles_labels()
        named |= dict(zip(labels, handles, strict=True))
    whole = tiled(pictures, COLUMNS)
    return np.concatenate([whole, _legend(named, min(len(pictures), COLUMNS))[:, : whole.shape[1]]])


def _legend(named: Mapping[str, Artist], columns: int) -> Pixels:
    """One legend for all pictures (H, W, 3), as wide as so many of them, in letters that can be read."""
    entries = ENTRIES[columns - 1]
    figure = empty_figure((SIZE[0] * columns, LEGEND * -(-len(named) // entries)))
    figure.set_layout_engine(None)
    figure.legend(list(named.values()), list(named), loc="center", ncol=entries, fontsize="small", frameon=False)
    return pixels_of(figure)[..., :3]


def _loss(axes: Axes, row: Row, architecture: Architecture) -> None:
    interface = architecture.at(row.data_rate)
    # with host boards of another kind, the row's copper lies between two retimers
    between = interface.standard if architecture.host_path is None else str(interface.retimer_standard)
    budget, rate = interface.budget, load(between).symbol_rate
    # ball to ball where the class has no budget of its own
    plane = "ball" if budget is None else budget.plane
    path = path_of(architecture, row.data_rate, 1e-3 * row.length_mm)
    # a little beyond the symbol rate: Nyquist in the middle
    channel = between_planes(path, plane).to_channel(np.arange(0.0, 1.05 * rate, STEP))
    # a mask is of the channel between the balls of two packages
    masked = plane == "ball" and between in list_limits()
    loss_lines(axes, channel, load_limits(between) if masked else None, rate)
    axes.axvline(0.5e-9 * rate, color="0.35", linewidth=0.8, linestyle=":", label="Nyquist")
    lost = f"{float(insertion_loss_db(channel.through, 0.5 * rate)) + 0.0:.1f}"
    if budget is not None and budget.loss_db is not None:
        axes.plot(5e-10 * rate, -budget.loss_db, "D", color=ORANGE, markersize=6, label="budget")
        lost += f" of {budget.loss_db:g}"
    axes.set(xlabel="frequency (GHz)", ylabel="magnitude (dB)")
    axes.set(xlim=(0.0, channel.frequency[-1] / 1e9), ylim=(FLOOR_DB, 0.0))
    set_title(axes, f"{row.path}, {row.length_mm:.0f} mm, {plane} to {plane}", between, f"{lost} dB at Nyquist")

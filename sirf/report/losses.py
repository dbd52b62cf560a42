"""Loss and reflection of the copper of every row of a comparison, between the planes of its class's budget, with masks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from sirf.channel.figures.standard_limits import list_limits
from sirf.plot._axes import empty_figure
from sirf.plot._palette import ORANGE
from sirf.plot._titles import set_title
from sirf.plot.channel import loss
from sirf.presets import load
from sirf.study.comparison import Comparison, Row
from sirf.study.ruled_reach import between_planes
from sirf.study.sections import path_of
from sirf.system.architecture import Architecture, load_architecture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS, STEP = 3, 20e6
"""Pictures in a line, and their frequency step in Hz."""


def losses(result: Comparison, architectures: Mapping[str, Architecture]) -> Figure:
    """Insertion and return loss of each row's copper at the length that the row has, one small picture a row.

    Between the planes of the interface's budget (ball to ball where it states none), where the masks of its standard hold; a
    diamond marks the budget's loss at Nyquist. `architectures` holds by id those of the user's own files.
    """
    lines = -(-len(result.rows) // COLUMNS)
    figure = empty_figure((4.4 * min(len(result.rows), COLUMNS), 3.3 * lines))
    # margins known beforehand take half the time of margins found
    figure.set_layout_engine(None)
    figure.subplots_adjust(
        left=0.05, right=0.99, bottom=0.5 / (3.3 * lines), top=1.0 - 0.4 / (3.3 * lines), wspace=0.2, hspace=0.35
    )
    grid = figure.subplots(lines, min(len(result.rows), COLUMNS), squeeze=False)
    for axes, row in zip(grid.flat, result.rows, strict=False):
        _loss(axes, row, architectures.get(row.path) or load_architecture(row.path))
    for axes in grid.flat[len(result.rows) :]:
        axes.set_visible(False)
    return figure


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
    loss(channel, axes, standard=between if masked else None, symbol_rate=rate)
    allowed = ""
    if budget is not None and budget.loss_db is not None:
        axes.plot(5e-10 * rate, -budget.loss_db, "D", color=ORANGE, markersize=6, label="budget")
        allowed = f"budget {budget.loss_db:g} dB"
    # below 50 dB is noise: notches may leave the picture
    axes.set_ylim(bottom=max(axes.get_ylim()[0], -50.0))
    set_title(axes, f"{row.path}, {row.length_mm:.0f} mm, {plane} to {plane}", between, allowed)
    axes.legend(fontsize=5, ncol=2, loc="lower left")

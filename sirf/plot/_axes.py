"""Where axes come from: the caller's, or a new figure that works without a display."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sirf._files import replacing
from sirf.errors import SirfError

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE_STYLES = ("-", "--", "-.", ":")
"""Lines that stay apart in grey print, in the order in which pictures use them."""


def empty_figure(size: tuple[float, float]) -> Figure:
    """A figure of `size` in inches without axes; raises `SirfError` without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise SirfError(
            "matplotlib must be installed for pictures, got none. Run: pip install 'sirf[plot]'."
        ) from error
    # without pyplot: it needs no display, and is freed with its last reference
    return Figure(figsize=size, layout="constrained")


def new_figure(size: tuple[float, float], rows: int = 1, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure of `size` in inches and its axes, row by row; raises `SirfError` without matplotlib."""
    # always a list, also of a single picture
    figure = empty_figure(size)
    grid = figure.subplots(rows, columns, squeeze=False)
    return figure, [axes for row in grid for axes in row]


def axes_or_new(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """`ax`, or the axes of a new pyplot figure (so that notebooks show it)."""
    if ax is not None:
        return ax
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise SirfError(
            "matplotlib must be installed for pictures, got none. Run: pip install 'sirf[plot]'."
        ) from error
    axes: Axes = plt.subplots(figsize=size, layout="constrained")[1]
    return axes


def plain(text: str) -> str:
    """Text with names in it, such that no `$` of theirs is taken for mathematics."""
    return text.replace("$", r"\$")


def save_figure(figure: Figure, file: Path) -> None:
    """Write a picture of the kind that its name says; raises `SirfError` where that cannot be."""
    # written beside and moved: a viewer that watches the file never sees half a picture
    try:
        with replacing("out", file) as beside:
            figure.savefig(beside, dpi=150)
    except ValueError as error:
        # our own errors are ValueErrors too, and say more than matplotlib's
        if isinstance(error, SirfError):
            raise
        raise SirfError(
            f"out must be a picture file that can be written, got {file} ({error}). Name a .png file."
        ) from error

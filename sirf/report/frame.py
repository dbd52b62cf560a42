"""Axes whose ticks and names are drawn once for many pictures on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sirf._arrays import Pixels
from sirf.plot._axes import new_figure

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

DOTS_PER_INCH = 110


class Frame:
    """One figure with one pair of axes, on which content comes and goes: draw on `axes`, then ask for the `picture`.

    `size` is in inches, the `margins` left, right, lower and upper are fractions of it from its lower left corner.
    """

    def __init__(self, size: tuple[float, float], margins: tuple[float, float, float, float]) -> None:
        self._figure, (self.axes,) = new_figure(size)
        # margins known beforehand take half the time of margins found
        self._figure.set_layout_engine(None)
        left, right, bottom, top = margins
        self._figure.subplots_adjust(left=left, right=right, bottom=bottom, top=top)
        self.renderer = renderer_of(self._figure)
        self.pixels: Pixels = np.asarray(self.renderer.buffer_rgba())
        """What has been drawn (H, W, 4), to draw on."""
        self._empty = self.pixels.copy()
        self._limits: object = None

    def clear(self) -> None:
        """Take everything off the axes but ticks and names."""
        for artist in self._content():
            artist.remove()

    def picture(self) -> Pixels:
        """The picture (H, W, 4) of what is on the axes, as matplotlib draws it at once."""
        axes = self.axes
        limits = axes.get_xlim(), axes.get_ylim()
        if limits != self._limits:
            self._empty, self._limits = self._drawn_empty(), limits
        self.pixels[:] = self._empty
        # what has one place in the order of drawing keeps the order in which it was put on
        for artist in sorted((*self._content(), *axes.spines.values(), axes.title), key=lambda one: one.get_zorder()):
            axes.draw_artist(artist)
        return self.pixels.copy()

    def _content(self) -> Sequence[Artist]:
        return *self.axes.images, *self.axes.collections, *self.axes.lines, *self.axes.texts

    def _drawn_empty(self) -> Pixels:
        """Ticks, grid and names alone: spines lie over what the axes hold."""
        hidden = (*self._content(), *self.axes.spines.values())
        title = self.axes.title.get_text()
        # hidden it would be moved
        self.axes.title.set_text("")
        for artist in hidden:
            artist.set_visible(False)
        self.renderer.clear()
        self._figure.draw(self.renderer)
        for artist in hidden:
            artist.set_visible(True)
        self.axes.title.set_text(title)
        return self.pixels.copy()


def renderer_of(figure: Figure) -> Any:
    """A new renderer for a figure, in the resolution of all pictures of a report."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    # before drawing, for it decides the sizes of all
    figure.set_dpi(DOTS_PER_INCH)
    return FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]


def pixels_of(figure: Figure) -> Pixels:
    """The picture (H, W, 4) of a figure."""
    renderer = renderer_of(figure)
    figure.draw(renderer)
    return np.asarray(renderer.buffer_rgba())


def tiled(pictures: Sequence[Pixels], columns: int) -> Pixels:
    """Pictures of one size in rows of so many, white where there is none."""
    height, width, _ = pictures[0].shape
    lines = -(-len(pictures) // columns)
    whole = np.full((lines * height, min(len(pictures), columns) * width, 3), 255, dtype=np.uint8)
    for index, picture in enumerate(pictures):
        line, column = divmod(index, columns)
        whole[line * height : (line + 1) * height, column * width : (column + 1) * width] = picture[..., :3]
    return whole

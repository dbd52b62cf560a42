"""Pictures of many eyes in one frame: axes, ticks and legends are drawn once, and each eye once for all that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sirf._arrays import Pixels
from sirf.plot._axes import new_figure
from sirf.plot.eye import Outlines, contour_legend, contour_lines
from sirf.plot.eye import eye as draw_eye

if TYPE_CHECKING:
    from matplotlib.artist import Artist

    from sirf.results.statistical_eye import StatisticalEye

FRAME = {"left": 0.14, "width": 0.83, "upper": 0.07, "height": 0.81}
"""Where the axes of an eye's picture lie, as fractions from its upper left corner: what lies over the picture needs them."""
DOTS_PER_INCH = 110
SIZE = 5.2, 4.2
"""Width and height of an eye's picture in inches."""
COLUMNS = 3
"""Eyes in a row of the picture of all."""
TICK, LABEL = 6, 34
"""Pixels that tick marks stand out from the axes, and that the voltage axis's name takes at the left."""
GAP = 12
"""Pixels between two eyes side by side."""


class EyeSheet:
    """Draws eyes one after another: `draw` one, then ask for it `with_contours` as often as there are pictures of it."""

    def __init__(self) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        figure, (self._axes,) = new_figure(SIZE)
        # margins known beforehand take half the time of margins found, and what lies over the picture needs them
        figure.set_layout_engine(None)
        left, upper = FRAME["left"], FRAME["upper"]
        bottom = 1.0 - upper - FRAME["height"]
        figure.subplots_adjust(left=left, right=left + FRAME["width"], bottom=bottom, top=1.0 - upper)
        # before drawing, for it decides the sizes of all
        figure.set_dpi(DOTS_PER_INCH)
        self._figure = figure
        self._renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]
        self._pixels = np.asarray(self._renderer.buffer_rgba())
        self._top_mv: float | None = None
        self._frame = self._bare = self._pixels.copy()
        self._legends: dict[tuple[str, ...], tuple[tuple[slice, slice], Pixels]] = {}
        self._eye: StatisticalEye | None = None

    def draw(self, eye: StatisticalEye, *, title: str, top_mv: float) -> Pixels:
        """The picture (H, W, 3) of an eye between ±`top_mv` without contours."""
        axes = self._axes
        for artist in (*axes.images, *axes.lines, *axes.texts):
            artist.remove()
        draw_eye(eye, axes, limit_mv=top_mv, contours=())
        if top_mv != self._top_mv:
            self._frame, self._top_mv = self._drawn_frame(), top_mv
        axes.set_title(title, fontsize="small")
        self._pixels[:] = self._frame
        # in the order in which axes draw what they hold
        for artist in (*axes.images, *axes.lines, *axes.spines.values(), *axes.texts, axes.title):
            axes.draw_artist(artist)
        self._bare, self._eye = self._pixels.copy(), eye
        return self._bare[..., :3]

    def with_contours(self, outlined: Mapping[float, Outlines]) -> Pixels:
        """The picture (H, W, 3) of the eye drawn last with outlines by error ratio and their legend over it.

        Sizes beside the eyes stay readable: no contour crosses them.
        """
        assert self._eye is not None
        self._pixels[:] = self._bare
        lines = contour_lines(self._axes, self._eye, outlined)
        for line in lines:
            self._axes.draw_artist(line)
        for text in self._axes.texts:
            box = self._place(text.get_bbox_patch() or text)
            self._pixels[box] = self._bare[box]
        if lines:
            # lines that no legend names have labels that begin so
            labels = (str(line.get_label()) for line in lines)
            place, legend = self._legend(tuple(label for label in labels if not label.startswith("_")))
            opacity = legend[..., 3:] / 255.0
            self._pixels[place] = np.rint(opacity * legend + (1.0 - opacity) * self._pixels[place])
        for line in lines:
            line.remove()
        return self._pixels[..., :3].copy()

    def _legend(self, labels: tuple[str, ...]) -> tuple[tuple[slice, slice], Pixels]:
        """Where the legend of these contours stands, and its pixels (H, W, 4) with their opacity."""
        # colours and strokes go by the order of the contours: labels tell all
        if labels not in self._legends:
            beneath = self._pixels.copy()
            self._renderer.clear()
            drawn = contour_legend(self._axes)
            self._axes.draw_artist(drawn)
            drawn.remove()
            rows, columns = (np.flatnonzero(self._pixels[..., 3].any(axis=axis)) for axis in (1, 0))
            place = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
            self._legends[labels] = place, self._pixels[place].copy()
            self._pixels[:] = beneath
        return self._legends[labels]

    def _place(self, artist: Artist) -> tuple[slice, slice]:
        """Rows and columns of the pixels that an artist covers."""
        box = artist.get_window_extent(self._renderer)
        height = len(self._pixels)
        return (
            slice(int(height - box.y1), int(np.ceil(height - box.y0)) + 1),
            slice(int(box.x0), int(np.ceil(box.x1)) + 1),
        )

    def _drawn_frame(self) -> Pixels:
        """Axes, ticks and names alone."""
        hidden = (*self._axes.images, *self._axes.lines, *self._axes.spines.values(), *self._axes.texts)
        self._axes.set_title("")
        for artist in hidden:
            artist.set_visible(False)
        self._renderer.clear()
        self._figure.draw(self._renderer)
        for artist in hidden:
            artist.set_visible(True)
        return self._pixels.copy()


def side_by_side(pictures: Sequence[Pixels], *, own_scale: bool = False) -> Pixels:
    """The pictures of all eyes in one (H, W, 3), axes named at its edges alone; with `own_scale` each keeps its voltages."""
    height, width, _ = pictures[0].shape
    left, upper = round(FRAME["left"] * width), round(FRAME["upper"] * height)
    right, lower = left + round(FRAME["width"] * width), upper + round(FRAME["height"] * height)
    # what an eye shows of its own frame: to the tick marks, or to the numbers beside them
    inner = LABEL if own_scale else left - TICK
    rows = []
    for start in range(0, len(pictures), COLUMNS):
        below = lower + TICK if start + COLUMNS < len(pictures) else height
        row = [
            one[:below, 0 if k == 0 else inner : right + GAP] for k, one in enumerate(pictures[start : start + COLUMNS])
        ]
        rows.append(np.concatenate(row, axis=1))
    whole = max(row.shape[1] for row in rows)
    # the last row may have fewer
    return np.concatenate(
        [np.pad(row, ((0, 0), (0, whole - row.shape[1]), (0, 0)), constant_values=255) for row in rows]
    )

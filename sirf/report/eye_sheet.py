"""Pictures of many eyes in one frame: axes, ticks and legends are drawn once, and each eye once for all that shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sirf._arrays import Pixels
from sirf.plot.eye import Outlines, contour_legend, contour_lines
from sirf.plot.eye import eye as draw_eye
from sirf.report.frame import Frame

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.lines import Line2D

    from sirf.results.statistical_eye import StatisticalEye

FRAME = {"left": 0.14, "width": 0.83, "upper": 0.07, "height": 0.81}
"""Where the axes of an eye's picture lie, as fractions from its upper left corner: what lies over the picture needs them."""
SIZE = 5.2, 4.2
"""Width and height of an eye's picture in inches."""
COLUMNS = 3
"""Eyes in a row of the picture of all."""
TICK, NAME = 6, 24
"""Pixels that tick marks stand out from the axes, and that the voltage axis's name takes at the left."""
NAME_PLACE = -0.122
"""Right edge of that name, in widths of the axes from their left edge: fixed, so that numbers of all widths stand clear of it."""
GAP = 12
"""Pixels between two eyes side by side."""

Legend: TypeAlias = tuple[tuple[slice, slice], Pixels]
"""Where a legend stands, and its pixels (H, W, 4) with their opacity."""


class EyeSheet:
    """Draws eyes one after another: `draw` one, then ask for it `with_contours` as often as there are pictures of it."""

    def __init__(self) -> None:
        left, upper = FRAME["left"], FRAME["upper"]
        self._frame = Frame(SIZE, (left, left + FRAME["width"], 1.0 - upper - FRAME["height"], 1.0 - upper))
        self._frame.axes.yaxis.set_label_coords(NAME_PLACE, 0.5)
        self._bare = self._frame.pixels
        self._legends: dict[tuple[str, ...], Legend] = {}
        self._eye: StatisticalEye | None = None

    def draw(self, eye: StatisticalEye, *, title: str, top_mv: float) -> Pixels:
        """The picture (H, W, 4) of an eye between ±`top_mv` without contours."""
        self._frame.clear()
        draw_eye(eye, self._frame.axes, limit_mv=top_mv, contours=())
        self._frame.axes.set_title(title, fontsize="small")
        self._bare, self._eye = self._frame.picture(), eye
        return self._bare

    def with_contours(self, outlined: Mapping[float, Outlines]) -> tuple[Pixels, Pixels]:
        """The picture (H, W, 4) of the eye drawn last with outlines by error ratio, and with those of the first ratio alone.

        Sizes beside the eyes stay readable: no contour crosses them.
        """
        assert self._eye is not None
        axes, pixels = self._frame.axes, self._frame.pixels
        lines = contour_lines(axes, self._eye, outlined)
        boxes = [self._place(text.get_bbox_patch() or text) for text in axes.texts]
        legends = [self._legend(lines[:count]) for count in (len(lines), 1)]
        for line in lines:
            line.remove()
        pixels[:] = self._bare
        found = []
        for line in lines:
            axes.draw_artist(line)
            for box in boxes:
                pixels[box] = self._bare[box]
            found.append(pixels.copy())
        # the first may be the last as well
        return _over(found[-1], legends[0]), _over(found[0], legends[1])

    def _legend(self, lines: Sequence[Line2D]) -> Legend:
        """The legend of these contours, drawn once for all eyes that have the same."""
        # colours and strokes go by the order of the contours: labels tell all
        labels = tuple(str(line.get_label()) for line in lines)
        if labels not in self._legends:
            pixels = self._frame.pixels
            self._frame.renderer.clear()
            drawn = contour_legend(self._frame.axes, lines)
            self._frame.axes.draw_artist(drawn)
            drawn.remove()
            rows, columns = (np.flatnonzero(pixels[..., 3].any(axis=axis)) for axis in (1, 0))
            place = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
            self._legends[labels] = place, pixels[place].copy()
        return self._legends[labels]

    def _place(self, artist: Artist) -> tuple[slice, slice]:
        """Rows and columns of the pixels that an artist covers."""
        box = artist.get_window_extent(self._frame.renderer)
        height = len(self._frame.pixels)
        return (
            slice(int(height - box.y1), int(np.ceil(height - box.y0)) + 1),
            slice(int(box.x0), int(np.ceil(box.x1)) + 1),
        )


def _over(picture: Pixels, legend: Legend) -> Pixels:
    """A picture with a legend laid over it."""
    place, pixels = legend
    opacity, found = pixels[..., 3:] / 255.0, picture.copy()
    beneath = found[place][..., :3]
    beneath[:] = np.rint(opacity * pixels[..., :3] + (1.0 - opacity) * beneath)
    return found


def side_by_side(pictures: Sequence[Pixels], *, own_scale: bool = False) -> Pixels:
    """The pictures of all eyes in one (H, W, 3), axes named at its edges alone; with `own_scale` each keeps its voltages."""
    height, width, _ = pictures[0].shape
    left, upper = round(FRAME["left"] * width), round(FRAME["upper"] * height)
    right, lower = left + round(FRAME["width"] * width), upper + round(FRAME["height"] * height)
    # what an eye shows of its own frame: to the tick marks, or to the numbers beside them
    inner = NAME if own_scale else left - TICK
    across, down = right + GAP - inner, lower + TICK
    lines, columns = -(-len(pictures) // COLUMNS), min(len(pictures), COLUMNS)
    whole = np.full((down * (lines - 1) + height, inner + across * columns, 3), 255, dtype=np.uint8)
    for index, picture in enumerate(pictures):
        line, column = divmod(index, COLUMNS)
        # the time axis is named where no eye stands below
        bottom = down if index + COLUMNS < len(pictures) else height
        first = inner if column else 0
        part = picture[:bottom, first : right + GAP, :3]
        x = column * across + first
        whole[line * down : line * down + bottom, x : x + part.shape[1]] = part
    return whole

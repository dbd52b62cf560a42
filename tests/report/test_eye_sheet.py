"""Eyes drawn in one frame against the same eyes drawn each on a figure of its own."""

from __future__ import annotations

import numpy as np
import pytest

import sirf
from sirf._arrays import Pixels
from sirf.plot._axes import new_figure
from sirf.plot.eye import contour_legend, contour_lines, contour_ratios, outlines
from sirf.plot.eye import eye as draw_eye
from sirf.report.eye_sheet import FRAME, NAME_PLACE, SIZE, TICK, EyeSheet, side_by_side
from sirf.report.frame import pixels_of, tiled
from sirf.results.statistical_eye import StatisticalEye
from tests.engine.links import flat_link


@pytest.fixture(scope="module")
def eyes() -> tuple[StatisticalEye, StatisticalEye]:
    """An open one and one that is closed at most ratios."""
    open_, closed = (sirf.statistical_eye(flat_link("PAM4", sigma=sigma), phases=16) for sigma in (0.05, 0.1))
    return open_, closed


def _plain(eye: StatisticalEye, title: str, top_mv: float, *, contours: bool) -> Pixels:
    """The picture as matplotlib draws it at once; contours beneath the sizes."""
    figure, (axes,) = new_figure(SIZE)
    figure.set_layout_engine(None)
    bottom = 1.0 - FRAME["upper"] - FRAME["height"]
    left = FRAME["left"]
    figure.subplots_adjust(left=left, right=left + FRAME["width"], bottom=bottom, top=1.0 - FRAME["upper"])
    axes.yaxis.set_label_coords(NAME_PLACE, 0.5)
    draw_eye(eye, axes, limit_mv=top_mv, contours=())
    axes.set_title(title, fontsize="small")
    if contours:
        contour_legend(axes, contour_lines(axes, eye, outlines(eye, contour_ratios(eye))))
    return pixels_of(figure)


def test_each_eye_of_a_sheet_is_drawn_as_alone(eyes: tuple[StatisticalEye, StatisticalEye]) -> None:
    """Whatever was drawn before it: another eye, another scale, contours."""
    sheet = EyeSheet()
    for eye, title, top in ((eyes[0], "first", 1500.0), (eyes[1], "second", 1500.0), (eyes[0], "third", 2000.0)):
        assert np.array_equal(sheet.draw(eye, title=title, top_mv=top), _plain(eye, title, top, contours=False))
        found = sheet.with_contours(outlines(eye, contour_ratios(eye)))[0].astype(int)
        # the legend's opacity rounds once more, contours and the lines through the middle cross in another order
        unlike = np.abs(found - _plain(eye, title, top, contours=True)).max(axis=2) > 2
        assert unlike.mean() < 1e-3


def test_contours_come_and_go(eyes: tuple[StatisticalEye, StatisticalEye]) -> None:
    sheet = EyeSheet()
    bare = sheet.draw(eyes[0], title="eye", top_mv=1500.0).copy()
    all_, first = sheet.with_contours(outlines(eyes[0], [1e-6, 1e-9, 1e-12]))
    for found in sheet.with_contours(outlines(eyes[0], [1e-6])):
        assert np.array_equal(found, first)
    assert (first != bare).any()
    assert (all_ != first).any()


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (3, 1), (4, 2)])
def test_eyes_side_by_side(eyes: tuple[StatisticalEye, StatisticalEye], count: int, rows: int) -> None:
    """The first keeps its frame, those at its right lose their numbers, and a place without an eye is white."""
    picture = EyeSheet().draw(eyes[0], title="eye", top_mv=1500.0)
    height, width, _ = picture.shape
    whole = side_by_side([picture] * count)
    lower = round(FRAME["upper"] * height) + round(FRAME["height"] * height) + TICK
    assert whole.shape[0] == height + (rows - 1) * lower
    last = whole[-height:]
    assert np.array_equal(last[:, : width // 2], picture[:, : width // 2, :3])
    if count == 4:
        # below the names of the time axes that stand where no eye does
        assert (last[height - lower + 2 * TICK :, width + 5 :] == 255).all()
    if count > 1:
        # numbers of its own
        assert side_by_side([picture] * count, own_scale=True).shape[1] > whole.shape[1]


def test_tiles_leave_white_where_there_is_none() -> None:
    tiles = [np.full((5, 7, 4), shade, dtype=np.uint8) for shade in (10, 20, 30)]
    whole = tiled(tiles, 2)
    assert whole.shape == (10, 14, 3)
    assert [int(whole[y, x, 0]) for y, x in ((0, 0), (4, 13), (5, 0), (9, 13))] == [10, 20, 30, 255]

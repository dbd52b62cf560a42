"""PNG files against Pillow, which reads them: every pixel, and the resolution."""

from __future__ import annotations

import io

import numpy as np
import pytest

from sirf.report.png_file import png_bytes

image = pytest.importorskip("PIL.Image")


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 1), (23, 31)])
def test_every_pixel_comes_back(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (*size, 3), dtype=np.uint8)
    read = image.open(io.BytesIO(png_bytes(pixels, dots_per_inch=110.0)))
    assert np.array_equal(np.asarray(read), pixels)
    assert read.info["dpi"] == pytest.approx((110.0, 110.0), rel=1e-3)


def test_rows_and_columns_alike_compress() -> None:
    """A slope down, whose rows are alike, and a slope to the right, whose columns are: each by the filter that leaves nothing."""
    slope = np.repeat(np.arange(200, dtype=np.uint8)[:, np.newaxis], 300, axis=1)
    for shade in (slope, slope.T):
        pixels = np.repeat(shade[..., np.newaxis], 3, axis=2)
        assert len(png_bytes(pixels, dots_per_inch=110.0)) < 2_500
        assert np.array_equal(np.asarray(image.open(io.BytesIO(png_bytes(pixels, dots_per_inch=110.0)))), pixels)


def test_a_view_of_a_larger_picture_is_written_as_it_is_seen() -> None:
    whole = np.random.default_rng(6).integers(0, 256, (20, 30, 4), dtype=np.uint8)
    view = whole[3:12, 4:21, :3]
    assert np.array_equal(np.asarray(image.open(io.BytesIO(png_bytes(view, dots_per_inch=110.0)))), view)

"""Masks are data: corners as the standards have them, bad files refused by key."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sirf.clock.mask import list_masks, load_mask
from sirf.errors import ConfigError

GOOD = 'id = "x"\ntitle = "t"\nprovenance = "E"\nsource = "s"\n'


def test_every_mask_falls_from_5_ui_to_a_twentieth_and_names_its_source() -> None:
    assert {"802.3ck", "802.3dj", "cei-56g-pam4"} <= set(list_masks())
    for name in list_masks():
        mask = load_mask(name)
        heights = [height for _, height in mask.points]
        assert mask.id == name
        assert heights == sorted(heights, reverse=True)
        assert (heights[0], heights[-1]) == (5.0, 0.05)
        assert mask.source


def test_amplitude_falls_by_twenty_decibel_a_decade_between_its_corners() -> None:
    mask = load_mask("802.3dj")
    frequency = np.array([1e4, 4e4, 1e5, 1e6, 4e6, 1e7, 1e8])
    expected = np.clip(2e5 / frequency, 0.05, 5.0)
    np.testing.assert_allclose(mask.amplitude(frequency, 106.25e9), expected, rtol=1e-9)


def test_corners_may_go_with_the_symbol_rate() -> None:
    mask = load_mask("cei-56g-pam4")
    np.testing.assert_allclose(mask.frequencies(29e9)[[0, 2]], [29e9 / 664_000, 29e9 / 6640], rtol=1e-4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD, "keys must be"),
        (GOOD + "points = [[1, 1], [2, 1]]\nextra = 1\n", "extra"),
        (GOOD + "points = [[2, 1], [1, 1]]\n", "must ascend"),
        (GOOD + "points = [[1, 1]]\n", "must ascend"),
        (GOOD + "points = []\n", "must ascend"),
        (GOOD + "points = [[1, 1], [1, 1]]\n", "must ascend"),
        (GOOD + "points = [[1, 1], [2, 0]]\n", "positive UI"),
        (GOOD + "points = [[0, 1], [2, 1]]\n", "must ascend"),
        (GOOD + "points = [1, 2]\n", "must be \\[\\[frequency"),
        (GOOD.replace('"E"', '"Z"') + "points = [[1, 1], [2, 1]]\n", "provenance must be"),
    ],
)
def test_bad_files_are_refused_by_key(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "mask.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_mask(str(file))


def test_unknown_masks_are_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"Did you mean '802\.3dj'"):
        load_mask("802.3d")

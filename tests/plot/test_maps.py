"""Pictures of maps and crossovers: what is drawn is what was found."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

import sirf
from sirf.errors import SirfError
from sirf.plot._axes import new_figure
from sirf.study.crossover import Crossing, Crossover
from sirf.study.length_search import MAX_LENGTH
from sirf.study.maps import Map, MapAxis
from sirf.system.energy import energy_pj_per_bit
from tests.plot.images import check_image

mpl.use("agg")


@pytest.fixture
def smooth() -> Map:
    """log10 of the ratio is length / 10 mm + loss - 12."""
    lengths, losses = np.linspace(10.0, 60.0, 6), np.linspace(1.0, 3.0, 5)
    ratios = 10.0 ** (lengths[:, None] / 10.0 + losses - 12.0)
    first, second = MapAxis("length", "mm", tuple(lengths)), MapAxis("line loss", "dB/inch", tuple(losses))
    return Map(subject="a board", figure="ber", first=first, second=second, values=ratios)


def test_a_contour_runs_along_the_limit(smooth: Map, tmp_path: Path) -> None:
    axes = sirf.plot.map(smooth, new_figure((6, 4))[1][0], limit=1e-6)
    assert axes.get_xlabel() == "length (mm)"
    assert axes.get_ylabel() == "line loss (dB/inch)"
    (line,) = [path for item in axes.collections for path in item.get_paths() if np.max(item.get_linewidth()) == 2.0]
    lengths, losses = np.asarray(line.vertices).T
    assert lengths / 10.0 + losses - 12.0 == pytest.approx(np.full(lengths.size, -6.0), abs=1e-6)
    assert smooth.at_limit(1e-6) == pytest.approx(10.0 * (6.0 - np.array(smooth.second.values)))
    check_image(axes.figure, "map", tmp_path)


def test_a_map_says_where_it_is_not_monotone(smooth: Map) -> None:
    """One row in which the longer line has fewer errors."""
    bent = smooth.values.copy()
    bent[3, 1] = bent[2, 1] / 10.0
    axes = sirf.plot.map(dataclasses.replace(smooth, values=bent), new_figure((9, 4))[1][0], limit=1e-6)
    assert "not monotone: in 1 of 5 rows it improves with length, first from 30 to 40 mm" in axes.get_title().replace(
        "\n", " "
    )
    assert "not monotone" not in sirf.plot.map(smooth, new_figure((6, 4))[1][0]).get_title()


def test_colours_rise_in_brightness_and_their_bar_has_a_label(smooth: Map) -> None:
    figure, (axes, *_) = new_figure((6, 4))
    sirf.plot.map(smooth, axes)
    assert figure.axes[1].get_ylabel() == "log10 of bit error ratio"
    colours = np.array([mpl.colormaps["cividis"](x)[:3] for x in np.linspace(0, 1, 32)])
    assert np.all(np.diff(colours @ [0.299, 0.587, 0.114]) > 0)


def test_what_lies_apart_is_drawn_as_fields_with_marks(smooth: Map) -> None:
    words = MapAxis("material", "", tuple(np.arange(5.0)), ("a", "b", "c", "d", "e"), discrete=True)
    axes = sirf.plot.map(dataclasses.replace(smooth, second=words), new_figure((6, 4))[1][0], limit=1e-6)
    assert [text.get_text() for text in axes.get_yticklabels()] == list(words.words)
    marks = [float(np.asarray(line.get_xdata())[0]) for line in axes.get_lines() if np.size(line.get_xdata()) == 2]
    assert marks == pytest.approx(smooth.at_limit(1e-6))


def test_a_map_of_one_value_and_a_bad_limit(smooth: Map) -> None:
    flat = Map(subject="s", figure="eye_height_mv", first=smooth.first, second=smooth.second, values=np.zeros((6, 5)))
    sirf.plot.map(flat, new_figure((6, 4))[1][0], limit=5.0)
    with pytest.raises(SirfError, match="limit must be positive for an error ratio"):
        sirf.plot.map(smooth, limit=0.0)


def crossing(rival: str, **changes: object) -> Crossing:
    curve = tuple((float(n), 0.02 * n, 2.0 + 0.01 * n, 4.0 + 0.02 * n, 6.0 + 0.03 * n) for n in (2, 50, 100, 200))
    usual = {
        "standard": "s",
        "crossover_mm": 100.0,
        "low_mm": 0.0,
        "high_mm": None,
        "cause": "energy",
        "reach_mm": 200.0,
    }
    return Crossing(rival=rival, curve=curve, **(usual | changes))  # type: ignore[arg-type]


def test_crossovers_are_marked_on_their_curves(tmp_path: Path) -> None:
    rows = (
        crossing("crosses"),
        crossing("lasts", crossover_mm=None, cause="never", reach_mm=1e3 * MAX_LENGTH),
        crossing("dear", crossover_mm=0.0),
        dataclasses.replace(crossing("dead", crossover_mm=0.0, cause="reach", reach_mm=None), curve=()),
    )
    energy = energy_pj_per_bit("cpo-retimed", 5.0)
    result = Crossover(
        challenger="cpo-retimed", data_rate=106.25e9, limit=("ber", 1e-4), length_mm=30.0, energy=energy, rows=rows
    )
    axes = sirf.plot.crossover(result, new_figure((9, 5))[1][0])
    dots = [line for line in axes.get_lines() if line.get_marker() == "o"]
    assert [(line.get_xdata()[0], line.get_ydata()[0]) for line in dots] == [(100.0, pytest.approx(6.0))]  # type: ignore[index]
    ends = [line for line in axes.get_lines() if line.get_marker() == "x"]
    assert len(ends) == 2
    names = {text.get_text(): text.get_position()[1] for text in axes.texts}
    assert {"cpo-retimed, 30 mm", "crosses: from 100 mm", "lasts: never", "dear: always"} < set(names)
    assert "dead: always, no length works" in names
    heights = sorted(place for name, place in names.items() if ":" in name or "30 mm" in name)
    assert min(np.diff(heights)) > 0.05  # no name lies over another
    assert "pJ/bit" in axes.get_ylabel()
    check_image(axes.figure, "crossover", tmp_path)

"""Pictures of a comparison: one scale for all eyes, marks and bands where the figures are."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from benchmarks.main_job import MainJob
from sirf import plot
from sirf.plot.comparison import eye_scale_mv, row_label
from sirf.study.comparison import Comparison
from sirf.system.competition import list_sets, load_set
from tests.plot.images import check_image, drawing


@pytest.fixture(scope="module")
def table(main_job: MainJob) -> Comparison:
    rows = [main_job.comparison.row(name) for name in ("npo", "cpo-retimed", "die-to-die", "copper-cable")]
    return dataclasses.replace(main_job.comparison, rows=tuple(rows))


def test_all_eyes_share_one_scale_that_holds_their_levels(table: Comparison, tmp_path: Path) -> None:
    figure = plot.eyes(table, Figure(layout="constrained"))
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert len(shown) == 4
    assert {axes.get_ylim() for axes in shown} == {(-eye_scale_mv(table), eye_scale_mv(table))}
    assert all(1e3 * row.eye.level_volts.max() < eye_scale_mv(table) for row in table.rows)
    assert [row.path in axes.get_title() for row, axes in zip(table.rows, shown, strict=True)] == [True] * 4
    assert len({row.eye.der0 for row in table.rows}) == 1  # one error ratio for all
    # finer than others: releases of matplotlib lay small images half a pixel apart
    check_image(figure, "eyes", tmp_path, dpi=120)


def test_eyes_may_have_scales_of_their_own(table: Comparison) -> None:
    figure = plot.eyes(table, Figure(layout="constrained"), own_scale=True)
    tops = [axes.get_ylim()[1] for axes in figure.axes if axes.get_visible()]
    assert len(set(tops)) == len(table.rows)
    for row, top in zip(table.rows, tops, strict=True):
        assert 1e3 * row.eye.level_volts.max() < top < eye_scale_mv(table) * 1.6


def test_the_band_runs_from_low_to_high_and_the_mark_is_nominal(table: Comparison, tmp_path: Path) -> None:
    axes = plot.error_band(table, drawing()[1][0])
    bands = [line for line in axes.lines if line.get_linewidth() == 7]
    marks = [line for line in axes.lines if line.get_marker() not in ("None", None, "")]
    for row, band, mark in zip(table.rows, bands, marks, strict=True):
        low, high = row.bounds["ber"]
        assert low is not None
        assert high is not None
        np.testing.assert_allclose(np.asarray(band.get_xdata(), dtype=float), [max(low, 1e-24), max(high, 1e-24)])
        assert float(np.asarray(mark.get_xdata())[0]) == max(row.ber, 1e-24)
    assert [text.get_text() for text in axes.get_yticklabels()] == [row.path for row in reversed(table.rows)]
    check_image(axes.figure, "error_band", tmp_path)


def test_energy_against_reach_has_a_mark_for_every_row_with_reach(table: Comparison, tmp_path: Path) -> None:
    axes = plot.energy_reach(table, drawing()[1][0])
    assert len(axes.containers) == sum(row.reach_mm is not None for row in table.rows)
    check_image(axes.figure, "energy_reach", tmp_path)


@pytest.mark.parametrize("name", list_sets())
def test_rows_of_a_set_name_their_fibre(name: str, table: Comparison) -> None:
    """The axis is of copper alone, and light goes most of the way in glass."""
    fibre = {item.id: item.fibre_m for item, _ in load_set(name).members}
    rows = tuple(dataclasses.replace(table.rows[0], path=path, fibre_m=metres) for path, metres in fibre.items())
    axes = plot.energy_reach(dataclasses.replace(table, rows=rows, job=name, carriers=()), drawing()[1][0])
    labels = axes.get_legend_handles_labels()[1]
    assert ["m fibre" in label for label in labels] == [metres > 0.0 for metres in fibre.values()]
    assert axes.get_xlabel().startswith("reach of the copper alone (mm)")
    # without a job names stay as they are
    assert row_label(dataclasses.replace(table, rows=rows), rows[-1]) == rows[-1].path


@pytest.mark.parametrize("name", list_sets())
def test_rows_of_a_set_differ_in_colour_or_mark(name: str, table: Comparison) -> None:
    rows = tuple(dataclasses.replace(table.rows[0], path=item.id) for item, _ in load_set(name).members)
    # those that do not carry the job are hollow
    job = dataclasses.replace(table, rows=rows, job=name, carriers=(rows[0].path,))
    containers = plot.energy_reach(job, drawing()[1][0]).containers
    marks = [container.lines[0] for container in containers if isinstance(container, ErrorbarContainer)]
    assert len({(mark.get_marker(), mark.get_color()) for mark in marks}) == len(rows)
    assert [mark.get_markerfacecolor() == "none" for mark in marks] == [False] + [True] * (len(rows) - 1)

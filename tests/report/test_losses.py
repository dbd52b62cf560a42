"""Loss and return loss of a comparison's copper: one frame for all, one legend, loss and budget in words."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import sirf
from sirf.plot._axes import new_figure
from sirf.report.frame import DOTS_PER_INCH
from sirf.report.losses import ENTRIES, FLOOR_DB, SIZE, _loss, losses
from sirf.study.comparison import Comparison
from sirf.system.architecture import load_architecture


@pytest.fixture(scope="module")
def compared() -> Comparison:
    return sirf.compare(["die-to-die"])


def test_the_mark_of_the_budget_and_the_loss_at_nyquist(compared: Comparison) -> None:
    (row,) = compared.rows
    architecture = load_architecture(row.path)
    axes = new_figure(SIZE)[1][0]
    _loss(axes, row, architecture)
    budget = architecture.at(row.data_rate).budget
    assert budget is not None
    assert budget.loss_db is not None
    (mark,) = (line for line in axes.lines if line.get_label() == "budget")
    (through,) = (line for line in axes.lines if line.get_label() == "SDD21")
    nyquist, level = (float(np.asarray(values)[0]) for values in mark.get_data())
    assert level == -budget.loss_db
    loss = -np.interp(nyquist, np.asarray(through.get_xdata()), np.asarray(through.get_ydata()))
    assert axes.get_title().endswith(f"{loss:.1f} of {budget.loss_db:g} dB at Nyquist")
    assert axes.get_ylim() == (FLOOR_DB, 0.0)


@pytest.mark.parametrize(("count", "lines"), [(1, 1), (3, 1), (4, 2)])
def test_rows_of_three_over_one_legend(compared: Comparison, count: int, lines: int) -> None:
    picture = losses(dataclasses.replace(compared, rows=compared.rows * count), {})
    width, height = (round(DOTS_PER_INCH * inches) for inches in SIZE)
    assert picture.shape[1] == width * min(count, 3)
    legend = picture[lines * height :]
    # SDD11, SDD22, SDD21, its fit, Nyquist and the budget, in lines of what fits
    assert len(legend) == round(0.3 * DOTS_PER_INCH) * -(-6 // ENTRIES[min(count, 3) - 1])
    assert (legend != 255).any()
    # the same row again is the same picture, whatever was drawn before it
    if count > 1:
        assert np.array_equal(picture[:height, :width], picture[:height, width : 2 * width])

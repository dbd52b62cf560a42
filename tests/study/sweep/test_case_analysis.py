"""Analysis against functions whose answers are known in closed form, and against the cases themselves."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sirf.errors import ConfigError, SirfError
from sirf.study.sweep.case_analysis import pareto_front, slopes, sobol_indices, worst_case
from sirf.study.sweep.design import unit_points
from sirf.study.sweep.parts import Sampling, Tolerance
from sirf.study.sweep.results import Results
from sirf.study.sweep.runner import sweep
from sirf.study.sweep.study import Study
from tests.study.sweep.studies import cheap

A, B = 7.0, 0.1
"""Constants of the Ishigami function sin x + A sin² y + B z⁴ sin x on (-pi, pi)³, whose indices are known."""


def synthetic(study: Study, function: Any, figures: tuple[str, ...] = ("eye_height_mv",)) -> Results:
    """Results with figures that are functions of the unit points, in place of links."""
    points = unit_points(study, 0, study.samples)
    names = [one.parameter for one in study.tolerances]
    values = function(points)
    return Results(
        study=study,
        index=np.arange(study.samples),
        values={name: points[:, k] for k, name in enumerate(names)},
        figures=dict(zip(figures, values, strict=True)),
        errors={},
        seconds=np.zeros(study.samples),
    )


def three(method: str, samples: int, figures: tuple[str, ...] = ("eye_height_mv",)) -> Study:
    return cheap(
        axes=(),
        tolerances=tuple(
            Tolerance(parameter=name, spread=0.01, relative=True) for name in ("dk", "df", "roughness_um")
        ),
        sampling=Sampling(method=method, samples=samples),  # type: ignore[arg-type]
        figures=figures,
        limits={},
    )


def test_indices_of_the_ishigami_function() -> None:
    def ishigami(u: Any) -> tuple[Any]:
        x, y, z = np.pi * (2.0 * u.T - 1.0)
        return (np.sin(x) + A * np.sin(y) ** 2 + B * z**4 * np.sin(x),)

    found = sobol_indices(synthetic(three("sensitivity", 2**14), ishigami), "eye_height_mv")
    variance = 0.5 + A**2 / 8 + B * np.pi**4 / 5 + B**2 * np.pi**8 / 18
    first = np.array([0.5 * (1 + B * np.pi**4 / 5) ** 2, A**2 / 8, 0.0]) / variance
    total = first + np.array([1.0, 0.0, 1.0]) * (8 * B**2 * np.pi**8 / 225) / variance
    assert [one.first for one in found] == pytest.approx(first, abs=0.01)
    assert [one.total for one in found] == pytest.approx(total, abs=0.01)
    for one, right in zip(found, first, strict=True):
        assert one.first_low - 0.01 <= right <= one.first_high + 0.01
        assert one.first_low < one.first_high


def test_indices_are_those_of_scipy() -> None:
    from scipy.stats import sobol_indices as reference

    results = synthetic(three("sensitivity", 256), lambda u: (u[:, 0] + u[:, 1] * u[:, 2] ** 2 + 5.0,))
    parts = results.figures["eye_height_mv"].reshape(5, 256)
    expected = reference(func={"f_A": parts[:1], "f_B": parts[1:2], "f_AB": parts[2:].reshape(3, 1, 256)}, n=256)
    found = sobol_indices(results, "eye_height_mv")
    assert [one.first for one in found] == pytest.approx(np.ravel(expected.first_order), rel=1e-12)
    assert [one.total for one in found] == pytest.approx(np.ravel(expected.total_order), rel=1e-12)
    assert all(one.first_low < one.first < one.first_high for one in found)


def test_a_value_without_meaning_is_refused_not_spread_over_all_indices() -> None:
    results = synthetic(three("sensitivity", 64), lambda u: (u[:, 0],))
    results.figures["eye_height_mv"][17] = np.nan
    with pytest.raises(SirfError, match="got 1 without a value"):
        sobol_indices(results, "eye_height_mv")
    with pytest.raises(SirfError, match="must be sensitivity"):
        sobol_indices(synthetic(three("sobol", 64), lambda u: (u[:, 0],)), "eye_height_mv")


def test_slopes_find_the_coefficients_of_a_line_and_decades_of_a_ratio() -> None:
    study = three("sobol", 1024, ("eye_height_mv", "ber"))
    results = synthetic(study, lambda u: (3 * u[:, 0] - u[:, 1] + 10, 10 ** (-9 + 2 * u[:, 1])), study.figures)
    height = {row.parameter: row for row in slopes(results, "eye_height_mv")}
    assert height["dk"].per_deviation == pytest.approx(3 / np.sqrt(12), rel=1e-3)
    assert height["df"].per_deviation == pytest.approx(-1 / np.sqrt(12), rel=1e-3)
    assert height["dk"].share == pytest.approx(0.9, abs=1e-3)
    ratio = slopes(results, "ber")
    assert ratio[0].parameter == "df"
    assert ratio[0].per_deviation == pytest.approx(2 / np.sqrt(12), rel=1e-3)
    assert ratio[0].rank == pytest.approx(1.0)


def test_the_front_holds_what_nothing_beats() -> None:
    study = three("sobol", 256, ("eye_height_mv", "ber"))
    results = synthetic(study, lambda u: (u[:, 0], u[:, 1]), study.figures)
    front = set(pareto_front(results, "eye_height_mv", "ber").tolist())
    height, ber = results.figures.values()
    for k in range(256):
        beaten = ((height > height[k]) & (ber <= ber[k])) | ((height >= height[k]) & (ber < ber[k]))
        assert (k in front) == (not beaten.any())
    with pytest.raises(ConfigError, match="must be one of"):
        pareto_front(results, "eye_height_mv", "com_db")


def test_the_worst_case_is_no_better_than_any_case(tmp_path: Path) -> None:
    study = cheap(32)
    found = sweep(study, results=tmp_path / "results.jsonl", workers=2)
    worst = worst_case(study, "ber", tries=120)
    here = found.values["length_mm"] == 10.0
    assert worst.value >= found.figure("ber")[here].max()
    for name, value in worst.values.items():
        assert found.values[name].min() * 0.7 < value < found.values[name].max() * 1.3
    assert worst.tried >= 60


def test_labels_of_a_scatter_stand_clear_of_each_other() -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from sirf.plot import study_scatter

    # figures of the longest titles, one above the other
    figures = ("ber", "eye_com_db", "insertion_loss_db")
    study = three("random", 8, figures)
    drawn = study_scatter(synthetic(study, lambda points: np.abs(points.T) + 0.1, figures))
    # sizes are known once it has been drawn
    FigureCanvasAgg(drawn).draw()  # type: ignore[no-untyped-call]
    labels = [axes.yaxis.label for axes in drawn.axes if axes.get_ylabel()]
    boxes = [label.get_window_extent() for label in labels]
    assert len(boxes) == len(figures)
    assert all(below.y1 < above.y0 for above, below in pairwise(boxes))

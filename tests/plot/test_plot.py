"""Pictures: they return their axes, show what they should, and draw on what they are given."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.figure
import numpy as np
import pytest

import sirf
from sirf.plot._axes import new_figure
from sirf.plot.eye import outlines
from sirf.results.statistical_eye import StatisticalEye
from tests.engine.links import flat_link

mpl.use("agg")


@pytest.fixture(scope="module")
def eye() -> StatisticalEye:
    return sirf.statistical_eye(flat_link("PAM4", sigma=0.05), phases=16)


def test_the_eye_has_three_openings_with_contours_and_units(eye: StatisticalEye) -> None:
    axes = sirf.plot.eye(eye, new_figure((4, 3))[1][0], contours=(1e-6,))
    (line,) = (line for line in axes.get_lines() if np.size(line.get_xdata()) > 4)
    millivolts = np.asarray(line.get_ydata())
    # a gap behind each outline
    outlines = np.split(millivolts, np.flatnonzero(np.isnan(millivolts)) + 1)[:-1]
    assert len(outlines) == 3
    assert "UI" in axes.get_xlabel()
    assert "mV" in axes.get_ylabel()
    for heights, threshold in zip(outlines, eye.thresholds, strict=True):
        assert np.nanmin(heights) < 1e3 * threshold < np.nanmax(heights)


def test_outlines_pass_through_the_edges_and_end_in_tips(eye: StatisticalEye) -> None:
    centre = len(eye.phase_ui) // 2
    assert eye.phase_ui[centre] == 0
    for outline, (low, high) in zip(outlines(eye, [1e-6])[1e-6], eye.edges(1e-6), strict=True):
        assert outline is not None
        time, millivolts = outline
        at_zero = np.sort(millivolts[time == 0])
        assert at_zero == pytest.approx([1e3 * low, 1e3 * high])
        assert (time[0], millivolts[0]) == (time[-1], millivolts[-1])


def test_a_closed_eye_is_called_closed() -> None:
    """Levels 2/3 V apart, sigma 0.1: half distance is 3.3 sigma, Q^-1(1e-6) is 4.75."""
    closed = sirf.statistical_eye(flat_link("PAM4", sigma=0.1), phases=16)
    assert outlines(closed, [1e-6]) == {1e-6: [None] * 3}
    axes = sirf.plot.eye(closed, new_figure((4, 3))[1][0], contours=(1e-2, 1e-6))
    legend = axes.get_legend()
    assert legend is not None
    assert ["closed" in text.get_text() for text in legend.get_texts()] == [False, True]
    assert [text.get_text() == "closed" for text in axes.texts] == [height == 0 for height in closed.eye_heights()]


def test_eyes_that_lie_near_each_other_share_the_least_of_their_sizes(eye: StatisticalEye) -> None:
    """The narrowest eye need not be the lowest: tables have the least of each."""
    heights, widths = eye.eye_heights(), eye.eye_widths()
    assert [text.get_text() for text in sirf.plot.eye(eye).texts] == [
        f"{1e3 * height:.1f} mV\n{width:.3f} UI" for height, width in zip(heights, widths, strict=True)
    ]
    (text,) = sirf.plot.eye(eye, limit_mv=10_000.0).texts
    assert text.get_text() == f"least of each\n{1e3 * min(heights):.1f} mV\n{min(widths):.3f} UI"
    closed = sirf.statistical_eye(flat_link("PAM4", sigma=0.1), phases=16)
    (text,) = sirf.plot.eye(closed, limit_mv=10_000.0).texts
    assert text.get_text() == "not all open"


def test_the_density_integrates_to_one_at_every_phase(eye: StatisticalEye) -> None:
    total = np.trapezoid(eye.density, eye.volts, axis=1)
    assert total == pytest.approx(np.ones_like(total), abs=0.01)


def test_bathtub_pulse_and_waveform_draw(eye: StatisticalEye) -> None:
    _, axes = new_figure((8, 6), 1, 3)
    sirf.plot.bathtub(eye, axes[0])
    sirf.plot.pulse(eye.link.pulse_response(), axes[1])
    run = sirf.simulate(eye.link, symbols=2000, rng=1, capture=["transmitter"])
    assert sirf.plot.eye(run, axes[2]) is axes[2]
    assert sirf.plot.eye(run.eyes["transmitter"]).get_ylabel() == "voltage (mV)"


def test_bathtubs_stand_beside_the_eye_on_its_axes(eye: StatisticalEye) -> None:
    figure = mpl.figure.Figure(figsize=(8, 6), layout="constrained")
    main = sirf.plot.eye_with_bathtubs(eye, figure)
    # the fourth holds the scale of the density
    _, below, beside, _ = figure.axes
    assert below.get_xlim() == main.get_xlim()
    assert beside.get_ylim() == main.get_ylim()
    curves = [line for line in beside.get_lines() if np.size(line.get_ydata()) > 2 and line.get_color() == "0.15"]
    assert len(curves) == 3
    for curve, threshold in zip(curves, eye.thresholds, strict=True):
        lowest = np.asarray(curve.get_ydata())[np.argmin(curve.get_xdata())]
        assert lowest == pytest.approx(1e3 * threshold, abs=30.0)


def test_results_show_themselves(eye: StatisticalEye) -> None:
    run = sirf.simulate(eye.link, symbols=2000, rng=1)
    for result in (eye, run, run.errors):
        assert "\n" not in repr(result)
        assert "bit error ratio" in str(result)
        assert result._repr_html_().startswith("<table>")
        assert result.to_dict()["ber"] == result.ber


def test_heights_shrink_as_the_error_ratio_falls(eye: StatisticalEye) -> None:
    heights = [eye.eye_height(ratio) for ratio in (1e-3, 1e-6, 1e-12, 1e-15)]
    widths = [eye.eye_width(ratio) for ratio in (1e-3, 1e-6, 1e-12, 1e-15)]
    assert heights == sorted(heights, reverse=True)
    assert widths == sorted(widths, reverse=True)
    with pytest.raises(sirf.SirfError, match="ber must be between"):
        eye.eye_height(0.6)


def test_eye_height_over_white_noise_is_the_closed_form(eye: StatisticalEye) -> None:
    """Levels 2/3 V apart, sigma 0.05: 2/3 - 2 x 0.05 x Q^-1(1e-6)."""
    assert eye.eye_height(1e-6) == pytest.approx(2 / 3 - 2 * 0.05 * 4.75342, rel=0.01)
    assert eye.eye_com_db == pytest.approx(20 * np.log10((1 / 3) / (0.05 * 4.75342)), abs=0.05)

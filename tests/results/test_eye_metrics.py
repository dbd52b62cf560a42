"""Figures of an eye against closed forms: Gaussian noise, level mismatch, and jitter on a known slope."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import norm

import sirf
from sirf.errors import SirfError
from sirf.results.statistical_eye import StatisticalEye, _width
from sirf.transmitter.jitter import Jitter
from tests.engine.links import SYMBOL_RATE, flat_link

SIGMA = 0.04


@pytest.fixture(scope="module")
def eye() -> StatisticalEye:
    """PAM4 over white noise: levels 2/3 V apart."""
    return sirf.statistical_eye(flat_link("PAM4", sigma=SIGMA), phases=64)


@pytest.mark.parametrize("ber", [1e-4, 1e-5, 1e-6, 1e-12, 1e-15])
def test_height_closure_and_opening_over_white_noise(eye: StatisticalEye, ber: float) -> None:
    found = eye.metrics(ber)
    height = 2 / 3 - 2 * SIGMA * norm.isf(ber)
    assert found.heights == pytest.approx([height] * 3, rel=0.01, abs=2e-3)
    assert found.opening == min(found.heights)
    assert found.vec_db == pytest.approx(20 * np.log10(2 / 3 / height), abs=0.15)
    assert found.linearity == pytest.approx(1.0)
    assert found.sndr_db == pytest.approx(-20 * np.log10(SIGMA), abs=0.05)
    assert found.width > 0.5
    assert len(found.closures_db) == len(found.widths) == len(found.jitter) == 3


def test_level_mismatch_is_the_linearity() -> None:
    """Inner levels at ±R_LM / 3: outer distances 1 - R_LM / 3, the middle one 2 R_LM / 3."""
    link = flat_link("PAM4", sigma=SIGMA)
    link = link.replace(transmitter=dataclasses.replace(link.transmitter, level_mismatch=0.9))
    found = sirf.statistical_eye(link, phases=32).metrics(1e-6)
    assert found.linearity == pytest.approx(0.6 / 0.7)
    assert found.heights[1] < found.heights[0] == pytest.approx(found.heights[2])
    assert found.height_linearity == pytest.approx(found.heights[1] / found.heights[0])


def test_jitter_at_the_crossing_grows_by_what_the_edges_are_given() -> None:
    """Two levels, hardly any noise, edges of 0.45 UI: slow against the displacement, as its second-order expansion needs."""
    base = flat_link("PAM2", sigma=0.003)
    base = base.replace(receiver=dataclasses.replace(base.receiver, sampling_offset_ui=0.0))
    still, moved = (
        sirf.statistical_eye(
            base.replace(
                transmitter=dataclasses.replace(
                    base.transmitter, rise_time=0.45 / SYMBOL_RATE, jitter=Jitter(random_ui=random, dual_dirac_ui=dirac)
                )
            )
        ).metrics(1e-6)
        for random, dirac in ((0.0, 0.0), (0.012, 0.03))
    )
    assert still.worst_jitter is not None
    assert moved.worst_jitter is not None
    assert moved.worst_jitter.random == pytest.approx(0.012, rel=0.15)
    assert still.worst_jitter.random < 0.4 * moved.worst_jitter.random
    assert moved.worst_jitter.deterministic > still.worst_jitter.deterministic + 0.01
    assert moved.worst_jitter.total == pytest.approx(
        moved.worst_jitter.deterministic + 2 * norm.isf(2e-6) * moved.worst_jitter.random
    )
    assert moved.worst_jitter.total == pytest.approx(1.0 - moved.width)


def test_the_voltage_bathtub_has_its_floor_at_the_threshold(eye: StatisticalEye) -> None:
    volts, ratio = eye.voltage_bathtub()
    assert ratio.shape == (3, 769)
    for row, threshold in zip(ratio, eye.thresholds, strict=True):
        assert volts[np.argmin(row)] == pytest.approx(threshold, abs=0.02)
        expected = 0.5 * norm.sf((1 / 3) / SIGMA)
        assert row.min() == pytest.approx(expected, rel=0.2)
    assert ratio[0, 0] == pytest.approx(0.25)
    assert ratio[0, -1] == pytest.approx(0.75)


def test_the_error_map_holds_both_bathtubs(eye: StatisticalEye) -> None:
    ratios = eye.error_map()
    assert ratios.shape == (64, 769)
    assert ratios[32] == pytest.approx(eye.voltage_bathtub()[1].min(axis=0))
    assert ratios.min() == pytest.approx(ratios[32].min(), rel=0.2)


def test_a_closed_eye_has_no_height_and_no_closure() -> None:
    found = sirf.statistical_eye(flat_link("PAM4", sigma=0.2), phases=16).metrics(1e-6)
    assert found.heights == (0.0, 0.0, 0.0)
    assert found.vec_db is None
    assert found.worst_jitter is None
    assert found.height_linearity == 0.0
    assert found.to_dict()["total_jitter_ui"] is None


def test_targets_and_grids_that_cannot_be_are_refused(eye: StatisticalEye) -> None:
    with pytest.raises(SirfError, match="ber must be between"):
        eye.metrics(0.5)
    with pytest.raises(SirfError, match="phases must be at least 4"):
        sirf.statistical_eye(eye.link, phases=1).metrics(1e-6)


def test_the_figures_stand_in_the_json() -> None:
    eye = sirf.statistical_eye(flat_link("PAM4", sigma=0.03))
    figures, plain = eye.metrics(eye.der0), eye.to_dict()
    assert plain["sndr_db"] == figures.sndr_db
    assert plain["linearity"] == figures.linearity
    assert figures.worst_jitter is not None
    assert plain["jitter_total_ui"] == figures.worst_jitter.total
    closed = sirf.statistical_eye(flat_link("PAM4", sigma=0.5)).to_dict()
    assert closed["jitter_total_ui"] is None
    assert closed["eye_height_mv"] == 0.0


@pytest.mark.parametrize("count", [4, 16, 64])
def test_an_eye_that_never_closes_is_one_ui_wide(count: int) -> None:
    phase = np.arange(-(count // 2), count - count // 2) / count
    assert _width(phase, np.ones(count)) == pytest.approx(1.0, abs=1e-12)
    # its right edge lies between the last phase and the end of the unit interval
    edge = 0.5 - 0.3 / count
    assert _width(phase, edge - phase) == pytest.approx(edge + 0.5, abs=1e-12)
    assert _width(phase, 0.2 - np.abs(phase)) == pytest.approx(0.4, abs=1e-12)

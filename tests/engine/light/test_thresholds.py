"""Slicers behind light: thresholds that balance the errors of neighbouring levels, in both engines that know large signals."""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np
import pytest

import sirf
from sirf.errors import SirfError
from sirf.link import Link
from sirf.study.compare import measurement_of
from sirf.study.sections import optimized, sections
from sirf.system.architecture import load_architecture


def with_thresholds(link: Link, how: Literal["adapted", "midway"]) -> Link:
    return link.replace(receiver=dataclasses.replace(link.receiver, thresholds=how))


def with_intensity_noise(link: Link, more_db: float) -> Link:
    assert link.optics is not None
    source = link.optics.path.source
    louder = dataclasses.replace(source, rin_db_per_hz=source.rin_db_per_hz + more_db)
    return link.replace(optics=link.optics.with_path(dataclasses.replace(link.optics.path, source=louder)))


@pytest.fixture(scope="module")
def linear() -> Link:
    """The linear pluggable at 106.25 Gb/s: light bends its levels, and its upper levels carry more noise."""
    (section,) = sections(load_architecture("pluggable-linear"), 106.25e9, step=20e6)
    # sampled on a sample, where it was counted
    return section.link.optimized()


def test_an_open_contour_has_a_width_and_adapted_slicers_err_less(linear: Link) -> None:
    """The upper eye is open from 25.49 to 26.47 mV; half way between its levels is 26.94 mV, outside of it."""
    fixed, adapted = (sirf.statistical_eye(with_thresholds(linear, how)) for how in ("midway", "adapted"))
    assert fixed.eye_widths()[2] == 0.0
    for (low, high), threshold in zip(adapted.edges(adapted.der0), adapted.thresholds, strict=True):
        assert low < threshold < high
    assert min(adapted.eye_widths()) > 0.02
    # 26.6 million counted symbols of the fixed thresholds: 2.62e-5 to 3.04e-5 (99 %)
    assert fixed.ber == pytest.approx(2.83e-5, rel=0.03)
    assert adapted.ber == pytest.approx(1.97e-5, rel=0.03)


def test_at_a_threshold_neighbours_are_mistaken_as_often(linear: Link) -> None:
    eye = sirf.statistical_eye(linear, phases=1)
    piece, main = eye.slices[0], float(eye.main_cursor[0])
    for e, threshold in enumerate(eye.thresholds):
        upward = float(piece.above(e, threshold - eye.levels[e] * main))
        downward = float(piece.below(e + 1, eye.levels[e + 1] * main - threshold))
        assert upward == pytest.approx(downward, rel=1e-6)


def test_thresholds_of_copper_stay_half_way() -> None:
    section, _ = sections(load_architecture("cpo-retimed"), 106.25e9, step=40e6, samples_per_ui=16)
    link = optimized(section.link)
    eye = sirf.statistical_eye(link, phases=1)
    assert eye.thresholds == pytest.approx(0.5 * (eye.level_volts[1:] + eye.level_volts[:-1]), abs=1e-15)


@pytest.mark.parametrize("how", ["adapted", "midway"])
def test_both_engines_slice_alike(linear: Link, how: Literal["adapted", "midway"]) -> None:
    """With 11 dB more intensity noise thousands of errors: the count is what the statistics say."""
    link = with_thresholds(with_intensity_noise(linear, 11.0), how)
    expected = sirf.statistical_eye(link, phases=1)
    run = sirf.simulate(link, symbols=400_000, rng=3)
    assert run.errors.errors > 500
    assert run.ber == pytest.approx(expected.ber, rel=0.12)
    assert run.eye.thresholds == pytest.approx(expected.thresholds, abs=2e-5)


def test_adapted_slicers_beat_fixed_ones_in_the_count(linear: Link) -> None:
    loud = with_intensity_noise(linear, 11.0)
    adapted, fixed = (
        sirf.simulate(with_thresholds(loud, how), symbols=400_000, rng=3) for how in ("adapted", "midway")
    )
    assert adapted.ber < fixed.ber
    assert np.abs(adapted.eye.thresholds - fixed.eye.thresholds).max() > 1e-4


def test_a_comparison_has_fixed_thresholds_on_request() -> None:
    """Each section's receiver gets them; copper's stand half way as they are."""
    item = load_architecture("pluggable-half-retimed")
    fixed, adapted = (measurement_of(item, 106.25e9, step=40e6, thresholds=how) for how in ("midway", "adapted"))
    assert {part.link.receiver.thresholds for part in fixed.sections} == {"midway"}
    assert {part.link.receiver.thresholds for part in adapted.sections} == {"adapted"}
    assert fixed.section_ber[0] == adapted.section_ber[0]
    assert fixed.section_ber[1] > 1.2 * adapted.section_ber[1]
    with pytest.raises(SirfError, match="thresholds must be 'adapted' or 'midway', got 'fixed'"):
        sirf.compare(["cpo"], thresholds="fixed")  # type: ignore[arg-type]


def test_unknown_thresholds_are_refused() -> None:
    with pytest.raises(SirfError, match="thresholds must be 'adapted' or 'midway'"):
        sirf.Receiver(noise_corner=None, thresholds="guessed")  # type: ignore[arg-type]

"""The statistical eye against direct convolution to 1e-15, its grid, its refusals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import sirf
from sirf.engine.statistical import analysis, link_error_rates
from sirf.engine.statistical.analysis import InterferenceModel, interference_model, kept_model, statistical_eye
from sirf.engine.statistical.tilted_contour import TiltedContour
from sirf.errors import SirfError
from sirf.link import Link
from sirf.results.interference_distribution import Interference
from sirf.results.statistical_eye import ErrorRates
from sirf.transmitter.transmitter import NO_JITTER
from tests.engine.direct_convolution import DirectConvolution
from tests.engine.links import flat_link


@pytest.fixture(scope="module")
def link() -> Link:
    """A path of our own with crosstalk, no jitter."""
    path = sirf.paths.pluggable(rate_class="100g").to_channel(crosstalk=True)
    still = sirf.Link(path, standard="802.3ck-c2m").optimized()
    return still.replace(transmitter=dataclasses.replace(still.transmitter, jitter=NO_JITTER))


def test_quantiles_are_those_of_direct_convolution_down_to_1e_15(link: Link) -> None:
    model = interference_model(link)
    direct = DirectConvolution.of(link, step=2e-4 * model.front_end.main_cursor, half=5000)
    for offset in (0, -5):
        found, density = model.at(offset), direct.at(offset)
        assert density.sum() == pytest.approx(1.0, abs=1e-9)
        for probability in (1e-3, 1e-6, 1e-9, 1e-12, 1e-15):
            expected = direct.quantile(density, probability)
            for level in range(4):
                assert found.quantile(level, probability) == pytest.approx(expected, rel=2e-3), (offset, probability)


@pytest.mark.parametrize("modulation", ["PAM2", "PAM3", "PAM4", "PAM6", "PAM8"])
def test_every_modulation_has_its_eyes(modulation: str) -> None:
    """Gaussian only: 2 (1 - 1/M) Q(x) symbol errors, M - 1 equal eyes; PAM6 sends its outer levels less often."""
    order = int(modulation[3:])
    distance = 1.0 / (order - 1)
    eye = statistical_eye(flat_link(modulation, sigma=distance / 4.0), phases=64)
    assert eye.density.shape == (64, 769)
    assert len(eye.eye_heights(1e-3)) == order - 1
    outer = 1 / 8 if order == 6 else 1 / order
    assert eye.ser == pytest.approx(2 * (1 - outer) * 3.167124e-5, rel=5e-3)
    assert eye.eye_heights(1e-3) == pytest.approx([2 * distance * (1 - 3.0902323 / 4)] * (order - 1), rel=0.02)


def test_the_result_does_not_depend_on_how_many_phases_are_computed(link: Link) -> None:
    one, many = statistical_eye(link, phases=1), statistical_eye(link)
    assert one.ber == many.ber
    assert one.eye_height(1e-9) == many.eye_height(1e-9)


def test_phases_up_to_where_the_eyes_close_tell_height_and_width(link: Link) -> None:
    whole = statistical_eye(link)
    for ratio in (1e-3, 1e-6, 1e-12):
        part = statistical_eye(link, open_at=ratio)
        assert len(part.slices) < len(whole.slices)
        assert part.eye_widths(ratio) == whole.eye_widths(ratio)
        assert part.eye_heights(ratio) == whole.eye_heights(ratio)
        assert part.eye_widths(0.1 * ratio) == whole.eye_widths(0.1 * ratio)
        assert part.ber == whole.ber
    # an eye that is closed at the sampling instant is read of that alone, one that never closes of all phases
    closed = statistical_eye(flat_link("PAM4", sigma=0.2), phases=16, open_at=1e-3)
    assert len(closed.slices) == 1
    assert closed.eye_width(1e-3) == 0.0
    wide = statistical_eye(flat_link("PAM4", sigma=1e-3), phases=16, open_at=1e-3)
    assert len(wide.slices) == 16


def test_the_worst_phase_of_aggressors_is_not_better_than_the_average(link: Link) -> None:
    assert statistical_eye(link, phases=1, worst_phase=True).ber > statistical_eye(link, phases=1).ber


def test_a_step_whose_probabilities_miss_one_is_named(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    kept_model.cache_clear()

    def broken(*_: object, **__: object) -> object:
        return 1.01 * np.ones(1)

    monkeypatch.setattr("sirf.engine.statistical.analysis.aggressor_function", broken)
    with pytest.raises(SirfError, match="after the step 'crosstalk'"):
        statistical_eye(link, phases=1)
    kept_model.cache_clear()


def test_the_model_of_an_eye_is_kept_for_whoever_asks_for_it_next(link: Link) -> None:
    statistical_eye(link, phases=1)
    found = kept_model.cache_info().misses
    assert interference_model(link.placed()) is interference_model(link.placed(), False, sampling_jitter_ui=0.0)
    assert kept_model.cache_info().misses == found


def test_error_ratios_of_a_kept_model_are_found_once(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    """For any number of phases, but apart for the feedback of sent and of decided symbols."""
    asked: list[bool] = []
    find = link_error_rates.error_rates

    def counted(model: InterferenceModel, at_instant: Interference, *, ideal_feedback: bool) -> ErrorRates:
        asked.append(ideal_feedback)
        return find(model, at_instant, ideal_feedback=ideal_feedback)

    kept_model.cache_clear()
    monkeypatch.setattr(analysis, "error_rates", counted)
    first = statistical_eye(link, phases=1)
    assert statistical_eye(link, phases=link.samples_per_ui).rates is first.rates
    assert statistical_eye(link, phases=link.samples_per_ui, open_at=1e-4).rates is first.rates
    statistical_eye(link, phases=1, ideal_feedback=True)
    assert asked == [False, True]


def test_a_link_without_noise_or_interference_is_refused() -> None:
    values = np.array([-1.0, 1.0])
    with pytest.raises(SirfError, match="positive finite variance"):
        TiltedContour.of(np.zeros(1), 0.0, values)


@pytest.mark.parametrize("target", [0.0, 0.5, -1e-6, float("nan")])
def test_error_ratio_targets_outside_the_open_interval_are_refused(target: float, link: Link) -> None:
    eye = statistical_eye(link, phases=1)
    for ask in (eye.eye_height, eye.eye_width, eye.contour, eye.edges):
        with pytest.raises(SirfError, match="ber must be between"):
            ask(target)

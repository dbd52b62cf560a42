"""Clipping of a converter: refused where it changes the error ratio, and let pass where it does not."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

import sirf
from sirf.engine.statistical.analysis import InterferenceModel
from sirf.engine.statistical.converter_clipping import _ahead
from sirf.errors import SirfError
from sirf.link import Link
from sirf.receiver.converter import Converter
from tests.engine.links import flat_link


def converted(full_scale: float | None, *, bits: int = 6) -> Link:
    """PAM4 at ±1 V with an echo that the Rx FFE takes away, so that what clips in one sample spoils the next."""
    link = flat_link("PAM4", sigma=0.06, ffe=(1.0, 0.4))
    receiver = dataclasses.replace(
        link.receiver, ffe=(1.0, -0.4, 0.16, -0.064), converter=Converter(bits=bits, full_scale=full_scale)
    )
    return link.replace(receiver=receiver)


def test_clipping_that_makes_errors_is_refused_with_a_range_that_holds() -> None:
    for full_scale in (0.7, 1.1, 1.3):
        with pytest.raises(
            SirfError, match=r"converter must hold its input .*Use sirf.count_errors or sirf.simulate, or full_scale="
        ) as caught:
            sirf.statistical_eye(converted(full_scale), phases=1)
        enough = float(re.findall(r"full_scale=([0-9.e+-]+)\.$", str(caught.value))[0])
        assert 1.3 < enough < 2.0
        assert sirf.statistical_eye(converted(enough), phases=1).ser > 0
    # it does make errors: the waveform counts many more with a range too small
    few, many = (sirf.simulate(converted(full), symbols=100_000, rng=1).ser for full in (2.0, 1.1))
    assert many > 3.0 * few


def test_a_range_that_holds_the_signal_passes_and_agrees_with_the_count() -> None:
    link = converted(1.9)
    expected = sirf.statistical_eye(link, phases=1).ser
    low, high = sirf.simulate(link, symbols=300_000, rng=2).errors.symbol_interval(0.999)
    assert low <= expected <= high
    assert np.isfinite(sirf.statistical_eye(converted(None, bits=7), phases=1).ser)


def test_a_decision_before_anything_whole_arrives_at_the_converter_is_looked_at_later() -> None:
    """On long cables an Rx FFE with large pre-cursor taps may decide that early: it was an IndexError."""
    link = flat_link("PAM4", sigma=0.05)
    link = link.replace(receiver=dataclasses.replace(link.receiver, ffe=(1.0, -0.1), converter=Converter(bits=7)))
    model = InterferenceModel(link)
    usual, _ = _ahead(model)
    end = model.front_end
    model.front_end = dataclasses.replace(end, start_time=end.start_time - 40.0 / link.symbol_rate)
    found, volts = _ahead(model)
    assert len(volts) == 4
    # a level away from the pulse, all symbols interfere: samples reach at least as far as at the instant
    assert found.quantile(0, 1e-6) > usual.quantile(0, 1e-6)


def test_ratios_of_many_thresholds_are_those_of_each_alone() -> None:
    model = InterferenceModel(flat_link("PAM4", sigma=0.06).placed())
    instant, levels, main = model.at(0), model.decided, model.front_end.main_cursor
    decisions = model.thresholds(instant) + np.random.default_rng(1).uniform(-0.2, 0.2, (2, 5, 3))
    found = instant.error_ratios(levels, main, decisions)
    each = [[instant.error_ratio(levels, main, one) for one in side] for side in decisions]
    assert found == pytest.approx(np.array(each), rel=1e-12)

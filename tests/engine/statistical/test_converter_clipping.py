"""Clipping of a converter: refused where it changes the error ratio, and let pass where it does not."""

from __future__ import annotations

import dataclasses
import itertools
import re

import numpy as np
import pytest

import sirf
from sirf.engine.rounding import converter_rounding
from sirf.engine.statistical.analysis import InterferenceModel
from sirf.engine.statistical.converter_clipping import _ahead, clipping
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


def added_errors(model: InterferenceModel, decision: np.ndarray) -> tuple[float, float, float]:
    """(share of clipped samples, symbol errors that they add, symbol errors without them), range by range and level by level."""
    rounding = converter_rounding(model.link)
    assert rounding is not None
    instant, (ahead, volts) = model.at(0), _ahead(model)
    levels, main, limit = model.decided, model.front_end.main_cursor, 31.5 * rounding.step

    def beyond(value: float) -> float:
        up = [float(ahead.above(i, value - level)) for i, level in enumerate(volts)]
        return float(np.mean(up) + np.mean([float(ahead.below(i, value + level)) for i, level in enumerate(volts)]))

    alone = instant.error_ratio(levels, main, decision)
    edges = np.linspace(limit, 2.0 * limit, 60)
    added = 0.0
    for low, high in itertools.pairwise(edges):
        for tap in rounding.taps[rounding.taps != 0.0]:
            shift = abs(tap) * (0.5 * (low + high) - limit)
            both = [instant.error_ratio(levels, main, decision + side * shift) for side in (-1.0, 1.0)]
            added += (beyond(low) - beyond(high)) * max(float(np.mean(both)) - alone, 0.0)
    return beyond(limit), added, alone


def test_what_is_refused_is_what_adds_a_hundredth_of_the_errors() -> None:
    """About the least range that passes, against sums over finer steps; clipped samples alone are many more than that."""
    verdicts = []
    for full_scale in (1.3, 1.45, 1.5, 1.55, 1.6, 1.7, 1.8):
        model = InterferenceModel(converted(full_scale).placed())
        decision = model.thresholds(model.at(0))
        clipped, added, alone = added_errors(model, decision)
        said = clipping(model, model.at(0), decision)
        # what lets a range pass whose clipped samples are few
        assert added <= clipped
        # closer than that the steps decide
        if abs(added / (0.01 * alone) - 1.0) > 0.15:
            assert (said is not None) == (added > 0.01 * alone)
            verdicts.append((said is not None, clipped > 0.01 * alone))
        if said is not None:
            assert f"that {clipped:.2g} of the samples exceed" in said
            assert float(re.findall("about ([0-9.e-]+) to", said)[0]) == pytest.approx(added, rel=0.15)
    # refused, let pass though more samples clip than errors may be added, and let pass for few clip at all
    assert set(verdicts) == {(True, True), (False, True), (False, False)}


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

"""A run's seed chooses where a long pattern begins; its errors are those of the whole pattern, not of one stretch."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sirf.engine.counting.baud_rate import COUNTED_SYMBOLS, LEAD_SYMBOLS, BaudRateLink
from sirf.engine.seeding import pattern_start
from sirf.engine.waveform.block_stream import Stream
from sirf.link import Link
from sirf.signal.patterns import Pattern
from sirf.transmitter.aggressor import Aggressor
from tests.engine.links import flat_link


def sending(name: str) -> Link:
    link = flat_link("NRZ", sigma=0.1)
    return link.replace(transmitter=dataclasses.replace(link.transmitter, pattern=Pattern(name)))


def place_in(pattern: Pattern, symbols: np.ndarray, start: int) -> bool:
    return bool(np.array_equal(symbols, pattern.take(start, len(symbols), order=2)))


def test_long_patterns_begin_where_the_seed_says_and_run_on_from_there() -> None:
    model, pattern = BaudRateLink(sending("prbs31")), Pattern("prbs31")
    begins = [pattern_start(seed, model.digest, pattern, 2, 0) for seed in range(20)]
    assert len(set(begins)) == 20
    assert np.mean(begins) == pytest.approx(2.0**30, rel=0.5)
    for seed in (3, 4):
        first, second = (model.segment(seed, index).symbols.copy() for index in (0, 1))
        assert place_in(pattern, first, begins[seed] - 256)
        assert place_in(pattern, second, begins[seed] - 256 + (1 << 17))
    assert np.array_equal(model.segment(3, 0).symbols, first) is False


def test_a_waveform_begins_there_too_and_short_patterns_at_their_first_symbol() -> None:
    for name in ("prbs31", "prbs13"):
        stream = Stream(sending(name), seed=5)
        symbols = stream.source.blocks(1).symbols
        begin = pattern_start(5, stream.plan.digest, Pattern(name), 2, 0)
        assert (begin == 0) == (name == "prbs13")
        assert place_in(Pattern(name), symbols, begin)


def test_the_all_ones_state_is_not_where_every_run_begins() -> None:
    """Its first thousands of bits hold a run of ones that one stretch in two billion has: the running sum tells."""
    pattern = Pattern("prbs31")
    swings = []
    for seed in range(8):
        model = BaudRateLink(sending("prbs31"))
        symbols = model.segment(seed, 0).symbols.astype(int)
        swings.append(float(np.abs(np.cumsum(2 * symbols[:2000] - 1)).max()))
    assert len(set(swings)) > 4
    assert pattern.take(0, 31, order=2).tolist() != model.segment(0, 0).symbols[256:287].tolist()


def test_the_pattern_of_an_aggressor_runs_on_from_segment_to_segment() -> None:
    """It once began at one place in every segment: a count saw 131,072 of its two thousand million symbols."""
    link = flat_link("PAM4", sigma=0.1, crosstalk=(0.2, 0.2))
    model = BaudRateLink(link.replace(aggressors=(Aggressor(), Aggressor(pattern=Pattern("prbs31q")))))
    model.segment(7, 0)
    # the last aggressor's symbols stay in memory until the next segment
    first = model._workspace().other_symbols.copy()
    model.segment(7, 1)
    second = model._workspace().other_symbols
    shared = len(first) - COUNTED_SYMBOLS
    assert shared > 200
    assert np.array_equal(first[COUNTED_SYMBOLS:], second[:shared])
    begin = pattern_start(7, model.digest, Pattern("prbs31q"), 4, 2)
    start = begin - model.origin - LEAD_SYMBOLS
    assert np.array_equal(first, Pattern("prbs31q").take(start, len(first), order=4))

"""Sequence detection against exhaustive search and the multiplicity-weighted error-event bound."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from sirf._kernels.viterbi import viterbi
from sirf.engine.counting.count_errors import count_errors
from sirf.errors import SirfError
from sirf.link import Link
from sirf.receiver.mlse import Mlse
from sirf.signal.pam import levels
from tests.engine.links import flat_link
from tests.engine.test_white_noise import q


def detect(
    samples: np.ndarray[tuple[int], np.dtype[np.float64]], order: int, taps: tuple[float, ...], mlse: Mlse
) -> list[int]:
    """The detector with the state before the first symbol known: all symbols before are the lowest level."""
    following = mlse.trellis(order)
    metrics = np.full(len(following), 1e9)
    metrics[0] = 0.0
    room = np.zeros((2, len(samples), len(following)), dtype=np.uint8)
    decided = np.zeros(len(samples), dtype=np.uint8)
    viterbi(samples.astype(np.float32), levels(order), levels(order), np.array(taps), following, metrics,
            np.zeros(len(following), dtype=np.uint64), room[0], room[1], decided)  # fmt: skip
    return decided.tolist()


@pytest.mark.parametrize(("order", "taps"), [(4, (0.7,)), (2, (0.9, -0.4)), (2, (1.0, 0.5, 0.3)), (3, (0.6, 0.2))])
def test_the_detector_finds_the_nearest_of_all_sequences(order: int, taps: tuple[float, ...]) -> None:
    rng = np.random.default_rng(1)
    length = 6 if order > 2 else 9
    values = levels(order)
    every = np.array(list(itertools.product(range(order), repeat=length)))
    padded = np.concatenate([np.full((len(every), len(taps)), values[0]), values[every]], axis=1)
    waves = padded[:, len(taps) :].copy()
    for i, tap in enumerate(taps):
        waves += tap * padded[:, len(taps) - 1 - i : -1 - i]
    for _ in range(25):
        samples = waves[rng.integers(len(every))] + 0.4 * rng.standard_normal(length)
        best = every[np.argmin(np.sum((waves - samples.astype(np.float32)) ** 2, axis=1))]
        assert detect(samples, order, taps, Mlse(memory=len(taps))) == best.tolist()


def bound(order: int, taps: tuple[float, ...], x: float, *, length: int) -> float:
    """Sum over error events of weight x probability that symbols allow it x Q(sqrt(energy) x), x half distance / sigma."""
    total = 0.0
    memory = len(taps)
    for span in range(1, length + 1):
        for inner in itertools.product((-1, 0, 1), repeat=max(span - 2, 0)):
            ends = [(1,)] if span == 1 else [(1, *inner, last) for last in (-1, 1)]
            for event in ends:
                # an event ends when `memory` right decisions follow one another
                if any(all(e == 0 for e in event[k : k + memory]) for k in range(1, span - memory)):
                    continue
                seen = np.convolve(event, (1.0, *taps))
                weight = sum(e != 0 for e in event)
                chance = 2 * ((order - 1) / order) ** weight
                total += chance * weight * q(float(np.sqrt(np.sum(seen**2))) * x)
    return total


def sequence_link(order: int, taps: tuple[float, ...], x: float, mlse: Mlse | None) -> Link:
    link = flat_link(f"PAM{order}", sigma=1 / (order - 1) / x, ffe=(1.0, *taps), dfe=taps)
    return link.replace(receiver=dataclasses.replace(link.receiver, mlse=mlse))


@pytest.mark.parametrize(("order", "taps", "x"), [(4, (0.5,), 2.9), (4, (1.0,), 2.6), (2, (0.8, 0.3), 2.5)])
def test_error_ratio_is_just_below_the_error_event_bound(order: int, taps: tuple[float, ...], x: float) -> None:
    count = count_errors(sequence_link(order, taps, x, Mlse(memory=len(taps))), max_errors=2500, rng=1)
    limit = bound(order, taps, x, length=12 if len(taps) == 1 else 9)
    low, high = count.symbol_interval()
    assert low <= limit
    assert high >= 0.85 * limit, (count.ser, limit)


def test_the_gain_over_decision_feedback_on_a_full_tap_is_what_pam4_has_at_this_ratio() -> None:
    """1 + D: 3.01 dB in the limit; at 1e-4 about 1.7 dB over a DFE fed with right symbols."""
    ideal = 2 * 0.75 * q(3.8)
    gained = 3.8 / 10 ** (1.7 / 20)
    count = count_errors(sequence_link(4, (1.0,), gained, Mlse()), max_errors=1000, rng=2)
    assert count.ser == pytest.approx(ideal, rel=0.35)


def test_reduced_states_lie_between_the_whole_trellis_and_decision_feedback() -> None:
    whole, two, one, slicer = (
        count_errors(sequence_link(4, (0.7,), 2.7, mlse), max_errors=4000, rng=3)
        for mlse in (Mlse(), Mlse(subsets=(2,)), Mlse(subsets=(1,)), None)
    )
    # PAM4 loses hardly anything with two subsets: levels of one subset lie two steps apart
    assert 0.9 * whole.ser < two.ser < 1.2 * whole.ser
    assert two.ser < 0.5 * slicer.ser
    # one state with feedback from its own past is the slicer with decision feedback
    low, high = slicer.symbol_interval()
    assert low <= one.ser <= high


def test_taps_beyond_the_target_are_fed_back_by_each_survivor() -> None:
    """The whole trellis of two taps, and one of a single tap with the second fed back: nearly the same."""
    x, taps = 2.6, (0.6, 0.15)
    whole = count_errors(sequence_link(4, taps, x, Mlse(memory=2)), max_errors=4000, rng=4)
    fed = count_errors(sequence_link(4, taps, x, Mlse(memory=1)), max_errors=4000, rng=4)
    assert 0.9 * whole.ser < fed.ser < 1.35 * whole.ser
    # the union of events tightens as noise falls: at 2.6 the count is 0.80 of it
    x = 3.1
    ideal = count_errors(sequence_link(4, taps, x, Mlse(memory=1)), max_errors=8000, rng=4, ideal_feedback=True)
    low, high = ideal.symbol_interval()
    assert low <= bound(4, (0.6,), x, length=12) <= high / 0.85


def test_states_that_cannot_be_are_refused() -> None:
    with pytest.raises(SirfError, match="memory must be at least 1"):
        Mlse(memory=0)
    with pytest.raises(SirfError, match="subsets must be 1 positive"):
        Mlse(subsets=(2, 2))
    with pytest.raises(SirfError, match="must each divide"):
        Mlse(subsets=(3,)).trellis(4)
    with pytest.raises(SirfError, match="at most 256"):
        Mlse(memory=5).trellis(4)
    with pytest.raises(SirfError, match="dfe must hold the 2 taps"):
        sequence_link(4, (0.5,), 3.0, Mlse(memory=2))

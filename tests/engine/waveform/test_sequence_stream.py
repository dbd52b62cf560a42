"""Sequence detection in the waveform, against a plain Viterbi search on the recorded samples and against the counting engine."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import sirf
from sirf.clock.recovery import ClockRecovery
from sirf.engine.waveform import sequence_stream
from sirf.receiver.mlse import Mlse
from tests.engine.counting.test_sequence import sequence_link


def nearest_path(samples: np.ndarray[Any, Any], volts: np.ndarray[Any, Any], tap: float) -> np.ndarray[Any, Any]:
    """Levels of the sequence nearest to a(k) + tap a(k - 1), by comparing whole paths that end alike; any start."""
    paths = [(0.0, [level]) for level in range(len(volts))]
    for k, value in enumerate(samples):
        paths = [
            min(
                (
                    (cost + (value - volts[now] - tap * volts[past[-1]]) ** 2, [*past, now] if k else [now])
                    for cost, past in paths
                ),
                key=lambda path: path[0],
            )
            for now in range(len(volts))
        ]
    return np.array(min(paths)[1])


def test_errors_are_those_of_a_plain_search_on_the_recorded_samples() -> None:
    link = sequence_link(4, (1.0,), 2.2, Mlse())
    run = sirf.simulate(link, symbols=3000, rng=3).errors
    # the plain search does not know what was sent before: the first symbols, up to where all its paths have met, are left out
    begin = 200
    head = sirf.simulate(link, symbols=begin, rng=3).errors
    longer = sirf.simulate(link, symbols=3100, record=3100, rng=3).record
    assert longer is not None
    # what a DFE tap of 1 takes off is the main cursor times the level before
    main = float(np.dot(longer.fed_back[1:], link.levels[longer.decided[:-1]]))
    main /= float(np.sum(link.levels[longer.decided[:-1]] ** 2))
    found = nearest_path(longer.decision_input + longer.fed_back, main * link.levels, 1.0)
    sent = longer.sent.astype(int)
    wrong = found[begin:3000] != sent[begin:3000]
    assert run.symbol_errors - head.symbol_errors == np.count_nonzero(wrong) > 10
    pairs = np.bincount((4 * sent + found)[begin:3000][wrong], minlength=16)
    assert np.array_equal(np.subtract(run.confusion, head.confusion), pairs)
    slicer = np.count_nonzero(longer.decided[:3000] != longer.sent[:3000])
    assert run.symbol_errors < 0.8 * slicer


@pytest.mark.parametrize(
    ("taps", "mlse", "ideal", "precoding"),
    [
        ((1.0,), Mlse(), False, False),
        ((1.0,), Mlse(), False, True),
        ((0.7,), Mlse(subsets=(2,)), False, False),
        ((0.6, 0.15), Mlse(), False, False),
        ((0.6, 0.15), Mlse(), True, False),
    ],
)
def test_error_ratios_agree_with_the_counting_engine(
    taps: tuple[float, ...], mlse: Mlse, ideal: bool, precoding: bool
) -> None:
    link = sequence_link(4, taps, 2.5, mlse)
    link = link.replace(transmitter=dataclasses.replace(link.transmitter, precoding=precoding))
    run = sirf.simulate(link, symbols=150_000, rng=1, ideal_feedback=ideal).errors
    count = sirf.count_errors(link, max_errors=3000, rng=1, ideal_feedback=ideal)
    assert run.symbols == sum(run.sent) == 150_000
    assert sum(run.level_errors) == run.symbol_errors > 300
    assert sum(run.burst_lengths) == run.bursts
    assert run.ber_low <= count.ber_high
    assert count.ber_low <= run.ber_high
    assert run.mean_burst == pytest.approx(count.mean_burst, rel=0.15)


def test_neither_blocks_nor_windows_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    link = sequence_link(4, (1.0,), 2.2, Mlse())
    whole = sirf.simulate(link, symbols=33_000, rng=2)
    parts = sirf.simulate(link, symbols=33_000, rng=2, block=777)
    assert parts.errors == whole.errors
    np.testing.assert_array_equal(parts.eye.counts, whole.eye.counts)
    assert whole.eye.counts.sum() == 33_000 * link.samples_per_ui
    monkeypatch.setattr(sequence_stream, "DECISION_WINDOW", 23)
    short = sirf.simulate(link, symbols=33_000, rng=2).errors
    assert short.confusion == whole.errors.confusion
    assert (short.symbols, short.errors, short.sent) == (33_000, whole.errors.errors, whole.errors.sent)


def test_a_dispersive_channel_and_a_recovered_clock() -> None:
    link = sirf.Link(sirf.paths.npo(length="150 mm").to_channel(), standard="802.3ck-c2m").optimized()
    assert len(link.receiver.dfe) > 1
    noise = 400 * link.receiver.noise_density
    still = link.replace(receiver=dataclasses.replace(link.receiver, noise_density=noise, mlse=Mlse()))
    clocked = still.replace(receiver=dataclasses.replace(still.receiver, clock=ClockRecovery(bandwidth=1e6)))
    count = sirf.count_errors(still, max_errors=3000, rng=1)
    fixed, free = (sirf.simulate(one, symbols=100_000, rng=1) for one in (still, clocked))
    assert free.clock is not None
    assert free.clock.locked
    assert free.clock.slips == 0
    for run in (fixed.errors, free.errors):
        assert run.symbols == 100_000
        assert run.errors > 300
        assert run.ber_low <= count.ber_high
        assert count.ber_low <= run.ber_high

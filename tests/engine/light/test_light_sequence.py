"""A sequence detector behind light with curves: counted in segments, each of them the run of a waveform."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import sirf
from sirf.engine.counting.count_errors import _counter
from sirf.engine.counting.tally import Errors
from sirf.engine.seeding import segment_seed
from sirf.engine.waveform.segment_counter import SegmentCounter
from sirf.link import Link
from sirf.receiver.mlse import Mlse
from tests.optics.links import back_to_back, unit_path

SWING = 0.5


def detected(*, precoding: bool = False, mlse: bool = True) -> Link:
    """Symbols that reach over into the next one behind a Mach-Zehnder, with noise of the receiver."""
    made = back_to_back(unit_path(), swing=SWING, large_signal=True, noisy=False)
    sender = dataclasses.replace(made.transmitter, rise_time=40e-12, ffe=(0.65, 0.35), precoding=precoding)
    receiver = dataclasses.replace(
        made.receiver, noise_corner=8e9, noise_density=8e-14, dfe=(0.54,), mlse=Mlse() if mlse else None
    )
    return made.replace(transmitter=sender, receiver=receiver)


@pytest.mark.parametrize("precoding", [False, True])
def test_a_segment_is_the_run_of_its_own_seed(precoding: bool) -> None:
    link, symbols = detected(precoding=precoding), 20_000
    count, on_line = SegmentCounter(link, ideal=False, counted=symbols).segment(3, 1)
    own = int(segment_seed(3, link.rounded_digest, 1).generate_state(1, np.uint64)[0] >> np.uint64(1))
    # one symbol more than counts: the first one is the decoder's past
    run = sirf.simulate(link, symbols=symbols + 1, rng=own)
    assert count.symbols == symbols
    assert 0 <= run.errors.symbol_errors - count.symbol_errors <= 1
    assert count.symbol_errors > 15
    assert isinstance(on_line, Errors)
    assert len(on_line.positions) == count.symbol_errors or precoding
    assert on_line.positions.min() >= 0
    assert on_line.positions.max() < symbols


def test_a_count_holds_the_error_ratio_of_a_long_run_and_beats_the_slicer() -> None:
    link = detected()
    count = sirf.count_errors(link, max_errors=300, rng=5)
    run = sirf.simulate(link, symbols=400_000, rng=6).errors
    low, high = count.symbol_interval(0.999)
    seen = run.symbol_interval(0.999)
    assert low < seen[1]
    assert seen[0] < high
    slicer = sirf.count_errors(detected(mlse=False), max_errors=300, rng=5)
    assert slicer.ser > 2.0 * count.ser


def test_threads_and_interruptions_change_nothing() -> None:
    link = detected()
    one, two = (sirf.count_errors(link, max_symbols=3e5, max_errors=10**9, rng=7, workers=n) for n in (1, 2))
    assert one == two
    assert isinstance(_counter(link, False), SegmentCounter)

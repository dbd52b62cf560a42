"""A 3 MB S4P from file to pulse response in at most 0.5 s, the parse not slower than scikit-rf's; medians of warm runs.

python benchmarks/bench_touchstone.py [--strict]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import skrf

import sirf
from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.channel.response import pulse_response
from sirf.channel.touchstone import read_touchstone, write_touchstone
from sirf.channel.transfer import Pulse, Transfer
from sirf.signal.filters import butterworth4

SYMBOL_RATE = 53.125e9
LIMIT_S = 0.5
LIMIT_RATIO = 1.0
FREQUENCY = np.arange(0.0, 60.01e9, 12.5e6)
RUNS = 7


def made_by_our_own_path(file: Path) -> Network:
    """A pluggable path as coupled lines 1→2 and 3→4, its common mode a little slower; the differential two-port."""
    through = sirf.paths.pluggable("4 in").network(FREQUENCY)
    common = sirf.paths.pluggable("4.1 in").network(FREQUENCY).s
    s = np.empty((FREQUENCY.size, 4, 4), dtype=np.complex128)
    s[:, :2, :2] = s[:, 2:, 2:] = 0.5 * (common + through.s)
    s[:, :2, 2:] = s[:, 2:, :2] = 0.5 * (common - through.s)
    write_touchstone(file, Network(FREQUENCY, s, z0=50.0))
    return through


def pulse_of(through: Network) -> Pulse:
    """Pulse response at 32 samples per UI behind a receiver filter."""
    transfer = Transfer(through.frequency, through.s[:, 1, 0])
    return pulse_response(transfer, symbol_rate=SYMBOL_RATE, filters=lambda f: butterworth4(f, 0.75 * SYMBOL_RATE))


def median_s(work: Callable[[], Any]) -> float:
    """Median processor time of warm runs."""
    work()
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def main() -> int:
    """Print the times; with --strict, 1 when a limit is missed."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "board.s4p"
        truth = made_by_our_own_path(file)
        size = file.stat().st_size / 1e6
        ours, theirs = read_touchstone(file), skrf.Network(str(file))
        assert size >= 3.0, size
        assert np.array_equal(ours.frequency, theirs.f)
        assert np.abs(ours.s - theirs.s).max() < 1e-12
        pulse, expected = pulse_of(Channel.from_touchstone(file).through), pulse_of(truth)
        assert pulse.volts.size == expected.volts.size
        assert np.abs(pulse.volts - expected.volts).max() < 1e-9 * expected.volts.max()
        read, reference = median_s(lambda: read_touchstone(file)), median_s(lambda: skrf.Network(str(file)))
        whole = median_s(lambda: pulse_of(Channel.from_touchstone(file).through))
    print(f"file                {size:6.2f} MB, {FREQUENCY.size} points")
    print(
        f"read                {read:6.3f} s   {read / reference:.2f} of scikit-rf's {reference:.3f} s, limit {LIMIT_RATIO}"
    )
    print(f"file to pulse       {whole:6.3f} s   limit {LIMIT_S} s")
    slow = whole > LIMIT_S or read > LIMIT_RATIO * reference
    return 1 if slow and "--strict" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())

"""Speed of the statistical engine and the equaliser search, warm, one core, on a path of our own with four aggressors.

python benchmarks/bench_statistical.py [--strict]

The reference of the same run is direct convolution on a voltage grid in NumPy (`tests/engine/direct_convolution.py`), which is
also the answer that is asserted: heights at 1e-6 and 1e-12, without jitter, which the reference does not have.
"""

from __future__ import annotations

import dataclasses
import statistics
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

import sirf
from sirf.channel.channel import Channel
from sirf.engine.statistical.analysis import interference_model, kept_model
from sirf.transmitter.transmitter import NO_JITTER
from tests.engine.direct_convolution import DirectConvolution

LIMITS = {"64 phases": 0.150, "64 phases, aggressors cached": 0.060, "one phase": 0.005}
MEMORY_MIB = 300.0
CANDIDATES = 10_000.0


def median_seconds(call: Callable[[], object], runs: int = 7) -> float:
    """Median processor time of `runs` calls after one to warm up."""
    call()
    times = []
    for _ in range(runs):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return statistics.median(times)


def four_aggressors() -> sirf.Link:
    """A pluggable path with its crosstalk, every aggressor twice, 64 samples per UI."""
    path = sirf.paths.pluggable(rate_class="100g").to_channel(crosstalk=True)
    far, near = (path.fext * 4)[:2], (path.next * 4)[:2]
    fext = far if near else (path.fext * 4)[:4]
    channel = Channel(through=path.through, fext=fext, next=near, plane=path.plane, name=path.name)
    return sirf.Link(channel, standard="802.3ck-c2m", samples_per_ui=64).optimized()


def resident_mib() -> float:
    """Resident memory of this process."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return float(line.split()[1]) / 1024
    return float("nan")


def peak_above(call: Callable[[], object]) -> float:
    """Most resident memory in MiB during a call above that before it."""
    before, peak, done = resident_mib(), [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.001):
            peak[0] = max(peak[0], resident_mib())

    watcher = threading.Thread(target=watch)
    watcher.start()
    call()
    done.set()
    watcher.join()
    return max(peak[0] - before, 0.0)


def check_answer(link: sirf.Link) -> float:
    """Assert heights against direct convolution; its seconds for one phase."""
    still = link.replace(transmitter=dataclasses.replace(link.transmitter, jitter=NO_JITTER))
    model = interference_model(still)
    direct = DirectConvolution.of(still, step=2e-4 * model.front_end.main_cursor, half=5000)
    start = time.process_time()
    density = direct.at(0)
    seconds = time.process_time() - start
    for probability in (1e-6, 1e-12):
        expected, found = direct.quantile(density, probability), model.at(0).quantile(1, probability)
        assert abs(found / expected - 1.0) < 2e-3, (probability, found, expected)
    return seconds


def main() -> int:
    """Print; with --strict, 1 when something is over its limit (machines are noisy: by default it only says so)."""
    link = four_aggressors()
    assert len(link.channel.fext) + len(link.channel.next) == 4
    reference = 64 * check_answer(link)

    def anew() -> object:
        kept_model.cache_clear()
        return sirf.statistical_eye(link)

    assert anew().ber == sirf.statistical_eye(link, phases=1).ber  # type: ignore[attr-defined]
    measured = {
        "64 phases": median_seconds(anew),
        "64 phases, aggressors cached": median_seconds(lambda: sirf.statistical_eye(link)),
        "one phase": median_seconds(lambda: sirf.statistical_eye(link, phases=1), 31),
    }
    slow = 0
    for name, seconds in measured.items():
        slow += seconds > LIMITS[name]
        print(f"{name:30s} {1e3 * seconds:8.1f} ms   limit {1e3 * LIMITS[name]:.0f} ms")
    print(
        f"direct convolution, 64 phases  {1e3 * reference:8.0f} ms   {reference / measured['64 phases']:.0f} x as long"
    )
    memory = peak_above(anew)
    slow += memory > MEMORY_MIB
    print(f"memory above the process       {memory:8.1f} MiB  limit {MEMORY_MIB:.0f} MiB")
    report = link.optimized().equalizer_report
    assert report is not None
    assert link.equalizer_report is not None
    # a search takes some 30 ms, in which one turn's chances would count for more than a change of the code
    rate = report.candidates / median_seconds(link.optimized)
    assert np.isclose(report.fom_db, link.equalizer_report.fom_db)
    slow += rate < CANDIDATES
    print(f"equaliser settings by FOM      {rate:8.0f} /s   limit {CANDIDATES:.0f} /s")
    return 1 if "--strict" in sys.argv and slow else 0


if __name__ == "__main__":
    sys.exit(main())

"""Speed of error counting, warm: `python benchmarks/bench_error_count.py [--strict] [--long]`.

A backplane of 200 UI with noise, Tx FFE and DFE: with and without the preset's jitter and aggressors, one core and two, what
eight aggressors cost, and the cost per symbol from 1e5 to 1e7 symbols (1e8 with --long, which adds the memory of 1e9). Answers
are held against the statistical engine. The reference of the same run is the same link in NumPy and SciPy, straightforwardly:
random numbers, `oaconvolve`, the feedback in Python.
"""

from __future__ import annotations

import dataclasses
import multiprocessing
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import cycle, islice

import numpy as np
from numpy.typing import NDArray
from scipy.signal import oaconvolve

import sirf
from sirf._kernels.decide import find_errors
from sirf._kernels.stream import correlate_add
from sirf.engine.counting.baud_rate import COUNTED_SYMBOLS, LEAD_SYMBOLS, STRETCH_SYMBOLS, BaudRateLink
from sirf.engine.counting.count_errors import Counter
from sirf.engine.counting.noise_filter import noise_taps
from sirf.engine.seeding import Randomness, segment_seed
from sirf.transmitter.transmitter import NO_JITTER

Float = NDArray[np.float64]
PLAIN, JITTERED, SEQUENCE, TWO_CORES, FLAT = 20e6, 10e6, 5e6, 1.9, 1.1
EIGHT = 0.8
"""Of the rate without aggressors that is asked with eight."""
MEMORY = 300.0
"""MB that a process which counts 1e9 symbols may take."""


def make_link(*, jitter: bool, aggressors: int) -> sirf.Link:
    """The shipped board path at 53 GBd PAM4, its noise raised until the statistical engine reads an error ratio near 1e-5."""
    path = sirf.paths.pluggable(rate_class="100g").to_channel(crosstalk=True)
    # the path's own aggressors in turn until there are enough; equalised without any, so that all links are alike
    fext, near = (
        tuple(islice(cycle(own), count))
        for own, count in zip((path.fext, path.next), (aggressors - aggressors // 3, aggressors // 3), strict=True)
    )
    alone = sirf.Link(dataclasses.replace(path, fext=(), next=()), standard="802.3ck-c2m").optimized()
    channel = dataclasses.replace(path, fext=fext, next=near)
    link = sirf.Link(channel, standard="802.3ck-c2m", transmitter=alone.transmitter, receiver=alone.receiver)
    if not jitter:
        tx = dataclasses.replace(link.transmitter, jitter=NO_JITTER)
        link = link.replace(transmitter=tx)
    low, high = np.log(1e-19), np.log(1e-13)
    for _ in range(20):
        middle = 0.5 * (low + high)
        trial = link.replace(receiver=dataclasses.replace(link.receiver, noise_density=float(np.exp(middle))))
        low, high = (low, middle) if sirf.statistical_eye(trial, phases=1).ber > 1e-5 else (middle, high)
    return link.replace(receiver=dataclasses.replace(link.receiver, noise_density=float(np.exp(low))))


def rate(link: sirf.Link, symbols: int, *, workers: int = 1, runs: int = 5) -> float:
    """Symbols per second, median of `runs` after one to warm up."""
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        count = sirf.count_errors(link, max_errors=10**12, max_symbols=symbols, rng=1, workers=workers)
        times.append(time.perf_counter() - start)
    return count.symbols / statistics.median(times[1:])


def processor_time(link: sirf.Link, symbols: int, workers: int) -> float:
    """Seconds of processor time, smallest of three: what other programs on the machine do not lengthen."""
    return min(one_count(link, symbols, workers) for _ in range(3))


def one_count(link: sirf.Link, symbols: int, workers: int = 1) -> float:
    """Seconds of processor time of one count."""
    start = time.process_time()
    sirf.count_errors(link, max_errors=10**12, max_symbols=symbols, rng=1, workers=workers)
    return time.process_time() - start


def share_with(crowded: sirf.Link, alone: sirf.Link, symbols: int) -> float:
    """Rate of one link over that of another by processor time: median of seven pairs of runs, one after the other."""
    pairs = [(one_count(alone, symbols), one_count(crowded, symbols)) for _ in range(8)]
    return statistics.median(one / two for one, two in pairs[1:])


def two_processes(link: sirf.Link, symbols: int) -> float:
    """Symbols a second of two processes that count side by side, over those of one of them alone; by the clock."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:

        def seconds(processes: int) -> float:
            start = time.perf_counter()
            list(pool.map(one_count, [link] * processes, [symbols] * processes))
            return time.perf_counter() - start

        # both are started, and have the link's responses, before a clock runs
        for _ in range(2):
            seconds(2)
        pairs = [(seconds(1), seconds(2)) for _ in range(5)]
    return statistics.median(2.0 * one / two for one, two in pairs)


def two_threads_of_this_machine() -> float:
    """What two threads do over one of them where nothing is shared: the loop of the filters in the first cache; by the clock."""
    rng = np.random.default_rng(1)
    rows = [rng.standard_normal(2048 + 256).astype(np.float32) for _ in range(2)]
    taps = 1e-6 * rng.standard_normal(256).astype(np.float32)

    def loop(wave: NDArray[np.float32]) -> None:
        out = np.zeros(2048, dtype=np.float32)
        for _ in range(4000):
            correlate_add(wave, taps, out)

    def seconds(threads: int) -> float:
        start = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(loop, rows[:threads]))
        return time.perf_counter() - start

    pairs = [(seconds(1), seconds(2)) for _ in range(8)]
    return statistics.median(2.0 * one / two for one, two in pairs[1:])


def peak_memory() -> float:
    """MB that a process of its own takes at most while it counts 1e9 symbols."""
    return float(subprocess.run([sys.executable, __file__, "--memory"], check=True, capture_output=True).stdout)


def plain_rate(link: sirf.Link, symbols: int = 100_000) -> tuple[float, float]:
    """Symbols per second and symbol error ratio of the reference, which knows no jitter and no crosstalk."""
    model = BaudRateLink(link)
    end = model.end
    start = time.perf_counter()
    rng = np.random.default_rng(1)
    sent = rng.integers(0, link.order, symbols)
    samples = oaconvolve(link.levels[sent], end.cursors(end.through))[end.pre_cursors :][:symbols]
    samples += oaconvolve(rng.standard_normal(symbols), noise_taps(end))[:symbols]
    decided = np.zeros(symbols, dtype=int)
    levels, bounds, dfe = model.levels.tolist(), model.decision.tolist(), model.feedback.tolist()
    for n in range(len(dfe), symbols):
        value = samples[n] - sum(tap * levels[decided[n - 1 - j]] for j, tap in enumerate(dfe))
        decided[n] = sum(value > bound for bound in bounds)
    wrong = np.count_nonzero(decided[300:] != sent[300:])
    return symbols / (time.perf_counter() - start), wrong / symbols


def stages(link: sirf.Link) -> dict[str, float]:
    """Nanoseconds of processor time a symbol of each stage by itself, smallest of several, and of all together ("segment")."""
    counter = Counter(link, False)
    model = counter.model
    space = model._workspace()
    random = Randomness(segment_seed(1, model.digest, 0), space.words)
    line = model.segment(1, 0)
    residual, symbols = line.residual.copy(), line.symbols.copy()
    positions, decided = np.empty(model.samples, dtype=np.int64), np.empty(model.samples, dtype=np.uint8)
    aggressors = [columns for columns in model.crosstalk if columns is not None]
    phases = np.arange(COUNTED_SYMBOLS // STRETCH_SYMBOLS) % model.end.samples_per_ui
    filters = [model.through, model.noise, *model.edges]
    macs = sum(len(one.taps) for one in filters) + sum(float(np.mean(one.lengths)) for one in aggressors)

    def multiply_add() -> None:
        for one in (model.through, *model.edges):
            one.add(space.wave, model.origin, space.residual)
        model.noise.add(space.normals, model.noise.before, space.residual)
        for columns in aggressors:
            columns.add(space.other_wave, model.origin, phases, space.residual, LEAD_SYMBOLS, STRETCH_SYMBOLS)

    def draw() -> None:
        random.normals(space.normals)
        random.symbols(link.order, space.symbols)
        if model.jitter:
            random.normals(space.normals)
            random.symbols(2, space.coins)
        for _ in aggressors:
            random.levels(link.levels.astype(np.float32), space.other_wave)

    def slicer() -> None:
        find_errors(residual, symbols, model.level_volts, model.decision, model.levels, model.feedback,
                    positions, decided)  # fmt: skip

    calls: dict[str, Callable[[], object]] = {"multiply-adds": multiply_add, "random numbers": draw, "slicer": slicer,
             "segment": lambda: counter.segment(1, 0)}  # fmt: skip
    result = {"taps": float(macs)}
    for name, call in calls.items():
        times = []
        for _ in range(9):
            start = time.thread_time()
            call()
            times.append(time.thread_time() - start)
        result[name] = 1e9 * min(times) / COUNTED_SYMBOLS
    return result


def check(link: sirf.Link, symbols: int) -> None:
    """The counted interval holds the statistical engine's error ratio."""
    count = sirf.count_errors(link, max_errors=10**12, max_symbols=symbols, rng=2, workers=2)
    expected = sirf.statistical_eye(link, phases=1).ber
    assert count.ber_low <= expected <= count.ber_high, (count, expected)


def main() -> int:
    """Measure, assert the answers, print; with --strict 1 when a figure misses its limit."""
    # as many segments for one thread as for another
    symbols = 76 * COUNTED_SYMBOLS
    plain = make_link(jitter=False, aggressors=0)
    cases = {
        "noise, FFE, DFE": (plain, PLAIN),
        "the same with the preset's jitter": (make_link(jitter=True, aggressors=0), JITTERED),
        "with jitter and eight aggressors": (make_link(jitter=True, aggressors=8), JITTERED),
        "with jitter and three aggressors": (make_link(jitter=True, aggressors=3), JITTERED),
    }
    sequence = plain.replace(receiver=dataclasses.replace(plain.receiver, mlse=sirf.Mlse()))
    reference, ratio = plain_rate(plain)
    assert ratio < 1e-3, ratio
    print(
        f"NumPy, SciPy and a loop in Python     {reference / 1e6:8.3f} Msymbol/s (its channel has neither jitter nor crosstalk)"
    )
    print(
        f"two threads of this machine, each with a loop of its own in the first cache: {two_threads_of_this_machine():.2f} x"
    )
    missed = 0
    for name, (link, limit) in cases.items():
        check(link, 5_000_000)
        one, two = rate(link, symbols), rate(link, symbols, workers=2)
        busy = processor_time(link, symbols, 2) / processor_time(link, symbols, 1)
        missed += (one < limit) + (two < TWO_CORES * one)
        print(
            f"{name:36s} {one / 1e6:9.2f} Msymbol/s (limit {limit / 1e6:g}), {one / reference:6.0f} x the reference; "
            f"two threads {two / one:.2f} x (with {busy:.2f} x the processor time)"
        )
    crowded, alone = (
        cases[name][0] for name in ("with jitter and eight aggressors", "the same with the preset's jitter")
    )
    share = share_with(crowded, alone, symbols // 2)
    missed += share < EIGHT
    print(f"eight aggressors: {share:.2f} of the rate with none (at least {EIGHT:g}), by processor time")
    beside = two_processes(alone, symbols)
    missed += beside < TWO_CORES
    print(f"two processes: {beside:.2f} x one by the clock (at least {TWO_CORES:g})")
    one = rate(sequence, symbols // 4)
    missed += one < SEQUENCE
    print(f"{'noise, FFE, 4-state MLSE, DFE':36s} {one / 1e6:9.2f} Msymbol/s (limit {SEQUENCE / 1e6:g})")
    for name, (link, _) in cases.items():
        cost = stages(link)
        bound = cost["multiply-adds"] + cost["random numbers"]
        print(
            f"  {name}: {cost['taps']:.0f} taps in {cost['multiply-adds']:.2f} ns ({cost['taps'] / cost['multiply-adds']:.0f} "
            f"per ns), random numbers {cost['random numbers']:.2f} ns, slicer {cost['slicer']:.2f} ns; all {cost['segment']:.2f} "
            f"ns of processor time, {bound / cost['segment']:.0%} of it multiply-adds and random numbers"
        )
    sizes = [10**5, 10**6, 10**7] + ([10**8] if "--long" in sys.argv else [])
    costs = [1e9 * processor_time(plain, size, 1) / (-(-size // COUNTED_SYMBOLS) * COUNTED_SYMBOLS) for size in sizes]
    missed += max(costs) > FLAT * min(costs)
    print(
        "processor time per symbol: " + ", ".join(f"{c:.2f} ns at {s:.0e}" for s, c in zip(sizes, costs, strict=True))
    )
    if "--long" in sys.argv:
        used = peak_memory()
        missed += used > MEMORY
        print(f"1e9 symbols: {used:.0f} MB at most (limit {MEMORY:g})")
    return 1 if missed and "--strict" in sys.argv else 0


if __name__ == "__main__":
    if "--memory" in sys.argv:
        one_count(make_link(jitter=True, aggressors=8), 1_000_000_000)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        sys.exit(0)
    sys.exit(main())

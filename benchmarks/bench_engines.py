"""Speed of the engines on a path of our own, warm, one core: `python benchmarks/bench_engines.py`.

The reference of the same run is the same chain with its feedback loop in plain Python, as tools without compiled loops have it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

import sirf
from sirf._kernels import feedback
from sirf.engine import error_count
from sirf.engine.segments import segment_generator


def median_seconds(call: Callable[[], object], runs: int = 5) -> float:
    """Median wall time of `runs` calls after one to warm up."""
    call()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def plain_python_rate(link: sirf.Link, symbols: int = 20_000) -> float:
    """Symbols per second of the slicer loop run by the interpreter on the same samples."""
    counter = error_count._Counter(link, False)
    plan = counter.plan
    drives = plan.drives(segment_generator(1, plan.digest, 0))
    samples = np.fft.irfft(drives.signal * counter.through, plan.length)[:symbols]
    arrays = np.empty(symbols, dtype=np.uint8), np.empty(symbols), np.zeros(6, dtype=np.int64)
    loop = feedback.slice_symbols.py_func  # type: ignore[attr-defined]  # numba's dispatcher keeps the function
    start = time.perf_counter()
    loop(
        samples,
        drives.symbols[:symbols],
        plan.levels,
        plan.decision,
        plan.dfe,
        False,
        plan.first,
        plan.bits,
        plan.gap,
        *arrays,
    )
    return symbols / (time.perf_counter() - start)


def main() -> None:
    """Measure, assert the answers, print."""
    link = sirf.Link(
        sirf.paths.pluggable(rate_class="100g").to_channel(crosstalk=True), standard="802.3ck-c2m"
    ).optimized()
    count = sirf.count_errors(link, max_errors=10**9, max_symbols=2_000_000, rng=1)
    eye = sirf.statistical_eye(link, phases=1)
    assert count.ber_low <= eye.ber <= count.ber_high, (count, eye.ber)
    seconds = median_seconds(lambda: sirf.count_errors(link, max_errors=10**9, max_symbols=2_000_000, rng=1))
    rate = count.symbols / seconds
    plain = plain_python_rate(link)
    print(f"error counting        {rate / 1e6:8.2f} Msymbol/s   {rate / plain:8.0f} x its loop in plain Python")
    run = sirf.simulate(link, symbols=200_000, rng=1)
    assert run.errors.ber_low <= eye.ber <= run.errors.ber_high, (run.errors, eye.ber)
    seconds = median_seconds(lambda: sirf.simulate(link, symbols=200_000, rng=1))
    print(f"bit by bit, 32 per UI {run.errors.symbols / seconds / 1e6:8.2f} Msymbol/s")
    print(f"statistical eye, 32 phases   {1e3 * median_seconds(lambda: sirf.statistical_eye(link)):8.1f} ms")
    print(f"statistical BER, one phase   {1e3 * median_seconds(lambda: sirf.statistical_eye(link, phases=1)):8.1f} ms")
    print(f"equaliser search             {1e3 * median_seconds(link.optimized):8.1f} ms")


if __name__ == "__main__":
    main()

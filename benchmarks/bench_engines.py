"""Speed of the engines on a path of our own, warm, one core: `python benchmarks/bench_engines.py`.

The engines are held against one another; bench_error_count.py and others set a reference of another make beside each.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import sirf


def median_seconds(call: Callable[[], object], runs: int = 5) -> float:
    """Median wall time of `runs` calls after one to warm up."""
    call()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


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
    print(f"error counting        {rate / 1e6:8.2f} Msymbol/s (see bench_error_count.py)")
    run = sirf.simulate(link, symbols=200_000, rng=1)
    assert run.errors.ber_low <= eye.ber <= run.errors.ber_high, (run.errors, eye.ber)
    seconds = median_seconds(lambda: sirf.simulate(link, symbols=200_000, rng=1))
    print(f"bit by bit, 32 per UI {run.errors.symbols / seconds / 1e6:8.2f} Msymbol/s")
    print(f"statistical eye, 32 phases   {1e3 * median_seconds(lambda: sirf.statistical_eye(link)):8.1f} ms")
    print(f"statistical BER, one phase   {1e3 * median_seconds(lambda: sirf.statistical_eye(link, phases=1)):8.1f} ms")
    print(f"equaliser search             {1e3 * median_seconds(link.optimized):8.1f} ms")


if __name__ == "__main__":
    main()

"""Speed of links with light, curves and all, one core: `python benchmarks/bench_optics.py [--strict]`.

A Mach-Zehnder between two packages of a co-packaged lane with their crosstalk, host to host: equaliser search, statistical eye at
one phase and at 32 (the curves averaged anew each time), symbols per second of the waveform engine, TDECQ of the transmitter.
Answers are asserted first: both numbers of phases read one error ratio, the count holds it, and a small swing is the linear link.
Processor time of this process, least of several runs.
"""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable

import sirf
from sirf import optics
from sirf.engine.light.transmitter_closure import transmitter_tdecq
from sirf.engine.statistical.analysis import kept_model

LIMITS = {"equaliser search": 8.0, "statistical eye, one phase": 0.5, "statistical eye, 32 phases": 1.2, "TDECQ": 3.0}
"""Seconds."""
LEAST = 0.25e6
"""Symbols per second of the waveform engine with all noise on."""
SYMBOLS = 400_000


def host_to_host(swing: float = 1.0) -> sirf.Link:
    """The link, with `swing` times the nominal swing."""
    package = sirf.paths.cpo(rate_class="100g").to_channel(crosstalk=True)
    preset = optics.load_optics("dr-silicon-mzm")
    span = optics.Span(
        preset.path, before=package, after=package, swing=swing * preset.swing, agc_db=(-80.0, preset.agc_db[1])
    )
    return sirf.Link(span, standard="cei-112g-linear")


def least_seconds(call: Callable[[], object], runs: int) -> float:
    """Least processor time of `runs` calls."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def check_answers(loud: sirf.Link) -> None:
    """Assert what the engines read of a link at about a thousandth of errors."""
    one, many = sirf.statistical_eye(loud, phases=1), sirf.statistical_eye(loud)
    assert one.ber == many.ber
    count = sirf.simulate(loud, symbols=SYMBOLS, rng=1).errors
    assert 0.8 * count.ber_low < one.ber < 1.25 * count.ber_high, (one.ber, count)
    assert loud.optics is not None
    small = host_to_host(1.0 / 32.0).replace(transmitter=loud.transmitter)
    assert small.optics is not None
    # slicers of a linear link stay half way between its levels, those behind curves are adapted to unequal tails
    quiet = dataclasses.replace(loud.receiver, noise_density=loud.receiver.noise_density / 32.0**2, thresholds="midway")
    bent, straight = (
        sirf.statistical_eye(small.replace(optics=span, receiver=quiet), phases=1).ber
        for span in (small.optics.quiet(), small.optics.quiet().linear())
    )
    assert abs(bent / straight - 1.0) < 0.01, (bent, straight)


def main() -> int:
    """Measure, assert the answers, print; with --strict, 1 when a figure is missed."""
    link = host_to_host().optimized()
    loud = link.replace(receiver=dataclasses.replace(link.receiver, noise_density=4e-15))
    check_answers(loud)

    def anew(phases: int) -> object:
        kept_model.cache_clear()
        return sirf.statistical_eye(loud, phases=phases)

    measured = {
        "equaliser search": least_seconds(host_to_host().optimized, 2),
        "statistical eye, one phase": least_seconds(lambda: anew(1), 7),
        "statistical eye, 32 phases": least_seconds(lambda: anew(32), 3),
        "TDECQ": least_seconds(lambda: transmitter_tdecq(loud), 2),
    }
    slow = 0
    for name, seconds in measured.items():
        slow += seconds > LIMITS[name]
        print(f"{name:28s} {1e3 * seconds:8.0f} ms   limit {1e3 * LIMITS[name]:.0f} ms")
    each = (measured["statistical eye, 32 phases"] - measured["statistical eye, one phase"]) / 31
    print(f"each further phase           {1e3 * each:8.1f} ms")
    rate = SYMBOLS / least_seconds(lambda: sirf.simulate(loud, symbols=SYMBOLS, rng=1), 3)
    slow += rate < LEAST
    print(f"waveform engine              {1e-6 * rate:8.2f} Msymbol/s   at least {1e-6 * LEAST:.2f}")
    return 1 if "--strict" in sys.argv and slow else 0


if __name__ == "__main__":
    sys.exit(main())

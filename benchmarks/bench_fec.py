"""Speed of the FEC codes, one core: `python benchmarks/bench_fec.py [--strict]`.

The reference of the same run is galois: its decoder on the same received words (its RS(1023,993) takes about 20 s to build; the
shortened word is padded with zeros by galois itself).
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from sirf import fec

FLOOR = 100e6
"""Message bits per second and core at the KP4 threshold."""


def median_seconds(call: Callable[[], object], runs: int = 7) -> float:
    """Median processor time of `runs` calls after one to warm up."""
    call()
    times = []
    for _ in range(runs):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return statistics.median(times)


def main() -> None:
    """Measure, assert the answers, print."""
    code = fec.load("kp4")
    generator = np.random.default_rng(1)
    messages = generator.integers(0, 1024, (4000, 514))
    words = code.encode(messages)
    flips = ((generator.random((4000, 544, 10)) < 2.4e-4) << np.arange(10)).sum(axis=-1).astype(np.uint16)
    received = words ^ flips
    decoded = code.decode(received)
    assert (decoded.symbols == messages).all()
    assert (decoded.corrected == (flips != 0).sum(axis=1)).all()
    bits = messages.size * 10
    seconds = median_seconds(lambda: code.decode(received))
    rate = bits / seconds
    print(f"KP4 decoding at 2.4e-4       {rate / 1e6:8.0f} Mb/s")
    print(f"KP4 encoding                 {bits / median_seconds(lambda: code.encode(messages)) / 1e6:8.0f} Mb/s")

    inner = fec.Hamming128()
    sent = inner.encode(generator.integers(0, 2, (20_000, 120)))
    soft = 1.0 - 2.0 * sent + 10 ** (-6 / 20) / np.sqrt(2) * generator.standard_normal(sent.shape)
    assert (inner.decode_words(soft) != sent).any(axis=1).mean() < inner.soft_word_error_bound(6.0) * 1.5
    seconds = median_seconds(lambda: inner.decode(soft))
    print(f"Hamming(128,120), soft, 6 dB {20_000 * 120 / seconds / 1e6:8.0f} Mb/s")

    errors = fec.ErrorChain.bursts(1e-3, 0.5).draw(2720 * 2000, rng=1)
    line = generator.integers(0, 4, errors.size).astype(np.uint8)
    decided = ((line + errors) % 4).astype(np.uint8)
    counter = fec.CodewordCounter(code, interleave=2, precoding=True)
    seconds = median_seconds(lambda: counter.add(line, decided))
    assert counter.count.codewords == 8 * 2000
    print(f"counting code words at 1e-3  {errors.size / seconds / 1e6:8.0f} Msymbol/s")

    import galois

    field = galois.GF(2**10, irreducible_poly=code.field_polynomial)
    reference = galois.ReedSolomon(1023, 993, field=field, c=0, alpha=field(2))
    few = field(received[:20].astype(np.int64))
    assert (np.array(reference.decode(few)) == messages[:20]).all()
    slow = 20 * 5140 / median_seconds(lambda: reference.decode(few), runs=3)
    print(f"galois decoding              {slow / 1e6:8.3f} Mb/s   sirf is {rate / slow:.0f} x")
    if "--strict" in sys.argv and rate < FLOOR:
        sys.exit(f"KP4 decoding must reach {FLOOR / 1e6:.0f} Mb/s, got {rate / 1e6:.0f}")


if __name__ == "__main__":
    main()

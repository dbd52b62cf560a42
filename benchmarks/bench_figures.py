"""Figures of a channel on sirf's own pluggable path: ERL, TDR (against scikit-rf's step response), and all of them; warm medians.

python benchmarks/bench_figures.py
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import skrf

import sirf
from sirf.channel.figures import effective_return_loss, impedance_profile, load_limits

LIMITS = {"ERL of one port": 0.030, "TDR of one port": 0.010, "all figures": 0.100}
"""Seconds on one core."""


def timed(call: Callable[[], Any], check: Callable[[Any], bool]) -> float:
    """Median processor time of seven calls, warm; the answer is asserted."""
    assert check(call())
    times = []
    for _ in range(7):
        start = time.process_time()
        answer = call()
        times.append(time.process_time() - start)
        assert check(answer)
    return statistics.median(times)


def main() -> int:
    """Print the medians; with --strict, 1 when one is over its limit (machines are noisy: by default it only says so)."""
    grid = np.linspace(0.0, 60e9, 6001)
    channel = sirf.paths.load_path("pluggable", rate_class="100g").to_channel(grid, crosstalk=True)
    settings = load_limits("802.3ck-kr1").erl
    assert settings is not None
    network = skrf.Network(f=grid, f_unit="Hz", s=channel.through.s[:, :1, :1], z0=100.0)
    profile = impedance_profile(channel.through)
    steps = profile.reflection[np.searchsorted(profile.time, [0.3e-9, 0.6e-9])]

    def same(answer: tuple[Any, Any]) -> bool:
        return bool(np.allclose(np.interp([0.3e-9, 0.6e-9], *answer), steps, atol=2e-3))

    times = {
        "ERL of one port": timed(
            lambda: effective_return_loss(channel.through, settings, port=1), lambda erl: 5.0 < erl < 20.0
        ),
        "TDR of one port": timed(
            lambda: impedance_profile(channel.through), lambda tdr: 70.0 < tdr.between(0.2e-9, 1e-9) < 120.0
        ),
        "all figures": timed(
            lambda: channel.figures("802.3ck-kr1"), lambda found: found.icn is not None and found.icn > 0
        ),
    }
    reference = timed(lambda: network.step_response(window="boxcar", pad=4 * grid.size), same)
    slow = 0
    for name, median in times.items():
        slow += median > LIMITS[name]
        print(f"{name:16s} {1e3 * median:7.2f} ms   limit {1e3 * LIMITS[name]:g} ms")
    print(f"scikit-rf's step response takes {reference / times['TDR of one port']:.1f} times as long as the TDR")
    return 1 if slow and "--strict" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())

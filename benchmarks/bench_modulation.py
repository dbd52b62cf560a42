"""PAM4, PAM6 and PAM8 over one channel, warm: 5 s. at 212.5 Gb/s PAM4's margin is held against the Annex's full grid.

python benchmarks/bench_modulation.py [--strict]
"""

from __future__ import annotations

import sys
import time

import numpy as np

import sirf
from sirf.com.config.preset_settings import from_standard
from sirf.com.config.rescaled import rescaled
from sirf.com.margin import com
from sirf.study.modulation_result import ModulationStudy

DATA_RATE, CHECKED_RATE, STANDARD = 425e9, 212.5e9, "802.3dj-kr1"
"""bit/s of the study that is timed, of the one whose margin the full grid finds as well, and the preset."""
LIMIT = 5.0
"""Seconds."""
QUICK_DB = 0.1
"""What the quick search may be below the full grid."""


def check(found: ModulationStudy) -> None:
    """Equal net rates, the ceiling above them, fewer levels on a faster line; PAM4's margin at half the rate by the full grid."""
    for row, bits in zip(found.point.rows, (2.0, 2.5, 3.0), strict=True):
        assert np.isclose(row.symbol_rate, DATA_RATE / bits), row
        assert row.com_db is not None, row
        assert row.capacity_gbps > 1e-9 * found.net_rate, row
    path, symbol_rate = sirf.paths.cpo(rate_class="200g"), 0.5 * CHECKED_RATE
    quick = sirf.modulation(path, data_rate=CHECKED_RATE, standard=STANDARD, modulations=("PAM4",))["PAM4"].com_db
    base = from_standard(STANDARD)
    settings = rescaled(base, symbol_rate, "PAM4", der0=base.der0, circuit_rate=symbol_rate)
    channel = path.to_channel(np.arange(0.0, 1.05 * symbol_rate + 10e6, 10e6))
    full = com(channel, config=settings, package_case=1).com_db
    assert quick is not None
    assert full - QUICK_DB <= quick <= full + 1e-6, (quick, full)


def main() -> int:
    """Print the time; with --strict, 1 when it is over its limit (machines are noisy: by default it only says so)."""
    check(sirf.modulation("npo", data_rate=DATA_RATE, standard=STANDARD))
    wall, cpu = time.perf_counter(), time.process_time()
    sirf.modulation("npo", data_rate=DATA_RATE, standard=STANDARD)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"PAM4, PAM6, PAM8 {wall:8.2f} s, {cpu:.2f} s of processor   limit {LIMIT:g} s")
    return 1 if "--strict" in sys.argv and wall > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())

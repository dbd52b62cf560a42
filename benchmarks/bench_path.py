"""Paths of six segments at 2,000 frequencies: differential, and with full 4-ports at every joint.

python benchmarks/bench_path.py [--strict]

References: scikit-rf's cascade of the same blocks, as two-ports and as 4-ports. Answers are asserted before times are printed.
Elements by value are kept from path to path in both forms: "cold" empties what is kept before each run, of both alike. With
--strict the program ends with 1 where a 4-port path takes more than 12 ms, or more than 2.5 times the differential one.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import reduce
from pathlib import Path as FilePath

import numpy as np
from numpy.typing import NDArray

from sirf import paths
from sirf.channel.network import Network
from sirf.channel.path import Path, Segment, Trace, element_networks, load_path
from sirf.channel.touchstone import write_touchstone

LIMIT, RATIO, RUNS = 0.012, 2.5, 25
FREQUENCY = np.linspace(0.0, 106e9, 2000)
ORDER = [0, 2, 1, 3]
"""Inputs first, as scikit-rf joins 4-ports."""


def six_segments() -> Path:
    """Die, package, ball, via, board and via of the pluggable path."""
    whole = paths.pluggable()
    return Path("six", whole.segments[:6], whole.variable)


def skewed(path: Path) -> Path:
    """The same path with 100 ps/m of skew in its board."""
    board = path.segments[4]
    assert isinstance(board.element, Trace)
    element = Trace(board.element.line, board.element.length, skew=100e-12)
    segments = (*path.segments[:4], Segment(board.name, element, board.length_m), *path.segments[5:])
    return Path("six, skewed", segments, path.variable)


def measured(folder: FilePath, *, pairs: bool) -> Path:
    """Six files in series: 4-ports of two unequal lines, or the same as differential two-ports."""
    text = 'id = "files"\ntitle = "six files"\n'
    for k in range(6):
        p, n = (line(0.03, skew) for skew in (2e-12 + 1e-13 * k, 0.0))
        if pairs:
            s = np.zeros((FREQUENCY.size, 4, 4), dtype=complex)
            s[:, :2, :2], s[:, 2:, 2:] = p, n
            file, network = f"part{k}.s4p", Network(FREQUENCY, s)
        else:
            file, network = f"part{k}.s2p", Network(FREQUENCY, 0.5 * (p + n), z0=100.0)
        write_touchstone(folder / file, network)
        text += f'[[segment]]\nname = "part {k}"\nkind = "touchstone"\nfile = "{file}"\nprovenance = "E"\nsource = "benchmark"\n'
        text += 'port_order = "12-34"\n' if pairs else "differential = true\n"
    (folder / "files.toml").write_text(text, encoding="utf-8")
    return load_path(str(folder / "files.toml"))


def line(length: float, late: float) -> NDArray[np.complex128]:
    """S (F, 2, 2) of a matched line of `length` in m, `late` s later."""
    s = np.zeros((FREQUENCY.size, 2, 2), dtype=complex)
    gamma = 2.0 * np.sqrt(FREQUENCY / 26e9) * (1 + 1j) + 2j * np.pi * FREQUENCY * 6.2e-9
    s[:, 0, 1] = s[:, 1, 0] = np.exp(-gamma * length - 2j * np.pi * FREQUENCY * late)
    return s


def median(work: Callable[[], object], *, cold: bool = False) -> float:
    """Median processor time of a call in s, warm or with nothing kept of the elements."""
    work()
    times = []
    for _ in range(RUNS):
        if cold:
            for kept in (element_networks._kept, element_networks._kept_pair, element_networks._kept_series):
                kept.cache_clear()
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def check_pairs(path: Path) -> float:
    """Assert the path's 4-port against scikit-rf's cascade; time in s of that cascade."""
    import skrf

    blocks = []
    for segment in path.segments:
        s = segment.pair(FREQUENCY).four_port().s[:, ORDER][:, :, ORDER]
        blocks.append(skrf.Network(f=FREQUENCY, f_unit="Hz", s=s, z0=50))
    joined = reduce(lambda first, second: first**second, blocks).s
    back = np.argsort(ORDER)
    assert np.abs(path.pair(FREQUENCY).four_port().s - joined[:, back][:, :, back]).max() < 1e-9
    return median(lambda: reduce(lambda first, second: first**second, blocks))


def main() -> int:
    """Print the medians and the ratios."""
    path = six_segments()
    blocks = [segment.network(FREQUENCY).to_network() for segment in path.segments]
    joined = reduce(lambda first, second: first**second, blocks)
    assert np.abs(path.network(FREQUENCY).s - joined.s).max() < 1e-9
    differential = median(lambda: path.network(FREQUENCY))
    two_ports = median(lambda: reduce(lambda first, second: first**second, blocks))
    unequal = skewed(path)
    four_ports = check_pairs(unequal)
    balanced, whole = median(lambda: path.pair(FREQUENCY)), median(lambda: unequal.pair(FREQUENCY))
    cold, cold_whole = (
        median(lambda: path.network(FREQUENCY), cold=True),
        median(lambda: unequal.pair(FREQUENCY), cold=True),
    )
    with tempfile.TemporaryDirectory() as folder:
        files, pair_files = (measured(FilePath(folder), pairs=pairs) for pairs in (False, True))
    check_pairs(pair_files)
    two_port_files, four_port_files = (
        median(lambda: files.network(FREQUENCY)),
        median(lambda: pair_files.pair(FREQUENCY)),
    )
    print(f"geometry, differential {1e3 * differential:7.2f} ms   scikit-rf, cascade only {1e3 * two_ports:7.2f} ms")
    print(f"geometry, both modes   {1e3 * balanced:7.2f} ms   ratio {balanced / differential:.2f}")
    print(
        f"geometry, 4-ports      {1e3 * whole:7.2f} ms   ratio {whole / differential:.2f}   "
        f"scikit-rf, cascade only {1e3 * four_ports:7.2f} ms"
    )
    print(
        f"geometry, cold         {1e3 * cold:7.2f} ms   4-ports {1e3 * cold_whole:7.2f} ms   ratio {cold_whole / cold:.2f}"
    )
    print(f"files, differential    {1e3 * two_port_files:7.2f} ms")
    print(f"files, 4-ports         {1e3 * four_port_files:7.2f} ms   ratio {four_port_files / two_port_files:.2f}")
    slow = max(whole, cold_whole, four_port_files) > LIMIT
    heavy = max(whole / differential, cold_whole / cold, four_port_files / two_port_files) > RATIO
    return 1 if (slow or heavy) and "--strict" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())

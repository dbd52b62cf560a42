"""The bit-by-bit engine, warm, one core: `python benchmarks/bench_waveform.py [--long] [--strict]`.

Full chain: 32 samples per UI, noise, edge jitter, CTLE, FFE, DFE, clock recovery, eye histogram. The reference of the same run is
the straight chain of NumPy and SciPy on the same responses (`scipy.signal.oaconvolve` at 32 samples per UI, `numpy.histogram`)
with neither clock recovery nor feedback of its own decisions, which favours it. CPU time of this process, least of several runs:
other programs then count little. `--long` adds 1e7 and 1e8 symbols and peak memory with 64 phases.
"""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.signal import oaconvolve

import sirf
from sirf.engine.front_end import FrontEnd, front_end
from sirf.equalizer.mmse_equalizer import mmse_equalizer

LEAST = 2e6
"""Symbols per second asked of the full chain on one core."""
FLAT = 0.10
MEMORY = 400.0
"""MB above the process before the call, for 1e8 symbols with 64 phases."""


def full_chain(samples_per_ui: int = 32) -> sirf.Link:
    """A 250 mm pluggable path with every block of the chain in use."""
    channel = sirf.paths.pluggable(rate_class="100g").to_channel()
    link = sirf.Link(channel, standard="802.3ck-c2m", samples_per_ui=samples_per_ui).optimized()
    link = mmse_equalizer(link, ffe=(3, 4), dfe=4)
    loud = dataclasses.replace(
        link.receiver, noise_density=60 * link.receiver.noise_density, clock=sirf.ClockRecovery()
    )
    return link.replace(receiver=loud)


def least_seconds(call: Callable[[], object], runs: int) -> float:
    """Least CPU time of `runs` calls after one to warm up."""
    call()
    times = []
    for _ in range(runs):
        start = time.process_time()
        call()
        times.append(time.process_time() - start)
    return min(times)


def straight_chain(link: sirf.Link, end: FrontEnd, symbols: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Eye counts (m, 512) of the same link by whole-array NumPy and SciPy, sent symbols fed back."""
    rng = np.random.default_rng(1)
    tx, m, main = link.transmitter, end.samples_per_ui, end.main_cursor
    sent = link.levels[rng.integers(0, link.order, symbols)]
    moved = np.convolve(sent, np.diff([0.0, *tx.ffe, 0.0]))[tx.ffe_main :][:symbols]
    tau = tx.jitter.random_ui * rng.standard_normal(symbols) + tx.jitter.dual_dirac_ui * rng.choice(
        [-1.0, 1.0], symbols
    )
    wave = np.zeros(symbols * m + len(end.through) - 1)
    for drive, response in ((sent, end.through), (-moved * tau, end.edge), (0.5 * moved * tau**2, end.edge_slope)):
        train = np.zeros(symbols * m)
        train[::m] = drive
        wave += oaconvolve(train, response)
    lags = end.noise_correlation
    density = np.sqrt(np.maximum(np.fft.rfft(np.concatenate([lags, lags[:0:-1]])).real, 0.0))
    wave[: symbols * m] += oaconvolve(rng.standard_normal(symbols * m), np.fft.fftshift(np.fft.irfft(density)), "same")
    fed = main * np.convolve(sent, [0.0, *link.receiver.dfe])[:symbols]
    fed -= end.transmitter_noise * rng.standard_normal(symbols)
    first = len(end.through) // m
    rows = wave[end.sampling - m // 2 :][: (symbols - first) * m].reshape(-1, m)[first:]
    values = rows - fed[first : first + len(rows), None]
    edges = np.linspace(-1.35 * main, 1.35 * main, 513)
    return np.array([np.histogram(np.clip(values[:, p], edges[0], edges[-1]), edges)[0] for p in range(m)])


def spread(counts: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Rms of the voltage at each phase, in bins."""
    bins = np.arange(counts.shape[1]) - 0.5 * (counts.shape[1] - 1)
    return np.asarray(np.sqrt(counts @ bins**2 / counts.sum(axis=1)))


def main() -> int:
    """Measure, assert the answers, print; with --strict, 1 when a figure is missed."""
    link = full_chain()
    end = front_end(link)
    run = sirf.simulate(link, symbols=500_000, rng=1)
    expected = sirf.statistical_eye(link.replace(receiver=dataclasses.replace(link.receiver, clock=None)), phases=1)
    assert run.clock is not None
    assert run.clock.locked
    assert run.clock.losses == 0
    assert 0.8 * run.errors.ber_low <= expected.ber <= 1.25 * run.errors.ber_high, (run.errors, expected.ber)
    ratio = spread(run.eye.counts) / spread(straight_chain(link, end, 200_000))
    assert np.all(np.abs(ratio - 1.0) < 0.01), ratio

    missed = False
    rates: dict[int, float] = {}
    sizes = [(100_000, 20), (1_000_000, 5)] + ([(10_000_000, 3), (100_000_000, 0)] if "--long" in sys.argv else [])
    for symbols, runs in sizes:
        if runs:
            seconds = least_seconds(lambda n=symbols: sirf.simulate(link, symbols=n, rng=1), runs)  # type: ignore[misc]
        else:
            start = time.process_time()
            sirf.simulate(link, symbols=symbols, rng=1)
            seconds = time.process_time() - start
        rates[symbols] = symbols / seconds
        print(f"full chain, 32 per UI, {symbols:.0e} symbols {1e-6 * symbols / seconds:8.2f} Msymbol/s")
    plain = 200_000 / least_seconds(lambda: straight_chain(link, end, 200_000), 2)
    print(f"straight NumPy and SciPy chain, no clock       {plain / 1e6:8.2f} Msymbol/s")
    print(f"ratio                                          {rates[1_000_000] / plain:8.1f} x")
    print(f"slowest over fastest size                      {min(rates.values()) / max(rates.values()):8.2f}")
    missed |= rates[1_000_000] < LEAST or min(rates.values()) < (1.0 - FLAT) * max(rates.values())
    if "--long" in sys.argv:
        grown = float(subprocess.run([sys.executable, __file__, "--memory"], check=True, capture_output=True).stdout)
        print(f"64 phases, 1e8 symbols: {grown:.0f} MB above the process before the call, limit {MEMORY:.0f} MB")
        missed |= grown > MEMORY
    return 1 if missed and "--strict" in sys.argv else 0


def memory() -> float:
    """MB by which 1e8 symbols with 64 phases raise the peak of this process above what it held before the call."""
    link = full_chain(64)
    before = status_mb("VmRSS")
    sirf.simulate(link, symbols=100_000_000, rng=1)
    return status_mb("VmHWM") - before


def status_mb(key: str) -> float:
    """An entry of this process's status in MB (Linux; `getrusage` would tell the parent's peak too)."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith(key)).split()[1]) / 1024


if __name__ == "__main__":
    if "--memory" in sys.argv:
        print(memory())
        sys.exit(0)
    sys.exit(main())

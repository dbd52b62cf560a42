"""What one core of this machine can do at most, measured: transforms, multiply-adds, memory. A scale for other figures."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import fft
from threadpoolctl import threadpool_limits

RUNS = 5
TRANSFORM, ROWS = 1 << 14, 16
"""Points of a single-precision transform, and how many are taken at once."""
# 4.5e8 products of 7 MB in three matrices: the core bounds them and not the memory
MATRIX = 768
COPIED = 1 << 27
"""Bytes that are copied: more than the caches hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineLimits:
    """One core's rates in 1/s: `fft` floating-point operations (5/2 N log2 N a real transform), `multiply_add` products added
    up, both in single precision, `memory` bytes read and written.
    """

    fft: float
    multiply_add: float
    memory: float


def processor_time() -> float:
    """Processor time in s (user and system, all threads) of this process, and of its children that have ended."""
    children = os.times()
    return time.process_time() + children.children_user + children.children_system


def cpu_seconds(call: Callable[[], object], runs: int = RUNS) -> float:
    """Median of `processor_time` over `runs` calls, after one that is not counted."""
    # the first call loads and plans
    call()
    times = []
    for _ in range(runs):
        start = processor_time()
        call()
        times.append(processor_time() - start)
    # the median, for a machine has interruptions
    return statistics.median(times)


def measure_limits() -> MachineLimits:
    """Measure them; takes about a second."""
    generator = np.random.default_rng(1)
    waves = generator.standard_normal((ROWS, TRANSFORM)).astype(np.float32)
    # operations of a real transform, 5/2 N log2 N
    operations = 2.5 * TRANSFORM * np.log2(TRANSFORM) * ROWS
    transforms = operations / cpu_seconds(lambda: [fft.rfft(waves) for _ in range(8)]) * 8
    square = generator.standard_normal((MATRIX, MATRIX)).astype(np.float32)
    # one core, as all figures here
    with threadpool_limits(limits=1):
        products = MATRIX**3 * 4 / cpu_seconds(lambda: [square @ square for _ in range(4)])
    # eight bytes a number
    source = np.ones(COPIED // 8)
    target = np.empty_like(source)
    # read and written
    memory = 2.0 * COPIED / cpu_seconds(lambda: np.copyto(target, source))
    return MachineLimits(fft=float(transforms), multiply_add=float(products), memory=float(memory))

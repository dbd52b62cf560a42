"""The bit-by-bit engine at M samples per symbol: waveform, eye and errors of one run."""

from __future__ import annotations

from collections.abc import Callable

from sirf.engine.segments import Seed, integer_seed
from sirf.engine.waveform_stream import Stream
from sirf.errors import SirfError
from sirf.link import Link
from sirf.results.waveform_run import WaveformRun

BLOCK = 1 << 16
"""Symbols between two calls of `progress`."""


def simulate(
    link: Link,
    *,
    symbols: int = 1_000_000,
    rng: Seed = None,
    ideal_feedback: bool = False,
    block: int = BLOCK,
    progress: Callable[[int, int, int], None] | None = None,
) -> WaveformRun:
    """Send random symbols through the link as a waveform and collect eye and errors.

    Parameters
    ----------
    symbols
        So many symbols are counted, after those that fill the channel's memory.
    rng
        Seed: a non-negative integer, a NumPy Generator, or None for fresh entropy.
    ideal_feedback
        Feed the sent symbols back: no DFE error propagation.
    block
        Symbols handed on at a time; changes nothing but how often `progress` is called, and the memory.
    progress
        Called with (symbols done, symbols asked, bit errors).

    Edges are displaced one by one (random and dual-Dirac) by a second-order expansion; noise is coloured by the receiver.
    Raises `SirfError` for fewer than one symbol.
    """
    for name, value in (("symbols", symbols), ("block", block)):
        if value < 1:
            raise SirfError(f"{name} must be at least 1, got {value}. Give a positive whole number.")
    stream = Stream(link, seed=integer_seed(rng), ideal_feedback=ideal_feedback)
    left = stream.first + symbols
    while left:
        left -= len(stream.advance(min(block, left)).fed)
        if progress is not None:
            count = stream.count()
            progress(count.symbols, symbols, count.errors)
    return WaveformRun(
        link=link, eye=stream.eye(), errors=stream.count(), ideal_feedback=ideal_feedback,
        clock=stream.receiver.clock_report(), adapted=stream.receiver.adapted(),
    )  # fmt: skip

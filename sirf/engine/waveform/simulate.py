"""The bit-by-bit engine at M samples per symbol: waveform, eye and errors of one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sirf.engine.seeding import Seed, integer_seed
from sirf.engine.waveform.block_stream import Stream
from sirf.engine.waveform.run_stream import RunInterrupted, run_stream
from sirf.link import Link
from sirf.results.waveform_run import WaveformRun
from sirf.units import Given, parse_count

__all__ = ["RunInterrupted", "simulate"]

PROGRESS_BLOCK = 1 << 16
"""Symbols between two calls of `progress`."""


def simulate(
    link: Link,
    *,
    symbols: Given = 1_000_000,
    rng: Seed = None,
    ideal_feedback: bool = False,
    capture: Sequence[str] = (),
    record: Given = 0,
    block: Given = PROGRESS_BLOCK,
    progress: Callable[[int, int, int], None] | None = None,
) -> WaveformRun:
    """Send random symbols through the link as a waveform and collect eye and errors.

    Parameters
    ----------
    symbols
        So many symbols are counted (a number, or text such as "1e6"), after those that fill the channel's memory.
    rng
        Seed: a non-negative integer, a NumPy Generator, or None for fresh entropy.
    ideal_feedback
        Feed the sent symbols back: no DFE error propagation.
    capture
        Places whose eye is accumulated as well: any of "transmitter" (its output, without SNR_TX noise), "channel" (its output,
        with crosstalk, behind light with its noise) and "ctle" (behind it, with the receiver's noise). They change nothing else.
    record
        Keep the waveforms at the slicer and the captured places, and all decisions, of the first so many symbols that count.
    block
        Symbols handed on at a time; changes nothing but how often `progress` is called, and the memory.
    progress
        Called with (symbols done, symbols asked, bit errors).

    Edges are displaced one by one (random and dual-Dirac) by a second-order expansion; noise is coloured by the receiver.
    With `Receiver.mlse` the errors are those of the sequence detector; eye, record and clock keep to the slicer beside it.
    With vendor models it is the time-domain flow of IBIS-AMI (see `sirf.ami.run`); where a receiver's model decides, there are no
    captures, records or ideal feedback.
    Ctrl-C raises `RunInterrupted` with what was simulated so far in its `run`. Raises `SirfError` for fewer than one symbol, a
    sequence detector beside adaptation, edge jitter beyond 0.5 UI, or a clock without a timing function.

    >>> sirf.simulate(link, symbols="1e4", rng=1).errors.symbols
    10000
    """
    symbols, block = parse_count(symbols, name="symbols"), parse_count(block, name="block")
    # a record cannot be longer than the run
    record = min(parse_count(record, name="record", least=0), symbols)
    seed = integer_seed(rng)
    if link.has_models:
        from sirf.ami.run import run_models

        return run_models(
            link,
            symbols=symbols,
            seed=seed,
            ideal_feedback=ideal_feedback,
            capture=tuple(capture),
            record=record,
            block=block,
            progress=progress,
        )
    stream = Stream(link, seed=seed, ideal_feedback=ideal_feedback, capture=tuple(capture), record=record)
    return run_stream(link, stream, symbols, block=block, ideal_feedback=ideal_feedback, progress=progress)

"""Runs a stream to its last symbol and makes the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sirf.results.waveform_run import WaveformRun

if TYPE_CHECKING:
    from sirf.engine.waveform.block_stream import Stream
    from sirf.link import Link


class RunInterrupted(KeyboardInterrupt):
    """Ctrl-C during a run; `run` holds what was simulated until then."""

    def __init__(self, run: WaveformRun) -> None:
        # no words of its own: the command line says what is left of the answer
        super().__init__()
        self.run = run


def run_stream(
    link: Link,
    stream: Stream,
    symbols: int,
    *,
    block: int,
    ideal_feedback: bool,
    progress: Callable[[int, int, int], None] | None,
) -> WaveformRun:
    """Count `symbols` symbols of a new stream, `block` at a time; Ctrl-C raises `RunInterrupted`."""
    left = stream.first + symbols
    try:
        while left:
            asked = min(block, left)
            # no call ends with a few blocks by themselves, which cost nearly as much as many
            for piece in stream.pieces(asked, ahead=asked):
                left -= len(piece.fed_back)
            if progress is not None:
                count = stream.count()
                progress(count.symbols, symbols, count.errors)
        stream.finish()
    except KeyboardInterrupt:
        raise RunInterrupted(_result(link, stream, ideal_feedback)) from None
    return _result(link, stream, ideal_feedback)


def _result(link: Link, stream: Stream, ideal_feedback: bool) -> WaveformRun:
    recorder = stream.recorder
    return WaveformRun(
        link=link,
        eye=stream.eye(),
        errors=stream.count(),
        ideal_feedback=ideal_feedback,
        eyes={name: one.eye() for name, one in stream.captures.items()},
        record=None if recorder is None else recorder.record(stream),
        clock=stream.receiver.clock_report(),
        adapted=stream.receiver.adapted(),
    )

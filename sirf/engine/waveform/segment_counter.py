"""Counting errors of links whose light has curves, segment by segment through the waveform, for `sirf.count_errors`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sirf._arrays import Symbols
from sirf.engine.contract import LIGHT_COUNTING, check_link
from sirf.engine.counting.tally import Errors, tally
from sirf.engine.seeding import segment_seed
from sirf.engine.waveform.block_stream import Stream
from sirf.link import Link
from sirf.results.error_count import ErrorCount
from sirf.signal.patterns import remove_precoding


class SegmentCounter:
    """Counts the errors of any segment: each is a run of the waveform engine of its own, with its own seed and warm-up.

    `counted` symbols of a segment count.
    """

    def __init__(self, link: Link, *, ideal: bool, counted: int) -> None:
        check_link(LIGHT_COUNTING, link)
        self.link, self.ideal, self.counted = link, ideal, counted
        self.order = link.order
        # an error is fed back as far as the last tap that is not zero: behind that a new burst begins
        self.gap = int(np.trim_zeros(np.asarray(link.receiver.dfe), "b").size)
        self.identity = f"{link.rounded_digest}{'-ideal' if ideal else ''}"

    def segment(self, seed: int, index: int) -> tuple[ErrorCount, Errors]:
        """The counts of one segment, behind the precoding if there is one, and the errors on the line."""
        # 63 bits, as seeds have that are drawn
        own = segment_seed(seed, self.link.rounded_digest, index).generate_state(1, np.uint64)[0]
        # no eye is made, which would cost more than the count
        stream = Stream(self.link, seed=int(own >> np.uint64(1)), ideal_feedback=self.ideal, eye=False)
        # the decoder has no symbol before the first one, so one more is received than counts
        data, decided = _decisions(stream, self.counted + 1)
        gap = self.gap if stream.sequence is None else stream.sequence.gap
        errors = on_line = Errors.between(data, decided, gap=gap)
        if self.link.transmitter.precoding:
            errors, data = errors.decoded(data, self.order), remove_precoding(data, self.order)
        counted = slice(1, 1 + self.counted)
        count = tally(errors.within(counted), data[counted], order=self.order, identity=self.identity)
        return replace(count, stretch=stream.stretch), on_line.within(counted)


def _decisions(stream: Stream, symbols: int) -> tuple[Symbols, Symbols]:
    """(sent, decided) of the first `symbols` of a new stream that count, by the slicer or the sequence detector."""
    if stream.sequence is None:
        stream.advance(stream.first)
        received = stream.advance(symbols)
        return received.sent, received.chosen
    windows: list[tuple[Symbols, Symbols]] = []
    stream.sequence.windows = windows
    stream.advance(stream.first + symbols)
    stream.finish()
    sent, decided = (np.concatenate(parts) for parts in zip(*windows, strict=True))
    return sent, decided

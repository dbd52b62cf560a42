"""Counting errors of links with vendor models, segment by segment, for `sirf.count_errors`."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sirf.ami.flow import Modelled
from sirf.ami.run import ModelStream, SentStream, opened, sent_block
from sirf.engine.counting.tally import Errors, tally
from sirf.engine.waveform.plan import kept_draw, plan
from sirf.errors import SirfError
from sirf.results.error_count import ErrorCount
from sirf.signal.patterns import remove_precoding

if TYPE_CHECKING:
    from sirf._arrays import Symbols


class ModelCounter:
    """Counts the errors of any segment of a link: each opens its own instances, with its own seed.

    `counted` symbols of a segment count, behind Ignore_Bits and those from which levels and latency are learned.
    """

    def __init__(self, found: Modelled, *, ideal: bool, counted: int) -> None:
        if ideal and found.receiver_decides:
            raise SirfError("ideal_feedback must be False where the receiver's model decides, got True. Leave it out.")
        self.found, self.ideal, self.counted = found, ideal, counted
        self.order = found.link.order
        self.identity = f"{found.link.rounded_digest}{'-ideal' if ideal else ''}"
        # a burst of feedback ends after as many right symbols as there are taps; a model's own feedback is not seen
        self.gap = 0 if found.receiver_decides else len(found.link.receiver.dfe)

    def segment(self, seed: int, index: int) -> tuple[ErrorCount, Errors]:
        """The counts of one segment, behind the precoding if there is one, and the errors on the line."""
        # one seed a segment, whatever ran before it: a count may go on from any
        own = int(np.random.SeedSequence([seed, index]).generate_state(1, np.uint64)[0] >> np.uint64(1))
        sent, decided = self._decisions(own)
        on_line = Errors.between(sent, decided, gap=self.gap)
        errors, data = on_line, sent
        if self.found.link.transmitter.precoding:
            errors, data = errors.decoded(data, self.order), remove_precoding(data, self.order)
        # the decoder has no symbol before the first one
        counted = slice(1, 1 + self.counted)
        count = tally(errors.within(counted), data[counted], order=self.order, identity=self.identity)
        waveform = self.found.waveform
        return replace(count, stretch=kept_draw(waveform, plan(waveform))), on_line.within(counted)

    def _decisions(self, seed: int) -> tuple[Symbols, Symbols]:
        """What was sent and decided, one symbol more than counts."""
        found, size = self.found, self.counted + 1
        if found.receiver_decides:
            with ModelStream(found, seed=seed, eye=False, keeps=True) as stream:
                stream.advance(size)
            sent, decided = zip(*stream.receiver.kept, strict=True)
            return np.concatenate(sent), np.concatenate(decided)
        assert found.transmitter is not None
        with contextlib.ExitStack() as stack:
            instance = stack.enter_context(opened(found, found.transmitter, sent_block(found)))
            own = SentStream(found, instance, seed=seed, ideal_feedback=self.ideal, eye=False)
            own.advance(own.first)
            received = own.advance(size)
        return received.sent, received.decided

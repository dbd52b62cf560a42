"""One link of a retimed chain as a stream: what it decides, with all that each symbol was before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Symbols
from sirf.engine.counting.symbol_comparison import LineDecoder
from sirf.engine.waveform.block_stream import Stream
from sirf.engine.waveform.reception import Decisions
from sirf.link import Link


class Relay:
    """One link of a chain: it sends what the one before has decided and, asked for its own decisions, asks that one.

    Memory does not grow with the number of symbols: only those under way are kept.
    """

    def __init__(self, link: Link, *, seed: int, ideal: bool, before: Relay | None = None) -> None:
        self.link, self.before, self.ideal = link, before, ideal
        given = None if before is None else self._send
        self.stream = Stream(link, seed=seed, ideal_feedback=ideal, given=given, eye=False)
        self.index = 0
        # results before that of symbol 0, while the FFE waits for what follows it
        self._early = self.stream.receiver.ffe_main
        self._past = np.zeros((0, 0), dtype=np.uint8)
        self._origin = 0
        self._decoder = LineDecoder(link.order) if link.transmitter.precoding else None

    @property
    def first(self) -> int:
        """The first symbol that counts: every link up to here has settled."""
        own = self.stream.receiver.first
        return own if self.before is None else max(own, self.before.first)

    @property
    def chain(self) -> tuple[Relay, ...]:
        """All relays from the first to this one."""
        return (self,) if self.before is None else (*self.before.chain, self)

    def take(self, symbols: int) -> Symbols:
        """History (1 + 2 N, `symbols`) of the next symbols that this link, the Nth, decides.

        Row 0 is what the first transmitter was given. Every link adds two rows: what it decided, and 1 where it was wrong on the
        line. A decision stands for the symbol that was under way when it was made, also where a clock has slipped.
        """
        early, self._early = self._early, 0
        received = self.stream.advance(early + symbols)
        line = np.stack([received.sent, self._choices(received, early)])[:, early:]
        self.index += symbols
        sent, decided = line if self._decoder is None else self._decoder.decode(*line)
        wrong = (line[0] != line[1]).astype(np.uint8)
        history = sent[None] if self.before is None else self._under_way(received.position[early:])
        return np.concatenate([history, decided[None], wrong[None]])

    def _send(self, symbols: int) -> Symbols:
        """The next symbols to send, whose history is kept until they are decided here."""
        assert self.before is not None
        history = self.before.take(symbols)
        self._past = np.concatenate([self._past, history], axis=1) if self._past.size else history
        decided: Symbols = history[-2]
        return decided

    def _under_way(self, position: NDArray[np.float64]) -> Symbols:
        """History of the symbols at `position` (n,) in UI; what no later one can stand for is dropped."""
        nearest = np.floor(position + 0.5).astype(np.int64) - self._origin
        found: Symbols = self._past[:, np.maximum(nearest, 0)]
        # the stream drops the same symbols: a sampler cannot go back behind them
        spare = self.stream.sent_origin - self._origin
        self._past, self._origin = self._past[:, spare:], self._origin + spare
        return found

    def _choices(self, received: Decisions, early: int) -> Symbols:
        """What the slicer took each symbol for, `early` results first; until it has settled what was sent."""
        if not self.ideal:
            return received.decided
        receiver = self.stream.receiver
        choice = received.chosen.copy()
        # with ideal feedback `decided` holds sent symbols; until the link has settled they stand in for unusable
        # choices, but for the last, with which precoding decodes the first symbol that counts
        trained = max(receiver.first - 1 + early - self.index, 0)
        choice[:trained] = received.decided[:trained]
        return choice

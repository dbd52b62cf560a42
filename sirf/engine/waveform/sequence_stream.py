"""A sequence detector on the samples of a stream: survivors are carried from window to window, so no decision is cut short."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sirf._arrays import Float, Symbols
from sirf._kernels.viterbi import DEPTH, viterbi
from sirf.engine.counting.tally import EVENT_GAP, Errors, tally
from sirf.errors import SirfError
from sirf.link import Link
from sirf.results.error_count import ErrorCount
from sirf.signal.pam import bits_per_symbol
from sirf.signal.patterns import remove_precoding

DECISION_WINDOW = 1 << 15
"""Symbols decided at a time; bursts of errors end with it."""
DETECTOR_TAIL = 64
"""Symbols after the last one that counts which the detector sees."""


class SequenceStream:
    """Decides and counts the symbols of a run from the first one that counts on; the line before it is known."""

    def __init__(self, link: Link, *, main: float, level_volts: Float, ideal: bool) -> None:
        """`main` cursor in V, `level_volts` (L,) in V; `ideal` takes off the taps beyond the target as sent."""
        mlse = link.receiver.mlse
        if mlse is None:
            raise SirfError("mlse must be set for a sequence detector, got None. Give sirf.Mlse().")
        taps = np.array(link.receiver.dfe)
        # with ideal feedback nothing but the target is left in the samples
        taps = taps[: mlse.memory if ideal else max(len(np.trim_zeros(taps, "b")), mlse.memory)]
        if len(taps) > DEPTH:
            raise SirfError(
                f"dfe must have at most {DEPTH} taps with a sequence detector, got {len(taps)}. Shorten it."
            )
        self.order, self.levels, self.level_volts, self.ideal = link.order, link.levels, level_volts.copy(), ideal
        self.target, self.trellis = taps * main, mlse.trellis(link.order)
        # an error event of a sequence detector may lie that much further apart than one of a slicer
        self.gap, self.precoded = len(taps) + EVENT_GAP * mlse.memory, link.transmitter.precoding
        states = len(self.trellis)
        self.metrics, self.pasts = np.zeros(states), np.zeros(states, dtype=np.uint64)
        self.room = np.zeros((2, 0, states), dtype=np.uint8)
        self.total = ErrorCount()
        # (sent, decided) of each window that counts, for who asks for all symbols
        self.windows: list[tuple[Symbols, Symbols]] | None = None
        self._started, self._left = False, -1
        self._before = np.zeros(DEPTH, dtype=np.uint8)
        self._samples, self._sent = np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.uint8)
        self._held: tuple[Symbols, Symbols] | None = None
        self._last = np.zeros((2, 1), dtype=np.uint8)

    def push(self, equalised: Float, fed_back: Float, sent: Symbols, skip: int) -> None:
        """Take the slicer's inputs (n,) in V, what was fed back (n,) in V and what was sent; the first `skip` do not count."""
        past = np.concatenate([self._before, sent])
        self._before = past[len(sent) :]
        # nothing of this block counts yet; only its last symbols are remembered
        if skip == len(sent):
            return
        if not self._started:
            self._start(past[skip : skip + DEPTH])
        back = fed_back
        if self.ideal:
            # with ideal feedback the target is given back as sent, whatever the slicer has fed back
            back = np.zeros(len(sent))
            for i, tap in enumerate(self.target):
                back += tap * self.levels[past[DEPTH - 1 - i : len(past) - 1 - i]]
        samples = (equalised + back)[skip:].astype(np.float32)
        self._samples = np.concatenate([self._samples, samples])
        self._sent = np.concatenate([self._sent, sent[skip:]])
        # whole windows only: no decision depends on how pushes are cut
        while len(self._samples) >= DECISION_WINDOW:
            self._decide(DECISION_WINDOW)

    def end(self) -> None:
        """What is pushed from now on does not count."""
        held = 0 if self._held is None else len(self._held[0])
        self._left = held + len(self._samples)

    def flush(self) -> None:
        """Decide and count all that is held back."""
        if len(self._samples):
            self._decide(len(self._samples))
        self._count()

    def count(self, identity: str) -> ErrorCount:
        """Errors so far among the symbols that are decided for good."""
        return replace(self.total, link=identity, bits_per_symbol=bits_per_symbol(self.order))

    def _start(self, before: Symbols) -> None:
        """The state that the sent symbols `before` (DEPTH,) lead to is the only one."""
        self._started = True
        state = packed = 0
        # oldest first: each symbol moves the register up by three bits
        for symbol in before.tolist():
            state, packed = int(self.trellis[state, symbol]), packed << 3 | symbol
        # 21 symbols of three bits: the register's 64th bit stays clear
        self.pasts[:] = packed & (1 << 63) - 1
        # out of reach, but finite: sums and differences stay numbers
        self.metrics[:] = 1e200
        self.metrics[state] = 0.0
        self._last[:] = before[-1]

    def _decide(self, size: int) -> None:
        came_from, took = self.room
        # the best state at the window's end, of which the next window's survivor may know better
        old = int(np.argmin(self.metrics))
        fresh = np.zeros((2, size, len(self.trellis)), dtype=np.uint8)
        decided = np.empty(size, dtype=np.uint8)
        new = viterbi(
            self._samples[:size],
            self.level_volts,
            self.levels,
            self.target,
            self.trellis,
            self.metrics,
            self.pasts,
            fresh[0],
            fresh[1],
            decided,
        )
        if self._held is not None:
            # the survivor of this window may leave another state than the best at the end of the one before
            corrected = self._held[1]
            n = len(corrected)
            # survivors merge backwards: from where both agree on, what was decided before stands
            while n and new != old:
                n -= 1
                corrected[n] = took[n, new]
                new, old = int(came_from[n, new]), int(came_from[n, old])
            self._count()
        self.room = fresh
        self._held = self._sent[:size], decided
        self._samples, self._sent = self._samples[size:], self._sent[size:]

    def _count(self) -> None:
        """Count the window held back."""
        if self._held is None:
            return
        size = len(self._held[0])
        # symbols behind the last that counts are seen by the detector alone
        if self._left >= 0:
            size = min(size, self._left)
            self._left -= size
        if not size:
            return
        # the decoder behind a precoded line needs the symbol before
        sent, decided = (np.concatenate([old, new[:size]]) for old, new in zip(self._last, self._held, strict=True))
        self._last = np.array([sent[-1:], decided[-1:]])
        self._held = None
        if self.windows is not None:
            self.windows.append((sent[1:], decided[1:]))
        errors, data = Errors.between(sent, decided, gap=self.gap), sent
        if self.precoded:
            errors, data = errors.decoded(sent, self.order), remove_precoding(sent, self.order)
        counted = slice(1, size + 1)
        found = tally(errors.within(counted), data[counted], order=self.order, identity="")
        if not self.total.symbols:
            self.total = replace(self.total, bits_per_symbol=found.bits_per_symbol)
        self.total += found

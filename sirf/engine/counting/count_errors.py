"""Error counting at one sample per symbol: segments in threads, counts in order, kept in a file and through Ctrl-C."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from sirf._kernels.decide import find_errors
from sirf._kernels.viterbi import viterbi
from sirf.engine.counting.baud_rate import COUNTED_SYMBOLS, LEAD_SYMBOLS, BaudRateLink, SlicerSegment
from sirf.engine.counting.converted_link import ConvertedLink
from sirf.engine.counting.tally import EVENT_GAP, Errors, tally
from sirf.engine.seeding import Seed, integer_seed
from sirf.engine.statistical.analysis import clips
from sirf.errors import SirfError
from sirf.fec.codeword_counter import CodewordCounter
from sirf.link import Link
from sirf.results.count_file import CountFile
from sirf.results.error_count import ErrorCount
from sirf.results.sampling_instant import SamplingInstant
from sirf.signal.pam import bits_per_symbol
from sirf.signal.patterns import remove_precoding
from sirf.units import Given, parse_count

Progress = Callable[[int, int, int], None]
Counted = tuple[ErrorCount, Errors]

MAX_TASK_SEGMENTS = 8
"""Most segments that one thread computes before it hands them over."""


class SegmentErrors(Protocol):
    """Counts the errors of any segment of a link, the same for every thread."""

    identity: str
    order: int

    def segment(self, seed: int, index: int) -> Counted:
        """The counts of one segment, and its errors on the line."""


class SaveFailed(SirfError):
    """The resume file could not be written; `count` holds what was counted."""

    def __init__(self, message: str, count: ErrorCount) -> None:
        super().__init__(message)
        self.count = count


class CountInterrupted(KeyboardInterrupt):
    """Ctrl-C during a count; `count` holds what was counted until then."""

    def __init__(self, count: ErrorCount) -> None:
        # no words of its own: the command line says what is left of the answer
        super().__init__()
        self.count = count


def count_errors(
    link: Link,
    *,
    max_errors: Given = 100,
    max_symbols: Given = 10**9,
    rng: Seed = None,
    ideal_feedback: bool = False,
    workers: int = 1,
    resume: str | Path | None = None,
    codewords: CodewordCounter | None = None,
    progress: Progress | None = None,
) -> ErrorCount:
    """Send random symbols until `max_errors` bit errors or `max_symbols` symbols, whichever comes first.

    A run ends at the first segment (131,072 symbols), in order, that meets a limit; the counts are the same for any
    number of `workers` (threads) and after an interruption.

    Parameters
    ----------
    rng
        Seed: a non-negative integer, a NumPy Generator, or None for fresh entropy.
    ideal_feedback
        Feed the sent symbols back: no DFE error propagation.
    workers
        Threads that share the segments; the loops release the interpreter's lock.
    resume
        A JSON file that keeps the counts, written every ten seconds; a run goes on from it. Needs an integer `rng`.
    codewords
        A `sirf.fec.CodewordCounter` that is given all errors on the line in order; its `count` then holds the code words of
        the run. It must be new, of the link's number of levels and precoding; the `resume` file keeps its state too.
    progress
        Called with (symbols done, symbols at most, bit errors).

    A link whose light has curves (`large_signal`) is followed as a waveform, segment by segment: some hundred times slower.

    On Ctrl-C the counts so far are in the `resume` file and in the `count` of the `CountInterrupted` that is raised.
    Raises `SirfError` for limits below 1, a file of another run or one that another run is writing, and `SaveFailed`, with the
    `count` in it, where the file cannot be written.

    >>> sirf.count_errors(link, max_symbols="1e5", rng=1).symbols
    131072
    """
    max_errors, max_symbols = parse_count(max_errors, name="max_errors"), parse_count(max_symbols, name="max_symbols")
    workers = parse_count(workers, name="workers")
    if resume is not None and not isinstance(rng, (int, np.integer)):
        raise SirfError(f"rng must be an integer for a run that resumes, got {rng!r}. Use rng=1.")
    seed = integer_seed(rng)
    counter = _counter(link, ideal_feedback)
    _check_codewords(codewords, link)
    book = _Book(None if resume is None else Path(resume), seed, counter, codewords, link.chosen_instant())

    def ended() -> bool:
        return book.total.errors >= max_errors or book.total.symbols >= max_symbols

    if ended():
        book.close()
        return book.total
    # minus a floor division of the negative difference: segments still needed, rounded up
    last = book.segments - (book.total.symbols - max_symbols) // COUNTED_SYMBOLS
    counts = _counts(counter, seed, range(book.segments, last), workers)
    try:
        for count, errors in counts:
            book.add(count, errors)
            if progress is not None:
                progress(book.total.symbols, max_symbols, book.total.errors)
            if ended():
                break
    except KeyboardInterrupt:
        raise CountInterrupted(book.total) from None
    finally:
        counts.close()
        book.close()
    return book.total


class Counter:
    """Counts the errors of any segment of a link; the same for every thread."""

    def __init__(self, link: Link, ideal: bool) -> None:
        # a converter's rounding is counted as noise; where what lies beyond its range makes errors, its codes are
        # taken one by one
        kind = ConvertedLink if clips(link) else BaudRateLink
        self.model = model = kind(link, ideal=ideal)
        self.order = link.order
        self.precoded = link.transmitter.precoding
        mlse = link.receiver.mlse
        self.trellis = None if mlse is None else mlse.trellis(link.order)
        # error events of a sequence detector may hold right decisions for as long as paths stay apart
        self.gap = len(model.feedback) if mlse is None else len(model.target) + EVENT_GAP * mlse.memory
        self.identity = f"{model.digest}{'-ideal' if ideal else ''}"

    def segment(self, seed: int, index: int) -> Counted:
        """The counts of one segment, behind the precoding if there is one, and the errors on the line."""
        line = self.model.segment(seed, index)
        on_line, data = self._errors(line), line.symbols
        errors = on_line
        # after the burst numbers are given on the line: one wrong decision makes two wrong symbols behind the decoder
        if self.precoded:
            errors, data = errors.decoded(data, self.order), remove_precoding(data, self.order)
        counted = slice(LEAD_SYMBOLS, LEAD_SYMBOLS + COUNTED_SYMBOLS)
        count = tally(errors.within(counted), data[counted], order=self.order, identity=self.identity)
        return count, on_line.within(counted)

    def _errors(self, line: SlicerSegment) -> Errors:
        """Wrong decisions of the slicer or the sequence detector."""
        model, n = self.model, len(line.symbols)
        decided = np.empty(n, dtype=np.uint8)
        if self.trellis is not None:
            # the detector sees the signal itself; the residual is without the sent level
            line.residual += model.level_volts.astype(np.float32)[line.symbols]
            states = len(self.trellis)
            room = np.empty((2, n, states), dtype=np.uint8)
            viterbi(
                line.residual,
                model.level_volts,
                model.levels,
                model.target,
                self.trellis,
                np.zeros(states),
                np.zeros(states, dtype=np.uint64),
                room[0],
                room[1],
                decided,
            )
            return Errors.between(line.symbols, decided, gap=self.gap)
        positions = np.empty(n, dtype=np.int64)
        found = find_errors(
            line.residual,
            line.symbols,
            model.level_volts,
            model.decision,
            model.levels,
            model.feedback,
            positions,
            decided,
        )
        return Errors.at(positions[:found], line.symbols, decided[:found], gap=self.gap)


def _check_codewords(codewords: CodewordCounter | None, link: Link) -> None:
    if codewords is None:
        return
    if (codewords.order, codewords.precoding) != (link.order, link.transmitter.precoding):
        raise SirfError(
            f"codewords must be for {link.order} levels with precoding {link.transmitter.precoding} like the link, got "
            f"{codewords.order} and {codewords.precoding}. Make the counter alike."
        )
    # a copy by its settings alone has counted nothing: any difference is an old count
    if codewords.to_dict() != replace(codewords).to_dict():
        raise SirfError("codewords must be a new counter, got one that has counted. Make another one.")


@lru_cache(maxsize=4)
def _counter(link: Link, ideal: bool) -> SegmentErrors:
    """The counter of a link: a link is a frozen value, so calls that repeat find it prepared."""
    link = link.placed()
    if link.optics is not None and link.optics.large_signal and not link.has_models:
        from sirf.engine.waveform.segment_counter import SegmentCounter

        return SegmentCounter(link, ideal=ideal, counted=COUNTED_SYMBOLS)
    if not link.has_models:
        return Counter(link, ideal)
    from sirf.ami.counter import ModelCounter
    from sirf.ami.flow import modelled

    found = modelled(link)
    if found.receiver_decides or found.transmitter_waves:
        return ModelCounter(found, ideal=ideal, counted=COUNTED_SYMBOLS)
    counter = Counter(found.waveform, ideal)
    counter.identity = f"{link.rounded_digest}{'-ideal' if ideal else ''}"
    return counter


def _counts(counter: SegmentErrors, seed: int, segments: range, workers: int) -> Generator[Counted, None, None]:
    """The counts and errors of `segments`, in order."""
    if workers == 1 or len(segments) == 1:
        for index in segments:
            yield counter.segment(seed, index)
        return

    def task(part: range) -> list[Counted]:
        return [counter.segment(seed, index) for index in part]

    pool = ThreadPoolExecutor(workers)
    waiting: deque[Future[list[Counted]]] = deque()
    try:
        size = 1
        rest = segments
        while waiting or rest:
            # twice as many tasks as threads: none waits for another, and few are thrown away when a limit is met
            while rest and len(waiting) < 2 * workers:
                waiting.append(pool.submit(task, rest[:size]))
                rest = rest[size:]
                # short runs start with single segments, long ones spend little on handing over
                size = (
                    min(MAX_TASK_SEGMENTS, size + 1)
                    if len(rest) > 2 * workers * MAX_TASK_SEGMENTS
                    else max(1, min(size, len(rest) // workers))
                )
            yield from waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


class _Book:
    """The running total, kept in a file when one is named."""

    def __init__(
        self,
        path: Path | None,
        seed: int,
        counter: SegmentErrors,
        codewords: CodewordCounter | None,
        sampling: SamplingInstant | None,
    ) -> None:
        self.seed, self.codewords = seed, codewords
        self.segments = 0
        self.total = ErrorCount(
            link=counter.identity, bits_per_symbol=bits_per_symbol(counter.order), sampling=sampling
        )
        self.file = None if path is None else CountFile(path)
        if self.file is not None:
            try:
                self._restore(self.file)
            except SirfError:
                # other runs may have the file before the error goes on
                self.file.close()
                raise

    def add(self, count: ErrorCount, errors: Errors) -> None:
        """One more segment, in order."""
        self.total += count
        if self.codewords is not None:
            steps = errors.decided.astype(np.int64) - errors.sent
            self.codewords.add_errors(errors.positions, steps, errors.length)
        self.segments += 1
        if self.file is not None and self.file.due():
            self.save()

    def save(self) -> None:
        """Write the file, if there is one; `SaveFailed` carries the count where that cannot be."""
        if self.file is None:
            return
        try:
            self.file.save(
                seed=self.seed,
                segments=self.segments,
                segment_symbols=COUNTED_SYMBOLS,
                total=self.total,
                codewords=None if self.codewords is None else self.codewords.to_dict(),
            )
        except SirfError as error:
            raise SaveFailed(str(error), self.total) from error

    def close(self) -> None:
        """Save for the last time and let other runs have the file."""
        if self.file is None:
            return
        try:
            self.save()
        finally:
            self.file.close()

    def _restore(self, file: CountFile) -> None:
        record = file.load()
        if record is None:
            return
        total: ErrorCount = record["total"]
        if (record["seed"], total.link) != (self.seed, self.total.link) or record["segment_symbols"] != COUNTED_SYMBOLS:
            raise SirfError(f"{file.path} must come from the same link and seed, got another run's. Name another file.")
        if (self.codewords is None) != (record["codewords"] is None):
            raise SirfError(
                f"{file.path} must have been counted with code words as this run is, got one with and one without. "
                "Name another file."
            )
        if self.codewords is not None:
            self.codewords.restore(record["codewords"])
        self.segments, self.total = record["segments"], replace(total, sampling=self.total.sampling)

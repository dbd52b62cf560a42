"""Error counting at one sample per symbol: every linear part by one transform, the slicer and its DFE in a compiled loop."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sirf.engine.front_end import FrontEnd
from sirf.engine.segments import Drives, Seed, SegmentPlan, integer_seed, segment_generator
from sirf.errors import SirfError
from sirf.link import Link
from sirf.results.error_count import ErrorCount

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]
Progress = Callable[[int, int, int], None]

LENGTH = 1 << 17
"""Symbols of a segment, warm-up included: a fixed power of two."""


def count_errors(
    link: Link,
    *,
    max_errors: int = 100,
    max_symbols: int = 10**9,
    rng: Seed = None,
    ideal_feedback: bool = False,
    workers: int = 1,
    resume: str | Path | None = None,
    progress: Progress | None = None,
) -> ErrorCount:
    """Send random symbols until `max_errors` bit errors or `max_symbols` symbols, whichever comes first.

    A run ends at the first segment (about 130,000 symbols), in order, that meets a limit; the counts are the same for any
    number of `workers` (threads) and after an interruption.

    Parameters
    ----------
    rng
        Seed: a non-negative integer, a NumPy Generator, or None for fresh entropy.
    ideal_feedback
        Feed the sent symbols back: no DFE error propagation.
    resume
        A JSON file that keeps the counts after every round of segments; the run goes on from it. Needs an integer `rng`.
    progress
        Called with (symbols done, symbols at most, bit errors).

    On Ctrl-C the counts so far are in the `resume` file. Raises `SirfError` for limits below 1 or a file of another run.
    """
    for name, value in (("max_errors", max_errors), ("max_symbols", max_symbols), ("workers", workers)):
        if value < 1:
            raise SirfError(f"{name} must be at least 1, got {value}. Give a positive whole number.")
    if resume is not None and not isinstance(rng, (int, np.integer)):
        raise SirfError(f"rng must be an integer for a run that resumes, got {rng!r}. Use rng=1.")
    seed = integer_seed(rng)
    counter = _Counter(link, ideal_feedback)
    book = _Book(None if resume is None else Path(resume), seed, counter)
    with ThreadPoolExecutor(workers) as pool:
        while book.total.errors < max_errors and book.total.symbols < max_symbols:
            batch = range(book.segments, book.segments + workers)
            for count in _in_order(pool, counter, seed, batch):
                book.add(count)
                if progress is not None:
                    progress(book.total.symbols, max_symbols, book.total.errors)
                if book.total.errors >= max_errors or book.total.symbols >= max_symbols:
                    break
            book.save()
    return book.total


def _in_order(pool: ThreadPoolExecutor, counter: _Counter, seed: int, batch: range) -> Iterator[ErrorCount]:
    yield from pool.map(lambda index: counter.segment(seed, index), batch)


class _Counter:
    """Counts the errors of any segment of a link."""

    def __init__(self, link: Link, ideal: bool) -> None:
        self.plan = plan = SegmentPlan(link, LENGTH)
        self.ideal = ideal
        end = plan.front_end
        self.through = self._response(end, end.through)
        self.edge = self._response(end, end.edge)
        self.slope = self._response(end, end.edge_slope)
        self.noise = noise_shape(end, LENGTH)
        self.crosstalk = [_aggressor_columns(wave, end.samples_per_ui) for wave in end.crosstalk]
        self.identity = f"{plan.digest}{'-ideal' if ideal else ''}"

    def segment(self, seed: int, index: int) -> ErrorCount:
        """The counts of one segment."""
        plan = self.plan
        generator = segment_generator(seed, plan.digest, index)
        drives = plan.drives(generator)
        samples = fft.irfft(self._spectrum(drives, generator), LENGTH)
        return plan.slice(samples, drives.symbols, ideal=self.ideal, identity=self.identity)[0]

    def _spectrum(self, drives: Drives, generator: np.random.Generator) -> Complex:
        total = drives.signal * self.through
        if drives.first is not None and drives.second is not None:
            total += drives.first * self.edge + drives.second * self.slope
        for columns, phase, spectrum in zip(self.crosstalk, drives.phases, drives.aggressors, strict=True):
            total += spectrum * fft.rfft(columns[:, phase], LENGTH)
        return np.asarray(total + fft.rfft(generator.standard_normal(LENGTH)) * self.noise)

    def _response(self, end: FrontEnd, wave: Float) -> Complex:
        cursors = end.cursors(wave)
        padded = np.zeros(LENGTH)
        padded[: len(cursors)] = cursors
        return np.asarray(fft.rfft(np.roll(padded, -end.pre_cursors)))


def noise_shape(end: FrontEnd, n: int) -> Float:
    """Magnitude (n // 2 + 1,) that colours white unit noise at one sample per symbol: receiver noise and SNR_TX term."""
    lags = end.noise_correlation[:: end.samples_per_ui]
    row = np.zeros(n)
    row[: len(lags)] = lags
    row[n - len(lags) + 1 :] = lags[:0:-1]
    return np.sqrt(np.maximum(fft.rfft(row).real, 0.0) + end.transmitter_noise**2)


def _aggressor_columns(wave: Float, m: int) -> Float:
    return wave[: len(wave) // m * m].reshape(-1, m)


class _Book:
    """The running total, kept in a file when one is named."""

    def __init__(self, file: Path | None, seed: int, counter: _Counter) -> None:
        self.file, self.seed = file, seed
        self.segments = 0
        self.total = ErrorCount(link=counter.identity, bits_per_symbol=float(np.log2(counter.plan.link.order)))
        if file is not None and file.exists():
            self._load(file)

    def add(self, count: ErrorCount) -> None:
        """One more segment, in order."""
        self.total += count
        self.segments += 1

    def save(self) -> None:
        """Replace the file in one step, so that an interruption cannot leave half of it."""
        if self.file is None:
            return
        text = json.dumps(
            {"format": "sirf-error-count-1", "seed": self.seed, "segments": self.segments, "total": asdict(self.total)},
            indent=1,
        )
        temporary = self.file.with_name(self.file.name + ".tmp")
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, self.file)

    def _load(self, file: Path) -> None:
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
            seed, segments, total = record["seed"], int(record["segments"]), ErrorCount(**record["total"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SirfError(
                f"{file} must be a file of an earlier count, got something else ({error}). Name another file."
            ) from error
        if (seed, total.link) != (self.seed, self.total.link):
            raise SirfError(f"{file} must come from the same link and seed, got another run's. Name another file.")
        self.segments, self.total = segments, total

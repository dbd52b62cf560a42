"""The bit-by-bit chain as a stream: state is carried from block to block, calls of any size give the same result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sirf._arrays import Float, Single, Symbols, keep_freed_memory
from sirf._kernels.polyphase import accumulate
from sirf.engine.contract import WAVEFORM, check_link
from sirf.engine.counting.symbol_comparison import LineDecoder, SymbolComparison
from sirf.engine.light.light_chain import SAMPLES_PER_UI, LightChain, UnitNoise
from sirf.engine.waveform.capture import VOLTAGE_BINS, Capture, histogram_eye
from sirf.engine.waveform.plan import LightPlan, event_errors, kept_draw, plan
from sirf.engine.waveform.polyphase import FILTER_MARGIN, Filterbank
from sirf.engine.waveform.reception import Decisions, Reception, TracedDecisions
from sirf.engine.waveform.sequence_stream import DETECTOR_TAIL, SequenceStream
from sirf.engine.waveform.symbol_source import Blocks, Given, Source
from sirf.link import Link
from sirf.results.error_count import ErrorCount
from sirf.results.eye_histogram import EyeHistogram
from sirf.results.waveform_record import WaveformRecord
from sirf.signal.single_transform import rfft

MAX_BLOCKS = 4
"""Blocks that are made at a time at most: what a call of a compiled loop or a transform costs is then shared by many symbols."""
LIGHT_STRETCHES = 4
"""Stretches of light in a block."""
EYE_RANGE = 1.35
"""Voltage range of an eye relative to the outer levels."""


class Stream:
    """One run of a link: blocks are drawn and filtered when the receiver needs them, as many as it still asks for within bounds;
    memory does not grow with symbols.

    It sends the symbols that `given` hands over, else its own. Without `eye` its histogram stays empty.
    """

    max_blocks = MAX_BLOCKS

    def __init__(
        self,
        link: Link,
        *,
        seed: int,
        ideal_feedback: bool = False,
        capture: Sequence[str] = (),
        record: int = 0,
        given: Given | None = None,
        eye: bool = True,
    ) -> None:
        check_link(WAVEFORM, link)
        keep_freed_memory()
        self.sampling = link.chosen_instant()
        link = link.placed()
        self.link, self.plan = link, plan(link)
        self.stretch, self.event_errors = kept_draw(link, self.plan), event_errors(link, self.plan)
        self.m = self.plan.raw.samples_per_ui
        self.bank = Filterbank(self.plan.table, self.plan.rows)
        self.source = Source(link, self.plan, seed=seed, given=given)
        self.receiver = Reception(link, self.plan, ideal=ideal_feedback)
        self.sequence = None
        if link.receiver.mlse is not None:
            self.sequence = SequenceStream(
                link, main=self.receiver.main, level_volts=self.receiver.reference, ideal=ideal_feedback
            )
        self.comparison = SymbolComparison(link.order, gap=self.receiver.gap, identity=self.plan.digest)
        self.decoder = LineDecoder(link.order) if link.transmitter.precoding else None
        self.ended = False
        # whether the receiver has used up the waveform: the next block is drawn when it asks for more
        self.exhausted = False
        self.light = None if self.plan.light is None else LightStream(self.plan.light, self.source)
        self._buffers(self.bank.table.lead + self.plan.lag)
        self.histogram = np.zeros((self.m, VOLTAGE_BINS), dtype=np.int64)
        self.top, self.collects = EYE_RANGE * self.receiver.main, eye
        late = self.bank.table.lead + FILTER_MARGIN
        shown = self.plan.raw.wander
        self.wander = None if shown is None else self.source.wander(shown, late=late)
        self.captures = {name: Capture(link, self.plan, name, keep=self.keep) for name in capture}
        for one in self.captures.values():
            if one.place.end.wander is not None:
                # the same draws: the same course as at the slicer
                one.wander = self.source.wander(one.place.end.wander, late=late)
        self.recorder = Recorder(link, self, record) if record else None

    @property
    def first(self) -> int:
        """Symbols to advance before the first one counts."""
        return self.receiver.first + self.receiver.ffe_main

    def _buffers(self, lead: int) -> None:
        """Rows of m samples from UI `origin` on, the sent symbols from `sent_origin` on, unit noises not yet used."""
        # what interpolation and the windows of the FFE reach back over
        self.keep = 2 * len(self.receiver.taps.ffe) + 5
        self.wave = np.zeros((self.keep, self.m), dtype=np.float32)
        self.origin = -lead - FILTER_MARGIN - len(self.wave)
        self.sent = np.zeros(0, dtype=np.uint8)
        self.sent_origin = 0
        self.unit = np.zeros((2, 0), dtype=np.float32)

    def advance(self, symbols: int) -> Decisions:
        """Receive `symbols` more symbols."""
        pieces = list(self.pieces(symbols))
        if len(pieces) == 1:
            return pieces[0]
        names = [field.name for field in fields(Decisions)]
        return Decisions(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in names))

    def pieces(self, symbols: int, *, ahead: int = 0) -> Iterator[Decisions]:
        """The same, piece by piece; blocks are made for `ahead` symbols at least, which later calls then find made."""
        left = symbols
        while left:
            if self.exhausted:
                self._produce(min(-(-max(left, ahead) // self.bank.block), self.max_blocks))
            piece = self._receive(left)
            if piece is None:
                continue
            left -= len(piece.fed_back)
            yield piece

    def count(self) -> ErrorCount:
        """Errors so far; of a sequence detector where there is one."""
        sequence = self.sequence
        found = self.comparison.count() if sequence is None else sequence.count(self.plan.digest)
        return replace(found, stretch=self.stretch, event_errors=self.event_errors, sampling=self.sampling)

    def finish(self) -> None:
        """Count what a sequence detector holds back; it sees some symbols more, the eye does not."""
        if self.sequence is None or self.ended:
            return
        self.ended = True
        self.sequence.end()
        self.advance(DETECTOR_TAIL)
        self.sequence.flush()

    def eye(self) -> EyeHistogram:
        """The slicer's eye so far."""
        return histogram_eye(self.histogram, self.top, self.receiver.thresholds)

    def _produce(self, count: int) -> None:
        """Draw and filter `count` blocks; rows that the receiver has left behind make room."""
        drawn = self.source.blocks(count)
        # what the FFE's window and interpolation may still read from the block before
        past = self.wave[-self.keep :]
        self.origin += len(self.wave) - self.keep
        self.wave = np.empty((self.keep + len(drawn.symbols), self.m), dtype=np.float32)
        self.wave[: self.keep] = past
        self._waveform(drawn, self.wave[self.keep :])
        for capture in self.captures.values():
            capture.push(drawn, self.light)
        self.sent = np.concatenate([self.sent, drawn.symbols])
        spare = self.origin - self.sent_origin
        if spare > 0:
            self.sent, self.sent_origin = self.sent[spare:], self.origin
        if self.recorder is not None:
            self.recorder.rows(self)

    def _waveform(self, drawn: Blocks, out: Single) -> None:
        """Rows `out` (S b, M) in V that blocks make; a stream of another sender replaces this."""
        spectra = rfft(drawn.drives)
        added = None
        if self.light is not None:
            added = self.light.push(spectra, drawn.shifts * SAMPLES_PER_UI // self.m, self.bank.table.grid.coarse)
        self.bank.push(spectra, drawn.shifts, out, added=added)
        if self.wander is not None:
            self.wander.add(drawn.symbols, out, block=self.bank.block)

    def _receive(self, limit: int) -> Decisions | None:
        receiver = self.receiver
        # no more symbols than the waveform holds, whatever the sampler's time: noise for all of them, and room for no others
        limit = min(limit, max(self.origin + len(self.wave) - receiver.symbol, 1))
        drawn = [self.unit]
        while sum(row.shape[1] for row in drawn) < limit:
            drawn.append(self.source.receiver_noise())
        self.unit = np.concatenate(drawn, axis=1)
        scale = receiver.gain * self.plan.end.transmitter_noise
        added = np.multiply(self.unit[0, :limit], scale, dtype=np.float64)
        noise = np.zeros(0)
        if receiver.converter_noise:
            noise = np.multiply(self.unit[1, :limit], receiver.converter_noise, dtype=np.float64)
        index = receiver.symbol - receiver.ffe_main
        traced = receiver.receive(self.wave, self.origin, self.m, self.sent, self.sent_origin, added, noise)
        done = 0 if traced is None else len(traced.fed_back)
        self.exhausted = done < limit
        if traced is None:
            return None
        self.unit = self.unit[:, done:]
        # symbols before everything has settled are received but not counted
        skip = min(max(receiver.first - index, 0), done)
        # decisions are held against what was under way
        sent = traced.sent
        if self.sequence is not None:
            self.sequence.push(traced.equalised, traced.fed_back, sent, skip)
        else:
            # before symbol 0 the FFE still waits for what follows it
            self._compare(sent, traced.chosen, min(max(-index, 0), done), skip)
        if self.ended:
            skip = done
        if self.collects:
            # the SNR_TX term belongs to the symbol: the same value all through its unit interval
            accumulate(
                self.wave.reshape(-1),
                self.origin,
                traced.position[skip:],
                (traced.fed_back - added[:done])[skip:],
                traced.gains[skip:],
                receiver.saturation,
                traced.weights[skip:],
                receiver.ffe_main,
                -self.top,
                VOLTAGE_BINS / (2.0 * self.top),
                self.histogram,
            )
        for capture in self.captures.values():
            capture.accumulate(self.origin, traced.position[skip:])
        if self.recorder is not None:
            self.recorder.decisions(traced, sent, index)
        return traced

    def _compare(self, sent: Symbols, chosen: Symbols, early: int, skip: int) -> None:
        """Count the slicer's choices (n,) against what was sent, but the first `skip`; entries before `early` are no symbols."""
        if self.decoder is not None:
            data, got = self.decoder.decode(sent[early:], chosen[early:])
            data, got = data[skip - early :], got[skip - early :]
        else:
            data, got = sent[skip:], chosen[skip:]
        self.comparison.add(data, got, (sent != chosen)[skip:].view(np.uint8))


class LightStream:
    """The part of a run that passes curves: drives in, volts at the coarse phases out, each stretch with what lies beside it.

    A block goes in several stretches side by side, whose transforms share vector instructions and stay in the caches.
    """

    def __init__(self, shared: LightPlan, source: Source) -> None:
        self.plan, self.source, self.chain = shared, source, shared.chain
        self.bank = Filterbank(shared.table, shared.rows)
        self.block, self.index, self.per_ui = shared.table.block, 0, shared.chain.per_ui
        # a longer past costs less than a length of large prime factors: what it is longer than needed becomes past
        self.rows = fft.next_fast_len(shared.past + self.block + shared.ahead, real=True)
        self.past = self.rows - self.block - shared.ahead
        size = -(-self.block // LIGHT_STRETCHES)
        self.length = fft.next_fast_len(shared.past + size + shared.ahead, real=True)
        # the first stretch has the past that it needs, the last ends with the block
        first = self.past - shared.past
        self.starts = first + np.arange(LIGHT_STRETCHES) * (self.rows - self.length - first) // (LIGHT_STRETCHES - 1)
        kept = self.rows - self.block
        self.drive = np.zeros((kept, self.per_ui), dtype=np.float32)
        self.noisy = self.chain.span.noisy
        self.unit = np.zeros((3, kept * self.per_ui if self.noisy else 0), dtype=np.float32)
        # of the last blocks, into the amplifier: what captures behind it start from
        self._current: Float = np.zeros((LIGHT_STRETCHES, 0))

    def push(self, spectra: NDArray[np.complex64], shifts: NDArray[np.int64], coarse: int) -> Single:
        """Waveform (S block, `coarse`) V of the next S blocks; it lies `ahead` UI behind the drives.

        `shifts` (S, drives) are samples of SAMPLES_PER_UI a UI.
        """
        count = len(spectra)
        kept = len(self.drive)
        drive = np.empty((kept + count * self.block, self.per_ui), dtype=np.float32)
        drive[:kept] = self.drive
        self.bank.push(spectra, shifts, drive[kept:])
        self.drive = drive[-kept:]
        noise = unit = echoes = None
        if self.noisy:
            size, indices = self.block * self.per_ui, range(self.index, self.index + count)
            drawn = np.concatenate([self.unit, *(self.source.light_noise(index, 3, size) for index in indices)], axis=1)
            self.unit = drawn[:, -self.unit.shape[1] :]
            noise = self._blocks(drawn[0])
            unit = UnitNoise(noise, *(self._stretches(self._blocks(row)) for row in drawn[1:]))
            samples = self.length * self.per_ui
            echoes = [one for index in indices for one in self.source.echoes(index, LIGHT_STRETCHES, samples)]
        self.index += count
        # an electrode's skin effect settles slowly: its filter takes whole blocks at once
        light = self.chain.light(self._blocks(drive.reshape(-1)), noise)
        waves = self.chain.detect(self._stretches(light), unit, echoes, samples_per_ui=coarse)
        self._current = waves.current
        return self._joined(waves.slicer, coarse)

    def seen_by(self, chain: LightChain, coarse: int) -> Single:
        """The blocks that `push` has made last (S block, `coarse`), as another `chain` behind the amplifier has them."""
        return self._joined(chain.behind_amplifier(self._current, samples_per_ui=coarse), coarse)

    def _joined(self, stretches: Float, coarse: int) -> Single:
        """Rows (S block, `coarse`) of the blocks from their `stretches`, each with what lies beside it."""
        waves = stretches.reshape(-1, LIGHT_STRETCHES, self.length, coarse)
        # each stretch is taken as periodic: its ends are wrong and overlap with the stretches beside it
        out = np.empty((len(waves), self.block, coarse), dtype=np.float32)
        done = 0
        for place, start in enumerate((self.starts - self.past).tolist()):
            end = start + self.length - self.plan.ahead
            out[:, done:end] = waves[:, place, done - start : end - start]
            done = end
        return out.reshape(-1, coarse)

    def _blocks(self, values: Single) -> Float:
        """Each block with what lies beside it (S, `rows` x samples per UI), of the `values` of all rows; a view."""
        count = len(values) // (self.block * self.per_ui)
        # windows that overlap; NumPy's own function for them takes longer than a compiled loop over a block
        strides = (self.block * self.per_ui * values.itemsize, values.itemsize)
        return np.ndarray((count, self.rows * self.per_ui), values.dtype, buffer=values, strides=strides)

    def _stretches(self, blocks: Float) -> Float:
        """Stretches (S LIGHT_STRETCHES, `length` x samples per UI) of `blocks` (S, …)."""
        first, size = self.starts * self.per_ui, self.length * self.per_ui
        return np.stack([blocks[:, start : start + size] for start in first.tolist()], axis=1).reshape(-1, size)


class Recorder:
    """Keeps the waveforms and decisions of the first `symbols` that count."""

    def __init__(self, link: Link, stream: Stream, symbols: int) -> None:
        self.symbols, self.first = symbols, stream.receiver.first
        self.link, m = link, stream.m
        self._rows = {name: np.zeros((symbols, m), dtype=np.float32) for name in ("slicer", *stream.captures)}
        self._values = np.zeros((3, symbols))
        self._levels = np.zeros((2, symbols), dtype=np.uint8)
        self._filled = 0

    def rows(self, stream: Stream) -> None:
        """Take what a new block shows of the record's rows: samples from half a UI before each instant on."""
        new = stream.origin + stream.keep
        m = stream.m
        low, high = max(new, self.first), min(stream.origin + len(stream.wave) - 1, self.first + self.symbols)
        if low >= high:
            return
        waves = {"slicer": stream.wave, **{name: one.wave for name, one in stream.captures.items()}}
        for name, wave in waves.items():
            # a row of the last block ends half a UI into this one
            start = (max(low - 1, self.first) - stream.origin) * m - m // 2
            size = high - max(low - 1, self.first)
            at = max(low - 1, self.first) - self.first
            self._rows[name][at : at + size] = wave.reshape(-1)[start : start + size * m].reshape(-1, m)

    def decisions(self, traced: TracedDecisions, sent: NDArray[np.uint8], index: int) -> None:
        """Take the decisions of the symbols `index` … that the record covers, and what was `sent`."""
        skip = max(self.first - index, 0)
        size = min(len(traced.fed_back) - skip, self.symbols - self._filled)
        if size <= 0:
            return
        place, take = slice(self._filled, self._filled + size), slice(skip, skip + size)
        self._values[:, place] = traced.position[take], traced.equalised[take], traced.fed_back[take]
        self._levels[:, place] = traced.decided[take], sent[take]
        self._filled += size

    def record(self, stream: Stream) -> WaveformRecord:
        """The record; time 0 is the nominal instant of its first symbol."""
        m, rate, size = stream.m, self.link.symbol_rate, self._filled
        delay = {name: one.place.delay for name, one in stream.captures.items()}
        raw = stream.plan.raw
        delay["slicer"] = raw.start_time + raw.sampling / (m * rate)
        return WaveformRecord(
            symbol_rate=rate,
            samples_per_ui=m,
            time=(np.arange(size * m) - m // 2) / (m * rate),
            volts={name: rows[:size].reshape(-1) for name, rows in self._rows.items()},
            delay=delay,
            instant=(self._values[0, :size] - self.first) / rate,
            decision_input=self._values[1, :size],
            fed_back=self._values[2, :size],
            decided=self._levels[0, :size],
            sent=self._levels[1, :size],
        )

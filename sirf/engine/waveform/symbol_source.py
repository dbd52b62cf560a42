"""What enters the waveform engine, block by block: symbols, displaced edges, aggressors and noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Single, Symbols
from sirf._kernels.polyphase import weigh
from sirf._kernels.stream import take_levels
from sirf.engine.baseline_wander import BaselineWander, WanderStream
from sirf.engine.counting.baud_rate import MAX_JITTER_UI, STRETCH_SYMBOLS
from sirf.engine.edge_expansion import series_length
from sirf.engine.front_end import WINDOW_MARGIN_UI
from sirf.engine.light.echoes import Echoes
from sirf.engine.seeding import Randomness, pattern_start, segment_generator, segment_seed
from sirf.engine.waveform.plan import Plan, random_to_wander, split_jitter
from sirf.errors import SirfError
from sirf.link import Link
from sirf.signal.patterns import Pattern, precode

Given = Callable[[int], Symbols]
"""Hands over the level indices of the next so many symbols."""

TONE_BLOCKS, RARE_BLOCKS, RECEIVER_BLOCKS, LIGHT_BLOCKS, WANDER_BLOCKS = 2**32, 2**33, 2**34, 2**35, 2**37
"""Numbers of blocks, beyond those of any run, whose seeds give the phases of sinusoidal jitter, what is drawn by NumPy's
generator, the noise that the receiver adds symbol by symbol, that of light, and baseline wander."""
SLOW_BLOCKS = 2**38
"""The same for where slow sinusoids and slow phase noise begin."""


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """S blocks of b symbols: level indices `symbols` (S b,), `drives` (S, q, transform) of the plan's responses.

    The response of a drive starts `shifts` (S, q) samples earlier: an aggressor's, whose phase is drawn.
    """

    symbols: Symbols
    drives: Single
    shifts: NDArray[np.int64]


class Source:
    """Draws one block after another, always the same for a seed, as drives of the plan's responses.

    The transmitter's symbols are those that `given` hands over, in place of its pattern or random ones.
    """

    def __init__(self, link: Link, shared: Plan, *, seed: int, given: Given | None = None) -> None:
        tx, size = link.transmitter, shared.table.block
        self.link, self.plan, self.seed, self.given = link, shared, seed, given
        self.levels = link.levels.astype(np.float32)
        self.taps = np.array(tx.ffe, dtype=np.float32)
        self.differences = np.diff([0.0, *tx.ffe, 0.0]).astype(np.float32)
        self.jitter = tx.jitter
        self._moved = bool(self.jitter)
        largest = self.jitter.largest(symbol_rate=link.symbol_rate) if self._moved else 0.0
        if largest > MAX_JITTER_UI:
            raise SirfError(
                f"edge jitter must stay within {MAX_JITTER_UI} UI, got {largest:.3g} UI. "
                "Give a large sinusoid as Wander(sinusoidal_ui=) of the receiver."
            )
        self._tones, self._drawn = split_jitter(link, size)
        optics = link.optics
        self._interference = (
            ((), ()) if optics is None else (optics.path.interference.echoes, optics.path.interference.leaks)
        )
        self._values = np.zeros(len(self.taps), dtype=np.float32)
        # normal deviates are made in pairs
        self._even = size + size % 2
        self._words = np.empty((shared.noise_rate + 2) * self._even + 16, dtype=np.uint64)
        self._index = self._start = self._received = 0
        self._last = np.zeros(1 + len(link.aggressors), dtype=np.int64)

    def blocks(self, count: int) -> Blocks:
        """The next `count` blocks; each is drawn from a seed of its own, so a run does not depend on how many are asked for."""
        size, fixed, aggressors = self.plan.table.block, self.plan.fixed, len(self.link.aggressors)
        symbols = np.empty((count, size), dtype=np.uint8)
        deviates = np.empty((count, size if self._moved else 0), dtype=np.float32)
        sides = np.empty((count, size if self.jitter.dual_dirac_ui else 0), dtype=np.uint8)
        drives = np.empty((count, self.plan.drives, self.plan.table.transform), dtype=np.float32)
        drives[:, :, size:] = 0.0
        shifts = np.zeros((count, self.plan.drives), dtype=np.int64)
        for each in range(count):
            # a seed for each block: a run is the same however many blocks a call asks for
            random = Randomness(segment_seed(self.seed, self.plan.digest, self._index + each), self._words)
            start = self._start + each * size
            # in a fixed order, so that a block's numbers depend on its seed alone: symbols, edges, aggressors, noise
            symbols[each] = self._symbols(random, start, self.link.transmitter.pattern, 0)
            if self._moved:
                deviates[each] = self._normals(random, 1)[0, :size]
            if self.jitter.dual_dirac_ui:
                sides[each] = self._random_symbols(random, 2)
            for which, settings in enumerate(self.link.aggressors):
                sent = self._symbols(random, start, settings.pattern, 1 + which)
                take_levels(sent, self.levels, drives[each, fixed + which, :size])
            if self.plan.noise_rate:
                drives[each, fixed + aggressors :, :size] = self._normals(random, self.plan.noise_rate)[:, :size]
            # moved by what the aggressor's clock has gained since the run began
            shifts[each, fixed : fixed + aggressors] = self._phases(self._index + each, start)
        line = symbols.reshape(-1)
        values = np.empty(len(self._values) + len(line), dtype=np.float32)
        values[: len(self._values)] = self._values
        take_levels(line, self.levels, values[len(self._values) :])
        drives[:, 0, :size] = values[len(self._values) :].reshape(count, size)
        if fixed > 1:
            self._transitions(values, deviates, sides, drives[:, :, :size])
        self._values = values[len(line) :]
        self._start += len(line)
        self._index += count
        return Blocks(line, drives, shifts)

    def _transitions(self, values: Single, deviates: Single, sides: Symbols, drives: Single) -> None:
        """Drives (S, q, b) of the displaced edges and of what the driver's compression takes off.

        `deviates` (S, b) and `sides` (S, b) are what random and dual-Dirac jitter have drawn.
        """
        compression = np.float32(self.link.transmitter.compression)
        shape = drives[:, 0].shape
        steps = np.empty(shape[0] * shape[1], dtype=np.float32)
        if compression:
            stairs = np.empty(len(steps) + 1, dtype=np.float32)
            weigh(values, self.taps, stairs)
            # the cubic term of a driver that compresses, with the sign that it has in the output
            lost = -compression * stairs**3
            drives[:, self.plan.fixed - 1] = lost[1:].reshape(shape)
            steps = np.diff(stairs + lost)
        else:
            weigh(values, self.differences, steps)
        if self._moved:
            # minus: a late edge takes away from the sample what it brings later
            tau = self._displacement(deviates, sides, steps.reshape(shape))
            np.multiply(-steps.reshape(shape), tau, out=drives[:, 1])
            # dx tau² / 2 from -dx tau; each further drive is the one before times tau
            np.multiply(np.float32(-0.5) * drives[:, 1], tau, out=drives[:, 2])
            for row in range(3, 1 + series_length(self.link)):
                np.multiply(drives[:, row - 1], tau, out=drives[:, row])

    def receiver_noise(self) -> Single:
        """Standard normal deviates (2, k) for slicer and converter at the next symbols of the receiver, on a clock of its own."""
        random = Randomness(segment_seed(self.seed, self.plan.digest, RECEIVER_BLOCKS + self._received), self._words)
        self._received += 1
        return self._normals(random, 2)

    def wander(self, wander: BaselineWander, *, late: int) -> WanderStream:
        """Baseline wander of the run, for rows that lie `late` symbols behind those of their block; always the same course."""
        tx, order = self.link.transmitter, self.link.order
        # a waveform holds the responses to their ends
        wander = wander.later(WINDOW_MARGIN_UI)
        generator = segment_generator(self.seed, self.plan.digest, WANDER_BLOCKS)
        deviation, queue = np.sqrt(wander.variance(self.link.levels)), late + wander.lag
        # a sequence that is given has no period that could be known
        if self.given is not None or tx.pattern is None or random_to_wander(self.link):
            renewed = wander.memory > STRETCH_SYMBOLS

            def draw() -> float:
                return float(deviation * generator.standard_normal())

            return WanderStream(
                wander,
                self.link.levels,
                np.zeros(queue),
                draw(),
                stretch=STRETCH_SYMBOLS,
                redraw=draw if renewed else None,
            )
        # a short pattern has been sent for ever
        period = tx.pattern.period(order)
        past = self.link.levels[tx.pattern.take(-queue - period, queue + period, order=order)]
        return WanderStream(wander, self.link.levels, past[period:], wander.periodic_state(past[:period]))

    def light_noise(self, index: int, rows: int, samples: int) -> Single:
        """Standard normal deviates (`rows`, `samples`) for block `index` of an optical path."""
        size = rows * samples
        # room for the last row of all lanes, which is drawn whole
        random = Randomness(
            segment_seed(self.seed, self.plan.digest, LIGHT_BLOCKS + index), np.empty(size + 32, dtype=np.uint64)
        )
        out = np.empty(size + size % 2, dtype=np.float32)
        random.normals(out)
        return out[:size].reshape(rows, samples)

    def echoes(self, index: int, stretches: int, samples: int) -> list[Echoes]:
        """Double reflections and other wavelengths of the `stretches` of block `index`: delays and phases at random."""
        sizes, leaks = self._interference
        # numbers of light's blocks lie apart, so that echoes take nothing from its noise
        generator = segment_generator(self.seed, self.plan.digest, 2 * LIGHT_BLOCKS + index)
        delays = generator.integers(0, samples, (stretches, len(sizes)))
        phases = generator.uniform(0.0, 2.0 * np.pi, (stretches, len(sizes)))
        late = generator.integers(0, samples, (stretches, len(leaks)))
        return [Echoes(sizes, *own[:2], leaks, own[2]) for own in zip(delays, phases, late, strict=True)]

    def _normals(self, random: Randomness, rows: int) -> Single:
        out = np.empty((rows, self._even), dtype=np.float32)
        random.normals(out.reshape(-1))
        return out

    def _symbols(self, random: Randomness, start: int, pattern: Pattern | None, sender: int) -> Symbols:
        """What goes over the line from symbol `start` on, a block (b,); precoding keeps random symbols random."""
        order, size = self.link.order, self.plan.table.block
        if self.given is not None and sender == 0:
            symbols = self.given(size)
        elif pattern is not None:
            begin = pattern_start(self.seed, self.plan.digest, pattern, order, sender)
            symbols = pattern.take(begin + start, size, order=order)
        else:
            return self._random_symbols(random, order)
        if self.link.transmitter.precoding:
            # from p(-1) of the block before instead of 0
            # p(k) = x(k) - p(k-1): another start p(-1) changes the sum by -p(-1), +p(-1), … in turn
            carried = (2 * (np.arange(size) % 2) - 1) * self._last[sender]
            symbols = ((precode(symbols, order) + carried) % order).astype(np.uint8)
            self._last[sender] = symbols[-1]
        return symbols

    def _random_symbols(self, random: Randomness, order: int) -> Symbols:
        out = np.empty(self._even, dtype=np.uint8)
        random.symbols(order, out)
        return out[: self.plan.table.block]

    def _phases(self, index: int, start: int) -> list[int]:
        """Where each aggressor's symbols start in block `index`, in samples; it begins with symbol `start`."""
        if not self.link.aggressors:
            return []
        m = self.plan.table.grid.samples_per_ui
        drawn = segment_generator(self.seed, self.plan.digest, RARE_BLOCKS + index).random(len(self.link.aggressors))
        phases = []
        for one, free in zip(self.link.aggressors, drawn, strict=True):
            phase = free if one.phase_ui is None else one.phase_ui
            # a rate offset moves the phase from block to block; within one it stands still
            phases.append(int((phase + 1e-6 * one.rate_offset_ppm * start) % 1.0 * m))
        return phases

    def _displacement(self, deviates: Single, sides: Symbols, steps: Single) -> Single:
        """Of the edges into symbols start - lead …, (S, b) in UI: those whose pre-cursor symbols are known now.

        `steps` (S, b) are the edges' heights, the others what has been drawn.
        """
        jitter, rate, size = self.jitter, self.link.symbol_rate, self.plan.table.block
        tau = np.float32(jitter.random_ui) * deviates
        if jitter.dual_dirac_ui:
            # two equally likely places: minus or plus the same
            tau += np.float32(2.0 * jitter.dual_dirac_ui) * sides - np.float32(jitter.dual_dirac_ui)
        for each in range(len(steps)):
            first = self._start + each * size - self.link.transmitter.ffe_main
            if self._tones:
                # the same generator in every block: tones start at the same phases and are asked for later symbols
                same = segment_generator(self.seed, self.plan.digest, TONE_BLOCKS)
                tau[each] += self._tones.correlated(same, size, symbol_rate=rate, start=first).astype(np.float32)
            if not self._drawn.independent_only:
                tau[each] += self._redrawn(self._index + each, first)
        if jitter.duty_cycle_ui:
            # half of the difference each way: rising edges late, falling ones early
            tau += np.float32(0.5 * jitter.duty_cycle_ui) * np.sign(steps)
        return np.asarray(tau)

    def _redrawn(self, index: int, first: int) -> Single:
        """Displacement (b,) in UI by slow jitter that each stretch of block `index` draws anew, of edges `first` …."""
        own = segment_generator(self.seed, self.plan.digest, RARE_BLOCKS + RARE_BLOCKS // 2 + index)
        size, rate = self.plan.table.block, self.link.symbol_rate
        count = -(-size // STRETCH_SYMBOLS)
        # phases and shifts are spread over the whole run, from the same random ones in every block
        rows = self._drawn.correlated(
            own,
            STRETCH_SYMBOLS,
            symbol_rate=rate,
            start=first,
            rows=count,
            run=segment_generator(self.seed, self.plan.digest, SLOW_BLOCKS),
            stretch=index * count,
        )
        return rows.reshape(-1)[:size].astype(np.float32)

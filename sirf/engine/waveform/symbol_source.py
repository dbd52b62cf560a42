"""What enters the waveform engine, block by block: symbols, displaced edges, aggressors and noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Single
from sirf._kernels.polyphase import weigh
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

Given = Callable[[int], NDArray[np.uint8]]
"""Hands over the level indices of the next so many symbols."""

TONE_BLOCKS, RARE_BLOCKS, RECEIVER_BLOCKS, LIGHT_BLOCKS, WANDER_BLOCKS = 2**32, 2**33, 2**34, 2**35, 2**37
"""Numbers of blocks, beyond those of any run, whose seeds give the phases of sinusoidal jitter, what is drawn by NumPy's
generator, the noise that the receiver adds symbol by symbol, that of light, and baseline wander."""
SLOW_BLOCKS = 2**38
"""The same for where slow sinusoids and slow phase noise begin."""


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
        largest = self.jitter.largest(symbol_rate=link.symbol_rate) if self.jitter else 0.0
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
        self._drives = np.zeros((shared.drives, shared.table.transform), dtype=np.float32)
        self._even = size + size % 2
        self._words = np.empty((shared.noise_rate + 2) * self._even + 16, dtype=np.uint64)
        self._index = self._start = self._received = 0
        self._last = np.zeros(1 + len(link.aggressors), dtype=np.int64)

    def block(self) -> tuple[NDArray[np.uint8], Single, tuple[int, ...]]:
        """The next block: symbols (b,), drives (q, transform) until the next call, aggressor phases in samples."""
        size = self.plan.table.block
        random = Randomness(segment_seed(self.seed, self.plan.digest, self._index), self._words)
        drives = self._drives
        # in a fixed order, so that a block's numbers depend on its seed alone: symbols, edges, aggressors, noise
        symbols = self._symbols(random, size, self.link.transmitter.pattern, 0)
        values = np.concatenate([self._values, self.levels[symbols]])
        drives[0, :size] = values[len(self._values) :]
        if self.plan.fixed > 1:
            self._transitions(random, size, values)
        phases = self._phases(self.plan.table.grid.samples_per_ui)
        row = self.plan.fixed
        for which, settings in enumerate(self.link.aggressors):
            drives[row, :size] = self.levels[self._symbols(random, size, settings.pattern, 1 + which)]
            row += 1
        if self.plan.noise_rate:
            drives[row:, :size] = self._normals(random, self.plan.noise_rate)[:, :size]
        self._values = values[size:]
        self._start += size
        self._index += 1
        return symbols, drives, phases

    def _transitions(self, random: Randomness, size: int, values: Single) -> None:
        """Drives of the displaced edges and of what the driver's compression takes off."""
        compression, drives = np.float32(self.link.transmitter.compression), self._drives
        steps = np.empty(size, dtype=np.float32)
        if compression:
            stairs = np.empty(size + 1, dtype=np.float32)
            weigh(values, self.taps, stairs)
            # the cubic term of a driver that compresses, with the sign that it has in the output
            lost = -compression * stairs**3
            drives[self.plan.fixed - 1, :size] = lost[1:]
            steps = np.diff(stairs + lost)
        else:
            weigh(values, self.differences, steps)
        if self.jitter:
            tau = self._displacement(random, size, steps)
            np.multiply(-steps, tau, out=drives[1, :size])
            # dx tau² / 2 from -dx tau; each further drive is the one before times tau
            np.multiply(np.float32(-0.5) * drives[1, :size], tau, out=drives[2, :size])
            for row in range(3, 1 + series_length(self.link)):
                np.multiply(drives[row - 1, :size], tau, out=drives[row, :size])

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
        random = Randomness(
            segment_seed(self.seed, self.plan.digest, LIGHT_BLOCKS + index), np.empty(size + 32, dtype=np.uint64)
        )
        out = np.empty(size + size % 2, dtype=np.float32)
        random.normals(out)
        return out[:size].reshape(rows, samples)

    def echoes(self, index: int, stretches: int, samples: int) -> list[Echoes]:
        """Double reflections and other wavelengths of the `stretches` of block `index`: delays and phases at random."""
        sizes, leaks = self._interference
        generator = segment_generator(self.seed, self.plan.digest, 2 * LIGHT_BLOCKS + index)
        delays = generator.integers(0, samples, (stretches, len(sizes)))
        phases = generator.uniform(0.0, 2.0 * np.pi, (stretches, len(sizes)))
        late = generator.integers(0, samples, (stretches, len(leaks)))
        return [Echoes(sizes, *own[:2], leaks, own[2]) for own in zip(delays, phases, late, strict=True)]

    def _normals(self, random: Randomness, rows: int) -> Single:
        out = np.empty((rows, self._even), dtype=np.float32)
        random.normals(out.reshape(-1))
        return out

    def _symbols(self, random: Randomness, size: int, pattern: Pattern | None, sender: int) -> NDArray[np.uint8]:
        """What goes over the line; precoding keeps random symbols random."""
        order = self.link.order
        if self.given is not None and sender == 0:
            symbols = self.given(size)
        elif pattern is not None:
            begin = pattern_start(self.seed, self.plan.digest, pattern, order, sender)
            symbols = pattern.take(begin + self._start, size, order=order)
        else:
            out = np.empty(self._even, dtype=np.uint8)
            random.symbols(order, out)
            return out[:size]
        if self.link.transmitter.precoding:
            # from p(-1) of the block before instead of 0
            # p(k) = x(k) - p(k-1): another start p(-1) changes the sum by -p(-1), +p(-1), … in turn
            carried = (2 * (np.arange(size) % 2) - 1) * self._last[sender]
            symbols = ((precode(symbols, order) + carried) % order).astype(np.uint8)
            self._last[sender] = symbols[-1]
        return symbols

    def _phases(self, m: int) -> tuple[int, ...]:
        """Where each aggressor's symbols start in this block, in samples."""
        if not self.link.aggressors:
            return ()
        drawn = segment_generator(self.seed, self.plan.digest, RARE_BLOCKS + self._index).random(
            len(self.link.aggressors)
        )
        phases = []
        for one, free in zip(self.link.aggressors, drawn, strict=True):
            phase = free if one.phase_ui is None else one.phase_ui
            # a rate offset moves the phase from block to block; within one it stands still
            phases.append(int((phase + 1e-6 * one.rate_offset_ppm * self._start) % 1.0 * m))
        return tuple(phases)

    def _displacement(self, random: Randomness, size: int, steps: Single) -> Single:
        """Of the edges into symbols start - lead …, (b,) in UI: those whose pre-cursor symbols are known now."""
        jitter, rate = self.jitter, self.link.symbol_rate
        tau = np.float32(jitter.random_ui) * self._normals(random, 1)[0, :size]
        if jitter.dual_dirac_ui:
            sides = np.empty(self._even, dtype=np.uint8)
            random.symbols(2, sides)
            tau += (np.float32(2.0 * jitter.dual_dirac_ui) * sides - np.float32(jitter.dual_dirac_ui))[:size]
        first = self._start - self.link.transmitter.ffe_main
        if self._tones:
            # the same generator in every block: tones start at the same phases and are asked for later symbols
            same = segment_generator(self.seed, self.plan.digest, TONE_BLOCKS)
            tau += self._tones.correlated(same, size, symbol_rate=rate, start=first).astype(np.float32)
        if not self._drawn.independent_only:
            own = segment_generator(self.seed, self.plan.digest, RARE_BLOCKS + RARE_BLOCKS // 2 + self._index)
            count = -(-size // STRETCH_SYMBOLS)
            # phases and shifts are spread over the whole run, from the same random ones in every block
            rows = self._drawn.correlated(
                own,
                STRETCH_SYMBOLS,
                symbol_rate=rate,
                start=first,
                rows=count,
                run=segment_generator(self.seed, self.plan.digest, SLOW_BLOCKS),
                stretch=self._index * count,
            )
            tau += rows.reshape(-1)[:size].astype(np.float32)
        if jitter.duty_cycle_ui:
            tau += np.float32(0.5 * jitter.duty_cycle_ui) * np.sign(steps)
        return np.asarray(tau)

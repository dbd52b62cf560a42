"""The link at one sample per symbol: what the slicer sees of a segment beside the sent level.

Direct convolutions in single precision: with 8 taps a pass a core does some 30 multiply-adds a nanosecond, which no transform
of this length beats, and a segment needs nothing of its neighbours.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float, Single, Symbols
from sirf._kernels.stream import UNROLL, compress, correlate_add, displace, take_levels
from sirf._kernels.viterbi import DEPTH
from sirf.engine.baseline_wander import BaselineWander
from sirf.engine.contract import COUNTING, check_link
from sirf.engine.counting.aggressor_cursors import Columns, FoldedCursors
from sirf.engine.counting.noise_filter import added_covariances, even, noise_taps, trimmed, untrimmed
from sirf.engine.edge_expansion import series_responses
from sirf.engine.front_end import FrontEnd, front_end
from sirf.engine.rounding import converter_rounding
from sirf.engine.seeding import MAX_WHOLE_PATTERN, Randomness, pattern_start, segment_generator, segment_seed
from sirf.errors import SirfError
from sirf.link import Link
from sirf.signal.pam import mean_square, thresholds
from sirf.signal.patterns import Pattern, precode

COUNTED_SYMBOLS = 1 << 17
"""Symbols of a segment that count."""
LEAD_SYMBOLS = 256
"""Symbols decided before counting starts, so that feedback has forgotten its clean start."""
TAIL_SYMBOLS = 64
"""Symbols after the counted ones that a sequence detector sees."""
STRETCH_SYMBOLS = 1 << 10
"""Symbols over which an aggressor keeps its phase and slow jitter goes on: then both are drawn anew, so that the errors of one
segment have seen many of either. Far longer than a channel's memory; the first batch length of `ErrorCount` is no shorter."""
MAX_TRIMMED_SHARE = 1e-5
"""Part of the noise power that the left-out ends of crosstalk and edge responses may carry."""
MAX_COHERENT_SHARE = 1e-7
"""The same of edge responses where all edges move together: then the left-out ends add up with the interference of symbols."""
MAX_JITTER_UI = 0.5
"""Displacement in UI beyond which no series of an edge is taken."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Taps for `correlate_add`, reversed and padded, and how many samples before the output their first one reads."""

    taps: Single
    before: int

    @classmethod
    def of(cls, cursors: Float, pre: int) -> Filter:
        """The filter whose output k is the sum of cursors[i] x[k + pre - i]."""
        # correlation runs forward in memory, so a convolution's taps stand in reverse; zeros fill up the last pass
        padded = np.zeros(-(-len(cursors) // UNROLL) * UNROLL, dtype=np.float32)
        padded[: len(cursors)] = cursors[::-1]
        return cls(padded, len(cursors) - 1 - pre)

    @property
    def after(self) -> int:
        """Samples after the output that the last (padded) tap reads."""
        return len(self.taps) - 1 - self.before

    def add(self, wave: Single, origin: int, out: Single) -> None:
        """Add the filtered `wave` to `out` (n,); sample 0 of `out` lies at wave[origin]."""
        first = origin - self.before
        correlate_add(wave[first : first + len(out) + len(self.taps) - 1], self.taps, out)


@dataclass(slots=True)
class SlicerSegment:
    """One segment at the slicer: `residual` (n,) in V, `symbols` (n,) sent; both lie in reused memory."""

    residual: Single
    symbols: Symbols


class BaudRateLink:
    """Everything about a link that its segments share; `segment` may run in several threads."""

    def __init__(
        self, link: Link, *, ideal: bool = False, end: FrontEnd | None = None, later: int = 0, digest: str | None = None
    ) -> None:
        """`end` takes the place of the link's front end, `digest` that of its own in all draws; `later` symbols more follow those
        of a segment."""
        self.link = link
        check_link(COUNTING, link)
        self.end: FrontEnd = front_end(link) if end is None else end
        self.later = later
        self.digest = link.rounded_digest if digest is None else digest
        end, tx = self.end, link.transmitter
        self.levels = link.levels
        self.main = end.main_cursor
        # zeros at the end would only make errors reach further than they do
        self.taps = np.trim_zeros(np.asarray(link.receiver.dfe), "b")
        self.jitter = tx.jitter
        self._check_jitter()
        pre = end.pre_cursors
        through = end.cursors(end.through)
        self.level_volts = self.levels * self.main
        self._nonlinear(pre)
        self.decision = thresholds(self.level_volts)
        # the residual holds no sent level: what is left of the main cursor is what jitter takes off the mean pulse
        through[pre] -= self.main
        room = len(through) - pre - 1
        # the DFE with right decisions is linear and part of the filter; only after an error it needs the loop
        through[pre + 1 : pre + 1 + len(self.taps)] -= self.taps[:room] * self.main
        # taps beyond the response have nothing to cancel and add interference of their own
        if len(self.taps) > room:
            extra = -self.taps[room:] * self.main
            through = np.concatenate([through, extra])
        self.feedback = np.zeros(0) if ideal else self.taps * self.main
        self._target(ideal)
        rounding = converter_rounding(link)
        self.rounding = Filter.of(np.zeros(1) if rounding is None else rounding.step * rounding.taps, 0)
        self.rounded = rounding is not None
        # only the converter's own noise is Gaussian and joins the filter of noise; its rounding is uniform and is
        # drawn apart
        own = np.zeros(1) if rounding is None else replace(rounding, step=0.0).correlation(rounding.taps.size)
        self.noise_power = end.receiver_noise**2 + end.transmitter_noise**2 + float(own[0])
        # the second term stands for the noise of a link without any
        self.floor = MAX_TRIMMED_SHARE * (self.noise_power + 1e-6 * self.main**2)
        self._aggressors()
        self.noise = Filter.of(self._noise_taps(own), 0)
        self.staircase = Filter.of(np.asarray(tx.ffe), tx.ffe_main)
        self._edge_filters(through)
        self.through = Filter.of(through, pre)
        self._geometry()
        self._local = threading.local()

    def segment(self, seed: int, index: int) -> SlicerSegment:
        """The slicer's input of segment `index`, LEAD_SYMBOLS samples before the COUNTED_SYMBOLS ones."""
        space = self._workspace()
        random = Randomness(segment_seed(seed, self.digest, index), space.words)
        stretches = COUNTED_SYMBOLS // STRETCH_SYMBOLS
        # drawn even where there is no aggressor, so that what follows in the segment's stream stays the same
        words = random.words(max(len(self.crosstalk) * stretches, 1))
        # of 2^64 words the remainder is uniform to 1e-17
        phases = (words % np.uint64(self.end.samples_per_ui)).astype(np.int64)[: len(self.crosstalk) * stretches]
        phases = phases.reshape(len(self.crosstalk), stretches)
        pattern = self.link.transmitter.pattern
        # patterns run on from segment to segment as if the run were one
        first = index * COUNTED_SYMBOLS - self.origin - LEAD_SYMBOLS
        self._send(
            pattern, random, first + pattern_start(seed, self.digest, pattern, self.link.order, 0), space.symbols
        )
        take_levels(space.symbols, self._single_levels, space.wave)
        residual = space.residual
        residual[:] = 0.0
        self.through.add(space.wave, self.origin, residual)
        # the DFE's taps are in `through` already: a detector is given back what it will take off itself
        if len(self.target):
            self.partial.add(space.wave, self.origin, residual)
        if self.noise_power > 0:
            random.normals(space.normals)
            # the filter of noise is causal: this much is drawn before the first sample
            second = self.noise.before + LEAD_SYMBOLS + STRETCH_SYMBOLS
            self.folded.scale(phases, space.normals, second, STRETCH_SYMBOLS, self.noise_power)
            self.noise.add(space.normals, self.noise.before, residual)
        if self.rounded:
            random.uniforms(space.uniforms)
            self.rounding.add(space.uniforms, self.rounding.before, residual)
        if self.jitter or self.link.transmitter.compression:
            self._edges(random, seed, index, space)
        for which, columns in enumerate(self.crosstalk):
            if columns is None:
                continue
            start = pattern_start(seed, self.digest, self.link.aggressors[which].pattern, self.link.order, 1 + which)
            self._aggressor(which, columns, phases[which], random, space, first + start)
        if self.end.wander is not None:
            begin = first + pattern_start(seed, self.digest, pattern, self.link.order, 0)
            self._wander(self.end.wander, random, begin, space)
        return SlicerSegment(residual, space.symbols[self.origin : self.origin + len(residual)])

    def _wander(self, wander: BaselineWander, random: Randomness, start: int, space: _Workspace) -> None:
        """Add baseline wander; what random symbols before a stretch have left is drawn anew with each stretch.

        A short pattern, whose symbol `start` is the first of the wave, has been sent for ever.
        """
        sent = self.levels[space.symbols[self.origin - wander.lag :][: len(space.residual)]]
        pattern, order = self.link.transmitter.pattern, self.link.order
        if pattern is not None and pattern.period(order) <= MAX_WHOLE_PATTERN and not self.link.transmitter.precoding:
            period = pattern.period(order)
            past = pattern.take(start + self.origin - wander.lag - period, period, order=order)
            space.residual += wander.follow(sent, wander.periodic_state(self.levels[past])).astype(np.float32)
            return
        stretches = COUNTED_SYMBOLS // STRETCH_SYMBOLS
        drawn = np.empty(stretches, dtype=np.float32)
        random.normals(drawn)
        deviation = np.sqrt(wander.variance(self.levels))
        for stretch, state in enumerate((deviation * drawn).tolist()):
            first, last = stretch_bounds(stretch, stretches, len(sent))
            space.residual[first:last] += wander.stretch(sent[first:last], state).astype(np.float32)

    def _send(self, pattern: Pattern | None, random: Randomness, start: int, symbols: Symbols) -> None:
        """Fill `symbols` with what goes over the line; precoding starts anew in each segment, and keeps random symbols random."""
        order = self.link.order
        if pattern is None:
            random.symbols(order, symbols)
            return
        symbols[:] = pattern.take(start, len(symbols), order=order)
        if self.link.transmitter.precoding:
            symbols[:] = precode(symbols, order)

    def _target(self, ideal: bool) -> None:
        """What a sequence detector wants back of the interference that the DFE takes off: all it does not know for sure."""
        mlse = self.link.receiver.mlse
        self.tail = self.later + (TAIL_SYMBOLS if mlse else 0)
        # a target may end in zeros, but it has as many taps as the memory
        known = np.asarray(self.link.receiver.dfe)[: max(len(self.taps), mlse.memory if mlse else 0)]
        self.target = known[: mlse.memory if ideal and mlse else None] * self.main if mlse else np.zeros(0)
        self.partial = Filter.of(np.concatenate([[0.0], self.target]), 0)
        if len(self.target) > DEPTH:
            raise SirfError(
                f"dfe must have at most {DEPTH} taps with a sequence detector, got {len(self.target)}. Shorten it."
            )

    def _edges(self, random: Randomness, seed: int, index: int, space: _Workspace) -> None:
        """What displaced edges and the driver's compression add."""
        tx, jitter, stairs = self.link.transmitter, self.jitter, space.stairs
        stairs[:] = 0.0
        self.staircase.add(space.wave, self.origin - self.stairs_origin, stairs)
        if tx.compression:
            compress(stairs, np.float32(tx.compression), space.lost)
            self.driver.add(space.lost, self.stairs_origin, space.residual)
            # the mean of what is lost belongs to the levels
            own = space.symbols[self.origin : self.origin + len(space.residual)]
            space.residual -= (self.level_volts - self.levels * self.main).astype(np.float32)[own]
        if not jitter:
            return
        edges = space.first
        nothing = space.normals[:0]
        random.normals(space.normals[: len(edges)])
        side = other = nothing
        if jitter.dual_dirac_ui:
            random.symbols(2, space.coins)
            take_levels(space.coins, np.array([-1, 1], dtype=np.float32) * np.float32(jitter.dual_dirac_ui), space.side)
            side = space.side
        if not jitter.independent_only:
            other = self.slow_displacement(seed, index, len(edges)).astype(np.float32)
        displace(
            stairs,
            space.normals[: len(edges)],
            side[: len(edges)],
            other,
            np.float32(jitter.random_ui),
            np.float32(jitter.duty_cycle_ui),
            space.first,
            space.second,
            space.tau,
        )
        # edge k leads into sample k + 1 of the staircase
        for order, response in enumerate(self.edges):
            if order > 1:
                # the next power of the displacement, from the drive of the order before
                space.second *= space.tau
            response.add(space.first if order == 0 else space.second, self.stairs_origin - 1, space.residual)

    def slow_displacement(self, seed: int, index: int, edges: int) -> Float:
        """Displacement (`edges`,) in UI by all that has memory, drawn anew where stretches of the counted symbols begin."""
        rows = -(-edges // STRETCH_SYMBOLS) + 1
        generator = segment_generator(seed, self.digest, index)
        drawn = self.jitter.correlated(generator, STRETCH_SYMBOLS, symbol_rate=self.link.symbol_rate, rows=rows)
        # edge 0 leads into a sample of the residual before its first one, which lies before the counted ones
        skip = -(LEAD_SYMBOLS + self.stairs_origin - 1) % STRETCH_SYMBOLS
        return np.asarray(drawn.reshape(-1)[skip : skip + edges])

    def _aggressor(
        self,
        which: int,
        columns: Columns,
        phases: NDArray[np.int64],
        random: Randomness,
        space: _Workspace,
        start: int,
    ) -> None:
        """Add an aggressor, from one of `phases` (S,) in samples in each stretch, or at its own."""
        settings, m, order = self.link.aggressors[which], self.end.samples_per_ui, self.link.order
        if settings.pattern is None and order.bit_count() == 1:
            # nobody asks which symbols these were: levels straight from random bits
            random.levels(self._single_levels, space.other_wave)
        else:
            self._send(settings.pattern, random, start, space.other_symbols)
            take_levels(space.other_symbols, self._single_levels, space.other_wave)
        if not settings.rate_offset_ppm:
            if settings.phase_ui is not None:
                phases = np.full_like(phases, int(settings.phase_ui * m))
            columns.add(space.other_wave, self.origin, phases, space.residual, LEAD_SYMBOLS, STRETCH_SYMBOLS)
            return
        # the aggressor's own time in samples at each of ours: the phase is constant over long runs
        drift = 1e-6 * settings.rate_offset_ppm * m
        for stretch, phase in enumerate(phases.tolist()):
            first, last = stretch_bounds(stretch, len(phases), len(space.residual))
            # whole samples: within one the filter of a phase stands still
            own = np.floor(np.arange(last - first) * drift).astype(np.int64) + phase
            steps = np.flatnonzero(np.diff(own)) + 1
            for begin, end in zip([0, *steps.tolist()], [*steps.tolist(), len(own)], strict=True):
                # the aggressor's time in samples is whole symbols and a phase: a whole symbol moves the read position
                slip, column = divmod(int(own[begin]), m)
                columns.add(
                    space.other_wave,
                    self.origin + first + begin + slip,
                    np.array([column]),
                    space.residual[first + begin : first + end],
                    0,
                    end - begin,
                )

    def _nonlinear(self, pre: int) -> None:
        """The response that carries what the driver's compression takes off, and its share in the mean of each level."""
        tx, end = self.link.transmitter, self.end
        response = end.cursors(end.driver) if tx.compression else np.zeros(1)
        self.driver = Filter.of(response, pre if tx.compression else 0)
        if not tx.compression:
            return
        weights = np.asarray(tx.ffe)
        variance = mean_square(self.levels)
        for j, weight in enumerate(weights):
            # the symbol itself leaves this tap j - main symbols late, so its response is read that much earlier
            at = pre - (j - tx.ffe_main)
            if 0 <= at < len(response):
                # E[(w a + rest)^3 | a]: the levels are symmetric, so odd moments of the rest vanish
                rest = variance * float(np.sum(weights**2) - weight**2)
                lost = weight**3 * self.levels**3 + 3.0 * weight * self.levels * rest
                self.level_volts = self.level_volts - tx.compression * response[at] * lost

    def _edge_filters(self, through: Float) -> None:
        """The filters of displaced edges, order by order; the mean of what is cut off their ends joins the cursors `through`."""
        self.edges: list[Filter] = []
        if not self.jitter:
            return
        tx, pre = self.link.transmitter, self.end.pre_cursors
        steps = np.diff([0.0, *tx.ffe, 0.0])
        moved = self.jitter.variance(symbol_rate=self.link.symbol_rate)
        # mean squares of -dx tau, dx tau² / 2, dx tau³ / 2 …: moments of tau at most those of a Gaussian of its variance
        moment = mean_square(self.levels) * float(np.sum(steps**2)) * moved
        for order, wave in enumerate(series_responses(self.link, self.end), start=1):
            cursors = self.end.cursors(wave)
            # next to nothing of the power of the drive by which a trimmed tap would have been multiplied
            floor = (
                self.floor * (MAX_COHERENT_SHARE / MAX_TRIMMED_SHARE if self.jitter.moves_together else 1.0) / moment
            )
            self.edges.append(Filter.of(*trimmed(cursors, pre, floor)))
            if order == 2:
                # dx tau² / 2 has the mean dx moved / 2, which adds to the interference of the symbols themselves, tap by tap:
                # small as its power is, it would be missing there
                left_out = np.where(untrimmed(cursors, floor), 0.0, cursors)
                mean = np.convolve(0.5 * moved * left_out, steps)[tx.ffe_main :][: len(through)]
                through[: len(mean)] += mean
            moment *= (2 * order + 1) * moved * (0.25 if order == 1 else 1.0)

    def _aggressors(self) -> None:
        """The filters of all aggressors (`None` for one that is noise altogether), and what joins the noise of them."""
        m = self.end.samples_per_ui
        self.crosstalk: list[Columns | None] = []
        self.folded = FoldedCursors(self.link.order, self.levels, len(self.end.crosstalk), m)
        for which, (wave, source) in enumerate(zip(self.end.crosstalk, self.link.aggressors, strict=True)):
            columns = wave[: len(wave) // m * m].reshape(-1, m)
            # any phase in turn, random symbols: only then all that a small cursor does is add a little to the noise
            stationary = source.phase_ui is None and source.pattern is None and not source.rate_offset_ppm
            if stationary and self.noise_power > 0.0:
                kept = self.folded.split(which, columns, self.noise_power)
            else:
                floor = self.floor / mean_square(self.levels)
                kept = np.array([untrimmed(column, floor) for column in columns.T]).T
            self.crosstalk.append(Columns.of(columns, kept) if kept.any() else None)

    def _noise_taps(self, own: Float) -> Float:
        """The filter of Gaussian noise, with what the converter adds of its `own` and what is folded into it of aggressors."""
        if not self.folded:
            return noise_taps(self.end, more=own)
        return noise_taps(self.end, more=added_covariances(own, self.folded.covariance), lost=MAX_TRIMMED_SHARE)

    def _check_jitter(self) -> None:
        if not self.jitter:
            return
        rate = self.link.symbol_rate
        largest = self.jitter.largest(symbol_rate=rate)
        if largest > MAX_JITTER_UI:
            raise SirfError(
                f"jitter must stay within {MAX_JITTER_UI} UI where no clock recovery follows it, got {largest:.3g} UI. "
                "Use sirf.simulate with a clock, or less wander."
            )

    def _geometry(self) -> None:
        """How far symbols before and after the samples are needed, and the room for all of it."""
        end_filters = [self.through, *self.edges, self.driver]
        stairs_before = 1 + max(one.before for one in end_filters[1:])
        stairs_after = 1 + max(one.after for one in end_filters[1:])
        self.stairs_origin = stairs_before + 1
        samples = self.samples = COUNTED_SYMBOLS + LEAD_SYMBOLS + self.tail
        # one more step of the staircase than edges, and edges in pairs
        self.stairs = even(samples + stairs_before + stairs_after) + 1
        before = max(self.through.before, self.partial.before, self.stairs_origin + self.staircase.before)
        if self.end.wander is not None:
            before = max(before, self.end.wander.lag)
        after = max(self.through.after, self.stairs - self.stairs_origin - samples + self.staircase.after)
        slips = [0]
        for columns, settings in zip(self.crosstalk, self.link.aggressors, strict=True):
            if columns is None:
                continue
            # symbols by which the aggressor's clock runs away within a segment
            drift = int(np.ceil(abs(1e-6 * settings.rate_offset_ppm) * samples)) + 1
            before, after = max(before, drift + columns.before), max(after, drift)
            slips.append(drift)
        self.origin = before
        self.total = even(before + samples + after)
        memory = before + after + 1
        for pattern in (self.link.transmitter.pattern, *(source.pattern for source in self.link.aggressors)):
            if pattern is not None and pattern.period(self.link.order) < memory:
                raise SirfError(
                    f"pattern must be at least as long as the memory of {memory} symbols, got "
                    f"{pattern.period(self.link.order)}. Take a longer one, for example prbs13q."
                )
        self._single_levels = self.levels.astype(np.float32)

    def _workspace(self) -> _Workspace:
        """This thread's memory."""
        if not hasattr(self._local, "space"):
            self._local.space = _Workspace(self)
        space: _Workspace = self._local.space
        return space


def stretch_bounds(stretch: int, count: int, size: int) -> tuple[int, int]:
    """Where one of `count` stretches lies in `size` samples."""
    first = LEAD_SYMBOLS + stretch * STRETCH_SYMBOLS if stretch else 0
    return first, LEAD_SYMBOLS + (stretch + 1) * STRETCH_SYMBOLS if stretch + 1 < count else size


class _Workspace:
    """Arrays of one thread, as long as a segment needs them."""

    def __init__(self, model: BaudRateLink) -> None:
        def single(count: int) -> Single:
            return np.zeros(even(count), dtype=np.float32)

        self.symbols, self.wave = np.zeros(model.total, dtype=np.uint8), single(model.total)
        self.residual = single(model.samples)
        edges = model.stairs - 1
        self.normals = single(max(model.samples + len(model.noise.taps), edges))
        self.uniforms = single(model.samples + len(model.rounding.taps) if model.rounded else 0)
        # 16 more: a request is rounded up to a row of all generators
        self.words = np.zeros(max(model.total, len(self.normals), len(self.uniforms)) + 16, dtype=np.uint64)
        self.other_symbols, self.other_wave = np.zeros(0, dtype=np.uint8), single(0)
        if model.crosstalk:
            self.other_symbols, self.other_wave = np.zeros(model.total, dtype=np.uint8), single(model.total)
        moved = bool(model.jitter)
        shaped = moved or bool(model.link.transmitter.compression)
        self.stairs = np.zeros(model.stairs if shaped else 0, dtype=np.float32)
        self.lost = np.zeros(model.stairs if model.link.transmitter.compression else 0, dtype=np.float32)
        self.first, self.second = (single(edges if moved else 0) for _ in range(2))
        # displacements are kept where a series goes on beyond its second order
        self.tau = single(edges if len(model.edges) > 2 else 0)
        self.coins, self.side = np.zeros(len(self.first), dtype=np.uint8), single(len(self.first))

"""A receiver's settings and state in the form that its compiled loop takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirf._kernels import reception as kernel
from sirf.clock.recovery import DETECTORS, LinearLoop
from sirf.engine.counting.tally import LONGEST_BURST, batch_fields, batch_rows
from sirf.engine.front_end import FrontEnd
from sirf.engine.waveform.plan import Plan
from sirf.errors import SirfError
from sirf.link import Link
from sirf.results.error_count import ErrorCount
from sirf.results.receiver_report import AdaptedReceiver, ClockReport
from sirf.signal.pam import bit_error_table, thresholds

Float = NDArray[np.float64]
Single = NDArray[np.float32]

LONGEST_SETTLE = 1_000_000
STEEPEST = 0.05
"""Largest wander in UI per symbol: beyond it the waveform would change within the channel's memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """What a call decided, one entry per symbol: instant in UI, slicer input in V, level index, fed-back value in V."""

    position: Float
    equalised: Float
    decided: NDArray[np.uint8]
    fed: Float


@dataclass(frozen=True, slots=True, eq=False)
class Told(Chunk):
    """The same with what an eye needs of each symbol: FFE taps (k, F or 0) and gain (k,)."""

    weights: Single
    gains: Single


class Reception:
    """State of one receiver between calls: taps, clock, counters, what is left in its delay lines."""

    def __init__(self, link: Link, shared: Plan, *, ideal: bool) -> None:
        receiver, end, raw = link.receiver, shared.end, shared.raw
        self.link, self.end, self.ideal = link, end, ideal
        self.levels = link.levels
        digital = receiver.digital
        self.ffe = np.array(receiver.ffe if digital else (1.0,))
        self.ffe_main = receiver.ffe_main if digital else 0
        gain = receiver.vga.gain if receiver.vga else 1.0
        self.main = gain * end.main_cursor
        self.reference = gain * shared.levels
        if receiver.vga:
            main = raw.main_cursor
            self.reference = self.reference / (gain * main) * receiver.vga.output(np.array([main]))[0]
        self.threshold_offset = gain * shared.threshold_offset
        self.dfe = np.array(receiver.dfe) * self.main
        if receiver.wander and receiver.wander.slope(link.symbol_rate) > STEEPEST:
            raise SirfError(
                f"wander must change by at most {STEEPEST} UI per symbol, got {receiver.wander.slope(link.symbol_rate):.3g}. "
                "Use a smaller amplitude or frequency."
            )
        adaptation = receiver.adaptation
        self.memory = shared.memory + len(receiver.dfe) + len(receiver.ffe) + len(link.transmitter.ffe) + 2
        self.train = self.memory - len(self.dfe) + (adaptation.training_symbols if adaptation else 0)
        self._loop(raw)
        settled = self.memory + self.acquisition + self._settle()
        if adaptation:
            # nothing adapts before the clock has found its place
            self.train += self.acquisition
            settled += adaptation.settle_symbols + adaptation.training_symbols
        self.first = settled
        self._adapt()
        self._front(gain, shared.rms)
        self._state(gain)

    @property
    def thresholds(self) -> Float:
        """Decision thresholds (L - 1,) in V of the slicers."""
        return thresholds(self.reference) + self.threshold_offset

    def _loop(self, raw: FrontEnd) -> None:
        """Gains, bias and delay line of clock recovery; `linear` is its model."""
        clock = self.link.receiver.clock
        self.loop, self.ring, self.detector = np.zeros(9), np.zeros(0), 0
        self.linear: LinearLoop | None = None
        self.acquisition = 0
        if clock is None:
            return
        self.detector = DETECTORS[clock.detector]
        bias, slope = timing_function(self.link, self.end)
        if self.detector == 1 and not slope > 0:
            raise SirfError(
                f"clock must find a slope of its timing function, got {slope:.3g} per UI. Leave a pre-cursor, or use 'bang-bang'."
            )
        proportional, integral = clock.gains(self.link.symbol_rate, slope)
        edge = edge_distance(raw) if self.detector == 3 else 0.0
        self.ring = np.zeros(clock.latency)
        delay = 1 + clock.latency + self.ffe_main
        around = proportional * slope if self.detector == 1 else proportional
        gear = self._gear(around, delay)
        self.loop[:] = (
            proportional, integral, bias, edge, clock.lock_window_ui, clock.hold_symbols, self.memory, gear,
            self.memory + self.acquisition,
        )  # fmt: skip
        if self.detector == 1:
            self.linear = LinearLoop(
                proportional=proportional * slope, integral=integral * slope, symbol_rate=self.link.symbol_rate,
                delay=delay,
            )  # fmt: skip

    def _gear(self, around: float, delay: int) -> float:
        """How much wider the loop is while it acquires, and `acquisition`, for how many symbols; `around` is its gain.

        As wide as `ClockRecovery.gear` asks and its delay bears; for ten time constants of its fast pole or five of its slow one,
        and not at all where it starts at its place.
        """
        receiver = self.link.receiver
        clock = receiver.clock
        if clock is None or not (receiver.wander or clock.initial_phase_ui):
            return 1.0
        gear = max(min(clock.gear, 0.3 / (around * delay)), 1.0)
        slow = 4.0 * clock.damping**2 if np.isfinite(clock.damping) else 0.0
        self.acquisition = int(min(max(10.0, 5.0 * slow) / (around * gear), LONGEST_SETTLE))
        return gear

    def _settle(self) -> int:
        """Symbols after acquisition: three time constants of the fast pole, and the time to be called locked."""
        clock = self.link.receiver.clock
        if clock is None:
            return 0
        # a loop of fixed steps crosses half a UI in 1 / (2 step) symbols at least
        fast = self.linear.proportional if self.linear is not None else clock.step_ui
        return int(min(3.0 / fast + clock.hold_symbols, LONGEST_SETTLE))

    def _adapt(self) -> None:
        adaptation = self.link.receiver.adaptation
        self.adapt = np.zeros(6)
        self.ffe_limits, self.dfe_limits = np.zeros((len(self.ffe), 2)), np.zeros((len(self.dfe), 2))
        if adaptation is None:
            return
        self.adapt[:] = (
            adaptation.ffe_step, adaptation.dfe_step, adaptation.reference_step, adaptation.gain_step,
            float(adaptation.algorithm == "sign-sign"),
            self.memory + self.acquisition,
        )  # fmt: skip
        self.ffe_limits = adaptation.table(adaptation.ffe_limits, len(self.link.receiver.ffe), "ffe_limits")
        self.dfe_limits = adaptation.table(adaptation.dfe_limits, len(self.dfe), "dfe_limits") * self.main
        gaps = floating_gaps(self.link.receiver.dfe)
        self.dfe_limits[gaps] = 0.0

    def _front(self, gain: float, rms: float) -> None:
        """Amplifier and converter: saturation, code size, clip, rms of the converter's own noise."""
        receiver = self.link.receiver
        self.saturation = receiver.vga.saturation or 0.0 if receiver.vga else 0.0
        self.front, self.lanes, self.converter_noise = np.array([self.saturation, 0.0, 0.0]), np.zeros((0, 3)), 0.0
        converter = receiver.converter
        if converter is None:
            return
        full = converter.full_scale if converter.full_scale is not None else 4.0 * gain * rms
        step = converter.step(full)
        self.front[1:] = step, full - 0.5 * step
        self.lanes = converter.lanes
        self.converter_noise = converter.extra_noise(full)

    def _state(self, gain: float) -> None:
        clock = self.link.receiver.clock
        self.real, self.whole = np.zeros(4), np.zeros(kernel.PLACES, dtype=np.int64)
        self.real[kernel.GAIN] = gain
        self.real[kernel.TIME] = clock.initial_phase_ui if clock else 0.0
        self.gap = 0 if self.ideal else len(self.dfe)
        self.whole[kernel.LAST_WRONG] = -self.gap - 1
        self.whole[kernel.LOST_AT] = self.whole[kernel.LOCKED_AT] = -1
        order = self.link.order
        self.counts, self.outgoing = np.zeros(6, dtype=np.int64), np.zeros(order, dtype=np.int64)
        self.confusion = np.zeros((order, order), dtype=np.int64)
        self.lengths, self.batches = np.zeros(LONGEST_BURST, dtype=np.int64), batch_rows()
        self.phase = np.zeros(3)
        self.bits = bit_error_table(self.link.order)
        self.history = max(len(self.dfe), 1)
        self._taken, self._position = np.zeros(len(self.ffe) - 1), np.zeros(len(self.ffe) - 1)
        self._decided = np.zeros(self.history, dtype=np.uint8)

    @property
    def symbol(self) -> int:
        """Symbols sampled so far."""
        return int(self.whole[kernel.SYMBOL])

    def receive(
        self, wave: Single, origin: int, m: int, sent: NDArray[np.uint8], sent_origin: int, added: Float, noise: Float
    ) -> Told | None:
        """Receive up to len(added) symbols of `wave` (rows, m) from UI `origin` on; None when it is used up.

        `added` (k,) V comes at the slicer, `noise` (k,) V or (0,) before the converter.
        """
        limit, taps = len(added), len(self.ffe)
        taken, position = (np.concatenate([old, np.empty(limit)]) for old in (self._taken, self._position))
        decided = np.concatenate([self._decided, np.empty(limit, dtype=np.uint8)])
        fed, equalised = np.empty(limit), np.empty(limit)
        weights = np.empty((limit, taps if taps > 1 else 0), dtype=np.float32)
        gains = np.empty(limit, dtype=np.float32)
        start = self.symbol - self.ffe_main
        done = kernel.receive(
            wave.reshape(-1), origin, m, sent, sent_origin, self._wander(limit), added, noise, self.levels, self.main,
            self.reference, self.threshold_offset, self.ffe, self.ffe_main, self.dfe, self.link.receiver.dfe_unrolled,
            self.ideal, self.train, self.first, self.bits, self.gap, self.detector, self.loop, self.ring, self.front,
            self.lanes, self.adapt,
            self.ffe_limits, self.dfe_limits, self.real, self.whole, taken, position, decided, fed, equalised, weights, gains,
            self.link.transmitter.precoding, self.counts, self.outgoing, self.confusion, self.lengths, self.batches,
        )  # fmt: skip
        if done < 0:
            raise SirfError(
                f"adaptation must converge, got an equaliser that diverged at {self.symbol / self.link.symbol_rate:.3g} s. "
                "Use smaller steps or bound the taps."
            )
        if done == 0:
            return None
        self._taken, self._position = taken[done : done + taps - 1], position[done : done + taps - 1]
        self._decided = decided[done : done + self.history]
        where = position[taps - 1 - self.ffe_main :][:done]
        if self.detector:
            counted = where[max(self.first - start, 0) :]
            off = counted - np.floor(counted + 0.5)
            self.phase += len(off), off.sum(), (off * off).sum()
        return Told(where, equalised[:done], decided[self.history :][:done], fed[:done], weights[:done], gains[:done])

    def _wander(self, size: int) -> Float:
        wander = self.link.receiver.wander
        if not wander:
            return np.zeros(0)
        return wander.at(np.arange(self.symbol, self.symbol + size), self.link.symbol_rate)

    def count(self, identity: str) -> ErrorCount:
        """Errors so far."""
        total, symbol_errors, errors, bursts, squares, bit_squares = (int(value) for value in self.counts)
        open_symbols, open_bits = int(self.whole[kernel.BURST_SYMBOLS]), int(self.whole[kernel.BURST_BITS])
        lengths = self.lengths.copy()
        if open_symbols:
            span = int(self.whole[kernel.BURST_LAST] - self.whole[kernel.BURST_FIRST])
            lengths[min(span, len(lengths) - 1)] += 1
        return ErrorCount(
            symbols=total, symbol_errors=symbol_errors, errors=errors, bursts=bursts,
            squared_symbol_errors=squares + open_symbols**2, squared_bit_errors=bit_squares + open_bits**2,
            bits_per_symbol=float(np.log2(self.link.order)), link=identity, sent=tuple(self.outgoing.tolist()),
            confusion=tuple(self.confusion.ravel().tolist()), burst_lengths=tuple(lengths.tolist()), **batch_fields(self.batches),
        )  # fmt: skip

    def clock_report(self) -> ClockReport | None:
        """How clock recovery did so far; None without one."""
        if not self.detector:
            return None
        whole, period = self.whole, 1.0 / self.link.symbol_rate
        locked_at, lost_at = int(whole[kernel.LOCKED_AT]), int(whole[kernel.LOST_AT])
        count = max(self.phase[0], 1.0)
        mean = float(self.phase[1] / count)
        return ClockReport(
            locked=bool(whole[kernel.LOCKED]),
            locked_at=None if locked_at < 0 else locked_at * period,
            lost_at=None if lost_at < 0 else lost_at * period,
            losses=int(whole[kernel.LOSSES]),
            slips=int(whole[kernel.SLIP]),
            mean_phase_ui=mean,
            rms_phase_ui=float(np.sqrt(max(self.phase[2] / count - mean**2, 0.0))),
        )

    def adapted(self) -> AdaptedReceiver | None:
        """Where adaptation has taken taps, references and gain; None when nothing adapts."""
        if self.link.receiver.adaptation is None:
            return None
        ffe = self.ffe if self.link.receiver.digital else np.array(self.link.receiver.ffe)
        return AdaptedReceiver(
            ffe=tuple(float(tap) for tap in ffe),
            dfe=tuple(float(tap) for tap in self.dfe / self.main),
            references=tuple(float(level) for level in self.reference / self.main),
            gain=float(self.real[kernel.GAIN]),
        )


def timing_function(link: Link, end: FrontEnd) -> tuple[float, float]:
    """Mueller-Müller timing function (h(T) - b(1) h(0) - h(-T)) / h(0) at the wanted instant, and minus its slope per UI.

    Of the equalised mean pulse h; taking its value there off the detector holds the sampler at the wanted instant.
    """
    pulse, m, at = end.mean_pulse, end.samples_per_ui, end.sampling
    first = link.receiver.dfe[0] if link.receiver.dfe else 0.0
    main = end.main_cursor

    def value(index: int) -> float:
        return float((pulse[index + m] - pulse[index - m]) / main - first)

    step = max(m // 16, 1)
    return value(at), -(value(at + step) - value(at - step)) * m / (2.0 * step)


def edge_distance(end: FrontEnd) -> float:
    """From the edge to the sampling instant in UI, where the edge of a transition between opposite levels crosses zero.

    With decisions a and -a it is where p(t) = p(t + T), the two symbols beside the edge alone.
    """
    pulse, m, at = end.mean_pulse, end.samples_per_ui, end.sampling
    index = np.arange(at - m, at)
    difference = pulse[index] - pulse[index + m]
    rising = np.flatnonzero((difference[:-1] <= 0) & (difference[1:] > 0))
    if not len(rising):
        raise SirfError(
            "clock must find the edge before the sampling instant, got none. Use the 'mueller-muller' detector."
        )
    before = int(rising[-1])
    fraction = -difference[before] / (difference[before + 1] - difference[before])
    return float((m - before - fraction) / m)


def floating_gaps(dfe: tuple[float, ...]) -> NDArray[np.bool_]:
    """Which taps (D,) are zero between or before taps that are not: gaps of floating taps; all-zero taps are none."""
    taps = np.asarray(dfe)
    nonzero = np.flatnonzero(taps)
    gaps = np.zeros(len(taps), dtype=bool)
    if len(nonzero):
        gaps[: nonzero[-1]] = taps[: nonzero[-1]] == 0
    return gaps

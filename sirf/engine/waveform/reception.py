"""A receiver's settings and state in the form that its compiled loop takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float, Single, Symbols
from sirf._kernels import reception as kernel
from sirf.clock.recovery import DETECTORS, LinearLoop
from sirf.engine.front_end import FrontEnd
from sirf.engine.rounding import RANGE_PER_RMS
from sirf.engine.waveform.plan import Plan
from sirf.errors import SirfError
from sirf.link import Link
from sirf.results.receiver_report import AdaptedReceiver, ClockReport
from sirf.signal.pam import mean_square, thresholds

MAX_SETTLE = 1_000_000
MAX_WANDER_SLOPE = 0.05
"""Largest wander in UI per symbol: beyond it the waveform would change within the channel's memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What a call decided, one entry per symbol.

    Instant in UI, slicer input in V, level index that was fed back (of sent symbols where feedback is ideal or trained) and that
    which the slicer chose, fed-back value in V, level index that was under way at the instant.
    """

    position: Float
    equalised: Float
    decided: Symbols
    chosen: Symbols
    fed_back: Float
    sent: Symbols


@dataclass(frozen=True, slots=True, eq=False)
class TracedDecisions(Decisions):
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
        self.ffe_main = receiver.ffe_main if digital else 0
        gain = receiver.vga.gain if receiver.vga else 1.0
        self.main = gain * end.main_cursor
        reference = gain * shared.levels
        if receiver.vga:
            # a loop without a digital FFE has one tap of one, so that one kernel serves both
            main = raw.main_cursor
            # a limiting amplifier shrinks the main cursor: levels start where its curve takes them
            reference = reference / (gain * main) * receiver.vga.output(np.array([main]))[0]
        self.taps = kernel.Taps(
            ffe=np.array(receiver.ffe if digital else (1.0,)),
            dfe=np.array(receiver.dfe) * self.main,
            reference=reference,
            # latency is a queue of corrections, one entry a symbol
            offset=np.asarray(gain * shared.threshold_offset, dtype=float),
            threshold=np.zeros(len(self.levels) - 1),
            ring=np.zeros(receiver.clock.latency if receiver.clock else 0),
        )
        if receiver.wander and receiver.wander.slope(link.symbol_rate) > MAX_WANDER_SLOPE:
            raise SirfError(
                f"wander must change by at most {MAX_WANDER_SLOPE} UI per symbol, got "
                f"{receiver.wander.slope(link.symbol_rate):.3g}. Use a smaller amplitude or frequency."
            )
        adaptation = receiver.adaptation
        # what fills all delay lines before a decision means anything
        self.memory = shared.memory + len(receiver.dfe) + len(receiver.ffe) + len(link.transmitter.ffe) + 2
        train = self.memory - len(receiver.dfe) + (adaptation.training_symbols if adaptation else 0)
        self.acquisition = 0
        self.linear: LinearLoop | None = None
        self.loop = self._loop(raw)
        settled = self.memory + self.acquisition + self._settle()
        if adaptation:
            # nothing adapts before the clock has found its place
            train += self.acquisition
            # errors of a receiver that still trains say nothing of the link
            settled += adaptation.settle_symbols + adaptation.training_symbols
        self.first = settled
        self.slicer = kernel.Slicer(
            levels=self.levels,
            power=mean_square(self.link.levels),
            main=float(self.main),
            ffe_main=self.ffe_main,
            train=int(train),
            ideal=bool(ideal),
            unrolled=receiver.dfe_unrolled,
        )
        self.steps = self._steps()
        self.front = self._front(gain, shared.rms)
        self._start(gain)

    def _loop(self, raw: FrontEnd) -> kernel.Loop:
        """Gains and bias of clock recovery; `linear` is its model."""
        clock, rate = self.link.receiver.clock, self.link.symbol_rate
        if clock is None:
            return kernel.Loop(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 1.0, 0)
        detector = DETECTORS[clock.detector]
        # the detector's mean at the wanted instant is taken off, else the loop would settle where that is zero
        bias, slope = timing_function(self.link, self.end)
        if detector == kernel.MUELLER_MULLER and not slope > 0:
            raise SirfError(
                f"clock must find a slope of its timing function, got {slope:.3g} per UI. Leave a pre-cursor, or use 'bang-bang'."
            )
        proportional, integral = clock.gains(rate, slope)
        # symbols until a correction is seen: the loop's own, its pipeline and what the FFE waits for
        delay = 1 + clock.latency + self.ffe_main
        # a bang-bang detector has no slope: a step is a step
        around = proportional * slope if detector == kernel.MUELLER_MULLER else proportional
        gear = self._gear(around, delay)
        if detector == kernel.MUELLER_MULLER:
            self.linear = LinearLoop(
                proportional=proportional * slope, integral=integral * slope, symbol_rate=rate, delay=delay
            )
        return kernel.Loop(
            detector=detector,
            proportional=float(proportional),
            integral=float(integral),
            bias=float(bias),
            edge=edge_distance(raw) if detector == kernel.BANG_BANG else 0.0,
            window=float(clock.lock_window_ui),
            hold=int(clock.hold_symbols),
            start=int(self.memory),
            gear=float(gear),
            gear_end=int(self.memory + self.acquisition),
        )

    def _gear(self, around: float, delay: int) -> float:
        """How much wider the loop is while it acquires, and `acquisition`, for how many symbols; `around` is its gain.

        As wide as `ClockRecovery.gear` asks and its delay bears; for ten time constants of its fast pole or five of its slow one,
        and not at all where it starts at its place.
        """
        receiver = self.link.receiver
        clock = receiver.clock
        if clock is None or not (receiver.wander or clock.initial_phase_ui):
            return 1.0
        # a loop whose gain times delay nears pi / 2 oscillates: 0.3 keeps well away
        gear = max(min(clock.gear, 0.3 / (around * delay)), 1.0)
        slow = 4.0 * clock.damping**2 if np.isfinite(clock.damping) else 0.0
        self.acquisition = int(min(max(10.0, 5.0 * slow) / (around * gear), MAX_SETTLE))
        return gear

    def _settle(self) -> int:
        """Symbols after acquisition: three time constants of the fast pole, and the time to be called locked."""
        clock = self.link.receiver.clock
        if clock is None:
            return 0
        # a loop of fixed steps crosses half a UI in 1 / (2 step) symbols at least
        fast = self.linear.proportional if self.linear is not None else clock.step_ui
        # bounded: a loop of a few hertz would never be called settled
        return int(min(3.0 / fast + clock.hold_symbols, MAX_SETTLE))

    def _steps(self) -> kernel.Steps:
        """Step sizes and limits of adaptation; every step is 0 where nothing adapts."""
        adaptation, dfe = self.link.receiver.adaptation, self.link.receiver.dfe
        if adaptation is None:
            return kernel.Steps(
                0.0, 0.0, 0.0, 0.0, False, 0, np.zeros((len(self.taps.ffe), 2)), np.zeros((len(dfe), 2))
            )
        dfe_limits = adaptation.table(adaptation.dfe_limits, len(dfe), "dfe_limits") * self.main
        # gaps between floating taps are no taps: adaptation must leave them at zero
        dfe_limits[floating_gaps(dfe)] = 0.0
        return kernel.Steps(
            ffe=float(adaptation.ffe_step),
            dfe=float(adaptation.dfe_step),
            reference=float(adaptation.reference_step),
            gain=float(adaptation.gain_step),
            sign=adaptation.algorithm == "sign-sign",
            start=int(self.memory + self.acquisition),
            ffe_limits=adaptation.table(adaptation.ffe_limits, len(self.link.receiver.ffe), "ffe_limits"),
            dfe_limits=dfe_limits,
        )

    def _front(self, gain: float, rms: float) -> kernel.Front:
        """Amplifier and converter; `converter_noise` is the rms in V of the converter's own noise."""
        vga, converter = self.link.receiver.vga, self.link.receiver.converter
        self.saturation = float(vga.saturation or 0.0) if vga else 0.0
        self.converter_noise = 0.0
        if converter is None:
            return kernel.Front(self.saturation, 0.0, 0.0, np.zeros((0, 3)))
        # without a stated range the converter takes one that random symbols pass seldom
        full = converter.full_scale if converter.full_scale is not None else RANGE_PER_RMS * gain * rms
        code = converter.step(full)
        self.converter_noise = converter.extra_noise(full)
        # the outermost codes of a mid-rise converter lie half a step inside its range
        return kernel.Front(self.saturation, float(code), float(full - 0.5 * code), converter.lanes)

    def _start(self, gain: float) -> None:
        """The state before the first symbol."""
        clock = self.link.receiver.clock
        self.state = np.zeros(1, dtype=kernel.STATE).view(np.recarray)[0]
        # the amplifier starts at its set gain, from which adaptation leads it
        self.state.gain = gain
        self.state.time = clock.initial_phase_ui if clock else 0.0
        self.state.lost_at = self.state.locked_at = -1
        # an error reaches as far as feedback of decisions does
        self.gap = 0 if self.ideal else len(self.taps.dfe)
        self.phase = np.zeros(3)
        self.history = max(len(self.taps.dfe), 1)
        past = len(self.taps.ffe) - 1
        self._samples, self._position = np.zeros(past), np.zeros(past)
        self._decided = np.zeros(self.history, dtype=np.uint8)

    @property
    def symbol(self) -> int:
        """Symbols sampled so far."""
        return int(self.state["symbol"])

    @property
    def gain(self) -> float:
        """Gain of the amplifier now."""
        return float(self.state["gain"])

    @property
    def reference(self) -> Float:
        """Levels (L,) in V that the slicer expects now."""
        return self.taps.reference

    @property
    def thresholds(self) -> Float:
        """Decision thresholds (L - 1,) in V of the slicers now."""
        return thresholds(self.taps.reference) + self.taps.offset

    def receive(
        # copied behind what the last call left: the loop looks back over taps and feedback
        self,
        wave: Single,
        origin: int,
        m: int,
        sent: Symbols,
        sent_origin: int,
        added: Float,
        noise: Float,
    ) -> TracedDecisions | None:
        """Receive up to len(added) symbols of `wave` (rows, m) from UI `origin` on; None when it is used up.

        `added` (k,) V comes at the slicer, `noise` (k,) V or (0,) before the converter.
        """
        limit, count = len(added), len(self.taps.ffe)
        start = self.symbol - self.ffe_main
        signal = kernel.Signal(wave.reshape(-1), origin, m, sent, sent_origin, self._wander(limit), added, noise)
        trace = kernel.Trace(
            samples=_behind(self._samples, limit),
            position=_behind(self._position, limit),
            decided=_behind(self._decided, limit),
            chosen=np.empty(limit, dtype=np.uint8),
            fed_back=np.empty(limit),
            equalised=np.empty(limit),
            sent=np.empty(limit, dtype=np.uint8),
            weights=np.empty((limit, count if count > 1 else 0), dtype=np.float32),
            gains=np.empty(limit, dtype=np.float32),
        )
        done = kernel.receive(signal, self.front, self.slicer, self.loop, self.steps, self.taps, trace, self.state)
        # NaN or a tap out of all bounds: what follows would be numbers without meaning
        if done < 0:
            raise SirfError(
                f"adaptation must converge, got an equaliser that diverged at {self.symbol / self.link.symbol_rate:.3g} s. "
                "Use smaller steps or bound the taps."
            )
        if done == 0:
            return None
        kept = slice(done, done + count - 1)
        self._samples, self._position = trace.samples[kept], trace.position[kept]
        self._decided = trace.decided[done : done + self.history]
        where = trace.position[count - 1 - self.ffe_main :][:done]
        if self.loop.detector:
            kernel.add_phases(where[max(self.first - start, 0) :], self.phase)
        return TracedDecisions(
            position=where,
            equalised=trace.equalised[:done],
            decided=trace.decided[self.history :][:done],
            chosen=trace.chosen[:done],
            fed_back=trace.fed_back[:done],
            sent=trace.sent[:done],
            weights=trace.weights[:done],
            gains=trace.gains[:done],
        )

    def _wander(self, size: int) -> Float:
        wander = self.link.receiver.wander
        if not wander:
            return np.zeros(0)
        return wander.at(np.arange(self.symbol, self.symbol + size), self.link.symbol_rate)

    def clock_report(self) -> ClockReport | None:
        """How clock recovery did so far; None without one."""
        if not self.loop.detector:
            return None
        state, period = self.state, 1.0 / self.link.symbol_rate
        locked_at, lost_at = int(state.locked_at), int(state.lost_at)
        count = max(self.phase[0], 1.0)
        mean = float(self.phase[1] / count)
        return ClockReport(
            locked=bool(state.locked),
            locked_at=None if locked_at < 0 else locked_at * period,
            lost_at=None if lost_at < 0 else lost_at * period,
            losses=int(state.losses),
            slips=int(state.slip),
            mean_phase_ui=mean,
            # rounding may put the variance of a still clock a hair below zero
            rms_phase_ui=float(np.sqrt(max(self.phase[2] / count - mean**2, 0.0))),
        )

    def adapted(self) -> AdaptedReceiver | None:
        """Where adaptation has taken taps, references and gain; None when nothing adapts."""
        if self.link.receiver.adaptation is None:
            return None
        ffe = self.taps.ffe if self.link.receiver.digital else np.array(self.link.receiver.ffe)
        return AdaptedReceiver(
            ffe=tuple(float(tap) for tap in ffe),
            dfe=tuple(float(tap) for tap in self.taps.dfe / self.main),
            references=tuple(float(level) for level in self.reference / self.main),
            gain=self.gain,
        )


def _behind(past: NDArray[Any], size: int) -> NDArray[Any]:
    """Room for `size` values behind those of the `past`."""
    room = np.empty(len(past) + size, dtype=past.dtype)
    room[: len(past)] = past
    return room


def timing_function(link: Link, end: FrontEnd) -> tuple[float, float]:
    """Mueller-Müller timing function (h(T) - b(1) h(0) - h(-T)) / h(0) at the wanted instant, and minus its slope per UI.

    Of the equalised mean pulse h; taking its value there off the detector holds the sampler at the wanted instant.
    """
    pulse, m, at = end.mean_pulse, end.samples_per_ui, end.sampling
    first = link.receiver.dfe[0] if link.receiver.dfe else 0.0
    main = end.main_cursor

    def value(index: int) -> float:
        return float((pulse[index + m] - pulse[index - m]) / main - first)

    # a sixteenth of a UI on either side: smaller steps meet the samples' rounding, larger ones the pulse's curve
    step = max(m // 16, 1)
    # central difference over an eighth of a UI; the minus sign makes the loop's gain positive, since a late sampler
    # lowers it
    return value(at), -(value(at + step) - value(at - step)) * m / (2.0 * step)


def edge_distance(end: FrontEnd) -> float:
    """From the edge to the sampling instant in UI, where the edge of a transition between opposite levels crosses zero.

    With decisions a and -a it is where p(t) = p(t + T), the two symbols beside the edge alone.
    """
    pulse, m, at = end.mean_pulse, end.samples_per_ui, end.sampling
    index = np.arange(at - m, at)
    difference = pulse[index] - pulse[index + m]
    # the last crossing before the instant is the edge's; earlier ones belong to echoes
    rising = np.flatnonzero((difference[:-1] <= 0) & (difference[1:] > 0))
    if not len(rising):
        raise SirfError(
            "clock must find the edge before the sampling instant, got none. Use the 'mueller-muller' detector."
        )
    before = int(rising[-1])
    # between the two samples the difference is taken as straight
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

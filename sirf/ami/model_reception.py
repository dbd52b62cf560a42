"""The receiver's end of a vendor-model run: AMI_GetWave, sampling at its clock times, decisions against what was sent.

Latency, levels and (where the model returns no clock times) the sampling phase are found from the first symbols behind
Ignore_Bits, whose sent values are known; then decisions count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sirf._arrays import Float, Single, Symbols
from sirf._kernels.model_waveform import decide_at
from sirf._kernels.polyphase import accumulate
from sirf.ami.flow import Initialised, Modelled
from sirf.ami.host import Instance
from sirf.ami.model_impairments import ClockJitter, ModelNoise, clock_jitter
from sirf.ami.sample_buffer import SampleBuffer
from sirf.engine.counting.tally import Errors, tally
from sirf.engine.front_end import FrontEnd, front_end
from sirf.engine.mueller_muller import sampling_instant
from sirf.engine.seeding import segment_generator
from sirf.engine.waveform.capture import VOLTAGE_BINS
from sirf.engine.waveform.polyphase import FILTER_MARGIN
from sirf.errors import AmiError
from sirf.execution import one_algebra_thread
from sirf.results.error_count import ErrorCount
from sirf.signal.pam import bits_per_symbol, thresholds
from sirf.signal.patterns import remove_precoding

if TYPE_CHECKING:
    from sirf.link import Link


LEARN = 1 << 15
"""Symbols behind Ignore_Bits from which latency, levels and phase are found."""
BEFORE, AFTER = 12, 40
"""Symbols before and after the main one of the pulse that is fitted to them."""
HELD = 4096
"""Most symbols by which a model may be late."""
# a tap that adapts by 3 % of the pulse after Init already falls below it
ALIKE = 0.9995
"""Correlation of two pulses above which they count as one shape."""
GUARD = 3
"""UI at the ends of a buffer in which nothing is sampled."""
TOP = 1.35
SAMPLING = 2**38
"""Number of blocks, beyond those of a run, whose seeds give jitter and noise of the sampler."""
PAM4_THRESHOLDS = ("PAM4_LowerThreshold", "PAM4_CenterThreshold", "PAM4_UpperThreshold")
PAM4_OFFSETS = ("PAM4_LowerEyeOffset", "PAM4_CenterEyeOffset", "PAM4_UpperEyeOffset")


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What the first symbols told: decided levels in V (L,), `phase` in UI of the instants (None: clock times), and by how many
    symbols `latency` the symbol at an instant is older than the instant's own number.
    """

    levels: Float
    phase: float
    latency: int


class ModelReception:
    """Receives rows of a waveform through a model; counts decisions behind the first ones.

    `instant` is the row of the impulse response at which the waveform's rows begin a symbol.
    `ignore` symbols pass before anything is learned. Positions are in UI of the waveform, whose row k holds the UI
    k - `origin` of the transmitter's symbols as the channel's own response has them. With `keeps` the decisions are kept in
    `kept` as pairs of what was sent and decided, and are not counted. Without an `instance` (a model whose AMI_Init alone takes
    part) the rows are decided as they come.
    """

    def __init__(
        self,
        found: Modelled,
        side: Initialised,
        instance: Instance | None,
        *,
        lead: int,
        instant: int,
        seed: int,
        ignore: int,
        eye: bool,
        keeps: bool = False,
    ) -> None:
        link: Link = found.link
        self.link, self.side, self.instance, self.seed = link, side, instance, seed
        self.digest = link.rounded_digest
        self.m, self.order = link.samples_per_ui, link.order
        self.noise: ModelNoise = found.noise
        self.clock_jitter: ClockJitter = clock_jitter(side, link, clock_times=True)
        self.free_jitter: ClockJitter = found.clock
        # without a response of Init there is no shape to expect
        self.expected: FrontEnd | None = front_end(found.linear) if side.model.ami.init_returns_impulse else None
        self.origin = lead + FILTER_MARGIN
        self.ignore = ignore
        self.values: dict[str, Any] = dict(side.values)
        self.learned: Learned | None = None
        self.clocked = False
        # learned first, counted afterwards
        self.count = ErrorCount(link=self.digest, bits_per_symbol=bits_per_symbol(self.order))
        self.collects, self.histogram, self.top = eye, np.zeros((self.m, VOLTAGE_BINS), dtype=np.int64), 1.0
        self._wave, self._row = SampleBuffer(), 0
        self._clocks, self._taken = np.zeros(0), 0.0
        self._sent, self._sent_first = np.zeros(0, dtype=np.uint8), 0
        self._rows, self._blocks = 0, 0
        self._before = (np.zeros(0, dtype=np.uint8), np.zeros(0, dtype=np.uint8))
        # rows begin at sampling instants, a model's waveform at the start of a symbol: the remainder waits for the next block
        self._carried = np.zeros(0 if instance is None else instant % self.m, dtype=np.float32)
        self.keeps, self.kept = keeps, list[tuple[Symbols, Symbols]]()

    @property
    def first(self) -> int:
        """Rows to pass before the first decision counts."""
        # what is ignored, learned and kept on both sides of it
        return self.ignore + LEARN + self.origin + 2 * (BEFORE + AFTER) + 2 * GUARD

    def push(self, rows: Single, symbols: Symbols) -> None:
        """Pass rows (b, M) V through AMI_GetWave; `symbols` (b,) are those sent meanwhile."""
        size = rows.size
        clocks = np.zeros(0)
        if self.instance is None:
            new = self._wave.append(rows.reshape(-1))
        else:
            # sample n of the waveform and row n of the impulse response are the same time of a symbol
            late = len(self._carried)
            wave = self.instance.wave[:size]
            wave[:late] = self._carried
            wave[late:] = rows.reshape(-1)[: size - late]
            self._carried = rows.reshape(-1)[size - late :].copy()
            self.instance.start_getwave(size)
            clocks, answer = self.instance.finish_getwave()
            if answer.out:
                # what the model returns may change from block to block: thresholds follow
                found = self.side.model.ami.outputs(answer.out, f"AMI_parameters_out of {self.side.model.name}")
                self.values.update(found)
            new = self._wave.append(self.instance.wave[:size])
        if self.learned is None:
            # decided while learning and not later: a model that returns clock times now and then would otherwise change its
            # ruler midway
            self.clocked = self.clocked or len(clocks) > 0
        # one sum finds NaN and infinity anywhere, for less than looking at each number
        if not np.isfinite(new.sum()):
            raise AmiError(f"{self.side.model.name} must return numbers from AMI_GetWave, got NaN or infinity.")
        # sampled half a UI after each clock tick (section 10, AMI_GetWave)
        ticks = clocks * self.link.symbol_rate + 0.5
        self._clocks = np.concatenate([self._clocks, ticks])
        self._sent = np.concatenate([self._sent, symbols])
        self._rows += len(rows)

    def passed_symbols(self) -> int:
        """Symbols whose waveform can be taken."""
        # the slower of both: the waveform, and what was sent for it
        return min(self._rows - self._row, self._sent_first + len(self._sent) - self._row)

    def take(self, count: int) -> tuple[Symbols, Float]:
        """The oldest `count` symbols, numbered as they were sent, and as long a waveform (count M,) in V behind the model."""
        sent = self._sent_at(np.arange(self._row, self._row + count))
        wave = self._wave.values[: count * self.m].astype(np.float64)
        self._wave.drop(count * self.m)
        self._row += count
        spare = self._row - self._sent_first
        self._sent, self._sent_first = self._sent[spare:].copy(), self._sent_first + spare
        return sent, wave

    def begin_again(self) -> None:
        """Count what has passed so far among the symbols to ignore."""
        # training passes: all of it is before the first symbol that counts
        self.ignore += self._rows

    def learn(self) -> bool:
        """Find latency, levels and phase once enough has passed; whether they are known."""
        if self.learned is not None:
            return True
        if self._rows < self.first:
            if self._rows < self.ignore:
                # symbols of the latency are kept, the waveform is not
                self._drop(self._rows - 2 * GUARD)
            return False
        # small systems of equations: BLAS would wake its threads for them, which then wait in a loop for more
        with one_algebra_thread():
            self.learned = self._learned(self.ignore + self.origin)
        # a little beyond the outer levels: the histogram's range
        self.top = TOP * float(np.abs(self.learned.levels).max())
        self._taken = float(self._rows - 2 * GUARD)
        return True

    def _learned(self, start: int) -> Learned:
        """Latency, levels and phase of the waveform from UI `start` on."""
        phase = self._clock_phase(start) if self.clocked else self._fitted_phase(start)
        place = self._instants(start, phase)[:LEARN]
        value = self._sampled(place)
        # clock times wander about their mean phase: the nearest whole symbol is meant
        number = np.floor(place - phase + 0.5).astype(np.int64) - self.origin
        latency = self._latency(number, value)
        levels = self._fitted_levels(number - latency, value)
        # levels the wrong way round are a swapped pair: decisions would be wrong without a reason
        if not np.all(np.diff(levels) > 0):
            raise AmiError(
                f"{self.side.model.name} must give rising levels, got {np.array2string(levels, precision=3)} V. "
                "Swap P and N of one end, or correct the model's parameters."
            )
        return Learned(levels, phase, latency)

    def decide(self, limit: int) -> int:
        """Decide and count up to `limit` symbols of what has come; how many."""
        assert self.learned is not None
        place = self._instants(self._taken, self.learned.phase)
        end = self._rows - GUARD
        place = place[place < end][:limit]
        if len(place) < limit:
            # all that can be sampled is
            self._taken = max(float(end), self._taken)
        elif len(place):
            # half a UI on: the next instant, and not the same again
            self._taken = float(place[-1]) + 0.5
        if not len(place):
            return 0
        number = np.floor(place - self.learned.phase + 0.5).astype(np.int64) - self.origin
        sent = self._sent_at(number - self.learned.latency)
        self._blocks += 1
        # a stream for every block: what is drawn does not depend on how the caller cuts its blocks
        own = segment_generator(self.seed, self.digest, SAMPLING + self._blocks)
        jitter = self.clock_jitter if self.clocked else self.free_jitter
        # jitter moves the instants, not the numbers of their symbols
        moved = place + jitter.draw(own, len(place))
        decision, offset = self._thresholds()
        added = self._added(own, len(place))
        decided, value = np.empty(len(place), dtype=np.uint8), np.empty(len(place))
        decide_at(
            self._wave.values,
            (moved - self._row) * self.m,
            offset,
            decision,
            added,
            self.noise.sensitivity,
            sent,
            decided,
            value,
        )
        if self.keeps:
            self.kept.append((sent, decided))
        else:
            # models decide by their own feedback, which this side does not see: each wrong symbol counts as an event by
            # itself
            errors = Errors.between(sent, decided, gap=0)
            if self.link.transmitter.precoding:
                errors, sent = self._decoded(sent, decided)
            self.count += tally(errors, sent, order=self.order, identity=self.digest)
        if self.collects:
            accumulate(
                self._wave.values,
                self._row,
                moved,
                -added,
                np.ones(len(place), dtype=np.float32),
                0.0,
                np.empty((len(place), 0), dtype=np.float32),
                0,
                -self.top,
                VOLTAGE_BINS / (2.0 * self.top),
                self.histogram,
            )
        self._drop(int(self._taken) - 2 * GUARD)
        return len(place)

    def _decoded(self, sent: Symbols, decided: Symbols) -> tuple[Errors, Symbols]:
        """Errors behind the (1 + D) decoder and what was sent ahead of the precoder; the symbols before are carried along."""
        before, got = self._before
        line = np.concatenate([before, sent])
        errors = Errors.between(line, np.concatenate([got, decided]), gap=0).decoded(line, self.order)
        # the decoder needs the last symbol on the line
        self._before = sent[-1:], decided[-1:]
        data = remove_precoding(line, self.order)
        return errors.within(slice(len(before), len(line))), data[len(before) :]

    def decision_levels(self) -> Float:
        """Thresholds in V that decisions are compared with now."""
        return self._thresholds()[0]

    def _thresholds(self) -> tuple[Float, Float]:
        """Thresholds (L - 1,) in V and how many samples later each is compared: the model's, else half way between levels."""
        assert self.learned is not None
        offset = np.zeros(self.order - 1)
        if self.order == 2:
            # NRZ is decided at zero volts
            return np.zeros(1), offset
        middle: Float = thresholds(self.learned.levels)
        if self.order == 4:
            given = [self._output(name) for name in PAM4_THRESHOLDS]
            middle = np.array([own if one is None else one for one, own in zip(given, middle, strict=True)])
            offset = np.array([self._time_ui(name) for name in PAM4_OFFSETS]) * self.m
        # 7.2 has all thresholds in one string
        listed = self._output("PAM_Thresholds")
        if listed is not None:
            middle = np.array([float(word) for word in str(listed).split()])
            if len(middle) != self.order - 1:
                raise AmiError(f"PAM_Thresholds must hold {self.order - 1} numbers, got {listed!r}. Ask the vendor.")
        return middle, offset

    def _output(self, name: str) -> Any:
        """A parameter that the model returned, or that its file states as Info; None where it has none."""
        parameter = self.side.model.ami.reserved.get(name.lower())
        if name.lower() in self.values:
            return self.values[name.lower()]
        # what is neither returned nor stated is not known
        if parameter is None or parameter.usage != "info":
            return None
        return parameter.standard_value(self.side.model.corner)

    def _time_ui(self, name: str) -> float:
        value = self._output(name)
        if value is None:
            return 0.0
        kind = self.side.model.ami.reserved[name.lower()].type
        return float(value) if kind == "ui" else float(value) * self.link.symbol_rate

    def _added(self, generator: np.random.Generator, size: int) -> Float:
        """Noise (size,) in V at the slicer: the reserved parameters', and the transmitter's SNR relative to the levels."""
        assert self.learned is not None
        total = np.zeros(size)
        if self.noise.gaussian:
            total += self.noise.gaussian * generator.standard_normal(size)
        if self.noise.uniform:
            total += self.noise.uniform * (2.0 * generator.random(size) - 1.0)
        snr = self.link.transmitter.snr_db
        if snr is not None:
            # SNR_TX is of the outer levels, so it goes with what the model has made of them
            spread = 0.5 * float(self.learned.levels[-1] - self.learned.levels[0])
            total += spread * 10 ** (-snr / 20) * generator.standard_normal(size)
        return total

    def _instants(self, start: float, phase: float) -> Float:
        """Instants in UI of the waveform from `start` on, within what has come."""
        if self.clocked:
            return self._clocks[(self._clocks >= start) & (self._clocks < self._rows - GUARD)]
        # the first whole symbol behind the start
        first = np.ceil(start - phase)
        return np.asarray(np.arange(first, np.ceil(self._rows - GUARD - phase)) + phase, dtype=np.float64)

    def _sampled(self, place: Float) -> Float:
        decided, value = np.empty(len(place), dtype=np.uint8), np.empty(len(place))
        none = np.zeros(0)
        decide_at(
            self._wave.values,
            (place - self._row) * self.m,
            none,
            none,
            np.zeros(len(place)),
            0.0,
            np.zeros(len(place), dtype=np.uint8),
            decided,
            value,
        )
        return value

    def _clock_phase(self, start: float) -> float:
        """Mean phase in UI of the clock times, as a circular mean."""
        # the mean of angles: 0.98 and 0.02 UI are neighbours, and their mean is not 0.5
        turns = np.exp(2j * np.pi * self._instants(start, 0.0)[:LEARN])
        if not len(turns):
            raise AmiError(f"{self.side.model.name} must go on returning clock times, got none behind Ignore_Bits.")
        return float(np.angle(turns.mean()) / (2.0 * np.pi))

    def _fitted_phase(self, start: int) -> float:
        """Phase in UI of the Mueller-Müller point of the pulse that fits the waveform, as for the link's own receiver.

        Where that pulse has the shape that AMI_Init gave, the point is that of the statistical flow.
        """
        if self.instance is None:
            # rows begin at this point of the pulse that AMI_Init left
            return 0.0
        m, rows = self.m, LEARN
        # rows of LEARN symbols, a column for each phase
        wave = self._wave.values[(start - self._row) * m :][: rows * m].reshape(rows, m).astype(np.float64)
        number = np.arange(rows) + start - self.origin
        # where the pulse is: the phase of the largest correlation with what was sent
        # eight phases find the pulse's top well enough; the fit below places it
        best = max(range(0, m, max(m // 8, 1)), key=lambda phase: self._correlated(number, wave[:, phase])[1])
        latency = self._correlated(number, wave[:, best])[0]
        older = np.arange(-BEFORE, AFTER + 1)
        sent = self.link.levels[self._sent_at(number[:, None] - latency - older[None, :])]
        # least squares of all phases at once: they have the same symbols and differ in the waveform alone
        pulse = np.asarray(np.linalg.solve(sent.T @ sent, sent.T @ wave), dtype=np.float64).reshape(-1)
        place = _place_of_init(self.expected, pulse) if self.expected is not None else None
        return float((sampling_instant(pulse, m) if place is None else place) % m) / m

    def _fitted_levels(self, number: NDArray[np.int64], value: Float) -> Float:
        """Mean (L,) in V of the slicer's input for each sent level, the interference of its neighbours fitted and taken off."""
        sent = self._sent_at(number)
        others = np.concatenate([np.arange(-BEFORE, 0), np.arange(1, AFTER + 1)])
        interference = self.link.levels[self._sent_at(number[:, None] - others[None, :])]
        table = np.concatenate([interference, sent[:, None] == np.arange(self.order)[None, :]], axis=1)
        return np.asarray(np.linalg.solve(table.T @ table, table.T @ value)[len(others) :], dtype=np.float64)

    def _latency(self, number: NDArray[np.int64], value: Float) -> int:
        return self._correlated(number, value)[0]

    def _correlated(self, number: NDArray[np.int64], value: Float) -> tuple[int, float]:
        """How many symbols older than `number` (k,) the sent ones are that fit `value` (k,) best, and how well."""
        known = self.link.levels[self._sent]
        place = number - self._sent_first
        # only symbols that are still kept
        inside = (place >= 0) & (place < len(known))
        whole = np.zeros(len(known))
        whole[place[inside]] = value[inside]
        size = fft.next_fast_len(2 * len(known), real=True)
        # all latencies at once: a model may be late by thousands of symbols. Of a swapped pair the correlation is negative: the
        # largest positive one would be that of chance, with levels that rise
        found = np.abs(fft.irfft(fft.rfft(whole, size) * np.conj(fft.rfft(known, size)), size))
        latency = int(np.argmax(found))
        # beyond half of the transform a delay is an advance
        return (latency if latency < size // 2 else latency - size), float(found[latency])

    def _sent_at(self, number: NDArray[np.int64]) -> Symbols:
        return self._sent[np.clip(number - self._sent_first, 0, len(self._sent) - 1)]

    def _drop(self, row: int) -> None:
        """Forget the waveform and clock times before `row`."""
        row = max(row, self._row)
        self._wave.drop((row - self._row) * self.m)
        self._row = row
        self._clocks = self._clocks[self._clocks >= row]
        # symbols stay for as long as a model may keep them back
        spare = row - self.origin - HELD - self._sent_first
        if spare > 0:
            self._sent, self._sent_first = self._sent[spare:].copy(), self._sent_first + spare


def _place_of_init(end: FrontEnd, pulse: Float) -> int | None:
    """Index in `pulse` (N,) of the instant that AMI_Init's response has; None where the shapes differ."""
    m = end.samples_per_ui
    # three UI ahead of the instant to eight behind: what tells a shape
    around = slice(max(end.sampling - 3 * m, 0), end.sampling + 8 * m)
    shape = end.through[around]
    if len(shape) > len(pulse):
        return None
    found = np.correlate(pulse, shape, mode="valid")
    at = int(np.argmax(found))
    size = float(np.linalg.norm(shape) * np.linalg.norm(pulse[at : at + len(shape)]))
    # not alike: the model has adapted since, and its own point is found instead
    if not found[at] > ALIKE * size:
        return None
    return at + end.sampling - around.start

"""What goes into a transmitter's AMI_GetWave, and from there through the channel.

The stimulus stands at the levels between -0.5 and 0.5 V (PAM4: ±0.5, ±1/6); its edges are displaced by the transmitter's jitter.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import fft

from sirf._arrays import Float, Single
from sirf._kernels.model_waveform import decimate, displace_edges
from sirf.ami.flow import Modelled, impulse_columns
from sirf.ami.host import Instance
from sirf.engine.front_end import analog_channel, front_end
from sirf.engine.seeding import segment_generator
from sirf.engine.waveform.plan import Plan
from sirf.signal.sampled_filter import SampledFilter
from sirf.transmitter.jitter import Jitter

if TYPE_CHECKING:
    from sirf.link import Link


TAIL = 1e-6
"""Part of the main cursor below which cursors of the channel are left out."""
BOXES = 8
"""Running means, one behind the other, ahead of the lower sample rate: zeros where the spectrum folds onto low frequencies."""
ROOM = 8
"""Samples of the lower rate that the channel's response may ring ahead of its first one."""
RESPONSE = 256
"""UI of the transmitter's impulse response."""
SEGMENTS = (8, 4, 1)
"""Transforms that a block is cut into: multiples of the four single-precision numbers of a vector register, or one."""
MOST_OVERLAP = 1.4
"""Most samples of all segments together relative to those of the block and the filter's memory."""
JITTER, TONES = 2**36, 2**37
"""Numbers of blocks, beyond those of a run, whose seeds give the displacement of edges and the phases of tones."""


class SentWaveform:
    """The transmitter's waveform through its AMI_GetWave and the channel, block by block, in the rows of a plan.

    `instance` is the transmitter's model, initialised; None where its AMI_Init alone takes part in what a redriver sends. Rows
    come out as the coarse ones of the plan's filters: `push` of the symbols of a block gives c samples a symbol, the first of a
    row at the sampling instant that the plan's front end has, of a symbol that is `late` symbols older than the plan says.
    """

    late = 0

    def __init__(self, found: Modelled, shared: Plan, instance: Instance | None, *, seed: int) -> None:
        link = found.waveform
        self.link, self.shared, self.instance, self.seed = link, shared, instance, seed
        assert instance is None or found.transmitter is not None
        self.values: dict[str, Any] = {} if found.transmitter is None else dict(found.transmitter.values)
        if found.transmitter is not None:
            self.ami = found.transmitter.model.ami
        self.m = link.samples_per_ui
        # IBIS swings from -0.5 to 0.5 V whatever the amplitude: the columns carry the amplitude
        self.levels = 0.5 * link.levels
        self.jitter = link.transmitter.jitter
        # tones go on from block to block and need one phase for the whole run; all else may start anew
        self.rest = dataclasses.replace(self.jitter, sinusoidal=())
        self.tones = dataclasses.replace(Jitter(), sinusoidal=self.jitter.sinusoidal)
        # one symbol and one edge are carried over to the next block
        self._values, self._moved = np.zeros(2), np.zeros(1)
        self._index = self._start = 0
        self.coarse = shared.table.grid.coarse
        self.decimation = Decimation(self.m // self.coarse)
        # what the decimation takes off is put back by the channel's own response
        self.channel = OverlapSave(self.decimation.without(self._taps(link)), shared.table.block * self.coarse)

    def _taps(self, link: Link) -> Float:
        """The channel's impulse response per sample, as late as the rows of the plan ask for; the stimulus is late by a UI.

        It begins with at least as many zeros as a decimation delays and its inverse rings.
        """
        channel, end, m = analog_channel(link), self.shared.raw, self.m
        interval = 1.0 / (m * link.symbol_rate)
        column = impulse_columns(channel, link)[0] * interval
        # the receiver's filter of Init, where its waveform takes part
        response = fft.rfft(column)
        if link.receiver.ctle is not None:
            response = response * link.receiver.ctle.transfer(fft.rfftfreq(len(column), interval))
            column = fft.irfft(response, len(column))
        # most of a column is silence behind the last echo: filtering it would cost as much as the echo does
        own, start = front_end(link, tail=TAIL), channel.prepared[channel.index[0]].start_time
        instant = round((end.start_time - start) / interval) + end.sampling
        first = round((own.start_time - start) / interval) - m + 1
        window = np.arange(first, first + len(own.through) + m - 1)
        # so that the instant of the response falls on that of the plan's rows
        delay = (self.shared.table.lead - 1) * m - (instant - first)
        # where the model is later than the plan's rows allow for, the rows are later by whole symbols
        self.late = max(-((delay - self.decimation.early) // m), 0)
        return np.concatenate([np.zeros(delay + self.late * m), column.take(window, mode="wrap")])

    def push(self, symbols: NDArray[np.uint8]) -> Single:
        """Coarse rows (b, c) in V that the next symbols (b,) make."""
        assert self.instance is not None
        # written where the model reads it
        wave = self.instance.wave[: len(symbols) * self.m]
        self._stimulus(symbols, wave)
        return self._sent(wave)

    def push_wave(self, wave: Float) -> Single:
        """Coarse rows (b, c) in V that the next samples (b M,) of a redriver's receiving half make."""
        if self.instance is None:
            return self._through(wave)
        inside = self.instance.wave[: len(wave)]
        inside[:] = wave
        return self._sent(inside)

    def _sent(self, wave: Float) -> Single:
        """The waveform in the model's memory through AMI_GetWave and the channel."""
        assert self.instance is not None
        self.instance.start_getwave(len(wave))
        answer = self.instance.finish_getwave()[1]
        if answer.out:
            self.values.update(self.ami.outputs(answer.out, f"AMI_parameters_out of {self.instance.name}"))
        return self._through(wave)

    def _through(self, wave: Float) -> Single:
        """The samples of a block through the channel."""
        return self.channel.push(self.decimation.push(wave)).reshape(-1, self.coarse)

    def _stimulus(self, symbols: NDArray[np.uint8], wave: Float) -> None:
        """Fill `wave` with the levels of the symbols up to the last but one: the first is that of the block before."""
        values = np.concatenate([self._values, self.levels[symbols]])
        # a symbol late: a displaced edge needs the symbol behind it, which the next block brings
        wave.reshape(-1, self.m)[:] = values[1:-1, None]
        if self.jitter:
            moved = np.concatenate([self._moved, self._displacement(symbols)])
            displace_edges(wave, values, self.m * moved, self.m)
            self._moved = moved[-1:]
        self._values = values[-2:]
        self._start += len(symbols)
        self._index += 1

    def _displacement(self, symbols: NDArray[np.uint8]) -> Float:
        """Of the edges into `symbols` in UI."""
        size, jitter, rate = len(symbols), self.jitter, self.link.symbol_rate
        # a block's own stream: the same whatever comes before
        own = segment_generator(self.seed, self.shared.digest, JITTER + self._index)
        total = jitter.random_ui * own.standard_normal(size)
        if jitter.dual_dirac_ui:
            total += jitter.dual_dirac_ui * (2.0 * own.integers(0, 2, size) - 1.0)
        if not self.rest.independent_only:
            total += self.rest.correlated(own, size, symbol_rate=rate, start=self._start)
        if jitter.sinusoidal:
            # one stream for all blocks: a tone's phase must not jump
            same = segment_generator(self.seed, self.shared.digest, TONES)
            total += self.tones.correlated(same, size, symbol_rate=rate, start=self._start)
        if jitter.duty_cycle_ui:
            levels = np.concatenate([self._values[-1:], self.levels[symbols]])
            # rising edges late by half of it and falling ones early by half: high and low differ by the whole
            total += 0.5 * jitter.duty_cycle_ui * np.sign(np.diff(levels))
        return np.asarray(total)


class Decimation:
    """Every `ratio`-th sample of a waveform that comes in blocks, behind running means over `ratio` samples.

    A channel passes so little above a few symbol rates that its output needs fewer samples than the square edges at its input.
    What the means take off is put back by the channel's response at the lower rate (`without`): only what folds is lost, which
    the means' zeros at multiples of the lower rate keep small where the channel passes something.
    """

    def __init__(self, ratio: int) -> None:
        self.ratio = ratio
        taps = np.ones(1)
        # a ratio of one needs none
        for _ in range(BOXES if ratio > 1 else 0):
            taps = np.convolve(taps, np.full(ratio, 1.0 / ratio))
        self.taps = taps
        # delay of the means, and what the inverse rings ahead
        self.early = len(taps) - 1 + (ROOM * ratio if ratio > 1 else 0)
        self._past = np.zeros(len(taps) - 1)

    def without(self, response: Float) -> Float:
        """The impulse response, at the lower rate, that makes of this decimation the `response` (n,) per sample.

        It must begin with `early` zeros.
        """
        if self.ratio == 1:
            return response
        size = -(-len(response) // self.ratio) + ROOM
        length = int(fft.next_fast_len(2 * size, real=True))
        kept = slice(0, length // 2 + 1)
        # both on the lower rate's bins: what lies above is lost to the decimation
        spectra = [fft.rfft(values, length * self.ratio)[kept] for values in (response, self.taps)]
        return np.asarray(fft.irfft(spectra[0] / spectra[1], length)[:size])

    def push(self, wave: Float) -> Single:
        """The decimated block (n / ratio,) of the next samples (n,)."""
        if self.ratio == 1:
            return wave.astype(np.float32)
        out = np.empty(len(wave) // self.ratio, dtype=np.float32)
        decimate(self._past, wave, self.taps.astype(np.float32), self.ratio, out)
        # the means look back over the block's border
        self._past = wave[len(wave) - len(self._past) :].copy()
        return out


class OverlapSave:
    """A causal filter `taps` (L,) of a waveform that comes in blocks of `block` samples, in single precision.

    A block is transformed in segments that overlap by L - 1 samples: several short transforms side by side stay in the
    processor's cache and share its vector registers, which one transform of the whole block does not.
    """

    def __init__(self, taps: Float, block: int) -> None:
        self.block, self.history = block, len(taps) - 1
        # the first cut that does not transform much more than it yields
        self.segments = next(
            count
            for count in SEGMENTS
            if count == SEGMENTS[-1] or count * self._segment(count) <= MOST_OVERLAP * (block + self.history)
        )
        self.step, self.length = -(-block // self.segments), self._segment(self.segments)
        self.spectrum = fft.rfft(taps.astype(np.float32), self.length)
        self._line = np.zeros((self.segments - 1) * self.step + self.length, dtype=np.float32)
        # overlapping views of one line: nothing is copied into segments
        self._pieces = sliding_window_view(self._line, self.length)[:: self.step]

    def _segment(self, count: int) -> int:
        """Length of a transform where a block is cut into `count` segments."""
        return int(fft.next_fast_len(-(-self.block // count) + self.history, real=True))

    def push(self, wave: Float | Single) -> Single:
        """The filtered block (block,) of the next samples (block,)."""
        history, line = self.history, self._line
        # the last samples of the block before
        line[:history] = line[self.block : self.block + history]
        line[history : history + self.block] = wave
        spectra = fft.rfft(self._pieces)
        spectra *= self.spectrum
        filtered = fft.irfft(spectra, self.length, overwrite_x=True)
        # the first samples of each segment are wrapped round, and left out
        return np.asarray(filtered[:, history : history + self.step].reshape(-1)[: self.block])


def sent_filter(found: Modelled, instance: Instance) -> SampledFilter:
    """What AMI_GetWave of the transmitter does to a small impulse, after as long a time of nothing: an initialised `instance`."""
    link = found.waveform
    m = link.samples_per_ui
    size = RESPONSE * m
    # silence first: what Init left in the model's memory has passed
    instance.getwave(np.zeros(size))
    wave = np.zeros(size)
    wave[0] = 0.5
    # a half in, so twice out: a model may clip at a full swing
    taps = 2.0 * instance.getwave(wave)[0]
    # rounding at the end is no response
    last = np.flatnonzero(np.abs(taps) > 1e-12 * np.abs(taps).max())
    return SampledFilter(taps[: int(last[-1]) + 1] if len(last) else taps[:1], 1.0 / (m * link.symbol_rate))

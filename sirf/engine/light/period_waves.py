"""A period of random symbols through the curves of a link's light, as it is and with displaced edges, side by side.

All courses of the period pass every transform together and in single precision: rounding lies 120 dB below the signal, and four
such transforms side by side take the time of two of double precision. What arrives is kept as spectra: only the instants that
are asked for are transformed back.

Symbols: N = PERIOD_SYMBOLS of the period, R courses, the first without jitter.
"""

from __future__ import annotations

from copy import copy
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from sirf._arrays import Complex, Float
from sirf.engine.light.averaged_chain import PERIOD_SYMBOLS, period_symbols
from sirf.engine.light.light_chain import SAMPLES_PER_UI, LightChain, edge_moves, turning
from sirf.optics.optical_path import OpticalPath
from sirf.signal.single_transform import irfft, rfft
from sirf.transmitter.edge import transmitter_edge

if TYPE_CHECKING:
    from sirf.engine.front_end import FrontEnd
    from sirf.link import Link
    from sirf.transmitter.jitter import Jitter

JITTER_COURSES = 1
"""Courses of jitter that the period is sent with, each once as drawn and once the other way."""
SAMPLES = PERIOD_SYMBOLS * SAMPLES_PER_UI
"""Samples of the period's waves of light."""
MAX_THINNING_ERROR = 3e-4
"""Largest rms error at the amplifier's output, relative to its rms, with which half the samples per UI are enough."""
TRIED_SYMBOLS = 1 << 10
"""Symbols on which that is tried."""


class PeriodWaves:
    """What a link's period makes of light `power` (R, SAMPLES) in W, `current` (R, SAMPLES) in A and voltage at the slicer.

    `sent` (N,) are level indices; `moves` and `bends` (R - 1, N) multiply the edge response and its slope in the courses with
    displaced edges, (0, N) without jitter.
    """

    def __init__(self, link: Link, end: FrontEnd) -> None:
        path, levels = link.optics.path, tuple(link.optics.drive_levels(link.order).tolist())  # type: ignore[union-attr]
        self.per_ui = _samples_per_ui(path, levels, link.symbol_rate, link.transmitter.rise_time)
        self.chain = chain = LightChain(link, link.receiver, end, coupled=False).at_rate(self.per_ui)
        self.sent = period_symbols(link.order)
        symbols = link.levels[self.sent]
        self.moves, self.bends = _displaced(link, symbols)
        light = chain.light(self._drives(symbols))
        power = chain.received(light)
        # the mean current has no say in what reaches the photodiode: the light is sent once
        chain.middle = float(np.mean(chain.span.path.receiver.photodiode.curve(power[0])))
        into, self._spectra = chain.arriving(power)
        self.power, self.current = power, into
        chain.offset = float(self._spectra[0, 0].real) / power.shape[1]

    def of_noise(self, link: Link) -> PeriodWaves:
        """The same of a link that differs in noise alone."""
        # waves without noise are the same for both links, and a period through the curves is what costs time
        other = copy(self)
        other.chain = self.chain.of_noise(link)
        return other

    @property
    def courses(self) -> int:
        """How many courses there are."""
        return 1 + len(self.moves)

    def at_instants(self, samples: int, samples_per_ui: int) -> Float:
        """(R, N) V at the slicer, `samples` of `samples_per_ui` after the sampling instant of every symbol, single precision."""
        # one sample a UI: frequencies a symbol rate apart fall together, turned by the time that they differ in
        angle, parts = 2.0 * np.pi * samples / samples_per_ui, self.per_ui // 2
        turns = np.exp(1j * angle * np.arange(-parts, parts)) / self.per_ui
        spectra = turns.astype(self._folded.dtype) @ self._folded
        spectra[:, 0] -= self.chain.offset * PERIOD_SYMBOLS
        spectra *= turning(angle / PERIOD_SYMBOLS, spectra.shape[1]).astype(spectra.dtype)
        return irfft(spectra, PERIOD_SYMBOLS)

    @cached_property
    def _folded(self) -> Complex:
        """(R, samples per UI, N / 2 + 1): the whole spectra, negative frequencies first, of which those in a column fall together
        at one sample a UI."""
        above = self._spectra[: self.courses, :-1]
        # real waves: their spectra at negative frequencies are conjugate; the highest one belongs to neither side
        whole = np.concatenate([np.zeros_like(above[:, :1]), np.conj(above[:, :0:-1]), above], axis=1)
        return np.ascontiguousarray(
            whole.reshape(self.courses, self.per_ui, PERIOD_SYMBOLS)[:, :, : PERIOD_SYMBOLS // 2 + 1]
        )

    def _drives(self, symbols: Float) -> Float:
        """(R, SAMPLES) V at the driver's input, single precision."""
        drive = self.chain.drive
        shapes = np.zeros((3 if len(self.moves) else 1, SAMPLES), dtype=np.float32)
        for shape, response in zip(shapes, (drive.through, drive.edge, drive.edge_slope), strict=False):
            np.add.at(shape, (np.arange(len(response)) - drive.sampling) % SAMPLES, response.astype(np.float32))
        # fewer samples hold the lower part of the band
        samples = self.per_ui * PERIOD_SYMBOLS
        through, *edges = rfft(shapes)[:, : samples // 2 + 1]
        plain, *displaced = _repeated(np.concatenate([symbols[None], self.moves, self.bends]), len(through))
        spectra = np.empty((self.courses, len(through)), dtype=through.dtype)
        np.multiply(through, plain, out=spectra[0])
        for row, moves, bends in zip(spectra[1:], displaced, displaced[len(self.moves) :], strict=False):
            np.add(spectra[0], edges[0] * moves, out=row)
            row += edges[1] * bends
        return irfft(spectra, samples) * np.float32(samples / SAMPLES)


@lru_cache(maxsize=16)
def _samples_per_ui(path: OpticalPath, levels: tuple[float, ...], symbol_rate: float, rise_time: float) -> int:
    """SAMPLES_PER_UI, or half of it where that moves what leaves the amplifier by less than `MAX_THINNING_ERROR`.

    Tried with edges of a `rise_time` in s between drive `levels` (L,) in V and no copper before the driver, which is faster than
    what a link sends.
    """
    sent = period_symbols(len(levels))[:TRIED_SYMBOLS]
    whole = np.repeat(np.array(levels)[sent], SAMPLES_PER_UI)
    frequency = fft.rfftfreq(len(whole), 1.0 / (SAMPLES_PER_UI * symbol_rate))
    spectrum = fft.rfft(whole) * path.driver.response(frequency) * transmitter_edge(frequency, rise_time)

    def leaving(per_ui: int) -> Float:
        samples, rate = per_ui * TRIED_SYMBOLS, per_ui * symbol_rate
        drive = fft.irfft(spectrum[: samples // 2 + 1], samples) * (per_ui / SAMPLES_PER_UI)
        power = path.propagate(path.launch(path.driver.curve(drive), rate), rate)
        return path.receive(power, rate)[:: per_ui // (SAMPLES_PER_UI // 2)]

    fine, coarse = leaving(SAMPLES_PER_UI), leaving(SAMPLES_PER_UI // 2)
    error = np.sqrt(np.mean((fine - coarse) ** 2) / np.mean(fine**2))
    return SAMPLES_PER_UI // 2 if error < MAX_THINNING_ERROR else SAMPLES_PER_UI


def _repeated(values: Float, count: int) -> Complex:
    """Spectra (R, count) of periods of `values` (R, N) with zeros between them, single precision."""
    size, half = values.shape[1], rfft(values.astype(np.float32))
    found = np.empty((len(values), count), dtype=half.dtype)
    # that of a real period without the zeros comes again and again, its second half conjugate
    for start in range(0, count, size):
        above, below = found[:, start : start + size // 2], found[:, start + size // 2 : start + size]
        above[:] = half[:, : above.shape[1]]
        np.conj(half[:, :0:-1][:, : below.shape[1]], out=below)
    return found


def _displaced(link: Link, symbols: Float) -> tuple[Float, Float]:
    """`moves` and `bends` (R - 1, N) of courses drawn as the link's jitter is, each also displaced the other way."""
    jitter = link.transmitter.jitter
    if not jitter:
        return np.zeros((0, len(symbols))), np.zeros((0, len(symbols)))
    # displaced by minus one UI, what multiplies the edge response is the step itself
    steps = edge_moves(link, symbols, np.full(len(symbols), -1.0))
    # both signs: what is odd in the displacement drops out of their mean
    turned = np.array([sign * one for one in _displacements(jitter, link.symbol_rate) for sign in (1.0, -1.0)])
    # rising edges are late by half the duty-cycle distortion, whatever else displaces them
    tau = turned + 0.5 * jitter.duty_cycle_ui * np.sign(steps)
    return -steps * tau, 0.5 * steps * tau**2


# kept: the links of one study share their jitter
@lru_cache(maxsize=2)
def _displacements(jitter: Jitter, symbol_rate: float) -> tuple[Float, ...]:
    """`JITTER_COURSES` times (N,) UI, drawn: everything but what depends on the direction of an edge."""
    generator = np.random.default_rng(2)
    return tuple(_displacement(jitter, generator, symbol_rate=symbol_rate) for _ in range(JITTER_COURSES))


def _displacement(jitter: Jitter, generator: np.random.Generator, *, symbol_rate: float) -> Float:
    """(N,) UI, drawn: everything but what depends on the direction of an edge."""
    sides = 2.0 * generator.integers(0, 2, PERIOD_SYMBOLS) - 1.0
    alone = jitter.random_ui * generator.standard_normal(PERIOD_SYMBOLS) + jitter.dual_dirac_ui * sides
    return np.asarray(alone + jitter.correlated(generator, PERIOD_SYMBOLS, symbol_rate=symbol_rate))

"""A link whose signal passes the curves of an optical path: from the driver's input to the slicer, large signals included."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft

from sirf._arrays import Complex, Float
from sirf._kernels.photocurrent import noisy_currents
from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.channel.response import PreparedTransfer, prepare_once
from sirf.channel.transfer import Transfer
from sirf.engine.front_end import FrontEnd, front_end, with_ffe
from sirf.engine.light.echoes import Echoes, beats
from sirf.errors import SirfError
from sirf.optics.optical_path import OpticalPath
from sirf.optics.span import Span
from sirf.receiver.receiver import AnyCtle, Receiver
from sirf.signal.single_transform import irfft, rfft
from sirf.units import ELECTRON

if TYPE_CHECKING:
    from sirf.link import Link


SAMPLES_PER_UI = 8
"""Samples per UI of drive, light and current: twice the band that three times the symbol rate would fold into."""
MAX_CUT_ENERGY = 1e-8
"""Part of the energy of the response behind the amplifier that its cut end may carry."""
SKIN_EFFECT_UI = 48
"""UI kept of the slow end of an electrode's skin effect."""


def drive_link(link: Link, *, coupled: bool = True) -> Link:
    """The link up to its driver's curve: copper, automatic gain and the driver's response, no receiver.

    Without aggressors where not `coupled`.
    """
    return _up_to(link, _driven(_span(link).before, _span(link).path, False, coupled))


def light_link(link: Link) -> Link:
    """The link up to the curve of its light: `drive_link`, and the response of the device that makes or modulates it."""
    return _up_to(link, _driven(_span(link).before, _span(link).path, True, True))


# kept: links of one search differ in taps and gain alone, and what is prepared of a channel is known by it
@lru_cache(maxsize=4)
def _driven(before: Channel, path: OpticalPath, lit: bool, coupled: bool) -> Channel:
    """Copper `before` the light with the driver's response, and where `lit` that of the device; aggressors where `coupled`."""
    f = before.frequency
    onward = path.driver.response(f) * (path.stages[1].response(f) if lit else 1.0)

    def through(network: Network) -> Network:
        s = np.zeros_like(network.s)
        s[:, 1, 0] = network.s[:, 1, 0] * onward
        return Network(f, s, z0=network.z0, name=network.name)

    return Channel(
        through(before.through),
        fext=tuple(map(through, before.fext)) if coupled else (),
        next=tuple(map(through, before.next)) if coupled else (),
        plane="die",
        name=f"{before.name} to the driver",
    )


def _up_to(link: Link, channel: Channel) -> Link:
    """The link over a `channel` that ends before the light, with no receiver; amplitudes are those behind the automatic gain."""
    gain, near = abs(link.drive_gain), len(link.channel.fext)
    launched = zip(link.aggressors, link.launch_amplitudes()[1:], strict=True)
    sources = [dataclasses.replace(one, amplitude=gain * volts) for one, volts in launched]
    coupled = (*sources[: len(channel.fext)], *sources[near:][: len(channel.next)])
    sender = link.transmitter
    return link.replace(
        channel=channel,
        optics=None,
        packages=None,
        transmitter=dataclasses.replace(sender, snr_db=None, amplitude=gain * sender.amplitude),
        receiver=Receiver(noise_corner=None),
        samples_per_ui=SAMPLES_PER_UI,
        aggressors=coupled,
        equalizer_report=None,
    )


@dataclass(frozen=True, slots=True, eq=False)
class UnitNoise:
    """Standard normal deviates (N,) for a stretch of light: driver's, the source's intensity, diode's with amplifier's."""

    driver: Float
    intensity: Float
    current: Float


@dataclass(frozen=True, slots=True, eq=False)
class LightWaves:
    """One stretch of N samples at SAMPLES_PER_UI, or several (..., N).

    Slicer input `slicer` (N M / SAMPLES_PER_UI,) in V at M samples per UI, light `power` (N,) in W at the diode,
    `current` (N,) in A into the amplifier's curve.
    """

    slicer: Float
    power: Float
    current: Float


@dataclass(frozen=True, slots=True, eq=False)
class Spectra:
    """Responses (N // 2 + 1,) of a chain: modulator or laser, amplifier, and photodiode with amplifier, to the `current`.

    `behind` is what follows, the copper and the receiver's filters, against the wanted instant.
    """

    device: Complex
    amplifier: Complex
    current: Complex
    behind: Complex


@dataclass(frozen=True, slots=True, eq=False)
class NoiseAtCurve:
    """Noise behind the diode and ahead of it that comes to the amplifier's curve, (2, N // 2 + 1) where not said; read-only.

    Responses `before` the curve and their `power`, the spectrum of their squared impulse response, `met`, and that of their
    squared correlation, `own_squared`; `variance` (2,) of what was white with a variance of one.
    """

    before: Complex
    power: Float
    met: Complex
    own_squared: Float
    variance: Float

    @classmethod
    def of(cls, before: Complex, samples: int) -> NoiseAtCurve:
        """Of responses `before` the curve, on N `samples`."""
        power = np.abs(before) ** 2
        # the inverse transform at zero: the mean of a spectrum, of which one half is given
        variance = (2.0 * power.sum(axis=1) - power[:, 0] - power[:, -1]) / samples
        # a transform back may overwrite what it is given
        own = irfft(power.astype(before.dtype), samples) / variance[:, None]
        met, own_squared = rfft(irfft(before.copy(), samples) ** 2), rfft(own**2).real
        for each in (before, power, met, own_squared, variance):
            each.flags.writeable = False
        return cls(before, power, met, own_squared, variance)


@dataclass(frozen=True, slots=True, eq=False)
class NoiseShapes:
    """Responses to noise that is white before the amplifier: (2, N // 2 + 1) behind the diode, and ahead of it.

    `seen` is the spectrum of the squared response to the slicer, `met` of that to the amplifier's curve; `shared` (2, N) is the
    correlation of the noise at the curve with that at the slicer, over the variance of the former. `behind` (N,) is the response
    from the curve to the slicer, `behind_shared` the spectrum of its product with `shared`. `squared` (2,) is what arrives of the
    power of squared noise, whose band is wider, over what arrives of that of noise.
    """

    seen: Complex
    met: Complex
    shared: Float
    behind: Float
    behind_shared: Complex
    squared: Float

    @classmethod
    def of(cls, curve: NoiseAtCurve, behind: Complex, samples: int) -> NoiseShapes:
        """Of noise as it comes to the amplifier's `curve` on N `samples`, and the response `behind` (N // 2 + 1,) it."""
        both = np.empty((5, len(behind)), dtype=behind.dtype)
        np.multiply(curve.before, behind, out=both[:2])
        np.multiply(curve.power, behind, out=both[2:4])
        both[4] = behind
        waves = irfft(both, samples)
        seen, shared, impulse = waves[:2], waves[2:4], waves[4]
        shared /= curve.variance[:, None]
        squares = np.empty((4, samples), dtype=seen.dtype)
        np.multiply(seen, seen, out=squares[:2])
        np.multiply(impulse, shared, out=squares[2:])
        spectra = rfft(squares)
        passed = np.abs(behind) ** 2
        squared = curve.variance * (curve.own_squared @ passed) / (curve.power @ passed)
        return cls(spectra[:2], curve.met, shared, impulse, spectra[2:], squared)


class LightChain:
    """What lies between the driver's curve and the slicer, for stretches of waves that are taken as periodic."""

    def __init__(self, link: Link, receiver: Receiver, end: FrontEnd, *, coupled: bool = True) -> None:
        """`receiver` is what filters behind the copper, `end` the link's linear front end with that receiver.

        What drives the light knows no aggressors where not `coupled`.
        """
        self.link, self.span, self.receiver = link, _span(link), receiver
        self.m, self.per_ui, self.rate = link.samples_per_ui, SAMPLES_PER_UI, SAMPLES_PER_UI * link.symbol_rate
        self.drive = front_end(drive_link(link, coupled=coupled))
        self.sign, self.driver_noise = float(np.sign(link.drive_gain)), self.span.driver_noise(link.drive_gain)
        self._kept: dict[tuple[int, str], Spectra] = {}
        self._kept_rising: dict[tuple[int, str], Float] = {}
        self._kept_noise_response: dict[tuple[int, str], Complex] = {}
        self._kept_noise_shapes: dict[tuple[int, str], NoiseShapes] = {}
        instant = end.start_time + end.sampling / (self.m * link.symbol_rate)
        # time from the instant at the driver's curve to that at the slicer: what everything behind the driver takes
        self.delay = instant - self.drive.start_time - self.drive.sampling / self.rate
        self._behind()
        self.middle = float(np.mean(self.span.path.receiver.photodiode.curve(self.span.powers(link.order))))
        self.offset = 0.0

    def of_noise(self, link: Link) -> LightChain:
        """The chain of a link that differs in noise alone."""
        other = copy(self)
        other.link, other.span = link, _span(link)
        other.driver_noise = other.span.driver_noise(link.drive_gain)
        # the responses are the same, and stay kept
        other._kept_rising, other._kept_noise_response = {}, {}
        return other

    def at_rate(self, per_ui: int) -> LightChain:
        """The same chain for waves of `per_ui` samples per UI, a divisor of SAMPLES_PER_UI."""
        other = copy(self)
        other.per_ui, other.rate = per_ui, per_ui * self.link.symbol_rate
        other._kept, other._kept_noise_shapes = {}, {}
        other._kept_rising, other._kept_noise_response = {}, {}
        return other

    def _behind(self) -> None:
        """Impulse response from the amplifier to the slicer, and its start in s against the wanted instant."""
        rate = self.link.symbol_rate
        prepared = _prepared_behind(self.span.after, rate)
        analog = _analog_behind(self.span.after, rate, self.receiver.noise_corner, self.receiver.ctle)
        # taps before the main one reach round to the end
        early = self.receiver.ffe_main * SAMPLES_PER_UI
        whole = with_ffe(np.roll(analog, early), self.receiver.ffe, self.receiver.ffe_main, SAMPLES_PER_UI)
        # energy from each sample to the end: the response is cut where next to none is left
        energy = np.cumsum(whole[::-1] ** 2)[::-1]
        kept = int(np.flatnonzero(energy > MAX_CUT_ENERGY * energy[0])[-1]) + 1
        self.taps = whole[:kept]
        self.start = prepared.start_time - early / self.rate - self.delay

    @property
    def lead(self) -> int:
        """UI behind an output whose drive still reaches it."""
        return max(int(np.ceil(-self.start * self.link.symbol_rate)), 0) + 4

    @property
    def memory(self) -> int:
        """UI before an output whose drive still reaches it; the slow end of an electrode's skin effect is cut."""
        return int(np.ceil(self.start * self.link.symbol_rate + len(self.taps) / SAMPLES_PER_UI)) + SKIN_EFFECT_UI

    def spectra(self, samples: int, kind: str = "float64") -> Spectra:
        """Responses for stretches of `samples` of real numbers of `kind`, kept: all stretches of a run are alike."""
        if (samples, kind) not in self._kept:
            device, diode, amplifier = _optical_responses(self.span.path, samples, self.rate, kind)
            # the shift theorem moves the response's start by a fraction of a sample, which a roll could not
            turn = turning(-2.0 * np.pi * self.start * self.rate / samples, samples // 2 + 1)
            response = np.zeros(samples * SAMPLES_PER_UI // self.per_ui, dtype=kind)
            response[: len(self.taps)] = self.taps[: len(response)]
            # a lower rate holds the lower part of the band
            behind = (rfft(response)[: len(turn)] * turn).astype(device.dtype)
            self._kept[samples, kind] = Spectra(device, amplifier, diode * amplifier, behind)
        return self._kept[samples, kind]

    def noise_shapes(self, samples: int, kind: str) -> NoiseShapes:
        """Responses to noise of stretches of `samples` of numbers of `kind`; kept."""
        if (samples, kind) not in self._kept_noise_shapes:
            curve = _noise_at_curve(self.span.path, samples, self.rate, kind)
            behind = self.spectra(samples, kind).behind
            self._kept_noise_shapes[samples, kind] = NoiseShapes.of(curve, behind, samples)
        return self._kept_noise_shapes[samples, kind]

    def rising(self, samples: int, kind: str = "float64") -> Float:
        """What shapes white noise: square root of the density (N // 2 + 1,) at the amplifier's input over that at 0 Hz; kept."""
        if (samples, kind) not in self._kept_rising:
            # shot noise of the mean light is white beside the amplifier's
            density = self.span.path.receiver.tia.input_density(fft.rfftfreq(samples, 1.0 / self.rate))
            density = density + 2.0 * ELECTRON * self.middle
            self._kept_rising[samples, kind] = np.sqrt(density / density[0]).astype(kind)
        return self._kept_rising[samples, kind]

    def _noise_response(self, samples: int, kind: str) -> Complex:
        """Response (samples // 2 + 1,) of the amplifier to white noise at its input, relative to its density at 0 Hz; kept."""
        if (samples, kind) not in self._kept_noise_response:
            response = self.spectra(samples, kind).amplifier
            self._kept_noise_response[samples, kind] = response * self.rising(samples, kind)
        return self._kept_noise_response[samples, kind]

    def light(self, drive: Float, noise: Float | None = None) -> Float:
        """Light (..., N) W at the transmitter's output of a `drive` (..., N) V that has passed the driver's response."""
        path, n, kind = self.span.path, drive.shape[-1], drive.dtype.name
        volts = path.driver.curve(drive if self.sign > 0.0 else -drive)
        if noise is not None and self.driver_noise:
            # a one-sided density S sampled at a rate R has the variance S R / 2
            volts += sqrt(0.5 * self.rate * self.driver_noise) * noise
        return path.launch(volts, self.rate, response=self.spectra(n, kind).device).astype(kind, copy=False)

    def run(self, drive: Float, unit: UnitNoise | None = None, echoes: Echoes | None = None) -> LightWaves:
        """Send a `drive` (N,) in V, SAMPLES_PER_UI samples per UI, to the slicer.

        Without `unit` noises and `echoes` nothing is added.
        """
        return self.detect(self.light(drive, None if unit is None else unit.driver), unit, echoes)

    def received(self, light: Float) -> Float:
        """Light (..., N) in W at the photodiode, of `light` at the transmitter's output, without double reflections."""
        return np.asarray(self.span.path.propagate(light, self.rate))

    def detect(
        self,
        light: Float,
        unit: UnitNoise | None = None,
        echoes: Echoes | Sequence[Echoes] | None = None,
        *,
        samples_per_ui: int | None = None,
    ) -> LightWaves:
        """Send `light` (N,) in W at the transmitter's output to the slicer, or several stretches (B, N) side by side.

        `unit` noises and `echoes` (one for each stretch) as in `run`. The slicer's input has `samples_per_ui`, by default the
        link's. What comes in single precision stays so: rounding lies 140 dB below the signal.
        """
        return self.seen(self.received(light), unit, echoes, samples_per_ui=samples_per_ui)

    def seen(
        self,
        power: Float,
        unit: UnitNoise | None = None,
        echoes: Echoes | Sequence[Echoes] | None = None,
        *,
        samples_per_ui: int | None = None,
    ) -> LightWaves:
        """As `detect`, of light `power` in W at the photodiode."""
        n = power.shape[-1]
        shapes = self.spectra(n, power.dtype.name)
        # the beat is taken to first order of the echo's field; light has no negative power
        beat = None if echoes is None else beats(echoes, power)
        # the curve behind is that of an amplifier coupled for AC: the mean current is taken off before it, not after
        if unit is None:
            bright = power if beat is None else np.maximum(power + beat, 0.0)
            spectrum = rfft(self.span.path.receiver.photodiode.curve(bright) - self.middle)
            spectrum *= shapes.current
        else:
            current, white = self._noisy_currents(power, np.zeros_like(power) if beat is None else beat, unit)
            spectrum, noise = rfft(current), rfft(white)
            spectrum *= shapes.current
            noise *= self._noise_response(n, power.dtype.name)
            spectrum += noise
        into = irfft(spectrum, n)
        return LightWaves(self.behind_amplifier(into, samples_per_ui=samples_per_ui), power, into)

    def arriving(self, power: Float) -> tuple[Float, Complex]:
        """Of light `power` (..., N) in W at the photodiode, without noise: the current (..., N) in A into the amplifier's curve,
        and the spectrum (..., N // 2 + 1) of the voltage at the slicer, at the samples of the light.
        """
        receiver, n = self.span.path.receiver, power.shape[-1]
        shapes = self.spectra(n, power.dtype.name)
        spectrum = rfft(receiver.photodiode.curve(power) - self.middle)
        spectrum *= shapes.current
        into = irfft(spectrum, n)
        return into, np.asarray(rfft(receiver.tia.curve(into)) * shapes.behind)

    def behind_amplifier(self, current: Float, *, samples_per_ui: int | None = None) -> Float:
        """What a `current` (..., N) in A into the amplifier's curve makes at the slicer, `samples_per_ui` as in `detect`."""
        n = current.shape[-1]
        behind = rfft(self.span.path.receiver.tia.curve(current))
        behind *= self.spectra(n, current.dtype.name).behind
        samples = n // self.per_ui * (self.m if samples_per_ui is None else samples_per_ui)
        # an inverse transform of another length changes the rate; irfft divides by its own length, so the ratio is put
        # back
        wave = irfft(behind, samples)
        wave *= samples / n
        wave -= self.offset
        return wave

    def _noisy_currents(self, power: Float, beat: Float, unit: UnitNoise) -> tuple[Float, Float]:
        """Current (..., N) in A about its mean, with the noise of the light, and what is white still at the amplifier's input.

        That is shot and amplifier noise.
        """
        path, diode, tia = self.span.path, self.span.path.receiver.photodiode, self.span.path.receiver.tia
        # a one-sided density S sampled at a rate R has the variance S R / 2
        half = 0.5 * self.rate
        always = half * float(tia.input_density(np.zeros(1))[0])
        constants = (
            diode.responsivity,
            diode.dark_current,
            self.middle,
            sqrt(half * path.source.rin),
            half * 2.0 * ELECTRON,
        )
        current, white = np.empty_like(power), np.empty_like(power)
        rows = [row.reshape(-1) for row in (power, beat, unit.intensity, unit.current, current, white)]
        given = np.array([*constants, always], dtype=power.dtype)
        noisy_currents(rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], given)
        return current, white


# kept: links of one search differ in what stands before and behind this copper
@lru_cache(maxsize=2)
def _prepared_behind(after: Channel, symbol_rate: float) -> PreparedTransfer:
    """The copper behind the light at SAMPLES_PER_UI."""
    transfer = Transfer(after.frequency, after.through.s[:, 1, 0], coupling_corner=after.coupling_corner)
    return prepare_once(transfer, symbol_rate=symbol_rate, samples_per_ui=SAMPLES_PER_UI)


# kept: links of one search differ in taps more often than in gains
@lru_cache(maxsize=4)
def _analog_behind(after: Channel, symbol_rate: float, noise_corner: float | None, ctle: AnyCtle | None) -> Float:
    """Its impulse response through the receiver's filters ahead of the sampler; read-only."""
    prepared = _prepared_behind(after, symbol_rate)
    filters = Receiver(noise_corner=noise_corner, ctle=ctle).analog_transfer(prepared.frequency)
    response = np.asarray(fft.irfft(prepared.value * filters, prepared.n_samples))
    response.flags.writeable = False
    return response


# few: links of one study share a path, and each entry holds 3 MB for the period of an eye
@lru_cache(maxsize=4)
def _optical_responses(path: OpticalPath, samples: int, rate: float, kind: str) -> tuple[Complex, Complex, Complex]:
    """Responses (samples // 2 + 1,) of modulator or laser, photodiode and amplifier at a `rate` in Hz; read-only."""
    f = fft.rfftfreq(samples, 1.0 / rate)
    lines = np.result_type(kind, np.complex64)
    stages = (path.stages[1], path.receiver.photodiode, path.receiver.tia)
    device, diode, amplifier = (stage.response(f).astype(lines) for stage in stages)
    for response in (device, diode, amplifier):
        response.flags.writeable = False
    return device, diode, amplifier


@lru_cache(maxsize=2)
def _noise_at_curve(path: OpticalPath, samples: int, rate: float, kind: str) -> NoiseAtCurve:
    """What of noise at the amplifier's curve no copper and no receiver has a say in."""
    _, diode, amplifier = _optical_responses(path, samples, rate, kind)
    return NoiseAtCurve.of(np.stack([amplifier, amplifier * diode]), samples)


def turning(angle: float, count: int) -> Complex:
    """exp(j k angle) (count,) for k = 0, 1 …, as a product of two short series."""
    row = 256
    coarse = np.exp(1j * angle * row * np.arange(-(-count // row)))
    return np.outer(coarse, np.exp(1j * angle * np.arange(row))).ravel()[:count]


def periodic(response: Float, sampling: int, values: Float) -> Float:
    """The wave (N SAMPLES_PER_UI,) of a period of `values` (N,): each times a `response`, one UI apart.

    Index `sampling` of the response of value n comes at index n SAMPLES_PER_UI.
    """
    shape = np.zeros(len(values) * SAMPLES_PER_UI)
    np.add.at(shape, (np.arange(len(response)) - sampling) % len(shape), response)
    spectrum = fft.rfft(shape)
    # with zeros between the values their spectrum repeats
    spectrum *= np.resize(fft.fft(values), len(spectrum))
    return np.asarray(fft.irfft(spectrum, len(shape), overwrite_x=True))


def edge_moves(link: Link, symbols: Float, tau: Float) -> Float:
    """(N,) what multiplies the edge response, to first order, where edges into `symbols` (N,) are displaced by `tau` (N,) UI."""
    tx = link.transmitter
    taps = np.diff([0.0, *tx.ffe, 0.0])
    # the FFE's differences make transitions of symbols; an edge later by tau takes x tau times the slope away
    steps = sum(tap * np.roll(symbols, index - tx.ffe_main) for index, tap in enumerate(taps))
    return np.asarray(-steps * tau)


def _span(link: Link) -> Span:
    if link.optics is None:
        raise SirfError("link must carry light part of the way, got copper only. Make it from a sirf.optics.Span.")
    return link.optics

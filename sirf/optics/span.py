"""Light between two pieces of copper: what carries the signal of a link part of the way, and what it adds and bends."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np

from sirf._arrays import Complex, Float
from sirf.channel.channel import Channel
from sirf.channel.linear_repeater import linear_chain, unit_channel
from sirf.errors import PhysicsError
from sirf.optics.optical_path import OpticalPath
from sirf.optics.source import Driver
from sirf.signal.pam import level_shares
from sirf.signal.pam import levels as pam_levels
from sirf.transmitter.edge import transmitter_edge
from sirf.transmitter.transmitter import Transmitter
from sirf.units import VOLTAGE, Given, parse_symbol_rate, read_text_fields

ALONE_STEP, ALONE_BAND = 50e6, 1.5
"""Frequency step in Hz, and band over the symbol rate, of the unit copper about optics that stand alone."""
BEAT_BAND = 1.0 / 32.0
"""Rms width of the spectrum of double reflections over the symbol rate: slow for every filter, within the engines' memory."""


KEPT_NOISE = 16
"""Noise densities that are kept, by optical path and frequencies: the lengths of a study differ in copper alone, and ask at
several grids and ends of ranges in turn.
"""
_KEPT_NOISE: dict[tuple[object, ...], tuple[Float, Float]] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """Copper, an optical path, copper: takes the place of a link's channel.

    Parameters
    ----------
    path
        Driver, light, glass and receiver.
    before, after
        Copper from the transmitter's die to the driver, and from the amplifier to the receiver's die; both complete to the die
        and on one grid.
    swing
        Outer levels at the driver's input are ±`swing` V: automatic gain ahead of it brings the drive, with all that the copper
        and the transmitter's FFE make of it, to the rms of such levels.
    agc_db
        Least and greatest automatic gain in dB: beyond them the drive stays smaller or larger.
    large_signal
        Send the signal through every curve; otherwise the path is its linearisation at the bias.
    noisy
        With the noise of driver, source, photodiode and amplifier, and with double reflections.

    Raises `PhysicsError` for a swing that is not positive or folds four levels of large signals over, `SirfError` for copper that
    does not fit.
    """

    path: OpticalPath
    before: Channel = field(kw_only=True)
    after: Channel = field(kw_only=True)
    swing: float = field(kw_only=True)
    agc_db: tuple[float, float] = field(default=(-20.0, 20.0), kw_only=True)
    large_signal: bool = field(default=True, kw_only=True)
    noisy: bool = field(default=True, kw_only=True)
    copper: Channel = field(init=False, repr=False)
    """Both pieces of copper as one channel, with nothing but a wire for the light."""

    def __post_init__(self) -> None:
        """Check the values and join the copper."""
        read_text_fields(self, swing=VOLTAGE)
        if not 0.0 < self.swing < np.inf:
            raise PhysicsError(f"swing must be positive volts, got {self.swing}. Give the peak at the driver's input.")
        low, high = self.agc_db
        if not low <= high:
            raise PhysicsError(f"agc_db must be (least, greatest), got {self.agc_db}. Swap them.")
        # four levels that fold over would close eyes without any noise
        if self.large_signal and not (np.diff(self.powers()) > 0.0).all():
            light = ", ".join(f"{1e3 * power:.3g}" for power in self.powers())
            raise PhysicsError(
                f"swing must leave the levels of light in ascending order, got {self.swing} V for {light} mW. "
                "Lower it or move the bias."
            )
        object.__setattr__(self, "copper", linear_chain(self.before, self.after))

    @classmethod
    def alone(cls, path: OpticalPath, *, swing: float, symbol_rate: Given, **options: Any) -> Span:
        """The optics between a driver and a receiver without copper, for `symbol_rate` baud."""
        # a step of 50 MHz to one and a half times the symbol rate: a wire needs no more
        wire = unit_channel(np.arange(0.0, ALONE_BAND * parse_symbol_rate(symbol_rate), ALONE_STEP))
        return cls(path, before=wire, after=wire, swing=swing, **options)

    def quiet(self) -> Span:
        """This span without noise of its own."""
        return self._with(self.copper, noisy=False)

    def undisturbed(self) -> Span:
        """This span without aggressors, its copper the same otherwise."""
        if not self.copper.fext and not self.copper.next:
            return self
        before, after = (dataclasses.replace(half, fext=(), next=()) for half in (self.before, self.after))
        return self._with(dataclasses.replace(self.copper, fext=(), next=()), before=before, after=after)

    def linear(self) -> Span:
        """This span linearised at the bias."""
        return self._with(self.copper, large_signal=False)

    def with_path(self, path: OpticalPath) -> Span:
        """This span with another optical path between the same copper."""
        return self._with(self.copper, path=path)

    def _with(self, copper: Channel, **changes: Any) -> Span:
        """This span with other parts about the same `copper`, by whose identity a link knows that they belong together."""
        other = dataclasses.replace(self, **changes)
        # the constructor has joined the copper anew: the object that a link knows takes its place again
        object.__setattr__(other, "copper", copper)
        return other

    @property
    def passing(self) -> tuple[int, int]:
        """How many of the copper's FEXT and of its NEXT pass the light."""
        return len(self.copper.fext), len(self.before.next)

    def drive_levels(self, order: int = 4) -> Float:
        """Levels (order,) in V at the driver's input of slow symbols in rising order of light; read-only."""
        return _slow_levels(self.path, self.swing, order)[0]

    def powers(self, order: int = 4) -> Float:
        """Light (order,) in W at the photodiode of the levels of slow symbols, ascending; read-only."""
        return _slow_levels(self.path, self.swing, order)[1]

    @property
    def loss(self) -> float:
        """Share of the transmitted light that reaches the photodiode."""
        return float(10.0 ** (-self.path.loss_db / 10.0))

    def drive_gain(self, transmitter: Transmitter, *, symbol_rate: float, order: int = 4) -> float:
        """Automatic gain ahead of the driver, V/V, for a transmitter with its FFE; negative where the light is inverted."""
        taps = np.asarray(transmitter.ffe)
        lags = np.correlate(taps, taps, "full")[len(taps) - 1 :]
        # |sum over k of c(k) exp(-j k w)|² is the sum over lags of the taps' correlation, both signs of each, times cos(lag w)
        lags[1:] *= 2.0
        passed = _passed_powers(self.before, self.path.driver, transmitter.rise_time, symbol_rate, len(taps))
        # power of a symbol at the driver, averaged over the UI, is compared with that of levels at ±swing
        power = transmitter.amplitude**2 * float(lags @ passed)
        low, high = (10.0 ** (value / 20.0) for value in self.agc_db)
        # the levels' own mean square is on both sides and cancels
        size = float(np.clip(self.swing / np.sqrt(power), low, high))
        return size if self.drive_levels(order)[-1] > 0 else -size

    def gains(self, order: int = 4) -> tuple[float, float]:
        """Slow gains of what lies before and behind the photodiode: driver's input to its current in A/V, that to volts in V/A.

        At the bias, or with large signals the least-squares slopes over the levels.
        """
        return _slow_gains(self.path, self.swing, order) if self.large_signal else _gains_at_bias(self.path)

    def gain(self, frequency: Float, order: int = 4) -> Complex:
        """Linear gain (F,) V/V from the driver's input to the amplifier's output, that of `gains` at DC."""
        path = self.path
        shape = path.driver.response(frequency) * path.stages[1].response(frequency) * path.receiver.response(frequency)
        before, behind = self.gains(order)
        return np.asarray(before * behind * shape * path.fibre.intensity_response(frequency, chirp=path.chirp))

    def driver_noise(self, drive_gain: float) -> float:
        """V²/Hz at the driver's output: its input noise passes the automatic gain where that amplifies."""
        return (self.path.driver.noise * max(abs(drive_gain), 1.0)) ** 2 if self.noisy else 0.0

    def noise_density(self, frequency: Float, drive_gain: float, *, symbol_rate: float, order: int = 4) -> Float:
        """One-sided density (F,) in V²/Hz at the amplifier's output, averaged over the levels.

        Driver noise through light and receiver; intensity, shot and amplifier noise; beats of double reflections; other
        wavelengths.
        """
        if not self.noisy:
            return np.zeros(np.shape(frequency))
        # frequencies by content: links of a study have grids of their own with the same numbers in them
        key = self.path, self.swing, self.large_signal, symbol_rate, order, np.asarray(frequency).tobytes()
        # taken out and put back at the end: what was asked for longest ago goes first
        found = _KEPT_NOISE.pop(key, None) or self._noise_terms(frequency, symbol_rate, order)
        while len(_KEPT_NOISE) >= KEPT_NOISE:
            _KEPT_NOISE.pop(next(iter(_KEPT_NOISE)))
        fixed, driven = _KEPT_NOISE[key] = found
        return np.asarray(fixed + self.driver_noise(drive_gain) * driven)

    def _noise_terms(self, frequency: Float, symbol_rate: float, order: int) -> tuple[Float, Float]:
        """Density (F,) in V²/Hz of all noise but the driver's, and what the driver's output noise is multiplied by."""
        path, receiver = self.path, self.path.receiver
        # noise depends on the light of a level: averaged over the levels in their shares
        densities = [receiver.input_density(frequency, float(p), rin=path.source.rin) for p in self.powers(order)]
        before, behind = self.gains(order)
        to_diode = path.stages[1].response(frequency) * path.fibre.intensity_response(frequency, chirp=path.chirp)
        shape = np.abs(to_diode * receiver.photodiode.response(frequency)) ** 2
        # referred to the diode's current, as the other densities are
        driven = (before / path.driver.gain) ** 2 * shape
        amplifier = behind**2 * np.abs(receiver.tia.response(frequency)) ** 2
        beats = self.beat_density(frequency, symbol_rate=symbol_rate, order=order)
        leaks = np.abs(path.receiver.photodiode.response(frequency)) ** 2 * self.leak_density(
            frequency, symbol_rate=symbol_rate, order=order
        )
        light = np.average(densities, axis=0, weights=level_shares(order)) + leaks
        # beats have the amplifier in them already: they pass the whole receiver
        return np.asarray(amplifier * light + beats), np.asarray(amplifier * driven)

    def leak_density(self, frequency: Float, *, symbol_rate: float, order: int = 4) -> Float:
        """One-sided density (F,) in A²/Hz of what other wavelengths leave in the diode, before its response.

        Each carries random symbols of the same levels at the same rate: its variance times 2 T sinc²(f T). Taken as Gaussian,
        which is never too kind: the sum of a few bounded leaks has the lighter tails.
        """
        light, ratios = self.powers(order), self.path.interference.leaks
        shares = level_shares(order)
        # variance of a neighbour's light about its mean; the mean itself is direct current, which no receiver passes
        spread = float(shares @ (light - shares @ light) ** 2)
        variance = float(np.sum(np.square(ratios)) * spread) * self.path.receiver.photodiode.responsivity**2
        # one-sided, hence twice
        return np.asarray(variance * 2.0 / symbol_rate * np.sinc(np.asarray(frequency) / symbol_rate) ** 2)

    def beat_density(self, frequency: Float, *, symbol_rate: float, order: int = 4) -> Float:
        """The share (F,) of double reflections in `noise_density`.

        Beats keep the phase between light and echo, which wanders within the source's linewidth: next to nothing of them changes
        from symbol to symbol, and they pass all filters as slow light does.
        """
        light, receiver = self.powers(order), self.path.receiver
        shares = level_shares(order)
        # light of the signal at each level, of its echo at the mean
        variance = shares @ [self.path.interference.variance(float(p), float(shares @ light)) for p in light]
        width = BEAT_BAND * symbol_rate
        # half a Gaussian of unit area over positive frequencies
        slow = np.sqrt(2.0 / np.pi) / width * np.exp(-0.5 * (frequency / width) ** 2)
        current = receiver.photodiode.responsivity * self.gains(order)[1] * np.abs(receiver.response(frequency))
        return np.asarray(variance * current**2 * slow) if self.noisy else np.zeros(np.shape(frequency))

    def __repr__(self) -> str:
        """One line."""
        name = type(self.path.source if self.path.modulator is None else self.path.modulator).__name__
        copper = " + ".join(channel.name or "copper" for channel in (self.before, self.after))
        return f"Span({name}, {self.path.loss_db:.1f} dB of glass, between {copper})"


# kept: links of a study, which are many, share a few paths, and ask for their levels dozens of times each
@lru_cache(maxsize=32)
def _slow_levels(path: OpticalPath, swing: float, order: int) -> tuple[Float, Float]:
    """`Span.drive_levels` and `Span.powers`."""
    drive = swing * pam_levels(order)
    # light may fall with the drive: the levels are then sent the other way round
    ends = path.transmitted(drive[[0, -1]])
    drive = drive if ends[1] >= ends[0] else -drive
    powers = np.asarray(path.transmitted(drive) * 10.0 ** (-path.loss_db / 10.0))
    for each in (drive, powers):
        each.flags.writeable = False
    return drive, powers


@lru_cache(maxsize=32)
def _slow_gains(path: OpticalPath, swing: float, order: int) -> tuple[float, float]:
    """`Span.gains` of large signals."""
    drive, powers = _slow_levels(path, swing, order)
    current = path.receiver.photodiode.curve(powers)
    current = current - current.mean()
    volts = path.receiver.tia.curve(current)
    # least squares through the origin: levels are symmetric about the mean
    return float(drive @ current / (drive @ drive)), float(current @ volts / (current @ current))


@lru_cache(maxsize=32)
def _gains_at_bias(path: OpticalPath) -> tuple[float, float]:
    """`Span.gains` linearised: slopes of the curves at the bias, whatever the levels are."""
    # the path's slope ends behind the amplifier: over its gain it ends at the diode's current
    return path.slope() / path.receiver.tia.gain, path.receiver.tia.gain


# kept: the links of a search share all but the taps
@lru_cache(maxsize=4)
def _passed_powers(before: Channel, driver: Driver, rise_time: float, symbol_rate: float, count: int) -> Float:
    """Parts (count,) in V² of the mean power of a symbol of one volt behind `before` and the `driver`'s response.

    Those of the correlation of taps at lags of 0, 1 … `count` - 1 symbols. Read-only.
    """
    f = before.frequency
    turns = f / symbol_rate
    # spectrum of a symbol at the driver over T
    pulse = np.sinc(turns) * transmitter_edge(f, rise_time) * before.through.s[:, 1, 0] * driver.response(f)
    waves = np.cos(2.0 * np.pi * np.outer(np.arange(count), turns))
    # over positive frequencies, hence twice; both sides have the mean square of the levels
    found = np.asarray(2.0 / symbol_rate * np.trapezoid(np.abs(pulse) ** 2 * waves, f, axis=1))
    found.flags.writeable = False
    return found

"""A linear optical path from driver to amplifier: large signals through every curve, or linearised at the bias."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sirf._arrays import Complex, Float
from sirf._digest import OMITTED_AT_DEFAULT
from sirf.errors import PhysicsError
from sirf.optics.fibre import Connector, Fibre, MultimodeFibre, PathInterference
from sirf.optics.micro_led import MicroLed
from sirf.optics.modulator import Modulator, Ring
from sirf.optics.optical_receiver import OpticalReceiver
from sirf.optics.rate_equations import RateEquationVcsel
from sirf.optics.ring_heater import RingControl, RingHeater, controlled
from sirf.optics.source import Driver, Laser, Vcsel
from sirf.optics.stage import Stage, filtered, noise_bandwidth
from sirf.optics.wavelengths import WavelengthGrid

Source = Laser | Vcsel | RateEquationVcsel | MicroLed
"""What may make the light of a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpticalPath:
    """Driver, light, glass, receiver. `modulator` is None for a directly modulated `Vcsel`, `RateEquationVcsel` or
    `MicroLed`.

    `end_reflectance_db` are the reflectances of transmitter and receiver at the fibre's ends. `coupling_loss_db` gathers the
    facets between laser and fibre behind the modulator. The driver's input is a voltage about
    its mean; the output of `receive` is a voltage about the mean light. `wavelengths` are the others on the same fibre (None for
    one alone): the loss of their filters, and what leaks through them. A `heater` holds a ring modulator on its laser, and leaves
    an error of its detuning; without one the ring stays where its `detuning` says.
    """

    driver: Driver
    source: Source
    modulator: Modulator | None = None
    coupling_loss_db: float = 0.0
    fibre: Fibre | MultimodeFibre = field(default_factory=lambda: Fibre(0.0))
    connectors: tuple[Connector, ...] = ()
    end_reflectance_db: tuple[float, float] = (-np.inf, -np.inf)
    receiver: OpticalReceiver
    wavelengths: WavelengthGrid | None = None
    # a later field: links without one keep their digest, and with it every draw
    heater: RingHeater | None = field(default=None, metadata={OMITTED_AT_DEFAULT: True})

    def __post_init__(self) -> None:
        """Validate the fields."""
        # a laser alone sends no data, and nothing else needs a modulator
        if isinstance(self.source, Laser) == (self.modulator is None):
            raise PhysicsError(
                "modulator must be given for a Laser and only then. Add one, or leave it out for a Vcsel or a MicroLed."
            )
        if self.heater is not None and not isinstance(self.modulator, Ring):
            raise PhysicsError("heater must hold a Ring, got another modulator. Leave it out.")
        if not 0.0 <= self.coupling_loss_db <= 40.0:
            raise PhysicsError(
                f"coupling_loss_db must be from 0 to 40, got {self.coupling_loss_db}. Give a loss in dB."
            )

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Stages in their order, as a link holds them: each with response, curve and noise density."""
        # laser and modulator are one stage: what drives it is a voltage, what leaves it is light
        light: Stage = self._modulator() if isinstance(self.source, Laser) else self.source
        return (self.driver, light, self.receiver.photodiode, self.receiver.tia)

    @property
    def ring_control(self) -> RingControl | None:
        """What the heater's loop leaves between ring and laser; None without a heater."""
        if self.heater is None or not isinstance(self.modulator, Ring) or not isinstance(self.source, Laser):
            return None
        return controlled(self.heater, self.modulator, self.source.power)[1]

    @property
    def tuning_power(self) -> float:
        """Mean W of the heaters of a wavelength: of the modulator's ring, and of the filter's where there are several."""
        control = self.ring_control
        both = 0.0 if self.wavelengths is None else self.wavelengths.tuning_power
        # the grid counts both rings of a wavelength; the modulator's own is the loop's here
        return both if control is None else control.power + 0.5 * both

    @property
    def loss_db(self) -> float:
        """Optical loss from the transmitter's output to the photodiode."""
        return self.fibre.loss_db + self._joints_db

    @property
    def _joints_db(self) -> float:
        """Loss in dB of connectors and of the filters of the wavelengths."""
        filters = 0.0 if self.wavelengths is None else self.wavelengths.loss_db
        return sum(connector.loss_db for connector in self.connectors) + filters

    @property
    def interference(self) -> PathInterference:
        """Double reflections among transmitter, connectors and receiver (the fibre's loss lies between the connectors), and
        what leaks of other wavelengths.
        """
        near, far = (Connector(reflectance_db=value) for value in self.end_reflectance_db)
        joints = (near, *self.connectors, far)
        # nobody says where along the fibre the joints lie: spread evenly
        between = self.fibre.loss_db / max(len(joints) - 1, 1)
        found = PathInterference.between(joints, loss_db_between=between)
        grid = self.wavelengths
        return found if grid is None else PathInterference((*found.echoes, *grid.beats), leaks=grid.leaks)

    @property
    def chirp(self) -> float:
        """Chirp factor of the transmitter."""
        return 0.0 if self.modulator is None else self.modulator.chirp

    def transmitted(self, drive: Float) -> Float:
        """Static optical power in W at the transmitter's output for slow `drive` V at the driver's input."""
        # slow: without the response of any stage, for levels that settle
        volts = self.driver.curve(np.asarray(drive, dtype=float))
        return np.asarray(self._light(volts) * 10.0 ** (-self.coupling_loss_db / 10.0))

    def launch(self, volts: Float, sample_rate: float, *, response: Complex | None = None) -> Float:
        """Light (..., N) W at the transmitter's output for periodic `volts` (..., N) at the modulator or the laser.

        `response` (N // 2 + 1,) of that device spares its computation. Rate equations are integrated; any other device is its
        response, then its curve.
        """
        from scipy import fft

        from sirf.signal.single_transform import irfft, rfft

        # rate equations have memory that no response and curve can tell
        if isinstance(self.source, RateEquationVcsel):
            light = self.source.light(volts, sample_rate)
        else:
            n = volts.shape[-1]
            shape = self.stages[1].response(fft.rfftfreq(n, 1.0 / sample_rate)) if response is None else response
            light = self._light(irfft(rfft(volts) * shape, n))
        # ringing of a response may undershoot the dark level
        return np.asarray(np.maximum(light, 0.0) * 10.0 ** (-self.coupling_loss_db / 10.0))

    def transmit(self, drive: Float, sample_rate: float) -> Float:
        """Optical power (N,) W at the transmitter's output of a periodic `drive` (N,) V."""
        volts = self.driver.curve(filtered(drive, sample_rate, self.driver.response))
        return self.launch(volts, sample_rate)

    def propagate(self, power: Float, sample_rate: float) -> Float:
        """Power (N,) W at the photodiode of a periodic wave of power at the transmitter's output."""
        # the joints' loss lies behind the fibre: dispersion does not depend on it
        glass = self.fibre.propagate(power, sample_rate, chirp=self.chirp)
        return np.asarray(glass * 10.0 ** (-self._joints_db / 10.0))

    def receive(self, power: Float, sample_rate: float) -> Float:
        """Voltage (N,) V about the mean after the amplifier, without noise."""
        current = filtered(self.receiver.photodiode.curve(power), sample_rate, self.receiver.response)
        # coupled for AC: only what moves about the mean meets the curve
        return self.receiver.tia.curve(current - current.mean())

    def waveform(self, drive: Float, sample_rate: float) -> Float:
        """The whole path: periodic `drive` (N,) V in, voltage (N,) V out."""
        return self.receive(self.propagate(self.transmit(drive, sample_rate), sample_rate), sample_rate)

    def slope(self) -> float:
        """Small-signal gain V/V at DC, at the bias: product of the slopes of all curves."""
        # far below any swing, far above rounding
        step = 1e-5
        volts = self.driver.curve(np.array([-step, step]))
        light = (self._light(volts[1:]) - self._light(volts[:1]))[0] / (2.0 * step)
        loss = 10.0 ** (-(self.coupling_loss_db + self.loss_db) / 10.0)
        return float(light * loss * self.receiver.photodiode.responsivity * self.receiver.tia.gain)

    def small_signal(self, frequency: Float) -> Complex:
        """Gain (F,) V/V at the bias: what `sirf.channel.linear_repeater.linear_chain` takes between two electrical paths."""
        device = self.stages[1]
        shape = self.driver.response(frequency) * device.response(frequency) * self.receiver.response(frequency)
        return np.asarray(self.slope() * shape * self.fibre.intensity_response(frequency, chirp=self.chirp))

    def noise_rms(self, power: float) -> float:
        """Noise in V rms after the amplifier while `power` W is at the photodiode: amplifier, shot, RIN and double reflections.

        The driver's noise counts through the slope of the curves at the bias and the responses behind it.
        """
        receiver = self.receiver
        current = receiver.noise_current(power, rin=self.source.rin)
        # level and echo both at the mean
        beats = receiver.photodiode.responsivity**2 * self.interference.variance(power, power)
        # the slope counts from the driver's input, its noise stands at the output
        through = abs(self.slope()) / self.driver.gain * self.driver.noise
        behind = np.sqrt(
            noise_bandwidth(lambda f: self.stages[1].response(f) * receiver.response(f), receiver.tia.bandwidth)
        )
        return float(np.hypot(receiver.tia.gain * np.sqrt(current**2 + beats), through * behind if through else 0.0))

    def _light(self, volts: Float) -> Float:
        if isinstance(self.source, Laser):
            return np.asarray(self.source.power * self._modulator().curve(volts))
        return self.source.curve(volts)

    def _modulator(self) -> Modulator:
        """The modulator as its heater holds it."""
        modulator, source = self.modulator, self.source
        assert modulator is not None
        if self.heater is None or not isinstance(modulator, Ring) or not isinstance(source, Laser):
            return modulator
        return controlled(self.heater, modulator, source.power)[0]

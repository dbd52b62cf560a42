"""Values that a link is made of, each with the link that holds it, the answer looked at, and another value for every field."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

import sirf
from sirf import optics
from sirf.channel.channel import Channel
from sirf.channel.linear_repeater import unit_channel
from sirf.channel.network import Network
from sirf.clock.forwarded import ForwardedClock
from sirf.clock.recovery import ClockRecovery
from sirf.clock.wander import Wander
from sirf.link import Link
from sirf.presets import EqualizerLimits
from sirf.receiver.adaptation import Adaptation
from sirf.receiver.converter import Converter
from sirf.receiver.mlse import Mlse
from sirf.receiver.receiver import Ctle, Receiver
from sirf.receiver.tabled import TabledCtle
from sirf.receiver.vga import Vga
from sirf.signal.patterns import Pattern
from sirf.transmitter.aggressor import Aggressor
from sirf.transmitter.jitter import BoundedJitter, Jitter, PhaseNoise, SinusoidalJitter
from sirf.transmitter.transmitter import Transmitter
from tests.engine.links import SYMBOL_RATE, lossy

RATE = SYMBOL_RATE

CHANNEL = Channel(lossy(1.0, 0.5e-9), fext=(lossy(0.04, 0.4e-9),), next=(lossy(0.03, 0.3e-9),), plane="die")
SENDER = Transmitter(
    amplitude=0.4, amplitude_fext=0.4, amplitude_next=0.4, rise_time=20e-12, ffe=(-0.05, 0.95), ffe_main=1
)
RECEIVER = Receiver(noise_corner=8e9, noise_density=1.2e-13, dfe=(0.2,))
LIMITS = EqualizerLimits(
    tx_ffe=((-1, (-0.1, -0.05, 0.0)), (1, (-0.1, 0.0))),
    tx_main_minimum=0.5,
    g_dc_db=(-4.0, -2.0, 0.0),
    g_dc2_db=(-1.0, 0.0),
    dfe_max=(0.3,),
    dfe_min=(0.0,),
)
CTLE = Ctle(g_dc_db=-3.0, g_dc2_db=-1.0, f_z=4e9, f_p1=4e9, f_p2=10e9, f_lf=0.2e9)
LASER_PATH = optics.OpticalPath(
    driver=optics.Driver(1.2, bandwidth=12e9, saturation=2.0, noise=1e-9),
    source=optics.Laser(2e-3, rin_db_per_hz=-135.0),
    modulator=optics.MachZehnder(3.0, insertion_loss_db=1.0, extinction_db=25.0, bandwidth=12e9, chirp=0.3),
    coupling_loss_db=1.0,
    fibre=optics.Fibre(2e3, dispersion=5e-6, wavelength=1310e-9),
    connectors=(optics.Connector(reflectance_db=-26.0), optics.Connector(reflectance_db=-26.0)),
    receiver=optics.OpticalReceiver(
        optics.Photodiode(0.8, bandwidth=12e9, dark_current=1e-6),
        optics.Tia(1000.0, noise=100e-12, noise_corner=8e9, bandwidth=10e9, saturation=1.0),
    ),
)
OTHER_RECEIVER = optics.OpticalReceiver(optics.Photodiode(0.7), optics.Tia(1000.0, noise=100e-12))
VCSEL = optics.Vcsel(
    bias=6e-3, threshold=1e-3, slope=0.4, resistance=200.0, resonance=12e9, damping=60e9, parasitic=15e9,
    saturation=15e-3, rin_db_per_hz=-135.0,
)  # fmt: skip

RING = optics.Ring(detuning=12e9, shift=4e9, linewidth=40e9, floor_db=20.0, insertion_loss_db=1.0, electrical=15e9)
HEATER = optics.RingHeater(
    drift=12e9, temperature_span=40.0, ambient_rate=1e3, heater_power=2e-14, spread=400e9, absorbed=0.3,
    thermal_bandwidth=40e3, loop_bandwidth=2e3, lock_error=1e9, symbol_rate=RATE,
)  # fmt: skip
RATE_EQUATIONS = optics.RateEquationVcsel(
    bias=6e-3, resistance=200.0, injection_efficiency=0.8, carrier_lifetime=1e-9, photon_lifetime=3e-12, gain=5e5,
    transparency=3e6, compression=2e-6, spontaneous=1e-3, power_per_photon=4e-8, parasitic=15e9, rin_db_per_hz=-135.0,
)  # fmt: skip


GRID = optics.WavelengthGrid(
    count=4, spacing=200e9, ring=optics.RingFilter(linewidth=60e9, fsr=900e9, drop_loss_db=1.0, through_loss_db=0.1),
    control_error=5e9, coherent_db=-30.0,
)  # fmt: skip
MICRO_LED = optics.MicroLed(
    bias=5e-3, area=5e-11, thickness=3e-9, trap=1e7, radiative=1e-17, auger=1e-43, wavelength=430e-9, extraction=0.4,
    resistance=200.0, parasitic=8e9, rin_db_per_hz=-135.0,
)  # fmt: skip


def link(**changes: Any) -> Link:
    values: dict[str, Any] = {
        "symbol_rate": RATE, "modulation": "PAM4", "transmitter": SENDER, "receiver": RECEIVER, "samples_per_ui": 8,
        "limits": LIMITS, "der0": 1e-4,
    }  # fmt: skip
    return Link(changes.pop("channel", CHANNEL), **(values | changes))


def sending(**changes: Any) -> Link:
    return link(transmitter=dataclasses.replace(SENDER, **changes))


def receiving(**changes: Any) -> Link:
    return link(receiver=dataclasses.replace(RECEIVER, **changes))


def span(path: optics.OpticalPath = LASER_PATH, **changes: Any) -> optics.Span:
    wire = unit_channel(np.arange(0.0, 1.5 * RATE, 50e6))
    values: dict[str, Any] = {"before": wire, "after": wire, "swing": 0.4, "agc_db": (0.0, 0.0)}
    return optics.Span(path, **(values | changes))


def half() -> Channel:
    """A wire that loses half the voltage."""
    wire = unit_channel(np.arange(0.0, 1.5 * RATE, 50e6)).through
    s = np.where(wire.s == 1.0, 0.5, wire.s)
    return Channel(Network(wire.frequency, s, z0=wire.z0), plane="die")


HALF = half()


def lit(made: optics.Span) -> Link:
    return link(channel=made, receiver=Receiver(noise_corner=8e9, noise_density=1e-15))


def through(**changes: Any) -> Link:
    return lit(span(dataclasses.replace(LASER_PATH, **changes)))


def vcsel(source: Any) -> Link:
    return lit(span(dataclasses.replace(LASER_PATH, source=source, modulator=None), swing=0.3))


def searched(limits: EqualizerLimits) -> Link:
    return link(limits=limits, receiver=dataclasses.replace(RECEIVER, ctle=CTLE))


def waved(made: Link) -> Any:
    """What a run of the waveform engine shows."""
    run = sirf.simulate(made, symbols=5000, rng=1)
    return run.eye.counts.tobytes(), run.errors.confusion, repr(run.clock), repr(run.adapted)


def waved_long(made: Link) -> Any:
    """The errors of a run of several blocks: phases drift from one to the next."""
    return sirf.simulate(made, symbols=30_000, rng=1).errors.confusion


def statistical(made: Link) -> Any:
    """What the statistical eye shows."""
    eye = sirf.statistical_eye(made, phases=1)
    return eye.ber, eye.eye_height(), eye.slices[0].log_tail.tobytes()


def chosen(made: Link) -> Any:
    """What the equaliser search chooses."""
    found = made.optimized()
    return found.transmitter.ffe, found.receiver


Embed = Callable[[Any], Link]
Case = tuple[Any, Embed, Callable[[Link], Any], dict[str, Any]]
"""A value, the link that holds it, the answer that is looked at, and for each field another value, or (other fields, value)."""
CLOCK = ClockRecovery(bandwidth=8e6, damping=1.5, hold_symbols=50, initial_phase_ui=0.05, lock_window_ui=0.1)
STEPPED = {"detector": "bang-bang", "step_ui": 2e-3}
ADAPTATION = Adaptation(ffe_step=1e-3, dfe_step=1e-3, reference_step=1e-3, gain_step=1e-3, settle_symbols=100)
MODULATED: Embed = lambda part: through(modulator=part)  # noqa: E731  # a name for what all modulators share
CASES: tuple[Case, ...] = (
    (
        SENDER,
        lambda part: link(transmitter=part),
        waved,
        {
            "amplitude": 0.5, "amplitude_fext": 0.6, "amplitude_next": 0.6, "ffe": (-0.1, 0.9), "ffe_main": 0,
            "level_mismatch": 0.9, "rise_time": 30e-12, "snr_db": 25.0, "jitter": Jitter(random_ui=0.02),
            "compression": 0.1, "pattern": Pattern("prbs13q"), "precoding": True,
        },
    ),
    (
        RECEIVER,
        lambda part: link(receiver=part),
        waved,
        {
            "noise_corner": 6e9, "noise_density": 2e-13, "ctle": CTLE, "ffe": (1.0, -0.1),
            "ffe_main": ({"ffe": (0.9, 0.5)}, 1), "dfe": (0.1,), "sampling_offset_ui": 0.125,
            "sampling": "minimum-error-ratio", "mlse": Mlse(),
            "vga": Vga(saturation=0.5), "converter": Converter(bits=5), "clock": CLOCK,
            "wander": Wander(sinusoidal_ui=0.1, sinusoidal_frequency=1e8), "adaptation": ADAPTATION,
        },
    ),
    (
        receiving(noise_density=1e-15),
        lambda made: made,
        statistical,
        {
            "channel": dataclasses.replace(CHANNEL, fext=(), next=()), "symbol_rate": 12e9, "modulation": "PAM2",
            "transmitter": dataclasses.replace(SENDER, amplitude=0.5), "receiver": dataclasses.replace(RECEIVER, dfe=()),
            "der0": 1e-3, "samples_per_ui": 16, "aggressors": (Aggressor(amplitude=0.6), Aggressor()),
        },
    ),
    (
        CTLE,
        lambda part: receiving(ctle=part),
        statistical,
        {"g_dc_db": -4.0, "g_dc2_db": -2.0, "f_z": 5e9, "f_p1": 5e9, "f_p2": 12e9, "f_lf": 0.3e9},
    ),
    (
        TabledCtle(np.array([0.0, 5e9, 10e9]), np.array([0.7, 1.0, 0.6], dtype=complex)),
        lambda part: receiving(ctle=part),
        statistical,
        {"frequency": np.array([0.0, 4e9, 10e9]), "value": np.array([0.6, 1.0, 0.6], dtype=complex)},
    ),
    (
        ADAPTATION,
        lambda part: receiving(adaptation=part),
        waved,
        {
            "algorithm": "sign-sign", "ffe_step": 0.0, "dfe_step": 0.0, "reference_step": 0.0, "gain_step": 0.0,
            "ffe_limits": ((0.99, 1.0),), "dfe_limits": ((0.0, 0.1),), "training_symbols": 500,
            "settle_symbols": 300,
        },
    ),
    (
        Converter(bits=6, full_scale=0.5, gain_error=(0.01, -0.01), offset=(0.0, 0.0), skew_ui=(0.0, 0.0)),
        lambda part: receiving(converter=part),
        waved,
        {
            "bits": 5, "enob": 4.5, "full_scale": 0.4, "gain_error": (0.1, -0.1), "offset": (0.02, -0.02),
            "skew_ui": (0.1, -0.1),
        },
    ),
    (Mlse(), lambda part: receiving(mlse=part, dfe=(0.3, 0.2)), waved, {"memory": 2, "subsets": (1,)}),
    (Vga(saturation=0.5), lambda part: receiving(vga=part), waved, {"gain": 1.5, "saturation": 0.3}),
    (
        CLOCK,
        lambda part: receiving(clock=part, noise_density=1e-15),
        waved,
        {
            "detector": "sign-mueller-muller", "bandwidth": 4e6, "step_ui": (STEPPED, 4e-3), "damping": 3.0,
            "latency": 20, "gear": 2.0, "initial_phase_ui": -0.1, "lock_window_ui": 0.01, "hold_symbols": 80,
        },
    ),
    (
        Wander(frequency_offset_ppm=50.0, spread_ppm=100.0, spread_frequency=1e6, sinusoidal_ui=0.05,
               sinusoidal_frequency=1e7),
        lambda part: receiving(clock=CLOCK, noise_density=1e-15, wander=part),
        waved,
        {
            "frequency_offset_ppm": 100.0, "spread_ppm": 400.0, "spread_frequency": 3e6, "sinusoidal_ui": 0.1,
            "sinusoidal_frequency": 2e7,
        },
    ),
    (
        ForwardedClock(source_rms=1e-12, delay_mismatch=1e-9, data_rms=0.5e-12, clock_rms=0.5e-12, supply_amplitude=0.5e-12,
                       duty_cycle_ui=0.02, interpolator_steps=64),
        lambda part: sending(jitter=part.jitter(RATE)),
        statistical,
        {
            "source_rms": 2e-12, "source_corner": 3e7, "delay_mismatch": 2e-9, "data_rms": 1e-12, "clock_rms": 1e-12,
            "supply_amplitude": 1e-12, "supply_frequency": 2e8, "duty_cycle_ui": 0.04, "interpolator_steps": 32,
        },
    ),
    (
        Jitter(random_ui=0.01),
        lambda part: sending(jitter=part),
        statistical,
        {
            "random_ui": 0.02, "dual_dirac_ui": 0.03, "duty_cycle_ui": 0.05, "even_odd_ui": 0.05,
            "sinusoidal": (SinusoidalJitter(0.03, 1e9),), "bounded": (BoundedJitter(0.03, 2e9, 1e9),),
            "phase_noise": PhaseNoise((1e6, 1e9), (-100.0, -120.0)),
        },
    ),
    (
        SinusoidalJitter(0.05, 1e9),
        lambda part: sending(jitter=Jitter(sinusoidal=(part,))),
        waved,
        {"amplitude_ui": 0.08, "frequency": 1.3e9},
    ),
    (
        BoundedJitter(0.05, 2e9, 1e9),
        lambda part: sending(jitter=Jitter(bounded=(part,))),
        waved,
        {"amplitude_ui": 0.08, "rate": 3e9, "corner": 0.5e9},
    ),
    (
        PhaseNoise((1e6, 1e9), (-100.0, -120.0)),
        lambda part: sending(jitter=Jitter(phase_noise=part)),
        waved,
        {"offset": (2e6, 1e9), "dbc_per_hz": (-98.0, -120.0), "carrier": 20e9},
    ),
    (
        Aggressor(phase_ui=0.25),
        lambda part: link(aggressors=(part, Aggressor())),
        waved_long,
        {"amplitude": 0.6, "rate_offset_ppm": 8000.0, "phase_ui": 0.75, "pattern": Pattern("prbs13q")},
    ),
    (
        Pattern(symbols=(0, 3, 1, 2, 0, 0, 3)),
        lambda part: sending(pattern=part),
        waved,
        {"symbols": (0, 3, 2, 1, 0, 0, 3)},
    ),
    (Pattern("prbs13q"), lambda part: sending(pattern=part), waved, {"name": "prbs15"}),
    (
        LIMITS,
        searched,
        chosen,
        {
            "tx_ffe": ((-1, (-0.15,)),), "tx_main_minimum": 0.98, "g_dc_db": (-1.0,), "g_dc2_db": (-2.0,),
            "dfe_max": (0.05,), "dfe_min": (0.25,), "rx_ffe_pre": 1, "rx_ffe_post": 1,
        },
    ),
    (
        span(),
        lit,
        statistical,
        {
            "path": dataclasses.replace(LASER_PATH, coupling_loss_db=2.0),
            "before": HALF, "after": HALF,
            "swing": ({"agc_db": (-20.0, 20.0)}, 0.5), "agc_db": (-3.0, -3.0), "large_signal": False, "noisy": False,
        },
    ),
    (
        LASER_PATH,
        lambda part: lit(span(part)),
        statistical,
        {
            "driver": optics.Driver(1.0), "source": optics.Laser(1e-3),
            "modulator": optics.MachZehnder(4.0), "coupling_loss_db": 2.0, "fibre": optics.Fibre(20e3, dispersion=17e-6),
            "connectors": (optics.Connector(loss_db=1.0),), "end_reflectance_db": (-26.0, -26.0), "receiver": OTHER_RECEIVER,
            "wavelengths": GRID, "heater": ({"modulator": RING}, HEATER),
        },
    ),
    (
        LASER_PATH.driver,
        lambda part: through(driver=part),
        statistical,
        {"gain": 1.0, "bandwidth": 8e9, "saturation": 0.8, "noise": 20e-9},
    ),
    (LASER_PATH.source, lambda part: through(source=part), statistical, {"power": 3e-3, "rin_db_per_hz": -125.0}),
    (
        VCSEL,
        vcsel,
        statistical,
        {
            "bias": 7e-3, "threshold": 0.5e-3, "slope": 0.3, "resistance": 150.0, "resonance": 9e9, "damping": 80e9,
            "parasitic": 10e9, "saturation": 12e-3, "rin_db_per_hz": -125.0,
        },
    ),
    (
        RATE_EQUATIONS,
        vcsel,
        statistical,
        {
            "bias": 7e-3, "resistance": 150.0, "injection_efficiency": 0.7, "carrier_lifetime": 2e-9,
            "photon_lifetime": 4e-12, "gain": 4e5, "transparency": 2e6, "compression": 4e-6, "spontaneous": 1e-2,
            "power_per_photon": 3e-8, "parasitic": 10e9, "rin_db_per_hz": -125.0,
        },
    ),
    (
        GRID,
        lambda part: through(wavelengths=part),
        statistical,
        {
            "count": 2, "spacing": 150e9, "ring": dataclasses.replace(GRID.ring, drop_loss_db=2.0), "control_error": 10e9,
            "coherent_db": -20.0, "lit": False,
        },
    ),
    (
        GRID.ring,
        lambda part: through(wavelengths=dataclasses.replace(GRID, ring=part)),
        statistical,
        {"linewidth": 90e9, "fsr": 820e9, "drop_loss_db": 2.0, "through_loss_db": 0.5},
    ),
    (
        MICRO_LED,
        vcsel,
        statistical,
        {
            "bias": 6e-3, "area": 1e-10, "thickness": 4e-9, "trap": 1e9, "radiative": 2e-17, "auger": 2e-43,
            "wavelength": 500e-9, "extraction": 0.3, "resistance": 150.0, "parasitic": 5e9, "rin_db_per_hz": -125.0,
        },
    ),
    (
        LASER_PATH.modulator,
        MODULATED,
        statistical,
        {
            "v_pi": 4.0, "insertion_loss_db": 2.0, "extinction_db": 15.0, "bandwidth": 8e9, "kind": "bessel4",
            "bias_phase": 0.2, "chirp": -2.0,
        },
    ),
    (
        optics.ElectroAbsorption(bias=1.5, scale=2.0, exponent=2.0, insertion_loss_db=1.0, bandwidth=12e9, chirp=0.5),
        MODULATED,
        statistical,
        {"bias": 1.3, "scale": 2.5, "exponent": 1.5, "insertion_loss_db": 2.0, "bandwidth": 8e9, "chirp": 3.0},
    ),
    (
        RING,
        MODULATED,
        statistical,
        {
            "detuning": 15e9, "shift": 5e9, "linewidth": 30e9, "floor_db": 10.0, "insertion_loss_db": 2.0,
            "electrical": 9e9, "overcoupled": True, "chirp": 1.0,
        },
    ),
    (
        HEATER,
        lambda part: through(modulator=RING, heater=part),
        statistical,
        {
            "drift": 20e9, "ambient_rate": 1e4, "heater_power": 5e-15, "absorbed": 0.6, "thermal_bandwidth": 400e3,
            "loop_bandwidth": 1e3, "lock_error": 2e9, "symbol_rate": 1e9,
        },
    ),
    (
        optics.Fibre(20e3, dispersion=17e-6, wavelength=1550e-9, loss_db_per_km=0.2),
        lambda part: through(fibre=part),
        statistical,
        {"length": 30e3, "dispersion": 30e-6, "wavelength": 1310e-9, "loss_db_per_km": 0.4},
    ),
    (
        optics.MultimodeFibre(50.0, bandwidth=10e9, loss_db_per_km=3.0),
        lambda part: through(fibre=part),
        statistical,
        {"length": 100.0, "bandwidth": 6e9, "loss_db_per_km": 20.0},
    ),
    (
        optics.Connector(loss_db=0.5, reflectance_db=-26.0),
        lambda part: through(connectors=(part, part)),
        statistical,
        {"loss_db": 1.0, "reflectance_db": -20.0},
    ),
    (
        LASER_PATH.receiver,
        lambda part: through(receiver=part),
        statistical,
        {
            "photodiode": optics.Photodiode(0.7, bandwidth=12e9),
            "tia": optics.Tia(1000.0, noise=200e-12, bandwidth=10e9),
        },
    ),
    (
        LASER_PATH.receiver.photodiode,
        lambda part: through(receiver=dataclasses.replace(LASER_PATH.receiver, photodiode=part)),
        statistical,
        {"responsivity": 0.7, "bandwidth": 8e9, "dark_current": 1e-3},
    ),
    (
        LASER_PATH.receiver.tia,
        lambda part: through(receiver=dataclasses.replace(LASER_PATH.receiver, tia=part)),
        statistical,
        {"gain": 1500.0, "noise": 200e-12, "noise_corner": 5e9, "bandwidth": 7e9, "kind": "pole", "saturation": 0.5},
    ),
)  # fmt: skip  # a table of values, one row a block

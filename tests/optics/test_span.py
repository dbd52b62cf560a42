"""A span of copper, light and copper: its gain control, its levels and noise in closed form, what it refuses."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import sirf
from sirf import optics
from sirf.channel.channel import Channel
from sirf.channel.linear_repeater import unit_channel
from sirf.channel.network import Network
from sirf.engine.light.averaged_chain import averaged
from sirf.errors import PhysicsError, SirfError
from sirf.signal.pam import levels
from sirf.transmitter.edge import transmitter_edge
from sirf.units import ELECTRON
from tests.optics.links import back_to_back, straight_path, unit_path

OPTICAL = {26.5625e9: "optical-26g", 53.125e9: "optical-53g", 106.25e9: "optical-106g", 212.5e9: "optical-212g"} | {
    2e9: "optical-2g-nrz",
    50e9: "optical-50g-nrz",
}
"""Preset of the transmitter and receiver about optics that stand alone, by symbol rate."""


def alone(name: str) -> sirf.Link:
    """A shipped path between its retimers."""
    preset = optics.load_optics(name)
    span = optics.Span.alone(preset.path, swing=preset.swing, symbol_rate=preset.symbol_rate, agc_db=preset.agc_db)
    return sirf.Link(span, standard=OPTICAL[preset.symbol_rate])


def between(path: optics.OpticalPath, board: Channel, **options: object) -> optics.Span:
    return optics.Span(path, before=board, after=board, **({"swing": 0.2} | options))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def board() -> Channel:
    return sirf.paths.cpo(rate_class="100g").to_channel(crosstalk=True)


@pytest.mark.parametrize("name", optics.list_optics())
def test_gain_control_brings_the_drive_to_the_rms_of_its_swing(name: str) -> None:
    link = alone(name)
    assert link.optics is not None
    drive = averaged(link).drive
    # levels -1, -1/3, 1/3, 1 have a mean square of 5/9; 16,384 symbols tell an rms to half a per cent
    assert drive.std() == pytest.approx(link.optics.swing * np.sqrt(np.mean(levels(link.order) ** 2)), rel=0.01)
    low, high = 10 ** (np.array(link.optics.agc_db) / 20)
    assert low < abs(link.drive_gain) < high


@pytest.mark.parametrize("taps", [(1.0,), (-0.1, 0.8, -0.1)])
@pytest.mark.parametrize("amplitude", [0.2, 0.8])
def test_gain_control_makes_up_for_copper_amplitude_and_ffe(
    board: Channel, taps: tuple[float, ...], amplitude: float
) -> None:
    preset = optics.load_optics("dr-silicon-mzm")
    link = sirf.Link(between(preset.path, board, swing=preset.swing), standard="802.3ck-c2m")
    sender = dataclasses.replace(
        link.transmitter, amplitude=amplitude, ffe=taps, ffe_main=len(taps) // 2, level_mismatch=1.0
    )
    assert averaged(link.replace(transmitter=sender)).drive.std() == pytest.approx(
        preset.swing * np.sqrt(5 / 9), rel=0.01
    )


@pytest.mark.parametrize("taps", [(0.7,), (0.02, -0.14, 0.7, -0.1, 0.04), (-0.3, 0.4, -0.3)])
def test_gain_is_that_of_the_power_spectrum(board: Channel, taps: tuple[float, ...]) -> None:
    """The taps come in by their correlation: as the integral of the whole spectrum has it."""
    rate, f = 53.125e9, board.frequency
    span = between(optics.load_optics("dr-silicon-mzm").path, board, swing=0.3, agc_db=(-80.0, 80.0))
    sender = dataclasses.replace(
        sirf.Link(board, standard="802.3ck-c2m").transmitter, amplitude=0.6, ffe=taps, ffe_main=len(taps) // 2
    )
    filtered = sum(tap * np.exp(-2j * np.pi * f / rate * lag) for lag, tap in enumerate(taps))
    shape = np.sinc(f / rate) * transmitter_edge(f, sender.rise_time) * span.path.driver.response(f)
    spectrum = np.abs(shape * filtered * board.through.s[:, 1, 0]) ** 2
    power = 2.0 * sender.amplitude**2 / rate * np.trapezoid(spectrum, f)
    assert span.drive_gain(sender, symbol_rate=rate) == pytest.approx(span.swing / np.sqrt(power), rel=1e-13)


def test_gain_control_ends_at_its_limits(board: Channel) -> None:
    sender = sirf.Link(board, standard="802.3ck-c2m").transmitter
    free = between(unit_path(), board, agc_db=(-60.0, 60.0)).drive_gain(sender, symbol_rate=53.125e9)
    decibels = 20 * np.log10(free)
    for low, high, expected in (
        (-60, decibels - 3, decibels - 3),
        (decibels + 2, 60, decibels + 2),
        (-60, 60, decibels),
    ):
        span = between(unit_path(), board, agc_db=(low, high))
        assert 20 * np.log10(span.drive_gain(sender, symbol_rate=53.125e9)) == pytest.approx(expected)


def test_a_modulator_that_dims_with_voltage_is_driven_upside_down() -> None:
    link = alone("cpo-silicon-ring")
    span = link.optics
    assert span is not None
    assert span.path.slope() < 0 > link.drive_gain
    assert (np.diff(span.drive_levels()) < 0).all()
    assert (np.diff(span.powers()) > 0).all()
    # the signal comes out upright, large and small
    assert link.pulse_response().volts.max() > -link.pulse_response().volts.min()
    waves = averaged(link)
    slicer = waves.waves.slicer.reshape(len(waves.sent), -1)[:, 0]
    assert np.corrcoef(slicer, link.levels[waves.sent])[0, 1] > 0.9


def test_levels_are_those_of_the_curves_and_the_loss() -> None:
    path = unit_path(
        source=optics.Laser(2e-3), modulator=optics.MachZehnder(4.0, insertion_loss_db=3.0), coupling_loss_db=1.0,
        fibre=optics.Fibre(1000.0, loss_db_per_km=0.5), connectors=(optics.Connector(0.25),) * 2,
    )  # fmt: skip
    span = optics.Span.alone(path, swing=1.0, symbol_rate=10e9)
    drive = np.array([-1.0, -1 / 3, 1 / 3, 1.0])
    # 3 + 1 dB at the transmitter, 0.5 + 2 x 0.25 dB on the way
    expected = 2e-3 * 10**-0.5 * 0.5 * (1 + np.sin(np.pi * drive / 4.0))
    assert span.powers() == pytest.approx(expected)
    assert span.loss == pytest.approx(10**-0.1)
    # least-squares slope over the levels against that at the bias
    fitted = np.polyfit(drive, expected, 1)[0]
    assert span.gains()[0] == pytest.approx(fitted)
    assert span.linear().gains()[0] == pytest.approx(2e-3 * 10**-0.5 * 0.5 * np.pi / 4.0)
    assert span.gain(np.zeros(1))[0] == pytest.approx(fitted)


def test_noise_density_is_the_mean_of_its_closed_forms_over_the_levels() -> None:
    mean, oma, rin, noise = 1e-3, 0.8e-3, 1e-14, 12e-12
    path = straight_path(oma, mean=mean, noise=noise, rin_db_per_hz=-140.0)
    span = optics.Span.alone(path, swing=1.0, symbol_rate=10e9)
    # levels at ±1 and ±1/3 of half the amplitude: mean square of the light is mean² + 5/9 (oma / 2)²
    square = mean**2 + 5 / 9 * (0.5 * oma) ** 2
    current = noise**2 + 2 * ELECTRON * 0.8 * mean + rin * 0.8**2 * square
    found = span.noise_density(np.array([0.0, 10e9]), 1.0, symbol_rate=10e9)
    assert found == pytest.approx(1e6 * current, rel=1e-3)
    assert span.quiet().noise_density(np.ones(3), 1.0, symbol_rate=10e9) == pytest.approx([0.0, 0.0, 0.0], abs=0)


@pytest.mark.parametrize(("gain", "factor"), [(0.25, 1.0), (-1.0, 1.0), (2.0, 4.0), (-3.0, 9.0)])
def test_noise_of_the_driver_grows_with_automatic_gain_only_where_that_amplifies(gain: float, factor: float) -> None:
    quiet = dataclasses.replace(straight_path(0.8e-3, mean=1e-3), driver=optics.Driver(4.0))
    path = dataclasses.replace(quiet, driver=optics.Driver(4.0, noise=4e-9))
    found = [
        optics.Span.alone(one, swing=0.25, symbol_rate=10e9).noise_density(np.zeros(1), gain, symbol_rate=10e9)[0]
        for one in (path, quiet)
    ]
    # a volt behind the driver makes half the amplitude of light, 0.8 A/W and 1000 Ohm
    assert found[0] - found[1] == pytest.approx(factor * (4e-9 * 0.4e-3 * 0.8 * 1000.0) ** 2, rel=1e-6)


def test_double_reflections_have_their_variance_in_the_whole_density() -> None:
    path = dataclasses.replace(
        straight_path(0.8e-3, mean=1e-3), connectors=(optics.Connector(reflectance_db=-30.0),) * 2
    )
    span = optics.Span.alone(path, swing=1.0, symbol_rate=10e9)
    frequency = np.arange(0.0, 1e12, 1e8)
    found = np.trapezoid(span.beat_density(frequency, symbol_rate=10e9), frequency)
    # 2 rho² P <P> with rho = 1e-3, averaged over the levels
    assert found == pytest.approx((1000.0 * 0.8) ** 2 * 2e-6 * 1e-3**2, rel=1e-6)


def test_parts_are_switched_off_one_by_one(board: Channel) -> None:
    span = between(optics.load_optics("fr-eml").path, board)
    link = sirf.Link(span, standard="cei-112g-linear")
    assert link.replace(optics=span.quiet()).optics is not None
    assert not link.replace(optics=span.linear()).optics.large_signal  # type: ignore[union-attr]
    assert not span.linear().large_signal
    assert span.linear().noisy
    assert not span.quiet().noisy
    assert span.quiet().large_signal
    bare = span.undisturbed()
    assert (len(span.copper.fext), len(span.copper.next)) == (4, 2)
    assert span.passing == (4, 1)
    assert (bare.copper.fext, bare.copper.next, bare.before.fext, bare.after.next) == ((), (), (), ())
    assert bare.copper.through is span.copper.through
    assert bare.undisturbed() is bare
    assert repr(span) == "Span(ElectroAbsorption, 2.4 dB of glass, between cpo + cpo)"


@pytest.mark.parametrize("swing", [0.0, -0.2, np.nan, np.inf])
def test_a_swing_that_is_none_is_refused(swing: float) -> None:
    with pytest.raises(
        PhysicsError, match=r"^swing must be positive volts, got .*\. Give the peak at the driver's input\.$"
    ):
        optics.Span.alone(unit_path(), swing=swing, symbol_rate=10e9)


def test_a_swing_over_the_crest_of_the_curve_is_refused_but_for_linear_optics() -> None:
    # sin(2.4) < sin(0.8): the outer levels come to lie between the inner ones
    with pytest.raises(
        PhysicsError, match=r"^swing must leave the levels of light in ascending order, got 1\.2 V for 162, "
    ):
        optics.Span.alone(unit_path(), swing=1.2, symbol_rate=10e9)
    assert optics.Span.alone(unit_path(), swing=1.2, symbol_rate=10e9, large_signal=False).powers()[0] > 0.1
    assert (np.diff(optics.Span.alone(unit_path(), swing=1.0, symbol_rate=10e9).powers()) > 0).all()


def test_gain_limits_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(PhysicsError, match=r"^agc_db must be \(least, greatest\), got \(3\.0, -3\.0\)\. Swap them\.$"):
        optics.Span.alone(unit_path(), swing=1.0, symbol_rate=10e9, agc_db=(3.0, -3.0))


def test_copper_that_is_not_complete_or_on_another_grid_is_refused(board: Channel) -> None:
    with pytest.raises(SirfError, match=r"^plane of .* must be 'die' in a linear chain, got 'ball'\."):
        optics.Span(unit_path(), before=dataclasses.replace(board, plane="ball"), after=board, swing=1.0)
    coarse = unit_channel(np.arange(0.0, 100e9, 20e6))
    with pytest.raises(SirfError, match=r"must be the same in a linear chain, got two grids\."):
        optics.Span(unit_path(), before=board, after=coarse, swing=1.0)


def test_copper_behind_the_light_takes_its_loss_off_the_noise_power() -> None:
    """6.02 dB of flat loss leave a quarter of the density, at every frequency."""
    link = back_to_back(straight_path(0.8e-3, mean=1e-3, noise=20e-12))
    assert link.optics is not None
    after = link.optics.after
    s = after.through.s.copy()
    s[:, 1, 0] *= 0.5
    s[:, 0, 1] *= 0.5
    lossy = dataclasses.replace(after, through=Network(after.through.frequency, s, z0=after.through.z0))
    span = optics.Span(link.optics.path, before=link.optics.before, after=lossy, swing=1.0, agc_db=(0.0, 0.0))
    frequency = np.linspace(1e8, 8e9, 9)
    whole = link.optical_noise(frequency)
    assert whole.min() > 0.0
    np.testing.assert_allclose(
        link.replace(channel=span.copper, optics=span).optical_noise(frequency), 0.25 * whole, rtol=1e-9
    )


def test_light_of_other_wavelengths_leaks_with_the_spectrum_of_random_symbols() -> None:
    """Variance times 2 T sinc²: all of it over the band, none at the symbol rate, 4 / pi² of the top half way."""
    preset = optics.load_optics("wdm16-silicon-ring")
    rate = preset.symbol_rate
    span = optics.Span.alone(preset.path, swing=preset.swing, symbol_rate=rate, agc_db=preset.agc_db)
    light, leaks = span.powers(4), preset.path.interference.leaks
    assert leaks
    variance = sum(leak**2 for leak in leaks) * np.var(light) * preset.path.receiver.photodiode.responsivity**2
    found = span.leak_density(np.array([0.0, 0.5 * rate, rate]), symbol_rate=rate)
    np.testing.assert_allclose(found, variance * 2.0 / rate * np.array([1.0, 4.0 / np.pi**2, 0.0]), atol=1e-35)
    band = np.linspace(0.0, 200.0 * rate, 400_001)
    assert np.trapezoid(span.leak_density(band, symbol_rate=rate), band) == pytest.approx(variance, rel=2e-3)

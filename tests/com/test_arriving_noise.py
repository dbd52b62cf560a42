"""Noise that comes with the channel: common mode and calibration of receiver tests, against closed forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import sirf
from sirf.channel.die_to_die import PackageCase
from sirf.channel.network import Network
from sirf.channel.package import Package
from sirf.channel.pair import PairNetwork
from sirf.com.annex_93a import margin_of_case
from sirf.com.arriving_noise import (
    calibration_noise,
    high_passed_part,
    noise_path_transfer,
    source_shape,
    with_calibration_noise,
)
from sirf.com.config.settings import CalibrationSettings, ComSettings, DfeSettings, RxFfeSettings, SamplingSettings
from sirf.com.filters import ctle_transfer, receiver_filter
from sirf.com.margin import com
from sirf.errors import ConfigError
from tests.com.small import BARE, small_settings

GRID = np.arange(0.0, 60e9 + 5e6, 20e6)
CONVERSION = 0.03
COMMON_MODE_RMS = 0.05


def line(loss: float = 3e-6, gain: float = 1.0) -> Network:
    s = np.zeros((GRID.size, 2, 2), dtype=complex)
    s[:, 1, 0] = s[:, 0, 1] = gain * np.exp(-loss * np.sqrt(GRID) * (1 + 1j) - 2j * np.pi * GRID * 0.2e-9)
    return Network(GRID, s, z0=100.0, name="line")


def converting() -> sirf.Channel:
    """A line whose common mode arrives as `CONVERSION` of itself at the other end, at every frequency alike."""
    s, turned = line().s, np.zeros((GRID.size, 2, 2), dtype=complex)
    turned[:, 1, 0] = turned[:, 0, 1] = CONVERSION * np.exp(-2j * np.pi * GRID * 0.2e-9)
    pair = PairNetwork(GRID, s, s, turned, turned)
    return sirf.Channel(line(), four_port=pair.four_port(), name="line")


def with_ffe(settings: ComSettings) -> ComSettings:
    """Annex 178A: a short FFE, one tap of feedback, sampled at the peak."""
    receiver = replace(
        settings.receiver,
        dfe=DfeSettings(b_max=(0.85,), b_min=(0.0,)),
        ffe=RxFfeSettings(pre=2, post=3),
        sampling=SamplingSettings(anchor=1),
    )
    return replace(settings, receiver=receiver)


def annexes() -> list[ComSettings]:
    # without an edge filter what is converted is a constant
    settings = small_settings(samples_per_ui=8)
    settings = replace(settings, transmitter=replace(settings.transmitter, rise_time=None))
    return [settings, with_ffe(settings)]


@pytest.mark.parametrize("settings", annexes(), ids=["93A", "178A"])
def test_common_mode_of_a_known_conversion_is_so_much_more_receiver_noise(settings: ComSettings) -> None:
    """2 A² k² / f_max beside eta_0, where k is the conversion and f_max the end of the band."""
    tx = replace(settings.transmitter, common_mode_rms=(COMMON_MODE_RMS,), common_mode_bandwidth=1e12)
    density = 2.0 * (COMMON_MODE_RMS * CONVERSION) ** 2 / GRID[-1]
    raised = replace(settings.receiver, noise_density=settings.receiver.noise_density + density)
    found = margin_of_case(converting(), replace(settings, transmitter=tx), 1)
    expected = margin_of_case(converting(), replace(settings, receiver=raised), 1)
    quiet = margin_of_case(converting(), settings, 1)
    # with an FFE eta_0 goes on beyond the band of the data, where H_r leaves little of it
    assert found.com_db == pytest.approx(expected.com_db, abs=2e-3)
    assert found.fom_db == pytest.approx(expected.fom_db, abs=2e-3 if settings.receiver.ffe else 1e-9)
    assert found.com_db < quiet.com_db - 0.2
    assert found.ledger is not None
    assert "common-mode noise" in [term.name for term in found.ledger.terms]


def test_common_mode_of_aggressors_is_said_to_be_left_out() -> None:
    settings = annexes()[0]
    tx = replace(settings.transmitter, common_mode_rms=(COMMON_MODE_RMS,), common_mode_bandwidth=20e9)
    asked = replace(settings, transmitter=tx)
    coupled = replace(converting(), fext=(line(gain=0.01), line(gain=0.02)))
    (said,) = margin_of_case(coupled, asked, 1).warnings
    assert "2 aggressors are kept as differential two-ports" in said
    assert margin_of_case(coupled, settings, 1).warnings == margin_of_case(converting(), asked, 1).warnings == ()


def test_common_mode_up_to_a_corner_has_the_closed_form() -> None:
    settings = annexes()[0]
    tx = replace(settings.transmitter, common_mode_rms=(COMMON_MODE_RMS,), common_mode_bandwidth=20e9)
    found = margin_of_case(converting(), replace(settings, transmitter=tx), 1)
    f = GRID[GRID <= 20e9]
    filters = receiver_filter(f, settings.receiver) * ctle_transfer(f, settings.receiver.ctle, *found.ctle_db)
    share = float(np.sum(np.abs(filters[1:]) ** 2)) * 20e6 / f[-1]
    assert found.sigmas["common_mode"] == pytest.approx(COMMON_MODE_RMS * CONVERSION * np.sqrt(2.0 * share), rel=1e-9)
    own = np.sqrt(found.sigmas["noise"] ** 2 - found.sigmas["common_mode"] ** 2)
    whole = receiver_filter(GRID, settings.receiver) * ctle_transfer(GRID, settings.receiver.ctle, *found.ctle_db)
    assert own == pytest.approx(np.sqrt(8e-18 * np.sum(np.abs(whole[1:]) ** 2) * 20e6), rel=1e-9)


@pytest.mark.parametrize("settings", annexes(), ids=["93A", "178A"])
@pytest.mark.parametrize("corner", [0.0, 6e9], ids=["white", "high-passed"])
def test_com_with_the_calibrated_noise_is_at_its_limit(settings: ComSettings, corner: float) -> None:
    """Asked of the reference code's loop: within 0.1 dB. COM has steps of its bins, of a thousandth of the signal."""
    alone = settings.receiver.ffe is None
    asked = replace(settings, calibration=CalibrationSettings(corner=corner, of_the_source=alone), com_threshold_db=3.0)
    channel, path = sirf.Channel(line(), name="line"), line(1e-6, 0.5)
    found = com(channel, config=asked, package_case=1, noise_path=path)
    assert found.calibration is not None
    assert 3.0 <= found.com_db <= 3.02  # the calibrated channel passes
    assert found.calibration.com_db == pytest.approx(found.com_db, abs=1e-9)
    # once more, with noise put in by hand
    transfer = noise_path_transfer(path, channel, asked, 1)
    noisy = with_calibration_noise(asked, transfer, found.calibration.rms)
    assert margin_of_case(channel, noisy, 1).com_db == pytest.approx(3.0, abs=0.02)
    for part, sign in ((0.9, 1), (1.1, -1)):
        other = with_calibration_noise(asked, transfer, part * found.calibration.rms)
        assert sign * (margin_of_case(channel, other, 1).com_db - 3.0) > 0.1
    ratio = found.calibration.high_passed_rms / found.calibration.rms
    assert ratio == pytest.approx(np.sqrt(high_passed_part(corner, 53.125e9)) if alone and corner else 1.0, rel=1e-3)


def test_the_noise_of_a_flat_path_has_the_closed_form() -> None:
    """Equation (93A-48): sigma_bn times the path's gain and the root of the mean of |H_r H_ctf|² up to half the symbol rate."""
    settings = replace(annexes()[0], calibration=CalibrationSettings(), com_threshold_db=3.0)
    found = com(sirf.Channel(line(), name="line"), config=settings, package_case=1, noise_path=line(0.0, 0.5))
    assert found.calibration is not None
    f = GRID[GRID <= 0.5 * 53.125e9]
    filters = receiver_filter(f, settings.receiver) * ctle_transfer(f, settings.receiver.ctle, *found.ctle_db)
    mean = float(np.sum(np.abs(filters[1:]) ** 2)) * 20e6 / (0.5 * 53.125e9)
    assert found.sigmas["calibration"] == pytest.approx(found.calibration.rms * 0.5 * np.sqrt(mean), rel=1e-9)


def test_the_noise_path_ends_in_the_receiver_s_package() -> None:
    """A source of 50 ohm a line into C_d and R_d at the die: 2 Z / (50 + Z) of a matched one's voltage."""
    capacitance, termination = 150e-15, 45.0
    die = Package(die=((capacitance, 0.0),), r_d=termination)
    case = PackageCase(transmitter=die, fext=BARE, next=BARE, receiver=die)
    settings = replace(small_settings(), packages=(case,))
    # no length and no loss: the path itself is a wire
    s = np.zeros((GRID.size, 2, 2), dtype=complex)
    s[:, 1, 0] = s[:, 0, 1] = 1.0
    channel = sirf.Channel(line(), name="line")
    found = noise_path_transfer(Network(GRID, s, z0=100.0, name="wire"), channel, settings, 1)
    load = 1.0 / (1.0 / termination + 2j * np.pi * GRID * capacitance)
    assert found.value == pytest.approx(2.0 * load / (50.0 + load), abs=1e-9)


def test_noise_told_behind_its_high_pass_has_that_power() -> None:
    path = line(0.0)
    settings = replace(small_settings(), calibration=CalibrationSettings(corner=4e9, of_the_source=False))
    transfer = noise_path_transfer(path, sirf.Channel(line(), name="line"), settings, 1)
    noise = calibration_noise(transfer, settings, 0.01)
    fine = np.linspace(0.0, 0.5 * 53.125e9, 100001)
    assert np.trapezoid(noise.density, noise.frequency) == pytest.approx(0.01**2, rel=2e-3)
    assert np.mean(source_shape(fine, settings)) == pytest.approx(1.0, rel=1e-4)


def test_no_noise_where_com_is_below_its_limit_without_any() -> None:
    settings = replace(annexes()[0], calibration=CalibrationSettings(), com_threshold_db=30.0)
    found = com(sirf.Channel(line(), name="line"), config=settings, package_case=1, noise_path=line())
    assert found.calibration is not None
    assert found.calibration.rms == 0.0
    assert "receiver calibration" in str(found)
    assert found.to_dict()["calibration"]["least_com_db"] == pytest.approx(found.com_db)


def test_what_cannot_be_calibrated_or_converted_is_refused() -> None:
    settings = annexes()[0]
    channel = sirf.Channel(line(), name="line")
    with pytest.raises(ConfigError, match="noise_path must be given where RX_CALIBRATION or PSDRXCAL is 1"):
        com(channel, config=replace(settings, calibration=CalibrationSettings()))
    with pytest.raises(ConfigError, match="the noise path must carry noise to the receiver"):
        com(channel, config=settings, noise_path=line(0.0, 1e-9))
    tx = replace(settings.transmitter, common_mode_rms=(0.01,), common_mode_bandwidth=20e9)
    with pytest.raises(ConfigError, match=r"AC_CM_RMS must be 0 for line, got 0.01 V: .* without mode conversion"):
        com(channel, config=replace(settings, transmitter=tx))
    narrow = replace(tx, common_mode_bandwidth=1e6)
    with pytest.raises(ConfigError, match="ACCM_MAX_Freq must reach into the band of line"):
        com(converting(), config=replace(settings, transmitter=narrow))

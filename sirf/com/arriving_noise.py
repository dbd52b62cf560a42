"""Noise that comes to the receiver with the channel: the transmitter's common mode turned differential, and a tester's noise.

Both are densities at the input of the receiver's noise filter, where eta_0 stands too; filter, CTLE and FFE shape them alike.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sirf._arrays import Float
from sirf.channel.channel import Channel
from sirf.channel.die_to_die import BARE, HostBoards, PackageCase, die_to_die
from sirf.channel.network import Network
from sirf.channel.pair import PairNetwork
from sirf.channel.transfer import Transfer
from sirf.com.config.settings import ArrivingNoise, CalibrationSettings, ComSettings, ReceiverSettings
from sirf.com.responses import transmitter_filter
from sirf.errors import ConfigError

RECEIVER, COMMON_MODE, CALIBRATION = "receiver noise", "common-mode noise", "calibration noise"
"""What these are called in a ledger."""


def density_of(noise: tuple[ArrivingNoise, ...], frequency: Float) -> Float:
    """Sum (F,) of one-sided densities in V²/Hz at `frequency` in Hz, zero beyond the band of each."""
    # zero outside its band: noise is not extrapolated
    total = np.zeros(frequency.size)
    for one in noise:
        total += np.interp(frequency, one.frequency, one.density, left=0.0, right=0.0)
    return total


def noise_sources(receiver: ReceiverSettings) -> dict[str, ReceiverSettings]:
    """By its name in a ledger each source of the receiver's noise, as a receiver that has it alone."""
    alone = {one.name: replace(receiver, noise_density=0.0, arriving=(one,)) for one in receiver.arriving}
    return {RECEIVER: replace(receiver, arriving=()), **alone}


def arriving_sigmas(sources: dict[str, float]) -> dict[str, float]:
    """Sigmas in V of what arrives, as a result names them, of the sources of the receiver's noise."""
    return {name.removesuffix(" noise").replace("-", "_"): sigma for name, sigma in sources.items() if name != RECEIVER}


def with_common_mode(channel: Channel, settings: ComSettings, case: int) -> ComSettings:
    """The settings of test case `case` (from 1) with the common-mode noise of its transmitter, where they ask for it.

    Raises `ConfigError` for a channel whose 4-port is not known: conversion is not in a differential two-port.
    """
    rms = settings.transmitter.common_mode_rms
    if not rms or not rms[case - 1]:
        return settings
    if channel.four_port is None:
        raise ConfigError(
            f"{settings.name}: AC_CM_RMS must be 0 for {channel.name or 'this channel'}, got {rms[case - 1]:g} V: the data are "
            "of a differential two-port, without mode conversion. Give a 4-port (.s4p), or set AC_CM_RMS to 0."
        )
    return _with(settings, common_mode_noise(channel, settings, case))


def common_mode_notes(channel: Channel, settings: ComSettings, case: int) -> tuple[str, ...]:
    """What is to be said about the common-mode noise of test case `case`: aggressors are kept without their conversion."""
    rms = settings.transmitter.common_mode_rms
    aggressors = len(channel.fext) + len(channel.next)
    if not rms or not rms[case - 1] or not aggressors:
        return ()
    return (
        f"AC_CM_RMS: common mode of the through path alone is counted; {aggressors} aggressors are kept as differential "
        "two-ports, and the reference code adds what theirs is turned into.",
    )


def common_mode_noise(channel: Channel, settings: ComSettings, case: int) -> ArrivingNoise:
    """AC common mode of the transmitter as differential noise at the receiver, as the reference code has it.

    A source of rms A (AC_CM_RMS), white up to f_max, arrives with a density of 2 A² |H_t H_dc|² / f_max. H_dc is the voltage
    transfer of the conversion parameters S_dc as a two-port between the packages of the case, equation (93A-18).
    """
    assert channel.four_port is not None
    packages = settings.packages[case - 1]
    # S_dc takes the place of the differential parameters, so that cascade and packages are those of any path
    pair = PairNetwork.from_four_port(channel.four_port)
    f = pair.frequency
    # a pair without conversion parameters converts nothing
    conversion = np.zeros_like(pair.dd) if pair.dc is None else pair.dc
    converted = replace(
        channel, through=Network(f, conversion, z0=channel.through.z0), four_port=None, fext=(), next=()
    )
    transfer = die_to_die(converted, packages, common_mode=False).transfers[0].value
    transfer = transfer * transmitter_filter(f, settings, packages)
    # white up to f_max, and nothing beyond
    inside = f <= settings.transmitter.common_mode_bandwidth
    # 0 Hz alone is no band
    if not np.any(inside[1:]):
        raise ConfigError(
            f"{settings.name}: ACCM_MAX_Freq must reach into the band of {channel.name or 'the channel'}, got "
            f"{settings.transmitter.common_mode_bandwidth:g} Hz. Give it in Hz, the symbol rate by default."
        )
    rms = settings.transmitter.common_mode_rms[case - 1]
    # half of its power on either side of 0 Hz makes the factor of 2
    density = 2.0 * rms**2 / float(f[inside][-1]) * np.abs(transfer) ** 2
    return ArrivingNoise(COMMON_MODE, f[inside], density[inside])


def noise_path_transfer(path: Network, channel: Channel, settings: ComSettings, case: int) -> Transfer:
    """Voltage transfer from a matched noise source over `path` and the receiver's package, equations (93A-18) and (93A-47)."""
    # the noise source is matched: no package of a transmitter stands ahead of the path
    packages = settings.packages[case - 1]
    receiver = PackageCase(
        transmitter=BARE,
        fext=BARE,
        next=BARE,
        receiver=packages.receiver,
        boards=HostBoards(receiver=packages.boards.receiver),
    )
    return die_to_die(Channel(path, plane=channel.plane, name=path.name), receiver, common_mode=False).transfers[0]


def calibration_noise(transfer: Transfer, settings: ComSettings, rms: float) -> ArrivingNoise:
    """White noise of `rms` in V up to half the symbol rate, behind its high-pass and `transfer`, equation (93A-48)."""
    f, half = transfer.frequency, 0.5 * settings.symbol_rate
    inside = f <= half
    # a one-sided density that is flat up to half the symbol rate
    density = rms**2 / half * source_shape(f[inside], settings) * np.abs(transfer.value[inside]) ** 2
    return ArrivingNoise(CALIBRATION, f[inside], density)


def source_shape(frequency: Float, settings: ComSettings) -> Float:
    """Power (F,) of the noise source over that of white noise with the rms that is told."""
    calibration = settings.calibration or CalibrationSettings()
    if not calibration.corner:
        return np.ones(frequency.size)
    x = (frequency / calibration.corner) ** 2
    # the rms counts ahead of the high-pass, or behind it: then what the filter takes is put back
    kept = 1.0 if calibration.of_the_source else high_passed_part(calibration.corner, settings.symbol_rate)
    return np.asarray(x / (1.0 + x) / kept)


def high_passed_part(corner: float, symbol_rate: float) -> float:
    """Part of the power of noise white up to half the symbol rate that a first-order high-pass with `corner` in Hz leaves.

    >>> round(high_passed_part(1e-3, 1.0), 4)
    0.9969
    """
    # mean of f² / (f² + corner²) over the band
    return 1.0 - 2.0 * corner / symbol_rate * float(np.arctan(0.5 * symbol_rate / corner))


def with_calibration_noise(settings: ComSettings, transfer: Transfer, rms: float) -> ComSettings:
    """The settings with calibration noise of `rms` in V at its source."""
    return _with(settings, calibration_noise(transfer, settings, rms)) if rms > 0.0 else settings


def _with(settings: ComSettings, noise: ArrivingNoise) -> ComSettings:
    receiver = settings.receiver
    return replace(settings, receiver=replace(receiver, arriving=(*receiver.arriving, noise)))

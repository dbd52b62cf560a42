"""Settings of a standard at another symbol rate and with other levels: the same circuits, asked to send other symbols."""

from __future__ import annotations

from dataclasses import replace

from sirf.channel.die_to_die import PackageCase
from sirf.channel.package import Package
from sirf.com.config.settings import ComSettings
from sirf.errors import ConfigError
from sirf.signal.pam import level_shares, order_of


def rescaled(
    settings: ComSettings, symbol_rate: float, modulation: str, *, der0: float, circuit_rate: float
) -> ComSettings:
    """`settings` of a standard at `symbol_rate` baud with the levels of `modulation`, judged at the detector error ratio `der0`.

    What belongs to the circuits stays: peak voltages, SNR_TX, R_LM, noise density, number of taps and their limits, converter
    bits and clipping probability, and in seconds transition time and jitter. Those are first made for `circuit_rate` in baud, the
    symbol rate for which the circuits are built: times shrink with its period, UI for UI as in the standard, and so do the
    capacitances and inductances of dies and balls. Package lines stay. What is designed for a symbol rate follows that: corner of
    the noise filter, poles and zero of the CTLE. Figures of merit of the standard's channels (ERL, ICN) are left out. Raises
    `ConfigError` for settings without a receiver FFE (other Annexes than 178A).
    """
    receiver, tx = settings.receiver, settings.transmitter
    # other Annexes fix the number of taps by their modulation, so nothing general could be carried to another one
    if receiver.ffe is None:
        raise ConfigError(
            f"{settings.name}: standard must have a receiver FFE (Annex 178A), got Annex {settings.annex}. Use 802.3dj-kr1."
        )
    # corners that are designed for a symbol rate follow the new one
    designed = symbol_rate / settings.symbol_rate
    # times of the circuits follow the rate that they are built for
    period = settings.symbol_rate / circuit_rate
    # jitter in UI: the same seconds are a smaller part of a longer UI
    slower = symbol_rate / circuit_rate
    ctle = receiver.ctle
    order = order_of(modulation)
    # unequal shares are those of PAM6 mapped by pairs
    shares = tuple(float(share) for share in level_shares(order))
    return replace(
        settings,
        symbol_rate=symbol_rate,
        levels=order,
        # equal shares stay unsaid, so that the usual case takes the same arithmetic, to the last digit, as a sheet
        level_shares=() if len(set(shares)) == 1 else shares,
        der0=der0,
        transmitter=replace(
            tx,
            rise_time=None if tx.rise_time is None else tx.rise_time * period,
            sigma_rj=tx.sigma_rj * slower,
            a_dd=tx.a_dd * slower,
        ),
        receiver=replace(
            receiver,
            noise_corner=None if receiver.noise_corner is None else receiver.noise_corner * designed,
            raised_cosine=None
            if receiver.raised_cosine is None
            else (receiver.raised_cosine[0] * designed, receiver.raised_cosine[1] * designed),
            ctle=replace(
                ctle,
                f_z=ctle.f_z * designed,
                f_p1=ctle.f_p1 * designed,
                f_p2=ctle.f_p2 * designed,
                f_lf=None if ctle.f_lf is None else ctle.f_lf * designed,
            ),
        ),
        # package lines are metal: their delay and loss are those of their length at any rate
        packages=tuple(_faster_case(case, period) for case in settings.packages),
        # an eye in a window and figures of merit are rules of the standard's own modulation and rate
        c2m=None,
        erl=None,
        figures=None,
        erl_threshold_db=None,
        vec_threshold_db=None,
        # a local search starts from the sheet's own setting, which another rate has no reason to be near
        local_search=0,
    )


def faster_package(package: Package, period: float) -> Package:
    """The package with all lumped capacitances and inductances times `period`, a ratio of unit intervals; its lines stay."""
    return replace(
        package,
        die=tuple((capacitance * period, inductance * period) for capacitance, inductance in package.die),
        c_b=package.c_b * period,
        c_p=package.c_p * period,
    )


def _faster_case(case: PackageCase, period: float) -> PackageCase:
    return replace(
        case,
        transmitter=faster_package(case.transmitter, period),
        fext=faster_package(case.fext, period),
        next=faster_package(case.next, period),
        receiver=faster_package(case.receiver, period),
        rise_time=None if case.rise_time is None else case.rise_time * period,
    )

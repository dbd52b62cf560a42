"""ERL, ICN and insertion loss deviation of a channel under a COM configuration."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from sirf.channel.channel import Channel
from sirf.channel.figures import (
    Balance,
    ErlSettings,
    balance,
    deviation_figure_of_merit,
    effective_return_loss,
    fitted_insertion_loss,
    integrated_crosstalk_noise,
)
from sirf.channel.figures.apparent_bandwidth import apparent_bandwidth
from sirf.com.config.settings import ComSettings
from sirf.errors import ConfigError

# by Grr of the workbook, which numbers the ways in which reflections are weighed over time
_GATES: dict[float, Any] = {0.0: "before", 1.0: "802.3cd", 2.0: "constant"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures in the frequency domain, None where the configuration does not ask for them.

    ICN in V, the apparent bandwidth in Hz, the others in dB; `balance` where the channel's 4-port is known.
    """

    erl11_db: float | None
    erl22_db: float | None
    icn: float | None
    fom_ild_db: float | None
    fitted_loss_db: float | None
    apparent_bandwidth: float | None = None
    balance: Balance | None = None

    @property
    def erl_db(self) -> float | None:
        """The smaller ERL."""
        if self.erl11_db is None or self.erl22_db is None:
            return None
        return min(self.erl11_db, self.erl22_db)


def figures_of(channel: Channel, settings: ComSettings) -> Figures:
    """ERL of both ports, ICN and FOM_ILD of `channel`, without packages.

    Where the configuration wants ERL through the transmitter's package, that is the one of the first test case to run, as
    in the reference code, which computes ERL once.
    """
    first, second = _return_losses(channel, settings)
    pair_balance = None if channel.four_port is None else balance(channel.four_port, settings.symbol_rate / 2)
    values = settings.figures
    if values is None:
        return Figures(
            erl11_db=first, erl22_db=second, icn=None, fom_ild_db=None, fitted_loss_db=None, balance=pair_balance
        )
    # the reference code describes all files at R_0, which is that of one line of the pair, before anything else
    impedance = 2.0 * settings.packages[0].reference_impedance
    rate, through = settings.symbol_rate, channel.through.renormalized(impedance)
    fit = fitted_insertion_loss(through.frequency, through.s[:, 1, 0], f_min=values.f_1, f_max=values.f_2_ild)
    noise = [
        integrated_crosstalk_noise(
            [network.renormalized(impedance) for network in networks],
            amplitude=amplitude,
            symbol_rate=rate,
            transmitter_corner=corner,
            receiver_corner=values.f_r,
            f_min=values.f_1,
            f_max=values.f_2,
        )
        for networks, amplitude, corner in (
            (channel.fext, values.a_ft, values.f_f),
            (channel.next, values.a_nt, values.f_n),
        )
    ]
    return Figures(
        erl11_db=first,
        erl22_db=second,
        # FEXT and NEXT are independent: their powers add
        icn=math.hypot(*noise),
        fom_ild_db=deviation_figure_of_merit(
            fit, symbol_rate=rate, transmitter_corner=values.f_v, receiver_corner=values.f_r
        ),
        fitted_loss_db=float(np.asarray(fit.at(rate / 2))),
        balance=pair_balance,
        apparent_bandwidth=None
        if values.bandwidth_slope is None
        else apparent_bandwidth(through.frequency, through.s[:, 1, 0], slope_db_per_ghz=values.bandwidth_slope),
    )


def _return_losses(channel: Channel, settings: ComSettings) -> tuple[float | None, float | None]:
    asked, corner = settings.erl, settings.receiver.noise_corner
    if asked is None or corner is None:
        return None, None
    gate = _GATES.get(asked.grr)
    if gate is None:
        raise ConfigError(f"{settings.name}: Grr must be 0, 1 or 2, got {asked.grr:g}. Use 1.")
    erl = ErlSettings(
        symbol_rate=settings.symbol_rate,
        der0=settings.der0,
        length_ui=asked.length_ui or None,
        levels=settings.levels,
        samples_per_ui=settings.samples_per_ui,
        rise_time=asked.rise_time,
        corner_per_symbol_rate=corner / settings.symbol_rate,
        equalized_ui=asked.n_bx,
        rho_x=asked.rho_x,
        beta_x=asked.beta_x,
        fixture_delay=asked.fixture_delay,
        tukey_window=asked.tukey_window,
        impedance=asked.z_t,
        gate=gate,
    )
    through = channel.through
    second = through
    if asked.with_package:
        package = settings.packages[settings.selected[0] - 1].transmitter
        # seen from port 2 the channel then ends in the transmitter's package
        second = package.network(through.frequency) @ through.renormalized(2.0 * package.r_0)
    return effective_return_loss(through, erl, port=1), effective_return_loss(second, erl, port=2)

"""What a pair does to its own balance: P/N skew and conversion between differential and common mode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirf._arrays import Complex, Float
from sirf.channel.mixed_mode import PortOrder, mixed_modes
from sirf.channel.network import Network
from sirf.errors import SirfError
from sirf.units import db20

STRAIGHT: PortOrder = (1, 2, 3, 4)
"""Order of `Channel.four_port`: P in, P out, N in, N out."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ModeConversion:
    """Mixed-mode S-parameters (F, 2, 2) of a pair, S_xy[out, in] from mode y to mode x, at `frequency` (F,) in Hz.

    `dd`, `cd` (differential to common), `dc` (common to differential), `cc`; differential at twice, common at half the
    single-ended impedance.
    """

    frequency: Float
    dd: Complex
    cd: Complex
    dc: Complex
    cc: Complex

    @property
    def scd21_db(self) -> Float:
        """Common mode at the far end per differential drive, in dB (F,)."""
        return db20(self.cd[:, 1, 0])

    @property
    def scd11_db(self) -> Float:
        """Common mode that comes back to the driver per differential drive, in dB (F,)."""
        return db20(self.cd[:, 0, 0])

    @property
    def relative_db(self) -> Float:
        """SCD21 relative to SDD21 in dB (F,): how much of what arrives is common mode."""
        return np.asarray(self.scd21_db - db20(self.dd[:, 1, 0]))


def mode_conversion(network: Network, order: PortOrder = STRAIGHT) -> ModeConversion:
    """Mixed-mode parameters of a single-ended 4-port with `order` (P in, P out, N in, N out), counted from 1.

    Raises `SirfError` unless the network has 4 ports.
    """
    _check_four_ports(network)
    p_in, p_out, n_in, n_out = (port - 1 for port in order)
    # differential and common mode in one pass, so that both belong to the same order of ports
    modes = mixed_modes(network.s, (p_in, p_out), (n_in, n_out))
    return ModeConversion(frequency=network.frequency, **modes._asdict())


def pn_skew(network: Network, order: PortOrder = STRAIGHT, *, f_max: float | None = None) -> float:
    """Delay in s of the P output less that of the N output under differential drive; positive where P is late.

    The phase between the two outputs, fitted by a straight line through the origin up to `f_max` Hz (the whole band by default),
    each point weighted by the product of the magnitudes. A pair whose lines differ only in delay gives exactly that delay.

    Raises `SirfError` unless the network has 4 ports and points below `f_max`, or where nothing arrives.
    """
    _check_four_ports(network)
    p_in, p_out, n_in, n_out = (port - 1 for port in order)
    s, f = network.s, network.frequency
    # differential drive: half on P, minus half on N; the factor cancels in the ratio
    at_p = s[:, p_out, p_in] - s[:, p_out, n_in]
    at_n = s[:, n_out, n_in] - s[:, n_out, p_in]
    used = (f > 0) & (f <= (f[-1] if f_max is None else f_max))
    # at DC there is no phase
    ratio = (at_p * np.conj(at_n))[used]
    weight = np.abs(ratio)
    total = float(np.sum(weight * f[used] ** 2))
    if not total > 0:
        raise SirfError(
            f"network must pass a signal below {f_max or f[-1]:g} Hz, got none. Check the port order and f_max."
        )
    # a first guess from neighbours keeps the phase from being unwrapped through deep notches
    turn = ratio[1:] * np.conj(ratio[:-1])
    guess = -float(np.angle(np.sum(turn))) / (2 * np.pi * float(np.median(np.diff(f[used])))) if ratio.size > 1 else 0.0
    rest = np.angle(ratio * np.exp(2j * np.pi * f[used] * guess))
    # phase of P over N is -2 pi f skew: the weighted slope through the origin, on top of the guess
    return guess - float(np.sum(weight * f[used] * rest)) / (2 * np.pi * total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """How unequal the lines of a pair are: `skew` in s, the worst SCD21 and SCD11 in dB, and what that costs in dB.

    `conversion_loss_db` is the part of the loss at Nyquist that went into the common mode, 10 log10(1 + |SCD21 / SDD21|²): the
    insertion loss is the effective one, and less by this the pair would lose if its lines were equal. Exact for lines without
    coupling, where it is -20 log10 |cos(pi f skew)|.
    """

    skew: float
    scd21_worst_db: float
    scd11_worst_db: float
    conversion_loss_db: float


def balance(network: Network, nyquist: float) -> Balance:
    """Skew and conversion of a 4-port in the order P in, P out, N in, N out, up to `nyquist` in Hz, conversion loss there.

    Raises `SirfError` unless the network has 4 ports, or where nothing arrives.
    """
    # in the straight order by then: the four-port of a channel is sorted when it is read
    modes = mode_conversion(network)
    low = modes.frequency <= nyquist * (1 + 1e-9)
    # powers are interpolated: their ratio is what the loss is made of
    arrived, converted = (np.interp(nyquist, modes.frequency, np.abs(s[:, 1, 0]) ** 2) for s in (modes.dd, modes.cd))
    return Balance(
        skew=pn_skew(network, f_max=nyquist),
        scd21_worst_db=float(np.max(modes.scd21_db[low])),
        scd11_worst_db=float(np.max(modes.scd11_db[low])),
        # a floor far below any signal keeps the quotient finite
        conversion_loss_db=float(10.0 * np.log10(1.0 + converted / max(float(arrived), 1e-30))),
    )


def _check_four_ports(network: Network) -> None:
    if network.ports != 4:
        raise SirfError(
            f"number of ports must be 4 for skew and mode conversion, got {network.ports} in "
            f"{network.name or 'this network'}. Load the pair as a single-ended 4-port (.s4p)."
        )

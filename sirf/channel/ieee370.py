"""Quality figures of IEEE Std 370-2020 (annex on S-parameter quality), by scikit-rf (`skrf.calibration.deembedding`)."""

from __future__ import annotations

import warnings as python_warnings
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from sirf.channel.lanes import through_two_port
from sirf.channel.mixed_mode import PortOrder
from sirf.channel.network import Network
from sirf.channel.screening import MIN_POINTS
from sirf.errors import SirfError


@dataclass(frozen=True, slots=True, kw_only=True)
class Ieee370:
    """Initial quality figures of IEEE 370 in percent, 100 is best; None where they do not exist (one port, few points)."""

    causality: float | None
    passivity: float | None
    reciprocity: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ieee370Application:
    """Application-based figures of IEEE 370 in mV of a 1 V pulse at a data rate, 0 is best."""

    causality_mv: float
    passivity_mv: float
    reciprocity_mv: float


def ieee370(network: Network) -> Ieee370:
    """Initial figures of IEEE 370 (causality, passivity, reciprocity) of the single-ended ports, by scikit-rf."""
    from skrf.calibration.deembedding import IEEEP370_FD_QM

    theirs, judge = network.to_network(), IEEEP370_FD_QM()
    causality = None
    # scikit-rf before 2.0 knows no causality of one port and raises ValueError
    with python_warnings.catch_warnings(), suppress(*([ValueError] if network.ports == 1 else [])):
        python_warnings.simplefilter("ignore")  # 0/0 for entries on a straight line
        if network.frequency.size >= 3:
            causality = float(judge.check_causality(theirs))
    if network.ports == 1:
        return Ieee370(causality=causality, passivity=None, reciprocity=None)
    return Ieee370(
        causality=causality,
        passivity=float(judge.check_passivity(theirs)),
        reciprocity=float(judge.check_reciprocity(theirs)),
    )


def ieee370_in_time(network: Network, lanes: tuple[PortOrder, ...], symbol_rate: float) -> Ieee370Application:
    """Application-based figures of the two ports, or of the first pair as a differential two-port.

    Raises `SirfError` for ports that are no pairs, or fewer than 8 points above DC.
    """
    from skrf.calibration.deembedding import IEEEP370_TD_QM

    if network.ports != 2 and not lanes:
        raise SirfError(
            f"ports must be 2 or whole pairs for the figures in time, got {network.ports}. Give port_order."
        )
    two = network if network.ports == 2 else through_two_port(network, lanes[0])
    # scikit-rf 2.2 returns zeros for data that begin at DC: it extrapolates its own
    above = two.frequency > 0
    if np.count_nonzero(above) < MIN_POINTS:
        raise SirfError(f"points must be at least {MIN_POINTS} for the figures in time, got fewer. Use a finer grid.")
    clean = Network(two.frequency[above], two.s[above], z0=two.z0, name=two.name)
    with python_warnings.catch_warnings():
        python_warnings.simplefilter("ignore")  # the band has a warning of its own
        found = IEEEP370_TD_QM(symbol_rate, 32, 0.35, 1, 2).check_se_quality(clean.to_network())
    return Ieee370Application(
        causality_mv=float(found["causality"]["value"]),
        passivity_mv=float(found["passivity"]["value"]),
        reciprocity_mv=float(found["reciprocity"]["value"]),
    )

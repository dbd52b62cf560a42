"""Power sums of aggressors and the integrated crosstalk noise (IEEE 802.3 clause 92.10)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sirf._arrays import Float
from sirf.channel.figures.weighting import MIN_FREQUENCY, band, bin_widths, power_weight
from sirf.channel.network import Network
from sirf.errors import SirfError


def power_sum(networks: Sequence[Network], frequency: Float, amplitudes: Sequence[float] | None = None) -> Float:
    """Root of the summed squares of |S21| (F,) of `networks` at `frequency` (F,) in Hz, each times its amplitude (1 by default).

    The square root of the sums in equations (92-46) and (92-47); with amplitudes in V it is volts. Networks on other grids are
    interpolated, and held at their ends: a file may begin at its first step rather than at DC.
    Raises `SirfError` where an aggressor ends below the last frequency.
    """
    total = np.zeros(frequency.shape)
    for index, network in enumerate(networks):
        own, magnitude = network.frequency, np.abs(network.s[:, 1, 0])
        # a hair of slack: files end at 39.999 GHz where 40 is meant
        if own[-1] < frequency[-1] * (1 - 1e-9):
            raise SirfError(
                f"aggressor {network.name or index + 1} must reach {frequency[-1] / 1e9:g} GHz, got data to "
                f"{own[-1] / 1e9:g} GHz. Lower f_max or use a wider file."
            )
        gain = 1.0 if amplitudes is None else amplitudes[index]
        # powers add, so amplitudes are squared before they are summed
        total += (gain * np.interp(frequency, own, magnitude)) ** 2
    return np.asarray(np.sqrt(total))


def integrated_crosstalk_noise(
    networks: Sequence[Network],
    *,
    amplitude: float,
    symbol_rate: float,
    transmitter_corner: float,
    receiver_corner: float,
    f_min: float = MIN_FREQUENCY,
    f_max: float,
) -> float:
    """rms crosstalk in V of aggressors of one kind, equation (92-46) for NEXT, (92-47) for FEXT; 0 without aggressors.

    sigma² = (2 / f_max) sum over f of step x A² x W(f) x sum |S21|², `amplitude` A in V, weight W by `power_weight`. Total ICN
    is the root of the sum of the squares of both kinds. Frequencies in Hz, `symbol_rate` in baud.
    """
    if not networks:
        return 0.0
    inside = band(networks[0].frequency, f_min, f_max)
    # all aggressors on the grid of the first, so that one weight does for all
    f = networks[0].frequency[inside]
    weight = power_weight(
        f, symbol_rate=symbol_rate, transmitter_corner=transmitter_corner, receiver_corner=receiver_corner
    )
    voltage = amplitude * power_sum(networks, f)
    # the standard divides by f_max, not by the width of the band that the data cover
    return float(np.sqrt(2.0 / f_max * np.sum(bin_widths(f) * weight * voltage**2)))

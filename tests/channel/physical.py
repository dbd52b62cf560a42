"""What every network that sirf makes must be: passive, reciprocal, causal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf.channel.network import Network

FREQUENCY = np.linspace(0.0, 120e9, 241)
PASSIVE, RECIPROCAL = 1e-9, 1e-12

PULSE_STEP, PULSE_BAND, PULSE_SIGMA = 50e6, 400e9, 25e9
PULSE_GRID = np.arange(0.0, PULSE_BAND, PULSE_STEP)


def check_physical(network: Network) -> None:
    """Largest singular value at most 1 + 1e-9, S equal to its transpose to 1e-12."""
    assert np.linalg.svd(network.s, compute_uv=False).max() <= 1.0 + PASSIVE
    assert np.abs(network.s[:, 0, 1] - network.s[:, 1, 0]).max() <= RECIPROCAL


def early_energy_db(s21: NDArray[np.complex128], earliest: float) -> float:
    """Largest value before `earliest` in s (less a guard of five widths of the Gaussian pulse) over the peak, in dB.

    `s21` on `PULSE_GRID`; the last tenth of the period counts as before time zero.
    """
    pulse = np.fft.irfft(s21 * np.exp(-0.5 * (PULSE_GRID / PULSE_SIGMA) ** 2))
    time = np.arange(pulse.size) / (PULSE_STEP * pulse.size)
    time[time > 0.9 / PULSE_STEP] -= 1.0 / PULSE_STEP
    early = time < earliest - 5.0 / (2.0 * np.pi * PULSE_SIGMA)
    return float(20.0 * np.log10(np.abs(pulse[early]).max() / np.abs(pulse).max()))

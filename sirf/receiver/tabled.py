"""A measured or simulated CTLE response, from a table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Complex, Float
from sirf.errors import SirfError


@dataclass(frozen=True, slots=True, eq=False)
class TabledCtle:
    """A CTLE of which `value` (F,), complex, is known at `frequency` (F,) in Hz, ascending.

    Between the points magnitude in dB and unwrapped phase are interpolated linearly over frequency; below the first point the
    magnitude is held and the phase goes to zero at DC; beyond the last the response falls by its last slope in dB per decade
    (at most level), the phase with its last slope.

    >>> float(abs(sirf.TabledCtle(np.array([1e9, 2e9]), np.array([1.0, 2.0])).transfer(np.array([2e9]))[0]))
    2.0
    """

    frequency: Float
    value: Complex

    def __post_init__(self) -> None:
        """Check and copy the arrays."""
        # copied: the caller's array may change, a filter that engines keep may not
        frequency = np.array(self.frequency, dtype=np.float64)
        value = np.array(self.value, dtype=np.complex128)
        if frequency.ndim != 1 or frequency.size < 2 or value.shape != frequency.shape:
            raise SirfError(
                f"value must match frequency, both (F,), got {value.shape} and {frequency.shape}. Give a table."
            )
        if frequency[0] < 0 or np.any(np.diff(frequency) <= 0):
            raise SirfError("frequency must ascend from 0 Hz or above, got other values. Sort the table.")
        # a zero has neither decibels nor phase to interpolate
        if not np.all(np.isfinite(value)) or np.any(value == 0):
            raise SirfError("value must be finite and not zero, got other values. Repair the table.")
        frequency.flags.writeable = value.flags.writeable = False
        object.__setattr__(self, "frequency", frequency)
        object.__setattr__(self, "value", value)

    @classmethod
    def from_csv(cls, file: Path | str) -> TabledCtle:
        """Read lines of frequency in Hz, gain in dB and, optionally, phase in degrees, split by commas; # begins a comment.

        Without phases the response is given its minimum phase of the Hilbert transform of the magnitude.
        """
        try:
            table = np.loadtxt(file, delimiter=",", comments="#", ndmin=2)
        except (OSError, ValueError) as error:
            raise SirfError(
                f"{file} must hold frequency, dB and degrees by commas, got {error}. Mend the file."
            ) from error
        if table.shape[1] not in (2, 3) or len(table) < 2:
            raise SirfError(f"{file} must have 2 or 3 columns and 2 lines at least, got {table.shape}. Mend the file.")
        # the table's gains are amplitudes in dB
        magnitude = 10.0 ** (table[:, 1] / 20.0)
        phase = np.radians(table[:, 2]) if table.shape[1] == 3 else _minimum_phase(table[:, 0], magnitude)
        return cls(table[:, 0], np.asarray(magnitude * np.exp(1j * phase), dtype=np.complex128))

    def transfer(self, frequency: NDArray[Any]) -> Complex:
        """H (F,) at `frequency` (F,) in Hz."""
        f = np.asarray(frequency, dtype=float)
        # in dB: gains are interpolated over decades
        known, decibel = self.frequency, 20.0 * np.log10(np.abs(self.value))
        # unwrapped, so that a line between two points does not turn the wrong way round
        phase = np.unwrap(np.angle(self.value))
        # phase zero at DC, on the branch nearest to what the first point says
        if known[0] > 0:
            known, decibel, phase = (
                np.insert(known, 0, 0.0),
                np.insert(decibel, 0, decibel[0]),
                np.insert(phase, 0, 0.0),
            )
        # points below the first are at its magnitude
        gain = np.interp(f, known, decibel)
        turn = np.interp(f, known, phase)
        above = f > known[-1]
        if np.any(above):
            # slope by decades, between the last two points
            decades = np.log10(known[-1] / known[-2]) if known[-2] > 0 else 1.0
            # never a gain that grows without end beyond the table
            slope = min((decibel[-1] - decibel[-2]) / decades, 0.0)
            gain[above] += slope * np.log10(f[above] / known[-1])
            turn[above] += (phase[-1] - phase[-2]) / (known[-1] - known[-2]) * (f[above] - known[-1])
        return np.asarray(10.0 ** (gain / 20.0) * np.exp(1j * turn))


def _minimum_phase(frequency: Float, magnitude: Float) -> Float:
    """Phase (F,) of the minimum-phase response with this magnitude: minus the Hilbert transform of its logarithm."""
    # fine and far enough that the end of the table does not bend the phase inside
    n = 1 << 14
    top = 4.0 * frequency[-1]
    grid = np.linspace(0.0, top, n + 1)
    # the magnitude is held beyond the table
    log = np.interp(grid, frequency, np.log(magnitude))
    cepstrum = np.fft.irfft(log)
    fold = np.zeros_like(cepstrum)
    fold[0], fold[n] = cepstrum[0], cepstrum[n]
    # the causal part of the cepstrum of log |H| has the phase of a minimum-phase response as its imaginary part
    fold[1:n] = 2.0 * cepstrum[1:n]
    return np.interp(frequency, grid, np.imag(np.fft.rfft(fold)))

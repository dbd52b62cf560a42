"""What goes into the time domain and what comes out: transfer functions on a grid, sampled responses."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sirf._arrays import Complex, Float
from sirf.errors import SirfError


@dataclass(frozen=True, slots=True, eq=False)
class Transfer:
    """A transfer function: `value` (F,) complex at `frequency` (F,) in Hz, ascending, as the file's grid has it.

    `coupling_corner` in Hz is that of a coupling capacitor where it is known; None where the data themselves have to show it.

    Raises `SirfError` for fewer than 4 points, different lengths, values that are not finite or a falling grid.
    """

    frequency: Float
    value: Complex
    coupling_corner: float | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Check and copy the arrays."""
        frequency = np.array(self.frequency, dtype=np.float64)
        value = np.array(self.value, dtype=np.complex128)
        if frequency.ndim != 1 or frequency.size < 4 or value.shape != frequency.shape:
            raise SirfError(
                f"value must match frequency, both (F,) with F of 4 at least, got {value.shape} and "
                f"{frequency.shape}. Give one value a frequency."
            )
        if not (np.all(np.isfinite(frequency)) and np.all(np.isfinite(value))):
            raise SirfError("value must be finite, got NaN or infinity. Repair the data first.")
        if frequency[0] < 0 or np.any(np.diff(frequency) <= 0):
            raise SirfError("frequency must ascend from 0 Hz or above, got other values. Sort and merge the points.")
        # shared by all that is computed from it
        frequency.flags.writeable = value.flags.writeable = False
        object.__setattr__(self, "frequency", frequency)
        object.__setattr__(self, "value", value)


@dataclass(frozen=True, slots=True, eq=False)
class Pulse:
    """A sampled response: `volts` (N,) at `time` (N,) in s, `samples_per_ui` a symbol; `cursor` is the index of its peak,
    the sample farthest from zero.
    """

    time: Float
    volts: Float
    samples_per_ui: int = field(kw_only=True)
    symbol_rate: float = field(kw_only=True)
    cursor: int = field(kw_only=True)
    warnings: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def peak(self) -> float:
        """Volts at the cursor."""
        return float(self.volts[self.cursor])

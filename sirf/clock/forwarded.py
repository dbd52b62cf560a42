"""A clock that travels beside the data: what of the common jitter is left between both, and what the sampler adds."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from sirf._arrays import Float
from sirf.errors import SirfError
from sirf.transmitter.jitter import Jitter


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardedClock:
    """Jitter of data against the clock that is sent with them (die to die, source-synchronous memory).

    Data and clock leave one source and differ in the delay of their ways by `delay_mismatch` s: of jitter x(t) that both have,
    x(t) - x(t - mismatch) is left, |1 - exp(-j 2 pi f mismatch)| of it at the frequency f. The source has `source_rms` s of
    jitter below a single pole at `source_corner` Hz, the supply displaces both ways by a tone of `supply_amplitude` s (peak) at
    `supply_frequency` Hz. `data_rms` and `clock_rms` in s are independent jitter of the two ways. The sampler takes both edges
    of the clock, which a duty cycle off by `duty_cycle_ui` (peak to peak, in UI) makes early and late in turn, and a phase
    interpolator of `interpolator_steps` steps a UI places them.

    The mismatch's filter is that of source-synchronous links in general (for example Ragab et al., J. Electr. Comput. Eng.
    2011, 982314). A pole's jitter has the autocorrelation source_rms² exp(-2 pi corner |t|), which gives `source_left` in closed
    form.

    >>> clock = ForwardedClock(source_rms=1e-12, source_corner=1e7, delay_mismatch=1e-9)
    >>> round(1e12 * clock.source_left, 3), round(float(clock.tracking_error(5e8)), 6)
    (0.349, 2.0)
    """

    source_rms: float = 0.0
    source_corner: float = 1e7
    delay_mismatch: float = 0.0
    data_rms: float = 0.0
    clock_rms: float = 0.0
    supply_amplitude: float = 0.0
    supply_frequency: float = 1e8
    duty_cycle_ui: float = 0.0
    interpolator_steps: int | None = None

    def __post_init__(self) -> None:
        """Validate the fields."""
        for name in (one.name for one in fields(self)):
            value = getattr(self, name)
            if value is None:
                continue
            # written so that NaN is refused too
            if not 0.0 <= value < np.inf:
                raise SirfError(f"{name} must be zero or positive, got {value}. Use 0 to switch it off.")
        for name in ("source_corner", "supply_frequency"):
            if not getattr(self, name) > 0.0:
                raise SirfError(f"{name} must be positive Hz, got {getattr(self, name)}. Use the default.")
        if self.interpolator_steps is not None and self.interpolator_steps < 2:
            raise SirfError(f"interpolator_steps must be 2 or more, got {self.interpolator_steps}. Use 64.")

    def tracking_error(self, frequency: float | Float) -> Float:
        """Jitter that is left over jitter that data and clock have in common (F,): 2 |sin(pi f mismatch)|, up to two."""
        return np.asarray(2.0 * np.abs(np.sin(np.pi * np.asarray(frequency, dtype=float) * self.delay_mismatch)))

    @property
    def source_left(self) -> float:
        """Rms in s of the source's jitter between data and clock: source_rms √(2 (1 - exp(-2 pi corner mismatch)))."""
        # expm1 keeps the digits of a mismatch far shorter than the source's correlation
        return float(
            self.source_rms * np.sqrt(-2.0 * np.expm1(-2.0 * np.pi * self.source_corner * self.delay_mismatch))
        )

    @property
    def random(self) -> float:
        """Rms in s of all Gaussian jitter of data against clock."""
        return float(np.sqrt(self.source_left**2 + self.data_rms**2 + self.clock_rms**2))

    @property
    def supply_left(self) -> float:
        """Peak in s of the supply's tone between data and clock."""
        return float(self.supply_amplitude * self.tracking_error(self.supply_frequency))

    def bounded_ui(self, symbol_rate: float) -> float:
        """Peak in UI of all that is bounded: the tone, half of the duty cycle's displacement, half a step of the interpolator."""
        step = 0.0 if self.interpolator_steps is None else 1.0 / self.interpolator_steps
        return self.supply_left * symbol_rate + 0.5 * self.duty_cycle_ui + 0.5 * step

    def jitter(self, symbol_rate: float) -> Jitter:
        """Edge jitter of data at `symbol_rate` in baud as the sampler sees it; what is bounded is at its peaks together.

        Peaks that add are never too kind: the tone is seldom at its peak, and a trained interpolator is off by any part of half
        a step.
        """
        return Jitter(random_ui=self.random * symbol_rate, dual_dirac_ui=self.bounded_ui(symbol_rate))

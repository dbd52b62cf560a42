"""Adaptation of equalisers, reference levels and gain by the decision error."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirf._arrays import Float
from sirf.errors import SirfError

Limits = tuple[tuple[float, float], ...] | None

ALGORITHMS = ("lms", "sign-sign")


@dataclass(frozen=True, slots=True, kw_only=True)
class Adaptation:
    """Least mean squares (B. Widrow, M. E. Hoff, 1960) or its sign-sign form; a step size of 0 switches a block off.

    Everything is relative to the main cursor at the slicer: error and samples are divided by it, DFE taps and reference levels
    are its multiples, and so a step size has no unit. `ffe_limits` and `dfe_limits` hold (least, most) of every tap, the DFE's
    relative to the main cursor; taps at zero in a gap between floating groups stay there. The first `training_symbols` adapt
    on sent symbols, later ones on decisions; nothing of the first `settle_symbols` is counted.

    >>> sirf.Adaptation(dfe_step=1e-3).dfe_step
    0.001
    """

    algorithm: str = "lms"
    ffe_step: float = 0.0
    dfe_step: float = 0.0
    reference_step: float = 0.0
    gain_step: float = 0.0
    ffe_limits: Limits = None
    dfe_limits: Limits = None
    training_symbols: int = 0
    settle_symbols: int = 50_000

    def __post_init__(self) -> None:
        """Validate the fields."""
        if self.algorithm not in ALGORITHMS:
            raise SirfError(f"algorithm must be one of {', '.join(ALGORITHMS)}, got {self.algorithm!r}. Use 'lms'.")
        for name in ("ffe_step", "dfe_step", "reference_step", "gain_step"):
            value = getattr(self, name)
            # a step of one corrects the whole error of one symbol; steps that work are a thousandth of it
            if not 0 <= value <= 1:
                raise SirfError(f"{name} must be between 0 and 1, got {value}. Use 1e-4, or 0 to switch it off.")
        for name in ("training_symbols", "settle_symbols"):
            if getattr(self, name) < 0:
                raise SirfError(f"{name} must not be negative, got {getattr(self, name)}. Use 0 for none.")
        for name in ("ffe_limits", "dfe_limits"):
            for low, high in getattr(self, name) or ():
                if not low <= high:
                    raise SirfError(f"{name} must be (least, most), got ({low}, {high}). Put the smaller value first.")

    def table(self, limits: Limits, taps: int, name: str) -> Float:
        """`limits` as (taps, 2), without bounds where none are given; `SirfError` when their number differs from the taps'."""
        if limits is None:
            # infinite bounds and not None: the loop then has one form
            return np.tile([-np.inf, np.inf], (taps, 1))
        if len(limits) != taps:
            raise SirfError(f"{name} must have one pair per tap ({taps}), got {len(limits)}. Give all or None.")
        return np.array(limits, dtype=float).reshape(taps, 2)

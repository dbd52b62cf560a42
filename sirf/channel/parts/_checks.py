"""Ranges that all parts share."""

from __future__ import annotations

import numpy as np

from sirf.errors import PhysicsError


def check_values(name: str, **values: float) -> None:
    """Raise `PhysicsError` unless every value is finite and zero or more."""
    for key, value in values.items():
        if not (np.isfinite(value) and value >= 0.0):
            raise PhysicsError(f"{key} of {name} must be zero or more, got {value!r}. Give it in SI units.")


def check_coupling(name: str, coupling: float) -> None:
    """Raise `PhysicsError` unless `coupling` lies between 0 and 0.5."""
    if not 0.0 <= coupling <= 0.5:
        raise PhysicsError(f"coupling of {name} must be between 0 and 0.5, got {coupling!r}. Use about 0.05.")

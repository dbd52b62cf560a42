"""The symbol rate as every module of the channel takes it: a positive number of baud."""

from __future__ import annotations

import math

import numpy as np

from sirf.errors import SirfError


def check_rate(symbol_rate: float) -> None:
    """Raise `SirfError` unless `symbol_rate` is a positive, finite number of baud."""
    if not (isinstance(symbol_rate, (int, float, np.number)) and math.isfinite(symbol_rate) and symbol_rate > 0):
        raise SirfError(
            f"symbol_rate must be positive and finite, in baud, got {symbol_rate!r}. Give for example 53.125e9."
        )

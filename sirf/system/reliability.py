"""Failure rates: FIT and MTBF, availability with repair, and spares (k-out-of-n), as closed forms.

Every part fails at a constant rate (the flat part of the bathtub curve) and independently of the others.
Source: M. Rausand, A. Høyland, System Reliability Theory, 2nd ed., Wiley 2004.
"""

from __future__ import annotations

import math

from scipy.special import betainc

from sirf.errors import SirfError

FIT_HOURS = 1e9
"""One FIT is one failure in so many hours."""


def _positive(value: float, name: str) -> float:
    """`value`, if it is finite and above zero."""
    if not (math.isfinite(value) and value > 0.0):
        raise SirfError(f"{name} must be finite and above 0, got {value}. Give hours or FIT, as the name says.")
    return value


def mtbf_hours(fit: float) -> float:
    """Mean time between failures in hours of a part, or of parts in series whose rates are added, that fails at `fit` FIT.

    Raises SirfError where `fit` is not above 0.

    >>> mtbf_hours(400.0)
    2500000.0
    """
    # a constant rate has no memory: the mean wait is its inverse, however old the part is
    return FIT_HOURS / _positive(fit, "fit")


def availability(fit: float, *, repair_hours: float) -> float:
    """Share of time, 0 to 1, in which a part of `fit` FIT works if each repair takes `repair_hours` on average.

    The steady state MTBF / (MTBF + MTTR). Raises SirfError where an argument is not above 0.

    >>> round(availability(1e6, repair_hours=10.0), 6)
    0.990099
    """
    between = mtbf_hours(fit)
    return between / (between + _positive(repair_hours, "repair_hours"))


def at_least(needed: int, installed: int, working: float) -> float:
    """Probability that at least `needed` of `installed` equal, independent parts work, each with probability `working`.

    `working` is a part's availability, or its survival exp(-t FIT / 1e9) if it cannot be replaced in the field. Without spares
    (`needed` equal to `installed`) this is `working ** installed`. Raises SirfError for a probability outside 0 to 1 and for
    counts that are not 1 <= needed <= installed.

    >>> at_least(2, 3, 0.5)
    0.5
    """
    if not 1 <= needed <= installed:
        raise SirfError(
            f"needed must be from 1 to installed = {installed}, got {needed}. Count the spares as installed."
        )
    if not 0.0 <= working <= 1.0:
        raise SirfError(f"working must be between 0 and 1, got {working}. Give a probability.")
    # The regularised incomplete beta function is this binomial tail, without powers that overflow or cancel.
    return float(betainc(needed, installed - needed + 1, working))


def mean_hours_without_repair(needed: int, installed: int, *, fit: float) -> float:
    """Mean hours until fewer than `needed` of `installed` parts of `fit` FIT each work, when none is repaired.

    All parts are powered from the start (hot spares): MTBF (1/needed + ... + 1/installed). Raises SirfError as `at_least` does.

    >>> mean_hours_without_repair(1, 2, fit=1000.0)
    1500000.0
    """
    if not 1 <= needed <= installed:
        raise SirfError(
            f"needed must be from 1 to installed = {installed}, got {needed}. Count the spares as installed."
        )
    # with k parts alive the next failure comes after MTBF / k on average; it ends with the one that leaves too few
    return mtbf_hours(fit) * math.fsum(1.0 / alive for alive in range(needed, installed + 1))

"""Spares, availability and failure rates against enumeration, integration and SciPy."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import quad

from sirf.errors import SirfError
from sirf.system.reliability import at_least, availability, mean_hours_without_repair, mtbf_hours


@pytest.mark.parametrize(("needed", "installed"), [(1, 1), (2, 3), (4, 6), (7, 7)])
@pytest.mark.parametrize("working", [0.0, 0.3, 0.999, 1.0])
def test_spares_against_every_state(needed: int, installed: int, working: float) -> None:
    states = itertools.product((0, 1), repeat=installed)
    direct = sum(working ** sum(s) * (1 - working) ** (installed - sum(s)) for s in states if sum(s) >= needed)
    assert at_least(needed, installed, working) == pytest.approx(direct, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(("needed", "installed"), [(256, 320), (4990, 5000)])
def test_many_parts_against_exact_fractions(needed: int, installed: int) -> None:
    """The lanes of a microLED array with spares, and the ports of a cluster: sums of exact fractions."""
    for working in (Fraction(3, 4), Fraction(7, 8), Fraction(1023, 1024)):
        exact = sum(
            math.comb(installed, count) * working**count * (1 - working) ** (installed - count)
            for count in range(needed, installed + 1)
        )
        assert at_least(needed, installed, float(working)) == pytest.approx(float(exact), rel=1e-9, abs=1e-300)


def test_mean_life_is_the_integral_of_survival() -> None:
    fit = 500.0
    scale = mtbf_hours(fit)
    integral, _ = quad(lambda life: at_least(3, 5, math.exp(-life)), 0.0, 60.0, epsabs=1e-12)
    assert mean_hours_without_repair(3, 5, fit=fit) == pytest.approx(scale * integral, rel=1e-9)


def test_availability_against_drawn_failures_and_repairs() -> None:
    rng = np.random.default_rng(7)
    up, down = rng.exponential(mtbf_hours(1e7), 200_000), rng.exponential(20.0, 200_000)
    assert availability(1e7, repair_hours=20.0) == pytest.approx(up.sum() / (up.sum() + down.sum()), rel=3e-3)


def test_bad_input_is_one_sentence() -> None:
    with pytest.raises(SirfError, match=r"fit must be finite and above 0, got 0\.0"):
        mtbf_hours(0.0)
    with pytest.raises(SirfError, match="repair_hours must be"):
        availability(1.0, repair_hours=math.nan)
    with pytest.raises(SirfError, match="needed must be from 1 to installed = 3, got 4"):
        at_least(4, 3, 0.5)
    with pytest.raises(SirfError, match="needed must be"):
        mean_hours_without_repair(0, 3, fit=1.0)
    with pytest.raises(SirfError, match="working must be between 0 and 1"):
        at_least(1, 3, 1.5)

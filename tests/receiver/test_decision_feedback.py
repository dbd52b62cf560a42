"""Floating taps against all their places."""

from __future__ import annotations

import dataclasses
from itertools import combinations

import numpy as np
import pytest

import sirf
from sirf.errors import SirfError
from sirf.receiver.decision_feedback import place_taps
from tests.engine.links import flat_link


@pytest.mark.parametrize("seed", range(6))
def test_floating_groups_take_the_most_energy_of_all_places(seed: int) -> None:
    cursors = 0.1 * np.random.default_rng(seed).standard_normal(18)
    taps = place_taps(cursors, fixed=4, groups=2, group_size=3, limit=0.5, floating_limit=0.08)
    left = cursors.copy()
    left[: len(taps)] -= taps
    wanted = np.clip(cursors, -0.08, 0.08)

    def remaining(first: int, second: int) -> float:
        rest = cursors.copy()
        rest[:4] -= np.clip(cursors[:4], -0.5, 0.5)
        for start in (first, second):
            rest[start : start + 3] -= wanted[start : start + 3]
        return float(rest @ rest)

    exhaustive = min(remaining(a, b) for a, b in combinations(range(4, 16), 2) if b - a >= 3)
    assert left @ left == pytest.approx(exhaustive, rel=1e-12)


def test_fixed_taps_alone_are_clipped_cursors() -> None:
    assert place_taps(np.array([0.6, -0.6, 0.1]), fixed=2, limit=0.5) == (0.5, -0.5)


@pytest.mark.parametrize(("fixed", "groups"), [(5, 0), (2, 1), (-1, 0)])
def test_taps_that_do_not_fit_are_refused(fixed: int, groups: int) -> None:
    with pytest.raises(SirfError, match="taps must fit"):
        place_taps(np.zeros(4), fixed=fixed, groups=groups)


def test_negative_limits_are_refused() -> None:
    with pytest.raises(SirfError, match="limits must not be negative"):
        place_taps(np.zeros(4), fixed=1, limit=-1.0)


def test_feedback_taps_that_rounding_left_are_zero() -> None:
    """A tap of 1e-18 has no say in any decision, and none in how errors are taken for bursts."""
    link = flat_link("PAM4", sigma=0.12)
    faint, none = (
        link.replace(receiver=dataclasses.replace(link.receiver, dfe=taps)) for taps in ((1e-18, -3e-17), (0.0, 0.0))
    )
    assert faint.receiver.dfe == (0.0, 0.0)
    assert sirf.statistical_eye(faint, phases=1).rates == sirf.statistical_eye(none, phases=1).rates
    one, other = (sirf.count_errors(each, max_errors=200, rng=1) for each in (faint, none))
    assert one == other

"""Places of floating groups by merits that are known, a bound that may save solving them, and limits with frozen blocks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pytest

from sirf._arrays import Float, Integer
from sirf._kernels import floating_places
from sirf._kernels.floating_places import best_start
from sirf.equalizer.error_ratio_search import _beside, _tap_step
from sirf.equalizer.floating_groups import TapSolution, fixed_positions, place_floating_taps
from sirf.equalizer.search_grid import beside, coarse_step, frozen_limits
from sirf.presets import EqualizerLimits
from tests.ami.links import link

LIMITS = EqualizerLimits(rx_ffe_pre=1, rx_ffe_post=1, rx_ffe_groups=1, rx_ffe_group_taps=2, rx_ffe_span=8)


class Known:
    """Merits by the first place of a group, bounds that exceed them by `slack`; counts what is solved.

    The kernel runs as plain Python, and its step that solves for taps is this table.
    """

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        merits: Mapping[int, float],
        slack: Mapping[int, float] | None = None,
        *,
        span: int = LIMITS.rx_ffe_span,
    ) -> None:
        self.merits, self.slack, self.span, self.solved = merits, slack, span, list[int]()
        monkeypatch.setattr(floating_places, "limited_taps", self._variance)
        monkeypatch.setattr(floating_places, "least_errors", self._least_errors)

    def _variance(self, positions: Integer, *_: object) -> float:
        floating = self._floating(positions)
        self.solved.append(floating[0])
        return 1.0 / self._merit(floating)

    def _least_errors(self, kept: Integer, first: int, group: int, cost: Float, main: Float, errors: Float) -> None:
        for row in range(errors.size):
            start = first + row
            # a bound far off saves nothing
            slack = 1e6 if self.slack is None else self.slack.get(start, 0.0)
            errors[row] = 1.0 / (self._merit([start]) + slack)

    def _floating(self, positions: Integer) -> list[int]:
        return [int(one) for one in positions if one > LIMITS.rx_ffe_post]

    def _merit(self, floating: list[int]) -> float:
        return 1.0 + sum(self.merits.get(one, 0.0) for one in floating[::2])

    def best_start(self, chosen: Integer) -> int:
        # a merit of one over the variance; places and positions are alike
        places, none = np.zeros(self.span + 1), np.zeros(0)
        arguments = (places[None, :], places, none[None, :], none, none, places)
        return int(best_start.py_func(chosen, LIMITS.rx_ffe_post + 1, 2, 1, arguments, 1.0, 1.0, 0.0))  # type: ignore[attr-defined]

    def solve(self, positions: Integer) -> TapSolution:
        return TapSolution(positions, np.ones(positions.size), np.zeros(0), self._merit(self._floating(positions)))


def places(found: TapSolution) -> list[int]:
    return [int(one) for one in found.positions if one > LIMITS.rx_ffe_post]


def test_the_first_of_equal_places_wins_whatever_bound_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """The later place has the larger bound and is solved first; the earlier one has the same merit and is taken."""
    known = Known(monkeypatch, {2: 0.1, 3: 0.5, 4: 0.2, 5: 0.5, 6: 0.0, 7: 0.3}, {5: 0.01})
    found = place_floating_taps(known, LIMITS)
    assert known.solved[0] == 5
    assert places(found) == [3, 4]


def test_a_bound_saves_every_place_that_cannot_win(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Known(monkeypatch, {2: 0.1, 3: 0.2, 4: 0.9, 5: 0.3, 6: 0.0, 7: 0.4}, {})
    found = place_floating_taps(known, LIMITS)
    assert places(found) == [4, 5]
    assert known.solved == [4]


def test_a_bound_may_be_below_the_merit_by_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two ways to one merit differ in the last digits: a bound that is short by these must not lose the place."""
    known = Known(monkeypatch, {2: 0.5, 3: 0.0, 4: 0.5, 5: 0.0, 6: 0.0, 7: 0.0}, {2: -5e-10})
    found = place_floating_taps(known, LIMITS)
    assert places(found) == [2, 3]


def test_groups_are_placed_one_after_the_other_and_never_over_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Greedy, as the Annex places them: 4 is the best alone, and strikes out 3 and 5."""
    limits = dataclasses.replace(LIMITS, rx_ffe_groups=2)
    known = Known(monkeypatch, {2: 0.1, 3: 0.8, 4: 0.9, 5: 0.85, 6: 0.2, 7: 0.3})
    found = place_floating_taps(known, limits)
    assert places(found) == [4, 5, 7, 8]
    # the six places of the first group and the three that it leaves
    assert len(known.solved) == 6 + 3


def test_without_room_the_fixed_taps_are_all(monkeypatch: pytest.MonkeyPatch) -> None:
    tight = dataclasses.replace(LIMITS, rx_ffe_groups=1, rx_ffe_span=3)
    known = Known(monkeypatch, {2: 0.5}, span=3)
    assert places(place_floating_taps(known, tight)) == [2, 3]
    two = EqualizerLimits(rx_ffe_pre=1, rx_ffe_post=1, rx_ffe_groups=2, rx_ffe_group_taps=2, rx_ffe_span=5)
    # a group in the middle of four places leaves no room for a second one
    middle = place_floating_taps(Known(monkeypatch, {2: 0.1, 3: 0.9, 4: 0.2}, span=5), two)
    assert places(middle) == [3, 4]
    assert fixed_positions(two).tolist() == [-1, 0, 1]


def test_dense_taps_have_zeros_between_groups() -> None:
    solution = TapSolution(np.array([-1, 0, 4]), np.array([-0.1, 1.0, 0.2]), np.zeros(0), 1.0)
    assert solution.dense() == ((-0.1, 1.0, 0.0, 0.0, 0.0, 0.2), 1)


def test_a_coarse_pass_skips_more_of_longer_axes() -> None:
    assert [coarse_step(count) for count in (1, 3, 4, 8, 9, 40)] == [1, 1, 2, 2, 4, 4]


def test_frozen_blocks_leave_nothing_to_choose() -> None:
    given = link()
    limits = EqualizerLimits(rx_ffe_pre=3, rx_ffe_post=5, dfe_max=(0.5,), dfe_min=(-0.5,), g_dc_db=(-2.0, -1.0))
    frozen = frozen_limits(given, limits, ("rx_ffe", "dfe"))
    assert (frozen.rx_ffe_pre, frozen.rx_ffe_post) == (0, 0)
    assert frozen.dfe_max == frozen.dfe_min == given.receiver.dfe
    # a link without a CTLE has one gain, whatever the limits say
    bare = given.replace(receiver=given.receiver.replace(ctle=None))
    assert frozen_limits(bare, limits, ()).g_dc_db == (0.0,)


def test_neighbours_in_value_are_those_that_may_be_chosen() -> None:
    assert beside((-0.1, 0.0, 0.1, 0.2), 0.1) == [0.0, 0.2]
    assert beside((-0.1, 0.0), -0.1 + 1e-12) == [0.0]
    # a value beside the grid moves from the nearest one of it
    assert _beside(0.12, (0.0, 0.1, 0.2), 1) == 0.2
    assert _beside(0.12, (0.2, 0.0, 0.1), -1) == 0.0
    assert _beside(0.2, (0.0, 0.1, 0.2), 1) is None


@pytest.mark.parametrize(("minimum", "moved"), [(0.7, True), (0.81, False)])
def test_a_tap_takes_from_the_main_one(minimum: float, moved: bool) -> None:
    """The transmitter's peak is one: a tap of -0.2 beside 0.0 leaves 0.8, where that is allowed."""
    given = link()
    sender = dataclasses.replace(given.transmitter, ffe=(-0.1, 0.9, 0.0), ffe_main=1)
    found = _tap_step(-1, (-0.2, -0.1, 0.0), minimum, given.replace(transmitter=sender), -1)
    assert (found is not None) is moved
    if found is not None:
        assert found[0] == "c(-1) -0.2"
        assert found[1].transmitter.ffe == (-0.2, 0.8, 0.0)

"""One neighbour of coupled balls: the crosstalk of a mutual inductance, from Kirchhoff's laws of two loops."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.channel.lane_network import LaneNetwork
from sirf.channel.parts import Ball
from sirf.channel.path.crosstalk import neighbour
from sirf.channel.path.element_networks import FrequencyGrid, mode_pair
from sirf.channel.path.elements import Coupled, Element, Trace, as_coupled, pair_of
from tests.channel.lines.boards import EDGE_MICROSTRIP

FREQUENCY = np.linspace(0.1e9, 60e9, 50)


@pytest.mark.parametrize("weight", [1.0, 0.5])
@pytest.mark.parametrize("near", [True, False])
def test_two_coupled_inductances_couple_as_a_transformer(weight: float, near: bool) -> None:
    """Z = jw [[L, M], [M, L]] in series with 50 ohm at all four ends: the neighbour's ends see +-50 ohm times its current."""
    own, mutual = 100e-12, 100e-12 * 0.2 * weight
    ball = Ball(capacitance=0.0, inductance=own, coupling=0.2)
    found = neighbour([ball], [pair_of(ball, FREQUENCY)], weight, near=near, both_modes=False, name="n")
    for place, f in enumerate(FREQUENCY):
        z = 2j * np.pi * f * np.array([[own, mutual], [mutual, own]])
        # the aggressor's source of 2 V (a wave of 1 V) drives its loop; the victim's has none
        victim = np.linalg.solve(z + 100.0 * np.eye(2), np.array([2.0, 0.0]))[1]
        # driven from the other end the current runs the other way round
        expected = -50.0 * victim if near else 50.0 * victim
        assert found.s[place, 1, 0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("weight", [1.0, 0.5])
@pytest.mark.parametrize("near", [True, False])
def test_balls_beside_traces_couple_as_all_four_lines_do(weight: float, near: bool) -> None:
    """Pairs that mirror each other give what the joint 8-port gives, in whose traces both modes of both pairs mix."""
    ball, trace = Ball(capacitance=30e-15, inductance=100e-12, coupling=0.2), Trace(EDGE_MICROSTRIP, 0.04, 650e-6)
    parts: list[Element] = [ball, trace, ball]
    found = neighbour(parts, [pair_of(one, FREQUENCY) for one in parts], weight, near=near, both_modes=True, name="n")
    balls = LaneNetwork.coupled(*(pair_of(ball.mode(sign * weight), FREQUENCY) for sign in (1.0, -1.0)))
    whole = balls.cascade(trace.neighbours(FREQUENCY, weight)).cascade(balls).aggressor(1, near=near)
    assert np.abs(whole.s[:, 1, 0]).max() > 1e-3
    assert np.abs(found.s - whole.s).max() < 1e-11


def test_modes_are_kept_by_value_of_part_sign_and_grid() -> None:
    first, same = (Ball(capacitance=30e-15, inductance=100e-12, coupling=0.2) for _ in range(2))
    other = Ball(capacitance=30e-15, inductance=100e-12, coupling=0.1)
    grid = FrequencyGrid(FREQUENCY)
    kept = mode_pair(first, 1.0, grid, pair_of)
    assert mode_pair(same, 1.0, FrequencyGrid(FREQUENCY.copy()), pair_of) is kept
    assert not kept.dd.flags.writeable
    for ball, sign in ((first, 1.0), (first, -1.0), (first, 0.5), (other, 1.0)):
        found = mode_pair(ball, sign, grid, pair_of)
        assert np.array_equal(found.dd, pair_of(ball.mode(sign), FREQUENCY).dd)
        assert (found is kept) == (ball is first and sign == 1.0)
    assert np.array_equal(
        mode_pair(first, 1.0, FrequencyGrid(0.5 * FREQUENCY), pair_of).dd,
        pair_of(first.mode(1.0), 0.5 * FREQUENCY).dd,
    )


def test_what_has_a_neighbour_is_what_the_protocol_says() -> None:
    class Bare:
        """An element that sets what the protocol asks for on the object and not on the class."""

        def __init__(self) -> None:
            self.coupling, self.mode = 0.1, pair_of

    elements = (Ball(capacitance=0.0, inductance=1e-12, coupling=0.0), Trace(EDGE_MICROSTRIP, 0.04, 650e-6), Bare())
    for element in elements:
        assert (as_coupled(element) is not None) is isinstance(element, Coupled)  # type: ignore[arg-type]
    assert as_coupled(elements[0]) is elements[0]

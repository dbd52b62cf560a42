"""Linear chains: with unit optics they are the electrical chain."""

from __future__ import annotations

import numpy as np
import pytest

import sirf
from sirf.channel.channel import Channel
from sirf.channel.linear_repeater import linear_chain
from sirf.channel.network import Network
from sirf.errors import SirfError

GRID = np.arange(0.0, 80e9, 40e6)


def ideal(grid: np.ndarray = GRID) -> Channel:
    s = np.zeros((grid.size, 2, 2), dtype=complex)
    s[:, 0, 1] = s[:, 1, 0] = 1.0
    return Channel(Network(grid, s, z0=100.0, name="ideal"), plane="die", name="ideal")


@pytest.fixture(scope="module")
def host() -> Channel:
    return sirf.paths.pluggable(rate_class="100g").to_channel(GRID, crosstalk=True)


def test_ideal_second_path_changes_nothing(host: Channel) -> None:
    chain = linear_chain(host, ideal())
    assert np.array_equal(chain.through.s[:, 1, 0], host.through.s[:, 1, 0])
    for mine, theirs in zip((*chain.fext, *chain.next), (*host.fext, *host.next), strict=True):
        assert np.array_equal(mine.s[:, 1, 0], theirs.s[:, 1, 0])
    first, second = (sirf.Link(c, standard="802.3ck-c2m").pulse_response().volts for c in (host, chain))
    assert np.array_equal(first, second)


def test_matched_paths_give_what_their_cascade_gives() -> None:
    """Without reflections an isolating repeater of gain one is a plain joint."""
    s = np.zeros((GRID.size, 2, 2), dtype=complex)
    s[:, 0, 1] = s[:, 1, 0] = np.exp(-3e-6 * np.sqrt(GRID) - 2e-10j * np.pi * GRID)
    line = Network(GRID, s, z0=100.0)
    chain = linear_chain(Channel(line, plane="die"), Channel(line, plane="die"))
    assert chain.through.s[:, 1, 0] == pytest.approx((line @ line).s[:, 1, 0], abs=1e-14)


def test_losses_add_and_gain_shapes(host: Channel) -> None:
    chain = linear_chain(host, host)
    assert chain.insertion_loss_db(26.5625e9) == pytest.approx(2 * host.insertion_loss_db(26.5625e9))
    halved = linear_chain(host, host, gain=lambda f: np.full(f.size, 0.5, dtype=complex))
    assert halved.insertion_loss_db(26.5625e9) == pytest.approx(chain.insertion_loss_db(26.5625e9) + 6.0206, abs=1e-3)
    assert len(chain.fext) == 2 * len(host.fext)


def test_channels_that_do_not_fit_are_refused(host: Channel) -> None:
    ball = Channel(ideal().through)
    with pytest.raises(SirfError, match="must be 'die' in a linear chain, got 'ball'"):
        linear_chain(ball, host)
    with pytest.raises(SirfError, match="got two grids"):
        linear_chain(host, ideal(np.arange(0.0, 60e9, 40e6)))

"""Pairs in series: against the cascade of both single lines, written out, and scikit-rf's cascade of 4-ports."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest
import skrf
from numpy.typing import NDArray

from sirf._arrays import read_only_view
from sirf._kernels.pairs import joined_pairs
from sirf.channel.cascade import cascade, cascade_waves
from sirf.channel.lane_network import LaneNetwork
from sirf.channel.network import Network
from sirf.channel.pair import PairNetwork, cascade_pairs
from sirf.errors import SirfError

GRID = np.linspace(0.0, 60e9, 61)
Complex = NDArray[np.complex128]


def passive_matrix(ports: int, seed: int, *, reciprocal: bool = True) -> Complex:
    """Random S (F, P, P) with singular values below one."""
    draw = np.random.default_rng(seed).normal(size=(2, GRID.size, ports, ports))
    s = draw[0] + 1j * draw[1]
    if reciprocal:
        s = s + s.swapaxes(1, 2)
    return np.asarray(0.9 * s / np.linalg.norm(s, ord=2, axis=(1, 2))[:, None, None])


def four_port_by_scikit_rf(*matrices: Complex) -> Complex:
    """4-ports (P in, P out, N in, N out) in series by scikit-rf, whose `**` joins the last ports to the first of the next."""
    order = [0, 2, 1, 3]  # inputs first
    networks = [skrf.Network(f=GRID, f_unit="Hz", s=s[:, order][:, :, order], z0=50) for s in matrices]
    joined = networks[0]
    for network in networks[1:]:
        joined = joined**network
    return np.asarray(joined.s[:, order][:, :, order])


@pytest.mark.parametrize("reciprocal", [True, False])
def test_three_random_4_ports_in_series_are_scikit_rfs(reciprocal: bool) -> None:
    matrices = [passive_matrix(4, seed, reciprocal=reciprocal) for seed in (1, 2, 3)]
    pairs = [PairNetwork.from_four_port(Network(GRID, s)) for s in matrices]
    joined = cascade_pairs(pairs)
    assert np.abs(joined.four_port().s - four_port_by_scikit_rf(*matrices)).max() < 1e-12
    assert np.abs(pairs[0].cascade(pairs[1]).cascade(pairs[2]).dd - joined.dd).max() < 1e-12


def test_balanced_pairs_keep_their_modes_apart() -> None:
    dd, cc = ([passive_matrix(2, seed) for seed in seeds] for seeds in ((1, 2), (3, 4)))
    pairs = [PairNetwork(GRID, d, c) for d, c in zip(dd, cc, strict=True)]
    joined = cascade_pairs(pairs)
    assert not joined.converts
    assert np.abs(joined.dd - cascade(*dd)).max() == 0.0
    assert np.abs(joined.cc - cascade(*cc)).max() == 0.0
    assert np.abs(joined.four_port().s - four_port_by_scikit_rf(*(pair.four_port().s for pair in pairs))).max() < 1e-12


def test_uncoupled_lines_are_joined_as_4_ports_would_be_to_rounding() -> None:
    """A balanced pair between two unequal ones: line by line as with all conversions."""
    lines = [passive_matrix(2, seed, reciprocal=False) for seed in range(5)]
    pairs = [
        PairNetwork.of_lines(GRID, lines[0], lines[1]),
        PairNetwork.balanced(Network(GRID, lines[2], z0=100.0)),
        PairNetwork.of_lines(GRID, lines[3], lines[4]),
    ]
    assert all(pair.uncoupled for pair in pairs)
    whole = cascade_pairs(pairs)
    assert whole.uncoupled
    joined = reduce(cascade_waves, (pair.waves() for pair in pairs))
    assert np.abs(whole.waves() - joined).max() < 1e-12


def test_loops_are_those_of_plain_python() -> None:
    a, b = (passive_matrix(4, seed, reciprocal=False) for seed in (1, 2))
    compiled, plain = np.empty_like(a), np.empty_like(a)
    joined_pairs(read_only_view(a), read_only_view(b), compiled)
    joined_pairs.py_func(a, b, plain)  # type: ignore[attr-defined]  # numba's
    assert np.abs(compiled - plain).max() < 1e-14
    loop = np.linalg.inv(np.eye(2) - a[:, 2:, 2:] @ b[:, :2, :2])
    assert np.abs(plain[:, 2:, :2] - b[:, 2:, :2] @ loop @ a[:, 2:, :2]).max() < 1e-13


def test_lines_without_coupling_are_two_cascades_of_single_lines() -> None:
    p, n = ([passive_matrix(2, seed) for seed in seeds] for seeds in ((1, 2, 3), (4, 5, 6)))
    joined = cascade_pairs(PairNetwork.of_lines(GRID, a, b) for a, b in zip(p, n, strict=True)).four_port().s
    line_p, line_n = (cascade(cascade(one[0], one[1]), one[2]) for one in (p, n))
    assert np.abs(joined[:, :2, :2] - line_p).max() < 1e-13
    assert np.abs(joined[:, 2:, 2:] - line_n).max() < 1e-13
    assert np.abs(joined[:, :2, 2:]).max() < 1e-13


def test_the_differential_mode_alone_is_not_enough() -> None:
    """What the whole issue is: two skews that cancel, and the product of differential two-ports that does not see it."""
    late, early = (np.zeros((GRID.size, 2, 2), dtype=complex) for _ in range(2))
    late[:, 1, 0] = late[:, 0, 1] = np.exp(-2j * np.pi * GRID * 8e-12)
    early[:, 1, 0] = early[:, 0, 1] = 1.0
    there, back = PairNetwork.of_lines(GRID, late, early), PairNetwork.of_lines(GRID, early, late)
    assert np.abs(np.abs(there.cascade(back).dd[:, 1, 0]) - 1.0).max() < 1e-13
    assert np.abs(there.cascade(there).dd[:, 1, 0]) == pytest.approx(
        np.abs(np.cos(2 * np.pi * GRID * 8e-12)), abs=1e-12
    )


def test_4_ports_come_back_from_modes_and_turn_round() -> None:
    s = passive_matrix(4, 7, reciprocal=False)
    pair = PairNetwork.from_four_port(Network(GRID, s))
    assert np.abs(pair.four_port().s - s).max() < 1e-14
    turned = [1, 0, 3, 2]
    assert np.abs(pair.flipped().four_port().s - s[:, turned][:, :, turned]).max() < 1e-14
    at_75 = Network(GRID, s).renormalized(75.0)
    assert np.abs(PairNetwork.from_four_port(at_75).dd - pair.dd).max() < 1e-12


def test_lanes_in_series_are_scikit_rfs() -> None:
    """Three pairs, all 12 ports coupled at random, two such networks in series."""
    lanes = [(1, 2, 3, 4), (5, 6, 7, 8), (9, 10, 11, 12)]
    matrices = [passive_matrix(12, seed, reciprocal=False) for seed in (1, 2)]
    joined = LaneNetwork.from_network(Network(GRID, matrices[0]), lanes).cascade(
        LaneNetwork.from_network(Network(GRID, matrices[1]), lanes)
    )
    inputs_first = [*range(0, 12, 2), *range(1, 12, 2)]
    first, second = (
        skrf.Network(f=GRID, f_unit="Hz", s=s[:, inputs_first][:, :, inputs_first], z0=50) for s in matrices
    )
    theirs = (first**second).s
    back = np.argsort(inputs_first)
    theirs = LaneNetwork.from_network(Network(GRID, theirs[:, back][:, :, back]), lanes)
    assert np.abs(joined.s - theirs.s).max() < 1e-12
    assert np.abs(joined.flipped().flipped().s - joined.s).max() == 0.0
    whole = Network(GRID, matrices[0])
    single = LaneNetwork.from_network(whole, lanes)
    ports = np.arange(4)
    assert np.abs(single.pair(0).four_port().s - whole.s[:, ports[:, None], ports]).max() < 1e-14


def test_two_coupled_lanes_are_half_the_sum_and_half_the_difference_of_their_modes() -> None:
    even, odd = (PairNetwork.from_four_port(Network(GRID, passive_matrix(4, seed))) for seed in (1, 2))
    lanes = LaneNetwork.coupled(even, odd)
    assert np.abs(lanes.pair(0).dd - 0.5 * (even.dd + odd.dd)).max() < 1e-15
    far, near = lanes.aggressor(1, near=False), lanes.aggressor(1, near=True)
    assert np.abs(far.s[:, 1, 0] - 0.5 * (even.dd - odd.dd)[:, 1, 0]).max() < 1e-15
    assert np.abs(near.s[:, 1, 0] - 0.5 * (even.dd - odd.dd)[:, 1, 1]).max() < 1e-15
    alone = LaneNetwork.alone(even, 2)
    assert np.abs(alone.aggressor(1, near=False).s[:, 1, 0]).max() == 0.0
    assert np.abs(alone.cascade(alone).pair(1).dd - even.cascade(even).dd).max() < 1e-12


def test_bad_pairs_are_refused() -> None:
    with pytest.raises(SirfError, match="number of ports must be 4 for a pair, got 2"):
        PairNetwork.from_four_port(Network(GRID, passive_matrix(2, 1)))
    pair = PairNetwork(GRID, passive_matrix(2, 1), passive_matrix(2, 2))
    other = PairNetwork(GRID[:5], passive_matrix(2, 1)[:5], passive_matrix(2, 2)[:5])
    with pytest.raises(SirfError, match="same grid"):
        pair.cascade(other)

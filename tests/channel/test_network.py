"""Network algebra against scikit-rf."""

from __future__ import annotations

import numpy as np
import pytest
import skrf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sirf.channel.network import Network, bulk_delay, interpolate_response
from sirf.errors import SirfError

GRID = np.linspace(1e9, 5e9, 7)


def random_network(seed: int, ports: int = 2, z0: float = 50.0) -> Network:
    rng = np.random.default_rng(seed)
    shape = (GRID.size, ports, ports)
    s = 0.3 * (rng.normal(size=shape) + 1j * rng.normal(size=shape))
    return Network(GRID, s.astype(np.complex128), z0=z0)


def test_cascade_matches_scikit_rf() -> None:
    a, b = random_network(1), random_network(2)
    assert np.allclose((a @ b).s, (a.to_network() ** b.to_network()).s)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([1, 2, 3, 4]), st.floats(10.0, 300.0))
def test_renormalizing_matches_scikit_rf_and_comes_back(seed: int, ports: int, z0: float) -> None:
    network = random_network(seed, ports)
    oracle = network.to_network()
    oracle.renormalize(z0)
    there = network.renormalized(z0)
    assert np.allclose(there.s, oracle.s, rtol=1e-7, atol=1e-9)
    assert np.allclose(there.renormalized(50.0).s, network.s, rtol=1e-6, atol=1e-8)


def test_scikit_rf_round_trip_keeps_values_and_impedance() -> None:
    network = random_network(3, z0=75.0)
    back = Network.from_skrf(network.to_network())
    assert back.z0 == 75.0
    assert np.array_equal(back.s, network.s)
    assert np.array_equal(back.frequency, network.frequency)


def test_unequal_port_impedances_are_renormalized_to_50_ohm() -> None:
    raw = skrf.Network(f=GRID, f_unit="Hz", s=random_network(4).s, z0=[40.0, 60.0])
    oracle = raw.copy()
    oracle.renormalize(50.0)
    network = Network.from_skrf(raw)
    assert network.z0 == 50.0
    assert np.allclose(network.s, oracle.s)


def test_cascade_is_associative_and_flipping_reverses_it() -> None:
    a, b, c = (random_network(k) for k in (5, 6, 7))
    assert np.allclose(((a @ b) @ c).s, (a @ (b @ c)).s)
    assert np.allclose((a @ b).flipped().s, (b.flipped() @ a.flipped()).s)


@pytest.mark.parametrize("delay", [0.0, 3.3e-12, 1.7e-9])
def test_pure_delay_is_interpolated_exactly(delay: float) -> None:
    coarse, fine = np.arange(0, 20e9, 50e6), np.arange(0, 19e9, 7e6)
    value = np.exp(-2j * np.pi * coarse * delay)
    assert bulk_delay(coarse, value) == pytest.approx(delay, rel=1e-9, abs=1e-18)
    assert np.allclose(interpolate_response(fine, coarse, value), np.exp(-2j * np.pi * fine * delay), atol=1e-9)


def test_resampling_outside_the_band_is_refused() -> None:
    with pytest.raises(SirfError, match="frequency must lie in 1e\\+09 to 5e\\+09 Hz"):
        random_network(1).resampled([0.0, 1e9])


def test_arrays_are_read_only() -> None:
    network = random_network(1)
    with pytest.raises(ValueError, match="read-only"):
        network.s[0, 0, 0] = 0.0


@pytest.mark.parametrize(
    ("frequency", "s", "words"),
    [
        ([1.0, 2.0], np.zeros((3, 2, 2)), "s must be shaped"),
        ([1.0, 2.0], np.zeros((2, 2, 3)), "s must be shaped"),
        ([2.0, 1.0], np.zeros((2, 2, 2)), "ascending"),
        ([1.0, 1.0], np.zeros((2, 2, 2)), "ascending"),
        ([1.0, 2.0], np.full((2, 2, 2), np.nan), "finite"),
        ([], np.zeros((0, 2, 2)), "at least one value"),
    ],
)
def test_bad_arrays_are_refused(frequency: list[float], s: NDArray[np.float64], words: str) -> None:
    with pytest.raises(SirfError, match=words):
        Network(np.array(frequency), s.astype(complex))


def test_bad_impedance_is_refused() -> None:
    with pytest.raises(SirfError, match="z0 must be a positive"):
        Network(np.ones(1), np.zeros((1, 1, 1), dtype=complex), z0=0.0)


def test_cascading_needs_two_ports_one_impedance_and_one_grid() -> None:
    a = random_network(1)
    with pytest.raises(SirfError, match="2 ports"):
        a @ random_network(2, ports=4)
    with pytest.raises(SirfError, match="z0 must be equal"):
        a @ random_network(2, z0=75.0)
    with pytest.raises(SirfError, match="same grid"):
        a @ Network(GRID + 1.0, random_network(2).s)

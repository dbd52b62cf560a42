"""Pairs beside each other: closed forms of coupled lines, no far-end crosstalk in one dielectric, the modes of two pairs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sirf.channel.figures import impedance_profile
from sirf.channel.lane_network import LaneNetwork
from sirf.channel.lines.chain_matrix import line_chain, pair_two_port
from sirf.channel.lines.coupled import EdgeLine, PairArray, _scattering
from sirf.channel.lines.edge_stripline import EdgeStripline
from sirf.channel.lines.microstrip import EdgeMicrostrip
from sirf.channel.materials import Material, list_materials, load_material
from sirf.channel.mixed_mode import differential_two_port
from sirf.channel.network import Network
from sirf.errors import PhysicsError
from sirf.units import C0
from tests.channel.lines.boards import EDGE_MICROSTRIP, EDGE_STRIPLINE, IDEAL
from tests.channel.physical import FREQUENCY, PASSIVE, PULSE_GRID, RECIPROCAL, early_energy_db

Complex = NDArray[np.complex128]
PITCH = 650e-6
FINE = np.linspace(0.0, 60e9, 3001)
EVEN = np.array([[1.0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0]])
"""Waves into the two traces together: columns are the near and the far end."""
LOSSY = Material(id="lossy", title="lossy", dk=11.3, df=0.086, frequency=4.6e9, conductivity=1.6e7, roughness_rq=1.4e-6)


def differential(s: Complex, out: tuple[int, int], into: tuple[int, int]) -> Complex:
    """Differential wave at ports `out` (P, N) from one into ports `into`, counted from 0."""
    (p, n), (q, m) = out, into
    return np.asarray(0.5 * (s[:, p, q] - s[:, p, m] - s[:, n, q] + s[:, n, m]))


NEAR1, FAR1, NEAR2, FAR2 = (0, 2), (1, 3), (4, 6), (5, 7)


def jw(frequency: NDArray[np.float64]) -> Complex:
    return np.asarray(2j * np.pi * frequency, dtype=np.complex128)


def without_loss(array: PairArray, length: float) -> Complex:
    """S of the array's matrices alone, matched by nothing but 50 ohm."""
    w = jw(FREQUENCY)[:, None, None]
    return _scattering(w * array.inductance, w * array.capacitance, length)


def test_two_coupled_lines_have_the_closed_form_of_their_modes() -> None:
    """S of two equal lines is half the sum and half the difference of the even and the odd line's."""
    own, mutual, c_own, c_mutual, length = 350e-9, 60e-9, 120e-12, -15e-12, 0.13
    w = jw(FREQUENCY)
    s = _scattering(
        w[:, None, None] * np.array([[own, mutual], [mutual, own]]),
        w[:, None, None] * np.array([[c_own, c_mutual], [c_mutual, c_own]]),
        length,
    )
    even, odd = (
        pair_two_port(FREQUENCY, line_chain(w * (own + k * mutual), w * (c_own + k * c_mutual), length)).s
        for k in (1, -1)
    )
    assert np.allclose(s[:, 1, 0], 0.5 * (even + odd)[:, 1, 0], atol=1e-9)
    assert np.allclose(s[:, 3, 0], 0.5 * (even - odd)[:, 1, 0], atol=1e-9)
    assert np.allclose(s[:, 2, 0], 0.5 * (even - odd)[:, 0, 0], atol=1e-9)


def test_one_dielectric_gives_no_far_end_crosstalk_and_air_above_a_slab_does() -> None:
    """With L C = mu eps I all modes are equally fast: what is left at the far end are echoes of the near end, its square."""
    buried = dataclasses.replace(EDGE_STRIPLINE, material=IDEAL)
    surface = EdgeMicrostrip(material=IDEAL, width=150e-6, gap=150e-6, thickness=30e-6, height=100e-6)
    s = without_loss(PairArray(buried, PITCH), 0.1)
    near = np.abs(differential(s, NEAR2, NEAR1)).max()
    assert 1e-3 < near < 0.03
    assert np.abs(differential(s, FAR2, NEAR1)).max() < 3 * near**2
    slow = without_loss(PairArray(surface, PITCH), 0.1)
    assert np.abs(differential(slow, FAR2, NEAR1)).max() > 0.3


def test_weak_coupling_is_the_textbook_near_and_far_end_crosstalk() -> None:
    """NEXT = (L_m / L + |C_m| / C) / 4 x (1 - e²), FEXT = -j w T (L_m / L - |C_m| / C) / 2 x e, with e = exp(-j w T)."""
    inductance, capacitance, length = 350e-9, 140e-12, 0.05
    share_l, share_c = 0.0004, 0.0002
    w = jw(FREQUENCY[:60])
    s = _scattering(
        w[:, None, None] * inductance * np.array([[1, share_l], [share_l, 1]]),
        w[:, None, None] * capacitance * np.array([[1, -share_c], [-share_c, 1]]),
        length,
    )
    delay = length * np.sqrt(inductance * capacitance)
    turn = np.exp(-w * delay)
    far = -w * delay * (share_l - share_c) / 2 * turn
    near = (share_l + share_c) / 4 * (1 - turn**2)
    assert np.allclose(s[:, 3, 0], far, atol=1e-6)
    assert np.allclose(s[:, 2, 0], near, atol=1e-6)


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_a_weaker_neighbour_couples_in_proportion_and_stays_physical(weight: float) -> None:
    """Near-end crosstalk goes with the weight; one dielectric keeps L C = mu eps and with it no far-end crosstalk."""
    array, f = PairArray(EDGE_STRIPLINE, 0.8e-3), np.linspace(1e9, 40e9, 79)
    whole, weak = (array.network(f, 0.05, weight=value).s for value in (1.0, weight))
    assert np.linalg.svd(weak, compute_uv=False).max() <= 1 + PASSIVE
    assert np.abs(weak - weak.swapaxes(1, 2)).max() <= RECIPROCAL
    near = [np.abs(differential(s, NEAR2, NEAR1)).max() for s in (weak, whole)]
    assert near[0] == pytest.approx(weight * near[1], rel=0.02, abs=1e-9)
    ideal = PairArray(dataclasses.replace(EDGE_STRIPLINE, material=IDEAL), 0.8e-3)
    series, shunt = ideal.immittances(np.array([1e9]), weight=weight)
    product = (series - series.real) @ shunt
    assert np.abs(product - np.diag(np.diag(product[0]))).max() < 0.02 * np.abs(product).max()


def test_one_pair_has_the_two_port_of_its_odd_and_of_its_even_mode() -> None:
    """The 4-port of a pair, transformed to mixed modes: S_dd is the pair's own two-port, S_cd is zero, S_cc the even mode's."""
    array = PairArray(EDGE_STRIPLINE, 1e-3, pairs=1)
    network = array.network(FREQUENCY, 0.1)
    assert np.allclose(
        differential_two_port(network, (1, 2, 3, 4)).s, EDGE_STRIPLINE.network(FREQUENCY, 0.1).s, rtol=0, atol=1e-9
    )
    s = network.s
    assert np.abs(s[:, 1, 0] - s[:, 3, 2]).max() < 1e-9
    assert np.abs(s[:, 1, 2] - s[:, 3, 0]).max() < 1e-9
    # both traces together see the even mode, twice the common-mode impedance each; the metal adds a per cent
    smooth = PairArray(dataclasses.replace(EDGE_STRIPLINE, material=IDEAL), 1e-3, pairs=1)
    even = impedance_profile(Network(FINE, (smooth.network(FINE, 0.02).s @ EVEN)[:, :2, :2], z0=50.0))
    assert even.between(0.04e-9, 0.15e-9) == pytest.approx(2 * smooth.line.common_impedance, rel=0.02)


def test_crosstalk_falls_with_the_pitch() -> None:
    f = np.linspace(1e9, 40e9, 40)
    levels = [
        np.abs(differential(PairArray(EDGE_STRIPLINE, pitch).network(f, 0.05).s, NEAR2, NEAR1)).max()
        for pitch in (0.55e-3, 0.7e-3, 0.9e-3)
    ]
    assert levels[0] > 2 * levels[1] > 4 * levels[2]


@settings(max_examples=8, deadline=None)
@given(
    material=st.sampled_from(list_materials()),
    line=st.sampled_from([EDGE_STRIPLINE, EDGE_MICROSTRIP]),
    pitch=st.floats(0.6e-3, 2e-3),
    length=st.floats(1e-3, 0.3),
    pairs=st.integers(2, 3),
)
def test_every_array_is_passive_and_reciprocal(
    material: str, line: EdgeLine, pitch: float, length: float, pairs: int
) -> None:
    array = PairArray(dataclasses.replace(line, material=load_material(material)), pitch, pairs)
    s = array.network(FREQUENCY[array.line.cutoff > FREQUENCY][::8], length).s
    assert np.linalg.svd(s, compute_uv=False).max() <= 1 + PASSIVE
    assert np.abs(s - s.swapaxes(1, 2)).max() <= RECIPROCAL


def test_the_whole_array_is_causal_in_all_its_entries() -> None:
    """Through, near and far end: no energy before the flight, or before time zero where a wave turns back."""
    tight = dataclasses.replace(EDGE_STRIPLINE, spacing=140e-6, gap=90e-6, width=60e-6)
    s = PairArray(tight, 300e-6).network(PULSE_GRID, 0.05).s
    flight = 0.05 * tight.earliest_index / C0
    for out, earliest in ((1, flight), (3, flight), (5, flight), (0, 0.0), (2, 0.0), (4, 0.0)):
        assert early_energy_db(s[:, out, 0], earliest) < -60


def test_a_metre_of_lossy_film_keeps_its_digits() -> None:
    """Thousands of dB, and hundreds between the modes: still passive, and matched to its own impedance at the near end."""
    film = EdgeStripline(material=LOSSY, width=7.7e-6, gap=0.8e-6, thickness=0.3e-6, spacing=7e-6)
    s = PairArray(film, 24e-6).network(FREQUENCY[1::8], 1.0).s
    assert np.linalg.svd(s, compute_uv=False).max() <= 1 + PASSIVE
    assert np.abs(s[:, 1, 0]).max() < 1e-6
    half = PairArray(film, 24e-6).network(FREQUENCY[1::8], 0.5).s
    assert np.allclose(s[:, 0::2, 0::2], half[:, 0::2, 0::2], atol=1e-9)


@pytest.mark.parametrize("length", [1e-3, 0.03, 0.5])
@pytest.mark.parametrize("weight", [0.3, 1.0])
@pytest.mark.parametrize(
    "array",
    [
        PairArray(EDGE_STRIPLINE, PITCH),
        PairArray(EDGE_MICROSTRIP, PITCH),
        PairArray(EdgeStripline(material=LOSSY, width=7.7e-6, gap=0.8e-6, thickness=0.3e-6, spacing=7e-6), 24e-6),
    ],
)
def test_two_pairs_are_one_beside_its_mirror_image(array: PairArray, weight: float, length: float) -> None:
    """Sum and difference of what stays in a pair and what crosses, of all four lines; lossy film included."""
    f = FREQUENCY[::8]
    s = LaneNetwork.from_network(array.network(f, length, weight=weight), [(1, 2, 3, 4), (5, 6, 7, 8)]).s
    waves = {"d": (0, 4), "c": (1, 5)}
    for found, same in zip(array.mirrored(f, length, weight=weight), (1.0, -1.0), strict=True):
        for out, into, part in (("d", "d", found.dd), ("c", "c", found.cc), ("d", "c", found.dc), ("c", "d", found.cd)):
            rows, own = np.array(waves[out]), np.array(waves[into])
            # the image of a differential wave is one of opposite sign
            sign = same if into == "d" else -same
            whole = s[:, rows[:, None], own] + sign * s[:, rows[:, None], own + 2]
            assert part is not None
            assert np.abs(part - whole).max() < 1e-11


def test_bad_layouts_are_refused() -> None:
    with pytest.raises(PhysicsError, match="pairs must be 2 to be mirrored, got 3"):
        PairArray(EDGE_STRIPLINE, 1e-3, pairs=3).mirrored(FREQUENCY, 0.1)
    with pytest.raises(PhysicsError, match="pitch must leave more between pairs than within"):
        PairArray(EDGE_STRIPLINE, 400e-6)
    with pytest.raises(PhysicsError, match="pairs must be between 1 and 6"):
        PairArray(EDGE_STRIPLINE, 1e-3, pairs=0)
    with pytest.raises(PhysicsError, match="frequency must stay below"):
        PairArray(EDGE_MICROSTRIP, 1e-3).network(np.array([1e9, 300e9]), 0.1)

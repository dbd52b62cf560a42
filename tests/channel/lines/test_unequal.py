"""Pairs of unequal lines: closed forms without coupling, the whole array of both lines with it, the common modes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sirf.channel.figures import impedance_profile, pn_skew
from sirf.channel.lines import EdgeMicrostrip, EdgeStripline, Line, Microstrip, Stripline, Twinax
from sirf.channel.lines.coupled import PairArray
from sirf.channel.lines.fields import Strips, capacitance_matrix
from sirf.channel.lines.unequal import slowness, unequal_pair
from sirf.channel.materials import load_material
from sirf.channel.network import Network
from sirf.channel.pair import PairNetwork
from sirf.errors import PhysicsError
from sirf.units import C0
from tests.channel.lines.boards import EDGE_MICROSTRIP, EDGE_STRIPLINE, IDEAL
from tests.channel.physical import PASSIVE, PULSE_GRID, RECIPROCAL, early_energy_db

F = np.linspace(0.0, 40e9, 401)
STRIPLINE = Stripline(material=load_material("megtron7"), width=127e-6, thickness=17e-6, spacing=280e-6)
MICROSTRIP = Microstrip(material=load_material("megtron6"), width=150e-6, thickness=30e-6, height=70e-6)
TWINAX = Twinax(material=load_material("foam-twinax"), wire=405e-6, separation=880e-6, shield=2.1e-3)
LINES: tuple[Line, ...] = (STRIPLINE, MICROSTRIP, EDGE_STRIPLINE, EDGE_MICROSTRIP, TWINAX)


def names(line: object) -> str:
    return type(line).__name__


@pytest.mark.parametrize("line", LINES, ids=names)
def test_equal_lines_have_the_differential_mode_that_they_had(line: Line) -> None:
    pair = line.pair(F, 0.08)
    assert not pair.converts
    assert np.array_equal(pair.dd, line.network(F, 0.08).s)


@pytest.mark.parametrize("line", LINES, ids=names)
def test_a_small_skew_is_the_difference_in_delay(line: Line) -> None:
    """2 ps of skew by 20 ps/m over 0.1 m, or by 0.3 mm more of line P: what the phase at both outputs says."""
    twisted = line.pair(F, 0.1, skew=20e-12).four_port()
    longer = line.pair(F, 0.1, length_difference=3e-4).four_port()
    # unequal modes of a microstrip turn skew back and forth, and a coupled pair's common mode is not matched to the ports:
    # its echo moves the phases by some percent
    tolerance = 0.09 if line.is_coupled else 0.03
    assert pn_skew(twisted, f_max=3e9) == pytest.approx(2e-12, rel=tolerance)
    assert pn_skew(longer, f_max=3e9) == pytest.approx(3e-4 * slowness(line), rel=0.04)


def test_lines_without_coupling_are_two_lines() -> None:
    """Each line by itself, its permittivity scaled by (1 ± skew / (2 slowness))², its length by half the difference."""
    pair = unequal_pair(STRIPLINE, F, 0.1, skew=60e-12, length_difference=1e-3).four_port().s
    material = STRIPLINE.material
    for sign, ports in ((1.0, slice(0, 2)), (-1.0, slice(2, 4))):
        factor = (1.0 + sign * 30e-12 / slowness(STRIPLINE)) ** 2
        own = dataclasses.replace(STRIPLINE, material=dataclasses.replace(material, dk=material.dk * factor))
        alone = own.network(F, 0.1 + sign * 0.5e-3).s
        assert np.abs(pair[:, ports, ports] - alone).max() < 1e-9
    assert np.abs(pair[:, 0:2, 2:4]).max() < 1e-12


@pytest.mark.parametrize("line", [EDGE_STRIPLINE, EDGE_MICROSTRIP], ids=names)
@pytest.mark.parametrize("skew", [1e-15, 5e-12, 200e-12])
def test_a_coupled_pair_is_the_array_of_its_lines(line: EdgeStripline | EdgeMicrostrip, skew: float) -> None:
    """Two ways to one multiconductor line: divided differences of cosh and sinh, and doubling of short pieces."""
    still = dataclasses.replace(line, material=dataclasses.replace(line.material, roughness_rq=0.0))
    array = PairArray(still, 1e-3, pairs=1)
    f = F[1:] if isinstance(line, EdgeStripline) else F[1:120]
    theirs = PairNetwork.from_four_port(array.network(f, 0.1, skew=skew))
    ours = still.pair(f, 0.1, skew=skew)
    # the array is quasi-static: a microstrip's dispersion is left out
    tolerance = 2e-3 if isinstance(line, EdgeStripline) else 0.06
    for name in ("dd", "cc", "dc", "cd"):
        a, b = getattr(ours, name), getattr(theirs, name)
        assert a is not None
        assert b is not None
        scale = 1.0 if name in ("dd", "cc") else max(np.abs(b).max(), 1e-12)
        assert np.abs(a - b).max() < tolerance * scale


def test_the_common_mode_of_an_edge_coupled_pair_has_its_impedance() -> None:
    smooth = dataclasses.replace(EDGE_STRIPLINE, material=IDEAL)
    fine = np.linspace(0.0, 60e9, 3001)
    common = Network(fine, smooth.pair(fine, 0.02).cc, z0=25.0)
    profile = impedance_profile(common)
    assert profile.between(0.04e-9, 0.15e-9) == pytest.approx(smooth.common_impedance, rel=0.02)


def test_the_common_mode_of_a_thin_twin_cable_is_reference_data() -> None:
    """Both wires in parallel against the shield, 69 log10[p (1 - q⁴) / (2 q²)]: the published closed form of thin wires."""
    air = dataclasses.replace(TWINAX.material, dk=1.0, df=0.0)
    thin = dataclasses.replace(TWINAX, material=air, wire=20e-6)
    p, q = 880.0 / 20.0, 880.0 / 2100.0
    assert thin.common_impedance == pytest.approx(69.0 * np.log10(p * (1 - q**4) / (2 * q**2)), rel=0.003)


def test_the_even_mode_of_a_microstrip_is_the_field_solutions() -> None:
    """Static even mode: the sum of the capacitance matrix's own and mutual term."""
    line = EDGE_MICROSTRIP
    low = np.array([1e9])
    series, shunt = line.common_immittances(low)
    matrix = capacitance_matrix(
        Strips(
            (-0.5 * (line.width + line.gap), 0.5 * (line.width + line.gap)), line.width, line.thickness, line.height
        ),
        line.material.dk,
    )
    assert shunt[0].imag / (2 * np.pi * 1e9) == pytest.approx(matrix[0, 0] + matrix[0, 1], rel=0.02)
    impedance = np.sqrt(series / shunt)[0].real
    assert impedance == pytest.approx(2 * line.common_impedance, rel=0.02)


@settings(max_examples=12, deadline=None)
@given(
    line=st.sampled_from(LINES),
    length=st.floats(2e-3, 0.4),
    skew=st.floats(-300e-12, 300e-12),
    share=st.floats(-0.2, 0.2),
)
def test_unequal_pairs_are_passive_and_reciprocal(line: Line, length: float, skew: float, share: float) -> None:
    f = np.linspace(0.0, min(line.cutoff, 100e9), 161)
    s = line.pair(f, length, skew=skew, length_difference=share * length).four_port().s
    assert np.linalg.svd(s, compute_uv=False).max() <= 1 + PASSIVE
    assert np.abs(s - s.swapaxes(1, 2)).max() <= 1e3 * RECIPROCAL


def test_unequal_pairs_are_causal() -> None:
    """Nothing before the faster line's flight, in either mode and between them."""
    tight = dataclasses.replace(EDGE_STRIPLINE, spacing=140e-6, gap=90e-6, width=60e-6)
    pair = tight.pair(PULSE_GRID, 0.05, skew=100e-12, length_difference=5e-4)
    flight = (0.05 - 2.5e-4) * tight.earliest_index / C0 * (1 - 50e-12 / slowness(tight))
    for s in (pair.dd, pair.cc, pair.cd):
        assert s is not None
        assert early_energy_db(s[:, 1, 0], flight) < -60


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"length_difference": 0.25}, "length_difference must stay below twice the length"),
        ({"skew": 20e-9}, "skew must stay below the line's own delay"),
    ],
)
def test_what_leaves_no_line_is_refused(values: dict[str, float], message: str) -> None:
    for line in LINES:
        with pytest.raises(PhysicsError, match=message):
            line.pair(F, 0.1, **values)


def test_the_slowness_is_that_of_the_medium() -> None:
    lossless: NDArray[np.float64] = np.array([slowness(dataclasses.replace(EDGE_STRIPLINE, material=IDEAL))])
    assert lossless[0] == pytest.approx(np.sqrt(IDEAL.dk) / C0, rel=0.01)

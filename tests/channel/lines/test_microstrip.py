"""Microstrips: scikit-rf's implementation of the same papers, causality of the dispersion, passivity, refusals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import skrf
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skrf.media import MLine

from sirf.channel.lines import EdgeMicrostrip, Microstrip, hammerstad
from sirf.channel.lines.dispersion import MAX_RELATIVE_ERROR, odd_dispersion, single_dispersion
from sirf.channel.materials import list_materials, load_material
from sirf.channel.roughness import RoughnessModel
from sirf.errors import PhysicsError
from sirf.units import C0
from tests.channel.lines.boards import BOARD, EDGE_MICROSTRIP, IDEAL
from tests.channel.physical import FREQUENCY, PULSE_GRID, check_physical, early_energy_db

MODELS: tuple[RoughnessModel, ...] = ("cannonball", "groiss", "hammerstad")
LINE = Microstrip(material=IDEAL, width=220e-6, thickness=30e-6, height=100e-6)


def peer(frequency: NDArray[np.float64], line: Microstrip, disp: str) -> MLine:
    return MLine(
        skrf.Frequency.from_f(frequency, unit="Hz"),
        w=line.width,
        h=line.height,
        t=line.thickness,
        ep_r=line.material.dk,
        tand=0.0,
        rho=1.7e-8,
        rough=0.0,
        diel="frequencyinvariant",
        model="hammerstadjensen",
        disp=disp,
    )


@pytest.mark.parametrize("width", [60e-6, 120e-6, 220e-6, 600e-6])
@pytest.mark.parametrize("dk", [2.2, 3.4, 5.5])
def test_static_values_are_those_of_scikit_rf(width: float, dk: float) -> None:
    line = dataclasses.replace(LINE, width=width, material=dataclasses.replace(IDEAL, dk=dk))
    media = peer(np.array([1e9, 2e9]), line, "none")
    assert line.effective_dk == pytest.approx(float(np.real(np.asarray(media.ep_reff)).flat[0]), rel=2e-4)
    assert 0.5 * line.impedance == pytest.approx(float(np.real(np.asarray(media.zl_eff)).flat[0]), rel=2e-4)


@pytest.mark.parametrize("width", [60e-6, 120e-6, 220e-6])
def test_dispersion_is_scikit_rfs_kirschning_jansen_within_the_causal_fit(width: float) -> None:
    line = dataclasses.replace(LINE, width=width)
    f = np.linspace(1e9, 90e9, 90)
    media = peer(f, line, "kirschningjansen")
    fn = f * line.height * 1e-6
    ours = line.effective_dk + single_dispersion(width / line.height, 3.4, line.effective_dk).rise(fn)
    assert np.allclose(ours, np.real(media.ep_reff_f), rtol=MAX_RELATIVE_ERROR + 0.003)


def test_pair_dispersion_tends_to_that_of_one_strip_far_apart() -> None:
    fn = np.linspace(0.1, 10, 30)
    alone = hammerstad.single_dispersion(fn, 1.5, 3.4, 2.6)
    even, odd = hammerstad.pair_dispersion(fn, 1.5, 10.0, 3.4, (2.6, 2.6))
    assert np.allclose(even, alone, rtol=2e-3)
    assert np.allclose(odd, alone, rtol=5e-3)
    near_even, near_odd = hammerstad.pair_dispersion(fn, 1.5, 0.5, 3.4, (2.6, 2.6))
    assert np.all(near_even > near_odd)


@settings(max_examples=25, deadline=None)
@given(u=st.floats(0.1, 10), g=st.floats(0.1, 10), dk=st.floats(1.5, 12))
def test_the_causal_dispersion_rises_without_loss_and_follows_the_paper(u: float, g: float, dk: float) -> None:
    """Foster: all weights positive, permittivity at infinity at one or above; within the tolerance up to its limit."""
    effective = hammerstad.pair(u, g, dk)[1].effective
    rise = odd_dispersion(u, g, dk, effective)
    fn = np.linspace(0.05, rise.limit, 50)
    published = hammerstad.pair_dispersion(fn, u, g, dk, (effective, effective))[1]
    assert np.allclose(effective + rise.rise(fn), published, rtol=1.05 * MAX_RELATIVE_ERROR)
    assert min(rise.weight) >= 0
    assert effective - sum(rise.weight) >= 1 - 1e-3
    assert min(rise.pole) > rise.limit


def test_an_edge_coupled_pair_far_apart_is_two_single_lines() -> None:
    pair = EdgeMicrostrip(material=BOARD, width=220e-6, gap=950e-6, thickness=30e-6, height=100e-6)
    alone = Microstrip(material=BOARD, width=220e-6, thickness=30e-6, height=100e-6)
    assert pair.impedance == pytest.approx(alone.impedance, rel=0.01)
    assert 4 * pair.common_impedance == pytest.approx(alone.impedance, rel=0.015)
    assert pair.loss_db_per_m(20e9) == pytest.approx(alone.loss_db_per_m(20e9), rel=0.04)


def test_conductor_loss_is_that_of_the_published_formula_for_a_wide_strip() -> None:
    """A wide strip tends to the R_s / (eta h) of a parallel-plate line (Pozar, Microwave Engineering, section 3.2)."""
    copper = dataclasses.replace(IDEAL, conductivity=5.8e7, dk=1.0)
    wide = Microstrip(material=copper, width=5e-3, thickness=20e-6, height=100e-6)
    surface = np.sqrt(np.pi * 5e9 * 4e-7 * np.pi / 5.8e7)
    assert float(wide.loss_db_per_m(5e9)) == pytest.approx(8.686 * surface / (376.73 * wide.height), rel=0.05)


@settings(max_examples=15, deadline=None)
@given(
    dk=st.floats(1, 18),
    df=st.floats(0, 0.1),
    rq=st.floats(0, 5e-6),
    model=st.sampled_from(MODELS),
    u=st.floats(0.1, 10),
    g=st.floats(0.1, 10),
    thick=st.floats(0.02, 1),
    height=st.floats(2e-6, 300e-6),
    length=st.floats(1e-4, 0.5),
)
def test_every_microstrip_is_passive_and_reciprocal(
    dk: float,
    df: float,
    rq: float,
    model: RoughnessModel,
    u: float,
    g: float,
    thick: float,
    height: float,
    length: float,
) -> None:
    """Over the stated ranges: width and gap 0.1 to 10 heights, thickness to half the height and the width, any material."""
    board = dataclasses.replace(IDEAL, dk=dk, df=df, conductivity=5.8e7, roughness_rq=rq, roughness_model=model)
    width, thickness = u * height, thick * min(0.5, u) * height
    single = Microstrip(material=board, width=width, thickness=thickness, height=height)
    pair = EdgeMicrostrip(material=board, width=width, gap=g * height, thickness=thickness, height=height)
    for line in (single, pair):
        grid = np.concatenate(([0.0], np.geomspace(1.0, 1e7, 8), FREQUENCY[1:]))
        check_physical(line.network(grid[grid < line.cutoff], length))


@settings(max_examples=5, deadline=None)
@given(
    material=st.sampled_from(list_materials()),
    rq=st.floats(0, 2e-6),
    u=st.floats(0.3, 2.0),
    length=st.floats(0.02, 0.2),
)
def test_every_microstrip_is_causal(material: str, rq: float, u: float, length: float) -> None:
    """No energy before length x static index / c, below -60 dB; a slab thin enough for the pulse's whole band."""
    board = dataclasses.replace(load_material(material), roughness_rq=rq)
    height = 10e-6
    single = Microstrip(material=board, width=u * height, thickness=3e-6, height=height)
    pair = EdgeMicrostrip(material=board, width=u * height, gap=height, thickness=3e-6, height=height)
    for line in (single, pair):
        s21 = line.network(PULSE_GRID, length).s[:, 1, 0]
        assert early_energy_db(s21, length * line.earliest_index / C0) < -60


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"width": -1.0}, "positive width"),
        ({"thickness": 80e-6}, "thickness up to half the height"),
        ({"width": 2e-3}, "width / height must be between 0.1 and 10"),
        ({"gap": 5e-6}, "gap / height must be between 0.1 and 10"),
    ],
)
def test_bad_geometry_is_refused(changes: dict[str, float], words: str) -> None:
    with pytest.raises(PhysicsError, match=words):
        dataclasses.replace(EDGE_MICROSTRIP, **changes)  # type: ignore[arg-type]  # numbers only


def test_bands_and_slabs_outside_the_formulas_are_refused() -> None:
    with pytest.raises(PhysicsError, match="frequency must stay below"):
        LINE.network(np.array([LINE.cutoff * 1.01]), 0.1)
    with pytest.raises(PhysicsError, match="dk must be at most 18"):
        dataclasses.replace(EDGE_MICROSTRIP, material=dataclasses.replace(IDEAL, dk=19.0))


@pytest.mark.parametrize("u", [0.3, 1.0, 4.0])
@pytest.mark.parametrize("dk", [2.2, 4.3])
def test_two_strips_that_touch_are_one_of_twice_the_width_in_the_even_mode(u: float, dk: float) -> None:
    """Each strip carries half the current: twice the impedance of the wide strip, and its permittivity."""
    even, _ = hammerstad.pair(u, 0.01, dk)
    wide = hammerstad.single(2.0 * u, 0.0, dk)
    assert even.effective == pytest.approx(wide.effective, rel=0.012)
    assert even.air == pytest.approx(2.0 * wide.air, rel=0.03)


@pytest.mark.parametrize("u", [0.3, 1.0, 4.0])
def test_strips_far_apart_are_single_in_both_modes(u: float) -> None:
    for mode in hammerstad.pair(u, 60.0, 3.4):
        alone = hammerstad.single(u, 0.0, 3.4)
        assert mode.effective == pytest.approx(alone.effective, rel=2e-3)
        assert mode.air == pytest.approx(alone.air, rel=5e-3)


def test_a_slab_of_air_changes_nothing() -> None:
    """Dk 1: no mode and no frequency knows of the slab."""
    for mode in (hammerstad.single(1.5, 0.0, 1.0), *hammerstad.pair(1.5, 0.7, 1.0)):
        assert mode.effective == pytest.approx(1.0, rel=1e-9)
    fn = np.array([1.0, 10.0])
    np.testing.assert_allclose(hammerstad.single_dispersion(fn, 1.5, 1.0, 1.0), 1.0, rtol=1e-9)

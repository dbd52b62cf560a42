"""Striplines: closed forms, published boards, passivity, causality."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sirf._arrays import Complex
from sirf.channel.cascade import cascade
from sirf.channel.channel import Channel
from sirf.channel.lines import Stripline, join, line_chain, pair_two_port, series_chain, shunt_chain, uniform_scattering
from sirf.channel.materials import Material, list_materials, load_material
from sirf.channel.package import series_inductance, shunt_capacitance
from sirf.channel.path import Trace
from sirf.errors import PhysicsError
from sirf.paths import pluggable
from sirf.units import C0
from tests.channel.physical import FREQUENCY, PULSE_GRID, check_physical, early_energy_db

IDEAL = Material(id="ideal", title="ideal", dk=3.4, df=0.0, frequency=1e10, conductivity=1e8)


def default_line() -> Stripline:
    element = next(segment.element for segment in pluggable().segments if segment.name == "host board")
    assert isinstance(element, Trace)
    assert isinstance(element.line, Stripline)
    return element.line


def test_thin_stripline_has_the_textbook_impedance_and_speed() -> None:
    """Pozar, Microwave Engineering, stripline: Z0 = 30 pi / sqrt(er) x b / (w + 0.441 b) of a thin line, within 1 %."""
    width = spacing = 400e-6
    line = Stripline(material=IDEAL, width=width, thickness=1e-6, spacing=spacing)
    assert line.impedance == pytest.approx(60 * np.pi / np.sqrt(3.4) * spacing / (width + 0.441 * spacing), rel=0.01)
    gamma, impedance = line.coefficients(np.array([50e9]))
    assert gamma[0].imag == pytest.approx(2 * np.pi * 50e9 * np.sqrt(3.4) / C0, rel=2e-3)
    assert impedance[0].real == pytest.approx(line.impedance, rel=2e-3)


def test_lossless_mismatched_line_is_the_closed_form() -> None:
    """S21 = (1 - G²) e / (1 - G² e²) with e = exp(-j w T)."""
    z, delay = 40.0, 1e-9
    w = 2 * np.pi * FREQUENCY
    series: Complex = np.asarray(1j * w * z * delay, dtype=np.complex128)
    s = pair_two_port(FREQUENCY, line_chain(series, np.asarray(series / z**2), 1.0)).s
    reflection, once = (z - 50.0) / (z + 50.0), np.exp(-1j * w * delay)
    assert np.allclose(s[:, 1, 0], (1 - reflection**2) * once / (1 - reflection**2 * once**2), atol=1e-12)
    assert np.allclose(s[:, 0, 0], reflection * (1 - once**2) / (1 - reflection**2 * once**2), atol=1e-12)


def test_a_line_without_end_reflects_by_its_impedance_alone() -> None:
    """A kilometre: nothing passes, nothing overflows, S11 = (Z - 100) / (Z + 100)."""
    line, f = default_line(), np.array([1e9, 50e9])
    s = line.network(f, 1000.0).s
    impedance = line.coefficients(f)[1]
    assert np.allclose(s[:, 0, 0], (impedance - 100) / (impedance + 100), rtol=1e-9)
    assert np.abs(s[:, 1, 0]).max() < 1e-100


def test_two_halves_make_the_whole_line() -> None:
    line = default_line()
    whole, half = line.network(FREQUENCY, 0.2), line.network(FREQUENCY, 0.1)
    assert np.allclose((half @ half).s, whole.s, atol=1e-12)


def test_line_at_dc_is_its_resistance() -> None:
    line, length = default_line(), 0.2
    resistance = length / (line.material.conductivity * line.width * line.thickness)
    s = line.network(np.array([0.0]), length).s[0]
    assert s[1, 0] == pytest.approx(100.0 / (100.0 + resistance))
    assert s[0, 0] == pytest.approx(resistance / (100.0 + resistance))


def test_smooth_conductor_loss_is_the_published_stripline_formula() -> None:
    """Pozar, Microwave Engineering, stripline: alpha_c of a stripline with Z0 sqrt(er) < 120 ohm, within 5 %."""
    copper = dataclasses.replace(IDEAL, conductivity=5.8e7)
    width, thickness, spacing, f = 300e-6, 10e-6, 400e-6, 20e9
    line = Stripline(material=copper, width=width, thickness=thickness, spacing=spacing)
    surface = np.sqrt(np.pi * f * 4e-7 * np.pi / copper.conductivity)
    a = (
        1
        + 2 * width / (spacing - thickness)
        + (spacing + thickness) / (np.pi * (spacing - thickness)) * np.log((2 * spacing - thickness) / thickness)
    )
    alpha = 2.7e-3 * surface * 3.4 * (line.impedance / 2) / (30 * np.pi * (spacing - thickness)) * a
    assert line.loss_db_per_m(f) == pytest.approx(8.686 * alpha, rel=0.05)


def test_chains_agree_with_the_package_formulas() -> None:
    w = 2j * np.pi * FREQUENCY
    chain = join(shunt_chain(w * 120e-15), series_chain(w * 120e-12), shunt_chain(w * 30e-15))
    s = cascade(
        cascade(shunt_capacitance(FREQUENCY, 120e-15), series_inductance(FREQUENCY, 120e-12)),
        shunt_capacitance(FREQUENCY, 30e-15),
    )
    assert np.allclose(pair_two_port(FREQUENCY, chain).s, s, atol=1e-12)


def test_megtron_7_loss_agrees_with_the_difference_of_measured_backplanes(channels_dir: Path) -> None:
    """12 less 4 nominal inches on each of two cards is 16 inches of trace; the fixture drops out. Mean error within 10 %."""
    f = np.linspace(1e9, 50e9, 50)
    long, short = (
        Channel.from_touchstone(channels_dir / name / "thru.s4p").insertion_loss_db(f)
        for name in ("backplane_28db", "backplane_12db")
    )
    measured = (long - short) / 16.0
    smooth = np.exp(np.polyval(np.polyfit(np.log(f), np.log(measured), 3), np.log(f)))
    modelled = default_line().loss_db_per_m(f) * 0.0254
    assert np.mean(np.abs(modelled / smooth - 1.0)) <= 0.07


@settings(max_examples=50, deadline=None)
@given(
    material=st.sampled_from(list_materials()),
    rq=st.floats(0, 5e-6),
    width=st.floats(0.35, 5.0),
    thickness=st.floats(0.01, 0.49),
    spacing=st.floats(5e-6, 400e-6),
    length=st.floats(1e-3, 1.0),
)
def test_every_stripline_is_passive_and_reciprocal(
    material: str, rq: float, width: float, thickness: float, spacing: float, length: float
) -> None:
    """Over the stated range: width from 0.35 of what is between the planes, thickness below half of their spacing."""
    board = dataclasses.replace(load_material(material), roughness_rq=rq)
    line = Stripline(material=board, width=width * spacing, thickness=thickness * spacing, spacing=spacing)
    grid = np.concatenate(([0.0], np.geomspace(1.0, 1e7, 8), FREQUENCY[1:]))
    check_physical(line.network(grid[grid <= line.cutoff], length))


@settings(max_examples=20, deadline=None)
@given(
    material=st.sampled_from(list_materials()),
    rq=st.floats(0, 2e-6),
    width=st.floats(100e-6, 200e-6),
    length=st.floats(0.02, 0.2),
)
def test_every_stripline_is_causal(material: str, rq: float, width: float, length: float) -> None:
    """No energy before length x sqrt(eps_inf) / c, below -60 dB."""
    board = dataclasses.replace(load_material(material), roughness_rq=rq)
    line = Stripline(material=board, width=width, thickness=15e-6, spacing=100e-6)
    s21 = line.network(PULSE_GRID, length).s[:, 1, 0]
    assert early_energy_db(s21, length * np.sqrt(board.high_frequency_dk) / C0) < -60


def test_roughness_on_the_resistance_alone_would_not_be_causal() -> None:
    """The check has teeth: the same line with |K| on R but no partner in the inductance fails it."""
    line, length = default_line(), 0.2
    series, shunt = line.immittances(PULSE_GRID)
    rough = series.real * 4.0 + 1j * (series.imag - series.real)
    gamma = np.sqrt(rough * shunt)
    early = early_energy_db(np.exp(-gamma * length), length * np.sqrt(line.material.high_frequency_dk) / C0)
    assert early > -60


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"width": 20e-6}, r"width / \(spacing - thickness\) must be at least 0.35"),
        ({"thickness": 200e-6}, "thickness below half the plane spacing"),
        ({"width": -1.0}, "positive width"),
        ({"width": float("nan")}, "positive width"),
    ],
)
def test_bad_geometry_is_refused(changes: dict[str, float], words: str) -> None:
    with pytest.raises(PhysicsError, match=words):
        dataclasses.replace(default_line(), **changes)  # type: ignore[arg-type]  # numbers only


def test_band_beyond_the_second_mode_is_refused() -> None:
    wide = Stripline(material=IDEAL, width=1e-3, thickness=17e-6, spacing=1e-3)
    with pytest.raises(PhysicsError, match="frequency must stay below 81 GHz"):
        wide.network(FREQUENCY, 0.1)


@pytest.mark.parametrize("length", [0.0, 0.003, 0.25, 400.0])
def test_one_pass_is_the_product_of_chain_matrices(length: float) -> None:
    """A lossy line, one without any loss, and one without series impedance, each between two admittances to ground; at DC too."""
    f = np.array([0.0, 1e6, 3e9, 50e9, 110e9])
    jw = 2j * np.pi * f
    lossy = jw * 3e-7 + np.sqrt(f) * (1.0 + 1.0j) * 1e-4 + 2.0
    before, after = np.asarray(jw * 2e-14), np.asarray(jw * 1e-13 + 1e-3)
    for series, shunt in ((lossy, jw * (1.2e-10 - 2e-13j)), (jw * 3e-7, jw * 1.2e-10), (0.0 * jw, jw * 1.2e-10)):
        found = uniform_scattering(series, shunt, length, before=before, after=after)
        parts = (shunt_chain(before), line_chain(series, shunt, length), shunt_chain(after))
        assert np.allclose(found, pair_two_port(f, join(*parts)).s, rtol=1e-10, atol=1e-13)

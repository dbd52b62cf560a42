"""Materials: the models against their closed-form limits, and the shipped data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sirf._data import data_path, load_toml
from sirf.channel.materials import Material, cannonball_factor, list_materials, load_material, wideband_debye
from sirf.errors import ConfigError, PhysicsError
from sirf.units import MU0
from tests.edited import edited


@given(dk=st.floats(2, 10), df=st.floats(1e-4, 0.03), reference=st.floats(1e9, 50e9))
def test_debye_returns_its_two_numbers_at_the_reference(dk: float, df: float, reference: float) -> None:
    value = complex(wideband_debye(reference, dk=dk, df=df, reference=reference))
    assert value.real == pytest.approx(dk, rel=1e-9)
    assert -value.imag / value.real == pytest.approx(df, rel=1e-9)


@given(dk=st.floats(2, 10), df=st.floats(1e-4, 0.03))
def test_debye_is_passive_falling_and_real_at_dc(dk: float, df: float) -> None:
    frequency = np.concatenate(([0.0], np.geomspace(1e3, 1e12, 200)))
    value = wideband_debye(frequency, dk=dk, df=df, reference=10e9)
    assert value[0].imag == 0.0
    assert np.all(value.imag[1:] < 0.0)
    assert np.all(np.diff(value.real) < 0.0)


def test_debye_obeys_kramers_kronig() -> None:
    """The slope of e' per decade and e'' belong together: e'' = -(pi/2) d e' / d ln w between the corners."""
    frequency = np.geomspace(1e7, 1e9, 41)
    value = wideband_debye(frequency, dk=3.4, df=0.004, reference=12e9)
    slope = np.gradient(value.real, np.log(frequency))
    assert np.allclose(-value.imag[2:-2], -np.pi / 2 * slope[2:-2], rtol=3e-3)


def test_cannonball_limits_and_huray_loss() -> None:
    rz, sigma = 2e-6, 5.8e7
    frequency = np.geomspace(1e6, 1e17, 60)
    factor = cannonball_factor(frequency, roughness_rz=rz, conductivity=sigma)
    ratio = 1.0 / np.sqrt(np.pi * frequency * MU0 * sigma) / (0.06 * rz)
    strength = 1.5 * 14 * 4 * np.pi / 36
    assert strength == pytest.approx(7.33, abs=2e-3)
    assert np.allclose(((1 + 1j) * factor).real, 1 + strength / (1 + ratio + ratio**2 / 2), rtol=1e-12)
    assert complex(cannonball_factor(0.0, roughness_rz=rz)) == 1.0
    assert factor[-1] == pytest.approx(1 + strength, rel=2e-3)
    assert np.array_equal(cannonball_factor(frequency, roughness_rz=0.0), np.ones(60))


@given(rq=st.floats(0, 5e-6))
def test_surface_is_passive_and_inductive(rq: float) -> None:
    material = Material(id="x", title="x", dk=3.4, df=0.002, frequency=12e9, roughness_rq=rq)
    impedance = material.surface_impedance(np.linspace(0, 110e9, 300))
    assert impedance[0] == 0.0
    assert np.all(impedance.real[1:] > 0)
    assert np.all(impedance.imag >= impedance.real * (1 - 1e-12))


def test_dielectric_loss_of_megtron7_at_53_ghz() -> None:
    """Published reading: .45 dB/in of dielectric loss alone at 53 GHz."""
    material = load_material("megtron7")
    eps = complex(material.permittivity(53e9))
    loss = -8.686 * 2 * np.pi * 53e9 / 2.998e8 * np.sqrt(eps).imag * 0.0254
    assert loss == pytest.approx(0.45, rel=0.1)


def test_shipped_materials_load_and_state_their_provenance() -> None:
    assert {"fr4", "megtron4", "megtron6", "megtron7", "megtron8n", "megtron8u", "tachyon100g"} < set(list_materials())
    assert {"abf-gx92", "abf-gl102", "glass-core"} < set(list_materials())
    for name in list_materials():
        material = load_material(name)
        assert material.id == name
        assert material.provenance in ("P", "2", "E")
        assert material.source
        assert load_toml(data_path("materials", f"{name}.toml"))["foil"]["provenance"] in ("P", "2", "E")


def test_a_warm_foil_conducts_less_and_a_laminate_loses_by_its_coefficients() -> None:
    """R = R_20 (1 + 0.00393 (T - 20 C)), IEC 60028; Df by its relative change a kelvin from 23 C and a percent from 50 %."""
    board = Material(
        id="x",
        title="x",
        dk=3.5,
        df=0.004,
        frequency=1e9,
        df_per_k=2e-3,
        df_per_percent_rh=1e-3,
        resistance_per_k=0.00393,
    )
    warm = board.at(temperature_c=83.0, humidity_percent=80.0)
    assert board.conductivity / warm.conductivity == pytest.approx(1.0 + 0.00393 * 63.0)
    assert warm.df / board.df == pytest.approx((1.0 + 2e-3 * 60.0) * (1.0 + 1e-3 * 30.0))
    assert warm.surface_impedance(1e9).real > board.surface_impedance(1e9).real
    assert warm.dk == board.dk


def test_unknown_material_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"got 'Megtron-7'\. Did you mean 'megtron7'\?"):
        load_material("Megtron-7")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("dk = 3.4", "dk = 'x'", "dk"),
        ("dk = 3.4", "dkk = 3.4", "dk"),
        ("rz_per_rq = 4.0", "rz_per_rq = 0.1", "foil.rz_per_rq"),
    ],
)
def test_bad_file_names_file_and_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    file = edited(tmp_path, "materials", "megtron7.toml", old, new)
    with pytest.raises(ConfigError, match=f"mine.toml: key {key} must be"):
        load_material(str(file))


@pytest.mark.parametrize(("name", "value"), [("dk", 0.5), ("df", 0.2), ("roughness_rq", 1e-3), ("dk", float("nan"))])
def test_values_outside_the_models_are_refused(name: str, value: float) -> None:
    values = {"dk": 3.4, "df": 0.002, "roughness_rq": 0.0} | {name: value}
    with pytest.raises(PhysicsError, match=f"{name} of x must be between"):
        Material(
            id="x", title="x", dk=values["dk"], df=values["df"], frequency=12e9, roughness_rq=values["roughness_rq"]
        )

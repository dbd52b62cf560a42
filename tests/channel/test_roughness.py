"""Rough conductors: the published factors on the resistance, causal partners by a numerical Hilbert transform, limits."""

from __future__ import annotations

import dataclasses
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sirf.channel.materials import load_material
from sirf.channel.roughness import RoughnessModel, groiss_factor, hammerstad_factor, huray_factor, roughness_factor
from sirf.errors import PhysicsError
from sirf.units import MU0

COPPER = 5.8e7
MODELS: tuple[RoughnessModel, ...] = get_args(RoughnessModel)


def skin_depth(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1.0 / np.sqrt(np.pi * frequency * MU0 * COPPER))


def resistance(factor: NDArray[np.complex128]) -> NDArray[np.float64]:
    """What a complex factor does to the resistance of a smooth surface."""
    return np.asarray(((1.0 + 1j) * factor).real)


def test_hammerstad_scales_the_resistance_as_published() -> None:
    f, rq = np.geomspace(1e4, 1e13, 300), 0.6e-6
    expected = 1 + 2 / np.pi * np.arctan(1.4 * (rq / skin_depth(f)) ** 2)
    assert np.allclose(resistance(hammerstad_factor(f, roughness_rq=rq)), expected, rtol=1e-12)


def test_groiss_scales_the_resistance_as_published() -> None:
    f, rq = np.geomspace(1e4, 1e13, 2000), 0.6e-6
    expected = 1 + np.exp(-((skin_depth(f) / (2 * rq)) ** 1.6))
    assert np.allclose(resistance(groiss_factor(f, roughness_rq=rq)), expected, rtol=5e-3)


def test_huray_scales_the_resistance_as_published() -> None:
    f, radius, balls, tile = np.geomspace(1e4, 1e13, 300), 0.5e-6, 79.0, 90e-12
    ratio = skin_depth(f) / radius
    expected = 1 + 1.5 * balls * 4 * np.pi * radius**2 / tile / (1 + ratio + 0.5 * ratio**2)
    factor = huray_factor(f, radius=radius, balls=balls, tile_area=tile)
    assert np.allclose(resistance(factor), expected, rtol=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_reactance_is_the_hilbert_transform_of_the_resistance(model: RoughnessModel) -> None:
    """Kramers–Kronig, numerically: Im H(w) = (2 w / pi) P integral of Re H(v) / (v² - w²) dv, H = excess / s.

    The excess impedance over the smooth surface, divided by s, falls fast enough for the integral to converge.
    """
    rq = 0.5e-6

    def excess(w: NDArray[np.float64]) -> NDArray[np.complex128]:
        factor = roughness_factor(w / (2 * np.pi), model=model, roughness_rq=rq, roughness_rz=4 * rq)
        return np.asarray((1 + 1j) * np.sqrt(w) * (factor - 1) / (1j * w))

    v = np.geomspace(1e2, 1e20, 60_001)
    for w in 2 * np.pi * np.array([0.3e9, 3e9, 30e9]):
        here = excess(np.array([w]))[0]
        # H(jw) = L - jR/w: its imaginary part from its real part
        kernel = (excess(v).real - here.real) / (v**2 - w**2)
        kernel[np.abs(v / w - 1) < 1e-7] = 0.0
        imaginary = (2 * w / np.pi) * np.trapezoid(kernel * v, np.log(v))
        assert imaginary == pytest.approx(here.imag, rel=0.01)


@settings(max_examples=20, deadline=None)
@given(rq=st.floats(0, 5e-6), model=st.sampled_from(MODELS))
def test_every_surface_is_passive_inductive_and_one_at_dc(rq: float, model: RoughnessModel) -> None:
    f = np.concatenate(([0.0], np.geomspace(1e3, 1e12, 200)))
    factor = roughness_factor(f, model=model, roughness_rq=rq, roughness_rz=4 * rq)
    assert factor[0] == 1.0
    assert resistance(factor).min() > 0.99
    assert ((1 + 1j) * factor).imag.min() > 0.99


def test_the_models_end_at_their_published_limits() -> None:
    f = np.array([1e16])
    ends = {model: abs(roughness_factor(f, model=model, roughness_rq=1e-6, roughness_rz=4e-6)[0]) for model in MODELS}
    assert ends == pytest.approx({"cannonball": 8.33, "groiss": 2.0, "hammerstad": 2.0}, rel=0.01)


def test_wrong_names_and_shapes_are_refused() -> None:
    with pytest.raises(PhysicsError, match="roughness model must be one of cannonball, groiss, hammerstad, got 'huge'"):
        roughness_factor(1e9, model="huge", roughness_rq=0, roughness_rz=0)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(PhysicsError, match="positive radius and tile area"):
        huray_factor(1e9, radius=0.0, balls=14, tile_area=1e-12)


def test_warm_copper_resists_by_the_iec_coefficient() -> None:
    """IEC 60028: annealed copper gains 0.393 % of its resistance at 20 C a kelvin; skin resistance goes with its root."""
    cold = dataclasses.replace(load_material("megtron7"), roughness_rq=0.0)
    hot = cold.at(temperature_c=85.0)
    f = np.array([10e9])
    ratio = hot.surface_impedance(f)[0].real / cold.surface_impedance(f)[0].real
    assert ratio == pytest.approx(np.sqrt(1 + 0.00393 * 65), rel=1e-9)
    assert hot.df == cold.df
    assert cold.at() == cold


def test_published_coefficients_of_a_laminate_change_its_df() -> None:
    material = dataclasses.replace(load_material("fr4"), df_per_k=0.002, df_per_percent_rh=0.004)
    assert material.at(temperature_c=73.0).df == pytest.approx(0.02 * 1.1)
    assert material.at(humidity_percent=75.0).df == pytest.approx(0.02 * 1.1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"temperature_c": 200.0}, "temperature_c must be between -40 and 125"),
        ({"humidity_percent": 120.0}, "humidity_percent must be between 0 and 100"),
        ({"humidity_percent": 85.0}, "no published coefficient"),
    ],
)
def test_environments_outside_the_data_are_refused(call: dict[str, float], words: str) -> None:
    with pytest.raises(PhysicsError, match=words):
        load_material("megtron7").at(**call)

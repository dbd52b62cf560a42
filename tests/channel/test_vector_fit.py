"""Rational models: closed forms, scikit-rf's own evaluation, and parts of paths."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from skrf.vectorFitting import VectorFitting

from sirf.channel.network import Network
from sirf.channel.quality import quality
from sirf.channel.vector_fit import _known, vector_fit
from sirf.errors import LimitError, SirfError

FREQUENCY = np.linspace(0.0, 50e9, 201)


def series_rc_shunt(r: float = 10.0, c: float = 100e-15) -> Network:
    """Series resistor and shunt capacitor between 50 ohm: one real pole at -(1/Z0 + 1/(Z0 + R)) / C."""
    s = 2j * np.pi * FREQUENCY
    a, b, cc, d = 1 + s * r * c, np.full_like(s, r), s * c, np.ones_like(s)
    z0 = 50.0
    total = a + b / z0 + cc * z0 + d
    matrix = np.empty((FREQUENCY.size, 2, 2), dtype=np.complex128)
    matrix[:, 0, 0] = (a + b / z0 - cc * z0 - d) / total
    matrix[:, 0, 1] = matrix[:, 1, 0] = 2 / total
    matrix[:, 1, 1] = (-a + b / z0 - cc * z0 + d) / total
    return Network(FREQUENCY, matrix, name="rc")


def resonator(q: float = 30.0, resonance: float = 20e9) -> Network:
    """Series LC trap in shunt: a notch at `resonance`, one pair of poles."""
    omega, w0 = 2 * np.pi * FREQUENCY, 2 * np.pi * resonance
    x = 50.0 * q * (omega / w0 - np.divide(w0, omega, out=np.full_like(omega, 1e12), where=omega > 0))
    y = 1.0 / (25.0 + 1j * x)
    s11 = -y * 50 / (2 + y * 50)
    matrix = np.empty((FREQUENCY.size, 2, 2), dtype=np.complex128)
    matrix[:, 0, 0] = matrix[:, 1, 1] = s11
    matrix[:, 0, 1] = matrix[:, 1, 0] = 1 + s11
    return Network(FREQUENCY, matrix, name="trap")


def test_the_pole_of_an_rc_network_is_found() -> None:
    network = series_rc_shunt()
    model = vector_fit(network, max_error=1e-9)
    expected = -(1 / 50.0 + 1 / 60.0) / 100e-15
    weight = np.abs(model.residues).max(axis=(0, 1)) / np.abs(model.poles)
    strong = model.poles[weight > 1e-6]
    assert strong.size
    assert np.allclose(strong, expected, rtol=1e-6)  # it may come twice, its residue shared
    assert model.stable
    assert model.passive
    wide = np.array([0.0, 300e9])
    s21 = 2 / (2 + 10 / 50 + 2j * np.pi * wide * 100e-15 * 60)
    assert np.allclose(model.network(wide).s[:, 1, 0], s21, rtol=0, atol=1e-7)  # it holds beyond the band, too


def test_a_resonance_is_found() -> None:
    model = vector_fit(resonator(), max_error=1e-6)
    paired = model.poles[model.poles.imag > 0]
    strong = paired[np.argmax(np.abs(model.residues[1, 0][model.poles.imag > 0]) / np.abs(paired.real))]
    assert abs(strong) == pytest.approx(2 * np.pi * 20e9, rel=1e-4)
    assert model.rms_error < 1e-6 <= model.max_error * 1e3 + 1e-6


def test_the_model_is_evaluated_as_scikit_rf_does() -> None:
    network = resonator()
    fit = VectorFitting(network.to_network())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks on passivity
        fit.vector_fit(n_poles_real=2, n_poles_cmplx=1, **_known(fit.vector_fit, enforce_dc=False))
    model = vector_fit(network, max_error=0.5, max_pairs=1, passive=False)
    points = np.linspace(0, 80e9, 77)
    for out in range(2):
        for into in range(2):
            theirs = fit.get_model_response(out, into, points)
            assert np.allclose(model.network(points).s[:, out, into], theirs, rtol=0, atol=1e-9)


def test_a_model_of_a_lossy_line_is_stable_passive_and_close() -> None:
    f = np.linspace(0.0, 50e9, 501)
    loss = 0.5 * np.sqrt(2j * f / 50e9)
    s = np.zeros((f.size, 2, 2), dtype=np.complex128)
    s[:, 0, 1] = s[:, 1, 0] = np.exp(-loss - 2j * np.pi * f * 20e-12)
    network = Network(f, s, name="short line")
    model = vector_fit(network, max_error=3e-3)
    assert model.rms_error <= 3e-3
    assert model.stable
    assert model.passive
    again = model.network(f)
    assert np.sqrt(np.mean(np.abs(again.s - network.s) ** 2)) == pytest.approx(model.rms_error, rel=1e-9)
    assert quality(again).causal


def test_a_result_shows_itself() -> None:
    model = vector_fit(series_rc_shunt(), max_error=1e-6)
    assert repr(model).startswith("RationalModel('rc', order ")
    assert "stable" in str(model)
    assert "<table>" in model._repr_html_()
    told = json.loads(json.dumps(model.to_dict(), allow_nan=False))
    assert told["order"] == model.order
    assert np.shape(told["residues"]) == (2, 2, model.poles.size, 2)


def test_a_fit_says_how_far_it_has_come() -> None:
    told: list[tuple[str, int, int]] = []
    with pytest.raises(LimitError):
        vector_fit(
            resonator(),
            max_error=1e-30,
            max_pairs=3,
            progress=lambda note, done, total: told.append((note, done, total)),
        )
    assert [(done, total) for _, done, total in told] == [(0, 3), (1, 3), (2, 3)]
    assert told[0][0] == "1 pole pair"
    assert told[2][0].startswith("3 pole pairs, rms error ")


def test_what_cannot_be_fitted_is_refused() -> None:
    f = np.linspace(0.0, 50e9, 64)
    s = np.exp(-2j * np.pi * f * 0.5e-9)[:, None, None] * np.array([[0, 1], [1, 0]])
    with pytest.raises(LimitError, match=r"must be at most 0\.001, got"):
        vector_fit(Network(f, s.astype(np.complex128), name="long line"), max_pairs=1)
    with pytest.raises(SirfError, match="points must be at least 16"):
        vector_fit(Network(f[:8], s[:8].astype(np.complex128)))
    with pytest.raises(SirfError, match="must be positive"):
        vector_fit(series_rc_shunt(), max_error=0.0)

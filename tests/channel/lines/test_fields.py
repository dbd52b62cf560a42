"""The field solution of strips against exact and published closed forms, which nobody derived from it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ellipk

from sirf.channel.lines import cohn, hammerstad
from sirf.channel.lines.fields import Strips, capacitance_matrix, inductance_matrix, recession_matrix
from sirf.errors import PhysicsError
from sirf.units import C0, EPS0, MU0


def modes(strips: Strips, dk: float = 1.0) -> tuple[float, float]:
    """(even, odd) capacitance of two strips in F/m."""
    matrix = capacitance_matrix(strips, dk)
    return float(matrix[0, 0] + matrix[0, 1]), float(matrix[0, 0] - matrix[0, 1])


@pytest.mark.parametrize(("width", "gap"), [(0.3, 0.3), (0.3, 0.1), (1.0, 0.2), (0.6, 1.5)])
def test_thin_striplines_are_cohns_exact_modes(width: float, gap: float) -> None:
    """Z = 30 pi K(k') / K(k), k = tanh(pi w / 2b) times tanh or coth of pi (w + s) / 2b (Cohn 1955, exact)."""
    near, far = np.tanh(0.5 * np.pi * width), np.tanh(0.5 * np.pi * (width + gap))
    strips = Strips((0.0, width + gap), width, 1e-4, 0.5 - 5e-5, 1.0)
    for k, capacitance in zip((near * far, near / far), modes(strips), strict=True):
        exact = 30 * np.pi * ellipk(1 - k * k) / ellipk(k * k)
        assert 1 / (C0 * capacitance) == pytest.approx(exact, rel=4e-3)


@pytest.mark.parametrize("thickness", [0.03, 0.06, 0.1])
@pytest.mark.parametrize("gap", [0.1, 0.5, 1.0])
def test_thick_striplines_agree_with_cohns_correction(thickness: float, gap: float) -> None:
    strips = Strips((0.0, 0.5 + gap), 0.5, thickness, 0.5 * (1 - thickness), 1.0)
    for closed, capacitance in zip(cohn.pair(0.5, gap, thickness, 1.0), modes(strips), strict=True):
        assert 1 / (C0 * capacitance) == pytest.approx(closed, rel=0.03)


def test_one_thick_stripline_agrees_with_cohn_in_impedance_and_in_loss() -> None:
    width, thickness, spacing, step = 300e-6, 10e-6, 400e-6, 1e-9
    strips = Strips((0.0,), width, thickness, 0.5 * (spacing - thickness), spacing)
    assert 1 / (C0 * capacitance_matrix(strips, 1.0)[0, 0]) == pytest.approx(
        cohn.single(width, thickness, spacing), rel=3e-3
    )
    receded = cohn.single(width - 2 * step, thickness - 2 * step, spacing + 2 * step)
    slope = (receded - cohn.single(width, thickness, spacing)) / (C0 * step * MU0)
    assert recession_matrix(strips)[0, 0] == pytest.approx(slope, rel=0.01)


@pytest.mark.parametrize("dk", [2.2, 3.5, 5.5])
@pytest.mark.parametrize(("u", "t"), [(0.2, 0.01), (0.2, 0.18), (1.0, 0.18), (1.0, 0.35), (2.0, 0.01), (5.0, 0.35)])
def test_one_microstrip_is_hammerstads(u: float, t: float, dk: float) -> None:
    strips = Strips((0.0,), u, t, 1.0)
    air, slab = (float(capacitance_matrix(strips, k)[0, 0]) for k in (1.0, dk))
    closed = hammerstad.single(u, t, dk)
    assert 1 / (C0 * air) == pytest.approx(closed.air, rel=0.01)
    assert slab / air == pytest.approx(closed.effective, rel=0.015)


@pytest.mark.parametrize("dk", [2.2, 3.5, 5.5])
@pytest.mark.parametrize("u", [0.2, 1.0, 5.0])
@pytest.mark.parametrize("g", [0.2, 1.0, 5.0])
def test_two_thin_microstrips_are_kirschning_and_jansens(u: float, g: float, dk: float) -> None:
    strips = Strips((0.0, u + g), u, 1e-3, 1.0)
    for closed, air, slab in zip(hammerstad.pair(u, g, dk), modes(strips), modes(strips, dk), strict=True):
        assert 1 / (C0 * air) == pytest.approx(closed.air, rel=0.008)
        assert slab / air == pytest.approx(closed.effective, rel=0.009)


def test_facing_plates_approach_a_parallel_plate_capacitor() -> None:
    """Two tall strips at a small gap: the mutual capacitance tends to eps0 t / s plus fringes."""
    gap = 0.02
    near, far = (-capacitance_matrix(Strips((0.0, 0.2 + s), 0.2, 0.8, 0.6, 2.0), 1.0)[0, 1] for s in (gap, 2 * gap))
    assert near - far == pytest.approx(EPS0 * 0.8 * (1 / gap - 1 / (2 * gap)), rel=0.05)


def test_matrices_are_those_of_a_physical_line() -> None:
    strips = Strips((0.0, 1.0, 2.5, 3.5), 0.5, 0.1, 0.45, 1.0)
    capacitance = capacitance_matrix(strips, 3.0)
    assert np.allclose(capacitance, capacitance.T)
    assert np.all(np.linalg.eigvalsh(recession_matrix(strips)) > 0)
    assert np.all(capacitance - np.diag(np.diag(capacitance)) <= 0)
    assert np.allclose(inductance_matrix(strips) @ capacitance, 3.0 / C0**2 * np.eye(4), atol=1e-9 / C0**2)


def test_strips_that_touch_are_refused() -> None:
    with pytest.raises(PhysicsError, match="strips must stand apart"):
        capacitance_matrix(Strips((0.0, 0.4), 0.5, 0.1, 0.45, 1.0), 1.0)
    with pytest.raises(PhysicsError, match="strips must stand apart"):
        capacitance_matrix(Strips((0.0,), 0.5, 0.6, 0.45, 1.0), 1.0)

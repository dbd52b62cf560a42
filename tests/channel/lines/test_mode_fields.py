"""Even and odd mode of coupled microstrips against the field itself: charges on thin strips by the method of moments.

On the interface of a slab of thickness h over a ground plane a line charge makes the potential
1 / (2 pi eps0 (1 + dk)) sum over n of (-K)^n ln((x² + (2 (n + 1) h)²) / (x² + (2 n h)²)), K = (dk - 1) / (dk + 1), which is the
inverse transform of 1 / (eps0 k (1 + dk coth(k h))). Each strip is cut into pieces of even charge, narrow at its edges.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from sirf.channel.lines import hammerstad
from sirf.units import C0, EPS0

Float = NDArray[np.float64]
PIECES = 60
IMAGES = 400


def log_integral(u: Float, a: float) -> Float:
    """An integral of ln(u² + a²) over u."""
    with np.errstate(divide="ignore", invalid="ignore"):
        bent = 2.0 * a * np.arctan(u / a) if a else 0.0
        return np.nan_to_num(u * np.log(u * u + a * a)) - 2.0 * u + bent


def charge_per_volt(u: float, g: float, dk: float, sign: float) -> float:
    """Capacitance in F/m of one of two strips at potentials 1 and `sign`; height one, so sizes are u and g."""
    # pieces from edge to edge, as dense at the edges as the charge is
    edges = 0.5 * g + 0.5 * u * (1.0 - np.cos(np.linspace(0.0, np.pi, PIECES + 1)))
    middle = 0.5 * (edges[1:] + edges[:-1])
    k = (dk - 1.0) / (dk + 1.0)
    total = np.zeros((PIECES, PIECES))
    for n in range(IMAGES if k else 1):
        weight = (-k) ** n
        if abs(weight) < 1e-14:
            break
        for at, side in ((1.0, 1.0), (-1.0, sign)):
            # from each piece, and from its image on the other strip
            low, high = middle[:, None] - at * edges[None, :-1], middle[:, None] - at * edges[None, 1:]
            for distance, turn in ((2.0 * (n + 1), 1.0), (2.0 * n, -1.0)):
                part = log_integral(low, distance) - log_integral(high, distance)
                total += weight * side * at * turn * part
    potential = total / (2.0 * np.pi * EPS0 * (1.0 + dk))
    density = np.linalg.solve(potential, np.ones(PIECES))
    return float(density @ np.diff(edges))


@cache
def mode(u: float, g: float, dk: float, sign: float) -> tuple[float, float]:
    """(impedance in air in ohm, effective permittivity) of one strip in the even (+1) or odd (-1) mode."""
    air, slab = charge_per_volt(u, g, 1.0, sign), charge_per_volt(u, g, dk, sign)
    return 1.0 / (C0 * air), slab / air


def test_the_field_of_a_strip_alone_is_hammerstad_and_jensens() -> None:
    """Far apart both modes are the strip alone, whose closed form is good to 0.03 % and 0.2 %: that is the field's own error."""
    for u, dk in ((0.5, 3.4), (2.0, 9.8)):
        alone = hammerstad.single(u, 0.0, dk)
        for sign in (1.0, -1.0):
            air, effective = mode(u, 400.0, dk, sign)
            assert air == pytest.approx(alone.air, rel=1e-3)
            assert effective == pytest.approx(alone.effective, rel=3e-3)


@pytest.mark.parametrize(("u", "g"), [(0.3, 0.2), (0.3, 1.5), (1.0, 0.3), (1.0, 3.0), (2.5, 0.6), (2.5, 4.0)])
@pytest.mark.parametrize("dk", [2.2, 3.4, 9.8])
def test_pairs_are_within_the_error_that_kirschning_and_jansen_state(u: float, g: float, dk: float) -> None:
    """0.6 % by the paper, and the field's own error beside it."""
    for found, sign in zip(hammerstad.pair(u, g, dk), (1.0, -1.0), strict=True):
        air, effective = mode(u, g, dk, sign)
        assert found.effective == pytest.approx(effective, rel=8e-3)
        assert found.air == pytest.approx(air, rel=8e-3)

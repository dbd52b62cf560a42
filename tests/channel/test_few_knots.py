"""Responses of few points, couplings of weak channels, and repair of files whose points lie unevenly."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from sirf.channel.causality import early_db
from sirf.channel.network import Network
from sirf.channel.repair import _early_part, causal
from sirf.channel.resample import FlatResponse, coupling_corner

Float = NDArray[np.float64]


def flat_of(root: Float, value: Float) -> FlatResponse:
    return FlatResponse(
        root=root,
        value=value.astype(complex),
        delay_s=0.0,
        edge=float(root[-1] ** 2),
        level=complex(value[-1]),
        loss=0.0,
        edge_delay_s=0.0,
        mismatch=0.0,
        reach=1.0,
        warnings=(),
    )


def test_two_points_make_a_straight_line_over_the_root_of_frequency() -> None:
    flat = flat_of(np.array([0.0, 2.0]), np.array([1.0, 0.6]))
    assert flat.at(np.array([0.25, 1.0, 2.25])) == pytest.approx([0.9, 0.8, 0.7])


def test_three_points_make_a_parabola_over_the_root_of_frequency() -> None:
    root = np.array([0.0, 1.0, 3.0])
    flat = flat_of(root, 1.0 - 0.1 * root - 0.02 * root**2)
    assert flat.at(np.array([4.0])) == pytest.approx([1.0 - 0.2 - 0.08])


@pytest.mark.parametrize("size", [1.0, 0.05])
def test_the_corner_of_a_coupling_does_not_depend_on_the_loss_beside_it(size: float) -> None:
    """A factor in front of all points is no crosstalk: only a magnitude that falls towards DC is."""
    frequency = 10e6 * np.arange(1, 400, dtype=np.float64)
    line = size * np.exp(-0.2 * np.sqrt(frequency / 1e9) * (1.0 + 1.0j))
    corner = 1.5e6
    coupled = line * (1j * frequency / (1j * frequency + corner))
    assert coupling_corner(frequency, coupled) == pytest.approx(corner, rel=0.02)


@pytest.mark.parametrize(("low", "corner"), [(0.5, 0.0), (0.49, None)])
def test_an_open_point_at_dc_tells_a_coupling_from_crosstalk_down_to_half_of_the_size(
    low: float, corner: float | None
) -> None:
    """Zero at DC beside points that do not turn: a corner too low to be measured, unless most arrives at higher points."""
    frequency = 10e6 * np.arange(100, dtype=np.float64)
    value = np.where(frequency < 0.2e9, low, 1.0).astype(complex)
    value[0] = 0.0
    assert coupling_corner(frequency, value) == corner


def tilted(frequency: Float) -> NDArray[np.complex128]:
    """A line's response with a spike half a nanosecond before the signal, which no causal response has."""
    line = np.exp(-0.3 * np.sqrt(frequency / 1e9) * (1.0 + 1.0j) - 2j * np.pi * frequency * 1e-9)
    return np.asarray(line + 0.01 * np.exp(2j * np.pi * frequency * 0.5e-9) * np.exp(-((frequency / 15e9) ** 2)))


def test_an_uneven_file_lacks_what_the_even_one_lacks() -> None:
    """The same response on a grid whose points are off the bins: what it lacks is read between them."""
    even = 10e6 * np.arange(2001, dtype=np.float64)
    uneven = even.copy()
    uneven[1:-1] += 3e6 * np.sin(np.arange(1, 2000) * 0.7)
    whole, between = _early_part(even, tilted(even)), _early_part(uneven, tilted(uneven))
    expected = np.interp(uneven, even, whole.real) + 1j * np.interp(uneven, even, whole.imag)
    assert np.max(np.abs(whole)) > 5e-3
    # at the top of the band the last bins are faded out, and the splines of both files end
    inside = even < 12e9
    assert np.max(np.abs(between - expected)[inside]) < 0.005 * np.max(np.abs(whole))


def test_repair_takes_the_early_spike_off_and_leaves_the_line() -> None:
    frequency = 10e6 * np.arange(2001, dtype=np.float64)
    s = np.zeros((frequency.size, 2, 2), dtype=complex)
    s[:, 1, 0] = s[:, 0, 1] = tilted(frequency)
    mended = causal(Network(frequency, s, z0=100.0)).s[:, 1, 0]
    line = np.exp(-0.3 * np.sqrt(frequency / 1e9) * (1.0 + 1.0j) - 2j * np.pi * frequency * 1e-9)
    before, after = early_db(frequency, s[:, 1, 0]), early_db(frequency, mended)
    assert before is not None
    assert after is None or after < before - 20.0
    inside = frequency < 12e9
    assert np.max(np.abs(mended - line)[inside]) < 2e-3

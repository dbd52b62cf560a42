"""Sampling instants of pulses and the cubic between their samples, and merits of pulses, against closed forms."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

import sirf._kernels.transmitter_merits as module
from tests._kernels.plain import plain_module

PLACES = 12
SETTINGS = np.array([[1.0]])


@pytest.fixture(params=[True, False], ids=["plain", "compiled"])
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return plain_module(monkeypatch, module) if request.param else module


@pytest.mark.parametrize("slope", [1.0, -1.0])
@pytest.mark.parametrize("root", [4.2, 5.6, 6.999, 7.0])
def test_the_root_of_a_cubic_balance_is_found_to_a_part_in_512(kernels: ModuleType, root: float, slope: float) -> None:
    """One tap sends p(t - T) = ± (t - root) (1 + (t - root)² / 50), p(t) = 1 and p(t + T) = 0, without a DFE."""
    late = np.arange(PLACES) - root
    before = slope * late * (1.0 + late**2 / 50.0)
    sent = np.stack([before, np.ones(PLACES), np.zeros(PLACES)], axis=1)[:, :, None]
    detector = sent, 0, 0.5, 0.0, 0.0
    balances, places = np.empty((1, PLACES)), np.empty(1, dtype=np.int64)
    kernels.closest_places(SETTINGS, *detector, balances, places)
    assert places[0] == round(root)
    assert balances[0] == pytest.approx(before, abs=1e-15)
    weights = np.empty((1, 4))
    kernels.weigh_roots(SETTINGS, *detector, balances, places, weights, np.empty((3, 4)))
    # weights of a cubic keep straight lines: of the samples' own times they make the time of the root
    assert weights[0] @ (places[0] + np.arange(-1, 3)) == pytest.approx(root, abs=1.0 / 512.0)
    assert weights.sum() == pytest.approx(1.0, abs=1e-15)


def test_where_no_pulse_is_nothing_is_sampled(kernels: ModuleType) -> None:
    balances, places, merits = np.empty((1, PLACES)), np.empty(1, dtype=np.int64), np.empty(1)
    kernels.closest_places(SETTINGS, np.full((PLACES, 3, 1), 0.4), 0, 0.5, 0.0, 0.0, balances, places)
    assert places[0] == -1
    assert np.all(balances == module.NO_SIGNAL)
    kernels.weigh_roots(
        SETTINGS, np.zeros((PLACES, 3, 1)), 0, 0.5, 0.0, 0.0, balances, places, np.ones((1, 4)), np.empty((3, 4))
    )
    rows = np.zeros(PLACES, dtype=np.int64)
    forms, limits, pulse = np.zeros((2, 1, 1)), np.zeros((2, 0)), np.empty(8)
    kernels.pulse_merits(
        SETTINGS, places, np.ones((1, 1)), np.ones((1, 8)), rows, rows, np.ones(1), forms, limits, 1.0, 1.0, 0.0, 1.0,
        0.0, pulse, merits,
    )  # fmt: skip
    assert merits[0] == 0.0


def test_the_merit_of_a_known_pulse(kernels: ModuleType) -> None:
    """Taps (2, -1) of samples (0, 1, 3, 1, 0): a pulse of 2, 5, -1, -1; the DFE leaves -0.5 of the first -1."""
    settings, merits = np.array([[2.0, -1.0]]), np.empty(1)
    # two phases that together weigh one: half of either
    line = np.array([0.0, 0.0, 1.0, 3.0, 1.0, 0.0, 0.0])
    numbers = np.array([[0, 2]])
    # FEXT adds 0.25 (2² + 1²) - 2 x 0.1 x 2, steps of 2, -3 and 1 add 14 times the squared edge response, 3 on average
    limits = np.array([[-0.1], [0.1]])
    forms = np.array([[[0.25, 0.1], [0.1, 0.25]], [[2.0, -1.0], [-1.0, 2.0]]])
    kernels.pulse_merits(
        settings, numbers[0, :1], np.array([[0.5, 0.5]]), np.array([line, line]), numbers[0], numbers[0, 1:],
        np.array([2.0, 4.0]), forms, limits, 0.5, 0.125, 0.1, 0.3, 0.0, np.empty(6), merits,
    )  # fmt: skip
    isi = 2.0**2 + 0.5**2 + 1.0**2
    assert merits[0] == pytest.approx((0.3 * 5.0) ** 2 / (0.5 * (isi + 0.85 + 3.0 * 14.0) + 0.5**2 + 0.125), rel=1e-15)

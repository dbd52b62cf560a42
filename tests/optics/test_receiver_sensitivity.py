"""Sensitivity against the Gaussian formula, drawn noise, and its limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erfc

from sirf import optics
from sirf.errors import PhysicsError
from sirf.optics.receiver_sensitivity import gaussian_sensitivity, optical_error_ratio, sensitivity

THERMAL = optics.OpticalReceiver(
    optics.Photodiode(0.8), optics.Tia(1000.0, noise=12e-12, bandwidth=40e9, kind="butterworth4")
)


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("ser", [4.8e-4, 1e-6, 1e-12])
def test_back_to_back_sensitivity_is_the_gaussian_formula(order: int, ser: float) -> None:
    # the formula inverted by hand: Q of the half distance over sigma
    sigma = 12e-12 * np.sqrt(1.02617 * 40e9)
    oma = gaussian_sensitivity(sigma, 0.8, ser=ser, order=order)
    x = 0.8 * oma / (2 * (order - 1)) / sigma
    assert 2 * (1 - 1 / order) * 0.5 * erfc(x / np.sqrt(2)) == pytest.approx(ser, rel=1e-6)
    # shot noise can only cost, and no more than if every level had the top one's
    solved = sensitivity(THERMAL, ser=ser, order=order)
    worst = gaussian_sensitivity(THERMAL.noise_current(solved), 0.8, ser=ser, order=order)
    assert oma < solved < worst < 1.15 * oma


def test_without_shot_noise_the_solution_is_the_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sirf.optics.optical_receiver.ELECTRON", 0.0)
    sigma = 12e-12 * np.sqrt(1.02617 * 40e9)
    assert sensitivity(THERMAL) == pytest.approx(gaussian_sensitivity(sigma, 0.8, ser=4.8e-4), rel=1e-5)
    stressed = sensitivity(THERMAL, penalty_db=2.5)
    assert 10 * np.log10(stressed / sensitivity(THERMAL)) == pytest.approx(2.5, abs=1e-6)


def test_level_dependent_noise_has_the_ratio_of_drawn_decisions() -> None:
    oma, rin, er = 0.6e-3, 10**-13.4, 5.0
    expected = optical_error_ratio(THERMAL, oma, extinction_db=er, rin=rin)
    low = oma / (10 ** (er / 10) - 1)
    generator = np.random.default_rng(1)
    sent = generator.integers(0, 4, 2_000_000)
    powers = low + oma * np.arange(4) / 3
    band = 1.02617 * 40e9
    sigma = np.sqrt(12e-12**2 * band + 2 * 1.602176634e-19 * 0.8 * powers * band + (0.8 * powers) ** 2 * rin * band)
    seen = 0.8 * powers[sent] + sigma[sent] * generator.standard_normal(sent.size)
    decided = np.clip(np.round((seen / 0.8 - low) / (oma / 3)), 0, 3)
    wrong = (decided != sent).sum()
    assert wrong > 700
    assert wrong / sent.size == pytest.approx(expected, abs=3 * np.sqrt(wrong) / sent.size)


@pytest.mark.parametrize(("rin", "ser"), [(0.0, 4.8e-4), (10**-14.0, 1e-2), (0.0, 1e-12)])
def test_at_the_sensitivity_errors_have_the_ratio_asked_for(rin: float, ser: float) -> None:
    oma = sensitivity(THERMAL, ser=ser, rin=rin, extinction_db=6.0)
    assert optical_error_ratio(THERMAL, oma, rin=rin, extinction_db=6.0) == pytest.approx(ser, rel=1e-6)


def test_a_receiver_that_hardly_needs_light_is_refused() -> None:
    """Shot noise alone over a band of 1 MHz."""
    quiet = optics.OpticalReceiver(optics.Photodiode(0.8), optics.Tia(1000.0, bandwidth=1e6))
    with pytest.raises(PhysicsError, match="must need at least 1e-09 W"):
        sensitivity(quiet, extinction_db=6.0)


def test_intensity_noise_sets_a_floor_that_no_power_lifts() -> None:
    quiet, noisy = (sensitivity(THERMAL, rin=rin, extinction_db=5.0) for rin in (0.0, 10**-14.0))
    assert quiet < noisy
    with pytest.raises(PhysicsError, match="rin must let"):
        sensitivity(THERMAL, rin=10**-12.5, extinction_db=4.0)
    with pytest.raises(PhysicsError, match="ser must be"):
        sensitivity(THERMAL, ser=0.7)
    with pytest.raises(PhysicsError, match="penalty_db must be"):
        sensitivity(THERMAL, penalty_db=-1.0)


@pytest.mark.parametrize(
    "given",
    [
        {"ser": 1e-320},
        {"ser": np.nan},
        {"extinction_db": 0.0},
        {"extinction_db": -3.0},
        {"extinction_db": np.nan},
        # dB/Hz in place of 1/Hz
        {"rin": -150.0},
        {"rin": np.nan},
        {"penalty_db": np.nan},
        {"order": 1},
        {"order": 2.5},
    ],
)
def test_what_light_cannot_have_is_refused_by_name(given: dict[str, float]) -> None:
    (name,) = given
    with pytest.raises(PhysicsError, match=f"^{name} must be"):
        sensitivity(THERMAL, **given)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize(
    ("noise", "responsivity", "given", "name"),
    [
        (-1e-6, 0.8, {"ser": 1e-4}, "noise_current"),
        (np.nan, 0.8, {"ser": 1e-4}, "noise_current"),
        (1e-6, 0.0, {"ser": 1e-4}, "responsivity"),
        (1e-6, 0.8, {"ser": 0.0}, "ser"),
        (1e-6, 0.8, {"ser": 1e-4, "order": 0}, "order"),
    ],
)
def test_the_closed_form_refuses_the_same(
    noise: float, responsivity: float, given: dict[str, float], name: str
) -> None:
    with pytest.raises(PhysicsError, match=f"^{name} must be"):
        gaussian_sensitivity(noise, responsivity, **given)  # type: ignore[arg-type]  # wrong on purpose

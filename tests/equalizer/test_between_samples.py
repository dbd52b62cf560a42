"""Figures of merit between samples against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.equalizer.between_samples import best_between, most_between


@pytest.mark.parametrize("summit", [-0.95, -0.3, 0.0, 0.123456789, 0.7])
def test_the_summit_of_a_polynomial_is_found(summit: float) -> None:
    """3 - u² - u⁴ / 9 of the distance u from the summit."""
    merits = {place: 3.0 - (place - 7 - summit) ** 2 - (place - 7 - summit) ** 4 / 9.0 for place in range(4, 11)}
    assert best_between(merits, 7) == pytest.approx(7 + summit, abs=1e-12)
    most, error = most_between(merits, 7)
    # the grid lies a part in 64 of a sample from the summit at most
    assert 3.0 - (1.0 / 64.0) ** 2 - 1e-9 <= most <= 3.0 + 1e-12
    # of a polynomial of the fourth degree the outer samples tell nothing new
    assert error < 1e-12


def test_the_error_is_that_of_too_few_samples() -> None:
    """A merit that falls as a Gaussian of two samples: polynomials through five and through seven of them differ by more."""
    place = np.arange(-3, 4)
    most, error = most_between(dict(zip(place.tolist(), np.exp(-0.125 * (place - 0.4) ** 2).tolist(), strict=True)), 0)
    assert abs(most - 1.0) < error < 1e-3


def test_without_merits_beside_it_the_best_sample_stays() -> None:
    merits = dict.fromkeys(range(-2, 4), 1.0)
    assert best_between(merits, 0) == 0
    assert most_between(merits, 0) == (np.inf, np.inf)
    # nothing falls off beside it
    assert best_between(dict.fromkeys(range(-3, 4), 1.0), 0) == 0


def test_a_summit_further_than_a_sample_away_is_not_followed() -> None:
    assert best_between({place: 9.0 - (place - 1.5) ** 2 for place in range(-3, 4)}, 0) == 0

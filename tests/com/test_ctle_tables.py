"""Tables of a CTLE's setting: the parts that need no search."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sirf.com.ctle_tables import transmitter_strength, two_sided
from sirf.com.revision import RULES
from tests.com.small import small_settings


def test_lags_are_mirrored_before_zero() -> None:
    """Autocorrelations are even: lag -2 is that of lag 2."""
    table = np.array([[10.0, 3.0, 1.0, 0.5], [20.0, 6.0, 2.0, 1.0]])
    found = two_sided(table, 2)
    assert found.tolist() == [[1.0, 3.0, 10.0, 3.0, 1.0, 0.5], [2.0, 6.0, 20.0, 6.0, 2.0, 1.0]]
    assert two_sided(table, 0).tolist() == table.tolist()


def test_the_transmitters_noise_is_its_ratio_of_powers() -> None:
    """33 dB are 10^-3.3 of the signal's power, times sigma_X² = 5/9 of PAM4's where it counts with levels."""
    settings = small_settings()
    plain = 10.0**-3.3
    for with_levels, expected in ((False, plain), (True, plain * 5.0 / 9.0)):
        rules = dataclasses.replace(RULES["4.50"], transmitter_noise_with_levels=with_levels)
        assert transmitter_strength(settings, rules) == pytest.approx(expected)
    detector = dataclasses.replace(settings.receiver.detector, noise_with_levels=True)
    asked = dataclasses.replace(settings, receiver=dataclasses.replace(settings.receiver, detector=detector))
    rules = dataclasses.replace(RULES["4.50"], transmitter_noise_with_levels=False)
    assert transmitter_strength(asked, rules) == pytest.approx(plain * 5.0 / 9.0)

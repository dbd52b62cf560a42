"""Terms of a case: weighed by the gains they are what the filters in time and the sums over frequency give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sirf.com.case_terms import case_terms
from sirf.com.crosstalk_noise import crosstalk_density, receiver_noise_rms
from sirf.com.filters import ctle_transfer, equalized_impulse, gain_weights, receiver_filter
from sirf.com.responses import running_sum
from tests.com.golden import case_of

KEYS = ["kr/backplane_12db/crosstalk/case1", "c2c/c2c_12db/through/case2"]
GAINS = [(-6.0, -3.0), (-12.0, 0.0), (0.0, -5.0)]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("gains", GAINS)
def test_pulses_are_those_of_both_stages_in_time(reference_dir: Path, key: str, gains: tuple[float, float]) -> None:
    """To 1e-12 of the peak: sums in another order, no more."""
    case = case_of(reference_dir, key)
    settings = case.settings
    rate = settings.symbol_rate * settings.samples_per_ui
    impulse = equalized_impulse(case.paths[0].impulse, settings.receiver.ctle, *gains, rate)
    expected = running_sum(impulse, settings.samples_per_ui)
    found = gain_weights(settings.receiver.ctle, *gains) @ case_terms(case.paths, settings).pulses.parts
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-12 * float(np.max(np.abs(expected))))


@pytest.mark.parametrize("gains", GAINS)
def test_variances_are_those_of_the_whole_ctle(reference_dir: Path, gains: tuple[float, float]) -> None:
    case = case_of(reference_dir, KEYS[0])
    settings, f = case.settings, case.paths[0].frequency
    terms, squares = case_terms(case.paths, settings), gain_weights(settings.receiver.ctle, *gains) ** 2
    behind = ctle_transfer(f, settings.receiver.ctle, *gains)
    transfer = receiver_filter(f, settings.receiver) * behind
    rms = receiver_noise_rms(f, transfer, settings.receiver.noise_density)
    assert np.sqrt(squares @ terms.noise) == pytest.approx(rms, rel=1e-9)
    assert settings.figures is not None
    for kind in ("fext", "next"):
        aggressors = [path for path in case.paths if path.kind == kind]
        assert aggressors
        density = crosstalk_density(aggressors, settings.symbol_rate, settings.figures.f_2)
        expected = density * np.abs(behind[: density.size]) ** 2
        if kind == "next":
            assert squares @ terms.next == pytest.approx(np.sum(expected), rel=1e-9)
        else:
            assert terms.fext is not None
            np.testing.assert_allclose(terms.fext @ squares, expected, rtol=1e-9)


def test_without_aggressors_there_is_no_crosstalk(reference_dir: Path) -> None:
    case = case_of(reference_dir, KEYS[1])
    terms = case_terms(case.paths, case.settings)
    assert terms.fext is None
    assert np.all(terms.next == 0.0)

"""Pulses of aggressors behind the receiver's FFE: one that is on the victim's own path looks like it."""

from __future__ import annotations

import numpy as np
import pytest

import sirf
from sirf.com.annex_93a import margin_of_case
from tests.com.small import small_settings
from tests.com.test_arriving_noise import line, with_ffe


def test_an_aggressor_on_the_victims_path_has_the_victims_pulse() -> None:
    """Amplitudes are alike and FEXT passes the same filters and taps: sample by sample, the cursor at its place."""
    settings = with_ffe(small_settings(samples_per_ui=8))
    channel = sirf.Channel(line(), fext=(line(),), name="line")
    found = margin_of_case(channel, settings, 1, trace=True)
    assert found.trace is not None
    through, aggressor = (path.equalized for path in found.trace.paths)
    assert aggressor == pytest.approx(through, abs=1e-9 * float(np.max(through)))

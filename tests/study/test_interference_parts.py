"""What closes an eye, cause by cause, against closed forms; where a curve is not monotone."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import norm

import sirf
from sirf.errors import SirfError
from sirf.study.interference_parts import interference_parts
from sirf.study.monotone import improving_spans
from sirf.transmitter.jitter import Jitter
from tests.engine.links import flat_link

RATIO = 1e-6
DEVIATIONS = float(norm.isf(RATIO))


def test_noises_add_by_their_squares() -> None:
    """Gaussian noise of sigma reaches sigma Q^-1(ratio); that of SNR_TX is the outer level over its square root."""
    link = flat_link("PAM4", sigma=0.03)
    link = link.replace(transmitter=dataclasses.replace(link.transmitter, snr_db=32.0))
    found = interference_parts(link, ratio=RATIO)
    assert [part.name for part in found.parts] == ["receiver noise", "transmitter noise", "intersymbol interference"]
    own, sent = 0.03, 10.0 ** (-32.0 / 20.0)
    assert found.parts[0].reached == pytest.approx(DEVIATIONS * own, rel=2e-3)
    assert found.parts[1].reached == pytest.approx(DEVIATIONS * np.hypot(own, sent), rel=2e-3)
    assert found.added[2] == pytest.approx(0.0, abs=1e-3)  # the line leaves next to no echoes
    assert found.available == pytest.approx(1.0 / 3.0, rel=2e-3)


def test_all_causes_together_are_the_eye_itself() -> None:
    link = flat_link("PAM4", sigma=0.02, ffe=(0.05, 0.95), ffe_main=1, crosstalk=(0.02, 0.01))
    jittery = dataclasses.replace(link.transmitter, jitter=Jitter(random_ui=0.01), snr_db=35.0)
    link = link.replace(transmitter=jittery)
    found, eye = interference_parts(link, ratio=RATIO), sirf.statistical_eye(link, phases=4)
    assert [part.name for part in found.parts][-2:] == ["jitter", "crosstalk"]
    assert 2.0 * (found.available - found.parts[-1].reached) == pytest.approx(min(eye.eye_heights(RATIO)), rel=1e-9)
    assert all(step >= 0.0 for step in found.added)
    for part in found.parts:
        assert np.trapezoid(part.density, part.volts) == pytest.approx(1.0, abs=1e-3)


def test_a_ratio_that_is_none_is_refused() -> None:
    with pytest.raises(SirfError, match="ratio must be between 0 and"):
        interference_parts(flat_link("PAM4", sigma=0.02), ratio=0.7)


def test_improving_spans_join_and_leave_out_what_is_level_or_missing() -> None:
    lengths = (10.0, 20.0, 30.0, 40.0, 50.0, 60.0)
    assert improving_spans(lengths, (1e-9, 1e-7, 1e-8, 1e-9, 0.99e-9, 1e-3), "ber") == ((20.0, 40.0),)
    assert improving_spans(lengths, (5.0, 4.0, 4.5, np.nan, 3.0, 2.0), "com_db") == ((20.0, 30.0),)
    assert improving_spans(lengths, (1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4), "ber") == ()
    assert improving_spans((10.0,), (1e-9,), "ber") == ()

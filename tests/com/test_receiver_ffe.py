"""The answer of Annex 178A's receiver: pulses of the aggressors pass the same equalisers as the signal."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from sirf.com.answer import Answer
from sirf.com.receiver_ffe import answers_with_receiver_ffe
from tests.com.golden_178a import case_4p50

SHARE = 0.02


@pytest.fixture(scope="module")
def answer(reference_dir: Path) -> Answer:
    """One transmitter and CTLE setting, and aggressors that are the signal itself, weaker."""
    case = case_4p50(reference_dir, "dj-point/synthetic_224g_cpo/through")
    through = case.paths[0]
    weak = [
        dataclasses.replace(through, kind=kind, impulse=SHARE * through.impulse, name=kind) for kind in ("fext", "next")
    ]
    transmitter = dataclasses.replace(case.settings.transmitter, ffe=((-1, (-0.08,)),), c0_minimum=0.5)
    settings = dataclasses.replace(case.settings, local_search=0, transmitter=transmitter)
    return answers_with_receiver_ffe((through, *weak), settings, detailed=False)[0]


def test_an_aggressor_like_the_signal_has_its_equalised_pulse(answer: Answer) -> None:
    """Far-end crosstalk passes the transmitter's and the receiver's taps: the share of the signal's pulse, sample by sample."""
    through, fext, near = answer.pulses
    np.testing.assert_allclose(fext, SHARE * through, atol=1e-9 * np.abs(through).max())
    # NEXT comes from transmitters of their own, whose taps are not those of the setting
    assert np.abs(near - SHARE * through).max() > 1e-3 * SHARE * np.abs(through).max()
    # of one tap in front, c(-1) = -0.08 and c(0) = 0.92: what NEXT lacks is that filter, 0.84 of the sum
    assert fext.sum() == pytest.approx(0.84 * near.sum(), rel=1e-6)


def test_the_answer_is_whole(answer: Answer) -> None:
    assert answer.mlse_gain_db is None
    assert answer.ledger is None
    assert answer.rx_ffe_cursor is not None
    assert answer.rx_ffe_taps[answer.rx_ffe_cursor] == max(answer.rx_ffe_taps)
    assert answer.choice.sampling_index - 1 < answer.pulses[0].size
    cursor = answer.pulses[0][answer.choice.sampling_index - 1]
    assert cursor == pytest.approx(answer.pulses[0].max(), rel=0.05)
    # crosstalk costs margin, and its distribution is a part of the total
    assert answer.com_no_crosstalk_db > answer.choice.com_db
    assert answer.sigmas["crosstalk"] > 0.0
    assert {"aggressor 1", "aggressor 2"} <= answer.distributions.keys()
    one, two = (answer.distributions[f"aggressor {n}"].sigma for n in (1, 2))
    assert np.hypot(one, two) == pytest.approx(answer.sigmas["crosstalk"], rel=1e-2)

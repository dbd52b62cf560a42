"""The bound of sequence detection against a Viterbi detector, and the converter's codes against the waveform engine."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import sirf
from sirf.engine.statistical.analysis import statistical_eye
from sirf.engine.statistical.sequence_detection import sequence_detection
from sirf.errors import SirfError
from sirf.receiver.converter import Converter
from tests.engine.links import flat_link

SIGMA, ALPHA = 0.42, 0.8


def viterbi_error_ratio(symbols: int) -> float:
    """Error ratio of a two-level sequence over 1 + alpha D with white noise, by the Viterbi algorithm written out."""
    rng = np.random.default_rng(2)
    sent = rng.choice([-1.0, 1.0], symbols)
    received = sent + ALPHA * np.concatenate([[-1.0], sent[:-1]]) + SIGMA * rng.standard_normal(symbols)
    points = np.array([-1.0, 1.0])
    expected = points[None, :] + ALPHA * points[:, None]
    cost, back = np.zeros(2), np.empty((symbols, 2), dtype=int)
    for k, value in enumerate(received):
        trial = cost[:, None] + (value - expected) ** 2
        back[k] = trial.argmin(axis=0)
        cost = trial.min(axis=0)
    state, errors = int(cost.argmin()), 0
    for k in range(symbols - 1, -1, -1):
        errors += points[state] != sent[k]
        state = int(back[k, state])
    return errors / symbols


def test_the_union_bound_holds_and_is_near_the_viterbi_detector() -> None:
    link = flat_link("PAM2", sigma=SIGMA, ffe=(1.0, ALPHA), dfe=(ALPHA,))
    found = sequence_detection(link)
    counted = viterbi_error_ratio(150_000)
    assert found.alpha == ALPHA
    assert counted < found.detector_error_ratio * 1.05
    assert found.detector_error_ratio == pytest.approx(counted, rel=0.35)
    assert found.detector_error_ratio < found.feedback_error_ratio
    assert found.feedback_error_ratio == pytest.approx(
        statistical_eye(link, phases=1, ideal_feedback=True).ser, rel=0.02
    )


def test_a_link_without_feedback_has_nothing_to_replace() -> None:
    with pytest.raises(SirfError, match="dfe must have a first tap"):
        sequence_detection(flat_link("PAM2", sigma=0.1))


def test_the_codes_of_a_converter_cost_what_the_waveform_engine_counts() -> None:
    path = sirf.paths.pluggable(rate_class="100g").to_channel()
    link = sirf.Link(path, standard="802.3ck-c2m").optimized()
    link = link.replace(receiver=dataclasses.replace(link.receiver, noise_density=2.6e-15))
    quiet = statistical_eye(link, phases=1, ideal_feedback=True).ber
    coarse = link.replace(receiver=dataclasses.replace(link.receiver, converter=Converter(bits=4)))
    expected = statistical_eye(coarse, phases=1, ideal_feedback=True).ber
    run = sirf.simulate(coarse, symbols=200_000, rng=1, ideal_feedback=True)
    assert expected > 3 * quiet
    assert run.errors.errors > 100
    assert expected == pytest.approx(run.ber, rel=0.15)


def test_lane_mismatch_is_left_to_the_waveform_engine() -> None:
    link = flat_link("PAM2", sigma=0.1)
    mismatched = dataclasses.replace(link.receiver, converter=Converter(gain_error=(0.01, -0.01)))
    with pytest.raises(SirfError, match="take a converter without gain_error"):
        statistical_eye(link.replace(receiver=mismatched), phases=1)

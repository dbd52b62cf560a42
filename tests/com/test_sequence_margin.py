"""The sequence detector's gain by the formulas of releases and draft: closed forms, and a Viterbi detector that runs."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import erfc, ndtr

from sirf.com.annex_178a import search
from sirf.com.config.settings import ComSettings, DetectorSettings
from sirf.com.distribution import VoltageDistribution, gaussian, symbols
from sirf.com.revision import RULES
from sirf.com.sequence_margin import SequenceMargin, error_event_ratio, sequence_margin, tail_of_sum
from sirf.com.slicer_noise import SlicerNoise, slicer_noise
from sirf.errors import ConfigError
from tests.com.golden_178a import Case, case_4p17, case_4p50
from tests.com.test_sequence_gain import viterbi_errors

BIN = 1e-5
WHITE = np.concatenate(([1.0], np.zeros(140)))


@pytest.fixture(scope="module")
def case(reference_dir: Path) -> Case:
    return case_4p17(reference_dir, "d33-point-A1-mlse/synthetic_224g_board/crosstalk")


@pytest.fixture(scope="module")
def noise(case: Case) -> tuple[SlicerNoise, float]:
    receiver = case.receiver("4.17")
    choice = search(receiver, local=True)
    assert choice is not None
    return slicer_noise(receiver, choice.gains, choice.taps, choice.receiver), float(choice.receiver.b[0])


def changed(settings: ComSettings, **detector: Any) -> ComSettings:
    receiver = settings.receiver
    return replace(settings, receiver=replace(receiver, detector=replace(receiver.detector, **detector)))


def gain(noise: tuple[SlicerNoise, float], settings: ComSettings, revision: str = "4.17") -> SequenceMargin:
    return sequence_margin(*noise, settings, RULES[revision])  # type: ignore[index]


def test_events_in_white_gaussian_noise_by_hand() -> None:
    """The samples of an event add in power, so an event of energy u'u passes with the tail at A_s sqrt(u'u) sigma."""
    sigma, signal, b = 0.002, 0.008, 0.6
    ratio, events = error_event_ratio(gaussian(sigma, 9.0, BIN), b, signal, WHITE, levels=4, longest=128)
    energies = [1.0 + b**2 + (j - 1) * (1 - b) ** 2 for j in range(1, events + 1)]
    by_hand = sum(
        0.75 ** (j - 1) * ndtr(-signal * np.sqrt(energy) / sigma) for j, energy in enumerate(energies, start=1)
    )
    assert ratio == pytest.approx(by_hand, rel=0.02)  # a bin of 10 uV of 2 mV sigma at five sigma is 2 %


@pytest.mark.parametrize("b", [0.5, 0.8])
def test_the_formula_against_a_viterbi_detector(b: float) -> None:
    """Half the rate of first errors of an event: the formula counts one sign and one error an event, a long run shows how many.

    In white noise the detector's symbol error ratio is the sum over events of 2 j (3/4) times the formula's terms.
    """
    sigma, signal = 0.0030, 0.0088
    counted, symbols = viterbi_errors(b, sigma / signal, 4, runs=3000, length=840, seed=11)
    distribution = gaussian(sigma, 9.0, BIN)
    total = 0.0
    for j in range(1, 40):
        u = np.concatenate(([1.0], (1 - b) * (-1.0) ** np.arange(1, j), [(-1.0) ** (j + 1) * b]))
        total += 2 * j * 0.75**j * ndtr(-signal * np.linalg.norm(u) / sigma)
    ratio, _ = error_event_ratio(distribution, b, signal, WHITE, levels=4, longest=128)
    assert counted > 2000
    assert counted / symbols == pytest.approx(total, rel=0.12)
    # one sign and one error for each event: the formula stays below the count, but above a sixth of it here
    assert counted / symbols / 8.0 < ratio < counted / symbols


def test_more_colour_along_the_events_makes_them_more_likely() -> None:
    distribution, b = gaussian(0.002, 9.0, BIN), 0.5
    ratios = []
    for rho in (-0.3, 0.0, 0.3):
        colour = WHITE.copy()
        colour[1] = rho
        ratios.append(error_event_ratio(distribution, b, 0.008, colour, levels=4, longest=128)[0])
    assert ratios[0] < ratios[1] < ratios[2]


def test_a_short_memory_costs(case: Case, noise: tuple[SlicerNoise, float]) -> None:
    gains = [gain(noise, changed(case.settings, truncation_length=length)).gain_db for length in (1, 2, 4, 8, 128)]
    assert gains[0] == 0.0  # a decision after one symbol has the errors of feedback, four times over
    assert all(first <= second + 1e-9 for first, second in pairwise(gains))
    assert gains[-1] > 1.0


@pytest.mark.parametrize("form", [1, 2, 3])
def test_any_form_of_mlse_is_one_in_release_4p17(case: Case, noise: tuple[SlicerNoise, float], form: int) -> None:
    assert gain(noise, changed(case.settings, mlse=form)).gain_db == gain(noise, case.settings).gain_db


def test_what_the_settings_say_bears_on_the_gain(case: Case, noise: tuple[SlicerNoise, float]) -> None:
    usual = gain(noise, case.settings).gain_db
    feedback = 20 * np.log10(noise[0].signal / noise[0].total.magnitude_at(case.settings.der0))
    assert gain(noise, changed(case.settings, q_budget_adjust=(0.3, 0.0))).gain_db == pytest.approx(usual - 0.3)
    less = gain(noise, changed(case.settings, q_budget_adjust=(0.3, 0.02))).gain_db
    assert less == pytest.approx(usual - 0.3 + 0.02 * feedback)
    assert gain(noise, changed(case.settings, added_noise_db=3.0)).gain_db == usual  # the pass threshold is 3 dB
    assert gain(noise, changed(case.settings, added_noise_db=1.0)).gain_db != pytest.approx(usual, abs=0.02)
    assert gain(noise, replace(case.settings, com_threshold_db=1.0)).gain_db != pytest.approx(usual, abs=0.02)
    unlocked = gain(noise, changed(case.settings, cdr_error_ratio=0.0))
    assert unlocked.gain_db == 0.0
    assert "DER_CDR" in unlocked.note


def test_the_draft_adds_noise_until_com_is_three_decibels_less(case: Case) -> None:
    receiver = case.receiver("d3.3")
    choice = search(receiver, local=True)
    assert choice is not None
    found = slicer_noise(receiver, choice.gains, choice.taps, choice.receiver)
    margin = sequence_margin(found, float(choice.receiver.b[0]), receiver.settings, receiver.rules)
    sigma = np.sqrt(found.sigma_g**2 + margin.noise_gain * found.receiver_colour[0])
    noisy = found.rest + gaussian(float(sigma), 8.0, found.total.bin_size)
    loss = noisy.interpolated_magnitude_at(case.settings.der0) / found.total.interpolated_magnitude_at(
        case.settings.der0
    )
    assert 20 * np.log10(loss) == pytest.approx(3.0, abs=1e-3)


def test_release_4p50_by_hand(reference_dir: Path) -> None:
    """Events with the whole distribution, no added noise, no colour: D, then the DFE's equivalent with error propagation."""
    case = case_4p50(reference_dir, "dj-point/synthetic_224g_board/through")
    receiver = case.receiver("4.50")
    choice = search(receiver, local=True)
    assert choice is not None
    found = slicer_noise(receiver, choice.gains, choice.taps, choice.receiver)
    b, signal = float(choice.receiver.b[0]), found.signal
    margin = sequence_margin(found, b, changed(receiver.settings, mlse=1), receiver.rules)
    below = found.total.below
    terms = [2 * j * 0.75**j * below(-signal * np.sqrt(1 + (j - 1) * (1 - b) ** 2 + b**2)) for j in range(1, 20)]
    assert margin.error_ratio == pytest.approx(sum(terms), rel=2e-3)
    share = 0.5 * margin.error_ratio * (4 / 3 - below(-(1 - 2 * b) * signal))
    assert margin.gain_db == pytest.approx(20 * np.log10(abs(found.total.quantile_reaching(share)) / signal))
    shrunk = sequence_margin(found, b, changed(receiver.settings, mlse=2), receiver.rules)
    assert 0.0 < shrunk.gain_db < 3.0
    with pytest.raises(ConfigError, match=r"MLSE must be 0, 1 or 2 in revision 4\.50, got 3"):
        sequence_margin(found, b, changed(receiver.settings, mlse=3), receiver.rules)


def test_a_scaled_distribution_keeps_its_shape() -> None:
    normal = gaussian(0.002, 8.0, BIN)
    assert normal.scaled(1.5).sigma == pytest.approx(0.003, rel=1e-4)
    assert normal.scaled(0.25).sigma == pytest.approx(0.0005, rel=1e-3)
    assert normal.scaled(0.0).sigma == 0.0
    assert normal.below(0.0) == pytest.approx(0.5 + 0.5 * normal.y[normal.y.size // 2], rel=1e-9)
    assert VoltageDistribution(np.array([0.25, 0.5, 0.25]), -1, 1.0).quantile_reaching(0.75) == 0.0
    assert DetectorSettings().truncation_length == 128


def test_a_tail_far_below_rounding_is_that_of_the_convolution() -> None:
    """A normal term has a closed form; the sum of a few symbols is convolved in full."""
    # cut at 14 deviations: at 9 a tenth of this tail would be missing, for each term stands at 7.5 there
    normal = gaussian(4e-4, 14.0, 1e-5)
    tail = tail_of_sum([(normal, 3)], 9e-3)
    exact = 0.5 * erfc((9e-3 - 0.5e-5) / (np.sqrt(3) * 4e-4) / np.sqrt(2))
    assert exact < 1e-36
    assert tail == pytest.approx(exact, rel=0.02)
    few = symbols(np.array([2e-3, 1e-3]), 4, 1e-5)
    whole = few + few + few
    for distance in (2e-3, 5e-3, 9e-3):
        assert tail_of_sum([(few, 3)], distance) == pytest.approx(whole.below(-distance), rel=1e-12)
    assert tail_of_sum([(few, 1)], 4e-3) == 0.0

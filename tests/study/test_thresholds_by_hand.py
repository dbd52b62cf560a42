"""Bathtub, eye width, mask and jitter tolerance at the slicers' own thresholds, against decisions made again by hand.

The reference is a recorded waveform: thresholds are found from its samples by counting, half way ones from its level means, and
every figure is counted at both. Light bends the levels of this link and loads the upper ones with noise, so the two differ.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

import sirf
from sirf._arrays import Float
from sirf.clock.mask import load_mask
from sirf.clock.wander import Wander
from sirf.link import Link
from sirf.results.statistical_eye import StatisticalEye
from sirf.study.measurement import Measurement
from sirf.study.sections import Section, optimized, sections
from sirf.system.architecture import load_architecture

MORE_NOISE_DB = 14.0
"""Intensity noise on top of the preset's: enough errors to count in seconds."""
SYMBOLS = 400_000
RATIO = 3e-2
"""Error ratio of the contours: 3,000 samples of a level lie beyond them."""


def with_thresholds(link: Link, how: Literal["adapted", "midway"]) -> Link:
    return link.replace(receiver=dataclasses.replace(link.receiver, thresholds=how))


@pytest.fixture(scope="module")
def link() -> Link:
    (section,) = sections(load_architecture("cpo-linear"), 106.25e9, step=20e6, samples_per_ui=16)
    found = optimized(section.link)
    assert found.optics is not None
    path = found.optics.path
    louder = dataclasses.replace(path.source, rin_db_per_hz=path.source.rin_db_per_hz + MORE_NOISE_DB)
    return found.replace(optics=found.optics.with_path(dataclasses.replace(path, source=louder)))


@dataclass(frozen=True)
class Samples:
    """Slicer input (N, P) in V at every phase with what the receiver adds, the levels sent (N,), and both kinds of thresholds."""

    volts: Float
    sent: NDArray[np.uint8]
    adapted: Float
    midway: Float

    def symbol_error_ratios(self, thresholds: Float) -> Float:
        """(P,): counted decisions at every phase, feedback of what was sent."""
        return np.array([np.mean(np.searchsorted(thresholds, column) != self.sent) for column in self.volts.T])

    def spans(self, eye: int) -> tuple[Float, Float]:
        """(P,) each: the voltage that the lower level exceeds with `RATIO`, and the one that the upper falls short of with it."""
        below, above = (self.volts[self.sent == level] for level in (eye, eye + 1))
        return np.quantile(below, 1.0 - RATIO, axis=0), np.quantile(above, RATIO, axis=0)

    def width(self, eye: int, threshold: float) -> float:
        """UI between the phases at which either edge of the eye passes the threshold."""
        low, high = self.spans(eye)
        margin = np.minimum(threshold - low, high - threshold)
        centre = len(margin) // 2
        if margin[centre] <= 0.0:
            return 0.0
        ends = []
        for side in (-1, 1):
            place = centre
            while margin[place] > 0.0:
                place += side
            inside, outside = margin[place - side], margin[place]
            ends.append(abs(place - side - centre) + inside / (inside - outside))
        return float(sum(ends)) / len(margin)


@pytest.fixture(scope="module")
def samples(link: Link) -> Samples:
    run = sirf.simulate(link, symbols=SYMBOLS, rng=4, record=SYMBOLS)
    record = run.record
    assert record is not None
    centre = link.samples_per_ui // 2
    volts = record.volts["slicer"].reshape(SYMBOLS, -1) - record.fed_back[:, None]
    # noise of the transmitter is drawn at decisions alone: every phase of a symbol gets that of its decision
    volts = volts + (record.decision_input - volts[:, centre])[:, None]
    at_instant, sent = record.decision_input, record.sent
    return Samples(volts, sent, _balanced(at_instant, sent), _midway(at_instant, sent))


def _balanced(volts: Float, sent: NDArray[np.uint8]) -> Float:
    """Thresholds beyond which as many samples of the level below lie as fall short of them of the level above, in parts."""
    found = []
    for eye in range(3):
        below, above = volts[sent == eye], volts[sent == eye + 1]
        start, end = float(below.mean()), float(above.mean())
        for _ in range(40):
            middle = 0.5 * (start + end)
            start, end = (middle, end) if np.mean(below > middle) > np.mean(above < middle) else (start, middle)
        found.append(start)
    return np.array(found)


def _midway(volts: Float, sent: NDArray[np.uint8]) -> Float:
    """Thresholds half way between the mean levels."""
    levels = np.array([np.mean(volts[sent == level]) for level in range(4)])
    return np.asarray(0.5 * (levels[1:] + levels[:-1]))


@pytest.fixture(scope="module")
def eyes(link: Link) -> tuple[StatisticalEye, StatisticalEye]:
    adapted, midway = (sirf.statistical_eye(with_thresholds(link, how)) for how in ("adapted", "midway"))
    return adapted, midway


def test_the_bathtub_stands_at_the_slicers_thresholds(
    eyes: tuple[StatisticalEye, StatisticalEye], samples: Samples
) -> None:
    """The quotient of both, made of the same samples; it would be 1 if one stood at the other's thresholds.

    Of eight seeds it has the mean 1.078 and 1.077 beside the instant, each ± 0.005, and one seed scatters by 0.015.
    """
    adapted, midway = (eye.bathtub()[1] for eye in eyes)
    counted, counted_midway = (samples.symbol_error_ratios(one) for one in (samples.adapted, samples.midway))
    near = slice(6, 11)
    np.testing.assert_allclose(adapted[near], counted[near], rtol=0.06)
    np.testing.assert_allclose(adapted[near] / midway[near], counted[near] / counted_midway[near], atol=0.04)
    # fewer errors at the instant, more beside it, where the thresholds are not those that would be adapted there: three
    # deviations of the scatter from one
    assert counted[8] / counted_midway[8] < 0.95
    assert min(counted[6] / counted_midway[6], counted[10] / counted_midway[10]) > 1.05


def test_widths_are_taken_at_the_slicers_thresholds(
    eyes: tuple[StatisticalEye, StatisticalEye], samples: Samples
) -> None:
    """The upper eye, where the light's noise grows, is open at adapted slicers and all but shut half way between its levels."""
    for eye, thresholds in zip(eyes, (samples.adapted, samples.midway), strict=True):
        counted = [samples.width(index, threshold) for index, threshold in enumerate(thresholds)]
        assert eye.eye_widths(RATIO) == pytest.approx(counted, rel=0.09, abs=0.03)
    assert samples.width(2, float(samples.midway[2])) < 0.05 < 0.1 < samples.width(2, float(samples.adapted[2]))


def test_a_mask_is_held_to_the_eye_at_the_slicers_thresholds(link: Link, samples: Samples) -> None:
    """A mask of 0.1 UI lies between the widths of both."""

    def over_mask(how: Literal["adapted", "midway"]) -> float:
        part = Section("copper + light + copper", with_thresholds(link, how))
        found = Measurement((part,), mask=(1.0, 0.1), eye_ber=RATIO).eye_over_mask
        assert found is not None
        return found

    heights = [1e3 * float((high - low)[8]) for low, high in map(samples.spans, range(3))]
    width = min(samples.width(index, threshold) for index, threshold in enumerate(samples.adapted))
    assert over_mask("adapted") == pytest.approx(min(min(heights) / 1.0, width / 0.1), rel=0.1)
    assert over_mask("adapted") > 1.0 > over_mask("midway")


@pytest.mark.parametrize("how", ["adapted", "midway"])
def test_jitter_tolerance_counts_at_the_slicers_thresholds(link: Link, how: Literal["adapted", "midway"]) -> None:
    """The run at the jitter that is tolerated, decided again at both thresholds: the limit lies between both."""
    tone, symbols = 160e6, 200_000
    clocked = link.replace(receiver=dataclasses.replace(link.receiver, clock=sirf.ClockRecovery()))

    def by_hand(amplitude: float) -> tuple[float, float]:
        """Bit error ratios with jitter of an amplitude in UI peak to peak, at thresholds adapted and half way."""
        wander = Wander(sinusoidal_ui=0.5 * amplitude, sinusoidal_frequency=tone)
        receiver = dataclasses.replace(clocked.receiver, wander=wander)
        shaken = with_thresholds(clocked.replace(receiver=receiver), how)
        record = sirf.simulate(shaken, symbols=symbols, rng=1, record=symbols).record
        assert record is not None
        volts, sent = record.decision_input, record.sent
        kinds = (_balanced(volts, sent), _midway(volts, sent))
        # one bit of two is wrong in a symbol that is taken for its neighbour
        adapted, midway = (0.5 * float(np.mean(np.searchsorted(one, volts) != sent)) for one in kinds)
        return adapted, midway

    # the search starts at the mask's amplitude, to its last digit, or other noise would be drawn; the next is twice that, far
    # beyond
    height = float(load_mask("802.3ck").amplitude(np.array([tone]), clocked.symbol_rate)[0])
    assert height == pytest.approx(0.05)
    adapted, midway = by_hand(height)
    limit = 0.5 * (adapted + midway)
    (found,) = sirf.jtol(
        with_thresholds(clocked, how), frequencies=[tone], ber=limit, symbols=symbols, steps=0
    ).tolerated_ui
    assert adapted < limit < midway
    assert (found is not None and found > 0.049) == (how == "adapted")

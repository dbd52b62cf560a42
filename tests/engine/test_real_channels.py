"""Statistical against counted error ratio on real channels, crosstalk, noise and jitter on, ideal feedback."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import beta, norm

from sirf.channel.channel import Channel
from sirf.engine.counting.count_errors import count_errors
from sirf.engine.statistical.analysis import statistical_eye
from sirf.link import Link
from sirf.transmitter.aggressor import Aggressor

CASES = (
    ("c2c_12db", "802.3ck-c2c", 0, 0),
    ("backplane_12db", "802.3ck-kr1", 5, 3),
    ("c2m_16db", "802.3ck-c2m", 2, 2),
    ("vita_25g", "802.3bj-kr4", 2, 3),
)
FAMILY = 0.99 ** (1.0 / (2 * len(CASES)))
"""Confidence of each comparison that makes all of them together hold with 99 %."""


@cache
def real_link(channels: Path, folder: str, standard: str, fext: int, near: int) -> Link:
    files = channels / folder
    channel = Channel.from_touchstone(
        files / "thru.s4p",
        fext=[files / f"fext{k + 1}.s4p" for k in range(fext)],
        next=[files / f"next{k + 1}.s4p" for k in range(near)],
    )
    return Link(channel, standard=standard).optimized()


def at_error_ratio(link: Link, target: float) -> Link:
    """The link with receiver noise raised until the statistical engine reads `target`."""

    def noisy(log_density: float) -> Link:
        return link.replace(receiver=dataclasses.replace(link.receiver, noise_density=float(np.exp(log_density))))

    def excess(log_density: float) -> float:
        ratio = statistical_eye(noisy(log_density), phases=1, ideal_feedback=True).ber
        # in deviations of a Gaussian the ratio is nearly a power of the noise: few steps
        return float(np.log(norm.isf(min(max(ratio, 1e-300), 0.4)) / norm.isf(target)))

    return noisy(brentq(excess, np.log(1e-19), np.log(1e-13), xtol=1e-7))


@cache
def loud_link(channels: Path, folder: str, standard: str, fext: int, near: int, target: float) -> Link:
    """The optimized link of a channel at an error ratio; two tests count the same ones."""
    return at_error_ratio(real_link(channels, folder, standard, fext, near), target)


@pytest.mark.parametrize(("folder", "standard", "fext", "near"), CASES)
def test_statistical_error_ratio_lies_in_the_counted_interval(
    folder: str, standard: str, fext: int, near: int, channels_dir: Path
) -> None:
    for target, errors in ((1e-3, 3000), (1e-5, 300)):
        loud = loud_link(channels_dir, folder, standard, fext, near, target)
        expected = statistical_eye(loud, phases=1, ideal_feedback=True).ber
        count = count_errors(loud, max_errors=errors, max_symbols=10**8, rng=11, ideal_feedback=True, workers=2)
        low, high = count.interval(FAMILY)
        assert expected == pytest.approx(target, rel=0.05)
        assert count.errors >= errors
        assert low <= expected <= high, (folder, target, count.ber / expected)


FED_BACK = (
    *CASES,
    ("backplane_28db", "802.3ck-kr1", 5, 3),
    ("host_4in", "802.3ck-c2c", 0, 0),
    ("synthetic_224g_board", "802.3dj-kr1-test", 0, 0),
    ("synthetic_224g_cpo", "802.3dj-kr1-test", 0, 0),
)
"""With receivers whose FFE colours the noise by -0.6 from symbol to symbol among them."""
FED_BACK_FAMILY = 0.99 ** (1.0 / len(FED_BACK))


@pytest.mark.parametrize(("folder", "standard", "fext", "near"), FED_BACK)
def test_with_decisions_fed_back_it_lies_in_the_interval_that_bursts_widen(
    folder: str, standard: str, fext: int, near: int, channels_dir: Path
) -> None:
    loud = loud_link(channels_dir, folder, standard, fext, near, 1e-3)
    eye = statistical_eye(loud, phases=1)
    count = count_errors(loud, max_errors=20_000, max_symbols=10**8, rng=12, workers=2)
    low, high = count.interval(FED_BACK_FAMILY)
    assert high < 1.1 * low
    assert low <= eye.ber <= high, (folder, eye.ber / count.ber)
    assert eye.rates.mean_burst == pytest.approx(count.mean_burst, rel=0.03)


def test_an_aggressor_of_fixed_phase_is_counted_alike(channels_dir: Path) -> None:
    link = real_link(channels_dir, "vita_25g", "802.3bj-kr4", 2, 3)
    fixed = link.replace(aggressors=tuple(Aggressor(phase_ui=phase) for phase in (0.1, 0.35, 0.6, 0.85, 0.5)))
    loud = at_error_ratio(fixed, 1e-3)
    expected = statistical_eye(loud, phases=1, ideal_feedback=True).ber
    count = count_errors(loud, max_errors=20_000, max_symbols=10**8, rng=1, ideal_feedback=True, workers=2)
    assert expected != statistical_eye(loud.replace(aggressors=link.aggressors), phases=1, ideal_feedback=True).ber
    assert count.ber_low <= expected <= count.ber_high, expected / count.ber


def test_interval_at_the_family_level_is_wider_than_at_99_percent() -> None:
    assert beta.ppf(0.5 * (1 - FAMILY), 300, 1e7) < beta.ppf(0.005, 300, 1e7)

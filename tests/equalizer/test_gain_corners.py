"""Waves behind a CTLE setting, made of those behind the ends of its gains, against those of the setting itself."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import sirf
from sirf.engine.front_end import analog_channel
from sirf.engine.noise_correlation import noise_correlation
from sirf.equalizer.gain_corners import GainCorners
from sirf.equalizer.search_grid import gain_axes
from sirf.equalizer.search_waves import UnequalizedWaves, with_gains
from sirf.receiver.receiver import Ctle

REACH = 30


@pytest.fixture(scope="module")
def link() -> sirf.Link:
    return sirf.Link(
        sirf.paths.cpo(length="60 mm", rate_class="100g").to_channel(crosstalk=True), standard="802.3ck-c2m"
    )


def test_waves_of_any_gains_are_those_of_their_ctle(link: sirf.Link) -> None:
    """Of gains at the ends to the last digit, else to the rounding of four products."""
    axes = gain_axes(link.limits)
    corners = GainCorners(link, analog_channel(link), link.receiver, axes, REACH)
    assert isinstance(link.receiver.ctle, Ctle)
    settings = [tuple(axis[place] for axis in axes) for place in (0, -1, len(axes[1]) // 2)]
    for gains in [*settings, (axes[0][0], axes[1][1])]:
        alone = GainCorners(link, analog_channel(link), link.receiver, [(gain,) for gain in gains], REACH)
        found, direct = corners.waves(gains), alone.waves(gains)
        at_end = all(gain in (min(axis), max(axis)) for gain, axis in zip(gains, axes, strict=True))
        assert (found.peak, found.m) == (direct.peak, direct.m)
        for field in ("pulse", "edge", "edge_power", "noise_lags", "fext_lags", "near_lags"):
            one, other = getattr(found, field), getattr(direct, field)
            size = 0.0 if at_end else 1e-13 * np.abs(other).max()
            assert np.abs(one - other).max() <= size, field


def test_waves_of_one_setting_are_its_responses(link: sirf.Link) -> None:
    gains = (-3.0, -1.0)
    receiver, channel = with_gains(link.receiver, gains), analog_channel(link)
    waves = GainCorners(link, channel, link.receiver, [(gain,) for gain in gains], REACH).waves(gains)
    pulse = channel.response(0, receiver, kind="pulse")
    assert waves.pulse == pytest.approx(np.roll(pulse, waves.peak - int(np.argmax(pulse))), abs=0.0)
    assert waves.noise_lags == pytest.approx(noise_correlation(link, receiver, lags_ui=REACH, samples_per_ui=8)[::8])
    # aggressors of no amplitude couple nothing in
    quiet = tuple(dataclasses.replace(one, amplitude=1e-12) for one in link.aggressors)
    still = link.replace(aggressors=quiet)
    silent = GainCorners(still, analog_channel(still), link.receiver, [(gain,) for gain in gains], REACH).waves(gains)
    assert silent.near_lags[0] + silent.fext_lags[0] < 1e-9 * (waves.near_lags[0] + waves.fext_lags[0])


@pytest.mark.parametrize("size", [640, 643])
@pytest.mark.parametrize("peak", [0, 5, 161, 639])
def test_waves_are_turned_until_the_peak_lies_a_quarter_into_whole_symbols(size: int, peak: int) -> None:
    m, generator = 16, np.random.default_rng(peak)
    pulse, edge = generator.uniform(-0.5, 0.5, (2, size))
    pulse[peak] = 1.0
    waves = UnequalizedWaves.of(pulse, edge, np.zeros(3), np.zeros(3), np.zeros(3), m)
    assert (waves.peak, len(waves.pulse)) == (160, 640)
    for found, given in ((waves.pulse, pulse), (waves.edge, edge)):
        assert np.array_equal(found, np.roll(given, 160 - peak)[:640])

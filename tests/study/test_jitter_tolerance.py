"""Jitter tolerance against the linear loop: what is tolerated grows as the error transfer falls."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import sirf
from sirf.engine.waveform.block_stream import Stream
from sirf.errors import SirfError
from sirf.link import Link
from sirf.study.jitter_tolerance import _largest, jtol


@pytest.fixture(scope="module")
def link() -> Link:
    link = sirf.Link(sirf.paths.npo(length="150 mm").to_channel(), standard="802.3ck-c2m").optimized()
    clock = sirf.ClockRecovery(bandwidth=20e6, damping=4.0)
    return link.replace(receiver=dataclasses.replace(link.receiver, clock=clock))


def test_tolerance_is_the_margin_over_the_error_transfer(link: Link) -> None:
    """Amplitudes found in steps of 9 % at 6 and 12 MHz against that at 160 MHz, where nothing is tracked."""
    tones = [6e6, 12e6, 160e6]
    result = jtol(link, frequencies=tones, ber=1e-3, symbols=40_000, mask="802.3dj")
    linear = Stream(link, seed=1).receiver.linear
    assert linear is not None
    found = np.array([amplitude or 0.0 for amplitude in result.tolerated_ui])
    transfer = np.abs(linear.error_transfer(np.array(tones)))
    np.testing.assert_allclose(found * transfer, found[-1] * transfer[-1], rtol=0.2)
    assert found[0] > 2.0 * found[2]
    assert result.passed
    assert result.to_dict()["passed"] is True
    assert "met" in str(result)


def test_search_finds_the_edge_from_either_side() -> None:
    for edge in (0.03, 0.9, 1.1, 40.0):
        found, more = _largest(lambda amplitude, edge=edge: amplitude <= edge, 1.0, 3)  # type: ignore[misc]
        assert found is not None
        assert found <= edge <= found * 2.0**0.125 * 1.0001
        assert not more
    assert _largest(lambda amplitude: True, 1.0, 3)[1]
    assert _largest(lambda amplitude: False, 1.0, 3) == (None, False)


def test_what_too_short_runs_show_is_said(link: Link) -> None:
    """No run of 5,000 symbols shows 1e-9: without an error it shows that the ratio is below 4.6 over its bits."""
    result = jtol(link, frequencies=[160e6], ber=1e-9, symbols=5_000, mask="802.3dj", steps=0)
    assert result.shown_ber == pytest.approx(-np.log(0.01) / 10_000, rel=1e-3)
    assert result.to_dict()["shown_ber"] == result.shown_ber
    assert "BER below 4.6e-04 at 99 %, by runs of 5,000 symbols" in str(result)
    long = jtol(link, frequencies=[160e6], ber=1e-2, symbols=5_000, mask="802.3dj", steps=0)
    assert "shown" not in str(long)


def test_limits_that_are_none_are_refused(link: Link) -> None:
    with pytest.raises(SirfError, match="symbols must be at most 20,000,000, got 1,000,000,000"):
        jtol(link, symbols="1e9")
    with pytest.raises(SirfError, match="ber must be between"):
        jtol(link, ber=0.0)
    with pytest.raises(SirfError, match="symbols must be at least 1"):
        jtol(link, symbols=0)
    with pytest.raises(SirfError, match="frequencies must"):
        jtol(link, frequencies=[])

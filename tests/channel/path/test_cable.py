"""The copper cable path: published budgets, physics, what its capacitor does in the time domain."""

from __future__ import annotations

import pytest

from sirf import paths
from sirf.channel.response import pulse_response
from sirf.channel.transfer import Transfer
from tests.channel.physical import FREQUENCY, check_physical


def test_losses_stay_inside_the_published_budgets() -> None:
    """2 m at 26.56 GHz: 28 dB of 802.3ck CR1; 1 m at 53.125 GHz: 40 dB die to die of 802.3dj CR1. Neither is nearly empty."""
    two, one = paths.cable("2 m", rate_class="100g"), paths.cable("1 m")
    assert 18.0 < float(two.insertion_loss_db(26.5625e9)) < 28.0
    assert 25.0 < float(one.insertion_loss_db(53.125e9)) < 40.0


def test_every_segment_and_the_whole_are_physical() -> None:
    path = paths.cable()
    f = FREQUENCY[path.grid[-1] >= FREQUENCY]
    check_physical(path.network(f))
    for segment in path.segments:
        check_physical(segment.network(f))
        assert segment.provenance in ("P", "2", "E")
        assert segment.source


def test_the_band_reaches_what_106_gbd_needs() -> None:
    assert paths.cable().grid[-1] >= 0.75 * 106.25e9


def test_the_channels_pulse_is_that_of_the_same_path_without_its_capacitor() -> None:
    """100 nF hardly moves one pulse: apart from baseline wander, which the channel leaves out and says so."""
    path = paths.cable(rate_class="100g")
    bare = paths.Path("bare", tuple(s for s in path.segments if s.name != "coupling capacitor"), path.variable)
    pulses = []
    for each in (path, bare):
        channel = each.to_channel()
        transfer = Transfer(channel.frequency, channel.through.s[:, 1, 0])
        pulses.append(pulse_response(transfer, symbol_rate=53.125e9).volts)
    assert pulses[0].max() == pytest.approx(pulses[1].max(), rel=3e-3)
    # a high-pass that a 10 MHz grid had made up would take most of the area away
    assert pulses[0].sum() == pytest.approx(pulses[1].sum(), rel=3e-3)

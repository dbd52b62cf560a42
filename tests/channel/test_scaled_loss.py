"""Channels whose own line is scaled: exact on a line of the COM formulas, causal, reflections as they were."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.channel.package import transmission_line
from sirf.channel.scaled_loss import channel_with_loss, line_coefficients
from sirf.errors import SirfError

FREQUENCY = np.arange(0.0, 60e9 + 1, 20e6)


def line(length_mm: float) -> Channel:
    s = transmission_line(FREQUENCY, 92.5, length_mm, gamma0=0.0, a1=1.3e-3, a2=3e-4, tau=6.1e-3)
    return Channel.from_network(Network(FREQUENCY, s, z0=100.0, name="line"), plane="die")


def test_the_fit_finds_a_lines_own_coefficients() -> None:
    a1, a2 = line_coefficients(FREQUENCY, line(200.0).through.s[:, 1, 0])
    assert a1 == pytest.approx(200.0 * 1.3e-3, rel=0.02)
    assert a2 == pytest.approx(200.0 * 3e-4, rel=0.02)


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_a_scaled_line_is_the_line_of_that_length_but_for_its_delay(factor: float) -> None:
    wanted = line(200.0 * factor)
    found = channel_with_loss(line(200.0), float(wanted.insertion_loss_db(26.5625e9)), 26.5625e9)
    here, there = (np.abs(one.through.s[:, 1, 0]) for one in (found, wanted))
    # what is left is the ripple of 92.5 ohm between 100 ohm ends
    assert 20.0 * np.log10(here[5:] / there[5:]) == pytest.approx(0.0, abs=0.1)
    phase = np.unwrap(np.angle(found.through.s[:, 1, 0] / wanted.through.s[:, 1, 0]))
    straight = np.polyval(np.polyfit(FREQUENCY[5:], phase[5:], 1), FREQUENCY)
    assert phase[5:] == pytest.approx(straight[5:], abs=0.05)
    assert np.array_equal(found.through.s[:, 0, 0], line(200.0).through.s[:, 0, 0])


def test_what_is_added_does_not_come_before_its_cause() -> None:
    found, own = (one.through.s[:, 1, 0] for one in (channel_with_loss(line(100.0), 30.0, 26.5625e9), line(100.0)))
    window = np.exp(-((FREQUENCY / 25e9) ** 2))
    added = np.fft.irfft(found / own * window)
    before = added[len(added) // 2 :]
    # the Gaussian window itself reaches 20 ps back
    assert np.abs(before[:-5]).max() < 2e-3 * np.abs(added).max()


@pytest.mark.parametrize(
    ("loss", "frequency", "message"),
    [
        (0.0, 70e9, "within the data"),
        (-3.0, 26e9, "loss must be at least"),
        (float("nan"), 26e9, "loss must be at least"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(loss: float, frequency: float, message: str) -> None:
    with pytest.raises(SirfError, match=message):
        channel_with_loss(line(50.0), loss, frequency)

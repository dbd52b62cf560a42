"""The shared front end against closed forms that no engine of ours made."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sirf.engine.front_end import analog_channel, earlier, front_end, with_ffe
from sirf.link import Link
from sirf.receiver.mlse import Mlse
from sirf.signal.sampled_filter import SampledFilter
from sirf.transmitter.jitter import Jitter
from tests.engine.links import SYMBOL_RATE, flat_link

RISE = 40e-12


def sending(**changes: object) -> Link:
    """Edges slow against the displacement, a Tx FFE, and a receiver whose filter is far above both."""
    link = flat_link("PAM4", sigma=0.01)
    sender = dataclasses.replace(link.transmitter, rise_time=RISE, ffe=(-0.1, 0.8, -0.1), ffe_main=1)
    return link.replace(transmitter=dataclasses.replace(sender, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize("rms", [0.01, 0.03])
def test_gaussian_jitter_makes_the_mean_pulse_that_of_slower_edges(rms: float) -> None:
    """E exp(-j w tau) = exp(-w² sigma² / 2) is a Gaussian edge too: T_r² grows by (1.6832 sigma)²."""
    slower = float(np.hypot(RISE, 1.6832 * rms / SYMBOL_RATE))
    moved, still, expected = (
        front_end(sending(**changes))
        for changes in ({"jitter": Jitter(random_ui=rms)}, {}, {"rise_time": slower})
    )  # fmt: skip
    instants = np.arange(-2 * 64, 2 * 64)
    change = moved.mean_pulse[moved.sampling + instants] - still.through[still.sampling + instants]
    wanted = expected.through[expected.sampling + instants] - still.through[still.sampling + instants]
    # what is left is of fourth order in the displacement
    assert np.max(np.abs(change - wanted)) < 10.0 * rms**2 * np.max(np.abs(wanted)) + 1e-6
    assert np.max(np.abs(wanted)) > 1e-4


def test_the_main_cursor_is_what_slower_edges_leave() -> None:
    rms = 0.03
    slower = float(np.hypot(RISE, 1.6832 * rms / SYMBOL_RATE))
    ends = [front_end(sending(**changes)) for changes in ({"jitter": Jitter(random_ui=rms)}, {"rise_time": slower})]
    assert ends[0].main_cursor == pytest.approx(ends[1].main_cursor, rel=1e-4)


def test_what_a_model_cancels_answers_a_symbol_for_one_ui() -> None:
    """Taps answer one sample of a symbol: the response to the whole symbol is their running sum over a UI, and zero at first."""
    link = flat_link("PAM4", sigma=0.01)
    m = link.samples_per_ui
    size = 64 * m
    taps = np.sin(2 * np.pi * 3 * np.arange(size) / size)
    cancellation = SampledFilter(taps=taps, interval=1.0 / (m * link.symbol_rate))
    pulse = cancellation.symbol_response(size, m)
    assert pulse[5 * m] == pytest.approx(taps[4 * m + 1 : 5 * m + 1].sum())
    # a running sum over m samples of sin(turn n), once it is full, is a sine of this amplitude
    turn = 2 * np.pi * 3 / size
    later = np.arange(m, size)
    amplitude = np.sin(0.5 * turn * m) / np.sin(0.5 * turn)
    assert pulse[m:] == pytest.approx(amplitude * np.sin(turn * (later - 0.5 * (m - 1))), abs=1e-9)
    one_tap = SampledFilter(taps=np.array([0.3]), interval=cancellation.interval)
    assert np.flatnonzero(one_tap.symbol_response(size, m)).tolist() == list(range(m))


def test_an_offset_moves_the_sampler_later_by_its_share_of_a_ui() -> None:
    link = flat_link("PAM4", sigma=0.02, ffe=(1.0, 0.4))
    offset = link.receiver.sampling_offset_ui + 0.25
    later = link.replace(receiver=dataclasses.replace(link.receiver, sampling_offset_ui=offset))
    usual, moved = front_end(link), front_end(later)
    m = usual.samples_per_ui
    shift = (moved.start_time - usual.start_time) * m * SYMBOL_RATE + moved.sampling - usual.sampling
    assert shift == pytest.approx(0.25 * m)


def test_an_offset_of_whole_samples_moves_no_wave() -> None:
    """7 / 100 x 100 is not 7 to a computer: what is left of it must not shift the waves."""
    assert 7 / 100 * 100 != 7
    link = flat_link("PAM4", sigma=0.02).replace(samples_per_ui=100)
    plain, on, between = (
        front_end(link.replace(receiver=link.receiver.replace(sampling_offset_ui=samples / 100)))
        for samples in (0, 7, 7.5)
    )
    assert on.sampling == plain.sampling
    assert (on.start_time - plain.start_time) * 100 * SYMBOL_RATE == pytest.approx(7)
    # the same samples of the same wave bit for bit, in a window that begins so much later
    np.testing.assert_array_equal(on.through[:-7], plain.through[7:])
    assert np.max(np.abs(between.through[:-7] - plain.through[7:])) > 1e-3


def test_links_of_a_sequence_detector_share_responses_whatever_else_is_fed_back() -> None:
    """The key of kept responses leaves the DFE out, without which there is no such detector."""
    link = flat_link("PAM4", sigma=0.01)
    receiver = dataclasses.replace(link.receiver, dfe=(0.4, 0.1), mlse=Mlse(memory=1))
    sequence = link.replace(receiver=receiver)
    other = link.replace(receiver=dataclasses.replace(receiver, dfe=(0.4, 0.2)))
    assert front_end(sequence) is front_end(other)


def test_taps_on_the_spectrum_are_those_on_the_wave() -> None:
    link = sending()
    channel, taps = analog_channel(link), (0.05, -0.2, 0.7, 0.0, -0.1)
    wave = channel.response(0, link.receiver, kind="pulse")
    expected = with_ffe(wave, taps, 2, link.samples_per_ui)
    found = channel.response(0, link.receiver, kind="pulse", factor=channel.taps(0, taps, 2))
    # the order of sums alone differs
    assert np.abs(found - expected).max() < 1e-14 * np.abs(expected).max()


def test_a_share_of_a_sample_brings_every_wave_earlier_behind_all_taps() -> None:
    """Against the waves of the whole sample, each turned by itself; windows are cut where the pulse is, so that both are one."""
    share = 0.3
    base = sending(jitter=Jitter(random_ui=0.02)).replace(channel=sending().channel)
    receiver = dataclasses.replace(base.receiver, ffe=(-0.1, 1.0, -0.05), ffe_main=1)
    whole, between = (
        front_end(base.replace(receiver=dataclasses.replace(receiver, sampling_offset_ui=offset / base.samples_per_ui)))
        for offset in (0.0, share)
    )
    assert between.sampling == whole.sampling
    for name in ("through", "driver", "mean_pulse", "edge", "edge_slope"):
        wave, moved = getattr(whole, name), getattr(between, name)
        # the record holds all but 1e-4 of the pulse: what is cut off spoils its ends
        inside = slice(len(wave) // 8, -(len(wave) // 8))
        wanted = earlier(wave, share)
        assert np.abs(moved - wanted)[inside].max() < 1e-6 * np.abs(wave).max()

"""Clock recovery against its linear model, the slew limit of a bang-bang loop, and what an unstable loop reports."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

import sirf
from sirf.clock.recovery import ClockRecovery, LinearLoop
from sirf.clock.wander import Wander
from sirf.engine.front_end import front_end
from sirf.engine.waveform.block_stream import Stream
from sirf.engine.waveform.reception import edge_distance
from sirf.errors import SirfError
from sirf.link import Link
from sirf.transmitter.transmitter import NO_JITTER


@pytest.fixture(scope="module")
def quiet() -> Link:
    """An open link without noise and edge jitter, so that the sampling phase moves by the loop alone."""
    link = sirf.Link(sirf.paths.npo(length="150 mm").to_channel(), standard="802.3ck-c2m").optimized()
    still = dataclasses.replace(link.transmitter, jitter=NO_JITTER, snr_db=None)
    return link.replace(transmitter=still)


def with_clock(link: Link, clock: ClockRecovery, wander: Wander | None = None) -> Link:
    return link.replace(receiver=dataclasses.replace(link.receiver, clock=clock, wander=wander))


def measured_transfer(link: Link, frequency: float, symbols: int) -> tuple[complex, LinearLoop]:
    """Sampling phase over the transmitter's, from a single tone of 0.03 UI."""
    wander = Wander(sinusoidal_ui=0.03, sinusoidal_frequency=frequency)
    chosen = with_clock(link, ClockRecovery(bandwidth=10e6, damping=1.0, latency=20), wander)
    stream = Stream(chosen, seed=1)
    stream.advance(stream.first)
    tick = np.arange(stream.receiver.symbol, stream.receiver.symbol + symbols)
    moved = wander.at(tick, link.symbol_rate)
    phase = stream.advance(symbols).position - tick - moved
    whole = int(symbols * frequency / link.symbol_rate) / frequency * link.symbol_rate
    tone = np.exp(-2j * np.pi * frequency / link.symbol_rate * tick)[: int(whole)]
    linear = stream.receiver.linear
    assert linear is not None
    return complex(-(phase[: int(whole)] @ tone) / (moved[: int(whole)] @ tone)), linear


@pytest.mark.parametrize("frequency", [2e6, 8e6, 30e6])
def test_jitter_transfer_is_that_of_the_linear_loop(quiet: Link, frequency: float) -> None:
    """Within 2 %: the timing function is a straight line only near its zero."""
    measured, linear = measured_transfer(quiet, frequency, 150_000)
    expected = complex(linear.jitter_transfer(np.array([frequency]))[0])
    assert abs(measured - expected) < 0.02 * max(abs(expected), 0.5)


@pytest.mark.parametrize("damping", [0.5, 1.0, 3.0])
def test_damping_is_that_of_the_loop_s_two_poles(damping: float) -> None:
    """Poles of s² + g s + g_i: real part over magnitude is minus the damping, whatever the detector's gain."""
    for clock, slope in (
        (ClockRecovery(bandwidth=4e6, damping=damping), 2.5),
        (ClockRecovery(detector="bang-bang", step_ui=2e-3, damping=damping), 1.0),
    ):
        proportional, integral = (gain * slope for gain in clock.gains(53.125e9, slope))
        pole = np.roots([1.0, proportional, integral])[0]
        product = np.sqrt(np.prod(np.roots([1.0, proportional, integral])).real)
        mean = -0.5 * np.sum(np.roots([1.0, proportional, integral])).real
        assert mean / product == pytest.approx(damping, rel=1e-9)
        assert pole.real < 0
    assert ClockRecovery(bandwidth=4e6).gains(53.125e9, 2.5)[0] == pytest.approx(2 * np.pi * 4e6 / 53.125e9 / 2.5)


def test_first_order_loop_has_the_closed_form_corner() -> None:
    """H = f_c / (f_c + j f) far below the symbol rate."""
    proportional, integral = ClockRecovery(bandwidth=4e6, damping=np.inf).gains(50e9, 2.0)
    assert integral == 0.0
    loop = LinearLoop(proportional=2.0 * proportional, integral=0.0, delay=1, symbol_rate=50e9)
    frequency = np.array([1e5, 1e6, 4e6, 2e7])
    np.testing.assert_allclose(loop.jitter_transfer(frequency), 4e6 / (4e6 + 1j * frequency), rtol=3e-3)


@pytest.mark.parametrize("delay", [1, 40, 90, 110, 300])
def test_phase_margin_tells_stability_as_the_poles_do(delay: int) -> None:
    proportional, integral = 0.015, 0.015**2 / 16
    loop = LinearLoop(proportional=proportional, integral=integral, delay=delay, symbol_rate=1.0)
    # (1 - 1/z)² + (g (1 - 1/z) + g_i) z^-delay = 0
    characteristic = np.zeros(delay + 2)
    characteristic[:3] = [1.0, -2.0, 1.0]
    characteristic[delay] += proportional + integral
    characteristic[delay + 1] -= proportional
    assert loop.stable == bool(np.all(np.abs(np.roots(characteristic)) < 1.0))


def test_step_of_frequency_is_followed_as_the_linear_loop_does(quiet: Link) -> None:
    """100 ppm from the first symbol on: the phase error of the loop is scipy's response of its z-transform to a ramp."""
    clock = ClockRecovery(bandwidth=20e6, damping=1.0, gear=1.0)
    stream = Stream(with_clock(quiet, clock, Wander(frequency_offset_ppm=100.0)), seed=1)
    start = int(stream.receiver.loop.start)
    chunk = stream.advance(start + 20_000)
    linear = stream.receiver.linear
    assert linear is not None
    g, g_i = linear.proportional, linear.integral
    ramp = 1e-4 * np.arange(20_000)
    error = signal.lfilter([1.0, -2.0, 1.0], [1.0, g + g_i - 2.0, 1.0 - g], ramp + 1e-4 * start)
    got = (chunk.position - np.arange(start + 20_000))[start:]
    assert np.max(np.abs(got - error)) < 0.1 * np.max(np.abs(error)) + 0.004
    assert np.mean(got[-5000:]) == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("detector", ["mueller-muller", "sign-mueller-muller", "bang-bang"])
@pytest.mark.parametrize("offset", [100.0, -100.0])
def test_every_detector_locks_at_a_hundred_ppm(quiet: Link, detector: str, offset: float) -> None:
    clock = ClockRecovery(detector=detector)
    run = sirf.simulate(with_clock(quiet, clock, Wander(frequency_offset_ppm=offset)), symbols=20_000, rng=1)
    report = run.clock
    assert report is not None
    assert report.locked
    assert report.losses == 0
    assert report.slips == 0
    assert abs(report.mean_phase_ui) < 0.01
    assert run.errors.symbol_errors == 0
    assert run.to_dict()["clock"]["locked"] is True


@pytest.mark.parametrize(("offset", "locked"), [(225.0, True), (280.0, False)])
def test_first_order_bang_bang_tracks_up_to_its_slew_limit(quiet: Link, offset: float, locked: bool) -> None:
    """A quarter of PAM4 symbol pairs are opposite levels: a step of 1e-3 UI follows at most 250 ppm."""
    clock = ClockRecovery(detector="bang-bang", step_ui=1e-3, damping=np.inf)
    run = sirf.simulate(with_clock(quiet, clock, Wander(frequency_offset_ppm=offset)), symbols=60_000, rng=1)
    assert run.clock is not None
    assert (run.clock.losses == 0) == locked
    assert (run.errors.symbol_errors == 0) == locked


def test_spread_spectrum_is_followed(quiet: Link) -> None:
    clock = ClockRecovery(bandwidth=20e6, damping=1.0)
    wander = Wander(spread_ppm=5000.0, spread_frequency=300e3)
    run = sirf.simulate(with_clock(quiet, clock, wander), symbols=200_000, rng=1)
    assert run.clock is not None
    assert run.clock.locked
    assert run.errors.symbol_errors == 0


def test_unstable_loop_reports_when_it_lost_lock(quiet: Link) -> None:
    clock = ClockRecovery(bandwidth=4e6, latency=5000)
    chosen = with_clock(quiet, clock, Wander(frequency_offset_ppm=20.0))
    linear = Stream(chosen, seed=1).receiver.linear
    assert linear is not None
    assert not linear.stable
    run = sirf.simulate(chosen, symbols=150_000, rng=1)
    assert run.clock is not None
    assert run.clock.losses > 0
    assert run.clock.locked_at is not None
    assert run.clock.lost_at is not None
    assert 0.0 < run.clock.locked_at < run.clock.lost_at < 1e-5
    assert "lost lock at" in str(run)


def test_calls_of_any_size_give_the_same_bits_with_every_loop_closed(quiet: Link) -> None:
    chosen = with_clock(quiet, ClockRecovery(latency=7), Wander(frequency_offset_ppm=50.0))
    whole, parts = Stream(chosen, seed=5), Stream(chosen, seed=5)
    expected = whole.advance(6000)
    pieces = [parts.advance(size) for size in (1, 999, 3000, 2000)]
    assert np.array_equal(np.concatenate([one.position for one in pieces]), expected.position)
    assert np.array_equal(np.concatenate([one.equalised for one in pieces]), expected.equalised)


def test_spread_spectrum_integrates_a_triangle() -> None:
    ticks = np.arange(400_001)
    moved = Wander(spread_ppm=5000.0, spread_frequency=1e6).at(ticks, 25e9)
    triangle = -5e-3 * (1.0 - np.abs(1.0 - 2.0 * ((ticks * 1e6 / 25e9) % 1.0)))
    expected = np.concatenate([[0.0], np.cumsum(0.5 * (triangle[1:] + triangle[:-1]))])
    np.testing.assert_allclose(moved, expected, atol=1e-6)


def test_edge_of_the_bang_bang_detector_is_where_two_symbols_cancel(quiet: Link) -> None:
    end = front_end(quiet)
    distance = edge_distance(end) * end.samples_per_ui
    at = end.sampling - distance
    index: NDArray[np.int64] = np.arange(len(end.mean_pulse))
    here, after = (float(np.interp(at + shift, index, end.mean_pulse)) for shift in (0, end.samples_per_ui))
    assert here == pytest.approx(after, abs=0.01 * end.main_cursor)
    assert 0.25 < distance / end.samples_per_ui < 0.75


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"detector": "magic"}, "detector must be one of"),
        ({"bandwidth": 0.0}, "bandwidth must be positive"),
        ({"latency": -1}, "latency must be between"),
        ({"gear": 0.5}, "gear must be"),
        ({"initial_phase_ui": 0.7}, "initial_phase_ui must be"),
        ({"lock_window_ui": 0.0}, "lock_window_ui must be"),
        ({"damping": float("nan")}, "damping must be positive"),
        ({"hold_symbols": 0}, "hold_symbols must be"),
    ],
)
def test_impossible_loops_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SirfError, match=message):
        ClockRecovery(**options)


@pytest.mark.parametrize(
    "options",
    [{"frequency_offset_ppm": 1e6}, {"spread_ppm": -1.0}, {"sinusoidal_ui": -1.0}, {"sinusoidal_frequency": 0.0}],
)
def test_impossible_wander_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SirfError, match=f"{next(iter(options))} must be"):
        Wander(**options)


def test_wander_too_steep_for_a_slow_clock_is_refused(quiet: Link) -> None:
    steep = Wander(sinusoidal_ui=1e4, sinusoidal_frequency=1e9)
    assert steep.slope(50e9) == pytest.approx(1e4 * 2 * np.pi / 50)
    with pytest.raises(SirfError, match="wander must change by at most"):
        sirf.simulate(with_clock(quiet, ClockRecovery(), steep), symbols=100, rng=1)

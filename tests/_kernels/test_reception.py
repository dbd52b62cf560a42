"""The receiver's steps: each compiled form against its own plain Python, and what each has to give in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sirf._kernels import reception as kernel
from sirf._kernels.interpolation import between, interpolate

RNG = np.random.default_rng(7)


def plain(function: Any) -> Any:
    """The Python function under a compiled one."""
    return function.py_func


def fresh(**changes: Any) -> Any:
    """A state record before the first symbol."""
    state = np.zeros(1, dtype=kernel.STATE).view(np.recarray)[0]
    state.gain, state.lost_at, state.locked_at = 1.0, -1, -1
    for name, value in changes.items():
        setattr(state, name, value)
    return state


def test_a_sample_between_points_lies_on_the_cubic_through_four() -> None:
    index = np.arange(12.0)
    wave = (0.1 * index**3 - 0.7 * index**2 + index - 2.0).astype(np.float32)
    for place in (3.0, 3.25, 4.9, 8.5):
        value = interpolate(wave, place)
        assert value == plain(interpolate)(wave, place)
        assert value == pytest.approx(0.1 * place**3 - 0.7 * place**2 + place - 2.0, rel=1e-6)
    assert interpolate(wave, 5.0) == wave[5]
    # from either side a sample is itself: the receiver's guess of where it stands may be one early
    assert between(wave, 4, 1.0) == between(wave, 5, 0.0) == wave[5]


@pytest.mark.parametrize("settings", [(0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (0.0, 0.125, 0.4375), (0.8, 0.125, 0.4375)])
def test_a_sample_is_bent_scaled_and_rounded(settings: tuple[float, float, float]) -> None:
    saturation, code, clip = settings
    for value in RNG.normal(0.0, 0.4, 50):
        got = kernel.convert(value, 1.02, 0.01, *settings)
        assert got == pytest.approx(plain(kernel.convert)(value, 1.02, 0.01, *settings), rel=1e-15)
        ahead = (saturation * np.tanh(value / saturation) if saturation else value) * 1.02 + 0.01
        if code:
            # codes lie half a step beside zero and end at the clip
            assert (got / code) % 1.0 == pytest.approx(0.5)
            assert abs(got - np.clip(ahead, -clip, clip)) <= 0.5 * code + 1e-12
            assert abs(got) <= clip
        else:
            assert got == pytest.approx(ahead)


@pytest.mark.parametrize("every", [False, True])
def test_feedback_is_the_convolution_of_decisions_with_the_taps(every: bool) -> None:
    dfe, levels = np.array([0.2, 0.0, -0.1]), np.array([-1.0, -1 / 3, 1 / 3, 1.0])
    decided = RNG.integers(0, 4, 20).astype(np.uint8)
    for here in range(3, 20):
        expected = sum(tap * levels[decided[here - 1 - lag]] for lag, tap in enumerate(dfe))
        assert kernel.feed_back(dfe, levels, decided, here, every) == pytest.approx(expected, abs=1e-15)
        assert kernel.feed_back(dfe, levels, decided, here, every) == plain(kernel.feed_back)(
            dfe, levels, decided, here, every
        )


def test_a_decision_counts_the_thresholds_below() -> None:
    threshold = np.array([-0.5, 0.0, 0.5])
    for value in (*RNG.normal(0.0, 0.6, 50), 0.0, 0.5):
        for shift in (0.0, 0.3):
            expected = int(np.sum(value > threshold + shift))
            assert kernel.decide(value, threshold, shift) == expected == plain(kernel.decide)(value, threshold, shift)


def test_thresholds_lie_half_way_between_the_references() -> None:
    reference = np.array([-1.0, -0.4, 0.4, 1.0])
    offset = np.array([0.0, 0.1, 0.0])
    threshold, other = np.zeros(3), np.zeros(3)
    kernel.set_thresholds(reference, offset, threshold)
    plain(kernel.set_thresholds)(reference, offset, other)
    np.testing.assert_array_equal(threshold, other)
    np.testing.assert_allclose(threshold, [-0.7, 0.1, 0.7])


@pytest.mark.parametrize("detector", [kernel.MUELLER_MULLER, kernel.SIGN_MUELLER_MULLER, kernel.BANG_BANG])
def test_phase_detectors_follow_their_formulas(detector: int) -> None:
    levels = np.array([-1.0, -1 / 3, 1 / 3, 1.0])
    scale, bias = 0.3, 0.05
    for _ in range(60):
        used, before = (int(value) for value in RNG.integers(0, 4, 2))
        errors = tuple(RNG.normal(0.0, 0.1, 2))
        edge = float(RNG.normal())
        arguments = (detector, bias, levels, scale, edge, used, before, errors)
        out = kernel.phase_error(*arguments)
        assert out == plain(kernel.phase_error)(*arguments)
        mueller = (errors[0] * levels[before] - errors[1] * levels[used]) * scale - bias
        if detector == kernel.MUELLER_MULLER:
            assert out == pytest.approx(mueller)
        elif detector == kernel.SIGN_MUELLER_MULLER:
            assert out == np.sign(mueller)
        elif levels[used] == -levels[before]:
            # a rising edge that is positive already was sampled late
            assert out == (1.0 if (edge > 0) == (levels[used] < 0) else -1.0)
        else:
            assert out == 0.0


def test_the_loops_latency_gives_back_what_went_in_before() -> None:
    ring, state = np.zeros(3), fresh()
    other, same = np.zeros(3), fresh()
    given = [1.0, 2.0, 3.0, 4.0, 5.0]
    assert [kernel.delay(ring, state, value) for value in given] == [0.0, 0.0, 0.0, 1.0, 2.0]
    assert [plain(kernel.delay)(other, same, value) for value in given] == [0.0, 0.0, 0.0, 1.0, 2.0]
    assert state == same


def loop(**changes: Any) -> kernel.Loop:
    values: dict[str, Any] = {
        "detector": kernel.MUELLER_MULLER, "proportional": 0.01, "integral": 1e-4, "bias": 0.0, "edge": 0.5,
        "window": 0.25, "hold": 3, "start": 0, "gear": 4.0, "gear_end": 10,
    }  # fmt: skip
    return kernel.Loop(**(values | changes))


def test_a_constant_phase_error_moves_the_sampler_by_a_parabola() -> None:
    moved = same = (0.0, 0.0)
    for symbol in range(20, 30):
        moved = kernel.recover(loop(), *moved, 1.0, symbol)
        same = plain(kernel.recover)(loop(), *same, 1.0, symbol)
    # n proportional steps, and the integral's 1 + 2 + … + n
    assert moved[0] == pytest.approx(10 * 0.01 + 55 * 1e-4)
    assert moved == same
    assert kernel.recover(loop(), 0.0, 0.0, 1.0, 9)[0] == pytest.approx(4 * 0.01 + 16 * 1e-4)
    assert kernel.recover(loop(), 0.0, 0.0, 1e9, 20) == (0.5, 0.25)


def test_phases_are_counted_from_the_nearest_whole_interval() -> None:
    off = RNG.normal(0.0, 0.1, 1000)
    for function in (kernel.add_phases, plain(kernel.add_phases)):
        sums = np.array([2.0, 0.5, 0.25])
        function(np.arange(1000.0) + off, sums)
        np.testing.assert_allclose(sums - [2.0, 0.5, 0.25], [1000, off.sum(), np.sum(off**2)], rtol=1e-9)


def test_lock_needs_its_hold_and_is_lost_outside_the_window() -> None:
    state, same = fresh(), fresh()
    for symbol, (off, slip) in enumerate([(0.4, 0), (0.1, 0), (0.1, 0), (0.1, 0), (0.1, 0), (0.3, 0), (0.1, 1)]):
        kernel.watch_lock(loop(), state, off, slip, symbol)
        plain(kernel.watch_lock)(loop(), same, off, slip, symbol)
        assert state == same
        assert bool(state.locked) == (symbol in (3, 4))
    assert (state.locked_at, state.lost_at, state.losses, state.slip) == (1, 5, 1, 1)


@pytest.mark.parametrize("sign", [False, True])
def test_adaptation_is_least_mean_squares_or_its_signs(sign: bool) -> None:
    levels = np.array([-1.0, -1 / 3, 1 / 3, 1.0])
    slicer = kernel.Slicer(levels, float(np.mean(levels**2)), 0.5, 1, 0, False, False)
    steps = kernel.Steps(
        1e-2, 2e-2, 3e-2, 4e-2, sign, 0, np.array([[-1.5, 1.5]] * 3), np.array([[-1.0, 1.0], [0.0, 0.0]])
    )
    samples, decided = RNG.normal(0.0, 0.4, 12), RNG.integers(0, 4, 12).astype(np.uint8)
    nothing = np.zeros(0)
    trace = kernel.Trace(
        samples,
        nothing,
        decided,
        decided,
        nothing,
        nothing,
        decided,
        np.zeros((0, 0), np.float32),
        nothing.astype(np.float32),
    )

    def moved(function: Any) -> tuple[kernel.Taps, float]:
        taps = kernel.Taps(
            np.array([-0.1, 1.0, -0.2]), np.array([0.1, 0.0]), 0.5 * levels, np.zeros(3), np.zeros(3), np.zeros(0)
        )
        state = fresh(gain=1.2)
        function(steps, taps, slicer, trace, state, 7, 6, 3, 0.06)
        return taps, float(state.gain)

    taps, gain = moved(kernel.adapt)
    other, other_gain = moved(plain(kernel.adapt))
    for one, two in zip(taps, other, strict=True):
        np.testing.assert_array_equal(one, two)
    assert gain == other_gain
    size: Any = np.sign if sign else np.asarray
    error = size(0.06 / 0.5)
    np.testing.assert_allclose(taps.ffe, np.array([-0.1, 1.0, -0.2]) - 1e-2 * error * size(samples[[7, 6, 5]] / 0.5))
    # the second tap lies in a gap whose limits are zero
    np.testing.assert_allclose(taps.dfe, [0.1 + 2e-2 * error * size(levels[decided[5]]) * 0.5, 0.0])
    assert taps.reference[3] == pytest.approx(0.5 + 3e-2 * error * 0.5)
    assert taps.threshold[2] == pytest.approx(0.5 * (taps.reference[2] + taps.reference[3]))
    assert gain == pytest.approx(1.2 - 4e-2 * error * size(levels[3]))


@pytest.mark.parametrize("detector", [0, kernel.MUELLER_MULLER, kernel.BANG_BANG])
@pytest.mark.parametrize("unrolled", [False, True])
def test_the_whole_receiver_is_its_plain_python(detector: int, unrolled: bool) -> None:
    m, count, taps_before = 8, 300, 2
    rng = np.random.default_rng(3)
    sent = rng.integers(0, 4, count + 30).astype(np.uint8)
    levels = np.array([-1.0, -1 / 3, 1 / 3, 1.0])
    pulse = np.interp(np.arange(-2 * m, 2 * m), [-m, 0, m, 2 * m], [0.0, 0.5, 0.15, 0.0])
    train = np.zeros((count + 30) * m)
    train[::m] = levels[sent]
    wave = np.convolve(train, pulse)[2 * m :][: (count + 30) * m].astype(np.float32)

    def run(function: Any) -> tuple[int, kernel.Trace, Any, kernel.Taps]:
        taps = kernel.Taps(
            np.array([-0.05, 1.0, 0.02]),
            np.array([0.15]),
            0.5 * levels,
            np.zeros(3),
            np.zeros(3),
            np.zeros(2 if detector else 0),
        )
        signal = kernel.Signal(
            wave, -3, m, sent, -3, np.zeros(0), 0.05 * np.random.default_rng(4).normal(size=count),
            0.02 * np.random.default_rng(5).normal(size=count),
        )  # fmt: skip
        front = kernel.Front(2.0, 0.01, 1.0, np.array([[0.01, 0.002, 0.05], [-0.01, 0.0, -0.05]]))
        slicer = kernel.Slicer(levels, float(np.mean(levels**2)), 0.5, 1, 20, False, unrolled)
        steps = kernel.Steps(1e-3, 1e-3, 1e-3, 1e-3, False, 50, np.tile([-2.0, 2.0], (3, 1)), np.array([[-1.0, 1.0]]))
        trace = kernel.Trace(
            np.zeros(count + taps_before), np.zeros(count + taps_before), np.zeros(count + 1, dtype=np.uint8),
            np.zeros(count, dtype=np.uint8), np.zeros(count), np.zeros(count), np.zeros(count, dtype=np.uint8),
            np.zeros((count, 3), dtype=np.float32), np.zeros(count, dtype=np.float32),
        )  # fmt: skip
        state = fresh()
        done = function(signal, front, slicer, loop(detector=detector, gear=1.0, start=10), steps, taps, trace, state)
        return done, trace, state, taps

    done, trace, state, taps = run(kernel.receive)
    other_done, other, other_state, other_taps = run(plain(kernel.receive))
    assert done == other_done == count
    told: Any = zip((*trace, *taps), (*other, *other_taps), strict=True)
    for one, two in told:
        np.testing.assert_allclose(one, two, rtol=1e-12, atol=1e-12)
    assert all(np.isclose(state[name], other_state[name], rtol=1e-12) for name in kernel.STATE.names or ())
    # where the sampler stands tells what was under way
    assert np.array_equal(
        trace.sent[30:], sent[np.floor(trace.position[31 : 1 + count] + 0.5).astype(int)[: count - 30] + 3]
    )
    # symbol j is chosen one step later than it is sampled, the wave begins with the fourth symbol
    assert np.mean(trace.chosen[30:] != sent[32 : 2 + count]) < 0.1

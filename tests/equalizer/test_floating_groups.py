"""Floating taps against a brute force over positions, limits against the closed form, a converter's range against its tail."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest

import sirf
from sirf._arrays import Float
from sirf._kernels.floating_places import least_errors
from sirf.channel.channel import Channel
from sirf.com.distribution import NOISE_CREST, gaussian, symbols
from sirf.equalizer.converter_range import RANGE_BINS, converter_range
from sirf.equalizer.floating_groups import TapProblem, fixed_positions, place_floating_taps
from sirf.equalizer.search_waves import with_gains
from sirf.errors import SirfError
from sirf.presets import EqualizerLimits
from sirf.signal.toeplitz import symmetric_toeplitz

LIMITS = EqualizerLimits(
    dfe_max=(0.4,),
    dfe_min=(0.0,),
    rx_ffe_pre=1,
    rx_ffe_post=2,
    rx_ffe_tap_max=0.7,
    rx_ffe_groups=1,
    rx_ffe_group_taps=2,
    rx_ffe_span=14,
    rx_ffe_floating_max=0.2,
)
NOISE = 1e-4
SYMBOL_VARIANCE = 5.0 / 9.0


def shape(limits: EqualizerLimits = LIMITS, echo: int = 9, size: float = 0.12) -> Float:
    """A pulse with an echo `echo` UI behind the cursor, in row 21, as each tap sees it."""
    pulse = np.zeros(60)
    pulse[20:26] = [0.12, 1.0, 0.42, 0.2, 0.1, 0.04]
    pulse[21 + echo] += size
    return np.stack([np.roll(pulse, tap) for tap in range(-limits.rx_ffe_pre, limits.rx_ffe_span + 1)], axis=1)


def problem(limits: EqualizerLimits = LIMITS, echo: int = 9, size: float = 0.12) -> TapProblem:
    """White noise on that pulse."""
    seen = shape(limits, echo, size)
    covariance = SYMBOL_VARIANCE * seen[:, 0] @ seen
    covariance[0] += NOISE
    return TapProblem(
        covariance=covariance,
        held=seen[21 : 22 + len(limits.dfe_max)],
        symbol_variance=SYMBOL_VARIANCE,
        tx_noise=0.0,
        eye_factor=1.0 / 3.0,
        limits=limits,
    )


def test_a_group_stands_where_brute_force_puts_it() -> None:
    made = problem()
    found = place_floating_taps(made, LIMITS)
    trials = {}
    for start in range(3, 14):
        positions = np.concatenate((fixed_positions(LIMITS), [start, start + 1]))
        trials[start] = made.solve(positions).merit
    best = max(trials, key=lambda start: trials[start])
    assert found.positions.tolist() == [-1, 0, 1, 2, best, best + 1]
    assert found.merit == trials[best]
    assert 9 in found.positions
    assert found.merit > 1.5 * made.solve(fixed_positions(LIMITS)).merit


def test_no_place_exceeds_its_bound_and_the_bound_changes_no_answer() -> None:
    """Against every place with limits that bite, and against the search that solves all of them."""
    for limits in (LIMITS, dataclasses.replace(LIMITS, rx_ffe_tap_max=0.1, rx_ffe_floating_max=0.03, dfe_max=(0.1,))):
        made = problem(dataclasses.replace(limits, rx_ffe_groups=2))
        chosen = fixed_positions(limits)
        starts = range(3, 14)
        merits = [made.solve(np.concatenate((chosen, [start, start + 1]))).merit for start in starts]
        bounds = bounds_of(made)
        assert np.all(bounds >= np.array(merits) * (1.0 - 1e-12))
        assert limits is not LIMITS or np.min(bounds / merits) < 1.5
        best = starts[int(np.argmax(merits))]
        assert made.best_start(chosen) == best
        found = place_floating_taps(made, made.limits)
        # the second group: every place that the first one leaves
        kept = np.sort(np.append(chosen, [best, best + 1]))
        rest = {k: made.solve(np.sort(np.append(kept, [k, k + 1]))) for k in starts if abs(k - best) > 1}
        second = max(rest, key=lambda start: rest[start].merit)
        assert found.positions.tolist() == rest[second].positions.tolist()
        assert found.merit == rest[second].merit


def bounds_of(made: TapProblem) -> Float:
    """Bounds (11,) of the merit by the start of a group beside the fixed taps."""
    errors = np.empty(11)
    cost = symmetric_toeplitz(made.covariance) - SYMBOL_VARIANCE * made.held.T @ made.held
    least_errors(np.arange(4), 4, 2, cost, made.held[0].copy(), errors)
    return np.asarray(made.eye_factor**2 / errors)


def test_without_limits_a_bound_is_the_merit() -> None:
    """The Schur complement against the solution itself, place by place."""
    made = problem(dataclasses.replace(LIMITS, rx_ffe_tap_max=np.inf, rx_ffe_floating_max=np.inf, dfe_max=(9.0,)))
    merits = [made.solve(np.append(fixed_positions(LIMITS), [k, k + 1])).merit for k in range(3, 14)]
    assert bounds_of(made) == pytest.approx(np.array(merits), rel=1e-9)


def test_ctle_and_transmitter_are_chosen_with_the_floating_taps(reference_dir: Path) -> None:
    """No neighbour of the setting found is better with floating taps of its own; the best without them is 0.07 dB worse."""
    link = sirf.Link(
        Channel.from_touchstone(reference_dir / "channels" / "synthetic_224g_board" / "thru.s4p"),
        standard="802.3dj-kr1",
    )
    found = link.optimized()
    report = found.equalizer_report
    assert report is not None
    assert report.fom_db > max(fom for *_, fom in report.path[:-1])
    g_dc, g_dc2 = report.ctle_db
    beside = [(g_dc + 1.0, g_dc2), (g_dc - 1.0, g_dc2), (g_dc, g_dc2 + 1.0), (g_dc, g_dc2 - 1.0)]
    for gains in beside:
        # from the preset's receiver: the range of the converter is found anew with the taps
        moved = link.replace(transmitter=found.transmitter, receiver=with_gains(link.receiver, gains))
        other = moved.optimized(freeze=("ctle", "tx_ffe"))
        assert other.equalizer_report is not None
        assert other.equalizer_report.ctle_db == gains
        assert other.equalizer_report.fom_db <= report.fom_db


def test_two_groups_taken_one_after_the_other_do_not_overlap() -> None:
    limits = dataclasses.replace(LIMITS, rx_ffe_groups=2)
    made = problem(limits)
    found = place_floating_taps(made, limits)
    assert len(set(found.positions.tolist())) == 8
    first = place_floating_taps(made, LIMITS)
    assert set(first.positions.tolist()) < set(found.positions.tolist())
    pairs = itertools.combinations(range(3, 14), 2)
    exhaustive = max(
        made.solve(np.concatenate((fixed_positions(limits), [a, a + 1, b, b + 1]))).merit for a, b in pairs if b > a + 1
    )
    assert found.merit <= exhaustive * (1 + 1e-12)
    assert found.merit > 0.9 * exhaustive


def test_taps_without_limits_are_those_of_least_error() -> None:
    """Against the normal equations of unit cursor, written out with a Lagrange multiplier; the DFE takes its post-cursor."""
    free = dataclasses.replace(LIMITS, rx_ffe_tap_max=np.inf, dfe_max=(9.0,), dfe_min=(-9.0,))
    made = problem(free)
    positions = fixed_positions(free)
    found = made.solve(positions)
    seen = shape()[:, positions + 1]
    kept = np.delete(np.arange(60), [21, 22])
    cost = SYMBOL_VARIANCE * seen[kept].T @ seen[kept] + NOISE * np.eye(4)
    row = seen[21]
    weights = np.linalg.solve(cost, row) / (row @ np.linalg.solve(cost, row))
    assert found.ffe == pytest.approx(weights / weights[1], rel=1e-9)
    assert found.dfe[0] == pytest.approx(float(seen[22] @ weights), rel=1e-9)
    assert found.merit == pytest.approx((1.0 / 9.0) / float(weights @ cost @ weights), rel=1e-9)


def test_limits_hold_and_cost() -> None:
    made = problem(dataclasses.replace(LIMITS, rx_ffe_tap_max=0.1, rx_ffe_floating_max=0.05, dfe_max=(0.1,)))
    found = place_floating_taps(made, made.limits)
    assert np.max(np.abs(np.delete(found.ffe, 1))) <= 0.1
    assert np.max(np.abs(found.ffe[4:])) <= 0.05
    assert found.dfe[0] <= 0.1
    assert found.merit < place_floating_taps(problem(), LIMITS).merit


def test_dense_taps_have_zeros_between() -> None:
    taps, main = place_floating_taps(problem(), LIMITS).dense()
    assert main == 1
    assert taps[main] == 1.0
    assert taps[4:7] == (0.0, 0.0, 0.0)


def test_limits_without_room_are_refused() -> None:
    with pytest.raises(
        SirfError, match="rx_ffe_span must leave room for 2 floating taps behind the 2 fixed ones, got 3"
    ):
        dataclasses.replace(LIMITS, rx_ffe_span=3)
    with pytest.raises(SirfError, match="clip_probability must lie between 0 and"):
        dataclasses.replace(LIMITS, clip_probability=0.7)


def test_the_range_is_passed_as_often_as_asked() -> None:
    """Counted on random symbols: a pulse of four samples and noise, P(x < -V) = probability / 2."""
    samples, noise, probability = np.array([0.02, 0.1, 0.04, -0.01]), 0.004, 2e-3
    full = converter_range(samples, noise, order=4, bits=6, probability=probability)
    level = full * 63 / 64
    rng = np.random.default_rng(5)
    symbols = rng.integers(0, 4, 2_000_004) / 1.5 - 1.0
    seen = np.convolve(symbols, samples, mode="valid") + noise * rng.standard_normal(2_000_001)
    below = float(np.mean(seen < -level))
    assert below == pytest.approx(0.5 * probability, rel=0.08)


@pytest.mark.parametrize("noise", [1e-6, 1e-3, 0.004])
@pytest.mark.parametrize("probability", [1e-7, 2e-3])
def test_the_range_is_that_of_the_whole_distribution(noise: float, probability: float) -> None:
    """Against signal and noise convolved, every bin of their sum; noise far below a bin has no shape and is left out."""
    samples = 0.1 * 0.6 ** np.arange(12.0)
    bin_size = float(np.sum(samples) + NOISE_CREST * noise) / RANGE_BINS
    total = symbols(samples, 4, bin_size)
    if noise > 0.1 * bin_size:
        total += gaussian(noise, NOISE_CREST, bin_size)
    level = converter_range(samples, noise, order=4, bits=6, probability=probability) * 63 / 64
    assert level == pytest.approx(total.magnitude_at(0.5 * probability), rel=1e-12)


def test_a_link_of_the_draft_gets_floating_taps_and_a_range(reference_dir: Path) -> None:
    channel = Channel.from_touchstone(reference_dir / "channels/synthetic_224g_board/thru.s4p")
    link = sirf.Link(channel, standard="802.3dj-kr1", package_case="A1", samples_per_ui=16)
    few = dataclasses.replace(
        link.limits, tx_ffe=((-1, (-0.1, 0.0)),), g_dc_db=(-10.0,), g_dc2_db=(-2.0,), rx_ffe_groups=0
    )
    without = link.optimized(limits=few)
    found = link.optimized(limits=dataclasses.replace(few, rx_ffe_groups=2))
    assert found.equalizer_report is not None
    assert without.equalizer_report is not None
    places = np.flatnonzero(found.receiver.ffe) - found.receiver.ffe_main
    assert places[:15].tolist() == list(range(-6, 9))
    assert len(places) == 23
    assert places[-1] <= 80
    assert found.equalizer_report.fom_db > without.equalizer_report.fom_db + 0.3
    assert found.receiver.converter is not None
    assert 0.02 < (found.receiver.converter.full_scale or 0.0) < 0.15
    assert found.receiver.mlse is not None


def test_the_converter_decides_for_a_ctle_that_flattens_the_pulse(reference_dir: Path) -> None:
    """Without a CTLE the pulse is large and long, and so is the step; COM finds -17 dB on this channel."""
    channel = Channel.from_touchstone(reference_dir / "channels/synthetic_224g_board/thru.s4p")
    link = sirf.Link(channel, standard="802.3dj-kr1", package_case="B1", samples_per_ui=16)
    few = dataclasses.replace(
        link.limits, tx_ffe=((-1, (0.0,)),), g_dc_db=(-16.0, 0.0), g_dc2_db=(-2.0,), rx_ffe_groups=0
    )
    found = link.optimized(limits=few)
    assert found.equalizer_report is not None
    assert found.equalizer_report.g_dc_db == -16.0
    coarse = link.replace(receiver=dataclasses.replace(link.receiver, converter=None))
    free = coarse.optimized(limits=dataclasses.replace(few, clip_probability=None))
    assert free.equalizer_report is not None
    assert free.equalizer_report.fom_db > found.equalizer_report.fom_db + 0.5

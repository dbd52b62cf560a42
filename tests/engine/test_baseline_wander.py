"""AC couplings far below the step of their data: wander in every engine, against closed forms of the capacitor's own."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

import sirf
from benchmarks.validate.filtered_line import DELAY, RATE, FilteredLine
from sirf.channel.die_to_die import PackageCase
from sirf.channel.package import Package
from sirf.channel.parts import Capacitor
from sirf.channel.path.path import Path, Segment
from sirf.engine.baseline_wander import BaselineWander
from sirf.engine.counting.baud_rate import LEAD_SYMBOLS, STRETCH_SYMBOLS, BaudRateLink
from sirf.engine.front_end import front_end, preparation_warnings
from sirf.engine.statistical.analysis import InterferenceModel
from sirf.link import Link
from sirf.signal.patterns import Pattern

PLAIN = FilteredLine(order=4, corner=2.0, high_pass=4e6, step=10e6)
SHAPED = dataclasses.replace(PLAIN, tx=(1.0, 0.2), rx=(-0.1, 1.2, -0.3), rx_main=1)


def silent(line: FilteredLine) -> Link:
    """Noise of next to nothing, so that all that is left is interference."""
    return line.link(1e-6)


def closed_form(line: FilteredLine, count: int) -> NDArray[np.float64]:
    """Cursors (count,) in V behind the main one, however small."""
    end = front_end(silent(line))
    time = end.start_time + end.sampling / (end.samples_per_ui * RATE) - DELAY + np.arange(1, count + 1) / RATE
    return np.asarray(line._step(time) - line._step(time - 1.0 / RATE))


@pytest.mark.parametrize(
    ("line", "sigma"), [(PLAIN, 0.09), (PLAIN, 0.055), (SHAPED, 0.07)], ids=["plain", "deep", "equalised"]
)
def test_error_ratios_are_those_of_all_the_capacitors_cursors(line: FilteredLine, sigma: float) -> None:
    """Thousands of cursors by their characteristic function: without wander half of the errors, or less, were found."""
    link, exact = line.link(sigma), line.error_ratio(sigma)
    assert sirf.statistical_eye(link, phases=1).ser == pytest.approx(exact, rel=0.01)
    if exact < 1e-5:
        return
    counted = sirf.count_errors(link, max_errors=500, rng=3).symbol_interval(0.999)
    seen = sirf.simulate(link, symbols=200_000, rng=3).errors.symbol_interval(0.999)
    assert counted[0] < exact < counted[1] < 1.5 * counted[0]
    assert seen[0] < exact < seen[1]


def test_a_corner_that_no_phase_shows_is_counted_where_the_channel_knows_it() -> None:
    """150 kHz on a grid of 10 MHz without a point at DC: nothing in the data tells of the wander, which makes many errors."""
    line = FilteredLine(order=4, corner=2.0, high_pass=150e3, step=10e6, known=True)
    link, exact = line.link(0.05), line.error_ratio(0.05)
    assert sirf.statistical_eye(link, phases=1).ser == pytest.approx(exact, rel=0.01)
    unknown = link.replace(channel=dataclasses.replace(link.channel, coupling_corner=None))
    assert sirf.statistical_eye(unknown, phases=1).ser < 0.9 * exact


@pytest.mark.parametrize("wired", [True, False], ids=["to the die", "with packages"])
def test_the_capacitor_of_a_path_wanders_in_every_engine(wired: bool) -> None:
    """10 nF between 50 ohm a line, or between packages that end in 60: the corner follows both terminations."""
    path = Path("coupled", (Segment("capacitor", Capacitor(capacitance=10e-9)),), "")
    channel = path.to_channel(np.arange(0.0, 50e9, 10e6), plane="die" if wired else "ball")
    assert channel.coupling_corner == pytest.approx(1.0 / (2.0 * np.pi * 100.0 * 10e-9))
    device = Package(die=((1e-18, 1e-15),), r_d=60.0)
    ends = None if wired else PackageCase(transmitter=device, fext=device, next=device, receiver=device)
    link = silent(dataclasses.replace(PLAIN, order=2)).replace(channel=channel, packages=ends)
    corner = 1.0 / (2.0 * np.pi * (100.0 if wired else 120.0) * 10e-9)
    end = front_end(link)
    assert end.wander is not None
    signal = float(np.sum(end.cursors(end.through)))
    wanted = signal * np.sqrt(np.pi * corner / RATE)
    assert np.sqrt(end.wander.variance(link.levels)) == pytest.approx(wanted, rel=0.02)
    assert not any("wander" in warning for warning in (*channel.warnings, *preparation_warnings(link)))
    # what a capacitor adds to the interference, drawn with each stretch: the same symbols without one
    still = link.replace(channel=dataclasses.replace(channel, coupling_corner=None))
    with_one, without = BaudRateLink(link), BaudRateLink(still)
    without.digest = with_one.digest
    added = [with_one.segment(1, k).residual.astype(float) - without.segment(1, k).residual for k in range(4)]
    assert np.std(added) == pytest.approx(wanted, rel=0.1)
    runs = [sirf.simulate(one, symbols=200_000, rng=1, record=200_000).record for one in (link, still)]
    # symbols are drawn apart; the bare interference is the same in power
    power = [np.var(run.decision_input - link.levels[run.sent] * end.main_cursor) for run in runs if run is not None]
    assert power[0] - power[1] == pytest.approx(wanted**2, rel=0.4)


@pytest.mark.parametrize("corner", [1e6, 4e6])
def test_random_data_wander_by_pi_times_corner_over_rate(corner: float) -> None:
    """1 MHz at 10 GBd: 0.0177 of the signal's rms, in every engine alike."""
    line = dataclasses.replace(PLAIN, order=2, high_pass=corner)
    link = silent(line)
    wanted = np.sqrt(np.pi * corner / RATE)
    assert np.sqrt(InterferenceModel(link).covariance(1)[0]) == pytest.approx(wanted, rel=0.01)
    drawn = [BaudRateLink(link).segment(1, index).residual.astype(float) for index in range(2)]
    # 128 stretches each: 256 independent values know their deviation to 4 %
    assert np.sqrt(np.mean(np.square(drawn))) == pytest.approx(wanted, rel=0.12)
    run = sirf.simulate(link, symbols=200_000, rng=1, record=200_000).record
    assert run is not None
    off = run.decision_input - link.levels[run.sent] * front_end(link).main_cursor
    assert np.std(off) == pytest.approx(wanted, rel=0.2)


def test_wander_follows_the_data_inside_a_stretch() -> None:
    """Less the counted link's own symbols through the closed form, the stretch holds one falling exponential of its start."""
    link = silent(PLAIN)
    line = BaudRateLink(link).segment(5, 0)
    cursors = closed_form(PLAIN, LEAD_SYMBOLS + STRETCH_SYMBOLS)
    values = link.levels[line.symbols]
    first, last = LEAD_SYMBOLS + 2 * STRETCH_SYMBOLS, LEAD_SYMBOLS + 3 * STRETCH_SYMBOLS
    inside = values.copy()
    inside[:first] = 0.0
    left = line.residual[first:last] - np.convolve(inside[first:last], np.append(0.0, cursors))[:STRETCH_SYMBOLS]
    # the first symbols behind the seam still see cursors from before it
    left = left[10:]
    falling = np.exp(-2.0 * np.pi * PLAIN.high_pass / RATE * np.arange(len(left)))
    size = float(left @ falling) / float(falling @ falling)
    assert size != pytest.approx(0.0, abs=1e-3)
    assert np.abs(left - size * falling).max() < 1e-4


@pytest.mark.parametrize("name", ["prbs7", "prbs13"])
def test_a_short_pattern_has_the_wander_of_its_own_past(name: str) -> None:
    line = dataclasses.replace(PLAIN, order=2)
    link = silent(line)
    pattern = Pattern(name)
    link = link.replace(transmitter=dataclasses.replace(link.transmitter, pattern=pattern))
    period = pattern.period(2)
    cursors = closed_form(line, 40_000)
    whole = link.levels[pattern.take(0, period, order=2)]
    folded = np.bincount(np.arange(1, 40_001) % period, cursors, minlength=period)
    wanted = np.fft.irfft(np.fft.rfft(whole) * np.fft.rfft(folded), period)
    counted = BaudRateLink(link).segment(1, 3)
    shift = next(
        k for k in range(period) if np.array_equal(np.take(whole, np.arange(k, k + 64), mode="wrap"),
                                                   link.levels[counted.symbols[:64]])
    )  # fmt: skip
    at = np.arange(shift, shift + len(counted.symbols))
    assert np.abs(counted.residual - np.take(wanted, at, mode="wrap")).max() < 1e-4
    run = sirf.simulate(link, symbols=20_000, rng=1, record=20_000).record
    assert run is not None
    off = run.decision_input - link.levels[run.sent] * front_end(link).main_cursor
    shift = next(
        k for k in range(period) if np.array_equal(np.take(whole, np.arange(k, k + 64), mode="wrap"),
                                                   link.levels[run.sent[:64]])
    )  # fmt: skip
    assert np.abs(off - np.take(wanted, np.arange(shift, shift + len(off)), mode="wrap")).max() < 1e-3


def test_looking_behind_the_ctle_sees_the_same_wander() -> None:
    link = silent(PLAIN)
    run = sirf.simulate(link, symbols=30_000, rng=2, capture=("ctle",))
    slicer, ctle = run.eye, run.eyes["ctle"]
    columns = [np.average(eye.volts**2, weights=eye.counts[16] + 1e-12) for eye in (slicer, ctle)]
    assert columns[1] == pytest.approx(columns[0], rel=2e-3)
    assert run.errors == sirf.simulate(link, symbols=30_000, rng=2).errors


def test_variance_and_cumulant_are_sums_over_the_cursors() -> None:
    wander, levels = BaselineWander(4, -2e-3, 0.997), np.linspace(-1.0, 1.0, 4)
    cursors = -2e-3 * 0.997 ** np.arange(20_000)
    assert wander.variance(levels) == pytest.approx(np.mean(levels**2) * np.sum(cursors**2))
    own = np.mean(levels**4) - 3.0 * np.mean(levels**2) ** 2
    assert wander.fourth_cumulant(levels) == pytest.approx(own * np.sum(cursors**4))


def test_what_is_counted_draws_no_warning() -> None:
    assert not any("wander" in note for note in preparation_warnings(silent(PLAIN)))

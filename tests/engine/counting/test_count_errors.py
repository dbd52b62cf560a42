"""The counting engine: what is sent, how errors are told apart, and how a run ends."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom, binomtest, norm

import sirf
from sirf.engine.counting import aggressor_cursors
from sirf.engine.counting.baud_rate import COUNTED_SYMBOLS, LEAD_SYMBOLS, STRETCH_SYMBOLS, BaudRateLink
from sirf.engine.counting.count_errors import CountInterrupted, count_errors
from sirf.engine.front_end import front_end
from sirf.engine.statistical.analysis import statistical_eye
from sirf.engine.statistical.symbol_pairing import MET
from sirf.errors import SirfError
from sirf.fec import CodewordCounter, load
from sirf.link import Link
from sirf.receiver.vga import Vga
from sirf.results.error_count import ErrorCount
from sirf.signal.patterns import Pattern
from sirf.transmitter.aggressor import Aggressor
from sirf.transmitter.jitter import BoundedJitter, Jitter, PhaseNoise, SinusoidalJitter
from tests.engine.links import flat_link
from tests.engine.test_white_noise import exact_ser, q


def with_transmitter(link: Link, **changes: object) -> Link:
    return link.replace(transmitter=dataclasses.replace(link.transmitter, **changes))  # type: ignore[arg-type]


def test_patterns_are_counted_like_random_symbols_and_go_on_from_segment_to_segment() -> None:
    link = with_transmitter(flat_link("PAM4", sigma=1 / 9), pattern=Pattern("prbs13q"))
    model = BaudRateLink(link)
    sent = np.concatenate([model.segment(1, index).symbols[LEAD_SYMBOLS:].copy() for index in (0, 1)])
    assert np.array_equal(sent, Pattern("prbs13q").take(0, 2 * COUNTED_SYMBOLS, order=4))
    low, high = count_errors(link, max_errors=1500, rng=3).symbol_interval()
    assert low <= exact_ser(4, 3.0) <= high


def test_a_pattern_shorter_than_the_memory_is_refused() -> None:
    with pytest.raises(SirfError, match="at least as long as the memory"):
        count_errors(with_transmitter(flat_link("PAM4", sigma=0.1), pattern=Pattern(symbols=(0, 3))), rng=1)


def test_precoding_doubles_single_errors() -> None:
    """Without feedback errors come alone: each spoils two decoded symbols, by one level each."""
    plain = count_errors(flat_link("PAM4", sigma=1 / 10.5), max_errors=4000, rng=3)
    link = with_transmitter(flat_link("PAM4", sigma=1 / 10.5), precoding=True)
    coded = count_errors(link, max_errors=10_000, rng=4)
    # as wide as the 99 % interval of 4,000 errors, and missed once in ten thousand seeds
    low, high = coded.symbol_interval(0.9999)
    assert low <= 2 * exact_ser(4, 3.5) <= high
    assert coded.mean_burst == pytest.approx(2.0, abs=0.01)
    assert plain.mean_burst == pytest.approx(1.0, abs=0.01)
    assert coded.burst_lengths[1] > 0.99 * coded.bursts


def test_precoding_ends_the_bursts_of_a_full_tap_in_two_errors() -> None:
    """h = [1, 1]: a line error goes on with its sign turned for many symbols; precoding leaves its two ends."""
    link = flat_link("PAM4", sigma=0.1, ffe=(1.0, 1.0), dfe=(1.0,))
    plain = count_errors(link, max_errors=4000, rng=5)
    coded = count_errors(with_transmitter(link, precoding=True), max_errors=4000, rng=5)
    assert plain.mean_burst > 3.0
    assert coded.mean_burst == pytest.approx(2.0, abs=0.1)
    assert coded.ser < 0.7 * plain.ser


def test_errors_by_level_and_by_bit_are_those_of_gray_pam4() -> None:
    """Inner levels err at 2 Q(x), outer ones at Q(x); of neighbour errors the most significant bit takes one in three."""
    count = count_errors(flat_link("PAM4", sigma=1 / 9), max_errors=20_000, rng=6)
    for level, times in enumerate((1, 2, 2, 1)):
        assert count.level_ser[level] == pytest.approx(times * q(3.0), rel=0.06)
    most, least = count.bit_position_errors
    assert most + least == count.errors
    assert most / count.errors == pytest.approx(1 / 3, rel=0.03)
    assert sum(count.sent) == count.symbols
    assert sum(count.burst_lengths) == count.bursts
    assert sum(count.level_errors) == count.symbol_errors


def test_level_mismatch_is_in_what_neighbours_and_aggressors_leave_too() -> None:
    """All symbols that reach the slicer enumerated: with evenly spaced neighbours the ratio would be 3 % higher."""
    link = flat_link("PAM4", sigma=0.06, ffe=(1.0, 0.15), crosstalk=(0.06,))
    link = with_transmitter(link, level_mismatch=0.8).replace(aggressors=(Aggressor(phase_ui=0.5),))
    end, values = front_end(link), link.levels
    own = np.delete(end.cursors(end.through), end.pre_cursors)
    m = link.samples_per_ui
    column = end.crosstalk[0][m // 2 :: m]
    cursors = np.concatenate([own[np.abs(own) > 1e-3], column[np.abs(column) > 1e-3]])
    beside = np.array([np.dot(symbols, cursors) for symbols in itertools.product(values, repeat=len(cursors))])
    half = 0.5 * np.diff(values) * end.main_cursor
    # every threshold has a level below it and one above
    tails = [norm.sf((gap - side * beside) / end.receiver_noise).mean() for gap in half for side in (-1, 1)]
    low, high = count_errors(link, max_errors=40_000, rng=8).symbol_interval()
    assert low <= sum(tails) / 4 <= high


def test_ctrl_c_hands_over_what_was_counted_and_the_file_goes_on_from_there(tmp_path: Path) -> None:
    link = flat_link("PAM4", sigma=0.11)
    file = tmp_path / "count.json"

    def stop(done: int, total: int, errors: int) -> None:
        if done > 3 * COUNTED_SYMBOLS:
            raise KeyboardInterrupt

    with pytest.raises(CountInterrupted) as caught:
        count_errors(link, max_errors=10**9, max_symbols=10**7, rng=4, resume=file, progress=stop)
    assert caught.value.count.symbols == 4 * COUNTED_SYMBOLS
    whole = count_errors(link, max_errors=10**9, max_symbols=6 * COUNTED_SYMBOLS, rng=4)
    assert count_errors(link, max_errors=10**9, max_symbols=6 * COUNTED_SYMBOLS, rng=4, resume=file) == whole
    # the limit is met already: nothing more is counted
    assert count_errors(link, max_errors=1, max_symbols=10, rng=4, resume=file) == whole


def test_noise_has_the_power_and_correlation_of_the_front_end() -> None:
    link = flat_link("PAM4", sigma=0.1)
    link = link.replace(receiver=dataclasses.replace(link.receiver, noise_corner=4e9))
    model = BaudRateLink(with_transmitter(link, snr_db=25.0))
    end = front_end(model.link)
    taps = model.noise.taps.astype(float)
    row = np.correlate(taps, taps, mode="full")[len(taps) - 1 :]
    expected = end.noise_correlation[:: end.samples_per_ui][: len(row)].copy()
    expected[0] += end.transmitter_noise**2
    assert row == pytest.approx(expected, abs=1e-6 * expected[0])
    quiet = BaudRateLink(flat_link("PAM4", sigma=0.1, ffe=(1.0,)))
    wave = np.concatenate([quiet.segment(2, index).residual.astype(float) for index in range(8)])
    assert np.var(wave) == pytest.approx(0.01, rel=0.01)


def test_an_aggressor_with_a_rate_offset_has_the_power_of_its_average_phase() -> None:
    """A NEXT of one cursor per phase: over a slip of many UI the residual's power is the mean over the phases."""
    link = flat_link("NRZ", sigma=0.0, crosstalk=(0.3,))
    m = link.samples_per_ui
    columns = front_end(link).crosstalk[0]
    columns = columns[: len(columns) // m * m].reshape(-1, m)
    power = np.sum(columns**2, axis=0)
    offset = link.replace(aggressors=(Aggressor(rate_offset_ppm=100.0),))
    assert np.var(BaudRateLink(offset).segment(1, 0).residual) == pytest.approx(power.mean(), rel=0.03)
    for phase in (0.0, 0.5):
        fixed = link.replace(aggressors=(Aggressor(phase_ui=phase),))
        expected = power[int(phase * m)]
        assert np.var(BaudRateLink(fixed).segment(1, 0).residual) == pytest.approx(expected, rel=0.01)


def test_compression_brings_the_levels_together_and_costs_what_their_distance_says() -> None:
    """Without Tx FFE the driver is a level map: x - c x³; the worst eye of PAM4 shrinks to that of its outer levels."""
    sigma, c = 0.09, 0.15
    link = with_transmitter(flat_link("PAM4", sigma=sigma), compression=c)
    levels = np.array([-1, -1 / 3, 1 / 3, 1])
    map_ = levels - c * levels**3
    outer, inner = (map_[3] - map_[2]) / 2, map_[2]
    expected = (2 * 2 * q(outer / sigma) + 2 * q(inner / sigma)) / 4
    low, high = count_errors(link, max_errors=4000, rng=8).symbol_interval()
    assert low <= expected <= high


def test_wander_beyond_the_expansion_is_refused() -> None:
    jitter = Jitter(sinusoidal=(SinusoidalJitter(0.6, 1e6),))
    with pytest.raises(SirfError, match="jitter must stay within"):
        count_errors(with_transmitter(flat_link("PAM4", sigma=0.1), jitter=jitter), rng=1)


def test_counts_without_details_add_to_counts_with_them() -> None:
    count = ErrorCount(symbols=4, sent=(1, 3), confusion=(0, 1, 0, 0), burst_lengths=(1, 0))
    assert (count + ErrorCount(symbols=2)).sent == (1, 3)
    assert count.level_errors == (1, 0)


def test_code_words_are_counted_along_and_kept_in_the_file(tmp_path: Path) -> None:
    """Independent errors: a code word is lost as the binomial tail says; KR4 at a symbol error ratio near 5e-3."""
    x = 3.0
    link = flat_link("PAM4", sigma=1 / (3 * x))
    whole = CodewordCounter(load("kr4"), order=4)
    count = count_errors(link, max_errors=10**9, max_symbols=4 * COUNTED_SYMBOLS, rng=4, codewords=whole)
    wrong = 1 - (1 - exact_ser(4, x)) ** 5
    expected = float(binom.sf(7, 528, wrong))
    low, high = whole.count.interval()
    assert low <= expected <= high
    assert whole.count.codewords == count.symbols // (528 * 5)
    file, half, rest = tmp_path / "c.json", CodewordCounter(load("kr4"), order=4), CodewordCounter(load("kr4"), order=4)
    count_errors(link, max_errors=10**9, max_symbols=2 * COUNTED_SYMBOLS, rng=4, codewords=half, resume=file)
    count_errors(link, max_errors=10**9, max_symbols=4 * COUNTED_SYMBOLS, rng=4, codewords=rest, resume=file, workers=2)
    assert rest.count == whole.count
    with pytest.raises(SirfError, match="as this run is"):
        count_errors(link, rng=4, resume=file)
    with pytest.raises(SirfError, match="must be a new counter"):
        count_errors(link, rng=4, codewords=whole)
    with pytest.raises(SirfError, match="codewords must be for 4 levels"):
        count_errors(link, rng=4, codewords=CodewordCounter(load("kr4"), order=2))


def markov_ser(order: int, b: float, x: float) -> float:
    """Stationary symbol error ratio of h = [1, b] with an ideal tap fed by decisions.

    Last error, in levels, and last level are the state; the second symbol of a PAM6 pair depends on the first.
    """
    errors = 2 * order - 1
    joint = MET if order == 6 else np.full((order, order), order**-2.0)
    first = np.tile(joint.sum(axis=0), (order, 1))
    second = joint / joint.sum(axis=1, keepdims=True)
    steps = []
    for given in (first, second):
        matrix = np.zeros((errors, order, errors, order))
        for row, sent in itertools.product(range(errors), range(order)):
            last = row - order + 1
            # distances in half level spacings: the wrong feedback moves the sample by -2 b last
            edges = np.concatenate([[-np.inf], 2.0 * np.arange(order - 1) + 1.0, [np.inf]]) - 2.0 * (sent - b * last)
            upper = norm.sf(edges * x)
            made = np.arange(order) - sent + order - 1
            matrix[row, :, made, sent] += np.outer(upper[:-1] - upper[1:], given[:, sent])
        steps.append(matrix.reshape(errors * order, -1))
    both = np.linalg.matrix_power(steps[0] @ steps[1], 2048)[0]
    occupancy = 0.5 * (both + both @ steps[0])
    return float(1.0 - occupancy.reshape(errors, order)[order - 1].sum())


@pytest.mark.parametrize(("modulation", "order", "b", "x"), [("NRZ", 2, 0.6, 2.0), ("PAM3", 3, 0.8, 2.6), ("PAM4", 4, 0.6, 2.8),
                                                             ("PAM6", 6, 1.0, 2.8), ("PAM8", 8, 0.5, 2.8)])  # fmt: skip
def test_decision_feedback_of_every_order_has_the_error_ratio_of_its_markov_chain(
    modulation: str, order: int, b: float, x: float
) -> None:
    count = count_errors(
        flat_link(modulation, sigma=1 / (order - 1) / x, ffe=(1.0, b), dfe=(b,)), max_errors=6000, rng=order
    )
    low, high = count.symbol_interval()
    assert low <= markov_ser(order, b, x) <= high
    if order == 4:
        assert markov_ser(4, 0.6, 1 / 0.36) == pytest.approx(8.714e-3, rel=1e-3)


def test_a_segment_depends_on_nothing_that_was_computed_before_it() -> None:
    """Every stage on, memory reused from segment to segment and shared by workers in any order."""
    link = flat_link("PAM4", sigma=0.12, ffe=(-0.1, 1.0, 0.3), ffe_main=1, dfe=(0.3,), crosstalk=(0.05, 0.04))
    jitter = Jitter(random_ui=0.01, dual_dirac_ui=0.02, even_odd_ui=0.01, duty_cycle_ui=0.01,
                    sinusoidal=(SinusoidalJitter(0.02, 1e8),), bounded=(BoundedJitter(0.01, 1e9, 2e8),),
                    phase_noise=PhaseNoise((1e6, 1e9), (-105.0, -130.0)))  # fmt: skip
    link = with_transmitter(link, jitter=jitter, compression=0.05, precoding=True)
    link = link.replace(
        aggressors=(Aggressor(rate_offset_ppm=-80.0), Aggressor(pattern=Pattern("prbs13q"), phase_ui=0.3))
    )
    counts = [
        count_errors(link, max_errors=10**9, max_symbols=6 * COUNTED_SYMBOLS, rng=1, workers=workers)
        for workers in (1, 2, 8)
    ]
    assert counts[0] == counts[1] == counts[2]
    assert counts[0].errors > 1000
    used, fresh = BaudRateLink(link), BaudRateLink(link)
    for index in (4, 0, 2):
        used.segment(1, index)
    assert np.array_equal(used.segment(1, 3).residual, fresh.segment(1, 3).residual)


@pytest.mark.parametrize("changes", [{"compression": 0.1}, {"precoding": True}])
def test_the_statistical_engine_refuses_what_only_counting_knows(changes: dict[str, object]) -> None:
    with pytest.raises(
        SirfError,
        match=r"must be .* for a statistical eye, .*\. Use sirf\.count_errors or sirf\.simulate.*, or leave it out",
    ):
        statistical_eye(with_transmitter(flat_link("PAM4", sigma=0.1), **changes), phases=1)


def test_blocks_of_the_waveform_engine_are_refused_at_one_sample_per_symbol() -> None:
    link = flat_link("PAM4", sigma=0.1)
    link = link.replace(receiver=dataclasses.replace(link.receiver, vga=Vga(saturation=1.0)))
    with pytest.raises(SirfError, match="vga must be None"):
        count_errors(link, rng=1)


def test_the_interval_holds_the_truth_as_often_as_it_says_where_errors_come_in_bursts() -> None:
    """400 runs over the one-tap chain: the 99 % interval misses about 4 times, Clopper-Pearson by itself some 30 times."""
    b, sigma = 0.6, 0.5
    p, stay = q(1 / sigma), 0.5 * (q((1 - 2 * b) / sigma) + q((1 + 2 * b) / sigma))
    truth = p / (1 + p - stay)
    link = flat_link("NRZ", sigma=sigma, ffe=(1.0, b), dfe=(b,))
    missed = alone = 0
    for seed in range(400):
        count = count_errors(link, max_errors=1, max_symbols=1, rng=seed)
        low, high = count.interval()
        missed += not low <= truth <= high
        plain = binomtest(count.errors, count.symbols).proportion_ci(0.99, method="exact")
        alone += not plain.low <= truth <= plain.high
    assert missed <= 12
    assert alone > 15


def spread_out(columns: aggressor_cursors.Columns) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The taps (M, before + 1) of an aggressor, each at the delay with which it reads."""
    rows = np.zeros((len(columns.taps), columns.before + 1))
    for row, taps, offsets in zip(rows, columns.taps, columns.offsets, strict=True):
        np.add.at(row, -offsets, taps)
    return rows


def test_small_cursors_of_aggressors_are_noise_of_the_same_covariance(monkeypatch: pytest.MonkeyPatch) -> None:
    """What leaves the filters of aggressors joins the filter of noise: both together are the front end's own response."""
    path = sirf.paths.pluggable(rate_class="100g").to_channel(crosstalk=True)
    link = Link(path, standard="802.3ck-c2m")
    end, lags = front_end(link), 24
    power = float(np.mean(link.levels**2))

    def covariance(model: BaudRateLink) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        rows = [(1.0, model.noise.taps.astype(float))]
        for columns in filter(None, model.crosstalk):
            rows += [(power / len(columns.taps), row) for row in spread_out(columns)]
        total = np.zeros(lags)
        for weight, taps in rows:
            padded = np.pad(taps, (0, lags))
            total += weight * np.array([padded[k:] @ padded[: len(padded) - k] for k in range(lags)])
        return total

    m = end.samples_per_ui
    expected = np.asarray(end.noise_correlation[: lags * m : m]).copy()
    expected[0] += end.transmitter_noise**2
    for wave in end.crosstalk:
        columns = wave[: len(wave) // m * m].reshape(-1, m)
        expected += [power / m * np.sum(columns[k:] * columns[: len(columns) - k]) for k in range(lags)]
    folded = BaudRateLink(link)
    assert folded.folded.covariance[0] > 1e-5 * folded.noise_power
    monkeypatch.setattr(aggressor_cursors, "MAX_FOLDED_CUMULANT", 1e-12)
    kept = BaudRateLink(link)

    def taps(model: BaudRateLink) -> int:
        return sum(int(columns.lengths.sum()) for columns in filter(None, model.crosstalk))

    # no more than the few that a bound on fourth cumulants asks for: a window about them would hold a fifth of all
    assert 10 * taps(folded) < taps(kept)
    for model in (folded, kept):
        found = covariance(model)
        assert found[0] == pytest.approx(expected[0], rel=3e-5)
        # ends that carry 1e-5 of the power may hold the root of that of the covariance with the main tap
        assert found == pytest.approx(expected, abs=2e-3 * expected[0])


def test_noise_follows_what_folded_cursors_carry_at_each_phase() -> None:
    """Variance given the phases of all aggressors: that of the noise's taps, as scaled, and of the kept cursors is the whole."""
    path = sirf.paths.pluggable(rate_class="100g").to_channel(crosstalk=True)
    link = Link(path, standard="802.3ck-c2m")
    model, end, power = BaudRateLink(link), front_end(link), float(np.mean(link.levels**2))
    m, rng = end.samples_per_ui, np.random.default_rng(1)
    phases = rng.integers(0, m, (len(end.crosstalk), COUNTED_SYMBOLS // STRETCH_SYMBOLS))
    normals = np.ones(model.samples + len(model.noise.taps), dtype=np.float32)
    starts = model.noise.before + LEAD_SYMBOLS + np.arange(phases.shape[1]) * STRETCH_SYMBOLS
    model.folded.scale(phases, normals, int(starts[1]), STRETCH_SYMBOLS, model.noise_power)
    # the first stretch begins with the lead
    assert normals[0] == normals[starts[0] - 1]
    found = float(model.noise.taps.astype(float) @ model.noise.taps) * normals[starts].astype(float) ** 2
    expected = np.full(len(found), end.noise_correlation[0] + end.transmitter_noise**2)
    scatter = np.zeros(len(found))
    for columns, wave, phase in zip(model.crosstalk, end.crosstalk, phases, strict=True):
        whole = np.sum(wave[: len(wave) // m * m].reshape(-1, m) ** 2, axis=0)
        expected += power * whole[phase]
        kept = np.zeros(m) if columns is None else np.sum(spread_out(columns) ** 2, axis=1)
        found += power * kept[phase]
        scatter += power * (whole - kept)[phase]
    assert found == pytest.approx(expected, rel=3e-5)
    # without the scale the noise would have had its mean power everywhere
    assert np.ptp(scatter) > 1e-4 * model.noise_power


def test_an_aggressor_of_a_fixed_phase_or_a_pattern_keeps_its_cursors() -> None:
    path = sirf.paths.pluggable(rate_class="100g").to_channel(crosstalk=True)
    link = Link(path, standard="802.3ck-c2m")
    own = (Aggressor(phase_ui=0.25), Aggressor(pattern=Pattern("prbs13q")))
    link = link.replace(aggressors=tuple(own[i % 2] for i in range(len(link.aggressors))))
    assert not BaudRateLink(link).folded

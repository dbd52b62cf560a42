"""What curves do to levels, cursors and noise: closed forms by level, static curves, small signals, known and counted errors."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

import sirf
from sirf import optics
from sirf._arrays import real
from sirf.engine.light.averaged_chain import averaged
from sirf.engine.light.large_signal import NEIGHBOUR_OFFSETS, _fit_of
from sirf.engine.light.light_chain import periodic
from sirf.engine.statistical.analysis import InterferenceModel
from sirf.engine.statistical.link_error_rates import error_rates
from sirf.link import Link
from sirf.transmitter.transmitter import NO_JITTER
from sirf.units import ELECTRON
from tests.optics.links import (
    BANDWIDTH,
    CORNER,
    RESPONSIVITY,
    TRANSIMPEDANCE,
    back_to_back,
    linearised,
    straight_path,
    unit_path,
)

RIN_DB = -125.0


def shot_link() -> tuple[Link, NDArray[np.float64]]:
    """Light so weak that nothing but shot noise counts, and its 2 q R P B at the slicer, V², by level."""
    link = back_to_back(straight_path(2e-6, mean=1.8e-6))
    current = RESPONSIVITY * np.array([0.8e-6, 0.8e-6 + 2e-6 / 3.0, 0.8e-6 + 4e-6 / 3.0, 2.8e-6])
    return link, TRANSIMPEDANCE**2 * 2.0 * ELECTRON * current * BANDWIDTH


def intensity_link() -> tuple[Link, NDArray[np.float64]]:
    """Light so strong that intensity noise is 99.6 % of all, and its (R P)² RIN B with the shot noise, V², by level."""
    link = back_to_back(straight_path(1e-3, mean=0.9e-3, rin_db_per_hz=RIN_DB))
    current = RESPONSIVITY * np.array([0.4e-3, 0.4e-3 + 1e-3 / 3.0, 0.4e-3 + 2e-3 / 3.0, 1.4e-3])
    density = current**2 * 10.0 ** (RIN_DB / 10.0) + 2.0 * ELECTRON * current
    return link, TRANSIMPEDANCE**2 * density * BANDWIDTH


Made = Callable[[], tuple[Link, NDArray[np.float64]]]


@pytest.mark.parametrize("made", [shot_link, intensity_link])
def test_noise_of_every_level_is_the_closed_form(made: Made) -> None:
    link, expected = made()
    model = InterferenceModel(link)
    assert model.large is not None
    # after a symbol of the same level the light is steady; the filter remembers a little of any other
    total = model.front_end.receiver_noise**2 + model.large.at(0).variance
    assert np.diag(total) == pytest.approx(expected, rel=5e-3)
    assert total.mean(axis=1) == pytest.approx(expected, rel=0.03)
    # a link that sees the mean over the levels alone has their mean noise
    linear = InterferenceModel(linearised(link)).front_end
    assert linear.receiver_noise**2 == pytest.approx(expected.mean(), rel=3e-3)


@pytest.mark.parametrize("made", [shot_link, intensity_link])
def test_noise_drawn_in_a_run_has_the_variance_of_its_level(made: Made) -> None:
    link, expected = made()
    record = sirf.simulate(link, symbols=200_000, rng=5, record=200_000).record
    assert record is not None
    found = [np.var(record.decision_input[record.sent == level]) for level in range(4)]
    # 50,000 symbols tell a variance to 0.6 %; levels before leave up to 2 % in it
    assert found == pytest.approx(expected, rel=0.04)
    assert found[-1] / found[0] == pytest.approx(expected[-1] / expected[0], rel=0.05)


def test_amplifier_noise_is_the_same_at_all_levels() -> None:
    model = InterferenceModel(back_to_back(straight_path(1e-2, mean=9e-3, noise=1e-8)))
    assert model.large is not None
    total = model.front_end.receiver_noise**2 + model.large.at(0).variance
    assert total == pytest.approx((TRANSIMPEDANCE * 1e-8) ** 2 * BANDWIDTH, rel=3e-4)


def test_noise_that_rises_with_frequency_is_the_amplifiers_alone() -> None:
    """Input noise n² (1 + (f / 8 GHz)²) beside three times as much shot noise, which stays white, in a run."""
    path = straight_path(2e-4, mean=5e-3)
    amplifier = optics.Tia(TRANSIMPEDANCE, noise=2e-11, noise_corner=8e9)
    link = back_to_back(dataclasses.replace(path, receiver=dataclasses.replace(path.receiver, tia=amplifier)))
    shot = 2.0 * ELECTRON * RESPONSIVITY * 5e-3
    # integral of x² / (1 + x^8) over x = f / corner of the filter is pi / (8 sin(3 pi / 8))
    rising = CORNER * (CORNER / 8e9) ** 2 * np.pi / (8.0 * np.sin(3.0 * np.pi / 8.0))
    expected = TRANSIMPEDANCE**2 * ((4e-22 + shot) * BANDWIDTH + 4e-22 * rising)
    record = sirf.simulate(link, symbols=100_000, rng=1, record=100_000).record
    assert record is not None
    found = [np.var(record.decision_input[record.sent == level]) for level in range(4)]
    assert np.mean(found) == pytest.approx(expected, rel=0.02)
    assert InterferenceModel(link).front_end.receiver_noise ** 2 == pytest.approx(expected, rel=5e-3)


SWINGS = 2.0 ** -np.arange(2, 6)
"""Over the nominal swing."""


@pytest.fixture(scope="module", params=["dr-silicon-mzm", "cpo-silicon-ring", "fr-eml", "sr-vcsel"])
def deviations(request: pytest.FixtureRequest) -> NDArray[np.float64]:
    """Large beside linear as the swing falls: logs of the ratio of error ratios and of that of the fit without its patterns,
    ratio of main cursors less one, level shifts.

    The receiver's noise falls with the swing and the optics have none, so that the linear error ratio stays; amplifiers keep
    their curves, and receive what the swing makes.
    """
    board = sirf.paths.cpo(rate_class="100g").to_channel(crosstalk=True)
    preset = optics.load_optics(request.param)

    def made(swing: float, *, large_signal: bool) -> Link:
        return sirf.Link(
            optics.Span(
                preset.path, before=board, after=board, swing=swing * preset.swing, agc_db=(-80.0, 80.0),
                large_signal=large_signal, noisy=False,
            ),
            standard="cei-112g-linear",
        )  # fmt: skip

    chosen = made(1.0, large_signal=False).optimized()
    still = dataclasses.replace(chosen.transmitter, snr_db=None)
    rows = []
    for swing in SWINGS:
        # adapted thresholds would follow what is left of the bending: the limit is that of slicers half way
        receiver = dataclasses.replace(chosen.receiver, noise_density=2.5e-15 * swing**2, thresholds="midway")
        one, two = (
            InterferenceModel(made(swing, large_signal=large).replace(transmitter=still, receiver=receiver))
            for large in (False, True)
        )
        assert two.large is not None
        found = two.large.at(0)
        fit = dataclasses.replace(found, patterns=dataclasses.replace(found.patterns, part=0.0))
        alone = error_rates(one, one.at(0), ideal_feedback=True).ser
        ratios = [
            np.log(error_rates(two, at, ideal_feedback=True).ser / alone) for at in (two.at(0), two._distorted(fit, 0))
        ]
        rows.append(
            [*ratios, two.front_end.main_cursor / one.front_end.main_cursor - 1.0, *(two.decided - one.decided)]
        )
    return np.array(rows)


def test_small_swings_tend_to_the_linear_link_with_the_square_of_the_swing(deviations: NDArray[np.float64]) -> None:
    order = np.log2(np.abs(deviations[:-1] / deviations[1:]))
    assert order[1:, 1:3] == pytest.approx(2.0, abs=0.08)
    # chance stays: an electrode's skin effect reaches beyond the front end's memory, 5e-4 of the main cursor, and 16,384
    # patterns show it in their tails to a fifth of a per cent of an error ratio, whatever the swing
    assert deviations[2:, 0] == pytest.approx(deviations[1, 0] / np.array([4.0, 16.0]), abs=2e-3)
    # at a thirty-second of the swing: error ratio within half a per cent, main cursor within 2e-4
    assert np.abs(deviations[-1, 0]) < 5e-3
    assert np.abs(deviations[-1, 2]) < 2e-4
    # levels shift with the swing itself where a curve is not odd
    assert np.abs(deviations[-1, 3:]).max() < 2e-3
    assert np.abs(deviations[-1, 3:]).max() < 0.6 * np.abs(deviations[-2, 3:]).max()


def test_levels_of_an_odd_curve_are_odd() -> None:
    preset = optics.load_optics("dr-silicon-mzm")
    span = optics.Span.alone(preset.path, swing=preset.swing, symbol_rate=preset.symbol_rate)
    levels = InterferenceModel(sirf.Link(span, standard="optical-53g")).decided
    assert levels == pytest.approx(-levels[::-1], abs=1.5e-3)
    assert levels[2] > 0.35


@pytest.mark.parametrize("swing", [0.2, 0.5, 0.7])
def test_levels_of_a_wide_chain_have_the_mismatch_of_the_static_curve(swing: float) -> None:
    """Raised sine without bandwidth, a filter so wide that it has settled: R_LM of sin(2 v) at ±swing and ±swing / 3."""
    link = back_to_back(unit_path(), swing=swing)
    wide = dataclasses.replace(link.receiver, noise_density=1e-15, noise_corner=30e9)
    model = InterferenceModel(link.replace(receiver=wide))
    found = model.decided * model.front_end.main_cursor
    expected = 0.5 * np.sin(2.0 * swing * np.array([-1.0, -1 / 3, 1 / 3, 1.0]))
    assert optics.level_mismatch(found) == pytest.approx(optics.level_mismatch(expected), abs=1e-3)
    assert found == pytest.approx(expected, rel=3e-3)


DEVICES = ("dr-silicon-mzm", "cpo-silicon-ring", "fr-eml", "sr-vcsel")
FAMILY = 0.99 ** (1.0 / len(DEVICES))
"""Confidence of each comparison with counts that makes all of them together hold with 99 %."""


def shipped(name: str, standard: str) -> Link:
    """A shipped path between a module's retimers, or host to host between two packages with crosstalk."""
    preset = optics.load_optics(name)
    if standard.startswith("optical"):
        span = optics.Span.alone(preset.path, swing=preset.swing, symbol_rate=preset.symbol_rate, agc_db=preset.agc_db)
    else:
        package = sirf.paths.cpo(rate_class="100g").to_channel(crosstalk=True)
        span = optics.Span(preset.path, before=package, after=package, swing=preset.swing, agc_db=preset.agc_db)
    return sirf.Link(span, standard=standard).optimized()


def ratio(link: Link) -> float:
    model = InterferenceModel(link)
    return error_rates(model, model.at(0), ideal_feedback=True).ser


def at_error_ratio(link: Link, target: float) -> Link:
    """The link with receiver noise for a symbol error ratio with ideal feedback."""

    def noisy(logarithm: float) -> Link:
        return link.replace(receiver=dataclasses.replace(link.receiver, noise_density=float(np.exp(logarithm))))

    found = brentq(lambda x: np.log(ratio(noisy(x)) / target), np.log(1e-18), np.log(1e-12), xtol=0.05)
    return noisy(float(found))


def known_patterns(link: Link, *, symbols: int = 1 << 17) -> float:
    """Symbol error ratio of a link without jitter and crosstalk, by the Gaussian tail of every one of known random symbols."""
    model = InterferenceModel(link)
    assert model.large is not None
    chain, main = averaged(link).chain, model.front_end.main_cursor
    sent = np.random.default_rng(7).integers(0, link.order, symbols)
    seen = chain.run(periodic(chain.drive.through, chain.drive.sampling, link.levels[sent])).slicer
    values = seen.reshape(symbols, -1)[:, 0].copy()
    for index, tap in enumerate(link.receiver.dfe):
        values -= tap * main * np.roll(link.levels[sent], index + 1)
    deviation = np.sqrt(model.noise + model.large.at(0).variance[sent, np.roll(sent, 1)])
    bounds = np.concatenate([[-np.inf], model.thresholds(model.at(0)), [np.inf]])
    return float(np.mean(ndtr((values - bounds[sent + 1]) / deviation) + ndtr((bounds[sent] - values) / deviation)))


def still(link: Link) -> Link:
    """The link without jitter and crosstalk."""
    assert link.optics is not None
    sender = dataclasses.replace(link.transmitter, jitter=NO_JITTER)
    return link.replace(channel=link.optics.undisturbed(), transmitter=sender)


@pytest.mark.parametrize("name", DEVICES)
def test_the_distribution_has_the_tail_of_known_patterns(name: str) -> None:
    link = at_error_ratio(still(shipped(name, "cei-112g-linear")), 1e-4)
    assert ratio(link) == pytest.approx(known_patterns(link), rel=0.03)


@pytest.mark.parametrize("name", DEVICES)
def test_counted_errors_agree_with_the_statistical_ratio(name: str) -> None:
    link = at_error_ratio(shipped(name, "cei-112g-linear"), 3e-3)
    expected = sirf.statistical_eye(link, phases=1).ser
    count = sirf.simulate(link, symbols=200_000, rng=3).errors
    low, high = count.symbol_interval(FAMILY)
    assert count.symbol_errors > 450
    # curves may bend jitter by more than its rms slope says: a twentieth
    assert 0.95 * low < expected < 1.05 * high, expected * count.symbols / count.symbol_errors


@pytest.mark.parametrize("levels", [(-1.0, 1.0), (-1.0, -0.3, 0.4, 1.0)])
def test_coefficients_are_those_of_least_squares(levels: tuple[float, ...]) -> None:
    """Of every pair of levels, against NumPy's in double precision: single precision rounds 120 dB below what is fitted."""
    fit, volts = _fit_of(levels), np.array(levels)
    values = real(np.random.default_rng(1).standard_normal((2, len(fit.pair))).astype(np.float32))
    found = fit.coefficients(values)
    made, symbols = fit.fitted(found), volts[fit.pair // len(levels)]
    assert made.shape == values.shape
    assert made.dtype == values.dtype
    # of the symbol an offset after each; the latest stands first
    free = [offset for offset in NEIGHBOUR_OFFSETS[::-1] if offset not in (0, 1)]
    neighbours = np.stack([*(np.roll(symbols, offset) for offset in free), np.ones(len(symbols))], axis=1)
    given = np.append(~np.isin(NEIGHBOUR_OFFSETS[::-1], (0, 1)), True)
    for each, count in enumerate(fit.count):
        rows = fit.pair == each
        assert count == rows.sum()
        expected = np.linalg.lstsq(neighbours[rows], values[:, rows].T.astype(float), rcond=None)[0].T
        assert found[each][:, given] == pytest.approx(expected, abs=1e-6)
        assert np.all(found[each][:, ~given] == 0.0)
        assert made[:, rows] == pytest.approx(expected @ neighbours[rows].T, abs=5e-6)

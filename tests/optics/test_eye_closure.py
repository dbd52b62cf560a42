"""TDECQ: zero for an ideal wave, closed forms for noise and uneven levels, and real decisions behind its equaliser."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import erfc, ndtri

from sirf.errors import PhysicsError
from sirf.optics.eye_closure import FIFTEEN_TAPS, FIVE_TAPS, HISTOGRAM_BINS, IDEAL, ReferenceReceiver, _Eye, tdecq
from sirf.optics.power import dbm, extinction_ratio_db, from_dbm, outer_levels, outer_oma
from sirf.optics.stage import low_pass

RATE, M = 53.125e9, 16
PATTERN = np.random.default_rng(2).permutation(np.repeat(np.arange(4), 512))
PATTERN = np.concatenate([[3] * 7, [0] * 7, PATTERN])


def q(x: float) -> float:
    return float(0.5 * erfc(x / np.sqrt(2)))


def staircase(values: tuple[float, ...] = (0.2e-3, 0.6e-3, 1.0e-3, 1.4e-3)) -> NDArray[np.float64]:
    return np.repeat(np.asarray(values)[PATTERN], M)


def test_an_ideal_wave_without_filter_and_equaliser_is_zero_db() -> None:
    # as many symbols of each level: only then do the outer ones have their share in the target
    even = np.random.default_rng(1).permutation(np.repeat(np.arange(4), 512))
    found = tdecq(np.repeat(0.4e-3 * even, M), even, symbol_rate=RATE, samples_per_ui=M, receiver=IDEAL, oma=1.2e-3)
    assert IDEAL.q_t == pytest.approx(3.414, abs=5e-4)
    assert found.db == pytest.approx(0.0, abs=5e-3)
    assert found.noise_gain == pytest.approx(1.0)


def test_an_ideal_wave_through_the_reference_receiver_costs_a_third_of_a_db() -> None:
    for receiver in (FIVE_TAPS, FIFTEEN_TAPS):
        found = tdecq(staircase(), PATTERN, symbol_rate=RATE, samples_per_ui=M, receiver=receiver)
        assert 0.25 < found.db < 0.45
        assert found.taps.sum() == pytest.approx(1.0)
        assert found.oma == pytest.approx(1.2e-3, rel=1e-6)
        # what the walk of the taps has noted is what its last taps bear
        eye = _Eye(staircase(), PATTERN, RATE, M, receiver, found.oma)
        assert eye.allowed(found.taps, found.phase_ui) == pytest.approx(found.allowed, rel=1e-5)


def test_noise_on_the_wave_uses_up_its_share_of_the_allowance() -> None:
    generator = np.random.default_rng(3)
    symbols = np.repeat(np.arange(4), 1024)
    order = generator.permutation(symbols.size)
    sigma = 0.5 * 1.2e-3 / (6 * IDEAL.q_t)
    # evenly spread quantiles instead of drawn noise, the same for every level
    quantiles = np.tile(sigma * ndtri((np.arange(1024) + 0.5) / 1024), 4)
    wave = np.repeat((0.4e-3 * symbols + quantiles)[order], M)
    found = tdecq(wave, symbols[order], symbol_rate=RATE, samples_per_ui=M, receiver=IDEAL, oma=1.2e-3)
    assert found.db == pytest.approx(-10 * np.log10(np.sqrt(1 - 0.25)), abs=0.01)


def test_uneven_levels_cost_what_their_eyes_say() -> None:
    even = np.random.default_rng(1).permutation(np.repeat(np.arange(4), 512))
    levels = np.array([0.0, 0.36e-3, 0.84e-3, 1.2e-3])
    found = tdecq(np.repeat(levels[even], M), even, symbol_rate=RATE, samples_per_ui=M, receiver=IDEAL)

    # thresholds stay at -OMA/3, 0, OMA/3 about the mean: distances 0.2, 0.16, 0.24 mW
    def ser(sigma: float) -> float:
        return 0.5 * (q(0.2e-3 / sigma) + q(0.16e-3 / sigma) + q(0.24e-3 / sigma)) - IDEAL.target_ser

    assert found.allowed == pytest.approx(brentq(ser, 1e-6, 1e-3), rel=1e-3)


@pytest.mark.parametrize("receiver", [FIVE_TAPS, FIFTEEN_TAPS])
def test_allowed_noise_gives_the_target_in_real_decisions(receiver: ReferenceReceiver) -> None:
    """White noise before the Bessel-Thomson filter, the found taps, thresholds: symbol errors of the sent pattern are counted."""
    wave = staircase()
    f = np.fft.rfftfreq(wave.size, 1 / (RATE * M))
    slow = np.fft.irfft(np.fft.rfft(wave) * low_pass("pole", f, 22e9), wave.size)
    found = tdecq(slow, PATTERN, symbol_rate=RATE, samples_per_ui=M, receiver=receiver)
    assert 1.0 < found.db < 3.0
    shape = low_pass("bessel4", f, 0.5 * RATE)
    filtered = np.fft.irfft(np.fft.rfft(slow) * shape, wave.size)
    generator = np.random.default_rng(4)
    errors, trials = [], 150
    noise_scale = np.sqrt(np.mean(np.abs(np.append(shape, np.conj(shape[1:-1]))) ** 2))
    taps = np.zeros(receiver.taps * M)
    taps[::M] = found.taps
    clean = np.fft.irfft(np.fft.rfft(filtered) * np.fft.rfft(taps, wave.size), wave.size) - wave.mean()
    # where the eye is: the shift of best match to the sent symbols, then each window of samples about it
    counts = np.zeros(M)
    ideal = 0.4e-3 * (PATTERN - 1.5)
    thresholds = np.array([-1, 0, 1]) * found.oma / 3
    match = [np.sum(np.roll(clean, -k)[::M] * ideal) for k in range(8 * M)]
    start = int(np.argmax(match)) - M // 2
    for _ in range(trials):
        white = generator.standard_normal(wave.size) / noise_scale * found.allowed
        coloured = np.fft.irfft(np.fft.rfft(white) * shape * np.fft.rfft(taps, wave.size), wave.size)
        seen = np.roll(clean + coloured, -start).reshape(-1, M, order="C")[:, :M]
        decided = np.searchsorted(thresholds, seen)
        wanted = np.searchsorted(thresholds, np.roll(ideal, 0))[:, None]
        counts += (decided != wanted).sum(axis=0)
        errors.append((decided != wanted).sum(axis=0))
    ratio = counts / (trials * PATTERN.size)
    # the best two neighbouring samples, a tenth of a UI apart at most, are the windows': both near the target
    best = np.sort(ratio)[:2]
    assert best == pytest.approx(receiver.target_ser, rel=0.35)


@pytest.mark.parametrize("corner", [7e9, 14e9])
def test_no_step_of_a_tap_bears_more_noise(corner: float) -> None:
    """The reference equaliser is the best there is, slow and bent waves with echoes included: no small step gains 0.005 dB."""
    wave = staircase()
    f = np.fft.rfftfreq(wave.size, 1 / (RATE * M))
    shape = low_pass("pole", f, corner) * (1.0 + 0.12 * np.exp(-2j * np.pi * f * 5.5 / RATE))
    slow = np.fft.irfft(np.fft.rfft(wave) * shape, wave.size)
    bent = slow - 0.25 * (slow - slow.mean()) ** 2 / 1.2e-3
    found = tdecq(bent, PATTERN, symbol_rate=RATE, samples_per_ui=M)
    assert found.db < {7e9: 9.2, 14e9: 5.2}[corner]
    eye = _Eye(bent, PATTERN, RATE, M, FIVE_TAPS, found.oma)
    anchor = int(np.argmax(np.abs(found.taps)))
    for place in (n for n in range(FIVE_TAPS.taps) if n != anchor):
        for step in (-4e-3, 4e-3):
            taps = found.taps.copy()
            taps[place] += step
            taps[anchor] -= step
            assert 10.0 * np.log10(eye.allowed(taps, found.phase_ui) / found.allowed) < 5e-3


@pytest.mark.parametrize("symbols", [2062, 2061])
def test_samples_of_the_eye_are_those_of_the_filtered_wave_moved_as_a_whole(symbols: int) -> None:
    wave = np.random.default_rng(5).uniform(0.2e-3, 1.4e-3, symbols * M)
    eye = _Eye(wave, PATTERN[:symbols], RATE, M, FIVE_TAPS, 1.2e-3)
    f = np.fft.rfftfreq(wave.size, 1 / (RATE * M))
    filtered = np.fft.rfft(wave) * low_pass("bessel4", f, 0.5 * RATE)
    offsets = np.array([-0.55, 0.0, 0.1234, 3.5 / M])
    for offset, row in zip(offsets, eye.samples(offsets), strict=True):
        moved = np.fft.irfft(filtered * np.exp(2j * np.pi * f / RATE * (offset + eye.lag)), wave.size)
        assert row == pytest.approx(moved[::M] - wave.mean(), abs=1e-12 * 1.4e-3)


@pytest.mark.parametrize("target", [1e-9, 4.8e-4, 0.2])
@pytest.mark.parametrize("spread", [0.0, 0.02, 0.05])
def test_bearable_noise_is_the_root_of_the_error_ratio(target: float, spread: float) -> None:
    """Of tabled error ratios to 1e-6, wherever the search begins; the root by bisection of the sum over all bins."""
    oma, rng = 1.2e-3, np.random.default_rng(6)
    eye = _Eye(staircase(), PATTERN, RATE, M, ReferenceReceiver(target_ser=target), oma)
    level = ((np.arange(HISTOGRAM_BINS) + 0.5) / HISTOGRAM_BINS - 0.5) * 1.6 * oma
    # four uneven levels with tails that end before the thresholds
    around = oma * np.add.outer([-0.5, -0.18, 0.15, 0.5], spread * rng.uniform(-1.0, 1.0, 400)).ravel()
    shares = np.histogram(around, HISTOGRAM_BINS, (-0.8 * oma, 0.8 * oma))[0] / around.size
    distance = np.abs(level[:, None] - oma * np.array([-1.0, 0.0, 1.0]) / 3.0)

    def excess(sigma: float) -> float:
        return float(np.log(shares @ (0.5 * erfc(distance / (np.sqrt(2.0) * sigma))).sum(axis=1) / target + 1e-300))

    expected = brentq(excess, 1e-3 * oma, oma, rtol=1e-12)
    for last in (0.0, 0.99 * expected, 1.7 * expected, 1e-4 * oma, oma):
        assert eye._bearable(shares, last) == pytest.approx(expected, rel=1e-6)
    # with a hundredth of the samples on the thresholds half of those are wrong however little the noise
    shares[np.argmin(distance, axis=0)] += 0.01
    closed = target < 0.5 * 0.03
    assert (eye._bearable(shares, expected) == 0.0) == closed


def test_a_closed_eye_is_infinite() -> None:
    wave = staircase()
    # 1 + D has a null at half the symbol rate that no linear equaliser fills
    dead = 0.5 * (wave + np.roll(wave, M))
    assert tdecq(dead, PATTERN, symbol_rate=RATE, samples_per_ui=M, oma=1.2e-3).db == np.inf


def test_outer_oma_reads_the_plateaus() -> None:
    wave = staircase()
    f = np.fft.rfftfreq(wave.size, 1 / (RATE * M))
    slow = np.fft.irfft(np.fft.rfft(wave) * low_pass("bessel4", f, 30e9), wave.size)
    assert outer_oma(slow, PATTERN, M) == pytest.approx(1.2e-3, rel=5e-3)
    assert outer_oma(np.roll(slow, 5 * M + 3), PATTERN, M) == pytest.approx(outer_oma(slow, PATTERN, M))
    assert float(dbm(from_dbm(3.7))) == pytest.approx(3.7)
    low, high = outer_levels(1e-3, 5.0)
    assert extinction_ratio_db(high, low) == pytest.approx(5.0)
    assert 0.5 * (low + high) == pytest.approx(1e-3)


def test_bad_input_is_named() -> None:
    with pytest.raises(PhysicsError, match="at least 8 samples"):
        tdecq(np.ones(100), PATTERN, symbol_rate=RATE, samples_per_ui=M)
    with pytest.raises(PhysicsError, match="longer than four equalisers"):
        tdecq(np.ones(16 * 16), np.arange(16) % 4, symbol_rate=RATE, samples_per_ui=16)
    with pytest.raises(PhysicsError, match="taps must be"):
        ReferenceReceiver(taps=0)

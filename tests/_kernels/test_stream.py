"""Vector loops against integers of Python, float64 of NumPy and distributions of SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sirf._kernels.stream import (
    correlate_add,
    correlate_stretches,
    delayed_sums,
    normals,
    random_levels,
    random_symbols,
    random_words,
    take_levels,
)
from sirf.engine.seeding import Randomness
from sirf.signal.pam import levels

MASK = 2**64 - 1


def rotate(x: int, k: int) -> int:
    return (x << k | x >> (64 - k)) & MASK


def xoshiro256pp(state: list[int], count: int) -> list[int]:
    """The generator of Blackman and Vigna with integers of Python."""
    s, out = list(state), []
    for _ in range(count):
        out.append((rotate((s[0] + s[3]) & MASK, 23) + s[0]) & MASK)
        t = s[1] << 17 & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotate(s[3], 45)
    return out


def words(count: int, seed: int = 1) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return Randomness(np.random.SeedSequence(seed), np.zeros(count + 16, dtype=np.uint64)).words(count)


def test_every_lane_is_xoshiro256_plus_plus() -> None:
    # the first output for the state 1, 2, 3, 4 follows by hand: rotl(1 + 4, 23) + 1
    assert xoshiro256pp([1, 2, 3, 4], 1) == [(5 << 23) + 1]
    state = np.random.SeedSequence(5).generate_state(64, np.uint64).reshape(4, 16).astype(np.uint64)
    lanes = [xoshiro256pp([int(state[row, lane]) for row in range(4)], 20) for lane in range(16)]
    out = np.zeros(16 * 20, dtype=np.uint64)
    random_words(state[:, :], out[:160])
    random_words(state[:, :], out[160:])
    assert np.array_equal(out.reshape(20, 16).T, np.array(lanes, dtype=np.uint64))


def test_normals_are_box_and_muller_of_their_words() -> None:
    source = words(20_000)
    out = np.zeros(20_000, dtype=np.float32)
    normals(source, out)
    radial, angular = source[:10_000], source[10_000:]
    radius = np.sqrt(-2.0 * np.log((radial.astype(float) + 0.5) * 2.0**-64))
    angle = np.pi / 2 * (angular >> np.uint64(32)).astype(np.uint32).astype(np.int32) * 2.0**-31
    side = 1.0 - 2.0 * (angular & np.uint64(1)).astype(float)
    # a uniform number next to one has 2^-24 of rounding, which a small radius feels as 2^-24 / radius
    allowed = 3e-6 + 2.0**-24 / radius
    assert np.all(np.abs(out[:10_000] - radius * np.sin(angle)) < allowed)
    assert np.all(np.abs(out[10_000:] - radius * np.cos(angle) * side) < allowed)


def test_normals_are_normal_to_far_into_the_tails() -> None:
    out = np.zeros(4_000_000, dtype=np.float32)
    normals(words(len(out), seed=2), out)
    sample = out.astype(float)
    assert stats.kstest(sample[::4], "norm").pvalue > 0.001
    for distance in (3.0, 4.0, 4.75):
        expected = len(sample) * stats.norm.sf(distance)
        for side in (sample > distance, sample < -distance):
            assert abs(np.count_nonzero(side) - expected) < 4.5 * np.sqrt(expected)
    for lag in (1, 2, 16, 2_000_000):
        assert abs(np.mean(sample[:-lag] * sample[lag:])) < 5 / np.sqrt(len(sample) - lag)


def test_the_smallest_and_largest_words_give_finite_deviates() -> None:
    """All zeros is the far tail, 9.5 deviations; all ones the centre."""
    source = np.array([0, MASK, 2**63, 0], dtype=np.uint64)
    out = np.zeros(4, dtype=np.float32)
    normals(source, out)
    assert np.all(np.isfinite(out))
    assert np.hypot(out[0], out[2]) == pytest.approx(np.sqrt(2 * 65 * np.log(2)), rel=0.01)
    assert np.hypot(out[1], out[3]) == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("order", [2, 3, 4, 6, 8])
def test_symbols_are_equally_likely(order: int) -> None:
    symbols = np.zeros(600_000, dtype=np.uint8)
    random_symbols(words(300_000, seed=order), np.uint64(order), symbols)
    assert stats.chisquare(np.bincount(symbols, minlength=order)).pvalue > 0.001
    pairs = symbols[:-1].astype(int) * order + symbols[1:]
    assert stats.chisquare(np.bincount(pairs[::2], minlength=order**2)).pvalue > 0.001


@pytest.mark.parametrize("order", [2, 4, 8])
def test_levels_are_the_bits_of_their_words(order: int) -> None:
    bits = order.bit_length() - 1
    source, each = words(100, seed=order), 64 // bits
    # the last word's last levels find no room
    out = np.zeros(100 * each - 7, dtype=np.float32)
    values = levels(order, level_mismatch=0.9).astype(np.float32)
    random_levels(source, bits, values, out)
    expected = [values[int(word) >> part * bits & order - 1] for part in range(each) for word in source]
    assert out == pytest.approx(expected[:-7], rel=2e-7)


@pytest.mark.parametrize("order", [2, 3, 4, 6, 8])
@pytest.mark.parametrize("mismatch", [1.0, 0.9])
def test_symbols_are_sent_at_the_levels_that_mismatch_leaves(order: int, mismatch: float) -> None:
    values = levels(order, level_mismatch=mismatch).astype(np.float32)
    symbols = np.random.default_rng(order).integers(0, order, 1000).astype(np.uint8)
    out = np.zeros(1000, dtype=np.float32)
    take_levels(symbols, values, out)
    assert out == pytest.approx(values[symbols], rel=2e-7)


@pytest.mark.parametrize("order", [2, 4, 8])
def test_levels_are_equally_likely_and_independent(order: int) -> None:
    out = np.zeros(600_000, dtype=np.float32)
    Randomness(np.random.SeedSequence(3), np.zeros(400_000, dtype=np.uint64)).levels(
        levels(order).astype(np.float32), out
    )
    index = np.round(0.5 * (out.astype(float) * (order - 1) + order - 1)).astype(int)
    assert np.array_equal(np.unique(index), np.arange(order))
    assert stats.chisquare(np.bincount(index, minlength=order)).pvalue > 0.001
    # neighbours come from neighbouring words; what shares a word lies this far apart
    for lag in (1, 2, 16, -(-600_000 // (64 // (order.bit_length() - 1)))):
        pairs = index[:-lag] * order + index[lag:]
        assert stats.chisquare(np.bincount(pairs[: len(pairs) // 2 * 2 : 2], minlength=order**2)).pvalue > 0.001


def test_delayed_sums_go_round_each_periodic_wave() -> None:
    rng = np.random.default_rng(6)
    waves, taps = (rng.normal(size=shape).astype(np.float32) for shape in ((3, 50), (3, 8)))
    offsets, out = rng.integers(0, 50, (3, 8)), np.full((3, 50), np.nan, dtype=np.float32)
    delayed_sums(waves, taps, offsets, out)
    meant = [
        sum(tap * np.roll(wave, -offset) for tap, offset in zip(*own, strict=True))
        for wave, own in zip(waves, zip(taps, offsets, strict=True), strict=True)
    ]
    np.testing.assert_allclose(out, meant, rtol=1e-4, atol=1e-5)


def test_each_stretch_has_its_own_scattered_taps() -> None:
    rng = np.random.default_rng(2)
    wave, weights = rng.standard_normal(1100).astype(np.float32), rng.standard_normal((3, 8)).astype(np.float32)
    offsets, lengths, rows = rng.integers(0, 90, (3, 8)), np.array([4, 8, 0]), np.array([1, 0, 2, 1, 1])
    out = np.ones(1000, dtype=np.float32)
    correlate_stretches(wave, weights, offsets, lengths, rows, 50, 180, out)
    expected = np.ones(1000)
    for start, stop, row in zip((0, 230, 410, 590, 770), (230, 410, 590, 770, 1000), rows, strict=True):
        for tap, offset in zip(weights[row, : lengths[row]], offsets[row], strict=False):
            expected[start:stop] += float(tap) * wave[start + offset : stop + offset]
    assert out == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("count", "taps"), [(5000, 8), (2048, 200), (7, 16)])
def test_correlation_is_numpys(count: int, taps: int) -> None:
    rng = np.random.default_rng(1)
    wave, weights = rng.standard_normal(count + taps - 1), rng.standard_normal(taps)
    out = np.ones(count, dtype=np.float32)
    correlate_add(wave.astype(np.float32), weights.astype(np.float32), out)
    assert out == pytest.approx(1.0 + np.correlate(wave, weights, mode="valid"), abs=1e-6 * taps)

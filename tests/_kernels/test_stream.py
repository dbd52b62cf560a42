"""Vector loops against integers of Python, float64 of NumPy and distributions of SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sirf._kernels.stream import correlate_add, normals, random_symbols, random_words
from sirf.engine.seeding import Randomness

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


@pytest.mark.parametrize(("count", "taps"), [(5000, 8), (2048, 200), (7, 16)])
def test_correlation_is_numpys(count: int, taps: int) -> None:
    rng = np.random.default_rng(1)
    wave, weights = rng.standard_normal(count + taps - 1), rng.standard_normal(taps)
    out = np.ones(count, dtype=np.float32)
    correlate_add(wave.astype(np.float32), weights.astype(np.float32), out)
    assert out == pytest.approx(1.0 + np.correlate(wave, weights, mode="valid"), abs=1e-6 * taps)

"""What the curves of an optical path do to an eye: for each level of a symbol and the one before, mean, cursors and noise.

A period of random symbols goes through the curves. Given these two levels, what the slicer sees is fitted by a constant and one
cursor for each other neighbour (least squares): products of any order of the two with each other and with one neighbour are in
that fit. Products among the other neighbours are not, and count as a random offset with the distribution found; what they do to
the tails is put right by the patterns themselves (`pattern_tails`).

Symbols: N = PERIOD_SYMBOLS of the period, L levels, M samples per UI, B = REST_BINS points.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float, Single, real
from sirf._kernels.pattern_fit import BLOCK, between_samples, compare_courses, fit_courses
from sirf._kernels.pattern_sums import count_classes
from sirf.engine.front_end import FrontEnd
from sirf.engine.light.averaged_chain import PERIOD_SYMBOLS, period_symbols
from sirf.engine.light.light_chain import LightChain
from sirf.engine.light.linear_waves import LinearWaves
from sirf.engine.light.pattern_tails import PatternTails
from sirf.engine.light.period_waves import PeriodWaves
from sirf.engine.light.received_noise import ReceivedNoise, received_noise

if TYPE_CHECKING:
    from sirf.link import Link

SYMBOLS_BEFORE, SYMBOLS_AFTER = 4, 14
"""Symbols before and after the main one whose cursors depend on its level and that of the one before."""
NEIGHBOUR_OFFSETS = np.arange(-SYMBOLS_BEFORE, SYMBOLS_AFTER + 1)
REST_BINS = 25
"""Points of the distribution of what the fit leaves."""


@dataclass(frozen=True, slots=True, eq=False)
class LevelDistortion:
    """One sampling phase, by level index of the symbol (first axis) and of the one before it (second).

    `means` (L,) in V; `cursors` (L, L, K) in V to add to the linear ones from SYMBOLS_BEFORE symbols before the main one on;
    `offsets` (L, L, B) in V beyond what cursors and levels say, with probabilities `shares` (L, L, B); `variance` (L, L) in V²
    to add to the receiver's noise; `third` (L, L) in V³ the third cumulant of all noise; `slope` (L, L) the edges' size relative
    to the linear ones. `patterns` corrects the tails.
    """

    means: Float
    cursors: Float
    offsets: Float
    shares: Float
    variance: Float
    third: Float
    slope: Float
    patterns: PatternTails

    def bent(self, cursors: Float, main: int) -> Float:
        """(L, L, K): linear `cursors` (K,) with the main one at index `main`, as they are about two symbols of these levels."""
        changed = np.empty((*self.cursors.shape[:2], len(cursors)))
        changed[:] = cursors
        places = main - SYMBOLS_BEFORE + np.arange(self.cursors.shape[2])
        inside = (places >= 0) & (places < len(cursors))
        changed[:, :, places[inside]] += self.cursors[:, :, inside]
        return changed


class LargeSignal:
    """A link's large signals, at any sampling phase."""

    def __init__(self, link: Link, end: FrontEnd, *, like: LargeSignal | None = None) -> None:
        """`like` is that of a link which differs in noise, sizes of jitter and aggressors alone: its waves are taken over."""
        self.link, self.end = link, end
        if like is not None and like.link.transmitter.jitter == link.transmitter.jitter:
            self.period: PeriodWaves = like.period.of_noise(link)
        else:
            self.period = PeriodWaves(link, end)
        self.chain: LightChain = self.period.chain
        self.symbols = link.levels[self.period.sent]
        self.fit = _fit_of(tuple(link.levels.tolist()))
        # the same light behind the same receiver: aggressors alone differ
        alike = like is not None and self.period.power is like.period.power and _receives_alike(link, like.link)
        self.noise: ReceivedNoise = (
            like.noise
            if like is not None and alike
            else received_noise(
                self.chain, self.period.power, self.period.current, symbol_rate=link.symbol_rate, order=link.order
            )
        )
        self._at_instant: LevelDistortion | None = None

    def at(self, offset: int) -> LevelDistortion:
        """The fit `offset` samples after the sampling instant."""
        if offset:
            return self._fitted(offset)
        # kept: the levels are read of it before any distribution is
        if self._at_instant is None:
            self._at_instant = self._fitted(0)
        return self._at_instant

    def _fitted(self, offset: int) -> LevelDistortion:
        fit, count, size = self.fit, self.link.order, PERIOD_SYMBOLS
        waves = self.period.at_instants(offset, self.end.samples_per_ui)
        straight, edges, bends = self._linear(offset)
        moments = self._noise_at(offset)
        mean, skewed, noise = moments[0], moments[1], moments[2:]
        # only what the curves change is fitted, the linear part is known exactly; noise that passes a curve moves the mean
        slope, values = np.empty(count**2), np.empty((2, size), dtype=waves.dtype)
        powers, room = np.empty((2, count**2)), np.empty((3, BLOCK))
        compare_courses(waves, straight, edges, bends, mean, fit.pair, powers, slope, values, room)
        both = fit.coefficients(values)
        # the last coefficient is the constant; neighbours stand the latest first
        total = both.sum(axis=1)
        cursors, constants = total[:, -2::-1], total[:, -1].copy()
        straight -= self._fed_back
        seen = waves[1:] if len(edges) else waves
        seen += mean - self._fed_back
        fitted, left = np.empty_like(seen), np.empty_like(mean)
        ranges = np.full((2, count**2), [[np.inf], [-np.inf]])
        parts = fit.fitted(both)
        fit_courses(parts, constants, fit.pair, values[0], straight, edges, bends, slope, fitted, left, ranges)
        offsets, shares = _histograms(left, constants, ranges, fit)
        # all neighbours are zero on average, over any symbols, not over those of the period
        means = self.link.levels * self.end.mean_pulse[self.end.sampling + offset]
        means += constants.reshape(count, count).mean(axis=1)
        patterns = PatternTails(seen, fitted, left, noise, fit.pair, count)
        variance, third = fit.mean(noise.mean(axis=0)), fit.mean(skewed)
        cursors, offsets, shares, variance, third, slope = (
            each.reshape(count, count, *each.shape[1:]) for each in (cursors, offsets, shares, variance, third, slope)
        )
        return LevelDistortion(means, cursors, offsets, shares, variance, third, slope, patterns)

    def _linear(self, offset: int) -> tuple[Float, Float, Float]:
        """What a linear chain makes of the symbols (N,), and of displaced edges (R, N) to first and to second order."""
        end, m = self.end, self.end.samples_per_ui
        lag, first = divmod(end.sampling + offset, m)
        responses = np.stack([each[first::m] for each in (end.through, end.edge, end.edge_slope)])
        waves = self._linear_waves
        sent = (waves.count - 1) // 2
        found = waves.through(responses, np.repeat([0, 1, 2], [1, sent, sent]), early=lag)
        edges, bends = found[1 : sent + 1], found[sent + 1 :]
        if sent < self.period.courses - 1:
            # displaced the other way, edges change their sign, and what goes with the square does not
            return found[0], np.concatenate([edges, -edges]), np.concatenate([bends, bends])
        return found[0], edges, bends

    @cached_property
    def _linear_waves(self) -> LinearWaves:
        """The symbols, then what displaced edges and then what their slopes are multiplied by; one of two courses that mirror
        each other, as they do without duty-cycle distortion."""
        moves, bends = self.period.moves, self.period.bends
        if len(moves) == 2 and np.array_equal(moves[1], -moves[0]) and np.array_equal(bends[1], bends[0]):
            moves, bends = moves[:1], bends[:1]
        return LinearWaves(np.concatenate([self.symbols[None], moves, bends]).astype(np.float32))

    @cached_property
    def _fed_back(self) -> Float:
        """(N,) V that the receiver's feedback takes off every symbol."""
        taps = enumerate(self.link.receiver.dfe, start=1)
        fed = sum((tap * np.roll(self.symbols, lag) for lag, tap in taps), np.zeros(PERIOD_SYMBOLS))
        return (self.end.main_cursor * fed).astype(np.float32)

    def _noise_at(self, offset: int) -> Float:
        """Mean, third cumulant and, by course of jitter, variance of the noise (..., N) at the instants plus `offset` samples, in
        single precision.

        Between the light's samples by the cubic through four of them: noise changes little from one to the next.
        """
        per_ui, noise = self.chain.per_ui, self.noise
        whole, rest = divmod(offset * per_ui, self.end.samples_per_ui)
        if not rest:
            symbol, sample = divmod(whole, per_ui)
            return real(np.roll(noise.at(sample), -symbol, axis=1).astype(np.float32, copy=False))
        t = rest / self.end.samples_per_ui
        shares = (
            -t * (t - 1.0) * (t - 2.0) / 6.0,
            (t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0,
            -(t + 1.0) * t * (t - 2.0) / 2.0,
            (t + 1.0) * t * (t - 1.0) / 6.0,
        )
        found = real(np.empty((len(self._noise), PERIOD_SYMBOLS), dtype=np.float32))
        first, factors = (whole - 1) % (per_ui * PERIOD_SYMBOLS), real(np.array(shares, dtype=np.float32))
        for row, columns in zip(found, self._noise, strict=True):
            between_samples(columns, first, factors, row)
        return found

    @cached_property
    def _noise(self) -> Single:
        """The noise (..., per_ui, N) at every sample of the light; an eye reads all phases between them."""
        samples = range(self.chain.per_ui)
        return np.stack([self.noise.at(sample) for sample in samples], axis=1).astype(np.float32, copy=False)


def _receives_alike(one: Link, other: Link) -> bool:
    """Whether two links that send the same waves have the same noise of light and amplifier."""
    return one.optics is other.optics and one.receiver == other.receiver


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The least squares of all pairs of levels of the period.

    `pair` (N,) is L times the level index plus that of the symbol before, `count` (L L,) how many there are of each. `members`
    (L L, C) are the symbols of each pair, filled up with the period's first; symbol n is number `places`[n] of them all. `known`
    (L L, W + 1, C), in single precision, are the members' neighbours, W in all, from the one SYMBOLS_AFTER before on, and a one;
    zero where filled up. `solvers` (L L, W + 1, W + 1) make coefficients of sums with these.
    """

    pair: NDArray[np.int64]
    count: NDArray[np.int64]
    members: NDArray[np.int64]
    places: NDArray[np.int64]
    known: NDArray[np.float32]
    solvers: Float

    def mean(self, values: Float) -> Float:
        """Mean by pair (L L,) of values (N,)."""
        return np.bincount(self.pair, values, len(self.count)) / self.count

    def coefficients(self, values: Float) -> Float:
        """Coefficients (L L, V, W + 1) that fit `values` (V, N)."""
        # a vector at a time: for two columns BLAS takes twice as long by its product of matrices
        sums = (self.known @ values.take(self.members, axis=1)[..., None])[..., 0]
        return np.asarray(sums.transpose(1, 0, 2) @ self.solvers)

    def fitted(self, coefficients: Float) -> Float:
        """What `coefficients` (L L, V, W + 1) make of the neighbours (V, N), in single precision."""
        found = coefficients.astype(np.float32) @ self.known
        return np.asarray(found.transpose(1, 0, 2).reshape(len(found[0]), -1).take(self.places, axis=1))


@lru_cache(maxsize=2)
def _fit_of(levels: tuple[float, ...]) -> Fit:
    """Kept: the period is the same for all links of these levels."""
    sent, count = period_symbols(len(levels)), len(levels)
    symbols = np.array(levels)[sent]
    pair = sent * count + np.roll(sent, 1)
    around = np.concatenate([symbols[-SYMBOLS_AFTER:], symbols, symbols[:SYMBOLS_BEFORE]])
    # the two given symbols make the constant
    free = [*np.flatnonzero(~np.isin(NEIGHBOUR_OFFSETS[::-1], (0, 1))).tolist(), len(NEIGHBOUR_OFFSETS)]
    size, numbers = len(NEIGHBOUR_OFFSETS) + 1, np.bincount(pair)
    solvers, known = np.zeros((count**2, size, size)), np.zeros((count**2, size, numbers.max()), dtype=np.float32)
    members, places = np.zeros((count**2, numbers.max()), dtype=np.int64), np.empty(len(pair), dtype=np.int64)
    # sorted by pair, in small numbers, which are sorted by counting them; then each pair's symbols stand side by side
    order, ends = np.argsort(pair.astype(np.int16), kind="stable"), np.cumsum(numbers)
    around_each = np.ones((size, len(pair)))
    for neighbour in range(size - 1):
        around_each[neighbour] = around[neighbour:].take(order)
    products = np.empty_like(solvers)
    for each, (number, end) in enumerate(zip(numbers.tolist(), ends.tolist(), strict=True)):
        those, own = order[end - number : end], np.ascontiguousarray(around_each[:, end - number : end])
        members[each, :number], places[those] = those, each * members.shape[1] + np.arange(number)
        known[each, :, :number] = own
        products[each] = own @ own.T
    # columns of random symbols are nearly orthogonal, so that the normal equations lose no digits that matter
    rows, columns = np.ix_(free, free)
    solvers[:, rows, columns] = np.linalg.inv(products[:, rows, columns])
    return Fit(pair, numbers, members, places, known, solvers)


def _histograms(left: Float, constants: Float, ranges: Float, fit: Fit) -> tuple[Float, Float]:
    """Points (L L, B) over the `ranges` (2, L L) of `left` (N,) about the `constants` (L L,) of every pair, and their shares."""
    low, high = ranges
    # from the lowest on; the largest falls on the last point, and leaves nothing to the one behind it
    scales = (REST_BINS - 1) / np.maximum(high - low, np.finfo(float).tiny)
    counts, pairs, values = np.zeros((len(low), REST_BINS + 1)), len(low), left[None]
    # one class: what stands for the noise is not looked at
    bounds, sums = np.empty((pairs, 0), dtype=left.dtype), np.zeros((2, pairs))
    count_classes(values, values, fit.pair, low - constants, bounds, scales, 0, counts, sums)
    return low[:, None] + np.outer(high - low, np.arange(REST_BINS) / (REST_BINS - 1.0)), counts[:, :-1] / fit.count[
        :, None
    ]

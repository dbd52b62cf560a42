"""What the curves of an optical path do to an eye: for each level of a symbol and the one before, mean, cursors and noise.

A period of random symbols goes through the curves. Given these two levels, what the slicer sees is fitted by a constant and one
cursor for each other neighbour (least squares): products of any order of the two with each other and with one neighbour are in
that fit. Products among the other neighbours are not, and count as a random offset with the distribution found; what they do to
the tails is put right by the patterns themselves (`pattern_tails`).

Symbols: N = PERIOD_SYMBOLS of the period, L levels, M samples per UI, B = REST_BINS points.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sirf._arrays import Float
from sirf.engine.front_end import FrontEnd
from sirf.engine.light.averaged_chain import PERIOD_SYMBOLS, period_symbols
from sirf.engine.light.light_chain import LightChain
from sirf.engine.light.pattern_tails import PatternTails
from sirf.engine.light.period_waves import PeriodWaves
from sirf.engine.light.received_noise import ReceivedNoise, received_noise

if TYPE_CHECKING:
    from sirf.link import Link

SYMBOLS_BEFORE, SYMBOLS_AFTER = 4, 14
"""Symbols before and after the main one whose cursors depend on its level and that of the one before."""
NEIGHBOUR_OFFSETS = np.arange(-SYMBOLS_BEFORE, SYMBOLS_AFTER + 1)
FREE_OFFSETS = NEIGHBOUR_OFFSETS[~np.isin(NEIGHBOUR_OFFSETS, (0, 1))]
"""Those of the neighbours: the main symbol and the one before are given."""
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

    def bend(self, level: int, before: int, cursors: Float, main: int) -> Float:
        """Linear `cursors` (K,) with the main one at index `main`, as they are about these two symbols."""
        changed = cursors.copy()
        places = main - SYMBOLS_BEFORE + np.arange(self.cursors.shape[2])
        inside = (places >= 0) & (places < len(cursors))
        changed[places[inside]] += self.cursors[level, before, inside]
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
        # which of the responses to a symbol, an edge and an edge's slope each of the period's spectra goes with
        self.kinds = [0, *[1, 2] * (self.period.courses - 1)]
        # the same light behind the same receiver: aggressors alone differ
        alike = like is not None and self.period.power is like.period.power and _receives_alike(link, like.link)
        self.noise: ReceivedNoise = (
            like.noise
            if like is not None and alike
            else received_noise(
                self.chain, self.period.power, self.period.current, symbol_rate=link.symbol_rate, order=link.order
            )
        )
        # displaced edges bring light of the neighbours, and its noise with it
        first = min(self.period.courses - 1, 1)
        self.variances = self.noise.variance[first : self.period.courses]
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
        """All values by symbol are in the order of `Fit`, pair after pair of levels."""
        fit, count = self.fit, self.link.order
        whole, straight, skewed, moved, noise = self._values(offset)
        # only what the curves change is fitted: the linear part is known exactly
        rest = whole - straight
        slope, drift = _edges_through_curves(moved, fit) if moved.shape[0] else (np.ones(count**2), np.zeros_like(rest))
        cursors = np.zeros((count**2, len(NEIGHBOUR_OFFSETS)))
        constants, chosen, left = np.zeros(count**2), np.zeros_like(rest), np.zeros_like(rest)
        for pair, rows in enumerate(fit.rows):
            both = fit.solvers[pair] @ np.stack([rest[rows], drift[rows]], axis=1)
            seen = fit.known[rows] @ both
            left[rows] = rest[rows] - seen[:, 0]
            chosen[rows] = seen.sum(axis=1)
            # the first coefficient is the constant; the main symbol and the one before are given, so they have no cursors of
            # their own
            constants[pair], cursors[pair, FREE_OFFSETS + SYMBOLS_BEFORE] = both[0].sum(), both[1:].sum(axis=1)
        fitted = straight + chosen + (slope[fit.pair] * moved[:, 1] + moved[:, 2] if len(moved) else 0.0)
        offsets, shares = _histograms(constants[fit.pair] + left, fit)
        # all neighbours are zero on average, over any symbols, not over those of the period
        mean = constants.reshape(count, count).mean(axis=1)
        means = self.link.levels * self.end.mean_pulse[self.end.sampling + offset] + mean
        fed_back = self._fed_back()[fit.order]
        seen = whole + moved[:, 0] if len(moved) else whole[None]
        patterns = PatternTails(seen - fed_back, np.atleast_2d(fitted) - fed_back, left, noise, fit.pair, count)
        variance, third = fit.mean(noise.mean(axis=0)), fit.mean(skewed)
        cursors, offsets, shares, variance, third, slope = (
            each.reshape(count, count, *each.shape[1:]) for each in (cursors, offsets, shares, variance, third, slope)
        )
        return LevelDistortion(means, cursors, offsets, shares, variance, third, slope, patterns)

    def _values(self, offset: int) -> tuple[Float, Float, Float, Float, Float]:
        """What arrives (N,), that of a linear chain (N,), the noise's third cumulant (N,), courses of jitter and noise (R, N).

        Courses (R, 3, N) add through the curves, and in a linear chain to first and to second order.
        """
        end = self.end
        whole, *shaken = self.period.at_instants(offset, end.samples_per_ui)
        pulses = fft.rfft(np.stack([self._pulse(each, offset) for each in (end.through, end.edge, end.edge_slope)]))
        linear = fft.irfft(self.period.spectra * pulses[self.kinds], PERIOD_SYMBOLS)
        moved = np.zeros((len(shaken), 3, PERIOD_SYMBOLS))
        if shaken:
            moved[:, 0] = np.array(shaken) - whole
            moved[:, 1:] = linear[1:].reshape(-1, 2, PERIOD_SYMBOLS)
        # noise that passes a curve moves the mean
        whole = whole + self._between(self.noise.mean, offset)
        skewed = self._between(self.noise.third, offset)
        noise = np.stack([self._between(one, offset) for one in self.variances])
        order = self.fit.order
        return whole[order], linear[0][order], skewed[order], moved[:, :, order], noise[:, order]

    def _fed_back(self) -> Float:
        """(N,) V that the receiver's feedback takes off every symbol."""
        taps = enumerate(self.link.receiver.dfe, start=1)
        return np.asarray(
            self.end.main_cursor
            * sum((tap * np.roll(self.symbols, lag) for lag, tap in taps), np.zeros(PERIOD_SYMBOLS))
        )

    def _seen(self, waves: Float, offset: int) -> Float:
        """(N,) of waves (N, M) at the instants plus `offset` samples."""
        slip, column = divmod(offset, waves.shape[1])
        # the period is a circle, as all responses here are
        return np.roll(waves[:, column], -slip)

    def _pulse(self, response: Float, offset: int) -> Float:
        """A linear response at M samples per UI at the instants plus `offset` samples, wound round the period (N,)."""
        m = self.end.samples_per_ui
        lag, first = divmod(self.end.sampling + offset, m)
        samples = response[first::m]
        wound = np.zeros(-(-len(samples) // PERIOD_SYMBOLS) * PERIOD_SYMBOLS)
        wound[: len(samples)] = samples
        return np.roll(wound.reshape(-1, PERIOD_SYMBOLS).sum(axis=0), -lag)

    def _between(self, values: Float, offset: int) -> Float:
        """(N,) of values (N, samples per UI of the light) at the instants plus `offset` samples, between the light's samples.

        By the cubic through four of them: noise changes little from one to the next.
        """
        whole, rest = divmod(offset * values.shape[1], self.end.samples_per_ui)
        if not rest:
            return self._seen(values, int(whole)).astype(float)
        t = rest / self.end.samples_per_ui
        shares = (
            -t * (t - 1.0) * (t - 2.0) / 6.0,
            (t + 1.0) * (t - 1.0) * (t - 2.0) / 2.0,
            -(t + 1.0) * t * (t - 2.0) / 2.0,
            (t + 1.0) * t * (t - 1.0) / 6.0,
        )
        near = (self._seen(values, int(whole) + step) for step in (-1, 0, 1, 2))
        return np.asarray(sum(share * one.astype(float) for share, one in zip(shares, near, strict=True)))


def _receives_alike(one: Link, other: Link) -> bool:
    """Whether two links that send the same waves have the same noise of light and amplifier."""
    return one.optics is other.optics and one.receiver == other.receiver


def _edges_through_curves(courses: Float, fit: Fit) -> tuple[Float, Float]:
    """Gain by pair of displaced edges through the curves over that of a linear chain, and the mean (N,) of what they add beyond.

    `courses` (R, 3, N) in V, as displaced edges come through the curves and to first and second order in a linear chain.
    """
    change, edge = courses[:, 0] - courses[:, 2], courses[:, 1]
    gain = np.sqrt(fit.sum((change**2).sum(axis=0)) / fit.sum((edge**2).sum(axis=0)))
    return gain, np.asarray((change - gain[fit.pair] * edge).mean(axis=0))


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The least squares of all pairs of levels of the period, for symbols in an `order` (N,) that puts each pair together.

    `pair` (N,) is L times the level index plus that of the symbol before, `rows` are the symbols of each pair, `starts` (L L,)
    their first ones; `known` (N, C) what multiplies the coefficients, `solvers` (C, n) of each pair make them of n values.
    """

    order: NDArray[np.int64]
    pair: NDArray[np.int64]
    starts: NDArray[np.int64]
    rows: tuple[slice, ...]
    known: Float
    solvers: tuple[Float, ...]

    def sum(self, values: Float) -> Float:
        """Sum by pair (L L,) of values (N,)."""
        return np.asarray(np.add.reduceat(values, self.starts))

    def mean(self, values: Float) -> Float:
        """Mean by pair (L L,) of values (N,)."""
        return self.sum(values) / np.bincount(self.pair)


@lru_cache(maxsize=2)
def _fit_of(levels: tuple[float, ...]) -> Fit:
    """Kept: the period is the same for all links of these levels."""
    sent, count = period_symbols(len(levels)), len(levels)
    symbols = np.array(levels)[sent]
    pair = sent * count + np.roll(sent, 1)
    order = np.argsort(pair, kind="stable")
    # row n holds what the cursors of symbol n see; the two given symbols make the constant
    neighbours = np.stack([np.ones(PERIOD_SYMBOLS), *(np.roll(symbols, k) for k in FREE_OFFSETS)], axis=1)[order]
    ends = np.cumsum(np.bincount(pair))
    starts = np.concatenate([[0], ends[:-1]])
    rows = tuple(slice(start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True))
    solvers = tuple(_least_squares(neighbours[each]) for each in rows)
    return Fit(order, pair[order], starts, rows, neighbours, solvers)


def _least_squares(known: Float) -> Float:
    """Matrix (C, N) that makes least-squares coefficients of N values, for the columns of `known` (N, C)."""
    # columns of random symbols are nearly orthogonal, so that the normal equations lose no digits that matter
    return np.asarray(np.linalg.inv(known.T @ known) @ known.T)


def _histograms(values: Float, fit: Fit) -> tuple[Float, Float]:
    """Points (L L, B) over the range of `values` (N,) of every pair and their shares; each value is split over its two
    neighbours, mean kept.
    """
    low, high = np.minimum.reduceat(values, fit.starts), np.maximum.reduceat(values, fit.starts)
    points = np.linspace(low, high, REST_BINS, axis=1)
    scale = (REST_BINS - 1) / np.maximum(high - low, np.finfo(float).tiny)
    place = (values - low[fit.pair]) * scale[fit.pair]
    index = np.minimum(place.astype(np.int64), REST_BINS - 2)
    part, row = place - index, fit.pair * REST_BINS + index
    share = np.bincount(row, 1.0 - part, points.size) + np.bincount(row + 1, part, points.size)
    return points, share.reshape(points.shape) / np.bincount(fit.pair)[:, None]

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
from sirf.engine.light.light_chain import PERIOD_SYMBOLS, SAMPLES_PER_UI, LightChain, period_symbols
from sirf.engine.light.pattern_tails import PatternTails
from sirf.engine.light.period_waves import PeriodWaves
from sirf.engine.light.received_noise import received_noise

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
        self.member, self.known, self.solver = _fit_of(tuple(link.levels.tolist()))
        self.noise, *shaken = (
            received_noise(
                self.chain,
                power.astype(float),
                current.astype(float),
                symbol_rate=link.symbol_rate,
                order=link.order,
                gaussian=number > 0,
            )
            for number, (power, current) in enumerate(zip(self.period.power, self.period.current, strict=True))
        )
        # displaced edges bring light of the neighbours, and its noise with it
        self.variances = [one.variance for one in shaken or [self.noise]]
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
        count = self.link.order
        whole, *shaken = self.period.at_instants(offset, self.end.samples_per_ui)
        straight = self._linear(self.end.through, offset)
        moved = [self._course_at(number, one - whole, offset) for number, one in enumerate(shaken)]
        # noise that passes a curve moves the mean
        whole = whole + self._between(self.noise.mean, offset)
        skewed = self._between(self.noise.third, offset)
        noise = np.stack([self._between(one, offset) for one in self.variances])
        constants, variance, third = np.zeros((3, count, count))
        slope = np.ones((count, count))
        offsets, shares = np.zeros((count, count, REST_BINS)), np.zeros((count, count, REST_BINS))
        cursors = np.zeros((count, count, len(NEIGHBOUR_OFFSETS)))
        left, fitted = np.zeros(PERIOD_SYMBOLS), np.zeros((max(len(moved), 1), PERIOD_SYMBOLS))
        for level, by_before in enumerate(self.member):
            for before, rows in enumerate(by_before):
                solve, known = self.solver[level][before], self.known[level][before]
                # only what the curves change is fitted: the linear part is known exactly
                rest = whole[rows] - straight[rows]
                fit = solve @ rest
                left[rows] = rest - known @ fit
                here = [course[:, rows] for course in moved]
                if here:
                    slope[level, before], drift = _edges_through_curves(here)
                    fit = fit + solve @ drift
                fitted[:, rows] = straight[rows] + known @ fit
                for course, (_, edge, bend) in zip(fitted, here, strict=False):
                    course[rows] += slope[level, before] * edge + bend
                constants[level, before] = fit[0]
                offsets[level, before], shares[level, before] = _histogram(fit[0] + left[rows])
                # fit[0] is the constant; the main symbol and the one before are given, so they have no cursors of
                # their own
                cursors[level, before, FREE_OFFSETS + SYMBOLS_BEFORE] = fit[1:]
                variance[level, before], third[level, before] = noise[:, rows].mean(), skewed[rows].mean()
        # all neighbours are zero on average, over any symbols, not over those of the period
        means = self.link.levels * self.end.mean_pulse[self.end.sampling + offset] + constants.mean(axis=1)
        seen, fed_back = np.array([whole + course[0] for course in moved] or [whole]), self._fed_back()
        pair = self.period.sent * count + np.roll(self.period.sent, 1)
        patterns = PatternTails(seen - fed_back, fitted - fed_back, left, noise, pair, count)
        return LevelDistortion(means, cursors, offsets, shares, variance, third, slope, patterns)

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

    def _course_at(self, number: int, added: Float, offset: int) -> Float:
        """(3, N) V of a course of jitter: what it `added` (N,) through the curves, and adds to each order in a linear chain."""
        return np.stack(
            [
                added,
                self._linear(self.end.edge, offset, self.period.moves[number]),
                self._linear(self.end.edge_slope, offset, self.period.bends[number]),
            ]
        )

    def _linear(self, response: Float, offset: int, values: Float | None = None) -> Float:
        """(N,) what a linear response at M samples per UI makes of the symbols, or other `values` (N,), there."""
        m = self.end.samples_per_ui
        pulse = np.zeros(PERIOD_SYMBOLS)
        at = np.arange(len(response)) - self.end.sampling - offset
        on_grid = at % m == 0
        np.add.at(pulse, (at[on_grid] // m) % PERIOD_SYMBOLS, response[on_grid])
        return np.asarray(
            fft.irfft(fft.rfft(self.symbols if values is None else values) * fft.rfft(pulse), PERIOD_SYMBOLS)
        )

    def _between(self, values: Float, offset: int) -> Float:
        """(N,) of values (N, SAMPLES_PER_UI) at the instants plus `offset` samples, between the light's samples."""
        whole, part = divmod(offset * SAMPLES_PER_UI, self.end.samples_per_ui)
        here, there = (self._seen(values, int(whole) + step) for step in (0, 1))
        return np.asarray(here + (there - here) * part / self.end.samples_per_ui)


def _edges_through_curves(courses: list[Float]) -> tuple[float, Float]:
    """Gain of displaced edges through the curves over that of a linear chain, and the mean (N,) of what they add beyond it.

    `courses` (3, N) in V, as displaced edges come through the curves and to first and second order in a linear chain.
    """
    change, edge, bend = np.stack(courses, axis=1)
    gain = float(np.linalg.norm(change - bend) / np.linalg.norm(edge))
    return gain, np.asarray((change - bend - gain * edge).mean(axis=0))


@lru_cache(maxsize=2)
def _fit_of(
    levels: tuple[float, ...],
) -> tuple[list[list[NDArray[np.int64]]], list[list[Float]], list[list[Float]]]:
    """By level and the one before: symbols of the period, their neighbours (N, C), and the least squares of these.

    Kept: the period is the same for all links of these levels.
    """
    sent, count = period_symbols(len(levels)), range(len(levels))
    symbols = np.array(levels)[sent]
    member = [[np.flatnonzero((sent == i) & (np.roll(sent, 1) == j)) for j in count] for i in count]
    # row n holds what the cursors of symbol n see; the two given symbols make the constant
    neighbours = np.stack([np.ones(PERIOD_SYMBOLS), *(np.roll(symbols, k) for k in FREE_OFFSETS)], axis=1)
    known = [[neighbours[rows] for rows in row] for row in member]
    return member, known, [[_least_squares(each) for each in row] for row in known]


def _least_squares(known: Float) -> Float:
    """Matrix (C, N) that makes least-squares coefficients of N values, for the columns of `known` (N, C)."""
    # columns of random symbols are nearly orthogonal, so that the normal equations lose no digits that matter
    return np.asarray(np.linalg.inv(known.T @ known) @ known.T)


def _histogram(values: Float) -> tuple[Float, Float]:
    """Points (B,) over the range of `values` (N,) and their shares; each value is split over its two neighbours, mean kept."""
    low, high = float(values.min()), float(values.max())
    points = np.linspace(low, high, REST_BINS)
    place = (values - low) * ((REST_BINS - 1) / max(high - low, np.finfo(float).tiny))
    index = np.minimum(place.astype(np.int64), REST_BINS - 2)
    part = place - index
    share = np.bincount(index, 1.0 - part, REST_BINS) + np.bincount(index + 1, part, REST_BINS)
    return points, share / len(values)

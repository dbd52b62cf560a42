"""What the curves of an optical path do to an eye: for each level of a symbol and the one before, mean, cursors and noise.

A period of random symbols goes through the curves. Given these two levels, what the slicer sees is fitted by a constant and one
cursor for each other neighbour (least squares): products of any order of the two with each other and with one neighbour are in
that fit. Products among the other neighbours are not, and count as a random offset with the distribution found.

Symbols: N = PERIOD_SYMBOLS of the period, L levels, M samples per UI, B = REST_BINS points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sirf._arrays import Float
from sirf.engine.front_end import FrontEnd
from sirf.engine.light.light_chain import (
    PERIOD_SYMBOLS,
    SAMPLES_PER_UI,
    Averaged,
    LightChain,
    averaged,
    edge_moves,
    periodic,
)
from sirf.units import ELECTRON

if TYPE_CHECKING:
    from sirf.link import Link


SYMBOLS_BEFORE, SYMBOLS_AFTER = 4, 14
"""Symbols before and after the main one whose cursors depend on its level and that of the one before."""
NEIGHBOUR_OFFSETS = np.arange(-SYMBOLS_BEFORE, SYMBOLS_AFTER + 1)
SHAKE_RMS_UI = 2e-3
"""Rms in UI of the displacements by which the slicer's answer to jitter is found."""
REST_BINS = 25
"""Points of the distribution of what the fit leaves."""


@dataclass(frozen=True, slots=True, eq=False)
class LevelDistortion:
    """One sampling phase, by level index of the symbol (first axis) and of the one before it (second).

    `means` (L,) in V; `cursors` (L, L, K) in V to add to the linear ones from SYMBOLS_BEFORE symbols before the main one on;
    `offsets` (L, L, B) in V beyond what cursors and levels say, with probabilities `shares` (L, L, B); `variance` (L, L) in V²
    to add to the receiver's noise; `slope` (L, L) the edges' size relative to the linear ones.
    """

    means: Float
    cursors: Float
    offsets: Float
    shares: Float
    variance: Float
    slope: Float

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
        self.averaged: Averaged = averaged(link) if like is None else like.averaged.of_noise(link)
        self.chain: LightChain = self.averaged.chain
        sent = self.averaged.sent
        self.symbols = link.levels[sent]
        # row n holds what the cursors of symbol n see; the two given symbols make the constant
        given = np.isin(NEIGHBOUR_OFFSETS, (0, 1))
        self.free = NEIGHBOUR_OFFSETS[~given]
        if like is None:
            count = range(link.order)
            self.member = [[np.flatnonzero((sent == i) & (np.roll(sent, 1) == j)) for j in count] for i in count]
            self.neighbours = np.stack(
                [np.ones(PERIOD_SYMBOLS), *(np.roll(self.symbols, k) for k in self.free)], axis=1
            )
            self.solver = [[_least_squares(self.neighbours[rows]) for rows in row] for row in self.member]
        else:
            self.member, self.neighbours, self.solver = like.member, like.neighbours, like.solver
        self.waves = self.averaged.waves.slicer.reshape(PERIOD_SYMBOLS, -1)
        self.moves = edge_moves(
            link, self.symbols, SHAKE_RMS_UI * np.random.default_rng(2).standard_normal(PERIOD_SYMBOLS)
        )
        if not link.transmitter.jitter:
            self.shaken = None
        else:
            self.shaken = self._shaken() if like is None or like.shaken is None else like.shaken
        self.noise = self._noise() if self.chain.span.noisy else np.zeros((PERIOD_SYMBOLS, SAMPLES_PER_UI))

    def at(self, offset: int) -> LevelDistortion:
        """The fit `offset` samples after the sampling instant."""
        # only what the curves change is fitted: the linear part is known exactly
        rest = self._seen(self.waves, offset) - self._linear(self.end.through, offset)
        shaken = None if self.shaken is None else self._seen(self.shaken, offset)
        straight = self._linear(self.end.edge, offset, self.moves)
        noise, count = self._noise_at(offset), self.link.order
        constants, variance, slope = np.zeros((count, count)), np.zeros((count, count)), np.ones((count, count))
        offsets, shares = np.zeros((count, count, REST_BINS)), np.zeros((count, count, REST_BINS))
        cursors = np.zeros((count, count, len(NEIGHBOUR_OFFSETS)))
        for level, by_before in enumerate(self.member):
            for before, rows in enumerate(by_before):
                fit = self.solver[level][before] @ rest[rows]
                left = rest[rows] - self.neighbours[rows] @ fit
                constants[level, before] = fit[0]
                offsets[level, before], shares[level, before] = _histogram(fit[0] + left)
                # fit[0] is the constant; the main symbol and the one before are given, so they have no cursors of
                # their own
                cursors[level, before, self.free + SYMBOLS_BEFORE] = fit[1:]
                variance[level, before] = noise[rows].mean()
                if shaken is not None:
                    # the same small displacements through curves and through the linear chain: their ratio is the
                    # local gain of edges
                    slope[level, before] = np.linalg.norm(shaken[rows]) / np.linalg.norm(straight[rows])
        # all neighbours are zero on average, over any symbols, not over those of the period
        means = self.link.levels * self.end.mean_pulse[self.end.sampling + offset] + constants.mean(axis=1)
        return LevelDistortion(means, cursors, offsets, shares, variance, slope)

    def _seen(self, waves: Float, offset: int) -> Float:
        """(N,) of waves (N, M) at the instants plus `offset` samples."""
        slip, column = divmod(offset, waves.shape[1])
        # the period is a circle, as all responses here are
        return np.roll(waves[:, column], -slip)

    def _shaken(self) -> Float:
        """(N, M) V: what small displacements of the edges change at the slicer."""
        drive = self.chain.drive
        moved = self.averaged.drive + periodic(drive.edge, drive.sampling, self.moves)
        return np.asarray(self.chain.run(moved).slicer.reshape(PERIOD_SYMBOLS, -1) - self.waves)

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

    def _noise_at(self, offset: int) -> Float:
        """(N,) variance in V² beyond the average at the instants plus `offset` samples, between the light's samples."""
        whole, part = divmod(offset * SAMPLES_PER_UI, self.end.samples_per_ui)
        here, there = (self._seen(self.noise, int(whole) + step) for step in (0, 1))
        return np.asarray(here + (there - here) * part / self.end.samples_per_ui)

    def _noise(self) -> Float:
        """(N, SAMPLES_PER_UI) variance in V² at the slicer beyond the linear front end's, as light and curves change it.

        Shot and amplifier noise pass amplifier and copper, intensity noise the diode too; all meet the amplifier's local slope.
        Variances add over the squared response, as of noise that is white before it.
        """
        chain, waves = self.chain, self.averaged.waves
        path, receiver = chain.span.path, chain.span.path.receiver
        n = PERIOD_SYMBOLS * SAMPLES_PER_UI
        f = fft.rfftfreq(n, 1.0 / chain.rate)
        behind = receiver.tia.response(f) * chain.spectra(n).behind
        slope = receiver.tia.slope(waves.current)
        average = chain.span.gains(self.link.order)[1]
        current = receiver.photodiode.curve(waves.power)
        level_power = chain.span.powers(self.link.order)
        level_current = receiver.photodiode.curve(level_power)
        white = receiver.tia.input_density(np.zeros(1))[0] + 2.0 * ELECTRON * current
        usual = receiver.tia.input_density(np.zeros(1))[0] + 2.0 * ELECTRON * float(level_current.mean())
        relative = path.source.rin * current**2, path.source.rin * float(np.mean(level_current**2))
        beats = self._beats(f) * (waves.power / level_power.mean() - 1.0)
        # the linear front end already counts the noise of mean light at the mean gain: only the difference is added
        # here
        total = self._through(behind, slope**2 * white - average**2 * usual)
        total += self._through(
            behind * receiver.photodiode.response(f), slope**2 * relative[0] - average**2 * relative[1]
        )
        return np.asarray(total + beats).reshape(PERIOD_SYMBOLS, SAMPLES_PER_UI)

    def _through(self, behind: NDArray[np.complex128], density: Float) -> Float:
        """Variance (N,) of white noise of a one-sided `density` (N,) A²/Hz that changes in time, through a response."""
        n = len(density)
        # variance of filtered white noise: the density in time convolved with the squared impulse response
        squares = fft.irfft(behind, n) ** 2
        return np.asarray(0.5 * self.chain.rate * fft.irfft(fft.rfft(squares) * fft.rfft(density), n))

    def _beats(self, frequency: Float) -> float:
        """Variance in V² of double reflections in the linear front end."""
        chain = self.chain
        density = chain.span.beat_density(frequency, symbol_rate=self.link.symbol_rate, order=self.link.order)
        seen = np.abs(chain.spectra(2 * (len(frequency) - 1)).behind) ** 2
        return float(np.trapezoid(density * seen, frequency))


def _least_squares(known: Float) -> Float:
    """Matrix (C, N) that makes least-squares coefficients of N values, for the columns of `known` (N, C)."""
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

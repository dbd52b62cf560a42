"""Baseline wander of an AC coupling: the tail of a response that outlasts every window, followed by its one pole.

A series capacitor multiplies a response by jf / (jf + corner): behind each symbol of area A stays -2 pi corner A, which falls as
exp(-2 pi corner t). Over random symbols that is noise of a first-order low-pass, nearly Gaussian, of a variance in closed form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sirf._arrays import Float, Single, Symbols
from sirf.channel.response import FADE_UI, PreparedTransfer
from sirf.signal.pam import level_shares, mean_square

FADED_UI = 2.0 * FADE_UI + 2.0
"""UI at the end of a window in which a symbol's response is no longer what it was."""
STILL = 1e-5
"""Decay a symbol below which wander stands still over a stretch: within 1,024 symbols its own data move it by less than 0.5 % of
its variance."""
SETTLED_STATES = 3.0
"""Time constants of the pole over which a sum of wander loses as much of its variance as over one constant stretch."""


@dataclass(frozen=True, slots=True)
class BaselineWander:
    """Cursors behind a response: `level` V for a unit symbol `lag` symbols behind the main one, times `decay` a symbol."""

    lag: int
    level: float
    decay: float

    def variance(self, levels: Float) -> float:
        """Of the wander of random symbols, V²."""
        # a geometric series of the decay squared, times the power of one symbol
        return mean_square(levels) * self.level**2 / (1.0 - self.decay**2)

    def fourth_cumulant(self, levels: Float) -> float:
        """Of the same, V⁴: what it is short of a Gaussian."""
        # a Gaussian has none: what is left says how far a sum of few symbols is from one
        own = float(level_shares(len(levels)) @ levels**4) - 3.0 * mean_square(levels) ** 2
        return own * self.level**4 / (1.0 - self.decay**4)

    def later(self, symbols: int) -> BaselineWander:
        """What is left of it `symbols` later."""
        return BaselineWander(self.lag + symbols, self.level * self.decay**symbols, self.decay)

    @property
    def memory(self) -> float:
        """Symbols over which the wander stays alike, as long as a constant stretch of the same scatter."""
        return SETTLED_STATES / (1.0 - self.decay)

    def follow(self, sent: Float, state: float) -> Float:
        """Wander (n,) in V where levels `sent` (n,) were sent `lag` symbols ago; `state` V is that of one symbol before."""
        # few links have a coupling, and SciPy's filters take long to load
        from scipy.signal import lfilter

        wave, _ = lfilter([self.level], [1.0, -self.decay], sent, zi=[self.decay * state])
        return np.asarray(wave)

    def stretch(self, sent: Float, state: float) -> Float:
        """Wander (n,) in V of a stretch of random data as `follow` has it; one far slower keeps its `state`: that is cheaper."""
        return np.full(len(sent), state) if 1.0 - self.decay < STILL else self.follow(sent, state)

    def periodic_state(self, period: Float) -> float:
        """Wander in V behind a pattern sent for ever: `period` (P,) are the levels of its last one, the newest last."""
        # the newest symbol has faded by nothing, each older one by one step more
        weights = self.decay ** np.arange(len(period))[::-1]
        return float(self.level * (weights @ period) / (1.0 - self.decay ** len(period)))


@dataclass(frozen=True, slots=True, kw_only=True)
class CouplingTail:
    """The slow part of a circular response of `samples` to a unit symbol: `level` V at the `instant`, times `decay` a symbol."""

    level: float
    decay: float
    instant: int
    samples: int
    samples_per_ui: int

    @classmethod
    def of(cls, prepared: PreparedTransfer, driver: Float, instant: int, *, gain: float) -> CouplingTail | None:
        """That of the response to a symbol, sampled at `instant`; None without a coupling.

        `driver` (N,) is the response without the transmitter's FFE, `gain` the sum of that one's taps: to what hardly changes
        from symbol to symbol it is one number. No DC passes, so all cursors sum to zero: behind the window comes what those
        inside are short of.
        """
        if not prepared.coupling_corner:
            return None
        m, n = prepared.samples_per_ui, len(driver)
        # responses are circular, so an instant before the start is one at the end
        instant %= n
        decay = float(np.exp(-2.0 * np.pi * prepared.coupling_corner / prepared.symbol_rate))
        inside = gain * float(np.sum(driver.take(instant + np.arange(n // m) * m, mode="wrap")))
        # the window ends in the middle of its fade; a symbol of one UI fades half a UI later, and a sum stands for an integral
        # that begins half a UI before its first term
        end = (n - instant) / m - 1.5 * FADE_UI + 1.0
        return cls(
            level=-(1.0 - decay) * inside * decay**-end, decay=decay, instant=instant, samples=n, samples_per_ui=m
        )

    def taken_off(self, response: Float) -> Float:
        """A `response` (samples,) without the tail, as far as its window holds it: zero from where that fades."""
        later = (np.arange(self.samples) - self.instant) / self.samples_per_ui
        falling = np.where(later > 0.0, self.level * self.decay ** np.maximum(later, 0.0), 0.0)
        # behind the fade the window holds no response any more, so nothing is left to be taken off
        return np.where(later < later[-1] - FADED_UI, response - falling, 0.0)

    def behind(self, lag: int) -> BaselineWander:
        """What comes from `lag` symbols behind the main cursor on."""
        return BaselineWander(lag, self.level * self.decay**lag, self.decay)


class WanderStream:
    """Wander of a run, block by block.

    Where the wander of random data stays alike for longer than a stretch, it is drawn anew with each, as slow jitter is, so that
    the errors of a run have met many values of it; a pattern's is what it is.
    """

    def __init__(
        self,
        wander: BaselineWander,
        levels: Float,
        queue: Float,
        state: float,
        *,
        stretch: int = 0,
        redraw: Callable[[], float] | None = None,
    ) -> None:
        """`queue` (Q,) holds the levels sent before the run that a row still waits for, `state` V what those before it have left.

        `redraw` gives another state for each further `stretch` symbols of a block and for each block; None where it runs on.
        """
        self.wander, self.levels, self.queue, self.state = wander, levels, queue, state
        self.stretch, self.redraw = stretch, redraw

    def add(self, symbols: Symbols, rows: Single, *, block: int) -> None:
        """Add the wander of `symbols` (S `block`,) to the `rows` (S `block`, M) in V that came of them."""
        for first in range(0, len(rows), block):
            part = slice(first, first + block)
            rows[part] += self.push(symbols[part]).astype(np.float32)[:, None]

    def push(self, symbols: Symbols) -> Float:
        """Wander (b,) in V of the rows of the next block of `symbols` (b,)."""
        size = len(symbols)
        line = np.concatenate([self.queue, self.levels[symbols]])
        self.queue = line[size:]
        # a state that runs on is followed through the block at once
        step = size if self.redraw is None else self.stretch
        wave = np.empty(size)
        for first in range(0, size, step):
            block = line[first : min(first + step, size)]
            # what is drawn anew with each stretch belongs to random data
            part = (
                self.wander.follow(block, self.state) if self.redraw is None else self.wander.stretch(block, self.state)
            )
            wave[first : first + step] = part
            self.state = float(part[-1]) if self.redraw is None else self.redraw()
        return wave

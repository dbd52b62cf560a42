"""Jitter tolerance: the largest sinusoidal jitter, frequency by frequency, that the receiver follows or bears."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sirf.clock.mask import JitterMask, load_mask
from sirf.clock.recovery import ClockRecovery
from sirf.clock.wander import Wander
from sirf.engine.waveform.simulate import simulate
from sirf.errors import SirfError
from sirf.link import Link
from sirf.results.error_count import ErrorCount
from sirf.signal.pam import bits_per_symbol
from sirf.units import Given, parse_count, parse_frequency

MAX_MASK_FACTOR = 64.0
"""Largest factor above and below the mask that is tried."""
MAX_RUN_SYMBOLS = 20_000_000
"""Symbols of a run at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JitterTolerance:
    """Tolerated amplitudes in UI peak to peak at `frequency` in Hz, beside the mask's.

    `tolerated_ui` is the largest amplitude tried that passed; None where even the least did not, `unbounded` tells where the
    largest tried passed. `ber` is the limit, `symbols` the least number of a run, and `shown_ber` the ratio below which a run of
    so many without an error stays at 99 %: where that is above the limit, passing shows no more.
    """

    mask: JitterMask
    ber: float
    symbols: int
    shown_ber: float
    frequency: tuple[float, ...]
    mask_ui: tuple[float, ...]
    tolerated_ui: tuple[float | None, ...]
    unbounded: tuple[bool, ...]

    @property
    def passed(self) -> bool:
        """Whether the mask is met at every frequency."""
        return all(got is not None and got >= asked for got, asked in zip(self.tolerated_ui, self.mask_ui, strict=True))

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Frequency and finding of each point as text."""
        found = zip(self.frequency, self.mask_ui, self.tolerated_ui, self.unbounded, strict=True)
        points = tuple(
            (
                f"{1e-6 * frequency:g} MHz",
                f"mask {asked:.3g} UI pp, tolerated {'none' if got is None else f'{got:.3g}'}{' or more' if more else ''}",
            )
            for frequency, asked, got, more in found
        )
        if self.shown_ber <= self.ber:
            return points
        return (*points, ("shown", f"BER below {self.shown_ber:.1e} at 99 %, by runs of {self.symbols:,} symbols"))

    def __str__(self) -> str:
        """A small table."""
        from sirf._display import table

        verdict = "met" if self.passed else "missed"
        return table(f"Jitter tolerance, mask {self.mask.id} {verdict} at BER {self.ber:g}", self.rows())

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "mask": self.mask.id,
            "passed": self.passed,
            "ber": self.ber,
            "symbols": self.symbols,
            "shown_ber": self.shown_ber,
            "frequency_hz": list(self.frequency),
            "mask_ui_pp": list(self.mask_ui),
            "tolerated_ui_pp": list(self.tolerated_ui),
            "unbounded": list(self.unbounded),
        }


def jtol(
    link: Link,
    *,
    mask: str | JitterMask = "802.3ck",
    frequencies: Sequence[Given] | None = None,
    ber: float | None = None,
    symbols: Given | None = None,
    steps: int = 3,
    rng: int = 1,
    progress: Callable[[str, int, int], None] | None = None,
) -> JitterTolerance:
    """Search the largest sinusoidal jitter at each frequency that keeps lock and the bit error ratio.

    Parameters
    ----------
    link
        An equalised link; without clock recovery it gets `ClockRecovery()`, 4 MHz.
    mask
        Id of a mask, its file, or a value.
    frequencies
        Hz; the corners of the mask by default.
    ber
        Most bit error ratio; the link's DER0 by default.
    symbols
        Least number per run, up to 20 million; by default what gives 20 bit errors at the limit as far as these allow, and at
        least one period of the jitter.
    steps
        Halvings of the last octave: 3 finds the amplitude within 9 %.

    From the mask's amplitude on it is doubled or halved until the verdict turns, then bisected. Raises `SirfError` for limits
    that are none.

    >>> sirf.jtol(link, mask="802.3ck", frequencies=["4 MHz"]).passed  # doctest: +SKIP
    """
    chosen = load_mask(mask) if isinstance(mask, str) else mask
    limit = link.der0 if ber is None else ber
    if not 0 < limit < 0.5:
        raise SirfError(f"ber must be between 0 and 0.5, got {limit}. Use 1e-5.")
    if steps < 0:
        raise SirfError(f"steps must not be negative, got {steps}. Use 3.")
    asked_for = chosen.frequencies(link.symbol_rate) if frequencies is None else frequencies
    tones = tuple(parse_frequency(tone, name="frequencies") for tone in asked_for)
    if not tones:
        raise SirfError("frequencies must hold one at least, got none. Leave them out for the corners of the mask.")
    bits = bits_per_symbol(link.order)
    if symbols is None:
        # twenty errors at the limit: a ratio known within half of itself, enough to tell on which side of the limit a run is
        count = int(min(20.0 / limit / bits, MAX_RUN_SYMBOLS))
    elif (count := parse_count(symbols, name="symbols")) > MAX_RUN_SYMBOLS:
        raise SirfError(
            f"symbols must be at most {MAX_RUN_SYMBOLS:,}, got {count:,}. Give the least number of one run."
        )
    # without a loop nothing would follow the jitter, and a mask is of what a loop leaves
    clock = link.receiver.clock or ClockRecovery()
    # masks are drawn over frequency in Hz or over the symbol rate
    asked = chosen.amplitude(np.array(tones), link.symbol_rate)
    found, unbounded = [], []
    for index, (tone, height) in enumerate(zip(tones, asked, strict=True)):
        if progress is not None:
            progress(f"{1e-6 * tone:g} MHz", index, len(tones))
        # at least a period: a run of the jitter's crest alone would not show what its slope does to the clock
        size = min(max(count, int(link.symbol_rate / tone)), MAX_RUN_SYMBOLS)

        def passes(amplitude: float, tone: float = tone, size: int = size) -> bool:
            # masks state peak to peak, a sine its amplitude
            wander = Wander(sinusoidal_ui=0.5 * amplitude, sinusoidal_frequency=tone)
            receiver = dataclasses.replace(link.receiver, clock=clock, wander=wander)
            # one seed for all amplitudes: verdicts differ by the jitter alone
            run = simulate(link.replace(receiver=receiver), symbols=size, rng=rng)
            # a clock that slips and locks again counts few errors in a long run, yet a real receiver would have gone down
            return run.clock is not None and run.clock.losses == 0 and run.clock.locked and run.ber <= limit

        amplitude, more = _largest(passes, float(height), steps)
        found.append(amplitude)
        unbounded.append(more)
    if progress is not None:
        progress("done", len(tones), len(tones))
    return JitterTolerance(
        mask=chosen,
        ber=limit,
        symbols=count,
        shown_ber=ErrorCount(symbols=count, bits_per_symbol=bits).interval()[1],
        frequency=tones,
        mask_ui=tuple(float(value) for value in asked),
        tolerated_ui=tuple(found),
        unbounded=tuple(unbounded),
    )


def _largest(passes: Callable[[float], bool], start: float, steps: int) -> tuple[float | None, bool]:
    """Largest amplitude that passes, and whether the end of the range did: by octaves from `start`, then geometric bisection."""
    low: float | None
    if passes(start):
        # by octaves up while it passes
        low, high = start, 2.0 * start
        while passes(high):
            low, high = high, 2.0 * high
            if low >= MAX_MASK_FACTOR * start:
                return low, True
    else:
        # by octaves down until it passes
        high, low = start, 0.5 * start
        while not passes(low):
            high, low = low, 0.5 * low
            if high <= start / MAX_MASK_FACTOR:
                return None, False
    for _ in range(steps):
        # masks are straight lines on logarithmic axes: half way is the geometric mean
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if passes(middle) else (low, middle)
    return low, False

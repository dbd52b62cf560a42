"""The distribution of interference and noise at one sampling phase, exact to tails far below 1e-15.

The moment-generating function of every independent part is a closed form; their product on a line s = theta + j omega is
inverted by FFT. Because the line is moved to theta > 0, the inverse keeps its *relative* accuracy in the tail: theta tilts
the density so that its centre lies where the error ratio is read (an inverse at theta = 0 bottoms out near 1e-16).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.characteristic import multiply_cumulants, multiply_symbols, symbol_chain

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]

REACH = 14.0
"""Half width of the voltage window in standard deviations: bounded and Gaussian parts are sub-Gaussian, so what lies beyond
has less than exp(-98) of probability."""
DECAY = 8.6
"""The line ends where the Gaussian part has fallen to exp(-DECAY²/2), about 1e-16."""
SMALL = 0.4
"""Cursors with |s c| below this at the end of the line enter by their second and fourth cumulants (sixth: < 1e-5)."""
LONGEST = 8192
"""Most points of the line; a narrower Gaussian part is widened to fit, to less than 1/300 of the total deviation."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Jitter:
    """Edge displacement in UI: variance of the random part, half distance of the two deltas, and what a displaced edge carries.

    A transition of the Tx FFE output is new a_k + old a_(k-1) + rest, the last Gaussian with variance `rest`.
    """

    random: float
    dirac: float
    new: float
    old: float
    rest: float

    @classmethod
    def of(cls, random_ui: float, dual_dirac_ui: float, ffe: tuple[float, ...], main: int, symbol_variance: float) -> Jitter:
        """From Gaussian rms and dual-Dirac half distance in UI, and the Tx FFE."""
        differences = np.diff([0.0, *ffe, 0.0])
        others = np.delete(differences, [main, main + 1])
        return cls(random=random_ui**2, dirac=dual_dirac_ui, new=float(differences[main]),
                   old=float(differences[main + 1]), rest=float(symbol_variance * np.sum(others**2)))

    @property
    def variance(self) -> float:
        """Mean square displacement, UI²."""
        return self.random + self.dirac**2

    def transition_variance(self, symbol_variance: float) -> float:
        """Mean square of a transition."""
        return symbol_variance * (self.new**2 + self.old**2) + self.rest


@dataclass(frozen=True, slots=True, eq=False)
class Interference:
    """Upper tails P(x > v) of the interference x given the main symbol's level, and its density.

    `volts` (V,) from 0 up; `tail` (L, V) by level index; the lower tail of level j is the upper tail of level L-1-j.
    `density` (L, V) in 1/V on the same grid.
    """

    volts: Float
    tail: Float
    density: Float

    def above(self, level: int, value: Float | float) -> Float:
        """P(x > value | level) at any sign of `value`, by interpolation of the logarithm."""
        value = np.asarray(value, dtype=float)
        upper = self._interpolate(self.tail[level], np.abs(value))
        lower = self._interpolate(self.tail[len(self.tail) - 1 - level], np.abs(value))
        return np.where(value >= 0, upper, 1.0 - lower)

    def quantile(self, level: int, probability: float) -> float:
        """The value v with P(x > v | level) = probability (below 0.5), V; by interpolation of the logarithm."""
        tail = self.tail[level]
        last = int(np.argmax(tail <= probability)) if np.any(tail <= probability) else len(tail) - 1
        if last == 0:
            return 0.0
        high, low = np.log(tail[last - 1]), np.log(max(tail[last], 1e-300))
        part = (high - np.log(probability)) / (high - low) if high > low else 1.0
        return float(self.volts[last - 1] + min(part, 1.0) * (self.volts[last] - self.volts[last - 1]))

    def _interpolate(self, tail: Float, value: Float) -> Float:
        logarithm = np.log(np.maximum(tail, 1e-300))
        return np.where(value > self.volts[-1], 0.0, np.exp(np.interp(value, self.volts, logarithm)))


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """The line on which moment-generating functions are taken: two tilts in 1/V, spacing and number of points."""

    tilts: tuple[float, float]
    step: float
    size: int

    @classmethod
    def of(cls, total_variance: float, gaussian_variance: float) -> tuple[Line, float]:
        """The line for these variances in V², and the Gaussian variance to use with it."""
        deviation = np.sqrt(total_variance)
        width = 2.0 * REACH * deviation
        step = 2.0 * np.pi / width
        gaussian = max(np.sqrt(gaussian_variance), DECAY / (LONGEST * step))
        size = 1 << int(np.ceil(np.log2(max(DECAY / gaussian / step, 64.0))))
        tilts = (max(45.0 / width, 2.5 / deviation), 6.5 / deviation)
        return cls(tilts, float(step), size), float(gaussian**2)

    @property
    def end(self) -> float:
        """Largest |s| on the line, 1/V."""
        return float(np.hypot(self.tilts[1], self.step * self.size))


def aggressor_function(wave: Float, samples_per_ui: int, levels: Float, line: Line, *, worst_phase: bool,
                       phases: int = 16) -> Complex:
    """(2, S): moment-generating function of one aggressor, averaged over its phase (or at its worst one), by tilt."""
    usable = wave[: len(wave) // samples_per_ui * samples_per_ui].reshape(-1, samples_per_ui)
    columns = usable[:, :: max(samples_per_ui // phases, 1)]
    if worst_phase:
        columns = columns[:, [int(np.argmax(np.sum(columns**2, axis=0)))]]
    total = np.zeros((2, line.size), dtype=complex)
    for row, tilt in enumerate(line.tilts):
        for column in columns.T:
            part = np.ones(line.size, dtype=complex)
            independent(part, tilt, line, np.ascontiguousarray(column), levels)
            total[row] += part
    return total / columns.shape[1]


def independent(out: Complex, tilt: float, line: Line, cursors: Float, levels: Float) -> None:
    """Multiply `out` in place by the function of independent symbols through `cursors`, the small ones by cumulants."""
    small = np.abs(cursors) * line.end * np.abs(levels).max() < SMALL
    multiply_symbols(out, tilt, line.step, np.ascontiguousarray(cursors[~small]), levels)
    second, fourth = cumulants(levels)
    multiply_cumulants(out, tilt, line.step, second * float(np.sum(cursors[small] ** 2)),
                       fourth * float(np.sum(cursors[small] ** 4)))


def cumulants(levels: Float) -> tuple[float, float]:
    """Second and fourth cumulant of equally likely symmetric levels."""
    second = float(np.mean(levels**2))
    return second, float(np.mean(levels**4)) - 3.0 * second**2


def interference(cursors: Float, main: int, edges: Float, jitter: Jitter, levels: Float, gaussian_variance: float,
                 crosstalk: Complex, line: Line) -> Interference:
    """The distribution at one phase.

    `cursors` (K,) in V with the DFE's share taken off, the main one at index `main` (its value is not used); `edges` (K,)
    the edge response at the same instants; `gaussian_variance` in V²; `crosstalk` (2, S) the aggressors' function on `line`.
    """
    symbol_variance = cumulants(levels)[0]
    chain = _chain(edges, main, jitter)
    loose_edges = np.delete(edges, np.arange(chain.start, chain.stop))
    variance = gaussian_variance + jitter.variance * jitter.transition_variance(symbol_variance) * float(np.sum(loose_edges**2))
    # the edge at index k lies between symbols k and k + 1, so a chain of edges ties one symbol more
    tied = np.zeros(len(cursors), dtype=bool)
    if len(chain):
        tied[chain.start : chain.stop + 1] = True
    tied[main] = True
    functions = np.empty((2, len(levels), line.size), dtype=complex)
    for row, tilt in enumerate(line.tilts):
        common = crosstalk[row].copy()
        independent(common, tilt, line, cursors[~tied], levels)
        multiply_cumulants(common, tilt, line.step, variance, 0.0)
        if len(chain):
            functions[row] = common * symbol_chain(
                tilt, line.step, line.size, np.ascontiguousarray(cursors[chain.start : main]),
                np.ascontiguousarray(cursors[main + 1 : chain.stop + 1]),
                np.ascontiguousarray(edges[chain.start : chain.stop]), jitter.random, jitter.dirac, jitter.new, jitter.old,
                jitter.rest, levels)
        else:
            functions[row] = common
    return _invert(functions, line)


def _chain(edges: Float, main: int, jitter: Jitter) -> range:
    """The run of edges about the main cursor that matter: all above 3 % of the largest within 12 UI."""
    if jitter.variance == 0.0:
        return range(0)
    low, high = max(main - 12, 0), min(main + 12, len(edges) - 1)
    strong = np.flatnonzero(np.abs(edges[low:high]) > 0.03 * np.abs(edges[low:high]).max()) + low
    return range(min(int(strong[0]), main), max(int(strong[-1]) + 1, main))


def _invert(functions: Complex, line: Line) -> Interference:
    """Tails and density from the functions (2, L, S) at both tilts; at each voltage the tilt with the lower error floor."""
    points = 16 * line.size
    volts = np.arange(points // 2) * (2.0 * np.pi / line.step / points)
    s = np.array(line.tilts)[:, None] + 1j * line.step * np.arange(line.size)
    floor = np.log(np.abs(functions[:, :, 0]))[:, :, None] - np.array(line.tilts)[:, None, None] * volts
    choice = floor[1] < floor[0]
    tails = [_line_integral(functions[row] / s[row], line, row, points) for row in (0, 1)]
    densities = [_line_integral(functions[row], line, row, points) for row in (0, 1)]
    tail = np.clip(np.where(choice, tails[1], tails[0]), 0.0, 1.0)
    density = np.maximum(np.where(choice, densities[1], densities[0]), 0.0)
    return Interference(volts=volts, tail=np.minimum.accumulate(tail, axis=1), density=density)


def _line_integral(values: Complex, line: Line, row: int, points: int) -> Float:
    """(1/2 pi) integral of values(s) exp(-s v) d omega over the whole line, at the non-negative voltages (L, points / 2)."""
    padded = np.zeros((values.shape[0], points // 2 + 1), dtype=complex)
    padded[:, : line.size] = np.conj(values)
    # the conjugate turns exp(-j omega v) into the inverse transform's exp(+j omega v) on a Hermitian spectrum
    summed = np.fft.irfft(padded, points, axis=1)[:, : points // 2] * points * line.step / (2.0 * np.pi)
    volts = np.arange(points // 2) * (2.0 * np.pi / line.step / points)
    return np.asarray(summed * np.exp(-line.tilts[row] * volts))

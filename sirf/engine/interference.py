"""The distribution of interference and noise at one sampling phase, exact to tails far below 1e-15.

The moment-generating function of every independent part is a closed form; their product on a line s = theta + j omega is
inverted by FFT. Because the line is moved to theta > 0, the inverse keeps its *relative* accuracy in the tail: theta tilts
the density so that its centre lies where the error ratio is read (an inverse at theta = 0 bottoms out near 1e-16).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sirf._kernels.characteristic import multiply_cumulants, multiply_symbols, symbol_chain
from sirf.results.interference import FLOOR, Interference

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]

REACH = 14.0
"""Half width of the voltage window in standard deviations: bounded and Gaussian parts are sub-Gaussian, so what lies beyond
has less than exp(-98) of probability."""
TILT = 5.5
"""Tilt in standard deviations."""
DECAY = 8.6
"""The line ends where the Gaussian part has fallen to exp(-DECAY²/2), about 1e-16."""
SMALL = 0.4
"""Cursors with |s c| below this at the end of the line enter by their second and fourth cumulants (sixth: < 1e-5)."""
NEGLIGIBLE = 1e-17
"""Points of the line where the other factors have fallen this low are left out."""
LONGEST = 8192
"""Most points of the line; a narrower Gaussian part is widened to fit, to less than 1/300 of the total deviation."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Jitter:
    """Edge displacement in UI: variance of the random part, half distance of the two deltas, and what a displaced edge carries.

    The transition into symbol k of the Tx FFE's output is weights . (a_(k-lead), a_(k-lead-1), a_(k-lead-2)) + rest: the three
    neighbours that count most, exactly, and the others as a Gaussian of variance `rest`.
    """

    random: float
    dirac: float
    weights: tuple[float, float, float]
    lead: int
    rest: float

    @classmethod
    def of(
        cls, random_ui: float, dual_dirac_ui: float, ffe: tuple[float, ...], main: int, symbol_variance: float
    ) -> Jitter:
        """From Gaussian rms and dual-Dirac half distance in UI, and the Tx FFE."""
        steps = np.concatenate([[0.0], np.diff([0.0, *ffe, 0.0]), [0.0]])
        present = main + 1
        lead = max((-1, 0), key=lambda shift: float(np.sum(steps[present + shift : present + shift + 3] ** 2)))
        inside = slice(present + lead, present + lead + 3)
        rest = symbol_variance * float(np.sum(steps**2) - np.sum(steps[inside] ** 2))
        kept = symbol_variance * float(np.sum(steps[inside] ** 2))
        # a rest below 1 % of the whole is folded into the weights, which keeps the variance of the transition
        scale, rest = (np.sqrt(1.0 + rest / kept), 0.0) if rest < 0.01 * kept else (1.0, rest)
        first, second, third = (float(scale * value) for value in steps[inside])
        return cls(random=random_ui**2, dirac=dual_dirac_ui, weights=(first, second, third), lead=lead, rest=rest)

    @property
    def variance(self) -> float:
        """Mean square displacement, UI²."""
        return self.random + self.dirac**2

    def transition_variance(self, symbol_variance: float) -> float:
        """Mean square of a transition."""
        return symbol_variance * float(np.sum(np.square(self.weights))) + self.rest

    @property
    def widest(self) -> float:
        """Largest transition."""
        return float(np.sum(np.abs(self.weights)) + np.sqrt(3.0 * self.rest))


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """The line on which moment-generating functions are taken: tilt in 1/V, its upper limit, spacing and number of points."""

    tilt: float
    limit: float
    step: float
    size: int

    @classmethod
    def of(cls, total_variance: float, gaussian_variance: float, *, curvature: float = 0.0) -> tuple[Line, float]:
        """The line for these variances in V², and the Gaussian variance to use with it.

        `curvature` in V is the largest second-order jitter term per unit of its variance: the tilt stays below 0.4 / curvature,
        where its moment-generating function exists. A tilt of 5.5 deviations keeps all digits that matter from the middle
        of the distribution (floor 1e-10) to beyond 12 deviations.
        """
        deviation = float(np.sqrt(total_variance))
        step = np.pi / (REACH * deviation)
        gaussian = max(np.sqrt(gaussian_variance), DECAY / (LONGEST * step))
        size = int(np.ceil(max(DECAY / gaussian / step, 64.0)))
        limit = 0.4 / curvature if curvature > 0 else np.inf
        return cls(min(TILT / deviation, limit), limit, step, size), float(gaussian**2)

    def tilted(self, deviation: float) -> Line:
        """This line with the tilt for a distribution of `deviation` V, in steps of sqrt(2) so that few different ones arise."""
        steps = np.floor(2.0 * np.log2(max(TILT / deviation / self.tilt, 1.0)))
        return replace(self, tilt=min(self.tilt * 2.0 ** (steps / 2.0), self.limit))

    @property
    def end(self) -> float:
        """Largest |s| on the line, 1/V."""
        return float(np.hypot(self.tilt, self.step * self.size))


def aggressor_function(
    wave: Float, samples_per_ui: int, levels: Float, line: Line, *, worst_phase: bool, phases: int = 16
) -> Complex:
    """(S,): moment-generating function of one aggressor, averaged over its phase (or at its worst one)."""
    usable = wave[: len(wave) // samples_per_ui * samples_per_ui].reshape(-1, samples_per_ui)
    columns = usable[:, :: max(samples_per_ui // phases, 1)]
    if worst_phase:
        columns = columns[:, [int(np.argmax(np.sum(columns**2, axis=0)))]]
    total = np.zeros(line.size, dtype=complex)
    for column in columns.T:
        part = np.ones(line.size, dtype=complex)
        independent(part, line, np.ascontiguousarray(column), levels)
        total += part
    return np.asarray(total / columns.shape[1])


def independent(out: Complex, line: Line, cursors: Float, levels: Float) -> None:
    """Multiply `out` in place by the function of independent symbols through `cursors`, the small ones by cumulants."""
    small = np.abs(cursors) * line.end * np.abs(levels).max() < SMALL
    multiply_symbols(out, line.tilt, line.step, np.ascontiguousarray(cursors[~small]), levels)
    second, fourth = cumulants(levels)
    power, square = float(np.sum(cursors[small] ** 2)), float(np.sum(cursors[small] ** 4))
    multiply_cumulants(out, line.tilt, line.step, second * power, fourth * square)


def cumulants(levels: Float) -> tuple[float, float]:
    """Second and fourth cumulant of equally likely symmetric levels."""
    second = float(np.mean(levels**2))
    return second, float(np.mean(levels**4)) - 3.0 * second**2


def interference(
    cursors: Float,
    main: int,
    edges: Float,
    slopes: Float,
    jitter: Jitter,
    levels: Float,
    gaussian_variance: float,
    crosstalk: Complex,
    line: Line,
) -> Interference:
    """The distribution at one phase.

    `cursors` (K,) in V with the DFE's share taken off, the main one at index `main` (its value is not used); `edges` and
    `slopes` (K,) the edge response and its derivative at the same instants; `gaussian_variance` in V²; `crosstalk` (S,) the
    aggressors' function on `line`.
    """
    symbol_variance = cumulants(levels)[0]
    power = jitter.variance * jitter.transition_variance(symbol_variance) * edges**2
    chain = _chain(power, gaussian_variance, main, jitter)
    variance = gaussian_variance + float(np.sum(np.delete(power, np.arange(chain.start, chain.stop))))
    tied = range(chain.start + jitter.lead, chain.stop + jitter.lead + 2) if len(chain) else range(main, main + 1)
    common = crosstalk.copy()
    independent(common, line, np.delete(cursors, np.arange(tied.start, tied.stop)), levels)
    multiply_cumulants(common, line.tilt, line.step, variance, 0.0)
    functions = np.tile(common, (len(levels), 1))
    if len(chain):
        needed = int(np.flatnonzero(np.abs(common) > NEGLIGIBLE * np.abs(common[0]))[-1]) + 1
        functions[:, needed:] = 0.0
        inside = slice(chain.start, chain.stop)
        functions[:, :needed] *= symbol_chain(
            line.tilt, line.step, needed, cursors[tied.start : tied.stop].copy(), main - tied.start, edges[inside].copy(),
            slopes[inside].copy(), jitter.random, jitter.dirac, np.array(jitter.weights), jitter.rest, levels,
        )  # fmt: skip
    return _invert(functions, line)


def _chain(power: Float, gaussian_variance: float, main: int, jitter: Jitter) -> range:
    """The run of edges that carry more than 0.1 % of all noise within 12 UI of the main cursor, the main symbol inside."""
    if jitter.variance == 0.0:
        return range(0)
    low, high = max(main - 12, 1), min(main + 12, len(power) - 2)
    strong = np.flatnonzero(power[low:high] > 0.001 * (gaussian_variance + power.sum())) + low
    first, last = (int(strong[0]), int(strong[-1])) if len(strong) else (main, main)
    # the main symbol must lie strictly between the first and the last symbol of the chain
    return range(min(first, main - 1 - jitter.lead), max(last + 1, main - jitter.lead))


def _invert(functions: Complex, line: Line) -> Interference:
    """Tails and density from the functions (L, S)."""
    points = 16 << int(np.ceil(np.log2(line.size)))
    volts = np.arange(points // 2) * (2.0 * np.pi / line.step / points)
    untilt = np.exp(-line.tilt * volts)
    s = line.tilt + 1j * line.step * np.arange(line.size)
    tail = np.clip(_line_integral(functions / s, line, points) * untilt, 0.0, 1.0)
    density = np.maximum(_line_integral(functions, line, points) * untilt, 0.0)
    log_tail = np.log(np.maximum(np.minimum.accumulate(tail, axis=1), FLOOR))
    return Interference(volts=np.asarray(volts, dtype=float), log_tail=log_tail, density=density)


def _line_integral(values: Complex, line: Line, points: int) -> Float:
    """(1/2 pi) integral of values exp(-j omega v) d omega over the whole line at the non-negative voltages (L, points / 2)."""
    padded = np.zeros((values.shape[0], points // 2 + 1), dtype=complex)
    padded[:, : line.size] = np.conj(values)
    # the conjugate turns exp(-j omega v) into the inverse transform's exp(+j omega v) on a Hermitian spectrum
    return np.asarray(fft.irfft(padded, points, axis=1)[:, : points // 2] * (points * line.step / (2.0 * np.pi)))

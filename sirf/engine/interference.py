"""The distribution of interference and noise at one sampling phase, exact to tails far below 1e-15.

The moment-generating function of every independent part is a closed form; their product on a line s = theta + j omega is
inverted by FFT. Because the line is moved to theta > 0, the inverse keeps its *relative* accuracy in the tail: theta tilts
the density so that its centre lies where the error ratio is read (an inverse at theta = 0 bottoms out near 1e-16).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from sirf._kernels.characteristic import (
    average_symbols,
    fit_line,
    multiply_cumulants,
    multiply_symbols,
    symbol_chain,
)
from sirf.errors import SirfError
from sirf.results.interference import FLOOR, Interference

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]

DEPTH = 20.0
"""The line is tilted to where the tail has fallen to about exp(-DEPTH) = 2e-9: rounding stays below 1e-7 of the middle of the
distribution and below 1e-12 of what is read at 1e-15."""
DECAY = 8.6
"""The line ends where the Gaussian part has fallen to exp(-DECAY²/2), about 1e-16."""
SMALL = 0.4
"""Cursors with |s c| below this at the end of the line enter by three cumulants; the rest of each is below SMALL^8 / 148 = 4e-6
there, where the function itself is 1e-16, and (s / end)^8 of that elsewhere."""
NEGLIGIBLE = 1e-15
"""Points of the line where the other factors have fallen this low are left out."""
NARROWEST = 1.0 / 400.0
"""A Gaussian part narrower than this part of the total deviation is widened to it, so that the line stays finite."""
OVERSAMPLING = 8
"""At least so many voltages in each step that the line resolves."""
EXACT = 64
"""Largest bounded parts that the choice of the line looks at one by one."""
TOLERANCE = 1e-5
"""How far the probabilities on both sides of the middle may miss a sum of one."""
ROOM = 40.0
"""Decay lengths of a second-order jitter term that the period holds beyond the rest: exp(-ROOM (1 - 0.4)) is 4e-11."""
CHAINED = 3e-4
"""Edges with at least this part of the noise power are tied to their symbols exactly."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Jitter:
    """Edge displacement in UI: what is drawn anew for every edge, and what a displaced edge carries.

    Independent from edge to edge: a Gaussian of variance `random` plus one of `atoms` (D,) with probabilities `shares` (D,).
    The transition into symbol k of the Tx FFE's output is weights . (a_(k-lead), a_(k-lead-1), a_(k-lead-2)) + rest: the three
    neighbours that count most, exactly, and the others as a Gaussian of variance `rest`.
    """

    random: float
    atoms: Float
    shares: Float
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
        pair = np.array([-dual_dirac_ui, dual_dirac_ui]) if dual_dirac_ui else np.zeros(1)
        return cls(
            random=random_ui**2,
            atoms=pair,
            shares=np.full(len(pair), 1.0 / len(pair)),
            weights=(first, second, third),
            lead=lead,
            rest=rest,
        )

    @property
    def variance(self) -> float:
        """Mean square displacement, UI²."""
        return self.random + float(self.shares @ self.atoms**2)

    @property
    def fourth(self) -> float:
        """Mean fourth power of the displacement, UI⁴."""
        return float(3.0 * self.random**2 + 6.0 * self.random * (self.shares @ self.atoms**2)
                     + self.shares @ self.atoms**4)  # fmt: skip

    def transition_variance(self, symbol_variance: float) -> float:
        """Mean square of a transition."""
        return symbol_variance * float(np.sum(np.square(self.weights))) + self.rest

    def moments(self, levels: Float) -> tuple[float, float]:
        """Variance and fourth cumulant of transition x displacement, in UI² and UI⁴."""
        second, fourth, _ = cumulants(levels)
        power = self.transition_variance(second)
        step4 = fourth * float(np.sum(np.power(self.weights, 4))) + 3.0 * power**2
        spread = power * self.variance
        return spread, step4 * self.fourth - 3.0 * spread**2

    @property
    def widest(self) -> float:
        """Largest transition."""
        return float(np.sum(np.abs(self.weights)) + np.sqrt(3.0 * self.rest))

    @property
    def reach(self) -> float:
        """Largest bounded displacement, UI."""
        return float(np.abs(self.atoms).max())


@dataclass(frozen=True, slots=True)
class Line:
    """Where moment-generating functions are taken: `tilt` and `step` in 1/V, `size` points, Gaussian variance to use in V²."""

    tilt: float
    step: float
    size: int
    gaussian: float = field(compare=False)

    @classmethod
    def of(
        cls,
        bounded: Float,
        gaussian_variance: float,
        levels: Float,
        *,
        proxy: float = 0.0,
        spread: float = 0.0,
        curvature: float = 0.0,
    ) -> Line:
        """The line for parts within ±`bounded` (K,) V, a Gaussian variance and a sub-Gaussian variance `proxy`.

        `gaussian_variance` in V² is what decays along the line; `spread` further Gaussian variance that may or may not.
        `curvature` in V bounds the second-order jitter term per unit of its squared normal variable: its tail falls as
        exp(-v / curvature), so the tilt stays below 0.4 / curvature and the period makes room for it. Tilt and period are
        rounded to steps of sqrt(2), so that phases share lines.
        """
        sizes = np.sort(np.abs(bounded))[::-1]
        exact, few = np.ascontiguousarray(sizes[:EXACT]), float(np.sum(sizes[EXACT:] ** 2)) + proxy
        total = float(np.sum(sizes**2)) + proxy + gaussian_variance + spread
        if not 0.0 < total < np.inf:
            raise SirfError(
                f"interference and noise must have a positive finite variance, got {total:g} V². "
                "Give the receiver a noise_density."
            )
        gaussian = max(gaussian_variance, NARROWEST**2 * total)
        limit = 0.4 / curvature if curvature > 0 else np.inf
        tilt, period = fit_line(exact, few, gaussian + spread, levels, DEPTH, limit)
        tilt = 2.0 ** (np.floor(2.0 * np.log2(tilt)) / 2.0)
        period = 2.0 ** (np.ceil(2.0 * np.log2(period + ROOM * curvature)) / 2.0)
        step = 2.0 * np.pi / period
        size = max(int(np.ceil(DECAY / np.sqrt(gaussian) / step)), 16)
        return cls(float(tilt), float(step), size, gaussian)

    @property
    def end(self) -> float:
        """Largest |s| on the line, 1/V."""
        return float(np.hypot(self.tilt, self.step * self.size))

    @property
    def points(self) -> Complex:
        """The line itself (S,), 1/V."""
        return np.asarray(self.tilt + 1j * self.step * np.arange(self.size), dtype=complex)


def aggressor_function(
    wave: Float, samples_per_ui: int, levels: Float, line: Line, *, worst_phase: bool, phases: int = 16
) -> Complex:
    """(S,): moment-generating function of one aggressor, averaged over its phase (or at its worst one)."""
    usable = wave[: len(wave) // samples_per_ui * samples_per_ui].reshape(-1, samples_per_ui)
    small = SMALL / (line.end * float(np.abs(levels).max()))
    stride, first = max(samples_per_ui // phases, 1), 0
    if worst_phase:
        first, stride = int(np.argmax(np.sum(usable**2, axis=0))), samples_per_ui
    total: Complex = average_symbols(
        usable, first, stride, line.tilt, line.step, line.size, levels, small, np.array(cumulants(levels))
    )
    return total


def independent(out: Complex, line: Line, cursors: Float, levels: Float) -> None:
    """Multiply `out` in place by the function of independent symbols through `cursors`, the small ones by cumulants."""
    small = SMALL / (line.end * float(np.abs(levels).max()))
    multiply_symbols(
        out, line.tilt, line.step, np.ascontiguousarray(cursors), levels, small, np.array(cumulants(levels))
    )


def cumulants(levels: Float) -> tuple[float, float, float]:
    """Second, fourth and sixth cumulant of equally likely symmetric levels."""
    second, fourth, sixth = (float(np.mean(levels**power)) for power in (2, 4, 6))
    return second, fourth - 3.0 * second**2, sixth - 15.0 * fourth * second + 30.0 * second**3


def interference(
    cursors: Float,
    main: int,
    edges: Float,
    slopes: Float,
    jitter: Jitter,
    levels: Float,
    crosstalk: Complex,
    line: Line,
) -> Interference:
    """The distribution at one phase.

    `cursors` (K,) in V with the DFE's share taken off, the main one at index `main` (its value is not used); `edges` and
    `slopes` (K,) the edge response and its derivative at the same instants; `crosstalk` (S,) the aggressors' function on
    `line`, whose `gaussian` is the noise. Raises `SirfError` naming the step after which probabilities miss a sum of one.
    """
    spread, fourth = jitter.moments(levels)
    power = spread * edges**2
    chain, strong = edge_chain(power, line.gaussian, main, jitter)
    loose = edges[~strong]
    tied = range(chain.start + jitter.lead, chain.stop + jitter.lead + 2) if len(chain) else range(main, main + 1)
    common = np.ones(line.size, dtype=complex)
    multiply_cumulants(
        common,
        line.tilt,
        line.step,
        line.gaussian + spread * float(np.sum(loose**2)),
        fourth * float(np.sum(loose**4)),
    )
    _check(common[None], line, "noise")
    common *= crosstalk
    _check(common[None], line, "crosstalk")
    independent(common, line, np.delete(cursors, np.arange(tied.start, tied.stop)), levels)
    _check(common[None], line, "intersymbol interference")
    functions = np.tile(common, (len(levels), 1))
    if len(chain):
        needed = int(np.flatnonzero(np.abs(common) > NEGLIGIBLE * np.abs(common[0]))[-1]) + 1
        functions[:, needed:] = 0.0
        inside = slice(chain.start, chain.stop)
        atoms = np.tile(jitter.atoms, (len(chain), 1))
        functions[:, :needed] *= symbol_chain(
            line.tilt, line.step, needed, cursors[tied.start : tied.stop].copy(), main - tied.start, (edges * strong)[inside],
            (slopes * strong)[inside], jitter.random, jitter.variance, atoms, jitter.shares, 0.0, np.array(jitter.weights),
            jitter.rest, levels,
        )  # fmt: skip
        _check(functions, line, "jitter")
    return _invert(functions, line)


def edge_chain(power: Float, gaussian_variance: float, main: int, jitter: Jitter) -> tuple[range, NDArray[np.bool_]]:
    """The edges (K,) with more than `CHAINED` of all noise within 12 UI of the main cursor, and the run that holds them.

    The main symbol lies inside the run.
    """
    strong = np.zeros(len(power), dtype=bool)
    if jitter.variance == 0.0:
        return range(0), strong
    low, high = max(main - 12, 1), min(main + 12, len(power) - 2)
    strong[low:high] = power[low:high] > CHAINED * (gaussian_variance + power.sum())
    where = np.flatnonzero(strong)
    first, last = (int(where[0]), int(where[-1])) if len(where) else (main, main)
    # the main symbol must lie strictly between the first and the last symbol of the chain
    return range(min(first, main - 1 - jitter.lead), max(last + 1, main - jitter.lead)), strong


def _check(functions: Complex, line: Line, step: str) -> None:
    """Both sides of the middle, P(x > 0) of each level and of its mirror image, must make one."""
    weighted = functions / line.points
    weighted[:, 0] *= 0.5
    above = weighted.real.sum(axis=1) * line.step / np.pi
    total = above + above[::-1]
    worst = float(np.abs(total - 1.0).max())
    if not worst < TOLERANCE:
        raise SirfError(
            f"probabilities must sum to 1 after the step '{step}', got {float(total.max()):.6g}. "
            "Check the link's amplitudes, noise and jitter for values that are not physical."
        )


def _invert(functions: Complex, line: Line) -> Interference:
    """Tails and density from the functions (L, S), on voltages from 0 over one period of the line."""
    points = 2 * OVERSAMPLING << int(np.ceil(np.log2(line.size)))
    volts = np.arange(points) * (2.0 * np.pi / line.step / points)
    untilt = np.exp(-line.tilt * volts)
    tail = np.clip(_line_integral(functions / line.points, line, points) * untilt, 0.0, 1.0)
    density = np.maximum(_line_integral(functions, line, points) * untilt, 0.0)
    log_tail = np.log(np.maximum(np.minimum.accumulate(tail, axis=1), FLOOR))
    return Interference(volts=np.asarray(volts, dtype=float), log_tail=log_tail, density=density)


def _line_integral(values: Complex, line: Line, points: int) -> Float:
    """(1/2 pi) integral of values exp(-j omega v) d omega over the whole line at the voltages (L, points)."""
    padded = np.zeros((values.shape[0], points // 2 + 1), dtype=complex)
    padded[:, : line.size] = np.conj(values)
    # the conjugate turns exp(-j omega v) into the inverse transform's exp(+j omega v) on a Hermitian spectrum
    return np.asarray(fft.irfft(padded, points, axis=1) * (points * line.step / (2.0 * np.pi)))

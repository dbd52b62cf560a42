"""The distribution of interference and noise at one sampling phase, exact to tails far below 1e-15.

The moment-generating function of every independent part is a closed form; their product on a line s = theta + j omega is
inverted by FFT. Because the line is moved to theta > 0, the inverse keeps its *relative* accuracy in the tail: theta tilts
the density so that its centre lies where the error ratio is read (an inverse at theta = 0 bottoms out near 1e-16).
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy import fft

from sirf._arrays import Complex, Float
from sirf._kernels.characteristic import multiply_cumulants
from sirf.engine.edge_response import EdgeResponse
from sirf.engine.statistical.edge_jitter import Displacement
from sirf.engine.statistical.symbol_pairing import Neighbours, averaged_function, multiply_others, pairings
from sirf.engine.statistical.tilted_contour import KEPT_LINES, TiltedContour
from sirf.engine.statistical.tilted_edges import EdgeChain, chain_function, loose_edges, moved_cursors
from sirf.errors import SirfError
from sirf.results.interference_distribution import FLOOR, Interference
from sirf.signal.pam import level_shares

SEAM = 1e-9
"""Probability at which the second line takes over from the first."""
RESOLVED, LEAST_RESOLVED = 1e-18, 1e-30
"""Probabilities that the first line must resolve by itself, or there is a second one: anywhere, and where errors are rarer."""
BELOW_ERRORS = 1e-8
"""What follows an error is read from the tail down to this part of the error ratio at the instant."""
RESOLUTION = 100.0
"""A tail counts as resolved where it is so many times what rounding and the end of the line may add to it."""
ROUNDING = 2e-16
"""Rounding of the inversion as part of the moment-generating function on the real axis: seen against deeper lines."""
SMALL_CURSOR = 0.4
"""Cursors with |s c| below this at the end of the line enter by three cumulants; the rest of each is below 0.4^8 / 148 = 4e-6
there, where the function itself is 1e-16, and (s / end)^8 of that elsewhere."""
OVERSAMPLING = 4
"""At least so many voltages in each step that the line resolves."""
TOLERANCE = 1e-5
"""How far the probabilities on both sides of the middle may miss a sum of one."""


def largest_small_cursor(line: TiltedContour, levels: Float) -> float:
    """The cursor in V below which one is `SMALL_CURSOR` at the end of a line."""
    return SMALL_CURSOR / (line.end * float(np.abs(levels).max()))


def aggressor_function(
    wave: Float,
    samples_per_ui: int,
    levels: Float,
    line: TiltedContour,
    *,
    worst_phase: bool,
    fixed_phase: int | None = None,
    phases: int = 16,
) -> Complex:
    """(S,): function of one aggressor, averaged over its phase, at `fixed_phase` in samples, or at its worst one."""
    usable = wave[: len(wave) // samples_per_ui * samples_per_ui].reshape(-1, samples_per_ui)
    small = largest_small_cursor(line, levels)
    stride, first = max(samples_per_ui // phases, 1), 0
    if fixed_phase is not None:
        first, stride = fixed_phase, samples_per_ui
    elif worst_phase:
        # the phase with most power closes the eye most
        first, stride = int(np.argmax(np.sum(usable**2, axis=0))), samples_per_ui
    return averaged_function(usable, first, stride, line.tilt, line.step, line.size, levels, small)


def interference(
    cursors: Float,
    main: int,
    edges: EdgeResponse,
    displacement: Displacement,
    levels: Float,
    crosstalk: Complex,
    line: TiltedContour,
    *,
    deep: bool = False,
) -> Interference:
    """The distribution at one phase; on a `deep` line its middle means nothing.

    `cursors` (K,) in V with the DFE's share taken off, the main one at index `main` (its value is not used); `edges` what
    displaced edges add at the same instants; `crosstalk` (S,) the aggressors' function on `line`, whose `gaussian` is the noise.
    Raises `SirfError` naming the step after which probabilities miss a sum of one.
    """
    by_symbols = _functions(cursors, main, edges, displacement, levels, crosstalk, line, deep=deep)
    upper = by_symbols[0].sum(axis=0)
    lower = upper if by_symbols[1] is by_symbols[0] else by_symbols[1].sum(axis=0)
    if not deep:
        check_sums(upper, lower, line, "jitter")
    return inverted(upper, None if lower is upper else lower[::-1], line, deep=deep)


def _functions(
    cursors: Float,
    main: int,
    edges: EdgeResponse,
    displacement: Displacement,
    levels: Float,
    crosstalk: Complex,
    line: TiltedContour,
    *,
    deep: bool = False,
) -> tuple[Complex, Complex]:
    """Functions (L, L, S) of the whole interference by the symbol before the main one (sum over it) and the main one.

    And those of its mirror image: the same array without polarity.
    """
    quiet = crosstalk * _noise(line)
    tied = EdgeChain.of(edges, displacement, line, main)
    chain, strong = tied.chain, tied.strong
    # without a chain the main symbol and the one before it
    ends = (chain.start + displacement.lead, chain.stop + displacement.lead + 3) if len(chain) else (main, main + 2)
    rows = [Neighbours(*ends, first, levels) for first in pairings(len(levels))]
    small = largest_small_cursor(line, levels)
    # a state moves all edges, and so the cursors; the far ones are taken out of the product once for all states
    upper = np.zeros((len(levels), len(levels), line.size), dtype=complex)
    lower = upper if displacement.polarity == 0.0 else upper.copy()
    even, odd = loose_edges(edges.edges[~strong], displacement, strong, line, np.ones(1))
    courses = [(upper, 1.0, np.exp(even[0] + odd[0]))]
    if lower is not upper:
        courses.append((lower, -1.0, np.exp(even[0] - odd[0])))
    states = cursors + moved_cursors(edges, displacement, strong)
    for state, (moved, share) in enumerate(zip(states, displacement.state_shares.tolist(), strict=True)):
        for row in rows:
            common = quiet.copy()
            multiply_others(common, line.tilt, line.step, row.others(moved), levels, small)
            if not deep:
                check_sums(common[None], common[None], line, "intersymbol interference")
            for target, sign, loose in courses:
                functions = common * loose
                if len(chain):
                    shape = chain_function(functions, line, moved, main, tied, state, sign, row)
                else:
                    shape = functions * two_symbols(row, moved, line)
                # the level is that of the mean pulse: a state that changes the main cursor moves it
                shift = moved[main] - cursors[main]
                part = share / len(rows)
                target += part * (shape * np.exp(levels[:, None] * shift * line.points) if shift else shape)
    return upper, lower


def two_symbols(row: Neighbours, cursors: Float, line: TiltedContour) -> Complex:
    """(L, L, S): function of the symbol before the main one, whose level is the second axis, and of what is paired with both."""
    levels, coupling, outside = row.levels, row.coupling, row.outside(cursors, line.points)
    before = level_shares(len(levels))[:, None] * np.exp(np.outer(levels * cursors[row.start + 1], line.points))
    if not len(coupling):
        return np.asarray(before[:, None])
    return np.asarray(coupling[0].T[:, :, None] * (before * outside[1])[:, None] * outside[0][None])


def check_crosstalk(crosstalk: Complex, line: TiltedContour) -> None:
    """Raise `SirfError` naming noise or crosstalk, whose function on `line` is `crosstalk` (S,), if their sums miss one."""
    noise = _noise(line)
    check_sums(noise[None], noise[None], line, "noise")
    both = noise * crosstalk
    check_sums(both[None], both[None], line, "crosstalk")


def _noise(line: TiltedContour) -> Complex:
    """(S,): function of the Gaussian noise."""
    noise = np.ones(line.size, dtype=complex)
    multiply_cumulants(noise, line.tilt, line.step, line.gaussian, 0.0)
    return noise


def check_sums(upper: Complex, lower: Complex, line: TiltedContour, step: str) -> None:
    """Both sides of the middle, P(x > 0) of each level and P(x < 0), which is P(x > 0) of its mirror image, must make one."""
    weight = 1.0 / line.points
    # trapezoidal rule: the end of the half line on the real axis counts half
    weight[0] *= 0.5
    above, below = (np.sum(part * weight, axis=1) for part in (upper, lower))
    total = (above + below[::-1]).real * line.step / np.pi
    worst = float(np.abs(total - 1.0).max())
    if not worst < TOLERANCE:
        raise SirfError(
            f"probabilities must sum to 1 after the step '{step}', got {float(total.max()):.6g}. "
            "Check the link's amplitudes, noise and jitter for values that are not physical."
        )


@lru_cache(maxsize=KEPT_LINES)
def voltages(line: TiltedContour) -> Float:
    """Voltages (V,) from 0 over one period of the line; read-only."""
    points = 2 * OVERSAMPLING << int(np.ceil(np.log2(line.size)))
    volts = np.asarray(np.arange(points) * (2.0 * np.pi / line.step / points))
    volts.flags.writeable = False
    return volts


def inverted(above: Complex, below: Complex | None, line: TiltedContour, *, deep: bool = False) -> Interference:
    """The distribution whose tails have the functions `above` and `below` (L, S), by default mirror images of each other.

    The inverse repeats with the line's period P: at v it also holds what lies at v - P, times exp(-tilt P). There a tail is
    one less the opposite tail beyond P - v, which is known, and is taken off.
    """
    volts = voltages(line)
    untilt = np.exp(-line.tilt * volts)
    repeated = float(np.exp(-line.tilt * 2.0 * np.pi / line.step))

    # upper tails above lower ones: all are transformed together
    functions, count = above if below is None else np.concatenate([above, below]), len(above)
    # a function divided by s is that of its integral: the tail; the function itself is that of the density
    tail, density = _line_integral(np.stack([functions / line.points, functions]), line, len(volts)) * untilt
    # what lies a period away is the opposite tail of the same level: without a lower one that of the mirror level
    opposite = np.roll(np.arange(len(tail)), count) if below is not None else np.arange(count)[::-1]
    alone = tail - repeated * (1.0 - np.clip(_turned(tail[opposite]), 0.0, 1.0))
    density = np.maximum(density - repeated * _turned(density[opposite]), 0.0)
    alone = np.clip(alone, 0.0, 1.0)
    # a tail falls; what rounding makes of the middle on a deep line must not pull down what follows
    falling = np.maximum.accumulate(alone[:, ::-1], axis=1)[:, ::-1] if deep else np.minimum.accumulate(alone, axis=1)
    logarithm = np.log(np.maximum(falling, FLOOR))
    log_tail = logarithm[:count]
    found = Interference(volts, log_tail, density[:count])
    if below is not None:
        found = Interference(volts, log_tail, density[:count], logarithm[count:], density[count:])
    if deep:
        return found
    least = _resolved(log_tail, above, line)
    return replace(found, resolved=least if below is None else max(least, _resolved(found.lower_log_tail, below, line)))


def _resolved(log_tail: Float, functions: Complex, line: TiltedContour) -> float:
    """The smallest probability that tails (L, V) resolve by `RESOLUTION`, found from `functions` (L, S)."""
    size = np.abs(functions)
    # what the last point in use has not fallen below is missing behind it; a function cut at the end of a chain ends
    # before the line does
    last = size[:, np.flatnonzero(size[0])[-1]]
    lost = np.log(RESOLUTION * np.maximum(last, ROUNDING * size[:, 0]))
    covered = log_tail < lost[:, None] - line.tilt * voltages(line)
    first = np.where(covered.any(axis=1), np.argmax(covered, axis=1), log_tail.shape[1] - 1)
    return float(np.exp(log_tail[np.arange(len(first)), first].max()))


def _turned(values: Float) -> Float:
    """`values` (L, V) at P - v: of v = 0 nothing, since P lies beyond the grid."""
    turned = np.zeros_like(values)
    turned[:, 1:] = values[:, :0:-1]
    return turned


def _line_integral(values: Complex, line: TiltedContour, points: int) -> Float:
    """(1/2 pi) integral of values (..., S) exp(-j omega v) d omega over the whole line at the voltages (..., points)."""
    padded = np.zeros((*values.shape[:-1], points // 2 + 1), dtype=complex)
    # the conjugate turns exp(-j omega v) into the inverse transform's exp(+j omega v) on a Hermitian spectrum
    np.conj(values, out=padded[..., : line.size])
    return np.asarray(fft.irfft(padded, points) * (points * line.step / (2.0 * np.pi)))

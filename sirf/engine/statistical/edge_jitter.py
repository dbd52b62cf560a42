"""How edges are displaced, in the form that the statistical engine needs: what is drawn anew for every edge, and states.

A state is one possible course of everything that displaces neighbouring edges together (sinusoids, even-odd jitter, phase
noise, filtered data, the receiver's clock): a displacement of every edge about the symbol being decided, and its probability.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import lru_cache
from math import floor, log2

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf.signal.pam import level_shares, mean_square
from sirf.transmitter.jitter import BoundedJitter, Jitter, PhaseNoise, SinusoidalJitter

TONE_PHASES = 24
"""Fewest phases of a sinusoid: exact for what is a trigonometric polynomial of lower degree in the phase."""
GAUSSIAN_REACH = 9.0
"""Deviations up to which a common Gaussian displacement is taken, at most one apart: that leaves exp(-2 pi²)."""
BOUNDED_NODES = 17
"""Fewest values that stand for the distribution of filtered data."""
MOST_NODES = 240
"""Most values that stand for one common displacement."""
END_BIN = 0.02
"""Part of a bin that the bin of its own at either end takes."""
COARSEST = 1.2
"""Distance of the values of a common displacement relative to what blurs them, `blur_ui`: what lies between is then filled in."""
NODE_SPACING = 1.4
"""Distance of a Gaussian's values in deviations where noise hides them: 2 pi / sqrt(2 x 10)."""
NODE_REACH, TILT_REACH = 5.2, 5.7
"""Deviations up to which a Gaussian counts, and how many more where a tilt to 1e-7 of the tail moves it alone."""
VECTOR = 8
"""Values come in multiples of so many, the last ones of no probability, as the compiled loops take them."""
MOST_BOUNDED = 9.0
"""Largest square over mean square of states that count as bounded; a Gaussian's grows with the deviations that are looked at."""
FOLDED = 1e-4
"""Part of a transition's variance below which the symbols that carry it are taken for independent of all else."""
SLOW = 1e-3
"""Sinusoids below this part of the symbol rate displace all edges that matter alike."""
TOGETHER = 0.5
"""Filtered data whose correlation from edge to edge is below this counts as independent from edge to edge."""
KEPT_SPREADS = 256
"""Spread atoms that are kept, a few kilobytes each."""
MERGED = 33
"""Fewest values that stand for the sum of several common displacements."""


@dataclass(frozen=True, slots=True, eq=False)
class Common:
    """Displacement of neighbouring edges together: `values` (V,) in UI at the strongest edge, `shares` (V,), and the
    correlation (K,) of the other edges with it."""

    values: Float
    shares: Float
    correlation: Float

    @property
    def variance(self) -> float:
        """Mean square, UI²."""
        return float(self.shares @ self.values**2)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Displacement:
    """Edge displacement in UI, and what a displaced edge carries.

    Independent from edge to edge: a Gaussian of variance `random` (K,), one of `atoms` (D,) with probabilities `shares` (D,),
    and `polarity` in the direction of the transition (half the duty-cycle distortion). Together: `states` (T, K) with
    probabilities `state_shares` (T,). `mean_square` is what the mean pulse was built with.
    The transition into symbol k of the Tx FFE's output is weights . (a_(k-lead), … a_(k-lead-3)) + rest: the four neighbours
    that count most, exactly, and the others as ± the root of their variance `rest`; `differences` (J,) are all,
    the one at `ffe_main` acting on the present symbol.

    `variance` (K,) in UI² is the mean square of the independent displacement, `reach` (K,) the largest bounded one, `furthest`
    what hardly any edge exceeds: six deviations of the Gaussian beyond the largest `reach`. `usual` (K,) is `reach` less states
    with long tails, whose mean square `common` then stands for them.
    """

    random: Float
    atoms: Float
    shares: Float
    polarity: float
    states: Float
    state_shares: Float
    mean_square: float
    weights: tuple[float, float, float, float]
    lead: int
    rest: float
    differences: Float
    ffe_main: int
    levels: Float
    variance: Float = field(init=False)
    reach: Float = field(init=False)
    furthest: float = field(init=False)
    usual: Float = field(init=False)
    common: float = field(init=False)
    step_moments: tuple[float, float, float] = field(init=False)
    loose_cumulants: tuple[Float, Float, Float] = field(init=False)
    _known: dict[tuple[float, int], tuple[Float, Float]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Mean of |x|, x² and x⁴ over all transitions x; mean, variance and fourth cumulant (K,) of x times what is
        independent, in UI, UI² and UI⁴."""
        moments = _step_moments(self.weights, self.rest, tuple(self.levels.tolist()))
        reach = np.abs(self.atoms).max() + self.polarity + np.abs(self.states).max(axis=0)
        object.__setattr__(self, "variance", self.random + self.shares @ self.atoms**2 + self.polarity**2)
        object.__setattr__(self, "reach", reach)
        # states with long tails would make the bounded part far wider than what counts of them
        bounded = np.abs(self.states).max(axis=0)
        together = self.state_shares @ self.states**2
        wide = bool(np.any(bounded**2 > MOST_BOUNDED * together))
        object.__setattr__(self, "usual", reach - bounded if wide else reach)
        object.__setattr__(self, "common", float(together.max()) if wide else 0.0)
        object.__setattr__(self, "furthest", float(np.max(reach + 6.0 * np.sqrt(self.random))))
        object.__setattr__(self, "step_moments", moments)
        object.__setattr__(self, "loose_cumulants", self._loose_cumulants())

    @classmethod
    def of(
        cls,
        jitter: Jitter,
        *,
        ffe: tuple[float, ...],
        ffe_main: int,
        levels: Float,
        symbol_rate: float,
        edges: Float,
        sampling_ui: float = 0.0,
        blur_ui: float = np.inf,
    ) -> Displacement:
        """From a transmitter's jitter, its FFE, the edge response at the cursors (K,), and the rms of the receiver's clock.

        `blur_ui` is the rms displacement to which the noise and the independent jitter of one edge amount.
        """
        # counted from the strongest edge, at which common displacements are given
        lags = np.arange(len(edges)) - int(np.argmax(np.abs(edges)))
        even_odd, common, atoms, shares = _parts(jitter, lags, symbol_rate, sampling_ui, blur_ui)
        states, state_shares, residual = _states(even_odd, common, lags, blur_ui)
        weights, lead, rest = _transition(ffe, ffe_main, mean_square(levels))
        return cls(
            random=jitter.random_ui**2 + residual,
            atoms=atoms,
            shares=shares,
            # rising and falling edges share the distortion: each moves by half of it, in opposite directions
            polarity=0.5 * jitter.duty_cycle_ui,
            states=states,
            state_shares=state_shares,
            mean_square=jitter.variance(symbol_rate=symbol_rate),
            weights=weights,
            lead=lead,
            rest=rest,
            differences=np.diff([0.0, *ffe, 0.0]),
            ffe_main=ffe_main,
            levels=levels,
        )

    @property
    def moves(self) -> bool:
        """Whether any edge is displaced."""
        return bool(np.any(self.variance > 0) or np.any(self.states != 0))

    def _loose_cumulants(self) -> tuple[Float, Float, Float]:
        size, square, fourth = self.step_moments
        atom2, atom4 = float(self.shares @ self.atoms**2), float(self.shares @ self.atoms**4)
        mean = np.full(len(self.random), self.polarity * size)
        centred = self.random + atom2
        # duty-cycle distortion displaces by the sign of x: it adds polarity |x|, of which the mean is kept apart
        power = square * centred + self.polarity**2 * (square - size**2)
        # the fourth moment of what has no polarity; duty-cycle distortion of edges this small enters by its variance
        moment = fourth * (3.0 * self.random**2 + 6.0 * self.random * atom2 + atom4)
        return mean, power, moment - 3.0 * (square * centred) ** 2

    @property
    def before(self) -> float:
        """Weight of the symbol before the four in `weights`, a later one."""
        first = self.lead + self.ffe_main
        return float(self.differences[first - 1]) if 0 < first <= len(self.differences) else 0.0

    @property
    def outside(self) -> Float:
        """`differences` (J,) without those of the four symbols in `weights`."""
        outside = self.differences.copy()
        # difference j acts on the symbol j - ffe_main after the present one, weight i on i + lead
        inside = np.arange(4) + self.lead + self.ffe_main
        outside[inside[(inside >= 0) & (inside < len(outside))]] = 0.0
        return outside

    def shifted_cursors(self, response: Float, tied: NDArray[np.bool_]) -> Float:
        """What transitions with `response` (T, K) in V add to the cursors (T, K); of the `tied` ones (K,) only their rest."""
        count = response.shape[1]
        full = np.zeros((len(response), count + len(self.differences) - 1))
        for later, (every, outside) in enumerate(zip(self.differences, self.outside, strict=True)):
            full[:, later : later + count] += response * np.where(tied, outside, every)
        return full[:, self.ffe_main : self.ffe_main + count]

    def nodes(self, deviation: float, blur: float) -> tuple[Float, Float]:
        """Displacements (N,) in UI of an edge by what is independent, and their probabilities: atoms, spread by a Gaussian.

        `deviation` in UI is the Gaussian's, `blur` the noise over what one deviation does, in V over V: c of one and s of the
        other in their sum. With values `NODE_SPACING` c deviations apart the trapezoidal rule leaves exp(-10) of the tilted
        function; the tilt moves the values that count by up to `TILT_REACH` s.
        """
        if deviation == 0.0:
            return self.atoms, self.shares
        # steps of a quarter of an octave, so that edges and phases share what is found
        key = (deviation, floor(4.0 * log2(min(max(blur, 1.0 / MOST_NODES), 64.0))))
        if key not in self._known:
            atoms, shares = tuple(self.atoms.tolist()), tuple(self.shares.tolist())
            self._known[key] = _spread(atoms, shares, deviation, 2.0 ** (key[1] / 4.0))
        return self._known[key]

    @property
    def widest(self) -> float:
        """Largest transition."""
        return float(np.sum(np.abs(self.weights)) + np.sqrt(self.rest))


@lru_cache(maxsize=KEPT_SPREADS)
def _step_moments(
    weights: tuple[float, float, float, float], rest: float, levels: tuple[float, ...]
) -> tuple[float, float, float]:
    """Mean of |x|, x² and x⁴ over all transitions x; kept by value, as below."""
    grid = np.array(np.meshgrid(*[levels] * 4)).reshape(4, -1)
    shares = np.prod(np.meshgrid(*[level_shares(len(levels))] * 4), axis=0).ravel()
    x = np.asarray(weights) @ grid
    second, fourth = float(shares @ x**2), float(shares @ x**4)
    # the rest is plus or minus the root of its variance: its fourth moment is the square of it
    return float(shares @ np.abs(x)), second + rest, fourth + 6.0 * second * rest + rest**2


@lru_cache(maxsize=KEPT_SPREADS)
def _transition(
    ffe: tuple[float, ...], main: int, symbol_variance: float
) -> tuple[tuple[float, float, float, float], int, float]:
    """(weights, lead, variance of the rest) of a transition of the Tx FFE's output."""
    steps = np.concatenate([[0.0] * 4, np.diff([0.0, *ffe, 0.0]), [0.0] * 4])
    present = main + 4
    # of the windows that hold the present symbol, the one with most of the transition's energy
    lead = max((-2, -1, 0), key=lambda shift: float(np.sum(steps[present + shift : present + shift + 4] ** 2)))
    inside = slice(present + lead, present + lead + 4)
    kept = float(np.sum(steps[inside] ** 2))
    rest = float(np.sum(steps**2)) - kept
    # a small rest is folded into the weights, which keeps the variance of the transition
    scale, rest = (np.sqrt(1.0 + rest / kept), 0.0) if rest < FOLDED * kept else (1.0, rest)
    first, second, third, fourth = (float(scale * value) for value in steps[inside])
    return (first, second, third, fourth), lead, symbol_variance * rest


def _parts(
    jitter: Jitter, lags: NDArray[np.int64], symbol_rate: float, sampling_ui: float, blur_ui: float
) -> tuple[list[tuple[Float, Float]], list[Common], Float, Float]:
    """(alternatives as (displacements (T, K), shares (T,)), common displacements, independent atoms, their shares)."""
    alternatives: list[tuple[Float, Float]] = []
    common: list[Common] = []
    atoms, shares = np.zeros(1), np.ones(1)
    if jitter.dual_dirac_ui:
        atoms, shares = np.array([-1.0, 1.0]) * jitter.dual_dirac_ui, np.full(2, 0.5)
    if jitter.even_odd_ui:
        # edges are early and late in turn, and either may come first
        course = 0.5 * jitter.even_odd_ui * (1.0 - 2.0 * (lags % 2))
        alternatives.append((np.stack([course, -course]), np.full(2, 0.5)))
    for tone in jitter.sinusoidal:
        if tone.frequency < SLOW * symbol_rate:
            common.append(_slow_tone(tone, lags, symbol_rate, blur_ui))
        elif tone.amplitude_ui:
            phases = _nodes(2.0 * np.pi * tone.amplitude_ui, TONE_PHASES, blur_ui)
            phase = 2.0 * np.pi * (np.arange(phases) + 0.5) / phases
            turn = 2.0 * np.pi * tone.frequency / symbol_rate * lags
            course = tone.amplitude_ui * np.sin(phase[:, None] - turn)
            alternatives.append((course, np.full(phases, 1.0 / phases)))
    for part in jitter.bounded:
        found = _filtered_data(part, lags, symbol_rate, blur_ui)
        # correlated with its neighbour the data moves edges together, else each by itself
        if found.correlation[lags == 1] < TOGETHER:
            atoms = (atoms[:, None] + found.values).ravel()
            shares = (shares[:, None] * found.shares).ravel()
        else:
            common.append(found)
    if jitter.phase_noise is not None:
        common.append(_clock(jitter.phase_noise, lags, symbol_rate, blur_ui))
    if sampling_ui:
        common.append(_gaussian(sampling_ui**2, np.ones(len(lags)), blur_ui))
    return alternatives, [part for part in common if part.variance > 0], atoms, shares


@lru_cache(maxsize=KEPT_SPREADS)
def _spread(
    bounded: tuple[float, ...], probabilities: tuple[float, ...], deviation: float, blur: float
) -> tuple[Float, Float]:
    """Values (N,) and probabilities (N,) of atoms plus a Gaussian, on one grid or on one about each: the fewer ones.

    `bounded` are the atoms and `probabilities` theirs. Kept by value: a study asks the same of link after link.
    """
    atoms, shares = np.array(bounded), np.array(probabilities)
    whole = np.sqrt(1.0 + blur * blur)
    spacing, reach = NODE_SPACING * blur / whole, NODE_REACH + TILT_REACH / whole
    single = np.linspace(-reach, reach, 2 * int(np.ceil(reach / spacing)) + 1)
    low, high = float(atoms.min()) / deviation - reach, float(atoms.max()) / deviation + reach
    # one grid over all atoms, or one about each: whichever has fewer values
    if (high - low) / spacing > len(atoms) * len(single):
        weights = np.exp(-0.5 * single**2)
        tau = (atoms[:, None] + deviation * single).ravel()
        found = np.outer(shares, weights / weights.sum()).ravel()
    else:
        places = np.linspace(low, high, int(np.ceil((high - low) / spacing)) + 1)
        weights = np.exp(-0.5 * (places[:, None] - atoms / deviation) ** 2) @ shares
        tau, found = deviation * places, weights / weights.sum()
    # whole vectors, filled up with values of no probability; by hand, because `np.pad` takes longer than all the rest
    count, size = len(tau), len(tau) + -len(tau) % VECTOR
    values, filled = np.full(size, tau[-1]), np.zeros(size)
    values[:count], filled[:count] = tau, found
    values.flags.writeable = filled.flags.writeable = False
    return values, filled


def _nodes(span: float, fewest: int, blur_ui: float) -> int:
    """How many values, an even number more than `fewest`, lie `COARSEST` blurs apart over a `span` in UI."""
    needed = min(int(np.ceil(span / (COARSEST * blur_ui))), MOST_NODES)
    return fewest + max(-(-(needed - fewest) // 2) * 2, 0)


def _states(
    alternatives: list[tuple[Float, Float]], common: list[Common], lags: NDArray[np.int64], blur_ui: float
) -> tuple[Float, Float, Float]:
    """(displacements (T, K), shares (T,), variance (K,) of what is left of the common ones at the other edges)."""
    residual = np.zeros(len(lags))
    for part in common:
        # what the common value at the strongest edge does not tell of the others counts as independent
        residual += part.variance * (1.0 - part.correlation**2)
    courses = list(alternatives)
    if common:
        one = common[0] if len(common) == 1 else _merged(common, blur_ui)
        courses.append((one.values[:, None] * one.correlation, one.shares))
    states, shares = np.zeros((1, len(lags))), np.ones(1)
    for course, part_shares in courses:
        states = (states[:, None, :] + course[None, :, :]).reshape(-1, len(lags))
        shares = (shares[:, None] * part_shares).ravel()
    return states, shares, residual


def _merged(parts: list[Common], blur_ui: float) -> Common:
    """The sum of several on a grid of values; the correlation that of the parts weighed by their variance."""
    values, shares = np.zeros(1), np.ones(1)
    for part in parts:
        values, shares = (values[:, None] + part.values).ravel(), (shares[:, None] * part.shares).ravel()
        # on a fine grid in between, or the number of values would multiply with every part
        values, shares = _binned(values, shares, 16 * MERGED)
    values, shares = _binned(values, shares, _nodes(float(np.ptp(values)), MERGED, blur_ui))
    total = sum(part.variance for part in parts)
    mixed = np.sum([part.variance * part.correlation for part in parts], axis=0) / total
    return Common(values, shares, mixed)


def _binned(values: Float, shares: Float, count: int) -> tuple[Float, Float]:
    """At most `count` + 2 values at the centroids of equal bins: total and mean stay as they are.

    What lies at either end has a bin of its own: data that has settled is there most of the time, and makes the tail.
    """
    if len(values) <= count:
        return values, shares
    low, high = float(values.min()), float(values.max())
    place = (values - low) / (high - low) * count
    index = np.minimum(place.astype(np.int64), count - 1) + 1
    index[place < END_BIN], index[place > count - END_BIN] = 0, count + 1
    weight = np.bincount(index, shares, count + 2)
    total = np.bincount(index, shares * values, count + 2)
    full = weight > 0
    return np.asarray(total[full] / weight[full]), np.asarray(weight[full], dtype=float)


def _gaussian(variance: float, correlation: Float, blur_ui: float) -> Common:
    rms = float(np.sqrt(variance))
    nodes = np.linspace(
        -GAUSSIAN_REACH, GAUSSIAN_REACH, _nodes(2.0 * GAUSSIAN_REACH * rms, int(2 * GAUSSIAN_REACH) + 1, blur_ui)
    )
    shares = np.exp(-0.5 * nodes**2)
    return Common(rms * nodes, shares / shares.sum(), correlation)


def _slow_tone(tone: SinusoidalJitter, lags: NDArray[np.int64], symbol_rate: float, blur_ui: float) -> Common:
    phases = _nodes(np.pi * tone.amplitude_ui, TONE_PHASES, blur_ui)
    phase = np.pi * (np.arange(phases) + 0.5) / phases
    correlation = np.cos(2.0 * np.pi * tone.frequency / symbol_rate * lags)
    return Common(tone.amplitude_ui * np.cos(phase), np.full(phases, 1.0 / phases), correlation)


def _clock(noise: PhaseNoise, lags: NDArray[np.int64], symbol_rate: float, blur_ui: float) -> Common:
    """Phase noise: its correlation is the transform of its density."""
    # nothing of the noise lies below half the symbol rate, where samples could see it
    if noise.offset[0] >= 0.5 * symbol_rate:
        return _gaussian(0.0, np.ones(len(lags)), blur_ui)
    f = np.geomspace(noise.offset[0], 0.5 * symbol_rate, 4001)
    density = noise.density(f, symbol_rate=symbol_rate)
    total = float(np.trapezoid(density, f))
    distance = np.arange(int(np.abs(lags).max()) + 1)
    # from the nearest 64 edges; those further away count as independent
    near = np.array([np.trapezoid(density * np.cos(2.0 * np.pi * f * k / symbol_rate), f) for k in distance[:65]])
    correlation = np.zeros(len(distance))
    correlation[: len(near)] = near / total if total > 0 else 1.0
    return _gaussian(noise.variance(symbol_rate=symbol_rate), correlation[np.abs(lags)], blur_ui)


def _filtered_data(part: BoundedJitter, lags: NDArray[np.int64], symbol_rate: float, blur_ui: float) -> Common:
    """Random binary data through one pole: all patterns of the last bits at evenly spaced instants within a bit."""
    x = 2.0 * np.pi * part.corner / part.rate
    # a pole that settles within a bit needs few bits and many instants
    bits, instants = (12, 8) if x < 1.0 else (8, int(min(16.0 * (1.0 + x), 256.0)))
    decay = np.exp(-x)
    patterns = np.array(list(itertools.product((-1.0, 1.0), repeat=bits)))
    memory = (1.0 - decay) * decay ** np.arange(bits - 1)
    # what is older than the pattern counts as one more bit that lasted for ever
    memory[-1] += decay ** (bits - 1)
    settled = patterns[:, 1:] @ memory
    since = (np.arange(instants) + 0.5) / instants
    values = (patterns[:, :1] + (settled[:, None] - patterns[:, :1]) * np.exp(-x * since)).ravel()
    values, shares = _binned(
        values,
        np.full(len(values), 1.0 / len(values)),
        _nodes(2.0 * part.amplitude_ui, BOUNDED_NODES, 0.25 * blur_ui),
    )
    if not part.variance > 0.0:
        return Common(0.0 * values, shares, _data_correlation(part, lags, symbol_rate))
    # binning has made the variance a little smaller: it is put back, within the amplitude
    values = values * np.sqrt(part.variance / float(shares @ values**2))
    return Common(
        np.clip(values, -part.amplitude_ui, part.amplitude_ui), shares, _data_correlation(part, lags, symbol_rate)
    )


def _data_correlation(part: BoundedJitter, lags: NDArray[np.int64], symbol_rate: float) -> Float:
    """Correlation (K,) of filtered data at `lags` UI: the triangle of the data through the pole's exponential."""
    far = max(40.0 * symbol_rate / (2.0 * np.pi * part.corner), 2.0 * symbol_rate / part.rate, 4.0)
    # a grid long enough that both have vanished at its ends, where the circle would close
    time = np.linspace(-far, far, 40_001)
    width = symbol_rate / part.rate
    pole = 2.0 * np.pi * part.corner / symbol_rate
    triangle = np.maximum(1.0 - np.abs(time) / width, 0.0)
    kernel = 0.5 * pole * np.exp(-pole * np.abs(time))
    smooth = np.fft.ifft(np.fft.fft(np.fft.ifftshift(triangle)) * np.fft.fft(np.fft.ifftshift(kernel))).real
    smooth = np.fft.fftshift(smooth)
    return np.asarray(np.interp(np.abs(lags), time, smooth / smooth.max(), right=0.0))

"""What a study's cases say: which tolerance moves a figure and by how much, the Pareto front, the worst case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf.errors import ConfigError, SirfError
from sirf.results.error_count import CONFIDENCE
from sirf.study.figures import FIGURES
from sirf.study.sweep.case import Evaluator
from sirf.study.sweep.design import distribution_of
from sirf.study.sweep.results import Results
from sirf.study.sweep.study import Study

RATIO_FLOOR = 1e-300
"""Error ratios are analysed in their logarithm; one of zero counts as this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Sobol index of one tolerance: share of a figure's variance, with the ends of its bootstrap interval."""

    parameter: str
    first: float
    first_low: float
    first_high: float
    total: float
    total_low: float
    total_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """How a figure follows one tolerance over the samples, all others scattering.

    `per_deviation` is the change of the figure (decades of an error ratio) for one standard deviation, `share` the part of the
    figure's variance that this straight line explains, `rank` Spearman's correlation.
    """

    parameter: str
    per_deviation: float
    share: float
    rank: float


def scale_of(name: str, column: Float) -> Float:
    """A figure's column in the scale in which it is analysed: the decimal logarithm of an error ratio, else itself."""
    figure = FIGURES.get(name)
    if figure is None or not figure.ratio:
        return column
    # errors of ten orders of magnitude: variances of the ratio itself would show the largest case alone
    return np.asarray(np.log10(np.maximum(column, RATIO_FLOOR)))


def sobol_indices(
    results: Results, figure: str, *, confidence: float = CONFIDENCE, resamples: int = 500
) -> tuple[Index, ...]:
    """First-order and total Sobol indices of every tolerance for a figure, at the first point of the study's axes.

    Estimators of Saltelli et al. (2010) and Jansen, as in `scipy.stats.sobol_indices`; the intervals hold the middle of what
    `resamples` draws of the cases give (percentile bootstrap, the same draws each time). Needs a study sampled for
    "sensitivity" in which every case has that figure: one value without meaning would spoil all indices.
    """
    study = results.study
    dimensions, samples = len(study.tolerances), study.sampling.samples
    if study.sampling.method != "sensitivity":
        raise SirfError(
            f"sampling.method must be sensitivity for Sobol indices, got {study.sampling.method}. Use slopes, or sample anew."
        )
    count = study.samples
    # cases of the first point only, in the design's order
    column = np.full(count, np.nan)
    inside = results.index < count
    column[results.index[inside]] = scale_of(figure, results.figure(figure))[inside]
    missing = int((~np.isfinite(column)).sum())
    if missing:
        raise SirfError(
            f"{figure} must be finite in all {count} cases for Sobol indices, got {missing} without a value. "
            "Finish the study, or narrow the tolerances."
        )
    parts = column.reshape(dimensions + 2, samples)
    first, total = _saltelli(parts)
    generator = np.random.default_rng(0)
    # the same draws each time: intervals must not change from look to look
    drawn = np.array([_saltelli(parts[:, generator.integers(0, samples, samples)]) for _ in range(resamples)])
    outside = 0.5 * (1.0 - confidence)
    # the middle of the resampled indices
    low, high = np.quantile(drawn, [outside, 1.0 - outside], axis=0)
    rows = zip(
        study.tolerances,
        first,
        low[0],
        high[0],
        total,
        low[1],
        high[1],
        strict=True,
    )
    return tuple(
        Index(
            parameter=one.parameter,
            first=float(f),
            first_low=float(fl),
            first_high=float(fh),
            total=float(t),
            total_low=float(tl),
            total_high=float(th),
        )
        for one, f, fl, fh, t, tl, th in rows
    )


def _saltelli(parts: Float) -> tuple[Float, Float]:
    """First-order and total indices (D,) from values (D + 2, N): of two samples A, B and of A with each column of B in turn."""
    one, two, mixed = parts[0], parts[1], parts[2:]
    # centred: a large mean would drown the products in noise
    middle = 0.5 * (one.mean() + two.mean())
    variance = 0.5 * float(np.mean((one - middle) ** 2) + np.mean((two - middle) ** 2))
    # Saltelli's estimator of first order, Jansen's of the total
    first = np.mean((two - middle) * (mixed - one), axis=1) / variance
    return first, 0.5 * np.mean((mixed - one) ** 2, axis=1) / variance


def slopes(results: Results, figure: str) -> tuple[Slope, ...]:
    """How a figure follows each tolerance, the one that explains most first; cases without the figure are left out."""
    from scipy.stats import spearmanr

    names = [one.parameter for one in results.study.tolerances]
    column = scale_of(figure, results.figure(figure))
    good = np.isfinite(column)
    # one more than unknowns at least, for a line through as many points explains all
    if not names or good.sum() < len(names) + 2:
        raise SirfError(
            f"{figure} must have more cases than tolerances for slopes, got {int(good.sum())} and {len(names)}. Sample more."
        )
    y = column[good]
    x = np.stack([results.values[name][good].astype(np.float64) for name in names], axis=1)
    deviation = x.std(axis=0)
    # in deviations: slopes of different units compare
    scaled = (x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    slope = np.linalg.lstsq(scaled, y - y.mean(), rcond=None)[0]
    variance = y.var()
    ranks = [
        float(spearmanr(x[:, k], y).statistic) if deviation[k] > 0 and variance > 0 else 0.0 for k in range(len(names))
    ]
    rows = [
        Slope(
            parameter=name,
            per_deviation=float(slope[k]),
            share=float(slope[k] ** 2 / variance) if variance > 0 else 0.0,
            rank=ranks[k],
        )
        for k, name in enumerate(names)
    ]
    return tuple(sorted(rows, key=lambda row: -abs(row.per_deviation)))


def pareto_front(results: Results, first: str, second: str) -> NDArray[np.int64]:
    """Numbers of the cases that no other case beats in both figures, in the order of the first figure."""
    columns = []
    for name in (first, second):
        if name not in FIGURES:
            raise ConfigError(f"figure must be one of the register to know which way is better, got {name!r}.")
        column = results.figure(name)
        # less is better in both columns
        columns.append(-column if FIGURES[name].more_is_better else column)
    good = np.flatnonzero(np.isfinite(columns[0]) & np.isfinite(columns[1]))
    # by the first figure, ties by the second
    order = good[np.lexsort((columns[1][good], columns[0][good]))]
    front, best = [], np.inf
    for place in order:
        # better in the second than all that are better in the first
        if columns[1][place] < best:
            front.append(place)
            best = columns[1][place]
    return np.asarray(results.index[np.array(front, dtype=np.int64)])


@dataclass(frozen=True, slots=True)
class WorstCase:
    """The worst values of the tolerances inside their ends, and the figure there; `tried` cases were computed."""

    figure: str
    value: float
    values: dict[str, float]
    tried: int


def worst_case(
    study: Study, figure: str, *, point: int = 0, tries: int = 400, progress: Callable[[int], None] | None = None
) -> WorstCase:
    """Search the box of all tolerances' ends for the worst of a figure at point `point` of the axes.

    Differential evolution (Storn and Price, J. Global Optim. 11 (1997) 341) by SciPy with the study's seed: the box is searched
    as if its corners were as likely as its middle. About `tries` cases are computed.
    """
    from scipy.optimize import Bounds, differential_evolution

    if figure not in study.figures or figure not in FIGURES:
        raise ConfigError(f"figure must be one of {', '.join(study.figures)}, got {figure!r}. Ask it in the study.")
    if not study.tolerances:
        raise SirfError("tolerances must be given for a worst case, got none. Add [[tolerance]].")
    evaluator = Evaluator(study)
    # the first case of the point: nominal values are those of its base
    case = point * study.samples
    inputs = evaluator.nominal_inputs(case)
    low, high = zip(*(distribution_of(one, inputs).ends for one in study.tolerances), strict=True)
    names = [one.parameter for one in study.tolerances]
    # the search minimises: a figure that is better when larger as it is, any other by its negative
    sign = 1.0 if FIGURES[figure].more_is_better else -1.0
    tried = 0

    def cost(x: Float) -> float:
        nonlocal tried
        tried += 1
        if progress is not None:
            progress(tried)
        found = evaluator.figures_at(case, dict(zip(names, map(float, x), strict=True)))[figure]
        if found is None:
            # nothing arrives that could be judged: nothing is worse
            return -1e9
        return sign * float(scale_of(figure, np.array([found]))[0])

    # individuals a dimension; several rounds of evolution must fit into the tries
    population = max(4, min(15, tries // (8 * len(names))))
    rounds = max(1, tries // (population * len(names)) - 1)
    found = differential_evolution(
        cost,
        Bounds(low, high),
        popsize=population,
        maxiter=rounds,
        rng=np.random.default_rng(study.seed),
        # no polishing by gradients: figures step with the equaliser's settings
        polish=False,
        tol=1e-6,
    )
    values = dict(zip(names, map(float, found.x), strict=True))
    # once more, for the search keeps its cost only
    value = evaluator.figures_at(case, values)[figure]
    return WorstCase(figure, float("nan") if value is None else value, values, tried)

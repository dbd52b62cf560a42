"""The points of a study's tolerances: made piece by piece, the same for any piece."""

from __future__ import annotations

import warnings
from functools import lru_cache

import numpy as np

from sirf._arrays import Float
from sirf.errors import ConfigError, SirfError
from sirf.study.sweep.distributions import Distribution, correlated, correlation_factor
from sirf.study.sweep.inputs import Inputs
from sirf.study.sweep.parameters import parameter_of
from sirf.study.sweep.parts import Tolerance
from sirf.study.sweep.study import Study

BLOCK = 1024
"""Rows of the random method that share one generator."""


def unit_points(study: Study, start: int, stop: int) -> Float:
    """Rows `start` to `stop` of the design in the unit cube (N, tolerances).

    Samples of "sensitivity" are ordered A, B, then A with the first column of B, with the second, …
    """
    dimensions, sampling = len(study.tolerances), study.sampling
    if sampling.method == "random":
        return _random(study.seed, dimensions, start, stop)
    if sampling.method == "latin-hypercube":
        return _latin(study.seed, dimensions, sampling.samples)[start:stop]
    if sampling.method == "sobol":
        return _sobol(study.seed, dimensions, start, stop)
    return _saltelli(study.seed, dimensions, sampling.samples, start, stop)


def _random(seed: int, dimensions: int, start: int, stop: int) -> Float:
    blocks = [
        # a generator for each block, so that any piece can be made by itself
        np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(block,))).random((BLOCK, dimensions))
        for block in range(start // BLOCK, (stop - 1) // BLOCK + 1)
    ]
    # pieces begin within a block
    offset = start - start // BLOCK * BLOCK
    return np.concatenate(blocks)[offset : offset + stop - start]


@lru_cache(maxsize=2)
def _latin(seed: int, dimensions: int, samples: int) -> Float:
    from scipy.stats import qmc

    return np.asarray(qmc.LatinHypercube(dimensions, rng=np.random.default_rng(seed)).random(samples))


def _sobol(seed: int, dimensions: int, start: int, stop: int) -> Float:
    from scipy.stats import qmc

    # a generator of its own: seeds of the two keywords of this class give different points
    engine = qmc.Sobol(dimensions, rng=np.random.default_rng(seed))
    # the sequence goes on from there
    if start:
        engine.fast_forward(start)
    with warnings.catch_warnings():
        # balance needs a power of two in all, which a piece is not
        warnings.simplefilter("ignore", UserWarning)
        return np.asarray(engine.random(stop - start))


def _saltelli(seed: int, dimensions: int, samples: int, start: int, stop: int) -> Float:
    rows = []
    for row in range(start, stop):
        # which of A, B and the mixed samples, and which of their rows
        which, index = divmod(row, samples)
        both = _pair(seed, dimensions, samples)[index]
        a, b = both[:dimensions], both[dimensions:]
        # A and B themselves
        if which < 2:
            rows.append((a, b)[which])
        else:
            mixed = a.copy()
            # one column of B: what that parameter does alone
            mixed[which - 2] = b[which - 2]
            rows.append(mixed)
    return np.array(rows).reshape(-1, dimensions)


@lru_cache(maxsize=2)
def _pair(seed: int, dimensions: int, samples: int) -> Float:
    """A and B side by side (samples, 2 dimensions)."""
    from scipy.stats import qmc

    # one sequence of twice the dimensions, so that A and B do not repeat each other's points
    return np.asarray(qmc.Sobol(2 * dimensions, rng=np.random.default_rng(seed)).random(samples))


def distribution_of(tolerance: Tolerance, inputs: Inputs) -> Distribution:
    """The distribution of a tolerance about its middle, by default the nominal value in `inputs`."""
    parameter = parameter_of(tolerance.parameter)
    middle = tolerance.middle
    nominal = parameter.nominal(inputs)
    # relative numbers need something to be relative to
    if middle is None or tolerance.relative:
        if nominal is None:
            raise ConfigError(
                f"tolerance {tolerance.parameter} must have a middle, got none and no nominal value of the base. Give middle."
            )
        middle = nominal if middle is None else middle * nominal
    # a spread has no sign: a nominal value below zero counts by its size
    scale = abs(nominal) if tolerance.relative and nominal is not None else 1.0
    # deviations of a lognormal are relative by themselves
    spread = tolerance.spread * (scale if tolerance.shape == "normal" else 1.0)
    low, high = (
        # ends relative to the nominal value, about the middle
        None if end is None else middle + end * scale if tolerance.relative else end
        for end in (tolerance.low, tolerance.high)
    )
    try:
        return Distribution(shape=tolerance.shape, middle=middle, spread=spread, low=low, high=high)
    except SirfError as error:
        raise ConfigError(f"tolerance {tolerance.parameter}: {error}") from None


def tolerance_values(study: Study, inputs: Inputs, start: int, stop: int) -> Float:
    """Values (N, tolerances) of samples `start` to `stop` about the nominal values of `inputs`."""
    if not study.tolerances:
        return np.empty((stop - start, 0))
    names = [one.parameter for one in study.tolerances]
    pairs = [(names.index(one.first), names.index(one.second), one.coefficient) for one in study.correlations]
    # correlated in the unit cube: each tolerance keeps its own distribution
    points = correlated(unit_points(study, start, stop), correlation_factor(len(names), pairs))
    # by quantile: one point of the design serves any shape
    columns = [distribution_of(one, inputs).quantile(points[:, k]) for k, one in enumerate(study.tolerances)]
    return np.stack(columns, axis=1)

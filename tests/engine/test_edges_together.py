"""Edges that move together, and dual-Dirac ones: the series of each engine, and a long count, against the pulse itself moved."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.special import ndtr

import sirf
from benchmarks.validate.exact_edges import DELAY, NOISE, RATE, SWING, Float, independent, rises
from benchmarks.validate.grid import REST, Case, edge_cases
from sirf.engine.edge_expansion import series_length, series_responses
from sirf.engine.front_end import front_end

PHASE = 2.0 * np.pi * (np.arange(48) + 0.5) / 48
NORMAL = np.linspace(-6.0, 6.0, 49)


def named(start: str) -> Case:
    return next(case for case in edge_cases(True) if case.name.startswith(start) and case.exact > 1e-4)


def common(case: Case) -> tuple[Float, Float]:
    """Displacements in UI of all edges at once, and weights."""
    jitter = case.link.transmitter.jitter
    if jitter.sinusoidal:
        return jitter.sinusoidal[0].amplitude_ui * np.sin(PHASE), np.ones(PHASE.size)
    if jitter.phase_noise is not None:
        return np.sqrt(jitter.phase_noise.variance(symbol_rate=RATE)) * NORMAL, np.exp(-0.5 * NORMAL**2)
    return np.zeros(1), np.ones(1)


def by_series(case: Case) -> float:
    """The error ratio of `exact_edges.error_ratio`, but with what the engines' series says that a displaced edge adds."""
    end, jitter = front_end(case.link), case.link.transmitter.jitter
    waves = [end.cursors(wave) for wave in series_responses(case.link, end)]
    place = (end.start_time + end.sampling / (end.samples_per_ui * RATE) - DELAY) * RATE - 0.5

    def added(cursor: int, tau: Float) -> Float:
        """Of a unit edge whose response has its own symbol `cursor` symbols before the decision."""
        at = end.pre_cursors + cursor
        total = -waves[0][at] * tau
        for power, wave in enumerate(waves[1:], start=2):
            total = total + 0.5 * wave[at] * tau**power
        return np.asarray(total)

    move, weight = common(case)
    own, own_weight = independent(REST if move.size > 1 else jitter)
    ratios = []
    for shift in move:
        ratio, tau = 0.0, own + shift
        for bits in itertools.product((-1, 1), repeat=4):
            x = np.diff([*bits[:2], 1, *bits[2:]])
            volts = SWING * (bits[0] + sum(step * rises(place + 1.5 - k) for k, step in enumerate(x)))
            # an edge that is none needs no displacements
            early = x[1] * added(0, tau), own_weight
            late = x[2] * added(-1, tau), own_weight
            volts = volts + x[0] * added(1, np.array(shift)) + x[3] * added(-2, np.array(shift))
            ratio += float(early[1] @ ndtr(-(volts + early[0][:, None] + late[0]) / NOISE) @ late[1]) / 16.0
        ratios.append(ratio)
    return float(weight @ ratios / weight.sum())


@pytest.mark.parametrize("start", ["RJ 0.01, A_DD 0.05", "RJ 0.03", "RJ 0.078", "sinusoid", "slow phase noise"])
def test_the_series_has_the_error_ratio_of_exact_edges(start: str) -> None:
    """Sized by all jitter as if it blurred the eye, it left 1.5 % of the first, 5 % of the sinusoid, 2 % of the noise."""
    case = named(start)
    assert 1e-4 < case.exact < 3e-3
    assert series_length(case.link) > 2
    assert by_series(case) == pytest.approx(case.exact, rel=0.006)


def test_a_long_count_under_a_slow_sinusoid_has_the_error_ratio_of_the_moved_pulse() -> None:
    """5e7 symbols meet 48,828 phases, spread evenly: drawn independently they would scatter by 1.5 %."""
    case = named("sinusoid")
    count = sirf.count_errors(case.link, max_errors=10**9, max_symbols=5e7, rng=2)
    assert count.ser == pytest.approx(case.exact, rel=0.015)
    low, high = count.symbol_interval()
    assert low <= case.exact <= high

"""The distribution of interference against brute-force enumeration, tails to 1e-17 included."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import erfc, ndtr, ndtri

import sirf
from sirf.engine.edge_response import EdgeResponse
from sirf.engine.statistical.edge_jitter import Displacement
from sirf.engine.statistical.symbol_pairing import MET
from sirf.engine.statistical.tilted_contour import TiltedContour
from sirf.engine.statistical.tilted_inversion import aggressor_function, interference
from sirf.signal.pam import levels
from sirf.transmitter.jitter import Jitter
from tests.engine.links import flat_link

Float = NDArray[np.float64]
Indices = NDArray[np.int64]


def q(x: float | Float) -> Float:
    return np.asarray(0.5 * erfc(np.asarray(x) / np.sqrt(2.0)))


def no_crosstalk(line: TiltedContour) -> NDArray[np.complex128]:
    return np.ones(line.size, dtype=complex)


def still(count: int) -> EdgeResponse:
    """Edges that add nothing wherever they lie."""
    return EdgeResponse.expansion(np.zeros(count), np.zeros(count))


def moving(values: Float, edges: Float, **parts: float) -> Displacement:
    """Displacement of edges without a Tx FFE."""
    return Displacement.of(Jitter(**parts), ffe=(1.0,), ffe_main=0, levels=values, symbol_rate=1e10, edges=edges)  # type: ignore[arg-type]


@pytest.mark.parametrize("order", [2, 3, 4, 6, 8])
def test_intersymbol_interference_equals_the_average_over_all_patterns(order: int) -> None:
    values = levels(order)
    cursors, main, sigma = np.array([0.1, 1.0, 0.2, -0.05]), 1, 0.05
    line = TiltedContour.of(np.delete(cursors, main), sigma**2, values)
    nothing = np.zeros(4)
    found = interference(cursors, main, EdgeResponse.expansion(nothing, nothing), moving(values, nothing), values,
                         no_crosstalk(line), line)  # fmt: skip
    for volts in (0.0, 0.1, 0.25, 0.4, 0.55, 0.7):
        patterns = np.array(list(itertools.product(range(order), repeat=3)))
        tails = q((volts - values[patterns] @ [0.1, 0.2, -0.05]) / sigma)
        exact = float(_chances(order, *patterns.T) @ tails)
        assert float(found.above(0, volts)) == pytest.approx(exact, rel=3e-4), volts


def _chances(order: int, first: Indices, third: Indices, last: Indices) -> Float:
    """Probability of the symbols about a second one of the lowest level; PAM6's pairs begin with the first or the second."""
    if order != 6:
        return np.full(len(first), float(order) ** -3)
    shares = MET.sum(axis=0)
    one = MET[first, 0] / shares[0] * MET[third, last]
    other = shares[first] * MET[0, third] / shares[0] * shares[last]
    return np.asarray(0.5 * (one + other))


def test_jittered_edges_tie_neighbouring_symbols_exactly() -> None:
    """Random and dual-Dirac displacement to first order, against enumeration of symbols and signs."""
    values = levels(4)
    cursors, edges, main = np.pad([0.1, 1.0, 0.2, -0.05], 3), np.pad([0.05, 0.8, -0.3], (3, 4)), 4
    sigma, random_ui, dirac_ui = 0.05, 0.03, 0.05
    bounded = np.concatenate([np.delete(cursors, main), 2 * dirac_ui * edges])
    line = TiltedContour.of(bounded, sigma**2, values, spread=float(np.sum((2 * random_ui * edges) ** 2)))
    moved = moving(values, edges, random_ui=random_ui, dual_dirac_ui=dirac_ui)
    found = interference(cursors, main, EdgeResponse.expansion(edges, np.zeros(10)), moved, values,
                         no_crosstalk(line), line)  # fmt: skip
    for level in (1, 3):
        for volts in (0.2, 0.4, 0.6, 0.8):
            exact = _enumerate(values, level, volts, sigma, random_ui, dirac_ui, edges[3:6])
            assert float(found.above(level, volts)) == pytest.approx(exact, rel=5e-4), (level, volts)


def _enumerate(
    values: Float, level: int, volts: float, sigma: float, random_ui: float, dirac_ui: float, edges: Float
) -> float:
    total, count = 0.0, 0
    signs = np.array(list(itertools.product([-1, 1], repeat=3)))
    for before, after, last in itertools.product(values, repeat=3):
        symbols = np.array([before, values[level], after, last])
        swings = (symbols[:-1] - symbols[1:]) * edges
        deviation = np.sqrt(sigma**2 + random_ui**2 * np.sum(swings**2))
        mean = 0.1 * before + 0.2 * after - 0.05 * last
        total += float(np.sum(q((volts - mean - dirac_ui * signs @ swings) / deviation)))
        count += len(signs)
    return total / count


def test_second_order_displacement_bends_the_tail_like_a_numerical_average() -> None:
    values = levels(2)
    cursors, edges, slopes = (np.pad([value], 3) for value in (1.0, 0.6, 4.0))
    sigma, random_ui = 0.02, 0.03
    line = TiltedContour.of(np.zeros(1), sigma**2, values, spread=(2 * 1.6 * random_ui) ** 2)
    found = interference(cursors, 3, EdgeResponse.expansion(edges, slopes), moving(values, edges, random_ui=random_ui), values,
                         no_crosstalk(line), line)  # fmt: skip
    tau, weight = np.polynomial.hermite_e.hermegauss(80)
    tau = tau * random_ui
    weight = weight / weight.sum()
    for volts in (0.05, 0.1, 0.15):
        exact = 0.0
        for old in values:
            x = values[1] - old
            shift = x * (0.5 * 4.0 * (tau**2 - random_ui**2) - 0.6 * tau)
            exact += 0.5 * float(weight @ q((volts - shift) / sigma))
        assert float(found.above(1, volts)) == pytest.approx(exact, rel=2e-3), volts


def test_aggressor_at_unknown_phase_is_the_average_over_its_phases() -> None:
    values = levels(4)
    wave = np.array([0.0, 0.03, 0.08, 0.05, 0.02, 0.01, 0.0, 0.0])
    sigma = 0.04
    line = TiltedContour.of(wave, sigma**2, values)
    for worst, phases in ((False, [0, 1, 2, 3]), (True, [2])):
        function = aggressor_function(wave, 4, values, line, worst_phase=worst)
        found = interference(
            np.array([0.0, 1.0, 0.0]), 1, still(3), moving(values, np.zeros(3)), values, function, line
        )
        for volts in (0.05, 0.15, 0.3):
            exact = np.mean(
                [q((volts - a * wave[p] - b * wave[p + 4]) / sigma) for p in phases for a in values for b in values]
            )
            assert float(found.above(2, volts)) == pytest.approx(float(exact), rel=5e-4)


def test_quantile_inverts_the_tail() -> None:
    line = TiltedContour.of(np.zeros(1), 1e-4, levels(2))
    found = interference(np.array([0.0, 1.0, 0.0]), 1, still(3), moving(levels(2), np.zeros(3)), levels(2),
                         no_crosstalk(line), line)  # fmt: skip
    for probability, x in ((1e-3, 3.0902323), (1e-6, 4.7534243), (1e-12, 7.0344838), (1e-15, 7.9413453)):
        assert found.quantile(0, probability) == pytest.approx(0.01 * x, rel=2e-4)
    assert np.trapezoid(found.density[0], found.volts) == pytest.approx(0.5, abs=2e-3)


@pytest.mark.parametrize("depth", [4.0, 6.0, 7.5, 10.0])
def test_eyes_far_below_the_error_ratio_are_those_of_the_normal_distribution(depth: float) -> None:
    """Half an eye of `depth` deviations makes 5e-5 to 1e-23 errors; eyes are read at 1e-15 to 1e-18."""
    sigma = 1.0 / (3.0 * depth)
    link = flat_link("PAM4", sigma=sigma)
    eye = sirf.statistical_eye(link, phases=1)
    assert eye.ser == pytest.approx(1.5 * float(ndtr(-depth)), rel=0.01)
    for ratio in (1e-15, 1e-16, 1e-17, 1e-18):
        for (low, high), level in zip(eye.edges(ratio), link.levels[:-1], strict=True):
            # a hundredth of the probability is a few ten-thousandths of the deviations
            assert (low - level) / sigma == pytest.approx(-float(ndtri(ratio)), abs=2e-3)
            assert (level + 2.0 / 3.0 - high) / sigma == pytest.approx(-float(ndtri(ratio)), abs=2e-3)

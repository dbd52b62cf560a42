"""Means under the tilted distribution, against closed forms, sums over all symbols, and smoothness over a changing link."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import sirf
from sirf.engine.edge_response import EdgeResponse
from sirf.engine.statistical.analysis import interference_model
from sirf.engine.statistical.conditional_interference import mean_beyond
from sirf.engine.statistical.edge_jitter import Displacement
from sirf.engine.statistical.tilted_moment import TiltedMoment
from sirf.link import Link
from sirf.signal.pam import levels
from sirf.transmitter.jitter import Jitter
from sirf.transmitter.transmitter import NO_JITTER

CURSORS = np.array([0.02, -0.05, 0.11, 0.07, 0.0, 0.09, -0.04, 0.03, -0.02])
MAIN = 4


def moment_of(order: int, jitter: Jitter, tilt: float) -> TiltedMoment:
    edges = np.array([0.0, 0.0, 0.0, 0.3, 0.6, -0.5, 0.0, 0.0, 0.0])
    moved = Displacement.of(jitter, ffe=(1.0,), ffe_main=0, levels=levels(order), symbol_rate=1e10, edges=edges)
    return TiltedMoment.of(CURSORS, MAIN, EdgeResponse.expansion(edges, 0.1 * edges), moved, levels(order), tilt)


@pytest.mark.parametrize("order", [2, 3, 4])
def test_without_jitter_the_mean_of_a_symbol_is_that_of_its_tilted_levels(order: int) -> None:
    tilt = 12.0
    weight = np.exp(tilt * CURSORS[:, None] * levels(order))
    mean = (weight @ levels(order)) / weight.sum(axis=1)
    moment = moment_of(order, Jitter(), tilt)
    for index in (0, 2, 5):
        assert moment.derivative(moment.along_level(index)) == pytest.approx(mean[index], rel=1e-12)
    course = np.array([0.3, -0.2, 0.1, 0.2, 0.0, 0.4, 0.0, -0.5, 0.1])
    assert moment.derivative(course) == pytest.approx(tilt * float(course @ mean), rel=1e-12)


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("jitter", [Jitter(dual_dirac_ui=0.05), Jitter(random_ui=0.02), Jitter(duty_cycle_ui=0.06)])
def test_moment_of_jittered_edges_is_a_sum_over_all_symbols(order: int, jitter: Jitter) -> None:
    """The kernel of real numbers against a sum over all symbols and displacements of the edges that matter."""
    moment = moment_of(order, jitter, 9.0)
    assert len(moment.chain) >= 2
    symbols = np.array(np.meshgrid(*[levels(order)] * len(CURSORS), indexing="ij")).reshape(len(CURSORS), -1)
    value = np.exp(moment.tilt * (CURSORS @ symbols)) * _displaced(moment, symbols)
    expected = [np.mean(value[symbols[MAIN] == level]) for level in levels(order)]
    assert np.exp(moment.logarithm) == pytest.approx(np.array(expected), rel=1e-12)


def _displaced(moment: TiltedMoment, symbols: np.ndarray) -> np.ndarray:
    """Expectation over the displacement of all edges of exp(tilt x) of what it adds, for each sequence of symbols."""
    volts, start = moment.states[0].volts, moment.chain.start
    weights = np.array(moment.displacement.weights)
    value = np.ones(symbols.shape[1])
    for q in range(len(moment.chain)):
        used = moment.nodes.counts[q]
        if not used:
            continue
        first = start + q + moment.displacement.lead
        x = weights @ symbols[first : first + 4]
        side = np.where(x < 0.0, volts.shape[1] - 1, 0)
        value *= np.sum(
            moment.nodes.shares[q, :used] * np.exp(moment.tilt * x[:, None] * volts[q, side, :used]), axis=1
        )
    return value


def test_what_an_error_tells_changes_smoothly_with_the_line() -> None:
    """Which edges count jumps somewhere as a line grows wider; what an error tells must not take that for a slope."""
    path = sirf.paths.pluggable(rate_class="100g")
    grid = np.arange(0.0, 110e9, 40e6)
    nominal = Link(path.to_channel(grid), standard="802.3ck-c2m", samples_per_ui=16).optimized()

    def mean(width_um: float) -> np.ndarray:
        link = nominal.replace(channel=_narrowed(path, width_um).to_channel(grid))
        model = interference_model(link)
        return model.after_errors(model.at(0)).mean

    found = np.array([mean(width)[:3] for width in np.linspace(127.6, 127.8, 9)])
    assert np.all(np.abs(np.diff(found, axis=0)) < 0.02 * np.abs(found[1:]))


def test_an_error_made_by_noise_alone_tells_what_the_colour_of_the_noise_does() -> None:
    """Of Gaussian interference the regression on an error is its autocovariance, however near the threshold lies."""
    link = Link(
        sirf.paths.cpo(length="5 mm", rate_class="100g").to_channel(), standard="802.3ck-c2m", samples_per_ui=16
    )
    link = link.optimized()
    loud = dataclasses.replace(link.receiver, noise_density=800.0 * link.receiver.noise_density)
    model = interference_model(
        link.replace(receiver=loud, transmitter=dataclasses.replace(link.transmitter, snr_db=60.0, jitter=NO_JITTER))
    )
    covariance = model.covariance(4)
    deviation = float(np.sqrt(covariance[0]))
    seen = deviation * float(mean_beyond(np.asarray(model.front_end.main_cursor / 3.0 / deviation)))
    expected = seen * covariance[1:] / covariance[0]
    assert model.after_errors(model.at(0)).mean[:3] == pytest.approx(expected, rel=0.03, abs=0.002 * deviation)


@pytest.mark.parametrize("jitter", [Jitter(), Jitter(random_ui=0.02)])
def test_a_symbol_and_later_interference_depend_on_each_other_as_enumerated(jitter: Jitter) -> None:
    """Tilted cumulants given the next level, against sums over all symbols; the later interference sees the main symbol too."""
    order, lag = 4, 1
    moment = moment_of(order, jitter, 9.0)
    course = np.concatenate([CURSORS[lag:], np.zeros(lag)])
    course[MAIN] = 0.25
    edges = EdgeResponse.expansion(np.zeros(len(CURSORS)), np.zeros(len(CURSORS)))
    (found,) = moment.given_symbols([(MAIN - lag, course, edges)])
    symbols = np.array(np.meshgrid(*[levels(order)] * len(CURSORS), indexing="ij")).reshape(len(CURSORS), -1)
    x, y = CURSORS @ symbols, course @ symbols
    weight = np.exp(moment.tilt * x) * _displaced(moment, symbols)
    for i, own in enumerate(levels(order)):
        for j, later in enumerate(levels(order)):
            these = (symbols[MAIN] == own) & (symbols[MAIN - lag] == later)
            mass = weight[these]
            mean = np.average(y[these], weights=mass)
            assert found.logarithm[i, j] == pytest.approx(np.log(mass.sum() / np.sum(symbols[MAIN] == own)), abs=1e-9)
            assert found.other_mean[i, j] == pytest.approx(mean, abs=1e-6)
            assert found.other_variance[i, j] == pytest.approx(
                np.average((y[these] - mean) ** 2, weights=mass), rel=1e-3
            )
            if not jitter:
                centred = x[these] - np.average(x[these], weights=mass)
                assert found.mean[i, j] == pytest.approx(np.average(x[these], weights=mass), abs=1e-6)
                assert found.variance[i, j] == pytest.approx(np.average(centred**2, weights=mass), rel=1e-3)
                assert found.covariance[i, j] == pytest.approx(
                    np.average(centred * (y[these] - mean), weights=mass), abs=1e-5
                )


def _narrowed(path: sirf.Path, width_um: float) -> sirf.Path:
    """Every stripline of the path this wide, on the planes of a board at the edge of its tolerance."""
    segments = []
    for segment in path.segments:
        element = segment.element
        if hasattr(element, "line"):
            material = dataclasses.replace(element.line.material, df=1.83434785e-3)
            line = dataclasses.replace(element.line, width=1e-6 * width_um, spacing=275.745893e-6, material=material)
            segment = dataclasses.replace(segment, element=dataclasses.replace(element, line=line))
        segments.append(segment)
    return dataclasses.replace(path, segments=tuple(segments))

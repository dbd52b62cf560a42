"""Interference by pairs of levels: alike for all pairs it is that of one distribution; without symbols it has a closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from sirf.engine.edge_response import EdgeResponse
from sirf.engine.statistical.analysis import InterferenceModel
from sirf.engine.statistical.level_interference import Conditionals, interference_by_level
from sirf.engine.statistical.tilted_contour import TiltedContour
from sirf.engine.statistical.tilted_inversion import interference
from sirf.transmitter.jitter import Jitter, SinusoidalJitter
from tests.engine.statistical.test_exact_edges import RATE, nrz_link

JITTERS = {
    "none": Jitter(),
    "random": Jitter(random_ui=0.02, dual_dirac_ui=0.01),
    "duty cycle": Jitter(random_ui=0.02, duty_cycle_ui=0.04),
    "sinusoid": Jitter(random_ui=0.02, sinusoidal=(SinusoidalJitter(0.03, 0.1 * RATE),)),
}


@pytest.mark.parametrize("modulation", ["NRZ", "PAM4", "PAM6"])
@pytest.mark.parametrize("jitter", JITTERS.values(), ids=JITTERS)
def test_pairs_that_are_alike_have_the_distribution_of_all(jitter: Jitter, modulation: str) -> None:
    link = nrz_link(jitter, sigma=8e-3).replace(modulation=modulation)
    model = InterferenceModel(link)
    cursors, main = model.cursors(3)
    edges = model.edges.shifted(3, len(cursors))
    line = model._line(cursors, main, edges)
    rest = main, model.displacement, model.levels, model._aggressors(line, 3), line
    pairs = len(model.levels) ** 2
    each, zeros = np.ones(pairs), np.zeros((pairs, 1))
    alike = Conditionals(np.tile(cursors, (pairs, 1)), edges, each, model.noise * each, zeros[:, 0], zeros, zeros + 1.0)
    found = interference_by_level(alike, *rest)
    expected = interference(cursors, main, edges, *rest[1:])
    for one, other in (
        (found.log_tail, expected.log_tail),
        (found.lower_log_tail, expected.lower_log_tail),
    ):
        counted = other > np.log(1e-12)
        assert one[counted] == pytest.approx(other[counted], abs=1e-6)


def test_offsets_and_noise_are_those_of_each_pair() -> None:
    """No interference: offsets of two values beside Gaussian noise with a third cumulant, in closed form."""
    generator = np.random.default_rng(1)
    model = InterferenceModel(nrz_link(Jitter()).replace(modulation="PAM4"))
    deviation, b = generator.uniform(0.8e-3, 1.2e-3, 16), generator.uniform(-0.02, 0.02, 16)
    scale = deviation / np.sqrt(1.0 + 2.0 * b**2)
    offsets = generator.uniform(-2e-3, 2e-3, (16, 2))
    shares = np.tile([0.3, 0.7], (16, 1))
    none = np.zeros(len(model.cursors(0)[0]))
    given = Conditionals(
        np.zeros((16, len(none))), EdgeResponse.expansion(none, none), np.ones(16), deviation**2, 6.0 * b * deviation**3,
        offsets, shares,
    )  # fmt: skip
    widest = np.append(none, np.abs(offsets).max())
    line = TiltedContour.of(
        widest, float(np.min(deviation**2)), model.levels, spread=float(given.spread.max() - np.min(deviation**2))
    )
    found = interference_by_level(given, 3, model.displacement, model.levels, np.ones(line.size, dtype=complex), line)
    for sign, log_tail in ((1.0, found.log_tail), (-1.0, found.lower_log_tail)):
        # scale (z + b (z² - 1)) beyond the rest of the way: outside both roots of a parabola, or between them
        away = (found.volts[:, None, None] - sign * offsets) / scale[:, None]
        c = sign * b[:, None]
        root = np.sqrt(np.maximum(1.0 + 4.0 * c * (c + away), 0.0))
        near, far = (-1.0 + root) / (2.0 * c), (-1.0 - root) / (2.0 * c)
        beyond = np.where(c > 0.0, ndtr(-near) + ndtr(far), ndtr(far) - ndtr(near))
        beyond = np.where(1.0 + 4.0 * c * (c + away) > 0.0, beyond, c > 0.0)
        expected = np.sum(beyond * shares, axis=2).reshape(-1, 4, 4).mean(axis=2).T
        counted = expected > 1e-9
        assert log_tail[counted] == pytest.approx(np.log(expected[counted]), abs=1e-6)

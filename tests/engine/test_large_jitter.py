"""Jitter far beyond what a second-order expansion bears, in every engine, against quadrature over exact edges."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import sirf
from sirf.engine.edge_expansion import series_length
from sirf.engine.statistical.analysis import statistical_eye
from sirf.link import Link
from sirf.transmitter.jitter import Jitter
from tests.engine.statistical.test_exact_edges import middle, nrz_link, quadrature

SIGMA = 1.8e-3


def early(jitter: Jitter, offset: float) -> Link:
    link = nrz_link(jitter, sigma=SIGMA)
    return link.replace(receiver=dataclasses.replace(link.receiver, sampling_offset_ui=offset))


@pytest.mark.parametrize(
    ("jitter", "offset"),
    [(Jitter(random_ui=0.078), -0.25), (Jitter(random_ui=0.03, dual_dirac_ui=0.06), -0.375)],
    ids=str,
)
def test_every_engine_has_the_error_ratio_of_exact_edges(jitter: Jitter, offset: float) -> None:
    link = early(jitter, offset)
    exact = float(quadrature(jitter, SIGMA, np.array([middle(statistical_eye(link, phases=1))]))[0])
    assert 1e-4 < exact < 3e-3
    assert series_length(link) > 2
    assert statistical_eye(link, phases=1).ser == pytest.approx(exact, rel=0.01)
    for count in (
        sirf.count_errors(link, max_errors=8000, rng=1),
        sirf.simulate(link, symbols=3_000_000, rng=1).errors,
    ):
        low, high = count.interval(0.999)
        assert low <= exact <= high, count.ser / exact


def test_usual_jitter_keeps_the_short_series() -> None:
    link = sirf.Link(sirf.paths.pluggable(rate_class="100g").to_channel(), standard="802.3ck-c2m").optimized()
    assert link.transmitter.jitter
    assert series_length(link) == 2

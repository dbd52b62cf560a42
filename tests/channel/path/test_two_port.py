"""Segments in series: runs of dies, packages and balls kept as one give what joining one by one gives."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest

from sirf import paths
from sirf.channel.cascade import cascade
from sirf.channel.parts import Ball
from sirf.channel.path.element_networks import FrequencyGrid, two_port_of
from sirf.channel.path.elements import Device


@pytest.mark.parametrize("kind", ["pluggable", "npo", "cpo"])
def test_kept_runs_give_the_cascade_of_all_segments(kind: str) -> None:
    path = getattr(paths, kind)(rate_class="100g")
    frequency = np.linspace(0.0, 60e9, 301)
    elements = [segment.element for segment in path.segments]
    one_by_one = reduce(cascade, [element.network(frequency).s for element in elements])
    for _ in range(2):
        together = two_port_of(elements, FrequencyGrid(frequency), (Device, Ball))
        np.testing.assert_allclose(together, one_by_one, rtol=0.0, atol=1e-14)
    np.testing.assert_allclose(path.to_channel(frequency).through.s, one_by_one, rtol=0.0, atol=1e-14)

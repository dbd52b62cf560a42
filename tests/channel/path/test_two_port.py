"""Segments in series: a start of die, package and ball kept as one gives what joining one by one gives, to the bit."""

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
        np.testing.assert_array_equal(together, one_by_one)
    np.testing.assert_array_equal(path.to_channel(frequency).through.s, one_by_one)

"""The full grid of Annex 178A."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirf.com.reference_receiver import ReferenceReceiver
from sirf.com.search import gain_settings

_STEP_SLACK = 1e-3
"""Part of an error by which the estimate of the converter's step can be wrong."""


@dataclass(frozen=True, slots=True)
class Pair:
    error: float
    g_dc: int
    g_dc2: int
    row: int
    sample: int


def best_pairs(receiver: ReferenceReceiver, *, prune: bool) -> tuple[list[tuple[Pair, float]], int]:
    ctle = receiver.settings.receiver.ctle
    found = []
    made = 0
    rows = np.arange(len(receiver.grid.taps))
    for i, j in gain_settings(ctle):
        t = receiver.tables((ctle.g_dc_db[i], ctle.g_dc2_db[j]))
        e = t.errors(rows)
        made += e.size
        for c in range(len(rows)):
            p = int(np.argmin(e[c]))
            found.append((Pair(float(e[c, p]), i, j, c, int(t.instants[c] + t.offsets[p])), _STEP_SLACK))
    found.sort(key=lambda pair: pair[0].error)
    return found, made

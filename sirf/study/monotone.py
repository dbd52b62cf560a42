"""Where a figure that should get worse with length gets better: resonances, and lengths at which an equaliser fits by chance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from sirf.study.figures import FIGURES

RATIO_DECADES = 0.05
"""An error ratio that falls by less is taken as level."""
SHARE = 0.01
"""Any other figure that improves by less than this share of its range is taken as level."""


def improving_spans(place: Sequence[float], value: ArrayLike, figure: str) -> tuple[tuple[float, float], ...]:
    """(from, to) of every stretch of `place` (N,), ascending, along which `figure` improves; values not finite are left out.

    >>> improving_spans((10.0, 20.0, 30.0, 40.0), (1e-9, 1e-6, 1e-7, 1e-3), "ber")
    ((20.0, 30.0),)
    """
    known = FIGURES[figure]
    values = np.asarray(value, dtype=float)
    keep = np.isfinite(values)
    values, places = values[keep], np.asarray(place, dtype=float)[keep]
    if values.size < 2:
        return ()
    if known.ratio:
        # decades, upwards better
        values, least = -np.log10(np.maximum(values, 1e-30)), RATIO_DECADES
    else:
        values = values if known.more_is_better else -values
        # a constant figure has no range
        least = max(SHARE * float(np.ptp(values)), 1e-12)
    spans: list[tuple[float, float]] = []
    for k in np.flatnonzero(np.diff(values) > least):
        start, end = float(places[k]), float(places[k + 1])
        # neighbouring stretches are one
        if spans and spans[-1][1] == start:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return tuple(spans)

"""Histograms of many samples that move together, as a search of equaliser taps asks for them again and again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Real = NDArray[np.float64]


@kernel(compact=True)
def count_moved(places: Real, moves: Real, by: float, most: float, counts: Real, parts: Real) -> None:
    """Add samples (W, S) at `places` + `by` `moves`, in bins from 0 to `most`, to what is in each bin of (W, B).

    A sample counts in the bin at or below it, in `counts`, and adds its distance from that bin to `parts`.
    """
    windows, samples = places.shape
    for w in range(windows):
        for s in range(samples):
            place = min(max(places[w, s] + by * moves[w, s], 0.0), most)
            index = int(place)
            counts[w, index] += 1.0
            parts[w, index] += place - index

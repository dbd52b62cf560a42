"""The phases of an eye that its heights and widths are read from: those about the instant at which some eye is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sirf.results.interference_distribution import Interference

if TYPE_CHECKING:
    from sirf.engine.statistical.analysis import InterferenceModel


def while_open(model: InterferenceModel, offsets: NDArray[np.int64], ratio: float) -> list[Interference]:
    """Interference at the middle one of `offsets` and as many on both sides as it takes for every eye to close at `ratio`."""
    centre = len(offsets) // 2
    found = [model.at(int(offsets[centre]))]
    decision = model.thresholds(found[0])

    def closed(piece: Interference, index: int) -> NDArray[np.bool_]:
        main = float(model.main_cursors(offsets[index : index + 1])[0])
        return np.array(
            [
                threshold <= model.decided[e] * main + piece.quantile(e, ratio)
                or threshold >= model.decided[e + 1] * main - piece.lower_quantile(e + 1, ratio)
                for e, threshold in enumerate(decision)
            ]
        )

    # going outwards, an eye that has closed once stays closed on that side
    left = right = closed(found[0], centre)
    for step in range(1, centre + 1):
        if left.all() and right.all():
            return found
        found.insert(0, model.at(int(offsets[centre - step])))
        left = left | closed(found[0], centre - step)
        if centre + step < len(offsets):
            found.append(model.at(int(offsets[centre + step])))
            right = right | closed(found[-1], centre + step)
    return found

"""The mask of a die-to-die row's copper: loss and crosstalk between the ends that the specification states."""

from __future__ import annotations

import numpy as np

from sirf.channel.figures.voltage_transfer import VtfVerdict, load_vtf_mask
from sirf.study.length_search import longest_length
from sirf.study.ruled_reach import between_planes
from sirf.study.sections import STEP, path_of
from sirf.system.architecture import Architecture


def mask_verdict(architecture: Architecture, data_rate: float, *, length: float | None = None) -> VtfVerdict | None:
    """How the copper of `length` in m (None: the architecture's own) meets the mask of its interface; None without a mask."""
    name = architecture.at(data_rate).vtf_mask
    if name is None:
        return None
    # pads and resistances of both ends are the mask's own: those of the path's dies would count twice
    copper = between_planes(path_of(architecture, data_rate, length), "bump")
    # a step beyond half the rate, whatever rounding does
    grid = np.arange(0.0, 0.5 * data_rate + 2.0 * STEP, STEP)
    return load_vtf_mask(name).verdict(copper.to_channel(grid, crosstalk=True), data_rate=data_rate)


def mask_length(architecture: Architecture, data_rate: float) -> float | None:
    """The longest variable segment in m that meets the mask; None where none does, or the interface has no mask."""
    # asked for at a length of its own, as the path's may miss
    if architecture.at(data_rate).vtf_mask is None:
        return None

    def margin(length: float) -> float:
        found = mask_verdict(architecture, data_rate, length=length)
        assert found is not None
        # loss and crosstalk have margins of their own: the one that is nearest to its limit decides
        return min(found.margins_db.values())

    return longest_length(margin, path_of(architecture, data_rate).trace_length_m)[0]


def mask_note(architecture: Architecture, data_rate: float, verdict: VtfVerdict) -> str:
    """The verdict in words, with the length up to which it holds."""
    longest = mask_length(architecture, data_rate)
    end = "no length meets it" if longest is None else f"met up to {1e3 * longest:.0f} mm"
    return f"{verdict}; {end}. Lines do not couple here, bumps alone do"

"""What clips in a converter is not in the statistics: refused where it changes the error ratio. Counts and waveforms clip."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from sirf._arrays import Float
from sirf.engine.rounding import converter_rounding
from sirf.errors import SirfError

if TYPE_CHECKING:
    from sirf.engine.statistical.analysis import InterferenceModel
    from sirf.results.interference_distribution import Interference


TOLERATED = 0.01
"""Part of the symbol error ratio that clipping may add."""
STEPS = 24
"""Steps in which what lies beyond the range is looked at."""
FURTHEST = 16.0
"""Ranges up to so many times the converter's own are looked at."""
FAINTEST = 1e-30
"""Error ratio below which no other is told from it."""


def check_clipping(model: InterferenceModel, at_instant: Interference, decision: Float) -> None:
    """Raise `SirfError` where samples beyond the converter's range add more than `TOLERATED` of the symbol errors."""
    found = clipping(model, at_instant, decision)
    if found is not None:
        raise SirfError(found)


def clipping(model: InterferenceModel, at_instant: Interference, decision: Float) -> str | None:
    """What there is to say where samples beyond the converter's range add more than `TOLERATED` of the symbol errors.

    A sample that lies e beyond the range moves the slicer's input by e times each tap of the Rx FFE: how often comes from the
    distribution ahead of the converter, how many errors each makes from that at the slicer, the two taken as independent.
    """
    link = model.link
    converter, rounding = link.receiver.converter, converter_rounding(link)
    if converter is None or rounding is None:
        return None
    # the outermost of 2^bits levels, which lie symmetrically about zero with half a step on either side of it
    limit = rounding.step * (2 ** (converter.bits - 1) - 0.5)
    levels, main = model.decided, model.front_end.main_cursor
    # a floor, because all comparisons below are relative to it: beside a ratio of zero every clipped sample would count
    alone = max(at_instant.error_ratio(levels, main, decision), FAINTEST)
    ahead, volts = _ahead(model)

    def beyond(values: Float) -> Float:
        """Probabilities (N,) of a sample above each of `values` (N,) in V or below its opposite."""
        # of either end of the range, for levels on both sides of zero
        shifted = np.stack([values - volts[:, None], values + volts[:, None]])
        found = ahead.beyond(np.array([True, False])[:, None, None], np.arange(len(volts))[:, None], shifted)
        return np.asarray(found.mean(axis=1).sum(axis=0))

    def holds(part: float, ratio: float) -> float:
        """The least of the ranges in steps of `ratio` that at most so many samples exceed, or the one beyond `FURTHEST`."""
        steps = int(np.ceil(np.log(FURTHEST) / np.log(ratio)))
        ranges = np.cumprod([limit, *[ratio] * steps])
        # all at once: as quick as a few
        enough = beyond(ranges) <= part
        enough[-1] = True
        return float(ranges[np.argmax(enough)])

    clipped = float(beyond(np.array([limit]))[0])
    # no sample makes more than one error: where so few exceed the range, there is nothing more to ask
    if clipped <= TOLERATED * alone:
        return None
    # until what is left out beyond cannot matter
    furthest = holds(1e-3 * TOLERATED * alone, 1.1)
    edges = np.linspace(limit, furthest, STEPS + 1)
    shares = -np.diff(beyond(edges))
    excess = 0.5 * (edges[1:] + edges[:-1]) - limit
    taps = np.abs(rounding.taps[rounding.taps != 0.0])
    moves = np.array([-1.0, 1.0])[:, None, None] * np.outer(taps, excess)
    # errors rise on one side of a level and fall on the other: the mean of both directions counts
    moved = np.mean(at_instant.error_ratios(levels, main, decision + moves[..., None]), axis=0)
    added = float(np.sum(shares * np.maximum(moved - alone, 0.0)))
    if added <= TOLERATED * alone:
        return None
    # the message has to name a remedy: the least range that would do
    enough = holds(TOLERATED * alone, 1.05)
    return (
        f"converter must hold its input for statistics, got a range of ±{limit:.3g} V that {clipped:.2g} of the samples "
        f"exceed: that would add about {added:.2g} to a symbol error ratio of {alone:.2g}. Use sirf.count_errors or "
        f"sirf.simulate, or full_scale={1.01 * enough:.2g}."
    )


def _ahead(model: InterferenceModel) -> tuple[Interference, Float]:
    """The distribution ahead of the converter at the same instant, and the levels (L,) in V there."""
    link = model.link
    # the same link without all that stands behind the converter's input, which is what is asked for
    bare = dataclasses.replace(
        link.receiver, ffe=(1.0,), ffe_main=0, dfe=(), mlse=None, converter=None, dfe_unrolled=False
    )
    before = type(model)(link.replace(receiver=bare))
    m, rate = link.samples_per_ui, link.symbol_rate
    here, there = (end.start_time * m * rate + end.sampling for end in (model.front_end, before.front_end))
    # a Rx FFE whose largest tap comes before its main one decides earlier than anything arrives here with its pre-cursors: how
    # often samples exceed the range hardly depends on the instant, so the first one that is whole stands for it
    earliest = before.front_end.pre_cursors * m - before.front_end.sampling
    offset = max(round(here - there), earliest)
    return before.at(offset), link.levels * float(before.main_cursors(np.array([offset]))[0])

"""Where the pulse behind a transmitter FFE has its peak: of one setting of the taps, and of all settings in a box.

A box of taps is given by its `centre` (K,), by how much each tap differs from that at most, `radius` (K,), and by the `sign` (K,)
that each tap keeps; the main tap c(0) = 1 - sum |c(k)| loses what another gains. `blocks` (2, B) are the least and the largest
value of the pulse in each UI: taps are whole UI apart, so a few products bound a whole UI of the filtered pulse, and samples are
looked at only in the few UI that can hold the peak. `tops` (B,) and `work` (2, samples a UI) are room.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sirf._kernels.jit import kernel

_ROUNDING = 1e-9
"""Part of a value by which two sums of the same products can differ."""


@kernel
def block_tops(centre: Any, radius: Any, sign: Any, main: Any, blocks: Any, start: Any, stop: Any, tops: Any) -> None:
    """Values (B,) which no setting of the box exceeds in each UI from `start` to before `stop`; others are left as they are."""
    low, high, count = blocks[0], blocks[1], blocks.shape[1]
    tops[start:stop] = 0.0
    for k in range(centre.size):
        shift, tap = k - main, centre[k]
        first, end = max(shift, start), min(count + shift, stop)
        # the largest product of a negative tap is the one with the least value
        source = high if tap >= 0.0 else low
        for j in range(first, end):
            tops[j] += tap * source[j - shift]
        if radius[k] > 0.0:
            # what the tap gains the main tap loses, so that the change is a difference of two shifted pulses
            for j in range(start, stop):
                least, most = (low[j - shift], high[j - shift]) if first <= j < end else (0.0, 0.0)
                own_least, own_most = (low[j], high[j]) if sign[k] > 0.0 else (-high[j], -low[j])
                tops[j] += radius[k] * max(most - own_least, own_most - least)


@kernel
def _block_samples(
    centre: Any, radius: Any, sign: Any, main: Any, pulse: Any, per_ui: Any, block: Any, work: Any
) -> Any:
    """Samples of a UI at the centre of the box and by how much they can differ, into `work`; how many samples there are."""
    begin = block * per_ui
    size = min(per_ui, pulse.size - begin)
    work[:, :size] = 0.0
    for k in range(centre.size):
        start = begin - (k - main) * per_ui
        for i in range(size):
            value = pulse[start + i] if 0 <= start + i < pulse.size else 0.0
            work[0, i] += centre[k] * value
            if radius[k] > 0.0:
                work[1, i] += radius[k] * abs(value - sign[k] * pulse[begin + i])
    return size


@kernel
def peak_range(
    centre: Any,
    radius: Any,
    sign: Any,
    main: Any,
    pulse: Any,
    per_ui: Any,
    blocks: Any,
    window: Any,
    tops: Any,
    work: Any,
) -> Any:
    """First and last sample of the pulse (T,) at which a setting of the box can have its peak.

    Between those of `window` (2,): all that there are, or what was found of a box that holds this one. Outside of them no setting
    of that box reaches what each of its settings has within.
    """
    start, stop = window[0] // per_ui, window[1] // per_ui + 1
    block_tops(centre, radius, sign, main, blocks, start, stop, tops)
    # a sample's least value, wherever it is large, is not above the peak of any setting
    floor, highest = -np.inf, start + int(np.argmax(tops[start:stop]))
    # the UI that can be highest comes first: the floor it sets spares the samples of most others
    for turn in range(start, stop + 1):
        block = highest if turn == start else turn - 1
        if tops[block] >= floor:
            for i in range(_block_samples(centre, radius, sign, main, pulse, per_ui, block, work)):
                floor = max(floor, work[0, i] - work[1, i])
    floor -= _ROUNDING * abs(floor)
    first, last = pulse.size, -1
    # only the outermost samples that can reach the floor are asked for, one from the front and one from the back
    for block in range(start, stop):
        if tops[block] >= floor:
            for i in range(_block_samples(centre, radius, sign, main, pulse, per_ui, block, work)):
                if work[0, i] + work[1, i] >= floor:
                    first = min(first, block * per_ui + i)
        if first < pulse.size:
            break
    block = stop - 1
    while last < 0:
        if tops[block] >= floor:
            for i in range(_block_samples(centre, radius, sign, main, pulse, per_ui, block, work)):
                if work[0, i] + work[1, i] >= floor:
                    last = block * per_ui + i
        block -= 1
    return first, last


@kernel
def peaks(candidates: Any, main: Any, pulse: Any, per_ui: Any, blocks: Any, result: Any) -> None:
    """Peaks of the pulse (T,) behind each row of `candidates` (C, K) into `result` (C,), the first of equals."""
    tops, work, none = np.empty(blocks.shape[1]), np.empty((2, per_ui)), np.zeros(candidates.shape[1])
    for c in range(candidates.shape[0]):
        taps = candidates[c]
        block_tops(taps, none, none, main, blocks, 0, tops.size, tops)
        # the UI that can be highest sets a floor, which spares the samples of most others
        least, best, place = -np.inf, -np.inf, 0
        for turn in range(tops.size + 1):
            block = int(np.argmax(tops)) if turn == 0 else turn - 1
            if tops[block] < least:
                continue
            size = _block_samples(taps, none, none, main, pulse, per_ui, block, work)
            for i in range(size):
                if turn == 0:
                    least = max(least, work[0, i])
                # in order of time and only if larger: the first of equals stays
                elif work[0, i] > best:
                    best, place = work[0, i], block * per_ui + i
            if turn == 0:
                least -= _ROUNDING * abs(least)
        result[c] = place

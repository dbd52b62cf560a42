"""Fixed and floating taps of a decision-feedback equaliser."""

from __future__ import annotations

import numpy as np

from sirf._arrays import Float
from sirf.errors import SirfError


def place_taps(
    cursors: Float,
    *,
    fixed: int,
    groups: int = 0,
    group_size: int = 3,
    limit: float = 1.0,
    floating_limit: float | None = None,
) -> tuple[float, ...]:
    """DFE taps relative to the main cursor, with zeros between floating groups, for post-cursors `cursors` (K,).

    `cursors` are relative to the main cursor, the first post-cursor first, as far as floating taps may reach. The first `fixed`
    are taken away up to ±`limit`; then `groups` non-overlapping groups of `group_size` neighbours each are placed where they
    take away the most energy (each by ±`floating_limit`), by dynamic programming over all places. A receiver takes the result as
    `dfe=`; gaps stay zero when it adapts.

    Raises `SirfError` for numbers that do not fit.

    >>> place_taps(np.array([0.2, 0.0, 0.1, 0.1]), fixed=1, groups=1, group_size=2)
    (0.2, 0.0, 0.1, 0.1)
    """
    count = len(cursors)
    # all places must exist, or the search would look for what the pulse does not have
    if not 0 <= fixed <= count or groups < 0 or group_size < 1 or fixed + groups * group_size > count:
        raise SirfError(
            f"taps must fit into {count} post-cursors, got {fixed} fixed and {groups} groups of {group_size}. Use fewer."
        )
    bound = limit if floating_limit is None else floating_limit
    # floating taps may have a bound of their own
    if limit < 0 or bound < 0:
        raise SirfError(f"limits must not be negative, got {limit} and {bound}. Use 1 for the size of the main cursor.")
    taps = np.zeros(count)
    # fixed taps take off what they can, where they are
    taps[:fixed] = np.clip(cursors[:fixed], -limit, limit)
    # what a floating tap would be at each place
    wanted = np.clip(cursors, -bound, bound)
    # energy before less what a clipped tap leaves
    gain = cursors**2 - (cursors - wanted) ** 2
    gain[:fixed] = 0.0
    total = np.concatenate([[0.0], np.cumsum(gain)])
    # best[g, k]: most energy that g groups take from the first k cursors; minus infinity where so many groups do not
    # fit
    best = np.full((groups + 1, count + 1), -np.inf)
    best[0] = 0.0
    for g in range(1, groups + 1):
        for k in range(fixed + group_size, count + 1):
            here = best[g - 1, k - group_size] + total[k] - total[k - group_size]
            # the best without a group ending here, or with one
            best[g, k] = max(best[g, k - 1], here)
    k = count
    for g in range(groups, 0, -1):
        # back through the table: the group ends at the first k at which this much was reached
        while best[g, k - 1] == best[g, k]:
            k -= 1
        taps[k - group_size : k] = wanted[k - group_size : k]
        k -= group_size
    used = np.flatnonzero(taps)
    # trailing zeros are no taps
    end = max(fixed, int(used[-1]) + 1 if len(used) else 0)
    return tuple(float(tap) for tap in taps[:end])

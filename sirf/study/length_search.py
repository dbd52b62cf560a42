"""The search for the longest length that still meets a limit, of copper and of fibre."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

MIN_LENGTH, MAX_LENGTH = 0.002, 5.0
"""Lengths in m between which the reach of copper is sought."""
STRIDE = 2.0**0.5
"""Ratio of neighbouring lengths while the search walks."""
TOLERANCE = 0.02
"""Relative length at which a search stops where nothing else is said."""
BRACKET = 0.09
"""Relative width of a bracket inside which a single crossing is interpolated: steps by a known fall overshoot by 2 %, and a step
more for each that is just wider than a window moves a crossing by a thousandth."""
WINDOW, FEW_LENGTHS = 0.06, 6
"""Relative distance from a crossing within which margins are fitted, and at how many lengths at first."""
ALLOWED = 2.0
"""Ripple of margins about their fit that is allowed for, over its rms: less in one length of twenty, on both sides."""
MAX_MARGIN = 30.0
"""Margins beyond it count as it: how far a dead link misses says nothing of where it begins to live."""


def longest_length(
    meets: Callable[[float], float | bool],
    start: float,
    *,
    between: tuple[float, float] = (MIN_LENGTH, MAX_LENGTH),
    stride: float = STRIDE,
    descent: float = 2.0,
    tolerance: float = TOLERANCE,
    known: Mapping[float, float] | None = None,
    evaluations: int = 1000,
    fall: float | None = None,
    far: float = math.inf,
) -> tuple[float | None, float | None]:
    """(longest length that meets, the next one tried, which misses); None where there is none `between`.

    `meets` says whether a length meets, or by how much: a margin of at least 0 meets. Walks from `start`, up by `stride` while
    lengths meet or down by `descent` until one meets, then closes in on the crossing by interpolation of the margins over length.
    `known` margins by length are not asked for again; after so many `evaluations` the bracket is left as wide as it is. Where
    margins are known to `fall` by about so much over a length e times as long, steps end just beyond where they lead to. Up from
    margins above `far` every second stride is left out.

    >>> low, high = longest_length(lambda length: length < 0.3, 0.1)
    >>> 0.294 < low < 0.3 <= high
    True
    """
    margins: dict[float, float] = dict(known or {})
    left = evaluations

    def margin(length: float) -> float:
        nonlocal left
        if length in margins:
            return margins[length]
        left -= 1
        found = meets(length)
        value: float = (
            # verdicts without a size count as one unit
            (1.0 if found else -1.0) if isinstance(found, bool) else min(max(float(found), -MAX_MARGIN), MAX_MARGIN)
        )
        margins[length] = value
        return value

    # a start outside the range is no reason to fail: the answer is sought inside it, in the direction that the first
    # length decides on
    first = min(max(start, between[0]), between[1])
    rising = margin(first) >= 0.0
    low, high = (first, None) if rising else (None, first)
    # a known length on the other side of the crossing saves the walk to it
    if rising:
        high = min((one for one, value in margins.items() if value < 0.0 and one > first), default=None)
    else:
        low = max((one for one, value in margins.items() if value >= 0.0 and one < first), default=None)
    # up in small strides, so as not to step over a bump into the next stretch that meets; down fast, for nothing meets there
    if fall is not None and (low is None or high is None):
        low, high = _led_to(margin, first, rising, between, fall, stride if rising else descent)
    places = iter(_steps(first, between[1], stride) if rising else _steps(first, between[0], descent))
    for place in places:
        if low is not None and high is not None:
            break
        # the last place of all, the end of the range, has none behind it
        length = next(places, place) if low is not None and margin(low) > far else place
        low, high = (length, high) if margin(length) >= 0.0 else (low, length)
    if low is not None and high is not None:
        low, high = _closed(margin, margins, low, high, tolerance, left)
    return low, high


def crossing_length(
    meets: Callable[[float], float],
    start: float,
    *,
    between: tuple[float, float] = (MIN_LENGTH, MAX_LENGTH),
    stride: float = STRIDE,
    descent: float = 2.0,
    known: Mapping[float, float] | None = None,
    fall: float | None = None,
) -> tuple[float | None, float | None]:
    """As `longest_length`, down to a bracket of `BRACKET` alone; both lengths are then where the margins inside cross zero.

    By a parabola through three margins: closer than a bracket of 2 % where margins ripple less than they fall within it.

    >>> low, high = crossing_length(lambda length: 0.3 - length, 0.1)
    >>> low == high and abs(low - 0.3) < 1e-9
    True
    """
    margins: dict[float, float] = dict(known or {})

    def margin(length: float) -> float:
        if length not in margins:
            margins[length] = meets(length)
        return margins[length]

    # wide enough for the parabola to see the slope and not the ripple
    low, high = longest_length(
        margin, start, between=between, stride=stride, descent=descent, tolerance=BRACKET, known=known, fall=fall
    )
    if low is None or high is None:
        return low, high
    crossing = _crossing(margins, low, high)
    return crossing, crossing


def _led_to(
    margin: Callable[[float], float],
    start: float,
    rising: bool,
    between: tuple[float, float],
    fall: float,
    stride: float,
) -> tuple[float | None, float | None]:
    """(length that meets, one that misses) by steps from `start` to a little beyond where two margins lead, at first `fall`.

    A step is `stride` squared at most. One length is None where the end of the range comes first.
    """
    sign, place, end = (1.0, start, between[1]) if rising else (-1.0, start, between[0])
    beyond = math.log1p(WINDOW / 3.0)
    while sign * (end - place) > 0.0:
        here = margin(place)
        # margins that rise beyond a bump lead nowhere: a whole stride then
        ahead = abs(here) / fall if fall > 0.0 else math.log(stride)
        following = whole(place * math.exp(sign * min(ahead + beyond, 2.0 * math.log(stride))))
        following = min(max(following, between[0]), between[1])
        there = margin(following)
        if (there >= 0.0) is not rising:
            return (place, following) if rising else (following, place)
        fall, place = (here - there) / math.log(following / place), following
    return (place, None) if rising else (None, place)


def _closed(
    margin: Callable[[float], float],
    margins: Mapping[float, float],
    low: float,
    high: float,
    tolerance: float,
    evaluations: int,
) -> tuple[float, float]:
    """Lengths about the crossing, one that meets and one that misses, closer than `tolerance`; `margins` holds all known ones.

    By the parabola through both ends and their nearest neighbour, aimed just beside the crossing so that the next step or two
    close the bracket, never within a third of the tolerance of an end; every third step halves the bracket.
    """
    # aimed at the crossing itself every step would land on the same side, and the other end of the bracket would never move
    beside = 1.0 + tolerance / 3.0
    # at most as many as are left
    for step in range(evaluations):
        if high / low - 1.0 <= tolerance:
            break
        # all that is known takes part, not the bracket alone
        crossing = _crossing(margins, low, high)
        # beyond the crossing as seen from the nearer end: if the guess is right, that end's partner comes close in one step
        aimed = crossing * beside if crossing - low < high - crossing else crossing / beside
        # margins that jump (a tap more, another gain) fool interpolation: halving now and then bounds the number of steps
        middle = whole(math.sqrt(low * high) if step % 3 == 2 else min(max(aimed, low * beside), high / beside))
        low, high = (middle, high) if margin(middle) >= 0.0 else (low, middle)
    return low, high


def whole(length: float) -> float:
    """A length to six digits, which rounding of the margins that led to it does not move.

    Else the ripple of margins would turn their last digits into other lengths, and those into another reach.
    """
    return float(f"{length:.6g}")


def _crossing(margins: Mapping[float, float], low: float, high: float) -> float:
    """Length between `low`, which meets, and `high`, which misses, at which the parabola through three known margins is zero."""
    span, above, below = high - low, margins[low], margins[high]
    # secant of the bracket
    slope = (below - above) / span
    others = [one for one in margins if one not in (low, high)]
    bend = 0.0
    if others:
        # the nearest by ratio, as lengths are walked by ratios
        third = min(others, key=lambda one: max(low / one, one / high))
        bend = ((margins[third] - above) / (third - low) - slope) / (third - high)
    # above + linear t + bend t² for t from 0 at `low`: one root within, for the ends differ in sign
    linear = slope - bend * span
    # rounding can push a double root below zero
    root = math.sqrt(max(linear * linear - 4.0 * bend * above, 0.0))
    # the form with the root below the fraction: for a nearly straight curve the usual one would subtract equal numbers
    return low + min(2.0 * above / max(root - linear, 1e-300), span)


def _steps(start: float, end: float, stride: float) -> list[float]:
    """Lengths from `start` (left out) to `end` by `stride`, up or down; a last step below 1 % of one is not taken."""
    # the last length is the end itself, however the strides fall; rounded up, but for a last step of less than a
    # hundredth
    count = max(math.ceil(abs(math.log(end / start)) / math.log(stride) - 0.01), 0)
    ratio = stride if end > start else 1.0 / stride
    # the end itself is always tried
    return [*(start * ratio**k for k in range(1, count)), end] if count else []


def steady_length(
    meets: Callable[[float], float | bool],
    start: float,
    *,
    between: tuple[float, float] = (MIN_LENGTH, MAX_LENGTH),
    stride: float = STRIDE,
    descent: float = 2.0,
    tolerance: float = TOLERANCE,
    known: Mapping[float, float] | None = None,
    far: float = math.inf,
) -> tuple[float | None, float | None]:
    """(length up to which lengths meet, length from which they miss), for margins that ripple from length to length.

    As `longest_length`, whose bracket is where it begins. About the crossing a parabola is fitted to the margins of lengths
    within `WINDOW`: the first length is where it less `ALLOWED` times the rms ripple meets, the second where it with that
    misses. Where these lie further apart than twice `tolerance`, twice as many lengths are asked for. So neither hangs on one
    dip, and between both lengths meet or miss by chance. A `tolerance` above `WINDOW` leaves the bracket as it is.

    >>> low, high = steady_length(lambda length: 0.3 - length, 0.1)
    >>> 0.29 < low < 0.3 < high < 0.31
    True
    """
    margins: dict[float, float] = dict(known or {})
    verdicts = False

    def margin(length: float) -> float:
        nonlocal verdicts
        if length not in margins:
            found = meets(length)
            verdicts = verdicts or isinstance(found, bool)
            value = (1.0 if found else -1.0) if isinstance(found, bool) else float(found)
            # dead links miss by any number: bounded, or they would bend the parabola
            margins[length] = min(max(value, -MAX_MARGIN), MAX_MARGIN)
        return margins[length]

    walked = {"between": between, "stride": stride, "descent": descent, "far": far}
    # no fit in a bracket wider than its window
    if tolerance > WINDOW:
        return longest_length(margin, start, tolerance=tolerance, known=known, **walked)  # type: ignore[arg-type]
    low, high = longest_length(margin, start, tolerance=math.inf, known=known, **walked)  # type: ignore[arg-type]
    if low is None or high is None:
        return low, high
    # a window walks to a crossing that the parabola through the strides has missed by little; verdicts and dead links do not
    # tell where it is
    if verdicts or max(margin(low), -margin(high)) >= MAX_MARGIN:
        low, high = _closed(margin, margins, low, high, WINDOW, 1000)
    return fitted_length(margin, whole(_crossing(margins, low, high)), margins, between=between, tolerance=tolerance)


def fitted_length(
    margin: Callable[[float], float],
    centre: float,
    margins: Mapping[float, float],
    *,
    between: tuple[float, float] = (MIN_LENGTH, MAX_LENGTH),
    tolerance: float = TOLERANCE,
) -> tuple[float, float]:
    """The two lengths of `steady_length` by the fit about a crossing near `centre`; `margin` keeps in `margins` what it finds."""
    for count in (FEW_LENGTHS, 2 * FEW_LENGTHS - 1):
        # twice less one holds the fewer lengths again
        first, last = _window(margin, centre, count, between)
        near = {place: value for place, value in margins.items() if first <= place <= last}
        fitted = _settled(near, tolerance)
        # few lengths that no parabola fits say little of where it crosses: their own bracket is as close as they happen to lie
        if fitted is not None and fitted[1] / fitted[0] - 1.0 <= 2.0 * tolerance:
            break
    low, high = _sampled(near) if fitted is None else fitted
    return low, high


def _window(
    margin: Callable[[float], float], centre: float, count: int, between: tuple[float, float]
) -> tuple[float, float]:
    """(first, last) of the lengths within `WINDOW` of the centre, `count` of them asked for, and more until the first meets and
    the last misses.
    """

    def place(n: int) -> float:
        # a window of twice WINDOW, in equal ratios; one power of a ratio of integers, so that the lengths which a finer window
        # shares with a coarser one are the same to the last digit, neither asked for nor counted twice
        return centre * math.pow(1.0 + WINDOW, 2 * n / (count - 1) - 1.0)

    asked = [n for n in range(count) if between[0] <= place(n) <= between[1]]
    for n in asked:
        margin(place(n))
    first, last = asked[0], asked[-1]
    # the window moves until its ends are on both sides, as far as lengths go
    for _ in range(2 * count):
        if margin(place(first)) < 0.0 and place(first - 1) >= between[0]:
            first -= 1
        elif margin(place(last)) >= 0.0 and place(last + 1) <= between[1]:
            last += 1
        else:
            break
    return place(first), place(last)


def _settled(margins: Mapping[float, float], tolerance: float) -> tuple[float, float] | None:
    """Both lengths by a parabola through margins by length; None where it does not fall through zero once."""
    places = sorted(margins)
    values = np.array([margins[place] for place in places])
    # over the logarithm: lengths are compared by ratios
    x = np.log(places)
    fit = np.polynomial.Polynomial.fit(x, values, 2)
    # rms of what the parabola leaves, with three freedoms taken off
    ripple = ALLOWED * math.sqrt(float(np.sum((fit(x) - values) ** 2)) / (len(places) - 3))
    # the fit less the ripple gives the first length, the fit with it the second
    # a ripple that reaches past the ends of the window is followed along the parabola: lengths by sample would take no notice
    # of it
    beyond = 0.5 * math.log1p(WINDOW)
    inner, outer = (_downward(fit - level, x[0] - beyond, x[-1] + beyond) for level in (ripple, -ripple))
    if inner is None or outer is None:
        return None
    # a fit is no closer than the lengths it rests on allow
    least = 0.25 * tolerance
    return math.exp(inner - least), math.exp(outer + least)


def _downward(fit: np.polynomial.Polynomial, first: float, last: float) -> float | None:
    """Where a parabola falls through zero between `first` and `last`; None where it does not, or more than once."""
    free, linear, square = (*(float(one) for one in fit.coef), 0.0, 0.0)[:3]
    discriminant = linear * linear - 4.0 * free * square
    if discriminant <= 0.0:
        # it touches zero at most
        return None
    # the sum of what has the same sign: a nearly straight fit loses no digits, as it would in eigenvalues
    larger = -0.5 * (linear + math.copysign(math.sqrt(discriminant), linear))
    far, near = larger / square if square else math.inf, free / larger
    # a parabola falls at the root at which its slope is less the root of the discriminant
    falling, rising = (near, far) if linear < 0.0 else (far, near)
    offset, scale = fit.mapparms()
    falling, rising = ((one - offset) / scale for one in (falling, rising))
    # a figure that gets better with length does not end a reach
    return float(falling) if first <= falling <= last and not first <= rising <= last else None


def _sampled(margins: Mapping[float, float]) -> tuple[float, float]:
    """(the length before the first that misses, the length after the last that meets), of those asked for."""
    places = sorted(margins)
    values = np.array([margins[place] for place in places])
    missing, meeting = np.flatnonzero(values < 0.0), np.flatnonzero(values >= 0.0)
    first = int(missing[0]) - 1 if missing.size else len(places) - 1
    last = int(meeting[-1]) + 1 if meeting.size else 0
    return places[max(first, 0)], places[min(last, len(places) - 1)]

"""Expectation of exp(s x) of the symbols that jittered edges tie together, on a line s = theta + j n step in the complex plane.

Rows (2, S) are real and imaginary parts at S points of the line, kept apart so that loops over it become vector instructions.
Windows of three symbols are numbered (g L + h) L + i with their levels g, h, i of L. The kernels are small and know arrays of
few shapes: one with everything inside takes three times as long to compile.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]

LANES = 4
"""Points of the line that turn together."""
POINTS = 8
"""Tabulated transitions through which one between them is interpolated."""
FINE_AT_END, FINE_ABOUT_REST, FINE_AT_MOST = 0.25, 0.07, 0.15
"""Largest change of the logarithm of a displaced edge's function between tabulated transitions: of its angle at the end of the
line, where the noise has fallen to 1e-16, and of its size at the line's beginning, about no transition and about the largest.
Interpolation then moves tails by less than 1e-8 at 1e-9 and 1e-5 at 1e-15 (seen with and without duty-cycle distortion)."""


def symbol_chain(
    theta: float,
    step: float,
    size: int,
    cursors: Float,
    main: int,
    volts: Float,
    shares: Float,
    counts: NDArray[np.int64],
    weights: Float,
    rests: Float,
    ties: Float,
    levels: Float,
    likely: Float,
    coupling: Float,
    outside: Complex,
) -> Complex:
    """(L, L, S): E exp(s x) over the symbols whose jittered edges tie them, given the main one (second axis).

    Split by the symbol sent before it, that of the next cursor: sum over the first axis for all.

    Symbols h … h + 3 with `cursors` (Q,) share the transition x = weights[h] . (a_h, …, a_(h+3)) + r, whose displaced edge
    adds x times one of `volts[h, 0]` (N,), or of the last of `volts[h]` where x < 0, with probabilities `shares[h]` (N,). The
    first `counts[h]` of them count; no edge of which none does moves. r is ± the root of its variance `rests[h]`, with a mean of
    `ties[h]` a_(h-1) times that root: what depends on the symbol before the four is taken as linear in its level. Levels are sent
    with probabilities `likely` (L,); `coupling` (Q - 1, L, L) is how much more often than that neighbours meet, and `outside`
    (2, L, S) what symbols beyond both ends add given the first and the last level (empty without either). Messages run
    from both ends to the main symbol at index `main` (2 … Q - 2). `size` is a multiple of `LANES`.
    """
    count, length = len(levels), len(cursors)
    sides, most = volts.shape[1], volts.shape[2]
    weight = np.empty((length * count, 2, size))
    messages = np.empty((3, count**3, 2, size))
    # where a rest is tied: messages weighed by the level of the symbol before the window, or what it adds a unit of level
    odd_messages = np.zeros((3, count**3 if np.any(ties) else 0, 2, size))
    symbol_weights(weight, theta, step, cursors, main, levels, likely)
    for end, place in enumerate((slice(0, count), slice((length - 1) * count, None)) if len(outside) else ()):
        weighed = (weight[place, 0] + 1j * weight[place, 1]) * outside[end, :, :size]
        weight[place, 0], weight[place, 1] = weighed.real, weighed.imag
    # the messages overlap in the main symbol, of weight one, and the one before it, which the left message counts
    first_message(messages[0], weight, 0, count, False)
    first_message(messages[1], weight, length - 3, count, length - 3 == main - 1)
    if len(coupling):
        # those of later neighbours go with the edges
        messages[0] *= (coupling[0][:, :, None] * coupling[1][None]).reshape(-1, 1, 1)
    total = np.zeros((count * count, 2, size))
    aparts = np.sqrt(rests)
    largest = np.abs(weights).sum(axis=1) * np.abs(levels).max() + aparts
    spacings = table_spacings(theta, step * size, largest, np.einsum("qn,qdn->qd", shares, volts**2).max(axis=1))
    points = (2.0 * largest / spacings).astype(np.int64) + POINTS + 1
    # noise far smaller than the edges asks for more of them than there are transitions: then each transition by itself
    points[points > count**4 * np.where(rests > 0.0, 2, 1)] = 0
    run_chain(
        total,
        messages[0],
        messages[1],
        messages[2],
        odd_messages[0],
        odd_messages[1],
        odd_messages[2],
        weight,
        np.empty((sides, points.max(), 2, size)),
        np.empty((15, max(most, POINTS))),
        spacings,
        points,
        theta,
        step,
        main,
        volts,
        shares,
        counts,
        weights,
        aparts,
        ties,
        levels,
        coupling,
    )
    return np.asarray(total[:, 0] + 1j * total[:, 1]).reshape(count, count, size)


@kernel(fastmath=True)  # products of bounded factors; reordering moves the last digits only
def symbol_weights(
    weight: Float, theta: float, step: float, cursors: Float, main: int, levels: Float, likely: Float
) -> None:
    """Probability of each level times exp(s level cursor), in the rows of `weight` (Q L, 2, S); of the main symbol one."""
    count = len(levels)
    for number in range(len(weight)):
        q = number // count
        level = number - q * count
        swing = 0.0 if q == main else levels[level] * cursors[q]
        row = weight[number]
        x = 1.0 if q == main else np.exp(theta * swing) * likely[level]
        y = 0.0
        turn_re = np.cos(step * swing)
        turn_im = np.sin(step * swing)
        for n in range(row.shape[1]):
            row[0, n] = x
            row[1, n] = y
            x, y = x * turn_re - y * turn_im, x * turn_im + y * turn_re


@kernel(fastmath=True)  # as above
def multiply(out: Float, one: Float, two: Float) -> None:
    """`out` (2, S) = `one` times `two`; `out` may be one of them."""
    for n in range(out.shape[1]):
        p = one[0, n] * two[0, n] - one[1, n] * two[1, n]
        q = one[0, n] * two[1, n] + one[1, n] * two[0, n]
        out[0, n] = p
        out[1, n] = q


@kernel(fastmath=True)  # as above
def add_product(out: Float, one: Float, two: Float) -> None:
    """Add `one` times `two` to `out`, all (2, S)."""
    for n in range(out.shape[1]):
        out[0, n] += one[0, n] * two[0, n] - one[1, n] * two[1, n]
        out[1, n] += one[0, n] * two[1, n] + one[1, n] * two[0, n]


@kernel(fastmath=True)  # as above
def mix(out: Float, own: float, other: Float, share: float) -> None:
    """`out` = `own` times itself plus `share` times `other`, all (2, S)."""
    for part in range(2):
        for n in range(out.shape[1]):
            out[part, n] = own * out[part, n] + share * other[part, n]


@kernel
def first_message(message: Float, weight: Float, start: int, count: int, unweighted: bool) -> None:
    """Products of the weights of the symbols `start` … `start` + 2 in `message` (L³, 2, S); `unweighted` leaves the first out."""
    for window in range(len(message)):
        g = window // (count * count)
        h = window // count - g * count
        i = window - (g * count + h) * count
        multiply(message[window], weight[(start + 1) * count + h], weight[(start + 2) * count + i])
        if not unweighted:
            multiply(message[window], message[window], weight[start * count + g])


@kernel(fastmath=True)  # as above
def superpose(size: Float, turn: Float, out: Float, room: Float) -> None:
    """`out` (2, S): sums over N nodes of size exp(j n angle); `size` (N,), `turn` (8, …) = cos and sin of 1, 2, 3, 4 angles.

    S is a multiple of `LANES`, so that nodes are loaded once for so many points; they fill vectors. `room` holds as many.
    """
    re, im = out[0], out[1]
    c1, s1, c2, s2, c3, s3, c4, s4 = turn[0], turn[1], turn[2], turn[3], turn[4], turn[5], turn[6], turn[7]
    real, imag = size, room
    for k in range(len(size)):
        imag[k] = 0.0
    for start in range(0, len(re), LANES):
        r0 = i0 = r1 = i1 = r2 = i2 = r3 = i3 = 0.0
        for k in range(len(size)):
            p = real[k]
            q = imag[k]
            r0 += p
            i0 += q
            r1 += p * c1[k] - q * s1[k]
            i1 += p * s1[k] + q * c1[k]
            r2 += p * c2[k] - q * s2[k]
            i2 += p * s2[k] + q * c2[k]
            r3 += p * c3[k] - q * s3[k]
            i3 += p * s3[k] + q * c3[k]
            real[k] = p * c4[k] - q * s4[k]
            imag[k] = p * s4[k] + q * c4[k]
        re[start], re[start + 1], re[start + 2], re[start + 3] = r0, r1, r2, r3
        im[start], im[start + 1], im[start + 2], im[start + 3] = i0, i1, i2, i3


def table_spacings(theta: float, end: float, largest: Float, power: Float) -> Float:
    """Spacing (Q,) of the tabulated transitions up to ±`largest` (Q,) of edges with a mean square `power` (Q,) in V².

    `end` in 1/V is the imaginary part at the end of the line.
    """
    swing = np.sqrt(power)
    rise = theta * swing
    # on the real axis the logarithm is about (theta x v)² / 2
    finest = np.max([end * swing / FINE_AT_END, rise / FINE_ABOUT_REST, rise**2 * largest / FINE_AT_MOST], axis=0)
    # an edge that does not move has no transitions to tell apart
    return np.where(largest > 0.0, largest / np.maximum(finest * largest, 1.0), 1.0)


@kernel(fastmath=True)  # as above
def tabulate(
    theta: float, step: float, low: float, spacing: float, shares: Float, volts: Float, room: Float, out: Float
) -> None:
    """Expectation of exp(s x v) over the nodes v of a displaced edge, `volts` (N,), for x = `low`, `low` + `spacing` …

    In the rows of `out` (P, 2, S); `shares` (N,) are the probabilities of the nodes, `room` (15, N) is overwritten.
    """
    turn, size = room[:8], room[8]
    grown, gain, ahead, aside = room[10], room[11], room[12], room[13]
    for k in range(len(shares)):
        grown[k] = shares[k] * np.exp(theta * low * volts[k])
        turn[0, k] = np.cos(step * low * volts[k])
        turn[1, k] = np.sin(step * low * volts[k])
        gain[k] = np.exp(theta * spacing * volts[k])
        ahead[k] = np.cos(step * spacing * volts[k])
        aside[k] = np.sin(step * spacing * volts[k])
    for point in range(len(out)):
        for k in range(len(shares)):
            size[k] = grown[k]
            c = turn[0, k]
            s = turn[1, k]
            turn[2, k] = c * c - s * s
            turn[3, k] = 2.0 * c * s
            turn[4, k] = c * turn[2, k] - s * turn[3, k]
            turn[5, k] = c * turn[3, k] + s * turn[2, k]
            turn[6, k] = turn[2, k] * turn[2, k] - turn[3, k] * turn[3, k]
            turn[7, k] = 2.0 * turn[2, k] * turn[3, k]
        superpose(size[: len(shares)], turn, out[point], room[9])
        for k in range(len(shares)):
            c = turn[0, k]
            s = turn[1, k]
            grown[k] *= gain[k]
            turn[0, k] = c * ahead[k] - s * aside[k]
            turn[1, k] = c * aside[k] + s * ahead[k]


@kernel(fastmath=True)  # as above
def interpolate(table: Float, place: float, weights: Float, out: Float) -> None:
    """Lagrange's polynomial through the `POINTS` rows of `table` (P, 2, S) about `place`, in `out` (2, S).

    `place` counts rows; `weights` (POINTS,) is overwritten.
    """
    first = min(max(int(np.floor(place)) - POINTS // 2 + 1, 0), len(table) - POINTS)
    for i in range(POINTS):
        weights[i] = 1.0
        for j in range(POINTS):
            if j != i:
                weights[i] *= (place - first - j) / (i - j)
    a, b, c, d = table[first], table[first + 1], table[first + 2], table[first + 3]
    e, f, g, h = table[first + 4], table[first + 5], table[first + 6], table[first + 7]
    for part in range(2):
        for n in range(out.shape[1]):
            out[part, n] = (
                (weights[0] * a[part, n] + weights[1] * b[part, n])
                + (weights[2] * c[part, n] + weights[3] * d[part, n])
                + (weights[4] * e[part, n] + weights[5] * f[part, n])
                + (weights[6] * g[part, n] + weights[7] * h[part, n])
            )


@kernel
def run_chain(
    total: Float,
    left: Float,
    right: Float,
    moved: Float,
    left_odd: Float,
    right_odd: Float,
    moved_odd: Float,
    weight: Float,
    table: Float,
    room: Float,
    spacings: Float,
    points: NDArray[np.int64],
    theta: float,
    step: float,
    main: int,
    volts: Float,
    shares: Float,
    counts: NDArray[np.int64],
    weights: Float,
    aparts: Float,
    ties: Float,
    levels: Float,
    coupling: Float,
) -> None:
    """Move both messages to the main symbol and join them there in `total` (L L, 2, S), the symbol before it first.

    Messages with `_odd` are empty where no rest is tied. That from the left is weighed by the level of the symbol before the
    window; the level of that symbol times the one from the right adds to what it is without.
    """
    count, sides, size = len(levels), volts.shape[1], total.shape[2]
    square, cube = count * count, len(moved)
    factor, other, odd = np.empty((2, size)), np.empty((2, size)), np.zeros((2, size))
    coupled, coupled_odd = np.zeros((2, size)), np.zeros((2, size))
    one, two = np.zeros((2, size)), np.zeros((2, size))
    tied = len(moved_odd) > 0
    # edges before the joint in the chain, then those behind it from the far end, then the one that joins both
    edges, joint = len(counts), main - 2
    for turn in range(edges):
        if turn < joint:
            q = turn
        elif turn < edges - 1:
            q = edges - 1 - (turn - joint)
        else:
            q = joint
        used, apart = counts[q], aparts[q]
        quiet = used == 0
        factor[0, :] = 1.0
        factor[1, :] = 0.0
        if not quiet:
            spacing = spacings[q]
            low = -0.5 * (points[q] - 1) * spacing
            for side in range(sides):
                tabulate(
                    theta, step, low, spacing, shares[q, :used], volts[q, side, :used], room, table[side, : points[q]]
                )
        # without a first weight the factor does not depend on symbol g: the left message is summed over it beforehand
        span = count if ties[q] != 0.0 or (weights[q, 0] != 0.0 and not quiet) else 1
        if span == 1 and q <= joint:
            # nor does it depend on the symbol before the window: its message gives way to that of symbol g
            for window in range(len(left_odd)):
                mix(left_odd[window % square], 1.0 if window >= square else 0.0, left[window], levels[window // square])
            for window in range(square, cube):
                mix(left[window % square], 1.0, left[window], 1.0)
        for window in range(cube):
            for n in range(size):
                moved[window, 0, n] = moved[window, 1, n] = 0.0
                if tied:
                    moved_odd[window, 0, n] = moved_odd[window, 1, n] = 0.0
        for n in range(size):
            odd[0, n] = odd[1, n] = 0.0
        known = 0.0
        for later in range(cube):
            h = later // square
            i = later // count - h * count
            j = later - (h * count + i) * count
            for g in range(span):
                if not quiet:
                    x = weights[q, 0] * levels[g] + weights[q, 1] * levels[h]
                    x += weights[q, 2] * levels[i] + weights[q, 3] * levels[j]
                    # the factor of the transition before often does for this one; that of no transition is one
                    if x != known or apart > 0.0:
                        known = x
                        for sign in range(2 if apart > 0.0 else 1):
                            rest = apart * (2.0 * sign - 1.0)
                            side = sides - 1 if x + rest < 0.0 else 0
                            out = other if sign else factor
                            if points[q] == 0:
                                alone = out.reshape(1, 2, size)
                                tabulate(
                                    theta, step, x + rest, 0.0, shares[q, :used], volts[q, side, :used], room, alone
                                )
                            else:
                                interpolate(table[side, : points[q]], (x + rest - low) / spacing, room[14], out)
                        if apart > 0.0:
                            mix(odd, 0.0, other, 0.5 * ties[q])
                            mix(odd, 1.0, factor, -0.5 * ties[q])
                            mix(factor, 0.5, other, 0.5)
                seen, seen_odd = factor, odd
                if len(coupling):
                    # the factor itself may do for the next transition
                    mix(coupled, 0.0, factor, coupling[q + 2, i, j])
                    mix(coupled_odd, 0.0, odd, coupling[q + 2, i, j])
                    seen, seen_odd = coupled, coupled_odd
                earlier = (g * count + h) * count + i
                if tied and span > 1:
                    if q <= joint:
                        multiply(one, left[earlier], seen)
                        add_product(one, left_odd[earlier], seen_odd)
                    if q >= joint:
                        mix(two, 0.0, right[later], 1.0)
                        mix(two, 1.0, right_odd[later], levels[g])
                    if q == joint:
                        add_product(total[j * count + i], one, two)
                    elif q < joint:
                        mix(moved[later], 1.0, one, 1.0)
                        mix(moved_odd[later], 1.0, one, levels[g])
                    else:
                        add_product(moved[earlier], two, seen)
                        add_product(moved_odd[earlier], two, seen_odd)
                    continue
                if tied and q == joint:
                    multiply(one, left_odd[earlier], right_odd[later])
                    add_product(total[j * count + i], one, seen)
                elif tied and q < joint:
                    add_product(moved_odd[later], left_odd[earlier], seen)
                elif tied:
                    add_product(moved_odd[earlier], right_odd[later], seen)
                if turn == edges - 1:
                    multiply(other, left[earlier], right[later])
                    add_product(total[j * count + i], other, seen)
                elif q < joint:
                    add_product(moved[later], left[earlier], seen)
                else:
                    add_product(moved[earlier], right[later], seen)
        if turn == edges - 1:
            break
        if q < joint:
            for window in range(cube):
                multiply(left[window], moved[window], weight[(q + 3) * count + window % count])
                if tied:
                    multiply(left_odd[window], moved_odd[window], weight[(q + 3) * count + window % count])
        else:
            for window in range(cube):
                source = moved[window % square if span == 1 else window]
                if tied and span == 1:
                    # now the level of symbol g is known, and nothing depends on the one before it
                    mix(one, 0.0, source, 1.0)
                    mix(one, 1.0, moved_odd[window % square], levels[window // square])
                    source = one
                    mix(right_odd[window], 0.0, one, 0.0)
                elif tied and q == main - 1:
                    mix(right_odd[window], 0.0, moved_odd[window], 1.0)
                elif tied:
                    multiply(right_odd[window], moved_odd[window], weight[q * count + window // square])
                if q == main - 1:
                    for n in range(size):
                        right[window, 0, n], right[window, 1, n] = source[0, n], source[1, n]
                else:
                    multiply(right[window], source, weight[q * count + window // square])

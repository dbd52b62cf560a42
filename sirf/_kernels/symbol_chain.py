"""Expectation of exp(s x) of the symbols that jittered edges tie together, on a line s = theta + j n step in the complex plane.

Rows (2, S) are real and imaginary parts at S points of the line, kept apart so that loops over it become vector instructions.
Windows of three symbols are numbered (g L + h) L + i with their levels g, h, i of L. The kernels are small and know arrays of
few shapes: one with everything inside takes three times as long to compile.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.edge_tables import POINTS, EdgeTables, interpolate, tabulate
from sirf._kernels.jit import kernel

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]


class SymbolChain:
    """E exp(s x) over symbols whose jittered edges tie them: what many chains share that differ in cursors and size of edges.

    Symbols h … h + 3 with cursors (Q,) share the transition x = weights[h] . (a_h, …, a_(h+3)) + r, whose displaced edge
    adds x times one of `volts[h, 0]` (N,), or of the last of `volts[h]` where x < 0, with probabilities `shares[h]` (N,). The
    first `counts[h]` of them count; no edge of which none does moves. r is ± the root of its variance `rests[h]`, with a mean of
    `ties[h]` a_(h-1) times that root: what depends on the symbol before the four is taken as linear in its level. Levels are sent
    with probabilities `likely` (L,); `coupling` (Q - 1, L, L) is how much more often than that neighbours meet. Messages run
    from both ends to the main symbol. `size` is a multiple of `LANES`. `tables` are made where none are given.
    """

    def __init__(
        self,
        theta: float,
        step: float,
        size: int,
        volts: Float,
        shares: Float,
        counts: NDArray[np.int64],
        weights: Float,
        rests: Float,
        ties: Float,
        levels: Float,
        likely: Float,
        coupling: Float,
        tables: EdgeTables | None = None,
    ) -> None:
        """Make the tables where none are given."""
        count, length = len(levels), len(counts) + 3
        if tables is None:
            tables = EdgeTables.of(theta, step, size, volts, shares, counts, weights, rests, levels)
        self.theta, self.step, self.size = theta, step, size
        self.levels, self.likely, self.coupling = levels, likely, coupling
        self.total = np.empty((count * count, 2, size))
        self.weight = np.empty((length * count, 2, size))
        self.messages = np.zeros((3, count**3, 2, size))
        # where a rest is tied: messages weighed by the level of the symbol before the window, or what it adds a unit of level
        self.odd_messages = np.zeros((3, count**3 if np.any(ties) else 0, 2, size))
        self.spare, self.room = np.zeros((7, 2, size)), np.empty((15, max(volts.shape[2], POINTS)))
        self.tables, self.edges = tables, (volts, shares, counts, weights, np.sqrt(rests), ties)

    def expectation(
        self,
        cursors: Float,
        main: int,
        outside: Complex,
        wanted: NDArray[np.bool_] | None = None,
        scale: float = 1.0,
    ) -> Complex:
        """(L, L, S): E exp(s x) given the main symbol (second axis), at index `main` (2 … Q - 2) of the `cursors` (Q,).

        Split by the symbol sent before it, that of the next cursor: sum over the first axis for all. `outside` (2, L, S) is what
        symbols beyond both ends add given the first and the last level (empty without either). Only what is `wanted` (L, L) is
        computed, by default all of it; the rest is zero. All edges are `scale` times as large, 1 at most, as those of `volts`.
        """
        count = len(self.levels)
        wanted = np.ones((count, count), dtype=bool) if wanted is None else wanted
        rows = np.concatenate([wanted, wanted.any(axis=0, keepdims=True)])
        known = np.concatenate([rows, rows.any(axis=1, keepdims=True)], axis=1)
        self.run(cursors, main, outside, known, known[useful_windows(count, len(cursors), main)], scale)
        return np.asarray(self.total[:, 0] + 1j * self.total[:, 1]).reshape(count, count, self.size)

    def run(
        self,
        cursors: Float,
        main: int,
        outside: Complex,
        wanted: NDArray[np.bool_],
        useful: NDArray[np.bool_],
        scale: float,
    ) -> None:
        """Leave the expectation in `total` (L L, 2, S), real and imaginary parts apart, of what is `wanted` (L + 1, L + 1).

        The last row and column of `wanted` are for a level that is not known: whether any is wanted with it. `useful`
        (Q - 2, L³) are those of windows, at `useful_windows`.
        """
        count, length, weight = len(self.levels), len(cursors), self.weight
        messages, odd_messages = self.messages, self.odd_messages
        volts, shares, counts, weights, aparts, ties = self.edges
        symbol_weights(weight, self.theta, self.step, cursors, main, self.levels, self.likely)
        for end, place in enumerate((slice(0, count), slice((length - 1) * count, None)) if len(outside) else ()):
            weighed = (weight[place, 0] + 1j * weight[place, 1]) * outside[end, :, : self.size]
            weight[place, 0], weight[place, 1] = weighed.real, weighed.imag
        # the messages overlap in the main symbol, of weight one, and the one before it, which the left message counts
        first_message(messages[0], weight, 0, count, False, useful)
        first_message(messages[1], weight, length - 3, count, length - 3 == main - 1, useful)
        if len(self.coupling):
            # those of later neighbours go with the edges
            messages[0] *= (self.coupling[0][:, :, None] * self.coupling[1][None]).reshape(-1, 1, 1)
        self.total[:], odd_messages[:] = 0.0, 0.0
        run_chain(
            self.total,
            messages[0],
            messages[1],
            messages[2],
            odd_messages[0],
            odd_messages[1],
            odd_messages[2],
            weight,
            self.tables.table,
            self.spare,
            self.room,
            self.tables.starts,
            self.tables.spacings,
            self.tables.points,
            scale,
            self.theta,
            self.step,
            main,
            0,
            volts,
            shares,
            counts,
            weights,
            aparts,
            ties,
            self.levels,
            self.coupling,
            wanted,
            useful,
        )


@lru_cache(maxsize=64)
def useful_windows(count: int, length: int, main: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The levels, by window of three symbols (Q - 2, L³), of the symbol sent before the main one and of the main one itself.

    `count` for one that the window does not hold; Q is the `length`.
    """
    levels = np.stack(np.divmod(np.arange(count**3), count**2)[:1] + np.divmod(np.arange(count**3) % count**2, count))
    found = np.full((2, length - 2, count**3), count)
    for row, symbol in zip(found, (main + 1, main), strict=True):
        for place in range(3):
            if 0 <= symbol - place < length - 2:
                row[symbol - place] = levels[place]
    found.flags.writeable = False
    return found[0], found[1]


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


@kernel(fastmath=True)  # products of bounded factors: their order moves the last digits only
def multiply(out: Float, to: int, one: Float, first: int, two: Float, second: int) -> None:
    """`out`[`to`] = `one`[`first`] times `two`[`second`], each (2, S); `out`[`to`] may be one of them."""
    for n in range(out.shape[2]):
        p = one[first, 0, n] * two[second, 0, n] - one[first, 1, n] * two[second, 1, n]
        q = one[first, 0, n] * two[second, 1, n] + one[first, 1, n] * two[second, 0, n]
        out[to, 0, n] = p
        out[to, 1, n] = q


@kernel(fastmath=True)  # products of bounded factors: their order moves the last digits only
def add_product(out: Float, to: int, one: Float, first: int, two: Float, second: int) -> None:
    """Add `one`[`first`] times `two`[`second`] to `out`[`to`], each (2, S)."""
    for n in range(out.shape[2]):
        out[to, 0, n] += one[first, 0, n] * two[second, 0, n] - one[first, 1, n] * two[second, 1, n]
        out[to, 1, n] += one[first, 0, n] * two[second, 1, n] + one[first, 1, n] * two[second, 0, n]


@kernel(fastmath=True)  # products of bounded factors: their order moves the last digits only
def mix(out: Float, to: int, own: float, other: Float, source: int, share: float) -> None:
    """`out`[`to`] = `own` times itself plus `share` times `other`[`source`], each (2, S)."""
    for part in range(2):
        for n in range(out.shape[2]):
            out[to, part, n] = own * out[to, part, n] + share * other[source, part, n]


@kernel
def first_message(
    message: Float, weight: Float, start: int, count: int, unweighted: bool, useful: NDArray[np.bool_]
) -> None:
    """Products of the weights of the symbols `start` … `start` + 2 in `message` (L³, 2, S); `unweighted` leaves the first out.

    Windows that are not `useful` (Q - 2, L³) there stay as they are.
    """
    for window in range(len(message)):
        if not useful[start, window]:
            continue
        g = window // (count * count)
        h = window // count - g * count
        i = window - (g * count + h) * count
        multiply(message, window, weight, (start + 1) * count + h, weight, (start + 2) * count + i)
        if not unweighted:
            multiply(message, window, message, window, weight, start * count + g)


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
    spare: Float,
    room: Float,
    starts: NDArray[np.int64],
    spacings: Float,
    points: NDArray[np.int64],
    scale: float,
    theta: float,
    step: float,
    main: int,
    first: int,
    volts: Float,
    shares: Float,
    counts: NDArray[np.int64],
    weights: Float,
    aparts: Float,
    ties: Float,
    levels: Float,
    coupling: Float,
    wanted: NDArray[np.bool_],
    useful: NDArray[np.bool_],
) -> None:
    """Move both messages to the main symbol and join them there in `total` (L L, 2, S), the symbol before it first.

    Messages with `_odd` are empty where no rest is tied. That from the left is weighed by the level of the symbol before the
    window; the level of that symbol times the one from the right adds to what it is without. `spare` (7, 2, S) holds zeros,
    `table` and the three that follow `room` are those of `EdgeTables`. `first` is 0: numba would compile the products anew for
    each constant row. Windows whose levels of the main symbol and of the one sent before it (the next one here) are not `wanted`
    are left out; `useful` (Q - 2, L³) tells which are not, by their first symbol.
    """
    count, sides, size = len(levels), volts.shape[1], total.shape[2]
    square, cube = count * count, len(moved)
    factor, other, odd, coupled, coupled_odd = first, first + 1, first + 2, first + 3, first + 4
    one, two = first + 5, first + 6
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
        for n in range(size):
            spare[factor, 0, n] = 1.0
            spare[factor, 1, n] = spare[odd, 0, n] = spare[odd, 1, n] = 0.0
        spacing = spacings[q]
        low = -0.5 * (points[q] - 1) * spacing
        # without a first weight the factor does not depend on symbol g: the left message is summed over it beforehand
        span = count if ties[q] != 0.0 or (weights[q, 0] != 0.0 and not quiet) else 1
        if span == 1 and q <= joint:
            # nor does it depend on the symbol before the window: its message gives way to that of symbol g
            for window in range(cube):
                if not useful[q, window]:
                    continue
                if tied:
                    mix(
                        left_odd,
                        window % square,
                        1.0 if window >= square else 0.0,
                        left,
                        window,
                        levels[window // square],
                    )
                if window >= square:
                    mix(left, window % square, 1.0, left, window, 1.0)
        for window in range(cube if q != joint else 0):
            # a message to the left knows nothing of symbol g where the factor does not
            if q > joint and span == 1 and window >= square:
                break
            if (q > joint and span == 1) or useful[q + 1 if q < joint else q, window]:
                mix(moved, window, 0.0, moved, window, 0.0)
                if tied:
                    mix(moved_odd, window, 0.0, moved_odd, window, 0.0)
        known = 0.0
        for later in range(cube):
            h = later // square
            i = later // count - h * count
            j = later - (h * count + i) * count
            given = h if q + 1 == main else (i if q + 2 == main else (j if q + 3 == main else count))
            before = h if q == main else (i if q + 1 == main else (j if q + 2 == main else count))
            for g in range(span):
                if span > 1 and q == main:
                    given = g
                elif span > 1 and q == main + 1:
                    before = g
                if not wanted[before, given]:
                    continue
                if not quiet:
                    x = weights[q, 0] * levels[g] + weights[q, 1] * levels[h]
                    x += weights[q, 2] * levels[i] + weights[q, 3] * levels[j]
                    # the factor of the transition before often does for this one; that of no transition is one
                    if x != known or apart > 0.0:
                        known = x
                        for sign in range(2 if apart > 0.0 else 1):
                            to = factor + sign
                            moves = scale * (x + apart * (2.0 * sign - 1.0))
                            side = sides - 1 if moves < 0.0 else 0
                            if points[q] == 0:
                                tabulate(
                                    theta,
                                    step,
                                    moves,
                                    0.0,
                                    shares[q],
                                    volts[q, side],
                                    used,
                                    room,
                                    spare,
                                    to,
                                    to + 1,
                                )
                            else:
                                place = (moves - low) / spacing
                                interpolate(table, starts[q] + side * points[q], points[q], place, room[14], spare, to)
                        if apart > 0.0:
                            mix(spare, odd, 0.0, spare, other, 0.5 * ties[q])
                            mix(spare, odd, 1.0, spare, factor, -0.5 * ties[q])
                            mix(spare, factor, 0.5, spare, other, 0.5)
                seen, seen_odd = factor, odd
                if len(coupling):
                    # the factor itself may do for the next transition
                    mix(spare, coupled, 0.0, spare, factor, coupling[q + 2, i, j])
                    mix(spare, coupled_odd, 0.0, spare, odd, coupling[q + 2, i, j])
                    seen, seen_odd = coupled, coupled_odd
                earlier = (g * count + h) * count + i
                if tied and span > 1:
                    if q <= joint:
                        multiply(spare, one, left, earlier, spare, seen)
                        add_product(spare, one, left_odd, earlier, spare, seen_odd)
                    if q >= joint:
                        mix(spare, two, 0.0, right, later, 1.0)
                        mix(spare, two, 1.0, right_odd, later, levels[g])
                    if q == joint:
                        add_product(total, j * count + i, spare, one, spare, two)
                    elif q < joint:
                        mix(moved, later, 1.0, spare, one, 1.0)
                        mix(moved_odd, later, 1.0, spare, one, levels[g])
                    else:
                        add_product(moved, earlier, spare, two, spare, seen)
                        add_product(moved_odd, earlier, spare, two, spare, seen_odd)
                    continue
                if tied and q == joint:
                    multiply(spare, one, left_odd, earlier, right_odd, later)
                    add_product(total, j * count + i, spare, one, spare, seen)
                elif tied and q < joint:
                    add_product(moved_odd, later, left_odd, earlier, spare, seen)
                elif tied:
                    add_product(moved_odd, earlier, right_odd, later, spare, seen)
                if turn == edges - 1:
                    multiply(spare, other, left, earlier, right, later)
                    add_product(total, j * count + i, spare, other, spare, seen)
                elif q < joint:
                    add_product(moved, later, left, earlier, spare, seen)
                else:
                    add_product(moved, earlier, right, later, spare, seen)
        if turn == edges - 1:
            break
        for window in range(cube):
            if not useful[q + 1 if q < joint else q, window]:
                continue
            if q < joint:
                weighed = (q + 3) * count + window % count
                multiply(left, window, moved, window, weight, weighed)
                if tied:
                    multiply(left_odd, window, moved_odd, window, weight, weighed)
                continue
            # the main symbol has no weight
            weighed = q * count + window // square
            source = window % square if span == 1 else window
            mix(right, window, 0.0, moved, source, 1.0)
            if tied and span == 1:
                # now the level of symbol g is known, and nothing depends on the one before it
                mix(right, window, 1.0, moved_odd, source, levels[window // square])
                mix(right_odd, window, 0.0, moved, source, 0.0)
            elif tied:
                mix(right_odd, window, 0.0, moved_odd, window, 1.0)
                if q != main - 1:
                    multiply(right_odd, window, right_odd, window, weight, weighed)
            if q != main - 1:
                multiply(right, window, right, window, weight, weighed)

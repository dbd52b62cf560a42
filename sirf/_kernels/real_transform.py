"""Fourier transforms of real rows in single precision: eight rows side by side in the lanes of a vector, or a long one alone.

A row of n numbers is one of n / 2 complex ones, even places real and odd ones imaginary, whose transform holds that of the row
(Cooley, Lewis and Welch, IEEE Trans. Audio Electroacoust. 15, 1967). Stages of radix 2 to 5 decimate in frequency, in place:
bins come out in the order of their reversed digits. Backwards goes the same way with both parts exchanged.

Work: `lanes`, for each of n / 2 places eight real parts and then eight imaginary ones. Rows: LANES of them, each from its own
start on in one contiguous array. A long row of n is eight of n / 8, every eighth number each, in the lanes: as it lies it is the
work of its stages, and at last the eight spectra are joined (Cooley and Tukey, Math. Comput. 19, 1965). So a few long rows leave
no lane empty, and an eighth of the stages' turns serves all.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel
from sirf._kernels.vectors import LANES, Eight, Vector, backwards, evens, filled, load, odds, spliced, store, transposed

Real = NDArray[np.float32]
Places = NDArray[np.int64]
Four: TypeAlias = tuple[Vector, Vector, Vector, Vector]

PAIR = 2 * LANES
"""Numbers of a place of the work."""
GROUP = 4
"""Complex numbers that fill a vector."""
SQRT_3_4 = np.float32(np.sqrt(0.75))
# cosines and sines of a fifth and of two fifths of a turn
C1, C2 = np.float32(np.cos(0.4 * np.pi)), np.float32(np.cos(0.8 * np.pi))
S1, S2 = np.float32(np.sin(0.4 * np.pi)), np.float32(np.sin(0.8 * np.pi))
HALF = np.float32(0.5)
SQRT_HALF = np.float32(np.sqrt(0.5))


@kernel
def _turn(lanes: Real, at: int, real: Vector, imaginary: Vector, turns: Real, which: int) -> None:
    """Store a complex vector times the number `which` of `turns`."""
    c, s = filled(turns[2 * which]), filled(turns[2 * which + 1])
    store(lanes, at, real * c - imaginary * s)
    store(lanes, at + LANES, real * s + imaginary * c)


@kernel
def _two(lanes: Real, step: int, turns: Real, turn: int) -> None:
    for first in range(0, len(lanes), 2 * step):
        for p in range(step // PAIR):
            a = first + PAIR * p
            b = a + step
            ar, ai, br, bi = load(lanes, a), load(lanes, a + LANES), load(lanes, b), load(lanes, b + LANES)
            store(lanes, a, ar + br)
            store(lanes, a + LANES, ai + bi)
            _turn(lanes, b, ar - br, ai - bi, turns, turn + p)


@kernel
def _three(lanes: Real, step: int, turns: Real, turn: int) -> None:
    half, side = filled(HALF), filled(SQRT_3_4)
    for first in range(0, len(lanes), 3 * step):
        for p in range(step // PAIR):
            a = first + PAIR * p
            b, c = a + step, a + 2 * step
            ar, ai, br, bi = load(lanes, a), load(lanes, a + LANES), load(lanes, b), load(lanes, b + LANES)
            cr, ci = load(lanes, c), load(lanes, c + LANES)
            sr, si, dr, di = br + cr, bi + ci, side * (br - cr), side * (bi - ci)
            mr, mi = ar - half * sr, ai - half * si
            store(lanes, a, ar + sr)
            store(lanes, a + LANES, ai + si)
            _turn(lanes, b, mr + di, mi - dr, turns, turn + 2 * p)
            _turn(lanes, c, mr - di, mi + dr, turns, turn + 2 * p + 1)


@kernel
def _four(lanes: Real, step: int, turns: Real, turn: int) -> None:
    for first in range(0, len(lanes), 4 * step):
        for p in range(step // PAIR):
            a = first + PAIR * p
            b, c, d = a + step, a + 2 * step, a + 3 * step
            ar, ai, br, bi = load(lanes, a), load(lanes, a + LANES), load(lanes, b), load(lanes, b + LANES)
            cr, ci, dr, di = load(lanes, c), load(lanes, c + LANES), load(lanes, d), load(lanes, d + LANES)
            sr, si, tr, ti = ar + cr, ai + ci, ar - cr, ai - ci
            ur, ui, vr, vi = br + dr, bi + di, br - dr, bi - di
            store(lanes, a, sr + ur)
            store(lanes, a + LANES, si + ui)
            _turn(lanes, b, tr + vi, ti - vr, turns, turn + 3 * p)
            _turn(lanes, c, sr - ur, si - ui, turns, turn + 3 * p + 1)
            _turn(lanes, d, tr - vi, ti + vr, turns, turn + 3 * p + 2)


@kernel
def _five(lanes: Real, step: int, turns: Real, turn: int) -> None:
    c1, c2, s1, s2 = filled(C1), filled(C2), filled(S1), filled(S2)
    for first in range(0, len(lanes), 5 * step):
        for p in range(step // PAIR):
            a = first + PAIR * p
            b, c, d, e = a + step, a + 2 * step, a + 3 * step, a + 4 * step
            ar, ai, br, bi = load(lanes, a), load(lanes, a + LANES), load(lanes, b), load(lanes, b + LANES)
            cr, ci, dr, di = load(lanes, c), load(lanes, c + LANES), load(lanes, d), load(lanes, d + LANES)
            er, ei = load(lanes, e), load(lanes, e + LANES)
            # sums and differences of places that lie opposite
            pr, pi, qr, qi = br + er, bi + ei, cr + dr, ci + di
            ur, ui, vr, vi = br - er, bi - ei, cr - dr, ci - di
            mr, mi = ar + (c1 * pr + c2 * qr), ai + (c1 * pi + c2 * qi)
            nr, ni = ar + (c2 * pr + c1 * qr), ai + (c2 * pi + c1 * qi)
            fr, fi = s1 * ur + s2 * vr, s1 * ui + s2 * vi
            gr, gi = s2 * ur - s1 * vr, s2 * ui - s1 * vi
            store(lanes, a, ar + (pr + qr))
            store(lanes, a + LANES, ai + (pi + qi))
            _turn(lanes, b, mr + fi, mi - fr, turns, turn + 4 * p)
            _turn(lanes, c, nr + gi, ni - gr, turns, turn + 4 * p + 1)
            _turn(lanes, d, nr - gi, ni + gr, turns, turn + 4 * p + 2)
            _turn(lanes, e, mr - fi, mi + fr, turns, turn + 4 * p + 3)


@kernel
def _stages(lanes: Real, stages: Places, turns: Real) -> None:
    """All `stages` (S, 3): radix, numbers of the work from one place of a butterfly to the next, and the first of its `turns`."""
    for stage in range(len(stages)):
        radix, step, turn = stages[stage, 0], stages[stage, 1], stages[stage, 2]
        if radix == 4:
            _four(lanes, step, turns, turn)
        elif radix == 3:
            _three(lanes, step, turns, turn)
        elif radix == 2:
            _two(lanes, step, turns, turn)
        else:
            _five(lanes, step, turns, turn)


@kernel
def _stages_of_two(lanes: Real, stages: Places, turns: Real) -> None:
    """As `_stages`, of radix four and two alone: what no long row needs is not compiled for it."""
    for stage in range(len(stages)):
        if stages[stage, 0] == 4:
            _four(lanes, stages[stage, 1], turns, stages[stage, 2])
        else:
            _two(lanes, stages[stage, 1], turns, stages[stage, 2])


@kernel
def _columns(rows: Real, starts: Places, at: int) -> Eight:
    """Eight numbers of each row from `at` on: a vector of the first of all rows, then of the second."""
    lower = (
        load(rows, starts[0] + at),
        load(rows, starts[1] + at),
        load(rows, starts[2] + at),
        load(rows, starts[3] + at),
    )
    upper = (
        load(rows, starts[4] + at),
        load(rows, starts[5] + at),
        load(rows, starts[6] + at),
        load(rows, starts[7] + at),
    )
    return transposed(lower + upper)


@kernel
def _put_columns(columns: Eight, rows: Real, start: int, length: int) -> None:
    """The opposite: eight numbers of each of eight rows, at `start` of `rows` and every `length` on."""
    a, b, c, d, e, f, g, h = transposed(columns)
    store(rows, start, a)
    store(rows, start + length, b)
    store(rows, start + 2 * length, c)
    store(rows, start + 3 * length, d)
    store(rows, start + 4 * length, e)
    store(rows, start + 5 * length, f)
    store(rows, start + 6 * length, g)
    store(rows, start + 7 * length, h)


@kernel
def _divided(lanes: Real, k: int, half: int, places: Places, turns: Real) -> Four:
    """Bins k and half - k of the rows, real and imaginary part of each, from what the stages have left."""
    a, b = PAIR * places[k], PAIR * places[half - k]
    ar, ai, br, bi = load(lanes, a), load(lanes, a + LANES), load(lanes, b), load(lanes, b + LANES)
    scale, c, s = filled(HALF), filled(turns[2 * k]), filled(turns[2 * k + 1])
    # even places have the symmetric part of the spectrum, odd ones the other, turned by where they begin
    er, ei, fr, fi = scale * (ar + br), scale * (ai - bi), ar - br, ai + bi
    wr, wi = fi * c + fr * s, fi * s - fr * c
    return er + wr, ei + wi, er - wr, wi - ei


@kernel
def transform_rows(
    rows: Real, starts: Places, stages: Places, turns: Real, places: Places, halves: Real, lanes: Real, spectra: Real
) -> None:
    """Transforms of rows (n,) that begin at `starts` (R,) of `rows`, one after the other into `spectra` (R (n + 2),).

    R is a multiple of LANES, n / 2 = `places`.size at least 8. Each bin is its real and its imaginary part. `stages` (S, 3) are
    radix, step and first turn of each, `turns` what its outputs but the first are multiplied by, place by place; bin k comes out
    at place `places`[k], and `halves` (n,) are half of exp(-2 pi j k / n), k below n / 2.
    """
    half = len(places)
    length = 2 * half + 2
    for group in range(0, len(starts), LANES):
        eight, target = starts[group : group + LANES], group * length
        for k in range(0, half, GROUP):
            # the last vectors end with the row: what they share with those before comes twice
            at = min(k, half - GROUP)
            columns = _columns(rows, eight, 2 * at)
            to = PAIR * at
            store(lanes, to, columns[0])
            store(lanes, to + LANES, columns[1])
            store(lanes, to + 2 * LANES, columns[2])
            store(lanes, to + 3 * LANES, columns[3])
            store(lanes, to + 4 * LANES, columns[4])
            store(lanes, to + 5 * LANES, columns[5])
            store(lanes, to + 6 * LANES, columns[6])
            store(lanes, to + 7 * LANES, columns[7])
        _stages(lanes, stages, turns)
        for lane in range(LANES):
            # the lowest and the highest bin are real
            first = target + lane * length
            spectra[first], spectra[first + 1] = lanes[lane] + lanes[LANES + lane], np.float32(0.0)
            spectra[first + 2 * half], spectra[first + 2 * half + 1] = (
                lanes[lane] - lanes[LANES + lane],
                np.float32(0.0),
            )
        for k in range(1, half // 2 + 1, GROUP):
            at = min(k, half // 2 + 1 - GROUP)
            ar, ai, hr, hi = _divided(lanes, at, half, places, halves)
            br, bi, gr, gi = _divided(lanes, at + 1, half, places, halves)
            cr, ci, fr, fi = _divided(lanes, at + 2, half, places, halves)
            dr, di, er, ei = _divided(lanes, at + 3, half, places, halves)
            _put_columns((ar, ai, br, bi, cr, ci, dr, di), spectra, target + 2 * at, length)
            _put_columns((er, ei, fr, fi, gr, gi, hr, hi), spectra, target + 2 * (half - at - 3), length)


@kernel
def _joined(
    lanes: Real, k: int, half: int, halves: Real, scale: np.float32, ar: Vector, ai: Vector, br: Vector, bi: Vector
) -> None:
    """Bins k and half - k of the rows into the work, both parts exchanged."""
    # the table holds halves
    whole = scale + scale
    g, c, s = filled(scale), filled(whole * halves[2 * k]), filled(whole * halves[2 * k + 1])
    er, ei, dr, di = g * (ar + br), g * (ai - bi), ar - br, ai + bi
    # turned back, and by a quarter: the odd places are imaginary
    wr, wi = dr * c + di * s, di * c - dr * s
    store(lanes, PAIR * k, ei + wr)
    store(lanes, PAIR * k + LANES, er - wi)
    store(lanes, PAIR * (half - k), wr - ei)
    store(lanes, PAIR * (half - k) + LANES, er + wi)


@kernel
def restore_rows(
    spectra: Real, starts: Places, stages: Places, turns: Real, places: Places, halves: Real, lanes: Real, rows: Real
) -> None:
    """Rows (n,), one after the other in `rows` (R n,), of the transforms (n + 2,) that begin at `starts` (R,) of `spectra`.

    Everything else as in `transform_rows`.
    """
    half = len(places)
    scale = np.float32(0.5) / np.float32(half)
    for group in range(0, len(starts), LANES):
        eight, target = starts[group : group + LANES], group * 2 * half
        for lane in range(LANES):
            lowest, highest = spectra[eight[lane]], spectra[eight[lane] + 2 * half]
            lanes[LANES + lane], lanes[lane] = scale * (lowest + highest), scale * (lowest - highest)
        for k in range(1, half // 2 + 1, GROUP):
            at = min(k, half // 2 + 1 - GROUP)
            ar, ai, br, bi, cr, ci, dr, di = _columns(spectra, eight, 2 * at)
            er, ei, fr, fi, gr, gi, hr, hi = _columns(spectra, eight, 2 * (half - at - 3))
            _joined(lanes, at, half, halves, scale, ar, ai, hr, hi)
            _joined(lanes, at + 1, half, halves, scale, br, bi, gr, gi)
            _joined(lanes, at + 2, half, halves, scale, cr, ci, fr, fi)
            _joined(lanes, at + 3, half, halves, scale, dr, di, er, ei)
        _stages(lanes, stages, turns)
        for m in range(0, half, GROUP):
            at = min(m, half - GROUP)
            a, b, c, d = PAIR * places[at], PAIR * places[at + 1], PAIR * places[at + 2], PAIR * places[at + 3]
            lower = (load(lanes, a + LANES), load(lanes, a), load(lanes, b + LANES), load(lanes, b))
            upper = (load(lanes, c + LANES), load(lanes, c), load(lanes, d + LANES), load(lanes, d))
            _put_columns(lower + upper, rows, target + 2 * at, 2 * half)


@kernel
def _of_eight(real: Eight, imaginary: Eight) -> tuple[Eight, Eight]:
    """Transform of eight complex vectors, lane by lane."""
    ar, br, cr, dr, er, fr, gr, hr = real
    ai, bi, ci, di, ei, fi, gi, hi = imaginary
    side, other_side = filled(SQRT_HALF), filled(-SQRT_HALF)
    # the even ones: two transforms of two, joined
    pr, pi, qr, qi, rr, ri, sr, si = ar + er, ai + ei, ar - er, ai - ei, cr + gr, ci + gi, cr - gr, ci - gi
    e0r, e0i, e1r, e1i = pr + rr, pi + ri, qr + si, qi - sr
    e2r, e2i, e3r, e3i = pr - rr, pi - ri, qr - si, qi + sr
    # the odd ones, each turned by its eighths
    pr, pi, qr, qi, rr, ri, sr, si = br + fr, bi + fi, br - fr, bi - fi, dr + hr, di + hi, dr - hr, di - hi
    o0r, o0i, o2r, o2i = pr + rr, pi + ri, pi - ri, rr - pr
    ur, ui, vr, vi = qr + si, qi - sr, qr - si, qi + sr
    o1r, o1i, o3r, o3i = side * (ur + ui), side * (ui - ur), side * (vi - vr), other_side * (vr + vi)
    return (
        (e0r + o0r, e1r + o1r, e2r + o2r, e3r + o3r, e0r - o0r, e1r - o1r, e2r - o2r, e3r - o3r),
        (e0i + o0i, e1i + o1i, e2i + o2i, e3i + o3i, e0i - o0i, e1i - o1i, e2i - o2i, e3i - o3i),
    )


@kernel
def _turn_eight(real: Eight, imaginary: Eight, joints: Real, k: int, width: int) -> tuple[Eight, Eight]:
    """Number j of eight complex vectors times the `joints` of j from k on, `width` of them for each part of each j but 0."""
    a, b, c, d, e, f, g, h = real
    i, j, m, n, o, p, q, r = imaginary
    bc, bs = load(joints, k), load(joints, k + width)
    cc, cs = load(joints, k + 2 * width), load(joints, k + 3 * width)
    dc, ds = load(joints, k + 4 * width), load(joints, k + 5 * width)
    ec, es = load(joints, k + 6 * width), load(joints, k + 7 * width)
    fc, fs = load(joints, k + 8 * width), load(joints, k + 9 * width)
    gc, gs = load(joints, k + 10 * width), load(joints, k + 11 * width)
    hc, hs = load(joints, k + 12 * width), load(joints, k + 13 * width)
    return (
        (
            a,
            b * bc - j * bs,
            c * cc - m * cs,
            d * dc - n * ds,
            e * ec - o * es,
            f * fc - p * fs,
            g * gc - q * gs,
            h * hc - r * hs,
        ),
        (
            i,
            b * bs + j * bc,
            c * cs + m * cc,
            d * ds + n * dc,
            e * es + o * ec,
            f * fs + p * fc,
            g * gs + q * gc,
            h * hs + r * hc,
        ),
    )


@kernel
def _put_bins(spectra: Real, at: int, real: Vector, imaginary: Vector) -> None:
    """Eight bins from number `at` of `spectra` on."""
    lower, upper = spliced(real, imaginary)
    store(spectra, at, lower)
    store(spectra, at + LANES, upper)


@kernel
def _put_mirrored(spectra: Real, at: int, real: Vector, imaginary: Vector) -> None:
    """The conjugates of eight bins in the opposite order, of which the last is to stand at number `at` of `spectra`."""
    lower, upper = spliced(backwards(real), backwards(filled(np.float32(0.0)) - imaginary))
    store(spectra, at - PAIR + 2, lower)
    store(spectra, at - LANES + 2, upper)


@kernel
def _put_joined(real: Eight, imaginary: Eight, joints: Real, k: int, half: int, spectra: Real, first: int) -> None:
    """Bins k … k + 7, a vector each, of the spectra of eight lanes into that of a row, which begins at `first`."""
    real, imaginary = _turn_eight(transposed(real), transposed(imaginary), joints, k, half + 1)
    real, imaginary = _of_eight(real, imaginary)
    # a lane's spectrum has 2 half bins: one more of these is two numbers each
    whole, at = 4 * half, first + 2 * k
    _put_bins(spectra, at, real[0], imaginary[0])
    _put_bins(spectra, at + whole, real[1], imaginary[1])
    _put_bins(spectra, at + 2 * whole, real[2], imaginary[2])
    _put_bins(spectra, at + 3 * whole, real[3], imaginary[3])
    # beyond the highest bin: conjugates of those below
    at = first - 2 * k
    _put_mirrored(spectra, at + 4 * whole, real[4], imaginary[4])
    _put_mirrored(spectra, at + 3 * whole, real[5], imaginary[5])
    _put_mirrored(spectra, at + 2 * whole, real[6], imaginary[6])
    _put_mirrored(spectra, at + whole, real[7], imaginary[7])


@kernel
def transform_long(
    rows: Real, stages: Places, turns: Real, places: Places, halves: Real, joints: Real, lanes: Real, spectra: Real
) -> None:
    """Transforms of rows (n,), one after the other in `rows` (R n,), into `spectra` (R (n + 2),).

    `stages`, `turns`, `halves` and `places`, at whose end the first comes once more, are those of rows of n / 8, `lanes` as long
    as theirs with one place more; `joints` (7, 2, n / 16 + 1) are real and imaginary part of exp(-2 pi i j k / n), j from 1 on,
    n / 16 at least 16. Bins are as in `transform_rows`.
    """
    half = len(places) - 1
    work = lanes[: PAIR * half]
    for row in range(len(rows) // (PAIR * half)):
        given, first = row * PAIR * half, row * (PAIR * half + 2)
        for at in range(0, PAIR * half, LANES):
            store(work, at, load(rows, given + at))
        _stages_of_two(work, stages, turns)
        for k in range(0, half // 2 + 1, LANES):
            at = min(k, half // 2 + 1 - LANES)
            ar, ai, pr, pi = _divided(work, at, half, places, halves)
            br, bi, qr, qi = _divided(work, at + 1, half, places, halves)
            cr, ci, rr, ri = _divided(work, at + 2, half, places, halves)
            dr, di, sr, si = _divided(work, at + 3, half, places, halves)
            er, ei, tr, ti = _divided(work, at + 4, half, places, halves)
            fr, fi, ur, ui = _divided(work, at + 5, half, places, halves)
            gr, gi, vr, vi = _divided(work, at + 6, half, places, halves)
            hr, hi, wr, wi = _divided(work, at + 7, half, places, halves)
            _put_joined(
                (ar, br, cr, dr, er, fr, gr, hr), (ai, bi, ci, di, ei, fi, gi, hi), joints, at, half, spectra, first
            )
            upper, beside = (wr, vr, ur, tr, sr, rr, qr, pr), (wi, vi, ui, ti, si, ri, qi, pi)
            _put_joined(upper, beside, joints, half - at - 7, half, spectra, first)


@kernel
def _bins(spectra: Real, at: int) -> tuple[Vector, Vector]:
    """Real and imaginary parts of eight bins from number `at` of `spectra` on."""
    lower, upper = load(spectra, at), load(spectra, at + LANES)
    return evens(lower, upper), odds(lower, upper)


@kernel
def _mirrored(spectra: Real, at: int) -> tuple[Vector, Vector]:
    """The conjugates of eight bins in the opposite order, from that at number `at` of `spectra` on downwards."""
    real, imaginary = _bins(spectra, at - PAIR + 2)
    return backwards(real), filled(np.float32(0.0)) - backwards(imaginary)


@kernel
def _parted(spectra: Real, first: int, joints: Real, k: int, half: int) -> tuple[Eight, Eight]:
    """Bins k … k + 7 of the spectra of eight lanes, one vector a bin: eight times the imaginary parts, then the real ones."""
    whole, at = 4 * half, first + 2 * k
    ar, ai = _bins(spectra, at)
    br, bi = _bins(spectra, at + whole)
    cr, ci = _bins(spectra, at + 2 * whole)
    dr, di = _bins(spectra, at + 3 * whole)
    at = first - 2 * k
    er, ei = _mirrored(spectra, at + 4 * whole)
    fr, fi = _mirrored(spectra, at + 3 * whole)
    gr, gi = _mirrored(spectra, at + 2 * whole)
    hr, hi = _mirrored(spectra, at + whole)
    # both parts exchanged, the same transform and turns lead back
    one, other = _of_eight((ai, bi, ci, di, ei, fi, gi, hi), (ar, br, cr, dr, er, fr, gr, hr))
    one, other = _turn_eight(one, other, joints, k, half + 1)
    return transposed(one), transposed(other)


@kernel
def restore_long(
    spectra: Real, stages: Places, turns: Real, places: Places, halves: Real, joints: Real, lanes: Real, rows: Real
) -> None:
    """Rows (n,), one after the other in `rows` (R n,), of transforms (n + 2,), one after the other in `spectra` (R (n + 2),).

    What `spectra` holds of imaginary parts of the lowest and the highest bin is overwritten by zeros. Everything else as in
    `transform_long`.
    """
    half = len(places) - 1
    work, scale = lanes[: PAIR * half], np.float32(0.0625) / np.float32(half)
    for row in range(len(rows) // (PAIR * half)):
        target, first = row * PAIR * half, row * (PAIR * half + 2)
        spectra[first + 1] = spectra[first + PAIR * half + 1] = np.float32(0.0)
        for k in range(0, half // 2 + 1, LANES):
            at = min(k, half // 2 + 1 - LANES)
            ai, ar = _parted(spectra, first, joints, at, half)
            bi, br = _parted(spectra, first, joints, half - at - 7, half)
            # the place behind the last one takes what the lowest bin leaves for the highest
            _joined(lanes, at, half, halves, scale, ar[0], ai[0], br[7], bi[7])
            _joined(lanes, at + 1, half, halves, scale, ar[1], ai[1], br[6], bi[6])
            _joined(lanes, at + 2, half, halves, scale, ar[2], ai[2], br[5], bi[5])
            _joined(lanes, at + 3, half, halves, scale, ar[3], ai[3], br[4], bi[4])
            _joined(lanes, at + 4, half, halves, scale, ar[4], ai[4], br[3], bi[3])
            _joined(lanes, at + 5, half, halves, scale, ar[5], ai[5], br[2], bi[2])
            _joined(lanes, at + 6, half, halves, scale, ar[6], ai[6], br[1], bi[1])
            _joined(lanes, at + 7, half, halves, scale, ar[7], ai[7], br[0], bi[0])
        _stages_of_two(work, stages, turns)
        for m in range(half):
            at = PAIR * places[m]
            store(rows, target + PAIR * m, load(work, at + LANES))
            store(rows, target + PAIR * m + LANES, load(work, at))

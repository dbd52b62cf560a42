"""Pairs of lines point by point: two in series with all that turns from one mode into the other, and one from its data."""

from __future__ import annotations

from sirf._arrays import Complex, Float
from sirf._kernels.jit import kernel


@kernel
def joined_pairs(first: Complex, second: Complex, out: Complex) -> None:
    """S (F, 4, 4) of two pairs in series into `out`: waves 2 and 3 of `first` meet waves 0 and 1 of `second`.

    Both ends have two waves. With X = (1 - A22 B11)^-1, S11 = A11 + A12 B11 X A21, S21 = B21 X A21, and so on: the matrix form of
    two two-ports in series.
    """
    for k in range(len(out)):
        a, b, s = first[k], second[k], out[k]
        p, q, r, t = b[0, 0], b[0, 1], b[1, 0], b[1, 1]
        e, f, g, h = a[2, 2], a[2, 3], a[3, 2], a[3, 3]
        # 1 - A22 B11, and its adjugate over the determinant
        m00, m01 = 1.0 - (e * p + f * r), -(e * q + f * t)
        m10, m11 = -(g * p + h * r), 1.0 - (g * q + h * t)
        determinant = m00 * m11 - m01 * m10
        # passive networks keep it away from zero: its square neither overflows nor vanishes
        scale = 1.0 / (determinant.real * determinant.real + determinant.imag * determinant.imag)
        over = complex(determinant.real * scale, -determinant.imag * scale)
        x00, x01, x10, x11 = m11 * over, -m01 * over, -m10 * over, m00 * over
        for j in range(4):
            # what runs towards `second` between both: of a wave into end 1 of `first`, then of one into end 2 of `second`
            if j < 2:
                u0, u1 = a[2, j], a[3, j]
            else:
                v0, v1 = b[0, j], b[1, j]
                u0, u1 = e * v0 + f * v1, g * v0 + h * v1
            w0, w1 = x00 * u0 + x01 * u1, x10 * u0 + x11 * u1
            # and what comes back from `second`
            z0, z1 = p * w0 + q * w1, r * w0 + t * w1
            s0, s1 = b[2, 0] * w0 + b[2, 1] * w1, b[3, 0] * w0 + b[3, 1] * w1
            if j < 2:
                s[2, j], s[3, j] = s0, s1
                s[0, j], s[1, j] = a[0, j] + a[0, 2] * z0 + a[0, 3] * z1, a[1, j] + a[1, 2] * z0 + a[1, 3] * z1
            else:
                z0 += b[0, j]
                z1 += b[1, j]
                s[2, j], s[3, j] = b[2, j] + s0, b[3, j] + s1
                s[0, j], s[1, j] = a[0, 2] * z0 + a[0, 3] * z1, a[1, 2] * z0 + a[1, 3] * z1


@kernel
def turned_splines(
    values: Complex, slopes: Complex, knots: Float, points: Float, coarse: Complex, fine: Complex, out: Complex
) -> None:
    """Values (P, E) of E cubic splines at ascending `points` (P,), each turned by its delay, into `out`.

    The splines have `values` (K, E) and `slopes` (K, E) at the `knots` (K,); the outer pieces go on. Point k is turned by
    coarse[k // S] times fine[k % S], S the length of `fine`.
    """
    entries, stride = out.shape[1], len(fine)
    at, last = 0, len(knots) - 2
    for k in range(len(out)):
        while at < last and points[k] >= knots[at + 1]:
            at += 1
        width = knots[at + 1] - knots[at]
        t = (points[k] - knots[at]) / width
        u = 1.0 - t
        near, far = u * u * (1.0 + 2.0 * t), t * t * (3.0 - 2.0 * t)
        rising, falling = width * t * u * u, -width * t * t * u
        left, right, left_slope, right_slope = values[at], values[at + 1], slopes[at], slopes[at + 1]
        first, second = coarse[k // stride], fine[k % stride]
        if t == 0.0:
            # on a grid of the data's own: nothing of the slopes is fetched
            for e in range(entries):
                out[k, e] = left[e] * (first[e] * second[e])
            continue
        for e in range(entries):
            value = near * left[e] + far * right[e] + rising * left_slope[e] + falling * right_slope[e]
            out[k, e] = value * (first[e] * second[e])

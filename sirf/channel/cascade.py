"""Networks in series by their S-parameters: two-ports, and ends of several waves each (Annex 93A, equation (93A-4))."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sirf._arrays import Complex, read_only_view
from sirf._kernels.two_ports import joined


def cascade(first: Complex, second: Complex) -> Complex:
    """S (F, 2, 2) of two two-ports in series: port 2 of `first` meets port 1 of `second`, at one reference impedance."""
    s = np.empty(first.shape, dtype=np.complex128)
    joined(read_only_view(first), read_only_view(second), s)
    return s


class EndMatrices(NamedTuple):
    """S-parameters between two ends of N waves each, frequency last: `s21` (N, N, F) leads from end 1 to end 2.

    For a pair the two waves are the differential and the common mode; frequency comes last so that each entry is contiguous.
    """

    s11: Complex
    s12: Complex
    s21: Complex
    s22: Complex


def cascade_ends(first: EndMatrices, second: EndMatrices) -> EndMatrices:
    """Two networks of two waves an end in series: end 2 of `first` meets end 1 of `second`.

    With X = (1 - A22 B11)^-1, S21 = B21 X A21, and so on: the matrix form of the scalar cascade, whose loop now also counts what
    turns from one mode into the other and back between the two networks.
    """
    loop = _inverse_of_one_minus(matrix_product(first.s22, second.s11))
    onward = matrix_product(loop, first.s21)
    # what comes back into the first network: out of the second, over all round trips
    returned = matrix_product(second.s11, onward)
    back = matrix_product(loop, matrix_product(first.s22, second.s12))
    return EndMatrices(
        first.s11 + matrix_product(first.s12, returned),
        matrix_product(first.s12, second.s12 + matrix_product(second.s11, back)),
        matrix_product(second.s21, onward),
        second.s22 + matrix_product(second.s21, back),
    )


def matrix_product(a: Complex, b: Complex) -> Complex:
    """Matrix product of (2, 2, F) arrays; `numpy.matmul` is four times slower for matrices this small."""
    result = a[:, :1] * b[:1]
    result += a[:, 1:] * b[1:]
    return np.asarray(result)


def _inverse_of_one_minus(a: Complex) -> Complex:
    """(1 - a)^-1 of a (2, 2, F) array."""
    result = np.empty_like(a)
    # the adjugate of 1 - a has its off-diagonal entries with the sign of a
    result[0, 0], result[1, 1] = 1.0 - a[1, 1], 1.0 - a[0, 0]
    result[0, 1], result[1, 0] = a[0, 1], a[1, 0]
    # adjugate over determinant
    result /= result[0, 0] * result[1, 1] - a[0, 1] * a[1, 0]
    return result

"""Networks in series by their S-parameters: two-ports, and ends of two waves each (Annex 93A, equation (93A-4))."""

from __future__ import annotations

import numpy as np

from sirf._arrays import Complex, read_only_view
from sirf._kernels.pairs import joined_pairs
from sirf._kernels.two_ports import joined


def cascade(first: Complex, second: Complex) -> Complex:
    """S (F, 2, 2) of two two-ports in series: port 2 of `first` meets port 1 of `second`, at one reference impedance."""
    s = np.empty(first.shape, dtype=np.complex128)
    joined(read_only_view(first), read_only_view(second), s)
    return s


def cascade_waves(first: Complex, second: Complex) -> Complex:
    """S (F, 4, 4) of two networks of two waves an end in series: end 2 of `first` meets end 1 of `second`.

    For a pair the two waves are the differential and the common mode: the loop between both networks also counts what turns from
    one mode into the other and back.
    """
    s = np.empty(first.shape, dtype=np.complex128)
    joined_pairs(read_only_view(first), read_only_view(second), s)
    return s


def matrix_product(a: Complex, b: Complex) -> Complex:
    """Matrix product of (N, N, F) arrays; `numpy.matmul` is four times slower for matrices this small."""
    result = a[:, :1] * b[:1]
    for k in range(1, len(b)):
        result += a[:, k : k + 1] * b[k : k + 1]
    return np.asarray(result)


def inverse(m: Complex) -> Complex:
    """Inverse of (N, N, F) arrays; of two rows in closed form."""
    if len(m) != 2:
        return np.asarray(np.linalg.inv(m.transpose(2, 0, 1)).transpose(1, 2, 0), dtype=np.complex128)
    determinant = m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0]
    return np.asarray(np.array([[m[1, 1], -m[0, 1]], [-m[1, 0], m[0, 0]]]) / determinant)

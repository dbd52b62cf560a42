"""Two-ports in series, point by point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel

Complex = NDArray[np.complex128]


@kernel
def product(a: complex, b: complex) -> complex:
    """a b of finite numbers: numba's own product also mends infinite ones, which takes longer to compile than all of `joined`."""
    return complex(a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real)


@kernel
def joined(first: Complex, second: Complex, out: Complex) -> None:
    """S (F, 2, 2) of two two-ports in series into `out`: port 2 of `first` meets port 1 of `second`, at one reference."""
    for k in range(len(out)):
        a11, a12, a21, a22 = first[k, 0, 0], first[k, 0, 1], first[k, 1, 0], first[k, 1, 1]
        b11, b12, b21, b22 = second[k, 0, 0], second[k, 0, 1], second[k, 1, 0], second[k, 1, 1]
        # a geometric series of all round trips between the two networks
        around = 1.0 - product(a22, b11)
        # the magnitude is near one, so that its square neither overflows nor vanishes: cheaper than a safe complex division
        scale = 1.0 / (around.real * around.real + around.imag * around.imag)
        loop = complex(around.real * scale, -around.imag * scale)
        out[k, 0, 0] = a11 + product(product(product(a12, a21), b11), loop)
        out[k, 0, 1] = product(product(a12, b12), loop)
        out[k, 1, 0] = product(product(b21, a21), loop)
        out[k, 1, 1] = b22 + product(product(product(b12, b21), a22), loop)

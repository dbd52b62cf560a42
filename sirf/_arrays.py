"""Array types that annotations share (kernels name theirs beside the loops that they serve), and arrays made one of them."""

from typing import cast

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Single = NDArray[np.float32]
"""Half the memory traffic of `Float`, for long records whose rounding lies far below the noise."""
Complex = NDArray[np.complex128]
SingleComplex = NDArray[np.complex64]
Integer = NDArray[np.int64]
Flags = NDArray[np.bool_]
Symbols = NDArray[np.uint8]
"""Level indices, one byte each."""
Bits = NDArray[np.uint8]
Pixels = NDArray[np.uint8]
"""Red, green and blue (H, W, 3) of a picture from its upper left corner, or with opacity (H, W, 4)."""
FecSymbols = NDArray[np.uint16]
"""Symbols of a Reed-Solomon code: ten bits do not fit one byte."""


KEPT_BYTES = 1 << 25
"""Freed memory that the process keeps for arrays to come."""


def real(values: object) -> Float:
    """`values` as an array of real numbers: in double precision, but what is in single precision stays so."""
    given = np.asarray(values)
    # records of waveforms stay single: doubling them would cost the memory that they were made single for
    return cast(Float, given) if given.dtype == np.float32 else np.asarray(given, dtype=float)


def read_only_view(values: Complex) -> Complex:
    """The same values (…) as what nobody can write to, contiguous.

    Kernels get their inputs in this one kind: compiled for another kind of array they may round otherwise in the last bit, and
    which of two forms runs would depend on who called first; random draws follow from those bits.
    """
    view = np.ascontiguousarray(values, dtype=np.complex128).view()
    view.flags.writeable = False
    return view


def keep_freed_memory() -> None:
    """Let the C library keep freed memory: what it hands back to the system comes again page by page, which costs more than to
    fill it.

    glibc keeps twice as much as the largest array that a program has ever freed (mallopt(3), M_MMAP_THRESHOLD). This one is
    never touched, so it costs nothing.
    """
    np.empty(KEPT_BYTES // 2, dtype=np.uint8)

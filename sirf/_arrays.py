"""Names of the array types that annotations share; kernels alone name theirs beside the loops that they serve."""

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Single = NDArray[np.float32]
"""Half the memory traffic of `Float`, for long records whose rounding lies far below the noise."""
Complex = NDArray[np.complex128]
SingleComplex = NDArray[np.complex64]
Integer = NDArray[np.int64]
Symbols = NDArray[np.uint8]
"""Level indices, one byte each."""
Bits = NDArray[np.uint8]
FecSymbols = NDArray[np.uint16]
"""Symbols of a Reed-Solomon code: ten bits do not fit one byte."""

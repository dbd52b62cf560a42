"""Copies of rows inside kernels: a slice assigned to a slice would compile its error message too, seconds of text code."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from sirf._kernels.jit import kernel


@kernel
def copy_row(source: NDArray[Any], target: NDArray[Any]) -> None:
    """`source` (N,) into the first N places of `target`."""
    for k in range(len(source)):
        target[k] = source[k]

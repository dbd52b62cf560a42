"""Rows of a pulse that are no interference: the main cursor's, and those of the cursors that a DFE removes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel
from sirf._kernels.mmse import factorize

Real = NDArray[np.float64]


@kernel(compact=True)
def interference(covariance: Real, held: Real, symbol_variance: float, cost: Real) -> None:
    """Covariance (M, M) in V² of all that neither is the main cursor nor is fed back, into `cost`.

    `covariance` (M,) in V² of all that M taps see depends on the distance of two taps alone; `held` (C, M) is the pulse at the
    main cursor and at those that the DFE removes.
    """
    for i in range(covariance.size):
        for j in range(i + 1):
            total = 0.0
            for c in range(held.shape[0]):
                total += held[c, i] * held[c, j]
            cost[i, j] = covariance[i - j] - symbol_variance * total
            cost[j, i] = cost[i, j]


@kernel(compact=True)
def common_of_held(covariances: Real, held: Real, symbol_variance: float, common: Real) -> None:
    """R C^-1 R' of the `held` rows R at J instants, into `common` (J, C, C): C is what `interference` leaves.

    `covariances` (J, M) and `held` (J, C, M) as there. Not-a-number where a matrix is not definite.
    """
    count, rows, size = held.shape
    cost, seen = np.empty((size, size)), np.empty((rows, size))
    for j in range(count):
        interference(covariances[j], held[j], symbol_variance, cost)
        definite = factorize(cost)
        for c in range(rows):
            # by the inverse of the factor: products of two such rows are those with the inverse between them
            for i in range(size):
                total = held[j, c, i]
                for k in range(i):
                    total -= cost[i, k] * seen[c, k]
                seen[c, i] = total / cost[i, i]
            for d in range(c + 1):
                total = 0.0
                for i in range(size):
                    total += seen[c, i] * seen[d, i]
                common[j, c, d] = total if definite else np.nan
                common[j, d, c] = common[j, c, d]

"""The extended Hamming code (2^r, 2^r - r - 1): hard and soft decisions by test patterns.

Position p < n - 1 has a column of its own in the parity-check matrix and every position counts in the overall parity, so
that a syndrome is the position it points at.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sirf._kernels.jit import kernel


@kernel
def chase_decode(
    likelihood: NDArray[np.float64], columns: NDArray[np.int64], weak: int, bits: NDArray[np.uint8]
) -> None:
    """Decide words (C, n) of log-likelihood ratios (positive for a zero bit) into code words `bits` (C, n).

    Chase's second algorithm (IEEE Trans. Inf. Theory 18, 1972): of all flips of the `weak` least reliable bits, each completed
    to a code word by at most one more flip, the one of the least total reliability flipped. `columns` (n,) hold the syndrome
    of each bit; the lowest bit of a column is the overall parity. A word that no pattern completes keeps its hard decisions.
    """
    n = likelihood.shape[1]
    order = np.empty(weak, dtype=np.int64)
    cost = np.empty(n)
    position = np.full(2 * n, -1, dtype=np.int64)
    # which position a syndrome points at, -1 for none
    for p in range(n):
        position[columns[p]] = p
    for c in range(len(likelihood)):
        row, word = likelihood[c], bits[c]
        syndrome = 0
        for p in range(n):
            cost[p] = abs(row[p])
            if row[p] < 0.0:
                word[p] = 1
                syndrome ^= columns[p]
            else:
                word[p] = 0
        if syndrome == 0:
            continue
        for i in range(weak):
            order[i] = -1
        filled = 0
        for p in range(n):
            if filled == weak and (weak == 0 or cost[p] >= cost[order[weak - 1]]):
                continue
            at = filled if filled < weak else weak - 1
            filled = min(filled + 1, weak)
            # insertion into the few kept: a sort of all n positions would cost more than the decoding
            while at > 0 and cost[order[at - 1]] > cost[p]:
                order[at] = order[at - 1]
                at -= 1
            order[at] = p
        best, best_pattern, best_extra = np.inf, -1, -1
        # pattern 0 is the plain decoder: one flip where the syndrome points
        for pattern in range(1 << weak):
            left, total = syndrome, 0.0
            for i in range(weak):
                if pattern >> i & 1:
                    left ^= columns[order[i]]
                    total += cost[order[i]]
            extra = -1
            if left != 0:
                extra = position[left]
                if extra < 0:
                    continue
                repeated = False
                for i in range(weak):
                    repeated |= (pattern >> i & 1) == 1 and order[i] == extra
                # the same word is met again by the pattern without this bit
                if repeated:
                    continue
                total += cost[extra]
            if total < best:
                best, best_pattern, best_extra = total, pattern, extra
        if best_pattern >= 0:
            for i in range(weak):
                if best_pattern >> i & 1:
                    word[order[i]] ^= np.uint8(1)
            if best_extra >= 0:
                word[best_extra] ^= np.uint8(1)

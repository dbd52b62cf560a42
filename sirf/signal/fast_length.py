"""Lengths that a Fourier transform handles fast, without the start-up cost of `scipy.fft`."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=256)
def next_fast_length(least: int) -> int:
    """Smallest product of twos, threes and fives of at least `least` (1 or more), as `scipy.fft.next_fast_len(real=True)`."""
    # a power of two always does
    best = 1 << max(least - 1, 0).bit_length()
    five = 1
    while five < best:
        odd = five
        while odd < best:
            # the odd part times the smallest power of two that reaches `least`
            best = min(best, odd << (-(-least // odd) - 1).bit_length())
            odd *= 3
        five *= 5
    return best

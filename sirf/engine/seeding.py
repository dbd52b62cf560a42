"""Runs as lists of fixed-length segments: each with its own seed, warm-up and state.

So a result depends on neither the size of the calls, nor the number of workers, nor an interruption, and memory does not
grow with the number of symbols.
"""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Any, cast

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray

from sirf._kernels.stream import LANES, normals, random_levels, random_symbols, random_words, seed_state
from sirf.errors import SirfError
from sirf.signal import cross32
from sirf.signal.patterns import Pattern

PATTERN_SEGMENT = 2**40
"""Number of a segment, beyond those of any run, whose seeds say where patterns begin."""
MAX_WHOLE_PATTERN = 1 << 17
"""Longest pattern that begins at its first symbol."""

Seed = int | np.random.Generator | None


def integer_seed(rng: Seed) -> int:
    """An integer from `rng`: itself, a draw from a generator, or fresh entropy."""
    if rng is None:
        return secrets.randbits(63)
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63))
    # bool is an int in Python, and True as a seed is a slip
    if isinstance(rng, bool) or not isinstance(rng, (int, np.integer)) or rng < 0:
        raise SirfError(f"rng must be a non-negative integer, a numpy Generator or None, got {rng!r}. Use rng=1.")
    return int(rng)


class SegmentSeed(ISeedSequence):
    """What NumPy's generators are seeded with: as `SeedSequence`, in a fiftieth of its time."""

    def __init__(self, entropy: NDArray[np.uint32]) -> None:
        """`entropy` (k,) holds 32-bit words, at least four."""
        self._entropy = entropy

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> NDArray[Any]:
        """State (n_words,) of 32- or 64-bit words."""
        state = np.empty(n_words * np.dtype(dtype).itemsize // 4, dtype=np.uint32)
        seed_state(self._entropy, state)
        return state.view(dtype)


def segment_seed(seed: int, link_digest: str, index: int) -> SegmentSeed:
    """The seed of segment `index`: `SeedSequence([seed, digest], spawn_key=(index,))`, from nothing else.

    `link_digest` is a `Link.rounded_digest`, in which no last bits of computed numbers count.
    """
    # the digest is part of the entropy: the same seed gives two links unrelated noise, and a link the same noise
    # anywhere
    return SegmentSeed(np.array([*_run_words(seed, link_digest), *_words(index)], dtype=np.uint32))


@lru_cache(maxsize=64)
def _run_words(seed: int, link_digest: str) -> tuple[int, ...]:
    """Entropy of a run; NumPy fills it up with zeros to the size of its pool before the number of a segment follows."""
    words = (*_words(seed), *_words(int(link_digest, 16)))
    return words + (0,) * (4 - len(words))


def _words(value: int) -> tuple[int, ...]:
    """32-bit words of a non-negative integer, the lowest first; zero has one."""
    count = max(-(-value.bit_length() // 32), 1)
    return tuple(value >> 32 * place & 0xFFFFFFFF for place in range(count))


def segment_generator(seed: int, link_digest: str, index: int) -> np.random.Generator:
    """A NumPy generator of segment `index`."""
    own = segment_seed(seed, link_digest, index)
    # NumPy takes any sequence of seeds; its types tell of one only
    return np.random.Generator(np.random.SFC64(cast(np.random.SeedSequence, own)))


def pattern_start(seed: int, link_digest: str, pattern: Pattern | None, order: int, sender: int) -> int:
    """Symbol of its pattern with which a sender (0: the transmitter, then the aggressors) begins: the run's seed chooses.

    Patterns that a segment sends whole begin at their first symbol: only of longer ones a run sees a part.
    """
    if pattern is None or pattern.period(order) <= MAX_WHOLE_PATTERN:
        return 0
    return int(segment_generator(seed, link_digest, PATTERN_SEGMENT + sender).integers(pattern.period(order)))


class Randomness:
    """Random numbers of one segment from 16 interleaved xoshiro256++ generators, in the order in which they are asked for."""

    def __init__(self, sequence: ISeedSequence, words: NDArray[np.uint64]) -> None:
        """`words` is room for the largest request, in 64-bit words rounded up to 16."""
        # four words of state for each of the lanes
        self._state = sequence.generate_state(4 * LANES, np.uint64).reshape(4, LANES).astype(np.uint64)
        self._words = words

    def words(self, count: int) -> NDArray[np.uint64]:
        """`count` words, valid until the next request."""
        # whole rows of all lanes: the order of words then never depends on how many a request leaves over
        whole = self._words[: -(-count // LANES) * LANES]
        random_words(self._state, whole)
        return whole[:count]

    def normals(self, out: NDArray[np.float32]) -> None:
        """Fill `out` (n,), n even, with standard normal deviates."""
        normals(self.words(len(out)), out)

    def uniforms(self, out: NDArray[np.float32]) -> None:
        """Fill `out` (n,) with deviates that are uniform from -1/2 to 1/2."""
        # 24 bits are all that single precision holds
        np.multiply(self.words(len(out)) >> np.uint64(40), np.float32(2.0**-24), out=out, casting="unsafe")
        out -= np.float32(0.5)

    def symbols(self, order: int, out: NDArray[np.uint8]) -> None:
        """Fill `out` (n,), n even, with level indices of random bits: equally likely, those of PAM6 by pairs."""
        if order == cross32.ORDER:
            pairs = np.empty(len(out) // 2 + len(out) // 2 % 2, dtype=np.uint8)
            random_symbols(self.words(len(pairs) // 2), np.uint64(cross32.POINTS), pairs)
            out[:] = cross32.PAIR_LEVELS[pairs].reshape(-1)[: len(out)]
            return
        random_symbols(self.words(len(out) // 2), np.uint64(order), out)

    def levels(self, values: NDArray[np.float32], out: NDArray[np.float32]) -> None:
        """Fill `out` (n,) with equally likely levels of `values` (L,), a power of two of them as `sirf.signal.pam` makes them."""
        # a power of two takes whole bits of a word, so none is thrown away
        bits = len(values).bit_length() - 1
        random_levels(self.words(-(-len(out) // (64 // bits))), bits, values, out)

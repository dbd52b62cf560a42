"""Seeds of segments against NumPy's own, word by word."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.engine.seeding import segment_generator, segment_seed


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32, 2**63 + 5, 2**130])
@pytest.mark.parametrize("digest", ["0", "5", "ffffffff", "1" * 64])
@pytest.mark.parametrize("index", [0, 7, 2**32 - 1, 2**35 + 3])
def test_a_segment_is_seeded_as_numpy_seeds_it(seed: int, digest: str, index: int) -> None:
    own, numpys = segment_seed(seed, digest, index), np.random.SeedSequence([seed, int(digest, 16)], spawn_key=(index,))
    assert np.array_equal(own.generate_state(7), numpys.generate_state(7))
    assert np.array_equal(own.generate_state(64, np.uint64), numpys.generate_state(64, np.uint64))
    drawn = np.random.Generator(np.random.SFC64(numpys)).random(3)
    assert np.array_equal(segment_generator(seed, digest, index).random(3), drawn)

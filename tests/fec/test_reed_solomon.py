"""Reed-Solomon encoder and decoder against vectors that galois recorded and their own promises."""

from __future__ import annotations

import hashlib
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sirf import fec
from sirf.errors import ConfigError, SirfError

RS15 = fec.ReedSolomon("rs15", symbols=15, message_symbols=9, bits_per_symbol=4, field_polynomial=0x13)

# digests of galois 0.4.11: ReedSolomon(N, K, field=GF(2**m, irreducible_poly=...), c=0, alpha=2), shortened, with the seeded
# messages and errors of `corrupted`; code words, errors corrected (-1: failed), messages (as received where it failed)
RECORDED = {
    "rs15": (RS15, (0, 1, 2, 3, 4, 5), 6, 1, "0ae336486343cfbc", (0,) * 6 + (1,) * 6 + (2,) * 6 + (3,) * 6 + (-1,) * 10 + (3, -1),
             "c25893c1bcc65490"),
    "kr4": (fec.load("kr4"), (1, 7, 8, 30), 1, 2, "e935cfc058aa5cd3", (1, 7, -1, -1), "5ef296aa672038f2"),
    "kp4": (fec.load("kp4"), (1, 15, 16, 60), 1, 3, "c5f79c0616dc21ee", (1, 15, -1, -1), "f1fe46e6e8b33a91"),
}  # fmt: skip


def digest(symbols: NDArray[np.uint16]) -> str:
    return hashlib.sha256(np.ascontiguousarray(symbols, dtype="<u2").tobytes()).hexdigest()[:16]


@pytest.mark.parametrize("name", RECORDED)
def test_decoder_does_what_galois_does_within_and_beyond_t(name: str) -> None:
    code, weights, repeats, seed, words_digest, corrected, messages_digest = RECORDED[name]
    generator = np.random.default_rng(seed)
    q = 1 << code.bits_per_symbol
    messages = generator.integers(0, q, (repeats * len(weights), code.message_symbols))
    words = code.encode(messages)
    assert digest(words) == words_digest
    errors = np.zeros_like(words)
    for i in range(len(words)):
        weight = weights[i // repeats]
        errors[i, generator.permutation(code.symbols)[:weight]] = generator.integers(1, q, weight)
    decoded = code.decode(words ^ errors)
    assert tuple(decoded.corrected) == corrected
    assert digest(decoded.symbols) == messages_digest


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), weight=st.integers(0, 15))
def test_every_pattern_of_up_to_t_errors_is_corrected(seed: int, weight: int) -> None:
    code = fec.load("kp4")
    generator = np.random.default_rng(seed)
    message = generator.integers(0, 1024, 514)
    word = code.encode(message)
    word[generator.permutation(544)[:weight]] ^= generator.integers(1, 1024, weight).astype(np.uint16)
    decoded = code.decode(word)
    assert decoded.symbols.tolist() == message.tolist()
    assert int(decoded.corrected) == weight


def test_beyond_t_a_word_fails_or_becomes_another_code_word_within_t() -> None:
    generator = np.random.default_rng(6)
    words = generator.integers(0, 16, (4000, 15)).astype(np.uint16)
    decoded = RS15.decode(words)
    again = RS15.encode(decoded.symbols)
    distance = (again != words).sum(axis=1)
    assert (distance[~decoded.failed] == decoded.corrected[~decoded.failed]).all()
    # spheres of radius 3 around the 16^9 code words fill this share of the space
    filled = sum(comb(15, e) * 15**e for e in range(4)) / 16**6
    assert (~decoded.failed).mean() == pytest.approx(filled, abs=4 * np.sqrt(filled / 4000))
    assert (decoded.symbols[decoded.failed] == words[decoded.failed, :9]).all()


def test_codes_are_frozen_and_have_the_standards_sizes() -> None:
    kp4, kr4 = fec.load("kp4"), fec.load("kr4")
    assert (kp4.symbols, kp4.message_symbols, kp4.correctable) == (544, 514, 15)
    assert (kr4.symbols, kr4.message_symbols, kr4.correctable) == (528, 514, 7)
    assert fec.load("kp4") == kp4
    with pytest.raises(AttributeError):
        kp4.symbols = 5  # type: ignore[misc]
    assert kp4.encode(np.zeros((2, 3, 514), dtype=int)).shape == (2, 3, 544)
    assert kp4.decode(np.zeros((2, 3, 544), dtype=int)).corrected.shape == (2, 3)


def test_bad_input_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    code = fec.load("kp4")
    with pytest.raises(SirfError, match="514 in the last axis"):
        code.encode(np.zeros(513, dtype=int))
    with pytest.raises(SirfError, match="from 0 to 1023"):
        code.encode(np.full(514, 1024))
    with pytest.raises(SirfError, match="whole numbers"):
        code.decode(np.zeros(544))
    with pytest.raises(ConfigError, match="code must be one of kp4, kr4"):
        fec.load("kp5")
    with pytest.raises(SirfError, match="primitive"):
        fec.ReedSolomon("bad", symbols=15, message_symbols=9, bits_per_symbol=4, field_polynomial=0x1F)
    with pytest.raises(SirfError, match="above message_symbols"):
        fec.ReedSolomon("bad", symbols=16, message_symbols=9, bits_per_symbol=4, field_polynomial=0x13)
    file = tmp_path_factory.mktemp("fec") / "own.toml"
    file.write_text('id = "own"\nsymbols = 5\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"own\.toml: key \w+ must be there"):
        fec.load(file)

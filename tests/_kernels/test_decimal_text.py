"""Numbers from text against Python's own float, bit by bit."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sirf._kernels.decimal_text import parse_decimals, powers_of_ten

POWERS = powers_of_ten()


def parsed(text: str) -> tuple[list[float], list[int], list[str]]:
    """Values, words a line, and the words that were left to the caller."""
    data = np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    numbers, counts = np.empty(data.size + 1), np.zeros(text.count("\n") + 1, dtype=np.int32)
    left = np.empty((data.size + 1, 3), dtype=np.int64)
    found, doubtful = parse_decimals(data, POWERS, numbers, counts, left)
    words = [text[start:stop] for _, start, stop in left[:doubtful].tolist()]
    return numbers[:found].tolist(), counts.tolist(), words


def same(word: str) -> bool:
    values, _, left = parsed(word)
    return left == [word] or (values[0] == float(word) and np.signbit(values[0]) == np.signbit(float(word)))


@settings(max_examples=300, deadline=None)
@given(
    st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["{!r}", "{:.17e}", "{:.12e}", "{:.9g}", "{:E}"])
)
def test_any_double_in_any_format_is_rounded_as_python_rounds_it(value: float, form: str) -> None:
    assert same(form.format(value))


def test_numbers_halfway_between_two_doubles_are_left_alone_or_right() -> None:
    draw = random.Random(3)
    words = []
    for _ in range(3000):
        low = draw.uniform(0.5, 1.0) * 10.0 ** draw.randint(-5, 5)
        middle = (int(low * 2**60) + int(np.nextafter(low, 2 * low) * 2**60)) // 2
        words.append(f"{middle / 2**60:.17e}")
        words.append(f"{draw.randint(10**17, 10**18 - 1)}e{draw.randint(-260, 260)}")
    assert all(same(word) for word in words)


def test_few_words_of_a_usual_file_are_left_over() -> None:
    draw = np.random.default_rng(1)
    text = "\n".join(" ".join(map(repr, row)) for row in draw.normal(size=(500, 9)).tolist())
    values, counts, left = parsed(text)
    assert values == [float(word) for word in text.split()]
    assert counts == [9] * 500
    assert len(left) < 5


def test_what_is_no_plain_number_is_left_to_the_caller() -> None:
    words = [
        "nan",
        "-inf",
        "1_0",
        "0x1",
        "1.0D0",
        ".1+0j",
        ".1.5",
        "1e",
        "1e+",
        ".",
        "-",
        "+-1",
        "e5",
        "1e999",
        "9" * 30,
    ]
    text = "1.5 " + " ".join(words) + " -0\n\n 2"
    values, counts, left = parsed(text)
    assert left == words
    assert counts == [len(words) + 2, 0, 1]
    assert (values[0], values[-2], values[-1]) == (1.5, 0.0, 2.0)
    assert np.signbit(values[-2])

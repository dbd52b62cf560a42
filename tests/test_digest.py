"""Digests of content: equal for equal values, different for anything that a result depends on; rounded ones without last bits."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sirf._digest import OF_UNIT_SCALE, digest, rounded_digest


@dataclasses.dataclass(frozen=True)
class Part:
    first: float
    second: float = 0.0


@dataclasses.dataclass(frozen=True)
class Other:
    first: float
    second: float = 0.0


@dataclasses.dataclass(frozen=True)
class Taps:
    taps: tuple[float, ...] | float = dataclasses.field(metadata={OF_UNIT_SCALE: True})


@pytest.mark.parametrize("made", [digest, rounded_digest])
def test_equal_content_is_one_digest(made: Any) -> None:
    assert made(Part(1.0), (1, "a"), np.arange(3)) == made(Part(1.0), [1, "a"], np.arange(3))
    assert made({"a": 1, "b": 2}) == made({"b": 2, "a": 1})
    # a view with other strides holds the same numbers
    assert made(np.arange(6.0)[::2]) == made(np.array([0.0, 2.0, 4.0]))


DIFFERENT = [
    (1, 1.0),
    (1, True),
    ("1", 1),
    (None, "None"),
    ((1, 2), (1, (2,))),
    (("ab",), ("a", "b")),
    (Part(1.0, 2.0), Part(2.0, 1.0)),
    (Part(1.0), Other(1.0)),
    (np.arange(4), np.arange(4).reshape(2, 2)),
    (np.arange(4.0), np.arange(4.0, dtype=np.float32)),
    (np.arange(4), np.array([0, 1, 2, 4])),
    (1j, 1.0),
    (1j, -1j),
    (1.0, -1.0),
    (1.0, 2.0),
    (1e-12, 1.00001e-12),
    (5e-324, 0.0),
    (math.inf, -math.inf),
    (math.inf, math.nan),
    (math.inf, 1.7e308),
    (np.array([1.0, math.inf]), np.array([1.0, -math.inf])),
    (np.array([1.0, math.nan]), np.array([math.nan, 1.0])),
    (np.array([1.0, math.nan]), np.array([1.0, 0.0])),
    (np.zeros(3), np.zeros(4)),
    (np.array([1.0, 2.0]), np.array([2.0, 4.0])),
    (np.array([1.0, 2.0]), np.array([2.0, 1.0])),
    (np.array([1.0, 1e-3 + 2e-6]), np.array([1.0, 1e-3])),
    (np.array([1j, 1.0]), np.array([1.0, 1j])),
    (Taps((0.1, 0.2)), Taps((0.2, 0.1))),
    (Taps((0.1,)), Taps((0.1, 0.0))),
    (Taps((0.1, 0.3)), Taps((0.1, 0.30001))),
    (Taps(0.1), Taps(0.10001)),
    ((1e-18, 1.0), (2e-18, 1.0)),
]


@pytest.mark.parametrize("made", [digest, rounded_digest])
@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_content_is_another(one: object, other: object, made: Any) -> None:
    assert made(one) != made(other)


LAST_BITS = [
    (0.0, -0.0),
    (1.0, np.nextafter(1.0, 2.0)),
    (1.0, np.nextafter(1.0, 0.0)),
    (3.0 - 4.0j, 3.0 - 4.0j + 1e-15j),
    (1.0 + 0j, 1.0 + 1e-18j),
    (np.array([0.0, 1.0]), np.array([1e-18, 1.0])),
    (np.array([0.0, 1.0]), np.array([-1e-18, 1.0])),
    (np.array([0.0, 5e-324]), np.array([-0.0, 5e-324])),
    (np.array([1.0, math.inf, -0.0]), np.array([1.0 - 1e-16, math.inf, 1e-18])),
    (np.array([1.0 + 1j, 1e-3]), np.array([1.0 + 1j, 1e-3 + 1e-15j])),
    (np.array([0.5, 0.25, 0.125], dtype=np.float32), np.array([0.5, 0.25 + 3e-8, 0.125], dtype=np.float32)),
    # what is far below one is as good as zero where numbers count in parts of one
    (Taps((0.0,)), Taps((3e-17,))),
    (Taps((0.0, 1e-17)), Taps((-1e-17, 0.0))),
    (Taps(0.0), Taps(-2e-16)),
    (Taps((1, 0)), Taps((1.0, 0.0))),
]


@pytest.mark.parametrize(("one", "other"), LAST_BITS)
def test_last_bits_make_no_other_rounded_digest(one: object, other: object) -> None:
    assert digest(one) != digest(other)
    assert rounded_digest(one) == rounded_digest(other)


# what people type, and powers of two, at which scales of numbers turn over
TYPED = [
    0.5,
    0.25,
    0.75,
    1.0,
    2.0,
    3.0,
    1e-12,
    1.5e-13,
    1e9,
    26.5625e9,
    0.1,
    0.05,
    0.62,
    2.0**-30,
    2.0**-1040,
    5e-324,
    1.7e308,
]


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("value", TYPED)
def test_typed_numbers_lie_on_no_edge(value: float, sign: float) -> None:
    value *= sign
    moved = [value * (1.0 + part) for part in (-1e-12, -1e-15, 1e-15, 1e-12)]
    for kind in (
        lambda x: x,
        lambda x: Taps((x, 1.0, 0.5)),
        lambda x: np.array([x, 0.25 * value, 0.0]),
        lambda x: x * 1j,
    ):
        assert {rounded_digest(kind(one)) for one in moved} == {rounded_digest(kind(value))}


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_is_told_from_one_that_is_a_hundred_thousandth_larger(value: float) -> None:
    larger = value * 1.00001
    # among the least numbers there is no other one so near
    if larger != value and math.isfinite(larger):
        assert rounded_digest(value) != rounded_digest(larger)


def test_the_chance_that_rounding_makes_another_digest_is_as_stated() -> None:
    """2.6e6 sqrt(N) d, at moves so large that it can be counted: 16 % of 500 arrays, 80 of them and a deviation of 8."""
    random = np.random.default_rng(1)
    size, moves = 1000, 2e-9
    changed = 0
    for _ in range(500):
        values = random.uniform(-1.0, 1.0, size)
        values[0] = 1.0
        changed += rounded_digest(values) != rounded_digest(values + moves * random.standard_normal(size))
    assert changed == pytest.approx(500 * 2.6e6 * math.sqrt(size) * moves, abs=4 * 8)


def test_every_value_of_an_array_counts() -> None:
    values = np.random.default_rng(2).uniform(-1.0, 1.0, (40, 2, 2)) * (1.0 + 0.5j)
    largest = np.abs(values.view(float)).max()
    for place in np.ndindex(values.shape):
        for step in (2.0**-19 * largest, 2.0**-19 * 1j * largest):
            assert rounded_digest(_with(values, place, values[place] + step)) != rounded_digest(values)


def test_the_places_of_an_arrays_values_count() -> None:
    taps = np.linspace(-0.5, 1.0, 40)
    found = {rounded_digest(taps)}
    for one in range(taps.size):
        for other in range(one):
            found.add(rounded_digest(_with(_with(taps, (one,), taps[other]), (other,), taps[one])))
    assert len(found) == 1 + taps.size * (taps.size - 1) // 2


def _with(values: NDArray[Any], place: tuple[int, ...], value: complex) -> NDArray[Any]:
    changed = values.copy()
    changed[place] = value
    return changed


@pytest.mark.parametrize("made", [digest, rounded_digest])
def test_what_has_no_content_of_its_own_is_refused(made: Any) -> None:
    with pytest.raises(TypeError, match="plain values"):
        made(object())


def test_bits_count_in_the_exact_digest() -> None:
    assert digest(0.0) != digest(-0.0)
    assert digest(1.0) != digest(np.nextafter(1.0, 2.0))

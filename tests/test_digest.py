"""Digests of content: equal for equal values, different for anything that a result depends on."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sirf._digest import digest


@dataclasses.dataclass(frozen=True)
class Part:
    first: float
    second: float = 0.0


@dataclasses.dataclass(frozen=True)
class Other:
    first: float
    second: float = 0.0


def test_equal_content_is_one_digest() -> None:
    assert digest(Part(1.0), (1, "a"), np.arange(3)) == digest(Part(1.0), [1, "a"], np.arange(3))
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    # a view with other strides holds the same numbers
    assert digest(np.arange(6.0)[::2]) == digest(np.array([0.0, 2.0, 4.0]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (1, True),
        (0.0, -0.0),
        (1.0, np.nextafter(1.0, 2.0)),
        ("1", 1),
        (None, "None"),
        ((1, 2), (1, (2,))),
        (("ab",), ("a", "b")),
        (Part(1.0, 2.0), Part(2.0, 1.0)),
        (Part(1.0), Other(1.0)),
        (np.arange(4), np.arange(4).reshape(2, 2)),
        (np.arange(4.0), np.arange(4.0, dtype=np.float32)),
        (1j, 1.0),
    ],
)
def test_different_content_is_another(one: object, other: object) -> None:
    assert digest(one) != digest(other)


def test_what_has_no_content_of_its_own_is_refused() -> None:
    with pytest.raises(TypeError, match="plain values"):
        digest(object())

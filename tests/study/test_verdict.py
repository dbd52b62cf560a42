"""Sentences of the verdict against the numbers that they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sirf.study.verdict import _saving
from sirf.system.port import Range


@dataclass
class Spent:
    """All that the sentence on energy reads of a row."""

    energy: Range


def test_a_saving_is_told_with_the_ends_of_both_ranges() -> None:
    """8 of 10 saves a fifth; the dear 9 of the thrifty 8 costs an eighth more, the thrifty 6 of the dear 12 saves half."""
    faceplate: Any = Spent(Range(10.0, 8.0, 12.0))
    package: Any = Spent(Range(8.0, 6.0, 9.0))
    assert _saving(faceplate, package) == "20 % less, -12 to 50 % at the ends of the ranges"

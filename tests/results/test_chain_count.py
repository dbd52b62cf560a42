"""Error ratios of links in series that send decisions again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sirf.results.chain_count import composed_error_ratio


def test_two_links_are_wrong_where_exactly_one_is() -> None:
    assert composed_error_ratio([0.1, 0.2]) == pytest.approx(0.1 * 0.8 + 0.9 * 0.2, rel=1e-12)


def test_small_ratios_add_without_losing_digits() -> None:
    assert composed_error_ratio([1e-20, 3e-20]) == pytest.approx(4e-20, rel=1e-12)


@given(st.lists(st.floats(0.0, 0.5), max_size=6))
def test_any_number_of_links_is_a_binary_channel_in_series(ratios: list[float]) -> None:
    """Transition matrices of binary symmetric channels multiply."""
    whole = np.eye(2)
    for p in ratios:
        whole = whole @ np.array([[1.0 - p, p], [p, 1.0 - p]])
    assert composed_error_ratio(ratios) == pytest.approx(whole[0, 1], rel=1e-9, abs=1e-15)


def test_a_link_that_guesses_leaves_nothing() -> None:
    assert composed_error_ratio([0.5, 1e-9]) == pytest.approx(0.5, rel=1e-12)
    assert composed_error_ratio([]) == 0.0

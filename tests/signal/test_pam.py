from __future__ import annotations

import numpy as np
import pytest

from sirf.errors import SirfError
from sirf.signal.pam import bit_error_table, gray_code, levels, order_of, thresholds


def test_levels_are_equally_spaced_and_mismatch_shrinks_the_smallest_distance_to_r_lm() -> None:
    assert levels(4) == pytest.approx([-1, -1 / 3, 1 / 3, 1])
    assert np.diff(levels(4, level_mismatch=0.95)).min() == pytest.approx(0.95 * 2 / 3)


def test_gray_neighbours_differ_in_one_bit() -> None:
    for order in (2, 4, 8):
        table = bit_error_table(order)
        assert np.all(np.diag(table, 1) == 1)
        assert np.all(np.diag(table) == 0)
        assert sorted(gray_code(order)) == list(range(order))


def test_thresholds_lie_half_way() -> None:
    assert thresholds(levels(4)) == pytest.approx([-2 / 3, 0, 2 / 3])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: order_of("QAM16"), "modulation must be one of"),
        (lambda: levels(1), "order must be at least 2"),
        (lambda: levels(4, level_mismatch=0.0), "level_mismatch must be in"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(SirfError, match=message):
        call()

"""Where a figure improves with length although it should not."""

from __future__ import annotations

import numpy as np

from sirf.study.monotone import improving_spans


def test_neighbouring_stretches_are_one() -> None:
    place = (1.0, 2.0, 3.0, 4.0, 5.0)
    assert improving_spans(place, (1e-9, 1e-6, 1e-7, 1e-8, 1e-3), "ber") == ((2.0, 4.0),)


def test_small_wiggles_are_level() -> None:
    """An error ratio that falls by 10 % falls by 0.046 decades; a COM that gains 0.5 % of its range does not gain."""
    assert improving_spans((1.0, 2.0, 3.0), (1e-6, 0.9e-6, 1e-5), "ber") == ()
    assert improving_spans((1.0, 2.0, 3.0), (1e-6, 0.88e-6, 1e-5), "ber") == ((1.0, 2.0),)
    assert improving_spans((1.0, 2.0, 3.0, 4.0), (10.0, 5.0, 5.04, 2.0), "com_db") == ()
    assert improving_spans((1.0, 2.0, 3.0, 4.0), (10.0, 5.0, 5.2, 2.0), "com_db") == ((2.0, 3.0),)


def test_a_figure_of_which_less_is_better_improves_downwards() -> None:
    assert improving_spans((1.0, 2.0, 3.0), (3.0, 2.0, 4.0), "tdecq_db") == ((1.0, 2.0),)


def test_values_that_are_none_are_left_out() -> None:
    assert improving_spans((1.0, 2.0, 3.0), (5.0, np.nan, 6.0), "com_db") == ((1.0, 3.0),)
    assert improving_spans((1.0, 2.0), (np.inf, 6.0), "com_db") == ()

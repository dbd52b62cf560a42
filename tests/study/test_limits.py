"""What a figure is held to: at its bound it still meets, and margins of error ratios are decades."""

from __future__ import annotations

import pytest

from sirf.errors import SirfError
from sirf.study.limits import Limit, limit_of


def test_a_value_at_its_bound_meets() -> None:
    for limit, better in ((Limit(name="ber", bound=1e-6), 1e-7), (Limit(name="com_db", bound=3.0), 4.0)):
        bound = limit.level
        worse = 2.0 * bound - better
        assert (limit.meets(better), limit.meets(bound), limit.meets(worse)) == (True, True, False)
        assert limit.margin(bound) == 0.0


def test_margins_of_error_ratios_are_decades() -> None:
    limit = Limit(name="ber", bound=1e-6)
    assert limit.margin(1e-9) == pytest.approx(3.0)
    assert limit.margin(1e-4) == pytest.approx(-2.0)
    # nothing is counted below the smallest number: a ratio of zero has a finite margin
    assert 290.0 < limit.margin(0.0) < 310.0


def test_margins_of_other_figures_are_in_their_unit() -> None:
    assert Limit(name="com_db", bound=3.0).margin(4.5) == pytest.approx(1.5)
    assert Limit(name="tdecq_db", bound=3.4).margin(3.0) == pytest.approx(0.4)


def test_a_mask_is_held_against_one() -> None:
    limit = limit_of({"eye_mask": (10.0, 0.2)}, ber=1e-6)
    assert (limit.level, limit.mask) == (1.0, (10.0, 0.2))
    assert limit.meets(1.0)
    assert not limit.meets(0.99)


def test_without_a_limit_it_is_the_given_ratio() -> None:
    assert limit_of(None, ber=1e-5) == Limit(name="ber", bound=1e-5)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ber": 0.6}, "between 0 and 0.5"),
        ({"com_db": float("nan")}, "finite number"),
        ({"eye_mask": (10.0, 1.0)}, "width between 0 and 1 UI"),
        ({"ber": 1e-6, "com_db": 3.0}, "must hold one of"),
        ("ber", "must say what it limits"),
    ],
)
def test_limits_that_are_none_are_refused(given: object, words: str) -> None:
    with pytest.raises(SirfError, match=words):
        limit_of(given, ber=1e-6)  # type: ignore[arg-type]

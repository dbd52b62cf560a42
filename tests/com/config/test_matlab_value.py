"""Workbook values against what MATLAB's documented rules give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sirf.com.config.matlab_value import matlab_value, span


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2", [[2.0]]),
        ("-0.5e-3", [[-0.5e-3]]),
        ("[]", np.zeros((0, 0))),
        ("[1, 2; 3 4]", [[1, 2], [3, 4]]),
        ("[15 30;  1.8 1.8 ]", [[15, 30], [1.8, 1.8]]),
        ("[0.3 0.2*ones(1,2) 0.1*ones(1,1)]", [[0.3, 0.2, 0.2, 0.1]]),
        ("[0.05 -0.04*ones(1,2)]", [[0.05, -0.04, -0.04]]),
        ("[-2:1:-0]", [[-2, -1, 0]]),
        ("[ -0.15 - 0.15 - 0.05 ]", [[-0.35]]),
        ("[1 -2 + 3]", [[1, 1]]),
        ("[1 - 2 -3]", [[-1, -3]]),
        ("[3:-1:1]", [[3, 2, 1]]),
        ("(1+2)*3/2", [[4.5]]),
        ("[0:.02: 0.04]", [[0, 0.02, 0.04]]),
        ("ones(2,2)*[2]", [[2, 2], [2, 2]]),
    ],
)
def test_values(text: str, expected: object) -> None:
    value = matlab_value(text)
    assert value.shape == np.asarray(expected).shape
    np.testing.assert_allclose(value, np.asarray(expected), rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize(
    "text", ["", "abc", "[1 2; 3]", "[1 2", "1:2:3:4", "system('ls')", "((1)", "1e99999:2:3:", "-" * 200 + "1"]
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any message; the sheet puts it into its own
        matlab_value(text)


@given(st.integers(-40, 40), st.integers(1, 20), st.integers(0, 60))
def test_a_span_reaches_its_end(low: int, step: int, count: int) -> None:
    low_value, step_value = low / 50, step / 50
    values = span(low_value, step_value, low_value + count * step_value).ravel()
    assert values.size == count + 1
    np.testing.assert_allclose(np.diff(values), step_value, atol=1e-12)

"""How results look as text, in notebooks and as JSON: one place for all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from sirf.errors import SirfError


def table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """A title over aligned name and value columns."""
    # the value's column begins where the longest name ends, so that a table reads as one
    width = max(len(name) for name, _ in rows)
    return "\n".join([title, *(f"  {name:<{width}}  {value}" for name, value in rows)])


def html_table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """The same as an HTML table."""
    body = "".join(
        # names come from files: escaped, so that none is taken for markup
        f"<tr><th style='text-align:left'>{escape(name)}</th><td>{escape(value)}</td></tr>"
        for name, value in rows
    )
    return f"<table><caption>{escape(title)}</caption>{body}</table>"


def frame(rows: Sequence[dict[str, Any]]) -> Any:
    """A pandas DataFrame of rows of plain values; nested values keep their objects. `SirfError` where pandas is not installed."""
    # pandas is large and few ask for a frame, so it is imported where one is made
    try:
        import pandas
    except ImportError:
        raise SirfError("to_pandas must have pandas, got none. Install it: pip install pandas.") from None
    return pandas.DataFrame(list(rows))


def strict(value: Any) -> Any:
    """Plain values with None for what JSON has no number for.

    >>> strict({"a": [1.0, float("inf")]})
    {'a': [1.0, None]}
    """
    if isinstance(value, dict):
        return {key: strict(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [strict(item) for item in value]
    # JSON has no NaN: readers of other languages refuse the whole file for one
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

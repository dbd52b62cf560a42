"""How results look as text and in notebooks; it lives on the ground floor, for channels show tables too."""

from __future__ import annotations

from sirf._display import html_table, table

__all__ = ["html_table", "table"]

"""What the COM reference code printed, and the keywords of the official workbooks it read."""

from __future__ import annotations

import itertools
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from sirf.channel.channel import Channel

CASES = (
    "c2c/c2c_12db/through/case1",
    "kr4/vita_25g/crosstalk/case1",
    "kr/backplane_28db/through/case1",
    "kr/backplane_12db/crosstalk/case1",
    "c2m/c2m_16db/through/case1",
)


@cache
def golden(reference_dir: Path) -> dict[str, Any]:
    file = reference_dir / "golden" / "com" / "com_3p70_reference.json"
    cases: dict[str, Any] = json.loads(file.read_text())
    return cases


@cache
def keywords(reference_dir: Path, workbook: str) -> dict[str, list[float]]:
    """Every keyword of the settings sheet as numbers."""
    sheet = CalamineWorkbook.from_path(reference_dir / "golden" / "com" / workbook).get_sheet_by_index(0)
    found: dict[str, list[float]] = {}
    for row in sheet.to_python():
        for name, value in itertools.pairwise(row):
            if isinstance(name, str) and name.strip() and value != "":
                numbers = re.findall(r"[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?", str(value))
                found.setdefault(name.strip(), [float(number) for number in numbers])
    return found


@cache
def channel(reference_dir: Path, case: str) -> Channel:
    entry = golden(reference_dir)[case]
    folder = reference_dir / "channels"
    return Channel.from_touchstone(
        folder / entry["through"],
        fext=[folder / name for name in entry["fext"]],
        next=[folder / name for name in entry["next"]],
    )

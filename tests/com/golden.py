"""The reference code's cases: settings, paths, results and waveforms (COM 3.70 under Octave)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirf.channel.channel import Channel
from sirf.com.chip_to_module import EyeSearch
from sirf.com.config.settings import ComSettings
from sirf.com.config.workbook import from_workbook
from sirf.com.responses import PathResponse, path_responses
from sirf.com.search import CaseSearch, FoundSetting

KEYS = tuple(
    f"{name}/case{case}"
    for name in (
        "c2c/c2c_12db/through",
        "kr4/vita_25g/crosstalk",
        "kr/backplane_28db/through",
        "kr/backplane_12db/crosstalk",
        "c2m/c2m_16db/through",
    )
    for case in (1, 2)
)
SAMPLED = tuple(key for key in KEYS if not key.startswith("c2m"))


@dataclass(frozen=True)
class Case:
    """One case of the reference: the inputs, and what the reference code found."""

    channel: Channel
    settings: ComSettings
    number: int
    paths: tuple[PathResponse, ...]
    result: dict[str, Any]

    @property
    def gains(self) -> tuple[float, float]:
        """g_DC and g_DC2 in dB that the reference code chose."""
        return float(self.result["ctle_g_dc_db"]), float(self.result.get("ctle_g_dc2_db", 0.0))


@cache
def case_of(reference: Path, key: str) -> Case:
    entry = json.loads((reference / "golden/com/com_3p70_reference.json").read_text())[key]
    files = reference / "channels"
    channel = Channel.from_touchstone(
        files / entry["through"],
        fext=[files / name for name in entry["fext"]],
        next=[files / name for name in entry["next"]],
    )
    settings = from_workbook(reference / "golden/com" / entry["workbook"], entry.get("settings"))
    number = int(entry["package_case"])
    return Case(channel, settings, number, path_responses(channel, settings, number)[0], entry["result"])


@cache
def searched(reference: Path, key: str) -> tuple[CaseSearch, FoundSetting]:
    """The search of a case and where the reference's way of searching ends."""
    case = case_of(reference, key)
    search = CaseSearch(case.paths, case.settings)
    if case.settings.c2m is not None:
        choice = EyeSearch(search, case.settings.c2m).local()
    else:
        choice = search.local() if case.settings.local_search else search.full()
    assert choice is not None
    return search, choice


def waveforms(reference: Path, key: str) -> dict[str, NDArray[np.float64]]:
    with np.load(reference / "golden/com/waveforms" / f"{key.replace('/', '_')}.npz") as file:
        return {name: file[name] for name in file.files}

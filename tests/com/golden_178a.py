"""Cases of Annex 178A: workbooks, paths and results of COM 4.50, of COM 4.17 and of a tool that follows draft 3.3."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sirf.channel.channel import Channel
from sirf.com.config.settings import ComSettings, Revision
from sirf.com.config.workbook import from_workbook
from sirf.com.reference_receiver import CaseReceiver, reference_receiver
from sirf.com.responses import PathResponse, path_responses

CASES_4P50 = (
    "dj-grid/synthetic_224g_board/through",
    "dj-point/synthetic_224g_board/through",
    "dj-point/synthetic_224g_board/crosstalk",
    "dj-point/synthetic_224g_cpo/through",
)
POINTS = (
    "d33-point-A1/synthetic_224g_board/through",
    "d33-point-A1-adc/synthetic_224g_board/through",
    "d33-point-A1-float/synthetic_224g_board/through",
    "d33-point-A1-full/synthetic_224g_board/through",
    "d33-point-A1-full/synthetic_224g_board/crosstalk",
    "d33-point-A1-full-mlse/synthetic_224g_board/crosstalk",
    "d33-point-A2-full-mlse/synthetic_224g_board/crosstalk",
    "d33-point-B1-full-mlse/synthetic_224g_board/crosstalk",
    "d33-point-B2-full/synthetic_224g_cpo/through",
    "d33-point-A1-mlse/synthetic_224g_board/crosstalk",
    "d33-c2c-point-B2/synthetic_224g_board/crosstalk",
    "d33-cr-HN-HL-full-mlse/synthetic_224g_cpo/through",
    "d33-c2m-host-module/synthetic_224g_board/through",
)
SEARCHES = (
    "d33-grid-A1-full/synthetic_224g_board/through",
    "d33-search-full/synthetic_224g_board/through",
    "d33-search-local2/synthetic_224g_board/through",
    "d33-search-adaptive3/synthetic_224g_board/through",
    "d33-search-adaptive1-r1/synthetic_224g_board/through",
)


@dataclass(frozen=True)
class Case:
    """One entry of the reference results: what went in, and what came out by whose arithmetic."""

    channel: Channel
    settings: ComSettings
    paths: tuple[PathResponse, ...]
    results: dict[Revision, dict[str, Any]]

    def receiver(self, revision: Revision) -> CaseReceiver:
        return reference_receiver(self.paths, replace(self.settings, revision=revision))


def _channel(reference: Path, entry: dict[str, Any]) -> Channel:
    files = reference / "channels"
    return Channel.from_touchstone(
        files / entry["through"],
        fext=[files / name for name in entry["fext"]],
        next=[files / name for name in entry["next"]],
    )


@cache
def case_4p50(reference: Path, key: str) -> Case:
    """A case of COM 4.50: the base workbook with some keywords changed."""
    com = reference / "golden/com"
    entry = json.loads((com / "com_4p50_reference.json").read_text(encoding="utf-8"))[key]
    settings = replace(from_workbook(com / entry["workbook"], entry["settings"]), revision="4.50")
    channel = _channel(reference, entry)
    return Case(
        channel, settings, path_responses(channel, settings, entry["package_case"])[0], {"4.50": entry["result"]}
    )


@cache
def case_4p17(reference: Path, key: str) -> Case:
    """A case of COM 4.17 and draft 3.3, whose workbook the reference folder's own script writes."""
    com = reference / "golden/com"
    entry = json.loads((com / "com_4p17_reference.json").read_text(encoding="utf-8"))[key]
    spec = importlib.util.spec_from_file_location("make_workbook", com / "make_workbook.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    with TemporaryDirectory() as folder:
        settings = from_workbook(script.make_workbook(entry, Path(folder) / "case.xlsx"))
    channel = _channel(reference, entry)
    results: dict[Revision, dict[str, Any]] = {"4.17": entry["result"]}
    if "result_d3p3" in entry:
        results["d3.3"] = entry["result_d3p3"]
    return Case(channel, settings, path_responses(channel, settings, entry["package_case"])[0], results)

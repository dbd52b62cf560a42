"""Stored outputs of notebooks: which changes are found, and what makes pictures small."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("stored_outputs", FOLDER / "stored_outputs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["stored_outputs"] = module
    spec.loader.exec_module(module)
    return module


def notebook(*outputs: dict[str, Any]) -> str:
    return json.dumps(
        {"cells": [{"cell_type": "code", "metadata": {}, "source": "", "outputs": list(outputs)}], "nbformat": 4}
    )


def printed(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": [text]}


def shown(**data: str) -> dict[str, Any]:
    return {
        "output_type": "execute_result",
        "data": {kind.replace("_", "/"): [text] for kind, text in data.items()},
        "metadata": {},
    }


@pytest.mark.parametrize(
    ("kept", "made", "same"),
    [
        ("BER 1.23e-12, 5.0 dB", "BER 1.24e-12, 5.1 dB", True),
        ("BER 1.23e-12", "BER 1.29e-12", False),
        ("BER 1.23e-12", "BER 1.23e-11", False),
        ("387 mm", "388 mm", True),
        ("387 mm", "397 mm", False),
        ("1,234,567 symbols", "1,334,567 symbols", False),
        ("-0.140 +0.840", "-0.140 -0.840", False),
        ("limited by jitter 3.0", "limited by noise 3.0", False),
        ("3 rows", "3 rows and more", False),
    ],
)
def test_numbers_within_two_per_cent_or_their_last_place(tool: ModuleType, kept: str, made: str, *, same: bool) -> None:
    assert (tool.difference(kept, made) is None) is same


def test_a_folder_is_compared_cell_by_cell(tool: ModuleType, tmp_path: Path) -> None:
    kept, made = tmp_path / "kept", tmp_path / "made"
    for folder, value, address in ((kept, "4.0", "0x7f01"), (made, "5.0", "0x7f02")):
        folder.mkdir()
        (folder / "a.ipynb").write_text(
            notebook(
                printed("same 1.0\n"),
                printed(f"compiled in {value} s", "stderr"),
                shown(
                    text_plain=f"<Styler at {address}>",
                    text_html=f"<style>#T_{address} {{}}</style><td>COM {value}</td>",
                ),
                shown(text_plain=f"<Figure at {address}>", image_png="iVBO" + address),
            )
        )
    assert tool.compare(kept, made) == ["a.ipynb, cell 0: 4.0 is stored, the run gave 5.0"]
    assert tool.compare(kept, kept) == []


def test_a_text_that_is_gone_is_found(tool: ModuleType, tmp_path: Path) -> None:
    for name, outputs in (("kept", [printed("a")]), ("made", [])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.ipynb").write_text(notebook(*outputs))
    assert tool.compare(tmp_path / "kept", tmp_path / "made") == ["a.ipynb, cell 0: 1 texts are stored, the run gave 0"]


def test_a_picture_is_stored_smaller_and_looks_the_same(tool: ModuleType, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    # an eye's picture: one smooth colour map, more colours than a palette has, and white
    x, y = np.meshgrid(np.linspace(-1.0, 1.0, 400), np.linspace(-1.0, 1.0, 300))
    height = np.exp(-8.0 * (x**2 + y**2 - 0.5) ** 2)
    pixels = np.stack([255 - 200 * height, 255 - 90 * height**2, 255 - 255 * height**3], axis=-1).astype(np.uint8)
    buffer = io.BytesIO()
    image.fromarray(pixels).save(buffer, "png")
    file = tmp_path / "a.ipynb"
    file.write_text(notebook(shown(text_plain="<Figure>", image_png=base64.b64encode(buffer.getvalue()).decode())))
    tool.shrink(file)
    stored = base64.b64decode(json.loads(file.read_text())["cells"][0]["outputs"][0]["data"]["image/png"])
    once = file.read_bytes()
    tool.shrink(file)
    assert file.read_bytes() == once
    assert len(stored) < 0.7 * len(buffer.getvalue())
    back = np.asarray(image.open(io.BytesIO(stored)).convert("RGB"), dtype=float)
    assert np.sqrt(np.mean((back - pixels) ** 2)) < 4.0


def test_every_notebook_holds_its_outputs_and_is_small() -> None:
    for file in FOLDER.glob("*.ipynb"):
        cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
        assert any(cell.get("outputs") for cell in cells), file.name
        assert file.stat().st_size < 1_200_000, f"{file.name}: run notebooks/stored_outputs.py shrink"

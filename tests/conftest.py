"""Shared fixtures: the reference folder, found through SIRF_REFERENCE_DIR."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

VARIABLE = "SIRF_REFERENCE_DIR"


@pytest.fixture(scope="session")
def reference_dir() -> Path:
    """Folder with `channels/` and `golden/`. Absent: a failure under CI, a skip with the reason elsewhere."""
    text = os.environ.get(VARIABLE, "")
    folder = Path(text) if text else None
    if folder is not None and (folder / "golden").is_dir() and (folder / "channels").is_dir():
        return folder
    reason = f"{VARIABLE} must name a folder with channels/ and golden/, got {text!r}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def channels_dir(reference_dir: Path) -> Path:
    return reference_dir / "channels"

"""The test models, compiled once a session with the C compiler of the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sirf.ami.model import AmiModel

MODELS = Path(__file__).parent / "models"


@pytest.fixture(scope="session")
def compiler() -> str:
    """The C compiler. Absent: a failure under CI, a skip with the reason elsewhere."""
    found = shutil.which(os.environ.get("CC", "cc"))
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have a C compiler (cc) for the test models")
        pytest.skip("no C compiler (cc) to build the test models with")
    return found


@pytest.fixture(scope="session")
def objects(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Builds `tests/ami/models/NAME.c` on first use; returns the shared object."""
    folder = tmp_path_factory.mktemp("ami-models")

    def built(name: str) -> Path:
        target = folder / f"{name}.so"
        if not target.exists():
            command = [compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", str(target)]
            subprocess.run([*command, str(MODELS / f"{name}.c"), "-lm"], check=True)
        return target

    return built


@pytest.fixture(scope="session")
def model(objects: Callable[[str], Path]) -> Callable[..., AmiModel]:
    """`model("ffe", "ffe_init", post1=-0.2)`: source, parameter file (the source's by default), parameters."""

    def made(source: str, file: str | None = None, **options: Any) -> AmiModel:
        return AmiModel(MODELS / f"{file or source}.ami", so=objects(source), **options)

    return made

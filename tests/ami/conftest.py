"""Fixtures that hand out the test models."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from sirf.ami.model import AmiModel
from tests.ami.build import MODELS, build, find_compiler

PYIBIS_VARIABLE = "SIRF_PYIBIS_PYTHON"


@pytest.fixture(scope="session")
def compiler() -> str:
    """The C compiler. Absent: a failure under CI, a skip with the reason elsewhere."""
    found = find_compiler()
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("CI must have a C compiler (cc) for the test models")
        pytest.skip("no C compiler (cc) to build the test models with")
    return found


@pytest.fixture(scope="session")
def pyibis_python() -> str:
    """The Python of an environment with PyIBIS-AMI; skipped where it is not named."""
    python = os.environ.get(PYIBIS_VARIABLE, "")
    if not Path(python).is_file():
        pytest.skip(f"{PYIBIS_VARIABLE} must name the Python of an environment with pyibis-ami 10.0.0, got {python!r}")
    return python


@pytest.fixture(scope="session")
def objects(compiler: str) -> Callable[[str], Path]:
    """Builds `tests/ami/models/NAME.c` on first use; returns the shared object."""
    return partial(build, compiler=compiler)


@pytest.fixture(scope="session")
def model(objects: Callable[[str], Path]) -> Callable[..., AmiModel]:
    """`model("ffe", "ffe_init", post1=-0.2)`: source, parameter file (the source's by default), parameters."""

    def made(source: str, file: str | None = None, **options: Any) -> AmiModel:
        return AmiModel(MODELS / f"{file or source}.ami", so=objects(source), **options)

    return made

"""The test models in C, compiled once a process with the C compiler of the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

MODELS = Path(__file__).parent / "models"


def find_compiler() -> str | None:
    """The C compiler, None where there is none."""
    return shutil.which(os.environ.get("CC", "cc"))


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    # lives, and is removed, with the process
    return tempfile.TemporaryDirectory(prefix="sirf-ami-tests-")


@cache
def build(name: str, compiler: str) -> Path:
    """The shared object of `tests/ami/models/NAME.c`."""
    target = Path(_folder().name) / f"{name}.so"
    command = [compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", str(target)]
    subprocess.run([*command, str(MODELS / f"{name}.c"), "-lm"], check=True)
    return target

"""Imported ahead of numba: loads it for a command without what it looks for only to know that it is there."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sirf._kernels.first_run import Process


@contextmanager
def hidden(*modules: str) -> Iterator[None]:
    """Have imports of `modules` fail within, as those of None do by the language reference, where none is loaded yet."""
    new = [name for name in modules if name not in sys.modules]
    for name in new:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in new:
            del sys.modules[name]


def load_numba_alone() -> None:
    """Load numba without the BLAS of SciPy (0.25 s), cffi and YAML (0.05 s), none of which sirf's kernels take.

    Nor does it colour its errors: thousands of messages a compilation for signatures tried in vain, which nobody reads.
    """
    # numba's own settings may stand in a file, for which it takes YAML
    with hidden("cffi", "colorama", *(() if Path(".numba_config.yaml").exists() else ("yaml",))):
        _load("numba.core.typing.cffi_utils")
    with hidden("scipy.linalg.cython_blas"):
        _load("numba.np.arraymath")


def _load(module: str) -> None:
    """Load a module of numba's inner rooms; a release that has it elsewhere loads it when it needs it."""
    with suppress(ImportError):
        importlib.import_module(module)


if Process.commands_only:
    load_numba_alone()

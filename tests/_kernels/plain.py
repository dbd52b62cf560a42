"""Kernels as the plain Python that they are written in: small arrays need no compiler, and tests of them cost no compilation."""

from __future__ import annotations

from types import ModuleType

import pytest


def plain_module(patch: pytest.MonkeyPatch, module: ModuleType) -> ModuleType:
    """`module` with all its kernels, those it calls too, as Python functions."""
    for name, value in list(vars(module).items()):
        function = getattr(value, "py_func", None)
        if function is not None:
            patch.setattr(module, name, function)
    return module

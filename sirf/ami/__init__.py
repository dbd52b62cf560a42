"""Vendor models: IBIS-AMI files read, shared objects run in processes of their own, both flows, checking, export.

Running a model is running foreign code; see `sirf.ami.host`. Names are loaded on first use.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "AmiFile": "sirf.ami.file",
    "AmiModel": "sirf.ami.model",
    "IbisFile": "sirf.ami.ibis",
    "Instance": "sirf.ami.host",
    "Parameter": "sirf.ami.parameter",
    "parse_ami": "sirf.ami.file",
    "RepeaterRun": "sirf.ami.repeaters",
    "check_model": "sirf.ami.check",
    "export_link": "sirf.ami.export",
    "optimize_models": "sirf.ami.parameter_search",
    "set_parameters": "sirf.ami.parameter_search",
    "simulate_repeaters": "sirf.ami.repeaters",
    "read_ami": "sirf.ami.file",
    "read_ibis": "sirf.ami.ibis",
}

__all__ = sorted(_HOMES)  # the register is the one list of names


def __getattr__(name: str) -> Any:
    """Load a public name from its home (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sirf.ami' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value

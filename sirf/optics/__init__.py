"""Optics: sources, modulators, glass, receivers as frozen stages, and what is measured on them (OMA, TDECQ, sensitivity)."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sirf.optics.eye_closure import FIFTEEN_TAPS, FIVE_TAPS, IDEAL, ReferenceReceiver, Tdecq, tdecq
    from sirf.optics.fibre import Connector, Fibre, MultimodeFibre, PathInterference
    from sirf.optics.laboratory import LinkBudget, TransmitterMeasures, measure, worst_case_budget
    from sirf.optics.library import OpticsPreset, list_optics, load_optics
    from sirf.optics.micro_led import MicroLed
    from sirf.optics.modulator import ElectroAbsorption, MachZehnder, Ring, level_mismatch
    from sirf.optics.nrz_eye_closure import Tdec, TdecReceiver, tdec
    from sirf.optics.optical_path import OpticalPath
    from sirf.optics.optical_receiver import OpticalReceiver, Photodiode, Tia
    from sirf.optics.power import dbm, extinction_ratio_db, from_dbm, outer_levels, outer_oma
    from sirf.optics.rate_equations import RateEquationVcsel
    from sirf.optics.receiver_sensitivity import gaussian_sensitivity, sensitivity
    from sirf.optics.ring_heater import RingControl, RingHeater
    from sirf.optics.source import Driver, Laser, Vcsel
    from sirf.optics.span import Span
    from sirf.optics.wavelengths import RingFilter, WavelengthGrid, incoherent_penalty_db, nrz_error_ratio

__all__ = [
    "FIFTEEN_TAPS",
    "FIVE_TAPS",
    "IDEAL",
    "Connector",
    "Driver",
    "ElectroAbsorption",
    "Fibre",
    "Laser",
    "LinkBudget",
    "MachZehnder",
    "MicroLed",
    "MultimodeFibre",
    "OpticalPath",
    "OpticalReceiver",
    "OpticsPreset",
    "PathInterference",
    "Photodiode",
    "RateEquationVcsel",
    "ReferenceReceiver",
    "Ring",
    "RingControl",
    "RingFilter",
    "RingHeater",
    "Span",
    "Tdec",
    "TdecReceiver",
    "Tdecq",
    "Tia",
    "TransmitterMeasures",
    "Vcsel",
    "WavelengthGrid",
    "dbm",
    "extinction_ratio_db",
    "from_dbm",
    "gaussian_sensitivity",
    "incoherent_penalty_db",
    "level_mismatch",
    "link_budget",
    "list_optics",
    "load_optics",
    "measure",
    "nrz_error_ratio",
    "outer_levels",
    "outer_oma",
    "sensitivity",
    "tdec",
    "tdecq",
    "worst_case_budget",
]

_MODULES = {
    "eye_closure": "FIFTEEN_TAPS FIVE_TAPS IDEAL ReferenceReceiver Tdecq tdecq",
    "fibre": "Connector Fibre MultimodeFibre PathInterference",
    "laboratory": "LinkBudget TransmitterMeasures measure worst_case_budget",
    "library": "OpticsPreset list_optics load_optics",
    "micro_led": "MicroLed",
    "modulator": "ElectroAbsorption MachZehnder Ring level_mismatch",
    "nrz_eye_closure": "Tdec TdecReceiver tdec",
    "optical_path": "OpticalPath",
    "optical_receiver": "OpticalReceiver Photodiode Tia",
    "power": "dbm extinction_ratio_db from_dbm outer_levels outer_oma",
    "rate_equations": "RateEquationVcsel",
    "receiver_sensitivity": "gaussian_sensitivity sensitivity",
    "ring_heater": "RingControl RingHeater",
    "source": "Driver Laser Vcsel",
    "span": "Span",
    "wavelengths": "RingFilter WavelengthGrid incoherent_penalty_db nrz_error_ratio",
}
"""Names of each module: loaded on first use (PEP 562), since a link of copper needs none of them."""
_HOMES = {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names.split()}
# an alias that looks up, as `Link.optimized` does: the margin of a budget is the engine's
_HOMES["link_budget"] = "sirf.study.light_budget"


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    # the next look-up finds it without coming here
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Public names, loaded or not."""
    return __all__

"""Optics: sources, modulators, glass, receivers as frozen stages, and what is measured on them (OMA, TDECQ, sensitivity)."""

from __future__ import annotations

from sirf.optics.fibre import Connector, Fibre, MultimodeFibre, PathInterference
from sirf.optics.modulator import ElectroAbsorption, MachZehnder, Ring, level_mismatch
from sirf.optics.path import OpticalPath
from sirf.optics.receiver import OpticalReceiver, Photodiode, Tia
from sirf.optics.source import Driver, Laser, Vcsel

__all__ = [
    "Connector",
    "Driver",
    "ElectroAbsorption",
    "Fibre",
    "Laser",
    "MachZehnder",
    "MultimodeFibre",
    "OpticalPath",
    "OpticalReceiver",
    "PathInterference",
    "Photodiode",
    "Ring",
    "Tia",
    "Vcsel",
    "level_mismatch",
]

"""Physical paths: named segments in cascade from die to die, read from `data/paths/*.toml`."""

from __future__ import annotations

from sirf.channel.path.elements import Coupled, Device, Element, Flipped, Trace
from sirf.channel.path.path import GRID, Crosstalk, Path, Segment
from sirf.channel.path.reader import RateClass, load_path

__all__ = [
    "GRID",
    "Coupled",
    "Crosstalk",
    "Device",
    "Element",
    "Flipped",
    "Path",
    "RateClass",
    "Segment",
    "Trace",
    "load_path",
]

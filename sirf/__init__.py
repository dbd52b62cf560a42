"""sirf: SerDes channel signal integrity. PAM4 through S-parameters; eyes, BER and reach; boards against co-packaged optics.

Names are loaded on first use, so that `import sirf` costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sirf._version import __version__

if TYPE_CHECKING:
    from sirf import fec, materials, optics, paths, plot, presets
    from sirf._store import load, save
    from sirf.channel.channel import Channel
    from sirf.channel.network import Network
    from sirf.clock.recovery import ClockRecovery
    from sirf.clock.wander import Wander
    from sirf.com.margin import com
    from sirf.engine.counting.count_errors import count_errors
    from sirf.engine.retimed.retimed_chain import simulate_chain
    from sirf.engine.statistical.analysis import statistical_eye
    from sirf.engine.waveform.simulate import simulate
    from sirf.errors import ConfigError, LimitError, PhysicsError, SirfError, TouchstoneError
    from sirf.link import Link
    from sirf.receiver.adaptation import Adaptation
    from sirf.receiver.converter import Converter
    from sirf.receiver.mlse import Mlse
    from sirf.receiver.receiver import Ctle, Receiver
    from sirf.receiver.tabled import TabledCtle
    from sirf.receiver.vga import Vga
    from sirf.signal.patterns import Pattern
    from sirf.study.compare import compare
    from sirf.study.crossover import crossover
    from sirf.study.jitter_tolerance import jtol
    from sirf.study.maps import length_loss_map, length_rate_map, material_roughness_map
    from sirf.study.modulation import modulation
    from sirf.study.reach import reach
    from sirf.study.sweep.runner import sweep
    from sirf.study.sweep.study import Study
    from sirf.transmitter.aggressor import Aggressor
    from sirf.transmitter.jitter import BoundedJitter, Jitter, PhaseNoise, SinusoidalJitter
    from sirf.transmitter.transmitter import Transmitter

_HOMES = {
    "load": "sirf._store",
    "save": "sirf._store",
    "Channel": "sirf.channel.channel",
    "Network": "sirf.channel.network",
    "Link": "sirf.link",
    "Transmitter": "sirf.transmitter.transmitter",
    "Aggressor": "sirf.transmitter.aggressor",
    "Jitter": "sirf.transmitter.jitter",
    "SinusoidalJitter": "sirf.transmitter.jitter",
    "BoundedJitter": "sirf.transmitter.jitter",
    "PhaseNoise": "sirf.transmitter.jitter",
    "Pattern": "sirf.signal.patterns",
    "Mlse": "sirf.receiver.mlse",
    "Receiver": "sirf.receiver.receiver",
    "Ctle": "sirf.receiver.receiver",
    "TabledCtle": "sirf.receiver.tabled",
    "Vga": "sirf.receiver.vga",
    "Converter": "sirf.receiver.converter",
    "Adaptation": "sirf.receiver.adaptation",
    "ClockRecovery": "sirf.clock.recovery",
    "Wander": "sirf.clock.wander",
    "simulate": "sirf.engine.waveform.simulate",
    "simulate_chain": "sirf.engine.retimed.retimed_chain",
    "statistical_eye": "sirf.engine.statistical.analysis",
    "count_errors": "sirf.engine.counting.count_errors",
    "compare": "sirf.study.compare",
    "jtol": "sirf.study.jitter_tolerance",
    "reach": "sirf.study.reach",
    "Study": "sirf.study.sweep.study",
    "sweep": "sirf.study.sweep.runner",
    "crossover": "sirf.study.crossover",
    "modulation": "sirf.study.modulation",
    "length_loss_map": "sirf.study.maps",
    "length_rate_map": "sirf.study.maps",
    "material_roughness_map": "sirf.study.maps",
    "SirfError": "sirf.errors",
    "TouchstoneError": "sirf.errors",
    "ConfigError": "sirf.errors",
    "LimitError": "sirf.errors",
    "PhysicsError": "sirf.errors",
}
_MODULES = ("com", "fec", "materials", "optics", "paths", "plot", "presets")

__all__ = [
    "Adaptation",
    "Aggressor",
    "BoundedJitter",
    "Channel",
    "ClockRecovery",
    "ConfigError",
    "Converter",
    "Ctle",
    "Jitter",
    "LimitError",
    "Link",
    "Mlse",
    "Network",
    "Pattern",
    "PhaseNoise",
    "PhysicsError",
    "Receiver",
    "SinusoidalJitter",
    "SirfError",
    "Study",
    "TabledCtle",
    "TouchstoneError",
    "Transmitter",
    "Vga",
    "Wander",
    "__version__",
    "com",
    "compare",
    "count_errors",
    "crossover",
    "fec",
    "jtol",
    "length_loss_map",
    "length_rate_map",
    "load",
    "material_roughness_map",
    "materials",
    "modulation",
    "optics",
    "paths",
    "plot",
    "presets",
    "reach",
    "save",
    "simulate",
    "simulate_chain",
    "statistical_eye",
    "sweep",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its home (PEP 562)."""
    # objects are loaded from their homes, whole modules by their own name: two tables, for the two are used differently
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
    elif name in _MODULES:
        value = importlib.import_module(f"sirf.{name}")
    else:
        raise AttributeError(f"module 'sirf' has no attribute {name!r}")
    # the module's own attribute from now on: this function is asked only for names that it lacks
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Public names, loaded or not."""
    # without it completion in a shell or a notebook would offer the few names that happen to be loaded
    return __all__

"""Standards as data: presets read from `data/standards/*.toml`."""

from sirf.presets.preset import EqualizerLimits, Preset, list_presets, load

__all__ = ["EqualizerLimits", "Preset", "list_presets", "load"]

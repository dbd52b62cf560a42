"""Standards as data: presets read from `data/standards/*.toml`."""

from sirf.presets.preset import EqualizerLimits, PackageCase, Preset, from_file, list_presets, load

__all__ = ["EqualizerLimits", "PackageCase", "Preset", "from_file", "list_presets", "load"]

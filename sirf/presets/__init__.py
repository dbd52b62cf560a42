"""Standards as data: presets read from `data/standards/*.toml`."""

from sirf.channel.die_to_die import PackageCase
from sirf.presets.preset import EqualizerLimits, Preset, from_file, list_presets, load

__all__ = ["EqualizerLimits", "PackageCase", "Preset", "from_file", "list_presets", "load"]

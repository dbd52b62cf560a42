"""Jitter tolerance masks of standards, as data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sirf._arrays import Float
from sirf._data import load_toml
from sirf._data_folder import DataFolder
from sirf.errors import ConfigError

KEYS = {"id", "title", "provenance", "source"}
POINTS = {"points": 1e6, "points_per_symbol_rate": 1e-6}


@dataclass(frozen=True, slots=True, kw_only=True)
class JitterMask:
    """Sinusoidal jitter that a receiver must bear: (frequency, UI peak to peak) of each corner, lines on log-log axes between.

    `frequency` in Hz, or in symbol rates where `per_symbol_rate`.
    """

    id: str
    title: str
    provenance: str
    source: str
    points: tuple[tuple[float, float], ...]
    per_symbol_rate: bool = False

    def frequencies(self, symbol_rate: float) -> Float:
        """Corner frequencies (K,) in Hz at `symbol_rate` in baud."""
        return np.array([point[0] for point in self.points]) * (symbol_rate if self.per_symbol_rate else 1.0)

    def amplitude(self, frequency: Float, symbol_rate: float) -> Float:
        """UI peak to peak (F,) at `frequency` (F,) in Hz; held beyond both ends."""
        # masks are drawn as straight lines on two logarithmic axes: -20 dB a decade is a slope of -1 here
        corners = np.log(self.frequencies(symbol_rate))
        heights = np.log([point[1] for point in self.points])
        return np.asarray(np.exp(np.interp(np.log(np.asarray(frequency, dtype=float)), corners, heights)))


def list_masks() -> tuple[str, ...]:
    """Ids of the shipped masks, sorted."""
    return _MASKS.ids()


def load_mask(name: str) -> JitterMask:
    """The mask with this id, or of the TOML file at this path.

    Raises `ConfigError` for an unknown id (naming the nearest) or a bad file (naming the key).

    >>> load_mask("802.3dj").points[0]
    (40000.0, 5.0)
    """
    return _MASKS.load(name)


def _from_file(file: Path) -> JitterMask:
    table, name = load_toml(file), file.name
    given = POINTS.keys() & table.keys()
    unknown = table.keys() - KEYS - POINTS.keys()
    if unknown or KEYS - table.keys() or len(given) != 1:
        wrong = sorted(unknown | (KEYS - table.keys())) or sorted(POINTS)
        raise ConfigError(
            f"{name}: keys must be {', '.join(sorted(KEYS))} and one of {', '.join(POINTS)}, got {wrong}. Mend it."
        )
    key = given.pop()
    rows = table[key]
    try:
        points = tuple((float(x) * POINTS[key], float(y)) for x, y in rows)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name}: key {key} must be [[frequency, UI], …], got {rows!r}. Mend the key.") from error
    corners, heights = np.array(points).T if points else (np.zeros(0), np.zeros(0))
    # logarithms of both are taken
    if len(points) < 2 or np.any(np.diff(corners) <= 0) or np.any(heights <= 0) or corners[0] <= 0:
        raise ConfigError(f"{name}: key {key} must ascend in frequency with positive UI, got {rows!r}. Mend the key.")
    if table["provenance"] not in ("P", "2", "E"):
        raise ConfigError(f"{name}: key provenance must be P, 2 or E, got {table['provenance']!r}. Mend the key.")
    texts = {name: str(table[name]) for name in KEYS}
    return JitterMask(points=points, per_symbol_rate=key != "points", **texts)


_MASKS = DataFolder("jitter_masks", kind="mask", read=_from_file)

"""Dielectrics and conductors, causal by construction: wideband Debye and a rough surface, with temperature and humidity."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field

from sirf._arrays import Complex, Float
from sirf._data import load_toml, validated
from sirf._data_folder import DataFolder
from sirf._toml_table import Sourced
from sirf.channel.kept_on_grid import kept_on_grid
from sirf.channel.roughness import COPPER, RoughnessModel, cannonball_factor, roughness_factor
from sirf.errors import PhysicsError
from sirf.units import MU0, Given, parse_temperature

__all__ = ["Material", "cannonball_factor", "list_materials", "load_material", "wideband_debye"]


_FEW, _MANY = 64, 20_000
"""Points between which what depends on a grid alone is kept."""
_LOWER_CORNER, _UPPER_CORNER = 2.0 * np.pi * 1e4, 2.0 * np.pi * 1e12
"""Angular corner frequencies of the wideband Debye model, rad/s."""

_RANGES = {
    "dk": (1.0, 20.0),
    "df": (0.0, 0.1),
    "frequency": (1e6, 1e11),
    "conductivity": (1e5, 1e8),
    "roughness_rq": (0.0, 5e-6),
    "rz_per_rq": (1.0, 10.0),
}
FOIL_REFERENCE_C = 20.0
"""Temperature at which a foil's conductivity holds, C (IEC 60028)."""
LAMINATE_REFERENCE_C, LAMINATE_REFERENCE_RH = 23.0, 50.0
"""Temperature and relative humidity in % at which laminate tables give Dk and Df (IPC-TM-650)."""
_TEMPERATURE_C = (-40.0, 125.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A laminate (or substrate) with its foil.

    `dk` and `df` hold at `frequency` in Hz; `conductivity` of the foil in S/m; `roughness_rq` its root-mean-square height in
    m, `rz_per_rq` the ratio of ten-point height Rz to Rq and `roughness_model` which of the two heights counts and how.
    `df_per_k` and `df_per_percent_rh` are the relative changes of Df a kelvin and a percent of humidity, None where nobody
    published them. `provenance` and `source` are those of dk and df.

    Raises `PhysicsError` outside 1 <= dk <= 20, 0 <= df <= 0.1, 1 MHz <= frequency <= 100 GHz, Rq <= 5 um.

    >>> round(float(load_material("megtron7").permittivity(12e9).real), 6)
    3.4
    """

    id: str
    title: str
    dk: float
    df: float
    frequency: float
    conductivity: float = COPPER
    roughness_rq: float = 0.0
    rz_per_rq: float = 4.0
    roughness_model: RoughnessModel = "cannonball"
    resistance_per_k: float = 0.00393
    df_per_k: float | None = None
    df_per_percent_rh: float | None = None
    foil: str = ""
    provenance: str = "E"
    source: str = ""

    def __post_init__(self) -> None:
        """Validate the values against the models' ranges."""
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise PhysicsError(
                    f"{name} of {self.id} must be between {low:g} and {high:g}, got {value!r}. Check its unit."
                )

    @property
    def roughness_rz(self) -> float:
        """Ten-point height Rz of the foil in m: what the cannonball model takes."""
        return self.rz_per_rq * self.roughness_rq

    @property
    def high_frequency_dk(self) -> float:
        """Permittivity at infinite frequency: it sets the earliest possible arrival."""
        return _debye(self.dk, self.df, self.frequency)[0]

    @kept_on_grid
    def permittivity(self, frequency: ArrayLike) -> Complex:
        """Relative permittivity e' - j e'' at `frequency` in Hz, wideband Debye; real at DC."""
        return wideband_debye(frequency, dk=self.dk, df=self.df, reference=self.frequency)

    # the rough surface has its own reactance: K is complex, so that resistance and inductance stay a causal pair
    @kept_on_grid
    def surface_impedance(self, frequency: ArrayLike) -> Complex:
        """Surface impedance in ohm a square of the rough foil at `frequency` in Hz: (1 + j) R_s K; zero at DC."""
        f = np.asarray(frequency, dtype=np.float64)
        # resistance of a foil one skin depth thick; a smooth surface has as much reactance, hence the 1 + j below
        resistance = np.sqrt(np.pi * f * MU0 / self.conductivity)
        roughness = roughness_factor(
            f,
            model=self.roughness_model,
            roughness_rq=self.roughness_rq,
            roughness_rz=self.roughness_rz,
            conductivity=self.conductivity,
        )
        return np.asarray((1.0 + 1j) * resistance * roughness)

    def at(self, *, temperature_c: Given | None = None, humidity_percent: float | None = None) -> Material:
        """The material in use: foil resistance (1 + resistance_per_k (T - 20 C)), Df by its two published coefficients.

        `resistance_per_k` is that of annealed copper, 0.00393 (IEC 60028); a laminate without a published `df_per_k` keeps its
        Df, and only the metal changes. Dk stays. Raises `PhysicsError` outside -40 to 125 C and 0 to 100 %, and for a humidity
        where the material has no coefficient.

        >>> round(load_material("megtron7").at(temperature_c=85.0).conductivity / 1e7, 2)
        4.62
        """
        conductivity, df = self.conductivity, self.df
        if temperature_c is not None:
            temperature_c = parse_temperature(temperature_c, name="temperature_c")
            if not _TEMPERATURE_C[0] <= temperature_c <= _TEMPERATURE_C[1]:
                raise PhysicsError(
                    f"temperature_c must be between {_TEMPERATURE_C[0]:g} and {_TEMPERATURE_C[1]:g}, got "
                    f"{temperature_c!r}. Give degrees Celsius."
                )
            # metal: resistivity rises in proportion to temperature, from the 20 C of IEC 60028
            conductivity /= 1.0 + self.resistance_per_k * (temperature_c - FOIL_REFERENCE_C)
            # laminate: from the 23 C of IPC-TM-650, so the two parts of one material have different references
            df *= 1.0 + (self.df_per_k or 0.0) * (temperature_c - LAMINATE_REFERENCE_C)
        if humidity_percent is not None:
            if not 0.0 <= humidity_percent <= 100.0:
                raise PhysicsError(f"humidity_percent must be between 0 and 100, got {humidity_percent!r}. Mend it.")
            if self.df_per_percent_rh is None:
                raise PhysicsError(
                    f"humidity_percent must be left out for {self.id}, got {humidity_percent:g} and no published "
                    "coefficient. Give the material a df_per_percent_rh."
                )
            df *= 1.0 + self.df_per_percent_rh * (humidity_percent - LAMINATE_REFERENCE_RH)
        return dataclasses.replace(self, df=df, conductivity=conductivity)


def wideband_debye(frequency: ArrayLike, *, dk: float, df: float, reference: float) -> Complex:
    """Relative permittivity with a nearly constant loss tangent, causal: eps_inf + b ln((w2 + jw) / (w1 + jw)).

    b and eps_inf follow from `dk` and `df` at `reference` in Hz; the corners are 10 kHz and 1 THz. `frequency` in Hz, any
    shape. Sources: Djordjevic et al., IEEE Trans. EMC 43 (2001) 662; Svensson and Dermer, IEEE Trans. Adv. Packag. 24 (2001) 191.
    Valid between the corners; beyond them it stays causal and passive.
    """
    # beyond the corners the logarithm flattens out: loss falls, and nothing becomes active
    high, slope = _debye(dk, df, reference)
    w = 2.0 * np.pi * np.asarray(frequency, dtype=np.float64)
    return np.asarray(high + slope * _log_ratio(w))


def _debye(dk: float, df: float, reference: float) -> tuple[float, float]:
    """(eps_inf, b) of the wideband Debye model."""
    kernel = complex(_log_ratio(np.asarray(2.0 * np.pi * reference)))
    # e'' = dk df at the reference: the loss fixes b, and dk then fixes eps_inf
    slope = -dk * df / kernel.imag
    return dk - slope * kernel.real, slope


def _log_ratio(w: Float) -> Complex:
    # a few points cost less than their key, and a very long grid would hold megabytes in each of the kept places
    if not _FEW < w.size <= _MANY:
        return np.asarray(np.log((_UPPER_CORNER + 1j * w) / (_LOWER_CORNER + 1j * w)))
    return _log_ratio_on(w.tobytes()).reshape(w.shape)


@lru_cache(maxsize=4)
def _log_ratio_on(grid: bytes) -> Complex:
    """The same on a grid of a network, by its bytes: it does not depend on the material."""
    # the bytes are the cache's key: arrays do not hash
    w = np.frombuffer(grid)
    ratio = np.log((_UPPER_CORNER + 1j * w) / (_LOWER_CORNER + 1j * w))
    # one array for all who ask: nobody may write into it
    ratio.flags.writeable = False
    return np.asarray(ratio)


class _Foil(Sourced):
    kind: str = ""
    roughness_rq_um: Annotated[float, Field(ge=0)]
    rz_per_rq: Annotated[float, Field(ge=1)]
    conductivity_s_per_m: Annotated[float, Field(gt=0)]
    model: RoughnessModel = "cannonball"


class _Environment(Sourced):
    df_per_k: float | None = None
    df_per_percent_rh: float | None = None


class _File(Sourced):
    id: str
    title: str
    dk: float
    df: float
    frequency_ghz: Annotated[float, Field(gt=0)]
    foil: _Foil
    environment: _Environment | None = None


def list_materials() -> tuple[str, ...]:
    """Ids of the shipped materials, sorted."""
    return _MATERIALS.ids()


def load_material(name: str) -> Material:
    """The material with this id, or of the TOML file at this path, which is read anew every time.

    Raises `ConfigError` for an unknown id (naming the nearest) or a bad file (naming the key).

    >>> load_material("megtron7").dk
    3.4
    """
    return _MATERIALS.load(name)


def _from_file(file: Path) -> Material:
    record = validated(_File, load_toml(file), file)
    return Material(
        id=record.id,
        title=record.title,
        dk=record.dk,
        df=record.df,
        frequency=record.frequency_ghz * 1e9,
        conductivity=record.foil.conductivity_s_per_m,
        roughness_rq=record.foil.roughness_rq_um * 1e-6,
        rz_per_rq=record.foil.rz_per_rq,
        roughness_model=record.foil.model,
        df_per_k=None if record.environment is None else record.environment.df_per_k,
        df_per_percent_rh=None if record.environment is None else record.environment.df_per_percent_rh,
        foil=record.foil.kind,
        provenance=record.provenance,
        source=record.source,
    )


_MATERIALS = DataFolder("materials", kind="material", read=_from_file)

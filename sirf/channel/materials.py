"""Dielectrics and conductors that are causal by construction: wideband Debye and a cannonball surface."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sirf._data import data_path, list_data, load_toml
from sirf.errors import ConfigError, PhysicsError
from sirf.units import MU0

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

_LOW, _HIGH = 2 * np.pi * 1e4, 2 * np.pi * 1e12
"""Angular corner frequencies of the wideband Debye model, rad/s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A laminate with its foil.

    `dk`, `df` hold at `frequency` in Hz; `conductivity` in S/m; `roughness_rz` is the foil's ten-point height Rz in m (several
    times Rq). Raises `PhysicsError` outside 1 <= dk <= 20, 0 <= df <= 0.1.
    """

    id: str
    title: str
    dk: float
    df: float
    frequency: float
    conductivity: float = 5.8e7
    roughness_rz: float = 0.0
    provenance: str = "E"
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse what the models do not cover."""
        for name, low, high in (
            ("dk", 1.0, 20.0),
            ("df", 0.0, 0.1),
            ("roughness_rz", 0.0, 20e-6),
            ("frequency", 1e6, 1e11),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise PhysicsError(
                    f"{name} of {self.id} must be between {low:g} and {high:g}, got {value}. Check the unit."
                )

    def permittivity(self, frequency: Real) -> Complex:
        """Relative permittivity (F,), e' - j e'': wideband Debye (Djordjevic and others 2001; Svensson and Dermer 2001).

        eps = eps_inf + b ln((w2 + j w) / (w1 + j w)), with b and eps_inf from dk and df at the material's frequency.
        """
        slope, high = self._debye()
        w = 2 * np.pi * np.asarray(frequency, dtype=float)
        return np.asarray(high + slope * np.log((_HIGH + 1j * w) / (_LOW + 1j * w)))

    @property
    def high_frequency_dk(self) -> float:
        """Permittivity at infinite frequency: it sets the earliest arrival."""
        return self._debye()[1]

    def _debye(self) -> tuple[float, float]:
        w = 2 * np.pi * self.frequency
        kernel = np.log((_HIGH + 1j * w) / (_LOW + 1j * w))
        slope = -self.dk * self.df / kernel.imag
        return float(slope), float(self.dk - slope * kernel.real)

    def surface_impedance(self, frequency: Real) -> Complex:
        """Surface impedance (F,) in ohm a square of the rough foil: (1 + j) R_s K, zero at DC.

        K = 1 + 7.33 / (1 + (1 - j) delta / (2 r)) is the causal form of Huray's model for a cannonball stack of 14 balls of
        radius r = 0.06 Rz on a tile of 36 r² (Simonovich 2015; Bracken 2012). K tends to 1 at low frequency.
        """
        f = np.asarray(frequency, dtype=float)
        resistance = np.sqrt(np.pi * f * MU0 / self.conductivity)
        if self.roughness_rz == 0:
            return np.asarray((1 + 1j) * resistance)
        radius = 0.06 * self.roughness_rz
        with np.errstate(divide="ignore"):
            depth = 1.0 / np.sqrt(np.pi * f * MU0 * self.conductivity)
        with np.errstate(invalid="ignore"):
            factor = 1.0 + 7.33 / (1.0 + (1 - 1j) * depth / (2.0 * radius))
        return np.asarray((1 + 1j) * resistance * np.where(f > 0, factor, 1.0))


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    id: str
    title: str
    provenance: Literal["P", "2", "E"]
    source: str
    dk: float
    df: float
    frequency_ghz: Annotated[float, Field(gt=0)]
    conductivity_s_per_m: Annotated[float, Field(gt=0)] = 5.8e7
    roughness_rz_um: Annotated[float, Field(ge=0)] = 0.0


def list_materials() -> tuple[str, ...]:
    """Ids of the shipped materials, sorted."""
    return list_data("materials")


@cache
def load_material(name: str) -> Material:
    """The material with this id, or of the TOML file at this path; `ConfigError` suggests the nearest id.

    >>> load_material("megtron7").dk
    3.4
    """
    file = data_path("materials", f"{name}.toml")
    if not file.is_file():
        if not name.endswith(".toml"):
            near = difflib.get_close_matches(name, list_materials(), n=1, cutoff=0.0)[0]
            raise ConfigError(
                f"material must be one of {', '.join(list_materials())}, got {name!r}. Did you mean '{near}'?"
            )
        file = Path(name)
    table: dict[str, Any] = load_toml(file)
    try:
        record = _File.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{file.name}: key {key} must be valid, got {first.get('input')!r} ({first['msg']}). "
                          "Mend the key.") from error  # fmt: skip
    return Material(
        id=record.id, title=record.title, dk=record.dk, df=record.df, frequency=record.frequency_ghz * 1e9,
        conductivity=record.conductivity_s_per_m, roughness_rz=record.roughness_rz_um * 1e-6,
        provenance=record.provenance, source=record.source,
    )  # fmt: skip

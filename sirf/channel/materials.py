"""Dielectrics and conductors that are causal by construction: wideband Debye and a cannonball surface."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sirf._data import data_path, list_data, load_toml
from sirf.errors import ConfigError, PhysicsError
from sirf.units import MU0

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

_LOW, _HIGH = 2.0 * np.pi * 1e4, 2.0 * np.pi * 1e12
"""Angular corner frequencies of the wideband Debye model, rad/s."""

_RANGES = {
    "dk": (1.0, 20.0),
    "df": (0.0, 0.1),
    "frequency": (1e6, 1e11),
    "conductivity": (1e5, 1e8),
    "roughness_rq": (0.0, 5e-6),
    "rz_per_rq": (1.0, 10.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A laminate (or substrate) with its foil.

    `dk` and `df` hold at `frequency` in Hz; `conductivity` of the foil in S/m; `roughness_rq` its root-mean-square height in
    m and `rz_per_rq` the ratio of ten-point height Rz to Rq. `provenance` and `source` are those of dk and df.

    Raises `PhysicsError` outside 1 <= dk <= 20, 0 <= df <= 0.1, 1 MHz <= frequency <= 100 GHz, Rq <= 5 um.

    >>> round(float(load_material("megtron7").permittivity(12e9).real), 6)
    3.4
    """

    id: str
    title: str
    dk: float
    df: float
    frequency: float
    conductivity: float = 5.8e7
    roughness_rq: float = 0.0
    rz_per_rq: float = 4.0
    foil: str = ""
    provenance: str = "E"
    source: str = ""

    def __post_init__(self) -> None:
        """Refuse what the models do not cover."""
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

    def permittivity(self, frequency: ArrayLike) -> Complex:
        """Relative permittivity e' - j e'' at `frequency` in Hz, wideband Debye; real at DC."""
        return wideband_debye(frequency, dk=self.dk, df=self.df, reference=self.frequency)

    def surface_impedance(self, frequency: ArrayLike) -> Complex:
        """Surface impedance in ohm a square of the rough foil at `frequency` in Hz: (1 + j) R_s K; zero at DC."""
        f = np.asarray(frequency, dtype=np.float64)
        resistance = np.sqrt(np.pi * f * MU0 / self.conductivity)
        roughness = cannonball_factor(f, roughness_rz=self.roughness_rz, conductivity=self.conductivity)
        return np.asarray((1.0 + 1j) * resistance * roughness)


def wideband_debye(frequency: ArrayLike, *, dk: float, df: float, reference: float) -> Complex:
    """Relative permittivity with a nearly constant loss tangent, causal: eps_inf + b ln((w2 + jw) / (w1 + jw)).

    b and eps_inf follow from `dk` and `df` at `reference` in Hz; the corners are 10 kHz and 1 THz. `frequency` in Hz, any
    shape. Sources: Djordjevic et al., IEEE Trans. EMC 43 (2001) 662; Svensson and Dermer, IEEE Trans. Adv. Packag. 24 (2001) 191.
    Valid between the corners; beyond them it stays causal and passive.
    """
    high, slope = _debye(dk, df, reference)
    w = 2.0 * np.pi * np.asarray(frequency, dtype=np.float64)
    return np.asarray(high + slope * _log_ratio(w))


def cannonball_factor(frequency: ArrayLike, *, roughness_rz: float, conductivity: float = 5.8e7) -> Complex:
    """Complex factor K on the surface impedance of a rough conductor; 1 at DC, 8.33 far above.

    K = 1 + 7.33 / (1 + (1 - j) delta / (2 r)): 14 balls of radius r = 0.06 Rz on a tile of 36 r², so that
    7.33 = 3/2 x 14 x 4 pi r² / (36 r²). The resistance it gives, Re[(1 + j) K] = 1 + 7.33 / (1 + delta/r + delta²/(2 r²)), is
    Huray's loss exactly; the inductance is its causal partner. `frequency` in Hz, `roughness_rz` in m, `conductivity` in S/m.
    Sources: Huray et al., DesignCon 2010; Simonovich, DesignCon 2015 (cannonball); Bracken, DesignCon 2012 (causal form).
    """
    f = np.asarray(frequency, dtype=np.float64)
    if roughness_rz == 0.0:
        return np.ones(f.shape, dtype=np.complex128)
    # r / delta instead of delta / r: finite at DC
    ratio = 0.06 * roughness_rz * np.sqrt(np.pi * f * MU0 * conductivity)
    strength = 1.5 * 14.0 * 4.0 * np.pi / 36.0
    return np.asarray(1.0 + strength * ratio / (ratio + 0.5 * (1.0 - 1j)))


def _debye(dk: float, df: float, reference: float) -> tuple[float, float]:
    """(eps_inf, b) of the wideband Debye model."""
    kernel = complex(_log_ratio(np.asarray(2.0 * np.pi * reference)))
    slope = -dk * df / kernel.imag
    return dk - slope * kernel.real, slope


def _log_ratio(w: Real) -> Complex:
    return np.asarray(np.log((_HIGH + 1j * w) / (_LOW + 1j * w)))


class _Foil(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    kind: str = ""
    provenance: Literal["P", "2", "E"]
    source: str
    roughness_rq_um: Annotated[float, Field(ge=0)]
    rz_per_rq: Annotated[float, Field(ge=1)]
    conductivity_s_per_m: Annotated[float, Field(gt=0)]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    id: str
    title: str
    provenance: Literal["P", "2", "E"]
    source: str
    dk: float
    df: float
    frequency_ghz: Annotated[float, Field(gt=0)]
    foil: _Foil


def list_materials() -> tuple[str, ...]:
    """Ids of the shipped materials, sorted."""
    return list_data("materials")


@cache
def load_material(name: str) -> Material:
    """The material with this id, or of the TOML file at this path.

    Raises `ConfigError` for an unknown id (naming the nearest) or a bad file (naming the key).

    >>> load_material("megtron7").dk
    3.4
    """
    file = data_path("materials", f"{name}.toml")
    if not file.is_file():
        if not name.endswith(".toml"):
            near = difflib.get_close_matches(name.lower(), list_materials(), n=1, cutoff=0.0)[0]
            raise ConfigError(
                f"material must be one of {', '.join(list_materials())}, got {name!r}. Did you mean '{near}'?"
            )
        file = Path(name)
    return _from_file(file)


def _from_file(file: Path) -> Material:
    try:
        record = _File.model_validate(load_toml(file))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"{file}: key {key} must be valid ({first['msg']}), got {first['input']!r}. Mend it."
        ) from error
    return Material(
        id=record.id,
        title=record.title,
        dk=record.dk,
        df=record.df,
        frequency=record.frequency_ghz * 1e9,
        conductivity=record.foil.conductivity_s_per_m,
        roughness_rq=record.foil.roughness_rq_um * 1e-6,
        rz_per_rq=record.foil.rz_per_rq,
        foil=record.foil.kind,
        provenance=record.provenance,
        source=record.source,
    )

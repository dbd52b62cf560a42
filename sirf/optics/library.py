"""Optical paths that ship: `data/optics/*.toml`, every number with its provenance and source."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from sirf._data import load_toml, validated
from sirf._data_folder import DataFolder
from sirf.errors import ConfigError, SirfError
from sirf.optics.optical_path import OpticalPath
from sirf.optics.optical_receiver import OpticalReceiver
from sirf.optics.power import dbm, extinction_ratio_db
from sirf.optics.receiver_sensitivity import sensitivity
from sirf.optics.source import Laser
from sirf.optics.tables import PathTable
from sirf.units import FIBRE, Given


@dataclass(frozen=True, slots=True, kw_only=True)
class OpticsPreset:
    """An optical path, and the `symbol_rate` in baud, `order` (levels) and `swing` (V at the driver's input, outer levels at ±).

    `agc_db` is (least, greatest) gain in dB about nominal of the automatic gain ahead of the driver, which brings what arrives
    to `swing`; `wall_plug_efficiency` (low, typical, high) optical over electrical power of the source.
    """

    name: str
    title: str
    symbol_rate: float
    order: int
    swing: float
    agc_db: tuple[float, float]
    wall_plug_efficiency: tuple[float, float, float]
    path: OpticalPath
    provenance: tuple[tuple[str, float, str, str], ...]
    """(key, value, provenance, source) of every number."""

    @property
    def received_oma_dbm(self) -> float:
        """Static outer OMA at the photodiode in dBm, at ± `swing`."""
        # sorted: more volts may mean less light
        low, high = self._outer
        return float(dbm(high - low)) - self.path.loss_db

    @property
    def sensitivity_dbm(self) -> float:
        """OMA in dBm that the photodiode needs for a symbol error ratio of 4.8e-4 without penalty, from `sensitivity`."""
        low, high = self._outer
        return _least_oma_dbm(self.path.receiver, extinction_ratio_db(high, low), self.path.source.rin, self.order)

    @property
    def source_power(self) -> float:
        """Mean light of the source in W: into the modulator, or out of a directly modulated laser."""
        source = self.path.source
        # a directly modulated laser at its bias
        return source.power if isinstance(source, Laser) else float(source.curve(np.zeros(1))[0])

    @property
    def supplied_power(self) -> float:
        """The share in W of one modulator in the light of its laser, before splitters and couplers."""
        grid = self.path.wavelengths
        # splitting shares light out and loses none: beside its own light a lane pays for the couplers alone
        return self.source_power * (1.0 if grid is None else 10.0 ** (grid.supply_loss_db / 10.0))

    def with_fibre(self, length: Given) -> OpticsPreset:
        """The same path through `length` of its fibre: "2 km", or a number of m."""
        metres = FIBRE.read(length, name="length") if isinstance(length, str) else length
        fibre = dataclasses.replace(self.path.fibre, length=metres)
        return dataclasses.replace(self, path=dataclasses.replace(self.path, fibre=fibre))

    @property
    def _outer(self) -> tuple[float, float]:
        low, high = np.sort(self.path.transmitted(np.array([-self.swing, self.swing])))
        return float(low), float(high)


def list_optics() -> tuple[str, ...]:
    """Names of the optical paths that ship."""
    return _OPTICS.ids()


def load_optics(name: str | Path) -> OpticsPreset:
    """An optical path by name, or from a TOML file of your own.

    Raises `ConfigError` naming the nearest name, or file and key; also where less light reaches the photodiode than its
    receiver needs without any penalty.

    >>> load_optics("dr-silicon-mzm").symbol_rate
    53125000000.0
    """
    return _OPTICS.load(name)


def _load(file: Path) -> OpticsPreset:
    raw = load_toml(file)
    table = validated(PathTable, raw, file)
    parts = ("driver", "source", "modulator", "fibre", "connectors", "receiver", "wavelengths")
    stages = {name: _built(name, getattr(table, name), file) for name in parts}
    stages["heater"] = _built("heater", table.heater, file, table.symbol_rate_gbd * 1e9)
    if stages["wavelengths"] is not None and isinstance(stages["source"], Laser):
        # the file states the laser's line; the path begins at the modulator
        laser, loss = stages["source"], stages["wavelengths"].split_db
        stages["source"] = dataclasses.replace(laser, power=laser.power * 10.0 ** (-loss / 10.0))
    try:
        path = OpticalPath(
            coupling_loss_db=table.coupling_loss_db.value, end_reflectance_db=table.connectors.ends, **stages
        )
    except SirfError as error:
        raise ConfigError(f"{file.name}: key {error}") from None
    preset = OpticsPreset(
        name=table.id,
        title=table.title,
        symbol_rate=table.symbol_rate_gbd * 1e9,
        order=4 if table.modulation == "PAM4" else 2,
        swing=table.swing_v.value,
        agc_db=(table.agc_db.low, table.agc_db.high),
        wall_plug_efficiency=table.source.wall_plug_efficiency.range,
        path=path,
        provenance=numbers(raw),
    )
    check_light(preset, file)
    return preset


def _built(key: str, part: Any, file: Path, *context: float) -> Any:
    """The stage of a table; `ConfigError` with the key of which it complains."""
    try:
        return None if part is None else part.build(*context)
    except SirfError as error:
        # the first word of a stage's message is the field: looked up among the keys, which carry the unit as well
        word = str(error).split(" ", 1)[0].lstrip("-")
        named = [f"{key}.{name}" for name in type(part).model_fields if name.startswith(word)]
        raise ConfigError(f"{file.name}: key {(named or [key])[0]}: {error}") from None


def check_light(preset: OpticsPreset, file: Path, *, fibre_key: str = "fibre.length_m") -> None:
    """Raise `ConfigError` where less light arrives than the photodiode needs, naming `fibre_key` where the fibre eats it."""
    try:
        need, got = preset.sensitivity_dbm, preset.received_oma_dbm
    except SirfError as error:
        raise ConfigError(f"{file.name}: key source: {error}") from None
    short, fibre = need - got, preset.path.fibre
    if short <= 0.0:
        return
    # a shorter fibre is a remedy only where the fibre loses more than what is missing
    if fibre.loss_db >= short:
        key, given = fibre_key, f"{fibre.length:g} m"
        remedy = f"Shorten it to {int(fibre.length * (1.0 - short / fibre.loss_db))} m"
    else:
        key = "source.power_dbm" if isinstance(preset.path.source, Laser) else "source.bias_ma"
        given, remedy = f"{dbm(preset.source_power):.1f} dBm of light", f"Raise it by {short:.1f} dB"
    raise ConfigError(
        f"{file.name}: key {key} must bring the photodiode an OMA of {need:.1f} dBm, got {given}: {got:.1f} dBm arrive. {remedy}."
    )


@lru_cache(maxsize=256)
# kept: the length of the fibre, which a study varies most, is no part of it
def _least_oma_dbm(receiver: OpticalReceiver, extinction_db: float, rin: float, order: int) -> float:
    return float(dbm(sensitivity(receiver, extinction_db=extinction_db, rin=rin, order=order)))


def numbers(table: dict[str, Any], prefix: str = "") -> tuple[tuple[str, float, str, str], ...]:
    """(key, value, provenance, source) of every number of a TOML table; ends of ranges as key.low and key.high."""
    found: list[tuple[str, float, str, str]] = []
    for key, item in table.items():
        if isinstance(item, dict) and "provenance" in item:
            origin = (str(item["provenance"]), str(item["source"]))
            found += [
                (prefix + key + ("" if name == "value" else f".{name}"), float(item[name]), *origin)
                for name in ("low", "value", "high")
                if name in item
            ]
        elif isinstance(item, dict):
            found += numbers(item, f"{prefix}{key}.")
    return tuple(found)


_OPTICS = DataFolder("optics", kind="optics", read=_load)

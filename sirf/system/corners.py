"""The best and the worst end of the inputs' ranges: what an uncertainty band is made of."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

from sirf._data import data_path, load_toml, validated
from sirf._toml_table import Sourced, Table
from sirf.optics.fibre import Fibre
from sirf.optics.optical_path import OpticalPath, Source
from sirf.optics.source import Laser

End: TypeAlias = Literal["best", "worst"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corner:
    """Inputs at one end of their ranges, from `data/system/ranges.toml`; None leaves an input as it is.

    `copper_temperature_c` of boards, vias and cables; laser power and intensity noise in dB beside the nominal ones; amplifier
    noise and responsivity as factors on theirs; losses of single-mode fibre and of a connector in dB in place of the nominal.
    """

    copper_temperature_c: float | None = None
    laser_power_db: float | None = None
    intensity_noise_db: float | None = None
    amplifier_noise: float | None = None
    responsivity: float | None = None
    fibre_loss_db_per_km: float | None = None
    connector_loss_db: float | None = None

    def applied(self, path: OpticalPath) -> OpticalPath:
        """An optical path with these inputs."""
        receiver, fibre = path.receiver, path.fibre
        # the range is that of single-mode glass: multimode fibre keeps its own loss
        if isinstance(fibre, Fibre) and self.fibre_loss_db_per_km is not None:
            fibre = dataclasses.replace(fibre, loss_db_per_km=self.fibre_loss_db_per_km)
        joints = path.connectors
        if self.connector_loss_db is not None:
            joints = tuple(dataclasses.replace(one, loss_db=self.connector_loss_db) for one in joints)
        diode, amplifier = receiver.photodiode, receiver.tia
        return dataclasses.replace(
            path,
            source=self._source(path.source),
            fibre=fibre,
            connectors=joints,
            receiver=dataclasses.replace(
                receiver,
                photodiode=dataclasses.replace(diode, responsivity=diode.responsivity * _or_one(self.responsivity)),
                tia=dataclasses.replace(amplifier, noise=amplifier.noise * _or_one(self.amplifier_noise)),
            ),
        )

    def _source(self, source: Source) -> Source:
        # in dB of power, so that it adds to dB/Hz
        rin = source.rin_db_per_hz + (self.intensity_noise_db or 0.0)
        # a directly modulated source has no continuous power to change: its light follows the drive current, only its noise
        # varies
        if not isinstance(source, Laser):
            return dataclasses.replace(source, rin_db_per_hz=rin)
        power = source.power * 10.0 ** ((self.laser_power_db or 0.0) / 10.0)
        return dataclasses.replace(source, power=power, rin_db_per_hz=rin)


def _or_one(factor: float | None) -> float:
    return 1.0 if factor is None else factor


def corner(end: End) -> Corner:
    """The corner at the "best" or the "worst" end of all ranges.

    >>> corner("worst").copper_temperature_c
    85.0
    """
    record = _ranges()
    # names of fields are those of the file
    return Corner(**{name: getattr(getattr(record, name), end) for name in type(record).model_fields})


def ranges() -> tuple[tuple[str, float, float, str, str], ...]:
    """(input, best, worst, provenance, source) of every range."""
    record = _ranges()
    rows = ((name, getattr(record, name)) for name in type(record).model_fields)
    return tuple((name, one.best, one.worst, one.provenance, one.source) for name, one in rows)


class _Ends(Sourced):
    best: float
    worst: float


class _File(Table):
    copper_temperature_c: _Ends
    laser_power_db: _Ends
    intensity_noise_db: _Ends
    amplifier_noise: _Ends
    responsivity: _Ends
    fibre_loss_db_per_km: _Ends
    connector_loss_db: _Ends


@cache
def _ranges() -> _File:
    file = data_path("system", "ranges.toml")
    return validated(_File, load_toml(file), file)

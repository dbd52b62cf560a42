"""What every reader of network files gives, and what they share: references and modes that the caller names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from sirf._arrays import Complex, Float
from sirf.channel.file_text import FileText
from sirf.channel.mixed_mode_order import Mode, parse_modal_order, single_ended
from sirf.channel.network import LINE_OHM, Network
from sirf.channel.point_order import ascending_points, order_message
from sirf.channel.port_impedance import renormalized_waves, scattering
from sirf.errors import SirfError, TouchstoneError


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """A file that was read: its single-ended `network`, its `version`, and `notes` on what had to be converted."""

    network: Network
    version: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RawNetwork:
    """What a table of network parameters says: `value` (F, P, P) of `parameter` S, Y or Z in SI units at `frequency` (F,) in Hz.

    `references` (1, P) or (F, P) in ohm are complex, and those of the S-parameters.
    """

    text: FileText
    version: str
    frequency: Float
    value: Complex
    parameter: str
    references: Complex
    notes: tuple[str, ...] = ()

    def single_ended(self, *, mixed_mode: str | None, z0: float | Sequence[float] | None, sort: bool) -> NetworkFile:
        """The network with ascending points, S-parameters, one real reference, single-ended ports."""
        text, ports = self.text, self.value.shape[1]
        notes = list(self.notes)

        def fail(index: int, before: float, after: float) -> NoReturn:
            text.fail(None, order_message(before, after))

        # references follow their frequencies when these are sorted
        index, order_notes = ascending_points(self.frequency, self.value, sort=sort, fail=fail)
        order = slice(None) if index is None else index
        frequency, value = self.frequency[order], self.value[order]
        references = self.references if len(self.references) == 1 else self.references[order]
        notes += order_notes
        if z0 is not None:
            references = np.array([given_references(text, z0, ports)], dtype=np.complex128)
            notes.append(f"the reference impedance is {_listed(references[0].real)} ohm as given.")
        first = references.flat[0]
        # one positive real number for all ports and points needs no conversion at all
        plain = bool(np.all(references == first) and first.imag == 0 and first.real > 0)
        common = float(first.real) if plain else LINE_OHM
        try:
            # Y and Z know no reference: S is made at the one that the result gets
            if self.parameter != "S":
                value = scattering(self.parameter, value, common)
                notes.append(f"{self.parameter}-parameters were converted to S-parameters at {common:g} ohm.")
            elif not plain:
                value = renormalized_waves(value, references, np.full(ports, common))
                notes.append(f"port impedances were renormalised to {common:g} ohm.")
            modes = single_ended_modes(mixed_mode, ports)
        except SirfError as error:
            text.fail(None, str(error))
        # last, for single-ended ports need one reference
        if modes:
            value = single_ended(value, modes)
            notes.append(f"mixed-mode data {' '.join(map(str, modes))} were converted to single-ended ports.")
        try:
            network = Network(frequency, value, z0=common, name=text.stem)
        except SirfError as error:
            text.fail(None, str(error))
        return NetworkFile(network, self.version, tuple(notes))


def single_ended_modes(order: str | None, ports: int) -> tuple[Mode, ...]:
    """Modes of the rows of a matrix; empty where all are single-ended. Raises `SirfError` for a wrong order."""
    modes = () if order is None else parse_modal_order(order, ports)
    return () if all(mode.kind == "S" for mode in modes) else modes


def given_references(text: FileText, z0: float | Sequence[float], ports: int) -> tuple[float, ...]:
    """References in ohm that the caller gives, one a port; `TouchstoneError` unless there are one or `ports` positive ones."""
    values = tuple(float(value) for value in np.ravel(np.asarray(z0, dtype=np.float64)))
    if len(values) not in (1, ports) or not all(np.isfinite(value) and value > 0 for value in values):
        raise TouchstoneError(
            f"{text.path}: z0 must be one positive resistance in ohm or {ports}, one a port, got {z0!r}. Give for example 50."
        )
    return values * ports if len(values) == 1 else values


def frozen(s: Complex) -> Complex:
    """The array, which nobody else holds, read-only down to its owner: a `Network` takes it without a copy."""
    owner: Any = s
    # a view is as writable as its base: the whole chain is closed, or a network would copy the data
    while isinstance(owner, np.ndarray):
        owner.flags.writeable = False
        owner = owner.base
    return s


def _listed(values: Float) -> str:
    return f"{values[0]:g}" if np.all(values == values[0]) else ", ".join(f"{value:g}" for value in values)

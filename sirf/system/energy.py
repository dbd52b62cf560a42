"""Energy per bit of an architecture by block: host SerDes as a function of loss, retimers, driver, laser, amplifier, the rest."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sirf._toml_table import Sourced
from sirf.errors import ConfigError, SirfError
from sirf.optics.library import OpticsPreset
from sirf.system.architecture import Architecture, load_architecture
from sirf.system.tables import AnchorTable, BlockTable, ConstantsTable, RestTable, SerdesTable, energy_table
from sirf.units import Given, parse_data_rate

Chosen = TypeVar("Chosen", bound=BlockTable)
# beyond 60 dB no receiver of the data file works: a + b x loss would be a line far outside its anchors
LOSS_LIMIT_DB = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyPart:
    """One consumer: pJ/bit with its range, provenance (P published, 2 secondary, E estimate) and source.

    `block` is "host", "retimer", "driver", "laser", "amplifier", "tuning" or "rest"; `name` says it in words.
    """

    block: str
    name: str
    value: float
    low: float
    high: float
    provenance: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """pJ/bit with its range, and the `parts` it adds up from, the host's first."""

    value: float
    low: float
    high: float
    parts: tuple[EnergyPart, ...]

    @property
    def serdes(self) -> float:
        """pJ/bit of the host SerDes."""
        return self.parts[0].value

    @property
    def module(self) -> float:
        """pJ/bit of everything behind the host SerDes."""
        # exactly rounded, so that a sum does not depend on the order in which an architecture names its blocks
        return math.fsum(part.value for part in self.parts[1:])

    @property
    def provenance(self) -> str:
        """Provenance of the parts, in their order."""
        return "+".join(part.provenance for part in self.parts)

    @property
    def source(self) -> str:
        """Where the parts come from."""
        return "; ".join(f"{part.name}: {part.source}" for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyAnchor:
    """A published figure (`low` to `high`, pJ/bit) beside the model's `value`; `fitted` if constants come from it."""

    name: str
    value: float
    low: float
    high: float
    fitted: bool
    provenance: str
    source: str

    @property
    def deviation(self) -> float:
        """Model over the middle of the published range, less one."""
        return self.value / (0.5 * (self.low + self.high)) - 1.0


def list_architectures() -> tuple[str, ...]:
    """Ids that `energy_pj_per_bit` knows."""
    return tuple(energy_table().architecture)


def energy_pj_per_bit(
    architecture: str | Architecture, insertion_loss_db: float, *, data_rate: Given = 106.25e9
) -> Energy:
    """Energy of an architecture whose host equalises `insertion_loss_db`, at `data_rate` bit/s on the line of a lane.

    The loss is die to die at half the symbol rate: of one path behind which something decides, of the whole way for a linear
    chain. The host SerDes takes a + b x loss, the laser its light over wall-plug efficiency and rate, every other block its
    constant; the rest holds the conversion loss of all behind the host. Constants, ranges and sources in
    `data/energy/architectures.toml`. The low figure takes every low constant, the high one every high constant: an envelope,
    not a confidence interval. Raises `ConfigError` for an unknown architecture (naming the nearest), `SirfError` for a loss
    outside 0 to 60 dB or a rate that the architecture does not have.

    >>> round(energy_pj_per_bit("cpo-retimed", 5.0).value, 1)
    9.9
    """
    if not 0.0 <= insertion_loss_db <= LOSS_LIMIT_DB:
        raise SirfError(
            f"insertion_loss_db must be between 0 and {LOSS_LIMIT_DB:g} dB, got {insertion_loss_db!r}. "
            "Give the die-to-die loss."
        )
    data_rate = parse_data_rate(data_rate)
    table = energy_table()
    # a study's own file may have its constants from a shipped architecture (its key `costs`), yet blocks and optics of its
    # own
    choice = table.architecture[priced_as(architecture, table.architecture)]
    item = architecture if isinstance(architecture, Architecture) else load_architecture(architecture)
    # a power of the rate, in units of the table's
    host = _host(table.serdes[choice.serdes], insertion_loss_db, _scale(data_rate))
    parts = (host, *_behind(choice, item, data_rate))
    low, value, high = _sums(parts)
    return Energy(value=value, low=low, high=high, parts=parts)


def priced_as(architecture: str | Architecture, names: Iterable[str]) -> str:
    """The id whose constants hold for an architecture; `ConfigError` with the nearest where it is not among `names`."""
    listed = tuple(names)
    name = architecture.costs if isinstance(architecture, Architecture) else architecture
    if name in listed:
        return name
    # "cpo" most likely means "cpo-retimed", though "npo" is nearer in letters
    longer = [one for one in listed if one.startswith(name)]
    near = (longer or difflib.get_close_matches(name, listed, n=1, cutoff=0.0))[0]
    where = f"{architecture.file.name}: key costs" if isinstance(architecture, Architecture) else "architecture"
    raise ConfigError(f"{where} must be one of {', '.join(listed)}, got {name!r}. Did you mean '{near}'?")


def energy_anchors() -> tuple[EnergyAnchor, ...]:
    """The published figures beside what the model says, those that set its constants and those that did not."""
    return tuple(
        EnergyAnchor(
            name=anchor.name,
            value=_modelled(anchor),
            low=anchor.published_pj_per_bit[0],
            high=anchor.published_pj_per_bit[1],
            fitted=anchor.set,
            provenance=anchor.provenance,
            source=anchor.source,
        )
        for anchor in energy_table().anchor
    )


def _host(record: SerdesTable, loss_db: float, scale: float) -> EnergyPart:
    # low with low and high with high: an envelope, as if all constants were off in the same direction
    spans = zip(record.a_pj_per_bit, record.b_pj_per_bit_per_db, strict=True)
    # energy per bit changes with the rate by a power of its own for each block: -1 keeps the watts
    line = [(a + b * loss_db) * scale**record.rate_exponent for a, b in spans]
    return _part("host", f"host SerDes, {record.title}", line, record)


def _behind(choice: ConstantsTable, item: Architecture, data_rate: float) -> list[EnergyPart]:
    """What stands behind the host SerDes: retimers, driver, laser, amplifier, and the rest."""
    table, scale = energy_table(), _scale(data_rate)
    # two retimers are two chips, but driver, laser and amplifier stand once in a chain, however many retimers are about them
    count, optics = item.blocks.count("retimer"), item.optics_at(data_rate)
    parts = [_block("retimer", table.retimer, choice.retimer, item, scale, count)] if count else []
    if optics is not None:
        parts.append(_block("driver", table.driver, choice.driver, item, scale))
        parts.append(_laser(optics, data_rate))
        parts.append(_block("amplifier", table.amplifier, choice.amplifier, item, scale))
        if optics.path.wavelengths is not None or optics.path.heater is not None:
            parts.append(_tuning(optics, data_rate))
    elif choice.amplifier is not None:
        # a redriver of copper: it amplifies, and decides nothing
        parts.append(_block("amplifier", table.amplifier, choice.amplifier, item, scale))
    # passive copper has nothing behind the host, so no conversion loss either
    if parts:
        parts.append(_rest(table.rest, choice.rest, item, scale, parts))
    return parts


def _block(
    kind: str, tables: Mapping[str, BlockTable], name: str | None, item: Architecture, scale: float, count: int = 1
) -> EnergyPart:
    record = _chosen(kind, tables, name, item)
    # chips by number: two retimers take twice
    line = [count * energy * scale**record.rate_exponent for energy in record.pj_per_bit]
    return _part(kind, record.title if count == 1 else f"{count} x {record.title}", line, record)


def _laser(optics: OpticsPreset, data_rate: float) -> EnergyPart:
    """Light of one lane over wall-plug efficiency and line rate."""
    low, value, high = (
        # the best efficiency makes the lowest figure: the range is turned round
        1e12 * optics.supplied_power / (share * data_rate)
        for share in optics.wall_plug_efficiency[::-1]
    )
    source = f"light of {1e3 * optics.supplied_power:.2g} mW ({optics.name}) over its wall-plug efficiency"
    return EnergyPart(block="laser", name="laser", value=value, low=low, high=high, provenance="E", source=source)


def _tuning(optics: OpticsPreset, data_rate: float) -> EnergyPart:
    """Heat of the rings of a wavelength over line rate; between rings trimmed to the grid and none that is."""
    # the heater's power does not depend on the rate: faster lanes pay less a bit
    value = 1e12 * optics.path.tuning_power / data_rate
    source = f"heaters of modulator and filter ({optics.name}); range half to twice, E"
    return EnergyPart(
        block="tuning",
        name="ring tuning",
        value=value,
        low=0.5 * value,
        high=2.0 * value,
        provenance="E",
        source=source,
    )


def _rest(
    tables: Mapping[str, RestTable], name: str | None, item: Architecture, scale: float, others: Sequence[EnergyPart]
) -> EnergyPart:
    record = _chosen("rest", tables, name, item)
    own = [energy * scale**record.rate_exponent for energy in record.pj_per_bit]
    line = [
        # the converter feeds its own block as well as all others behind the host; the host has supplies of its own
        mine + share * (mine + rest)
        for mine, share, rest in zip(own, record.conversion_share, _sums(others), strict=True)
    ]
    return _part("rest", f"{record.title}, conversion loss", line, record)


def _chosen(kind: str, tables: Mapping[str, Chosen], name: str | None, item: Architecture) -> Chosen:
    if name is None:
        raise ConfigError(
            f"{item.file.name}: key costs must name an architecture with {kind}, got {item.costs!r}. Name another."
        )
    return tables[name]


def _part(block: str, name: str, line: Sequence[float], record: Sourced) -> EnergyPart:
    low, value, high = line
    return EnergyPart(
        block=block, name=name, value=value, low=low, high=high, provenance=record.provenance, source=record.source
    )


def _sums(parts: Sequence[EnergyPart]) -> tuple[float, float, float]:
    """Sums of the low, the typical and the high figures."""
    return (
        math.fsum(part.low for part in parts),
        math.fsum(part.value for part in parts),
        math.fsum(part.high for part in parts),
    )


# over the rate at which the constants hold
def _scale(data_rate: float) -> float:
    return data_rate / (1e9 * energy_table().reference_rate_gbps)


def _modelled(anchor: AnchorTable) -> float:
    rate = 1e9 * anchor.data_rate_gbps
    if anchor.architecture is not None:
        # what stands behind the host does not depend on the copper's loss: any loss gives the same module
        return energy_pj_per_bit(anchor.architecture, 0.0, data_rate=rate).module
    record = energy_table().serdes[anchor.serdes or ""]
    # some papers state only the slope (what going from `from_db` to `loss_db` costs): the difference of two points on the
    # line
    whole = _host(record, anchor.loss_db, _scale(rate)).value
    return whole if anchor.from_db is None else whole - _host(record, anchor.from_db, _scale(rate)).value

"""The tables of `data/energy` and `data/system`, each checked key by key; every range is [low, typical, high]."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, model_validator

from sirf._data import data_path, load_toml, validated
from sirf._toml_table import NotNegative, Positive, Sourced, Table


def _ascending(span: tuple[float, float, float]) -> tuple[float, float, float]:
    # equal ends pass: a figure of which no spread is known
    if list(span) != sorted(span):
        raise ValueError("a range must be [low, typical, high]")
    return span


Span: TypeAlias = Annotated[tuple[NotNegative, NotNegative, NotNegative], AfterValidator(_ascending)]
"""Low, typical, high."""

CONSUMERS = ("serdes", "retimer", "driver", "amplifier", "rest")
"""Tables of the energy file from which an architecture chooses one each."""


class Consumer(Sourced):
    """What takes power, and how that goes with the rate: energy per bit ~ rate^rate_exponent."""

    title: str
    # -1 keeps the watts whatever the rate, 0 keeps the energy of a bit
    rate_exponent: float


class SerdesTable(Consumer):
    """[serdes.*]: a + b x loss."""

    a_pj_per_bit: Span
    b_pj_per_bit_per_db: Span


class BlockTable(Consumer):
    """[retimer.*], [driver.*], [amplifier.*]."""

    pj_per_bit: Span


class RestTable(BlockTable):
    """[rest.*]: with the loss of conversion over all power behind the host."""

    conversion_share: Span


class ConstantsTable(Table):
    """[architecture.*] of the energy file: which constants hold."""

    serdes: str
    retimer: str | None = None
    driver: str | None = None
    amplifier: str | None = None
    rest: str | None = None


class AnchorTable(Sourced):
    """[[anchor]]: a published figure of a host SerDes at a loss (beyond `from_db`), or of all behind it in an architecture."""

    name: str
    serdes: str | None = None
    from_db: NotNegative | None = None
    loss_db: NotNegative = 0.0
    architecture: str | None = None
    data_rate_gbps: Positive = 106.25
    published_pj_per_bit: tuple[Positive, Positive]
    # whether constants were fitted to this figure; the figures that were not are what the model is checked by
    set: bool

    @model_validator(mode="after")
    def _one_subject(self) -> AnchorTable:
        if (self.serdes is None) == (self.architecture is None):
            # a figure of the host alone tells nothing of what stands behind it, and one of the module nothing of the host
            raise ValueError("serdes or architecture must be given, not both")
        return self


class EnergyFile(Table):
    """`data/energy/architectures.toml`."""

    reference_rate_gbps: Positive
    serdes: dict[str, SerdesTable]
    retimer: dict[str, BlockTable]
    driver: dict[str, BlockTable]
    amplifier: dict[str, BlockTable]
    rest: dict[str, RestTable]
    architecture: dict[str, ConstantsTable]
    anchor: tuple[AnchorTable, ...] = ()

    @model_validator(mode="after")
    def _references(self) -> EnergyFile:
        for kind in CONSUMERS:
            named = {getattr(choice, kind) for choice in self.architecture.values()} - {None}
            # a name that is misspelt would otherwise surface as a KeyError in the middle of a study
            if missing := named - set(getattr(self, kind)):
                raise ValueError(f"{kind} {', '.join(sorted(missing))} not in the file")
        return self


class LatencyTable(Sourced):
    """[block.*] of the port file."""

    title: str
    latency_ns: Span


class PortTable(Sourced):
    """[architecture.*] of the port file: which latency each kind of block has, lanes of one direction."""

    host: str
    retimer: str | None = None
    optics: str | None = None
    lanes_per_mm: Span
    lanes_per_mm2: Span


class PortFile(Table):
    """`data/system/ports.toml`."""

    block: dict[str, LatencyTable]
    architecture: dict[str, PortTable]

    @model_validator(mode="after")
    def _references(self) -> PortFile:
        # as of the energies: a name that is misspelt is told when the file is read, not in the middle of a study
        named = {name for one in self.architecture.values() for name in (one.host, one.retimer, one.optics)} - {None}
        if missing := named - set(self.block):
            raise ValueError(f"block {', '.join(sorted(map(str, missing)))} not in the file")
        return self


def read_energy(file: Path) -> EnergyFile:
    """A file of energies; `ConfigError` names file and key."""
    return validated(EnergyFile, load_toml(file), file)


def read_ports(file: Path) -> PortFile:
    """A file of latencies and densities; `ConfigError` names file and key."""
    return validated(PortFile, load_toml(file), file)


@cache
def energy_table() -> EnergyFile:
    """The energies that ship."""
    return read_energy(data_path("energy", "architectures.toml"))


@cache
def port_table() -> PortFile:
    """The latencies and densities that ship."""
    return read_ports(data_path("system", "ports.toml"))

"""The vendor models of the two hosts: what stands in place of the equalisers of the first transmitter and the last receiver."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sirf.errors import ConfigError, SirfError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sirf.ami.model import AmiModel
    from sirf.ami.parameter import Parameter, Value
    from sirf.link import Link
    from sirf.system.architecture import Architecture

SIDES = {"tx": "transmitter", "rx": "receiver"}
"""Field of `HostModels` by the first part of a name such as "tx.taps.post1"."""


SEARCH_ALL = "all"


@dataclass(frozen=True, slots=True)
class HostModels:
    """A model of the host that sends and one of the host that receives; either may be None.

    `search` names parameters ("tx.NAME", "rx.NAME", or "all") that each row sets for the least error ratio at its own length.
    """

    transmitter: AmiModel | None = None
    receiver: AmiModel | None = None
    search: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """`ConfigError` or `AmiError` for a name to search that no model has."""
        # told now and not in the middle of a comparison
        for name in self.search:
            if name != SEARCH_ALL:
                self.parameter(name)

    def __bool__(self) -> bool:
        """Whether there is a model."""
        return self.transmitter is not None or self.receiver is not None

    def model(self, name: str) -> AmiModel:
        """The model that "tx.NAME" or "rx.NAME" belongs to; `ConfigError` where that side has none."""
        side = name.partition(".")[0]
        if side not in SIDES:
            raise ConfigError(f"parameter must begin with tx. or rx., got {name!r}. Name the side of its model.")
        found: AmiModel | None = getattr(self, SIDES[side])
        if found is None:
            raise ConfigError(f"{name} must belong to a vendor's model, got none. Name the file as {side}_ami.")
        return found

    def parameter(self, name: str) -> Parameter:
        """What the model's file says of "tx.NAME" or "rx.NAME"; `AmiError` names the nearest."""
        return self.model(name).ami.find(name.partition(".")[2])

    def number(self, name: str) -> float | None:
        """The number that holds for "tx.NAME" or "rx.NAME"; None for text, truth values and tables."""
        # paths of parameters are kept in lower case
        value = self.model(name).values.get(self.parameter(name).path.lower())
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def with_value(self, name: str, value: Value) -> HostModels:
        """The models with "tx.NAME" or "rx.NAME" set; `AmiError` for a value that the model's file does not allow."""
        side, _, path = name.partition(".")
        model = self.model(name).replace(parameters={path: value})
        return replace(self, transmitter=model) if side == "tx" else replace(self, receiver=model)

    def fitting(self, architecture: Architecture) -> HostModels:
        """Those that an architecture can take: of a host whose section is copper alone, for vendor models know no light."""
        first, last = architecture.sections[0], architecture.sections[-1]
        sides = {"tx": self.transmitter if first == ("copper",) else None, "rx": None}
        sides["rx"] = self.receiver if last == ("copper",) else None
        search = tuple(
            name for name in self.search if name == SEARCH_ALL or sides.get(name.partition(".")[0]) is not None
        )
        return HostModels(sides["tx"], sides["rx"], search)

    def notes(self, architecture: Architecture) -> list[str]:
        """Where the models stand in an architecture, and which of them do not."""
        fitting, count = self.fitting(architecture), len(architecture.sections)
        ends = {"transmitter": ("of the sending host", 1), "receiver": ("of the receiving host", count)}
        notes = []
        for side, (whose, place) in ends.items():
            model: AmiModel | None = getattr(self, side)
            if model is None:
                continue
            where = f"section {place} of {count}"
            if getattr(fitting, side) is None:
                notes.append(f"{model.name} is not used: {where} holds light, and vendor models know none")
            else:
                notes.append(f"{model.name} is the {side} {whose}, in {where} (copper); sirf equalises all others")
        if fitting:
            notes.append("COM is that of the standard's own transmitter and receiver, without the vendor models")
        return notes

    def applied(self, link: Link, *, sends: bool = True, receives: bool = True) -> Link:
        """The link with the models of the hosts that stand at its ends."""
        changes = {}
        if sends and self.transmitter is not None:
            changes["transmitter_model"] = self.transmitter
        if receives and self.receiver is not None:
            changes["receiver_model"] = self.receiver
        # the same object where nothing changes: caches go by the link's content
        return link.replace(**changes) if changes else link


def check_used(models: HostModels, architectures: Sequence[Architecture]) -> None:
    """`SirfError` for a model that none of the architectures can take."""
    for side, attribute in SIDES.items():
        given = getattr(models, attribute) is not None
        # given, and of use nowhere
        if given and all(getattr(models.fitting(one), attribute) is None for one in architectures):
            raise SirfError(
                f"{side}_ami must be of use in at least one row, got {', '.join(one.id for one in architectures)}, whose hosts "
                "stand at light. Name an architecture with a retimer, or of copper."
            )

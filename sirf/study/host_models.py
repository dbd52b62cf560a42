"""The vendor models of the two hosts: what stands in place of the equalisers of the first transmitter and the last receiver."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sirf.errors import ConfigError

if TYPE_CHECKING:
    from sirf.ami.model import AmiModel
    from sirf.ami.parameter import Parameter, Value
    from sirf.link import Link

SIDES = {"tx": "transmitter", "rx": "receiver"}
"""Field of `HostModels` by the first part of a name such as "tx.taps.post1"."""


@dataclass(frozen=True, slots=True)
class HostModels:
    """A model of the host that sends and one of the host that receives; either may be None."""

    transmitter: AmiModel | None = None
    receiver: AmiModel | None = None

    def __bool__(self) -> bool:
        """Whether there is a model."""
        return self.transmitter is not None or self.receiver is not None

    def model(self, name: str) -> AmiModel:
        """The model that "tx.NAME" or "rx.NAME" belongs to; `ConfigError` where that side has none."""
        side = name.partition(".")[0]
        found: AmiModel | None = getattr(self, SIDES[side])
        if found is None:
            raise ConfigError(f"{name} must belong to a vendor's model, got none. Name the file as {side}_ami.")
        return found

    def parameter(self, name: str) -> Parameter:
        """What the model's file says of "tx.NAME" or "rx.NAME"; `AmiError` names the nearest."""
        return self.model(name).ami.find(name.partition(".")[2])

    def number(self, name: str) -> float | None:
        """The number that holds for "tx.NAME" or "rx.NAME"; None for text, truth values and tables."""
        value = self.model(name).values.get(self.parameter(name).path.lower())
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def with_value(self, name: str, value: Value) -> HostModels:
        """The models with "tx.NAME" or "rx.NAME" set; `AmiError` for a value that the model's file does not allow."""
        side, _, path = name.partition(".")
        model = self.model(name).replace(parameters={path: value})
        return replace(self, transmitter=model) if side == "tx" else replace(self, receiver=model)

    def applied(self, link: Link, *, sends: bool = True, receives: bool = True) -> Link:
        """The link with the models of the hosts that stand at its ends."""
        changes = {}
        if sends and self.transmitter is not None:
            changes["transmitter_model"] = self.transmitter
        if receives and self.receiver is not None:
            changes["receiver_model"] = self.receiver
        return link.replace(**changes) if changes else link

"""The files of a channel as the options of a command name them, and how they are read."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sirf.cli.options import Z0, Invert, MixedMode, NextLanes, PortOrder, Sort, Victim
from sirf.errors import SirfError

if TYPE_CHECKING:
    from sirf.channel.channel import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the files of a channel are read: one field for each option that says so, in the order of the help."""

    port_order: PortOrder = None
    victim: Victim = None
    next_lanes: NextLanes = None
    mixed_mode: MixedMode = None
    z0: Z0 = None
    invert: Invert = False
    sort: Sort = False


AS_THE_FILE_SAYS = Reading()
"""Without any option."""


def with_reading(command: Callable[..., None]) -> Callable[..., None]:
    """`command` with the options of `Reading` where it has the parameter `reading`, which then holds what they were given."""
    own = inspect.signature(command, eval_str=True)
    options = inspect.signature(Reading, eval_str=True).parameters

    @functools.wraps(command)
    def called(**given: Any) -> None:
        reading = Reading(**{name: given.pop(name) for name in options})
        command(**given, reading=reading)

    parameters: list[inspect.Parameter] = []
    for name, parameter in own.parameters.items():
        parameters += options.values() if name == "reading" else [parameter.replace(kind=parameter.KEYWORD_ONLY)]
    # typer makes the command line of a function's signature and of its annotations
    vars(called)["__signature__"] = own.replace(parameters=parameters)
    called.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {"return": None}
    return called


@dataclass(frozen=True, slots=True)
class ChannelFiles:
    """Through and crosstalk files, and how to read them."""

    through: Path
    fext: Sequence[Path] | None
    next: Sequence[Path] | None
    reading: Reading

    def load(self) -> Channel:
        """The channel, with notes on what had to be assumed in its `warnings`."""
        from sirf.channel.channel import Channel

        how = self.reading
        # options that were not given are None; the reader takes an empty list for "no aggressors"
        return Channel.from_touchstone(
            self.through,
            fext=self.fext or [],
            next=self.next or [],
            port_order=how.port_order,
            victim=how.victim,
            next_lanes=how.next_lanes or [],
            mixed_mode=how.mixed_mode,
            invert=how.invert,
            z0=parse_impedances(how.z0),
            sort=how.sort,
        )


def parse_impedances(text: str | None) -> tuple[float, ...] | None:
    """Reference impedances in ohm from "42" or "42,42,50,50"; a unit may follow each. Raises `SirfError` for other text."""
    if text is None:
        return None
    try:
        # one number holds for all ports; the reader knows how many there are, this does not
        return tuple(float(part.lower().removesuffix("ohm")) for part in text.split(","))
    except ValueError:
        raise SirfError(f"z0 must be ohms, one or one a port with commas, got {text[:40]!r}. Give --z0 50.") from None

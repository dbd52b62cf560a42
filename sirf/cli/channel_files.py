"""The files of a channel as the options of a command name them, and how they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sirf.errors import SirfError

if TYPE_CHECKING:
    from sirf.channel.channel import Channel


@dataclass(frozen=True, slots=True)
class ChannelFiles:
    """Through and crosstalk files, and the options that say how to read them."""

    through: Path
    fext: Sequence[Path] | None = field(default=None, kw_only=True)
    next: Sequence[Path] | None = field(default=None, kw_only=True)
    port_order: str | None = field(default=None, kw_only=True)
    victim: int | None = field(default=None, kw_only=True)
    next_lanes: Sequence[int] | None = field(default=None, kw_only=True)
    mixed_mode: str | None = field(default=None, kw_only=True)
    z0: str | None = field(default=None, kw_only=True)
    invert: bool = field(default=False, kw_only=True)
    sort: bool = field(default=False, kw_only=True)

    def load(self) -> Channel:
        """The channel, with notes on what had to be assumed in its `warnings`."""
        from sirf.channel.channel import Channel

        return Channel.from_touchstone(
            self.through,
            fext=self.fext or [],
            next=self.next or [],
            port_order=self.port_order,
            # options that were not given are None; the reader takes an empty list for "no aggressors"
            victim=self.victim,
            next_lanes=self.next_lanes or [],
            mixed_mode=self.mixed_mode,
            invert=self.invert,
            z0=parse_impedances(self.z0),
            sort=self.sort,
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

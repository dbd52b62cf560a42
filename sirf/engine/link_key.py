"""A link as a key of caches: equal where what the kept parts depend on is equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sirf.link import Link


class LinkKey:
    """Hashes a link by what its transfers depend on, so that an equaliser search prepares them once."""

    __slots__ = ("link", "parts")

    def __init__(self, link: Link) -> None:
        self.link = link
        self.parts: tuple[object, ...] = (
            link.channel,
            link.packages,
            link.symbol_rate,
            link.samples_per_ui,
            link.transmitter.rise_time,
            link.receiver.noise_corner,
            link.transmitter.filter,
            link.launch_amplitudes(),
            # automatic gain ahead of a driver follows the transmitter's FFE
            None if link.optics is None else (link.optics.path, *link.optics.gains(link.order), link.drive_gain),
        )

    def __hash__(self) -> int:
        """Hash of the parts."""
        return hash(self.parts)

    def __eq__(self, other: object) -> bool:
        """Whether all parts are equal."""
        return isinstance(other, LinkKey) and self.parts == other.parts

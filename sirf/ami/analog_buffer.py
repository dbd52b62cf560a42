"""The analog part of a model as its file gives it: `Ts4file`, `Tx_V`, `Tx_R`, `Rx_R` (IBIS 7.0, section 10, after BIRD158).

A transmitter drives ports 1 and 3 of its Ts4file through `Tx_R` a line with a differential swing of `Tx_V`; ports 2 and 4 are its
pads. A receiver's pads are ports 1 and 3, its AMI part sees ports 2 and 4, each terminated in `Rx_R`. The file stands in place of
the die's own stages and of the driver's edge; packages, boards and the channel stay.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sirf.channel.channel import Channel
from sirf.channel.die_to_die import BARE, PackageCase, Role, roles_of
from sirf.channel.network import Network
from sirf.channel.package import Package
from sirf.errors import AmiError, SirfError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sirf.ami.model import AmiModel
    from sirf.link import Link

NAMES = ("Ts4file", "Tx_V", "Tx_R", "Rx_R")
PORT_ORDER = "12-34"
"""Lines 1 to 2 and 3 to 4 of a Ts4file: a transmitter's odd ports are its die's, a receiver's odd ports its pads."""


@dataclass(frozen=True, slots=True, eq=False)
class Buffer:
    """One end: `network` from the die outwards, `resistance` in ohm a line, `swing` in V; None for what the file leaves open."""

    network: Network | None
    resistance: float | None
    swing: float | None

    @property
    def given(self) -> bool:
        """Whether the model says anything of its analog part."""
        return (self.network, self.resistance, self.swing) != (None, None, None)


def buffer_of(model: AmiModel | None, resolved: Mapping[str, Any], *, transmits: bool) -> Buffer:
    """What a model's file (or AMI_Resolve, `resolved`) says of its analog part; `AmiError` for a file that cannot be read."""
    if model is None:
        return Buffer(None, None, None)
    values = {name: resolved.get(name.lower(), model.info(name)) for name in NAMES}
    network = None
    # relative to the model's file, as everything that a parameter file names
    if values["Ts4file"]:
        file = model.file.parent / str(values["Ts4file"])
        try:
            network = Channel.from_touchstone(file, port_order=PORT_ORDER).through
        except (SirfError, OSError) as error:
            raise AmiError(
                f"{model.ami.source}: Ts4file must be a 4-port Touchstone file, got {file} ({error})"
            ) from None
        # seen from the die outwards: a receiver's file begins at the pads
        network = network if transmits else network.flipped()
    # only a transmitter has a swing
    names = {"resistance": "Tx_R" if transmits else "Rx_R", "swing": "Tx_V"}
    numbers = {field: None if values[name] is None else float(values[name]) for field, name in names.items()}
    for field, name in names.items():
        if numbers[field] is not None and not numbers[field] > 0.0:  # type: ignore[operator]  # None is ruled out before
            raise AmiError(f"{model.ami.source}: {name} must be positive, got {numbers[field]:g}. Correct the file.")
    return Buffer(network, numbers["resistance"], numbers["swing"] if transmits else None)


def with_buffers(link: Link, sent: Buffer, received: Buffer) -> Link:
    """The link from die to die with the models' analog parts in place of its own, as a channel that only terminations enclose.

    What the channel converts into the common mode is not followed through them: their files are taken as differential.
    """
    if not (sent.given or received.given):
        return link
    case = link.packages
    if case is None or link.channel.plane == "die":
        case = PackageCase(transmitter=BARE, fext=BARE, next=BARE)
    # two lines of the case's reference
    reference = 2.0 * case.reference_impedance
    networks = [
        _enclosed(_within(network, sent, received).renormalized(reference), role, link, case, sent, received)
        for network, role in zip(link.channel.networks, roles_of(link.channel), strict=True)
    ]
    fext = len(link.channel.fext)
    # what it converts is not known any more, with the models' files in the way
    channel = dataclasses.replace(
        link.channel,
        through=networks[0],
        fext=tuple(networks[1 : 1 + fext]),
        next=tuple(networks[1 + fext :]),
        plane="ball",
        four_port=None,
    )
    ends = PackageCase(
        transmitter=_termination(case.transmitter, sent),
        fext=_termination(case.fext, sent),
        next=_termination(case.next, sent),
        receiver=_termination(case.receiver, received),
    )
    tx = link.transmitter
    if sent.swing is not None:
        # a matched line sees half of what the source swings between, and levels stand at plus and minus the amplitude
        amplitude = 0.25 * sent.swing
        tx = dataclasses.replace(tx, amplitude=amplitude, amplitude_fext=amplitude, amplitude_next=amplitude)
    # the file has its own edge: the link's would be a second one
    if sent.network is not None:
        tx = dataclasses.replace(tx, rise_time=0.0)
    return link.replace(channel=channel, packages=ends, transmitter=tx)


def _within(network: Network, sent: Buffer, received: Buffer) -> Network:
    """The points of a path that both files know; what lies beyond is extrapolated as for any channel."""
    # no extrapolation of a vendor's file: points that it does not know are left out
    keep = np.ones(len(network.frequency), dtype=bool)
    for buffer in (sent, received):
        if buffer.network is not None:
            grid = buffer.network.frequency
            keep &= (network.frequency >= grid[0]) & (network.frequency <= grid[-1])
    if np.count_nonzero(keep) < 2:
        raise AmiError("Ts4file must cover the channel's band, got none of its frequencies. Take another file.")
    if keep.all():
        return network
    return Network(network.frequency[keep], network.s[keep], z0=network.z0, name=network.name)


def _enclosed(network: Network, role: Role, link: Link, case: PackageCase, sent: Buffer, received: Buffer) -> Network:
    """A path of the channel with buffer, package and board at both ends."""
    for place, (package, board, buffer) in enumerate(
        zip(case.ends(role), case.end_boards(role), (sent, received), strict=True)
    ):
        outer = _outer(package, board, buffer, link, network)
        if outer is not None:
            # die outwards at both ends: at the far one the order is turned round
            network = outer @ network if place == 0 else network @ outer.flipped()
    return network


def _outer(package: Package, board: Package | None, buffer: Buffer, link: Link, network: Network) -> Network | None:
    """What stands outside one end of the channel, die side at port 1; None for nothing."""
    if link.channel.plane == "bump":
        # a channel from bump to bump has packages' lines in it already
        package, board = dataclasses.replace(package, lines=(), c_p=0.0), None
    if buffer.given:
        # the file stands in place of the die's own stages
        package = dataclasses.replace(package, die=())
    parts = [part.network(network.frequency) for part in (package, board) if part is not None and part != BARE]
    # outermost at the die's side, ahead of package and board
    if buffer.network is not None:
        parts.insert(0, buffer.network.renormalized(network.z0).resampled(network.frequency))
    whole: Network | None = None
    for part in parts:
        whole = part if whole is None else whole @ part
    return whole


def _termination(package: Package, buffer: Buffer) -> Package:
    """The termination of one end alone."""
    resistance = package.r_d if buffer.resistance is None else buffer.resistance
    return Package(die=(), r_0=package.r_0, r_d=resistance)

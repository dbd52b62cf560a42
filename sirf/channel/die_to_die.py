"""Die to die: what the planes of a channel leave out, put around it once, for links and for COM alike.

Devices and host boards are two-ports; a channel's aggressors are often equal, so that each distinct path is put together and
prepared once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

import numpy as np

from sirf._arrays import Complex, Float
from sirf.channel.network import LINE_OHM, Network
from sirf.channel.package import Package, terminated_transfer
from sirf.channel.pair import PairNetwork
from sirf.channel.transfer import Transfer
from sirf.errors import ConfigError, SirfError

if TYPE_CHECKING:
    from sirf.channel.channel import Channel, Plane

Role: TypeAlias = Literal["through", "fext", "next"]
Item = TypeVar("Item")

BARE = Package(die=())
"""No device at all: nothing is added, the end is matched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostBoards:
    """Host boards between device and channel (Include PCB), device side first: the die stage is C_0, the ball C_1.

    None leaves an end without a board. As in the reference code a NEXT aggressor starts on a board of its own (`next_near`) and
    arrives over `next_far`.
    """

    transmitter: Package | None = None
    fext: Package | None = None
    next_near: Package | None = None
    next_far: Package | None = None
    receiver: Package | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageCase:
    """One test case: device packages (die side first) of the victim's transmitter, the FEXT and NEXT aggressors, the receiver.

    `boards` stand between packages and channel. `rise_time` in s is the transmitter's where the case sets it (None: as the
    standard says). `name` is what the case is called beside its number. Raises `SirfError` unless all have one `r_0`.
    """

    transmitter: Package
    fext: Package
    next: Package
    receiver: Package = BARE
    boards: HostBoards = field(default=HostBoards())
    rise_time: float | None = None
    name: str = ""

    def __post_init__(self) -> None:
        """Check that one reference impedance holds for all."""
        boards = (getattr(self.boards, name) for name in HostBoards.__dataclass_fields__)
        parts = [self.transmitter, self.fext, self.next, self.receiver, *boards]
        # what adds nothing has no impedance either
        references = {part.r_0 for part in parts if part is not None and part != BARE}
        if len(references) > 1:
            raise SirfError(
                f"packages of a test case must have one reference impedance, got {sorted(references)} ohm. Give all one r_0."
            )

    @property
    def reference_impedance(self) -> float:
        """R_0 in ohm a line, at which packages, boards and channel are described."""
        return self.transmitter.r_0 if self.transmitter != BARE else self.receiver.r_0

    def ends(self, role: Role) -> tuple[Package, Package]:
        """Packages of a path's transmitter and of the victim's receiver."""
        near = {"through": self.transmitter, "fext": self.fext, "next": self.next}[role]
        return near, self.receiver

    def end_boards(self, role: Role) -> tuple[Package | None, Package | None]:
        """Host boards at the two ends of a path."""
        near = {"through": self.boards.transmitter, "fext": self.boards.fext, "next": self.boards.next_near}[role]
        return near, self.boards.next_far if role == "next" else self.boards.receiver


@dataclass(frozen=True, slots=True, eq=False)
class DieToDie:
    """The paths of a channel from die to die: the through path first, then FEXT, then NEXT.

    `networks` are the distinct ones, `transfers` their voltage transfers between the terminations, equation (93A-18);
    `index` holds for each path the number of its network.
    """

    networks: tuple[Network, ...]
    transfers: tuple[Transfer, ...]
    index: tuple[int, ...]

    def network(self, path: int) -> Network:
        """The network of a path, 0 the through path."""
        return self.networks[self.index[path]]

    def transfer(self, path: int) -> Transfer:
        """The voltage transfer of a path, 0 the through path."""
        return self.transfers[self.index[path]]

    def insertion_loss_db(self, frequency: float) -> float:
        """Loss of the through path in dB, positive, at `frequency` in Hz: magnitude interpolated on the grid."""
        through = self.network(0)
        return float(-20.0 * np.log10(np.interp(frequency, through.frequency, np.abs(through.s[:, 1, 0]))))


def case_number(case: int | str, cases: Sequence[PackageCase], owner: str) -> int:
    """Number of a test case, from 1, by its number or its name; `ConfigError` for one that is not there."""
    names = [one.name for one in cases]
    text = str(case).strip()
    # a name may look like a number: it comes first
    if text in names and text:
        return names.index(text) + 1
    if text.isascii() and text.isdigit() and 1 <= int(text) <= len(cases):
        return int(text)
    known = f" or one of {', '.join(names)}" if any(names) else ""
    raise ConfigError(
        f"package_case must be between 1 and {len(cases)}{known} for {owner}, got {text}. Choose one of these."
    )


def roles_of(channel: Channel) -> tuple[Role, ...]:
    """What each of `channel.networks` is."""
    roles: list[Role] = ["through"]
    roles += ["fext" for _ in channel.fext]
    roles += ["next" for _ in channel.next]
    return tuple(roles)


@lru_cache(maxsize=16)
def die_to_die(channel: Channel, case: PackageCase | None, *, common_mode: bool = True) -> DieToDie:
    """The paths of `channel` with all that its plane leaves out of `case` around them.

    A channel that ends at the ball gets packages and host boards, one at the bump the die's own stages; both are terminated in
    the packages' `r_d`. To one that is complete to the die, or without a case, nothing is added: it is matched.

    Where the channel knows its 4-port, what it converts into the common mode reflects at the devices and turns back in it.
    Packages are differential models: their two lines are taken as uncoupled, so that the common mode sees the same line and
    termination as the differential one. Without `common_mode`, as Annex 93A has it, the differential two-port alone is
    enclosed. Aggressors are known as differential two-ports only: their common mode ends matched at the channel's plane.

    Kept for the last channels: engines and studies ask for the same one again and again.
    """
    # nothing to put around: bare ends
    if case is None or channel.plane == "die":
        case = PackageCase(transmitter=BARE, fext=BARE, next=BARE)
    ends = _Ends(case, channel.plane)
    roles = roles_of(channel)
    distinct, index = find_distinct(list(zip(channel.networks, roles, strict=True)), _same_path)
    pair = _through_pair(channel, case.reference_impedance) if common_mode else None
    networks = tuple(
        ends.enclose(network, role, pair if network is channel.through and role == "through" else None)
        for network, role in distinct
    )
    transfers = tuple(
        _transfer(network, case.ends(role), channel.coupling_corner if role == "through" else None)
        for network, (_, role) in zip(networks, distinct, strict=True)
    )
    return DieToDie(networks, transfers, index)


def find_distinct(items: Sequence[Item], same: Callable[[Item, Item], bool]) -> tuple[list[Item], tuple[int, ...]]:
    """The items without their equals, in order of first appearance, and for each item the number of its equal there."""
    distinct: list[Item] = []
    index = []
    for item in items:
        # compared with the few distinct ones: channels have a handful
        number = next((k for k, known in enumerate(distinct) if same(item, known)), len(distinct))
        if number == len(distinct):
            distinct.append(item)
        index.append(number)
    return distinct, tuple(index)


def same_network(first: Network, second: Network) -> bool:
    """Whether two networks have equal grids, parameters and reference."""
    return first is second or (
        first.z0 == second.z0
        and np.array_equal(first.frequency, second.frequency)
        and np.array_equal(first.s, second.s)
    )


def _same_path(first: tuple[Network, Role], second: tuple[Network, Role]) -> bool:
    return first[1] == second[1] and same_network(first[0], second[0])


class _Ends:
    """The two ends of each role as networks, made once a grid."""

    def __init__(self, case: PackageCase, plane: Plane) -> None:
        self.case = case
        self.plane = plane
        self._made: list[tuple[Role, Float, tuple[Network | None, Network | None]]] = []

    def enclose(self, network: Network, role: Role, pair: PairNetwork | None = None) -> Network:
        """`network` with device and board of `role` at both ends, equation (93A-17); both its modes where it is a `pair`."""
        near, far = self._of(role, network.frequency)
        if near is None and far is None:
            return network
        # packages, boards and terminations all are described at R_0
        if pair is None:
            result = network.renormalized(2.0 * self.case.reference_impedance)
        else:
            # devices and boards convert nothing: to the channel's common mode they are what it ends in
            ends = _seen(near and near.flipped(), self.case.ends(role)[0]), _seen(far, self.case.receiver)
            result = pair.differential(common_reflection=ends, name=network.name)
        result = result if near is None else near @ result
        return result if far is None else result @ far

    def _of(self, role: Role, frequency: Float) -> tuple[Network | None, Network | None]:
        for known, grid, ends in self._made:
            if known == role and np.array_equal(grid, frequency):
                return ends
        packages, boards = self.case.ends(role), self.case.end_boards(role)
        near, far = (self._end(package, board, frequency) for package, board in zip(packages, boards, strict=True))
        # made die side first: at the far end the die comes last
        ends = near, None if far is None else far.flipped()
        self._made.append((role, frequency, ends))
        return ends

    def _end(self, package: Package, board: Package | None, frequency: Float) -> Network | None:
        """Device and board of one end, die side at port 1; None where nothing is added."""
        if self.plane == "bump":
            # from the bump inwards a device is its die stages and bump capacitance
            package, board = replace(package, lines=(), c_p=0.0), None
        parts = [part.network(frequency) for part in (package, board) if part is not None and part != BARE]
        # equation (93A-4): the device's network, then the board's
        return None if not parts else parts[0] if len(parts) == 1 else parts[0] @ parts[1]


def _through_pair(channel: Channel, reference: float) -> PairNetwork | None:
    """Both modes of the through path where the channel's 4-port is its own and converts anything."""
    four_port, through = channel.four_port, channel.through
    # on another grid it is not the one the two-port was made of
    if four_port is None or not np.array_equal(four_port.frequency, through.frequency):
        return None
    # judged at the reference of the two-port, whose values are compared
    pair = PairNetwork.from_four_port(four_port, z0=0.5 * through.z0)
    # only a 4-port that says the same as the two-port may take its place
    if not (pair.converts and np.allclose(pair.dd, through.s, rtol=0.0, atol=1e-9)):
        return None
    return PairNetwork.from_four_port(four_port, z0=reference)


def _reflection(end: Package) -> float:
    """Reflection coefficient of a die's termination, of one line and so of either mode."""
    return (end.r_d - end.r_0) / (end.r_d + end.r_0)


def _seen(network: Network | None, end: Package) -> Complex | float:
    """Reflection coefficient at port 1 of what is ended at port 2 by a die's termination; without a network its own."""
    reflection = _reflection(end)
    if network is None:
        return reflection
    s = network.s
    return np.asarray(s[:, 0, 0] + s[:, 0, 1] * s[:, 1, 0] * reflection / (1.0 - s[:, 1, 1] * reflection))


def _transfer(network: Network, ends: tuple[Package, Package], corner: float | None) -> Transfer:
    near, far = (_reflection(end) for end in ends)
    s = network.s
    value = terminated_transfer(s[:, 1, 0], s[:, 0, 0], s[:, 0, 1], s[:, 1, 1], near, far)
    if corner is not None:
        # the capacitor is in series with both terminations, given with 50 ohm each
        corner *= 2.0 * LINE_OHM / sum(end.r_d for end in ends)
    return Transfer(frequency=network.frequency, value=value, coupling_corner=corner)

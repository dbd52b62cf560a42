"""The copper between two reference planes: a differential through path and its aggressors."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sirf._digest import OMITTED_AT_DEFAULT
from sirf.channel.lanes import coupled_two_port, find_lanes, lane_name, parse_lanes, through_two_port
from sirf.channel.mixed_mode import PAIRINGS, PortOrder, differential_two_port
from sirf.channel.mixed_mode_order import Mode, parse_modal_order, single_ended
from sirf.channel.network import LINE_OHM, PAIR_OHM, Network
from sirf.channel.network_file import NetworkFile
from sirf.channel.network_reader import load_network
from sirf.channel.screening import BAND_NEEDED, check_signal, inversion_note, screened, start_notes
from sirf.errors import SirfError, shown
from sirf.units import Given, Many, db20, parse_symbol_rate, read_frequencies

if TYPE_CHECKING:
    import skrf

    from sirf.channel.figures.summary import ChannelFigures
    from sirf.channel.package import Package
    from sirf.channel.quality import Quality

Order: TypeAlias = str | Sequence[int] | Sequence[Sequence[int]]
"""A port order as users give it: see `sirf.channel.lanes.parse_lanes`."""
Plane: TypeAlias = Literal["ball", "bump", "die"]
PLANES: tuple[Plane, ...] = ("ball", "bump", "die")


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """A differential channel: what lies between two reference planes, and what couples into it.

    Parameters
    ----------
    through
        Differential two-port, S[out, in], at 100 ohm: port 1 the transmitter, port 2 the receiver.
    fext, next
        Aggressors as two-ports at 100 ohm: port 1 the aggressor's transmitter, port 2 the victim's receiver. Each keeps
        its own grid.
    plane
        Where the channel ends: "ball" (package and die termination are missing), "bump" (the die termination is
        missing), "die" (complete).
    port_order
        (P in, P out, N in, N out), counted from 1, of the 4-ports it came from; None for differential two-ports.
    four_port
        The single-ended 4-port behind the through path, at 50 ohm, its ports put in the order P in, P out, N in, N out: skew
        and mode conversion live there. None for differential two-ports.
    coupling_corner
        High-pass corner in Hz, between 50 ohm a line, of a coupling capacitor in the through path, whose S-parameters hold it but
        whose grid may not show it; None where there is none, or where the data are to tell.
    name, warnings
        What it is called, and what its user should know about the data.

    Raises `SirfError` for networks that are not two-ports at 100 ohm, another plane or a corner that is not positive.

    >>> sirf.Channel.from_touchstone("thru.s2p", fext=["fext1.s2p"]).plane
    'ball'
    """

    through: Network
    fext: tuple[Network, ...] = field(default=(), kw_only=True)
    next: tuple[Network, ...] = field(default=(), kw_only=True)
    plane: Plane = field(default="ball", kw_only=True)
    port_order: PortOrder | None = field(default=None, kw_only=True)
    four_port: Network | None = field(default=None, kw_only=True)
    name: str = field(default="", kw_only=True)
    warnings: tuple[str, ...] = field(default=(), kw_only=True)
    coupling_corner: float | None = field(default=None, kw_only=True, metadata={OMITTED_AT_DEFAULT: True})

    def __post_init__(self) -> None:
        """Check ports, impedance and plane."""
        if not isinstance(self.through, Network):
            how = "from_network" if hasattr(self.through, "s") else "from_touchstone"
            raise SirfError(
                f"through must be a sirf Network, got {shown(self.through)}. Use Channel.{how}, which reads and converts."
            )
        # lists become tuples: the fields are frozen
        object.__setattr__(self, "fext", tuple(self.fext))
        object.__setattr__(self, "next", tuple(self.next))
        if self.plane not in PLANES:
            raise SirfError(
                f"plane must be one of {', '.join(PLANES)}, got {self.plane!r}. Use 'ball' for a board channel."
            )
        if self.coupling_corner is not None and not 0.0 < self.coupling_corner < float("inf"):
            raise SirfError(
                f"coupling_corner must be positive Hz, got {self.coupling_corner!r}. Use None for a path without a capacitor."
            )
        for network in self.networks:
            if network.ports != 2 or network.z0 != PAIR_OHM:
                raise SirfError(
                    f"network must be a two-port at {PAIR_OHM:g} ohm, got {network.ports} ports at "
                    f"{network.z0:g} ohm. Use Channel.from_network, which converts."
                )

    def __repr__(self) -> str:
        """One line: name, band, aggressors, plane."""
        return (
            f"Channel({self.name!r}, to {self.frequency[-1] / 1e9:g} GHz, {len(self.fext)} FEXT, {len(self.next)} NEXT, "
            f"plane {self.plane})"
        )

    @classmethod
    def from_touchstone(
        cls,
        thru: str | os.PathLike[str],
        *,
        fext: Iterable[str | os.PathLike[str]] | str | os.PathLike[str] = (),
        next: Iterable[str | os.PathLike[str]] | str | os.PathLike[str] = (),
        port_order: Order | None = None,
        plane: Plane = "ball",
        differential: bool | None = None,
        victim: int | None = None,
        next_lanes: Iterable[int] = (),
        mixed_mode: str | None = None,
        invert: bool = False,
        z0: float | Sequence[float] | None = None,
        sort: bool = False,
    ) -> Channel:
        """Channel from files (Touchstone, CITI, MDIF, plain or gzip): 4-ports, two-ports, or one file of several pairs.

        The port order of `thru` is found from its data unless `port_order` gives it ("12-34", "13-24", "14-23", or
        (P in, P out, N in, N out) counted from 1); aggressor files take the same. Files at another impedance are
        renormalised to 50 ohm. A two-port counts as one of two uncoupled lines unless it is referred to 100 ohm or
        `differential` says that it is the pair itself. `mixed_mode`, `z0` and `sort` as in `read_touchstone`; `invert` swaps P
        and N at the out end.

        What the data do not bear is mended with a note in `warnings` (an uneven grid is resampled, a DC point that its
        neighbours contradict left out) or refused: see `sirf.channel.screening`.

        In a file of 8, 12, 16, … ports `victim` names the lane that is the through path, from 1 in the order of
        `sirf.channel.lanes.find_lanes`; the others become FEXT, or NEXT if listed in `next_lanes` (they transmit at the out
        end). `port_order` then names all lanes (`sirf.channel.lanes.parse_lanes`).

        Raises `TouchstoneError` for a bad file, `SirfError` for a port count other than 2 or a multiple of 4, an unclear
        port order, or a missing or wrong `victim`.
        """
        files = {
            role: [load_network(path, mixed_mode=mixed_mode, z0=z0, sort=sort) for path in _listed(paths)]
            for role, paths in (("thru", thru), ("fext", fext), ("next", next))
        }
        channel = cls.from_network(
            files["thru"][0].network,
            fext=[file.network for file in files["fext"]],
            next=[file.network for file in files["next"]],
            port_order=port_order,
            plane=plane,
            differential=differential,
            victim=victim,
            next_lanes=next_lanes,
            invert=invert,
        )
        notes = _notes(file for role in files.values() for file in role)
        return dataclasses.replace(channel, warnings=notes + channel.warnings)

    @classmethod
    def from_network(
        cls,
        thru: Network | skrf.Network,
        *,
        fext: Iterable[Network | skrf.Network] = (),
        next: Iterable[Network | skrf.Network] = (),
        port_order: Order | None = None,
        plane: Plane = "ball",
        differential: bool | None = None,
        victim: int | None = None,
        next_lanes: Iterable[int] = (),
        mixed_mode: str | None = None,
        invert: bool = False,
        name: str = "",
    ) -> Channel:
        """Channel from `skrf.Network` or `sirf.channel.network.Network` objects; otherwise as `from_touchstone`.

        The modes of a `skrf.Network` after `se2gmm` are read from its `port_modes`; `mixed_mode` ("D1,2 D3,4 C1,2 C3,4") names
        those of networks that do not carry them.
        """
        warnings: list[str] = []

        def prepared(network: Network | skrf.Network) -> Network:
            return screened(_single_ended(network, mixed_mode, warnings), warnings)

        through = prepared(thru)
        if through.ports > 4:
            if list(fext) or list(next):
                raise SirfError(
                    f"fext and next must be empty for a file of several pairs, got some beside {through.name or 'it'}. "
                    "Its other pairs are the aggressors; use next_lanes."
                )
            single = _at(through, LINE_OHM, warnings)
            parts = _multi_pair(single, port_order, victim, set(next_lanes), warnings, invert=invert)
            channel = dataclasses.replace(parts, plane=plane, four_port=_four_port(single, parts.port_order))
        else:
            if victim not in (None, 1) or list(next_lanes):
                # a number that cannot mean anything is a slip, not a default
                raise SirfError(
                    f"victim must be 1 where there is one pair, got victim {victim} and next_lanes {list(next_lanes)} for "
                    f"{through.ports} ports. Leave both out."
                )
            order = _order(through, port_order, warnings)
            order = _inverted(order) if invert and order is not None else order

            def convert(network: Network) -> Network:
                # a 4-port is inverted by its port order, a two-port by the sign of what passes
                pair = _differential(network, order, differential, warnings)
                return _negated(pair) if invert and order is None else pair

            channel = cls(
                convert(through),
                fext=tuple(convert(prepared(network)) for network in fext),
                next=tuple(convert(prepared(network)) for network in next),
                plane=plane,
                port_order=order,
                four_port=_four_port(through, order),
            )
        label = name or through.name or "channel"
        if (note := inversion_note(channel.through, label)) is not None:
            warnings.append(note)
        return dataclasses.replace(channel, name=name or through.name, warnings=tuple(dict.fromkeys(warnings)))

    @property
    def networks(self) -> tuple[Network, ...]:
        """Through, then FEXT, then NEXT."""
        return (self.through, *self.fext, *self.next)

    @property
    def frequency(self) -> NDArray[np.float64]:
        """Grid of the through path in Hz (F,)."""
        return self.through.frequency

    def insertion_loss_db(self, frequency: Many) -> NDArray[np.float64]:
        """Loss of the through path in dB (positive) at `frequency` in Hz (or "26.5625 GHz"), the shape of `frequency`.

        Below the first point of the file its first value holds. Raises `SirfError` beyond its last point.
        """
        points = read_frequencies(frequency)
        last = float(self.frequency[-1])
        if not np.all((points >= 0) & (points <= last * (1 + 1e-9))):
            raise SirfError(f"frequency must lie in 0 to {last:g} Hz, got {frequency!r}. Stay inside the file's band.")
        # straight lines in dB: losses are close to straight there
        return np.asarray(np.interp(points, self.frequency, -db20(self.through.s[:, 1, 0])))

    def return_loss_db(self, frequency: Many, *, port: int = 1) -> NDArray[np.float64]:
        """Return loss in dB (positive) at `port` 1 (transmitter) or 2 (receiver); otherwise as `insertion_loss_db`."""
        from sirf.channel.figures.loss import return_loss_db

        return return_loss_db(self.through, read_frequencies(frequency), port=port)

    def figures(
        self,
        standard: str | None = None,
        *,
        symbol_rate: Given | None = None,
        transmitter_package: Package | None = None,
    ) -> ChannelFigures:
        """Losses, ILD, ICN, ERL, TDR impedance, skew and mode conversion, with the limits of `standard` where it has any.

        One of `standard` and `symbol_rate` in baud is needed; for more see `sirf.channel.figures.summary.channel_figures`.

        >>> channel.figures("802.3ck-kr1").erl_db
        12.2
        """
        from sirf.channel.figures.summary import channel_figures

        return channel_figures(
            self, standard=standard, symbol_rate=symbol_rate, transmitter_package=transmitter_package
        )

    def check_symbol_rate(self, symbol_rate: Given) -> tuple[str, ...]:
        """Warnings where the data reach less than `symbol_rate` in baud, one a network, or begin far above DC.

        Raises `SirfError` when the rate is not positive and finite, some data end below 0.75 of it, or those of the through path
        begin above 0.1 of it, have fewer than 8 points, or pass nothing.
        """
        symbol_rate = parse_symbol_rate(symbol_rate)
        label = self.through.name or self.name or "channel"
        check_signal(self.through, label)
        warnings = list(start_notes(self.through, symbol_rate, label))
        for network in self.networks:
            last = float(network.frequency[-1])
            label = network.name or self.name or "channel"
            # rounding of a last point such as 0.75 x 53.125 GHz
            if last < BAND_NEEDED * symbol_rate * (1 - 1e-9):
                raise SirfError(
                    f"band of {label} must reach {BAND_NEEDED:g} of the symbol rate, "
                    f"{BAND_NEEDED * symbol_rate / 1e9:g} GHz, got data to {last / 1e9:g} GHz. "
                    "Use a lower symbol rate or a wider file."
                )
            if last < symbol_rate * (1 - 1e-9):
                warnings.append(
                    f"{label} ends at {last / 1e9:g} GHz, below the symbol rate of {symbol_rate / 1e9:g} GBd: "
                    "the response beyond is extrapolated."
                )
        return tuple(warnings)

    def quality(self, *, symbol_rate: Given | None = None, in_time: bool = False) -> Quality:
        """Quality of the single-ended 4-port behind the through path, or of the two-port where there is none.

        Warnings of the channel and of its aggressors' bands come first. See `sirf.channel.quality.quality`.
        """
        from sirf.channel.quality import quality

        notes = list(self.warnings)
        for network in (*self.fext, *self.next):
            if network.frequency[-1] < self.frequency[-1] * (1 - 1e-9):
                end, ours = network.frequency[-1] / 1e9, self.frequency[-1] / 1e9
                notes.append(f"aggressor {network.name} ends at {end:g} GHz, the through path at {ours:g} GHz.")
        judge = partial(quality, symbol_rate=symbol_rate, in_time=in_time, notes=tuple(notes))
        if self.four_port is None or self.port_order is None:
            return judge(self.through)
        # its ports stand in the order P in, P out, N in, N out; the file's own numbers are what the user knows
        found = judge(self.four_port, lanes=(PAIRINGS["12-34"],))
        return dataclasses.replace(found, lanes=(self.port_order,))

    def to_network(self) -> skrf.Network:
        """The through path as a `skrf.Network` (two-port, 100 ohm)."""
        return self.through.to_network()


def _listed(
    paths: Iterable[str | os.PathLike[str]] | str | os.PathLike[str],
) -> list[str | os.PathLike[str]]:
    return [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)


def _single_ended(network: Network | skrf.Network, mixed_mode: str | None, warnings: list[str]) -> Network:
    """The network with single-ended ports at one real impedance; what scikit-rf or the caller knows of modes is used."""
    if isinstance(network, Network):
        if mixed_mode is None:
            return network
        modes = parse_modal_order(mixed_mode, network.ports)
        return dataclasses.replace(network, s=single_ended(network.s, modes))
    if mixed_mode is None and any(mode != "S" for mode in network.port_modes):
        network = _without_modes(network, warnings)
    elif mixed_mode is not None:
        network = _at_the_ports(network, parse_modal_order(mixed_mode, network.nports))
    own = Network.from_skrf(network)
    if not np.all(np.asarray(network.z0) == own.z0):
        warnings.append(
            f"{own.name or 'network'}: unequal or complex port impedances were renormalised to {own.z0:g} ohm."
        )
    return own if mixed_mode is None else _single_ended(own, mixed_mode, warnings)


def _at_the_ports(network: skrf.Network, modes: tuple[Mode, ...]) -> skrf.Network:
    """The same matrix of `modes` with the impedances of the ports, where its own are those of the modes.

    scikit-rf gives a differential mode twice and a common mode half the impedance of its ports; equal impedances are those of the
    ports already, as in a file. Other impedances are renormalised to ports of 50 ohm while the modes are still apart.
    """
    if np.all(network.z0 == network.z0.flat[0]):
        return network
    # a differential mode has twice, a common mode half the impedance of its ports
    per_port = np.array([{"D": 2.0, "C": 0.5, "S": 1.0}[mode.kind] for mode in modes])
    network = network.copy()
    ports = np.asarray(network.z0) / per_port
    if not np.all(ports == ports.flat[0]) or complex(ports.flat[0]).imag != 0.0:
        network.renormalize(LINE_OHM * per_port)
        ports = np.full_like(ports, LINE_OHM)
    network.z0 = ports
    return network


def _without_modes(network: skrf.Network, warnings: list[str]) -> skrf.Network:
    """Undo `se2gmm`, which puts differential, then common modes, then single-ended ports."""
    modes = "".join(map(str, network.port_modes))
    pairs = modes.count("D")
    name = network.name or "network"
    if modes != "D" * pairs + "C" * pairs + "S" * (len(modes) - 2 * pairs):
        raise SirfError(
            f"port_modes of {name} must be differential, then common, then single-ended as se2gmm leaves them, got {modes}. "
            "Give mixed_mode='D1,2 C1,2 D3,4 C3,4' or the like, row by row, or read the file with Channel.from_touchstone."
        )
    single = network.copy()
    single.gmm2se(pairs)
    warnings.append(f"{name}: mixed modes {modes} were converted to single-ended ports.")
    return single


def _inverted(order: PortOrder) -> PortOrder:
    """P and N swapped at the out end."""
    p_in, p_out, n_in, n_out = order
    return (p_in, n_out, n_in, p_out)


def _negated(network: Network) -> Network:
    """A two-port with P and N swapped at one end."""
    # what passes changes its sign, reflections do not
    return dataclasses.replace(network, s=network.s * np.array([[1.0, -1.0], [-1.0, 1.0]]))


def _notes(files: Iterable[NetworkFile]) -> tuple[str, ...]:
    """What the reader converted, each note under the name of its file."""
    return tuple(f"{file.network.name}: {note}" for file in files for note in file.notes)


def _order(through: Network, port_order: Order | None, warnings: list[str]) -> PortOrder | None:
    """Port order of the 4-ports; None for two-ports."""
    if through.ports not in (2, 4):
        raise SirfError(
            f"number of ports must be 4 (or 2), got {through.ports} in {through.name or 'the through network'}. "
            "Export the differential pair as a 4-port (.s4p)."
        )
    given = None if port_order is None else parse_lanes(port_order, 4)[0]
    if through.ports == 2:
        return None
    if given is not None:
        return given
    (order,), notes = find_lanes(through)
    warnings.extend(notes)
    return order


def _multi_pair(
    network: Network,
    port_order: Order | None,
    victim: int | None,
    next_lanes: set[int],
    warnings: list[str],
    *,
    invert: bool,
) -> Channel:
    """The channel of one lane of a network of several pairs at 50 ohm."""
    # the user's own order needs no finding
    found, notes = find_lanes(network) if port_order is None else (parse_lanes(port_order, network.ports), ())
    warnings.extend(notes)
    names = ", ".join(f"{k}: {lane_name(lane)}" for k, lane in enumerate(found, start=1))
    if victim is None or not 1 <= victim <= len(found):
        raise SirfError(
            f"victim must be the number of a lane, got {victim} for {network.name or 'this network'}, whose lanes are "
            f"{names}. Pass victim=1 (--victim 1)."
        )
    if not next_lanes <= set(range(1, len(found) + 1)) - {victim}:
        raise SirfError(
            f"next_lanes must be numbers of lanes other than the victim, got {sorted(next_lanes)}; the lanes are {names}. "
            "Repair the list."
        )
    if port_order is None:
        warnings.append(f"{network.name or 'network'}: lanes found from the data: {names}.")
    ours = _inverted(found[victim - 1]) if invert else found[victim - 1]

    # in order of their numbers, so that names and files stay together
    def coupled(numbers: set[int], near: bool) -> tuple[Network, ...]:
        return tuple(coupled_two_port(network, found[k - 1], ours, near=near) for k in sorted(numbers))

    others = set(range(1, len(found) + 1)) - {victim}
    fext, near = coupled(others - next_lanes, False), coupled(next_lanes, True)
    return Channel(through_two_port(network, ours), fext=fext, next=near, port_order=ours)


def _four_port(network: Network, order: PortOrder | None) -> Network | None:
    """The 4-port of one pair at 50 ohm, ports in the order P in, P out, N in, N out, all others matched."""
    if order is None:
        return None
    ports = np.array(order) - 1
    network = network.renormalized(LINE_OHM)
    return Network(network.frequency, network.s[:, ports[:, None], ports], z0=network.z0, name=network.name)


def _differential(network: Network, order: PortOrder | None, differential: bool | None, warnings: list[str]) -> Network:
    """Two-port at 100 ohm, with a warning for whatever had to be assumed."""
    if network.ports == 2:
        return _differential_of_two_port(network, differential, warnings)
    if order is None:
        raise SirfError(
            f"number of ports must be 2 as in the through network, got {network.ports} in {network.name}. "
            "Give all networks of one kind."
        )
    return differential_two_port(_at(network, LINE_OHM, warnings), order)


def _differential_of_two_port(network: Network, differential: bool | None, warnings: list[str]) -> Network:
    if differential or (differential is None and network.z0 == PAIR_OHM):
        return _at(network, PAIR_OHM, warnings)
    warnings.append(f"{network.name or 'network'} has 2 ports: taken as one of two uncoupled lines of a pair.")
    single = _at(network, LINE_OHM, warnings)
    # without coupling S_dd = S of one line, referred to twice its impedance
    return Network(single.frequency, single.s, z0=PAIR_OHM, name=single.name)


def _at(network: Network, z0: float, warnings: list[str]) -> Network:
    if network.z0 != z0:
        warnings.append(f"{network.name or 'network'} is referred to {network.z0:g} ohm: renormalised to {z0:g} ohm.")
    return network.renormalized(z0)

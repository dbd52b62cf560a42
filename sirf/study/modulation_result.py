"""What `sirf.modulation` finds: modulations over one channel, along its loss, and where the winner changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sirf._display import html_table, table
from sirf.study.figure import rare_error_ratio
from sirf.study.rule import MIN_COM_DB
from sirf.system.port import Range


@dataclass(frozen=True, slots=True, kw_only=True)
class ModulationRow:
    """One modulation over one channel.

    `line_rate` in bit/s is the net rate with transcoding and the code `fec`; `insertion_loss_db` die to die at half the symbol
    rate; `com_db` the margin at `der0`, the detector error ratio at which the code loses as many frames as the standard allows
    PAM4; `ser`, `ber` before and `ber_post_fec` after the code, errors independent; `energy` in pJ per net bit of the host's
    transmitter and receiver. What has no value because the data end too early, or no receiver passes, is None, and `note` says
    why.
    """

    modulation: str
    bits_per_symbol: float
    symbol_rate: float
    line_rate: float
    fec: str
    der0: float
    note: str = ""
    insertion_loss_db: float | None = None
    com_db: float | None = None
    ser: float | None = None
    ber: float | None = None
    ber_post_fec: float | None = None
    frame_loss_ratio: float | None = None
    energy: Range | None = None
    ctle_db: tuple[float, float] | None = None
    tx_taps: tuple[float, ...] = ()
    capacity_gbps: float
    capacity_nyquist_gbps: float

    def cells(self) -> tuple[str, ...]:
        """The row of a table: rate, code, loss, margin, error ratios, energy, ceiling."""
        rate = f"{self.symbol_rate / 1e9:.2f}"
        # the note takes the place of the margin
        if self.com_db is None or self.ber is None or self.energy is None or self.ber_post_fec is None:
            return (self.modulation, rate, self.fec, "-", self.note, "-", "-", "-", f"{self.capacity_gbps:.0f}")
        energy = f"{self.energy.value:.1f} ({self.energy.low:.1f}-{self.energy.high:.1f})"
        return (
            self.modulation,
            rate,
            self.fec,
            f"{self.insertion_loss_db:.1f}",
            f"{self.com_db:.2f}",
            rare_error_ratio(self.ber),
            rare_error_ratio(self.ber_post_fec),
            energy,
            f"{self.capacity_gbps:.0f}",
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        energy = self.energy
        return {
            "modulation": self.modulation,
            "bits_per_symbol": self.bits_per_symbol,
            "symbol_rate": self.symbol_rate,
            "line_rate": self.line_rate,
            "fec": self.fec,
            "insertion_loss_db": self.insertion_loss_db,
            "com_db": self.com_db,
            "der0": self.der0,
            "ser": self.ser,
            "ber": self.ber,
            "ber_post_fec": self.ber_post_fec,
            "frame_loss_ratio": self.frame_loss_ratio,
            "capacity_gbps": self.capacity_gbps,
            "capacity_nyquist_gbps": self.capacity_nyquist_gbps,
            "energy_pj_per_bit": None if energy is None else energy.value,
            "energy_pj_per_bit_low": None if energy is None else energy.low,
            "energy_pj_per_bit_high": None if energy is None else energy.high,
            "ctle_db": None if self.ctle_db is None else list(self.ctle_db),
            "tx_taps": list(self.tx_taps),
            "note": self.note,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ModulationPoint:
    """All modulations at one loss: `loss_db` of the channel at `ModulationStudy.reference_frequency`, `length_mm` of a path."""

    loss_db: float
    length_mm: float | None
    rows: tuple[ModulationRow, ...]

    def row(self, modulation: str) -> ModulationRow:
        """The row of one modulation."""
        return next(row for row in self.rows if row.modulation == modulation)

    @property
    def winner(self) -> str | None:
        """The modulation of most margin; None where none has any."""
        found = [row for row in self.rows if row.com_db is not None]
        # by margin alone: energy has a figure of its own
        return max(found, key=lambda row: row.com_db or 0.0).modulation if found else None

    @property
    def thriftiest(self) -> str | None:
        """The modulation of least energy among those with `MIN_COM_DB`; None where none has that."""
        # a link must work before it is thrifty
        found = [row for row in self.rows if row.energy and row.com_db is not None and row.com_db >= MIN_COM_DB]
        return min(found, key=lambda row: row.energy.value if row.energy else 0.0).modulation if found else None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "loss_db": self.loss_db,
            "length_mm": self.length_mm,
            "winner": self.winner,
            "least_energy": self.thriftiest,
            "rows": [row.to_dict() for row in self.rows],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Where one modulation's margin falls below another's: between two points of the sweep, by straight interpolation."""

    before: str
    after: str
    loss_db: float
    length_mm: float | None
    com_db: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: getattr(self, name) for name in ("before", "after", "loss_db", "length_mm", "com_db")}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModulationStudy:
    """What `sirf.modulation` returns: the channel as given (`point`), and the sweep of its loss or length where asked for.

    `data_rate` is the line's with KP4, `net_rate` the client's, both in bit/s; `reference_frequency` in Hz is that of `loss_db`,
    half the symbol rate of PAM4.
    """

    channel: str
    standard: str
    data_rate: float
    net_rate: float
    reference_frequency: float
    point: ModulationPoint
    sweep: tuple[ModulationPoint, ...] = ()

    @property
    def rows(self) -> tuple[ModulationRow, ...]:
        """The modulations over the channel as given."""
        return self.point.rows

    def __getitem__(self, modulation: str) -> ModulationRow:
        """The row of a modulation by name."""
        return self.point.row(modulation.upper())

    @property
    def changes(self) -> tuple[Change, ...]:
        """Where along the sweep the winner changes."""
        # neighbour by neighbour along the sweep
        return tuple(
            change for one, other in zip(self.sweep, self.sweep[1:], strict=False) for change in _changes(one, other)
        )

    def to_list(self) -> list[dict[str, Any]]:
        """The rows of the channel as given, for JSON."""
        return [row.to_dict() for row in self.rows]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "channel": self.channel,
            "standard": self.standard,
            "data_rate": self.data_rate,
            "net_rate": self.net_rate,
            "reference_frequency": self.reference_frequency,
            "winner": self.point.winner,
            "least_energy": self.point.thriftiest,
            "rows": self.to_list(),
            "sweep": [point.to_dict() for point in self.sweep],
            "changes": [change.to_dict() for change in self.changes],
        }

    @property
    def verdict(self) -> str:
        """Who wins, in one sentence."""
        winner = self.point.winner
        if winner is None:
            return f"No modulation carries {self.net_rate / 1e9:.4g} Gb/s net over {self.channel}."
        row = self[winner]
        assert row.com_db is not None
        state = "" if row.com_db >= MIN_COM_DB else f", below the {MIN_COM_DB:g} dB that a link needs"
        return f"{winner} has most margin over {self.channel}: {row.com_db:.2f} dB{state}."

    def __repr__(self) -> str:
        """One line."""
        margins = ", ".join(
            f"{row.modulation} {'none' if row.com_db is None else f'{row.com_db:.2f} dB'}" for row in self.rows
        )
        return f"ModulationStudy({self.channel!r}, {self.net_rate / 1e9:.4g} Gb/s net: {margins})"

    def __str__(self) -> str:
        """Tables of the channel and of the sweep."""
        return "\n".join([table(self.title, self._table()), *self.sweep_lines(), self.verdict])

    def _repr_html_(self) -> str:
        return html_table(self.title, self._table())

    @property
    def title(self) -> str:
        """Channel, rate, circuits and loss."""
        return (
            f"{self.channel}: {self.net_rate / 1e9:.4g} Gb/s net, {self.standard} circuits for PAM4, loss "
            f"{self.point.loss_db:.1f} dB at {self.reference_frequency / 1e9:g} GHz"
        )

    def _table(self) -> list[tuple[str, str]]:
        return [(row.modulation, _row_text(row)) for row in self.rows]

    def sweep_lines(self) -> list[str]:
        """The sweep in words: margins by loss, and where the winner changes."""
        lines = []
        for point in self.sweep:
            where = "" if point.length_mm is None else f"{point.length_mm:.0f} mm, "
            margins = ", ".join(
                f"{row.modulation} {'-' if row.com_db is None else f'{row.com_db:.2f}'}" for row in point.rows
            )
            lines.append(f"{where}{point.loss_db:.1f} dB: COM {margins}")
        for change in self.changes:
            where = "" if change.length_mm is None else f" ({change.length_mm:.0f} mm)"
            lines.append(f"{change.after} overtakes {change.before} at {change.loss_db:.1f} dB{where}")
        return lines


def _changes(one: ModulationPoint, other: ModulationPoint) -> list[Change]:
    """Changes of the winner between two neighbouring points, margins taken as straight lines over the loss."""
    if one.winner is None or other.winner is None:
        return []
    # modulations that have a margin at both ends
    names = [
        row.modulation for row in one.rows if row.com_db is not None and other.row(row.modulation).com_db is not None
    ]
    lines = {name: (one.row(name).com_db or 0.0, other.row(name).com_db or 0.0) for name in names}
    changes, leader, place = [], one.winner, 0.0
    # in the order along the stretch: a leader may be overtaken more than once
    while leader != other.winner and leader in lines:
        meetings = []
        for name in names:
            # margin over the leader at both ends
            first, last = (lines[name][k] - lines[leader][k] for k in (0, 1))
            # from behind at this place, ahead at the end: the lines cross between
            # 1e-12 dB: of two crossings at one place, rounding must not hide the second
            if name != leader and last > 0.0 >= first + (last - first) * place - 1e-12 and last > first:
                meetings.append((max(first / (first - last), place), name))
        if not meetings:
            break
        # the nearest crossing
        place, name = min(meetings)
        start, end = lines[name]
        lengths = one.length_mm, other.length_mm
        changes.append(
            Change(
                before=leader,
                after=name,
                loss_db=one.loss_db + place * (other.loss_db - one.loss_db),
                length_mm=None
                if lengths[0] is None or lengths[1] is None
                else lengths[0] + place * (lengths[1] - lengths[0]),
                com_db=start + place * (end - start),
            )
        )
        leader = name
    return changes


def _row_text(row: ModulationRow) -> str:
    rate = f"{row.symbol_rate / 1e9:6.2f} GBd"
    if row.com_db is None or row.ber is None or row.energy is None:
        return f"{rate}  {row.note}"
    return (
        f"{rate}, {row.insertion_loss_db:5.1f} dB: COM {row.com_db:6.2f} dB at DER {row.der0:.2g}, "
        f"BER {rare_error_ratio(row.ber)}, "
        f"{row.energy.value:.1f} ({row.energy.low:.1f}-{row.energy.high:.1f}) pJ/bit, ceiling {row.capacity_gbps:.0f} Gb/s"
    )

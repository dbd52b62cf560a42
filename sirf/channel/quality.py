"""Is this network fit for the time domain: passivity, reciprocity, causality, DC, grid and band, as numbers and warnings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from sirf._display import html_table, table
from sirf.channel.causality import CAUSAL_DB, early_levels, line_paths, wrap_level
from sirf.channel.ieee370 import Ieee370, Ieee370Application, ieee370, ieee370_in_time
from sirf.channel.lanes import find_lanes, through_two_port
from sirf.channel.mixed_mode import PortOrder
from sirf.channel.network import Network, bulk_delay
from sirf.channel.resample import UNEVEN, usual_step
from sirf.channel.response import WRAP_DB
from sirf.channel.screening import (
    BAND_NEEDED,
    BAND_WANTED,
    MIN_POINTS,
    WRONG_DC,
    check_signal,
    coarse_grid_note,
    dc_finding,
    inversion_note,
    judgeable,
    start_notes,
)
from sirf.errors import SirfError
from sirf.units import Given, parse_symbol_rate

PASSIVE = 1e-5
"""Excess of the largest singular value over 1 that rounding in a file explains (the allowance of IEEE 370)."""
RECIPROCAL = 1e-3
"""Largest |S - S^T| of a reciprocal network: -60 dB, the repeatability of a good analyser."""
DC_REAL = 0.02
"""Largest imaginary part of the value at DC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """What `quality` found. Frequencies in Hz, times in s, levels in dB; verdicts are None where the data cannot tell.

    `max_singular_value` is the largest of all frequencies (passive: at most 1 + 1e-5), `asymmetry` the largest |S - S^T|
    (reciprocal: at most 1e-3), `early_db` the largest level before time zero relative to the peak (causal: at most
    -40 dB), `wrap_db` the level where half of the period 1/step has passed after the arrival, `delay` the longest bulk
    delay of a line, `band_to_symbol_rate` the last frequency over the symbol rate, `dc_finding` what is wrong with the DC value
    or a DC block, without which causality is judged. `lanes` lists (P in, P out, N in, N out).
    """

    name: str
    ports: int
    z0: float
    points: int
    first: float
    last: float
    step: float
    uniform: bool
    lanes: tuple[PortOrder, ...]
    max_singular_value: float
    max_singular_at: float
    asymmetry: float
    asymmetry_at: float
    early_db: float | None
    early_entry: tuple[int, int] | None
    delay: float
    wrap_db: float | None
    dc_imaginary: float | None
    symbol_rate: float | None
    ieee370: Ieee370
    dc_finding: str | None = None
    ieee370_application: Ieee370Application | None = None
    warnings: tuple[str, ...] = ()

    @property
    def passive(self) -> bool:
        """Whether no singular value exceeds 1 + 1e-5."""
        return self.max_singular_value <= 1.0 + PASSIVE

    @property
    def reciprocal(self) -> bool:
        """Whether S equals its transpose within 1e-3."""
        return self.asymmetry <= RECIPROCAL

    @property
    def causal(self) -> bool | None:
        """Whether less than -40 dB of the peak comes before time zero."""
        return None if self.early_db is None else self.early_db <= CAUSAL_DB

    @property
    def has_dc(self) -> bool:
        """Whether the data begin at 0 Hz with a value that their neighbours do not contradict, or with a DC block."""
        return self.first == 0.0 and not (self.dc_finding or "").startswith(WRONG_DC)

    @property
    def port_order(self) -> list[int] | list[list[int]] | None:
        """Ports (P in, P out, N in, N out) of the pair; a list of such for several pairs; None where unknown."""
        lanes = [list(lane) for lane in self.lanes]
        return None if not lanes else lanes[0] if len(lanes) == 1 else lanes

    @property
    def band_to_symbol_rate(self) -> float | None:
        """Last frequency over the symbol rate."""
        return None if self.symbol_rate is None else self.last / self.symbol_rate

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        metrics, application = self.ieee370, self.ieee370_application
        return {
            "name": self.name,
            "ports": self.ports,
            "port_order": self.port_order,
            "z0_ohm": self.z0,
            "passive": self.passive,
            "max_singular_value": self.max_singular_value,
            "max_singular_hz": self.max_singular_at,
            "causal": self.causal,
            "early_db": self.early_db,
            "early_entry": None if self.early_entry is None else list(self.early_entry),
            "reciprocal": self.reciprocal,
            "asymmetry": self.asymmetry,
            "asymmetry_hz": self.asymmetry_at,
            "has_dc": self.has_dc,
            "dc_finding": self.dc_finding,
            "dc_imaginary": self.dc_imaginary,
            "points": self.points,
            "first_hz": self.first,
            "last_hz": self.last,
            "step_hz": self.step,
            "uniform": self.uniform,
            "delay_s": self.delay,
            "wrap_db": self.wrap_db,
            "symbol_rate": self.symbol_rate,
            "band_to_symbol_rate": self.band_to_symbol_rate,
            "ieee370": {
                "causality": metrics.causality,
                "passivity": metrics.passivity,
                "reciprocity": metrics.reciprocity,
            },
            "ieee370_application": None
            if application is None
            else {
                "causality_mv": application.causality_mv,
                "passivity_mv": application.passivity_mv,
                "reciprocity_mv": application.reciprocity_mv,
            },
            "warnings": list(self.warnings),
        }

    def __repr__(self) -> str:
        """One line: name, ports and the verdicts."""
        verdicts = [
            _verdict(value, yes, no)
            for value, yes, no in (
                (self.passive, "passive", "not passive"),
                (self.causal, "causal", "not causal"),
                (self.reciprocal, "reciprocal", "not reciprocal"),
                (self.has_dc, "with DC", "no DC"),
            )
        ]
        return f"Quality({self.name!r}, {self.ports} ports, {', '.join(verdicts)}, {len(self.warnings)} warnings)"

    def __str__(self) -> str:
        """The figures as a table, then the warnings."""
        return "\n".join([table(f"Quality of {self.name}", self._rows()), *(f"  ! {note}" for note in self.warnings)])

    def _repr_html_(self) -> str:
        """The same for notebooks."""
        return html_table(f"Quality of {self.name}", [*self._rows(), *(("warning", note) for note in self.warnings)])

    def _rows(self) -> list[tuple[str, str]]:
        grid = "uniform" if self.uniform else "not uniform"
        rows = [
            ("ports", f"{self.ports} at {self.z0:g} ohm"),
            ("port order", _order_text(self.port_order)),
            (
                "grid",
                f"{self.points} points, {self.first / 1e9:g} to {self.last / 1e9:g} GHz, {grid}, "
                f"step {self.step / 1e6:g} MHz",
            ),
            ("delay", f"{1e9 * self.delay:.4g} ns of {1e9 / self.step:.4g} ns" if self.step else "-"),
            ("wrap-around", _level(self.wrap_db)),
            (
                "passive",
                f"{_verdict(self.passive)}: largest singular value {self.max_singular_value:.6f} at "
                f"{self.max_singular_at / 1e9:g} GHz",
            ),
            ("causal", f"{_verdict(self.causal)}: {_level(self.early_db)} before time zero" + _entry(self.early_entry)),
            (
                "reciprocal",
                f"{_verdict(self.reciprocal)}: largest |S - S^T| {self.asymmetry:.3g} at "
                f"{self.asymmetry_at / 1e9:g} GHz",
            ),
            ("DC", _verdict(self.has_dc)),
            (
                "IEEE 370",
                ", ".join(
                    f"{name} {_percent(value)}"
                    for name, value in (
                        ("causality", self.ieee370.causality),
                        ("passivity", self.ieee370.passivity),
                        ("reciprocity", self.ieee370.reciprocity),
                    )
                ),
            ),
        ]
        if self.ieee370_application is not None:
            mv = self.ieee370_application
            text = f"causality {mv.causality_mv:g} mV, passivity {mv.passivity_mv:g} mV"
            rows.append(("IEEE 370 in time", f"{text}, reciprocity {mv.reciprocity_mv:g} mV"))
        if self.symbol_rate is not None:
            rows.append(("band", f"{self.last / self.symbol_rate:.2f} of {self.symbol_rate / 1e9:g} GBd"))
        return rows


def quality(
    network: Network,
    *,
    symbol_rate: Given | None = None,
    lanes: tuple[PortOrder, ...] | None = None,
    in_time: bool = False,
    notes: tuple[str, ...] = (),
) -> Quality:
    """Judge `network`; `symbol_rate` in baud adds the band, `lanes` (P in, P out, N in, N out) overrides the data.

    `in_time` adds the application-based figures of IEEE 370 at `symbol_rate` for the first pair (or the two ports), some
    seconds of work. `notes` are put before the warnings. Raises `SirfError` for a `symbol_rate` that is not positive, or
    `in_time` without one.
    """
    if symbol_rate is not None:
        symbol_rate = parse_symbol_rate(symbol_rate)
    if in_time and symbol_rate is None:
        raise SirfError("symbol_rate must be given for the figures in time, got none. Give for example 53.125e9.")
    found, lane_warnings = _lanes(network) if lanes is None else (lanes, ())
    frequency, s = network.frequency, network.s
    # in descending order: the first is the largest
    largest = np.linalg.svd(s, compute_uv=False)[:, 0]
    # reciprocity: S equals its transpose
    skew = np.abs(s - s.swapaxes(1, 2)).max(axis=(1, 2))
    step = usual_step(frequency) if frequency.size > 1 else 0.0
    # the median, for a file often has one odd step next to DC
    uniform = frequency.size > 1 and bool(np.all(np.abs(np.diff(frequency) - step) <= UNEVEN * step))
    finding = dc_finding(network)
    early = None if _is_coarse(network) else early_levels(network)
    wrap = wrap_level(network, found)
    # lines only: crosstalk has no delay that the grid must resolve
    delay = max((bulk_delay(frequency, s[:, out, into]) for into, out in line_paths(found, network.ports)), default=0.0)
    result = Quality(
        name=network.name or "network",
        ports=network.ports,
        z0=network.z0,
        points=frequency.size,
        first=float(frequency[0]),
        last=float(frequency[-1]),
        step=step,
        uniform=uniform,
        lanes=found,
        max_singular_value=float(largest.max()),
        max_singular_at=float(frequency[int(np.argmax(largest))]),
        asymmetry=float(skew.max()),
        asymmetry_at=float(frequency[int(np.argmax(skew))]),
        early_db=None if early is None else early[0],
        early_entry=None if early is None else early[1],
        delay=delay,
        wrap_db=wrap,
        dc_imaginary=float(np.abs(s[0].imag).max()) if frequency[0] == 0 else None,
        symbol_rate=symbol_rate,
        ieee370=ieee370(network),
        ieee370_application=ieee370_in_time(judgeable(network), found, symbol_rate)
        # the reference of IEEE 370 works in single steps of a pulse's response: some seconds
        if in_time and symbol_rate
        else None,
        dc_finding=finding,
    )
    return _with_warnings(result, notes + lane_warnings + _line_notes(network, found, symbol_rate))


def _lanes(network: Network) -> tuple[tuple[PortOrder, ...], tuple[str, ...]]:
    if network.ports % 4:
        return (), ()
    try:
        return find_lanes(network)
    except SirfError as error:
        return (), (str(error),)


def _line_notes(network: Network, lanes: tuple[PortOrder, ...], symbol_rate: float | None) -> tuple[str, ...]:
    """What a link over each line would be warned of or refused for: grid, polarity, signal, start of the band."""
    label = network.name or "network"
    notes: list[str] = []

    def ask(question: Callable[[], str | tuple[str, ...] | None]) -> None:
        # a refusal is an answer, too: here it becomes a note, and the other questions are still asked
        try:
            answer = question()
        except SirfError as error:
            answer = str(error)
        notes.extend([answer] if isinstance(answer, str) else answer or ())

    ask(partial(coarse_grid_note, network))
    two_ports = [network] if network.ports == 2 else [through_two_port(network, lane) for lane in lanes]
    for through in two_ports:
        ask(partial(check_signal, through, label))
        ask(partial(inversion_note, through, label))
        if symbol_rate is not None:
            ask(partial(start_notes, through, symbol_rate, label))
    return tuple(dict.fromkeys(notes))


def _is_coarse(network: Network) -> bool:
    """Whether an uneven grid has steps over which echoes are unknown: then nothing can be said about causality."""
    # coarse to the point of a refusal
    try:
        return coarse_grid_note(network) is not None
    except SirfError:
        return True


def _with_warnings(result: Quality, notes: tuple[str, ...]) -> Quality:
    # each once, in the order in which they were asked
    found = [*dict.fromkeys(notes), *_grid_warnings(result), *_dc_warnings(result), *_band_warnings(result)]
    if not result.passive:
        found.append(
            f"not passive: singular value {result.max_singular_value:.6f} at {result.max_singular_at / 1e9:g} GHz. "
            "Repair with --repair passive."
        )
    if result.causal is False:
        found.append(f"not causal: {result.early_db:.0f} dB before time zero. Repair with --repair causal.")
    if not result.reciprocal:
        found.append(f"not reciprocal: |S - S^T| {result.asymmetry:.3g} at {result.asymmetry_at / 1e9:g} GHz.")
    return replace(result, warnings=tuple(found))


def _grid_warnings(result: Quality) -> list[str]:
    found = []
    if result.points < MIN_POINTS:
        found.append(f"only {result.points} points: nothing can be said about causality.")
    if not result.uniform and result.points > 1:
        found.append(f"grid is not uniform: median step {result.step / 1e6:g} MHz; responses are resampled.")
    # a delay beyond half of 1 / step folds; what spreads about it needs some room
    if result.step and result.delay > 0.4 / result.step:
        found.append(
            f"delay of {1e9 * result.delay:.3g} ns is long for a step of {result.step / 1e6:g} MHz: the response is folded."
        )
    if result.wrap_db is not None and result.wrap_db > WRAP_DB:
        found.append(
            f"response is still {result.wrap_db:.0f} dB of its peak after half of 1/step: it wraps around. "
            "Use a finer step."
        )
    return found


def _dc_warnings(result: Quality) -> list[str]:
    if result.dc_finding is not None:
        return [result.dc_finding]
    if not result.has_dc:
        found = [f"no DC: data begin at {result.first / 1e6:g} MHz; the value at DC is extrapolated."]
        if result.first * result.delay > 0.25:
            found.append("the phase turns by more than 90 degrees below the first point: DC is a guess.")
        return found
    if result.dc_imaginary is not None and result.dc_imaginary > DC_REAL:
        return [f"value at DC is not real: imaginary part {result.dc_imaginary:.3g}. Repair with --repair dc."]
    return []


def _band_warnings(result: Quality) -> list[str]:
    ratio = result.band_to_symbol_rate
    # rounding of a file's last frequency must not decide
    if ratio is None or ratio >= BAND_WANTED * (1 - 1e-9):
        return []
    text = f"data end at {result.last / 1e9:g} GHz, {ratio:.2f} of the symbol rate"
    if ratio < BAND_NEEDED * (1 - 1e-9):
        return [f"{text}: too little, at least {BAND_NEEDED:g} is needed."]
    return [f"{text}: the response beyond is extrapolated."]


def _verdict(value: bool | None, yes: str = "yes", no: str = "no") -> str:
    return "unknown" if value is None else yes if value else no


def _level(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} dB"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f} %"


def _entry(entry: tuple[int, int] | None) -> str:
    return "" if entry is None else f" in S({entry[0]},{entry[1]})"


def _order_text(order: list[int] | list[list[int]] | None) -> str:
    return "-" if order is None else " ".join(map(str, order)).replace(", ", " ")

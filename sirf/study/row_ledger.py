"""One row of a comparison as a ledger: every dB, picojoule and nanosecond from host to host, with its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sirf.channel.path import Path
from sirf.fec.library import KP4_BIT_ERROR_RATIO
from sirf.optics.library import OpticsPreset
from sirf.presets import load
from sirf.study.comparison import Row
from sirf.study.light_budget import loss_margin_db
from sirf.study.sections import path_of
from sirf.system.architecture import Architecture, load_architecture
from sirf.system.port import Range
from sirf.system.tables import port_table


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: what, how much in the ledger's unit, in words where it has none, and where it is from."""

    name: str
    value: float | None
    text: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLedger:
    """Entries of a row: copper in dB at half the symbol rate, light in dB, energy in pJ/bit, latency in ns, and errors.

    The entries of copper, energy and latency add up to the row's figures; of copper what reflections make of the joints is an
    entry of its own.
    """

    path: str
    copper: tuple[Entry, ...]
    light: tuple[Entry, ...]
    energy: tuple[Entry, ...]
    latency: tuple[Entry, ...]
    errors: tuple[Entry, ...]

    def tables(self) -> list[tuple[str, list[tuple[str, str, str]]]]:
        """(title, lines) of each part that has entries."""
        parts = (
            (f"{self.path}: copper of the section shown, dB at half the symbol rate", self.copper),
            (f"{self.path}: light, dB and dBm", self.light),
            (f"{self.path}: energy, pJ/bit", self.energy),
            (f"{self.path}: latency one way, ns", self.latency),
            (f"{self.path}: error ratios and margins", self.errors),
        )
        return [(title, [(one.name, one.text, one.source) for one in entries]) for title, entries in parts if entries]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            name: [{"name": one.name, "value": one.value, "text": one.text, "source": one.source} for one in entries]
            for name, entries in (
                ("copper", self.copper),
                ("light", self.light),
                ("energy", self.energy),
                ("latency", self.latency),
                ("errors", self.errors),
            )
        }

    def __str__(self) -> str:
        """All parts as plain text."""
        blocks = []
        for title, lines in self.tables():
            widths = [max(len(line[k]) for line in lines) for k in range(2)]
            rows = (f"  {name:<{widths[0]}}  {text:>{widths[1]}}  {source}".rstrip() for name, text, source in lines)
            blocks.append("\n".join([title, *rows]))
        return "\n\n".join(blocks)


def row_ledger(
    row: Row, data_rate: float, *, architecture: Architecture | None = None, margin: bool = False
) -> RowLedger:
    """The ledger of a row at `data_rate` in bit/s; `architecture` for one from a file of your own.

    With `margin` also how much more loss the light between two retimers bears, which the engine searches for a second or two.
    """
    item = load_architecture(row.path) if architecture is None else architecture
    return RowLedger(
        path=row.path,
        copper=_copper(row, item, data_rate),
        light=_light(item, data_rate, margin),
        energy=_energy(row),
        latency=_latency(row),
        errors=_errors(row),
    )


def _copper(row: Row, item: Architecture, data_rate: float) -> tuple[Entry, ...]:
    """Loss of every segment alone between its own impedances' 100 ohm, and what the cascade adds by reflections."""
    path = path_of(item, data_rate)
    # half the symbol rate of the host's standard
    nyquist = 0.5 * load(item.at(data_rate).standard).symbol_rate
    # a linear chain has copper on both sides of its light in one section
    times = max(section.count("copper") for section in item.sections)
    alone = []
    for segment in path.segments:
        # each alone between 100 ohm, so that losses of segments add up and what is left over is what the joints reflect
        one = Path(segment.name, (segment,), "")
        alone.append((segment, float(one.insertion_loss_db(np.array([nyquist]))[0])))
    entries = [
        Entry(segment.name, loss, f"{loss:.2f}", f"{segment.provenance}: {segment.source}") for segment, loss in alone
    ]
    once = float(path.insertion_loss_db(np.array([nyquist]))[0])
    # may be negative: ripple at one frequency can turn in a path's favour
    joints = once - sum(loss for _, loss in alone)
    entries.append(Entry("reflections at the joints", joints, f"{joints:+.2f}", "the cascade less its parts"))
    if times > 1:
        # one link holds both pieces of copper: its loss is of both
        entries.append(Entry("the same at the far end", once, f"{once:.2f}", "one link holds both"))
    total = row.insertion_loss_db
    entries.append(Entry("die to die", total, f"{total:.2f}", "row"))
    return tuple(entries)


def _light(item: Architecture, data_rate: float, margin: bool) -> tuple[Entry, ...]:
    optics = item.optics_at(data_rate)
    if optics is None:
        return ()
    sources = {key: f"{provenance}: {source}" for key, _, provenance, source in optics.provenance}
    path = optics.path
    joints = sum(one.loss_db for one in path.connectors)
    # reckoned backwards, for the received OMA is what the preset is checked by
    start = optics.received_oma_dbm + path.loss_db
    arriving, least = optics.received_oma_dbm, optics.sensitivity_dbm
    return (
        Entry("OMA at the transmitter", start, f"{start:.2f} dBm", "static levels at the nominal swing"),
        Entry("fibre", path.fibre.loss_db, f"{path.fibre.loss_db:.2f}", sources.get("fibre.loss_db_per_km", "")),
        Entry("connectors", joints, f"{joints:.2f}", sources.get("connectors.loss_db", "")),
        Entry("OMA at the photodiode", arriving, f"{arriving:.2f} dBm", "the entries above"),
        Entry(
            "least OMA of photodiode and amplifier by themselves",
            least,
            f"{least:.2f} dBm",
            "amplifier, shot and intensity noise; no closure of the eye, no jitter, no noise of what drives it",
        ),
        # only light that is decided by itself has a margin of its own
        *(_margin(optics) if margin and ("optics",) in item.sections else ()),
    )


def _margin(optics: OpticsPreset) -> tuple[Entry]:
    found = loss_margin_db(optics)
    source = "statistical eye of light from retimer to retimer, all of its penalties included"
    return (Entry(f"more loss until its bit error ratio is {KP4_BIT_ERROR_RATIO:.1e}", found, f"{found:.2f}", source),)


def _energy(row: Row) -> tuple[Entry, ...]:
    parts = [
        Entry(
            part.name,
            part.value,
            f"{part.value:.2f} ({part.low:.2f}-{part.high:.2f})",
            f"{part.provenance}: {part.source}",
        )
        for part in row.energy.parts
    ]
    whole = row.energy
    return (*parts, Entry("host to host", whole.value, f"{whole.value:.2f} ({whole.low:.2f}-{whole.high:.2f})", "row"))


def _latency(row: Row) -> tuple[Entry, ...]:
    # by title, for parts of a latency are named so
    sources = {block.title: f"{block.provenance}: {block.source}" for block in port_table().block.values()}
    parts = [
        Entry(name, one.value, _span(one), sources.get(name, "delay of the copper's networks"))
        for name, one in row.port.latency_parts
    ]
    whole = row.port.latency_ns
    return (*parts, Entry("die to die, FEC and fibre left out", whole.value, _span(whole), "row"))


def _span(one: Range) -> str:
    return f"{one.value:.2f} ({one.low:.2f}-{one.high:.2f})"


def _errors(row: Row) -> tuple[Entry, ...]:
    sections = [
        Entry(f"section {name}", ratio, f"{ratio:.1e}", "bit error ratio before FEC") for name, ratio in row.section_ber
    ]
    causes = [
        Entry(f"3 dB less {cause}", gain, f"{gain:.2f} decades", f"measured in {row.limited_in}")
        for cause, gain in row.limitation.gained.items()
    ]
    return (*sections, Entry("host to host", row.ber, f"{row.ber:.1e}", "sections composed"), *causes)

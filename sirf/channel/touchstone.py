"""Touchstone files: our own reader, so that an error names the file and the line.

Versions 1.0 to 2.1 (Touchstone File Format Specification, IBIS Open Forum), plain or gzip. scikit-rf is its oracle in the tests.
The writer is `sirf.channel.touchstone_write`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sirf._arrays import Complex
from sirf.channel.file_text import FileText
from sirf.channel.mixed_mode_order import Mode, modal_order_of_comments, single_ended
from sirf.channel.network import LINE_OHM, Network, renormalize
from sirf.channel.network_file import NetworkFile, frozen, given_references, single_ended_modes
from sirf.channel.port_impedance import (
    PortImpedanceComments,
    renormalized_waves,
    says_not_renormalised,
    scattering,
    waves_of_comments,
)
from sirf.channel.touchstone_data import NetworkData, NumberReader
from sirf.channel.touchstone_header import (
    HeaderScan,
    TouchstoneHeader,
    fail_without_impedance,
    positive_integer,
    reference_resistances,
    suffix_ports,
)
from sirf.channel.touchstone_write import write_touchstone
from sirf.errors import SirfError

__all__ = ["NetworkFile", "load_touchstone", "read_touchstone", "write_touchstone"]

_SAME = 1e-3
"""Relative difference below which two statements of an impedance are one."""


def read_touchstone(
    path: str | os.PathLike[str],
    *,
    mixed_mode: str | None = None,
    z0: float | Sequence[float] | None = None,
    sort: bool = False,
) -> Network:
    """Network of a Touchstone file, `s[k, out, in]`, at the reference impedance that the file states.

    Version 1 (any order of the option line, RI, MA or DB, Hz to GHz, free line breaks, one reference for all ports or one
    each, noise data ignored) and version 2 (full, lower or upper matrices, mixed modes); Y, Z, G and H become S. A falling sweep
    is turned round, points that stand twice with equal values count once; `sort` sorts any other order.

    Unequal port impedances are renormalised to 50 ohm, and so are those in `! Port Impedance` comments where the head says that
    the data are not renormalised, or states no R. `z0` in ohm, one or one a port, overrules whatever the file says. Mixed-mode
    data come back as single-ended ports, P and N of pair n at the ports that [Mixed-Mode Order], `mixed_mode`
    ("D1,2 D3,4 C1,2 C3,4") or the column heads SDD11 … in the comments of version 1 name.

    Raises `TouchstoneError`, naming file and line, when the file is missing, empty, binary, cut short or not Touchstone,
    when a value is not a finite number, the frequencies are out of order, or the number of ports is not that of the suffix.
    """
    return load_touchstone(path, mixed_mode=mixed_mode, z0=z0, sort=sort).network


def load_touchstone(
    path: str | os.PathLike[str],
    *,
    mixed_mode: str | None = None,
    z0: float | Sequence[float] | None = None,
    sort: bool = False,
) -> NetworkFile:
    """As `read_touchstone`, with notes on what was converted or left out."""
    text = FileText(Path(path))
    suffix = suffix_ports(text)
    scan, reader, comments = HeaderScan(text), NumberReader(text), PortImpedanceComments(text)
    for block in text.blocks():
        bare = scan.take(block)
        comments.take(block)
        reader.take(block, bare, decibels=scan.header.layout == "DB")
    # one pass over the text: head, impedances and numbers are taken from the same block
    header = scan.finish()
    # what the file says of itself, then its suffix, then its first record
    declared = positive_integer(text, header, "number of ports")
    if declared is None and header.is_version_2:
        line = header.keywords["version"][0]
        text.fail(line, "[Number of Ports] must be given in version 2, got none. Add '[Number of Ports] N'.")
    ports = _ports(text, header, declared, suffix)
    data = NetworkData(text, header, *reader.taken(), sort=sort)
    ports = ports or data.ports_of_first_record()
    if not ports:
        text.fail(None, f"suffix must be .sNp with the number of ports N, got {text.suffix!r}. Rename the file.")
    frequency, s = data.matrices(ports, has_infinity=reader.has_infinity)  # finds a number of ports that cannot be
    # comments count last: they are no part of the specification
    reference = _Reference(text, header, comments.impedances(frequency.size, ports), ports, z0)
    modes = _modes(text, header, ports, mixed_mode, reference)
    notes = []
    if header.parameter != "S":
        s = reference.scattering(s, modes)
        notes.append(f"{header.parameter}-parameters were converted to S-parameters at {reference.common:g} ohm.")
    else:
        s = reference.renormalized(s, modes)
    if modes:
        # after the references: P and N of a pair must share one
        s = single_ended(s, modes)
        notes.append(f"mixed-mode data {' '.join(map(str, modes))} were converted to single-ended ports.")
    network = Network(frequency, frozen(s), z0=reference.common, name=text.stem)
    # without a copy: nobody else holds the array
    return NetworkFile(network, header.version, tuple(notes + data.notes + reference.notes))


class _Reference:
    """What the data refer to, from the option line, [Reference], the comments or the caller, and the way to one real impedance.

    `common` in ohm is the reference of the result, `notes` what has to be said.
    """

    def __init__(
        self,
        text: FileText,
        header: TouchstoneHeader,
        comments: Complex | None,
        ports: int,
        given: float | Sequence[float] | None,
    ) -> None:
        self.text = text
        self.header = header
        self.notes: list[str] = []
        self.resistances: tuple[float, ...] = (LINE_OHM,) * ports
        self.impedances: Complex | None = None
        if given is not None:
            self.resistances = given_references(text, given, ports)
            self.notes.append(f"the reference impedance is {_listed(self.resistances)} ohm as given.")
        else:
            # an option line that ends in a bare R promises an impedance elsewhere; one without R means 50 ohm
            stated = header.states_resistance or "reference" in header.keywords
            if comments is None and not stated:
                fail_without_impedance(text, header)
            self.resistances = reference_resistances(text, header, ports)
            if comments is not None:
                self._take_comments(comments, stated)
        equal = len(set(self.resistances)) == 1
        # unequal references, or complex ones: the result is at 50 ohm
        self.common = self.resistances[0] if equal and self.impedances is None else LINE_OHM

    def _take_comments(self, comments: Complex, stated: bool) -> None:
        """Let the comments decide where the head says so or states nothing else."""
        # solvers repeat the option line's reference in comments with fewer digits
        if np.all(np.abs(comments - np.array(self.resistances)) <= _SAME * np.abs(comments)):
            return
        shown = _range_text(comments)
        # two statements that differ: a comment overrules the option line only where the head says so
        if stated and not says_not_renormalised(self.header.comments):
            self.notes.append(
                f"the option line says {_listed(self.resistances)} ohm, the comments say port impedances of {shown} ohm, and no "
                "line says that the data are not renormalised: the option line's is taken. Say which holds (--z0 OHM)."
            )
            return
        self.impedances = comments
        self.notes.append(f"port impedances of {shown} ohm in the comments were renormalised to {LINE_OHM:g} ohm.")

    def equal_at(self, ports: tuple[int, ...]) -> bool:
        """Whether the ports, from 1, have one reference."""
        return len({self.resistances[port - 1] for port in ports}) == 1

    def renormalized(self, s: Complex, modes: tuple[Mode, ...]) -> Complex:
        """S at the common reference; modes at twice (D) and half (C) of it."""
        try:
            if self.impedances is not None:
                # a pair's differential wave sees both lines in series, its common wave both in parallel
                factors = {"D": 2.0, "C": 0.5, "S": 1.0}
                new = np.array([factors[mode.kind] for mode in modes] if modes else np.ones(s.shape[1]))
                waves = waves_of_comments(self.header.comments)
                return renormalized_waves(s, self.impedances, self.common * new, waves=waves)
            if len(set(self.resistances)) == 1:
                return s
            self.notes.append(
                f"port impedances {_listed(self.resistances)} ohm were renormalised to {self.common:g} ohm."
            )
            if not modes:
                return renormalize(s, np.array(self.resistances), self.common)
            # to single-ended ports and back: unequal references mix the modes
            single = renormalize(single_ended(s, modes), np.array(self.resistances), self.common)
            return single_ended(single, modes, inverse=True)
        except SirfError as error:
            self.text.fail(None, str(error))

    def scattering(self, value: Complex, modes: tuple[Mode, ...]) -> Complex:
        """S at the common reference from Y, Z, G or H; version 1 writes them relative to R, version 2 in their units."""
        parameter = self.header.parameter
        if modes:
            self.text.fail(None, f"mixed-mode data must be S-parameters, got {parameter}. Convert the file first.")
        # a relative Y or Z needs the one R that it is relative to
        if self.impedances is not None or (len(set(self.resistances)) > 1 and not self.header.is_version_2):
            self.text.fail(
                self.header.option_line,
                f"{parameter}-parameters must refer to one resistance, got several. Give one (--z0 50).",
            )
        try:
            # version 1 is relative to R already: then 1 stands for it
            return scattering(parameter, value, self.common if self.header.is_version_2 else 1.0)
        except SirfError as error:
            self.text.fail(None, str(error))


def _ports(text: FileText, header: TouchstoneHeader, declared: int | None, suffix: int | None) -> int | None:
    if suffix and declared and suffix != declared:
        text.fail(
            header.keywords["number of ports"][0],
            f"number of ports must be {suffix} as the suffix says, got {declared}. Rename the file to .s{declared}p.",
        )
    return declared or suffix


def _modes(
    text: FileText, header: TouchstoneHeader, ports: int, mixed_mode: str | None, reference: _Reference
) -> tuple[Mode, ...]:
    """Modes of the rows; empty for single-ended data."""
    line, order = header.keywords.get("mixed-mode order", (header.option_line, None))
    try:
        # version 2 has a keyword for it; in version 1 only the comments can tell
        if mixed_mode is None and order is None and not header.is_version_2:
            order = modal_order_of_comments(header.comments, ports)
        modes = single_ended_modes(mixed_mode or order, ports)
    except SirfError as error:
        text.fail(line, str(error))
    for mode in modes:
        if not reference.equal_at(mode.ports):
            text.fail(
                line, f"reference resistances of the two ports of {mode} must be equal, got two. Repair the file."
            )
    return modes


def _listed(values: Sequence[float]) -> str:
    """One number for equal ones."""
    return f"{values[0]:g}" if len(set(values)) == 1 else ", ".join(f"{value:g}" for value in values)


def _range_text(impedances: Complex) -> str:
    """Impedances as one number, one a port, or a range."""
    row = impedances[0]
    if len(impedances) == 1:
        texts = [f"{value.real:.4g}{value.imag:+.3g}j" if value.imag else f"{value.real:.4g}" for value in row]
        return texts[0] if len(set(texts)) == 1 else ", ".join(texts[:8]) + (", …" if len(texts) > 8 else "")
    return f"{impedances.real.min():.4g} to {impedances.real.max():.4g}"

"""Touchstone files: our own reader, so that an error names the file and the line, and a small writer.

Versions 1.x and 2.x (Touchstone File Format Specification, IBIS Open Forum). scikit-rf is its oracle in the tests.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sirf.channel.mixed_mode_order import Mode, modal_order_of_comments, parse_modal_order, single_ended
from sirf.channel.network import Network, renormalize
from sirf.channel.touchstone_data import NetworkData
from sirf.channel.touchstone_header import (
    Header,
    positive_integer,
    reference_resistances,
    suffix_ports,
    take_header,
)
from sirf.channel.touchstone_text import TouchstoneText, read_text
from sirf.errors import SirfError, TouchstoneError

COMMON_OHM = 50.0
"""Reference impedance to which unequal ones are brought."""


@dataclass(frozen=True, slots=True)
class TouchstoneFile:
    """A file that was read: its single-ended `network`, its `version`, and `notes` on what had to be converted."""

    network: Network
    version: str
    notes: tuple[str, ...] = ()


def read_touchstone(path: str | os.PathLike[str], *, mixed_mode: str | None = None) -> Network:
    """Network of a Touchstone file, `s[k, out, in]`, at the reference impedance that the file states.

    Version 1 (any order of the option line, RI, MA or DB, Hz to GHz, free line breaks, one reference for all ports or one
    each, noise data ignored) and version 2 (full, lower or upper matrices, mixed modes). Unequal port impedances are
    renormalised to 50 ohm; mixed-mode data come back as single-ended ports, P and N of pair n at the ports that
    [Mixed-Mode Order], `mixed_mode` ("D1,2 D3,4 C1,2 C3,4") or the column heads SDD11 … in the comments of version 1 name.

    Raises `TouchstoneError`, naming file and line, when the file is missing, empty, binary, cut short or not Touchstone,
    when a value is not a finite number, the frequencies do not ascend, or the number of ports is not that of the suffix.
    """
    return load_touchstone(path, mixed_mode=mixed_mode).network


def load_touchstone(path: str | os.PathLike[str], *, mixed_mode: str | None = None) -> TouchstoneFile:
    """As `read_touchstone`, with notes on what was converted or left out."""
    text = read_text(path)
    header = take_header(text)
    declared, suffix = positive_integer(text, header, "number of ports"), suffix_ports(text)
    if declared is None and header.version.startswith("2"):
        line = header.keywords["version"][0]
        text.fail(line, "[Number of Ports] must be given in version 2, got none. Add '[Number of Ports] N'.")
    ports = _ports(text, header, declared, suffix)
    data = NetworkData(text, header)
    ports = ports or data.ports_of_first_record()
    if not ports:
        text.fail(None, f"suffix must be .sNp with the number of ports N, got {text.path.suffix!r}. Rename the file.")
    frequency, s = data.matrices(ports)  # first of all, for it finds a number of ports that cannot be
    resistances = reference_resistances(text, header, ports)
    modes = _modes(text, header, ports, mixed_mode, resistances)
    notes = []
    if modes:
        s = single_ended(s, modes)
        notes.append(f"mixed-mode data {' '.join(map(str, modes))} were converted to single-ended ports.")
    if data.noise_left_out:
        notes.append("noise data were left out.")
    z0 = resistances[0]
    if len(set(resistances)) > 1:
        z0 = COMMON_OHM
        s = _referred(text, s, resistances)
        listed = ", ".join(f"{value:g}" for value in resistances)
        notes.append(f"port impedances {listed} ohm were renormalised to {z0:g} ohm.")
    return TouchstoneFile(Network(frequency, s, z0=z0, name=text.path.stem), header.version, tuple(notes))


def write_touchstone(path: str | os.PathLike[str], network: Network, *, comment: str = "") -> None:
    """Write `network` as Touchstone 1 (Hz, real and imaginary parts, full precision); `comment` becomes `!` lines.

    Raises `TouchstoneError` unless the suffix of `path` is `.sNp` with the network's number of ports and it can be written.
    """
    path, ports = Path(path), network.ports
    if path.suffix.lower() != f".s{ports}p":
        raise TouchstoneError(
            f"{path}: suffix must be .s{ports}p for {ports} ports, got {path.suffix!r}. Rename the file."
        )
    matrices = network.s.swapaxes(1, 2) if ports == 2 else network.s
    flat = np.stack([matrices.real, matrices.imag], axis=-1).reshape(network.frequency.size, ports, 2 * ports)
    lines = [f"! {line}" for line in comment.splitlines()] + [f"# Hz S RI R {network.z0!r}"]
    for hertz, rows in zip(network.frequency.tolist(), flat.tolist(), strict=True):
        texts = [" ".join(map(repr, row)) for row in rows]
        lines.append(f"{hertz!r} " + (" ".join(texts) if ports == 2 else "\n ".join(texts)))
    try:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise TouchstoneError(f"{path}: file must be writable, got {error.strerror}. Name another.") from None


def _ports(text: TouchstoneText, header: Header, declared: int | None, suffix: int | None) -> int | None:
    if suffix and declared and suffix != declared:
        text.fail(
            header.keywords["number of ports"][0],
            f"number of ports must be {suffix} as the suffix says, got {declared}. Rename the file to .s{declared}p.",
        )
    return declared or suffix


def _modes(
    text: TouchstoneText, header: Header, ports: int, mixed_mode: str | None, resistances: tuple[float, ...]
) -> tuple[Mode, ...]:
    """Modes of the rows; empty for single-ended data."""
    line, order = header.keywords.get("mixed-mode order", (header.option_line, None))
    try:
        if mixed_mode is not None:
            order = mixed_mode
        elif order is None and not header.version.startswith("2"):
            order = modal_order_of_comments(text.comments(header.first_data_line), ports)
        if order is None:
            return ()
        modes = parse_modal_order(order, ports)
    except SirfError as error:
        text.fail(line, str(error))
    for mode in modes:
        if len({resistances[port - 1] for port in mode.ports}) > 1:
            text.fail(
                line, f"reference resistances of the two ports of {mode} must be equal, got two. Repair the file."
            )
    return () if all(mode.kind == "S" for mode in modes) else modes


def _referred(
    text: TouchstoneText, s: NDArray[np.complex128], resistances: tuple[float, ...]
) -> NDArray[np.complex128]:
    try:
        return renormalize(s, np.array(resistances), COMMON_OHM)
    except SirfError as error:
        text.fail(None, str(error))

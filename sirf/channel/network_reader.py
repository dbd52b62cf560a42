"""Any file of network parameters: the reader that fits, by what the file begins with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sirf.channel.file_text import FileText
from sirf.channel.network_file import NetworkFile
from sirf.channel.touchstone import load_touchstone
from sirf.errors import TouchstoneError

_REFUSED = (
    ("[IBIS", "an IBIS model"),
    ("!CSV", "a table of an analyser (CSV)"),
    ("<?XML", "an XML file"),
    ("{", "a JSON file"),
    (".SUBCKT", "a SPICE subcircuit"),
    ("SIMULATOR", "an ADS netlist"),
)
"""Begins of other files that engineers have at hand, and what they are."""


def load_network(
    path: str | os.PathLike[str],
    *,
    mixed_mode: str | None = None,
    z0: float | Sequence[float] | None = None,
    sort: bool = False,
    block: int | None = None,
) -> NetworkFile:
    """A Touchstone (1.0 to 2.1), CITI or MDIF file, plain or gzip, as a network of single-ended ports with notes.

    `mixed_mode`, `z0` and `sort` as in `sirf.channel.touchstone.read_touchstone`; `block` chooses one of several tables of a CITI
    or MDIF file, from 1. Raises `TouchstoneError`, naming file and line, for anything else.
    """
    text = FileText(Path(path))
    with closing(text.blocks()) as blocks:
        lines = next(blocks).raw.split("\n")
    # comments come first in most files, and any program may have written them
    first = next((line.strip().upper() for line in lines if line.strip() and line.strip()[0] != "!"), "")
    raw = lines[0].strip().upper()
    # raw, too: an analyser's table begins with an exclamation mark, as a comment does
    for begin, kind in _REFUSED:
        if first.startswith(begin) or raw.startswith(begin):
            raise TouchstoneError(
                f"{path}: file must be Touchstone, CITI or MDIF, got {kind}. Export S-parameters as Touchstone (.sNp)."
            )
    # the readers of rarer formats are loaded where they are met: a short command waits for what it loads
    if first.startswith("CITIFILE"):
        from sirf.channel.citi import read_citi

        return read_citi(text, block=block).single_ended(mixed_mode=mixed_mode, z0=z0, sort=sort)
    is_table = any(line.strip().upper().startswith("BEGIN ") for line in lines)
    # tables named .mdf come in other dialects; one whose first line is Touchstone's is that
    if text.suffix.lower() in (".mdf", ".mdif") or (is_table and not first.startswith(("#", "["))):
        from sirf.channel.mdif import read_mdif

        return read_mdif(text, block=block).single_ended(mixed_mode=mixed_mode, z0=z0, sort=sort)
    if block not in (None, 1):
        raise TouchstoneError(f"{path}: block must be 1 in a Touchstone file, which holds one network, got {block}.")
    return load_touchstone(path, mixed_mode=mixed_mode, z0=z0, sort=sort)

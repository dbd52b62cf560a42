"""Touchstone files written: versions 1.1 and 2.0, any format and unit, with full precision."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from sirf._files import check_output, replacing
from sirf.channel.mixed_mode_order import parse_modal_order
from sirf.channel.network import Network
from sirf.errors import TouchstoneError

Layout: TypeAlias = Literal["RI", "MA", "DB"]
Version: TypeAlias = Literal["1.1", "2.0"]
Unit: TypeAlias = Literal["Hz", "kHz", "MHz", "GHz"]

_HERTZ = {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9}
_SMALLEST_DB = -6000.0
"""Level written for S = 0, whose logarithm is minus infinity; every reader takes it, and it reads as 1e-300."""
_LINES_AT_ONCE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchstoneFormat:
    """How a file is written: `layout` RI, MA or DB, `version` 1.1 or 2.0, `unit` of the frequencies.

    `mixed_mode` is the [Mixed-Mode Order] of the rows; version 1.1 states it by column heads in comments.
    """

    layout: Layout = "RI"
    version: Version = "1.1"
    unit: Unit = "Hz"
    mixed_mode: str | None = None

    def __post_init__(self) -> None:
        """Check the choices."""
        for name, allowed in (("layout", get_args(Layout)), ("version", get_args(Version)), ("unit", get_args(Unit))):
            if getattr(self, name) not in allowed:
                raise TouchstoneError(
                    f"{name} must be one of {', '.join(allowed)}, got {getattr(self, name)!r}. Use {allowed[0]}."
                )


def write_touchstone(
    path: str | os.PathLike[str],
    network: Network,
    *,
    comment: str = "",
    form: TouchstoneFormat | None = None,
) -> None:
    """Write `network` (by default as version 1.1 in Hz, real and imaginary parts); `comment` becomes `!` lines.

    Numbers have 17 digits, so that RI comes back bit by bit. A name that ends in `.gz` is compressed. The file appears at once
    when it is complete. Version 2.0 may be named `.ts`.

    Raises `TouchstoneError` unless the suffix of `path` is `.sNp` with the network's number of ports and it can be written.
    """
    path, form = Path(path), form or TouchstoneFormat()
    check_touchstone_name(path, network.ports, form)
    check_output("out", path)
    packed = path.suffix.lower() == ".gz"
    # beside, then moved: a broken run leaves no half a file under the name
    with replacing("out", path) as beside, _opened(beside, packed=packed) as file:
        _write(file, network, comment, form)


def check_touchstone_name(path: Path, ports: int, form: TouchstoneFormat | None = None) -> None:
    """`TouchstoneError` unless a file of so many `ports` may be called so."""
    # a packed file's own suffix stands before .gz
    suffix = path.with_suffix("").suffix if path.suffix.lower() == ".gz" else path.suffix
    named_alike = form is not None and form.version == "2.0" and suffix.lower() == ".ts"
    if suffix.lower() != f".s{ports}p" and not named_alike:
        raise TouchstoneError(f"{path}: suffix must be .s{ports}p for {ports} ports, got {suffix!r}. Rename the file.")


def _opened(path: Path, *, packed: bool) -> IO[str]:
    return gzip.open(path, "wt", encoding="utf-8") if packed else open(path, "w", encoding="utf-8")


def _write(file: IO[str], network: Network, comment: str, form: TouchstoneFormat) -> None:
    file.writelines(f"! {line}\n" for line in comment.splitlines())
    file.writelines(f"{line}\n" for line in _head(network, form))
    # many lines for one call of the system
    lines: list[str] = []
    for line in _data_lines(network, form):
        lines.append(line)
        if len(lines) == _LINES_AT_ONCE:
            file.write("\n".join(lines) + "\n")
            lines.clear()
    file.write("\n".join(lines) + "\n")
    if form.version == "2.0":
        file.write("[End]\n")


def _head(network: Network, form: TouchstoneFormat) -> Iterator[str]:
    # 'repr' has as many digits as bring the number back bit by bit
    option = f"# {form.unit} S {form.layout} R {network.z0!r}"
    if form.version == "1.1":
        if form.mixed_mode is not None:
            yield from _column_heads(form.mixed_mode, network.ports)
        yield option
        return
    yield "[Version] 2.0"
    yield option
    yield f"[Number of Ports] {network.ports}"
    if network.ports == 2:
        # 12_21: row by row, as everywhere else in the file
        yield "[Two-Port Data Order] 12_21"
    yield f"[Number of Frequencies] {network.frequency.size}"
    yield f"[Reference] {' '.join([repr(network.z0)] * network.ports)}"
    if form.mixed_mode is not None:
        yield f"[Mixed-Mode Order] {form.mixed_mode}"
    yield "[Network Data]"


def _column_heads(mixed_mode: str, ports: int) -> Iterator[str]:
    """Comments that tell readers of version 1 the modes of the rows: pair n stands for ports 2n-1 and 2n."""
    modes = parse_modal_order(mixed_mode, ports)
    # pair n by the larger of its ports 2n - 1 and 2n
    numbers = [(mode.kind, (mode.ports[-1] + 1) // 2) for mode in modes]
    if any(mode.kind == "S" or mode.ports != (2 * n - 1, 2 * n) for mode, (_, n) in zip(modes, numbers, strict=True)):
        raise TouchstoneError(
            f"mixed modes of version 1.1 must be of the pairs 1,2 3,4 …, got {mixed_mode}. Write version 2.0, or order the ports "
            "so (13-24)."
        )
    for out, row in numbers:
        yield "! " + " ".join(f"S{out}{into}{row}{column}" for into, column in numbers)


def _data_lines(network: Network, form: TouchstoneFormat) -> Iterator[str]:
    """One line a frequency for up to two ports, else one a row of the matrix."""
    ports = network.ports
    for start in range(0, network.frequency.size, _LINES_AT_ONCE):
        part = slice(start, start + _LINES_AT_ONCE)
        s = network.s[part]
        if ports == 2 and form.version == "1.1":
            # version 1.1 writes two-ports column by column
            s = s.swapaxes(1, 2)
        # rows of P entries, each two numbers
        flat = np.stack(_numbers(s, form.layout), axis=-1).reshape(len(s), ports, 2 * ports)
        for hertz, rows in zip((network.frequency[part] / _HERTZ[form.unit]).tolist(), flat.tolist(), strict=True):
            texts = [" ".join(map(repr, row)) for row in rows]
            yield f"{hertz!r} " + (" ".join(texts) if ports <= 2 else "\n ".join(texts))


def _numbers(s: NDArray[np.complex128], layout: Layout) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if layout == "RI":
        return s.real, s.imag
    magnitude, degrees = np.abs(s), np.angle(s, deg=True)
    if layout == "MA":
        return magnitude, degrees
    # S = 0: minus infinity becomes the smallest level that any reader takes
    with np.errstate(divide="ignore"):
        return np.maximum(20.0 * np.log10(magnitude), _SMALLEST_DB), degrees

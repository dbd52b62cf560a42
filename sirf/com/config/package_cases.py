"""Device packages and host boards of a configuration workbook: one test case for each column of z_p."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sirf.channel.die_to_die import HostBoards, PackageCase
from sirf.channel.package import Package, PackageLine
from sirf.com.config.keywords import PACKAGE_BLOCK
from sirf.com.config.sheet import NANO, Sheet
from sirf.errors import ConfigError

_FILLED_Z_C = 100.0
"""Impedance in ohm of a package section that only the other end's block has."""


@dataclass(frozen=True, slots=True)
class SheetEnds:
    """Where each end's package values stand: the sheet itself, or the blocks that PKG_NAME names."""

    transmitter: Sheet
    receiver: Sheet


# a block may say more of one end than the other, as chip-to-module hosts and modules differ
def sheet_ends(sheet: Sheet) -> SheetEnds:
    """PKG_NAME with one block for both ends, or the transmitter's and the receiver's."""
    names = sheet.text("PKG_NAME").split()
    if not names:
        return SheetEnds(sheet, sheet)
    # the reference code has one name for both ends, or one each
    if len(names) > 2:
        raise ConfigError(
            f"{sheet.name}: PKG_NAME at {sheet.where('PKG_NAME')} must name one block, or the transmitter's and the receiver's, "
            f"got {len(names)} names. Keep two."
        )
    for name in names:
        if name not in sheet.blocks:
            raise ConfigError(
                f"{sheet.name}: PKG_NAME at {sheet.where('PKG_NAME')} must name blocks of the workbook "
                f"({', '.join(sheet.blocks) or 'it has none'}), got {name!r}. Add .START {name} … .END."
            )
    # a change of the sheet's own keyword would be read and then lost, since the block stands in its place
    overruled = [cell for key, cell in sheet.cells.items() if key in PACKAGE_BLOCK and cell.where.startswith("--set")]
    if overruled:
        keyword = overruled[0].keyword
        raise ConfigError(
            f"{sheet.name}: {keyword} must be changed in the block, since PKG_NAME takes it from {names[0]}. "
            f"Write --set '{names[0]}.{keyword}=…'."
        )
    # the last name is the receiver's, and with one name both are the same
    return SheetEnds(sheet.blocks[names[0]], sheet.blocks[names[-1]])


def sheet_package_cases(sheet: Sheet) -> tuple[PackageCase, ...]:
    """The packages of all test cases.

    As in the reference code each end has the lines of its own block. A NEXT aggressor's transmitter has the lengths of the
    receiver's block and everything else of the transmitter's.
    """
    ends = sheet_ends(sheet)
    lengths = {
        "TX": _lengths(ends.transmitter, "TX"),
        "FEXT": _lengths(ends.transmitter, "FEXT"),
        "NEXT": _lengths(ends.receiver, "NEXT"),
        # a NEXT transmitter sits in the victim's receiver: the same device, so the same lengths
        "RX": _lengths(ends.receiver, "RX"),
    }
    # z_p has one row a section and one column a test case
    cases, boards = lengths["TX"].shape[1], _boards(sheet)
    for end, matrix in lengths.items():
        # test cases are columns: a shorter row would give one end the lengths of another case
        if matrix.shape[1] != cases:
            raise ConfigError(
                f"{sheet.name}: z_p ({end}) must have the {cases} test cases of z_p (TX), got {matrix.shape[1]}. Mend the cell."
            )

    def package(side: str, case: int, source: Sheet, column: int) -> Package:
        return Package(
            die=_die(sheet, column),
            c_b=_of_side(sheet, "C_b", column) * NANO,
            lines=_sections(_impedances(source, column), lengths[side][:, case]),
            c_p=_of_side(source, "C_p", column) * NANO,
            # 50 ohm a line, 100 ohm a pair
            r_0=sheet.positive("R_0", 50.0),
            r_d=_of_side(source, "R_d", column, 50.0),
            **_line_table(source, "package"),
        )

    return tuple(
        PackageCase(
            transmitter=package("TX", case, ends.transmitter, 0),
            fext=package("FEXT", case, ends.transmitter, 0),
            next=package("NEXT", case, ends.transmitter, 0),
            receiver=package("RX", case, ends.receiver, 1),
            boards=boards,
        )
        for case in range(cases)
    )


def _lengths(source: Sheet, end: str) -> NDArray[np.float64]:
    """z_p of one end (sections, test cases) in mm; all four ends of a sheet or block have the same shape."""
    shape = source.matrix("z_p (TX)").shape
    matrix = source.matrix(f"z_p ({end})")
    # one, two or four sections are what the Annexes' packages have; other counts come from a cell with a slip in it
    if matrix.shape != shape or matrix.shape[0] not in (1, 2, 4):
        raise ConfigError(
            f"{source.name}: z_p ({end}) at {source.where(f'z_p ({end})')} must have the {shape[0]} x {shape[1]} values of "
            f"z_p (TX) in 1, 2 or 4 rows, got {matrix.shape[0]} x {matrix.shape[1]}. Mend the cell."
        )
    return matrix


def _impedances(source: Sheet, column: int) -> NDArray[np.float64]:
    """package_Z_c of one end in ohm, one value a section."""
    impedance, sections = source.matrix("package_Z_c"), source.matrix("z_p (TX)").shape[0]
    if impedance.shape[0] != sections or impedance.shape[1] not in (1, 2):
        raise ConfigError(
            f"{source.name}: package_Z_c at {source.where('package_Z_c')} must have {sections} rows of [TX RX], got "
            f"{impedance.shape[0]} x {impedance.shape[1]}. Mend the cell."
        )
    return impedance[:, min(column, impedance.shape[1] - 1)]


def _sections(impedance: NDArray[np.float64], length_mm: NDArray[np.float64]) -> tuple[PackageLine, ...]:
    """Line sections; the reference code fills the shorter of two tables up with 100 ohm or no length."""
    count = max(impedance.size, length_mm.size)
    z_c = np.concatenate((impedance, np.full(count - impedance.size, _FILLED_Z_C)))
    length = np.concatenate((length_mm, np.zeros(count - length_mm.size)))
    return tuple(PackageLine(z_c=float(z), length_mm=float(mm)) for z, mm in zip(z_c, length, strict=True))


def _die(sheet: Sheet, column: int) -> tuple[tuple[float, float], ...]:
    """Die stages (C_d in F, L_s in H) of one side: rows [TX; RX] of stages, or [TX RX] of one stage."""

    def stages(keyword: str) -> NDArray[np.float64]:
        matrix = sheet.matrix(keyword, "0")
        # a row of two values is [TX RX] of one stage, never two stages of one side
        if matrix.shape == (1, 2):
            return matrix[:, column]
        if matrix.shape[0] > 2 or matrix.size == 0:
            raise ConfigError(
                f"{sheet.name}: {keyword} at {sheet.where(keyword)} must be [TX RX] or rows [TX stages; RX stages], got "
                f"{sheet.text(keyword)!r}. Mend the cell."
            )
        return np.asarray(matrix[min(column, matrix.shape[0] - 1)])

    # the shorter of both lists goes on with nothing: no inductance, no capacitance
    capacitance, inductance = stages("C_d"), stages("L_s")
    count = max(capacitance.size, inductance.size)
    pad = [np.concatenate((values, np.zeros(count - values.size))) for values in (capacitance, inductance)]
    return tuple((float(c) * NANO, float(ind) * NANO) for c, ind in zip(*pad, strict=True))


def _of_side(sheet: Sheet, keyword: str, column: int, default: float = 0.0) -> float:
    values = sheet.row(keyword, repr(default))
    if len(values) not in (1, 2):
        raise ConfigError(
            f"{sheet.name}: {keyword} at {sheet.where(keyword)} must be [TX RX], got {sheet.text(keyword)!r}. Mend the cell."
        )
    return values[min(column, len(values) - 1)]


def _line_table(sheet: Sheet, what: str) -> dict[str, float]:
    # Table 93A-3's line for packages, Table 92-12's for boards: defaults of the reference code for sheets without these
    defaults = {"package": ("[0 1.734e-3 1.455e-4]", 6.141e-3), "board": ("[0 4.114e-4 2.547e-4]", 6.191e-3)}[what]
    key = f"{what}_tl_gamma0_a1_a2"
    values = sheet.row(key, defaults[0])
    if len(values) != 3:
        raise ConfigError(
            f"{sheet.name}: {key} at {sheet.where(key)} must be [gamma0 a1 a2], got {len(values)} values."
        )
    return {"gamma0": values[0], "a1": values[1], "a2": values[2], "tau": sheet.number(f"{what}_tl_tau", defaults[1])}


def _boards(sheet: Sheet) -> HostBoards:
    """Include PCB 1: boards on both sides; 2: at the receiver only; 0: none."""
    include = sheet.integer("Include PCB", 0)
    if include == 0:
        return HostBoards()
    if include > 2:
        raise ConfigError(
            f"{sheet.name}: Include PCB at {sheet.where('Include PCB')} must be 0, 1 or 2, got {include}."
        )
    table = _line_table(sheet, "board")

    def side(name: str, default: float, column: int) -> Package:
        # lengths of the reference boards of clause 92.10.7, which the reference code takes where the sheet is silent
        line = PackageLine(
            z_c=_of_side(sheet, "board_Z_c", column, 109.8),
            length_mm=sheet.number(f"z_bp ({name})", default, least=0.0),
        )
        return Package(
            die=((_of_side(sheet, "C_0", column) * NANO, 0.0),),
            lines=(line,),
            c_p=_of_side(sheet, "C_1", column) * NANO,
            r_0=sheet.number("R_0", 50.0),
            **table,
        )

    return HostBoards(
        # with Include PCB 2 a board stands before the receiver alone: the transmitter's end was measured with its own
        transmitter=side("TX", 151.0, 0) if include == 1 else None,
        fext=side("FEXT", 72.0, 0) if include == 1 else None,
        next_near=side("RX", 151.0, 0) if include == 1 else None,
        next_far=side("NEXT", 72.0, 1),
        receiver=side("RX", 151.0, 1),
    )

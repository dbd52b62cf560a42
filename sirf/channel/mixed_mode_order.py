"""Mixed-mode files: which row of the matrix is which mode of which ports, and the way back to single-ended ports."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from sirf._arrays import Complex
from sirf.errors import SirfError

_MODE = re.compile(r"([DCS])(\d{1,4})(?:,(\d{1,4}))?", re.IGNORECASE)
_LABEL = re.compile(r"S\(?([DC])([DC])(\d)(\d)(?!\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mode:
    """One row of a mixed-mode matrix: `kind` D (differential), C (common) or S (single-ended) of `ports`, from 1."""

    kind: str
    ports: tuple[int, ...]

    def __str__(self) -> str:
        """As in [Mixed-Mode Order]: D1,2 or S3."""
        return self.kind + ",".join(map(str, self.ports))


def parse_modal_order(value: str, ports: int) -> tuple[Mode, ...]:
    """Modes of "D1,2 D3,4 C1,2 C3,4", one a row of a `ports`-port matrix.

    Raises `SirfError` unless every port has one single-ended mode, or a differential and a common mode with one partner.
    """
    modes = []
    # blanks around the comma are no separators
    for token in re.sub(r"\s*,\s*", ",", value).split():
        match = _MODE.fullmatch(token)
        # a single-ended mode has one port, the others two
        if match is None or (match.group(3) is None) != (match.group(1).upper() == "S"):
            raise SirfError(f"mixed-mode order must list D1,2, C1,2 or S1, got {token[:40]!r}. Repair that entry.")
        modes.append(Mode(match.group(1).upper(), tuple(int(port) for port in match.groups()[1:] if port)))
    _check_modes(modes, ports)
    return tuple(modes)


def modal_order_of_comments(comments: str, ports: int) -> str | None:
    """Modal order that the column heads SDD11, SDC11, … in `comments` tell; None where they name no such matrix.

    Pair n stands for ports 2n-1 and 2n. A two-port with only differential modes gives None: it is the pair itself.
    Raises `SirfError` when the heads name all entries of such a matrix but not in its order, or leave out the common modes.
    """
    labels = [tuple(part.upper() for part in match) for match in _LABEL.findall(comments)]
    labels = list(dict.fromkeys(labels))
    if len(labels) != ports**2:
        return None
    diagonal = [(out, row) for out, into, row, column in labels if out == into and row == column]
    rows = [(out, into, row, column) for out, row in diagonal for into, column in diagonal]
    columns = [(out, into, row, column) for into, column in diagonal for out, row in diagonal]
    # two-ports of version 1 stand column by column, all others row by row
    if labels not in (rows, columns if ports == 2 else rows):
        raise SirfError(
            "column heads of a mixed-mode matrix must go row by row, got another order in the comments. "
            "Give mixed_mode='D1,2 D3,4 C1,2 C3,4' or the like."
        )
    if {kind for kind, _ in diagonal} == {"D"} and ports == 2:
        return None
    return " ".join(f"{kind}{2 * int(n) - 1},{2 * int(n)}" for kind, n in diagonal)


def single_ended(s: Complex, modes: tuple[Mode, ...], *, inverse: bool = False) -> Complex:
    """S (F, P, P) of the single-ended ports from that of `modes`; with `inverse` the other way.

    With a_d = (a_P - a_N) / sqrt 2 and a_c = (a_P + a_N) / sqrt 2 the modes are M a with an orthogonal M, so S = M^T S_mm M
    (Touchstone 2.1, appendix A). The reference of D is twice and of C half that of the two ports, which must be equal.
    """
    m = np.zeros((len(modes), len(modes)))
    for row, mode in enumerate(modes):
        if mode.kind == "S":
            m[row, mode.ports[0] - 1] = 1.0
        else:
            # M is orthogonal because both modes carry power: its inverse is its transpose
            m[row, [port - 1 for port in mode.ports]] = np.sqrt(0.5) * np.array(
                [1.0, -1.0 if mode.kind == "D" else 1.0]
            )
    return np.asarray(m @ s @ m.T if inverse else m.T @ s @ m)


def _check_modes(modes: list[Mode], ports: int) -> None:
    if len(modes) != ports:
        raise SirfError(f"mixed-mode order must list {ports} modes, one a port, got {len(modes)}. Repair the order.")
    seen = {kind: sorted(tuple(sorted(mode.ports)) for mode in modes if mode.kind == kind) for kind in ("D", "C", "S")}
    if seen["D"] != seen["C"]:
        raise SirfError(
            "mixed-mode order must give each pair a differential and a common mode, got "
            f"{' '.join(map(str, modes))}. Repair the order, or export the single-ended ports."
        )
    used = sorted(port for pair in seen["D"] + seen["S"] for port in pair)
    if used != list(range(1, ports + 1)):
        raise SirfError(
            f"mixed-mode order must use each port from 1 to {ports} once, got {' '.join(map(str, modes))}. "
            "Repair the order."
        )

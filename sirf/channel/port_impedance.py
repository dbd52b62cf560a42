"""Reference impedances of ports: those that field solvers write in comments, and data brought from them to a real reference.

Solvers and scikit-rf (`write_z0=True`) put `! Port Impedance` with one complex number a port, or a matrix whose diagonal
counts, behind the data of every frequency, because Touchstone 1 has no place for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

import numpy as np

from sirf._arrays import Complex, Float
from sirf.channel.file_text import FileText, TextBlock
from sirf.errors import SirfError

Waves: TypeAlias = Literal["power", "pseudo", "traveling"]
"""Definition of the waves at a complex reference; all three are one at a real reference."""

SOLVER_WAVES: Waves = "traveling"
"""Definition that field solvers export by default."""
_START = re.compile(r"\s*!\s*Port\s*Impedance(?:\s*[:=!])?([\s\d.eE+-]+)", re.IGNORECASE)
"""Nothing but numbers behind the words; a sentence about impedances is left alone."""
_NUMBERS = re.compile(r"(?:\s*!)?([\s\d.eE+-]+)")
_WAVES = re.compile(r"S-parameter uses the (\w+) definition", re.IGNORECASE)
_NOT_RENORMALISED = re.compile(r"data\s+(?:is|are)\s+not\s+re-?normali[sz]ed", re.IGNORECASE)


@dataclass(slots=True)
class PortImpedanceComments:
    """Collects the `! Port Impedance` comments of a file, block by block; `values` has one list of numbers for each."""

    text: FileText
    values: list[list[float]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    _open: bool = False

    def take(self, block: TextBlock) -> None:
        """Read the comments of the next block; a list may go on over lines of comment that hold only numbers."""
        if "!" not in block.raw or not (self._open or "mpedance" in block.raw or "MPEDANCE" in block.raw):
            self._open = False
            # the list may go on in the next block only if it reaches this one's end
            return
        for number, line in enumerate(block.raw.split("\n"), start=block.first_line):
            if self._open and "!" in line and (more := _floats(_NUMBERS.fullmatch(line))):
                self.values[-1] += more
                continue
            found = _floats(_START.fullmatch(line)) if "mpedance" in line.lower() else []
            if not found:
                # an empty line, as behind the last line break of a block, ends no list
                self._open = self._open and not line
                continue
            self._open = True
            self.values.append(found)
            self.lines.append(number)

    def impedances(self, points: int, ports: int) -> Complex | None:
        """Impedance in ohm of each port (1, P), or (F, P) where it changes over frequency; None where no comment names any.

        Raises `TouchstoneError` unless there is one list for all or one a frequency, each of P or P x P complex numbers, of P
        real ones or of one, none of them zero on the diagonal.
        """
        if not self.values:
            return None
        allowed = (2 * ports, 2 * ports**2)
        # kept as real and imaginary parts in turn: a view makes complex numbers of them without a copy
        rows = [_complex_pairs(row, ports) for row in self.values]
        wrong = next((k for k, row in enumerate(rows) if len(row) not in allowed or len(row) != len(rows[0])), None)
        if wrong is not None:
            self.text.fail(
                self.lines[wrong],
                f"port impedances must be {allowed[0]} or {allowed[1]} numbers for {ports} ports, got "
                f"{len(self.values[wrong])}. Repair the comment.",
            )
        flat = np.array(rows).view(np.complex128)
        # of a matrix only the diagonal is a port's own impedance
        found = flat if flat.shape[1] == ports else flat.reshape(-1, ports, ports)[:, range(ports), range(ports)]
        bad = ~(np.isfinite(found) & (found != 0)).all(axis=1)
        if bad.any():
            self.text.fail(
                self.lines[int(np.argmax(bad))], "port impedances must be finite and not zero. Repair the comment."
            )
        # solvers repeat one line for every frequency
        if np.all(found == found[0]):
            return found[:1]
        if len(found) != points:
            self.text.fail(
                self.lines[0],
                f"port impedances in the comments must stand once or once a frequency, got {len(found)} different ones for "
                f"{points} frequencies. Repair the comments, or give the reference (--z0 50).",
            )
        return found


def _floats(match: re.Match[str] | None) -> list[float]:
    """The numbers of a match; none where a word is no number after all."""
    try:
        return [] if match is None else [float(word) for word in match.group(1).split()]
    except ValueError:
        return []


def _complex_pairs(values: list[float], ports: int) -> list[float]:
    """Real and imaginary parts in turn, from one real number for all ports or one for each."""
    # for one port both readings have two numbers: then they are one complex one
    if len(values) not in (1, ports) or len(values) == 2 * ports:
        return values
    row = np.zeros(2 * ports)
    row[::2] = values
    return list(row)


def says_not_renormalised(comments: str) -> bool:
    """Whether the head says that the data are at the ports' own impedances."""
    return _NOT_RENORMALISED.search(comments) is not None


def waves_of_comments(comments: str) -> Waves:
    """Wave definition that the comments name, else the one that field solvers use."""
    match = _WAVES.search(comments)
    word = match.group(1).lower() if match else SOLVER_WAVES
    # an unknown word is most likely a solver's own: its default stays
    return next((waves for waves in get_args(Waves) if waves == word), SOLVER_WAVES)


def renormalized_waves(s: Complex, old: Complex, new: Float, *, waves: Waves = "power") -> Complex:
    """S (F, P, P) at the real references `new` (P,) in ohm, from S at the complex `old` (1, P) or (F, P) of the `waves` given.

    Voltage and current of a port are linear in its old waves, and its new waves in them: a' = p a + q b, b' = r a + u b, hence
    S' = (r + u S) (p + q S)^-1. Power waves: Kurokawa, IEEE Trans. MTT 13 (1965); pseudo waves: Marks and Williams, J. Res.
    NIST 97 (1992).

    Raises `SirfError` where a reference has no positive resistance (power and pseudo waves) or p + q S has no inverse.
    """
    # power and pseudo waves are scaled by the root of a resistance, which a reactance does not have
    if waves != "traveling" and not np.all(old.real > 0):
        raise SirfError(
            f"port impedances must have a positive resistance for {waves} waves, got {old.real.min():g} ohm. Repair them, or "
            "give the reference (--z0 50)."
        )
    # (V, I) = (va a + vb b, ia a + ib b)
    va: Complex
    vb: Complex
    ia: Complex
    ib: Complex
    if waves == "power":
        root = np.sqrt(old.real).astype(np.complex128)
        # Kurokawa: a = (V + Z I) / (2 sqrt R), b = (V - Z* I) / (2 sqrt R), solved for V and I
        va, vb, ia, ib = old.conj() / root, old / root, 1.0 / root, -1.0 / root
    else:
        scale = np.asarray(
            # pseudo and travelling waves: V = c (a + b), I = c (a - b) / Z, with another c
            np.sqrt(old) if waves == "traveling" else np.abs(old) / np.sqrt(old.real),
            dtype=np.complex128,
        )
        va, vb, ia, ib = scale, scale, scale / old, -scale / old
    # new waves at a real reference: a' = (V + Z I) / (2 sqrt Z), b' = (V - Z I) / (2 sqrt Z)
    half, z = 0.5 / np.sqrt(new), new
    p, q = half * (va + z * ia), half * (vb + z * ib)
    r, u = half * (va - z * ia), half * (vb - z * ib)
    eye = np.eye(s.shape[1])
    numerator = r[:, :, None] * eye + u[:, :, None] * s
    denominator = p[:, :, None] * eye + q[:, :, None] * s
    try:
        # N D^-1 as (D'^-1 N')': NumPy solves from the left only
        moved = np.linalg.solve(denominator.swapaxes(1, 2), numerator.swapaxes(1, 2)).swapaxes(1, 2)
    except np.linalg.LinAlgError:
        raise SirfError(
            "s must allow another reference impedance, got a matrix without inverse. The network is far from passive; repair "
            "its data."
        ) from None
    return np.ascontiguousarray(moved)


def scattering(parameter: str, value: Complex, z0: float) -> Complex:
    """S (F, P, P) at `z0` ohm of Z in ohm, Y in S, or the hybrid G and H of two ports, after D. A. Frickey, IEEE Trans. MTT 42.

    Raises `SirfError` for hybrid parameters of other than two ports, or a matrix without S-parameters.
    """
    eye = np.eye(value.shape[1])
    if parameter in "GH":
        if value.shape[1] != 2:
            raise SirfError(f"{parameter}-parameters must have 2 ports, got {value.shape[1]}. Convert the file first.")
        return _scattering_of_hybrid(parameter, value, z0)
    try:
        if parameter == "Z":
            # in units of the reference, (z + 1) S = z - 1
            ratio = value / z0
            return np.asarray(np.linalg.solve(ratio + eye, ratio - eye), dtype=np.complex128)
        ratio = value * z0
        # likewise (1 + y) S = 1 - y
        return np.asarray(np.linalg.solve(eye + ratio, eye - ratio), dtype=np.complex128)
    except np.linalg.LinAlgError:
        raise SirfError(f"{parameter}-parameters must have an S-matrix, got one without. Repair the data.") from None


def _scattering_of_hybrid(parameter: str, value: Complex, z0: float) -> Complex:
    """H: (V1, I2) = H (I1, V2). G is its inverse; with G's current of port 1 and voltage of port 2, signs change."""
    # all entries in units of the reference: the formulas have no z0 left
    scale = z0 if parameter == "H" else 1.0 / z0
    h11, h12, h21, h22 = value[:, 0, 0] / scale, value[:, 0, 1], value[:, 1, 0], value[:, 1, 1] * scale
    sign = 1.0 if parameter == "H" else -1.0
    total = (1.0 + h11) * (1.0 + h22) - h12 * h21
    s = np.empty_like(value)
    # a vanishing 'total' is found just below, with the words of the user
    with np.errstate(divide="ignore", invalid="ignore"):
        s[:, 0, 0] = sign * ((h11 - 1.0) * (h22 + 1.0) - h12 * h21) / total
        s[:, 0, 1] = sign * 2.0 * h12 / total
        s[:, 1, 0] = -sign * 2.0 * h21 / total
        s[:, 1, 1] = sign * ((1.0 + h11) * (1.0 - h22) + h12 * h21) / total
    if not np.all(np.isfinite(s)):
        raise SirfError(f"{parameter}-parameters must have an S-matrix, got one without. Repair the data.")
    return s

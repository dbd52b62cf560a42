"""A fast choice of the reference equaliser of Annex 178A: CTLE and transmitter taps are improved in turn until neither moves.

The full grid of 200GBASE-KR1 has 190 000 settings; a study that needs a margin at many channels asks for a few thousand of them.
The receiver behind each is the one of least error, as in the full search. Floating taps are placed once, at the end. The answer
is a local optimum: never better than the full grid's, and within a tenth of a dB where that was compared.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf.com.config.settings import ComSettings
from sirf.com.reference_receiver import CaseReceiver, reference_receiver
from sirf.com.responses import PathResponse
from sirf.com.search import gain_settings
from sirf.com.sequence_margin import SequenceMargin, sequence_margin
from sirf.com.slicer_noise import SlicerNoise, slicer_noise
from sirf.errors import NoSettingError
from sirf.units import db20

MAX_ROUNDS = 6
_STRIDE = 4
"""Every so manyth sampling offset is looked at while CTLE and taps are searched."""
_STARTS = 5
"""Transmitter settings, spread over the grid, with which every CTLE setting is tried at first."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuickMargin:
    """COM at the setting found: `com_db` with what sequence detection adds (`sequence`, None without), gains in dB, taps (K,).

    `noise` is what reaches the slicer, `interference` A_ni in V; `evaluated` counts settings looked at.
    """

    com_db: float
    gains: tuple[float, float]
    taps: Float
    noise: SlicerNoise
    interference: float
    sequence: SequenceMargin | None
    evaluated: int

    @property
    def signal(self) -> float:
        """A_s in V, with the gain of sequence detection in it."""
        gain = 0.0 if self.sequence is None else self.sequence.gain_db
        return float(self.noise.signal * 10.0 ** (gain / 20.0))


def quick_margin(paths: tuple[PathResponse, ...], settings: ComSettings) -> QuickMargin:
    """COM of these paths at a setting that improvements in turn lead to; `NoSettingError` where no receiver passes."""
    ffe = settings.receiver.ffe
    assert ffe is not None
    # without floating taps, which cost most of a receiver's time: they are placed once, at the setting found
    fixed = replace(settings, receiver=replace(settings.receiver, ffe=replace(ffe, groups=0, group_taps=0)))
    gains, row, evaluated = _Alternation(reference_receiver(paths, fixed)).best()
    receiver = reference_receiver(paths, settings)
    tables = receiver.tables(gains)
    errors = tables.errors(np.array([row]))[0]
    found = None
    # by rising error, until a receiver passes with the converter's step of the distribution itself
    for place in np.argsort(errors, kind="stable"):
        if not np.isfinite(errors[place]):
            break
        found = receiver.receiver(gains, receiver.grid.taps[row], int(tables.instants[row] + tables.offsets[place]))
        if found is not None:
            break
    if found is None:
        raise _nothing(paths)
    taps = receiver.grid.taps[row]
    noise = slicer_noise(receiver, gains, taps, found)
    interference = noise.total.magnitude_at(settings.der0)
    sequence = None
    if settings.receiver.detector.mlse:
        sequence = sequence_margin(noise, float(found.b[0]), settings, receiver.rules)
    com_db = float(db20(noise.signal / interference)) + (0.0 if sequence is None else sequence.gain_db)
    return QuickMargin(
        com_db=com_db,
        gains=gains,
        taps=taps,
        noise=noise,
        interference=interference,
        sequence=sequence,
        evaluated=evaluated,
    )


def _nothing(paths: tuple[PathResponse, ...]) -> NoSettingError:
    return NoSettingError(
        f"some equaliser setting must pass for {paths[0].name or 'the channel'}, got none: every receiver is out of its limits. "
        "Use a channel with less loss."
    )


class _Alternation:
    """Errors of settings, looked up in turn along the CTLE's gains and along the transmitter's grid."""

    def __init__(self, receiver: CaseReceiver) -> None:
        ctle = receiver.settings.receiver.ctle
        self.receiver = receiver
        self.gains = [(ctle.g_dc_db[i], ctle.g_dc2_db[j]) for i, j in gain_settings(ctle)]
        self.evaluated = 0

    def best(self) -> tuple[tuple[float, float], int, int]:
        """(gains in dB, row of the transmitter's grid, settings looked at) of the least error found."""
        count = len(self.receiver.grid.taps)
        # spread over the grid, because which CTLE is best depends on how much the transmitter equalises
        rows = np.unique(np.linspace(0, count - 1, min(_STARTS, count)).astype(np.int64))
        # the setting with the largest c(0) too: the least equalisation that there is
        plain = int(np.argmax(self.receiver.grid.taps[:, self.receiver.grid.main]))
        gains, row, error = self._along_gains(np.unique(np.append(rows, plain)))
        for _ in range(MAX_ROUNDS):
            found, better = self._along_rows(gains)
            if not better < error:
                break
            row, error = found, better
            moved, found, better = self._along_gains(np.array([row]))
            if not better < error:
                break
            gains, error = moved, better
        if not np.isfinite(error):
            raise _nothing(self.receiver.paths)
        return gains, row, self.evaluated

    def _along_gains(self, rows: NDArray[np.int64]) -> tuple[tuple[float, float], int, float]:
        # sampling instants are found for every row of a grid: only these are asked for
        grid = self.receiver.grid
        narrow = replace(self.receiver, grid=replace(grid, taps=grid.taps[rows], places=grid.places[rows]))
        best = (self.gains[0], int(rows[0]), float("inf"))
        for gains in self.gains:
            place, error = self._least(narrow, gains)
            if error < best[2]:
                best = gains, int(rows[place]), error
        return best

    def _along_rows(self, gains: tuple[float, float]) -> tuple[int, float]:
        return self._least(self.receiver, gains)

    def _least(self, receiver: CaseReceiver, gains: tuple[float, float]) -> tuple[int, float]:
        """(row, error) of the best row of the receiver's grid."""
        rows = np.arange(len(receiver.grid.taps))
        # some offsets do to rank settings: the choice at the end looks at all
        errors = np.min(receiver.tables(gains).errors(rows, _STRIDE), axis=1)
        self.evaluated += rows.size
        place = int(np.argmin(errors))
        return place, float(errors[place])

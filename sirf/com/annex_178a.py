"""The choice of the reference equaliser in IEEE 802.3 Annex 178A: full grid, the reference code's local search, its adaptive one.

At every transmitter setting, CTLE setting and sampling offset the receiver of least error is taken, floating taps and converter
step included; the figure of merit is half a level spacing over the rms error. The searches take the converter's step from a
saddle point of its tail (`clipping_estimate`), within a thousandth of what the distribution gives that defines it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from sirf._arrays import Float
from sirf._kernels.com_adaptive import next_candidate
from sirf._kernels.floating_taps import ROUNDING
from sirf.com.config.settings import ComSettings
from sirf.com.ctle_tables import CtleTables
from sirf.com.full_search import Pair, best_pairs
from sirf.com.mmse import MmseReceiver
from sirf.com.reference_receiver import CaseReceiver, reference_receiver
from sirf.com.responses import PathResponse
from sirf.com.search import SearchPath, gain_settings, rising
from sirf.execution import tell
from sirf.units import from_db20

_CHUNK = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoundReceiver:
    """A setting: indices of the CTLE gains, of the row in the transmitter's grid, and the receiver made for it.

    `gains` are in dB, `taps` (K,) the transmitter's; `evaluated` counts the settings of transmitter and CTLE that were looked at
    at all sampling offsets (in a pruned full grid: those of which some offset was). `path` holds (g_dc, g_dc2, figure of merit in
    dB) of each setting that was better than all before, gains by their indices.
    """

    g_dc: int
    g_dc2: int
    row: int
    gains: tuple[float, float]
    taps: Float
    receiver: MmseReceiver
    fom_db: float
    evaluated: int
    path: SearchPath = ()


@dataclass(frozen=True, slots=True)
class _Best:
    error: float
    g_dc: int
    g_dc2: int
    row: int
    sample: int


def choose(
    paths: tuple[PathResponse, ...], settings: ComSettings, *, local: bool, prune: bool = True
) -> FoundReceiver | None:
    """The best setting by the search that the settings ask for (`local`) or by the full grid; None where no setting passes.

    The full grid leaves out what a bound proves to be worse; `prune=False` looks at all of it. Raises `ConfigError` for settings
    that the receiver cannot have.
    """
    return search(reference_receiver(paths, settings), local=local, prune=prune)


def search(
    receiver: CaseReceiver, *, local: bool, prune: bool = True, floor_db: float = -np.inf
) -> FoundReceiver | None:
    """As `choose`, for a receiver that is made already.

    `floor_db` is a figure of merit that some setting of a pruned full grid is known to reach: none below it is found.
    """
    settings = receiver.settings
    if not len(receiver.grid.taps):
        return None
    if not (local and settings.local_search):
        return _full(receiver, prune=prune, floor_db=floor_db)
    # a local search that is asked for is followed to the letter; only its last step counts
    steps, evaluated = (_adaptive if settings.adaptive_search else _local)(receiver)
    return None if not steps else _choice(receiver, steps[-1], evaluated, _path(receiver, steps))


def _path(receiver: CaseReceiver, steps: Iterable[_Best | Pair]) -> SearchPath:
    """Gains and figure of merit of settings in the order of the search, those better than all before."""
    level = _level(receiver)
    return rising((one.g_dc, one.g_dc2, float(20.0 * np.log10(level / np.sqrt(one.error)))) for one in steps)


def _level(receiver: CaseReceiver) -> float:
    """What a figure of merit holds the root of an error over sigma_X² against: half a level spacing."""
    settings = receiver.settings
    return settings.transmitter.level_mismatch / ((settings.levels - 1) * settings.sigma_x)


def _choice(receiver: CaseReceiver, best: _Best, evaluated: int, path: SearchPath) -> FoundReceiver | None:
    ctle, taps = receiver.settings.receiver.ctle, receiver.grid.taps[best.row]
    gains = (ctle.g_dc_db[best.g_dc], ctle.g_dc2_db[best.g_dc2])
    found = receiver.receiver(gains, taps, best.sample)
    if found is None:
        return None
    return FoundReceiver(
        g_dc=best.g_dc,
        g_dc2=best.g_dc2,
        row=best.row,
        gains=gains,
        taps=taps,
        receiver=found,
        fom_db=found.fom_db(receiver.settings),
        evaluated=evaluated,
        path=path,
    )


def _full(receiver: CaseReceiver, *, prune: bool, floor_db: float) -> FoundReceiver | None:
    """The least error of all; of equals the first in the order of the loops.

    Pairs come by their error with the estimated step. Those that its uncertainty lets be the best are made anew with the step of
    the distribution itself.
    """
    # above by a hair: the taps of the setting that reaches it were solved in another order of sums
    known = (_level(receiver) / from_db20(floor_db)) ** 2 * (1.0 + ROUNDING) if floor_db > -np.inf else np.inf
    pairs, evaluated, improved = best_pairs(receiver, prune=prune, known=known)
    path = _path(receiver, improved)
    best: FoundReceiver | None = None
    for pair in pairs:
        # pairs come by rising error: from here on none can be better, even by all that its slack hides
        if (
            best is not None
            and pair.error * (1.0 - pair.slack) * receiver.settings.sigma_x**2 > best.receiver.sigma_e**2
        ):
            break
        # the error was that of the estimated converter step: the receiver is made with the step of its distribution
        choice = _choice(receiver, _Best(pair.error, pair.g_dc, pair.g_dc2, pair.row, pair.sample), evaluated, path)
        if choice is not None and (best is None or _rank(choice) < _rank(best)):
            best = choice
    return best


def _rank(choice: FoundReceiver) -> tuple[float, int, int, int, int]:
    return choice.receiver.sigma_e, choice.g_dc, choice.g_dc2, choice.row, choice.receiver.sample


def _places(receiver: CaseReceiver) -> Iterator[tuple[tuple[int, int], Callable[[], CtleTables]]]:
    """Indices of the CTLE gains in the order of the loops, each with what makes its tables."""
    ctle = receiver.settings.receiver.ctle
    for i, j in gain_settings(ctle):
        yield (i, j), partial(receiver.tables, (ctle.g_dc_db[i], ctle.g_dc2_db[j]))


def _better(tables: CtleTables, errors: Float, place: tuple[int, int], row: int, best: _Best | None) -> _Best | None:
    """The setting of `row` with these errors (P,), where it beats the best so far."""
    p = int(np.argmin(errors))
    # an infinite error is a receiver out of its limits
    if not np.isfinite(errors[p]) or (best is not None and errors[p] >= best.error):
        return None
    return _Best(float(errors[p]), *place, row, int(tables.instants_of(np.array([row]))[0] + tables.offsets[p]))


def _local(receiver: CaseReceiver) -> tuple[list[_Best], int]:
    """The reference code's loops with its skipping rule: nothing further than `local_search` steps from the best so far.

    A tap counts only where the loop around it (g_DC2 for the first) is past its first value, g_DC2 where g_DC is. The settings
    better than all before, and the number of settings looked at.
    """
    grid, reach = receiver.grid, receiver.settings.local_search
    best: _Best | None = None
    steps: list[_Best] = []
    total = sum(1 for _ in gain_settings(receiver.settings.receiver.ctle))
    evaluated = 0
    for number, (place, make) in enumerate(_places(receiver)):
        tell("local search", number, total)
        if best is not None and place[0] > 0 and abs(place[1] - best.g_dc2) > reach:
            continue
        tables = make()
        around = np.column_stack((np.full(len(grid.places), place[1]), grid.places[:, :-1])) > 0
        row = 0
        while row < len(grid.taps):
            rows = np.arange(row, len(grid.taps))
            if best is not None and grid.places.shape[1]:
                far = np.abs(grid.places[row:] - grid.places[best.row]) > reach
                rows = rows[~np.any(around[row:] & far, axis=1)]
            # some rows at a time, because each better setting changes which rows the rule leaves
            rows = rows[:_CHUNK]
            if not rows.size:
                break
            errors = tables.errors(rows)
            row = int(rows[-1]) + 1
            for k in range(rows.size):
                evaluated += 1
                better = _better(tables, errors[k], place, int(rows[k]), best)
                if better is not None:
                    # the rule now asks for other rows than those looked at: go on behind this one
                    best, row = better, int(rows[k]) + 1
                    steps.append(better)
                    break
    return steps, evaluated


def _adaptive(receiver: CaseReceiver) -> tuple[list[_Best], int]:
    """The reference code's adaptive search: a radius about the best that shrinks while figures of merit hardly differ.

    The settings better than all before, and the number of settings looked at.
    """
    grid, settings = receiver.grid, receiver.settings
    reach, least = float(settings.local_search), settings.least_radius or (1.0 if len(grid.taps) == 1 else 2.0)
    # radius, near ties, rows seen, last difference in dB (below zero: none yet), rows looked at
    state = np.array([0.0, 0.0, 0.0, -1.0, 0.0])
    best: _Best | None = None
    steps: list[_Best] = []
    total = sum(1 for _ in gain_settings(settings.receiver.ctle))
    for number, (place, make) in enumerate(_places(receiver)):
        tell("adaptive search", number, total)
        tables: CtleTables | None = None
        row, gains = 0, np.array(place)
        while True:
            if best is not None:
                about = grid.places[best.row], gains, np.array((best.g_dc, best.g_dc2))
                row = next_candidate(grid.places, row, *about, reach, float(least), state)
            if row >= len(grid.taps):
                break
            # tables are made only where the rule leaves a setting to look at
            tables = tables or make()
            errors = tables.errors(np.array([row]))[0]
            state[4] += 1.0
            # the reference code's innermost loop is over instants: the last two figures of merit that it has seen are those
            # of this row's last two instants
            if errors.size > 1 and np.all(errors[-2:] < np.inf):
                state[3] = abs(10.0 * np.log10(errors[-1] / errors[-2]))
            better = _better(tables, errors, place, row, best)
            if better is not None:
                best = better
                steps.append(better)
            row += 1
    return steps, int(state[4])

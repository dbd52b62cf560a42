"""The equaliser search by the statistical bit error ratio: from the best figure of merit, one setting at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from sirf.engine.statistical.analysis import statistical_eye
from sirf.execution import tell
from sirf.presets import EqualizerLimits
from sirf.receiver.receiver import CTLE_GAINS, Ctle

if TYPE_CHECKING:
    from sirf.link import Link

Closed = Callable[["Link"], "Link"]


def refine_by_error_ratio(
    link: Link, *, limits: EqualizerLimits, freeze: Sequence[str], close: Closed, rounds: int = 6
) -> tuple[Link, tuple[tuple[str, float], ...], int]:
    """(link, path, tried): CTLE gains and Tx taps moved by single steps of `limits` while the bit error ratio falls.

    `close` sets what follows in closed form, Rx FFE and DFE, for every trial. The error ratio is that of decisions fed back.
    The path lists (what moved, bit error ratio), the start first.
    """
    best, ratio = link, _ratio(link)
    path = [("start", ratio)]
    tried = 1
    for round_number in range(rounds):
        improved = False
        for name, trial in _moves(best, limits, freeze):
            tell(f"by error ratio, {name}", round_number, rounds)
            found = close(trial)
            value = _ratio(found)
            tried += 1
            # rounding alone must not count as an improvement, or the walk turns in circles
            if value < ratio * (1.0 - 1e-6):
                best, ratio, improved = found, value, True
                path.append((name, value))
        if not improved:
            break
    return best, tuple(path), tried


def _ratio(link: Link) -> float:
    return statistical_eye(link, phases=1).ber


def _moves(link: Link, limits: EqualizerLimits, freeze: Sequence[str]) -> Iterator[tuple[str, Link]]:
    """Every link one step away."""
    ctle = link.receiver.ctle
    if isinstance(ctle, Ctle) and "ctle" not in freeze:
        for place, name in enumerate(CTLE_GAINS):
            for gain in _beside(ctle.gains_db[place], getattr(limits, name)):
                gains = (*ctle.gains_db[:place], gain, *ctle.gains_db[place + 1 :])
                yield f"{name} {gain:g}", _with_ctle(link, ctle.with_gains(gains))
    if "tx_ffe" in freeze:
        return
    tx = link.transmitter
    for cursor, allowed in limits.tx_ffe:
        index = tx.ffe_main + cursor
        if cursor == 0 or not 0 <= index < len(tx.ffe):
            continue
        for value in _beside(tx.ffe[index], allowed):
            taps = list(tx.ffe)
            taps[index] = value
            # the transmitter's peak is fixed: what the other taps take, the main one loses; rounded, so that steps of
            # 0.02 stay such
            taps[tx.ffe_main] = round(1.0 - sum(abs(tap) for i, tap in enumerate(taps) if i != tx.ffe_main), 12)
            if taps[tx.ffe_main] >= limits.tx_main_minimum:
                yield f"c({cursor}) {value:g}", link.replace(transmitter=dataclasses.replace(tx, ffe=tuple(taps)))


def _with_ctle(link: Link, ctle: Ctle) -> Link:
    return link.replace(receiver=dataclasses.replace(link.receiver, ctle=ctle))


def _beside(value: float, allowed: Sequence[float]) -> tuple[float, ...]:
    """The allowed values next to the present one."""
    if len(allowed) < 2:
        return ()
    ordered = sorted(allowed)
    here = min(range(len(ordered)), key=lambda i: abs(ordered[i] - value))
    return tuple(ordered[i] for i in (here - 1, here + 1) if 0 <= i < len(ordered))

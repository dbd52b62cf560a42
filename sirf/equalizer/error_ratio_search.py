"""The equaliser search by the statistical bit error ratio: from the best figure of merit, one setting at a time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from sirf.engine.statistical.analysis import statistical_eye
from sirf.execution import tell
from sirf.presets import EqualizerLimits
from sirf.receiver.receiver import CTLE_GAINS, Ctle

if TYPE_CHECKING:
    from sirf.link import Link

Closed = Callable[["Link"], "Link"]
Step = Callable[["Link", int], "tuple[str, Link] | None"]
"""Moves a link up (1) or down (-1): (what moved, the link), None where it can't."""


def refine_by_error_ratio(
    link: Link, *, limits: EqualizerLimits, freeze: Sequence[str], close: Closed, rounds: int = 6
) -> tuple[Link, tuple[tuple[str, float], ...], int]:
    """(link, path, tried): CTLE gains and Tx taps moved by single steps of `limits` while the bit error ratio falls.

    One gain or tap after the other is walked from the best setting yet, as far as that helps; `rounds` through all of them at
    most. `close` sets what follows in closed form, Rx FFE and DFE, for every trial. The error ratio is that of decisions fed
    back. The path lists (what moved, bit error ratio), the start first.
    """
    best, ratio = link, _ratio(link)
    path = [("start", ratio)]
    tried, seen = 1, {_setting(link)}
    for round_number in range(rounds):
        improved = False
        for step in _steps(link, limits, freeze):
            for direction in (-1, 1):
                before = ratio
                while (moved := step(best, direction)) is not None:
                    name, trial = moved
                    tell(f"by error ratio, {name}", round_number, rounds)
                    tried += 1
                    # a later round comes back to settings that were worse already
                    if _setting(trial) in seen:
                        break
                    seen.add(_setting(trial))
                    found = close(trial)
                    value = _ratio(found)
                    # rounding alone must not count as an improvement, or the walk turns in circles
                    if value >= ratio * (1.0 - 1e-6):
                        break
                    best, ratio, improved = found, value, True
                    path.append((name, value))
                if ratio < before:
                    # what helps one way hurts the other
                    break
        if not improved:
            break
    return best, tuple(path), tried


def _setting(link: Link) -> tuple[float, ...]:
    """What the walk moves: gains and taps."""
    ctle = link.receiver.ctle
    gains = ctle.gains_db if isinstance(ctle, Ctle) else ()
    # rounded, so that taps which differ in their last digits alone count as one setting
    return (*gains, *(round(tap, 9) for tap in link.transmitter.ffe))


def _ratio(link: Link) -> float:
    # the error ratio is read at the sampling phase: the rest of the eye would be computed for nothing
    return statistical_eye(link, phases=1).ber


def _steps(link: Link, limits: EqualizerLimits, freeze: Sequence[str]) -> list[Step]:
    """What moves one gain or tap of a link to the allowed value above or below."""
    steps: list[Step] = []
    ctle = link.receiver.ctle
    if isinstance(ctle, Ctle) and "ctle" not in freeze:
        steps += [partial(_gain_step, place, getattr(limits, name)) for place, name in enumerate(CTLE_GAINS)]
    # c(0) follows from the others
    if "tx_ffe" not in freeze:
        tx = link.transmitter
        inside = ((cursor, allowed) for cursor, allowed in limits.tx_ffe if cursor != 0)
        steps += [
            partial(_tap_step, cursor, allowed, limits.tx_main_minimum)
            for cursor, allowed in inside
            # taps that the transmitter does not have cannot move
            if 0 <= tx.ffe_main + cursor < len(tx.ffe)
        ]
    return steps


def _gain_step(place: int, allowed: Sequence[float], link: Link, direction: int) -> tuple[str, Link] | None:
    ctle = link.receiver.ctle
    assert isinstance(ctle, Ctle)
    gain = _beside(ctle.gains_db[place], allowed, direction)
    if gain is None:
        return None
    gains = (*ctle.gains_db[:place], gain, *ctle.gains_db[place + 1 :])
    return f"{CTLE_GAINS[place]} {gain:g}", _with_ctle(link, ctle.with_gains(gains))


def _tap_step(
    cursor: int, allowed: Sequence[float], main_minimum: float, link: Link, direction: int
) -> tuple[str, Link] | None:
    tx = link.transmitter
    index = tx.ffe_main + cursor
    value = _beside(tx.ffe[index], allowed, direction)
    if value is None:
        return None
    taps = list(tx.ffe)
    taps[index] = value
    # the transmitter's peak is fixed: what the other taps take, the main one loses; rounded, so that steps of 0.02 stay such
    taps[tx.ffe_main] = round(1.0 - sum(abs(tap) for i, tap in enumerate(taps) if i != tx.ffe_main), 12)
    if taps[tx.ffe_main] < main_minimum:
        return None
    return f"c({cursor}) {value:g}", link.replace(transmitter=dataclasses.replace(tx, ffe=tuple(taps)))


def _with_ctle(link: Link, ctle: Ctle) -> Link:
    return link.replace(receiver=dataclasses.replace(link.receiver, ctle=ctle))


def _beside(value: float, allowed: Sequence[float], direction: int) -> float | None:
    """The allowed value next to the present one, above or below; None at the end."""
    ordered = sorted(allowed)
    # from the nearest allowed value: the present one may lie beside the grid
    there = min(range(len(ordered)), key=lambda i: abs(ordered[i] - value)) + direction
    return ordered[there] if 0 <= there < len(ordered) else None

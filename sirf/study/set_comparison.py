"""The ways that compete for one job side by side: each at its own rate of a lane, all over the distance of the job."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from typing import Any

from sirf.execution import all_cores
from sirf.receiver.receiver import Thresholds, check_thresholds
from sirf.study.compare import grouped, rows_of
from sirf.study.comparison import Comparison, Row
from sirf.study.host_models import HostModels, check_used
from sirf.study.kernel_warmup import compile_shared
from sirf.study.rule import rule_of
from sirf.system.architecture import Architecture
from sirf.system.competition import Competition, load_set


def compare_set(
    competition: str | Competition,
    *,
    rule: str = "common",
    limit: Mapping[str, Any] | None = None,
    bounds: bool = True,
    sampled: bool = False,
    models: HostModels | None = None,
    thresholds: Thresholds = "adapted",
    progress: Callable[[str, int, int], None] | None = None,
) -> Comparison:
    """Rows as of `sirf.compare` for a set ("scale-up", "scale-out", "chiplet", or a TOML file), and who does its job.

    Other arguments as of `sirf.compare`. Fibre has the length of the job, copper its architecture's own: the row's reach says
    how far that goes. Raises `SirfError` for an unknown set or rule, and for a model that no row can take.
    """
    check_thresholds(thresholds)
    chosen = load_set(competition) if isinstance(competition, str) else competition
    models = HostModels() if models is None else models
    check_used(models, [item for item, _ in chosen.members])
    rules = {item.id: rule_of(rule, item, rate, limit=limit) for item, rate in chosen.members}
    # rows of one rate share their copper
    by_rate: dict[float, list[Architecture]] = {}
    for item, rate in chosen.members:
        by_rate.setdefault(rate, []).append(item)
    groups = [(group, rate) for rate, items in by_rate.items() for group in grouped(items, rate)]
    rows: dict[str, Row] = {}
    # groups of all rates go through one pool
    with all_cores(len(groups)) as pool:
        compile_shared(pool, light=any(item.at(rate).optics is not None for item, rate in chosen.members))
        pending = [
            pool.submit(rows_of, group, rate, [rules[item.id] for item in group], bounds, sampled, models, thresholds)
            for group, rate in groups
        ]
        for done in as_completed(pending):
            found = done.result()
            rows |= {row.path: row for row in found}
            if progress is not None:
                progress(f"{', '.join(row.path for row in found)} done", len(rows), len(rules))
    ordered = tuple(rows[item.id] for item, _ in chosen.members)
    # the longest text names the codes of rows that differ
    shared = max(rules.values(), key=lambda one: len(one.text))
    return Comparison(
        data_rate=max(rate for _, rate in chosen.members),
        rows=ordered,
        rule=shared,
        verdict=set_verdict(chosen, ordered),
        job=f"{chosen.title}, {distance_text(chosen.distance)}",
        carriers=tuple(row.path for row in ordered if spans(chosen, row)),
    )


def distance_text(metres: float) -> str:
    """A distance with a unit that suits it."""
    return f"{metres:g} m" if metres >= 1.0 else f"{1e3 * metres:g} mm"


def spans(chosen: Competition, row: Row) -> bool:
    """Whether a row carries the job: light over its fibre with its copper at its own length, copper alone over the distance."""
    item = next(item for item, _ in chosen.members if item.id == row.path)
    if row.reach_mm is None:
        return False
    # light spans the job with its fibre: its copper only has to work at its own length
    needed = row.length_mm if item.fibre_m else 1e3 * chosen.distance
    # the lesser of physics and of the class's budget
    reached = row.reach_mm if row.reach_budget_mm is None else min(row.reach_mm, row.reach_budget_mm)
    # within the tolerance of the reach a length meets by chance: the benefit of the doubt
    return reached * (1.0 + row.reach.tolerance) >= needed


def set_verdict(chosen: Competition, rows: Sequence[Row]) -> tuple[str, ...]:
    """Who does the job and for how much; who does not; where ranges leave the order open."""
    able = sorted((row for row in rows if spans(chosen, row)), key=lambda row: row.energy.value)
    unable = [row for row in rows if row not in able]
    where = distance_text(chosen.distance)
    if not able:
        return (f"None of these carries {where} by this rule.",)
    first = able[0]
    said = [
        f"Over {where} least energy is {first.path}'s, {_energy(first)}; then "
        + (", ".join(f"{row.path} {_energy(row)}" for row in able[1:]) or "nobody")
        + "."
    ]
    if unable:
        ends = ", ".join(f"{row.path} ({_end(row)})" for row in unable)
        said.append(f"Not over {where} by this rule and its classes: {ends}.")
    # a rival whose cheapest end is below the winner's dearest may well be cheaper
    rivals = [row.path for row in able[1:] if row.energy.low < first.energy.high]
    if rivals:
        said.append(f"The ranges of the energies leave {first.path} and {', '.join(rivals)} in one order or another.")
    return tuple(said)


def _energy(row: Row) -> str:
    return f"{row.energy.value:.1f} ({row.energy.low:.1f}-{row.energy.high:.1f}) pJ/bit"


def _end(row: Row) -> str:
    if row.reach_mm is None:
        return "at no length"
    reached = row.reach_mm if row.reach_budget_mm is None else min(row.reach_mm, row.reach_budget_mm)
    return f"ends at {reached:.0f} mm, {row.reach_bound_by}"

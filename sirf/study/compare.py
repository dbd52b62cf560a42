"""The main job: every way from a switch die to the far switch die side by side at one data rate."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from functools import lru_cache
from typing import Any

from sirf.ami.flow import modelled
from sirf.ami.parameter_search import ModelSearch, optimize_models
from sirf.engine.light.transmitter_closure import transmitter_tdec
from sirf.errors import SirfError
from sirf.execution import all_cores
from sirf.link import Link
from sirf.receiver.receiver import Thresholds, check_thresholds
from sirf.results.margin import EqualizerChoice
from sirf.study.channel_mask import mask_note, mask_verdict
from sirf.study.comparison import Comparison, Row
from sirf.study.fibre_reach import TDECQ_PATTERN
from sirf.study.figure import error_ratio
from sirf.study.figures import BANDED, FIGURES
from sirf.study.host_models import SEARCH_ALL, HostModels, check_used
from sirf.study.impairments import Limitation, limited_by
from sirf.study.kernel_warmup import compile_shared
from sirf.study.measurement import Measurement
from sirf.study.ratio_length import settings_of, trained, trained_alike
from sirf.study.rule import EYE_BER, Rule, rule_of
from sirf.study.ruled_reach import RuledReach, ruled_reach
from sirf.study.sections import optimized, path_of, sections
from sirf.study.subject import ArchitectureSubject, step_at
from sirf.study.uncertainty import length_of_equal_loss, reach_uncertainty
from sirf.study.verdict import verdict
from sirf.system.architecture import ORDER, Architecture, load_architecture
from sirf.system.corners import Corner, corner
from sirf.units import C0, Given, parse_data_rate

FINE_STEP, COARSE_STEP = 20e6, 40e6
"""Frequency steps in Hz at the own length and at the ends of the range of lengths: 50 and 25 ns about the delay."""
PHASES = 32
"""Sampling phases of the eyes, and samples per UI; widths are interpolated between them."""
RATES = (53.125e9, 106.25e9, 212.5e9, 425e9)
"""Data rates in bit/s on the line; the last is a projection."""
CORNER_PHASES = 16
"""Sampling phases and samples per UI at the ends of the inputs' ranges."""
CORNER_STRIDE = 1.2
"""Ratio of neighbouring lengths above the nominal reach: better inputs seldom give more."""
FIBRE_INDEX = 1.468
"""Group index of single-mode fibre at 1310 nm."""


def compare(
    paths: Sequence[str] = ORDER,
    *,
    data_rate: Given = 106.25e9,
    rule: str = "common",
    limit: Mapping[str, Any] | None = None,
    bounds: bool = True,
    sampled: bool = False,
    models: HostModels | None = None,
    thresholds: Thresholds = "adapted",
    progress: Callable[[str, int, int], None] | None = None,
) -> Comparison:
    """Eye, margin, error ratio, reach, energy, latency and density of each architecture at its default length, and a verdict.

    Parameters
    ----------
    paths
        Architecture ids (see `sirf.system.architecture.ORDER`), the family names "pluggable" and "cpo", or TOML files.
    data_rate
        53.125, 106.25, 212.5 or (a projection) 425 Gb/s on the line of each lane: "106.25Gb/s", or a number of bit/s.
        From 106.25 on every path has the
        interface it is built for; at 53.125 all share a yardstick.
    rule
        What reach is held against. "common": one rule for all rows, the frame loss ratio from host to host after FEC and the
        Channel Operating Margin of every section of copper (`sirf.study.rule.COMMON`). "own": the error ratio before FEC of each
        row's own presets; such reaches do not compare.
    limit
        A limit of your own in the rule's place, as in `sirf.reach`: {"ber": 1e-6}.
    bounds
        Also the shortest path with all inputs at the best end of their ranges, and the longest with all at the worst: low and
        high of loss, margin, eye, error ratios and TDECQ; and of reach with all inputs at either end.
    sampled
        Also the band of reach with random inputs, and what each input does to it (`sirf.study.uncertainty`).
    models
        Vendor models in place of the hosts' equalisers, in first and last sections that are copper alone; a row's notes say
        where. Their parameters keep the values that they are given with.
    thresholds
        Slicers behind light "adapted" to unequal levels and noise, as receivers do, or fixed "midway" between the levels.
    progress
        Called with (what is done now, steps done, steps in all).

    Reach is the longest variable segment that meets the rule; beside it stands the longest inside the interface's loss and length
    budget. All eyes are at one error ratio, 1e-4 (with the rule "own" each at DER_0 of its preset), which a row names.
    Raises `SirfError` for an unknown architecture, rate or rule, and for a model that no row can take.

    >>> table = sirf.compare(["pluggable", "cpo"], data_rate="106.25Gb/s")  # doctest: +SKIP
    >>> table.row("cpo").reach_mm  # doctest: +SKIP
    """
    # as text or number
    data_rate = parse_data_rate(data_rate)
    check_thresholds(thresholds)
    if not any(abs(rate - data_rate) < 1e-6 * rate for rate in RATES):
        known = ", ".join(f"{rate / 1e9:g}" for rate in RATES)
        raise SirfError(
            f"data_rate must be one of {known} Gb/s, got {data_rate / 1e9:g} Gb/s. Write for example '106.25Gb/s'."
        )
    wanted = [load_architecture(name) for name in paths]
    # rows and files are known by it
    if twice := [one for one, count in Counter(item.id for item in wanted).items() if count > 1]:
        raise SirfError(
            f"architectures must have an id each, got {twice[0]} twice. Name each once, or change a file's id."
        )
    # rows that nobody named are left out where they have no interface of this rate; a named one is refused
    if paths is ORDER:
        wanted = [item for item in wanted if item.has(data_rate)]
    # None is no model at either end
    models = HostModels() if models is None else models
    check_used(models, wanted)
    rules = {item.id: rule_of(rule, item, data_rate, limit=limit) for item in wanted}
    rows: dict[str, Row] = {}
    groups = grouped({item.id: item for item in wanted}.values(), data_rate)
    with all_cores(len(groups)) as pool:
        compile_shared(pool, light=any(item.at(data_rate).optics is not None for item in wanted))
        pending = [
            # kernels first: every process would compile them by itself
            pool.submit(
                rows_of, group, data_rate, [rules[item.id] for item in group], bounds, sampled, models, thresholds
            )
            for group in groups
        ]
        # in the order in which they end, so that the progress moves; rows are put in order below
        for done in as_completed(pending):
            found = done.result()
            rows |= {row.path: row for row in found}
            if progress is not None:
                progress(f"{', '.join(row.path for row in found)} done", len(rows), len(rules))
    ordered = tuple(rows[item.id] for item in wanted)
    shared = next(iter(rules.values())) if rules else rule_of(rule, load_architecture(ORDER[0]), data_rate, limit=limit)
    return Comparison(data_rate=data_rate, rows=ordered, rule=shared, verdict=verdict(ordered, data_rate=data_rate))


def grouped(wanted: Any, data_rate: float) -> list[list[Architecture]]:
    """Architectures that share copper and its standard, for one process each; those that take longest first.

    Rows of the same copper share its margins, which the Annexes search for seconds.
    """
    # by content of the copper: what a process has computed serves the whole group
    groups: dict[tuple[str, str, bool], list[Architecture]] = {}
    for item in wanted:
        # only copper that is decided by itself has margins that could be shared
        decided_alone = ("copper",) in item.sections
        groups.setdefault((item.path, item.at(data_rate).standard, decided_alone), []).append(item)
    return sorted(groups.values(), key=_expense, reverse=True)


def _expense(group: list[Architecture]) -> int:
    """Sort key: rows with most copper sections first, because they take longest; a section through light counts in full."""
    return sum(len(section) for item in group for section in item.sections)


def rows_of(
    group: list[Architecture],
    data_rate: float,
    rules: list[Rule],
    bounds: bool,
    sampled: bool,
    models: HostModels,
    thresholds: Thresholds = "adapted",
) -> list[Row]:
    """Rows of architectures at one data rate, each under its rule: the work of one process."""
    rows = []
    for item, rule in zip(group, rules, strict=True):
        try:
            rows.append(_row(item, data_rate, rule, bounds, sampled, models, thresholds))
        except SirfError as error:
            # of many rows the message must tell which one
            if item.id not in str(error):
                error.args = (f"{item.id}: {error}",)
            raise
    return rows


def measurement_of(
    architecture: Architecture,
    data_rate: float,
    *,
    length: float | None = None,
    step: float = FINE_STEP,
    inputs: Corner | None = None,
    models: HostModels | None = None,
    thresholds: Thresholds = "adapted",
    com_near: Mapping[str, EqualizerChoice] | None = None,
    eye_ber: float | None = EYE_BER,
) -> Measurement:
    """The figures of an architecture at its own length, or at another `length` in m and with other `inputs`.

    `com_near` are the settings, by section, from which COM's search walks; without one it is that of the full grid.
    `eye_ber` is the error ratio of the eyes; None: DER0 of each section's preset.
    """
    # corners of the inputs show ranges: half the phases are enough
    phases = PHASES if inputs is None else CORNER_PHASES
    parts = sections(
        architecture,
        data_rate,
        length=length,
        step=step,
        samples_per_ui=phases,
        inputs=inputs,
        models=models,
        thresholds=thresholds,
    )
    return Measurement(
        parts,
        architecture=architecture,
        data_rate=data_rate,
        code=architecture.at(data_rate).fec,
        phases=phases,
        tdecq_pattern=TDECQ_PATTERN,
        com_near=com_near,
        eye_ber=eye_ber,
    )


def _row(
    architecture: Architecture,
    data_rate: float,
    rule: Rule,
    bounds: bool,
    sampled: bool,
    models: HostModels,
    thresholds: Thresholds,
) -> Row:
    # models that stand in this architecture only
    fitting, searched = _searched(models.fitting(architecture), architecture, data_rate)
    searched_alone = measurement_of(
        architecture, data_rate, models=fitting, thresholds=thresholds, eye_ber=rule.eye_ber
    )
    # a row's own figures and its reach rest on settings of one kind: else a length could miss that its own reach holds
    here = trained(searched_alone)
    # at once, while what the search has found is still kept
    untrained_ber = None if here is searched_alone else searched_alone.ber
    eye = here.eye(here.worst, wide=True)
    if eye is None:
        raise SirfError(
            f"{architecture.id}: signal must arrive at the receiver at its own length, got none. Shorten its path."
        )
    link = eye.link
    ratios = here.section_ber
    culprit = here.sections[ratios.index(max(ratios))]
    # the section that errs most of all, in copper or light; before the reach, while what the eyes were made of is still
    # kept
    limitation = _limited_by(optimized(culprit.link))
    subject = ArchitectureSubject(architecture=architecture, data_rate=data_rate, models=fitting, thresholds=thresholds)
    found = ruled_reach(subject, rule, here=here)
    low, high = _reach_bounds(subject, rule, found) if bounds else (None, None)
    mask = mask_verdict(architecture, data_rate)
    return Row(
        path=architecture.id,
        data_rate=data_rate,
        title=architecture.title,
        standard=link.standard or architecture.at(data_rate).standard,
        length_mm=1e3 * path_of(architecture, data_rate).trace_length_m,
        # figures of no table are asked for by name elsewhere
        figures={name: figure.compute(here) for name, figure in FIGURES.items() if figure.table != "none"},
        bounds=_bounds(subject, here) if bounds else {},
        eye=eye,
        section_ber=tuple((part.name, ratio) for part, ratio in zip(here.sections, ratios, strict=True)),
        reach=found,
        reach_low_mm=low,
        reach_high_mm=high,
        reach_uncertainty=reach_uncertainty(subject, rule, found) if sampled else None,
        limitation=limitation,
        limited_in=culprit.name,
        energy=here.energy,
        port=here.port,
        equalizer=_equalizer(link),
        mask=mask,
        fibre_m=architecture.fibre_m,
        notes=(
            *_notes(architecture, data_rate, here, link),
            *([] if mask is None else [mask_note(architecture, data_rate, mask)]),
            *models.notes(architecture),
            *searched,
            *_training_notes(untrained_ber, here),
            *(["slicers stand half way between the levels, as asked"] if thresholds == "midway" else []),
            *_model_notes(here),
        ),
    )


def _searched(models: HostModels, architecture: Architecture, data_rate: float) -> tuple[HostModels, tuple[str, ...]]:
    """The models with the parameters that are searched set for the row's own length, and what to tell of it.

    The settings are then those of the device: reach, corners and causes keep them, as those that the user gives.
    """
    if not models or not models.search:
        return models, ()
    notes: list[str] = []
    # every section by itself, for each has models of its own ends
    for part in sections(architecture, data_rate, step=FINE_STEP, samples_per_ui=PHASES, models=models):
        sides = {"tx": part.link.transmitter_model, "rx": part.link.receiver_model}
        names = [name for name in models.search if name != SEARCH_ALL and sides[name.partition(".")[0]] is not None]
        # nothing to search in this section
        if not part.link.has_models or not (names or SEARCH_ALL in models.search):
            continue
        found = optimize_models(optimized(part.link), parameters=None if SEARCH_ALL in models.search else names)
        report = found.equalizer_report
        assert isinstance(report, ModelSearch)
        for name, value in report.best.values:
            # the next section's models begin with what this one has found
            models = models.with_value(name, value)
        notes.append(f"model parameters in {part.name} by search at this length, kept for reach and causes: {report}")
    return models, tuple(notes)


@lru_cache(maxsize=8)
def _limited_by(link: Link) -> Limitation:
    """Cached: light from retimer to retimer is the same link in several architectures."""
    return limited_by(link)


def _reach_bounds(subject: ArchitectureSubject, rule: Rule, found: RuledReach) -> tuple[float | None, float | None]:
    """Reach in mm with all inputs at the worst and at the best end of their ranges; None where there is none.

    Where COM ends it, the length at which copper of that temperature loses what it loses nominally at the reach: COM of a
    path goes with its loss. Else the search itself, from the nominal reach, which lies between both.
    """
    if found.length_m is None:
        return None, None
    ends: list[float | None] = []
    for end in ("worst", "best"):
        inputs = corner("worst" if end == "worst" else "best")
        # a COM that ends the reach follows the loss, and loss has a closed form
        if found.limit == "com_db":
            ends.append(1e3 * length_of_equal_loss(subject, found.length_m, inputs))
            continue
        there = dataclasses.replace(subject, inputs=inputs)
        length = ruled_reach(
            there,
            rule,
            start=found.length_m,
            # from the nominal reach, a corner lies within a few strides
            stride=CORNER_STRIDE,
            descent=2.0**0.5,
            given=found.settings,
            # no curve through many lengths: a corner needs one crossing
            steady=False,
            fall=found.fall,
        ).length_m
        if length is not None:
            # a corner is where errors first pass the limit, the reach a curve through many lengths: a range holds its value
            length = (min if end == "worst" else max)(length, found.length_m)
        ends.append(None if length is None else 1e3 * length)
    return ends[0], ends[1]


def _equalizer(link: Link) -> str:
    """How the link is equalised: what the search found, or by which models."""
    if link.equalizer_report is not None:
        return str(link.equalizer_report)
    return ", ".join(str(one) for one in (link.transmitter_model, link.receiver_model) if one is not None)


def _training_notes(untrained_ber: float | None, here: Measurement) -> list[str]:
    """What moving the transmitter's taps by the error ratio has changed; None where nothing was moved."""
    if untrained_ber is None:
        return []
    # as they are printed: a difference that nobody sees is none
    trained, before = error_ratio(here.ber), error_ratio(untrained_ber)
    if trained == before:
        return []
    return [
        "taps of transmitters that drive light are moved from where the reference search sets them by the error ratio itself, as "
        f"training does: bit error ratio {trained}, by the search alone {before}"
    ]


def _model_notes(here: Measurement) -> list[str]:
    """What the models' host has to tell of them."""
    return [note for part in here.sections if part.link.has_models for note in modelled(optimized(part.link)).notes]


def _bounds(subject: ArchitectureSubject, here: Measurement) -> dict[str, tuple[float | None, float | None]]:
    """Least and greatest of each figure at the row's own length and at both corners; COM there near the row's own setting."""
    architecture, data_rate = subject.architecture, subject.data_rate
    shortest, longest = architecture.length_range_m
    # the shortest with the best inputs, the longest with the worst: both bound all between
    corners = ((shortest, corner("best")), (longest, corner("worst")))
    nominal = {name: one for name, one in here.com_choices.items() if one is not None}
    settings = settings_of(here)
    tried = [here]
    for length, inputs in corners:
        bare = measurement_of(
            architecture,
            data_rate,
            length=length,
            # the longest cables turn the phase by more than half a turn from one coarse point to the next
            step=min(COARSE_STEP, step_at(length)),
            inputs=inputs,
            models=subject.models,
            thresholds=subject.thresholds,
            com_near=nominal,
            eye_ber=here.eye_ber,
        )
        tried.append(trained_alike(bare, settings))
        # first what needs an eye at several phases, while the model of the one just computed is still kept: the other figures are
        # read of the same eye; asked for and dropped, for what it computes is kept in the measurement
        FIGURES["eye_width_ui"].value(tried[-1])
    found: dict[str, tuple[float | None, float | None]] = {}
    for name in BANDED:
        known = [value for one in tried if (value := FIGURES[name].value(one)) is not None]
        found[name] = (min(known), max(known)) if known else (None, None)
    return found


def _notes(architecture: Architecture, data_rate: float, here: Measurement, link: Link) -> list[str]:
    notes = list(link.warnings)
    if link.equalizer_report is not None and not link.equalizer_report.opened:
        notes.append("no equaliser setting has the figure of merit that DER0 asks for")
    if here.com_db is None:
        notes.append(
            "no COM: no section is copper alone under a preset with test packages, and the Annexes know no light"
        )
    interface = architecture.at(data_rate)
    if interface.projection:
        notes.append(f"{data_rate / 1e9:g} Gb/s is a projection: no standard, no published package or device")
    if interface.budget is None:
        notes.append("no loss and length budget is stated for the interface at this rate: its reach is that by physics")
    # TDECQ is of four levels alone: light of two has an eye closure of its own
    notes += [
        f"TDEC {transmitter_tdec(optimized(part.link)).db:.1f} dB of the NRZ in {part.name} (no equaliser, at 0.4 and 0.6 UI)"
        for part in here.sections
        if part.link.optics is not None and part.link.order == 2
    ]
    if architecture.fibre_m:
        # delay of light in glass: n / c
        fibre = 1e9 * architecture.fibre_m * FIBRE_INDEX / C0
        notes.append(f"{architecture.fibre_m:g} m of fibre take {fibre:.0f} ns more than the latency given")
    return notes

"""One case of a study computed: its values, its links, its figures."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from sirf.channel.channel import Channel
from sirf.channel.path import load_path
from sirf.equalizer.merit_search import locked_as
from sirf.errors import ConfigError, SirfError
from sirf.link import Link
from sirf.presets import load
from sirf.study.figures import FIGURES
from sirf.study.measurement import Measurement
from sirf.study.reach import reach
from sirf.study.sections import Section, optimized, path_of, sections
from sirf.study.sweep.copper_parameters import material_changed
from sirf.study.sweep.design import tolerance_values
from sirf.study.sweep.inputs import Inputs
from sirf.study.sweep.modulated import modulated_figures
from sirf.study.sweep.parameters import changed_link, parameter_of
from sirf.study.sweep.parts import Value
from sirf.study.sweep.study import Study
from sirf.system.architecture import Architecture, load_architecture

MIN_BAND = 110e9
"""Least band in Hz of a path's network."""
KEPT_POINTS = 64
"""Points of the axes whose base (path, optics, file, nominal equaliser) a process keeps ready."""


@dataclass(frozen=True, slots=True)
class Case:
    """What one case gave: `values` by parameter, `figures` by name (None where one has no meaning), or the `error`."""

    index: int
    values: dict[str, Value]
    figures: dict[str, float | None] | None
    error: str | None
    seconds: float

    @property
    def failed(self) -> bool:
        """Whether it has no figures."""
        return self.figures is None


@dataclass(frozen=True, slots=True)
class _Subject:
    """The base of one point of the axes: what tolerances change, and the settings of a nominal equaliser."""

    inputs: Inputs
    architecture: Architecture | None = None
    data_rate: float | None = None
    standard: str | None = None
    channel: Channel | None = None
    package_case: int = 1
    equalized: tuple[Link, ...] = ()
    modulation: str | None = None


class Evaluator:
    """Computes the cases of one study in one process; what cases share is kept."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self._subjects: OrderedDict[tuple[Value, ...], _Subject] = OrderedDict()

    def run(self, start: int, stop: int) -> list[Case]:
        """Cases `start` to `stop`, each with its figures or the reason why it has none."""
        cases: list[Case] = []
        while start < stop:
            # tolerances are drawn for all samples of one point of the axes at once
            end = min(stop, (start // self.study.samples + 1) * self.study.samples)
            cases += self._point(start, end)
            start = end
        return cases

    def _point(self, start: int, stop: int) -> Iterator[Case]:
        point, samples = self.study.point(start), self.study.samples
        began = time.perf_counter()
        try:
            subject = self._subject(point)
            first = start % samples
            drawn = tolerance_values(self.study, subject.inputs, first, first + stop - start)
        # a point that cannot be built fails in all of its samples, each with the reason
        except SirfError as reason:
            # the time is shared among them, so that the size of batches follows
            seconds = (time.perf_counter() - began) / (stop - start)
            yield from (Case(index, point, None, str(reason), seconds) for index in range(start, stop))
            return
        names = [one.parameter for one in self.study.tolerances]
        for index, row in zip(range(start, stop), drawn, strict=True):
            yield self._case(index, subject, point, dict(zip(names, map(float, row), strict=True)))

    def _case(self, index: int, subject: _Subject, point: dict[str, Value], scattered: dict[str, float]) -> Case:
        began = time.perf_counter()
        figures, error = None, None
        try:
            figures = self._figures(subject, scattered)
        except SirfError as reason:
            error = str(reason)
        return Case(index, {**point, **scattered}, figures, error, time.perf_counter() - began)

    def _figures(self, subject: _Subject, scattered: dict[str, float]) -> dict[str, float | None]:
        # nominal first, then what scatters on top of it
        inputs = subject.inputs
        for name, value in scattered.items():
            inputs = parameter_of(name).apply(inputs, value)
        return self.figures_of(subject, inputs)

    def nominal_inputs(self, case: int) -> Inputs:
        """Path, optics and the rest at the point of the axes at which a case lies."""
        return self._subject(self.study.point(case)).inputs

    def figures_at(self, case: int, tolerances: dict[str, float]) -> dict[str, float | None]:
        """The figures at the point of the axes of a case, with other values of the tolerances."""
        return self._figures(self._subject(self.study.point(case)), tolerances)

    def figures_of(self, subject: _Subject, inputs: Inputs) -> dict[str, float | None]:
        """The figures that the study asks, of changed inputs of a subject."""
        # a modulation has rates and settings of its own: none of the sections below
        if subject.modulation is not None:
            return _of_modulation(self.study, subject, inputs)
        parts = _sections(self.study, subject, inputs)
        measurement = Measurement(parts, architecture=subject.architecture, data_rate=subject.data_rate)
        found: dict[str, float | None] = {}
        for name in self.study.figures:
            if name == "reach_mm":
                found[name] = _reach_mm(subject, inputs)
            elif name == "erl_db":
                found[name] = _erl_db(parts)
            else:
                found[name] = _figure(name, measurement)
        return found

    def _subject(self, point: dict[str, Value]) -> _Subject:
        # values of the axes decide on all that is kept
        key = tuple(point.values())
        if key in self._subjects:
            self._subjects.move_to_end(key)
            return self._subjects[key]
        subject = _subject_of(self.study, point)
        # one search for each point of the axes, at nominal tolerances
        if self.study.base.equalizer == "fixed":
            nominal = _sections(self.study, subject, subject.inputs)
            subject = replace(subject, equalized=tuple(optimized(part.link) for part in nominal))
        self._subjects[key] = subject
        # least recently used first: axes run through their grid in order
        if len(self._subjects) > KEPT_POINTS:
            self._subjects.popitem(last=False)
        return subject


def _figure(name: str, measurement: Measurement) -> float | None:
    value = FIGURES[name].value(measurement)
    # infinities and not-a-number have no place in a file or a mean
    return None if value is None or not np.isfinite(value) else float(value)


def _reach_mm(subject: _Subject, inputs: Inputs) -> float | None:
    """Longest length in mm of the changed path that meets its preset's DER0; None where no length does."""
    if inputs.path is None or subject.standard is None:
        raise ConfigError("reach_mm must be asked of a path under a standard, got another base. Leave it out.")
    # without causes, which take most of the time
    return reach(inputs.path, standard=subject.standard, explain=False).reach_mm


def _erl_db(parts: tuple[Section, ...]) -> float | None:
    """The lesser ERL in dB of the first section's channel by its standard's settings; None where it has none."""
    link = parts[0].link
    return None if link.standard is None else link.channel.figures(link.standard).erl_db


def _subject_of(study: Study, point: dict[str, Value]) -> _Subject:
    """The base with the values of the axes; `ConfigError` or `SirfError` for what does not go together."""
    base = study.base

    def chosen(name: str) -> Any:
        # an axis counts before the base
        return point.get(name, getattr(base, name, None))

    inputs, architecture, data_rate, channel = Inputs(), None, None, None
    modulation = point.get("modulation")
    standard = chosen("standard")
    # a modulation's rate is that of the study, whatever the path
    if modulation is not None and chosen("data_rate_gbps") is not None:
        data_rate = 1e9 * float(chosen("data_rate_gbps"))
    if chosen("architecture") is not None:
        architecture = load_architecture(str(chosen("architecture")))
        # 106.25 Gb/s: the line rate of a 100 Gb/s lane with RS(544,514) and 256B/257B
        data_rate = 1e9 * float(chosen("data_rate_gbps") or 106.25)
        inputs = Inputs(path=path_of(architecture, data_rate), optics=architecture.optics_at(data_rate))
    elif chosen("path") is not None:
        # presets above 80 GBd belong to 200 Gb/s dies
        fast = load(str(standard)).symbol_rate > 80e9
        inputs = Inputs(path=load_path(str(chosen("path")), rate_class="200g" if fast else "100g"))
    else:
        channel = Channel.from_touchstone(study.folder / str(point["file"]))
    if chosen("material") is not None:
        if inputs.path is None:
            raise ConfigError("material must belong to a base with a path, got files. Leave it out.")
        inputs = replace(inputs, path=material_changed(inputs.path, str(chosen("material"))))
    # unless it is an axis, which is applied below
    if base.length_mm is not None and "length_mm" not in point:
        inputs = parameter_of("length_mm").apply(inputs, base.length_mm)
    inputs = replace(inputs, models=study.models)
    # subjects have been chosen above; the rest changes numbers
    for name, value in point.items():
        parameter = parameter_of(name)
        if parameter.root != "subject":
            inputs = parameter.apply(inputs, value if parameter.kind == "value" else float(value))
    return _Subject(
        inputs,
        architecture,
        data_rate,
        None if standard is None else str(standard),
        channel,
        int(chosen("package_case") or 1),
        modulation=None if modulation is None else str(modulation),
    )


def _of_modulation(study: Study, subject: _Subject, inputs: Inputs) -> dict[str, float | None]:
    """The figures of a case with a modulation of its own, at the net rate of all."""
    given = subject.channel
    if given is None:
        assert inputs.path is not None
        path = inputs.path if inputs.length_m is None else inputs.path.with_length(inputs.length_m)
    return modulated_figures(
        path if given is None else given,
        modulation=str(subject.modulation),
        data_rate=subject.data_rate,
        standard=str(subject.standard),
        package_case=subject.package_case,
        figures=study.figures,
    )


def _sections(study: Study, subject: _Subject, inputs: Inputs) -> tuple[Section, ...]:
    """The links of a case, equalised already where the study holds the equaliser."""
    base = study.base
    if subject.architecture is not None:
        assert subject.data_rate is not None
        parts = sections(
            subject.architecture,
            subject.data_rate,
            length=inputs.length_m,
            step=1e6 * base.step_mhz,
            samples_per_ui=base.samples_per_ui,
            path=inputs.path,
            optics=inputs.optics,
            models=inputs.models,
        )
    else:
        parts = (Section("link", inputs.models.applied(_link(study, subject, inputs))),)
    changed = tuple(replace(part, link=changed_link(part.link, inputs)) for part in parts)
    if not subject.equalized:
        return changed
    return tuple(
        # settings of the nominal case, each section its own
        replace(part, link=_held(part.link, nominal))
        for part, nominal in zip(changed, subject.equalized, strict=True)
    )


def _link(study: Study, subject: _Subject, inputs: Inputs) -> Link:
    base = study.base
    assert subject.standard is not None
    if subject.channel is not None:
        return Link(
            subject.channel,
            standard=subject.standard,
            package_case=subject.package_case,
            samples_per_ui=base.samples_per_ui,
        )
    assert inputs.path is not None
    path = inputs.path if inputs.length_m is None else inputs.path.with_length(inputs.length_m)
    band = max(MIN_BAND, 1.05 * load(subject.standard).symbol_rate)
    frequency = np.arange(0.0, band, 1e6 * base.step_mhz)
    # up to where the path's own models hold
    channel = path.to_channel(frequency[frequency <= path.grid[-1]], crosstalk=base.crosstalk)
    return Link(channel, standard=subject.standard, samples_per_ui=base.samples_per_ui)


def _held(link: Link, nominal: Link) -> Link:
    """The link with the equaliser settings of a nominal one; its clock follows its own channel."""
    tx, rx = nominal.transmitter, nominal.receiver
    # the report goes with the settings: a link that has one is not searched again (`sirf.study.sections.optimized`)
    held = link.replace(
        transmitter=replace(link.transmitter, ffe=tx.ffe, ffe_main=tx.ffe_main),
        receiver=replace(link.receiver, ctle=rx.ctle, ffe=rx.ffe, ffe_main=rx.ffe_main, dfe=rx.dfe),
        equalizer_report=nominal.equalizer_report,
    )
    return locked_as(held, nominal)

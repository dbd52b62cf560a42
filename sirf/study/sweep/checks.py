"""What a study must hold to be run."""

from __future__ import annotations

import difflib
import math
from typing import TYPE_CHECKING

from sirf.errors import ConfigError, shown
from sirf.study.figures import FIGURES
from sirf.study.sweep.models import check_models
from sirf.study.sweep.modulated import check_modulated
from sirf.study.sweep.parameters import parameter_of
from sirf.study.sweep.parts import MAX_CASES, MAX_LATIN, METHODS

if TYPE_CHECKING:
    from sirf.study.sweep.study import Study

OWN_FIGURES = ("reach_mm", "erl_db")
"""Figures of a study that are no figures of one measurement."""


def check_study(study: Study) -> None:
    """`ConfigError` for what cannot be run; each sentence names the key."""
    _check_base(study)
    _check_parameters(study)
    check_models(study)
    check_modulated(study)
    _check_figures(study)
    _check_sampling(study)
    if not 1 <= study.cases <= MAX_CASES:
        raise ConfigError(f"a study must have between 1 and {MAX_CASES:,} cases, got {study.cases:,}. Thin an axis.")
    if not isinstance(study.seed, int) or study.seed < 0:
        raise ConfigError(f"seed must be a whole number from 0, got {shown(study.seed)}. Use 1.")


def _check_base(study: Study) -> None:
    base = study.base
    given = [name for name in ("architecture", "path", "files") if getattr(base, name) is not None]
    axes = {axis.parameter for axis in study.axes}
    # one subject only: several would contradict each other
    subjects = {*given, *(axes & {"architecture", "path"}), *({"files"} if "file" in axes else ())}
    if len(subjects) != 1:
        raise ConfigError(
            f"base must name one of architecture, path and files, got {', '.join(sorted(subjects)) or 'none'}. Name one."
        )
    kind = subjects.pop()
    if kind != "architecture" and base.standard is None and "standard" not in axes:
        raise ConfigError("base.standard must be given for a path or files, got none. Add for example 802.3ck-c2m.")
    if kind == "architecture" and (base.standard is not None or "standard" in axes):
        raise ConfigError("base.standard must be left out for an architecture, got one. It has its own at each rate.")
    if kind == "files" and "file" not in axes:
        raise ConfigError(f"base.files must match at least one file, got {shown(base.files)}. Check the pattern.")
    if base.equalizer not in ("search", "fixed"):
        raise ConfigError(f"base.equalizer must be search or fixed, got {shown(base.equalizer)}. Use search.")
    # a held setting makes no sense where nothing is searched
    held = [name for name in study.names if parameter_of(name).root == "limits"]
    if held and base.equalizer == "fixed":
        raise ConfigError(f"base.equalizer must be search where {held[0]} varies, got fixed. Search the rest of it.")


def _check_parameters(study: Study) -> None:
    names = study.names
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"parameter {name} must stand once, got it {names.count(name)} times. Merge its axes.")
        parameter_of(name)
    for axis in study.axes:
        if not axis.values:
            raise ConfigError(f"axis {axis.parameter} must have values, got none. Add some.")
        # equal values would give equal cases
        if len(set(axis.values)) != len(axis.values):
            raise ConfigError(f"axis {axis.parameter} must have each value once, got one twice. Take it out.")
        kind = parameter_of(axis.parameter).kind
        # values of models are told by their first: text or number
        named = kind == "name" or (kind == "value" and isinstance(axis.values[0], str))
        wanted: type | tuple[type, ...] = str if named else (int, float)
        for value in axis.values:
            # bool is an int for Python
            good = isinstance(value, wanted) and not isinstance(value, bool)
            if not good or (isinstance(value, float) and not math.isfinite(value)):
                asked = "names" if named else "finite numbers"
                raise ConfigError(f"axis {axis.parameter} must have {asked}, got {shown(value)}. Mend it.")
    for one in study.tolerances:
        # what is chosen does not scatter
        if parameter_of(one.parameter).root in ("subject", "limits"):
            raise ConfigError(f"tolerance must be of a quantity that scatters, got {one.parameter}. Make it an axis.")
    known = {one.parameter for one in study.tolerances}
    for pair in study.correlations:
        if pair.first == pair.second or not {pair.first, pair.second} <= known:
            raise ConfigError(
                f"correlation must be between two tolerances of {', '.join(sorted(known)) or 'none'}, got "
                f"{pair.first} and {pair.second}. Name two."
            )


def _check_figures(study: Study) -> None:
    if not study.figures:
        raise ConfigError("figures must name at least one figure, got none. Use ber.")
    for name in (*study.figures, *study.limits):
        if name not in FIGURES and name not in OWN_FIGURES:
            # cutoff 0: there is always a nearest
            near = difflib.get_close_matches(name, (*FIGURES, *OWN_FIGURES), n=1, cutoff=0.0)[0]
            raise ConfigError(
                f"figure must be one of {', '.join((*FIGURES, *OWN_FIGURES))}, got {name!r}. Did you mean '{near}'?"
            )
    for name, value in study.limits.items():
        if name not in study.figures:
            raise ConfigError(
                f"limits.{name} must be of a figure that is asked, got one that is not. Add it to figures."
            )
        if not math.isfinite(value):
            raise ConfigError(f"limits.{name} must be a finite number, got {value}. Mend it.")


def _check_sampling(study: Study) -> None:
    method, samples = study.sampling.method, study.sampling.samples
    if method not in METHODS:
        raise ConfigError(f"sampling.method must be one of {', '.join(METHODS)}, got {shown(method)}. Use sobol.")
    if not isinstance(samples, int) or samples < 1:
        raise ConfigError(f"sampling.samples must be a whole number from 1, got {shown(samples)}. Use 256.")
    if method == "latin-hypercube" and samples > MAX_LATIN:
        raise ConfigError(
            f"sampling.samples must be at most {MAX_LATIN:,} for latin-hypercube, got {samples:,}. Use sobol."
        )
    if method == "sensitivity":
        if not study.tolerances:
            raise ConfigError("sampling.method sensitivity must have tolerances, got none. Add [[tolerance]].")
        # Sobol points balance in powers of two
        if samples & (samples - 1):
            raise ConfigError(f"sampling.samples must be a power of two for sensitivity, got {samples}. Use 256.")

"""Search over a model's In parameters: the setting that makes the error ratio least or the eye largest, and the way to it."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sirf.ami.flow import modelled
from sirf.ami.model import AmiModel
from sirf.ami.parameter import Parameter, Value
from sirf.engine.statistical.analysis import statistical_eye
from sirf.errors import AmiError, SirfError

if TYPE_CHECKING:
    from sirf.link import Link
    from sirf.results.statistical_eye import StatisticalEye

SIDES = ("tx", "rx")
POINTS = 9
"""Values tried of a range at first; half the distance about the best one in each further round."""
ROUNDS = 3
"""Times that every parameter is gone through at most, one after the other."""
FULL = 64
"""Combinations that are all tried instead."""
TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Step:
    """One setting that was tried: values by parameter ("tx.taps.post1"), error ratio, eye area in V UI."""

    values: tuple[tuple[str, Value], ...]
    ber: float
    eye_area: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSearch:
    """How a search over model parameters went: every step in order, the `best` one among them, what was looked for."""

    goal: str
    steps: tuple[Step, ...]
    best: Step
    opened: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "goal": self.goal,
            "best": {"values": dict(self.best.values), "ber": self.best.ber, "eye_area_v_ui": self.best.eye_area},
            "path": [{"values": dict(one.values), "ber": one.ber, "eye_area_v_ui": one.eye_area} for one in self.steps],
        }

    def __str__(self) -> str:
        """One line."""
        shown = ", ".join(
            f"{name} = {value:g}" if isinstance(value, float) else f"{name} = {value}"
            for name, value in self.best.values
        )
        return f"{shown or 'nothing to search'}: BER {self.best.ber:.2e} after {len(self.steps)} settings"


def optimize_models(
    link: Link,
    *,
    parameters: Mapping[str, Sequence[Value] | None] | Sequence[str] | None = None,
    goal: str = "ber",
    ber: float | None = None,
) -> Link:
    """The link with In parameters of its models set for the least error ratio or the largest eye, by the statistical flow.

    Parameters
    ----------
    parameters
        What to search: names such as "tx.taps.post1", with the values to try or None for those of the file. By default all
        model-specific parameters with Format List, Increment, Steps or Range that the user has not set.
    goal
        "ber" or "eye_area" (the sum over the phases of the worst eye's height).
    ber
        Error ratio at which the eye is measured; the link's DER0 by default.

    Up to 64 combinations are all tried; else the parameters are gone through one after the other until none helps. The path is
    the `equalizer_report` of the link that comes back. Raises `SirfError` for an unknown parameter or goal, and `AmiError` where
    the models fail at every setting.
    """
    if goal not in ("ber", "eye_area"):
        raise SirfError(f"goal must be 'ber' or 'eye_area', got {goal!r}. Use 'ber'.")
    if link.equalizer_report is not None:
        link = link.replace(equalizer_report=None)
    axes = _axes(link, parameters)
    search = _Search(link, goal, link.der0 if ber is None else ber)
    # values that the user lists are all there are; a range of the file is refined
    listed = {name for name in axes if _of(link, name).bounds() is None}
    if isinstance(parameters, Mapping):
        listed |= {name for name, values in parameters.items() if values is not None}
    # few combinations: all of them, so that nothing depends on the order
    if np.prod([len(values) for values in axes.values()], dtype=float) <= FULL and listed == set(axes):
        for combination in itertools.product(*axes.values()):
            search.score(dict(zip(axes, combination, strict=True)))
    else:
        search.descend(axes, listed)
    best, report = search.result()
    return best.replace(equalizer_report=report)


def equalize_own_side(link: Link) -> Link:
    """The link with the equalisers of the side that has no model set by sirf's own search, against what the other's Init gives.

    Beside a transmitter's model CTLE, Rx FFE and DFE are chosen; beside a receiver's the Tx FFE. With models on both sides
    nothing is left to choose.
    """
    from sirf.equalizer.merit_search import optimize

    if link.transmitter_model is not None and link.receiver_model is not None:
        return link
    found = modelled(link).linear
    if link.receiver_model is None:
        # what the transmitter's model does is held
        chosen = optimize(found, freeze=("tx_ffe",))
        return link.replace(receiver=chosen.receiver, equalizer_report=chosen.equalizer_report)
    chosen = optimize(found, freeze=("ctle", "rx_ffe", "dfe"))
    tx = dataclasses.replace(link.transmitter, ffe=chosen.transmitter.ffe, ffe_main=chosen.transmitter.ffe_main)
    return link.replace(transmitter=tx, equalizer_report=chosen.equalizer_report)


def set_parameters(link: Link, values: Mapping[str, Any]) -> Link:
    """The link with values such as {"tx.taps.post1": -0.1, "rx.peak_db": 4} in its models."""
    changes: dict[str, AmiModel] = {}
    for side, field in zip(SIDES, ("transmitter_model", "receiver_model"), strict=True):
        own = {name.partition(".")[2]: value for name, value in values.items() if name.partition(".")[0] == side}
        if own:
            # 'replace' checks the values by the model's own file
            changes[field] = _model(link, side).replace(parameters=own)
    for name in values:
        if name.partition(".")[0] not in SIDES:
            raise SirfError(f"parameter must begin with tx. or rx., got {name!r}. Name the side of its model.")
    return link.replace(**changes) if changes else link


def _model(link: Link, side: str) -> AmiModel:
    found = link.transmitter_model if side == "tx" else link.receiver_model
    if found is None:
        raise SirfError(f"{side} must have a model for its parameters to be set, got none. Give one.")
    return found


def _of(link: Link, name: str) -> Parameter:
    side, _, path = name.partition(".")
    if side not in SIDES:
        raise SirfError(f"parameter must begin with tx. or rx., got {name!r}. Name the side of its model.")
    return _model(link, side).ami.find(path)


def _axes(link: Link, given: Mapping[str, Sequence[Value] | None] | Sequence[str] | None) -> dict[str, list[Value]]:
    """Values to try by parameter."""
    if given is None:
        names: dict[str, Sequence[Value] | None] = {}
        for side, model in zip(SIDES, (link.transmitter_model, link.receiver_model), strict=True):
            if model is None:
                continue
            for path, parameter in model.ami.specific.items():
                # what the user has set stays
                free = parameter.is_input and path not in model.parameters
                if free and parameter.format in ("list", "increment", "steps", "range") and parameter.type != "string":
                    names[f"{side}.{parameter.path}"] = None
    else:
        names = dict(given) if isinstance(given, Mapping) else dict.fromkeys(given)
    axes = {}
    for name, values in names.items():
        parameter = _of(link, name)
        if not parameter.is_input:
            raise SirfError(
                f"{name} must be of usage In or InOut to be searched, got {parameter.usage.title()}. Leave it out."
            )
        axes[name] = list(values) if values is not None else _grid(parameter, name)
    return axes


def _grid(parameter: Parameter, name: str) -> list[Value]:
    bounds = parameter.bounds()
    if bounds is not None:
        # evenly over the range
        points = np.linspace(*bounds, POINTS)
        return sorted({round(float(point)) for point in points}) if parameter.type == "integer" else points.tolist()
    choices = list(parameter.choices())
    if not choices:
        raise SirfError(
            f"{name} must list its values to be searched, got Format {parameter.format.title()}. Give them."
        )
    return choices


class _Search:
    """Scores settings once each and keeps the path."""

    def __init__(self, link: Link, goal: str, ratio: float) -> None:
        self.link, self.goal, self.ratio = link, goal, ratio
        self.known: dict[tuple[tuple[str, Value], ...], float] = {}
        self.steps: list[Step] = []
        self.failure: AmiError | None = None

    def score(self, values: Mapping[str, Value]) -> float:
        """How bad a setting is: the logarithm of its error ratio, or minus its eye's area; infinite where the models fail."""
        key = tuple(values.items())
        # once each: a descent comes back to settings
        if key not in self.known:
            try:
                link = set_parameters(self.link, values)
                # bounded jitter of the receiver's clock averages over phases
                alone = self.goal == "ber" and not modelled(link).clock.bounded
                eye = statistical_eye(link, phases=1 if alone else None)
            except SirfError as error:
                # a link that no setting opens is as bad as a model that fails
                if not isinstance(error, AmiError):
                    error = AmiError(str(error))
                self.failure, self.known[key] = error, np.inf
                return np.inf
            step = Step(key, eye.ber, _area(eye, self.ratio))
            self.steps.append(step)
            # in decades, where ratios compare; an area is larger when better
            self.known[key] = float(np.log(max(step.ber, TINY))) if self.goal == "ber" else -step.eye_area
        return self.known[key]

    def descend(self, axes: Mapping[str, list[Value]], listed: set[str]) -> None:
        """Each parameter in turn, the others held; ranges are refined about the best value."""
        # from the values that hold now
        best = {name: _start(self.link, name, values) for name, values in axes.items()}
        score, width = self.score(best), dict.fromkeys(axes, 1.0)
        for _ in range(ROUNDS):
            before = score
            for name, values in axes.items():
                # ranges are refined from the second round on; listed values are all there are
                first = width[name] == 1.0 or name in listed
                tried = values if first else _nearer(self.link, name, best[name], width[name])
                for value in tried:
                    if (found := self.score({**best, name: value})) < score:
                        score, best = found, {**best, name: value}
                # a quarter of the range each round
                width[name] *= 0.25
            # a whole round without an improvement ends it
            if not score < before:
                break

    def result(self) -> tuple[Link, ModelSearch]:
        """The best link and the report; the models' own error where none worked."""
        if not self.steps:
            raise self.failure or AmiError("models must have a setting that works, got none. Check their parameters.")
        best = min(self.steps, key=lambda step: self.known[step.values])
        report = ModelSearch(goal=self.goal, steps=tuple(self.steps), best=best, opened=best.ber < 0.1)
        return set_parameters(self.link, dict(best.values)), report


def _start(link: Link, name: str, values: Sequence[Value]) -> Value:
    # the file's own value, or the first that is tried
    standard = _model(link, name.partition(".")[0]).values[_of(link, name).path.lower()]
    return standard if standard is not None else values[0]


def _nearer(link: Link, name: str, centre: Value, width: float) -> list[Value]:
    parameter = _of(link, name)
    bounds = parameter.bounds()
    if bounds is None or isinstance(centre, str):
        return _grid(parameter, name)
    # not beyond the range of the file
    low, high = bounds
    reach = 0.5 * width * (high - low)
    points = np.clip(np.linspace(centre - reach, centre + reach, POINTS), low, high)
    return sorted({round(float(point)) for point in points}) if parameter.type == "integer" else points.tolist()


def _area(eye: StatisticalEye, ratio: float) -> float:
    """Sum over the phases of the worst eye's height, V UI; 0 for one phase."""
    if len(eye.phase_ui) < 2:
        return 0.0
    heights = [
        min(max(high - low, 0.0) for low, high in eye.edges(ratio, phase=index)) for index in range(len(eye.phase_ui))
    ]
    # heights times the step between phases
    return float(np.sum(heights) * (eye.phase_ui[1] - eye.phase_ui[0]))

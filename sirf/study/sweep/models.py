"""The vendor models of a study: read from the files of its base, and their parameters checked before any case runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sirf.ami.model import AmiModel
from sirf.errors import AmiError, ConfigError
from sirf.study.host_models import SIDES, HostModels
from sirf.study.sweep.parts import Base

if TYPE_CHECKING:
    from sirf.study.sweep.study import Study

# AMI types of real numbers; Integer, Boolean and String parameters cannot scatter
CONTINUOUS_TYPES = ("float", "tap", "ui")
DISCRETE_FORMATS = ("list", "steps", "table")


def load_models(base: Base, folder: Path) -> HostModels:
    """The models that a base names, files looked for in `folder`; `ConfigError` names the key."""
    return HostModels(_load(base, folder, "tx"), _load(base, folder, "rx"))


def _load(base: Base, folder: Path, side: str) -> AmiModel | None:
    file, so = getattr(base, f"{side}_ami"), getattr(base, f"{side}_so")
    if file is None:
        if so is not None:
            raise ConfigError(f"base.{side}_ami must be given with base.{side}_so, got none. Name the .ami file.")
        return None
    try:
        return AmiModel(folder / file, so=None if so is None else folder / so)
    except AmiError as error:
        raise ConfigError(f"base.{side}_ami: {error}") from None


def check_models(study: Study) -> None:
    """`ConfigError` for parameters that the study's models do not have, values that they do not allow, and idle settings."""
    models = study.models
    try:
        for axis in study.axes:
            if _is_of_model(axis.parameter):
                path = axis.parameter.partition(".")[2]
                for value in axis.values:
                    models.model(axis.parameter).ami.settings({path: value})
        for one in study.tolerances:
            # only numbers scatter
            if _is_of_model(one.parameter):
                _check_scatters(models, one.parameter)
    except AmiError as error:
        raise ConfigError(str(error)) from None
    _check_once(study)
    if models and "reach_mm" in study.figures:
        raise ConfigError("figures must leave out reach_mm beside vendor models, got it. Sweep length_mm instead.")
    for name in study.names:
        side = "tx" if name.startswith("tx_ffe_") else "rx" if name.startswith("ctle_") else None
        # taps and gains of an equaliser that a model has taken the place of
        if side is not None and getattr(models, SIDES[side]) is not None:
            raise ConfigError(
                f"{name} must belong to an equaliser that is there, got {side}_ami in its place. "
                f"Vary a parameter of the model, {side}.NAME."
            )


def _is_of_model(name: str) -> bool:
    return name.partition(".")[0] in SIDES


def _check_once(study: Study) -> None:
    """One parameter of a model by two names, "tx.post1" and "tx.taps.post1", would be set twice."""
    known: dict[tuple[str, str], str] = {}
    for name in filter(_is_of_model, study.names):
        key = (name.partition(".")[0], study.models.parameter(name).path)
        # by its path in the file: two names may mean one parameter
        if key in known:
            raise ConfigError(f"parameter {name} must stand once, got it as {known[key]} too. Take one out.")
        known[key] = name


def _check_scatters(models: HostModels, name: str) -> None:
    parameter = models.parameter(name)
    if parameter.type not in CONTINUOUS_TYPES or parameter.format in DISCRETE_FORMATS:
        raise ConfigError(
            f"tolerance {name} must be of a Float, Tap or UI with a range, got {parameter.type.title()} "
            f"{parameter.format.title()}. Make it an axis."
        )
    # refuses what is no input
    models.model(name).ami.settings({parameter.path: models.number(name) or 0.0})

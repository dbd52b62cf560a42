"""The TOML file of a study, checked key by key."""

from __future__ import annotations

import glob
import math
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from sirf._data import load_toml, validated
from sirf._toml_table import Table
from sirf.errors import ConfigError, SirfError
from sirf.study.sweep.distributions import Shape
from sirf.study.sweep.parts import Axis, Base, Correlation, Equalizer, Method, Sampling, Tolerance, Value

MAX_VALUES = 1_000_000
"""Values of one axis."""


class _Base(Table):
    architecture: str | None = None
    path: str | None = None
    files: str | None = None
    standard: str | None = None
    material: str | None = None
    data_rate_gbps: Annotated[float, Field(gt=0)] | None = None
    length_mm: Annotated[float, Field(gt=0)] | None = None
    package_case: Annotated[int, Field(ge=1)] = 1
    # eight at least, as waves of light need them (`sirf.study.ratio_length.MIN_SAMPLES`)
    samples_per_ui: Annotated[int, Field(ge=8, le=256)] = 16
    step_mhz: Annotated[float, Field(gt=0, le=1000)] = 40.0
    crosstalk: bool = True
    equalizer: Equalizer = "search"
    tx_ami: str | None = None
    tx_so: str | None = None
    rx_ami: str | None = None
    rx_so: str | None = None


class _Axis(Table):
    parameter: str
    values: tuple[float | str, ...] | None = None
    low: float | None = None
    high: float | None = None
    count: Annotated[int, Field(ge=2, le=MAX_VALUES)] | None = None
    spacing: Literal["linear", "log"] = "linear"
    files: str | None = None


class _Tolerance(Table):
    parameter: str
    shape: Shape = "normal"
    middle: float | None = None
    spread: float = 0.0
    low: float | None = None
    high: float | None = None
    relative: bool = False


class _Correlation(Table):
    between: tuple[str, str]
    coefficient: float


class _Sampling(Table):
    method: Method = "sobol"
    samples: Annotated[int, Field(ge=1)] = 256


class StudyFile(Table):
    """The whole file."""

    title: str = ""
    seed: Annotated[int, Field(ge=0)] = 1
    base: _Base
    axis: tuple[_Axis, ...] = ()
    tolerance: tuple[_Tolerance, ...] = ()
    correlation: tuple[_Correlation, ...] = ()
    sampling: _Sampling = _Sampling()
    figures: tuple[str, ...] = ("ber",)
    limits: dict[str, float] = Field(default_factory=dict)


def read_parts(file: Path) -> dict[str, Any]:
    """What the TOML file of a study says, as arguments of `Study`; `ConfigError` names the file and what is wrong in it."""
    record = validated(StudyFile, load_toml(file), file)
    try:
        axes = [_axis(one, file.parent) for one in record.axis]
        # files of the base are an axis of their own, the slowest
        if record.base.files is not None and all(axis.parameter != "file" for axis in axes):
            axes.insert(0, Axis("file", _files(record.base.files, file.parent)))
    except SirfError as error:
        raise ConfigError(f"{file.name}: {error}") from None
    return {
        "base": Base(**record.base.model_dump()),
        "axes": tuple(axes),
        "tolerances": tuple(Tolerance(**one.model_dump()) for one in record.tolerance),
        "correlations": tuple(Correlation(*one.between, one.coefficient) for one in record.correlation),
        "sampling": Sampling(**record.sampling.model_dump()),
        "figures": record.figures,
        "limits": record.limits,
        "seed": record.seed,
        "title": record.title or file.stem,
        # resolved: workers may run elsewhere
        "folder": file.parent.resolve(),
    }


def _axis(table: _Axis, folder: Path) -> Axis:
    name = table.parameter
    ranged = (table.low, table.high, table.count)
    # values, files and a range: one of three
    given = (table.values is not None) + (table.files is not None) + any(part is not None for part in ranged)
    if given != 1 or (any(part is not None for part in ranged) and None in ranged):
        raise ConfigError(
            f"axis {name} must have values, or low, high and count, or files, got {given} of them. Give one."
        )
    if table.files is not None:
        return Axis(name, _files(table.files, folder))
    if table.values is not None:
        return Axis(name, tuple(table.values))
    return Axis(name, _range(table))


def _range(table: _Axis) -> tuple[Value, ...]:
    low, high, count = table.low, table.high, table.count
    assert low is not None
    assert high is not None
    assert count is not None
    if not low < high:
        raise ConfigError(f"axis {table.parameter} must have low below high, got {low:g} and {high:g}. Swap them.")
    if table.spacing == "linear":
        # both ends met
        return tuple(_rounded(low + (high - low) * k / (count - 1)) for k in range(count))
    if low <= 0.0:
        raise ConfigError(f"axis {table.parameter} must have a positive low for log spacing, got {low:g}. Use linear.")
    return tuple(_rounded(low * math.exp(math.log(high / low) * k / (count - 1))) for k in range(count))


def _rounded(value: float) -> float:
    """To twelve digits, so that a range reads as it is meant: 0.3, not 0.30000000000000004."""
    return float(f"{value:.12g}")


def _files(pattern: str, folder: Path) -> tuple[Any, ...]:
    # sorted: the order of a folder's entries is none
    found = sorted(glob.glob(pattern, root_dir=folder, recursive=True))
    names = [name for name in found if (folder / name).is_file()]
    if not names:
        raise ConfigError(f"files must match at least one file beside the study, got {pattern!r}. Check the pattern.")
    return tuple(names)

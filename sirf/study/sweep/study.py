"""A study as a value: a base, axes, tolerances, how they are sampled, what is asked, and a seed. Its cases are numbered.

Case k is the same for any number of workers and after any interruption: axes run through their grid, the first one slowest,
and within each point of the grid the samples of the tolerances follow.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sirf.errors import ConfigError, SirfError
from sirf.study.host_models import HostModels
from sirf.study.sweep.checks import check_study
from sirf.study.sweep.models import load_models
from sirf.study.sweep.parts import Axis, Base, Correlation, Sampling, Tolerance, Value
from sirf.study.sweep.tables import read_parts


# no slots: `cached_property` keeps its value in the instance's dictionary
@dataclass(frozen=True)
class Study:
    """What is asked of thousands of links; see `from_toml` for its file.

    `figures` are names of the register (`sirf.study.figures.FIGURES`), `limits` values that figures are held to for the yield,
    `folder` the one in which `files` are looked for.

    Raises `ConfigError` for an unknown parameter or figure (naming the nearest), a parameter that stands twice, or no case.

    >>> from sirf._data import data_path
    >>> sirf.Study.from_toml(data_path("studies", "ring-detuning.toml")).title
    'tolerance of a co-packaged ring to detuning'
    """

    base: Base
    axes: tuple[Axis, ...] = ()
    tolerances: tuple[Tolerance, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    figures: tuple[str, ...] = ("ber",)
    limits: Mapping[str, float] = field(default_factory=dict)
    seed: int = 1
    title: str = ""
    folder: Path = field(default_factory=Path)

    def __post_init__(self) -> None:
        """Validate what stands in the study; values of parameters are validated by what they change."""
        check_study(self)

    @classmethod
    def from_toml(cls, file: str | Path) -> Study:
        """The study of a TOML file; its `files` are looked for beside it. `ConfigError` names file and key."""
        path = Path(file)
        parts = read_parts(path)
        try:
            return cls(**parts)
        except SirfError as error:
            raise ConfigError(f"{path.name}: {error}") from None

    @property
    def names(self) -> tuple[str, ...]:
        """Parameters that vary: axes, then tolerances."""
        return (*(axis.parameter for axis in self.axes), *(one.parameter for one in self.tolerances))

    @property
    def points(self) -> int:
        """Points of the axes' grid."""
        return math.prod(len(axis.values) for axis in self.axes)

    @property
    def samples(self) -> int:
        """Cases at each point of the grid."""
        if not self.tolerances:
            return 1
        # of sensitivity: A, B and a mixed sample for each tolerance
        count = self.sampling.samples
        return count * (len(self.tolerances) + 2) if self.sampling.method == "sensitivity" else count

    @property
    def cases(self) -> int:
        """Number of cases."""
        return self.points * self.samples

    def point(self, case: int) -> dict[str, Value]:
        """Values of the axes in case `case`."""
        index = case // self.samples
        found: dict[str, Value] = {}
        # the last axis runs fastest
        for axis in reversed(self.axes):
            index, place = divmod(index, len(axis.values))
            found[axis.parameter] = axis.values[place]
        # in the order of the axes, for files and tables
        return {axis.parameter: found[axis.parameter] for axis in self.axes}

    def to_dict(self) -> dict[str, Any]:
        """Plain values: what the digest is made of, and what a results file states."""
        return {
            "title": self.title,
            "seed": self.seed,
            "base": asdict(self.base),
            "axes": [asdict(axis) for axis in self.axes],
            "tolerances": [asdict(one) for one in self.tolerances],
            "correlations": [asdict(one) for one in self.correlations],
            "sampling": asdict(self.sampling),
            "figures": list(self.figures),
            "limits": dict(self.limits),
            # workers look for the study's files at the same place, also on other machines
            "folder": str(self.folder),
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Study:
        """The study of `to_dict`."""
        return cls(
            base=Base(**record["base"]),
            axes=tuple(Axis(one["parameter"], tuple(one["values"])) for one in record["axes"]),
            tolerances=tuple(Tolerance(**one) for one in record["tolerances"]),
            correlations=tuple(Correlation(**one) for one in record["correlations"]),
            sampling=Sampling(**record["sampling"]),
            figures=tuple(record["figures"]),
            limits=dict(record["limits"]),
            seed=record["seed"],
            title=record["title"],
            folder=Path(record["folder"]),
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything that a case depends on: content of files in it, title, limits and folder left out."""
        record = self.to_dict()
        # what changes no figure: a study may be renamed and moved
        for name in ("title", "limits", "folder"):
            del record[name]
        # files by content, not by name
        record["content"] = [file_digest(self.folder / name) for name in self.file_names]
        models = (self.models.transmitter, self.models.receiver)
        # parameter file and shared object, also where the study names neither but a .ibs file
        record["models"] = [None if model is None else model.digest for model in models]
        return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()

    @cached_property
    def models(self) -> HostModels:
        """The vendor models of the base; `ConfigError` where one cannot be read."""
        return load_models(self.base, self.folder)

    @property
    def file_names(self) -> tuple[str, ...]:
        """Touchstone files that the study reads, relative to its folder."""
        return tuple(str(value) for axis in self.axes if axis.parameter == "file" for value in axis.values)


def file_digest(file: Path) -> str:
    """SHA-256 of a file's content; `ConfigError` where it cannot be read."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(
            f"file must be a readable Touchstone file, got {file} ({error.strerror}). Check it."
        ) from error

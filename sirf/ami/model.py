"""A vendor's model as a value: the parameter file, the shared object, the values of its In parameters."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sirf._digest import digest
from sirf.ami.file import AmiFile, read_ami
from sirf.ami.host import TIME_LIMIT, Instance
from sirf.ami.parameter import CORNERS, Value
from sirf.ami.shared_object import check_runs_here
from sirf.errors import AmiError

SUFFIXES = (".so", ".dylib")


@dataclass(frozen=True, slots=True, eq=False, init=False)
class AmiModel:
    """A model of a transmitter or receiver to put into a `Link`.

    Parameters
    ----------
    file
        The `.ami` file, or the `.ibs` file that names it (`model` then says which [Model] where several have one).
    so
        The shared object; by default what the `.ibs` file names for this machine, or the one beside the `.ami` file with its
        name.
    corner
        "typ", "slow" or "fast": which value of parameters with Format Corner holds.
    time_limit
        Seconds that one call of the model may take.
    environment
        All environment variables that the model's process has, for example those of a licence. None by default.
    parameters
        Values of In and InOut parameters by name or dotted path. Further keywords are such values too: `tap=2`.

    Running it is running foreign code: each instance has a process of its own (see `sirf.ami.host`). Raises `AmiError` for
    files that cannot be read or do not belong to this machine, and for values that the parameter file does not allow.
    """

    file: Path
    so: Path
    ami: AmiFile
    parameters: Mapping[str, Value]
    corner: str
    time_limit: float
    environment: Mapping[str, str]
    digest: str

    def __init__(
        self,
        file: str | Path,
        *,
        so: str | Path | None = None,
        model: str | None = None,
        corner: str = "typ",
        time_limit: float = TIME_LIMIT,
        environment: Mapping[str, str] | None = None,
        parameters: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> None:
        path = Path(file)
        if path.suffix.lower() == ".ibs":
            from sirf.ami.ibis import read_ibis

            path, named = read_ibis(path).algorithmic_model(model)
            so = named if so is None else so
        elif model is not None:
            raise AmiError(f"model must be None beside a .ami file, got {model!r}. It names a [Model] of a .ibs file.")
        if corner not in CORNERS:
            raise AmiError(f"corner must be one of {', '.join(CORNERS)}, got {corner!r}. Use 'typ'.")
        if not time_limit > 0:
            raise AmiError(f"time_limit must be positive seconds, got {time_limit}. Use {TIME_LIMIT:g}.")
        ami = read_ami(path)
        binary = _beside(path) if so is None else Path(so)
        check_runs_here(binary)
        settings = ami.settings({**(parameters or {}), **more})
        # by content: a file that is replaced by a newer build is another model
        content: tuple[Any, ...] = (
            ami.text,
            hashlib.sha256(binary.read_bytes()).hexdigest(),
            corner,
            # in one order, whatever the order in which the user gave them
            sorted(settings.items()),
        )
        # a Ts4file is part of what the model does
        analog = settings.get("ts4file", ami.info("Ts4file", corner=corner))
        if analog and (path.parent / str(analog)).is_file():
            content += (hashlib.sha256((path.parent / str(analog)).read_bytes()).hexdigest(),)
        values: dict[str, Any] = {
            "file": path,
            "so": binary,
            "ami": ami,
            "parameters": MappingProxyType(settings),
            "corner": corner,
            "time_limit": float(time_limit),
            "environment": MappingProxyType(dict(environment or {})),
            "digest": digest(*content),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def name(self) -> str:
        """Name of the shared object."""
        return self.so.name

    @property
    def values(self) -> dict[str, Any]:
        """Every In and InOut parameter by path with the value that holds."""
        return self.ami.inputs(self.parameters, corner=self.corner)

    def replace(
        self, *, parameters: Mapping[str, Any] | None = None, corner: str | None = None, time_limit: float | None = None
    ) -> AmiModel:
        """This model with some values changed; parameters that are not named keep theirs."""
        return AmiModel(
            self.file,
            so=self.so,
            corner=self.corner if corner is None else corner,
            time_limit=self.time_limit if time_limit is None else time_limit,
            environment=self.environment,
            # checked anew, as at the first time
            parameters={**self.parameters, **self.ami.settings(parameters or {})},
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as files and settings: another process reads them anew."""
        # files and settings, for a process cannot be handed on
        rebuilt = partial(
            AmiModel,
            self.file,
            so=self.so,
            corner=self.corner,
            time_limit=self.time_limit,
            environment=dict(self.environment),
            parameters=dict(self.parameters),
        )
        return rebuilt, ()

    def info(self, name: str, default: Value | None = None) -> Value | None:
        """Value of a reserved parameter: what the user set, else the file's; `default` where there is none."""
        if name.lower() in self.parameters:
            return self.parameters[name.lower()]
        return self.ami.info(name, default, corner=self.corner)

    def open(self, *, samples: int, clocks: int = 0, folder: Path | None = None) -> Instance:
        """A process with the shared object loaded, for waveforms or matrices of up to `samples` values.

        Raises `AmiError` where it does not load, or lacks a function that the parameter file promises.
        """
        instance = Instance(
            self.so,
            samples=samples,
            clocks=clocks,
            time_limit=self.time_limit,
            environment=self.environment,
            folder=folder,
        )
        # what the file promises is looked for at once, and not in the middle of a run
        promised = {"AMI_GetWave": self.ami.getwave_exists, "AMI_Resolve": bool(self.info("Resolve_Exists", False))}
        for function, promise in promised.items():
            if promise and function not in instance.symbols:
                instance.kill()
                raise AmiError(
                    f"{self.name} must have {function}, which {self.ami.source} promises, got none. Ask the vendor."
                )
        return instance

    def input_values(self, *, modulation: str, order: int, sent: Mapping[str, Value] | None = None) -> dict[str, Any]:
        """Values by path for AMI_Init: the user's and the file's, and what the host itself fills in; `sent` on top."""
        values = self.values
        # what only the host knows
        known: dict[str, Value] = {
            "modulation": modulation,
            "modulation_levels": order,
            "dll_path": f"{self.so.resolve().parent}/",
            # the beginning of the names of files that a model may write
            "dll_id": f"{tempfile.gettempdir()}/{self.so.stem}",
            # a link knows no [Component] and no pin
            "component_name": "NA",
            "signal_name": "NA",
            # a differential signal swings about zero
            "dc_offset": 0.0,
        }
        for name, value in {**known, **(sent or {})}.items():
            parameter = self.ami.parameters.get(name.lower())
            # what AMI_Resolve gives is for the host: parameters of usage Dep are not passed on
            if parameter is not None and parameter.is_input:
                values[name.lower()] = value
        return values

    def check_modulation(self, modulation: str) -> tuple[str, ...]:
        """What to warn of when the model is run with `modulation`; `AmiError` where its file or the user rules that out."""
        parameter = self.ami.reserved.get("modulation")
        if parameter is None:
            if modulation == "NRZ":
                return ()
            return (f"{self.ami.source} has no Modulation, so it was made for NRZ; it is run with {modulation}",)
        set_to = self.parameters.get("modulation")
        # a model that lists nothing takes what it is given
        allowed = parameter.choices() or (modulation,)
        if (set_to is not None and set_to != modulation) or modulation not in allowed:
            raise AmiError(
                f"{self.ami.source} line {parameter.line}: Modulation must allow the link's {modulation}, got "
                f"{set_to or ', '.join(map(str, allowed))}. Give the link another modulation."
            )
        return ()

    def __repr__(self) -> str:
        """One line: which model, with what."""
        given = "".join(f", {name}={value!r}" for name, value in self.parameters.items())
        return f"AmiModel({self.file.name!r}, so={self.so.name!r}{given})"


def _beside(path: Path) -> Path:
    for suffix in SUFFIXES:
        if (found := path.with_suffix(suffix)).is_file():
            return found
    raise AmiError(f"so must be given for {path.name}, got no {path.with_suffix('.so').name} beside it. Name the file.")

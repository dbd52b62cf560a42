"""What a case is made of, and what a parameter of a study is: a change of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from sirf.channel.path import Path
from sirf.optics.library import OpticsPreset
from sirf.study.host_models import HostModels

Kind: TypeAlias = Literal["number", "name", "value"]
Root: TypeAlias = Literal["subject", "path", "optics", "link", "limits", "model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What one case is made of; `link_changes` (place, value) are applied to every link once it is built, then `models`."""

    path: Path | None = None
    optics: OpticsPreset | None = None
    length_m: float | None = None
    # in the order given: of two changes to one part the later one builds on the earlier (`changed_link`)
    link_changes: tuple[tuple[str, float], ...] = ()
    limits: tuple[tuple[str, float], ...] = ()
    models: HostModels = field(default_factory=HostModels)


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepParameter:
    """One thing that can be varied.

    `name` is its key in a study, `unit` that of its values. `kind` says whether these are numbers, names or, of a vendor's model,
    either. `root` says what it belongs to: the choice of the subject (architecture, standard, file, …), its path, optics, link,
    equaliser limits or vendor models. `nominal` finds its value in inputs (None where there is none to be found), `apply` gives
    changed inputs.
    """

    name: str
    title: str
    unit: str
    root: Root
    kind: Kind = "number"
    nominal: Callable[[Inputs], float | None] = field(default=lambda inputs: None)
    apply: Callable[[Inputs, Any], Inputs] = field(default=lambda inputs, value: inputs)

    @property
    def label(self) -> str:
        """Title with unit, for axes."""
        return f"{self.title} ({self.unit})" if self.unit else self.title

"""What a study is put together from: base, axes, tolerances, correlations, sampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sirf.study.sweep.distributions import Shape

Value: TypeAlias = float | str
Method: TypeAlias = Literal["random", "latin-hypercube", "sobol", "sensitivity"]
Equalizer: TypeAlias = Literal["search", "fixed"]
METHODS: tuple[Method, ...] = ("random", "latin-hypercube", "sobol", "sensitivity")
# a run keeps a byte for each case (`Store.done`): a gigabyte
MAX_CASES = 10**9
MAX_LATIN = 1_000_000
"""Samples of a Latin hypercube, which cannot be made piece by piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The link that is varied: an `architecture` at a data rate, a `path` under a `standard`, or `files` under a `standard`.

    `step_mhz` is the frequency step of paths, `crosstalk` whether their neighbours count. `material` takes the place of every
    laminate. `equalizer` "search" sets it anew for every case, "fixed" once, at the nominal case of each point of the axes.
    `tx_ami` and `rx_ami` are files of vendor models (.ami or .ibs) beside the study, in place of the hosts' equalisers;
    `tx_so` and `rx_so` name their shared objects where these have other names or places.
    """

    architecture: str | None = None
    path: str | None = None
    files: str | None = None
    standard: str | None = None
    material: str | None = None
    data_rate_gbps: float | None = None
    length_mm: float | None = None
    package_case: int = 1
    samples_per_ui: int = 16
    step_mhz: float = 40.0
    crosstalk: bool = True
    equalizer: Equalizer = "search"
    tx_ami: str | None = None
    tx_so: str | None = None
    rx_ami: str | None = None
    rx_so: str | None = None


@dataclass(frozen=True, slots=True)
class Axis:
    """A parameter and the values (numbers or names) that it takes in turn."""

    parameter: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """A parameter that scatters, as in `Distribution`; `middle` None stands for its nominal value.

    With `relative` the numbers are fractions of the nominal value: `middle` = 1 is nominal, `spread` = 0.05 five percent of it,
    and `low` = -0.1 and `high` = 0.1 end the tails ten percent of it below and above the middle.
    """

    parameter: str
    shape: Shape = "normal"
    middle: float | None = None
    spread: float = 0.0
    low: float | None = None
    high: float | None = None
    relative: bool = False


@dataclass(frozen=True, slots=True)
class Correlation:
    """Normal correlation of two tolerances, between -1 and 1."""

    first: str
    second: str
    coefficient: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How tolerances are sampled: "random", "latin-hypercube", "sobol" (a power of two of `samples` fills best) or "sensitivity".

    "sensitivity" takes `samples` (a power of two) base points and for each of them one more a tolerance and one more: what Sobol
    indices need (Saltelli et al., Comput. Phys. Commun. 181 (2010) 259).
    """

    method: Method = "sobol"
    # a power of two, in which the points of a Sobol sequence balance
    samples: int = 256

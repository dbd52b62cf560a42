"""Maps of one figure over two quantities: length and loss per length, length and data rate, roughness and material."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sirf._arrays import Float
from sirf._display import frame
from sirf.channel.materials import load_material
from sirf.channel.path import Path
from sirf.errors import SirfError
from sirf.presets import load
from sirf.study.figures import FIGURES, value_of
from sirf.study.measurement import CODE
from sirf.study.parallel import Progress, each
from sirf.study.scaled import path_with_loss, rougher, with_material
from sirf.study.subject import ArchitectureSubject, PathSubject, Subject, at_rate, subject_of
from sirf.system.architecture import Architecture
from sirf.units import DATA_RATE, LENGTH, Given, Many, parse_length, read_all


@dataclass(frozen=True, slots=True)
class MapAxis:
    """One quantity of a map: its name and unit, its values ascending, and words in place of them where it has some.

    `discrete` where nothing lies between two values: materials, or interfaces made for one data rate each.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    words: tuple[str, ...] = ()
    discrete: bool = False

    @property
    def label(self) -> str:
        """Name with unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    @property
    def texts(self) -> tuple[str, ...]:
        """Each value as text."""
        return self.words or tuple(f"{value:.6g}" for value in self.values)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"name": self.name, "unit": self.unit, "values": list(self.words or self.values)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Map:
    """`values` (A, B) of `figure` (a name of `sirf.study.figures.FIGURES`) over the `first` axis (A) and the `second` (B).

    `subject` says of what: a path under its standard, or an architecture.
    """

    subject: str
    figure: str
    first: MapAxis
    second: MapAxis
    values: Float

    def __post_init__(self) -> None:
        """Validate the shape and make the array read-only."""
        values = np.array(self.values, dtype=np.float64)
        assert values.shape == (len(self.first.values), len(self.second.values))
        # maps are kept and shared
        values.setflags(write=False)
        object.__setattr__(self, "values", values)

    def at_limit(self, limit: float) -> Float:
        """First quantity (B,) up to which the figure meets `limit`, for each of the second.

        Up to the first value that misses, interpolated from the one before (error ratios in their logarithm); NaN where the
        least value misses already, inf where none does.
        """
        more, shown = FIGURES[self.figure].more_is_better, self._shown
        level = float(np.log10(limit)) if FIGURES[self.figure].ratio else limit
        return np.array(
            [
                # upside down where less is better: one rule for both
                _first_miss(self.first.values, column if more else -column, level if more else -level)
                for column in shown.T
            ]
        )

    @property
    def _shown(self) -> Float:
        return np.log10(np.maximum(self.values, 1e-300)) if FIGURES[self.figure].ratio else self.values

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: `values` as one list for each value of the first axis."""
        return {
            "subject": self.subject,
            "figure": self.figure,
            "first": self.first.to_dict(),
            "second": self.second.to_dict(),
            "values": self.values.tolist(),
        }

    def to_pandas(self) -> Any:
        """One row for each point: both quantities by their labels, and the figure."""
        first, second = (axis.words or axis.values for axis in (self.first, self.second))
        # long form: one line a point
        return frame(
            [
                {self.first.label: one, self.second.label: other, self.figure: float(self.values[row, column])}
                for row, one in enumerate(first)
                for column, other in enumerate(second)
            ]
        )

    def __repr__(self) -> str:
        """One line: what, over what, from where to where."""
        counts = " x ".join(f"{len(axis.values)} {axis.label}" for axis in (self.first, self.second))
        span = f"{self.values.min():.3g} to {self.values.max():.3g}"
        return f"Map({FIGURES[self.figure].label} of {self.subject} over {counts}: {span})"

    def __str__(self) -> str:
        """A table: a line for each value of the first axis."""
        cells = self._cells()
        widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
        lines = ("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
        return "\n".join((self._title(), *lines))

    def _repr_html_(self) -> str:
        head, *rows = self._cells()
        body = "".join(
            f"<tr><th>{row[0]}</th>" + "".join(f"<td>{cell}</td>" for cell in row[1:]) + "</tr>" for row in rows
        )
        headings = "".join(f"<th>{cell}</th>" for cell in head)
        return f"<table><caption>{self._title()}</caption><tr>{headings}</tr>{body}</table>"

    def _title(self) -> str:
        return f"{FIGURES[self.figure].label} of {self.subject}; across: {self.second.label}"

    def _cells(self) -> list[tuple[str, ...]]:
        form = "{:.1e}" if FIGURES[self.figure].ratio else "{:.3g}"
        rows = zip(self.first.texts, self.values, strict=True)
        return [(self.first.label, *self.second.texts), *((text, *map(form.format, row)) for text, row in rows)]


def length_loss_map(
    path: str | Path,
    *,
    standard: str,
    lengths: Many,
    losses_db_per_inch: ArrayLike,
    figure: str = "ber",
    fec: str = CODE,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Map:
    """`figure` of a path under a standard over its length in m (A,) and the loss of its line in dB/inch at Nyquist (B,).

    The variable segment gets the loss as `sirf.study.scaled.path_with_loss` says: loss tangent and roughness times one factor, so
    it stays causal. `figure` is a name of `sirf.study.figures.FIGURES` but "eye_mask"; `executor` and `progress` as in
    `sirf.study.parallel.each`. Raises `SirfError` for lengths or a figure that make no sense, `PhysicsError` for a loss that
    the line cannot have.

    >>> sirf.length_loss_map("cpo", standard="cei-112g-xsr", lengths="30mm,60mm", losses_db_per_inch=[1, 2])  # doctest: +SKIP
    """
    subject = _path(path, standard)
    metres = _ascending("lengths", read_all(lengths, LENGTH, name="lengths"))
    losses = _ascending("losses_db_per_inch", losses_db_per_inch)
    nyquist = 0.5 * load(standard).symbol_rate
    # one line for each loss, made once for all lengths
    made = [dataclasses.replace(subject, path=path_with_loss(subject.path, loss, nyquist)) for loss in losses]
    axes = _length_axis(metres), MapAxis("line loss", f"dB/inch at {nyquist / 1e9:g} GHz", losses)
    return _map(
        f"{subject.name} under {standard}",
        axes,
        [[(one, n) for one in made] for n in metres],
        figure,
        fec,
        executor,
        progress,
    )


def length_rate_map(
    path: str | Path | Architecture,
    *,
    standard: str | None = None,
    lengths: Many,
    rates: Many | None = None,
    figure: str = "ber",
    fec: str = CODE,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Map:
    """`figure` over length in m (A,) and data rate in bit/s on the line of a lane (B,).

    An architecture has its own interface at each rate, all that it has by default. A path under a `standard` keeps its preset,
    filters and edges in Hz and s, at another symbol rate; COM, whose settings belong to one rate, is not among its figures.
    The rest as in `length_loss_map`.

    >>> sirf.length_rate_map("cpo-retimed", lengths="30mm", rates="106.25G", figure="eye_height_mv").values.shape
    (1, 1)
    """
    # any rate that the architecture has, to begin with
    subject = subject_of(path, standard=standard, data_rate=_first_rate(path, standard, rates))
    if isinstance(subject, PathSubject) and figure == "com_db":
        raise SirfError("figure must not be com_db for a path over rates, got com_db. Take ber, or an architecture.")
    if rates is None and isinstance(subject, PathSubject):
        raise SirfError("rates must be given for a path, got none. Give bit/s, or take an architecture.")
    if rates is None and isinstance(subject, ArchitectureSubject):
        rates = sorted(subject.architecture.interfaces)
    metres = _ascending("lengths", read_all(lengths, LENGTH, name="lengths"))
    speeds = _ascending("rates", read_all(rates, DATA_RATE, name="rates") if rates is not None else ())
    made = [at_rate(subject, rate) for rate in speeds]
    # interfaces of an architecture are made for one rate each: nothing lies between
    own = isinstance(subject, ArchitectureSubject)
    axes = _length_axis(metres), MapAxis("data rate", "Gb/s", tuple(rate / 1e9 for rate in speeds), discrete=own)
    name = subject.name if standard is None else f"{subject.name} under {standard}"
    return _map(name, axes, [[(one, n) for one in made] for n in metres], figure, fec, executor, progress)


def material_roughness_map(
    path: str | Path,
    *,
    standard: str,
    materials: Sequence[str],
    roughness_um: ArrayLike,
    length: Given | None = None,
    figure: str = "ber",
    fec: str = CODE,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Map:
    """`figure` of a path under a standard over the foil's rms roughness Rq in um (A,) and the laminate (B,) of its line.

    The variable segment alone is made of each material (ids of `sirf.channel.materials.list_materials()`), on a foil of each
    roughness with the material's ratio of Rz to Rq; `length` in m, the path's own by default. The rest as in `length_loss_map`.
    Raises `SirfError` for a path whose line no material makes.

    >>> sirf.material_roughness_map(
    ...     "pluggable", standard="802.3ck-c2m", materials=["megtron7"], roughness_um=[0.3]
    ... )  # doctest: +SKIP
    """
    subject = _path(path, standard)
    rough = _ascending("roughness_um", roughness_um, zero=True)
    if not len(materials):
        raise SirfError("materials must hold an id, got none. See 'sirf materials'.")
    metres = subject.length_m if length is None else parse_length(length)

    def made(material: str, height: float) -> PathSubject:
        return dataclasses.replace(subject, path=with_material(subject.path, rougher(load_material(material), height)))

    # words have no numbers: places stand in for them, between which nothing is interpolated (`discrete`)
    places = tuple(float(index) for index in range(len(materials)))
    axes = MapAxis("roughness Rq", "um", rough), MapAxis("material", "", places, tuple(materials), discrete=True)
    cases = [[(made(material, height), metres) for material in materials] for height in rough]
    name = f"{subject.name} of {1e3 * metres:.0f} mm under {standard}"
    return _map(name, axes, cases, figure, fec, executor, progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One point of a map; it pickles."""

    subject: Subject
    length: float
    figure: str
    code: str


def _value(case: _Case) -> float:
    return value_of(case.figure, case.subject.measurement(case.length, code=case.code))


def _map(
    name: str,
    axes: tuple[MapAxis, MapAxis],
    cases: Sequence[Sequence[tuple[Subject, float]]],
    figure: str,
    code: str,
    executor: Executor | None,
    progress: Progress | None,
) -> Map:
    # a mask is the bound of a limit, and a map has none
    if figure not in FIGURES or figure == "eye_mask":
        known = ", ".join(one for one in FIGURES if one != "eye_mask")
        raise SirfError(f"figure must be one of {known}, got {figure!r}. Use ber.")
    flat = [_Case(subject=one, length=n, figure=figure, code=code) for row in cases for one, n in row]
    found = each(_value, flat, executor=executor, progress=progress, name=lambda case: f"{1e3 * case.length:.0f} mm")
    return Map(subject=name, figure=figure, first=axes[0], second=axes[1], values=np.reshape(found, (len(cases), -1)))


def _path(path: str | Path, standard: str) -> PathSubject:
    found = subject_of(path, standard=standard)
    assert isinstance(found, PathSubject)
    return found


def _first_rate(path: str | Path | Architecture, standard: str | None, rates: Many | None) -> float | None:
    """A rate that the architecture has, to look it up with."""
    if standard is not None or rates is None:
        return None
    # the least of them serves: the subject is asked anew at each rate
    return min(read_all(rates, DATA_RATE, name="rates"))


def _length_axis(metres: Sequence[float]) -> MapAxis:
    return MapAxis("length", "mm", tuple(1e3 * n for n in metres))


def _ascending(name: str, values: ArrayLike, *, zero: bool = False) -> tuple[float, ...]:
    given = np.atleast_1d(np.asarray(values, dtype=np.float64)).ravel()
    fit = given.size and np.all(np.isfinite(given)) and np.all(np.diff(given) > 0.0)
    # zero only where it means something (a smooth foil)
    if not fit or given[0] < 0.0 or (given[0] == 0.0 and not zero):
        raise SirfError(
            f"{name} must be {'at least 0' if zero else 'positive'} and ascend, got {given.tolist()}. Give each once, the least "
            "first."
        )
    return tuple(given.tolist())


def _first_miss(places: Sequence[float], values: Float, level: float) -> float:
    """Place at which `values`, which should be at least `level`, first fall below it; NaN at once, inf never."""
    # not-a-number is a miss
    below = np.flatnonzero(~(values >= level))
    if not below.size:
        return float("inf")
    miss = int(below[0])
    if miss == 0:
        return float("nan")
    before, after = float(values[miss - 1]), float(values[miss])
    # straight between the last that meets and the first that misses
    # a point without a value gives no slope: the last that meets stands
    part = (before - level) / (before - after) if np.isfinite(after) else 0.0
    return places[miss - 1] + part * (places[miss] - places[miss - 1])

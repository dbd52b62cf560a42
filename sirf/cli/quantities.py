"""Quantities on the command line: options that take text with a unit, read by `sirf.units`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

from sirf import units
from sirf.errors import SirfError

Value = TypeVar("Value")

notices: list[str] = []
"""What to tell the user at the end of a command that ran: old spellings that were taken."""


class BadQuantity(typer.BadParameter):
    """A quantity that cannot be read; says the library's own sentence."""

    def format_message(self) -> str:
        """The sentence alone."""
        return self.message


def parser(read: Callable[..., Value], name: str, **options: Any) -> Callable[[Any], Value]:
    """A reader of `sirf.units` as the command-line library takes it; `name` is what messages call the value."""

    def parse(value: Any) -> Value:
        try:
            return read(value, name=name, **options)
        except SirfError as error:
            raise BadQuantity(str(error)) from None

    return parse


def read_data_rate(value: units.Given, *, name: str) -> float:
    """Data rate in bit/s; a bare number that can be no bit/s is Gb/s, as it was before version 0.4."""
    # no lane runs below a Mb/s: a smaller bare number can only mean Gb/s
    return units.parse_data_rate(_with_old_unit(value, name, "Gb/s", below=units.MIN_RATE), name=name)


def read_length(value: units.Given, *, name: str) -> float:
    """Length in m; a bare number from 1 is mm, as it was before version 0.4."""
    # from 1 on a bare number was mm; a board a metre long is no board, fibre is given with its unit
    return units.FIBRE.read(_with_old_unit(value, name, "mm", above=1.0), name=name)


def read_roughness_um(value: units.Given, *, name: str) -> float:
    """Roughness in um of text with a unit, or of a number of um; 0 is smooth."""
    try:
        return float(value)
    except ValueError:
        return 1e6 * units.LENGTH.read(value, name=name)


def read_hours(value: units.Given, *, name: str) -> float:
    """A duration in hours of text with a unit, or of a number of hours."""
    try:
        return float(value)
    except ValueError:
        return units.DURATION.read(value, name=name) / 3600.0


def read_plain(value: units.Given, *, name: str) -> float:
    """A number whose unit the option's help states."""
    try:
        return float(value)
    except ValueError:
        raise SirfError(f"{name} must be numbers with commas, got {value!r}. Write for example 1,2,4.") from None


def _with_old_unit(
    value: units.Given, name: str, unit: str, *, below: float = float("inf"), above: float = 0.0
) -> units.Given:
    try:
        number = float(value)
    except ValueError:
        return value
    if not (number > 0 and above <= number < below):
        return value
    meant = f"{number:.12g}{unit}"
    # kept until the command has ended, so that it stands below the answer, where it is seen
    notices.append(f"{name} {number:.12g} has no unit and was taken as {meant}; write {meant}")
    return meant


def listed(name: str, read_one: Callable[..., float]) -> Callable[[str], list[float]]:
    """A reader of values with commas."""

    def parse(value: Any) -> list[float]:
        try:
            parts = value.split(",") if isinstance(value, str) else list(value)
            return [read_one(part, name=name) for part in parts]
        except SirfError as error:
            raise BadQuantity(str(error)) from None

    return parse


SymbolRate = Annotated[
    float | None,
    typer.Option(
        parser=parser(units.parse_symbol_rate, "symbol_rate"),
        metavar="RATE",
        help="Symbol rate instead of the preset's, such as 53.125GBd; a bare number is baud.",
    ),
]
GivenSymbolRate = Annotated[
    float,
    typer.Option(
        parser=parser(units.parse_symbol_rate, "symbol_rate"),
        metavar="RATE",
        help="Symbol rate, such as 53.125GBd; a bare number is baud.",
    ),
]
DataRate = Annotated[
    float,
    typer.Option(
        parser=parser(read_data_rate, "data_rate"),
        metavar="RATE",
        show_default="106.25Gb/s",
        help="53.125Gb/s, 106.25Gb/s, 212.5Gb/s or (a projection) 425Gb/s on a lane; a bare number is bit/s.",
    ),
]


def count_option(name: str, text: str, *, least: int = 1, default: str | None = None) -> Any:
    """An option that takes a whole number as people write it: 1e6, 10k; its default may be shown so too."""
    return typer.Option(
        parser=parser(units.parse_count, name, least=least),
        metavar="COUNT",
        help=text,
        show_default=True if default is None else default,
    )

"""Units at the edge: text such as "10 in" or "53.125GBd" becomes SI floats; decibels and constants.

Every quantity that a person writes is read here, on the command line and in public functions alike. Text carries its unit; a
bare number has the one unit that its quantity states, and is refused where it cannot be meant in that unit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from sirf.errors import SirfError, shown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

C0 = 299_792_458.0
"""Speed of light in vacuum, m/s."""
# permittivity and permeability of CODATA 2022; the other constants are exact by definition
EPS0 = 8.854_187_8188e-12
"""Permittivity of vacuum, F/m."""
MU0 = 1.256_637_061_27e-6
"""Permeability of vacuum, H/m."""
WAVE_OHM = math.sqrt(MU0 / EPS0)
"""Wave impedance of vacuum, ohm."""
ELECTRON = 1.602_176_634e-19
"""Charge of an electron, C."""
PLANCK = 6.626_070_15e-34
"""Planck constant, J s."""
INCH = 0.0254
"""An inch, m."""

Given: TypeAlias = str | float
"""A quantity as a person writes it: text with a unit, or a number in the quantity's own unit."""

Many: TypeAlias = "str | float | Iterable[Given] | NDArray[Any]"
"""Several quantities: text with commas, a sequence of such as a person writes them, or an array of numbers."""

# underscores as in Python's numbers; inf and nan are read here and refused below, by the name of the quantity
# digits may be grouped as Python groups them, with underscores between two
_NUMBER = re.compile(r"\s*([+-]?(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:inf|nan))\s*(.*?)\s*")
# lower case, as units are compared
_LARGE = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12}
"""Prefixes of what is never small: here M and m both are mega."""
# the micro sign and the Greek letter look alike and are two characters
_SMALL = {"": 1.0, "m": 1e-3, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}


def _prefixed(prefixes: Mapping[str, float], *names: str) -> dict[str, float]:
    return {f"{prefix}{name}": factor for name in names for prefix, factor in prefixes.items()}


@dataclass(frozen=True, slots=True)
class Quantity:
    """One kind of quantity: its units in lower case with their factors, and the range outside which it cannot be meant.

    `noun` and `unit` are for messages, `unit` being that of a bare number; `low` and `high` bound the value itself,
    `bare_low` and `bare_high` numbers without a unit. `example` shows how to write it, `usual` is the prefix that a bare
    number most likely lacks; `hints` say what is wrong with units of another quantity. A `signed` one may be zero or negative.
    """

    noun: str
    unit: str
    units: Mapping[str, float]
    example: str
    usual: str
    low: float = field(default=0.0, kw_only=True)
    high: float = field(default=math.inf, kw_only=True)
    bare_low: float = field(default=0.0, kw_only=True)
    bare_high: float = field(default=math.inf, kw_only=True)
    hints: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    signed: bool = field(default=False, kw_only=True)

    def read(self, value: Given, *, name: str) -> float:
        """The value in SI units; `name` is what the caller calls it.

        Raises `SirfError` for text that is no number with a unit of this quantity, a value that is not positive and
        finite, and one that cannot be meant, with the spelling that probably was.
        """
        # a bare number counts in the quantity's own unit, which every message names
        number, unit = self._split(value, name)
        result = number * (self.units[unit] if unit else 1.0)
        # NaN is neither finite nor positive, and is refused by the same sentence
        if not (math.isfinite(result) and (result > 0 or self.signed)):
            kind = "finite" if self.signed else "positive and finite"
            raise SirfError(
                f"{name} must be {kind}, a {self.noun} in {self.unit}, got {shown(value)}. "
                f"Write for example {self.example}."
            )
        # a bare number has narrower bounds: 53.125 as a symbol rate means GBd, and must not be taken for baud
        low = self.low if unit else max(self.low, self.bare_low)
        high = self.high if unit else min(self.high, self.bare_high)
        if not low <= abs(result) <= high:
            edge = f"at least {_plain(low)}" if abs(result) < low else f"at most {_plain(high)}"
            meant = f"'{_plain(number)}{self.usual}'"
            said = f"{_plain(number)}, which is {_plain(number)} {self.unit}" if not unit else shown(value)
            # the usual unit may have been left out, if the number makes sense in it
            scale = self.units.get(self.usual.strip().lower(), 0.0)
            left_out = not unit and self.low <= abs(number) * scale <= self.high
            how = f"Write {meant} if that is meant" if left_out else f"Write for example {self.example}"
            raise SirfError(f"{name} must be {edge} {self.unit}, got {said}. {how}.")
        return result

    def _split(self, value: Given, name: str) -> tuple[float, str]:
        """Number and unit in lower case, "" for none."""
        if isinstance(value, bool) or not isinstance(value, str):
            try:
                # True is 1 to Python, and nobody means it
                return math.nan if isinstance(value, bool) else float(value), ""
            except (TypeError, ValueError):
                raise self._unreadable(value, name) from None
        match = _NUMBER.fullmatch(value)
        if match is None:
            raise self._unreadable(value, name)
        unit = match.group(2).lower().replace(" ", "")
        if match.group(2) == "m" and self.units.get("m", 0.0) > 1.0:
            # milli or mega: the one is never meant here, the other is M
            raise self._unreadable(value, name)
        # before the case is dropped: B is a byte, b a bit
        if "B/s" in match.group(2) or "Bps" in match.group(2):
            raise SirfError(f"{name} must be in bit/s, got bytes, {shown(value)}. Write b/s, as in {self.example}.")
        if unit and unit not in self.units:
            for ending, hint in self.hints.items():
                if unit.endswith(ending):
                    raise SirfError(f"{name} must be a {self.noun} in {self.unit}, got {shown(value)}. {hint}")
            raise self._unreadable(value, name)
        return float(match.group(1)), unit

    def _unreadable(self, value: object, name: str) -> SirfError:
        return SirfError(
            f"{name} must be a number with a unit of {self.noun}, or in {self.unit} without one, got {shown(value)}. "
            f"Write for example {self.example}."
        )


def _plain(value: float) -> str:
    return f"{value:.12g}"


_BAUD = _prefixed(_LARGE, "bd", "baud", "sym/s", "symbol/s", "symbols/s", "")
_BITS = _prefixed(_LARGE, "b/s", "bit/s", "bits/s", "bps", "")
_HERTZ = _prefixed(_LARGE, "hz", "")
_METRES = _prefixed(_SMALL, "m") | {"cm": 1e-2, "km": 1e3, "in": INCH, "inch": INCH, "inches": INCH, '"': INCH}
_METRES |= {"ft": 0.3048, "mil": 2.54e-5, "mils": 2.54e-5}

MIN_RATE = 1e6
"""Lowest symbol or data rate per second that can be meant."""
_NO_BITS = dict.fromkeys(
    ("b/s", "bit/s", "bits/s", "bps"), "That is a data rate; with PAM4 the symbol rate is half of it."
)
_NO_BAUD = dict.fromkeys(("bd", "baud"), "That is a symbol rate; with PAM4 the data rate is twice that.")
SYMBOL_RATE = Quantity(
    "symbol rate",
    "baud",
    _BAUD,
    "53.125GBd",
    "GBd",
    low=MIN_RATE,
    high=1e13,
    hints=_NO_BITS,
)
DATA_RATE = Quantity(
    "data rate",
    "bit/s",
    _BITS,
    "106.25Gb/s",
    "Gb/s",
    low=MIN_RATE,
    high=1e14,
    hints=_NO_BAUD,
)
CAPACITY = Quantity("capacity", "bit/s", _BITS, "51.2Tb/s", "Tb/s", low=MIN_RATE, high=1e18, hints=_NO_BAUD)
FREQUENCY = Quantity("frequency", "Hz", _HERTZ, "4MHz", "MHz", bare_low=1e3)
# ten metres: no board and no copper cable is longer, and a bare 250 was meant in mm
LENGTH = Quantity("length", "m", _METRES, "'10 in' or '30 mm'", "mm", high=10.0)
FIBRE = Quantity("length", "m", _METRES, "'500 m' or '2 km'", "m")
WAVELENGTH = Quantity("wavelength", "m", _METRES, "1310nm", "nm", high=1e-3)
TIME = Quantity("time", "s", _prefixed(_SMALL, "s"), "'7.5 ps'", "ps", bare_high=1.0)
# above a hundred volts a bare number was meant in mV
VOLTAGE = Quantity("voltage", "V", _prefixed(_SMALL, "v"), "413mV", "mV", bare_high=100.0)
CURRENT = Quantity("current", "A", _prefixed(_SMALL, "a"), "8mA", "mA", bare_high=10.0)
RESISTANCE = Quantity("resistance", "ohm", _prefixed({"": 1.0, "k": 1e3}, "ohm", "ohms", "Ω", "ω"), "50ohm", "ohm")
DURATION = Quantity(
    "duration", "s", {"s": 1.0, "min": 60.0, "h": 3600.0, "hours": 3600.0, "d": 86400.0}, "'90 min'", "s"
)
AREA = Quantity(
    "area",
    "m²",
    {"m2": 1.0, "m²": 1.0, "mm2": 1e-6, "mm²": 1e-6, "um2": 1e-12, "um²": 1e-12, "µm²": 1e-12},
    "'10 um²'",
    "um²",
)
DETUNING = Quantity("frequency", "Hz", _HERTZ, "'-20 GHz'", "GHz", bare_low=1e3, signed=True)
SHIFT = Quantity("shift", "Hz/V", _prefixed(_LARGE, "hz/v"), "'5 GHz/V'", "GHz/V", signed=True)
MODAL_BANDWIDTH = Quantity(
    "modal bandwidth", "Hz km", _prefixed(_LARGE, "hzkm", "hz*km", "hz·km"), "'4700 MHz km'", "MHz km"
)


class Power(Quantity):
    """Optical power: watts, or dBm, which may be negative."""

    __slots__ = ()

    def read(self, value: Given, *, name: str) -> float:
        """The value in W; otherwise as `Quantity.read`.

        >>> POWER.read("10 dBm", name="power")
        0.01
        """
        if isinstance(value, str) and (match := _NUMBER.fullmatch(value)) and match.group(2).lower() == "dbm":
            # bounded, or 10**400 would overflow before the range of powers is checked
            return super().read(f"{10.0 ** min(float(match.group(1)) / 10.0 - 3.0, 300.0)!r} W", name=name)
        return super().read(value, name=name)


POWER = Power("power", "W", _prefixed(_SMALL, "w"), "'10 mW' or '3 dBm'", "mW", bare_high=10.0)
_COUNT = _prefixed(_LARGE, "", "symbols", "symbol")
_CELSIUS = re.compile(r"\s*([+-]?\d+\.?\d*)\s*(°?C|degC|°?F|degF|K)?\s*")
MAX_COUNT = 10**18
"""Largest count that can be meant."""


def parse_length(value: Given, *, name: str = "length") -> float:
    """Length in metres from text with a unit ("10 in", "30 mm") or a number of metres.

    Raises `SirfError` when the text is not a number and a known unit, the length is not finite and positive, or a bare number is
    longer than any board or cable.

    >>> parse_length("30 mm")
    0.03
    """
    return LENGTH.read(value, name=name)


def parse_symbol_rate(value: Given, *, name: str = "symbol_rate") -> float:
    """Symbol rate in baud from text ("53.125GBd", "53.125G") or a number of baud; refuses rates below 1 MBd.

    >>> parse_symbol_rate("53.125GBd")
    53125000000.0
    """
    return SYMBOL_RATE.read(value, name=name)


def parse_data_rate(value: Given, *, name: str = "data_rate") -> float:
    """Data rate in bit/s from text ("106.25Gb/s", "112G") or a number of bit/s; refuses rates below 1 Mb/s.

    >>> parse_data_rate("112G")
    112000000000.0
    """
    return DATA_RATE.read(value, name=name)


def parse_capacity(value: Given, *, name: str = "capacity") -> float:
    """Bit/s of a whole port, switch or cluster, from text ("51.2Tb/s") or a number of bit/s.

    >>> parse_capacity("51.2T")
    51200000000000.0
    """
    return CAPACITY.read(value, name=name)


def parse_frequency(value: Given, *, name: str = "frequency") -> float:
    """Frequency in Hz from text ("4 MHz", "40G") or a number of hertz.

    >>> parse_frequency("4 MHz")
    4000000.0
    """
    return FREQUENCY.read(value, name=name)


def parse_count(value: Given, *, name: str, least: int = 1) -> int:
    """A whole number of something from text ("1e6", "10k", "1_000_000") or a number; at least `least`.

    >>> parse_count("1e4", name="symbols")
    10000
    """
    number: Any = value
    if isinstance(value, str):
        # thousands may have commas, which no other quantity has
        match = _NUMBER.fullmatch(value.replace(",", ""))
        unit = None if match is None else match.group(2).lower().replace(" ", "")
        number = math.nan if match is None or unit not in _COUNT else float(match.group(1)) * _COUNT[unit]
    whole = isinstance(number, (int, float)) or hasattr(number, "__index__")
    if not whole or isinstance(number, bool) or not math.isfinite(number) or number != int(number):
        raise SirfError(f"{name} must be a whole number, got {shown(value)}. Write for example 1e6.")
    if not least <= number <= MAX_COUNT:
        edge = f"at least {least}" if number < least else f"at most {MAX_COUNT:g}"
        raise SirfError(f"{name} must be {edge}, got {shown(value)}. Give a whole number.")
    return int(number)


def parse_temperature(value: Given, *, name: str = "temperature") -> float:
    """Temperature in degrees Celsius from text ("85 C", "358.15K", "185 F") or a number of degrees Celsius.

    >>> parse_temperature("358.15 K")
    85.0
    """
    if not isinstance(value, str):
        return float(value)
    match = _CELSIUS.fullmatch(value)
    if match is None:
        raise SirfError(f"{name} must be degrees Celsius, got {shown(value)}. Write for example '85 C'.")
    number, unit = float(match.group(1)), (match.group(2) or "C")[-1]
    # rounded to 1e-9 degrees: 358.15 - 273.15 is 85 only up to the last bits
    return round({"C": number, "K": number - 273.15, "F": (number - 32.0) / 1.8}[unit], 9)


def read_all(values: Many, quantity: Quantity, *, name: str) -> list[float]:
    """Several quantities in SI units: of a sequence, an array, or text with commas.

    >>> read_all("25 mm, 2in", LENGTH, name="lengths")
    [0.025, 0.0508]
    """
    if isinstance(values, str):
        values = values.split(",")
    elif isinstance(values, (int, float)):
        values = [values]
    return [quantity.read(value, name=name) for value in values]


def read_frequencies(values: Many) -> NDArray[Any]:
    """Frequencies in Hz as an array: text with a unit (commas between several), or numbers of any shape, 0 too.

    >>> float(read_frequencies("26.5625 GHz"))
    26562500000.0
    """
    import numpy as np

    if isinstance(values, str):
        several = read_all(values, FREQUENCY, name="frequency")
        # one value stays a scalar, so that what is computed of it has no axis that nobody asked for
        return np.asarray(several if "," in values else several[0], dtype=np.float64)
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return np.array(read_all(values, FREQUENCY, name="frequency"))


def read_text_fields(value: object, **quantities: Quantity) -> None:
    """Put SI numbers in the place of those fields of a frozen dataclass that were given as text; called by `__post_init__`."""
    for name, quantity in quantities.items():
        given: Any = getattr(value, name)
        if isinstance(given, str):
            object.__setattr__(value, name, quantity.read(given, name=name))


def db20(value: ArrayLike) -> NDArray[Any]:
    """20 log10 |value|: decibels of an amplitude ratio (zero gives -inf without a warning)."""
    import numpy as np

    # a notch has no decibels; minus infinity says so and spares every caller a special case
    with np.errstate(divide="ignore"):
        return np.asarray(20.0 * np.log10(np.abs(value)))


def from_db20(decibels: float) -> float:
    """Amplitude ratio of a level in dB."""
    return float(10.0 ** (decibels / 20.0))

"""Content digests of frozen values: what a result depends on, independent of process and of object identity.

`digest` takes every bit. `rounded_digest` takes numbers rounded, and seeds draws: the last bits of computed numbers differ with
the processor, its vector instructions and the number of BLAS threads.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import struct
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float

OMITTED_AT_DEFAULT = "omitted from digests at its default"
"""Metadata key of a field that came later: at its default it leaves the digest, and the draws seeded by it, as they were."""
OF_UNIT_SCALE = "counts in parts of one"
"""Metadata key of a computed field whose numbers count in parts of one (taps over the main cursor, shares of a UI): rounded
together, by the steps of an array whose largest value is one or more, so that what is far below one is as good as zero."""
STEPS = 1 << 20
"""Steps of a rounded number: in an octave of its magnitude, or in the largest magnitude of an array."""
OFFSET = 0.5 * (math.sqrt(5.0) - 1.0)
"""Place of numbers that people type between two steps: zero, powers of two and their short sums lie on none of the edges."""
SUMS = 4
"""Weighted sums that stand for an array."""


def digest(*parts: Any) -> str:
    """SHA-256 (hex) of numbers, strings, None, tuples, dicts, arrays and dataclasses, nested at will.

    >>> digest(1.0) == digest(1.0), digest(1) == digest(1.0)
    (True, False)
    """
    return _hexdigest(_Exact(), parts)


def rounded_digest(*parts: Any) -> str:
    """The same of numbers that are rounded: equal for values that differ by what computing them elsewhere leaves.

    A floating-point number counts in steps of 2^-21 to 2^-20 of itself, and -0.0 as 0.0; integers, strings, shapes and types
    count exactly. Of an array count the steps of its largest magnitude, and four sums of its numbers over that magnitude in
    steps of 2^-20, with fixed weights between 1/2 and 1 of either sign: one number that differs by more than 2^-19 of the largest
    makes another digest for certain, numbers that trade places do unless all four sums happen to agree to a step.

    Where each of N numbers moves by a share d of the largest, unrelated to the others, the digest changes with a probability of
    2.6e6 sqrt(N) d: 1e-6 for 160,000 numbers and d = 1e-15. (Rounding each for itself would make it 1e6 N d, 2e-4.) Numbers that
    are nothing but rounding errors have no digits to keep, unless their field is `OF_UNIT_SCALE`.

    >>> rounded_digest(1.0) == rounded_digest(1.0 + 1e-15), rounded_digest(1.0) == rounded_digest(1.00001)
    (True, False)
    """
    return _hexdigest(_Rounded(), parts)


def _hexdigest(feeder: _Exact, parts: tuple[Any, ...]) -> str:
    for part in parts:
        feeder.feed(part)
    # the digest of several parts is that of their sequence: ("a", "b") and ("b", "a") differ
    return feeder.state.hexdigest()


class _Exact:
    """Feeds values to a hash, every bit of them."""

    def __init__(self) -> None:
        self.state = hashlib.sha256()

    def feed(self, part: Any) -> None:
        """Take a value into the hash; `TypeError` for kinds without content."""
        state = self.state
        if part is None or isinstance(part, (bool, int, str)):
            # the type's name keeps 1, True and "1" apart
            state.update(f"{type(part).__name__}:{part};".encode())
        elif isinstance(part, float):
            self.real_number(part)
        elif isinstance(part, complex):
            self.complex_number(part)
        elif isinstance(part, (np.ndarray, np.generic)):
            # a strided view and its copy hold the same values
            array = np.ascontiguousarray(part)
            state.update(f"a{array.dtype.str}{array.shape}".encode())
            self.array(array)
        elif dataclasses.is_dataclass(part):
            # by name without module: moving a class to another file leaves digests, and the draws seeded by them, as they
            # are
            state.update(f"d{type(part).__qualname__}(".encode())
            for field in dataclasses.fields(part):
                value = getattr(part, field.name)
                if OMITTED_AT_DEFAULT in field.metadata and value == field.default:
                    continue
                state.update(field.name.encode() + b"=")
                self.field(value, unit_scale=OF_UNIT_SCALE in field.metadata)
            state.update(b")")
        elif isinstance(part, dict):
            # mappings that are equal are digested equally, whatever the order they were filled in
            for key in sorted(part):
                self.feed(key)
                self.feed(part[key])
        elif isinstance(part, (tuple, list)):
            # the count and brackets keep ("ab", "c") from being taken for ("a", "bc") one level up
            state.update(f"t{len(part)}(".encode())
            for item in part:
                self.feed(item)
        else:
            # an unknown kind has no content that could be told: a digest by identity would differ in every process
            raise TypeError(f"digest takes plain values, arrays and dataclasses, got {type(part).__qualname__}")

    def real_number(self, part: float) -> None:
        # all bits, not the decimal text: -0.0 is not 0.0, and the byte order is that of the file on any machine
        self.state.update(b"f" + struct.pack("<d", part))

    def complex_number(self, part: complex) -> None:
        self.state.update(b"c" + struct.pack("<dd", part.real, part.imag))

    def array(self, part: NDArray[Any]) -> None:
        self.state.update(part.tobytes())

    def field(self, value: Any, *, unit_scale: bool) -> None:
        self.feed(value)


class _Rounded(_Exact):
    """Feeds values to a hash with floating-point numbers rounded."""

    def real_number(self, part: float) -> None:
        self.state.update(f"f{_octave_steps(part)};".encode())

    def complex_number(self, part: complex) -> None:
        # by its magnitude: what is left of a part that cancels out has no digits
        self.state.update(b"c")
        self._together(np.array([part.real, part.imag]))

    def array(self, part: NDArray[Any]) -> None:
        if part.dtype.kind not in "fc":
            super().array(part)
            return
        if part.dtype.kind == "c":
            part = part.astype(np.complex128, copy=False).reshape(-1).view(np.float64)
        self._together(part.astype(np.float64, copy=False).reshape(-1))

    def field(self, value: Any, *, unit_scale: bool) -> None:
        if not unit_scale:
            self.feed(value)
            return
        values = np.atleast_1d(np.asarray(value, dtype=np.float64))
        self.state.update(f"u{values.shape}".encode())
        self._together(values, least=1.0)

    def _together(self, values: Float, *, least: float = 0.0) -> None:
        """Take numbers (n,) in that are rounded by steps of the largest magnitude, or of `least`."""
        odd = np.flatnonzero(~np.isfinite(values))
        if odd.size:
            # what is no number has no digits to round: its kind and place count exactly
            self.state.update(f"{odd.tolist()}{values[odd].tolist()}".encode())
            values = np.where(np.isfinite(values), values, 0.0)
        # a scale that moves as little as the values do: one that was itself rounded would turn all steps over at its edges
        scale = max(float(np.max(np.abs(values), initial=0.0)), least)
        self.state.update(f"{_octave_steps(scale)}[".encode())
        if scale:
            sums = _weights(values.size) @ (values / scale)
            self.state.update(np.floor(sums * STEPS + OFFSET).astype("<i8").tobytes())


def _octave_steps(value: float) -> str:
    """Sign and step of a number on a scale that is continuous at powers of two, and linear between them."""
    if not math.isfinite(value) or value == 0.0:
        # -0.0 is what a sum of cancelling terms may leave in place of 0.0
        return repr(abs(value)) if value == 0.0 else repr(value)
    # no logarithm: frexp is exact, so that a number that was typed has the same step on any machine
    fraction, exponent = math.frexp(abs(value))
    step = math.floor((exponent + 2.0 * fraction) * STEPS + OFFSET)
    return f"{'-' if value < 0.0 else '+'}{step}"


# the networks of a link are as large as each other
@lru_cache(maxsize=2)
def _weights(count: int) -> Float:
    """Fixed weights (SUMS, count) between 1/2 and 1 of either sign, unrelated to each other."""
    # raw words, whose sequence NumPy promises for ever
    words = np.random.SFC64(0).random_raw(SUMS * count) >> np.uint64(11)
    uniform = words.reshape(SUMS, count) * 2.0**-53
    return np.asarray(uniform - (uniform < 0.5))

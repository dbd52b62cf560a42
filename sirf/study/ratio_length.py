"""Margins by length of ways through light that bends levels, with equaliser settings that are known from other lengths.

The reference search sets such a transmitter's FFE by the drive of the light. Several settings are as good for that, while error
ratios behind them differ by a factor of two, and the search jumps among them from length to length. A host in training keeps the
better one. So the setting of the nearest length is held, the search asked where that is far off and misses, and the setting is
refined by the error ratio itself at the end of the bracket that just misses: the better one moves the crossing there or beyond.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from sirf.channel.linear_repeater import WIRE
from sirf.equalizer.merit_search import refined
from sirf.link import Link
from sirf.presets import EqualizerLimits
from sirf.receiver.receiver import CTLE_GAINS, Ctle
from sirf.study.length_search import (
    MAX_LENGTH,
    MIN_LENGTH,
    STRIDE,
    TOLERANCE,
    WINDOW,
    crossing_length,
    fitted_length,
    longest_length,
    steady_length,
    whole,
)
from sirf.study.limits import Limit
from sirf.study.measurement import Measurement
from sirf.study.sections import Section, optimized
from sirf.study.subject import Subject

NEAR = 1.1
"""Ratio of lengths within which a known setting is as good as one that is searched for there."""

MAX_AHEAD = 2.0 * WINDOW
"""Logarithm of a ratio of lengths over which the fall of margins about a crossing is believed."""
MIN_SAMPLES = 8
"""Samples per UI that waves of light need at least."""
FAR_MARGIN, FAR_STRIDE = 20.0, 2.0
"""Decades of margin above which lengths between are not asked for, and a walk through light takes strides of this ratio: bumps
are a few decades high."""


@dataclass(frozen=True, slots=True)
class HeldSetting:
    """Taps of a transmitter's FFE, the index of its main one, and the CTLE's gains in dB about which those behind it lie."""

    ffe: tuple[float, ...]
    ffe_main: int
    gains_db: tuple[float, ...]


Settings: TypeAlias = Mapping[str, HeldSetting]
"""Settings by the section's name."""


class RatioLength:
    """Margins of a limit by length of one subject, where known settings count as those that are searched for.

    `here` is what is measured at the subject's own length; `given` settings are tried at any length. `progress` is told each
    length in m and its figure; `curve` holds (figure, loss in dB) by length.
    """

    def __init__(
        self,
        subject: Subject,
        limit: Limit,
        here: Measurement | None = None,
        given: Settings | None = None,
        progress: Callable[[float, float], None] | None = None,
    ) -> None:
        self.subject = subject
        self.limit = limit
        self.given = given or {}
        self.known: dict[float, Settings] = {}
        self.progress = progress
        self.curve: dict[float, tuple[float, float]] = {}
        self._margins: dict[float, float] = {}
        self._here = here
        # the row's own setting is the first that is known
        if here is not None and (found := settings_of(here)):
            self.known[subject.length_m] = found

    def margin(self, length: float) -> float:
        """The margin at a length in m by the nearest known setting; by the search where that is far off and misses."""
        if length not in self._margins:
            self._margins[length] = self._found(length)
        return self._margins[length]

    def _found(self, length: float) -> float:
        bare = self._bare(length)
        # by ratio of lengths
        near, distance = self._nearest(length)
        found = bare if near is None else self._with(bare, near)
        value = self.limit.value(found)
        # a setting from far away misses by being far away: the search gets its chance there
        if near is not None and distance > NEAR and not self.limit.meets(value):
            searched = self.limit.value(bare)
            # whichever meets the limit better
            found, value = max((found, value), (bare, searched), key=lambda pair: self.limit.margin(pair[1]))
        # never overwritten: the first setting at a length is the one that others have walked from
        if settings := settings_of(found):
            self.known.setdefault(length, settings)
        self.curve[length] = value, max(section.link.insertion_loss_db for section in found.sections)
        if self.progress is not None:
            self.progress(length, value)
        return self.limit.margin(value)

    def measurement(self, length: float) -> Measurement:
        """What is measured at a length in m with the nearest known setting."""
        bare = self._bare(length)
        near, _ = self._nearest(length)
        return bare if near is None else self._with(bare, near)

    def _bare(self, length: float) -> Measurement:
        """What is measured at a length in m by the search alone."""
        found = self.limit.measurement(self.subject, length)
        if self._here is None:
            return found
        # light from retimer to retimer is the same at every length, and its eye is known
        pairs = zip(self._here.sections, found.sections, strict=True)
        return found.with_sections([there if there.electrical else known for known, there in pairs])

    def longest(
        self,
        start: float,
        *,
        between: tuple[float, float] = (MIN_LENGTH, MAX_LENGTH),
        stride: float = STRIDE,
        descent: float = 2.0,
        tolerance: float = TOLERANCE,
        known: Mapping[float, float] | None = None,
        steady: bool = True,
        fall: float | None = None,
    ) -> tuple[float | None, float | None]:
        """As `steady_length`, with settings refined at the crossing; with `steady` off as `crossing_length`, with those known.

        `fall` as in `longest_length`.
        """
        known = dict(known or {})
        # far from the limit, lengths between need not be asked for
        far = start in known and known[start] > FAR_MARGIN
        # a margin that is far off at both ends of the range is nowhere lost between them
        if far and between[1] < MAX_LENGTH and self.margin(between[1]) > FAR_MARGIN:
            return between[1], None
        # a corner of the inputs needs one crossing and no curve
        if not steady:
            return crossing_length(
                self.margin, start, between=between, stride=stride, descent=descent, known=known, fall=fall
            )
        if far and self.known:
            stride = max(stride, FAR_STRIDE)
        low, high = longest_length(
            self.margin, start, between=between, stride=stride, descent=descent, tolerance=WINDOW, known=known
        )
        if low is not None and high is not None and high in self.known:
            fall = (self.margin(low) - self.margin(high)) / math.log(high / low)
            if self._improved(high):
                ahead = self._margins[high] / fall
                centre = whole(high * math.exp(min(ahead, MAX_AHEAD)))
                if tolerance <= WINDOW and abs(ahead) <= MAX_AHEAD and between[0] < centre < between[1]:
                    # margins of one setting fall smoothly: the fit begins where they lead to
                    return fitted_length(self.margin, centre, self._margins, between=between, tolerance=tolerance)
                # the lengths beyond are asked with the better setting, from the one at which it was found
                known = None
                low, high = longest_length(
                    self.margin, high, between=between, stride=NEAR, descent=NEAR, tolerance=WINDOW, fall=fall
                )
        if low is None or high is None:
            return low, high
        known = {**(known or {}), low: self.margin(low), high: self.margin(high)}
        return steady_length(
            self.margin, low, between=between, stride=high / low, descent=NEAR, tolerance=tolerance, known=known
        )

    def _improved(self, length: float) -> bool:
        """Whether steps of CTLE and transmitter taps that lower the error ratio at a length improve the margin there.

        The better setting is then the only one that is known.
        """
        held = self.measurement(length)
        better = held.with_sections([_refined(section) for section in held.sections])
        before, after = self.margin(length), self._value(better)
        if after > before:
            self.known, self._margins = {length: settings_of(better)}, {length: after}
        return after > before

    def fall(self, length: float | None) -> float | None:
        """By how much margins fall over a length e times as long, of those known about a length; None of fewer than two."""
        if length is None:
            return None
        near = {one: value for one, value in self._margins.items() if abs(math.log(one / length)) < 2.0 * WINDOW}
        if len(near) < 2:
            return None
        return -float(np.polyfit(np.log(list(near)), list(near.values()), 1)[0])

    def settings(self, length: float | None) -> Settings:
        """The settings of the nearest length known; none where nothing bends levels."""
        near = None if length is None else self._nearest(length)[0]
        return near or {}

    def _value(self, found: Measurement) -> float:
        return self.limit.margin(self.limit.value(found))

    def _with(self, bare: Measurement, settings: Settings) -> Measurement:
        return bare.with_sections([_held(section, settings) for section in bare.sections])

    def _nearest(self, length: float) -> tuple[Settings | None, float]:
        """The settings of the nearest length known and the ratio of both lengths; those given count as near."""
        if not self.known:
            return (self.given, 1.0) if self.given else (None, math.inf)
        nearest = min(self.known, key=lambda one: max(one, length) / min(one, length))
        distance = max(nearest, length) / min(nearest, length)
        # given settings are good anywhere, but one found nearby is better
        return (self.given, 1.0) if self.given and distance > NEAR else (self.known[nearest], distance)


def trained(found: Measurement) -> Measurement:
    """The same with transmitters that drive curves of light refined by the error ratio, as those at a reach are."""
    # electrical links keep what the reference search finds
    if not any(drives_curves(one.link) for one in found.sections):
        return found
    # a second time through the taps: an early one may have a better place once a later one has moved
    return found.with_sections([_refined(section, rounds=2) for section in found.sections])


def trained_alike(bare: Measurement, settings: Settings) -> Measurement:
    """What is measured with known settings, or by the search alone where that errs less; itself where nothing bends levels."""
    if not settings:
        return bare
    held = bare.with_sections([_held(section, settings) for section in bare.sections])
    # training keeps what errs less
    return min((held, bare), key=lambda one: one.ber)


def settings_of(found: Measurement) -> Settings:
    """The settings of the links that drive curves."""
    return {one.name: _setting(optimized(one.link)) for one in found.sections if drives_curves(one.link)}


def drives_curves(link: Link) -> bool:
    """Whether a link's transmitter drives curves of light with copper before or behind them.

    Light from retimer to retimer is the same at every length, so that the reference search cannot jump there.
    """
    # vendor models are set by their own AMI_Init
    if link.optics is None or not link.optics.large_signal or link.has_models:
        return False
    copper = link.optics.before.name != WIRE or link.optics.after.name != WIRE
    return copper and bool(link.limits.tx_ffe)


def _setting(link: Link) -> HeldSetting:
    ctle, sender = link.receiver.ctle, link.transmitter
    return HeldSetting(sender.ffe, sender.ffe_main, ctle.gains_db if isinstance(ctle, Ctle) else ())


def _held(section: Section, settings: Settings) -> Section:
    """The section with the transmitter of a known setting, its receiver set anew about the CTLE of that."""
    known = settings.get(section.name)
    if known is None or not drives_curves(section.link):
        return section
    link = section.link
    sender = dataclasses.replace(link.transmitter, ffe=known.ffe, ffe_main=known.ffe_main)
    given = link.replace(transmitter=sender)
    # a step to each side of the known gains: neighbouring lengths want neighbouring gains
    narrow = _about(link.limits, known.gains_db)
    found = given.optimized(limits=narrow, freeze=("tx_ffe",), between_samples=True)
    # at an end of the narrow range the best may lie outside of it
    if not _inside(found, narrow, link.limits):
        found = given.optimized(freeze=("tx_ffe",), between_samples=True)
    return dataclasses.replace(section, link=found)


def _refined(section: Section, *, rounds: int = 1) -> Section:
    """The section with its setting moved step by step while the error ratio falls, so many times through all taps."""
    if not drives_curves(section.link):
        return section
    whole = optimized(section.link)
    # the order of settings shows at half the samples, in less time
    few = max(whole.samples_per_ui // 2, MIN_SAMPLES)
    ready = _held(
        dataclasses.replace(section, link=section.link.replace(samples_per_ui=few)), {section.name: _setting(whole)}
    )
    # taps of the transmitter alone: the CTLE follows in '_held'
    better = refined(optimized(ready.link), freeze=("ctle",), rounds=rounds, between_samples=True)
    return _held(section, {section.name: _setting(better)})


def _about(limits: EqualizerLimits, gains_db: tuple[float, ...]) -> EqualizerLimits:
    """The limits with the CTLE's gains a step about known ones."""
    changes = {}
    for name, gain in zip(CTLE_GAINS, gains_db, strict=False):
        values = getattr(limits, name)
        place = min(range(len(values)), key=lambda n: abs(values[n] - gain))
        # a neighbour on each side
        changes[name] = values[max(place - 1, 0) : place + 2]
    return dataclasses.replace(limits, **changes)


def _inside(found: Link, narrow: EqualizerLimits, whole: EqualizerLimits) -> bool:
    """Whether no gain stands at an end of the narrow limits that is none of the whole ones."""
    ctle = found.receiver.ctle
    if not isinstance(ctle, Ctle):
        return True
    for name, gain in zip(CTLE_GAINS, ctle.gains_db, strict=True):
        near, all_of = getattr(narrow, name), getattr(whole, name)
        # an end of the whole range is no end of the search
        ends = {near[0], near[-1]} - {all_of[0], all_of[-1]}
        if gain in ends:
            return False
    return True

"""What closes an eye, cause by cause: interference at the sampling instant as noise, echoes, jitter and crosstalk are added."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from sirf._arrays import Float
from sirf.ami.flow import modelled
from sirf.engine.statistical.analysis import InterferenceModel
from sirf.errors import SirfError
from sirf.link import Link
from sirf.results.interference_distribution import Interference
from sirf.signal.pam import level_shares
from sirf.transmitter.jitter import Jitter


@dataclass(frozen=True, slots=True, kw_only=True)
class InterferencePart:
    """One cause and all before it.

    `reached` is the voltage in V that noise and interference exceed with the error ratio asked for, by cause `name` and those
    before it; `volts` (V,) and `density` (V,) in 1/V are their distribution, all levels together.
    """

    name: str
    reached: float
    volts: Float
    density: Float


@dataclass(frozen=True, slots=True, kw_only=True)
class InterferenceParts:
    """The causes of a link's interference in the order in which they were added, and the signal they eat into.

    `available` is half the distance in V of the levels of the worst eye, `ratio` the error ratio of `reached`.
    """

    link: Link
    ratio: float
    available: float
    parts: tuple[InterferencePart, ...]

    @property
    def added(self) -> tuple[float, ...]:
        """What each cause adds to `reached`, V."""
        # by differences: each cause on top of those before
        return tuple(float(step) for step in np.diff([0.0, *(part.reached for part in self.parts)]))


def interference_parts(link: Link, *, ratio: float | None = None) -> InterferenceParts:
    """Add one cause after the other: receiver noise, transmitter noise, intersymbol interference, jitter, crosstalk, converter.

    `ratio` is an error ratio, the link's DER0 by default. Causes that the link has not are left out. What a cause adds depends on
    what is there before it (noise adds by its square, tails convolve), so the order is fixed. With vendor models the responses of
    their AMI_Init count. Raises `SirfError` for a bad ratio and for light whose curves bend the levels, where causes multiply.

    >>> parts = interference_parts(link)
    >>> sum(parts.added) < parts.available  # an open eye
    True
    """
    wanted = link.der0 if ratio is None else ratio
    if not 0.0 < wanted < 0.5:
        raise SirfError(f"ratio must be between 0 and 0.5, got {wanted}. Use a target such as 1e-6.")
    if link.optics is not None and link.optics.large_signal:
        raise SirfError(
            "optics must be linear for interference cause by cause, got curves that multiply noise and symbols. "
            "Use link.replace(optics=link.optics.linear())."
        )
    # one instant for all causes
    whole = (modelled(link).linear if link.has_models else link).placed()
    full = InterferenceModel(whole)
    instant, main, levels = full.at(0), full.front_end.main_cursor, full.decided
    # the eye with the least between its signal and what closes it: one may have less signal, another more noise
    margins = [
        0.5 * float(levels[e + 1] - levels[e]) * main - _reached(instant, e, wanted) for e in range(len(levels) - 1)
    ]
    worst = int(np.argmin(margins))
    parts = tuple(
        InterferencePart(name=name, reached=_reached(found, worst, wanted), volts=volts, density=density)
        for name, found in ((name, make().at(0)) for name, make in _stages(whole, full))
        for volts, density in (_both_sides(found),)
    )
    available = 0.5 * float(levels[worst + 1] - levels[worst]) * main
    return InterferenceParts(link=link, ratio=wanted, available=available, parts=parts)


def _stages(link: Link, full: InterferenceModel) -> Iterator[tuple[str, Callable[[], InterferenceModel]]]:
    """(cause, how to make the model of it and all causes before)."""
    loud, still = link.transmitter, replace(link.transmitter, jitter=Jitter())
    ideal = replace(link.receiver, converter=None)
    # without aggressors and converter: both come last
    alone = link.replace(channel=replace(link.channel, fext=(), next=()), aggressors=(), receiver=ideal)
    if full.front_end.receiver_noise > 0.0:
        # no jitter and no SNR_TX: noise of the receiver alone
        silent = alone.replace(transmitter=replace(still, snr_db=None))
        yield "receiver noise", lambda: _WithoutEchoes(silent)
    if loud.snr_db is not None:
        yield "transmitter noise", lambda: _WithoutEchoes(alone.replace(transmitter=still))
    yield "intersymbol interference", lambda: InterferenceModel(alone.replace(transmitter=still))
    if loud.jitter:
        yield "jitter", lambda: InterferenceModel(alone)
    if link.channel.fext or link.channel.next:
        yield "crosstalk", lambda: InterferenceModel(link.replace(receiver=ideal))
    if link.receiver.converter is not None:
        yield "converter", lambda: full


class _WithoutEchoes(InterferenceModel):
    """The interference of a link whose equaliser leaves no intersymbol interference."""

    def cursors(self, offset: int) -> tuple[Float, int]:
        """The main cursor alone."""
        cursors, main = super().cursors(offset)
        alone = np.zeros_like(cursors)
        alone[main] = cursors[main]
        return alone, main


def _reached(found: Interference, eye: int, ratio: float) -> float:
    """Voltage exceeded with probability `ratio`, on average over the two levels of an eye."""
    return 0.5 * (found.quantile(eye, ratio) + found.lower_quantile(eye + 1, ratio))


def _both_sides(found: Interference) -> tuple[Float, Float]:
    """(volts, density) over both signs, the mean of all levels as they are sent."""
    shares = level_shares(len(found.density))
    upper, lower = shares @ found.density, shares @ found.lower_density
    # sample zero belongs to both sides and stands once
    return np.concatenate([-found.volts[:0:-1], found.volts]), np.concatenate([lower[:0:-1], upper])

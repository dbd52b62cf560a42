"""The link: transmitter, channel, receiver and symbol rate as one frozen value that every engine takes."""

from __future__ import annotations

import dataclasses
import operator
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from sirf._digest import digest, rounded_digest
from sirf.channel.channel import Channel
from sirf.channel.die_to_die import DieToDie, PackageCase, die_to_die, find_distinct
from sirf.channel.network import Network
from sirf.channel.transfer import Pulse, Transfer
from sirf.errors import SirfError, shown
from sirf.presets import EqualizerLimits, Preset, load
from sirf.receiver.receiver import MUELLER_MULLER, Receiver
from sirf.signal.pam import bits_per_symbol, levels, order_of
from sirf.transmitter.aggressor import Aggressor
from sirf.transmitter.transmitter import Transmitter
from sirf.units import Given, parse_symbol_rate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sirf.ami.model import AmiModel
    from sirf.optics.span import Span
    from sirf.results.equalizer import EqualizerReport
    from sirf.results.sampling_instant import SamplingInstant


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Link:
    """A transmitter, a channel and a receiver at a symbol rate.

    Parameters
    ----------
    channel
        The copper. Its `plane` says what is missing: at the ball the preset's package and die terminations are added, at
        the bump the die terminations, at the die nothing. The name of a Touchstone file
        stands for its channel. Or a `sirf.optics.Span`: copper, light, copper.
    standard
        Id of a preset (see `sirf standards`); fills whatever is not given below.
    transmitter, receiver, symbol_rate, modulation, der0, limits
        Parts that replace the preset's. Without a standard the first four are needed. `symbol_rate` as text with
        its unit ("53.125GBd") or in baud.
    transmitter_model, receiver_model
        Vendor models (`sirf.ami.AmiModel`) in place of the transmitter's FFE and of all equalisers and the clock of the
        receiver; edges, amplitude, noise filter and noise stay those of `transmitter` and `receiver`.
    optics
        The light that carries the signal part of the way; then `channel` is all copper, with the light's gain left out.
    aggressors
        One `Aggressor` for each of the channel's FEXT, then NEXT; None leaves all at the preset's settings.
    package_case
        Which package test case of the preset is added to a channel at the ball: its number, from 1, or its name. The
        transmitter takes the rise time that it sets.
    samples_per_ui
        Time resolution M of the waveforms, 8 to 256.

    Raises `SirfError` when a part is missing, or the channel's band ends below 0.75 of the symbol rate.

    >>> link = sirf.Link(sirf.paths.cpo(rate_class="100g").to_channel(), standard="cei-112g-xsr")
    >>> link.symbol_rate
    53125000000.0
    """

    channel: Channel
    optics: Span | None
    standard: str | None
    transmitter: Transmitter
    receiver: Receiver
    symbol_rate: float
    modulation: str
    der0: float
    limits: EqualizerLimits
    packages: PackageCase | None
    samples_per_ui: int
    aggressors: tuple[Aggressor, ...]
    warnings: tuple[str, ...]
    equalizer_report: EqualizerReport | None
    transmitter_model: AmiModel | None
    receiver_model: AmiModel | None

    def __init__(
        self,
        channel: Channel | Span | str | os.PathLike[str],
        *,
        optics: Span | None = None,
        standard: str | None = None,
        transmitter: Transmitter | None = None,
        receiver: Receiver | None = None,
        symbol_rate: Given | None = None,
        modulation: str | None = None,
        der0: float | None = None,
        limits: EqualizerLimits | None = None,
        package_case: int | str = 1,
        packages: PackageCase | None = None,
        samples_per_ui: int = 32,
        aggressors: Sequence[Aggressor] | None = None,
        equalizer_report: EqualizerReport | None = None,
        transmitter_model: AmiModel | None = None,
        receiver_model: AmiModel | None = None,
    ) -> None:
        if isinstance(channel, (str, os.PathLike)):
            # a file by its name is read with everything found from its data, as the command line does without options
            channel = Channel.from_touchstone(channel)
        if not isinstance(channel, Channel):
            # light is loaded for links that have it: a short command with copper alone waits for what it loads
            from sirf.optics.span import Span

            if not isinstance(channel, Span):
                raise SirfError(
                    f"channel must be a Channel, a Span or the name of a Touchstone file, got {shown(channel)}. "
                    "Make one with Channel.from_network or path.to_channel()."
                )
            optics, channel = channel, channel.copper
        # the copper of a span is what all engines see; the light stands beside it
        if optics is not None:
            optics = _fitting(optics, channel)
        preset = load(standard) if standard is not None else None
        rate = parse_symbol_rate(_part("symbol_rate", symbol_rate, preset and preset.symbol_rate))
        # fewer samples do not show an eye, more cost memory that no response needs
        if not 8 <= samples_per_ui <= 256:
            raise SirfError(f"samples_per_ui must be between 8 and 256, got {samples_per_ui}. Use 32.")
        scheme = _part("modulation", modulation, preset and preset.modulation)
        # refuses a modulation that sirf has no mapping for, before anything is computed with it
        order_of(scheme)
        coupled = len(channel.fext) + len(channel.next)
        # one for each path, though most are alike: engines ask path by path
        sources = (Aggressor(),) * coupled if aggressors is None else tuple(aggressors)
        if len(sources) != coupled:
            raise SirfError(
                f"aggressors must be one for each of the {coupled} FEXT and NEXT of the channel, got {len(sources)}. "
                "Give FEXT first, then NEXT."
            )
        # a case of one's own wins over the preset's, as every part does
        case = packages or _package_case(preset, package_case)
        values: dict[str, Any] = {
            "channel": channel,
            "optics": optics,
            # the preset's id in its own spelling; the name of a user's file as given, for it is read again by those who need
            # more of it
            "standard": standard if preset is None or str(standard).endswith(".toml") else preset.id,
            "symbol_rate": rate,
            "modulation": scheme,
            "transmitter": _part(
                "transmitter", transmitter, _beside(transmitter_model, _usual_transmitter(preset, case))
            ),
            "receiver": _part("receiver", receiver, _beside(receiver_model, preset and preset.receiver)),
            # without a standard nobody has said how many errors are allowed: 1e-6 stands in until someone does
            "der0": float(_part("der0", der0, preset.der0 if preset else 1e-6)),
            "limits": limits or (preset.limits if preset else EqualizerLimits()),
            "packages": case,
            "samples_per_ui": samples_per_ui,
            "aggressors": sources,
            "equalizer_report": equalizer_report,
            "transmitter_model": transmitter_model,
            "receiver_model": receiver_model,
            # found once, with the link: engines and commands tell them without reading the data again
            "warnings": channel.warnings + _checked_rate(channel, rate),
        }
        # frozen, and without dataclass's own __init__: this is the one place that fills the fields
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def has_models(self) -> bool:
        """Whether a vendor's model takes part."""
        return self.transmitter_model is not None or self.receiver_model is not None

    @property
    def order(self) -> int:
        """Number of levels."""
        return order_of(self.modulation)

    @property
    def bit_rate(self) -> float:
        """Bits per second on the line."""
        return self.symbol_rate * bits_per_symbol(self.order)

    @property
    def levels(self) -> NDArray[np.float64]:
        """Symbol levels (order,) relative to the amplitude, level mismatch in them."""
        return levels(self.order, level_mismatch=self.transmitter.level_mismatch)

    @property
    def digest(self) -> str:
        """SHA-256 of everything that a result depends on, to the last bit: not of names, which may change."""
        return digest(*self._content())

    @property
    def rounded_digest(self) -> str:
        """The same with numbers rounded to about a millionth: what seeds every draw, and tells the counts of links apart.

        Taps and S-parameters that are computed on another machine differ in their last bits. Links as close as that are sent the
        same symbols in the same noise, and a count of one goes on with the other: their error ratios differ by far less than
        a count can tell. See `sirf._digest.rounded_digest`.
        """
        return _rounded_digest(self)

    def _content(self) -> tuple[Any, ...]:
        """Everything that a result depends on."""
        channel = self.channel
        # numbers alone: the same data under another file name are the same link, and draw the same noise
        copper = tuple((network.frequency, network.s) for network in channel.networks)
        # data alone do not tell which of the networks are FEXT and which NEXT
        counts = (len(channel.fext), len(channel.next), channel.plane)
        content: tuple[Any, ...] = (copper, counts, self.transmitter, self.receiver, self.symbol_rate, self.modulation)
        content += (self.packages, self.samples_per_ui, self.aggressors)
        if channel.four_port is not None and channel.plane != "die" and self.packages is not None:
            # what the channel converts turns back at the packages: equal differential parameters may give other results
            content += (channel.four_port.s,)
        if channel.coupling_corner is not None:
            # the grid need not show it: equal data may wander or not
            content += ("coupling", channel.coupling_corner)
        if self.has_models:
            content += tuple(one and one.digest for one in (self.transmitter_model, self.receiver_model))
        if self.optics is None:
            return content
        # copper as a whole does not tell where the light divides it
        halves = tuple(half.through.s for half in (self.optics.before, self.optics.after))
        # swing and automatic gain shape the light; curves and noise decide which engine's numbers come out
        light = (self.optics.path, self.optics.swing, self.optics.agc_db, self.optics.large_signal, self.optics.noisy)
        return (*content, halves, light)

    @property
    def insertion_loss_db(self) -> float:
        """Die-to-die loss at half the symbol rate, dB, positive."""
        return self.die_to_die().insertion_loss_db(0.5 * self.symbol_rate)

    def replace(self, **changes: Any) -> Link:
        """This link with some parts changed; another `channel` keeps the light, a model takes the place of equalisers."""
        kept = {name: getattr(self, name) for name in _kept_fields()}
        for side in ("transmitter", "receiver"):
            kept[side] = _beside(changes.get(f"{side}_model"), kept[side])
        channel = changes.pop("channel", self.channel)
        # usual ones are made anew, so that another channel may have another number of them
        if set(self.aggressors) <= {Aggressor()}:
            del kept["aggressors"]
        result = Link(channel, **(kept | changes))
        # by hand: given to the constructor it would bring the preset's values back for whatever was set to None
        object.__setattr__(result, "standard", self.standard)
        return result

    def die_to_die(self) -> DieToDie:
        """The copper from die to die: distinct networks and transfers, and which of them each path has."""
        return die_to_die(self.channel, self.packages)

    def networks(self) -> tuple[Network, ...]:
        """Die-to-die networks, complete with packages and terminations: the through first, then FEXT, then NEXT."""
        copper = self.die_to_die()
        return tuple(copper.networks[number] for number in copper.index)

    def transfers(self) -> tuple[Transfer, ...]:
        """Die-to-die voltage transfers in the order of `networks()`, equation (93A-18)."""
        distinct, index = self.distinct_transfers()
        return tuple(distinct[number] for number in index)

    def distinct_transfers(self, *, drive_gain: float | None = None) -> tuple[tuple[Transfer, ...], tuple[int, ...]]:
        """The transfers without repetition, the light's gain in those that pass it, and the number of each path's own.

        `drive_gain` takes the place of the automatic gain.
        """
        copper = self.die_to_die()
        if self.optics is None:
            # found copper by copper: aggressors that are alike and pass the same light are one
            return copper.transfers, copper.index
        paths = list(zip(copper.index, self.passing_light(), strict=True))
        distinct, index = find_distinct(paths, operator.eq)
        gain, light, found = self.drive_gain if drive_gain is None else drive_gain, {}, []
        for number, lit in distinct:
            copper_alone = copper.transfers[number]
            if not lit:
                found.append(copper_alone)
                continue
            # paths of one file share their grid, and the light its gain there
            grid = copper_alone.frequency.tobytes()
            if grid not in light:
                light[grid] = gain * self.optics.gain(copper_alone.frequency, self.order)
            found.append(dataclasses.replace(copper_alone, value=copper_alone.value * light[grid]))
        return tuple(found), index

    def passing_light(self) -> tuple[bool, ...]:
        """Of each path, the through first, then FEXT, then NEXT: whether it passes light."""
        # aggressors that couple in before the light go through it, those behind it do not
        fext, near = (0, 0) if self.optics is None else self.optics.passing
        return (
            self.optics is not None,
            *(k < fext for k in range(len(self.channel.fext))),
            *(k < near for k in range(len(self.channel.next))),
        )

    @property
    def drive_gain(self) -> float:
        """Automatic gain ahead of the optical driver, V/V; 1 without light."""
        if self.optics is None:
            return 1.0
        return _drive_gain(self.optics, self.transmitter, self.symbol_rate, self.order)

    def optical_noise(self, frequency: NDArray[np.float64]) -> NDArray[np.float64]:
        """One-sided density (F,) in V²/Hz at the receiver's input of what the optics add, on average over the levels."""
        span = self.optics
        if span is None or not span.noisy:
            # zero, and not None: callers add it to the receiver's own density
            return np.zeros(np.shape(frequency))
        grid = span.after.frequency
        # noise enters behind the light and passes the copper after it: as power, by |S21|²
        copper = np.abs(span.after.through.s[:, 1, 0]) ** 2
        added = span.noise_density(frequency, self.drive_gain, symbol_rate=self.symbol_rate, order=self.order)
        return np.asarray(added * np.interp(frequency, grid, copper))

    def launch_amplitudes(self) -> tuple[float, ...]:
        """Amplitude in V of each of `transfers()`: A_v, then A_fe of every FEXT and A_ne of every NEXT or the aggressor's own."""
        tx = self.transmitter
        # standards drive aggressors harder than the victim
        usual = [tx.amplitude_fext] * len(self.channel.fext) + [tx.amplitude_next] * len(self.channel.next)
        own = (source.amplitude for source in self.aggressors)
        return (tx.amplitude, *(a if a is not None else default for a, default in zip(own, usual, strict=True)))

    def pulse_response(self) -> Pulse:
        """Pulse response at the slicer through Tx FFE, channel, CTLE and Rx FFE (before the DFE): time s, volts, cursor.

        With vendor models it is that of their AMI_Init, decision feedback in it where the receiver's puts it there.
        """
        from sirf.engine.front_end import front_end

        if self.has_models:
            from sirf.ami.flow import modelled

            return front_end(modelled(self).linear).pulse()
        return front_end(self).pulse()

    def sampling_instant(self, criterion: str | None = None) -> SamplingInstant:
        """Where the receiver samples by its criterion (or another), and what the Mueller-Müller point would cost.

        See `sirf.engine.statistical.sampling_criterion.find_instant`.
        """
        from sirf.engine.statistical.sampling_criterion import find_instant

        if self.has_models:
            from sirf.ami.flow import modelled

            return find_instant(modelled(self).linear, criterion or self.receiver.sampling)
        return find_instant(self, criterion)

    def chosen_instant(self) -> SamplingInstant | None:
        """What the receiver's criterion finds; None with Mueller and Müller's, where there is nothing to find."""
        return None if self.receiver.sampling == MUELLER_MULLER else self.sampling_instant()

    def placed(self) -> Link:
        """This link with its sampling criterion replaced by the offset in UI that it finds; itself where there is none to find.

        What is derived from it (without noise, without an equaliser) then keeps the instant.
        """
        return self if self.receiver.sampling == MUELLER_MULLER else _placed(self)

    def optimized(self, **limits: Any) -> Link:
        """This link with CTLE, FFE and DFE set by the reference search; see `sirf.equalizer.merit_search.optimize`.

        With vendor models their In parameters are searched; see `sirf.ami.parameter_search.optimize_models`.
        """
        if self.has_models:
            from sirf.ami.parameter_search import optimize_models

            return optimize_models(self, **limits)
        from sirf.equalizer.merit_search import optimize

        return optimize(self, **limits)

    def __repr__(self) -> str:
        """One line: what, where, how fast."""
        light = "" if self.optics is None else ", light between"
        return (
            f"Link({self.channel.name!r}, {self.standard or 'custom'}, {self.modulation} "
            f"{self.symbol_rate / 1e9:g} GBd, {self.insertion_loss_db:.1f} dB die to die{light})"
        )


# every engine that draws asks for it, and the relays of a chain in turn; few, for a kept link keeps its copper
@lru_cache(maxsize=8)
def _rounded_digest(link: Link) -> str:
    return rounded_digest(*link._content())


# one link for each, by which engines keep what they prepare
@lru_cache(maxsize=32)
def _placed(link: Link) -> Link:
    from sirf.engine.statistical.sampling_criterion import find_offset

    # models of the receiver refuse a criterion, those of the transmitter alone shape what arrives
    linear = link
    if link.has_models:
        from sirf.ami.flow import modelled

        linear = modelled(link).linear
    found = find_offset(linear, link.receiver.sampling) / link.samples_per_ui
    offset = link.receiver.sampling_offset_ui + found
    return link.replace(receiver=link.receiver.replace(sampling=MUELLER_MULLER, sampling_offset_ui=offset))


@cache
def _kept_fields() -> tuple[str, ...]:
    """Fields that a replaced link keeps."""
    # warnings follow from channel and rate; the standard would fill in what is kept as it is
    names = (field.name for field in dataclasses.fields(Link))
    return tuple(name for name in names if name not in ("channel", "standard", "warnings"))


# every setting of a search is a link on one channel, whose data need not be looked through again
@lru_cache(maxsize=16)
def _checked_rate(channel: Channel, symbol_rate: float) -> tuple[str, ...]:
    """`Channel.check_symbol_rate`, kept."""
    return channel.check_symbol_rate(symbol_rate)


# by what it depends on: the links of a search differ in receivers; few, for a kept span keeps its copper
@lru_cache(maxsize=8)
def _drive_gain(optics: Span, transmitter: Transmitter, symbol_rate: float, order: int) -> float:
    """`Span.drive_gain`, kept: every response asks for it."""
    return optics.drive_gain(transmitter, symbol_rate=symbol_rate, order=order)


def _fitting(optics: Span, channel: Channel) -> Span:
    """The optics with the aggressors of `channel`; `SirfError` where they cannot belong together."""
    if not channel.fext and not channel.next:
        optics = optics.undisturbed()
    counts = [(len(one.fext), len(one.next)) for one in (channel, optics.copper)]
    # curves are followed in the copper's own waveforms, which a replaced channel would belie
    if counts[0] != counts[1] or (optics.large_signal and channel.through is not optics.copper.through):
        raise SirfError(
            "channel must be the copper of its optics, all aggressors with it or none, got another. Make a new Span, or take "
            "linear optics."
        )
    return optics


def _part(name: str, given: Any, preset_value: Any) -> Any:
    value = given if given is not None else preset_value
    if value is None:
        raise SirfError(f"{name} must be given when no standard is, got None. Pass {name}= or standard=.")
    return value


def _beside(model: AmiModel | None, part: Any) -> Any:
    """A transmitter or receiver, without its equalisers where a model takes their place."""
    return part if model is None or part is None else part.without_equalizers()


def _package_case(preset: Preset | None, case: int | str) -> PackageCase | None:
    if preset is None or not preset.packages:
        return None
    # cases are counted from 1, as in the standards' tables
    return preset.packages[preset.case_number(case) - 1]


def _usual_transmitter(preset: Preset | None, case: PackageCase | None) -> Transmitter | None:
    """The preset's transmitter, with the rise time of the test case where it sets one."""
    # without a case of its own rise time the preset's transmitter stands as it is
    if preset is None or case is None or case.rise_time is None:
        return None if preset is None else preset.transmitter
    return dataclasses.replace(preset.transmitter, rise_time=case.rise_time)

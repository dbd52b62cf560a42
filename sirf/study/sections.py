"""The sections of an architecture as links: what each receiver on the way from host to host has to decide."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sirf.ami.parameter_search import equalize_own_side
from sirf.channel.channel import Channel
from sirf.channel.linear_repeater import WIRE, unit_channel
from sirf.channel.path import Path, load_path
from sirf.channel.path.element_networks import compares_by_value
from sirf.errors import SirfError
from sirf.link import Link
from sirf.optics.library import OpticsPreset
from sirf.optics.optical_path import OpticalPath
from sirf.optics.span import Span
from sirf.presets import list_presets, load
from sirf.receiver.receiver import Thresholds
from sirf.study.host_models import SIDES, HostModels
from sirf.system.architecture import DECIDERS, Architecture
from sirf.system.corners import Corner

CABLE = "copper between retimers"
"""Name of that section, whose copper may be another than that at the hosts."""
MIN_BAND, STEP = 120e9, 10e6
"""Least band and step in Hz of the paths' networks."""
KEPT_CHANNELS = 16
"""Channels that are kept, at most: a row asks for its own length, both ends of its range and about ten lengths of its reach."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section: the link whose receiver decides (not yet equalised), and how many equal ones there are."""

    name: str
    link: Link
    count: int = 1

    @property
    def electrical(self) -> bool:
        """Whether the section holds copper: else it is light from one retimer to the other."""
        return self.link.optics is None or bool(
            self.link.optics.before.name != WIRE or self.link.optics.after.name != WIRE
        )


def path_of(
    architecture: Architecture, data_rate: float, length: float | None = None, inputs: Corner | None = None
) -> Path:
    """The architecture's electrical path with the dies of `data_rate`; `length` in m of its variable segment."""
    temperature = None if inputs is None else inputs.copper_temperature_c
    rate_class = architecture.at(data_rate).rate_class
    path = load_path(architecture.path, rate_class=rate_class, temperature_c=temperature)
    # without a length the path keeps its own
    return path if length is None else path.with_length(length)


def sections(
    architecture: Architecture,
    data_rate: float,
    *,
    length: float | None = None,
    step: float = STEP,
    samples_per_ui: int = 32,
    inputs: Corner | None = None,
    path: Path | None = None,
    optics: OpticsPreset | None = None,
    models: HostModels | None = None,
    thresholds: Thresholds = "adapted",
) -> tuple[Section, ...]:
    """The links between deciding blocks in order; equal sections once, with their count.

    Retimed: host to retimer and, equal to it, retimer to host; retimer to retimer through the light. Half-retimed: host to
    retimer, then through light and copper to the far host. Linear: one link through copper, light and copper. Electrical: one.
    `inputs` at one end of their ranges take the place of the nominal ones, `path` and `optics` that of the architecture's own.
    `models` take the place of the hosts' equalisers: that of the transmitter in the first section, that of the receiver in the
    last, each where the section is copper alone. `thresholds` are those of every receiver's slicers. `SirfError` where no section
    can take a model that is given.
    """
    ordered = _ordered(architecture, data_rate, length, step, samples_per_ui, inputs, path, optics)
    if models:
        ordered = _with_models(ordered, models, architecture)
    # a user's answer counts for all receivers on the way
    if thresholds != "adapted":
        # equal sections stay equal values: they are counted below
        changed = {part: _with_thresholds(part, thresholds) for part in dict.fromkeys(ordered)}
        ordered = [changed[part] for part in ordered]
    return tuple(Section(part.name, part.link, ordered.count(part)) for part in dict.fromkeys(ordered))


def links(
    architecture: Architecture, data_rate: float, *, length: float | None = None, samples_per_ui: int = 32
) -> tuple[Link, ...]:
    """Every link from host to host in order, equalised: what `sirf.simulate_chain` takes."""
    # the fine grid: these links are counted through and not searched over
    ordered = _ordered(architecture, data_rate, length, STEP, samples_per_ui, None)
    return tuple(optimized(part.link) for part in ordered)


def _ordered(
    architecture: Architecture,
    data_rate: float,
    length: float | None,
    step: float,
    samples_per_ui: int,
    inputs: Corner | None,
    path: Path | None = None,
    optics: OpticsPreset | None = None,
) -> list[Section]:
    """The sections in order; equal ones are the same value."""
    interface = architecture.at(data_rate)
    if path is None:
        path = path_of(architecture, data_rate, length, inputs)
    elif length is not None:
        path = path.with_length(length)
    # a little beyond the symbol rate, from which on a channel counts as wide enough
    band = max(MIN_BAND, 1.05 * load(interface.standard).symbol_rate)
    copper = _channel(path, band, step)
    touching = copper if architecture.host_path is None else _host_copper(architecture, data_rate, inputs, band, step)
    optics = architecture.optics_at(data_rate) if optics is None else optics
    # inputs at an end of their ranges change the light as well
    if optics is not None and inputs is not None:
        optics = dataclasses.replace(optics, path=inputs.applied(optics.path))
    # section k lies between deciders k and k + 1
    deciders = [block for block in architecture.blocks if block in DECIDERS]
    known: dict[tuple[str, str, tuple[str, ...]], Section] = {}
    ordered = []
    for index, blocks in enumerate(architecture.sections):
        # copper between a host and a retimer is that host's interface, in either direction
        near = far = interface.standard if index == 0 else interface.far_standard
        if "optics" in blocks:
            # both ends of the section: a host has its own preset, a retimer that of the interface's optical side
            near, far = (
                host if decider == "host" else str(interface.retimer_standard)
                for decider, host in zip(deciders[index:], (interface.standard, interface.far_standard), strict=False)
            )
        between = deciders[index] == deciders[index + 1] == "retimer"
        if between and "optics" not in blocks:
            near = far = str(interface.retimer_standard)
        # equal sections are one value: what is found of one (its setting, its eye) holds for the others and is found once
        key = near, far, blocks
        if key not in known:
            own = copper if between else touching
            name = CABLE if between and "optics" not in blocks else _name(blocks)
            known[key] = Section(name, _link(near, far, blocks, own, optics, samples_per_ui))
        ordered.append(known[key])
    return ordered


def _host_copper(
    architecture: Architecture, data_rate: float, inputs: Corner | None, band: float, step: float
) -> Channel:
    """The copper between a host and a retimer where it is another path than the one between retimers."""
    assert architecture.host_path is not None
    temperature = None if inputs is None else inputs.copper_temperature_c
    rate_class = architecture.at(data_rate).rate_class
    path = load_path(architecture.host_path, rate_class=rate_class, temperature_c=temperature)
    return _channel(path, band, step)


def _channel(path: Path, band: float, step: float) -> Channel:
    """The path's copper up to `band` in Hz by `step`, with what couples into it; kept where its parts compare by value."""
    by_value = all(compares_by_value(segment.element) for segment in path.segments)
    make = _kept_channel if by_value else _kept_channel.__wrapped__
    return make(path, band, step)


# rows on the same copper, whose reach ends at the same lengths, ask for one channel, and share what is found of it
@lru_cache(maxsize=KEPT_CHANNELS)
def _kept_channel(path: Path, band: float, step: float) -> Channel:
    # half a step more: the last point may fall short of `band` by rounding
    return path.to_channel(np.arange(0.0, band + 0.5 * step, step), crosstalk=True)


def _with_models(ordered: list[Section], models: HostModels, architecture: Architecture) -> list[Section]:
    """The sections with the models of the hosts at their ends; what was equal on both sides of a retimer no longer is."""
    last, fitting = len(ordered) - 1, models.fitting(architecture)
    for side, place in (("tx", 0), ("rx", last)):
        # a model that would stand at light: refused rather than left out in silence
        if getattr(fitting, SIDES[side]) is not getattr(models, SIDES[side]):
            raise SirfError(
                f"{side}_ami must belong to a host whose section is copper alone, got {architecture.id} with "
                f"{ordered[place].name}: vendor models know no light. Take another architecture."
            )
    changed = list(ordered)
    # one section may have both ends
    for place in {0, last}:
        link = models.applied(ordered[place].link, sends=place == 0, receives=place == last)
        # the same object where no model belongs there
        if link is not ordered[place].link:
            changed[place] = Section(ordered[place].name, link)
    return changed


def _with_thresholds(section: Section, thresholds: Thresholds) -> Section:
    receiver = dataclasses.replace(section.link.receiver, thresholds=thresholds)
    return dataclasses.replace(section, link=section.link.replace(receiver=receiver))


def _name(blocks: tuple[str, ...]) -> str:
    return " + ".join({"copper": "copper", "optics": "light"}[block] for block in blocks)


def _link(
    near: str, far: str, blocks: tuple[str, ...], copper: Channel, optics: OpticsPreset | None, samples_per_ui: int
) -> Link:
    """The link of a section: transmitter of the preset `near`, receiver of `far`."""
    if "optics" not in blocks:
        # sender and receiver of copper alone are ends of one interface: one preset has both
        return _copper_alone(far, copper, samples_per_ui)
    assert optics is not None
    if len(blocks) == 1:
        return _light_alone(far, optics.path, optics.swing, optics.agc_db, samples_per_ui)
    # a wire without loss stands where there is no copper, so that every link with light has the same three parts
    wire, place = unit_channel(copper.frequency), blocks.index("optics")
    before, after = (copper if half else wire for half in (blocks[:place], blocks[place + 1 :]))
    # the automatic gain's range is the optics' own
    span = Span(optics.path, before=before, after=after, swing=optics.swing, agc_db=optics.agc_db)
    sender, receiver = load(near), load(far)
    limits = dataclasses.replace(
        # the transmitter's taps are limited by the standard of the end that sends, everything else by that of the end that
        # receives
        receiver.limits,
        tx_ffe=sender.limits.tx_ffe,
        tx_main_minimum=sender.limits.tx_main_minimum,
    )
    return Link(span, standard=far, transmitter=sender.transmitter, limits=limits, samples_per_ui=samples_per_ui)


def _copper_alone(standard: str, copper: Channel, samples_per_ui: int) -> Link:
    """One channel decided alone, cached as `_light_alone`."""
    make = _copper_under_preset if standard in list_presets() else _copper_under_preset.__wrapped__
    return make(standard, copper, samples_per_ui)


@lru_cache(maxsize=KEPT_CHANNELS)
def _copper_under_preset(standard: str, copper: Channel, samples_per_ui: int) -> Link:
    """Cached: rows on the same copper are equalised once."""
    return Link(copper, standard=standard, samples_per_ui=samples_per_ui)


def _light_alone(
    standard: str, path: OpticalPath, swing: float, agc_db: tuple[float, float], samples_per_ui: int
) -> Link:
    """Light from retimer to retimer, cached under a preset that ships; a file of the user may change between two calls."""
    # '__wrapped__' is the same without its cache
    make = _light_under_preset if standard in list_presets() else _light_under_preset.__wrapped__
    return make(standard, path, swing, agc_db, samples_per_ui)


@lru_cache(maxsize=32)
def _light_under_preset(
    standard: str, path: OpticalPath, swing: float, agc_db: tuple[float, float], samples_per_ui: int
) -> Link:
    """Cached: identical in several architectures, so it is equalised once."""
    span = Span.alone(path, swing=swing, symbol_rate=load(standard).symbol_rate, agc_db=agc_db)
    return Link(span, standard=standard, samples_per_ui=samples_per_ui)


@lru_cache(maxsize=12)
def optimized(link: Link) -> Link:
    """The link with its equaliser set by the reference search; cached, for several figures are asked of the same link.

    Sampled between samples, so that figures follow lengths without steps and hang on no grid. A link that has been through a
    search keeps its settings. Vendor models keep theirs: the search sets the side without one.
    """
    # vendor models choose their own settings; only the other side is searched
    if link.has_models:
        return link if link.equalizer_report is not None else equalize_own_side(link)
    return link if link.equalizer_report is not None else link.optimized(between_samples=True)

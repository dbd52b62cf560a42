"""What is measured of the sections from host to host at one length: eyes, error ratios, COM, closure of light, cost."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Final, Literal, TypeAlias

from sirf import fec
from sirf._digest import digest
from sirf.channel.channel import Channel
from sirf.channel.linear_repeater import WIRE
from sirf.channel.network import bulk_delay
from sirf.com.annex_93a import setting_of_case
from sirf.com.config.preset_settings import from_standard
from sirf.com.near_search import setting_near, setting_of_thinned_grid
from sirf.engine.light.transmitter_closure import transmitter_tdecq
from sirf.engine.statistical.analysis import statistical_eye
from sirf.errors import AmiError, NoSettingError, SirfError
from sirf.fec.error_chain import ErrorChain
from sirf.fec.word_errors import WordErrors, word_errors, word_errors_in_series
from sirf.link import Link
from sirf.presets import load as load_preset
from sirf.results.chain_count import composed_error_ratio
from sirf.results.margin import EqualizerChoice
from sirf.results.statistical_eye import StatisticalEye
from sirf.study.sections import Section, optimized
from sirf.system.architecture import Architecture
from sirf.system.energy import LOSS_LIMIT_DB, Energy, energy_pj_per_bit
from sirf.system.failures import PortFailures, flap_hours, port_failures
from sirf.system.port import PortFigures, port_figures

CODE = "kp4"
"""The code between the hosts, end to end: retimers send decisions again and do not decode."""
CLOSED_DB = -100.0
"""COM that stands for a link that no setting equalises."""
DEAD_ERROR_RATIO = 0.5
"""Bit error ratio of a link on which nothing arrives that could be decided."""
MAX_ERROR_RATIO = 0.2
"""Bit error ratio from which a code word has nothing left to correct."""
CHAIN_MEMORY = 4
"""Errors that the chain behind a DFE remembers: word error ratios within a third of a decade of those of a memory of five."""


class Measurement:
    """The sections from host to host at one length, each equalised anew; every result is computed once, when first asked for.

    `phases` is the number of sampling phases a UI in eyes that show a width (samples per UI of the link by default), `code` that
    behind the far host, `mask` (height in mV, width in UI) what eyes are held to, `tdecq_pattern` what TDECQ is measured on.
    `architecture` and `data_rate` in bit/s are needed for costs alone. `com_near` names settings by section from which COM's
    search walks; it searches the whole grid of the others, from `com_floor_db` where that is known to be reached, or a thinned
    one with `com_thinned`. `eye_ber` is the error ratio of height, width and closure of every eye in place of each preset's DER0.
    """

    def __init__(
        self,
        sections: Sequence[Section],
        *,
        architecture: Architecture | None = None,
        data_rate: float | None = None,
        code: str = CODE,
        mask: tuple[float, float] | None = None,
        phases: int | None = None,
        tdecq_pattern: str = "prbs13q",
        com_near: Mapping[str, EqualizerChoice] | None = None,
        eye_ber: float | None = None,
    ) -> None:
        self.sections = tuple(sections)
        self.architecture = architecture
        self.data_rate = data_rate
        self.code = code
        self.mask = mask
        self.phases = phases
        self.tdecq_pattern = tdecq_pattern
        self.com_near = dict(com_near or {})
        self.com_floor_db: dict[str, float] = {}
        self.com_thinned = False
        self.eye_ber = eye_ber
        # an eye kept at many phases takes some megabytes; one at the instant little: both are told apart
        self._eyes: dict[tuple[int, bool], StatisticalEye | None] = {}
        self._openings: dict[int, StatisticalEye | None] = {}

    def with_sections(self, sections: Sequence[Section]) -> Measurement:
        """The same measured of other sections."""
        found = Measurement(
            sections,
            architecture=self.architecture,
            data_rate=self.data_rate,
            code=self.code,
            mask=self.mask,
            phases=self.phases,
            tdecq_pattern=self.tdecq_pattern,
            com_near=self.com_near,
            eye_ber=self.eye_ber,
        )
        found.com_floor_db, found.com_thinned = dict(self.com_floor_db), self.com_thinned
        return found

    def eye(self, index: int, *, wide: bool = False) -> StatisticalEye | None:
        """Statistical eye of section `index`, at the sampling instant alone unless `wide`; None where nothing arrives."""
        # the narrow eye is part of the wide one: what has been computed at more phases holds the sampling instant
        if not wide and (index, True) in self._eyes:
            return self._eyes[index, True]
        if not wide and index in self._openings:
            return self._openings[index]
        if (index, wide) not in self._eyes:
            self._eyes[index, wide] = self._at_eye_ber(_eye(self.sections[index].link, self.phases if wide else 1))
        return self._eyes[index, wide]

    def _at_eye_ber(self, eye: StatisticalEye | None) -> StatisticalEye | None:
        return eye if eye is None or self.eye_ber is None else dataclasses.replace(eye, der0=self.eye_ber)

    def _opening(self, index: int) -> StatisticalEye | None:
        """Eye of section `index` at the phases alone from which its width is read."""
        if (index, True) in self._eyes:
            return self._eyes[index, True]
        # few phases, those about the crossings: a width needs no others
        if index not in self._openings:
            link = self.sections[index].link
            # the width is read at this ratio, so the phases are chosen by it
            ratio = link.der0 if self.eye_ber is None else self.eye_ber
            self._openings[index] = self._at_eye_ber(_eye(link, self.phases, ratio))
        return self._openings[index]

    def _wide_eyes(self) -> list[StatisticalEye | None]:
        """Eyes of the sections that hold copper, each at the phases from which its width is read."""
        return [self._opening(index) for index, section in enumerate(self.sections) if section.electrical]

    def eyes(self) -> list[StatisticalEye | None]:
        """Eyes of the sections that hold copper, at the sampling instant."""
        return [self.eye(index) for index, section in enumerate(self.sections) if section.electrical]

    @cached_property
    def section_ber(self) -> tuple[float, ...]:
        """Bit error ratio before FEC of each section."""
        found = (self.eye(index) for index in range(len(self.sections)))
        # never below zero by rounding of a composed ratio
        return tuple(DEAD_ERROR_RATIO if eye is None else max(eye.ber, 0.0) for eye in found)

    @property
    def ber(self) -> float:
        """Bit error ratio before FEC from host to host."""
        parts = zip(self.section_ber, self.sections, strict=True)
        # equal sections are kept once but passed `count` times
        return composed_error_ratio([ratio for ratio, section in parts for _ in range(section.count)])

    @cached_property
    def word_errors(self) -> WordErrors | None:
        """Wrong symbols of a code word from host to host, each section with bursts of its own; None where nothing arrives."""
        return self._word_errors(successive=False)

    def _word_errors(self, *, successive: bool) -> WordErrors | None:
        found: list[WordErrors] = []
        for index, section in enumerate(self.sections):
            eye = self.eye(index)
            one = None if eye is None else word_errors_of(eye, self.code, successive=successive)
            if one is None:
                return None
            # sections met several times are passed several times
            found += [one] * section.count
        return word_errors_in_series(found)

    @property
    def ber_post_fec(self) -> float:
        """Bit error ratio after `code`."""
        return DEAD_ERROR_RATIO if self.word_errors is None else self.word_errors.bit_error_ratio_after

    @property
    def frame_loss_ratio(self) -> float:
        """Share of shortest Ethernet frames that meet a code word which `code` cannot correct."""
        if self.word_errors is None:
            return 1.0
        # the deepest interleaving on the way: there a frame lies in the most code words, any of which may be lost
        words = max(_coding(section.link)[0] for section in self.sections)
        return fec.frame_loss_ratio(fec.load(self.code), self.word_errors.codeword_error_ratio, interleave=words)

    @cached_property
    def worst(self) -> int:
        """Index of the section with copper that has the most errors."""
        # figures of copper (loss, COM, eye height) are asked of a section that has copper, even where the light has more
        # errors
        electrical = [index for index, section in enumerate(self.sections) if section.electrical]
        return electrical[0] if len(electrical) == 1 else max(electrical, key=lambda index: self.section_ber[index])

    @property
    def link(self) -> Link:
        """The link of that section, equalised."""
        return optimized(self.sections[self.worst].link)

    @property
    def insertion_loss_db(self) -> float:
        """Loss in dB, die to die at half the symbol rate, of the copper of that section."""
        return self.sections[self.worst].link.insertion_loss_db

    @cached_property
    def com_db(self) -> float | None:
        """Channel Operating Margin of the worst section of copper alone, by the Annex of its standard; None without one."""
        # a number rather than None: a search of lengths must be able to compare a closed link with an open one
        margins = (CLOSED_DB if one is None else max(one.com_db, CLOSED_DB) for one in self.com_choices.values())
        return min(margins, default=None)

    @cached_property
    def com_choices(self) -> dict[str, EqualizerChoice | None]:
        """COM and its setting of each section of copper alone, by the section's name; None where no setting passes."""
        copper = [section for section in self.sections if has_com(section.link)]
        return {
            one.name: com_of(
                one.link,
                THINNED if self.com_thinned else self.com_near.get(one.name),
                floor_db=self.com_floor_db.get(one.name),
            )
            for one in copper
        }

    @property
    def eye_com_db(self) -> float:
        """Level distance over interference of the worst statistical eye with copper in it, at DER0."""
        return min(CLOSED_DB if eye is None else max(eye.eye_com_db, CLOSED_DB) for eye in self.eyes())

    @property
    def vec_db(self) -> float | None:
        """Vertical eye closure in dB of the worst statistical eye with copper in it, at DER0; None where one is closed."""
        found = [None if eye is None else eye.vec_db for eye in self.eyes()]
        # one closed eye closes them all
        return None if None in found else max(value for value in found if value is not None)

    @property
    def eye_height_mv(self) -> float:
        """Height in mV at DER0 of the worst eye."""
        return min(0.0 if eye is None else 1e3 * eye.eye_height() for eye in self.eyes())

    @property
    def eye_width_ui(self) -> float:
        """Width in UI at DER0 of the worst eye."""
        return min(0.0 if eye is None else eye.eye_width() for eye in self._wide_eyes())

    @property
    def eye_over_mask(self) -> float | None:
        """The lesser of height and width of the worst eye, each over what `mask` asks for; None without one."""
        if self.mask is None:
            return None
        height, width = self.mask
        return min(
            0.0 if eye is None else min(1e3 * eye.eye_height() / height, eye.eye_width() / width)
            for eye in self._wide_eyes()
        )

    @cached_property
    def tdecq_db(self) -> float | None:
        """TDECQ in dB of the light that leaves the worst transmitter; None without PAM4 light, infinite if closed."""
        # clause 121.8.5 defines TDECQ for four levels only
        lit = [one.link for one in self.sections if one.link.optics is not None and one.link.order == 4]
        return max((tdecq_db(link, self.tdecq_pattern) for link in lit), default=None)

    @cached_property
    def flight_s(self) -> float:
        """Delay in s of all copper on the way; fibre is left out."""
        return sum(
            # group delay of the through path, section by section
            section.count * bulk_delay(copper.frequency, copper.through.s[:, 1, 0])
            for section in self.sections
            for copper in _coppers(section.link)
        )

    @cached_property
    def energy(self) -> Energy:
        """Energy per bit at this loss; needs the architecture."""
        architecture, rate = self._priced
        # tables of energy end at LOSS_LIMIT_DB; a search may be beyond
        return energy_pj_per_bit(architecture, min(max(self.insertion_loss_db, 0.0), LOSS_LIMIT_DB), data_rate=rate)

    @cached_property
    def port(self) -> PortFigures:
        """Power, latency and density; needs the architecture."""
        architecture, rate = self._priced
        return port_figures(architecture, self.energy, data_rate=rate, flight_s=self.flight_s)

    @cached_property
    def failures(self) -> PortFailures:
        """Failure rate, MTBF and availability of an 800 Gb/s port; needs the architecture."""
        architecture, rate = self._priced
        return port_failures(architecture, data_rate=rate)

    @property
    def flap_hours(self) -> float:
        """Mean hours between flaps of an 800 Gb/s port by the errors of its lanes; infinite where no code word is lost."""
        found = self._word_errors(successive=True)
        if found is None:
            return 0.0
        # a lane that has lost a word is likely to lose the next: what follows is asked for as well
        return flap_hours(found.codeword_error_ratio, after_loss=found.repeated_loss)

    @property
    def _priced(self) -> tuple[Architecture, float]:
        if self.architecture is None or self.data_rate is None:
            raise SirfError(
                "figures of energy, power, latency and density must be asked of an architecture, got a path. "
                "Name an architecture such as 'cpo-retimed'."
            )
        return self.architecture, self.data_rate


def _coppers(link: Link) -> list[Channel]:
    """The pieces of copper of a link, wires left out."""
    pieces = (link.channel,) if link.optics is None else (link.optics.before, link.optics.after)
    return [copper for copper in pieces if copper.name != WIRE]


def word_errors_of(eye: StatisticalEye, code: str = CODE, *, successive: bool = False) -> WordErrors | None:
    """Wrong symbols of a word of `code` over one section, with the bursts that its decision feedback makes.

    The words take turns on the lane as the section's preset says. Where the preset allows precoding the receiver asks for it if
    that loses fewer words, as training does. None for a link that decides at random.
    """
    # both belong to the section: retimers on the way do not decode, so each lane has its own order of symbols
    interleave, may_precode = _coding(eye.link)
    # at random nothing is left to correct
    if not 0.0 <= eye.ber < MAX_ERROR_RATIO:
        return None
    chosen, errors = fec.load(code), _errors_of(eye)
    choices = [
        word_errors(chosen, errors, interleave=interleave, precoding=precoding, successive=successive)
        for precoding in ((False, True) if may_precode else (False,))
    ]
    # precoding turns a burst into two errors but doubles lone ones: which is better depends on how errors come
    return min(choices, key=lambda one: one.codeword_error_ratio)


def _errors_of(eye: StatisticalEye) -> float | ErrorChain:
    """The chain of errors behind a DFE; a bit error ratio where errors are independent."""
    seen = eye.rates.error_probabilities
    if seen is None:
        return eye.ber
    # longer memories move word error ratios by less than a third of a decade
    return ErrorChain.from_feedback(*seen, order=eye.link.order, memory=CHAIN_MEMORY)


def _coding(link: Link) -> tuple[int, bool]:
    """(code words that take turns, whether precoding may be asked for) of a link's preset."""
    if link.standard is None:
        return 1, False
    preset = load_preset(link.standard)
    return preset.interleave, preset.precoding


def has_com(link: Link) -> bool:
    """Whether COM has a meaning: for copper alone, under a preset with the test packages that an Annex puts around it."""
    return link.optics is None and (link.standard is None or bool(load_preset(link.standard).packages))


def com_db(link: Link) -> float:
    """COM in dB of a link of copper with the first package case of its standard, -100 where no setting passes."""
    found = com_of(link)
    return CLOSED_DB if found is None else max(found.com_db, CLOSED_DB)


Start: TypeAlias = EqualizerChoice | Literal["thinned grid"] | None
"""Where a search of COM begins: at a setting, at the best of a thinned grid, or nowhere (the full grid)."""
THINNED: Final = "thinned grid"


def com_of(link: Link, near: Start = None, *, floor_db: float | None = None) -> EqualizerChoice | None:
    """COM of a link of copper with the first package case of its standard, and its setting; None where none passes.

    The best of the standard's full grid, found sooner with `floor_db` (a figure of merit that one of its settings is known to
    reach), or with `near` what a walk from that setting, or from the best of a thinned grid, finds (`sirf.com.near_search`).
    """
    assert link.optics is None
    if link.standard is None:
        raise SirfError("standard must be given for COM, got none. Make the link with standard=.")
    # by name such a link would be the same, by content another
    if link.standard.endswith(".toml"):
        # a file of the user may change between two calls
        return _searched_com(link, near, floor_db)
    key = _copper_digest(link.channel), link.standard, near
    if key not in _COM_OF_CONTENT:
        # oldest first: searches come back to recent lengths
        while len(_COM_OF_CONTENT) >= COM_CACHE:
            _COM_OF_CONTENT.pop(next(iter(_COM_OF_CONTENT)))
        _COM_OF_CONTENT[key] = _searched_com(link, near, floor_db)
    return _COM_OF_CONTENT[key]


def _copper_digest(channel: Channel) -> str:
    """Digest of the copper that COM depends on: the standard has all else. Equal aggressors count once."""
    distinct = {id(network): network for network in channel.networks}
    places = tuple(list(distinct).index(id(network)) for network in channel.networks)
    values = tuple((network.frequency, network.s, network.z0) for network in distinct.values())
    modes = None if channel.four_port is None else (channel.four_port.s, channel.four_port.z0)
    counts = len(channel.fext), len(channel.next), channel.plane
    return digest(values, places, counts, modes, channel.coupling_corner)


COM_CACHE = 128
"""Links whose COM is remembered, by content: architectures on the same copper ask for it at the same lengths."""
_COM_OF_CONTENT: dict[tuple[str, str, Start], EqualizerChoice | None] = {}


def _searched_com(link: Link, near: Start, floor_db: float | None) -> EqualizerChoice | None:
    assert link.standard is not None
    settings = from_standard(link.standard)
    try:
        if near is None:
            return setting_of_case(link.channel, settings, 1, floor_db=floor_db)
        if near == THINNED:
            return setting_of_thinned_grid(link.channel, settings, 1)
        return setting_near(link.channel, settings, 1, near)
    except NoSettingError:
        return None


@lru_cache(maxsize=24)
def tdecq_db(link: Link, pattern: str) -> float:
    """TDECQ in dB of the light that leaves the link's transmitter, infinite where it is closed.

    Cached: light from retimer to retimer is the same link in several architectures.
    """
    try:
        return transmitter_tdecq(optimized(link), pattern=pattern).db
    except SirfError:
        return float("inf")


def _eye(link: Link, phases: int | None, open_at: float | None = None) -> StatisticalEye | None:
    """`statistical_eye` of a link, equalised; None where nothing arrives. What is known of it at more phases serves for fewer."""
    # copper alone and light alone are the same links in many rows; copper around light differs from row to row
    one_medium = link.optics is None or not _coppers(link)
    known = _eyes_of_one_medium(link) if one_medium else _eyes_of_both_media(link)
    # every eye holds the sampling instant, and one at all phases those about its crossings
    wider = next(iter(known), (phases, open_at)) if phases == 1 else (phases, None)
    wanted = wider if wider in known else (phases, open_at)
    if wanted not in known:
        known[wanted] = _found_eye(link, phases, open_at)
    return known[wanted]


Eyes: TypeAlias = dict[tuple[int | None, float | None], StatisticalEye | None]
"""Eyes of one link by number of phases and the error ratio up to which they are open."""


# a row asks for eyes at its own length, at its reach and at both ends of its ranges, of copper and mostly of light
@lru_cache(maxsize=8)
def _eyes_of_one_medium(link: Link) -> Eyes:
    """What is known of a link, to be filled; kept for the last links."""
    return {}


# few: of a search of lengths each link is asked for once, and an eye keeps its link's copper
@lru_cache(maxsize=4)
def _eyes_of_both_media(link: Link) -> Eyes:
    """As `_eyes_of_one_medium`."""
    return {}


def _found_eye(link: Link, phases: int | None, open_at: float | None) -> StatisticalEye | None:
    try:
        return statistical_eye(optimized(link), phases=phases, open_at=open_at)
    except AmiError:
        # a model that fails is no closed eye
        raise
    except SirfError:
        # no positive main cursor: nothing arrives that could be decided
        return None

"""Whose arithmetic of Annex 178A is followed: releases of the COM reference code and the draft differ in a few places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sirf.com.config.settings import ComSettings, Revision
from sirf.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one revision does where revisions differ.

    `late_transmitter_noise`: the response that shapes transmitter noise is taken one sample after the sampling instant.
    `last_sample`: the last sample of a phase counts in the FFE's Gram matrix.
    `transmitter_noise_with_levels`: its density keeps the factor sigma_X^2 whatever S_tn_w_AM says.
    `clip_method`: how the converter's clipping level is found where Clip Method is not given ("slow": the level passed with
    `clip_share` times P_qc on one side; "fast": the largest sum of the pulse).
    `clip_noise`: with which noise the level is found at COM, that of the converter's "input" or the slicer's ("output").
    `rounding_of_main_tap`: whether the converter's error through the FFE's main tap counts at COM.
    `rounding_colour`: whether the FFE shapes the converter's error in the noise correlation that sequence detection sees.
    `sequence`: the formula of sequence detection. "sum of events": 4.50's, "stretched": 4.17's, "added noise": the draft's.
    """

    revision: Revision
    late_transmitter_noise: bool = False
    last_sample: bool = True
    transmitter_noise_with_levels: bool = False
    clip_method: Literal["fast", "slow"] = "slow"
    clip_share: float = 1.0
    clip_noise: Literal["input", "output"] = "output"
    rounding_of_main_tap: bool = False
    rounding_colour: bool = False
    sequence: Literal["sum of events", "stretched", "added noise"] = "stretched"


RULES: dict[Revision, Rules] = {
    "4.50": Rules(
        revision="4.50",
        late_transmitter_noise=True,
        last_sample=False,
        transmitter_noise_with_levels=True,
        clip_method="fast",
        sequence="sum of events",
    ),
    "4.17": Rules(revision="4.17"),
    "d3.3": Rules(
        revision="d3.3",
        clip_share=0.5,
        clip_noise="input",
        rounding_of_main_tap=True,
        rounding_colour=True,
        sequence="added noise",
    ),
}
"""The revisions that have Annex 178A, oldest first."""


def revision_of(settings: ComSettings) -> Revision:
    """The revision that the settings ask for, or the newest that their Annex has.

    Annexes 93A and 120G are followed as release 3.70 has them, Annex 178A as the others do. Raises `ConfigError` for a revision
    without the settings' Annex.
    """
    # releases differ in Annex 178A alone: older Annexes follow one
    allowed: tuple[Revision, ...] = ("3.70",) if settings.receiver.ffe is None else tuple(RULES)
    # the newest release of the code: the draft is followed only where it is asked for
    if settings.revision is None:
        return "3.70" if settings.receiver.ffe is None else "4.17"
    if settings.revision not in allowed:
        annex = (
            "Annexes 93A and 120G (no receiver FFE)" if settings.receiver.ffe is None else "Annex 178A (a receiver FFE)"
        )
        raise ConfigError(
            f"{settings.name}: revision must be {' or '.join(allowed)} for {annex}, got {settings.revision}. "
            "Leave it out for the newest."
        )
    return settings.revision


def rules_of(settings: ComSettings) -> Rules:
    """What the revision of settings of Annex 178A does."""
    return RULES[revision_of(settings)]

"""Reach of light: the longest fibre of an optical path that meets a limit, by dispersion and by power."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import inf
from typing import Any

from sirf import fec
from sirf.errors import SirfError
from sirf.fec.library import KP4_BIT_ERROR_RATIO
from sirf.optics.fibre import Fibre, MultimodeFibre
from sirf.optics.laboratory import measure, tdecq_behind_fibre
from sirf.optics.library import OpticsPreset
from sirf.study.length_search import longest_length
from sirf.study.light_budget import light_ber, loss_margin_db
from sirf.study.limits import Limit, limit_of
from sirf.study.reach_result import Reach

MIN_FIBRE, MAX_FIBRE, MAX_MULTIMODE_FIBRE = 10.0, 40e3, 20e3
"""Lengths in m between which fibre reach is sought."""
TDECQ_PATTERN = "prbs11"
"""Shorter than the standard's: TDECQ within 0.04 dB of PRBS13Q on the paths that ship, in an eighth of the time."""
KINDS = ("ber", "ber_post_fec", "tdecq_db")


@dataclass(frozen=True)
class _Light:
    """What one length of fibre leaves; each figure is found when it is asked for, once."""

    optics: OpticsPreset

    @cached_property
    def ber(self) -> float:
        return light_ber(self.optics)

    @property
    def powered(self) -> bool:
        """Whether enough light is left for the ratio at which TDECQ is defined."""
        return self.ber <= KP4_BIT_ERROR_RATIO

    @cached_property
    def tdecq_db(self) -> float:
        return tdecq_behind_fibre(
            self.optics.path, swing=self.optics.swing, symbol_rate=self.optics.symbol_rate, pattern=TDECQ_PATTERN
        )

    def dispersion_db(self) -> float:
        """What dispersion costs in dB: TDECQ less TECQ, or with two levels the loss borne without it at the same error ratio."""
        optics, fibre = self.optics, self.optics.path.fibre
        if optics.order == 4:
            found = measure(optics.path, swing=optics.swing, symbol_rate=optics.symbol_rate, pattern=TDECQ_PATTERN)
            assert found.tdecq_db is not None
            assert found.tecq_db is not None
            return found.tdecq_db - found.tecq_db
        if isinstance(fibre, MultimodeFibre):
            # what is left without dispersion is loss alone
            straight: Fibre | MultimodeFibre = dataclasses.replace(fibre, bandwidth=inf)
        else:
            straight = dataclasses.replace(fibre, dispersion=0.0)
        return loss_margin_db(_with_fibre(optics, straight), ber=self.ber)


def fibre_reach(
    optics: OpticsPreset,
    *,
    limit: Mapping[str, Any] | None,
    code: str,
    tolerance: float,
    progress: Callable[[float, float], None] | None,
) -> Reach:
    """Longest fibre between 10 m and 40 km (20 km of multimode fibre) whose light meets a limit; `limit` as in `sirf.reach`.

    "tdecq_db" holds behind the fibre; the fibre must also leave a margin in the power budget at 2.4e-4, the ratio at which TDECQ
    is defined; it is refused for light of two levels. Error ratios (2.4e-4 by default) are those of the statistical eye of the
    light from retimer to retimer. Limited by "dispersion" (of single-mode fibre, or among modes) or "loss": the one that costs
    more decibels, and for TDECQ the one that ends it first. Dispersion costs TDECQ less TECQ, and with two levels the loss that
    the light bears without it at the same error ratio.
    """
    # the threshold of KP4 where no limit is given
    wanted = limit_of(limit, ber=KP4_BIT_ERROR_RATIO, code=code)
    if wanted.name not in KINDS:
        raise SirfError(
            f"limit of optics must be one of {', '.join(KINDS)}, got {wanted.name}. Light has no {wanted.name}."
        )
    if wanted.name == "tdecq_db" and optics.order != 4:
        raise SirfError(
            f"limit of {optics.name} must be ber or ber_post_fec, got tdecq_db. TDECQ is defined for PAM4 only, and this is NRZ."
        )
    fibre = optics.path.fibre
    tried: dict[float, _Light] = {}

    def meets(length: float) -> bool:
        tried[length] = _Light(_with_fibre(optics, dataclasses.replace(fibre, length=length)))
        value = _value(tried[length], wanted)
        if progress is not None:
            progress(length, value)
        # TDECQ says nothing of power: the fibre must leave light as well
        return wanted.meets(value) and (tried[length].powered or wanted.name != "tdecq_db")

    most = MAX_MULTIMODE_FIBRE if isinstance(fibre, MultimodeFibre) else MAX_FIBRE
    # doublings: fibre lengths span four decades
    low, high = longest_length(meets, fibre.length, between=(MIN_FIBRE, most), stride=2.0, tolerance=tolerance)
    gained: dict[str, float] = {}
    if low is None:
        cause = f"{wanted.figure.title} already at {MIN_FIBRE:g} m of fibre"
    elif high is None:
        cause = f"range of the search, {1e-3 * most:g} km"
    else:
        cause, gained = _cause(tried[low], tried[high], wanted, fibre.loss_db_per_km * 1e-3 * low)
    return Reach(
        path=optics.name,
        standard=None,
        limit=(wanted.name, wanted.bound),
        medium="fibre",
        limited_by=cause,
        gained_db=gained,
        tolerance=tolerance,
        reach_mm=None if low is None else 1e3 * low,
        curve=tuple((1e3 * n, _value(tried[n], wanted), tried[n].optics.path.loss_db) for n in sorted(tried)),
    )


def _with_fibre(optics: OpticsPreset, fibre: Fibre | MultimodeFibre) -> OpticsPreset:
    return dataclasses.replace(optics, path=dataclasses.replace(optics.path, fibre=fibre))


def _value(light: _Light, limit: Limit) -> float:
    if limit.name == "tdecq_db":
        return light.tdecq_db
    return light.ber if limit.name == "ber" else float(fec.load(limit.code).post_fec(light.ber).ber)


def _cause(last: _Light, beyond: _Light, limit: Limit, fibre_db: float) -> tuple[str, dict[str, float]]:
    """Dispersion or loss, and the dB of margin that come back without each."""
    gained = {"loss": fibre_db, "dispersion": last.dispersion_db()}
    if limit.name == "tdecq_db":
        # the limit itself was met beyond, so power has ended it
        return "loss" if limit.meets(_value(beyond, limit)) else "dispersion", gained
    return max(gained, key=lambda name: gained[name]), gained

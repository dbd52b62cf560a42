"""Reach of light: the longest fibre of an optical path that meets a limit, by dispersion and by power."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sirf import fec
from sirf.errors import SirfError
from sirf.fec.library import KP4_BIT_ERROR_RATIO
from sirf.optics.fibre import MultimodeFibre
from sirf.optics.laboratory import TransmitterMeasures, measure
from sirf.optics.library import OpticsPreset
from sirf.study.length_search import longest_length
from sirf.study.light_budget import light_ber
from sirf.study.limits import Limit, limit_of
from sirf.study.reach_result import Reach

MIN_FIBRE, MAX_FIBRE, MAX_MULTIMODE_FIBRE = 10.0, 40e3, 20e3
"""Lengths in m between which fibre reach is sought."""
TDECQ_PATTERN = "prbs11"
"""Shorter than the standard's: TDECQ within 0.04 dB of PRBS13Q on the paths that ship, in an eighth of the time."""
KINDS = ("ber", "ber_post_fec", "tdecq_db")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Light:
    """What one length of fibre leaves: measures of the light, error ratio, and whether power remains."""

    measures: TransmitterMeasures
    loss_db: float
    ber: float
    powered: bool


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
    is defined. Error ratios (2.4e-4 by default) are those of the statistical eye of the light from retimer to retimer. Limited
    by "dispersion" (of single-mode fibre, or among modes) or "loss": the one that costs more decibels, and for TDECQ the one
    that ends it first.
    """
    wanted = limit_of(limit, ber=KP4_BIT_ERROR_RATIO, code=code)
    if wanted.name not in KINDS:
        raise SirfError(
            f"limit of optics must be one of {', '.join(KINDS)}, got {wanted.name}. Light has no {wanted.name}."
        )
    fibre = optics.path.fibre
    tried: dict[float, _Light] = {}

    def meets(length: float) -> bool:
        tried[length] = _look(optics, length)
        value = _value(tried[length], wanted)
        if progress is not None:
            progress(length, value)
        return wanted.meets(value) and (tried[length].powered or wanted.name != "tdecq_db")

    most = MAX_MULTIMODE_FIBRE if isinstance(fibre, MultimodeFibre) else MAX_FIBRE
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
        curve=tuple((1e3 * n, _value(tried[n], wanted), tried[n].loss_db) for n in sorted(tried)),
    )


def _look(optics: OpticsPreset, length: float) -> _Light:
    path = dataclasses.replace(optics.path, fibre=dataclasses.replace(optics.path.fibre, length=length))
    measures = measure(path, swing=optics.swing, symbol_rate=optics.symbol_rate, pattern=TDECQ_PATTERN)
    ratio = light_ber(optics, path)
    return _Light(measures=measures, loss_db=path.loss_db, ber=ratio, powered=ratio <= KP4_BIT_ERROR_RATIO)


def _value(light: _Light, limit: Limit) -> float:
    if limit.name == "tdecq_db":
        return light.measures.tdecq_db
    return light.ber if limit.name == "ber" else float(fec.load(limit.code).post_fec(light.ber).ber)


def _cause(last: _Light, beyond: _Light, limit: Limit, fibre_db: float) -> tuple[str, dict[str, float]]:
    """Dispersion or loss, and the dB of margin that come back without each."""
    gained = {"loss": fibre_db, "dispersion": last.measures.tdecq_db - last.measures.tecq_db}
    if limit.name == "tdecq_db":
        return "loss" if limit.meets(beyond.measures.tdecq_db) else "dispersion", gained
    return max(gained, key=lambda name: gained[name]), gained

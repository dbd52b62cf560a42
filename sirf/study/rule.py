"""What the rows of a comparison are judged by: one rule for all, or each by its own interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from sirf.errors import SirfError
from sirf.presets import load
from sirf.study.limits import Limit, limit_of
from sirf.study.measurement import CODE, has_com
from sirf.study.sections import Section
from sirf.system.architecture import Architecture

RuleName: TypeAlias = Literal["common", "own"]
MAX_FRAME_LOSS = 6.2e-11
"""Frame loss ratio of 64-octet frames that stands for a bit error ratio of 1e-13 at the MAC (IEEE 802.3 clause 1.4.344, the
objective of 200 Gb/s Ethernet and faster)."""
MIN_COM_DB = 3.0
"""Channel Operating Margin that the Annexes ask of a channel at the DER_0 of its standard."""

EYE_BER = 1e-4
"""Error ratio at which a comparison shows the eyes of all rows: DER_0 of CEI-112G-Linear and of 802.3ck KR1 and CR1, the greatest
of its rows, so that no eye that its standard calls open is shown closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Limits that all have to be met, and what they are in words."""

    name: str
    limits: tuple[Limit, ...]
    text: str

    @property
    def eye_ber(self) -> float | None:
        """Error ratio of the eyes that rows show; None: each at DER_0 of its own preset."""
        return None if self.name == "own" else EYE_BER

    def applying(self, sections: tuple[Section, ...]) -> tuple[Limit, ...]:
        """The limits that have a meaning for these sections: COM needs one of copper alone with test packages."""
        # COM is of copper with the Annex's packages
        copper = any(has_com(section.link) for section in sections)
        return tuple(limit for limit in self.limits if limit.name != "com_db" or copper)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        limits = {
            limit.name: list(limit.bound) if isinstance(limit.bound, tuple) else limit.bound for limit in self.limits
        }
        return {"name": self.name, "text": self.text, "limits": limits}


def rule_of(name: str, architecture: Architecture, data_rate: float, *, limit: Mapping[str, Any] | None = None) -> Rule:
    """The rule for one architecture: "common", "own" (error ratio before FEC of its own host presets), or a `limit` given.

    Raises `SirfError` for another name.
    """
    if name not in ("common", "own"):
        raise SirfError(f"rule must be 'common' or 'own', got {name!r}. Use common.")
    interface = architecture.at(data_rate)
    # the greater DER0 of both hosts
    ratio = max(load(interface.standard).der0, load(interface.far_standard).der0)
    if limit is not None:
        given = limit_of(limit, ber=ratio)
        return Rule(name="given", limits=(given,), text=f"{given.figure.title} {_bound(given)} for every row")
    if name == "own":
        return Rule(
            name="own",
            limits=(Limit(name="ber", bound=ratio),),
            text="bit error ratio before FEC at most DER_0 of each row's own host presets: rows do not compare",
        )
    code = architecture.at(data_rate).fec
    # rows without KP4 are judged behind their own code, at the same loss of frames
    if code == CODE:
        return COMMON
    frames, margin = COMMON.limits
    return replace(
        COMMON,
        limits=(replace(frames, code=code), margin),
        text=f"{COMMON.text} (rows without KP4: after their own code)",
    )


def _bound(limit: Limit) -> str:
    if isinstance(limit.bound, tuple):
        return " x ".join(f"{part:g}" for part in limit.bound)
    return f"{'at least' if limit.figure.more_is_better else 'at most'} {limit.bound:g}"


COMMON = Rule(
    name="common",
    limits=(
        Limit(name="frame_loss_ratio", bound=MAX_FRAME_LOSS, code=CODE),
        Limit(name="com_db", bound=MIN_COM_DB),
    ),
    text=(
        f"frame loss ratio from host to host after KP4 at most {MAX_FRAME_LOSS:g} (bit error ratio 1e-13 at the MAC), and "
        f"Channel Operating Margin of every section of copper alone at least {MIN_COM_DB:g} dB at its standard's DER_0"
    ),
)
"""One rule for all rows."""

"""What standards ask of a channel: limits, and the settings under which they hold, read from `data/masks/*.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field

from sirf._arrays import Float
from sirf._data import load_toml, validated
from sirf._data_folder import DataFolder
from sirf._toml_table import NotNegative, Positive, Sourced, Table
from sirf.channel.figures.effective_return_loss import ErlSettings

Figure: TypeAlias = Literal["insertion_loss", "return_loss", "conversion_loss"]
"""Losses in dB, positive; `conversion_loss` is -SCD11, differential to common mode, at either end."""
Pair = tuple[NotNegative, NotNegative]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskPiece:
    """constant + root sqrt(f) + linear f + logarithm log10(f / unit) in dB, f in GHz, from `start` to `stop` GHz."""

    start: float
    stop: float
    constant: float
    root: float
    linear: float
    logarithm: float
    unit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """A limit over frequency. `limit` says whether the figure must stay below ("maximum") or above ("minimum") it."""

    figure: Figure
    limit: Literal["maximum", "minimum"]
    provenance: str
    source: str
    pieces: tuple[MaskPiece, ...]

    def at(self, frequency: ArrayLike) -> Float:
        """Limit in dB at `frequency` in Hz, the shape of `frequency`; NaN where the standard sets none."""
        f = np.asarray(frequency, dtype=np.float64) / 1e9
        # NaN where the standard sets no limit, which is neither met nor missed
        result = np.full(f.shape, np.nan)
        for piece in self.pieces:
            inside = (f >= piece.start) & (f <= piece.stop)
            x = f[inside]
            result[inside] = piece.constant + piece.root * np.sqrt(x) + piece.linear * x
            if piece.logarithm:
                # a mask in decades has no value at DC, so the term is added only where it is used
                result[inside] += piece.logarithm * np.log10(x / piece.unit)
        return result

    def margin(self, frequency: Float, loss_db: Float) -> tuple[float, float] | None:
        """Least distance in dB to the limit, negative where it is missed, and the frequency in Hz at which it occurs.

        `loss_db` (F,) at `frequency` (F,) in Hz. None where the data and the mask do not overlap.
        """
        # distance on the allowed side is positive
        distance = (loss_db - self.at(frequency)) * (1.0 if self.limit == "minimum" else -1.0)
        known = np.flatnonzero(np.isfinite(distance))
        if known.size == 0:
            return None
        worst = known[int(np.argmin(distance[known]))]
        return float(distance[worst]), float(frequency[worst])


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseSettings:
    """Band, corners and amplitudes of ICN and FOM_ILD, in Hz and V; COM keywords f_1, f_2, f_v, f_f, f_n, f_r, A_ft, A_nt."""

    f_min: float
    f_max: float
    victim_corner: float
    fext_corner: float
    next_corner: float
    receiver_corner: float
    amplitude_fext: float
    amplitude_next: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureLimits:
    """One standard: `masks` over frequency, ERL and noise settings, `erl_minimum_db`; `None` where it sets none.

    `transmitter_package` says that ERL at the receiver's side is measured through the transmitter's package. `symbol_rate` in
    baud; `provenance` is P (published), 2 (secondary) or E (estimate) and belongs to everything but the masks, which have
    their own.
    """

    id: str
    title: str
    provenance: str
    source: str
    symbol_rate: float
    noise: NoiseSettings
    erl: ErlSettings | None
    erl_minimum_db: float | None
    transmitter_package: bool
    masks: tuple[Mask, ...]


class _PieceTable(Table):
    from_ghz: NotNegative
    to_ghz: Positive
    constant_db: float = 0.0
    db_per_root_ghz: float = 0.0
    db_per_ghz: float = 0.0
    db_per_decade: float = 0.0
    decades_of_ghz: Positive = 1.0


class _MaskTable(Sourced):
    figure: Figure
    limit: Literal["maximum", "minimum"]
    piece: Annotated[tuple[_PieceTable, ...], Field(min_length=1)]


class _NoiseTable(Table):
    f_min_ghz: NotNegative = 0.05
    f_max_ghz: Positive
    victim_corner_per_symbol_rate: Positive
    fext_corner_per_symbol_rate: Positive
    next_corner_per_symbol_rate: Positive
    receiver_corner_per_symbol_rate: Positive = 0.75
    amplitude_fext_v: NotNegative
    amplitude_next_v: NotNegative


class _ErlTable(Table):
    minimum_db: Positive | None = None
    # symbol rates of ERL and noise are the standard's own, so only what differs is stated here
    der0: Positive
    rise_time_ps: Positive
    length_ui: Positive
    equalized_ui: NotNegative
    rho_x: Positive = 0.618
    beta_x_db_per_s: float = 0.0
    fixture_delay_ps: Pair = (0.0, 0.0)
    transmitter_package: bool = False


class _File(Sourced):
    id: str
    title: str
    symbol_rate_gbd: Positive
    noise: _NoiseTable
    erl: _ErlTable | None = None
    mask: tuple[_MaskTable, ...] = ()


def list_limits() -> tuple[str, ...]:
    """Ids of the standards whose limits ship, sorted."""
    return _LIMITS.ids()


def load_limits(name: str) -> FigureLimits:
    """Limits of the standard with this id, or of the TOML file at this path, which is read anew every time.

    Raises `ConfigError` for an unknown id (naming those known) or a bad file (naming the key).

    >>> load_limits("802.3ck-kr1").erl_minimum_db
    9.7
    """
    return _LIMITS.load(name)


def _from_file(file: Path) -> FigureLimits:
    return _build(validated(_File, load_toml(file), file))


def _build(file: _File) -> FigureLimits:
    rate = file.symbol_rate_gbd * 1e9
    noise, erl = file.noise, file.erl
    return FigureLimits(
        id=file.id,
        title=file.title,
        provenance=file.provenance,
        source=file.source,
        symbol_rate=rate,
        noise=NoiseSettings(
            f_min=noise.f_min_ghz * 1e9,
            f_max=noise.f_max_ghz * 1e9,
            victim_corner=noise.victim_corner_per_symbol_rate * rate,
            fext_corner=noise.fext_corner_per_symbol_rate * rate,
            next_corner=noise.next_corner_per_symbol_rate * rate,
            receiver_corner=noise.receiver_corner_per_symbol_rate * rate,
            amplitude_fext=noise.amplitude_fext_v,
            amplitude_next=noise.amplitude_next_v,
        ),
        erl=None
        if erl is None
        else ErlSettings(
            symbol_rate=rate,
            der0=erl.der0,
            length_ui=erl.length_ui,
            rise_time=erl.rise_time_ps * 1e-12,
            corner_per_symbol_rate=noise.receiver_corner_per_symbol_rate,
            equalized_ui=erl.equalized_ui,
            rho_x=erl.rho_x,
            beta_x=erl.beta_x_db_per_s,
            fixture_delay=(erl.fixture_delay_ps[0] * 1e-12, erl.fixture_delay_ps[1] * 1e-12),
        ),
        erl_minimum_db=None if erl is None else erl.minimum_db,
        transmitter_package=erl is not None and erl.transmitter_package,
        masks=tuple(_mask(table) for table in file.mask),
    )


# units end here: inside, all is Hz, s and V, but for masks, which standards write in GHz
def _mask(table: _MaskTable) -> Mask:
    return Mask(
        figure=table.figure,
        limit=table.limit,
        provenance=table.provenance,
        source=table.source,
        pieces=tuple(
            MaskPiece(
                start=piece.from_ghz,
                stop=piece.to_ghz,
                constant=piece.constant_db,
                root=piece.db_per_root_ghz,
                linear=piece.db_per_ghz,
                logarithm=piece.db_per_decade,
                unit=piece.decades_of_ghz,
            )
            for piece in table.piece
        ),
    )


_LIMITS = DataFolder("masks", kind="standard", read=_from_file)

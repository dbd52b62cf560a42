"""What a lab measures on an optical path: OMA, extinction, level mismatch, TECQ and TDECQ, and the budget of the link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirf.errors import PhysicsError, SirfError
from sirf.optics.eye_closure import FIVE_TAPS, ReferenceReceiver, tdecq
from sirf.optics.modulator import level_mismatch
from sirf.optics.nrz_eye_closure import tdec
from sirf.optics.optical_path import OpticalPath
from sirf.optics.power import dbm, extinction_ratio_db, outer_oma
from sirf.optics.receiver_sensitivity import sensitivity
from sirf.signal.patterns import Pattern
from sirf.units import VOLTAGE, Given, parse_symbol_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class TransmitterMeasures:
    """OMA_outer in W, extinction ratio and TECQ at the transmitter's output, TDECQ behind the fibre; static R_LM.

    R_LM, TECQ and TDECQ are defined for the four levels of PAM4 only (clauses 120D.3.1.2 and 121.8.5): None for others. TDEC,
    behind the fibre, is that of the two levels of NRZ (clause 95.8.5).
    `swing` in V, `symbol_rate` in baud and `order` are those of the levels that were sent.
    """

    swing: float
    symbol_rate: float
    order: int
    oma: float
    extinction_db: float
    average: float
    level_mismatch: float | None
    tecq_db: float | None
    tdecq_db: float | None
    tdec_db: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: getattr(self, name) for name in self.__slots__} | {"oma_dbm": float(dbm(self.oma))}


def measure(
    path: OpticalPath,
    *,
    swing: Given,
    symbol_rate: Given,
    samples_per_ui: int = 16,
    receiver: ReferenceReceiver = FIVE_TAPS,
    pattern: str = "prbs13q",
    order: int = 4,
) -> TransmitterMeasures:
    """Send one period of a pattern of `order` levels within ±`swing` V into the driver, and measure the light.

    "ssprq" is the standard's pattern, eight times as long as the default. TECQ is taken at the transmitter's output, TDECQ
    behind the fibre (its loss and the connectors' do not matter), both without noise: intensity noise belongs to the
    sensitivity here.
    """
    swing, symbol_rate = VOLTAGE.read(swing, name="swing"), parse_symbol_rate(symbol_rate)
    rate = symbol_rate * samples_per_ui
    light, sent = _period(path, swing, symbol_rate, samples_per_ui, pattern, order)
    oma = outer_oma(light, sent, samples_per_ui)
    # extinction ratio and R_LM of slow levels, as the standards define them for settled symbols
    static = path.transmitted(swing * np.linspace(-1.0, 1.0, order))
    found: list[float | None] = [None]
    closure: float | None = None
    # only TDECQ and TDEC look behind the fibre: other orders have neither, and need no second wave
    behind = path.fibre.propagate(light, rate, chirp=path.chirp) if order in (2, 4) else light
    if order == 2:
        closure = tdec(behind, sent, symbol_rate=symbol_rate, samples_per_ui=samples_per_ui).db
    if order == 4:
        rising = _rising(path, sent, swing)
        found = [
            tdecq(wave, rising, symbol_rate=symbol_rate, samples_per_ui=samples_per_ui, receiver=receiver, oma=known).db
            # without dispersion both waves are one, and so is the measurement
            for wave, known in ([(light, oma)] if np.array_equal(light, behind) else [(light, oma), (behind, None)])
        ]
    return TransmitterMeasures(
        swing=swing,
        symbol_rate=symbol_rate,
        order=order,
        oma=oma,
        extinction_db=extinction_ratio_db(float(static.max()), float(static.min())),
        average=float(light.mean()),
        level_mismatch=level_mismatch(static) if order == 4 else None,
        tecq_db=found[0],
        tdecq_db=found[-1],
        tdec_db=closure,
    )


def tdecq_behind_fibre(
    path: OpticalPath,
    *,
    swing: float,
    symbol_rate: float,
    samples_per_ui: int = 16,
    receiver: ReferenceReceiver = FIVE_TAPS,
    pattern: str = "prbs13q",
) -> float:
    """TDECQ in dB of PAM4, which `measure` finds beside all else: in half the time, where the fibre alone moves.

    `swing` in V, `symbol_rate` in baud.
    """
    light, sent = _period(path, swing, symbol_rate, samples_per_ui, pattern, 4)
    behind = path.fibre.propagate(light, symbol_rate * samples_per_ui, chirp=path.chirp)
    rising = _rising(path, sent, swing)
    return tdecq(behind, rising, symbol_rate=symbol_rate, samples_per_ui=samples_per_ui, receiver=receiver).db


def _period(
    path: OpticalPath, swing: float, symbol_rate: float, samples_per_ui: int, pattern: str, order: int
) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Light in W at the transmitter's output over one period of a pattern, and the symbols that were sent."""
    chosen = Pattern(pattern)
    # one period exactly: every measurement takes the wave as repeating
    sent = chosen.take(0, chosen.period(order), order=order)
    # steps without an edge: the driver's own response makes the edges
    drive = np.repeat(swing * (2.0 * sent / (order - 1) - 1.0), samples_per_ui)
    return path.transmit(drive, symbol_rate * samples_per_ui), sent


def _rising(path: OpticalPath, sent: NDArray[np.uint8], swing: float) -> NDArray[np.uint8]:
    """The four levels counted from the darkest: a modulator on its other flank sends the highest level as that."""
    lowest, highest = path.transmitted(np.array([-swing, swing]))
    return sent if highest > lowest else 3 - sent


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkBudget:
    """Rows (name, dB or dBm) from the transmitter's OMA to the margin over the stressed sensitivity."""

    rows: tuple[tuple[str, float], ...]
    margin_db: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"rows": [{"name": name, "value": value} for name, value in self.rows], "margin_db": self.margin_db}

    def __repr__(self) -> str:
        """One line."""
        return f"LinkBudget(margin {self.margin_db:.2f} dB)"

    def __str__(self) -> str:
        """A small table."""
        from sirf._display import table

        return table("Link budget", self._text())

    def _repr_html_(self) -> str:
        from sirf._display import html_table

        return html_table("Link budget", self._text())

    def _text(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, f"{value:.2f}") for name, value in (*self.rows, ("margin, dB", self.margin_db)))


def worst_case_budget(path: OpticalPath, measures: TransmitterMeasures, *, ser: float = 4.8e-4) -> LinkBudget:
    """From OMA_outer at the transmitter to the margin over a receiver by itself, in closed form, for a symbol error ratio.

    What drives the light and what follows the amplifier is left out, double reflections are at their worst: an estimate by hand.
    The margin of the link, at whose 0 dB the engine meets the limit, is that of `sirf.optics.link_budget`.

    Losses of fibre, connectors and wavelength filters, worst-case multipath interference at the measured extinction ratio, and
    the sensitivity of the path's receiver at the measured TDECQ with the source's intensity noise. The light behind the losses
    makes the noise. What leaks of other wavelengths is left to the engine. Raises `PhysicsError` where double reflections close
    the eye or no power reaches `ser`, `SirfError` for measures without TDECQ.
    """
    if measures.tdecq_db is None:
        raise SirfError("measures must have TDECQ, got those of light without four levels. Measure with order=4.")
    # at its worst: all echoes in phase against the eye
    beating = path.interference.penalty_db(extinction_db=measures.extinction_db)
    if not np.isfinite(beating):
        raise PhysicsError("reflectance_db must leave an eye open, got double reflections that close it. Lower it.")
    # the light that arrives makes shot and intensity noise, so the sensitivity is solved for it
    need = sensitivity(
        path.receiver, ser=ser, extinction_db=measures.extinction_db, rin=path.source.rin, penalty_db=measures.tdecq_db
    )
    stressed = float(dbm(need))
    rows, arriving = arrival_rows(path, measures)
    rows = (
        *rows,
        ("multipath interference, dB", beating),
        ("stressed sensitivity, dBm", stressed),
    )
    return LinkBudget(rows=rows, margin_db=arriving - beating - stressed)


def arrival_rows(path: OpticalPath, measures: TransmitterMeasures) -> tuple[tuple[tuple[str, float], ...], float]:
    """Rows of a budget from the transmitter to the photodiode, and the OMA in dBm that arrives there."""
    start = float(dbm(measures.oma))
    losses = [
        ("fibre loss, dB", path.fibre.loss_db),
        ("connector loss, dB", sum(connector.loss_db for connector in path.connectors)),
    ]
    if path.wavelengths is not None:
        losses.append(("wavelength filter loss, dB", path.wavelengths.loss_db))
    # losses in dB add up in the order of the way
    arriving = start - sum(loss for _, loss in losses)
    rows = (
        ("OMA at the transmitter, dBm", start),
        ("extinction ratio, dB", measures.extinction_db),
        # no loss of light: it is shown beside the losses, and counts in the sensitivity that they are held against
        *([] if measures.tdecq_db is None else [("TDECQ, dB", measures.tdecq_db)]),
        *losses,
        ("OMA at the photodiode, dBm", arriving),
    )
    return rows, arriving

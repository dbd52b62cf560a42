"""Fitted insertion loss, the deviation from it (ILD) and its figure of merit (IEEE 802.3 clauses 93A.3 and 93A.4)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from sirf._arrays import Complex, Float
from sirf.channel.figures.weighting import MIN_FREQUENCY, band, bin_widths, power_weight
from sirf.errors import SirfError
from sirf.units import db20


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FittedLoss:
    """The smooth loss a0 + a1 sqrt(f) + a2 f + a4 f² beneath a measured one.

    `coefficients` are a0 in dB, a1 in dB/sqrt(GHz), a2 in dB/GHz and a4 in dB/GHz². `frequency` (F,) in Hz is the band of the
    fit, `loss_db` (F,) the measured loss there, `span` its width in Hz as asked for.
    """

    coefficients: tuple[float, float, float, float]
    frequency: Float
    loss_db: Float
    span: float

    def __repr__(self) -> str:
        """One line: the coefficients."""
        a0, a1, a2, a4 = self.coefficients
        return f"FittedLoss({a0:.4g} {a1:+.4g} sqrt(f) {a2:+.4g} f {a4:+.4g} f² dB, f in GHz)"

    def at(self, frequency: ArrayLike) -> Float:
        """Fitted loss in dB at `frequency` in Hz, the shape of `frequency`."""
        f = np.asarray(frequency, dtype=np.float64) / 1e9
        a0, a1, a2, a4 = self.coefficients
        return np.asarray(a0 + a1 * np.sqrt(f) + a2 * f + a4 * f**2)

    @property
    def deviation_db(self) -> Float:
        """ILD (F,) in dB, equation (93A-55): measured less fitted loss."""
        return self.loss_db - self.at(self.frequency)


def fitted_insertion_loss(
    frequency: Float, transfer: Complex, *, f_min: float = MIN_FREQUENCY, f_max: float
) -> FittedLoss:
    """Fit of clause 93A.3, equations (93A-51) to (93A-54), to S21 `transfer` (F,) over `f_min` to `f_max` Hz.

    Least squares in dB, each point weighted by |S21|, so that a little error where much arrives outweighs a large one
    where nothing does, and points that are zero, as that of a DC block, are left out. Solved by QR on scaled columns.
    Raises `SirfError` for a band with fewer than five points that are not zero.
    """
    # the band may begin below the first point of a file, which then is the first that there is
    inside = band(frequency, f_min, f_max)
    # a zero has no decibels, and weighs nothing
    passing = np.abs(transfer[inside]) > 0
    f = frequency[inside][passing] / 1e9
    weight = np.abs(transfer[inside][passing])
    if weight.size < 5:
        raise SirfError(
            f"transfer must pass a signal in the band, got {weight.size} points that do. Check the port order."
        )
    loss_db = -db20(weight)
    # constant, skin effect, dielectric, and what grows faster
    terms = np.stack([np.ones_like(f), np.sqrt(f), f, f**2], axis=1)
    scale = np.max(terms, axis=0)
    # f² at 50 GHz is 2500 times the constant: columns of size one keep the digits
    solution = np.linalg.lstsq(terms / scale * weight[:, None], weight * loss_db, rcond=None)[0] / scale
    a0, a1, a2, a4 = (float(value) for value in solution)
    # where the data end earlier they set the width
    span = min(f_max, float(frequency[-1])) - max(f_min, float(frequency[0]))
    return FittedLoss(coefficients=(a0, a1, a2, a4), frequency=frequency[inside][passing], loss_db=loss_db, span=span)


def deviation_figure_of_merit(
    fit: FittedLoss, *, symbol_rate: float, transmitter_corner: float, receiver_corner: float
) -> float:
    """FOM_ILD in dB, equation (93A-56): the deviation's rms over the band of the fit, weighted by `power_weight`.

    `symbol_rate` in baud, both corners in Hz. Zero for a loss that the fit describes.
    """
    weight = power_weight(
        fit.frequency, symbol_rate=symbol_rate, transmitter_corner=transmitter_corner, receiver_corner=receiver_corner
    )
    # the integral by the widths of the bins, over the width of the band
    return float(np.sqrt(np.sum(bin_widths(fit.frequency) * weight * fit.deviation_db**2) / fit.span))

"""Transmitter and dispersion eye closure of NRZ light (TDEC): two pairs of histograms beside the middle of the eye.

The method of IEEE 802.3 clause 95.8.5: noise is added to the eye behind a reference filter, without an equaliser, until the
target error ratio is met, and compared with what an ideal eye of the same amplitude bears.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc, erfcinv

from sirf._arrays import Float
from sirf.errors import PhysicsError
from sirf.optics.power import check_period, outer_oma
from sirf.optics.stage import filtered, low_pass

# 0.04 UI is less than a sample at 16 a UI, where the wave is a straight line or two
INSTANTS = 9
"""Instants that stand for the width of a histogram."""
CLOSED = 1e-4
"""Noise, as part of the amplitude, below which an eye that misses its target counts as closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TdecReceiver:
    """Fourth-order Bessel-Thomson filter at `bandwidth` x symbol rate (None: no filter), windows of `width` UI at `centres` UI.

    The defaults are those of the 200G OCI physical layer 1.0 (2026): half the symbol rate, 0.4 and 0.6 UI, 2.4e-4. Clause 95
    (100GBASE-SR4) has the same windows and a target of 5e-5.
    """

    bandwidth: float | None = 0.5
    centres: tuple[float, float] = (0.4, 0.6)
    width: float = 0.04
    target_ber: float = 2.4e-4

    def __post_init__(self) -> None:
        """Validate the fields."""
        if not 0.0 < self.target_ber < 0.5:
            raise PhysicsError(f"target_ber must be in (0, 0.5), got {self.target_ber}. Use 2.4e-4.")
        if self.bandwidth is not None and not 0.0 < self.bandwidth < np.inf:
            raise PhysicsError(f"bandwidth must be positive, got {self.bandwidth}. Use 0.5, or None for no filter.")

    @property
    def q_t(self) -> float:
        """Q of the target: 3.49 for 2.4e-4, 3.89 for 5e-5."""
        return float(np.sqrt(2.0) * erfcinv(2.0 * self.target_ber))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tdec:
    """Eye closure `db`; noise `allowed` in W rms that the eye bears, N of clause 95; `oma` in W."""

    db: float
    allowed: float
    oma: float
    receiver: TdecReceiver

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"tdec_db": self.db, "oma_w": self.oma, "allowed_noise_w": self.allowed}


def tdec(
    power: Float,
    bits: NDArray[np.integer],
    *,
    symbol_rate: float,
    samples_per_ui: int,
    receiver: TdecReceiver | None = None,
    oma: float | None = None,
) -> Tdec:
    """TDEC of one period of an NRZ wave, without noise of its own.

    Parameters
    ----------
    power
        (N M,) W, one period of a repeating pattern, M = `samples_per_ui` (at least 8).
    bits
        (N,) sent bits 0 and 1, by which the amplitude is found; the histograms do not use them.
    oma
        OMA in W; measured on `power` by default.

    The eye begins where the wave crosses its mean power, on average over all edges. In both windows the noise is sought at which
    half of Q((y - P) / sigma) over what lies above the mean power P and half of Q((P - y) / sigma) over what lies below is the
    target; the lesser is what the eye bears, and TDEC = 10 log10(OMA / (2 Q_t sigma)), equations (95-1) to (95-3) without the
    terms of mode partition and modal noise. inf for a closed eye.
    """
    chosen = TdecReceiver() if receiver is None else receiver
    sent, wave = np.asarray(bits), np.asarray(power, dtype=float)
    check_period(wave, sent, samples_per_ui)
    if set(np.unique(sent).tolist()) != {0, 1}:
        raise PhysicsError("bits must hold zeros and ones and nothing else. Send for example PRBS13.")
    amplitude = outer_oma(wave, sent, samples_per_ui) if oma is None else oma
    if chosen.bandwidth is not None:
        wave = filtered(
            wave, symbol_rate * samples_per_ui, partial(low_pass, "bessel4", bandwidth=chosen.bandwidth * symbol_rate)
        )
    centred = wave - wave.mean()
    start = _crossing(centred, samples_per_ui)
    allowed = min(
        _bearable(_window(centred, start + centre, samples_per_ui, chosen.width), amplitude, chosen.target_ber)
        for centre in chosen.centres
    )
    # an ideal eye has half its amplitude to either side of the threshold, so it bears OMA / (2 Q_t)
    db = 10.0 * np.log10(amplitude / (2.0 * chosen.q_t * allowed)) if allowed > 0.0 else np.inf
    return Tdec(db=float(db), allowed=allowed, oma=amplitude, receiver=chosen)


def _crossing(centred: Float, samples_per_ui: int) -> float:
    """Where in a UI, from 0 to 1, the wave about its mean crosses zero, on average over all edges."""
    after = np.roll(centred, -1)
    edges = np.flatnonzero((centred < 0.0) != (after < 0.0))
    # light without edges has no eye, wherever one looks
    if not edges.size:
        return 0.0
    place = (edges + centred[edges] / (centred[edges] - after[edges])) / samples_per_ui
    # as an angle, for edges about the end of a UI have no plain mean
    return float(np.angle(np.mean(np.exp(2j * np.pi * place))) / (2.0 * np.pi) % 1.0)


def _window(centred: Float, centre: float, samples_per_ui: int, width: float) -> Float:
    """What the wave is in a window of all symbols: instants spread evenly over its width, between samples in a line."""
    shares = (np.arange(INSTANTS) + 0.5) / INSTANTS - 0.5
    starts = np.arange(centred.size // samples_per_ui)[:, None]
    place = ((starts + centre + width * shares) * samples_per_ui).ravel()
    return np.asarray(np.interp(place, np.arange(centred.size), centred, period=centred.size))


def _bearable(window: Float, oma: float, target: float) -> float:
    """The noise in W rms at which the eye seen through a window has the target error ratio; 0 for a closed eye."""
    from scipy.optimize import brentq

    upper, lower = window[window >= 0.0], -window[window < 0.0]
    # light on one side of its mean alone is no eye
    if not upper.size or not lower.size:
        return 0.0

    def excess(sigma: float) -> float:
        # half of the bits lie on either side, and Q(x) = erfc(x / sqrt(2)) / 2: a quarter of both means together
        wrong = 0.25 * sum(float(np.mean(erfc(side / (sigma * np.sqrt(2.0))))) for side in (upper, lower))
        # in decades, where the error ratio is nearly a straight line
        return float(np.log(wrong + 1e-300) - np.log(target))

    if excess(CLOSED * oma) >= 0.0:
        return 0.0
    # half the amplitude is the most that any window holds, of which a target below a half takes a finite Q
    return float(brentq(excess, CLOSED * oma, 1e3 * oma, rtol=1e-9))

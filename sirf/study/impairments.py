"""What limits a link: the impairment without which it would have the most margin."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sirf.channel.channel import DIFFERENTIAL_OHM, Channel
from sirf.channel.network import Network, bulk_delay
from sirf.channel.transfer import Transfer
from sirf.engine.front_end import FrontEnd, front_end
from sirf.engine.statistical.analysis import InterferenceModel, statistical_eye
from sirf.errors import SirfError
from sirf.link import Link
from sirf.transmitter.transmitter import NO_JITTER
from sirf.units import db20

Float = NDArray[np.float64]
Complex = NDArray[np.complex128]

IMPAIRMENTS = ("loss", "reflection", "crosstalk", "noise", "jitter")
LEAST, MOST = 1e-30, 0.1
"""Error ratios between which margins are taken: tails below are lost in rounding, above there is no tail."""
FAINT = 1e-3
"""Part of a noise power that is left where the noise is taken away: without any, a distribution has no tail to follow."""
F_MIN = 50e6
"""Lower edge in Hz of the fit of a smooth path, as in IEEE 802.3 clause 93A.3."""


def limited_by(link: Link) -> tuple[str, dict[str, float]]:
    """(name of the impairment that costs most, dB of margin that come back without each one).

    `link` is equalised already and keeps its setting; margin is 20 log10 of half the distance of the levels over the interference
    at the link's own error ratio, in the worst eye, with ideal feedback and light linearised at its bias. Taken away in turn:

    - loss: the receiver's noise (with that of light), which a weak signal drowns in, and the interference that the equaliser
      leaves of the smooth path: the one without ripple that fits best (`smooth_transfer`);
    - reflection: what the equaliser leaves of the rest, the echoes;
    - crosstalk: all aggressors; noise: the transmitter's SNR_TX; jitter: every displacement of the edges.

    Loss, and no gain, for a link on which nothing arrives that could be decided. Raises `SirfError` for a link that the
    statistical engine refuses.
    """
    try:
        front_end(link)
    except SirfError:
        return "loss", dict.fromkeys(IMPAIRMENTS, 0.0)
    ratio = float(np.clip(statistical_eye(link, phases=1, ideal_feedback=True).ber, LEAST, MOST))
    link = _linear(link)
    smooth, echoes = _residue(link)
    here = _margin_db(InterferenceModel(link), ratio)
    without = {
        "loss": _Relieved(_quiet(link), smooth),
        "reflection": _Relieved(link, echoes),
        "crosstalk": InterferenceModel(_alone(link)),
        "noise": InterferenceModel(_transmitting(link, snr_db=_far_above(link.transmitter.snr_db))),
        "jitter": InterferenceModel(_transmitting(link, jitter=NO_JITTER)),
    }
    gained = {name: max(_margin_db(model, ratio) - here, 0.0) for name, model in without.items()}
    return max(gained, key=lambda name: gained[name]), gained


def smooth_transfer(transfer: Transfer, *, f_max: float) -> Transfer:
    """The transfer without ripple: least squares of its logarithm, loss and phase together, between 50 MHz and `f_max` in Hz.

    One uniform line, a1 (1 + j) sqrt(f) + a2 f (1 - j (2 / pi) ln f) + j tau f, and a0 + a4 f² + j b f³ for dies and pads, whose
    terms are causal one by one; points weighted by |S21| as in IEEE 802.3 clause 93A.3. It stays passive where it extrapolates.
    """
    f, delay = transfer.frequency, bulk_delay(transfer.frequency, transfer.value)
    aligned = transfer.value * np.exp(2j * np.pi * f * delay)
    inside = (f >= F_MIN) & (f <= f_max)
    terms = _terms(f)
    weight = np.abs(aligned[inside])
    wanted = weight * (np.log(weight) + 1j * np.unwrap(np.angle(aligned))[inside])
    rows, target = (_real(part) for part in (weight[:, None] * terms[inside], wanted))
    scale = np.abs(rows).max(axis=0)
    fit = terms @ (np.linalg.lstsq(rows / scale, target, rcond=None)[0] / scale)
    passive = np.minimum(fit.real, 0.0) + 1j * fit.imag
    return Transfer(f, np.exp(passive - 2j * np.pi * f * delay))


def _terms(frequency: Float) -> Complex:
    """(F, 6) functions that `smooth_transfer` adds up."""
    g = np.maximum(frequency, 1.0) / 1e9
    line = [(1 + 1j) * np.sqrt(g), g * (1 - 2j / np.pi * np.log(g)), 1j * g]
    return np.stack([*line, np.ones_like(g), g**2, 1j * g**3], axis=1).astype(complex)


def _real(value: Complex) -> Float:
    return np.concatenate([value.real, value.imag])


class _Relieved(InterferenceModel):
    """The interference of a link without some of what its equaliser leaves: `removed` (K,) in V, cursor by cursor."""

    def __init__(self, link: Link, removed: Float) -> None:
        super().__init__(link)
        self.removed = removed

    def cursors(self, offset: int) -> tuple[Float, int]:
        """The link's cursors less the removed ones."""
        cursors, main = super().cursors(offset)
        return cursors - self.removed, main


def _residue(link: Link) -> tuple[Float, Float]:
    """Cursors (K,) in V that the equaliser leaves, without the main one: of the smooth path, and of echoes.

    Each is shared out by the sizes of the smooth path's pulse and of the rest there: an equaliser that has taken both away
    has left nothing of either.
    """
    left, main = InterferenceModel(link).cursors(0)
    end = front_end(link)
    smooth = _seen_at(_smooth(link), end, len(left))
    rest = np.abs(end.cursors(end.mean_pulse) - smooth)
    left[main] = 0.0
    echoes = left * rest / np.maximum(rest + np.abs(smooth), 1e-30)
    return left - echoes, echoes


def _seen_at(link: Link, end: FrontEnd, count: int) -> Float:
    """Mean pulse (count,) in V of a link at the instants of another front end."""
    own = front_end(link)
    unit, m = 1.0 / end.symbol_rate, end.samples_per_ui
    first = end.start_time + (end.sampling - end.pre_cursors * m) * unit / m
    time = own.start_time + np.arange(len(own.mean_pulse)) * unit / m
    return np.asarray(np.interp(first + np.arange(count) * unit, time, own.mean_pulse, left=0.0, right=0.0))


def _smooth(link: Link) -> Link:
    """The link with its copper's ripple and aggressors taken away."""
    copper = link.replace(optics=None).transfers()[0]
    smooth = smooth_transfer(copper, f_max=link.symbol_rate)
    s = np.zeros((smooth.frequency.size, 2, 2), dtype=complex)
    s[:, 0, 1] = s[:, 1, 0] = smooth.value
    channel = Channel(Network(smooth.frequency, s, z0=DIFFERENTIAL_OHM, name="smooth"), plane="die", name="smooth")
    return link.replace(channel=channel, aggressors=())


def _margin_db(model: InterferenceModel, ratio: float) -> float:
    """Half the distance of the levels over the mean interference at an error ratio from both sides, worst eye, dB."""
    piece, levels = model.at(0), model.levels
    main = float(model.main_cursors(np.array([0]))[0])
    noise = [0.5 * (piece.quantile(e, ratio) + piece.lower_quantile(e + 1, ratio)) for e in range(len(levels) - 1)]
    return float(np.min(db20(0.5 * np.diff(levels) * main / np.maximum(noise, 1e-9))))


def _linear(link: Link) -> Link:
    return link if link.optics is None else link.replace(optics=link.optics.linear())


def _quiet(link: Link) -> Link:
    silent = link.replace(
        receiver=dataclasses.replace(link.receiver, noise_density=FAINT * link.receiver.noise_density)
    )
    return silent if link.optics is None else silent.replace(optics=link.optics.quiet())


def _far_above(snr_db: float | None) -> float | None:
    return None if snr_db is None else snr_db - 10.0 * float(np.log10(FAINT))


def _alone(link: Link) -> Link:
    return link.replace(channel=dataclasses.replace(link.channel, fext=(), next=()), aggressors=())


def _transmitting(link: Link, **changes: Any) -> Link:
    return link.replace(transmitter=dataclasses.replace(link.transmitter, **changes))

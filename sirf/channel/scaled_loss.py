"""A channel with more or less of its own line: the smooth part of its loss is scaled, its reflections stay."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf.channel.channel import Channel
from sirf.channel.figures.weighting import MIN_FREQUENCY
from sirf.channel.network import Network
from sirf.channel.package import propagation
from sirf.errors import SirfError

_DB_PER_NEPER = 20.0 / np.log(10.0)


def line_coefficients(frequency: Float, transfer: NDArray[np.complex128]) -> tuple[float, float]:
    """(a1, a2) in nepers per sqrt(GHz) and per GHz of the line whose loss a1 sqrt(f) + a2 f fits that of `transfer` (F,).

    Both are zero or positive, as of a line that obeys physics; weighted by |transfer| as in clause 93A.3.
    """
    # COM configurations leave out the lowest frequencies (f_min), where a DC block has no line's loss
    inside = (frequency >= MIN_FREQUENCY) & (np.abs(transfer) > 0)
    f, weight = frequency[inside] / 1e9, np.abs(transfer[inside])
    if f.size < 2:
        raise SirfError(f"channel must pass a signal in its band, got {f.size} points that do. Check the port order.")
    terms = np.stack([np.sqrt(f), f], axis=1) * weight[:, None]
    from scipy.optimize import nnls

    # not negative: a line with one negative term would gain somewhere; -ln |S| of each point at its own magnitude's
    # weight
    (a1, a2), _ = nnls(terms, weight * -np.log(weight))
    return float(a1), float(a2)


def channel_with_loss(channel: Channel, loss_db: float, frequency: float) -> Channel:
    """The channel with an insertion loss of `loss_db` at `frequency` in Hz, its own line made longer or shorter for it.

    The through and FEXT paths pass a matched line of the loss that a1 sqrt(f) + a2 f fits to the through path, with the phase
    that belongs to it (equation 93A-9); NEXT and all reflections stay as they are. Raises `SirfError` for a loss below what is
    left without the line, or a frequency outside the data.
    """
    through = channel.through
    if not through.frequency[0] <= frequency <= through.frequency[-1]:
        raise SirfError(
            f"frequency must lie within the data, to {through.frequency[-1] / 1e9:g} GHz, got {frequency / 1e9:g} GHz. "
            "Take a wider file."
        )
    own = float(channel.insertion_loss_db(frequency))
    a1, a2 = line_coefficients(through.frequency, through.s[:, 1, 0])
    g = frequency / 1e9
    # dB that the fitted line has at this frequency
    line = _DB_PER_NEPER * (a1 * np.sqrt(g) + a2 * g)
    if not line > 0.0:
        raise SirfError(f"channel must have a line to scale, got {own:.2f} dB that do not rise. Use a longer channel.")
    # -1 takes all of the line away; below that reflections would have to gain
    share = (loss_db - own) / line
    if not (np.isfinite(share) and share >= -1.0):
        raise SirfError(
            f"loss must be at least {own - line:.2f} dB at {g:g} GHz, which is left without the channel's line, got {loss_db:g}. "
            "Give a greater loss."
        )
    # group delay of the line's logarithmic term is negative up to the band's end: so much delay keeps what is added causal
    top = float(through.frequency[-1]) / 1e9
    delay = max(a2 * (np.log(top) + 1.0) / np.pi**2, 0.0)

    # matched: it multiplies what passes, and nothing reflects from it
    def lengthened(network: Network) -> Network:
        gamma = propagation(network.frequency, gamma0=0.0, a1=a1, a2=a2, tau=delay)
        s = network.s.copy()
        factor = np.exp(-share * gamma)
        s[:, 1, 0] *= factor
        s[:, 0, 1] *= factor
        return replace(network, s=s)

    return replace(
        # the 4-port knows nothing of the added line
        channel,
        through=lengthened(through),
        fext=tuple(lengthened(one) for one in channel.fext),
        four_port=None,
    )

"""What limits a link: the impairment without which it would be best."""

from __future__ import annotations

import dataclasses
import math

from sirf.engine.statistical import statistical_eye
from sirf.errors import SirfError
from sirf.link import Link
from sirf.transmitter.transmitter import NO_JITTER, Transmitter

IMPAIRMENTS = ("loss", "reflection", "crosstalk", "noise", "jitter")


def limited_by(link: Link) -> tuple[str, dict[str, float]]:
    """(name of the impairment that matters most, log10 of the bit error ratio without each one).

    `link` is equalised already and keeps its setting. Taken away in turn: receiver noise ("loss": it is what weak signals
    drown in), the transmitter's noise ("noise"), the aggressors ("crosstalk"), edge jitter ("jitter"). "reflection" stands for
    the interference that the equaliser leaves: it limits where no single one of the others changes the ratio by a quarter.
    """
    without = {
        "loss": link.replace(receiver=dataclasses.replace(link.receiver, noise_density=0.0)),
        "noise": link.replace(transmitter=dataclasses.replace(link.transmitter, snr_db=None)),
        "crosstalk": link.replace(channel=dataclasses.replace(link.channel, fext=(), next=()), aggressors=()),
        "jitter": link.replace(transmitter=_still(link.transmitter)),
    }
    figures = {name: _figure(changed) for name, changed in without.items()}
    base = _figure(link)
    best = min(figures, key=lambda name: figures[name])
    if base - figures[best] < 0.1:
        return "reflection", figures
    return best, figures


def _still(transmitter: Transmitter) -> Transmitter:
    return dataclasses.replace(transmitter, jitter=NO_JITTER, jitter_random_ui=0.0, jitter_dual_dirac_ui=0.0)


def _figure(link: Link) -> float:
    try:
        ber = statistical_eye(link, phases=1).ber
    except SirfError:
        return math.log10(0.5)  # nothing arrives that could be decided
    return math.log10(max(ber, 1e-300))

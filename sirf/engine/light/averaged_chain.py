"""The chain of a link's light with the means that its own signal makes, over one period of random symbols."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf.engine.front_end import front_end
from sirf.engine.light.light_chain import SAMPLES_PER_UI, LightChain, LightWaves, periodic
from sirf.receiver.receiver import Receiver

if TYPE_CHECKING:
    from sirf.link import Link

PERIOD_SYMBOLS = 1 << 14
"""Random symbols of the period over which the curves are averaged, each level equally often."""
MAX_THINNING_ERROR = 1e-4
"""Largest error that half the samples make at the slicer: rms of the waves relative to theirs, and share of noise power lost."""


@dataclass(frozen=True, slots=True, eq=False)
class Averaged:
    """A period of random symbols: the `chain`, level indices `sent` (PERIOD_SYMBOLS,), their `drive`, `waves` without noise."""

    chain: LightChain
    sent: NDArray[np.int64]
    drive: Float
    waves: LightWaves

    def of_noise(self, link: Link) -> Averaged:
        """The same of a link that differs in noise alone."""
        return dataclasses.replace(self, chain=self.chain.of_noise(link))


@lru_cache(maxsize=4)
def period_symbols(order: int) -> NDArray[np.int64]:
    """Level indices (PERIOD_SYMBOLS,) of the period, each equally often; read-only."""
    # a fixed seed: the averages are part of the link's description and must not change from call to call
    sent = np.random.default_rng(20170901).permutation(np.arange(PERIOD_SYMBOLS) % order)
    sent.flags.writeable = False
    return np.asarray(sent)


def averaged(link: Link, receiver: Receiver | None = None) -> Averaged:
    """The link's chain, through `receiver` in place of its own, with the means of current and output that its signal makes."""
    receiver = link.receiver if receiver is None else receiver
    chain = LightChain(
        link, receiver, front_end(link if receiver is link.receiver else link.replace(receiver=receiver))
    )
    sent = period_symbols(link.order)
    drive = periodic(chain.drive.through, chain.drive.sampling, link.levels[sent])
    # the mean current has no say in what reaches the photodiode: the light is sent once
    power = chain.received(chain.light(drive))
    chain.middle = float(np.mean(chain.span.path.receiver.photodiode.curve(power)))
    waves = chain.seen(power)
    chain.offset = float(np.mean(waves.slicer))
    return Averaged(chain, sent, drive, dataclasses.replace(waves, slicer=waves.slicer - chain.offset))


def coarsest(found: Averaged) -> LightChain:
    """The chain at half the samples per UI where that changes next to nothing of the waves and the noise at the slicer.

    The difference is measured on the period of `found`, the noise by the part of its power beyond the lower band.
    """
    chain = found.chain
    half = chain.at_rate(SAMPLES_PER_UI // 2)
    # wave and noise are those of the whole chain less what its lower band lacks
    waves = half.detect(half.light(found.drive[::2]))
    error = np.sqrt(np.mean((waves.slicer - found.waves.slicer) ** 2) / np.mean(found.waves.slicer**2))
    samples = len(found.drive)
    shapes = chain.spectra(samples)
    power = np.abs(shapes.amplifier * shapes.behind) ** 2 * chain.rising(samples) ** 2
    lost = float(np.sum(power[len(power) // 2 :]) / np.sum(power))
    return half if max(error, lost) <= MAX_THINNING_ERROR else chain

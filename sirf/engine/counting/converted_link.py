"""The link at one sample per symbol where the converter clips: codes are taken ahead of the Rx FFE, one by one.

What a converter rounds away is noise; what lies beyond its range follows the signal, and no filter can stand for it. So the
samples are made as they are ahead of the converter, turned into codes, and only then equalised.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sirf._arrays import Single
from sirf.engine.counting.baud_rate import BaudRateLink, Filter, SlicerSegment
from sirf.engine.front_end import front_end
from sirf.engine.rounding import converter_rounding
from sirf.engine.seeding import segment_generator
from sirf.link import Link

NOISE_SEGMENT = 2**41
"""Number of a segment, beyond those of any run and of patterns, from which the noise behind the samples is drawn."""


class ConvertedLink(BaudRateLink):
    """As `BaudRateLink` for a link with a converter, whose codes end at its range."""

    def __init__(self, link: Link, *, ideal: bool = False) -> None:
        super().__init__(link, ideal=ideal)
        receiver, rounding = link.receiver, converter_rounding(link)
        assert receiver.converter is not None
        assert rounding is not None
        self.code, self.extra = rounding.step, rounding.noise
        # the outermost codes of a mid-rise converter lie half a step inside its range
        self.clip = rounding.step * (2 ** (receiver.converter.bits - 1) - 0.5)
        self.ffe = Filter.of(np.asarray(receiver.ffe), receiver.ffe_main)
        # the sampling instant is that of the whole receiver: its DFE's limits help to find it
        plain = replace(receiver, ffe=(1.0,), ffe_main=0, converter=None)
        # noise of SNR_TX is added at the slicer below, not here ahead of the FFE
        end = replace(front_end(link.replace(receiver=plain)), transmitter_noise=0.0)
        ahead = link.replace(receiver=replace(plain, dfe=(), dfe_unrolled=False, mlse=None))
        self.ahead = BaudRateLink(ahead, ideal=True, end=end, later=self.tail + receiver.ffe_main, digest=self.digest)
        # feedback with right decisions, less what a sequence detector wants back of it
        known = np.zeros(max(len(self.taps), len(self.target)))
        known[: len(self.taps)] += self.taps * self.main
        known[: len(self.target)] -= self.target
        self.known = Filter.of(np.concatenate([[0.0], known]), 0)

    def segment(self, seed: int, index: int) -> SlicerSegment:
        """The slicer's input of segment `index`, as that of `BaudRateLink`."""
        ahead, random = self.ahead.segment(seed, index), segment_generator(seed, self.digest, NOISE_SEGMENT + index)
        volts = self.ahead.level_volts.astype(np.float32)[ahead.symbols] + ahead.residual
        if self.extra:
            volts += np.float32(self.extra) * random.standard_normal(volts.size, dtype=np.float32)
        codes = np.clip(self.code * (np.floor(volts / self.code) + 0.5), -self.clip, self.clip)
        symbols, count = ahead.symbols[: self.samples], self.samples
        residual = filtered(self.ffe, codes.astype(np.float32), count)
        # the noise of SNR_TX is that of the main cursor at the slicer, as in every engine
        if self.end.transmitter_noise:
            residual += np.float32(self.end.transmitter_noise) * random.standard_normal(count, dtype=np.float32)
        residual -= filtered(self.known, self.levels.astype(np.float32)[symbols], count)
        residual -= self.level_volts.astype(np.float32)[symbols]
        # before these no symbol was sent: they are part of the lead, and right
        residual[: max(len(self.ffe.taps), len(self.known.taps))] = 0.0
        return SlicerSegment(residual, symbols)


def filtered(taps: Filter, wave: Single, count: int) -> Single:
    """The first `count` samples of a `wave` (n,) behind a filter; outside the wave is nothing."""
    padded = np.zeros(taps.before + max(wave.size, count + taps.after), dtype=np.float32)
    padded[taps.before : taps.before + wave.size] = wave
    result = np.zeros(count, dtype=np.float32)
    taps.add(padded, taps.before, result)
    return result

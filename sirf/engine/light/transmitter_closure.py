"""Eye closure of the light that a link sends, copper, FFE and gain control in it: TDECQ of PAM4, TDEC of NRZ."""

from __future__ import annotations

import dataclasses
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf.engine.front_end import front_end
from sirf.engine.light.light_chain import SAMPLES_PER_UI, drive_link, periodic
from sirf.errors import SirfError
from sirf.link import Link
from sirf.optics.eye_closure import FIFTEEN_TAPS, FIVE_TAPS, ReferenceReceiver, Tdecq, tdecq
from sirf.optics.nrz_eye_closure import Tdec, TdecReceiver, tdec
from sirf.signal.patterns import Pattern

FIFTEEN_TAPS_FROM_BAUD = 80e9
"""Symbol rate in baud from which TDECQ takes the reference receiver of 802.3dj, with 15 taps."""
SHAPE_STEP = 2.0**-28
"""Step to which light is rounded over its mean, 4e-9, before its closure: 1e-7 dB, beyond the rounding of how it is sent."""


def transmitter_tdecq(
    link: Link, *, receiver: ReferenceReceiver | None = None, fibre: bool = True, pattern: str = "prbs13q"
) -> Tdecq:
    """TDECQ of the light that leaves a link's transmitter, with the copper, FFE and automatic gain before the driver.

    Behind the fibre, or before it (TECQ) where `fibre` is false; one period of `pattern`, without noise or aggressors (a PRBS11
    takes an eighth of PRBS13Q's time and differs by some hundredths of a dB). `receiver` is the reference receiver, of 15 taps
    from 80 GBd and 5 below by default. Raises `SirfError` for a link without light.
    """
    light, sent = _sent_light(link, pattern, 4, fibre=fibre)
    chosen = receiver or (FIFTEEN_TAPS if link.symbol_rate > FIFTEEN_TAPS_FROM_BAUD else FIVE_TAPS)
    mean = float(light.mean())
    if mean <= 0.0:
        raise SirfError(f"light must have a mean power above 0 W, got {mean}. Raise the laser's power or the bias.")
    found = _tdecq_of_shape(
        np.rint(light / (mean * SHAPE_STEP)).tobytes(), sent.astype(np.int64).tobytes(), link.symbol_rate, chosen
    )
    return dataclasses.replace(found, oma=mean * found.oma, allowed=mean * found.allowed)


# kept: the ends of the ranges of laser and glass change the size of light and leave its shape
@lru_cache(maxsize=4)
def _tdecq_of_shape(light: bytes, sent: bytes, symbol_rate: float, receiver: ReferenceReceiver) -> Tdecq:
    """TDECQ of `light` (N SAMPLES_PER_UI,) whose mean is one, in steps of SHAPE_STEP, and levels `sent` (N,)."""
    return tdecq(
        np.frombuffer(light) * SHAPE_STEP,
        np.frombuffer(sent, dtype=np.int64),
        symbol_rate=symbol_rate,
        samples_per_ui=SAMPLES_PER_UI,
        receiver=receiver,
    )


def transmitter_tdec(link: Link, *, receiver: TdecReceiver | None = None, pattern: str = "prbs11") -> Tdec:
    """TDEC of the light that leaves a link's transmitter, behind the fibre: one period of `pattern`, no noise, no aggressors.

    `receiver` is the reference receiver (that of the OCI physical layer by default). Raises `SirfError` for a link without light.
    """
    light, sent = _sent_light(link, pattern, 2, fibre=True)
    return tdec(light, sent, symbol_rate=link.symbol_rate, samples_per_ui=SAMPLES_PER_UI, receiver=receiver)


def _sent_light(link: Link, pattern: str, order: int, *, fibre: bool) -> tuple[Float, NDArray[np.integer]]:
    """One period of `pattern` (N,) at `order` levels as light (N M,) in W, before or behind the fibre, and what was sent."""
    span = link.optics
    if span is None:
        raise SirfError("link must carry light part of the way, got copper only. Make it from a sirf.optics.Span.")
    chosen_pattern = Pattern(pattern)
    sent = chosen_pattern.take(0, chosen_pattern.period(order), order=order)
    drive = front_end(drive_link(link, coupled=False))
    rate = SAMPLES_PER_UI * link.symbol_rate
    volts = span.path.driver.curve(
        np.sign(link.drive_gain) * periodic(drive.through, drive.sampling, link.levels[sent])
    )
    light = span.path.launch(volts, rate)
    if fibre:
        light = span.path.fibre.propagate(light, rate, chirp=span.path.chirp)
    return light, sent

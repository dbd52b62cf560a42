"""Links with light whose answers are known in closed form, shared by the tests of optics and engines."""

from __future__ import annotations

from typing import Any

import numpy as np

import sirf
from sirf import optics

SYMBOL_RATE = 10e9
CORNER = 1.7 * SYMBOL_RATE
"""Receiver's Butterworth corner in Hz: behind edges of 14 ps a symbol reaches 0.9997 of its level, others keep 0.09 % of it."""
BANDWIDTH = 1.02617 * CORNER
"""Noise bandwidth of that filter in Hz, in closed form."""
RESPONSIVITY, TRANSIMPEDANCE = 0.8, 1000.0


def unit_path(**changes: Any) -> optics.OpticalPath:
    """Optics of gain one at the bias, without bandwidth, loss or noise."""
    parts: dict[str, Any] = {
        "driver": optics.Driver(1.0),
        "source": optics.Laser(1.0),
        "modulator": optics.MachZehnder(np.pi / 2),
        "receiver": optics.OpticalReceiver(optics.Photodiode(1.0), optics.Tia(1.0)),
    }
    return optics.OpticalPath(**(parts | changes))


def straight_path(oma: float, *, mean: float, noise: float = 0.0, rin_db_per_hz: float = -np.inf) -> optics.OpticalPath:
    """A laser with a straight curve, ten thousand times wider than needed: 1 V makes `oma` / 2 W about `mean` W.

    `noise` in A/sqrt(Hz) enters at the amplifier.
    """
    return optics.OpticalPath(
        driver=optics.Driver(1.0),
        source=optics.Vcsel(
            bias=100.0 * mean, threshold=0.0, slope=0.01, resistance=0.02 / oma, resonance=1e12,
            damping=2.0 * np.pi * np.sqrt(2.0) * 1e12, rin_db_per_hz=rin_db_per_hz,
        ),
        receiver=optics.OpticalReceiver(optics.Photodiode(RESPONSIVITY), optics.Tia(TRANSIMPEDANCE, noise=noise)),
    )  # fmt: skip


def back_to_back(
    path: optics.OpticalPath, *, modulation: str = "PAM4", swing: float = 1.0, **options: Any
) -> sirf.Link:
    """A link of optics alone at 10 GBd: no automatic gain, a receiver without noise of its own and without equaliser."""
    return sirf.Link(
        optics.Span.alone(path, swing=swing, symbol_rate=SYMBOL_RATE, agc_db=(0.0, 0.0), **options),
        symbol_rate=SYMBOL_RATE,
        modulation=modulation,
        transmitter=sirf.Transmitter(
            amplitude=swing, amplitude_fext=swing, amplitude_next=swing, rise_time=14e-12
        ),
        receiver=sirf.Receiver(noise_corner=CORNER),
    )  # fmt: skip


def linearised(link: sirf.Link) -> sirf.Link:
    """The link with its optics linear at the bias."""
    assert link.optics is not None
    return link.replace(optics=link.optics.linear())

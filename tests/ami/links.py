"""Links that the tests of vendor models share."""

from __future__ import annotations

import numpy as np

from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.link import Link
from sirf.receiver.receiver import Receiver
from sirf.transmitter.transmitter import Transmitter

RATE = 10e9
FREQUENCY = np.arange(0.0, 3.0 * RATE, 50e6)


def lossy(gain: float, delay: float, *, loss_db: float = 6.0) -> Network:
    """Skin effect, `loss_db` at half the symbol rate, times `gain`."""
    neper = loss_db / 8.686 * np.sqrt(FREQUENCY / (0.5 * RATE))
    shape = np.exp(-neper * (1.0 + 1.0j) - 2j * np.pi * FREQUENCY * delay)
    shape[0] = shape[0].real
    s = np.zeros((len(FREQUENCY), 2, 2), dtype=complex)
    s[:, 1, 0] = s[:, 0, 1] = gain * shape
    return Network(FREQUENCY, s, z0=100.0)


def link(modulation: str = "NRZ", *, noise: float = 2e-13, crosstalk: float = 0.03, samples_per_ui: int = 16) -> Link:
    """Copper with a FEXT and a NEXT aggressor; no equaliser."""
    fext, near = ((lossy(crosstalk, 0.4e-9),), (lossy(0.5 * crosstalk, 0.1e-9),)) if crosstalk else ((), ())
    return Link(
        Channel(lossy(1.0, 0.5e-9), fext=fext, next=near, plane="die"),
        symbol_rate=RATE,
        modulation=modulation,
        transmitter=Transmitter(amplitude=0.4, amplitude_fext=0.4, amplitude_next=0.4, rise_time=20e-12),
        receiver=Receiver(noise_corner=8e9, noise_density=noise),
        samples_per_ui=samples_per_ui,
    )

"""Links with known answers, shared by the engine tests."""

from __future__ import annotations

import numpy as np

from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.link import Link
from sirf.receiver.receiver import Receiver
from sirf.transmitter.transmitter import Transmitter

SYMBOL_RATE = 10e9


def flat_channel(*, gain: float = 1.0, crosstalk: tuple[float, ...] = ()) -> Channel:
    """A matched lossless line of 0.2 ns, and aggressors that couple by a constant factor."""
    frequency = np.arange(0.0, 20.0 * SYMBOL_RATE, 100e6)
    return Channel(
        through=_two_port(frequency, gain),
        fext=tuple(_two_port(frequency, factor) for factor in crosstalk),
        plane="die",
        name="flat",
    )


def _two_port(frequency: np.ndarray[tuple[int], np.dtype[np.float64]], gain: float) -> Network:
    s = np.zeros((len(frequency), 2, 2), dtype=complex)
    s[:, 1, 0] = s[:, 0, 1] = gain * np.exp(-2j * np.pi * frequency * 0.2e-9)
    return Network(frequency, s, z0=100.0, name="flat")


FREQUENCY = np.arange(0.0, 3.0 * SYMBOL_RATE, 50e6)


def lossy(gain: float, delay: float) -> Network:
    """Skin effect, 6 dB at half the symbol rate, times `gain`, `delay` s late."""
    shape = np.exp(-0.69 * np.sqrt(FREQUENCY / (0.5 * SYMBOL_RATE)) * (1.0 + 1.0j) - 2j * np.pi * FREQUENCY * delay)
    shape[0] = shape[0].real
    s = np.zeros((len(FREQUENCY), 2, 2), dtype=complex)
    s[:, 1, 0] = s[:, 0, 1] = gain * shape
    return Network(FREQUENCY, s, z0=100.0)


def flat_link(
    modulation: str,
    *,
    sigma: float,
    dfe: tuple[float, ...] = (),
    ffe: tuple[float, ...] = (1.0,),
    ffe_main: int = 0,
    crosstalk: tuple[float, ...] = (),
) -> Link:
    """Outer levels at ±1 V at the slicer and Gaussian noise of `sigma` V, from the closed form of the filter's bandwidth.

    The filter settles within a fraction of the UI: no intersymbol interference but what `ffe` makes.
    """
    corner = 8.0 * SYMBOL_RATE
    return Link(
        flat_channel(crosstalk=crosstalk),
        symbol_rate=SYMBOL_RATE,
        modulation=modulation,
        transmitter=Transmitter(amplitude=1.0, amplitude_fext=1.0, amplitude_next=1.0, ffe=ffe, ffe_main=ffe_main),
        # 1.02617 is the noise bandwidth of a fourth-order Butterworth filter over its corner
        receiver=Receiver(
            noise_corner=corner, noise_density=sigma**2 / (1.02617 * corner), dfe=dfe, sampling_offset_ui=0.125
        ),
        samples_per_ui=64,
    )

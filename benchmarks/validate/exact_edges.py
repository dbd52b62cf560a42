"""Brute force over exact edges: an NRZ line of a closed form, patterns enumerated, displacements integrated, noise by Q."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

import sirf
from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.link import Link
from sirf.transmitter.jitter import Jitter

Float = NDArray[np.float64]

RATE, SWING, RISE = 20e9, 0.4, 20e-12
CORNER = 5.0 * RATE
DELAY = 0.2e-9
NOISE = 1.8e-3
"""Rms of the noise in V."""
STRIDE = 55
"""Times of the step response from one long stride to the next."""


def line_link(jitter: Jitter, *, offset_ui: float = 0.0, sigma: float = NOISE, samples_per_ui: int = 32) -> Link:
    """A lossless line, a Gaussian edge, a receiver filter far above the symbol rate."""
    f = np.arange(0.0, 20.0 * RATE, 100e6)
    s = np.zeros((len(f), 2, 2), dtype=complex)
    s[:, 1, 0] = s[:, 0, 1] = np.exp(-2j * np.pi * f * DELAY)
    return Link(
        Channel(through=Network(f, s, z0=100.0, name="line"), plane="die", name="line"),
        symbol_rate=RATE,
        modulation="NRZ",
        samples_per_ui=samples_per_ui,
        transmitter=sirf.Transmitter(
            amplitude=SWING, amplitude_fext=SWING, amplitude_next=SWING, rise_time=RISE, jitter=jitter
        ),
        receiver=sirf.Receiver(
            noise_corner=CORNER, noise_density=sigma**2 / (1.02617 * CORNER), sampling_offset_ui=offset_ui
        ),
    )


@cache
def step_table() -> tuple[Float, Float]:
    """(time in UI, step response): the spectrum of edge and filter integrated numerically."""
    time = np.linspace(-3.0, 3.0, 3001)
    f = np.linspace(0.0, 8.0 * RATE, 16_001)[1:]
    x = 1j * f / CORNER
    shape = np.exp(-2.0 * (np.pi * f * RISE / 1.6832) ** 2)
    shape = shape / (1.0 + 2.613126 * x + 3.414214 * x**2 + 2.613126 * x**3 + x**4)
    # each time is a long stride and a short one: far fewer exponentials than times by frequencies
    long, short = time[::STRIDE], time[:STRIDE] - time[0]
    turns = 2j * np.pi * f / RATE
    spectrum = shape / (np.pi * f)
    weight = np.full(len(f), 1.0)
    weight[-1] = 0.5
    values = (np.exp(np.outer(long, turns)) * spectrum * weight) @ np.exp(np.outer(turns, short))
    values = values.imag.ravel()[: len(time)]
    # the integrand's limit at zero frequency ends the trapezoidal rule
    start = time / RATE - 2.613126 / (2.0 * np.pi * CORNER)
    return time, 0.5 + (values + start) * (f[1] - f[0])


def rises(time: Float | float) -> Float:
    """Step response at `time` in UI after the edge."""
    return np.asarray(np.interp(time, *step_table()))


def error_ratio(phase: float, first: tuple[Float, Float], second: tuple[Float, Float], sigma: float = NOISE) -> float:
    """Of a decision `phase` UI behind the middle of a bit; (displacements, probabilities) of the edges before and behind it."""
    far, near = rises(phase + 1.5), rises(phase - 1.5)
    own_early, own_late = rises(phase + 0.5 - first[0]), rises(phase - 0.5 - second[0])
    total = 0.0
    for before, old, new, after in itertools.product((-1, 1), repeat=4):
        x = np.diff([before, old, 1, new, after])
        volts = before + x[0] * far + x[3] * near
        early, early_weight = (x[1] * own_early, first[1]) if x[1] else (np.zeros(1), np.ones(1))
        late, late_weight = (x[2] * own_late, second[1]) if x[2] else (np.zeros(1), np.ones(1))
        seen = SWING * (volts + early[:, None] + late)
        total += float(early_weight @ ndtr(-seen / sigma) @ late_weight) / 16.0
    return total


def independent(jitter: Jitter) -> tuple[Float, Float]:
    """Displacements in UI and probabilities of random and dual-Dirac jitter."""
    # steps of a fifth of a deviation, and of about one deviation of the noise where jitter is larger
    nodes = np.linspace(-10.0, 10.0, 2 * int(np.clip(50.0 * jitter.random_ui / 0.01, 50.0, 200.0)) + 1)
    weight = np.exp(-0.5 * nodes**2)
    tau, weight = (jitter.random_ui * nodes, weight / weight.sum()) if jitter.random_ui else (np.zeros(1), np.ones(1))
    if jitter.dual_dirac_ui:
        tau = np.concatenate([tau - jitter.dual_dirac_ui, tau + jitter.dual_dirac_ui])
        weight = 0.5 * np.concatenate([weight, weight])
    return tau, weight


def together(phase: float, jitter: Jitter, common: Float, weight: Float) -> float:
    """The same where all edges move by one of `common` UI with probability `weight` besides: the phase moves the other way."""
    own = independent(jitter)
    return float(weight @ [error_ratio(phase - tau, own, own) for tau in common] / weight.sum())

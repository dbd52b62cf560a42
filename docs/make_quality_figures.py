"""The picture of docs/theory/quality.md: a repair of causality against its closed form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.fft import irfft, rfft

from sirf.channel.network import Network
from sirf.channel.repair import causal
from sirf.plot._axes import new_figure

FREQUENCY = np.arange(0.0, 40.01e9, 20e6)
ECHO = 0.02


def draw(folder: Path) -> list[Path]:
    """Error of two repairs of a skin-effect line with an echo of 2 % that arrives 3 ns before time zero."""
    omega = 2.0 * np.pi * FREQUENCY
    line = np.exp(-4.8e-6 * np.sqrt(1j * omega) - 1j * omega * 1e-9)
    broken = line + ECHO * np.exp(1j * omega * 3e-9)
    s = np.zeros((FREQUENCY.size, 2, 2), dtype=np.complex128)
    s[:, 1, 0] = s[:, 0, 1] = broken
    mended = causal(Network(FREQUENCY, s)).s[:, 1, 0]
    response = irfft(broken)
    response[(3 * response.size) // 4 :] = 0.0
    figure, axes = new_figure((8.0, 4.0))
    for value, label, style in (
        (broken, "as it came", "k-"),
        (rfft(response), "cut before time zero", "b:"),
        (mended, "alternating projections", "r-"),
    ):
        level = 20.0 * np.log10(np.maximum(np.abs(value - line), 1e-7))
        axes[0].plot(FREQUENCY / 1e9, level, style, label=label, linewidth=1.0)
    axes[0].set(xlabel="frequency in GHz", ylabel="|S21 - closed form| in dB", ylim=(-110, 5))
    axes[0].legend()
    file = folder / "quality-causal.png"
    figure.savefig(file, dpi=90)
    return [file]

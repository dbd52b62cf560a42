"""Makes the pictures of `theory/figures.md` from channels that sirf's own models make."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import sirf
from sirf.channel.channel import Channel
from sirf.channel.figures import impedance_profile
from sirf.channel.network import Network
from sirf.channel.package import transmission_line
from sirf.plot._axes import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BOARD = {"gamma0": 0.0, "a1": 3.8206e-4, "a2": 9.5909e-5, "tau": 5.79e-3}
"""Host board line of 802.3ck (COM units: GHz, mm, ns)."""
GRID = np.linspace(0.0, 60e9, 6001)
STEPS = (80.0, 120.0, 85.0, 125.0, 90.0)
"""Differential impedances in ohm of the lines of the TDR picture, 25 mm each behind 25 mm of 100 ohm."""


def pluggable() -> Channel:
    """A faceplate pluggable path with its neighbours."""
    return sirf.paths.load_path("pluggable", rate_class="100g").to_channel(GRID, crosstalk=True)


def known_lines() -> Channel:
    """Lines of known impedance in a row."""
    made = None
    for impedance in (100.0, *STEPS):
        line = Network(GRID, transmission_line(GRID, impedance, 25.0, **BOARD), z0=100.0)
        made = line if made is None else made @ line
    assert made is not None
    return Channel(made, name="known lines")


def skewed_pair(extra_mm: float = 0.5) -> Channel:
    """Two uncoupled 50 ohm lines of 120 mm, P longer by `extra_mm`."""
    s = np.zeros((GRID.size, 4, 4), dtype=complex)
    for first, length in ((0, 120.0 + extra_mm), (2, 120.0)):
        s[:, first : first + 2, first : first + 2] = transmission_line(GRID, 100.0, length, **BOARD)
    return Channel.from_network(Network(GRID, s, name="skewed pair"), port_order="12-34")


def draw(folder: Path) -> list[Path]:
    """Write every picture into `folder`; their paths."""
    path, lines, skewed = pluggable(), known_lines(), skewed_pair()
    files: list[Path] = []

    def picture(name: str) -> tuple[Axes, Callable[[], None]]:
        figure, axes = new_figure((7.0, 3.8))
        file = folder / f"{name}.png"
        files.append(file)
        return axes[0], lambda: figure.savefig(file, dpi=100)

    for name, plot in (
        ("figures-loss", sirf.plot.loss),
        ("figures-ild", sirf.plot.ild),
        ("figures-crosstalk", sirf.plot.crosstalk),
    ):
        ax, save = picture(name)
        plot(path, ax, standard="802.3ck-c2m")
        save()
    ax, save = picture("figures-erl")
    sirf.plot.reflection(path, ax, standard="802.3ck-kr1")
    save()
    ax, save = picture("figures-tdr")
    sirf.plot.tdr(lines, ax)
    peeled = impedance_profile(lines.through, peeled=True, duration=2.2e-9)
    ax.plot(
        peeled.time * 1e9,
        peeled.impedance_ohm,
        color="#0072b2",
        linewidth=0.9,
        linestyle=":",
        label="from port 1, peeled",
    )
    delay = 25.0 * 5.79e-12 * 2e9
    for index, impedance in enumerate((100.0, *STEPS)):
        ax.hlines(impedance, index * delay, (index + 1) * delay, color="#009e73", linewidth=3.0, alpha=0.5,
                  label="true impedance" if index == 0 else "_")  # fmt: skip
    ax.legend(fontsize="small")
    save()
    ax, save = picture("figures-conversion")
    sirf.plot.conversion(skewed, ax, symbol_rate=53.125e9)
    save()
    return files


if __name__ == "__main__":
    target = Path(__file__).parent / "figures"
    target.mkdir(exist_ok=True)
    for file in draw(target):
        print(file.name)
    for channel, standard in (
        (pluggable(), "802.3ck-c2m"),
        (known_lines(), "802.3ck-kr1"),
        (skewed_pair(), "802.3ck-kr1"),
    ):
        print(channel.figures(standard))

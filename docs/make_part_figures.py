"""Makes the pictures of `models/` for the parts: vias, contacts, connectors, capacitors, dies."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from make_line_figures import BLUE, BOARD, GREEN, GREY, RED, STYLES, draw

from sirf.channel.package import Package
from sirf.channel.parts import Ball, Capacitor, Connector, Socket, Via

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GRID = np.linspace(0.0, 110e9, 1101)


def decibels(value: object) -> np.ndarray:
    """20 log10 of a magnitude, floored at -120 dB."""
    return np.asarray(20.0 * np.log10(np.maximum(np.abs(np.asarray(value)), 1e-6)))


def via(ax: Axes) -> None:
    """Through loss with three stubs; lines at the quarter wave."""
    for stub, color, style in zip((0.2e-3, 0.5e-3, 1e-3, 2e-3), (GREEN, BLUE, RED, GREY), STYLES, strict=True):
        part = Via(material=BOARD, barrel=200e-6, antipad=800e-6, length=1e-3, stub=stub, pad=10e-15)
        s21 = part.network(GRID).s[:, 1, 0]
        ax.plot(GRID / 1e9, decibels(s21), style, color=color, label=f"stub {stub * 1e3:g} mm")
        if part.stub_resonance < GRID[-1]:
            ax.axvline(part.stub_resonance / 1e9, color=color, linewidth=0.7)
    ax.axvline(part.valid_to / 1e9, color="0.0", linewidth=0.7, linestyle=":", label="stated range ends")
    ax.set(xlabel="frequency (GHz)", ylabel="|S21| (dB)", ylim=(-40, 1))


def contacts(ax: Axes) -> None:
    """Return loss of a ball and of sockets."""
    parts = (
        (Ball(capacitance=10e-15, inductance=60e-12), BLUE, "-", "ball, 60 pH, 2 x 10 fF"),
        (
            Socket(impedance=110.0, length=0.6e-3, pad=15e-15, resistance=0.02),
            RED,
            "--",
            "LGA contact, 0.6 mm, 110 ohm",
        ),
        (Socket(impedance=130.0, length=1.5e-3, pad=15e-15, resistance=0.02), GREEN, "-.", "pin, 1.5 mm, 130 ohm"),
    )
    for part, color, style, name in parts:
        ax.plot(GRID[1:] / 1e9, decibels(part.network(GRID[1:]).s[:, 0, 0]), style, color=color, label=name)
        ax.axvline(min(part.valid_to, GRID[-1]) / 1e9, color=color, linewidth=0.7, linestyle=":")
    ax.annotate("dotted: stated range ends", (2, -3), fontsize="small", color=GREY)
    ax.set(xlabel="frequency (GHz)", ylabel="|S11| (dB)", ylim=(-60, 0))


def connector(ax: Axes) -> None:
    """Through loss of the OSFP-class connector, with and without a ground resonance, and its metal and body alone."""
    body = dataclasses.replace(BOARD, dk=3.0, df=0.004)
    part = Connector(impedance=93.0, length=12e-3, pad=25e-15, material=body, skin_db_per_m=2.0)
    f = GRID[GRID <= 67e9]
    ax.plot(f / 1e9, decibels(part.network(f).s[:, 1, 0]), color=BLUE, label="default of the pluggable path")
    ringing = dataclasses.replace(part, resonance=45e9, resonance_db=3.0)
    ax.plot(f / 1e9, decibels(ringing.network(f).s[:, 1, 0]), "--", color=RED, label="ground resonance 45 GHz, 3 dB")
    alone = 12e-3 * (2.0 * np.sqrt(f / 1e9) + 27.29 * f * np.sqrt(3.0) * 0.004 / 299792458.0)
    ax.plot(f[::40] / 1e9, -alone[::40], "o", color=GREY, markersize=3, label="metal and body, closed form")
    ax.axvline(part.valid_to / 1e9, color="0.0", linewidth=0.7, linestyle=":", label="stated range ends")
    ax.set(xlabel="frequency (GHz)", ylabel="|S21| (dB)")


def capacitor(ax: Axes) -> None:
    """From the high-pass corner to the pads."""
    f = np.geomspace(1e2, 60e9, 500)
    for name, part, color, style in (
        ("ideal 100 nF", Capacitor(capacitance=100e-9), GREY, ":"),
        ("0201, 120 pH, pads 25 fF", Capacitor(capacitance=100e-9, resistance=0.03, inductance=120e-12, pad=25e-15), BLUE, "-"),
        ("0402, 300 pH, pads 70 fF", Capacitor(capacitance=100e-9, resistance=0.03, inductance=300e-12, pad=70e-15), RED, "--"),
    ):  # fmt: skip
        ax.plot(f, decibels(part.network(f).s[:, 1, 0]), style, color=color, label=name)
    corner = Capacitor(capacitance=100e-9).corner
    ax.plot(corner, -3.01, "o", color="0.0", label=f"corner {corner / 1e3:.1f} kHz")
    ax.axvspan(10e6, 60e9, color="0.95", label="grid of a path")
    ax.set(xscale="log", xlabel="frequency (Hz)", ylabel="|S21| (dB)", ylim=(-12, 0.5))


def die(ax: Axes) -> None:
    """Return loss of dies of one and of three stages, and of their capacitance in one lump."""
    stages = {
        "802.3ck: 120 fF, 120 pH": (((120e-15, 120e-12),), RED, "--"),
        "802.3dj: 40, 90, 110 fF": (((40e-15, 130e-12), (90e-15, 150e-12), (110e-15, 140e-12)), BLUE, "-"),
    }
    for name, (ladder, color, style) in stages.items():
        part = Package(die=ladder, c_b=30e-15)
        ax.plot(GRID[1:] / 1e9, decibels(part.network(GRID[1:]).s[:, 1, 1]), style, color=color, label=name)
        total = 30e-15 + sum(c for c, _ in ladder)
        w = 2 * np.pi * GRID[1:]
        lump = 25.0 * w * total / np.sqrt(1.0 + (25.0 * w * total) ** 2)
        ax.plot(
            GRID[1:] / 1e9, decibels(lump), ":", color=color, linewidth=0.9, label=f"{total * 1e15:.0f} fF in one lump"
        )
    ax.set(xlabel="frequency (GHz)", ylabel="|S22| (dB)", ylim=(-40, 1))


PICTURES: dict[str, Callable[[Axes], None]] = {
    "model-via": via,
    "model-contacts": contacts,
    "model-connector": connector,
    "model-capacitor": capacitor,
    "model-die": die,
}


def draw_parts(folder: Path) -> list[Path]:
    """Write every picture into `folder`; their paths."""
    return draw(folder, PICTURES)


if __name__ == "__main__":
    for file in draw_parts(Path(__file__).parent / "figures"):
        print(file.name)

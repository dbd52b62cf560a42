"""Measured boards that nobody here made, and closed forms of what a reflectometer sees."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from sirf.channel.figures import impedance_profile
from sirf.channel.lines import EdgeStripline, Stripline
from sirf.channel.materials import load_material

GEOMETRY = {"width": 127e-6, "thickness": 17e-6, "spacing": 280e-6}
LOWEST, HIGHEST = (3.02, 0.0012, 0.2e-6), (4.3, 0.02, 3e-6)
"""Dk, Df and Rq over all laminates and foils of the published tables."""


def published(folder: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(frequency in Hz, loss in dB an inch) of the measured stripline, from two lengths."""
    text = (folder / "golden" / "README.md").read_text(encoding="utf-8")
    found = re.search(r"two-line loss ([\d./\s]+?)\s+dB per inch at ([\d./\s]+?) GHz", text)
    assert found is not None
    loss, frequency = (np.array([float(part) for part in group.split("/")]) for group in found.groups())
    return frequency * 1e9, loss


def test_measured_stripline_with_only_dk_df_and_roughness_changed(reference_dir: Path) -> None:
    """Its cross-section and laminate are not stated; ours is kept. Mean error 6.5 %, 17 % at 1 GHz, 7 % from 10 GHz on.

    The fit ends at the edge of the ranges (Dk 4.3, Rq 0.2 um): it wants more loss at low frequency, so a narrower trace.
    """
    frequency, loss = published(reference_dir)
    assert frequency[[0, -1]].tolist() == [1e9, 40e9]

    def error(values: NDArray[np.float64]) -> NDArray[np.float64]:
        dk, df, rq = (float(value) for value in values)
        board = dataclasses.replace(load_material("megtron7"), dk=dk, df=df, roughness_rq=rq)
        return np.asarray(Stripline(material=board, **GEOMETRY).loss_db_per_m(frequency) * 0.0254 / loss - 1.0)

    fit = least_squares(error, (3.23, 0.005, 0.5e-6), bounds=(LOWEST, HIGHEST), x_scale=(1.0, 5e-3, 1e-6))
    deviation = np.abs(error(fit.x))
    assert 0.05 < np.mean(deviation) < 0.07
    assert deviation[0] == np.max(deviation) < 0.18
    assert np.max(deviation[frequency >= 10e9]) < 0.075


def test_a_known_mismatch_reads_as_its_impedance() -> None:
    """A wide trace behind a short narrow one: within 2 % of its own impedance, metal and all, at 10 GHz.

    The resistance of what lies before adds to what a reflectometer shows, as it does on the bench: 1 % here.
    """
    board = dataclasses.replace(load_material("megtron7"), df=0.0, conductivity=1e8, roughness_rq=0.0)
    f = np.linspace(0.0, 60e9, 6001)
    narrow, wide = (Stripline(material=board, **{**GEOMETRY, "width": width}) for width in (127e-6, 180e-6))
    profile = impedance_profile(narrow.network(f, 0.01) @ wide.network(f, 0.02))
    delay = 0.01 * np.sqrt(3.4) / 299792458.0
    for line, start, stop in ((narrow, 0.5, 1.5), (wide, 2.6, 5.0)):
        own = float(line.coefficients(np.array([10e9]))[1][0].real)
        assert abs(profile.between(start * delay, stop * delay) / own - 1) < 0.02
    assert wide.impedance < 0.85 * narrow.impedance


def test_an_edge_coupled_pair_of_a_lossy_board_reads_as_its_impedance() -> None:
    pair = EdgeStripline(material=load_material("megtron7"), width=150e-6, gap=150e-6, thickness=17e-6, spacing=280e-6)
    profile = impedance_profile(pair.network(np.linspace(0.0, 60e9, 6001), 0.02))
    delay = 0.02 * np.sqrt(3.4) / 299792458.0
    assert abs(profile.between(0.3 * delay, 0.8 * delay) / pair.impedance - 1) < 0.02

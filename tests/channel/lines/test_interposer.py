"""Substrate lines: build-up film, glass and silicon redistribution, by their materials in the same cross-sections."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.channel.lines import EdgeMicrostrip, EdgeStripline, Microstrip
from sirf.channel.materials import load_material


def test_a_redistribution_line_is_an_rc_line_at_low_frequency() -> None:
    """gamma tends to sqrt(j w R C), alpha = beta = sqrt(w R C / 2): diffusion, with R the resistance of the strip."""
    metal = load_material("rdl-polyimide")
    line = Microstrip(material=metal, width=2e-6, thickness=2e-6, height=4e-6)
    w = 2 * np.pi * np.array([1e6, 1e7])
    resistance = 1.0 / (metal.conductivity * line.width * line.thickness)
    capacitance = line.immittances(w / (2 * np.pi))[1].imag / w
    gamma, _ = line.coefficients(w / (2 * np.pi))
    assert np.allclose(gamma.real, np.sqrt(w * resistance * capacitance / 2), rtol=0.05)
    assert np.allclose(gamma.imag, gamma.real, rtol=0.1)


def test_a_redistribution_line_stays_resistive_until_reactance_takes_over() -> None:
    """Loss grows as sqrt(f) in the RC region and slower than that above it, where the skin is not yet thin."""
    line = Microstrip(material=load_material("silicon-beol"), width=2e-6, thickness=1.5e-6, height=3e-6)
    loss = line.loss_db_per_m(np.array([1e7, 4e7, 10e9, 40e9]))
    assert loss[1] / loss[0] == pytest.approx(2.0, rel=0.03)
    assert 1.0 < loss[3] / loss[2] < 1.9


def test_materials_of_substrates_rank_as_their_loss_does() -> None:
    """One cross-section of 100 ohm class: glass (Df .005) and GL102 (.0044) lose far less than GX92 (.017)."""
    losses = {
        name: float(
            EdgeStripline(
                material=load_material(name), width=25e-6, gap=40e-6, thickness=15e-6, spacing=75e-6
            ).loss_db_per_m(53.125e9)
        )
        for name in ("abf-gl102", "abf-gx92")
    }
    assert losses["abf-gl102"] < 0.7 * losses["abf-gx92"]


def test_a_build_up_line_loses_what_the_com_substrate_does() -> None:
    """The 802.3dj test configuration's package line loses .153 dB/mm at 53.1 GHz; a GL102 pair of 20 um is of that class."""
    line = EdgeStripline(material=load_material("abf-gl102"), width=20e-6, gap=40e-6, thickness=15e-6, spacing=75e-6)
    assert 85 < line.impedance < 105
    assert float(line.loss_db_per_m(53.1e9)) * 1e-3 == pytest.approx(0.153, rel=0.35)


def test_glass_slows_but_hardly_loses() -> None:
    glass, film = (
        EdgeMicrostrip(material=load_material(name), width=30e-6, gap=30e-6, thickness=8e-6, height=30e-6)
        for name in ("glass-core", "abf-gx92")
    )
    assert glass.effective_dk > film.effective_dk
    assert float(glass.loss_db_per_m(53e9)) < float(film.loss_db_per_m(53e9))

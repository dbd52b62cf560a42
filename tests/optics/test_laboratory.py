"""Measures of whole paths: what a straight modulator gives, what dispersion costs, how a budget adds up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sirf import optics
from sirf.errors import PhysicsError, SirfError
from sirf.optics.laboratory import arrival_rows, measure, tdecq_behind_fibre, worst_case_budget
from sirf.optics.receiver_sensitivity import sensitivity

MODULATOR = optics.MachZehnder(6.0, insertion_loss_db=4.0, bandwidth=50e9, kind="bessel4")
PATH = optics.OpticalPath(
    driver=optics.Driver(1.0),
    source=optics.Laser(0.02, rin_db_per_hz=-145.0),
    modulator=MODULATOR,
    coupling_loss_db=3.0,
    fibre=optics.Fibre(500.0, dispersion=1.0, loss_db_per_km=0.4),
    connectors=(optics.Connector(0.3, reflectance_db=-45.0),) * 2,
    receiver=optics.OpticalReceiver(optics.Photodiode(0.8), optics.Tia(2000.0, noise=12e-12, bandwidth=42e9)),
)
SETTINGS = {"swing": 1.2, "symbol_rate": 53.125e9, "pattern": "prbs9"}


@pytest.mark.parametrize("bias_phase", [0.0, 3.1])
def test_tdecq_alone_is_that_of_all_measures_on_either_flank(bias_phase: float) -> None:
    path = replace(
        PATH, modulator=replace(MODULATOR, bias_phase=bias_phase), fibre=optics.Fibre(5_000.0, dispersion=3.0)
    )
    found = measure(path, **SETTINGS).tdecq_db  # type: ignore[arg-type]
    assert found is not None
    assert found > 0.3
    assert tdecq_behind_fibre(path, **SETTINGS) == found  # type: ignore[arg-type]


def test_amplitude_and_extinction_are_those_of_the_curve_and_eyes_close_with_dispersion() -> None:
    near = measure(PATH, **SETTINGS)  # type: ignore[arg-type]
    low, high = 0.5 * 0.02 * 10**-0.7 * (1 + np.sin(np.pi * np.array([-1.2, 1.2]) / 6.0))
    assert near.extinction_db == pytest.approx(10 * np.log10(high / low))
    assert near.oma == pytest.approx(high - low, rel=0.01)
    # clause 120D.3.1.2: the inner levels stand too far out, so 2 - 3 ES is the least of the four
    assert near.level_mismatch == pytest.approx(2 - 3 * np.sin(0.2 * np.pi / 3) / np.sin(0.2 * np.pi))
    assert near.tecq_db is not None
    assert near.tdecq_db is not None
    assert 0.3 < near.tecq_db < 1.5
    assert near.tdecq_db == pytest.approx(near.tecq_db, abs=0.1)
    far = measure(replace(PATH, fibre=optics.Fibre(10_000.0, dispersion=-4.0)), **SETTINGS)  # type: ignore[arg-type]
    assert far.tecq_db == pytest.approx(near.tecq_db, abs=1e-9)
    assert far.tdecq_db is not None
    assert far.tdecq_db > near.tdecq_db + 0.1


def test_two_levels_have_no_figure_that_pam4_alone_defines() -> None:
    found = measure(PATH, **SETTINGS, order=2)  # type: ignore[arg-type]
    assert (found.order, found.level_mismatch, found.tecq_db, found.tdecq_db) == (2, None, None, None)
    assert "TDECQ, dB" not in dict(arrival_rows(PATH, found)[0])
    with pytest.raises(SirfError, match="measures must have TDECQ"):
        worst_case_budget(PATH, found)


def test_a_falling_curve_measures_like_its_mirror_image() -> None:
    falling = replace(PATH, modulator=replace(PATH.modulator, bias_phase=np.pi), fibre=optics.Fibre(0.0))  # type: ignore[type-var]
    one, two = measure(falling, **SETTINGS), measure(replace(PATH, fibre=optics.Fibre(0.0)), **SETTINGS)  # type: ignore[arg-type]
    assert one.tecq_db == pytest.approx(two.tecq_db, abs=0.05)
    assert one.oma == pytest.approx(two.oma, rel=0.01)


def test_a_budget_is_the_sum_of_its_rows() -> None:
    found = measure(PATH, **SETTINGS)  # type: ignore[arg-type]
    budget = worst_case_budget(PATH, found)
    rows = dict(budget.rows)
    assert found.tdecq_db is not None
    assert rows["OMA at the photodiode, dBm"] == pytest.approx(10 * np.log10(found.oma / 1e-3) - 0.2 - 0.6)
    need = sensitivity(PATH.receiver, extinction_db=found.extinction_db, rin=10**-14.5, penalty_db=found.tdecq_db)
    assert rows["stressed sensitivity, dBm"] == pytest.approx(10 * np.log10(need / 1e-3))
    assert budget.margin_db == pytest.approx(
        rows["OMA at the photodiode, dBm"] - rows["multipath interference, dB"] - rows["stressed sensitivity, dBm"]
    )
    assert "margin, dB" in str(budget)
    assert "<table>" in budget._repr_html_()
    assert budget.to_dict()["margin_db"] == budget.margin_db
    mirrors = replace(PATH, connectors=(optics.Connector(0.0, reflectance_db=-8.0),) * 2)
    with pytest.raises(PhysicsError, match="double reflections"):
        worst_case_budget(mirrors, found)


def test_filters_of_several_wavelengths_are_in_the_budget() -> None:
    ring = optics.RingFilter(linewidth=60e9, fsr=2e12, drop_loss_db=1.5, through_loss_db=0.1)
    grid = optics.WavelengthGrid(count=4, spacing=400e9, ring=ring)
    found = measure(PATH, **SETTINGS)  # type: ignore[arg-type]
    alone, among = worst_case_budget(PATH, found), worst_case_budget(replace(PATH, wavelengths=grid), found)
    # the own ring's drop and three passed rings
    lost = 1.5 + 3 * 0.1
    assert dict(among.rows)["wavelength filter loss, dB"] == pytest.approx(lost)
    assert alone.margin_db - among.margin_db == pytest.approx(lost)
    assert dict(among.rows)["OMA at the photodiode, dBm"] == pytest.approx(
        10 * np.log10(found.oma / 1e-3) - replace(PATH, wavelengths=grid).loss_db
    )


def test_bad_input_is_named() -> None:
    with pytest.raises(SirfError, match="swing must be positive"):
        measure(PATH, swing=0.0, symbol_rate=53e9)
    with pytest.raises(SirfError, match=r"Write '53\.125GBd'"):
        measure(PATH, swing=0.5, symbol_rate=53.125)

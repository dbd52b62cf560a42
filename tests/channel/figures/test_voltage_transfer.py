"""Voltage transfer functions against closed forms of lines between resistors, and their masks."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
import pytest

from sirf.channel.channel import Channel
from sirf.channel.figures.voltage_transfer import (
    Terminations,
    VoltageTransfer,
    load_vtf_mask,
    transfer,
    voltage_transfer,
)
from sirf.channel.network import Network
from sirf.errors import ConfigError, SirfError

F = np.arange(0.0, 40e9, 50e6)
DELAY = 20e-12


def line(loss_db: float, impedance: float = 50.0) -> Network:
    """A single-ended line of `impedance` ohm, `loss_db` at 8 GHz growing with the root of frequency, as half of a pair."""
    gamma = loss_db / 8.685889638 * np.sqrt(F / 8e9) + 2j * np.pi * F * DELAY
    z = impedance / 50.0
    bottom = 2.0 * z * np.cosh(gamma) + (z**2 + 1.0) * np.sinh(gamma)
    s = np.empty((F.size, 2, 2), dtype=complex)
    s[:, 0, 0] = s[:, 1, 1] = (z**2 - 1.0) * np.sinh(gamma) / bottom
    s[:, 0, 1] = s[:, 1, 0] = 2.0 * z / bottom
    return Network(F, s, z0=100.0)


MATCHED = Terminations(source_ohm=50.0, load_ohm=50.0, source_capacitance=0.0, load_capacitance=0.0)


def test_a_matched_line_halves_the_source_and_loses_its_loss() -> None:
    found = voltage_transfer(Channel(line(3.0), plane="die"), MATCHED, data_rate=16e9)
    assert found.dc_db == pytest.approx(-20.0 * np.log10(2.0), abs=1e-9)
    assert found.nyquist_db == pytest.approx(-20.0 * np.log10(2.0) - 3.0, abs=1e-9)
    assert found.greatest_crosstalk_db == -inf


@pytest.mark.parametrize(("source", "load"), [(30.0, 50.0), (25.0, inf), (40.0, 70.0)])
def test_mismatched_and_open_lines_meet_the_chain_matrix(source: float, load: float) -> None:
    capacitances = 250e-15, 125e-15
    ends = Terminations(
        source_ohm=source, load_ohm=load, source_capacitance=capacitances[0], load_capacitance=capacitances[1]
    )
    gamma, z, jw = 2.0 / 8.685889638 * np.sqrt(F / 8e9) + 2j * np.pi * F * DELAY, 60.0, 2j * np.pi * F
    a, b, c = np.cosh(gamma), z * np.sinh(gamma), np.sinh(gamma) / z
    admittance = (0.0 if load == inf else 1.0 / load) + jw * capacitances[1]
    into = (c + a * admittance) / (a + b * admittance) + jw * capacitances[0]
    expected = 1.0 / (1.0 + source * into) / (a + b * admittance)
    np.testing.assert_allclose(transfer(line(2.0, 60.0), ends), expected, rtol=1e-6)


def test_crosstalk_is_the_sum_of_powers() -> None:
    weak = replace(line(0.0), s=0.01 * line(0.0).s)
    one, four = (
        voltage_transfer(Channel(line(1.0), fext=(weak,) * n, plane="die"), MATCHED, data_rate=16e9) for n in (1, 4)
    )
    assert one.greatest_crosstalk_db == pytest.approx(-20.0 * np.log10(200.0), abs=1e-3)
    assert four.greatest_crosstalk_db - one.greatest_crosstalk_db == pytest.approx(20.0 * np.log10(2.0), abs=1e-9)


def flat(dc: float, nyquist: float, crosstalk: float, sag: float = 0.0) -> VoltageTransfer:
    """A straight line of gain from DC to half the rate, `sag` dB lower half way, and one crosstalk at all frequencies."""
    ratio = np.linspace(0.0, 1.0, 101)
    gain = dc + (nyquist - dc) * ratio - 4.0 * sag * ratio * (1.0 - ratio)
    return VoltageTransfer(ratio=ratio, gain_db=gain, crosstalk_db=np.full(101, crosstalk))


def test_margins_are_distances_from_the_lines_of_the_mask() -> None:
    """Of UCIe 3.0, Table 5-24 at 16 GT/s: L(0) > -4.5, L(f_N) > -6.5, XT < 3 L(f_N) - 11.5 and XT < -25 dB."""
    limit = load_vtf_mask("ucie-standard").at(16e9)
    assert limit.margins_db(flat(-4.0, -6.0, -30.0)) == pytest.approx(
        {
            "loss up to half the rate": 0.5,
            "loss at half the rate": 0.5,
            "loss at DC": 0.5,
            "crosstalk": 5.0,
            "crosstalk against loss": 3.0 * -6.0 - 11.5 + 30.0,
        }
    )
    # both ends alone would pass
    sagging = limit.margins_db(flat(-4.0, -6.0, -30.0, sag=1.0))
    assert sagging["loss up to half the rate"] == pytest.approx(-0.5)
    assert min(sagging["loss at DC"], sagging["loss at half the rate"]) > 0.0
    with pytest.raises(SirfError, match="data_rate must be at most 32 GT/s for ucie-standard, got 64"):
        load_vtf_mask("ucie-standard").at(64e9)


@pytest.mark.parametrize(
    ("name", "rate", "loss", "slope", "offset", "crosstalk", "ends"),
    [
        ("ucie-advanced", 16e9, 3.0, 1.5, -21.5, -23.0, (25.0, inf, 250e-15, 200e-15)),
        ("ucie-advanced", 32e9, 5.0, 1.5, -19.0, -24.0, (25.0, inf, 250e-15, 200e-15)),
        ("ucie-standard", 8e9, 7.5, 3.0, -11.5, -25.0, (30.0, 50.0, 300e-15, 300e-15)),
        ("ucie-standard", 12e9, 6.5, 3.0, -11.5, -25.0, (30.0, 50.0, 200e-15, 200e-15)),
        ("ucie-standard", 32e9, 7.5, 2.5, -10.0, -26.0, (30.0, 50.0, 125e-15, 125e-15)),
        ("ucie-standard-open", 12e9, 1.25, 7.0, -12.5, -15.0, (30.0, inf, 200e-15, 200e-15)),
        ("ucie-standard-open", 16e9, 1.15, 4.0, -13.5, -17.0, (30.0, inf, 200e-15, 200e-15)),
    ],
)
def test_masks_are_those_of_the_specification(
    name: str,
    rate: float,
    loss: float,
    slope: float,
    offset: float,
    crosstalk: float,
    ends: tuple[float, float, float, float],
) -> None:
    """UCIe 3.0, Tables 5-17, 5-24 and 5-25, with the ends of their footnotes."""
    limit = load_vtf_mask(name).at(rate)
    assert (limit.loss_nyquist_db, limit.crosstalk_slope, limit.crosstalk_offset_db, limit.crosstalk_db) == (
        loss,
        slope,
        offset,
        crosstalk,
    )
    found = limit.ends
    assert (
        found.source_ohm,
        found.load_ohm,
        found.source_capacitance,
        found.load_capacitance,
    ) == pytest.approx(ends)
    # without a termination no loss at DC is stated
    assert ("loss at DC" in limit.margins_db(flat(0.0, -1.0, -40.0))) == (limit.ends.load_ohm < inf)


def test_a_verdict_names_the_limit_that_is_missed() -> None:
    mask = load_vtf_mask("ucie-standard")
    good, bad = (mask.verdict(Channel(line(loss), plane="die"), data_rate=16e9) for loss in (1.0, 6.0))
    assert good.holds
    assert not bad.holds
    assert bad.worst.startswith("loss")
    assert "fail" in str(bad)
    assert bad.to_dict()["holds"] is False
    # no neighbours: a margin without end, for which JSON has no number
    assert bad.to_dict()["margins_db"]["crosstalk"] is None


def test_the_terminated_divider_meets_the_limit_at_dc_by_the_closed_form() -> None:
    limit = load_vtf_mask("ucie-standard").at(16e9)
    found = voltage_transfer(Channel(line(1.0), plane="die"), limit.ends, data_rate=16e9)
    divider = 20.0 * np.log10(50.0 / 80.0)
    assert found.dc_db == pytest.approx(divider, abs=1e-9)
    assert limit.margins_db(found)["loss at DC"] == pytest.approx(4.5 + divider, abs=1e-9)


def test_unknown_masks_are_refused() -> None:
    with pytest.raises(ConfigError, match="mask must be one of ucie-advanced, ucie-standard, ucie-standard-open"):
        load_vtf_mask("ucie")

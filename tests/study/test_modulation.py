"""PAM4, PAM6 and PAM8 at one net bit rate: against COM's full grid, closed forms over white noise, and bad input."""

from __future__ import annotations

import dataclasses
import tomllib
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm

import sirf
from sirf._data import data_path
from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.channel.path import Device, load_path
from sirf.com.config.preset_settings import from_standard
from sirf.com.config.rescaled import faster_package, rescaled
from sirf.com.distribution import VoltageDistribution
from sirf.com.margin import com
from sirf.errors import ConfigError, SirfError
from sirf.fec.library import load as load_code
from sirf.study.modulation import _detector_error_ratio, modulation
from sirf.study.modulation_result import ModulationPoint, ModulationStudy

BASE = from_standard("802.3dj-kr1")


@pytest.fixture(scope="module")
def near() -> ModulationStudy:
    """A near-packaged path at 425 Gb/s with three lengths."""
    return modulation("npo", lengths=["100 mm", "250 mm", "350 mm"])


def test_all_carry_the_same_net_rate(near: ModulationStudy) -> None:
    rates = {row.modulation: row.symbol_rate / 1e9 for row in near.rows}
    assert rates == pytest.approx({"PAM4": 212.5, "PAM6": 170.0, "PAM8": 425.0 / 3.0})
    assert near.net_rate == pytest.approx(400e9)
    assert [row.der0 for row in near.rows] == pytest.approx([2e-4, 2.5e-4, 3e-4])


def test_the_winner_changes_with_loss_and_changes_are_interpolated(near: ModulationStudy) -> None:
    assert [point.winner for point in near.sweep] == ["PAM4", "PAM4", "PAM8"]
    changes = near.changes
    assert [(one.before, one.after) for one in changes] == [("PAM4", "PAM6"), ("PAM6", "PAM8")]
    assert near.sweep[1].loss_db < changes[0].loss_db < changes[1].loss_db < near.sweep[2].loss_db
    assert changes[0].length_mm is not None
    for change in changes:
        for name in (change.before, change.after):
            losses = [point.loss_db for point in near.sweep[1:]]
            margins = [point.row(name).com_db or 0.0 for point in near.sweep[1:]]
            assert change.com_db == pytest.approx(np.interp(change.loss_db, losses, margins))


def test_no_modulation_carries_more_than_the_ceiling(near: ModulationStudy) -> None:
    for point in (near.point, *near.sweep):
        for row in point.rows:
            assert row.capacity_gbps >= row.capacity_nyquist_gbps
            if row.com_db is not None and row.com_db > 0.0:
                assert row.capacity_nyquist_gbps > near.net_rate / 1e9


def test_fewer_symbols_take_less_energy_and_less_loss(near: ModulationStudy) -> None:
    energies = [row.energy.value for row in near.rows if row.energy is not None]
    losses = [row.insertion_loss_db for row in near.rows]
    assert energies == sorted(energies, reverse=True)
    assert losses == sorted(losses, key=lambda loss: -(loss or 0.0))
    assert near.point.thriftiest == "PAM8"


def test_the_quick_search_is_within_a_tenth_of_a_db_of_the_full_grid() -> None:
    path = sirf.paths.cpo(rate_class="200g")
    found = modulation(path, data_rate=212.5e9, modulations=("PAM4",))["PAM4"].com_db
    channel = path.to_channel(np.arange(0.0, 1.05 * 106.25e9 + 10e6, 10e6))
    settings = rescaled(BASE, 106.25e9, "PAM4", der0=BASE.der0, circuit_rate=106.25e9)
    full = com(channel, config=settings, package_case=1).com_db
    assert full - 0.1 <= (found or 0.0) <= full + 1e-6


def test_circuits_of_the_standards_own_rate_are_the_standards() -> None:
    same = rescaled(BASE, BASE.symbol_rate, "PAM4", der0=BASE.der0, circuit_rate=BASE.symbol_rate)
    assert same.transmitter == BASE.transmitter
    assert same.receiver == BASE.receiver
    assert same.packages == BASE.packages


def test_times_stay_and_designs_follow_the_symbol_rate() -> None:
    slow = rescaled(BASE, 85e9, "PAM6", der0=1e-4, circuit_rate=106.25e9)
    assert slow.transmitter.rise_time == BASE.transmitter.rise_time
    assert slow.transmitter.sigma_rj / slow.symbol_rate == pytest.approx(BASE.transmitter.sigma_rj / 106.25e9)
    assert slow.receiver.ctle.f_z / slow.symbol_rate == pytest.approx(BASE.receiver.ctle.f_z / 106.25e9)
    assert slow.receiver.noise_density == BASE.receiver.noise_density
    assert slow.sigma_x**2 == pytest.approx(0.4)
    with pytest.raises(ConfigError, match="must have a receiver FFE"):
        rescaled(from_standard("802.3ck-kr1"), 53e9, "PAM4", der0=1e-4, circuit_rate=53e9)


def test_white_noise_alone_gives_the_closed_forms() -> None:
    """A transparent channel with much receiver noise, no jitter, no converter: errors are those of Q."""
    from sirf.com.alternating_search import quick_margin
    from sirf.com.responses import path_responses
    from sirf.signal.decisions import bit_error_ratio, symbol_error_ratio, transitions

    f = np.arange(0.0, 120e9, 20e6)
    s = np.zeros((f.size, 2, 2), dtype=complex)
    s[:, 0, 1] = s[:, 1, 0] = np.exp(-2j * np.pi * f * 0.2e-9)
    channel = Channel.from_network(Network(f, s, z0=2 * BASE.packages[0].reference_impedance, name="flat"), plane="die")
    neighbours = {"PAM4": 1.5, "PAM6": 1.625, "PAM8": 1.75}
    for name, share in neighbours.items():
        quiet = rescaled(BASE, 100e9, name, der0=2e-4, circuit_rate=100e9)
        density = 1.0e-14 * (3.0 / (quiet.levels - 1)) ** 2
        quiet = dataclasses.replace(
            quiet,
            transmitter=dataclasses.replace(quiet.transmitter, snr_db=200.0, sigma_rj=0.0, a_dd=0.0),
            receiver=dataclasses.replace(
                quiet.receiver,
                noise_density=density,
                detector=dataclasses.replace(quiet.receiver.detector, adc_bits=0.0, mlse=0),
            ),
        )
        margin = quick_margin(path_responses(channel, quiet, 1)[0], quiet)
        isi, total = margin.noise.isi, margin.noise.total
        assert isi.sigma < margin.noise.sigma_g
        table = transitions(quiet.levels, margin.signal, partial(_tail, total))
        # Gaussian noise beside what little the equaliser leaves of the filters
        q = float(isi.y @ norm.sf((margin.signal - isi.x) / margin.noise.sigma_g))
        assert symbol_error_ratio(table) == pytest.approx(share * q, rel=0.01)
        assert 2e-5 < q < 2e-2
        assert bit_error_ratio(table) < symbol_error_ratio(table)


def _tail(total: VoltageDistribution, volts: float) -> float:
    return total.below(-volts)


def test_a_stronger_code_allows_more_errors_and_costs_rate(tmp_path: Path) -> None:
    strong = tmp_path / "strong.toml"
    text = data_path("fec", "kp4.toml").read_text(encoding="utf-8")
    strong.write_text(text.replace("message_symbols = 514", "message_symbols = 480").replace('"kp4"', '"strong"'))
    assert _detector_error_ratio(load_code("kp4"), 2.0, 2e-4) == pytest.approx(2e-4)
    assert _detector_error_ratio(load_code(strong), 2.0, 2e-4) > 1e-3
    assert _detector_error_ratio(load_code("kr4"), 2.0, 2e-4) < 2e-5
    rows = modulation("cpo", modulations=("PAM4", "PAM8"), fec={"PAM8": str(strong)}).rows
    assert rows[1].line_rate / rows[0].line_rate == pytest.approx(514 / 480)
    assert rows[1].symbol_rate == pytest.approx(rows[1].line_rate / 3.0)


def test_data_that_end_early_leave_out_what_needs_more() -> None:
    channel = sirf.paths.cpo(rate_class="200g").to_channel(np.arange(0.0, 110e9 + 1, 20e6))
    found = modulation(channel, data_rate=425e9)
    assert [row.com_db is None for row in found.rows] == [True, True, False]
    assert "needs data to 159.4 GHz" in found["PAM4"].note
    assert found.point.winner == "PAM8"
    with pytest.raises(SirfError, match="band of"):
        modulation(channel, data_rate=850e9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"modulations": ("PAM4", "PAM4")}, "must be different"),
        ({"modulations": ("PAM3",)}, "PAM3"),
        ({"modulations": ("QAM16",)}, "modulation must be one of"),
        ({"fec": {"NRZ": "kp4"}}, "fec must name modulations"),
        ({"losses_db": [10.0], "lengths": [0.1]}, "not both"),
        ({"losses_db": [-1.0]}, "losses must be above 0"),
        ({"standard": "802.3ck-kr1"}, "must have a receiver FFE"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(options: dict[str, object], message: str) -> None:
    with pytest.raises(SirfError, match=message):
        modulation("cpo", **options)  # type: ignore[arg-type]


def test_lengths_need_a_path() -> None:
    channel = sirf.paths.cpo(rate_class="200g").to_channel(np.arange(0.0, 110e9 + 1, 50e6))
    with pytest.raises(SirfError, match="lengths must go with a path"):
        modulation(channel, data_rate=212.5e9, modulations=("PAM8",), lengths=[0.1])


def test_a_point_without_any_margin_has_no_winner(near: ModulationStudy) -> None:
    empty = ModulationPoint(
        loss_db=90.0, length_mm=None, rows=tuple(dataclasses.replace(row, com_db=None) for row in near.rows)
    )
    assert empty.winner is None
    assert empty.thriftiest is None
    assert "No modulation" in dataclasses.replace(near, point=empty).verdict


def test_projected_devices_are_half_of_those_that_stand_behind_them() -> None:
    """Capacitances and inductances go with the unit interval, lines stay; so a 425 Gb/s path and a rescaled one agree."""
    half, whole = (
        tomllib.loads(data_path("paths", "devices", f"{rate}.toml").read_text(encoding="utf-8"))
        for rate in ("400g", "200g")
    )
    assert half.keys() == whole.keys()
    lumped = {name for name in whole if name.endswith(("_ff", "_ph"))}
    assert lumped == {"die_capacitance_ff", "die_inductance_ph", "bump_capacitance_ff", "ball_capacitance_ff"}
    for name in whole.keys() - {"provenance", "source"}:
        factor = 0.5 if name in lumped else 1.0
        np.testing.assert_allclose(half[name], factor * np.asarray(whole[name]), rtol=1e-12, err_msg=name)
    fast, slow = (load_path("npo", rate_class=rate).segments for rate in ("400g", "200g"))
    devices = [
        (one.element.package, other.element.package)
        for one, other in zip(fast, slow, strict=True)
        if isinstance(one.element, Device) and isinstance(other.element, Device)
    ]
    assert devices
    for one, other in devices:
        assert one == faster_package(other, 0.5)

"""Latency, density and power against the published figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from sirf.errors import ConfigError, SirfError
from sirf.system.architecture import load_architecture
from sirf.system.energy import energy_pj_per_bit, list_architectures
from sirf.system.port import FLIGHT, PortFigures, Range, port_figures
from sirf.system.tables import read_ports
from tests.edited import edited


def figures(
    architecture: str, loss_db: float = 10.0, data_rate: float = 106.25e9, flight_s: float = 0.0
) -> PortFigures:
    known = load_architecture(architecture)
    rate = next(iter(known.interfaces)) if data_rate == 106.25e9 and not known.has(data_rate) else data_rate
    energy = energy_pj_per_bit(architecture, loss_db, data_rate=rate if known.has(rate) else 106.25e9)
    return port_figures(architecture, energy, data_rate=rate, flight_s=flight_s)


def module_latency(architecture: str) -> Range:
    """ns of all that is neither copper nor host."""
    found = [part for name, part in figures(architecture).latency_parts if name != FLIGHT and "host" not in name]
    return Range(*(sum(getattr(part, name) for part in found) for name in ("value", "low", "high")))


def test_every_architecture_with_an_energy_has_ports() -> None:
    for name in list_architectures():
        found = figures(name)
        for span in (found.latency_ns, found.density_tbps_per_mm, found.lanes_per_mm2, found.port_power_w,
                     found.port_power_1t6_w, found.switch_power_w, found.switch_power_102t4_w):  # fmt: skip
            assert 0 < span.low < span.value < span.high


@pytest.mark.parametrize("name", list_architectures())
def test_latency_is_the_sum_of_what_a_bit_passes(name: str) -> None:
    found = figures(name, flight_s=3e-9)
    blocks = [block for block in load_architecture(name).blocks[1:] if block != "copper"]
    assert len(found.latency_parts) == len(blocks) + 1
    assert found.latency_parts[-1] == (FLIGHT, Range(3.0, 3.0, 3.0))
    for end in ("low", "value", "high"):
        total = sum(getattr(part, end) for _, part in found.latency_parts)
        assert getattr(found.latency_ns, end) == pytest.approx(total)


def test_published_figures_lie_in_the_ranges() -> None:
    """Panel: .2 against 2.0 Tb/s/mm; field: retimed modules above 100 ns, linear ones below 5 ns."""
    pluggable, cpo = figures("pluggable-retimed", 12.0), figures("cpo-retimed", 3.0)
    assert pluggable.density_tbps_per_mm.low <= 0.2 <= pluggable.density_tbps_per_mm.high
    assert cpo.density_tbps_per_mm.low <= 2.0 <= cpo.density_tbps_per_mm.high
    assert module_latency("pluggable-retimed").low < 100.0 < module_latency("pluggable-retimed").value
    assert module_latency("pluggable-linear").high < 5.0


def test_latency_falls_from_faceplate_to_die() -> None:
    names = ("pluggable-retimed", "pluggable-half-retimed", "npo", "cpo-retimed", "die-to-die")
    values = [figures(name).latency_ns.value for name in names]
    assert values == sorted(values, reverse=True)


def test_ten_times_the_density_for_co_packaged_optics() -> None:
    assert figures("cpo-retimed").density_tbps_per_mm.value == pytest.approx(
        10 * figures("pluggable-retimed").density_tbps_per_mm.value
    )


def test_published_watts_of_modules_lie_in_the_ranges() -> None:
    """Everything behind the host: 14 to 18 W and 7 to 9 W per 800G, 30 W per 1.6T at 200G a lane, 5.5 W per 800G linear.

    9 W per 1.6T at 200G a lane lies between the readings as a linear and as a retimed engine.
    """
    rows = (("pluggable-retimed", 106.25e9, 0.8, 14.0, 18.0), ("pluggable-linear", 106.25e9, 0.8, 7.0, 9.0),
            ("pluggable-retimed", 212.5e9, 1.6, 27.0, 33.0), ("cpo-linear", 106.25e9, 0.8, 5.4, 5.6))  # fmt: skip
    for name, rate, terabits, low, high in rows:
        assert low <= energy_pj_per_bit(name, 12.0, data_rate=rate).module * terabits <= high
    linear, retimed = (
        1.6 * energy_pj_per_bit(name, 5.0, data_rate=212.5e9).module for name in ("cpo-linear", "cpo-retimed")
    )
    assert linear < 9.0 < retimed


def test_power_is_energy_times_rate_and_flight_adds() -> None:
    energy = energy_pj_per_bit("npo", 8.0)
    found = figures("npo", 8.0, flight_s=1e-9)
    assert found.port_power_w.value == pytest.approx(energy.value * 0.8)
    assert found.port_power_1t6_w.low == pytest.approx(energy.low * 1.6)
    assert found.switch_power_w.high == pytest.approx(energy.high * 51.2)
    assert found.switch_power_102t4_w.value == pytest.approx(energy.value * 102.4)
    assert found.latency_ns.value == pytest.approx(figures("npo", 8.0).latency_ns.value + 1.0)


def test_density_carries_the_payload_of_faster_lanes() -> None:
    slow, fast = (figures("cpo-retimed", data_rate=rate) for rate in (106.25e9, 212.5e9))
    assert slow.density_tbps_per_mm.value == pytest.approx(20 * 0.1)
    assert fast.density_tbps_per_mm.high == pytest.approx(25 * 0.2)
    assert fast.lanes_per_mm2 == slow.lanes_per_mm2


def test_bad_input_is_refused() -> None:
    with pytest.raises(ConfigError, match="must be one of pluggable-retimed"):
        port_figures("nonsense", energy_pj_per_bit("npo", 5.0), data_rate=106.25e9)
    with pytest.raises(SirfError, match="data_rate must be positive"):
        figures("npo", data_rate=0.0)
    with pytest.raises(SirfError, match="flight_s must not be negative"):
        figures("npo", flight_s=-1.0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "latency_ns = [1.0, 2.0, 4.0]",
            "latency_ns = [1.0, 2.0, -4.0]",
            r"key block\.serdes-analog\.latency_ns\.2 must be",
        ),
        (
            "latency_ns = [1.0, 2.0, 4.0]",
            "latency = [1.0, 2.0, 4.0]",
            r"serdes-analog\.latency must carry its unit.*Write latency_ns",
        ),
        (
            "lanes_per_mm = [1.5, 2.0, 2.5]",
            "lanes_per_mm = [2.5, 2.0, 1.5]",
            r"lanes_per_mm must be valid, .*low, typical, high",
        ),
        ('retimer = "retimer-engine"', 'retimer = "magic"', "must be valid .*block magic not in the file"),
    ],
)
def test_a_bad_file_names_file_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = edited(tmp_path, "system", "ports.toml", old, new)
    with pytest.raises(ConfigError, match=f"mine.toml: .*{message}"):
        read_ports(file)

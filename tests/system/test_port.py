"""Latency, density and power against the published figures."""

from __future__ import annotations

import pytest

from sirf.errors import ConfigError, SirfError
from sirf.system.energy import energy_pj_per_bit, list_architectures
from sirf.system.port import PortFigures, port_figures


def figures(
    architecture: str, loss_db: float = 10.0, data_rate: float = 106.25e9, flight_s: float = 0.0
) -> PortFigures:
    return port_figures(architecture, energy_pj_per_bit(architecture, loss_db), data_rate=data_rate, flight_s=flight_s)


def test_every_architecture_with_an_energy_has_ports() -> None:
    for name in list_architectures():
        found = figures(name)
        for span in (found.latency_ns, found.density_tbps_per_mm, found.lanes_per_mm2, found.port_power_w):
            assert 0 < span.low <= span.value <= span.high


def test_published_figures_lie_in_the_ranges() -> None:
    """Panel: .2 against 2.0 Tb/s/mm; field: retimed above 100 ns and linear below 5 ns, of two modules; 14 to 18 W a module."""
    pluggable, cpo, linear = (
        figures("pluggable-retimed", 12.0),
        figures("cpo-retimed", 3.0),
        figures("pluggable-linear"),
    )
    assert pluggable.density_tbps_per_mm.low <= 0.2 <= pluggable.density_tbps_per_mm.high
    assert cpo.density_tbps_per_mm.low <= 2.0 <= cpo.density_tbps_per_mm.high
    assert 100 <= 2 * (pluggable.latency_ns.value - 35.0) <= 260  # less the host's own receiver
    assert 2 * (linear.latency_ns.value - 35.0) < 5
    module = energy_pj_per_bit("pluggable-retimed", 12.0).module * 0.8
    assert 14 <= module <= 18


def test_ten_times_the_density_for_co_packaged_optics() -> None:
    assert figures("cpo-retimed").density_tbps_per_mm.value == pytest.approx(
        10 * figures("pluggable-retimed").density_tbps_per_mm.value
    )


def test_power_is_energy_times_rate_and_flight_adds() -> None:
    energy = energy_pj_per_bit("npo", 8.0)
    found = figures("npo", 8.0, flight_s=1e-9)
    assert found.port_power_w.value == pytest.approx(energy.value * 0.8)
    assert found.switch_power_w.high == pytest.approx(energy.high * 51.2)
    assert found.latency_ns.value == pytest.approx(figures("npo", 8.0).latency_ns.value + 1.0)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ConfigError, match="must be one of pluggable-retimed"):
        port_figures("nonsense", energy_pj_per_bit("npo", 5.0), data_rate=106.25e9)
    with pytest.raises(SirfError, match="data_rate must be positive"):
        figures("npo", data_rate=0.0)
    with pytest.raises(SirfError, match="flight_s must not be negative"):
        figures("npo", flight_s=-1.0)

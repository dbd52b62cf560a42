"""Units of an optical path's tables: values in those of the keys become SI values, told from relations between them."""

from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from sirf.optics.tables import (
    FibreConnectorTable,
    HeaterTable,
    LaserTable,
    MicroLedTable,
    NumberRange,
    RateEquationTable,
    Share,
    VcselTable,
)

SOURCED = {"provenance": "E", "source": "by hand"}


def table(kind: str | None = None, **values: float) -> dict[str, object]:
    """A table of sourced numbers, the wall plug's share with its range."""
    made: dict[str, object] = {name: {"value": value, **SOURCED} for name, value in values.items()}
    if kind is not None:
        made |= {"kind": kind, "wall_plug_efficiency": {"low": 0.1, "value": 0.2, "high": 0.3, **SOURCED}}
    return made


def test_a_laser_of_ten_dbm_gives_ten_milliwatts() -> None:
    found = LaserTable.model_validate(table("laser", power_dbm=10.0, rin_db_per_hz=-150.0))
    assert found.build().power == pytest.approx(10e-3)
    assert found.wall_plug_efficiency.range == (0.1, 0.2, 0.3)


def test_a_vcsel_gives_its_slope_over_the_threshold() -> None:
    made = VcselTable.model_validate(
        table(
            "vcsel",
            bias_ma=7.0,
            threshold_ma=1.0,
            slope_w_per_a=0.5,
            resistance_ohm=60.0,
            resonance_ghz=20.0,
            damping_per_ns=90.0,
            parasitic_ghz=30.0,
            saturation_mw=8.0,
            rin_db_per_hz=-145.0,
        )
    ).build()
    # 0.5 W/A over 6 mA
    assert made.slope * (made.bias - made.threshold) == pytest.approx(3e-3)
    assert made.saturation == pytest.approx(8e-3)
    # a damping of 90 per ns is a pole at 14.3 GHz, below the resonance and the parasitics
    assert made.damping / (2.0 * math.pi) == pytest.approx(14.32e9, rel=1e-3)
    assert (made.resonance, made.parasitic) == pytest.approx((20e9, 30e9))


def test_a_micro_led_carries_its_bias_over_its_disc() -> None:
    made = MicroLedTable.model_validate(
        table(
            "micro-led",
            bias_ua=100.0,
            diameter_um=4.0,
            thickness_nm=3.0,
            trap_per_us=10.0,
            radiative_um3_per_s=20.0,
            auger_um6_per_s=1.0,
            wavelength_nm=430.0,
            extraction=0.2,
            resistance_ohm=100.0,
            parasitic_ghz=5.0,
        )
    ).build()
    # 100 uA over a disc of 4 um: 796 A/cm2
    assert made.bias / made.area * 1e-4 == pytest.approx(795.8, rel=1e-4)
    assert made.area * made.thickness == pytest.approx(12.0 * math.pi * 1e-21)
    # at 1e24 carriers per m3, a million per um3, the three rates of recombination per s
    n = 1e24
    assert (made.trap, made.radiative * n, made.auger * n**2) == pytest.approx((1e7, 20.0 * 1e6, 1.0 * 1e12))
    # 2.88 eV a photon
    assert 1.23984198e-6 / made.wavelength == pytest.approx(2.8834, rel=1e-4)


def test_rate_equations_have_their_lifetimes_and_their_gain() -> None:
    made = RateEquationTable.model_validate(
        table(
            "vcsel-rate-equations",
            bias_ma=7.0,
            resistance_ohm=60.0,
            injection_efficiency=0.8,
            carrier_lifetime_ns=1.5,
            photon_lifetime_ps=2.0,
            gain_per_us=0.05,
            transparency=2e6,
            compression=1e-6,
            spontaneous=1e-4,
            power_per_photon_nw=40.0,
            parasitic_ghz=30.0,
            rin_db_per_hz=-145.0,
        )
    ).build()
    # threshold: the gain of the carriers above transparency makes up for the loss of photons
    above = 1.0 / (made.gain * made.photon_lifetime)
    assert above == pytest.approx(1e7)
    # carriers that the threshold current must bring, in A: (1e7 + 2e6) q / (0.8 x 1.5 ns)
    current = (above + made.transparency) * 1.602176634e-19 / (made.injection_efficiency * made.carrier_lifetime)
    assert current == pytest.approx(1.6022e-3, rel=1e-4)
    assert made.power_per_photon * 1e5 == pytest.approx(4e-3)


def test_a_heater_takes_milliwatts_for_its_span() -> None:
    made = HeaterTable.model_validate(
        table(
            drift_ghz_per_k=10.0,
            temperature_span_k=50.0,
            ambient_rate_k_per_s=1.0,
            heater_mw_per_thz=40.0,
            spread_ghz=200.0,
            absorbed=0.01,
            thermal_bandwidth_khz=100.0,
            loop_bandwidth_khz=10.0,
            lock_error_ghz=1.0,
        )
    ).build(53.125e9)
    # half a terahertz of drift at 40 mW/THz
    assert made.drift * made.temperature_span * made.heater_power == pytest.approx(20e-3)
    assert made.thermal_bandwidth / made.loop_bandwidth == pytest.approx(10.0)
    assert (made.spread, made.lock_error) == pytest.approx((200e9, 1e9))
    assert (made.loop_bandwidth, made.symbol_rate) == pytest.approx((1e4, 53.125e9))


def test_joints_are_alike_and_ends_that_are_not_given_reflect_nothing() -> None:
    joints = FibreConnectorTable.model_validate({"count": 3, **table(loss_db=0.25, reflectance_db=-55.0)})
    assert sum(joint.loss_db for joint in joints.build()) == 0.75
    assert joints.ends == (-math.inf, -math.inf)
    one = {"count": 0, **table(loss_db=0.25, reflectance_db=-55.0, receiver_reflectance_db=-26.0)}
    found = FibreConnectorTable.model_validate(one)
    assert found.build() == ()
    assert found.ends == (-math.inf, -26.0)


def test_ranges_ascend() -> None:
    assert NumberRange.model_validate({"low": 1.0, "high": 2.0, **SOURCED}).high == 2.0
    with pytest.raises(ValidationError, match="low must be below high"):
        NumberRange.model_validate({"low": 2.0, "high": 2.0, **SOURCED})
    # a share may be known exactly
    assert Share.model_validate({"low": 0.2, "value": 0.2, "high": 0.2, **SOURCED}).range == (0.2, 0.2, 0.2)
    for low, value, high in ((0.3, 0.2, 0.4), (0.1, 0.5, 0.4)):
        with pytest.raises(ValidationError, match="must ascend"):
            Share.model_validate({"low": low, "value": value, "high": high, **SOURCED})

"""The tables of an optical path's TOML file, each checked key by key; every number with its provenance and source."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sirf._toml_table import Sourced, Table
from sirf.optics.fibre import Connector, Fibre, MultimodeFibre
from sirf.optics.micro_led import MicroLed
from sirf.optics.modulator import ElectroAbsorption, MachZehnder, Ring
from sirf.optics.optical_receiver import OpticalReceiver, Photodiode, Tia
from sirf.optics.power import from_dbm
from sirf.optics.rate_equations import RateEquationVcsel
from sirf.optics.ring_heater import RingHeater
from sirf.optics.source import Driver, Laser, Vcsel
from sirf.optics.wavelengths import RingFilter, WavelengthGrid


class Number(Sourced):
    """A value in the unit of its key."""

    value: float


class Level(Number):
    """A power in dBm that light in a fibre may have."""

    # 1 nW to 1 kW: a typing error is refused here, with its key, before its power overflows
    value: Annotated[float, Field(ge=-60, le=60)]


class Positive(Number):
    """A value above zero."""

    value: Annotated[float, Field(gt=0)]


class NumberRange(Sourced):
    """A range in the unit of its key."""

    low: float
    high: float

    @model_validator(mode="after")
    def _ascending(self) -> NumberRange:
        # strictly: a range of no width is a number, and is written as one
        if not self.low < self.high:
            raise ValueError("low must be below high")
        return self


class Share(Sourced):
    """A ratio with its range, above 0 and at most 1."""

    low: Annotated[float, Field(gt=0)]
    value: float
    high: Annotated[float, Field(le=1)]

    @model_validator(mode="after")
    def _ascending(self) -> Share:
        # equal ends pass: a share that is known as well as it is stated
        if not self.low <= self.value <= self.high:
            raise ValueError("low, value and high must ascend")
        return self

    @property
    def range(self) -> tuple[float, float, float]:
        """(low, value, high)."""
        return (self.low, self.value, self.high)


class DriverTable(Table):
    """[driver]."""

    gain: Number
    bandwidth_ghz: Number
    saturation_v: Number
    noise_nv_per_rthz: Number

    def build(self) -> Driver:
        """Make the frozen stage that this table describes."""
        return Driver(
            self.gain.value,
            bandwidth=self.bandwidth_ghz.value * 1e9,
            saturation=self.saturation_v.value,
            noise=self.noise_nv_per_rthz.value * 1e-9,
        )


class LaserTable(Table):
    """[source] of kind "laser": power into one modulator."""

    kind: Literal["laser"]
    power_dbm: Level
    rin_db_per_hz: Number
    # no part of the light itself: the energy of a lane is reckoned with it (`sirf.system.energy`)
    wall_plug_efficiency: Share

    def build(self) -> Laser:
        """Make the frozen value that this table describes."""
        return Laser(from_dbm(self.power_dbm.value), rin_db_per_hz=self.rin_db_per_hz.value)


class VcselTable(Table):
    """[source] of kind "vcsel"."""

    kind: Literal["vcsel"]
    bias_ma: Number
    threshold_ma: Number
    slope_w_per_a: Number
    resistance_ohm: Number
    resonance_ghz: Number
    damping_per_ns: Number
    parasitic_ghz: Number
    saturation_mw: Number
    rin_db_per_hz: Number
    wall_plug_efficiency: Share

    def build(self) -> Vcsel:
        """Make the frozen stage that this table describes."""
        return Vcsel(
            bias=self.bias_ma.value * 1e-3,
            threshold=self.threshold_ma.value * 1e-3,
            slope=self.slope_w_per_a.value,
            resistance=self.resistance_ohm.value,
            resonance=self.resonance_ghz.value * 1e9,
            # some 1e11 a second for a fast VCSEL: per nanosecond it is a number near a hundred
            damping=self.damping_per_ns.value * 1e9,
            parasitic=self.parasitic_ghz.value * 1e9,
            saturation=self.saturation_mw.value * 1e-3,
            rin_db_per_hz=self.rin_db_per_hz.value,
        )


class RateEquationTable(Table):
    """[source] of kind "vcsel-rate-equations": numbers of carriers and photons in one mode."""

    kind: Literal["vcsel-rate-equations"]
    bias_ma: Number
    resistance_ohm: Number
    injection_efficiency: Number
    carrier_lifetime_ns: Number
    photon_lifetime_ps: Number
    gain_per_us: Number
    transparency: Number
    compression: Number
    spontaneous: Number
    power_per_photon_nw: Number
    parasitic_ghz: Number
    rin_db_per_hz: Number
    wall_plug_efficiency: Share

    def build(self) -> RateEquationVcsel:
        """Make the frozen stage that this table describes."""
        return RateEquationVcsel(
            bias=self.bias_ma.value * 1e-3,
            resistance=self.resistance_ohm.value,
            injection_efficiency=self.injection_efficiency.value,
            carrier_lifetime=self.carrier_lifetime_ns.value * 1e-9,
            photon_lifetime=self.photon_lifetime_ps.value * 1e-12,
            # of one carrier, some 5e5 a second: per microsecond it is a number near one
            gain=self.gain_per_us.value * 1e6,
            transparency=self.transparency.value,
            compression=self.compression.value,
            spontaneous=self.spontaneous.value,
            power_per_photon=self.power_per_photon_nw.value * 1e-9,
            parasitic=self.parasitic_ghz.value * 1e9,
            rin_db_per_hz=self.rin_db_per_hz.value,
        )


class MicroLedTable(Table):
    """[source] of kind "micro-led"."""

    kind: Literal["micro-led"]
    bias_ua: Number
    diameter_um: Positive
    thickness_nm: Number
    trap_per_us: Number
    radiative_um3_per_s: Number
    auger_um6_per_s: Number
    wavelength_nm: Number
    extraction: Number
    resistance_ohm: Number
    parasitic_ghz: Number
    wall_plug_efficiency: Share

    def build(self) -> MicroLed:
        """Make the frozen stage that this table describes."""
        return MicroLed(
            bias=self.bias_ua.value * 1e-6,
            # a round mesa, of which papers state the diameter
            area=0.25 * math.pi * (self.diameter_um.value * 1e-6) ** 2,
            thickness=self.thickness_nm.value * 1e-9,
            trap=self.trap_per_us.value * 1e6,
            # recombination B n² and C n³ of a density: B goes with um³ (1e-18 m³), C with um⁶ (1e-36 m⁶)
            radiative=self.radiative_um3_per_s.value * 1e-18,
            auger=self.auger_um6_per_s.value * 1e-36,
            wavelength=self.wavelength_nm.value * 1e-9,
            extraction=self.extraction.value,
            resistance=self.resistance_ohm.value,
            parasitic=self.parasitic_ghz.value * 1e9,
        )


class WavelengthTable(Table):
    """[wavelengths]: the grid, the ring that takes one wavelength off, its heater, the way from the laser."""

    count: Annotated[int, Field(ge=1, le=64)]
    spacing_ghz: Number
    linewidth_ghz: Number
    fsr_ghz: Number
    drop_loss_db: Number
    through_loss_db: Number
    coherent_db: Number
    control_error_ghz: Number
    drift_ghz_per_k: Number
    temperature_span_k: Number
    heater_mw_per_thz: Number
    splitter_ways: Annotated[int, Field(ge=1, le=1024)]
    supply_loss_db: Number

    def build(self) -> WavelengthGrid:
        """Make the frozen value that this table describes."""
        return WavelengthGrid(
            count=self.count,
            spacing=self.spacing_ghz.value * 1e9,
            ring=RingFilter(
                linewidth=self.linewidth_ghz.value * 1e9,
                fsr=self.fsr_ghz.value * 1e9,
                drop_loss_db=self.drop_loss_db.value,
                through_loss_db=self.through_loss_db.value,
            ),
            control_error=self.control_error_ghz.value * 1e9,
            drift=self.drift_ghz_per_k.value * 1e9,
            temperature_span=self.temperature_span_k.value,
            # 1 mW/THz is 1e-3 W for 1e12 Hz
            heater_power=self.heater_mw_per_thz.value * 1e-15,
            coherent_db=self.coherent_db.value,
            splitter_ways=self.splitter_ways,
            supply_loss_db=self.supply_loss_db.value,
        )


class HeaterTable(Table):
    """[heater]: what holds a ring modulator on its laser."""

    drift_ghz_per_k: Number
    temperature_span_k: Number
    ambient_rate_k_per_s: Number
    heater_mw_per_thz: Number
    spread_ghz: Number
    absorbed: Number
    thermal_bandwidth_khz: Number
    loop_bandwidth_khz: Number
    lock_error_ghz: Number

    def build(self, symbol_rate: float) -> RingHeater:
        """Make the frozen value that this table describes, for light of so many symbols a second."""
        return RingHeater(
            drift=self.drift_ghz_per_k.value * 1e9,
            temperature_span=self.temperature_span_k.value,
            ambient_rate=self.ambient_rate_k_per_s.value,
            heater_power=self.heater_mw_per_thz.value * 1e-15,
            spread=self.spread_ghz.value * 1e9,
            absorbed=self.absorbed.value,
            thermal_bandwidth=self.thermal_bandwidth_khz.value * 1e3,
            loop_bandwidth=self.loop_bandwidth_khz.value * 1e3,
            lock_error=self.lock_error_ghz.value * 1e9,
            # the rate tells how much of the pattern's heat averages out; it is a key of the whole file
            symbol_rate=symbol_rate,
        )


class MachZehnderTable(Table):
    """[modulator] of kind "mach-zehnder"."""

    kind: Literal["mach-zehnder"]
    # no key for chirp, unlike electro-absorption: a push-pull Mach-Zehnder has none
    v_pi_v: Number
    insertion_loss_db: Number
    extinction_db: Number
    bandwidth_ghz: Number

    def build(self) -> MachZehnder:
        """Make the frozen stage that this table describes."""
        return MachZehnder(
            self.v_pi_v.value,
            insertion_loss_db=self.insertion_loss_db.value,
            extinction_db=self.extinction_db.value,
            bandwidth=self.bandwidth_ghz.value * 1e9,
        )


class RingTable(Table):
    """[modulator] of kind "ring"."""

    kind: Literal["ring"]
    detuning_ghz: Number
    shift_ghz_per_v: Number
    linewidth_ghz: Number
    floor_db: Number
    insertion_loss_db: Number
    electrical_ghz: Number

    def build(self) -> Ring:
        """Make the frozen stage that this table describes."""
        return Ring(
            detuning=self.detuning_ghz.value * 1e9,
            shift=self.shift_ghz_per_v.value * 1e9,
            linewidth=self.linewidth_ghz.value * 1e9,
            floor_db=self.floor_db.value,
            insertion_loss_db=self.insertion_loss_db.value,
            electrical=self.electrical_ghz.value * 1e9,
        )


class ElectroAbsorptionTable(Table):
    """[modulator] of kind "electro-absorption"."""

    kind: Literal["electro-absorption"]
    bias_v: Number
    scale_v: Number
    exponent: Number
    insertion_loss_db: Number
    bandwidth_ghz: Number
    chirp: Number

    def build(self) -> ElectroAbsorption:
        """Make the frozen stage that this table describes."""
        return ElectroAbsorption(
            bias=self.bias_v.value,
            scale=self.scale_v.value,
            exponent=self.exponent.value,
            insertion_loss_db=self.insertion_loss_db.value,
            bandwidth=self.bandwidth_ghz.value * 1e9,
            chirp=self.chirp.value,
        )


class FibreTable(Table):
    """[fibre] of kind "single-mode"."""

    kind: Literal["single-mode"]
    length_m: Number
    dispersion_ps_per_nm_km: Number
    wavelength_nm: Number
    loss_db_per_km: Number

    def build(self) -> Fibre:
        """Make the frozen value that this table describes."""
        return Fibre(
            self.length_m.value,
            # in the unit in which data sheets state it; `Fibre` turns it into s² by its own wavelength and length
            dispersion=self.dispersion_ps_per_nm_km.value,
            wavelength=self.wavelength_nm.value * 1e-9,
            loss_db_per_km=self.loss_db_per_km.value,
        )


class MultimodeTable(Table):
    """[fibre] of kind "multimode"."""

    kind: Literal["multimode"]
    length_m: Number
    # effective modal bandwidth: 4.7 GHz km for OM4 at 850 nm
    bandwidth_ghz_km: Number
    loss_db_per_km: Number

    def build(self) -> MultimodeFibre:
        """Make the frozen value that this table describes."""
        return MultimodeFibre(
            self.length_m.value, bandwidth=self.bandwidth_ghz_km.value * 1e9, loss_db_per_km=self.loss_db_per_km.value
        )


class FibreConnectorTable(Table):
    """[connectors]: so many alike, and what transmitter and receiver reflect at the fibre's ends (nothing by default)."""

    count: Annotated[int, Field(ge=0, le=32)]
    loss_db: Number
    reflectance_db: Number
    transmitter_reflectance_db: Number | None = None
    receiver_reflectance_db: Number | None = None

    def build(self) -> tuple[Connector, ...]:
        """Make the frozen values that this table describes."""
        return (Connector(self.loss_db.value, reflectance_db=self.reflectance_db.value),) * self.count

    @property
    def ends(self) -> tuple[float, float]:
        """Reflectances in dB of transmitter and receiver."""
        given = (self.transmitter_reflectance_db, self.receiver_reflectance_db)
        # an end that states nothing reflects nothing
        return tuple(-math.inf if one is None else one.value for one in given)  # type: ignore[return-value]


class OpticalReceiverTable(Table):
    """[receiver]: photodiode and amplifier."""

    responsivity_a_per_w: Number
    diode_bandwidth_ghz: Number
    dark_current_na: Number
    transimpedance_ohm: Number
    noise_pa_per_rthz: Number
    tia_bandwidth_ghz: Number
    saturation_v: Number

    def build(self) -> OpticalReceiver:
        """Make the frozen stages that this table describes."""
        return OpticalReceiver(
            Photodiode(
                self.responsivity_a_per_w.value,
                bandwidth=self.diode_bandwidth_ghz.value * 1e9,
                dark_current=self.dark_current_na.value * 1e-9,
            ),
            Tia(
                self.transimpedance_ohm.value,
                noise=self.noise_pa_per_rthz.value * 1e-12,
                bandwidth=self.tia_bandwidth_ghz.value * 1e9,
                saturation=self.saturation_v.value,
            ),
        )


class PathTable(Table):
    """A whole file."""

    id: str
    title: str
    symbol_rate_gbd: Annotated[float, Field(gt=0)]
    modulation: Literal["PAM4", "NRZ"] = "PAM4"
    swing_v: Positive
    # what arrives at the driver depends on the copper before it, of which this file knows nothing
    agc_db: NumberRange
    coupling_loss_db: Number
    driver: DriverTable
    # told apart by `kind`: an error names the keys of the source that was meant, not those of all kinds
    source: Annotated[LaserTable | VcselTable | RateEquationTable | MicroLedTable, Field(discriminator="kind")]
    modulator: Annotated[MachZehnderTable | RingTable | ElectroAbsorptionTable, Field(discriminator="kind")] | None = (
        None
    )
    fibre: Annotated[FibreTable | MultimodeTable, Field(discriminator="kind")]
    connectors: FibreConnectorTable
    receiver: OpticalReceiverTable
    wavelengths: WavelengthTable | None = None
    heater: HeaterTable | None = None

"""The tables of a path's TOML file, each checked key by key; a key carries its unit."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sirf._toml_table import Sourced, Table
from sirf.channel.lines import EdgeMicrostrip, EdgeStripline, Line, Microstrip, Stripline, Twinax
from sirf.channel.materials import Material

# far outside what can be built, far inside what arithmetic carries: a wrong unit ends here, not in an overflow
# keys carry their unit, so one range does for all of them
Positive = Annotated[float, Field(ge=1e-9, le=1e9)]
NotNegative = Annotated[float, Field(ge=0, le=1e9)]
MICRO = 1e-6


class SegmentTable(Sourced):
    """What every segment states."""

    name: str


class UnequalTable(SegmentTable):
    """Lines of unequal length: how much longer P is than N, in all."""

    length_difference_um: float = 0.0


class CoupledTable(SegmentTable):
    """A part that may have a neighbour, and may be seen from its other end."""

    # coupling of two equal inductors: beyond a half they would be windings of a transformer, not neighbours
    coupling: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    flipped: bool = False


class DieTable(SegmentTable):
    """A die termination, of the rate class or with stages of its own."""

    kind: Literal["die"]
    side: Literal["transmitter", "receiver"]
    die_capacitance_ff: tuple[NotNegative, ...] | None = None
    die_inductance_ph: tuple[NotNegative, ...] | None = None
    bump_capacitance_ff: NotNegative | None = None

    @model_validator(mode="after")
    def _stages_in_pairs(self) -> DieTable:
        given = (self.die_capacitance_ff, self.die_inductance_ph)
        # one value without the other would take the class's stages for the rest, which is no die that anyone has drawn
        if (given[0] is None) != (given[1] is None) or len(given[0] or ()) != len(given[1] or ()):
            raise ValueError("die_capacitance_ff and die_inductance_ph must have one value a stage each")
        return self


class PackageTable(UnequalTable):
    """A package by the COM formulas; `length_difference_um` goes into its longest section."""

    kind: Literal["package"]
    side: Literal["transmitter", "receiver"]
    z_c_ohm: Annotated[tuple[Positive, ...], Field(min_length=1)]
    length_mm: tuple[NotNegative, ...]

    @model_validator(mode="after")
    def _lines_in_pairs(self) -> PackageTable:
        if len(self.z_c_ohm) != len(self.length_mm):
            raise ValueError("z_c_ohm and length_mm must have one value a line each")
        return self


class LineTable(UnequalTable):
    """A length of a pair of lines: `skew_ps_per_m` is how much slower line P is."""

    material: str
    length_mm: Positive
    skew_ps_per_m: float = 0.0

    @abstractmethod
    def line(self, material: Material) -> Line:
        """The cross-section that the table describes, in a material."""


class LaminateTable(LineTable):
    """A pair on a laminate; `weave` is the glass style that it lies on."""

    keeps_material: bool = False
    width_um: Positive
    thickness_um: Positive
    weave: str | None = None
    weave_direction: Literal["warp", "fill"] = "warp"
    weave_angle_deg: Annotated[float, Field(ge=-45, le=45)] = 0.0
    weave_position: float = 0.25
    weave_plies: Annotated[int, Field(ge=1, le=8)] = 1

    @property
    @abstractmethod
    def pitch_on_weave_um(self) -> float | None:
        """From line to line of the pair; None where that is not known and there is no weave."""

    @model_validator(mode="after")
    def _weave_before_its_keys(self) -> LaminateTable:
        # keys without the weave that they speak of are most likely a forgotten line
        idle = [name for name in sorted(self.model_fields_set) if name.startswith("weave_")]
        if self.weave is None and idle:
            raise ValueError(f"{', '.join(idle)} need a weave")
        return self


class UncoupledTable(LaminateTable):
    """Lines without coupling; `pair_pitch_on_weave_um` from line to line says how differently they lie on a weave."""

    pair_pitch_on_weave_um: Positive | None = None

    @property
    def pitch_on_weave_um(self) -> float | None:
        """As the table gives it."""
        return self.pair_pitch_on_weave_um

    @model_validator(mode="after")
    def _pitch_with_weave(self) -> UncoupledTable:
        if (self.weave is None) != (self.pair_pitch_on_weave_um is None):
            raise ValueError("weave and pair_pitch_on_weave_um must be given together")
        return self


class BoardTable(UncoupledTable):
    """A pair of striplines without coupling between them."""

    kind: Literal["board"]
    plane_spacing_um: Positive

    def line(self, material: Material) -> Stripline:
        """The striplines."""
        return Stripline(
            material=material,
            width=self.width_um * MICRO,
            thickness=self.thickness_um * MICRO,
            spacing=self.plane_spacing_um * MICRO,
        )


class EdgeCoupledTable(LaminateTable):
    """Two lines side by side; `pair_pitch_um` gives them neighbours."""

    gap_um: Positive
    pair_pitch_um: Positive | None = None

    @property
    def pitch_on_weave_um(self) -> float:
        """From the middle of one line to that of the other."""
        return self.width_um + self.gap_um


class EdgeStriplineTable(EdgeCoupledTable):
    """An edge-coupled pair of striplines."""

    kind: Literal["edge_stripline"]
    plane_spacing_um: Positive

    def line(self, material: Material) -> EdgeStripline:
        """The pair of striplines."""
        return EdgeStripline(
            material=material,
            width=self.width_um * MICRO,
            gap=self.gap_um * MICRO,
            thickness=self.thickness_um * MICRO,
            spacing=self.plane_spacing_um * MICRO,
        )


class MicrostripTable(UncoupledTable):
    """A pair of microstrips without coupling between them."""

    kind: Literal["microstrip"]
    height_um: Positive

    def line(self, material: Material) -> Microstrip:
        """The microstrips."""
        return Microstrip(
            material=material,
            width=self.width_um * MICRO,
            thickness=self.thickness_um * MICRO,
            height=self.height_um * MICRO,
        )


class EdgeMicrostripTable(EdgeCoupledTable):
    """An edge-coupled pair of microstrips."""

    kind: Literal["edge_microstrip"]
    height_um: Positive

    def line(self, material: Material) -> EdgeMicrostrip:
        """The pair of microstrips."""
        return EdgeMicrostrip(
            material=material,
            width=self.width_um * MICRO,
            gap=self.gap_um * MICRO,
            thickness=self.thickness_um * MICRO,
            height=self.height_um * MICRO,
        )


class TwinaxTable(LineTable):
    """A length of shielded twin cable; it keeps its material."""

    kind: Literal["twinax"]
    wire_um: Positive
    separation_um: Positive
    shield_um: Positive

    def line(self, material: Material) -> Twinax:
        """The cable."""
        return Twinax(
            material=material,
            wire=self.wire_um * MICRO,
            separation=self.separation_um * MICRO,
            shield=self.shield_um * MICRO,
        )


class SubstrateTable(UnequalTable):
    """One COM line of a length that can be set."""

    kind: Literal["substrate"]
    z_c_ohm: Positive
    length_mm: Positive
    gamma0: NotNegative
    a1: NotNegative
    a2: NotNegative
    tau_ns_per_mm: Positive


class BallTable(CoupledTable):
    """A ball, a bump; inductance and coupling are given or those of a bump map. Differences are those of P less N."""

    kind: Literal["ball"]
    capacitance_ff: NotNegative
    inductance_ph: NotNegative | None = None
    bump_map: str | None = None
    capacitance_difference_ff: float = 0.0
    inductance_difference_ph: float = 0.0

    @model_validator(mode="after")
    def _one_source(self) -> BallTable:
        # both would be two answers to one question
        if (self.inductance_ph is None) == (self.bump_map is None):
            raise ValueError("inductance_ph or bump_map must be given, not both")
        if self.bump_map is not None and "coupling" in self.model_fields_set:
            raise ValueError("coupling must be left to the bump_map")
        return self


class ViaTable(CoupledTable):
    """A via; its pad by capacitance or by size. Differences are those of P less N: back-drilling, layers, antipads."""

    kind: Literal["via"]
    material: str
    keeps_material: bool = False
    barrel_um: Positive
    antipad_um: Positive
    length_um: Positive
    stub_um: NotNegative
    pad_ff: NotNegative = 0.0
    pad_um: Positive | None = None
    pad_height_um: Positive | None = None
    length_difference_um: float = 0.0
    stub_difference_um: float = 0.0
    antipad_difference_um: float = 0.0
    pad_difference_ff: float = 0.0

    @model_validator(mode="after")
    def _pad_of_one_kind(self) -> ViaTable:
        # a pad given twice would be counted once, and nobody would know which
        if (self.pad_um is None) != (self.pad_height_um is None) or (self.pad_um is not None and self.pad_ff > 0.0):
            raise ValueError("a pad takes either pad_ff or both pad_um and pad_height_um")
        return self


class _ContactTable(CoupledTable):
    """A contact: its common mode, or how P differs from N."""

    common_impedance_ohm: Positive | None = None
    length_difference_um: float = 0.0
    pad_difference_ff: float = 0.0

    @model_validator(mode="after")
    def _equal_lines_for_a_common_impedance(self) -> _ContactTable:
        # the common impedance describes coupled equal lines, which unequal ones are not
        if self.common_impedance_ohm is not None and (self.length_difference_um or self.pad_difference_ff):
            raise ValueError("unequal lines are taken as uncoupled: leave common_impedance_ohm out, or the differences")
        return self


class ConnectorTable(_ContactTable):
    """A separable connector."""

    kind: Literal["connector"]
    impedance_ohm: Positive
    length_mm: Positive
    pad_ff: NotNegative
    dk: Annotated[float, Field(ge=1)]
    df: NotNegative
    skin_db_per_m: NotNegative
    resonance_ghz: Positive | None = None
    resonance_db: NotNegative = 0.0
    resonance_q: Positive = 30.0
    valid_to_ghz: Positive = 60.0


class SocketTable(_ContactTable):
    """A contact of an LGA socket or a pin."""

    kind: Literal["socket"]
    impedance_ohm: Positive
    length_mm: Positive
    dk: Annotated[float, Field(ge=1)] = 3.0
    pad_ff: NotNegative = 0.0
    resistance_mohm: NotNegative = 0.0


class CapacitorTable(SegmentTable):
    """A coupling capacitor in each line."""

    kind: Literal["capacitor"]
    capacitance_nf: Positive
    resistance_mohm: NotNegative = 0.0
    inductance_ph: NotNegative = 0.0
    pad_ff: NotNegative = 0.0


class RedriverTable(SegmentTable):
    """The linear amplifier in the plug of an active cable."""

    kind: Literal["redriver"]
    gain_db: Annotated[float, Field(ge=-40, le=40)]
    zero_ghz: Positive
    pole_1_ghz: Positive
    pole_2_ghz: Positive


class TouchstoneTable(SegmentTable):
    """A measured or simulated block; the name of its file is relative to the path's file."""

    kind: Literal["touchstone"]
    file: str
    port_order: str | None = None
    victim: Annotated[int, Field(ge=1)] | None = None
    next_lanes: tuple[Annotated[int, Field(ge=1)], ...] = ()
    differential: bool | None = None
    mixed_mode: str | None = None
    flipped: bool = False


class CrosstalkTable(Sourced):
    """The neighbours of the path."""

    fext: Annotated[int, Field(ge=0, le=16)]
    next: Annotated[int, Field(ge=0, le=16)]
    next_weight: Annotated[float, Field(ge=0, le=1)]


# the table's kind decides which keys it may have: a key of another kind is then an error, not ignored
AnyTable = Annotated[
    DieTable
    | PackageTable
    | BoardTable
    | EdgeStriplineTable
    | MicrostripTable
    | EdgeMicrostripTable
    | TwinaxTable
    | SubstrateTable
    | BallTable
    | SocketTable
    | ViaTable
    | ConnectorTable
    | CapacitorTable
    | RedriverTable
    | TouchstoneTable,
    Field(discriminator="kind"),
]


class PathFile(Table):
    """A whole file of `data/paths`."""

    id: str
    title: str
    variable: str = ""
    segment: Annotated[tuple[AnyTable, ...], Field(min_length=1)]
    crosstalk: CrosstalkTable | None = None


class DeviceFile(Sourced):
    """Dies and package lines of a rate class."""

    die_capacitance_ff: tuple[NotNegative, ...]
    die_inductance_ph: tuple[NotNegative, ...]
    bump_capacitance_ff: NotNegative
    ball_capacitance_ff: NotNegative
    gamma0: NotNegative
    a1: NotNegative
    a2: NotNegative
    tau_ns_per_mm: Positive

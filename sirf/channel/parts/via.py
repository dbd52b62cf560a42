"""Plated through holes with pads, antipads, barrel and stub."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from sirf._arrays import Complex, Float, read_only_view
from sirf._kernels.uniform_line import open_line
from sirf.channel.lines import two_port_of_pair, uniform_scattering
from sirf.channel.materials import Material
from sirf.channel.network import Network
from sirf.channel.pair import UNCOUPLED
from sirf.channel.parts._checks import check_coupling, check_values
from sirf.errors import PhysicsError
from sirf.units import C0, EPS0, INCH, MU0


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """A plated through hole in its antipads: pad, barrel as a coaxial line, stub below the layer of the trace, pad.

    Diameters and lengths in m: `barrel` of the drill, `antipad` of the clearance, `length` from the surface to the trace,
    `stub` what the back-drill leaves below it. `pad` in F of one line is what a pad adds at the surface (`pad_capacitance` has it
    from its size). The stub resonates at c / (4 stub sqrt(Dk)). Quasi-TEM: planes close together and well stitched, up to
    `valid_to`.

    Raises `PhysicsError` for an antipad that is not larger than the barrel or negative values.
    """

    material: Material
    barrel: float
    antipad: float
    length: float
    stub: float = 0.0
    pad: float = 0.0
    coupling: float = 0.0
    inductance_factor: float = 1.0
    name: str = "via"
    common_mode: ClassVar[str] = UNCOUPLED

    def __post_init__(self) -> None:
        """Validate the values."""
        check_values(self.name, length=self.length, stub=self.stub, pad=self.pad)
        check_coupling(self.name, self.coupling)
        if not 0.0 < self.barrel < self.antipad:
            raise PhysicsError(
                f"antipad of {self.name} must be larger than the barrel, got antipad {self.antipad} and barrel "
                f"{self.barrel} m. Check the unit."
            )

    @property
    def impedance(self) -> float:
        """Differential impedance of the barrels in ohm, at the material's frequency."""
        # coaxial line: eta_0 ln(D / d) / (2 pi) in air
        air = np.sqrt(MU0 / EPS0) * self._log_ratio / (2.0 * np.pi)
        # two barrels without coupling are in series for the differential mode
        return float(2.0 * air / np.sqrt(self.material.dk))

    @property
    def valid_to(self) -> float:
        """Frequency in Hz at which the coaxial TE11 mode of barrel and antipad starts: 2 c / (pi (barrel + antipad) sqrt(Dk))."""
        return 2.0 * C0 / (np.pi * (self.barrel + self.antipad) * float(np.sqrt(self.material.dk)))

    @property
    def stub_resonance(self) -> float:
        """First frequency in Hz at which the stub shorts the via, infinite without a stub."""
        return float("inf") if self.stub == 0.0 else C0 / (4.0 * self.stub * float(np.sqrt(self.material.dk)))

    def network(self, frequency: ArrayLike) -> Network:
        """Two-port at 100 ohm differential, the surface at port 1 and the trace at port 2."""
        f = np.asarray(frequency, dtype=np.float64)
        series, shunt = self._immittances(f)
        # no stub at all, rather than one of length zero: an open end of no length has no admittance to compute
        pad, stub = np.asarray(2j * np.pi * f * self.pad, dtype=np.complex128), None
        if self.stub > 0.0:
            stub = np.empty(f.shape, dtype=np.complex128)
            open_line(read_only_view(series), read_only_view(shunt), self.stub, stub)
        # surface pad, barrel, then the stub where the trace leaves: it hangs across that layer
        barrel = uniform_scattering(series, shunt, self.length, before=pad, after=stub)
        return two_port_of_pair(f, barrel, name=self.name)

    def mode(self, sign: float) -> Via:
        """The via as the even (+1) or odd (-1) mode of two coupled pairs sees it."""
        return dataclasses.replace(self, inductance_factor=1.0 + sign * self.coupling, coupling=0.0)

    @property
    def _log_ratio(self) -> float:
        return float(np.log(self.antipad / self.barrel))

    def _immittances(self, frequency: Float) -> tuple[Complex, Complex]:
        w = 2.0 * np.pi * frequency
        # external inductance of a coaxial line; what is inside of the metal comes with its surface impedance
        external = MU0 * self._log_ratio / (2.0 * np.pi) * self.inductance_factor
        # the skin of the barrel is a sheet as wide as its circumference; the planes' share is left out
        series = 1j * w * external + self.material.surface_impedance(frequency) / (np.pi * self.barrel)
        # C = eps / (L / mu): the coaxial line's own product of both
        return series, 1j * w * self.material.permittivity(frequency) * (2.0 * np.pi * EPS0 / self._log_ratio)


def pad_capacitance(*, dk: float, pad: float, antipad: float, thickness: float) -> float:
    """Capacitance in F of a round pad in a clearance: 55.5 pF/m x dk thickness pad / (antipad - pad), diameters in m.

    `thickness` in m is the height over which the pad faces its planes. Source: Johnson and Graham, High-Speed Digital Design,
    equation (7.8), 1.41 pF an inch. Good to about 20 %, for an antipad of 1.2 to 5 pads. Raises `PhysicsError` outside.
    """
    if not (dk >= 1.0 and thickness > 0.0 and 1.2 * pad <= antipad <= 5.0 * pad):
        raise PhysicsError(
            f"antipad must be 1.2 to 5 times the pad, with a positive thickness and a dk of at least 1, got pad {pad}, antipad "
            f"{antipad}, thickness {thickness} m and dk {dk}. Check the units."
        )
    return 1.41e-12 / INCH * dk * thickness * pad / (antipad - pad)

"""The register of blocks: what a link may have switched on, each with the field that says so and the value that means off.

An engine declares by these names what it honours (see `sirf.engine.contract`). A block that is added here is refused by every
engine until that engine declares it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sirf.signal import cross32
from sirf.signal.pam import ORDERS

if TYPE_CHECKING:
    from sirf.link import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One thing that a link may have switched on.

    Attributes
    ----------
    name
        What it is called in the declarations of engines.
    field
        Where its value stands, dotted from the link; a field of `aggressors` is that of each one.
    off
        The value that switches it off.
    remedy
        How to do without it, as the end of a sentence.
    in_use
        Whether a value of the field switches it on; None: every value but `off` does.
    """

    name: str
    field: str
    off: Any
    remedy: str = "leave it out"
    in_use: Callable[[Any], bool] | None = None

    @property
    def setting(self) -> str:
        """The name of the field itself."""
        return self.field.rpartition(".")[2]

    def values(self, link: Link) -> tuple[Any, ...]:
        """The values with which `link` has this block switched on: none, one, or one of each aggressor."""
        part, *names = self.field.split(".")
        found = []
        # aggressors are several, everything else is one
        for value in getattr(link, part) if part == "aggressors" else (getattr(link, part),):
            for name in names:
                # light is None where there is none, and then has no fields
                if value is None:
                    break
                value = getattr(value, name)
            # the else of a for: reached where the way to the field was whole
            else:
                if self._switches_on(value):
                    found.append(value)
        return tuple(found)

    def switched_off(self, link: Link) -> Link:
        """`link` with this block switched off."""
        part, _, name = self.field.partition(".")
        if not name:
            # replaced one by one, since each has settings of its own beside the one switched off
            return link.replace(**{part: self.off})
        if part == "aggressors":
            sources = tuple(dataclasses.replace(source, **{name: self.off}) for source in link.aggressors)
            return link.replace(aggressors=sources)
        return link.replace(**{part: dataclasses.replace(getattr(link, part), **{name: self.off})})

    def _switches_on(self, value: Any) -> bool:
        return bool(value != self.off) if self.in_use is None else self.in_use(value)


BLOCKS = (
    Block(
        name="symbols by pairs",
        field="modulation",
        off="PAM4",
        remedy="take PAM4 or PAM8",
        in_use=lambda modulation: ORDERS.get(str(modulation).upper()) == cross32.ORDER,
    ),
    # transmitter
    Block(name="transmitter FFE", field="transmitter.ffe", off=(1.0,)),
    Block(name="transmitter filter", field="transmitter.filter", off=None),
    Block(name="finite edges", field="transmitter.rise_time", off=0.0),
    Block(name="level mismatch", field="transmitter.level_mismatch", off=1.0),
    Block(name="transmitter noise", field="transmitter.snr_db", off=None),
    Block(name="driver compression", field="transmitter.compression", off=0.0),
    Block(name="pattern", field="transmitter.pattern", off=None),
    Block(name="precoding", field="transmitter.precoding", off=False),
    Block(name="random jitter", field="transmitter.jitter.random_ui", off=0.0),
    Block(name="dual-Dirac jitter", field="transmitter.jitter.dual_dirac_ui", off=0.0),
    Block(name="duty-cycle distortion", field="transmitter.jitter.duty_cycle_ui", off=0.0),
    Block(name="even-odd jitter", field="transmitter.jitter.even_odd_ui", off=0.0),
    Block(name="sinusoidal jitter", field="transmitter.jitter.sinusoidal", off=()),
    Block(name="bounded jitter", field="transmitter.jitter.bounded", off=()),
    Block(name="phase noise", field="transmitter.jitter.phase_noise", off=None),
    # what couples in
    Block(name="crosstalk", field="aggressors", off=None, in_use=lambda _: True),
    Block(name="aggressor amplitude", field="aggressors.amplitude", off=None),
    Block(name="aggressor phase", field="aggressors.phase_ui", off=None),
    Block(name="aggressor rate offset", field="aggressors.rate_offset_ppm", off=0.0),
    Block(name="aggressor pattern", field="aggressors.pattern", off=None),
    # light on the way
    Block(name="light", field="optics", off=None),
    Block(name="optical noise", field="optics.noisy", off=False),
    Block(
        name="large-signal light",
        field="optics.large_signal",
        off=False,
        remedy="take link.replace(optics=link.optics.linear())",
    ),
    # receiver
    Block(name="noise filter", field="receiver.noise_corner", off=None),
    Block(name="receiver noise", field="receiver.noise_density", off=0.0),
    Block(name="CTLE", field="receiver.ctle", off=None),
    Block(name="receiver FFE", field="receiver.ffe", off=(1.0,)),
    Block(name="DFE", field="receiver.dfe", off=(), in_use=any),
    Block(name="unrolled DFE", field="receiver.dfe_unrolled", off=False),
    Block(name="sampling criterion", field="receiver.sampling", off="mueller-muller"),
    Block(name="sampling offset", field="receiver.sampling_offset_ui", off=0.0),
    Block(name="sequence detection", field="receiver.mlse", off=None),
    Block(name="amplifier", field="receiver.vga", off=None),
    Block(name="converter", field="receiver.converter", off=None),
    Block(
        name="converter lanes",
        field="receiver.converter",
        off=None,
        remedy="take a converter without gain_error, offset and skew_ui",
        in_use=lambda converter: converter is not None and converter.lanes.size > 0,
    ),
    Block(name="clock recovery", field="receiver.clock", off=None),
    Block(name="wander", field="receiver.wander", off=None, in_use=bool),
    Block(name="adaptation", field="receiver.adaptation", off=None),
    Block(name="cancellation", field="receiver.cancellation", off=None),
    # vendor models
    Block(name="transmitter model", field="transmitter_model", off=None),
    Block(name="receiver model", field="receiver_model", off=None),
)
"""Everything that can be switched on, in the order in which an engine refuses it."""


def blocks_of(link: Link) -> tuple[Block, ...]:
    """The blocks that `link` has switched on."""
    return tuple(block for block in BLOCKS if block.values(link))

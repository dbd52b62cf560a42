"""Time-interleaved analog-to-digital converter: resolution, clipping, noise by ENOB, mismatch of its lanes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sirf._arrays import Float
from sirf.errors import SirfError
from sirf.units import VOLTAGE, read_text_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Converter:
    """A converter of `bits` over ±`full_scale` V that samples in turn with several lanes.

    `full_scale` None is four times the rms of its input. `enob` below `bits` adds Gaussian noise, so that noise and
    quantisation together are those of an ideal converter of `enob` bits. Lane n of `gain_error` (relative), `offset` (V)
    and `skew_ui` takes every N-th symbol from symbol n on; the three have one length, () for a perfect converter.

    >>> sirf.Converter(bits=7).bits
    7
    """

    bits: int = 7
    enob: float | None = None
    full_scale: float | None = None
    gain_error: tuple[float, ...] = ()
    offset: tuple[float, ...] = ()
    skew_ui: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, full_scale=VOLTAGE)
        if not 1 <= self.bits <= 24:
            # twenty-four bits are what single precision samples can tell apart
            raise SirfError(f"bits must be between 1 and 24, got {self.bits}. Use 7.")
        if self.enob is not None and not 0 < self.enob <= self.bits:
            raise SirfError(
                f"enob must be above 0 and at most bits ({self.bits}), got {self.enob}. Use None for ideal."
            )
        if self.full_scale is not None and not 0 < self.full_scale < float("inf"):
            raise SirfError(
                f"full_scale must be positive volts, got {self.full_scale}. Use None to set it by the input."
            )
        lengths = {len(values) for values in (self.gain_error, self.offset, self.skew_ui) if values}
        if len(lengths) > 1:
            raise SirfError(
                f"gain_error, offset and skew_ui must have one length, got {sorted(lengths)}. Give all lanes."
            )
        # beyond half a UI a lane would sample its neighbour's symbol
        if any(not abs(value) <= 0.5 for value in self.skew_ui):
            raise SirfError(f"skew_ui must be within ±0.5 UI, got {self.skew_ui}. Use smaller skews.")
        if any(not abs(value) < 1 for value in self.gain_error):
            raise SirfError(f"gain_error must be within ±1, got {self.gain_error}. Use 0.01 for one percent.")

    @classmethod
    def with_mismatch(
        cls,
        lanes: int,
        *,
        gain_rms: float = 0.0,
        offset_rms: float = 0.0,
        skew_rms_ui: float = 0.0,
        rng: int = 0,
        bits: int = 7,
        enob: float | None = None,
        full_scale: float | None = None,
    ) -> Converter:
        """A converter of `lanes` whose gain, offset (V) and skew (UI) errors are Gaussian draws of integer seed `rng`."""
        if lanes < 1:
            raise SirfError(f"lanes must be at least 1, got {lanes}. Use 1 for no interleaving.")
        # all three rows are drawn whatever is asked for: one kind of error does not change the draws of another
        draws = np.random.default_rng(rng).standard_normal((3, lanes))
        # one draw scaled three times: equal seeds give equal shapes of mismatch, whatever their sizes
        rows = draws * np.array([[gain_rms], [offset_rms], [skew_rms_ui]])
        gains, offsets, skews = (tuple(float(value) for value in row) for row in rows)
        return cls(bits=bits, enob=enob, full_scale=full_scale, gain_error=gains, offset=offsets, skew_ui=skews)

    @property
    def lanes(self) -> Float:
        """(N, 3): relative gain error, offset in V, skew in UI of each lane; (0, 3) for a perfect converter."""
        # a lane without a gain error may have an offset: missing columns are zeros
        count = max(len(self.gain_error), len(self.offset), len(self.skew_ui))
        table = np.zeros((count, 3))
        for column, values in enumerate((self.gain_error, self.offset, self.skew_ui)):
            if values:
                table[:, column] = values
        return table

    def step(self, full_scale: float) -> float:
        """Size of one code in V over ±`full_scale` V."""
        # 2^bits codes over the whole range
        return float(2.0 * full_scale / 2**self.bits)

    def extra_noise(self, full_scale: float) -> float:
        """Rms in V of the noise that `enob` asks for beyond quantisation: (2 F)² / 12 x (4^-enob - 4^-bits)."""
        if self.enob is None:
            return 0.0
        # a step is 2 F / 2^bits and rounding makes step² / 12: what is missing to that of enob bits
        return float(2.0 * full_scale * np.sqrt((4.0**-self.enob - 4.0**-self.bits) / 12.0))

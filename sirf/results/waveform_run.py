"""What the bit-by-bit engine returns: a counted eye and counted errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from sirf.results.error_count import ErrorCount
from sirf.results.eye_histogram import EyeHistogram
from sirf.results.receiver_report import AdaptedReceiver, ClockReport
from sirf.results.waveform_record import WaveformRecord

if TYPE_CHECKING:
    from sirf.link import Link


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaveformRun:
    """What `sirf.simulate` returns: the eye of all samples and the errors of all decisions.

    `eyes` holds the eye of each captured place by name, `record` the waveforms that were asked for, `clock` how recovery did and
    `adapted` where taps went, where the receiver has them; `models` what vendor models returned.
    """

    link: Link
    eye: EyeHistogram
    errors: ErrorCount
    ideal_feedback: bool
    eyes: dict[str, EyeHistogram] = field(default_factory=dict)
    record: WaveformRecord | None = None
    clock: ClockReport | None = None
    adapted: AdaptedReceiver | None = None
    models: dict[str, Any] = field(default_factory=dict)

    @property
    def ber(self) -> float:
        """Bit errors / bits."""
        return self.errors.ber

    @property
    def ser(self) -> float:
        """Symbol errors / symbols."""
        return self.errors.ser

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the eye on axes, new ones by default, and return them; options as in `sirf.plot.eye`."""
        # by name, for pictures stand on a higher floor
        return import_module("sirf.plot").eye(self, ax, **options)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; the eye is peak to peak over the symbols of the run, so `eye_ber` is 1 / symbols."""
        heights, widths = self.eye.eye_heights(), self.eye.eye_widths()
        closures = [value for value in self.eye.closures_db() if value is not None]
        # one closed eye closes the whole
        closure = max(closures) if len(closures) == len(heights) else None
        return {
            "engine": "waveform",
            "standard": self.link.standard,
            "symbol_rate": self.link.symbol_rate,
            "modulation": self.link.modulation,
            # peak to peak is as deep as the run is long
            "eye_ber": 1.0 / self.errors.symbols if self.errors.symbols else None,
            "eye_height_mv": 1e3 * min(heights),
            "eye_heights_mv": [1e3 * value for value in heights],
            "eye_width_ui": min(widths),
            "eye_widths_ui": list(widths),
            "vec_db": closure,
            "level_distances_mv": [1e3 * float(value) for value in np.diff(self.eye.level_means())],
            "linearity": self.eye.linearity(),
            "ideal_feedback": self.ideal_feedback,
            "insertion_loss_db": self.link.insertion_loss_db,
            "clock": None if self.clock is None else self.clock.to_dict(),
            "models": self.models or None,
            "adapted": None if self.adapted is None else self.adapted.to_dict(),
            **self.errors.to_dict(),
        }

    def __repr__(self) -> str:
        """One line."""
        return f"WaveformRun({self.errors!r}, eye height {1e3 * self.eye.eye_height():.2f} mV)"

    def __str__(self) -> str:
        """A small table."""
        from sirf._display import table

        return table("Bit-by-bit run", self._rows())

    def _repr_html_(self) -> str:
        from sirf._display import html_table

        return html_table("Bit-by-bit run", self._rows())

    def _rows(self) -> tuple[tuple[str, str], ...]:
        return (
            ("link", repr(self.link)),
            ("symbols", f"{self.errors.symbols:,}"),
            ("bit error ratio", f"{self.ber:.3e} [{self.errors.ber_low:.3e}, {self.errors.ber_high:.3e}]"),
            ("eye heights, peak to peak", " / ".join(f"{1e3 * v:.2f}" for v in self.eye.eye_heights()) + " mV"),
            ("eye widths, peak to peak", " / ".join(f"{v:.3f}" for v in self.eye.eye_widths()) + " UI"),
            *((("clock", str(self.clock)),) if self.clock is not None else ()),
            *((("sampling", str(self.errors.sampling)),) if self.errors.sampling is not None else ()),
        )

"""What the bit-by-bit engine returns: a counted eye and counted errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sirf.results.error_count import ErrorCount
from sirf.results.receiver_report import AdaptedReceiver, ClockReport
from sirf.results.waveform_record import WaveformRecord

if TYPE_CHECKING:
    from sirf.link import Link

Float = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EyeHistogram:
    """Counts (P, V) of the slicer input by phase in UI about the sampling instant and by voltage bin centre in V."""

    phase_ui: Float
    volts: Float
    counts: NDArray[np.int64]
    thresholds: Float

    @property
    def density(self) -> Float:
        """Counts (P, V) as a probability density in 1/V at each phase."""
        total = np.maximum(self.counts.sum(axis=1, keepdims=True), 1)
        return np.asarray(self.counts / (total * (self.volts[1] - self.volts[0])))

    def openings(self) -> NDArray[np.float64]:
        """(P, eyes, 2): lowest and highest voltage about each threshold that no sample fell between."""
        spans = np.zeros((len(self.phase_ui), len(self.thresholds), 2))
        step = float(self.volts[1] - self.volts[0])
        for p, row in enumerate(self.counts):
            hit = np.flatnonzero(row)
            for e, threshold in enumerate(self.thresholds):
                below = hit[self.volts[hit] <= threshold]
                above = hit[self.volts[hit] > threshold]
                if len(below) and len(above):
                    spans[p, e] = self.volts[below[-1]] + 0.5 * step, self.volts[above[0]] - 0.5 * step
        return spans

    def eye_heights(self) -> tuple[float, ...]:
        """Height in V of each eye at the sampling instant, between the extreme samples of the run."""
        centre = self.openings()[len(self.phase_ui) // 2]
        return tuple(float(max(high - low, 0.0)) for low, high in centre)

    def eye_height(self) -> float:
        """Height in V of the worst eye."""
        return min(self.eye_heights())

    def eye_widths(self) -> tuple[float, ...]:
        """Width in UI of each eye: the unbroken run of phases about the instant where the threshold's bin is empty."""
        spans = self.openings()
        step = float(self.phase_ui[1] - self.phase_ui[0])
        size = float(self.volts[1] - self.volts[0])
        widths = []
        for e in range(len(self.thresholds)):
            open_phase = spans[:, e, 1] - spans[:, e, 0] > 1.5 * size
            widths.append(step * _run_length(open_phase))
        return tuple(widths)

    def eye_width(self) -> float:
        """Width in UI of the worst eye."""
        return min(self.eye_widths())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WaveformRun:
    """What `sirf.simulate` returns: the eye of all samples and the errors of all decisions.

    `eyes` holds the eye of each captured place by name, `record` the waveforms that were asked for, `clock` how recovery did and
    `adapted` where taps went, where the receiver has them.
    """

    link: Link
    eye: EyeHistogram
    errors: ErrorCount
    ideal_feedback: bool
    eyes: dict[str, EyeHistogram] = field(default_factory=dict)
    record: WaveformRecord | None = None
    clock: ClockReport | None = None
    adapted: AdaptedReceiver | None = None

    @property
    def ber(self) -> float:
        """Bit errors / bits."""
        return self.errors.ber

    @property
    def ser(self) -> float:
        """Symbol errors / symbols."""
        return self.errors.ser

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; the eye is peak to peak over the symbols of the run, so `eye_ber` is 1 / symbols."""
        heights, widths = self.eye.eye_heights(), self.eye.eye_widths()
        level = 0.5 * float(np.min(np.diff(self.link.levels)))
        main = (
            float(self.eye.thresholds[-1]) / (0.5 * float(self.link.levels[-1] + self.link.levels[-2]))
            if len(self.eye.thresholds) > 1
            else None
        )
        worst = min(heights)
        closure = None if main is None or worst <= 0 else float(20 * np.log10(2 * level * main / worst))
        return {
            "engine": "waveform",
            "standard": self.link.standard,
            "symbol_rate": self.link.symbol_rate,
            "modulation": self.link.modulation,
            "eye_ber": 1.0 / self.errors.symbols if self.errors.symbols else None,
            "eye_height_mv": 1e3 * worst,
            "eye_heights_mv": [1e3 * value for value in heights],
            "eye_width_ui": min(widths),
            "eye_widths_ui": list(widths),
            "vec_db": closure,
            "ideal_feedback": self.ideal_feedback,
            "insertion_loss_db": self.link.insertion_loss_db,
            "clock": None if self.clock is None else self.clock.to_dict(),
            "adapted": None if self.adapted is None else self.adapted.to_dict(),
            **self.errors.to_dict(),
        }

    def __repr__(self) -> str:
        """One line."""
        return f"WaveformRun({self.errors!r}, eye height {1e3 * self.eye.eye_height():.2f} mV)"

    def __str__(self) -> str:
        """A small table."""
        from sirf.results.display import table

        return table("Bit-by-bit run", self._rows())

    def _repr_html_(self) -> str:
        from sirf.results.display import html_table

        return html_table("Bit-by-bit run", self._rows())

    def _rows(self) -> tuple[tuple[str, str], ...]:
        return (
            ("link", repr(self.link)),
            ("symbols", f"{self.errors.symbols:,}"),
            ("bit error ratio", f"{self.ber:.3e} [{self.errors.ber_low:.3e}, {self.errors.ber_high:.3e}]"),
            ("eye heights, peak to peak", " / ".join(f"{1e3 * v:.2f}" for v in self.eye.eye_heights()) + " mV"),
            ("eye widths, peak to peak", " / ".join(f"{v:.3f}" for v in self.eye.eye_widths()) + " UI"),
            *((("clock", str(self.clock)),) if self.clock is not None else ()),
        )


def _run_length(inside: NDArray[np.bool_]) -> int:
    centre = len(inside) // 2
    if not inside[centre]:
        return 0
    low = high = centre
    while low > 0 and inside[low - 1]:
        low -= 1
    while high < len(inside) - 1 and inside[high + 1]:
        high += 1
    return high - low + 1

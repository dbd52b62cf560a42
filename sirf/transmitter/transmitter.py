"""The transmitter as a value: what it sends, how it shapes it, how it errs."""

from __future__ import annotations

from dataclasses import dataclass

from sirf.channel.package import Package
from sirf.errors import SirfError


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmitter:
    """A transmitter of IEEE 802.3 Annex 93A terms.

    Amplitudes are differential peak volts (outer levels at ±`amplitude`); `ffe` holds c(-n) … c(m), `ffe_main` is the
    index of c(0); `rise_time` is 20 % to 80 % in seconds; jitter is in UI: `jitter_random_ui` rms,
    `jitter_dual_dirac_ui` half the distance of the two deltas. `snr_db` None means no transmitter noise.
    """

    amplitude: float
    amplitude_fext: float
    amplitude_next: float
    ffe: tuple[float, ...] = (1.0,)
    ffe_main: int = 0
    level_mismatch: float = 1.0
    rise_time: float = 0.0
    snr_db: float | None = None
    jitter_random_ui: float = 0.0
    jitter_dual_dirac_ui: float = 0.0
    package: Package | None = None

    def __post_init__(self) -> None:
        """Refuse what no transmitter can be."""
        if not self.amplitude > 0:
            raise SirfError(f"amplitude must be positive volts, got {self.amplitude}. Give the differential peak.")
        if not 0 <= self.ffe_main < len(self.ffe):
            raise SirfError(
                f"ffe_main must be an index into the {len(self.ffe)} taps of ffe, got {self.ffe_main}. "
                "Point it at c(0)."
            )
        if not 0 < self.level_mismatch <= 1:
            raise SirfError(f"level_mismatch must be in (0, 1], got {self.level_mismatch}. Use R_LM of the standard.")
        for name in ("rise_time", "jitter_random_ui", "jitter_dual_dirac_ui", "amplitude_fext", "amplitude_next"):
            value = getattr(self, name)
            if not 0 <= value < float("inf"):
                raise SirfError(f"{name} must be zero or positive, got {value}. Use 0 to switch it off.")

"""The transmitter as a value: what it sends, how it shapes it, how it errs."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sirf.channel.package import Package
from sirf.errors import SirfError
from sirf.signal.patterns import Pattern
from sirf.transmitter.jitter import Jitter

NO_JITTER = Jitter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmitter:
    """A transmitter of IEEE 802.3 Annex 93A terms.

    Amplitudes are differential peak volts (outer levels at ±`amplitude`); `ffe` holds c(-n) … c(m), `ffe_main` is the
    index of c(0); `rise_time` is 20 % to 80 % in seconds; jitter is in UI: `jitter_random_ui` rms,
    `jitter_dual_dirac_ui` half the distance of the two deltas, `jitter` all other components (`edge_jitter` is the whole).
    `snr_db` None means no transmitter noise. `level_mismatch` is R_LM; `compression` in [0, 1/3] the loss of gain of the
    driver at full amplitude: a Tx FFE output x, relative to the amplitude, leaves as x (1 - compression x²). `pattern` is sent
    instead of random symbols; `precoding` puts 1/(1+D) modulo the number of levels before the line.
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
    jitter: Jitter = NO_JITTER
    compression: float = 0.0
    pattern: Pattern | None = None
    precoding: bool = False
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
        if not 0 <= self.compression <= 1 / 3:
            raise SirfError(
                f"compression must be in [0, 1/3], got {self.compression}. Above 1/3 a larger input would give less output."
            )
        for name in ("random_ui", "dual_dirac_ui"):
            if getattr(self, f"jitter_{name}") and getattr(self.jitter, name):
                raise SirfError(
                    f"jitter_{name} must be zero where jitter.{name} is given, got {getattr(self, f'jitter_{name}')}. "
                    "Give one of the two."
                )

    @property
    def edge_jitter(self) -> Jitter:
        """All jitter of the edges in one value, wherever it was given."""
        return replace(
            self.jitter,
            random_ui=self.jitter_random_ui or self.jitter.random_ui,
            dual_dirac_ui=self.jitter_dual_dirac_ui or self.jitter.dual_dirac_ui,
        )

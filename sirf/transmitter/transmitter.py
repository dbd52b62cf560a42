"""The transmitter as a value: what it sends, how it shapes it, how it errs."""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass, field, replace
from typing import Any

from sirf._digest import OF_UNIT_SCALE
from sirf.errors import SirfError
from sirf.signal.patterns import Pattern
from sirf.signal.sampled_filter import SampledFilter
from sirf.transmitter.jitter import Jitter
from sirf.units import TIME, VOLTAGE, read_text_fields

NO_JITTER = Jitter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmitter:
    """A transmitter of IEEE 802.3 Annex 93A terms.

    Amplitudes are differential peak volts (outer levels at ±`amplitude`); `ffe` holds c(-n) … c(m), `ffe_main` is the
    index of c(0); `rise_time` is 20 % to 80 % in seconds; `jitter` holds
    every displacement of the edges, in UI.
    `snr_db` None means no transmitter noise. `level_mismatch` is R_LM; `compression` in [0, 1/3] the loss of gain of the
    driver at full amplitude: a Tx FFE output x, relative to the amplitude, leaves as x (1 - compression x²). `pattern` is sent
    instead of random symbols; `precoding` puts 1/(1+D) modulo the number of levels before the line. `filter` is a sampled
    filter behind the jittered edges, which FEXT aggressors have too: a measured equaliser, or that of a vendor's model.

    >>> sirf.Transmitter(amplitude="413 mV", amplitude_fext=0.413, amplitude_next=0.608, rise_time="7.5 ps").amplitude
    0.413
    """

    amplitude: float
    amplitude_fext: float
    amplitude_next: float
    ffe: tuple[float, ...] = field(default=(1.0,), metadata={OF_UNIT_SCALE: True})
    ffe_main: int = 0
    level_mismatch: float = 1.0
    rise_time: float = 0.0
    snr_db: float | None = None
    jitter: Jitter = NO_JITTER
    compression: float = 0.0
    pattern: Pattern | None = None
    precoding: bool = False
    filter: SampledFilter | None = None

    def replace(self, **changes: Any) -> Transmitter:
        """The same with some fields changed."""
        return replace(self, **changes)

    def without_equalizers(self) -> Transmitter:
        """The same without FFE and filter: what is left where a vendor's model equalises."""
        return replace(self, ffe=(1.0,), ffe_main=0, filter=None)

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, amplitude=VOLTAGE, amplitude_fext=VOLTAGE, amplitude_next=VOLTAGE, rise_time=TIME)
        if not self.amplitude > 0:
            raise SirfError(f"amplitude must be positive volts, got {self.amplitude}. Give the differential peak.")
        if not 0 <= self.ffe_main < len(self.ffe):
            raise SirfError(
                f"ffe_main must be an index into the {len(self.ffe)} taps of ffe, got {self.ffe_main}. "
                "Point it at c(0)."
            )
        if not 0 < self.level_mismatch <= 1:
            raise SirfError(f"level_mismatch must be in (0, 1], got {self.level_mismatch}. Use R_LM of the standard.")
        for name in ("rise_time", "amplitude_fext", "amplitude_next"):
            value = getattr(self, name)
            if not 0 <= value < float("inf"):
                raise SirfError(f"{name} must be zero or positive, got {value}. Use 0 to switch it off.")
        if not 0 <= self.compression <= 1 / 3:
            raise SirfError(
                f"compression must be in [0, 1/3], got {self.compression}. Above 1/3 a larger input would give less output."
            )

    @property
    def jitter_random_ui(self) -> float:
        """Deprecated: `jitter.random_ui`."""
        _warn_of_old_name("jitter_random_ui")
        return self.jitter.random_ui

    @property
    def jitter_dual_dirac_ui(self) -> float:
        """Deprecated: `jitter.dual_dirac_ui`."""
        _warn_of_old_name("jitter_dual_dirac_ui")
        return self.jitter.dual_dirac_ui


def _warn_of_old_name(name: str) -> None:
    field = name.removeprefix("jitter_")
    warnings.warn(f"{name} is deprecated. Use jitter=Jitter({field}=...).", DeprecationWarning, stacklevel=3)


def _take_old_names() -> None:
    """Let the constructor take `jitter_random_ui` and `jitter_dual_dirac_ui` as other words for the fields of `jitter`.

    They are no fields, so a value has one place and `dataclasses.replace` changes that one.
    """
    construct = Transmitter.__init__

    @functools.wraps(construct)
    def with_old_names(self: Transmitter, **values: Any) -> None:
        # 3: the caller of the constructor or of the property
        given = {name: values.pop(name) for name in ("jitter_random_ui", "jitter_dual_dirac_ui") if name in values}
        for name, value in given.items():
            _warn_of_old_name(name)
            values["jitter"] = replace(values.get("jitter", NO_JITTER), **{name.removeprefix("jitter_"): value})
        construct(self, **values)

    Transmitter.__init__ = with_old_names  # type: ignore[method-assign]


_take_old_names()

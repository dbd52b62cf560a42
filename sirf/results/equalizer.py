"""What an equaliser search chose, and how it got there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Improvement = tuple[*tuple[float, ...], tuple[float, ...], float]
"""One setting better than those before: CTLE gains in dB, Tx taps, figure of merit in dB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualizerReport:
    """The setting that a search chose.

    `ctle_db` holds the gain of each stage of the CTLE, of which `g_dc_db` and `g_dc2_db` are the first two.
    `fom_db` is 10 log10(A_s² / sigma²) as in equation (93A-36), `start_fom_db` that of the unequalised start (None when the
    start had no eye to measure); `candidates` counts the settings tried; `opened` tells whether A_s exceeds the rms of all
    interference and noise by the factor that the link's error ratio needs; `path` lists each improvement as (the gains of
    `ctle_db`, tx taps, fom_db). `ber_path` goes on from there as (what moved, bit error ratio) where the search was by error
    ratio.
    """

    ctle_db: tuple[float, ...]
    tx_taps: tuple[float, ...]
    tx_main: int
    rx_ffe_taps: tuple[float, ...]
    dfe_taps: tuple[float, ...]
    fom_db: float
    start_fom_db: float | None
    required_fom_db: float
    candidates: int
    path: tuple[Improvement, ...]
    ber_path: tuple[tuple[str, float], ...] = ()

    @property
    def g_dc_db(self) -> float:
        """Gain of the CTLE's first stage in dB."""
        return self.ctle_db[0]

    @property
    def g_dc2_db(self) -> float:
        """Gain of the CTLE's second stage in dB."""
        return self.ctle_db[1]

    @property
    def opened(self) -> bool:
        """Whether the chosen setting reaches the figure of merit that the link's DER0 needs with Gaussian interference."""
        return self.fom_db >= self.required_fom_db

    def __str__(self) -> str:
        """One line per block."""

        def taps(values: tuple[float, ...]) -> str:
            return " ".join(f"{value:+.3f}" for value in values) or "none"

        # g_DC, g_DC2 and so on
        gains = ", ".join(f"g_DC{stage if stage > 1 else ''} {gain:g} dB" for stage, gain in enumerate(self.ctle_db, 1))
        # told by the figure of merit alone, which takes all interference for Gaussian: the eye itself may be better
        verdict = "open" if self.opened else f"closed: needs {self.required_fom_db:.1f} dB for its DER0"
        return (
            f"CTLE {gains}; Tx FFE {taps(self.tx_taps)}; "
            f"Rx FFE {taps(self.rx_ffe_taps) if len(self.rx_ffe_taps) > 1 else 'none'}; DFE {taps(self.dfe_taps)}; "
            f"FOM {self.fom_db:.2f} dB ({verdict}); {self.candidates} settings tried"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "ctle_db": list(self.ctle_db),
            "tx_taps": list(self.tx_taps),
            "rx_ffe_taps": list(self.rx_ffe_taps),
            "dfe_taps": list(self.dfe_taps),
            "fom_db": self.fom_db,
            "required_fom_db": self.required_fom_db,
            "opened": self.opened,
            "candidates": self.candidates,
        }

"""The margin ledger: each source of interference and noise at the slicer taken out in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from sirf.com.distribution import VoltageDistribution, gaussian
from sirf.results.ledger import LedgerTerm, MarginLedger
from sirf.units import db20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SlicerTerms:
    """Independent sources at the slicer: Gaussian ones by their sigma in V, the others by their distribution."""

    signal: float
    gaussian: Mapping[str, float]
    distributions: Mapping[str, VoltageDistribution]
    crest: float
    bin_size: float

    def interference(self, without: str, error_ratio: float) -> float:
        """Magnitude in V that all sources but one pass at `error_ratio`; "" takes none out."""
        # independent Gaussian sources make one Gaussian: a single convolution serves for all of them
        variance = sum(sigma**2 for name, sigma in self.gaussian.items() if name != without)
        # zero with certainty, from which the convolutions begin
        total = VoltageDistribution(np.ones(1), 0, self.bin_size)
        for name, part in self.distributions.items():
            if name != without:
                total = total + part
        if variance > 0.0:
            total = total + gaussian(float(np.sqrt(variance)), self.crest, self.bin_size)
        # between bins, because taking out a small source may change less than a bin is wide
        return total.interpolated_magnitude_at(error_ratio)


def terms_by_removal(rms: Mapping[str, float], interference: Callable[[str], float]) -> tuple[LedgerTerm, ...]:
    """Every source with its rms in V and its cost in dB of COM; sources of no voltage are left out.

    `interference` gives the magnitude in V of all sources but the named one; "" takes none out.
    """
    # what the cost of a source is depends on what else is there: each alone is taken out of the whole
    whole = interference("")
    terms = []
    for name, sigma in rms.items():
        if sigma > 0.0:
            # each source is taken out of the whole in turn: costs need not add up, since Gaussian and bounded parts do
            # not add in dB
            less = interference(name)
            cost = float(db20(whole / less)) if less > 0.0 else float("inf")
            terms.append(LedgerTerm(name=name, rms_mv=sigma * 1e3, cost_db=cost))
    return tuple(terms)


def ledger_without_ffe(signal: float, interference: float, terms: tuple[LedgerTerm, ...]) -> MarginLedger:
    """The ledger of Annex 93A or 120G: A_s and A_ni in V, and their terms."""
    return MarginLedger(
        signal_mv=signal * 1e3,
        interference_mv=interference * 1e3,
        feedback_com_db=float(db20(signal / interference)),
        terms=terms,
        ffe_taps={},
    )


def ledger_terms(parts: SlicerTerms, error_ratio: float) -> tuple[LedgerTerm, ...]:
    """Every source at the sampling instant with its rms and its cost in dB of COM."""
    rms = {**parts.gaussian, **{name: part.sigma for name, part in parts.distributions.items()}}
    return terms_by_removal(rms, lambda without: parts.interference(without, error_ratio))

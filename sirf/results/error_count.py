"""Counted errors: they add, and their interval knows that errors of a DFE come in bursts."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from sirf.errors import SirfError

CONFIDENCE = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCount:
    """Errors and trials of one run or of several added up.

    `bursts` counts runs of errors; the sums of squared errors per burst widen the interval: with d = sum of squares / errors
    the count behaves as errors / d independent events. Values with different `link` digests do not add.
    """

    symbols: int = 0
    symbol_errors: int = 0
    errors: int = 0
    bits_per_symbol: float = 2.0
    bursts: int = 0
    squared_symbol_errors: int = 0
    squared_bit_errors: int = 0
    link: str = ""

    def __add__(self, other: ErrorCount) -> ErrorCount:
        """Counts of both, as if counted in one run."""
        if (self.link, self.bits_per_symbol) != (other.link, other.bits_per_symbol):
            raise SirfError(
                f"counts must come from one link to add, got {self.link[:8]!r} and {other.link[:8]!r}. "
                "Count both with the same link."
            )
        summed = {
            field.name: getattr(self, field.name) + getattr(other, field.name)
            for field in fields(self)
            if field.name not in ("link", "bits_per_symbol")
        }
        return ErrorCount(link=self.link, bits_per_symbol=self.bits_per_symbol, **summed)

    @property
    def bits(self) -> float:
        """Bits sent."""
        return self.symbols * self.bits_per_symbol

    @property
    def ber(self) -> float:
        """Bit errors / bits."""
        return self.errors / self.bits if self.symbols else 0.0

    @property
    def ser(self) -> float:
        """Symbol errors / symbols."""
        return self.symbol_errors / self.symbols if self.symbols else 0.0

    @property
    def mean_burst(self) -> float:
        """Symbol errors per burst."""
        return self.symbol_errors / self.bursts if self.bursts else 0.0

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Interval of the BER: Clopper-Pearson on errors / d events, d the mean size of a burst seen from an error."""
        return _interval(self.errors, self.bits, self.squared_bit_errors, confidence)

    def symbol_interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """The same for the SER."""
        return _interval(self.symbol_errors, self.symbols, self.squared_symbol_errors, confidence)

    @property
    def ber_low(self) -> float:
        """Lower end of the 99 % interval of the BER."""
        return self.interval()[0]

    @property
    def ber_high(self) -> float:
        """Upper end of the 99 % interval of the BER; with no error 1 - 0.01^(1/bits)."""
        return self.interval()[1]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "errors": self.errors,
            "bits": self.bits,
            "symbols": self.symbols,
            "symbol_errors": self.symbol_errors,
            "ber": self.ber,
            "ser": self.ser,
            "ber_low": self.ber_low,
            "ber_high": self.ber_high,
            "bursts": self.bursts,
            "mean_burst": self.mean_burst,
            "confidence": CONFIDENCE,
        }

    def __repr__(self) -> str:
        """One line."""
        return (
            f"ErrorCount({self.errors} bit errors in {self.symbols:,} symbols, BER {self.ber:.3e} "
            f"[{self.ber_low:.3e}, {self.ber_high:.3e}])"
        )

    def __str__(self) -> str:
        """A small table."""
        from sirf.results.display import table

        return table("Error count", self._rows())

    def _repr_html_(self) -> str:
        from sirf.results.display import html_table

        return html_table("Error count", self._rows())

    def _rows(self) -> tuple[tuple[str, str], ...]:
        return (
            ("bit errors", f"{self.errors:,} in {self.bits:,.0f} bits"),
            ("symbol errors", f"{self.symbol_errors:,} in {self.symbols:,} symbols"),
            ("bit error ratio", f"{self.ber:.3e}"),
            ("99 % interval", f"{self.ber_low:.3e} to {self.ber_high:.3e}"),
            ("mean burst", f"{self.mean_burst:.2f} symbols"),
        )


def _interval(errors: int, trials: float, squares: int, confidence: float) -> tuple[float, float]:
    from scipy.stats import beta

    if trials <= 0:
        return 0.0, 1.0
    if errors == 0:
        return 0.0, float(1.0 - (1.0 - confidence) ** (1.0 / trials))
    size = max(squares / errors, 1.0)
    events, chances = errors / size, trials / size
    tail = 0.5 * (1.0 - confidence)
    low = float(beta.ppf(tail, events, chances - events + 1.0))
    high = float(beta.ppf(1.0 - tail, events + 1.0, max(chances - events, 1e-9)))
    return low, high

"""Counted errors: they add, and their interval knows that errors of a DFE come in bursts."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import zip_longest
from operator import add
from typing import Any

from sirf.errors import SirfError
from sirf.results.sampling_instant import SamplingInstant

CONFIDENCE = 0.99
# a factor of eight apart: one of them is near any length over which errors hang together
BATCHES = (1 << 10, 1 << 13, 1 << 16)
"""Lengths in symbols of the batches whose scatter tells by how much errors depend on each other."""
FEWEST_BATCHES = 20
"""Batches of one length from which their scatter is taken."""
FEWEST_EVENTS = 30
"""Batches of the first length that show how large rare events are; fewer may have met none of the largest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCount:
    """Errors and trials of one run or of several added up.

    `bursts` counts runs of errors; the sums of squared errors per burst widen the interval: with d = sum of squares / errors
    the count behaves as errors / d independent events. So do the sums of squared errors per batch: the run is cut into
    `batches[i]` batches of `BATCHES[i]` symbols, and where errors differ from batch to batch by more than their bursts explain
    (each has its own crosstalk phase and slow jitter), d is the variance of a batch's errors over their mean, times the square of
    Student's quantile over the normal one: the largest of all lengths with at least `FEWEST_BATCHES` batches. Where something
    keeps its draw over `stretch` symbols, longer than the first batches (an aggressor's phase over a block of a waveform), the
    first length that holds a stretch counts from two batches on; with fewer all errors are one event. Where a few large draws
    make most errors (slow phase noise), a run of fewer than `FEWEST_EVENTS` batches may have met none of them: it takes
    `event_errors` of them, known beforehand, for one event.

    `burst_lengths[i]` bursts span i + 1 symbols from first to last error, the last entry as many or more. `sent[i]` symbols went
    out at level i from the lowest, `confusion[i * L + j]` of them were taken for level j. Values with different `link` digests
    do not add; what one of two counts does not know counts as zero. `sampling` is what the receiver's criterion of the sampling
    instant found, where it has another than Mueller and Müller's.
    """

    symbols: int = 0
    symbol_errors: int = 0
    errors: int = 0
    bits_per_symbol: float = 2.0
    bursts: int = 0
    squared_symbol_errors: int = 0
    squared_bit_errors: int = 0
    batches: tuple[int, ...] = ()
    squared_batch_symbol_errors: tuple[int, ...] = ()
    squared_batch_bit_errors: tuple[int, ...] = ()
    burst_lengths: tuple[int, ...] = ()
    sent: tuple[int, ...] = ()
    confusion: tuple[int, ...] = ()
    link: str = ""
    stretch: int = 0
    event_errors: float = 0.0
    sampling: SamplingInstant | None = None

    def __add__(self, other: ErrorCount) -> ErrorCount:
        """Counts of both, as if counted in one run."""
        if (self.link, self.bits_per_symbol) != (other.link, other.bits_per_symbol):
            raise SirfError(
                f"counts must come from one link to add, got {self.link[:8]!r} and {other.link[:8]!r}. "
                "Count both with the same link."
            )
        summed = {
            field.name: _sum(getattr(self, field.name), getattr(other, field.name))
            # link and bits are equal, a stretch is not summed
            for field in fields(self)
            if field.name not in ("link", "bits_per_symbol", "stretch", "event_errors", "sampling")
        }
        return ErrorCount(
            link=self.link,
            bits_per_symbol=self.bits_per_symbol,
            stretch=max(self.stretch, other.stretch),
            event_errors=max(self.event_errors, other.event_errors),
            # both are of one link, whose criterion finds the same instant; one of the two may not have asked
            sampling=self.sampling or other.sampling,
            **summed,
        )

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

    @property
    def level_errors(self) -> tuple[int, ...]:
        """Symbols decided wrongly by the level that was sent, lowest first."""
        order = len(self.sent)
        return tuple(
            # all that were sent at level i, less those that were taken for it
            sum(self.confusion[i * order : (i + 1) * order]) - self.confusion[i * order + i]
            for i in range(order)
        )

    @property
    def level_ser(self) -> tuple[float, ...]:
        """Symbol error ratio of each sent level, lowest first."""
        return tuple(wrong / sent if sent else 0.0 for wrong, sent in zip(self.level_errors, self.sent, strict=True))

    @property
    def bit_position_errors(self) -> tuple[int, ...]:
        """Errors of each bit of the Gray label, the most significant first."""
        order = len(self.sent)
        # bits of a label: two for PAM4
        width = max(order - 1, 0).bit_length()
        # Gray code
        label = [i ^ (i >> 1) for i in range(order)]
        totals = [0] * width
        # the place of a count is sent level times order plus decided level
        for place, count in enumerate(self.confusion):
            wrong = label[place // order] ^ label[place % order] if count else 0
            for bit in range(width):
                totals[width - 1 - bit] += count * (wrong >> bit & 1)
        return tuple(totals)

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Interval of the BER: Clopper-Pearson on errors / d events, d the mean size of a burst seen from an error."""
        size = self._event_size(self.errors, self.squared_bit_errors, self.squared_batch_bit_errors, confidence)
        return _interval(self.errors, self.bits, size, confidence)

    def symbol_interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """The same for the SER."""
        size = self._event_size(
            self.symbol_errors, self.squared_symbol_errors, self.squared_batch_symbol_errors, confidence
        )
        return _interval(self.symbol_errors, self.symbols, size, confidence)

    def _event_size(self, errors: int, per_burst: int, per_batch: tuple[int, ...], confidence: float) -> float:
        """Errors that come as one independent event, at least one: from bursts and, where there are enough, batches."""
        least = max(self.event_errors, 1.0) if sum(self.batches[:1]) < FEWEST_EVENTS else 1.0
        if errors == 0:
            return least
        # errors weighed by the size of their burst: independent ones make one each
        size = burst = max(per_burst / errors, 1.0)
        holding = min((length for length in BATCHES if length >= self.stretch), default=0) if self.stretch else 0
        # an aggressor's phase holds for a whole stretch: until a batch has shown what a stretch does, errors look
        # independent that are not
        shown = not self.stretch
        for length, count, squares in zip(BATCHES, self.batches, per_batch, strict=False):
            # two batches tell little, but a length that holds a stretch has nothing shorter to fall back on
            if count < (2 if length == holding else FEWEST_BATCHES):
                continue
            # a last batch that is not full has no say
            mean = errors * min(length / self.symbols, 1.0)
            # scatter of the batches about their mean: a Poisson count has as much as its mean
            variance = (squares - count * mean**2) / (count - 1)
            # of few batches the scatter is itself uncertain, and Student's quantile allows for it
            found = variance / mean * _student_factor(count, confidence)
            if self.stretch and length >= holding:
                shown = True
                # batches and stretches do not begin together: of independent draws a sum over l symbols keeps 1 - s / (3 l)
                found = burst + max(found - burst, 0.0) / (1.0 - self.stretch / (3.0 * length))
            size = max(size, found)
        # no event that was met is larger than all errors together
        return max(min(size, errors) if shown else float(errors), least)

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
            "burst_lengths": list(self.burst_lengths),
            "level_errors": list(self.level_errors),
            "level_ser": list(self.level_ser),
            "bit_position_errors": list(self.bit_position_errors),
            "confidence": CONFIDENCE,
            "sampling": None if self.sampling is None else self.sampling.to_dict(),
        }

    def __repr__(self) -> str:
        """One line."""
        note = "" if self.sampling is None else f"; {self.sampling.brief}"
        return (
            f"ErrorCount({self.errors} bit errors in {self.symbols:,} symbols, BER {self.ber:.3e} "
            f"[{self.ber_low:.3e}, {self.ber_high:.3e}]{note})"
        )

    def __str__(self) -> str:
        """A small table."""
        from sirf._display import table

        return table("Error count", self._rows())

    def _repr_html_(self) -> str:
        from sirf._display import html_table

        return html_table("Error count", self._rows())

    def _rows(self) -> tuple[tuple[str, str], ...]:
        by_level = (("error ratio by level", " / ".join(f"{value:.2e}" for value in self.level_ser)),)
        return (
            ("bit errors", f"{self.errors:,} in {self.bits:,.0f} bits"),
            ("symbol errors", f"{self.symbol_errors:,} in {self.symbols:,} symbols"),
            ("bit error ratio", f"{self.ber:.3e}"),
            ("99 % interval", f"{self.ber_low:.3e} to {self.ber_high:.3e}"),
            ("mean burst", f"{self.mean_burst:.2f} symbols"),
            *(by_level if self.sent else ()),
            *((("sampling", str(self.sampling)),) if self.sampling is not None else ()),
        )


def _sum(one: Any, two: Any) -> Any:
    if not isinstance(one, tuple):
        return one + two
    if len(one) == len(two):
        return tuple(map(add, one, two))
    return tuple(a + b for a, b in zip_longest(one, two, fillvalue=0))


def _student_factor(count: int, confidence: float) -> float:
    """Square of Student's quantile over the normal one: what estimating a variance from `count` batches adds."""
    from scipy.special import ndtri, stdtrit

    # two-sided, as the interval is
    upper = 0.5 * (1.0 + confidence)
    return float((stdtrit(count - 1, upper) / ndtri(upper)) ** 2)


def _interval(errors: int, trials: float, size: float, confidence: float) -> tuple[float, float]:
    from scipy.stats import beta

    # nothing sent tells nothing: any ratio is possible
    if trials <= 0:
        return 0.0, 1.0
    # no error: the largest ratio that would still show none with this probability, one-sided
    if errors == 0:
        return 0.0, float(1.0 - (1.0 - confidence) ** (size / trials))
    # dependent errors tell less: as many as there are independent events among them, in as many fewer trials
    events, chances = errors / size, trials / size
    tail = 0.5 * (1.0 - confidence)
    # Clopper-Pearson by quantiles of the beta distribution, which also holds for numbers that are not whole
    low = float(beta.ppf(tail, events, chances - events + 1.0))
    high = float(beta.ppf(1.0 - tail, events + 1.0, max(chances - events, 1e-9)))
    return low, high

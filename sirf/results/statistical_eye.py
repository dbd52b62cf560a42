"""The statistical eye as a value: error ratios, heights, widths, contours, bathtub."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Float
from sirf.errors import SirfError
from sirf.signal.pam import level_shares
from sirf.units import db20

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sirf.link import Link
    from sirf.results.eye_metrics import EyeMetrics
    from sirf.results.interference_distribution import Interference
    from sirf.results.sampling_instant import SamplingInstant


BAD_ERROR_RATIO = 1e-3
"""Bit error ratio from which on a link without an equaliser search is told of it: no code mends more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRates:
    """Symbol (`ser`) and Gray bit (`ber`) error ratios, the ratio without error propagation, and mean symbols per burst.

    `error_probabilities` (down, up), each (3^memory,), are those of an error by one level after each row of the last errors, in
    the order that `sirf.fec.ErrorChain.from_feedback` takes (None without feedback: errors are independent).
    """

    ser: float
    ber: float
    detector_error_ratio: float
    mean_burst: float
    error_probabilities: tuple[Float, Float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StatisticalEye:
    """What `sirf.statistical_eye` returns.

    Volts are differential peak at the slicer after all equalisation; phases in UI about the sampling instant. Eye e lies
    between levels e and e + 1; at error ratio b it reaches from the voltage that level e exceeds with probability b to the
    one that level e + 1 falls short of with probability b. Height, width and contours follow from that. `levels` are relative
    to the main cursor: the link's, or where its optics bend them the means at the sampling instant. `thresholds` (L - 1,) in V
    are those of the receiver's slicers: half way between the levels, or where each neighbour is mistaken for the other as often
    (`Receiver.thresholds`). `sampling` says what the receiver's criterion of the sampling instant found, where it has another
    than Mueller and Müller's.
    """

    link: Link
    phase_ui: Float
    main_cursor: Float
    slices: tuple[Interference, ...]
    level_volts: Float
    thresholds: Float
    levels: Float
    rates: ErrorRates
    der0: float
    ideal_feedback: bool
    omitted: float
    sampling: SamplingInstant | None = None

    # a counted run has these: tables and JSON ask either kind of result alike
    errors = None
    ber_low = None
    ber_high = None

    @property
    def ber(self) -> float:
        """Gray bit error ratio at the sampling instant, error propagation included unless `ideal_feedback`."""
        return self.rates.ber

    @property
    def ser(self) -> float:
        """Symbol error ratio at the sampling instant."""
        return self.rates.ser

    @property
    def _centre(self) -> int:
        return len(self.phase_ui) // 2

    @property
    def volts(self) -> Float:
        """Voltage grid (V,) of `density`: 768 steps over 1.9 x the outer levels, beyond what interference adds."""
        # 1.9: room for what interference adds about the outer levels
        top = 1.9 * float(np.abs(self.level_volts).max())
        return np.linspace(-top, top, 769)

    @property
    def density(self) -> Float:
        """Probability density (P, V) in 1/V of the slicer input, all levels together."""
        volts, levels = self.volts, self.levels
        # levels are not equally frequent in every coding
        shares = level_shares(len(levels))
        total = np.zeros((len(self.slices), len(volts)))
        for row, (piece, main) in enumerate(zip(self.slices, self.main_cursor, strict=True)):
            for index, level in enumerate(levels):
                # upward and downward deviations have tails of their own: duty-cycle distortion and light make them differ
                offset = volts - level * main
                upper = np.interp(np.abs(offset), piece.volts, piece.density[index], right=0.0)
                lower = np.interp(np.abs(offset), piece.volts, piece.lower_density[index], right=0.0)
                total[row] += np.where(offset >= 0, upper, lower) * shares[index]
        return total

    def edges(self, ber: float, *, phase: int | None = None) -> tuple[tuple[float, float], ...]:
        """(low, high) in V of each eye at error ratio `ber` and phase index (the sampling instant by default)."""
        _check_ratio(ber)
        index = self._centre if phase is None else phase
        piece, main, levels = self.slices[index], float(self.main_cursor[index]), self.levels
        return tuple(
            (
                # upper edge of the lower level, lower edge of the upper one: what is between both is the eye
                float(levels[e]) * main + piece.quantile(e, ber),
                float(levels[e + 1]) * main - piece.lower_quantile(e + 1, ber),
            )
            for e in range(len(levels) - 1)
        )

    def spans(self, ratios: Sequence[float]) -> Float:
        """(R, P, E, 2): `edges` of each eye at each error ratio and phase, all at once."""
        from sirf.results.tail_quantiles import edge_quantiles

        for ratio in ratios:
            _check_ratio(ratio)
        closing = np.moveaxis(edge_quantiles(self.slices, ratios), -1, 0)
        means = self.levels * self.main_cursor[:, np.newaxis]
        return np.stack([means[:, :-1] + closing[..., 0], means[:, 1:] - closing[..., 1]], axis=-1)

    def eye_heights(self, ber: float | None = None) -> tuple[float, ...]:
        """Height in V of each eye, lowest first, at error ratio `ber` (DER0 of the link by default); 0 when closed."""
        return tuple(max(high - low, 0.0) for low, high in self.edges(self.der0 if ber is None else ber))

    def eye_height(self, ber: float | None = None) -> float:
        """Height in V of the worst eye."""
        return min(self.eye_heights(ber))

    def eye_widths(self, ber: float | None = None) -> tuple[float, ...]:
        """Width in UI of each eye at its decision threshold, lowest first; 0 when closed."""
        ratio = self.der0 if ber is None else ber
        (spans,) = self.spans([ratio])
        return tuple(
            # the side that is nearer to the threshold decides
            _width(self.phase_ui, np.minimum(self.thresholds[e] - spans[:, e, 0], spans[:, e, 1] - self.thresholds[e]))
            for e in range(len(self.thresholds))
        )

    def eye_width(self, ber: float | None = None) -> float:
        """Width in UI of the worst eye."""
        return min(self.eye_widths(ber))

    def contour(self, ber: float | None = None) -> list[tuple[Float, Float, Float]]:
        """Per eye (phase_ui, lower volts, upper volts) where it is open at error ratio `ber`; empty arrays when closed."""
        ratio = self.der0 if ber is None else ber
        (spans,) = self.spans([ratio])
        result = []
        for e in range(spans.shape[1]):
            low, high = spans[:, e, 0], spans[:, e, 1]
            # only the piece about the instant: an eye that opens again elsewhere is another symbol's
            keep = _run_about(low < high, self._centre)
            result.append((self.phase_ui[keep], low[keep], high[keep]))
        return result

    def bathtub(self) -> tuple[Float, Float]:
        """(phase_ui, symbol error ratio with ideal feedback) at the slicers' thresholds across the unit interval."""
        levels = self.levels
        ratios = [
            # with ideal feedback: errors of the past would need the whole chain at each phase
            piece.error_ratio(levels, float(main), self.thresholds)
            for piece, main in zip(self.slices, self.main_cursor, strict=True)
        ]
        return self.phase_ui, np.array(ratios)

    def voltage_bathtub(self, *, phase: int | None = None) -> tuple[Float, Float]:
        """(volts (V,), ratio (E, V)): part of all symbols beyond a threshold at each voltage, per eye, with ideal feedback."""
        from sirf.results.eye_metrics import voltage_bathtub

        return voltage_bathtub(self, self._centre if phase is None else phase)

    def error_map(self) -> Float:
        """Error ratio (P, V) of a decision at every phase and voltage of `volts`, with ideal feedback."""
        from sirf.results.eye_metrics import error_map

        return error_map(self)

    def metrics(self, ber: float | None = None) -> EyeMetrics:
        """Height, width, linearity, VEC, VEO, SNDR and dual-Dirac jitter of each eye at `ber` (DER0 of the link by default)."""
        from sirf.results.eye_metrics import metrics

        ratio = self.der0 if ber is None else ber
        _check_ratio(ratio)
        return metrics(self, ratio)

    @property
    def com_db(self) -> float:
        """Former name of `eye_com_db`, which is not the Channel Operating Margin of an Annex (`sirf.com`)."""
        import warnings

        warnings.warn("StatisticalEye.com_db is now eye_com_db; use that.", DeprecationWarning, stacklevel=2)
        return self.eye_com_db

    @property
    def eye_com_db(self) -> float:
        """Signal over interference, 20 log10(A_s / A_ni), of the worst eye.

        A_s is half the distance of two levels, A_ni the interference exceeded with probability DER0. COM of an Annex has the
        same ratio over a link of its own (packages, equaliser and noise as the Annex says): `sirf.com`.
        """
        # the least eye decides, for an error in any is an error
        return min(
            # no interference at all: an ideal link
            float(db20(available / noise)) if noise > 0 else float("inf")
            for available, noise in self._signals()
        )

    @property
    def vec_db(self) -> float | None:
        """Vertical eye closure 20 log10(A_s / (A_s - A_ni)) of the worst eye in dB; None when one is closed."""
        signals = self._signals()
        # a closed eye has no closure in dB: the logarithm would be of nothing or less
        if any(available <= noise for available, noise in signals):
            return None
        return max(float(db20(available / (available - noise))) for available, noise in signals)

    def _signals(self) -> list[tuple[float, float]]:
        """(A_s, A_ni) in V of each eye: half the distance of its levels, and the mean of what closes it from both sides."""
        levels, piece = self.levels, self.slices[self._centre]
        main = float(self.main_cursor[self._centre])
        return [
            (
                0.5 * float(levels[e + 1] - levels[e]) * main,
                # duty-cycle distortion and compression make both sides of one eye differ; COM has one number for both,
                # hence their mean
                0.5 * (piece.quantile(e, self.der0) + piece.lower_quantile(e + 1, self.der0)),
            )
            for e in range(len(levels) - 1)
        ]

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the eye on axes, new ones by default, and return them; options as in `sirf.plot.eye`."""
        # by name, for pictures stand on a higher floor
        return import_module("sirf.plot").eye(self, ax, **options)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: heights in mV, widths and jitter in UI, at the link's DER0."""
        figures = self.metrics(self.der0)
        jitter = figures.worst_jitter
        return {
            "engine": "statistical",
            "standard": self.link.standard,
            "symbol_rate": self.link.symbol_rate,
            "modulation": self.link.modulation,
            "eye_ber": self.der0,
            "eye_height_mv": 1e3 * self.eye_height(),
            "eye_heights_mv": [1e3 * value for value in self.eye_heights()],
            "eye_width_ui": self.eye_width(),
            "eye_widths_ui": list(self.eye_widths()),
            "vec_db": self.vec_db,
            "eye_com_db": self.eye_com_db,
            "linearity": figures.linearity,
            "sndr_db": figures.sndr_db,
            "jitter_total_ui": None if jitter is None else jitter.total,
            "jitter_random_ui": None if jitter is None else jitter.random,
            "jitter_deterministic_ui": None if jitter is None else jitter.deterministic,
            "ber": self.ber,
            "ser": self.ser,
            "detector_error_ratio": self.rates.detector_error_ratio,
            "mean_burst": self.rates.mean_burst,
            "ideal_feedback": self.ideal_feedback,
            "insertion_loss_db": self.link.insertion_loss_db,
            "omitted_cursors": self.omitted,
            "sampling": None if self.sampling is None else self.sampling.to_dict(),
            "errors": None,
            "symbols": None,
            "ber_low": None,
            "ber_high": None,
        }

    @property
    def hint(self) -> str | None:
        """What most likely makes the eye bad, where its equalisers have not been set; None where there is nothing to say."""
        # an equaliser that was searched, or a vendor's own, is not improved by another search
        if self.link.equalizer_report is not None or self.link.has_models or self.ber < BAD_ERROR_RATIO:
            return None
        limits = self.link.limits
        # a link without any freedom has nothing that a search could set: the hint would lead nowhere
        choices = (limits.tx_ffe, limits.dfe_max, (1,) * limits.rx_ffe_post, limits.g_dc_db[1:])
        return "equalisers are as given, not searched: try link.optimized()" if any(map(len, choices)) else None

    def __repr__(self) -> str:
        """One line."""
        note = "" if self.hint is None else f"; {self.hint}"
        note += "" if self.sampling is None else f"; {self.sampling.brief}"
        return (
            f"StatisticalEye(BER {self.ber:.2e}, height {1e3 * self.eye_height():.2f} mV and width "
            f"{self.eye_width():.3f} UI at {self.der0:g}, S/I {self.eye_com_db:.2f} dB{note})"
        )

    def __str__(self) -> str:
        """A small table."""
        from sirf._display import table

        return table("Statistical eye", _rows(self))

    def _repr_html_(self) -> str:
        from sirf._display import html_table

        return html_table("Statistical eye", _rows(self))


def _rows(eye: StatisticalEye) -> Sequence[tuple[str, str]]:
    vec = eye.vec_db
    return (
        ("link", repr(eye.link)),
        ("bit error ratio", f"{eye.ber:.3e}"),
        ("symbol error ratio", f"{eye.ser:.3e}"),
        (f"eye heights at {eye.der0:g}", " / ".join(f"{1e3 * value:.2f}" for value in eye.eye_heights()) + " mV"),
        (f"eye widths at {eye.der0:g}", " / ".join(f"{value:.3f}" for value in eye.eye_widths()) + " UI"),
        ("signal over interference", f"{eye.eye_com_db:.2f} dB"),
        ("VEC", "eye closed" if vec is None else f"{vec:.2f} dB"),
        *(() if eye.sampling is None else (("sampling", str(eye.sampling)),)),
        *(() if eye.hint is None else (("hint", eye.hint),)),
    )


def _check_ratio(ber: float) -> None:
    if not 0.0 < ber < 0.5:
        raise SirfError(f"ber must be between 0 and 0.5, got {ber}. Use a target such as 1e-6.")


def _run_about(inside: NDArray[np.bool_], centre: int) -> slice:
    """The unbroken run of True about `centre`."""
    if not inside[centre]:
        # closed at the instant
        return slice(0, 0)
    low = centre
    while low > 0 and inside[low - 1]:
        low -= 1
    high = centre
    while high < len(inside) - 1 and inside[high + 1]:
        high += 1
    return slice(low, high + 1)


def _width(phase: Float, margin: Float) -> float:
    """Length of the run with positive margin about the centre, ends interpolated.

    The unit interval ends one step after the last phase: an eye that is still open there is followed on by its last slope,
    and one that is open throughout is 1 UI wide.
    """
    run = _run_about(margin > 0, len(phase) // 2)
    if run.stop == 0:
        return 0.0
    low, high = float(phase[run.start]), float(phase[run.stop - 1])
    if run.start > 0:
        a, b = margin[run.start - 1], margin[run.start]
        # straight from the last phase with margin to the first without: a and b have opposite signs, and their line
        # crosses zero between
        low -= float(b / (b - a) * (phase[run.start] - phase[run.start - 1]))
    if run.stop < len(phase):
        a, b = margin[run.stop - 1], margin[run.stop]
        high += float(a / (a - b) * (phase[run.stop] - phase[run.stop - 1]))
    elif len(phase) > 1:
        # an eye open at its last phase goes on into the step behind it, up to the next symbol
        step, fall = phase[-1] - phase[-2], margin[-2] - margin[-1]
        # no further than that step: beyond it the next symbol's eye begins
        high += float(step * min(1.0, margin[-1] / fall if fall > 0.0 else 1.0))
    return high - low

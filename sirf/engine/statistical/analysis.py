"""The statistical engine: the eye as probability, from intersymbol interference, crosstalk, noise and jitter.

At every sampling phase the distribution of interference given the sent level is exact for independent symbols (see
`interference`); decision feedback enters as a Markov chain on the last errors (see `error_propagation`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sirf._arrays import Complex, Float
from sirf.engine.contract import LARGE_SIGNAL, STATISTICAL, check_link
from sirf.engine.edge_response import EdgeResponse
from sirf.engine.front_end import FrontEnd, front_end, front_end_like
from sirf.engine.rounding import converter_rounding
from sirf.engine.statistical.conditional_interference import AfterError, LevelByLevel, leaning
from sirf.engine.statistical.converter_clipping import check_clipping, clipping
from sirf.engine.statistical.edge_jitter import Displacement
from sirf.engine.statistical.error_propagation import MEMORY, RatesByPattern
from sirf.engine.statistical.level_interference import Conditionals, interference_by_level
from sirf.engine.statistical.link_error_rates import error_rates
from sirf.engine.statistical.open_phases import while_open
from sirf.engine.statistical.tilted_contour import EXACT, TiltedContour
from sirf.engine.statistical.tilted_inversion import (
    BELOW_ERRORS,
    LEAST_RESOLVED,
    RESOLVED,
    SEAM,
    aggressor_function,
    check_crosstalk,
    interference,
)
from sirf.engine.statistical.tilted_moment import TiltedMoment
from sirf.errors import SirfError
from sirf.results.interference_distribution import Interference
from sirf.results.statistical_eye import ErrorRates, StatisticalEye
from sirf.signal.pam import mean_square, thresholds

if TYPE_CHECKING:
    from sirf.engine.light.large_signal import LargeSignal, LevelDistortion
    from sirf.link import Link


TIED_SYMBOLS = 2
"""Symbols after an error whose interference is taken level by level; fewer than the cursors that precede the main one."""


def statistical_eye(
    link: Link,
    *,
    phases: int | None = None,
    ideal_feedback: bool = False,
    worst_phase: bool = False,
    sampling_jitter_ui: float = 0.0,
    open_at: float | None = None,
) -> StatisticalEye:
    """Eye, error ratios, contours and bathtub of a link by probability.

    Parameters
    ----------
    phases
        Sampling phases across the unit interval; a divisor of `link.samples_per_ui`, which is the default. 1 computes the
        error ratio at the sampling instant alone.
    ideal_feedback
        Feed the sent symbols back instead of the decided ones: no DFE error propagation.
    worst_phase
        Take every aggressor at its worst phase instead of the average over phases.
    sampling_jitter_ui
        Rms in UI of the receiver's sampling clock: all edges that a sample sees are displaced together.
    open_at
        Of the phases, those alone about the sampling instant up to where every eye has closed at this error ratio on both
        sides: all that heights and widths at this and smaller ratios are read from. With vendor models all are computed.

    With vendor models the impulse response that their AMI_Init returns takes the place of the link's.

    A closed eye gives its error ratio and an eye height of zero. Raises `SirfError` for a bad number of phases or a link
    whose pulse has no positive main cursor.

    >>> eye = sirf.statistical_eye(link)
    >>> eye.eye_height(1e-6) > 0
    True
    """
    if link.has_models:
        from sirf.ami.flow import modelled

        found = modelled(link)
        eye = statistical_eye(
            found.linear,
            phases=phases,
            ideal_feedback=ideal_feedback,
            worst_phase=worst_phase,
            sampling_jitter_ui=float(np.hypot(sampling_jitter_ui, found.clock.random_ui)),
        )
        return found.finish_eye(eye)
    m = link.samples_per_ui
    count = m if phases is None else phases
    if count < 1 or m % count:
        raise SirfError(f"phases must divide samples_per_ui = {m}, got {phases}. Use {m} or 1.")
    model = interference_model(link.placed(), worst_phase, sampling_jitter_ui)
    offsets = (np.arange(count) - count // 2) * (m // count)
    slices = [model.at(int(offset)) for offset in offsets] if open_at is None else while_open(model, offsets, open_at)
    # as many phases on both sides as were computed
    offsets = offsets[(count - len(slices) + 1) // 2 :][: len(slices)]
    main = model.main_cursors(offsets)
    centre = len(slices) // 2
    levels = model.decided
    decision = model.thresholds(slices[centre])
    check_clipping(model, slices[centre], decision)
    rates = model.error_rates(ideal_feedback)
    return StatisticalEye(
        link=link,
        phase_ui=offsets / m,
        main_cursor=main,
        slices=tuple(slices),
        level_volts=levels * main[centre],
        thresholds=decision,
        levels=levels,
        rates=rates,
        der0=link.der0,
        ideal_feedback=ideal_feedback,
        omitted=model.front_end.omitted,
        sampling=link.chosen_instant(),
    )


def clips(link: Link) -> bool:
    """Whether what lies beyond the range of the link's converter makes errors that matter.

    As the statistics find it, for independent symbols that are decided one by one and a driver without compression.
    """
    if link.receiver.converter is None:
        return False
    # blocks that make no difference to the samples' range, or that the statistics do not know
    plain = link.replace(
        transmitter=replace(link.transmitter, compression=0.0, pattern=None, precoding=False),
        receiver=replace(link.receiver, mlse=None),
        aggressors=tuple(replace(one, pattern=None) for one in link.aggressors),
    )
    model = interference_model(plain)
    centre = model.at(0)
    return clipping(model, centre, model.thresholds(centre)) is not None


def interference_model(link: Link, worst_phase: bool = False, sampling_jitter_ui: float = 0.0) -> InterferenceModel:
    """The model of a link, kept with its aggressors' functions for the last two links (a link never changes)."""
    # a cache tells what is left out from the same that is given: all are given
    return kept_model(link, worst_phase, sampling_jitter_ui)


# a link with large signals of light keeps 18 MB
@lru_cache(maxsize=2)
def kept_model(link: Link, worst_phase: bool, sampling_jitter_ui: float) -> InterferenceModel:
    """`interference_model`, of which a cache knows every argument."""
    return InterferenceModel(link, worst_phase=worst_phase, sampling_jitter_ui=sampling_jitter_ui)


class InterferenceModel:
    """The parts of a link's interference that do not depend on the phase, and the distribution at any phase."""

    def __init__(
        self,
        link: Link,
        *,
        worst_phase: bool = False,
        sampling_jitter_ui: float = 0.0,
        like: InterferenceModel | None = None,
    ) -> None:
        """`like` is the model of a link which differs in noise, sizes of jitter and aggressors alone: its light's waves serve."""
        large = link.optics is not None and link.optics.large_signal
        check_link(LARGE_SIGNAL if large else STATISTICAL, link)
        self.link = link = link.placed()
        self.front_end: FrontEnd = front_end(link) if like is None else front_end_like(link, like.link, like.front_end)
        self.levels = link.levels
        self.symbol_variance = mean_square(self.levels)
        self.pulse, self.edges = self.front_end.mean_pulse, EdgeResponse.of(self.front_end)
        self.codes, converter_noise = self._quantisation()
        self.white = self.front_end.transmitter_noise**2 + converter_noise
        wander = self.front_end.wander
        self.wander = 0.0 if wander is None else wander.variance(self.levels)
        self.noise = self.front_end.receiver_noise**2 + self.white + self.wander
        self.displacement = self._displacement(sampling_jitter_ui)
        self.worst_phase = worst_phase
        self.aggressor_bound, self.aggressor_proxy = self._aggressor_sizes()
        self._crosstalk: dict[tuple[TiltedContour, int], Complex] = {}
        self._after: AfterError | None = None
        self._instant: Interference | None = None
        self._rates: dict[bool, ErrorRates] = {}
        self._balanced: tuple[Interference, Float] | None = None
        self.large: LargeSignal | None = None
        self.decided = self.levels
        if large:
            from sirf.engine.light.large_signal import LargeSignal

            self.large = LargeSignal(link, self.front_end, like=None if like is None else like.large)
            self.decided = self.large.at(0).means / self.front_end.main_cursor

    def at(self, offset: int) -> Interference:
        """The interference `offset` samples after the sampling instant; at the instant itself it is kept."""
        if offset:
            return self._interference(offset)
        if self._instant is None:
            self._instant = self._interference(0)
        return self._instant

    def error_rates(self, ideal_feedback: bool) -> ErrorRates:
        """Error ratios at the sampling instant, kept: an eye at more phases is often asked for after one at the instant."""
        if ideal_feedback not in self._rates:
            self._rates[ideal_feedback] = error_rates(self, self.at(0), ideal_feedback=ideal_feedback)
        return self._rates[ideal_feedback]

    def _interference(self, offset: int) -> Interference:
        if self.large is not None:
            return self._distorted(self.large.at(offset), offset)
        cursors, main = self.cursors(offset)
        edges = self.edges.shifted(offset, len(cursors))

        def on(line: TiltedContour, *, deep: bool) -> Interference:
            coupled = self._aggressors(line, offset, deep=deep)
            return interference(cursors, main, edges, self.displacement, self.levels, coupled, line, deep=deep)

        return self._on_lines(on, partial(self._line, cursors, main, edges), offset)

    def _on_lines(
        self, on: Callable[..., Interference], line: Callable[..., TiltedContour], offset: int
    ) -> Interference:
        """The interference `on` a line, and where that resolves too little of its tails on a deep one too."""
        found = on(line(), deep=False)
        # of other phases contours are read; of the instant error ratios too, which may lie deeper than this line
        # resolves
        if found.resolved <= RESOLVED and (offset or found.resolved <= self._least_read(found)):
            return found
        return found.continued(on(line(deep=True), deep=True), SEAM)

    def _least_read(self, at_instant: Interference) -> float:
        """The smallest probability that error ratios depend on, as the tail that may lose it in rounding has them."""
        main = self.front_end.main_cursor
        errors = at_instant.error_ratio(self.decided, main, thresholds(self.decided) * main)
        return max(BELOW_ERRORS * errors, LEAST_RESOLVED)

    def _distorted(self, distortion: LevelDistortion, offset: int) -> Interference:
        """The interference where optics bend the levels and what lies about them; what couples in stays as it is."""
        cursors, main = self.cursors(offset)
        edges = self.edges.shifted(offset, len(cursors))
        moved = (self.levels - self.decided) * self.pulse[self.front_end.sampling + offset]
        count, pairs = len(moved), len(moved) ** 2
        given = Conditionals(
            distortion.bent(cursors, main).reshape(pairs, -1),
            edges,
            distortion.slope.ravel(),
            self.noise + distortion.variance.ravel(),
            distortion.third.ravel(),
            distortion.offsets.reshape(pairs, -1) + moved.repeat(count)[:, None],
            distortion.shares.reshape(pairs, -1),
        )
        least = float(given.variance.min())
        if not least > 0.0:
            raise SirfError(f"noise of every level must be positive, got a variance of {least:.3g} V². Give noise.")
        most = float(given.spread.max())
        widest = np.abs(given.cursors).max(axis=0)
        # an offset is bounded as a cursor is, and put beside the main cursor, which itself is dropped below
        widest[main + 1] += float(np.abs(distortion.offsets).max())

        def on(line: TiltedContour, *, deep: bool) -> Interference:
            coupled = self._aggressors(line, offset, deep=deep)
            return interference_by_level(given, main, self.displacement, self.levels, coupled, line, deep=deep)

        scaled = edges.scaled(float(distortion.slope.max()))
        found = self._on_lines(on, partial(self._line, widest, main, scaled, noise=least, more=most - least), offset)
        centres = self.decided * self.pulse[self.front_end.sampling + offset]
        return found.multiplied(
            *distortion.patterns.log_ratios(centres, self.noise + self._crosstalk_variance, found.volts)
        )

    def thresholds(self, at_instant: Interference) -> Float:
        """Decision thresholds (L - 1,) in V of the receiver's slicers, given the interference at the sampling instant.

        Half way between the levels. Adapted slicers of a link whose optics bend the levels and add noise that grows with the
        light sit where either neighbour is mistaken for the other as often; the reference receivers of copper do not move.
        """
        midway = thresholds(self.decided) * self.front_end.main_cursor
        if self.large is None or self.link.receiver.thresholds == "midway":
            return midway
        # kept: an eye reads them, and its error ratios do so again
        if self._balanced is None or self._balanced[0] is not at_instant:
            found = at_instant.balanced_thresholds(self.decided, self.front_end.main_cursor)
            found.flags.writeable = False
            self._balanced = at_instant, found
        return self._balanced[1]

    def main_cursors(self, offsets: NDArray[np.int64]) -> Float:
        """Main cursor in V at each offset in samples."""
        return self.pulse[self.front_end.sampling + offsets]

    def cursors(self, offset: int) -> tuple[Float, int]:
        """Cursors (K,) in V with the fed-back part taken off, and the index of the main one."""
        cursors = self.front_end.cursors(self.pulse, phase=offset)
        main = self.front_end.pre_cursors
        taps = np.asarray(self.link.receiver.dfe)[: len(cursors) - main - 1]
        # feedback holds its value through the whole UI: at every phase it takes off the same
        cursors[main + 1 : main + 1 + len(taps)] -= taps * self.front_end.main_cursor
        return cursors, main

    def after_errors(self, at_instant: Interference) -> AfterError:
        """What to expect after a symbol that was decided too high, at the sampling instant; kept.

        Precursors, coloured noise and jittered edges tie an error to what follows. All means are those of the distribution
        tilted by theta to where the error happened: derivatives of log E exp(theta x), over theta, by a symbol's cursor for its
        level, and along the later symbol's cursors and edges for its interference. The wrong symbol's own level counts too: its
        interference with later symbols is what the feedback leaves of it.
        """
        if self._after is not None:
            return self._after
        end, moved, edges = self.front_end, self.displacement, self.edges
        cursors, main = self.cursors(0)
        cursors[main] = 0.0
        bounds = 0.5 * np.diff(self.levels) * end.main_cursor
        likely = at_instant.above(np.arange(len(bounds)), bounds)
        level = int(np.argmax(likely))
        likely /= likely.sum()
        # how fast the tail falls at the threshold: the tilt with which errors happen there
        small = 1e-3 * bounds[level]
        here, beyond = np.log(at_instant.above(level, bounds[level] + np.array([-small, small]))).tolist()
        tilt = (here - beyond) / (2.0 * small)

        moment = TiltedMoment.of(cursors, main, edges, moved, self.levels, tilt)
        noise = self._noise_covariance()
        variance = self._isi_variance(cursors, edges.edges) + noise[0]
        ahead = [(main - lag, _advanced(cursors, lag), later) for lag, later in enumerate(edges.later(MEMORY), start=1)]
        # of Gaussian parts the tilted mean is the tilt times their covariance, exactly
        means = tilt * noise[1:]
        lean, offset, spread = (np.zeros((MEMORY, len(self.levels))) for _ in range(3))
        # a displaced edge reaches the next levels and the interference that they meet: these depend on each other
        for row, pair in enumerate(moment.given_symbols(ahead[:TIED_SYMBOLS])):
            told = LevelByLevel.of(pair, tilt, noise[[0, row + 1]], bounds, likely)
            means[row], lean[row], offset[row], spread[row] = told.mean, told.leaning, told.offset, told.spread
        untied = range(TIED_SYMBOLS, MEMORY)
        levels_of = [row for row in untied if ahead[row][0] >= 0]
        courses = [(ahead[row][1], ahead[row][2]) for row in untied]
        slopes = moment.derivatives([*courses, *((moment.along_level(ahead[row][0]), None) for row in levels_of)])
        slopes = slopes[:, :-1] @ likely
        means[TIED_SYMBOLS:] += slopes[: len(untied)] / tilt
        for row, mean in zip(levels_of, slopes[len(untied) :].tolist(), strict=True):
            lean[row] = leaning(mean, self.levels) * self.levels
        self._after = AfterError(variance, means, lean, offset, spread)
        return self._after

    def rates_after_errors(self, decision: Float) -> RatesByPattern:
        """Of a link whose light has curves: `by_pattern` of `with_feedback`, with thresholds `decision` (L - 1,) in V."""
        from sirf.engine.light.pattern_feedback import PatternFeedback

        assert self.large is not None
        return PatternFeedback(self.large.at(0).patterns, decision, self._noise_covariance()).rates

    def covariance(self, count: int) -> Float:
        """Covariance (count,) in V² of all interference and noise at the instant with itself 0, 1, 2 … symbols later."""
        cursors, main = self.cursors(0)
        cursors[main] = 0.0
        edges, moved = self.front_end.cursors(self.front_end.edge), self.displacement
        jitter = moved.step_moments[1] * float(moved.variance.max())
        shared = [
            self.symbol_variance * float(cursors @ _advanced(cursors, lag))
            + jitter * float(edges @ _advanced(edges, lag))
            for lag in range(count)
        ]
        return np.asarray(self._noise_covariance(count) + shared)

    @cached_property
    def _crosstalk_variance(self) -> float:
        """Variance in V² of all aggressors, averaged over their phases."""
        m = self.link.samples_per_ui
        return float(sum(self.symbol_variance * np.sum(wave**2) / m for wave in self.front_end.crosstalk))

    def _quantisation(self) -> tuple[Float, float]:
        """Half widths (J,) in V of the converter's codes behind each tap of the Rx FFE, and the variance of its own noise."""
        rounding = self.rounding = converter_rounding(self.link)
        if rounding is None:
            return np.zeros(0), 0.0
        return 0.5 * rounding.step * np.abs(rounding.taps[rounding.taps != 0.0]), rounding.own_noise

    def _noise_covariance(self, count: int = MEMORY + 1) -> Float:
        """Covariance (count,) in V² of noise, crosstalk and baseline wander with themselves 0, 1, 2 … symbols later."""
        m = self.link.samples_per_ui
        total = np.zeros(count)
        for wave in self.front_end.crosstalk:
            # eight phases of a UI stand for all
            columns = wave[: len(wave) // m * m].reshape(-1, m)[:, :: m // 8]
            total += [
                self.symbol_variance * np.sum(columns[: len(columns) - k] * columns[k:]) / columns.shape[1]
                for k in range(count)
            ]
        total += self.front_end.noise_correlation[: count * m : m]
        total[0] += self.white
        if (wander := self.front_end.wander) is not None:
            total += self.wander * wander.decay ** np.arange(count)
        if self.rounding is not None:
            total += self.rounding.correlation(count)
            total[0] -= self.rounding.own_noise  # it stands in the white noise already
        return total

    def _isi_variance(self, cursors: Float, edges: Float) -> float:
        """Variance in V² of intersymbol interference and jitter."""
        moved = self.displacement
        jitter = moved.step_moments[1] * float(np.sum(moved.variance * edges**2))
        return float(self.symbol_variance * np.sum(cursors**2)) + jitter

    def _displacement(self, sampling_jitter_ui: float) -> Displacement:
        """How the transmitter's edges are displaced, with what blurs the steps of common displacements."""
        link, tx, end = self.link, self.link.transmitter, self.front_end
        swing = float(np.sum(np.abs(np.diff([0.0, *tx.ffe, 0.0])))) * float(np.abs(end.edge).max())
        # displacement of the steepest edge of the largest transition that does as much as the noise
        return Displacement.of(
            tx.jitter,
            ffe=tx.ffe,
            ffe_main=tx.ffe_main,
            levels=self.levels,
            symbol_rate=link.symbol_rate,
            edges=end.cursors(end.edge),
            sampling_ui=sampling_jitter_ui,
            blur_ui=float(np.hypot(np.sqrt(self.noise) / swing, tx.jitter.random_ui)),
        )

    def _line(
        self,
        cursors: Float,
        main: int,
        edges: EdgeResponse,
        *,
        noise: float | None = None,
        more: float = 0.0,
        deep: bool = False,
    ) -> TiltedContour:
        """The line that holds all parts at one phase; `noise` in V² is the model's by default, `more` what may come on top."""
        moved, widest = self.displacement, self.displacement.widest
        steepest = edges.steepest(moved.furthest)
        bounded = [np.delete(cursors, main), widest * steepest * moved.usual, self.aggressor_bound, self.codes]
        return TiltedContour.of(
            np.concatenate(bounded),
            self.noise if noise is None else noise,
            self.levels,
            proxy=self.aggressor_proxy,
            # what moves all edges together adds up over the few that are steep
            spread=widest**2 * float(np.sum((moved.random + 2.0 * moved.common) * steepest**2)) + more,
            deep=deep,
        )

    def _aggressors(self, line: TiltedContour, offset: int, *, deep: bool = False) -> Complex:
        """The function of all aggressors, the converter's codes and what baseline wander is short of a Gaussian on a line, kept;
        by offset where phases are fixed.
        """
        m, sources = self.link.samples_per_ui, self.link.aggressors
        key = (line, offset if any(source.phase_ui is not None for source in sources) else 0)
        if key not in self._crosstalk:
            product = np.ones(line.size, dtype=complex)
            once: dict[tuple[int, int | None], Complex] = {}
            pulses = zip(self.front_end.crosstalk, self.front_end.crosstalk_index, sources, strict=True)
            for wave, number, source in pulses:
                # with a rate offset every phase comes in turn, wherever it started
                fixed = None
                if source.phase_ui is not None and not source.rate_offset_ppm:
                    # the phase moves along with the instant that is looked at
                    fixed = (int(source.phase_ui * m) + offset) % m
                if (alike := (number, fixed)) not in once:
                    once[alike] = aggressor_function(
                        wave, m, self.levels, line, worst_phase=self.worst_phase, fixed_phase=fixed
                    )
                product *= once[alike]
            for half in self.codes:
                # a code is off by anything within its width, uniformly: sinh(x) / x, whose argument the tilt of the
                # line keeps off zero
                product *= np.sinh(half * line.points) / (half * line.points)
            if (wander := self.front_end.wander) is not None:
                # its variance is part of the noise
                product *= np.exp(wander.fourth_cumulant(self.levels) / 24.0 * line.points**4)
            if not deep:
                check_crosstalk(product, line)
            self._crosstalk[key] = product
        return self._crosstalk[key]

    def _aggressor_sizes(self) -> tuple[Float, float]:
        """Largest |cursor| of the aggressors over all phases, V, and the sum of squares of the others, V²."""
        m = self.link.samples_per_ui
        sizes = [np.abs(wave[: len(wave) // m * m]).reshape(-1, m).max(axis=1) for wave in self.front_end.crosstalk]
        # the largest ones count as bounded by themselves, all others by their sum of squares
        together = np.sort(np.concatenate([np.zeros(1), *sizes]))[::-1]
        return together[:EXACT], float(np.sum(together[EXACT:] ** 2))


def _advanced(values: Float, lag: int) -> Float:
    """`values` (K,) moved to the front by `lag`."""
    return np.concatenate([values[lag:], np.zeros(min(lag, len(values)))])

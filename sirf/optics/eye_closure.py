"""Transmitter and dispersion eye closure for PAM4: IEEE 802.3 clause 121.8.5, with its reference receiver."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, lru_cache
from math import exp, floor, log
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.special import erfc, erfcinv

from sirf._arrays import Complex, Float
from sirf._kernels.histogram import count_moved
from sirf.errors import PhysicsError
from sirf.optics.power import check_period, delay_of_spectrum, outer_oma
from sirf.optics.stage import low_pass, noise_bandwidth
from sirf.signal.split_transform import rfft

TARGET_SER = 4.8e-4  # symbol error ratio of clause 121.8.5, before the FEC
# a bin is some forty times finer than the noise that an ideal eye bears, OMA / (6 Q_t)
HISTOGRAM_BINS = 1500
"""Of the eye's histogram, over 1.6 OMA."""
STEPS = (32e-3, 16e-3, 8e-3, 4e-3, 8e-3, 4e-3, 2e-3, 1e-3)
"""By how much taps are moved in their refinement; larger steps close the eye."""
INSTANTS = 5
"""Instants spread evenly over a window that stand for all."""
NOISE_STEP = 1.0 / 32.0
"""Step of the noise in nepers at which error ratios are tabled; between two the root lies within 1e-6 of the noise."""
LEAST_NOISE = floor(log(1e-3) / NOISE_STEP)
"""Steps below one OMA at which an eye that misses its target is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceReceiver:
    """Fourth-order Bessel-Thomson filter at `bandwidth` x symbol rate (None: no filter) and an equaliser of T-spaced taps.

    `taps` in all, at most `pre` of them before the main one; their sum is one. Windows of `width` UI centred at `centres` UI
    of the eye. The 5-tap receiver is clause 121's; `FIFTEEN_TAPS` that of 802.3dj.
    """

    taps: int = 5
    pre: int = 2
    bandwidth: float | None = 0.5
    centres: tuple[float, float] = (0.45, 0.55)
    width: float = 0.04
    target_ser: float = TARGET_SER

    def __post_init__(self) -> None:
        """Validate the fields."""
        if not (1 <= self.taps <= 63 and 0 <= self.pre < self.taps):
            raise PhysicsError(
                f"taps must be from 1 to 63 and pre below it, got {self.taps} and {self.pre}. Use 5 and 2."
            )
        if not 0.0 < self.target_ser < 0.5:
            raise PhysicsError(f"target_ser must be in (0, 0.5), got {self.target_ser}. Use 4.8e-4.")

    @property
    def q_t(self) -> float:
        """Q of the target: 3.414 for 4.8e-4 and PAM4."""
        # six of eight level sides have a threshold: SER = 1.5 Q(q) for PAM4, with Q(q) = erfc(q / sqrt 2) / 2
        return float(np.sqrt(2.0) * erfcinv(2.0 * self.target_ser / 1.5))


FIVE_TAPS = ReferenceReceiver()
FIFTEEN_TAPS = ReferenceReceiver(taps=15, pre=3)
IDEAL = ReferenceReceiver(taps=1, pre=0, bandwidth=None)
"""Filter and equaliser bypassed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tdecq:
    """Eye closure `db`; noise `allowed` in W rms that the signal bears; `oma` in W; equaliser `taps` and `noise_gain` C_eq."""

    db: float
    allowed: float
    oma: float
    taps: Float
    main: int
    noise_gain: float
    phase_ui: float
    receiver: ReferenceReceiver = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "tdecq_db": self.db,
            "oma_w": self.oma,
            "allowed_noise_w": self.allowed,
            "noise_gain": self.noise_gain,
            "taps": self.taps.tolist(),
            "main_tap": self.main,
            "phase_ui": self.phase_ui,
            "reference_taps": self.receiver.taps,
            "target_ser": self.receiver.target_ser,
        }

    def __repr__(self) -> str:
        """One line."""
        return f"Tdecq({self.db:.2f} dB, OMA {self.oma:.3e} W, {self.receiver.taps} taps, C_eq {self.noise_gain:.3f})"


def tdecq(
    power: Float,
    levels: NDArray[np.integer],
    *,
    symbol_rate: float,
    samples_per_ui: int,
    receiver: ReferenceReceiver = FIVE_TAPS,
    oma: float | None = None,
    scope_noise: float = 0.0,
) -> Tdecq:
    """TDECQ of one period of a PAM4 wave after the fibre (TECQ: before it), without noise of its own.

    Parameters
    ----------
    power
        (N M,) W, one period of a repeating pattern, M = `samples_per_ui` (at least 8).
    levels
        (N,) sent level indices 0 to 3. They align the equaliser and find the outer OMA; the histograms do not use them.
    oma
        OMA_outer in W; measured on `power` by default.
    scope_noise
        Noise sigma_S of the oscilloscope in W rms, taken into R = sqrt(sigma_G² + sigma_S²).

    The equaliser is the one that bears the most noise: minimum mean square with its noise matched to what the eye bears, for
    every main tap and sampling phase, then refined. TDECQ = 10 log10(OMA / (6 Q_t R)), equation (121-12). inf where even
    without noise the target SER is missed.
    """
    sent = np.asarray(levels)
    wave = np.asarray(power, dtype=float)
    check_period(wave, sent, samples_per_ui)
    if sent.size <= 4 * receiver.taps or sent.min() < 0 or sent.max() > 3:
        raise PhysicsError(
            "levels must be a pattern of PAM4 indices longer than four equalisers. Send for example PRBS13Q."
        )
    # the phase of the wave, its filter and its delay are found once for all equalisers
    eye = _Eye(
        wave, sent, symbol_rate, samples_per_ui, receiver, outer_oma(wave, sent, samples_per_ui) if oma is None else oma
    )
    # eight phases cover a UI; the windows move with them
    best = max((eye.solve(phase) for phase in np.arange(8) / 8.0), key=lambda found: found.allowed)
    # then half as far to either side of the best, three times
    for step in (1 / 16, 1 / 32, 1 / 64):
        best = max(best, *(eye.solve(best.phase + side * step) for side in (-1, 1)), key=lambda found: found.allowed)
    best = eye.refine(best)
    # the oscilloscope's own noise has already closed the eye of its trace: it is given back in power
    allowed = float(np.hypot(best.allowed, scope_noise))
    # equation (121-12): 6 Q_t R is the OMA that an ideal transmitter needs for the same noise
    db = 10.0 * np.log10(eye.oma / (6.0 * receiver.q_t * allowed)) if best.allowed > 0.0 else np.inf
    return Tdecq(
        db=float(db),
        allowed=allowed,
        oma=eye.oma,
        taps=best.taps,
        main=best.main,
        noise_gain=eye.noise_gain(best.taps),
        phase_ui=best.phase % 1.0,
        receiver=receiver,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """An equaliser at a phase: noise in W rms before it that the eye bears, taps, main tap."""

    allowed: float
    taps: Float
    main: int
    phase: float


class _Eye:
    """The filtered wave, and what an equaliser makes of it."""

    def __init__(
        self, wave: Float, sent: NDArray[np.integer], rate: float, m: int, receiver: ReferenceReceiver, oma: float
    ) -> None:
        self.receiver, self.oma, self.m, self.symbols = receiver, oma, m, sent.size
        # over the whole period, so that the filter wraps round as the pattern does
        frequency = fft.rfftfreq(wave.size, 1.0 / (rate * m))
        shape = 1.0 if receiver.bandwidth is None else low_pass("bessel4", frequency, receiver.bandwidth * rate)
        spectrum = rfft(wave) * shape
        self.folded = _aliases(spectrum, wave.size, self.symbols) / m
        self.wave, self.middle = wave, float(wave.mean())
        self.known: dict[float, Float] = {}
        # the noise found last in each window, where the next search begins
        self.last: dict[float, float] = {}
        ideal = sent.astype(float)
        # four levels a third of the OMA apart, about the mean of the pattern
        self.wanted = (ideal - ideal.mean()) * oma / 3.0
        # delay of fibre and filter together, for the pattern repeats and tells no more than a lag
        self.lag = delay_of_spectrum(spectrum, sent, m) / m
        self.correlation = (
            np.ones(1) if receiver.bandwidth is None else _noise_correlation(receiver.bandwidth, receiver.taps)
        )
        self.noise_matrix = _toeplitz(
            np.pad(self.correlation, (0, max(receiver.taps - self.correlation.size, 0))), receiver.taps
        )

    def samples(self, offsets: Float) -> Float:
        """The wave about its mean, once per symbol, at an even number of `offsets` (K,) in UI from the symbols: (K, N)."""
        places = offsets + self.lag
        if self.receiver.bandwidth is None:
            # linear between samples, for a wave without filter is known of no more, and its edges would ring between
            # them
            at = (np.arange(self.symbols) + places[:, None]) * self.m
            return np.asarray(np.interp(at, np.arange(self.wave.size), self.wave, period=self.wave.size) - self.middle)
        # later samples are a phase that turns with frequency: one factor for all lines of an alias, one within it
        aliases = np.arange(len(self.folded)) - len(self.folded) // 2
        half = np.exp(2j * np.pi * np.outer(places, aliases)) @ self.folded
        half *= _turns(places / self.symbols, half.shape[1])
        # two real rows are the parts of one complex row: half the transforms
        one, other = half[::2], 1j * half[1::2]
        both = np.empty((len(one), self.symbols), dtype=np.complex128)
        both[:, : half.shape[1]] = one + other
        # negative frequencies of real rows mirror the positive ones
        mirrored = slice(1, (self.symbols + 1) // 2)
        both[:, : self.symbols // 2 : -1] = np.conj(one - other)[:, mirrored]
        parts = np.asarray(fft.ifft(both, overwrite_x=True))
        rows = np.stack([parts.real, parts.imag], axis=1).reshape(-1, self.symbols)
        return np.asarray(rows - self.middle)

    def noise_gain(self, taps: Float) -> float:
        """C_eq: noise after the equaliser over noise before it, equation (121-9)."""
        return float(np.sqrt(taps @ self.noise_matrix @ taps))

    def solve(self, phase: float) -> _Found:
        """Best equaliser at one phase (UI after the symbol's start where the eye's middle lies): the main tap of least error."""
        # the middle of either window, (taps, 2 N)
        middle = np.concatenate(
            self._windows(phase).reshape(2, -1, INSTANTS, self.symbols)[:, :, INSTANTS // 2], axis=1
        )
        seen = middle @ middle.T / middle.shape[1]
        # a first guess; the second pass takes the noise that this equaliser turns out to bear
        noise = self.oma / 30.0
        rights = [middle @ self._shifted(main) / middle.shape[1] for main in range(self.receiver.pre + 1)]
        # the least error, not the most noise: it is found in closed form for every main tap
        tried = [(main, *self._least_squares(seen, right, noise)) for main, right in enumerate(rights)]
        main, taps, _ = min(tried, key=lambda one: one[2])
        first = _Found(self.allowed(taps, phase), taps, main, phase)
        if first.allowed <= 0.0:
            return first
        taps, _ = self._least_squares(seen, rights[main], first.allowed)
        return max(first, _Found(self.allowed(taps, phase), taps, main, phase), key=lambda one: one.allowed)

    def refine(self, start: _Found) -> _Found:
        """Walk the free taps uphill from the least-squares solution: each in turn to a parabola's top, in ever finer steps."""
        if self.receiver.taps == 1 or start.allowed <= 0.0:
            return start
        taps, best = start.taps, start.allowed
        # the largest tap follows from the others: their sum is one
        anchor = int(np.argmax(np.abs(taps)))

        for step in STEPS:
            before, places = taps, self._places(taps, start.phase)
            for place in (n for n in range(self.receiver.taps) if n != anchor):
                # samples move along one way with the tap: no sum over all taps is needed again
                way = np.zeros(self.receiver.taps)
                way[place], way[anchor] = 1.0, -1.0
                moves = self._moves(place, anchor, start.phase)
                below, above = (self._borne(places, taps + by * way, moves, by) for by in (-step, step))
                bend = below - 2.0 * best + above
                # where the three values bend upwards there is no top: a step towards the higher side
                top = 0.5 * (below - above) / bend if bend < 0.0 else float(np.sign(above - below))
                # no further than two steps: a parabola through flat values throws far
                shift = step * min(max(top, -2.0), 2.0)
                tried = [
                    (below, -step),
                    (above, step),
                    (self._borne(places, taps + shift * way, moves, shift), shift),
                ]
                found, by = max(tried)
                if found > best:
                    best, taps, places = found, taps + by * way, places + by * moves
            # where single taps are stuck on the ridge between two windows, the way of all together goes on
            onwards = taps + (taps - before)
            while (found := self.allowed(onwards, start.phase)) > best:
                best, taps, onwards = found, onwards, onwards + (taps - before)
        return _Found(best, taps, start.main, start.phase)

    def allowed(self, taps: Float, phase: float) -> float:
        """Noise in W rms before the equaliser at which the worse of the two windows has the target SER; 0 for a closed eye."""
        places = self._places(taps, phase)
        return self._borne(places, taps, places, 0.0)

    def _borne(self, places: Float, taps: Float, moves: Float, by: float) -> float:
        """`allowed` of the equaliser of `taps` whose samples lie at `places` + `by` `moves`."""
        bearable = []
        for centre, shares in zip(self.receiver.centres, _histograms(places, moves, by), strict=True):
            # the last answer is near the next: taps move little from one try to the next
            found = self._bearable(shares, self.last.get(centre, 0.0))
            self.last[centre] = found
            bearable.append(found)
        # what the equaliser amplifies of the noise the eye bears less of before it
        return min(bearable) / self.noise_gain(taps)

    def _places(self, taps: Float, phase: float) -> Float:
        """Where the equalised samples of both windows lie, (2, S) in bins of the histogram: ±0.8 OMA about the mean."""
        seen = taps @ self._windows(phase)
        return np.asarray(seen * (HISTOGRAM_BINS / (1.6 * self.oma)) + (0.5 * HISTOGRAM_BINS - 0.5))

    def _moves(self, place: int, anchor: int, phase: float) -> Float:
        """How far the samples move, (2, S) in bins, with one unit more of tap `place` and one less of `anchor`."""
        columns = self._windows(phase)
        return np.asarray((columns[:, place] - columns[:, anchor]) * (HISTOGRAM_BINS / (1.6 * self.oma)))

    def _windows(self, phase: float) -> Float:
        """What the taps see in both windows, (2, taps, S): symbol n + pre - j by tap j, so that `pre` sees the symbol itself."""
        key = round(phase, 9)
        if key not in self.known:
            # for one phase only: a period of 8191 symbols with 15 taps takes 5 MB a window
            self.known.clear()
            pre, taps = self.receiver.pre, self.receiver.taps
            within = (np.arange(INSTANTS) / (INSTANTS - 1) - 0.5) * 0.8 * self.receiver.width
            x = self.samples((phase - 0.5 + np.add.outer(self.receiver.centres, within)).ravel())
            # the period repeats: its ends see each other
            around = np.concatenate([x[:, self.symbols - (taps - 1 - pre) :], x, x[:, :pre]], axis=1)
            # newest first, as taps are counted
            seen = np.lib.stride_tricks.sliding_window_view(around, self.symbols, axis=1)[:, ::-1]
            self.known[key] = seen.reshape(2, INSTANTS, taps, -1).swapaxes(1, 2).reshape(2, taps, -1)
        return self.known[key]

    def _bearable(self, histogram: Float, last: float) -> float:
        """Largest Gaussian sigma after the equaliser with at most the target SER over the three thresholds.

        `last` is that of an equaliser nearby, about which it is looked for first; 0 where none is known.
        """

        def excess(step: int) -> tuple[float, float]:
            ratio, rise = (_errors_by_bin(step) @ histogram).tolist()
            # in nepers, where the error ratio is nearly a straight line; nothing is wrong with hardly any noise
            return log((ratio + 1e-300) / self.receiver.target_ser), rise / (ratio + 1e-300)

        # without an answer nearby from what an ideal eye bears
        near = last / self.oma if last > 0.0 else 1.0 / (6.0 * self.receiver.q_t)
        low = max(floor(log(near) / NOISE_STEP), LEAST_NOISE)
        high, stride = low + 1, 1
        while (below := excess(low))[0] >= 0.0:
            # wrong with hardly any noise: a closed eye
            if low == LEAST_NOISE:
                return 0.0
            low, high, stride = max(low - stride, LEAST_NOISE), low, 2 * stride
        while (above := excess(high))[0] < 0.0:
            low, high, stride, below = high, high + stride, 2 * stride, above
        while high - low > 1:
            middle = (low + high) // 2
            found = excess(middle)
            low, high, below, above = (low, middle, below, found) if found[0] >= 0.0 else (middle, high, found, above)
        return self.oma * exp(NOISE_STEP * (low + _root(*below, *above, NOISE_STEP)))

    def _shifted(self, main: int) -> Float:
        """What tap `main` shall see, for the rows of both windows."""
        return np.tile(np.roll(self.wanted, main - self.receiver.pre), 2)

    def _least_squares(self, seen: Float, right: Float, noise: float) -> tuple[Float, float]:
        """Taps of sum one with the least mean square error under `noise` W rms before the equaliser, and that error in W².

        Of the products of what the taps see with each other, `seen` (taps, taps), and with what is wanted, `right` (taps,).
        """
        # noise adds its correlation to the diagonal: taps that amplify it pay for it
        matrix = seen + noise**2 * self.noise_matrix
        # two right sides of one matrix: the free answer, and the way along which the sum changes
        free, along = np.linalg.solve(matrix, np.stack([right, np.ones(len(right))], axis=1)).T
        # Lagrange's solution under a sum of one, which keeps the mean light
        taps = free + along * (1.0 - free.sum()) / along.sum()
        return taps, float(taps @ matrix @ taps - 2.0 * taps @ right + np.mean(self.wanted**2))


def _aliases(spectrum: Complex, size: int, symbols: int) -> Complex:
    """Lines (2 R + 1, N // 2 + 1) of a real period (`size`,) of N symbols from each multiple of the symbol rate upwards.

    Samples a symbol apart cannot tell the rows apart.
    """
    lines = spectrum.size
    rows = -(-(lines - 1) // symbols)
    both = np.zeros((2 * rows + 1) * symbols, dtype=np.complex128)
    zero = rows * symbols
    both[zero : zero + lines] = spectrum
    both[zero - lines + 1 : zero] = np.conj(spectrum[:0:-1])
    # the middle of an even transform stands for both of its ends
    if size % 2 == 0:
        both[[zero - lines + 1, zero + lines - 1]] *= 0.5
    return both.reshape(-1, symbols)[:, : symbols // 2 + 1]


def _turns(steps: Float, count: int) -> Complex:
    """exp(2j pi k step) for `steps` (K,) and k below `count`, (K, `count`).

    Products of a coarse and a fine one: few exponentials instead of one each.
    """
    fine = 256
    coarse = np.exp(2j * np.pi * (np.outer(steps, fine * np.arange(-(-count // fine))) % 1.0))
    turns = coarse[:, :, None] * np.exp(2j * np.pi * np.outer(steps, np.arange(fine)))[:, None]
    return np.asarray(turns.reshape(len(steps), -1)[:, :count])


@lru_cache(maxsize=64)
def _errors_by_bin(step: int) -> Float:
    """Symbol error ratios (2, HISTOGRAM_BINS) of what lies in the middle of each bin, and by how much they rise a neper of noise.

    The noise is exp(`step` NOISE_STEP) OMA. Kept: neither the light nor its OMA has a say; read-only.
    """
    level = ((np.arange(HISTOGRAM_BINS) + 0.5) / HISTOGRAM_BINS - 0.5) * 1.6
    # distances to all thresholds, in units that erfc takes
    distance = np.abs(level - np.array([[-1.0], [0.0], [1.0]]) / 3.0) / (np.sqrt(2.0) * exp(step * NOISE_STEP))
    errors = np.stack([0.5 * erfc(distance), distance * np.exp(-(distance**2)) / np.sqrt(np.pi)]).sum(axis=1)
    errors.flags.writeable = False
    return np.asarray(errors)


def _root(below: float, slope_below: float, above: float, slope_above: float, step: float) -> float:
    """Where a rising curve is zero, as a part of a `step`, of its values and slopes `below` and `above` zero at its ends.

    By the cubic of the inverse function: closed, and the nearer the less the curve bends.
    """
    rise = above - below
    share = -below / rise
    # the inverse's slopes, over the step
    start, end = rise / (slope_below * step), rise / (slope_above * step)
    return share * (share * (3.0 - 2.0 * share) + (1.0 - share) * (start * (1.0 - share) - end * share))


def _histograms(places: Float, moves: Float, by: float) -> Float:
    """Shares (W, HISTOGRAM_BINS) by bin of all samples (W, S), at `places` + `by` `moves`.

    Linear shares keep the mean of what falls between two bins.
    """
    counts, upper = np.zeros((2, len(places), HISTOGRAM_BINS))
    # what lies beyond ±0.8 OMA goes into the outer bins, far from every threshold
    count_moved(places, moves, by, float(np.nextafter(HISTOGRAM_BINS - 1.0, 0.0)), counts, upper)
    out = counts - upper
    out[:, 1:] += upper[:, :-1]
    return np.asarray(out / places.shape[1])


@cache
def _noise_correlation(bandwidth: float, taps: int) -> Float:
    """Correlation (taps,) at lags of a symbol of white noise behind the Bessel-Thomson filter, one at lag 0."""
    # with a bandwidth of one the frequencies below are in symbol rates
    total = noise_bandwidth(lambda f: low_pass("bessel4", f, bandwidth), bandwidth)
    # far enough that what lies beyond is nothing: the filter falls with the fourth power
    f = np.linspace(0.0, 40.0 * bandwidth, 40_001)
    density = np.abs(low_pass("bessel4", f, bandwidth)) ** 2
    lags = np.arange(taps)[:, None]
    return np.asarray(np.trapezoid(density * np.cos(2.0 * np.pi * f * lags), f, axis=1) / total)


def _toeplitz(row: Float, size: int) -> Float:
    index = np.abs(np.arange(size)[:, None] - np.arange(size))
    return np.asarray(row[index])

"""Edge jitter as a value: every component that a transmitter's clock and driver add to the instants of its edges."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy import fft

from sirf._arrays import Float
from sirf.errors import SirfError
from sirf.signal.fast_length import next_fast_length
from sirf.units import FREQUENCY, SYMBOL_RATE, read_text_fields

SLOW_STRETCH = 128
"""Edges of a stretch that phase noise slower than the stretch displaces alike."""
GOLDEN = 0.5 * (5.0**0.5 - 1.0)
"""Golden ratio: its multiples modulo one spread evenly over [0, 1), however many of them there are."""
LARGEST_DEVIATIONS = 6.0
"""Rms of Gaussian jitter that hardly ever comes: two in a thousand million lie beyond."""
SPREADING = tuple(float(np.sqrt(prime)) for prime in (2, 3, 7, 11, 13, 17, 19, 23))
"""Irrational numbers whose multiples modulo one spread evenly too, each beside those of all others."""
NEARLY_GAUSSIAN = 2e-3
"""Decay of filtered data over one of its bits below which its value is a Gaussian's to 0.4 % of the fourth cumulant."""


@dataclass(frozen=True, slots=True)
class SinusoidalJitter:
    """A sinusoid that displaces edges: peak `amplitude_ui` in UI at `frequency` in Hz; its phase is random in each run.

    >>> sirf.SinusoidalJitter(amplitude_ui=0.05, frequency="10 MHz").frequency
    10000000.0
    """

    amplitude_ui: float
    frequency: float

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, frequency=FREQUENCY)
        _not_negative("amplitude_ui", self.amplitude_ui)
        if not 0 < self.frequency < float("inf"):
            raise SirfError(f"frequency must be positive Hz, got {self.frequency}. Give the tone's frequency.")

    def at(self, turns: float | Float, n: int, *, symbol_rate: float) -> Float:
        """Displacement (n,) in UI at edges one symbol apart, from the phase `turns` (in turns) on; (R, n) from `turns` (R,)."""
        # one sine and one cosine for all rows: a phase is a weight of both, and costs no trigonometry a symbol
        sine, cosine = _tone(self.frequency / symbol_rate, n)
        angle = 2.0 * np.pi * (np.asarray(turns) % 1.0)
        weights = self.amplitude_ui * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        return np.asarray(weights @ np.stack([sine, cosine]))


@dataclass(frozen=True, slots=True)
class BoundedJitter:
    """Bounded uncorrelated jitter: random binary data through a one-pole low-pass, as jitter generators of OIF CEI make it.

    `amplitude_ui` is the peak in UI; `rate` in baud is that of the interfering data and `corner` in Hz the -3 dB frequency of
    the filter. Its mean square is amplitude² (1 - (1 - exp(-x)) / x) with x = 2 pi corner / rate.

    >>> sirf.BoundedJitter(amplitude_ui=0.02, rate="20GBd", corner="200 MHz").rate
    20000000000.0
    """

    amplitude_ui: float
    rate: float
    corner: float

    def __post_init__(self) -> None:
        """Validate the fields."""
        read_text_fields(self, rate=SYMBOL_RATE, corner=FREQUENCY)
        _not_negative("amplitude_ui", self.amplitude_ui)
        for name in ("rate", "corner"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise SirfError(f"{name} must be positive, got {value}. Try a tenth of the symbol rate.")

    @property
    def variance(self) -> float:
        """Mean square in UI²: the integral of the NRZ spectrum through the pole."""
        x = 2.0 * np.pi * self.corner / self.rate
        return float(self.amplitude_ui**2 * (1.0 + np.expm1(-x) / x))

    def draw(self, generator: np.random.Generator, n: int, *, symbol_rate: float, rows: int | None = None) -> Float:
        """Displacement (n,) in UI at edges one symbol apart, or of `rows` independent stretches (rows, n).

        The filter is exact between the edges, the data's phase random. It starts from a Gaussian of the settled variance: what
        that leaves out, the fourth cumulant, is within 0.4 % or has decayed by exp(-16) before the first edge.
        """
        pole, step = 2.0 * np.pi * self.corner / symbol_rate, self.rate / symbol_rate
        decay = float(np.exp(-pole / step))
        settle = int(np.ceil(4.0 / pole)) if pole / step > NEARLY_GAUSSIAN else 0
        count, last = rows or 1, n + settle
        start = generator.random(count)
        # one bit more on either side: the data's phase is random
        bits = 2.0 * generator.integers(0, 2, (count, int(last * step) + 3)).astype(np.float64) - 1.0
        # variance of a one-pole filter fed with ±1: sum of ((1 - d) d^k)² over k
        spread = np.sqrt((1.0 - decay) / (1.0 + decay))
        # a filter of ±1 never passes ±1
        before = np.clip(spread * generator.standard_normal(count), -1.0, 1.0)
        # the output decays towards each bit in turn: from bit boundary to bit boundary, then to the edges in between
        state = np.concatenate([before[:, None], _one_pole(bits, decay, before)], axis=1)
        place = np.arange(settle, last) * step + start[:, None]
        index = place.astype(np.int64)
        # how much of the way to its bit a symbol's edge has left
        left = np.exp((-pole / step) * (place - index))
        towards = np.take_along_axis(bits, index, axis=1)
        value = towards + (np.take_along_axis(state, index, axis=1) - towards) * left
        wave = self.amplitude_ui * np.clip(value, -1.0, 1.0)
        return np.asarray(wave if rows else wave[0])


@dataclass(frozen=True, slots=True)
class PhaseNoise:
    """Phase noise L(f) of the clock that times the edges, as a synthesiser's data sheet gives it.

    `offset` (K,) in Hz, ascending, and `dbc_per_hz` (K,) the single-sideband density; straight lines over log f between the
    points, nothing below the first, flat above the last up to half the symbol rate. `carrier` in Hz is the frequency at which
    L(f) was measured (None: the symbol rate); a clock multiplied by N keeps its displacement in seconds.

    >>> sirf.PhaseNoise((1e4, 1e6), (-100.0, -120.0)).variance(symbol_rate=53.125e9) > 0.0
    True
    """

    offset: tuple[float, ...]
    dbc_per_hz: tuple[float, ...]
    carrier: float | None = None

    def __post_init__(self) -> None:
        """Validate the fields."""
        if len(self.offset) < 1 or len(self.offset) != len(self.dbc_per_hz):
            raise SirfError(
                f"phase noise must have one dbc_per_hz for each offset, got {len(self.offset)} and "
                f"{len(self.dbc_per_hz)}. Give two columns of equal length."
            )
        if not self.offset[0] > 0 or np.any(np.diff(self.offset) <= 0):
            raise SirfError(f"offset must be positive and ascending Hz, got {self.offset}. Sort the profile.")
        if self.carrier is not None and not self.carrier > 0:
            raise SirfError(f"carrier must be positive Hz, got {self.carrier}. Use None for the symbol rate.")

    def density(self, frequency: Float, *, symbol_rate: float) -> Float:
        """One-sided density (F,) of the displacement in UI²/Hz: 2 L(f) (symbol rate / 2 pi carrier)²."""
        f = np.asarray(frequency, dtype=float)
        # below the first offset nothing is known: left out further down
        inside = np.maximum(f, self.offset[0])
        # straight over the logarithm of frequency, as data sheets draw it
        level = np.interp(np.log(inside), np.log(self.offset), self.dbc_per_hz)
        # radians of the carrier to seconds to UI
        scale = 1.0 / (2.0 * np.pi) if self.carrier is None else symbol_rate / (2.0 * np.pi * self.carrier)
        # L(f) is one sideband of two: the one-sided density of phase is twice it
        return np.asarray(np.where(f >= self.offset[0], 2.0 * 10.0 ** (level / 10.0) * scale**2, 0.0))

    def variance(self, *, symbol_rate: float) -> float:
        """Mean square in UI² up to half the symbol rate."""
        return _phase_noise_power(self, symbol_rate)

    def slow_ui(self, n: int, *, symbol_rate: float) -> float:
        """Rms in UI of what varies more slowly than a record of n symbols."""
        return _phase_noise_bins(self, symbol_rate, next_fast_length(n))[1]

    def draw(
        self,
        generator: np.random.Generator,
        n: int,
        *,
        symbol_rate: float,
        rows: int | None = None,
        place: float | None = None,
    ) -> Float:
        """Displacement (n,) in UI, or of `rows` stretches (rows, n).

        What varies more slowly than a record of n symbols shifts the whole record, or each 128 edges of a stretch. These shifts
        are Gaussian each, but spread evenly over their distribution, from the quantile `place` on (None: a random one): the few
        largest make most errors, and as many of them come in every run.
        """
        # a record a little longer, of a length that transforms fast
        whole = next_fast_length(n)
        rms, slow = _phase_noise_bins(self, symbol_rate, whole)
        count = rows or 1
        # complex lines: both parts of unit variance
        white = generator.standard_normal((count, len(rms), 2)).view(np.complex128)[..., 0]
        wave = fft.irfft(rms * white, whole)[:, :n]
        if rows is None:
            return np.asarray(wave[0] + slow * generator.standard_normal())
        from scipy.special import ndtri

        # in stretches what is slower than they are is drawn anew more often still: few large displacements make most errors
        each = -(-n // SLOW_STRETCH)
        begin = generator.random() if place is None else place
        quantiles = (begin + GOLDEN * np.arange(count * each)) % 1.0
        # a quantile of exactly zero would be infinitely far
        shifts = ndtri(np.maximum(quantiles, 1e-16)).reshape(count, each)
        return np.asarray(wave + slow * np.repeat(shifts, SLOW_STRETCH, axis=1)[:, :n])


@dataclass(frozen=True, slots=True, kw_only=True)
class Jitter:
    """Displacement of a transmitter's edges, component by component; the default moves nothing.

    All in UI. `random_ui` is the rms of independent Gaussian displacement and `dual_dirac_ui` half the distance of two
    equally likely ones (sigma_RJ and A_DD of IEEE 802.3 Annex 93A). `duty_cycle_ui` is the peak-to-peak displacement between
    rising edges (late by half of it) and falling ones (early by half), `even_odd_ui` that between edges into even and into odd
    symbols (EOJ of IEEE 802.3 clause 120D.3.1.8). `sinusoidal`, `bounded` and `phase_noise` add what they describe.

    >>> sirf.Jitter(random_ui=0.01, dual_dirac_ui=0.02).dual_dirac_ui
    0.02
    """

    random_ui: float = 0.0
    dual_dirac_ui: float = 0.0
    duty_cycle_ui: float = 0.0
    even_odd_ui: float = 0.0
    sinusoidal: tuple[SinusoidalJitter, ...] = ()
    bounded: tuple[BoundedJitter, ...] = ()
    phase_noise: PhaseNoise | None = field(default=None)

    def __post_init__(self) -> None:
        """Validate the fields."""
        for name in ("random_ui", "dual_dirac_ui", "duty_cycle_ui", "even_odd_ui"):
            _not_negative(name, getattr(self, name))

    def __bool__(self) -> bool:
        """Whether any edge moves."""
        return self != Jitter()

    @property
    def independent_only(self) -> bool:
        """Whether displacements are independent from edge to edge: random and dual-Dirac alone."""
        return not (self.duty_cycle_ui or self.even_odd_ui or self.sinusoidal or self.bounded or self.phase_noise)

    @property
    def moves_together(self) -> bool:
        """Whether some component displaces neighbouring edges alike."""
        return bool(self.sinusoidal or self.bounded or self.phase_noise)

    def variance(self, *, symbol_rate: float) -> float:
        """Mean square displacement in UI², all components independent."""
        # peak to peak: half to either side
        total = self.random_ui**2 + self.dual_dirac_ui**2 + 0.25 * (self.duty_cycle_ui**2 + self.even_odd_ui**2)
        # a sine's mean square is half of its peak's
        total += sum(0.5 * tone.amplitude_ui**2 for tone in self.sinusoidal)
        total += sum(part.variance for part in self.bounded)
        return total + (self.phase_noise.variance(symbol_rate=symbol_rate) if self.phase_noise else 0.0)

    def largest(self, *, symbol_rate: float) -> float:
        """A displacement in UI that is hardly ever exceeded: every bounded part at its peak, six rms of the Gaussian ones."""
        peak = self.dual_dirac_ui + 0.5 * (self.duty_cycle_ui + self.even_odd_ui)
        peak += sum(tone.amplitude_ui for tone in self.sinusoidal) + sum(part.amplitude_ui for part in self.bounded)
        return peak + LARGEST_DEVIATIONS * self.gaussian_ui(symbol_rate=symbol_rate)

    def gaussian_ui(self, *, symbol_rate: float) -> float:
        """Rms in UI of all Gaussian parts: random displacement and phase noise."""
        noise = self.phase_noise.variance(symbol_rate=symbol_rate) if self.phase_noise else 0.0
        return float(np.sqrt(self.random_ui**2 + noise))

    def correlated(
        self,
        generator: np.random.Generator,
        n: int,
        *,
        symbol_rate: float,
        start: int = 0,
        rows: int | None = None,
        run: np.random.Generator | None = None,
        stretch: int = 0,
    ) -> Float:
        """Displacement (n,) in UI of the edges into symbols `start` … by all that has memory; not random, dual-Dirac, duty cycle.

        Random and dual-Dirac displacement are independent from edge to edge, duty cycle depends on the edge's direction:
        the engines add these. A sinusoid runs on through symbol numbers from its own random phase, drawn first. With `rows` the
        same for so many stretches of n edges (rows, n), each with phases and slow noise of its own. These are spread evenly, so
        that a short run has met as many of each kind as a long one: a run in many calls gives the number of its first `stretch`,
        and `run`, a generator that is the same in every call, to draw where they begin.
        """
        total = np.zeros(n if rows is None else (rows, n))
        begins = generator if run is None else run
        # symbol numbers, not places in the array, are even or odd
        total[..., start % 2 :: 2] = 0.5 * self.even_odd_ui
        total[..., 1 - start % 2 :: 2] = -0.5 * self.even_odd_ui
        for which, tone in enumerate(self.sinusoidal):
            if rows is None:
                # from its phase at the first of all symbols on
                turns = np.asarray((tone.frequency / symbol_rate) * start + generator.random())
            else:
                turns = begins.random() + SPREADING[which % len(SPREADING)] * (stretch + np.arange(rows))
            total += tone.at(turns, n, symbol_rate=symbol_rate)
        for part in self.bounded:
            total += part.draw(generator, n, symbol_rate=symbol_rate, rows=rows)
        if self.phase_noise is not None:
            place = None
            if run is not None:
                place = (run.random() + GOLDEN * (stretch * -(-n // SLOW_STRETCH))) % 1.0
            total += self.phase_noise.draw(generator, n, symbol_rate=symbol_rate, rows=rows, place=place)
        return np.asarray(total)


@lru_cache(maxsize=8)
def _tone(ratio: float, n: int) -> tuple[Float, Float]:
    """Sine and cosine (n,) of `ratio` turns a symbol."""
    # modulo a turn: the angle of a late symbol has no digits left otherwise
    angle = 2.0 * np.pi * np.mod(ratio * np.arange(n), 1.0)
    return np.sin(angle), np.cos(angle)


@lru_cache(maxsize=8)
def _phase_noise_power(profile: PhaseNoise, symbol_rate: float) -> float:
    # a profile that begins beyond the symbol rate's half moves no edge
    if profile.offset[0] >= 0.5 * symbol_rate:
        return 0.0
    f = np.geomspace(profile.offset[0], 0.5 * symbol_rate, 4001)
    # corners of the profile among the points: straight pieces end there
    f = np.unique(np.concatenate([f, [x for x in profile.offset if x < 0.5 * symbol_rate]])).astype(np.float64)
    return float(np.trapezoid(profile.density(f, symbol_rate=symbol_rate), f))


@lru_cache(maxsize=8)
def _phase_noise_bins(profile: PhaseNoise, symbol_rate: float, n: int) -> tuple[Float, float]:
    """Rms (n // 2 + 1,) of the parts of each spectral line of a record of `n`, and of what varies more slowly than it."""
    frequency = np.fft.rfftfreq(n, 1.0 / symbol_rate).astype(np.float64)
    # density times the line spacing
    power = profile.density(frequency, symbol_rate=symbol_rate) * (symbol_rate / n)
    # what varies more slowly than the record: all that its lines do not hold
    slow = max(_phase_noise_power(profile, symbol_rate) - float(np.sum(power[1:])), 0.0)
    # the mean belongs to what is slow
    power[0] = 0.0
    if n % 2 == 0:
        # the line at half the rate has no phase of its own
        power[-1] = 0.0
    # irfft divides by n and adds a line's two sides; real and imaginary part each carry half of its power
    return 0.5 * n * np.sqrt(power), float(np.sqrt(slow))


def _one_pole(bits: Float, decay: float, before: Float) -> Float:
    """Value (R, K) at the end of each of `bits` (R, K) of a one-pole filter, from `before` (R,); `decay` over a bit."""
    state = np.empty_like(bits)
    value = before[:, None]
    # products of decays over a block stay above 1e-200, so the recursion is one cumulative sum a block
    block = max(int(np.floor(np.log(1e-200) / np.log(decay))), 1) if decay > 0.0 else 1
    # a bit so long that nothing is left of the one before
    if block == 1:
        return bits
    for start in range(0, bits.shape[1], block):
        part = bits[:, start : start + block]
        powers = decay ** np.arange(1, part.shape[1] + 1)
        # v[k] = d^k (v[0] + sum of (1 - d) b[i] / d^i): the recursion as a sum
        state[:, start : start + block] = powers * (value + np.cumsum((1.0 - decay) * part / powers, axis=1))
        value = state[:, start + part.shape[1] - 1, None]
    return state


def _not_negative(name: str, value: float) -> None:
    if not 0 <= value < float("inf"):
        raise SirfError(f"{name} must be zero or positive UI, got {value}. Use 0 to switch it off.")

"""A long impulse response by two bands: the data's on a coarse grid in time, and the trend beyond them, which ends soon.

Beyond the band edge a response is a smooth trend. What a smooth step keeps of it lasts as long as the step is steep, some UI, so
that few frequencies tell it. The rest lies below half the sample rate of the coarse grid, and is brought to the fine one only
where samples are kept. What the trend has left at half the fine sample rate rings of the end of the transform there; that part
is known in closed form. Both bands together are the whole transform to 1e-10 of its largest sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, pi

import numpy as np
from numpy.fft import irfft, rfft

from sirf._arrays import Complex, Float
from sirf.channel.cached_spectra import KEPT_GRIDS, transform_grid
from sirf.channel.resample import DECAYED, FlatResponse
from sirf.signal.fast_length import next_fast_length
from sirf.signal.gaussian import gaussian_below

WIDEST = 8.2
"""Deviations of a Gaussian at which 1e-16 of it is left, in frequency and in time."""
GUARD = 0.06
"""Part of the coarse grid's band, at its top, that stays empty: room for the spectrum of what fades a piece of a wave out."""
LEFT = 1e-14
"""What is left at half the sample rate, as part of the upper band's largest sample, from which on its ringing counts."""
LEAST_THINNING = 4
"""Samples of the fine grid for one of the coarse one, from which on two bands are made sooner than the whole."""
MOST_OF_WINDOW = 0.25
"""Part of the window that the upper band may last, and that a piece may hold, or nothing is gained."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Of a window of `size` samples at `sample_rate` Hz, every `thinning`-th of them on the coarse grid.

    The step between the bands has its `middle` and its `deviation` in Hz; the upper one lasts for `upper_size` samples about
    zero. `delay_s` is what comes on top of `FlatResponse`, without its bulk delay.
    """

    size: int
    sample_rate: float
    thinning: int
    delay_s: float
    middle: float
    deviation: float
    upper_size: int

    @classmethod
    def of(cls, flat: FlatResponse, size: int, sample_rate: float, thinning: int, delay_s: float) -> Bands | None:
        """None where the data reach too far up, or the coarse grid is nearly the fine one."""
        # from where on nothing but the trend is left, and up to where the coarse grid goes
        low, high = flat.edge + DECAYED * flat.reach, (1.0 - GUARD) * 0.5 * sample_rate / thinning
        if thinning < LEAST_THINNING or high <= low:
            return None
        deviation = (high - low) / (2.0 * WIDEST)
        # the step in time is a Gaussian too; the trend comes with its own delay, and a loss that rises spreads it less
        lasts = WIDEST / (2.0 * pi * deviation) + abs(flat.edge_delay_s + delay_s) + flat.loss / (4.0 * pi * low**0.5)
        # twice as long: what is left of the ringing, of higher order in one over its length, is an eighth
        upper = 4 * next_fast_length(ceil(lasts * sample_rate) + 1)
        if upper > MOST_OF_WINDOW * size:
            return None
        return cls(size, sample_rate, thinning, delay_s, 0.5 * (low + high), deviation, upper)

    @property
    def coarse_size(self) -> int:
        """Samples of the window on the coarse grid."""
        return self.size // self.thinning

    @property
    def margin(self) -> int:
        """Samples of the coarse grid over which a piece fades in and out."""
        return 2 * ceil(WIDEST * self._fading)

    @property
    def _fading(self) -> float:
        """Deviation of that step in samples of the coarse grid: its spectrum ends within the guard on either side."""
        return WIDEST / (pi * GUARD)

    @property
    def _lower_band(self) -> Float:
        """(coarse_size // 2 + 1,): what the lower band has of each frequency."""
        return _step(self.coarse_size, self.sample_rate / self.thinning, self.middle, self.deviation, up=False)

    def holds(self, samples: int) -> bool:
        """Whether a piece of so many samples is worth its margins."""
        return samples + 2 * self.margin * self.thinning <= MOST_OF_WINDOW * self.size

    def piece(self, flat: FlatResponse, coarse: Complex, first: int, samples: int) -> Float:
        """The response (samples,) from sample `first` on, which may be negative; `coarse` are its lowest frequencies."""
        wave = irfft(coarse * self._lower_band, n=self.coarse_size) / self.thinning
        start, stop = first // self.thinning - self.margin, -(-(first + samples) // self.thinning) + self.margin
        faded = wave.take(np.arange(start, stop), mode="wrap")
        fading = _fading_in(self.margin, self._fading)
        faded[: self.margin] *= fading
        faded[-self.margin :] *= fading[::-1]
        # zeros behind the piece, and in its spectrum above the coarse grid's: more samples in the same time
        few = 2 * next_fast_length(-(-(stop - start) // 2))
        fine = irfft(rfft(faded, few) * self.thinning, few * self.thinning)
        found = fine[first - start * self.thinning :][:samples].copy()
        upper, last = self._upper(flat)
        # a loss that falls with the root of frequency is there, to first order, a delay on the imaginary axis
        falling = flat.loss / (4.0 * pi * (0.5 * self.sample_rate) ** 0.5)
        late = self.sample_rate * complex(flat.edge_delay_s + self.delay_s, -falling)
        rings = abs(last) > LEFT * np.abs(upper).max()
        if rings:
            found += _ringing(last, late, first, samples, self.size)
        # times before zero stand at the end of the ring
        half = self.upper_size // 2
        begin, end = max(first, -half), min(first + samples, half)
        if begin < end:
            found[begin - first : end - first] += upper.take(np.arange(begin, end), mode="wrap")
        if begin < end and rings:
            # in its own window it rings more, of which all that counts has been added
            found[begin - first : end - first] -= _ringing(last, late, begin, end - begin, self.upper_size)
        return found

    def _upper(self, flat: FlatResponse) -> tuple[Float, complex]:
        """The upper band (upper_size,), and the response at half the sample rate."""
        frequency = transform_grid(self.upper_size, self.sample_rate)
        inside = int(np.searchsorted(frequency, self.middle - WIDEST * self.deviation))
        spectrum = np.zeros(frequency.size, dtype=np.complex128)
        late = np.exp(-2j * np.pi * frequency[inside:] * self.delay_s)
        spectrum[inside:] = flat.beyond(frequency[inside:]) * late
        spectrum[inside:] *= _step(self.upper_size, self.sample_rate, self.middle, self.deviation)[inside:]
        return irfft(spectrum, self.upper_size), complex(spectrum[-1])


def _ringing(last: complex, late: complex, first: int, samples: int, size: int) -> Float:
    """What a spectrum that ends at half the sample rate with `last` makes of a ring of `size`, at `samples` from the `first` on.

    A real wave has no imaginary part there. Of a response c that comes `late` by tau samples, the upper end of the sum over all
    frequencies leaves Im[(-1)^t c cot(pi (t - tau) / N)] / N.
    """
    time = np.arange(first, first + samples)
    after = time - late.real
    # about its centre, where it is odd, the same in a ring of any size
    after[np.abs(after) < 1e-3] = 0.5 * size
    # cot(x + j y) = (sin x cos x - j sinh y cosh y) / (sin² x + sinh² y)
    angle, growth = after * (pi / size), -late.imag * pi / size
    sine = np.sin(angle)
    top = last.imag * sine * np.cos(angle) - last.real * np.sinh(growth) * np.cosh(growth)
    return np.asarray((1.0 - 2.0 * (time % 2)) / size * top / (sine**2 + np.sinh(growth) ** 2))


@lru_cache(maxsize=2 * KEPT_GRIDS)
def _step(size: int, sample_rate: float, middle: float, deviation: float, up: bool = True) -> Float:
    """A smooth step at the frequencies (size // 2 + 1,) of a transform, up or down; links of one grid share it."""
    frequency = transform_grid(size, sample_rate)
    return _above(frequency, middle, deviation) if up else _above(-frequency, -middle, deviation)


@lru_cache(maxsize=KEPT_GRIDS)
def _fading_in(size: int, deviation: float) -> Float:
    return _above(np.linspace(0.5, size - 0.5, size), 0.5 * size, deviation)


def _above(values: Float, middle: float, deviation: float) -> Float:
    """A smooth step from zero to one, the Gaussian distribution; both sides of it add up to one."""
    found = np.asarray(gaussian_below((values - middle) / deviation))
    # kept by those who ask
    found.flags.writeable = False
    return found

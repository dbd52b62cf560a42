"""The receiver's analog-to-digital converter in Annex 178A: where it clips, its step, and its rounding error."""

from __future__ import annotations

import numpy as np

from sirf._arrays import Float
from sirf.com.config.settings import ComSettings
from sirf.com.distribution import NOISE_CREST, VoltageDistribution, gaussian, symbols
from sirf.com.revision import Rules
from sirf.errors import SirfError


def check_converter(settings: ComSettings) -> None:
    """Raise `SirfError` for a number of bits or a clipping probability that no converter has."""
    detector = settings.receiver.detector
    if detector.adc_bits and not (1.0 <= detector.adc_bits <= 24.0 and 0.0 < detector.clip_probability < 0.5):
        raise SirfError(
            f"the converter needs 1 to 24 bits and a clip probability in (0, 0.5), got {detector.adc_bits:g} and "
            f"{detector.clip_probability:g}. Check N_qb and P_qc."
        )


def converter_step(clipping_level: float, bits: float) -> float:
    """Step in V of a converter of `bits` whose outer levels lie at plus and minus `clipping_level` in V, equation (178A-29)."""
    return float(2.0 * clipping_level / (2.0**bits - 1.0))


def clip_probability(settings: ComSettings, rules: Rules) -> float:
    """Probability of the signal being below minus the clipping level, equation (178A-30)."""
    return settings.receiver.detector.clip_probability * rules.clip_share


def search_step(samples: Float, noise: float, settings: ComSettings, rules: Rules) -> float:
    """Step in V for a pulse sampled before the FFE (N,) in V, with Gaussian noise of rms `noise` in V; 0 for an ideal one.

    Equations (178A-28) to (178A-31): the signal is the distribution of all samples times random symbols, in bins of the settings.
    """
    detector = settings.receiver.detector
    if not detector.adc_bits:
        return 0.0
    if (detector.clip_method or rules.clip_method) == "fast":
        return converter_step(float(np.sum(np.abs(samples))), detector.adc_bits)
    signal = symbols(samples, settings.levels, settings.pdf_bin, settings.level_shares)
    level = clipping_level((signal, gaussian(noise, NOISE_CREST, settings.pdf_bin)), clip_probability(settings, rules))
    return converter_step(level, detector.adc_bits)


def clipping_level(parts: tuple[VoltageDistribution, ...], probability: float) -> float:
    """First bin in V, as a magnitude, at which the sum of independent `parts` lies with more than `probability`.

    The widest part stays apart: only the tail of its sum with the others is needed, bin by bin.
    """
    # the sum of all others is short beside the widest
    *narrow, widest = sorted(parts, key=lambda part: part.y.size)
    # convolved once, ahead of the bisection, whose every step reads its cumulative sum
    rest = narrow[0]
    for part in narrow[1:]:
        rest = rest + part
    below = np.cumsum(rest.y)
    low, high = widest.first + rest.first, widest.first + widest.y.size + rest.first + rest.y.size
    while high - low > 1:
        middle = (low + high) // 2
        # P(widest + rest <= middle), summed over the bins of the widest part
        # bisection over bins: convolving the widest part as well would cost its whole length times the others'
        index = middle - (widest.first + np.arange(widest.y.size)) - rest.first
        held = index >= 0
        total = float(np.dot(widest.y[held], below[np.minimum(index[held], below.size - 1)]))
        if total >= probability:
            high = middle
        else:
            low = middle
    return -high * widest.bin_size


def rounding_error(step: float, weight: float, bin_size: float) -> VoltageDistribution:
    """The error of rounding to `step` in V, uniform over one step, times `weight`, equation (178A-46).

    Bins whose ends lie outside keep their share by straight interpolation, as the reference code's scaling of distributions.
    """
    # rounded half up as MATLAB does; Python's round would go to the even number
    half = int(np.floor(step / 2.0 / bin_size + 0.5))
    reach = int(np.floor((half + 1) * abs(weight))) + 1
    place = np.abs(np.arange(-reach, reach + 1)) / abs(weight)
    # bins at the ends count by their part
    y = np.clip(half + 1.0 - place, 0.0, 1.0)
    return VoltageDistribution(y / np.sum(y), -reach, bin_size)


def with_rounding_error(distribution: VoltageDistribution, step: float, weights: Float) -> VoltageDistribution:
    """A distribution with the error of rounding to `step` through FFE taps of `weights` (N,) added, each independent."""
    # a tap of zero carries no rounding error, and the grid of its distribution would divide by it
    for weight in weights[weights != 0.0]:
        distribution = distribution + rounding_error(step, float(weight), distribution.bin_size)
    return distribution

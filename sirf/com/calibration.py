"""Calibration of a receiver's interference tolerance test: the noise with which COM of the test channel is at its limit.

Annex 93A.2 has the noise of a receiver test set so that COM, with that noise in it, is what the channel has to pass; Annex 178A
adds its density to the noise that the FFE is made for. The equaliser is searched anew for every noise, as in the reference code.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.com.annex_93a import setting_of_case
from sirf.com.arriving_noise import noise_path_transfer, source_shape, with_calibration_noise
from sirf.com.config.settings import ComSettings
from sirf.errors import ConfigError, NoSettingError
from sirf.execution import tell
from sirf.results.margin import CalibratedNoise

FIRST_RMS = 5e-3
"""Noise in V that is tried first."""
# a kilovolt, beyond every noise source: reached only where the path carries nothing to the receiver
LARGEST_RMS = 1e3
PRECISION_DB = 1e-3
"""COM is found so little above its limit, or the noise within `PRECISION` of itself: COM has steps where bins round it."""
PRECISION = 1e-5
# for the display of progress alone: the search ends by its precision
MAX_TURNS = 40


def calibrated_noise(path: Network, channel: Channel, settings: ComSettings, cases: tuple[int, ...]) -> CalibratedNoise:
    """The noise over `path` that brings the least COM of the test cases to the COM pass threshold; none where it is below.

    `path` leads from the noise source to where the channel ends. Raises `ConfigError` where no noise lowers COM so far.
    """
    if settings.c2m is not None:
        raise ConfigError(
            f"{settings.name}: PMD_type must be C2C to calibrate a receiver test, got C2M: its noise is set by COM, and chip to "
            "module is judged by VEC. Leave the noise path out."
        )
    transfers = {case: noise_path_transfer(path, channel, settings, case) for case in cases}
    turns = 0

    def excess(rms: float) -> float:
        """The least COM over its limit in dB with noise of `rms`."""
        nonlocal turns
        # a search of seconds for each of some ten noises: it says how far it is
        tell("receiver calibration", turns, MAX_TURNS)
        turns += 1
        try:
            least = min(
                setting_of_case(channel, with_calibration_noise(settings, transfers[case], rms), case).com_db
                for case in cases
            )
        except NoSettingError:
            if rms == 0.0:
                raise
            # where no setting passes the margin is below every limit
            return -np.inf
        return least - settings.com_threshold_db

    rms, left = 0.0, excess(0.0)
    if left > 0.0:
        rms, left = _crossing(excess, left, settings.name)
    # what the high-pass leaves of the rms, for the report of both
    half = 0.5 * settings.symbol_rate
    shape = source_shape(np.linspace(0.0, half, 4097), settings)
    told_ahead = settings.calibration is None or settings.calibration.of_the_source
    behind = rms * float(np.sqrt(np.mean(shape))) if told_ahead else rms
    return CalibratedNoise(rms, behind, left + settings.com_threshold_db)


def _crossing(excess: Callable[[float], float], at_zero: float, name: str) -> tuple[float, float]:
    """Where a falling function of the noise is last above zero, and its value there."""
    low, high, above = 0.0, FIRST_RMS, at_zero
    below = excess(high)
    while below > 0.0:
        # doubled until COM is below its limit; a path that carries no noise never gets there
        low, above = high, below
        high *= 2.0
        if high > LARGEST_RMS:
            raise ConfigError(
                f"{name}: the noise path must carry noise to the receiver, got COM above its limit with {low:.3g} V of it. "
                "Give the path from the noise source to the receiver."
            )
        below = excess(high)
    while above > PRECISION_DB and high - low > PRECISION * max(high, FIRST_RMS):
        # the power of the noise is nearly linear in the excess; its middle where that is not between
        part = above / (above - below) if np.isfinite(below) else 0.5
        # from a tenth to nine tenths of the bracket, so that a step of COM cannot hold the search at one end
        middle = float(np.sqrt(low**2 + min(max(part, 0.1), 0.9) * (high**2 - low**2)))
        found = excess(middle)
        if found > 0.0:
            low, above = middle, found
        else:
            high, below = middle, found
    # a hair above the limit rather than below it, so that the calibrated channel passes
    return low, above

"""Noise that goes with the light and meets the amplifier's curve, against draws of it through a chain as written here."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import fft
from scipy.special import ndtr

from sirf import optics
from sirf.engine.front_end import front_end
from sirf.engine.light.averaged_chain import averaged, period_symbols
from sirf.engine.light.received_noise import received_noise
from sirf.engine.statistical.analysis import InterferenceModel
from sirf.link import Link
from tests.optics.links import BANDWIDTH, CORNER, RESPONSIVITY, SYMBOL_RATE, TRANSIMPEDANCE, back_to_back, straight_path

Float = NDArray[np.float64]
SAMPLES = 16
"""Samples a UI."""
DRAWS = 160
RISE = 14e-12
OMA, MEAN = 0.8e-3, 0.6e-3
RIN_DB = -130.0
DIODE, AMPLIFIER = 14e9, 11e9
SATURATION = 0.55
OWN = 3e-3
"""Receiver's own noise in V rms."""


def bent_link() -> Link:
    """Strong intensity noise into an amplifier slower than the symbols, whose outer levels are compressed by a tenth."""
    path = straight_path(OMA, mean=MEAN, rin_db_per_hz=RIN_DB)
    receiver = optics.OpticalReceiver(
        optics.Photodiode(RESPONSIVITY, bandwidth=DIODE),
        optics.Tia(TRANSIMPEDANCE, bandwidth=AMPLIFIER, kind="butterworth4", saturation=SATURATION),
    )
    link = back_to_back(dataclasses.replace(path, receiver=receiver))
    return link.replace(receiver=dataclasses.replace(link.receiver, noise_density=OWN**2 / BANDWIDTH))


def louder(link: Link, rin_db: float) -> Link:
    """The link with another intensity noise in dB/Hz."""
    assert link.optics is not None
    path = link.optics.path
    source = dataclasses.replace(path.source, rin_db_per_hz=rin_db)
    return link.replace(channel=link.optics.with_path(dataclasses.replace(path, source=source)))


def butterworth(f: Float, corner: float) -> NDArray[np.complex128]:
    x = 1j * f / corner
    return np.asarray(1.0 / (1.0 + 2.613126 * x + 3.414214 * x**2 + 2.613126 * x**3 + x**4))


@dataclass(frozen=True)
class Drawn:
    """What `DRAWS` draws of noise leave at the slicer: V without noise, and moments, each (N,) by symbol of the period.

    `beyond` (2, 4) is P(x > v) and P(x < -v) by level for the deviation from the level's mean at `volts` (2, 4) in V.
    """

    still: Float
    mean: Float
    variance: Float
    third: Float
    beyond: Float


@pytest.fixture(scope="module")
def model() -> InterferenceModel:
    return InterferenceModel(bent_link())


@pytest.fixture(scope="module")
def volts(model: InterferenceModel) -> Float:
    """(2, 4) V at which the engine has a thousandth of each level."""
    found = model.at(0)
    return np.array([[q(k, 1e-3) for k in range(4)] for q in (found.quantile, found.lower_quantile)])


@pytest.fixture(scope="module")
def drawn(model: InterferenceModel, volts: Float) -> Drawn:
    """Symbols through edge, light, diode, amplifier, curve and filter, with intensity noise drawn sample by sample."""
    sent = period_symbols(4)
    n = SAMPLES * len(sent)
    end = front_end(model.link)
    instant = end.start_time + end.sampling / (end.samples_per_ui * SYMBOL_RATE)
    f = fft.rfftfreq(n, 1.0 / (SAMPLES * SYMBOL_RATE))
    edge = np.exp(-2.0 * (np.pi * f * RISE / 1.6832) ** 2 - 1j * np.pi * f / SYMBOL_RATE) * np.sinc(f / SYMBOL_RATE)
    # the laser's resonance, which delays light by a five-hundredth of a symbol
    edge = edge / (1.0 - (f / 1e12) ** 2 + 1j * np.sqrt(2.0) * f / 1e12)
    impulses = np.zeros(n)
    impulses[::SAMPLES] = np.linspace(-1.0, 1.0, 4)[sent]
    light = MEAN + 0.5 * OMA * fft.irfft(fft.rfft(impulses) * edge * SAMPLES)
    diode, amplifier = 1.0 / (1.0 + 1j * f / DIODE), butterworth(f, AMPLIFIER)
    behind = butterworth(f, CORNER) * np.exp(2j * np.pi * f * instant)
    strength = np.sqrt(0.5 * SAMPLES * SYMBOL_RATE * 10.0 ** (RIN_DB / 10.0))

    def seen(noise: Float | float) -> Float:
        current = RESPONSIVITY * (light * (1.0 + strength * noise) - MEAN)
        volts = TRANSIMPEDANCE * fft.irfft(fft.rfft(current) * diode * amplifier)
        return np.asarray(fft.irfft(fft.rfft(SATURATION * np.tanh(volts / SATURATION)) * behind)[::SAMPLES])

    still, rng = seen(0.0), np.random.default_rng(8)
    centres = model.decided * model.front_end.main_cursor + still.mean()
    moments, beyond = np.zeros((3, len(sent))), np.zeros((2, 4))
    for _ in range(DRAWS):
        whole = seen(rng.standard_normal(n))
        change = whole - still
        moments += np.stack([change, change**2, change**3]) / DRAWS
        for level in range(4):
            x = whole[sent == level] - centres[level]
            for side, sign in enumerate((1.0, -1.0)):
                beyond[side, level] += ndtr((sign * x - volts[side, level]) / OWN).mean() / DRAWS
    first, second, third = moments
    variance = (second - first**2) * DRAWS / (DRAWS - 1)
    return Drawn(still, first, variance, third - 3.0 * first * second + 2.0 * first**3, beyond)


def by_light(values: Float, drawn: Drawn, parts: int = 4) -> Float:
    """(4, parts): means over the symbols of each level, those with the least light about them first."""
    sent = period_symbols(4)
    rows = [np.flatnonzero(sent == level) for level in range(4)]
    return np.array(
        [[values[r].mean() for r in np.array_split(one[np.argsort(drawn.still[one])], parts)] for one in rows]
    )


def test_variance_goes_with_the_light_and_the_slope_that_it_meets(model: InterferenceModel, drawn: Drawn) -> None:
    assert model.large is not None
    found = model.noise - OWN**2 + model.large.noise.variance[0, :, 0]
    # 160 draws of a thousand symbols tell a variance to half a per cent
    assert by_light(found, drawn) == pytest.approx(by_light(drawn.variance, drawn), rel=0.03)


def test_a_curve_shifts_the_mean_and_skews_the_noise(model: InterferenceModel, drawn: Drawn) -> None:
    assert model.large is not None
    deviation = np.sqrt(by_light(drawn.variance, drawn, 1))
    shift = by_light(model.large.noise.mean[:, 0] - drawn.mean, drawn, 1) / deviation
    assert np.abs(shift).max() < 5e-3
    assert np.abs(by_light(drawn.mean, drawn, 1) / deviation).max() > 0.015
    skewness = by_light(model.large.noise.third[:, 0], drawn, 1) / deviation**3
    expected = by_light(drawn.third, drawn, 1) / deviation**3
    assert skewness == pytest.approx(expected, abs=0.015)
    assert expected[3] < -0.05


def test_tails_of_every_level_are_those_of_the_draws(drawn: Drawn) -> None:
    # 650,000 draws of a level tell a thousandth to 4 %
    assert drawn.beyond == pytest.approx(1e-3, rel=0.1)


def test_large_noise_meets_the_flatter_ends_of_the_curve() -> None:
    """Steady light, noise up to a sixth of the amplifier's saturation: up to 3 % less comes through than by the slope."""
    rin_db, n = -119.0, 1 << 15
    link = louder(bent_link(), rin_db)
    chain, end = averaged(link).chain, front_end(link)
    rng, f = np.random.default_rng(3), fft.rfftfreq(n, 1.0 / (SAMPLES * SYMBOL_RATE))
    strength = np.sqrt(0.5 * SAMPLES * SYMBOL_RATE * 10.0 ** (rin_db / 10.0))
    before, behind = butterworth(f, AMPLIFIER) / (1.0 + 1j * f / DIODE), butterworth(f, CORNER)
    for light in MEAN + 0.5 * OMA * np.linspace(-1.0, 1.0, 4):
        current, power = RESPONSIVITY * (light - MEAN), np.full((1, n // 2), light)
        found = received_noise(
            chain, power, np.full(power.shape, current), symbol_rate=SYMBOL_RATE, order=4
        ).variance + (end.receiver_noise**2 - OWN**2)
        drawn = []
        for _ in range(60):
            noise = RESPONSIVITY * light * strength * rng.standard_normal(n)
            volts = TRANSIMPEDANCE * (current + fft.irfft(fft.rfft(noise) * before))
            drawn.append(np.var(fft.irfft(fft.rfft(SATURATION * np.tanh(volts / SATURATION)) * behind)))
        # the draws tell a variance to 0.3 %
        assert found.mean() == pytest.approx(np.mean(drawn), rel=0.0075)


@pytest.mark.parametrize("current", [-2e-4, 0.0, 3e-4])
def test_gain_for_the_power_of_noise_is_that_of_the_curve(current: float) -> None:
    """White noise: all of its square arrives as well, so that the variance behind the curve is what its distribution says."""
    amplifier, deviation = optics.Tia(2000.0, saturation=1.5), 6e-5
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    weights = weights / weights.sum()
    behind = amplifier.curve(current + deviation * nodes)
    expected = weights @ (behind - weights @ behind) ** 2 / deviation**2
    found = float(amplifier.noise_power_gain(np.array(current), np.array(deviation**2), 1.0))
    assert found == pytest.approx(expected, rel=3e-4)
    slope = 2000.0 * (1.0 - np.tanh(2000.0 * current / 1.5) ** 2)
    assert abs(slope**2 / expected - 1.0) > 3e-3
    straight = optics.Tia(2000.0)
    assert straight.noise_power_gain(np.array(current), np.array(1.0), 1.0) == pytest.approx(2000.0**2)


def test_phases_in_single_precision_are_those_of_double_precision(model: InterferenceModel) -> None:
    """Each phase is transformed alone: rounding of 1e-6 of the largest, for light of random symbols in three courses."""
    assert model.large is not None
    period = model.large.period
    single, double = (
        received_noise(
            period.chain, period.power.astype(kind), period.current.astype(kind), symbol_rate=SYMBOL_RATE, order=4
        )
        for kind in ("float32", "float64")
    )
    for sample in range(period.per_ui):
        for row, expected in zip(single.at(sample), double.at(sample), strict=True):
            assert row == pytest.approx(expected, abs=3e-6 * np.abs(expected).max())
    assert single.mean[:, 1] == pytest.approx(single.at(1)[0])
    assert single.variance[:, :, 1] == pytest.approx(single.at(1)[2:])

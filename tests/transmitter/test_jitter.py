"""Jitter components: mean squares against closed forms and SciPy, spectra against the profile asked for."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy.signal import lfilter, welch
from scipy.special import i0
from scipy.stats import norm

from sirf.errors import SirfError
from sirf.transmitter.jitter import BoundedJitter, Jitter, PhaseNoise, SinusoidalJitter, _one_pole
from sirf.transmitter.transmitter import Transmitter

RATE = 50e9


def test_sinusoid_has_its_amplitude_and_frequency_and_runs_on_from_start_to_start() -> None:
    jitter = Jitter(sinusoidal=(SinusoidalJitter(0.05, 10e6),))
    whole = jitter.correlated(np.random.default_rng(1), 20_000, symbol_rate=RATE)
    later = jitter.correlated(np.random.default_rng(1), 10_000, symbol_rate=RATE, start=10_000)
    assert np.allclose(whole[10_000:], later, atol=1e-12)
    spectrum = np.abs(np.fft.rfft(whole)) / 10_000
    assert int(np.argmax(spectrum)) == round(10e6 / (RATE / 20_000))
    assert spectrum.max() == pytest.approx(0.05, rel=1e-9)


def test_even_and_odd_edges_stand_apart_by_the_whole_figure() -> None:
    wave = Jitter(even_odd_ui=0.02).correlated(np.random.default_rng(1), 1000, symbol_rate=RATE)
    assert np.mean(wave[::2]) - np.mean(wave[1::2]) == pytest.approx(0.02)


@pytest.mark.parametrize(("rate", "corner"), [(5e9, 0.5e9), (5.3e9, 3e9), (0.7e9, 4e9)])
def test_bounded_jitter_is_bounded_and_has_the_mean_square_of_filtered_nrz(rate: float, corner: float) -> None:
    part = BoundedJitter(0.1, rate, corner)
    wave = part.draw(np.random.default_rng(2), 1_000_000, symbol_rate=RATE)
    assert np.abs(wave).max() <= 0.1
    # closed form of the pole on white NRZ, against the numerical integral of sinc² over the pole
    f = np.linspace(0.0, 400 * rate, 4_000_001)
    power = np.trapezoid(2.0 / rate * np.sinc(f / rate) ** 2 / (1 + (f / corner) ** 2), f)
    assert part.variance == pytest.approx(0.01 * power, rel=2e-3)
    assert np.mean(wave**2) == pytest.approx(part.variance, rel=0.03)


def test_the_pole_in_blocks_is_scipys_recursion() -> None:
    bits = 2.0 * np.random.default_rng(3).integers(0, 2, 5000).astype(np.float64) - 1.0
    expected = [lfilter([1 - 0.4], [1, -0.4], bits, zi=[0.4 * before])[0] for before in (-0.3, 1.0)]
    assert np.allclose(_one_pole(np.stack([bits, bits]), 0.4, np.array([-0.3, 1.0])), expected, atol=1e-12)


@pytest.mark.parametrize("corner", [1e5, 1e6, 40e6])
def test_a_stretch_of_slow_filtered_data_starts_where_long_data_has_settled(corner: float) -> None:
    """Mean square of the first and last edges of many stretches, and their correlation: the pole's exponential."""
    part = BoundedJitter(0.1, 5e9, corner)
    waves = part.draw(np.random.default_rng(5), 64, symbol_rate=RATE, rows=20_000)
    assert waves.shape == (20_000, 64)
    assert np.mean(waves[:, 0] ** 2) == pytest.approx(part.variance, rel=0.05)
    assert np.mean(waves[:, 63] ** 2) == pytest.approx(part.variance, rel=0.05)
    assert np.mean(waves[:, 0] * waves[:, 63]) == pytest.approx(
        part.variance * np.exp(-2.0 * np.pi * corner * 63 / RATE), rel=0.06
    )


def test_phase_noise_follows_its_profile_and_its_integral() -> None:
    profile = PhaseNoise((1e6, 10e6, 1e9), (-100.0, -110.0, -140.0), carrier=RATE / 4)
    n = 1 << 18
    waves = [profile.draw(np.random.default_rng(k), n, symbol_rate=RATE) for k in range(8)]
    f, density = welch(np.concatenate(waves), RATE, nperseg=1 << 15)
    for probe in (10e6, 100e6, 1e9, 10e9):
        near = (f > 0.9 * probe) & (f < 1.1 * probe)
        # -20 dB per decade between points in dBc; UI = radians / 2 pi x symbol rate / carrier
        level = np.interp(np.log10(probe), [6, 7, 9], [-100, -110, -140])
        assert np.mean(density[near]) == pytest.approx(2 * 10 ** (level / 10) * (4 / (2 * np.pi)) ** 2, rel=0.15)
    # a flat floor alone: L x symbol rate in rad²
    flat = PhaseNoise((1.0,), (-130.0,))
    assert flat.variance(symbol_rate=RATE) == pytest.approx(1e-13 * RATE / (2 * np.pi) ** 2, rel=1e-6)
    assert np.var(flat.draw(np.random.default_rng(9), n, symbol_rate=RATE)) == pytest.approx(
        flat.variance(symbol_rate=RATE), rel=0.02
    )


def test_slow_phase_noise_of_stretches_is_gaussian_and_spread_evenly() -> None:
    """Shifts of 128 edges: of 1,000 as many lie beyond each deviation as a Gaussian has, within three, wherever they begin."""
    slow = PhaseNoise((1e3, 1e4, 1e5), (-70.0, -90.0, -220.0))
    rms = np.sqrt(slow.variance(symbol_rate=RATE))
    for place in (None, 0.11, 0.37):
        waves = slow.draw(np.random.default_rng(3), 1024, symbol_rate=RATE, rows=125, place=place)
        shifts = waves[:, ::128].ravel() / rms
        assert waves[:, 0] == pytest.approx(waves[:, 127], abs=0.01 * rms)
        for deviation in (-2.0, -1.0, 0.0, 1.0, 2.0, 2.5):
            assert np.count_nonzero(shifts > deviation) == pytest.approx(1000 * norm.sf(deviation), abs=3.0)


def test_phases_of_slow_sinusoids_in_stretches_are_spread_evenly_and_go_on_from_call_to_call() -> None:
    """A mean over 128 phases, of one tone and of two, is I0 of Bessel within 2 %; drawn anew it scatters by 10 %."""
    tones = Jitter(sinusoidal=(SinusoidalJitter(1.5, 1e3), SinusoidalJitter(1.5, 1.1e3)))
    for seed in range(5):
        waves = tones.correlated(np.random.default_rng(seed), 16, symbol_rate=RATE, rows=128)
        # of independent phases the mean of a product is the product of the means
        assert np.mean(np.exp(waves[:, 0])) == pytest.approx(i0(1.5) ** 2, rel=0.06)
        one = dataclasses.replace(tones, sinusoidal=tones.sinusoidal[:1])
        assert np.mean(
            np.exp(one.correlated(np.random.default_rng(seed), 16, symbol_rate=RATE, rows=128))
        ) == pytest.approx(i0(1.5), rel=0.02)
    whole = tones.correlated(np.random.default_rng(1), 16, symbol_rate=RATE, rows=8, run=np.random.default_rng(2))
    later = tones.correlated(
        np.random.default_rng(9), 16, symbol_rate=RATE, rows=5, run=np.random.default_rng(2), stretch=3
    )
    assert later == pytest.approx(whole[3:], abs=1e-12)


def test_variance_adds_the_components_and_largest_their_peaks() -> None:
    jitter = Jitter(random_ui=0.01, dual_dirac_ui=0.02, duty_cycle_ui=0.04, even_odd_ui=0.02,
                    sinusoidal=(SinusoidalJitter(0.03, 1e6),))  # fmt: skip
    assert jitter.variance(symbol_rate=RATE) == pytest.approx(1e-4 + 4e-4 + 4e-4 + 1e-4 + 4.5e-4)
    assert jitter.largest(symbol_rate=RATE) == pytest.approx(0.02 + 0.03 + 0.03 + 0.06)
    assert jitter
    assert not Jitter()


def test_jitter_has_one_field_and_its_old_names_write_to_it() -> None:
    direct = Transmitter(
        amplitude=1, amplitude_fext=1, amplitude_next=1, jitter=Jitter(random_ui=0.03, dual_dirac_ui=0.05)
    )
    with pytest.warns(DeprecationWarning, match="Use jitter=Jitter"):
        old = Transmitter(  # type: ignore[call-arg]  # the old names are no fields
            amplitude=1, amplitude_fext=1, amplitude_next=1, jitter_random_ui=0.03, jitter_dual_dirac_ui=0.05
        )
    assert old == direct
    assert "jitter_random_ui" not in {field.name for field in dataclasses.fields(Transmitter)}
    with pytest.warns(DeprecationWarning, match="jitter_random_ui is deprecated"):
        assert old.jitter_random_ui == 0.03
    with pytest.warns(DeprecationWarning, match="jitter_dual_dirac_ui is deprecated"):
        quieter = dataclasses.replace(direct, jitter_dual_dirac_ui=0.0)  # type: ignore[call-arg]
    assert quieter.jitter == Jitter(random_ui=0.03)


@pytest.mark.parametrize(
    ("make", "message"),
    [(lambda: Jitter(random_ui=-1), "random_ui must be"), (lambda: SinusoidalJitter(0.1, 0.0), "frequency must be"),
     (lambda: BoundedJitter(0.1, 0.0, 1.0), "rate must be"), (lambda: PhaseNoise((1.0, 1.0), (0.0, 0.0)), "ascending"),
     (lambda: PhaseNoise((), ()), "one dbc_per_hz"), (lambda: PhaseNoise((1.0,), (0.0,), carrier=0.0), "carrier"),
     (lambda: Transmitter(amplitude=1, amplitude_fext=1, amplitude_next=1, compression=0.5), "compression must be")],
)  # fmt: skip
def test_what_no_transmitter_can_be_is_refused(make: object, message: str) -> None:
    with pytest.raises(SirfError, match=message):
        make()  # type: ignore[operator]  # wrong on purpose


def test_the_largest_displacement_is_all_peaks_and_six_rms() -> None:
    """Each bounded part by itself, then all together: peaks add, Gaussian parts add in power before they are taken six times."""
    tone, data = SinusoidalJitter(0.03, 10e6), BoundedJitter(amplitude_ui=0.02, rate=20e9, corner=200e6)
    noise = PhaseNoise((1e4, 1e7), (-90.0, -130.0))
    parts: dict[str, Any] = {
        "dual_dirac_ui": 0.05,
        "duty_cycle_ui": 0.04,
        "even_odd_ui": 0.06,
        "sinusoidal": (tone, tone),
        "bounded": (data,),
    }
    peaks = {"dual_dirac_ui": 0.05, "duty_cycle_ui": 0.02, "even_odd_ui": 0.03, "sinusoidal": 0.06, "bounded": 0.02}
    for name, part in parts.items():
        assert Jitter(**{name: part}).largest(symbol_rate=RATE) == pytest.approx(peaks[name]), name
    whole = Jitter(random_ui=0.01, phase_noise=noise, **parts)
    gaussian = np.sqrt(0.01**2 + noise.variance(symbol_rate=RATE))
    assert whole.largest(symbol_rate=RATE) == pytest.approx(sum(peaks.values()) + 6.0 * gaussian)

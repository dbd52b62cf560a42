"""Dispersion, modal bandwidth and multipath interference against closed forms and drawn phases."""

from __future__ import annotations

import numpy as np
import pytest

from sirf import optics
from sirf.errors import PhysicsError
from sirf.units import C0

RATE, POINTS = 800e9, 1 << 14


@pytest.mark.parametrize("chirp", [0.0, -2.0, 1.5])
def test_a_gaussian_pulse_broadens_and_pays_by_the_closed_form(chirp: float) -> None:
    """Agrawal, Fiber-Optic Communication Systems, (3.2.10): (1 + C b L / T0²)² + (b L / T0²)², with alpha = -C of exp(-i w t)."""
    fibre = optics.Fibre(2000.0, dispersion=17.0, wavelength=1550e-9)
    t = (np.arange(POINTS) - POINTS // 2) / RATE
    width = 6e-12
    after = fibre.propagate(np.exp(-((t / width) ** 2)), RATE, chirp=chirp)
    x = fibre.group_delay_dispersion / width**2
    assert fibre.group_delay_dispersion == pytest.approx(-17e-6 * 2000 * 1550e-9**2 / (2 * np.pi * C0))
    # the phase alpha/2 ln(power) = -alpha t²/(2 T0²) of exp(j w t) is C = alpha of exp(-i w t), exp(-(1 + i C) t² / (2 T0²))
    broadening = (1 - chirp * x) ** 2 + x**2
    rms = np.sqrt(np.sum(after * t**2) / np.sum(after))
    assert rms**2 == pytest.approx(broadening * width**2 / 2, rel=1e-3)
    # dispersion penalty: what the peak loses
    assert 10 * np.log10(after.max()) == pytest.approx(-5 * np.log10(broadening), abs=2e-3)


@pytest.mark.parametrize("chirp", [0.0, 0.8, -1.0])
def test_small_signals_fade_by_the_response_that_is_stated(chirp: float) -> None:
    fibre = optics.Fibre(10_000.0, dispersion=17.0, wavelength=1550e-9)
    for cycles in (100, 300, 500):
        f = cycles * RATE / POINTS
        wave = 1.0 + 1e-3 * np.cos(2 * np.pi * cycles * np.arange(POINTS) / POINTS)
        after = np.fft.rfft(fibre.propagate(wave, RATE, chirp=chirp))[cycles] / np.fft.rfft(wave)[cycles]
        assert after == pytest.approx(fibre.intensity_response(np.array([f]), chirp=chirp)[0], abs=1e-4)


def test_the_first_fade_is_at_the_known_frequency() -> None:
    fibre = optics.Fibre(2000.0, dispersion=17.0, wavelength=1550e-9)
    null = np.sqrt(C0 / (2 * 17e-6 * 1550e-9**2 * 2000.0))
    assert abs(fibre.intensity_response(np.array([null]))[0]) < 1e-9


def test_loss_is_that_of_the_length_and_energy_survives_dispersion() -> None:
    fibre = optics.Fibre(10_000.0, dispersion=5.0, loss_db_per_km=0.4)
    wave = 1.0 + np.random.default_rng(1).random(4096)
    after = fibre.propagate(wave, RATE, chirp=0.5)
    assert fibre.loss_db == pytest.approx(4.0)
    assert after.mean() == pytest.approx(wave.mean() * 10**-0.4, rel=1e-9)


def test_modes_halve_the_light_at_their_bandwidth() -> None:
    fibre = optics.MultimodeFibre(50.0, bandwidth=4.7e9, loss_db_per_km=3.0)
    assert fibre.intensity_response(np.array([94e9]))[0] == pytest.approx(0.5)
    wave = 1.0 + 0.1 * np.cos(2 * np.pi * 100 * np.arange(4096) / 4096)
    after = fibre.propagate(wave, 94e9 * 40.96)
    assert after.mean() == pytest.approx(10 ** (-0.15 / 10))
    assert np.ptp(after) / after.mean() == pytest.approx(0.1, rel=1e-6)


def test_double_reflections_beat_with_the_stated_variance_and_bound() -> None:
    joints = [optics.Connector(0.5, reflectance_db=-26.0)] * 3
    echoes = optics.PathInterference.between(joints)
    one = 10 ** (-2.6)
    assert echoes.echoes == pytest.approx([one, one * 10**-0.05, one])
    generator = np.random.default_rng(1)
    powers = generator.choice([0.2, 0.6, 1.0, 1.4], (200_000, 3))
    phases = generator.uniform(0, 2 * np.pi, (200_000, 3))
    fields = np.asarray(echoes.echoes) * np.sqrt(powers) * np.exp(1j * phases)
    level = 1.4
    beat = np.abs(np.sqrt(level) + fields.sum(axis=1)) ** 2 - level - np.abs(fields.sum(axis=1)) ** 2
    assert np.mean(beat**2) == pytest.approx(echoes.variance(level, 0.8), rel=0.02)
    assert 0.8 * echoes.bound(level, 1.4) < np.abs(beat).max() <= echoes.bound(level, 1.4)
    assert echoes.penalty_db(extinction_db=100.0) == pytest.approx(-10 * np.log10(1 - 6 * 2 * sum(echoes.echoes)))
    assert optics.PathInterference.between([optics.Connector(0.3)] * 4).echoes == ()


def test_bad_values_are_named() -> None:
    with pytest.raises(PhysicsError, match="length must be"):
        optics.Fibre(-1.0)
    with pytest.raises(PhysicsError, match="reflectance_db must be"):
        optics.Connector(0.3, reflectance_db=20.0)

"""TDEC against closed forms: rectangular eyes with two levels of interference, Gaussian noise, and shifted edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from sirf import optics
from sirf.errors import PhysicsError
from sirf.optics.laboratory import measure
from sirf.optics.nrz_eye_closure import TdecReceiver, tdec
from sirf.signal.patterns import Pattern

RATE, M = 50e9, 32
BITS = Pattern("prbs11").take(0, Pattern("prbs11").period(2), order=2)
"""One period, with one more of ones than of zeros."""
BARE = TdecReceiver(bandwidth=None)


def closure(
    wave: np.ndarray, receiver: TdecReceiver = BARE, bits: np.ndarray = BITS, oma: float | None = 1e-3
) -> float:
    return tdec(
        np.asarray(wave, dtype=np.float64), bits, symbol_rate=RATE, samples_per_ui=M, receiver=receiver, oma=oma
    ).db


def test_a_rectangular_eye_is_ideal() -> None:
    for target in (5e-5, 2.4e-4):
        found = tdec(
            np.asarray(2e-3 + 1e-3 * np.repeat(BITS, M), dtype=np.float64),
            BITS,
            symbol_rate=RATE,
            samples_per_ui=M,
            receiver=TdecReceiver(bandwidth=None, target_ber=target),
        )
        # a maximum-length sequence has one more of ones than of zeros, which moves its mean by 1/4094 of the amplitude
        assert found.db == pytest.approx(0.0, abs=2e-3)
        assert found.oma == pytest.approx(1e-3, rel=1e-9)
        assert found.allowed == pytest.approx(0.5e-3 / norm.isf(target), rel=1e-3)
    # the factor of clause 95
    assert TdecReceiver(target_ber=5e-5).q_t == pytest.approx(3.8906, abs=1e-4)


@pytest.mark.parametrize("echo", [0.1, 0.3])
def test_interference_of_one_symbol_gives_two_levels_on_each_side(echo: float) -> None:
    """Half of the symbols lie (1 - e) / 2 from the mean, half (1 + e) / 2, at an amplitude of 1 + e."""
    signs = 2.0 * BITS - 1.0
    wave = np.repeat(0.5e-3 * (signs + echo * np.roll(signs, 1)), M)
    receiver = TdecReceiver(bandwidth=None, target_ber=5e-5)
    near, far = 0.5e-3 * (1.0 - echo), 0.5e-3 * (1.0 + echo)
    sigma = brentq(lambda s: 0.5 * (norm.sf(near / s) + norm.sf(far / s)) - 5e-5, 1e-6, 1e-2)
    expected = 10.0 * np.log10(far / (norm.isf(5e-5) * sigma))
    assert closure(wave, receiver, oma=1e-3 * (1.0 + echo)) == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_gaussian_noise_over_a_rectangular_eye_takes_its_power(share: float) -> None:
    """Variances add: of what an ideal eye bears the wave has had `share`, so -5 log10(1 - share²) dB are lost."""
    bits = np.tile(BITS, 8)
    noise = share * 0.5e-3 / norm.isf(2.4e-4)
    wave = 1e-3 * np.repeat(bits, M) + np.repeat(np.random.default_rng(1).normal(0.0, noise, bits.size), M)
    assert closure(wave, bits=bits) == pytest.approx(-5.0 * np.log10(1.0 - share**2), abs=0.05)


def test_windows_lie_about_the_middle_between_crossings() -> None:
    """Wherever the pattern begins in the record; edges of 0.72 UI end short of the windows at 0.38 UI, those of 0.9 UI do not."""
    wave = 1e-3 * np.repeat(BITS, M)
    kernel = np.ones(round(0.72 * M)) / round(0.72 * M)
    soft = np.real(np.fft.ifft(np.fft.fft(wave) * np.fft.fft(kernel, wave.size)))
    for shift in (0, 5, 17):
        assert closure(np.roll(soft, shift)) == pytest.approx(0.0, abs=5e-3)
    kernel = np.ones(round(0.9 * M)) / round(0.9 * M)
    assert closure(np.real(np.fft.ifft(np.fft.fft(wave) * np.fft.fft(kernel, wave.size)))) > 0.3


def test_the_reference_filter_closes_the_eye_and_a_dead_one_is_closed() -> None:
    wave = 1e-3 * np.repeat(BITS, M)
    wide, narrow = (closure(wave, TdecReceiver(bandwidth=b)) for b in (0.75, 0.5))
    assert 0.0 < wide < narrow < 1.5
    assert closure(np.full(wave.size, 1e-3)) == np.inf


def test_light_of_two_levels_has_tdec_and_that_of_four_has_none() -> None:
    oci = optics.load_optics("oci-gen1")
    found = measure(oci.path, swing=oci.swing, symbol_rate=oci.symbol_rate, pattern="prbs11", order=2)
    assert found.tdecq_db is None
    assert found.tdec_db is not None
    # the limit of the OCI physical layer 1.0
    assert 0.3 < found.tdec_db < 3.4
    four = optics.load_optics("dr-silicon-mzm")
    assert measure(four.path, swing=four.swing, symbol_rate=four.symbol_rate, pattern="prbs11").tdec_db is None


def test_bad_waves_are_refused() -> None:
    with pytest.raises(PhysicsError, match="power must have 2047 symbols"):
        closure(np.ones(100))
    with pytest.raises(PhysicsError, match="bits must hold zeros and ones"):
        tdec(np.ones(320), np.zeros(10, dtype=int), symbol_rate=RATE, samples_per_ui=32)
    with pytest.raises(PhysicsError, match="target_ber must be in"):
        TdecReceiver(target_ber=0.7)
    with pytest.raises(PhysicsError, match="bandwidth must be positive"):
        TdecReceiver(bandwidth=-1.0)

"""Several wavelengths on a fibre: ring banks against the Lorentzian, crosstalk against closed forms and counted errors."""

from __future__ import annotations

import dataclasses
from math import inf, sqrt

import numpy as np
import pytest
from scipy.special import erfc

from sirf import optics
from sirf.engine.statistical.analysis import statistical_eye
from sirf.engine.waveform.simulate import simulate
from sirf.errors import PhysicsError
from sirf.link import Link
from sirf.optics.span import Span

GHZ = 1e9


def filter_ring(**changes: float) -> optics.RingFilter:
    return optics.RingFilter(**({"linewidth": 60 * GHZ, "fsr": 3400 * GHZ, "drop_loss_db": 1.0} | changes))


def grid(**changes: object) -> optics.WavelengthGrid:
    values: dict[str, object] = {"count": 4, "spacing": 400 * GHZ, "ring": filter_ring()}
    return optics.WavelengthGrid(**(values | changes))  # type: ignore[arg-type]


def gaussian(quality: float) -> float:
    return 0.5 * float(erfc(quality / sqrt(2.0)))


def test_ring_is_a_lorentzian_near_its_resonance_and_repeats_with_its_free_spectral_range() -> None:
    ring = filter_ring()
    near = np.linspace(-200.0, 200.0, 41) * GHZ
    lorentzian = 10.0**-0.1 / (1.0 + (2.0 * near / ring.linewidth) ** 2)
    # the Airy function over its Lorentzian: (x / sin x)² with x = pi f / fsr, 1.2 % at 200 GHz
    np.testing.assert_allclose(ring.drop(near), lorentzian, rtol=0.013)
    np.testing.assert_allclose(ring.drop(near + ring.fsr), ring.drop(near), rtol=1e-9)
    assert ring.drop(0.5 * ring.linewidth) == pytest.approx(0.5 * 10.0**-0.1, rel=1e-12)
    assert -10.0 * np.log10(ring.drop(0.0)) == pytest.approx(1.0)


def test_neighbours_leak_by_the_lorentzian_and_wrap_round() -> None:
    four = grid(ring=filter_ring(fsr=40e12), control_error=0.0)
    expected = [1.0 / (1.0 + (2.0 * k * 400.0 / 60.0) ** 2) for k in (-2, -1, 1)]
    np.testing.assert_allclose(four.leaks, expected, rtol=0.03)
    # a full free spectral range: the first neighbour stands on the other side too
    full = grid(count=4, spacing=850 * GHZ)
    assert full.leaks[1] == pytest.approx(full.leaks[2], rel=1e-9)
    assert full.leaks[0] < full.leaks[1]


def test_control_error_costs_the_lorentzian_and_brings_a_neighbour_nearer() -> None:
    still, moved = grid(), grid(control_error=30 * GHZ)
    assert moved.loss_db - still.loss_db == pytest.approx(10.0 * np.log10(2.0), rel=1e-3)
    assert max(moved.leaks) > 2.0 * max(still.leaks)


def test_heater_moves_both_rings_half_a_spacing_and_half_the_drift() -> None:
    one = grid(drift=12 * GHZ, temperature_span=40.0, heater_power=23e-15)
    assert one.tuning_power == pytest.approx(23e-15 * (400e9 + 480e9))


@pytest.mark.parametrize("quality", [2.0, 4.0, 7.0])
def test_alone_is_the_gaussian_error_ratio(quality: float) -> None:
    assert optics.nrz_error_ratio(quality) == pytest.approx(gaussian(quality), rel=1e-12)


def test_one_neighbour_is_the_mean_of_two_gaussians() -> None:
    found = optics.nrz_error_ratio(5.0, leaks=(0.1,))
    assert found == pytest.approx(0.5 * (gaussian(5.0 * 1.1) + gaussian(5.0 * 0.9)), rel=1e-12)


def test_worst_case_penalty_is_that_of_all_bits_against() -> None:
    leaks = (0.05, 0.03)
    penalty = optics.incoherent_penalty_db(leaks)
    assert penalty == pytest.approx(-10.0 * np.log10(0.92))
    # at high quality the worst of the four combinations is all that counts
    worst = 0.25 * gaussian(12.0 * 10.0 ** (-penalty / 10.0))
    assert optics.nrz_error_ratio(12.0, leaks=leaks) == pytest.approx(worst, rel=1e-3)
    assert optics.incoherent_penalty_db((0.6, 0.5)) == inf


def test_the_density_of_leaks_holds_the_variance_of_their_symbols() -> None:
    """Random symbols have 2 T sinc²(f T), whose integral over positive frequencies is one."""
    path = optics.load_optics("oci-gen1").path
    span = Span.alone(path, swing=1.0, symbol_rate=50e9)
    ratios = np.array(path.interference.leaks)
    assert ratios.size == 3
    frequency = np.arange(0.0, 400 * 50e9, 50e9 / 64)
    found = np.trapezoid(span.leak_density(frequency, symbol_rate=50e9, order=2), frequency)
    current = np.var(span.powers(2)) * path.receiver.photodiode.responsivity**2
    assert found == pytest.approx(float(np.sum(ratios**2)) * current, rel=2e-3)


def test_counted_errors_of_coherent_and_incoherent_crosstalk_meet_the_closed_form() -> None:
    rng, count = np.random.default_rng(7), 4_000_000
    quality, leaks, beat, extinction_db = 3.0, (0.06, 0.02), 0.05, 6.0
    ratio = 10.0 ** (-extinction_db / 10.0)
    levels = np.array([2.0 * ratio, 2.0]) / (1.0 - ratio)
    sent = rng.integers(0, 2, count)
    seen = levels[sent] + rng.standard_normal(count) / quality
    for leak in leaks:
        seen += leak * (levels[rng.integers(0, 2, count)] - levels.mean())
    other = levels[rng.integers(0, 2, count)]
    seen += 2.0 * beat * np.sqrt(levels[sent] * other) * np.cos(2.0 * np.pi * rng.random(count))
    errors = np.count_nonzero((seen > levels.mean()) != (sent == 1))
    expected = optics.nrz_error_ratio(quality, leaks=leaks, beats=(beat,), extinction_db=extinction_db)
    assert abs(errors - expected * count) < 4.0 * sqrt(expected * count)
    # and the crosstalk is what makes them: alone the noise gives far fewer
    assert expected > 1.5 * gaussian(quality)


def link_of(path: optics.OpticalPath) -> Link:
    preset = optics.load_optics("oci-gen1")
    span = Span.alone(path, swing=preset.swing, symbol_rate=preset.symbol_rate, agc_db=preset.agc_db)
    return Link(span, standard="optical-50g-nrz")


@pytest.fixture(scope="module")
def noisy() -> optics.OpticalPath:
    """OCI light with an amplifier so noisy that errors can be counted, and neighbours that matter."""
    path = optics.load_optics("oci-gen1").path
    assert path.wavelengths is not None
    tia = dataclasses.replace(path.receiver.tia, noise=17.0 * path.receiver.tia.noise)
    wide = dataclasses.replace(path.wavelengths, ring=dataclasses.replace(path.wavelengths.ring, linewidth=150 * GHZ))
    return dataclasses.replace(path, receiver=dataclasses.replace(path.receiver, tia=tia), wavelengths=wide)


def test_dark_neighbours_leave_one_wavelength_with_the_loss_of_its_bank(noisy: optics.OpticalPath) -> None:
    assert noisy.wavelengths is not None
    dark = dataclasses.replace(noisy, wavelengths=dataclasses.replace(noisy.wavelengths, lit=False))
    alone = dataclasses.replace(
        noisy, wavelengths=None, coupling_loss_db=noisy.coupling_loss_db + noisy.wavelengths.loss_db
    )
    lit_eye, dark_eye, alone_eye = (statistical_eye(link_of(path), phases=1) for path in (noisy, dark, alone))
    # the same light by another order of factors, in single precision: with other losses of the coupling the two differ by
    # 5e-8 to 5e-6
    assert dark_eye.ber == pytest.approx(alone_eye.ber, rel=1e-5)
    assert lit_eye.ber > 1.2 * dark_eye.ber


def test_counted_errors_of_lit_neighbours_lie_at_the_statistical_ratio(noisy: optics.OpticalPath) -> None:
    link = link_of(noisy)
    expected = statistical_eye(link, phases=1).ber
    counted = simulate(link, symbols=400_000, rng=3).errors
    low, high = counted.interval()
    assert 1e-4 < expected < 5e-2
    assert 0.8 * low < expected < 1.25 * high


def test_neighbours_that_do_not_fit_are_refused() -> None:
    with pytest.raises(PhysicsError, match="spacing must let 16 wavelengths into one free spectral range of 3400 GHz"):
        grid(count=16)
    with pytest.raises(PhysicsError, match="leaks must be at most 15"):
        optics.nrz_error_ratio(3.0, leaks=(0.01,) * 16)

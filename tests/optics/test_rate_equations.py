"""A laser by rate equations: steady light, small signals and turn-on in closed form, PAM4 against SciPy's integrator."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import sirf
from sirf import optics
from sirf._arrays import Float
from sirf.errors import PhysicsError
from sirf.units import ELECTRON

RATE = 53.125e9
LASER = optics.RateEquationVcsel(
    bias=8e-3, resistance=60.0, injection_efficiency=0.8, carrier_lifetime=1e-9, photon_lifetime=2.5e-12, gain=8.5e5,
    transparency=3.524e6, compression=3.85e-6, spontaneous=1e-4, power_per_photon=3.435e-8,
)  # fmt: skip


def rates(laser: optics.RateEquationVcsel, current: float, carriers: float, photons: float) -> list[float]:
    """The published equations, written out here by themselves."""
    gain = laser.gain * (carriers - laser.transparency) / (1.0 + laser.compression * photons)
    spent = carriers / laser.carrier_lifetime
    return [
        laser.injection_efficiency * max(current, 0.0) / ELECTRON - spent - gain * photons,
        gain * photons - photons / laser.photon_lifetime + laser.spontaneous * spent,
    ]


@pytest.mark.parametrize("current", [0.0, 0.3e-3, 0.8e-3, 1e-3, 8e-3, 20e-3])
def test_steady_light_solves_both_equations(current: float) -> None:
    carriers, photons = (float(value[0]) for value in LASER.steady(np.array([current])))
    balance = rates(LASER, current, carriers, photons)
    pump = LASER.injection_efficiency * max(current, 1e-6) / ELECTRON
    assert np.abs(balance).max() < 1e-6 * pump
    assert carriers >= 0.0
    assert photons >= 0.0


def test_without_spontaneous_emission_light_rises_with_the_slope_from_the_threshold() -> None:
    quiet = dataclasses.replace(LASER, spontaneous=1e-12)
    volts = (np.array([0.2e-3, 2e-3, 8e-3, 14e-3]) - quiet.bias) * quiet.resistance
    above = np.array([0.0, 2e-3, 8e-3, 14e-3]) - quiet.threshold
    assert quiet.curve(volts)[1:] == pytest.approx(quiet.slope * above[1:], rel=1e-6)
    assert quiet.curve(volts)[0] < 1e-9
    # N_th = N_0 + 1 / (G_0 tau_p), and every carrier beyond makes a photon that lives tau_p
    carriers = 3.524e6 + 1.0 / (8.5e5 * 2.5e-12)
    assert quiet.threshold == pytest.approx(ELECTRON * carriers / (0.8 * 1e-9))


@pytest.mark.parametrize("bias", [1.5e-3, 4e-3, 8e-3])
@pytest.mark.parametrize("frequency", [5e9, 24e9, 50e9])
def test_small_signals_have_the_response_of_the_linearised_equations(bias: float, frequency: float) -> None:
    """The Jacobian by differences, against second order in closed form with the parasitic pole; and the integration."""
    laser = dataclasses.replace(LASER, bias=bias, parasitic=30e9)
    carriers, photons = (float(value[0]) for value in laser.steady(np.array([bias])))
    at = np.array([carriers, photons])

    def change(step: Float) -> Float:
        up, down = (np.array(rates(laser, bias, *(at + sign * step))) for sign in (1.0, -1.0))
        return np.asarray((up - down) / 2.0)

    jacobian = np.stack([change(at * side) / (at @ side) for side in 1e-6 * np.eye(2)], axis=1)
    pump = np.array([laser.injection_efficiency / ELECTRON, 0.0])

    def photons_by(f: float) -> complex:
        return complex(np.linalg.solve(2j * np.pi * f * np.eye(2) - jacobian, pump)[1])

    known = photons_by(frequency) / photons_by(0.0) / (1.0 + 1j * frequency / 30e9)
    found = complex(laser.response(np.array([frequency]))[0])
    assert found == pytest.approx(known, rel=1e-5)
    # 800 periods of a small sine, sampled as the engines do
    n, cycles = 8000, 800
    sample_rate = frequency * n / cycles
    phase = 2.0 * np.pi * np.arange(n) * cycles / n
    light = laser.light(1e-5 * np.cos(phase), sample_rate)
    slope = np.diff(laser.curve(np.array([-1e-5, 1e-5])))[0] / 2e-5
    measured = 2.0 * np.mean(light * np.exp(-1j * phase)) / 1e-5 / slope
    assert measured == pytest.approx(known, rel=2e-3)


def test_relaxation_frequency_grows_with_the_root_of_the_current_and_damping_with_its_square() -> None:
    """D and K factor in the limit of no compression: f² = D² (I - I_th), gamma = K f² + 1 / tau_n, K = 4 pi² tau_p."""
    plain = dataclasses.replace(LASER, compression=0.0, spontaneous=1e-12)
    for bias in (2e-3, 8e-3):
        laser = dataclasses.replace(plain, bias=bias)
        pump = laser.injection_efficiency * (bias - laser.threshold) / ELECTRON
        assert (2.0 * np.pi * laser.resonance) ** 2 == pytest.approx(laser.gain * pump, rel=1e-6)
        damping = 1.0 / laser.carrier_lifetime + 4.0 * np.pi**2 * laser.photon_lifetime * laser.resonance**2
        assert laser.damping == pytest.approx(damping, rel=1e-6)
    assert LASER.damping > plain.damping


def pam4(laser: optics.RateEquationVcsel, outer: float, symbols: int) -> tuple[Float, Float, Float]:
    """Random PAM4 of ± `outer` V through a Gaussian low-pass: 8 samples a symbol, and current's frequencies and lines."""
    sent = np.random.default_rng(7).integers(0, 4, symbols)
    volts = np.repeat(outer * (2.0 * sent / 3.0 - 1.0), 8)
    f = np.fft.rfftfreq(len(volts), 1.0 / (8.0 * RATE))
    lines = np.fft.rfft(volts) * np.exp(-0.35 * (f / (0.6 * RATE)) ** 2)
    lines[-1] = 0.0
    return np.fft.irfft(lines), np.asarray(f, dtype=float), lines


@pytest.mark.parametrize(("outer", "deepest"), [(0.22, 8e-3), (0.5, 0.0)])
def test_large_pam4_is_what_an_independent_integrator_finds(outer: float, deepest: float) -> None:
    """Deep modulation reaches below the threshold: turn-on delay, overshoot, patterns. SciPy's DOP853 to 1e-9."""
    symbols = 48
    volts, f, lines = pam4(LASER, outer, symbols)
    n = len(volts)
    current = LASER.bias + volts / LASER.resistance
    assert current.min() < deepest

    def at(time: float) -> float:
        """The same band-limited current, its Fourier series summed."""
        waves = lines * np.exp(2j * np.pi * f * time)
        return float(LASER.bias + (2.0 * waves.real.sum() - waves[0].real) / n / LASER.resistance)

    period = n / (8.0 * RATE)
    start = [float(value[0]) for value in LASER.steady(np.array([LASER.bias]))]
    found = solve_ivp(
        lambda time, state: rates(LASER, at(time), *state), (0.0, 4.0 * period), start, method="DOP853", rtol=1e-9,
        atol=1e-3, t_eval=3.0 * period + np.arange(n) / (8.0 * RATE),
    )  # fmt: skip
    known = LASER.power_per_photon * found.y[1]
    light = LASER.light(volts, 8.0 * RATE)
    assert np.abs(light - known).max() < 1e-3 * known.max()
    # the simple model, response and then curve, is far from it
    simple = LASER.curve(np.fft.irfft(np.fft.rfft(volts) * LASER.response(f), n))
    assert np.abs(simple - known).max() > 0.05 * known.max()


def test_turn_on_waits_as_the_closed_form_says_and_overshoots() -> None:
    """From below the threshold: tau_n ln((I - I_off) / (I - I_th)) until the carriers reach it."""
    laser = dataclasses.replace(LASER, spontaneous=1e-6)
    low, high, sample_rate, n = 0.2e-3, 6e-3, 4e12, 40_000
    current = np.where(np.arange(n) < n // 2, high, low)
    light = laser.light((current - laser.bias) * laser.resistance, sample_rate)
    # the first 0.1 ns the last period's dark state holds; crossing half of the final light, less the build-up by gain
    final = float(laser.curve(np.array([(high - laser.bias) * laser.resistance]))[0])
    crossed = float(np.argmax(light > 1e-3 * final)) / sample_rate
    delay = laser.carrier_lifetime * np.log((high - low) / (high - laser.threshold))
    assert crossed == pytest.approx(delay, rel=0.25)
    assert crossed > 0.9 * delay
    assert light.max() > 1.2 * final


def test_stretches_side_by_side_are_those_one_by_one() -> None:
    both = np.stack([pam4(LASER, 0.2, 64)[0], pam4(LASER, 0.4, 64)[0]])
    together = LASER.light(both, 8.0 * RATE)
    assert together.shape == both.shape
    for row, alone in zip(together, both, strict=True):
        assert np.array_equal(row, LASER.light(alone, 8.0 * RATE))


def test_the_shipped_laser_has_the_small_signals_of_the_simple_one() -> None:
    simple, equations = (optics.load_optics(name).path.source for name in ("sr-vcsel", "sr-vcsel-rate-equations"))
    assert isinstance(simple, optics.Vcsel)
    assert isinstance(equations, optics.RateEquationVcsel)
    assert equations.resonance == pytest.approx(simple.resonance, rel=0.01)
    assert equations.damping == pytest.approx(simple.damping, rel=0.01)
    assert equations.threshold == pytest.approx(simple.threshold, rel=0.01)
    assert equations.curve(np.zeros(1)) == pytest.approx(simple.curve(np.zeros(1)), rel=0.01)


def test_both_engines_send_the_light_that_the_equations_give() -> None:
    """Counted behind the integrated laser, and by patterns in the statistics: one symbol error ratio."""
    preset = optics.load_optics("sr-vcsel-rate-equations")
    span = optics.Span.alone(
        preset.path, swing=preset.swing, symbol_rate=preset.symbol_rate, agc_db=preset.agc_db
    ).quiet()
    link = sirf.Link(span, standard="optical-53g").optimized()
    link = link.replace(receiver=dataclasses.replace(link.receiver, noise_density=1.2e-14))
    count = sirf.simulate(link, symbols=400_000, rng=1).errors
    assert count.symbol_errors > 300
    low, high = count.symbol_interval(0.999)
    assert low < sirf.statistical_eye(link, phases=1).ser < high


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bias": 0.5e-3}, "above its threshold"),
        ({"carrier_lifetime": 0.0}, "carrier_lifetime must be"),
        ({"photon_lifetime": 1.0}, "photon_lifetime must be"),
        ({"gain": -1.0}, "gain must be"),
        ({"spontaneous": 0.0}, "spontaneous must be"),
        ({"injection_efficiency": 1.5}, "injection_efficiency must be"),
    ],
)
def test_bad_values_are_named(changes: dict[str, float], message: str) -> None:
    with pytest.raises(PhysicsError, match=message):
        dataclasses.replace(LASER, **changes)

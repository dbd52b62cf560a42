"""Pulse responses against closed forms, both sides through the same transmitter edge and receiver filter.

The truth does not touch a Fourier transform: the Butterworth filter is expanded in its poles, the Gaussian edge enters as a
complementary error function, and the skin-effect step is convolved with the filters' impulse response by quadrature.
Error is max |difference| / peak of the pulse. docs/theory/time-domain.md shows the table; `table()` makes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray
from scipy.special import erfc

from sirf.channel.channel import Channel
from sirf.channel.response import pulse_response, step_response
from sirf.channel.transfer import Pulse, Transfer
from sirf.signal.filters import butterworth4
from sirf.transmitter.edge import transmitter_edge

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

RATE = 53.125e9
UI = 1.0 / RATE
RISE = 7.5e-12
CORNER = 0.75 * RATE
SIGMA = RISE / 1.6832
FINE = np.arange(0.0, 2.0 * RATE + 0.5e6, 1e6)
FILE = np.arange(10e6, 60e9 + 5e6, 10e6)


def filters(frequency: Real) -> Complex:
    return transmitter_edge(frequency, RISE) * butterworth4(frequency, CORNER)


def _poles() -> Complex:
    """Poles in rad/s of the fourth-order Butterworth filter with the published coefficients."""
    roots = np.roots([1.0, 2.613126, 3.414214, 2.613126, 1.0])
    return np.asarray(roots * 2.0 * np.pi * CORNER)


def _smoothed(time: Real, poles: Complex) -> Real:
    """Inverse Laplace transform of the product of 1 / (1 - s/p), smoothed by the Gaussian edge; p = 0 stands for 1 / s."""
    result = np.zeros(time.shape, dtype=complex)
    live = time > -10.0 * SIGMA
    t = time[live]
    for k, pole in enumerate(poles):
        residue = (-pole if pole != 0 else 1.0) * np.prod(
            [1.0 / (1.0 - pole / other) if other != 0 else 1.0 / pole for other in np.delete(poles, k)]
        )
        result[live] += (
            residue
            * np.exp(pole * t + (pole * SIGMA) ** 2 / 2)
            * 0.5
            * erfc(-(t + pole * SIGMA**2) / (SIGMA * np.sqrt(2.0)))
        )
    return np.asarray(result.real)


def filter_step(time: Real) -> Real:
    return _smoothed(time, np.append(_poles(), 0.0))


def rc_pulse(time: Real, constant: float) -> Real:
    poles = np.append(_poles(), [0.0, -1.0 / constant])
    return _smoothed(time, poles) - _smoothed(time - UI, poles)


def plain_pulse(time: Real) -> Real:
    return filter_step(time) - filter_step(time - UI)


def skin_pulse(time: Real, a: float) -> Real:
    """Step erfc(a / (2 sqrt t)) convolved with the impulse response of the filters by Gauss-Legendre panels of 1 ps."""
    edges = np.arange(-8.0 * SIGMA, 40 * UI / 5, 1e-12)
    nodes, weights = leggauss(4)
    u = (edges[:, None] + 0.5e-12 * (1.0 + nodes)).ravel()
    kernel = _smoothed(u, _poles()) * np.tile(0.5e-12 * weights, edges.size)

    def step(t: Real) -> Real:
        return np.asarray(erfc(a / (2.0 * np.sqrt(np.maximum(t, 1e-20)))) * (t > 0))

    lag = time[:, None] - u[None, :]
    return np.asarray((step(lag) - step(lag - UI)) @ kernel)


@dataclass(frozen=True)
class Case:
    """One closed form: spectrum, pulse, time span in s, and the bounds on the fine grid and on a file's grid."""

    name: str
    spectrum: Callable[[Real], Complex]
    pulse: Callable[[Real], Real]
    span: tuple[float, float]
    fine: float
    file: float


def _rc(constant: float) -> Case:
    return Case(
        f"single-pole RC, {constant * 1e12:g} ps",
        lambda f: np.asarray(1.0 / (1.0 + 2j * np.pi * f * constant)),
        lambda t: rc_pulse(t, constant),
        (-40e-12, 600e-12),
        2e-7,
        1e-4,
    )


def _skin(a: float) -> Case:
    return Case(
        f"skin effect exp(-a √s), a = {a:.1e} √s",
        lambda f: np.exp(-a * np.sqrt(2j * np.pi * f)),
        lambda t: skin_pulse(t, a),
        (-40e-12, 800e-12),
        1e-5,
        5e-5,
    )


def _delay(seconds: float) -> Case:
    return Case(
        f"pure delay, {seconds * 1e12:.4f} ps",
        lambda f: np.exp(-2j * np.pi * f * seconds),
        lambda t: plain_pulse(t - seconds),
        (seconds - 50e-12, seconds + 200e-12),
        2e-7,
        2e-7,
    )


def _line(impedance: float, seconds: float) -> Case:
    g = (impedance - 50.0) / (impedance + 50.0)

    def spectrum(f: Real) -> Complex:
        turn = np.exp(-2j * np.pi * f * seconds)
        return np.asarray((1.0 - g**2) * turn / (1.0 - g**2 * turn**2))

    def pulse(t: Real) -> Real:
        return np.asarray(sum((1.0 - g**2) * g ** (2 * k) * plain_pulse(t - (2 * k + 1) * seconds) for k in range(8)))

    return Case(
        f"lossless line, {impedance:g} ohm, {seconds * 1e9:g} ns",
        spectrum,
        pulse,
        (0.9 * seconds, 6.0 * seconds),
        2e-5,
        3e-3,
    )


CASES = (
    _rc(2e-12),
    _rc(10e-12),
    _rc(40e-12),
    _skin(4.8e-6),
    _skin(8e-6),
    _skin(1.1e-5),
    _line(30.0, 0.7113e-9),
    _line(100.0, 0.3501e-9),
    _delay(1.23456e-9),
    _delay(5.0007e-12),
)
NAMES = [case.name for case in CASES]


def response(case: Case, grid: Real) -> Pulse:
    return pulse_response(Transfer(grid, case.spectrum(grid)), symbol_rate=RATE, samples_per_ui=32, filters=filters)


def error(case: Case, grid: Real) -> float:
    pulse = response(case, grid)
    inside = (pulse.time >= case.span[0]) & (pulse.time <= case.span[1])
    truth = case.pulse(pulse.time[inside])
    return float(np.max(np.abs(pulse.volts[inside] - truth)) / np.max(truth))


def table() -> str:
    rows = [f"| {case.name} | {error(case, FINE):.1e} | {error(case, FILE):.1e} |" for case in CASES]
    return "\n".join(["| closed form | 1 MHz to 106.25 GHz | 10 MHz to 60 GHz, no DC |", "|---|---|---|", *rows])


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_pulse_on_a_fine_grid(case: Case) -> None:
    assert error(case, FINE) < case.fine


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_pulse_on_the_grid_of_a_file(case: Case) -> None:
    assert error(case, FILE) < case.file


@pytest.mark.parametrize("grid", [FINE, FILE], ids=["fine", "file"])
@pytest.mark.parametrize(("impedance", "seconds"), [(30.0, 0.7113e-9), (100.0, 0.3501e-9)])
def test_echo_times_within_a_sample_and_areas_within_a_hundredth(grid: Real, impedance: float, seconds: float) -> None:
    pulse = response(_line(impedance, seconds), grid)
    g = (impedance - 50.0) / (impedance + 50.0)
    sample = UI / 32
    filter_delay = 2.613126 / (2.0 * np.pi * CORNER) + UI / 2
    for k in range(3):
        arrival = (2 * k + 1) * seconds
        echo = np.abs(pulse.time - filter_delay - arrival) < 0.9 * seconds
        area = float(np.sum(pulse.volts[echo]) * sample)
        centre = float(np.sum(pulse.volts[echo] * pulse.time[echo]) * sample) / area
        assert area == pytest.approx((1 - g**2) * g ** (2 * k) * UI, rel=0.01)
        assert abs(centre - filter_delay - arrival) < sample


@pytest.mark.parametrize(("grid", "bound"), [(FINE, 2e-6), (FILE, 1e-4)], ids=["fine", "file"])
def test_step_of_a_single_pole(grid: Real, bound: float) -> None:
    constant = 10e-12
    step = step_response(
        Transfer(grid, _rc(constant).spectrum(grid)), symbol_rate=RATE, samples_per_ui=32, filters=filters
    )
    inside = (step.time > -50e-12) & (step.time < 2e-9)
    truth = _smoothed(step.time[inside], np.append(_poles(), [0.0, -1.0 / constant]))
    assert np.max(np.abs(step.volts[inside] - truth)) < bound


@pytest.mark.parametrize(
    ("file", "edge", "stride", "bound"),
    [
        ("synthetic_224g_board/thru.s4p", 60e9, 1, 1e-4),
        ("synthetic_224g_board/thru.s4p", 42e9, 1, 4e-4),
        ("synthetic_224g_board/thru.s4p", 110e9, 5, 2e-5),
        ("synthetic_224g_cpo/thru.s4p", 60e9, 1, 1e-4),
        ("stripline_measured/119mm.s2p", 60e9, 1, 1.2e-3),
        ("stripline_measured/119mm.s2p", 42e9, 1, 1.8e-3),
    ],
)
def test_less_data_of_the_same_channel_give_nearly_the_same_pulse(
    channels_dir: Path, file: str, edge: float, stride: int, bound: float
) -> None:
    through = Channel.from_touchstone(channels_dir / file).through
    whole = Transfer(through.frequency, through.s[:, 1, 0])
    kept = np.flatnonzero(through.frequency <= edge)[::stride]
    less = Transfer(whole.frequency[kept], whole.value[kept])
    full, part = (pulse_response(data, symbol_rate=RATE, filters=filters) for data in (whole, less))
    shared = full.time < min(full.time[-1], part.time[-1]) - 20 * UI  # the fade at the end of a window is not compared
    volts = np.interp(full.time, part.time, part.volts, left=0.0)
    assert np.max(np.abs(volts - full.volts)[shared]) < bound * full.peak

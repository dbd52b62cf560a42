"""Tails of displaced edges to 1e-18 against quadrature over exact edges; large jitter; jitter figures that add up."""

from __future__ import annotations

import dataclasses
import itertools
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.special import erfc

import sirf
from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.engine.front_end import front_end
from sirf.engine.statistical import tilted_edges, tilted_moment
from sirf.engine.statistical.analysis import InterferenceModel, statistical_eye
from sirf.link import Link
from sirf.receiver.receiver import Receiver
from sirf.results.statistical_eye import StatisticalEye
from sirf.transmitter.jitter import Jitter, PhaseNoise, SinusoidalJitter
from sirf.transmitter.transmitter import Transmitter

Float = NDArray[np.float64]
RATE, SWING = 20e9, 0.4
RISE = 20e-12
CORNER = 5.0 * RATE


def nrz_link(jitter: Jitter, *, sigma: float = 1.8e-3, samples_per_ui: int = 32) -> Link:
    """A flat channel with a Gaussian edge of 20 ps and a receiver filter far above the symbol rate."""
    f = np.arange(0.0, 20.0 * RATE, 100e6)
    s = np.zeros((len(f), 2, 2), dtype=complex)
    s[:, 1, 0] = s[:, 0, 1] = np.exp(-2j * np.pi * f * 0.2e-9)
    return Link(
        Channel(through=Network(f, s, z0=100.0, name="flat"), plane="die", name="flat"),
        symbol_rate=RATE,
        modulation="NRZ",
        transmitter=Transmitter(
            amplitude=SWING, amplitude_fext=SWING, amplitude_next=SWING, rise_time=RISE, jitter=jitter
        ),
        receiver=Receiver(noise_corner=CORNER, noise_density=sigma**2 / (1.02617 * CORNER)),
        samples_per_ui=samples_per_ui,
    )


TABLE_TIME = np.linspace(-3.0, 3.0, 3001)
FINE = 60
"""Neighbouring times of the table that stand in one row."""


@cache
def table() -> Float:
    """Step response at `TABLE_TIME` in UI: the Gaussian edge through the Butterworth filter, by integration of its spectrum.

    Made when first asked for: other workers only collect these tests.
    """
    f = np.linspace(0.0, 8.0 * RATE, 16_001)
    edge = np.exp(-2.0 * (np.pi * f * RISE / 1.6832) ** 2)
    x = 1j * f / CORNER
    poles = 1.0 / (1.0 + 2.613126 * x + 3.414214 * x**2 + 2.613126 * x**3 + x**4)
    turn = 2j * np.pi * f[1:] / RATE
    integrand = edge[1:] * poles[1:] / f[1:] / np.pi
    # half of the last term, by the trapezoidal rule
    integrand[-1] *= 0.5
    # a time is that of its row and one of the first row: the sum over all frequencies and times is a product of matrices
    rows = np.exp(np.outer(TABLE_TIME[::FINE], turn)) * integrand
    total = (rows @ np.exp(np.outer(turn, TABLE_TIME[:FINE] - TABLE_TIME[0]))).imag.ravel()[: TABLE_TIME.size]
    # the first term of the integrand, its limit at zero frequency, by the same rule
    start = TABLE_TIME / RATE - 2.613126 / (2.0 * np.pi * CORNER)
    return np.asarray(0.5 + (total + start) * (f[1] - f[0]))


def quadrature(jitter: Jitter, sigma: float, phases: Float) -> Float:
    """Error ratio of a decision at zero, `phases` UI from the middle between two edges whose displacement is integrated over."""
    nodes = np.linspace(-10.0, 10.0, 401)
    weight = np.exp(-0.5 * nodes**2)
    tau = jitter.random_ui * nodes if jitter.random_ui else np.zeros(1)
    weight = weight / weight.sum() if jitter.random_ui else np.ones(1)
    if jitter.dual_dirac_ui:
        tau = np.concatenate([tau - jitter.dual_dirac_ui, tau + jitter.dual_dirac_ui])
        weight = 0.5 * np.concatenate([weight, weight])

    def rise(time: Float | float) -> Float:
        return np.asarray(np.interp(time, TABLE_TIME, table()))

    ratios = []
    for phase in phases:
        total = 0.0
        for before, old, new, after in itertools.product((-1, 1), repeat=4):
            x = np.diff([before, old, 1, new, after])
            volts = before + x[0] * rise(phase + 1.5) + x[3] * rise(phase - 1.5)
            first, second = (
                (x[i] * rise(phase + at - tau), weight) if x[i] else (np.zeros(1), np.ones(1))
                for i, at in ((1, 0.5), (2, -0.5))
            )
            seen = SWING * (volts + first[0][:, None] + second[0])
            total += float(first[1] @ (0.5 * erfc(seen / sigma / np.sqrt(2.0))) @ second[1]) / 16.0
        ratios.append(total)
    return np.array(ratios)


def middle(eye: StatisticalEye) -> float:
    """Phase of the sampling instant in UI behind the middle between the crossings of an isolated edge."""
    end = front_end(eye.link)
    time = end.start_time + end.sampling / (end.samples_per_ui * RATE) - 0.2e-9
    return float(time * RATE - 0.5)


@pytest.mark.parametrize(
    "jitter",
    [
        Jitter(random_ui=0.01),
        Jitter(random_ui=0.01, dual_dirac_ui=0.05),
        Jitter(random_ui=0.03, dual_dirac_ui=0.06),
        Jitter(random_ui=0.078),
        Jitter(random_ui=0.001, dual_dirac_ui=0.05),
        Jitter(dual_dirac_ui=0.05),
    ],
    ids=str,
)
def test_the_bathtub_is_that_of_exact_edges_to_1e_minus_18(jitter: Jitter) -> None:
    sigma = 1.8e-3
    eye = statistical_eye(nrz_link(jitter, sigma=sigma))
    phase, found = eye.bathtub()
    fallen = np.flatnonzero(found < 1e-22)
    early = (phase > -0.49) & (phase < -0.1) & (np.arange(32) < (fallen[0] + 2 if len(fallen) else 32))
    expected = quadrature(jitter, sigma, phase[early] + middle(eye))
    deep = expected > 1e-18
    assert deep.any()
    assert found[early][deep] / expected[deep] == pytest.approx(1.0, rel=0.01)
    # beyond that it keeps falling, with no floor
    assert np.all(found[early][expected < 1e-19] < 2e-19)
    assert found[16] < 1e-19 or expected[-1] > 1e-19


def test_jitter_figures_are_those_that_the_edges_were_given() -> None:
    for dirac, expected in ((0.0, 0.158), (0.05, 0.257)):
        eye = statistical_eye(nrz_link(Jitter(random_ui=0.01, dual_dirac_ui=dirac)))
        found = eye.metrics(1e-15).worst_jitter
        assert found is not None
        assert found.total == pytest.approx(expected, abs=0.002)
        assert found.random == pytest.approx(0.01, rel=0.04)
        assert found.deterministic == pytest.approx(2.0 * dirac, abs=0.006)
        assert found.deterministic >= 0.0


@pytest.mark.parametrize("sigma", [1e-3, 1e-4, 1e-5])
def test_less_noise_is_less_noise(sigma: float) -> None:
    """Where jitter alone makes the errors, less noise changes little, and is refused nowhere."""
    jitter = Jitter(random_ui=0.01, dual_dirac_ui=0.05)
    eye = statistical_eye(nrz_link(jitter, sigma=sigma, samples_per_ui=16))
    phase, found = eye.bathtub()
    # the quadrature's nodes must lie closer than the noise: take what the noise hardly blurs
    early = (phase > -0.49) & (phase < -0.3)
    expected = quadrature(jitter, max(sigma, 4e-4), phase[early] + middle(eye))
    deep = expected > 1e-16
    assert found[early][deep] / expected[deep] == pytest.approx(1.0, rel=0.03)


def test_common_displacements_far_larger_than_the_noise() -> None:
    """A sinusoid and slow phase noise: every edge is displaced alike, which moves the sampling instant through the bathtub."""
    grid = np.linspace(-0.95, 0.4, 541)
    curve = CubicSpline(grid, np.log(quadrature(Jitter(), 4e-3, grid) + 1e-290))
    turns = 0.1 * np.sin(2.0 * np.pi * (np.arange(2000) + 0.5) / 2000)
    noise = PhaseNoise((1e3, 1e5, 1e6, 1e7), (-68.0, -72.0, -88.0, -180.0))
    rms = np.sqrt(noise.variance(symbol_rate=RATE))
    normal = np.linspace(-9.0, 9.0, 2001)
    for jitter, tau, weight in (
        (Jitter(sinusoidal=(SinusoidalJitter(0.1, 1e6),)), turns, np.ones(2000)),
        (Jitter(phase_noise=noise), rms * normal, np.exp(-0.5 * normal**2)),
    ):
        eye = statistical_eye(nrz_link(jitter, sigma=4e-3), phases=16)
        places, found = eye.bathtub()
        for place, ratio in zip(places[2:6], found[2:6], strict=True):
            exact = weight @ np.exp(curve(place + middle(eye) - tau)) / weight.sum()
            assert exact < 1e-14 or ratio / exact == pytest.approx(1.0, rel=0.01), (jitter, place)


def test_the_receivers_reference_stays_the_mean_pulse() -> None:
    """Levels do not move with the treatment of edges: without jitter the main cursor is the same to its square."""
    link = nrz_link(Jitter(random_ui=0.01))
    still = link.replace(transmitter=dataclasses.replace(link.transmitter, jitter=Jitter()))
    pair = [float(sirf.statistical_eye(one, phases=1).main_cursor[0]) for one in (link, still)]
    assert pair[0] == pytest.approx(pair[1], rel=2e-3)


def test_states_of_jitter_are_alike_in_blocks_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sinusoid has more states than are displaced at once; each is found in its own block, in chains and in moments."""
    link, found = nrz_link(Jitter(random_ui=0.01, sinusoidal=(SinusoidalJitter(0.03, 1e6),))), []
    for together in (tilted_edges.STATES_TOGETHER, 3, 10_000):
        for module in (tilted_edges, tilted_moment):
            monkeypatch.setattr(module, "STATES_TOGETHER", together)
        model = InterferenceModel(link)
        assert len(model.displacement.states) > 16
        found.append(model.at(0).log_tail)
    assert found[0].min() < -40.0
    assert np.array_equal(found[1], found[0])
    assert np.array_equal(found[2], found[0])

"""The 99 % interval of short counts holds the truth: one aggressor's phase, slow jitter, against enumeration and quadrature."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import binom

import sirf
from benchmarks.validate.grid import edge_cases
from sirf.engine.front_end import front_end
from sirf.link import Link
from sirf.transmitter.jitter import BoundedJitter, Jitter, PhaseNoise, SinusoidalJitter
from tests.engine.links import SYMBOL_RATE, flat_link

RUNS = 120
CORNER = 4e9
"""A receiver filter that leaves a slope at the sampling instant, for jitter to act on."""


def with_aggressor(sigma: float, coupling: float) -> Link:
    return flat_link("NRZ", sigma=sigma, crosstalk=(coupling,) if coupling else ())


def with_jitter(jitter: Jitter) -> Link:
    link = flat_link("NRZ", sigma=0.2)
    receiver = dataclasses.replace(link.receiver, noise_corner=CORNER, noise_density=0.2**2 / (1.02617 * CORNER))
    return link.replace(receiver=receiver, transmitter=dataclasses.replace(link.transmitter, jitter=jitter))


def enumerated(link: Link) -> float:
    """Error ratio of NRZ: all patterns of the victim's and the aggressor's symbols that are seen, at every phase."""
    end = front_end(link)
    m, sigma = link.samples_per_ui, end.receiver_noise
    victim = end.cursors(end.through)
    own = np.delete(victim, end.pre_cursors)
    own = own[np.abs(own) > 1e-4]
    levels = np.array([victim[end.pre_cursors] + np.dot(p, own) for p in itertools.product((-1, 1), repeat=len(own))])
    wave = end.crosstalk[0] if end.crosstalk else np.zeros(m)
    total = []
    for column in wave[: len(wave) // m * m].reshape(-1, m).T:
        seen = column[np.abs(column) > 1e-3]
        other = np.array([np.dot(p, seen) for p in itertools.product((-1, 1), repeat=len(seen))])
        total.append(np.mean(ndtr(-(levels[:, None] + other) / sigma)))
    return float(np.mean(total))


def displaced_together(link: Link, tau: np.ndarray, weight: np.ndarray) -> float:
    """Error ratio of NRZ where all edges that a sample sees are displaced by `tau` UI with probability `weight`.

    That is the pulse itself, later by tau: enumeration of its cursors at every displacement.
    """
    end = front_end(link.replace(transmitter=dataclasses.replace(link.transmitter, jitter=Jitter())))
    grid = np.arange(len(end.through)) / end.samples_per_ui
    instant = end.sampling / end.samples_per_ui
    ratios = []
    for move in tau:
        cursors = np.interp(instant - move + np.arange(-2, 8), grid, end.through)
        own = np.delete(cursors, 2)
        own = own[np.abs(own) > 1e-4]
        levels = np.array([cursors[2] + np.dot(p, own) for p in itertools.product((-1, 1), repeat=len(own))])
        ratios.append(np.mean(ndtr(-levels / end.receiver_noise)))
    return float(weight @ ratios / weight.sum())


def missed(link: Link, truth: float) -> int:
    """How many of `RUNS` short counts have an interval without the truth."""
    runs = [sirf.count_errors(link, max_errors=100, rng=seed) for seed in range(RUNS)]
    assert np.mean([run.ber for run in runs]) == pytest.approx(truth, rel=0.03)
    return sum(not run.ber_low <= truth <= run.ber_high for run in runs)


MOST = int(binom.ppf(0.999, RUNS, 0.01))
"""Misses that a true 99 % interval exceeds in one test of a thousand."""


@pytest.mark.parametrize(("sigma", "coupling"), [(0.2, 0.5), (0.26, 0.25), (0.32, 0.0)])
def test_an_aggressor_at_random_phase(sigma: float, coupling: float) -> None:
    """Given its phase the error ratio spans a decade: a count that sees one phase is off by more than any interval says."""
    link = with_aggressor(sigma, coupling)
    assert missed(link, enumerated(link)) <= MOST


@pytest.mark.parametrize("symbols", [12_000, 30_000, 60_000])
def test_an_aggressor_that_keeps_its_phase_over_a_block_of_a_waveform(symbols: int) -> None:
    """A run sees one phase a block, so few that their scatter is hardly known: the interval says so."""
    link = with_aggressor(0.2, 0.5).replace(samples_per_ui=8)
    truth = enumerated(link)
    counts = [sirf.simulate(link, symbols=symbols, rng=seed).errors for seed in range(RUNS)]
    assert counts[0].stretch > 1024
    assert np.mean([count.ber for count in counts]) == pytest.approx(truth, rel=0.04)
    assert sum(not count.ber_low <= truth <= count.ber_high for count in counts) <= MOST


PHASE = 2.0 * np.pi * (np.arange(64) + 0.5) / 64
NORMAL = np.linspace(-5.0, 5.0, 101)


@pytest.mark.parametrize("frequency", [5e4, 1e6])
def test_a_slow_sinusoid(frequency: float) -> None:
    link = with_jitter(Jitter(sinusoidal=(SinusoidalJitter(0.08, frequency),)))
    assert missed(link, displaced_together(link, 0.08 * np.sin(PHASE), np.ones(64))) <= MOST


def test_filtered_data_far_slower_than_the_symbols() -> None:
    """A bit is followed by itself or by the other one, to which the pole then takes the displacement within the bit."""
    rate, corner = 2e6, 5e6
    link = with_jitter(Jitter(bounded=(BoundedJitter(0.08, rate, corner),)))
    since = (np.arange(400) + 0.5) / 400
    moving = 1.0 - 2.0 * np.exp(-2.0 * np.pi * corner / rate * since)
    tau = 0.08 * np.concatenate([np.ones(400), -np.ones(400), moving, -moving])
    assert missed(link, displaced_together(link, tau, np.ones(1600))) <= MOST


def test_phase_noise_far_below_the_symbol_rate() -> None:
    noise = PhaseNoise((1e3, 1e5, 1e6, 1e7), (-68.0, -72.0, -88.0, -180.0))
    link = with_jitter(Jitter(phase_noise=noise))
    rms = np.sqrt(noise.variance(symbol_rate=SYMBOL_RATE))
    assert 0.02 < rms < 0.05
    assert missed(link, displaced_together(link, rms * NORMAL, np.exp(-0.5 * NORMAL**2))) <= MOST


@pytest.mark.parametrize("symbols", [12_000, 20_000, 60_000])
def test_a_waveform_under_slow_phase_noise(symbols: int) -> None:
    """Few displacements make most errors: a waveform sees too few of these to know their scatter, and a short one says so."""
    case = next(one for one in edge_cases(True) if one.name.startswith("slow phase noise"))
    counts = [sirf.simulate(case.link, symbols=symbols, rng=seed).errors for seed in range(RUNS)]
    intervals = [count.symbol_interval() for count in counts]
    assert sum(not low <= case.exact <= high for low, high in intervals) <= MOST

"""Tails behind curves against every one of many known patterns, at rest and with drawn jitter, with and without an Rx FFE."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.special import ndtr

from sirf import optics
from sirf._arrays import Float, Integer
from sirf.engine.light.averaged_chain import averaged
from sirf.engine.light.light_chain import LightChain, UnitNoise, periodic
from sirf.engine.light.pattern_tails import NOISE_CLASSES, PatternTails
from sirf.engine.statistical.analysis import InterferenceModel
from sirf.engine.statistical.link_error_rates import error_rates
from sirf.link import Link
from sirf.study.sections import optimized, sections
from sirf.system.architecture import load_architecture
from tests.engine.light.test_large_signal import at_error_ratio, shipped, still

SYMBOLS = 1 << 15
"""Of a period: its transforms stay in the caches, and many periods tell how far their mean can be off."""


def quiet(link: Link) -> Link:
    """The link without crosstalk and without noise of its laser, slicers half way between the levels."""
    assert link.optics is not None
    receiver = dataclasses.replace(link.receiver, thresholds="midway")
    return link.replace(channel=link.optics.undisturbed().quiet(), receiver=receiver)


def by_brute_force(link: Link, runs: int) -> tuple[float, float]:
    """Mean symbol error ratio and its deviation: random patterns with drawn displacements, each with its Gaussian tail.

    Edges are displaced to second order, by Gaussian and dual-Dirac jitter; the levels are found from what arrives.
    """
    model = InterferenceModel(link)
    assert model.large is not None
    chain = averaged(link).chain
    noise = model.noise + model.large.at(0).variance
    generator = np.random.default_rng(20)
    found = []
    for _ in range(runs):
        sent = generator.permutation(np.arange(SYMBOLS) % link.order)
        seen = chain.run(displaced(link, chain, sent, generator)).slicer.reshape(SYMBOLS, -1)[:, 0]
        seen = seen - fed_back(model, sent)
        found.append(errors(seen, sent, noise[sent, np.roll(sent, 1)]))
    return float(np.mean(found)), float(np.std(found) / np.sqrt(runs))


def displaced(link: Link, chain: LightChain, sent: Integer, generator: np.random.Generator) -> Float:
    """Drive of the symbols `sent`, edges displaced to second order by Gaussian and dual-Dirac jitter as drawn."""
    symbols, jitter, drive = link.levels[sent], link.transmitter.jitter, chain.drive
    tau = jitter.random_ui * generator.standard_normal(len(sent))
    tau += jitter.dual_dirac_ui * generator.choice([-1.0, 1.0], len(sent))
    taps = np.diff([0.0, *link.transmitter.ffe, 0.0])
    steps = sum(t * np.roll(symbols, i - link.transmitter.ffe_main) for i, t in enumerate(taps))
    wave = periodic(drive.through, drive.sampling, symbols)
    wave += periodic(drive.edge, drive.sampling, -steps * tau)
    return wave + periodic(drive.edge_slope, drive.sampling, 0.5 * steps * tau**2)


def fed_back(model: InterferenceModel, sent: Integer) -> Float:
    """V that feedback of the symbols `sent` takes off each."""
    symbols = model.link.levels[sent]
    taps = enumerate(model.link.receiver.dfe, start=1)
    return np.asarray(sum(tap * model.front_end.main_cursor * np.roll(symbols, lag) for lag, tap in taps))


def errors(seen: Float, sent: Integer, variance: Float) -> float:
    """Symbol error ratio of values with Gaussian noise and thresholds half way between the levels' means."""
    means = np.array([seen[sent == level].mean() for level in range(sent.max() + 1)])
    bounds = np.concatenate([[-np.inf], 0.5 * (means[1:] + means[:-1]), [np.inf]])
    deviation = np.sqrt(variance)
    beyond = ndtr((seen - bounds[sent + 1]) / deviation) + ndtr((bounds[sent] - seen) / deviation)
    return float(beyond.mean())


def expected(link: Link) -> float:
    """The statistical engine's symbol error ratio, with the noise that the brute force has: one for each pair of levels."""
    model = InterferenceModel(link)
    assert model.large is not None
    found = model.large.at(0)
    noise = np.tile(found.variance.ravel()[found.patterns.pair], (len(found.patterns.seen), 1))
    patterns = dataclasses.replace(found.patterns, noise=noise)
    at_instant = model._distorted(dataclasses.replace(found, patterns=patterns), 0)
    return error_rates(model, at_instant, ideal_feedback=True).ser


@pytest.mark.parametrize(
    ("name", "standard"),
    # products of other symbols count where there is no Rx FFE and where the light bends most
    [
        ("sr-vcsel", "optical-53g"),
        ("fr-eml", "802.3ck-kr1"),
        ("cpo-silicon-ring", "802.3ck-kr1"),
        ("dr-silicon-mzm", "802.3ck-kr1"),
    ],
)
def test_at_rest_the_tail_is_that_of_the_patterns(name: str, standard: str) -> None:
    link = at_error_ratio(quiet(still(shipped(name, standard))), 1e-5)
    known, deviation = by_brute_force(link, 16)
    assert expected(link) == pytest.approx(known, rel=0.03, abs=3.0 * deviation)


def test_jitter_passes_the_curves_with_its_pattern() -> None:
    """A compressive link: displacement costs it levels, and large transitions move less than small ones."""
    (section,) = sections(load_architecture("pluggable-linear"), 106.25e9, step=20e6)
    link = at_error_ratio(quiet(optimized(section.link)), 1e-4)
    known, deviation = by_brute_force(link, 96)
    assert expected(link) == pytest.approx(known, rel=0.03, abs=3.0 * deviation)


def test_displaced_edges_bring_the_noise_of_the_light_that_they_bring() -> None:
    """Intensity noise 9 dB louder than shipped: a level beside more light is noisier just when its edge is displaced."""
    (section,) = sections(load_architecture("pluggable-linear"), 106.25e9, step=20e6)
    link = optimized(section.link)
    assert link.optics is not None
    path = link.optics.path
    louder = dataclasses.replace(path.source, rin_db_per_hz=path.source.rin_db_per_hz + 9.0)
    path = dataclasses.replace(path, source=louder, connectors=(), end_reflectance_db=(-120.0, -120.0))
    link = link.replace(channel=link.optics.with_path(path).undisturbed())
    model, own = InterferenceModel(link), InterferenceModel(quiet(link))
    assert model.large is not None
    chain, found = averaged(link).chain, model.at(0)
    volts = np.array([[q(k, 1e-3) for k in range(4)] for q in (found.quantile, found.lower_quantile)])
    generator, counted = np.random.default_rng(21), []
    for _ in range(40):
        sent = generator.permutation(np.arange(SYMBOLS) % 4)
        drive = displaced(link, chain, sent, generator)
        unit = UnitNoise(*(generator.standard_normal(len(drive)) for _ in range(3)))
        seen = chain.run(drive, unit).slicer.reshape(SYMBOLS, -1)[:, 0] - fed_back(model, sent)
        x = seen - model.decided[sent] * model.front_end.main_cursor
        # the receiver's own noise by its Gaussian tail
        wrong = ndtr(np.stack([x - volts[0, sent], -x - volts[1, sent]]) / np.sqrt(own.noise))
        counted.append([np.bincount(sent, row) / (SYMBOLS // 4) for row in wrong])
    inner = np.mean(counted, axis=0)[[0, 0, 0, 1, 1, 1], [0, 1, 2, 1, 2, 3]]
    assert inner == pytest.approx(1e-3, rel=0.2)


def test_patterns_of_an_independent_rest_leave_the_tails() -> None:
    """A rest that does not go with the neighbours, noise that does not go with the pattern: the ratio is one."""
    generator = np.random.default_rng(3)
    n, levels = 1 << 18, 4
    pair = generator.integers(0, levels**2, n)
    fitted = 0.3 * generator.uniform(-1.0, 1.0, n)
    left = 0.05 * generator.choice([-1.0, 1.0], n)
    tails = PatternTails((fitted + left)[None], fitted[None], left, np.full((1, n), 1e-3), pair, levels)
    upper, lower = tails.log_ratios(np.zeros(levels), 9e-3, np.linspace(0.0, 0.4, 20))
    assert np.abs(upper).max() < 0.02
    assert np.abs(lower).max() < 0.02


def test_a_rest_that_goes_with_the_neighbours_has_the_closed_form() -> None:
    """x = u + 0.2 (u² - 1) with u Gaussian and noise, against the same u with that rest drawn by itself."""
    generator = np.random.default_rng(4)
    n = 1 << 18
    u = generator.standard_normal(n)
    left = 0.2 * (u**2 - 1.0)
    tails = PatternTails((u + left)[None], u[None], left, np.zeros((1, n)), np.zeros(n, dtype=np.int64), 1)
    volts = np.linspace(0.0, 3.0, 7)
    upper, lower = tails.log_ratios(np.zeros(1), 0.25, volts)
    nodes, weights = np.polynomial.hermite_e.hermegauss(120)
    weights = weights / weights.sum()
    rest = 0.2 * (nodes**2 - 1.0)
    for found, sign in ((upper, 1.0), (lower, -1.0)):
        together = [float(weights @ ndtr((sign * (nodes + rest) - v) / 0.5)) for v in volts]
        apart = [float(weights @ ndtr((sign * (nodes[:, None] + rest) - v) / 0.5) @ weights) for v in volts]
        assert found[0] == pytest.approx(np.log(np.divide(together, apart)), abs=0.03)


def test_noise_that_goes_with_the_pattern_counts_where_the_pattern_is() -> None:
    """Symbols near the threshold have the small noise: far fewer errors than with the mean noise everywhere."""
    u = np.repeat([-0.5, 0.5], 1000)
    noise = np.where(u > 0.0, 0.01, 0.09)
    tails = PatternTails(u[None], u[None], np.zeros(2000), noise[None], np.zeros(2000, dtype=np.int64), 1)
    upper, _ = tails.log_ratios(np.zeros(1), 0.0, np.array([0.0, 0.5, 1.0]))
    # one class of noise holds symbols of one kind only
    assert NOISE_CLASSES % 2 == 0
    actual = 0.5 * (ndtr(-0.5 / 0.1) + ndtr(-1.5 / 0.3))
    mean = 0.5 * (ndtr(-0.5 / np.sqrt(0.05)) + ndtr(-1.5 / np.sqrt(0.05)))
    assert upper[0, 2] == pytest.approx(np.log(actual / mean), abs=0.02)


def test_a_preset_without_jitter_has_no_courses() -> None:
    preset = optics.load_optics("sr-vcsel")
    assert preset.path is not None
    link = still(shipped("sr-vcsel", "optical-53g"))
    large = InterferenceModel(link).large
    assert large is not None
    assert large.period.courses == 1
    assert large.at(0).slope == pytest.approx(1.0)

"""The grid of impairments: for each link the brute force and what every engine says of it."""

from __future__ import annotations

import dataclasses
import itertools
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from scipy.special import ndtr
from scipy.stats import binom

import sirf
from benchmarks.validate.curved_light import DEVICES
from benchmarks.validate.decisions import symbol_error_ratio
from benchmarks.validate.exact_edges import DELAY, RATE, Float, error_ratio, independent, line_link, together
from benchmarks.validate.filtered_line import CONVERTED, LINES
from sirf.engine.front_end import front_end
from sirf.link import Link
from sirf.results.error_count import ErrorCount
from sirf.signal.patterns import Pattern
from sirf.transmitter.aggressor import Aggressor
from sirf.transmitter.jitter import BoundedJitter, Jitter, PhaseNoise, SinusoidalJitter
from tests.engine.links import flat_link

LARGEST_MISS = 0.01
"""Part by which a statistical ratio may miss the brute force."""
CONFIDENCE = 0.9999
"""Of a counted interval: some hundred comparisons, of which hardly one fails by chance."""


LONG = 300_000_000
"""Symbols of a count under slow jitter."""
WAVEFORM = 60_000
"""Symbols of a waveform whose interval is looked at."""
DEEP = 1e-5
"""Error ratio below which nothing is counted."""
LEAST_RATIO = 1e-19
"""Least error ratio that the statistics claim to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison of symbol error ratios: the `exact` one must lie between `low` and `high`, about the one `found`."""

    link: str
    engine: str
    exact: float
    found: float
    low: float
    high: float

    @property
    def passes(self) -> bool:
        """Whether the brute force lies inside."""
        return self.low <= self.exact <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A `link`, its brute force, and the relative uncertainty of that where it is drawn."""

    name: str
    link: Link
    exact: float
    uncertainty: float = 0.0


REST = Jitter(random_ui=0.01)
"""What moves edges one by one beside what moves them together."""
SLOW_TONE = Jitter(random_ui=0.01, sinusoidal=(SinusoidalJitter(0.08, 1e6),))
SLOW_NOISE = Jitter(random_ui=0.01, phase_noise=PhaseNoise((1e3, 1e5, 1e6, 1e7), (-70.0, -74.0, -90.0, -180.0)))
SLOW_DATA = Jitter(random_ui=0.01, bounded=(BoundedJitter(0.06, 2e6, 5e6),))


@cache
def edge_cases(short: bool) -> tuple[Case, ...]:
    """Displaced edges on a line of a closed form: phases at which decades of the error ratio lie. Kept: two tables ask."""
    # steps of a phase span decades: two targets may meet at one phase
    return tuple({(case.link.transmitter.jitter, case.exact): case for case in _edge_cases(short)}.values())


def _edge_cases(short: bool) -> Iterator[Case]:
    for jitter in (
        Jitter(random_ui=0.01),
        Jitter(random_ui=0.01, dual_dirac_ui=0.05),
        Jitter(random_ui=0.03, dual_dirac_ui=0.06),
        Jitter(random_ui=0.078),
    ):
        for ratio in (1e-3, 1e-12) if short else (1e-2, 1e-3, 1e-4, 1e-6, 1e-9, 1e-12, 1e-15, 1e-18):
            own = independent(jitter)
            yield from _at_ratio(
                f"{_named(jitter)}, {ratio:.0e}", jitter, ratio, partial(error_ratio, first=own, second=own)
            )
    phase = 2.0 * np.pi * (np.arange(96) + 0.5) / 96
    normal = np.linspace(-6.5, 6.5, 105)
    since = (np.arange(48) + 0.5) / 48
    moving = 1.0 - 2.0 * np.exp(-2.0 * np.pi * 2.5 * since)
    rms = np.sqrt(SLOW_NOISE.phase_noise.variance(symbol_rate=RATE)) if SLOW_NOISE.phase_noise else 0.0
    for name, jitter, common, weight in (
        ("sinusoid 0.08 UI at 1 MHz", SLOW_TONE, 0.08 * np.sin(phase), np.ones(96)),
        ("slow phase noise", SLOW_NOISE, rms * normal, np.exp(-0.5 * normal**2)),
        (
            "filtered data 0.06 UI",
            SLOW_DATA,
            0.06 * np.concatenate([np.ones(48), -np.ones(48), moving, -moving]),
            np.ones(192),
        ),
    ):
        for ratio in (1e-3,) if short else (1e-3, 1e-6, 1e-9):
            yield from _at_ratio(
                f"{name}, {ratio:.0e}", jitter, ratio,
                partial(together, jitter=REST, common=common, weight=weight),
            )  # fmt: skip


def _named(jitter: Jitter) -> str:
    return f"RJ {jitter.random_ui:g}, A_DD {jitter.dual_dirac_ui:g} UI"


def _at_ratio(name: str, jitter: Jitter, ratio: float, exact: Callable[[float], float]) -> Iterator[Case]:
    """The link sampled where the brute force first falls below three times `ratio`; nothing where it does not."""
    # far down the bathtub one step of the usual 32 spans ten decades
    m = 32 if ratio > DEEP else 128

    def sampled(step: int) -> tuple[Link, float]:
        moved = line_link(jitter, offset_ui=step / m, samples_per_ui=m)
        end = front_end(moved)
        return moved, exact((end.start_time + end.sampling / (m * RATE) - DELAY) * RATE - 0.5)

    steps = range(-m // 2 + 1, 1)
    # errors only grow rarer from the edge to the middle of the eye
    first = bisect_left(steps, True, key=lambda step: sampled(step)[1] < 3.0 * ratio)
    if first < len(steps):
        moved, found = sampled(steps[first])
        # below that the statistics claim nothing
        if found > LEAST_RATIO:
            yield Case(name=name, link=moved, exact=found)


def aggressor_cases() -> Iterator[Case]:
    """One far-end aggressor at random phase: its symbols and phases enumerated."""
    for sigma, coupling in ((0.2, 0.5), (0.26, 0.25)):
        link = flat_link("NRZ", sigma=sigma, crosstalk=(coupling,))
        link = link.replace(transmitter=dataclasses.replace(link.transmitter, rise_time=0.3 / link.symbol_rate))
        end = front_end(link)
        m, wave = link.samples_per_ui, end.crosstalk[0]
        own = np.delete(end.cursors(end.through), end.pre_cursors)
        victim = end.main_cursor + _sums(own[np.abs(own) > 1e-4])
        ratios = [
            np.mean(ndtr(-(victim[:, None] + _sums(column[np.abs(column) > 1e-4])) / end.receiver_noise))
            for column in wave[: len(wave) // m * m].reshape(-1, m).T
        ]
        yield Case(name=f"aggressor of {coupling:g} at random phase", link=link, exact=float(np.mean(ratios)))


def _sums(cursors: Float, order: int = 2, levels: Float | None = None) -> Float:
    levels = np.linspace(-1.0, 1.0, order) if levels is None else levels
    return np.array([np.dot(signs, cursors) for signs in itertools.product(levels, repeat=len(cursors))])


def feedback_cases(symbols: int) -> Iterator[Case]:
    """Decisions that feed back over one tap."""
    for order, tap, sigma in ((2, 0.6, 0.4), (4, 0.6, 0.12), (4, -0.4, 0.12)):
        link = flat_link(f"PAM{order}", sigma=sigma, ffe=(1.0, tap), dfe=(tap,))
        ratio, deviation = symbol_error_ratio(order, (1.0, tap), (tap,), sigma, symbols)
        yield Case(name=f"PAM{order}, DFE tap {tap:g}", link=link, exact=ratio, uncertainty=deviation / ratio)


def pam4_aggressor_case() -> Case:
    """Two far-end aggressors of PAM4, each at its own random phase: both distributions enumerated, and their sum."""
    link = flat_link("PAM4", sigma=0.09, crosstalk=(0.1, 0.06))
    link = link.replace(transmitter=dataclasses.replace(link.transmitter, rise_time=0.3 / link.symbol_rate))
    end = front_end(link)
    m = link.samples_per_ui
    (first, first_weight), (second, second_weight) = (_at_all_phases(wave, m) for wave in end.crosstalk)
    own = np.delete(end.cursors(end.through), end.pre_cursors)
    half = end.main_cursor / 3.0
    victim = _sums(own[np.abs(own) > 1e-4], 4)
    total = 0.0
    for rest, weight in zip(first, first_weight, strict=True):
        beside = np.add.outer(victim, rest + second)
        tails = ndtr((beside - half) / end.receiver_noise) + ndtr((-beside - half) / end.receiver_noise)
        total += weight * float(tails.mean(axis=0) @ second_weight)
    # inner levels err on both sides
    return Case(name="PAM4, two aggressors at random phases", link=link, exact=0.75 * total)


def mismatch_cases() -> Iterator[Case]:
    """PAM4 at R_LM 0.95, with a neighbour and an aggressor of the same levels: random symbols, or PRBS31Q from the aggressor."""
    outer = 0.95 / 3.0
    levels = np.array([-1.0, -outer, outer, 1.0])
    link = flat_link("PAM4", sigma=0.035, ffe=(1.0, 0.05), crosstalk=(0.06,))
    link = link.replace(
        transmitter=dataclasses.replace(link.transmitter, rise_time=0.3 / link.symbol_rate, level_mismatch=0.95)
    )
    end = front_end(link)
    m, wave, main = link.samples_per_ui, end.crosstalk[0], end.main_cursor
    own = np.delete(end.cursors(end.through), end.pre_cursors)
    victim = _sums(own[np.abs(own) > 1e-4], levels=levels)
    middle = 0.5 * (levels[1:] + levels[:-1])
    total = []
    for column in wave[: len(wave) // m * m].reshape(-1, m).T[::2]:
        beside = np.add.outer(victim, _sums(column[np.abs(column) > 1e-4], levels=levels))
        # each level's way to the threshold above it and to the one below
        up = [np.mean(ndtr((beside - main * (middle[k] - levels[k])) / end.receiver_noise)) for k in range(3)]
        down = [np.mean(ndtr((-beside - main * (levels[k] - middle[k - 1])) / end.receiver_noise)) for k in range(1, 4)]
        total.append(sum(up) + sum(down))
    exact = float(np.mean(total)) / 4.0
    yield Case(name="PAM4, R_LM 0.95, neighbour and aggressor", link=link, exact=exact)
    pattern = (Aggressor(pattern=Pattern("prbs31q")),)
    yield Case(name="the same, PRBS31Q from the aggressor", link=link.replace(aggressors=pattern), exact=exact)


def _at_all_phases(wave: Float, m: int) -> tuple[Float, Float]:
    """(V, probability) of PAM4 through a response of `m` samples per UI, every second phase as likely as another."""
    found = [_sums(column[np.abs(column) > 1e-4], 4) for column in wave[: len(wave) // m * m].reshape(-1, m).T[::2]]
    # phases at which more symbols reach the slicer have more patterns, each less likely
    weights = [np.full(len(each), 1.0 / len(each) / len(found)) for each in found]
    return np.concatenate(found), np.concatenate(weights)


def receiver_cases(short: bool, symbols: int) -> Iterator[Case]:
    """FFE with white and with coloured noise through it, baseline wander, a converter ahead of the FFE."""
    for name, line in LINES.items():
        for ratio in (1e-3, 1e-6) if short else (1e-3, 1e-6, 1e-9):
            sigma = line.at(ratio)
            yield Case(name=f"{name}, {ratio:.0e}", link=line.link(sigma), exact=line.error_ratio(sigma))
    exact, uncertainty = CONVERTED.error_ratio(0.07, 2 * symbols)
    yield Case(
        name="PAM4, converter of 5 bits, five-tap FFE", link=CONVERTED.link(0.07), exact=exact, uncertainty=uncertainty
    )


def light_cases(short: bool) -> Iterator[Case]:
    """Light through a curve that bends its levels."""
    for name, device in DEVICES.items():
        # the short form leaves counts through light to the long one
        for ratio in (2e-5,) if short else (1e-3, 2e-5, 2e-6):
            used = dataclasses.replace(device, symbols=1 << 15, periods=4) if short else device
            sigma = used.at(ratio)
            exact, uncertainty = used.error_ratio(sigma)
            yield Case(name=f"{name}, {ratio:.0e}", link=used.link(sigma), exact=exact, uncertainty=uncertainty)


def rows(short: bool, *, errors: int, symbols: int) -> Iterator[Row]:
    """Every engine on every case; counts stop at `errors`, waveforms and brute force draw so many `symbols`."""
    cases = itertools.chain(
        edge_cases(short),
        aggressor_cases(),
        (pam4_aggressor_case(),),
        mismatch_cases(),
        feedback_cases(symbols),
        receiver_cases(short, symbols),
        light_cases(short),
    )
    for case in cases:
        # the statistics take all symbols as independent, and refuse patterns
        if not any(source.pattern for source in case.link.aggressors):
            found = sirf.statistical_eye(case.link, phases=1).ser
            margin = LARGEST_MISS + 4.0 * case.uncertainty
            yield Row(
                link=case.name, engine="statistical", exact=case.exact, found=found, low=found * (1.0 - margin),
                high=found * (1.0 + margin),
            )  # fmt: skip
        if case.exact < 3e-5:
            continue
        counts = {
            "counting": sirf.count_errors(case.link, max_errors=errors, rng=1),
            "waveform": sirf.simulate(case.link, symbols=symbols, rng=1).errors,
        }
        for engine, count in counts.items():
            low, high = count.symbol_interval(CONFIDENCE)
            more = 4.0 * case.uncertainty * case.exact
            yield Row(
                link=case.name, engine=engine, exact=case.exact, found=count.ser, low=low - more, high=high + more
            )
        if case.link.transmitter.jitter.moves_together and not short:
            yield _long_count(case)


def _long_count(case: Case) -> Row:
    """So many symbols that slow jitter has been met at all its values: its interval would bear far more than 1 %."""
    count = sirf.count_errors(case.link, max_errors=10**9, max_symbols=LONG, rng=1)
    margin = LARGEST_MISS + 3.0 / np.sqrt(count.symbol_errors)
    return Row(
        link=f"{case.name}, {LONG:.0e} symbols", engine="counting", exact=case.exact, found=count.ser,
        low=count.ser * (1.0 - margin), high=count.ser * (1.0 + margin),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How many of `runs` 99 % intervals of short runs of an `engine` miss the `truth`."""

    link: str
    engine: str
    truth: float
    runs: int
    missed: int

    @property
    def passes(self) -> bool:
        """Whether a true 99 % interval misses as often in more than one table of a thousand."""
        return self.missed <= int(binom.ppf(0.999, self.runs, 0.01))


def wander_case() -> Case:
    """Baseline wander of an AC coupling that the data do not resolve."""
    name, sigma = "PAM4, AC coupling of 4 MHz on a grid of 10 MHz", 0.095
    return Case(name=name, link=LINES[name].link(sigma), exact=LINES[name].error_ratio(sigma))


def coverages(runs: int, *, short: bool) -> Iterator[Coverage]:
    """Counts of 100 errors, one for each seed, of every link whose error ratio is about 1e-3; the long form has waveforms too."""
    for case in itertools.chain(edge_cases(short), aggressor_cases(), (wander_case(),)):
        if not 3e-4 < case.exact < 5e-3:
            continue
        engines: dict[str, Callable[[int], ErrorCount]] = {"counting": partial(_counted, case.link)}
        if not short:
            engines["waveform"] = partial(_simulated, case.link)
        for engine, count in engines.items():
            intervals = [count(seed).symbol_interval() for seed in range(runs)]
            missed = sum(not low <= case.exact <= high for low, high in intervals)
            yield Coverage(link=case.name, engine=engine, truth=case.exact, runs=runs, missed=missed)


def _counted(link: Link, seed: int) -> ErrorCount:
    return sirf.count_errors(link, max_errors=100, rng=seed)


def _simulated(link: Link, seed: int) -> ErrorCount:
    return sirf.simulate(link, symbols=WAVEFORM, rng=seed).errors

"""Every kind of edge jitter in the statistics: against enumeration, closed forms of its parts, and the bit-by-bit count."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import erfc

import sirf
from sirf.engine.counting.count_errors import count_errors
from sirf.engine.edge_response import EdgeResponse
from sirf.engine.statistical.analysis import InterferenceModel, statistical_eye
from sirf.engine.statistical.edge_jitter import VECTOR, Displacement, _spread
from sirf.engine.statistical.tilted_contour import TiltedContour
from sirf.engine.statistical.tilted_inversion import interference
from sirf.link import Link
from sirf.signal.pam import levels
from sirf.transmitter.jitter import BoundedJitter, Jitter, PhaseNoise, SinusoidalJitter

Float = NDArray[np.float64]
RATE = 53.125e9
KINDS = {
    "random and dual-Dirac": Jitter(),
    "duty cycle": Jitter(duty_cycle_ui=0.03),
    "even-odd": Jitter(even_odd_ui=0.03),
    "slow sinusoid": Jitter(sinusoidal=(SinusoidalJitter(0.03, 4e6),)),
    "fast sinusoid": Jitter(sinusoidal=(SinusoidalJitter(0.03, 0.123 * RATE),)),
    "slow data": Jitter(bounded=(BoundedJitter(0.03, 0.1 * RATE, 0.02 * RATE),)),
    "fast data": Jitter(bounded=(BoundedJitter(0.02, 1.3 * RATE, 1.5 * RATE),)),
    "phase noise": Jitter(phase_noise=PhaseNoise((1e6, 1e8, 1e9), (-108.0, -112.0, -135.0))),
}


def displacement(jitter: Jitter, edges: Float, *, sampling_ui: float = 0.0) -> Displacement:
    return Displacement.of(
        jitter, ffe=(1.0,), ffe_main=0, levels=levels(4), symbol_rate=RATE, edges=edges, sampling_ui=sampling_ui
    )


def test_duty_cycle_and_even_odd_jitter_are_enumeration_on_both_sides() -> None:
    """First order, with random and dual-Dirac jitter on: symbols, signs and parity enumerated."""
    values = levels(4)
    cursors, edges, main = np.pad([0.1, 1.0, 0.2, -0.05], 3), np.pad([0.05, 0.8, -0.3], (3, 4)), 4
    jitter = Jitter(random_ui=0.03, dual_dirac_ui=0.03, duty_cycle_ui=0.06, even_odd_ui=0.04)
    moved = displacement(jitter, edges)
    assert moved.state_shares.sum() == pytest.approx(1.0)
    bounded = np.concatenate([np.delete(cursors, main), 2 * moved.reach * edges])
    line = TiltedContour.of(bounded, 0.05**2, values, spread=float(np.sum((2 * 0.03 * edges) ** 2)))
    nothing = np.ones(line.size, dtype=complex)
    found = interference(cursors, main, EdgeResponse.expansion(edges, np.zeros(10)), moved, values, nothing, line)
    for level in (0, 1, 3):
        for volts in (0.2, 0.5, 0.8):
            above, below = _enumerate(values, level, volts, jitter, edges[3:6])
            assert float(found.above(level, volts)) == pytest.approx(above, rel=1e-3), (level, volts)
            assert float(found.below(level, volts)) == pytest.approx(below, rel=1e-3), (level, volts)
            assert float(found.below(level, -volts)) == pytest.approx(1.0 - above, rel=1e-6)


def _enumerate(values: Float, level: int, volts: float, jitter: Jitter, edges: Float) -> tuple[float, float]:
    above = below = 0.0
    signs = np.array(list(itertools.product([-1, 1], repeat=3)))
    parity = 0.5 * jitter.even_odd_ui * np.array([1.0, -1.0, 1.0])
    count = 0
    for before, after, last in itertools.product(values, repeat=3):
        symbols = np.array([before, values[level], after, last])
        steps = symbols[:-1] - symbols[1:]
        deviation = np.sqrt(0.05**2 + jitter.random_ui**2 * np.sum((steps * edges) ** 2))
        mean = 0.1 * before + 0.2 * after - 0.05 * last
        for turn in (-1, 1):
            tau = jitter.dual_dirac_ui * signs + turn * parity + 0.5 * jitter.duty_cycle_ui * np.sign(steps)
            centre = mean - tau @ (steps * edges)
            above += float(np.sum(0.5 * erfc((volts - centre) / deviation / np.sqrt(2.0))))
            below += float(np.sum(0.5 * erfc((volts + centre) / deviation / np.sqrt(2.0))))
            count += len(signs)
    return above / count, below / count


@pytest.mark.parametrize("name", [name for name in KINDS if name != "duty cycle"])
def test_states_and_independent_parts_together_have_the_variance_of_the_jitter(name: str) -> None:
    jitter = dataclasses.replace(KINDS[name], random_ui=0.01)
    moved = displacement(jitter, np.array([0.0, 0.3, 1.0, 0.5, 0.0]))
    together = moved.state_shares @ moved.states**2
    assert together + moved.variance == pytest.approx(
        np.full(5, jitter.variance(symbol_rate=RATE)), rel=0.01 if "slow data" in name else 2e-3
    )


@pytest.fixture(scope="module")
def noisy() -> Link:
    """A path of our own with receiver noise raised to an error ratio of about 1e-3."""
    link = sirf.Link(sirf.paths.pluggable(rate_class="100g").to_channel(), standard="802.3ck-c2m").optimized()
    return link.replace(receiver=dataclasses.replace(link.receiver, noise_density=3.8e-15))


@pytest.mark.parametrize("name", list(KINDS))
def test_error_ratio_with_each_kind_lies_in_the_counted_interval(name: str, noisy: Link) -> None:
    link = noisy.replace(transmitter=dataclasses.replace(noisy.transmitter, jitter=KINDS[name]))
    expected = statistical_eye(link, phases=1, ideal_feedback=True).ber
    assert 3e-4 < expected < 3e-3
    count = count_errors(link, max_errors=1500, max_symbols=10**7, rng=3, ideal_feedback=True)
    low, high = count.interval(0.99 ** (1 / len(KINDS)))
    assert low <= expected <= high, expected / count.ber


def test_receiver_clock_jitter_is_the_average_over_sampling_phases(noisy: Link) -> None:
    """Second order in the displacement against tails interpolated between phases, weighted with a normal distribution."""
    rms = 0.03
    link = noisy.replace(samples_per_ui=128)
    model = InterferenceModel(link)
    offsets = np.arange(-16, 17, 2)
    weight = np.exp(-0.5 * (offsets / 128 / rms) ** 2)
    main = model.main_cursors(offsets)
    shifted = InterferenceModel(link, sampling_jitter_ui=rms).at(0)
    for volts in (0.003, 0.006, 0.009):
        parts = [
            float(model.at(int(offset)).above(1, volts - link.levels[1] * (m - main[len(main) // 2])))
            for offset, m in zip(offsets, main, strict=True)
        ]
        assert float(shifted.above(1, volts)) == pytest.approx(float(weight @ parts / weight.sum()), rel=0.02)


@pytest.mark.parametrize("blur", [0.05, 0.3, 4.0])
def test_atoms_with_a_gaussian_fill_whole_vectors_and_keep_their_moments(blur: float) -> None:
    """What fills up a vector repeats the last value and has no probability."""
    values, shares = _spread((-0.02, 0.02), (0.5, 0.5), 0.01, blur)
    assert len(values) == len(shares)
    assert len(values) % VECTOR == 0
    counted = np.flatnonzero(shares)[-1]
    assert np.all(values[counted:] == values[-1])
    assert shares.sum() == pytest.approx(1.0)
    assert shares @ values == pytest.approx(0.0, abs=1e-12)
    assert shares @ values**2 == pytest.approx(0.02**2 + 0.01**2, rel=1e-2)
    assert not values.flags.writeable
    assert not shares.flags.writeable

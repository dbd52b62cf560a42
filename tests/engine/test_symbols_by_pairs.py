"""PAM6 in the engines: 32 of 36 pairs of levels are sent, against direct sums over all pairs and against counts."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from scipy.special import erfc

from sirf._kernels.edge_tables import LANES
from sirf._kernels.symbol_chain import SymbolChain
from sirf.engine.counting.count_errors import count_errors
from sirf.engine.front_end import front_end
from sirf.engine.seeding import Randomness
from sirf.engine.statistical.analysis import statistical_eye
from sirf.engine.statistical.symbol_pairing import MET, Neighbours, multiply_others
from sirf.engine.waveform.simulate import simulate
from sirf.errors import SirfError
from sirf.link import Link
from sirf.signal.pam import level_shares, levels
from sirf.transmitter.jitter import Jitter
from tests.engine.links import flat_link

LEVELS = levels(6)
PAIRS = [(i, j) for i, j in itertools.product(range(6), repeat=2) if not {i, j} <= {0, 5}]


def test_engines_send_the_points_of_the_cross_equally_often_and_no_corner() -> None:
    out = np.empty(400_000, dtype=np.uint8)
    Randomness(np.random.SeedSequence(1), np.empty(400_016, dtype=np.uint64)).symbols(6, out)
    seen = np.zeros((6, 6))
    np.add.at(seen, tuple(out.reshape(-1, 2).T), 1.0 / 200_000)
    assert [tuple(pair) for pair in np.argwhere(seen)] == PAIRS
    assert seen[tuple(np.transpose(PAIRS))] == pytest.approx(1 / 32, rel=0.06)
    assert np.bincount(out, minlength=6) / len(out) == pytest.approx(np.array([2, 3, 3, 3, 3, 2]) / 16, rel=0.02)


def direct_ser(link: Link) -> float:
    """Sum over the levels of the main symbol and all pairs of the largest cursors; the small rest is Gaussian."""
    end = front_end(link)
    cursors, main = end.cursors(end.mean_pulse), end.pre_cursors
    half, total = 0.2 * cursors[main], 0.0
    for first in (0, 1):
        starts = [k for k in range(first - 2, len(cursors), 2) if k + 1 >= 0]
        through = {k: tuple(float(cursors[i]) if 0 <= i < len(cursors) else 0.0 for i in (k, k + 1)) for k in starts}
        own = next(k for k in starts if main in (k, k + 1))
        largest = sorted((k for k in starts if k != own), key=lambda k: -max(np.abs(through[k])))[:3]
        rest = [k for k in starts if k != own and k not in largest]
        sigma = np.sqrt(end.receiver_noise**2 + 0.4 * sum(c * c + d * d for c, d in map(through.get, rest)))  # type: ignore[misc]
        volts = [np.array([LEVELS[i] * through[k][0] + LEVELS[j] * through[k][1] for i, j in PAIRS]) for k in largest]
        together = (volts[0][:, None, None] + volts[1][:, None] + volts[2]).ravel()
        for i, j in PAIRS:
            # the main symbol is one of this pair, its partner adds to the interference
            level, other = (i, j) if own == main else (j, i)
            shift = together + LEVELS[other] * through[own][1 if own == main else 0]
            for sign in [*([1] if level < 5 else []), *([-1] if level > 0 else [])]:
                total += float(np.mean(0.5 * erfc((half - sign * shift) / (np.sqrt(2.0) * sigma)))) / 64
    return total


@pytest.mark.parametrize("sigma", [0.05, 0.035])
def test_statistics_are_the_sum_over_all_pairs(sigma: float) -> None:
    link = flat_link("PAM6", sigma=sigma, ffe=(0.06, 1.0, -0.05, 0.04, 0.03), ffe_main=1)
    found = statistical_eye(link, phases=1).ser
    assert found == pytest.approx(direct_ser(link), rel=4e-3)


@pytest.fixture(scope="module")
def jittery() -> Link:
    """Jitter that ties neighbours, feedback, and crosstalk."""
    link = flat_link("PAM6", sigma=0.06, ffe=(0.05, 1.0, 0.3), ffe_main=1, dfe=(0.3,), crosstalk=(0.03,))
    jitter = Jitter(random_ui=0.02, dual_dirac_ui=0.03)
    return link.replace(transmitter=dataclasses.replace(link.transmitter, jitter=jitter))


def test_a_count_holds_the_statistics_with_jitter_feedback_and_crosstalk(jittery: Link) -> None:
    eye = statistical_eye(jittery, phases=1, ideal_feedback=True)
    count = count_errors(jittery, max_errors=20_000, rng=2, ideal_feedback=True)
    low, high = count.symbol_interval()
    assert low <= eye.ser <= high
    assert count.ber_low <= eye.ber <= count.ber_high
    # real feedback: the chain of errors is a model
    eye, count = statistical_eye(jittery, phases=1), count_errors(jittery, max_errors=20_000, rng=3)
    assert count.ser == pytest.approx(eye.ser, rel=0.03)


def test_waveforms_send_the_same(jittery: Link) -> None:
    low, high = simulate(jittery, symbols=200_000, rng=4).errors.symbol_interval()
    assert low <= statistical_eye(jittery, phases=1).ser <= high


@pytest.mark.parametrize(("step", "exact"), [(2000.0, 1e-9), (2.0, 1e-8)], ids=["each by itself", "interpolated"])
def test_tied_pairs_are_the_sum_over_all_symbols(step: float, exact: float) -> None:
    """A chain of two quiet edges and a moving one, with partners of the first and the last symbol beyond its ends.

    Transitions on a long line are taken one by one; those on a short one are interpolated, which the kernel says moves 1e-8.
    """
    theta, size = 3.0, LANES
    cursors = np.array([0.07, 0.05, 0.2, 1.0, -0.1, 0.06, 0.04, 0.03])
    main, row = 3, Neighbours(1, 7, 0, LEVELS)
    volts, shares = np.array([0.05, -0.02]).reshape(1, 1, 2), np.array([0.4, 0.6])
    counts = np.array([0, 2, 0])
    weights = np.array([[0.0, 0.0, 0.0, 0.0], [0.0, 1.0, -1.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    points = theta + 1j * step * np.arange(size)
    quiet = np.zeros((3, 1, 2))
    quiet[1] = volts[0]
    chain = SymbolChain(
        theta, step, size, quiet, np.tile(shares, (3, 1)), counts, weights, np.zeros(3), np.zeros(3), LEVELS,
        level_shares(6), row.coupling,
    )  # fmt: skip
    found = chain.expectation(cursors[1:7].copy(), main - 1, row.outside(cursors, points))
    expected = np.zeros((6, 6, size), dtype=complex)
    outer = [
        sum(np.exp(points * (LEVELS[i] * cursors[k] + LEVELS[j] * cursors[k + 1])) for i, j in PAIRS) for k in (0, 6)
    ]
    # the pairs begin at 0, 2, 4 and 6; the moving edge ties the second symbol of one pair to the first of the next
    for (i, level), (before, j) in itertools.product(PAIRS, repeat=2):
        x = LEVELS[i] * cursors[2] + LEVELS[before] * cursors[4] + LEVELS[j] * cursors[5]
        moved = LEVELS[level] - LEVELS[before]
        expected[before, level] += shares @ np.exp(np.multiply.outer(x + moved * volts[0, 0], points))
    expected *= outer[0] * outer[1]
    assert found == pytest.approx(expected / 32**4 / level_shares(6)[None, :, None], rel=exact)


@pytest.mark.parametrize("tie", [0.0, 0.4])
def test_what_is_wanted_of_a_chain_is_what_the_whole_has(tie: float) -> None:
    """Edges before, at and behind the joint, with and without a rest that is tied to the symbol before it."""
    generator = np.random.default_rng(5)
    edges, levels = 6, np.array([-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0])
    weights = generator.uniform(-0.5, 0.5, (edges, 4)) * np.array([[1.0], [0.0], [1.0], [0.0], [1.0], [1.0]])
    cursors = generator.uniform(-0.1, 0.1, edges + 3)
    chain = SymbolChain(
        2.0, 5.0, LANES, generator.uniform(-0.05, 0.05, (edges, 1, 2)), np.full((edges, 2), 0.5),
        np.array([2, 2, 2, 0, 2, 2]), weights, np.full(edges, 0.01), np.full(edges, tie), levels, level_shares(4),
        np.zeros((0, 4, 4)),
    )  # fmt: skip
    nothing = np.zeros((0, 4, LANES), dtype=complex)
    whole = chain.expectation(cursors, 4, nothing)
    wanted = np.zeros((4, 4), dtype=bool)
    wanted[1, 3] = wanted[2, 0] = True
    found = chain.expectation(cursors, 4, nothing, wanted)
    assert np.array_equal(found[wanted], whole[wanted])
    assert not found[~wanted].any()
    assert np.abs(whole).min() > 0.0


def test_pairs_of_small_cursors_enter_by_their_cumulants() -> None:
    cursors = np.array([0.0, 0.05, -0.04, 0.03])
    exact, series = (np.ones(8, dtype=complex) for _ in range(2))
    multiply_others(exact, 4.0, 0.5, cursors, LEVELS, 0.0)
    multiply_others(series, 4.0, 0.5, cursors, LEVELS, 1.0)
    assert series == pytest.approx(exact, rel=1e-8)
    points = 4.0 + 0.5j * np.arange(8)
    direct = [np.einsum("ij,is,js->s", MET, *(np.exp(np.outer(LEVELS * c, points)) for c in pair))
              for pair in (cursors[:2], cursors[2:])]  # fmt: skip
    assert exact == pytest.approx(direct[0] * direct[1], rel=1e-12)


def test_precoding_of_pairs_is_refused() -> None:
    link = flat_link("PAM6", sigma=0.05)
    link = link.replace(transmitter=dataclasses.replace(link.transmitter, precoding=True))
    with pytest.raises(SirfError, match=r"precoding must be False for counting .*corners"):
        count_errors(link, max_errors=10, rng=1)

"""Chains of errors against rows of errors whose probabilities are known: bursts in closed form, feedback by its own rule."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sirf.errors import SirfError
from sirf.fec.error_chain import ErrorChain, _eliminated, _visits


def probability(chain: ErrorChain, row: tuple[int, ...]) -> float:
    """Of `row` of errors anywhere in time: the shares of the states, pushed through one error after the other."""
    share = chain.stationary()
    for error in row:
        share = share @ chain.transitions[chain.values.index(error)]
    return float(share.sum())


def test_shares_of_time_are_the_fixed_point_of_the_moves() -> None:
    moves = np.random.default_rng(3).random((3, 6, 6))
    moves /= moves.sum(axis=(0, 2))[:, None]
    chain = ErrorChain(moves, values=(-1, 0, 1))
    values, vectors = np.linalg.eig(moves.sum(axis=0).T)
    expected = vectors[:, np.argmax(values.real)].real
    assert chain.stationary() == pytest.approx(expected / expected.sum(), rel=1e-12)


def test_rare_states_keep_all_their_digits() -> None:
    """Two states left with chances of 1e-18 and a half: 1 - 1e-18 is 1, so that a subtraction would find nothing."""
    moves = np.array([[[0.0, 1e-18], [0.0, 0.5]], [[1.0, 0.0], [0.5, 0.0]]])
    chain = ErrorChain(moves, values=(1, 0))
    assert chain.stationary()[1] == pytest.approx(2e-18, rel=1e-14)
    assert chain.ser == pytest.approx(2e-18, rel=1e-14)


@pytest.mark.parametrize("likeliest", [1e-9, 1e-3, 0.05])
def test_excursions_and_elimination_find_the_same_shares_of_time(likeliest: float) -> None:
    """A feedback chain of five errors, some of whose states take less than 1e-40 of the time; a few errors are often followed."""
    rng = np.random.default_rng(5)
    down, up = 0.5 * likeliest * rng.random((2, 243))
    down[::40] = up[::40] = 0.3
    down[121] = up[121] = likeliest
    matrix = ErrorChain.from_feedback(down, up).transitions.sum(axis=0)
    visits = _visits(matrix)
    assert visits is not None
    assert visits / visits.sum() == pytest.approx(_eliminated(matrix.copy()), rel=1e-13, abs=0.0)


def test_a_state_that_nothing_enters_takes_no_time_but_must_lead_back() -> None:
    moves = np.array([[[0.9, 0.1, 0.0], [0.5, 0.5, 0.0], [0.0, 0.4, 0.6]]])
    assert ErrorChain(moves, values=(0,)).stationary() == pytest.approx([5.0 / 6.0, 1.0 / 6.0, 0.0], rel=1e-14)
    moves[0, 2] = [0.0, 0.0, 1.0]
    with pytest.raises(SirfError, match="lead back to state 0"):
        ErrorChain(moves, values=(0,)).stationary()


def test_excursions_without_end_are_left_to_elimination() -> None:
    chain = ErrorChain.bursts(1e-3, 0.99)
    assert _visits(chain.transitions.sum(axis=0)) is None
    # 1 / (1 - 0.99) errors in the mean of a burst: the error ratio says how long they take
    assert chain.stationary()[1:] == pytest.approx([1e-3, 1e-3], rel=1e-12)


def test_independent_errors_multiply() -> None:
    chain = ErrorChain.independent(0.03)
    assert chain.ser == pytest.approx(0.06)
    assert chain.ber == pytest.approx(0.03)
    for row in itertools.product((-1, 0, 1), repeat=3):
        assert probability(chain, row) == pytest.approx(np.prod([0.94 if e == 0 else 0.03 for e in row]))


@pytest.mark.parametrize("order", [2, 4])
def test_bursts_alternate_and_their_lengths_are_geometric(order: int) -> None:
    ber, onward = 0.01, 0.6
    chain = ErrorChain.bursts(ber, onward, order=order)
    wrong = ber * {2: 1, 4: 2}[order]
    assert chain.ber == pytest.approx(ber)
    # each burst has 1 / (1 - onward) errors in the mean, so bursts start that much more rarely than errors stand
    starts = wrong * (1.0 - onward)
    for length in range(1, 6):
        burst = tuple((-1) ** k for k in range(length))
        expected = 0.5 * starts * onward ** (length - 1) * (1.0 - onward)
        assert probability(chain, (0, *burst, 0)) == pytest.approx(expected)
        assert probability(chain, (0, *(-e for e in burst), 0)) == pytest.approx(expected)
    assert probability(chain, (1, 1)) == 0.0


def test_bursts_have_the_lengths_that_were_given() -> None:
    lengths = np.array([0.5, 0.0, 0.3, 0.2])
    chain = ErrorChain.from_burst_lengths(0.02, lengths)
    assert chain.ser == pytest.approx(0.04)
    starts = 0.04 / float(lengths @ [1, 2, 3, 4])
    for length, share in enumerate(lengths, start=1):
        burst = tuple((-1) ** k for k in range(length))
        # both signs alike, and always a right symbol on either side
        assert probability(chain, (0, *burst, 0)) == pytest.approx(0.5 * starts * share)
    assert probability(chain, (-1, 1, -1, 1, -1)) == 0.0


def test_bursts_of_one_geometric_law_are_the_chain_of_one_tap() -> None:
    """The same bursts from their lengths, all but a right symbol in the middle that the other chain need not have."""
    onward = 0.5
    lengths = onward ** np.arange(40) * (1.0 - onward)
    listed = ErrorChain.from_burst_lengths(1e-4, lengths / lengths.sum())
    endless = ErrorChain.bursts(1e-4, onward)
    for row in ((0, 1, 0), (0, -1, 1, 0), (0, 1, -1, 1, 0)):
        assert probability(listed, row) == pytest.approx(probability(endless, row), rel=1e-3)


def feedback_chances() -> tuple[np.ndarray, np.ndarray]:
    """Chances of an error down and up after two errors, all different; the latest error counts most."""
    rng = np.random.default_rng(11)
    return 0.02 + 0.4 * rng.random(9), 0.01 + 0.4 * rng.random(9)


def test_a_chain_of_feedback_gives_each_history_its_own_chances() -> None:
    down, up = feedback_chances()
    chain = ErrorChain.from_feedback(down, up)
    for place, (latest, before) in enumerate(itertools.product((-1, 0, 1), repeat=2)):
        history = probability(chain, (before, latest))
        assert probability(chain, (before, latest, -1)) / history == pytest.approx(down[place])
        assert probability(chain, (before, latest, 1)) / history == pytest.approx(up[place])


def test_a_shorter_memory_keeps_the_rows_that_it_can_hold() -> None:
    down, up = feedback_chances()
    whole, short = ErrorChain.from_feedback(down, up), ErrorChain.from_feedback(down, up, memory=1)
    assert short.transitions.shape == (3, 3, 3)
    for row in itertools.product((-1, 0, 1), repeat=2):
        assert probability(short, row) == pytest.approx(probability(whole, row))
    # the last but one error is forgotten, and matters
    assert probability(short, (1, 0, 1)) != pytest.approx(probability(whole, (1, 0, 1)), rel=1e-2)


def test_histories_that_never_happen_count_alike() -> None:
    """Nothing starts an error, so rows with errors take no time: each of them has the same share in a shorter memory."""
    down, up = feedback_chances()
    down[4] = up[4] = 0.0
    chain = ErrorChain.from_feedback(down, up, memory=1)
    assert chain.ser == 0.0
    # the state of a last error upwards stands last, and so do the three histories that end so
    assert chain.transitions[:, 2].sum(axis=1)[[0, 2]] == pytest.approx([np.mean(down[6:]), np.mean(up[6:])])


def test_errors_of_two_levels_cost_both_bits_and_four_levels_none() -> None:
    """Gray-mapped PAM4 goes round: 3 up is 1 down, 2 up flips both bits, 4 up is the level that was sent."""
    chances = np.array([0.1, 0.2, 0.05, 0.65])
    chain = ErrorChain(chances[:, None, None], values=(2, 3, 4, 0))
    assert chain.ser == pytest.approx(0.3)
    assert chain.ber == pytest.approx((2 * 0.1 + 0.2) / 2)


def test_drawn_errors_come_as_often_as_the_chain_says() -> None:
    down, up = feedback_chances()
    chain = ErrorChain.from_feedback(down, up)
    size = 200_000
    errors = chain.draw(size, rng=2)
    for row in itertools.product((-1, 0, 1), repeat=3):
        found = np.mean((errors[:-2] == row[0]) & (errors[1:-1] == row[1]) & (errors[2:] == row[2]))
        # five standard deviations of counts that hang together over a few symbols
        assert found == pytest.approx(probability(chain, row), abs=5.0 * np.sqrt(2.0 * found / size))


def test_a_draw_starts_as_if_it_had_always_run() -> None:
    """A chain that keeps its state: the first symbol is wrong in as many draws as it is wrong in time."""
    stay = 0.999
    moves = np.array([[[0.0, 0.0], [1.0 - stay, stay]], [[stay, 1.0 - stay], [0.0, 0.0]]])
    chain = ErrorChain(moves, values=(1, 0))
    rng = np.random.default_rng(4)
    first = [int(chain.draw(1, rng=rng)[0]) for _ in range(2_000)]
    assert np.mean(first) == pytest.approx(0.5, abs=5.0 * 0.5 / np.sqrt(2_000))


def test_chains_that_are_none_are_refused() -> None:
    with pytest.raises(SirfError, match="sum to 1"):
        ErrorChain(np.array([[[0.5]], [[0.4]]]), values=(0, 1))
    with pytest.raises(SirfError, match="shape"):
        ErrorChain(np.array([[[0.5]], [[0.5]]]), values=(0, 1, 2))
    with pytest.raises(SirfError, match="lead back to state 0"):
        ErrorChain(np.array([[[0.5, 0.5], [0.0, 1.0]]]), values=(0,)).stationary()
    with pytest.raises(SirfError, match=r"continuation must be in \[0, 1\)"):
        ErrorChain.bursts(1e-3, 1.0)
    with pytest.raises(SirfError, match="lengths must be probabilities"):
        ErrorChain.from_burst_lengths(1e-3, [0.5, 0.4])
    with pytest.raises(SirfError, match=r"\(0, 0.25\)"):
        ErrorChain.independent(0.25)


def test_one_burst_after_the_other_is_the_most_that_fits() -> None:
    """Bursts of one symbol with one right symbol between them: half of all are wrong, and no more can be."""
    chain = ErrorChain.from_burst_lengths(0.2499999, [1.0])
    assert chain.ser == pytest.approx(0.5, rel=1e-5)
    assert probability(chain, (0, 0)) == pytest.approx(0.0, abs=1e-5)

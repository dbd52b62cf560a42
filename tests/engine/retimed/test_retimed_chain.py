"""Retimed chains bit by bit: error ratios in closed form, the composition of what was counted, seeds, pieces, bad input."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy.special import erfc

import sirf
from sirf.engine.counting.symbol_comparison import SymbolComparison
from sirf.engine.counting.tally import Errors, tally
from sirf.engine.retimed.relay import Relay
from sirf.engine.retimed.retimed_chain import ChainInterrupted, _relays
from sirf.engine.waveform.block_stream import MAX_BLOCKS
from sirf.errors import SirfError
from sirf.link import Link
from sirf.receiver.adaptation import Adaptation
from sirf.receiver.mlse import Mlse
from sirf.results.chain_count import composed_error_ratio
from sirf.signal.pam import bit_error_table, levels
from sirf.signal.patterns import Pattern
from sirf.study.sections import sections
from sirf.system.architecture import load_architecture
from tests.engine.links import flat_link


def q(x: float) -> float:
    return float(0.5 * erfc(x / np.sqrt(2.0)))


def receiving(link: Link, **changes: Any) -> Link:
    return link.replace(receiver=dataclasses.replace(link.receiver, **changes))


def sending(link: Link, **changes: Any) -> Link:
    return link.replace(transmitter=dataclasses.replace(link.transmitter, **changes))


def louder(link: Link, times: float) -> Link:
    return receiving(link, noise_density=times * link.receiver.noise_density)


def white(modulation: str, **options: Any) -> Link:
    """`flat_link` at half of its samples: error ratios stay within 1e-3, and a chain starts in a fifth of the time."""
    return flat_link(modulation, **options).replace(samples_per_ui=32)


@pytest.fixture(scope="module")
def board() -> Link:
    """A real path with FFE behind a converter, DFE and clock recovery, at an error ratio of some 1e-2."""
    link = sirf.Link(sirf.paths.npo(length="150 mm").to_channel(), standard="802.3ck-c2m").optimized()
    link = receiving(link, ffe=(-0.02, 1.0, 0.01), ffe_main=1, vga=sirf.Vga(gain=1.0), clock=sirf.ClockRecovery())
    return louder(link, 450)


def transitions(sigma: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Probabilities (4, 4) that white noise turns a PAM4 level into another."""
    sent = levels(4)
    edges = np.concatenate([[-np.inf], 0.5 * (sent[1:] + sent[:-1]), [np.inf]])
    above = 0.5 * erfc((edges[None, :] - sent[:, None]) / sigma / np.sqrt(2.0))
    return np.asarray(above[:, :-1] - above[:, 1:])


@pytest.mark.parametrize("sigmas", [(0.8, 0.7), (0.7, 0.5, 0.6)])
def test_binary_links_in_white_noise_compose_as_independent_flips(sigmas: tuple[float, ...]) -> None:
    """Ratios high enough that their plain sum is ruled out: it differs by 2 p1 p2 + … ."""
    exact = [q(1.0 / sigma) for sigma in sigmas]
    run = sirf.simulate_chain([white("NRZ", sigma=sigma) for sigma in sigmas], symbols=100_000, rng=3)
    shared = 1.0 - 0.01 / (1 + len(sigmas))
    low, high = run.end_to_end.interval(shared)
    assert low < composed_error_ratio(exact) < high < sum(exact)
    for count, ratio in zip(run.segments, exact, strict=True):
        assert count.interval(shared)[0] < ratio < count.interval(shared)[1]
    assert run.composed_ber == pytest.approx(run.ber, rel=0.01)


@pytest.mark.parametrize("count", [2, 3])
def test_pam4_links_in_white_noise_multiply_their_transition_probabilities(count: int) -> None:
    """A wrong level is data for the next link: the product of the matrices is exact, the composition of bits nearly."""
    sigma = 1.0 / 3.0 / 1.75
    once = transitions(sigma)
    whole = np.linalg.matrix_power(once, count)
    exact, single = (float(np.sum(matrix * bit_error_table(4)) / 8.0) for matrix in (whole, once))
    run = sirf.simulate_chain([white("PAM4", sigma=sigma)] * count, symbols=100_000, rng=4)
    shared = 1.0 - 0.01 / 2
    low, high = run.end_to_end.interval(shared)
    assert low < exact < high < count * single
    # two errors on one symbol lose four thirds of what independent bits would
    assert exact == pytest.approx(
        count * single - (count * single - composed_error_ratio([single] * count)) * 4.0 / 3.0, rel=2e-3
    )
    low, high = run.end_to_end.symbol_interval(shared)
    assert low < 1.0 - np.trace(whole) / 4.0 < high


@pytest.mark.parametrize("ideal", [False, True])
def test_precoded_lines_with_feedback_compose_behind_their_decoders(ideal: bool) -> None:
    link = sending(white("PAM4", sigma=0.12, ffe=(1.0, 0.6), dfe=(0.6,)), precoding=True)
    run = sirf.simulate_chain([link, link], symbols=120_000, rng=5, ideal_feedback=ideal)
    assert run.ber > 5e-3
    # the two ends that precoding leaves of a burst count as one
    assert run.end_to_end.mean_burst == pytest.approx(2.0, abs=0.2)
    assert run.end_to_end.ber_low < run.composed_ber < run.end_to_end.ber_high
    assert run.composed_ber == pytest.approx(run.ber, rel=0.02)


def test_a_retimed_pluggable_has_the_composition_of_its_segments() -> None:
    """Copper, light, copper with bursts, crosstalk and optical noise: against its own counts, and against runs of each alone."""
    parts = sections(load_architecture("pluggable-retimed"), 106.25e9, step=40e6, samples_per_ui=16)
    copper, light = (louder(part.link.optimized(), times) for part, times in zip(parts, (90.0, 900.0), strict=True))
    assert [part.count for part in parts] == [2, 1]
    run = sirf.simulate_chain([copper, light, copper], symbols=120_000, rng=6)
    assert 1e-3 < run.ber < 4e-3
    assert run.end_to_end.ber_low < run.composed_ber < run.end_to_end.ber_high
    # of the same symbols only those differ that went wrong twice, some p² of them
    assert run.composed_ber == pytest.approx(run.ber, rel=0.01)
    short = [sirf.simulate_chain([copper, light, copper], symbols=9000, rng=6, block=block) for block in (700, 10**6)]
    assert (short[0].end_to_end, short[0].segments) == (short[1].end_to_end, short[1].segments)
    alone = [sirf.simulate(copper, symbols=500_000, rng=7).errors, sirf.simulate(light, symbols=100_000, rng=7).errors]
    low, high = (
        composed_error_ratio([ends[0], ends[1], ends[0]])
        for ends in zip(*(one.interval() for one in alone), strict=True)
    )
    assert low < run.end_to_end.ber_high
    assert high > run.end_to_end.ber_low
    assert high < 1.6 * low


@pytest.mark.parametrize("ideal", [False, True])
@pytest.mark.parametrize("precoding", [False, True])
def test_a_chain_of_one_link_is_that_link(board: Link, ideal: bool, precoding: bool) -> None:
    link = sending(board, precoding=precoding)
    run = sirf.simulate_chain([link], symbols=40_000, rng=8, ideal_feedback=ideal)
    alone = sirf.simulate(link, symbols=40_000, rng=8, ideal_feedback=ideal).errors
    assert run.end_to_end == run.segments[0] == alone
    assert alone.bursts > 20
    assert ideal or alone.mean_burst > 1.0


@pytest.mark.parametrize("seed", range(8))
def test_the_first_symbol_is_decoded_with_the_choice_before_it(board: Link, seed: int) -> None:
    """Half of the choices are wrong: a chain that takes what was sent for the last one before the count shows it."""
    link = louder(sending(board, precoding=True), 10)
    run = sirf.simulate_chain([link], symbols=1000, rng=seed, ideal_feedback=True)
    assert run.end_to_end == sirf.simulate(link, symbols=1000, rng=seed, ideal_feedback=True).errors


def test_receivers_may_adapt(board: Link) -> None:
    link = receiving(louder(board, 0.1), adaptation=Adaptation(training_symbols=2000, settle_symbols=8000))
    run = sirf.simulate_chain([link, link], symbols=20_000, rng=8)
    assert run.segments[0] == sirf.simulate(link, symbols=20_000, rng=8).errors
    assert run.end_to_end.symbol_errors < 200


def test_the_first_link_keeps_its_errors_and_equal_links_share_no_noise(board: Link) -> None:
    run = sirf.simulate_chain([board] * 3, symbols=60_000, rng=9)
    first, second, third = run.segments
    assert first == sirf.simulate(board, symbols=60_000, rng=9).errors
    assert len({first.errors, second.errors, third.errors}) == 3
    whole = first + second + third
    assert whole.symbols == 180_000
    # missing from end to end are errors that met in one symbol: some 180 where they are independent, else most of them
    assert 0 < whole.symbol_errors - run.end_to_end.symbol_errors < 0.1 * whole.symbol_errors


def test_blocks_and_progress_change_nothing(board: Link) -> None:
    seen = []

    def follow(done: int, total: int, errors: int) -> None:
        seen.append((done, total, errors))

    runs = [
        sirf.simulate_chain([board, board], symbols=9000, rng=2, ideal_feedback=ideal, block=block, progress=progress)
        for ideal in (False, True)
        for block, progress in ((50, follow), (4096, None), (10**6, None))
    ]
    for alike in (runs[:3], runs[3:]):
        assert all((one.end_to_end, one.segments) == (alike[0].end_to_end, alike[0].segments) for one in alike)
    assert seen[179] == (9000, 9000, runs[0].end_to_end.errors)
    assert runs[0].end_to_end.symbols == runs[0].segments[1].symbols == 9000
    assert runs[0].end_to_end != runs[3].end_to_end


@pytest.mark.parametrize("sizes", [(1, 2, 9000, 7, 5990), (7000, 8000)])
def test_relays_advanced_in_pieces_give_the_same_symbols(board: Link, sizes: tuple[int, ...]) -> None:
    """And they keep no more than what is under way."""
    whole, parts = (_relays((board,) * 3, 5, False) for _ in range(2))
    expected = whole.take(sum(sizes))
    assert np.array_equal(np.concatenate([parts.take(size) for size in sizes], axis=1), expected)
    assert expected.shape == (7, 15_000)
    # what a link decides is what the next one sends
    assert parts.before is not None
    sent = parts.stream.sent
    assert np.array_equal(parts._past[-2], sent)
    blocks = [_kept(parts)]
    parts.take(60_000)
    blocks.append(_kept(parts))
    assert max(blocks) < (2 + MAX_BLOCKS) * parts.stream.plan.table.block


def _kept(relay: Relay) -> int:
    return relay._past.shape[1]


def test_a_slipped_clock_keeps_decisions_and_symbols_together(board: Link) -> None:
    """A sampler that runs away before its loop starts locks to the next symbol; sent on, it is still the symbol that it was."""
    quiet = louder(board, 1e-4)
    drift = sirf.Wander(frequency_offset_ppm=300.0)
    late = receiving(quiet, clock=sirf.ClockRecovery(initial_phase_ui=0.5), wander=drift)
    alone = sirf.simulate(late, symbols=20_000, rng=1)
    assert alone.clock is not None
    assert alone.clock.slips == 1
    run = sirf.simulate_chain([late, quiet, late], symbols=20_000, rng=1)
    assert run.end_to_end.symbol_errors == 0


def test_only_the_first_link_sends_its_pattern(board: Link) -> None:
    quiet = louder(board, 1e-4)
    patterned = sending(quiet, pattern=Pattern("prbs13q"))
    run = sirf.simulate_chain([patterned, patterned, quiet], symbols=8191, rng=1)
    assert run.end_to_end.symbol_errors == 0
    assert run.end_to_end.sent == (2047, 2048, 2048, 2048)


@pytest.mark.parametrize("sizes", [(5000,), (1, 999, 4000), (2500, 2500)])
def test_comparison_in_pieces_is_the_tally_of_the_whole(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(3)
    sent = rng.integers(0, 4, 5000, dtype=np.uint8)
    got = np.where(rng.random(5000) < 0.1, rng.integers(0, 4, 5000, dtype=np.uint8), sent)
    comparison = SymbolComparison(4, gap=3, identity="x")
    for start, stop in zip(np.cumsum([0, *sizes[:-1]]), np.cumsum(sizes), strict=True):
        part = slice(start, stop)
        comparison.add(sent[part], got[part], (sent != got)[part].astype(np.uint8))
    expected = tally(Errors.between(sent, got, gap=3), sent, order=4, identity="x")
    assert expected.batches == (4, 0, 0)
    assert comparison.count() == expected
    assert expected.mean_burst > 1.2


def test_an_interrupted_chain_keeps_what_it_has(board: Link) -> None:
    def stop(done: int, total: int, errors: int) -> None:
        if done > 5000:
            raise KeyboardInterrupt

    with pytest.raises(ChainInterrupted) as caught:
        sirf.simulate_chain([board, board], symbols=10**9, rng=1, block=3000, progress=stop)
    kept = caught.value.run
    assert kept.end_to_end.symbols == 6000
    whole = sirf.simulate_chain([board, board], symbols=6000, rng=1)
    assert (kept.end_to_end, kept.segments) == (whole.end_to_end, whole.segments)


def test_a_run_tells_of_the_whole_and_of_every_link(board: Link) -> None:
    run = sirf.simulate_chain([board, board], symbols=20_000, rng=1)
    told = run.to_dict()
    assert told["ber"] == run.ber == run.end_to_end.ber
    assert run.ser == run.end_to_end.ser
    assert told["composed_ber"] == composed_error_ratio([count.ber for count in run.segments])
    assert [part["errors"] for part in told["segments"]] == [count.errors for count in run.segments]
    assert told["segments"][0]["standard"] == "802.3ck-c2m"
    assert repr(run).startswith("ChainRun(2 links, ErrorCount(")
    assert "\n" not in repr(run)
    assert str(run).count("\n") == 5
    assert "composed of the links'" in str(run)
    assert run._repr_html_().count("<tr>") == 5


def test_impossible_chains_are_refused(board: Link) -> None:
    near, far = (board.replace(symbol_rate=board.symbol_rate * ratio) for ratio in (1.005, 1.02))
    binary = board.replace(modulation="NRZ")
    wrong: list[tuple[list[Link], dict[str, Any], str]] = [
        ([], {}, "links must hold at least one link, got none"),
        ([board], {"symbols": 0}, "symbols must be at least 1, got 0"),
        ([board], {"block": 0}, "block must be at least 1, got 0"),
        ([board], {"rng": -1}, "rng must be"),
        ([board, binary], {}, "links must have one number of levels, got 4 in the first and 2 in link 2"),
        ([board, near, far], {}, r"links must have symbol rates within 1%, got 53.125 GBd in the first and 54.1875 GBd in"),
        ([board, receiving(board, mlse=Mlse(), dfe=(0.1,))], {}, "mlse must be None for a chain .*, got a Mlse in link 2"),
        ([receiving(board, adaptation=Adaptation())], {"ideal_feedback": True}, "ideal_feedback must be False where"),
    ]  # fmt: skip
    for links, options, message in wrong:
        with pytest.raises(SirfError, match=message):
            sirf.simulate_chain(links, **options)
    assert sirf.simulate_chain([board, near], symbols=100, rng=1).end_to_end.symbols == 100

"""The receiver's end of a run, fed with waveforms made by hand: latency, levels, phase, decisions and what is counted."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from sirf.ami.flow import Modelled, modelled
from sirf.ami.model import AmiModel
from sirf.ami.model_impairments import ModelNoise
from sirf.ami.model_reception import GUARD, LEARN, ModelReception
from sirf.engine.waveform.polyphase import FILTER_MARGIN
from sirf.errors import AmiError
from sirf.link import Link
from sirf.signal.patterns import precode
from sirf.transmitter.jitter import Jitter
from tests.ami.links import link

Models = Callable[..., AmiModel]
Bytes = NDArray[np.uint8]
LEAD, M, SIZE = 5, 8, LEARN + 3000
ORIGIN = LEAD + FILTER_MARGIN


def found_for(model: Models, modulation: str, **transmitter: object) -> Modelled:
    """The identity model behind a quiet link: what the reception needs beside its waveform."""
    base: Link = link(modulation, crosstalk=0.0, samples_per_ui=M)
    tx = dataclasses.replace(base.transmitter, jitter=Jitter(), **transmitter)  # type: ignore[arg-type]
    return modelled(base.replace(transmitter=tx, receiver_model=model("identity")))


def reception(found: Modelled, *, ignore: int = 0, keeps: bool = False) -> ModelReception:
    assert found.receiver is not None
    return ModelReception(
        found, found.receiver, None, lead=LEAD, instant=0, seed=1, ignore=ignore, eye=True, keeps=keeps
    )


def rows_of(
    levels: NDArray[np.float64], sent: Bytes, latency: int, *, gain: float, before: float = 0.0
) -> NDArray[np.float32]:
    """(N, M) V: the level of the symbol `latency` earlier over a whole UI, and `before` times the one ahead of it."""
    volts = gain * levels[sent]
    volts = volts + before * np.concatenate([[0.0], volts[:-1]])
    late = np.concatenate([np.zeros(ORIGIN + latency), volts])[: len(sent)]
    return np.repeat(late, M).reshape(-1, M).astype(np.float32)


def pushed(made: ModelReception, rows: NDArray[np.float32], sent: Bytes, block: int = 1024) -> ModelReception:
    for start in range(0, len(sent), block):
        made.push(rows[start : start + block], sent[start : start + block])
        made.learn()
    return made


@pytest.fixture(scope="module")
def pam4(model: Models) -> Modelled:
    return found_for(model, "PAM4")


@pytest.mark.parametrize("latency", [0, 1, 37, 700])
def test_latency_and_levels_are_those_of_the_waveform(pam4: Modelled, latency: int) -> None:
    """Interference of a neighbour does not move the levels: it is fitted and taken off."""
    sent = np.random.default_rng(2).integers(0, 4, SIZE).astype(np.uint8)
    made = reception(pam4, ignore=latency)
    pushed(made, rows_of(pam4.link.levels, sent, latency, gain=0.2, before=0.15), sent)
    assert made.learned is not None
    assert made.learned.latency == latency
    assert made.learned.phase == 0.0
    np.testing.assert_allclose(made.learned.levels, 0.2 * pam4.link.levels, atol=5e-5)
    np.testing.assert_allclose(made.decision_levels(), 0.2 * np.array([-2, 0, 2]) / 3, atol=5e-5)
    assert made.decide(1000) == 1000
    assert made.count.symbols == 1000
    assert made.count.errors == 0


def test_nothing_is_learned_before_enough_has_passed(pam4: Modelled) -> None:
    sent = np.random.default_rng(3).integers(0, 4, SIZE).astype(np.uint8)
    rows = rows_of(pam4.link.levels, sent, 0, gain=0.2)
    made = reception(pam4, ignore=500)
    pushed(made, rows[: made.first - 1], sent[: made.first - 1])
    assert not made.learn()
    made.push(rows[made.first - 1 : made.first], sent[made.first - 1 : made.first])
    assert made.learn()
    # the first decisions belong to what comes after that
    assert made.decide(10_000) == GUARD
    assert made.count.symbols == GUARD


def test_errors_are_counted_one_by_one_whatever_the_cuts(pam4: Modelled) -> None:
    """Rows that carry the level beside the sent one are so many symbol errors, each an event of its own."""
    rng = np.random.default_rng(4)
    sent = rng.integers(0, 4, SIZE).astype(np.uint8)
    seen = sent.copy()
    wrong = LEARN + 1200 + np.flatnonzero(rng.random(1500) < 0.05)
    seen[wrong] = np.where(sent[wrong] > 0, sent[wrong] - 1, 1)
    rows = rows_of(pam4.link.levels, seen, 3, gain=0.3)
    counts = []
    for limits in ((10**6,), (1, 7, 100, 10**6)):
        made = pushed(reception(pam4), rows, sent)
        for limit in limits:
            made.decide(limit)
        counts.append(made.count)
    # whole batches are those of one call, all else is the same
    assert [(one.symbols, one.symbol_errors, one.errors, one.burst_lengths, one.sent) for one in counts[1:]] == [
        (one.symbols, one.symbol_errors, one.errors, one.burst_lengths, one.sent) for one in counts[:1]
    ]
    assert counts[0].symbol_errors == counts[0].bursts == counts[0].errors == len(wrong)
    # all rows behind the learned ones but the guard at the end
    assert counts[0].symbols > 1500


def test_the_eye_collects_every_decision_at_its_level(pam4: Modelled) -> None:
    sent = np.random.default_rng(5).integers(0, 4, SIZE).astype(np.uint8)
    made = pushed(reception(pam4), rows_of(pam4.link.levels, sent, 0, gain=0.2), sent)
    done = made.decide(10**6)
    assert done > 1000
    assert (made.histogram.sum(axis=1) == done).all()
    assert made.top == pytest.approx(1.35 * 0.2)
    middle = np.flatnonzero(made.histogram[M // 2])
    volts = -made.top + (middle + 0.5) * 2.0 * made.top / made.histogram.shape[1]
    assert len(middle) <= 8
    assert all(np.abs(0.2 * pam4.link.levels - one).min() < 0.004 for one in volts)


def test_kept_decisions_are_pairs_of_what_was_sent_and_decided(pam4: Modelled) -> None:
    sent = np.random.default_rng(6).integers(0, 4, SIZE).astype(np.uint8)
    made = pushed(reception(pam4, keeps=True), rows_of(pam4.link.levels, sent, 11, gain=0.2), sent)
    made.decide(200)
    made.decide(300)
    assert made.count.symbols == 0
    pairs = [np.concatenate(part) for part in zip(*made.kept, strict=True)]
    assert [len(part) for part in pairs] == [500, 500]
    np.testing.assert_array_equal(pairs[0], pairs[1])
    # they are a stretch of what was sent, in its order
    text = sent.tobytes()
    assert pairs[0].tobytes() in text


def test_precoded_errors_are_those_behind_the_decoder(model: Models) -> None:
    """Two neighbours wrong in opposite directions: the (1 + D) decoder leaves the two ends, three symbols in all touched."""
    found = found_for(model, "PAM4", precoding=True)
    data = np.random.default_rng(7).integers(0, 4, SIZE).astype(np.uint8)
    line = precode(data, 4)
    seen = line.copy()
    lone = LEARN + 1500
    lone += int(np.flatnonzero(line[lone:] == 1)[0])
    seen[lone] = 2
    rows = rows_of(found.link.levels, seen, 0, gain=0.2)
    alone = []
    for limits in ([10**6], [1] * 900 + [10**6]):
        made = pushed(reception(found), rows, line)
        for limit in limits:
            made.decide(limit)
        alone.append(made.count.symbol_errors)
    # a lone error spoils its own symbol and the next
    assert alone == [2, 2]


def test_two_levels_are_decided_at_zero_volts(model: Models) -> None:
    found = found_for(model, "NRZ")
    sent = np.random.default_rng(8).integers(0, 2, SIZE).astype(np.uint8)
    rows = rows_of(found.link.levels, sent, 2, gain=0.2) + np.float32(0.05)
    made = pushed(reception(found), rows, sent)
    assert made.learned is not None
    # levels are what they are, off the middle by the offset; the threshold is that of the standard
    np.testing.assert_allclose(made.learned.levels, [-0.15, 0.25], atol=5e-5)
    assert made.decision_levels().tolist() == [0.0]


@pytest.mark.parametrize("seed", range(4))
def test_a_swapped_pair_is_named(model: Models, seed: int) -> None:
    """Two levels: at a latency of chance they would rise by however little."""
    found = found_for(model, "NRZ")
    sent = np.random.default_rng(seed).integers(0, 2, SIZE).astype(np.uint8)
    with pytest.raises(AmiError, match="must give rising levels"):
        pushed(reception(found), -rows_of(found.link.levels, sent, 0, gain=0.2), sent)


def test_values_that_are_no_numbers_are_named(pam4: Modelled) -> None:
    rows = np.zeros((4, M), dtype=np.float32)
    rows[2, 3] = np.inf
    with pytest.raises(AmiError, match="must return numbers from AMI_GetWave"):
        reception(pam4).push(rows, np.zeros(4, dtype=np.uint8))


@pytest.mark.parametrize("noise", [ModelNoise(gaussian=0.03), ModelNoise(uniform=0.05), ModelNoise()])
def test_noise_at_the_slicer_has_its_variance(pam4: Modelled, noise: ModelNoise) -> None:
    """Gaussian by its rms, uniform by a third of its half width's square, SNR_TX relative to the outer level."""
    made = reception(dataclasses.replace(pam4, noise=noise))
    sent = np.random.default_rng(10).integers(0, 4, SIZE).astype(np.uint8)
    pushed(made, rows_of(pam4.link.levels, sent, 0, gain=0.2), sent)
    snr = pam4.link.transmitter.snr_db
    meant = noise.gaussian**2 + noise.uniform**2 / 3.0 + (0.0 if snr is None else (0.2 * 10 ** (-snr / 20)) ** 2)
    drawn = made._added(np.random.default_rng(11), 200_000)
    assert np.var(drawn) == pytest.approx(meant, rel=0.02, abs=1e-15)
    assert np.abs(drawn).max() <= 0.05 or noise.uniform == 0.0


def test_the_oldest_symbols_are_taken_with_their_waveform(pam4: Modelled) -> None:
    sent = np.random.default_rng(12).integers(0, 4, 500).astype(np.uint8)
    rows = rows_of(pam4.link.levels, sent, 0, gain=0.2)
    made = pushed(reception(pam4), rows, sent, 100)
    for start, count in ((0, 60), (60, 200), (260, 1)):
        symbols, wave = made.take(count)
        np.testing.assert_array_equal(symbols, sent[start : start + count])
        np.testing.assert_allclose(wave, rows[start : start + count].ravel())
    assert made.passed_symbols() == 500 - 261
    made.begin_again()
    assert made.ignore == 500


@pytest.mark.parametrize("late", [-900, -300, 300, 900, 1400])
def test_a_delay_beyond_a_quarter_of_what_is_known_is_no_advance(pam4: Modelled, late: int) -> None:
    """Symbols against themselves moved by `late`: a circular correlation folds at half of its length, and not before."""
    made = reception(pam4)
    made._sent = np.random.default_rng(13).integers(0, 4, 1500).astype(np.uint8)
    own = np.arange(max(late, 0), 1500 + min(late, 0))
    latency, size = made._correlated(own, pam4.link.levels[made._sent[own - late]])
    assert latency == late
    # all of the power of the symbols that took part
    assert size == pytest.approx(float(np.sum(pam4.link.levels[made._sent[own - late]] ** 2)))


@pytest.mark.parametrize("limit", [5, 10**6])
def test_decisions_end_a_guard_ahead_of_the_last_row(pam4: Modelled, limit: int) -> None:
    """Instants in the last UI need samples that have not come yet; they are decided when more rows have."""
    sent = np.random.default_rng(14).integers(0, 4, SIZE).astype(np.uint8)
    rows = rows_of(pam4.link.levels, sent, 0, gain=0.2)
    made = pushed(reception(pam4), rows[:-100], sent[:-100])
    first = made._taken
    done = made.decide(limit)
    assert done == min(limit, SIZE - 100 - GUARD - int(np.ceil(first)))
    made.push(rows[-100:], sent[-100:])
    done += made.decide(10**6)
    # none is lost and none is decided twice
    assert done == made.count.symbols == SIZE - GUARD - int(np.ceil(first))
    assert made.count.errors == 0

"""Analytic ratios after decoding: hundred-digit arithmetic, published values, a second method, and decoded simulation."""

from __future__ import annotations

from decimal import Decimal, localcontext
from math import comb

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import erfc
from scipy.stats import beta

from sirf import fec
from sirf._kernels.decide import find_errors
from sirf.errors import SirfError
from sirf.fec.post_fec import FRAME_BITS, frame_loss_ratio, post_fec

KP4 = fec.load("kp4")


def interval(lost: int, words: int) -> tuple[float, float]:
    return float(beta.ppf(0.005, lost, words - lost + 1)), float(beta.ppf(0.995, lost + 1, words - lost))


def q(x: float | NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.5 * erfc(np.asarray(x) / np.sqrt(2.0)))


@pytest.mark.parametrize(
    ("ber", "published"),
    [(2e-4, 5.390e-14), (2.4e-4, 8.152e-13), (3e-4, 2.143e-11), (1e-3, 1.530e-4), (2e-3, 7.939e-2)],
)
def test_kp4_code_word_error_ratios_are_the_published_binomial_tails(ber: float, published: float) -> None:
    assert KP4.post_fec(ber).codeword_error_ratio == pytest.approx(published, rel=5e-4)


@pytest.mark.parametrize("ber", [1e-2, 2.4e-4, 2e-5, 1e-7])
@pytest.mark.parametrize("name", ["kp4", "kr4"])
def test_tails_equal_hundred_digit_arithmetic_far_below_1e_30(name: str, ber: float) -> None:
    code = fec.load(name)
    n, t = code.symbols, code.correctable
    with localcontext(prec=100):
        good = (1 - Decimal(ber)) ** 10
        chance = {i: comb(n, i) * (1 - good) ** i * good ** (n - i) for i in range(t + 1, n + 1)}
        exact = sum(chance.values())
        errors = sum(Decimal(i) / n * chance[i] for i in chance) * Decimal(ber) / (1 - good)
    result = code.post_fec(ber)
    assert result.codeword_error_ratio == pytest.approx(float(exact), rel=1e-9)
    assert result.ber == pytest.approx(float(errors), rel=1e-9)


@pytest.mark.parametrize("interleave", [1, 2, 4])
@pytest.mark.parametrize("ber", [1e-3, 1e-6])
def test_a_chain_without_memory_is_the_binomial_tail_at_any_interleaving(ber: float, interleave: int) -> None:
    # a PAM4 symbol is wrong with 2 ber, so a FEC symbol of five with 1 - (1 - 2 ber)^5
    symbol = -np.expm1(5 * np.log1p(-2 * ber))
    independent_bits = -np.expm1(np.log1p(-symbol) / 10)
    chain = KP4.post_fec(fec.ErrorChain.independent(ber), interleave=interleave)
    assert chain.pre_fec_ber == pytest.approx(ber, rel=1e-12)
    assert chain.codeword_error_ratio == pytest.approx(KP4.post_fec(independent_bits).codeword_error_ratio, rel=1e-9)
    assert chain.ber == pytest.approx(KP4.post_fec(independent_bits).ber * ber / independent_bits, rel=1e-9)


# what geometric lengths leave out: a lost word may be one long burst without precoding; with it every burst is its two ends, and
# the longest ones are 2^-32 of all
@pytest.mark.parametrize(("longest", "precoding"), [(60, False), (32, True)])
def test_geometric_burst_lengths_are_the_bursts_of_constant_continuation(longest: int, precoding: bool) -> None:
    lengths = 0.5 * 0.5 ** np.arange(longest)
    one = fec.ErrorChain.from_burst_lengths(1e-4, lengths / lengths.sum())
    two = fec.ErrorChain.bursts(1e-4, 0.5)
    assert one.ber == pytest.approx(two.ber, rel=1e-9)
    first, second = (KP4.post_fec(chain, interleave=2, precoding=precoding) for chain in (one, two))
    assert first.codeword_error_ratio == pytest.approx(second.codeword_error_ratio, rel=1e-6)
    assert first.ber == pytest.approx(second.ber, rel=1e-6)


def test_precoding_leaves_two_errors_of_any_burst() -> None:
    chain = fec.ErrorChain.bursts(1e-5, 0.75)
    plain, precoded = KP4.post_fec(chain), KP4.post_fec(chain, precoding=True)
    # mean burst of 4 errors becomes 2
    assert precoded.pre_fec_ber == pytest.approx(0.5 * plain.pre_fec_ber, rel=1e-3)
    single = KP4.post_fec(fec.ErrorChain.independent(1e-5), precoding=True)
    assert single.pre_fec_ber == pytest.approx(2e-5, rel=1e-3)


def test_stationary_distribution_solves_its_equation_with_feedback_of_five_taps() -> None:
    generator = np.random.default_rng(1)
    down, up = generator.uniform(0, 0.3, 3**5), generator.uniform(0, 0.3, 3**5)
    chain = fec.ErrorChain.from_feedback(down, up)
    share = chain.stationary()
    assert share @ chain.transitions.sum(axis=0) == pytest.approx(share, rel=1e-12)


def one_tap_feedback(sigma: float, tap: float) -> fec.ErrorChain:
    """PAM4 levels at -1, -1/3, 1/3, 1, channel 1 + tap D, ideal one-tap DFE: closed form, errors beyond one level ignored."""
    shift = np.array([1.0, 0.0, -1.0]) * tap * 2 / 3
    up, down = 0.75 * q((1 / 3 - shift) / sigma), 0.75 * q((1 / 3 + shift) / sigma)
    return fec.ErrorChain.from_feedback(down, up)


@pytest.mark.parametrize(("interleave", "precoding"), [(1, False), (2, False), (4, False), (1, True), (2, True)])
def test_decoded_simulation_of_a_real_feedback_loop_agrees_with_the_burst_model(
    interleave: int, precoding: bool
) -> None:
    """Encoder, interleaver, Gray map, precoder, a channel with a DFE fed by its own decisions, and the real decoder."""
    tap, sigma = 0.9, 0.1213 if interleave == 1 and not precoding else 0.1262
    model = one_tap_feedback(sigma, tap)
    expected = KP4.post_fec(model, interleave=interleave, precoding=precoding)
    generator = np.random.default_rng([5, interleave, precoding])
    words = 3000
    messages = generator.integers(0, 1024, (words, 514))
    sent = fec.to_levels(fec.interleave(KP4.encode(messages), interleave))
    sent = fec.precode(sent) if precoding else sent
    levels = np.linspace(-1, 1, 4)
    # channel 1 + tap D less the feedback of the sent levels leaves the noise
    noise = (sigma * generator.standard_normal(sent.size)).astype(np.float32)
    where, wrong = np.empty(sent.size, dtype=np.int64), np.empty(sent.size, dtype=np.uint8)
    found = find_errors(noise, sent, levels, np.array([-2.0, 0.0, 2.0]) / 3, levels, np.array([tap]), where, wrong)
    where = where[:found]
    decided = sent.copy()
    decided[where] = wrong[:found]
    received = fec.remove_precoding(decided) if precoding else decided
    decoded = KP4.decode(fec.deinterleave(fec.from_levels(received), interleave, 544))
    low, high = interval(int(decoded.failed.sum()), words)
    assert decoded.failed.sum() > 100
    assert low <= expected.codeword_error_ratio <= high
    counter = fec.CodewordCounter(KP4, interleave=interleave, precoding=precoding)
    counter.add_errors(where, decided[where].astype(np.int64) - sent[where], sent.size)
    assert counter.count.codewords == words
    assert counter.count.codeword_errors == decoded.failed.sum()
    # the good words are mended in full
    assert (decoded.symbols[~decoded.failed] == messages[~decoded.failed]).all()
    left = np.bitwise_count(decoded.symbols ^ messages.astype(np.uint16)).sum() / (words * 5140)
    assert left == pytest.approx(expected.ber, rel=0.25)


def test_thresholds_invert_the_ratios() -> None:
    assert KP4.pre_fec_ber(8.152e-13) == pytest.approx(2.4e-4, rel=1e-4)
    for interleave, precoding in ((1, False), (4, True)):
        ber = KP4.pre_fec_ber(1e-12, continuation=0.7, interleave=interleave, precoding=precoding)
        chain = fec.ErrorChain.bursts(ber, 0.7)
        again = KP4.post_fec(chain, interleave=interleave, precoding=precoding)
        assert again.codeword_error_ratio == pytest.approx(1e-12, rel=1e-6)
    with pytest.raises(SirfError, match="codeword_error_ratio must be"):
        KP4.pre_fec_ber(0.7)


def test_bad_input_is_named() -> None:
    for ber in (0.0, 0.5, -1.0, float("nan")):
        with pytest.raises(SirfError, match="ber must be in"):
            KP4.post_fec(ber)
    with pytest.raises(SirfError, match="interleave must be"):
        KP4.post_fec(1e-4, interleave=0)
    with pytest.raises(SirfError, match="continuation must be"):
        fec.ErrorChain.bursts(1e-4, 1.0)
    with pytest.raises(SirfError, match="sum to 1 from every state"):
        fec.ErrorChain(np.array([[[0.5]], [[0.4]]]), values=(0, 1))
    with pytest.raises(SirfError, match="sum to 1"):
        fec.ErrorChain.from_burst_lengths(1e-4, [0.5, 0.4])


def test_results_show_themselves() -> None:
    result = KP4.post_fec(2.4e-4)
    assert "8.152e-13" in repr(result)
    assert "code word error ratio" in str(result)
    assert "<table>" in result._repr_html_()
    assert result.to_dict()["codeword_error_ratio"] == result.codeword_error_ratio


@pytest.mark.parametrize("interleave", [1, 2, 4])
def test_frames_meet_as_many_words_as_they_do_when_laid_over_them_one_by_one(interleave: int) -> None:
    """Every start of a frame in the stream of message symbols, words of a group in turn; shortest frames have 67.46 symbols."""
    k, size = KP4.message_symbols, FRAME_BITS / KP4.bits_per_symbol

    def met(symbols: int) -> float:
        period = interleave * k
        words = [
            len({(place // period, place % interleave) for place in range(start, start + symbols)})
            for start in range(period)
        ]
        return float(np.mean(words))

    whole = int(size)
    average = met(whole) + (size - whole) * (met(whole + 1) - met(whole))
    ratio = 1e-9
    assert frame_loss_ratio(KP4, ratio, interleave=interleave) == pytest.approx(average * ratio, rel=1e-6)
    decoded = KP4.post_fec(2.4e-4, interleave=interleave)
    assert decoded.frame_loss_ratio == pytest.approx(average * decoded.codeword_error_ratio, rel=1e-6)


def test_the_shortest_frame_is_64_bytes_with_preamble_and_gap_in_blocks_of_257_for_256_bits() -> None:
    """84 bytes on the line between frames, and one bit in 256 more by the transcoding of clause 119.2.4.2."""
    assert pytest.approx(674.625) == FRAME_BITS
    assert frame_loss_ratio(KP4, 1e-9) == frame_loss_ratio(KP4, 1e-9, interleave=1)
    assert frame_loss_ratio(KP4, 0.0) == 0.0
    assert frame_loss_ratio(KP4, 1.0) == pytest.approx(1.0)


def test_words_stand_alone_on_the_line_where_nothing_else_is_said() -> None:
    """Interleaving is asked for: without it a frame of 84 bytes, transcoded by 257/256, meets one word or two."""
    assert pytest.approx(84 * 8 * 257 / 256, rel=1e-15) == FRAME_BITS
    burst = fec.ErrorChain.bursts(1e-3, 0.75)
    alone = KP4.post_fec(burst)
    assert alone.interleave == 1
    assert alone == KP4.post_fec(burst, interleave=1) == post_fec(KP4, burst)
    assert alone.codeword_error_ratio > KP4.post_fec(burst, interleave=2).codeword_error_ratio
    met = 1.0 + (FRAME_BITS / 10.0 - 1.0) / 514.0
    assert frame_loss_ratio(KP4, 1e-9) == pytest.approx(met * 1e-9, rel=1e-7, abs=0.0)

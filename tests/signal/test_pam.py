from __future__ import annotations

import numpy as np
import pytest

import sirf
from sirf.errors import SirfError
from sirf.signal.pam import (
    bit_error_table,
    bits_per_symbol,
    counted_bit_errors,
    gray_code,
    level_shares,
    levels,
    mean_square,
    order_of,
    thresholds,
)


def test_levels_are_equally_spaced_and_mismatch_shrinks_the_smallest_distance_to_r_lm() -> None:
    assert levels(4) == pytest.approx([-1, -1 / 3, 1 / 3, 1])
    assert np.diff(levels(4, level_mismatch=0.95)).min() == pytest.approx(0.95 * 2 / 3)


def test_gray_neighbours_differ_in_one_bit() -> None:
    for order in (2, 4, 8):
        table = bit_error_table(order)
        assert np.all(np.diag(table, 1) == 1)
        assert np.all(np.diag(table) == 0)
        assert sorted(gray_code(order)) == list(range(order))


def test_thresholds_lie_half_way() -> None:
    assert thresholds(levels(4)) == pytest.approx([-2 / 3, 0, 2 / 3])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: order_of("QAM16"), "modulation must be one of"),
        (lambda: levels(1), "order must be at least 2"),
        (lambda: levels(4, level_mismatch=0.0), "level_mismatch must be in"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(SirfError, match=message):
        call()


def test_pam6_carries_two_and_a_half_bits_and_counts_sixths_of_a_bit() -> None:
    table, parts = counted_bit_errors(6)
    assert bits_per_symbol(6) == 2.5
    assert table / parts == pytest.approx(bit_error_table(6), abs=1e-12)
    assert counted_bit_errors(4)[1] == 1
    assert np.array_equal(counted_bit_errors(4)[0], bit_error_table(4))


def test_a_pam6_link_counts_what_its_statistics_say() -> None:
    flat = sirf.Channel.from_network(
        sirf.Network(np.arange(0.0, 30e9, 50e6), np.tile([[0.0, 1.0], [1.0, 0.0]], (600, 1, 1)).astype(complex)),
        plane="die",
    )
    link = sirf.Link(
        flat,
        transmitter=sirf.Transmitter(amplitude=0.4, amplitude_fext=0.4, amplitude_next=0.4),
        receiver=sirf.Receiver(noise_corner=7.5e9, noise_density=5e-14),
        symbol_rate=10e9,
        modulation="PAM6",
    )
    assert link.bit_rate == 25e9
    eye = sirf.statistical_eye(link, phases=1)
    count = sirf.count_errors(link, max_errors=4000, max_symbols=4_000_000, rng=1)
    assert count.bits_per_symbol == 2.5
    assert count.ber == pytest.approx(eye.ber, rel=0.05)
    assert count.ser == pytest.approx(eye.ser, rel=0.05)
    # a wrong symbol costs between one bit and, on average over neighbours, a seventh more
    assert 1.0 < count.errors / count.symbol_errors < 1.35
    run = sirf.simulate(link, symbols=200_000, rng=1)
    # some fifty errors
    assert run.ber == pytest.approx(eye.ber, rel=0.4)


@pytest.mark.parametrize(
    ("name", "order"), [("NRZ", 2), ("pam2", 2), ("PAM3", 3), ("PAM4", 4), ("PAM6", 6), ("PAM8", 8)]
)
def test_a_modulation_has_as_many_levels_as_its_name_says(name: str, order: int) -> None:
    assert order_of(name) == order
    assert len(levels(order)) == order
    assert levels(order)[0] == -1.0
    assert levels(order)[-1] == 1.0


@pytest.mark.parametrize("order", [2, 3, 4, 8])
def test_equally_spaced_levels_have_the_mean_square_of_the_closed_form(order: int) -> None:
    """(L + 1) / (3 (L - 1)), of which PAM6 alone is an exception: its pairs leave the corners out, 0.4 for 7 / 15."""
    assert mean_square(levels(order)) == pytest.approx((order + 1) / (3 * (order - 1)))
    assert level_shares(order) == pytest.approx(np.full(order, 1 / order))
    assert mean_square(levels(6)) == pytest.approx(0.4)


@pytest.mark.parametrize("order", [2, 4, 8])
def test_bit_errors_of_a_gray_code_are_whole_and_counted_as_such(order: int) -> None:
    table, parts = counted_bit_errors(order)
    assert parts == 1
    assert bits_per_symbol(order) == np.log2(order)
    labels = [format(int(code), "b").zfill(4) for code in gray_code(order)]
    for row in range(order):
        for column in range(order):
            differing = sum(a != b for a, b in zip(labels[row], labels[column], strict=True))
            assert table[row, column] == differing


def test_levels_are_an_array_of_the_callers_own() -> None:
    first = levels(4, level_mismatch=0.95)
    first[0] = 7.0
    assert levels(4, level_mismatch=0.95)[0] == -1.0

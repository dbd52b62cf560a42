"""Errors of PAM decisions against closed forms over white noise and counts of straddled FEC symbols."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from sirf.signal.decisions import bit_error_ratio, fec_symbol_error_ratio, symbol_error_ratio, transitions


@pytest.mark.parametrize("order", [2, 4, 8])
@pytest.mark.parametrize("margin", [1.5, 3.0, 5.0])
def test_symbol_error_ratio_is_the_closed_form_of_pam(order: int, margin: float) -> None:
    table = transitions(order, margin, lambda volts: float(norm.sf(volts)))
    assert table.sum(axis=1) == pytest.approx(1.0)
    assert symbol_error_ratio(table) == pytest.approx(2.0 * (order - 1) / order * norm.sf(margin), rel=1e-12)


def test_pam6_has_thirteen_quarters_neighbours_a_pair() -> None:
    table = transitions(6, 5.0, lambda volts: float(norm.sf(volts)))
    assert symbol_error_ratio(table) == pytest.approx(1.625 * norm.sf(5.0), rel=1e-5)
    # 120 bit errors over 104 directed neighbours
    assert bit_error_ratio(table) == pytest.approx(3.25 * norm.sf(5.0) * 120.0 / 104.0 / 5.0, rel=1e-5)


def test_gray_errors_are_one_bit_where_noise_is_small() -> None:
    for order, bits in ((4, 2), (8, 3)):
        table = transitions(order, 5.0, lambda volts: float(norm.sf(volts)))
        assert bit_error_ratio(table) == pytest.approx(symbol_error_ratio(table) / bits, rel=1e-6)


@pytest.mark.parametrize("order", [2, 4, 8])
def test_fec_symbols_agree_with_single_bit_errors_counted_over_the_line(order: int) -> None:
    rng, ratio, count = np.random.default_rng(8), 0.02, 600_000
    bits = int(np.log2(order))
    line = np.zeros((count, bits), dtype=bool)
    wrong = np.flatnonzero(rng.random(count) < ratio)
    line[wrong, rng.integers(0, bits, len(wrong))] = True
    symbols = line.ravel()[: count * bits // 10 * 10].reshape(-1, 10)
    counted = float(symbols.any(axis=1).mean())
    assert counted == pytest.approx(fec_symbol_error_ratio(order, ratio), rel=0.02)


def test_pam6_spoils_a_fec_symbol_by_whole_pairs() -> None:
    assert fec_symbol_error_ratio(6, 1e-3) == pytest.approx(1.0 - (1.0 - 1e-3) ** 4)

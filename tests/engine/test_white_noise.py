"""Both engines over white noise against the closed forms of PAM."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erfc

from sirf.engine.counting.count_errors import count_errors
from sirf.engine.front_end import front_end
from sirf.engine.statistical.analysis import statistical_eye
from sirf.engine.waveform.simulate import simulate
from tests.engine.links import flat_link


def q(x: float) -> float:
    return float(0.5 * erfc(x / np.sqrt(2.0)))


def exact_ser(order: int, x: float) -> float:
    """Both outer levels err on one side only; of PAM6 they are sent less often."""
    outer = 1.0 / 8.0 if order == 6 else 1.0 / order
    return 2.0 * (1.0 - outer) * q(x)


def exact_pam4_ber(x: float) -> float:
    return 0.75 * q(x) + 0.5 * q(3 * x) - 0.25 * q(5 * x)


@pytest.mark.parametrize(("modulation", "order"), [("NRZ", 2), ("PAM3", 3), ("PAM4", 4), ("PAM6", 6), ("PAM8", 8)])
@pytest.mark.parametrize("x", [2.5, 4.5, 7.0])
def test_statistical_error_ratio_is_the_closed_form_within_one_percent(modulation: str, order: int, x: float) -> None:
    eye = statistical_eye(flat_link(modulation, sigma=1.0 / (order - 1) / x), phases=1)
    assert eye.ser == pytest.approx(exact_ser(order, x), rel=0.01)
    if order == 4:
        assert eye.ber == pytest.approx(exact_pam4_ber(x), rel=0.01)


@pytest.mark.parametrize(("modulation", "order"), [("NRZ", 2), ("PAM3", 3), ("PAM4", 4), ("PAM6", 6), ("PAM8", 8)])
def test_counted_error_ratio_holds_the_closed_form_in_its_interval(modulation: str, order: int) -> None:
    x = 3.0
    count = count_errors(flat_link(modulation, sigma=1.0 / (order - 1) / x), max_errors=1500, rng=3)
    low, high = count.symbol_interval()
    assert low <= exact_ser(order, x) <= high
    assert count.symbol_errors >= 700


def test_bit_by_bit_error_ratio_holds_the_closed_form_in_its_interval() -> None:
    x = 2.5
    run = simulate(flat_link("PAM4", sigma=1 / (3 * x)), symbols=200_000, rng=5)
    assert run.errors.ber_low <= exact_pam4_ber(x) <= run.errors.ber_high
    assert run.errors.errors >= 700


def test_noise_of_the_front_end_is_density_times_butterworth_bandwidth() -> None:
    end = front_end(flat_link("NRZ", sigma=0.1))
    assert end.receiver_noise == pytest.approx(0.1, rel=2e-3)
    assert end.main_cursor == pytest.approx(1.0, rel=2e-3)


def test_one_tap_dfe_on_a_one_tap_channel_counts_the_closed_form_with_real_and_ideal_feedback() -> None:
    """h = [1, 0.6] NRZ: the post-cursor is made by the transmitter's FFE, so that its value is exact."""
    b, sigma = 0.6, 0.5
    p, stay = q(1 / sigma), 0.5 * (q((1 - 2 * b) / sigma) + q((1 + 2 * b) / sigma))
    link = flat_link("NRZ", sigma=sigma, ffe=(1.0, b), dfe=(b,))
    real = count_errors(link, max_errors=20_000, rng=7)
    assert real.ber_low <= p / (1 + p - stay) <= real.ber_high
    ideal = count_errors(link, max_errors=20_000, rng=7, ideal_feedback=True)
    assert ideal.ber_low <= p <= ideal.ber_high
    assert statistical_eye(link, phases=1).ber == pytest.approx(p / (1 + p - stay), rel=0.01)
    assert statistical_eye(link, phases=1, ideal_feedback=True).ber == pytest.approx(p, rel=0.01)


def test_pam4_one_tap_dfe_counts_the_published_symbol_error_ratio() -> None:
    count = count_errors(flat_link("PAM4", sigma=0.12, ffe=(1.0, 0.6), dfe=(0.6,)), max_errors=20_000, rng=9)
    low, high = count.symbol_interval()
    assert low <= 8.714e-3 <= high


def test_crosstalk_closes_the_eye_by_its_two_levels() -> None:
    """Half the aggressor's symbols help, half hurt; the filter's overshoot and its recoil add up to 22 % at the worst phase."""
    sigma, level = 0.2, 0.1
    link = flat_link("NRZ", sigma=sigma, crosstalk=(level,))

    def exact(height: float) -> float:
        return 0.5 * (q((1 - height) / sigma) + q((1 + height) / sigma))

    worst = statistical_eye(link, phases=1, worst_phase=True).ber
    assert exact(level) < worst < exact(1.22 * level)
    assert exact(0.9 * level) < statistical_eye(link, phases=1).ber < worst

"""Covariances at the input of the receiver's FFE: what counts where."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.com.annex_93a import with_sequence_detection
from sirf.com.mmse import NoiseRows, behind_taps, phase_of_most_power, pulse_slopes, through_taps, with_taps
from sirf.units import from_db20


def rows(step: float = 0.0) -> NoiseRows:
    """Five sources with powers of two, so that every sum tells its parts; only the first has a neighbour."""
    one = [np.array([power, 0.0]) for power in (1.0, 2.0, 4.0, 8.0, 16.0)]
    one[0][1] = 0.5
    return NoiseRows(
        receiver=one[0], transmitter=one[1], crosstalk=one[2], jitter=one[3], random_jitter=one[4], step=step
    )


def test_all_jitter_counts_in_the_whole_and_only_the_random_part_at_the_converter() -> None:
    assert rows().total.tolist() == [15.0, 0.5]
    assert rows().gaussian_at_converter ** 2 == pytest.approx(1.0 + 2.0 + 4.0 + 16.0)


def test_rounding_is_uniform_over_a_step_and_white() -> None:
    found = rows(step=6.0)
    assert found.converter == pytest.approx(3.0)
    assert found.total.tolist() == [18.0, 0.5]


def test_noise_behind_taps_by_hand() -> None:
    """Of covariance (2, 1): taps (1, -1) leave 2 x 2 - 2 x 1 = 2; the same at lag 0 of its covariance."""
    row, taps = np.array([2.0, 1.0, 0.0]), np.array([1.0, -1.0])
    assert through_taps(row[:2], taps) ** 2 == pytest.approx(2.0)
    # c(k) = 2 r(k) - r(k - 1) - r(k + 1)
    assert behind_taps(row, taps).tolist() == pytest.approx([2.0, 0.0])


def test_taps_move_a_pulse_by_whole_symbols() -> None:
    pulse = np.array([0.0, 0.0, 1.0, 2.0, 0.0, 0.0])
    assert with_taps(pulse, np.array([0.5, 1.0, -0.25]), 1, 2).tolist() == [0.5, 1.0, 1.0, 2.0, -0.25, -0.5]


def test_slopes_are_per_symbol_from_the_samples_beside() -> None:
    """A parabola at four samples a UI: its slope at sample n is 2 n a sample, 8 n a UI; central differences are exact."""
    pulse = np.arange(13.0) ** 2
    assert pulse_slopes(pulse, 1, 4).tolist() == pytest.approx([8.0, 40.0, 72.0])
    # the first sample has none before it
    assert pulse_slopes(pulse, 0, 4).tolist() == pytest.approx([32.0, 64.0])


def test_crosstalk_is_sampled_where_it_has_most_power() -> None:
    pulse = np.zeros(12)
    pulse[[1, 5]], pulse[2] = 0.5, 0.6
    assert phase_of_most_power(pulse, 4) == 1


@pytest.mark.parametrize(("closure_db", "gain_db"), [(4.6, 1.0), (12.0, 2.5)])
def test_sequence_detection_divides_what_closes_the_eye(closure_db: float, gain_db: float) -> None:
    """An eye of 2 A and height H lacks A - H / 2 on either side: that shrinks by the gain."""
    height = 2.0 / from_db20(closure_db)
    lacking = (1.0 - 0.5 * height) / from_db20(gain_db)
    assert with_sequence_detection(closure_db, gain_db) == pytest.approx(
        20.0 * np.log10(2.0 / (2.0 - 2.0 * lacking)), rel=1e-12
    )

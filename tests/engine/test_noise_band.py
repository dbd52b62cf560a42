"""Receiver noise does not depend on the samples of a unit interval, and none is taken without a filter."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from scipy.special import ndtr

import sirf
from sirf.engine.front_end import front_end
from sirf.errors import SirfError
from sirf.link import Link
from sirf.receiver.receiver import Receiver
from tests.engine.links import SYMBOL_RATE, flat_link

DENSITY = 4e-13


def with_corner(corner: float, samples_per_ui: int) -> Link:
    link = flat_link("NRZ", sigma=0.1).replace(samples_per_ui=samples_per_ui)
    # edges that end within the samples' band, so that the signal does not depend on them either
    return link.replace(
        transmitter=dataclasses.replace(link.transmitter, rise_time=0.3 / SYMBOL_RATE),
        receiver=dataclasses.replace(link.receiver, noise_corner=corner, noise_density=DENSITY),
    )


@pytest.mark.parametrize("corner", [0.75 * SYMBOL_RATE, 3.0 * SYMBOL_RATE, 20.0 * SYMBOL_RATE])
@pytest.mark.parametrize("samples_per_ui", [16, 32, 64, 128])
def test_noise_is_the_closed_form_at_any_number_of_samples(corner: float, samples_per_ui: int) -> None:
    """sigma² = density x pi / 8 / sin(pi / 8) x corner of a fourth-order Butterworth filter."""
    end = front_end(with_corner(corner, samples_per_ui))
    bandwidth = np.pi / 8.0 / np.sin(np.pi / 8.0) * corner
    assert end.receiver_noise == pytest.approx(np.sqrt(DENSITY * bandwidth), rel=1e-3)


@pytest.mark.parametrize("samples_per_ui", [16, 64])
def test_every_engine_has_the_error_ratio_of_that_noise(samples_per_ui: int) -> None:
    corner = 20.0 * SYMBOL_RATE
    link = with_corner(corner, samples_per_ui)
    sigma = np.sqrt(DENSITY * np.pi / 8.0 / np.sin(np.pi / 8.0) * corner)
    end = front_end(link)
    beside = np.delete(end.cursors(end.through), end.pre_cursors)
    beside = beside[np.abs(beside) > 1e-4]
    signs = np.array(list(itertools.product((-1, 1), repeat=len(beside))))
    exact = float(np.mean(ndtr(-(end.main_cursor + signs @ beside) / sigma)))
    assert 2e-4 < exact < 2e-3
    assert sirf.statistical_eye(link, phases=1).ser == pytest.approx(exact, rel=0.01)
    for count in (
        sirf.count_errors(link, max_errors=2000, rng=1),
        sirf.simulate(link, symbols=1_000_000, rng=1).errors,
    ):
        low, high = count.interval(0.999)
        assert low <= exact <= high


def test_noise_without_a_filter_is_refused() -> None:
    with pytest.raises(SirfError, match="noise_corner must be given with a noise_density"):
        Receiver(noise_corner=None, noise_density=1e-17)
    assert Receiver(noise_corner=None).noise_density == 0.0

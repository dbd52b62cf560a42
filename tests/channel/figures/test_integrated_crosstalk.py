"""Power sums and ICN: closed forms and the COM reference code."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from sirf.channel.figures import integrated_crosstalk_noise, power_sum, power_weight
from sirf.channel.network import Network
from sirf.errors import SirfError
from tests.channel.figures.reference import CASES, channel, golden, keywords
from tests.channel.figures.test_fitted_loss import corners

GRID = np.linspace(0.0, 60e9, 6001)


def flat(level: float) -> Network:
    s = np.zeros((GRID.size, 2, 2), dtype=complex)
    s[:, 1, 0] = s[:, 0, 1] = level
    return Network(GRID, s, z0=100.0)


@pytest.mark.parametrize("case", CASES)
def test_icn_is_that_of_the_reference_code(case: str, reference_dir: Path) -> None:
    entry = golden(reference_dir)[case]
    book = keywords(reference_dir, entry["workbook"])
    made = channel(reference_dir, case)
    noise = []
    for networks, corner, names in ((made.fext, "f_f", ("A_ft", "A_fe")), (made.next, "f_n", ("A_nt", "A_ne"))):
        rate, transmitter, receiver, f_max = corners(book, corner)
        amplitude = book.get(names[0], book[names[1]])[0]
        noise.append(
            integrated_crosstalk_noise(
                networks, amplitude=amplitude, symbol_rate=rate, transmitter_corner=transmitter,
                receiver_corner=receiver, f_max=f_max,
            )
        )  # fmt: skip
    assert 1e3 * math.hypot(*noise) == pytest.approx(entry["result"]["icn_mv"], rel=1e-9, abs=1e-12)


def test_flat_crosstalk_integrates_its_weight() -> None:
    rate, transmitter, receiver = 53.125e9, 30e9, 40e9

    def density(f: float) -> float:
        return float(np.sinc(f / rate) ** 2 / (1 + (f / transmitter) ** 4) / (1 + (f / receiver) ** 8))

    integral = quad(density, 0.0, 40e9)[0]
    found = integrated_crosstalk_noise(
        [flat(0.01), flat(0.02)], amplitude=0.6, symbol_rate=rate, transmitter_corner=transmitter,
        receiver_corner=receiver, f_min=0.0, f_max=40e9,
    )  # fmt: skip
    assert found == pytest.approx(0.6 * math.hypot(0.01, 0.02) * math.sqrt(2 / 40e9 * integral), rel=1e-3)


def test_amplitudes_scale_each_aggressor() -> None:
    assert power_sum([flat(3e-3), flat(4e-3)], GRID) == pytest.approx(5e-3)
    assert power_sum([flat(3e-3), flat(4e-3)], GRID, (2.0, 0.0)) == pytest.approx(6e-3)


def test_no_aggressor_makes_no_noise() -> None:
    assert integrated_crosstalk_noise([], amplitude=0.6, symbol_rate=1e9, transmitter_corner=1e9, receiver_corner=1e9,
                                      f_max=1e9) == 0.0  # fmt: skip


def test_short_aggressors_and_bad_corners_are_refused() -> None:
    with pytest.raises(SirfError, match="must reach 70 GHz"):
        power_sum([flat(0.01)], np.array([0.0, 70e9]))
    with pytest.raises(SirfError, match="receiver_corner"):
        power_weight([1e9], symbol_rate=1e9, transmitter_corner=1e9, receiver_corner=0.0)

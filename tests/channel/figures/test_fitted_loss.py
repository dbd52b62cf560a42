"""Fitted loss, ILD and its figure of merit: closed forms and the COM reference code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sirf.channel.figures import deviation_figure_of_merit, fitted_insertion_loss
from sirf.errors import SirfError
from tests.channel.figures.reference import CASES, channel, golden, keywords

GRID = np.linspace(0.0, 60e9, 6001)


def corners(book: dict[str, list[float]], name: str) -> tuple[float, float, float, float]:
    """Symbol rate, transmitter and receiver corner and upper edge, with the reference code's defaults."""
    rate = book["f_b"][0] * 1e9
    return (
        rate,
        book.get(name, [4.0])[0] * rate,
        book["f_r"][0] * rate,
        book.get("f_2", [rate / 1e9])[0] * 1e9,
    )


@pytest.mark.parametrize("case", CASES)
def test_fom_ild_is_that_of_the_reference_code(case: str, reference_dir: Path) -> None:
    entry = golden(reference_dir)[case]
    rate, transmitter, receiver, f_max = corners(keywords(reference_dir, entry["workbook"]), "f_v")
    through = channel(reference_dir, case).through
    fit = fitted_insertion_loss(through.frequency, through.s[:, 1, 0], f_max=f_max)
    found = deviation_figure_of_merit(fit, symbol_rate=rate, transmitter_corner=transmitter, receiver_corner=receiver)
    assert found == pytest.approx(entry["result"]["fom_ild_db"], rel=1e-9)
    # the reference code reads its fit with an index of the whole grid: 4 or 5 points above the last one below Nyquist
    nyquist = np.flatnonzero(through.frequency <= rate / 2)[-1]
    skipped = int(np.flatnonzero(through.frequency <= 50e6)[-1])
    read_at = through.frequency[nyquist + skipped]
    assert float(fit.at(read_at)) == pytest.approx(entry["result"]["fitted_il_db_at_nyquist"], abs=1e-6)
    assert float(fit.at(rate / 2)) == pytest.approx(entry["result"]["fitted_il_db_at_nyquist"], abs=0.08)


def test_the_fit_finds_the_coefficients_of_a_smooth_loss() -> None:
    f = GRID / 1e9
    loss_db = 0.2 + 0.9 * np.sqrt(f) + 0.35 * f + 0.002 * f**2
    fit = fitted_insertion_loss(GRID, np.asarray(10 ** (-loss_db / 20), dtype=np.complex128), f_max=40e9)
    assert fit.coefficients == pytest.approx((0.2, 0.9, 0.35, 0.002), rel=1e-6)
    assert np.max(np.abs(fit.deviation_db)) < 1e-9
    assert fit.at(26.5625e9) == pytest.approx(np.interp(26.5625, f, loss_db), abs=1e-4)


def test_a_ripple_is_its_own_deviation() -> None:
    f = GRID / 1e9
    ripple = 0.1 * np.cos(2 * np.pi * f / 0.35)
    loss_db = 0.2 + 0.9 * np.sqrt(f) + 0.35 * f + ripple
    fit = fitted_insertion_loss(GRID, np.asarray(10 ** (-loss_db / 20), dtype=np.complex128), f_max=40e9)
    inside = (GRID > 2e9) & (GRID < 38e9)
    deviation = np.interp(GRID[inside], fit.frequency, fit.deviation_db)
    lean = np.log(10) / 10 * 0.1**2 / 2  # the weight |S21| leans to the crests by this much, in dB
    assert np.max(np.abs(deviation - ripple[inside])) < 3 * lean
    # corners far off and a rate far above the band: the weight is one and the figure the plain rms
    figure = deviation_figure_of_merit(fit, symbol_rate=1e12, transmitter_corner=1e13, receiver_corner=1e13)
    assert figure == pytest.approx(0.1 / np.sqrt(2), rel=0.01)


def test_a_dead_response_and_an_empty_band_are_refused() -> None:
    with pytest.raises(SirfError, match="must pass a signal"):
        fitted_insertion_loss(GRID, np.zeros(GRID.size, dtype=complex), f_max=40e9)
    with pytest.raises(SirfError, match="five points"):
        fitted_insertion_loss(GRID, np.ones(GRID.size, dtype=complex), f_min=1e9, f_max=1.01e9)
    with pytest.raises(SirfError, match="below f_max"):
        fitted_insertion_loss(GRID, np.ones(GRID.size, dtype=complex), f_min=2e9, f_max=1e9)

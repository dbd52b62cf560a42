"""The first look of a chip-to-module search against the same quantities summed by NumPy, setting by setting."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

import sirf._kernels.com_screen as com_screen
import sirf._kernels.com_search as com_search
from tests._kernels.plain import plain_module

Float = NDArray[np.float64]
PER_UI, REACH, MAIN, SHIFT = 8, 3, 1, 1
B_MAX = np.array([0.2, 0.05, 0.02])
POWER, NOISE, TRANSMITTER, JITTER, SIGNAL, RECEIVER = 5.0 / 9.0, 2e-4, 1e-4, 3e-3, 1.0 / 9.0, 1.5e-4
QUANTILES = np.array([4.0, 3.6, 3.1, 2.5])
TAPS = np.array([[0.0, 1.0, 0.0], [-0.1, 0.85, -0.05], [-0.05, 0.8, 0.15]])


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name in dir(plain_module(monkeypatch, com_search)):
        if name in vars(com_screen):
            monkeypatch.setattr(com_screen, name, getattr(com_search, name))
    return plain_module(monkeypatch, com_screen)


def pulse_rows() -> Float:
    """A pulse that rises over a UI, falls with a tail and has an echo far behind; moved by a UI for each tap."""
    time = np.arange(40 * PER_UI) / PER_UI - 6.0
    pulse = np.where(time > 0.0, time**2 * np.exp(-2.2 * time), 0.0)
    pulse += 0.02 * np.exp(-(((time - 9.3) / 0.4) ** 2)) - 0.004 * np.exp(-(((time - 14.1) / 0.6) ** 2))
    # what stands at the start of the record counts as interference and never as a cursor
    pulse[: 2 * PER_UI] = 0.05
    return np.stack([np.roll(pulse, lag * PER_UI) for lag in (-1, 0, 1)])


def screened(
    kernels: ModuleType,
    rows: Float,
    *,
    with_c0: bool,
    bin_most: float = 1e-5,
    low: int = 4 * PER_UI,
    anchor: int = 0,
    # of no sigma the noise closes no eye
    crest: float = 0.0,
) -> Float:
    slopes = np.zeros_like(rows)
    slopes[:, 1:-1] = rows[:, 2:] - rows[:, :-2]
    gram = np.stack([slopes[:, phase::PER_UI] @ slopes[:, phase::PER_UI].T for phase in range(PER_UI)])
    table = np.full((len(TAPS), 6), np.nan)
    window = np.array([low, 12 * PER_UI, PER_UI, REACH, MAIN, anchor])
    constants = np.array([NOISE, POWER, JITTER, TRANSMITTER, float(with_c0), SIGNAL, RECEIVER])
    kernels.screen_setting(
        rows,
        gram,
        TAPS,
        window,
        B_MAX,
        -B_MAX,
        np.zeros(3, dtype=np.int64),
        np.zeros(3),
        constants,
        np.array([0.0, 1e-5, 2e-5]),
        SHIFT,
        QUANTILES,
        crest,
        bin_most,
        table,
    )
    return table


def equalized(rows: Float, tap: Float) -> Float:
    return tap @ rows


def residuals(pulse: Float, at: int) -> tuple[Float, Float, Float]:
    """(before the cursor, behind it with the DFE taken off, the same a half window earlier)."""
    cursor = pulse[at]
    behind, early = pulse[at + PER_UI :: PER_UI].copy(), pulse[at + PER_UI - SHIFT :: PER_UI].copy()
    feedback = np.clip(behind[:REACH], -B_MAX * cursor, B_MAX * cursor)
    behind[:REACH] -= feedback
    early[:REACH] -= feedback
    return pulse[at % PER_UI : at : PER_UI], behind, early


@pytest.mark.parametrize("with_c0", [False, True])
def test_every_column_is_the_sum_over_the_pulse(kernels: ModuleType, with_c0: bool) -> None:
    rows = pulse_rows()
    for tap, fext, row in zip(TAPS, (0.0, 1e-5, 2e-5), screened(kernels, rows, with_c0=with_c0), strict=True):
        pulse = equalized(rows, tap)
        at = int(row[0])
        cursor = pulse[at]
        # equation (93A-25): what the DFE leaves of the sample behind is as large as the sample before
        off = [abs(pulse[k - PER_UI] - max(pulse[k + PER_UI] - B_MAX[0] * pulse[k], 0.0)) for k in (at - 1, at, at + 1)]
        assert off[1] <= min(off[0], off[2])
        before, _, early = residuals(pulse, at)
        outside = np.sum(before**2) + np.sum(early[REACH:] ** 2)
        slope = np.zeros_like(pulse)
        slope[1:-1] = pulse[2:] - pulse[:-2]
        reference = cursor / tap[MAIN] if with_c0 else cursor
        transmitter = TRANSMITTER * reference**2
        total = NOISE + transmitter + fext + JITTER * np.sum(slope[at % PER_UI :: PER_UI] ** 2)
        total += POWER * (outside + np.sum(early[:REACH] ** 2))
        assert row[1] == pytest.approx(cursor / 3.0, rel=1e-12)
        assert row[2] == pytest.approx(np.sqrt(POWER * outside), rel=1e-9)
        assert row[3] == pytest.approx(np.sqrt(total), rel=1e-9)
        assert row[5] == pytest.approx(np.sqrt(RECEIVER + transmitter), rel=1e-12)


@pytest.mark.parametrize("bin_most", [1e-5, 1e-3])
def test_the_least_interference_is_that_of_the_largest_residuals(kernels: ModuleType, bin_most: float) -> None:
    """The m largest residuals that are looked at, the noise beyond them, less a bin for each rounding."""
    rows = pulse_rows()
    for tap, row in zip(TAPS, screened(kernels, rows, with_c0=False, bin_most=bin_most), strict=True):
        pulse, at = equalized(rows, tap), int(row[0])
        _, behind, _ = residuals(pulse, at)
        # eight cursors before the main one, two UI from the start; behind it the DFE's reach and sixteen more
        seen = [abs(pulse[at - j * PER_UI]) for j in range(1, 9) if at - j * PER_UI >= 2 * PER_UI]
        seen += np.abs(behind[: REACH + 16]).tolist()
        largest = np.sort(seen)[::-1][: QUANTILES.size - 1]
        step = min(row[1] / 1000, bin_most)
        outer = np.concatenate(([0.0], np.cumsum(largest)))
        expected = max(outer + row[5] * QUANTILES - (np.arange(QUANTILES.size) + 4) * step)
        assert row[4] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("side", "count"), [(-1e-6, 1), (1e-6, 2)])
def test_where_noise_closes_the_eye_by_itself_the_span_of_the_dfe_is_not_looked_at(
    kernels: ModuleType, side: float, count: int
) -> None:
    """On either side of the crest that closes the second of three eyes: the others are as they were."""
    rows = pulse_rows()
    whole = screened(kernels, rows, with_c0=False)
    inside = np.array(
        [
            np.sum(residuals(equalized(rows, tap), int(row[0]))[2][:REACH] ** 2)
            for tap, row in zip(TAPS, whole, strict=True)
        ]
    )
    without = np.sqrt(whole[:, 3] ** 2 - POWER * inside)
    # sigma of that noise between the cursor and the closed eye, with the reference code's millivolt
    closing = (whole[:, 1] + 0.5 * com_screen.EYE_SLACK) / without
    crest = float(np.median(closing)) * (1.0 + side)
    found = screened(kernels, rows, with_c0=False, crest=crest)
    closed = closing < crest
    assert closed.sum() == count
    assert np.array_equal(found[~closed], whole[~closed])
    assert np.array_equal(found[closed][:, [0, 1, 2, 5]], whole[closed][:, [0, 1, 2, 5]])
    assert found[closed, 3] == pytest.approx(without[closed], rel=1e-9)
    assert np.all(found[closed, 4] == np.inf)
    # none of them could have passed the test with all of its noise
    assert np.all(2.0 * (whole[closed, 1] - crest * whole[closed, 3]) < -com_screen.EYE_SLACK)


def test_without_a_rising_edge_there_is_no_cursor(kernels: ModuleType) -> None:
    """A pulse that has begun before the record, whose edge no search finds."""
    rows = np.tile(np.exp(-np.arange(40 * PER_UI) / 100.0), (3, 1))
    assert screened(kernels, rows, with_c0=False)[:, 0].tolist() == [-1.0, -1.0, -1.0]


@pytest.mark.parametrize(("peak", "found"), [(PER_UI, True), (PER_UI - 1, False)])
def test_a_cursor_has_a_whole_unit_interval_before_it(kernels: ModuleType, peak: int, found: bool) -> None:
    rows = np.zeros((3, 40 * PER_UI))
    rows[MAIN] = np.exp(-np.abs(np.arange(40 * PER_UI) - peak) / 6.0)
    table = screened(kernels, rows, with_c0=False, low=0, anchor=1)
    assert table[0, 0] == (peak if found else -1)

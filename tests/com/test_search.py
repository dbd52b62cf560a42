"""The search against the reference code's choices, and against itself without pruning."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as rules
from hypothesis import strategies as st
from numpy.typing import NDArray

from sirf._kernels.com_search import floating_banks, peak_window
from sirf.com.config.settings import CtleSettings, DfeSettings
from sirf.com.search import CaseSearch, feedback_of, gain_settings, transmitter_grid
from tests.com.golden import SAMPLED, case_of, searched
from tests.com.plain_fom import plain_fom_db
from tests.com.small import small_settings


@pytest.mark.parametrize("key", SAMPLED)
def test_the_search_ends_where_the_reference_code_ends(reference_dir: Path, key: str) -> None:
    """Golden: figure of merit to 1e-9 dB, the same gains and taps, sigma_N to 1e-12 V; the full grid is never below."""
    case = case_of(reference_dir, key)
    search, choice = searched(reference_dir, key)
    assert choice.fom_db == pytest.approx(case.result["fom_db"], abs=1e-9)
    ctle = case.settings.receiver.ctle
    assert (ctle.g_dc_db[choice.g_dc], ctle.g_dc2_db[choice.g_dc2]) == case.gains
    taps = search.grid.taps[choice.row]
    assert [tap for tap in taps if tap] == pytest.approx([tap for tap in case.result["tx_taps"] if tap], abs=1e-12)
    number = search.gains.index((choice.g_dc, choice.g_dc2))
    assert np.sqrt(search.noise[number]) == pytest.approx(case.result["sigma_n_v"], abs=1e-15)
    if key in ("kr/backplane_12db/crosstalk/case2", "kr/backplane_28db/through/case2"):
        return  # the full grid of these two takes as long as all others together
    full = search.full(floor_db=choice.fom_db)
    assert full is not None
    assert full.fom_db >= case.result["fom_db"] - 1e-9
    assert abs(full.fom_db - case.result["fom_db"]) < 0.02


@pytest.mark.parametrize("key", ["kr/backplane_12db/crosstalk/case1", "c2c/c2c_12db/through/case2"])
def test_pruning_never_changes_the_answer(reference_dir: Path, key: str) -> None:
    case = case_of(reference_dir, key)
    ctle = replace(case.settings.receiver.ctle, g_dc_db=case.settings.receiver.ctle.g_dc_db[10::4])
    short = replace(case.settings, receiver=replace(case.settings.receiver, ctle=ctle))
    search = CaseSearch(case.paths, short)
    exhaustive, pruned = search.full(prune=False), search.full()
    assert exhaustive is not None
    assert pruned is not None
    assert exhaustive.evaluated > 20 * pruned.evaluated
    assert (pruned.fom_db, pruned.g_dc, pruned.g_dc2, pruned.row, pruned.cursor) == (
        exhaustive.fom_db, exhaustive.g_dc, exhaustive.g_dc2, exhaustive.row, exhaustive.cursor,
    )  # fmt: skip
    floored = search.full(floor_db=exhaustive.fom_db)
    assert floored is not None
    assert (floored.row, floored.fom_db) == (exhaustive.row, exhaustive.fom_db)
    assert search.full(floor_db=exhaustive.fom_db + 0.1) is None


@given(st.integers(0, 2**32 - 1))
@rules(max_examples=40, deadline=None)
def test_no_peak_lies_outside_its_window(seed: int) -> None:
    """Peaks of random settings on random pulses, found over the whole span."""
    rng = np.random.default_rng(seed)
    pulse = np.convolve(rng.normal(0, 0.15, 400) * np.exp(-np.arange(400) / 60), np.ones(8))
    pulse[40:48] += 2.0
    rows = np.stack([np.roll(pulse, offset * 8) for offset in (-1, 0, 1)])
    taps = np.stack([rng.uniform(-0.3, 0, 30), np.zeros(30), rng.uniform(-0.1, 0, 30)], axis=1)
    taps[:, 1] = 1 - np.sum(np.abs(taps), axis=1)
    low, high = peak_window(rows, taps, 1, 0, pulse.size)
    for tap in taps:
        assert low <= int(np.argmax(tap @ rows)) < high
    assert high - low < pulse.size


def test_transmitter_taps_count_in_the_reference_order(reference_dir: Path) -> None:
    settings = case_of(reference_dir, SAMPLED[0]).settings
    grid = transmitter_grid(settings)
    values = [values for _, values in settings.transmitter.ffe]
    expected = [row for row in itertools.product(*values) if 1 - sum(abs(tap) for tap in row) >= 0.54]
    assert grid.taps.shape == (len(expected), 5)
    assert [tuple(row) for row in np.delete(grid.taps, grid.main, axis=1)] == expected
    np.testing.assert_allclose(np.sum(np.abs(grid.taps), axis=1), 1.0)
    assert grid.offsets == (-3, -2, -1, 0, 1)


def test_qualified_gains_bound_both_stages() -> None:
    ctle = CtleSettings(
        g_dc_db=(-9.0, -3.0, 0.0), g_dc2_db=(-1.0, 0.0), f_z=1e9, f_p1=1e9, f_p2=2e9, f_lf=1e8,
        ranges=((0.0, 1e-15, -9.0, -2.0), (-1.0, 0.0, -4.0, -2.0)),
    )  # fmt: skip
    assert list(gain_settings(ctle)) == [(0, 1), (1, 0), (1, 1)]
    assert list(gain_settings(replace(ctle, ranges=(), least_sum_db=-9.5))) == [(0, 0)]


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=3), st.integers(0, 2**32 - 1))
@rules(max_examples=50, deadline=None)
def test_feedback_keeps_to_its_limits(fixed: list[float], seed: int) -> None:
    """Each tap is the post-cursor where its limits allow, else the nearer limit; the tail's root sum of squares is bounded."""
    dfe = DfeSettings(
        b_max=(0.6, 0.2, 0.1), b_min=(0.1, -0.1, -0.1), groups=2, group_taps=2, span=14, floating_max=0.05,
        tail_rss_max=0.03, tail_start=9,
    )  # fmt: skip
    pulse = np.zeros(20 * 4)
    pulse[8] = 2.0
    pulse[12:24:4] = fixed
    pulse[24::4] = np.random.default_rng(seed).normal(0, 0.1, 14)
    feedback = feedback_of(pulse, 8, small_settings(dfe=dfe, samples_per_ui=4))
    np.testing.assert_allclose(feedback.taps[:3], np.clip(np.array(fixed) / 2, dfe.b_min, dfe.b_max), atol=1e-12)
    assert np.all(np.abs(feedback.taps[3:]) <= 0.05 + 1e-12)
    assert np.count_nonzero(feedback.upper[3:]) <= 4
    assert np.linalg.norm(feedback.taps[8:]) <= 0.03 + 1e-12


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
@rules(max_examples=100, deadline=None)
def test_floating_banks_are_as_many_as_asked_for_and_the_strongest_is_among_them(seed: int, groups: int) -> None:
    post = np.random.default_rng(seed).normal(0, 1, 30)
    chosen: NDArray[np.bool_] = np.zeros(30, dtype=np.bool_)
    floating_banks(post, 6, 30, groups, 3, np.inf, chosen)
    assert np.count_nonzero(chosen) == 3 * groups
    assert not np.any(chosen[:6])
    if groups == 1:
        energy = np.convolve(post[6:] ** 2, np.ones(3), mode="valid")
        assert np.flatnonzero(chosen)[0] == 6 + int(np.argmax(energy))


@pytest.mark.parametrize("key", ["kr/backplane_12db/crosstalk/case1", "kr4/vita_25g/crosstalk/case2"])
def test_the_kernel_finds_what_plain_numpy_finds(reference_dir: Path, key: str) -> None:
    """Every setting of a small grid by a second method: the same best, and no other setting is better."""
    case = case_of(reference_dir, key)
    tx, ctle = case.settings.transmitter, case.settings.receiver.ctle
    few = tuple((cursor, values[-1:] if cursor < -1 else values[-6::3]) for cursor, values in tx.ffe)
    gains = replace(ctle, g_dc_db=ctle.g_dc_db[-8::4], g_dc2_db=ctle.g_dc2_db[-3::2])
    settings = replace(
        case.settings, transmitter=replace(tx, ffe=few), receiver=replace(case.settings.receiver, ctle=gains)
    )
    search = CaseSearch(case.paths, settings)
    figures = {
        (number, row): plain_fom_db(search, number, row)
        for number in range(len(search.gains))
        for row in range(len(search.grid.taps))
    }
    best = max(figures, key=lambda at: figures[at])
    choice = search.full()
    assert choice is not None
    assert (search.gains.index((choice.g_dc, choice.g_dc2)), choice.row) == best
    assert choice.fom_db == pytest.approx(figures[best], abs=1e-9)
    assert len(figures) >= 8

"""Annex 178A against COM 4.50, number by number, and what no reference number covers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sirf._kernels.com_bounds import setting_problems
from sirf._kernels.com_receiver import crosstalk_row
from sirf._kernels.floating_taps import floating_equalizer
from sirf.com.annex_178a import FoundReceiver, choose, search
from sirf.com.config.settings import ComSettings, Revision
from sirf.com.reference_receiver import KeptSettings, reference_receiver
from sirf.com.setting_errors import setting_errors
from sirf.com.slicer_noise import SlicerNoise, slicer_noise
from sirf.errors import ConfigError
from tests.com.golden_178a import CASES_4P50, Case, case_4p17, case_4p50


@pytest.fixture(scope="module")
def small(reference_dir: Path) -> Case:
    return case_4p50(reference_dir, "dj-point/synthetic_224g_cpo/through")


def com_db(noise: SlicerNoise, settings: ComSettings) -> float:
    return float(20 * np.log10(noise.signal / noise.total.magnitude_at(settings.der0)))


@pytest.mark.parametrize("name", CASES_4P50)
def test_every_number_of_the_reference(reference_dir: Path, name: str) -> None:
    case = case_4p50(reference_dir, name)
    receiver = case.receiver("4.50")
    expected, choice = case.results["4.50"], search(receiver, local=True)
    assert choice is not None
    chosen, noise = choice.receiver, slicer_noise(receiver, choice.gains, choice.taps, choice.receiver)
    assert choice.fom_db == pytest.approx(expected["fom_db"], abs=1e-8)
    # the way there ends at it: figures of merit of the way are computed from errors, that of the setting from its receiver
    assert choice.path[-1][2] == pytest.approx(choice.fom_db, abs=1e-6)
    assert com_db(noise, case.settings) == pytest.approx(expected["com_db"], abs=1e-6)
    assert chosen.taps == pytest.approx(np.array(expected["rx_ffe_taps"]), abs=1e-9)
    assert chosen.b == pytest.approx(np.array(expected["dfe_taps"]), abs=1e-9)
    assert chosen.sample + 1 == expected["sampling_index"]
    assert choice.gains == (expected["ctle_g_dc_db"], expected["ctle_g_dc2_db"])
    assert np.trim_zeros(choice.taps) == pytest.approx(np.trim_zeros(np.array(expected["tx_taps"])))
    inputs = {"rn": chosen.noise.receiver, "tn": chosen.noise.transmitter, "jn": chosen.noise.jitter,
              "xn": chosen.noise.crosstalk, "total": chosen.noise.total}  # fmt: skip
    for source, row in inputs.items():
        assert np.sqrt(row[0]) == pytest.approx(expected[f"sigma_in_{source}"], rel=1e-9, abs=1e-15)
    sigmas = {"n": noise.sigma_n, "tx": noise.sigma_tx, "rj": noise.sigma_rj, "g": noise.sigma_g, "e": chosen.sigma_e,
              "p_dd": noise.dual_dirac.sigma, "isi": noise.isi.sigma, "xt": noise.crosstalk.sigma,
              "total": noise.total.sigma}  # fmt: skip
    for source, sigma in sigmas.items():
        assert sigma == pytest.approx(expected[f"sigma_{source}"], rel=1e-9, abs=1e-15)
    assert 1e3 * noise.signal == pytest.approx(expected["available_signal_mv"], rel=1e-9)


def test_the_local_search_with_a_long_reach_is_the_full_grid(reference_dir: Path) -> None:
    case = case_4p50(reference_dir, CASES_4P50[0])

    def local(reach: int) -> FoundReceiver:
        choice = choose(case.paths, replace(case.settings, local_search=reach), local=True)
        assert choice is not None
        return choice

    full, far, near = choose(case.paths, case.settings, local=False), local(99), local(1)
    assert full is not None
    assert (far.row, far.gains, far.fom_db) == (full.row, full.gains, full.fom_db)
    assert near.evaluated < far.evaluated
    assert near.fom_db <= full.fom_db


def grid_of(case: Case, *, bits: float, groups: int) -> ComSettings:
    """Settings of a case with 30 transmitter and 9 CTLE settings, a converter and floating taps."""
    settings, receiver = case.settings, case.settings.receiver
    assert receiver.ffe is not None
    taps = ((-2, (0.0, 0.04)), (-1, (-0.2, -0.1, -0.05, -0.02, 0.0)), (1, (-0.1, -0.02, 0.0)))
    ctle = replace(receiver.ctle, g_dc_db=(-12.0, -8.0, -4.0), g_dc2_db=(-3.0, -1.0, 0.0), ranges=())
    ffe = replace(receiver.ffe, groups=groups, group_taps=3 if groups else 0, span=30, floating_max=0.05)
    detector = replace(receiver.detector, adc_bits=bits, clip_probability=1e-7)
    sampling = replace(receiver.sampling, first=-2, last=2)
    return replace(
        settings,
        transmitter=replace(settings.transmitter, ffe=taps, c0_minimum=0.5),
        receiver=replace(receiver, ctle=ctle, ffe=ffe, detector=detector, sampling=sampling),
    )


@pytest.mark.parametrize(("bits", "groups"), [(0.0, 0), (6.0, 1)])
def test_the_least_error_of_a_setting_is_that_of_all_its_instants(
    reference_dir: Path, bits: float, groups: int
) -> None:
    """Errors above the least so far, or above a known one, are not finished; the least and its sample are the very same."""
    case = case_4p17(reference_dir, "d33-point-A1-full/synthetic_224g_board/crosstalk")
    receiver = reference_receiver(case.paths, grid_of(case, bits=bits, groups=groups))
    tables = receiver.tables((-8.0, -1.0))
    rows = np.arange(len(receiver.grid.taps))
    errors, instants = tables.errors(rows), tables.instants_of(rows)
    for row, (of_row, instant) in enumerate(zip(errors, instants.tolist(), strict=True)):
        place = int(np.argmin(of_row))
        expected = float(of_row[place]), instant + int(tables.offsets[place])
        assert tables.least_error(row) == expected
        assert tables.least_error(row, expected[0]) == expected
        assert tables.least_error(row, 0.99 * expected[0])[0] == np.inf
        assert tables.least_error(row, every=2)[0] == np.min(of_row[::2])


def test_errors_with_floating_taps_are_those_of_each_instant_alone(reference_dir: Path) -> None:
    """One kernel for all instants of a setting against the equations and the floating taps of one after the other."""
    case = case_4p17(reference_dir, "d33-point-A1-full/synthetic_224g_board/crosstalk")
    receiver = reference_receiver(case.paths, grid_of(case, bits=6.0, groups=2))
    tables = receiver.tables((-8.0, -1.0))
    arguments, fext, (b_min, b_max, w_min, w_max, cursor, fixed, groups, run, step) = tables.arguments
    assert len(fext)
    for taps, instant in zip(receiver.grid.taps, tables.instants, strict=True):
        instants, crosstalk = instant + tables.offsets, np.zeros(w_min.size)
        crosstalk_row(taps, fext, crosstalk)
        rows, samples = np.empty((instants.size, w_min.size)), np.empty((instants.size, w_min.size + 1))
        setting_problems(taps, instants, crosstalk, arguments, cursor + 1, rows, samples)
        expected = [
            floating_equalizer(
                row, around[1:], around[None, :-1], b_min, b_max, w_min, w_max, cursor, step, fixed, groups, run,
                np.zeros(groups, dtype=np.int64), np.inf,
            )
            for row, around in zip(rows, samples, strict=True)
        ]  # fmt: skip
        errors = np.empty(instants.size)
        assert setting_errors(taps, instants, tables.arguments, np.inf, np.inf, errors) == min(expected)
        assert errors.tolist() == pytest.approx(expected, rel=1e-12)
        # what is above the limit is left, the least is there
        known = float(np.median(expected))
        assert setting_errors(taps, instants, tables.arguments, known, 0.1, errors) == pytest.approx(min(expected))
        assert np.all(errors[np.array(expected) > known * 1.1] == np.inf)


@pytest.mark.parametrize(
    ("revision", "bits", "groups"), [("4.17", 0.0, 0), ("4.17", 6.0, 0), ("d3.3", 6.0, 1), ("d3.3", 0.0, 1)]
)
@pytest.mark.parametrize("name", ["d33-point-A1/synthetic_224g_board/through",
                                  "d33-point-A1-full/synthetic_224g_board/crosstalk"])  # fmt: skip
def test_pruning_never_changes_the_answer(
    reference_dir: Path, name: str, revision: Revision, bits: float, groups: int
) -> None:
    """The grid with the bounds and without, where every receiver is made."""
    case = case_4p17(reference_dir, name)
    settings = replace(grid_of(case, bits=bits, groups=groups), revision=revision)
    pruned, whole = (choose(case.paths, settings, local=False, prune=prune) for prune in (True, False))
    assert pruned is not None
    assert whole is not None
    assert (pruned.gains, pruned.row, pruned.receiver.sample) == (whole.gains, whole.row, whole.receiver.sample)
    assert pruned.fom_db == whole.fom_db
    assert whole.evaluated == 9 * 30
    assert pruned.evaluated < whole.evaluated


@pytest.mark.parametrize(("bits", "groups"), [(0.0, 0), (0.0, 1), (6.0, 1)])
def test_what_is_known_from_another_search_changes_no_answer(reference_dir: Path, bits: float, groups: int) -> None:
    """A figure of merit that is reached, also the best one itself, and tables and receivers kept from a part of the grid."""
    case = case_4p17(reference_dir, "d33-point-A1-full/synthetic_224g_board/crosstalk")
    settings = grid_of(case, bits=bits, groups=groups)
    receiver = reference_receiver(case.paths, settings)
    plain = search(receiver, local=False)
    assert plain is not None
    keeping = replace(receiver, kept=KeptSettings())
    ctle = replace(settings.receiver.ctle, g_dc_db=(-8.0,), g_dc2_db=(-1.0, 0.0))
    part = replace(settings, receiver=replace(settings.receiver, ctle=ctle))
    assert search(keeping.with_grids(part), local=False) is not None
    for floor in (plain.fom_db, plain.fom_db - 0.5):
        found = search(keeping.with_grids(settings), local=False, floor_db=floor)
        assert found is not None
        assert (found.gains, found.row, found.fom_db) == (plain.gains, plain.row, plain.fom_db)
        assert found.receiver.sample == plain.receiver.sample
        assert np.array_equal(found.receiver.w, plain.receiver.w)
        assert found.path[-1][2] == pytest.approx(plain.fom_db, abs=0.01)


def test_the_full_grid_is_not_below_any_of_its_points(reference_dir: Path) -> None:
    """The converter's step is found for every candidate: one carried along made a search end 0.95 dB low."""
    case = case_4p17(reference_dir, "d33-point-A1-adc/synthetic_224g_board/through")
    receiver = case.settings.receiver
    ctle = replace(receiver.ctle, g_dc_db=tuple(range(-20, 1, 4)), g_dc2_db=(-4.0, -2.0, 0.0))
    grid = replace(
        case.settings,
        transmitter=replace(case.settings.transmitter, ffe=((-1, (-0.2, -0.1, 0.0)),), c0_minimum=0.54),
        receiver=replace(receiver, ctle=ctle),
    )
    full = choose(case.paths, grid, local=False)
    assert full is not None
    points = []
    for tap in (-0.2, -0.1, 0.0):
        for g_dc in ctle.g_dc_db:
            for g_dc2 in ctle.g_dc2_db:
                point = replace(
                    grid,
                    transmitter=replace(grid.transmitter, ffe=((-1, (tap,)),)),
                    receiver=replace(receiver, ctle=replace(ctle, g_dc_db=(g_dc,), g_dc2_db=(g_dc2,))),
                )
                choice = choose(case.paths, point, local=False)
                assert choice is not None
                points.append(choice.fom_db)
    assert full.fom_db == pytest.approx(max(points), abs=1e-12)
    assert len(points) == 54


def test_a_converter_costs_and_many_bits_do_not(small: Case) -> None:
    figures = []
    for bits in (5.0, 6.0, 7.0, 16.0, 0.0):
        detector = replace(small.settings.receiver.detector, adc_bits=bits, clip_probability=1e-4)
        settings = replace(
            small.settings, revision="4.17", receiver=replace(small.settings.receiver, detector=detector)
        )
        choice = choose(small.paths, settings, local=True)
        assert choice is not None
        figures.append(choice.fom_db)
    assert np.all(np.diff(figures) > 0)
    assert figures[0] < figures[-1] - 0.5
    assert figures[-2] == pytest.approx(figures[-1], abs=1e-3)


def test_a_fast_clipping_level_is_the_largest_sum_of_the_pulse(small: Case) -> None:
    detector = replace(small.settings.receiver.detector, adc_bits=6.0, clip_probability=1e-4)
    steps = {}
    for method in ("fast", "slow"):
        changed = replace(detector, clip_method=method)
        settings = replace(small.settings, revision="4.17", receiver=replace(small.settings.receiver, detector=changed))
        receiver = reference_receiver(small.paths, settings)
        choice = search(receiver, local=True)
        assert choice is not None
        noise = slicer_noise(receiver, choice.gains, choice.taps, choice.receiver)
        samples = receiver.through(choice.gains, choice.taps)[choice.receiver.sample % 32 :: 32]
        if method == "fast":
            assert noise.clipping == pytest.approx(np.sum(np.abs(samples)))
        steps[method] = choice.receiver.noise.step
    assert steps["fast"] > steps["slow"]


def test_quantised_taps_are_whole_steps_and_cost(reference_dir: Path) -> None:
    case = case_4p17(reference_dir, "d33-point-A1-float/synthetic_224g_board/through")
    ffe = case.settings.receiver.ffe
    assert ffe is not None
    figures = []
    for step in (0.0, 0.001, 0.02):
        receiver = replace(case.settings.receiver, ffe=replace(ffe, step=step, groups=1))
        choice = choose(case.paths, replace(case.settings, receiver=receiver), local=True)
        assert choice is not None
        figures.append(choice.fom_db)
        if step:
            assert choice.receiver.taps / step == pytest.approx(np.round(choice.receiver.taps / step), abs=1e-9)
    assert figures[0] > figures[1] > figures[2]


def test_what_cannot_be_is_refused(small: Case) -> None:
    receiver = small.settings.receiver
    assert receiver.ffe is not None
    crowded = replace(receiver.ffe, groups=2, group_taps=3, span=receiver.ffe.post + 5)
    with pytest.raises(ConfigError, match="N_bg x N_bf must fit"):
        choose(small.paths, replace(small.settings, receiver=replace(receiver, ffe=crowded)), local=True)
    with pytest.raises(ConfigError, match="ffe_pre_tap_len"):
        choose(small.paths, replace(small.settings, receiver=replace(receiver, ffe=None)), local=True)
    with pytest.raises(ConfigError, match=r"revision must be 4\.50 or 4\.17 or d3\.3"):
        choose(small.paths, replace(small.settings, revision="3.70"), local=True)

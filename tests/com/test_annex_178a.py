"""Annex 178A against COM 4.50, number by number, and what no reference number covers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sirf.channel.channel import Channel
from sirf.com.annex_178a import Choice, Noise, choose, converter_noise, detector_gain, noise_of
from sirf.com.config.settings import ComSettings
from sirf.com.config.workbook import from_workbook
from sirf.com.responses import PathResponse, path_responses
from sirf.errors import ConfigError

CASES = (
    "dj-grid/synthetic_224g_board/through",
    "dj-point/synthetic_224g_board/through",
    "dj-point/synthetic_224g_board/crosstalk",
    "dj-point/synthetic_224g_cpo/through",
)
Paths = tuple[PathResponse, ...]


class Case:
    """One entry of the reference results with its settings and paths."""

    def __init__(self, reference_dir: Path, name: str) -> None:
        com = reference_dir / "golden" / "com"
        entry = json.loads((com / "com_4p50_reference.json").read_text(encoding="utf-8"))[name]
        channels = reference_dir / "channels"
        channel = Channel.from_touchstone(
            channels / entry["through"],
            fext=[channels / file for file in entry["fext"]],
            next=[channels / file for file in entry["next"]],
        )
        self.result: dict[str, Any] = entry["result"]
        self.settings: ComSettings = from_workbook(com / entry["workbook"], entry["settings"])
        self.paths: Paths = path_responses(channel, self.settings, entry["package_case"])[0]

    def chosen(self, *, local: bool = True) -> Choice:
        choice = choose(self.paths, self.settings, local=local)
        assert choice is not None
        return choice


@pytest.fixture(scope="module")
def small(reference_dir: Path) -> Case:
    return Case(reference_dir, "dj-point/synthetic_224g_cpo/through")


def com_db(noise: Noise, settings: ComSettings) -> float:
    return float(20 * np.log10(noise.signal / noise.total.magnitude_at(settings.der0)))


@pytest.mark.parametrize("name", CASES)
def test_every_number_of_the_reference(reference_dir: Path, name: str) -> None:
    case = Case(reference_dir, name)
    expected, choice = case.result, case.chosen()
    receiver, noise = choice.receiver, noise_of(case.paths, case.settings, choice)
    assert choice.fom_db == pytest.approx(expected["fom_db"], abs=1e-8)
    assert com_db(noise, case.settings) == pytest.approx(expected["com_db"], abs=1e-6)
    assert receiver.taps == pytest.approx(np.array(expected["rx_ffe_taps"]), abs=1e-9)
    assert receiver.b == pytest.approx(np.array(expected["dfe_taps"]), abs=1e-9)
    assert receiver.sample + 1 == expected["sampling_index"]
    assert case.settings.receiver.ctle.g_dc_db[choice.g_dc] == expected["ctle_g_dc_db"]
    assert case.settings.receiver.ctle.g_dc2_db[choice.g_dc2] == expected["ctle_g_dc2_db"]
    assert np.trim_zeros(choice.taps) == pytest.approx(np.trim_zeros(np.array(expected["tx_taps"])))
    inputs = {"rn": receiver.noise.receiver, "tn": receiver.noise.transmitter, "jn": receiver.noise.jitter,
              "xn": receiver.noise.crosstalk, "total": receiver.noise.total}  # fmt: skip
    for source, row in inputs.items():
        assert np.sqrt(row[0]) == pytest.approx(expected[f"sigma_in_{source}"], rel=1e-9, abs=1e-15)
    sigmas = {"n": noise.sigma_n, "tx": noise.sigma_tx, "rj": noise.sigma_rj, "g": noise.sigma_g, "e": receiver.sigma_e,
              "p_dd": noise.dual_dirac.sigma, "isi": noise.isi.sigma, "xt": noise.crosstalk.sigma,
              "total": noise.total.sigma}  # fmt: skip
    for source, sigma in sigmas.items():
        assert sigma == pytest.approx(expected[f"sigma_{source}"], rel=1e-9, abs=1e-15)
    assert 1e3 * noise.signal == pytest.approx(expected["available_signal_mv"], rel=1e-9)


def test_the_local_search_with_a_long_reach_is_the_full_grid(reference_dir: Path) -> None:
    case = Case(reference_dir, CASES[0])
    case.settings = replace(case.settings, local_search=99)
    local, full = case.chosen(), case.chosen(local=False)
    assert (local.row, local.g_dc, local.g_dc2, local.fom_db) == (full.row, full.g_dc, full.g_dc2, full.fom_db)
    case.settings = replace(case.settings, local_search=1)
    near = case.chosen()
    assert near.evaluated < local.evaluated
    assert near.fom_db <= full.fom_db


@pytest.mark.parametrize("name", CASES[1:3])
def test_pruning_never_changes_the_answer(reference_dir: Path, name: str) -> None:
    """A grid of 60 transmitter and 9 CTLE settings, with and without the bounds."""
    case = Case(reference_dir, name)
    taps = ((-2, (0.0, 0.04)), (-1, (-0.2, -0.1, -0.05, -0.02, 0.0)), (1, (-0.1, -0.02, 0.0)))
    ctle = replace(case.settings.receiver.ctle, g_dc_db=(-8.0, -4.0, 0.0), g_dc2_db=(-3.0, -1.0, 0.0), f_z=42.5e9,
                   f_p1=42.5e9, f_p2=106.25e9)  # fmt: skip
    settings = replace(
        case.settings,
        transmitter=replace(case.settings.transmitter, ffe=taps, c0_minimum=0.5),
        receiver=replace(case.settings.receiver, ctle=ctle),
    )
    pruned, whole = (choose(case.paths, settings, local=False, prune=prune) for prune in (True, False))
    assert pruned is not None
    assert whole is not None
    assert (pruned.g_dc, pruned.g_dc2, pruned.row) == (whole.g_dc, whole.g_dc2, whole.row)
    assert pruned.fom_db == whole.fom_db
    assert whole.evaluated == 9 * 30 * 33
    assert pruned.evaluated < whole.evaluated / 2


def test_a_converter_costs_and_many_bits_do_not(small: Case) -> None:
    ideal = small.chosen().fom_db
    figures = []
    for bits in (5.0, 6.0, 7.0, 16.0):
        detector = replace(small.settings.receiver.detector, adc_bits=bits, clip_probability=1e-4)
        settings = replace(small.settings, receiver=replace(small.settings.receiver, detector=detector))
        choice = choose(small.paths, settings, local=True)
        assert choice is not None
        figures.append(choice.fom_db)
        assert choice.receiver.noise.converter == pytest.approx(
            converter_noise(small.paths, settings, choice), rel=1e-9
        )
    assert np.all(np.diff(figures) > 0)
    assert figures[0] < ideal - 0.5
    assert figures[-1] == pytest.approx(ideal, abs=1e-3)


def test_the_sequence_detector_gains(small: Case) -> None:
    gain = detector_gain(small.paths, small.settings, small.chosen())
    white_limit = 10 * np.log10(1 + gain.alpha**2)
    assert 0 < gain.gain_db < 1.5 * white_limit


def test_what_is_not_built_is_refused(small: Case) -> None:
    receiver = small.settings.receiver
    assert receiver.ffe is not None
    floating = replace(small.settings, receiver=replace(receiver, ffe=replace(receiver.ffe, groups=2, group_taps=3)))
    with pytest.raises(ConfigError, match="N_bg must be 0"):
        choose(small.paths, floating, local=True)
    without = replace(small.settings, receiver=replace(receiver, ffe=None))
    with pytest.raises(ConfigError, match="ffe_pre_tap_len"):
        choose(small.paths, without, local=True)
    dfe = replace(receiver.dfe, b_max=(0.85, 0.1), b_min=(0.0, -0.1))
    two = replace(small.settings, receiver=replace(receiver, dfe=dfe))
    choice = choose(small.paths, two, local=True)
    assert choice is not None
    with pytest.raises(ConfigError, match="N_b must be 1 for MLSE"):
        detector_gain(small.paths, two, choice)

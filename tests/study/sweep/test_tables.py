"""Ranges and axes of a study's file, and every sentence that refuses one, without running a case."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from sirf.errors import ConfigError
from sirf.study.sweep.checks import check_study
from sirf.study.sweep.parts import MAX_CASES, MAX_LATIN, Axis, Base, Correlation, Sampling, Tolerance
from sirf.study.sweep.study import Study
from sirf.study.sweep.tables import read_parts

BASE = '[base]\narchitecture = "pluggable-retimed"\n'


def axes_of(folder: Path, text: str, base: str = BASE) -> dict[str, tuple[Any, ...]]:
    file = folder / "study.toml"
    file.write_text(base + text)
    return {axis.parameter: axis.values for axis in read_parts(file)["axes"]}


def axis(**keys: object) -> str:
    lines = "\n".join(f"{name} = {value!r}".replace("'", '"') for name, value in keys.items())
    return f'[[axis]]\nparameter = "length_mm"\n{lines}\n'


def test_a_linear_range_has_both_ends_and_even_steps(tmp_path: Path) -> None:
    assert axes_of(tmp_path, axis(low=0.1, high=0.5, count=5))["length_mm"] == (0.1, 0.2, 0.3, 0.4, 0.5)
    assert axes_of(tmp_path, axis(low=10.0, high=20.0, count=2))["length_mm"] == (10.0, 20.0)


def test_a_logarithmic_range_has_one_ratio(tmp_path: Path) -> None:
    assert axes_of(tmp_path, axis(low=1.0, high=1000.0, count=4, spacing="log"))["length_mm"] == (
        1.0,
        10.0,
        100.0,
        1000.0,
    )


def test_values_stand_as_they_are_given(tmp_path: Path) -> None:
    assert axes_of(tmp_path, axis(values=[3.0, 1.0, 2.0]))["length_mm"] == (3.0, 1.0, 2.0)


def test_files_are_sorted_and_folders_left_out(tmp_path: Path) -> None:
    for name in ("b.s4p", "a.s4p", "c.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "d.s4p").mkdir()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "e.s4p").write_text("")
    base = '[base]\nfiles = "*.s4p"\nstandard = "802.3ck-c2m"\n'
    assert axes_of(tmp_path, "", base)["file"] == ("a.s4p", "b.s4p")
    base = base.replace("*.s4p", "**/*.s4p")
    assert axes_of(tmp_path, "", base)["file"] == ("a.s4p", "b.s4p", "deep/e.s4p")
    listed = '[[axis]]\nparameter = "file"\nfiles = "b.*"\n'
    assert axes_of(tmp_path, listed, base)["file"] == ("b.s4p",)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"low": 1.0, "high": 2.0}, "axis length_mm must have values, or low, high and count, or files, got 1"),
        ({"values": [1.0], "low": 1.0}, "got 2 of them"),
        ({}, "got 0 of them"),
        ({"low": 2.0, "high": 2.0, "count": 3}, "low below high, got 2 and 2"),
        ({"low": 0.0, "high": 2.0, "count": 3, "spacing": "log"}, "positive low for log spacing, got 0"),
        ({"files": "*.none"}, "files must match at least one file beside the study"),
    ],
)
def test_an_axis_says_its_values_once(tmp_path: Path, keys: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        axes_of(tmp_path, axis(**keys))


def test_a_study_without_a_title_has_the_name_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "margins.toml"
    file.write_text(BASE)
    assert read_parts(file)["title"] == "margins"
    assert read_parts(file)["figures"] == ("ber",)


GOOD = Study(
    base=Base(architecture="pluggable-retimed"),
    axes=(Axis("length_mm", (100.0, 200.0)),),
    tolerances=(
        Tolerance(parameter="noise_density_v2_per_ghz", middle=8e-9, spread=1e-10),
        Tolerance(parameter="transmitter_snr_db", spread=0.5),
    ),
    sampling=Sampling(method="sobol", samples=8),
    figures=("ber", "com_db"),
    limits={"com_db": 3.0},
)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"base": Base()}, "base must name one of architecture, path and files, got none"),
        ({"base": Base(architecture="a", path="b")}, "got architecture, path"),
        ({"base": Base(path="board-direct")}, "base.standard must be given for a path or files"),
        ({"base": Base(architecture="a", standard="802.3ck-c2m")}, "base.standard must be left out for an architecture"),
        ({"base": Base(architecture="a", equalizer="magic")}, "base.equalizer must be search or fixed, got 'magic'"),  # type: ignore[arg-type]
        ({"axes": (Axis("length_mm", (1.0,)), Axis("length_mm", (2.0,)))}, "parameter length_mm must stand once, got it 2 times"),
        ({"axes": (Axis("length_mm", ()),)}, "axis length_mm must have values, got none"),
        ({"axes": (Axis("length_mm", (1.0, 1.0)),)}, "axis length_mm must have each value once"),
        ({"axes": (Axis("length_mm", ("long",)),)}, "axis length_mm must have finite numbers, got 'long'"),
        ({"axes": (Axis("length_mm", (float("inf"),)),)}, "axis length_mm must have finite numbers"),
        ({"axes": (Axis("length_mm", (True,)),)}, "axis length_mm must have finite numbers, got True"),
        ({"axes": (Axis("architecture", (1.0,)),), "base": Base()}, "axis architecture must have names, got 1.0"),
        ({"tolerances": (Tolerance(parameter="package_case", spread=1.0),), "axes": ()}, "scatters, got package_case"),
        ({"correlations": (Correlation("transmitter_snr_db", "transmitter_snr_db", 0.5),)}, "be between two tolerances"),
        ({"correlations": (Correlation("transmitter_snr_db", "length_mm", 0.5),)}, "be between two tolerances"),
        ({"figures": ()}, "figures must name at least one figure"),
        ({"figures": ("com",), "limits": {}}, "Did you mean 'com_db'"),
        ({"limits": {"eye_height_mv": 3.0}}, "limits.eye_height_mv must be of a figure that is asked"),
        ({"limits": {"com_db": float("nan")}}, "limits.com_db must be a finite number, got nan"),
        ({"sampling": Sampling(method="dice", samples=8)}, "sampling.method must be one of .*, got 'dice'"),  # type: ignore[arg-type]
        ({"sampling": Sampling(method="sobol", samples=0)}, "sampling.samples must be a whole number from 1, got 0"),
        ({"sampling": Sampling(method="latin-hypercube", samples=MAX_LATIN + 1)}, "at most .* for latin-hypercube"),
        ({"sampling": Sampling(method="sensitivity", samples=24)}, "power of two for sensitivity, got 24"),
        ({"sampling": Sampling(method="sensitivity", samples=8), "tolerances": ()}, "sensitivity must have tolerances, got none"),
        ({"sampling": Sampling(method="sobol", samples=MAX_CASES)}, f"between 1 and {MAX_CASES:,} cases"),
        ({"seed": -1}, "seed must be a whole number from 0, got -1"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused_in_a_sentence(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        dataclasses.replace(GOOD, **change)


def test_the_study_that_these_spoil_is_a_good_one() -> None:
    check_study(GOOD)
    check_study(
        dataclasses.replace(GOOD, correlations=(Correlation("transmitter_snr_db", "noise_density_v2_per_ghz", 0.5),))
    )
    check_study(dataclasses.replace(GOOD, sampling=Sampling(method="sensitivity", samples=16)))
    check_study(dataclasses.replace(GOOD, sampling=Sampling(method="latin-hypercube", samples=MAX_LATIN)))

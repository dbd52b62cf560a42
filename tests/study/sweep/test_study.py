"""Studies: what their files say, how their cases are numbered, and what is refused."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from sirf.errors import ConfigError
from sirf.study.sweep.design import tolerance_values, unit_points
from sirf.study.sweep.inputs import Inputs
from sirf.study.sweep.parts import Axis, Base, Sampling, Tolerance
from sirf.study.sweep.study import Study
from tests.study.sweep.studies import cheap

TOML = """
title = "a study"
seed = 7
figures = ["ber", "com_db"]

[base]
path = "pluggable"
standard = "802.3ck-c2m"
equalizer = "fixed"
crosstalk = false
step_mhz = 80

[limits]
ber = 1e-12

[[axis]]
parameter = "length_mm"
low = 100
high = 400
count = 4

[[axis]]
parameter = "material"
values = ["megtron7", "megtron4"]

[[tolerance]]
parameter = "package_impedance"
spread = 0.03
relative = true

[[tolerance]]
parameter = "die_capacitance"
shape = "uniform"
middle = 1.0
low = 0.9
high = 1.2

[[correlation]]
between = ["package_impedance", "die_capacitance"]
coefficient = -0.4

[sampling]
method = "latin-hypercube"
samples = 16
"""


def write(tmp_path: Path, text: str = TOML) -> Path:
    file = tmp_path / "study.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_says_what_its_cases_are(tmp_path: Path) -> None:
    study = Study.from_toml(write(tmp_path))
    assert (study.points, study.samples, study.cases) == (8, 16, 128)
    assert study.axes[0].values == (100.0, 200.0, 300.0, 400.0)
    points = [tuple(study.point(case).values()) for case in range(0, 128, 16)]
    assert points == list(itertools.product((100.0, 200.0, 300.0, 400.0), ("megtron7", "megtron4")))
    assert Study.from_dict(study.to_dict()).digest == study.digest


def test_the_digest_follows_what_cases_depend_on_and_nothing_else(tmp_path: Path) -> None:
    study = Study.from_toml(write(tmp_path))
    for old, new in (("seed = 7", "seed = 8"), ("count = 4", "count = 5"), ("spread = 0.03", "spread = 0.04"),
                     ("coefficient = -0.4", "coefficient = -0.5"), ('"com_db"]', '"com_db", "vec_db"]'),
                     ('"fixed"', '"search"')):  # fmt: skip
        assert Study.from_toml(write(tmp_path, TOML.replace(old, new))).digest != study.digest
    for old, new in (('"a study"', '"another"'), ("ber = 1e-12", "ber = 1e-9")):
        assert Study.from_toml(write(tmp_path, TOML.replace(old, new))).digest == study.digest


def test_files_are_matched_beside_the_study_and_their_content_counts(tmp_path: Path) -> None:
    for name in ("b.s2p", "a.s2p"):
        (tmp_path / name).write_text("! one", encoding="utf-8")
    text = '[base]\nfiles = "*.s2p"\nstandard = "802.3ck-c2m"\n'
    study = Study.from_toml(write(tmp_path, text))
    assert study.axes == (Axis("file", ("a.s2p", "b.s2p")),)
    before = study.digest
    (tmp_path / "a.s2p").write_text("! two", encoding="utf-8")
    assert Study.from_toml(write(tmp_path, text)).digest != before


@pytest.mark.parametrize("method", ["random", "sobol", "latin-hypercube", "sensitivity"])
def test_points_are_the_same_in_any_pieces_and_fill_the_cube(method: str) -> None:
    study = cheap(64, sampling=Sampling(method=method, samples=64))  # type: ignore[arg-type]
    whole = unit_points(study, 0, study.samples)
    pieces = [unit_points(study, start, min(start + 7, study.samples)) for start in range(0, study.samples, 7)]
    assert np.array_equal(whole, np.concatenate(pieces))
    assert 0.0 <= whole.min() <= whole.max() <= 1.0
    assert np.abs(whole[:64].mean(axis=0) - 0.5).max() < (0.15 if method == "random" else 0.02)


def test_sensitivity_takes_the_columns_of_b_one_by_one() -> None:
    points = unit_points(cheap(8, sampling=Sampling(method="sensitivity", samples=8)), 0, 32)
    a, b, first, second = points.reshape(4, 8, 2)
    assert np.array_equal(first, np.stack([b[:, 0], a[:, 1]], axis=1))
    assert np.array_equal(second, np.stack([a[:, 0], b[:, 1]], axis=1))
    assert not np.array_equal(a, b)


def test_relative_tolerances_scatter_about_the_nominal_value() -> None:
    import sirf

    inputs = Inputs(path=sirf.paths.pluggable(rate_class="100g"))
    study = Study(
        base=Base(path="pluggable", standard="802.3ck-c2m"),
        tolerances=(
            Tolerance(parameter="df", spread=0.1, relative=True),
            Tolerance(parameter="line_width_um", shape="uniform", low=-0.05, high=0.05, relative=True),
            Tolerance(parameter="roughness_um", shape="normal", middle=0.4, spread=0.05, low=0.3),
        ),
        sampling=Sampling(samples=1024),
    )
    df, width, roughness = tolerance_values(study, inputs, 0, 1024).T
    assert (df.mean(), df.std()) == pytest.approx((0.002, 0.0002), rel=0.01)
    assert (width.min(), width.max()) == pytest.approx((127 * 0.95, 127 * 1.05), rel=1e-3)
    assert roughness.min() >= 0.3


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('parameter = "length_mm"', 'parameter = "lenght_mm"', "Did you mean 'length_mm'"),
        ('"com_db"]', '"comdb"]', "Did you mean 'com_db'"),
        ('parameter = "material"', 'parameter = "length_mm"', "must stand once"),
        ('values = ["megtron7", "megtron4"]', "values = []", "must have values"),
        ('values = ["megtron7", "megtron4"]', "values = [1, 2]", "must have names"),
        ("low = 100\n", "low = 500\n", "low below high"),
        ('shape = "uniform"', 'shape = "gauss"', "tolerance.1.shape"),
        ("samples = 16", "samples = 0", "sampling.samples"),
        ('method = "latin-hypercube"', 'method = "sensitivity"\nextra = 1', "sampling.extra"),
        ('between = ["package_impedance", "die_capacitance"]', 'between = ["df", "dk"]', "between two tolerances"),
        ('path = "pluggable"', 'path = "pluggable"\narchitecture = "npo"', "one of architecture, path and files"),
        ('standard = "802.3ck-c2m"\n', "", "base.standard must be given"),
        ("ber = 1e-12", "tdecq_db = 3", "of a figure that is asked"),
        ("ber = 1e-12", "ber = nan", "limits.ber"),
        ("seed = 7", "seed = -7", "seed"),
        ('equalizer = "fixed"', 'files = "*.s4p"', "files must match at least one"),
    ],
)
def test_what_cannot_be_run_is_refused_by_file_and_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in TOML
    with pytest.raises(ConfigError, match=words) as caught:
        Study.from_toml(write(tmp_path, TOML.replace(old, new, 1)))
    assert "study.toml" in str(caught.value)


def test_a_pattern_that_matches_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"files must match at least one file beside the study, got '\*.s4p'"):
        Study.from_toml(write(tmp_path, '[base]\nfiles = "*.s4p"\nstandard = "802.3ck-c2m"\n'))


def test_an_equaliser_axis_needs_a_search() -> None:
    with pytest.raises(ConfigError, match="must be search where ctle_g_dc_db varies"):
        cheap(axes=(Axis("ctle_g_dc_db", (-3.0, -2.0)),))

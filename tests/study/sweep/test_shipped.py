"""The studies that ship, run in a short form."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

import sirf
from sirf._data import data_path, list_data
from sirf.channel.touchstone import write_touchstone
from sirf.study.sweep.parts import Axis
from sirf.study.sweep.runner import sweep
from sirf.study.sweep.study import Study

KEPT = 2
"""Values of each axis, or samples, in the short form."""


def shortened(study: Study) -> Study:
    axes = tuple(Axis(axis.parameter, (axis.values[0], axis.values[-1])[: len(axis.values)]) for axis in study.axes)
    sampling = dataclasses.replace(study.sampling, samples=KEPT)
    return dataclasses.replace(study, axes=axes, sampling=sampling)


def load(name: str, folder: Path) -> Study:
    """The study, its file copied beside what it looks for."""
    shutil.copy(data_path("studies", f"{name}.toml"), folder)
    if name == "screen-folder":
        channel = sirf.paths.pluggable(length="100 mm", rate_class="100g").to_channel(np.arange(0.0, 60e9, 20e6))
        for index in (1, 2):
            write_touchstone(folder / f"line{index}.s2p", channel.through)
        text = (folder / f"{name}.toml").read_text(encoding="utf-8").replace("*.s4p", "*.s2p")
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return Study.from_toml(folder / f"{name}.toml")


@pytest.mark.parametrize("name", list_data("studies"))
def test_a_study_that_ships_gives_every_figure_in_its_short_form(name: str, tmp_path: Path) -> None:
    study = shortened(load(name, tmp_path))
    found = sweep(study, results=tmp_path / "results.jsonl", workers=2)
    assert found.errors == {}
    assert len(found) == study.cases
    for figure in study.figures:
        assert np.isfinite(found.figure(figure)).any(), figure


def test_longer_lines_and_lossier_laminates_have_more_errors(tmp_path: Path) -> None:
    study = load("laminate-map", tmp_path)
    axes = (Axis("length_mm", (100.0, 300.0)), Axis("material", ("megtron4", "megtron7")))
    found = sweep(dataclasses.replace(study, axes=axes), results=tmp_path / "results.jsonl", workers=2)
    (short4, short7), (long4, long7) = found.figure("insertion_loss_db").reshape(2, 2)
    assert short7 < short4 < long4
    assert short7 < long7 < long4
    ber = found.figure("ber").reshape(2, 2)
    assert ber[1, 0] > ber[1, 1] > ber[0, 1]


def test_erl_and_reach_are_figures_of_a_study(tmp_path: Path) -> None:
    base = dataclasses.replace(load("laminate-map", tmp_path).base, length_mm=100.0, crosstalk=False)
    study = Study(base=base, axes=(Axis("material", ("megtron4", "megtron7")),), figures=("reach_mm", "erl_db"))
    found = sweep(study, results=tmp_path / "results.jsonl", workers=2)
    assert found.errors == {}
    lossy, good = found.figure("reach_mm")
    assert good > 1.2 * lossy
    assert (found.figure("erl_db") > 5.0).all()

"""A study over modulations: the figures of `sirf.modulation`, who wins at which length, and what it refuses."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import sirf
from sirf._data import data_path
from sirf.errors import ConfigError
from sirf.study.sweep.parts import Axis
from sirf.study.sweep.runner import sweep
from sirf.study.sweep.study import Study
from tests.edited import edited

SHIPPED = Study.from_toml(data_path("studies", "modulation-map.toml"))


def test_the_winner_changes_along_the_line_as_in_the_study_of_one_channel(tmp_path: Path) -> None:
    """Short lines have the band for PAM4; a line of 350 mm lets no four-level symbol through at 106 GHz."""
    axes = (SHIPPED.axes[0], Axis("length_mm", (100.0, 350.0)))
    found = sweep(dataclasses.replace(SHIPPED, axes=axes), results=tmp_path / "results.jsonl", workers=1)
    assert found.errors == {}
    margin = found.figure("com_db").reshape(3, 2)
    winners = [SHIPPED.axes[0].values[k] for k in np.argmax(margin, axis=0)]
    assert winners == ["PAM4", "PAM8"]
    direct = sirf.modulation("npo", data_rate="425Gb/s", lengths=["350 mm"]).sweep[0]
    np.testing.assert_allclose(margin[:, 1], [row.com_db for row in direct.rows if row.com_db is not None])
    energy = found.figure("energy_pj_per_bit").reshape(3, 2)
    np.testing.assert_allclose(energy[:, 1], [row.energy.value for row in direct.rows if row.energy is not None])
    assert (energy[0] > energy[2]).all()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'path = "npo"\nstandard = "802.3dj-kr1"',
            'architecture = "npo"',
            "axis modulation must go with a path or files",
        ),
        ("data_rate_gbps = 425", "step_mhz = 20", "base.step_mhz must be left out with an axis of modulation"),
        ("data_rate_gbps = 425", 'equalizer = "fixed"', "base.equalizer must be left out"),
        ('"ber", "energy_pj_per_bit"', '"eye_height_mv"', "figure must be one of .* got 'eye_height_mv'"),
        (
            '[[axis]]\nparameter = "length_mm"\nlow = 50\nhigh = 400\ncount = 8',
            '[[tolerance]]\nparameter = "length_mm"\nspread = 1.0',
            "tolerance must not stand beside an axis of modulation",
        ),
        ('parameter = "length_mm"', 'parameter = "rise_time_ps"', "axis rise_time_ps must be of the copper"),
    ],
)
def test_what_a_study_over_modulations_cannot_hear_is_refused(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    file = edited(tmp_path, "studies", "modulation-map.toml", old, new)
    with pytest.raises(ConfigError, match=f"^mine.toml: .*({expected})"):
        Study.from_toml(file)


def test_an_unknown_modulation_is_the_error_of_its_case(tmp_path: Path) -> None:
    axes = (Axis("modulation", ("PAM5",)), Axis("length_mm", (100.0,)))
    found = sweep(dataclasses.replace(SHIPPED, axes=axes), results=tmp_path / "results.jsonl", workers=1)
    assert "PAM5" in str(found.errors[0])

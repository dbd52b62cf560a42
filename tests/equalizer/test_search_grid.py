"""The grid of CTLE gains: walked along any number of axes, its names shared by the CTLE and the limits of the search."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sirf.ami.export import export_link
from sirf.com.config.preset_settings import from_preset
from sirf.equalizer.search_grid import coarse, gain_axes, neighbours
from sirf.errors import ConfigError, SirfError
from sirf.presets import EqualizerLimits, load
from sirf.receiver.receiver import CTLE_GAINS, Ctle
from tests.ami.links import link


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreeStages(Ctle):
    """A CTLE with more than equation (93A-22) says."""

    g_dc3_db: float = -1.0


THREE = ThreeStages(g_dc_db=-3.0, f_z=4e9, f_p1=4e9, f_p2=10e9)


@pytest.mark.parametrize("sizes", [(5,), (5, 4), (5, 4, 3)])
def test_neighbours_are_the_spots_at_most_a_step_away(sizes: tuple[int, ...]) -> None:
    steps = (2, 1, 2)[: len(sizes)]
    every = list(itertools.product(*(range(size) for size in sizes)))
    for where in every:
        found = neighbours(where, steps, sizes)
        assert sorted(found) == [
            spot
            for spot in every
            if all(abs(a - b) in (0, step) for a, b, step in zip(spot, where, steps, strict=True))
        ]
        assert len(set(found)) == len(found)


def test_the_coarse_pass_takes_every_step_of_every_axis() -> None:
    assert list(coarse((5, 2, 3), (2, 1, 2))) == list(itertools.product((0, 2, 4), (0, 1), (0, 2)))


def test_every_gain_is_one_of_the_ctle_and_has_values_in_the_limits() -> None:
    assert set(CTLE_GAINS) <= {field.name for field in dataclasses.fields(Ctle)}
    values: dict[str, Any] = {name: (-float(place),) for place, name in enumerate(CTLE_GAINS)}
    limits = EqualizerLimits(**values)
    assert gain_axes(limits) == tuple((-float(place),) for place in range(len(CTLE_GAINS)))
    moved = Ctle(g_dc_db=0.0, f_z=4e9, f_p1=4e9, f_p2=10e9).with_gains(tuple(range(len(CTLE_GAINS))))
    assert moved.gains_db == tuple(range(len(CTLE_GAINS)))


def test_models_and_com_refuse_a_stage_that_they_do_not_know(tmp_path: Path) -> None:
    own = link("PAM4")
    with pytest.raises(SirfError, match=r"receiver\.ctle"):
        export_link(own.replace(receiver=dataclasses.replace(own.receiver, ctle=THREE)), tmp_path)
    preset = load("802.3ck-c2c")
    with pytest.raises(ConfigError, match=r"93A-22"):
        from_preset(dataclasses.replace(preset, receiver=dataclasses.replace(preset.receiver, ctle=THREE)))

"""Ends of the inputs' ranges: what they change in an optical path, and on which side of nominal they lie."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from sirf._data import data_path, load_toml, validated
from sirf.channel.path import load_path
from sirf.errors import ConfigError
from sirf.optics import load_optics
from sirf.system import corners
from sirf.system.corners import corner, ranges


def test_the_worst_end_leaves_less_light_and_more_noise() -> None:
    """Currents by the ratios of the file: power, losses and responsivity; noise of the amplifier by its factor."""
    path = load_optics("dr-silicon-mzm").path
    best, worst = (corner(end).applied(path) for end in ("best", "worst"))
    for chosen, one in ((corner("best"), best), (corner("worst"), worst)):
        assert chosen.fibre_loss_db_per_km is not None
        assert chosen.connector_loss_db is not None
        assert chosen.intensity_noise_db is not None
        light = one.transmitted(np.zeros(1)) / path.transmitted(np.zeros(1))
        assert 10.0 * np.log10(light[0]) == pytest.approx(chosen.laser_power_db, abs=1e-12)
        assert one.loss_db == pytest.approx(0.5 * chosen.fibre_loss_db_per_km + 4 * chosen.connector_loss_db)
        assert one.receiver.tia.noise / path.receiver.tia.noise == pytest.approx(chosen.amplifier_noise)
        assert one.source.rin / path.source.rin == pytest.approx(10.0 ** (chosen.intensity_noise_db / 10.0))
    assert worst.loss_db > path.loss_db > best.loss_db
    assert worst.noise_rms(0.0) > path.noise_rms(0.0) > best.noise_rms(0.0)


def test_a_directly_modulated_laser_keeps_its_current_and_multimode_fibre_its_loss() -> None:
    path = load_optics("sr-vcsel").path
    worst = corner("worst").applied(path)
    assert worst.fibre == path.fibre
    assert worst.source == dataclasses.replace(path.source, rin_db_per_hz=path.source.rin_db_per_hz + 3.0)


def test_hot_copper_loses_more_by_the_root_of_its_resistance() -> None:
    """65 K at .393 % per K is 26 % of resistance and, by skin effect, about 12 % of conductor loss: 5 to 12 % of a board's."""
    cold, hot = (
        float(load_path("pluggable", temperature_c=corner(end).copper_temperature_c).insertion_loss_db(26.5625e9))
        for end in ("best", "worst")
    )
    assert 1.03 < hot / cold < 1.12


def test_every_range_says_where_it_is_from() -> None:
    rows = ranges()
    assert len(rows) == len(dataclasses.fields(corners.Corner))
    assert all(provenance in ("P", "2", "E") and source for _, _, _, provenance, source in rows)


def test_a_bad_file_names_file_and_key(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    text = data_path("system", "ranges.toml").read_text(encoding="utf-8")
    file.write_text(text.replace("responsivity = { best", "responsivity = { beast"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.toml: key responsivity\.best"):
        validated(corners._File, load_toml(file), file)

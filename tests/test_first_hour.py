"""What a newcomer types in the first hour ends well, or in one clear sentence."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sirf
from sirf.errors import SirfError


@pytest.fixture(scope="module")
def channel() -> sirf.Channel:
    return sirf.paths.cpo(length="30 mm", rate_class="100g").to_channel()


@pytest.fixture(scope="module")
def link(channel: sirf.Channel) -> sirf.Link:
    return sirf.Link(channel, standard="cei-112g-xsr", samples_per_ui=16).optimized()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda link: sirf.Channel("a.s4p"), "Channel.from_touchstone"),  # type: ignore[arg-type]
        (lambda link: sirf.Channel(link.channel.to_network()), "Channel.from_network"),
        (lambda link: sirf.Link(link.channel, standard={"id": "mine"}), "standard must be an id"),  # type: ignore[arg-type]
        (lambda link: sirf.Link(link.channel.through, standard="cei-112g-xsr"), "channel must be a Channel"),
        (lambda link: sirf.Link("absent.s4p", standard="cei-112g-xsr"), "absent.s4p"),
        (lambda link: sirf.reach("cpo-retimed", limit=1e-6), "'ber': 1e-6"),  # type: ignore[arg-type]
        (lambda link: link.channel.insertion_loss_db("high"), "frequency must be a number with a unit"),
        (lambda link: sirf.simulate(link, symbols="many"), "symbols must be a whole number"),
        (lambda link: sirf.save(3, "x.sirf"), "value must be a link"),
        (lambda link: sirf.load(__file__), "whole file of sirf.save"),
        (lambda link: link.channel.through**0, "power must be a whole number"),
    ],
)
def test_wrong_first_tries_end_in_one_sentence(call: Callable[[Any], Any], words: str, link: sirf.Link) -> None:
    with pytest.raises(SirfError, match=words) as caught:
        call(link)
    assert "\n" not in str(caught.value)


def test_right_first_tries_work(link: sirf.Link, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib").use("Agg")
    assert sirf.simulate(link, symbols="1e4", rng=1).errors.symbols == 10_000
    assert sirf.plot.pulse(link).get_xlabel() == "time about the cursor (UI)"
    eye = sirf.statistical_eye(link, phases=16)
    assert eye.plot().get_ylabel() == sirf.plot.eye(eye).get_ylabel()
    assert link.channel.insertion_loss_db("26.5625 GHz") == link.channel.insertion_loss_db(26.5625e9)
    assert link.receiver.replace(dfe=(0.1,)).dfe == (0.1,)
    assert link.transmitter.replace(snr_db=30.0).snr_db == 30.0
    assert sirf.materials.load("MEGTRON7").id == "megtron7"


def test_powers_of_a_network_are_its_cascade(channel: sirf.Channel) -> None:
    one = channel.through
    assert np.array_equal((one**3).s, (one @ one @ one).s)
    assert np.array_equal((one**one).s, one.cascade(one).s)


def test_an_eye_without_equalisers_hints_at_the_search(link: sirf.Link) -> None:
    board = sirf.paths.pluggable(length="10 in", rate_class="100g").to_channel()
    eye = sirf.statistical_eye(sirf.Link(board, standard="802.3ck-c2m", samples_per_ui=16), phases=1)
    assert eye.ber > 1e-3
    for text in (str(eye), repr(eye)):
        assert "link.optimized()" in text
    assert sirf.statistical_eye(link, phases=1).hint is None


def test_links_and_results_come_back(link: sirf.Link, tmp_path: Path) -> None:
    eye, run = sirf.statistical_eye(link, phases=16), sirf.simulate(link, symbols=2000, rng=1)
    values = {"link": link, "eye": eye, "run": run, "channel": link.channel, "count": run.errors}
    back = {}
    for name, value in values.items():
        sirf.save(value, tmp_path / f"{name}.sirf")
        back[name] = sirf.load(tmp_path / f"{name}.sirf")
    assert back["link"].digest == link.digest
    assert back["link"].equalizer_report == link.equalizer_report
    assert sirf.statistical_eye(back["link"], phases=16).to_dict() == eye.to_dict()
    assert back["eye"].to_dict() == eye.to_dict()
    assert np.array_equal(back["eye"].density, eye.density)
    assert back["run"].to_dict() == run.to_dict()
    assert back["count"] == run.errors
    assert not back["channel"].through.s.flags.writeable
    with zipfile.ZipFile(tmp_path / "link.sirf") as archive:
        head = json.loads(archive.read("content.json"))
        assert (head["format"], head["version"]) == ("sirf", 1)
        assert all(name.endswith((".json", ".npy")) for name in archive.namelist())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2}, "Install a newer sirf"),
        ({"format": "other"}, "must be written by sirf.save"),
        ({"value": {"class": "os:system", "fields": {}}}, "values that this sirf has"),
        ({"value": {"class": "sirf.errors:SirfError", "fields": {}}}, "values that this sirf has"),
        ({"value": {"class": "sirf.transmitter.jitter:Jitter", "fields": {"odd": 1}}}, "fields of this sirf"),
        ({"value": {"array": "absent.npy"}}, "damaged"),
    ],
)
def test_files_of_others_are_refused(change: dict[str, Any], words: str, link: sirf.Link, tmp_path: Path) -> None:
    file = tmp_path / "odd.sirf"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("content.json", json.dumps({"format": "sirf", "version": 1, "value": 1} | change))
    with pytest.raises(SirfError, match=words):
        sirf.load(file)


def test_a_map_as_a_table_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    found = sirf.length_rate_map("cpo-retimed", lengths="20mm,30mm", rates=["106.25G"], figure="eye_height_mv")
    table = found.to_pandas()
    assert isinstance(table, pandas.DataFrame)
    assert list(table["length (mm)"]) == [20.0, 30.0]
    assert table["eye_height_mv"].to_numpy() == pytest.approx(found.values[:, 0])


@pytest.mark.parametrize("name", [one for one in sirf.__all__ if one not in ("__version__", "com")])
def test_every_public_name_shows_how_it_is_used(name: str) -> None:
    value = getattr(sirf, name)
    assert not callable(value) or ">>> " in (value.__doc__ or "")

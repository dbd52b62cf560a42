"""Vendor models in the comparison of architectures: where they stand, what the figures then are, what limits such a link."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import sirf
from sirf.ami.model import AmiModel
from sirf.ami.parameter_search import ModelSearch, optimize_models
from sirf.cli import app
from sirf.errors import AmiError, ConfigError, SirfError
from sirf.study.compare import FINE_STEP, compare
from sirf.study.host_models import HostModels
from sirf.study.impairments import limited_by
from sirf.study.sections import optimized, sections
from sirf.system.architecture import load_architecture
from tests.ami.build import MODELS
from tests.ami.links import link

Models = Callable[..., AmiModel]


def test_the_models_stand_in_the_row_and_the_figures_are_theirs(
    model: Models, objects: Callable[[str], Path], tmp_path: Path
) -> None:
    settings = {"main": 0.8, "pre1": -0.1, "post1": -0.1}
    arguments = [
        "compare",
        "copper-copackaged",
        "--data-rate",
        "53.125",
        "--out",
        str(tmp_path / "out"),
        "--json",
        str(tmp_path / "table.json"),
    ]
    arguments += ["--tx-ami", str(MODELS / "ffe.ami"), "--tx-so", str(objects("ffe")), "--explain", "copper-copackaged"]
    for name, value in settings.items():
        arguments += ["--set", f"tx.taps.{name}={value}"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "ffe.so is the transmitter of the sending host, in section 1 of 1" in done.output
    assert "COM is that of the standard's own transmitter and receiver" in done.output
    (row,) = json.loads((tmp_path / "table.json").read_text())["rows"]
    (part,) = sections(
        load_architecture("copper-copackaged"), 53.125e9, step=FINE_STEP, models=HostModels(model("ffe", **settings))
    )
    assert part.link.transmitter_model is not None
    assert row["ber"] == pytest.approx(sirf.statistical_eye(optimized(part.link), phases=1).ber, rel=1e-9, abs=0.0)
    (without,) = sections(load_architecture("copper-copackaged"), 53.125e9, step=FINE_STEP)
    assert row["ber"] != pytest.approx(sirf.statistical_eye(optimized(without.link), phases=1).ber, rel=0.1, abs=0.0)


def test_a_row_searches_the_parameters_that_it_is_told(model: Models) -> None:
    settings = {"main": 0.8, "pre1": 0.0}
    models = HostModels(model("ffe", **settings), search=("tx.taps.post1",))
    result = compare(["copper-copackaged"], data_rate=53.125e9, bounds=False, models=models)
    (row,) = result.rows
    (note,) = (note for note in row.notes if note.startswith("model parameters in"))
    value = float(note.partition("tx.taps.post1 = ")[2].partition(":")[0])
    (part,) = sections(
        load_architecture("copper-copackaged"), 53.125e9, step=FINE_STEP, models=HostModels(models.transmitter)
    )
    searched = optimize_models(optimized(part.link), parameters=["tx.taps.post1"])
    assert isinstance(searched.equalizer_report, ModelSearch)
    assert value == pytest.approx(dict(searched.equalizer_report.best.values)["tx.taps.post1"], rel=1e-5)
    # no setting of the range is better than the one that the row has
    scores = [step.ber for step in searched.equalizer_report.steps]
    assert row.figures["ber"] == pytest.approx(min(scores), rel=1e-6)
    with pytest.raises(AmiError, match="post9"):
        HostModels(models.transmitter, search=("tx.taps.post9",))


def test_each_row_says_which_model_light_leaves_no_place_for(model: Models) -> None:
    models = HostModels(model("ffe"), model("receiver"))
    notes = models.notes(load_architecture("pluggable-half-retimed"))
    assert notes[0].startswith("ffe.so is the transmitter of the sending host, in section 1 of 2")
    assert notes[1] == "receiver.so is not used: section 2 of 2 holds light, and vendor models know none"
    assert models.fitting(load_architecture("pluggable-half-retimed")) == HostModels(models.transmitter)
    assert not models.fitting(load_architecture("cpo-linear"))
    assert len(models.notes(load_architecture("cpo-linear"))) == 2
    with pytest.raises(SirfError, match="tx_ami must be of use in at least one row, got cpo-linear"):
        compare(["cpo-linear"], models=models)


def test_what_limits_a_link_with_models_that_do_nothing_limits_it_without(model: Models) -> None:
    bare = link(noise=2e-15)
    wire = model("identity")
    plain, hosted = limited_by(bare), limited_by(bare.replace(transmitter_model=wire, receiver_model=wire))
    assert set(plain.gained) == set(hosted.gained) >= {"reflection", "crosstalk", "receiver noise"}
    for cause, decades in plain.gained.items():
        # with less loss the link without models is equalised anew, which the models are not
        if cause != "loss":
            assert hosted.gained[cause] == pytest.approx(decades, rel=1e-6, abs=1e-9)
    assert hosted.gained["loss"] > 0.1


def test_models_travel_to_other_processes(model: Models) -> None:
    chosen = model("ffe", post1=-0.2, corner="slow", time_limit=3.0, environment={"LICENCE": "here"})
    again = pickle.loads(pickle.dumps(chosen))
    assert (again.digest, again.time_limit, again.environment) == (chosen.digest, 3.0, {"LICENCE": "here"})


def test_a_setting_names_its_side(model: Models) -> None:
    models = HostModels(model("ffe"))
    with pytest.raises(ConfigError, match=r"must begin with tx\. or rx\., got 'post1'"):
        models.with_value("post1", -0.1)
    with pytest.raises(ConfigError, match=r"rx\.peak_db must belong to a vendor's model"):
        models.with_value("rx.peak_db", 4)

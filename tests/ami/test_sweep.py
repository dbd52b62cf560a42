"""Studies over the parameters of vendor models: what cases give, what the digest holds, what is refused, where models stand."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import sirf
from sirf.ami.model import AmiModel
from sirf.ami.parameter_search import equalize_own_side
from sirf.channel.path import load_path
from sirf.errors import ConfigError, SirfError
from sirf.link import Link
from sirf.study.host_models import HostModels
from sirf.study.sections import sections
from sirf.study.sweep.case import Evaluator
from sirf.study.sweep.study import Study
from sirf.system.architecture import load_architecture
from tests.ami.build import MODELS

BASE = """
figures = ["ber"]

[base]
path = "cpo"
standard = "cei-112g-xsr"
crosstalk = false
step_mhz = 80
equalizer = "fixed"
tx_ami = "ffe.ami"
rx_ami = "receiver.ami"
"""


@pytest.fixture(scope="module")
def folder(objects: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a transmitter, a receiver and a faulty model, each shared object beside its file."""
    place = tmp_path_factory.mktemp("study")
    for name in ("ffe", "receiver", "faulty"):
        shutil.copy(MODELS / f"{name}.ami", place)
        shutil.copy(objects(name), place)
    return place


def study(folder: Path, text: str) -> Study:
    file = folder / "study.toml"
    file.write_text(text, encoding="utf-8")
    return Study.from_toml(file)


def direct(folder: Path, tx: dict[str, object], rx: dict[str, object]) -> float:
    """Error ratio of the same link made by hand."""
    channel = load_path("cpo", rate_class="100g").to_channel(np.arange(0.0, 110e9, 80e6), crosstalk=False)
    models = HostModels(AmiModel(folder / "ffe.ami", parameters=tx), AmiModel(folder / "receiver.ami", parameters=rx))
    link = models.applied(Link(channel, standard="cei-112g-xsr", samples_per_ui=16))
    return sirf.statistical_eye(equalize_own_side(link), phases=1).ber


def test_axes_set_the_models_of_both_sides(folder: Path, tmp_path: Path) -> None:
    axes = """
[[axis]]
parameter = "tx.taps.post1"
values = [0.0, -0.2]

[[axis]]
parameter = "rx.peak_db"
values = [0, 8]
"""
    asked = study(folder, BASE + axes)
    found = sirf.sweep(asked, results=tmp_path / "results.jsonl", workers=2)
    assert not found.errors
    expected = [direct(folder, {"post1": tap}, {"peak_db": peak}) for tap in (0.0, -0.2) for peak in (0, 8)]
    assert found.figure("ber").tolist() == expected
    assert len(set(expected)) == 4
    assert found.values["rx.peak_db"].tolist() == [0, 8, 0, 8]


def test_names_are_values_too_and_a_model_that_refuses_one_ends_its_case(folder: Path) -> None:
    axis = '\n[[axis]]\nparameter = "tx.Modulation"\nvalues = ["PAM4", "NRZ"]\n'
    first, second = Evaluator(study(folder, BASE + axis)).run(0, 2)
    assert first.figures == {"ber": direct(folder, {}, {})}
    assert second.figures is None
    assert "Modulation must allow the link's PAM4" in str(second.error)


def test_tolerances_scatter_numbers_about_the_value_that_holds(folder: Path) -> None:
    more = """
[[axis]]
parameter = "tx.main"
values = [0.8]

[[tolerance]]
parameter = "rx.zero"
spread = 0.1
relative = true

[sampling]
samples = 4
"""
    cases = Evaluator(study(folder, BASE + more)).run(0, 4)
    zeros = [float(case.values["rx.zero"]) for case in cases]
    assert np.mean(zeros) == pytest.approx(1.0, abs=0.1)
    assert [case.figures for case in cases] == [
        {"ber": direct(folder, {"main": 0.8}, {"zero": zero})} for zero in zeros
    ]


def test_a_side_without_a_model_is_equalised_by_the_search(folder: Path) -> None:
    text = BASE.replace('rx_ami = "receiver.ami"\n', "").replace('"fixed"', '"search"')
    (case,) = Evaluator(study(folder, text)).run(0, 1)
    channel = load_path("cpo", rate_class="100g").to_channel(np.arange(0.0, 110e9, 80e6), crosstalk=False)
    link = Link(channel, standard="cei-112g-xsr", samples_per_ui=16)
    link = equalize_own_side(link.replace(transmitter_model=AmiModel(folder / "ffe.ami")))
    assert link.receiver.ctle is not None or any(link.receiver.dfe) or link.receiver.ffe != (1.0,)
    assert case.figures == {"ber": sirf.statistical_eye(link, phases=1).ber}


def test_a_model_that_crashes_is_a_failed_case_and_no_closed_eye(folder: Path) -> None:
    text = BASE.replace("receiver.ami", "faulty.ami") + '\n[[axis]]\nparameter = "rx.fault"\nvalues = [1]\n'
    (case,) = Evaluator(study(folder, text)).run(0, 1)
    assert case.figures is None
    assert "faulty.so" in str(case.error)


@pytest.mark.parametrize("name", ["receiver.ami", "receiver.so"])
def test_the_digest_follows_the_content_of_files_and_shared_objects(folder: Path, tmp_path: Path, name: str) -> None:
    for file in folder.iterdir():
        shutil.copy(file, tmp_path)
    before = study(tmp_path, BASE).digest
    assert study(folder, BASE).digest == before
    with (tmp_path / name).open("ab") as stream:
        stream.write(b"\n")
    assert study(tmp_path, BASE).digest != before
    assert Study.from_dict(study(folder, BASE).to_dict()).digest == before


AXIS = '\n[[axis]]\nparameter = "{}"\nvalues = [{}]\n'
TOLERANCE = '\n[[tolerance]]\nparameter = "{}"\nspread = 0.1\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BASE + AXIS.format("tx.taps.pots1", "0"), "Did you mean 'taps.post1'"),
        (BASE + AXIS.format("rx.peek_db", "0"), "Did you mean 'peak_db'"),
        (BASE + AXIS.format("rx.peak_db", "1, 2"), "peak_db must be one of 0.0, 2.0"),
        (BASE + AXIS.format("rx.dfe1", "0"), "usage In or InOut"),
        (BASE + AXIS.format("rx.zero", '1, "2"'), "must have finite numbers"),
        (BASE + AXIS.format("tx.post1", "0") + AXIS.format("tx.taps.post1", "0"), "got it as tx.post1 too"),
        (BASE.replace('"fixed"', '"search"') + AXIS.format("tx_ffe_-1", "0"), "got tx_ami in its place"),
        (BASE + TOLERANCE.format("rx.peak_db"), "Float List"),
        (BASE + TOLERANCE.format("tx.Modulation"), "String List"),
        (BASE + TOLERANCE.format("rx.taps"), "must be one of receiver.ami"),
        (BASE.replace('tx_ami = "ffe.ami"', "") + AXIS.format("tx.post1", "0"), "Name the file as tx_ami"),
        (BASE.replace('tx_ami = "ffe.ami"', 'tx_so = "ffe.so"'), "base.tx_ami must be given with base.tx_so"),
        (BASE.replace("ffe.ami", "effe.ami"), "base.tx_ami"),
        (BASE.replace('"ber"', '"reach_mm"'), "leave out reach_mm"),
    ],
)
def test_what_the_models_cannot_take_is_refused_before_any_case(folder: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=r"study\.toml") as caught:
        study(folder, text)
    assert words in str(caught.value)


def test_models_stand_at_the_hosts_ends_of_an_architecture(folder: Path) -> None:
    models = HostModels(AmiModel(folder / "ffe.ami"), AmiModel(folder / "receiver.ami"))

    def placed(name: str) -> list[tuple[str, int, bool, bool]]:
        parts = sections(load_architecture(name), 106.25e9, step=80e6, samples_per_ui=16, models=models)
        return [
            (one.name, one.count, one.link.transmitter_model is not None, one.link.receiver_model is not None)
            for one in parts
        ]

    assert placed("copper-copackaged") == [("copper", 1, True, True)]
    assert placed("npo") == [("copper", 1, True, False), ("light", 1, False, False), ("copper", 1, False, True)]
    with pytest.raises(SirfError, match="vendor models know no light"):
        placed("cpo-linear")
    with pytest.raises(SirfError, match="rx_ami must belong to a host"):
        placed("pluggable-half-retimed")

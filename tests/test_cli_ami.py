"""`sirf ami` and models in `sirf eye` and `sirf ber`, as a user calls them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sirf.__main__ import main
from sirf.channel.touchstone import write_touchstone
from tests.ami.build import MODELS, build, find_compiler
from tests.ami.links import link

Run = Callable[..., subprocess.CompletedProcess[str]]
WAVES = ("--standard", "802.3ck-c2m", "--symbol-rate", "10e9")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A through file, and models with their shared objects beside them."""
    compiler = find_compiler()
    if compiler is None:
        pytest.skip("no C compiler (cc) to build the test models with")
    place = tmp_path_factory.mktemp("cli")
    write_touchstone(place / "thru.s2p", link().channel.through)
    for name in ("ffe", "receiver", "faulty"):
        shutil.copy(MODELS / f"{name}.ami", place)
        shutil.copy(build(name, compiler), place)
    return place


@pytest.fixture
def sirf(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in the folder, in this process: the models have processes of their own."""
    monkeypatch.chdir(folder)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = main(list(arguments))
        return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())

    return run


def test_check_prints_a_table_and_json(sirf: Run) -> None:
    done = sirf("ami", "check", "receiver.ami", "--json", "-")
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    assert answer["problems"] == []
    assert {"init", "getwave", "impulse_response"} <= set(answer)
    assert "does not grow" in done.stderr


def test_check_is_strict_on_request(sirf: Run) -> None:
    done = sirf("ami", "check", "faulty.ami", "--set", "fault=4", "--strict")
    assert done.returncode == 1
    assert "tap must be below 3" in done.stdout


def test_a_link_with_models_in_both_flows(sirf: Run) -> None:
    models = ("--tx-ami", "ffe.ami", "--rx-ami", "receiver.ami", "--set", "tx.post1=-0.1", "--set", "rx.peak_db=6")
    eye = sirf("eye", "thru.s2p", *WAVES, *models, "--json", "-")
    assert eye.returncode == 0, eye.stderr
    assert json.loads(eye.stdout)["engine"] == "statistical"
    wave = sirf("eye", "thru.s2p", *WAVES, *models, "--engine", "waveform", "--symbols", "20000", "--json", "-")
    assert wave.returncode == 0, wave.stderr
    answer = json.loads(wave.stdout)
    assert answer["models"]["receiver"]["model"] == "receiver.so"
    assert answer["symbols"] == 20000


def test_parameters_are_searched_and_the_path_reported(sirf: Run) -> None:
    done = sirf(
        "ber", "thru.s2p", *WAVES, "--tx-ami", "ffe.ami", "--search", "tx.post1", "--max-symbols", "100000",
        "--json", "-",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)["equalizer"]
    assert set(report["best"]["values"]) == {"tx.post1"}
    assert len(report["path"]) > 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--tx-ami", "ffe.ami", "--set", "tx.pots1=1"), "Did you mean 'taps.post1'?"),
        (("--tx-ami", "ffe.ami", "--set", "tx.post1=7"), "ffe.ami line 17: taps.post1 must be"),
        (("--set", "tx.post1=0"), "--set and --search must come with a model, got none"),
        (("--tx-ami", "none.ami"), "none.ami must be a .ami file, got No such file"),
        (("--tx-so", "ffe.so"), "--tx-ami must be given with --tx-so, got none"),
        (("--tx-ami", "ffe.ami", "--set", "tx.post1"), "--set must be NAME=VALUE, got 'tx.post1'"),
    ],
)
def test_bad_input_is_one_line(sirf: Run, arguments: tuple[str, ...], message: str) -> None:
    done = sirf("eye", "thru.s2p", *WAVES, *arguments)
    assert done.returncode == 2
    assert message in done.stderr.splitlines()[-1]


def test_a_link_is_exported_and_its_models_checked(folder: Path, sirf: Run) -> None:
    (folder / "link.toml").write_text(
        'standard = "802.3ck-c2m"\nchannel = "thru.s2p"\nsymbol_rate_gbd = 10\noptimize = false\ntx_ffe = [-0.1, 0.9]\n'
        "tx_ffe_main = 1\ndfe = [0.05]\n"
    )
    done = sirf("ami", "export", "link.toml", "--out", "model")
    assert done.returncode == 0, done.stderr
    subprocess.run(["make", "-s"], cwd=folder / "model", check=True)
    checked = sirf("ami", "check", "model/sirf.ibs", "--model", "sirf_tx", "--strict")
    assert checked.returncode == 0, checked.stdout

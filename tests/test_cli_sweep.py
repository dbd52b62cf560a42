"""`sirf sweep` and `sirf study`: run, go on, show, merge, and refuse in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sirf.__main__ import main
from sirf.study.sweep.results import Results
from sirf.study.sweep.store import Store
from tests.study.sweep.test_study import TOML

Capture = pytest.CaptureFixture[str]
SMALL = TOML.replace("count = 4", "count = 2").replace("samples = 16", "samples = 4").replace('"com_db"', '"vec_db"')


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small study and its results."""
    folder = tmp_path_factory.mktemp("swept")
    (folder / "study.toml").write_text(SMALL, encoding="utf-8")
    arguments = [str(folder / "study.toml"), "--results", str(folder / "results.jsonl"), "--workers", "2"]
    assert main(["sweep", *arguments, "--json", str(folder / "sweep.json")]) == 0
    return folder


def test_a_sweep_says_its_yield_and_goes_on_where_it_was(swept: Path, capsys: Capture) -> None:
    record = json.loads((swept / "sweep.json").read_text(encoding="utf-8"))
    assert (record["cases"], record["cases_in_all"], record["failed"]) == (16, 16, 0)
    assert record["yield_low"] <= record["yield"] <= record["yield_high"]
    assert {row["parameter"] for row in record["sensitivity"]} == {"package_impedance", "die_capacitance"}
    before = (swept / "results.jsonl").read_bytes()
    assert main(["sweep", str(swept / "study.toml"), "--results", str(swept / "results.jsonl")]) == 0
    assert (swept / "results.jsonl").read_bytes() == before
    assert "yield" in capsys.readouterr().out


def test_a_study_is_shown_with_a_page_that_holds_everything(swept: Path, capsys: Capture) -> None:
    page, table = swept / "page.html", swept / "cases.parquet"
    pytest.importorskip("pyarrow", reason="pyarrow is an extra: pip install 'sirf[cluster]'")
    assert main(["study", "show", str(swept / "results.jsonl"), "--out", str(page), "--parquet", str(table)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.count("data:image/png;base64,") >= 5
    assert "Yield" in text
    assert "http:" not in text
    assert "https:" not in text
    assert "die_capacitance" in text
    assert table.stat().st_size > 1000
    assert "how ber follows each tolerance" in capsys.readouterr().out


def test_results_are_merged(swept: Path, tmp_path: Path, capsys: Capture) -> None:
    out = tmp_path / "all.jsonl"
    source = str(swept / "results.jsonl")
    assert main(["study", "merge", source, source, "--out", str(out), "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["cases"] == 16
    assert len(Results.load(out)) == 16


def test_a_job_script_is_written_and_nothing_run(swept: Path, tmp_path: Path) -> None:
    script, results = tmp_path / "job.sh", tmp_path / "new.jsonl"
    arguments = [
        "sweep",
        str(swept / "study.toml"),
        "--results",
        str(results),
        "--slurm",
        str(script),
        "--workers",
        "8",
    ]
    assert main(arguments) == 0
    assert "--ntasks=8" in script.read_text(encoding="utf-8")
    assert not results.exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sweep", "STUDY", "--results", "none/results.jsonl"], "folder that exists"),
        (["sweep", "none.toml", "--results", "r.jsonl"], "must be a readable file"),
        (["sweep", "STUDY", "--results", "r.jsonl", "--workers", "0"], "workers must be at least 1"),
        (
            ["sweep", "STUDY", "--results", "r.jsonl", "--slurm", "j.sh", "--workers", "0"],
            "workers must be positive, got 0",
        ),
        (
            ["sweep", "STUDY", "--results", "r.jsonl", "--workers", "2", "--scheduler", "tcp://127.0.0.1:1"],
            "stand without",
        ),
        (["study", "show", "none.jsonl"], "must be a readable results file"),
        (["study", "show", "STUDY"], "must be the results of a study"),
        (["study", "show", "RESULTS", "--figure", "tdecq_db"], "figure must be one of"),
        (["study", "show", "RESULTS", "--out", "page.pdf"], "out must end in one of .html"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    swept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"STUDY": str(swept / "study.toml"), "RESULTS": str(swept / "results.jsonl")}
    assert main([names.get(word, word) for word in arguments]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1
    assert not captured.out


def test_a_file_that_another_run_writes_is_refused(swept: Path, capsys: Capture) -> None:
    study = Results.load(swept / "results.jsonl").study
    with Store(swept / "results.jsonl", study):
        assert main(["sweep", str(swept / "study.toml"), "--results", str(swept / "results.jsonl")]) == 2
    assert "one writer at a time" in capsys.readouterr().err

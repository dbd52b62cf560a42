"""Sweeps: the same bits on any workers and after any interruption, and nothing lost when a worker, a run or a disk ends."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

import sirf
from sirf.engine.statistical.analysis import statistical_eye
from sirf.equalizer.merit_search import locked_as
from sirf.errors import ConfigError, SirfError
from sirf.study.sweep import runner
from sirf.study.sweep.case import Case, Evaluator
from sirf.study.sweep.parts import Axis, Base
from sirf.study.sweep.results import Results
from sirf.study.sweep.runner import Progress, SweepInterrupted, sweep
from sirf.study.sweep.store import Store, line_of, merge, read_cases, record_of
from sirf.study.sweep.study import Study
from tests.study.sweep import studies
from tests.study.sweep.studies import cheap, fresh_sweep


def answers(results: Results) -> dict[str, list[float]]:
    return {name: column.tolist() for name, column in results.figures.items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """All cases of the cheap study, computed in this process."""
    file = tmp_path_factory.mktemp("whole") / "whole.jsonl"
    with ThreadPoolExecutor(1) as threads:
        return sweep(cheap(), executor=threads, results=file)


def test_a_case_is_what_its_link_gives_by_hand(whole: Results) -> None:
    study = cheap()
    evaluator = Evaluator(study)
    case = evaluator.run(3, 4)[0]
    from dataclasses import replace

    from sirf.channel.package import Package
    from sirf.study.sweep.frozen import mapped

    path = sirf.paths.cpo(rate_class="100g").with_length(0.01)
    nominal = sirf.Link(
        path.to_channel(np.arange(0.0, 110e9, 80e6)), standard="cei-112g-xsr", samples_per_ui=16
    ).optimized(between_samples=True)
    impedance, capacitance = float(case.values["package_impedance"]), float(case.values["die_capacitance"])

    def changed(package: Package) -> Package:
        lines = tuple(replace(line, z_c=line.z_c * impedance) for line in package.lines)
        die = tuple((c * capacitance, inductance) for c, inductance in package.die)
        return replace(package, lines=lines, die=die, c_b=package.c_b * capacitance)

    channel = mapped(path, Package, changed).to_channel(np.arange(0.0, 110e9, 80e6))
    # its clock follows the changed pulse
    link = locked_as(nominal.replace(channel=channel), nominal)
    assert case.figures is not None
    assert case.figures["insertion_loss_db"] == pytest.approx(link.insertion_loss_db, rel=1e-12)
    assert case.figures["ber"] == pytest.approx(statistical_eye(link, phases=1).ber, rel=1e-12)
    assert whole.figure("ber")[3] == case.figures["ber"]


def test_held_settings_are_sampled_where_the_loop_of_each_case_balances() -> None:
    """On the sample beside it, the grids of 16 and 32 samples a UI gave error ratios up to 9 % apart."""
    found = []
    for samples in (16, 32):
        base = Base(
            path="cpo",
            standard="cei-112g-xsr",
            equalizer="fixed",
            crosstalk=False,
            step_mhz=80.0,
            samples_per_ui=samples,
        )
        evaluator = Evaluator(cheap(base=base, axes=(Axis("length_mm", (150.0,)),), figures=("ber",)))
        moved = [{"package_impedance": 1.0, "die_capacitance": factor} for factor in (0.93, 0.97, 1.03, 1.07)]
        found.append([evaluator.figures_at(0, values)["ber"] for values in moved])
    assert found[0] == pytest.approx(found[1], rel=0.01)


@pytest.mark.parametrize("workers", [2, 5])
def test_any_number_of_workers_gives_the_same_bits(whole: Results, tmp_path: Path, workers: int) -> None:
    found = sweep(cheap(), results=tmp_path / "results.jsonl", workers=workers)
    assert answers(found) == answers(whole)
    assert found.index.tolist() == list(range(16))


def test_a_run_goes_on_where_an_interruption_left_it(whole: Results, tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"

    def stop(progress: Progress) -> None:
        if progress.done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(SweepInterrupted) as interrupted:
        sweep(cheap(), results=file, workers=2, progress=stop)
    kept = interrupted.value.results
    assert 4 <= len(kept) < 16
    lines = file.read_bytes()
    # a crash in the middle of a line, on top of it
    file.write_bytes(lines + b'{"case": 9, "values": {"len')
    again = sweep(cheap(), results=file, workers=2)
    assert answers(again) == answers(whole)
    assert file.read_bytes().startswith(lines)


def test_a_failing_case_is_kept_with_its_reason_and_the_study_goes_on(tmp_path: Path) -> None:
    study = cheap(axes=(Axis("length_mm", (10.0, -1.0, 20.0)),), tolerances=())
    found = sweep(study, results=tmp_path / "results.jsonl", workers=1)
    assert list(found.errors) == [1]
    assert "length_mm must be positive" in found.errors[1]
    assert np.isfinite(found.figure("ber")[[0, 2]]).all()


def test_a_case_that_ends_its_worker_is_kept_as_failed(
    whole: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "evaluate", studies.evaluate_or_die)
    found = sweep(cheap(), results=tmp_path / "results.jsonl", workers=2)
    assert list(found.errors) == [5]
    assert found.errors[5] == runner.SUSPECT
    rest = np.arange(16) != 5
    assert np.array_equal(found.figure("ber")[rest], whole.figure("ber")[rest])


def test_a_worker_that_dies_once_loses_nothing(whole: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "evaluate", studies.evaluate_or_die_once)
    monkeypatch.setenv("SIRF_TEST_MARKER", str(tmp_path / "died"))
    found = sweep(cheap(), results=tmp_path / "results.jsonl", workers=2)
    assert (tmp_path / "died").exists()
    assert not found.errors
    assert answers(found) == answers(whole)


def test_a_killed_run_keeps_what_was_done(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    code = (
        "from tests.study.sweep.studies import cheap\nfrom sirf.study.sweep.runner import sweep\n"
        f"sweep(cheap(), results={str(file)!r}, workers=1)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and (not file.exists() or file.read_bytes().count(b"\n") < 4):
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = len(list(read_cases(file)))
    assert kept >= 3
    assert answers(fresh_sweep(file)) == answers(fresh_sweep(tmp_path / "whole.jsonl"))


def test_a_file_that_can_grow_no_more_ends_in_one_sentence_and_keeps_its_cases(tmp_path: Path) -> None:
    """A limit of the file's size makes writes fail as a full disk does, the one at the end of the run included."""
    file, study = tmp_path / "results.jsonl", cheap()
    cases = [Case(k, {}, {"ber": 1e-9}, None, 0.0) for k in range(study.cases)]
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Store(file, study) as store:
        store.add(cases[:1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 10, before[1]))
    try:
        with pytest.raises(SirfError, match="All earlier cases are kept"), Store(file, study) as store:
            store.add(cases[1:3])
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
        with pytest.raises(SirfError, match="must be a file that can be written"):
            Store(tmp_path / "no-room-for-a-first-line.jsonl", study)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    with Store(file, study) as store:
        assert sum(store.done) == 1
        store.add(cases)
    assert [case.index for case in read_cases(file)] == list(range(study.cases))


def test_two_writers_and_other_studies_are_refused(whole: Results, tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    with Store(file, cheap()), pytest.raises(SirfError, match="one writer at a time"):
        sweep(cheap(), results=file)
    with pytest.raises(ConfigError, match="must hold results of this study"):
        sweep(cheap(seed=2), results=file)
    (tmp_path / "other.txt").write_text("hello\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="must be the results of a study, got another file"):
        sweep(cheap(), results=tmp_path / "other.txt")
    with pytest.raises(SirfError, match="folder that exists"):
        sweep(cheap(), results=tmp_path / "none" / "results.jsonl")
    with pytest.raises(SirfError, match="workers must be at least 1"):
        sweep(cheap(), results=file, workers=0)


def test_results_of_several_machines_merge(whole: Results, tmp_path: Path) -> None:
    cases = list(Evaluator(cheap()).run(0, 16))
    for name, part in (("a", cases[:10]), ("b", cases[8:])):
        with Store(tmp_path / name, cheap()) as store:
            store.add(part)
    assert merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all") == 16
    assert answers(Results.load(tmp_path / "all")) == answers(whole)
    with Store(tmp_path / "c", cheap()) as store:
        store.add([Case(0, cases[0].values, {"ber": 0.1, "insertion_loss_db": 1.0}, None, 0.0)])
    with pytest.raises(ConfigError, match="other figures for case 0"):
        merge([tmp_path / "a", tmp_path / "c"], tmp_path / "mixed")
    with Store(tmp_path / "d", cheap(seed=3)):
        pass
    with pytest.raises(ConfigError, match="results of the same study"):
        merge([tmp_path / "a", tmp_path / "d"], tmp_path / "mixed")


@pytest.mark.parametrize("place", [0.3, 0.6, 0.95])
def test_damage_costs_the_damaged_line_alone(whole: Results, tmp_path: Path, place: float) -> None:
    file = tmp_path / "results.jsonl"
    with Store(file, cheap()) as store:
        store.add(Evaluator(cheap()).run(0, 16))
    first = file.read_bytes().index(b"\n") + 1
    content = bytearray(file.read_bytes())
    content[first + int(place * (len(content) - first)) // 1] ^= 0x04
    file.write_bytes(bytes(content))
    assert len(Results.load(file)) in (14, 15)


def test_a_yield_has_its_interval_and_the_table_its_columns(whole: Results, tmp_path: Path) -> None:
    share, low, high = whole.yield_interval()
    good = int((whole.figure("ber") <= 1e-12).sum())
    assert share == good / 16
    exact = binomtest(good, 16).proportion_ci(0.99, method="exact")
    assert (low, high) == pytest.approx((exact.low, exact.high), rel=1e-9)
    assert 0.0 <= low <= share <= high <= 1.0
    table = whole.to_pandas()
    assert list(table.columns) == [
        "case", "length_mm", "package_impedance", "die_capacitance", "ber", "insertion_loss_db", "error", "seconds"
    ]  # fmt: skip
    parquet = pytest.importorskip("pyarrow.parquet")
    whole.to_parquet(tmp_path / "results.parquet")
    back = parquet.read_table(tmp_path / "results.parquet").to_pandas()
    assert np.array_equal(back["ber"], table["ber"])
    assert back["length_mm"].dtype == np.float64


def test_a_line_is_read_without_sirf(tmp_path: Path) -> None:
    import json
    import zlib

    line = line_of(record_of(Case(3, {"length_mm": 10.0}, {"ber": None}, None, 0.25)))
    record = json.loads(line)
    text = line[: line.rindex(b', "crc": "')]
    assert int(record["crc"], 16) == zlib.crc32(text)
    assert (record["case"], record["figures"]) == (3, {"ber": None})


def test_files_are_screened_against_a_standard(tmp_path: Path) -> None:
    from sirf.channel.touchstone import write_touchstone

    for length in (20, 60):
        channel = sirf.paths.cpo(length=f"{length} mm", rate_class="100g").to_channel(np.arange(0.0, 110e9, 40e6))
        write_touchstone(tmp_path / f"{length}mm.s2p", channel.through)
    study = Study(
        base=Base(files="*.s2p", standard="802.3ck-c2c"),
        axes=(Axis("file", ("20mm.s2p", "60mm.s2p")),),
        figures=("insertion_loss_db", "com_db"),
        folder=tmp_path,
    )
    found = sweep(study, results=tmp_path / "results.jsonl", workers=1)
    loss, com = found.figure("insertion_loss_db"), found.figure("com_db")
    assert loss[1] > loss[0] + 1.0
    assert com[0] == pytest.approx(
        sirf.com(tmp_path / "20mm.s2p", standard="802.3ck-c2c", package_case=1).com_db, abs=1e-9
    )

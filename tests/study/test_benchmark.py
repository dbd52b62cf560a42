"""The short benchmark: wrong answers are never timed, ratios to the reference, the machine's limits."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.take_reference import reference_text
from sirf._data import load_toml, validated
from sirf.errors import SirfError
from sirf.study import benchmark
from sirf.study.benchmark import JOBS, JobRate, ShortBenchmark, relative, run_short
from sirf.study.machine_limits import MachineLimits, measure_limits, processor_time


def test_a_wrong_answer_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    decoding = JOBS[-1]

    def spoiled(given: object) -> object:
        decoded = decoding.run(given)
        decoded.symbols[7, 3] ^= 1
        return decoded

    monkeypatch.setattr(benchmark, "JOBS", (dataclasses.replace(decoding, run=spoiled),))
    with pytest.raises(SirfError, match=r"RS\(544,514\) decoding must give its known answer"):
        run_short()


def test_a_job_that_the_machine_cannot_do_is_left_out_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    (model,) = (job for job in JOBS if "AMI" in job.name)
    monkeypatch.setattr(benchmark, "JOBS", (model, JOBS[-1]))
    monkeypatch.setattr(benchmark, "_compiler", lambda: None)
    result = run_short()
    assert [figure.name for figure in result.figures] == [JOBS[-1].name]
    (said,) = result.left_out
    assert said == f"{model.name} (this machine lacks a C compiler, which builds its model)"


def test_processor_time_counts_children_that_have_ended() -> None:
    before, own = processor_time(), time.process_time()
    subprocess.run([sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass"], check=True)
    assert processor_time() - before > 0.28 > time.process_time() - own


def test_ratios_are_those_of_rates_and_of_limits() -> None:
    one, two = (MachineLimits(fft=scale, multiply_add=2.0 * scale, memory=3.0) for scale in (4.0, 1.0))
    figure = JobRate(name="job", unit="symbols", rate=6.0, first_seconds=1.0, limit="multiply_add", reference=1.0)
    result = ShortBenchmark(
        figures=(figure,), left_out=(), limits=one, reference_limits=two, reference_machine="another", seconds=1.0
    )
    assert relative(figure, result) == {"rate": 6.0, "fair": 1.5}
    assert relative(dataclasses.replace(figure, reference=None), result) == {"rate": None, "fair": None}


def test_every_job_has_its_reference_and_its_limit() -> None:
    reference = benchmark._reference()
    assert set(reference.rates) == {job.name for job in JOBS}
    assert (
        set(reference.limits)
        == {field.name for field in dataclasses.fields(MachineLimits)}
        >= {job.limit for job in JOBS}
    )


def test_a_reference_that_is_taken_is_read_back(tmp_path: Path) -> None:
    rates = {"error counting": 3.3194e7, "RS(544,514) decoding": 9e8}
    figures = tuple(
        JobRate(name=name, unit="symbols", rate=rate, first_seconds=1.0, limit="fft", reference=None)
        for name, rate in rates.items()
    )
    limits = MachineLimits(fft=1.5e10, multiply_add=4e10, memory=2e10)
    result = ShortBenchmark(
        figures=figures, left_out=(), limits=limits, reference_limits=limits, reference_machine="another", seconds=1.0
    )
    file = tmp_path / "reference.toml"
    file.write_text(reference_text(result, "a machine", "1.2.3"))
    read = validated(benchmark._Reference, load_toml(file), file)
    assert (read.machine, read.sirf) == ("a machine", "1.2.3")
    assert read.limits == dataclasses.asdict(limits)
    assert read.rates == pytest.approx(rates, rel=1e-3)


def test_limits_are_of_the_order_of_a_processor() -> None:
    limits = measure_limits()
    assert 1e8 < limits.fft < 1e12
    assert 1e8 < limits.multiply_add < 1e13
    assert 1e8 < limits.memory < 1e13

"""Cases a second of studies, beside today's way in a loop; scheduling overhead; memory of 100,000 cases. Answers asserted.

    python benchmarks/bench_sweep.py [--long]

A case is: new line dimensions, path, pulse, equaliser held, error ratio at one phase; and the same with a full search. Loops go
from what a user writes without studies, with the library's defaults, to the one with all settings of the study; the last shares
all of a study's arithmetic and bounds what a study's own work costs. `--long` adds 100,000 cases in bounded memory, which takes a
quarter of an hour.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import resource
import statistics
import tempfile
import time
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import numpy as np

import sirf
from sirf.channel.channel import Channel
from sirf.channel.path import Path
from sirf.execution import one_algebra_thread
from sirf.study.sweep.case import Case, Evaluator
from sirf.study.sweep.inputs import Inputs
from sirf.study.sweep.parameters import PARAMETERS
from sirf.study.sweep.parts import Base, Equalizer, Sampling, Tolerance
from sirf.study.sweep.runner import evaluate, sweep
from sirf.study.sweep.store import Store
from sirf.study.sweep.study import Study

CASES = 200
RUNS = 5
PARENT_LIMIT_MB = 600.0
OTHER_BAND = 0.01
"""Share by which an error ratio may differ where the grid ends at 120 GHz in place of 110."""


def study_of(equalizer: Equalizer, samples: int, **grid: Any) -> Study:
    """A board with new dimensions in every case; `grid` are settings of the base."""
    return Study(
        base=Base(path="pluggable", standard="802.3ck-c2m", equalizer=equalizer, crosstalk=False, **grid),
        tolerances=(
            Tolerance(parameter="line_width_um", spread=0.02, relative=True),
            Tolerance(parameter="plane_spacing_um", spread=0.02, relative=True),
            Tolerance(parameter="df", spread=0.05, relative=True),
        ),
        sampling=Sampling(samples=samples),
    )


def cases_a_second(equalizer: Equalizer, count: int) -> tuple[float, list[Case]]:
    """Median of CPU time over runs in one process, warm."""
    evaluator = Evaluator(study_of(equalizer, 4096))
    evaluator.run(0, 4)
    times, cases = [], []
    for run in range(RUNS):
        began = time.process_time()
        cases = evaluator.run(4 + run * count, 4 + (run + 1) * count)
        times.append(time.process_time() - began)
    assert not any(case.failed for case in cases)
    return count / statistics.median(times), cases


@dataclass(frozen=True)
class Loop:
    """A plain Python loop over `statistical_eye`: its words, samples a UI, frequency step in MHz (None: the path's own grid).

    `phases` are those of the eye (None: all, as the function has by itself); with `searched` each case sets its own equaliser.
    """

    words: str
    samples_per_ui: int = 32
    step_mhz: float | None = None
    phases: int | None = None
    searched: bool = False

    def channel(self, path: Path) -> Channel:
        """What a user asks a path for."""
        return (
            path.to_channel() if self.step_mhz is None else path.to_channel(np.arange(0.0, 110e9, 1e6 * self.step_mhz))
        )

    def cases_a_second(self, cases: list[Case], expected: list[float] | None, within: float) -> float:
        """Each case by hand, the error ratio held against `expected`, within so much of it."""
        standard, m = "802.3ck-c2m", self.samples_per_ui
        plain = sirf.Link(self.channel(sirf.paths.pluggable(rate_class="100g")), standard=standard, samples_per_ui=m)
        nominal = plain.optimized()
        began, found = time.process_time(), []
        for case in cases:
            channel = self.channel(changed_path(case))
            if self.searched:
                link = sirf.Link(channel, standard=standard, samples_per_ui=m).optimized()
            else:
                link = nominal.replace(channel=channel)
            found.append(sirf.statistical_eye(link, phases=self.phases).ber)
        spent = time.process_time() - began
        if expected is not None:
            np.testing.assert_allclose(found, expected, rtol=within)
        return len(cases) / spent


TODAY = Loop("as the pages write it: to_channel(), statistical_eye()")
"""What a user writes without studies, with the library's defaults."""
LOOPS = (
    TODAY,
    Loop("the same with optimized() in every case", searched=True),
    Loop("the same on the study's grid of 40 MHz, at 16 samples", samples_per_ui=16, step_mhz=40.0),
    Loop("on that grid at one phase, phases=1", samples_per_ui=16, step_mhz=40.0, phases=1),
)


def changed_path(case: Case) -> Path:
    """The path with the dimensions of a case."""
    inputs = Inputs(path=sirf.paths.pluggable(rate_class="100g"))
    for name, value in case.values.items():
        inputs = PARAMETERS[name].apply(inputs, float(value))
    assert inputs.path is not None
    return inputs.path


def error_ratios(cases: list[Case]) -> list[float]:
    """What a study found."""
    return [
        float(case.figures["ber"]) for case in cases if case.figures is not None and case.figures["ber"] is not None
    ]


def compare_with_loops(cases: list[Case], held: float) -> None:
    """Print loops beside the study; the answers of those with the equaliser held are asserted."""
    # the path's own grid goes on to 120 GHz, a study's ends at 110 GHz
    fine = Evaluator(study_of("fixed", 4096, samples_per_ui=TODAY.samples_per_ui, step_mhz=10.0))
    fine.run(4, 6)
    began = time.process_time()
    like_today = fine.run(cases[0].index, cases[-1].index + 1)
    spent = (time.process_time() - began) / len(cases)
    for loop in LOOPS:
        same = loop.step_mhz is not None
        expected = None if loop.searched else error_ratios(cases if same else like_today)
        speed = loop.cases_a_second(cases, expected, 1e-12 if same else OTHER_BAND)
        asked = " (asked 5)" if loop is TODAY else ""
        print(f"  loop {loop.words}: {speed:.1f} cases/s, ratio {held / speed:.1f}{asked}")
    print(f"  study on the first loop's grid of 10 MHz, at 32 samples: {1.0 / spent:.1f} cases/s")


def two_processes(few: int, many: int) -> tuple[float, float]:
    """Throughput of two processes over that of one: by the clock, and by processor time, as on two cores that nothing else uses.

    The start of the processes, the same for any number of cases, is taken off by a shorter sweep.
    """
    walls, seconds = [], []
    with tempfile.TemporaryDirectory() as folder:
        for workers in (1, 2):
            spent = []
            for count in (few, many):
                began, before = time.perf_counter(), _all_seconds()
                found = sweep(
                    study_of("fixed", count), results=FilePath(folder) / f"{workers}-{count}.jsonl", workers=workers
                )
                spent.append((time.perf_counter() - began, _all_seconds() - before))
                assert len(found) == count
                assert not found.errors
            walls.append(spent[1][0] - spent[0][0])
            seconds.append(spent[1][1] - spent[0][1])
    return walls[0] / walls[1], 2.0 * seconds[0] / seconds[1]


def _all_seconds() -> float:
    """Processor seconds of this process and of those that it started and that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


class Replay(Executor):
    """Gives cases that are computed already: what a sweep costs beside its cases."""

    def __init__(self, cases: list[Case]) -> None:
        self.cases = cases

    def submit(self, function: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        """The cases of a batch, done at once."""
        assert function is evaluate
        _, start, stop = arguments
        ready: Future[Any] = Future()
        ready.set_result(self.cases[start:stop])
        return ready


def overhead_ms(count: int) -> float:
    """Milliseconds a case of everything but the case: batches, futures, the results file and reading it again."""
    study = study_of("fixed", count)
    real = evaluate(json.dumps(study.to_dict(), sort_keys=True), 0, 16)
    cases = [dataclasses.replace(real[k % 16], index=k) for k in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        found = sweep(study, executor=Replay(cases), results=FilePath(folder) / "results.jsonl")
        spent = time.process_time() - began
    assert len(found) == count
    return 1e3 * spent / count


def parent_memory_mb(count: int) -> float:
    """Most memory of a process that keeps so many cases, in MB; the cases are real ones, numbered anew."""
    study = study_of("fixed", count)
    real = evaluate(json.dumps(study.to_dict(), sort_keys=True), 0, 16)
    with tempfile.TemporaryDirectory() as folder, Store(FilePath(folder) / "results.jsonl", study) as store:
        for start in range(0, count, 16):
            store.add(Case(start + k, case.values, case.figures, None, case.seconds) for k, case in enumerate(real))
        assert sum(store.done) >= count - 16
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="100,000 computed cases too")
    arguments = parser.parse_args()
    with one_algebra_thread():
        fixed, cases = cases_a_second("fixed", CASES)
        search, _ = cases_a_second("search", 12)
        print(f"equaliser held: {fixed:.0f} cases/s a core (asked 100)")
        compare_with_loops(cases[:24], fixed)
    print(f"full search:    {search:.1f} cases/s a core (asked 12)")
    print(f"scheduling:     {overhead_ms(2000):.2f} ms a case (asked 2)")
    wall, own = two_processes(100, 700)
    print(f"two processes:  {wall:.2f} x one by the clock, {own:.2f} x by processor time (asked 1.8)")
    memory = parent_memory_mb(100_000)
    print(f"100,000 cases:  {memory:.0f} MB in the parent (asked {PARENT_LIMIT_MB:.0f})")
    assert memory < PARENT_LIMIT_MB
    if arguments.long:
        with tempfile.TemporaryDirectory() as folder:
            found = sweep(study_of("fixed", 100_000), results=FilePath(folder) / "results.jsonl")
        print(f"computed: {found}, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0:.0f} MB")


if __name__ == "__main__":
    main()

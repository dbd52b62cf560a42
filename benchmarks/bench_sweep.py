"""Cases a second of studies, beside today's way in a loop; scheduling overhead; memory of 100,000 cases. Answers asserted.

    python benchmarks/bench_sweep.py [--long]

A case is: new line dimensions, path, pulse, equaliser held, error ratio at one phase; and the same with a full search. `--long`
adds 100,000 cases in bounded memory, which takes a quarter of an hour.
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
from pathlib import Path
from typing import Any

import numpy as np

import sirf
from sirf.engine.statistical.analysis import statistical_eye
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


def study_of(equalizer: Equalizer, samples: int) -> Study:
    """A board with new dimensions in every case."""
    return Study(
        base=Base(path="pluggable", standard="802.3ck-c2m", equalizer=equalizer, crosstalk=False),
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


def by_hand(cases: list[Case]) -> float:
    """Cases a second of a plain Python loop on the same grid: build each link, hold the equaliser, ask the engine for the eye."""
    frequency = np.arange(0.0, 110e9, 40e6)
    path = sirf.paths.pluggable(rate_class="100g")
    nominal = sirf.Link(path.to_channel(frequency), standard="802.3ck-c2m", samples_per_ui=16).optimized()
    began = time.process_time()
    for case in cases:
        inputs = Inputs(path=sirf.paths.pluggable(rate_class="100g"))
        for name, value in case.values.items():
            inputs = PARAMETERS[name].apply(inputs, float(value))
        assert inputs.path is not None
        eye = statistical_eye(nominal.replace(channel=inputs.path.to_channel(frequency)))
        assert case.figures is not None
        expected = case.figures["ber"]
        assert expected is not None
        assert abs(eye.ber / expected - 1.0) < 1e-12, (eye.ber, expected)
    return len(cases) / (time.process_time() - began)


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
                    study_of("fixed", count), results=Path(folder) / f"{workers}-{count}.jsonl", workers=workers
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
        found = sweep(study, executor=Replay(cases), results=Path(folder) / "results.jsonl")
        spent = time.process_time() - began
    assert len(found) == count
    return 1e3 * spent / count


def parent_memory_mb(count: int) -> float:
    """Most memory of a process that keeps so many cases, in MB; the cases are real ones, numbered anew."""
    study = study_of("fixed", count)
    real = evaluate(json.dumps(study.to_dict(), sort_keys=True), 0, 16)
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "results.jsonl", study) as store:
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
        loop = statistics.median(by_hand(cases[at : at + 12]) for at in (0, 12, 24))
    print(
        f"equaliser held: {fixed:.0f} cases/s a core (asked 100); by hand {loop:.1f}; ratio {fixed / loop:.1f} (asked 5)"
    )
    print(f"full search:    {search:.1f} cases/s a core (asked 12)")
    print(f"scheduling:     {overhead_ms(2000):.2f} ms a case (asked 2)")
    wall, own = two_processes(100, 700)
    print(f"two processes:  {wall:.2f} x one by the clock, {own:.2f} x by processor time (asked 1.8)")
    memory = parent_memory_mb(100_000)
    print(f"100,000 cases:  {memory:.0f} MB in the parent (asked {PARENT_LIMIT_MB:.0f})")
    assert memory < PARENT_LIMIT_MB
    if arguments.long:
        with tempfile.TemporaryDirectory() as folder:
            found = sweep(study_of("fixed", 100_000), results=Path(folder) / "results.jsonl")
        print(f"computed: {found}, {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0:.0f} MB")


if __name__ == "__main__":
    main()

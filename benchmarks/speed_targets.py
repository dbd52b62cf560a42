"""Every speed and memory target against an older commit, in turn: `python benchmarks/speed_targets.py BASE [NEW]`.

    SIRF_REFERENCE_DIR=... python benchmarks/speed_targets.py 39c75f5 --json targets.json

BASE and NEW (this tree by default) are commits or folders. A row runs base, new, base, new, ... (`--rounds`, five by default),
each after a warm-up of its own, and gives medians and their ratio; the answers of both are compared. Rows by processor time are
printed by default; those by the clock, which mean something only on a machine that does nothing else, and the longest ones
come with `--all`, or by name with `--only`. With `--strict` the exit code is 1 where a row misses its target or answers differ
by more than the row's bound.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.side_by_side import ROOT, Cost, Tree, run_command, two_trees
from benchmarks.target_jobs import NO_REFERENCE

PYTHON = sys.executable
SIRF = (PYTHON, "-m", "sirf")
WAYS = (
    "pluggable-retimed", "pluggable-half-retimed", "pluggable-linear", "npo", "cpo-retimed", "cpo-linear", "copper-cable",
    "copper-copackaged", "die-to-die",
)  # fmt: skip
EXACT, ROUNDING = 0.0, 1e-9
MODEL = 2e-3
"""Bound on answers of eyes: jitter and sampling are modelled more exactly than in the first base of these targets."""
CURVED = 0.05
"""Bound on eyes behind curves, whose patterns are averaged over longer periods than in the first base."""
COUNTED = 0.1
"""Bound on counted error ratios, whose random streams are each tree's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One value a round for each tree, and the largest relative difference of their answers (None: not compared)."""

    base: list[float]
    new: list[float]
    difference: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A target. `value` is "ratio" (new over base, at most), "new" (of the new tree alone, at most) or "share" (at least)."""

    key: str
    title: str
    target: float
    unit: str
    measure: Callable[[tuple[Tree, Tree], int], Measured]
    value: str = "ratio"
    bound: float = EXACT
    by_default: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A row as measured: medians, the figure that the target is about, and the range of neighbouring ratios."""

    key: str
    title: str
    unit: str
    base: float | None
    new: float
    figure: float
    target: float
    at_least: bool
    met: bool
    rounds: int
    ratios: list[float] = field(default_factory=list)
    difference: float | None = None
    answers_agree: bool | None = None


def largest_difference(one: list[float], other: list[float]) -> float:
    """Largest relative difference; infinite where the answers have not the same form."""
    if len(one) != len(other):
        return math.inf
    return max((abs(a - b) / max(abs(a), 1e-300) for a, b in zip(one, other, strict=True)), default=0.0)


def command(
    words: list[str],
    answer: Callable[[Any], list[float]] | None = None,
    *,
    cold: bool = False,
    take: str = "cpu",
) -> Callable[[tuple[Tree, Tree], int], Measured]:
    """Fresh processes of `sirf`: `{out}` in the words is a folder, whose `answer.json` holds the answer."""

    def once(tree: Tree, folder: Path) -> tuple[Cost, Any]:
        said = [word.replace("{out}", str(folder)) for word in words]
        with tempfile.TemporaryDirectory() as empty:
            cost = run_command([*SIRF, *said], tree, kernels=Path(empty) if cold else None)
        return cost, json.loads((folder / "answer.json").read_text(encoding="utf-8"))

    def measure(trees: tuple[Tree, Tree], rounds: int) -> Measured:
        values: tuple[list[float], list[float]] = ([], [])
        answers: list[list[float]] = [[], []]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if not cold:
                for tree in trees:
                    once(tree, folder)
            for _ in range(rounds):
                for side, tree in enumerate(trees):
                    cost, found = once(tree, folder)
                    values[side].append(getattr(cost, take))
                    answers[side] = answer(found) if answer else []
        difference = largest_difference(*answers) if answer else None
        return Measured(base=values[0], new=values[1], difference=difference)

    return measure


class JobProcess:
    """A job of `target_jobs.py`, prepared and warm in a process of a tree."""

    def __init__(self, name: str, tree: Tree) -> None:
        self._name = name
        words = [PYTHON, str(ROOT / "benchmarks" / "target_jobs.py"), name]
        self._process = subprocess.Popen(
            words, cwd=tree.folder, env=tree.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        loaded = Path(self._answer()["ready"])
        assert loaded.is_relative_to(tree.folder), f"{loaded} must be of {tree.folder}"

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._name} must answer, got nothing")
        return dict(json.loads(line))

    def run(self) -> dict[str, Any]:
        """One more run: its seconds and its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def job(
    name: str, value: Callable[[dict[str, float]], float] = lambda seconds: seconds["cpu"], *, new_alone: bool = False
) -> Callable[[tuple[Tree, Tree], int], Measured]:
    """A job that runs in two processes which stay: warm, and in turn."""

    def measure(trees: tuple[Tree, Tree], rounds: int) -> Measured:
        values: tuple[list[float], list[float]] = ([], [])
        answers: list[list[float]] = [[], []]
        with ExitStack() as stack:
            asked = [(1, trees[1])] if new_alone else list(enumerate(trees))
            processes = {side: JobProcess(name, tree) for side, tree in asked}
            for process in processes.values():
                stack.callback(process.close)
            for _ in range(rounds):
                for side, process in processes.items():
                    found = process.run()
                    values[side].append(value(found["seconds"]))
                    answers[side] = found["answer"]
        difference = None if new_alone or not answers[0] else largest_difference(*answers)
        return Measured(base=values[0], new=values[1], difference=difference)

    return measure


def one_core_over_two(trees: tuple[Tree, Tree], rounds: int) -> Measured:
    """Clock time of `sirf compare` on one core over that on two, whose eyes are the same."""
    values: tuple[list[float], list[float]] = ([], [])
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        words = [*SIRF, "compare", *WAYS, "--out", folder, "--json", str(answer)]
        for tree in trees:
            run_command(words, tree)
        for _ in range(rounds):
            for side, tree in enumerate(trees):
                walls, heights = [], []
                for cores in (1, 2):
                    walls.append(run_command(words, tree, cores=cores).wall)
                    found = json.loads(answer.read_text(encoding="utf-8"))
                    rows = found["rows"] if isinstance(found, dict) else found
                    heights.append([row["eye_height_mv"] for row in rows])
                assert len(heights[0]) == len(WAYS), heights
                assert largest_difference(*heights) <= ROUNDING, heights
                values[side].append(walls[0] / walls[1])
    return Measured(base=values[0], new=values[1])


def memory(*words: str) -> Callable[[tuple[Tree, Tree], int], Measured]:
    """MB of the largest process of a command, kernels loaded; one run, for memory is not noisy."""

    def measure(trees: tuple[Tree, Tree], rounds: int) -> Measured:
        found = []
        with tempfile.TemporaryDirectory() as folder:
            said = [word.replace("{out}", folder) for word in words]
            for tree in trees:
                # what compiles takes more: the second run counts
                found.append([run_command(said, tree).memory_mb for _ in range(2)][-1:])
        return Measured(base=found[0], new=found[1])

    return measure


def memory_of_job(name: str) -> Callable[[tuple[Tree, Tree], int], Measured]:
    """MB of a process that does a long job once; of the new tree alone."""

    def measure(trees: tuple[Tree, Tree], rounds: int) -> Measured:
        words = [PYTHON, str(ROOT / "benchmarks" / "target_jobs.py"), name, "--once"]
        return Measured(base=[], new=[run_command(words, trees[1]).memory_mb])

    return measure


def by_clock(base_words: list[str], new_words: list[str]) -> Callable[[tuple[Tree, Tree], int], Measured]:
    """Clock time of a command of each tree, kernels not there yet; one round, for it takes minutes."""

    def measure(trees: tuple[Tree, Tree], rounds: int) -> Measured:
        found = []
        for tree, words in zip(trees, (base_words, new_words), strict=True):
            with tempfile.TemporaryDirectory() as empty:
                found.append([run_command([PYTHON, "-m", "pytest", *words], tree, kernels=Path(empty)).wall])
        return Measured(base=found[0], new=found[1])

    return measure


def com_answer(cases: Any) -> list[float]:
    """COM in dB of all cases."""
    return [case["com_db"] for case in cases]


def eye_answer(found: Any) -> list[float]:
    """Heights in mV and the error ratio's decades."""
    return [*found["eye_heights_mv"], math.log10(found["ber"])]


def compare_answer(found: Any) -> list[float]:
    """How many ways are told and have an open eye: their figures have moved with the models of paths and light."""
    rows = found["rows"] if isinstance(found, dict) else found
    open_eyes = [row for row in rows if row["eye_height_mv"] > 0.0]
    assert tuple(row["path"] for row in rows) == WAYS, rows
    return [float(len(rows)), float(len(open_eyes))]


def rows(channels: Path) -> tuple[Row, ...]:
    """All targets, in order, on the reference `channels`."""
    com_words = ["com", str(channels / "backplane_28db/thru.s4p"), "--standard", "802.3ck-kr1"]
    eye_words = ["eye", str(channels / "c2m_16db/thru.s4p")]
    compare_words = ["compare", *WAYS, "--out", "{out}"]
    answer = ["--json", "{out}/answer.json"]
    notebooks = ["--quiet", "--nbmake", "--nbmake-timeout=1800", "-p", "no:cacheprovider"]
    tests = ["--quiet", "-p", "no:cacheprovider"]
    two_workers, shared_files = ["-n", "2"], ["--dist", "loadfile"]
    compare_run = (*SIRF, *compare_words)
    return (
        Row(key="cold-eye", title="cold `sirf eye`", target=0.35, unit="s",
            measure=command([*eye_words, *answer], eye_answer, cold=True), bound=MODEL),
        Row(key="cold-compare", title="cold `sirf compare`", target=0.35, unit="s",
            measure=command([*compare_words, *answer], compare_answer, cold=True)),
        Row(key="compare", title="warm `sirf compare`, nine ways, table and report", target=0.25, unit="s",
            measure=command([*compare_words, *answer], compare_answer)),
        Row(key="com-command", title="warm `sirf com`, KR1 through", target=0.5, unit="s",
            measure=command([*com_words, *answer], com_answer), bound=ROUNDING),
        Row(key="eye-command", title="warm `sirf eye`", target=0.5, unit="s",
            measure=command([*eye_words, *answer], eye_answer), bound=MODEL),
        Row(key="com-dj", title="COM 802.3dj, the preset's whole grid", target=0.15, unit="s", measure=job("dj"), bound=ROUNDING),
        Row(key="com-dj-fine", title="COM 802.3dj in steps of 0.005: 919,000 transmitter settings", target=5.0, unit="s",
            measure=job("dj-fine", new_alone=True), value="new"),
        Row(key="com-kr1", title="COM KR1, full grid, 8 aggressors, in process", target=0.5, unit="s", measure=job("kr1"),
            bound=ROUNDING),
        Row(key="com-c2m", title="COM C2M (120G), full grid, 100 samples a UI", target=0.25, unit="s", measure=job("c2m"),
            bound=ROUNDING),
        Row(key="light-wave", title="waveform through light, every curve, noise, fibre", target=1 / 6, unit="s",
            measure=job("light-wave"), bound=COUNTED),
        Row(key="copper-wave", title="waveform of copper, 32 a UI, full receiver", target=1 / 1.8, unit="s",
            measure=job("copper-wave"), bound=COUNTED),
        Row(key="aggressors", title="counting with 8 aggressors, of the rate with none", target=0.8, unit="of the rate",
            measure=job("aggressors", lambda one: one["alone"] / one["crowded"]), value="share", bound=COUNTED),
        Row(key="light-eye", title="statistical eye with large-signal light, 32 phases", target=1 / 5, unit="s",
            measure=job("light-eye"), bound=CURVED),
        Row(key="memory-eye", title="memory of `sirf eye`", target=250.0, unit="MB", measure=memory(*SIRF, *eye_words),
            value="new"),
        Row(key="memory-com", title="memory of `sirf com`, KR1", target=250.0, unit="MB", measure=memory(*SIRF, *com_words),
            value="new"),
        Row(key="memory-compare", title="memory of `sirf compare`", target=400.0, unit="MB", measure=memory(*compare_run),
            value="new"),
        Row(key="memory-count", title="memory of 1e9 symbols counted", target=300.0, unit="MB",
            measure=memory_of_job("count-billion"), value="new", by_default=False),
        Row(key="counting-threads", title="counting by two threads, of one", target=1.9, unit="x",
            measure=job("counting-threads", lambda one: one["one"] / one["two"]), value="share", bound=COUNTED,
            by_default=False),
        Row(key="counting-processes", title="counting by two processes, of one", target=1.9, unit="x",
            measure=job("counting-processes", lambda one: one["one"] / one["two"]), value="share", by_default=False),
        Row(key="compare-cores", title="`sirf compare` on two cores, of one", target=1.9, unit="x", measure=one_core_over_two,
            value="share", by_default=False),
        Row(key="notebooks", title="the notebooks in CI", target=0.4, unit="s by the clock",
            measure=by_clock([*notebooks, "notebooks"], [*notebooks, *two_workers, "notebooks"]), by_default=False),
        Row(key="tests", title="the README's test command", target=0.4, unit="s by the clock",
            measure=by_clock(tests, [*tests, *two_workers, *shared_files]), by_default=False),
    )  # fmt: skip


def outcome(row: Row, found: Measured) -> Outcome:
    """A row and what it came to."""
    base = statistics.median(found.base) if found.base else None
    new = statistics.median(found.new)
    figure = new / base if base is not None and row.value == "ratio" else new
    ratios = [two / one for one, two in zip(found.base, found.new, strict=False)]
    at_least = row.value == "share"
    return Outcome(
        key=row.key,
        title=row.title,
        unit=row.unit,
        base=base,
        new=new,
        figure=figure,
        target=row.target,
        at_least=at_least,
        met=figure >= row.target if at_least else figure <= row.target,
        rounds=len(found.new),
        ratios=[min(ratios), max(ratios)] if ratios else [],
        difference=found.difference,
        answers_agree=None if found.difference is None else found.difference <= row.bound,
    )


def line(one: Outcome) -> str:
    """A line of the table."""
    said = "answers not compared" if one.difference is None else f"answers within {one.difference:.1e}"
    if one.answers_agree is False:
        said += ", BEYOND THE BOUND"
    spread = f" ({one.ratios[0]:.3f} to {one.ratios[1]:.3f})" if one.ratios else ""
    relation, base = ">=" if one.at_least else "<=", math.nan if one.base is None else one.base
    return (
        f"{one.key:18s} base {base:9.3f} new {one.new:9.3f} {one.unit:14s} figure {one.figure:8.3f}{spread} "
        f"{relation} {one.target:.3f} {'met' if one.met else 'MISSED'}; {said}"
    )


def commit_of(folder: Path) -> str:
    """The commit that a tree stands at, short."""
    command = ["git", "-C", str(folder), "rev-parse", "--short=7", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main() -> int:
    """Measure, print a line as soon as a row is done, write."""
    folder = os.environ.get("SIRF_REFERENCE_DIR", "")
    table = rows(Path(folder) / "channels")
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("base", help="commit or folder")
    options.add_argument("new", nargs="?", default=str(ROOT), help="commit or folder, this tree by default")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--only", action="append", choices=[row.key for row in table], metavar="ROW")
    options.add_argument("--all", action="store_true", help="also rows by the clock and the longest ones")
    options.add_argument("--json", type=Path)
    options.add_argument("--strict", action="store_true")
    given = options.parse_args()
    # after the options: their help needs no channels
    if not folder:
        options.error(NO_REFERENCE)
    if given.rounds < 1:
        options.error(f"--rounds must be at least 1, got {given.rounds}. Five are usual.")
    wanted = [row for row in table if (row.key in given.only if given.only else row.by_default or given.all)]
    outcomes: list[Outcome] = []
    with two_trees(given.base, given.new) as trees:
        commits = dict(zip(("base", "new"), (commit_of(tree.folder) for tree in trees), strict=True))
        for row in wanted:
            outcomes.append(outcome(row, row.measure(trees, given.rounds)))
            print(line(outcomes[-1]), flush=True)
            # after every row: the whole table takes an hour
            if given.json is not None:
                text = json.dumps(commits | {"outcomes": [asdict(one) for one in outcomes]}, indent=1)
                given.json.write_text(text + "\n", encoding="utf-8")
    good = all(one.met and one.answers_agree is not False for one in outcomes)
    return 1 if given.strict and not good else 0


if __name__ == "__main__":
    sys.exit(main())

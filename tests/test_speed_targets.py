"""The table of speed targets: figures, bounds and directions of its rows, and the process that a job runs in."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from benchmarks import speed_targets
from benchmarks.side_by_side import ROOT, Tree, run_command, two_trees
from benchmarks.speed_targets import Measured, Row, largest_difference, line, outcome
from benchmarks.target_jobs import JOBS


def measured(*values: float) -> Measured:
    return Measured(base=[2.0, 4.0, 6.0], new=list(values), difference=1e-6)


def row(value: str, target: float, bound: float = 1e-3) -> Row:
    nothing = measured(1.0)
    return Row(
        key="row",
        title="a row",
        target=target,
        unit="s",
        measure=lambda trees, rounds: nothing,
        value=value,
        bound=bound,
    )


@pytest.mark.parametrize(("value", "figure"), [("ratio", 0.5), ("new", 2.0), ("share", 2.0)])
def test_a_figure_is_of_medians_and_a_share_is_asked_for_at_least(value: str, figure: float) -> None:
    below, above = (outcome(row(value, figure + step), measured(2.0, 1.0, 30.0)) for step in (0.1, -0.1))
    assert below.figure == above.figure == figure
    assert below.ratios == [0.25, 5.0]
    assert (below.met, above.met) == ((False, True) if value == "share" else (True, False))


def test_answers_beyond_their_bound_are_said() -> None:
    good, bad = (outcome(row("ratio", 1.0, bound), measured(1.0)) for bound in (1e-5, 1e-7))
    assert (good.answers_agree, bad.answers_agree) == (True, False)
    assert "BEYOND THE BOUND" in line(bad)
    assert "BEYOND THE BOUND" not in line(good)


def test_a_base_that_was_not_run_leaves_the_new_figure() -> None:
    found = outcome(row("new", 5.0), Measured(base=[], new=[1.0]))
    # written as null: JSON knows no NaN
    assert found.base is None
    assert (found.figure, found.met, found.answers_agree) == (1.0, True, None)


def test_differences_are_relative_and_of_the_same_form() -> None:
    assert largest_difference([1.0, 200.0], [1.0, 202.0]) == pytest.approx(0.01)
    assert largest_difference([1.0], [1.0, 2.0]) == math.inf


def test_every_row_has_a_name_of_its_own_and_every_job_a_row() -> None:
    table = speed_targets.rows(Path("channels"))
    assert len({one.key for one in table}) == len(table)
    source = Path(speed_targets.__file__).read_text(encoding="utf-8")
    assert all(f'"{name}"' in source for name in JOBS)


@pytest.mark.parametrize(
    ("words", "folder", "status", "said"),
    [
        (["--help"], "", 0, "commits or folders"),
        (["39c75f5"], "", 2, "SIRF_REFERENCE_DIR must name a folder"),
        (["39c75f5", "--rounds", "0"], "folder", 2, "--rounds must be at least 1, got 0"),
    ],
)
def test_what_cannot_be_measured_is_said_before_anything_runs(
    words: list[str],
    folder: str,
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SIRF_REFERENCE_DIR", folder)
    monkeypatch.setattr("sys.argv", ["speed_targets.py", *words])
    with pytest.raises(SystemExit) as ended:
        speed_targets.main()
    assert ended.value.code == status
    assert said in "".join(capsys.readouterr())


def test_a_command_runs_with_the_package_of_its_tree_and_its_cost_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "sirf").mkdir()
    (tmp_path / "sirf" / "__init__.py").write_text("held = bytearray(400_000_000)\n")
    with two_trees(str(tmp_path), str(ROOT)) as trees:
        heavy = run_command(["python", "-c", "import sirf; assert len(sirf.held) == 400_000_000"], trees[0])
        light = run_command(["python", "-c", "import sirf; assert not hasattr(sirf, 'held')"], trees[1])
    assert heavy.memory_mb > 300.0
    assert light.cpu > 0.0


def test_a_command_keeps_its_bytecode_as_it_does_for_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    # a folder for the bytecode of all trees would be looked at in vain
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    (tmp_path / "module.py").write_text("")
    run_command(["python", "-c", "import module"], Tree(tmp_path, tmp_path / "kernels"))
    assert list(tmp_path.glob("__pycache__/module.*.pyc"))


def test_a_command_that_fails_says_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no such thing"):
        run_command(["python", "-c", "raise SystemExit('no such thing')"], Tree(tmp_path, tmp_path))

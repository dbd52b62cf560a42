"""`sirf sweep`, `sirf study`: thousands of cases, and what they say."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sirf._files import check_output
from sirf.cli.options import Json, refuse_unread
from sirf.cli.output import check_outputs, progress, say, table, write_json
from sirf.cli.quantities import parser, read_hours
from sirf.errors import SirfError

if TYPE_CHECKING:
    from sirf.study.sweep.results import Results

StudyFile = Annotated[Path, typer.Argument(help="TOML file of the study.", show_default=False)]
study_commands = typer.Typer(no_args_is_help=True, help="Look at what a study found.")


def sweep(
    context: typer.Context,
    study: StudyFile,
    results: Annotated[
        Path, typer.Option(help="File that keeps the cases; an interrupted run goes on from it.", show_default=False)
    ],
    workers: Annotated[int | None, typer.Option(help="Processes; all cores by default.")] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a dask scheduler, such as tcp://127.0.0.1:8786, instead.")
    ] = None,
    script: Annotated[
        Path | None, typer.Option("--slurm", help="Write a SLURM job script for --workers cores, and run nothing.")
    ] = None,
    hours: Annotated[
        float,
        typer.Option(
            parser=parser(read_hours, "hours"),
            metavar="TIME",
            help="Time limit of that job, such as 90min or 4h; a bare number is hours.",
        ),
    ] = 4.0,
    json_file: Json = None,
) -> None:
    """Compute all cases of a study: lengths, materials, rates, files, tolerances; resumable, on one machine or a cluster."""
    from sirf.study.sweep.runner import Progress, SweepInterrupted
    from sirf.study.sweep.runner import sweep as run
    from sirf.study.sweep.study import Study

    # both would say where the cases run
    if scheduler is not None and (workers is not None or script is not None):
        raise SirfError("scheduler must stand without --workers and --slurm, got both. A cluster has its own workers.")
    if script is None:
        refuse_unread(context, "hours", needs="--slurm", got="no job script")
    asked = Study.from_toml(study)
    check_outputs(json_file)
    check_output("results", results)
    if script is not None:
        _write_script(script, study, results, workers, hours, json_file)
        return
    interrupted = False
    with ExitStack() as stack:
        executor = None
        if scheduler is not None:
            from sirf.study.sweep.cluster import cluster_executor

            executor = stack.enter_context(cluster_executor(scheduler))
        update = stack.enter_context(progress("sweep"))

        def show(state: Progress) -> None:
            left = "" if state.seconds_left is None else f", {_duration(state.seconds_left)} left"
            update(f"{state.rate:.3g} cases/s, {state.failed} failed{left}", state.done, state.total)

        try:
            found = run(asked, executor=executor, results=results, workers=workers, progress=show)
        # what is computed stands in the results file: it is shown like a whole answer, and the exit code says it is none
        except SweepInterrupted as stopped:
            found, interrupted = stopped.results, True
    _show(found, json_file)
    say(f"{len(found):,} of {asked.cases:,} cases in {results}", json_file=json_file)
    write_json(_summary(found) | {"interrupted": interrupted}, json_file)
    if interrupted:
        raise KeyboardInterrupt(f"{len(found):,} cases are kept in {results}; the same command goes on from there")


@study_commands.command(name="show")
def show(
    results: Annotated[Path, typer.Argument(help="Results file of a study.", show_default=False)],
    figure: Annotated[
        str | None, typer.Option(help="Figure whose tolerances are weighed; the first by default.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write a page with pictures (.html).")] = None,
    parquet: Annotated[Path | None, typer.Option(help="Write all cases as a Parquet file.")] = None,
    json_file: Json = None,
) -> None:
    """Say what a study found: yield, which tolerance costs the margin, failures; a page with pictures on request."""
    from sirf.study.sweep.results import Results

    check_outputs(json_file)
    check_output("out", out, suffixes=(".html",))
    check_output("parquet", parquet, suffixes=(".parquet",))
    found = Results.load(results)
    _show(found, json_file, figure)
    if out is not None:
        from sirf.report.study import write_study

        write_study(found, out)
        say(f"wrote {out}", json_file=json_file)
    if parquet is not None:
        found.to_parquet(parquet)
        say(f"wrote {parquet}", json_file=json_file)
    write_json(_summary(found, figure), json_file)


@study_commands.command(name="merge")
def merge(
    sources: Annotated[list[Path], typer.Argument(help="Results files of one study.", show_default=False)],
    out: Annotated[Path, typer.Option(help="File that takes all cases, each once.", show_default=False)],
    json_file: Json = None,
) -> None:
    """Put the cases that several machines computed into one results file."""
    from sirf.study.sweep.store import merge as run

    check_outputs(json_file)
    count = run(sources, out)
    say(f"{count:,} cases in {out}", json_file=json_file)
    write_json({"cases": count, "out": str(out)}, json_file)


def _write_script(
    script: Path, study: Path, results: Path, workers: int | None, hours: float, json_file: str | None
) -> None:
    from sirf._files import write_text
    from sirf.study.sweep.cluster import slurm_script

    # the script only: its job reads study and results where it runs
    check_output("slurm", script)
    write_text(
        "slurm", script, slurm_script(str(study), str(results), workers=32 if workers is None else workers, hours=hours)
    )
    say(f"wrote {script}: submit it with sbatch {script}", json_file=json_file)
    write_json({"script": str(script)}, json_file)


def _duration(seconds: float) -> str:
    """Seconds as people say them.

    >>> _duration(4000.0)
    '1 h 7 min'
    """
    minutes = round(seconds / 60.0)
    if seconds < 60.0:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _show(found: Results, json_file: str | None, figure: str | None = None) -> None:
    from sirf.study.sweep.case_analysis import slopes, sobol_indices

    name = figure or found.study.figures[0]
    # refuses a name that the study does not have, before anything is printed about it
    found.figure(name)
    say(str(found), json_file=json_file)
    if found.study.limits and len(found):
        share, low, high = found.yield_interval()
        limits = ", ".join(f"{name} {value:g}" for name, value in found.study.limits.items())
        say(
            f"yield {100 * share:.2f} % (99 %: {100 * low:.2f} to {100 * high:.2f}) within {limits}",
            json_file=json_file,
        )
    complete = len(found) == found.study.cases
    # indices pair rows of two designs: one case that is missing or failed spoils them
    if found.study.sampling.method == "sensitivity" and found.study.tolerances and complete and not found.errors:
        indices: list[tuple[str, ...]] = [
            (
                one.parameter,
                _between(one.first, one.first_low, one.first_high),
                _between(one.total, one.total_low, one.total_high),
            )
            for one in sobol_indices(found, name)
        ]
        say(f"Sobol indices of {name}, with 99 % intervals", json_file=json_file)
        table(("tolerance", "first order", "total"), indices, json_file=json_file)
    # a regression needs more cases than slopes, and a few left over for its residuals
    elif len(found) - found.failed > len(found.study.tolerances) + 2 and found.study.tolerances:
        unit = "decades" if _is_ratio(name) else "per deviation"
        rows: list[tuple[str, ...]] = [
            (one.parameter, f"{one.per_deviation:+.3g}", f"{100 * one.share:.0f} %", f"{one.rank:+.2f}")
            for one in slopes(found, name)
        ]
        say(f"how {name} follows each tolerance", json_file=json_file)
        table(("tolerance", unit, "of variance", "rank"), rows, json_file=json_file)
    reasons: dict[str, int] = {}
    for reason in found.errors.values():
        reasons[reason] = reasons.get(reason, 0) + 1
    # thousands of cases fail for few reasons: the commonest first
    for reason, count in sorted(reasons.items(), key=lambda item: -item[1])[:5]:
        say(f"{count} failed: {reason}", json_file=json_file)


def _between(value: float, low: float, high: float) -> str:
    return f"{value:.3f} ({low:.3f} to {high:.3f})"


def _is_ratio(name: str) -> bool:
    from sirf.study.figures import FIGURES

    return name in FIGURES and FIGURES[name].ratio


def _summary(found: Results, figure: str | None = None) -> dict[str, Any]:
    """What JSON says of results."""
    from dataclasses import asdict

    from sirf.study.sweep.case_analysis import slopes, sobol_indices

    study, name = found.study, figure or found.study.figures[0]
    share = low = high = None
    if study.limits and len(found):
        share, low, high = found.yield_interval()
    sensitivity: list[dict[str, Any]] = []
    if study.tolerances and len(found) == study.cases and not found.errors and study.sampling.method == "sensitivity":
        sensitivity = [asdict(one) for one in sobol_indices(found, name)]
    elif study.tolerances and len(found) - found.failed > len(study.tolerances) + 2:
        sensitivity = [asdict(one) for one in slopes(found, name)]
    return {
        "title": study.title,
        "cases": len(found),
        "cases_in_all": study.cases,
        "failed": found.failed,
        "yield": share,
        "yield_low": low,
        "yield_high": high,
        "limits": dict(study.limits),
        "figure": name,
        "sensitivity": sensitivity,
        "errors": {str(index): reason for index, reason in found.errors.items()},
    }

"""`sirf compare`: every way from a switch die to the next, side by side (the main job)."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sirf._files import check_output_folder
from sirf.cli.ami import ModelOptions
from sirf.cli.options import Json, ModelSearch, RxAmi, RxSo, TxAmi, TxSo, on_command_line
from sirf.cli.output import check_limit, check_outputs, progress, remark, say, table, write_json
from sirf.cli.quantities import DataRate
from sirf.errors import SirfError, shown

if TYPE_CHECKING:
    from sirf.study.comparison import Comparison
    from sirf.study.row_ledger import RowLedger
    from sirf.system.architecture import Architecture
    from sirf.system.competition import Competition


def compare(
    context: typer.Context,
    paths: Annotated[
        list[str] | None, typer.Argument(help="Architectures or files of your own (.toml); all that ship by default.")
    ] = None,
    data_rate: DataRate = 106.25e9,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Folder for results.json, the eye pictures and report.html.")
    ] = Path("sirf-compare"),
    rule: Annotated[
        str,
        typer.Option(help="What reach is held against: common (one rule for all rows) or own (each row's DER_0)."),
    ] = "common",
    min_com: Annotated[
        float | None,
        typer.Option("--com-db", help="Reach is where COM in dB falls below this, in place of the rule."),
    ] = None,
    explain: Annotated[
        str | None, typer.Option(help="Show one row as a ledger: every dB, picojoule and nanosecond, with its source.")
    ] = None,
    thresholds: Annotated[
        str,
        typer.Option(help="Slicers behind light: adapted to unequal levels and noise, or midway between the levels."),
    ] = "adapted",
    sampled: Annotated[
        bool, typer.Option("--sampled", help="Also the band of reach with random inputs, and which input carries it.")
    ] = False,
    tx_ami: TxAmi = None,
    rx_ami: RxAmi = None,
    tx_so: TxSo = None,
    rx_so: RxSo = None,
    chosen: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="What competes for one job: scale-up, scale-out, chiplet, or a .toml file of your own. Or, with a vendor model, "
            "one of its parameters: tx.NAME=VALUE.",
        ),
    ] = None,
    search: ModelSearch = None,
    json_file: Json = None,
) -> None:
    """Compare every way from a switch die to the next: pluggable, near-packaged and co-packaged optics, copper (the main job)."""
    from sirf.receiver.receiver import check_thresholds
    from sirf.report import write_comparison
    from sirf.study.compare import compare as run
    from sirf.study.row_ledger import row_ledger
    from sirf.study.set_comparison import compare_set
    from sirf.system.architecture import FAMILIES, ORDER

    check_limit("--com-db", min_com)
    check_thresholds(thresholds)
    # a parameter of a model has an equals sign, a set of architectures has none
    jobs = [one for one in chosen or () if "=" not in one]
    settings = [one for one in chosen or () if "=" in one]
    competition, architectures = _wanted(jobs, paths, rated=on_command_line(context, "data_rate"))
    if explain is not None:
        # a row that is not there is refused before any work
        wanted = list(architectures)
        if FAMILIES.get(explain, explain) not in wanted:
            raise SirfError(
                f"explain must name a row of the comparison ({', '.join(wanted)}), got {shown(explain)}. Name one."
            )
    check_outputs(json_file)
    check_output_folder("out", out)
    models = ModelOptions(tx_ami, rx_ami, tx_so, rx_so, tuple(settings), tuple(search or ())).hosts()
    # under one bar: a comparison is minutes of work of which no single row tells how long the others take
    with progress("compare") as update:
        limit = None if min_com is None else {"com_db": min_com}
        how = functools.partial(
            run if competition is None else compare_set,
            rule=rule,
            limit=limit,
            sampled=sampled,
            models=models,
            # adapted slicers are what receivers behind light have; midway ones show what leaving that out costs
            thresholds=thresholds,  # type: ignore[arg-type]  # checked above
            progress=lambda what, done, total: update(what, done, total),
        )
        # a set brings its own members and rates: `paths` and `data_rate` hold only without one
        result = how(paths or ORDER, data_rate=data_rate) if competition is None else how(competition)
    _print_comparison(result, json_file=json_file)
    plain = result.to_dict()
    if explain is not None:
        # by the row's own rate: a set may compare architectures at different ones
        row = result.row(explain)
        found = row_ledger(row, row.data_rate, architecture=architectures[row.path], margin=True)
        _print_ledger(found, json_file=json_file)
        plain["explain"] = found.to_dict()
    write_json(plain, json_file)
    # on standard error: standard output is the answer, which may be JSON for a program
    remark(f"wrote {', '.join(write_comparison(result, out, architectures=architectures))} in {out}")


def _wanted(
    jobs: list[str], paths: list[str] | None, *, rated: bool
) -> tuple[Competition | None, dict[str, Architecture]]:
    """The set that is asked for, None without one, and the architectures of all rows by id."""
    from sirf.system.architecture import ORDER, load_architecture
    from sirf.system.competition import load_set

    if not jobs:
        return None, {item.id: item for item in map(load_architecture, paths or ORDER)}
    if len(jobs) > 1:
        raise SirfError(f"--set must name one set, got {', '.join(map(shown, jobs))}. Run them one by one.")
    (job,) = jobs
    # rates and paths of the command line would change what the set's file calls one job
    if paths or rated:
        raise SirfError(
            f"--set must stand alone: its file names the architectures and their rates, got {shown(job)} beside "
            f"{'paths' if paths else '--data-rate'}. Leave one out."
        )
    found = load_set(job)
    return found, {item.id: item for item, _ in found.members}


def _print_comparison(result: Comparison, *, json_file: str | None) -> None:
    say(f"{result.heading}, from host to host", json_file=json_file)
    for head, lines in result.tables():
        table(head, lines, json_file=json_file)
    for sentence in result.legend():
        say(sentence, json_file=json_file)
    for sentence in result.limitations():
        say(sentence, json_file=json_file)
    # most notes belong to several rows: each is printed once, with the rows that it belongs to
    notes: dict[str, list[str]] = {}
    for row in result.rows:
        # notes of a hundred words fill a screen when each row repeats them
        for note in row.notes:
            notes.setdefault(note, []).append(row.path)
    for note, rows in notes.items():
        # "all" in place of the list: seven names in front of a sentence hide the sentence
        say(f"{', '.join(rows) if len(rows) < len(result.rows) else 'all'}: {note}", json_file=json_file)
    _print_uncertainty(result, json_file=json_file)
    say(f"Rule: {result.rule.text}.", json_file=json_file)
    for sentence in result.verdict:
        say(sentence, json_file=json_file)


def _print_uncertainty(result: Comparison, *, json_file: str | None) -> None:
    """Which inputs carry the band of reach, where it was sampled."""
    lines = [
        (row.path, f"{found.low_mm:.0f}-{found.high_mm:.0f}", one.name, f"{one.worst_mm:.0f}-{one.best_mm:.0f}")
        for row in result.rows
        if (found := row.reach_uncertainty) is not None
        # three inputs: what comes after them carries so little of the band that its order is chance
        for one in found.inputs[:3]
    ]
    if lines:
        table(("path", "reach mm, 5 to 95 %", "input", "alone, worst to best"), lines, json_file=json_file)


def _print_ledger(found: RowLedger, *, json_file: str | None) -> None:
    for title, lines in found.tables():
        say(title, json_file=json_file)
        table(("entry", "value", "source"), lines, json_file=json_file)

"""`sirf compare`: every way from a switch die to the next, side by side (the main job)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sirf._files import check_output_folder
from sirf.cli.options import Json
from sirf.cli.output import check_limit, check_outputs, progress, say, table, write_json

if TYPE_CHECKING:
    from sirf.study.comparison import Comparison


def compare(
    paths: Annotated[
        list[str] | None, typer.Argument(help="Architectures or files of your own (.toml); all that ship by default.")
    ] = None,
    data_rate: Annotated[float, typer.Option(help="53.125, 106.25, 212.5 or (a projection) 425 Gb/s.")] = 106.25,
    out: Annotated[Path, typer.Option(help="Folder for results.json, the eye pictures and report.html.")] = Path(
        "sirf-compare"
    ),
    min_com: Annotated[
        float | None,
        typer.Option("--com-db", help="Reach is where COM in dB falls below this; by default where DER0 is met."),
    ] = None,
    json_file: Json = None,
) -> None:
    """Compare every way from a switch die to the next: pluggable, near-packaged and co-packaged optics, copper (the main job)."""
    from sirf.report import write_comparison
    from sirf.study.compare import compare as run
    from sirf.system.architecture import ORDER

    check_limit("--com-db", min_com)
    check_outputs(json_file)
    check_output_folder("out", out)
    with progress("compare") as update:
        limit = None if min_com is None else {"com_db": min_com}
        result = run(
            paths or ORDER,
            data_rate=data_rate * 1e9,
            limit=limit,
            progress=lambda what, done, total: update(what, done, total),
        )
    _print_comparison(result, json_file=json_file)
    write_json(result.to_dict(), json_file)
    print(f"wrote {', '.join(write_comparison(result, out))} in {out}", file=sys.stderr)


def _print_comparison(result: Comparison, *, json_file: str | None) -> None:
    say(f"{result.data_rate / 1e9:g} Gb/s per lane, die to die, eye of the worst of the three", json_file=json_file)
    for head, lines in result.tables():
        table(head, lines, json_file=json_file)
    notes: dict[str, list[str]] = {}
    for row in result.rows:
        for note in row.notes:
            notes.setdefault(note, []).append(row.path)
    for note, rows in notes.items():
        say(f"{', '.join(rows) if len(rows) < len(result.rows) else 'all'}: {note}", json_file=json_file)

"""`sirf com`: Channel Operating Margin of one channel."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sirf.cli.channel_files import AS_THE_FILE_SAYS, ChannelFiles, Reading, with_reading
from sirf.cli.options import Fext, Json, Next, Report, Thru
from sirf.cli.output import (
    check_limit,
    check_outputs,
    check_report,
    limit_missed,
    progress,
    say,
    write_json,
    write_picture,
)
from sirf.errors import ConfigError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from sirf.channel.channel import Channel
    from sirf.results.margin import ComReport, ComResult


@with_reading
def com_command(
    thru: Thru,
    fext: Fext = None,
    next_files: Next = None,
    standard: Annotated[
        str | None, typer.Option(help="Preset id; see 'sirf standards'. Its full grid is searched.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Official COM workbook (.xls, .xlsx) instead.")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEYWORD=VALUE", help="Change the workbook; may be repeated.")
    ] = None,
    package_case: Annotated[
        str | None, typer.Option(help="Package test case by number from 1 or by name (B1, HN-HL); all by default.")
    ] = None,
    cable_class: Annotated[
        str | None,
        typer.Option(help="Only the host pairs that a cable assembly of this class has to pass: CA-A to CA-D."),
    ] = None,
    revision: Annotated[
        str | None,
        typer.Option(
            help="Whose arithmetic where releases of the reference code differ: 3.70, 4.50, 4.17 or d3.3 (the draft); the "
            "newest that the settings' Annex has by default."
        ),
    ] = None,
    noise_path: Annotated[
        Path | None,
        typer.Option(
            "--noise-path",
            help="Touchstone file from a noise source to the receiver: find the noise that brings COM to its limit "
            "(receiver interference tolerance).",
        ),
    ] = None,
    full_grid: Annotated[
        bool, typer.Option("--full-grid", help="Take the full grid's answer, not Local Search's.")
    ] = False,
    at_least: Annotated[
        float | None, typer.Option("--com-db", help="Fail (exit code 1) when COM in dB is below this.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write pulse and distribution as a picture (.png, .svg, .pdf).")
    ] = None,
    report: Report = None,
    reading: Reading = AS_THE_FILE_SAYS,
    json_file: Json = None,
) -> None:
    """Channel Operating Margin (COM, FOM, VEC, VEO, ERL, ICN) of one channel."""
    from sirf.com.config.sheet import parse_changes
    from sirf.com.margin import com

    _check_settings(standard, config)
    check_limit("--com-db", at_least)
    check_outputs(json_file, out=out)
    check_report(report)
    # parsed before any file is read: a slip in --set must not cost the reading of eight aggressors
    parsed = parse_changes(list(changes or []))
    files = ChannelFiles(thru, fext, next_files, reading)
    cases: dict[str, Any] = {"package_case": package_case, "cable_class": cable_class, "revision": revision}
    channel = files.load()
    noise = None if noise_path is None else _noise_path(files, noise_path)
    with progress("com", watch=True):
        result: ComResult | ComReport = com(
            channel,
            standard=standard,
            config=config,
            set=parsed or None,
            # the reference code's Local Search may miss the best setting; what it finds is nonetheless what a report is
            # checked by
            search="full" if full_grid else "as configured",
            noise_path=noise,
            # pulses and distributions of all cases are large: kept only where something is drawn from them
            trace=out is not None or report is not None,
            **cases,
        )
    say(str(result), json_file=json_file)
    if out is not None:
        write_picture(_picture(result), out, json_file=json_file)
    answer = _json(result, thru)
    if report is not None:
        from sirf.report.link import write_com

        write_com(result, channel, report, results=answer, standard=standard)
        say(f"wrote {report}", json_file=json_file)
    write_json(answer, json_file)
    # `com_db` of several cases is the least of them: a channel passes only if it does so with every package
    if at_least is not None and result.com_db < at_least:
        limit_missed(f"COM of {result.com_db:.3f} dB is below the limit that was given, {at_least:g} dB")


def _check_settings(standard: str | None, config: Path | None) -> None:
    """`ConfigError` unless one of a preset and a workbook that exists is given."""
    # both would let the workbook change the preset's settings without a trace in the answer
    if (standard is None) == (config is None):
        raise ConfigError(
            f"one of --standard and --config must be given, got {'both' if standard else 'neither'}. "
            "Write for example --standard 802.3ck-kr1."
        )
    if config is not None and not config.exists():
        raise ConfigError(f"config must be a COM workbook, got {config}, which does not exist. Check the path.")


def _noise_path(files: ChannelFiles, noise_path: Path) -> Channel:
    """The path from the noise source to the receiver, read as the channel's own files are."""
    # the path of the noise is a file by itself: crosstalk and lanes of the channel say nothing about it; how files are
    # to be read (ports, impedance, order) holds for it as well, since one bench measured both
    return ChannelFiles(noise_path, None, None, replace(files.reading, victim=None, next_lanes=None)).load()


def _picture(result: ComResult | ComReport) -> Figure:
    """Equalised pulse, distribution and, where there is one, margin ledger side by side, one row for each package case."""
    from sirf.plot._axes import new_figure
    from sirf.plot.margin import com_distribution, com_ledger, com_pulse

    cases = _cases(result)
    # cases of one run are of one Annex: either all have a ledger or none
    columns = 3 if cases[0].ledger is not None else 2
    figure, axes = new_figure((6.0 * columns, 4.2 * len(cases)), rows=len(cases), columns=columns)
    for row, case in enumerate(cases):
        com_pulse(case, axes[columns * row])
        com_distribution(case, axes[columns * row + 1])
        if columns == 3:
            com_ledger(case, axes[columns * row + 2])
    return figure


def _cases(result: ComResult | ComReport) -> tuple[ComResult, ...]:
    from sirf.results.margin import ComReport

    return result.cases if isinstance(result, ComReport) else (result,)


def _json(result: ComResult | ComReport, channel: Path) -> Any:
    """One object where one case was asked for, else a list."""
    from sirf.results.margin import ComReport

    # the file's name goes into every row: rows of many channels end up in one table
    rows = [{**case.to_dict(), "through": str(channel)} for case in _cases(result)]
    return rows if isinstance(result, ComReport) else rows[0]

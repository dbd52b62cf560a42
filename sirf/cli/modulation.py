"""`sirf modulation`: PAM4, PAM6 and PAM8 at equal net bit rate over one channel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sirf.cli.channel_files import AS_THE_FILE_SAYS, ChannelFiles, Reading, with_reading
from sirf.cli.options import (
    Fext,
    Json,
    Next,
    PackageCase,
    Report,
)
from sirf.cli.output import (
    check_limit,
    check_outputs,
    check_report,
    draw_picture,
    limit_missed,
    progress,
    say,
    table,
    write_json,
)
from sirf.cli.quantities import listed, parser, read_data_rate, read_length, read_plain
from sirf.errors import SirfError

if TYPE_CHECKING:
    from sirf.channel.channel import Channel
    from sirf.study.modulation_result import ModulationStudy

HEAD = ("modulation", "GBd", "FEC", "loss dB", "COM dB", "BER", "after FEC", "pJ/bit", "ceiling Gb/s")


@with_reading
def modulation_command(
    channel: Annotated[
        str, typer.Argument(help="Touchstone file of the through path, or a path such as npo.", show_default=False)
    ],
    fext: Fext = None,
    next_files: Next = None,
    data_rate: Annotated[
        float,
        typer.Option(
            parser=parser(read_data_rate, "data_rate"),
            metavar="RATE",
            show_default="425Gb/s",
            help="Of a lane with KP4: 425Gb/s carry 400Gb/s of data. A bare number is bit/s.",
        ),
    ] = 425e9,
    standard: Annotated[
        str, typer.Option(help="Preset of Annex 178A whose circuits all modulations get.")
    ] = "802.3dj-kr1",
    modulations: Annotated[str, typer.Option(help="With commas: NRZ, PAM4, PAM6, PAM8.")] = "PAM4,PAM6,PAM8",
    fec: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[MODULATION=]CODE", help="Code of all, or of one modulation; kp4 by default; may be repeated."
        ),
    ] = None,
    losses: Annotated[
        Any,
        typer.Option(
            parser=listed("losses", read_plain),
            metavar="LIST",
            help="Scale the channel's line to these losses in dB at half the symbol rate of PAM4, with commas.",
        ),
    ] = None,
    lengths: Annotated[
        Any,
        typer.Option(
            parser=listed("lengths", read_length), metavar="LIST", help="Lengths of a path's line, such as 50mm,10in."
        ),
    ] = None,
    at_least: Annotated[
        float | None, typer.Option("--com-db", help="Fail (exit code 1) when the best COM in dB is below this.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write margins as a picture (.png, .svg, .pdf).")] = None,
    report: Report = None,
    package_case: PackageCase = "1",
    reading: Reading = AS_THE_FILE_SAYS,
    json_file: Json = None,
) -> None:
    """PAM4, PAM6 and PAM8 at equal net bit rate: margin, errors, energy, and the ceiling of the channel's capacity."""
    from sirf import plot
    from sirf.study.modulation import modulation

    check_limit("--com-db", at_least)
    check_outputs(json_file, out=out)
    check_report(report)
    files = ChannelFiles(Path(channel), fext, next_files, reading)
    source = _source(channel, files)
    with progress("modulation") as update:
        result = modulation(
            source,
            data_rate=data_rate,
            standard=standard,
            modulations=[name.strip() for name in modulations.split(",")],
            fec=_codes(fec),
            package_case=int(package_case) if package_case.isdigit() else package_case,
            losses_db=losses,
            lengths=lengths,
            progress=update,
        )
    _show(result, json_file)
    if out is not None:
        draw_picture(lambda axes: plot.modulation(result, axes), out, json_file=json_file)
    answer = result.to_dict() if result.sweep else result.to_list()
    if report is not None:
        from sirf.report.link import write_modulation

        write_modulation(result, report)
        say(f"wrote {report}", json_file=json_file)
    write_json(answer, json_file)
    # one modulation that meets the limit is enough: the study asks which to take
    best = max((row.com_db for row in result.rows if row.com_db is not None), default=None)
    if at_least is not None and (best is None or best < at_least):
        found = "there is no COM" if best is None else f"the best COM is {best:.2f} dB"
        limit_missed(f"{found}, and the limit that was given {at_least:g} dB")


def _source(channel: str, files: ChannelFiles) -> str | Channel:
    """The name of a path, or the channel read from files; `SirfError` for a path with crosstalk files."""
    from sirf._data import list_data

    # a name that ships is a path, any other word a file: a misspelt path is refused as a file that is not there
    if channel not in list_data("paths") and not channel.endswith(".toml"):
        return files.load()
    # a path brings its own neighbours
    if files.fext or files.next or files.reading != AS_THE_FILE_SAYS:
        raise SirfError(
            f"--fext, --next and how ports are read must go with a file, got the path {channel}. Leave them out."
        )
    return channel


def _codes(given: list[str] | None) -> str | dict[str, str]:
    """One code for all, or one by modulation; `SirfError` for a mixture."""
    if not given:
        return "kp4"
    if len(given) == 1 and "=" not in given[0]:
        return given[0]
    pairs = [one.partition("=") for one in given]
    if any(not mark or not code for _, mark, code in pairs):
        raise SirfError(
            f"fec must be one code, or MODULATION=CODE for each, got {' '.join(given)}. Write --fec PAM8=kp4."
        )
    return {name: code for name, _, code in pairs}


def _show(result: ModulationStudy, json_file: str | None) -> None:
    say(result.title, json_file=json_file)
    table(HEAD, [row.cells() for row in result.rows], json_file=json_file)
    for line in result.sweep_lines():
        say(line, json_file=json_file)
    say(result.verdict, json_file=json_file)

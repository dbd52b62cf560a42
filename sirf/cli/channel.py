"""`sirf pulse`, `sirf figures`, `sirf check`: a channel as it is."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from sirf._files import check_output, check_output_folder
from sirf._version import __version__
from sirf.cli.channel_files import AS_THE_FILE_SAYS, ChannelFiles, Reading, parse_impedances, with_reading
from sirf.cli.options import (
    Z0,
    Fext,
    Invert,
    Json,
    MixedMode,
    Next,
    PackageCase,
    PortOrder,
    Sort,
    Thru,
    Victim,
    refuse_unread,
)
from sirf.cli.output import check_outputs, draw_picture, progress, say, warn, write_json
from sirf.cli.quantities import GivenSymbolRate, SymbolRate, parser
from sirf.errors import SirfError
from sirf.units import VOLTAGE


def pulse(
    thru: Thru,
    symbol_rate: GivenSymbolRate,
    samples_per_ui: Annotated[int, typer.Option(help="Samples per unit interval.")] = 32,
    amplitude: Annotated[
        float,
        typer.Option(
            parser=parser(VOLTAGE.read, "amplitude"), metavar="V", help="Amplitude of the symbol; a bare number is V."
        ),
    ] = 1.0,
    out: Annotated[Path | None, typer.Option(help="Write the pulse as a picture.")] = None,
    port_order: PortOrder = None,
    victim: Victim = None,
    mixed_mode: MixedMode = None,
    z0: Z0 = None,
    invert: Invert = False,
    sort: Sort = False,
    json_file: Json = None,
) -> None:
    """Pulse response of a channel as it is: no package, no equaliser, the noise filter of 0.75 x the symbol rate."""
    from sirf import plot
    from sirf.channel.response import pulse_response
    from sirf.channel.transfer import Transfer
    from sirf.signal.filters import butterworth4

    check_outputs(json_file, out=out)
    # no --fext and no --next: a pulse is that of the through path, to which neighbours add nothing
    reading = Reading(port_order=port_order, victim=victim, mixed_mode=mixed_mode, z0=z0, invert=invert, sort=sort)
    channel = ChannelFiles(thru, None, None, reading).load()
    # a pulse needs some samples of its spectrum to each symbol, which the file's own check cannot know
    warnings = channel.warnings + channel.check_symbol_rate(symbol_rate)
    # S21 of the differential pair: the ports are the channel's own, from the transmitter's side to the receiver's
    transfer = Transfer(channel.frequency, channel.through.s[:, 1, 0], coupling_corner=channel.coupling_corner)
    response = pulse_response(
        transfer,
        symbol_rate=symbol_rate,
        samples_per_ui=samples_per_ui,
        amplitude=amplitude,
        # the noise filter of Annex 93A, whose corner there is 0.75 f_b: unfiltered, a pulse would show the file's last
        # point
        filters=lambda frequency: butterworth4(frequency, 0.75 * symbol_rate),
    )
    # reading and transforming may find the same fault: each is told once
    warnings = tuple(dict.fromkeys(warnings + response.warnings))
    warn(warnings)
    say(
        f"peak {1e3 * response.volts[response.cursor]:.3f} mV at {1e9 * response.time[response.cursor]:.4f} ns, "
        f"{len(response.time)} samples",
        json_file=json_file,
    )
    if out is not None:
        draw_picture(lambda axes: plot.pulse(response, axes), out, json_file=json_file, size=(7.0, 4.0))
    write_json(
        {
            "symbol_rate": symbol_rate,
            "samples_per_ui": samples_per_ui,
            "cursor": int(response.cursor),
            "time_s": response.time.tolist(),
            "volts": response.volts.tolist(),
            "warnings": list(warnings),
        },
        json_file,
    )


@with_reading
def figures(
    context: typer.Context,
    thru: Thru,
    standard: Annotated[str | None, typer.Option(help="Standard whose settings and limits hold; 802.3ck-c2m.")] = None,
    fext: Fext = None,
    next_files: Next = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder for the pictures and figures.json.")
    ] = None,
    reading: Reading = AS_THE_FILE_SAYS,
    package_case: PackageCase = "1",
    symbol_rate: SymbolRate = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 1 when a limit of the standard is missed.")
    ] = False,
    json_file: Json = None,
) -> None:
    """Judge a channel's copper: losses, ILD, ICN, ERL, TDR impedance, skew, mode conversion."""
    from sirf._data import without_case
    from sirf.channel.figures.standard_limits import list_limits
    from sirf.presets import list_presets, load

    check_outputs(json_file)
    check_output_folder("out", out)
    if symbol_rate and not standard:
        refuse_unread(context, "package_case", "strict", needs="--standard", got="--symbol-rate alone")
    # a symbol rate alone asks for figures without the limits of a standard
    standard = standard or (None if symbol_rate else "802.3ck-c2m")
    files = ChannelFiles(thru, fext, next_files, reading)
    channel = files.load()
    package = None
    standard = without_case(standard, (*list_presets(), *list_limits()))
    # ERL at the receiver's side is measured through the transmitter's package where the limits say so
    # limits name the case to look through; a preset without packages is measured at the pins
    if standard in list_presets() and (cases := load(standard).packages):
        package = cases[load(standard).case_number(package_case) - 1].transmitter
    if standard in list_presets() and standard not in list_limits():
        warn((f"no limits ship for {standard}: its figures are taken at its symbol rate, without ERL",))
        # the limits' name is dropped with the rate kept: masks of another standard would judge this one wrongly
        symbol_rate, standard = symbol_rate or load(standard).symbol_rate, None
    result = channel.figures(standard, symbol_rate=symbol_rate, transmitter_package=package)
    # before the table: a doubt about the data belongs ahead of numbers made from it
    warn(result.warnings)
    say(str(result), json_file=json_file)
    if out is not None:
        from sirf.plot._axes import save_figure
        from sirf.plot.channel import pictures

        drawn = pictures(channel, standard=standard, symbol_rate=symbol_rate)
        out.mkdir(parents=True, exist_ok=True)
        for name, picture in drawn.items():
            # made after the figures: a run that fails leaves no empty folder behind
            save_figure(picture, out / f"{name}.png")
        write_json(result.to_dict(), str(out / "figures.json"))
        say(f"wrote figures.json, {', '.join(f'{name}.png' for name in drawn)} in {out}", json_file=json_file)
    write_json(result.to_dict(), json_file)
    # None means that no limit was there to be missed, which is no failure either
    if strict and result.within_limits is False:
        raise typer.Exit(1)


def check(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Touchstone file (.sNp).", show_default=False)],
    port_order: PortOrder = None,
    mixed_mode: MixedMode = None,
    z0: Z0 = None,
    sort: Sort = False,
    symbol_rate: SymbolRate = None,
    standard: Annotated[str | None, typer.Option(help="Preset whose symbol rate the band is held against.")] = None,
    in_time: Annotated[bool, typer.Option("--in-time", help="Add IEEE 370's figures in mV (seconds of work).")] = False,
    repair: Annotated[str | None, typer.Option(help="Repair: dc, causal, passive, with commas.")] = None,
    limit: Annotated[
        float, typer.Option(help="Largest change of a repair in dB (20 log10 of |new S - old S|).")
    ] = -20.0,
    out: Annotated[Path | None, typer.Option(help="Write the repaired network (.sNp).")] = None,
    fit: Annotated[float | None, typer.Option(help="Fit a rational model with at most this rms error.")] = None,
    json_file: Json = None,
) -> None:
    """Judge a Touchstone file: ports, grid, DC, passivity, reciprocity, causality; repair it on request."""
    from sirf.channel.lanes import parse_lanes
    from sirf.channel.network_reader import load_network
    from sirf.channel.quality import quality
    from sirf.channel.repair import repair as mend
    from sirf.channel.repair import wanted_steps
    from sirf.channel.touchstone_write import check_touchstone_name, write_touchstone
    from sirf.channel.vector_fit import check_error, vector_fit
    from sirf.errors import LimitError

    # a file that is written unrepaired would be a copy of the input, which a typing slip must not pass for a repair
    if out is not None and repair is None:
        raise SirfError(f"repair must be given with --out, got --out {out} alone. Add --repair dc,causal,passive.")
    if repair is None:
        refuse_unread(context, "limit", needs="--repair", got="no repair")
    else:
        # by name alone, before anything is judged
        wanted_steps(repair)
    if fit is not None:
        check_error(fit)
    check_output("out", out)
    check_outputs(json_file)
    if standard is not None:
        from sirf.presets import load

        # a rate of one's own wins: a preset may be held against at another rate than its own
        symbol_rate = symbol_rate or load(standard).symbol_rate
    read = load_network(file, mixed_mode=mixed_mode, z0=parse_impedances(z0), sort=sort)
    if out is not None:
        check_touchstone_name(out, read.network.ports)
    lanes = None if port_order is None else parse_lanes(port_order, read.network.ports)
    # one judge for the network before and after repair: what differs is then the network alone
    judge = partial(quality, symbol_rate=symbol_rate, lanes=lanes, in_time=in_time)
    found = judge(read.network, notes=read.notes)
    say(str(found), json_file=json_file)
    result: dict[str, Any] = {**found.to_dict(), "version": read.version}
    network, missed = read.network, None
    try:
        if repair is not None:
            mended = mend(network, repair, limit_db=limit)
            network = mended.network
            after = judge(network)
            say(f"{mended}\n{after}", json_file=json_file)
            # the file's own judgement stays in the answer beside that of the repaired one
            result |= {"repair": mended.to_dict()["steps"], "repaired": after.to_dict()}
        if out is not None:
            write_touchstone(out, network, comment=f"{file.name} after repair {repair} by sirf {__version__}")
            say(f"wrote {out}", json_file=json_file)
        if fit is not None:
            with progress("fit") as update:
                model = vector_fit(network, max_error=fit, progress=update)
            say(str(model), json_file=json_file)
            result["model"] = model.to_dict()
    # a repair or a fit that misses its limit is an answer too: what was found is written first
    except LimitError as error:
        missed = error
    write_json(result, json_file)
    if missed is not None:
        print(f"sirf: {missed}", file=sys.stderr)
        raise typer.Exit(1)

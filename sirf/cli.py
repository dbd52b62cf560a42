"""The command line: every command reads its options, asks the library, and shows the answer.

Heavy imports stay inside the commands, so that `sirf --help` answers at once.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sirf._display import strict
from sirf._version import __version__
from sirf.errors import SirfError

if TYPE_CHECKING:
    from sirf.link import Link
    from sirf.study.comparison import Comparison

app = typer.Typer(
    name="sirf", no_args_is_help=False, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="SerDes channel signal integrity: eyes, error ratios and reach, boards against co-packaged optics.",
)  # fmt: skip

Json = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON; - is standard output.")
]
Thru = Annotated[Path, typer.Argument(help="Touchstone file of the through path.", show_default=False)]
Fext = Annotated[
    list[Path] | None, typer.Option("--fext", help="Touchstone file of a far-end aggressor; may be repeated.")
]
Next = Annotated[
    list[Path] | None, typer.Option("--next", help="Touchstone file of a near-end aggressor; may be repeated.")
]
Standard = Annotated[str, typer.Option(help="Preset id; see 'sirf standards'.")]
PortOrder = Annotated[
    str | None,
    typer.Option(help="12-34, 13-24, 14-23 or lanes such as 1:9-2:10,3:11-4:12; found from the data by default."),
]
Victim = Annotated[int | None, typer.Option(help="Lane that is the through path of a file of several pairs.")]
NextLanes = Annotated[
    list[int] | None,
    typer.Option("--next-lane", help="Lane of such a file that transmits at the victim's receiver; may be repeated."),
]
MixedMode = Annotated[str | None, typer.Option(help="Modes of the rows, such as 'D1,2 D3,4 C1,2 C3,4'.")]
PackageCase = Annotated[int, typer.Option(help="Package test case of the preset, from 1.")]
SymbolRate = Annotated[float | None, typer.Option(help="Symbol rate in baud instead of the preset's.")]
Seed = Annotated[int, typer.Option(help="Seed of the random numbers.")]
Ideal = Annotated[bool, typer.Option("--ideal-feedback", help="Feed sent symbols back: no DFE error propagation.")]


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    """SerDes channel signal integrity: eyes, error ratios and reach, boards against co-packaged optics."""
    if version:
        print(f"sirf {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit


@app.command()
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
    from sirf.study.compare import compare as run
    from sirf.system.architecture import ORDER

    with _progress("compare") as update:
        limit = None if min_com is None else {"com_db": min_com}
        result = run(
            paths or ORDER,
            data_rate=data_rate * 1e9,
            limit=limit,
            progress=lambda what, done, total: update(what, done, total),
        )
    _print_comparison(result, aside=json_file == "-")
    _write_json(result.to_dict(), json_file)
    _write_folder(result, out)


@app.command()
def eye(
    thru: Thru,
    standard: Standard = "802.3ck-c2m",
    fext: Fext = None,
    next_files: Next = None,
    engine: Annotated[str, typer.Option(help="statistical or waveform.")] = "statistical",
    symbols: Annotated[int, typer.Option(help="Symbols of the waveform engine.")] = 1_000_000,
    seed: Seed = 1,
    out: Annotated[Path | None, typer.Option(help="Write the eye as a picture (.png, .svg, .pdf).")] = None,
    waveform: Annotated[
        Path | None, typer.Option(help="Write waveforms and decisions of the first 10,000 symbols (.npz, .h5).")
    ] = None,
    port_order: PortOrder = None,
    victim: Victim = None,
    next_lanes: NextLanes = None,
    package_case: PackageCase = 1,
    symbol_rate: SymbolRate = None,
    ideal_feedback: Ideal = False,
    json_file: Json = None,
) -> None:
    """Show the eye of one channel after equalisation."""
    if engine not in ("statistical", "waveform"):
        raise SirfError(f"engine must be 'statistical' or 'waveform', got {engine!r}. Use statistical.")
    if waveform is not None and (engine != "waveform" or waveform.suffix not in (".npz", ".h5", ".hdf5")):
        raise SirfError(
            f"waveform must be a file .npz or .h5 of the waveform engine, got {waveform.name!r}. Add --engine waveform."
        )
    _check_counts(symbols=symbols)
    _check_seed(seed)
    from sirf.engine.statistical import statistical_eye
    from sirf.engine.waveform import RunInterrupted, simulate
    from sirf.results.statistical_eye import StatisticalEye
    from sirf.results.waveform_run import WaveformRun

    link = _link(thru, fext, next_files, standard, port_order, package_case, symbol_rate, victim, next_lanes)
    interrupted = False
    result: StatisticalEye | WaveformRun
    if engine == "statistical":
        result = statistical_eye(link, ideal_feedback=ideal_feedback)
    else:
        record = 0 if waveform is None else 10_000
        places = () if waveform is None else ("transmitter", "channel", "ctle")
        with _progress("waveform") as update:
            try:
                result = simulate(link, symbols=symbols, rng=seed, ideal_feedback=ideal_feedback, record=record, capture=places,
                                  progress=lambda done, total, errors: update(f"{errors} bit errors", done, total))  # fmt: skip
            except RunInterrupted as stopped:
                result, interrupted = stopped.run, True
    _say(str(result), aside=json_file == "-")
    if isinstance(result, WaveformRun) and result.record is not None and waveform is not None:
        result.record.save(waveform)
        _say(f"wrote {waveform}", aside=json_file == "-")
    if out is not None:
        _save_eye(result, out)
        _say(f"wrote {out}", aside=json_file == "-")
    _write_json({**result.to_dict(), **_about(link)}, json_file)
    if interrupted:
        raise KeyboardInterrupt


@app.command()
def ber(
    thru: Thru,
    standard: Standard = "802.3ck-c2m",
    fext: Fext = None,
    next_files: Next = None,
    max_errors: Annotated[int, typer.Option(help="Stop at so many bit errors.")] = 100,
    max_symbols: Annotated[int, typer.Option(help="Stop at so many symbols.")] = 10_000_000,
    resume: Annotated[
        Path | None, typer.Option(help="File that keeps the counts; an interrupted run goes on from it.")
    ] = None,
    seed: Seed = 1,
    workers: Annotated[int | None, typer.Option(help="Threads; all cores by default.")] = None,
    port_order: PortOrder = None,
    victim: Victim = None,
    next_lanes: NextLanes = None,
    package_case: PackageCase = 1,
    symbol_rate: SymbolRate = None,
    ideal_feedback: Ideal = False,
    fec: Annotated[str | None, typer.Option(help="Count code words of this code too: kp4, kr4 or a TOML file.")] = None,
    pattern: Annotated[
        str | None, typer.Option(help="Test pattern instead of random symbols, for example prbs13q.")
    ] = None,
    precoding: Annotated[bool, typer.Option("--precoding", help="Put 1/(1+D) before the line.")] = False,
    mlse: Annotated[int, typer.Option(help="Memory of a sequence detector in symbols; 0 for a slicer.")] = 0,
    json_file: Json = None,
) -> None:
    """Count errors bit by bit and give the error ratio with its 99 % interval."""
    import os

    workers = workers if workers is not None else os.cpu_count() or 1
    _check_counts(max_errors=max_errors, max_symbols=max_symbols, workers=workers)
    _check_seed(seed)
    from sirf.engine.error_count import CountInterrupted, count_errors
    from sirf.fec import CodewordCounter, load

    code = None if fec is None else load(fec)
    link = _link(thru, fext, next_files, standard, port_order, package_case, symbol_rate, victim, next_lanes)
    link = _sending(link, pattern, precoding=precoding, mlse=mlse)
    words = None if code is None else CodewordCounter(code, order=link.order, precoding=link.transmitter.precoding)
    interrupted = False
    with _progress("ber") as update:
        try:
            count = count_errors(
                link, max_errors=max_errors, max_symbols=max_symbols, rng=seed, resume=resume,
                ideal_feedback=ideal_feedback, workers=workers, codewords=words,
                progress=lambda done, total, errors: update(f"{errors} bit errors", done, total),
            )  # fmt: skip
        except CountInterrupted as stopped:
            count, interrupted = stopped.count, True
    _say(str(count), aside=json_file == "-")
    answer = {**count.to_dict(), **_about(link)}
    if words is not None:
        _say(f"{words.count!r}", aside=json_file == "-")
        answer["fec"] = words.count.to_dict()
    _write_json(answer, json_file)
    if interrupted:
        raise KeyboardInterrupt


@app.command()
def jtol(
    thru: Thru,
    standard: Standard = "802.3ck-c2m",
    fext: Fext = None,
    next_files: Next = None,
    mask: Annotated[str | None, typer.Option(help="Mask id or file; given, exit code 1 where it is missed.")] = None,
    max_ber: Annotated[
        float | None, typer.Option("--ber", help="Most bit error ratio; the preset's DER0 by default.")
    ] = None,
    symbols: Annotated[int | None, typer.Option(help="Least symbols of a run.")] = None,
    detector: Annotated[str, typer.Option(help="mueller-muller, sign-mueller-muller or bang-bang.")] = "mueller-muller",
    bandwidth: Annotated[float, typer.Option(help="Bandwidth of clock recovery in Hz.")] = 4e6,
    seed: Seed = 1,
    port_order: PortOrder = None,
    victim: Victim = None,
    next_lanes: NextLanes = None,
    package_case: PackageCase = 1,
    symbol_rate: SymbolRate = None,
    json_file: Json = None,
) -> None:
    """Largest sinusoidal jitter that the receiver tolerates, beside a standard's mask."""
    import dataclasses

    from sirf.clock.mask import load_mask
    from sirf.clock.recovery import ClockRecovery
    from sirf.study.jitter_tolerance import jtol as run

    _check_seed(seed)
    chosen = load_mask(mask or "802.3ck")
    clock = ClockRecovery(detector=detector, bandwidth=bandwidth)
    link = _link(thru, fext, next_files, standard, port_order, package_case, symbol_rate, victim, next_lanes)
    link = link.replace(receiver=dataclasses.replace(link.receiver, clock=clock))
    with _progress("jtol") as update:
        result = run(link, mask=chosen, ber=max_ber, symbols=symbols, rng=seed, progress=update)
    _say(str(result), aside=json_file == "-")
    _write_json({**result.to_dict(), **_about(link)}, json_file)
    if mask is not None and not result.passed:
        raise typer.Exit(1)


@app.command()
def pulse(
    thru: Thru,
    symbol_rate: Annotated[float, typer.Option(help="Symbol rate in baud.")],
    samples_per_ui: Annotated[int, typer.Option(help="Samples per unit interval.")] = 32,
    amplitude: Annotated[float, typer.Option(help="Amplitude of the symbol in V.")] = 1.0,
    out: Annotated[Path | None, typer.Option(help="Write the pulse as a picture.")] = None,
    port_order: PortOrder = None,
    victim: Victim = None,
    json_file: Json = None,
) -> None:
    """Pulse response of a channel as it is: no package, no equaliser, the noise filter of 0.75 x the symbol rate."""
    from sirf.channel.channel import Channel
    from sirf.channel.response import Transfer, pulse_response
    from sirf.receiver.filters import butterworth4

    channel = Channel.from_touchstone(thru, port_order=port_order, victim=victim)
    warnings = channel.warnings + channel.check_symbol_rate(symbol_rate)
    transfer = Transfer(channel.frequency, channel.through.s[:, 1, 0])
    response = pulse_response(transfer, symbol_rate=symbol_rate, samples_per_ui=samples_per_ui, amplitude=amplitude,
                              filters=lambda frequency: butterworth4(frequency, 0.75 * symbol_rate))  # fmt: skip
    _warn(warnings + response.warnings)
    aside = json_file == "-"
    _say(f"peak {1e3 * response.volts[response.cursor]:.3f} mV at {1e9 * response.time[response.cursor]:.4f} ns, "
         f"{len(response.time)} samples", aside=aside)  # fmt: skip
    if out is not None:
        from sirf import plot
        from sirf.plot._axes import new_figure, save_figure

        figure, axes = new_figure((7.0, 4.0))
        plot.pulse(response, axes[0])
        save_figure(figure, out)
        _say(f"wrote {out}", aside=aside)
    _write_json({"symbol_rate": symbol_rate, "samples_per_ui": samples_per_ui, "cursor": int(response.cursor),
                 "time_s": response.time.tolist(), "volts": response.volts.tolist()}, json_file)  # fmt: skip


@app.command()
def figures(
    thru: Thru,
    standard: Annotated[str | None, typer.Option(help="Standard whose settings and limits hold; 802.3ck-c2m.")] = None,
    fext: Fext = None,
    next_files: Next = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the pictures and figures.json.")] = None,
    port_order: PortOrder = None,
    victim: Victim = None,
    next_lanes: NextLanes = None,
    package_case: PackageCase = 1,
    symbol_rate: Annotated[float | None, typer.Option(help="Symbol rate in baud, instead of a standard.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 1 when a limit of the standard is missed.")
    ] = False,
    json_file: Json = None,
) -> None:
    """Judge a channel's copper: losses, ILD, ICN, ERL, TDR impedance, skew, mode conversion."""
    from sirf.channel.channel import Channel
    from sirf.channel.figures.limits import list_limits
    from sirf.presets import list_presets, load

    standard = standard or (None if symbol_rate else "802.3ck-c2m")
    channel = Channel.from_touchstone(
        thru,
        fext=fext or [],
        next=next_files or [],
        port_order=port_order,
        victim=victim,
        next_lanes=next_lanes or [],
    )
    package = None
    if standard in list_presets() and (cases := load(standard).packages):
        if not 1 <= package_case <= len(cases):
            raise SirfError(f"package_case must be 1 to {len(cases)} for {standard}, got {package_case}. Count from 1.")
        package = cases[package_case - 1].transmitter
    if standard in list_presets() and standard not in list_limits():
        _warn((f"no limits ship for {standard}: its figures are taken at its symbol rate, without ERL",))
        symbol_rate, standard = symbol_rate or load(standard).symbol_rate, None
    result = channel.figures(standard, symbol_rate=symbol_rate, transmitter_package=package)
    _warn(result.warnings)
    aside = json_file == "-"
    _say(str(result), aside=aside)
    if out is not None:
        from sirf.plot._axes import save_figure
        from sirf.plot.channel import pictures

        drawn = pictures(channel, standard=standard, symbol_rate=symbol_rate)
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SirfError(
                f"out must be a folder that can be made, got {out} ({error.strerror}). Name another."
            ) from error
        for name, picture in drawn.items():
            save_figure(picture, out / f"{name}.png")
        _write_json(result.to_dict(), str(out / "figures.json"))
        _say(f"wrote figures.json, {', '.join(f'{name}.png' for name in drawn)} in {out}", aside=aside)
    _write_json(result.to_dict(), json_file)
    if strict and result.within_limits is False:
        raise typer.Exit(1)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="Touchstone file (.sNp).", show_default=False)],
    port_order: PortOrder = None,
    mixed_mode: MixedMode = None,
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
    from sirf.channel.quality import quality
    from sirf.channel.repair import repair as mend
    from sirf.channel.touchstone import load_touchstone, write_touchstone
    from sirf.errors import LimitError

    if out is not None and repair is None:
        raise SirfError(f"repair must be given with --out, got --out {out} alone. Add --repair dc,causal,passive.")
    if standard is not None:
        from sirf.presets import load

        symbol_rate = symbol_rate or load(standard).symbol_rate
    read = load_touchstone(file, mixed_mode=mixed_mode)
    lanes = None if port_order is None else parse_lanes(port_order, read.network.ports)
    judge = partial(quality, symbol_rate=symbol_rate, lanes=lanes, in_time=in_time)
    found = judge(read.network, notes=read.notes)
    _say(str(found), aside=json_file == "-")
    result: dict[str, Any] = {**found.to_dict(), "version": read.version}
    network, missed = read.network, None
    try:
        if repair is not None:
            mended = mend(network, repair, limit_db=limit)
            network = mended.network
            after = judge(network)
            _say(f"{mended}\n{after}", aside=json_file == "-")
            result |= {"repair": mended.to_dict()["steps"], "repaired": after.to_dict()}
        if out is not None:
            write_touchstone(out, network, comment=f"{file.name} after repair {repair} by sirf {__version__}")
            _say(f"wrote {out}", aside=json_file == "-")
        if fit is not None:
            from sirf.channel.vector_fit import vector_fit

            model = vector_fit(network, max_error=fit)
            _say(str(model), aside=json_file == "-")
            result["model"] = model.to_dict()
    except LimitError as error:
        missed = error
    _write_json(result, json_file)
    if missed is not None:
        print(f"sirf: {missed}", file=sys.stderr)
        raise typer.Exit(1)


@app.command(name="com")
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
    package_case: Annotated[int | None, typer.Option(help="Package test case from 1; all by default.")] = None,
    full_grid: Annotated[
        bool, typer.Option("--full-grid", help="Take the full grid's answer, not Local Search's.")
    ] = False,
    at_least: Annotated[
        float | None, typer.Option("--com-db", help="Fail (exit code 1) when COM in dB is below this.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write pulse and distribution as a picture (.png, .svg, .pdf).")
    ] = None,
    port_order: PortOrder = None,
    victim: Victim = None,
    next_lanes: NextLanes = None,
    json_file: Json = None,
) -> None:
    """Channel Operating Margin (COM, FOM, VEC, VEO, ERL, ICN) of one channel."""
    from sirf.cli_com import json_of, run

    result = run(thru, fext=fext or [], next_files=next_files or [], standard=standard, config=config, changes=changes or [],
                 package_case=package_case, port_order=port_order, victim=victim, next_lanes=next_lanes or [], full=full_grid,
                 out=out)  # fmt: skip
    _say(str(result), aside=json_file == "-")
    if out is not None:
        _say(f"wrote {out}", aside=json_file == "-")
    _write_json(json_of(result, thru), json_file)
    if at_least is not None and result.com_db < at_least:
        raise typer.Exit(1)


@app.command()
def reach(
    path: Annotated[
        str,
        typer.Argument(
            help="A path (with --standard) or its .toml file, an architecture, or optics.", show_default=False
        ),
    ],
    standard: Annotated[str | None, typer.Option(help="Preset of a path; see 'sirf standards'.")] = None,
    data_rate: Annotated[float | None, typer.Option(help="Gb/s a lane of an architecture; 106.25 by default.")] = None,
    max_ber: Annotated[
        float | None, typer.Option("--ber", help="Most bit error ratio; the preset's DER0 by default.")
    ] = None,
    max_post_fec: Annotated[
        float | None, typer.Option("--ber-post-fec", help="Most ratio after --fec instead.")
    ] = None,
    min_com: Annotated[float | None, typer.Option("--com-db", help="Least COM in dB instead.")] = None,
    min_height: Annotated[float | None, typer.Option("--eye-height-mv", help="Least eye height in mV instead.")] = None,
    min_width: Annotated[float | None, typer.Option("--eye-width-ui", help="Least eye width in UI instead.")] = None,
    mask: Annotated[str | None, typer.Option("--eye-mask", help="Least height and width instead, as 10,0.1.")] = None,
    max_tdecq: Annotated[float | None, typer.Option("--tdecq-db", help="Most TDECQ in dB instead (light).")] = None,
    fec_code: Annotated[str, typer.Option("--fec", help="Code behind --ber-post-fec.")] = "kp4",
    at_least: Annotated[
        float | None, typer.Option(help="Fail (exit code 1) when the reach in mm is below this.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the curve as a picture.")] = None,
    json_file: Json = None,
) -> None:
    """Longest trace, cable or fibre that meets a limit, and what limits it."""
    from sirf import cli_studies as studies

    limits = {"ber": max_ber, "ber_post_fec": max_post_fec, "com_db": min_com, "eye_height_mv": min_height,
              "eye_width_ui": min_width, "eye_mask": studies.pair_of(mask), "tdecq_db": max_tdecq}  # fmt: skip
    with _progress("reach") as update:
        result = studies.reach(path, standard=standard, data_rate=data_rate, limits=limits, fec=fec_code, out=out,
                               update=update)  # fmt: skip
    _say(str(result), aside=json_file == "-")
    if out is not None:
        _say(f"wrote {out}", aside=json_file == "-")
    _write_json(result.to_dict(), json_file)
    if at_least is not None and (result.reach_mm is None or result.reach_mm < at_least):
        raise typer.Exit(1)


@app.command(name="map")
def map_command(
    kind: Annotated[str, typer.Argument(help="length-loss, length-rate or material-roughness.", show_default=False)],
    path: Annotated[
        str, typer.Argument(help="A path or its .toml file; for length-rate an architecture too.", show_default=False)
    ],
    standard: Annotated[str | None, typer.Option(help="Preset of a path; 802.3ck-c2m by default.")] = None,
    figure: Annotated[
        str, typer.Option(help="ber, ber_post_fec, com_db, eye_height_mv, eye_width_ui, tdecq_db.")
    ] = "ber",
    lengths: Annotated[str | None, typer.Option(help="Lengths in mm, with commas.")] = None,
    losses: Annotated[str | None, typer.Option(help="Losses of the line in dB/inch at Nyquist, with commas.")] = None,
    rates: Annotated[str | None, typer.Option(help="Data rates in Gb/s a lane, with commas.")] = None,
    materials: Annotated[str | None, typer.Option(help="Laminates, with commas; see 'sirf materials'.")] = None,
    roughness: Annotated[str | None, typer.Option(help="Rms roughness of the foil in um, with commas.")] = None,
    limit: Annotated[float | None, typer.Option(help="Draw the line at which the figure meets this.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the map as a picture.")] = None,
    json_file: Json = None,
) -> None:
    """One figure over two quantities: length and loss, length and rate, material and roughness."""
    from sirf import cli_studies as studies

    grids = studies.Grids(lengths=lengths, losses=losses, rates=rates, materials=materials, roughness=roughness)
    with _progress("map") as update:
        result = studies.map_of(kind, path, standard=standard, figure=figure, grids=grids, limit=limit, out=out,
                                update=update)  # fmt: skip
    _say(str(result), aside=json_file == "-")
    if out is not None:
        _say(f"wrote {out}", aside=json_file == "-")
    _write_json(result.to_dict(), json_file)


@app.command()
def crossover(
    challenger: Annotated[str, typer.Option(help="Architecture that is to win.")] = "cpo-retimed",
    rival: Annotated[
        list[str] | None, typer.Option(help="Architecture to hold it against; may be repeated; all others by default.")
    ] = None,
    data_rate: Annotated[float, typer.Option(help="Gb/s a lane.")] = 106.25,
    max_ber: Annotated[
        float | None,
        typer.Option("--ber", help="Most bit error ratio of all from host to host; the greatest DER0 by default."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write energies over length as a picture.")] = None,
    json_file: Json = None,
) -> None:
    """Length of a rival's line beyond which co-packaged optics take less energy at equal error ratio."""
    from sirf import cli_studies as studies

    with _progress("crossover") as update:
        result = studies.crossover(
            challenger, rival, data_rate=data_rate, limit={"ber": max_ber}, out=out, update=update
        )
    _say(str(result), aside=json_file == "-")
    if out is not None:
        _say(f"wrote {out}", aside=json_file == "-")
    _write_json(result.to_dict(), json_file)


@app.command()
def fec(
    ber: Annotated[list[float], typer.Option(help="Bit error ratio before the decoder; may be repeated.")],
    code: Annotated[str, typer.Option(help="kp4, kr4 or a TOML file of your own.")] = "kp4",
    burst: Annotated[
        float | None, typer.Option(help="Chance that an error leads to another, as a one-tap DFE's (default: none).")
    ] = None,
    interleave: Annotated[int, typer.Option(help="Code words that take turns on the line.")] = 1,
    precoding: Annotated[bool, typer.Option("--precoding", help="1/(1+D) precoding.")] = False,
    json_file: Json = None,
) -> None:
    """Error ratios after forward error correction, computed for independent or burst errors."""
    from sirf.fec import ErrorChain, load

    chosen = load(code)
    results = [
        chosen.post_fec(
            value if burst is None else ErrorChain.bursts(value, burst), interleave=interleave, precoding=precoding
        )
        for value in ber
    ]
    _say(f"{code}, 1:{interleave} interleaved, {'1/(1+D) precoding' if precoding else 'no precoding'}, "
         f"{'independent errors' if burst is None else f'errors go on with {burst:g}'}", aside=json_file == "-")  # fmt: skip
    _table(
        ("line BER", "decoder BER", "symbol errors", "code words lost", "frames lost", "BER after"),
        [
            tuple(f"{x:.3e}" for x in (line, r.pre_fec_ber, r.symbol_error_ratio, r.codeword_error_ratio,
                                       r.frame_loss_ratio, r.ber))
            for line, r in zip(ber, results, strict=True)
        ],
        aside=json_file == "-",
    )  # fmt: skip
    rows = [{"line_ber": line, **result.to_dict()} for line, result in zip(ber, results, strict=True)]
    _write_json(rows, json_file)


@app.command()
def optics(
    name: Annotated[
        str | None, typer.Argument(help="An optical path or a TOML file; all that ship by default.")
    ] = None,
    taps: Annotated[int, typer.Option(help="Taps of the reference equaliser: 5 or 15.")] = 5,
    pattern: Annotated[str, typer.Option(help="Test pattern; ssprq is the standard's, and slow.")] = "prbs13q",
    json_file: Json = None,
) -> None:
    """Light of an optical path: amplitude, extinction, TDECQ, sensitivity and margin."""
    if taps not in (5, 15):
        raise SirfError(f"taps must be 5 or 15, got {taps}. Use 5 (clause 121) or 15 (802.3dj).")
    from sirf import optics as room

    receiver = room.FIVE_TAPS if taps == 5 else room.FIFTEEN_TAPS
    rows = []
    for preset in map(room.load_optics, room.list_optics() if name is None else (name,)):
        found = room.measure(
            preset.path, swing=preset.swing, symbol_rate=preset.symbol_rate, receiver=receiver, pattern=pattern
        )
        budget = room.link_budget(preset.path, found)
        rows.append({"path": preset.name, "title": preset.title, **found.to_dict(), **budget.to_dict()})
    head = ("path", "OMA dBm", "ER dB", "R_LM", "TECQ dB", "TDECQ dB", "margin dB")
    keys = ("oma_dbm", "extinction_db", "level_mismatch", "tecq_db", "tdecq_db", "margin_db")
    _table(head, [(row["path"], *(f"{row[key]:.2f}" for key in keys)) for row in rows], aside=json_file == "-")
    _write_json(rows, json_file)


@app.command()
def standards(json_file: Json = None) -> None:
    """List the presets with their provenance."""
    from sirf.presets import list_presets, load

    presets = [load(name) for name in list_presets()]
    rows = [(p.id, f"{p.symbol_rate / 1e9:g}", p.modulation, f"{p.der0:g}", "" if p.loss_db is None else f"{p.loss_db:g}",
             p.provenance, p.title) for p in presets]  # fmt: skip
    _table(("standard", "GBd", "mod", "DER0", "loss dB", "prov", "title"), rows, aside=json_file == "-")
    _say(
        "provenance: P published by the standard or maker, 2 secondary, E engineering estimate",
        aside=json_file == "-",
    )
    _write_json([{"id": p.id, "title": p.title, "symbol_rate": p.symbol_rate, "modulation": p.modulation, "der0": p.der0,
                  "loss_db": p.loss_db, "provenance": p.provenance, "source": p.source, "notes": p.notes} for p in presets],
                json_file)  # fmt: skip


@app.command()
def materials(json_file: Json = None) -> None:
    """List the laminates with their provenance."""
    from sirf.channel.materials import list_materials, load_material

    loaded = [load_material(name) for name in list_materials()]
    rows = [(m.id, f"{m.dk:g}", f"{m.df:g}", f"{m.frequency / 1e9:g}", m.provenance, m.title) for m in loaded]
    _table(("material", "Dk", "Df", "at GHz", "prov", "title"), rows, aside=json_file == "-")
    _write_json([{"id": m.id, "title": m.title, "dk": m.dk, "df": m.df, "frequency": m.frequency, "provenance": m.provenance,
                  "source": m.source} for m in loaded], json_file)  # fmt: skip


def _link(
    thru: Path,
    fext: list[Path] | None,
    next_files: list[Path] | None,
    standard: str,
    port_order: str | None,
    package_case: int,
    symbol_rate: float | None,
    victim: int | None = None,
    next_lanes: list[int] | None = None,
) -> Link:
    """The equalised link of the options, with its warnings shown."""
    from sirf.channel.channel import Channel
    from sirf.engine.front_end import preparation_warnings
    from sirf.link import Link
    from sirf.presets import load

    load(standard)
    channel = Channel.from_touchstone(
        thru,
        fext=fext or [],
        next=next_files or [],
        port_order=port_order,
        victim=victim,
        next_lanes=next_lanes or [],
    )
    link = Link(channel, standard=standard, package_case=package_case, symbol_rate=symbol_rate)
    _warn(link.warnings + preparation_warnings(link))
    link = link.optimized()
    report = link.equalizer_report
    if channel.port_order is not None:
        from sirf.channel.lanes import lane_name

        how = "as given" if port_order else "found from the data"
        print(f"port order: {lane_name(channel.port_order)}, {how}", file=sys.stderr)
    print(f"equaliser: {report}", file=sys.stderr)
    if report is not None and not report.opened:
        _warn(("no equaliser setting opens this link; the error ratio below is that of the best one found",))
    return link


def _sending(link: Link, pattern: str | None, *, precoding: bool, mlse: int) -> Link:
    """The link with what `sirf ber` may set beside the standard."""
    import dataclasses

    from sirf.receiver.mlse import Mlse
    from sirf.signal.patterns import Pattern

    tx, rx = link.transmitter, link.receiver
    if pattern is not None or precoding:
        tx = dataclasses.replace(tx, pattern=Pattern(pattern) if pattern else None, precoding=precoding)
    if mlse:
        rx = dataclasses.replace(rx, mlse=Mlse(memory=mlse))
    return link.replace(transmitter=tx, receiver=rx)


def _check_counts(**counts: int) -> None:
    """Refuse what an engine would refuse, before a search has run and printed."""
    for name, value in counts.items():
        if value < 1:
            raise SirfError(f"{name} must be at least 1, got {value}. Give a positive whole number.")


def _check_seed(seed: int) -> None:
    if seed < 0:
        raise SirfError(f"seed must be a whole number from 0, got {seed}. Use --seed 1.")


def _about(link: Link) -> dict[str, Any]:
    order = link.channel.port_order
    report = link.equalizer_report
    return {"port_order": None if order is None else list(order), "warnings": list(link.warnings),
            "equalizer": None if report is None else report.to_dict()}  # fmt: skip


def _warn(warnings: tuple[str, ...]) -> None:
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)


def _say(text: str, *, aside: bool) -> None:
    """Text for people: standard output, or standard error when JSON takes that."""
    print(text, file=sys.stderr if aside else sys.stdout)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, aside: bool) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*head, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    console = Console(stderr=aside)
    # a pipe has no width: give the table what it needs
    wide = console if console.is_terminal else Console(stderr=aside, width=160)
    wide.print(table)


def _print_comparison(result: Comparison, *, aside: bool) -> None:
    _say(f"{result.data_rate / 1e9:g} Gb/s per lane, die to die, eye of the worst of the three", aside=aside)
    for head, lines in result.tables():
        _table(head, lines, aside=aside)
    notes: dict[str, list[str]] = {}
    for row in result.rows:
        for note in row.notes:
            notes.setdefault(note, []).append(row.path)
    for note, rows in notes.items():
        _say(f"{', '.join(rows) if len(rows) < len(result.rows) else 'all'}: {note}", aside=aside)


def _write_folder(result: Comparison, out: Path) -> None:
    from sirf.report import write_comparison

    try:
        names = write_comparison(result, out)
    except OSError as error:
        raise SirfError(
            f"out must be a folder that can be written, got {out} ({error.strerror}). Name another."
        ) from error
    print(f"wrote {', '.join(names)} in {out}", file=sys.stderr)


def _save_eye(result: Any, out: Path) -> None:
    from sirf import plot
    from sirf.plot._axes import empty_figure, new_figure, save_figure
    from sirf.results.statistical_eye import StatisticalEye

    if isinstance(result, StatisticalEye):
        figure = empty_figure((8.0, 6.4))
        axes = plot.eye_with_bathtubs(result, figure)
    else:
        figure, grid = new_figure((7.0, 5.0))
        axes = plot.eye(result, grid[0])
    axes.set_title(repr(result.link), fontsize="small")
    save_figure(figure, out)


def _write_json(value: Any, file: str | None) -> None:
    if file is None:
        return
    text = json.dumps(strict(value), indent=1, allow_nan=False)
    if file == "-":
        print(text)
        return
    try:
        Path(file).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise SirfError(
            f"json must be a file that can be written, got {file} ({error.strerror}). Name another."
        ) from error


@contextmanager
def _progress(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on standard error while work goes on; silent where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        # the bar would leave an empty line behind, and an error is to be the only one
        yield lambda note, done, total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("{task.fields[note]}"))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=1, note="")
        yield lambda note, done, total: bar.update(task, completed=done, total=total, note=note)

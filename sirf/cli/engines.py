"""`sirf eye`, `sirf ber`: one channel through the engines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sirf._files import check_output, check_output_folder
from sirf.cli.ami import ModelOptions
from sirf.cli.channel_files import AS_THE_FILE_SAYS, ChannelFiles, Reading, with_reading
from sirf.cli.links import check_counts, check_seed, equalized_link, link_facts, with_sending_options
from sirf.cli.options import (
    Fext,
    Ideal,
    Json,
    ModelSearch,
    ModelSettings,
    Next,
    PackageCase,
    Report,
    RxAmi,
    RxSo,
    Sampling,
    Seed,
    Standard,
    Thru,
    TxAmi,
    TxSo,
    refuse_unread,
)
from sirf.cli.output import check_outputs, check_report, line_width, progress, say, write_json, write_picture
from sirf.cli.pictures import eye_picture, write_pictures
from sirf.cli.quantities import SymbolRate, count_option
from sirf.errors import SirfError

if TYPE_CHECKING:
    from sirf.link import Link
    from sirf.results.statistical_eye import StatisticalEye
    from sirf.results.waveform_run import WaveformRun


@with_reading
def eye(
    context: typer.Context,
    thru: Thru,
    standard: Standard = "802.3ck-c2m",
    fext: Fext = None,
    next_files: Next = None,
    engine: Annotated[str, typer.Option(help="statistical or waveform.")] = "statistical",
    symbols: Annotated[int, count_option("symbols", "Symbols of the waveform engine.")] = 1_000_000,
    seed: Seed = 1,
    out: Annotated[Path | None, typer.Option(help="Write the eye as a picture (.png, .svg, .pdf).")] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Folder for all pictures: eye, responses, equalisers, jitter, noise by cause."
        ),
    ] = None,
    report: Report = None,
    terminal: Annotated[bool, typer.Option("--terminal", help="Draw the eye here, in braille dots.")] = False,
    waveform: Annotated[
        Path | None, typer.Option(help="Write waveforms and decisions of the first 10,000 symbols (.npz, .h5).")
    ] = None,
    reading: Reading = AS_THE_FILE_SAYS,
    sampling: Sampling = None,
    package_case: PackageCase = "1",
    symbol_rate: SymbolRate = None,
    tx_ami: TxAmi = None,
    rx_ami: RxAmi = None,
    tx_so: TxSo = None,
    rx_so: RxSo = None,
    settings: ModelSettings = None,
    search: ModelSearch = None,
    ideal_feedback: Ideal = False,
    json_file: Json = None,
) -> None:
    """Show the eye of one channel after equalisation."""
    # every check before the first file is read: a wrong ending must not cost a search of a minute
    _check_engine(engine, waveform)
    if engine == "statistical":
        # it sends no symbols and draws no numbers
        refuse_unread(context, "symbols", "seed", needs="--engine waveform", got="the statistical engine")
    check_report(report, statistical=engine == "statistical")
    check_seed(seed)
    check_outputs(json_file, out=out)
    check_output("waveform", waveform)
    check_output_folder("pictures", pictures)
    _check_pictures(pictures, engine)
    from sirf.results.statistical_eye import StatisticalEye
    from sirf.results.waveform_run import WaveformRun

    models = ModelOptions(tx_ami, rx_ami, tx_so, rx_so, tuple(settings or ()), tuple(search or ()))
    # none is read yet: `equalized_link` checks the standard first
    files = ChannelFiles(thru, fext, next_files, reading)
    link = equalized_link(
        files, standard, package_case=package_case, symbol_rate=symbol_rate, models=models, sampling=sampling
    )
    interrupted = False
    result: StatisticalEye | WaveformRun
    if engine == "statistical":
        from sirf.engine.statistical.analysis import statistical_eye

        result = statistical_eye(link, ideal_feedback=ideal_feedback)
    else:
        result, interrupted = _simulated(
            link, symbols, seed, ideal_feedback=ideal_feedback, records=waveform is not None
        )
    say(str(result), json_file=json_file)
    # ahead of files: what stands in the terminal is what a user waits for
    if terminal:
        from sirf.cli.terminal_eye import terminal_eye

        say(terminal_eye(result, width=line_width()), json_file=json_file)
    if isinstance(result, WaveformRun) and result.record is not None and waveform is not None:
        result.record.save(waveform)
        say(f"wrote {waveform}", json_file=json_file)
    if out is not None:
        write_picture(eye_picture(result, interrupted=interrupted), out, json_file=json_file)
    if pictures is not None and isinstance(result, StatisticalEye):
        write_pictures(result, pictures, json_file=json_file)
    answer = {**result.to_dict(), **link_facts(link), "interrupted": interrupted}
    if report is not None and isinstance(result, StatisticalEye):
        from sirf.report.link import write_eye

        # the same dict as the JSON: page and file cannot disagree
        write_eye(result, link.channel, report, results=answer)
        say(f"wrote {report}", json_file=json_file)
    write_json(answer, json_file)
    # raised last, so that files and JSON of the part that ran are written; `__main__` makes exit code 130 of it
    if interrupted and isinstance(result, WaveformRun):
        raise KeyboardInterrupt(f"the answer is of {result.errors.symbols:,} symbols")


def _check_engine(engine: str, waveform: Path | None) -> None:
    """`SirfError` for an engine without an eye, or a file of waveforms that the engine does not write."""
    # the other engines answer other questions (`ber`, `com`); here only these two have an eye
    if engine not in ("statistical", "waveform"):
        raise SirfError(f"engine must be 'statistical' or 'waveform', got {engine!r}. Use statistical.")
    if waveform is not None and (engine != "waveform" or waveform.suffix not in (".npz", ".h5", ".hdf5")):
        raise SirfError(
            f"waveform must be a file .npz or .h5 of the waveform engine, got {waveform.name!r}. Add --engine waveform."
        )


def _check_pictures(pictures: Path | None, engine: str) -> None:
    """`SirfError` for the folder of pictures of a counted run."""
    # noise and jitter by cause are parts of probabilities: a counted run has none
    if pictures is not None and engine != "statistical":
        raise SirfError("pictures must be of the statistical engine, got the waveform engine. Leave --engine out.")


def _simulated(link: Link, symbols: int, seed: int, *, ideal_feedback: bool, records: bool) -> tuple[WaveformRun, bool]:
    """The run of the waveform engine, and whether it was interrupted; with `records` waveforms at four places are kept."""
    from sirf.engine.waveform.simulate import RunInterrupted, simulate

    with progress("waveform") as update:
        try:
            run = simulate(
                link,
                symbols=symbols,
                rng=seed,
                # sent symbols fed back tell what error propagation costs, when held against a run without
                ideal_feedback=ideal_feedback,
                # the beginning tells enough, and fits in memory
                record=10_000 if records else 0,
                # the three places between the blocks: where along the link an eye closes is read off them
                capture=("transmitter", "channel", "ctle") if records else (),
                progress=lambda done, total, errors: update(f"{errors} bit errors", done, total),
            )
        except RunInterrupted as stopped:
            # Ctrl-C ends the run, not the answer: what was counted is shown and written like any other
            return stopped.run, True
    return run, False


@with_reading
def ber(
    thru: Thru,
    standard: Standard = "802.3ck-c2m",
    fext: Fext = None,
    next_files: Next = None,
    max_errors: Annotated[int, count_option("max_errors", "Stop at so many bit errors.")] = 100,
    max_symbols: Annotated[int, count_option("max_symbols", "Stop at so many symbols, such as 1e9.")] = 10_000_000,
    resume: Annotated[
        Path | None, typer.Option(help="File that keeps the counts; an interrupted run goes on from it.")
    ] = None,
    seed: Seed = 1,
    workers: Annotated[int | None, typer.Option(help="Threads; all cores by default.")] = None,
    reading: Reading = AS_THE_FILE_SAYS,
    sampling: Sampling = None,
    package_case: PackageCase = "1",
    symbol_rate: SymbolRate = None,
    tx_ami: TxAmi = None,
    rx_ami: RxAmi = None,
    tx_so: TxSo = None,
    rx_so: RxSo = None,
    settings: ModelSettings = None,
    search: ModelSearch = None,
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

    # threads and not processes: the kernels release the interpreter's lock, and the link is then in memory once
    workers = workers if workers is not None else os.cpu_count() or 1
    check_counts(workers=workers)
    check_seed(seed)
    check_outputs(json_file)
    check_output("resume", resume)
    from sirf.engine.counting.count_errors import CountInterrupted, SaveFailed, count_errors
    from sirf.fec import CodewordCounter, load

    # an unknown code is told before the search for an equaliser, which takes seconds
    code = None if fec is None else load(fec)
    models = ModelOptions(tx_ami, rx_ami, tx_so, rx_so, tuple(settings or ()), tuple(search or ()))
    files = ChannelFiles(thru, fext, next_files, reading)
    link = equalized_link(
        files, standard, package_case=package_case, symbol_rate=symbol_rate, models=models, sampling=sampling
    )
    # behind the search: pattern, precoding and detector do not move the best taps of a random signal
    link = with_sending_options(link, pattern, precoding=precoding, mlse=mlse)
    # the counter must undo what the transmitter does, so it takes precoding from the link and not from the option
    words = None if code is None else CodewordCounter(code, order=link.order, precoding=link.transmitter.precoding)
    interrupted, failed = False, None
    with progress("ber") as update:
        try:
            count = count_errors(
                link,
                max_errors=max_errors,
                max_symbols=max_symbols,
                rng=seed,
                resume=resume,
                ideal_feedback=ideal_feedback,
                workers=workers,
                codewords=words,
                progress=lambda done, total, errors: update(f"{errors} bit errors", done, total),
            )
        except CountInterrupted as stopped:
            # Ctrl-C after an hour must not cost the hour: the counts so far are a whole answer with a wider interval
            count, interrupted = stopped.count, True
        except SaveFailed as error:
            # a full disk must not lose the counts: they are shown first, the error comes last
            count, failed = error.count, error
    say(str(count), json_file=json_file)
    answer = {**count.to_dict(), **link_facts(link), "interrupted": interrupted}
    if words is not None:
        say(f"{words.count!r}", json_file=json_file)
        answer["fec"] = words.count.to_dict()
    write_json(answer, json_file)
    # after the answer: the counts are shown, and the exit code still tells that they were not kept
    if failed is not None:
        raise failed
    if interrupted:
        kept = (
            "; --resume FILE would keep them" if resume is None else f" and kept in {resume}; the same command goes on"
        )
        raise KeyboardInterrupt(f"{count.symbols:,} symbols are counted in the answer{kept}")

"""`sirf jtol`: how much jitter a receiver tolerates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sirf.cli.channel_files import AS_THE_FILE_SAYS, ChannelFiles, Reading, with_reading
from sirf.cli.links import check_seed, equalized_link, link_facts
from sirf.cli.options import (
    Fext,
    Json,
    Next,
    PackageCase,
    Seed,
    Standard,
    Thru,
)
from sirf.cli.output import check_limit, check_outputs, draw_picture, progress, say, write_json
from sirf.cli.quantities import SymbolRate, count_option, parser
from sirf.units import parse_frequency


@with_reading
def jtol(
    thru: Thru,
    standard: Standard = "802.3ck-c2m",
    fext: Fext = None,
    next_files: Next = None,
    mask: Annotated[str | None, typer.Option(help="Mask id or file; given, exit code 1 where it is missed.")] = None,
    max_ber: Annotated[
        float | None, typer.Option("--ber", help="Most bit error ratio; the preset's DER0 by default.")
    ] = None,
    symbols: Annotated[int | None, count_option("symbols", "Least symbols of a run.")] = None,
    detector: Annotated[str, typer.Option(help="mueller-muller, sign-mueller-muller or bang-bang.")] = "mueller-muller",
    bandwidth: Annotated[
        float,
        typer.Option(
            parser=parser(parse_frequency, "bandwidth"),
            metavar="HZ",
            show_default="4MHz",
            help="Bandwidth of clock recovery, such as 4MHz; a bare number is Hz.",
        ),
    ] = 4e6,
    seed: Seed = 1,
    reading: Reading = AS_THE_FILE_SAYS,
    package_case: PackageCase = "1",
    symbol_rate: SymbolRate = None,
    out: Annotated[Path | None, typer.Option(help="Write tolerance and mask as a picture.")] = None,
    json_file: Json = None,
) -> None:
    """Largest sinusoidal jitter that the receiver tolerates, beside a standard's mask."""
    import dataclasses

    from sirf.clock.mask import load_mask
    from sirf.clock.recovery import ClockRecovery
    from sirf.study.jitter_tolerance import jtol as run

    check_seed(seed)
    check_limit("--ber", max_ber)
    check_outputs(json_file, out=out)
    chosen = load_mask(mask or "802.3ck")
    clock = ClockRecovery(detector=detector, bandwidth=bandwidth)
    files = ChannelFiles(thru, fext, next_files, reading)
    link = equalized_link(files, standard, package_case=package_case, symbol_rate=symbol_rate)
    # behind the search, which sets a link for the ideal instant: the loop is what is tested
    link = link.replace(receiver=dataclasses.replace(link.receiver, clock=clock))
    with progress("jtol") as update:
        result = run(link, mask=chosen, ber=max_ber, symbols=symbols, rng=seed, progress=update)
    say(str(result), json_file=json_file)
    if out is not None:
        from sirf.plot.jitter import jitter_tolerance

        draw_picture(lambda axes: jitter_tolerance(result, axes), out, json_file=json_file)
    write_json({**result.to_dict(), **link_facts(link)}, json_file)
    # only a mask that was asked for is a limit; the default one is drawn for orientation
    if mask is not None and not result.passed:
        raise typer.Exit(1)

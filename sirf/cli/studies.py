"""`sirf reach`, `sirf crossover`: studies of length."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sirf.cli.options import Json, refuse_unread
from sirf.cli.output import check_limit, check_outputs, draw_picture, limit_missed, progress, say, write_json
from sirf.cli.quantities import DataRate, parser, read_data_rate, read_length
from sirf.errors import SirfError

DEFAULT_STANDARD = "802.3ck-c2m"
"""The standard of a path that is given without one."""
TYPICAL_STEPS = 14
"""Lengths that a search tries, about."""


def reach(
    context: typer.Context,
    path: Annotated[
        str,
        typer.Argument(
            help="A path (with --standard) or its .toml file, an architecture, or optics.", show_default=False
        ),
    ],
    standard: Annotated[str | None, typer.Option(help="Preset of a path; see 'sirf standards'.")] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            "--data-rate",
            parser=parser(read_data_rate, "data_rate"),
            metavar="RATE",
            help="Of a lane of an architecture; 106.25Gb/s by default. A bare number is bit/s.",
        ),
    ] = None,
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
        float | None,
        typer.Option(
            parser=parser(read_length, "at_least"),
            metavar="LENGTH",
            help="Fail (exit code 1) when the reach is below this, such as '250 mm' or 10in; a bare number is m.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the curve as a picture.")] = None,
    json_file: Json = None,
) -> None:
    """Longest trace, cable or fibre that meets a limit, and what limits it."""
    from sirf import plot
    from sirf.study.reach import reach as find_reach

    limits: dict[str, Any] = {
        "ber": max_ber,
        "ber_post_fec": max_post_fec,
        "com_db": min_com,
        "eye_height_mv": min_height,
        "eye_width_ui": min_width,
        "eye_mask": _pair(mask),
        "tdecq_db": max_tdecq,
    }
    given = {name: value for name, value in limits.items() if value is not None}
    # all of them are asked for by options of their own, so that each has its unit and its help
    if len(given) > 1:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in limits)
        raise SirfError(f"limit must be one of {options}, got {len(given)}. Give one.")
    if max_post_fec is None:
        refuse_unread(context, "fec_code", needs="--ber-post-fec", got="no such limit")
    for option, value in given.items():
        check_limit(option, value if isinstance(value, float) else None)
    check_outputs(json_file, out=out)
    tried: list[float] = []
    with progress("reach", estimated=True) as update:

        def step(length: float, value: float) -> None:
            tried.append(length)
            place = f"{1e3 * length:.0f} mm" if length < 10.0 else f"{length:.0f} m"
            update(f"{place}: {value:.3g}", len(tried), max(TYPICAL_STEPS, len(tried) + 1))

        result = find_reach(
            path,
            standard=standard_or_default(path, standard, rate),
            limit=given or None,
            fec=fec_code,
            progress=step,
            data_rate=rate,
        )
    say(str(result), json_file=json_file)
    # the same row reads otherwise in the comparison: say so where both commands would be held side by side
    if not given and standard is None and _is_architecture(path):
        say(
            "sirf compare holds architectures against frames lost after FEC and COM instead; with --rule own against this limit",
            json_file=json_file,
        )
    if out is not None:
        draw_picture(lambda axes: plot.reach(result, axes), out, json_file=json_file)
    write_json(result.to_dict(), json_file)
    # rounding of the reach to mm and back must not fail a limit that it meets
    if at_least is not None and (result.reach_mm is None or 1e-3 * result.reach_mm < at_least * (1 - 1e-9)):
        limit_missed(f"reach is below the limit that was given, {at_least:g} m")


def crossover(
    challenger: Annotated[str, typer.Option(help="Architecture that is to win.")] = "cpo-retimed",
    rival: Annotated[
        list[str] | None, typer.Option(help="Architecture to hold it against; may be repeated; all others by default.")
    ] = None,
    data_rate: DataRate = 106.25e9,
    max_ber: Annotated[
        float | None,
        typer.Option("--ber", help="Most bit error ratio of all from host to host; the greatest DER0 by default."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write energies over length as a picture.")] = None,
    json_file: Json = None,
) -> None:
    """Length of a rival's line beyond which co-packaged optics take less energy at equal error ratio."""
    from sirf import plot
    from sirf.study.crossover import crossover as find_crossover

    check_limit("--ber", max_ber)
    check_outputs(json_file, out=out)
    with progress("crossover") as update:
        result = find_crossover(
            challenger,
            rival or None,
            data_rate=data_rate,
            limit=None if max_ber is None else {"ber": max_ber},
            progress=update,
        )
    say(str(result), json_file=json_file)
    if out is not None:
        draw_picture(lambda axes: plot.crossover(result, axes), out, json_file=json_file, size=(9.0, 4.8))
    write_json(result.to_dict(), json_file)


def standard_or_default(path: str, standard: str | None, data_rate: float | None) -> str | None:
    """The standard given, or the usual one for what can only be a path."""
    from sirf._data import list_data, load_toml, without_case
    from sirf.system.architecture import FAMILIES

    if standard is not None or data_rate is not None:
        return standard
    if path.endswith(".toml"):
        return DEFAULT_STANDARD if "segment" in load_toml(path) else None
    path = without_case(path, (*list_data("paths"), *list_data("architectures"), *FAMILIES))
    # some names ("cpo", "npo") are both: without a standard they mean the architecture
    only_a_path = path in list_data("paths") and path not in (*list_data("architectures"), *FAMILIES)
    return DEFAULT_STANDARD if only_a_path else None


def _is_architecture(path: str) -> bool:
    from sirf._data import list_data, without_case
    from sirf.system.architecture import FAMILIES

    known = (*list_data("architectures"), *FAMILIES)
    return without_case(path, known) in known


def _pair(text: str | None) -> tuple[float, float] | None:
    """(height in mV, width in UI) of a mask written as 10,0.1."""
    if text is None:
        return None
    try:
        height, width = (float(part) for part in text.split(","))
    except ValueError:
        raise SirfError(f"eye mask must be a height in mV and a width in UI, got {text!r}. Write 10,0.1.") from None
    return height, width

"""`sirf map`: one figure over two quantities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sirf.cli.options import Json, refuse_unread
from sirf.cli.output import Update, check_limit, check_outputs, draw_picture, progress, say, write_json
from sirf.cli.quantities import listed, read_data_rate, read_length, read_plain, read_roughness_um
from sirf.cli.studies import DEFAULT_STANDARD, standard_or_default
from sirf.errors import SirfError

if TYPE_CHECKING:
    from sirf.study.maps import Map
    from sirf.study.subject import Subject


KINDS = {
    "length-loss": ("lengths", "losses"),
    "length-rate": ("lengths", "rates"),
    "material-roughness": ("lengths", "materials", "roughness"),
}
"""Options that each kind of map reads."""
LAMINATES = "fr4,megtron4,megtron6,megtron7,megtron8n,megtron8u,tachyon100g"
ROUGHNESS_UM = (0.0, 0.15, 0.3, 0.45, 0.6, 0.8, 1.0, 1.5)
"""Axes of a map of materials by default."""


def _list_option(name: str, read_one: Callable[..., float], text: str) -> Any:
    return typer.Option(parser=listed(name, read_one), metavar="LIST", help=text)


def map_command(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="length-loss, length-rate or material-roughness.", show_default=False)],
    path: Annotated[
        str, typer.Argument(help="A path or its .toml file; for length-rate an architecture too.", show_default=False)
    ],
    standard: Annotated[str | None, typer.Option(help="Preset of a path; 802.3ck-c2m by default.")] = None,
    figure: Annotated[
        str, typer.Option(help="ber, ber_post_fec, com_db, eye_height_mv, eye_width_ui, tdecq_db.")
    ] = "ber",
    lengths: Annotated[
        Any, _list_option("lengths", read_length, "Lengths with commas, such as 100mm,10in; a bare number is m.")
    ] = None,
    losses: Annotated[
        Any, _list_option("losses", read_plain, "Losses of the line in dB/inch at Nyquist, with commas.")
    ] = None,
    rates: Annotated[
        Any,
        _list_option(
            "rates", read_data_rate, "Data rates of a lane with commas, such as 90G,106.25G; a bare number is bit/s."
        ),
    ] = None,
    materials: Annotated[str | None, typer.Option(help="Laminates, with commas; see 'sirf materials'.")] = None,
    roughness: Annotated[
        Any,
        _list_option(
            "roughness", read_roughness_um, "Rms roughness of the foil with commas, such as 0.3um; a bare number is um."
        ),
    ] = None,
    limit: Annotated[float | None, typer.Option(help="Draw the line at which the figure meets this.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the map as a picture.")] = None,
    json_file: Json = None,
) -> None:
    """One figure over two quantities: length and loss, length and rate, material and roughness."""
    from sirf import plot

    check_limit("--limit", limit)
    check_outputs(json_file, out=out)
    if kind not in KINDS:
        raise SirfError(f"kind of map must be one of {', '.join(KINDS)}, got {kind!r}. Use length-loss.")
    for option in sorted({name for names in KINDS.values() for name in names} - set(KINDS[kind])):
        refuse_unread(context, option, needs=" or ".join(one for one in KINDS if option in KINDS[one]), got=kind)
    if out is None:
        refuse_unread(context, "limit", needs="--out, on whose picture it is drawn", got="no picture")
    grids = Grids(lengths=lengths, losses=losses, rates=rates, materials=materials, roughness=roughness)
    with progress("map") as update:
        result = _make_map(kind, path, standard=standard, figure=figure, grids=grids, update=update)
    say(str(result), json_file=json_file)
    if out is not None:
        draw_picture(lambda axes: plot.map(result, axes, limit=limit), out, json_file=json_file)
    write_json(result.to_dict(), json_file)


def _make_map(
    kind: str,
    path: str,
    *,
    standard: str | None,
    figure: str,
    grids: Grids,
    update: Update,
) -> Map:
    """One of the three maps."""
    from sirf.study import maps
    from sirf.study.subject import subject_of

    # a map of rates may be of an architecture, which has presets of its own
    if standard is None:
        standard = standard_or_default(path, None, None) if kind == "length-rate" else _default_standard(path, kind)
    subject = subject_of(path, standard=standard)
    if kind == "length-rate":
        result = maps.length_rate_map(
            path,
            standard=standard,
            lengths=grids.lengths_m(subject),
            figure=figure,
            rates=grids.rates_bps(standard),
            progress=update,
        )
    elif kind == "length-loss":
        result = maps.length_loss_map(
            path,
            standard=str(standard),
            lengths=grids.lengths_m(subject),
            figure=figure,
            losses_db_per_inch=grids.losses_db_per_inch(subject),
            progress=update,
        )
    else:
        # both axes are taken by material and foil: the length is one number
        length = grids.lengths or [subject.length_m]
        if len(length) > 1:
            raise SirfError(f"--lengths must be one length for {kind}, got {len(length)}. Make a map of each.")
        result = maps.material_roughness_map(
            path,
            standard=str(standard),
            length=length[0],
            figure=figure,
            progress=update,
            materials=(grids.materials or LAMINATES).split(","),
            roughness_um=grids.roughness or ROUGHNESS_UM,
        )
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Grids:
    """Axes of maps in m, dB/inch, bit/s and um; what is not given follows from the path, its standard or its architecture."""

    lengths: list[float] | None = None
    losses: list[float] | None = None
    rates: list[float] | None = None
    materials: str | None = None
    roughness: list[float] | None = None

    def lengths_m(self, subject: Subject) -> list[float]:
        """From half to four times the path's own, evenly in ratio."""
        own = subject.length_m
        # 5 m is where searches of copper end too
        return self.lengths or _even_in_ratio(0.5 * own, min(4.0 * own, 5.0), 10)

    def losses_db_per_inch(self, subject: Subject) -> list[float]:
        """From half of the line's own, or the least that it can have, to two and a half times."""
        from sirf.presets import load
        from sirf.study.scaled import least_loss_db_per_inch, loss_db_per_inch
        from sirf.study.subject import PathSubject

        assert isinstance(subject, PathSubject)
        nyquist = 0.5 * load(subject.standard).symbol_rate
        own, least = (ask(subject.path, nyquist) for ask in (loss_db_per_inch, least_loss_db_per_inch))
        # a line cannot lose less than smooth copper on a lossless dielectric: no point is asked for below that
        return self.losses or _even_in_ratio(max(1.02 * least, 0.5 * own), 2.5 * own, 7)

    def rates_bps(self, standard: str | None) -> list[float] | None:
        """Of a standard from half to five quarters of its own; an architecture has its own (None)."""
        from sirf.presets import load

        return self.rates or (
            None
            if standard is None
            else _even_in_ratio(0.5 * load(standard).data_rate, 1.25 * load(standard).data_rate, 7)
        )


def _default_standard(path: str, kind: str) -> str:
    """The usual standard, for a path; an architecture has no line of its own to change."""
    from sirf._data import list_data

    paths = list_data("paths")
    if path not in paths and not path.endswith(".toml"):
        raise SirfError(f"path must be one of {', '.join(paths)} or a .toml file for {kind}, got {path!r}. Name one.")
    return DEFAULT_STANDARD


def _even_in_ratio(first: float, last: float, count: int) -> list[float]:
    """`count` values evenly in ratio, to three digits."""
    return [float(f"{first * (last / first) ** (index / (count - 1)):.3g}") for index in range(count)]

"""`sirf fec`, `sirf optics`: codes and optical paths by themselves."""

from __future__ import annotations

from typing import Annotated

import typer

from sirf.cli.options import Json, refuse_unread
from sirf.cli.output import check_outputs, say, table, write_json
from sirf.errors import SirfError


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

    check_outputs(json_file)
    chosen = load(code)
    # a ratio by itself means independent bit errors; bursts need a chain
    results = [
        chosen.post_fec(
            value if burst is None else ErrorChain.bursts(value, burst), interleave=interleave, precoding=precoding
        )
        for value in ber
    ]
    say(
        f"{code}, 1:{interleave} interleaved, {'1/(1+D) precoding' if precoding else 'no precoding'}, "
        f"{'independent errors' if burst is None else f'errors go on with {burst:g}'}",
        json_file=json_file,
    )
    table(
        ("line BER", "decoder BER", "symbol errors", "code words lost", "frames lost", "BER after"),
        [
            tuple(
                f"{x:.3e}"
                for x in (line, r.pre_fec_ber, r.symbol_error_ratio, r.codeword_error_ratio, r.frame_loss_ratio, r.ber)
            )
            for line, r in zip(ber, results, strict=True)
        ],
        json_file=json_file,
    )
    rows = [{"line_ber": line, **result.to_dict()} for line, result in zip(ber, results, strict=True)]
    write_json(rows, json_file)


def optics(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="An optical path or a TOML file; all that ship by default.")
    ] = None,
    taps: Annotated[int, typer.Option(help="Taps of the reference equaliser: 5 or 15.")] = 5,
    pattern: Annotated[
        str, typer.Option(help="Test pattern; ssprq is the standard's, and slow. NRZ sends prbs13 for those of PAM4.")
    ] = "prbs13q",
    listing: Annotated[
        bool, typer.Option("--list", help="Name the paths that ship, or show NAME whole, and measure nothing.")
    ] = False,
    json_file: Json = None,
) -> None:
    """Light of an optical path: amplitude, extinction, TDECQ, sensitivity and margin."""
    check_outputs(json_file)
    if listing:
        refuse_unread(context, "taps", "pattern", needs="a measurement", got="--list, which measures nothing")
        from sirf.cli.library import show_optics

        show_optics(name, json_file)
        return
    # other counts would give a number that no standard defines and that nobody can hold against another
    if taps not in (5, 15):
        raise SirfError(f"taps must be 5 or 15, got {taps}. Use 5 (clause 121) or 15 (802.3dj).")
    from sirf import optics as room
    from sirf.study.light_budget import engine_budget

    receiver = room.FIVE_TAPS if taps == 5 else room.FIFTEEN_TAPS
    rows = []
    for preset in map(room.load_optics, room.list_optics() if name is None else (name,)):
        found = room.measure(
            preset.path,
            swing=preset.swing,
            symbol_rate=preset.symbol_rate,
            receiver=receiver,
            # patterns whose names end in q exist at four levels only
            pattern="prbs13" if preset.order == 2 and pattern.lower().endswith("q") else pattern,
            order=preset.order,
            # levels and pattern belong together: what a preset cannot send would be measured as noise
        )
        budget = engine_budget(preset, found)
        rows.append({"path": preset.name, "title": preset.title, **found.to_dict(), **budget.to_dict()})
    head = ("path", "OMA dBm", "ER dB", "R_LM", "TECQ dB", "TDECQ dB", "TDEC dB", "margin dB")
    keys = ("oma_dbm", "extinction_db", "level_mismatch", "tecq_db", "tdecq_db", "tdec_db", "margin_db")
    cells = [(row["path"], *("-" if row[key] is None else f"{row[key]:.2f}" for key in keys)) for row in rows]
    table(head, cells, json_file=json_file)
    if without := [row["path"] for row in rows if row["tdecq_db"] is None]:
        say(
            f"-: R_LM, TECQ and TDECQ are defined for PAM4 only; {', '.join(without)} sends NRZ, whose eye closure is TDEC (no "
            "equaliser, 0.4 and 0.6 UI, 2.4e-4).",
            json_file=json_file,
        )
    write_json(rows, json_file)

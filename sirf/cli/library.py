"""`sirf standards`, `sirf materials`, `sirf weaves`: what ships, with provenance."""

from __future__ import annotations

from sirf.cli.options import Json
from sirf.cli.output import say, table, write_json


def standards(json_file: Json = None) -> None:
    """List the presets with their provenance."""
    from sirf.presets import list_presets, load

    presets = [load(name) for name in list_presets()]
    rows = [
        (
            p.id,
            f"{p.symbol_rate / 1e9:g}",
            p.modulation,
            f"{p.der0:g}",
            "" if p.loss_db is None else f"{p.loss_db:g}",
            p.provenance,
            p.title,
        )
        for p in presets
    ]
    table(("standard", "GBd", "mod", "DER0", "loss dB", "prov", "title"), rows, json_file=json_file)
    say(
        "provenance: P published by the standard or maker, 2 secondary, E engineering estimate",
        json_file=json_file,
    )
    write_json(
        [
            {
                "id": p.id,
                "title": p.title,
                "symbol_rate": p.symbol_rate,
                "modulation": p.modulation,
                "der0": p.der0,
                "loss_db": p.loss_db,
                "provenance": p.provenance,
                "source": p.source,
                "notes": p.notes,
            }
            for p in presets
        ],
        json_file,
    )


def materials(json_file: Json = None) -> None:
    """List the laminates with their provenance."""
    from sirf.channel.materials import list_materials, load_material

    loaded = [load_material(name) for name in list_materials()]
    rows = [(m.id, f"{m.dk:g}", f"{m.df:g}", f"{m.frequency / 1e9:g}", m.provenance, m.title) for m in loaded]
    table(("material", "Dk", "Df", "at GHz", "prov", "title"), rows, json_file=json_file)
    write_json(
        [
            {
                "id": m.id,
                "title": m.title,
                "dk": m.dk,
                "df": m.df,
                "frequency": m.frequency,
                "provenance": m.provenance,
                "source": m.source,
            }
            for m in loaded
        ],
        json_file,
    )


def weaves(json_file: Json = None) -> None:
    """List the glass styles that boards may lie on, with their provenance."""
    from sirf.channel.weave import list_weaves, load_weave

    loaded = [load_weave(name) for name in list_weaves()]
    rows = [
        (
            w.id,
            f"{w.warp_period * 1e6:.0f}",
            f"{w.fill_period * 1e6:.0f}",
            w.provenance,
            f"{w.dk_swing:g}",
            w.swing_provenance,
            w.title,
        )
        for w in loaded
    ]
    table(("weave", "warp um", "fill um", "prov", "Dk swing", "prov", "title"), rows, json_file=json_file)
    write_json(
        [
            {
                "id": w.id,
                "title": w.title,
                "warp_period_um": w.warp_period * 1e6,
                "fill_period_um": w.fill_period * 1e6,
                "provenance": w.provenance,
                "source": w.source,
                "dk_swing": w.dk_swing,
                "swing_provenance": w.swing_provenance,
                "swing_source": w.swing_source,
            }
            for w in loaded
        ],
        json_file,
    )

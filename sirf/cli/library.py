"""`sirf standards`, `sirf materials`, …: what ships, whole, with provenance."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import typer

from sirf.cli.options import Json
from sirf.cli.output import say, table, write_json

PROVENANCE = "provenance: P published by the standard or maker, 2 secondary, E engineering estimate"
Id = Annotated[str | None, typer.Argument(help="Show this one whole; all in a table by default.", show_default=False)]


@dataclasses.dataclass(frozen=True, slots=True)
class Listing:
    """What ships of one kind: its ids, the folder of its TOML files, and what its table says of each."""

    kind: str
    folder: str
    head: tuple[str, ...]
    row: Callable[[str], tuple[str, ...]]
    value: Callable[[str], dict[str, Any]]

    def show(self, name: str | None, json_file: str | None) -> None:
        """The table of all, or one whole: every key of its file with its value."""
        from sirf._data import known_id, list_data

        ids = list_data(self.folder)
        if name is None:
            table((self.kind, *self.head), [(one, *self.row(one)) for one in ids], json_file=json_file)
            say(PROVENANCE, json_file=json_file)
            write_json([{"id": one, **self.value(one)} for one in ids], json_file)
            return
        found = known_id(name, ids, kind=self.kind)
        content = _content(found, self.folder)
        # keys as they stand in the file, so that what is read here can be written there
        lines = [(key, _plain(value)) for key, value in _flat(content)]
        table(("key", "value"), lines, json_file=json_file)
        say(PROVENANCE, json_file=json_file)
        write_json(content, json_file)


def standards(name: Id = None, json_file: Json = None) -> None:
    """List the presets, or print everything in one, with provenance."""
    Listing("standard", "standards", ("GBd", "mod", "DER0", "loss dB", "prov", "title"), _preset_row, _preset).show(
        name, json_file
    )


def materials(name: Id = None, json_file: Json = None) -> None:
    """List the laminates and substrates, or print one whole, with provenance."""
    Listing("material", "materials", ("Dk", "Df", "at GHz", "prov", "title"), _material_row, _material).show(
        name, json_file
    )


def weaves(name: Id = None, json_file: Json = None) -> None:
    """List the glass styles that boards may lie on, or print one whole, with provenance."""
    head = ("warp um", "fill um", "prov", "Dk swing", "prov", "title")
    Listing("weave", "weaves", head, _weave_row, _weave).show(name, json_file)


def architectures(name: Id = None, json_file: Json = None) -> None:
    """List the ways from a switch die to the next that 'sirf compare' knows, or print one whole."""
    head = ("blocks", "length mm", "rates Gb/s", "title")
    Listing("architecture", "architectures", head, _architecture_row, _architecture).show(name, json_file)


def paths(name: Id = None, json_file: Json = None) -> None:
    """List the copper paths that 'sirf reach' and 'sirf map' know, or print one whole."""
    Listing("path", "paths", ("segments", "length that varies"), _path_row, _path).show(name, json_file)


def show_optics(name: str | None, json_file: str | None) -> None:
    """The optical paths by name, or one whole."""
    Listing("optics", "optics", ("GBd", "title"), _optics_row, _optics).show(name, json_file)


def masks(name: Id = None, json_file: Json = None) -> None:
    """List the masks of jitter tolerance and the limits of losses and ERL, or print one whole."""
    from sirf._data import list_data

    jitter = Listing("jitter mask", "jitter_masks", ("source",), _source_row("jitter_masks"), _whole("jitter_masks"))
    limits = Listing("channel mask", "masks", ("source",), _source_row("masks"), _whole("masks"))
    if name is not None:
        (jitter if name.lower() in list_data("jitter_masks") else limits).show(name, json_file)
        return
    for one in (jitter, limits):
        rows = [(each, *one.row(each)) for each in list_data(one.folder)]
        table((one.kind, *one.head), rows, json_file=json_file)
    answer = {
        kind.folder: [{"id": one, **kind.value(one)} for one in list_data(kind.folder)] for kind in (jitter, limits)
    }
    write_json(answer, json_file)


def patterns(json_file: Json = None) -> None:
    """List the test patterns that --pattern takes."""
    from sirf.errors import SirfError
    from sirf.signal.patterns import Pattern, names

    rows, values = [], []
    for name in names():
        periods = {}
        for order, scheme in ((2, "NRZ"), (4, "PAM4")):
            try:
                periods[scheme] = Pattern(name).period(order)
            # patterns whose names end in q are of four levels only
            except SirfError:
                continue
        rows.append((name, *(str(periods.get(scheme, "")) for scheme in ("NRZ", "PAM4"))))
        values.append({"id": name, "period_symbols": periods})
    table(("pattern", "symbols as NRZ", "symbols as PAM4"), rows, json_file=json_file)
    write_json(values, json_file)


def codes(name: Id = None, json_file: Json = None) -> None:
    """List the error-correcting codes that --fec takes, or print one whole."""
    Listing("code", "fec", ("code", "corrects", "prov", "title"), _code_row, _whole("fec")).show(name, json_file)


def studies(name: Id = None, json_file: Json = None) -> None:
    """List the example studies that ship, or print one whole; copy one as a start for 'sirf sweep'."""
    from sirf._data import data_path

    Listing("study", "studies", ("title",), _title_row("studies"), _whole("studies")).show(name, json_file)
    say(f"files: {data_path('studies')}", json_file=json_file)


def _content(name: str, folder: str) -> dict[str, Any]:
    from sirf._data import data_path, load_toml

    return load_toml(data_path(folder, f"{name}.toml"))


def _whole(folder: str) -> Callable[[str], dict[str, Any]]:
    return lambda name: _content(name, folder)


def _source_row(folder: str) -> Callable[[str], tuple[str, ...]]:
    return lambda name: (str(_content(name, folder).get("source", "")),)


def _title_row(folder: str) -> Callable[[str], tuple[str, ...]]:
    return lambda name: (str(_content(name, folder).get("title", "")),)


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of nested tables by its dotted key; a list of tables counts from 1."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for index, inner in enumerate(value, start=1):
            yield from _flat(inner, f"{key}.{index}")
    else:
        yield key, value


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _preset_row(name: str) -> tuple[str, ...]:
    from sirf.presets import load

    p = load(name)
    loss = "" if p.loss_db is None else f"{p.loss_db:g}"
    return f"{p.symbol_rate / 1e9:g}", p.modulation, f"{p.der0:g}", loss, p.provenance, p.title


def _preset(name: str) -> dict[str, Any]:
    from sirf.presets import load

    return _fields(load(name), "title symbol_rate modulation der0 loss_db provenance source notes")


def _material_row(name: str) -> tuple[str, ...]:
    from sirf.channel.materials import load_material

    m = load_material(name)
    return f"{m.dk:g}", f"{m.df:g}", f"{m.frequency / 1e9:g}", m.provenance, m.title


def _material(name: str) -> dict[str, Any]:
    from sirf.channel.materials import load_material

    return _fields(load_material(name), "title dk df frequency provenance source")


def _weave_row(name: str) -> tuple[str, ...]:
    from sirf.channel.weave import load_weave

    w = load_weave(name)
    periods = (f"{w.warp_period * 1e6:.0f}", f"{w.fill_period * 1e6:.0f}")
    return *periods, w.provenance, f"{w.dk_swing:g}", w.swing_provenance, w.title


def _weave(name: str) -> dict[str, Any]:
    from sirf.channel.weave import load_weave

    w = load_weave(name)
    periods = {"warp_period_um": w.warp_period * 1e6, "fill_period_um": w.fill_period * 1e6}
    return periods | _fields(w, "title provenance source dk_swing swing_provenance swing_source")


def _architecture_row(name: str) -> tuple[str, ...]:
    found = _architecture(name)
    low, high = found["length_range_mm"]
    rates = " ".join(f"{rate:g}" for rate in found["rates_gbps"])
    return " - ".join(found["blocks"]), f"{low:g} to {high:g}", rates, found["title"]


def _architecture(name: str) -> dict[str, Any]:
    from sirf.system.architecture import load_architecture

    item = load_architecture(name)
    return {
        "title": item.title,
        "path": item.path,
        "blocks": list(item.blocks),
        "length_range_mm": [1e3 * length for length in item.length_range_m],
        "fibre_m": item.fibre_m,
        "rates_gbps": [rate / 1e9 for rate in sorted(item.interfaces)],
    }


def _path_row(name: str) -> tuple[str, ...]:
    found = _path(name)
    return str(len(found["segments"])), found["variable"] or ""


def _path(name: str) -> dict[str, Any]:
    content = _content(name, "paths")
    return {"segments": [one["name"] for one in content["segment"]], "variable": content.get("variable")}


def _optics_row(name: str) -> tuple[str, ...]:
    from sirf.optics.library import load_optics

    return f"{load_optics(name).symbol_rate / 1e9:g}", load_optics(name).title


def _optics(name: str) -> dict[str, Any]:
    from sirf.optics.library import load_optics

    return _fields(load_optics(name), "title symbol_rate")


def _code_row(name: str) -> tuple[str, ...]:
    from sirf.fec import load

    code, content = load(name), _content(name, "fec")
    words = f"RS({code.symbols},{code.message_symbols}) over {code.bits_per_symbol} bits"
    return words, f"{code.correctable} symbols", str(content.get("provenance", "")), str(content.get("title", ""))


def _fields(value: object, names: str) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names.split()}

"""Every key of architectures, energy, ports, ranges, optics and codes changes an answer, is refused, or describes only."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w

from sirf import fec
from sirf._data import data_path, validated
from sirf.errors import SirfError
from sirf.fec.library import CodeTable
from sirf.optics.library import load_optics
from sirf.study.ruled_reach import budget_length
from sirf.study.sections import path_of
from sirf.study.subject import ArchitectureSubject
from sirf.system import corners, energy, port
from sirf.system.architecture import load_architecture
from sirf.system.energy import energy_anchors, energy_pj_per_bit, list_architectures
from sirf.system.port import port_figures
from sirf.system.tables import read_energy, read_ports

DESCRIBES_ONLY = {"title", "provenance", "source", "notes", "reach", "id", "name"}
"""Keys that say what a table is and where it is from."""
Keys = tuple[str | int, ...]


def leaves(table: Any, keys: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """(keys, value) of every entry of a TOML table, lists entry by entry."""
    items = table.items() if isinstance(table, dict) else enumerate(table) if isinstance(table, list) else ()
    for key, value in items:
        if isinstance(value, (dict, list)):
            yield from leaves(value, (*keys, key))
        else:
            yield (*keys, key), value


def changed(table: dict[str, Any], keys: Keys, value: Any) -> dict[str, Any]:
    """A copy with one entry changed: numbers by a tenth or by one, words into another word, switches over."""
    copy: Any = deepcopy(table)
    place = copy
    for key in keys[:-1]:
        place = place[key]
    if isinstance(value, bool):
        place[keys[-1]] = not value
    elif isinstance(value, int):
        place[keys[-1]] = value + 1
    elif isinstance(value, float):
        place[keys[-1]] = 1.1 * value if value else 0.1
    else:
        place[keys[-1]] = f"{value}-other"
    result: dict[str, Any] = copy
    return result


def unused(file: Path, answer: Callable[[Path], Any], folder: Path) -> list[Keys]:
    """Entries whose change neither changes the answer nor is refused, without those that describe only."""
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    before, found = answer(file), []
    mine = folder / file.name
    for keys, value in leaves(table):
        if keys[-1] in DESCRIBES_ONLY:
            continue
        mine.write_bytes(tomli_w.dumps(changed(table, keys, value)).encode())
        try:
            after = answer(mine)
        except (SirfError, KeyError):
            continue
        if repr(after) == repr(before):
            found.append(keys)
    return found


def test_energies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [load_architecture(name) for name in list_architectures()]
    priced = [(item, next(iter(item.interfaces))) for item in items]

    def answer(file: Path) -> Any:
        # some blocks have one rate only, the reference: their exponent shows where that is another
        table = read_energy(file)
        table = table.model_copy(update={"reference_rate_gbps": 3.0 * table.reference_rate_gbps})
        monkeypatch.setattr(energy, "energy_table", lambda: table)
        anchors = [(one.value, one.low, one.high, one.fitted) for one in energy_anchors()]
        return anchors, [energy_pj_per_bit(item, 10.0, data_rate=rate).parts for item, rate in priced]

    assert unused(data_path("energy", "architectures.toml"), answer, tmp_path) == []


def test_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rates = {name: next(iter(load_architecture(name).interfaces)) for name in list_architectures()}
    spent = {name: energy_pj_per_bit(name, 10.0, data_rate=rate) for name, rate in rates.items()}

    def answer(file: Path) -> Any:
        table = read_ports(file)
        monkeypatch.setattr(port, "port_table", lambda: table)
        return [port_figures(name, spent[name], data_rate=rate) for name, rate in rates.items()]

    assert unused(data_path("system", "ports.toml"), answer, tmp_path) == []


def test_ranges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    light, board = load_optics("cpo-silicon-ring").path, load_architecture("npo")

    def answer(file: Path) -> Any:
        record = validated(corners._File, tomllib.loads(file.read_text(encoding="utf-8")), file)
        monkeypatch.setattr(corners, "_ranges", lambda: record)
        ends = [corners.corner("best"), corners.corner("worst")]
        losses = [path_of(board, 106.25e9, inputs=one).insertion_loss_db(np.array([26.5625e9])) for one in ends]
        return [one.applied(light) for one in ends], losses

    assert unused(data_path("system", "ranges.toml"), answer, tmp_path) == []


@pytest.mark.parametrize("name", ["cpo-silicon-ring", "dr-silicon-mzm", "fr-eml", "sr-vcsel"])
def test_optics(name: str, tmp_path: Path) -> None:
    drive = 0.3 * np.random.default_rng(3).standard_normal(2048)

    def answer(file: Path) -> Any:
        preset = load_optics(str(file))
        path, rate = preset.path, 8 * preset.symbol_rate
        wave = path.waveform(preset.swing * drive, rate)
        noise = [path.noise_rms(power) for power in (1e-4, 1e-3)]
        return wave.tolist(), noise, preset.agc_db, preset.wall_plug_efficiency, path.interference.echoes

    assert unused(data_path("optics", f"{name}.toml"), answer, tmp_path) == []


def test_codes(tmp_path: Path) -> None:
    def answer(file: Path) -> Any:
        code = CodeTable(**tomllib.loads(file.read_text(encoding="utf-8"))).code()
        word = code.encode(range(code.message_symbols))
        return code.post_fec(1e-4).codeword_error_ratio, word.tolist()

    for name in fec.names():
        assert unused(data_path("fec", f"{name}.toml"), answer, tmp_path) == []


@pytest.mark.parametrize("name", ["pluggable-half-retimed", "cpo-retimed", "copper-cable"])
def test_architectures(name: str, tmp_path: Path) -> None:
    """Path, blocks, lengths, fibre, costs, and at each rate dies, presets, optics and budget."""

    def answer(file: Path) -> Any:
        item = load_architecture(str(file))
        found: list[Any] = [item.length_range_m, energy_pj_per_bit(item, 5.0).parts]
        for rate, interface in item.interfaces.items():
            path = path_of(item, rate)
            loss = path.insertion_loss_db(np.array([20e9])).tolist()
            optics = item.optics_at(rate)
            hosts = interface.standard, interface.far_standard, interface.retimer_standard, interface.projection
            budget = budget_length(ArchitectureSubject(architecture=item, data_rate=rate))
            found.append((rate, loss, None if optics is None else optics.path, hosts, budget))
        return found

    table = tomllib.loads(data_path("architectures", f"{name}.toml").read_text(encoding="utf-8"))
    # without `costs` a file's own id names them
    table["costs"] = name
    named = tmp_path / "base" / "mine.toml"
    named.parent.mkdir()
    named.write_bytes(tomli_w.dumps(table).encode())
    left = unused(named, answer, tmp_path)
    # a budget that another limit undercuts does not show in the length
    assert [keys for keys in left if keys[-1] not in ("loss_db", "length_mm")] == []

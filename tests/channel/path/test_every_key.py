"""Every key of every table of paths, devices, materials and weaves changes an answer, is refused by name, or only describes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path as FilePath
from typing import Any, get_args

import numpy as np
import pytest
import tomli_w
from pydantic import BaseModel

from sirf._data import data_path, load_toml
from sirf.channel import materials, weave
from sirf.channel.network import Network
from sirf.channel.path import Path, load_path, tables
from sirf.channel.touchstone import write_touchstone
from sirf.errors import ConfigError

DESCRIBES_ONLY = {"id", "title", "name", "provenance", "source", "foil.kind"}
"""Keys that say what something is or where it is from, and change no number."""
SYMMETRIC = {("ball", "flipped"), ("socket", "flipped"), ("connector", "flipped")}
"""Parts that are the same from both ends, whatever they are told."""
F = np.linspace(2e9, 30e9, 15)
SOURCE = {"provenance": "E", "source": "a test"}
LAMINATE = {
    "material": "megtron7",
    "length_mm": 40.0,
    "width_um": 115.0,
    "thickness_um": 17.0,
    "length_difference_um": 200.0,
    "skew_ps_per_m": 10.0,
}
WOVEN = {"weave": "1080", "weave_direction": "warp", "weave_angle_deg": 1.0, "weave_position": 0.2, "weave_plies": 2}
EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "die": [
        {
            "side": "receiver",
            "die_capacitance_ff": [40.0, 60.0],
            "die_inductance_ph": [100.0, 90.0],
            "bump_capacitance_ff": 20.0,
        }
    ],
    "package": [
        {"side": "transmitter", "z_c_ohm": [87.5, 92.5], "length_mm": [15.0, 1.8], "length_difference_um": 100.0}
    ],
    "board": [
        LAMINATE
        | WOVEN
        | {"keeps_material": False, "width_um": 127.0, "plane_spacing_um": 280.0, "pair_pitch_on_weave_um": 300.0}
    ],
    "edge_stripline": [
        LAMINATE | WOVEN | {"keeps_material": True, "gap_um": 180.0, "plane_spacing_um": 280.0, "pair_pitch_um": 800.0}
    ],
    "microstrip": [
        LAMINATE
        | WOVEN
        | {
            "keeps_material": False,
            "width_um": 150.0,
            "thickness_um": 30.0,
            "height_um": 70.0,
            "pair_pitch_on_weave_um": 300.0,
        }
    ],
    "edge_microstrip": [
        LAMINATE
        | WOVEN
        | {"keeps_material": False, "gap_um": 130.0, "thickness_um": 30.0, "height_um": 70.0, "pair_pitch_um": 800.0}
    ],
    "twinax": [
        {
            "material": "foam-twinax",
            "length_mm": 300.0,
            "wire_um": 405.0,
            "separation_um": 880.0,
            "shield_um": 2100.0,
            "skew_ps_per_m": 5.0,
            "length_difference_um": 500.0,
        }
    ],
    "substrate": [
        {
            "z_c_ohm": 95.0,
            "length_mm": 20.0,
            "gamma0": 5e-4,
            "a1": 8.9e-4,
            "a2": 2e-4,
            "tau_ns_per_mm": 6.141e-3,
            "length_difference_um": 300.0,
        }
    ],
    "ball": [
        {
            "capacitance_ff": 20.0,
            "inductance_ph": 80.0,
            "capacitance_difference_ff": 4.0,
            "inductance_difference_ph": 10.0,
            "coupling": 0.02,
            "flipped": False,
        },
        {"capacitance_ff": 5.0, "bump_map": "ucie-advanced"},
    ],
    "via": [
        {
            "material": "megtron7",
            "keeps_material": False,
            "barrel_um": 200.0,
            "antipad_um": 800.0,
            "length_um": 1000.0,
            "stub_um": 200.0,
            "pad_ff": 10.0,
            "length_difference_um": 50.0,
            "stub_difference_um": 100.0,
            "antipad_difference_um": 20.0,
            "pad_difference_ff": 3.0,
            "coupling": 0.01,
            "flipped": True,
        },
        {
            "material": "megtron7",
            "barrel_um": 200.0,
            "antipad_um": 800.0,
            "length_um": 1000.0,
            "stub_um": 0.0,
            "pad_um": 450.0,
            "pad_height_um": 60.0,
        },
    ],
    "redriver": [{"gain_db": 6.0, "zero_ghz": 5.0, "pole_1_ghz": 25.0, "pole_2_ghz": 40.0}],
    "socket": [
        {
            "impedance_ohm": 90.0,
            "length_mm": 0.7,
            "dk": 3.2,
            "pad_ff": 15.0,
            "resistance_mohm": 20.0,
            "coupling": 0.01,
            "flipped": False,
            "common_impedance_ohm": 35.0,
        },
        {
            "impedance_ohm": 90.0,
            "length_mm": 0.7,
            "pad_ff": 15.0,
            "length_difference_um": 50.0,
            "pad_difference_ff": 3.0,
        },
    ],
    "connector": [
        {
            "impedance_ohm": 93.0,
            "length_mm": 12.0,
            "pad_ff": 25.0,
            "dk": 3.0,
            "df": 0.004,
            "skin_db_per_m": 2.0,
            "resonance_ghz": 20.0,
            "resonance_db": 2.0,
            "resonance_q": 10.0,
            "valid_to_ghz": 50.0,
            "coupling": 0.001,
            "flipped": False,
            "common_impedance_ohm": 35.0,
        },
        {
            "impedance_ohm": 93.0,
            "length_mm": 12.0,
            "pad_ff": 25.0,
            "dk": 3.0,
            "df": 0.004,
            "skin_db_per_m": 2.0,
            "length_difference_um": 300.0,
            "pad_difference_ff": 5.0,
        },
    ],
    "capacitor": [{"capacitance_nf": 0.001, "resistance_mohm": 30.0, "inductance_ph": 120.0, "pad_ff": 25.0}],
    "touchstone": [
        {"file": "lanes.s12p", "port_order": "12-34", "victim": 2, "next_lanes": [3], "flipped": False},
        {"file": "pair.s4p", "port_order": "12-34", "mixed_mode": "D1,3 D2,4 C1,3 C2,4"},
        {"file": "two.s2p", "differential": False},
    ],
}
OTHER: dict[str, Any] = {
    "bump_map": "ucie-standard",
    "material": "megtron6",
    "weave": "7628",
    "port_order": "14-23",
    "victim": 1,
    "next_lanes": [1],
    "mixed_mode": "D1,3 C1,3 D2,4 C2,4",
    "differential": True,
    "side": "receiver",
    "weave_direction": "fill",
}
"""Other values where a number a little larger will not do."""
AGAIN = {"side": "transmitter"}
BOARD = SOURCE | {
    "kind": "board",
    "name": "board",
    "material": "megtron7",
    "length_mm": 30.0,
    "width_um": 127.0,
    "thickness_um": 17.0,
    "plane_spacing_um": 280.0,
}
VIA = SOURCE | {
    "kind": "via",
    "name": "step",
    "material": "megtron7",
    "barrel_um": 200.0,
    "antipad_um": 500.0,
    "length_um": 1500.0,
    "stub_um": 300.0,
}
CROSSTALK = SOURCE | {"fext": 2, "next": 1, "next_weight": 0.5}


def changed(key: str, value: Any) -> Any:
    """Another value of the same sort."""
    if key == "file":
        return f"other.{value.split('.')[1]}"
    if key in OTHER:
        return OTHER[key] if OTHER[key] != value else AGAIN[key]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return 1.07 * value if value else 1.0
    return [1.07 * value[0], *value[1:]]


def files(folder: FilePath) -> None:
    """Networks that the touchstone tables name."""
    ports = {"s12p": 12, "s4p": 4, "s2p": 2}
    for seed, name in enumerate(("lanes.s12p", "pair.s4p", "two.s2p", "other.s12p", "other.s4p", "other.s2p")):
        count = ports[name.split(".")[1]]
        draw = np.random.default_rng(seed).normal(size=(2, F.size, count, count))
        s = np.asarray(0.02 * (draw[0] + 1j * draw[1]), dtype=np.complex128)
        for k in range(0, count, 2):
            s[:, k, k + 1] = s[:, k + 1, k] = 0.7 * np.exp(-2j * np.pi * F * (1e-10 + 1e-12 * k))
        write_touchstone(folder / name, Network(F, s, name=name))


def loaded(folder: FilePath, record: dict[str, Any], **choices: Any) -> Path:
    file = folder / "path.toml"
    file.write_text(tomli_w.dumps(record), encoding="utf-8")
    return load_path(str(file), **choices)


@cache
def unchanged(folder: FilePath, kind: str, number: int) -> bytes:
    """The answer of an example as it is."""
    return answer(folder, record_of(kind, EXAMPLES[kind][number]))


def answer(folder: FilePath, record: dict[str, Any]) -> bytes:
    """All that a path says: both modes, its neighbours, its range and length, other materials, heat, another board."""
    parts: list[bytes] = []
    for choices in ({}, {"material": "fr4"}, {"temperature_c": 85.0}):
        path = loaded(folder, record, **choices)
        grid = F[path.grid[-1] >= F]
        parts.append(path.pair(grid).four_port().s.tobytes())
        parts.append(repr((path.valid_to, path.variable and path.trace_length_m)).encode())
        parts += [network.s.tobytes() for kind in path.aggressors(grid) for network in kind]
        parts.append(path.drawn(3).network(grid).s.tobytes())
    return b"".join(parts)


def record_of(kind: str, example: dict[str, Any]) -> dict[str, Any]:
    segment = SOURCE | {"kind": kind, "name": "part"} | example
    whole: dict[str, Any] = {"id": "mine", "title": "mine", "variable": "board", "segment": [VIA, segment, BOARD]}
    if "victim" not in example:
        whole["crosstalk"] = CROSSTALK
    return whole


def kinds() -> dict[str, type[BaseModel]]:
    union = get_args(tables.AnyTable)[0]
    return {get_args(table.model_fields["kind"].annotation)[0]: table for table in get_args(union)}


def cases() -> Iterator[tuple[str, int, str]]:
    for kind, examples in EXAMPLES.items():
        for number, example in enumerate(examples):
            for key in example:
                if (kind, key) not in SYMMETRIC:
                    yield kind, number, key


def test_the_examples_have_every_key_of_every_kind() -> None:
    assert set(EXAMPLES) == set(kinds())
    for kind, table in kinds().items():
        known = {key for example in EXAMPLES[kind] for key in example} | DESCRIBES_ONLY | {"kind"}
        assert set(table.model_fields) - known == set(), kind
    assert set(tables.PathFile.model_fields) == {"id", "title", "variable", "segment", "crosstalk"}
    assert set(tables.CrosstalkTable.model_fields) == set(CROSSTALK)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> FilePath:
    made = tmp_path_factory.mktemp("keys")
    files(made)
    return made


@pytest.mark.parametrize(("kind", "number", "key"), list(cases()))
def test_every_key_of_a_segment_counts(folder: FilePath, kind: str, number: int, key: str) -> None:
    example = EXAMPLES[kind][number]
    assert unchanged(folder, kind, number) != answer(
        folder, record_of(kind, example | {key: changed(key, example[key])})
    )


@pytest.mark.parametrize("key", ["fext", "next", "next_weight"])
def test_every_key_of_the_crosstalk_counts(folder: FilePath, key: str) -> None:
    whole = record_of("ball", EXAMPLES["ball"][0])
    other = whole | {"crosstalk": CROSSTALK | {key: changed(key, CROSSTALK[key])}}
    assert answer(folder, whole) != answer(folder, other)


def test_the_variable_counts(folder: FilePath) -> None:
    whole = record_of("twinax", EXAMPLES["twinax"][0])
    assert answer(folder, whole) != answer(folder, whole | {"variable": "part"})
    with pytest.raises(ConfigError, match="key variable"):
        answer(folder, whole | {"variable": "step"})


def leaves(record: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in record.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{above}{key}.")
        else:
            yield above + key, value


def with_other(record: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    first, _, rest = place.partition(".")
    return record | {first: with_other(record[first], rest, value) if rest else value}


def shipped(folder: str, name: str) -> dict[str, Any]:
    return tomllib.loads(data_path(folder, f"{name}.toml").read_text(encoding="utf-8"))


def fields(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for key, field in model.model_fields.items():
        inner = [part for part in (field.annotation, *get_args(field.annotation)) if isinstance(part, type)]
        nested = [part for part in inner if issubclass(part, BaseModel)]
        if nested:
            yield from fields(nested[0], f"{above}{key}.")
        else:
            yield above + key


DEVICE = shipped("paths/devices", "200g")


@pytest.mark.parametrize("key", [key for key in DEVICE if key not in DESCRIBES_ONLY])
def test_every_key_of_a_device_counts(monkeypatch: pytest.MonkeyPatch, folder: FilePath, key: str) -> None:
    whole = record_of("package", EXAMPLES["package"][0])
    whole["segment"] = [SOURCE | {"kind": "die", "name": "die", "side": "transmitter"}, *whole["segment"]]
    before = answer(folder, whole)
    assert set(DEVICE) == set(tables.DeviceFile.model_fields)

    def load(path: FilePath | str) -> dict[str, Any]:
        record = load_toml(path)
        return record | {key: changed(key, record[key])} if "devices" in FilePath(path).parts else record

    monkeypatch.setattr("sirf.channel.path.reader.load_toml", load)
    assert answer(folder, whole) != before


MATERIAL = shipped("materials", "megtron7") | {
    "environment": SOURCE | {"df_per_k": 0.002, "df_per_percent_rh": 0.003},
}
MATERIAL["foil"] = MATERIAL["foil"] | {"model": "groiss"}


def material_answer(folder: FilePath, record: dict[str, Any]) -> bytes:
    file = folder / "material.toml"
    file.write_text(tomli_w.dumps(record), encoding="utf-8")
    made = materials.load_material(str(file))
    used = [made, made.at(temperature_c=85.0), made.at(humidity_percent=90.0)]
    return b"".join(one.permittivity(F).tobytes() + one.surface_impedance(F).tobytes() for one in used)


@pytest.mark.parametrize("key", [key for key, _ in leaves(MATERIAL) if key.split(".")[-1] not in DESCRIBES_ONLY])
def test_every_key_of_a_material_counts(folder: FilePath, key: str) -> None:
    assert {key for key, _ in leaves(MATERIAL)} == set(fields(materials._File))
    if key in DESCRIBES_ONLY:
        return
    value = dict(leaves(MATERIAL))[key]
    # Groiss takes the rms height itself, the cannonball its multiple
    record = with_other(MATERIAL, "foil.model", "cannonball") if key == "foil.rz_per_rq" else MATERIAL
    other = "hammerstad" if key == "foil.model" else changed(key, value)
    assert material_answer(folder, record) != material_answer(folder, with_other(record, key, other))


CLOTH = shipped("weaves", "1080")


def weave_answer(folder: FilePath, record: dict[str, Any]) -> list[float]:
    file = folder / "weave.toml"
    file.write_text(tomli_w.dumps(record), encoding="utf-8")
    cloth = weave.load_weave(str(file))
    directions: tuple[weave.Direction, ...] = ("warp", "fill")
    return [
        weave.WeaveRoute(weave=cloth, pair_pitch=2e-4, width=1e-4, direction=way).skew(6e-9, 0.1) for way in directions
    ]


@pytest.mark.parametrize("key", [key for key, _ in leaves(CLOTH) if key.split(".")[-1] not in DESCRIBES_ONLY])
def test_every_key_of_a_weave_counts(folder: FilePath, key: str) -> None:
    assert {key for key, _ in leaves(CLOTH)} == set(fields(weave._File))
    other = with_other(CLOTH, key, changed(key, dict(leaves(CLOTH))[key]))
    assert weave_answer(folder, CLOTH) != weave_answer(folder, other)


def test_shipped_paths_use_known_keys_only() -> None:
    """Every key that ships is one that the examples change."""
    for file in data_path("paths").glob("*.toml"):
        for segment in tomllib.loads(file.read_text(encoding="utf-8"))["segment"]:
            known = {key for example in EXAMPLES[segment["kind"]] for key in example} | DESCRIBES_ONLY | {"kind"}
            assert set(segment) <= known

"""Every kind of segment from its TOML table: physical, inside its range, in the right place."""

from __future__ import annotations

from pathlib import Path as FilePath

import numpy as np
import pytest

from sirf import paths
from sirf.channel.lines import Twinax
from sirf.channel.parts import Capacitor, Via, pad_capacitance
from sirf.channel.path import Device, Path, Trace
from sirf.errors import ConfigError, PhysicsError
from tests.channel.physical import check_physical

HEAD = 'id = "mine"\ntitle = "all kinds"\nvariable = "first"\n'
END = 'provenance = "E"\nsource = "a test"\n'
LINES = {
    "edge_stripline": 'material = "megtron7"\nlength_mm = 50.0\nwidth_um = 115.0\ngap_um = 180.0\nthickness_um = 17.0\n'
    "plane_spacing_um = 280.0\npair_pitch_um = 700.0\n",
    "microstrip": 'material = "megtron6"\nlength_mm = 30.0\nwidth_um = 150.0\nthickness_um = 30.0\nheight_um = 70.0\n',
    "edge_microstrip": 'material = "megtron6"\nlength_mm = 30.0\nwidth_um = 110.0\ngap_um = 130.0\nthickness_um = 30.0\n'
    "height_um = 70.0\npair_pitch_um = 800.0\n",
    "twinax": 'material = "foam-twinax"\nlength_mm = 500.0\nwire_um = 405.0\nseparation_um = 880.0\nshield_um = 2100.0\n',
}
PARTS = {
    "socket": "impedance_ohm = 90.0\nlength_mm = 0.7\nresistance_mohm = 20.0\npad_ff = 15.0\ncoupling = 0.01\n",
    "capacitor": "capacitance_nf = 100.0\nresistance_mohm = 30.0\ninductance_ph = 120.0\npad_ff = 25.0\n",
    "via": 'material = "megtron7"\nbarrel_um = 200.0\nantipad_um = 800.0\nlength_um = 800.0\nstub_um = 100.0\npad_um = 450.0\n'
    "pad_height_um = 60.0\n",
    "connector": "impedance_ohm = 93.0\nlength_mm = 12.0\npad_ff = 25.0\ndk = 3.0\ndf = 0.004\nskin_db_per_m = 2.0\n"
    "resonance_ghz = 55.0\nresonance_db = 2.0\n",
    "die": 'side = "receiver"\ndie_capacitance_ff = [40.0, 60.0]\ndie_inductance_ph = [100.0, 90.0]\n'
    "bump_capacitance_ff = 20.0\n",
}


def write(folder: FilePath, *kinds: str, tail: str = "") -> str:
    """A file with a segment of each kind, the first of them named so; returns its name."""
    tables = {**LINES, **PARTS}
    text = HEAD + "".join(
        f'[[segment]]\nname = "{"first" if k == 0 else kind}"\nkind = "{kind}"\n{tables[kind]}{END}'
        for k, kind in enumerate(kinds)
    )
    file = folder / "mine.toml"
    file.write_text(text + tail, encoding="utf-8")
    return str(file)


@pytest.mark.parametrize("kind", LINES)
def test_every_line_makes_a_path(tmp_path: FilePath, kind: str) -> None:
    path = paths.load_path(write(tmp_path, kind))
    f = np.linspace(0.0, min(60e9, path.valid_to), 121)
    check_physical(path.network(f))
    longer = path.with_length(2 * path.trace_length_m)
    assert float(longer.insertion_loss_db(10e9)) > 1.8 * float(path.insertion_loss_db(10e9))
    assert path.grid[-1] <= path.valid_to


@pytest.mark.parametrize("kind", PARTS)
def test_every_part_joins_a_path(tmp_path: FilePath, kind: str) -> None:
    path = paths.load_path(write(tmp_path, "edge_stripline", kind))
    check_physical(path.network(np.linspace(0.0, 60e9, 121)))
    assert path.segments[1].element.network(np.array([1e9])).z0 == 100.0


def test_a_pad_by_size_is_johnson_and_grahams(tmp_path: FilePath) -> None:
    via = paths.load_path(write(tmp_path, "edge_stripline", "via")).segments[1].element
    assert isinstance(via, Via)
    assert via.pad == pytest.approx(pad_capacitance(dk=3.4, pad=450e-6, antipad=800e-6, thickness=60e-6))


def test_a_die_may_have_stages_of_its_own(tmp_path: FilePath) -> None:
    die = paths.load_path(write(tmp_path, "edge_stripline", "die")).segments[1].element
    assert isinstance(die, Device)
    assert np.allclose(die.package.die, [[40e-15, 100e-12], [60e-15, 90e-12]], rtol=1e-12, atol=0.0)
    assert die.package.c_b == pytest.approx(20e-15)


def test_a_capacitor_blocks_dc_in_the_network_and_leaves_it_out_of_the_channel(tmp_path: FilePath) -> None:
    path = paths.load_path(write(tmp_path, "edge_stripline", "capacitor"))
    f = np.linspace(0.0, 60e9, 601)
    assert path.network(f).s[0, 1, 0] == 0.0
    channel = path.to_channel(f)
    assert channel.frequency[0] > 0.0
    assert channel.coupling_corner == pytest.approx(15.9e3, rel=1e-3)
    assert not any("DC" in note for note in channel.warnings)
    bare = paths.load_path(write(tmp_path, "edge_stripline", "die"))
    assert bare.to_channel(f).coupling_corner is None


def test_two_capacitors_are_refused(tmp_path: FilePath) -> None:
    with pytest.raises(PhysicsError, match="at most one coupling capacitor, got capacitor, capacitor"):
        paths.load_path(write(tmp_path, "edge_stripline", "capacitor", "capacitor"))


def test_neighbouring_traces_bring_crosstalk(tmp_path: FilePath) -> None:
    """A trace with a pitch couples: microstrip at the far end, stripline at the near end above all."""
    tail = "\n[crosstalk]\nfext = 1\nnext = 1\nnext_weight = 1.0\n" + END
    f = np.linspace(0.0, 40e9, 401)
    level = {}
    for kind in ("edge_stripline", "edge_microstrip"):
        channel = paths.load_path(write(tmp_path, kind, tail=tail)).to_channel(f, crosstalk=True)
        level[kind] = [float(np.abs(network.s[:, 1, 0]).max()) for network in (channel.fext[0], channel.next[0])]
        for network in channel.networks:
            check_physical(network)
    assert level["edge_microstrip"][0] > 3 * level["edge_microstrip"][1]
    assert level["edge_stripline"][0] < 0.5 * level["edge_stripline"][1]


def test_a_warm_board_loses_more_by_its_copper() -> None:
    cold, hot = (paths.load_path("pluggable", temperature_c=t) for t in (20.0, 85.0))
    reference = paths.pluggable()
    f = np.array([26.56e9])
    assert cold.insertion_loss_db(f) == pytest.approx(reference.insertion_loss_db(f))
    # about half the loss of the board is in the metal, whose resistance goes with sqrt(1.255)
    gain = float((hot.insertion_loss_db(f) / cold.insertion_loss_db(f))[0])
    assert 1.02 < gain < np.sqrt(1 + 0.00393 * 65)
    with pytest.raises(PhysicsError, match="humidity_percent must be left out for megtron7"):
        paths.load_path("pluggable", humidity_percent=85.0)


def test_a_cable_keeps_its_material(tmp_path: FilePath) -> None:
    element = paths.load_path(write(tmp_path, "twinax"), material="fr4").segments[0].element
    assert isinstance(element, Trace)
    assert isinstance(element.line, Twinax)
    assert element.line.material.id == "foam-twinax"


def test_a_path_is_valid_to_the_least_of_its_parts(tmp_path: FilePath) -> None:
    path = paths.load_path(write(tmp_path, "edge_stripline", "socket", "capacitor"))
    part = path.segments[2].element
    assert isinstance(part, Capacitor)
    assert path.valid_to == part.valid_to
    assert Path("none", (), "").valid_to == float("inf")


@pytest.mark.parametrize(
    ("kind", "old", "new", "key"),
    [
        ("via", "pad_um = 450.0", "pad_ff = 10.0", "segment.1.via"),
        ("die", "[100.0, 90.0]", "[100.0]", "segment.1.die"),
        ("capacitor", "capacitance_nf = 100.0", "capacitance_nf = 0.0", "segment.1.capacitor.capacitance_nf"),
        ("socket", "length_mm = 0.7", "length_um = 700.0", "segment.1.socket"),
    ],
)
def test_a_bad_key_is_named(tmp_path: FilePath, kind: str, old: str, new: str, key: str) -> None:
    file = FilePath(write(tmp_path, "edge_stripline", kind))
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=f"mine.toml: key {key}"):
        paths.load_path(str(file))

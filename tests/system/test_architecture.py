"""Architecture files: complete, consistent, and refused by key and file where they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from sirf import optics
from sirf._data import data_path, list_data
from sirf.errors import ConfigError, SirfError
from sirf.presets import load
from sirf.system.architecture import FAMILIES, ORDER, Architecture, load_architecture
from sirf.system.energy import list_architectures

GOOD = """
id = "mine"
title = "mine"
path = "cpo"
blocks = ["host", "copper", "retimer", "optics", "retimer", "copper", "host"]
length_mm = { low = 1.0, high = 2.0, provenance = "E", source = "a test" }
fibre_m = { value = 100.0, provenance = "E", source = "a test" }
[rate."106.25"]
rate_class = "100g"
standard = "cei-112g-xsr"
optics = "dr-silicon-mzm"
retimer_standard = "optical-53g"
"""
RETIMED = 'blocks = ["host", "copper", "retimer", "optics", "retimer", "copper", "host"]'


def written(tmp_path: Path, *changes: tuple[str, str], text: str = GOOD) -> str:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_the_rows_the_files_and_the_energies_are_the_same() -> None:
    assert set(ORDER) < set(list_data("architectures")) == set(list_architectures())
    assert set(FAMILIES.values()) <= set(ORDER)


INTERFACES_AT_212G = {
    "pluggable-retimed": ("802.3dj-c2m", "802.3dj-c2m"),
    "pluggable-half-retimed": ("802.3dj-c2m", "cei-224g-linear"),
    "pluggable-linear": ("cei-224g-linear", "cei-224g-linear"),
    "npo": ("802.3dj-c2m", "802.3dj-c2m"),
    "cpo-retimed": ("cei-224g-xsr", "cei-224g-xsr"),
    "cpo-linear": ("cei-224g-linear", "cei-224g-linear"),
    "die-to-die": ("cei-224g-xsr", "cei-224g-xsr"),
    "copper-cable": ("802.3dj-cr1", "802.3dj-cr1"),
    "copper-copackaged": ("802.3dj-kr1", "802.3dj-kr1"),
}
"""Standards of the near and the far host: modules are chip to module, cables CR, co-packaged copper like a backplane."""


def test_interfaces_at_200g_a_lane_are_what_each_way_is_built_for() -> None:
    for name, standards in INTERFACES_AT_212G.items():
        found = load_architecture(name).at(212.5e9)
        assert (found.standard, found.far_standard) == standards
    for name in list_data("architectures"):
        item = load_architecture(name)
        for interface in item.interfaces.values():
            given = (interface.standard, interface.far_standard, interface.retimer_standard or "")
            assert not any(one.endswith("-test") for one in given)
    # Annex 176D: no sequence detection, and a detector error ratio of 2e-5
    module, cable = load("802.3dj-c2m"), load("802.3dj-cr1")
    assert (module.der0, module.receiver.mlse) == (2e-5, None)
    assert cable.der0 == 2e-4
    assert cable.receiver.mlse is not None


@pytest.mark.parametrize("name", ORDER)
def test_every_file_names_paths_presets_and_optics_that_suit(name: str) -> None:
    found = load_architecture(name)
    assert found.id == name
    assert found.path in list_data("paths")
    assert {53.125e9, 106.25e9, 212.5e9} <= set(found.interfaces)
    for rate in found.interfaces:
        interface = found.at(rate)
        named = [interface.standard, interface.far_standard, interface.retimer_standard]
        assert all(load(standard).data_rate == pytest.approx(rate, rel=1e-6) for standard in named if standard)
        assert interface.projection == (rate > 300e9)
        light = found.optics_at(rate)
        assert (light is None) == ("optics" not in found.blocks)
        if light is not None:
            assert 2.0 * light.symbol_rate == pytest.approx(rate)
            assert light.path.fibre.length == found.fibre_m


@pytest.mark.parametrize("name", ORDER)
def test_every_number_has_its_provenance_and_source(name: str) -> None:
    found = load_architecture(name)
    listed = {key for key, *_ in found.provenance}
    assert listed == {"length_mm.low", "length_mm.high"} | ({"fibre_m"} if "optics" in found.blocks else set())
    assert all(provenance in ("P", "2", "E") and len(source) > 3 for _, _, provenance, source in found.provenance)


@pytest.mark.parametrize(
    ("name", "sections", "chain"),
    [
        ("pluggable-retimed", (("copper",), ("optics",), ("copper",)), "retimed"),
        ("pluggable-half-retimed", (("copper",), ("optics", "copper")), "half-retimed"),
        ("pluggable-linear", (("copper", "optics", "copper"),), "linear"),
        ("npo", (("copper",), ("optics",), ("copper",)), "retimed"),
        ("cpo-retimed", (("copper",), ("optics",), ("copper",)), "retimed"),
        ("cpo-linear", (("copper", "optics", "copper"),), "linear"),
        ("copper-cable", (("copper",),), "electrical"),
        ("copper-copackaged", (("copper",),), "electrical"),
        ("die-to-die", (("copper",), ("optics",), ("copper",)), "retimed"),
    ],
)
def test_sections_end_where_something_decides(name: str, sections: object, chain: str) -> None:
    found = load_architecture(name)
    assert found.sections == sections
    assert found.chain == chain


def test_linear_optics_are_those_of_the_retimed_sister() -> None:
    def named(name: str) -> list[str | None]:
        return [interface.optics for interface in load_architecture(name).interfaces.values()]

    assert named("pluggable-linear") == named("pluggable-half-retimed") == named("pluggable-retimed")
    assert named("cpo-linear") == named("cpo-retimed") == named("npo")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('path = "cpo"', "", "key path must be there, it is missing"),
        ('path = "cpo"', 'path = "cop"', r"key path must be one of .* got 'cop'\. Did you mean 'cpo'"),
        ("low = 1.0", "low = -1.0", r"key length_mm\.low must be valid, got -1\.0"),
        ("low = 1.0", "low = 3.0", "key length_mm must be valid .*low must be below high"),
        ("length_mm = {", "length = {", r"key length must carry its unit, got 'length'\. Write length_mm\."),
        ("fibre_m = {", "fibre = {", r"key fibre must carry its unit, got 'fibre'\. Write fibre_m\."),
        ("value = 100.0", "value = -100.0", r"key fibre_m\.value must be valid, got -100\.0"),
        ('provenance = "E", ', "", r"key length_mm\.provenance must be there, it is missing"),
        ('fibre_m = { value = 100.0, provenance = "E", source = "a test" }', "",
         "key fibre_m must be given where the blocks hold optics and only there, got None"),
        ('"retimer", "optics"', '"repeter", "optics"',
         r"key blocks\.2 must be one of host, copper, retimer, optics, got 'repeter'\. Did you mean 'retimer'\?"),
        ('["host", "copper", "retimer"', '["copper", "retimer"', "key blocks must begin and end with the only two hosts"),
        ('"copper", "host"]', '"copper"]', "key blocks must begin and end"),
        ('"optics", "retimer"', '"optics", "host"', "key blocks must begin and end"),
        ('"optics", "retimer"', '"retimer"', r"key blocks\.3 must not follow retimer at once, got 'retimer'"),
        ('"retimer", "copper", "host"', '"optics", "copper", "host"', r"key blocks\.4 must be the only optics"),
        (RETIMED, 'blocks = ["host", "host"]', "key blocks must begin and end"),
        (RETIMED, 'blocks = ["host", "copper", "host"]', r"key rate\.106\.25\.optics must be given where the blocks"),
        (RETIMED, 'blocks = ["host", "copper", "optics", "copper", "host"]',
         r"key rate\.106\.25\.retimer_standard must be given where the blocks hold retimer and only there, got 'optical-53g'"),
        ('optics = "dr-silicon-mzm"', "", r"key rate\.106\.25\.optics must be given .* got None"),
        ("dr-silicon-mzm", "dr-silicon-mmz", r"key rate\.106\.25\.optics must be one of .*Did you mean 'dr-silicon-mzm'"),
        ("cei-112g-xsr", "cei-112g-xsm", r"key rate\.106\.25\.standard must be one of .*Did you mean 'cei-112g-xsr'"),
        ("optical-53g", "optical-35g", r"key rate\.106\.25\.retimer_standard must be one of .*Did you mean 'optical-"),
        ('id = "mine"', 'id = "mine"\ncolour = "red"', "key colour must be valid"),
        ('[rate."106.25"]', '[rate."fast"]', "key rate.fast must be a data rate in Gb/s, got 'fast'"),
    ],
)  # fmt: skip
def test_bad_files_name_key_and_file(tmp_path: Path, old: str, new: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=f"^mine.toml: {expected}"):
        load_architecture(written(tmp_path, (old, new)))


def test_a_good_file_is_what_it_says(tmp_path: Path) -> None:
    found = load_architecture(written(tmp_path))
    interface = found.at(106.25e9)
    assert (interface.standard, interface.far_standard) == ("cei-112g-xsr", "cei-112g-xsr")
    assert (interface.optics, interface.retimer_standard) == ("dr-silicon-mzm", "optical-53g")
    assert found.length_range_m == (1e-3, 2e-3)
    assert found.fibre_m == 100.0
    assert not interface.projection


def test_optics_may_stand_beside_the_architecture(tmp_path: Path) -> None:
    text = data_path("optics", "dr-silicon-mzm.toml").read_text(encoding="utf-8")
    (tmp_path / "light.toml").write_text(text.replace("value = 11.0", "value = 9.0"), encoding="utf-8")
    found = load_architecture(written(tmp_path, ("dr-silicon-mzm", "light.toml"))).optics_at(106.25e9)
    assert found is not None
    own = optics.load_optics("dr-silicon-mzm").with_fibre(100.0)
    assert found.received_oma_dbm == pytest.approx(own.received_oma_dbm - 2.0)


def arriving(architecture: Architecture) -> float:
    light = architecture.optics_at(106.25e9)
    assert light is not None
    return light.received_oma_dbm - light.sensitivity_dbm


def test_light_below_sensitivity_is_refused_with_the_key_that_takes_it(tmp_path: Path) -> None:
    """A fibre as long as the message allows passes, one a hundredth longer does not."""
    with pytest.raises(
        ConfigError, match=r"mine\.toml: key fibre_m must bring .* dBm arrive\. Shorten it to \d+ m"
    ) as told:
        load_architecture(written(tmp_path, ("value = 100.0", "value = 100000.0"))).at(106.25e9)
    longest = float(str(told.value).split("Shorten it to ")[1].removesuffix(" m."))
    allowed = load_architecture(written(tmp_path, ("value = 100.0", f"value = {longest}")))
    assert 0.0 <= arriving(allowed) < 1e-3
    with pytest.raises(ConfigError, match="key fibre_m"):
        load_architecture(written(tmp_path, ("value = 100.0", f"value = {1.01 * longest}"))).at(106.25e9)
    text = data_path("optics", "dr-silicon-mzm.toml").read_text(encoding="utf-8")
    (tmp_path / "dark.toml").write_text(text.replace("value = 11.0", "value = -20.0"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"dark\.toml: key source\.power_dbm must bring .* got -20\.0 dBm of light"):
        load_architecture(written(tmp_path, ("dr-silicon-mzm", "dark.toml"))).at(106.25e9)


def test_optics_of_another_rate_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"key rate\.106\.25\.optics must be made for about 53\.125 GBd, got 'dr-thin"
    ):
        load_architecture(written(tmp_path, ("dr-silicon-mzm", "dr-thin-film-lithium-niobate"))).at(106.25e9)


def test_unknown_names_and_rates() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'pluggable'"):
        load_architecture("plugable")
    with pytest.raises(SirfError, match=r"data_rate must be one of 53\.125"):
        load_architecture("cpo").at(1e9)
    assert load_architecture("cpo").has(106.25e9)
    assert not load_architecture("copper-cable").has(425e9)


@pytest.mark.parametrize("name", ORDER)
def test_light_arrives_with_room_for_penalties(name: str) -> None:
    """Static margin above the 3.4 dB of TDECQ that the classes allow, at every rate."""
    found = load_architecture(name)
    for rate in found.interfaces:
        light = found.optics_at(rate)
        assert light is None or light.received_oma_dbm - light.sensitivity_dbm > 3.4

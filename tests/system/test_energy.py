"""Energy against the published figures: those that set the constants, and the others with their deviation."""

from __future__ import annotations

from pathlib import Path

import pytest

from sirf._data import data_path
from sirf.errors import ConfigError, SirfError
from sirf.system import energy as energy_module
from sirf.system.energy import energy_anchors, energy_pj_per_bit, list_architectures

ROWS = {
    "pluggable-retimed",
    "pluggable-half-retimed",
    "pluggable-linear",
    "npo",
    "cpo-retimed",
    "cpo-linear",
    "copper-cable",
    "copper-copackaged",
    "die-to-die",
}


def test_every_architecture_of_the_comparison_has_a_figure() -> None:
    assert set(list_architectures()) == ROWS
    for name in ROWS:
        result = energy_pj_per_bit(name, 10.0)
        assert result.low <= result.value <= result.high
        assert result.value == pytest.approx(result.serdes + result.module)
        assert all(part.source and part.provenance in ("P", "2", "E") for part in result.parts)
        assert set(result.provenance) <= set("P2E+")


def test_fitted_anchors_are_met() -> None:
    for anchor in energy_anchors():
        if anchor.fitted:
            assert anchor.deviation == pytest.approx(0.0, abs=0.01), anchor


def test_unfitted_anchors_deviate_as_documented() -> None:
    """Module and port figures within 12 %, the two co-packaged extremes and the VSR row on the other lines beyond."""
    beyond = {
        "CPO, industry panel": 0.67,
        "51.2T co-packaged switch": -0.27,
        "VSR, 16 dB, on the analog line": -0.56,
        "VSR, 16 dB, on the DSP line": 0.49,
    }
    for anchor in energy_anchors():
        if not anchor.fitted:
            assert anchor.deviation == pytest.approx(beyond.get(anchor.name, 0.0), abs=0.12), anchor
    assert {anchor.name for anchor in energy_anchors()} > set(beyond)


def test_published_port_figures_lie_in_the_range_of_their_architecture() -> None:
    """30 W and 9 W per 1.6T port, 5.5 W per 800G, panel 19 and 3 pJ/bit: module or engine alone."""
    module = {name: energy_pj_per_bit(name, 0.0).parts[1] for name in ("pluggable-retimed", "cpo-retimed")}
    for figure in (18.75, 19.0, 20.25):
        assert module["pluggable-retimed"].low <= figure <= module["pluggable-retimed"].high
    for figure in (5.625, 6.875, 3.0):
        assert module["cpo-retimed"].low <= figure <= module["cpo-retimed"].high


def test_energy_grows_with_loss_by_the_published_slope() -> None:
    for name in ROWS - {"die-to-die"}:
        slope = (energy_pj_per_bit(name, 20.0).value - energy_pj_per_bit(name, 10.0).value) / 10.0
        assert 0.05 <= slope <= 0.07


def test_energy_falls_from_faceplate_to_package() -> None:
    losses = {"cpo-retimed": 5.0, "npo": 10.0, "pluggable-linear": 20.0, "pluggable-retimed": 20.0}
    values = [energy_pj_per_bit(name, loss).value for name, loss in losses.items()]
    assert values == sorted(values)
    assert values[0] < energy_pj_per_bit("pluggable-half-retimed", 20.0).value < values[-1]


def test_bad_input_is_refused() -> None:
    for loss in (-1.0, 61.0, float("nan")):
        with pytest.raises(SirfError, match="insertion_loss_db must be between 0 and 60 dB"):
            energy_pj_per_bit("npo", loss)
    with pytest.raises(ConfigError, match=r"got 'cpo'\. Did you mean 'cpo-retimed'"):
        energy_pj_per_bit("cpo", 1.0)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('serdes = "dsp"\nmodule', 'serdes = "tube"\nmodule', "mine.toml: key .whole file. must be valid .*tube"),
        ("[17.5, 20.0, 22.5]", "[17.5, -20.0, 22.5]", "architecture.pluggable-retimed.module_pj_per_bit.1"),
        ("[17.5, 20.0, 22.5]", "[17.5]", "architecture.pluggable-retimed.module_pj_per_bit"),
    ],
)
def test_a_bad_file_names_file_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = data_path("energy", "architectures.toml").read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "mine.toml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        energy_module._load(file)

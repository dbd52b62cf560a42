"""The shipped optical paths: every number sourced, inside the published ranges, and bad files refused by key."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sirf import optics
from sirf._data import data_path
from sirf.errors import ConfigError


@pytest.mark.parametrize("name", optics.list_optics())
def test_every_number_has_a_source_and_lies_in_the_published_range(name: str) -> None:
    preset = optics.load_optics(name)
    assert preset.name == name
    assert len(preset.provenance) > 20
    for key, value, provenance, source in preset.provenance:
        assert provenance in ("P", "2", "E"), key
        assert len(source) > 3, key
        assert np.isfinite(value), key
    receiver = preset.path.receiver
    assert 0.5 <= receiver.photodiode.responsivity <= 0.8
    assert 10e-12 <= receiver.tia.noise <= 13e-12
    assert all(0.25 <= joint.loss_db <= 0.5 for joint in preset.path.connectors)


@pytest.mark.parametrize("name", optics.list_optics())
def test_every_path_closes_its_link_and_meets_the_limits_of_its_transmitter(name: str) -> None:
    preset = optics.load_optics(name)
    found = optics.measure(preset.path, swing=preset.swing, symbol_rate=preset.symbol_rate, pattern="prbs9")
    # 802.3: TDECQ at most 3.4 dB; OMA of 100G and 200G DR classes 0.2 to 4.2 dBm, extinction ratio at least 3.5 dB
    assert 0.3 < found.tdecq_db < 3.4
    assert found.extinction_db > 3.5
    assert 0.2 < 10 * np.log10(found.oma / 1e-3) < 4.2
    assert optics.link_budget(preset.path, found).margin_db > 0.0


def test_bandwidths_are_those_of_the_published_devices() -> None:
    f = np.linspace(1e8, 150e9, 1500)
    for name, low, high in (("dr-silicon-mzm", 40e9, 55e9), ("cpo-silicon-ring", 52e9, 110e9),
                            ("dr-thin-film-lithium-niobate", 70e9, 90e9)):  # fmt: skip
        modulator = optics.load_optics(name).path.modulator
        assert modulator is not None
        response = np.abs(modulator.response(f))
        assert low <= f[np.argmax(response < np.sqrt(0.5))] <= high


def edited(tmp_path: Path, old: str, new: str) -> Path:
    text = data_path("optics", "dr-silicon-mzm.toml").read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "own.toml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("v_pi_v =", "v_pi =", r"own\.toml: modulator\.mach-zehnder\.(v_pi_v|v_pi)"),
        ('kind = "mach-zehnder"', 'kind = "mirror"', r"own\.toml: modulator"),
        ("length_m = { value = 500.0", "length_m = { value = -500.0", r"own\.toml: length must be"),
        ('provenance = "P"', 'provenance = "?"', r"own\.toml: .*provenance"),
        ("[receiver]", "[detector]", r"own\.toml: (receiver|detector)"),
    ],
)
def test_a_bad_file_is_named_with_its_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        optics.load_optics(edited(tmp_path, old, new))


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="dr-silicon-mzm"):
        optics.load_optics("mirror")

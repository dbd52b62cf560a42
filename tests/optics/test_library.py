"""The shipped optical paths: every number sourced, inside the published ranges, and bad files refused by key."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sirf import optics
from sirf._data import data_path, load_toml
from sirf.errors import ConfigError
from tests.edited import edited


@pytest.mark.parametrize("name", optics.list_optics())
def test_every_number_has_a_source_and_lies_in_the_published_range(name: str) -> None:
    preset = optics.load_optics(name)
    assert preset.name == name
    assert len(preset.provenance) > 20
    for key, value, provenance, source in preset.provenance:
        assert provenance in ("P", "2", "E"), key
        assert len(source) > 3, key
        assert np.isfinite(value), key
    receiver, projected = preset.path.receiver, preset.title.startswith("Projection")
    if isinstance(preset.path.source, optics.MicroLed):
        # silicon at 430 nm, an amplifier of 1.5 GHz
        assert (receiver.photodiode.responsivity, receiver.tia.noise) == (0.25, 2e-12)
    else:
        assert 0.5 <= receiver.photodiode.responsivity <= 0.8
        assert 10e-12 <= receiver.tia.noise <= (16e-12 if projected else 13e-12)
    assert projected == (preset.symbol_rate > 200e9)
    assert all(0.25 <= joint.loss_db <= 0.5 for joint in preset.path.connectors)


@pytest.mark.parametrize("name", optics.list_optics())
def test_every_path_closes_its_link_and_meets_the_limits_of_its_transmitter(name: str) -> None:
    preset = optics.load_optics(name)
    taps = optics.FIVE_TAPS if preset.symbol_rate < 80e9 else optics.FIFTEEN_TAPS
    found = optics.measure(
        preset.path, swing=preset.swing, symbol_rate=preset.symbol_rate, pattern="prbs9", receiver=taps
    )
    assert found.extinction_db > 3.5
    if preset.order == 2:
        # TDECQ and the classes of 802.3 are of PAM4
        assert preset.received_oma_dbm > preset.sensitivity_dbm + 6.0
        return
    # 802.3: TDECQ at most 3.4 dB; OMA of 100G and 200G DR classes 0.2 to 4.2 dBm, extinction ratio at least 3.5 dB
    assert found.tdecq_db is not None
    assert 0.3 < found.tdecq_db < 3.4
    assert 0.2 < 10 * np.log10(found.oma / 1e-3) < 4.2
    assert optics.worst_case_budget(preset.path, found).margin_db > 0.0


@pytest.mark.parametrize("name", optics.list_optics())
def test_the_light_that_arrives_leaves_the_amplifier_nearly_linear(name: str) -> None:
    preset = optics.load_optics(name)
    receiver = preset.path.receiver
    outer = 0.5 * receiver.photodiode.responsivity * optics.from_dbm(preset.received_oma_dbm)
    compressed = float(receiver.tia.curve(np.array([outer]))[0]) / (receiver.tia.gain * outer)
    assert 0.94 < compressed < 0.96


@pytest.mark.parametrize("name", optics.list_optics())
def test_static_budget_is_that_of_the_laboratory_without_its_penalties(name: str) -> None:
    """Sent, lost and needed against `measure` and `sensitivity`; a settled wave has the static amplitude within half a dB."""
    preset = optics.load_optics(name)
    found = optics.measure(preset.path, swing=preset.swing, symbol_rate=preset.symbol_rate, pattern="prbs9")
    arriving = float(optics.dbm(found.oma)) - preset.path.loss_db
    assert preset.received_oma_dbm == pytest.approx(arriving, abs=0.5)
    need = optics.sensitivity(
        preset.path.receiver, extinction_db=found.extinction_db, rin=preset.path.source.rin, order=preset.order
    )
    assert preset.sensitivity_dbm == pytest.approx(float(optics.dbm(need)), abs=1e-6)
    assert preset.with_fibre(0.0).received_oma_dbm - preset.received_oma_dbm == pytest.approx(preset.path.fibre.loss_db)


@pytest.mark.parametrize("name", optics.list_optics())
def test_gain_control_and_efficiency_are_ranges(name: str) -> None:
    preset = optics.load_optics(name)
    assert preset.agc_db[0] < 0.0 < preset.agc_db[1]
    low, value, high = preset.wall_plug_efficiency
    assert 0.05 <= low < value < high <= 0.3
    listed = {key for key, *_ in preset.provenance}
    assert {"agc_db.low", "agc_db.high", "source.wall_plug_efficiency", "source.wall_plug_efficiency.low"} <= listed


def test_light_of_a_directly_modulated_laser_is_that_at_its_bias() -> None:
    # slope x (bias - threshold) = 0.45 x 7.2 mA = 3.24 mW, rolled over at 8 mW
    assert optics.load_optics("sr-vcsel").source_power == pytest.approx(8e-3 * np.tanh(3.24 / 8.0))
    assert optics.load_optics("dr-silicon-mzm").source_power == pytest.approx(10**-1.9)


@pytest.mark.parametrize("name", ["oci-gen1", "wdm16-silicon-ring"])
def test_modulators_share_a_laser(name: str) -> None:
    """Each pays its part of the light as the laser gives it: what the splitter and couplers lose is on the bill as well."""
    table = load_toml(data_path("optics", f"{name}.toml"))
    given = 1e-3 * 10.0 ** (table["source"]["power_dbm"]["value"] / 10.0)
    assert optics.load_optics(name).supplied_power == pytest.approx(
        given / table["wavelengths"]["splitter_ways"], rel=1e-9
    )


def test_bandwidths_are_those_of_the_published_devices() -> None:
    f = np.linspace(1e8, 150e9, 1500)
    for name, low, high in (("dr-silicon-mzm", 40e9, 55e9), ("cpo-silicon-ring", 52e9, 110e9),
                            ("dr-thin-film-lithium-niobate", 70e9, 90e9)):  # fmt: skip
        modulator = optics.load_optics(name).path.modulator
        assert modulator is not None
        response = np.abs(modulator.response(f))
        assert low <= f[np.argmax(response < np.sqrt(0.5))] <= high


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("v_pi_v =", "v_pi =", r"key modulator\.mach-zehnder\.v_pi must carry its unit, got 'v_pi'\. Write v_pi_v\."),
        ("power_dbm =", "power =", r"key source\.laser\.power must carry its unit.*Write power_dbm\."),
        ('kind = "mach-zehnder"', 'kind = "mirror"', r"key modulator must be valid"),
        ("length_m = { value = 500.0", "length_m = { value = -500.0", r"key fibre\.length_m: length must be .* got -500"),
        ("v_pi_v = { value = 6.0", "v_pi_v = { value = -6.0", r"key modulator\.v_pi_v: v_pi must be"),
        ("coupling_loss_db = { value = 1.5", "coupling_loss_db = { value = -1.5", r"key coupling_loss_db must be"),
        ("swing_v = { value = 0.17", "swing_v = { value = -0.17", r"key swing_v\.value must be valid, got -0\.17"),
        ("low = -12.0", "low = 13.0", r"key agc_db must be valid .*low must be below high"),
        ("low = 0.06", "low = 0.6", r"key source\.laser\.wall_plug_efficiency must be valid .*must ascend"),
        ('provenance = "P"', 'provenance = "?"', r"key .*provenance must be valid, got '\?'"),
        ("[receiver]", "[detector]", r"key (receiver|detector) must be (valid|there)"),
        ("power_dbm = { value = 11.0", "power_dbm = { value = -4.0",
         r"key source\.power_dbm must bring the photodiode an OMA of -10\.6 dBm, got -4\.0 dBm of light: -13\.8 dBm arrive\. "
         r"Raise it by 3\.2 dB\."),
        ("length_m = { value = 500.0", "length_m = { value = 40000.0",
         r"key fibre\.length_m must bring the photodiode an OMA of -10\.6 dBm, got 40000 m: -14\.6 dBm arrive\. "
         r"Shorten it to 298\d\d m\."),
        ("rin_db_per_hz = { value = -139.0", "rin_db_per_hz = { value = -120.0", r"key source: rin must let the receiver"),
    ],
)  # fmt: skip
def test_a_bad_file_is_named_with_its_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"mine\.toml: {message}"):
        optics.load_optics(edited(tmp_path, "optics", "dr-silicon-mzm.toml", old, new))


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"cpo-silicon-ring, .* got 'sr-vscel'\. Did you mean 'sr-vcsel'"):
        optics.load_optics("sr-vscel")
    with pytest.raises(ConfigError, match=r"absent\.toml must be a readable file"):
        optics.load_optics("absent.toml")

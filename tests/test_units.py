"""Quantities as people write them, in functions, values and on the command line."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sirf
from sirf import units
from sirf.__main__ import main
from sirf.channel.materials import load_material
from sirf.errors import SirfError
from sirf.optics.fibre import Fibre, MultimodeFibre
from sirf.optics.modulator import ElectroAbsorption, MachZehnder, Ring
from sirf.optics.optical_receiver import Photodiode, Tia
from sirf.optics.source import Driver, Laser, Vcsel

Capture = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (units.parse_symbol_rate, "53.125GBd", 53.125e9),
        (units.parse_symbol_rate, " 53.125 gbaud ", 53.125e9),
        (units.parse_symbol_rate, "53.125G", 53.125e9),
        (units.parse_symbol_rate, "53_125_000_000", 53.125e9),
        (units.parse_data_rate, "112G", 112e9),
        (units.parse_data_rate, "106.25 Gbit/s", 106.25e9),
        (units.parse_data_rate, "106.25Gbps", 106.25e9),
        (units.parse_data_rate, "1.6Tb/s", 1.6e12),
        (units.parse_frequency, "4 MHz", 4e6),
        (units.parse_frequency, "4mhz", 4e6),
        (units.parse_frequency, "100 Hz", 100.0),
        (units.parse_length, "10in", 0.254),
        (units.parse_length, '10"', 0.254),
        (units.parse_length, "25 mm", 0.025),
        (units.parse_length, "250 µm", 250e-6),
        (units.parse_length, "0.3", 0.3),
        (units.parse_temperature, "85 C", 85.0),
        (units.parse_temperature, "185 F", 85.0),
        (partial(units.POWER.read, name="power"), "3 dBm", 1.9952623149688795e-3),
        (partial(units.POWER.read, name="power"), "-10dBm", 1e-4),
        (partial(units.POWER.read, name="power"), "1.5 mW", 1.5e-3),
        (partial(units.CURRENT.read, name="bias"), "8 mA", 8e-3),
        (partial(units.RESISTANCE.read, name="z0"), "42.5 Ohm", 42.5),
        (partial(units.RESISTANCE.read, name="z0"), "1.2 kΩ", 1200.0),
        (partial(units.DETUNING.read, name="detuning"), "-20 GHz", -20e9),
        (partial(units.SHIFT.read, name="shift"), "5 GHz/V", 5e9),
        (partial(units.AREA.read, name="area"), "10 um²", 1e-11),
        (partial(units.MODAL_BANDWIDTH.read, name="bandwidth"), "4700 MHz km", 4.7e9),
        (partial(units.DURATION.read, name="time"), "90 min", 5400.0),
    ],
)
def test_text_with_a_unit_is_the_number_in_si(read: Callable[[str], float], text: str, value: float) -> None:
    assert read(text) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "value"), [("1e6", 10**6), ("10k", 10_000), ("1,000,000", 10**6), ("2 M", 2 * 10**6), (1e4, 10_000)]
)
def test_counts(text: str | float, value: int) -> None:
    assert units.parse_count(text, name="symbols") == value


@pytest.mark.parametrize(
    ("read", "given", "words"),
    [
        (units.parse_symbol_rate, 53.125, "Write '53.125GBd'"),
        (units.parse_symbol_rate, "53.125", "Write '53.125GBd'"),
        (units.parse_symbol_rate, "106.25Gb/s", "half of it"),
        (units.parse_data_rate, 106.25, "Write '106.25Gb/s'"),
        (units.parse_data_rate, "100_Gb/s", "106.25Gb/s"),
        (units.parse_data_rate, "53GBd", "twice that"),
        (units.parse_data_rate, "106.25GB/s", "bytes"),
        (units.parse_frequency, 4, "Write '4MHz'"),
        (units.parse_length, 200, "Write '200mm'"),
        (units.parse_length, "200 m", "at most 10 m"),
        (units.parse_length, "3 furlong", "30 mm"),
        (units.parse_length, True, "positive"),
        (units.parse_length, [1.0], "30 mm"),
        (partial(units.VOLTAGE.read, name="amplitude"), "5 m", "413mV"),
        (partial(units.TIME.read, name="rise_time"), "5 m", "7.5 ps"),
        (partial(units.POWER.read, name="power"), "3 dBW", "3 dBm"),
        (partial(units.CURRENT.read, name="bias"), 80, "Write '80mA'"),
        (partial(units.DETUNING.read, name="detuning"), -20, "Write '-20GHz'"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_right_spelling(
    read: Callable[[object], float], given: object, words: str
) -> None:
    with pytest.raises(SirfError) as caught:
        read(given)
    assert words in str(caught.value)


@given(st.sampled_from(["", "k", "M", "G"]), st.floats(1.0, 999.0))
def test_prefixes_scale(prefix: str, number: float) -> None:
    factor = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9}[prefix]
    assert units.FREQUENCY.read(f"{number!r} {prefix}Hz", name="x") == pytest.approx(number * factor, rel=1e-12)


@pytest.mark.parametrize("text", ["0_", "1__000", "1_000_"])
def test_underscores_stand_between_digits(text: str) -> None:
    with pytest.raises(SirfError, match="symbols must be a whole number"):
        units.parse_count(text, name="symbols")
    assert units.parse_count("1_000_000", name="symbols") == 1_000_000


def test_no_unit_is_proposed_that_would_make_it_worse() -> None:
    with pytest.raises(SirfError, match=r"at most 1e\+13 baud, got 1e\+15, .* Write for example 53.125GBd\.$"):
        units.parse_symbol_rate(1e15)


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused_by_one_sentence(text: str) -> None:
    quantities = [value for value in vars(units).values() if isinstance(value, units.Quantity)]
    assert len(quantities) > 12
    for quantity in quantities:
        try:
            value = quantity.read(text, name="it")
        except SirfError:
            continue
        assert -np.inf < value < np.inf
        assert value > 0.0 or quantity.signed


def test_the_fields_of_optics_take_text() -> None:
    """Each field with a unit, by the value that the number has."""
    texts: dict[type, dict[str, tuple[str | float, float | str]]] = {
        Laser: {"power": ("10 dBm", 0.01)},
        Driver: {"gain": (4.0, 4.0), "bandwidth": ("40 GHz", 40e9), "saturation": ("2 V", 2.0)},
        Vcsel: {
            "bias": ("8 mA", 8e-3),
            "threshold": ("0.6 mA", 0.6e-3),
            "slope": (0.5, 0.5),
            "resistance": ("60 ohm", 60.0),
            "resonance": ("22 GHz", 22e9),
            "damping": (1.5e11, 1.5e11),
            "parasitic": ("30 GHz", 30e9),
            "saturation": ("5 mW", 5e-3),
        },
        MachZehnder: {"v_pi": ("3 V", 3.0), "bandwidth": ("35 GHz", 35e9)},
        ElectroAbsorption: {"bias": ("1200 mV", 1.2), "scale": ("1.5 V", 1.5), "bandwidth": ("50 GHz", 50e9)},
        Ring: {
            "detuning": ("-20 GHz", -20e9),
            "shift": ("5 GHz/V", 5e9),
            "linewidth": ("45 GHz", 45e9),
            "electrical": ("60 GHz", 60e9),
        },
        Photodiode: {"responsivity": (0.8, 0.8), "bandwidth": ("45 GHz", 45e9), "dark_current": ("10 nA", 1e-8)},
        Tia: {"gain": (2e3, 2e3), "bandwidth": ("30 GHz", 30e9), "saturation": ("300 mV", 0.3)},
        MultimodeFibre: {"length": ("50 m", 50.0), "bandwidth": ("4700 MHz km", 4.7e9)},
    }
    for kind, fields in texts.items():
        made = kind(**{name: text for name, (text, _) in fields.items()})
        for name, (_, value) in fields.items():
            assert getattr(made, name) == pytest.approx(value), f"{kind.__name__}.{name}"
    with pytest.raises(SirfError, match="bandwidth must be a number with a unit"):
        MachZehnder(3.0, bandwidth="35 GBd")  # type: ignore[arg-type]


def test_values_of_a_link_take_text() -> None:
    receiver = sirf.Receiver(noise_corner="40 GHz")  # type: ignore[arg-type]
    transmitter = sirf.Transmitter(
        amplitude="413 mV",  # type: ignore[arg-type]
        amplitude_fext=0.4,
        amplitude_next=0.6,
        rise_time="7.5 ps",  # type: ignore[arg-type]
    )
    assert receiver.noise_corner == 40e9
    assert transmitter.amplitude == pytest.approx(0.413)
    assert transmitter.rise_time == pytest.approx(7.5e-12)
    assert sirf.ClockRecovery(bandwidth="4 MHz").bandwidth == 4e6  # type: ignore[arg-type]
    assert Fibre("2 km").length == 2000.0  # type: ignore[arg-type]
    hot, same = load_material("megtron7").at(temperature_c="358.15 K"), load_material("megtron7").at(temperature_c=85.0)
    assert hot.conductivity == pytest.approx(same.conductivity)


def test_a_link_takes_its_rate_as_text_and_refuses_a_bare_number_of_gigabaud() -> None:
    channel = sirf.paths.cpo(rate_class="100g", length="30 mm").to_channel()
    link = sirf.Link(channel, standard="cei-112g-xsr", symbol_rate="53.125GBd")
    assert link.symbol_rate == 53.125e9
    with pytest.raises(SirfError, match=r"53\.125GBd"):
        sirf.Link(channel, standard="cei-112g-xsr", symbol_rate=53.125)
    with pytest.raises(SirfError, match=r"106\.25Gb/s"):
        sirf.compare(["cpo"], data_rate=106.25)
    with pytest.raises(SirfError, match="200mm"):
        sirf.paths.pluggable(length=200)


def test_the_command_line_takes_the_same_spellings(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "line.s2p"
    frequency = np.arange(0.0, 60e9, 100e6)
    rows = [f"{f:g} 0 0 {np.exp(-f / 60e9):.9f} 0 {np.exp(-f / 60e9):.9f} 0 0 0" for f in frequency]
    file.write_text("# Hz S RI R 100\n" + "\n".join(rows) + "\n")
    answers = []
    for text in ("40GBd", "40e9", "40 G"):
        assert main(["pulse", str(file), "--symbol-rate", text, "--json", "-"]) == 0
        answers.append(capsys.readouterr().out)
    assert all(one == other for one, other in itertools.pairwise(answers))
    assert main(["pulse", str(file), "--symbol-rate", "53.125"]) == 2
    assert "'53.125GBd'" in capsys.readouterr().err


def test_numbers_of_old_versions_are_taken_with_a_notice(capsys: Capture) -> None:
    arguments = ["map", "length-rate", "cpo-retimed", "--figure", "eye_height_mv", "--rates", "106.25,212.5"]
    assert main([*arguments, "--lengths", "30", "--json", "-"]) == 0
    old = capsys.readouterr()
    assert "write 30mm" in old.err
    assert "write 212.5Gb/s" in old.err
    assert main([*arguments[:-1], "106.25G,212.5G", "--lengths", "30mm", "--json", "-"]) == 0
    new = capsys.readouterr()
    assert new.out == old.out
    assert "warning" not in new.err

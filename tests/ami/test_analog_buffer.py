"""Ts4file, Tx_V, Tx_R, Rx_R against packages of Annex 93A; Rx_Decision_Time, DC_Offset and Rx_Use_Clock_Input."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skrf

import sirf
from sirf.ami.flow import modelled
from sirf.ami.model import AmiModel
from sirf.channel.channel import Channel
from sirf.channel.die_to_die import PackageCase
from sirf.channel.package import Package, PackageLine
from sirf.engine.front_end import analog_channel, front_end
from sirf.errors import AmiError
from sirf.link import Link
from sirf.transmitter.transmitter import Transmitter
from tests.ami.links import FREQUENCY, link

Models = Callable[..., AmiModel]
LINE = {"lines": (PackageLine(z_c=90.0, length_mm=12.0),), "gamma0": 5e-4, "a1": 9e-4, "a2": 2e-4, "tau": 6e-3}
STAGE = ((120e-15, 150e-12),)


def on_ball(**changes: object) -> Link:
    """The test link's channel ending at the ball, with packages of unequal terminations."""
    base = link(noise=1e-13)
    channel = dataclasses.replace(base.channel, plane="ball")
    transmitter = Package(die=STAGE, r_d=55.0, **LINE)  # type: ignore[arg-type]  # keywords of several types
    receiver = Package(die=STAGE, r_d=45.0, **LINE)  # type: ignore[arg-type]
    case = PackageCase(transmitter=transmitter, fext=transmitter, next=transmitter, receiver=receiver)
    tx = dataclasses.replace(base.transmitter, rise_time=0.0)
    return base.replace(channel=channel, packages=case, transmitter=tx, **changes)


def write_buffer(file: Path, *, receiver: bool = False) -> None:
    """The die's stage as a 4-port of two uncoupled lines 1 to 2 and 3 to 4; for a receiver its pads come first."""
    line = Package(die=STAGE).network(FREQUENCY, receiver=receiver).s
    s = np.zeros((len(FREQUENCY), 4, 4), dtype=complex)
    s[:, :2, :2] = s[:, 2:, 2:] = line
    skrf.Network(frequency=skrf.Frequency.from_f(FREQUENCY, unit="Hz"), s=s, z0=50.0).write_touchstone(
        file.stem, dir=str(file.parent)
    )


def described(model: Models, folder: Path, reserved: str, name: str = "identity", side: str = "one") -> AmiModel:
    """A test model whose file has further reserved parameters."""
    plain = model(name)
    file = folder / f"{side}.ami"
    file.write_text(plain.file.read_text().replace("(Reserved_Parameters", f"(Reserved_Parameters {reserved}", 1))
    return AmiModel(file, so=plain.so)


def given(name: str, kind: str, value: str, usage: str = "Info") -> str:
    return f"({name} (Usage {usage}) (Type {kind}) (Value {value}))"


def test_files_of_the_dies_stages_are_the_dies_stages(model: Models, tmp_path: Path) -> None:
    base = on_ball()
    write_buffer(tmp_path / "tx.s4p")
    write_buffer(tmp_path / "rx.s4p", receiver=True)
    swing = 4.0 * base.transmitter.amplitude
    sent = given("Ts4file", "String", '"tx.s4p"') + given("Tx_V", "Float", f"{swing}") + given("Tx_R", "Float", "55")
    received = given("Ts4file", "String", '"rx.s4p"') + given("Rx_R", "Float", "45")
    # the link's own die stages, terminations, edge and swing are others: the files' hold
    other = Package(die=((400e-15, 0.0),), r_d=70.0, **LINE)  # type: ignore[arg-type]
    case = PackageCase(transmitter=other, fext=other, next=other, receiver=other)
    tx = Transmitter(amplitude=0.1, amplitude_fext=0.1, amplitude_next=0.1, rise_time=20e-12)
    plain = base.replace(packages=case, transmitter=tx)
    chosen = plain.replace(
        transmitter_model=described(model, tmp_path, sent, side="tx"),
        receiver_model=described(model, tmp_path, received, side="rx"),
    )
    expected, found = front_end(base), front_end(modelled(chosen).linear)
    peak = float(expected.through.max())
    np.testing.assert_allclose(found.through, expected.through, atol=1e-7 * peak, rtol=0)
    for one, two in zip(found.crosstalk, expected.crosstalk, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-7 * peak, rtol=0)


def test_a_side_without_a_file_keeps_its_package(model: Models, tmp_path: Path) -> None:
    base = on_ball()
    write_buffer(tmp_path / "rx.s4p", receiver=True)
    received = given("Ts4file", "String", '"rx.s4p"') + given("Rx_R", "Float", "45")
    found = front_end(modelled(base.replace(receiver_model=described(model, tmp_path, received))).linear)
    expected = front_end(base)
    np.testing.assert_allclose(found.through, expected.through, atol=1e-7 * float(expected.through.max()), rtol=0)


def test_the_digest_knows_the_touchstone_file(model: Models, tmp_path: Path) -> None:
    write_buffer(tmp_path / "tx.s4p")
    first = described(model, tmp_path, given("Ts4file", "String", '"tx.s4p"')).digest
    write_buffer(tmp_path / "tx.s4p", receiver=True)
    assert described(model, tmp_path, given("Ts4file", "String", '"tx.s4p"')).digest != first


def test_a_missing_file_is_named(model: Models, tmp_path: Path) -> None:
    chosen = described(model, tmp_path, given("Ts4file", "String", '"gone.s4p"'))
    with pytest.raises(AmiError, match=r"one.ami: Ts4file must be a 4-port Touchstone file, got .*gone.s4p"):
        modelled(link().replace(transmitter_model=chosen))


def test_the_decision_time_is_where_the_receiver_samples(model: Models, tmp_path: Path) -> None:
    base = link(noise=1e-13)
    plain = modelled(base.replace(receiver_model=model("identity"))).linear
    end = front_end(plain)
    m = end.samples_per_ui
    channel = analog_channel(plain)
    start = channel.prepared[channel.index[0]].start_time
    late = 0.25
    time = end.start_time - start + (end.sampling / m + late) / base.symbol_rate
    chosen = described(model, tmp_path, given("Rx_Decision_Time", "Float", f"{time:.6e}"))
    moved = front_end(modelled(base.replace(receiver_model=chosen)).linear)
    assert moved.start_time + moved.sampling / (m * base.symbol_rate) == pytest.approx(
        end.start_time + (end.sampling / m + late) / base.symbol_rate, abs=0.5 / (m * base.symbol_rate)
    )
    wrong = described(model, tmp_path, given("Rx_Decision_Time", "UI", "400.0"))
    with pytest.raises(AmiError, match="must give an Rx_Decision_Time within a UI of the pulse's middle"):
        modelled(base.replace(receiver_model=wrong))


def test_a_clock_from_another_receiver_is_refused(model: Models, tmp_path: Path) -> None:
    form = '(Rx_Use_Clock_Input (Usage In) (Type String) (List "Times" "None") (Default "Times"))'
    chosen = described(model, tmp_path, form)
    with pytest.raises(AmiError, match="Rx_Use_Clock_Input must be None, got Times"):
        modelled(link().replace(receiver_model=chosen))
    quiet = chosen.replace(parameters={"Rx_Use_Clock_Input": "None"})
    assert sirf.statistical_eye(link().replace(receiver_model=quiet)).ber > 0


def test_a_differential_link_has_no_offset(model: Models, tmp_path: Path) -> None:
    chosen = described(model, tmp_path, "(DC_Offset (Usage In) (Type Float) (Value 0.7))")
    assert chosen.input_values(modulation="NRZ", order=2)["dc_offset"] == 0.0


def test_channel_files_without_devices_take_buffers_too(model: Models, tmp_path: Path) -> None:
    # complete to the die: nothing of the link's own stands there, so a file and a termination are added as they are
    base = link(noise=1e-13)
    write_buffer(tmp_path / "tx.s4p")
    chosen = described(model, tmp_path, given("Ts4file", "String", '"tx.s4p"'))
    found = front_end(modelled(base.replace(transmitter_model=chosen)).linear)
    stage = Package(die=STAGE).network(FREQUENCY)
    paths = [stage @ one for one in base.channel.networks]
    plain = base.replace(
        channel=Channel(paths[0], fext=(paths[1],), next=(paths[2],), plane="die"),
        transmitter=dataclasses.replace(base.transmitter, rise_time=0.0),
    )
    expected = front_end(plain)
    np.testing.assert_allclose(found.through, expected.through, atol=1e-7 * float(expected.through.max()), rtol=0)


def test_a_file_without_dc_leaves_the_extrapolation_to_the_channel(model: Models, tmp_path: Path) -> None:
    base = link(noise=1e-13)
    write_buffer(tmp_path / "tx.s4p")
    whole = described(model, tmp_path, given("Ts4file", "String", '"tx.s4p"'), side="whole")
    network = skrf.Network(str(tmp_path / "tx.s4p"))
    network[4:-20].write_touchstone("cut", dir=str(tmp_path))
    cut = described(model, tmp_path, given("Ts4file", "String", '"cut.s4p"'), side="cut")
    one, two = (front_end(modelled(base.replace(transmitter_model=chosen)).linear) for chosen in (whole, cut))
    assert two.main_cursor == pytest.approx(one.main_cursor, rel=0.01)

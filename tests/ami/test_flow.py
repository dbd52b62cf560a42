"""The statistical flow: identity is no model, an FFE model is sirf's own FFE, crosstalk columns, jitter and noise, all cases."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import sirf
from sirf.ami.flow import impulse_columns, modelled
from sirf.ami.model import AmiModel
from sirf.engine.front_end import analog_channel, front_end
from sirf.errors import AmiError, SirfError
from sirf.receiver.receiver import Ctle
from sirf.transmitter.jitter import Jitter
from tests.ami.links import RATE, link

Models = Callable[..., AmiModel]
TAPS = {"pre1": -0.1, "main": 0.7, "post1": -0.2}


def own_ffe(base: sirf.Link) -> sirf.Link:
    tx = dataclasses.replace(base.transmitter, ffe=(-0.1, 0.7, -0.2), ffe_main=1)
    return base.replace(transmitter=tx)


@pytest.mark.parametrize("modulation", ["NRZ", "PAM4"])
def test_an_identity_model_is_no_model_exactly(model: Models, modulation: str) -> None:
    base = link(modulation)
    same = base.replace(transmitter_model=model("identity"), receiver_model=model("identity"))
    without, having = sirf.statistical_eye(base), sirf.statistical_eye(same)
    assert having.ber == without.ber > 1e-12
    assert having.link is same
    for one, two in zip(without.slices, having.slices, strict=True):
        np.testing.assert_array_equal(one.log_tail, two.log_tail)
    np.testing.assert_array_equal(base.pulse_response().volts, same.pulse_response().volts)


@pytest.mark.parametrize("file", ["ffe", "ffe_init"])
def test_an_ffe_model_is_sirfs_own_ffe(model: Models, file: str) -> None:
    base = link("PAM4")
    vendor = base.replace(transmitter_model=model("ffe", file, **TAPS))
    mine, theirs = front_end(own_ffe(base)), front_end(modelled(vendor).linear)
    peak = np.abs(mine.through).max()
    np.testing.assert_allclose(theirs.through, mine.through, rtol=0, atol=1e-9 * peak)
    for one, two in zip(mine.crosstalk, theirs.crosstalk, strict=True):
        np.testing.assert_allclose(two, one, rtol=0, atol=1e-9 * peak)
    assert sirf.statistical_eye(vendor).ber == pytest.approx(sirf.statistical_eye(own_ffe(base)).ber, rel=1e-9)


def test_next_does_not_pass_the_transmitters_model(model: Models) -> None:
    base = link()
    vendor = modelled(base.replace(transmitter_model=model("ffe", **TAPS))).linear
    np.testing.assert_array_equal(front_end(vendor).crosstalk[1], front_end(base).crosstalk[1])
    assert np.abs(front_end(vendor).crosstalk[0]).max() < np.abs(front_end(base).crosstalk[0]).max()


def test_a_getwave_only_transmitter_leaves_the_impulse_response_alone(model: Models) -> None:
    # Init_Returns_Impulse False: what AMI_Init returns is not used (IBIS 5.1 and later, statistical flow)
    base = link()
    vendor = base.replace(transmitter_model=model("ffe", "ffe_wave", **TAPS))
    assert sirf.statistical_eye(vendor).ber == sirf.statistical_eye(base).ber


def test_the_impulse_columns_add_up_to_the_pulse() -> None:
    base = link()
    interval = 1.0 / (RATE * base.samples_per_ui)
    columns = impulse_columns(analog_channel(base), base)
    end, channel = front_end(base), analog_channel(base)
    summed = np.convolve(columns[0] * interval, np.ones(base.samples_per_ui))
    first = round((end.start_time - channel.prepared[0].start_time) / interval)
    # a swing of 1 V is two levels of the link's own amplitude
    np.testing.assert_allclose(0.5 * summed[first : first + len(end.through)], end.through, atol=1e-14)


def test_the_receivers_filter_shapes_noise_and_crosstalk_as_a_ctle_does(model: Models) -> None:
    base = link(crosstalk=0.0)
    found = modelled(base.replace(receiver_model=model("receiver", peak_db=6)))
    assert found.receiver is not None
    ctle = found.linear.receiver.ctle
    assert ctle is not None
    f = np.array([0.0, 2.5e9, 5e9])
    gain = 10 ** (-6 / 20)
    # the bilinear transform of the model's source, at its own sample interval
    s = 1j * np.tan(np.pi * f / (RATE * 16)) * 2.0 * RATE * 16
    zero, first, second = 2 * np.pi * 0.25 * RATE * gain, 2 * np.pi * 0.25 * RATE, 2 * np.pi * RATE
    np.testing.assert_allclose(
        ctle.transfer(f), gain * (1 + s / zero) / ((1 + s / first) * (1 + s / second)), rtol=1e-6
    )
    assert front_end(found.linear).receiver_noise == pytest.approx(
        np.sqrt(
            np.trapezoid(
                2e-13 * np.abs(found.linear.receiver.analog_transfer(grid := np.linspace(0, 80e9, 8001))) ** 2, grid
            )
        ),
        rel=1e-3,
    )


def test_models_without_room_for_a_probe_are_deconvolved(model: Models, tmp_path: Path) -> None:
    base = link()
    probed = model("ffe", "ffe_init", **TAPS)
    text = probed.file.read_text().replace("(Max_Init_Aggressors (Usage Info) (Type Integer) (Value 25))", "")
    (tmp_path / "alone.ami").write_text(text)
    alone = AmiModel(tmp_path / "alone.ami", so=probed.so, parameters=TAPS)
    first, second = (front_end(modelled(base.replace(transmitter_model=one)).linear) for one in (probed, alone))
    np.testing.assert_allclose(second.through, first.through, atol=1e-10)
    np.testing.assert_allclose(second.crosstalk[0], first.crosstalk[0], atol=1e-9)


def test_jitter_and_noise_of_the_reserved_parameters_are_added(model: Models, tmp_path: Path) -> None:
    base = link(noise=1e-13)
    plain = model("ffe", "ffe_init")
    reserved = "(Tx_Rj (Usage Info) (Type UI) (Value 0.02)) (Tx_Dj (Usage Info) (Type Float) (Value 3p)) (Max_Init"
    (tmp_path / "jitter.ami").write_text(plain.file.read_text().replace("(Max_Init", reserved, 1))
    vendor = base.replace(transmitter_model=AmiModel(tmp_path / "jitter.ami", so=plain.so))
    # 3 ps at 10 GBd are 0.03 UI
    own = base.replace(
        transmitter=dataclasses.replace(base.transmitter, jitter=Jitter(random_ui=0.02, dual_dirac_ui=0.03))
    )
    assert sirf.statistical_eye(vendor).ber == pytest.approx(sirf.statistical_eye(own).ber, rel=1e-6)
    assert sirf.statistical_eye(vendor).ber > 2.0 * sirf.statistical_eye(base).ber
    # the model's jitter stands in place of the link's, not on top of it
    again = vendor.replace(transmitter=dataclasses.replace(base.transmitter, jitter=Jitter(random_ui=0.05)))
    assert sirf.statistical_eye(again).ber == sirf.statistical_eye(vendor).ber


def receiving(model: Models, tmp_path: Path, reserved: str) -> AmiModel:
    plain = model("identity")
    text = plain.file.read_text().replace("(GetWave_Exists (Usage Info) (Type Boolean) (Value True))",
                                          "(GetWave_Exists (Usage Info) (Type Boolean) (Value False)) " + reserved)  # fmt: skip
    (tmp_path / "rx.ami").write_text(text)
    return AmiModel(tmp_path / "rx.ami", so=plain.so)


def test_gaussian_noise_of_the_receiver_adds_to_the_links(model: Models, tmp_path: Path) -> None:
    base = link(noise=1e-13)
    noisy = receiving(model, tmp_path, "(Rx_Noise (Usage Info) (Type Float) (Value 0.02))")
    end = front_end(modelled(base.replace(receiver_model=noisy)).linear)
    assert end.transmitter_noise == pytest.approx(0.02, rel=1e-9)


@pytest.mark.parametrize(
    "reserved",
    [
        "(Rx_Rj (Usage Info) (Type UI) (Value 0.04))",
        "(Rx_Dj (Usage Info) (Type UI) (Value 0.1))",
        "(Rx_Clock_Recovery_Sj (Usage Info) (Type UI) (Value 0.12))",
        "(Rx_Receiver_Sensitivity (Usage Info) (Type Float) (Value 0.03))",
        "(Rx_UniformNoise (Usage Info) (Type Float) (Value 0.06))",
        "(Rx_GaussianNoise (Usage Info) (Type Float) (Value 0.025))",
    ],
)
def test_what_the_receivers_sampler_suffers_is_the_same_in_both_flows(
    model: Models, tmp_path: Path, reserved: str
) -> None:
    base = link(noise=6e-13)
    vendor = base.replace(receiver_model=receiving(model, tmp_path, reserved))
    eye = sirf.statistical_eye(vendor)
    assert eye.ber > 1.1 * sirf.statistical_eye(base).ber
    run = sirf.simulate(vendor, symbols=300_000, rng=3)
    low, high = run.errors.interval()
    # straight lines between phases of 1/16 UI for the logarithm of the ratio
    assert low / 1.1 < eye.ber < 1.1 * high


def test_a_model_stands_in_place_of_the_links_own_parts(model: Models) -> None:
    base = link()
    with pytest.raises(SirfError, match="transmitter must leave equalisation to its transmitter_model, got an FFE"):
        sirf.statistical_eye(base.replace(transmitter=own_ffe(base).transmitter, transmitter_model=model("identity")))
    # what comes from a preset, or from before, makes room
    equalised = own_ffe(base)
    assert equalised.replace(transmitter_model=model("identity")).transmitter.ffe == (1.0,)
    preset = sirf.Link(base.channel, standard="802.3ck-c2m", symbol_rate=RATE, receiver_model=model("identity"))
    assert preset.receiver.ctle is None
    receiver = dataclasses.replace(base.receiver, ctle=Ctle(g_dc_db=-3.0, f_z=4e9, f_p1=4e9, f_p2=10e9))
    with pytest.raises(SirfError, match=r"receiver.ctle must be off beside a receiver_model"):
        sirf.statistical_eye(base.replace(receiver=receiver, receiver_model=model("identity")))


def test_a_link_with_models_is_taken_by_no_other_door(model: Models) -> None:
    with pytest.raises(SirfError, match="transmitter_model and receiver_model must be None here"):
        front_end(link().replace(receiver_model=model("identity")))


def test_the_modulation_is_passed_on_and_checked(model: Models) -> None:
    base = link("PAM4")
    told = modelled(base.replace(receiver_model=model("identity")))
    assert told.receiver is not None
    values = told.receiver.model.input_values(modulation="PAM4", order=4)
    assert told.receiver.model.ami.input_string(values) == '(identity (Modulation "PAM4"))'
    with pytest.raises(AmiError, match=r"identity.ami line 8: Modulation must allow the link's PAM4, got NRZ"):
        sirf.statistical_eye(base.replace(receiver_model=model("identity", Modulation="NRZ")))
    with pytest.raises(AmiError, match="Modulation must allow the link's PAM8, got NRZ, PAM4"):
        sirf.statistical_eye(link("PAM8").replace(receiver_model=model("identity")))
    silent = modelled(base.replace(receiver_model=model("faulty")))
    assert "was made for NRZ; it is run with PAM4" in silent.notes[0]


def test_values_that_are_no_numbers_are_named(model: Models) -> None:
    with pytest.raises(AmiError, match=r"faulty.so must return numbers from AMI_Init, got NaN"):
        sirf.statistical_eye(link().replace(receiver_model=model("faulty", fault=13)))


def test_resolve_sets_what_depends(model: Models) -> None:
    base = link(noise=1e-13)
    found = modelled(base.replace(transmitter_model=model("resolving", grade=3)))
    assert found.linear.transmitter.jitter.random_ui == pytest.approx(0.03)
    # the model fails where a Dep parameter is passed to AMI_Init
    assert found.transmitter is not None
    assert found.transmitter.values["gain"] == pytest.approx(0.25)
    np.testing.assert_allclose(front_end(found.linear).through, 0.25 * front_end(base).through, rtol=1e-9, atol=1e-15)


def test_the_digest_knows_the_models(model: Models) -> None:
    base = link()
    digests = {
        base.digest,
        base.replace(transmitter_model=model("ffe")).digest,
        base.replace(transmitter_model=model("ffe", post1=-0.2)).digest,
        base.replace(receiver_model=model("ffe")).digest,
    }
    assert len(digests) == 4

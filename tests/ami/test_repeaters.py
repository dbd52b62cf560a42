"""Redrivers and retimers between links, and back-channel training."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

import sirf
from sirf.ami.flow import modelled
from sirf.ami.model import AmiModel
from sirf.ami.repeaters import simulate_repeaters
from sirf.ami.run import ModelStream
from sirf.errors import AmiError, SirfError
from tests.ami.links import link

Models = Callable[..., AmiModel]
SYMBOLS = 200_000


def half_links(model: Models, first: AmiModel, *, noise: float) -> tuple[sirf.Link, sirf.Link]:
    """Two links in a row: the first ends in `first`, the second begins with an identity and ends in one."""
    base = link(noise=noise, crosstalk=0.0)
    # what the redriver hands on is in volts; the second transmitter takes it as a swing of 1 V
    second = base.replace(transmitter=dataclasses.replace(base.transmitter, amplitude=0.5))
    return base.replace(receiver_model=first), second.replace(
        transmitter_model=model("identity"), receiver_model=model("identity")
    )


def retimer(model: Models, tmp_path: Path) -> AmiModel:
    plain = model("redriver")
    (tmp_path / "retimer.ami").write_text(plain.file.read_text().replace('"Redriver"', '"Retimer"'))
    return AmiModel(tmp_path / "retimer.ami", so=plain.so)


def test_a_retimer_adds_the_errors_of_both_links(model: Models, tmp_path: Path) -> None:
    first, second = half_links(model, retimer(model, tmp_path), noise=1e-12)
    second = second.replace(receiver=dataclasses.replace(second.receiver, noise_density=2e-12))
    ratios = [sirf.statistical_eye(one).ber for one in (first, second)]
    run = simulate_repeaters([first, second], symbols=SYMBOLS, rng=1)
    composed = 0.5 * (1.0 - (1.0 - 2.0 * ratios[0]) * (1.0 - 2.0 * ratios[1]))
    low, high = run.errors.interval()
    assert min(ratios) > 1e-3
    assert low < composed < high


def test_a_linear_redriver_passes_noise_and_interference_on(model: Models) -> None:
    quiet = half_links(model, model("redriver", gain=2.0), noise=0.0)
    noisy = half_links(model, model("redriver", gain=2.0), noise=2e-13)
    clean = simulate_repeaters(quiet, symbols=SYMBOLS, rng=2)
    worse = simulate_repeaters(noisy, symbols=SYMBOLS, rng=2)
    # 12 dB of copper in a row close what 6 dB leave open
    assert clean.eye.eye_height() < sirf.simulate(quiet[0], symbols=20_000, rng=1).eye.eye_height()
    assert worse.errors.errors > clean.errors.errors


def test_a_limiting_redriver_is_not_its_gain(model: Models) -> None:
    linear, limiting = (
        simulate_repeaters(
            half_links(model, model("redriver", gain=2.0, limit=limit), noise=0.0), symbols=20_000, rng=3
        )
        for limit in (0.0, 0.1)
    )
    assert limiting.eye.level_means()[1] < 0.5 * linear.eye.level_means()[1]


def test_links_that_are_no_chain_of_repeaters(model: Models) -> None:
    base = link()
    with pytest.raises(SirfError, match="must have Repeater_Type Redriver or Retimer, got None"):
        simulate_repeaters(half_links(model, model("identity"), noise=0.0), symbols=10)
    with pytest.raises(SirfError, match="receiver_model must be given in every link of repeaters, got none in link 2"):
        simulate_repeaters([half_links(model, model("redriver"), noise=0.0)[0], base], symbols=10)


def test_models_train_each_other_over_the_back_channel(model: Models) -> None:
    base = link(noise=1e-14, crosstalk=0.0).replace(
        transmitter_model=model("training", "training_tx", BCI_State="Training"),
        receiver_model=model("training", "training_rx", BCI_State="Training"),
    )
    with ModelStream(modelled(base), seed=1) as stream:
        stream.advance(1000)
    assert stream.sent is not None
    assert stream.sent.values["bci_state"] == stream.receiver.values["bci_state"] == "Converged"
    # five requests of -0.04 each
    assert stream.sent.values["post"] == pytest.approx(-0.2)


def test_training_that_one_side_does_not_know_is_refused(model: Models) -> None:
    base = link(noise=1e-14, crosstalk=0.0).replace(
        transmitter_model=model("training", "training_tx", BCI_State="Training"), receiver_model=model("identity")
    )
    with pytest.raises(AmiError, match="BCI_State must be Training in both models"):
        sirf.simulate(base, symbols=1000, rng=1)


def test_training_is_not_taken_for_done_by_init(model: Models) -> None:
    base = link(noise=1e-13, crosstalk=0.0).replace(
        transmitter_model=model("training", "training_tx", BCI_State="Training"),
        receiver_model=model("training", "training_rx", BCI_State="Training"),
    )
    with pytest.raises(AmiError, match=r"training_tx.ami: BCI_State must be Off in the statistical flow, got Training"):
        sirf.statistical_eye(base)


def test_training_inside_init_is_refused(model: Models, tmp_path: Path) -> None:
    plain = model("training", "training_tx")
    mode = '(Reserved_Parameters (BCI_Training_Mode (Usage Info) (Type String) (Value "Statistical"))'
    (tmp_path / "statistical.ami").write_text(plain.file.read_text().replace("(Reserved_Parameters", mode, 1))
    base = link(noise=1e-13, crosstalk=0.0).replace(
        transmitter_model=AmiModel(tmp_path / "statistical.ami", so=plain.so, BCI_State="Training"),
        receiver_model=model("training", "training_rx", BCI_State="Training"),
    )
    with pytest.raises(AmiError, match="BCI_Training_Mode must be of the time domain, got Statistical"):
        sirf.simulate(base, symbols=1000, rng=1)


def test_the_redriver_flow_of_7_2_is_refused(model: Models, tmp_path: Path) -> None:
    first, second = half_links(model, model("redriver", gain=2.0), noise=0.0)
    plain = model("identity")
    form = '(Reserved_Parameters (Tx_Impulse_Input (Usage Info) (Type String) (Value "Combined"))'
    (tmp_path / "combined.ami").write_text(plain.file.read_text().replace("(Reserved_Parameters", form, 1))
    second = second.replace(transmitter_model=AmiModel(tmp_path / "combined.ami", so=plain.so))
    with pytest.raises(
        SirfError, match="transmitter_model of link 2 must take the impulse response of its own channel"
    ):
        simulate_repeaters([first, second], symbols=1000, rng=1)

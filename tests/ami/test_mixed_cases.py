"""Which of AMI_Init's output and AMI_GetWave is used by whom: the mixed cases of the specification's tables."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sirf
from sirf.ami.flow import modelled
from sirf.ami.model import AmiModel
from sirf.ami.run import ModelStream, ignored_symbols
from tests.ami.links import link

Models = Callable[..., AmiModel]
TAPS: dict[str, Any] = {"pre1": -0.1, "main": 0.7, "post1": -0.2}
SYMBOLS = 300_000


def variant(
    model: Models,
    folder: Path,
    source: str,
    *,
    returns: bool,
    waves: bool,
    reserved: str = "",
    version: str = "7.2",
    **options: Any,
) -> AmiModel:
    """A test model whose file says another thing of Init_Returns_Impulse and GetWave_Exists."""
    plain = model(source)
    text = plain.file.read_text()
    for name, value in (("Init_Returns_Impulse", returns), ("GetWave_Exists", waves)):
        start = text.index(f"({name} ")
        text = text[:start] + f"({name} (Usage Info) (Type Boolean) (Value {value}))" + text[text.index("\n", start) :]
    text = text.replace('(Value "7.2")', f'(Value "{version}")').replace(
        "(Reserved_Parameters", f"(Reserved_Parameters {reserved}", 1
    )
    file = folder / f"{source}-{returns}-{waves}-{version}.ami"
    file.write_text(text)
    return AmiModel(file, so=plain.so, parameters=options)


KINDS = [(True, True), (True, False), (False, True)]


@pytest.mark.parametrize(("sent", "received"), list(itertools.product(KINDS, KINDS)))
def test_every_combination_equalises_once(
    model: Models, tmp_path: Path, sent: tuple[bool, bool], received: tuple[bool, bool]
) -> None:
    # Tx FFE in the transmitter, a gain of two in the receiver: whatever the combination, the time domain has each once
    base = link(noise=4e-13, crosstalk=0.0)
    (tmp_path / "tx").mkdir()
    (tmp_path / "rx").mkdir()
    tx = variant(model, tmp_path / "tx", "ffe", returns=sent[0], waves=sent[1], **TAPS)
    rx = variant(model, tmp_path / "rx", "redriver", returns=received[0], waves=received[1], gain=2.0)
    whole = base.replace(transmitter_model=model("ffe", "ffe_init", **TAPS), receiver_model=model("redriver", gain=2.0))
    expected = sirf.statistical_eye(whole)
    run = sirf.simulate(base.replace(transmitter_model=tx, receiver_model=rx), symbols=SYMBOLS, rng=5)
    low, high = run.errors.interval()
    assert run.errors.errors > 100
    assert low < expected.ber < high
    # levels spread by interference: their mean is the main cursor within a few thousandths
    spread = run.eye.level_means()[1] / expected.level_volts[1]
    assert spread == pytest.approx(1.0, abs=0.05)


def test_use_init_output_puts_getwave_behind_inits_filter(model: Models, tmp_path: Path) -> None:
    # IBIS 5.0: Use_Init_Output True, which is its default: the transmitter's filter acts in Init and in GetWave
    base = link(noise=0.0, crosstalk=0.0)
    old = variant(model, tmp_path, "ffe", returns=True, waves=True, version="5.0", main=0.8)
    twice = modelled(base.replace(transmitter_model=old, receiver_model=model("identity")))
    with ModelStream(twice, seed=1) as stream:
        stream.advance(1000)
    assert stream.receiver.learned is not None
    once = sirf.statistical_eye(base).level_volts
    np.testing.assert_allclose(stream.receiver.learned.levels, 0.8 * 0.8 * once, rtol=5e-3)
    said_no = variant(
        model, tmp_path, "ffe", returns=True, waves=True, version="5.0", main=0.8,
        reserved="(Use_Init_Output (Usage Info) (Type Boolean) (Value False))",
    )  # fmt: skip
    with ModelStream(
        modelled(base.replace(transmitter_model=said_no, receiver_model=model("identity"))), seed=1
    ) as stream:
        stream.advance(1000)
    assert stream.receiver.learned is not None
    np.testing.assert_allclose(stream.receiver.learned.levels, 0.8 * once, rtol=5e-3)


def test_thresholds_and_offsets_of_the_receiver_are_used(model: Models, tmp_path: Path) -> None:
    base = link("PAM4", noise=3e-15, crosstalk=0.0)
    good = sirf.simulate(base.replace(receiver_model=model("identity")), symbols=50_000, rng=1)
    # thresholds far too high in two eyes make errors there
    shifted = "".join(
        f"(PAM4_{name}Threshold (Usage Info) (Type Float) (Value {value}))"
        for name, value in (("Lower", -0.17), ("Center", 0.1), ("Upper", 0.17))
    )
    high = variant(model, tmp_path, "identity", returns=True, waves=True, reserved=shifted)
    bad = sirf.simulate(base.replace(receiver_model=high), symbols=50_000, rng=1)
    assert bad.errors.errors > good.errors.errors + 1000
    np.testing.assert_allclose(bad.eye.thresholds, [-0.17, 0.1, 0.17])
    late = variant(
        model,
        tmp_path,
        "identity",
        returns=True,
        waves=True,
        reserved="(PAM4_CenterEyeOffset (Usage Info) (Type UI) (Value 0.4))",
    )
    moved = sirf.simulate(base.replace(receiver_model=late), symbols=50_000, rng=1)
    assert moved.errors.errors > good.errors.errors + 1000


def test_ignore_bits_of_both_models_are_passed_over(model: Models, tmp_path: Path) -> None:
    slow = variant(
        model,
        tmp_path,
        "ffe",
        returns=True,
        waves=True,
        reserved="(Ignore_Bits (Usage Info) (Type Integer) (Value 30000))",
    )
    found = modelled(link().replace(transmitter_model=slow, receiver_model=model("receiver")))
    assert ignored_symbols(found) == 30000

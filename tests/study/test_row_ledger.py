"""Parts of a row against the sums that they are parts of."""

from __future__ import annotations

import pytest

from sirf.study.light_budget import light_ber, optical_path_with_loss
from sirf.study.row_ledger import _light
from sirf.system.architecture import load_architecture

RATE = 106.25e9


def test_light_adds_up_from_the_transmitter_to_the_photodiode() -> None:
    """What is sent, less what the way loses, is what arrives; fibre and joints are named one by one."""
    item = load_architecture("pluggable-retimed")
    entries = {one.name: one.value for one in _light(item, RATE, True) if one.value is not None}
    optics = item.optics_at(RATE)
    assert optics is not None
    lost = entries["OMA at the transmitter"] - entries["OMA at the photodiode"]
    assert lost == pytest.approx(optics.path.loss_db, abs=1e-9)
    assert entries["fibre"] + entries["connectors"] == pytest.approx(lost, abs=1e-9)
    assert entries["OMA at the photodiode"] == pytest.approx(optics.received_oma_dbm, abs=1e-9)
    assert entries["least OMA of photodiode and amplifier by themselves"] < entries["OMA at the photodiode"]
    # the margin is the engine's: with so much more loss the light errs as often as KP4 bears
    more = entries["more loss until its bit error ratio is 2.4e-04"]
    assert light_ber(optics, optical_path_with_loss(optics.path, more)) == pytest.approx(2.4e-4, rel=0.02)


def test_copper_alone_has_no_light() -> None:
    assert _light(load_architecture("copper-cable"), RATE, True) == ()
    linear = [one.name for one in _light(load_architecture("cpo-linear"), RATE, True)]
    assert not any(name.startswith("more loss") for name in linear), "its light is no link of its own"

"""Masks of die-to-die rows: pads count once, the class's length lies inside the mask, and longer lines end it."""

from __future__ import annotations

import numpy as np
import pytest

from sirf.channel.figures.voltage_transfer import load_vtf_mask, voltage_transfer
from sirf.study.channel_mask import mask_length, mask_note, mask_verdict
from sirf.study.sections import path_of
from sirf.system.architecture import load_architecture


@pytest.mark.parametrize(("name", "rate"), [("ucie-standard", 16e9), ("ucie-standard", 32e9), ("ucie-advanced", 32e9)])
def test_the_class_lies_inside_its_mask_and_twice_its_length_outside(name: str, rate: float) -> None:
    """Mask and length are both the specification's; line, pads and bumps are of neither."""
    item = load_architecture(name)
    budget = item.at(rate).budget
    assert budget is not None
    assert budget.length_m is not None
    inside, outside = (mask_verdict(item, rate, length=times * budget.length_m) for times in (1.0, 2.0))
    assert inside is not None
    assert outside is not None
    assert inside.holds
    assert not outside.holds
    assert outside.worst.startswith("loss")
    longest = mask_length(item, rate)
    assert longest is not None
    assert budget.length_m < longest < 2.0 * budget.length_m


def test_pads_are_the_masks_own() -> None:
    """With the dies of the path their capacitance would count twice."""
    item = load_architecture("ucie-standard")
    verdict = mask_verdict(item, 16e9)
    assert verdict is not None
    with_dies = path_of(item, 16e9).to_channel(np.arange(0.0, 8.1e9, 20e6), crosstalk=True)
    limit = load_vtf_mask("ucie-standard").at(16e9)
    twice = limit.margins_db(voltage_transfer(with_dies, limit.ends, data_rate=16e9))
    assert verdict.margins_db["loss at half the rate"] > twice["loss at half the rate"] + 0.5


def test_an_interface_without_a_mask_has_no_verdict() -> None:
    """UCIe states none above 32 GT/s, and other interfaces none at all."""
    assert mask_verdict(load_architecture("ucie-advanced"), 64e9) is None
    assert mask_length(load_architecture("die-to-die"), 106.25e9) is None


def test_the_note_says_how_far_it_holds() -> None:
    item = load_architecture("ucie-standard")
    verdict = mask_verdict(item, 32e9)
    assert verdict is not None
    assert "pass" in mask_note(item, 32e9, verdict)
    assert "met up to 3" in mask_note(item, 32e9, verdict)

"""Frames over sections whose standards interleave differently: the deepest counts, for there a frame meets most words."""

from __future__ import annotations

import pytest

from sirf import fec
from sirf.presets import load
from sirf.study.compare import measurement_of
from sirf.system.architecture import load_architecture


def test_frames_meet_the_words_of_the_deepest_interleaving() -> None:
    """Chip to module takes two words in turn, slow light one: twice as many frames are lost as with one everywhere."""
    found = measurement_of(load_architecture("microled-serdes"), 2e9, step=40e6)
    depths = [load(str(part.link.standard)).interleave for part in found.sections]
    assert (min(depths), max(depths)) == (1, 2)
    assert found.word_errors is not None
    lost = found.word_errors.codeword_error_ratio
    code = fec.load(found.code)
    assert found.frame_loss_ratio == pytest.approx(fec.frame_loss_ratio(code, lost, interleave=2), rel=1e-12)
    assert found.frame_loss_ratio > 1.7 * fec.frame_loss_ratio(code, lost, interleave=1)

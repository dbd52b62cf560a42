"""Tails behind light far below what one line resolves: an error ratio of 1e-32 hangs on the link, not on rounding."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sirf._arrays import Float
from sirf.engine.statistical import tilted_contour
from sirf.engine.statistical.analysis import InterferenceModel
from sirf.link import Link
from sirf.study.impairments import limited_by
from sirf.study.sections import optimized, sections
from sirf.system.architecture import load_architecture


@pytest.fixture(scope="module")
def faint() -> Link:
    """The microLED link at 2 Gb/s, whose errors are rarer than 1e-30."""
    (section,) = sections(load_architecture("microled"), 2e9, step=20e6)
    return optimized(section.link).placed()


def quieter(link: Link, less: float) -> Link:
    """The link with that part of its amplifier's noise taken away."""
    assert link.optics is not None
    path = link.optics.path
    amplifier = dataclasses.replace(path.receiver.tia, noise=(1.0 - less) * path.receiver.tia.noise)
    changed = dataclasses.replace(path, receiver=dataclasses.replace(path.receiver, tia=amplifier))
    return link.replace(optics=link.optics.with_path(changed))


def tails(link: Link) -> tuple[Float, Float]:
    """Logarithms of both tails of every level where they are between 1e-20 and 1e-30, at equal distances."""
    piece = InterferenceModel(link).at(0)
    volts = np.linspace(0.0, float(piece.volts[-1]), 200)
    found = np.log(np.maximum([piece.above(0, volts), piece.below(1, volts)], 1e-40))
    return found, (found < np.log(1e-20)) & (found > np.log(1e-30))


def test_tails_do_not_hang_on_the_line_that_they_are_found_on(faint: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounding enters each line otherwise: where two lines agree, neither is left with rounding alone."""
    here, read = tails(faint)
    assert read.sum() > 20
    monkeypatch.setattr(tilted_contour, "DEEP", 36.0)
    there, _ = tails(faint)
    assert not np.array_equal(here, there)
    assert there[read] == pytest.approx(here[read], abs=1e-3)


def test_thresholds_and_causes_follow_the_link(faint: Link) -> None:
    """A billionth less noise moves neither; 3 dB less of what is not there regains nothing."""
    ours, nearly = (InterferenceModel(one) for one in (faint, quieter(faint, 1e-9)))
    first, second = (float(one.thresholds(one.at(0))[0]) for one in (ours, nearly))
    assert second == pytest.approx(first, abs=1e-6)
    limits, same = limited_by(faint), limited_by(quieter(faint, 1e-9))
    assert list(same.gained)[:4] == list(limits.gained)[:4]
    for cause, decades in limits.gained.items():
        assert same.gained[cause] == pytest.approx(decades, abs=1e-3)
    # 2 mm of copper on either side: their echoes and their neighbours are far below the noise
    assert max(limits.gained["reflection"], limits.gained["crosstalk"]) < 1e-3

"""A converter ahead of the FFE in counts: against the statistical engine, and against codes that are really taken."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import sirf
from sirf.engine.rounding import converter_rounding
from sirf.engine.waveform.plan import plan
from sirf.engine.waveform.reception import Reception
from sirf.errors import SirfError
from sirf.link import Link
from sirf.receiver.converter import Converter
from sirf.receiver.mlse import Mlse
from tests.engine.links import flat_link


def filtered_link(sigma: float, ffe: tuple[float, ...], converter: Converter) -> Link:
    """A flat link whose receiver has an FFE with its main tap first, what it smears undone by the transmitter's."""
    link = flat_link("PAM4", sigma=sigma, dfe=(0.0, 0.0)[: len(ffe) - 1])
    receiver = dataclasses.replace(link.receiver, ffe=ffe, converter=converter, dfe=ffe[1:])
    return link.replace(receiver=receiver)


def test_counts_with_a_converter_agree_with_the_statistics() -> None:
    """Four bits through an FFE of three taps, its post-cursors fed back; both engines find the same error ratio."""
    link = filtered_link(0.055, (1.0, 0.35, 0.1), Converter(bits=4, full_scale=1.6))
    counted = sirf.count_errors(link, max_errors=4000, max_symbols=20_000_000, rng=3, ideal_feedback=True)
    predicted = sirf.statistical_eye(link, phases=1, ideal_feedback=True)
    assert counted.ber_low < predicted.ber < counted.ber_high
    clean = link.replace(receiver=dataclasses.replace(link.receiver, converter=None))
    assert sirf.statistical_eye(clean, phases=1, ideal_feedback=True).ber < 0.7 * predicted.ber


def test_a_range_too_small_is_refused_by_counts_as_by_statistics() -> None:
    """It makes many more errors in the waveform, which clips; with precoding, compression and a sequence detector as well."""
    link = filtered_link(0.05, (1.0, -0.4, 0.16), Converter(bits=6, full_scale=0.8))
    detected = dataclasses.replace(link.receiver, mlse=Mlse(memory=2))
    sent = dataclasses.replace(link.transmitter, precoding=True, compression=0.05)
    for one in (link, link.replace(receiver=detected), link.replace(transmitter=sent)):
        with pytest.raises(SirfError, match=r"converter must hold its input .*Use sirf.simulate, or full_scale="):
            sirf.count_errors(one, max_symbols=100_000, rng=1)
    wide = link.replace(receiver=dataclasses.replace(link.receiver, converter=Converter(bits=6, full_scale=2.0)))
    assert sirf.count_errors(wide, max_symbols=100_000, rng=1).symbols >= 100_000


def test_rounding_is_white_and_uniform_ahead_of_the_filter() -> None:
    link = filtered_link(0.05, (1.0, -0.5), Converter(bits=6, full_scale=1.5, enob=5.0))
    rounding = converter_rounding(link)
    assert rounding is not None
    step = 3.0 / 64
    assert rounding.step == pytest.approx(step)
    noise = step**2 / 12 * 4.0  # one bit less than all: four times the power
    assert rounding.correlation(3) == pytest.approx(noise * np.array([1.25, -0.5, 0.0]))
    assert converter_rounding(flat_link("PAM4", sigma=0.05)) is None


def test_a_converter_without_a_range_takes_four_rms_of_signal_noise_and_crosstalk_in_every_engine() -> None:
    """PAM4 levels have a mean square of 5/9, an aggressor of half the size adds a quarter of that."""
    link = flat_link("PAM4", sigma=0.05, crosstalk=(0.5,))
    link = link.replace(receiver=dataclasses.replace(link.receiver, converter=Converter(bits=5)))
    rounding = converter_rounding(link)
    assert rounding is not None
    rms = np.sqrt(5.0 / 9.0 * (1.0 + 0.25) + 0.05**2)
    assert rounding.step == pytest.approx(2.0 * 4.0 * rms / 32, rel=2e-3)
    assert Reception(link, plan(link), ideal=False).front.code == pytest.approx(rounding.step, rel=1e-9)


def test_sequence_detection_in_the_statistics_is_near_the_count() -> None:
    """The Annex's sum over events in white noise, where it is at its worst: within a factor of two, and a gain at all."""
    link = flat_link("PAM4", sigma=0.105, ffe=(1.0, 0.5), dfe=(0.5,))
    link = link.replace(receiver=dataclasses.replace(link.receiver, mlse=Mlse(memory=1)))
    counted = sirf.count_errors(link, max_errors=2000, max_symbols=20_000_000, rng=4)
    predicted = sirf.statistical_eye(link, phases=1)
    assert 0.5 * counted.ber < predicted.ber < 2.0 * counted.ber
    plain = link.replace(receiver=dataclasses.replace(link.receiver, mlse=None))
    assert sirf.statistical_eye(plain, phases=1).ber > 2 * predicted.ber


def test_a_detector_of_longer_memory_is_left_to_counting() -> None:
    link = flat_link("PAM4", sigma=0.1, ffe=(1.0, 0.5), dfe=(0.5, 0.1))
    link = link.replace(receiver=dataclasses.replace(link.receiver, mlse=Mlse(memory=2)))
    with pytest.raises(SirfError, match="mlse must have a memory of 1"):
        sirf.statistical_eye(link, phases=1)

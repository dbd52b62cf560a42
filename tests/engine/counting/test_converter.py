"""A converter ahead of the FFE in counts: against the statistical engine, and against codes that are really taken."""

from __future__ import annotations

import dataclasses
from bisect import bisect_left

import numpy as np
import pytest

import sirf
from sirf.engine.counting.baud_rate import LEAD_SYMBOLS, BaudRateLink
from sirf.engine.counting.converted_link import ConvertedLink
from sirf.engine.front_end import front_end
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


def clipped_by_hand(link: Link, *, sigma: float) -> tuple[int, int]:
    """Symbol errors and symbols of PAM4 through cursors, a converter of six bits, an FFE and one DFE tap, symbol by symbol."""
    receiver, rng = link.receiver, np.random.default_rng(11)
    converter = receiver.converter
    assert converter is not None
    assert converter.full_scale is not None
    end = front_end(link.replace(receiver=dataclasses.replace(receiver, converter=None, ffe=(1.0,))))
    cursors, pre = end.cursors(end.through), end.pre_cursors
    levels = np.array([-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0])
    sent = rng.integers(4, size=400_000)
    volts = np.convolve(levels[sent], cursors)[pre:][: sent.size] + sigma * rng.normal(size=sent.size)
    code, most = converter.full_scale / 32.0, converter.full_scale * 63.0 / 64.0
    codes = np.clip(code * (np.floor(volts / code) + 0.5), -most, most)
    main = float(np.convolve(cursors, receiver.ffe)[pre])
    # numbers of Python in the loop: arrays of one and three elements would take ten times as long
    bounds = (np.array([-2.0, 0.0, 2.0]) * main / 3.0).tolist()
    decided, before, tap = [], 0.0, receiver.dfe[0] * main
    for value in np.convolve(codes, receiver.ffe)[: sent.size].tolist():
        decided.append(bisect_left(bounds, value - tap * before))
        before = (-1.0, -1.0 / 3.0, 1.0 / 3.0, 1.0)[decided[-1]]
    return int(np.sum(np.array(decided)[100:-10] != sent[100:-10])), sent.size - 110


FFE = (1.0, -0.25, 0.1)


@pytest.mark.parametrize("full_scale", [0.8, 1.1])
def test_counts_take_the_codes_of_a_converter_that_clips(full_scale: float) -> None:
    """What clips makes most errors, and feedback spreads them: a count is that of plain arithmetic, and of the waveform."""
    link = flat_link("PAM4", sigma=0.06, ffe=(1.0, 0.4), dfe=(0.15,))
    receiver = dataclasses.replace(link.receiver, ffe=FFE, converter=Converter(bits=6, full_scale=full_scale))
    link = link.replace(receiver=receiver)
    counted = sirf.count_errors(link, max_symbols=400_000, max_errors=10**9, rng=3)
    wrong, symbols = clipped_by_hand(link, sigma=0.06)
    low, high = counted.symbol_interval(0.999)
    assert low < wrong / symbols < high
    waved = sirf.simulate(link, symbols=200_000, rng=5).errors
    assert low < waved.ser < high
    wide = link.replace(receiver=dataclasses.replace(receiver, converter=Converter(bits=6, full_scale=2.0)))
    assert sirf.count_errors(wide, max_symbols=400_000, rng=3).ser < 0.5 * counted.ser
    with pytest.raises(SirfError, match=r"converter must hold its input .*Use sirf.count_errors or sirf.simulate"):
        sirf.statistical_eye(link, phases=1)


def test_a_clipped_link_keeps_precoding_compression_and_the_sequence_detector() -> None:
    """With a range that holds the signal, codes that are really taken count as rounding that is drawn."""
    link = filtered_link(0.07, (1.0, -0.4, 0.16), Converter(bits=6, full_scale=2.4))
    for detector in (None, Mlse(memory=1)):
        receiver = dataclasses.replace(link.receiver, mlse=detector, dfe=(-0.4,))
        sent = dataclasses.replace(link.transmitter, precoding=True, compression=0.02, ffe=(1.0, 0.0), snr_db=28.0)
        one = link.replace(receiver=receiver, transmitter=sent)
        codes, drawn = (
            sum((model.segment(7, index).residual[LEAD_SYMBOLS:].astype(float) ** 2).mean() for index in range(2))
            for model in (ConvertedLink(one), BaudRateLink(one))
        )
        assert codes == pytest.approx(drawn, rel=0.02)


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

"""The chain of light in a run: stretches that join, echoes, dispersion, the transmitter's eye closure."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

import sirf
from sirf import optics
from sirf.engine.light import RATE, Echoes, averaged, periodic
from sirf.engine.statistical import InterferenceModel
from sirf.engine.waveform_plan import plan
from sirf.engine.waveform_stream import Stream
from sirf.link import Link
from sirf.signal.patterns import Pattern
from tests.optics.links import RESPONSIVITY, TRANSIMPEDANCE, back_to_back, linearised, straight_path


def shipped(name: str, *, noisy: bool = True) -> Link:
    """A shipped path between two boards, with noise for about a thousandth of errors; 53 GBd."""
    board = sirf.paths.cpo(rate_class="100g").to_channel(crosstalk=noisy)
    preset = optics.load_optics(name)
    span = optics.Span(preset.path, before=board, after=board, swing=preset.swing, agc_db=preset.agc_db, noisy=noisy)
    link = sirf.Link(span, standard="cei-112g-linear").optimized()
    return link.replace(receiver=dataclasses.replace(link.receiver, noise_density=5e-15))


def silent(link: Link, pattern: Pattern) -> Link:
    """The link without noise, jitter and feedback, sending a pattern."""
    sender = dataclasses.replace(
        link.transmitter, snr_db=None, jitter_random_ui=0.0, jitter_dual_dirac_ui=0.0, pattern=pattern
    )
    return link.replace(
        transmitter=sender, receiver=dataclasses.replace(link.receiver, noise_density=0.0, dfe=(), dfe_unrolled=False)
    )


@pytest.mark.parametrize("name", ["dr-silicon-mzm", "sr-vcsel"])
def test_stretches_of_a_run_join_to_the_periodic_wave_of_its_pattern(name: str) -> None:
    pattern = Pattern("prbs13q")
    link = silent(shipped(name, noisy=False), pattern)
    sent, m = pattern.take(0, pattern.period(4), order=4), link.samples_per_ui
    count = 2 * plan(link).table.block
    record = sirf.simulate(link, symbols=count, rng=1, record=count).record
    assert record is not None
    chain = averaged(link).chain
    whole = chain.run(periodic(chain.drive.through, chain.drive.sampling, link.levels[sent])).slicer
    start = next(k for k in range(len(sent)) if np.array_equal(np.roll(sent, -k)[:100], record.sent[:100]))
    expected = np.resize(np.roll(whole, -start * m + m // 2), count * m)
    # where a stretch ends the slow tail of an electrode's skin effect is cut
    np.testing.assert_allclose(
        record.volts["slicer"], expected, rtol=0, atol=5e-5 * InterferenceModel(shipped(name)).front_end.main_cursor
    )


@pytest.mark.parametrize("name", ["dr-silicon-mzm", "sr-vcsel"])
def test_the_size_of_blocks_changes_no_bit_and_a_seed_every_draw(name: str) -> None:
    link = shipped(name)
    whole, *others = (
        sirf.simulate(link, symbols=12_000, rng=4, block=block, record=3000) for block in (1 << 16, 12_000, 777)
    )
    assert whole.errors.symbol_errors > 5
    assert whole.record is not None
    for other in others:
        assert other.errors == whole.errors
        assert np.array_equal(other.eye.counts, whole.eye.counts)
        assert other.record is not None
        assert np.array_equal(other.record.volts["slicer"], whole.record.volts["slicer"])
    seeded = sirf.simulate(link, symbols=12_000, rng=5, record=3000)
    assert not np.array_equal(seeded.eye.counts, whole.eye.counts)
    assert seeded.record is not None
    assert not np.array_equal(seeded.record.sent, whole.record.sent)


def test_echoes_drawn_for_a_run_have_the_variance_of_their_path() -> None:
    path = dataclasses.replace(
        straight_path(0.8e-3, mean=1e-3), connectors=(optics.Connector(reflectance_db=-20.0),) * 3
    )
    stream = Stream(back_to_back(path), seed=3)
    sent = np.random.default_rng(1).permutation(np.arange(1024) % 4)
    light = (0.6e-3 + 0.8e-3 / 3.0 * sent).repeat(RATE)
    drawn = [stream.source.echoes(index, len(light)) for index in range(600)]
    assert drawn[0].amplitudes == path.interference.echoes
    squares = np.mean([one.beat(light) ** 2 for one in drawn], axis=0).reshape(-1, RATE)[:, 0]
    for level in range(4):
        expected = path.interference.variance(0.6e-3 + 0.8e-3 / 3.0 * level, 1e-3)
        # 600 draws of three phases tell a mean square to 3 %
        assert squares[sent == level].mean() == pytest.approx(expected, rel=0.1)


def test_the_beat_of_an_echo_is_twice_the_product_of_the_fields() -> None:
    light = np.array([1.0, 4.0, 9.0, 16.0])
    echo = Echoes((0.1,), np.array([1]), np.array([np.pi / 3.0]))
    assert echo.beat(light) == pytest.approx(
        2 * 0.1 * 0.5 * np.array([1.0, 2.0, 3.0, 4.0]) * np.array([4.0, 1.0, 2.0, 3.0])
    )


def test_double_reflections_reach_the_slicer_as_slow_light_does_in_every_engine() -> None:
    path = dataclasses.replace(
        straight_path(0.8e-3, mean=1e-3), connectors=(optics.Connector(reflectance_db=-20.0),) * 3
    )
    link = back_to_back(path)
    light = np.array([0.6e-3, 0.8666667e-3, 1.1333333e-3, 1.4e-3])
    closed = (TRANSIMPEDANCE * RESPONSIVITY) ** 2 * np.array([path.interference.variance(p, 1e-3) for p in light])
    model = InterferenceModel(link)
    assert model.large is not None
    total = model.front_end.receiver_noise**2 + model.large.at(0).variance
    # shot noise adds 1.4 %
    assert total.mean(axis=1) == pytest.approx(closed, rel=0.02)
    assert InterferenceModel(linearised(link)).front_end.receiver_noise ** 2 == pytest.approx(closed.mean(), rel=0.02)
    assert _beats_of_stretches(link, path) == pytest.approx(closed, rel=0.1)


def _beats_of_stretches(link: Link, path: optics.OpticalPath) -> NDArray[np.float64]:
    """Mean square (4,) by level of what echoes change at the slicer, over 300 stretches of the same 1024 symbols."""
    chain, generator = averaged(link).chain, np.random.default_rng(2)
    sent = generator.permutation(np.arange(1024) % 4)
    drive = periodic(chain.drive.through, chain.drive.sampling, link.levels[sent])
    still = chain.run(drive).slicer.reshape(1024, -1)[:, 0]
    squares = np.zeros(1024)
    for _ in range(300):
        phases = generator.uniform(0.0, 2.0 * np.pi, 3)
        echoes = Echoes(path.interference.echoes, generator.integers(0, len(drive), 3), phases)
        squares += (chain.run(drive, None, echoes).slicer.reshape(1024, -1)[:, 0] - still) ** 2
    return np.array([squares[sent == level].mean() for level in range(4)]) / 300.0

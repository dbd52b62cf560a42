"""The chain of light in a run: stretches that join, echoes, dispersion, the transmitter's eye closure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

import sirf
from sirf import optics
from sirf.engine.light.averaged_chain import MAX_THINNING_ERROR, averaged, coarsest
from sirf.engine.light.echoes import Echoes, beats
from sirf.engine.light.light_chain import SAMPLES_PER_UI, periodic
from sirf.engine.light.transmitter_closure import transmitter_tdecq
from sirf.engine.statistical.analysis import InterferenceModel
from sirf.engine.waveform.block_stream import Stream
from sirf.engine.waveform.plan import plan
from sirf.link import Link
from sirf.signal.patterns import Pattern
from sirf.transmitter.transmitter import NO_JITTER
from tests.optics.links import RESPONSIVITY, TRANSIMPEDANCE, back_to_back, linearised, straight_path, unit_path


def shipped(name: str, *, noisy: bool = True) -> Link:
    """A shipped path between two boards, with noise for about a thousandth of errors; 53 GBd."""
    board = sirf.paths.cpo(rate_class="100g").to_channel(crosstalk=noisy)
    preset = optics.load_optics(name)
    span = optics.Span(preset.path, before=board, after=board, swing=preset.swing, agc_db=preset.agc_db, noisy=noisy)
    link = sirf.Link(span, standard="cei-112g-linear").optimized()
    return link.replace(receiver=dataclasses.replace(link.receiver, noise_density=5e-15))


def silent(link: Link, pattern: Pattern) -> Link:
    """The link without noise, jitter and feedback, sending a pattern."""
    sender = dataclasses.replace(link.transmitter, snr_db=None, jitter=NO_JITTER, pattern=pattern)
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
    main = InterferenceModel(shipped(name)).front_end.main_cursor
    error = (record.volts["slicer"] - expected).reshape(-1, m) / main
    # the decision is one of the instants that no interpolation makes: half the samples of light, and the slow tail of an
    # electrode's skin effect, cut where a stretch ends
    coarse = error[:, m // 2 % (m // 4) :: m // 4]
    assert np.sqrt(np.mean(coarse**2)) < 5e-6
    assert np.abs(coarse).max() < 3e-5
    # between them the interpolation of the copper's samples
    assert np.sqrt(np.mean(error**2)) < 2e-5
    assert np.abs(error).max() < MAX_THINNING_ERROR


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
    light = (0.6e-3 + 0.8e-3 / 3.0 * sent).repeat(SAMPLES_PER_UI)
    drawn = [one for index in range(1250) for one in stream.source.echoes(index, 4, len(light))]
    assert drawn[0].amplitudes == path.interference.echoes
    assert len({int(one.delays[0]) for one in drawn}) > 3000
    squares = sum((beats(one, light) ** 2 for one in drawn), np.zeros(len(light))).reshape(-1, SAMPLES_PER_UI)[
        :, 0
    ] / len(drawn)
    for level in range(4):
        expected = path.interference.variance(0.6e-3 + 0.8e-3 / 3.0 * level, 1e-3)
        # The square of three cosines of random phases has a deviation of 1.22 of its mean: 1.7 % over 5000 draws.
        assert squares[sent == level].mean() == pytest.approx(expected, rel=0.07)


def test_the_beat_of_an_echo_is_twice_the_product_of_the_fields() -> None:
    light = np.array([1.0, 4.0, 9.0, 16.0])
    echo = Echoes((0.1,), np.array([1]), np.array([np.pi / 3.0]))
    expected = 2 * 0.1 * 0.5 * np.array([1.0, 2.0, 3.0, 4.0]) * np.array([4.0, 1.0, 2.0, 3.0])
    assert beats(echo, light) == pytest.approx(expected)
    # other stretches and wavelengths beside it
    leaking = Echoes((0.1,), np.array([2]), np.zeros(1), (0.01, 0.02), np.array([0, 3]))
    leaked = 0.01 * (light - 7.5) + 0.02 * (np.roll(light, 3) - 7.5)
    both = beats([leaking, leaking], np.stack([light, light[::-1]]))
    assert both[0] == pytest.approx(0.2 * np.sqrt(light * np.roll(light, 2)) + leaked, rel=1e-5)
    assert both[1] == pytest.approx(
        0.2 * np.sqrt(light * np.roll(light, 2))[::-1]
        + 0.01 * (light[::-1] - 7.5)
        + 0.02 * (np.roll(light[::-1], 3) - 7.5),
        rel=1e-5,
    )


@pytest.mark.parametrize(
    ("link", "per_ui"),
    [
        (lambda: shipped("dr-silicon-mzm", noisy=False), 4),
        (lambda: shipped("sr-vcsel", noisy=False), 4),
        # steps of the transmitter arrive as they are sent: their band has no end
        (lambda: back_to_back(straight_path(0.8e-3, mean=1e-3)), 8),
    ],
)
def test_half_the_samples_are_taken_where_they_change_no_wave(link: Callable[[], Link], per_ui: int) -> None:
    found = averaged(link())
    assert coarsest(found).per_ui == per_ui
    thin = found.chain.at_rate(4)
    waves = thin.seen(thin.received(thin.light(found.drive[::2]))).slicer
    error = np.sqrt(np.mean((waves - found.waves.slicer) ** 2) / np.mean(found.waves.slicer**2))
    assert (error <= MAX_THINNING_ERROR) == (per_ui == 4)


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


FAR = {"dispersion": 17.0, "wavelength": 1550e-9}
"""Standard fibre far from its zero of dispersion, ps/(nm km) and m."""


def test_an_isolated_pulse_without_chirp_broadens_and_pays_by_the_closed_form() -> None:
    """Gaussian light of half width T0 at 1/e in the fibre of a chain: its mean square width grows by 1 + (b L / T0²)²."""
    width, fibre = 30e-12, optics.Fibre(40e3, **FAR)
    laser = optics.Vcsel(bias=0.0, threshold=0.0, slope=0.1, resistance=100.0, resonance=1e12, damping=8.9e12)
    path = dataclasses.replace(straight_path(1e-3, mean=1e-3), source=laser, fibre=fibre)
    # a link has to have four levels: the one about the chain has a brighter laser
    chain = averaged(back_to_back(dataclasses.replace(path, source=dataclasses.replace(laser, bias=0.02)))).chain
    chain.span = dataclasses.replace(chain.span, path=path, large_signal=False)
    time = (np.arange(2048) - 1024) / chain.rate
    power = chain.run(np.exp(-((time / width) ** 2))).power
    spread = 1.0 + (fibre.group_delay_dispersion / width**2) ** 2
    assert spread > 1.5
    mean = np.sum(power * time) / power.sum()
    assert np.sum(power * (time - mean) ** 2) / power.sum() == pytest.approx(0.5 * width**2 * spread, rel=5e-3)
    penalty_db = -10.0 * np.log10(power.max() / 1e-3)
    assert penalty_db == pytest.approx(5.0 * np.log10(spread), abs=0.02)


@pytest.mark.parametrize("chirp", [0.0, 0.7, -0.7])
def test_small_signals_fade_in_the_chain_as_in_the_linear_link(chirp: float) -> None:
    modulator = optics.MachZehnder(np.pi / 2, chirp=chirp, bandwidth=15e9)
    path = unit_path(modulator=modulator, fibre=optics.Fibre(40e3, **FAR))
    link = back_to_back(path, swing=1e-3)
    chain, cycles = averaged(link).chain, np.array([50, 200, 400, 600])
    samples = 2048
    frequency = cycles * chain.rate / samples
    tones = 1e-5 * np.cos(2.0 * np.pi * np.outer(cycles, np.arange(samples)) / samples).sum(axis=0)
    seen = chain.run(tones).slicer
    found = np.fft.rfft(seen)[cycles] / np.fft.rfft(tones)[cycles] * (samples / len(seen))
    gain = linearised(link).optics.gain(frequency) * link.receiver.analog_transfer(frequency)  # type: ignore[union-attr]
    assert np.abs(found) == pytest.approx(np.abs(gain), abs=2e-3)
    # between 2 and 24 GHz the light fades out, at 9.6 GHz without chirp
    assert np.abs(gain).min() < 0.6 * np.abs(gain).max()


def test_dispersion_costs_a_link_without_chirp_the_more_the_longer_whatever_its_sign() -> None:
    ratios = np.array([[_error_ratio(length, sign * 5.0) for length in (0.0, 3e3, 6e3, 1e4)] for sign in (-1, 1)])
    assert (np.diff(np.log(ratios), axis=1) > 0.1).all()
    assert ratios[0] == pytest.approx(ratios[1], rel=1e-6)
    # chirp that compresses the pulse at first, and chirp that spreads it
    helped, hurt = _error_ratio(6e3, -5.0, chirp=0.5), _error_ratio(6e3, 5.0, chirp=0.5)
    assert helped < 1e-2 * hurt
    assert _error_ratio(6e3, 5.0, chirp=-0.5) == pytest.approx(helped, rel=1e-6)


def _error_ratio(length: float, dispersion: float, chirp: float = 0.0) -> float:
    """Of a Mach-Zehnder's light through a fibre (m, ps/(nm km)) behind one receiver, set for no fibre."""
    preset = optics.load_optics("dr-silicon-mzm")
    fibre = optics.Fibre(length, dispersion=dispersion)
    modulator = dataclasses.replace(preset.path.modulator, chirp=chirp)  # type: ignore[type-var]
    path = dataclasses.replace(preset.path, fibre=fibre, modulator=modulator)
    span = optics.Span.alone(path, swing=preset.swing, symbol_rate=preset.symbol_rate, noisy=False)
    link = sirf.Link(span, standard="optical-53g")
    sender = dataclasses.replace(link.transmitter, ffe=(-0.12, 0.86, -0.02), ffe_main=1)
    receiver = dataclasses.replace(link.receiver, noise_density=3e-15)
    return sirf.statistical_eye(link.replace(transmitter=sender, receiver=receiver), phases=1).ber


@pytest.mark.parametrize(
    ("name", "tolerance"),
    # the skin effect of a travelling-wave electrode has not settled after a hundred symbols
    [("cpo-silicon-ring", 1e-6), ("fr-eml", 3e-4), ("sr-vcsel", 1e-6), ("dr-silicon-mzm", 0.02)],
)
def test_long_runs_of_a_level_land_on_the_static_curves(name: str, tolerance: float) -> None:
    """Host's package, driver, light, amplifier: 128 symbols of each level, looked at after 100."""
    preset = optics.load_optics(name)
    wire = sirf.paths.cpo(rate_class="100g").to_channel()
    span = optics.Span(preset.path, before=wire, after=wire, swing=preset.swing, agc_db=(0.0, 0.0), noisy=False)
    link = sirf.Link(span, standard="cei-112g-linear")
    sender = dataclasses.replace(link.transmitter, amplitude=preset.swing, ffe=(1.0,), ffe_main=0)
    chain = averaged(link.replace(transmitter=sender)).chain
    sent = np.array([0, 3, 1, 2, 3, 0, 2, 1])
    drive = periodic(chain.drive.through, chain.drive.sampling, np.repeat(link.levels[sent], 128))
    settled = drive.reshape(8, 128, SAMPLES_PER_UI)[:, 100].mean(axis=1)
    assert settled == pytest.approx(preset.swing * link.levels[sent], rel=0.1)
    light = preset.path.transmitted(chain.sign * settled) * span.loss
    assert (np.diff(light[[0, 2, 3, 1]]) > 0).all()
    waves = chain.run(drive)
    assert waves.power.reshape(8, 128, SAMPLES_PER_UI)[:, 100].mean(axis=1) == pytest.approx(light, rel=tolerance)
    receiver = preset.path.receiver
    volts = receiver.tia.curve(receiver.photodiode.curve(light) - chain.middle)
    behind = chain.spectra(1 << 16).behind[0].real
    found = waves.slicer.reshape(8, 128, -1)[:, 100, 0] + chain.offset
    assert found == pytest.approx(volts * behind, abs=max(2 * tolerance, 2e-3) * np.abs(volts * behind).max())


@pytest.mark.parametrize(
    ("name", "standard", "taps"),
    [("cpo-silicon-ring", "optical-53g", optics.FIVE_TAPS), ("fr-eml", "optical-53g", optics.FIVE_TAPS),
     ("cpo-silicon-ring-106g", "optical-106g", optics.FIFTEEN_TAPS)],
)  # fmt: skip
def test_eye_closure_of_optics_alone_is_that_of_the_laboratory(
    name: str, standard: str, taps: optics.ReferenceReceiver
) -> None:
    """Steps without rise time, no gain control: 8 samples per symbol of a band-limited drive against 16 of a staircase."""
    preset = optics.load_optics(name)
    span = optics.Span.alone(preset.path, swing=preset.swing, symbol_rate=preset.symbol_rate, agc_db=(0.0, 0.0))
    link = sirf.Link(span, standard=standard)
    sharp = dataclasses.replace(link.transmitter, amplitude=preset.swing, rise_time=0.0)
    measured = optics.measure(preset.path, swing=preset.swing, symbol_rate=preset.symbol_rate, receiver=taps)
    found = transmitter_tdecq(link.replace(transmitter=sharp))
    assert found.receiver is taps
    assert found.db == pytest.approx(measured.tdecq_db, abs=0.02)
    assert transmitter_tdecq(link.replace(transmitter=sharp), fibre=False).db == pytest.approx(
        measured.tecq_db, abs=0.02
    )
    assert found.oma == pytest.approx(measured.oma * 10 ** (-preset.path.fibre.loss_db / 10), rel=0.01)


def test_eye_closure_grows_with_the_copper_before_the_driver_and_an_ffe_takes_some_back() -> None:
    preset = optics.load_optics("dr-silicon-mzm")
    links = []
    for length in ("10 mm", "40 mm", "70 mm"):
        copper = sirf.paths.cpo(length=length, rate_class="100g").to_channel()
        span = optics.Span(preset.path, before=copper, after=copper, swing=preset.swing, agc_db=preset.agc_db)
        links.append(sirf.Link(span, standard="cei-112g-linear"))
    closures = np.array([transmitter_tdecq(link).db for link in links])
    assert (np.diff(closures) > 0.5).all()
    boosted = dataclasses.replace(links[-1].transmitter, ffe=(-0.12, 0.76, -0.12), ffe_main=1)
    assert transmitter_tdecq(links[-1].replace(transmitter=boosted)).db < closures[-1] - 1.0

"""Light inside the engines: ideal optics are copper, noise is that of the closed forms, one seed gives one answer."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import brentq

import sirf
from sirf import optics
from sirf.channel.linear_repeater import linear_chain
from sirf.engine.counting.baud_rate import BaudRateLink
from sirf.engine.front_end import front_end
from sirf.engine.light.transmitter_closure import transmitter_tdecq
from sirf.errors import SirfError
from sirf.fec import CodewordCounter, load
from sirf.link import Link
from tests.optics.links import BANDWIDTH, RESPONSIVITY, back_to_back, straight_path, unit_path


def searched(link: Link) -> Link:
    """The link with CTLE, Tx FFE, three Rx FFE taps before the main one and a DFE tap as the search sets them, and noise."""
    limits = dataclasses.replace(link.limits, rx_ffe_pre=3, rx_ffe_post=0, dfe_max=(0.5,), dfe_min=(0.0,))
    found = link.optimized(limits=limits)
    return found.replace(receiver=dataclasses.replace(found.receiver, noise_density=1e-14))


@pytest.fixture(scope="module", params=[False, True], ids=["quiet", "crosstalk"])
def pair(request: pytest.FixtureRequest) -> tuple[Link, Link]:
    """The same two boards joined by a wire and by unit optics, equalisers as the search sets them."""
    board = sirf.paths.cpo(rate_class="100g").to_channel(crosstalk=request.param)
    span = optics.Span(
        unit_path(), before=board, after=board, swing=0.1, agc_db=(0.0, 0.0), large_signal=False, noisy=False
    )
    copper, light = (sirf.Link(one, standard="cei-112g-linear") for one in (linear_chain(board, board), span))
    return searched(copper), searched(light)


def test_a_linear_chain_with_unit_optics_has_the_pulse_and_noise_of_the_copper(pair: tuple[Link, Link]) -> None:
    # bits differ: the slope of the Mach-Zehnder at its bias is taken over 10 µV, 7e-11 below one
    copper, light = (front_end(link) for link in pair)
    for name in ("through", "driver", "mean_pulse", "edge", "edge_slope", "noise_correlation"):
        wave = getattr(copper, name)
        np.testing.assert_allclose(getattr(light, name), wave, rtol=0, atol=1e-9 * np.abs(wave).max())
    assert len(copper.crosstalk) == len(light.crosstalk) == (6 if pair[0].channel.fext else 0)
    for ours, theirs in zip(light.crosstalk, copper.crosstalk, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9 * np.abs(theirs).max())
    assert light.sampling == copper.sampling
    assert light.transmitter_noise == pytest.approx(copper.transmitter_noise, rel=1e-9)


def test_the_search_sets_the_same_equalisers(pair: tuple[Link, Link]) -> None:
    copper, light = pair
    assert light.transmitter == copper.transmitter
    assert light.receiver.ctle == copper.receiver.ctle
    assert light.receiver.sampling_offset_ui == copper.receiver.sampling_offset_ui
    assert light.receiver.ffe == pytest.approx(copper.receiver.ffe, rel=1e-9)
    assert light.receiver.dfe == pytest.approx(copper.receiver.dfe, rel=1e-9)
    assert copper.receiver.dfe[0] > 0.01


def test_the_statistical_eye_is_the_same(pair: tuple[Link, Link]) -> None:
    copper, light = (sirf.statistical_eye(link, phases=8) for link in pair)
    assert 1e-4 < copper.ber < 1e-2
    # seven 1e-11 of a distance are more in the logarithm of a tail
    assert light.ber == pytest.approx(copper.ber, rel=5e-9)
    assert light.ser == pytest.approx(copper.ser, rel=5e-9)
    assert light.eye_height(1e-2) == pytest.approx(copper.eye_height(1e-2), rel=5e-9)
    assert copper.eye_height(1e-2) > 0


def test_every_draw_gives_the_same_errors(pair: tuple[Link, Link], monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeds depend on the digest, which knows the light: with one digest for both links all draws are the same."""
    monkeypatch.setattr(Link, "rounded_digest", "0" * 64)
    copper, light = (link.replace() for link in pair)
    counts = [sirf.count_errors(link, max_errors=300, rng=3) for link in (copper, light)]
    assert counts[0] == counts[1]
    assert counts[0].errors >= 300
    runs = [sirf.simulate(link, symbols=50_000, rng=3) for link in (copper, light)]
    assert runs[0].errors == runs[1].errors
    assert runs[0].errors.errors > 20
    ours, theirs = (BaudRateLink(link).segment(1, 0).residual.copy() for link in (light, copper))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6 * front_end(copper).main_cursor)


def test_linear_optics_are_a_gain_over_frequency_between_the_boards() -> None:
    """All of the first board and the FEXT of the second pass the light, NEXT of the second does not."""
    board = sirf.paths.cpo(rate_class="100g").to_channel(crosstalk=True)
    preset = optics.load_optics("dr-silicon-mzm")
    span = optics.Span(preset.path, before=board, after=board, swing=preset.swing, large_signal=False, noisy=False)
    light = sirf.Link(span, standard="cei-112g-linear")

    def gain(frequency: NDArray[np.float64]) -> NDArray[np.complex128]:
        return light.drive_gain * preset.path.small_signal(frequency)

    copper = sirf.Link(linear_chain(board, board, gain=gain), standard="cei-112g-linear")
    assert light.drive_gain != pytest.approx(1.0, abs=0.1)
    for ours, theirs in zip(light.transfers(), copper.transfers(), strict=True):
        np.testing.assert_allclose(ours.value, theirs.value, rtol=0, atol=1e-9 * np.abs(theirs.value).max())


THERMAL = 1e-9
"""Amplifier noise in A/sqrt(Hz), so much that shot noise is 0.2 % of it."""
SIGMA = THERMAL * np.sqrt(BANDWIDTH)
"""Rms current at the slicer of white amplifier noise, in closed form."""


def thermal_link(oma: float, modulation: str = "PAM4", *, large_signal: bool = True) -> Link:
    return back_to_back(
        straight_path(oma, mean=0.8 * oma, noise=THERMAL), modulation=modulation, large_signal=large_signal
    )


@pytest.mark.parametrize("large_signal", [False, True])
@pytest.mark.parametrize(("modulation", "order"), [("NRZ", 2), ("PAM4", 4)])
@pytest.mark.parametrize("ser", [3e-2, 4.8e-4, 1e-8])
def test_back_to_back_the_amplifiers_noise_makes_the_gaussian_error_ratio(
    modulation: str, order: int, ser: float, large_signal: bool
) -> None:
    oma = optics.gaussian_sensitivity(SIGMA, RESPONSIVITY, ser=ser, order=order)
    eye = sirf.statistical_eye(thermal_link(oma, modulation, large_signal=large_signal), phases=1)
    # 0.3 % of the amplitude, what shot noise and the last of the filter's ringing may cost, is 3 % at 1e-8
    assert eye.ser == pytest.approx(ser, rel=0.04)


@pytest.mark.parametrize(("modulation", "order"), [("NRZ", 2), ("PAM4", 4)])
@pytest.mark.parametrize("ser", [4.8e-4, 1e-8])
def test_sensitivity_found_on_the_engine_is_the_gaussian_formula(modulation: str, order: int, ser: float) -> None:
    formula = optics.gaussian_sensitivity(SIGMA, RESPONSIVITY, ser=ser, order=order)

    def excess(log_oma: float) -> float:
        return float(np.log(sirf.statistical_eye(thermal_link(np.exp(log_oma), modulation), phases=1).ser / ser))

    found = np.exp(brentq(excess, np.log(formula) - 0.02, np.log(formula) + 0.02, xtol=5e-4))
    assert found == pytest.approx(formula, rel=0.005)


@pytest.mark.parametrize("ser", [3e-2, 5e-3])
def test_counted_errors_hold_the_gaussian_ratio_in_their_interval(ser: float) -> None:
    oma = optics.gaussian_sensitivity(SIGMA, RESPONSIVITY, ser=ser)
    for large_signal in (True, False):
        link = thermal_link(oma, large_signal=large_signal)
        run = sirf.simulate(link, symbols=200_000, rng=1).errors
        low, high = run.symbol_interval()
        assert run.symbol_errors > 900
        assert low <= ser <= high
    count = sirf.count_errors(link, max_errors=1500, rng=1)
    low, high = count.symbol_interval()
    assert low <= ser <= high


@pytest.fixture(scope="module")
def drawn() -> Link:
    """A shipped Mach-Zehnder between boards with crosstalk, all noise and jitter on, large signals."""
    board = sirf.paths.cpo(rate_class="100g").to_channel(crosstalk=True)
    preset = optics.load_optics("dr-silicon-mzm")
    span = optics.Span(preset.path, before=board, after=board, swing=preset.swing, agc_db=preset.agc_db)
    link = sirf.Link(span, standard="cei-112g-linear").optimized()
    return link.replace(receiver=dataclasses.replace(link.receiver, noise_density=5e-15))


def test_another_channel_about_large_signals_is_refused(drawn: Link) -> None:
    other = sirf.paths.npo(rate_class="100g").to_channel()
    with pytest.raises(
        SirfError, match=r"^channel must be the copper of its optics, .*\. Make a new Span, or take linear"
    ):
        drawn.replace(channel=dataclasses.replace(other, fext=drawn.channel.fext, next=drawn.channel.next))
    without = drawn.replace(channel=dataclasses.replace(drawn.channel, fext=(), next=()))
    assert without.optics is not None
    assert without.optics.copper.fext == ()


def test_what_needs_one_linear_response_refuses_large_signals(drawn: Link) -> None:
    with pytest.raises(SirfError, match=r"^large_signal must be False for counting at one sample a symbol, got True"):
        BaudRateLink(drawn)
    with pytest.raises(SirfError, match=r"^link must carry light part of the way, got copper only\."):
        transmitter_tdecq(sirf.Link(drawn.channel, standard="cei-112g-linear"))


def test_large_signals_are_counted_as_a_waveform_shows_them(drawn: Link, tmp_path: Path) -> None:
    """Segments agree with one long waveform, whoever computes them, and with the statistics of the curves."""
    words = CodewordCounter(load("kp4"))
    count = sirf.count_errors(drawn, max_symbols=2 * 131_072, max_errors=10**9, rng=3, workers=2, codewords=words)
    kept = tmp_path / "count.json"
    sirf.count_errors(drawn, max_symbols=131_072, max_errors=10**9, rng=3, resume=kept)
    assert sirf.count_errors(drawn, max_symbols=2 * 131_072, max_errors=10**9, rng=3, resume=kept) == count
    run = sirf.simulate(drawn, symbols=200_000, rng=5)
    assert count.errors > 500
    assert words.count.codewords > 0
    lower, upper = count.interval(0.9995)
    assert lower <= run.errors.ber_high
    assert upper >= run.errors.ber_low
    ratio = sirf.statistical_eye(drawn, phases=1).ber
    assert 0.9 * lower <= ratio <= 1.1 * upper


def test_a_link_with_light_but_no_noise_at_all_is_refused(drawn: Link) -> None:
    assert drawn.optics is not None
    silent = drawn.replace(
        optics=drawn.optics.quiet(),
        receiver=dataclasses.replace(drawn.receiver, noise_density=0.0),
        transmitter=dataclasses.replace(drawn.transmitter, snr_db=None),
    )
    with pytest.raises(
        SirfError, match=r"^noise of every level must be positive, got a variance of 0 V².*Give noise\."
    ):
        sirf.statistical_eye(silent, phases=1)

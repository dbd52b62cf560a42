"""The receiver's blocks in the bit-by-bit engine against closed forms, and adaptation against the Wiener solution."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import sirf
from sirf.engine.waveform.block_stream import Stream
from sirf.engine.waveform.capture import VOLTAGE_BINS
from sirf.equalizer.mmse_equalizer import mmse_equalizer
from sirf.errors import SirfError
from sirf.link import Link
from sirf.receiver.adaptation import Adaptation
from sirf.receiver.converter import Converter
from sirf.receiver.vga import Vga
from sirf.transmitter.transmitter import NO_JITTER


@pytest.fixture(scope="module")
def link() -> Link:
    return sirf.Link(sirf.paths.pluggable(length="200 mm").to_channel(), standard="802.3ck-c2m").optimized()


def having(link: Link, **blocks: Any) -> Link:
    return link.replace(receiver=dataclasses.replace(link.receiver, **blocks))


def slicer_input(link: Link, symbols: int = 6000) -> tuple[Stream, np.ndarray[Any, np.dtype[np.float64]]]:
    """What the slicer saw, from the first counted symbol on; the link's content seeds the run, so seeds are set by hand."""
    stream = Stream(link, seed=4)
    stream.source.plan = dataclasses.replace(stream.plan, digest="1")
    stream.advance(stream.first)
    return stream, stream.advance(symbols).equalised


@pytest.mark.parametrize("blocks", [{}, {"vga": Vga()}, {"converter": Converter(bits=24, full_scale=4.0)}])
def test_ffe_in_the_waveform_and_on_samples_is_the_convolution(link: Link, blocks: dict[str, Any]) -> None:
    still = dataclasses.replace(link.transmitter, jitter=NO_JITTER, snr_db=None)
    base = mmse_equalizer(link.replace(transmitter=still), ffe=(2, 4), dfe=1)
    stream = Stream(having(base, noise_density=0.0, **blocks), seed=4)
    assert stream.link.receiver.digital == bool(blocks)
    chunk = stream.advance(1500)
    end, lag = stream.plan.end, stream.receiver.ffe_main
    levels = stream.link.levels[stream.sent]
    cursors = end.through[end.sampling % end.samples_per_ui :: end.samples_per_ui]
    fed = stream.link.receiver.dfe[0] * end.main_cursor * np.concatenate([[0.0], levels[:-1]])
    exact = (np.convolve(levels, cursors)[end.sampling // end.samples_per_ui :][: len(levels)] - fed)[: 1500 - lag]
    np.testing.assert_allclose(chunk.equalised[lag:][200:], exact[200:], atol=2e-4 * end.main_cursor)
    assert stream.count().symbol_errors == 0


def test_eye_at_the_instant_is_the_histogram_of_slicer_inputs(link: Link) -> None:
    for chosen in (link, having(mmse_equalizer(link, ffe=(2, 4), dfe=1), vga=Vga())):
        stream, seen = slicer_input(chosen)
        edges = np.linspace(-stream.top, stream.top, VOLTAGE_BINS + 1)
        expected = np.histogram(seen, edges)[0]
        row = stream.histogram[stream.m // 2]
        assert row.sum() == len(seen)
        # single precision may move a sample on a bin's edge to its neighbour
        assert np.abs(np.cumsum(row - expected)).max() <= 5


def test_amplifier_bends_samples_by_its_curve(link: Link) -> None:
    bare = having(link, dfe=())
    bare = bare.replace(transmitter=dataclasses.replace(bare.transmitter, snr_db=None))
    _, linear = slicer_input(having(bare, vga=Vga(gain=1.0)))
    vga = Vga(gain=3.0, saturation=0.1)
    _, bent = slicer_input(having(bare, vga=vga))
    np.testing.assert_allclose(bent, 0.1 * np.tanh(3.0 * linear / 0.1), rtol=1e-6, atol=1e-9)
    assert np.abs(bent).max() < 0.1


def test_quantisation_and_enob_add_the_noise_of_the_closed_form(link: Link) -> None:
    bare = having(link, dfe=())
    _, exact = slicer_input(having(bare, vga=Vga()), 40_000)
    full = 1.3 * float(np.abs(exact).max())
    for converter, bits in (
        (Converter(bits=6, full_scale=full), 6.0),
        (Converter(bits=8, enob=5.2, full_scale=full), 5.2),
    ):
        _, coded = slicer_input(having(bare, converter=converter), 40_000)
        expected = 2.0 * full / 2.0**bits / np.sqrt(12.0)
        assert np.std(coded - exact) == pytest.approx(expected, rel=0.03)


def test_converter_clips_at_its_full_scale(link: Link) -> None:
    bare = having(link, dfe=()).replace(transmitter=dataclasses.replace(link.transmitter, snr_db=None))
    _, exact = slicer_input(having(bare, vga=Vga()))
    full = 0.5 * float(np.abs(exact).max())
    _, coded = slicer_input(having(bare, converter=Converter(bits=10, full_scale=full)))
    step = 2.0 * full / 2**10
    assert np.abs(coded).max() == pytest.approx(full - step / 2)
    inside = np.abs(exact) < full - step
    assert np.abs(coded[inside] - exact[inside]).max() <= step / 2 + 1e-12
    assert np.array_equal(np.unique(np.round(coded / step - 0.5)), np.round(np.unique(coded) / step - 0.5))


def test_lanes_have_their_own_gain_offset_and_instant(link: Link) -> None:
    """A skew of whole samples against the same samples taken by a receiver whose instant is moved as far."""
    bare = having(link, dfe=(), noise_density=0.0)  # noise does not move with the instant
    # nor are displaced edges of any order interpolated as closely as the pulse itself
    bare = bare.replace(transmitter=dataclasses.replace(link.transmitter, snr_db=None, jitter=NO_JITTER))
    perfect, exact = slicer_input(having(bare, vga=Vga()))
    lanes = Converter(bits=20, full_scale=2.0, gain_error=(0.0, 0.05, 0.0, 0.0), offset=(0.01, 0.0, 0.0, 0.0),
                      skew_ui=(0.0, 0.0, 3 / 32, 0.0))  # fmt: skip
    stream, seen = slicer_input(having(bare, converter=lanes))
    lane = (perfect.first + np.arange(len(seen))) % 4
    assert stream.first == perfect.first
    np.testing.assert_allclose(seen[lane == 0], exact[lane == 0] + 0.01, atol=3e-6)
    np.testing.assert_allclose(seen[lane == 1], 1.05 * exact[lane == 1], atol=3e-6)
    np.testing.assert_allclose(seen[lane == 3], exact[lane == 3], atol=3e-6)
    _, later = slicer_input(having(bare, vga=Vga(), sampling_offset_ui=3 / 32))
    np.testing.assert_allclose(seen[lane == 2], later[lane == 2], atol=1e-5)


def test_drawn_mismatch_has_the_asked_rms() -> None:
    table = Converter.with_mismatch(4000, gain_rms=0.01, offset_rms=2e-3, skew_rms_ui=0.02, rng=1).lanes
    np.testing.assert_allclose(table.std(axis=0), [0.01, 2e-3, 0.02], rtol=0.05)


def test_unrolled_first_tap_decides_as_feedback_does(link: Link) -> None:
    loud = having(link, noise_density=400 * link.receiver.noise_density)
    runs = []
    for unrolled in (False, True):
        stream = Stream(having(loud, dfe_unrolled=unrolled), seed=4)
        stream.source.plan = dataclasses.replace(stream.plan, digest="1")
        stream.advance(stream.first + 20_000)
        runs.append(dataclasses.replace(stream.count(), link=""))
    assert runs[0].symbol_errors > 100
    assert runs[0] == runs[1]


@pytest.mark.parametrize(("pre", "post", "dfe"), [(3, 0, 6), (2, 6, 0)])
def test_lms_converges_to_the_wiener_taps(link: Link, pre: int, post: int, dfe: int) -> None:
    """From an unequalised start to within 1 % of the closed form, average over the last third of the run."""
    still = dataclasses.replace(link.transmitter, jitter=NO_JITTER)
    wiener = mmse_equalizer(link.replace(transmitter=still), ffe=(pre, post), dfe=dfe)
    start = np.zeros(pre + post + 1)
    start[pre] = 1.0
    adaptation = Adaptation(ffe_step=1e-3, dfe_step=1e-3, training_symbols=200_000, settle_symbols=0)
    stream = Stream(having(wiener, ffe=tuple(start), dfe=(0.0,) * dfe, adaptation=adaptation), seed=1)
    stream.advance(100_000)
    seen = []
    for _ in range(20):
        stream.advance(2500)
        now = stream.receiver.adapted()
        assert now is not None
        seen.append(now.ffe + now.dfe)
    wanted = np.array(wiener.receiver.ffe + wiener.receiver.dfe)
    assert np.linalg.norm(np.mean(seen, axis=0) - wanted) < 0.01 * np.linalg.norm(wanted)


def test_sign_sign_adaptation_reaches_the_error_of_the_wiener_taps(link: Link) -> None:
    wiener = mmse_equalizer(link, ffe=(3, 0), dfe=6)
    adaptation = Adaptation(
        algorithm="sign-sign", ffe_step=2e-5, dfe_step=2e-5, training_symbols=10**6, settle_symbols=0
    )
    start = having(wiener, ffe=(0.0, 0.0, 0.0, 1.0), dfe=(0.0,) * 6, adaptation=adaptation)
    errors = []
    for chosen in (wiener, start):
        stream = Stream(chosen, seed=1)
        stream.advance(150_000)
        chunk = stream.advance(20_000)
        levels = chosen.levels[chunk.decided] * stream.receiver.main
        errors.append(np.mean((chunk.equalised - levels) ** 2) / stream.receiver.main**2)
    assert errors[1] == pytest.approx(errors[0], rel=0.06)


def test_references_and_gain_adapt_to_a_compressed_signal(link: Link) -> None:
    """Behind a saturating amplifier each reference goes to the mean of what is decided as its level."""
    adaptation = Adaptation(reference_step=1e-3, settle_symbols=30_000)
    chosen = having(link, vga=Vga(gain=1.0, saturation=0.08), adaptation=adaptation)
    stream = Stream(chosen, seed=1)
    stream.advance(stream.first)
    chunk = stream.advance(20_000)
    means = np.array([chunk.equalised[chunk.decided == level].mean() for level in range(4)])
    np.testing.assert_allclose(stream.receiver.reference, means, atol=0.02 * stream.receiver.main)
    run = sirf.simulate(having(link, vga=Vga(gain=0.7), adaptation=Adaptation(gain_step=1e-3)), symbols=5000, rng=1)
    assert run.adapted is not None
    assert run.adapted.gain == pytest.approx(0.7, rel=0.02)  # references are those of the amplifier's own gain


def test_adaptation_stays_inside_its_limits(link: Link) -> None:
    taps = len(link.receiver.dfe)
    limits = ((0.0, 0.05),) * taps
    chosen = having(link, dfe=(0.02,) + (0.0,) * (taps - 1), adaptation=Adaptation(dfe_step=1e-3, dfe_limits=limits))
    run = sirf.simulate(chosen, symbols=2000, rng=1)
    assert run.adapted is not None
    assert all(-1e-12 <= tap <= 0.05 + 1e-12 for tap in run.adapted.dfe)
    gap = having(link, dfe=(0.1, 0.0, 0.0, 0.02), adaptation=Adaptation(dfe_step=1e-3))
    found = sirf.simulate(gap, symbols=2000, rng=1).adapted
    assert found is not None
    assert found.dfe[1:3] == (0.0, 0.0)
    assert found.dfe[0] != 0.1


@pytest.mark.parametrize(
    ("block", "options", "message"),
    [
        (Vga, {"gain": 0.0}, "gain must be positive"),
        (Vga, {"saturation": -1.0}, "saturation must be positive"),
        (Converter, {"bits": 0}, "bits must be"),
        (Converter, {"bits": 6, "enob": 7.0}, "enob must be"),
        (Converter, {"full_scale": 0.0}, "full_scale must be"),
        (Converter, {"offset": (0.0,), "gain_error": (0.0, 0.0)}, "one length"),
        (Converter, {"skew_ui": (0.7,)}, "skew_ui must be"),
        (Converter, {"gain_error": (1.5,)}, "gain_error must be"),
        (Adaptation, {"algorithm": "rls"}, "algorithm must be one of"),
        (Adaptation, {"ffe_step": -1.0}, "ffe_step must be"),
        (Adaptation, {"settle_symbols": -1}, "settle_symbols must not"),
        (Adaptation, {"dfe_limits": ((1.0, 0.0),)}, "dfe_limits must be"),
    ],
)
def test_impossible_blocks_are_refused(block: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SirfError, match=message):
        block(**options)


def test_limits_for_other_taps_and_taps_below_none_are_refused(link: Link) -> None:
    with pytest.raises(SirfError, match="one pair per tap"):
        having(link, adaptation=Adaptation(dfe_limits=((0.0, 1.0),)))
    with pytest.raises(SirfError, match="dfe_unrolled must come"):
        having(link, dfe=(), dfe_unrolled=True)
    with pytest.raises(SirfError, match="must not be negative"):
        mmse_equalizer(link, ffe=(-1, 0))
    with pytest.raises(SirfError, match="lanes must be at least 1"):
        Converter.with_mismatch(0)


def test_an_equaliser_that_diverges_is_reported_with_its_time(link: Link) -> None:
    wild = having(
        mmse_equalizer(link, ffe=(2, 4), dfe=1), adaptation=Adaptation(ffe_step=1.0), clock=sirf.ClockRecovery()
    )
    with pytest.raises(SirfError, match="adaptation must converge, got an equaliser that diverged at"):
        sirf.simulate(wild, symbols=50_000, rng=1)


@pytest.mark.parametrize(
    "block", [{"vga": Vga()}, {"adaptation": Adaptation()}, {"wander": sirf.Wander(sinusoidal_ui=0.1)}]
)
def test_engines_without_these_blocks_refuse_them(link: Link, block: dict[str, Any]) -> None:
    chosen = having(link, **block)
    with pytest.raises(SirfError, match=f"{next(iter(block))} must be None"):
        sirf.statistical_eye(chosen, phases=1)
    with pytest.raises(SirfError, match=f"{next(iter(block))} must be None"):
        sirf.count_errors(chosen, max_symbols=1000, rng=1)


def test_the_counting_engine_refuses_lanes_of_a_converter(link: Link) -> None:
    with pytest.raises(SirfError, match="converter must be None"):
        sirf.count_errors(having(link, converter=Converter(offset=(0.01, 0.0))), max_symbols=1000, rng=1)

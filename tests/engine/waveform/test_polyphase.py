"""The filterbank and the streaming engine on it against direct convolution in double precision."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import fft
from scipy.signal import fftconvolve

import sirf
from sirf.engine.front_end import front_end
from sirf.engine.waveform.block_stream import Stream
from sirf.engine.waveform.plan import noise_responses
from sirf.engine.waveform.polyphase import (
    FILTER_MARGIN,
    Filterbank,
    FilterTable,
    Response,
    choose_grid,
    span,
    transform_length,
)
from sirf.errors import SirfError
from sirf.link import Link
from sirf.transmitter.transmitter import NO_JITTER
from tests.engine.links import flat_link

M = 32


@pytest.fixture(scope="module")
def link() -> Link:
    return sirf.Link(sirf.paths.npo(length="150 mm").to_channel(), standard="802.3ck-c2m").optimized()


def smooth_pulse() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A Gaussian-filtered symbol, 3 dB at half the symbol rate, with an echo 20 UI later."""
    t = (np.arange(40 * M) - 6 * M) / M
    return np.exp(-((t / 0.6) ** 2)) + 0.1 * np.exp(-(((t - 20.3) / 0.9) ** 2))


@pytest.mark.parametrize(("allowed", "coarse", "error"), [(2e-4, 4, 2e-4), (0.0, M, 2e-6)])
def test_blocks_of_the_filterbank_are_the_convolution_of_the_whole(allowed: float, coarse: int, error: float) -> None:
    pulse = smooth_pulse()
    grid = choose_grid([pulse], M, allowed=allowed)
    assert grid.coarse == coarse
    lead = 8
    response = Response(pulse, 6 * M)
    bank = Filterbank(FilterTable.of([response], grid, lead=lead, transform=transform_length(span(response, lead, M))))
    symbols = np.random.default_rng(1).choice([-1.0, -1 / 3, 1 / 3, 1.0], 3 * bank.block)
    out = np.empty((3 * bank.block, M), dtype=np.float32)
    for index in range(3):
        part = slice(index * bank.block, (index + 1) * bank.block)
        drive = np.zeros((1, 1, bank.table.transform), dtype=np.float32)
        drive[0, 0, : bank.block] = symbols[part]
        bank.push(np.asarray(fft.rfft(drive)), np.zeros((1, 1), dtype=np.int64), out[part])
    train = np.zeros(len(symbols) * M)
    train[::M] = symbols
    exact = fftconvolve(train, pulse)
    got = out.ravel()[(lead + FILTER_MARGIN) * M :]  # from the instant of symbol 0 on
    assert np.max(np.abs(got - exact[6 * M : 6 * M + len(got)])) < error * 3


def test_a_moving_response_starts_earlier_by_whole_samples() -> None:
    pulse = smooth_pulse()
    grid = choose_grid([pulse], M)
    outs = []
    for response, shift in ((Response(pulse, 6 * M, movable=M), 13), (Response(pulse, 6 * M + 13), 0)):
        bank = Filterbank(FilterTable.of([response], grid, lead=8, transform=2048))
        drive = np.zeros((1, 1, bank.table.transform), dtype=np.float32)
        drive[0, 0, 5] = 1.0
        out = np.empty((bank.block, M), dtype=np.float32)
        bank.push(np.asarray(fft.rfft(drive)), np.array([[shift]]), out)
        outs.append(out[:200])
    np.testing.assert_allclose(outs[0], outs[1], atol=1e-6)


@pytest.mark.parametrize("flat", [False, True])
def test_noise_at_its_lower_rate_has_the_autocorrelation_of_the_front_end(link: Link, flat: bool) -> None:
    chosen = flat_link("NRZ", sigma=0.1) if flat else link
    end = front_end(chosen)
    drives = noise_responses(chosen.receiver, end)
    m = end.samples_per_ui
    assert len(drives) <= m
    assert flat or len(drives) <= m // 4  # a filter at 0.75 of the symbol rate needs few draws per UI
    for phase in (0, m // 3, m // 2):
        rows = [np.roll(one.wave, one.delay)[(one.origin + phase) % m :: m] for one in drives]
        for lag in (0, 1, 3):
            got = sum(float(np.sum(row[: len(row) - lag] * row[lag:])) for row in rows)
            assert got == pytest.approx(end.noise_correlation[lag * m], abs=2e-3 * end.noise_correlation[0])


def test_the_slicer_sees_the_cursors_of_the_front_end(link: Link) -> None:
    quiet = link.replace(
        transmitter=dataclasses.replace(link.transmitter, jitter=NO_JITTER, snr_db=None),
        receiver=dataclasses.replace(link.receiver, noise_density=0.0, dfe=()),
    )
    stream = Stream(quiet, seed=3)
    chunk = stream.advance(1500)
    end = stream.plan.end
    before = end.sampling // end.samples_per_ui
    cursors = end.through[end.sampling % end.samples_per_ui :: end.samples_per_ui]
    direct = np.convolve(quiet.levels[stream.sent], cursors)[before:]
    assert stream.sent_origin == 0
    np.testing.assert_allclose(chunk.equalised, direct[:1500], atol=2e-6 * end.main_cursor)
    assert stream.count().symbol_errors == 0


@pytest.mark.parametrize("sizes", [(1, 2, 3000, 7, 990), (4000,), (1999, 2001)])
def test_calls_of_any_size_give_the_same_bits(link: Link, sizes: tuple[int, ...]) -> None:
    whole, parts = Stream(link, seed=5), Stream(link, seed=5)
    expected = whole.advance(4000)
    pieces = [parts.advance(size) for size in sizes]
    for name in ("position", "equalised", "decided", "fed_back"):
        assert np.array_equal(np.concatenate([getattr(one, name) for one in pieces]), getattr(expected, name))
    assert np.array_equal(parts.histogram, whole.histogram)
    assert parts.count() == whole.count()


def test_the_size_of_a_block_changes_nothing(link: Link) -> None:
    runs = [sirf.simulate(link, symbols=5000, rng=2, block=block) for block in (5, 4096, 10**6)]
    assert all(run.errors == runs[0].errors for run in runs)
    assert all(np.array_equal(run.eye.counts, runs[0].eye.counts) for run in runs)
    assert runs[0].errors.symbols == 5000
    with pytest.raises(SirfError, match="block must be at least 1"):
        sirf.simulate(link, symbols=5000, rng=2, block=0)

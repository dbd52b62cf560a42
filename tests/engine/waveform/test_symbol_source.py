"""What the waveform engine sends: patterns, precoding, compression and displaced edges against direct sums, counts by kind."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import sirf
from sirf.engine.waveform.block_stream import Stream
from sirf.engine.waveform.simulate import RunInterrupted
from sirf.errors import SirfError
from sirf.link import Link
from sirf.receiver.adaptation import Adaptation
from sirf.receiver.mlse import Mlse
from sirf.signal.patterns import Pattern, precode
from sirf.transmitter.jitter import Jitter, SinusoidalJitter
from sirf.transmitter.transmitter import NO_JITTER

QUIET: dict[str, Any] = {"jitter": NO_JITTER, "snr_db": None}


@pytest.fixture(scope="module")
def link() -> Link:
    return sirf.Link(sirf.paths.npo(length="150 mm").to_channel(), standard="802.3ck-c2m").optimized()


def sending(link: Link, **changes: Any) -> Link:
    return link.replace(transmitter=dataclasses.replace(link.transmitter, **changes))


def silent(link: Link, **changes: Any) -> Link:
    return sending(link, **QUIET | changes).replace(
        receiver=dataclasses.replace(link.receiver, noise_density=0.0, dfe=())
    )


@pytest.mark.parametrize("precoding", [False, True])
def test_patterns_run_on_through_blocks(link: Link, precoding: bool) -> None:
    pattern = Pattern("prbs13q")
    stream = Stream(silent(link, pattern=pattern, precoding=precoding), seed=1)
    size = stream.plan.table.block
    blocks = np.concatenate([stream.source.blocks(count).symbols for count in (1, 2)])
    expected = pattern.take(0, 3 * size, order=4)
    assert np.array_equal(blocks, precode(expected, 4) if precoding else expected)


def test_compressed_driver_is_the_cubic_of_the_ffe_output(link: Link) -> None:
    chosen = silent(link, compression=0.1)
    stream = Stream(chosen, seed=2)
    seen = stream.advance(1500).equalised
    end, tx = stream.plan.end, chosen.transmitter
    m, at = end.samples_per_ui, end.sampling
    stairs = np.convolve(chosen.levels[stream.sent], tx.ffe)
    stairs -= 0.1 * stairs**3
    direct = np.convolve(stairs, end.driver[at % m :: m])[at // m + tx.ffe_main :]
    np.testing.assert_allclose(seen[200:], direct[200:1500], atol=2e-4 * end.main_cursor)
    decided = stream.receiver.reference
    outer = decided[-1] / (end.main_cursor * chosen.levels[-1])
    assert 0.85 < outer < 0.99  # the outer levels come out smaller


def test_edges_move_as_their_exact_superposition(link: Link) -> None:
    """Even-odd jitter and a tone, known for every edge: steps displaced one by one, in double precision at 1/512 UI."""
    moved = Jitter(even_odd_ui=0.04, sinusoidal=(SinusoidalJitter(0.03, 200e6),))
    chosen = silent(link, jitter=moved)
    stream = Stream(chosen, seed=2)
    seen = stream.advance(1200).equalised
    end, tx, m = stream.plan.end, chosen.transmitter, link.samples_per_ui
    stairs = np.convolve(chosen.levels[stream.sent], tx.ffe)[tx.ffe_main :][:1400]
    steps = np.diff(np.concatenate([[0.0], stairs]))
    again = stream.source._tones
    same = np.random.Generator(np.random.SFC64(0))  # only the even-odd part, whose draw needs no generator
    even_odd = dataclasses.replace(moved, sinusoidal=()).correlated(same, 1400, symbol_rate=link.symbol_rate, start=0)
    tone = _tone(stream, again, 1400)
    tau = even_odd + tone
    # step response: the driver's pulses one UI apart, finely interpolated from their spectrum
    fine = 16
    size = len(end.driver)
    step = end.driver.copy()
    for back in range(1, size // m + 1):
        step[back * m :] += end.driver[: size - back * m]
    extended = np.concatenate([step, np.full(m, step[-1])])
    dense = np.interp(np.arange(len(extended) * fine) / fine, np.arange(len(extended)), extended)
    exact = np.zeros(1200)
    for k in range(600, 1200):
        edges = np.arange(max(k - 300, 0), k + 8)
        place = end.sampling + (k - edges - tau[edges]) * m
        exact[k] = np.interp(place * fine, np.arange(len(dense)), dense, left=0.0) @ steps[edges]
        exact[k] += step[-1] * stairs[edges[0] - 1]
    error = np.max(np.abs(seen[600:] - exact[600:]))
    assert error < 1e-3 * tx.amplitude
    unmoved = np.convolve(chosen.levels[stream.sent], end.through[end.sampling % m :: m])[end.sampling // m :][600:1200]
    assert np.max(np.abs(seen[600:] - unmoved)) > 10 * error


def _tone(stream: Stream, tones: Jitter, count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    from sirf.engine.seeding import segment_generator
    from sirf.engine.waveform.symbol_source import TONE_BLOCKS

    generator = segment_generator(stream.source.seed, stream.plan.digest, TONE_BLOCKS)
    return tones.correlated(generator, count, symbol_rate=stream.link.symbol_rate, start=0)


def test_counts_by_level_bit_and_burst_add_up_and_agree_with_the_counting_engine(link: Link) -> None:
    loud = link.replace(receiver=dataclasses.replace(link.receiver, noise_density=350 * link.receiver.noise_density))
    for chosen in (loud, sending(loud, pattern=Pattern("prbs31q"), precoding=True)):
        run = sirf.simulate(chosen, symbols=200_000, rng=1).errors
        count = sirf.count_errors(chosen, max_errors=10**9, max_symbols=200_000, rng=1)
        assert run.symbol_errors > 1000
        assert run.ber_low <= count.ber_high
        assert count.ber_low <= run.ber_high
        assert sum(run.sent) == run.symbols == 200_000
        assert sum(run.level_errors) == run.symbol_errors
        assert sum(run.bit_position_errors) == run.errors
        assert sum(run.burst_lengths) == run.bursts
        np.testing.assert_allclose(run.level_ser, count.level_ser, rtol=0.25)
        assert run.mean_burst == pytest.approx(count.mean_burst, rel=0.1)


def test_sequence_detectors_beside_adaptation_are_refused(link: Link) -> None:
    receiver = dataclasses.replace(link.receiver, mlse=Mlse(), dfe=(0.1,), adaptation=Adaptation())
    with pytest.raises(SirfError, match=r"adaptation must be None for a waveform, .*: the target .* is fixed"):
        sirf.simulate(link.replace(receiver=receiver), symbols=100, rng=1)


def test_patterns_shorter_than_the_channels_memory_repeat_their_circular_convolution(link: Link) -> None:
    symbols = (0, 3, 1, 1, 2, 0, 3, 3, 0)
    stream = Stream(silent(link, pattern=Pattern("user", symbols=symbols)), seed=1)
    assert stream.plan.memory > 5 * len(symbols)
    stream.advance(stream.first)
    start = stream.receiver.symbol % len(symbols)
    seen = stream.advance(5 * len(symbols)).equalised.reshape(5, -1)
    end, m = stream.plan.end, link.samples_per_ui
    cursors = end.through[end.sampling % m :: m]
    folded = np.zeros(len(symbols))
    np.add.at(folded, (np.arange(len(cursors)) - end.sampling // m) % len(symbols), cursors)
    circular = np.fft.ifft(np.fft.fft(folded) * np.fft.fft(link.levels[list(symbols)])).real
    np.testing.assert_allclose(seen, np.tile(np.roll(circular, -start), (5, 1)), atol=2e-4 * end.main_cursor)


def test_edge_jitter_too_large_for_its_expansion_is_refused(link: Link) -> None:
    slow = sending(link, jitter=Jitter(sinusoidal=(SinusoidalJitter(0.6, 1e6),)))
    with pytest.raises(SirfError, match=r"edge jitter must stay within 0\.5 UI"):
        sirf.simulate(slow, symbols=100, rng=1)


def test_an_interrupted_run_keeps_what_it_has(link: Link) -> None:
    def stop(done: int, total: int, errors: int) -> None:
        if done > 5000:
            raise KeyboardInterrupt

    with pytest.raises(RunInterrupted) as caught:
        sirf.simulate(link, symbols=10**9, rng=1, block=3000, progress=stop)
    kept = caught.value.run
    whole = sirf.simulate(link, symbols=kept.errors.symbols, rng=1)
    assert 5000 < kept.errors.symbols < 20_000
    assert kept.errors == whole.errors
    assert np.array_equal(kept.eye.counts, whole.eye.counts)


def test_blocks_are_the_same_alone_and_together(link: Link) -> None:
    """Symbols, jitter that is drawn anew, phases of aggressors and noise: a block's draws are its own."""
    source = link.channel.through
    crowded = link.replace(channel=dataclasses.replace(link.channel, fext=(source,), next=(source,)), aggressors=None)
    jitter = dataclasses.replace(
        crowded.transmitter.jitter,
        random_ui=0.01,
        dual_dirac_ui=0.02,
        duty_cycle_ui=0.02,
        sinusoidal=(SinusoidalJitter(amplitude_ui=0.03, frequency=1e6),),
    )
    chosen = sending(crowded, jitter=jitter, compression=0.05)
    alone, together = Stream(chosen, seed=4).source, Stream(chosen, seed=4).source
    one, whole = [alone.blocks(1) for _ in range(3)], together.blocks(3)
    assert len({tuple(each.shifts[0]) for each in one}) == 3
    for name in ("symbols", "drives", "shifts"):
        assert np.array_equal(np.concatenate([getattr(each, name) for each in one]), getattr(whole, name)), name

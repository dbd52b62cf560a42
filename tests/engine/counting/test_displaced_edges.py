"""Displaced edges: the engine's expansion against exact superposition of moved edges, and small jitter on a known slope."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.special import ndtr

from sirf.channel.channel import Channel
from sirf.engine.counting import baud_rate
from sirf.engine.counting.baud_rate import COUNTED_SYMBOLS, LEAD_SYMBOLS, BaudRateLink
from sirf.engine.counting.noise_filter import untrimmed
from sirf.engine.front_end import front_end
from sirf.link import Link
from sirf.paths import pluggable
from sirf.signal.patterns import Pattern
from sirf.transmitter.jitter import Jitter, SinusoidalJitter
from tests.engine.links import flat_link


def board_link(jitter: Jitter) -> Link:
    link = Link(pluggable(rate_class="100g").to_channel(), standard="802.3ck-c2m").optimized()
    tx = dataclasses.replace(link.transmitter, jitter=jitter)
    return link.replace(transmitter=tx, receiver=dataclasses.replace(link.receiver, noise_density=0.0))


def test_the_expansion_is_the_superposition_of_moved_edges_to_a_thousandth() -> None:
    """Displacements up to 0.06 UI, as sigma_RJ 0.01 and A_DD 0.02 reach; every edge moved by itself through a spline."""
    jitter = Jitter(even_odd_ui=0.02, duty_cycle_ui=0.02, sinusoidal=(SinusoidalJitter(0.04, 97e6),))
    link = board_link(jitter)
    # the SNR_TX term is noise: leave it out on both sides
    link = link.replace(transmitter=dataclasses.replace(link.transmitter, snr_db=None))
    model, still = (
        BaudRateLink(link),
        BaudRateLink(link.replace(transmitter=dataclasses.replace(link.transmitter, jitter=Jitter()))),
    )
    moved = model.segment(1, 0).residual.astype(float)
    wave = model._workspace().wave.astype(float)
    resting = np.zeros(model.samples, dtype=np.float32)
    still.through.add(model._workspace().wave, model.origin, resting)
    # what moves the mean of the main cursor belongs to the level
    own = wave[model.origin : model.origin + model.samples]
    contribution = moved + own * model.main - (resting + own * still.main)

    end = front_end(link)
    m = end.samples_per_ui
    step = CubicSpline(np.arange(len(end.edge)) / m, end.edge).antiderivative()
    tx = link.transmitter
    stairs = np.convolve(wave, tx.ffe)[tx.ffe_main :]
    tau = model.slow_displacement(1, 0, model.stairs - 1)
    instant, reach = end.sampling / m, end.pre_cursors
    last = len(end.edge) / m - instant - 2
    for n in range(LEAD_SYMBOLS, LEAD_SYMBOLS + 300):
        exact = 0.0
        for edge in range(n - int(last), n + reach):
            # the edge into sample `edge` is number edge + stairs_origin - 1 of the displacements
            height = stairs[model.origin + edge] - stairs[model.origin + edge - 1]
            shift = tau[edge + model.stairs_origin - 1] + 0.01 * np.sign(height)
            at = instant + n - edge
            exact += height * (step(at - shift) - step(at))
        assert abs(contribution[n] - exact) < 1e-3 * model.main, n
    assert np.abs(tau).max() > 0.045
    assert np.abs(contribution[LEAD_SYMBOLS : LEAD_SYMBOLS + 300]).max() > 0.02 * model.main


@pytest.mark.parametrize("kind", ["random", "dual-dirac"])
def test_small_jitter_on_a_known_slope_moves_the_sample_by_the_slope(kind: str) -> None:
    """One edge every 600 symbols: just behind it the sample moves by dv/dt times the edge's displacement."""
    size = 0.004
    pattern = Pattern(symbols=(0,) * 600 + (1,) * 600)
    link = flat_link("NRZ", sigma=0.0)
    link = link.replace(
        transmitter=dataclasses.replace(
            link.transmitter, pattern=pattern,
            jitter=Jitter(random_ui=size) if kind == "random" else Jitter(dual_dirac_ui=size),
        ),
        receiver=dataclasses.replace(link.receiver, noise_corner=0.4e10),
    )  # fmt: skip
    end = front_end(link)
    # the waveform of a rising edge: all pulses from symbol 0 on high, all before low, from the pulse alone
    m = end.samples_per_ui
    response = np.add.reduce(
        [np.pad(end.through, (k * m, 0))[: len(end.through)] for k in range(len(end.through) // m)]
    )
    slope = 2.0 * np.gradient(response)[end.sampling] * m
    model = BaudRateLink(link)
    samples = []
    for index in range(12):
        line = model.segment(3, index)
        rising = np.flatnonzero((line.symbols[1:] == 1) & (line.symbols[:-1] == 0)) + 1
        samples.append(line.residual[rising[rising < COUNTED_SYMBOLS]])
    moves = np.concatenate(samples).astype(float)
    moves -= moves.mean()
    assert abs(slope) > 0.1
    if kind == "random":
        assert moves.std() == pytest.approx(abs(slope) * size, rel=0.06)
    else:
        assert np.abs(moves) == pytest.approx(abs(slope) * size, rel=0.1)
        assert 0.4 < np.mean(moves > 0) < 0.6


def expected_error_ratio(model: BaudRateLink, sigma: float, segments: int) -> float:
    """Of the slicer's input without noise, whose share is taken by Q: the same symbols and displacements give it exactly."""
    levels, middle = model.level_volts, model.decision
    total = 0.0
    for index in range(segments):
        line = model.segment(1, index)
        volts = levels[line.symbols] + line.residual.astype(float)
        above, below = np.append(middle, np.inf)[line.symbols], np.insert(middle, 0, -np.inf)[line.symbols]
        total += float(np.mean(ndtr((volts - above) / sigma) + ndtr((below - volts) / sigma)))
    return total / segments


@pytest.mark.parametrize("together", [False, True])
def test_ends_cut_off_the_responses_of_edges_leave_the_error_ratio_as_it_is(
    together: bool, channels_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their power is nothing, but their mean adds to the interference symbol by symbol: it was 1.2 % too many errors."""
    link = Link(Channel.from_touchstone(channels_dir / "backplane_12db/thru.s4p"), standard="802.3ck-kr1").optimized()
    jitter = dataclasses.replace(link.transmitter.jitter, sinusoidal=(SinusoidalJitter(0.05, 1e6),) if together else ())
    loud = dataclasses.replace(link.receiver, noise_density=(8.0 if together else 16.0) * link.receiver.noise_density)
    link = link.replace(receiver=loud, transmitter=dataclasses.replace(link.transmitter, jitter=jitter))
    sigma = float(np.sqrt(BaudRateLink(link, ideal=True).noise_power))

    def ratio() -> float:
        model = BaudRateLink(link, ideal=True)
        model.noise_power = 0.0
        # many segments: of 4, one rare pattern made up a sixth of the errors and what is cut off weighed as much there
        return expected_error_ratio(model, sigma, 64)

    # zeros instead of a cut keep the draws where they are
    monkeypatch.setattr(
        baud_rate, "trimmed", lambda taps, pre, floor: (np.where(untrimmed(taps, floor), taps, 0.0), pre)
    )
    cut = ratio()
    monkeypatch.setattr(baud_rate, "trimmed", lambda taps, pre, floor: (taps, pre))
    monkeypatch.setattr(baud_rate, "untrimmed", lambda taps, floor: np.ones(len(taps), dtype=bool))
    assert cut == pytest.approx(ratio(), rel=2e-3)

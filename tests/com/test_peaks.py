"""Where filtered pulses have their peaks (Annex 178A): blocks of a UI against every sample."""

from __future__ import annotations

import numpy as np

from sirf._arrays import Float
from sirf._kernels.com_boxes import centre_of
from sirf._kernels.com_peaks import block_tops, peak_range, peaks

PER_UI, MAIN = 8, 2


def long_pulse(rng: np.random.Generator) -> Float:
    """A pulse with a slow rise, a long tail and reflections, whose length is no whole number of UI."""
    time = np.arange(60 * PER_UI + 3) / PER_UI
    tail = np.where(time > 9.0, np.exp(-(time - 9.0) / 14.0), np.exp(-((time - 9.0) ** 2)))
    return np.asarray(tail * (1.0 + 0.05 * rng.normal(size=time.size)))


def filtered(taps: Float, pulse: Float) -> Float:
    padded, result = np.pad(pulse, 4 * PER_UI), np.zeros(pulse.size)
    for k, tap in enumerate(taps):
        result += tap * padded[4 * PER_UI - (k - MAIN) * PER_UI :][: pulse.size]
    return result


def blocks_of(pulse: Float) -> Float:
    rows = np.pad(pulse, (0, -pulse.size % PER_UI)).reshape(-1, PER_UI)
    return np.array((rows.min(axis=1), rows.max(axis=1)))


def test_peaks_are_those_of_every_sample() -> None:
    rng = np.random.default_rng(3)
    pulse = long_pulse(rng)
    taps = rng.uniform(-0.2, 0.1, size=(50, 4))
    taps[:, MAIN] = 1.0 - np.sum(np.abs(np.delete(taps, MAIN, axis=1)), axis=1)
    found = np.empty(50, dtype=np.int64)
    peaks(taps, MAIN, pulse, PER_UI, blocks_of(pulse), found)
    assert np.array_equal(found, [np.argmax(filtered(row, pulse)) for row in taps])


def test_a_box_holds_the_peak_of_each_of_its_settings() -> None:
    """Where a strong pre-cursor flattens the main UI, boxes still leave most samples out."""
    rng = np.random.default_rng(5)
    pulse = long_pulse(rng)
    values = np.array([[0.0, 0.04, 0.08], [-0.34, -0.3, -0.26], [0.0, 0.0, 0.0], [-0.1, -0.05, 0.0]])
    blocks, tops, work = blocks_of(pulse), np.empty(-(-pulse.size // PER_UI)), np.empty((2, PER_UI))
    centre, radius, sign = np.empty(4), np.empty(4), np.empty(4)
    left, every = [], np.array((0, pulse.size - 1))
    for turn in range(40):
        ends = np.sort(rng.integers(3, size=(4, 2)), axis=1)
        ends[MAIN] = 0
        centre_of(values, ends[:, 0], ends[:, 1], MAIN, centre, radius, sign)
        first, last = peak_range(centre, radius, sign, MAIN, pulse, PER_UI, blocks, every, tops, work)
        block_tops(centre, radius, sign, MAIN, blocks, 0, tops.size, tops)
        for _ in range(20):
            taps = np.array([rng.uniform(values[k, low], values[k, high]) for k, (low, high) in enumerate(ends)])
            taps[MAIN] = 0.0
            taps[MAIN] = 1.0 - np.sum(np.abs(taps))
            sent = filtered(taps, pulse)
            assert first <= np.argmax(sent) <= last
            assert np.all(sent <= np.repeat(tops, PER_UI)[: sent.size] + 1e-12)
        left.append((last - first + 1) / pulse.size)
        # a box within this one asks for no more than what is left of it
        for k, (low, high) in enumerate(ends):
            inner = ends.copy()
            inner[k] = low if turn % 2 else high
            centre_of(values, inner[:, 0], inner[:, 1], MAIN, centre, radius, sign)
            of_all = peak_range(centre, radius, sign, MAIN, pulse, PER_UI, blocks, every, tops, work)
            within = np.array((first, last))
            assert peak_range(centre, radius, sign, MAIN, pulse, PER_UI, blocks, within, tops, work) == of_all
    assert np.mean(left) < 0.2

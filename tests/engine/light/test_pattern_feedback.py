"""Errors that feed back behind light: decisions over known patterns followed exactly, in white noise, against the statistics."""

from __future__ import annotations

import dataclasses
from math import erfc, sqrt

import numba
import numpy as np
import pytest

from sirf._arrays import Float, Integer
from sirf.engine.light.averaged_chain import averaged
from sirf.engine.statistical.analysis import InterferenceModel
from sirf.engine.statistical.link_error_rates import error_rates
from tests.engine.light.test_large_signal import shipped, still
from tests.engine.light.test_pattern_tails import displaced, quiet

SYMBOLS = 1 << 17


@numba.njit(cache=False)
def by_recursion(seen: Float, sent: Integer, bounds: Float, sigma: float, fed: Float) -> tuple[float, float]:
    """Symbol error ratios with decided and with sent symbols fed back over two taps, `fed` (2,) in V for an error of one level.

    The probabilities of the last two errors, -3 to 3 levels each, go from symbol to symbol: noise of one does not reach the next.
    """
    levels = len(bounds) + 1
    now = np.zeros((7, 7))
    now[3, 3] = 1.0
    wrong = alone = 0.0
    for n in range(len(seen)):
        following = np.zeros((7, 7))
        for first in range(7):
            for second in range(7):
                if now[first, second] < 1e-30:
                    continue
                x = seen[n] - fed[0] * (first - 3) - fed[1] * (second - 3)
                above = 1.0
                for level in range(levels):
                    beyond = 0.5 * erfc((bounds[level] - x) / sigma / sqrt(2.0)) if level < levels - 1 else 0.0
                    part = max(above - beyond, 0.0)
                    following[level - sent[n] + 3, first] += now[first, second] * part
                    above = beyond
        for error in range(7):
            if error != 3:
                wrong += following[error].sum()
        if sent[n] < levels - 1:
            alone += 0.5 * erfc((bounds[sent[n]] - seen[n]) / sigma / sqrt(2.0))
        if sent[n] > 0:
            alone += 0.5 * erfc((seen[n] - bounds[sent[n] - 1]) / sigma / sqrt(2.0))
        now = following / following.sum()
    return wrong / len(seen), alone / len(seen)


@pytest.mark.parametrize(
    ("name", "jitter", "snr_db"), [("fr-eml", False, 25.1), ("cpo-silicon-ring", True, 24.1), ("sr-vcsel", False, 22.9)]
)
def test_errors_multiply_as_over_known_patterns(name: str, jitter: bool, snr_db: float) -> None:
    """Error ratios of 1e-4, of the laser 1e-3: with the cursors of a linear chain they multiply 2 to 8 % too much."""
    link = shipped(name, "802.3ck-kr1")
    link = quiet(link if jitter else still(link))
    # white noise of the transmitter outweighs all that the receiver's filter colours
    link = link.replace(
        transmitter=dataclasses.replace(link.transmitter, snr_db=snr_db),
        receiver=dataclasses.replace(link.receiver, dfe=link.receiver.dfe[:2], noise_density=1e-19),
    )
    model = InterferenceModel(link)
    assert model.large is not None
    at_instant, main, dfe = model.at(0), model.front_end.main_cursor, link.receiver.dfe
    assert dfe[0] > 0.3
    real, ideal = (error_rates(model, at_instant, ideal_feedback=how).ser for how in (False, True))
    generator = np.random.default_rng(31)
    sent = generator.permutation(np.arange(SYMBOLS) % 4)
    chain = averaged(link).chain
    seen = chain.run(displaced(link, chain, sent, generator)).slicer.reshape(SYMBOLS, -1)[:, 0]
    for lag, tap in enumerate(dfe, start=1):
        seen = seen - tap * main * np.roll(link.levels[sent], lag)
    bounds = 0.5 * (model.decided[1:] + model.decided[:-1]) * main
    wrong, alone = by_recursion(seen, sent, bounds, float(np.sqrt(model.noise)), np.array(dfe) * main * 2.0 / 3.0)
    assert wrong / alone > 1.04
    assert real / ideal == pytest.approx(wrong / alone, rel=0.015)

"""Searches that others build on, against functions whose answer is known: amplitudes, instants, cases on threads."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sirf.com.calibration import FIRST_RMS, PRECISION_DB, _crossing
from sirf.engine.statistical.sampling_criterion import _least
from sirf.errors import ConfigError, SirfError
from sirf.study.jitter_tolerance import MAX_MASK_FACTOR, _largest
from sirf.study.parallel import each


@pytest.mark.parametrize("steps", [0, 1, 3, 8])
@pytest.mark.parametrize("limit", [0.013, 0.1, 0.37, 2.9])
def test_the_largest_amplitude_lies_one_part_of_an_octave_below_the_limit(steps: int, limit: float) -> None:
    tried: list[float] = []

    def passes(amplitude: float) -> bool:
        tried.append(amplitude)
        return amplitude <= limit

    found, more = _largest(passes, 0.1, steps)
    assert found is not None
    assert not more
    # bisected on a logarithmic axis: the last octave is halved `steps` times
    assert found <= limit < found * 2.0 ** (2.0**-steps) * (1.0 + 1e-9)
    assert found in tried or found == 0.1
    # masks are straight on two logarithmic axes: half way within an octave is the root of two
    octaves = np.log2(np.array(tried) / 0.1) * 2.0**steps
    assert octaves == pytest.approx(np.rint(octaves), abs=1e-9)
    assert len(tried) == steps + abs(math.floor(math.log2(limit / 0.1))) + (2 if limit >= 0.1 else 1)


def test_what_never_fails_has_no_end_and_what_never_passes_no_amplitude() -> None:
    found, more = _largest(lambda amplitude: True, 0.125, 3)
    assert (found, more) == (0.125 * MAX_MASK_FACTOR, True)
    assert _largest(lambda amplitude: False, 0.1, 3) == (None, False)


@pytest.mark.parametrize("samples_per_ui", [8, 12, 32, 50, 64])
@pytest.mark.parametrize("place", [-0.5, -0.31, 0.0, 0.07, 0.44, 0.9])
def test_the_least_merit_is_found_within_half_a_ui(samples_per_ui: int, place: float) -> None:
    """Of a bowl with its bottom anywhere: the nearest offset, or the end of the range on its side."""
    asked: list[int] = []

    def merit(offset: int) -> tuple[float, float, int]:
        asked.append(offset)
        return (offset / samples_per_ui - place) ** 2, 0.0, abs(offset)

    best, half = _least(merit, samples_per_ui), samples_per_ui // 2
    looked_at = len(set(asked))
    assert max(map(abs, asked)) <= half
    assert best == min(range(-half, half + 1), key=merit)
    # a coarse grid of some nine, then a few about the best: not every sample
    assert looked_at <= 9 + 2 * math.ceil(math.log2(samples_per_ui)) + 4


def test_of_several_valleys_that_of_the_best_coarse_point_is_followed() -> None:
    """Steps of an eighth UI see 4 beside the first valley and 10 beside the deeper one."""

    def merit(offset: int) -> tuple[float, float, int]:
        return min((offset + 17) ** 2 + 3.0, (offset - 21) ** 2 + 1.0), 0.0, abs(offset)

    assert _least(merit, 64) == -17


def test_answers_come_in_the_order_of_the_cases() -> None:
    told: list[tuple[str, int, int]] = []

    def ask(case: int) -> int:
        time.sleep(0.002 * (5 - case))
        return case * case

    found = each(ask, range(5), progress=lambda *words: told.append(words), name=lambda case: f"case {case}")
    assert found == [0, 1, 4, 9, 16]
    assert sorted(name for name, _, _ in told) == [f"case {k}" for k in range(5)]
    assert [done for _, done, _ in told] == [1, 2, 3, 4, 5]
    assert {count for _, _, count in told} == {5}
    assert each(ask, []) == []


def test_the_first_error_ends_it_and_cases_that_wait_are_left_out() -> None:
    seen, gate = [], threading.Event()

    def ask(case: int) -> int:
        seen.append(case)
        if case == 0:
            raise SirfError("case 0 must pass")
        gate.wait(5.0)
        return case

    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(SirfError, match="case 0 must pass"):
            each(ask, range(20), executor=pool)
        gate.set()
    assert len(seen) < 20


def falling(root: float, slope: float = 40.0) -> Callable[[float], float]:
    """An excess in dB that falls with the power of the noise, zero at `root` V."""
    return lambda rms: slope * (root**2 - rms**2)


@pytest.mark.parametrize("root", [2e-4, 4e-3, 5e-3, 7e-2, 0.9])
def test_the_noise_of_a_calibration_is_where_the_margin_ends(root: float) -> None:
    excess = falling(root, 3.0 / root**2)
    rms, above = _crossing(excess, excess(0.0), "test")
    assert rms == pytest.approx(root, rel=2e-3)
    # rather a hair above the limit than below it
    assert above == excess(rms)
    assert 0.0 < above <= PRECISION_DB


def test_a_margin_that_jumps_is_bracketed_to_a_hundred_thousandth() -> None:
    rms, above = _crossing(lambda noise: 1.0 if noise < 0.0123 else -math.inf, 1.0, "test")
    assert rms == pytest.approx(0.0123, rel=1e-4)
    assert rms < 0.0123
    assert above == 1.0


def test_a_path_that_carries_no_noise_is_refused() -> None:
    with pytest.raises(ConfigError, match="test: the noise path must carry noise"):
        _crossing(lambda noise: 1.0, 1.0, "test")
    assert FIRST_RMS == 5e-3

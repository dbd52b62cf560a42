"""Loops of a vendor-model run: edges moved in a staircase, decimation as a plain convolution, decisions at instants."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

import sirf._kernels.model_waveform as module
from tests._kernels.plain import plain_module

Float = NDArray[np.float64]


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    return plain_module(monkeypatch, module)


def staircase(values: Float, displacement: Float, m: int) -> Float:
    """Means over each sample's interval of steps whose edges are moved, by exact integration of every edge."""
    size = (len(values) - 2) * m
    begin = np.arange(size, dtype=float)
    wave = np.full(size, values[0])
    for k, moved in enumerate(displacement):
        wave += (values[k + 1] - values[k]) * np.clip(begin + 1.0 - (k * m + moved), 0.0, 1.0)
    return wave


@pytest.mark.parametrize("scale", [0.0, 0.4, 1.7, 3.2])
def test_displaced_edges_are_integrated_over_each_sample(kernels: ModuleType, scale: float) -> None:
    m, rng = 8, np.random.default_rng(3)
    values = np.array([0.0, 1.0, 1.0, -1.0, 0.3, 0.0])
    displacement = scale * rng.uniform(-1.0, 1.0, 5)
    wave = np.repeat(values[1:-1], m).astype(float)
    kernels.displace_edges(wave, values, displacement, m)
    np.testing.assert_allclose(wave, staircase(values, displacement, m), atol=1e-12)


@pytest.mark.parametrize("moved", [2.0, -2.0, 0.25, -0.25])
def test_one_edge_moves_its_area(kernels: ModuleType, moved: float) -> None:
    """Later by d samples takes d times the step off the sum; the first edge earlier than the block, none of it."""
    wave = np.repeat([0.0, 2.0], 4)
    kernels.displace_edges(wave, np.array([0.0, 0.0, 2.0, 2.0]), np.array([0.0, moved, 0.0]), 4)
    assert wave.sum() == pytest.approx(8.0 - 2.0 * moved)
    assert wave[0] == 0.0
    assert wave[-1] == 2.0


@pytest.mark.parametrize(("ratio", "length"), [(1, 5), (2, 7), (4, 9), (4, 3), (3, 1)])
def test_decimation_is_a_convolution_of_which_every_nth_sample_is_kept(
    kernels: ModuleType, ratio: int, length: int
) -> None:
    rng = np.random.default_rng(length)
    past, wave = rng.normal(size=length - 1), rng.normal(size=ratio * 200)
    taps = rng.normal(size=length).astype(np.float32)
    out = np.empty(200, dtype=np.float32)
    kernels.decimate(past, wave, taps, ratio, out)
    whole = np.convolve(np.concatenate([past, wave]), taps.astype(float))[length - 1 : length - 1 + wave.size]
    np.testing.assert_allclose(out, whole[::ratio], atol=2e-5)


def test_an_edge_at_the_end_of_the_block_belongs_to_the_next_one_where_it_is_late(kernels: ModuleType) -> None:
    """Later than the block it changes nothing here, earlier it takes samples at the end."""
    wave = np.repeat([0.0, 2.0], 4)
    kernels.displace_edges(wave, np.array([0.0, 0.0, 2.0, 5.0]), np.array([0.0, 0.0, 3.4]), 4)
    assert wave.tolist() == np.repeat([0.0, 2.0], 4).tolist()
    kernels.displace_edges(wave, np.array([0.0, 0.0, 2.0, 5.0]), np.array([0.0, 0.0, -1.25]), 4)
    np.testing.assert_allclose(wave[-3:], [2.0, 2.0 + 0.25 * 3.0, 5.0])
    # and the first one, earlier than the block
    kernels.displace_edges(wave, np.array([7.0, 0.0, 2.0, 5.0]), np.array([-2.5, 0.0, 0.0]), 4)
    assert wave[:4].tolist() == [0.0] * 4


def decide(kernels: ModuleType, volts: Float, sent: list[int], **changes: object) -> tuple[list[int], Float]:
    """Decisions of a waveform that is `volts` about each instant."""
    m = 4
    wave = np.repeat(volts, m).astype(np.float32)
    place = np.arange(len(volts)) * m + 1.0
    given: dict[str, object] = {
        "offset": np.zeros(3), "threshold": np.array([-2.0, 0.0, 2.0]), "added": np.zeros(len(volts)), "sensitivity": 0.0
    }  # fmt: skip
    given |= changes
    decided, value = np.empty(len(volts), dtype=np.uint8), np.empty(len(volts))
    kernels.decide_at(wave, place, *given.values(), np.array(sent, dtype=np.uint8), decided, value)
    return decided.tolist(), value


def test_levels_lie_between_their_thresholds(kernels: ModuleType) -> None:
    volts = np.array([-3.0, -1.0, 1.0, 3.0, -2.5, 0.5, 2.25])
    found, value = decide(kernels, volts, [0] * 7)
    assert found == [0, 1, 2, 3, 0, 2, 3]
    np.testing.assert_array_equal(value, volts)


def test_noise_is_added_before_the_decision(kernels: ModuleType) -> None:
    found, value = decide(kernels, np.array([-1.0, 1.0]), [1, 2], added=np.array([-1.5, 1.25]))
    assert found == [0, 3]
    assert value.tolist() == [-2.5, 2.25]


@pytest.mark.parametrize(
    ("volts", "sent", "level"), [(0.2, 2, 1), (0.2, 1, 2), (-0.2, 1, 2), (-0.2, 2, 1), (0.4, 2, 2), (-0.4, 1, 1)]
)
def test_within_the_sensitivity_of_a_threshold_the_sent_level_loses(
    kernels: ModuleType, volts: float, sent: int, level: int
) -> None:
    assert decide(kernels, np.array([volts]), [sent], sensitivity=0.3)[0] == [level]


def test_each_threshold_is_compared_at_its_own_time(kernels: ModuleType) -> None:
    """A ramp: two samples later it is two steps higher, so a threshold compared then is passed by that much less."""
    wave = np.arange(-8.0, 8.0, 0.5).astype(np.float32)
    place = np.arange(8.0, 24.0)
    decided, value = np.empty(16, dtype=np.uint8), np.empty(16)
    offset = np.array([2.0, 0.0, -4.0])
    arguments = np.array([-2.0, 0.1, 2.0]), np.zeros(16), 0.0, np.zeros(16, dtype=np.uint8), decided, value
    kernels.decide_at(wave, place, offset, *arguments)
    volts = -8.0 + 0.5 * place
    meant = (volts + 1.0 > -2.0).astype(int) + (volts > 0.1) + (volts - 2.0 > 2.0)
    assert decided.tolist() == meant.tolist()
    np.testing.assert_allclose(value, volts)
    # all of them one sample later: decided there, though the value shown is that of the instant
    arguments = np.array([-2.0, 0.1, 2.0]), np.zeros(16), 0.0, np.zeros(16, dtype=np.uint8), decided, value
    kernels.decide_at(wave, place, np.ones(3), *arguments)
    meant = (volts + 0.5 > -2.0).astype(int) + (volts + 0.5 > 0.1) + (volts + 0.5 > 2.0)
    assert decided.tolist() == meant.tolist()
    np.testing.assert_allclose(value, volts)

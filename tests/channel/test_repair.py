"""Repairs against closed forms, and how much they may change."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sirf.channel.network import Network
from sirf.channel.quality import quality
from sirf.channel.repair import causal, passive, repair, with_dc
from sirf.channel.touchstone import read_touchstone
from sirf.errors import LimitError, SirfError
from tests.channel.test_quality import DELAY, FREQUENCY, Complex, delayed, two_port

SKIN = 4.8e-6
"""Loss of a skin-effect line in nepers per square root of rad/s."""


def skin_line(frequency: NDArray[np.float64], a: float = SKIN) -> Complex:
    """exp(-a sqrt(j omega)) with a delay: causal in closed form."""
    return np.asarray(np.exp(-a * np.sqrt(2j * np.pi * frequency)) * delayed(DELAY, frequency), dtype=np.complex128)


def test_singular_values_above_one_become_one() -> None:
    s = np.repeat(np.diag([1.2, 0.5]).astype(np.complex128)[None], 3, axis=0)
    s[0] *= 0.5
    found = repair(Network(np.array([0.0, 1e9, 2e9]), s), ["passive"], limit_db=-13.0)
    assert np.allclose(found.network.s[0], s[0], rtol=0, atol=1e-15)
    assert np.allclose(found.network.s[1:], np.diag([1.0, 0.5]), rtol=0, atol=1e-15)
    (step,) = found.steps
    assert step.max_db == pytest.approx(20 * np.log10(0.2))
    assert step.rms_db == pytest.approx(20 * np.log10(0.2 * np.sqrt(2 / 12)))
    assert step.max_at == 1e9


@settings(max_examples=50, deadline=None)
@given(ports=st.integers(1, 5), seed=st.integers(0, 10**6), scale=st.floats(0.05, 3.0))
def test_the_passive_network_is_passive_nearest_and_as_reciprocal(ports: int, seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)

    def draw() -> Complex:
        s = rng.normal(size=(4, ports, ports)) + 1j * rng.normal(size=(4, ports, ports))
        return np.asarray(s + s.swapaxes(1, 2), dtype=np.complex128)

    s = scale * draw()
    found = passive(Network(np.arange(4.0), s)).s
    assert np.linalg.norm(found, 2, axis=(1, 2)).max() <= 1 + 1e-12
    assert np.allclose(found, found.swapaxes(1, 2), rtol=0, atol=1e-12)
    other = draw()
    other /= np.maximum(np.linalg.norm(other, 2, axis=(1, 2)), 1.0)[:, None, None]
    assert np.all(np.linalg.norm(s - found, axis=(1, 2)) <= np.linalg.norm(s - other, axis=(1, 2)) + 1e-12)
    inside = np.linalg.norm(s, 2, axis=(1, 2)) <= 1
    assert np.array_equal(found[inside], s[inside])


@pytest.mark.parametrize("echo", [0.1, 0.02])
def test_an_early_echo_is_taken_out(echo: float) -> None:
    true = skin_line(FREQUENCY)
    found = repair(two_port(true + echo * delayed(-3 * DELAY)), "causal", limit_db=0.0)
    error = np.abs(found.network.s[:, 1, 0] - true)
    assert error[FREQUENCY < 30e9].max() < 0.02 * echo
    assert found.steps[0].max_db == pytest.approx(20 * np.log10(echo), abs=3.0)
    assert quality(found.network).causal
    assert np.array_equal(found.network.s, found.network.s.swapaxes(1, 2))


def test_a_causal_network_stays_as_it_is() -> None:
    line = two_port(skin_line(FREQUENCY))
    found = repair(line, "causal")
    assert np.array_equal(found.network.s, line.s)
    assert found.steps[0].max_db == -np.inf
    assert found.to_dict()["steps"][0]["kind"] == "causal"


@pytest.mark.parametrize("first", [1, 3, 5])
def test_dc_of_a_skin_effect_line_is_found(first: int) -> None:
    frequency = np.arange(0.0, 40e9, 10e6)
    full = two_port(0.97 * skin_line(frequency), frequency=frequency)
    found = repair(Network(frequency[first:], full.s[first:], name="line"), "dc")
    assert np.array_equal(found.network.frequency, frequency)
    assert found.steps[0].points_added == first
    assert found.steps[0].max_db == -np.inf
    assert found.network.s[0, 1, 0] == pytest.approx(0.97, abs=2e-4)
    assert np.abs(found.network.s[:first] - full.s[:first]).max() < 1e-3
    assert "1 points added" in str(found) or first != 1


def test_a_value_at_dc_that_is_not_real_is_replaced() -> None:
    frequency = np.arange(0.0, 40e9, 10e6)
    s21 = skin_line(frequency)
    s21[0] *= np.exp(0.4j)
    found = with_dc(two_port(s21, frequency=frequency))
    assert found.s[0, 1, 0] == pytest.approx(1.0, abs=2e-4)
    assert np.array_equal(found.s[1:, 1, 0], s21[1:])
    good = two_port(skin_line(frequency), frequency=frequency)
    assert with_dc(good) is good


def test_steps_come_in_their_own_order_and_the_result_shows_itself() -> None:
    network = two_port(1.05 * delayed(DELAY) + 0.02 * delayed(-2 * DELAY))
    found = repair(network, "passive, causal,dc")
    assert [step.kind for step in found.steps] == ["dc", "causal", "passive"]
    assert quality(found.network).passive
    assert repr(found).startswith("Repair('line', dc ")
    assert "largest change" in str(found)
    assert "<table>" in found._repr_html_()
    assert set(found.to_dict()["steps"][0]) == {"kind", "max_db", "rms_db", "max_hz", "points_added"}
    json.dumps(found.steps[1].to_dict(), allow_nan=False)


def test_a_change_beyond_the_limit_is_refused(channels_dir: Path) -> None:
    network = read_touchstone(channels_dir / "stripline_measured/119mm.s2p")
    with pytest.raises(LimitError, match=r"repair causal of 119mm must be at most -20 dB, got -1\d\.\d dB at 69 GHz"):
        repair(network, "causal")
    mended = repair(network, "dc,causal,passive", limit_db=-10.0)
    after = quality(mended.network)
    assert (after.passive, after.causal, after.has_dc) == (True, True, True)


def test_a_published_file_that_is_not_passive_is_mended(channels_dir: Path) -> None:
    network = read_touchstone(channels_dir / "nasty/non_passive_odd_order.s4p")
    found = repair(network, "passive")
    excess = np.linalg.svd(network.s, compute_uv=False).max() - 1.0
    # one singular value moved by the excess: no entry moves by more, and some by at least a quarter of it
    assert 0.25 * excess <= 10 ** (found.steps[0].max_db / 20) <= excess
    assert quality(found.network).passive


def test_wrong_wishes_are_refused() -> None:
    network = two_port(delayed(DELAY))
    steps: str | list[str]
    for steps in ("", "pasive", []):
        with pytest.raises(SirfError, match="repair must be of dc, causal, passive"):
            repair(network, steps)
    with pytest.raises(SirfError, match="limit must be a number"):
        repair(network, "dc", limit_db=float("nan"))
    few = Network(FREQUENCY[1:5], network.s[1:5])
    with pytest.raises(SirfError, match="points must be at least 8"):
        causal(few)
    with pytest.raises(SirfError, match="points must be at least 2"):
        with_dc(Network(FREQUENCY[1:2], network.s[1:2]))


@settings(max_examples=40, deadline=None)
@given(
    ports=st.integers(1, 3),
    points=st.integers(8, 60),
    seed=st.integers(0, 10**6),
    first=st.sampled_from([0.0, 1e6, 7.3e8]),
    uneven=st.booleans(),
)
def test_any_network_can_be_repaired(ports: int, points: int, seed: int, first: float, uneven: bool) -> None:
    rng = np.random.default_rng(seed)
    shape = (points, ports, ports)
    s = rng.normal(size=shape) * rng.integers(0, 2, size=shape[1:]) + 1j * rng.normal(size=shape)
    steps = rng.uniform(1e6, 1e9, points) if uneven else np.full(points, 1e8)
    network = Network(first + np.concatenate(([0.0], np.cumsum(steps)))[:points], s)
    found = repair(network, "dc,passive", limit_db=200.0).network
    assert found.frequency[0] == 0.0
    assert np.all(found.s[0].imag == 0.0)
    assert np.linalg.norm(found.s, 2, axis=(1, 2)).max() <= 1 + 1e-12
    kept = points - (first == 0.0)
    assert np.array_equal(found.frequency[-kept:], network.frequency[-kept:])
    with contextlib.suppress(SirfError):
        assert quality(causal(network)).causal in (True, None)


def test_what_does_not_become_causal_is_refused(channels_dir: Path) -> None:
    network = read_touchstone(channels_dir / "nasty/z75_uneven_grid_no_dc.s4p")
    with pytest.raises(SirfError, match="must fall to -40 dB by repair causal"):
        repair(network, "causal", limit_db=0.0)

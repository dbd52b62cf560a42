"""The impedance profile against lines of known impedance and against scikit-rf's step response."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import erf

from sirf.channel.figures import impedance_profile
from sirf.channel.figures.tdr import ImpedanceProfile, late_start
from sirf.channel.network import Network
from sirf.errors import SirfError

FINE = np.linspace(0.0, 60e9, 6001)
GRIDS = {"from DC": FINE, "without DC": FINE[1:], "narrow": np.linspace(0.0, 20e9, 2001)}


def line(frequency: np.ndarray, impedance: float, delay: float, loss: float = 0.0) -> Network:
    """A line between 100 ohm ports, `delay` s long; `loss` in neper per sqrt(Hz)."""
    reflection = (impedance - 100.0) / (impedance + 100.0)
    once = np.exp(-2j * np.pi * frequency * delay - loss * (1 + 1j) * np.sqrt(frequency))
    scale = 1.0 / (1.0 - reflection**2 * once**2)
    s = np.empty((frequency.size, 2, 2), dtype=complex)
    s[:, 0, 0] = s[:, 1, 1] = reflection * (1 - once**2) * scale
    s[:, 0, 1] = s[:, 1, 0] = (1 - reflection**2) * once * scale
    return Network(frequency, s, z0=100.0)


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("impedance", [70.0, 85.0, 95.0, 105.0, 115.0, 150.0])
def test_a_known_mismatch_is_read_within_a_thousandth(grid: str, impedance: float) -> None:
    f = GRIDS[grid]
    network = line(f, 100.0, 0.5e-9) @ line(f, impedance, 0.5e-9) @ line(f, 100.0, 0.4e-9)
    profile = impedance_profile(network)
    assert profile.between(1.2e-9, 1.8e-9) == pytest.approx(impedance, rel=1e-3)
    assert profile.between(0.2e-9, 0.8e-9) == pytest.approx(100.0, rel=1e-3)


def test_lines_behind_lines_stay_within_two_percent() -> None:
    impedances = (92.0, 108.0, 96.0, 112.0, 90.0)
    network = line(FINE, 100.0, 0.3e-9)
    for impedance in impedances:
        network = network @ line(FINE, impedance, 0.3e-9, loss=2e-8)
    profile = impedance_profile(network)
    for index, impedance in enumerate(impedances):
        start = 0.6e-9 * (index + 1)
        assert profile.between(start + 0.1e-9, start + 0.5e-9) == pytest.approx(impedance, rel=0.02)


def test_peeled_impedances_are_exact_behind_any_mismatch() -> None:
    impedances = (70.0, 150.0, 60.0, 140.0, 100.0)
    network = line(FINE, 100.0, 0.3e-9)
    for impedance in impedances:
        network = network @ line(FINE, impedance, 0.3e-9)
    plain, peeled = impedance_profile(network), impedance_profile(network, peeled=True)
    short = impedance_profile(network, peeled=True, duration=3.7e-9)
    for index, impedance in enumerate(impedances):
        window = (0.6e-9 * (index + 1) + 0.1e-9, 0.6e-9 * (index + 1) + 0.5e-9)
        assert peeled.between(*window) == pytest.approx(impedance, rel=1e-3)
        assert short.between(*window) == pytest.approx(impedance, rel=1e-3)
    assert plain.between(1.3e-9, 1.7e-9) < 0.96 * 150.0  # as any TDR would read it


def test_peeled_loss_stays_within_two_percent() -> None:
    network = line(FINE, 100.0, 0.3e-9)
    for impedance in (92.0, 108.0, 96.0, 112.0, 90.0):
        network = network @ line(FINE, impedance, 0.3e-9, loss=2e-8)
    profile = impedance_profile(network, peeled=True)
    for index, impedance in enumerate((92.0, 108.0, 96.0, 112.0, 90.0)):
        start = 0.6e-9 * (index + 1)
        assert profile.between(start + 0.1e-9, start + 0.5e-9) == pytest.approx(impedance, rel=0.02)


def test_an_open_end_is_a_high_impedance_either_way() -> None:
    f = FINE
    s = np.exp(-2j * np.pi * f * 1e-9)[:, None, None] * np.ones((1, 1, 1))
    for peeled in (False, True):
        profile = impedance_profile(Network(f, s, z0=100.0), peeled=peeled, duration=3e-9)
        assert profile.between(0.2e-9, 0.9e-9) == pytest.approx(100.0, rel=1e-4)
        assert profile.between(1.5e-9, 2.5e-9) > 1e4


def test_both_ends_are_seen_from_their_own_side() -> None:
    network = line(FINE, 85.0, 0.5e-9) @ line(FINE, 100.0, 0.5e-9)
    assert impedance_profile(network, port=1).between(0.1e-9, 0.9e-9) == pytest.approx(85.0, rel=1e-3)
    assert impedance_profile(network, port=2).between(0.1e-9, 0.9e-9) == pytest.approx(100.0, rel=1e-3)


def test_the_edge_rises_from_20_to_80_percent_in_its_rise_time() -> None:
    profile = impedance_profile(line(FINE, 120.0, 1e-9), rise_time=50e-12)
    final = 20.0 / 220.0
    low, high = (np.interp(part * final, profile.reflection[: np.searchsorted(profile.time, 0.5e-9)],
                           profile.time[: np.searchsorted(profile.time, 0.5e-9)]) for part in (0.2, 0.8))  # fmt: skip
    assert high - low == pytest.approx(50e-12, rel=0.01)


def test_the_step_is_the_echo_diagram_with_gaussian_edges() -> None:
    # 88 ohm, 0.4 ns, between 100 ohm ports: g, then -g (1 - g²) g^(2k) at 0.8 ns (k + 1)
    edge, g = 25e-12, (88.0 - 100.0) / 188.0
    profile = impedance_profile(line(FINE, 88.0, 0.4e-9), rise_time=edge)

    def rise(time: np.ndarray) -> np.ndarray:
        return np.asarray(0.5 * (1 + erf(time * 1.6832 / (edge * np.sqrt(2)))))

    expected = g * rise(profile.time)
    for k in range(5):
        expected -= g * (1 - g**2) * g ** (2 * k) * rise(profile.time - 0.8e-9 * (k + 1))
    assert np.max(np.abs(profile.reflection - expected)) < 2e-5


def test_the_plateaus_are_those_of_scikit_rf() -> None:
    skrf = pytest.importorskip("skrf")
    network = line(FINE, 88.0, 0.4e-9, loss=1e-8) @ line(FINE, 104.0, 0.4e-9)
    ours = impedance_profile(network, rise_time=25e-12)
    gaussian = np.exp(-2 * (np.pi * FINE * 25e-12 / 1.6832) ** 2)
    filtered = skrf.Network(f=FINE, f_unit="Hz", s=network.s[:, :1, :1] * gaussian[:, None, None], z0=100.0)
    time, step = filtered.step_response(window="boxcar", pad=4000)
    for start in (0.1e-9, 0.9e-9):  # away from the edges: its time axis is stretched by one sample in its span
        inside = (ours.time > start) & (ours.time < start + 0.6e-9)
        assert np.max(np.abs(ours.reflection[inside] - np.interp(ours.time[inside], time, step))) < 1e-5


def test_what_the_data_cannot_show_is_refused() -> None:
    network = line(FINE, 100.0, 1e-9)
    with pytest.raises(SirfError, match=r"rise_time must be 6\.67 ps at least"):
        impedance_profile(network, rise_time=1e-12)
    with pytest.raises(SirfError, match="duration must be positive and at most 50 ns"):
        impedance_profile(network, duration=80e-9)
    with pytest.raises(SirfError, match="port must be between 1 and 2"):
        impedance_profile(network, port=3)
    with pytest.raises(SirfError, match="enclose samples"):
        impedance_profile(network).between(1.0, 2.0)


def test_a_profile_shows_a_quarter_of_the_span_that_the_step_can_tell_apart() -> None:
    profile = impedance_profile(line(FINE, 100.0, 0.5e-9))
    step = profile.time[1] - profile.time[0]
    assert profile.time[-1] == pytest.approx(0.25 / 10e6, abs=1.01 * step)
    # four rise times before the step, where its foot begins
    assert profile.time[0] == pytest.approx(-4.0 * profile.rise_time, abs=1.01 * step)
    assert impedance_profile(line(FINE, 100.0, 0.5e-9), duration=3e-9).time[-1] == pytest.approx(3e-9, abs=1.01 * step)


def test_a_window_holds_both_its_ends() -> None:
    profile = ImpedanceProfile(
        time=np.array([0.0, 1.0, 2.0, 3.0]),
        reflection=np.zeros(4),
        impedance_ohm=np.array([1.0, 10.0, 100.0, 1000.0]),
        rise_time=0.1,
        port=1,
    )
    assert profile.between(1.0, 2.0) == 55.0
    assert profile.between(0.5, 3.0) == 370.0
    assert profile.between(2.0, 2.0) == 100.0
    with pytest.raises(SirfError, match="start and stop must enclose samples between 0 and 3 s"):
        profile.between(3.1, 4.0)


@pytest.mark.parametrize(("first", "means_nothing"), [(0.5e9, False), (1.5e9, True)])
def test_data_that_begin_late_are_doubted_by_the_turns_below_them(first: float, means_nothing: bool) -> None:
    """0.2 ns each way are 0.4 turns a GHz: 0.2 of them at 0.5 GHz, 0.6 at 1.5 GHz, of which more than a half say nothing."""
    f = np.arange(first, 40e9, 10e6)
    found = late_start(line(f, 100.0, 0.2e-9))
    assert found is not None
    assert found[1] is means_nothing
    assert f"data begin at {first / 1e6:g} MHz, {0.4 * first / 1e9:.2g} turns" in found[0]
    assert late_start(line(FINE, 100.0, 0.2e-9)) is None
    assert late_start(line(np.arange(0.2e9, 40e9, 10e6), 100.0, 0.2e-9)) is None

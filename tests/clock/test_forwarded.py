"""A forwarded clock: what the mismatch leaves of common jitter, by integral, by drawn waves and by hand."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from sirf._data import data_path
from sirf.clock.forwarded import ForwardedClock
from sirf.errors import ConfigError, SirfError
from sirf.presets import load
from tests.edited import edited

CLOCK = ForwardedClock(
    source_rms=1e-12,
    source_corner=2e7,
    delay_mismatch=3e-9,
    data_rms=0.3e-12,
    clock_rms=0.4e-12,
    supply_amplitude=2e-12,
    supply_frequency=5e7,
    duty_cycle_ui=0.02,
    interpolator_steps=64,
)


def test_what_is_left_of_a_poles_jitter_is_the_integral_of_its_density_through_the_mismatch() -> None:
    f = np.linspace(0.0, 2e11, 8_000_001)
    density = CLOCK.source_rms**2 * (2.0 / (np.pi * CLOCK.source_corner)) / (1.0 + (f / CLOCK.source_corner) ** 2)
    left = np.trapezoid(density * CLOCK.tracking_error(f) ** 2, f)
    assert CLOCK.source_left == pytest.approx(float(np.sqrt(left)), rel=1e-3)


def test_what_is_left_of_a_drawn_wave_is_its_difference_after_the_mismatch() -> None:
    """First-order autoregression at steps of the mismatch: sampled, it is the pole's wave exactly."""
    decay = np.exp(-2.0 * np.pi * CLOCK.source_corner * CLOCK.delay_mismatch)
    generator = np.random.default_rng(7)
    wave = generator.standard_normal(200_000)
    before = CLOCK.source_rms * wave
    after = decay * before + CLOCK.source_rms * np.sqrt(1.0 - decay**2) * generator.standard_normal(wave.size)
    # the standard deviation of a sample of 200,000 is within half a per cent at three sigma
    assert float(np.std(after - before)) == pytest.approx(CLOCK.source_left, rel=6e-3)


def test_a_tone_is_left_by_the_chord_between_two_instants() -> None:
    t = np.linspace(0.0, 1.0 / CLOCK.supply_frequency, 100_001)
    there, before = (np.sin(2.0 * np.pi * CLOCK.supply_frequency * (t - lag)) for lag in (0.0, CLOCK.delay_mismatch))
    chord = CLOCK.supply_amplitude * float(np.max(np.abs(there - before)))
    assert CLOCK.supply_left == pytest.approx(chord, rel=1e-6)
    # half a period of mismatch doubles it; a whole one takes it away
    assert float(CLOCK.tracking_error(0.5 / CLOCK.delay_mismatch)) == pytest.approx(2.0)
    assert float(CLOCK.tracking_error(1.0 / CLOCK.delay_mismatch)) == pytest.approx(0.0, abs=1e-12)


def test_equal_ways_leave_nothing_in_common_and_far_apart_ones_both() -> None:
    assert dataclasses.replace(CLOCK, delay_mismatch=0.0).random == pytest.approx(0.5e-12)
    assert dataclasses.replace(CLOCK, delay_mismatch=0.0).supply_left == 0.0
    assert dataclasses.replace(CLOCK, delay_mismatch=1.0).source_left == pytest.approx(np.sqrt(2.0) * 1e-12)


def test_edge_jitter_is_the_sum_of_its_parts() -> None:
    found = CLOCK.jitter(16e9)
    assert found.random_ui == pytest.approx(16e9 * np.sqrt(CLOCK.source_left**2 + 0.25e-24))
    assert found.dual_dirac_ui == pytest.approx(16e9 * CLOCK.supply_left + 0.01 + 0.5 / 64)
    assert not ForwardedClock().jitter(16e9)


@pytest.mark.parametrize("rate", [16, 32, 64])
def test_die_to_die_presets_take_their_jitter_from_their_clock(rate: int) -> None:
    jitter = load(f"ucie-{rate}g").transmitter.jitter
    ui = 1e12 / (rate * 1e9)
    scale = 32 / rate
    left = 0.3 * np.sqrt(2.0 * (1.0 - np.exp(-2.0 * np.pi * 20e6 * 50e-12)))
    assert jitter.random_ui == pytest.approx(scale * np.sqrt(left**2 + 0.2**2 + 0.238**2) / ui, rel=1e-6)
    tone = 2.0 * 1.43 * np.sin(np.pi * 0.5e9 * 50e-12)
    assert jitter.dual_dirac_ui == pytest.approx(scale * tone / ui + 0.005 + 1 / 128, rel=1e-6)


@pytest.mark.parametrize(
    "key",
    [
        "source_rms_ps",
        "source_corner_mhz",
        "delay_mismatch_ps",
        "data_rms_ps",
        "clock_rms_ps",
        "supply_amplitude_ps",
        "supply_frequency_mhz",
        "duty_cycle_ui",
        "interpolator_steps",
    ],
)
def test_every_number_of_a_presets_clock_changes_its_jitter(tmp_path: Path, key: str) -> None:
    lines = data_path("standards", "ucie-32g.toml").read_text(encoding="utf-8").splitlines()
    file = tmp_path / "mine.toml"
    changed = [f"{key} = {2 * float(line.split('=')[1]):g}" if line.startswith(f"{key} =") else line for line in lines]
    file.write_text("\n".join(changed), encoding="utf-8")
    assert load(str(file)).transmitter.jitter != load("ucie-32g").transmitter.jitter


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("data_rms_ps = 0.2", "data_rms_ps = -0.2", "transmitter.forwarded_clock.data_rms_ps"),
        ("interpolator_steps = 64", "interpolator_steps = 1", "transmitter.forwarded_clock.interpolator_steps"),
        ("supply_amplitude_ps = 1.43\n", "", "transmitter.forwarded_clock.supply_amplitude_ps"),
        (
            "rise_time_ps",
            "jitter_random_ui = 0.01\nrise_time_ps",
            "jitter_random_ui and jitter_dual_dirac_ui must be left",
        ),
    ],
)
def test_a_bad_clock_names_file_and_key(tmp_path: Path, old: str, new: str, expected: str) -> None:
    file = edited(tmp_path, "standards", "ucie-32g.toml", old, new)
    with pytest.raises(ConfigError, match=expected):
        load(str(file))


def test_bad_values_are_refused() -> None:
    with pytest.raises(SirfError, match="delay_mismatch must be zero or positive"):
        ForwardedClock(delay_mismatch=-1e-12)
    with pytest.raises(SirfError, match="source_corner must be positive Hz"):
        ForwardedClock(source_corner=0.0)
    with pytest.raises(SirfError, match="interpolator_steps must be 2 or more"):
        ForwardedClock(interpolator_steps=1)

"""Energy with duty: limits and closed forms, a simulated link, a simulated ring, bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from sirf.cli import app
from sirf.errors import ConfigError, SirfError
from sirf.system.duty import (
    all_reduce,
    at_temperature,
    duty_table,
    energy_at_load,
    laser_factor,
    payload_share,
    read_duty,
)
from sirf.system.energy import energy_pj_per_bit
from sirf.system.port import Range
from tests.edited import edited

RATE = 106.25e9
ENERGY = energy_pj_per_bit("cpo-linear", 8.0)


@pytest.mark.parametrize("state", ["idle", "low_power"])
def test_a_busy_link_takes_the_energy_of_full_load(state: str) -> None:
    found = energy_at_load(ENERGY, 1.0, data_rate=RATE, state=state)  # type: ignore[arg-type]
    assert (found.low, found.value, found.high) == pytest.approx((ENERGY.low, ENERGY.value, ENERGY.high))


def test_short_bursts_keep_a_link_awake() -> None:
    asleep = energy_at_load(ENERGY, 0.1, data_rate=RATE, state="low_power", burst_bytes=1e9)
    awake = energy_at_load(ENERGY, 0.1, data_rate=RATE, state="low_power", burst_bytes=1e3)
    idle = energy_at_load(ENERGY, 0.1, data_rate=RATE)
    assert awake.value == pytest.approx(10.0 * ENERGY.value)
    assert asleep.value < idle.value < awake.value


def test_a_link_followed_in_time_agrees() -> None:
    """Bursts, sleeping, sleep and waking one after another, the power of each block added up."""
    table, load, size = duty_table(), 0.2, 4e6
    burst, wake, fall = 8.0 * size / RATE, 1e-6 * table.wake_us[1], 1e-6 * table.sleep_us[1]
    period = burst / load
    joules = bits = 0.0
    for _ in range(50):
        for length, awake in ((burst, True), (fall, True), (period - burst - fall - wake, False), (wake, True)):
            for part in ENERGY.parts:
                watts = 1e-12 * part.value * RATE
                joules += length * watts * (1.0 if awake else table.block[part.block].low_power[1])
        bits += 8.0 * size
    found = energy_at_load(ENERGY, load, data_rate=RATE, state="low_power", burst_bytes=size)
    assert found.value == pytest.approx(1e12 * joules / bits, rel=1e-9)


def test_a_ring_moves_what_the_formula_says() -> None:
    """Chunks sent around a ring: reduce-scatter, then all-gather; every worker ends with the sum."""
    workers, chunk = 5, 3
    data = np.random.default_rng(1).integers(0, 100, (workers, workers, chunk))
    held, sent = data.copy(), np.zeros(workers)
    for step in range(2 * (workers - 1)):
        before = held.copy()
        for worker in range(workers):
            which = (worker - step) % workers if step < workers - 1 else (worker + 1 - (step - workers + 1)) % workers
            to = (worker + 1) % workers
            held[to, which] = before[worker, which] + (before[to, which] if step < workers - 1 else 0)
            sent[worker] += chunk
    assert np.array_equal(held, np.broadcast_to(data.sum(axis=0), held.shape))
    found = all_reduce(Range(10.0, 8.0, 12.0), workers=workers, size=workers * chunk, links=2)
    assert sent == pytest.approx(found.sent_bytes)
    assert found.moved_bytes == pytest.approx(2 * sent.sum())
    assert found.joules.value == pytest.approx(2 * sent.sum() * 80e-12)
    assert found.joules_per_reduced_byte.value == pytest.approx(2 * (workers - 1) * 2 * 80e-12)


def test_a_hot_laser_takes_more_and_only_the_laser_does() -> None:
    assert laser_factor(50.0).value == 1.0
    hot = laser_factor(70.0)
    assert hot.value == pytest.approx(0.25 * np.exp(20 / 60) + 0.75 * np.exp(20 / 150))
    assert hot.low < hot.value < hot.high
    assert laser_factor(25.0).value < 1.0
    warm = at_temperature(ENERGY, 70.0)
    changed = [one.block for one, other in zip(warm.parts, ENERGY.parts, strict=True) if one != other]
    assert changed == ["laser"]
    laser = next(part.value for part in ENERGY.parts if part.block == "laser")
    assert warm.value - ENERGY.value == pytest.approx(laser * (hot.value - 1.0))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: energy_at_load(ENERGY, 0.0, data_rate=RATE), "utilisation must be"),
        (lambda: energy_at_load(ENERGY, 0.5, data_rate=RATE, state="off"), "state must be"),  # type: ignore[arg-type]
        (lambda: energy_at_load(ENERGY, 0.5, data_rate=RATE, burst_bytes=0.0), "burst_bytes must be"),
        (lambda: laser_factor(200.0), "temperature of the laser must be"),
        (lambda: all_reduce(Range(1.0, 1.0, 1.0), workers=1, size=1.0), "workers must be at least 2"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(SirfError, match=message):
        call()


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("idle = [0.9, 0.97, 1.0]", "idle = [0.9, 0.97, 1.5]", "block.host.idle"),
        ("[block.tuning]", "[block.turning]", "each once"),
        ("wake_us = [1.0, 5.0, 20.0]", "wake_us = [9.0, 5.0, 20.0]", "wake_us"),
        ("t0_k = [90.0", "t0_k = [0.0", "laser.t0_k"),
    ],
)
def test_a_bad_file_is_named_with_its_key(old: str, new: str, key: str, tmp_path: Path) -> None:
    file = edited(tmp_path, "system", "duty.toml", old, new)
    with pytest.raises(ConfigError, match=key):
        read_duty(file)


def test_the_command_shows_loads_and_collectives() -> None:
    arguments = ["duty", "cpo-linear", "copper-cable", "--utilisation", "0.1,1", "--low-power", "--json", "-"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert '"utilisation": 0.1' in done.stdout
    bad = CliRunner().invoke(app, ["duty", "cpo-linear", "--utilisation", "2"])
    assert isinstance(bad.exception, SirfError)


def test_bits_of_the_client_pay_for_the_code() -> None:
    """100 Gb/s of data on a line of 106.25 Gb/s."""
    line = energy_at_load(ENERGY, 0.3, data_rate=RATE)
    client = energy_at_load(ENERGY, 0.3, data_rate=RATE, payload=payload_share("kp4"))
    assert client.value / line.value == pytest.approx(106.25 / 100.0, rel=1e-12)
    assert payload_share("none") == 1.0
    # a burst of so many bytes takes longer, so waking weighs less
    asleep = [
        energy_at_load(ENERGY, 0.3, data_rate=RATE, state="low_power", burst_bytes=1e5, payload=share).value * share
        for share in (1.0, 0.9)
    ]
    assert asleep[1] < asleep[0]
    with pytest.raises(SirfError, match="payload must be above 0"):
        energy_at_load(ENERGY, 0.3, data_rate=RATE, payload=0.0)

"""Eyes and records along a link with light: against a Mach-Zehnder in closed form, and one place filtered into the next."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

import sirf
from sirf import optics
from sirf.link import Link
from sirf.receiver.receiver import Ctle
from sirf.transmitter.jitter import Jitter
from tests.engine.captures import receiver_filter_error
from tests.optics.links import SYMBOL_RATE, back_to_back, straight_path, unit_path

PLACES = ("transmitter", "channel", "ctle")
SWING = 0.5


def noisy(*, bent: bool, noise: bool = True) -> Link:
    """Light with noise and jitter, copper with aggressors on both sides of it and a receiver with noise, no equaliser."""
    frequency = np.arange(0.0, 3.0 * SYMBOL_RATE, 20e6)
    through, coupled = (
        sirf.Network(frequency, _two_port(gain * np.exp(-2j * np.pi * frequency * 0.2e-9)), z0=100.0)
        for gain in (1.0, 0.05)
    )
    others: dict[str, Any] = {"fext": (coupled,), "next": (coupled,)} if noise else {}
    copper = sirf.Channel(through, plane="die", **others)
    path = dataclasses.replace(
        straight_path(0.8e-3, mean=1e-3, noise=2e-11),
        modulator=optics.MachZehnder(2.0, bandwidth=8e9),
        source=optics.Laser(2e-3, rin_db_per_hz=-140.0),
    )
    made = back_to_back(path, swing=SWING, large_signal=bent)
    span = optics.Span(
        path, before=copper, after=copper, swing=SWING, agc_db=(0.0, 0.0), large_signal=bent, noisy=noise
    )
    receiver = dataclasses.replace(made.receiver, noise_corner=7e9, noise_density=1e-14 * noise)
    sender = dataclasses.replace(made.transmitter, jitter=Jitter(random_ui=0.02), ffe=(-0.1, 0.9), ffe_main=1)
    return Link(
        span, symbol_rate=SYMBOL_RATE, modulation="PAM4", transmitter=sender, receiver=receiver, samples_per_ui=16
    )


def _two_port(transfer: np.ndarray) -> np.ndarray:
    s = np.zeros((len(transfer), 2, 2), dtype=complex)
    s[:, 1, 0] = s[:, 0, 1] = transfer
    return s


def test_what_comes_behind_a_mach_zehnder_is_the_sine_of_what_is_sent() -> None:
    """P (1 + sin(pi v / v_pi)) / 2 of Gaussian edges, less its mean, through a diode and an amplifier of one."""
    made = back_to_back(unit_path(), swing=SWING, large_signal=True, noisy=False)
    # slow enough for the eight samples per UI of light
    made = made.replace(transmitter=dataclasses.replace(made.transmitter, rise_time=40e-12))
    record = sirf.simulate(made, symbols=3000, rng=1, capture=["transmitter", "channel"], record=3000).record
    assert record is not None
    m, rate = record.samples_per_ui, record.symbol_rate
    sent = SWING * made.levels[record.sent]
    sigma = made.transmitter.rise_time / 1.6832 * rate
    inside = slice(20 * m, -20 * m)

    def drive(place: str) -> np.ndarray:
        time = (record.time + record.delay[place]) * rate
        nearest = np.floor(time[:, None] + 0.5).astype(int) + np.arange(-3, 4)
        edges = np.diff(np.concatenate([[0.0], sent]))[np.clip(nearest, 0, len(sent) - 1)]
        before = np.concatenate([[0.0], sent])[np.clip(nearest[:, 0], 0, len(sent))]
        return np.asarray(before + np.sum(edges * ndtr((time[:, None] - nearest) / sigma), axis=1))

    assert np.abs(record.volts["transmitter"] - drive("transmitter"))[inside].max() < 2e-3 * SWING
    # levels are symmetric: the mean is none
    error = record.volts["channel"] - 0.5 * np.sin(2.0 * drive("channel"))
    assert np.abs(error)[inside].max() < 3e-3


def test_channel_output_through_the_receivers_filters_is_what_comes_behind_the_ctle() -> None:
    quiet = noisy(bent=True, noise=False)
    ctle = Ctle(g_dc_db=-4.0, f_z=3e9, f_p1=5e9, f_p2=9e9)
    quiet = quiet.replace(receiver=dataclasses.replace(quiet.receiver, ctle=ctle))
    assert receiver_filter_error(quiet) < 3e-3


@pytest.mark.parametrize("bent", [False, True])
def test_behind_the_ctle_is_what_a_slicer_without_equaliser_sees(bent: bool) -> None:
    """Noise of light and receiver, jitter and crosstalk on either side of the light included: the same draws."""
    made = noisy(bent=bent)
    plain = sirf.simulate(made, symbols=6000, rng=3)
    seen = sirf.simulate(made, symbols=6000, rng=3, capture=PLACES, record=2000)
    assert seen.errors == plain.errors
    assert np.array_equal(seen.eye.counts, plain.eye.counts)
    for eye in seen.eyes.values():
        assert np.all(eye.counts.sum(axis=1) == 6000)
        assert eye.counts[:, [0, -1]].sum() == 0
    record = seen.record
    assert record is not None
    volts = record.volts["slicer"]
    assert np.abs(record.volts["ctle"] - volts).max() < 2e-3 * np.abs(volts).max()
    # the receiver's filter takes noise and crosstalk off what arrives
    assert np.std(record.volts["channel"]) > np.std(volts)
    assert seen.eyes["transmitter"].eye_height() > 0.0

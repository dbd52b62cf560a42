"""Criteria of the sampling instant: against error ratios of every instant by a sum over known symbols, made here."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.special import erfc

import sirf
from sirf._digest import digest
from sirf.ami.export import export_link
from sirf.channel.channel import Channel
from sirf.channel.network import Network
from sirf.clock.recovery import ClockRecovery
from sirf.errors import SirfError
from sirf.link import Link
from sirf.presets import EqualizerLimits
from sirf.receiver.receiver import Receiver
from sirf.transmitter.transmitter import Transmitter

RATE = 20e9
RISE_TIME = 15e-12
CORNER = 15e9
AMPLITUDE = 0.4
M = 64
DIGEST = "e9349bfa3540bafe9dc94511a7509a0f3fb48e5886b1b9bf95fb69343ffdd2a0"


def loss(frequency: np.ndarray, db: float) -> np.ndarray:
    """Skin effect with `db` at half the symbol rate, and its delay."""
    return np.asarray(
        np.exp(-(db / 8.686) * np.sqrt(frequency / (0.5 * RATE)) * (1 + 1j) - 2j * np.pi * frequency * 0.3e-9)
    )


def wander(frequency: np.ndarray) -> np.ndarray:
    """6 dB behind a series capacitor with its pole at 50 MHz."""
    return loss(frequency, 6.0) * (1j * frequency / 50e6) / (1 + 1j * frequency / 50e6)


def tail(frequency: np.ndarray) -> np.ndarray:
    """4 dB, and three tenths of the signal behind a pole at 300 MHz."""
    return loss(frequency, 4.0) * (0.7 + 0.3 / (1 + 1j * frequency / 0.3e9))


CHANNELS = {"wander": (wander, 2.82e-13), "long tail": (tail, 1.89e-13)}
"""Transfers, and a density of noise in V²/Hz that makes about 1e-3 errors."""


@cache
def link(name: str) -> Link:
    """Two levels over a channel, no equaliser."""
    transfer, density = CHANNELS[name]
    frequency = np.arange(0.0, 3.0 * RATE, 10e6)
    s = np.zeros((len(frequency), 2, 2), dtype=complex)
    value = transfer(frequency)
    value[0] = value[0].real
    s[:, 1, 0] = s[:, 0, 1] = value
    return Link(
        Channel(Network(frequency, s, z0=100.0), plane="die", name=name),
        symbol_rate=RATE,
        modulation="PAM2",
        transmitter=Transmitter(amplitude=AMPLITUDE, amplitude_fext=0.0, amplitude_next=0.0, rise_time=RISE_TIME),
        receiver=Receiver(noise_corner=CORNER, noise_density=density),
        samples_per_ui=M,
    )


def by(criterion: str, made: Link, **changes: object) -> Link:
    return made.replace(receiver=made.receiver.replace(sampling=criterion, **changes))


@cache
def error_ratios(name: str) -> tuple[np.ndarray, int]:
    """Error ratio at every instant of a UI, and the Mueller-Müller one: a period of random symbols, Gaussian noise on each."""
    transfer, density = CHANNELS[name]
    symbols = 1 << 17
    sent = np.random.default_rng(3).choice([-1.0, 1.0], symbols)
    frequency = np.fft.rfftfreq(symbols * M, 1.0 / (M * RATE))
    corner = frequency / CORNER
    filters = np.exp(-2.0 * (np.pi * frequency * RISE_TIME / 1.6832) ** 2) / (
        1 - 3.414214 * corner**2 + corner**4 + 2.613126j * (corner - corner**3)
    )
    one = np.zeros(symbols * M)
    one[:M] = AMPLITUDE
    gain = transfer(frequency) * filters
    pulse = np.fft.irfft(np.fft.rfft(one) * gain)
    received = np.fft.irfft(np.fft.rfft(AMPLITUDE * np.repeat(sent, M)) * gain)
    peak = int(np.argmax(pulse))
    around = np.arange(peak - M, peak + M // 2)
    loop = int(
        around[np.argmin(np.where(pulse[around] > 0.3 * pulse[peak], np.abs(pulse[around - M] - pulse[around + M]), 1))]
    )
    # 1.02617 corners are the noise bandwidth of a fourth-order Butterworth filter
    sigma = np.sqrt(1.02617 * CORNER * density)
    offsets = np.arange(-M // 2, M // 2 + 1)
    ratios = [
        float(
            np.mean(
                0.5
                * erfc(sent * received[(loop + offset + M * np.arange(symbols)) % received.size] / (sigma * np.sqrt(2)))
            )
        )
        for offset in offsets
    ]
    return np.array(ratios), M // 2


@pytest.mark.parametrize("name", CHANNELS)
def test_the_fewest_errors_are_found(name: str) -> None:
    ratios, loop = error_ratios(name)
    best = ratios.min()
    # what the loop costs on such channels
    assert 1.10 < ratios[loop] / best < 1.23
    found = link(name).sampling_instant("minimum-error-ratio")
    assert abs(found.offset_ui * M - (np.argmin(ratios) - loop)) <= 1
    assert found.ser == pytest.approx(best, rel=0.02)
    # the two grids lie differently about the loop's point, where the ratio changes by a tenth from sample to sample
    assert ratios[loop - 1] < found.loop_ser < ratios[loop + 1]
    assert found.loop_offset_ui == -found.offset_ui != 0.0


@pytest.mark.parametrize("name", CHANNELS)
def test_every_engine_samples_there(name: str) -> None:
    ratios, loop = error_ratios(name)
    made = by("minimum-error-ratio", link(name))
    eye = sirf.statistical_eye(made, phases=8)
    count = sirf.count_errors(made, max_errors=10**9, max_symbols=3_000_000, rng=1)
    run = sirf.simulate(made, symbols=400_000, rng=1)
    plain = sirf.count_errors(link(name), max_errors=10**9, max_symbols=3_000_000, rng=1)
    assert eye.ser == pytest.approx(ratios.min(), rel=0.02)
    for low, high in (count.symbol_interval(), run.errors.symbol_interval()):
        assert low < ratios.min() < high
    low, high = plain.symbol_interval()
    assert low < ratios[loop + 1]
    assert high > ratios[loop - 1]
    assert low > ratios.min()
    for result in (eye, count, run):
        assert "minimum-error-ratio" in repr(result)
        assert "Mueller-Müller loop would lock" in str(result)
        assert result.to_dict()["sampling"]["loop_offset_ui"] == made.sampling_instant().loop_offset_ui
    assert sirf.statistical_eye(link(name), phases=8).to_dict()["sampling"] is None


def test_a_clock_loop_is_held_there() -> None:
    ratios, _ = error_ratios("long tail")
    clock = ClockRecovery(bandwidth=4e6)
    run = sirf.simulate(by("minimum-error-ratio", link("long tail"), clock=clock), symbols=400_000, rng=2)
    assert run.clock is not None
    assert abs(run.clock.mean_phase_ui) < 0.01
    low, high = run.errors.symbol_interval()
    # the loop's own jitter may only add errors
    assert low < 1.02 * ratios.min() < 1.1 * high


def test_the_highest_eye_is_that_of_a_scan() -> None:
    made = link("long tail").replace(der0=1e-3)
    heights = {}
    for offset in range(-M // 2, M // 2 + 1):
        there = made.replace(receiver=made.receiver.replace(sampling_offset_ui=offset / M))
        heights[offset] = sirf.statistical_eye(there, phases=1).eye_height()
    best = max(heights, key=lambda offset: heights[offset])
    found = made.sampling_instant("maximum-eye")
    assert found.offset_ui * M == best
    assert found.height == pytest.approx(heights[best], rel=1e-9)
    assert found.height > found.loop_height


def test_the_centre_is_the_middle_of_the_open_eye() -> None:
    """Of a scan over all instants; on a channel with a long tail it lies beside the highest place."""
    made = link("long tail").replace(der0=1e-2)
    scanned = {}
    for offset in range(-M // 2, M // 2 + 1):
        there = made.replace(receiver=made.receiver.replace(sampling_offset_ui=offset / M))
        scanned[offset] = sirf.statistical_eye(there, phases=1).eye_height() > 0.0
    open_at = [offset for offset, is_open in scanned.items() if is_open]
    assert not scanned[-M // 2]
    assert not scanned[M // 2]
    found = made.sampling_instant("eye-centre")
    assert found.offset_ui * M == round(0.5 * (open_at[0] + open_at[-1]))
    assert found.offset_ui != made.sampling_instant("maximum-eye").offset_ui
    # a closed eye has no middle: where it lacks least
    closed = link("long tail").replace(der0=1e-9)
    assert closed.sampling_instant("eye-centre").offset_ui == closed.sampling_instant("maximum-eye").offset_ui
    assert closed.sampling_instant("eye-centre").height < 0.0


def test_a_forwarded_clock_is_trained_to_the_middle() -> None:
    """The die-to-die presets ask for it: as much of the open eye lies on either side of the instant, to a sample."""
    bare = link("long tail").channel
    made = Link(bare, standard="ucie-32g").optimized()
    assert made.receiver.sampling == "eye-centre"
    assert Link(bare, standard="802.3ck-c2c").receiver.sampling == "mueller-muller"
    ((phase, low, high),) = sirf.statistical_eye(made).contour()
    is_open = phase[high > low]
    assert abs(is_open[0] + is_open[-1]) <= 1.5 / made.samples_per_ui


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("offset", [-0.5, -0.4])
def test_an_instant_far_off_has_an_error_ratio_too(offset: float) -> None:
    """Feedback in a closed eye: what errors tell of each other was no correlation there, and the ratio no number."""
    limits = EqualizerLimits(dfe_max=(0.5,), dfe_min=(-0.5,))
    made = link("long tail").replace(limits=limits).optimized()
    there = made.replace(receiver=made.receiver.replace(sampling_offset_ui=offset))
    low, high = sirf.count_errors(there, max_errors=10**9, max_symbols=500_000, rng=1).symbol_interval()
    # the state of the chain is exact to some percent in an eye so closed
    assert 0.9 * low < sirf.statistical_eye(there, phases=1).ser < 1.1 * high


def test_the_search_sets_the_dfe_at_the_chosen_instant() -> None:
    limits = EqualizerLimits(dfe_max=(0.5,), dfe_min=(-0.5,))
    made = link("long tail").replace(limits=limits)
    plain, chosen = made.optimized(), by("minimum-error-ratio", made).optimized()
    assert chosen.receiver.sampling == "minimum-error-ratio"
    placed = chosen.placed()
    pulse = placed.pulse_response()
    wanted = pulse.volts[pulse.cursor + M] / pulse.volts[pulse.cursor]
    assert chosen.receiver.dfe[0] == pytest.approx(wanted, rel=1e-6)
    # the loop's condition leaves the first tap out of its balance, and locks on the way up
    assert sirf.statistical_eye(chosen, phases=1).ser < 0.1 * sirf.statistical_eye(plain, phases=1).ser


def test_an_offset_comes_on_top() -> None:
    made = by("minimum-error-ratio", link("wander"))
    chosen = made.sampling_instant().offset_ui
    moved = by("minimum-error-ratio", link("wander"), sampling_offset_ui=0.125).placed().receiver
    assert moved.sampling_offset_ui == pytest.approx(chosen + 0.125)
    assert made.pulse_response().cursor == made.placed().pulse_response().cursor


def test_a_link_without_it_keeps_its_digest() -> None:
    receiver = link("wander").receiver
    assert digest(receiver.replace(sampling="maximum-eye")) != digest(receiver)
    # of the build before the field came
    assert digest(Receiver(noise_corner=1e9, noise_density=1e-15)) == DIGEST


def test_unknown_criteria_are_refused() -> None:
    with pytest.raises(SirfError, match="sampling must be one of"):
        Receiver(noise_corner=1e9, sampling="best")  # type: ignore[arg-type]  # what users may type
    with pytest.raises(SirfError, match="criterion must be one of"):
        link("wander").sampling_instant("best")


def test_an_exported_model_holds_the_instant(tmp_path: Path) -> None:
    made = by("minimum-error-ratio", link("long tail"))
    export_link(made, tmp_path)
    header = (tmp_path / "link.h").read_text(encoding="utf-8")
    assert f"#define SAMPLING_OFFSET_UI {made.sampling_instant().offset_ui!r}" in header

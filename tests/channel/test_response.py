"""The way into the time domain: what callers rely on. Accuracy against closed forms is in test_response_quality.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import sirf
from sirf.channel.annex_93a_response import impulse_response
from sirf.channel.cached_spectra import folded_shape, root_grid, symbol_low_pass, transform_grid
from sirf.channel.channel import Channel
from sirf.channel.package import Package, PackageLine, terminated_transfer
from sirf.channel.resample import coupling_corner, flatten
from sirf.channel.response import (
    MOST_KEPT_POINTS,
    Convention,
    PreparedTransfer,
    _window,
    _wrap_warnings,
    prepare,
    prepare_once,
    pulse_response,
    step_response,
)
from sirf.channel.transfer import Pulse, Transfer
from sirf.errors import SirfError
from sirf.signal.filters import butterworth4
from sirf.transmitter.edge import transmitter_edge

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]

RATE = 53.125e9
GRID = np.arange(0.0, 60e9 + 1, 10e6)
CONVENTIONS: tuple[Convention, Convention] = ("annex_93a", "physical")


def filters(frequency: Real) -> Complex:
    return transmitter_edge(frequency, 7.5e-12) * butterworth4(frequency, 0.75 * RATE)


def lossy(frequency: Real, delay: float = 1.5e-9) -> Complex:
    return np.asarray(0.98 * np.exp(-5e-6 * np.sqrt(2j * np.pi * frequency) - 2j * np.pi * frequency * delay))


def prepared(**options: float) -> PreparedTransfer:
    return prepare(Transfer(GRID, lossy(GRID)), symbol_rate=RATE, samples_per_ui=16, **options)


def test_transfers_of_equal_content_are_prepared_once() -> None:
    first, same = (prepare_once(Transfer(GRID, lossy(GRID)), symbol_rate=RATE, samples_per_ui=16) for _ in range(2))
    assert same is first
    assert np.array_equal(first.value, prepared().value)
    with pytest.raises(ValueError, match="read-only"):
        first.value[0] = 1.0
    others = (
        prepare_once(Transfer(GRID, lossy(GRID, 2e-9)), symbol_rate=RATE, samples_per_ui=16),
        prepare_once(Transfer(GRID, lossy(GRID), coupling_corner=1e5), symbol_rate=RATE, samples_per_ui=16),
        prepare_once(Transfer(GRID, lossy(GRID)), symbol_rate=RATE, samples_per_ui=8),
    )
    assert not any(np.array_equal(other.value, first.value) for other in others)


def test_a_transfer_of_many_points_is_not_kept() -> None:
    grid = np.linspace(0.0, 60e9, MOST_KEPT_POINTS + 1)
    first, same = (prepare_once(Transfer(grid, lossy(grid)), symbol_rate=RATE, samples_per_ui=8) for _ in range(2))
    assert same is not first


def test_grid_of_a_prepared_transfer_is_that_of_its_inverse_transform() -> None:
    ready = prepared()
    assert ready.n_samples % (2 * ready.samples_per_ui) == 0
    assert ready.frequency.shape == ready.value.shape == (ready.n_samples // 2 + 1,)
    assert ready.frequency[0] == 0.0
    assert ready.frequency[-1] == pytest.approx(8 * RATE)
    assert ready.time.shape == ready.time_response().shape == (ready.n_samples,)


def test_time_is_true_and_a_whole_number_of_samples() -> None:
    ready = prepared()
    assert ready.start_time * ready.sample_rate == pytest.approx(round(ready.start_time * ready.sample_rate), abs=1e-6)
    assert ready.start_time < 1.5e-9 < ready.delay_s
    pulse = ready.pulse(filters(ready.frequency))
    assert 1.5e-9 < pulse.time[pulse.cursor] < 1.55e-9


def test_prepared_transfer_gives_what_pulse_response_gives() -> None:
    ready = prepared()
    direct = pulse_response(
        Transfer(GRID, lossy(GRID)), symbol_rate=RATE, samples_per_ui=16, filters=filters, amplitude=0.4
    )
    again = ready.pulse(filters(ready.frequency), 0.4)
    assert np.array_equal(direct.volts, again.volts)
    assert np.array_equal(direct.time, again.time)
    assert direct.peak == direct.volts.max()


def test_pulse_is_the_difference_of_steps_one_symbol_apart() -> None:
    transfer = Transfer(GRID, lossy(GRID))
    step = step_response(transfer, symbol_rate=RATE, samples_per_ui=16, filters=filters, amplitude=0.5)
    pulse = pulse_response(transfer, symbol_rate=RATE, samples_per_ui=16, filters=filters, amplitude=0.5)
    difference = step.volts[16:] - step.volts[:-16]
    kept = pulse.time < pulse.time[-1] - 20 / RATE
    assert np.max(np.abs(np.interp(pulse.time, step.time[16:], difference) - pulse.volts)[kept]) < 5e-6 * pulse.peak
    # erfc(a / (2 sqrt t)) of the final value after t
    t = 20e-9
    assert np.interp(1.5e-9 + t, step.time, step.volts) == pytest.approx(
        0.49 * (1 - 5e-6 / np.sqrt(np.pi * t)), rel=1e-5
    )


def test_impulse_integrates_to_what_the_step_reaches_and_its_derivative_to_nothing() -> None:
    ready = prepared(tail_energy=0.0)
    shape = filters(ready.frequency)
    impulse = ready.time_response(shape)
    slope = ready.time_response(2j * np.pi * ready.frequency * shape)
    window = ready.time[-1] - 1.5e-9
    assert np.sum(impulse) / ready.sample_rate == pytest.approx(0.98 * (1 - 5e-6 / np.sqrt(np.pi * window)), rel=1e-5)
    assert abs(np.sum(slope)) < 1e-6 * np.max(np.abs(slope))
    assert np.allclose(np.gradient(impulse, 1 / ready.sample_rate)[200:900], slope[200:900], atol=0.05 * slope.max())


def test_short_window_tells_what_it_leaves_out() -> None:
    short, long = prepared(tail_energy=1e-5), prepared(tail_energy=0.0)
    assert 0.0 < short.omitted_energy < 1e-5
    assert long.omitted_energy == 0.0
    assert short.n_samples < long.n_samples / 4
    a, b = (ready.pulse(filters(ready.frequency)) for ready in (short, long))
    kept = a.time < a.time[-1] - 20 / RATE
    assert np.max(np.abs(np.interp(a.time, b.time, b.volts) - a.volts)[kept]) < 5e-6 * a.peak


@settings(max_examples=8, deadline=None)
@given(delay=st.floats(0.0, 20e-9), samples_per_ui=st.sampled_from([16, 32, 50]), rate=st.floats(20e9, 70e9))
def test_delays_only_move_the_pulse(delay: float, samples_per_ui: int, rate: float) -> None:
    moved = pulse_response(
        Transfer(GRID, lossy(GRID, delay)), symbol_rate=rate, samples_per_ui=samples_per_ui, filters=filters
    )
    still = pulse_response(Transfer(GRID, lossy(GRID, 0.0)), symbol_rate=rate, samples_per_ui=200, filters=filters)
    expected = np.interp(moved.time - delay, still.time, still.volts)
    near = np.abs(moved.time - delay) < 20 / rate
    assert np.max(np.abs(moved.volts - expected)[near]) < 2e-4 * still.peak


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_uneven_grids_give_the_same_pulse(seed: int) -> None:
    rng = np.random.default_rng(seed)
    uneven = np.unique(np.concatenate((rng.uniform(20e6, 60e9, 3000), [10e6, 60e9])))
    even, other = (
        pulse_response(Transfer(grid, lossy(grid)), symbol_rate=RATE, filters=filters) for grid in (GRID, uneven)
    )
    volts = np.interp(even.time, other.time, other.volts)
    near = np.abs(even.time - 1.5e-9) < 1e-9
    assert np.max(np.abs(volts - even.volts)[near]) < 2e-3 * even.peak


@pytest.mark.parametrize(
    ("spectrum", "dc"),
    [
        (lossy, 0.98),
        (lambda f: np.asarray(-lossy(f)), -0.98),
        (lambda f: np.asarray(0.05 * (2j * np.pi * f * 1e-12) * lossy(f)), 0.0),
        (lambda f: np.asarray(1.0 / (1.0 + 2j * np.pi * f * 1e-11)), 1.0),
    ],
    ids=["line", "swapped polarity", "crosstalk", "single pole"],
)
def test_missing_dc_is_extrapolated(spectrum: Callable[[Real], Complex], dc: float) -> None:
    frequency = GRID[1:]
    assert flatten(frequency, spectrum(frequency)).value[0].real == pytest.approx(dc, abs=2e-4)


@pytest.mark.parametrize("samples_per_ui", [8, 16, 24, 32, 64])
def test_the_window_leaves_out_the_same_energy_at_any_resolution(samples_per_ui: int) -> None:
    """Where the energy lies is found on few samples of a UI; the finer ones must not be cut elsewhere."""
    transfer = Transfer(GRID, lossy(GRID))
    short, whole = (
        prepare(transfer, symbol_rate=RATE, samples_per_ui=samples_per_ui, tail_energy=share) for share in (1e-5, 0.0)
    )
    assert short.n_samples < 0.5 * whole.n_samples
    kept, total = (float(np.sum(one.pulse().volts ** 2)) for one in (short, whole))
    assert 0.0 < 1.0 - kept / total < 1e-5


def test_own_dc_is_kept_if_real_and_replaced_with_a_warning_if_not() -> None:
    value = lossy(GRID)
    kept = value.copy()
    kept[0] = 0.95
    assert flatten(GRID, kept).value[0] == 0.95
    copied = value.copy()
    copied[0] = value[1]
    flat = flatten(GRID, copied)
    assert flat.value[0] == pytest.approx(0.98, abs=1e-4)
    assert "not real" in flat.warnings[0]


def test_continuation_beyond_the_band_has_no_step_and_never_gains() -> None:
    flat = flatten(GRID, lossy(GRID))
    beyond = np.array([59.99e9, 60e9, 60.01e9, 80e9, 200e9])
    values = np.abs(flat.at(beyond))
    assert np.all(np.diff(values) < 0)
    assert values[2] == pytest.approx(values[1], rel=1e-3)
    assert values == pytest.approx(np.abs(lossy(beyond)), rel=0.01)
    rising = flatten(GRID, (GRID / 1e12).astype(np.complex128))
    assert np.all(np.abs(rising.at(beyond)) < 0.061)


def test_response_longer_than_the_step_can_tell_warns() -> None:
    coarse = np.arange(0.0, 60e9, 200e6)
    echo = lossy(coarse, 0.5e-9) * (1 + 0.3 * np.exp(-2j * np.pi * coarse * 2.5e-9))
    assert "wraps around" in prepare(Transfer(coarse, echo), symbol_rate=RATE).warnings[-1]
    assert "folded" in prepare(Transfer(coarse, lossy(coarse, 4e-9)), symbol_rate=RATE).warnings[0]
    assert prepared().warnings == ()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"symbol_rate": 0.0}, "symbol_rate must be positive"),
        ({"symbol_rate": float("nan")}, "symbol_rate must be positive"),
        ({"symbol_rate": RATE, "samples_per_ui": 1}, "samples_per_ui must be between 2 and 1024"),
    ],
)
def test_bad_rates_are_refused(options: dict[str, float], words: str) -> None:
    with pytest.raises(SirfError, match=words):
        prepare(Transfer(GRID, lossy(GRID)), **options)  # type: ignore[arg-type]


def test_a_transfer_of_nothing_gives_nothing_in_a_short_window() -> None:
    ready = prepare(Transfer(GRID, np.zeros(GRID.size, dtype=np.complex128)), symbol_rate=RATE)
    assert not ready.pulse().volts.any()
    assert ready.n_samples <= 80 * 32


def test_unknown_convention_is_refused() -> None:
    with pytest.raises(SirfError, match="convention must be"):
        pulse_response(Transfer(GRID, lossy(GRID)), symbol_rate=RATE, convention="matlab")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("frequency", "value", "words"),
    [
        (GRID[:3], np.ones(3), "F of 4 at least"),
        (GRID[:5], np.ones(4), "value must match frequency"),
        (GRID[:5], np.full(5, np.nan), "finite"),
        (GRID[4::-1], np.ones(5), "ascend"),
    ],
)
def test_bad_transfers_are_refused(frequency: Real, value: Real, words: str) -> None:
    with pytest.raises(SirfError, match=words):
        Transfer(frequency, value.astype(np.complex128))


def com_package(length_mm: float) -> Package:
    """The 802.3ck test package."""
    lines = (PackageLine(z_c=87.5, length_mm=length_mm), PackageLine(z_c=92.5, length_mm=1.8))
    return Package(
        die=((120e-15, 120e-12),), c_b=30e-15, lines=lines, a1=9.909e-4, a2=2.772e-4, tau=6.141e-3, c_p=87e-15
    )


KR4_PACKAGE = Package(
    die=((250e-15, 0.0),),
    lines=(PackageLine(z_c=78.2, length_mm=12.0),),
    a1=1.734e-3,
    a2=1.455e-4,
    tau=6.141e-3,
    c_p=180e-15,
    r_d=55.0,
)


def reference_transfer(file: Path, near: Package, far: Package) -> Transfer:
    """Voltage transfer of the through path between two packages."""
    through = Channel.from_touchstone(file).through
    f = through.frequency
    s = (near.network(f) @ through @ far.network(f, receiver=True)).s
    reflection = (near.r_d - near.r_0) / (near.r_d + near.r_0)
    return Transfer(f, terminated_transfer(s[:, 1, 0], s[:, 0, 0], s[:, 0, 1], s[:, 1, 1], reflection, reflection))


def reference_filters(frequency: Real) -> Complex:
    return transmitter_edge(frequency, 7.5e-12, linear_phase=True) * butterworth4(frequency, 0.75 * RATE)


@pytest.mark.parametrize(
    "case",
    [
        "c2c_c2c_12db_through_case1",
        "c2c_c2c_12db_through_case2",
        "kr_backplane_12db_crosstalk_case1",
        "kr_backplane_28db_through_case2",
    ],
)
def test_unequalised_pulse_of_the_com_reference_code(reference_dir: Path, case: str) -> None:
    """Golden: COM 3.70 under Octave. The first two files have no DC."""
    entry = json.loads((reference_dir / "golden/com/com_3p70_reference.json").read_text())[_key(case)]
    golden = np.load(reference_dir / f"golden/com/waveforms/{case}.npz")
    near, far = (com_package(entry["result"][f"package_{end}_mm"][0]) for end in ("tx", "rx"))
    transfer = reference_transfer(reference_dir / "channels" / entry["through"], near, far)
    annex, physical = (
        pulse_response(transfer, symbol_rate=RATE, filters=reference_filters, amplitude=0.413, convention=convention)
        for convention in CONVENTIONS
    )
    volts = golden["uneq_pulse"]
    assert annex.volts.shape == volts.shape
    assert np.max(np.abs(annex.volts - volts)) < 1e-12 * volts.max()
    # the running sum over a UI stands half a sample before the integral over it
    later = golden["t"] + 0.5 / (32 * RATE)
    assert np.max(np.abs(np.interp(later, physical.time, physical.volts, left=0.0) - volts)) < 4e-4 * volts.max()


def test_unequalised_pulse_of_the_com_reference_code_at_25_gbd(reference_dir: Path) -> None:
    """Golden: COM 3.70 under Octave. 100GBASE-KR4 has no transmitter edge filter, and terminations of 55 ohm."""
    rate = 25.78125e9
    transfer = reference_transfer(reference_dir / "channels/vita_25g/thru.s4p", KR4_PACKAGE, KR4_PACKAGE)
    pulse = pulse_response(
        transfer,
        symbol_rate=rate,
        amplitude=0.4,
        convention="annex_93a",
        filters=lambda f: butterworth4(f, 0.75 * rate),
    )
    volts = np.load(reference_dir / "golden/com/waveforms/kr4_vita_25g_crosstalk_case1.npz")["uneq_pulse"]
    assert pulse.volts.shape == volts.shape
    assert np.max(np.abs(pulse.volts - volts)) < 1e-12 * volts.max()


def _key(case: str) -> str:
    head, number = case.rsplit("_", 1)
    standard, rest = head.split("_", 1)
    channel, kind = rest.rsplit("_", 1)
    return f"{standard}/{channel}/{kind}/{number}"


def test_seven_points_printed_by_matlab(channels_dir: Path) -> None:
    """Golden: COM 3.70 in MATLAB, c2c_12db, package case 1."""
    transfer = reference_transfer(channels_dir / "c2c_12db/thru.s4p", com_package(13.0), com_package(11.0))
    pulse = pulse_response(
        transfer, symbol_rate=RATE, filters=reference_filters, amplitude=0.413, convention="annex_93a"
    )
    times = [1.605882353e-09, 1.65e-09, 1.67e-09, 1.688235294e-09, 1.7e-09, 1.76e-09, 1.8e-09]
    volts = [-5.633312098e-06, 0.001127196999, 0.05311336306, 0.1480559334, 0.1050169822, 0.01296612201, 0.005937562121]
    samples = [round(time * 32 * RATE) for time in times]
    assert pulse.volts[samples] == pytest.approx(volts, rel=1e-9)


def test_annex_93a_needs_a_sample_rate_of_twice_the_band() -> None:
    with pytest.raises(SirfError, match="sample rate must be twice the band"):
        impulse_response(GRID, lossy(GRID), sample_rate=100e9)


def test_annex_93a_refuses_a_response_before_its_cause() -> None:
    with pytest.raises(SirfError, match="before its cause"):
        impulse_response(GRID, np.conj(lossy(GRID)), sample_rate=RATE * 32)


def coupled(corner: float, step: float, *, dc: bool, loss: float = 2e-6) -> Transfer:
    """A skew-effect line of 1 ns behind a capacitor of `corner` in Hz."""
    f = np.arange(0.0 if dc else step, 60e9, step)
    line = np.exp(-(1 + 1j) * loss * np.sqrt(f) - 2j * np.pi * f * 1e-9)
    return Transfer(f, line * 1j * f / (1j * f + corner))


def smooth_pulse(made: PreparedTransfer) -> Pulse:
    """Through a Gaussian low-pass, so that the band edge does not ring."""
    return made.pulse(np.exp(-0.5 * np.log(2.0) * (made.frequency / 7.5e9) ** 2).astype(np.complex128))


def tail(response: Pulse, symbols: int) -> NDArray[np.float64]:
    """Samples one symbol apart behind the cursor, over `symbols` symbols, relative to it."""
    m = response.samples_per_ui
    return response.volts[response.cursor + m :: m][:symbols] / response.peak


@pytest.mark.parametrize("dc", [True, False])
def test_a_coupling_below_the_grid_stays_by_its_pole(dc: bool) -> None:
    """1 MHz on a 10 MHz grid at 10 GBd: sqrt(pi 1 MHz / 10 GBd) = 0.0177 of the level, measured on a grid that bears it."""
    fine = prepare(coupled(1e6, 0.1e6, dc=True, loss=0.0), symbol_rate=10e9, samples_per_ui=4, tail_energy=0.0)
    assert fine.warnings == ()
    assert fine.coupling_corner == 0.0
    wander = float(np.sqrt(np.sum(tail(smooth_pulse(fine), 40000) ** 2)))
    assert wander == pytest.approx(np.sqrt(np.pi * 1e6 / 10e9), rel=0.03)
    coarse = prepare(coupled(1e6, 10e6, dc=dc), symbol_rate=10e9, samples_per_ui=16)
    assert coarse.warnings == ()
    assert coarse.coupling_corner == pytest.approx(1e6, rel=1e-3)
    shown = coarse.pulse()
    assert any("AC coupling at 1 MHz" in note and "0.0177 of the signal's rms" in note for note in shown.warnings)
    # inside the window it is the line behind a capacitor: no high-pass that a coarse grid had made up
    bare = prepare(coupled(0.0, 10e6, dc=False), symbol_rate=10e9, samples_per_ui=16)
    assert bare.warnings == ()
    size = min(coarse.n_samples, bare.n_samples) - 20 * 16
    volts, line = (made.pulse().volts[:size] for made in (coarse, bare))
    pole = 2.0 * np.pi * 1e6 / (16 * 10e9)
    # an integral by the trapezoidal rule
    behind = line - pole * (np.convolve(line, np.exp(-pole * np.arange(size)))[:size] - 0.5 * line)
    assert np.abs(volts - behind).max() < 3e-6
    assert np.abs(volts - line).max() > 4e-4


def test_a_step_droops_with_the_pole_of_its_coupling() -> None:
    droop = step_response(coupled(1e6, 10e6, dc=True, loss=0.0), symbol_rate=10e9, samples_per_ui=8)
    later = np.array([100, 300, 600])
    found = droop.volts[np.searchsorted(droop.time, 1e-9 + later / 10e9)]
    assert found == pytest.approx(np.exp(-2.0 * np.pi * 1e6 * later / 10e9), abs=2e-3)


@pytest.mark.parametrize("corner", [16e3, 300e3])
def test_a_point_of_zero_at_dc_is_a_coupling_and_no_high_pass_of_megahertz(corner: float) -> None:
    coarse = prepare(coupled(corner, 10e6, dc=True), symbol_rate=53.125e9, samples_per_ui=16)
    assert coarse.coupling_corner == pytest.approx(corner, rel=0.02)
    assert "baseline wander" in coarse.wander_warning
    bare = prepare(coupled(0.0, 10e6, dc=False), symbol_rate=53.125e9, samples_per_ui=16)
    held = 1.0 - np.exp(-2.0 * np.pi * corner * coarse.n_samples / coarse.sample_rate)
    assert coarse.pulse().volts.sum() == pytest.approx(bare.pulse().volts.sum() * (1.0 - held), rel=0.02)


@pytest.mark.parametrize("corner", [20e6, 80e6])
def test_a_resolved_coupling_stays_in_the_response(corner: float) -> None:
    made = prepare(coupled(corner, 5e6, dc=True, loss=0.0), symbol_rate=10e9, samples_per_ui=8, tail_energy=0.0)
    assert not any("AC coupling" in note for note in made.warnings)
    after = tail(smooth_pulse(made), 30)
    # a falling exponential of the corner, below zero
    assert np.all(after[2:] < 0.0)
    assert after[3:] / after[2:-1] == pytest.approx(np.exp(-2 * np.pi * corner / 10e9), rel=2e-3)


def test_crosstalk_and_lines_without_a_capacitor_show_no_corner() -> None:
    f = np.arange(0.0, 60e9, 10e6)
    line = np.exp(-(1 + 1j) * 8e-6 * np.sqrt(f) - 2j * np.pi * f * 3e-9)
    assert coupling_corner(f, line) is None
    assert coupling_corner(f[1:], line[1:]) is None
    assert coupling_corner(f, 0.02j * f / 30e9 * line) is None
    rng = np.random.default_rng(1)
    noisy = line * (1 + 1e-3 * (rng.normal(size=f.size) + 1j * rng.normal(size=f.size)))
    assert coupling_corner(f[1:], noisy[1:]) is None


@pytest.mark.parametrize("delay_s", [0.0, 1.3e-13, -4.7e-12])
def test_phases_turned_by_the_grid_are_those_of_each_frequency(delay_s: float) -> None:
    path = sirf.paths.pluggable(rate_class="100g")
    channel = path.to_channel(np.arange(0.0, 110e9, 40e6))
    flat = flatten(channel.frequency, channel.through.s[:, 1, 0])
    n, rate = 60_000, 53.125e9 * 16
    grid = np.arange(n // 2 + 1, dtype=np.float64) * np.float64(rate / n)
    direct = flat.at(grid) * np.exp(-2j * np.pi * grid * delay_s)
    assert np.abs(flat.later_on_transform_grid(n, rate, delay_s) - direct).max() < 1e-14


def test_neither_cached_grids_nor_shapes_can_be_written() -> None:
    for values in (transform_grid(64, 1e9), root_grid(64, 1e9), symbol_low_pass(64, 8, 1e9), folded_shape(64, 16)):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1.0


def test_a_window_is_the_shortest_that_leaves_half_the_tail_at_each_end() -> None:
    """Against sums over all samples: the first at which half the allowed energy is reached, and the last on the other side."""
    rng = np.random.default_rng(4)
    pulse = rng.normal(size=40) * np.exp(-0.3 * np.abs(np.arange(40) - 15.0))
    total = np.sum(pulse**2)
    for tail in (1e-1, 1e-2, 1e-3, 1e-6):
        first, end, lost = _window(pulse, 4, 7, tail)
        assert np.sum(pulse[:first] ** 2) < 0.5 * tail * total <= np.sum(pulse[: first + 1] ** 2)
        assert np.sum(pulse[end:] ** 2) <= 0.5 * tail * total * (1 + 1e-9)
        assert np.sum(pulse[end - 1 :] ** 2) > 0.5 * tail * total
        assert lost == pytest.approx(1.0 - np.sum(pulse[first:end] ** 2) / total, abs=1e-12)
    assert _window(pulse, 4, 7, 0.0) == (0, 40, 0.0)
    assert _window(np.zeros(40), 4, 7, 1e-3) == (7, 8, 0.0)


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize(("place", "heard"), [(0.899, False), (0.901, True), (1.099, True), (1.101, False)])
def test_the_ring_about_half_the_span_is_listened_to(side: int, place: float, heard: bool) -> None:
    """A tenth to either side of half the span that the frequency step tells apart, before and after the origin."""
    half, origin = 1000, 2000
    pulse = np.zeros(4200)
    pulse[origin] = 1.0
    pulse[origin + side * round(place * half)] = 0.5
    found = _wrap_warnings(pulse, origin, half, 5e-9)
    assert bool(found) == heard
    if heard:
        assert "response is still -6 dB of its peak after half of the 5 ns" in found[0]
    assert _wrap_warnings(np.zeros(4200), origin, half, 5e-9) == ()


@pytest.mark.parametrize(("first", "size"), [(0, 5), (100, 2000), (2500, 1500)])
def test_a_part_of_the_folded_tail_is_that_of_the_whole(first: int, size: int) -> None:
    np.testing.assert_array_equal(folded_shape(4000, 1000, first, size), folded_shape(4000, 1000)[first : first + size])

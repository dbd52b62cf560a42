"""What the data of a file can tell: the cases that once misled without a word, each with the right value or a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import skrf
from numpy.typing import NDArray

import sirf
from sirf.channel.channel import Channel
from sirf.channel.network import Network, bulk_delay
from sirf.channel.quality import quality
from sirf.channel.repair import repair
from sirf.channel.response import pulse_response
from sirf.channel.screening import dc_finding, largest_gain, start_notes
from sirf.channel.touchstone import read_touchstone
from sirf.channel.transfer import Transfer
from sirf.errors import SirfError
from sirf.link import Link
from sirf.signal.filters import butterworth4

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]
RATE = 53.125e9
EVEN = np.arange(0.0, 60.01e9, 10e6)


def line(frequency: Real, *, length: float = 0.2, impedance: float = 50.0) -> tuple[Complex, Complex]:
    """S21 and S11 at 50 ohm of a line with 2 ohm/m, skin effect and a loss tangent of 0.003 (about 11 dB at 26.56 GHz)."""
    omega = 2j * np.pi * np.maximum(frequency, 1.0)
    series = 2.0 + 3e-3 * np.sqrt(frequency) * (1 + 1j) + omega * impedance * 6e-9
    shunt = omega * 6e-9 / impedance * (omega / (2 * np.pi * 1e9)) ** (-2 / np.pi * 0.003)
    gamma, z = np.sqrt(series * shunt) * length, np.sqrt(series / shunt)
    total = 2 * np.cosh(gamma) + (z / 50 + 50 / z) * np.sinh(gamma)
    return np.asarray(2 / total), np.asarray((z / 50 - 50 / z) * np.sinh(gamma) / total, dtype=np.complex128)


def pair(frequency: Real, s21: Complex | None = None, s11: Complex | None = None, *, name: str = "line") -> Network:
    """Two such lines without coupling, 1→2 and 3→4."""
    through, reflection = line(frequency)
    s = np.zeros((frequency.size, 4, 4), dtype=np.complex128)
    s[:, [0, 1, 2, 3], [1, 0, 3, 2]] = (through if s21 is None else s21)[:, None]
    s[:, range(4), range(4)] = (reflection if s11 is None else s11)[:, None]
    return Network(frequency, s, name=name)


def pulse_of(channel: Channel) -> tuple[Real, Real]:
    transfer = Transfer(channel.frequency, channel.through.s[:, 1, 0])
    pulse = pulse_response(transfer, symbol_rate=RATE, filters=lambda f: butterworth4(f, 0.75 * RATE))
    return pulse.time, pulse.volts


def pulse_error(channel: Channel) -> float:
    """Largest difference from the pulse of the even grid, of its peak."""
    time, volts = pulse_of(Channel.from_network(pair(EVEN)))
    other_time, other = pulse_of(channel)
    return float(np.abs(np.interp(time, other_time, other, left=0, right=0) - volts).max() / volts.max())


# ---- uneven grids


@pytest.mark.parametrize(
    ("grid", "limit", "coarse"),
    [
        (np.geomspace(10e6, 60e9, 401), 1e-4, True),
        (np.geomspace(10e6, 60e9, 1001), 1e-4, True),
        (np.geomspace(1e5, 60e9, 4001), 1e-4, False),
        (np.concatenate((np.arange(1, 100) * 1e6, np.arange(1, 601) * 1e8)), 1e-3, False),
        (np.delete(EVEN, slice(2000, 2004)), 1e-6, False),
    ],
    ids=["401 geometric", "1001 geometric", "4001 geometric", "segments", "a hole"],
)
def test_an_uneven_grid_is_resampled_to_the_right_pulse(grid: Real, limit: float, coarse: bool) -> None:
    channel = Channel.from_network(pair(grid))
    assert np.ptp(np.diff(channel.frequency)) < 1.0
    assert channel.four_port is not None
    assert np.array_equal(channel.four_port.frequency, channel.frequency)
    assert channel.frequency.size <= 20_001
    assert "uneven grid" in channel.warnings[0]
    assert any("echoes later than" in note for note in channel.warnings) is coarse
    assert pulse_error(channel) < limit


def test_a_step_over_several_turns_is_refused_at_once() -> None:
    with pytest.raises(SirfError, match=r"grid of line must have steps below 1\.6\d GHz for a delay of 1\.2 ns"):
        Channel.from_network(pair(np.geomspace(10e6, 60e9, 120)))


def test_reference_grids_agree_in_com(reference_dir: Path) -> None:
    """One line on 1 GHz steps, on segments and on a geometric grid: within a tenth of a decibel."""
    values = []
    for name in ("segmented_grid", "log_grid", "ac_coupled_with_dc_row"):
        channel = Channel.from_touchstone(reference_dir / "cases" / f"{name}.s4p")
        result = sirf.com(channel, standard="802.3ck-kr1", package_case=1)
        assert result.warnings
        values.append(result.com_db)
    assert values == pytest.approx([values[0]] * 3, abs=0.1)


def test_com_refuses_a_grid_that_it_would_have_to_blow_up() -> None:
    uneven = pair(np.geomspace(10e6, 60e9, 1001))
    direct = Channel(Network(uneven.frequency, uneven.s[:, :2, :2], z0=100.0))
    with pytest.raises(SirfError, match="grid must be even for COM"):
        sirf.com(direct, standard="802.3ck-kr1", package_case=1)


def test_delays_on_uneven_grids() -> None:
    grid = np.geomspace(10e6, 60e9, 401)
    assert bulk_delay(grid, np.exp(-2j * np.pi * grid * 1.2e-9)) == pytest.approx(1.2e-9, rel=1e-9)
    segments = np.concatenate(([1e6, 2e6, 3e6], np.arange(1, 61) * 1e9))
    _, reflection = line(segments, length=0.02, impedance=47.0)
    assert abs(bulk_delay(segments, reflection)) < 0.3e-9  # resistance, not delay, turns the phase at 1 to 3 MHz


# ---- bands that begin far from DC


def refused_by_every_face(channel: Channel, words: str) -> None:
    """The eye's link, the figures and COM give the same sentence, and the check has it among its warnings."""
    faces: tuple[Callable[[], object], ...] = (
        lambda: Link(channel, standard="802.3ck-c2m"),
        lambda: channel.figures(symbol_rate=RATE),
        lambda: sirf.com(channel, standard="802.3ck-kr1", package_case=1),
    )
    for face in faces:
        with pytest.raises(SirfError, match=words):
            face()
    assert any(re.search(words, note) for note in channel.quality(symbol_rate=RATE).warnings)


def test_a_band_that_begins_far_from_dc_is_noted_then_refused() -> None:
    assert Channel.from_network(pair(EVEN[1:])).check_symbol_rate(RATE) == ()
    channel = Channel.from_network(pair(EVEN[EVEN >= 1e9]))
    for warnings in (
        channel.check_symbol_rate(RATE),
        channel.figures(symbol_rate=RATE).warnings,
        Link(channel, standard="802.3ck-c2m").warnings,
        channel.quality(symbol_rate=RATE).warnings,
    ):
        assert any("begins at 1000 MHz" in note for note in warnings)
    refused_by_every_face(Channel.from_network(pair(EVEN[EVEN >= 30e9])), "must begin below 0.1 of the symbol rate")


def test_tdr_of_data_without_low_frequencies() -> None:
    s21, s11 = line(EVEN, impedance=42.5)
    full = Channel.from_network(pair(EVEN, s21, s11)).figures(symbol_rate=RATE)
    without_dc = Channel.from_network(pair(EVEN[1:], s21[1:], s11[1:])).figures(symbol_rate=RATE)
    for one, other in zip(full.to_dict()["impedance_ohm"], without_dc.to_dict()["impedance_ohm"], strict=True):
        assert other == pytest.approx(one, abs=0.2)
    late = Channel.from_network(pair(EVEN[50:], s21[50:], s11[50:])).figures(symbol_rate=RATE)
    assert late.impedance is None
    assert late.to_dict()["impedance_ohm"] is None
    assert any("TDR impedance is left out" in note for note in late.warnings)
    assert "–" in str(late)


# ---- the point at DC


def test_a_dc_block_is_named_and_left_out(reference_dir: Path) -> None:
    channel = Channel.from_touchstone(reference_dir / "cases" / "ac_coupled_with_dc_row.s4p")
    assert "DC block: S(2,1) is 0 at DC" in channel.warnings[0]
    assert channel.frequency[0] > 0
    found = channel.figures("802.3ck-kr1")
    assert found.erl_db is not None
    assert 20 < found.erl_db < 40
    assert found.impedance is not None
    assert found.effective_bandwidth > 30e9
    for low, high in found.to_dict()["impedance_ohm"]:
        assert 93 < low < high < 103
    found_quality = quality(read_touchstone(reference_dir / "cases" / "ac_coupled_with_dc_row.s4p"))
    assert found_quality.causal is True
    assert found_quality.passive
    assert found_quality.has_dc
    assert any("DC block" in note for note in found_quality.warnings)


def capacitor(frequency: Real, farad: float) -> Complex:
    with np.errstate(divide="ignore"):
        return np.where(frequency > 0, 1 / (1 + 1 / (2j * np.pi * np.maximum(frequency, 1e-9) * farad * 100)), 0.0)


def test_a_dc_block_changes_no_pulse_and_a_small_capacitor_is_believed() -> None:
    s21, s11 = line(EVEN)
    blocked = s21 * capacitor(EVEN, 100e-9)
    reflection = s11 + (EVEN == 0)
    channel = Channel.from_network(pair(EVEN, blocked, reflection))
    assert pulse_error(channel) < 2e-3
    small = s21 * capacitor(EVEN, 50e-12)  # a corner of 32 MHz: three points below it
    kept = Channel.from_network(pair(EVEN, small, s11))
    assert kept.frequency[0] == 0
    assert kept.warnings == ()


@pytest.mark.parametrize(("kind", "value"), [("zeros", 0.0), ("negated", -1.0), ("identity", 0.0)])
def test_a_wrong_dc_row_is_held_against_its_neighbours(kind: str, value: float) -> None:
    good = pair(EVEN)
    s = good.s.copy()
    s[0] = {"zeros": np.zeros((4, 4)), "negated": -s[0], "identity": np.eye(4)}[kind]
    wrong = Network(EVEN, s, name="line")
    finding = dc_finding(wrong)
    assert finding is not None
    assert ("DC block" in finding) is (kind == "identity")
    assert dc_finding(good) is None
    channel = Channel.from_network(wrong)
    assert finding in channel.warnings[0]
    assert pulse_error(channel) < 1e-4
    found_quality = quality(wrong)
    assert found_quality.has_dc is (kind == "identity")
    assert found_quality.causal
    assert any(finding == note for note in found_quality.warnings)
    if kind != "identity":
        repaired = repair(wrong, "dc", limit_db=20.0).network
        assert repaired.s[0, 1, 0] == pytest.approx(good.s[0, 1, 0], abs=0.01)


# ---- gain, polarity, signal


def test_far_from_passive_is_one_sentence() -> None:
    s21, s11 = line(EVEN)
    noted = Channel.from_network(pair(EVEN, 1.05 * s21, s11))
    assert "line is not passive: singular value 1.0" in noted.warnings[0]
    with pytest.raises(
        SirfError, match=r"got a singular value of 1e\+06 at 0 GHz|singular value of 9\.\d+e\+05"
    ) as caught:
        Channel.from_network(pair(EVEN, 1e6 * s21, s11))
    assert "\n" not in str(caught.value)


def test_largest_gain_is_numpys() -> None:
    rng = np.random.default_rng(1)
    s = rng.normal(size=(200, 5, 5)) + 1j * rng.normal(size=(200, 5, 5))
    gain, where = largest_gain(Network(np.arange(1.0, 201.0), s))
    values = np.linalg.norm(s, 2, axis=(1, 2))
    assert gain == pytest.approx(float(values.max()), rel=1e-12)
    assert where == 1 + np.argmax(values)


def test_an_inverted_pair_is_named_and_mended() -> None:
    straight = Channel.from_network(pair(EVEN))
    crossed = pair(EVEN).s[:, [0, 3, 2, 1]][:, :, [0, 3, 2, 1]]  # ports 2 and 4 exchanged: lines 1→4, 3→2
    network = Network(EVEN, crossed, name="line")
    told = Channel.from_network(network, port_order=(1, 2, 3, 4), invert=True)
    assert told.port_order == (1, 4, 3, 2)
    assert np.allclose(told.through.s, straight.through.s)
    negative = Channel.from_network(Network(EVEN, straight.through.s * [[1, -1], [-1, 1]], z0=100.0, name="two"))
    assert any("the pair is inverted" in note for note in negative.warnings)
    assert not any("inverted" in note for note in straight.warnings)
    pulse = pulse_response(Transfer(EVEN, negative.through.s[:, 1, 0]), symbol_rate=RATE)
    assert pulse.peak == pytest.approx(
        -pulse_response(Transfer(EVEN, straight.through.s[:, 1, 0]), symbol_rate=RATE).peak
    )
    assert pulse.peak < -0.4
    mended = Channel.from_network(Network(EVEN, negative.through.s, z0=100.0), invert=True)
    assert np.array_equal(mended.through.s, straight.through.s)
    assert mended.warnings == ()


@pytest.mark.parametrize("kind", ["open", "short", "zero", "identity", "faint"])
def test_networks_that_pass_nothing_are_refused_by_every_face(kind: str) -> None:
    s = np.zeros((EVEN.size, 4, 4), dtype=np.complex128)
    if kind in ("open", "identity"):
        s += np.eye(4)
    elif kind == "short":
        s -= np.eye(4)
    elif kind == "faint":
        s = pair(EVEN).s * 1e-30
    channel = Channel.from_network(Network(EVEN, s, name=kind), port_order="12-34")
    refused_by_every_face(channel, f"through path of {kind} must pass a signal")


def test_two_points_are_too_few_for_com() -> None:
    two = np.array([1e9, 60e9])
    channel = Channel.from_network(pair(two), port_order="12-34")
    with pytest.raises(SirfError, match="points must be at least 8 for a response in time, got 2"):
        sirf.com(channel, standard="802.3ck-kr1", package_case=1)


# ---- TDR and modes


def test_tdr_range_is_that_of_the_line_without_the_step_of_its_load(reference_dir: Path) -> None:
    channel = Channel.from_touchstone(reference_dir / "cases" / "line_85_ohm.s4p")
    for low, high in channel.figures(symbol_rate=RATE).to_dict()["impedance_ohm"]:
        assert low == pytest.approx(85.0, abs=0.05)
        assert high == pytest.approx(85.0, abs=0.05)


def test_scikit_rf_networks_in_mixed_modes_are_the_channel_that_they_were() -> None:
    grid = np.arange(0.0, 20.01e9, 50e6)
    single = pair(grid).to_network()
    single.renumber([0, 1, 2, 3], [0, 2, 1, 3])  # pairs (1, 2) at the in end, (3, 4) at the out end
    expected = Channel.from_network(single)
    modal = single.copy()
    modal.se2gmm(2)
    found = Channel.from_network(modal)
    assert np.allclose(found.through.s, expected.through.s, rtol=0, atol=1e-12)
    assert float(found.insertion_loss_db(13e9)) == pytest.approx(float(expected.insertion_loss_db(13e9)), abs=1e-9)
    assert any("mixed modes DDCC were converted" in note for note in found.warnings)
    bare = Network(grid, modal.s, name="modal")
    told = Channel.from_network(bare, mixed_mode="D1,2 D3,4 C1,2 C3,4")
    assert np.allclose(told.through.s, expected.through.s, rtol=0, atol=1e-12)
    # with impedances of modes (100 and 25 ohm), of ports that are not 50 ohm, and with rows in another order
    named = Channel.from_network(modal, mixed_mode="D1,2 D3,4 C1,2 C3,4")
    assert np.allclose(named.through.s, expected.through.s, rtol=0, atol=1e-12)
    other = single.copy()
    other.renormalize(42.5)
    same = Channel.from_network(other)
    other.se2gmm(2)
    named = Channel.from_network(other, mixed_mode="D1,2 D3,4 C1,2 C3,4")
    assert np.allclose(named.through.s, same.through.s, rtol=0, atol=1e-12)
    uneven = modal.copy()
    uneven.renormalize([90.0, 100.0, 25.0, 30.0])  # no ports have these modes: renormalised while the modes are apart
    named = Channel.from_network(uneven, mixed_mode="D1,2 D3,4 C1,2 C3,4")
    assert np.allclose(
        named.through.s, expected.through.s, rtol=0, atol=1e-7
    )  # scikit-rf's renormalisation is that exact
    rows = modal.subnetwork([0, 2, 1, 3])
    assert list(rows.port_modes) == ["D", "C", "D", "C"]
    named = Channel.from_network(rows, mixed_mode="D1,2 C1,2 D3,4 C3,4")
    assert np.allclose(named.through.s, expected.through.s, rtol=0, atol=1e-12)
    odd = modal.copy()
    odd.port_modes = np.array(["C", "D", "C", "D"])
    with pytest.raises(SirfError, match=r"port_modes of .* must be differential, then common"):
        Channel.from_network(odd)


def test_unequal_and_complex_impedances_of_scikit_rf_are_noted() -> None:
    grid = np.arange(0.0, 20.01e9, 50e6)
    network = skrf.Network(f=grid, f_unit="Hz", s=pair(grid).s, z0=[45.0, 50.0, 45.0, 50.0], name="unequal")
    channel = Channel.from_network(network)
    assert "unequal: unequal or complex port impedances were renormalised to 50 ohm." in channel.warnings


def beginning_at(first: float, *, dc: bool = False) -> Network:
    f = np.arange(first, 60e9, 10e6)
    f = np.concatenate(([0.0], f)) if dc else f
    s = np.zeros((f.size, 2, 2), dtype=complex)
    s[:, 0, 1] = s[:, 1, 0] = 0.9 * np.exp(-2j * np.pi * f * 0.1e-9)
    return Network(f, s, z0=100.0)


@pytest.mark.parametrize(
    ("share", "verdict"), [(0.005, "silent"), (0.0051, "noted"), (0.1, "noted"), (0.1001, "refused")]
)
@pytest.mark.parametrize("dc", [False, True])
def test_where_data_may_begin_goes_by_the_symbol_rate(share: float, verdict: str, dc: bool) -> None:
    """Up to half a per cent nothing is said, up to a tenth a note; a point at DC with a gap above it changes nothing."""
    network = beginning_at(share * 50e9, dc=dc)
    if verdict == "refused":
        with pytest.raises(
            SirfError, match=r"data of line must begin below 0\.1 of the symbol rate, 5 GHz, got 5\.005 GHz"
        ):
            start_notes(network, 50e9, "line")
        return
    notes = start_notes(network, 50e9, "line")
    assert bool(notes) == (verdict == "noted")
    if notes:
        assert f"line begins at {share * 50e3:g} MHz, {100 * share:.1f} % of the symbol rate" in notes[0]


def test_a_file_whose_steps_are_even_from_dc_has_no_gap() -> None:
    assert start_notes(beginning_at(10e6, dc=True), 50e9, "line") == ()
    # a coarse file with its DC: its first point is no farther than its step
    f = np.arange(0.0, 60e9, 1e9)
    s = np.zeros((f.size, 2, 2), dtype=complex)
    assert start_notes(Network(f, s, z0=100.0), 50e9, "line") == ()

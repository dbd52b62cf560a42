"""Paths with boards and packages around them, against cascades made by hand; equal aggressors stay one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import sirf
from sirf.channel.die_to_die import BARE, HostBoards, PackageCase, die_to_die, find_distinct, roles_of
from sirf.channel.network import Network
from sirf.channel.package import Package, PackageLine, terminated_transfer, transmission_line
from sirf.channel.pair import PairNetwork, cascade_pairs
from sirf.errors import SirfError

GRID = np.arange(0.0, 60e9, 50e6)
BOARD = Package(
    die=((29e-15, 0.0),), lines=(PackageLine(z_c=100.0, length_mm=110.3),), a1=3.8e-4, a2=9.6e-5, tau=5.79e-3
)
OTHER_BOARD = replace(BOARD, lines=(PackageLine(z_c=95.0, length_mm=50.0),), c_p=19e-15)
DEVICE = Package(
    die=((120e-15, 120e-12),), c_b=30e-15, lines=(PackageLine(z_c=87.5, length_mm=12.0),), a1=1e-3, tau=6e-3, c_p=87e-15
)
OTHER_DEVICE = replace(DEVICE, lines=(PackageLine(z_c=90.0, length_mm=30.0),), r_d=46.25)
CASE = PackageCase(transmitter=DEVICE, fext=DEVICE, next=OTHER_DEVICE, receiver=OTHER_DEVICE)


def line(length_mm: float, scale: float = 1.0) -> Network:
    s = scale * transmission_line(GRID, 98.0, length_mm, gamma0=5e-4, a1=6e-4, a2=1e-4, tau=6e-3)
    return Network(GRID, s, z0=100.0, name=f"{length_mm} mm")


def at(package: Package, *, receiver: bool = False) -> Network:
    return package.network(GRID, receiver=receiver)


def test_boards_stand_between_package_and_channel() -> None:
    """Device, board, channel, board, device; a NEXT aggressor has boards of its own."""
    boards = HostBoards(transmitter=BOARD, fext=None, next_near=OTHER_BOARD, next_far=BOARD, receiver=OTHER_BOARD)
    through, fext, following = line(100.0), line(80.0, 0.01), line(60.0, 0.01)
    channel = sirf.Channel(through, fext=(fext,), next=(following,))
    made = die_to_die(channel, replace(CASE, boards=boards))
    far = at(OTHER_BOARD, receiver=True) @ at(OTHER_DEVICE, receiver=True)
    wanted = (
        at(DEVICE) @ at(BOARD) @ through @ far,
        at(DEVICE) @ fext @ far,
        at(OTHER_DEVICE) @ at(OTHER_BOARD) @ following @ at(BOARD, receiver=True) @ at(OTHER_DEVICE, receiver=True),
    )
    for path, network in enumerate(wanted):
        np.testing.assert_allclose(made.network(path).s, network.s, atol=1e-12)


def test_the_plane_says_what_is_missing() -> None:
    through = line(100.0)
    at_die = die_to_die(sirf.Channel(through, plane="die"), CASE)
    assert at_die.network(0) is through
    np.testing.assert_allclose(at_die.transfer(0).value, through.s[:, 1, 0], atol=1e-15)
    stages = [replace(package, lines=(), c_p=0.0) for package in (DEVICE, OTHER_DEVICE)]
    bump = die_to_die(sirf.Channel(through, plane="bump"), replace(CASE, boards=HostBoards(receiver=BOARD)))
    np.testing.assert_allclose(
        bump.network(0).s, (at(stages[0]) @ through @ at(stages[1], receiver=True)).s, atol=1e-12
    )
    ball = die_to_die(sirf.Channel(through), CASE)
    assert ball.insertion_loss_db(26e9) > bump.insertion_loss_db(26e9) > at_die.insertion_loss_db(26e9)


def test_the_transfer_is_between_the_terminations() -> None:
    """A die resistance that differs from R_0 reflects: gamma = (R_d - R_0) / (R_d + R_0) at the receiver alone here."""
    made = die_to_die(sirf.Channel(line(100.0)), CASE)
    s, gamma = made.network(0).s, (46.25 - 50.0) / (46.25 + 50.0)
    wanted = terminated_transfer(s[:, 1, 0], s[:, 0, 0], s[:, 0, 1], s[:, 1, 1], 0.0, gamma)
    np.testing.assert_allclose(made.transfer(0).value, wanted, atol=1e-14)
    assert np.max(np.abs(wanted - s[:, 1, 0])) > 0.01


def test_the_reference_impedance_changes_no_voltage() -> None:
    channel = sirf.Channel(line(100.0), fext=(line(80.0, 0.01),))
    moved = PackageCase(
        **{end: replace(getattr(CASE, end), r_0=46.25) for end in ("transmitter", "fext", "next", "receiver")}
    )
    first, second = die_to_die(channel, CASE), die_to_die(channel, moved)
    assert second.network(0).z0 == 92.5
    for path in (0, 1):
        np.testing.assert_allclose(first.transfer(path).value, second.transfer(path).value, atol=1e-12)


def test_equal_aggressors_are_put_together_once() -> None:
    """Equal in content, whether one object or two; FEXT and NEXT stay apart, for their devices differ."""
    fext = line(80.0, 0.01)
    channel = sirf.Channel(line(100.0), fext=(fext, line(80.0, 0.01), line(81.0, 0.01), fext), next=(fext, fext))
    made = die_to_die(channel, CASE)
    assert roles_of(channel) == ("through", "fext", "fext", "fext", "fext", "next", "next")
    assert made.index == (0, 1, 1, 2, 1, 3, 3)
    assert len(made.networks) == len(made.transfers) == 4
    assert die_to_die(channel, CASE) is made


def test_a_link_reads_its_loss_without_a_new_assembly() -> None:
    fext = tuple(line(80.0 + n, 0.01) for n in range(4))
    link = sirf.Link(sirf.Channel(line(100.0), fext=fext), standard="802.3ck-c2c")
    before = link.die_to_die()
    assert link.insertion_loss_db == before.insertion_loss_db(26.5625e9)
    assert "dB die to die" in repr(link)
    tuned = link.replace(transmitter=replace(link.transmitter, snr_db=30.0))
    assert tuned.die_to_die() is before
    assert len(link.transfers()) == len(link.networks()) == 5


def test_packages_of_a_link_are_the_ones_that_it_uses() -> None:
    """Three times the transmitter's lines: more loss, another digest."""
    link = sirf.Link(sirf.Channel(line(100.0)), standard="802.3ck-c2c")
    case = link.packages
    assert case is not None
    lines = tuple(replace(part, length_mm=3 * part.length_mm) for part in case.transmitter.lines)
    longer = link.replace(packages=replace(case, transmitter=replace(case.transmitter, lines=lines)))
    assert longer.insertion_loss_db > link.insertion_loss_db + 1.0
    assert longer.digest != link.digest
    for part in (link.transmitter, link.receiver):
        assert not hasattr(part, "package")


def test_packages_at_different_references_are_refused() -> None:
    with pytest.raises(SirfError, match=r"one reference impedance, got \[46.25, 50.0\] ohm"):
        replace(CASE, receiver=replace(OTHER_DEVICE, r_0=46.25))
    assert replace(CASE, receiver=BARE).reference_impedance == 50.0


def test_find_distinct_numbers_by_first_appearance() -> None:
    assert find_distinct([3, 1, 3, 2, 1], lambda a, b: a == b) == ([3, 1, 2], (0, 1, 0, 2, 1))


@pytest.mark.parametrize("receiver", [OTHER_DEVICE, replace(OTHER_DEVICE, r_0=46.25, r_d=50.0)])
def test_what_a_skewed_channel_converts_reflects_at_the_packages(receiver: Package) -> None:
    """Two lines without coupling: every line with its own package, die to die, by itself; then their mean at the end."""
    device = replace(DEVICE, r_0=receiver.r_0)
    case = PackageCase(transmitter=device, fext=device, next=device, receiver=receiver)
    p, n = line(100.0, 0.9), line(101.5, 0.8)
    s = np.zeros((GRID.size, 4, 4), dtype=complex)
    s[:, :2, :2], s[:, 2:, 2:] = p.s, n.s
    channel = sirf.Channel.from_network(Network(GRID, s, name="skewed"), port_order="12-34")
    made = die_to_die(channel, case)
    voltages = []
    for one in (p, n):
        # a line at 50 ohm has the numbers of a pair of such lines at 100 ohm
        whole = device.network(GRID) @ one.renormalized(2.0 * receiver.r_0) @ receiver.network(GRID, receiver=True)
        ends = [(end.r_d - end.r_0) / (end.r_d + end.r_0) for end in (device, receiver)]
        t = whole.s
        voltages.append(terminated_transfer(t[:, 1, 0], t[:, 0, 0], t[:, 0, 1], t[:, 1, 1], ends[0], ends[1]))
    expected = 0.5 * (voltages[0] + voltages[1])
    assert np.abs(made.transfer(0).value - expected).max() < 1e-9
    # the annex encloses the differential two-port alone
    annex = die_to_die(channel, case, common_mode=False).transfer(0).value
    assert np.abs(annex - expected).max() > 1e-3


@pytest.mark.parametrize("receiver", [OTHER_DEVICE, BARE])
def test_a_pair_in_packages_is_the_4_ports_in_series(receiver: Package) -> None:
    """Coupled lines that convert both ways, joined with both modes of their packages, and the common mode ended behind them."""
    generator = np.random.default_rng(8)
    s = generator.normal(size=(GRID.size, 4, 4)) + 1j * generator.normal(size=(GRID.size, 4, 4))
    # direct voltages have no phase
    s[0] = s[0].real
    s *= 0.9 / np.linalg.norm(s, ord=2, axis=(1, 2))[:, None, None]
    channel = sirf.Channel.from_network(Network(GRID, s), port_order="12-34")
    parts = [PairNetwork.balanced(at(DEVICE)), PairNetwork.from_four_port(Network(GRID, s))]
    if receiver is not BARE:
        parts.append(PairNetwork.balanced(at(receiver, receiver=True)))
    ends = tuple((end.r_d - end.r_0) / (end.r_d + end.r_0) for end in (DEVICE, receiver))
    expected = cascade_pairs(parts).differential(common_reflection=(ends[0], ends[1]))
    found = die_to_die(channel, replace(CASE, receiver=receiver)).network(0)
    assert np.abs(found.s - expected.s).max() < 1e-13


def test_a_4_port_that_is_not_the_through_paths_is_left_out() -> None:
    s = np.zeros((GRID.size, 4, 4), dtype=complex)
    s[:, :2, :2], s[:, 2:, 2:] = line(100.0).s, line(101.5).s
    channel = sirf.Channel.from_network(Network(GRID, s), port_order="12-34")
    other = replace(channel, through=line(50.0))
    wanted = at(DEVICE) @ line(50.0) @ at(OTHER_DEVICE, receiver=True)
    np.testing.assert_allclose(die_to_die(other, CASE).network(0).s, wanted.s, atol=1e-12)


@pytest.mark.parametrize(("near", "far"), [(50.0, 50.0), (40.0, 60.0), (60.0, 40.0), (45.0, 45.0)])
def test_terminations_divide_the_voltage(near: float, far: float) -> None:
    """Two dies on a wire of no length: the share of the receiver's resistance, twice, since matched ends see all of it."""
    s = np.zeros((len(GRID), 2, 2), dtype=complex)
    s[:, 1, 0] = s[:, 0, 1] = 1.0
    ends = [Package(die=(), r_d=value) for value in (near, far)]
    case = PackageCase(transmitter=ends[0], fext=ends[0], next=ends[0], receiver=ends[1])
    made = die_to_die(sirf.Channel(Network(GRID, s, z0=100.0), plane="bump"), case)
    np.testing.assert_allclose(made.transfer(0).value, 2.0 * far / (near + far), rtol=1e-12)


def test_a_links_digest_knows_the_4_port_that_its_result_depends_on() -> None:
    """Equal differential parameters, other common modes: other results at the packages, and so other seeds and files."""
    s = np.zeros((GRID.size, 4, 4), dtype=complex)
    s[:, :2, :2], s[:, 2:, 2:] = line(100.0).s, line(101.5).s
    skewed = sirf.Channel.from_network(Network(GRID, s), port_order="12-34")
    links = [sirf.Link(channel, standard="802.3ck-kr1") for channel in (skewed, replace(skewed, four_port=None))]
    assert not np.allclose(links[0].transfers()[0].value, links[1].transfers()[0].value, rtol=0.0, atol=1e-4)
    assert links[0].digest != links[1].digest
    at_die = [link.replace(channel=replace(link.channel, plane="die")) for link in links]
    assert at_die[0].digest == at_die[1].digest

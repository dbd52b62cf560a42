"""Mixed-mode files against scikit-rf's own mixed-mode transform."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import skrf
from numpy.typing import NDArray

from sirf.channel.channel import Channel
from sirf.channel.mixed_mode_order import modal_order_of_comments, parse_modal_order
from sirf.channel.network import Network
from sirf.channel.touchstone import load_touchstone, read_touchstone, write_touchstone
from sirf.errors import SirfError

Complex = NDArray[np.complex128]
RNG = np.random.default_rng(3)
FREQUENCY = np.array([1e9, 2e9, 3e9])


def random_s(ports: int) -> Complex:
    shape = (FREQUENCY.size, ports, ports)
    return np.asarray(0.2 * (RNG.normal(size=shape) + 1j * RNG.normal(size=shape)), dtype=np.complex128)


def modal_by_skrf(s: Complex) -> Complex:
    """Mixed-mode matrix of scikit-rf: d1, d2, c1, c2 of the ports (1, 2) and (3, 4)."""
    network = skrf.Network(f=FREQUENCY, f_unit="Hz", s=s, z0=50.0)
    network.se2gmm(p=2)
    return np.asarray(network.s)


def body(s: Complex) -> str:
    lines = []
    for hertz, matrix in zip(FREQUENCY.tolist(), s, strict=True):
        rows = [" ".join(f"{value.real!r} {value.imag!r}" for value in row.tolist()) for row in matrix]
        lines.append(f"{hertz!r} " + "\n".join(rows))
    return "\n".join(lines) + "\n"


def version_2(order: str, s: Complex, extra: str = "") -> str:
    ports = s.shape[1]
    return (
        f"[Version] 2.0\n# Hz S RI R 50\n[Number of Ports] {ports}\n[Number of Frequencies] {len(s)}\n{extra}"
        f"[Mixed-Mode Order] {order}\n[Network Data]\n{body(s)}[End]\n"
    )


def test_version_2_mixed_modes_become_the_ports_they_came_from(tmp_path: Path) -> None:
    s = random_s(4)
    (tmp_path / "mixed.s4p").write_text(version_2("D1,2 D3,4 C1,2 C3,4", modal_by_skrf(s)))
    file = load_touchstone(tmp_path / "mixed.s4p")
    assert np.allclose(file.network.s, s, rtol=0, atol=1e-13)
    assert file.notes == ("mixed-mode data D1,2 D3,4 C1,2 C3,4 were converted to single-ended ports.",)


def test_the_order_of_modes_and_ports_is_free(tmp_path: Path) -> None:
    s = random_s(4)
    modal = modal_by_skrf(s)
    rows = [2, 0, 3, 1]  # C of the first pair, D of the first, C of the second, D of the second
    shuffled = modal[:, rows][:, :, rows]
    names = {1: 4, 2: 1, 3: 3, 4: 2}  # the pair (1, 2) of the data are ports 4 and 1 of the file
    order = " ".join(
        f"{kind}{names[p]},{names[n]}" for kind, p, n in (("C", 1, 2), ("D", 1, 2), ("C", 3, 4), ("D", 3, 4))
    )
    (tmp_path / "mixed.s4p").write_text(version_2(order, shuffled))
    found = read_touchstone(tmp_path / "mixed.s4p").s
    ports = [names[k] - 1 for k in (1, 2, 3, 4)]
    assert np.allclose(found[:, ports][:, :, ports], s, rtol=0, atol=1e-13)


def test_single_ended_ports_may_stand_beside_pairs(tmp_path: Path) -> None:
    s = random_s(3)
    m = np.array([[1, -1, 0], [1, 1, 0], [0, 0, np.sqrt(2)]]) / np.sqrt(2)
    (tmp_path / "three.s3p").write_text(version_2("D1,2 C1,2 S3", m @ s @ np.linalg.inv(m)))
    assert np.allclose(read_touchstone(tmp_path / "three.s3p").s, s, rtol=0, atol=1e-13)


def test_unequal_references_of_pairs_are_those_of_the_ports(tmp_path: Path) -> None:
    s = random_s(4)
    theirs = skrf.Network(f=FREQUENCY, f_unit="Hz", s=s, z0=[[45, 45, 60, 60]] * 3)
    theirs.renormalize(50.0)
    text = version_2("D1,2 D3,4 C1,2 C3,4", modal_by_skrf(s), extra="[Reference] 45 45\n 60 60\n")
    (tmp_path / "mixed.s4p").write_text(text)
    file = load_touchstone(tmp_path / "mixed.s4p")
    assert np.allclose(file.network.s, theirs.s, rtol=0, atol=1e-12)
    assert "port impedances 45, 45, 60, 60 ohm were renormalised to 50 ohm." in file.notes


LABELS = "SDD11 SDD12 SDC11 SDC12\n! SDD21 SDD22 SDC21 SDC22\n! SCD11 SCD12 SCC11 SCC12\n! SCD21 SCD22 SCC21 SCC22"


def test_version_1_mixed_modes_by_their_column_heads(tmp_path: Path) -> None:
    s = random_s(4)
    (tmp_path / "mixed.s4p").write_text(f"! freq {LABELS}\n# Hz S RI R 50\n{body(modal_by_skrf(s))}")
    assert np.allclose(read_touchstone(tmp_path / "mixed.s4p").s, s, rtol=0, atol=1e-13)


def test_version_1_mixed_modes_by_option(tmp_path: Path) -> None:
    s = random_s(4)
    (tmp_path / "plain.s4p").write_text(f"! SDD21 is the second\n# Hz S RI R 50\n{body(modal_by_skrf(s))}")
    plain = read_touchstone(tmp_path / "plain.s4p").s
    assert np.allclose(plain, modal_by_skrf(s), rtol=0, atol=1e-13)  # one head among words tells nothing
    mixed = read_touchstone(tmp_path / "plain.s4p", mixed_mode="D1,2 D3,4 C1,2 C3,4").s
    assert np.allclose(mixed, s, rtol=0, atol=1e-13)


def test_heads_can_be_overruled(tmp_path: Path) -> None:
    s = random_s(4)
    (tmp_path / "plain.s4p").write_text(f"! {LABELS}\n# Hz S RI R 50\n{body(s)}")
    file = load_touchstone(tmp_path / "plain.s4p", mixed_mode="S1 S2 S3 S4")
    assert np.allclose(file.network.s, s, rtol=0, atol=1e-13)
    assert file.notes == ()


def test_heads_of_two_ports() -> None:
    assert modal_order_of_comments("SDD11 SDD21 SDD12 SDD22", 2) is None  # the pair itself
    assert modal_order_of_comments("SDD11 SCD11 SDC11 SCC11", 2) == "D1,2 C1,2"
    with pytest.raises(SirfError, match="row by row"):
        modal_order_of_comments("SDD11 SCC11 SDC11 SCD11", 2)


@pytest.mark.parametrize("name", ["backplane_12db/thru.s4p", "c2m_16db/thru.s4p", "nasty/option_line_order.s4p"])
def test_unlabelled_mixed_modes_raise_suspicion_and_single_ended_files_do_not(
    channels_dir: Path, tmp_path: Path, name: str
) -> None:
    plain = Channel.from_touchstone(channels_dir / name)
    assert not any("mixed-mode data" in note for note in plain.warnings)
    assert plain.four_port is not None
    modal = plain.four_port.to_network()
    modal.renumber([0, 1, 2, 3], [0, 2, 1, 3])
    modal.se2gmm(p=2)
    file = tmp_path / "modal.s4p"
    write_touchstone(file, Network(plain.frequency, modal.s, z0=50.0))
    assert any("mixed-mode data" in note for note in Channel.from_touchstone(file).warnings)
    told = Channel.from_touchstone(file, mixed_mode="D1,2 D3,4 C1,2 C3,4")
    assert not any("If these are" in note for note in told.warnings)
    assert np.allclose(told.through.s, modal.s[:, :2, :2], rtol=0, atol=1e-12)
    assert np.allclose(told.through.s, plain.through.s, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("order", "words"), [("D1 C1,2", "got 'D1'"), ("S1,2 C1,2", "got 'S1,2'"), ("", "got 0")])
def test_wrong_orders_are_refused(order: str, words: str) -> None:
    with pytest.raises(SirfError, match=words):
        parse_modal_order(order, 2)

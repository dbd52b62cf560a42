"""Port impedances that stand in comments, and the option lines of real programs."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import skrf
from numpy.typing import NDArray

from sirf.channel.channel import Channel
from sirf.channel.touchstone import load_touchstone
from sirf.errors import TouchstoneError

HEAD = "! Data is not renormalized\n# GHz S RI\n"
Complex = NDArray[np.complex128]


def random_s(points: int, ports: int, seed: int = 1) -> Complex:
    rng = np.random.default_rng(seed)
    s = 0.2 * (rng.normal(size=(points, ports, ports)) + 1j * rng.normal(size=(points, ports, ports)))
    return np.asarray(s, dtype=np.complex128)


def written(folder: Path, text: str, name: str = "ports.s2p") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def two_port(comment: str, head: str = HEAD) -> str:
    points = "{} .1 0 .9 -.1 .2 0 .3 .1\n{}"
    return head + "".join(points.format(k, comment) for k in (1, 2, 3))


def at_50(z0: object, points: int = 3) -> Complex:
    """What scikit-rf makes of the same two-port."""
    s = np.array([[[0.1, 0.2], [0.9 - 0.1j, 0.3 + 0.1j]]] * points)
    network = skrf.Network(f=np.arange(1, points + 1), f_unit="GHz", s=s, z0=z0, s_def="traveling")
    network.renormalize(50.0)
    return np.asarray(network.s)


def test_a_solvers_export_is_what_its_renormalised_twin_says(reference_dir: Path) -> None:
    folder = reference_dir / "cases" / "hfss_threeport"
    ours = load_touchstone(folder / "hfss_threeport_MA.s3p")
    twin = load_touchstone(folder / "hfss_threeport_MA_50Ohm.s3p")
    assert np.allclose(ours.network.s, twin.network.s, rtol=0, atol=1e-11)
    assert 20 * np.log10(abs(ours.network.s[0, 1, 0])) == pytest.approx(-13.483, abs=5e-4)
    assert "in the comments were renormalised to 50 ohm" in ours.notes[0]
    assert twin.notes == ()


def test_losses_of_a_line_exported_at_its_ports_own_impedance(reference_dir: Path) -> None:
    channel = Channel.from_touchstone(reference_dir / "cases" / "hfss_impedance_in_comments.s4p")
    assert float(channel.return_loss_db(27e9)) == pytest.approx(26.48, abs=0.005)
    assert float(channel.insertion_loss_db(27e9)) == pytest.approx(1.888, abs=5e-4)
    assert any("42 ohm in the comments" in note for note in channel.warnings)


@pytest.mark.parametrize("waves", ["power", "pseudo", "traveling"])
def test_what_scikit_rf_writes_with_impedances_comes_back(tmp_path: Path, waves: str) -> None:
    rng = np.random.default_rng(2)
    z0 = rng.uniform(20, 90, (5, 3)) + 1j * rng.uniform(-20, 20, (5, 3))
    network = skrf.Network(f=np.arange(1, 6), f_unit="GHz", s=random_s(5, 3), z0=z0, s_def=waves)
    network.write_touchstone(str(tmp_path / "three.s3p"), write_z0=True)
    assert "R\n" in (tmp_path / "three.s3p").read_text()  # a bare R
    expected = network.copy()
    expected.renormalize(50.0)
    assert np.allclose(load_touchstone(tmp_path / "three.s3p").network.s, expected.s, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("comment", "z0"),
    [
        ("! Port Impedance 42 0 42 0\n", 42.0),
        ("! Port Impedance42 0 60 0\n", [42.0, 60.0]),
        ("!PORT IMPEDANCE 42 -3 60 5\n", [42.0 - 3j, 60.0 + 5j]),
        ("! Port Impedance 42 0\n!  60 0\n", [42.0, 60.0]),
        ("! Port Impedance 42 0 1 1\n! 2 2 60 0\n", [42.0, 60.0]),  # a matrix, whose diagonal counts
        ("! Gamma ! 0 1 0 1\n! Port Impedance 42 0 42 0\n\n", 42.0),
        ("! Port Impedance: 42 60\n", [42.0, 60.0]),
        ("! Port impedance = 4.2e1\n", 42.0),
    ],
)
def test_every_way_of_writing_the_list(tmp_path: Path, comment: str, z0: object) -> None:
    found = load_touchstone(written(tmp_path, two_port(comment)))
    assert np.allclose(found.network.s, at_50(z0), rtol=0, atol=1e-12)
    assert found.network.z0 == 50.0


def test_one_list_in_the_head_holds_for_all_frequencies(tmp_path: Path) -> None:
    found = load_touchstone(written(tmp_path, "! Port Impedance 42 0 60 0\n" + two_port("")))
    assert np.allclose(found.network.s, at_50([42.0, 60.0]), rtol=0, atol=1e-12)


def test_impedances_may_change_over_frequency(tmp_path: Path) -> None:
    points = [f"{k} .1 0 .9 -.1 .2 0 .3 .1\n! Port Impedance {40 + k} 0 {60 - k} 0\n" for k in (1, 2, 3)]
    found = load_touchstone(written(tmp_path, HEAD + "".join(points)))
    assert np.allclose(found.network.s, at_50([[41, 59], [42, 58], [43, 57]]), rtol=0, atol=1e-12)


def test_where_nothing_in_the_file_decides_a_note_says_so_and_the_caller_does(tmp_path: Path) -> None:
    path = written(tmp_path, two_port("! Port Impedance 42 0 42 0\n", head="# GHz S RI R 50\n"))
    plain = load_touchstone(path)
    assert plain.network.z0 == 50.0
    assert plain.network.s[0, 1, 0] == 0.9 - 0.1j
    assert "42 ohm" in plain.notes[0]
    assert "--z0" in plain.notes[0]
    told = load_touchstone(path, z0=42)
    assert told.network.z0 == 42.0
    assert told.notes == ("the reference impedance is 42 ohm as given.",)
    unequal = load_touchstone(path, z0=[42.0, 60.0])
    assert np.allclose(unequal.network.s, at_50([42.0, 60.0]), rtol=0, atol=1e-12)


def test_equal_statements_need_no_note(tmp_path: Path) -> None:
    path = written(tmp_path, two_port("! Port Impedance 50 0 50 0\n", head="# GHz S RI R 50\n"))
    assert load_touchstone(path).notes == ()
    head = "! Data is not renormalized\n# GHz S RI R 50\n"
    path = written(tmp_path, two_port("! Port Impedance 42 0 42 0\n", head=head))
    assert np.allclose(load_touchstone(path).network.s, at_50(42.0), rtol=0, atol=1e-12)


def test_a_bare_r_beside_such_comments_is_no_fault(tmp_path: Path) -> None:
    path = written(tmp_path, two_port("! Port Impedance 42 0 42 0\n", head="# GHz S RI R\n"))
    assert np.allclose(load_touchstone(path).network.s, at_50(42.0), rtol=0, atol=1e-12)
    alone = written(tmp_path, two_port("", head="# GHz S RI R\n"))
    with pytest.raises(TouchstoneError, match=r"line 1: R must be followed by a positive resistance"):
        load_touchstone(alone)
    assert load_touchstone(alone, z0=60.0).network.z0 == 60.0


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("! Port Impedance 42 0 42\n", "must be 4 or 8 numbers for 2 ports, got 3"),
        ("! Port Impedance 42 0 0 0\n", "must be finite and not zero"),
    ],
)
def test_lists_that_cannot_be_are_refused_with_their_line(tmp_path: Path, comment: str, words: str) -> None:
    with pytest.raises(TouchstoneError, match=rf"line 4: .*{words}"):
        load_touchstone(written(tmp_path, two_port(comment)))


@pytest.mark.parametrize(
    "comment",
    [
        "! Port impedance is 75 ohm\n",
        "! Port Impedance: see the report\n",
        "! impedance 42\n",
        "! Port Impedance " + "1" * 60 + "e\n",
    ],
)
def test_a_sentence_about_impedances_is_left_alone(tmp_path: Path, comment: str) -> None:
    found = load_touchstone(written(tmp_path, comment + two_port("", head="# GHz S RI R 50\n")))
    assert (found.network.z0, found.notes) == (50.0, ())


def test_different_lists_for_some_frequencies_are_refused(tmp_path: Path) -> None:
    text = HEAD + "1 .1 0 .9 0 .2 0 .3 0\n! Port Impedance 42 0 42 0\n2 .1 0 .9 0 .2 0 .3 0\n3 .1 0 .9 0 .2 0 .3 0\n"
    assert load_touchstone(written(tmp_path, text)).network.frequency.size == 3  # one for all
    text += "! Port Impedance 43 0 42 0\n"
    with pytest.raises(TouchstoneError, match="must stand once or once a frequency, got 2 different ones for 3"):
        load_touchstone(written(tmp_path, text))


@pytest.mark.parametrize(
    ("option", "z0"),
    [("R50", 50.0), ("R 50 Ohm", 50.0), ("R (50,0)", 50.0), ("R=75", 75.0), ("r42.5ohms", 42.5), ("R 5e1", 50.0)],
)
def test_resistances_as_real_programs_write_them(tmp_path: Path, option: str, z0: float) -> None:
    for order in (f"# GHz S RI {option}", f"# {option} RI GHz S"):
        path = written(tmp_path, f"{order}\n1 .1 0\n", "one.s1p")
        assert load_touchstone(path).network.z0 == z0


def test_glued_resistance_of_the_reference_case(reference_dir: Path) -> None:
    assert load_touchstone(reference_dir / "cases" / "r50_glued.s2p").network.z0 == 50.0


@pytest.mark.parametrize("parameter", ["Y", "Z", "G", "H"])
@pytest.mark.parametrize("version", ["1", "2.0"])
def test_other_parameters_become_s(tmp_path: Path, parameter: str, version: str) -> None:
    """Version 1 writes them relative to R, version 2 in ohm and siemens; the numbers are scikit-rf's."""
    s = random_s(3, 2)
    z0 = np.full((3, 2), 60.0)
    value = getattr(skrf.network, f"s2{parameter.lower()}")(s, z0)
    scale = {"Z": 1 / 60, "Y": 60.0, "H": np.array([[1 / 60, 1], [1, 60.0]]), "G": np.array([[60.0, 1], [1, 1 / 60]])}
    head = f"# GHz {parameter} RI R 60\n"
    if version == "1":
        value = value * scale[parameter]
    else:
        head = f"[Version] 2.0\n{head}[Number of Ports] 2\n[Two-Port Data Order] 21_12\n[Network Data]\n"
    rows = [
        f"{k + 1} " + " ".join(f"{entry.real!r} {entry.imag!r}" for entry in matrix.T.ravel().tolist())
        for k, matrix in enumerate(value)
    ]
    found = load_touchstone(written(tmp_path, head + "\n".join(rows) + "\n"))
    assert np.allclose(found.network.s, s, rtol=0, atol=1e-12)
    assert found.network.z0 == 60.0
    assert f"{parameter}-parameters were converted" in found.notes[0]


def test_zero_in_decibels(reference_dir: Path, tmp_path: Path) -> None:
    network = load_touchstone(reference_dir / "cases" / "minus_inf_db.s2p").network
    assert np.all(network.s[:, 0, 0] == 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = skrf.Network(str(reference_dir / "cases" / "minus_inf_db.s2p"))
    assert np.allclose(network.s, theirs.s, rtol=0, atol=1e-14)
    for row in ("1 .1 -inf .9 0 .2 0 .3 0", "-inf .1 0 .9 0 .2 0 .3 0", "1 inf 0 .9 0 .2 0 .3 0"):
        with pytest.raises(TouchstoneError, match=r"line 2: (value must be finite|frequency must not)"):
            load_touchstone(written(tmp_path, f"# GHz S DB R 50\n{row}\n"))


def test_sweeps_out_of_order(reference_dir: Path, tmp_path: Path) -> None:
    falling = load_touchstone(reference_dir / "cases" / "falling_sweep.s2p")
    rising = load_touchstone(reference_dir / "cases" / "r50_glued.s2p")
    repeated = load_touchstone(reference_dir / "cases" / "repeated_point.s2p")
    assert np.array_equal(falling.network.frequency, rising.network.frequency)
    assert np.array_equal(falling.network.s, rising.network.s)
    assert falling.notes == ("frequencies fall in the file and were sorted.",)
    assert np.array_equal(repeated.network.s, rising.network.s)
    assert repeated.notes == ("one repeated point was left out: the values are equal.",)
    mixed = written(tmp_path, "# GHz S RI\n" + "".join(f"{k} {k / 10} 0\n" for k in (3, 1, 2)), "one.s1p")
    with pytest.raises(TouchstoneError, match=r"line 3: frequency must ascend, got 1 after 3.*--sort"):
        load_touchstone(mixed)
    sorted_file = load_touchstone(mixed, sort=True)
    assert sorted_file.network.s[:, 0, 0].real.tolist() == [0.1, 0.2, 0.3]
    twice = written(tmp_path, "# GHz S RI\n1 .1 0\n2 .2 0\n1 .3 0\n", "one.s1p")
    with pytest.raises(TouchstoneError, match="values differ"):
        load_touchstone(twice, sort=True)

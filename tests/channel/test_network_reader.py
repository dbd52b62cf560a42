"""CITI, MDIF and compressed files against scikit-rf's readers and writers, and files that no reader of ours knows."""

from __future__ import annotations

import contextlib
import gzip
from pathlib import Path

import numpy as np
import pytest
import skrf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skrf.io.citi import Citi
from skrf.io.mdif import Mdif
from skrf.networkSet import NetworkSet

from sirf.channel.channel import Channel
from sirf.channel.network_reader import load_network
from sirf.channel.touchstone import read_touchstone
from sirf.errors import SirfError, TouchstoneError

Complex = NDArray[np.complex128]
FREQUENCY = np.array([1e9, 2e9, 3e9, 4.5e9])


def random_s(ports: int, seed: int = 1) -> Complex:
    rng = np.random.default_rng(seed)
    shape = (FREQUENCY.size, ports, ports)
    return np.asarray(0.2 * (rng.normal(size=shape) + 1j * rng.normal(size=shape)), dtype=np.complex128)


def pairs(values: Complex, layout: str) -> list[str]:
    if layout == "RI":
        return [f"{value.real!r},{value.imag!r}" for value in values.tolist()]
    size, angle = np.abs(values), np.angle(values, deg=True)
    first = size if layout == "MAGANGLE" else 20 * np.log10(size)
    return [f"{a!r},{b!r}" for a, b in zip(first.tolist(), angle.tolist(), strict=True)]


def citi(s: Complex, layout: str = "RI", *, extra: str = "", port_z: str = "") -> str:
    ports = s.shape[1]
    entries = [(out, into) for out in range(ports) for into in range(ports)]
    lines = ["CITIFILE A.01.00", "#NA VERSION 1", "NAME DATA", f"VAR FREQ MAG {FREQUENCY.size}"]
    lines += [f"DATA S[{out + 1},{into + 1}] {layout}" for out, into in entries]
    lines += [port_z] if port_z else []
    lines += ["VAR_LIST_BEGIN", *map(repr, FREQUENCY.tolist()), "VAR_LIST_END"]
    for out, into in entries:
        lines += ["BEGIN", *pairs(s[:, out, into], layout), "END"]
    return "\n".join(lines) + "\n" + extra


def saved(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("layout", ["RI", "MAGANGLE", "DBANGLE"])
@pytest.mark.parametrize("ports", [1, 2, 4])
def test_citi_reads_as_scikit_rf_reads_it(tmp_path: Path, ports: int, layout: str) -> None:
    s = random_s(ports)
    path = saved(tmp_path, "analyser.cti", citi(s, layout))
    found = load_network(path)
    assert np.allclose(found.network.s, s, rtol=0, atol=1e-14)
    theirs = Citi(str(path)).networks[0]
    assert np.allclose(found.network.s, theirs.s, rtol=0, atol=1e-14)
    assert np.array_equal(found.network.frequency, FREQUENCY)
    assert (found.network.z0, found.version, found.notes) == (50.0, "CITI", ())


def test_citi_segments_and_port_impedances(tmp_path: Path) -> None:
    s = random_s(2)
    text = citi(s, port_z="CONSTANT PORTZ[1] 42\nCONSTANT PORTZ[2] 60")
    listed = "VAR_LIST_BEGIN\n" + "\n".join(map(repr, FREQUENCY.tolist())) + "\nVAR_LIST_END"
    text = text.replace(listed, "SEG_LIST_BEGIN\nSEG 1e9 3e9 3\nSEG 4.5e9 4.5e9 1\nSEG_LIST_END")
    found = load_network(saved(tmp_path, "segments.citi", text))
    expected = skrf.Network(f=FREQUENCY, f_unit="Hz", s=s, z0=[42.0, 60.0])
    expected.renormalize(50.0)
    assert np.allclose(found.network.s, expected.s, rtol=0, atol=1e-12)
    assert found.notes == ("port impedances were renormalised to 50 ohm.",)
    same = load_network(saved(tmp_path, "one.citi", citi(s, port_z="CONSTANT PORTZ[1] 75\nCONSTANT PORTZ[2] 75")))
    assert same.network.z0 == 75.0


def two_states(s: Complex, other: Complex) -> str:
    """Temperature outside, frequency inside, as scikit-rf and the analysers order them."""
    lines = ["CITIFILE A.01.01", "NAME DATA", "VAR temp MAG 2", f"VAR FREQ MAG {FREQUENCY.size}", "DATA S[1,1] RI"]
    lines += [
        "VAR_LIST_BEGIN",
        "25",
        "85",
        "VAR_LIST_END",
        "VAR_LIST_BEGIN",
        *map(repr, FREQUENCY.tolist()),
        "VAR_LIST_END",
    ]
    return "\n".join([*lines, "BEGIN", *pairs(s[:, 0, 0], "RI"), *pairs(other[:, 0, 0], "RI"), "END"]) + "\n"


def test_several_states_want_a_choice(tmp_path: Path) -> None:
    s, other = random_s(1), random_s(1, seed=2)
    path = saved(tmp_path, "states.cti", two_states(s, other))
    with pytest.raises(TouchstoneError, match="line 1: block must be given, got 2 states of TEMP"):
        load_network(path)
    for block, expected in ((1, s), (2, other)):
        found = load_network(path, block=block)
        assert np.array_equal(found.network.s, expected)
        assert np.allclose(Citi(str(path)).networks[block - 1].s, expected)
        assert found.notes == (f"state {block} of the file was taken.",)
    with pytest.raises(TouchstoneError, match="block must be 1 to 2, got 3"):
        load_network(path, block=3)


@pytest.mark.parametrize("ports", [1, 2, 3, 4, 11])
@pytest.mark.parametrize("form", ["ri", "ma", "db"])
def test_mdif_that_scikit_rf_writes(tmp_path: Path, ports: int, form: str) -> None:
    networks = [
        skrf.Network(f=FREQUENCY, f_unit="Hz", s=random_s(ports, seed), z0=60.0, name=f"n{seed}") for seed in (1, 2)
    ]
    path = tmp_path / "set.mdf"
    NetworkSet(networks).write_mdif(str(path), form=form)
    with pytest.raises(TouchstoneError, match="block must be given, got 2 tables in the file"):
        load_network(path)
    for block in (1, 2):
        found = load_network(path, block=block)
        assert np.allclose(found.network.s, networks[block - 1].s, rtol=0, atol=1e-12)
        if ports <= 2:  # scikit-rf 2.2 does not read the heads that it writes for more
            assert np.allclose(found.network.s, Mdif(str(path)).networks[block - 1].s, rtol=0, atol=1e-12)
        assert found.network.z0 == 60.0
        assert found.notes == (f"table {block} of 2 was taken.",)


def test_mdif_with_other_heads(tmp_path: Path) -> None:
    s = random_s(2)
    rows = [
        f"{hertz / 1e9!r} " + " ".join(f"{value.real!r} {value.imag!r}" for value in matrix.ravel().tolist())
        for hertz, matrix in zip(FREQUENCY.tolist(), s, strict=True)
    ]
    body = "\n".join(rows)
    heads = "S[1,1](complex) S[1,2](complex) S[2,1](complex) S[2,2](complex)"
    for head in (
        f"% F {heads}\n# (GHZ S RI R 50)",
        f"%freq(GHz) {heads}",
        "% F S11R S11I S12R S12I S21R S21I S22R S22I\n# GHz S RI R 50",
    ):
        text = f"! of a simulator\nVAR L(real) = 1.5\nBEGIN ACDATA\n{head}\n{body}\nEND\n"
        assert np.allclose(load_network(saved(tmp_path, "a.mdif", text)).network.s, s, rtol=0, atol=1e-14)
    touchstone_order = "\n".join(
        f"{hertz / 1e9!r} " + " ".join(f"{value.real!r} {value.imag!r}" for value in matrix.T.ravel().tolist())
        for hertz, matrix in zip(FREQUENCY.tolist(), s, strict=True)
    )
    plain = saved(tmp_path, "b.mdif", f"BEGIN ACDATA\n# GHz S RI R 50\n{touchstone_order}\nEND\n")
    assert np.allclose(load_network(plain).network.s, s, rtol=0, atol=1e-14)


def test_any_of_them_compressed(tmp_path: Path, reference_dir: Path) -> None:
    source = reference_dir / "cases" / "line_85_ohm.s4p"
    (tmp_path / "line.s4p.gz").write_bytes(gzip.compress(source.read_bytes()))
    packed = load_network(tmp_path / "line.s4p.gz")
    assert packed.network.name == "line"
    assert np.array_equal(packed.network.s, read_touchstone(source).s)
    assert Channel.from_touchstone(tmp_path / "line.s4p.gz").port_order == (1, 2, 3, 4)
    (tmp_path / "a.cti.gz").write_bytes(gzip.compress(citi(random_s(2)).encode()))
    assert np.array_equal(load_network(tmp_path / "a.cti.gz").network.s, random_s(2))


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.ibs", "[IBIS Ver] 5.1\n", "got an IBIS model"),
        ("a.csv", "!CSV A.01.01\n!Agilent\nBEGIN CH1_DATA\n", "got a table of an analyser"),
        ("a.json", '{"s": 1}', "got a JSON file"),
        ("a.cti", "CITIFILE A.01.00\nNAME X\nVAR FREQ MAG 2\nDATA V1 RI\n", "line 1: CITI file must hold S-"),
        ("a.cti", "CITIFILE A.01.00\nVAR FREQ MAG two\n", "line 2: VAR must have a name and a count"),
        ("a.cti", "CITIFILE A.01.00\nVAR FREQ MAG 2\nDATA S[1,1] XY\n", "line 3: DATA must name its format"),
        ("a.cti", "CITIFILE A.01.00\nVAR T MAG 2\nDATA S[1,1] RI\n", "must have a variable FREQ"),
        ("a.cti", "CITIFILE A.01.00\nVAR FREQ MAG 2\nDATA S[1,1] RI\nBEGIN\n1,0\nEND\n", "frequencies must be listed"),
        ("a.cti", citi(random_s(2)).rsplit("\n", 3)[0], "list of S\\[2,2\\] must have 8 numbers, got 6"),
        ("a.cti", citi(random_s(2)).replace("DATA S[2,2] RI\n", ""), "BEGIN must follow a line that declares it"),
        ("a.mdf", "VAR a = 1\n", "must have a table"),
        ("a.mdf", "BEGIN ACDATA\n# GHz S RI R 50\n1 .1 0\n", "line 1: table must be closed by END"),
        ("a.mdf", "BEGIN ACDATA\n# GHz S RI R 50\n1 .1 x\nEND\n", "line 3: value must be a number, got 'x'"),
        (
            "a.mdf",
            "BEGIN ACDATA\n% F S[1,1]\n1 .1 0\n2 .1\nEND\n",
            "line 4: numbers of the table must be a multiple of 3",
        ),
        ("a.mdf", "BEGIN ACDATA\n% F gain\n1 .1 0\nEND\n", "heads must name two numbers"),
        ("a.s1p", "# GHz S RI\n1 .1 0\n", None),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, name: str, text: str, words: str | None) -> None:
    path = saved(tmp_path, name, text)
    if words is None:
        with pytest.raises(TouchstoneError, match="block must be 1 in a Touchstone file"):
            load_network(path, block=2)
        return
    with pytest.raises(TouchstoneError, match=words) as caught:
        load_network(path)
    assert "\n" not in str(caught.value)


SCRAPS = [
    b"END\n",
    b"BEGIN\n",
    b"VAR FREQ MAG 9\n",
    b"nan",
    b"1e999",
    b"[",
    b"!",
    b"\0",
    b"% F S[1,1]\n",
    b"# Hz S DB R 0\n",
]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_tables_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    mdif = "VAR a = 1\nBEGIN ACDATA\n% F S[1,1](complex)\n# GHZ S RI R 50\n1 .1 0\n2 .2 0\nEND\n"
    name, source = data.draw(st.sampled_from([("a.cti", citi(random_s(1))), ("a.mdf", mdif)]))
    content = source.encode()
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        scrap = data.draw(st.one_of(st.binary(max_size=5), st.sampled_from(SCRAPS)))
        content = content[:start] + scrap + content[start + data.draw(st.integers(0, 9)) :]
    path = tmp_path_factory.mktemp("damaged") / name
    path.write_bytes(content)
    with contextlib.suppress(SirfError):
        network = load_network(path).network
        assert np.all(np.isfinite(network.s))
        assert np.all(np.diff(network.frequency) > 0)


def test_files_of_the_reference_folder_are_read_once_and_others_anew(channels_dir: Path, tmp_path: Path) -> None:
    file = channels_dir / "stripline_measured" / "119mm.s2p"
    first = load_network(file)
    assert load_network(file) is first
    assert load_network(file, z0=42.0) is not first
    assert not first.network.s.flags.writeable
    copy = tmp_path / file.name
    copy.write_bytes(file.read_bytes())
    assert np.array_equal(load_network(copy).network.s, first.network.s)
    assert load_network(copy) is not load_network(copy)

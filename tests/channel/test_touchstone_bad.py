"""Broken and hostile Touchstone files: each is refused in one sentence that names the file and the line, or read right."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import resource
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sirf.channel.touchstone import read_touchstone, write_touchstone
from sirf.errors import SirfError, TouchstoneError
from tests.channel.test_touchstone import TWO_PORT, VERSION_2, four_port, written

HEAD = "# GHz S RI R 50\n"
ONE = "1 .1 0 .9 0 .2 0 .3 0\n"
V2 = "[Version] 2.0\n# GHz S RI R 50\n[Number of Ports] 2\n"
V2_DATA = "[Two-Port Data Order] 21_12\n[Network Data]\n" + ONE
THREE = HEAD + "".join(f"{k} .1 0 .2 0 .3 0\n.1 0 .2 0 .3 0\n.1 0 .2 0 .3 0\n" for k in (1, 2, 3))
LONG = HEAD + "".join(f"{k} {'.1 0 .2 0 .3 0 ' * 2}.1 0 .2 0 .3 {k}.9\n" for k in range(1, 8))
MIXED = (
    "[Version] 2.0\n# GHz S RI R 50\n[Number of Ports] 4\n[Mixed-Mode Order] {order}\n[Network Data]\n"
    + "1 "
    + ("0.1 0 " * 16)
)
LABELS = "! SDD11 SDD12 SDC11 SDC12 SDD21 SDD22 SDC21 SDC22 SCD11 SCD12 SCC11 SCC12 SCD21 SCD22 SCC21 SCC22\n"

BAD: list[tuple[str, str | bytes, int | None, str]] = [
    # nothing there
    ("empty.s2p", "", 1, "empty file"),
    ("blank.s2p", " \n\n", 1, "empty file"),
    ("mark.s2p", b"\xef\xbb\xbf", 1, "empty file"),
    ("comments.s2p", "! nothing\n", 1, "option line must be present"),
    ("header.s2p", HEAD, 1, "network data must follow"),
    ("header_and_comments.s2p", HEAD + "! 1 2 3\n! 4 5 6\n", 3, "network data must follow"),
    ("keywords_only.s2p", V2, 3, "network data must follow"),
    ("no_numbers.s2p", V2 + "[Two-Port Data Order] 21_12\n[Network Data]\n[End]\n", 6, "network data must follow"),
    # not Touchstone
    ("no_option.s2p", "1 2 3\n", 1, "option line must be present"),
    ("late_option.s2p", ONE + HEAD, 1, "option line must be present"),
    ("table.s2p", "frequency,s11\n1e9,0.1\n", 1, "option line must be present"),
    ("binary.s2p", b"# GHz\n\x89PNG\x00\x01\x02", 2, "binary"),
    ("picture.s2p", b"\x89PNG\r\n\x1a\n\x00\x00", 1, "a PNG picture"),
    ("page.s4p", "<!DOCTYPE html><html></html>", 1, "a web page"),
    ("cut.s4p.gz", gzip.compress(b"# GHz S RI R 50\n1 2 3\n")[:-9], None, "gzip archive must be whole"),
    ("hdf5.s4p", b"\x89HDF\r\n\x1a\n", 1, "an HDF5 file"),
    ("archive.s4p", b"PK\x03\x04rest", 1, "zip"),
    ("pointer.s4p", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", 1, "Git LFS pointer"),
    ("wide.s2p", HEAD.encode("utf-16"), 1, "UTF-16"),
    ("wide_big.s2p", b"\xfe\xff" + HEAD.encode("utf-16-be"), 1, "UTF-16"),
    ("wide_unmarked.s2p", HEAD.encode("utf-16-le"), 1, "binary"),
    ("accent.s2p", HEAD + "1 .1 0 .9 0 .2 0 .3 \xb2\n", 2, "must be ASCII"),
    ("hard_space.s2p", (HEAD + "1\xa0.1 0 .9 0 .2 0 .3 0\n").encode("latin-1"), 2, "must be ASCII"),
    # numbers
    ("words.s2p", TWO_PORT + "3 .1 0 .9 zero .2 0 .3 .1\n", 4, "must be a number, got 'zero'"),
    ("commas.s2p", HEAD + "1,.1,0,.9,0,.2,0,.3,0\n", 2, "must be a number, got '1,.1,0"),
    ("decimal_comma.s2p", HEAD + "1 0,1 0 0,9 0 0,2 0 0,3 0\n", 2, "must be a number, got '0,1'"),
    ("underscore.s2p", HEAD + "1_0 .1 0 .9 0 .2 0 .3 0\n", 2, "must be a number, got '1_0'"),
    ("hex.s2p", HEAD + "0x1 .1 0 .9 0 .2 0 .3 0\n", 2, "must be a number, got '0x1'"),
    ("fortran.s2p", HEAD + "1.0D0 .1 0 .9 0 .2 0 .3 0\n", 2, "must be a number, got '1.0D0'"),
    ("complex.s2p", HEAD + "1 .1+0j .9 .2 .3\n", 2, "must be a number, got '.1+0j'"),
    ("two_points.s2p", HEAD + "1 .1.5 0 .9 0 .2 0 .3 0\n", 2, "must be a number, got '.1.5'"),
    ("glued.s2p", HEAD + "1 .1-2 0 .9 0 .2 0 .3 0\n", 2, "must be a number, got '.1-2'"),
    ("stars.s2p", HEAD + "1 ***** 0 .9 0 .2 0 .3 0\n", 2, "must be a number, got '*****'"),
    ("long_number.s2p", HEAD + "1" * 100_000 + "x\n", 2, "must be a number"),
    ("long_option.s2p", "# GHz S RI R " + "1" * 100_000 + "x\n" + ONE, 1, "R must be followed"),
    ("long_comment.s2p", HEAD + "! Port Impedance " + "1" * 100_000 + "x\n1 x\n", 3, "must be a number, got 'x'"),
    ("long_word.s2p", HEAD + "x" * 100_000 + "\n", 2, "must be a number"),
    ("nan.s2p", TWO_PORT + "3 .1 0 .9 nan .2 0 .3 .1\n", 4, "must be finite, got nan"),
    ("inf.s2p", TWO_PORT + "3 .1 0 .9 -inf .2 0 .3 .1\n", 4, "must be finite, got -inf"),
    ("nan_frequency.s2p", HEAD + "nan .1 0 .9 0 .2 0 .3 .1\n", 2, "must be finite, got nan"),
    ("overflow.s2p", HEAD + "1 1e999 0 .9 0 .2 0 .3 .1\n", 2, "must be finite, got 1e999"),
    ("ind.s2p", HEAD + "1 1.#IND 0 .9 0 .2 0 .3 .1\n", 2, "must be a number, got '1.#IND'"),
    ("loud.s1p", "# GHz S DB R 50\n1 1e9 0\n", 2, "finite"),
    # frequencies
    ("fall.s2p", TWO_PORT + "1.5 .1 0 .9 0 .2 0 .3 .1\n", 4, "ascend, got 1.5 after 2"),
    ("repeat.s2p", TWO_PORT + "2 .1 0 .9 0 .2 0 .3 .1\n", 4, "ascend, got 2 after 2"),
    ("negative.s2p", HEAD + "-1 .1 0 .9 0 .2 0 .3 .1\n", 2, "not be negative"),
    ("twice.s4p", four_port() + four_port().split("\n", 1)[1], 14, "ascend, got 100 after 300"),
    # counts
    ("cut.s2p", TWO_PORT + "3 .1 0 .9", 4, "cut short"),
    ("cut.s4p", four_port().rsplit("\n", 2)[0] + "\n", 12, "cut short"),
    ("cut_first.s4p", HEAD + "1 .1 0 .2 0\n", 2, "first frequency must have 33 numbers for 4 ports, got 5"),
    ("missing.s2p", HEAD + ONE + "2 .1 0 .9 0 .2 0 .3\n3 .1 0 .9 0 .2 0 .3 .1\n", 3, "must be 9 as in the first"),
    ("extra.s2p", HEAD + ONE + "2 .1 0 .9 0 .2 0 .3 0 7\n3 .1 0 .9 0 .2 0 .3 .1\n", 3, "must be 9 as in the first"),
    (
        "moved.s3p",
        THREE.replace("2 .1 0 .2 0 .3 0\n.1", "2 .1 0 .2 0 .3 0 .1\n"),
        5,
        "must begin a line as the others do",
    ),
    (
        "moved_line.s3p",
        LONG.replace("\n2 .1", "\n2 .1 .1", 1).replace("\n4 .1 0", "\n4 .1", 1),
        3,
        "each frequency must begin a",
    ),
    ("ports.s4p", TWO_PORT, 2, "number of ports must be 4 as the suffix says, got 2"),
    ("ports.s2p", four_port(), 2, "number of ports must be 2 as the suffix says, got 4"),
    ("many.s99999p", TWO_PORT, 2, "number of ports must be 99999 as the suffix says, got 2"),
    ("huge.s999999999p", HEAD + ONE, 2, "first frequency must have 1999999996000000003 numbers"),
    ("none.s0p", TWO_PORT, None, "suffix must be .sNp with a positive number"),
    ("minus.s-2p", TWO_PORT, None, "suffix must be .sNp with a positive number"),
    ("blank.sp", HEAD + "1 2 3 4 5\n", None, "suffix must be .sNp"),
    ("data.txt", HEAD + "1 2 3 4 5 6\n", None, "suffix must be .sNp"),
    # option line
    ("parameter.s2p", "# GHz T RI R 50\n" + ONE, 1, "got 'T'"),
    ("two_parameters.s2p", "# GHz S Z RI R 50\n" + ONE, 1, "each option once, got a second parameter"),
    ("hybrid.s1p", "# GHz H RI R 50\n1 .1 0\n", None, "must have 2 ports"),
    ("option.s2p", "! x\n# GHz S XY R 50\n" + ONE, 2, "got 'XY'"),
    ("unit.s2p", "# THz S RI R 50\n" + ONE, 1, "got 'THZ'"),
    ("two_units.s2p", "# GHz MHz S RI R 50\n" + ONE, 1, "each option once, got a second unit"),
    ("two_formats.s2p", "# GHz S RI MA R 50\n" + ONE, 1, "each option once, got a second format"),
    ("resistance.s2p", "# GHz S RI R\n" + ONE, 1, "R must be followed"),
    ("negative_r.s2p", "# GHz S RI R -50\n" + ONE, 1, "R must be followed"),
    ("zero_r.s2p", "# GHz S RI R 0\n" + ONE, 1, "R must be followed"),
    ("nan_r.s2p", "# GHz S RI R nan\n" + ONE, 1, "R must be followed"),
    ("huge_r.s2p", "# GHz S RI R 1e999\n" + ONE, 1, "R must be followed"),
    ("complex_r.s2p", "# GHz S RI R 50+j5\n" + ONE, 1, "R must be followed"),
    ("three_r.s2p", "# GHz S RI R 50 50 50\n" + ONE, 1, "reference resistances must be 2, one a port, got 3"),
    # keywords
    ("open.s2p", "[Version 2.0\n" + HEAD, 1, "closed by"),
    ("version.s2p", "[Version] 7.5\n" + HEAD, 1, "[Version] must be one of"),
    ("no_version.s2p", "[Number of Ports] 2\n" + HEAD + ONE, 1, "must follow [Version]"),
    ("unknown.s2p", V2 + "[Number of Frequencys] 1\n" + V2_DATA, 4, "keyword must be one of"),
    ("repeated.s2p", V2 + "[Number of Ports] 2\n" + V2_DATA, 4, "must stand once, got a second one after line 3"),
    ("no_ports.s2p", "[Version] 2.0\n" + HEAD + V2_DATA, 1, "[Number of Ports] must be given"),
    ("count.s2p", "[Version] 2.0\n# GHz S RI R 50\n[Number of Ports] two\n", 3, "positive integer"),
    ("minus_ports.s2p", "[Version] 2.0\n# GHz S RI R 50\n[Number of Ports] -2\n", 3, "positive integer"),
    ("long_count.s2p", "[Version] 2.0\n" + HEAD + "[Number of Ports] " + "9" * 5000 + "\n", 3, "positive integer"),
    ("declared.s2p", "[Version] 2.0\n# GHz S RI R 50\n[Number of Ports] 4\n", 3, "number of ports must be 2"),
    ("claim.ts", "[Version] 2.0\n" + HEAD + "[Number of Ports] 11180\n[Network Data]\n" + ONE, 5, "249984801 numbers"),
    ("frequencies.s2p", V2 + "[Number of Frequencies] 2\n" + V2_DATA, 4, "Number of Frequencies"),
    ("claim.s2p", V2 + "[Number of Frequencies] 30000000\n" + V2_DATA, 4, "must be the number of points, 1"),
    ("order.s2p", V2 + "[Two-Port Data Order] 12_12\n[Network Data]\n" + ONE, 4, "must be 12_21 or 21_12"),
    ("no_order.s2p", V2 + "[Network Data]\n" + ONE, 1, "[Two-Port Data Order] must be given"),
    ("format.s2p", V2 + "[Matrix Format] Diagonal\n" + V2_DATA, 4, "must be Full, Lower or Upper"),
    ("no_network.s2p", V2 + ONE, 4, "[Network Data] must come before the numbers"),
    ("late.s2p", V2 + V2_DATA + "[Reference] 50 50\n", 7, "must come before the network data"),
    ("early.s2p", V2 + "[Noise Data]\n" + V2_DATA, 4, "must come after the network data"),
    ("option_late.s2p", V2.replace(HEAD, "") + V2_DATA + HEAD, 4, "option line must be present"),
    ("information.s2p", V2 + "[Begin Information]\nwords\n" + V2_DATA, 4, "must be closed by [End Information]"),
    ("reference.s2p", V2 + "[Reference] 50 50 50\n" + V2_DATA, 4, "reference resistances must be 2"),
    ("reference_words.s2p", V2 + "[Reference] 50 fifty\n" + V2_DATA, 4, "must be resistances in ohm, got 'fifty'"),
    ("reference_none.s2p", V2 + "[Reference]\n" + V2_DATA, 4, "positive resistance"),
    ("inner_mark.s2p", V2 + "[Two-Port Data Order] 21_12\n[Network Data]\n1 .1 0 [End]\n", 6, "got '[End]'"),
    # mixed modes
    ("mode.s4p", MIXED.format(order="D1,2 D3,4 C1,2 X3,4"), 4, "must list D1,2, C1,2 or S1, got 'X3,4'"),
    ("modes.s4p", MIXED.format(order="D1,2 D3,4 C1,2"), 4, "must list 4 modes"),
    ("partner.s4p", MIXED.format(order="D1,2 D3,4 C1,3 C2,4"), 4, "a differential and a common mode"),
    ("no_common.s4p", MIXED.format(order="D1,2 D3,4 D1,3 D2,4"), 4, "a differential and a common mode"),
    ("port_9.s4p", MIXED.format(order="D1,2 D3,9 C1,2 C3,9"), 4, "each port from 1 to 4 once"),
    (
        "uneven_pair.s4p",
        MIXED.format(order="D1,2 D3,4 C1,2 C3,4").replace("[Network", "[Reference] 50 60 50 50\n[Network"),
        4,
        "two ports of D1,2 must be equal",
    ),
    ("heads.s4p", LABELS.replace("SDD12 SDC11", "SDC11 SDD12") + HEAD + "1 " + "0.1 0 " * 16, 2, "row by row"),
]


@pytest.mark.parametrize(("name", "text", "line", "words"), BAD, ids=[row[0] for row in BAD])
def test_bad_files_are_refused_with_name_and_line(
    tmp_path: Path, name: str, text: str | bytes, line: int | None, words: str
) -> None:
    path = written(tmp_path, text, name)
    with pytest.raises(TouchstoneError, match=re.escape(words)) as caught:
        read_touchstone(path)
    where = f"{path}, line {line}: " if line else f"{path}: "
    assert str(caught.value).startswith(where)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400 + len(str(path))


def test_the_table_is_as_long_as_promised() -> None:
    assert len(BAD) >= 60
    assert len({row[0] for row in BAD}) == len(BAD)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TouchstoneError, match="file must exist"):
        read_touchstone(tmp_path / "absent.s4p")
    with pytest.raises(TouchstoneError, match="got a directory"):
        read_touchstone(tmp_path)
    os.mkfifo(tmp_path / "pipe.s4p")
    with pytest.raises(TouchstoneError, match="got a device or pipe"):
        read_touchstone(tmp_path / "pipe.s4p")
    with pytest.raises(TouchstoneError, match="file must be readable"):
        read_touchstone(tmp_path / ("long" * 100 + ".s4p"))
    with pytest.raises(TouchstoneError, match="file must be readable"):
        read_touchstone("null\0.s4p")
    with pytest.raises(SirfError, match="must be in a folder that exists"):
        write_touchstone(tmp_path / "no" / "folder.s2p", read_touchstone(written(tmp_path, TWO_PORT)))


def test_a_great_claim_takes_no_memory(tmp_path: Path) -> None:
    for text in (
        "[Version] 2.0\n" + HEAD + "[Number of Ports] 999999999999\n[Network Data]\n" + ONE,
        V2 + "[Number of Frequencies] 999999999999\n" + V2_DATA,
    ):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(TouchstoneError):
            read_touchstone(written(tmp_path, text, "claim.ts"))
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB


GOOD = [
    (TWO_PORT, "a.s2p"),
    (four_port(), "a.s4p"),
    (THREE, "a.s3p"),
    (LABELS + HEAD + "1 " + "\n".join(["0.1 0 " * 4] * 4), "b.s4p"),
    (VERSION_2.format(order="21_12", second="75"), "a.ts"),
    (VERSION_2.format(order="12_21", second="30"), "c.s2p"),
    (MIXED.format(order="D1,2 D3,4 C1,2 C3,4"), "c.s4p"),
]
SCRAPS = [
    b"#", b"[", b"]", b"1e999", b"9" * 400, b"!", b"-", b" ", b"\n", b"\r", b"\0", b"_", b",", b"nan", b"[End]\n",
    b"[Noise Data]\n", b"[Reference] 1 2 3\n", b"# Hz S DB R 1\n", b"[Begin Information]\n", b"\xff", b"\xa0", b"1 2 3\n",
]  # fmt: skip


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damaged_files_are_read_or_refused_but_never_crash(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    source, name = data.draw(st.sampled_from(GOOD))
    content = source.encode()
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 12))
        scrap = data.draw(st.one_of(st.binary(max_size=6), st.sampled_from(SCRAPS)))
        content = content[:start] + scrap + content[start + length :]
    path = tmp_path_factory.mktemp("damaged") / data.draw(st.sampled_from([name, name, "a.s0p", "a.s99p", "a.dat"]))
    path.write_bytes(content)
    with contextlib.suppress(TouchstoneError):
        network = read_touchstone(path)
        assert np.all(np.isfinite(network.s))
        assert np.all(np.diff(network.frequency) > 0)


@settings(max_examples=150, deadline=None)
@given(drop=st.integers(0, 98), add=st.integers(0, 98))
def test_a_lost_number_never_gives_another_network(
    tmp_path_factory: pytest.TempPathFactory, drop: int, add: int
) -> None:
    """One number lost and one doubled elsewhere: refused, unless both are of one line, where nothing can tell."""
    lines = four_port(3).splitlines()[1:]
    places = [(row, column) for row, line in enumerate(lines) for column in range(len(line.split()))]
    (lost_row, lost), (doubled_row, doubled) = places[drop], places[add]
    rows = [line.split() for line in lines]
    rows[doubled_row].insert(doubled, rows[doubled_row][doubled])
    del rows[lost_row][lost]
    path = tmp_path_factory.mktemp("lost") / "file.s4p"
    path.write_text("# MHz S RI R 50\n" + "\n".join(map(" ".join, rows)) + "\n")
    if lost_row != doubled_row:
        with pytest.raises(TouchstoneError, match="line"):
            read_touchstone(path)


def test_an_archive_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sirf.channel import file_text

    monkeypatch.setattr(file_text, "MAX_UNPACKED_BYTES", 1 << 22)
    file = tmp_path / "large.s2p.gz"
    file.write_bytes(gzip.compress(b"# GHz S RI R 50\n" + b"! nothing\n" * 600_000))
    with pytest.raises(TouchstoneError, match="archive must unpack to at most"):
        read_touchstone(file)

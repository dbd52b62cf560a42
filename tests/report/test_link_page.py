"""Pages of one channel: `sirf eye --report` and `sirf com --report`."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

import sirf
from sirf.__main__ import main


@pytest.fixture(scope="module")
def thru(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("channel") / "thru.s2p"
    sirf.paths.cpo(length="20 mm", rate_class="100g").to_channel().to_network().write_touchstone(file.with_suffix(""))
    return file


def inside(page: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="results">(.*?)</script>', page, flags=re.S)
    assert found is not None
    value: dict[str, object] = json.loads(found[1])
    return value


def test_page_of_an_eye(thru: Path, tmp_path: Path) -> None:
    page, answer = tmp_path / "eye.html", tmp_path / "eye.json"
    assert main(["eye", str(thru), "--report", str(page), "--json", str(answer)]) == 0
    text, plain = html.unescape(page.read_text(encoding="utf-8")), json.loads(answer.read_text())
    assert f"Bit error ratio {plain['ber']:.2e}; the worst eye is open by {plain['eye_height_mv']:.2f} mV" in text
    assert inside(text) == plain
    assert "settings tried. Contours" in text
    assert 'class="contour"' in text
    # each contour's colour is named, and whether it could be drawn at all
    caption = re.search(r"Contours from the outside in, at an error ratio of (.*?)</figcaption>", text, flags=re.S)
    assert caption is not None
    named = re.findall(r'color:(#\w+)" aria-hidden="true">.</span> ([^;<]*)[;.]', caption[1])
    drawn = dict.fromkeys(re.findall(r'class="contour" stroke="(#\w+)"', text))
    assert [colour for colour, name in named if "closed" not in name] == list(drawn)
    assert named[0][1] == "1e-05 (DER0)"
    assert "http:" not in text
    assert "https:" not in text


def test_page_of_a_margin(thru: Path, tmp_path: Path) -> None:
    page, answer = tmp_path / "com.html", tmp_path / "com.json"
    assert main(["com", str(thru), "--standard", "802.3ck-kr1", "--report", str(page), "--json", str(answer)]) == 0
    text, cases = html.unescape(page.read_text(encoding="utf-8")), json.loads(answer.read_text())
    assert f"COM {min(case['com_db'] for case in cases):.2f} dB in the worst package case" in text
    assert inside(text) == {"cases": cases}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--report", "page.pdf"], "must end in"),
        (["--engine", "waveform", "--report", "page.html"], "statistical engine"),
    ],
)
def test_a_page_that_cannot_be_is_refused_first(
    thru: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eye", str(thru), *options]) == 2
    assert words in capsys.readouterr().err

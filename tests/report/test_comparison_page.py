"""The page of a comparison in a real browser: on a desktop, a phone and paper; sorting, layers, the pointer, the JSON inside."""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

import sirf
from sirf.report import write_comparison
from sirf.report.eye_sheet import FRAME

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report")
    write_comparison(sirf.compare(["die-to-die"], data_rate="53.125Gb/s"), out)
    return out


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        yield (opened := driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET)))
        opened.close()


def shown(browser: Any, folder: Path, width: int) -> tuple[Any, list[str]]:
    page, faults = browser.new_page(viewport={"width": width, "height": 900}), []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request", lambda request: None if request.url.startswith(("file:", "data:")) else faults.append(request.url)
    )
    page.goto((folder / "report.html").as_uri())
    return page, faults


@pytest.mark.parametrize("width", [390, 1280])
def test_no_fault_and_nothing_beside_the_window(browser: Any, folder: Path, width: int) -> None:
    page, faults = shown(browser, folder, width)
    assert faults == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # the answer is on the first screen
    assert page.locator(".verdict").bounding_box()["y"] < 300


def test_tables_fit_a_laptop_and_numbers_stand_on_one_line(browser: Any, folder: Path) -> None:
    page, _ = shown(browser, folder, 1280)
    # the longest name and the widest cells of a comparison of all ways
    page.evaluate(
        """() => { for (const table of document.querySelectorAll("table.sortable")) for (const row of table.tBodies[0].rows) {
        row.cells[0].textContent = "pluggable-half-retimed"; for (const cell of row.cells) if (cell.dataset.label == "reach mm")
        cell.innerHTML = "<span>3112</span> <span>+2</span> <span>%</span> <span>(2826-3112)</span>"; } }"""
    )
    wider = """regions => regions.filter(one => one.scrollWidth > one.clientWidth).map(one => one.ariaLabel)"""
    assert page.locator(".wide").evaluate_all(wider) == []
    lines = "words => words.map(word => word.getClientRects().length)"
    assert set(page.locator("table.sortable td span").evaluate_all(lines)) == {1}


def test_a_phone_shows_cards_with_every_heading(browser: Any, folder: Path) -> None:
    page, _ = shown(browser, folder, 390)
    labels = page.locator("table.cards").first.locator("td").evaluate_all("cells => cells.map(c => c.dataset.label)")
    heads = page.locator("table.cards").first.locator("thead th").all_text_contents()
    assert labels == heads[1:]


def test_sorting_turns_the_rows_round(browser: Any, folder: Path) -> None:
    page, _ = shown(browser, folder, 1280)
    # a second and a third row, as the comparison of one way has one: numbers, and one without meaning
    page.evaluate(
        """() => { const body = document.querySelector("table.sortable").tBodies[0]; for (const text of ["1e3", "-"]) {
        const row = body.rows[0].cloneNode(true); row.cells[2].textContent = text; body.append(row); } }"""
    )
    head = page.locator("table.sortable").first.locator("thead th").nth(2)
    column = page.locator("table.sortable").first.locator("tbody td:nth-child(3)")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert column.all_text_contents()[1:] == ["1e3", "-"]
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert column.all_text_contents()[:2] == ["-", "1e3"]


@pytest.mark.parametrize("width", [390, 1280])
def test_contours_lie_on_the_eye_in_a_column_of_any_width(browser: Any, folder: Path, width: int) -> None:
    page, _ = shown(browser, folder, width)
    # as on the page of one link, whose eye has the whole width
    page.evaluate("document.querySelector('.eyes').style.display = 'block'")
    image, lines = (page.locator(f".eye {part}").first.bounding_box() for part in ("img", "svg"))
    assert lines["x"] - image["x"] == pytest.approx(FRAME["left"] * image["width"], abs=1.0)
    assert lines["width"] == pytest.approx(FRAME["width"] * image["width"], abs=1.0)
    assert lines["y"] - image["y"] == pytest.approx(FRAME["upper"] * image["height"], abs=1.0)
    assert lines["height"] == pytest.approx(FRAME["height"] * image["height"], abs=1.0)
    # as large as it was drawn where there is room
    assert image["width"] == pytest.approx(572 if width > 600 else 390, abs=60 if width < 600 else 1)


def test_layers_and_pointer_of_an_eye(browser: Any, folder: Path) -> None:
    page, _ = shown(browser, folder, 1280)
    contour, bathtub = page.locator("polyline.contour").first, page.locator("polyline.bathtub").first
    assert page.evaluate("e => getComputedStyle(e).display", contour.element_handle()) != "none"
    assert page.evaluate("e => getComputedStyle(e).display", bathtub.element_handle()) == "none"
    page.locator("input[data-layer=contours]").uncheck()
    page.locator("input[data-layer=bathtubs]").check()
    assert page.evaluate("e => getComputedStyle(e).display", contour.element_handle()) == "none"
    assert page.evaluate("e => getComputedStyle(e).display", bathtub.element_handle()) != "none"
    eye = page.locator(".eye").first
    eye.scroll_into_view_if_needed()
    box = eye.bounding_box()
    page.mouse.move(box["x"] + 0.555 * box["width"], box["y"] + 0.475 * box["height"])
    said = page.locator("output").first.text_content()
    match = re.match(r"(-?\d\.\d+) UI, (-?\d+\.\d) mV: .+ per mV", said)
    assert match is not None, said
    assert abs(float(match[1])) < 0.01
    assert abs(float(match[2])) < 5.0


def test_the_loss_of_the_copper_is_in_the_page_and_beside_it(browser: Any, folder: Path) -> None:
    page, _ = shown(browser, folder, 1280)
    picture = page.locator("#losses + figure img")
    assert "return loss" in picture.get_attribute("alt")
    assert picture.evaluate("image => image.naturalWidth") > 300
    assert (folder / "losses.png").stat().st_size > 5_000


def test_the_json_inside_is_the_file(browser: Any, folder: Path) -> None:
    page, _ = shown(browser, folder, 1280)
    inside = json.loads(page.locator("#results").text_content())
    assert inside == json.loads((folder / "results.json").read_text())
    with page.expect_download() as saved:
        page.locator("#save-json").click()
    assert json.loads(Path(saved.value.path()).read_text()) == inside


def bare(text: str) -> str:
    """Text without spaces, for line breaks fall anywhere, and without ligatures, which PDF writes for fi and fl."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


class Cells(HTMLParser):
    """Texts of table cells and headings of cards."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("td", "th"):
            self._open, self.found = True, [*self.found, ""]

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found[-1] += data


def test_paper_loses_no_cell(browser: Any, folder: Path) -> None:
    pypdf = pytest.importorskip("pypdf", reason="pypdf is not installed")
    page, _ = shown(browser, folder, 1280)
    reader = pypdf.PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
    text = "".join(bare(sheet.extract_text()) for sheet in reader.pages)
    cells = Cells()
    cells.feed((folder / "report.html").read_text(encoding="utf-8"))
    missing = [cell for cell in cells.found if bare(cell) not in text]
    assert missing == []


def test_nothing_that_axe_finds(browser: Any, folder: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    page, _ = shown(browser, folder, 1280)
    found = axe.Axe().run(page).response["violations"]
    assert [(fault["id"], fault["nodes"][0]["html"][:80]) for fault in found] == []

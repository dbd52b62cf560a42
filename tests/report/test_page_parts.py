"""Parts of a page: points in the unit square, density a byte a cell, text from files that no browser takes for markup."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import numpy as np
import pytest

from sirf.report.page import BINS, CELLS_PER_DECADE, FAINTEST, _density, _joined, _points, as_text, render

pytest.importorskip("jinja2")


def test_points_go_downwards_from_the_middle_and_end_at_the_edges() -> None:
    time, millivolts = np.array([-0.5, 0.0, 0.25, 0.5, 0.6]), np.array([20.0, 0.0, -5.0, -40.0, 1.0])
    # a point beyond the unit interval is left out, a voltage beyond the picture lies on its edge
    assert _points(time, millivolts, 10.0) == "0.0000,0.0000 0.5000,0.5000 0.7500,0.7500 1.0000,1.0000"
    assert _joined(np.array([1.2]), np.array([0.5])) == ""


def test_a_byte_holds_a_twelfth_of_a_decade() -> None:
    """Densities of 1, 10^-6 and nothing per mV: code 12 (1 - log10), 255 for what is not there."""
    volts = np.linspace(-0.01, 0.01, 21)
    eye = SimpleNamespace(volts=volts, density=np.array([np.full(21, 1e3), np.full(21, 1e-3), np.zeros(21)]))
    codes = np.frombuffer(base64.b64decode(_density(eye, 20.0)), dtype=np.uint8).reshape(3, BINS)  # type: ignore[arg-type]
    middle = slice(BINS // 4 + 1, 3 * BINS // 4 - 1)
    assert set(codes[0, middle]) == {CELLS_PER_DECADE}
    assert set(codes[1, middle]) == {7 * CELLS_PER_DECADE}
    assert set(codes[2]) == {FAINTEST}
    # levels beyond the eye's own hold nothing
    assert set(codes[:, : BINS // 4 - 1].ravel()) == {FAINTEST}


def test_names_from_files_are_text_and_results_cannot_end_their_script() -> None:
    page = render(
        "link.html.j2",
        title="<b>&</b>",
        heading="<i>",
        results={"note": "</script><script>alert(1)</script>", "limit": float("nan")},
        seed=7,
        verdict=["<u>fails</u>"],
        sections=[("figures", "Figures")],
        warnings=(),
        tables=[("figures", "Figures", [])],
        eyes=(),
        pictures=(),
    )
    assert "&lt;b&gt;&amp;&lt;/b&gt;" in page
    assert "<u>" not in page
    assert "</script><script>alert" not in page
    assert "<\\/script>" in page
    # JSON knows no NaN
    assert '"limit": null' in page
    assert "seed" in page


def test_a_picture_is_its_bytes_in_base64() -> None:
    assert base64.b64decode(as_text(b"\x89PNG")) == b"\x89PNG"

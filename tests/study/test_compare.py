"""The full comparison: every figure in its place, bounds about the nominal, the published orders and losses."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from sirf import fec
from sirf.channel.path import load_path
from sirf.engine.statistical.analysis import statistical_eye
from sirf.results.chain_count import composed_error_ratio
from sirf.study.compare import FINE_STEP, compare
from sirf.study.comparison import Comparison
from sirf.study.sections import links, optimized, sections
from sirf.system.architecture import load_architecture


@pytest.fixture(scope="module")
def table() -> Comparison:
    return compare(["pluggable-half-retimed", "cpo-retimed", "copper-cable"], data_rate=106.25e9)


def test_a_row_composes_its_sections(table: Comparison) -> None:
    for row in table.rows:
        parts = sections(load_architecture(row.path), 106.25e9)
        assert [name for name, _ in row.section_ber] == [part.name for part in parts]
        ratios = [ratio for (_, ratio), part in zip(row.section_ber, parts, strict=True) for _ in range(part.count)]
        assert row.ber == pytest.approx(composed_error_ratio(ratios), rel=1e-12)
        if row.ber > 1e-14:
            assert row.value("ber_post_fec") == pytest.approx(fec.load("kp4").post_fec(row.ber).ber)


def test_the_eye_of_a_row_is_that_of_its_worst_copper(table: Comparison) -> None:
    row = table.rows[0]
    parts = sections(load_architecture(row.path), 106.25e9, step=FINE_STEP)
    worst = max((part for part in parts if part.electrical),
                key=lambda part: statistical_eye(optimized(part.link), phases=1).ber)  # fmt: skip
    assert row.eye.link.optics is not None
    assert row.eye.ber == pytest.approx(statistical_eye(optimized(worst.link), phases=1).ber, rel=1e-9)
    assert row.standard == worst.link.standard


def test_bands_hold_the_nominal_and_widen_with_the_inputs(table: Comparison) -> None:
    for row in table.rows:
        plain = row.to_dict()
        for name in ("insertion_loss_db", "com_db", "eye_height_mv", "eye_width_ui", "ber"):
            assert plain[f"{name}_low"] <= plain[name] <= plain[f"{name}_high"]
        assert plain["ber_high"] > 3 * plain["ber"]


def test_copper_has_no_light(table: Comparison) -> None:
    cable, engine = table.rows[2], table.rows[1]
    assert cable.value("tdecq_db") is None
    assert cable.to_dict()["tdecq_db_low"] is None
    tdecq = engine.value("tdecq_db")
    assert tdecq is not None
    assert 0.3 < tdecq < 3.4


def test_every_name_has_a_cell_and_json_is_strict(table: Comparison) -> None:
    for head, lines in table.tables():
        assert all(len(line) == len(head) for line in lines)
    text = json.dumps(table.to_dict(), allow_nan=False)
    assert '"switch_power_102t4_w"' in text
    assert len(table._repr_html_()) > 1000
    assert str(table).count("\n") > len(table.rows)


def test_links_come_in_order_from_host_to_host() -> None:
    ordered = links(load_architecture("cpo-retimed"), 106.25e9, samples_per_ui=16)
    assert [link.optics is not None for link in ordered] == [False, True, False]
    assert ordered[0] is ordered[2]


def test_linear_drive_ends_between_112g_and_224g_at_the_faceplate_but_not_at_the_package() -> None:
    """Pre-FEC threshold of KP4, 2.4e-4: pluggable below it at 106.25, above it at 212.5 Gb/s; co-packaged below it at both."""
    found = {}
    for name in ("pluggable-linear", "cpo-linear"):
        for rate in (106.25e9, 212.5e9):
            (part,) = sections(load_architecture(name), rate, step=40e6, samples_per_ui=16)
            found[name, rate] = statistical_eye(optimized(part.link), phases=1).ber
    assert found["cpo-linear", 106.25e9] < found["pluggable-linear", 106.25e9] < 2.4e-4
    assert found["cpo-linear", 212.5e9] < 2.4e-4 < found["pluggable-linear", 212.5e9]


@pytest.mark.parametrize("rate_class", ["100g", "200g", "400g"])
def test_loss_falls_from_the_faceplate_to_the_package(rate_class: str) -> None:
    losses = [
        float(load_path(name, rate_class=rate_class).insertion_loss_db(53.125e9))  # type: ignore[arg-type]
        for name in ("cpo", "npo", "pluggable")
    ]
    assert losses == sorted(losses)
    assert losses[0] < losses[1] < losses[2]


def test_published_losses_at_200g_a_lane() -> None:
    """Die to die at 53.125 GHz: 3 to 6 dB to co-packaged optics, 18 to 26 dB to a pluggable."""
    assert 3.0 <= float(load_path("cpo").insertion_loss_db(53.125e9)) <= 6.0
    assert 18.0 <= float(load_path("pluggable").insertion_loss_db(53.125e9)) <= 26.0


def test_the_projection_of_425g_has_open_co_packaged_rows() -> None:
    (copper, light) = sections(load_architecture("cpo-retimed"), 425e9, step=40e6, samples_per_ui=16)
    ratios = [statistical_eye(optimized(part.link), phases=1).ber for part in (copper, light)]
    assert all(math.isfinite(ratio) and ratio < 1e-6 for ratio in ratios)
    assert np.isclose(copper.link.insertion_loss_db, 8.7, atol=1.0)

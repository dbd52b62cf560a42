"""Settings of one Annex in a workbook of another are refused, with the Annex that the workbook is of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sirf.com.margin import com
from sirf.errors import ConfigError
from tests.com.config.spreadsheet import write_workbook
from tests.com.config.test_every_keyword import CHANNEL, FFE, MODULE, SHEET


@pytest.mark.parametrize(
    ("beside", "keyword", "value", "message"),
    [
        ({}, "MLSE", 1, "MLSE must be 0, got 1: it belongs to Annex 178A"),
        ({}, "N_qb", 6, "N_qb must be 0, got 6: .* settings of 93A"),
        (MODULE, "N_qb", 6, "settings of 120G"),
        ({}, "sample_adjustment", "[-2 2]", "sample_adjustment must be 0, got -2 to 2"),
        ({}, "S_tn_w_AM", 1, "S_tn_w_AM must be 0, got 1"),
        (FFE, "PMD_type", "C2M", "PMD_type must be C2C, got C2M: Annex 178A does not have it"),
        (FFE, "N_b_step", 0.01, "N_b_step must be 0, got 0.01"),
        (FFE, "N_tail_start", 5, "N_tail_start must be 0, got 5"),
        (FFE, "SNR_TXwC0", 1, "SNR_TXwC0 must be 0, got 1"),
    ],
)
def test_a_keyword_of_another_annex(
    beside: dict[str, Any], keyword: str, value: Any, message: str, tmp_path: Path
) -> None:
    keywords = SHEET | beside | {keyword: value}
    file = write_workbook(tmp_path / "sheet.xlsx", [[key, one] for key, one in keywords.items()])
    with pytest.raises(ConfigError, match=message):
        com(CHANNEL, config=file, package_case=1)


@pytest.mark.parametrize(
    ("beside", "annex", "other"), [({}, "93A", "4.17"), (MODULE, "120G", "4.50"), (FFE, "178A", "3.70")]
)
def test_a_result_names_its_annex_and_another_revision_is_refused(
    beside: dict[str, Any], annex: str, other: Any, tmp_path: Path
) -> None:
    file = write_workbook(tmp_path / "sheet.xlsx", [[key, one] for key, one in (SHEET | beside).items()])
    found = com(CHANNEL, config=file, package_case=1)
    assert found.annex == annex
    assert f"Annex {annex}, revision {found.revision}" in str(found)
    # A_s is half the distance of two levels where the result says that it samples
    assert found.available_signal_mv == pytest.approx(
        1e3 * float(SHEET["R_LM"]) * found.pulse[1][found.cursor] / 3.0, rel=1e-9
    )
    assert found.ledger is not None
    assert found.ledger.feedback_com_db == pytest.approx(
        20.0 * np.log10(found.available_signal_mv / found.interference_mv), abs=1e-9
    )
    assert found.ledger.largest.cost_db == max(term.cost_db for term in found.ledger.terms)
    with pytest.raises(ConfigError, match=r"revision must be .* for Annex"):
        com(CHANNEL, config=file, package_case=1, revision=other)

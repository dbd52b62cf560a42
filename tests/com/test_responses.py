"""Pulses of paths, and what is said of their grids."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import sirf
from sirf.channel.package import terminated_transfer
from sirf.com.config.workbook import from_workbook
from sirf.com.responses import path_responses, running_sum
from sirf.errors import ConfigError
from tests.com.small import small_settings
from tests.com.test_margin import GRID, coupling, line, small_channel


def test_responses_carry_amplitude_and_kind() -> None:
    settings = small_settings()
    paths, warnings = path_responses(small_channel(fext=(coupling("f"),), next=(coupling("n"),)), settings, 1)
    assert [path.kind for path in paths] == ["through", "fext", "next"]
    assert [path.amplitude for path in paths] == [0.4, 0.4, 0.6]
    assert np.sum(paths[0].impulse) == pytest.approx(0.4, rel=0.06)  # the slow tail of a skin-effect line is cut
    assert np.max(np.abs(paths[2].pulse)) == pytest.approx(1.5 * np.max(np.abs(paths[1].pulse)), rel=1e-9)
    assert not warnings
    s = paths[0].s
    np.testing.assert_allclose(
        terminated_transfer(s[:, 1, 0], s[:, 0, 0], s[:, 0, 1], s[:, 1, 1], 0.0, 0.0), s[:, 1, 0]
    )


def test_a_coarse_grid_is_said() -> None:
    settings = replace(small_settings(), f_min=1e6, frequency_step=1e6)
    through = line()
    cut = type(through)(GRID[5:], through.s[5:], z0=100.0, name="late")
    _, warnings = path_responses(sirf.Channel(cut, name="late"), settings, 1)
    assert any("late starts at 50 MHz, above the f_min of 1 MHz" in text for text in warnings)
    assert any("steps of 10 MHz, above the Delta_f of 1 MHz" in text for text in warnings)


def test_include_pcb_says_which_boards(reference_dir: Path) -> None:
    book = reference_dir / "golden/com/config_com_ieee8023_93a=3ck_SA_CR_CA_08_17_2022.xlsx"
    both, far = (from_workbook(book, {"Include PCB": include}).packages[0].boards for include in (1, 2))
    assert both.transmitter is not None
    assert both.transmitter.lines[0].length_mm == pytest.approx(110.3)
    assert far.transmitter is None
    assert far.receiver is not None
    assert far.receiver.lines[0].z_c == 100.0
    with pytest.raises(ConfigError, match="Include PCB at --set Include PCB must be 0, 1 or 2"):
        from_workbook(book, {"Include PCB": 3})


def test_running_sum_counts_what_came_before() -> None:
    assert running_sum(np.array([1.0, 2.0, 4.0, 8.0]), 2).tolist() == [1.0, 3.0, 6.0, 12.0]

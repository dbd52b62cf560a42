"""Limits: the shipped files against numbers of the standards and the workbooks, and bad files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from sirf.channel.figures import list_limits, load_limits
from sirf.errors import ConfigError
from tests.channel.figures.reference import keywords

WORKBOOKS = {
    "802.3ck-kr1": "config_com_ieee8023_93a=3ck_SA_KR_08_17_2022.xlsx",
    "802.3ck-cr1": "config_com_ieee8023_93a=3ck_SA_CR_CA_08_17_2022.xlsx",
    "802.3ck-c2c": "config_com_ieee8023_93a=3ck_SA_120F_C2C_08_17_2022.xlsx",
    "802.3ck-c2m": "config_com_ieee8023_93a=3ck_SA_120g_C2M_tp1a_08_17_2022.xlsx",
}


@pytest.mark.parametrize("name", WORKBOOKS)
def test_settings_are_those_of_the_official_workbook(name: str, reference_dir: Path) -> None:
    book = keywords(reference_dir, WORKBOOKS[name])
    limits = load_limits(name)
    rate = book["f_b"][0] * 1e9
    assert limits.symbol_rate == rate
    assert limits.erl is not None
    erl = {
        "N": limits.erl.length_ui, "N_bx": limits.erl.equalized_ui, "TR_TDR": limits.erl.rise_time * 1e9,
        "rho_x": limits.erl.rho_x, "beta_x": limits.erl.beta_x, "DER_0": limits.erl.der0, "L": limits.erl.levels,
        "M": limits.erl.samples_per_ui, "f_r": limits.erl.corner_per_symbol_rate,
        "ERL Pass threshold": limits.erl_minimum_db, "TDR_W_TXPKG": limits.transmitter_package,
        "Tukey_Window": limits.erl.tukey_window,
    }  # fmt: skip
    noise = {
        "f_v": limits.noise.victim_corner / rate, "f_f": limits.noise.fext_corner / rate,
        "f_n": limits.noise.next_corner / rate, "f_2": limits.noise.f_max / 1e9, "A_ft": limits.noise.amplitude_fext,
        "A_nt": limits.noise.amplitude_next,
    }  # fmt: skip
    for keyword, value in (erl | noise).items():
        assert value == pytest.approx(book[keyword][0]), keyword
    assert limits.erl.fixture_delay == pytest.approx(tuple(book["fixture delay time"]))


@pytest.mark.parametrize(
    ("name", "frequency", "loss"),
    [
        ("802.3ck-kr1", 26.5625e9, 28.0), ("802.3ck-c2c", 26.5625e9, 20.0), ("802.3ck-c2m", 26.5625e9, 16.0),
        ("802.3bj-kr4", 12.890625e9, 35.0), ("802.3bm-c2m", 12.89e9, 10.0),
    ],
)  # fmt: skip
def test_masks_pass_through_the_budgets(name: str, frequency: float, loss: float) -> None:
    mask = next(mask for mask in load_limits(name).masks if mask.figure == "insertion_loss")
    assert float(mask.at(frequency)) == pytest.approx(loss, abs=0.02)
    assert mask.limit == "maximum"


@pytest.mark.parametrize("name", list_limits())
def test_masks_do_not_jump_where_their_pieces_meet(name: str) -> None:
    for mask in load_limits(name).masks:
        assert mask.provenance in ("P", "2", "E")
        for first, second in zip(mask.pieces, mask.pieces[1:], strict=False):
            assert first.stop == second.start
            before, after = mask.at((first.stop - 1e-9) * 1e9), mask.at((first.stop + 1e-9) * 1e9)
            assert before == pytest.approx(after, abs=0.25)


def test_margin_is_signed_and_says_where() -> None:
    mask = next(mask for mask in load_limits("802.3bj-kr4").masks if mask.figure == "return_loss")
    f = np.linspace(0.0, 30e9, 301)
    flat = np.full(f.size, 12.0)
    flat[40] = 9.0  # 4 GHz, where the limit is 12 dB
    assert mask.margin(f, flat) == pytest.approx((-3.0, 4e9))
    assert mask.margin(np.array([40e9]), np.array([1.0])) is None
    assert math.isnan(float(mask.at(0.0)))


def test_bad_files_name_their_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="standard must be one of"):
        load_limits("802.3xx")
    file = tmp_path / "mine.toml"
    file.write_text('id = "mine"\ntitle = "t"\nprovenance = "X"\nsource = "s"\nsymbol_rate_gbd = 10\n[noise]\n'
                    "f_max_ghz = 8\nvictim_corner_per_symbol_rate = 1\nfext_corner_per_symbol_rate = 1\n"
                    "next_corner_per_symbol_rate = 1\namplitude_fext_v = 1\namplitude_next_v = 1\n")  # fmt: skip
    with pytest.raises(ConfigError, match="key provenance"):
        load_limits(str(file))

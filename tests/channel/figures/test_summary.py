"""The figures of a channel as one value."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from sirf.channel.channel import Channel
from sirf.channel.figures import ErlSettings, channel_figures
from sirf.channel.figures.summary import default_noise
from sirf.channel.network import Network
from sirf.errors import SirfError
from sirf.presets import load
from tests.channel.figures.reference import channel, golden
from tests.channel.figures.test_mode_conversion import pair

GOLDEN = {
    "802.3ck-c2c": "c2c/c2c_12db/through/case1",
    "802.3bj-kr4": "kr4/vita_25g/crosstalk/case1",
    "802.3ck-kr1": "kr/backplane_12db/crosstalk/case1",
    "802.3ck-c2m": "c2m/c2m_16db/through/case1",
}


@pytest.mark.parametrize("standard", GOLDEN)
def test_figures_under_a_standard_are_those_of_the_reference_code(standard: str, reference_dir: Path) -> None:
    expected = golden(reference_dir)[GOLDEN[standard]]["result"]
    package = load("802.3ck-c2m").packages[0].transmitter if standard == "802.3ck-c2m" else None
    found = channel(reference_dir, GOLDEN[standard]).figures(standard, transmitter_package=package)
    assert found.fom_ild_db == pytest.approx(expected["fom_ild_db"], abs=1e-6)
    assert 1e3 * (found.icn or 0.0) == pytest.approx(expected["icn_mv"], abs=1e-6)
    assert found.insertion_loss_db == pytest.approx(expected["il_db_channel_at_nyquist"], abs=0.01)
    if found.erl_db is not None:
        assert (found.erl11_db, found.erl22_db) == pytest.approx((expected["erl11_db"], expected["erl22_db"]), abs=1e-6)
        assert found.erl_db == pytest.approx(expected["erl_db"], abs=1e-6)
    else:
        assert standard == "802.3bj-kr4"
    worst = {limit.figure: limit.margin_db for limit in found.limits}
    assert found.within_limits == all(margin >= 0 for margin in worst.values())


def test_a_simple_pair_has_the_figures_of_its_formula() -> None:
    late = 2e-12
    found = channel_figures(Channel.from_network(pair(late), port_order="12-34"), symbol_rate=40e9)
    nyquist = 20e9
    straight = 20 / math.log(10) * 5e-6 * math.sqrt(nyquist)
    assert found.insertion_loss_db == pytest.approx(
        straight - 20 * math.log10(math.cos(math.pi * nyquist * late)), abs=1e-9
    )
    assert found.skew == pytest.approx(late)
    worst = 20 * math.log10(math.sin(math.pi * nyquist * late)) - straight
    assert found.scd21_worst_db == pytest.approx(worst, abs=1e-6)
    assert found.impedance is not None
    assert found.impedance[0].impedance_ohm == pytest.approx(100.0, abs=1e-9)
    assert found.delay == pytest.approx(1e-9, rel=0.01)
    assert (found.icn, found.psxt_db, found.erl_db, found.within_limits) == (None, None, None, None)


def test_default_noise_is_that_of_802_3ck_at_its_rate() -> None:
    noise = default_noise(53.125e9)
    assert noise.victim_corner == pytest.approx(0.5935686274509804 * 53.125e9)
    assert noise.f_max == pytest.approx(40e9)


def test_icr_is_what_the_loss_leaves_of_the_power_sum() -> None:
    made = Channel.from_network(pair(0.0), port_order="12-34")
    aggressor = np.zeros((made.frequency.size, 2, 2), dtype=complex)
    aggressor[:, 1, 0] = 0.001
    quiet = Network(made.frequency, aggressor, z0=100.0)
    both = Channel(made.through, fext=(quiet,), next=(quiet,))
    found = both.figures(symbol_rate=40e9)
    assert found.psxt_db == pytest.approx(60.0 - 10 * math.log10(2))
    assert (found.psfext_db, found.psnext_db) == pytest.approx((60.0, 60.0))
    assert found.icr_db == pytest.approx(60.0 - 10 * math.log10(2) - found.insertion_loss_db)
    assert found.skew is None  # no four-port behind a two-port


def test_the_value_shows_itself_and_travels_as_json() -> None:
    erl = ErlSettings(symbol_rate=40e9, der0=1e-4, length_ui=100.0)
    found = channel_figures(
        Channel.from_network(pair(1e-12), port_order="12-34", name="demo"), symbol_rate=40e9, erl=erl
    )
    assert "demo" in repr(found)
    assert "\n" not in repr(found)
    assert "P/N skew" in str(found)
    assert "<table>" in found._repr_html_()
    back = json.loads(json.dumps(found.to_dict(), allow_nan=True))
    assert back["skew_ps"] == pytest.approx(1.0)
    assert back["limits"] == []


def test_a_package_that_the_standard_needs_is_asked_for(reference_dir: Path) -> None:
    found = channel(reference_dir, "c2m/c2m_16db/through/case1").figures("802.3ck-c2m")
    assert found.erl22_db is None
    assert found.erl_db is None
    assert any("pass transmitter_package" in warning for warning in found.warnings)


def test_limits_of_the_ball_are_not_those_of_the_die() -> None:
    made = Channel.from_network(pair(0.0), port_order="12-34", plane="die")
    limits = "802.3bm-c2m"
    assert any("hold from ball to ball" in warning for warning in made.figures(limits).warnings)


def test_one_rate_is_needed() -> None:
    made = Channel.from_network(pair(0.0), port_order="12-34")
    with pytest.raises(SirfError, match="one of standard and symbol_rate"):
        made.figures()
    with pytest.raises(SirfError, match="one of standard and symbol_rate"):
        made.figures("802.3ck-kr1", symbol_rate=40e9)
    with pytest.raises(SirfError, match=r"must reach 0\.75 of the symbol rate"):
        made.figures(symbol_rate=100e9)


def test_the_pair_of_a_file_of_several_keeps_its_own_skew() -> None:
    late, early = pair(3e-12), pair(-1e-12)
    s = np.zeros((late.frequency.size, 8, 8), dtype=complex)
    s[:, :4, :4], s[:, 4:, 4:] = late.s, early.s
    both = Network(late.frequency, s)
    for victim, skew in ((1, 3e-12), (2, -1e-12)):
        found = Channel.from_network(both, victim=victim, port_order="12-34").figures(symbol_rate=40e9)
        assert found.skew == pytest.approx(skew)
        assert found.psxt_db == math.inf  # the pairs do not couple

"""`sirf.com` from files to result against the reference code; results as values; bad input."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sirf
from sirf.channel.network import Network
from sirf.com.margin import com
from sirf.errors import ConfigError, SirfError
from sirf.results.margin import ComReport, ComResult
from tests.com.golden import KEYS, case_of, waveforms
from tests.com.small import small_settings

FULL = ("kr/backplane_12db/crosstalk/case1", "c2c/c2c_12db/through/case1", "c2m/c2m_16db/through/case2")
GRID = np.arange(0.0, 60e9 + 5e6, 10e6)


def line(delay: float = 1e-9, loss: float = 3e-6, name: str = "line") -> Network:
    """A matched line whose loss grows with the root of frequency."""
    s = np.zeros((GRID.size, 2, 2), dtype=complex)
    s[:, 1, 0] = s[:, 0, 1] = np.exp(-loss * np.sqrt(GRID) * (1 + 1j) - 2j * np.pi * GRID * delay)
    return Network(GRID, s, z0=100.0, name=name)


def coupling(name: str, scale: float = 0.02) -> Network:
    network = line(name=name)
    s = network.s.copy()
    s[:, 1, 0] *= scale * 1j * GRID / 30e9
    s[:, 0, 1] = s[:, 1, 0]
    return Network(GRID, s, z0=100.0, name=name)


def small_channel(**aggressors: Any) -> sirf.Channel:
    return sirf.Channel(line(), name="line", **aggressors)


@cache
def result_of(reference: Path, key: str) -> ComResult:
    case = case_of(reference, key)
    return com(case.channel, config=case.settings, package_case=case.number)


@pytest.mark.parametrize("key", FULL)
def test_com_of_the_reference_code(reference_dir: Path, key: str) -> None:
    """Golden: every figure to 1e-6 dB, far inside the 0.02 dB that one PDF bin makes."""
    found, expected = result_of(reference_dir, key), case_of(reference_dir, key).result
    for name in ("com_db", "fom_db", "vec_db", "veo_mv", "erl_db", "erl11_db", "erl22_db", "icn_mv", "fom_ild_db"):
        assert getattr(found, name) == pytest.approx(expected[name], abs=1e-6), name
    assert found.insertion_loss_db == pytest.approx(expected["il_db_die_to_die_at_nyquist"], abs=0.01)
    assert found.peak_pulse_mv == pytest.approx(expected["peak_unequalized_pulse_mv"], rel=1e-9)
    assert found.available_signal_mv == pytest.approx(expected["available_signal_mv"], rel=1e-9)
    assert found.tx_taps == pytest.approx(expected["tx_taps"], abs=1e-12)
    assert found.ctle_db == (expected["ctle_g_dc_db"], expected["ctle_g_dc2_db"])
    assert found.dfe_taps == pytest.approx(expected["dfe_taps"], abs=1e-10)
    assert found.other is None
    assert found.chosen.method == "local search 2"


def test_crosstalk_costs_margin_and_floating_taps_are_named(reference_dir: Path) -> None:
    found = result_of(reference_dir, FULL[0])
    assert found.com_no_crosstalk_db > found.com_db
    assert len(found.floating_taps) == 9
    assert all(12 < tap <= 40 for tap in found.floating_taps)
    assert {round(found.dfe_taps[tap - 1], 9) for tap in found.floating_taps} != {0.0}
    total = np.sqrt(sum(found.sigmas[name] ** 2 for name in ("random_jitter", "noise", "transmitter")))
    assert found.sigmas["gaussian"] == pytest.approx(total)


def test_trace_keeps_every_intermediate(reference_dir: Path) -> None:
    case = case_of(reference_dir, "c2c/c2c_12db/through/case1")
    found = com(case.channel, config=case.settings, package_case=1, trace=True)
    assert found.trace is not None
    path, golden = found.trace.paths[0], waveforms(reference_dir, "c2c/c2c_12db/through/case1")
    assert np.max(np.abs(path.pulse - golden["uneq_pulse"])) < 1e-12 * golden["uneq_pulse"].max()
    assert np.max(np.abs(path.equalized - golden["sbr"])) < 1e-12 * golden["sbr"].max()
    assert path.transfer.shape == path.frequency.shape == found.trace.ctle.shape == found.trace.receiver_filter.shape
    volts, probability = found.trace.distributions["total"]
    com_db = 20 * np.log10(found.available_signal_mv / 1e3 / -volts[np.searchsorted(np.cumsum(probability), 1e-5)])
    assert com_db == pytest.approx(found.com_db, abs=1e-9)
    assert result_of(reference_dir, FULL[1]).trace is None


def test_a_local_search_that_misses_is_reported_beside_the_full_grid(reference_dir: Path) -> None:
    """The C2C workbook on a backplane: its Local Search of 2 ends a thousandth of a decibel below the full grid."""
    through = case_of(reference_dir, FULL[0]).channel
    settings = case_of(reference_dir, FULL[1]).settings
    found = com(through, config=settings, package_case=1)
    full = com(through, config=settings, package_case=1, search="full")
    assert found.chosen.method == "local search 2"
    assert full.chosen.method == "full grid"
    assert full.other is None
    assert found.other is not None
    assert found.other.fom_db > found.fom_db
    assert (found.other.fom_db, found.other.com_db, found.other.tx_taps) == (full.fom_db, full.com_db, full.tx_taps)
    assert "full grid" in str(found)
    assert found.to_dict()["other_search"]["com_db"] == full.com_db
    assert type(full.fom_db) is float


def test_the_module_is_the_function() -> None:
    report = sirf.com(small_channel(fext=(coupling("f"),), next=(coupling("n"),)), config=small_settings())
    assert isinstance(report, ComReport)
    assert len(report) == 1
    assert report.com_db == report[0].com_db == report.worst.com_db
    assert report.com_no_crosstalk_db > report.com_db
    assert next(iter(report)) is report[0]
    assert "ComReport(1 cases" in repr(report)
    with pytest.raises(AttributeError):
        _ = report.nonsense
    text = json.dumps(report.to_dict(), allow_nan=False)
    assert json.loads(text)["cases"][0]["tx_taps"] == list(report.tx_taps)
    assert "DFE taps" in str(report)
    assert "<table" in report._repr_html_()
    assert report.erl_db is None


def test_gains_scale_as_they_must() -> None:
    """Without noise of its own the receiver does not see how large the signal is: COM stays when all amplitudes double."""
    settings = replace(small_settings(), receiver=replace(small_settings().receiver, noise_density=0.0), pdf_bin=1.0)
    tx = settings.transmitter
    louder = replace(
        tx, amplitude=2 * tx.amplitude, amplitude_fext=2 * tx.amplitude_fext, amplitude_next=2 * tx.amplitude_next
    )
    channel = small_channel(fext=(coupling("f"),), next=(coupling("n"),))
    first = com(channel, config=settings, package_case=1)
    second = com(channel, config=replace(settings, transmitter=louder), package_case=1)
    assert second.fom_db == pytest.approx(first.fom_db, abs=1e-9)
    assert second.com_db == pytest.approx(first.com_db, abs=0.03)
    assert second.veo_mv == pytest.approx(2 * first.veo_mv, rel=0.01)


def test_an_aggressor_on_another_grid_is_resampled_and_said() -> None:
    same = coupling("near")
    finer = np.arange(0.0, 60e9 + 2e6, 5e6)
    other = replace(same.resampled(finer), name="far")
    settings = replace(small_settings(), receiver=replace(small_settings().receiver, noise_density=0.0))
    given = com(small_channel(fext=(same,)), config=settings, package_case=1)
    moved = com(small_channel(fext=(other,)), config=settings, package_case=1)
    assert moved.com_db == pytest.approx(given.com_db, abs=1e-6)
    assert any("far is on another grid" in warning for warning in moved.warnings)
    short = replace(same, frequency=GRID[:5001], s=same.s[:5001])
    with pytest.raises(SirfError, match="must span that of the through path"):
        com(small_channel(fext=(short,)), config=settings)


def test_a_band_too_small_is_refused() -> None:
    through = line()
    cut = Network(GRID[:3000], through.s[:3000], z0=100.0, name="cut")
    with pytest.raises(SirfError, match=r"band of cut must reach 0\.75 of the symbol rate"):
        com(sirf.Channel(cut), config=small_settings())


def test_no_setting_that_passes_is_an_error() -> None:
    settings = replace(small_settings(), transmitter=replace(small_settings().transmitter, c0_minimum=1.1))
    with pytest.raises(SirfError, match="some equaliser setting must pass for line"):
        com(small_channel(), config=settings)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "one of standard and config must be given"),
        ({"standard": "802.3ck-kr1", "config": "x.xlsx"}, "one of standard and config"),
        ({"standard": "802.3ck-kr1", "package_case": 3}, "package_case must be between 1 and 2 for 802.3ck-kr1, got 3"),
        ({"standard": "802.3ck-kr1", "set": {"f_b": 1}}, "set must come with a workbook"),
        ({"standard": "802.3ck-kr9"}, "Did you mean"),
        ({"standard": "802.3ck-kr1", "search": "quick"}, "search must be"),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(SirfError, match=words):
        com(small_channel(), **options)


def test_what_annex_93a_lacks_is_refused_by_keyword() -> None:
    receiver = small_settings().receiver
    moved = replace(receiver, sampling=replace(receiver.sampling, first=-4, last=4))
    with pytest.raises(ConfigError, match="sample_adjustment must be 0"):
        com(small_channel(), config=replace(small_settings(), receiver=moved))
    sequence = replace(receiver, detector=replace(receiver.detector, mlse=1))
    with pytest.raises(ConfigError, match="MLSE must be 0"):
        com(small_channel(), config=replace(small_settings(), receiver=sequence))


def test_the_cases_of_the_reference_are_covered() -> None:
    assert set(FULL) <= set(KEYS)

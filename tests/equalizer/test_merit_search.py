"""The equaliser search: better than its start, inside its limits, honest about a closed link."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import sirf
from sirf.channel.channel import Channel
from sirf.engine.statistical.analysis import statistical_eye
from sirf.equalizer.merit_search import optimize
from sirf.errors import SirfError
from sirf.link import Link
from sirf.transmitter.jitter import Jitter


@pytest.fixture(scope="module")
def link(channels_dir: Path) -> Link:
    return Link(Channel.from_touchstone(channels_dir / "c2c_12db" / "thru.s4p"), standard="802.3ck-c2c")


@pytest.fixture(scope="module")
def chosen(link: Link) -> Link:
    return link.optimized()


def test_the_choice_lies_inside_the_limits(chosen: Link) -> None:
    limits, report = chosen.limits, chosen.equalizer_report
    assert report is not None
    assert report.g_dc_db in limits.g_dc_db
    assert report.g_dc2_db in limits.g_dc2_db
    allowed = dict(limits.tx_ffe)
    for index, tap in enumerate(report.tx_taps):
        cursor = index - report.tx_main
        if cursor:
            assert min(abs(tap - value) for value in allowed[cursor]) < 1e-9
        else:
            assert tap >= limits.tx_main_minimum
    assert sum(abs(tap) for tap in report.tx_taps) == pytest.approx(1.0)
    assert all(
        low <= tap <= high for low, tap, high in zip(limits.dfe_min, report.dfe_taps, limits.dfe_max, strict=True)
    )


def test_the_search_improves_on_its_start_and_shows_its_path(chosen: Link) -> None:
    report = chosen.equalizer_report
    assert report is not None
    assert report.start_fom_db is not None
    assert report.fom_db > report.start_fom_db
    merits = [step[-1] for step in report.path]
    assert merits == sorted(merits)
    assert report.candidates > 100
    assert report.opened


def test_every_neighbour_of_the_choice_is_worse(link: Link, chosen: Link) -> None:
    """A second look with the CTLE moved by one step finds no better setting."""
    report, limits = chosen.equalizer_report, chosen.limits
    assert report is not None
    for name, gain in (("g_dc_db", report.g_dc_db), ("g_dc2_db", report.g_dc2_db)):
        for step in (-1.0, 1.0):
            if gain + step in getattr(limits, name):
                here = dataclasses.replace(limits, g_dc_db=(report.g_dc_db,), g_dc2_db=(report.g_dc2_db,))
                beside = (gain + step,)
                moved = (
                    dataclasses.replace(here, g_dc_db=beside)
                    if name == "g_dc_db"
                    else dataclasses.replace(here, g_dc2_db=beside)
                )
                other = optimize(link, limits=moved).equalizer_report
                assert other is not None
                assert other.fom_db <= report.fom_db + 1e-9


def test_frozen_blocks_stay_as_they_are(chosen: Link) -> None:
    again = optimize(chosen, freeze=("ctle", "tx_ffe"))
    assert again.receiver.ctle == chosen.receiver.ctle
    assert again.transmitter.ffe == chosen.transmitter.ffe
    assert again.equalizer_report is not None
    assert chosen.equalizer_report is not None
    assert again.equalizer_report.fom_db == pytest.approx(chosen.equalizer_report.fom_db, abs=1e-6)


def test_an_unknown_block_is_refused(link: Link) -> None:
    with pytest.raises(SirfError, match="freeze must name blocks"):
        optimize(link, freeze=("cdr",))


def test_a_link_that_nothing_opens_says_so_and_still_has_an_error_ratio(channels_dir: Path) -> None:
    hopeless = Link(
        Channel.from_touchstone(channels_dir / "backplane_28db" / "thru.s4p"), standard="cei-112g-xsr"
    ).optimized()
    assert hopeless.equalizer_report is not None
    assert not hopeless.equalizer_report.opened
    eye = statistical_eye(hopeless, phases=1)
    assert 1e-3 < eye.ber < 0.5
    assert eye.eye_height() == 0.0
    assert eye.vec_db is None


def test_search_by_error_ratio_starts_from_the_figure_of_merit_and_only_improves(chosen: Link) -> None:
    report = chosen.equalizer_report
    assert report is not None
    allowed = dict(chosen.limits.tx_ffe)
    few = dataclasses.replace(
        chosen.limits,
        g_dc2_db=(report.g_dc2_db,),
        tx_ffe=tuple((cursor, values if cursor == -1 else (0.0,)) for cursor, values in allowed.items()),
    )
    by_merit, by_ratio = (optimize(chosen, limits=few, by=by) for by in ("mmse", "ber"))
    found = by_ratio.equalizer_report
    assert found is not None
    ratios = [ratio for _, ratio in found.ber_path]
    assert ratios == sorted(ratios, reverse=True)
    assert len(ratios) > 1
    assert ratios[0] == statistical_eye(by_merit, phases=1).ber
    assert ratios[-1] == pytest.approx(statistical_eye(by_ratio, phases=1).ber, rel=1e-9)
    assert by_ratio.transmitter.ffe[by_ratio.transmitter.ffe_main - 1] in allowed[-1]


def test_figure_of_merit_is_the_inverse_mean_square_error_of_the_distribution(link: Link) -> None:
    """SNDR is main cursor² over the mean-square error; the level distance is R_LM / 3 of the main cursor."""
    chosen = optimize(link, by="mmse")
    report = chosen.equalizer_report
    assert report is not None
    sndr_db = statistical_eye(chosen, phases=4).metrics(1e-3).sndr_db
    expected = sndr_db + 20 * np.log10(chosen.transmitter.level_mismatch / 3)
    assert report.fom_db == pytest.approx(expected, abs=0.15)


def test_an_unknown_criterion_is_refused(link: Link) -> None:
    with pytest.raises(SirfError, match="by must be 'fom', 'mmse' or 'ber'"):
        optimize(link, by="eye")


def test_the_search_weighs_every_kind_of_jitter_by_its_variance() -> None:
    """Random jitter of the same mean square as a duty-cycle distortion leads to the same setting, no jitter to another."""
    path = sirf.paths.pluggable(rate_class="100g").to_channel()
    link = Link(path, standard="802.3ck-c2m", samples_per_ui=16)
    rms = 0.05
    found = [
        link.replace(transmitter=dataclasses.replace(link.transmitter, jitter=jitter)).optimized()
        for jitter in (Jitter(random_ui=rms), Jitter(duty_cycle_ui=2.0 * rms), Jitter())
    ]
    figures = [one.equalizer_report.fom_db for one in found]  # type: ignore[union-attr]
    assert figures[0] == pytest.approx(figures[1], abs=1e-9)
    assert found[0].transmitter.ffe == found[1].transmitter.ffe
    assert figures[2] > figures[0] + 1.0

"""Reach does not hang on rounding or on the grid of samples: perturbed by a billionth, the search leads to the same length."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sirf.engine.front_end import front_end
from sirf.engine.statistical.analysis import statistical_eye
from sirf.equalizer import error_ratio_search
from sirf.equalizer.search_waves import UnequalizedWaves
from sirf.link import Link
from sirf.results.margin import EqualizerChoice
from sirf.study import measurement
from sirf.study import sections as study_sections
from sirf.study.com_length import _is_better
from sirf.study.host_models import HostModels
from sirf.study.limits import limit_of
from sirf.study.reach import reach
from sirf.study.rule import rule_of
from sirf.study.ruled_reach import ruled_reach
from sirf.study.sections import optimized, sections
from sirf.study.subject import ArchitectureSubject, subject_of
from sirf.system.architecture import load_architecture

RATE = 106.25e9


def _perturbed(monkeypatch: pytest.MonkeyPatch, size: float, seed: int) -> None:
    """Waves of the search and error ratios of its refinement with relative errors of a `size`."""
    generator = np.random.default_rng(seed)
    waves_of, ratio_of = UnequalizedWaves.of.__func__, error_ratio_search._ratio  # type: ignore[attr-defined]

    def of(cls: type[UnequalizedWaves], *given: object) -> UnequalizedWaves:
        waves: UnequalizedWaves = waves_of(cls, *given)
        return dataclasses.replace(
            waves, pulse=waves.pulse * (1.0 + size * generator.standard_normal(len(waves.pulse)))
        )

    monkeypatch.setattr(UnequalizedWaves, "of", classmethod(of))
    monkeypatch.setattr(
        error_ratio_search, "_ratio", lambda link: ratio_of(link) * (1.0 + size * generator.choice((-1.0, 1.0)))
    )


def test_a_billionth_in_the_search_does_not_move_the_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    item = load_architecture("pluggable-linear")
    subject = ArchitectureSubject(architecture=item, data_rate=RATE, models=HostModels(), thresholds="adapted")
    rule = rule_of("common", item, RATE, limit=None)
    plain = ruled_reach(subject, rule, start=0.37)
    _perturbed(monkeypatch, 1e-9, 1)
    moved = ruled_reach(subject, rule, start=0.37)
    assert moved.length_m == pytest.approx(plain.length_m, rel=1e-5)
    assert moved.tolerance == pytest.approx(plain.tolerance, rel=1e-3)


def test_a_billionth_in_the_search_does_not_move_the_reach_of_copper(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for seed in range(3):
        if seed:
            _perturbed(monkeypatch, 1e-9, seed)
        for cache in (study_sections.optimized, measurement._eyes_of_one_medium):
            cache.cache_clear()
        found.append(reach("npo", standard="cei-112g-vsr", limit={"ber": 1e-6}, explain=False))
    assert [one.reach_mm for one in found] == pytest.approx([found[0].reach_mm] * 3, rel=1e-9)
    assert [one.tolerance for one in found] == pytest.approx([found[0].tolerance] * 3, rel=1e-6)


@pytest.mark.parametrize(
    ("path", "standard", "length"),
    [("cable", "802.3ck-cr1", 1.0), ("npo", "cei-112g-vsr", 0.1), ("cpo", "cei-112g-xsr", 0.18)],
)
def test_margins_of_copper_follow_length_without_steps(path: str, standard: str, length: float) -> None:
    """From one twentieth of a percent to the next margins bend by hundredths of a decade; on samples they jumped by up to 1.5."""
    subject, limit = subject_of(path, standard=standard), limit_of({"ber": 1e-6}, ber=1e-6)
    lengths = length * 1.0005 ** np.arange(12)
    margins = [limit.margin(limit.value(limit.measurement(subject, float(one)))) for one in lengths]
    assert np.abs(np.diff(margins, 2)).max() < 0.03


@pytest.mark.parametrize("name", ["pluggable-retimed", "npo", "copper-cable", "copper-copackaged"])
def test_copper_errs_alike_on_grids_of_16_and_32_samples(name: str) -> None:
    """A row has 32 samples a UI and its reach 16: on samples their error ratios were up to five times apart."""
    ratios = []
    for count in (16, 32):
        first = sections(load_architecture(name), RATE, step=20e6, samples_per_ui=count)[0]
        ratios.append(statistical_eye(optimized(first.link), phases=1).ber)
    assert ratios[0] == pytest.approx(ratios[1], rel=0.02)


def _link(samples_per_ui: int) -> Link:
    item = load_architecture("pluggable-linear")
    return sections(item, RATE, length=0.2, samples_per_ui=samples_per_ui)[0].link


def test_an_instant_between_samples_is_that_of_a_finer_grid() -> None:
    # offsets of an odd thirty-second of a UI: between samples of 16 a UI, on those of 32
    coarse, fine = (optimized(_link(16)).replace(samples_per_ui=count) for count in (16, 32))
    found = []
    for link, count in ((coarse, 16), (fine, 32)):
        ends = [
            front_end(link.replace(receiver=link.receiver.replace(sampling_offset_ui=offset / 32)))
            for offset in range(-4, 5)
        ]
        rate = count * link.symbol_rate
        found.append([(end.start_time + end.sampling / rate, end.main_cursor) for end in ends])
    times, cursors = (np.array(one) for one in zip(*(zip(*one, strict=True) for one in found), strict=True))
    # the Mueller-Mueller instant itself may lie a sample of the finer grid apart
    apart = round((times[1, 0] - times[0, 0]) * 32 * coarse.symbol_rate)
    assert abs(apart) <= 1
    near = slice(max(apart, 0), len(times[0]) + min(apart, 0))
    late = slice(max(-apart, 0), len(times[0]) + min(-apart, 0))
    assert times[0, near] == pytest.approx(times[1, late], abs=1e-16)
    assert cursors[0, near] == pytest.approx(cursors[1, late], rel=1e-6)


def test_the_best_instant_between_samples_is_the_same_on_a_finer_grid() -> None:
    """Figures of merit and taps of 16 and 32 samples a UI agree between samples, and are those of no sample to less."""
    between = [_link(count).optimized(between_samples=True) for count in (16, 32)]
    reports = [link.equalizer_report for link in (*between, *(_link(count).optimized() for count in (16, 32)))]
    merits = [report.fom_db for report in reports if report is not None]
    assert merits[0] == pytest.approx(merits[1], abs=2e-4)
    assert np.array(between[0].receiver.ffe) == pytest.approx(np.array(between[1].receiver.ffe), abs=2e-3)
    # the best sample is as good at most, and closer to it on the finer grid
    assert merits[2] <= merits[0] + 1e-6
    assert merits[0] - 2e-3 <= merits[3] <= merits[0] + 2e-4


def test_a_setting_is_not_better_by_the_order_of_its_sums() -> None:
    """Two searches of COM add up the terms of one setting in orders of their own."""
    known = EqualizerChoice(
        method="near a known setting",
        fom_db=12.0,
        com_db=3.0,
        ctle_db=(-8.0, -2.0),
        tx_taps=(-0.1, 0.9),
        sampling_index=812,
        evaluated=90,
    )
    assert not _is_better(dataclasses.replace(known, fom_db=12.0 + 5e-12), known)
    assert _is_better(dataclasses.replace(known, fom_db=12.0001), known)
    assert _is_better(known, None)
    assert not _is_better(None, known)

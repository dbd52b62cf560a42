"""Values that results hand on: what is derived of them, and what they write as JSON, by hand."""

from __future__ import annotations

import dataclasses
import math

import pytest

from sirf.results.eye_metrics import CrossingJitter, EyeMetrics
from sirf.results.receiver_report import AdaptedReceiver, ClockReport
from sirf.results.sampling_instant import SamplingInstant

EYES = EyeMetrics(
    ber=1e-6,
    heights=(0.03, 0.05, 0.02),
    widths=(0.3, 0.4, 0.25),
    amplitudes=(0.10, 0.12, 0.11),
    closures_db=(10.5, 7.6, 14.8),
    jitter=(
        CrossingJitter(total=0.7, random=0.02, deterministic=0.5),
        CrossingJitter(total=0.6, random=0.03, deterministic=0.3),
        CrossingJitter(total=0.75, random=0.01, deterministic=0.65),
    ),
    sndr_db=31.0,
)


def test_the_worst_eye_gives_the_figures() -> None:
    assert EYES.opening == 0.02
    assert EYES.width == 0.25
    assert EYES.linearity == pytest.approx(0.10 / 0.12)
    assert EYES.height_linearity == pytest.approx(0.02 / 0.05)
    assert EYES.vec_db == 14.8
    assert EYES.worst_jitter == EYES.jitter[2]


def test_a_closed_eye_has_no_closure_and_no_jitter() -> None:
    closed = dataclasses.replace(
        EYES,
        heights=(0.03, -0.01, 0.02),
        closures_db=(10.5, None, 14.8),
        jitter=(EYES.jitter[0], None, EYES.jitter[2]),
    )
    assert closed.vec_db is None
    assert closed.worst_jitter is None
    assert closed.opening == -0.01
    assert closed.height_linearity == pytest.approx(-0.01 / 0.03)
    all_closed = dataclasses.replace(EYES, heights=(-0.03, -0.01, -0.02))
    assert all_closed.height_linearity == 0.0
    assert dataclasses.replace(EYES, heights=(0.0, 0.0, 0.0)).height_linearity == 0.0
    record = closed.to_dict()
    assert [record[key] for key in ("vec_db", "total_jitter_ui", "random_jitter_ui", "deterministic_jitter_ui")] == [
        None
    ] * 4


def test_figures_are_written_in_millivolts_and_ui() -> None:
    assert EYES.to_dict() == {
        "ber": 1e-6,
        "eye_heights_mv": [30.0, 50.0, 20.0],
        "eye_widths_ui": [0.3, 0.4, 0.25],
        "level_distances_mv": [100.0, 120.0, 110.0],
        "linearity": pytest.approx(0.8333, abs=1e-4),
        "height_linearity": pytest.approx(0.4),
        "vec_db": 14.8,
        "veo_mv": 20.0,
        "sndr_db": 31.0,
        "total_jitter_ui": 0.75,
        "random_jitter_ui": 0.01,
        "deterministic_jitter_ui": 0.65,
    }


def test_a_loop_locks_the_other_way_round_from_the_chosen_instant() -> None:
    late = SamplingInstant(
        criterion="maximum-eye", offset_ui=0.0625, ser=1e-9, loop_ser=3e-7, height=0.012, loop_height=-0.004
    )
    assert late.loop_offset_ui == -0.0625
    assert late.brief == "sampled by maximum-eye, the Mueller-Müller loop -0.062 UI off"
    assert str(late) == (
        "maximum-eye; the Mueller-Müller loop would lock -0.0625 UI off: symbol error ratio 3.000e-07 for 1.000e-09, "
        "height -4.00 for 12.00 mV"
    )
    record = late.to_dict()
    assert (record["height_mv"], record["loop_height_mv"]) == (pytest.approx(12.0), pytest.approx(-4.0))
    assert (record["offset_ui"], record["loop_offset_ui"]) == (0.0625, -0.0625)
    # no offset is no negative zero, which would print as -0
    assert math.copysign(1.0, dataclasses.replace(late, offset_ui=0.0).loop_offset_ui) == 1.0


LOCKED = ClockReport(
    locked=True, locked_at=2.5e-6, lost_at=None, losses=0, slips=0, mean_phase_ui=0.01, rms_phase_ui=0.02
)


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (LOCKED, "locked from 2.500 us on; phase +0.0100 UI, rms 0.0200 UI, slips 0"),
        (
            dataclasses.replace(LOCKED, lost_at=7e-6, losses=3, slips=-2, mean_phase_ui=-0.4),
            "lost lock at 7.000 us, 3 times; phase -0.4000 UI, rms 0.0200 UI, slips -2",
        ),
        (dataclasses.replace(LOCKED, locked=False, locked_at=None), "never locked"),
    ],
)
def test_a_clock_says_whether_it_held(report: ClockReport, words: str) -> None:
    assert str(report) == words
    assert report.to_dict() == dataclasses.asdict(report)


def test_adapted_taps_are_lists_in_json() -> None:
    found = AdaptedReceiver(ffe=(-0.1, 1.0), dfe=(0.2,), references=(-1.0, 1.0), gain=1.5)
    assert found.to_dict() == {"ffe": [-0.1, 1.0], "dfe": [0.2], "references": [-1.0, 1.0], "gain": 1.5}

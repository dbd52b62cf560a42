"""The short form of `python -m benchmarks.validate`: every engine against its own brute force, and its intervals' coverage."""

from __future__ import annotations

from benchmarks.validate.grid import coverages, rows


def test_every_engine_has_the_error_ratio_of_its_brute_force() -> None:
    found = list(rows(True, errors=2000, symbols=300_000))
    assert {row.engine for row in found} == {"statistical", "counting", "waveform"}
    assert [row for row in found if not row.passes] == []


def test_intervals_of_short_counts_hold_the_truth() -> None:
    found = list(coverages(60, short=True))
    assert len(found) >= 5
    assert [one for one in found if not one.passes] == []

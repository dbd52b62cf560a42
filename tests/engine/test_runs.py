"""Runs: reproducible, mergeable, independent of workers, calls and interruptions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sirf.engine.counting.count_errors import count_errors
from sirf.engine.waveform.simulate import simulate
from sirf.errors import SirfError
from sirf.link import Link
from tests.engine.links import flat_link


@pytest.fixture(scope="module")
def link() -> Link:
    return flat_link("PAM4", sigma=0.11, ffe=(1.0, 0.3), dfe=(0.3,))


def test_counts_do_not_depend_on_the_number_of_workers(link: Link) -> None:
    counts = [
        count_errors(link, max_errors=10**9, max_symbols=600_000, rng=1, workers=workers) for workers in (1, 2, 8)
    ]
    assert counts[0] == counts[1] == counts[2]
    assert counts[0].symbols >= 600_000


def test_a_run_ends_at_the_first_segment_in_order_that_meets_a_limit(link: Link) -> None:
    short = count_errors(link, max_errors=50, rng=2, workers=1)
    assert count_errors(link, max_errors=50, rng=2, workers=4) == short
    assert short.errors >= 50


def test_an_interrupted_run_resumes_to_the_same_counts(link: Link, tmp_path: Path) -> None:
    whole = count_errors(link, max_errors=10**9, max_symbols=500_000, rng=4)

    def stop(done: int, total: int, errors: int) -> None:
        if done > 200_000:
            raise KeyboardInterrupt

    file = tmp_path / "count.json"
    with pytest.raises(KeyboardInterrupt):
        count_errors(link, max_errors=10**9, max_symbols=500_000, rng=4, resume=file, progress=stop)
    assert file.exists()
    assert count_errors(link, max_errors=10**9, max_symbols=500_000, rng=4, resume=file) == whole


def test_a_resume_file_of_another_run_is_refused(link: Link, tmp_path: Path) -> None:
    file = tmp_path / "count.json"
    count_errors(link, max_errors=1, max_symbols=1, rng=4, resume=file)
    with pytest.raises(SirfError, match="same link and seed"):
        count_errors(link, max_errors=1, max_symbols=1, rng=5, resume=file)
    file.write_text("nothing")
    with pytest.raises(SirfError, match="file of an earlier count"):
        count_errors(link, max_errors=1, max_symbols=1, rng=4, resume=file)


def test_seeds_make_runs_equal_and_different(link: Link) -> None:
    same = [simulate(link, symbols=20_000, rng=6) for _ in range(2)]
    other = simulate(link, symbols=20_000, rng=7)
    assert same[0].errors == same[1].errors
    assert np.array_equal(same[0].eye.counts, same[1].eye.counts)
    assert not np.array_equal(same[0].eye.counts, other.eye.counts)


def test_bit_by_bit_and_baud_rate_engines_agree(link: Link) -> None:
    count = count_errors(link, max_errors=3000, rng=1)
    run = simulate(link, symbols=300_000, rng=1)
    assert run.errors.ber_low <= count.ber_high
    assert count.ber_low <= run.errors.ber_high


def test_the_eye_at_the_instant_shows_the_levels(link: Link) -> None:
    eye = simulate(link, symbols=20_000, rng=1).eye
    row = eye.counts[len(eye.phase_ui) // 2]
    assert row.sum() >= 20_000
    for low, high in zip([-2, *eye.thresholds], [*eye.thresholds, 2], strict=True):
        inside = (eye.volts > low) & (eye.volts <= high)
        assert row[inside].sum() / row.sum() == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"max_errors": 0}, "max_errors must be at least 1"), ({"max_symbols": 0}, "max_symbols must be"),
     ({"workers": 0}, "workers must be"), ({"rng": -1}, "rng must be"), ({"rng": 1.5}, "rng must be")],
)  # fmt: skip
def test_impossible_limits_are_refused(link: Link, options: dict[str, int], message: str) -> None:
    with pytest.raises(SirfError, match=message):
        count_errors(link, **options)  # type: ignore[arg-type]  # wrong on purpose


def test_a_resumable_run_needs_an_integer_seed(link: Link, tmp_path: Path) -> None:
    with pytest.raises(SirfError, match="rng must be an integer"):
        count_errors(link, rng=None, resume=tmp_path / "x.json")


def test_no_symbols_is_refused(link: Link) -> None:
    with pytest.raises(SirfError, match="symbols must be at least 1"):
        simulate(link, symbols=0)

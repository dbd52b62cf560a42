"""What architectures decide on the way, and how their error ratios add up."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sirf.channel.parts import Ball
from sirf.channel.path import Segment, load_path
from sirf.engine.statistical.analysis import statistical_eye
from sirf.results.chain_count import composed_error_ratio
from sirf.study.impairments import limited_by
from sirf.study.measurement import Measurement
from sirf.study.sections import optimized, sections
from sirf.system.architecture import load_architecture
from sirf.transmitter.jitter import Jitter


def test_composed_ratio_is_that_of_flipped_bits() -> None:
    """Three segments that flip bits with their own probabilities, counted."""
    rng = np.random.default_rng(5)
    ratios = [0.02, 0.1, 0.05]
    bits = np.zeros(400_000, dtype=bool)
    for ratio in ratios:
        bits ^= rng.random(bits.size) < ratio
    deviation = np.sqrt(composed_error_ratio(ratios) / bits.size)
    assert abs(np.mean(bits) - composed_error_ratio(ratios)) < 3 * deviation
    assert composed_error_ratio([1e-9, 2e-9]) == pytest.approx(3e-9, rel=1e-6)
    assert composed_error_ratio([0.0, 1e-300]) == pytest.approx(1e-300)


def test_chains_have_their_segments() -> None:
    def counts(name: str) -> list[int]:
        return [segment.count for segment in sections(load_architecture(name), 106.25e9, step=40e6)]

    assert counts("pluggable-retimed") == [2, 1]
    assert counts("pluggable-half-retimed") == [1, 1]
    assert counts("pluggable-linear") == [1]
    assert counts("copper-cable") == [1]


def test_a_linear_chain_loses_twice_a_retimed_segment() -> None:
    (linear,) = sections(load_architecture("pluggable-linear"), 106.25e9, step=40e6)
    retimed, _ = sections(load_architecture("pluggable-retimed"), 106.25e9, step=40e6)
    assert linear.link.insertion_loss_db == pytest.approx(
        2 * retimed.link.insertion_loss_db, rel=1e-6
    )  # read between two points of the grid


def test_paths_of_copper_and_chiplet_lie_in_their_class() -> None:
    """A metre of cable with both hosts near the budget of 28 dB and below, a chiplet below any package."""
    loss = {name: float(load_path(name, rate_class="100g").insertion_loss_db(26.5625e9)) for name in
            ("die-to-die", "cpo", "copper-copackaged", "copper-cable")}  # fmt: skip
    assert loss["die-to-die"] < loss["cpo"] < loss["copper-copackaged"] < loss["copper-cable"] < 28.0


def test_the_limiter_is_what_was_made_large() -> None:
    segment, _ = sections(load_architecture("cpo-retimed"), 106.25e9, step=40e6, samples_per_ui=16)
    link = segment.link.optimized()
    assert limited_by(link).cause in ("transmitter noise", "jitter")
    loud = link.replace(receiver=dataclasses.replace(link.receiver, noise_density=30 * link.receiver.noise_density))
    found = limited_by(loud)
    assert {found.cause, found.runner_up} == {"receiver noise", "loss"}
    shaky = link.replace(transmitter=dataclasses.replace(link.transmitter, jitter=Jitter(random_ui=0.04)))
    assert limited_by(shaky).cause == "jitter"
    dirty = link.replace(transmitter=dataclasses.replace(link.transmitter, snr_db=20.0))
    assert limited_by(dirty).cause == "transmitter noise"


def test_rows_on_the_same_copper_share_its_link_and_what_is_found_of_it() -> None:
    """At any length the channel, its link and the eye are one object; another length or step has its own."""
    rows = [load_architecture(name) for name in ("pluggable-retimed", "pluggable-half-retimed")]
    parts = [sections(row, 106.25e9, step=40e6, length=0.3, samples_per_ui=16)[0] for row in rows]
    assert parts[0].link is parts[1].link
    assert sections(rows[0], 106.25e9, step=40e6, length=0.31, samples_per_ui=16)[0].link is not parts[0].link
    assert sections(rows[0], 106.25e9, step=50e6, length=0.3, samples_per_ui=16)[0].link is not parts[0].link
    first, second = (Measurement((part,), phases=16) for part in parts)
    assert first.eye(0, wide=True) is second.eye(0, wide=True)
    # the instant is one of the phases of the eye that is known: its figures are those of that phase alone
    alone = statistical_eye(optimized(parts[0].link), phases=1)
    assert second.eye(0) is first.eye(0, wide=True)
    assert second.section_ber == (alone.ber,)
    assert second.eye_height_mv == 1e3 * alone.eye_height()
    assert second.eye_width_ui == statistical_eye(optimized(parts[0].link), phases=16, open_at=alone.der0).eye_width()


def test_a_part_that_does_not_compare_by_value_is_found_anew() -> None:
    """A path of one's own may hold an element that changes between two calls."""

    class Changing(Ball):
        __slots__ = ()
        __hash__ = object.__hash__

    item = load_architecture("die-to-die")
    path = load_path(item.path, rate_class="100g")
    own = dataclasses.replace(
        path, segments=(*path.segments, Segment("mine", Changing(capacitance=1e-15, inductance=1e-12, coupling=0.0)))
    )
    once, again = (sections(item, 106.25e9, step=40e6, path=own)[0].link for _ in range(2))
    assert once is not again
    kept, same = (sections(item, 106.25e9, step=40e6, path=path)[0].link for _ in range(2))
    assert kept is same

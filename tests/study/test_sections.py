"""What architectures decide on the way, and how their error ratios add up."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from sirf.channel.path import load_path
from sirf.results.chain_count import composed_error_ratio
from sirf.study.impairments import limited_by
from sirf.study.sections import sections
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

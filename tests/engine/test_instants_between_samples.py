"""A sampler that stands between two samples of a UI: statistics, errors counted and the waveform mean the same instant."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

import sirf


def board() -> sirf.Link:
    channel = sirf.paths.pluggable(rate_class="100g").to_channel(crosstalk=True)
    return sirf.Link(channel, standard="802.3ck-c2m", samples_per_ui=16).optimized()


def light() -> sirf.Link:
    package = sirf.paths.cpo(rate_class="100g").to_channel(crosstalk=True)
    preset = sirf.optics.load_optics("dr-silicon-mzm")
    span = sirf.optics.Span(preset.path, before=package, after=package, swing=preset.swing, agc_db=(-80.0, 10.0))
    return sirf.Link(span, standard="cei-112g-linear").optimized()


@pytest.mark.parametrize(("made", "noise_density"), [(board, 1.6e-15), (light, 4e-15)])
def test_every_engine_samples_where_the_offset_says(made: Callable[[], sirf.Link], noise_density: float) -> None:
    """Half a sample later the error ratio is another one by far more than counts scatter."""
    link = made()
    receiver = dataclasses.replace(link.receiver, noise_density=noise_density)
    at = {
        samples: link.replace(receiver=receiver.replace(sampling_offset_ui=samples / link.samples_per_ui))
        for samples in (3.0, 3.5, 4.0)
    }
    expected = {samples: sirf.statistical_eye(moved, phases=1).ber for samples, moved in at.items()}
    for found in (
        sirf.count_errors(at[3.5], max_errors=4000, rng=1),
        sirf.simulate(at[3.5], symbols=500_000, rng=2).errors,
    ):
        low, high = found.interval()
        assert low <= expected[3.5] <= high
        assert not any(low <= expected[sample] <= high for sample in (3.0, 4.0))

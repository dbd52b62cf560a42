"""Reach: monotone, at the limit, honest where there is none; the cause is named; architectures and fibre have reaches too."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sirf
from sirf import optics, paths
from sirf.channel.path import load_path
from sirf.engine.statistical.analysis import statistical_eye
from sirf.equalizer.merit_search import optimize
from sirf.errors import SirfError
from sirf.link import Link
from sirf.results.chain_count import composed_error_ratio
from sirf.study.compare import compare, measurement_of
from sirf.study.figures import FIGURES, figure_value
from sirf.study.impairments import CAUSES
from sirf.study.length_search import MAX_LENGTH, MIN_LENGTH, STRIDE, longest_length, steady_length
from sirf.study.light_budget import engine_budget, light_ber, optical_path_with_loss
from sirf.study.limits import limit_of
from sirf.study.measurement import Measurement
from sirf.study.ratio_length import RatioLength
from sirf.study.reach import reach
from sirf.study.reach_result import Reach
from sirf.study.sections import sections
from sirf.study.subject import SAMPLES_PER_UI, STEP, ArchitectureSubject, PathSubject, subject_of
from sirf.system.architecture import load_architecture


def test_reach_lies_between_a_length_that_meets_the_limit_and_one_that_misses_it() -> None:
    found = reach("cpo", standard="cei-112g-xsr", limit={"ber": 1e-6}, tolerance=0.05)
    assert found.reach_mm is not None
    met = [length for length, value, _ in found.curve if value <= 1e-6]
    missed = [length for length, value, _ in found.curve if value > 1e-6]
    # a length or two of those about the crossing may stand out of the ripple that is allowed for
    assert found.tolerance < 0.15
    assert max(met) <= found.reach_mm * (1.0 + found.tolerance) * 1.02
    assert min(missed) >= found.reach_mm / 1.02
    losses = [loss for _, _, loss in found.curve]
    assert losses == sorted(losses)
    assert found.limited_by in CAUSES
    assert found.gained_decades[found.limited_by] == max(found.gained_decades.values())


def test_reach_of_margins_that_ripple_does_not_hang_on_one_dip() -> None:
    """A margin of 1 dB for each 5 % of length with ripple of 0.2 dB rms: both ends by hand, whatever the phase of the ripple."""
    edge, slope, ripple = 0.3, 20.0, 0.2
    spread = 2.0 * ripple / slope
    for phase in np.linspace(0.0, 6.0, 7):

        def margin(length: float, phase: float = phase) -> float:
            return slope * math.log(edge / length) + math.sqrt(2.0) * ripple * math.sin(2e4 * length + phase)

        low, high = steady_length(margin, 0.1)
        assert low is not None
        assert high is not None
        assert math.log(low / edge) == pytest.approx(-spread - 0.005, abs=0.7 * spread)
        assert math.log(high / edge) == pytest.approx(spread + 0.005, abs=0.7 * spread)


def test_reach_of_smooth_margins_is_the_crossing_to_the_tolerance() -> None:
    low, high = steady_length(lambda length: 10.0 * math.log(0.25 / length) + 3.0 * math.log(0.25 / length) ** 2, 0.1)
    assert low is not None
    assert high is not None
    assert low == pytest.approx(0.25 * math.exp(-0.005), rel=1e-3)
    assert high == pytest.approx(0.25 * math.exp(0.005), rel=1e-3)
    # of a cliff, whose margins say nothing but yes and no, the window is what can be said
    low, high = steady_length(lambda length: length < 0.25, 0.1)
    assert low is not None
    assert high is not None
    assert low < 0.25 <= high < 1.13 * low


def test_linear_light_reaches_as_far_as_the_best_transmitter_setting_nearby() -> None:
    """The search's own settings jump from length to length; those refined at the crossing give a margin that falls."""
    subject = subject_of("pluggable-linear", data_rate=106.25e9)
    search = RatioLength(subject, limit_of({"ber": 2e-4}, ber=2e-4))
    low, high = search.longest(0.38, tolerance=0.02)
    assert low is not None
    assert high is not None
    assert high / low < 1.05
    lengths = np.linspace(0.97 * low, 1.03 * high, 4)
    held = [search.margin(length) for length in lengths]
    assert held[0] > 0.0 > held[-1]
    assert np.all(np.diff(held) < 0.0)
    # a search at the same length finds no better
    assert search.limit.margin(search.limit.value(subject.measurement(lengths[0]))) < held[0]


def test_a_stricter_limit_never_reaches_further() -> None:
    loose = reach("cpo", standard="cei-112g-xsr", limit={"com_db": 1.0}, tolerance=0.1).reach_mm
    strict = reach("cpo", standard="cei-112g-xsr", limit={"com_db": 4.0}, tolerance=0.1).reach_mm
    assert loose is not None
    assert strict is None or strict < loose


def test_com_as_a_limit_is_that_of_the_margin() -> None:
    """The curve against `sirf.com` on the same path at one of its lengths."""
    found = reach("cpo", standard="cei-112g-xsr", limit={"com_db": 3.0}, tolerance=0.5)
    length, value, _ = found.curve[0]
    path = load_path("cpo", rate_class="100g").with_length(1e-3 * length)
    channel = path.to_channel(np.arange(0.0, 110e9, STEP), crosstalk=True)
    assert sirf.com(channel, standard="cei-112g-xsr", package_case=1).com_db == pytest.approx(value, abs=1e-9)


def test_no_length_meets_an_impossible_limit() -> None:
    found = reach(paths.cpo(rate_class="100g"), standard="cei-112g-xsr", limit={"eye_height_mv": 10_000.0})
    assert found.reach_mm is None
    assert "already at" in found.limited_by


def test_a_cable_reaches_as_far_as_its_band_allows_to_say() -> None:
    """The cable's model ends at 80 GHz, below the grid of other paths; 802.3ck promises 2 m."""
    found = reach("cable", standard="802.3ck-cr1", limit={"ber": 1e-4}, tolerance=0.2)
    assert found.reach_mm is not None
    assert found.reach_mm >= 2000.0
    assert reach("cable", standard="802.3ck-cr1", limit={"ber": 0.4}).limited_by == "range of the search, 5 m"


def test_a_finer_step_changes_nothing_where_a_long_cable_needs_it() -> None:
    """3.9 m at the step that its length asks for, and at half of it."""
    subject = subject_of("cable", standard="802.3ck-cr1")
    assert isinstance(subject, PathSubject)
    (coarse,) = subject.sections(3.9)
    path = subject.path.with_length(3.9)
    fine = path.to_channel(np.arange(0.0, path.grid[-1], 10e6), crosstalk=True)
    assert coarse.link.channel.frequency[1] - coarse.link.channel.frequency[0] == pytest.approx(20e6)
    link = Link(fine, standard="802.3ck-cr1", samples_per_ui=SAMPLES_PER_UI)
    errors = [statistical_eye(optimize(one), phases=1).ber for one in (coarse.link, link)]
    assert np.log10(errors[0]) == pytest.approx(np.log10(errors[1]), abs=0.1)


@pytest.mark.parametrize("name", ["pluggable-half-retimed", "cpo-retimed"])
def test_an_architecture_reaches_as_far_as_its_decisions_compose(name: str) -> None:
    """The curve at the reach against the ratio composed by hand from the architecture's segments.

    What drives curves of light stands at the taps that the search of lengths has trained.
    """
    found = reach(name, data_rate=106.25e9, tolerance=0.2)
    assert found.reach_mm is not None
    subject = subject_of(name, data_rate=106.25e9)
    search = RatioLength(subject, limit_of(None, ber=subject.ber))
    trained = search.settings(search.longest(subject.length_m, tolerance=0.2)[0])
    by_length = {length: value for length, value, _ in found.curve}
    parts = sections(
        load_architecture(name), 106.25e9, length=1e-3 * found.reach_mm, step=STEP, samples_per_ui=SAMPLES_PER_UI
    )
    ratios = []
    for part in parts:
        link = optimize(part.link, between_samples=True)
        if part.name in trained:
            held = trained[part.name]
            sender = dataclasses.replace(part.link.transmitter, ffe=held.ffe, ffe_main=held.ffe_main)
            link = part.link.replace(transmitter=sender).optimized(freeze=("tx_ffe",), between_samples=True)
        ratios += [statistical_eye(link, phases=1).ber] * part.count
    assert by_length[found.reach_mm] == pytest.approx(composed_error_ratio(ratios), rel=1e-6)
    assert found.data_rate == 106.25e9
    assert found.limited_by in CAUSES


def test_families_and_names_with_a_standard_mean_what_they_meant() -> None:
    assert subject_of("pluggable").name == "pluggable-retimed"
    assert subject_of("pluggable", standard="802.3ck-c2m").name == "pluggable"
    assert subject_of("npo").standard == "cei-112g-vsr"
    assert subject_of("npo", standard="802.3ck-c2m").standard == "802.3ck-c2m"


def test_limits_on_height_and_width_make_a_mask() -> None:
    """A mask is met where both of its limits are: its figure is the lesser of two quotients."""
    parts = subject_of("cpo", standard="cei-112g-xsr").sections(0.09)
    height, width = (figure_value(parts, name) for name in ("eye_height_mv", "eye_width_ui"))
    assert height > 0
    assert width > 0
    for bound in ((0.5 * height, 0.9 * width), (2.0 * height, 0.9 * width), (0.5 * height, 1.2 * width)):
        limit = limit_of({"eye_mask": bound}, ber=1e-6)
        assert limit.value(Measurement(parts, mask=limit.mask)) == pytest.approx(
            min(height / bound[0], width / bound[1])
        )
        assert limit.meets(limit.value(Measurement(parts, mask=limit.mask))) == (
            height >= bound[0] and width >= bound[1]
        )


def test_after_fec_is_before_fec_through_the_code() -> None:
    from sirf import fec

    parts = subject_of("pluggable", standard="802.3ck-c2m").sections(0.65)
    before, after = figure_value(parts, "ber"), figure_value(parts, "ber_post_fec")
    # the link's own bursts and interleaving against independent errors one by one
    independent = fec.load("kp4").post_fec(before).ber
    assert 0.01 * independent < after < 1e6 * independent
    assert figure_value(parts, "ber_post_fec", code="kr4") > after
    loose, strict = (reach("cpo", standard="cei-112g-xsr", limit=limit, tolerance=0.2).reach_mm
                     for limit in ({"ber_post_fec": 1e-12}, {"ber": 1e-12}))  # fmt: skip
    assert loose is not None
    assert strict is not None
    assert strict < loose


def test_a_longer_line_loses_more_and_its_reach_is_limited_by_loss() -> None:
    found = reach("pluggable", standard="802.3ck-c2m", limit={"ber": 1e-3}, tolerance=0.1)
    assert found.limited_by == "loss"


@given(edge=st.floats(0.003, 4.9), start=st.floats(0.002, 2.0), tolerance=st.floats(0.01, 0.5))
def test_the_search_finds_the_edge_of_a_monotone_curve(edge: float, start: float, tolerance: float) -> None:
    low, high = longest_length(lambda length: length <= edge, start, tolerance=tolerance)
    assert low is not None
    assert high is not None
    assert low <= edge < high <= max(low * (1.0 + tolerance), low * STRIDE)


@given(bump=st.floats(0.15, 0.7))
def test_the_search_stops_at_a_bump_as_wide_as_a_stride(bump: float) -> None:
    """From 0.1: a miss above `bump`, then meeting again up to 0.8. What lies beyond a miss is not reached."""
    low, _ = longest_length(lambda length: length < 0.8 and not bump <= length <= 1.01 * STRIDE * bump, 0.1)
    assert low is not None
    assert low < bump


def test_the_search_goes_down_to_the_first_length_that_meets_and_tells_when_there_is_none() -> None:
    tried: list[float] = []

    def meets(length: float) -> bool:
        tried.append(length)
        return 0.02 < length < 0.05

    low, high = longest_length(meets, 0.3)
    assert low == pytest.approx(0.05, rel=0.02)
    assert high == pytest.approx(0.05, rel=0.02)
    assert tried[1] == pytest.approx(0.15)
    assert longest_length(lambda length: False, 0.1) == (None, MIN_LENGTH)
    assert longest_length(lambda length: True, 0.1) == (MAX_LENGTH, None)


def test_fibre_reaches_until_its_light_disperses() -> None:
    """TDECQ at the reach and just beyond, measured directly; three times the dispersion reaches less far."""
    preset = optics.load_optics("dr-thin-film-lithium-niobate")
    found = reach("dr-thin-film-lithium-niobate", limit={"tdecq_db": 1.5}, tolerance=0.05)
    assert found.reach_mm is not None
    assert found.limited_by == "dispersion"
    assert found.medium == "fibre"

    def tdecq_at(metres: float) -> float:
        there = dataclasses.replace(preset.path, fibre=dataclasses.replace(preset.path.fibre, length=metres))
        found = optics.measure(there, swing=preset.swing, symbol_rate=preset.symbol_rate, pattern="prbs11").tdecq_db
        assert found is not None
        return found

    assert tdecq_at(1e-3 * found.reach_mm) <= 1.5 < tdecq_at(1.06e-3 * found.reach_mm)
    assert isinstance(preset.path.fibre, optics.Fibre)
    worse = dataclasses.replace(preset.path.fibre, dispersion=3.0 * preset.path.fibre.dispersion)
    steep = dataclasses.replace(preset, path=dataclasses.replace(preset.path, fibre=worse))
    again = reach(steep, limit={"tdecq_db": 1.5}, tolerance=0.05)
    assert again.reach_mm is not None
    # theta = pi lambda² D L f² / c: a third of the length at three times D
    assert again.reach_mm == pytest.approx(found.reach_mm / 3.0, rel=0.1)


def test_fibre_that_loses_much_is_limited_by_loss() -> None:
    preset = optics.load_optics("dr-silicon-mzm")
    dim = dataclasses.replace(preset.path.fibre, loss_db_per_km=10.0)
    lossy = dataclasses.replace(preset, path=dataclasses.replace(preset.path, fibre=dim))
    by_tdecq = reach(lossy, limit={"tdecq_db": 3.4}, tolerance=0.05)
    by_errors = reach(lossy, limit={"ber": 2.4e-4}, tolerance=0.05)
    assert by_tdecq.limited_by == by_errors.limited_by == "loss"
    assert by_tdecq.reach_mm is not None
    # the budget closes at the ratio at which TDECQ is defined
    assert by_tdecq.reach_mm == by_errors.reach_mm
    there = dataclasses.replace(dim, length=1e-3 * by_tdecq.reach_mm)
    path = dataclasses.replace(lossy.path, fibre=there)
    found = optics.measure(path, swing=preset.swing, symbol_rate=preset.symbol_rate, pattern="prbs11")
    assert (
        0.0
        <= engine_budget(dataclasses.replace(preset, path=path), found).margin_db
        < 10.0 * 0.06 * 1e-6 * by_tdecq.reach_mm
    )


def test_nrz_light_has_no_tdecq_and_its_dispersion_costs_loss() -> None:
    """As many errors without dispersion at as much more loss; the figure that PAM4 alone defines is refused by name."""
    preset = optics.load_optics("microled-2g")
    with pytest.raises(SirfError, match="microled-2g must be ber or ber_post_fec, got tdecq_db"):
        reach(preset, limit={"tdecq_db": 3.4})
    found = reach(preset, limit={"ber": 2.4e-4}, tolerance=0.1)
    assert found.reach_mm is not None
    fibre = dataclasses.replace(preset.path.fibre, length=1e-3 * found.reach_mm)
    assert isinstance(fibre, optics.MultimodeFibre)
    straight = dataclasses.replace(fibre, bandwidth=math.inf)
    lossier = optical_path_with_loss(dataclasses.replace(preset.path, fibre=straight), found.gained_db["dispersion"])
    there = light_ber(preset, dataclasses.replace(preset.path, fibre=fibre))
    assert there <= 2.4e-4
    # the margin's search ends within 0.01 dB, about a twentieth of an error ratio
    assert light_ber(preset, lossier) == pytest.approx(there, rel=0.05)
    assert found.gained_db["loss"] == pytest.approx(fibre.loss_db)


def test_results_show_themselves() -> None:
    found = reach("cpo", standard="cei-112g-xsr", limit={"eye_mask": (5.0, 0.05)}, tolerance=0.5)
    assert "\n" not in repr(found)
    assert "limited by" in str(found)
    assert found._repr_html_().startswith("<table>")
    plain = found.to_dict()
    assert plain["limit"] == {"eye_mask": [5.0, 0.05]}
    assert {"length_mm", "eye_mask", "insertion_loss_db"} == set(plain["curve"][0])


def test_bad_input_is_refused() -> None:
    refused = {
        "limit must hold one of": {"limit": {"smell": 1.0}},
        "limit of ber must be between": {"limit": {"ber": 0.7}},
        "limit of com_db must be a finite number": {"limit": {"com_db": math.nan}},
        "limit of eye_height_mv must be a finite number": {"limit": {"eye_height_mv": "ten"}},
        "limit of eye_mask must be a positive height": {"limit": {"eye_mask": 10.0}},
        "limit of tdecq_db must be given for a way with light": {"limit": {"tdecq_db": 3.4}},
        "code must be one of": {"limit": {"ber_post_fec": 1e-12}, "fec": "kp9"},
        "tolerance must be between": {"tolerance": 0.0},
        "data_rate must be left out with a standard": {"data_rate": 106.25e9},
    }
    for message, options in refused.items():
        with pytest.raises(SirfError, match=message):
            reach("cpo", standard="cei-112g-xsr", **options)  # type: ignore[arg-type]
    # a rate says that the architecture is meant of two things of one name: it is its rates that are listed
    with pytest.raises(SirfError, match=r"data_rate .* got 1"):
        reach("oci-gen1", data_rate=1e9)
    for name, options in {
        "path must be an architecture .* Did you mean": {"path": "pigeon"},
        "standard must be given for the path cable": {"path": "cable"},
        "standard must be left out for the architecture": {"path": "cpo-linear", "standard": "802.3ck-kr1"},
        "data_rate must be one of": {"path": "cpo-linear", "data_rate": 1e9},
        "rate_class and linear must be left out": {"path": "cpo-linear", "linear": True},
        "limit of optics must be one of": {"path": "dr-silicon-mzm", "limit": {"com_db": 3.0}},
        "data_rate must be left out for optics": {"path": "dr-silicon-mzm", "data_rate": 106.25e9},
    }.items():
        with pytest.raises(SirfError, match=name):
            reach(**options)  # type: ignore[arg-type]
    with pytest.raises(SirfError, match="architecture must be one of"):
        compare(["pigeon"])
    with pytest.raises(SirfError, match="data_rate must be one of"):
        compare(data_rate=1e9)


@pytest.mark.parametrize(
    ("reach_mm", "said"),
    [
        (None, "the shortest length misses"),
        (120.0, "lengths up to it meet, those 2 % longer miss"),
        # no length that misses was seen
        (400.0, "all lengths meet"),
    ],
)
def test_what_lengths_about_the_reach_do_is_said_as_it_was_found(reach_mm: float | None, said: str) -> None:
    curve = ((100.0, 1e-9, 8.0), (200.0, 1e-5, 16.0), (400.0, 1e-2, 32.0))
    found = Reach(path="npo", standard=None, limit=("ber", 1e-6), reach_mm=reach_mm, limited_by="loss", curve=curve)
    assert said in str(found)
    assert ("longer miss" in str(found)) == (reach_mm == 120.0)


def test_every_figure_has_a_label() -> None:
    assert FIGURES["eye_height_mv"].label == "eye height (mV)"
    assert FIGURES["ber"].label == "bit error ratio"


def test_light_between_retimers_is_decided_once_for_all_lengths() -> None:
    """At a length of the search its section is that of the row's own figures, whose samples are finer."""
    subject = subject_of("cpo-retimed", data_rate=106.25e9)
    assert isinstance(subject, ArchitectureSubject)
    limit = limit_of(None, ber=1e-6)
    here = measurement_of(subject.architecture, 106.25e9)
    search = RatioLength(subject, limit, here)
    found = search.measurement(0.05)
    (copper, light), (own_copper, own_light) = found.sections, here.sections
    assert light.link is own_light.link
    assert copper.link is not own_copper.link
    # as finely or not, the margin is that of the length's own sections within a few thousandths
    plain = RatioLength(subject, limit).margin(0.05)
    assert search.margin(0.05) == pytest.approx(plain, rel=5e-3)

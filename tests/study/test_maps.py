"""Maps: each point is a single evaluation, limits are where reach says, and what changes is the line alone."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

from sirf.channel.materials import load_material
from sirf.channel.path import Path, Trace, load_path
from sirf.engine.statistical.analysis import statistical_eye
from sirf.equalizer.merit_search import optimize
from sirf.errors import SirfError
from sirf.study.figures import figure_value
from sirf.study.maps import Map, MapAxis, _first_miss, length_loss_map, length_rate_map, material_roughness_map
from sirf.study.reach import reach
from sirf.study.scaled import least_loss_db_per_inch, loss_db_per_inch, path_with_loss, rougher, with_material
from sirf.study.subject import PathSubject, at_rate, subject_of

NYQUIST = 26.5625e9
LENGTHS, LOSSES = (0.03, 0.06, 0.12, 0.24), (1.0, 2.3, 4.0)


@pytest.fixture(scope="module")
def losses() -> Map:
    return length_loss_map("cpo", standard="cei-112g-xsr", lengths=LENGTHS, losses_db_per_inch=LOSSES)


def test_each_point_is_a_single_evaluation(losses: Map) -> None:
    for i, j in ((0, 0), (2, 1), (3, 2)):
        path = path_with_loss(load_path("cpo", rate_class="100g"), LOSSES[j], NYQUIST)
        (segment,) = PathSubject(path=path, standard="cei-112g-xsr").sections(LENGTHS[i])
        eye = statistical_eye(optimize(segment.link, between_samples=True), phases=1)
        assert losses.values[i, j] == pytest.approx(eye.ber, rel=1e-9)
        assert losses.first.values[i] == pytest.approx(1e3 * LENGTHS[i])


def test_more_loss_and_more_length_make_more_errors(losses: Map) -> None:
    assert np.all(np.diff(losses.values[2:], axis=1) > 0.0)
    assert np.all(np.diff(losses.values[1:, 1:], axis=0) > 0.0)


def test_the_line_of_a_limit_is_where_reach_ends() -> None:
    """On a grid of 10 %, at the path's own loss."""
    lengths = np.geomspace(0.1, 0.3, 12)
    own = loss_db_per_inch(load_path("cpo", rate_class="100g"), NYQUIST)
    found = length_loss_map("cpo", standard="cei-112g-xsr", lengths=lengths, losses_db_per_inch=[own])
    searched = reach("cpo", standard="cei-112g-xsr", limit={"ber": 1e-6}).reach_mm
    assert searched is not None
    assert found.at_limit(1e-6)[0] == pytest.approx(searched, rel=0.1)


def test_at_limit_interpolates_and_tells_none_from_all() -> None:
    lengths = MapAxis("length", "mm", (1.0, 2.0, 3.0))
    other = MapAxis("other", "", (1.0, 2.0, 3.0))
    ratios = Map(subject="s", figure="ber", first=lengths, second=other,
                 values=np.array([[1e-8, 1e-3, 1e-9], [1e-4, 1e-3, 1e-9], [1e-2, 1e-9, 1e-9]]))  # fmt: skip
    found = ratios.at_limit(1e-6)
    assert found[0] == pytest.approx(1.5)
    assert np.isnan(found[1])
    assert found[2] == np.inf
    heights = Map(
        subject="s",
        figure="eye_height_mv",
        first=lengths,
        second=MapAxis("o", "", (1.0,)),
        values=np.array([[10.0], [6.0], [0.0]]),
    )
    assert heights.at_limit(8.0)[0] == pytest.approx(1.5)


@pytest.mark.parametrize("name", ["pluggable", "cpo", "copper-cable"])
@pytest.mark.parametrize("factor", [0.9, 1.5])
def test_a_line_gets_the_loss_that_is_asked_for(name: str, factor: float) -> None:
    path = load_path(name, rate_class="100g")
    wanted = factor * loss_db_per_inch(path, NYQUIST)
    changed = path_with_loss(path, wanted, NYQUIST)
    assert loss_db_per_inch(changed, NYQUIST) == pytest.approx(wanted, rel=1e-6)
    # measured on the network: what twenty inches more lose, ripple averaged out over neighbouring lengths
    added = [
        float(
            changed.with_length(n + 0.508).insertion_loss_db(NYQUIST)
            - changed.with_length(n).insertion_loss_db(NYQUIST)
        )
        for n in np.linspace(0.3, 0.306, 25)
    ]
    assert np.mean(added) / 20.0 == pytest.approx(wanted, rel=0.02)
    assert changed.trace_length_m == path.trace_length_m


def test_a_line_of_changed_loss_stays_causal_and_passive() -> None:
    """Nothing arrives before light in the dielectric does, and nothing is amplified."""
    path = path_with_loss(load_path("pluggable", rate_class="100g"), 2.0, NYQUIST)
    line = variable_of(path).line
    f = np.arange(0.0, 100e9, 10e6)
    s21 = line.network(f, 0.2).s[:, 1, 0]
    assert np.abs(s21).max() <= 1.0 + 1e-12
    smooth = s21 * np.exp(-((f / 30e9) ** 2))
    wave = np.fft.irfft(smooth * np.exp(2j * np.pi * f * 0.2 * line.earliest_index / 299_792_458.0))
    early = wave[-len(wave) // 4 : -12]  # 12 samples of 5 ps are the width of the filter
    assert np.abs(early).max() < 1e-3 * np.abs(wave).max()


def test_a_line_cannot_lose_less_than_smooth_copper() -> None:
    path = load_path("pluggable", rate_class="100g")
    least = least_loss_db_per_inch(path, NYQUIST)
    assert 0.3 < least < loss_db_per_inch(path, NYQUIST)
    assert least_loss_db_per_inch(load_path("cpo"), NYQUIST) == 0.0
    with pytest.raises(SirfError, match=r"loss must be 0\.55 \(smooth copper"):
        path_with_loss(path, 0.9 * least, NYQUIST)
    with pytest.raises(SirfError, match="got 50"):
        path_with_loss(path, 50.0, NYQUIST)
    with pytest.raises(SirfError, match="loss must be positive"):
        path_with_loss(load_path("cpo"), 0.0, NYQUIST)


def variable_of(path: Path) -> Trace:
    element = next(segment.element for segment in path.segments if segment.name == path.variable)
    assert isinstance(element, Trace)
    return element


def test_material_and_roughness_are_those_of_the_variable_segment_alone() -> None:
    found = material_roughness_map(
        "pluggable", standard="802.3ck-c2m", materials=["megtron4", "megtron7"], roughness_um=[0.3, 1.0], length=0.5
    )
    path = load_path("pluggable", rate_class="100g")
    changed = with_material(path, rougher(load_material("megtron4"), 1.0))
    assert variable_of(changed).line.material.roughness_rq == 1e-6
    assert [one for one, two in zip(changed.segments, path.segments, strict=True) if one != two] == [
        next(one for one in changed.segments if one.name == path.variable)
    ]
    parts = PathSubject(path=changed, standard="802.3ck-c2m").sections(0.5)
    assert found.values[1, 0] == pytest.approx(figure_value(parts, "ber"), rel=1e-9)
    # rougher foils and lossier laminates make more errors on a long line
    assert np.all(np.diff(found.values, axis=0) > 0.0)
    assert np.all(np.diff(found.values, axis=1) < 0.0)
    assert found.second.texts == ("megtron4", "megtron7")


def test_rates_are_an_architectures_own_or_scale_a_paths_symbol_rate() -> None:
    own = length_rate_map("cpo-retimed", lengths=[0.05, 0.15], rates=[53.125e9, 106.25e9])
    assert own.second.values == (53.125, 106.25)
    assert own.values[1, 0] < own.values[1, 1]
    assert own.values[1, 1] == pytest.approx(figure_value(subject_of("cpo-retimed").sections(0.15), "ber"), rel=1e-6)
    path = length_rate_map("cpo", standard="cei-112g-xsr", lengths=[0.15], rates=[90e9, 106.25e9, 112e9])
    assert np.all(np.diff(path.values[0]) > 0.0)
    assert path.values[0, 1] == pytest.approx(
        figure_value(subject_of("cpo", standard="cei-112g-xsr").sections(0.15), "ber"), rel=1e-9
    )
    (segment,) = at_rate(subject_of("cpo", standard="cei-112g-xsr"), 90e9).sections(0.15)
    assert segment.link.symbol_rate == pytest.approx(45e9)


def test_any_executor_gives_the_same_map_and_tells_its_progress(losses: Map) -> None:
    told: list[tuple[str, int, int]] = []
    options = {"standard": "cei-112g-xsr", "lengths": LENGTHS[:2], "losses_db_per_inch": LOSSES[:1]}
    with ThreadPoolExecutor(1) as threads, ProcessPoolExecutor(1) as processes:
        for executor in (threads, processes):
            found = length_loss_map("cpo", **options, executor=executor, progress=lambda *step: told.append(step))  # type: ignore[arg-type]
            assert found.values == pytest.approx(losses.values[:2, :1], rel=1e-9)
    assert [step[1:] for step in told] == [(1, 2), (2, 2)] * 2
    assert pickle.loads(pickle.dumps(losses.first)) == losses.first


def test_results_show_themselves(losses: Map) -> None:
    assert "\n" not in repr(losses)
    assert "4 length (mm) x 3 line loss" in repr(losses)
    assert len(str(losses).splitlines()) == 6
    assert losses._repr_html_().startswith("<table>")
    plain = losses.to_dict()
    assert np.shape(plain["values"]) == (4, 3)
    assert plain["second"] == {"name": "line loss", "unit": "dB/inch at 26.5625 GHz", "values": list(LOSSES)}
    with pytest.raises(ValueError, match="read-only"):
        losses.values[0, 0] = 1.0


def test_bad_input_is_refused() -> None:
    grid = {"lengths": [0.05, 0.1], "losses_db_per_inch": [1.0, 2.0]}
    for message, options in {
        "lengths must be positive and ascend": grid | {"lengths": [0.1, 0.05]},
        "losses_db_per_inch must be positive": grid | {"losses_db_per_inch": [0.0, 1.0]},
        "figure must be one of": grid | {"figure": "eye_mask"},
        "limit of tdecq_db must be given for a way with light": grid | {"figure": "tdecq_db"},
        "code must be one of": grid | {"figure": "ber_post_fec", "fec": "kp9"},
    }.items():
        with pytest.raises(SirfError, match=message):
            length_loss_map("cpo", standard="cei-112g-xsr", **options)  # type: ignore[arg-type]
    board: dict[str, object] = {"standard": "802.3ck-c2m", "materials": ["megtron7"], "roughness_um": [0.3]}
    changes: dict[str, dict[str, object]] = {
        "must have a variable segment made of a material": {"path": "cpo"},
        "materials must hold an id": {"materials": []},
        "material must be one of": {"materials": ["cheese"]},
        "roughness_um must be from 0 to 5": {"roughness_um": [300.0]},
        "roughness_um must be at least 0": {"roughness_um": [-1.0]},
    }
    for message, changed in changes.items():
        with pytest.raises(SirfError, match=message):
            material_roughness_map(**({"path": "pluggable"} | board | changed))  # type: ignore[arg-type]
    for message, rated in {
        "rates must be given for a path": {"path": "cpo", "standard": "cei-112g-xsr"},
        "rates must be within": {"path": "cpo", "standard": "cei-112g-xsr", "rates": [1e12]},
        "figure must not be com_db": {"path": "cpo", "standard": "cei-112g-xsr", "rates": [9e10], "figure": "com_db"},
        "data_rate must be one of": {"path": "cpo-retimed", "rates": [9e10]},
    }.items():
        with pytest.raises(SirfError, match=message):
            length_rate_map(lengths=[0.05], **rated)  # type: ignore[arg-type]


def test_the_edge_of_a_map_is_interpolated_between_the_last_that_meets_and_the_first_that_misses() -> None:
    places = (10.0, 20.0, 30.0)
    assert _first_miss(places, np.array([3.0, 2.0, 1.0]), 1.25) == pytest.approx(27.5)
    assert _first_miss(places, np.array([3.0, 1.0, 4.0]), 2.5) == pytest.approx(12.5)
    # a closed link has no margin to interpolate with: the last that meets stands
    assert _first_miss(places, np.array([3.0, 2.0, -np.inf]), 1.0) == 20.0
    assert np.isnan(_first_miss(places, np.array([0.0, 2.0, 3.0]), 1.0))
    assert _first_miss(places, np.array([3.0, 2.0, 1.0]), 1.0) == np.inf
